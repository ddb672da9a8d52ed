"""Stories: entries about one happening, and what is known of it so far."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from bot.model.alert import Exposure, Silence
from bot.model.analysis import Analysis, Attribution, Event, Modality, Polarity, Stage, modality
from bot.model.feed import Entry, SourceKind

MEMORY = timedelta(days=92)
"""How far back claims are remembered for rules that correlate them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The furthest that a story's sources have gone on one theme of one actor."""

    theme: str
    actor: str | None
    stage: Stage
    attribution: Attribution
    polarity: Polarity

    @classmethod
    def of(cls, event: Event) -> Claim:
        """What an event claims."""
        return cls(
            theme=event.theme,
            actor=event.actor,
            stage=event.stage,
            attribution=event.attribution,
            polarity=event.polarity,
        )

    @property
    def modality(self) -> Modality:
        """The claim's three axes in one word."""
        return modality(self.stage, self.attribution, self.polarity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An entry that tells the story."""

    entry_id: str
    feed_id: str
    source: str
    at: datetime  # when it counts as published
    origin: bool  # an independent source of the claim; a syndicated copy is not one
    tier: int
    words: frozenset[str]  # content words of its title (text where there is none)
    url: str = ""

    @property
    def outlet(self) -> str:
        """Who published it."""
        return (self.source or self.feed_id).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Entries about one happening."""

    id: str
    title: str
    first_seen: datetime  # UTC, when we first saw it
    last_seen: datetime
    companies: frozenset[str]
    claims: tuple[Claim, ...]
    members: tuple[Member, ...]  # oldest first
    revision: int = 0  # rises with every change
    exposures: tuple[Exposure, ...] = ()  # who its card named as touched
    alerted_at: datetime | None = None  # when its first card was decided
    spillover_at: datetime | None = None  # when an exposed company was first seen to move as predicted
    rule_id: str = ""  # of the rule that correlates `links`; empty for a story that entries tell
    group: str = ""  # what the linked stories have in common, by the rule's `group_by`
    links: tuple[str, ...] = ()  # ids of the stories that the rule puts together, in order
    withdrawn_by: tuple[str, ...] = ()  # outlets that have taken their report back

    @property
    def place(self) -> tuple[datetime, str]:
        """Orders stories by their last change."""
        return self.last_seen, self.id

    @property
    def newest(self) -> datetime:
        """When the latest of its members was published."""
        return max(m.at for m in self.members)

    @property
    def origins(self) -> int:
        """Independent sources so far."""
        return sum(m.origin for m in self.members)

    @property
    def backers(self) -> tuple[Member, ...]:
        """The origins that have not taken their report back.

        Where only others say that a report was taken back, it is the first.
        """
        origins = tuple(m for m in self.members if m.origin)
        left = tuple(m for m in origins if m.outlet not in self.withdrawn_by)
        return left[1:] if self.withdrawn_by and left == origins else left

    @property
    def stands(self) -> bool:
        """Whether an origin is left that has not taken its report back; one that came later counts as well."""
        return not self.withdrawn_by or bool(self.backers)

    @property
    def is_denied(self) -> bool:
        """Whether nothing that it claims still holds."""
        return bool(self.claims) and all(c.polarity is Polarity.DENIED for c in self.claims)

    @property
    def copies(self) -> int:
        """Entries that only repeat another."""
        return len(self.members) - self.origins

    @property
    def best_tier(self) -> int:
        """The most reliable tier among the origins that stand by it (1 is best)."""
        return min((m.tier for m in self.backers), default=3)

    def is_covered(self, silence: Silence, rule_id: str, actor: str | None) -> bool:
        """Whether a silence, or a reader's mute, covers what a rule tells of the story: all that it names must fit."""
        named = [
            (silence.rule_id, silence.rule_id == rule_id),
            (silence.company, silence.company in (self.companies | {actor})),
            (silence.story_id, silence.story_id == self.id),
            (silence.feed_id, any(silence.feed_id == m.feed_id for m in self.members)),
        ]
        return any(key for key, _ in named) and all(fits for key, fits in named if key)

    def claim(self, theme: str, actor: str | None) -> Claim | None:
        """What the story holds on this theme of this actor."""
        return next((c for c in self.claims if (c.theme, c.actor) == (theme, actor)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A claim as a story first made it, and again when it goes further or is denied: what correlation rules count."""

    story_id: str
    at: datetime  # UTC, when its entry counts as published
    event: Event
    companies: tuple[str, ...]  # that the entry mentions
    sectors: tuple[str, ...]
    entry_id: str
    feed_id: str
    kind: SourceKind
    tier: int
    language: str
    source: str
    title: str  # the entry's headline
    url: str = ""

    @classmethod
    def of(cls, story_id: str, entry: Entry, analysis: Analysis, event: Event) -> Sighting:
        """What is remembered of an event of an entry."""
        return cls(
            story_id=story_id,
            at=entry.at,
            event=event,
            companies=analysis.companies,
            sectors=analysis.sectors,
            entry_id=entry.id,
            feed_id=entry.feed_id,
            kind=entry.kind,
            tier=entry.tier,
            language=entry.language,
            source=entry.source,
            title=entry.headline,
            url=entry.url,
        )


def remember(
    table: dict[str, list[Sighting]], sightings: Iterable[Sighting], now: datetime | None = None
) -> None:
    """Add claims to a table by theme, oldest first, in place; with `now`, drop what no rule looks back to."""
    at = attrgetter("at")
    for sighting in sightings:
        insort(table.setdefault(sighting.event.theme, []), sighting, key=at)
    if now is not None:
        for claims in table.values():
            del claims[: bisect_left(claims, now - MEMORY, key=at)]
