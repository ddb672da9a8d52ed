"""Online clustering: the story that an entry belongs to, and what the entry changes in it.

An entry joins the open story that it is nearest to, if near enough. Nearness is a sum of few readable
parts; words alone can't join two entries whose companies differ, and a denial joins what it denies. A withdrawal joins
the story whose report it takes back, by its claim or by words beyond the company's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.model import (
    DENIABLE,
    STORY_WINDOW,
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
from bot.text import content_words, digest

THRESHOLD = 1.0
RECENT = 12  # first and newest members whose words are compared; a story's wording drifts
MAX_MEMBERS = 200  # of a story kept in full; later copies only move its last_seen

# Themes that a happening causes elsewhere: they join the story that they name as their cause.
REACTIONS = frozenset({"selloff", "rally", "technical_level", "positioning", "rating_change"})

# Themes of one topic: who denies a report may name what it spoke of in other words than the report.
_TOPICS = (
    frozenset({"capex_cut", "capex_raise", "capex_hold", "datacenter_cancel", "datacenter_build"}),
    frozenset({"acquisition", "partnership", "compute_deal", "compute_resale", "custom_silicon"}),
    frozenset(
        {"demand_weak", "demand_strong", "guidance_cut", "guidance_raise", "supply_glut", "supply_shortage"}
    ),
    frozenset({"debt_financing", "equity_raise"}),
    frozenset({"legal_probe", "export_control"}),
)

# Words by which outlets take a report back; they don't tell which.
_NOTICE = frozenset(
    "advisory alert article clients disregard earlier editors headline item its kill killed kills news newsalert please "
    "previous pulled pulls report retracted retraction retracts story withdrawal withdrawn withdraws withdrew".split()
)
_TELLING_WORDS = 2  # that a withdrawal shares with a report: the company's name alone could mean any


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where an entry went, and what that changed."""

    story: Story
    changes: frozenset[Change]


def nearest_story(entry: Entry, analysis: Analysis, stories: Iterable[Story]) -> Story | None:
    """The open story that the entry tells, or None if it begins one of its own."""
    words = fingerprint(entry)
    if analysis.withdraws:
        words = words - _NOTICE - content_words(entry.source)
    best, best_score = None, THRESHOLD
    window = DENIABLE if is_denial(analysis) or analysis.withdraws else STORY_WINDOW
    for story in stories:
        if abs(entry.at - story.last_seen) > window:
            continue
        score = nearness(words, analysis, story)
        if score >= best_score:
            best, best_score = story, score
    return best


def nearness(words: frozenset[str], analysis: Analysis, story: Story) -> float:
    """How strongly an analysed entry belongs to a story; `THRESHOLD` joins.

    The same claim of the same company joins by itself. Otherwise words in common, companies in common, a
    shared theme, a recalled cause and a denial add up; each alone is too little.
    """
    fresh = {(e.theme, e.actor) for e in analysis.fresh_events}
    said = {(e.theme, e.actor) for e in analysis.events}
    held = {(c.theme, c.actor) for c in story.claims}
    mine, theirs = frozenset(analysis.companies), story.companies
    if mine and theirs and not mine & theirs:
        return 0.0
    least = _TELLING_WORDS if analysis.withdraws else 1
    overlap = max((_overlap(words, m.words, least) for m in _telling(story)), default=0.0)
    together = len(mine & theirs) / min(len(mine), len(theirs)) if mine and theirs else 0.0
    shared = {(theme, actor) for theme, actor in held & fresh if actor is not None}
    if any(theme not in REACTIONS for theme, _ in shared):
        return 1.0 + overlap + 0.2 * together
    score = 1.1 * overlap + 0.35 * together
    if shared:
        score += 0.6  # the same shares moved the same way within the window
    elif held & fresh:
        score += 0.4
    causes = {(theme, actor) for theme, actor in held if theme not in REACTIONS}
    if any(theme in REACTIONS for theme, _ in fresh) and any(actor in mine for _, actor in causes):
        score += 0.6 if causes & said else 0.35  # a reaction that names the company that the story is about
    elif not analysis.withdraws and not {theme for theme, _ in held} & {theme for theme, _ in said}:
        score -= 0.25
    if _denies(analysis, story):
        score += 0.85
    elif is_denial(analysis) and _topic_denied(analysis, story) is not None:
        score += 0.8
    return score


def _telling(story: Story) -> tuple[Member, ...]:
    """The members whose words are compared: those that began the story, and the newest."""
    return (
        story.members
        if len(story.members) <= 2 * RECENT
        else story.members[:RECENT] + story.members[-RECENT:]
    )


def _denies(analysis: Analysis, story: Story) -> bool:
    denied = {e.theme for e in analysis.fresh_events if e.polarity is Polarity.DENIED}
    return any(c.theme in denied and (c.actor is None or c.actor in analysis.companies) for c in story.claims)


def is_denial(analysis: Analysis) -> bool:
    """Whether denying is all that an entry does."""
    fresh = analysis.fresh_events
    return bool(fresh) and all(e.polarity is Polarity.DENIED for e in fresh)


def _topic_denied(analysis: Analysis, story: Story) -> int | None:
    """Which of a story's claims a denial in other words is about: one of its topic, of the company that denies.

    A claim of the denier's own comes first, then one that it is named in; what somebody else denies is not taken back.
    """
    topics = [topic for topic in _TOPICS if any(e.theme in topic for e in analysis.fresh_events)]
    deniers = {e.actor for e in analysis.fresh_events if e.actor is not None}
    about = [n for n, c in enumerate(story.claims) if any(c.theme in topic for topic in topics)]
    own = [n for n in about if story.claims[n].actor in deniers]
    return next(iter(own or (about if deniers & story.companies else ())), None)


def _overlap(a: frozenset[str], b: frozenset[str], least: int) -> float:
    return len(a & b) / min(len(a), len(b)) if len(a & b) >= least else 0.0


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
    if is_denial(analysis) and not any(c.polarity is Polarity.DENIED for c in story.claims):
        about = _topic_denied(analysis, story)
        if Change.DENIED not in changes and about is not None:
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
        ),
        frozenset(changes),
    )


def _withdraw(story: Story, entry: Entry) -> Assignment:
    """Note that an outlet takes its report back; the claims stay, for somebody else may have made them as well."""
    changes = {Change.COPY} if all(m.entry_id != entry.id for m in story.members) else set()
    if not story.withdrawn:
        changes.add(Change.WITHDRAWN)
    noted = replace(story, withdrawn=True)
    return Assignment(_with_member(noted, entry, origin=False), frozenset(changes))


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
    at = next((n for n, c in enumerate(claims) if _same_claim(c, event)), None)
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
        return {Change.CORRECTED}
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
    if claim.theme != event.theme:
        return False
    if claim.actor == event.actor:
        return True
    return event.polarity is Polarity.DENIED and (claim.actor is None or event.actor is None)


def is_open(story: Story, now: datetime) -> bool:
    """Whether something may still come of it, if only a denial."""
    return now - story.last_seen <= DENIABLE
