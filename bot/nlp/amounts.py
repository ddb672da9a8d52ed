"""Two amounts of one thing compared: 'capex of $18 bln vs $20 bln seen before' tells a direction that no verb tells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from bot.nlp.words import Token

_VALUE = re.compile(r"\d[\d.,]*")
_SCALES = {
    "trillion": 1e12, "trn": 1e12, "tn": 1e12, "billion": 1e9, "bln": 1e9, "bn": 1e9, "b": 1e9,
    "million": 1e6, "mln": 1e6, "mn": 1e6, "m": 1e6, "k": 1e3,
}  # fmt: skip
_BETWEEN, _AFTER = 9, 5  # tokens between the two amounts, and behind them, in which the comparison is told
_AGAINST = frozenset({"vs", "versus", "against", "compared", "instead", "rather", "not"})
_EXPECTED = frozenset(
    "consensus est ests estimate estimates estimated expected expectations expectation street mean whisper whispered "
    "whispers analysts forecast forecasts seen modelled hoped wanted".split()
)
_PLANNED = frozenset(
    "prior previous previously earlier before planned plan pencilled penciled promised view guided old original originally "
    "initial initially target targeted instead rather not former budgeted".split()
)
_SET_AGAINST = frozenset({"instead", "rather", "not"})
_LAST_TIME = frozenset({"ago", "year-ago", "yoy"})
_RANGE = frozenset({"-", "–", "—", "to"})


class Yardstick(StrEnum):
    """What an amount is measured by."""

    EXPECTED = "expected"  # what analysts had reckoned with
    PLANNED = "planned"  # what had been said before


@dataclass(frozen=True, slots=True)
class Comparison:
    """Tokens `start` to `end` measure one amount by another."""

    start: int
    end: int
    is_more: bool
    yardstick: Yardstick
    is_bare: bool = (
        False  # nothing says what the other is but that it is set against it: '$6 billion, not $7 billion'
    )


def compared(tokens: Sequence[Token]) -> list[Comparison]:
    """The comparisons of a sentence, left to right; amounts that are equal or of different kinds are not compared."""
    amounts = _amounts(tokens)
    out: list[Comparison] = []
    for (a, b, one), (c, d, other) in pairwise(amounts):
        between = [t.lower for t in tokens[b:c]]
        near = {*between, *(t.lower for t in tokens[d : d + _AFTER])}
        if not 0 < len(between) <= _BETWEEN or _AGAINST.isdisjoint(between) or ";" in between:
            continue
        if near & _LAST_TIME or {"year", "earlier"} <= near or {"last", "year"} <= near:
            continue
        yardstick = _yardstick(near)
        values = _same_scale(one, other)
        if yardstick and values and values[0] != values[1]:
            is_bare = yardstick is Yardstick.PLANNED and near & _PLANNED <= _SET_AGAINST
            out.append(Comparison(a, d, values[0] > values[1], yardstick, is_bare))
    return out


def _yardstick(near: set[str]) -> Yardstick | None:
    if near & _EXPECTED:
        return Yardstick.EXPECTED
    return Yardstick.PLANNED if near & _PLANNED else None


@dataclass(frozen=True, slots=True)
class _Amount:
    kind: str  # "money", "percent" or "number"
    value: float
    scale: float | None  # None: not written


def _amounts(tokens: Sequence[Token]) -> list[tuple[int, int, _Amount]]:
    """Amounts with their tokens; the two ends of a range count as its middle."""
    out: list[tuple[int, int, _Amount]] = []
    for n, token in enumerate(tokens):
        if token.kind not in ("money", "percent", "number"):
            continue
        amount, end = _read(tokens, n)
        if amount is None:
            continue
        if out and n > 0 and tokens[n - 1].text in _RANGE and out[-1][1] == n - 1:
            start, _, low = out[-1]
            scale = low.scale or amount.scale
            out[-1] = (start, end, _Amount(low.kind, (low.value + amount.value) / 2, scale))
        else:
            out.append((n, end, amount))
    return out


def _read(tokens: Sequence[Token], n: int) -> tuple[_Amount | None, int]:
    token = tokens[n]
    digits = _VALUE.search(token.text)
    if digits is None:
        return None, n + 1
    try:
        value = float(digits.group().replace(",", "").rstrip("."))
    except ValueError:  # '1.2.3'
        return None, n + 1
    unit = re.sub(r"[^a-z]", "", token.lower[digits.end() :])
    end = n + 1
    if not unit and token.kind != "percent" and end < len(tokens) and tokens[end].lower in _SCALES:
        unit, end = tokens[end].lower, end + 1
    if token.kind == "number" and not unit and len(token.text) == 4 and token.text.isdigit():
        return None, end  # a year
    return _Amount(token.kind, value, _SCALES.get(unit)), end


def _same_scale(one: _Amount, other: _Amount) -> tuple[float, float] | None:
    """Both values in the same unit; what is written without one takes the other's ('$72bn, not the 80')."""
    if "percent" in (one.kind, other.kind) and one.kind != other.kind:
        return None
    a, b = one.scale or other.scale or 1.0, other.scale or one.scale or 1.0
    first, second = one.value * a, other.value * b
    # A share of the other that no revision has is no revision but another thing.
    return (first, second) if 0.1 * second < first < 10 * second else None
