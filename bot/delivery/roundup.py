"""Draws a digest: what did not ring, the most important first, each as it stands now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.delivery.sheet import MAX_UNITS, Sheet, clip, no_title, safe_url
from bot.delivery.words import Names, certainty, clock_time, count, level_name
from bot.hours import zone_of
from bot.locale import marked, tr, tr_n
from bot.model import Alert, Card, DigestDue, EntityKind, Held, Modality, Polarity, Reason, SourceKind, Story
from bot.text import utf16_length

MOST = 20  # stories in one digest
_TITLE, _NAME, _COMPANIES = 160, 40, 6
_ROOM = 200  # units that the last lines need
_WHY: Mapping[Reason, str] = {
    Reason.OVER_BUDGET: marked("{n} over the budget of sounds"),
    Reason.MUTED: marked("{n} muted"),
    Reason.BELOW_LEVEL: marked("{n} below the level"),
    Reason.AWAY: marked("{n} while the bot was down"),
}


def ranked(due: DigestDue) -> list[Held]:
    """What is held, the most important first: by level, by independent origins, then the newest.

    What a correlation among them puts together is not shown apart.
    """
    covered = {part for story in due.stories.values() if story.rule_id for part in story.links}

    def weight(held: Held) -> tuple[int, int, datetime, str]:
        story = due.stories.get(held.alert.story_id)
        return int(held.alert.level), story.origins if story else 0, held.at, held.alert.story_id

    return sorted((h for h in due.held if h.alert.story_id not in covered), key=weight, reverse=True)


def roundup(due: DigestDue, *, names: Names, now: datetime) -> tuple[Card, Sequence[Held]]:
    """The digest, and what of all that is held is in it: as much as one message holds."""
    tz = zone_of(due.subscriber.timezone)
    items = ranked(due)
    sheet = Sheet().line(_heading(due, items), EntityKind.BOLD)
    shown: list[Held] = []
    for held in items[:MOST]:
        line = _line(held.alert, due.stories.get(held.alert.story_id), names)
        if sheet.units + sum(utf16_length(part) for part, _, _ in line) > MAX_UNITS - _ROOM:
            break
        shown.append(held)
        sheet.line("• ")
        for text, kinds, url in line:
            sheet.add(text, *kinds, url=url)
    if more := len(items) - len(shown):
        sheet.line(tr_n("and {n} less important story", "and {n} less important stories", more))
    if due.is_regular:
        sheet.line(f"{_reasons(items)} · {clock_time(now, now, tz, zone=True)}")
    return sheet.card(), shown


def _heading(due: DigestDue, items: Sequence[Held]) -> str:
    number = len(items)
    if due.is_regular:
        return tr_n("Digest: {n} story that did not ring", "Digest: {n} stories that did not ring", number)
    return tr_n("While I was down: {n} story", "While I was down: {n} stories", number)


def _reasons(items: Iterable[Held]) -> str:
    found = [held.reason for held in items]
    return ", ".join(tr(text, n=found.count(reason)) for reason, text in _WHY.items() if reason in found)


def _line(alert: Alert, story: Story | None, names: Names) -> list[tuple[str, list[EntityKind], str]]:
    """One story: its level, its headline as it stands now, how certain it is, and who says so."""
    claim = story.claim(alert.event.theme, alert.event.actor) if story else None
    known = claim or alert.event
    gone = known.polarity is Polarity.DENIED or (story is not None and not story.stands)
    title = clip(story.title if story else alert.evidence, _TITLE) or no_title()
    url = safe_url(story.members[0].url) if story and story.members else ""
    word = level_name(alert.level)
    if gone:
        word = tr("DENIED") if known.polarity is Polarity.DENIED else tr("WITHDRAWN")
    if story is not None and story.rule_id:
        who = [clip(names(company), _NAME) for company in sorted(story.companies)[:_COMPANIES]]
        return [(f"{word} · ", [], ""), (title, [], ""), (f" · {', '.join(who)}" if who else "", [], "")]
    facts = [] if gone else [certainty(known.modality, known.attribution, SourceKind.PAPER)]
    facts += [clip(names(alert.event.actor), _NAME)] if alert.event.actor else []
    facts += [count(story.origins, "origin", "origins")] if story and story.origins > 1 else []
    kinds = [EntityKind.STRIKE] if gone and known.modality is not Modality.CONFIRMED else []
    return [(f"{word} · ", [], ""), (title, kinds, url), (f" · {' · '.join(facts)}" if facts else "", [], "")]
