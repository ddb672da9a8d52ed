"""The doors between rooms: what each side may rely on, in prose.

An adapter and its fake keep the same promise and run the same contract tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Protocol, TypeVar

from bot.model import (
    Alert,
    Analysis,
    Digest,
    Entry,
    Event,
    Feed,
    Fetched,
    NotModified,
    OutboxItem,
    ParsedFeed,
    PollState,
    Receipt,
    Setup,
    Severity,
    Silence,
    Story,
    Subscriber,
    Target,
    Verdict,
)

T = TypeVar("T")

Clock = Callable[[], datetime]
"""Says what time it is, UTC-aware. The demo's runs fast, a backtest's is the entry's own."""


class Working(Protocol):
    """Does something in the thread in which texts are analysed, since one at a time may be."""

    async def __call__(self, work: Callable[[], T], /) -> T:
        """Do it, in the language that is spoken here.

        Raises:
            StoreError: The program is starting or stopping.
        """
        ...


class Fetcher(Protocol):
    """Gets a feed's body."""

    async def fetch(self, feed: Feed, state: PollState, /) -> Fetched | NotModified:
        """Ask the server once, with the validators of `state`.

        Raises:
            FetchError: No usable answer; says whether and when to ask again.
        """
        ...


class Parser(Protocol):
    """Turns a body into entries, however hostile the body is."""

    async def parse(self, feed: Feed, fetched: Fetched, now: datetime, /) -> ParsedFeed:
        """Read the body within limits of processor time and memory.

        Raises:
            ParseError: It is no feed, or reading it went over a limit.
        """
        ...


class Analyzer(Protocol):
    """Understands entries. Pure: the same entries and version give the same analyses."""

    @property
    def version(self) -> str:
        """Changes whenever its code's or its data's meaning changes."""
        ...

    def analyze(self, entries: Sequence[Entry], /) -> list[Analysis]:
        """One analysis for each entry, in order.

        Raises:
            AnalysisError: The pipeline failed; no entry was analysed.
        """
        ...


class Channel(Protocol):
    """Delivers one notification to one subscriber; safe to call again with the same one."""

    async def send(self, item: OutboxItem, /) -> Receipt:
        """Deliver it: a new message, an edit of `item.reply_to`, or a reply to it.

        Raises:
            TransientDeliveryError: Try again after `retry_after`.
            RejectedError: This message can never be delivered.
            SubscriberGoneError: This subscriber can never be reached, or has moved.
        """
        ...


class Outbox(Protocol):
    """The persisted queue of notifications. Every method is one short transaction.

    A row stays pending until a receipt is recorded, so that whatever a crash interrupts is sent again.
    """

    def due(
        self, now: datetime, limit: int, /, *, exclude: frozenset[str], channels: frozenset[str] | None = None
    ) -> list[OutboxItem]:
        """Pending items whose time has come: louder levels first, then older first.

        At most one item a subscriber (its oldest of the loudest level; an edit or a reply never
        before its card), so that order is kept in each chat. `exclude` names subscriber ids
        that have one in flight or must wait; `channels` names those that are asked for, None for all.
        """
        ...

    def delivered(self, notification_id: str, receipt: Receipt, /) -> None:
        """It arrived: close the row, remember the message id for edits and replies."""
        ...

    def delivered_all(self, receipts: Mapping[str, Receipt], /) -> None:
        """The same for several, by notification id, in one transaction: all of it is written, or nothing."""
        ...

    def retry(self, notification_id: str, at: datetime, error: str, /) -> None:
        """It did not arrive: try again at `at`; counts an attempt."""
        ...

    def park(self, notification_id: str, error: str, now: datetime, /) -> None:
        """It can never be delivered: close the row with the error, shown in status."""
        ...

    def deactivate(self, subscriber_id: str, error: str, now: datetime, /) -> None:
        """The subscriber can't be reached: mark it inactive, close its pending rows."""
        ...

    def moved(self, subscriber_id: str, address: str, now: datetime, /, *, arrived: str = "") -> None:
        """The chat has a new address: rewrite it, merge with a subscriber that is already there.

        What waits for both goes once: as that of who is there, but for the notification that has just `arrived`.
        """
        ...

    def next_due_at(self, now: datetime, /, *, channels: frozenset[str] | None = None) -> datetime | None:
        """When the earliest pending item of these channels may be tried; None if there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer to 'why': an alert, its evidence, and every decision about its entry."""

    alert: Alert
    entry: Entry
    story_title: str
    origins: int
    copies: int
    verdicts: tuple[Verdict, ...]
    story: Story | None = None  # as it stands now; None if it is stored no more
    told: Event | None = None  # what the card told, where the alert is an answer to one


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the program is doing, for `/status` and the metrics."""

    feeds: int
    feeds_failing: int
    feeds_stopped: int
    entries: int
    stories: int
    alerts: int
    subscribers: int
    pending: int
    parked: int
    oldest_pending_at: datetime | None
    last_poll_at: datetime | None
    counters: Mapping[str, int]  # Reason → how often


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Cards of the past, for saying what somebody would have been sent.

    Only what anybody was sent is kept, so that all of a level is there only while somebody follows everything at it.
    """

    alerts: tuple[tuple[Alert, Entry], ...]  # `new` ones with the entries behind them, newest first
    since: datetime | None  # from when on they are all there; None before the first entry
    listened: Mapping[Severity, datetime]  # since when somebody has followed everything, by that chat's level


class Desk(Protocol):
    """What the chat commands read and write. Every method is one short transaction."""

    def subscriber(self, subscriber_id: str, /) -> Subscriber | None:
        """The subscriber, active or not."""
        ...

    def enroll(self, channel: str, address: str, now: datetime, /) -> Subscriber:
        """Add the subscriber or wake it up again, keeping what it followed."""
        ...

    def leave(self, subscriber_id: str, now: datetime, /) -> None:
        """Stop sending: inactive, pending rows closed, subscriptions kept."""
        ...

    def watch(
        self, subscriber_id: str, target: Target, now: datetime, /, *, level: Severity | None = None
    ) -> bool:
        """Follow a target, from this level on if one is given; False if it was followed just so already."""
        ...

    def unwatch(self, subscriber_id: str, target: Target, /) -> bool:
        """Stop following; False if it was not followed."""
        ...

    def watches(self, subscriber_id: str, /) -> list[Target]:
        """What is followed, in the order of following."""
        ...

    def floors(self, subscriber_id: str, /) -> dict[Target, Severity]:
        """Below which level some of what is followed is left out, whatever the chat's own level."""
        ...

    def setup(self, subscriber_id: str, /) -> Setup | None:
        """How far a new chat has come with saying what it wants; None where it is done or never began."""
        ...

    def save_setup(self, subscriber_id: str, setup: Setup | None, /) -> None:
        """Keep how far it has come; None: it is done."""
        ...

    def past(self, since: datetime, limit: int, /) -> Past:
        """What was told to anybody since then, `limit` cards at most; may take a moment, so ask in a thread."""
        ...

    def story(self, story_id: str, /) -> Story | None:
        """A story as it stands now, open or not; None once it was pruned."""
        ...

    def set_level(self, subscriber_id: str, level: Severity, /) -> None:
        """Send nothing below this level."""
        ...

    def mute(self, subscriber_id: str, until: datetime | None, /) -> None:
        """Hold back everything until then; None lifts it."""
        ...

    def set_language(self, subscriber_id: str, language: str, /) -> None:
        """Speak to it in this language (an ISO 639 code)."""
        ...

    def set_timezone(self, subscriber_id: str, timezone: str, /) -> None:
        """Read times, quiet hours, days and digests by this clock (an IANA name)."""
        ...

    def set_quiet(self, subscriber_id: str, quiet: tuple[time, time] | None, /) -> None:
        """Ring nobody between these times of day; None: at any time."""
        ...

    def set_budget(self, subscriber_id: str, budget: int | None, /) -> None:
        """Ring so often a day at most; None: as often as may be."""
        ...

    def set_digest(
        self, subscriber_id: str, digest: Digest | None, due: datetime | None, /, *, by_budget: bool = False
    ) -> None:
        """Send digests at these times, the first one when it is due; None: no more. Says whether a budget wants it."""
        ...

    def sounds(self, subscriber_id: str, since: datetime, /) -> int:
        """How often it was rung since then, as budgets count."""
        ...

    def add_mute(self, subscriber_id: str, mute: Silence, /) -> None:
        """Hold back what it covers until it ends; one that covers the same is replaced."""
        ...

    def mutes(self, subscriber_id: str, now: datetime, /) -> list[Silence]:
        """A subscriber's own mutes that are in force, the first to end first."""
        ...

    def end_mute(self, subscriber_id: str, mute_id: str, /) -> bool:
        """End one before its time; False if there is none of this id."""
        ...

    def sent_cards(self, subscriber_id: str, since: datetime, limit: int, /) -> list[tuple[Alert, Story]]:
        """The cards that a subscriber got since then, newest first, each with its story as it stands now."""
        ...

    def latest(self, limit: int, /, *, subscriber_id: str = "") -> list[Alert]:
        """Newest `new` alerts first; only those sent to the subscriber if one is named, at the level of what it was told since."""
        ...

    def why(self, reference: str, /, *, subscriber_id: str = "") -> Explanation | None:
        """Explain an alert by its id (or the start of it), or by a message id in the subscriber's chat."""
        ...

    def status(self, now: datetime, /) -> Status:
        """Figures of the whole program."""
        ...


class Vocabulary(Protocol):
    """Turns what a person types into targets, and ids into names."""

    def resolve(self, text: str, /) -> list[Target]:
        """Targets meant by a name, alias, ticker, cashtag, theme, sector or pack; several if ambiguous, none if unknown."""
        ...

    def suggest(self, text: str, /) -> list[str]:
        """The nearest known words, best first, for 'did you mean'."""
        ...

    def name(self, target_id: str, /) -> str:
        """A readable name for a company, sector or theme id; the id itself if unknown."""
        ...
