"""Helpers for tests of the backtest: a week of invented news, and both ways to decide about it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from make import HOUR, MINUTE, NOW, entry, event
from newsroom import Reader

from bot.backtest import Ruleset
from bot.config import load_settings
from bot.loading import Loaded
from bot.model import (
    Attribution,
    Entry,
    Event,
    Notification,
    Outcome,
    Polarity,
    Severity,
    Stage,
    Target,
    TargetKind,
    Verdict,
)
from bot.nlp.vocabulary import RulesVocabulary
from bot.pipeline import LOOK_EVERY, Book, process
from bot.ports import Analyzer
from bot.replay import World
from bot.store.archive import Arrival
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import BREAK, Ingest

DONE = {"stage": Stage.DONE, "attribution": Attribution.ON_RECORD}
SAYINGS: Sequence[tuple[str, tuple[str, ...], tuple[Event, ...]]] = (
    ("Meta weighs selling surplus AI compute to outside customers, take {n}", ("META",), (event(),)),
    ("Microsoft weighs renting spare servers to other firms, take {n}", ("MSFT",), (event(actor="MSFT"),)),
    ("Meta signs first customer for its surplus computers, take {n}", ("META",), (event(**DONE),)),
    (
        "Meta says that it has no plans to sell any capacity, take {n}",
        ("META",),
        (event(polarity=Polarity.DENIED, attribution=Attribution.ON_RECORD),),
    ),
    (
        "CoreWeave and Micron shares slump on Meta report, take {n}",
        ("CRWV", "MU", "META"),
        (event("selloff", "CRWV", **DONE), event("selloff", "MU", **DONE)),
    ),
    ("Microsoft cuts its spending plan for the year, take {n}", ("MSFT",), (event("capex_cut", "MSFT"),)),
    ("Ten keyboards for the home office compared, take {n}", (), ()),
    (
        "WITHDRAWN-Meta weighs selling surplus AI compute to outside customers, take {n}",
        ("META",),
        (event(),),
    ),
    ("REFILE-Meta weighs selling surplus AI compute to outside customers, take {n}", ("META",), (event(),)),
    (
        "CORRECTED-Microsoft cuts its spending plan for the year, take {n}",
        ("MSFT",),
        (event("capex_cut", "MSFT", polarity=Polarity.CORRECTED),),
    ),
)
FEEDS = ("wire", "paper", "blog")


def news(reader: Reader, saying: int, number: int, *, at: datetime, feed: str = "wire", **more: str) -> Entry:
    """An entry that the reader understands; the number makes it another headline, not another event."""
    pattern, companies, events = SAYINGS[saying]
    title = pattern.format(n=f"number{number}")
    reader.learn(title, *events, companies=companies)
    return entry(title, feed=feed, guid=more.pop("guid", f"{feed} {number}"), at=at, **more)


def week(reader: Reader, seed: int = 7, moments: int = 60) -> list[list[Entry]]:
    """Batches in order of time: news, copies, later versions, and items that a feed shows twice under two ids."""
    chance, numbers, at = random.Random(seed), itertools.count(), NOW
    shown: list[Entry] = []
    batches = []
    for _ in range(moments):
        at += chance.choice([MINUTE, 20 * MINUTE, 2 * HOUR, 9 * HOUR])
        batch: list[Entry] = []
        for _ in range(chance.randint(1, 5)):
            number, feed = next(numbers), chance.choice(FEEDS)
            kind = chance.choice(["news"] * 5 + ["copy", "edit", "twin"])
            of = chance.choice(shown) if shown else None
            if of is None or kind == "news":
                made = news(reader, chance.randrange(len(SAYINGS)), number, at=at, feed=feed)
            elif kind == "copy":
                made = entry(of.title, feed="copier", guid=f"copy {number}", at=at)
            elif kind == "edit":
                made = news(
                    reader, chance.randrange(len(SAYINGS)), number, at=at, feed=of.feed_id, guid=of.guid
                )
                made = replace(made, published=of.published)
            else:
                made = entry(of.title, feed=of.feed_id, guid=f"twin {number}", at=at)
                batch += [replace(made, id=made.id[::-1])] if chance.random() < 0.5 else []
            if made.id not in {e.id for e in batch}:
                batch.append(made)
        shown += [e for e in batch if e.id not in {s.id for s in shown}]
        batches.append(batch)
    return batches


def live(
    db: Database, book: Book, reader: Analyzer, batches: Iterable[Sequence[Entry]], silent: frozenset[str]
) -> list[Outcome]:
    """Decide and store as the running program does; entries of `silent` come with the first poll of their feed."""
    desk, ingest = Desk(db), Ingest(db)
    desk.enroll("console", "", NOW)
    desk.watch("console:", Target(TargetKind.ALL), NOW)
    desk.set_level("console:", Severity.INFO)
    outcomes: list[Outcome] = []
    looked = watched = NOW
    for batch in batches:
        now = max(e.seen_at for e in batch)
        while book.rules.expects and looked + LOOK_EVERY < now:
            looked = watched = looked + LOOK_EVERY
            if missed := _look(ingest, book, reader, looked):
                outcomes.append(missed)
        while now - watched > BREAK:  # polls that bring nothing; nobody was away
            watched += BREAK
            ingest.snapshot((), watched)
            assert ingest.apply(Outcome(), watched)
        watched = now
        quiet = silent & {e.id for e in batch}
        outcomes.append(process(batch, ingest.snapshot(batch, now), book, reader, now, baseline=quiet))
        assert ingest.apply(outcomes[-1], now)
    return outcomes


def _look(ingest: Ingest, book: Book, reader: Analyzer, now: datetime) -> Outcome | None:
    """What is found when nothing has come."""
    outcome = process([], ingest.snapshot((), now), book, reader, now)
    assert ingest.apply(outcome, now)
    return outcome if outcome.verdicts else None


def again(book: Book, reader: Analyzer, arrivals: Iterable[Arrival]) -> list[Outcome]:
    """Decide about the same arrivals in a world that is only memory."""
    world, outcomes = World(book), []
    for arrival in arrivals:
        outcomes += [outcome for _, outcome in world.looks(arrival.at, reader)]
        outcomes.append(world.receive(arrival, reader))
    return outcomes


def sent(outcomes: Iterable[Outcome]) -> list[Notification]:
    """What went out, but for whom."""
    return [replace(n, id="", subscriber_id="") for o in outcomes for n in o.notifications]


def decided(outcomes: Iterable[Outcome]) -> list[Verdict]:
    """Every decision, but for whom."""
    return [replace(v, subscriber_id="x" * bool(v.subscriber_id)) for o in outcomes for v in o.verdicts]


def ruleset(book: Book, reader: Analyzer, name: str = "rules") -> Ruleset:
    """Rules that were not read from a folder."""
    vocabulary: RulesVocabulary = None  # type: ignore[assignment]  # nobody types anything
    loaded = Loaded(analyzer=reader, book=book, vocabulary=vocabulary, feeds=())
    return Ruleset(name=name, settings=load_settings({}), loaded=loaded)


DAY = timedelta(days=1)
