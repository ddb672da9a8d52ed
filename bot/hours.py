"""The reader's clock: quiet hours, days and digests in a time zone, right also where clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.model import Digest, Subscriber

_DAY = timedelta(days=1)


def find_zone(name: str) -> ZoneInfo | None:
    """The time zone of an IANA name, in any case of letters; None if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones raises an OSError
        return None


def known_zone(name: str) -> str:
    """The name as it is, for settings and files.

    Raises:
        ValueError: There is no such time zone.
    """
    if find_zone(name) is None:
        raise ValueError(f"{name!r} is no time zone; write it as Europe/Berlin")
    return name


def zone_of(name: str) -> ZoneInfo:
    """The time zone of a name that was good once; UTC where the system knows it no longer."""
    return find_zone(name) or ZoneInfo("UTC")


def quiet_until(begin: time, end: time, zone: str, now: datetime) -> datetime | None:
    """When the quiet hours end that it is now, UTC; None outside of them.

    Args:
        begin: By the clock on the wall; after `end` if they last over night.
        end: Likewise.
        zone: The wall's time zone.
        now: UTC.
    """
    local = now.astimezone(zone_of(zone))
    at, over_night = local.time(), begin > end
    if not (at >= begin or at < end if over_night else begin <= at < end):
        return None
    day = local.date() + _DAY if over_night and at >= begin else local.date()
    return _moment(day, end, zone)


def is_quiet(reader: Subscriber, now: datetime) -> bool:
    """Whether these are a reader's quiet hours."""
    return reader.quiet is not None and quiet_until(*reader.quiet, reader.timezone, now) is not None


def day_begun(zone: str, now: datetime) -> datetime:
    """When the day began that it is now in a time zone, UTC."""
    return _moment(now.astimezone(zone_of(zone)).date(), time(), zone)


def next_digest(digest: Digest, zone: str, after: datetime) -> datetime:
    """When the next digest is due, UTC: later than `after`."""
    day = after.astimezone(zone_of(zone)).date()
    for _ in range(9):  # the coming week has it, and a day that lacks its hour is passed over
        if digest.weekday in (None, day.weekday()):
            due = _moment(day, digest.at, zone)
            if due > after:
                return due
        day += _DAY
    return after + _DAY


def _moment(day: date, at: time, zone: str) -> datetime:
    """The first moment at which the wall shows this, or would show it if no hour were left out."""
    return datetime.combine(day, at, zone_of(zone)).astimezone(UTC)
