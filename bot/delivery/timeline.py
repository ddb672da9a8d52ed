"""Draws how a story went: who told it first, who else, and what became of it. Copies are counted, not listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import partial
from itertools import takewhile

from bot.delivery.finds import story_buttons
from bot.delivery.holding import lapsed, loudest, standing
from bot.delivery.sheet import MAX_UNITS, Sheet, clip, no_title, safe_url
from bot.delivery.stored import note_text
from bot.delivery.words import Names, certainty, clock_time, count, counted, modality_word, voice
from bot.locale import marked, tr, tr_n
from bot.model import (
    AlertKind,
    Button,
    Card,
    EntityKind,
    Event,
    Modality,
    Polarity,
    Reason,
    Sighting,
    Stage,
    Story,
)
from bot.shelves import History

_TITLE, _STEP_TITLE, _DID, _SOURCE, _NOTE = 200, 110, 200, 40, 100
_MAX_STEPS = 20  # shown; of more, the first and the last
_FIRST_STEPS = 5
_LONGEST_STEP = 900  # UTF-16 units that must be free for a step and the line that ends the list
_MAX_PARTS = 10
_WHO = 120


@dataclass(slots=True)
class Step:
    """One entry's part in a story."""

    at: datetime
    source: str
    url: str
    title: str
    did: list[str] = field(default_factory=list)  # in a few words each


def timeline(history: History, *, names: Names, now: datetime, tz: tzinfo) -> Card:
    """A story from its first report to its last turn.

    Args:
        history: What the store knows.
        names: Readable names of companies and themes.
        now: Decides which times need a day beside them.
        tz: The zone in which times are shown.
    """
    story = history.story
    told = loudest(history.alerts)
    link = next((u for u in (safe_url(m.url) for m in story.members) if u), "")
    gone = (EntityKind.STRIKE,) if lapsed(story, told.event if told else None) else ()
    sheet = Sheet().line(clip(story.title, _TITLE) or no_title(), EntityKind.BOLD, *gone, url=link)
    counts = ", ".join(counted(story.origins, story.copies))
    sheet.line(" · ".join(part for part in (standing(story, told), counts) if part))
    if story.rule_id:
        _draw_parts(sheet, history, now, tz)
    else:
        _draw_steps(sheet, steps(history, names), now, tz)
    first = next((a for a in history.alerts if a.kind is AlertKind.NEW), None)
    row = [Button(tr("Why"), data=f"why:{first.id}")] if first else []
    row += [Button(tr("Open"), url=link)] if link else []
    return sheet.card([*story_buttons(list(enumerate(history.parts[:_MAX_PARTS], 1))), row])


def _draw_parts(sheet: Sheet, history: History, now: datetime, tz: tzinfo) -> None:
    """What a story of stories puts together, and what was told of it."""
    sheet.line(tr("It puts together:"))
    for n, part in enumerate(history.parts[:_MAX_PARTS], 1):
        url = next((u for u in (safe_url(m.url) for m in part.members) if u), "")
        meant = _meant(part, history.story)
        struck = (EntityKind.STRIKE,) if lapsed(meant, None) else ()
        sheet.line(f"{n}. {clock_time(part.first_seen, now, tz)} ")
        sheet.add(clip(part.title, _STEP_TITLE) or no_title(), *struck, url=url)
        word = standing(meant, None)
        sheet.add(f" · {word}" if word else "")
        sheet.add(" · " + count(part.origins, "independent origin", "independent origins"))
    gone = len(history.story.links) - len(history.parts[:_MAX_PARTS])
    if gone > 0:
        sheet.line(tr_n("… and {n} story more", "… and {n} stories more", gone))


def _meant(part: Story, whole: Story) -> Story:
    """A story with only those of its claims that another puts together with others."""
    held = {(c.theme, c.actor) for c in whole.claims}
    claims = tuple(c for c in part.claims if (c.theme, c.actor) in held) or part.claims
    is_on_record = any(c.modality is Modality.CONFIRMED for c in claims)  # needs nobody who stands by it
    return replace(part, claims=claims, withdrawn_by=() if is_on_record else part.withdrawn_by)


def _draw_steps(sheet: Sheet, found: list[Step], now: datetime, tz: tzinfo) -> None:
    shown = list(enumerate(found))
    if len(found) > _MAX_STEPS:
        shown = shown[:_FIRST_STEPS] + shown[_FIRST_STEPS - _MAX_STEPS :]
    before = -1
    for n, step in shown:
        if n > before + 1:
            sheet.line(tr_n("… {n} step left out …", "… {n} steps left out …", n - before - 1))
        before = n
        sheet.line(f"{clock_time(step.at, now, tz)} ")
        sheet.add(clip(" · ".join(step.did), _DID), EntityKind.BOLD)
        source, title = clip(step.source, _SOURCE), clip(step.title, _STEP_TITLE)
        sheet.add(f" · {source}" if source else "")
        if title:
            sheet.add(": ").add(title, url=safe_url(step.url))
        left = len(found) - 1 - n
        if left and sheet.units > MAX_UNITS - _LONGEST_STEP:
            sheet.line(tr_n("… {n} step more", "… {n} steps more", left))
            break


def steps(history: History, names: Names) -> list[Step]:
    """What happened in a story, in the order in which it was seen: only what says something new."""
    did: dict[str, list[str]] = {}
    for n, member in enumerate(m for m in history.story.members if m.origin):
        did.setdefault(member.entry_id, []).append(
            tr("Independent origin {n}", n=n + 1) if n else tr("First report")
        )
    for entry_id, words in _turns(history, names):
        did.setdefault(entry_id, []).append(words)
    for member in history.story.members:
        if member.entry_id in history.withdrawals:
            did.setdefault(member.entry_id, []).append(tr("Withdrawn"))
    for alert in history.alerts:
        if alert.reason is Reason.SPILLOVER:
            note = clip(note_text(alert.note, names), _NOTE)
            seen = tr("Spillover seen: {note}", note=note) if note else tr("Spillover seen")
            did.setdefault(alert.entry_id, []).append(seen)
    order = {m.entry_id: n for n, m in enumerate(history.story.members)}
    made = [
        _step(history, entry_id, _once(words))
        for entry_id, words in sorted(did.items(), key=lambda pair: order.get(pair[0], len(order)))
    ]
    at = history.story.spillover_at
    if at is not None and not any(a.reason is Reason.SPILLOVER for a in history.alerts):
        made.append(Step(at=at, source="", url="", title="", did=[tr("Spillover seen")]))
    return made


def _once(words: Sequence[str]) -> list[str]:
    """The same without what is said already: 'Denied' covers 'Denied: Capex cut (Meta)'."""
    alone = tuple(f"{word}: " for word in words)
    return [word for word in dict.fromkeys(words) if not word.startswith(alone)]


def _step(history: History, entry_id: str, did: list[str]) -> Step:
    """Put a step together from what is still stored of its entry."""
    entry = history.entries.get(entry_id)
    if entry is not None:
        return Step(at=entry.at, source=entry.source, url=entry.url, title=entry.headline, did=did)
    member = next((m for m in history.story.members if m.entry_id == entry_id), None)
    if member is not None:
        return Step(at=member.at, source=member.source, url=member.url, title="", did=did)
    sighting = next((s for s in history.sightings if s.entry_id == entry_id), None)
    if sighting is not None:
        return Step(at=sighting.at, source=sighting.source, url=sighting.url, title=sighting.title, did=did)
    at = next(a.created_at for a in history.alerts if a.entry_id == entry_id)
    return Step(at=at, source="", url="", title="", did=did)


def _turns(history: History, names: Names) -> Iterator[tuple[str, str]]:
    """What became of the story's claims: entry id and words, in order; of one theme in one entry in one go."""
    held: dict[tuple[str, str | None], Event] = {}
    card = loudest(history.alerts)
    main = (card.event.theme, card.event.actor) if card else None
    seen, told = history.sightings, 0
    for n, sighting in enumerate(seen):
        event = sighting.event
        key = (event.theme, event.actor)
        if n < told:
            held[key] = event
            continue
        alike = list(takewhile(partial(_is_told_with, first=sighting, held=held), seen[n:])) if held else []
        if len(alike) > 1:
            told = n + len(alike)
            yield sighting.entry_id, _also(sighting, [s.event.actor or "" for s in alike], names)
            held[key] = event
            continue
        words = _turn(held.get(key), sighting, names, is_first=not held)
        is_besides = key != (main or next(iter(held), key))
        if words and is_besides and key in held:
            words = _of_claim(words, event, names)
        held[key] = event
        # That nobody stands by a claim any more is kept as a denial of it; the entry itself withdraws.
        if words and not (event.polarity is Polarity.DENIED and sighting.entry_id in history.withdrawals):
            yield sighting.entry_id, words


def _is_told_with(other: Sighting, first: Sighting, held: Mapping[tuple[str, str | None], Event]) -> bool:
    """Whether both are new claims of one theme, as certain as one another, in one entry."""
    one, two = first.event, other.event
    is_new = two.actor is not None and (two.theme, two.actor) not in held
    same = (one.theme, one.modality, one.attribution, Polarity.AFFIRMED)
    return (
        is_new
        and other.entry_id == first.entry_id
        and same == (two.theme, two.modality, two.attribution, two.polarity)
    )


def _also(sighting: Sighting, actors: Sequence[str], names: Names) -> str:
    """'Also Selloff (Micron, Nvidia): confirmed'."""
    event = sighting.event
    theme = clip(names(event.theme), _SOURCE)
    certain = certainty(event.modality, event.attribution, sighting.kind)
    if not actors:
        return tr("Also {theme}: {certain}", theme=theme, certain=certain)
    who = clip(", ".join(dict.fromkeys(names(actor) for actor in actors)), _WHO)
    return tr("Also {theme} ({companies}): {certain}", theme=theme, companies=who, certain=certain)


def _of_claim(turn: str, event: Event, names: Names) -> str:
    """'Denied: Capex cut (Meta)': what became of another claim than the one that the card told."""
    theme = clip(names(event.theme), _SOURCE)
    if event.actor is None:
        return tr("{turn}: {theme}", turn=turn, theme=theme)
    return tr("{turn}: {theme} ({company})", turn=turn, theme=theme, company=names(event.actor))


def _turn(before: Event | None, sighting: Sighting, names: Names, *, is_first: bool) -> str:
    """How a claim changed, in a few words."""
    event = sighting.event
    if event.polarity is Polarity.DENIED:
        return "" if before is not None and before.polarity is Polarity.DENIED else tr("Denied")
    if event.polarity is Polarity.CORRECTED:
        return tr("Corrected")
    certain = certainty(event.modality, event.attribution, sighting.kind)
    if is_first:
        return certain
    if before is None:
        return _also(sighting, [event.actor] if event.actor else [], names)
    if event.modality is Modality.CONFIRMED and before.modality is not Modality.CONFIRMED:
        return tr("Confirmed")
    if event.stage.rank > before.stage.rank:
        return tr(_STAGES[event.stage])
    if event.attribution.rank > before.attribution.rank:
        return tr("Now {voice}", voice=voice(event.attribution, sighting.kind))
    if event.modality is before.modality:
        return ""
    return tr("Now {modality}", modality=modality_word(event.modality))


_STAGES: Mapping[Stage, str] = {
    Stage.EXPLORING: marked("Now explored"),
    Stage.PLANNED: marked("Now planned"),
    Stage.AGREED: marked("Now agreed"),
    Stage.DONE: marked("Now done"),
}
