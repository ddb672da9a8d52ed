"""Feeds, how polling them stands, and the entries that they show."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

HEADLINE = 120  # characters of a text that stand for a title


class SourceKind(StrEnum):
    """What sort of voice a feed is."""

    WIRE = "wire"
    PAPER = "paper"
    TRADE = "trade"
    NEWSROOM = "newsroom"  # a company's own
    FILING = "filing"
    REGULATOR = "regulator"
    BLOG = "blog"
    SOCIAL = "social"


class FeedStatus(StrEnum):
    """Whether a feed is still polled."""

    ACTIVE = "active"
    PAUSED = "paused"  # by the operator: not enabled, or not in the list any more
    GONE = "gone"  # the server said 410
    BLOCKED = "blocked"  # our guard refuses its address


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One source, as `rules/sources.yaml` names it."""

    id: str
    url: str
    kind: SourceKind
    tier: int  # 1 wire, filing, regulator, newsroom · 2 trade press, papers · 3 blogs, social
    title: str = ""
    language: str = "en"
    interval: timedelta = timedelta(minutes=15)
    lookback: timedelta = timedelta(0)  # entries this young count as news on the very first poll
    enabled: bool = True
    checked: str = ""  # how its address was verified: "docs", "unchecked", …


@dataclass(frozen=True, slots=True, kw_only=True)
class PollState:
    """How polling one feed stands; every field survives a restart."""

    feed_id: str
    status: FeedStatus = FeedStatus.ACTIVE
    address: str = ""  # the feed's own when this began; once that is edited, the rest no longer holds
    url: str = ""  # adopted after repeated permanent redirects; empty: the feed's own
    etag: bytes | None = None  # opaque, quotes included
    last_modified: bytes | None = None  # opaque
    body_hash: str | None = None  # of the last decoded body, against servers that ignore validators
    next_poll_at: datetime | None = None  # None: never polled, due at once (jittered)
    last_polled_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    answers_since: datetime | None = None  # when it began to answer without a break
    answer_by: datetime | None = None  # no answer until then is a break
    failures: int = 0  # in a row
    last_error: str = ""
    redirect_to: str = ""  # target of the last permanent redirect seen
    redirect_seen: int = 0  # how many polls in a row saw that same target
    baselined: bool = False  # the silent first poll is done
    polls: int = 0
    not_modified: int = 0  # answers without news: 304, or the same body again


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a server or a feed asks of those who poll it."""

    min_interval: timedelta | None = None  # the largest of ttl, sy:update*, max-age, Expires
    skip_hours: frozenset[int] = frozenset()  # GMT
    skip_days: frozenset[str] = frozenset()  # "Monday" …, GMT


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A body that came back, decoded from its transfer coding and within the size cap."""

    url: str  # where it came from after redirects
    body: bytes
    body_hash: str
    content_type: str = ""
    etag: bytes | None = None
    last_modified: bytes | None = None
    permanent_redirect: str = ""  # target where every hop was 301 or 308
    hints: Hints = field(default_factory=Hints)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """304, or a body whose hash we already know."""

    etag: bytes | None = None
    last_modified: bytes | None = None
    permanent_redirect: str = ""
    hints: Hints = field(default_factory=Hints)


class DateQuality(StrEnum):
    """How far an entry's own date can be trusted."""

    OK = "ok"
    NAIVE = "naive"  # no zone given, read as UTC
    FUTURE = "future"  # ahead of the clock by more than ten minutes
    ANCIENT = "ancient"  # before 1990: an epoch or a default
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item of a feed, as plain text. Offsets of mentions and evidence point into `title` or `text`.

    `id` is a hash of the feed and the item's own id (link or text where it has none), so that the
    same item seen twice is the same entry. `content` is a hash of title and text: the same id
    with another content is a revision.
    """

    id: str
    feed_id: str
    guid: str
    url: str  # http(s) or empty
    title: str  # plain text, may be empty (social posts)
    text: str  # plain text
    content: str
    published: datetime | None  # UTC; see date_quality
    date_quality: DateQuality
    seen_at: datetime  # UTC, first seen by us
    kind: SourceKind
    tier: int
    language: str = "en"
    source: str = ""  # the publisher as a reader knows it
    author: str = ""
    revision: int = 0

    @property
    def headline(self) -> str:
        """Its title; of a post without one the beginning of its text."""
        return self.title or self.text[:HEADLINE]

    @property
    def at(self) -> datetime:
        """When it counts as published: its own date where that can be trusted, else when we saw it."""
        trusted = self.date_quality in (DateQuality.OK, DateQuality.NAIVE)
        return self.published if self.published is not None and trusted else self.seen_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What one body holds."""

    title: str
    entries: tuple[Entry, ...]  # in the feed's own order
    hints: Hints
    warnings: tuple[str, ...] = ()  # malformed but readable
