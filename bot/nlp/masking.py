"""What the learned part reads: the words of an entry with companies, amounts and numbers masked.

A model that sees names and figures learns the items by heart; one that sees places for them learns the language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.nlp.events import Sentence

MAX_COMPANIES = 12  # companies of one entry that have a place of their own; the others share the last
COMPANY = "@"


@dataclass(slots=True)
class Masked:
    """The masked words of one sentence: `words[i]` stands for tokens `first[i]` up to `first[i + 1]`."""

    words: list[str] = field(default_factory=list)
    first: list[int] = field(default_factory=list)


def mask(sentence: Sentence, places: dict[str, int], sectors: Mapping[str, str]) -> Masked:
    """Mask one sentence; `places` numbers the companies of the entry and grows with each new one.

    A company's first mention is followed by its sector in angle brackets.
    """
    starts = {i: (j, c) for i, j, c in sentence.companies if (i, j) not in sentence.products}
    out = Masked()
    n = 0
    while n < len(sentence.tokens):
        if n in starts:
            end, company = starts[n]
            is_new = company not in places
            place = places.setdefault(company, min(len(places), MAX_COMPANIES - 1))
            out.words.append(f"{COMPANY}{place}")
            out.first.append(n)
            if is_new:
                out.words.append(f"<{sectors.get(company, 'other')}>")
                out.first.append(n)
            n = end
            continue
        token = sentence.tokens[n]
        out.words.append(_masked(token.text, token.lower, token.kind))
        out.first.append(n)
        n += 1
    return out


def _masked(text: str, lower: str, kind: str) -> str:
    if kind == "percent":
        return {"+": "<up%>", "-": "<down%>", "−": "<down%>", "–": "<down%>"}.get(text[0], "<%>")
    if kind == "money":
        return "<$>"
    if kind == "number":
        return "<year>" if len(text) == 4 and text[:2] in ("19", "20") and text.isdigit() else "<#>"
    return lower
