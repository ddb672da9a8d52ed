"""Online clustering: the story that an entry belongs to, and what the entry changes in it.

An entry joins the open story that it is nearest to, if near enough. Nearness is a sum of few readable
parts; words alone can't join two entries whose companies differ, and a denial joins what it denies. A withdrawal joins
the story whose report it takes back, by its claim or by words beyond the company's name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.model import (
    Analysis,
    Change,
    Claim,
    Entry,
    Event,
    Member,
    Modality,
    Polarity,
    Stage,
    Story,
)
from bot.stories.dedupe import fingerprint, is_origin
from bot.stories.nearness import is_denial, topic_denied
from bot.text import digest

MAX_MEMBERS = 200  # of a story kept in full; later copies only move its last_seen


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where an entry went, and what that changed."""

    story: Story
    changes: frozenset[Change]


def begin(entry: Entry, analysis: Analysis) -> Assignment:
    """A new story with this entry as its first member."""
    story = Story(
        id=digest("story", entry.id),
        title=entry.headline,
        first_seen=entry.seen_at,
        last_seen=entry.at,
        companies=frozenset(analysis.companies),
        claims=tuple(dict.fromkeys(Claim.of(e) for e in analysis.fresh_events)),
        members=(_member(entry, origin=True),),
    )
    return Assignment(story, frozenset({Change.NEW_STORY}))


def join(story: Story, entry: Entry, analysis: Analysis) -> Assignment:
    """Add an entry (or its revision) to a story and name what that changed."""
    if analysis.withdraws:
        return _withdraw(story, entry)
    revised = any(m.entry_id == entry.id for m in story.members)
    origin = is_origin(entry, [m for m in story.members if m.entry_id != entry.id])
    changes: set[Change] = set()
    claims = list(story.claims)
    for event in analysis.fresh_events:
        changes |= _merge(claims, event)
    if is_denial(analysis) and Change.DENIED not in changes:
        about = topic_denied(analysis, story)
        if about is not None:
            claims[about] = replace(claims[about], polarity=Polarity.DENIED)
            changes.add(Change.DENIED)
    grown = _with_member(story, entry, origin=origin)
    if not revised:
        counted = len(grown.members) > len(story.members)
        changes.add(Change.NEW_ORIGIN if origin and counted else Change.COPY)
    return Assignment(
        replace(
            grown,
            title=entry.headline if entry.id == story.members[0].entry_id else story.title,
            claims=tuple(claims),
            companies=story.companies | frozenset(_main_companies(analysis)),
            withdrawn_by=_still_withdrawn(story, entry, analysis),
        ),
        frozenset(changes),
    )


def _withdraw(story: Story, entry: Entry) -> Assignment:
    """Note that an outlet takes its report back; the claims stay, for somebody else may have made them as well.

    Told is the first that does, and the one after whom nobody is left who stands by it.
    """
    changes = {Change.COPY} if all(m.entry_id != entry.id for m in story.members) else set()
    noted = replace(story, withdrawn_by=tuple(dict.fromkeys((*story.withdrawn_by, _outlet(entry)))))
    if not story.withdrawn_by or story.stands is not noted.stands:
        changes.add(Change.WITHDRAWN)
    return Assignment(_with_member(noted, entry, origin=False), frozenset(changes))


def _still_withdrawn(story: Story, entry: Entry, analysis: Analysis) -> tuple[str, ...]:
    """Who has taken the report back, without an outlet that makes the claim again later than all it said before."""
    outlet = _outlet(entry)
    made = {(e.theme, e.actor) for e in analysis.fresh_events if e.polarity is not Polarity.DENIED}
    again = any((c.theme, c.actor) in made for c in story.claims)
    said = [m.at for m in story.members if m.outlet == outlet and m.entry_id != entry.id]
    if not again or any(at > entry.at for at in said):
        return story.withdrawn_by
    return tuple(o for o in story.withdrawn_by if o != outlet)


def _outlet(entry: Entry) -> str:
    return (entry.source or entry.feed_id).casefold()


def echo(story: Story, entry: Entry) -> Assignment:
    """Count a copy."""
    return Assignment(_with_member(story, entry, origin=False), frozenset({Change.COPY}))


def _with_member(story: Story, entry: Entry, *, origin: bool) -> Story:
    members = [replace(m, words=fingerprint(entry)) if m.entry_id == entry.id else m for m in story.members]
    if not any(m.entry_id == entry.id for m in members) and len(members) < MAX_MEMBERS:
        members.append(_member(entry, origin=origin))
    return replace(
        story,
        members=tuple(members),
        last_seen=max(story.last_seen, entry.at),
        revision=story.revision + 1,
    )


def _main_companies(analysis: Analysis) -> set[str]:
    """Companies whose events these are: a long list of bystanders must not widen a story."""
    return {e.actor for e in analysis.fresh_events if e.actor in analysis.companies and e.actor}


def _member(entry: Entry, *, origin: bool) -> Member:
    return Member(
        entry_id=entry.id,
        feed_id=entry.feed_id,
        source=entry.source,
        at=entry.at,
        origin=origin,
        tier=entry.tier,
        words=fingerprint(entry),
        url=entry.url,
    )


def _merge(claims: list[Claim], event: Event) -> set[Change]:
    """Fold an event into the claims, in place, and name the changes."""
    own = (n for n, c in enumerate(claims) if (c.theme, c.actor) == (event.theme, event.actor))
    alike = (n for n, c in enumerate(claims) if _same_claim(c, event))
    at = next(own, next(alike, None))
    if at is None:
        claims.append(Claim.of(event))
        return {Change.NEW_CLAIM} if event.polarity is not Polarity.DENIED else set()
    old, new = claims[at], Claim.of(event)
    if event.polarity is Polarity.DENIED:
        if old.polarity is Polarity.DENIED:
            return set()
        claims[at] = replace(old, polarity=Polarity.DENIED, attribution=new.attribution)
        return {Change.DENIED}
    if event.polarity is Polarity.CORRECTED:
        claims[at] = replace(new, actor=old.actor)
        return {Change.CORRECTED} if claims[at] != old else set()
    if new.modality is Modality.SPECULATED:
        return set()
    if old.polarity is Polarity.DENIED and new.modality is not Modality.CONFIRMED:
        return set()  # a repeated report does not undo a denial; only the record does
    changes: set[Change] = set()
    if old.stage.rank < Stage.AGREED.rank <= new.stage.rank:
        changes.add(Change.STAGE_UP)
    if new.modality is Modality.CONFIRMED and old.modality is not Modality.CONFIRMED:
        changes.add(Change.CONFIRMED)
    claims[at] = replace(
        old,
        stage=max(old.stage, new.stage, key=lambda s: s.rank),
        attribution=max(old.attribution, new.attribution, key=lambda a: a.rank),
        polarity=new.polarity if changes else old.polarity,
    )
    return changes


def said(claim: Claim, analysis: Analysis) -> Event | None:
    """The event by which an entry made a claim, or denied it: that may be about another theme of its topic."""
    fresh = analysis.fresh_events
    own = [e for e in fresh if e.theme == claim.theme]
    alike = (e for e in own or fresh if e.polarity is claim.polarity)
    return next((e for e in own if e.actor == claim.actor), next(alike, None))


def _same_claim(claim: Claim, event: Event) -> bool:
    """Whether an event denies a claim that has the same theme where one of both names nobody."""
    nameless = claim.actor is None or event.actor is None
    return nameless and claim.theme == event.theme and event.polarity is Polarity.DENIED
