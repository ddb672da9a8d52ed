"""Matches, decisions and alerts: from 'a rule is satisfied' to 'somebody hears of it'."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Literal

from bot.model.analysis import Event

STORY_WINDOW = timedelta(hours=72)
"""A story to which nothing was added for this long grows no more: what comes then begins another."""
DENIABLE = timedelta(days=10)
"""For so long a story is kept in mind after its last entry: a denial of it may take its time."""


Level = Literal["info", "low", "medium", "high", "critical"]
"""The names of the severities, as files write them."""


class Severity(IntEnum):
    """How loud an alert is."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @classmethod
    def parse(cls, word: str) -> Severity:
        """Read a level's name in any case.

        Raises:
            KeyError: No such level.
        """
        return cls[word.upper()]

    @property
    def word(self) -> str:
        """Its name in lower case."""
        return self.name.lower()


class Reason(StrEnum):
    """Why an entry, a match or a notification was sent or held back. Every one is also a counter."""

    # sent
    FIRST = "first"  # the first card of a story for a rule
    DEVELOPED = "developed"  # a material change: a reply
    DENIED = "denied"  # the claim was denied: a reply to those who saw it
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"  # the outlet took its report back
    SPILLOVER = "spillover"  # what the card predicted was seen
    CORRELATED = "correlated"  # the first card of several stories that a rule puts together
    COUNTED = "counted"  # a further origin or copy: a silent edit
    # held back, first stage first
    BASELINE = "baseline"  # first poll of a new feed
    UNCHANGED = "unchanged"  # a revision that changes nothing that matters
    STALE = "stale"  # published too long ago
    ECHO = "echo"  # an exact or near copy of an entry
    NO_EVENT = "no_event"  # nothing of any theme found in it
    BACKGROUND = "background"  # only recalled events
    NO_RULE = "no_rule"  # events, but no rule is satisfied
    UNCORROBORATED = "uncorroborated"  # waits for more origins
    UNSEEN_DENIAL = "unseen_denial"  # a denial or withdrawal of something that nobody was told
    THROTTLED = "throttled"
    INHIBITED = "inhibited"  # the subscriber was told by a louder rule that covers it
    SILENCED = "silenced"
    AWAY = "away"  # published while the program was down: it is told in one message
    OVER_BUDGET = "over_budget"  # the subscriber has had its sounds of the day: it is in the digest
    BELOW_LEVEL = "below_level"  # the subscriber wants louder ones only
    MUTED = "muted"  # the subscriber has muted everything for now
    NOT_WATCHED = "not_watched"  # nobody subscribes to it


class Change(StrEnum):
    """What an entry did to its story; `update` in a rule names these."""

    NEW_STORY = "new_story"
    COPY = "copy"
    NEW_ORIGIN = "new_origin"
    NEW_CLAIM = "new_claim"
    STAGE_UP = "stage_up"
    CONFIRMED = "confirmed"
    DENIED = "denied"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"  # an outlet took its own report back
    SPILLOVER = "spillover"  # a company that the story's card exposed moved as predicted


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a rule wants its matches handled, carried by each match so that deciding needs no rulebook."""

    window: timedelta = STORY_WINDOW  # a card older than this is followed by a new one
    throttle: timedelta | None = None  # between two messages with sound
    throttle_per: Literal["story", "actor", "rule"] = "story"  # for actor and rule, first cards count too
    corroborate: tuple[tuple[int, int], ...] = ()  # (origins at least, tier at most), one suffices
    edit_on: frozenset[Change] = frozenset({Change.NEW_ORIGIN, Change.COPY, Change.NEW_CLAIM})
    reply_on: frozenset[Change] = frozenset(
        {
            Change.STAGE_UP,
            Change.CONFIRMED,
            Change.DENIED,
            Change.CORRECTED,
            Change.WITHDRAWN,
            Change.SPILLOVER,
        }
    )
    hops: int = 0  # of the exposure graph; 0: none
    min_weight: float = 0.3
    reverse: bool = False  # what the theme helps is hurt, and the other way round


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A rule is satisfied by a story. A fact, not yet a decision."""

    rule_id: str
    pack: str
    level: Severity
    title: str  # the rule's title with {actor} and the like filled in
    story_id: str
    entry_id: str
    event: Event
    rule_line: str = ""  # file:line of the rule, for "why"
    policy: Policy = Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether anybody hears of a match, and why.

    A match is a fact; a decision is a judgement about it, kept also when it says no.
    """

    send: bool
    reason: Reason
    until: datetime | None = None  # when the reason stops holding, UTC
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A decision with what it was about, as stored: the answer to 'why' and 'why not'."""

    entry_id: str
    at: datetime
    decision: Decision
    story_id: str = ""
    rule_id: str = ""
    rule_line: str = ""
    subscriber_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A company that an event at another one touches."""

    company: str
    path: tuple[str, ...]  # relations from the event to it, e.g. ("competes_with",)
    weight: float  # in (0, 1]
    via: tuple[str, ...] = ()  # companies in between
    direction: int = -1  # -1 hurt, +1 helped


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A company that stands in a relation to another one."""

    company: str
    step: str  # what it is to the other: supplies, competes_with, customer_of, funds, funded_by
    weight: float  # in (0, 1]: how much of the one's business hangs on the other
    known_since: date
    source: str = ""  # where that is publicly known from


class AlertKind(StrEnum):
    """What the reader's phone does."""

    NEW = "new"  # a card with sound (silent when low)
    EDIT = "edit"  # the card changes in place, no sound
    REPLY = "reply"  # an answer to the card, with sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing to tell about a story; one rule, at most one `new` per story."""

    id: str
    kind: AlertKind
    reason: Reason
    rule_id: str
    pack: str
    rule_line: str
    level: Severity
    title: str
    story_id: str
    entry_id: str  # the entry that caused it
    event: Event
    evidence: str  # the words themselves, a substring of the stored entry
    created_at: datetime
    companies: frozenset[str] = frozenset()
    sectors: frozenset[str] = frozenset()
    exposures: tuple[Exposure, ...] = field(default_factory=tuple)
    note: str = ""  # for a reply: what changed, in the fixed words of `delivery.stored`
    together: tuple[str, ...] = ()  # what a correlation puts together, a line each, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Something that is not told for a while: an operator's silence, or a mute of a reader's own."""

    id: str
    until: datetime
    rule_id: str = ""
    company: str = ""
    story_id: str = ""
    feed_id: str = ""
    comment: str = ""
