"""A desk, trends and a vocabulary in memory, which keep the promises of `bot.ports`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, tzinfo

from bot.delivery.replies import Attached
from bot.errors import StoreError, TransientDeliveryError
from bot.model import (
    Alert,
    Digest,
    Entry,
    Setup,
    Severity,
    Silence,
    Story,
    Subscriber,
    Target,
    TargetKind,
)
from bot.ports import Explanation, Past, Status
from bot.shelves import AlertMark, Trend, Vote, Votes, Wishes
from bot.text import nearest


class MemoryDesk:
    """A `ports.Desk`; with `broken` set, every method fails as a broken database does."""

    def __init__(self) -> None:
        self.subscribers: dict[str, Subscriber] = {}
        self.followed: dict[str, list[Target]] = {}
        self.alerts: list[Alert] = []  # oldest first
        self.sent: dict[tuple[str, str], str] = {}  # (subscriber, message id) → alert id
        self.explanations: dict[str, Explanation] = {}
        self.figures: Status | None = None
        self.due: dict[str, datetime | None] = {}
        self.muted: dict[str, dict[str, Silence]] = {}
        self.cards: list[tuple[Alert, Story]] = []
        self.lowest: dict[str, dict[Target, Severity]] = {}
        self.watched_at: dict[tuple[str, Target], datetime] = {}
        self.setups: dict[str, Setup] = {}
        self.told: list[tuple[Alert, Entry]] = []  # to anybody, oldest first
        self.begun: datetime | None = None  # since when everything is there
        self.stories: dict[str, Story] = {}
        self.readings = 0  # of the past
        self.rung: dict[str, list[datetime]] = {}
        self.broken = False

    def subscriber(self, subscriber_id: str, /) -> Subscriber | None:
        self._check()
        return self.subscribers.get(subscriber_id)

    def enroll(self, channel: str, address: str, now: datetime, /) -> Subscriber:
        self._check()
        key = f"{channel}:{address}"
        new = Subscriber(id=key, channel=channel, address=address, created_at=now)
        self.subscribers[key] = replace(self.subscribers.get(key, new), active=True)
        self.followed.setdefault(key, [])
        return self.subscribers[key]

    def leave(self, subscriber_id: str, now: datetime, /) -> None:
        self._change(subscriber_id, active=False)

    def watch(
        self, subscriber_id: str, target: Target, now: datetime, /, *, level: Severity | None = None
    ) -> bool:
        self._check()
        followed, floors = self.followed[subscriber_id], self.lowest.setdefault(subscriber_id, {})
        if target in followed and floors.get(target) == level:
            return False
        if target not in followed:
            followed.append(target)
            self.watched_at[subscriber_id, target] = now
        floors.pop(target, None)
        if level is not None:
            floors[target] = level
        return True

    def unwatch(self, subscriber_id: str, target: Target, /) -> bool:
        self._check()
        followed = self.followed.get(subscriber_id, [])
        if target not in followed:
            return False
        followed.remove(target)
        self.watched_at.pop((subscriber_id, target), None)
        self.lowest.get(subscriber_id, {}).pop(target, None)
        return True

    def watches(self, subscriber_id: str, /) -> list[Target]:
        self._check()
        return list(self.followed.get(subscriber_id, []))

    def floors(self, subscriber_id: str, /) -> dict[Target, Severity]:
        self._check()
        return dict(self.lowest.get(subscriber_id, {}))

    def setup(self, subscriber_id: str, /) -> Setup | None:
        self._check()
        return self.setups.get(subscriber_id)

    def save_setup(self, subscriber_id: str, setup: Setup | None, /) -> None:
        self._check()
        self.setups.pop(subscriber_id, None)
        if setup is not None:
            self.setups[subscriber_id] = setup

    def past(self, since: datetime, limit: int, /) -> Past:
        self._check()
        self.readings += 1
        found = [told for told in reversed(self.told) if told[0].created_at >= since][:limit]
        begun = max(since, self.begun) if self.begun else None
        if begun and len(found) == limit:
            begun = max(begun, found[-1][0].created_at)
        everything = Target(TargetKind.ALL)
        listened: dict[Severity, datetime] = {}
        for s in self.subscribers.values():
            at = self.watched_at.get((s.id, everything))
            if s.active and at is not None and everything not in self.lowest[s.id]:
                listened[s.level] = min(at, listened.get(s.level, at))
        return Past(alerts=tuple(found), since=begun, listened=listened)

    def story(self, story_id: str, /) -> Story | None:
        self._check()
        return self.stories.get(story_id)

    def set_level(self, subscriber_id: str, level: Severity, /) -> None:
        self._change(subscriber_id, level=level)

    def mute(self, subscriber_id: str, until: datetime | None, /) -> None:
        self._change(subscriber_id, muted_until=until)

    def set_language(self, subscriber_id: str, language: str, /) -> None:
        self._change(subscriber_id, language=language)

    def set_timezone(self, subscriber_id: str, timezone: str, /) -> None:
        self._change(subscriber_id, timezone=timezone)

    def set_quiet(self, subscriber_id: str, quiet: tuple[time, time] | None, /) -> None:
        self._change(subscriber_id, quiet=quiet)

    def set_budget(self, subscriber_id: str, budget: int | None, /) -> None:
        self._change(subscriber_id, budget=budget)

    def set_digest(
        self, subscriber_id: str, digest: Digest | None, due: datetime | None, /, *, by_budget: bool = False
    ) -> None:
        self._change(subscriber_id, digest=digest, digest_by_budget=by_budget)
        self.due[subscriber_id] = due

    def sounds(self, subscriber_id: str, since: datetime, /) -> int:
        self._check()
        return sum(at >= since for at in self.rung.get(subscriber_id, ()))

    def add_mute(self, subscriber_id: str, mute: Silence, /) -> None:
        self._check()
        self.muted.setdefault(subscriber_id, {})[mute.id] = mute

    def mutes(self, subscriber_id: str, now: datetime, /) -> list[Silence]:
        self._check()
        found = [m for m in self.muted.get(subscriber_id, {}).values() if m.until > now]
        return sorted(found, key=lambda m: (m.until, m.id))

    def end_mute(self, subscriber_id: str, mute_id: str, /) -> bool:
        self._check()
        return self.muted.get(subscriber_id, {}).pop(mute_id, None) is not None

    def sent_cards(self, subscriber_id: str, since: datetime, limit: int, /) -> list[tuple[Alert, Story]]:
        self._check()
        return self.cards[:limit]

    def latest(self, limit: int, /, *, subscriber_id: str = "") -> list[Alert]:
        self._check()
        mine = {alert for (who, _), alert in self.sent.items() if who == subscriber_id}
        return [a for a in reversed(self.alerts) if not subscriber_id or a.id in mine][:limit]

    def why(self, reference: str, /, *, subscriber_id: str = "") -> Explanation | None:
        self._check()
        alert_id = self.sent.get((subscriber_id, reference), reference)
        return next((e for key, e in self.explanations.items() if key.startswith(alert_id)), None)

    def status(self, now: datetime, /) -> Status:
        self._check()
        assert self.figures is not None, "the test must set the figures"
        return self.figures

    def _change(self, subscriber_id: str, **changes: object) -> None:
        self._check()
        self.subscribers[subscriber_id] = replace(self.subscribers[subscriber_id], **changes)  # type: ignore[arg-type]

    def _check(self) -> None:
        if self.broken:
            raise StoreError("the database is locked")


class MemoryAcks:
    """A `shelves.Acks` of chats in which no card stands."""

    def toggle(self, subscriber_id: str, message_id: str, user: str, name: str, now: datetime, /) -> bool:
        return False


class MemoryFeedback:
    """A `shelves.Feedback` that keeps votes by alert, chat and person."""

    def __init__(self) -> None:
        self.votes: dict[tuple[str, str, str], tuple[Alert, str, bool, datetime]] = {}
        self.entries: dict[str, Entry] = {}

    def vote(
        self,
        alert: Alert,
        feed_id: str,
        subscriber_id: str,
        user: str,
        /,
        *,
        useful: bool,
        reason: str,
        now: datetime,
    ) -> bool:
        self.votes[alert.id, subscriber_id, user] = (alert, feed_id, useful, now)
        return True

    def of_reader(self, rule_id: str, subscriber_id: str, since: datetime, /) -> Votes:
        mine = [
            useful
            for (_, who, _), (a, _, useful, at) in self.votes.items()
            if (who, a.rule_id) == (subscriber_id, rule_id) and at >= since
        ]
        return Votes(name=rule_id, useful=sum(mine), total=len(mine))

    def of_chat(self, subscriber_id: str, since: datetime, limit: int, /) -> list[Vote]:
        mine = [
            (at, Vote(alert=a, entry=self.entries[a.entry_id], useful=useful))
            for (_, who, _), (a, _, useful, at) in self.votes.items()
            if who == subscriber_id and at >= since and a.entry_id in self.entries
        ]
        return [vote for _, vote in sorted(mine, key=lambda m: m[0], reverse=True)][:limit]

    def by_rule(self, since: datetime, /) -> list[Votes]:
        return self._by({key: a.rule_id for key, (a, *_) in self.votes.items()}, since)

    def by_source(self, since: datetime, /) -> list[Votes]:
        return self._by({key: feed for key, (_, feed, *_) in self.votes.items()}, since)

    def _by(self, names: Mapping[tuple[str, str, str], str], since: datetime) -> list[Votes]:
        found: dict[str, list[bool]] = {}
        for key, (_, _, useful, at) in self.votes.items():
            if at >= since:
                found.setdefault(names[key], []).append(useful)
        return [Votes(name=n, useful=sum(v), total=len(v)) for n, v in sorted(found.items())]


class MemoryImports:
    """A `shelves.Imports` over a desk in memory, and the files that people have sent, by their ids."""

    def __init__(self, desk: MemoryDesk) -> None:
        self._desk = desk
        self.waiting: dict[str, tuple[str, Wishes, datetime]] = {}
        self.files: dict[str, bytes] = {}

    async def fetch(self, attached: Attached, most: int, /) -> bytes:
        if attached.id not in self.files:
            raise TransientDeliveryError("there is no such file")
        return self.files[attached.id]

    def keep(self, import_id: str, subscriber_id: str, wishes: Wishes, now: datetime, /) -> None:
        self.waiting[subscriber_id] = (import_id, wishes, now)

    def kept(self, import_id: str, subscriber_id: str, now: datetime, /) -> Wishes | None:
        key, wishes, at = self.waiting.get(subscriber_id, ("", None, now))
        return wishes if key == import_id and now - at <= timedelta(days=1) else None

    def drop(self, import_id: str, subscriber_id: str, /) -> None:
        if self.waiting.get(subscriber_id, ("",))[0] == import_id:
            del self.waiting[subscriber_id]

    def apply(
        self,
        import_id: str,
        subscriber_id: str,
        wishes: Wishes,
        now: datetime,
        /,
        *,
        due: datetime | None,
        by_budget: bool,
    ) -> bool:
        if self.waiting.get(subscriber_id, ("",))[0] != import_id:
            return False
        self.drop(import_id, subscriber_id)
        desk, named = self._desk, wishes.named
        plain = named & {"language", "level", "timezone", "quiet", "budget"}
        desk._change(subscriber_id, **{name: getattr(wishes, name) for name in plain})
        if "digest" in named:
            desk.set_digest(subscriber_id, wishes.digest, due, by_budget=by_budget)
        if "follow" in named:
            wanted = dict(wishes.follow)
            for target in [t for t in desk.watches(subscriber_id) if t not in wanted]:
                desk.unwatch(subscriber_id, target)
            for target, level in wishes.follow:
                desk.watch(subscriber_id, target, now, level=level)
        if "mute" in named:
            for mute in [m for m in desk.muted.get(subscriber_id, {}).values() if not m.story_id]:
                desk.end_mute(subscriber_id, mute.id)
            for mute in wishes.mute:
                desk.add_mute(subscriber_id, mute)
        return True


class MemoryVocabulary:
    """A `ports.Vocabulary` over a table of words."""

    def __init__(self, words: Mapping[str, Sequence[Target]], names: Mapping[str, str]) -> None:
        self._words = {word.casefold(): list(targets) for word, targets in words.items()}
        self._names = names

    def resolve(self, text: str, /) -> list[Target]:
        return list(self._words.get(text.casefold().lstrip("$"), []))

    def suggest(self, text: str, /) -> list[str]:
        return nearest(text, self._words, limit=3)

    def name(self, target_id: str, /) -> str:
        return self._names.get(target_id, target_id)


class MemoryTrends:
    """A `shelves.Trends` over lists of moments, counted one by one; with `broken` set it fails as a broken database does."""

    def __init__(self) -> None:
        self.news: dict[Target, list[datetime]] = {}
        self.alerts: dict[Target, list[AlertMark]] = {}
        self.since: datetime | None = datetime(2020, 1, 1, tzinfo=UTC)
        self.broken = False
        self.asked: list[tuple[Target, int]] = []

    def trend(self, target: Target, days: int, now: datetime, tz: tzinfo, /) -> Trend:
        if self.broken:
            raise StoreError("the database is locked")
        self.asked.append((target, days))
        local = now.astimezone(tz)
        first = local.date() - timedelta(days=days - 1)
        earlier = datetime.combine(first - timedelta(days=days), time(), tz)
        until = local - timedelta(days=days)
        news = [at.astimezone(tz) for at in self.news.get(target, [])]
        found = Counter(at.date() for at in news)
        return Trend(
            first=first,
            counts=tuple(found[first + timedelta(days=n)] for n in range(days)),
            before=sum(earlier <= at < until for at in news)
            if self.since and self.since <= earlier
            else None,
            since=self.since,
            alerts=tuple(
                m for m in self.alerts.get(target, []) if first <= m.at.astimezone(tz).date() <= local.date()
            ),
        )


NVIDIA = Target(TargetKind.COMPANY, "NVDA")
MICRON = Target(TargetKind.COMPANY, "MU")
HYNIX = Target(TargetKind.COMPANY, "000660.KS")
META = Target(TargetKind.COMPANY, "META")
META_MATERIALS = Target(TargetKind.COMPANY, "MMAT")
MEMORY = Target(TargetKind.SECTOR, "memory")
RESALE = Target(TargetKind.THEME, "compute_resale")
STARTER = Target(TargetKind.PACK, "compute")
EVERYTHING = Target(TargetKind.ALL)


def small_vocabulary() -> MemoryVocabulary:
    """Five companies, one of them ambiguous, a sector, a theme and a pack."""
    return MemoryVocabulary(
        {
            "nvidia": [NVIDIA],
            "nvda": [NVIDIA],
            "micron": [MICRON],
            "mu": [MICRON],
            "sk hynix": [HYNIX],
            "000660.ks": [HYNIX],
            "meta": [META, META_MATERIALS],
            "meta platforms": [META],
            "memory": [MEMORY],
            "compute resale": [RESALE],
            "compute_resale": [RESALE],
            "pack:compute": [STARTER],
        },
        {
            "NVDA": "Nvidia",
            "MU": "Micron",
            "000660.KS": "SK Hynix",
            "META": "Meta",
            "MMAT": "Meta Materials",
            "memory": "memory makers",
            "compute_resale": "compute resale",
            "compute": "AI compute market",
        },
    )
