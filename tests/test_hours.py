"""The reader's clock, where clocks are changed and where they are not."""

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.hours import day_begun, find_zone, next_digest, quiet_until, zone_of
from bot.model import Digest

BERLIN = "Europe/Berlin"  # clocks go forward at 02:00 on 29 March 2026, back at 03:00 on 25 October 2026


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        pytest.param("2026-07-01 19:59", None, id="before they begin"),
        pytest.param("2026-07-01 20:00", "2026-07-02 05:00", id="they begin at 22:00 in summer"),
        pytest.param("2026-07-02 04:59", "2026-07-02 05:00", id="after midnight"),
        pytest.param("2026-07-02 05:00", None, id="they have ended"),
        pytest.param("2026-01-01 20:30", None, id="in winter it is 21:30 then"),
        pytest.param("2026-03-28 21:00", "2026-03-29 05:00", id="the night that lacks an hour"),
        pytest.param("2026-10-24 20:00", "2026-10-25 06:00", id="the night that has one more"),
    ],
)
def test_quiet_hours_over_night_follow_the_wall(now: str, until: str | None) -> None:
    found = quiet_until(time(22), time(7), BERLIN, utc(now))
    assert found == (utc(until) if until else None)


def test_quiet_hours_of_a_day() -> None:
    assert quiet_until(time(12), time(14), "UTC", utc("2026-05-01 13:59")) == utc("2026-05-01 14:00")
    assert quiet_until(time(12), time(14), "UTC", utc("2026-05-01 14:00")) is None


@pytest.mark.parametrize(
    ("zone", "now", "begun"),
    [
        ("UTC", "2026-05-01 00:00", "2026-05-01 00:00"),
        (BERLIN, "2026-07-01 21:59", "2026-06-30 22:00"),
        (BERLIN, "2026-07-01 22:00", "2026-07-01 22:00"),
        ("Pacific/Kiritimati", "2026-07-01 09:59", "2026-06-30 10:00"),
        ("Asia/Kathmandu", "2026-07-01 18:15", "2026-07-01 18:15"),
    ],
)
def test_a_day_begins_at_midnight_of_its_zone(zone: str, now: str, begun: str) -> None:
    assert day_begun(zone, utc(now)) == utc(begun)


@pytest.mark.parametrize(
    ("digest", "after", "due"),
    [
        pytest.param(Digest(at=time(7, 30)), "2026-07-01 05:29", "2026-07-01 05:30", id="today"),
        pytest.param(Digest(at=time(7, 30)), "2026-07-01 05:30", "2026-07-02 05:30", id="it is due now: the next"),
        pytest.param(Digest(at=time(8), weekday=0), "2026-07-01 12:00", "2026-07-06 06:00", id="next Monday"),
        pytest.param(Digest(at=time(8), weekday=0), "2026-07-06 06:00", "2026-07-13 06:00", id="a week later"),
        pytest.param(Digest(at=time(7)), "2026-10-24 12:00", "2026-10-25 06:00", id="after clocks went back"),
        pytest.param(Digest(at=time(2, 30)), "2026-03-28 12:00", "2026-03-29 01:30", id="an hour that is left out"),
        pytest.param(Digest(at=time(2, 30)), "2026-10-24 12:00", "2026-10-25 00:30", id="an hour that comes twice: the first"),
        pytest.param(Digest(at=time(2, 30)), "2026-10-25 00:30", "2026-10-26 01:30", id="and only once"),
    ],
)  # fmt: skip
def test_digests_are_due_by_the_wall(digest: Digest, after: str, due: str) -> None:
    assert next_digest(digest, BERLIN, utc(after)) == utc(due)


def test_a_year_of_digests_has_one_for_each_day() -> None:
    at = utc("2026-01-01 12:00")
    days = set()
    for _ in range(365):
        after, at = at, next_digest(Digest(at=time(2, 30)), BERLIN, at)
        assert timedelta(hours=22) < at - after < timedelta(hours=26) or after == utc("2026-01-01 12:00")
        days.add(at.astimezone(zone_of(BERLIN)).date())
    assert len(days) == 365


@pytest.mark.parametrize(
    "name", ["", "Berlin", "../etc/passwd", "/etc/localtime", "Europe", "x" * 5000, "Europe/\0"]
)
def test_what_is_no_zone_is_none(name: str) -> None:
    assert find_zone(name) is None
    assert zone_of(name).key == "UTC"
