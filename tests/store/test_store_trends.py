"""Counts of what is spoken of: by days of a zone, once an entry, through edits and restarts, for longer than the entries."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from desk_fakes import MemoryTrends
from make import HOUR, NOW, alert, analysis, entry, event
from sqlite_utils import Database as SqliteUtils

from bot.model import AlertKind, DateQuality, Exposure, Outcome, Severity, Target, TargetKind
from bot.shelves import AlertMark, Trend
from bot.store.archive import Archive
from bot.store.database import Database
from bot.store.ingest import Ingest
from bot.store.migrations import migrations
from bot.store.trends import KEPT, Trends

META = Target(TargetKind.COMPANY, "META")
NVIDIA = Target(TargetKind.COMPANY, "NVDA")
CLOUD = Target(TargetKind.SECTOR, "hyperscaler")
RESALE = Target(TargetKind.THEME, "compute_resale")
BERLIN, NEW_YORK, KATHMANDU, SANTIAGO = map(
    ZoneInfo, ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "America/Santiago")
)
DAY = timedelta(days=1)


class Newsroom:
    """A store that takes entries in, and what it says of them."""

    def __init__(self, db: Database, sectors: dict[str, str] | None = None) -> None:
        self.db, self.trends = db, Trends(db)
        self._ingest = Ingest(db, sector_of=lambda company: (sectors or {}).get(company, ""))
        self._ingest.apply(
            Outcome(entries=(entry("First of all", guid="0", at=NOW - 2000 * DAY),)), NOW - 2000 * DAY
        )

    def take(
        self, at: datetime, *, companies: tuple[str, ...] = ("META",), guid: str = "", **more: object
    ) -> Outcome:
        """Store an entry that was published at a moment."""
        made = entry(f"News of {at.isoformat()}", guid=guid or at.isoformat(), at=at)
        outcome = Outcome(entries=(made,), analyses=(analysis(made, event(), companies=companies),))
        self._ingest.apply(outcome, at)
        return outcome

    def apply(self, outcome: Outcome, now: datetime = NOW) -> None:
        self._ingest.apply(outcome, now)

    def trend(self, target: Target = META, days: int = 7, now: datetime = NOW, tz: object = UTC) -> Trend:
        return self.trends.trend(target, days, now, tz)  # type: ignore[arg-type]


@pytest.fixture
def room(db: Database) -> Newsroom:
    return Newsroom(db, {"META": "hyperscaler"})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_entry_counts_for_whom_it_names_and_for_the_theme_and_sector_of_its_news(room: Newsroom) -> None:
    room.take(NOW, companies=("META", "NVDA"))
    for target in (META, NVIDIA, RESALE, CLOUD):
        assert room.trend(target).counts == (0, 0, 0, 0, 0, 0, 1), target
    assert room.trend(Target(TargetKind.COMPANY, "MU")).counts == (0,) * 7


def test_an_entry_counts_once_however_often_it_says_so(room: Newsroom) -> None:
    made = entry("Twice")
    twice = analysis(made, event(), event(), companies=("META", "META"), sectors=("hyperscaler",))
    room.apply(Outcome(entries=(made,), analyses=(twice,)))
    assert [sum(room.trend(t).counts) for t in (META, RESALE, CLOUD)] == [1, 1, 1]


def test_what_a_text_only_recalls_is_no_news_of_the_theme(room: Newsroom) -> None:
    made = entry("Recalls")
    room.apply(Outcome(entries=(made,), analyses=(analysis(made, event(fresh=False)),)))
    assert sum(room.trend(RESALE).counts) == 0
    assert sum(room.trend(META).counts) == 1, "it is named all the same"


def test_an_entry_of_an_untrusted_date_counts_when_it_was_seen(room: Newsroom) -> None:
    made = entry("Ancient", at=NOW, published=utc("1970-01-01"), date_quality=DateQuality.ANCIENT)
    room.apply(Outcome(entries=(made,), analyses=(analysis(made),)))
    assert room.trend().counts[-1] == 1


@pytest.mark.parametrize(
    ("tz", "at", "day"),
    [
        pytest.param(UTC, "2026-02-28T23:59:59.999", date(2026, 2, 28), id="the last moment of a day"),
        pytest.param(UTC, "2026-03-01T00:00", date(2026, 3, 1), id="the first moment of the next"),
        pytest.param(NEW_YORK, "2026-03-01T04:59:59", date(2026, 2, 28), id="before midnight in New York"),
        pytest.param(NEW_YORK, "2026-03-01T05:00", date(2026, 3, 1), id="midnight in New York"),
        pytest.param(KATHMANDU, "2026-02-28T18:14:59", date(2026, 2, 28), id="a zone of a quarter before"),
        pytest.param(KATHMANDU, "2026-02-28T18:15", date(2026, 3, 1), id="a zone of a quarter, midnight"),
    ],
)
def test_a_day_is_the_readers_own(room: Newsroom, tz: object, at: str, day: date) -> None:
    room.take(utc(at))
    trend = room.trend(tz=tz)
    assert [trend.first + n * DAY for n, count in enumerate(trend.counts) if count] == [day]


@pytest.mark.parametrize(
    ("tz", "day", "hours"),
    [
        pytest.param(BERLIN, date(2026, 3, 29), 23, id="the clock goes forward"),
        pytest.param(BERLIN, date(2026, 10, 25), 25, id="the clock goes back"),
        pytest.param(SANTIAGO, date(2026, 9, 6), 23, id="midnight itself is skipped"),
        pytest.param(SANTIAGO, date(2026, 4, 4), 25, id="the hour before midnight comes twice"),
        pytest.param(BERLIN, date(2026, 3, 28), 24, id="the day before"),
    ],
)
def test_a_day_on_which_the_clock_changes_has_all_its_hours(
    room: Newsroom, tz: ZoneInfo, day: date, hours: int
) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=tz).astimezone(UTC)
    for n in range(-30, 31):
        room.take(noon.replace(minute=30) + n * HOUR)
    counts = room.trend(now=noon + 3 * DAY, tz=tz).counts
    assert counts[-4] == hours
    assert sum(counts) == 61


def test_the_span_before_ends_at_the_same_time_of_its_day(room: Newsroom) -> None:
    assert NOW.hour == 14
    for at in (NOW - 7 * DAY - HOUR, NOW - 7 * DAY + HOUR, NOW - 14 * DAY + HOUR, NOW - 15 * DAY, NOW):
        room.take(at)
    trend = room.trend()
    assert trend.before == 1, "not the one after 14:00 a week ago, and none of the day before the span"
    assert sum(trend.counts) == 1, "a week ago at 15:00 belongs to neither"


def test_the_span_before_is_not_known_until_all_of_it_was_counted(db: Database) -> None:
    ingest = Ingest(db)
    assert Trends(db).trend(META, 7, NOW, UTC) == Trend(
        first=date(2026, 2, 24), counts=(0,) * 7, before=None, since=None, alerts=()
    )
    made = entry()
    ingest.apply(Outcome(entries=(made,), analyses=(analysis(made),)), NOW)
    trend = Trends(db).trend(META, 7, NOW + 12 * DAY, UTC)
    assert (trend.since, trend.before) == (NOW, None)
    assert Trends(db).trend(META, 7, NOW + 14 * DAY, UTC).before == 0, (
        "counted since just after its first midnight"
    )


def test_the_same_outcome_again_counts_once(room: Newsroom) -> None:
    outcome = room.take(NOW)
    room.apply(outcome)
    assert sum(room.trend().counts) == 1


def test_a_revision_moves_its_count_to_what_it_says_now(room: Newsroom) -> None:
    before = entry("Meta sells", guid="1", at=NOW - DAY)
    after = entry("Nvidia sells", guid="1", at=NOW, revision=1)
    room.apply(Outcome(entries=(before,), analyses=(analysis(before, event()),)))
    for _ in range(2):  # also when it is applied twice
        revised = analysis(after, companies=("NVDA",))
        room.apply(Outcome(entries=(after,), analyses=(revised,)))
    assert [sum(room.trend(t).counts) for t in (META, RESALE, CLOUD)] == [0, 0, 0]
    assert room.trend(NVIDIA).counts == (0, 0, 0, 0, 0, 0, 1)


def test_alerts_are_marked_for_all_by_which_they_can_be_followed(room: Newsroom) -> None:
    exposed = (Exposure(company="NVDA", path=("demand_for",), weight=0.7),)
    made = alert(exposures=exposed, sectors=frozenset({"hyperscaler"}))
    reply = alert(id="r", kind=AlertKind.REPLY, level=Severity.CRITICAL)
    for _ in range(2):
        room.apply(Outcome(alerts=(made, reply)))
    for target in (META, NVIDIA, CLOUD, RESALE):
        assert [(m.at, m.level) for m in room.trend(target).alerts] == [(NOW, Severity.HIGH)], target
    assert room.trend(Target(TargetKind.COMPANY, "MU")).alerts == ()


def test_an_alert_that_grows_is_marked_for_those_who_come_in(room: Newsroom) -> None:
    room.apply(Outcome(alerts=(alert(),)))
    grown = alert(companies=frozenset({"META", "NVDA"}), created_at=NOW + HOUR)
    room.apply(Outcome(alerts=(grown,)))
    assert len(room.trend(now=NOW + HOUR).alerts) == 1
    assert len(room.trend(NVIDIA, now=NOW + HOUR).alerts) == 1


def test_alerts_of_other_days_are_left_out(room: Newsroom) -> None:
    first = datetime(2026, 2, 24, tzinfo=UTC)
    for n, at in enumerate((first - timedelta(seconds=1), first, NOW)):
        room.apply(Outcome(alerts=(alert(id=str(n), created_at=at),)))
    assert [m.at for m in room.trend().alerts] == [first, NOW]


def test_counts_outlive_the_entries_and_end_with_what_can_be_asked_for(room: Newsroom) -> None:
    for at in (NOW, NOW + DAY):
        room.take(at)
    room.apply(Outcome(alerts=(alert(),)))
    archive = Archive(room.db)
    later = NOW + 364 * DAY
    archive.prune(later, 90 * DAY)
    assert archive.count() == 0
    trend = room.trend(days=365, now=later)
    assert trend.counts[:2] == (1, 1)
    assert len(trend.alerts) == 1
    archive.prune(NOW + KEPT + HOUR, 90 * DAY)
    assert room.db.value("SELECT count(*) FROM trend_counts WHERE target = 'company:META'") == 1
    assert room.db.value("SELECT count(*) FROM trend_alerts") == 0


def test_a_query_looks_only_at_rows_of_its_target(room: Newsroom) -> None:
    for table in ("trend_counts", "trend_alerts"):
        plan = room.db.rows(f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE target = 'company:META'")
        assert "PRIMARY KEY (target=?" in plan[0]["detail"]


@pytest.mark.parametrize("tz", [UTC, BERLIN, NEW_YORK, KATHMANDU, SANTIAGO], ids=str)
def test_the_fake_of_other_tests_keeps_the_same_promise(room: Newsroom, tz: tzinfo) -> None:
    chance, fake = random.Random(7), MemoryTrends()
    fake.since = room.trend().since
    news = [NOW - timedelta(minutes=chance.randrange(60 * 24 * 250)) for _ in range(400)]
    for n, at in enumerate(news):
        room.take(at, guid=str(n + 1))
    made = [alert(id=str(n), created_at=at, level=Severity(n % 5)) for n, at in enumerate(sorted(news[:50]))]
    room.apply(Outcome(alerts=tuple(made)))
    fake.news[META] = news
    fake.alerts[META] = [AlertMark(at=a.created_at, level=a.level) for a in made]
    for days in (7, 30, 105):
        assert room.trend(days=days, tz=tz) == fake.trend(META, days, NOW, tz)


def test_what_an_older_release_stored_is_counted_by_the_migration(path: Path) -> None:
    new = Newsroom(Database(path))
    news = (NOW - 3 * DAY, NOW - 3 * DAY + HOUR, NOW - HOUR)
    for at in news:
        outcome = new.take(at)
        of = outcome.entries[0]
        exposed = (Exposure(company="NVDA", path=("demand_for",), weight=0.7),)
        new.apply(Outcome(alerts=(alert(of, exposures=exposed, sectors=frozenset({"cloud"})),)))
    vague = entry("Vague", at=NOW - DAY, published=utc("1970-01-01"), date_quality=DateQuality.ANCIENT)
    spoken = analysis(
        vague, event(fresh=False), companies=("META", "META"), sectors=("hyperscaler", "memory")
    )
    new.apply(Outcome(entries=(vague,), analyses=(spoken,)))
    targets = (
        META,
        NVIDIA,
        CLOUD,
        RESALE,
        Target(TargetKind.SECTOR, "memory"),
        Target(TargetKind.SECTOR, "cloud"),
    )
    counted = {t: new.trend(t) for t in targets}
    assert counted[META].counts == (0, 0, 0, 2, 0, 1, 1)
    with new.db.transaction() as cursor:
        cursor.execute("DROP TABLE trend_counts")
        cursor.execute("DROP TABLE trend_alerts")
        cursor.execute("DELETE FROM meta WHERE key = 'counted'")
        cursor.execute("DELETE FROM _sqlite_migrations WHERE name = 'm003_trends'")
        cursor.execute(
            "INSERT INTO verdicts VALUES (1, 'e', '2026-02-01T00:00:00.000000+00:00', 0, '', '', '', '', '', '', '')"
        )
    assert "m003_trends" in {m.name for m in migrations.pending(SqliteUtils(new.db.connection))}
    new.db.close()
    old = Database(path)
    again = {t: Trends(old).trend(t, 7, NOW, UTC) for t in targets}
    assert {t: (a.counts, a.alerts) for t, a in again.items()} == {
        t: (c.counts, c.alerts) for t, c in counted.items()
    }
    assert again[META].since == utc("2026-02-01"), "what was decided before is no longer stored"
    old.close()
