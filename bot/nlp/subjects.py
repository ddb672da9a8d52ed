"""Whom a line of its own speaks of, where that is no company of ours: 'Sofa maker cuts 200 jobs'.

Lists and posts put one thing a line. What a line says of somebody whom it names must not be laid on the company of the
line before; a line that names nobody ('Revenue rose 5%', 'its shares fell') still speaks of that company.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from bot.nlp.sentence import Sentence
from bot.nlp.words import Token

_MOST = 6  # words before a claim in which its subject is looked for
_FEW = 3  # and within a claim that begins with it
_POINTERS = frozenset(
    "it its they their them he she his her we our the this that these those both such".split()
)
# What somebody is called who is not named; after 'the' or 'its' it is somebody who was.
_AGENTS = frozenset(
    "airline airport automaker bakery bank brewer broadcaster builder carmaker chain city council county"
    " developer drugmaker factory hospital hotel insurer landlord manufacturer mill miner museum operator plant"
    " publisher retailer school startup start-up store supermarket theatre university utility vendor watchdog".split()
)
_MAKERS = frozenset("maker supplier producer firm company group seller".split())
_OFFICERS = frozenset(
    "chief ceo cfo coo cto chairman chairwoman chair founder founders president executive executives director"
    " directors boss head analyst analysts management spokesman spokeswoman".split()
)
_TIMES = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august"
    " september october november december".split()
)
_INNER_CAPITAL = re.compile(r"[A-Z][a-z]+[A-Z]")
_SHARES = frozenset("shares stock".split())


def names_another(sentence: Sentence, start: int, end: int) -> bool:
    """Whether a line of its own says who acts in the claim at tokens `start` to `end`, and it is no company of ours."""
    if not sentence.opens_line or sentence.companies:
        return False
    head = _head(sentence, start, end)
    words = [t.lower for t in head]
    if not words or not _POINTERS.isdisjoint(words) or not _OFFICERS.isdisjoint(words):
        return False
    agents = [w for w in words if w in _AGENTS]
    made = any(b in _MAKERS for _, b in pairwise(words))
    return bool(agents) or made or _is_name(head, sentence)


def _head(sentence: Sentence, start: int, end: int) -> list[Token]:
    """The words of a line before a claim; of 'Shares of a Dutch bank fell' those after 'of'."""
    tokens = sentence.tokens
    first = next((n for n, t in enumerate(tokens) if t.kind == "word"), 0)
    # The evidence of a claim that no cue foresaw may begin within its subject.
    start = max((i for _, i, j in sentence.hits if i < end and j > start), default=start)
    if tokens[first].lower in _SHARES and _follows(tokens, first, "of"):
        first, start = first + 2, first + 2 + _FEW
    elif start <= first:
        start = min(end, first + _FEW)
    taken = {k for i, j, _ in (*sentence.groups, *sentence.goods) for k in range(i, j)}
    return [
        tokens[k]
        for k in range(first, min(start, first + _MOST))
        if tokens[k].kind == "word" and k not in taken
    ]


def _follows(tokens: Sequence[Token], n: int, word: str) -> bool:
    return n + 1 < len(tokens) and tokens[n + 1].lower == word


def _is_name(head: Sequence[Token], sentence: Sentence) -> bool:
    """Whether words hold a name of more than one word, or one that no common word looks like ('FreightCo')."""
    if any(_INNER_CAPITAL.match(t.text) for t in head):
        return True
    if not any(t.kind == "word" and t.text.islower() and len(t.text) > 3 for t in sentence.tokens):
        return False  # capitals say nothing where all have one
    return any(
        a.text.istitle() and b.text.istitle() and not {a.lower, b.lower} & _TIMES and a.end + 1 == b.start
        for a, b in pairwise(head)
    )
