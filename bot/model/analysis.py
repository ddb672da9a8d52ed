"""What a text says: mentions, sectors, events, and how certain each event is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Stage(StrEnum):
    """What the text says has happened. Ordered from least to most."""

    EXPLORING = "exploring"
    PLANNED = "planned"
    AGREED = "agreed"
    DONE = "done"

    @property
    def rank(self) -> int:
        """0 (exploring) to 3 (done)."""
        return list(Stage).index(self)


class Attribution(StrEnum):
    """Who says so. Ordered from weakest to strongest."""

    SPECULATION = "speculation"  # somebody else's forecast, fear, question, or hypothetical
    SOURCED = "sourced"  # media, unnamed people, research
    ON_RECORD = "on_record"  # the company or an official
    FILING = "filing"  # a filing or market data

    @property
    def rank(self) -> int:
        """0 (speculation) to 3 (filing)."""
        return list(Attribution).index(self)


class Polarity(StrEnum):
    """Whether the text says that it is so."""

    AFFIRMED = "affirmed"
    DENIED = "denied"
    CORRECTED = "corrected"


class Modality(StrEnum):
    """The three axes in one word, as the labelling guidelines define it."""

    CONFIRMED = "confirmed"
    REPORTED = "reported"
    CONSIDERING = "considering"
    SPECULATED = "speculated"
    DENIED = "denied"


def modality(stage: Stage, attribution: Attribution, polarity: Polarity) -> Modality:
    """Derive the one word from the three axes; nowhere else is it derived.

    A denial is a denial whoever utters it, and a speculation one whatever its stage. A stage short of
    agreed is `considering`. What is agreed or done is `confirmed` on the record or in data, else
    `reported`.
    """
    if polarity is Polarity.DENIED:
        return Modality.DENIED
    if attribution is Attribution.SPECULATION:
        return Modality.SPECULATED
    if stage in (Stage.EXPLORING, Stage.PLANNED):
        return Modality.CONSIDERING
    strong = attribution in (Attribution.ON_RECORD, Attribution.FILING)
    return Modality.CONFIRMED if strong else Modality.REPORTED


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of an entry's title or text."""

    field: Literal["title", "text"]
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A company found at a place."""

    company: str  # canonical id
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One claim of a theme."""

    theme: str
    actor: str | None  # company or sector id
    stage: Stage
    attribution: Attribution
    polarity: Polarity
    evidence: Span
    fresh: bool = True  # False: background that the text recalls
    targets: tuple[str, ...] = ()
    score: float = 1.0  # in [0, 1]
    cue: str = ""  # which pattern or model found it

    @property
    def modality(self) -> Modality:
        """See `modality`."""
        return modality(self.stage, self.attribution, self.polarity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What one revision of an entry says; the same text and version give the same analysis."""

    entry_id: str
    mentions: tuple[Mention, ...] = ()
    sectors: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    flags: frozenset[str] = field(default_factory=frozenset)  # "ai_generated", "promotional", …
    version: str = ""  # of the analyzer and its data

    @property
    def companies(self) -> tuple[str, ...]:
        """Canonical ids, once each, in order of first mention."""
        return tuple(dict.fromkeys(m.company for m in self.mentions))

    @property
    def fresh_events(self) -> tuple[Event, ...]:
        """What the text brings as its news."""
        return tuple(e for e in self.events if e.fresh)

    @property
    def withdraws(self) -> bool:
        """Whether an outlet takes a report of its own back: the claims are then those of that report."""
        return "withdrawn" in self.flags
