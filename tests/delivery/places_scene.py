"""Groups, channels and topics with the bot in them: real HTTP, a real database, the real outbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from bot_api import Accepted, BotApi
from desk_fakes import small_vocabulary
from make import NOW
from telegram.ext import Application

from bot.delivery.acking import Acking
from bot.delivery.commands import Commands
from bot.delivery.gate import Gate
from bot.delivery.handlers import ALLOWED_UPDATES, register
from bot.delivery.membership import Membership
from bot.delivery.outbox import Drain
from bot.delivery.pacing import Pacer
from bot.delivery.request import make_bot
from bot.delivery.rooms import TelegramRooms
from bot.delivery.telegram import TelegramChannel
from bot.model import Card, Subscriber, Target
from bot.store.access import Access
from bot.store.acks import Acks
from bot.store.bindings import Bindings
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.queue import Queue
from bot.store.registry import Registry

BOSS, GUEST = 11, 12  # an admin everywhere, and nobody
GROUP, FORUM, CHANNEL = -1001, -1002, -1003
TOPIC = {"is_topic_message": True, "message_thread_id": 17}
POSTS = {"can_post_messages": True}


class Places:
    """The bot, and people who write to it."""

    def __init__(self, api: BotApi, db: Database, *, by_invitation: bool = False) -> None:
        self.api, self.db, self.now = api, db, NOW
        self.desk, self.bindings, self.queue = Desk(db), Bindings(db), Queue(db)
        self.bot = make_bot(api.token, base_url=api.url)
        self.app: Application[Any, Any, Any, Any, Any, Any] = (
            Application.builder().bot(self.bot).updater(None).job_queue(None).build()
        )
        gate = Gate(Access(db), self.clock, by_invitation=by_invitation)
        commands = Commands(
            self.desk,
            small_vocabulary(),
            self.clock,
            rooms=TelegramRooms(self.bot),
            bindings=self.bindings,
            parts=(Acking(Acks(db), self.clock),),
        )
        self.membership = Membership(self.bot, commands, self.desk, self.bindings, self.clock, gate)
        register(self.app, commands, self.clock, self.membership, gate)
        self._offset = 0
        self._telling: set[asyncio.Task[None]] = set()

    def clock(self) -> datetime:
        return self.now

    async def says(self, chat: int, text: str, **more: Any) -> list[Accepted]:
        """Somebody writes; what is answered."""
        self.api.push_message(chat, text, **more)
        return await self.answers()

    async def said(self, chat: int, text: str, **more: Any) -> str:
        """Somebody writes; the text of the one answer, however long that takes."""
        before = len(self.api.accepted)
        await self.says(chat, text, **more)
        await until(lambda: len(self.api.accepted) > before)
        (answer,) = self.api.accepted[before:]
        return answer.text

    async def answers(self) -> list[Accepted]:
        """Let the bot work on what was pushed; what it sent or changed."""
        before = len(self.api.accepted)
        for update in await self.bot.get_updates(self._offset, allowed_updates=ALLOWED_UPDATES):
            self._offset = update.update_id + 1
            await self.app.process_update(update)
        return self.api.accepted[before:]

    async def standing(self, chat: int, status: str, *, by: int = BOSS, **rights: bool) -> list[Accepted]:
        """The bot becomes this in a chat; what it says."""
        self.api.push_standing(chat, status, by=by, **rights)
        return await self.answers()

    def follows(self, address: int | str) -> list[Target]:
        return self.desk.watches(f"telegram:{address}")

    def subscriber(self, address: int | str) -> Subscriber | None:
        return self.desk.subscriber(f"telegram:{address}")

    def is_on(self, address: int | str) -> bool:
        found = self.subscriber(address)
        return found is not None and found.active

    async def tell_all(self, text: str) -> list[Accepted]:
        """Every place that is on gets a message; what arrives."""
        registry = Registry(self.db)
        assert registry.send(registry.draft(Card(text=text), "9", self.now).id, self.now)
        return await self.delivered()

    async def delivered(self) -> list[Accepted]:
        """Everything that waits is sent; what arrives."""
        before = len(self.api.accepted)
        drain = Drain(
            self.queue,
            {"telegram": TelegramChannel(self.bot, self.clock)},
            Pacer(),
            self.clock,
            lost=self._lost,
        )
        running = asyncio.create_task(drain.run())
        left = "SELECT count(*) FROM outbox o JOIN subscribers s ON s.id = o.subscriber_id WHERE state = 'pending' AND active"
        await until(lambda: not self.db.value(left) and not drain.in_flight)
        await drain.stop(NOW - NOW)
        await running
        await asyncio.gather(*self._telling)
        return self.api.accepted[before:]

    def _lost(self, subscriber: Subscriber, problem: str) -> None:
        self._telling.add(asyncio.ensure_future(self.membership.lost(subscriber, problem)))


@asynccontextmanager
async def places_in(folder: Path, **options: Any) -> AsyncIterator[Places]:
    """A group, a forum and a channel, each with the bot in it and the boss as an admin."""
    db = Database(folder / "spillover.db")
    async with BotApi() as api:
        api.rooms.make(GROUP, title="Desk")
        api.rooms.make(FORUM, title="Forum", is_forum=True)
        api.rooms.make(CHANNEL, "channel", title="News", username="spill_news")
        api.rooms.stand(CHANNEL, "administrator", **POSTS)
        for chat in (GROUP, FORUM, CHANNEL):
            api.members[chat, BOSS] = "administrator"
        places = Places(api, db, **options)
        async with places.app:
            yield places
    db.close()


async def until(claim: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not claim():
            await asyncio.sleep(0.005)
