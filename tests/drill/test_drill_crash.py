"""The crash drill: the program is killed at every named point and at random moments, and must lose nothing."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web
from bot_api import BotApi

BOT = Path(__file__).parent.parent / "drill_bot.py"
IN_FLIGHT = 12  # sends at the same time at most, at most one a chat

POINTS = [
    "opened",
    "polled",
    "batch_taken",
    "processed",
    "before_apply",
    "apply_entries_written",
    "apply_decisions_written",
    "apply_outbox_written",
    "apply_before_commit",
    "apply_committed",
    "before_send",
    "after_send",
    "before_receipt",
    "after_receipt",
    "stopping",
]
SENT = {"after_send", "before_receipt"}  # Telegram has it, the database does not know yet


class Wire:
    """A feed on loopback to which stories can be added."""

    def __init__(self) -> None:
        self.stories: list[tuple[str, datetime]] = []
        self.url = ""

    def publish(self) -> None:
        """One more story about a company of its own."""
        number = len(self.stories)
        title = f"Company{number} weighs selling item{number} capacity{number} nobody{number} needs{number}"
        self.stories.append((title, datetime.now(UTC)))

    async def answer(self, _: web.Request) -> web.Response:
        """The feed as RSS, newest first."""
        items = "".join(
            f"<item><guid>{title}</guid><title>{title}</title><pubDate>{format_datetime(at)}</pubDate></item>"
            for title, at in reversed(self.stories)
        )
        body = f"<rss version='2.0'><channel><title>Drill</title>{items}</channel></rss>"
        return web.Response(text=body, content_type="application/rss+xml")


@asynccontextmanager
async def wire() -> AsyncIterator[Wire]:
    feed = Wire()
    app = web.Application()
    app.router.add_get("/feed", feed.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    feed.url = f"http://127.0.0.1:{runner.addresses[0][1]}/feed"
    try:
        yield feed
    finally:
        await runner.cleanup()


class Drill:
    """Starts and ends the program, and compares what was published with what arrived."""

    def __init__(self, folder: Path, feed: Wire, api: BotApi, chats: int) -> None:
        self.feed, self.api, self.chats = feed, api, chats
        host = feed.url.removeprefix("http://").split("/")[0]
        self.environment = {
            "PATH": os.environ["PATH"],
            "BOT_TELEGRAM_TOKEN": api.token,
            "BOT_TELEGRAM_API_URL": api.url.removesuffix("/bot"),
            "BOT_DATA_DIR": str(folder),
            "BOT_ALLOW_ADDRESSES": host,
            "BOT_HTTP_PORT": "0",
            "BOT_TICK": "50ms",
            "BOT_HOST_SPACING": "0s",
            "DRILL_FEED": feed.url,
            "DRILL_CHATS": str(chats),
        }
        self.log = (folder / "bot.log").open("ab")

    async def start(self, point: str = "") -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            str(BOT),
            env=self.environment | {"DRILL_POINT": point},
            stdout=self.log,
            stderr=self.log,
        )

    def cards(self) -> Counter[tuple[str, int]]:
        """How often each story's card reached each chat."""
        return Counter(
            (found[0], int(m.chat_id))
            for m in self.api.accepted
            if m.method == "sendMessage" and (found := re.search(r"Company\d+", m.text))
        )

    def missing(self) -> set[tuple[str, int]]:
        wanted = {(t.split()[0], chat) for t, _ in self.feed.stories for chat in range(1, self.chats + 1)}
        return wanted - set(self.cards())

    def doubled(self) -> int:
        return sum(n - 1 for n in self.cards().values())

    async def until_complete(self, within: float) -> None:
        deadline = time.monotonic() + within
        while self.missing() and time.monotonic() < deadline:
            await asyncio.sleep(0.05)

    async def end(self, bot: asyncio.subprocess.Process) -> int:
        bot.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(bot.wait(), 15)


@asynccontextmanager
async def drill(folder: Path, chats: int) -> AsyncIterator[Drill]:
    async with wire() as feed, BotApi() as api:
        made = Drill(folder, feed, api, chats)
        try:
            yield made
        finally:
            made.log.close()


@pytest.mark.parametrize("point", POINTS)
async def test_a_kill_at_a_named_point_loses_nothing(tmp_path: Path, point: str) -> None:  # fault 2
    async with drill(tmp_path, chats=1) as it:
        it.feed.publish()
        bot = await it.start(point)
        if point == "stopping":
            await it.until_complete(20)
            it.feed.publish()
            bot.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(bot.wait(), 30) == -signal.SIGKILL, "the point was never reached"
        it.feed.publish()
        bot = await it.start()
        await it.until_complete(30)
        assert it.missing() == set()
        assert await it.end(bot) == 0
        assert it.doubled() == (1 if point in SENT else 0)


@pytest.mark.timeout(400)
async def test_fifty_kills_at_random_moments_under_load_lose_nothing(tmp_path: Path) -> None:  # fault 1
    chance = random.Random(50)
    kills = 0
    async with drill(tmp_path, chats=12) as it:
        while kills < 50:
            bot = await it.start()
            alive = time.monotonic() + chance.uniform(0.7, 2.6)
            while time.monotonic() < alive:
                if len(it.missing()) < 6 * it.chats:
                    it.feed.publish()
                await asyncio.sleep(0.05)
            bot.kill()
            assert await bot.wait() == -signal.SIGKILL, "it ended by itself"
            kills += 1
        bot = await it.start()
        await it.until_complete(120)
        assert it.missing() == set()
        assert await it.end(bot) == 0
        assert len(it.feed.stories) > 25, "there was no load"
        assert it.doubled() <= kills * min(IN_FLIGHT, it.chats)
        print(
            f"{kills} kills, {len(it.feed.stories)} stories, {sum(it.cards().values())} cards, {it.doubled()} doubled"
        )


async def test_sigterm_under_load_ends_in_time_and_the_next_start_goes_on(tmp_path: Path) -> None:  # fault 39
    async with drill(tmp_path, chats=6) as it:
        for _ in range(10):
            it.feed.publish()
        bot = await it.start()
        while not it.api.accepted and bot.returncode is None:
            await asyncio.sleep(0.02)
        begun = time.monotonic()
        assert await it.end(bot) == 0
        assert timedelta(seconds=time.monotonic() - begun) < timedelta(seconds=10), (
            "the promise to the container"
        )
        assert it.missing(), "it had time to finish, so this shows nothing"
        bot = await it.start()
        await it.until_complete(60)
        assert it.missing() == set()
        assert it.doubled() == 0
        assert await it.end(bot) == 0


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:  # fault 39
    async with drill(tmp_path, chats=1) as it:
        it.feed.publish()
        bot = await it.start()
        await it.until_complete(20)
        it.api.fault("slow", times=5, delay=8.0)
        it.feed.publish()
        while sum(c.method == "sendMessage" for c in it.api.calls) < 1 or len(it.feed.stories) < 2:
            await asyncio.sleep(0.02)
        await asyncio.sleep(1.5)
        bot.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        bot.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(bot.wait(), 3) == 1
