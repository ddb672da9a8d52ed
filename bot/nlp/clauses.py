"""Clauses of a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from bot.nlp.words import Token

# What opens a clause that stands against the one before it.
_CONTRASTS = frozenset({"but", "while", "whereas", "yet", "although", "though"})
_PAUSES = frozenset({",", ";", "-", "–", "—", "(", ")", "and"})


def clause(tokens: Sequence[Token], start: int, end: int) -> tuple[int, int]:
    """The tokens, end-exclusive, of the clause in which the claim at tokens `start` to `end` stands.

    Clauses part at a semicolon and before a conjunction of contrast ('Nvidia denied it, but AMD agreed').
    """
    first, last = 0, len(tokens)
    for n in range(start - 1, 0, -1):
        if _parts(tokens, n):
            first = n
            break
    for n in range(end, len(tokens)):
        if _parts(tokens, n):
            last = n
            break
    return first, last


def _parts(tokens: Sequence[Token], n: int) -> bool:
    if tokens[n].text == ";":
        return True
    return tokens[n].lower in _CONTRASTS and (tokens[n].lower == "but" or tokens[n - 1].text in _PAUSES)


def words(tokens: Sequence[Token]) -> str:
    """Tokens in lower case with blanks between."""
    return " ".join(t.lower for t in tokens)
