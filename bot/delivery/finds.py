"""Draws what was found: a page of a search, the biggest stories, and what inline mode offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from bot.delivery.replies import echo
from bot.delivery.sheet import Sheet, clip, no_title, number_buttons, safe_url
from bot.delivery.words import clock_time, count, level_name, modality_word, span_text
from bot.locale import tr
from bot.model import Alert, Button, Card, EntityKind, Modality, Story
from bot.shelves import Hit, Search

PAGE = 6  # entries on a page
_TITLE, _SOURCE = 160, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that inline mode offers, to be put into any chat."""

    id: str
    title: str
    description: str
    card: Card
    url: str = ""


def page(search: Search, hits: Sequence[Hit], start: int, *, now: datetime, tz: tzinfo) -> Card:
    """A page of a search.

    Args:
        search: What was found in all.
        hits: What is shown, at most `PAGE`.
        start: How many were found before these.
        now: Decides which times need a day beside them.
        tz: The zone in which times are shown.
    """
    total = len(search.found.entries)
    asked = echo(search.asked)
    sheet = Sheet().line(
        tr("{n} found for {words}, newest first", n=total, words=asked)
        if search.found.is_complete
        else tr("{n} or more found for {words}, newest first", n=total, words=asked)
    )
    if total > PAGE:
        sheet.add(f"; {start + 1}–{min(start + PAGE, total)}")
    sheet.add(":")
    for n, hit in enumerate(hits, start + 1):
        _hit_line(sheet, n, hit, now, tz)
    if not search.found.is_complete and start + PAGE >= total:
        sheet.line(tr("Older ones may be left out: add a word, or a filter such as since:7d."))
    back, on = max(start - PAGE, 0), start + PAGE
    turns = [Button("◀", data=f"page:{search.id}:{back}")] if start > 0 else []
    turns += [Button("▶", data=f"page:{search.id}:{on}")] if on < total else []
    numbered = [(n, hit.story) for n, hit in enumerate(hits, start + 1)]
    return sheet.card([*story_buttons(numbered), turns])


def top_card(hits: Sequence[Hit], span: timedelta, *, now: datetime, tz: tzinfo) -> Card:
    """The biggest stories, a line and a button each."""
    sheet = Sheet().line(
        tr("The biggest stories of the last {span}, by independent origins:", span=_last(span))
    )
    for n, hit in enumerate(hits, 1):
        _hit_line(sheet, n, hit, now, tz)
    return sheet.card(story_buttons([(n, hit.story) for n, hit in enumerate(hits, 1)]))


def _last(span: timedelta) -> str:
    """'24 hours' rather than '1 day', which reads oddly behind 'the last'."""
    return count(24, "hour", "hours") if span == timedelta(days=1) else span_text(span)


def story_buttons(numbered: Sequence[tuple[int, Story | None]]) -> list[list[Button]]:
    """Numbers that open stories, a few in a row."""
    return number_buttons([(n, story.id) for n, story in numbered if story is not None])


def offer(hit: Hit, *, now: datetime, tz: tzinfo) -> Offer:
    """What inline mode shows of an entry, and what it puts into the chat."""
    entry = hit.entry
    title = clip(entry.headline, _TITLE) or no_title()
    url = safe_url(entry.url)
    sheet = Sheet().line(title, EntityKind.BOLD, url=url)
    facts = " · ".join([*_facts(hit), clock_time(entry.at, now, tz, zone=True)])
    sheet.line(facts)
    buttons = [[Button(tr("Open"), url=url)]] if url else []
    return Offer(id=entry.id, title=title, description=facts, card=sheet.card(buttons), url=url)


def standing(story: Story, alert: Alert | None) -> str:
    """'HIGH considering'; in one word that nothing of it holds any more; empty if nobody was told."""
    if story.is_denied:
        word = modality_word(Modality.DENIED)
    elif not story.stands:
        word = tr("withdrawn")
    elif alert is None:
        return ""
    else:
        claim = story.claim(alert.event.theme, alert.event.actor)
        word = modality_word(claim.modality if claim else alert.event.modality)
    return tr("{level} {modality}", level=level_name(alert.level), modality=word) if alert else word


def _hit_line(sheet: Sheet, n: int, hit: Hit, now: datetime, tz: tzinfo) -> None:
    entry = hit.entry
    sheet.line(f"{n}. {clock_time(entry.at, now, tz)} ")
    sheet.add(clip(entry.headline, _TITLE) or no_title(), url=safe_url(entry.url))
    sheet.add("".join(f" · {fact}" for fact in _facts(hit)))


def _facts(hit: Hit) -> list[str]:
    """Who says so, how it stands, and how many tell it."""
    facts = [clip(hit.entry.source, _SOURCE)]
    if hit.story is not None:
        facts.append(standing(hit.story, hit.alert))
        if len(hit.story.members) > 1:
            facts.append(count(hit.story.origins, "independent origin", "independent origins"))
        if hit.story.copies:
            facts.append(count(hit.story.copies, "copy", "copies"))
    return [fact for fact in facts if fact]
