"""Hashtags that are sentences, as words: '#MetaSellsCompute', and '#metasellscompute' where its words are known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from math import log
from pathlib import Path

HASHTAG = re.compile(r"#(\w{2,120})")
SENTENCE = 3  # words from which a tag is a sentence; fewer name a topic
_HUMPS = re.compile(r"xAI(?=[A-Z]|$)|[A-Z]{2,}(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_VOCABULARY = Path(__file__).parent / "model" / "vocabulary.txt"
_SHORTEST, _LONGEST = 14, 60  # characters of a tag in small letters that is taken apart
_LONGEST_WORD = 18
_NAME = 2_000  # names cost as much as the word of this rank
_DEAREST = 9.0  # mean cost of a word of a tag that is a sentence: rank 8,000
_SHORT_WORDS = frozenset("a i ai an as at be by if in is it no of on or so to up us we".split())


class TagWords:
    """The words of which tags in small letters may consist."""

    def __init__(self, names: Iterable[str] = (), vocabulary: Path = _VOCABULARY) -> None:
        """Take names of the field; `vocabulary` lists common words, the most frequent first, and is read when needed."""
        self._names = frozenset(n.lower() for n in names if n.isalpha() and len(n) > 2)
        self._path = vocabulary

    @cached_property
    def _costs(self) -> dict[str, float]:
        """What each word costs: the logarithm of its rank (Zipf); names only where the file is missing."""
        try:
            lines = self._path.read_text(encoding="utf-8").split("\n")
        except OSError:
            lines = []
        common = (w for w in lines if w.isascii() and w.isalpha() and (len(w) > 2 or w in _SHORT_WORDS))
        costs = {word: log(rank) for rank, word in enumerate(common, 10)}
        return costs | dict.fromkeys(self._names, log(_NAME))

    def split(self, tag: str) -> list[tuple[int, int]]:
        """The words of a tag as ranges of its characters; the whole tag where they are too few or too odd."""
        if not tag.isascii() or not tag.isalpha() or tag != tag.lower():
            return [m.span() for m in _HUMPS.finditer(tag)]
        whole = [(0, len(tag))]
        if not _SHORTEST <= len(tag) <= _LONGEST:
            return whole
        best: list[tuple[float, int]] = [
            (0.0, 0)
        ]  # for each end: the least cost, and where its last word begins
        for end in range(1, len(tag) + 1):
            ways = (
                (best[start][0] + self._costs.get(tag[start:end], float("inf")), start)
                for start in range(max(0, end - _LONGEST_WORD), end)
            )
            best.append(min(ways))
        words: list[tuple[int, int]] = []
        end = len(tag)
        while end and best[end][0] < float("inf"):
            start = best[end][1]
            words.insert(0, (start, end))
            end = start
        mean = best[-1][0] / max(1, len(words))
        return words if len(words) >= SENTENCE and mean <= _DEAREST else whole
