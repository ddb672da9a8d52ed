"""How often something was spoken of, as a picture and in words."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo

from bot.delivery.drawing import Chart
from bot.delivery.parts import Handler, Zone, utc
from bot.delivery.replies import (
    Chat,
    Reply,
    chooser,
    line,
    old_button,
    read_target,
    target_label,
    unknown_name,
)
from bot.delivery.sheet import MAX_DATA, Sheet
from bot.delivery.words import count
from bot.errors import DrawingError
from bot.model import Button, EntityKind, Target, TargetKind
from bot.ports import Clock, Vocabulary
from bot.shelves import Trend, Trends

log = logging.getLogger(__name__)

LEAST, MOST, USUAL = 7, 365, 30  # days
MAX_DAY_BARS = 100  # longer spans are drawn by weeks
MAX_AT_ONCE = 8  # charts under way, one of them being drawn
_OFFERED = (7, 30, 90, 365)  # days, as buttons
_CHARTED = (TargetKind.COMPANY, TargetKind.SECTOR, TargetKind.THEME)
_MAX_CHOICES = 8
_MANY = 10  # so many mentions make a percentage worth saying

_WITH_SPAN = re.compile(r"(.*\S)\s+(\d+)\s*([^\W\d]*)", re.ASCII)
_DAYS = {"d": 1, "day": 1, "days": 1, "w": 7, "week": 7, "weeks": 7}
_HOW_LONG = f"How far back? From {LEAST}d to {MOST}d, for example: /chart nvidia 90d."

Draw = Callable[[Chart], Awaitable[bytes]]
"""Draws a chart as a PNG; raises DrawingError where it can't."""


class Charting:
    """The part of the commands that draws.

    Args:
        trends: What was counted.
        vocabulary: Understands what people type.
        draw: Draws a chart; called for one chat once at a time.
        clock: The time.
        zone: By which clock a chat counts days.
    """

    managing: frozenset[str] = frozenset()
    slow: frozenset[str] = frozenset({"chart"})

    def __init__(
        self, trends: Trends, vocabulary: Vocabulary, draw: Draw, clock: Clock, zone: Zone = utc
    ) -> None:
        self._trends, self._vocabulary, self._draw = trends, vocabulary, draw
        self._clock, self._zone = clock, zone
        self._under_way: set[str] = set()  # ids of subscribers
        self.commands: Mapping[str, Handler] = {"chart": self.chart}
        self.buttons: Mapping[str, Handler] = {"chart": self.tap}

    async def chart(self, text: str, chat: Chat) -> Reply:
        """Draw what is named; ask where it is ambiguous, suggest where it is unknown."""
        if not text:
            return line("What should the chart show? For example: /chart nvidia, or /chart capex cut 90d.")
        item, days = text, USUAL
        found = self._vocabulary.resolve(text)
        split = None if found else _WITH_SPAN.fullmatch(text)
        if split is not None:
            item, number, unit = split.groups()
            found = self._vocabulary.resolve(item)
            # Digits are cut before they are read: only so many matter.
            days = int(number[:6]) * _DAYS.get(unit.lower(), 0)
            if (found or unit.lower() in _DAYS) and not LEAST <= days <= MOST:
                return line(_HOW_LONG)
        targets = [t for t in found if t.kind in _CHARTED]
        if len(targets) == 1:
            return await self._show(targets[0], days, chat)
        if targets:
            choices = targets[:_MAX_CHOICES]
            return Reply(cards=(chooser(item, choices, self._vocabulary.name, verb=f"chart:{days}"),))
        if found:
            return line(f"A chart shows a company, a sector or a theme; {self._label(found[0])} is none.")
        return line(unknown_name(item, self._vocabulary.suggest(item)))

    async def tap(self, text: str, chat: Chat) -> Reply:
        """Draw a target that was chosen, over the days that stand before it."""
        number, _, rest = text.partition(":")
        target = read_target(rest)
        is_number = number.isascii() and number.isdecimal() and len(number) <= 3
        if target is None or target.kind not in _CHARTED or not is_number or not LEAST <= int(number) <= MOST:
            return old_button()
        return await self._show(target, int(number), chat)

    async def _show(self, target: Target, days: int, chat: Chat) -> Reply:
        if chat.subscriber_id in self._under_way:
            return line("The chart before this one is still being drawn. Please try again in a moment.")
        if len(self._under_way) >= MAX_AT_ONCE:
            return line("Too many charts are being drawn just now. Please try again in a minute.")
        self._under_way.add(chat.subscriber_id)
        try:
            return await self._drawn(target, days, self._zone(chat))
        finally:
            self._under_way.discard(chat.subscriber_id)

    async def _drawn(self, target: Target, days: int, tz: tzinfo) -> Reply:
        now, label = self._clock(), self._label(target)
        step = 7 if days > MAX_DAY_BARS else 1
        whole = -(-days // step) * step  # a bar of some days of a week would look like a quiet one
        trend = await asyncio.to_thread(self._trends.trend, target, whole, now, tz)
        span = count(whole // step, "week", "weeks") if step > 1 else count(whole, "day", "days")
        if not any(trend.counts) and not trend.alerts:
            return line(self._nothing(trend, label, span))
        local = now.astimezone(tz)
        until = f"{span} to {local.day} {local:%b %Y}"
        said = self._caption(trend, label, span, f"{until} ({local:%Z})", tz)
        buttons = self._spans(target, days)
        chart = Chart(
            title=label,
            subtitle=f"{until} · {count(sum(trend.counts), 'mention', 'mentions')} · {_alerts(trend)}",
            zone=f"{local:%Z}",
            first=trend.first,
            counts=trend.counts,
            step=step,
            unwatched=max(0.0, _position(trend.since, trend.first, tz)) if trend.since else 0.0,
            alerts=tuple((_position(a.at, trend.first, tz), a.level) for a in trend.alerts),
        )
        try:
            picture = await self._draw(chart)
        except DrawingError as e:
            log.warning("chart_not_drawn target=%s problem=%s", target, e)
            return Reply(cards=(said.line("The picture could not be drawn just now.").card(buttons),))
        return Reply(cards=(said.card(buttons),), picture=picture)

    def _nothing(self, trend: Trend, label: str, span: str) -> str:
        before = f"; {trend.before:,} in the {span} before" if trend.before else ""
        longer = f" /chart and a longer span, up to {MOST}d, looks further back." if trend.before != 0 else ""
        return f"Nothing about {label} in the last {span}{before}.{longer}"

    def _caption(self, trend: Trend, label: str, span: str, until: str, tz: tzinfo) -> Sheet:
        """What the picture shows, in words."""
        total, today = sum(trend.counts), self._clock().astimezone(tz).date()
        sheet = Sheet().line(label, EntityKind.BOLD).add(f", {until}")
        most = max(trend.counts)
        days = [trend.first + timedelta(days=n) for n, number in enumerate(trend.counts) if number == most]
        peak = f", most on {_day(days[-1], today)}: {most:,}" if total else ""
        sheet.line(f"{count(total, 'mention', 'mentions')}{peak}. {_compared(trend, span, today, tz)}")
        levels = Counter(a.level for a in trend.alerts)
        parts = ", ".join(f"{levels[level]:,} {level.word}" for level in sorted(levels, reverse=True))
        return sheet.line(f"{_alerts(trend).capitalize()}{': ' if parts else ''}{parts}.")

    def _spans(self, target: Target, days: int) -> Sequence[Sequence[Button]]:
        datas = [(f"{other}d", f"chart:{other}:{target}") for other in _OFFERED if other != days]
        return [[Button(label, data=data) for label, data in datas if len(data.encode()) <= MAX_DATA]]

    def _label(self, target: Target) -> str:
        return target_label(target, self._vocabulary.name)


def _compared(trend: Trend, span: str, today: date, tz: tzinfo) -> str:
    total, before = sum(trend.counts), trend.before
    if before is None:
        since = trend.since.astimezone(tz).date() if trend.since else today
        return f"The {span} before can't be compared: counting began on {_day(since, today)}."
    if before == total:
        return f"As many as in the {span} before."
    more = "more" if total > before else "fewer"
    share = f"{abs(total - before) / before:.0%} {more}" if before >= _MANY else more.capitalize()
    return f"{share} than in the {span} before ({before:,})."


def _position(at: datetime, first: date, tz: tzinfo) -> float:
    """Days of the zone since the start of the first; the part of a day counts its 24 hours."""
    local = at.astimezone(tz)
    seconds = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    return (local.date() - first).days + seconds / timedelta(days=1)


def _alerts(trend: Trend) -> str:
    return count(len(trend.alerts), "alert", "alerts") if trend.alerts else "no alerts"


def _day(day: date, today: date) -> str:
    return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != today.year else "")
