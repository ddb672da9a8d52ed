"""What managers' commands ask for, in memory; it keeps the promises of `bot.office`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fakes import START

from bot.errors import BotError, ConfigError, StoreError
from bot.office import Admission, Deed, Latency, Source, Trial, Vitals


class MemoryPrivacy:
    """A `office.Privacy` over a set of chats."""

    def __init__(self, *subscribers: str) -> None:
        self.known = set(subscribers)

    def everything(self, subscriber_id: str, now: datetime, /) -> Mapping[str, Any]:
        return {"address": subscriber_id, "known": subscriber_id in self.known}

    def erase(self, subscriber_id: str, now: datetime, /) -> bool:
        found = subscriber_id in self.known
        self.known.discard(subscriber_id)
        return found


class MemoryAccess:
    """An `office.Access`; with `broken` set, every question fails as with a broken database."""

    def __init__(self) -> None:
        self.said: dict[str, Admission] = {}
        self.subscribed: set[str] = set()
        self.most = 30
        self.broken = False

    def admission(self, number: str, /) -> Admission:
        if self.broken:
            raise StoreError("the database is locked")
        return self.said.get(number, Admission.UNKNOWN)

    def is_subscribed(self, number: str, /) -> bool:
        return number in self.subscribed

    def admit(self, number: str, admission: Admission, who: str, now: datetime, /) -> None:
        self.said[number] = admission

    def limit(self) -> int:
        return self.most

    def set_limit(self, limit: int, /) -> None:
        self.most = limit


class MemoryDeeds:
    """The part of an `office.Registry` that keeps deeds."""

    def __init__(self) -> None:
        self.kept: list[Deed] = []

    def note(self, deed: Deed, /) -> None:
        self.kept.append(deed)

    def deeds(self, limit: int, /) -> Sequence[Deed]:
        return self.kept[::-1][:limit]

    def times(self, who: str, beginning: str, since: datetime, until: datetime, /) -> int:
        mine = [d for d in self.kept if d.who == who and since < d.at <= until]
        return sum(d.what.startswith(beginning) for d in mine)


class FakeSources:
    """An `office.Sources`; `trials` says what an address shows."""

    def __init__(self, *sources: Source) -> None:
        self.sources = {s.id: s for s in sources}
        self.trials: dict[str, Trial] = {}
        self.polled: list[str] = []

    async def listing(self) -> Sequence[Source]:
        return sorted(self.sources.values(), key=lambda s: not s.is_down)

    async def pause(self, feed_id: str, /) -> None:
        self.sources[feed_id] = replace(self.sources[feed_id], state="paused")

    async def resume(self, feed_id: str, /) -> None:
        self.sources[feed_id] = replace(self.sources[feed_id], state="active", failures=0)

    async def test(self, reference: str, /) -> Trial:
        self.polled.append(reference)
        return self.trials.get(reference) or Trial(url=reference, error="no answer")

    async def move(self, feed_id: str, url: str, /) -> Trial:
        trial = await self.test(url)
        if trial.error:
            raise ConfigError(f"nothing was changed: {trial.error}")
        self.sources[feed_id] = replace(self.sources[feed_id], url=url, is_changed=True)
        return trial

    async def add(self, url: str, kind: str, tier: int, /) -> tuple[str, Trial]:
        trial = await self.test(url)
        if trial.error:
            raise ConfigError(f"nothing was added: {trial.error}")
        made = Source(id="new", title="", url=url, kind=kind, tier=tier, state="active", is_added=True)
        self.sources[made.id] = made
        return made.id, trial

    async def remove(self, feed_id: str, /) -> None:
        if not self.sources[feed_id].is_added:
            raise ConfigError(f"{feed_id} stands in rules/sources.yaml")
        del self.sources[feed_id]


class FakeWorks:
    """An `office.Works` that says what it was given to say."""

    def __init__(self) -> None:
        self.health = Vitals(
            started_at=START - timedelta(hours=5),
            loop_delay=0.004,
            memory=400_000_000,
            database=12_000_000,
            disk_free=7_300_000_000,
            rules="abc123",
        )
        self.delays = Latency()
        self.lines: list[str] = ["nothing differs"]
        self.error: BotError | None = None
        self.asked: list[str] = []

    def vitals(self) -> Vitals:
        return self.health

    async def latency(self) -> Latency:
        return self.delays

    async def reload(self) -> Sequence[str]:
        return self._said("reload")

    async def lint(self) -> Sequence[str]:
        return self._said("lint")

    async def backtest(self, span: timedelta, /) -> Sequence[str]:
        return self._said(f"backtest {span}")

    def _said(self, what: str) -> Sequence[str]:
        self.asked.append(what)
        if self.error is not None:
            raise self.error
        return self.lines
