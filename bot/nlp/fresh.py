"""News or background: whether a sentence recalls what happened before, or what has been overtaken since."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.nlp.clauses import clause, words
from bot.nlp.words import Token

_TIMES_AGO = (
    r"(?:a (?:year|month|week|decade|quarter) (?:ago|earlier)|(?:two|three|four|five|six|\d+) (?:years|months|weeks|quarters|decades) (?:ago|earlier)"
    r"|last (?:year|spring|summer|autumn|fall|winter|january|february|march|april|may|june|july|august|september|october|november|december)"
    r"|last (?:month|week|quarter) ?'?s)"
)
_AGO = re.compile(
    rf"\b(?:{_TIMES_AGO}|back in (?:19|20)\d\d|in (?:19[89]\d|200\d|201\d|202[0-3])|on this day|once before|years ago|months ago|weeks ago|earlier this (?:year|month)|previously|in the past|the last time|the previous"
    r"|had (?:already )?(?:been |fallen|risen|cut|raised|lost|gained|dropped|climbed|said|announced|agreed|signed|posted|reported|sold|bought|told|put))\b"
)
_AFTER = re.compile(
    r"\b(?:after|since|following|despite)\s+(?:last|a|an|the|its|their)?\s*(?:month|week|year|quarter|earlier|previous|prior|last)\b"
)
_LAST = re.compile(r"\blast (?:month|week|quarter)\b")
# 'Up 40% from a year earlier': a yardstick of the news, no date of it.
_COMPARED = re.compile(
    rf"\b(?:from|than|over|under|below|above|on|versus|vs|against|with|of|to|as|after|about|times) (?:the |in |it was |that of |\S*\d\S* (?:% )?){{0,2}}{_TIMES_AGO}"
)
_OVERTAKEN = re.compile(
    r"(?:(?:^|\s)(?:then|before|only to)| , (?:but|and))(?: \w+)? (?:recover|rebound|revers|par(?:e|ing)|eras|bounc|clos\w+ (?:flat|little changed|unchanged))"
)
_RECAP = re.compile(
    r"^(?:timeline|recap|chronology|flashback|throwback|on this day)\b|\bthings to know\b", re.IGNORECASE
)


def recalls(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether the claim at tokens `start` to `end` is background that the sentence recalls, or was soon undone."""
    first, last = clause(tokens, start, end)
    left = words(tokens[max(first, start - 8) : start])
    right = words(tokens[end : min(last, end + 7)])
    inside = words(tokens[start:end])
    window = f"{left} {inside} {_COMPARED.sub(' ', right)}"
    told_before = _AGO.search(window) or _AFTER.search(window) or _LAST.search(window)
    return bool(told_before or _OVERTAKEN.search(f"{inside} {right}"))


def recaps(title: str) -> bool:
    """Whether a title says that it tells again what is known: 'Timeline: …'."""
    return bool(_RECAP.search(title))
