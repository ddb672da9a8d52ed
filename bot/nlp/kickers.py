"""Labels before a colon that only name the topic: 'Chip glut: what investors should know' tells of no glut.

A label without a verb, before a question or a mere noun phrase, claims nothing of its own. Before a clause
('HBM shortage: SK Hynix raises prices') it is part of the news.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.nlp.words import Token

MOST_WORDS = 4
_LONGEST_PHRASE = 6  # words behind the colon that are taken for a noun phrase
# The nouns that labels end in. These are verbs as well where a plural stands before them: 'chip stocks slump'.
_DOUBLE = frozenset(
    "crash cut drop fall hike jump plunge rally rise slide slump spike surge tumble squeeze decline increase".split()
)
_NOUNS = _DOUBLE | frozenset(
    "glut gluts shortage shortages oversupply surplus crunch drought rout selloff sell-off meltdown correction"
    " downturn bubble boom layoffs cuts cull hikes rises increases falls declines war curbs curb ban bans controls"
    " restrictions tariffs probe probes investigation investigations lawsuit lawsuits case outage outages fire"
    " merger takeover acquisition bid deal deals sale sales ipo listing offering spending capex demand prices"
    " cancellations delays delay partnership buildout build-out freeze supercycle breakout breakdown upgrade"
    " upgrades downgrade downgrades stake earnings results".split()
)
_PLURALS = frozenset(
    "chips stocks shares sales earnings prices gpus cpus jobs rates tools servers centers centres data".split()
)
_CLOSED = frozenset(
    "a an the to is are was were be been has have had do does did will would can could may might should must not"
    " no by as if who what why how when where which that and or but for from with on at after before amid says"
    " said".split()
)
_ASKS = frozenset("what what's why how who who's whose which when where whether".split())
_ARTICLES = frozenset("the a an our your one's".split())
_COUNTS = frozenset("two three four five six seven eight nine ten".split())
_COUNTED = frozenset(
    "questions things charts takeaways ways reasons facts points lessons signs scenarios myths numbers stocks"
    " names answers theories winners losers".split()
)
_FORMATS = frozenset(
    "timeline explainer explained primer guide recap faq q&a live analysis everything all".split()
)
_FINITE = frozenset(
    "is are was were has have had do does did will would can can't could may might should must isn't aren't won't"
    " says said it's that's there's".split()
)


def kicker(tokens: Sequence[Token]) -> int:
    """How many tokens at the head of a sentence are a mere label with its colon; 0: none."""
    colon = next((n for n, t in enumerate(tokens[: 2 * MOST_WORDS + 1]) if t.text == ":"), 0)
    if not colon or not _is_label(tokens[:colon]):
        return 0
    return colon + 1 if _claims_nothing(tokens[colon + 1 :]) else 0


def _is_label(tokens: Sequence[Token]) -> bool:
    """Whether a few words are a noun phrase that names a happening."""
    words = _words(tokens)
    if words is None or not 2 <= len(words) <= MOST_WORDS or words[-1] not in _NOUNS:
        return False
    before = words[:-1]
    if any(w in _CLOSED or _may_be_verb(w) for w in before[1:]) or before[0] in _CLOSED - _ARTICLES:
        return False
    return not (words[-1] in _DOUBLE and before[-1].endswith("s") and not before[-1].endswith("ss"))


def _words(tokens: Sequence[Token]) -> list[str] | None:
    """The words, those with a hyphen as one; None where there is anything but words."""
    out: list[str] = []
    joined = False
    for n, token in enumerate(tokens):
        if token.kind == "genitive":
            continue
        if token.text == "-" and out and n + 1 < len(tokens):
            joined = True
            continue
        if token.kind != "word":
            return None
        if joined:
            out[-1] += f"-{token.lower}"
        else:
            out.append(token.lower)
        joined = False
    return out


def _may_be_verb(word: str) -> bool:
    """Whether a word within a label may be what its first one does: 'Micron plans layoffs'."""
    return word not in _PLURALS and (word.endswith("ed") or (word.endswith("s") and not word.endswith("ss")))


def _claims_nothing(tokens: Sequence[Token]) -> bool:
    """Whether words ask, or only name what is to be read below."""
    if not tokens:
        return False
    first = tokens[0].lower
    words = [t.lower for t in tokens if t.kind == "word"]
    if tokens[-1].text == "?" or first in _ASKS:
        return True
    if first in _COUNTS or tokens[0].kind == "number":
        return not _COUNTED.isdisjoint(words[:4])
    if any(t.kind in ("percent", "money", "number") for t in tokens):
        return False
    if first in _FORMATS or words[-1:] == ["explained"]:
        return len(words) <= _LONGEST_PHRASE
    return first in _ARTICLES and len(words) <= _LONGEST_PHRASE and _FINITE.isdisjoint(words)
