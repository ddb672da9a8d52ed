"""Stories: entries about one happening, and what is known of it so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model.alert import Exposure
from bot.model.analysis import Attribution, Modality, Polarity, Stage, modality


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The furthest that a story's sources have gone on one theme of one actor."""

    theme: str
    actor: str | None
    stage: Stage
    attribution: Attribution
    polarity: Polarity

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

    @property
    def origins(self) -> int:
        """Independent sources so far."""
        return sum(m.origin for m in self.members)

    @property
    def copies(self) -> int:
        """Entries that only repeat another."""
        return len(self.members) - self.origins

    @property
    def best_tier(self) -> int:
        """The most reliable tier among its origins (1 is best)."""
        return min((m.tier for m in self.members if m.origin), default=3)

    def claim(self, theme: str, actor: str | None) -> Claim | None:
        """What the story holds on this theme of this actor."""
        return next((c for c in self.claims if (c.theme, c.actor) == (theme, actor)), None)
