"""A claim of an entry in a line, alone or with its words between those around them."""

from __future__ import annotations

from bot.delivery.quote import split
from bot.delivery.sheet import Sheet, clip, no_title
from bot.delivery.words import Names
from bot.locale import tr
from bot.model import EntityKind, Entry, Event, Span
from bot.ruling.clauses import quoted, said

_AROUND = 90  # characters around the words that are quoted
_NAME = 60


def claim_text(event: Event, names: Names) -> str:
    """'“Compute resale”, Meta, under consideration'."""
    who = names(event.actor) if event.actor else tr("nobody named")
    return f"{quoted(clip(names(event.theme), _NAME))}, {clip(who, _NAME)}, {said(event.modality)}"


def show_claim(sheet: Sheet, entry: Entry, event: Event, names: Names) -> None:
    """Add it as a line: '“Compute resale”, Meta, under consideration: “Meta weighs selling …”'."""
    sheet.line(f"{claim_text(event, names)}: ")
    before, words, after = _around(entry, event.evidence)
    opening, closing = quoted("\n").split("\n")
    sheet.add(opening + before).add(words, EntityKind.BOLD).add(after + closing)


def _around(entry: Entry, span: Span) -> tuple[str, str, str]:
    body = entry.title if span.field == "title" else entry.text
    start, end = max(0, span.start - _AROUND), span.end + _AROUND
    found = split(body[start:end], span.start - start, span.end - start)
    if found is None:
        return "", no_title(), ""
    return ("…" if start else "") + found.before, found.words, found.after + ("…" if end < len(body) else "")
