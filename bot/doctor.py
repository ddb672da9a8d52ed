"""Looks for what would keep the bot from working, and tries its feeds; nothing is changed by looking."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.app import utc_now
from bot.config import Settings
from bot.delivery.request import make_bot
from bot.delivery.telegram import TelegramChannel
from bot.errors import BotError, ConfigError
from bot.loading import load, rules_folder, user_agent
from bot.model import Feed, PollState
from bot.sources.fetch import HttpFetcher
from bot.sources.parse import FeedParser
from bot.sources.poll import PollResult, poll_once
from bot.sources.registry import load_feeds
from bot.store.archive import Lock
from bot.store.database import Database

LOW_DISK = 500 * 1024 * 1024  # bytes; a year of a hundred feeds takes about this much
WORDS = {"ok": "green", "note": "yellow", "bad": "bold red"}


async def examine(settings: Settings, console: Console) -> int:
    """Go through everything that a start needs and print a line for each; gives how many are bad."""
    bad = 0
    checks: list[tuple[str, Callable[[Settings], Awaitable[tuple[str, str]]]]] = [
        ("rules and language", _rules),
        ("database", _database),
        ("disk", _disk),
        ("port", _port),
        ("contact", _contact),
        ("telegram", _telegram),
    ]
    for name, check in checks:
        try:
            word, text = await check(settings)
        except BotError as e:
            word, text = "bad", str(e)
        bad += word == "bad"
        console.print(Text.assemble((f"{word:5}", WORDS[word]), f"{name}: ", text), soft_wrap=True)
    return bad


async def _rules(settings: Settings) -> tuple[str, str]:
    loaded = await asyncio.to_thread(load, settings)
    book, feeds = loaded.book.rules, [f for f in loaded.feeds if f.enabled]
    off = len(loaded.feeds) - len(feeds)
    text = f"{len(book.rules)} rules pass their tests, {len(feeds)} feeds"
    return "ok", text + (f" ({off} off: disabled, or their bridge is not set)" if off else "")


async def _database(settings: Settings) -> tuple[str, str]:
    lock = Lock(settings.database)
    try:
        lock.take()
    except BotError as e:
        return ("note", str(e)) if "another Spillover" in str(e) else ("bad", str(e))
    try:
        if not settings.database.exists():
            return "ok", f"{settings.database} will be made on the first start"
        database = Database(settings.database)
        try:
            database.quick_check()
        finally:
            database.close()
        return "ok", f"{settings.database}, {settings.database.stat().st_size / 1e6:.1f} MB"
    finally:
        lock.free()


async def _disk(settings: Settings) -> tuple[str, str]:
    free = shutil.disk_usage(settings.data_dir if settings.data_dir.exists() else ".").free
    return ("ok" if free > LOW_DISK else "note"), f"{free / 1e9:.1f} GB free for {settings.data_dir}"


async def _port(settings: Settings) -> tuple[str, str]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.http_host, settings.http_port))
        except OSError as e:
            return (
                "note",
                f"{settings.http_host}:{settings.http_port} can't be opened ({e.strerror}): the bot is running, "
                "or set BOT_HTTP_PORT to a free port",
            )
    return "ok", f"{settings.http_host}:{settings.http_port} is free"


async def _contact(settings: Settings) -> tuple[str, str]:
    if settings.contact:
        return "ok", user_agent(settings.contact)
    return "note", "BOT_CONTACT is empty; sec.gov and others refuse programs that name no contact"


async def _telegram(settings: Settings) -> tuple[str, str]:
    if settings.telegram_token is None:
        return "note", "no BOT_TELEGRAM_TOKEN: cards go to the console"
    bot = make_bot(settings.telegram_token.get_secret_value(), base_url=f"{settings.telegram_api_url}/bot")
    channel = TelegramChannel(bot, utc_now)
    try:
        return "ok", f"@{await channel.check()} answers at {settings.telegram_api_url}"
    finally:
        await bot.shutdown()


async def check_feeds(settings: Settings, ids: Sequence[str], everything: bool, console: Console) -> int:
    """Poll feeds once each, print a table, and give how many failed.

    Raises:
        ConfigError: An id is not in the list.
    """
    bridges = {"RSSHUB": settings.rsshub_url}
    known = {f.id: f for f in load_feeds(rules_folder(settings.rules_dir) / "sources.yaml", bridges)}
    if unknown := [i for i in ids if i not in known]:
        raise ConfigError(f"no feed {unknown[0]!r} in {settings.rules_dir}/sources.yaml")
    wanted = [known[i] for i in ids] or [f for f in known.values() if f.enabled or everything]
    results = await _poll_all(settings, wanted)
    table = Table(box=None, pad_edge=False)
    for column in ("feed", "result", "entries", "newest", "remarks"):
        table.add_column(column, overflow="fold")
    for result in results:
        table.add_row(*_row(result))
    console.print(table)
    failed = sum(r.error is not None for r in results)
    console.print(f"{len(results) - failed} of {len(results)} feeds can be read")
    return failed


async def _poll_all(settings: Settings, feeds: Sequence[Feed]) -> list[PollResult]:
    slots = asyncio.Semaphore(settings.polls_at_once)

    async def poll(feed: Feed) -> PollResult:
        async with slots:
            return await poll_once(feed, PollState(feed_id=feed.id), fetcher, parser, utc_now())

    async with (
        HttpFetcher(
            user_agent=user_agent(settings.contact),
            clock=utc_now,
            exceptions=frozenset(settings.allow_addresses),
            max_bytes=settings.max_body_mb * 1024 * 1024,
            timeout=settings.fetch_timeout,
            per_host=settings.polls_per_host,
            spacing=settings.host_spacing,
        ) as fetcher,
        FeedParser() as parser,
    ):
        return list(await asyncio.gather(*(poll(feed) for feed in feeds)))


def _row(result: PollResult) -> list[str]:
    if result.error is not None:
        return [result.feed.id, "failed", "", "", str(result.error)]
    entries = [*result.news, *result.baseline]
    dated = [
        e.published for e in entries if e.published is not None and e.published <= utc_now() + timedelta(1)
    ]
    newest = f"{max(dated):%Y-%m-%d %H:%M}" if dated else "undated"
    return [result.feed.id, "ok", str(len(entries)), newest, "; ".join(result.warnings)]
