"""What a command begins and what takes longer than an answer may: done one at a time, its outcome posted later."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.delivery.replies import Chat
from bot.delivery.sheet import clip, say
from bot.errors import BotError, ConfigError
from bot.locale import tr
from bot.model import Card

log = logging.getLogger(__name__)

Post = Callable[[Chat, Card], Awaitable[None]]
MOST = 8  # at a time, of different names
_ERROR = 1000  # characters of an error that are shown


async def _post_nothing(chat: Chat, card: Card) -> None:
    return None


class Errands:
    """Runs work beside everything else and posts the card that it ends with."""

    def __init__(self) -> None:
        self._post: Post = _post_nothing
        self._running: dict[str, asyncio.Task[None]] = {}

    def connect(self, post: Post) -> None:
        """Post outcomes this way from now on."""
        self._post = post

    def start(self, name: str, chat: Chat, work: Callable[[], Awaitable[Card]]) -> bool:
        """Begin it; False if one of this name is under way, or too many are."""
        if name in self._running or len(self._running) >= MOST:
            return False
        task = asyncio.create_task(self._run(name, chat, work), name=f"errand {name}")
        self._running[name] = task
        task.add_done_callback(lambda _: self._running.pop(name, None))
        return True

    async def idle(self) -> None:
        """Wait until none is under way."""
        while self._running:
            await asyncio.gather(*self._running.values(), return_exceptions=True)
            await asyncio.sleep(0)

    async def stop(self) -> None:
        """End what is under way."""
        for task in self._running.values():
            task.cancel()
        await self.idle()

    async def _run(self, name: str, chat: Chat, work: Callable[[], Awaitable[Card]]) -> None:
        try:
            card = await work()
        except BotError as e:
            problem, is_asker = clip(str(e), _ERROR), isinstance(e, ConfigError)
            if not (is_asker and problem):  # else it is a mistake of whoever asked
                log.error("errand_failed name=%s error=%r", name, str(e))
            if problem:
                card = say(
                    problem if is_asker else tr("/{name} failed: {problem}", name=name, problem=problem)
                )
            else:
                card = _crashed(name)
        except Exception:
            log.exception("errand_crashed name=%s", name)
            card = _crashed(name)
        await self._post(chat, card)


def _crashed(name: str) -> Card:
    return say(tr("/{name} failed on my side, it has been noted.", name=name))
