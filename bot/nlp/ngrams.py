"""The plain half of the learned part: weights on the words of a sentence and on pieces of them, and nothing of their order.

It errs otherwise than the encoder does, so that the two together are better than each. Words are masked as for the
encoder; what they are counted by is hashed, so that no vocabulary has to be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bot.nlp.masking import COMPANY

SIZE = 1 << 17  # places that n-grams are hashed into
STEM = 5  # letters of a word that stand for its inflections
LENGTHS = (3, 4, 5)  # of the pieces of a word


class Ngrams:
    """Weights for each n-gram and theme."""

    def __init__(
        self, weights: NDArray[np.int8], scale: NDArray[np.float32], bias: NDArray[np.float32]
    ) -> None:
        """Take the weights, of shape (`SIZE`, themes) in units of `scale`, and the bias of each theme.

        Raises:
            ValueError: The shapes don't fit together.
        """
        if (
            weights.ndim != 2
            or weights.shape[0] != SIZE
            or not weights.shape[1:] == scale.shape == bias.shape
        ):
            raise ValueError(f"n-grams of the shapes {weights.shape}, {scale.shape}, {bias.shape}")
        self._weights, self._scale, self._bias = weights, scale, bias

    def score(self, words: Sequence[str]) -> NDArray[np.float32]:
        """The logit of each theme for a sentence of masked words."""
        places = places_of(words)
        total = self._weights[places].sum(0, dtype=np.int32)
        return np.asarray(total * self._scale / np.sqrt(max(1, len(places))) + self._bias, dtype=np.float32)


def places_of(words: Sequence[str]) -> NDArray[np.int64]:
    """Where the n-grams of masked words are counted, each place once and in order."""
    plain = [COMPANY if w.startswith(COMPANY) else w for w in words]
    stems = [w if w[0] in "@<" else w[:STEM] for w in plain]
    found = {p for w in plain for p in _of_word(w)}
    for n in range(len(plain) - 1):
        found.add(_place(f"b{plain[n]} {plain[n + 1]}"))
        found.add(_place(f"p{stems[n]} {stems[n + 1]}"))
    return np.array(sorted(found), dtype=np.int64)


@lru_cache(maxsize=20_000)
def _of_word(word: str) -> tuple[int, ...]:
    if word[0] in "@<":
        return (_place(f"u{word}"),)
    framed = f"^{word[:40]}$"
    pieces = {framed[i : i + size] for size in LENGTHS for i in range(len(framed) - size + 1)}
    return (_place(f"u{word}"), _place(f"s{word[:STEM]}"), *(_place(f"c{p}") for p in pieces))


def _place(ngram: str) -> int:
    return crc32(ngram.encode("utf-8", "surrogatepass")) % SIZE
