"""What has not come for too long, as far as anybody would have seen it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.model import Sighting, Span
from bot.rules.book import Rule, Rulebook
from bot.rules.correlate import Kind
from bot.rules.correlation import Asking, Memory, Together

_NOTICED_WITHIN = timedelta(hours=48)  # what was missed for longer, the program being down, is no news
_BROUGHT_WITHIN = timedelta(days=30)  # which feeds bring something is told by what they brought of late


def absences(book: Rulebook, memory: Memory, now: datetime) -> list[Together]:
    """Every `absence` that has begun: nothing came for longer than the rule allows, though it would have been seen."""
    found = []
    for rule, longer_than, asking in _expecting(book, memory):
        seen = asking.claims(now - longer_than - _NOTICED_WITHIN, now)
        if not seen or now - seen[-1].at <= longer_than or not memory.is_whole(now - longer_than):
            continue
        earlier = asking.claims(now - max(_BROUGHT_WITHIN, longer_than + _NOTICED_WITHIN), now)
        if not memory.is_whole(now - longer_than, [s.feed_id for s in earlier]):
            continue
        last = seen[-1]
        title = Span("title", 0, len(last.title))  # of its entry no more is remembered
        shown = replace(last, event=replace(last.event, evidence=title))
        found.append(Together(rule=rule, group=last.entry_id, sightings=(shown,), count=1))
    return found


def due(book: Rulebook, memory: Memory, now: datetime) -> list[datetime]:
    """After which moments absences are to be told if nothing more comes, as it looks now; the earliest first."""
    moments = set()
    for _, longer_than, asking in _expecting(book, memory):
        seen = asking.claims(now - longer_than - _NOTICED_WITHIN, now)
        moments |= {max(s.at, memory.watched) + longer_than for s in seen[-1:]}
    return sorted(moments)


def _expecting(book: Rulebook, memory: Memory) -> Iterator[tuple[Rule, timedelta, Asking]]:
    for rule in book.rules:
        spec = rule.correlate
        if spec is not None and spec.type is Kind.ABSENCE and spec.longer_than is not None:
            yield rule, spec.longer_than, Asking(rule, spec, book, memory, _never)


def _never(_first: Sighting, _then: Sighting) -> bool:
    return False
