"""How often something was spoken of, as a picture and in words."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

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
from bot.delivery.words import count, level_word, show_share
from bot.errors import DrawingError
from bot.locale import marked, show_date, show_number, spoken, tr, tr_n
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
_HOW_LONG = marked("How far back? From {least}d to {most}d, for example: /chart nvidia 90d.")

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
            return line(
                tr("What should the chart show? For example: /chart nvidia, or /chart capex cut 90d.")
            )
        item, days = text, USUAL
        found = self._vocabulary.resolve(text)
        split = None if found else _WITH_SPAN.fullmatch(text)
        if split is not None:
            item, number, unit = split.groups()
            found = self._vocabulary.resolve(item)
            # Digits are cut before they are read: only so many matter.
            days = int(number[:6]) * _DAYS.get(unit.lower(), 0)
            if (found or unit.lower() in _DAYS) and not LEAST <= days <= MOST:
                return line(tr(_HOW_LONG, least=LEAST, most=MOST))
        targets = [t for t in found if t.kind in _CHARTED]
        if len(targets) == 1:
            return await self._show(targets[0], days, chat)
        if targets:
            choices = targets[:_MAX_CHOICES]
            return Reply(cards=(chooser(item, choices, self._vocabulary.name, verb=f"chart:{days}"),))
        if found:
            label = self._label(found[0])
            return line(tr("A chart shows a company, a sector or a theme; {what} is none.", what=label))
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
            return line(tr("The chart before this one is still being drawn. Please try again in a moment."))
        if len(self._under_way) >= MAX_AT_ONCE:
            return line(tr("Too many charts are being drawn just now. Please try again in a minute."))
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
        if not any(trend.counts) and not trend.alerts:
            return line(_nothing(trend, label, step))
        local = now.astimezone(tz)
        until = tr("{span} to {day}", span=_span(trend, step), day=show_date(local, "d MMM y"))
        said = self._caption(trend, label, step, f"{until} ({local:%Z})", tz)
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
            language=spoken(),
        )
        try:
            picture = await self._draw(chart)
        except DrawingError as e:
            log.warning("chart_not_drawn target=%s problem=%s", target, e)
            return Reply(cards=(said.line(tr("The picture could not be drawn just now.")).card(buttons),))
        return Reply(cards=(said.card(buttons),), picture=picture)

    def _caption(self, trend: Trend, label: str, step: int, until: str, tz: tzinfo) -> Sheet:
        """What the picture shows, in words."""
        total, today = sum(trend.counts), self._clock().astimezone(tz).date()
        sheet = Sheet().line(label, EntityKind.BOLD).add(f", {until}")
        most = max(trend.counts)
        days = [trend.first + timedelta(days=n) for n, number in enumerate(trend.counts) if number == most]
        told = count(total, "mention", "mentions")
        if total:
            peak = _day(days[-1], today)
            told = tr("{mentions}, most on {day}: {n}", mentions=told, day=peak, n=show_number(most))
        sheet.line(f"{told}. {_compared(trend, step, today, tz)}")
        levels = Counter(a.level for a in trend.alerts)
        parts = ", ".join(
            f"{show_number(levels[level])} {level_word(level)}" for level in sorted(levels, reverse=True)
        )
        alerts = _alerts(trend)
        return sheet.line(f"{alerts[0].upper()}{alerts[1:]}{': ' if parts else ''}{parts}.")

    def _spans(self, target: Target, days: int) -> Sequence[Sequence[Button]]:
        datas = [(f"{other}d", f"chart:{other}:{target}") for other in _OFFERED if other != days]
        return [[Button(label, data=data) for label, data in datas if len(data.encode()) <= MAX_DATA]]

    def _label(self, target: Target) -> str:
        return target_label(target, self._vocabulary.name)


def _span(trend: Trend, step: int) -> str:
    """'30 days', 'weeks' where a bar is one."""
    days = len(trend.counts)
    return count(days // step, "week", "weeks") if step > 1 else count(days, "day", "days")


def _earlier(trend: Trend, step: int) -> str:
    """The time that is compared with: 'in the 30 days before'."""
    days = len(trend.counts)
    if step > 1:
        return tr_n("in the {n} week before", "in the {n} weeks before", days // step)
    return tr_n("in the {n} day before", "in the {n} days before", days)


def _nothing(trend: Trend, label: str, step: int) -> str:
    days = len(trend.counts)
    when = (
        tr_n("in the last {n} week", "in the last {n} weeks", days // step)
        if step > 1
        else tr_n("in the last {n} day", "in the last {n} days", days)
    )
    told = tr("Nothing about {what} {when}.", what=label, when=when)
    if trend.before:
        told = tr(
            "Nothing about {what} {when}; {n} {earlier}.",
            what=label,
            when=when,
            n=show_number(trend.before),
            earlier=_earlier(trend, step),
        )
    if trend.before == 0:
        return told
    return told + " " + tr("/chart and a longer span, up to {most}d, looks further back.", most=MOST)


def _compared(trend: Trend, step: int, today: date, tz: tzinfo) -> str:
    total, before = sum(trend.counts), trend.before
    if before is None:
        since = trend.since.astimezone(tz).date() if trend.since else today
        return tr(
            "The {span} before can't be compared: counting began on {day}.",
            span=_span(trend, step),
            day=_day(since, today),
        )
    earlier = _earlier(trend, step)
    if before == total:
        return tr("As many as {earlier}.", earlier=earlier)
    number = show_number(before)
    if before < _MANY:
        if total > before:
            return tr("More than {earlier} ({n}).", earlier=earlier, n=number)
        return tr("Fewer than {earlier} ({n}).", earlier=earlier, n=number)
    share = show_share(abs(total - before) / before)
    if total > before:
        return tr("{share} more than {earlier} ({n}).", share=share, earlier=earlier, n=number)
    return tr("{share} fewer than {earlier} ({n}).", share=share, earlier=earlier, n=number)


def _position(at: datetime, first: date, tz: tzinfo) -> float:
    """Days of the zone since the start of the first; the part of a day counts its 24 hours."""
    local = at.astimezone(tz)
    seconds = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    return (local.date() - first).days + seconds / timedelta(days=1)


def _alerts(trend: Trend) -> str:
    return count(len(trend.alerts), "alert", "alerts") if trend.alerts else tr("no alerts")


def _day(day: date, today: date) -> str:
    moment = datetime.combine(day, time.min, UTC)
    return show_date(moment, "d MMM") if day.year == today.year else show_date(moment, "d MMM y")
