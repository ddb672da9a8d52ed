"""Whom a claim concerns besides its actor: the buyer of what is sold, the one whose stake it is, where orders lie."""

from __future__ import annotations

from bot.nlp.actors import is_attribute, with_linked
from bot.nlp.clauses import clause
from bot.nlp.lexicon import OUTSIDE
from bot.nlp.sentence import Sentence

# Among the words before a target, two are none: it follows the verb itself, or its goods are spoken of.
OBJECT, GOODS = "object", "goods"
_GOODS = frozenset(
    "chip chips gpu gpus server servers processor processors hardware accelerators tpus systems racks capacity cloud".split()
)
_REACH = 8  # tokens behind the claim in which whom it concerns is named
# What may stand between a preposition and the company that it leads to.
_BETWEEN = frozenset("the a an its rival chipmaker supplier partner startup start-up shares stock of".split())


def targets_of(
    sentence: Sentence, start: int, end: int, before: tuple[str, ...], actor: str | None
) -> tuple[str, ...]:
    """Whom the claim at tokens `start` to `end` concerns, in the order of the text.

    `before` are the words after which they stand ('in': a stake in somebody), and perhaps `OBJECT` and `GOODS`.
    """
    if not before:
        return ()
    _, last = clause(sentence.tokens, start, end)
    found: list[str] = []
    for company in sentence.companies:
        first = company[0]
        if not start < first < min(last, end + _REACH) or company[2] == actor:
            continue
        if company[:2] in sentence.products:
            continue
        if "," in (t.text for t in sentence.tokens[end:first]):
            continue  # of another clause: ', a blow to Nvidia'
        of_goods = GOODS in before and _owns_goods(sentence, company[1])
        if is_attribute(sentence.tokens, company) and not of_goods:
            continue
        is_object = OBJECT in before and _is_object(sentence, start, end, first)
        if of_goods or is_object or _leads(sentence, start, first) in before:
            found += [c for c in with_linked(sentence, company) if c is not None and c != actor]
    return tuple(c for c in dict.fromkeys(found) if sentence.makers.get(c) not in OUTSIDE)


def _leads(sentence: Sentence, start: int, first: int) -> str:
    """The word before a company, articles and the like left aside."""
    for token in reversed(sentence.tokens[start:first]):
        if token.lower not in _BETWEEN or token.lower == "of":
            return token.lower
    return ""


def _owns_goods(sentence: Sentence, after: int) -> bool:
    """Whether a company's goods follow its name: 'AMD chips', "Google's AI processors"."""
    following = [
        t.lower for t in sentence.tokens[after : after + 3] if t.lower not in ("'s", "ai", "latest", "new")
    ]
    return bool(following) and following[0] in _GOODS


def _is_object(sentence: Sentence, start: int, end: int, first: int) -> bool:
    """Whether a company follows the first word of a claim directly: 'to supply Meta with', 'buys Groq'."""
    between = [t.lower for t in sentence.tokens[start + 1 : first]]
    return first <= end and all(word in _BETWEEN - {"of"} or word == "-" for word in between)
