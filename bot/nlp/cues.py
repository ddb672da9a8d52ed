"""The cue language: patterns over word classes, as a domain expert writes them in `rules/themes`.

    {cut} .. {capex}            a word of the class `cut`, then one of `capex`, at most GAP tokens between them
    {cut} & {capex}             the same in either order
    no plan to {cut} ... {capex}   plain words bend ('plans'), `...` bridges up to LONG_GAP tokens
    =down (on|at|{number})      `=` keeps a word from bending; parentheses are alternatives written in place
    {company} {percent}         built-in classes: company, sector, percent, up_percent, down_percent, money, number

A blank alone allows one token in between. Nothing bridges a semicolon or the end of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from bot.nlp.words import PhraseIndex, Token
from bot.text import did_you_mean

NEXT, GAP, LONG_GAP = 1, 5, 12
BUILT_IN = frozenset({"company", "sector", "percent", "up_percent", "down_percent", "money", "number"})
_NUMERIC = frozenset({"percent", "money", "number"})
_ELEMENT = re.compile(r"\{([^{}]*)\}|\(([^()]*)\)|(\.{2,3})|(&)|(=?[^\s{}()&]+)")
_MAX_ELEMENTS = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One element of a pattern: any of these classes, at most `gap` tokens after the one before."""

    classes: frozenset[str]
    gap: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled cue: step sequences, one for each order that `&` allows."""

    source: str
    orders: tuple[tuple[Step, ...], ...]


Occurrences = Mapping[str, Sequence[tuple[int, int]]]


class CueCompiler:
    """Turns cue text into patterns, and tokens into the class occurrences that patterns run on."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        """Take the word classes; an entry `{other}` of a class includes the class `other`.

        Raises:
            ValueError: A class includes an unknown class or itself, or an entry has no words.
        """
        self._words = words
        self._index: PhraseIndex[str] = PhraseIndex()
        self._literals: set[str] = set()
        self._needed: set[str] = set()

    def compile(self, source: str) -> Pattern:
        """Read one cue.

        Raises:
            ValueError: The cue is malformed or names an unknown class.
        """
        groups: list[list[Step]] = [[]]
        gap = NEXT
        position = 0
        for m in _ELEMENT.finditer(source):
            if source[position : m.start()].strip():
                break
            position = m.end()
            braces, inline, dots, order, literal = m.groups()
            if dots:
                gap = GAP if dots == ".." else LONG_GAP
            elif order:
                groups.append([])
                gap = GAP
            else:
                names = [braces] if braces is not None else self._alternatives(inline or literal or "")
                for name in names:
                    self._need(name)
                groups[-1].append(Step(frozenset(names), gap if any(groups) else 0))
                gap = NEXT
        if source[position:].strip() or not all(groups):
            raise ValueError(f"can't read the cue {source!r} near {source[position:].strip()[:20]!r}")
        if sum(map(len, groups)) > _MAX_ELEMENTS or len(groups) > 3:
            raise ValueError(
                f"the cue {source!r} has too many parts; at most {_MAX_ELEMENTS}, joined by '&' twice"
            )
        return Pattern(source, tuple(_join(order) for order in permutations(groups)))

    def _alternatives(self, text: str) -> list[str]:
        parts = [part.strip() for part in text.split("|")]
        names = [part[1:-1] for part in parts if part.startswith("{") and part.endswith("}")]
        phrases = [part for part in parts if not part.startswith("{")]
        if phrases:
            name = "=" + "|".join(phrases)
            if name not in self._literals:
                self._literals.add(name)
                for phrase in phrases:
                    self._index.add(phrase, name, inflect=True)
            names.append(name)
        return names

    def _need(self, name: str, trail: tuple[str, ...] = ()) -> None:
        if name in BUILT_IN or name in self._needed or name in self._literals:
            return
        if name not in self._words:
            raise ValueError(f"unknown word class {{{name}}}{did_you_mean(name, [*self._words, *BUILT_IN])}")
        self._needed.add(name)
        for phrase in self._flat(name, trail):
            self._index.add(phrase, name, inflect=True)

    def _flat(self, name: str, trail: tuple[str, ...]) -> Iterable[str]:
        if name in trail:
            raise ValueError(f"word class {{{name}}} includes itself")
        for phrase in self._words[name]:
            if phrase.startswith("{") and phrase.endswith("}"):
                other = phrase[1:-1]
                if other not in self._words:
                    raise ValueError(f"unknown word class {{{other}}}{did_you_mean(other, self._words)}")
                yield from self._flat(other, (*trail, name))
            else:
                yield phrase

    def occurrences(
        self, tokens: Sequence[Token], taken: Sequence[tuple[int, int]]
    ) -> dict[str, list[tuple[int, int]]]:
        """Where each class occurs; `taken` are token ranges of company names, where words are not words."""
        blocked = {i for start, end in taken for i in range(start, end)}
        found: dict[str, list[tuple[int, int]]] = {}
        for start, end, name in self._index.find(tokens):
            if start not in blocked and end - 1 not in blocked:
                found.setdefault(name, []).append((start, end))
        for i, token in enumerate(tokens):
            kind = token.kind
            if kind in _NUMERIC:
                found.setdefault(kind, []).append((i, i + 1))
                if kind == "percent" and token.text[0] in "+-−–":
                    found.setdefault("up_percent" if token.text[0] == "+" else "down_percent", []).append(
                        (i, i + 1)
                    )
        return found


def _join(groups: Sequence[Sequence[Step]]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for group in groups:
        head = Step(group[0].classes, GAP if steps else 0)
        steps += [head, *group[1:]]
    return tuple(steps)


def find(pattern: Pattern, occurrences: Occurrences, walls: Sequence[int] = ()) -> list[tuple[int, int]]:
    """Where a pattern matches, as token ranges that do not overlap, shortest from each start; never across `walls`."""
    present = occurrences.keys()
    for step in pattern.orders[0]:
        if present.isdisjoint(step.classes):
            return []  # every order needs all of the steps; nine of ten calls end here
    hits: list[tuple[int, int]] = []
    for steps in pattern.orders:
        for name in steps[0].classes:
            for start, end in occurrences.get(name, ()):
                stop = _follow(steps, 1, end, occurrences)
                if stop and not any(start <= wall < stop for wall in walls):
                    hits.append((start, stop))
    hits.sort()
    kept: list[tuple[int, int]] = []
    for hit in hits:
        if not kept or hit[0] >= kept[-1][1]:
            kept.append(hit)
    return kept


def _follow(steps: Sequence[Step], n: int, end: int, occurrences: Occurrences) -> int:
    if n == len(steps):
        return end
    step = steps[n]
    following = sorted(
        (start, stop)
        for name in step.classes
        for start, stop in occurrences.get(name, ())
        if end <= start <= end + step.gap
    )
    for _, stop in following:
        last = _follow(steps, n + 1, stop, occurrences)
        if last:
            return last
    return 0
