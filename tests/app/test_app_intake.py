"""Polling and deciding without a network: feeds are in memory, the database is real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_fakes import small_vocabulary
from make import HOUR, NOW, TITLE, entry, event
from newsroom import Reader, make_book

from bot.intake import BATCH, Intake
from bot.loading import Loaded
from bot.model import (
    Entry,
    Feed,
    FeedStatus,
    Fetched,
    Hints,
    ParsedFeed,
    PollState,
    SourceKind,
    Target,
    TargetKind,
)
from bot.store.archive import Archive
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.store.polls import PollStates
from bot.store.queue import Queue
from bot.telemetry import Metrics

PATIENCE = 10.0


def feed(name: str, **more: Any) -> Feed:
    made = Feed(
        id=name,
        url=f"https://{name}.example/",
        kind=SourceKind.WIRE,
        tier=1,
        interval=timedelta(hours=1),
        lookback=timedelta(days=1),
    )
    return replace(made, **more)


@dataclass
class World:
    """Feeds that show what a test says, and the intake that reads them."""

    folder: Path
    shown: dict[str, list[Entry]] = field(default_factory=dict)
    broken: dict[str, Exception] = field(default_factory=dict)
    feeds: tuple[Feed, ...] = ()
    reader: Reader = field(default_factory=Reader)
    now: datetime = NOW
    at: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        self.db = Database(self.folder / "spillover.db")
        self.book = make_book(self.folder)
        self.reader.learn(TITLE, event(evidence=(5, 11)))

    async def fetch(self, feed: Feed, state: PollState, /) -> Fetched:
        if feed.id in self.broken:
            raise self.broken[feed.id]
        return Fetched(url=feed.url, body=b"", body_hash="", etag=b'"new"')

    async def parse(self, feed: Feed, fetched: Fetched, now: datetime, /) -> ParsedFeed:
        return ParsedFeed(title=feed.id, entries=tuple(self.shown.get(feed.id, ())), hints=Hints())

    def loaded(self) -> Loaded:
        return Loaded(
            analyzer=self.reader,  # type: ignore[arg-type]
            book=self.book,
            vocabulary=small_vocabulary(),  # type: ignore[arg-type]
            feeds=self.feeds,
        )

    @asynccontextmanager
    async def intake(self, *, at_once: int = 4) -> AsyncIterator[Intake]:
        with ThreadPoolExecutor(1) as worker:
            made = Intake(
                self.loaded,
                states=PollStates(self.db),
                ingest=Ingest(self.db),
                worker=worker,
                fetcher=self,
                parser=self,
                clock=lambda: self.now,
                metrics=Metrics(),
                polls_at_once=at_once,
                stored=lambda: None,
                failpoint=lambda point: self.at(point),
            )
            made.sync()
            running = asyncio.create_task(made.run())
            try:
                yield made
                assert not running.done(), "nothing may end it"
            finally:
                await made.stop(timedelta(seconds=1))
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    async def all_polled(self, intake: Intake) -> None:
        async with asyncio.timeout(PATIENCE):
            while not intake.is_quiet():
                await intake.tick()
                await asyncio.sleep(0.005)

    def states(self) -> Mapping[str, PollState]:
        polls = PollStates(self.db)
        return polls.states(polls.known())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.db.close()


async def test_a_bug_met_by_one_feed_neither_ends_its_polling_nor_stops_others(world: World) -> None:
    world.feeds = (feed("odd"), feed("wire"))
    world.shown["wire"] = [entry()]
    world.broken["odd"] = RuntimeError("nobody foresaw this")
    async with world.intake() as intake:
        world.now += timedelta(minutes=3)
        await world.all_polled(intake)
        assert Archive(world.db).count() == 1
        assert world.states()["odd"].last_error == "a bug: RuntimeError"
        del world.broken["odd"]
        world.shown["odd"] = [entry("Other things", feed="odd")]
        world.now += 3 * HOUR
        await world.all_polled(intake)
        assert Archive(world.db).count() == 2


async def test_feeds_that_left_the_list_do_not_keep_others_waiting(world: World) -> None:
    left = tuple(feed(f"left{n}") for n in range(20))
    world.feeds = (*left, feed("wire"))
    async with world.intake():
        pass
    world.feeds = (feed("wire"), replace(left[0], enabled=False))
    world.shown["wire"] = [entry()]
    world.now += timedelta(minutes=3)
    async with world.intake(at_once=2) as intake:
        await world.all_polled(intake)
        assert Archive(world.db).count() == 1
        assert Desk(world.db).status(world.now).feeds == 1
    world.feeds = (feed("wire"), left[0])
    async with world.intake() as intake:
        await world.all_polled(intake)
    assert world.states()["left0"].polls == 1, "it is back"
    assert world.states()["left1"].status is FeedStatus.PAUSED


async def test_a_bug_that_every_batch_meets_backs_off_and_ends_with_it(world: World) -> None:
    world.feeds, world.shown["wire"] = (feed("wire"),), [entry()]
    bugs = [RuntimeError("a bug in deciding")]

    def at(point: str) -> None:
        if point == "processed" and bugs:
            raise bugs[0]

    world.at = at
    async with world.intake() as intake:
        world.now += timedelta(minutes=3)
        await world.all_polled(intake)
        state = world.states()["wire"]
        assert (state.failures, state.etag, Archive(world.db).count()) == (1, None, 0)
        bugs.clear()
        world.now += 3 * HOUR
        await world.all_polled(intake)
        assert Archive(world.db).count() == 1


async def test_a_long_feed_is_stored_in_parts_and_its_validators_come_last(world: World) -> None:
    count = 3 * BATCH + 5
    world.feeds = (feed("wire"),)
    world.shown["wire"] = [
        entry(f"Item {n} of a long list", at=NOW - timedelta(seconds=n)) for n in range(count)
    ]
    stored: list[tuple[int, bytes | None]] = []

    def at(point: str) -> None:
        if point == "processed":
            stored.append((Archive(world.db).count(), world.states()["wire"].etag))

    world.at = at
    async with world.intake() as intake:
        world.now += timedelta(minutes=3)
        await world.all_polled(intake)
    assert stored == [(n * BATCH, None) for n in range(4)]
    assert (Archive(world.db).count(), world.states()["wire"].etag) == (count, b'"new"')
    titles = [r["title"] for r in world.db.rows("SELECT title FROM entries ORDER BY n")]
    assert titles[0] == f"Item {count - 1} of a long list", "the oldest come first"


async def test_a_part_that_can_not_be_stored_keeps_the_validators_back(world: World) -> None:
    world.feeds = (feed("wire"),)
    world.shown["wire"] = [
        entry(f"Item {n} of a long list", at=NOW - timedelta(seconds=n)) for n in range(2 * BATCH)
    ]
    parts: list[str] = []

    def at(point: str) -> None:
        if point == "processed":
            parts.append(point)
            if len(parts) == 1:
                raise RuntimeError("a bug in the first part")

    world.at = at
    async with world.intake() as intake:
        world.now += timedelta(minutes=3)
        await world.all_polled(intake)
        assert (world.states()["wire"].etag, len(parts)) == (None, 1)


async def test_who_leaves_or_moves_while_a_batch_is_decided_is_reckoned_with(world: World) -> None:
    desk, queue = Desk(world.db), Queue(world.db)
    for name in ("1", "2"):
        desk.enroll("telegram", name, NOW)
        desk.watch(f"telegram:{name}", Target(TargetKind.ALL), NOW)
    world.feeds, world.shown["wire"] = (feed("wire"),), [entry()]
    points: list[str] = []

    def at(point: str) -> None:
        points.append(point)
        if points.count("processed") == 1 and point == "processed":
            desk.leave("telegram:1", world.now)
            queue.moved("telegram:2", "-100", world.now)

    world.at = at
    async with world.intake() as intake:
        world.now += timedelta(minutes=3)
        await world.all_polled(intake)
    rows = world.db.rows("SELECT subscriber_id, kind, state FROM outbox")
    assert [tuple(r) for r in rows] == [("telegram:-100", "new", "pending")]


async def test_a_reload_that_edits_a_feed_under_way_is_not_undone_by_its_poll(world: World) -> None:
    world.feeds, world.shown["wire"] = (feed("wire"),), [entry()]

    def at(point: str) -> None:
        if point == "polled":
            world.feeds = ()
            intake.sync()

    world.at = at
    async with world.intake() as intake:
        world.now += timedelta(minutes=3)
        await world.all_polled(intake)
    assert world.states()["wire"].status is FeedStatus.PAUSED
    assert Archive(world.db).count() == 1, "what came is news all the same"
