"""What `process` reads (a snapshot) and what it decides (an outcome), as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.model.alert import Alert, Reason, Severity, Silence, Verdict
from bot.model.analysis import Analysis
from bot.model.delivery import Notification, Subscriber, Target
from bot.model.feed import Entry, PollState
from bot.model.story import Sighting, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A subscriber has (or is about to get) the card of a story."""

    story_id: str
    subscriber_id: str
    alert_id: str  # of the card
    rule_id: str
    level: Severity
    last_sound_at: datetime  # when something with sound about it was last queued
    in_digest: bool = False  # it was a line of a digest, and there is no card to edit


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry that the archive already has."""

    id: str
    content: str
    revision: int
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a subscriber is told later, in a digest; one for each story."""

    subscriber_id: str
    alert: Alert
    reason: Reason
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestDue:
    """A digest that is to be sent."""

    subscriber: Subscriber
    held: tuple[Held, ...]
    stories: Mapping[str, Story]  # as they stand now, by id
    known: frozenset[str]  # ids of those alerts that are stored, since somebody else has got them
    is_regular: bool  # its time has come; False: it tells what was missed while the program was down


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSent:
    """What was held for a subscriber has been told: what came until then is forgotten."""

    subscriber_id: str
    upto: datetime
    is_regular: bool  # False: it told only what was missed while the program was down
    next_at: datetime | None = None  # when the next regular one is due


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time in which nobody watched."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is known before a batch; nothing in it changes while the batch is processed."""

    known: Mapping[str, Known] = field(default_factory=dict)  # by the batch's entry ids
    stories: Mapping[str, Story] = field(default_factory=dict)  # open ones, by id
    told: Mapping[str, Mapping[str, Told]] = field(default_factory=dict)  # by story id, by subscriber id
    cards: Mapping[str, tuple[Alert, Entry]] = field(default_factory=dict)  # by alert id
    subscribers: tuple[Subscriber, ...] = ()  # active ones
    watches: Mapping[str, frozenset[Target]] = field(default_factory=dict)  # by subscriber id
    floors: Mapping[str, Mapping[Target, Severity]] = field(
        default_factory=dict
    )  # of some of it, by subscriber id
    silences: tuple[Silence, ...] = ()  # the operator's
    mutes: Mapping[str, tuple[Silence, ...]] = field(default_factory=dict)  # by subscriber id
    sounds: Mapping[str, Sequence[datetime]] = field(default_factory=dict)  # of late, where there is a budget
    gap: Gap | None = None  # that has just ended
    sightings: Mapping[str, Sequence[Sighting]] = field(default_factory=dict)  # by theme, oldest first
    since: datetime | None = None  # of the oldest sighting ever
    watched: datetime | None = None  # when watching began anew after its last interruption
    # Since when each feed that has ever answered does so without a break, None: not now. Without it, all always did.
    answering: Mapping[str, datetime | None] | None = None
    moved: Mapping[str, str] = field(default_factory=dict)  # former subscriber id → id, of chats that moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that a batch decides; applied in one transaction or not at all."""

    states: tuple[PollState, ...] = ()
    entries: tuple[Entry, ...] = ()  # new ones and revisions
    analyses: tuple[Analysis, ...] = ()
    stories: tuple[Story, ...] = ()  # new or changed
    alerts: tuple[Alert, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    told: tuple[Told, ...] = ()  # new or changed
    notifications: tuple[Notification, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    held: tuple[Held, ...] = ()
    digests: tuple[DigestSent, ...] = ()
