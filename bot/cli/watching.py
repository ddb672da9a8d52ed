"""Commands that run the program, or look whether it can."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bot.app import App
from bot.config import Settings
from bot.demo.run import play
from bot.doctor import examine
from bot.errors import ConfigError
from bot.loading import load
from bot.telemetry import event, set_up_logging
from bot.terminal import Screen, not_empty, with_settings

log = logging.getLogger(__name__)


@click.command()
@with_settings
def run(settings: Settings) -> None:
    """Watch and alert until stopped.

    SIGTERM and Ctrl-C end it in an orderly way, a second one at once. SIGHUP reads the rules anew.
    """
    with _heeding_signals():
        loaded = load(settings)
        screen = Screen(gone=lambda: signal.raise_signal(signal.SIGTERM))
        asyncio.run(serve(App(settings, loaded, console=screen)))


@contextmanager
def _heeding_signals() -> Iterator[None]:
    """End at SIGTERM and go on at SIGHUP until `serve` listens: nothing is open yet, and the rules are being read.

    Without a handler the first process of a container hears no SIGTERM, and any other is ended by SIGHUP.
    """
    heeded = {signal.SIGTERM: lambda *_: sys.exit(0), signal.SIGHUP: lambda *_: None}
    before = {number: signal.signal(number, handler) for number, handler in heeded.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def serve(app: App) -> None:
    """Run until a signal says stop; a second one ends the process at once."""
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        if stopping.is_set():
            log.error(event("stopped_at_once", problem="a second signal came"))
            os._exit(1)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    reloads: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = asyncio.create_task(app.reload())
        reloads.add(task)
        task.add_done_callback(reloaded)

    def reloaded(task: asyncio.Task[None]) -> None:
        reloads.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error(event("reload_failed", problem=error), exc_info=error)

    loop.add_signal_handler(signal.SIGHUP, lambda: None)  # the rules were read just now
    try:
        await app.start()
        gc.collect()
        gc.freeze()  # rules and language data stay; looking through them again and again stops the loop for a while
        loop.add_signal_handler(signal.SIGHUP, reload)
        await stopping.wait()
    finally:
        await app.stop()


@click.command()
@click.option(
    "--telegram",
    "chat",
    metavar="CHAT",
    callback=not_empty,
    help="Send the cards to this chat of Telegram.",
)
@with_settings
def demo(settings: Settings, chat: str | None) -> None:
    """Play three days of news in under a minute.

    The real program polls feeds that this machine serves to itself; nothing else is contacted or kept.
    With --telegram the cards go to a chat by its id, through the bot whose token is in BOT_TELEGRAM_TOKEN (at
    BOT_TELEGRAM_API_URL); the chat must have written to the bot before. This takes some minutes, and commands work,
    also afterwards, until Ctrl-C.
    """
    if chat and settings.telegram_token is None:
        raise ConfigError("--telegram needs a token: set BOT_TELEGRAM_TOKEN to the one from @BotFather")
    if chat and not re.fullmatch(r"-?\d{1,20}", chat):
        raise ConfigError(
            f"{chat!r} is no id of a chat; write to the bot and take the number that /here or getUpdates shows"
        )
    set_up_logging("error" if settings.log_level == "info" else settings.log_level)
    with tempfile.TemporaryDirectory(prefix="spillover-demo-") as folder:
        asyncio.run(play(settings, load(settings), Screen(), Path(folder), chat or "", _until_stopped))


async def _until_stopped() -> None:
    """Wait for SIGTERM or Ctrl-C."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await stopping.wait()


@click.command()
@with_settings
def doctor(settings: Settings) -> None:
    """Look for what would keep the bot from working.

    Every line begins with ok, note or bad, and says what to do. The exit code is 1 if one is bad.
    """
    bad = asyncio.run(examine(settings, Screen()))
    sys.exit(1 if bad else 0)
