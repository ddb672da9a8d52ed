"""What managers are told in figures: delays, the morning report, and what differs between two readings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from make import HOUR, MINUTE, NOW, alert, entry, notification
from newsroom import PACK, Reader, make_book
from office_fakes import FakeSources, FakeWorks, MemoryAccess

from bot.config import load_settings
from bot.errors import RulesError
from bot.loading import Loaded
from bot.model import (
    DateQuality,
    Decision,
    Feed,
    Outcome,
    Reason,
    Receipt,
    SourceKind,
    Verdict,
)
from bot.office import Delays, Latency, Source
from bot.ports import Status
from bot.shelves import Votes
from bot.store.database import Database
from bot.store.delays import latency
from bot.store.desk import Desk
from bot.store.feedback import FeedbackStore
from bot.store.ingest import Ingest
from bot.store.mornings import fired, last_report
from bot.store.queue import Queue
from bot.store.rows import stamp
from bot.upkeep.managers import Managers
from bot.upkeep.morning import Night, report, silent
from bot.upkeep.rules import differences, mistakes

SECOND = timedelta(seconds=1)
FIGURES = Status(
    feeds=3, feeds_failing=1, feeds_stopped=0, entries=10, stories=5, alerts=2, subscribers=4, pending=7,
    parked=1, oldest_pending_at=NOW - 90 * SECOND, last_poll_at=NOW, counters={},
)  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "spillover.db")
    yield database
    database.close()


def arrive(
    db: Database,
    title: str,
    published: datetime,
    late: timedelta,
    *,
    reason: Reason = Reason.NO_RULE,
    **more: object,
) -> None:
    """An entry that came so late, and was decided two seconds after it."""
    made = entry(title, at=published, **more)  # type: ignore[arg-type]
    made = replace(made, seen_at=published + late)
    verdict = Verdict(
        entry_id=made.id, at=made.seen_at + 2 * SECOND, decision=Decision(send=False, reason=reason)
    )
    ingest = Ingest(db)
    ingest.snapshot([], NOW)
    assert ingest.apply(Outcome(entries=(made,), verdicts=(verdict,)), NOW)


def seconds(delays: Delays) -> tuple[str, int, int, int]:
    return delays.name, delays.count, round(delays.median.total_seconds()), round(delays.slow.total_seconds())


def test_delays_are_measured_over_a_day_without_baselines_and_doubtful_dates(db: Database) -> None:
    for n in range(1, 21):
        arrive(db, f"News {n}", NOW - 2 * HOUR, n * MINUTE)
    arrive(db, "first poll", NOW - 2 * HOUR, 100 * MINUTE, reason=Reason.BASELINE)
    arrive(db, "old", NOW - 30 * HOUR, 29 * HOUR)
    arrive(db, "undated", NOW - 2 * HOUR, 90 * MINUTE, date_quality=DateQuality.NAIVE)
    arrive(db, "blog", NOW - 3 * HOUR, 2 * HOUR, feed="blog", kind=SourceKind.BLOG)
    arrive(db, "ahead", NOW - HOUR, -SECOND, feed="blog", kind=SourceKind.BLOG)
    found = latency(db, NOW)
    assert [seconds(d) for d in found.stages] == [
        ("published → seen", 22, 600, 1200),
        ("seen → decided", 22, 2, 2),
    ]
    assert [seconds(d) for d in found.kinds] == [("blog", 2, 0, 7200), ("wire", 20, 600, 1200)]
    assert [d.name for d in found.worst] == ["wire"], "two entries of a feed say nothing of it"


def test_what_a_route_holds_back_is_not_late(db: Database) -> None:
    desk, ingest, queue = Desk(db), Ingest(db), Queue(db)
    for who, wait in (("1", timedelta(0)), ("2", HOUR), ("3", timedelta(0))):
        desk.enroll("telegram", who, NOW)
        ingest.snapshot([], NOW)
        held = notification(alert(), to=f"telegram:{who}", not_before=NOW + wait)
        ingest.apply(Outcome(alerts=(alert(),), notifications=(held,)), NOW)
    (first, third) = queue.due(NOW, 9)
    queue.delivered(first.notification.id, Receipt(message_id="1", at=NOW + 3 * SECOND))
    queue.retry(third.notification.id, NOW + 50 * SECOND, "no answer")
    queue.delivered(third.notification.id, Receipt(message_id="1", at=NOW + 60 * SECOND))
    (second,) = queue.due(NOW + HOUR, 9)
    queue.delivered(second.notification.id, Receipt(message_id="1", at=NOW + HOUR + 5 * SECOND))
    (sent,) = latency(db, NOW + HOUR).stages
    assert seconds(sent) == ("decided → sent", 3, 5, 60)


def test_an_empty_database_has_no_delays(db: Database) -> None:
    found = latency(db, NOW)
    assert found == Latency(stages=[], kinds=[], worst=[])


def source(feed_id: str, **more: object) -> Source:
    values: dict[str, object] = {"title": "", "url": "", "kind": "wire", "tier": 1, "state": "active"}
    return Source(id=feed_id, **(values | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("feed", "entries", "since", "is_silent"),
    [
        pytest.param(source("f"), 300, 3 * 24 * HOUR, True, id="ten a day, three days"),
        pytest.param(source("f"), 300, 30 * HOUR, False, id="not so long that it is unusual for anybody"),
        pytest.param(source("f"), 10, 10 * 24 * HOUR, False, id="a slow rhythm"),
        pytest.param(source("f"), 10, 20 * 24 * HOUR, True, id="long for a slow rhythm as well"),
        pytest.param(source("f"), 4, 29 * 24 * HOUR, False, id="no rhythm"),
        pytest.param(source("f", state="paused"), 300, 9 * 24 * HOUR, False, id="paused"),
        pytest.param(source("f", failures=1), 300, 9 * 24 * HOUR, False, id="down, which is said anyway"),
    ],
)
def test_silent_is_what_is_quiet_for_unusually_long(feed, entries, since, is_silent):
    assert bool(silent([feed], {"f": (entries, NOW - since)}, NOW)) is is_silent


def night(**more: object) -> Night:
    values: dict[str, object] = {
        "status": FIGURES,
        "vitals": FakeWorks().vitals(),
        "sources": [source("a")],
        "rates": {},
        "slowest": [],
        "fired": [],
    }
    return Night(**(values | more))  # type: ignore[arg-type]


def test_the_report_is_one_message_of_what_needs_a_look():
    hour = Delays(name="slow", count=9, median=2 * HOUR, slow=9 * HOUR)
    found = report(
        night(
            sources=[
                *(source(f"down{n}", state="gone", last_error="said /stop") for n in range(7)),
                source("quiet"),
            ],
            rates={"quiet": (300, NOW - 80 * HOUR)},
            slowest=[hour, replace(hour, name="fast", median=MINUTE)],
            fired=[("compute/resale", 12), ("chips/ban", 3)],
        ),
        NOW,
    )
    assert found == [
        "Good morning. The last 24 hours:",
        "Sources: 8, 7 down, 1 silent, 1 slow",
        *(f"• down: down{n}, said /\u2060stop" for n in range(5)),
        "• silent for 3d 8h: quiet",
        "• slow: slow, 2h after publication",
        "• and 2 more: /sources",
        "Rules that fired most: compute/resale 12×, chips/ban 3×",
        "Queue: 7 waiting, oldest for 1m 30s, 1 parked; 4 subscribers",
        "Database 12 MB, disk free 7.3 GB",
    ]


def test_a_quiet_night_is_four_lines():
    found = report(night(status=replace(FIGURES, pending=0, parked=0, oldest_pending_at=None)), NOW)
    assert found[1:3] == ["Sources: 1, 0 down, 0 silent, 0 slow", "Rules: none fired"]
    assert "Queue: 0 waiting, 0 parked" in found[3]


def of(name: str, useful: int, total: int) -> Votes:
    return Votes(name=name, useful=useful, total=total)


def doubts(**more: object) -> list[str]:
    """The lines between what fired and the queue."""
    return report(night(**more), NOW)[3:-2]


def test_the_least_precise_rules_and_sources_come_with_a_proposal():
    found = doubts(
        sources=[source("blog", tier=3), source("wire", tier=2), source("fine")],
        rule_votes=[of("compute/resale", 3, 24), of("chips/ban", 20, 24)],
        source_votes=[of("blog", 2, 20), of("fine", 9, 20), of("wire", 0, 30)],
    )
    assert found == [
        "Least precise, by what readers said in 90 days; nothing changes by itself:",
        "• source wire: 0 of 30 useful, 0% to 11%; consider tier 3 instead of 2 for it",
        "• source blog: 2 of 20 useful, 3% to 30%; consider /sources pause blog",
        "• rule compute/resale: 3 of 24 useful, 4% to 31%; consider a lower level for it",
    ]


def test_three_are_named_and_the_rest_is_counted():
    found = doubts(rule_votes=[of(f"pack/r{n}", n, 40) for n in range(5)])
    assert [line.partition(":")[0] for line in found[1:-1]] == [f"• rule pack/r{n}" for n in range(3)]
    assert found[-1] == "• and 2 more: /precision"


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"rule_votes": [of("a/b", 0, 9)]}, id="too few votes"),
        pytest.param({"rule_votes": [of("a/b", 3, 11)]}, id="the upper bound is above a half"),
        pytest.param({"source_votes": [of("gone", 0, 30)]}, id="a source that is not in the list any more"),
        pytest.param(
            {"sources": [source("a", state="paused")], "source_votes": [of("a", 0, 30)]},
            id="a source that is paused already",
        ),
    ],
)
def test_nothing_is_proposed_without_a_reason(more):
    assert doubts(**more) == []


def test_rules_are_counted_by_their_cards(db: Database) -> None:
    ingest = Ingest(db)
    ingest.snapshot([], NOW)
    made = [alert(entry(f"n{n}"), rule_id="a/b" if n else "a/a", created_at=NOW - n * HOUR) for n in range(4)]
    ingest.apply(Outcome(alerts=tuple(made)), NOW)
    assert fired(db, NOW - 2 * HOUR, 5) == [("a/b", 2), ("a/a", 1)]


class Morning:
    """Managers with a clock; what they are told."""

    def __init__(self, db: Database, **settings: str) -> None:
        self.now, self.told = NOW, []
        chosen = load_settings({"BOT_TELEGRAM_ADMINS": "9", "BOT_TIMEZONE": "Europe/Berlin"} | settings)
        self.managers = Managers(
            chosen, db, MemoryAccess(), Desk(db), FakeSources(), FakeWorks(), lambda: self.now, lambda: None
        )

    async def tell(self, say: Callable[[], str]) -> None:
        self.told.append(say())

    async def at(self, moment: datetime) -> int:
        self.now = moment
        await self.managers.report(self.tell)
        return len(self.told)


async def test_the_report_comes_once_a_day_at_its_time_by_the_clock_there(db: Database) -> None:
    morning = Morning(db)
    assert await morning.at(NOW) == 0, "a new program has no night behind it"
    assert await morning.at(NOW.replace(day=3, hour=6, minute=59)) == 0
    assert await morning.at(NOW.replace(day=3, hour=7)) == 1, "08:00 in Berlin"
    assert morning.told[0].startswith("Good morning.")
    assert await morning.at(NOW.replace(day=3, hour=7, minute=1)) == 1
    assert await Morning(db).at(NOW.replace(day=3, hour=9)) == 0, "not again after a restart"
    assert await morning.at(NOW.replace(day=4, hour=7)) == 2


async def test_a_report_that_was_missed_comes_once_after_the_start(db: Database) -> None:
    await Morning(db).at(NOW)
    late = Morning(db)
    assert await late.at(NOW.replace(day=6, hour=11)) == 1
    assert await late.at(NOW.replace(day=6, hour=12)) == 1


@pytest.mark.parametrize(
    ("last_vote", "is_named"),
    [
        pytest.param(timedelta(hours=20), True, id="voted on"),
        pytest.param(timedelta(days=8), False, id="nobody votes on it any more"),
    ],
)
async def test_the_report_counts_all_votes_of_what_is_still_voted_on(
    db: Database, last_vote: timedelta, is_named: bool
) -> None:
    morning, store = Morning(db), FeedbackStore(db)
    await morning.at(NOW)
    later = NOW + timedelta(days=1)
    for n in range(12):
        told = alert(entry(f"n{n}"), id=f"{n:016x}", rule_id="compute/resale")
        at = later - (last_vote if n == 0 else timedelta(days=30))
        with db.transaction() as cursor:  # the card has been sent, else it has no vote
            cursor.execute(
                "INSERT INTO outbox (id, alert_id, subscriber_id, story_id, rule_id, kind, level, silent, "
                "created_at, seq, due_at, state, card) VALUES (?1, ?1, 'telegram:1', 's', 'r', 'new', 2, 0, "
                "?2, ?3, ?2, 'sent', '{}')",
                (told.id, stamp(at), n),
            )
        assert store.vote(told, "paper", "telegram:1", "1", useful=n == 5, reason="", now=at)
    assert await morning.at(later) == 1
    line = "• rule compute/resale: 1 of 12 useful, 1% to 35%; consider a lower level for it"
    assert (line in morning.told[0].splitlines()) is is_named


@pytest.mark.parametrize("settings", [{"BOT_MORNING": "off"}, {"BOT_TELEGRAM_ADMINS": ""}])
async def test_no_report_where_none_is_wanted(db: Database, settings: dict[str, str]) -> None:
    morning = Morning(db, **settings)
    await morning.at(NOW)
    assert await morning.at(NOW + timedelta(days=2)) == 0
    assert last_report(db) is None


def loaded(folder: Path, pack: str = PACK, *feeds: Feed) -> Loaded:
    folder.mkdir(exist_ok=True)
    return Loaded(
        analyzer=Reader(),  # type: ignore[arg-type]
        book=make_book(folder, pack),
        vocabulary=None,  # type: ignore[arg-type]
        feeds=feeds,
    )


def test_two_readings_of_the_same_files_do_not_differ(tmp_path: Path) -> None:
    assert differences(loaded(tmp_path / "a"), loaded(tmp_path / "b", "# moved down\n" + PACK)) == [
        "nothing differs"
    ]


def test_what_differs_is_named(tmp_path: Path) -> None:
    feed = Feed(id="wire", url="https://a.example/", kind=SourceKind.WIRE, tier=1)
    edited = PACK.replace("level: high", "level: low", 1).replace("- id: cut", "- id: slide")
    assert edited.count("slide") == 1
    before = loaded(tmp_path / "a", PACK, feed, replace(feed, id="gone"))
    after = loaded(tmp_path / "b", edited, replace(feed, tier=2), replace(feed, id="new"))
    assert differences(before, after) == [
        "rules added: compute/slide",
        "rules dropped: compute/cut",
        "rules changed: compute/resale",
        "feeds added: new",
        "feeds dropped: gone",
        "feeds changed: wire",
    ]


def test_long_lists_are_cut(tmp_path: Path) -> None:
    feed = Feed(id="wire", url="https://a.example/", kind=SourceKind.WIRE, tier=1)
    many = loaded(tmp_path / "a", PACK, *(replace(feed, id=f"f{n}") for n in range(30)))
    (line,) = differences(loaded(tmp_path / "b"), many)
    assert line.endswith("f7 and 22 more")


def test_mistakes_have_a_line_each_and_an_end() -> None:
    error = RulesError("unknown key 'levl'", "a.yaml", 3, 5)
    error.others = tuple(RulesError("odd", "a.yaml", n) for n in range(20))
    lines = mistakes(error)
    assert lines[0] == "• a.yaml:3:5: unknown key 'levl'"
    assert lines[-1] == "and 13 more: run spillover rules check"
