"""What an explanation is made of. All of it can be written as JSON by `dataclasses.asdict`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model import Attribution, Modality, Polarity, SourceKind, Span, Stage
from bot.nlp.modality import Sign


class Outcome(StrEnum):
    """What became of a theme that was weighed."""

    TOLD = "told"
    ALMOST = "almost"  # below its threshold, but near
    BELOW = "below"
    VETOED = "vetoed"  # a cue fired, but the learned part hardly believes it
    BARRED = "barred"  # a headline without a text, in which a cue has found another theme
    RECALLED = "background"
    WITHOUT_ACTOR = "without actor"  # all who could be its actor are ruled out


class Decided(StrEnum):
    """Who had the last word on the modality of an event."""

    RULES = "rules"  # the learned part was not asked
    BOTH = "both"
    RULES_OVER_LEARNED = "rules over the learned part"
    LEARNED_OVER_RULES = "the learned part over rules"


class Silence(StrEnum):
    """Why an entry has no event."""

    EMPTY = "nothing to read"
    FOREIGN = "not in English"
    QUIET_TITLE = "quiet title"
    OFF_FIELD = "not about the field"
    BELOW = "below the threshold"
    HELD_BACK = "held back"  # a theme reaches its threshold, but as background or without an actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Words of the entry and what they stand for: a company, a flag, boilerplate."""

    id: str
    name: str
    span: Span
    words: str


class Standing(StrEnum):
    """What became of a cue that fired."""

    HOLDS = "holds"  # an event rests on it
    REPEATS = "another event of its theme stands"
    VETOED = "the learned part hardly believes it"
    WITHOUT_ACTOR = "nobody acts in it"
    UNREAD = "the entry is left aside"  # a quiet title, or not about the field


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """A cue, its place in the rules, and the words in which it was found."""

    theme: str
    cue: str
    where: str
    score: float
    span: Span
    words: str
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What one theme was given, and from where it would be told."""

    theme: str
    name: str
    chance: float
    threshold: float
    by_cue: bool
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Who may be the actor; None is nobody in particular."""

    actor: str | None
    name: str
    chance: float
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One event and how it came about."""

    theme: str
    name: str
    actor: str | None
    actor_name: str
    modality: Modality
    stage: Stage
    attribution: Attribution
    polarity: Polarity
    fresh: bool
    score: float
    span: Span
    words: str
    cue: Fired | None  # None: only the learned part found it
    chance: float | None  # of its theme; None: the learned part had no say
    threshold: float | None
    actors: tuple[Candidate, ...]  # likeliest first
    by_rules: Modality
    signs: tuple[Sign, ...]  # which rules of modality spoke
    shares: tuple[tuple[Modality, float], ...]  # what the learned part gives each modality, largest first
    decided: Decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What an entry says and why it is understood so."""

    title: str  # as far as it is read
    text: str  # likewise
    kind: SourceKind
    unread: int  # characters beyond the limits
    flags: tuple[Passage, ...]
    cut: tuple[Passage, ...]  # boilerplate that is not read
    mentions: tuple[Passage, ...]
    sectors: tuple[str, ...]
    events: tuple[Account, ...]
    chances: tuple[Chance, ...]  # likeliest first; empty where the learned part did not read
    any_claim: float | None  # the chance that the entry makes any claim
    cues: tuple[Fired, ...]  # all that fired, whether or not an event rests on them
    silence: Silence | None  # None: it has an event
    because: str  # the same with what would have to be otherwise
    version: str
