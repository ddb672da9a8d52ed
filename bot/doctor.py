"""Looks for what would keep the bot from working, and tries its feeds.

Nothing is stored by looking, but as at a start the data folder is made and an older database is brought up to date.
"""

from __future__ import annotations

import asyncio
import errno
import shutil
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text
from telegram import WebhookInfo

from bot.app import utc_now
from bot.config import Settings, setting_name
from bot.delivery.request import make_bot
from bot.delivery.services import Services
from bot.delivery.telegram import TelegramChannel
from bot.errors import BotError, ConfigError, StoreError
from bot.loading import fetcher_for, load, rules_folder, undefined_routes, user_agent
from bot.model import Feed, PollState
from bot.sources.parse import FeedParser
from bot.sources.poll import PollResult, poll_once
from bot.sources.registry import load_feeds
from bot.store.archive import Lock
from bot.store.database import Database
from bot.text import did_you_mean

RECENT = timedelta(hours=1)  # a call that failed longer ago says nothing of now
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
        ("other services", _services),
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
    if undefined := undefined_routes(loaded.book.routes, settings):
        return "bad", "; ".join(undefined.values())
    return "ok", text + (f" ({off} off: disabled, or their bridge is not set)" if off else "")


async def _database(settings: Settings) -> tuple[str, str]:
    if _bot_runs(settings):
        return "note", f"a bot is running on {settings.data_dir}, so it was not looked at"
    if not settings.database.exists():
        return "ok", f"{settings.database} will be made on the first start"
    database = Database(settings.database)
    try:
        database.quick_check()
    finally:
        database.close()
    return "ok", f"{settings.database}, {settings.database.stat().st_size / 1e6:.1f} MB"


def _bot_runs(settings: Settings) -> bool:
    """Whether a bot holds the database.

    Raises:
        StoreError: The data folder can't be written.
    """
    lock = Lock(settings.database)
    try:
        lock.take()
    except StoreError as e:
        if isinstance(e.__cause__, BlockingIOError):
            return True
        raise
    lock.free()
    return False


async def _disk(settings: Settings) -> tuple[str, str]:
    folder = settings.data_dir.absolute()
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    return ("ok" if free > LOW_DISK else "note"), f"{free / 1e9:.1f} GB free for {settings.data_dir}"


async def _port(settings: Settings) -> tuple[str, str]:
    host, port = settings.http_host, settings.http_port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except (OSError, UnicodeError) as e:
        if not (isinstance(e, OSError) and e.errno == errno.EADDRINUSE):
            why = e.strerror if isinstance(e, OSError) else "no host name"
            return "bad", f"{host} can't be used ({why}); set BOT_HTTP_HOST to an address of this machine"
        if _bot_runs(settings):
            return "note", f"{port} on {host} is in use, as it should be while the bot runs"
        return "bad", f"{port} on {host} is in use by another program; set BOT_HTTP_PORT to a free port"
    return "ok", f"{port} on {host} is free" if port else f"any free one on {host}"


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
        text = f"@{await channel.check()} answers at {settings.telegram_api_url}"
        word, calls = _calls(settings.telegram_webhook_url, await channel.webhook())
        return word, text + calls
    finally:
        await channel.close()


def _calls(wanted: str, have: WebhookInfo) -> tuple[str, str]:
    """How what people write comes to the bot, and what Telegram says of it."""
    if not wanted and have.url:
        return (
            "note",
            f"; it calls {have.url}, which the bot ends when it starts: is that address still in use?",
        )
    if not wanted:
        return "ok", ""
    if have.url != wanted:
        return "ok", f"; it will call {wanted} once the bot runs" + (
            f", not {have.url} any more" if have.url else ""
        )
    if have.last_error_date is not None and utc_now() - have.last_error_date < RECENT:
        return (
            "bad",
            f"; it can't call {wanted}: {have.last_error_message}; {have.pending_update_count} updates wait",
        )
    return "ok", f"; it calls {wanted}"


async def _services(settings: Settings) -> tuple[str, str]:
    if not settings.channels:
        return "ok", f"none is set ({setting_name('channels')})"
    addresses = {name: secret.get_secret_value() for name, secret in settings.channels.items()}

    async def tell(_: Callable[[], str]) -> None:
        return None

    found = await asyncio.to_thread(Services, addresses, utc_now, tell)
    return "ok", ", ".join(found.labels.values()) + " can be read; nothing was sent to them"


async def check_feeds(settings: Settings, ids: Sequence[str], everything: bool, console: Console) -> int:
    """Poll feeds once each, print a table, and give how many failed.

    Raises:
        ConfigError: An id is not in the list.
    """
    bridges = {"RSSHUB": settings.rsshub_url}
    known = {f.id: f for f in load_feeds(rules_folder(settings.rules_dir) / "sources.yaml", bridges)}
    if unknown := [i for i in ids if i not in known]:
        raise ConfigError(
            f"no feed {unknown[0]!r} in {settings.rules_dir}/sources.yaml{did_you_mean(unknown[0], known)}"
        )
    wanted = [known[i] for i in dict.fromkeys(ids)] or [f for f in known.values() if f.enabled or everything]
    bridged = [f.id for f in wanted if "${" in f.url]
    wanted = [f for f in wanted if f.id not in bridged]
    results = await _poll_all(settings, wanted)
    table = Table(box=None, pad_edge=False)
    for column in ("feed", "result", "entries", "newest", "remarks"):
        table.add_column(column, overflow="fold")
    for result in results:
        table.add_row(*_row(result))
    for feed_id in bridged:
        table.add_row(feed_id, "skipped", "", "", "its bridge is not set (BOT_RSSHUB_URL)")
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
        fetcher_for(settings, utc_now) as fetcher,
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
