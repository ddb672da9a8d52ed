"""Reads quiet hours, digests, time zones and spans as people write them, and writes them so that they can be read again."""

from __future__ import annotations

import re
from datetime import time, timedelta
from zoneinfo import available_timezones

from bot.hours import find_zone
from bot.model import Digest
from bot.text import nearest, parse_duration

DIGEST_AT = time(8)  # where somebody names no time

_DAYS = (
    ("monday", "montag"),
    ("tuesday", "dienstag"),
    ("wednesday", "mittwoch"),
    ("thursday", "donnerstag"),
    ("friday", "freitag"),
    ("saturday", "samstag"),
    ("sunday", "sonntag"),
)
"""As people write them, or begin them: 'mon', 'mo'."""
_DAILY, _WEEKLY = frozenset({"daily", "täglich"}), frozenset({"weekly", "wöchentlich"})
_HOURS = re.compile(
    r"(\d{1,2})(?::(\d{2}))?\s*(?:-|–|to|until)\s*(\d{1,2})(?::(\d{2}))?(?:\s+(\S.*))?", re.IGNORECASE
)
_OFF = frozenset({"off", "none", "end", "stop", "no", "aus", "nein", "keine"})


def is_off(text: str) -> bool:
    """Whether somebody wants none of it."""
    return text.lower() in _OFF


def split_hours(text: str) -> tuple[tuple[time, time], str] | None:
    """Two times of day and what stands behind them; None if they are none."""
    found = _HOURS.fullmatch(text)
    try:
        begin, end = (time(int(found[n]), int(found[n + 1] or 0)) for n in (1, 3)) if found else (None, None)
    except ValueError:
        return None
    return None if found is None or begin is None or end is None else ((begin, end), found[5] or "")


def read_hours(text: str) -> tuple[tuple[time, time], str] | None:
    """Quiet hours with an IANA name if a zone is named, '22:00-07:00 Berlin'; None if they are none."""
    found = split_hours(text)
    if found is None or found[0][0] == found[0][1]:
        return None
    hours, named = found
    zone = read_zone(named) if named else ""
    return None if zone is None else (hours, zone)


def write_hours(hours: tuple[time, time]) -> str:
    """'22:00-07:00'."""
    return "-".join(f"{at:%H:%M}" for at in hours)


def parse_span(text: str) -> timedelta | None:
    """A duration as people write it in chat, '2h' or '1d 12h'; None if it is none."""
    try:
        return parse_duration(text.replace(" ", ""))
    except (ValueError, OverflowError):
        return None


def read_digest(text: str) -> Digest | None:
    """When digests are to come, 'daily 07:30' or 'weekly mon 08:00'; None if that is no time for them."""
    words = text.lower().replace("every day", "daily").replace("at ", "").split()
    weekday = None
    if words and words[0] in _DAILY:
        words = words[1:]
    elif words and words[0] in _WEEKLY:
        names = [n for n, day in enumerate(_DAYS) if len(words) > 1 and _is_day(words[1], day)]
        if not names:
            return None
        weekday, words = names[0], words[2:]
    elif len(words) != 1:
        return None
    if not words:
        return Digest(at=DIGEST_AT, weekday=weekday)
    found = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?", " ".join(words))
    try:
        return Digest(at=time(int(found[1]), int(found[2] or 0)), weekday=weekday) if found else None
    except ValueError:
        return None


def write_digest(digest: Digest) -> str:
    """'daily 07:30', 'weekly mon 08:00'."""
    day = "daily" if digest.weekday is None else f"weekly {_DAYS[digest.weekday][0][:3]}"
    return f"{day} {digest.at:%H:%M}"


def _is_day(word: str, names: tuple[str, str]) -> bool:
    """Whether a day is meant: in English by three letters at least, in German by two."""
    english, german = names
    return (len(word) >= 3 and english.startswith(word)) or (len(word) >= 2 and german.startswith(word))


def read_zone(text: str) -> str | None:
    """The IANA name that somebody means: as written, in other case, or by its town alone; None if there is none."""
    wanted = text.strip().replace(" ", "_").casefold()
    names = sorted(available_timezones())
    whole = [n for n in names if n.casefold() == wanted]
    towns = [n for n in names if n.casefold().rpartition("/")[2] == wanted and "/" in n]
    good = [n for n in whole or towns if find_zone(n) is not None]
    return good[0] if good else None


def near_zones(text: str) -> list[str]:
    """Names of time zones that somebody may have meant, two examples where none is near."""
    towns = sorted(n for n in available_timezones() if "/" in n)
    return nearest(text.strip().replace(" ", "_"), towns)[:3] or ["Europe/Berlin", "America/New_York"]


def show_zone(zone: str) -> str:
    """A time zone as a reader sees it: 'America/New York'."""
    return zone.replace("_", " ")
