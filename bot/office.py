"""The doors for those who run the bot, and for whoever asks what it knows of them; see `ports` for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from bot.model import Card, Feed


class Admission(StrEnum):
    """What managers have said of a user or a chat."""

    UNKNOWN = ""
    ALLOWED = "allowed"
    BANNED = "banned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that a manager did."""

    at: datetime
    who: str  # the manager's user id
    what: str  # as it was typed
    result: str


class Privacy(Protocol):
    """All that is known of a chat, with its topics where it is named without one."""

    def everything(self, subscriber_id: str, now: datetime, /) -> Mapping[str, Any]:
        """What is stored about it, ready to be written as JSON."""
        ...

    def erase(self, subscriber_id: str, now: datetime, /) -> bool:
        """Delete it, with every mention of it; False if there was nothing."""
        ...


class Access(Protocol):
    """Who may use the bot, by Telegram's ids of users and chats. Every method is one short transaction."""

    def admission(self, number: str, /) -> Admission:
        """What managers have said of it."""
        ...

    def is_subscribed(self, number: str, /) -> bool:
        """Whether the chat of this id, or a topic in it, is a subscriber."""
        ...

    def admit(self, number: str, admission: Admission, who: str, now: datetime, /) -> None:
        """Let it in or keep it out; a chat that is kept out gets nothing any more."""
        ...

    def limit(self) -> int:
        """How many commands a minute a user may give."""
        ...

    def set_limit(self, limit: int, /) -> None:
        """Allow so many."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A subscriber as managers see it: never what it follows."""

    address: str
    active: bool
    created_at: datetime | None
    error: str = ""  # why it can't be reached


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Subscribers in figures."""

    active: int
    inactive: int
    groups: int  # active ones that are groups or channels
    new: int  # of the last 7 days
    allowed: int
    banned: int
    newest: Sequence[Person] = ()
    gone: Sequence[Person] = ()  # inactive ones, newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """Something told to all subscribers."""

    id: str
    at: datetime
    state: str  # drafted, queued, cancelled
    recipients: int  # of a draft: who would get it now
    sent: int = 0
    waiting: int = 0


class Registry(Protocol):
    """What managers do about people, and the list of what they did."""

    def people(self, now: datetime, limit: int, /) -> People:
        """Subscribers in figures, with the `limit` newest and the `limit` last that were lost."""
        ...

    def draft(self, card: Card, who: str, now: datetime, /) -> Broadcast:
        """Keep something to tell all, until it is confirmed."""
        ...

    def broadcast(self, broadcast_id: str, /) -> Broadcast | None:
        """How it stands."""
        ...

    def send(self, broadcast_id: str, now: datetime, /) -> bool:
        """Queue a draft for every active subscriber, below every alert; False if it is no draft any more."""
        ...

    def cancel(self, broadcast_id: str, now: datetime, /) -> int:
        """Close what of it still waits, or drop the draft; how many will not get it."""
        ...

    def note(self, deed: Deed, /) -> None:
        """Add to the list of what was done."""
        ...

    def deeds(self, limit: int, /) -> Sequence[Deed]:
        """What was done last, newest first."""
        ...

    def times(self, who: str, beginning: str, since: datetime, until: datetime, /) -> int:
        """How many deeds of somebody begin so, after `since` and not after `until`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """How a feed stands."""

    id: str
    title: str
    url: str
    kind: str
    tier: int
    state: str  # active, paused, gone, blocked, off (its bridge is not set)
    failures: int = 0
    last_ok_at: datetime | None = None
    last_error: str = ""
    next_poll_at: datetime | None = None
    per_day: float = 0.0  # entries, over the last 7 days
    is_added: bool = False  # by a manager, not in the file
    is_changed: bool = False  # otherwise than the file says

    @property
    def is_down(self) -> bool:
        """Whether nothing comes of it that should."""
        return self.state in ("gone", "blocked") or (self.state == "active" and self.failures > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedChange:
    """What a manager wants otherwise than the file says."""

    feed_id: str
    enabled: bool | None = None  # None: as the file says
    url: str = ""  # empty: the file's
    instead_of: str = ""  # the file's address when it was changed: once that is edited, the file counts again
    added: Feed | None = None  # a feed that is not in the file

    @property
    def is_nothing(self) -> bool:
        """Whether it wants nothing otherwise."""
        return self.enabled is None and not self.url and self.added is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one poll of an address brought; nothing of it is stored."""

    url: str
    title: str = ""
    entries: int = 0
    newest: Sequence[tuple[datetime | None, str]] = ()  # when and what, newest first
    warnings: Sequence[str] = ()
    error: str = ""


class Sources(Protocol):
    """The feeds. What managers change is kept beside `rules/sources.yaml` and outlives restarts and reloads.

    Raises:
        ConfigError: What is asked for is not possible; the message is for the manager.
    """

    async def listing(self) -> Sequence[Source]:
        """Every feed: those that are down first, then in the order of the list."""
        ...

    async def pause(self, feed_id: str, /) -> None:
        """Poll it no more."""
        ...

    async def resume(self, feed_id: str, /) -> None:
        """Poll it again, and soon; also one that is gone or blocked."""
        ...

    async def test(self, reference: str, /) -> Trial:
        """Poll a feed, named by its id or any address, once."""
        ...

    async def move(self, feed_id: str, url: str, /) -> Trial:
        """Poll a feed at another address from now on, if that can be read; its entries stay."""
        ...

    async def add(self, url: str, kind: str, tier: int, /) -> tuple[str, Trial]:
        """Poll a further address, if it can be read; gives the feed's id."""
        ...

    async def remove(self, feed_id: str, /) -> None:
        """Drop a feed that was added."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How the program and its machine are."""

    started_at: datetime
    loop_delay: float  # seconds
    memory: int  # bytes
    database: int  # bytes, with its log
    disk_free: int  # bytes
    rules: str  # version in force
    trouble: str = ""  # why nothing can be stored just now


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """How long something took, over what came in a day."""

    name: str
    count: int
    median: timedelta
    slow: timedelta  # 95 of 100 were faster


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """From publication to the reader's phone, over the last day."""

    stages: Sequence[Delays] = ()  # published → seen, seen → decided, decided → sent
    kinds: Sequence[Delays] = ()  # published → seen, by kind of source
    worst: Sequence[Delays] = ()  # published → seen, the slowest feeds


class Works(Protocol):
    """The running program.

    Raises:
        BotError: It did not work; the message is for the manager.
    """

    def vitals(self) -> Vitals:
        """How it is."""
        ...

    async def latency(self) -> Latency:
        """How fast it is."""
        ...

    async def reload(self) -> Sequence[str]:
        """Read the rules anew and put them into force; what differs, a line each."""
        ...

    async def lint(self) -> Sequence[str]:
        """Read and test the rules without putting them into force; what would differ, a line each."""
        ...

    async def backtest(self, span: timedelta, /) -> Sequence[str]:
        """What the rules in force would have told of the archive's last days, a line each."""
        ...
