"""What people edit, read and checked, and the questions that need both rules and exposure to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.alerts.exposure import ExposureGraph
from bot.alerts.routes import Routes
from bot.model import Analysis, Event, Polarity, Sighting, Story
from bot.rules.book import Rulebook

# How long after a story's card a move of an exposed company still counts as the predicted one.
SPILLOVER_WITHIN = timedelta(hours=48)
MOVES = {"selloff": -1, "rally": 1}  # theme → which way an exposed company moved
_LINKED_FROM = 0.2  # weight of the path from one claim to another of a sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Rules, exposure graph and routes, checked against each other; swapped as a whole on reload."""

    rules: Rulebook
    exposure: ExposureGraph
    routes: Routes = field(default_factory=Routes)

    def linked(self, first: Sighting, then: Sighting) -> bool:
        """Whether what happened first touches who acts then, in the direction in which they moved."""
        return leads(self.exposure, first, then)

    def moved(self, event: Event, story: Story) -> set[str]:
        """Companies that the event shows to move as the story's card said."""
        direction = MOVES.get(event.theme)
        if direction is None or event.polarity is Polarity.DENIED or event.actor is None:
            return set()
        sectors = self.rules.known.companies
        return {
            x.company
            for x in story.exposures
            if x.direction == direction and event.actor in (x.company, sectors.get(x.company))
        }

    def moving(self, analysis: Analysis) -> set[str]:
        """Companies that an entry shows to rise or fall, by name or as a part of their sector."""
        actors = {
            e.actor for e in analysis.fresh_events if e.theme in MOVES and e.polarity is not Polarity.DENIED
        }
        if not actors:
            return set()
        sectors = self.rules.known.companies
        return {company for company, sector in sectors.items() if company in actors or sector in actors}

    def bears_out(self, analysis: Analysis, story: Story, now: datetime) -> bool:
        """Whether an entry shows what the story's card predicted.

        One company alone may fall for reasons of its own; so it must be several, or the cause be named.
        """
        if story.alerted_at is None or now - story.alerted_at > SPILLOVER_WITHIN:
            return False
        moved = {company for e in analysis.fresh_events for company in self.moved(e, story)}
        causes = {c.actor for c in story.claims if c.theme not in MOVES}
        return len(moved) > 1 or (bool(moved) and not causes.isdisjoint(analysis.companies))


def leads(graph: ExposureGraph, first: Sighting, then: Sighting) -> bool:
    """Whether a path of the graph leads from one claim to another: to its actor, and the way it moved."""
    actor, direction = then.event.actor, MOVES.get(then.event.theme)
    if actor is None:
        return False
    touched = graph.exposed(first.event.theme, first.event.actor, 2, _LINKED_FROM, known_at=first.at.date())
    return any(
        actor in (x.company, graph.sectors.get(x.company)) and direction in (None, x.direction)
        for x in touched
    )
