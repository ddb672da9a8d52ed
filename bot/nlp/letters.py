"""Letters as they are meant: full-width, mathematical and ligature letters as plain ones, without what can't be seen."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

# Forms of letters, digits and marks that mean their plain ones; fractions, ordinals and circled numbers mean more.
_FORMS = ("<wide>", "<narrow>", "<font>", "<noBreak>")
_LIGATURES = "<compat>"


def _form(char: str) -> str:
    """What a character means in plain text."""
    category = unicodedata.category(char)
    if category == "Cf":
        return ""  # zero-width, directions, soft hyphens
    if category == "Zs":
        return " "
    if category in ("Zl", "Zp"):
        return "\n"
    if char in "\u2010\u2011":
        return "-"
    form = unicodedata.decomposition(char).partition(" ")[0]
    if form in _FORMS:
        return unicodedata.normalize("NFKC", char)
    if form == _LIGATURES:
        meant = unicodedata.normalize("NFKC", char)
        return meant if meant.isalpha() else char
    return char


class _Forms(dict[int, str]):
    """A table for `str.translate` that grows with the characters that are met; 0x110000 at most."""

    def __missing__(self, code: int) -> str:
        return self.setdefault(code, _form(chr(code)))


_PLAIN = _Forms()


@dataclass(frozen=True, slots=True)
class Plain:
    """A text in plain letters. `text[i]` stands for characters `starts[i]` to `ends[i]`; None: each for itself."""

    text: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None

    def stored(self, start: int, end: int) -> tuple[int, int]:
        """The range of the original text behind a non-empty range of this one."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def is_plain(text: str) -> bool:
    """Whether a text is in plain letters already."""
    return text.isascii() or (text.translate(_PLAIN) == text and unicodedata.is_normalized("NFC", text))


def plain(text: str) -> Plain:
    """A text in plain letters; letters and the accents that follow them are one."""
    if is_plain(text):
        return Plain(text)
    meant = [(c, n) for n, char in enumerate(text) for c in _PLAIN[ord(char)]]
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    first = 0
    while first < len(meant):
        end, cluster = first + 1, meant[first][0]
        while end < len(meant) and _joins(cluster, meant[end][0]):
            cluster += meant[end][0]
            end += 1
        cluster = unicodedata.normalize("NFC", cluster)
        out.append(cluster)
        starts += [meant[first][1]] * len(cluster)
        ends += [meant[end - 1][1] + 1] * len(cluster)
        first = end
    return Plain("".join(out), tuple(starts), tuple(ends))


def _joins(cluster: str, char: str) -> bool:
    """Whether a character is one with those before it: an accent, or the rest of a syllable."""
    if cluster.isascii() and char.isascii():
        return False
    nfc = unicodedata.normalize
    return bool(unicodedata.combining(char)) or nfc("NFC", cluster + char) != nfc("NFC", cluster) + nfc(
        "NFC", char
    )
