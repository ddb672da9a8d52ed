"""What managers see of the running program, and what they have it do with the rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.delivery.clocks import parse_span
from bot.delivery.errands import Errands
from bot.delivery.managing import Office
from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, echo, line
from bot.delivery.sheet import MAX_UNITS, Sheet, clean, clip
from bot.delivery.words import count
from bot.locale import show_decimal, show_number, tr
from bot.model import Card, EntityKind
from bot.office import Delays, Sources, Works
from bot.ports import Clock, Desk, Status
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
            return line(tr("/health stands alone."))
        now, vitals = self._clock(), self._works.vitals()
        status, listing = self._desk.status(now), await self._sources.listing()
        down = [s.id for s in listing if s.is_down]
        sheet = Sheet().line(tr("Health"), EntityKind.BOLD)
        if vitals.trouble:
            sheet.line(tr("Trouble: {problem}", problem=clip(tr(vitals.trouble), _ERROR)))
        since = show_duration(now - vitals.started_at)
        sheet.line(tr("Running for {span}, rules {version}", span=since, version=clean(vitals.rules)))
        sheet.line(_queue(status, now))
        sheet.line(_feeds(len(listing), len(down), status.last_poll_at, now))
        if down:
            shown, more = ", ".join(down[:_DOWN]), len(down) - _DOWN
            sheet.line(
                tr("Down: {feeds} and {n} more", feeds=shown, n=show_number(more))
                if more > 0
                else tr("Down: {feeds}", feeds=shown)
            )
        sheet.line(
            tr(
                "Loop delay: {delay}; memory: {memory}",
                delay=_milliseconds(vitals.loop_delay),
                memory=_size(vitals.memory),
            )
        )
        sheet.line(
            tr(
                "Database: {size}; disk free: {free}",
                size=_size(vitals.database),
                free=_size(vitals.disk_free),
            )
        )
        return Reply(cards=(sheet.card(),))

    async def latency(self, text: str, chat: Chat) -> Reply:
        """How long news takes, over the last day."""
        if text:
            return line(tr("/latency stands alone; it looks at the last 24 hours."))
        found = await self._works.latency()
        if not found.stages:
            return line(tr("Nothing came in the last 24 hours, so there is nothing to measure."))
        sheet = Sheet().line(tr("Latency of the last 24 hours, median and 95 %"), EntityKind.BOLD)
        for heading, delays in (
            ("", found.stages),
            (tr("Published → seen, by kind:"), found.kinds),
            (tr("Slowest sources:"), found.worst),
        ):
            if heading and delays:
                sheet.line(heading)
            for delay in delays:
                name = delay.name if heading else tr(delay.name)  # a stage has a name of ours
                sheet.line(("• " if heading else "") + _delay(name, delay))
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
            what = tr("{text} is no time to look back.", text=echo(text)) + " " if text else ""
            example = tr("Write for example /backtest 7d; from 1h to {most}.", most=show_duration(LONGEST))
            return line(what + example)
        return self._begin("backtest", f"backtest {text}".strip(), chat, lambda: self._works.backtest(span))

    def _later(self, name: str, text: str, chat: Chat, work: Callable[[], Awaitable[Sequence[str]]]) -> Reply:
        if text:
            return line(tr("/{name} stands alone: it reads the whole rules folder.", name=name))
        return self._begin(name, name, chat, work)

    def _begin(self, name: str, what: str, chat: Chat, work: Callable[[], Awaitable[Sequence[str]]]) -> Reply:
        async def done() -> Card:
            return listed(await work())

        if not self._errands.start(name, chat, self._office.noted(chat, what, done)):
            return line(tr("A /{name} is under way already. One at a time, please.", name=name))
        return line(tr("Begun; what comes of it follows here."))


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
        sheet.line(tr("and {lines}", lines=count(left_out, "further line", "further lines")))
    return sheet.card()


def _queue(status: Status, now: datetime) -> str:
    pending, parked = show_number(status.pending), show_number(status.parked)
    if status.oldest_pending_at is None:
        return tr("Queue: {pending} waiting, {parked} parked", pending=pending, parked=parked)
    return tr(
        "Queue: {pending} waiting, {parked} parked; oldest unsent for {span}",
        pending=pending,
        parked=parked,
        span=show_duration(now - status.oldest_pending_at),
    )


def _feeds(all_of_them: int, down: int, polled_at: datetime | None, now: datetime) -> str:
    feeds, failing = show_number(all_of_them), show_number(down)
    if polled_at is None:
        return tr("Feeds: {feeds}, {down} down; last poll never", feeds=feeds, down=failing)
    return tr(
        "Feeds: {feeds}, {down} down; last poll {span} ago",
        feeds=feeds,
        down=failing,
        span=show_duration(now - polled_at),
    )


def _delay(name: str, delay: Delays) -> str:
    return f"{clean(name)}: {_span(delay.median)}, {_span(delay.slow)} ({show_number(delay.count)})"


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    return _milliseconds(seconds) if seconds < 1 else show_duration(timedelta(seconds=round(seconds)))


def _milliseconds(seconds: float) -> str:
    return f"{show_decimal(seconds * 1000, 0)} ms"


def _size(size: int) -> str:
    return f"{show_decimal(size / 1e9, 1)} GB" if size >= 1e9 else f"{show_decimal(size / 1e6, 0)} MB"
