"""Whether a text is English enough to be read: a word of another language that looks like a cue claims nothing.

It goes by what speaks for another language (common words, letters with marks, scripts), weighed against common English
words. It never asks for English words as such: a headline may have none. Names of companies count for neither.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from bot.nlp.language_words import ENGLISH, OTHERS, SHARED
from bot.nlp.sentence import Sentence

LEAST = 1.0  # from which evidence for another language counts at all
SURE = 2.0  # by how much a sentence must lean to a side to be told apart from its entry
DOUBTFUL = 0.5  # what a word weighs that may be of a name ('La Jolla', 'von der Leyen') or stand alone ('US v Intel')
LONG = 5  # letters from which a common word with a capital is no name ('Aktien')
NAMED = 0.4  # what a name weighs that is spelt with such letters ('Telefónica España')
PARTICLES = frozenset(
    "von der den van ter ten de du des di da del della do dos das la le les el al los las bin zu y e".split()
)
DENSE = 3  # characters that say as much as a word, in a script that writes none apart
WORDLESS = 8  # words that no English text has without a common one
_PRIOR = 1.0  # what a feed that is said to be in another language weighs
_DENSE_SCRIPTS = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")


def _languages() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for language, words in OTHERS.items():
        for word in words:
            found[word] = (*found.get(word, ()), language)
    return found


_LANGUAGES = _languages()  # of each word


@dataclass(slots=True)
class Tally:
    """What speaks for English and what for another language; words are the unit."""

    words: int = 0  # in small letters
    english: float = 0.0
    marked: float = 0.0  # words with letters that English has not
    latin: int = 0  # letters
    foreign: float = 0.0  # letters of other scripts
    script: float = 0.0  # the same in words
    of: dict[str, float] = field(default_factory=dict)  # words by language

    @property
    def lean(self) -> float:
        """How far it leans to another language; below 0: to English."""
        return self.other - self.english

    @property
    def other(self) -> float:
        """What speaks for the other language that it is most likely to be in."""
        return self.script + self.marked + max(self.of.values(), default=0.0)

    def add(self, more: Tally) -> None:
        """Join two."""
        self.words += more.words
        self.english += more.english
        self.marked += more.marked
        self.latin += more.latin
        self.foreign += more.foreign
        self.script += more.script
        for language, weight in more.of.items():
            self.of[language] = self.of.get(language, 0.0) + weight


def mark_foreign(sentences: Sequence[Sentence], language: str = "en") -> None:
    """Fill `is_foreign`: a sentence that leans to neither side is as the whole of its entry.

    `language` is what the feed is said to be in; it is one voice among others.
    """
    tallies = [tally(s) for s in sentences]
    whole = Tally()
    for one in tallies:
        whole.add(one)
    is_foreign = _is_foreign(whole, 0.0 if _is_english(language) else _PRIOR)
    for sentence, one in zip(sentences, tallies, strict=True):
        is_sure = abs(one.lean) >= SURE or one.foreign > one.latin
        sentence.is_foreign = _is_foreign(one) if is_sure else is_foreign


def _is_english(language: str) -> bool:
    return language.lower().partition("-")[0] in ("", "en", "und", "mul")


def _is_foreign(found: Tally, prior: float = 0.0) -> bool:
    if found.foreign > found.latin:
        return True
    if found.words >= WORDLESS and not found.english:
        return True
    other = found.other + prior
    return other >= LEAST and other > found.english


def tally(sentence: Sentence) -> Tally:
    """Weigh the words of one sentence, those of company names left out."""
    named = {k for i, j, _ in sentence.companies for k in range(i, j)}
    tokens = sentence.tokens
    return weigh([(t.text, t.lower) for k, t in enumerate(tokens) if t.kind == "word" and k not in named])


def weigh(words: Sequence[tuple[str, str]]) -> Tally:
    """Weigh words, each as written and in lower case."""
    found = Tally()
    for n, (text, lower) in enumerate(words):
        languages = _LANGUAGES.get(lower)
        if lower in ENGLISH:
            found.english += 1
        elif not text.isascii():
            script = _script(text)
            if script:
                found.foreign += len(text)
                found.script += len(text) / DENSE if script in _DENSE_SCRIPTS else float(len(text) > 1)
                continue
            if not languages:
                found.marked += NAMED if text[0].isupper() else 1.0
        found.words += text == lower
        found.latin += len(text)
        if languages:
            weight = _weight(words, n)
            for language in languages:
                found.of[language] = found.of.get(language, 0.0) + weight
    return found


def _weight(words: Sequence[tuple[str, str]], n: int) -> float:
    """What a common word of another language weighs where it stands."""
    word, lower = words[n]
    if len(word) == 1 and word.isascii():
        return 0.0 if word.isupper() else DOUBTFUL
    if lower in ENGLISH or lower in SHARED:
        return DOUBTFUL
    if lower in PARTICLES:
        following = words[n + 1][0] if n + 1 < len(words) else ""
        return DOUBTFUL if word[0].isupper() or following[:1].isupper() else 1.0
    return DOUBTFUL if n and word[0].isupper() and len(word) < LONG else 1.0


@lru_cache(maxsize=20_000)
def _script(word: str) -> str:
    """The script of a word that is not in Latin letters; an empty string if it is."""
    for char in word:
        if char.isascii():
            continue
        name = unicodedata.name(char, "LATIN").partition(" ")[0]
        if name != "LATIN" and char not in "µºª":
            return name
    return ""
