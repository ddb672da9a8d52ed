"""Reads the dates of entries, and says how far they can be trusted. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

from bot.model import DateQuality

_AHEAD = timedelta(minutes=10)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_MAX_LENGTH = 80

# Names of zones that RFC 822 does not know but feeds use, in hours from UTC. BST is read as British.
_ZONES = {
    "Z": 0.0,
    "WET": 0,
    "WEST": 1,
    "BST": 1,
    "CET": 1,
    "MEZ": 1,
    "CEST": 2,
    "MESZ": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "IST": 5.5,
    "SGT": 8,
    "HKT": 8,
    "AWST": 8,
    "JST": 9,
    "KST": 9,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
    "AKST": -9,
    "AKDT": -8,
    "HST": -10,
}
# Months as Portuguese, Spanish, Italian, French and German feeds write them in place of RFC 822's English.
_MONTHS = {
    "gen": "Jan",
    "ene": "Jan",
    "fev": "Feb",
    "fév": "Feb",
    "mär": "Mar",
    "abr": "Apr",
    "avr": "Apr",
    "mai": "May",
    "mag": "May",
    "giu": "Jun",
    "juin": "Jun",
    "lug": "Jul",
    "juil": "Jul",
    "ago": "Aug",
    "aoû": "Aug",
    "set": "Sep",
    "out": "Oct",
    "ott": "Oct",
    "okt": "Oct",
    "dic": "Dec",
    "dez": "Dec",
    "déc": "Dec",
}
_WEEKDAY = re.compile(r"^[^\W\d]+\.?,\s*")
_MONTH = re.compile(r"(?<=\d\s)([^\W\d]{3,4})[^\W\d]*\.?(?=\s\d)")
_BARE_TIME = re.compile(r"(\d)\s(\d\d)(\d\d)\s(?=\S+$)")  # '03 Apr 02 1500 GMT'
_COLON = re.compile(r"([+-]\d\d):(\d\d)$")
_KNOWN_ZONE = re.compile(
    r"(?:\s[+-](?!0000)\d{4}|\s\+0000|\b(?:GMT|UTC?|[ECMPA][SD]T))$"
)  # -0000 means: not known
_LAST_WORD = re.compile(r"\s([A-Z]{1,4})\.?$")
_W3C_SPACE = re.compile(r"^(\d{4}-\d\d-\d\d)\s+(\d\d:\d\d\S*)\s*(?:UTC|GMT|([+-]\d\d:?\d\d))?$")


def read_date(text: str) -> tuple[datetime, bool] | None:
    """A date as feeds write it, in UTC, and whether it named its zone; None if it can't be read."""
    clean = " ".join(text.split())
    if not clean or len(clean) > _MAX_LENGTH:
        return None
    moment = _iso(clean) or _rfc822(clean)
    if moment is None:
        return None
    zoned = moment.tzinfo is not None
    try:
        return (moment.astimezone(UTC) if zoned else moment.replace(tzinfo=UTC)), zoned
    except OverflowError:  # within a day of the years 1 or 9999
        return None


def judge_date(text: str, now: datetime) -> tuple[datetime | None, DateQuality]:
    """An entry's date in UTC, and how far it can be trusted at `now`."""
    found = read_date(text)
    if found is None:
        return None, DateQuality.MISSING
    moment, zoned = found
    if moment < _EARLIEST:
        return moment, DateQuality.ANCIENT
    if moment > now + _AHEAD:
        return moment, DateQuality.FUTURE
    return moment, DateQuality.OK if zoned else DateQuality.NAIVE


def _iso(text: str) -> datetime | None:
    """ISO 8601, RFC 3339 and W3C dates."""
    spaced = _W3C_SPACE.match(text)
    if spaced:
        utc = "+00:00" if text.endswith(("UTC", "GMT")) else ""
        text = f"{spaced[1]}T{spaced[2]}{spaced[3] or utc}"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _rfc822(text: str) -> datetime | None:
    """RFC 822 and its many near misses."""
    text = _MONTH.sub(lambda found: _english(found[1]), _WEEKDAY.sub("", text))
    text = _BARE_TIME.sub(r"\1 \2:\3 ", _COLON.sub(r"\1\2", text))
    zone: timezone | None = None
    word = _LAST_WORD.search(text)
    if word and word[1] in _ZONES:
        zone, text = timezone(timedelta(hours=_ZONES[word[1]])), text[: word.start()]
    parts = parsedate_tz(text)
    if parts is None:
        return None
    try:
        if zone is None and _KNOWN_ZONE.search(text):
            zone = timezone(timedelta(seconds=parts[9] or 0))
        return datetime(*parts[:6], tzinfo=zone)
    except (ValueError, OverflowError):
        return None


def _english(month: str) -> str:
    word = month.lower()
    return _MONTHS.get(word) or _MONTHS.get(word[:3]) or month[:3]
