"""Plays the demo: the real program on a database of its own, polling the demo's server, with a clock that jumps."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.app import App
from bot.config import Settings
from bot.delivery.words import reason_text
from bot.demo.server import DemoServer
from bot.errors import BotError
from bot.loading import Loaded, load
from bot.model import Reason, Target, TargetKind
from bot.ports import Clock, Status

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
END = START + timedelta(days=2, hours=14)
STEP = timedelta(minutes=5)
NIGHT = (time(22, 0), time(6, 30))  # nothing is published then: skipped
TICK = timedelta(milliseconds=10)
SECOND = timedelta(seconds=1)
LONGEST_STEP = timedelta(seconds=20)  # real time; a step takes milliseconds
LONGEST_SENDING = timedelta(minutes=5)  # of a step whose cards go to a chat, which takes one a second


class DemoClock:
    """Stands still while the program works and jumps on when it is done, so that delays stay true to life."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """What time it is in the demo."""
        return self._now

    def advance(self) -> None:
        """Five minutes on; over the night in one jump."""
        self._now += STEP
        if self._now.time() >= NIGHT[0]:
            self._now = datetime.combine(self._now.date() + timedelta(days=1), NIGHT[1], UTC)

    def tick(self, span: timedelta) -> None:
        """A moment on."""
        self._now += span


async def play(
    settings: Settings,
    loaded: Loaded,
    console: Console,
    folder: Path,
    chat: str = "",
    linger: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Play three days and print cards as they come and a summary at the end.

    Args:
        settings: Of the real program; what the demo needs otherwise is changed for it alone.
        loaded: The shipped rules.
        console: Where to print.
        folder: An empty one, for the demo's own database.
        chat: Of Telegram, where cards go instead of the console; the settings then hold a token.
        linger: With a chat, how long the bot goes on answering there when the news is over; not at all without it.

    Raises:
        BotError: The program could not start, or got stuck.
    """
    async with played(settings, loaded, console, folder, [chat] if chat else []) as (app, server):
        _summarise(console, app, server)
        if chat and linger is not None:
            console.print("The news is over. The bot goes on answering in the chat; Ctrl-C ends it.")
            passing = asyncio.create_task(_pass_time(app.clock))
            try:
                await linger()
            finally:
                passing.cancel()


async def _pass_time(clock: Clock) -> None:
    """Let the demo's clock run as fast as any other: what is counted by the minute would else never end."""
    assert isinstance(clock, DemoClock)
    while True:
        await asyncio.sleep(SECOND.total_seconds())
        clock.tick(SECOND)


@asynccontextmanager
async def played(
    settings: Settings,
    loaded: Loaded,
    console: Console,
    folder: Path,
    chats: Sequence[str],
    prepare: Callable[[App], None] | None = None,
) -> AsyncIterator[tuple[App, DemoServer]]:
    """The program when the three days are over, still running; see `play`.

    Args:
        settings: Of the real program.
        loaded: The shipped rules.
        console: Where to print.
        folder: An empty one.
        chats: Of Telegram, that follow everything; none: cards go to the console.
        prepare: Called when the program has started, before the first news.
    """
    clock = DemoClock(START)
    async with DemoServer(clock=clock, start=START) as server:
        feeds = tuple(server.sources())
        own = settings.model_copy(
            update={
                "telegram_token": settings.telegram_token if chats else None,
                "data_dir": folder,
                "http_port": 0,
                "allow_addresses": (server.base_url.removeprefix("http://"),),
                "host_spacing": timedelta(0),
                "polls_per_host": 16,
                "tick": TICK,
            }
        )

        def read(settings: Settings) -> Loaded:
            return replace(load(settings), feeds=feeds)  # so that a reload polls nothing but the demo

        app = App(own, replace(loaded, feeds=feeds), clock=clock, console=console, read=read)
        _introduce(console, len(feeds), chats)
        longest = LONGEST_SENDING if chats else LONGEST_STEP
        try:
            await app.start()
            for chat in chats:
                app.desk.enroll("telegram", chat, clock())
                app.desk.watch(f"telegram:{chat}", Target(TargetKind.ALL), clock())
            if prepare is not None:
                prepare(app)
            while clock() < END:
                await _until_quiet(app, clock, longest)
                clock.advance()
            await _until_quiet(app, clock, longest)
            yield app, server
        finally:
            await app.stop()


async def _until_quiet(app: App, clock: DemoClock, longest: timedelta) -> None:
    """Wait until everything due by now is polled, decided and delivered."""
    try:
        async with asyncio.timeout(longest.total_seconds()):
            while not app.is_quiet():  # noqa: ASYNC110  (no single event tells that all rooms are quiet)
                await asyncio.sleep(TICK.total_seconds() / 4)
    except TimeoutError as e:
        raise BotError(f"the demo got stuck at {clock():%a %H:%M}; run it with BOT_LOG_LEVEL=debug") from e


def _introduce(console: Console, feeds: int, chats: Sequence[str]) -> None:
    where = (
        f"Three days of news, sent to Telegram chat {', '.join(chats)} as fast as a chat may be written to.\n"
    )
    console.print(
        Text.assemble(
            (where if chats else "Three days of news, played in under a minute.\n", "bold"),
            f"{feeds} feeds on this machine are polled over HTTP by the real program. The story of the "
            "compute resale and the chip slump follows a real case; everything else is invented, "
            "also what real companies are said to do.\n",
        )
    )


def _summarise(console: Console, app: App, server: DemoServer) -> None:
    status: Status = app.desk.status(app.clock())
    answers: Counter[int] = sum(server.counts.values(), Counter())
    told = app.desk.tally()
    table = Table(
        title="Summary (all but the resale story is invented)", show_header=False, title_justify="left"
    )
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    rows = [
        ("feeds", f"{status.feeds}, {status.feeds_failing} failing now"),
        ("polls", f"{app.figures.polls}; answers: {_list({str(k): v for k, v in sorted(answers.items())})}"),
        ("entries", f"{status.entries}, of which {told.copies} copies and {told.revisions} edited later"),
        ("stories", str(status.stories)),
        (
            "alerts",
            f"{sum(told.levels.values())} cards: {_list(told.levels)}; {told.replies} replies, {told.edits} silent edits",
        ),
        ("held back", _list({_in_words(k): v for k, v in told.held.items()})),
    ]
    for name, value in rows:
        table.add_row(name, value)
    console.print(table)


def _in_words(reason: str) -> str:
    return reason_text(Reason(reason)) if reason in set(Reason) else reason


def _list(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.items() if n) or "none"
