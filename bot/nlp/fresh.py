"""News or background: whether a sentence recalls what happened before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.nlp.words import Token

_AGO = re.compile(
    r"\b(?:a (?:year|month|week|decade|quarter) (?:ago|earlier)|(?:two|three|four|five|six|\d+) (?:years|months|weeks|quarters|decades) (?:ago|earlier)"
    r"|last (?:year|spring|summer|autumn|fall|winter|january|february|march|april|may|june|july|august|september|october|november|december)"
    r"|last (?:month|week|quarter) ?'?s|back in (?:19|20)\d\d|in (?:19[89]\d|200\d|201\d|202[0-3])|on this day|once before|years ago|months ago|weeks ago|earlier this (?:year|month)|previously|in the past|the last time|the previous"
    r"|had (?:already )?(?:been |fallen|risen|cut|raised|lost|gained|dropped|climbed|said|announced|agreed|signed|posted|reported|sold|bought|told|put))\b"
)
_AFTER = re.compile(
    r"\b(?:after|since|following|despite)\s+(?:last|a|an|the|its|their)?\s*(?:month|week|year|quarter|earlier|previous|prior|last)\b"
)
_LAST = re.compile(r"\blast (?:month|week|quarter)\b")


def recalls(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether the claim at tokens `start` to `end` is background that the sentence recalls."""
    window = " ".join(t.lower for t in tokens[max(0, start - 8) : end + 7])
    return bool(_AGO.search(window) or _AFTER.search(window) or _LAST.search(window))
