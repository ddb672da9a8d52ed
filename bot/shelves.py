"""The doors to what was stored: for those who look things up, draw charts and count votes; `ports` has the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Protocol

from bot.model import (
    Alert,
    Digest,
    Entry,
    Modality,
    Severity,
    Sighting,
    Silence,
    Story,
    Subscriber,
    Target,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """What readers said of the cards of a rule, or of a source."""

    name: str  # the rule's or the feed's id
    useful: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one reader said of one card, as far as that is still stored."""

    alert: Alert
    entry: Entry
    useful: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a chat wants, as a file says it: of the fields only those that are named; the others stay as they are."""

    named: frozenset[str]  # names of the fields below
    language: str = ""
    level: Severity = Severity.LOW
    timezone: str = ""
    quiet: tuple[time, time] | None = None
    budget: int | None = None
    digest: Digest | None = None
    follow: tuple[
        tuple[Target, Severity | None], ...
    ] = ()  # exactly this, each from a level on or as the chat says
    mute: tuple[Silence, ...] = ()  # exactly this of companies, rules and sources; mutes of stories stay


class Imports(Protocol):
    """Settings that somebody sent as a file, until they are applied. Every method is one short transaction."""

    def keep(self, import_id: str, subscriber_id: str, wishes: Wishes, now: datetime, /) -> None:
        """Keep them for a day; of one chat only the last ones are."""
        ...

    def kept(self, import_id: str, subscriber_id: str, now: datetime, /) -> Wishes | None:
        """Those of the chat by their id; None: they were applied, dropped or replaced, or the day is over."""
        ...

    def drop(self, import_id: str, subscriber_id: str, /) -> None:
        """Forget them."""
        ...

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
        """Set all of it at once and forget that it waited; False: it does not wait any more, and nothing was set.

        Args:
            import_id: Of what waits.
            subscriber_id: The chat.
            wishes: What waits, completed by what it entails.
            now: The time.
            due: When the first digest is, if they name a digest.
            by_budget: Whether only a budget wants that digest.
        """
        ...


class Feedback(Protocol):
    """Useful or noise, by alert, chat and person."""

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
        """Note a vote; who votes again changes it. False: the chat never got the card, and nothing is noted."""
        ...

    def of_reader(self, rule_id: str, subscriber_id: str, since: datetime, /) -> Votes:
        """Those of one chat on the cards of one rule."""
        ...

    def of_chat(self, subscriber_id: str, since: datetime, limit: int, /) -> list[Vote]:
        """Those of one chat, the newest first, `limit` at most."""
        ...

    def by_rule(self, since: datetime, /) -> list[Votes]:
        """For each rule that has any."""
        ...

    def by_source(self, since: datetime, /) -> list[Votes]:
        """For each feed that has any."""
        ...


MAY_NOT_WRITE = "may not write here"
"""How the error of a subscriber begins that only lacks the right to be written to."""


class Bindings(Protocol):
    """The places of a group or channel (the chat itself, its topics), and who turned their alerts on.

    A chat is named by its id. Every method is one short transaction.
    """

    def places(self, chat: str, /) -> list[Subscriber]:
        """The chat and its topics, as far as they were ever turned on."""
        ...

    def note(self, subscriber_id: str, user: str, now: datetime, /) -> None:
        """Remember who turned a place on last."""
        ...

    def binder(self, subscriber_id: str, /) -> str:
        """Who did, by the user's id; empty if that is not known."""
        ...

    def is_banned(self, chat: str, /) -> bool:
        """Whether managers keep the chat, or the user of this id, out."""
        ...

    def release(self, subscriber_id: str, /) -> None:
        """Forget who did, and that the place only waits for a right."""
        ...

    def pause(self, chat: str, now: datetime, /) -> list[Subscriber]:
        """It may not be written to: turn off what is on until `resume`; what is followed stays. Gives those turned off."""
        ...

    def resume(self, chat: str, /) -> list[Subscriber]:
        """It may be written to: turn on again what is off with an error of `MAY_NOT_WRITE`; gives those turned on."""
        ...

    def leave(self, chat: str, now: datetime, /) -> None:
        """The bot was removed: turn everything off, until somebody turns it on again."""
        ...

    def move(self, chat: str, to: str, now: datetime, /) -> None:
        """The chat has another id, or that of a name (@channel) has been learned."""
        ...


class Acks(Protocol):
    """Who has seen which card in a group."""

    def toggle(
        self, subscriber_id: str, message_id: str, user: str, name: str, now: datetime, /
    ) -> bool | None:
        """Note that somebody has seen the card of the story that a message tells, or that they take it back.

        The card is brought up to date. Nothing is noted if no such message was sent there (False), or if alerts
        are off there (None).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMark:
    """An alert as a chart shows it."""

    at: datetime
    level: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How often something was spoken of day by day, and the alerts about it."""

    first: date  # the first day
    counts: tuple[int, ...]  # entries of each day from the first on; of the last one so far
    before: int | None  # entries of the same stretch before; None where that is not known whole
    since: datetime | None  # when counting began; None before the first entry
    alerts: tuple[AlertMark, ...]  # first cards of stories, oldest first


class Trends(Protocol):
    """Remembers how often companies, sectors and themes are spoken of."""

    def trend(self, target: Target, days: int, now: datetime, tz: tzinfo, /) -> Trend:
        """What was counted on the last `days` days of the zone, today included, and on as many before.

        An entry counts once for each company that it names, each theme of its news and each sector that it
        speaks of or that acts in it, on the day it was published. Takes milliseconds, up to some tens: not
        for the event loop.

        Raises:
            StoreError: The database can't be read.
        """
        ...


class Drafts(Protocol):
    """What chats are putting together: texts that buttons name by an id. Every method is one short transaction."""

    def keep(self, subscriber_id: str, text: str, now: datetime, /) -> str:
        """Keep a text and give the id by which it is found; old ones, and many of one chat, are dropped."""
        ...

    def kept(self, draft_id: str, /, *, subscriber_id: str) -> str:
        """A kept text, to the chat that it belongs to only; empty if there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What somebody looks for among the stored entries; all of it must hold."""

    words: tuple[
        str, ...
    ] = ()  # words or phrases, in the title or the text, in any form ('sells', 'selling')
    is_typing: bool = False  # of the last word only the beginning may be there yet
    companies: tuple[str, ...] = ()  # one of them is mentioned or acts
    theme: str = ""  # of an event that is news in it
    modality: Modality | None = None  # of that same event
    level: Severity | None = None  # its story was told at this level or above
    since: datetime | None = None  # counts as published then or later


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search has found."""

    entries: tuple[str, ...]  # ids, newest first; of a story only the entry that came last
    is_complete: bool = True  # False: older ones may be left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search as a chat made it, kept so that its pages can be turned."""

    id: str
    subscriber_id: str
    asked: str  # as it was typed
    found: Found
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """What was found: an entry, or of a story the one that tells it best, with the loudest card of that.

    Best is an entry that claims what the card told over one that says something else of it, a report over a post, an
    origin over a copy, the more reliable tier, and then the first.
    """

    entry: Entry
    story: Story | None = None
    alert: Alert | None = None  # at the level at which it was told last; None: nobody was told
    newest: datetime | None = None  # when the entry that was found came, where another tells the story


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that is known of how a story went."""

    story: Story
    alerts: tuple[Alert, ...]  # of any kind, oldest first
    sightings: tuple[Sighting, ...]  # its claims as they came and changed, in that order
    entries: Mapping[
        str, Entry
    ]  # by id: its members, what sightings and alerts speak of; pruned ones are missing
    withdrawals: frozenset[str]  # ids of entries that take a report back
    parts: tuple[Story, ...]  # of a story of stories: those that are still stored, in order


class Library(Protocol):
    """What was stored and told, for those who look things up. Any method may take a second: call it in a thread."""

    def search(self, query: Query, /) -> Found:
        """Entries that fit; at most as many as a person turns pages for, and what was found when time was up."""
        ...

    def keep(self, search: Search, /) -> None:
        """Keep a search for its pages; old ones, and many of one chat, are dropped."""
        ...

    def kept(self, search_id: str, /, *, subscriber_id: str) -> Search | None:
        """A kept search, to the chat that made it only."""
        ...

    def hits(self, entry_ids: Sequence[str], /) -> list[Hit]:
        """What these entries tell, in this order; those that are stored no more are left out."""
        ...

    def top(self, since: datetime, limit: int, /) -> list[Hit]:
        """The biggest stories that were told and to which something came since then.

        Each with the entry that tells it best. By independent origins, then level, then copies. Stories of stories are left out: they would count
        others' sources.
        """
        ...

    def history(self, reference: str, /, *, subscriber_id: str = "") -> History | None:
        """A story by its id, by that of an alert of it (or the start of either), or by a message in the chat."""
        ...
