"""How many alerts something would have been: counted over what was told of late, by the rules of live delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.following import Subject
from bot.locale import show_number, tr, tr_n
from bot.model import Alert, Entry, Severity, Target
from bot.ports import Clock, Desk, Past

MONTH = timedelta(days=30)
FORTNIGHT = timedelta(days=14)

_DAY = timedelta(days=1)
_MOST = 3_000  # cards that are looked at; what is older than they are does not count as known
_FRESH = timedelta(minutes=1)  # for so long the same reading serves
_NEARLY = timedelta(hours=12)  # so much may lack at a span's beginning
_NO_FLOORS: Mapping[Target, Severity] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What would have been sent within a span."""

    hits: tuple[tuple[Alert, Entry], ...]  # one for each story, newest first
    span: timedelta  # that was asked about
    covered: timedelta  # the end of it that is known
    is_whole: bool  # False: there may have been more, of which nobody was told

    @property
    def is_known(self) -> bool:
        """Whether enough is known to speak of a rate."""
        return self.covered >= _DAY

    @property
    def when(self) -> str:
        """'in the last 30 days', as far as they are known."""
        if self.covered >= self.span - _NEARLY:
            return tr_n("in the last {n} day", "in the last {n} days", self.span // _DAY)
        return tr_n(
            "in the last {n} day, all that I have kept",
            "in the last {n} days, all that I have kept",
            max(1, round(self.covered / _DAY)),
        )

    def rate(self) -> str:
        """'about 4 a day', 'about 1 in 9 days', 'none'."""
        number = self._often(_DAY)
        if not number:
            return self._seldom()
        return tr("about {n} a day", n=number) if self.is_whole else tr("at least {n} a day", n=number)

    def per_week(self) -> str:
        """The same by the week."""
        number = self._often(7 * _DAY)
        if not number:
            return self._seldom()
        return tr("about {n} a week", n=number) if self.is_whole else tr("at least {n} a week", n=number)

    def _often(self, per: timedelta) -> str:
        """How many in such a time; empty where that is less than one."""
        each = len(self.hits) * (per / self.covered) if self.hits else 0.0
        return show_number(round(each)) if each >= 0.95 else ""

    def _seldom(self) -> str:
        """In how many days there is one."""
        if not self.hits:
            return tr("none") if self.is_whole else tr("none known")
        days = show_number(max(2, round(self.covered / _DAY / len(self.hits))))
        return tr("about 1 in {n} days", n=days) if self.is_whole else tr("at least 1 in {n} days", n=days)


class History:
    """Counts. It reads at most once a minute, and both reading and counting leave the event loop alone."""

    def __init__(self, desk: Desk, clock: Clock, sectors: Callable[[], Mapping[str, str]] = dict) -> None:
        """Wire it up; `sectors` gives those of companies, by their ids."""
        self._desk, self._clock, self.sectors = desk, clock, sectors
        self._read: tuple[datetime, Past, list[tuple[Alert, Entry, Subject]]] | None = None

    async def tally(
        self,
        watched: Collection[Target],
        level: Severity,
        span: timedelta,
        floors: Mapping[Target, Severity] = _NO_FLOORS,
    ) -> Tally:
        """What a reader who follows this at a level would have been sent.

        Raises:
            StoreError: The past can't be read.
        """
        return await asyncio.to_thread(self._tally, watched, level, span, floors)

    def _tally(
        self,
        watched: Collection[Target],
        level: Severity,
        span: timedelta,
        floors: Mapping[Target, Severity],
    ) -> Tally:
        now = self._clock()
        past, told = self._recent(now)
        found: dict[str, tuple[Alert, Entry]] = {}
        for alert, entry, about in told:  # oldest first: a story's first card counts
            recent = alert.created_at >= now - span and alert.level >= level
            if recent and alert.story_id not in found and about.is_followed(watched, floors):
                found[alert.story_id] = (alert, entry)
        covered = min(span, max(now - past.since, timedelta())) if past.since else timedelta()
        lowest = min((max(level, floors.get(target, level)) for target in watched), default=level)
        begin = now - covered + _NEARLY
        whole = any(lowest >= heard and since <= begin for heard, since in past.listened.items())
        return Tally(hits=tuple(reversed(found.values())), span=span, covered=covered, is_whole=whole)

    def _recent(self, now: datetime) -> tuple[Past, list[tuple[Alert, Entry, Subject]]]:
        read = self._read
        if read is None or not timedelta() <= now - read[0] < _FRESH:
            past = self._desk.past(now - MONTH, _MOST)
            sectors = self.sectors()
            told = [(alert, entry, Subject(alert, entry, sectors)) for alert, entry in reversed(past.alerts)]
            read = self._read = (now, past, told)
        return read[1], read[2]
