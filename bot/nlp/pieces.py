"""Words into word pieces, as BERT's uncased vocabulary has them, with places of their own for what is masked."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.nlp.masking import COMPANY, MAX_COMPANIES, Masked

PARTS = ("[UNK]", "[CLS]", "[SEP]")  # without which no vocabulary can be used
_UNKNOWN, _START, _END = PARTS
_MAX_WORD = 40
MASKS = (
    *(f"{COMPANY}{n}" for n in range(MAX_COMPANIES)),
    "<%>",
    "<up%>",
    "<down%>",
    "<$>",
    "<#>",
    "<year>",
)
# What a mask without training would mean most nearly.
KIN = {"<%>": "%", "<up%>": "up", "<down%>": "down", "<$>": "$", "<#>": "number", "<year>": "2020"}


@dataclass(slots=True)
class Strip:
    """The pieces of one or more sentences, ready for the encoder."""

    ids: list[int]
    words: list[tuple[int, int]]  # (sentence, word) of each piece; (-1, -1): a piece of our own


class WordPieces:
    """Splits masked words greedily into the longest known pieces."""

    def __init__(self, vocabulary: Sequence[str], extras: Sequence[str]) -> None:
        """`extras` are the masks, in the order of the vocabulary's unused places."""
        self._ids = {piece: n for n, piece in enumerate(vocabulary)}
        self._extras = {mask: n for n, mask in enumerate(extras, 1)}
        self._cache: dict[str, tuple[int, ...]] = {}

    def word(self, word: str) -> tuple[int, ...]:
        """The pieces of one masked word."""
        found = self._cache.get(word)
        if found is None:
            found = self._split(word)
            if len(self._cache) < 50_000:
                self._cache[word] = found
        return found

    def _split(self, word: str) -> tuple[int, ...]:
        if word in self._extras:
            return (self._extras[word],)
        plain = "".join(
            c for c in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(c) != "Mn"
        )
        pieces: list[int] = []
        for part in plain.replace("'", " ' ").split():
            pieces += self._part(part)
        return tuple(pieces) or (self._ids[_UNKNOWN],)

    def _part(self, part: str) -> list[int]:
        pieces: list[int] = []
        start = 0
        while start < len(part):
            for end in range(min(len(part), start + _MAX_WORD), start, -1):
                piece = self._ids.get(("##" if start else "") + part[start:end])
                if piece is not None:
                    pieces.append(piece)
                    start = end
                    break
            else:
                return [self._ids[_UNKNOWN]]
        return pieces

    def strip(self, masked: Mapping[int, Masked], lead: str, limit: int) -> Strip:
        """Join sentences (by their number) behind the piece `lead`; what goes beyond `limit` pieces is left out."""
        ids, words = [self._ids[_START], self._extras[lead]], [(-1, -1), (-1, -1)]
        for s, sentence in masked.items():
            for w, word in enumerate(sentence.words):
                for piece in self.word(word):
                    ids.append(piece)
                    words.append((s, w))
            ids.append(self._ids[_END])
            words.append((-1, -1))
        return Strip(ids[:limit], words[:limit])
