"""Draws what was found: a page of a search, the biggest stories, and what inline mode offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from bot.delivery.holding import lapsed, standing
from bot.delivery.replies import echo
from bot.delivery.sheet import Sheet, clip, no_title, number_buttons, safe_url
from bot.delivery.words import clock_time, count, counted, span_text
from bot.locale import tr
from bot.model import Button, Card, EntityKind, Entry, Story
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
    title = headline(entry) or no_title()
    url = safe_url(entry.url)
    sheet = Sheet().line(title, EntityKind.BOLD, *_struck(hit), url=url)
    facts = " · ".join([*_facts(hit), clock_time(entry.at, now, tz, zone=True)])
    sheet.line(facts)
    buttons = [[Button(tr("Open"), url=url)]] if url else []
    return Offer(id=entry.id, title=title, description=facts, card=sheet.card(buttons), url=url)


def _hit_line(sheet: Sheet, n: int, hit: Hit, now: datetime, tz: tzinfo) -> None:
    entry = hit.entry
    sheet.line(f"{n}. {clock_time(entry.at, now, tz)} ")
    sheet.add(headline(entry) or no_title(), *_struck(hit), url=safe_url(entry.url))
    facts = _facts(hit)
    if hit.newest is not None:
        facts.append(tr("newest {time}", time=clock_time(hit.newest, now, tz)))
    sheet.add("".join(f" · {fact}" for fact in facts))


def _struck(hit: Hit) -> tuple[EntityKind, ...]:
    """How the headline is drawn of what was told and does not hold any more."""
    gone = hit.story is not None and hit.alert is not None and lapsed(hit.story, hit.alert.event)
    return (EntityKind.STRIKE,) if gone else ()


def headline(entry: Entry) -> str:
    """An entry's title in a list, or as much of a post that has none: it ends at a word."""
    return clip(entry.title or entry.text, _TITLE)


def _facts(hit: Hit) -> list[str]:
    """Who says so, how it stands, and how many tell it."""
    facts = [clip(hit.entry.source, _SOURCE)]
    if hit.story is not None:
        facts.append(standing(hit.story, hit.alert))
        if len(hit.story.members) > 1:
            facts += counted(hit.story.origins, hit.story.copies)
    return [fact for fact in facts if fact]
