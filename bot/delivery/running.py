"""What managers see of the running program, and what they have it do with the rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta

from bot.delivery.attention import parse_span
from bot.delivery.errands import Errands
from bot.delivery.managing import Office
from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, echo, line
from bot.delivery.sheet import MAX_UNITS, Sheet, clean, clip
from bot.delivery.words import count
from bot.model import Card, EntityKind
from bot.office import Delays, Sources, Works
from bot.ports import Clock, Desk
from bot.text import show_duration, utf16_length

LONGEST = timedelta(days=30)
_USUAL = timedelta(days=7)
_ROOM = MAX_UNITS - 200  # for lines, and one that says how many are left out
_ERROR = 500
_DOWN = 5  # feeds that are named


class Running:
    """The part of the commands that concerns the program itself."""

    managing: frozenset[str] = frozenset()

    def __init__(
        self, office: Office, desk: Desk, works: Works, sources: Sources, errands: Errands, clock: Clock
    ) -> None:
        self._office, self._desk, self._works, self._sources = office, desk, works, sources
        self._errands, self._clock = errands, clock
        self.commands: Mapping[str, Handler] = {
            "health": office.looking("health", self.health),
            "latency": office.looking("latency", self.latency),
            "reload": office.acting("reload", self.reload),
            "lint": office.acting("lint", self.lint),
            "backtest": office.acting("backtest", self.backtest),
        }
        self.buttons: Mapping[str, Handler] = {}

    async def health(self, text: str, chat: Chat) -> Reply:
        """How the program and its machine are."""
        if text:
            return line("/health stands alone.")
        now, vitals = self._clock(), self._works.vitals()
        status, listing = self._desk.status(now), await self._sources.listing()
        down = [s.id for s in listing if s.is_down]
        sheet = Sheet().line("Health", EntityKind.BOLD)
        if vitals.trouble:
            sheet.line(f"Trouble: {clip(vitals.trouble, _ERROR)}")
        since = show_duration(now - vitals.started_at)
        sheet.line(f"Running for {since}, rules {clean(vitals.rules)}")
        sheet.line(f"Queue: {status.pending:,} waiting, {status.parked:,} parked")
        if status.oldest_pending_at is not None:
            sheet.add(f"; oldest unsent for {show_duration(now - status.oldest_pending_at)}")
        polled = show_duration(now - status.last_poll_at) + " ago" if status.last_poll_at else "never"
        sheet.line(f"Feeds: {len(listing):,}, {len(down):,} down; last poll {polled}")
        if down:
            more = f" and {len(down) - _DOWN:,} more" if len(down) > _DOWN else ""
            sheet.line(f"Down: {', '.join(down[:_DOWN])}{more}")
        sheet.line(f"Loop delay: {vitals.loop_delay * 1000:,.0f} ms; memory: {_size(vitals.memory)}")
        sheet.line(f"Database: {_size(vitals.database)}; disk free: {_size(vitals.disk_free)}")
        return Reply(cards=(sheet.card(),))

    async def latency(self, text: str, chat: Chat) -> Reply:
        """How long news takes, over the last day."""
        if text:
            return line("/latency stands alone; it looks at the last 24 hours.")
        found = await self._works.latency()
        if not found.stages:
            return line("Nothing came in the last 24 hours, so there is nothing to measure.")
        sheet = Sheet().line("Latency of the last 24 hours, median and 95 %", EntityKind.BOLD)
        for heading, delays in (
            ("", found.stages),
            ("Published → seen, by kind:", found.kinds),
            ("Slowest sources:", found.worst),
        ):
            if heading and delays:
                sheet.line(heading)
            for delay in delays:
                sheet.line(("• " if heading else "") + _delay(delay))
        return Reply(cards=(sheet.card(),))

    def reload(self, text: str, chat: Chat) -> Reply:
        """Put what was edited into force."""
        return self._later("reload", text, chat, self._works.reload)

    def lint(self, text: str, chat: Chat) -> Reply:
        """Check what was edited."""
        return self._later("lint", text, chat, self._works.lint)

    def backtest(self, text: str, chat: Chat) -> Reply:
        """Say what the rules in force would have told."""
        span = parse_span(text) if text else _USUAL
        if span is None or not timedelta(hours=1) <= span <= LONGEST:
            what = f"{echo(text)} is no time to look back. " if text else ""
            return line(f"{what}Write for example /backtest 7d; from 1h to {show_duration(LONGEST)}.")
        return self._begin("backtest", f"backtest {text}".strip(), chat, lambda: self._works.backtest(span))

    def _later(self, name: str, text: str, chat: Chat, work: Callable[[], Awaitable[Sequence[str]]]) -> Reply:
        if text:
            return line(f"/{name} stands alone: it reads the whole rules folder.")
        return self._begin(name, name, chat, work)

    def _begin(self, name: str, what: str, chat: Chat, work: Callable[[], Awaitable[Sequence[str]]]) -> Reply:
        async def done() -> Card:
            return listed(await work())

        if not self._errands.start(name, chat, self._office.noted(chat, what, done)):
            return line(f"A /{name} is under way already. One at a time, please.")
        return line("Begun; what comes of it follows here.")


def listed(lines: Iterable[str]) -> Card:
    """Lines as one card, as many as fit into a message."""
    sheet, left_out = Sheet(), 0
    for each in lines:
        shown = clean(each)
        if left_out or sheet.units + utf16_length(shown) > _ROOM:
            left_out += 1
        else:
            sheet.line(shown)
    if left_out:
        sheet.line(f"and {count(left_out, 'further line', 'further lines')}")
    return sheet.card()


def _delay(delay: Delays) -> str:
    return f"{clean(delay.name)}: {_span(delay.median)}, {_span(delay.slow)} ({delay.count:,})"


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds * 1000:,.0f} ms" if seconds < 1 else show_duration(span)


def _size(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.0f} MB"
