"""People at the stand-in for Telegram, feeds on loopback, and the running program between them, as often as it is started."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from time import monotonic
from typing import Any

from aiohttp import web
from bot_api import Accepted, BotApi
from desk_fakes import MemoryVocabulary, small_vocabulary
from make import NOW, event
from newsroom import PACK, Reader, make_book
from test_app import PATIENCE, running, settings

from bot.app import App
from bot.config import Settings
from bot.loading import Loaded
from bot.model import Event, Feed, SourceKind, Target, TargetKind

DAY, HOUR, MINUTE, SECOND = (timedelta(**{unit: 1}) for unit in ("days", "hours", "minutes", "seconds"))
BEGIN = NOW + 2 * DAY  # a Wednesday, 14:00 UTC
USER, FRIEND, BOSS = 70015001, 70015002, 9
STEP = 50 * MINUTE  # shorter than what counts as having been away

# Without a throttle, so that a story may develop in minutes, and without a rule that puts stories together.
QUICK = PACK.replace("    throttle: {per: story, every: 6h}\n", "")
QUICK = QUICK[: QUICK.index("  - id: wave")] + QUICK[QUICK.index("  - id: fall") :]


async def until(claim: Callable[[], object]) -> None:
    """Wait for it, for so long as patience lasts."""
    async with asyncio.timeout(PATIENCE):
        while not claim():
            await asyncio.sleep(0.002)


class Clock:
    """Goes on as time does, and jumps where a test can't wait."""

    def __init__(self, begin: datetime = BEGIN) -> None:
        self._begin, self._started = begin, monotonic()

    def __call__(self) -> datetime:
        return self._begin + timedelta(seconds=monotonic() - self._started)

    def jump(self, span: timedelta) -> None:
        self._begin += span


@dataclass
class Press:
    """Feeds on loopback; each shows what was published in it, newest first."""

    clock: Clock
    url: str = ""
    items: dict[str, list[str]] = field(default_factory=dict)
    polls: dict[str, int] = field(default_factory=dict)

    def publish(self, name: str, title: str, at: datetime | None = None, text: str = "") -> str:
        """Add an item; its address."""
        link = f"https://news.example/{name}/{abs(hash(title))}"
        date = format_datetime(at or self.clock())
        body = f"<description>{escape(text)}</description>" if text else ""
        self.items.setdefault(name, []).insert(
            0,
            f"<item><guid>{escape(title)}</guid><title>{escape(title)}</title>{body}"
            f"<link>{link}</link><pubDate>{date}</pubDate></item>",
        )
        return link

    async def answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.polls[name] = self.polls.get(name, 0) + 1
        items = "".join(self.items.get(name, ()))
        return web.Response(text=f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>")

    def feed(self, name: str, **more: Any) -> Feed:
        made = Feed(
            id=name,
            url=f"{self.url}/{name}",
            kind=SourceKind.WIRE,
            tier=1,
            interval=timedelta(milliseconds=150),
            lookback=DAY,
        )
        return replace(made, **more)


class World:
    """The program's folder, clock, feeds and language, which outlive it; and those who write to it."""

    def __init__(self, folder: Path, api: BotApi, press: Press, **more: str) -> None:
        self.folder, self.api, self.press, self.clock = folder, api, press, press.clock
        self.reader, self._more = Reader(), more
        self.feeds: list[Feed] = [press.feed(name) for name in ("wire", "copier", "paper", "newsroom")]
        self._book = make_book(folder, QUICK)
        self.app: App | None = None

    @property
    def settings(self) -> Settings:
        return settings(
            self.folder,
            self.press,  # type: ignore[arg-type]
            BOT_TELEGRAM_TOKEN=self.api.token,
            BOT_TELEGRAM_API_URL=self.api.url.removesuffix("/bot"),
            BOT_TELEGRAM_ADMINS=str(BOSS),
            BOT_RULES_DIR=str(self.folder / "nowhere"),
            **self._more,
        )

    def learn(self, title: str, company: str = "MSFT", **said: Any) -> str:
        """From now on a headline means this; gives it back."""
        told: Event = event(**({"actor": company, "evidence": (0, 5)} | said))
        self.reader.learn(title, told, companies=(company,))
        return title

    @asynccontextmanager
    async def running(self) -> AsyncIterator[App]:
        """The program from a start to a stop."""
        loaded = Loaded(
            analyzer=self.reader,  # type: ignore[arg-type]
            book=self._book,
            vocabulary=vocabulary(),  # type: ignore[arg-type]
            feeds=tuple(self.feeds),
        )
        async with running(App(self.settings, loaded, clock=self.clock)) as self.app:
            yield self.app
        self.app = None

    async def news(self, title: str, feed: str = "wire", **more: Any) -> str:
        """Publish it, and wait until all that comes of it has been sent; gives its address."""
        self.clock.jump(2 * SECOND)  # dates of feeds know no parts of a second
        link = self.press.publish(feed, title, **more)
        await until(lambda: self.stored(title, feed))
        await self.settled()
        return link

    async def settled(self) -> None:
        """Wait until nothing is due."""
        app = self.app
        assert app is not None
        await until(app.is_quiet)

    async def forward(self, span: timedelta) -> None:
        """Let time pass, with the feeds polled all the while."""
        while span > timedelta(0):
            self.clock.jump(min(span, STEP))
            span -= STEP
            polls = sum(self.press.polls.values())
            await until(lambda polls=polls: sum(self.press.polls.values()) > polls + len(self.feeds))
            await self.settled()

    def stored(self, title: str, feed: str) -> bool:
        """Whether the archive has this item of this feed."""
        found = self.rows("SELECT 1 FROM entries WHERE title = ? AND feed_id = ?", title, feed)
        return bool(found)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds at this moment."""
        with closing(self._look()) as db:
            return db.execute(sql, values).fetchall()

    def tables(self, names: Callable[[str], bool]) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of all tables whose names are wanted."""
        with closing(self._look()) as db:
            found = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
            return {n: db.execute(f"SELECT * FROM {n}").fetchall() for (n,) in found if names(n)}

    def _look(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.folder / 'data' / 'spillover.db'}?mode=ro", uri=True)

    def person(self, chat: int = USER, user: int | None = None, **fields: Any) -> Person:
        return Person(self, chat, user, fields)


class Person:
    """Somebody in a chat: what they write and tap, and what they see."""

    def __init__(self, world: World, chat: int, user: int | None, fields: dict[str, Any]) -> None:
        self.world, self.chat, self.user, self.fields = world, chat, user, fields
        self.thread: int | None = fields.get("message_thread_id")

    @property
    def seen(self) -> list[Accepted]:
        """All messages and edits of the chat, in order."""
        return [m for m in self.world.api.accepted if (m.chat_id, m.thread) == (self.chat, self.thread)]

    def mark(self) -> Callable[[], list[Accepted]]:
        """Gives what has been seen since."""
        before = len(self.seen)
        return lambda: self.seen[before:]

    async def says(self, text: str, words: str = "", **fields: Any) -> Accepted:
        """Write, and wait for the answer with these words."""
        new = self.mark()
        self.world.api.push_message(self.chat, text, user=self.user, **(self.fields | fields))
        return await self.hears(words, new)

    async def answers(self, card: Accepted, text: str, words: str = "") -> Accepted:
        """Write as an answer to a message."""
        message = {
            "message_id": card.message_id,
            "date": 1,
            "chat": {"id": self.chat, "type": "private"},
            "text": "card",
        }
        return await self.says(text, words, reply_to_message=message)

    async def hears(self, words: str, new: Callable[[], Sequence[Accepted]]) -> Accepted:
        """Wait for a message with these words among the new ones."""

        def found() -> list[Accepted]:
            return [m for m in new() if words in m.text]

        try:
            await until(found)
        except TimeoutError:
            raise AssertionError(f"no {words!r} in {[m.text for m in new()]}") from None
        return found()[0]

    async def taps(self, label: str, words: str = "", *, on: Accepted | None = None) -> Accepted:
        """Tap a button, of the newest message that has one, and wait for what changes or is said."""
        new = self.mark()
        self.push_tap(label, on=on)
        return await self.hears(words, new)

    async def toasted(self, label: str, *, on: Accepted) -> str:
        """Tap a button and wait for what is shown over the chat."""
        query = self.push_tap(label, on=on)

        def shown() -> list[str]:
            return [
                str(c.params.get("text", ""))
                for c in self.world.api.calls
                if c.method == "answerCallbackQuery" and c.params["callback_query_id"] == query
            ]

        await until(shown)
        return shown()[0]

    async def exported(self) -> dict[str, Any]:
        """What the file says that comes when it is asked for."""
        files = self.world.api.files
        before = len(files)

        def arrived() -> list[bytes]:
            new = [f for f in files[before:] if f.chat_id == self.chat]
            return [f.content for f in new if f.name.endswith(".json")]

        await self.says("/export", "Everything that is stored about this chat")
        await until(arrived)
        found: dict[str, Any] = json.loads(arrived()[0])
        return found

    def push_tap(self, label: str, *, on: Accepted | None = None) -> str:
        """Tap, and wait for nothing; gives the id of the query."""
        message = on or next(m for m in reversed(self.seen) if labels(m))
        data = buttons(message)[label]
        return self.world.api.push_callback(self.chat, data, message_id=message.message_id, user=self.user)


def buttons(message: Accepted) -> dict[str, str]:
    """Label → data of the buttons that are no links."""
    rows = (message.markup or {}).get("inline_keyboard", [])
    return {b["text"]: b["callback_data"] for row in rows for b in row if "callback_data" in b}


def labels(message: Accepted) -> list[str]:
    return list(buttons(message))


def styled(message: Accepted, kind: str) -> list[str]:
    """The parts of a message that have this entity."""
    text = message.text.encode("utf-16-le")
    return [
        text[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le")
        for e in message.entities
        if e["type"] == kind
    ]


def vocabulary() -> MemoryVocabulary:
    """The small one, and two companies more."""
    made = small_vocabulary()
    microsoft, coreweave = (Target(TargetKind.COMPANY, i) for i in ("MSFT", "CRWV"))
    made._words |= {"microsoft": [microsoft], "msft": [microsoft], "coreweave": [coreweave]}
    made._words |= {"crwv": [coreweave]}
    made._names = {**made._names, "MSFT": "Microsoft", "CRWV": "CoreWeave"}
    return made


@asynccontextmanager
async def world(folder: Path, **more: str) -> AsyncIterator[World]:
    """Telegram and the feeds; the program is started by the test."""
    press = Press(Clock())
    app = web.Application()
    app.router.add_get("/{name}", press.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    press.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with BotApi() as api:
            yield World(folder, api, press, **more)
    finally:
        await runner.cleanup()
