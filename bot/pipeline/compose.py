"""Makes alerts: from a match, or from what an entry changed in a story. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.delivery.stored import AFTER_ACTOR, as_named
from bot.model import (
    Alert,
    AlertKind,
    Analysis,
    Change,
    Entry,
    Event,
    Match,
    Polarity,
    Reason,
    Severity,
    Sighting,
    Span,
    Story,
)
from bot.pipeline.book import MOVES, Book
from bot.text import digest, one_line, shorten

TAKEN_BACK = (Reason.DENIED, Reason.CORRECTED, Reason.WITHDRAWN)
_LINE = 90  # characters of a headline among others


def words(entry: Entry, event: Event) -> str:
    """An event's evidence: the words themselves."""
    span = event.evidence
    return (entry.title if span.field == "title" else entry.text)[span.start : span.end]


def lines(sightings: Iterable[Sighting]) -> tuple[str, ...]:
    """What a correlation puts together, a line each: who by their id, then what, where it stood and when."""
    return tuple(
        f"{s.event.actor or ''}{AFTER_ACTOR}"
        + " · ".join(
            [shorten(one_line(s.title), _LINE), f"{s.source}, {s.at:%d %b}" if s.source else f"{s.at:%d %b}"]
        )
        for s in sightings
    )


def joined(book: Book, before: tuple[str, ...], then: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of a card with those that came since; older releases wrote a name in place of an id."""
    known = {as_named(line, book.rules.name) for line in before}
    return before + tuple(line for line in then if as_named(line, book.rules.name) not in known)


def first_alert(
    book: Book,
    found: Match,
    entry: Entry,
    analysis: Analysis,
    story: Story,
    now: datetime,
    together: tuple[str, ...] = (),
) -> Alert:
    """The alert by which a story is told for the first time."""
    event, known = found.event, book.rules.known
    actors = {event.actor} if event.actor else set()
    sectors = {known.companies.get(a, a) for a in actors} & known.sectors
    return Alert(
        id=digest("new", story.id, found.rule_id, entry.id),
        kind=AlertKind.NEW,
        reason=Reason.FIRST,
        rule_id=found.rule_id,
        pack=found.pack,
        rule_line=found.rule_line,
        level=found.level,
        title=found.title,
        story_id=story.id,
        entry_id=entry.id,
        event=event,
        evidence=words(entry, event),
        created_at=now,
        companies=frozenset({*analysis.companies, *event.targets, *actors}),
        sectors=frozenset(analysis.sectors) | sectors,
        exposures=book.exposure.exposed(
            event.theme,
            event.actor,
            found.policy.hops,
            found.policy.min_weight,
            known_at=now.date(),
            reverse=found.policy.reverse,
        ),
        together=together,
    )


def reply_alert(
    book: Book,
    card: Alert,
    entry: Entry,
    analysis: Analysis,
    story: Story,
    changes: frozenset[Change],
    reason: Reason,
    louder: Match | None,
    now: datetime,
) -> Alert | None:
    """The alert that answers a card; None if the entry has no event to show for it.

    Args:
        book: Names and exposure.
        card: The alert that is answered, at the level at which its reader was told.
        entry: What has come.
        analysis: What it says.
        story: With the entry in it.
        changes: What the entry did to the story.
        reason: Why there is an answer.
        louder: A rule that takes the story up, see `taking_up`, or None.
        now: UTC.
    """
    event = louder.event if louder else cause(analysis, card.event, reason)
    if louder:
        card = _under(card, louder)
    if reason is Reason.WITHDRAWN:  # what the card told, and the words that take it back
        event = replace(card.event, evidence=_headline(entry))
    if event is None:
        return None
    # What takes a claim back is no new claim, unless a rule finds one in it.
    besides = {Change.NEW_CLAIM} if reason in TAKEN_BACK and louder is None else set[Change]()
    return replace(
        card,
        # Readers of one card may have been told at several levels, and one rule takes it up for some of them only.
        id=digest(
            "reply", story.id, entry.id, str(entry.revision), reason, card.id, card.rule_id, card.level.word
        ),
        kind=AlertKind.REPLY,
        reason=reason,
        entry_id=entry.id,
        event=event,
        evidence=words(entry, event),
        created_at=now,
        note=_moves(book, analysis, story) if reason is Reason.SPILLOVER else _told(changes - besides),
    )


def _under(card: Alert, rule: Match) -> Alert:
    """The same under the rule that takes it up."""
    return replace(
        card,
        rule_id=rule.rule_id,
        pack=rule.pack,
        rule_line=rule.rule_line,
        level=rule.level,
        title=rule.title,
    )


def taking_up(matches: Iterable[Match], card: Alert, level: Severity, analysis: Analysis) -> Match | None:
    """The rule that takes a story up: the loudest that is satisfied now, and louder than what a reader was told.

    A correction of what the card told takes nothing up: it is the old news with a detail changed, and what is
    read in it besides was not in the news before.

    Args:
        matches: Rules that are satisfied now, loudest first.
        card: What the reader has.
        level: At which the reader was told of it.
        analysis: What has come says.
    """
    own = (card.event.theme, card.event.actor)
    is_corrected = any(
        e.polarity is Polarity.CORRECTED and (e.theme, e.actor) == own for e in analysis.fresh_events
    )

    def is_besides(event: Event) -> bool:
        return is_corrected and event.polarity is Polarity.CORRECTED and (event.theme, event.actor) != own

    return next((m for m in matches if m.level > level and not is_besides(m.event)), None)


def is_taken_back(told: Event, analysis: Analysis, story: Story, reason: Reason) -> bool:
    """Whether a denial or correction is about what a card told, and not only about another claim of its story.

    Args:
        told: What the card told.
        analysis: What has come says.
        story: With that in it.
        reason: `DENIED` or `CORRECTED`.
    """
    if reason is Reason.DENIED:
        claim = story.claim(told.theme, told.actor)
        return claim is None or claim.polarity is Polarity.DENIED
    own = (told.theme, told.actor)
    return any(e.polarity is Polarity.CORRECTED and (e.theme, e.actor) == own for e in analysis.fresh_events)


def _headline(entry: Entry) -> Span:
    """Where the headline stands: of a post without a title that is the beginning of its text."""
    return Span("title" if entry.title else "text", 0, len(entry.headline))


def cause(analysis: Analysis, told: Event, reason: Reason) -> Event | None:
    """The event that changed a story, nearest to what its card told; None if the entry has none to show."""
    fresh = [e for e in analysis.fresh_events if reason is not Reason.DENIED or e.polarity is Polarity.DENIED]
    if reason is Reason.SPILLOVER:
        return next((e for e in fresh if e.theme in MOVES), None)
    return next(iter([e for e in fresh if e.theme == told.theme] or fresh), None)


def _moves(book: Book, analysis: Analysis, story: Story) -> str:
    """'NVDA, memory fell; MU rose': by ids, as each reader is told in a language of their own."""
    parts = []
    for theme, verb in (("selloff", "fell"), ("rally", "rose")):
        moved = {
            e.actor for e in analysis.fresh_events if e.theme == theme and e.actor and book.moved(e, story)
        }
        parts += [f"{', '.join(sorted(moved, key=book.rules.name))} {verb}"] if moved else []
    return "; ".join(parts)


def _told(changes: frozenset[Change]) -> str:
    """What a reply's first word does not say already, by the names of the changes."""
    said = {
        Change.COPY,
        Change.NEW_ORIGIN,
        Change.DENIED,
        Change.CORRECTED,
        Change.WITHDRAWN,
        Change.CONFIRMED,
    }
    return ", ".join(sorted(change.replace("_", " ") for change in changes - said))
