"""Whose turn it is: no chat waits for another, and each chat's updates keep their order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from telegram import Update

from bot.delivery.turns import Turns


def update(chat: int) -> Update:
    raw = {
        "update_id": 1,
        "message": {"message_id": 1, "date": 1, "chat": {"id": chat, "type": "private"}, "text": "x"},
    }
    found = Update.de_json(raw, None)
    assert found is not None
    return found


def typed(user: int) -> Update:
    person = {"id": user, "is_bot": False, "first_name": "Reader"}
    found = Update.de_json(
        {"update_id": 1, "inline_query": {"id": "1", "from": person, "query": "x", "offset": ""}}, None
    )
    assert found is not None
    return found


class Desk:
    """Works on updates, each until it is let go."""

    def __init__(self, **how: Any) -> None:
        self.turns, self.log = Turns(**how), list[str]()
        self.gates: dict[str, asyncio.Event] = {}

    async def give(self, name: str, about: object, *, held: bool = False) -> None:
        self.gates[name] = asyncio.Event()
        if not held:
            self.gates[name].set()
        await self.turns.process_update(about, self._work(name))

    async def _work(self, name: str) -> None:
        self.log.append(f"begin {name}")
        await self.gates[name].wait()
        self.log.append(f"end {name}")

    async def until(self, claim: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not claim():
                await asyncio.sleep(0)


async def test_another_chat_does_not_wait_and_the_same_one_keeps_its_order() -> None:
    desk = Desk()
    await desk.give("slow", update(5), held=True)
    await desk.give("next", update(5))
    await desk.give("other", update(6))
    await desk.give("typed", typed(5))
    await desk.until(lambda: "end other" in desk.log and "end typed" in desk.log)
    assert "begin next" not in desk.log
    desk.gates["slow"].set()
    await desk.turns.idle()
    assert desk.log[-3:] == ["end slow", "begin next", "end next"]


async def test_only_so_many_are_worked_on_at_once() -> None:
    desk = Desk(at_once=2)
    for chat in range(4):
        await desk.give(f"{chat}", update(chat), held=True)
    await desk.until(lambda: len(desk.log) == 2)
    await asyncio.sleep(0)
    assert desk.log == ["begin 0", "begin 1"]
    for gate in desk.gates.values():
        gate.set()
    await desk.turns.idle()
    assert len(desk.log) == 8


async def test_what_is_too_much_stays_with_whoever_brings_it() -> None:
    desk = Desk(most=2)
    for n in range(2):
        await desk.give(f"{n}", update(5), held=True)
    third = asyncio.create_task(desk.give("2", update(6)))
    await desk.until(lambda: "2" in desk.gates)
    await asyncio.sleep(0)
    assert not third.done()
    desk.gates["0"].set()
    await third
    desk.gates["1"].set()
    await desk.turns.idle()
    assert "end 2" in desk.log


async def test_the_end_waits_for_nothing_and_begins_nothing_more() -> None:
    desk = Desk(most=2)
    await desk.give("slow", update(5), held=True)
    await desk.give("next", update(5))
    third = asyncio.create_task(desk.give("third", update(6)))
    await desk.until(lambda: desk.log)
    third.cancel()
    await asyncio.gather(third, return_exceptions=True)
    await desk.turns.shutdown()
    assert desk.log == ["begin slow"]


async def test_what_is_handed_over_after_the_end_is_dropped() -> None:
    desk = Desk(most=1)
    await desk.give("slow", update(5), held=True)
    waits = asyncio.create_task(desk.give("late", update(6)))  # as the library's queue does while all is full
    await desk.until(lambda: "late" in desk.gates)
    await asyncio.sleep(0)
    await desk.turns.shutdown()
    await waits
    await desk.give("later", update(7))
    await desk.turns.idle()
    assert desk.log == ["begin slow"]


async def test_an_update_that_fails_is_logged_and_holds_up_nothing(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()

    async def fail() -> None:
        raise ZeroDivisionError

    await desk.turns.process_update(update(5), fail())
    await desk.give("next", update(5))
    await desk.turns.idle()
    assert desk.log == ["begin next", "end next"]
    assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == ["update_crashed"]
