"""Whose turn it is: updates of different chats are worked on side by side, those of one chat one after another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Hashable
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

log = logging.getLogger(__name__)

AT_ONCE = 12  # updates that are worked on: while Telegram is slow with some chats, others are answered
MOST = 256  # with those that wait for their turn; more are left in the library's queue, which the webhook watches


class Turns(BaseUpdateProcessor):
    """Works on updates for `telegram.ext.Application`.

    The library would begin everything that arrives at once, in any order. So it is told to hand over one update
    after another, and what is handed over gets a task here.
    """

    def __init__(self, *, at_once: int = AT_ONCE, most: int = MOST) -> None:
        super().__init__(1)
        self._working, self._room = asyncio.Semaphore(at_once), asyncio.Semaphore(most)
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: dict[Hashable, asyncio.Task[None]] = {}  # of each chat
        self._over = False

    async def initialize(self) -> None:
        """Nothing yet: tasks come with updates."""

    async def shutdown(self) -> None:
        """End what is under way, and begin nothing more: the library may still have updates to hand over."""
        self._over = True
        late = set(self._tasks)
        if late:
            log.warning("updates_given_up count=%d", len(late))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def idle(self) -> None:
        """Wait until everything that was handed over is done."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Begin it, or have it wait for its turn; waits itself only while too much waits already."""
        assert isinstance(coroutine, Coroutine)  # the library's own
        try:
            await self._room.acquire()
        except BaseException:
            coroutine.close()
            raise
        if self._over:
            self._room.release()
            coroutine.close()
            return
        where = _where(update)
        task = asyncio.create_task(self._take_turn(self._last.get(where), coroutine), name="update")
        self._tasks.add(task)
        self._last[where] = task

        def done(ended: asyncio.Task[None]) -> None:
            self._tasks.discard(ended)
            self._room.release()
            coroutine.close()  # if it was cancelled before it began
            if self._last.get(where) is ended:
                del self._last[where]
            if not ended.cancelled() and (error := ended.exception()) is not None:
                log.error("update_crashed", exc_info=error)

        task.add_done_callback(done)

    async def _take_turn(
        self, before: asyncio.Task[None] | None, coroutine: Coroutine[Any, Any, Any]
    ) -> None:
        if before is not None:
            await asyncio.wait({before})
        async with self._working:
            await coroutine


def _where(update: object) -> Hashable:
    """What keeps its order: a chat, or what one person types into the inline mode."""
    if not isinstance(update, Update):
        return None
    if update.effective_chat is not None:
        return update.effective_chat.id
    return "inline", update.effective_user.id if update.effective_user is not None else 0
