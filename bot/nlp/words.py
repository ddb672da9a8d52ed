"""Words and how they bend: the tokenizer, English inflection, and an index of phrases over tokens.

Works on lower-case surface forms and needs no tagger: taggers read 'Nvidia plunges' in Title Case as nouns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

_TOKEN = re.compile(
    r"(?P<percent>(?:(?<![\w.,])[+\-−–]\s?)?\d[\d.,]*\s?(?:%|pc\b|percent\b|per\s?cent\b|pct\b))"
    r"|(?P<money>(?:US|NT|HK|A|C|S)?[$€£¥₩]\s?\d[\d.,]*(?:\s?(?:trillion|billion|million|bln|mln|trn|bn|mn|tn|[bmk])\b)?"
    r"|\b(?:Rmb|RMB|EUR|KRW|CNY|USD)\s?\d[\d.,]*(?:\s?(?:trillion|billion|million|bln|mln|trn|bn|mn|tn)\b)?)"
    r"|(?P<number>(?:(?<![\w.,])[+\-−–])?\d[\d.,]*\d|(?:(?<![\w.,])[+\-−–])?\d)"
    r"|(?P<genitive>['’]s\b)"
    r"|(?P<word>[^\W\d_]+(?:['’](?!s\b)[^\W\d_]+)*)"
    r"|(?P<mark>\S)",
)


class Token(NamedTuple):
    """One token of a text; `start` and `end` (exclusive) are characters of that text."""

    text: str
    lower: str
    start: int
    end: int
    kind: str  # "percent", "money", "number", "genitive", "word" or "mark"


def tokenize(text: str) -> list[Token]:
    """Split into words, numbers, amounts, percentages and single marks; hyphens and slashes stand alone."""
    found = []
    for m in _TOKEN.finditer(text):
        part = m[0]
        lower = part.lower()
        start, end = m.span()
        kind = m.lastgroup or "mark"
        found.append(Token(part, lower.replace("’", "'") if "’" in lower else lower, start, end, kind))
    return found


_IRREGULAR = """
be is are was were been being am|become became|begin began begun|bring brought|build built|buy bought
catch caught|choose chose chosen|come came|cut cutting cuts|deal dealt|do does did done doing|draw drew drawn
drive drove driven|eat ate eaten|fall fell fallen|feel felt|fight fought|find found|flee fled|fly flew flown
forbid forbade forbidden|freeze froze frozen|get got gotten getting|give gave given|go goes went gone going
grind ground|grow grew grown|hang hung|have has had having|hit hits hitting|hold held|keep kept|lay laid
lead led|leap leapt|leave left|lend lent|let lets letting|lie lay lain lying|lose lost|make made making|mean meant
meet met|overshoot overshot|pay paid|put puts putting|quit quits quitting|rise rose risen|run ran running
say said|see saw seen|seek sought|sell sold|send sent|set sets setting|shake shook shaken|shed sheds shedding
shoot shot|shrink shrank shrunk|shut shuts shutting|sink sank sunk|slide slid|sling slung|speak spoke spoken
spend spent|spring sprang sprung|stand stood|steal stole stolen|stick stuck|strike struck|sue sued sues suing
sweep swept|swing swung|take took taken|teach taught|tear tore torn|tell told|think thought|throw threw thrown
undercut undercutting|undergo underwent undergone|undo undid undone|undersell undersold|understand understood
wake woke woken|win won|withdraw withdrew withdrawn|write wrote written|overbuild overbuilt|outgrow outgrew outgrown
rebuild rebuilt|resell resold|sublet sublets subletting|forecast forecasts|beat beats beaten beating|die died dying
tie tied tying|nosedive nosedived|broadcast broadcasts|bid bids bidding|burst bursts|cost costs costing|slip slipped
spread spreads|undertake undertook undertaken|overtake overtook overtaken|breed bred|bleed bled|creep crept|weep wept
"""
_FORMS = {
    line.split()[0]: frozenset(line.split())
    for line in _IRREGULAR.replace("\n", "|").split("|")
    if line.split()
}
_VOWELS = "aeiou"
# Words that look like verbs to the rules below but never bend.
_FIXED = frozenset(
    "a an the of in on at to for from by with as and or not no its it their his her our your this that than more less "
    "too up down out off over under into per if could may might would should will can".split()
)


@lru_cache(maxsize=20_000)
def forms(word: str) -> frozenset[str]:
    """The word and its regular (or listed irregular) inflections, in lower case; some that nobody uses."""
    w = word.lower().replace("’", "'")
    if len(w) < 3 or w in _FIXED or not w.isalpha():
        return _FORMS.get(w, frozenset((w,)))
    out = {w, *_FORMS.get(w, ())}
    if w.endswith("y") and w[-2] not in _VOWELS:
        out |= {w[:-1] + "ies", w[:-1] + "ied", w + "ing"}
    elif w.endswith(("s", "x", "z", "ch", "sh")):
        out |= {w + "es", w + "ed", w + "ing"}
    elif w.endswith("e"):
        out |= {w + "s", w + "d", (w if w.endswith(("ee", "oe")) else w[:-1]) + "ing"}
    else:
        out |= {w + "s", w + "ed", w + "ing"}
        if w[-1] not in "wxyaeiou" and w[-2] in _VOWELS and w[-3] not in _VOWELS:
            out |= {w + w[-1] + "ed", w + w[-1] + "ing"}
    return frozenset(out)


V = TypeVar("V")
_holds = frozenset.__contains__


class PhraseIndex(Generic[V]):
    """Finds phrases of one or more tokens in a run of tokens; each phrase carries values.

    Attributes:
        phrases: What was added: the lower-case forms of each word, and the value.
    """

    def __init__(self) -> None:
        self.phrases: list[tuple[tuple[frozenset[str], ...], V]] = []
        self._first: dict[str, list[tuple[tuple[frozenset[str], ...], V]]] = {}

    def add(self, phrase: str, value: V, *, inflect: bool) -> None:
        """Register a phrase; a word with a leading `=`, or every word without `inflect`, matches only as written."""
        parts: list[frozenset[str]] = []
        exact = False
        for token in tokenize(phrase):
            if token.text == "=":
                exact = True
                continue
            parts.append(forms(token.lower) if inflect and not exact else frozenset((token.lower,)))
            exact = False
        if not parts:
            raise ValueError(f"{phrase!r} has no words")
        rest = tuple(parts[1:])
        self.phrases.append(((parts[0], *rest), value))
        for form in parts[0]:
            self._first.setdefault(form, []).append((rest, value))

    def find(self, tokens: Sequence[Token]) -> Iterable[tuple[int, int, V]]:
        """All occurrences as (first token, end token exclusive, value), left to right."""
        words = [t.lower for t in tokens]
        size = len(words)
        first = self._first
        for i, word in enumerate(words):
            known = first.get(word)
            if known is None:
                continue
            for rest, value in known:
                if not rest:
                    yield i, i + 1, value
                    continue
                end = i + 1 + len(rest)
                # Of phrases of several words that begin here, nine in ten fail at their second word.
                if end <= size and words[i + 1] in rest[0] and all(map(_holds, rest, words[i + 1 : end])):
                    yield i, end, value

    def starts(self, word: str) -> bool:
        """Whether some phrase begins with this lower-case word."""
        return word in self._first
