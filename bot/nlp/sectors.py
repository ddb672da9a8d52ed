"""Which sectors an entry speaks of as groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.model import Event
from bot.nlp.clauses import words
from bot.nlp.sentence import Sentence
from bot.nlp.themes import Taxonomy

_MARKET = re.compile(
    r"\b(?:prices?|pricing|supply|demand|shortages?|glut|surplus|oversupply|contracts?|spot|market|quotes?|quotations?"
    r"|inventor\w+|tight|scarce|dearer|cheaper|output|bits?|orders|sold|crunch|squeeze)\b"
)
_OF_ANOTHER_SENSE = frozenset({"memory", "flash", "transformers", "turbines"})  # goods only in a market


def spoken_of(sentences: Sequence[Sentence], events: Sequence[Event], taxonomy: Taxonomy) -> Iterable[str]:
    """Sectors that are named, that act, or whose goods are spoken of as a market."""
    if not any(s.in_domain for s in sentences):
        return
    for sentence in sentences:
        yield from (g for _, _, g in sentence.groups)
        yield from (g for _, _, g in taxonomy.topic_index.find(sentence.tokens))
    yield from (e.actor for e in events if e.actor is not None and e.actor in taxonomy.sectors)
    named = {c for s in sentences for _, _, c in s.companies}
    makers = {s.makers.get(c) for s in sentences for _, _, c in s.companies}
    for sentence in sentences:
        if sentence.companies or not sentence.goods:
            continue  # goods of a company that is spoken of are its own
        is_market = bool(_MARKET.search(words(sentence.tokens)))
        for start, _, sector in sentence.goods:
            is_sure = is_market or sentence.tokens[start].lower not in _OF_ANOTHER_SENSE
            if (not named and is_sure) or (is_market and (sector not in makers or sentence.place == "title")):
                yield sector
