"""Where companies and evidence stand in a text that is shown, with characters that hide or steer written out."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.nlp.explanation import Explanation

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters `start` to `end` (exclusive) of a text, and what they were read as."""

    start: int
    end: int
    label: str
    kind: Literal["company", "event"]


def marks_in(explanation: Explanation, field: Literal["title", "text"]) -> list[Mark]:
    """Mentions, and evidence under the numbers of its events from 1, in order of place."""
    marks = [
        Mark(m.span.start, m.span.end, m.id, "company") for m in explanation.mentions if m.span.field == field
    ]
    numbers: dict[tuple[int, int, str], list[int]] = {}
    for n, event in enumerate(explanation.events, 1):
        if event.span.field == field:
            numbers.setdefault((event.span.start, event.span.end, event.theme), []).append(n)
    marks += [
        Mark(start, end, f"{','.join(map(str, ns))} {theme}", "event")
        for (start, end, theme), ns in numbers.items()
    ]
    return sorted(marks, key=lambda m: (m.start, -m.end))


def written_out(text: str) -> str:
    """The text with every hidden character but line ends as '‹U+200B›': it is often why a word was not found."""
    return "".join(map(_written_out, text))


def written_out_with(text: str, marks: Sequence[Mark]) -> tuple[str, list[Mark]]:
    """The same, with the marks moved to where their words stand then."""
    parts = [_written_out(char) for char in text]
    places = [0]
    for part in parts:
        places.append(places[-1] + len(part))
    moved = [replace(m, start=places[m.start], end=places[m.end]) for m in marks]
    return "".join(parts), moved


def _written_out(char: str) -> str:
    is_shown = char == "\n" or unicodedata.category(char) not in _HIDDEN
    return char if is_shown else " " if char in "\t\r" else f"‹U+{ord(char):04X}›"
