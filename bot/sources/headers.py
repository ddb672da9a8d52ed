"""Reads the HTTP headers that say when to come back. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bot.model import Hints

DAY = timedelta(hours=24)

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d+)", re.IGNORECASE)
_UNCACHED = re.compile(r"\bno-(?:store|cache)\b", re.IGNORECASE)


def http_date(text: str) -> datetime | None:
    """An HTTP date (RFC 9110 5.6.7), or None."""
    try:
        moment = parsedate_to_datetime(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def retry_after(text: str, now: datetime) -> timedelta | None:
    """How long a Retry-After header asks to wait, held within 0 and 24 hours; None if it says nothing readable.

    Source: RFC 9110 10.2.3, a number of seconds or a date.
    """
    clean = text.strip()
    if clean.isascii() and clean.isdigit():
        return timedelta(seconds=min(int(clean[:9]), int(DAY.total_seconds())))
    moment = http_date(clean)
    return min(max(moment - now, timedelta(0)), DAY) if moment else None


def cache_hints(cache_control: str, expires: str, date: str, now: datetime) -> Hints:
    """How long the answer says that it stays fresh (RFC 9111 5.2.2.1, 5.3).

    More than 24 hours is taken for the default of a server of static files and is no hint.
    """
    if _UNCACHED.search(cache_control):
        return Hints()
    found = _MAX_AGE.search(cache_control)
    span: timedelta | None = None
    if found:
        span = timedelta(seconds=int(found[1][:9]))
    elif (end := http_date(expires)) is not None:
        span = end - (http_date(date) or now)
    return Hints(min_interval=span if span is not None and timedelta(0) < span <= DAY else None)
