"""Tells in microseconds whether a text can speak of the field at all, and whether it is clean: automata over words.

An entry is about the field only if it holds the name or a symbol of a company, a noun for a sector, or a word of the
`domain` patterns. An Aho-Corasick automaton looks for all of them in one pass. It is exact in one direction: what it
rejects has an empty analysis; what it lets pass is read in full and may turn out empty as well.

It sees texts as `normalise` leaves them (hashtags that are sentences are words there), and compares as `tokenize`
does: in lower case, with one sort of apostrophe, whatever white space stands between words. Texts that are clean are
not normalised first: looking for boilerplate took three quarters of the time of an entry that is not about the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

import ahocorasick

from bot.nlp.cues import BUILT_IN, Pattern
from bot.nlp.lexicon import OUTSIDE, Lexicon
from bot.nlp.normalise import is_untouched
from bot.nlp.themes import Taxonomy

Phrase = Sequence[frozenset[str]]  # the lower-case forms of each of its words

MOST_SPELLINGS = 2_000  # of one phrase; one with more is looked for by its longest word alone
_LETTERS, _DIGITS = frozenset("abcdefghijklmnopqrstuvwxyz"), frozenset("0123456789")

# One of these stands in whatever `normalise` masks, splits or flags.
_NOISE = (
    "#",
    "generated",
    "written with ai",
    "third-party",
    "third party",
    "advice",
    "nfa",
    "dyor",
    "own research",
    "informational purposes",
    "t&c",
    "disclaimer",
    "comment",
    "repost",
    "reward",
    "retweet",
    "bookmark",
    "read more",
    "subscribe now",
    "follow me",
    "tap to expand",
    "translate post",
    "sponsored",
    "advertorial",
    "paid partnership",
    "paid content",
    "paid post",
    "use code",
    "referral link",
    "opinion",
    "op-ed",
    "hot take",
    "ı",  # with the next two, what Python's IGNORECASE takes for an ASCII letter and `lower` does not
    "ſ",
    "\N{COMBINING DOT ABOVE}",  # 'İ' in lower case is an 'i' and this
)


class Prefilter:
    """Looks for phrases in any case, and for others as they are written.

    Args:
        phrases: Of which a text must hold one, or one of the others.
        written: Tickers and names that count only as they are written.
        informal: Names of which an informal text may hold one instead.
        is_open: Let everything pass: something is looked for that no phrase tells.
    """

    def __init__(
        self,
        phrases: Iterable[Phrase],
        written: Iterable[str] = (),
        informal: Iterable[Phrase] = (),
        *,
        is_open: bool = False,
    ) -> None:
        """Build the automata."""
        self._is_open = is_open
        self._phrases = _automaton(folded(s) for phrase in phrases for s in spellings(phrase))
        self._written = _automaton(written)
        self._informal = _automaton(folded(s) for phrase in informal for s in spellings(phrase))

    def passes(self, text: str, *, informal: bool = False) -> bool:
        """Whether a text may speak of the field; in `informal` ones capitals say nothing."""
        if self._is_open:
            return True
        line = f" {' '.join(text.split())} ".replace("’", "'")
        lower = folded(line)
        return (
            _holds(self._phrases, lower)
            or _holds(self._written, line)
            or (informal and _holds(self._informal, lower))
        )


def prefilter_for(lexicon: Lexicon, taxonomy: Taxonomy) -> Prefilter:
    """The filter that rejects no text in which `lexicon` finds a company or `taxonomy` the field."""
    # The index itself, not the companies: no sort of name that it comes to hold can be forgotten here.
    names = [
        (phrase, name.alias)
        for phrase, name in lexicon._index.phrases
        if name.company and not name.is_ticker and lexicon.companies[name.company].sector not in OUTSIDE
    ]
    phrases: list[Phrase] = [phrase for phrase, alias in names if not alias.case]
    phrases += [phrase for phrase, _ in taxonomy.group_index.phrases]
    told = [telling(p) for p in taxonomy.domain]
    wanted = frozenset[str]().union(*(t for t in told if t))
    phrases += [phrase for phrase, name in taxonomy.compiler._index.phrases if name in wanted]
    cased = [alias.text for _, alias in names if alias.case]
    return Prefilter(
        phrases,
        [*lexicon._symbols, *cased, *map(str.upper, cased)],
        [phrase for phrase, alias in names if alias.case],
        is_open=None in told,
    )


def telling(pattern: Pattern) -> frozenset[str] | None:
    """Word classes of which a text must hold one for a pattern to match; None if there are none such.

    Sectors are looked for anyway.
    """
    for step in pattern.orders[0]:
        words = step.classes - {"sector"}
        if words.isdisjoint(BUILT_IN):
            return words
    return None


def folded(text: str) -> str:
    """A text in small letters; 'ς' is the one letter whose lower case depends on its neighbours."""
    return text.lower().replace("ς", "σ")


def is_clean(text: str) -> bool:
    """Whether `normalise` leaves a text as it is, for certain."""
    return is_untouched(text) and next(_NOISY.iter(text.lower()), None) is None


def spellings(phrase: Phrase) -> Iterator[str]:
    """How the words of a phrase may stand in a text: 'H100' and 'H 100' are the same two tokens."""
    count = 2 ** (len(phrase) - 1)
    for forms in phrase:
        count *= len(forms)
    if count > MOST_SPELLINGS:
        yield from max(phrase, key=lambda forms: min(map(len, forms)))
        return
    for words in product(*phrase):
        joined = [words[0]]
        for word in words[1:]:
            ends = ("", " ") if not _is_one(joined[0][-1], word[0]) else (" ",)
            joined = [text + end + word for text in joined for end in ends]
        yield from joined


def _automaton(words: Iterable[str]) -> ahocorasick.Automaton:
    made = ahocorasick.Automaton()
    for word in words:
        line = " ".join(word.split())
        made.add_word(line, len(line))
    made.make_automaton()
    return made


def _holds(automaton: ahocorasick.Automaton, line: str) -> bool:
    """Whether a word of the automaton stands in a line, and not merely within a longer word or number."""
    if not len(automaton):
        return False  # an empty one can't be asked
    for last, size in automaton.iter(line):
        first = last - size + 1
        if not _is_one(line[first - 1], line[first]) and not _is_one(line[last], line[last + 1]):
            return True
    return False


_NOISY = _automaton(_NOISE)


def _is_one(a: str, b: str) -> bool:
    """Whether two neighbouring characters belong to one token for certain: ASCII letters or ASCII digits."""
    a, b = a.lower(), b.lower()
    return (a in _LETTERS and b in _LETTERS) or (a in _DIGITS and b in _DIGITS)
