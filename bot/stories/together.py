"""A story of stories: what a rule puts together has one card, as any story has, and is kept up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.model import Change, Claim, Member, Modality, Polarity, Sighting, Story
from bot.stories.cluster import MAX_MEMBERS, Assignment
from bot.text import digest

# What a change of one story means to those who saw it only together with others.
PASSED_ON = frozenset(
    {
        Change.DENIED,
        Change.CORRECTED,
        Change.WITHDRAWN,
        Change.CONFIRMED,
        Change.STAGE_UP,
        Change.SPILLOVER,
    }
)


def begin(rule_id: str, group: str, sightings: Sequence[Sighting], now: datetime) -> Assignment:
    """The story of a correlation that has just come to hold; its title is the caller's."""
    newest = sightings[-1]
    empty = Story(
        id=digest("together", rule_id, group, newest.story_id, newest.entry_id),
        title="",
        first_seen=now,
        last_seen=now,  # what is absent may have come last long ago
        companies=frozenset(),
        claims=(),
        members=(),
        rule_id=rule_id,
        group=group,
    )
    return Assignment(replace(_with(empty, sightings), revision=0), frozenset({Change.NEW_STORY}))


def grow(story: Story, sightings: Sequence[Sighting]) -> Assignment:
    """The same with what came later; nothing changes where all of it was there, but its card may show other words."""
    grown = _with(story, sightings)
    if grown.links == story.links:
        return Assignment(replace(story, revision=grown.revision), frozenset())
    return Assignment(grown, frozenset({Change.NEW_CLAIM}))


def follow(story: Story, told: Story) -> Story:
    """A story of stories after one of them has changed: it holds the same claims as that one."""
    held = {(c.theme, c.actor): c for c in told.claims}
    claims = tuple(held.get((c.theme, c.actor), c) for c in story.claims)
    return replace(story, claims=claims, revision=story.revision + 1)


def judged(story: Story, parts: Mapping[str, Story]) -> Story:
    """The same, withdrawn by everybody if nothing of what it puts together holds any more, and else by nobody."""
    holds = standing(story, parts)["story"] > 0
    return replace(story, withdrawn_by=() if holds else tuple(dict.fromkeys(m.outlet for m in story.members)))


def standing(story: Story, parts: Mapping[str, Story]) -> dict[str, int]:
    """How many stories, actors and sources it puts together, without what was denied or withdrawn.

    Args:
        story: Of stories.
        parts: Those that are open, by id.
    """
    held = {(c.theme, c.actor) for c in story.claims}

    def holds(part: Story) -> set[tuple[str, str | None]]:
        """Which of its claims still hold: a record needs nobody who stands by it."""
        return {
            (c.theme, c.actor)
            for c in part.claims
            if (part.stands and c.polarity is not Polarity.DENIED) or c.modality is Modality.CONFIRMED
        }

    def is_made(claim: Claim) -> bool:
        key = claim.theme, claim.actor
        makers = [part for part in linked if part.claim(*key)]
        return claim.polarity is not Polarity.DENIED and (not makers or any(key in holds(p) for p in makers))

    linked = [parts[i] for i in story.links if i in parts]
    gone = [part for part in linked if not holds(part) & held]
    theirs = {m.entry_id for part in gone for m in part.members}
    return {
        "story": len(story.links) - len(gone),
        "actor": len({c.actor for c in story.claims if c.actor is not None and is_made(c)}),
        "source": len({m.source or m.feed_id for m in story.members if m.entry_id not in theirs}),
    }


def _with(story: Story, sightings: Sequence[Sighting]) -> Story:
    claims = {(c.theme, c.actor): c for c in story.claims}
    members = {m.entry_id: m for m in story.members}
    for s in sightings:
        claims[s.event.theme, s.event.actor] = Claim.of(s.event)
        members.setdefault(s.entry_id, _member(s))
    return replace(
        story,
        last_seen=max([story.last_seen, *(s.at for s in sightings)]),
        companies=story.companies | {s.event.actor for s in sightings if s.event.actor in s.companies},
        claims=tuple(claims.values()),
        members=tuple(members.values())[:MAX_MEMBERS],
        revision=story.revision + 1,
        links=tuple(dict.fromkeys([*story.links, *(s.story_id for s in sightings)])),
    )


def _member(sighting: Sighting) -> Member:
    return Member(
        entry_id=sighting.entry_id,
        feed_id=sighting.feed_id,
        source=sighting.source,
        at=sighting.at,
        origin=True,
        tier=sighting.tier,
        words=frozenset(),
        url=sighting.url,
    )
