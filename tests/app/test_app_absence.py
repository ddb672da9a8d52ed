"""What does not come is news only while somebody would have seen it: outages of feeds, of the network, of the disk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from make import HOUR, NOW, entry, event
from newsroom import PACK, make_book
from test_app_intake import World, feed

from bot.errors import FetchError, StoreError
from bot.intake import Intake
from bot.model import Target, TargetKind
from bot.store.desk import Desk

CUT = "Meta trims its yearly outlay"
SILENCE = """
  - id: silence
    title: "no cut for a day"
    level: medium
    correlate: {type: absence, of: [capex_cut], longer_than: 24h}
    tests:
      - {news: [{at: 0h, title: "yes"}], until: 25h, fires: true}
      - {news: [{at: 0h, title: "yes"}], until: 2h, fires: false}
"""
STEP = timedelta(minutes=30)
DOWN = FetchError("the name can't be resolved")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.book = make_book(tmp_path, PACK + SILENCE)
    made.reader.learn(CUT, event("capex_cut"))
    made.feeds = tuple(feed(name) for name in ("wire", "paper", "trade", "blog"))
    made.shown["wire"] = [entry(CUT, at=NOW)]
    desk = Desk(made.db)
    desk.enroll("console", "", NOW)
    desk.watch("console:", Target(TargetKind.ALL), NOW)
    yield made
    made.db.close()


async def until(world: World, intake: Intake, hours: float) -> None:
    """Let polls and looks go on until so many hours after the beginning."""
    while world.now < NOW + hours * HOUR:
        world.now += STEP
        await world.all_polled(intake)
        await intake.look()


def told(world: World) -> list[str]:
    return [r["rule_id"] for r in world.db.rows("SELECT rule_id FROM outbox ORDER BY seq")]


async def test_an_absence_is_told_while_feeds_answer(world: World) -> None:
    async with world.intake() as intake:
        await until(world, intake, 24)
        assert told(world) == ["compute/cut"]
        await until(world, intake, 27)
        assert told(world) == ["compute/cut", "compute/silence"]


async def test_an_outage_of_hours_is_no_absence_and_the_count_begins_anew(world: World) -> None:
    async with world.intake() as intake:
        await until(world, intake, 6)
        world.broken = {f.id: DOWN for f in world.feeds}
        await until(world, intake, 16)
        world.broken = {}
        await until(world, intake, 36)
        assert told(world) == ["compute/cut"], "an outage of ten hours lies in the last day"
        await until(world, intake, 52)
        assert told(world) == ["compute/cut", "compute/silence"]


async def test_a_network_that_is_still_down_makes_no_absence(world: World) -> None:
    async with world.intake() as intake:
        await until(world, intake, 20)
        world.broken = {f.id: DOWN for f in world.feeds}
        await until(world, intake, 40)
        assert told(world) == ["compute/cut"]


async def test_feeds_that_have_nothing_to_do_with_it_may_fail(world: World) -> None:
    world.feeds += (feed("dead"),)
    world.broken = {"dead": DOWN}
    async with world.intake() as intake:
        await until(world, intake, 6)
        world.broken |= {"blog": DOWN}
        await until(world, intake, 27)
        assert told(world) == ["compute/cut", "compute/silence"]


async def test_the_feed_that_brings_it_must_answer(world: World) -> None:
    async with world.intake() as intake:
        await until(world, intake, 6)
        world.broken = {"wire": DOWN}
        await until(world, intake, 40)
        assert told(world) == ["compute/cut"]


async def test_while_what_came_can_not_be_stored_nothing_is_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.intake() as intake:
        await until(world, intake, 23)
        intake.trouble, intake._under_way = "the disk is full", {"wire": world.states()["wire"]}
        world.now = NOW + 25 * HOUR
        monkeypatch.setattr(intake, "_process", lambda _: pytest.fail("it looked"))
        await intake.look()
        intake._under_way = {}


async def test_a_database_that_could_not_be_written_for_hours_begins_the_count_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.intake() as intake:
        await until(world, intake, 20)
        apply = intake._ingest.apply
        full: list[object] = []

        def refuse(*args: object) -> bool:
            if world.now < NOW + 26 * HOUR:
                full.append(args)
                world.now += 3 * HOUR  # as time goes by, unless something is stored
                raise StoreError("the disk is full")
            return apply(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(intake._ingest, "apply", refuse)
        monkeypatch.setattr("bot.intake.STORE_PAUSE", timedelta())
        await until(world, intake, 40)
        assert full
        assert told(world) == ["compute/cut"]
