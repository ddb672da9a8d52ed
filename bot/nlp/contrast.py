"""What a sentence names only to say that it is not so: 'bonds, not shares', 'prices instead of capex', 'not 2 but 3'.

What is set against something else shares its verb, but nothing is claimed of it. That an amount is less or more than
the one set against it is told in `bot.nlp.amounts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.nlp.words import Token

_REACH = 8  # tokens that what is rejected may have
_BUT_WITHIN = 6  # tokens between 'not' and its 'but'
_PAUSES = frozenset(
    {",", "-", "–", "—", "(", "and", "but"}
)  # before a 'not' that sets one thing against another
_ENDS = frozenset({",", ";", ":", "-", "–", "—", "(", ")", ".", "?", "!", '"', "”", "…"})
# What goes on with what was said before: 'raised $2 billion in bonds, not shares, to build halls'.
_GOES_ON = frozenset(
    "to for as after amid because since when while if but and or so that which who says said say via by".split()
)
_ADDS = frozenset(
    {"only", "just", "merely", "solely", "least", "yet", "to", "even", "that", "until", "because", "so"}
)
_PAIRED = {"instead": "of", "rather": "than", "opposed": "to"}
_AUXILIARY = frozenset(
    "is are was were be been being has have had do does did will would can could may might should must 's".split()
)
_AMOUNTS = frozenset({"money", "percent", "number"})
_SCALES = frozenset("trillion trn tn billion bln bn million mln mn".split())


class Rejected(NamedTuple):
    """Tokens `start` to `end` hold what is set against something else, with the words that do it."""

    start: int
    end: int
    is_amount: bool


def rejected(tokens: Sequence[Token]) -> list[Rejected]:
    """All that a sentence sets against something else, left to right."""
    out: list[Rejected] = []
    for n in range(1, len(tokens)):
        first = _begins(tokens, n)
        if first and (not out or n >= out[-1].end):
            amount = _amount(tokens, first)
            out.append(Rejected(n, amount or _end(tokens, first), bool(amount)))
    return out


def within(start: int, end: int, apart: Sequence[Rejected]) -> bool:
    """Whether all of it is part of something that is rejected."""
    return any(r.start <= start and end <= r.end for r in apart)


def bridges(start: int, end: int, apart: Sequence[Rejected]) -> bool:
    """Whether it takes what is rejected together with what is not: 'raised .. {shares}', or '{the wrong sum} .. notes'."""
    return any(
        start < r.start < end <= r.end or (r.is_amount and r.start <= start < r.end < end) for r in apart
    )


def _begins(tokens: Sequence[Token], n: int) -> int:
    """The token at which what is rejected begins if the words at token `n` reject it; 0 if they don't."""
    word, following = tokens[n].lower, tokens[n + 1].lower if n + 1 < len(tokens) else ""
    if not following:
        return 0
    if _PAIRED.get(word) == following:
        return n + 2
    if word != "not" or following in _ADDS or following in _ENDS:
        return 0
    if tokens[n - 1].text in _PAUSES or tokens[n - 1].lower in _PAUSES:
        return n + 1
    but = next(
        (k for k in range(n + 2, min(n + 2 + _BUT_WITHIN, len(tokens))) if tokens[k].lower == "but"), 0
    )
    between = {t.text for t in tokens[n:but]}
    return n + 1 if but and tokens[n - 1].lower not in _AUXILIARY and not between & _ENDS else 0


def _amount(tokens: Sequence[Token], first: int) -> int:
    """Where the amount ends that begins at token `first`, a word or two before it left aside; 0 if there is none.

    What follows is said of both: 'raised $1 billion, not $2 billion, of notes'.
    """
    at = next((k for k in range(first, min(first + 3, len(tokens))) if tokens[k].kind in _AMOUNTS), None)
    if at is None or any(tokens[k].kind != "word" for k in range(first, at)):
        return 0
    return at + 1 + (at + 1 < len(tokens) and tokens[at + 1].lower in _SCALES)


def _end(tokens: Sequence[Token], first: int) -> int:
    for k in range(first, min(first + _REACH, len(tokens))):
        if tokens[k].text in _ENDS or (k > first and tokens[k].lower in _GOES_ON):
            return k
    return min(first + _REACH, len(tokens))
