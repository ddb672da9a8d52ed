"""Random days of news, through the real store: whatever comes in whatever order, the promises hold."""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from make import MINUTE, NOW, entry, event
from newsroom import PACK, Reader, make_book

from bot.model import (
    STORY_WINDOW,
    AlertKind,
    Attribution,
    Entry,
    Event,
    Outcome,
    Polarity,
    Reason,
    Receipt,
    Snapshot,
    Stage,
    Target,
    TargetKind,
)
from bot.pipeline import Book, process
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.store.queue import Queue

INHIBIT = """
version: 1
inhibit: [{when: {rule: compute/cut}, mute: {rule: compute/fall}, equal: actor, for: 12h}]
"""
# The same without the correlation, and louder.
FEWER = PACK[: PACK.index("  - id: wave")] + PACK[PACK.index("  - id: fall") :].replace(
    "level: low", "level: high"
)
DONE = {"stage": Stage.DONE, "attribution": Attribution.ON_RECORD}
READERS = ("telegram:1", "telegram:2")

# What an entry says, and a headline for it; {n} makes it another headline, not another event.
SAYINGS: dict[str, tuple[str, tuple[str, ...], tuple[Event, ...]]] = {
    "claim": ("Meta weighs selling surplus AI compute to outside customers, take {n}", ("META",), (event(),)),
    "rival": (
        "Microsoft weighs renting spare servers to other firms, take {n}",
        ("MSFT",),
        (event(actor="MSFT"),),
    ),
    "agreed": ("Meta signs first customer for its surplus computers, take {n}", ("META",), (event(**DONE),)),
    "denied": (
        "Meta says that it has no plans to sell any capacity, take {n}",
        ("META",),
        (event(polarity=Polarity.DENIED, attribution=Attribution.ON_RECORD),),
    ),
    "corrected": (
        "Correction: Meta weighs leasing and not selling compute, take {n}",
        ("META",),
        (event(polarity=Polarity.CORRECTED),),
    ),
    "withdrawn": (
        "WITHDRAWN-Meta weighs selling surplus AI compute to outside customers, take {n}",
        ("META",),
        (event(),),
    ),
    "slump": (
        "CoreWeave and Micron shares slump on Meta report, take {n}",
        ("CRWV", "MU", "META"),
        (event("selloff", "CRWV", **DONE), event("selloff", "MU", **DONE)),
    ),
    "cut": (
        "Microsoft cuts its spending plan for the year, take {n}",
        ("MSFT",),
        (event("capex_cut", "MSFT"),),
    ),
    "recalled": ("A look back at a year of compute deals, take {n}", ("META",), (event(fresh=False),)),
    "noise": ("Ten keyboards for the home office compared, take {n}", (), ()),
}


class Crash(BaseException):
    """The process dies."""


def _book(folder: str, name: str, pack: str) -> Book:
    (Path(folder) / name).mkdir()
    return make_book(Path(folder) / name, pack, INHIBIT if "wave" in pack else "")


class Days(RuleBasedStateMachine):
    """A newsroom with two readers, the real store, and a log of everything that was ever decided."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.db = Database(Path(self.folder.name) / "spillover.db")
        self.books = itertools.cycle(
            [_book(self.folder.name, "b", FEWER), _book(self.folder.name, "a", PACK)]
        )
        self.book, self.reader = _book(self.folder.name, "c", PACK), Reader()
        self.ingest = Ingest(self.db)
        self.now, self.numbers = NOW, itertools.count()
        self.shown: list[Entry] = []
        self.cards: dict[tuple[str, str], datetime] = {}  # (story, reader) → when the card was decided
        self.moves = itertools.count(100)
        self.readers = list(READERS)
        for name in READERS:
            self._join(name)

    def _join(self, name: str) -> None:
        Desk(self.db).enroll("telegram", name.removeprefix("telegram:"), self.now)
        Desk(self.db).watch(name, Target(TargetKind.ALL), self.now)

    def teardown(self) -> None:
        self.db.close()
        self.folder.cleanup()

    # --- what happens ---

    def _made(self, saying: str, feed: str, number: int, guid: str = "") -> Entry:
        pattern, companies, events = SAYINGS[saying]
        title = pattern.format(n=f"number{number}")
        self.reader.learn(title, *events, companies=companies)
        return entry(title, feed=feed, guid=guid or f"{feed} {number}", at=self.now)

    @rule(
        sayings=st.lists(
            st.tuples(st.sampled_from(sorted(SAYINGS)), st.sampled_from(["wire", "paper", "blog"])),
            min_size=1,
            max_size=4,
        ),
        later=st.sampled_from([MINUTE, timedelta(hours=7), timedelta(hours=40)]),
        baseline=st.sampled_from([False, False, False, True]),
    )
    def news_comes(self, sayings: list[tuple[str, str]], later: timedelta, baseline: bool) -> None:
        self.now += later
        self._receive([self._made(s, f, next(self.numbers)) for s, f in sayings], baseline=baseline)

    @precondition(lambda self: self.shown)
    @rule(data=st.data(), feed=st.sampled_from(["copier", "aggregator"]))
    def it_is_copied(self, data: st.DataObject, feed: str) -> None:
        self.now += MINUTE
        of = data.draw(st.sampled_from(self.shown))
        self._receive([entry(of.title, feed=feed, guid=f"copy {next(self.numbers)}", at=self.now)])

    @precondition(lambda self: self.shown)
    @rule(data=st.data(), saying=st.sampled_from(sorted(SAYINGS)))
    def it_is_edited(self, data: st.DataObject, saying: str) -> None:
        self.now += MINUTE
        of = data.draw(st.sampled_from(self.shown))
        made = self._made(saying, of.feed_id, next(self.numbers), of.guid)
        self._receive([replace(made, published=of.published)])

    @precondition(lambda self: self.shown)
    @rule(data=st.data())
    def it_is_shown_again(self, data: st.DataObject) -> None:
        of = data.draw(st.sampled_from(self.shown))
        outcome = self._receive([of])
        assert (outcome.entries, outcome.notifications) == ((), ())

    @rule(who=st.integers(0, 1))
    def a_reader_leaves_or_returns(self, who: int) -> None:
        desk, name = Desk(self.db), self.readers[who]
        found = desk.subscriber(name)
        assert found is not None
        if found.active:
            desk.leave(name, self.now)
        else:
            self._join(name)

    @rule(who=st.integers(0, 1))
    def a_chat_moves(self, who: int) -> None:
        old, address = self.readers[who], str(next(self.moves))
        found = Desk(self.db).subscriber(old)
        if found is None or not found.active:
            return
        Queue(self.db).moved(old, address, self.now)
        new = self.readers[who] = f"telegram:{address}"
        self.cards = {(s, new if r == old else r): at for (s, r), at in self.cards.items()}

    @rule()
    def the_program_restarts(self) -> None:
        before = self.ingest.snapshot([], self.now)
        self.ingest = Ingest(self.db)
        after = self.ingest.snapshot([], self.now)
        assert before == after

    @rule()
    def the_rules_are_reloaded(self) -> None:
        self.book = next(self.books)

    @rule(
        saying=st.sampled_from(sorted(SAYINGS)),
        where=st.sampled_from(["apply_entries_written", "apply_decisions_written", "apply_before_commit"]),
    )
    def it_crashes_while_it_stores(self, saying: str, where: str) -> None:
        self.now += MINUTE
        entries = [self._made(saying, "wire", next(self.numbers))]

        def crash(point: str) -> None:
            if point == where:
                raise Crash

        dying = Ingest(self.db, failpoint=crash)
        outcome = process(entries, dying.snapshot(entries, self.now), self.book, self.reader, self.now)
        with pytest.raises(Crash):
            dying.apply(outcome, self.now)
        self.ingest = Ingest(self.db)
        self._receive(entries)

    @rule()
    def the_outbox_is_emptied(self) -> None:
        queue, late = Queue(self.db), self.now + MINUTE
        for number in itertools.count(1):
            items = queue.due(late, 10, exclude=frozenset())
            if not items:
                break
            for item in items:
                queue.delivered(item.notification.id, Receipt(message_id=str(number), at=self.now))
        assert self.db.value("SELECT count(*) FROM outbox WHERE state = 'pending'") == 0, "it is stuck"

    # --- what must hold ---

    def _receive(self, entries: list[Entry], *, baseline: bool = False) -> Outcome:
        snapshot = self.ingest.snapshot(entries, self.now)
        silent = frozenset(e.id for e in entries) if baseline else frozenset[str]()
        anew = replace(snapshot, stories=dict(snapshot.stories))
        outcome = self._decided(entries, snapshot, silent)
        assert outcome == self._decided(entries, anew, silent), "what is kept between batches decides nothing"
        assert self.ingest.apply(outcome, self.now)
        latest = {e.id: e for e in self.shown} | {e.id: e for e in outcome.entries}
        self.shown = list(latest.values())
        self._check(outcome, silent)
        return outcome

    def _decided(self, entries: list[Entry], snapshot: Snapshot, silent: frozenset[str]) -> Outcome:
        return process(entries, snapshot, self.book, self.reader, self.now, baseline=silent)

    def _check(self, outcome: Outcome, silent: frozenset[str]) -> None:
        reached = {v.entry_id for v in outcome.verdicts}
        assert reached == {e.id for e in outcome.entries}, "every entry has a reason, and nothing else has"
        if silent:  # it is no news, but takes back what was told
            assert all(n.kind is not AlertKind.NEW for n in outcome.notifications)
            taken_back = (Reason.DENIED, Reason.CORRECTED, Reason.WITHDRAWN, Reason.INHIBITED)
            assert all(v.decision.reason in (*taken_back, Reason.BASELINE) for v in outcome.verdicts)
        alerts = {a.id: a for a in outcome.alerts}
        for note in outcome.notifications:
            key = (note.story_id, note.subscriber_id)
            if note.kind is AlertKind.NEW:
                last = self.cards.get(key)
                assert last is None or self.now - last > STORY_WINDOW, (
                    "a second card within the rule's window"
                )
                self.cards[key] = self.now
            assert key in self.cards, f"{note.kind} of a story without a card"
            alert = alerts.get(note.alert_id)
            if note.kind is not AlertKind.EDIT:
                assert alert is not None
                assert alert.reason is not Reason.DENIED or note.kind is AlertKind.REPLY
        for alert in outcome.alerts:
            stored = self.db.row("SELECT title, text FROM entries WHERE id = ?", (alert.entry_id,))
            assert stored is not None
            assert alert.evidence
            assert alert.evidence in stored["title"] or alert.evidence in stored["text"]

    @invariant()
    def everything_queued_is_for_somebody_who_is_there(self) -> None:
        orphans = "SELECT count(*) FROM outbox WHERE state = 'pending' AND subscriber_id NOT IN "
        assert self.db.value(orphans + "(SELECT id FROM subscribers WHERE active = 1)") == 0


Days.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestTheDays = Days.TestCase
