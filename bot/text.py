"""Pure helpers for text, ids and durations. Nothing here knows the trade."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterable
from datetime import timedelta

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(\d+)(ms|[smhdw])")
_WORD = re.compile(r"[a-z0-9][a-z0-9.&'’-]*")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)]?\s")

# Function words of English headlines; they say nothing about which story it is.
_STOP = frozenset(
    "a an and are as at be been but by can could for from had has have how if in into is it its may might more "
    "new no not of off on or our over said says say than that the their they this to under up was we were what "
    "when which who why will with would you your after amid about".split()
)


def digest(*parts: str, size: int = 8) -> str:
    """A stable hex id of `2 * size` characters for some strings."""
    hasher = hashlib.blake2b(digest_size=size)
    for part in parts:
        hasher.update(part.encode("utf-8", "surrogatepass"))
        hasher.update(b"\0")
    return hasher.hexdigest()


def parse_duration(text: str) -> timedelta:
    """Read '200ms', '90s', '15m', '72h', '5d', '1w' or a sum like '1h30m'.

    Raises:
        ValueError: Not such a duration.
    """
    clean = text.strip().lower()
    if not clean or _DURATION.sub("", clean):
        raise ValueError(f"{text!r} is no duration; write for example 30s, 15m, 72h or 5d")
    return timedelta(seconds=sum(int(n) * _UNITS[unit] for n, unit in _DURATION.findall(clean)))


def show_duration(span: timedelta) -> str:
    """Write a duration in its largest whole units, at most two of them: '2h 5m'."""
    rest, parts = int(span.total_seconds()), []
    for unit, size in sorted(_UNITS.items(), key=lambda item: -item[1]):
        if unit not in ("w", "ms") and rest >= size:
            parts.append(f"{int(rest // size)}{unit}")
            rest %= int(size)
    return " ".join(parts[:2]) or "0s"


def nearest(word: str, known: Iterable[str], *, limit: int = 1, alike: float = 0.6) -> list[str]:
    """The known words that look most like `word`, best first; `alike` in [0, 1] is the least likeness."""
    lower = {k.lower(): k for k in known}
    return [lower[hit] for hit in difflib.get_close_matches(word.lower(), lower, n=limit, cutoff=alike)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """' (did you mean …?)' with the nearest known word, or an empty string."""
    hits = nearest(word, known)
    return f"; did you mean {hits[0]!r}?" if hits else ""


def content_words(text: str) -> frozenset[str]:
    """Lower-case words that can tell one story from another, without possessive endings."""
    words = (w.strip(".'’-").replace("’", "'").removesuffix("'s") for w in _WORD.findall(text.lower()))
    return frozenset(words) - _STOP - {""}


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text) + sum(ord(c) > 0xFFFF for c in text)


def shorten(text: str, limit: int) -> str:
    """Cut to at most `limit` characters: after a sentence if one ends in the second half, else after a word, with '…'."""
    if len(text) <= limit:
        return text
    head = text[: limit + 1]
    ends = [m.end() - 1 for m in _SENTENCE_END.finditer(head)]
    if ends and ends[-1] >= limit // 2:
        return head[: ends[-1]].rstrip()
    cut = head[:limit].rfind(" ")
    return head[: cut if cut > limit // 2 else limit - 1].rstrip() + "…"


def one_line(text: str) -> str:
    """All white space folded into single blanks."""
    return " ".join(text.split())
