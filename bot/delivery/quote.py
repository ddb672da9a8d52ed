"""Cuts the evidence out of an entry together with the words around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.delivery.sheet import JOINER, clean
from bot.model import Alert, Entry, Span
from bot.text import shorten

_MAX_WORDS = 300
_CONTEXT = 90  # characters on either side, cut back to whole words or sentences
_SENTENCE = re.compile(r"[.!?…][\"'”’)]?(?= |$)")


@dataclass(frozen=True, slots=True)
class Quote:
    """Evidence with its surroundings, cleaned; the three parts joined are what a reader sees."""

    before: str
    words: str  # no blank at either edge
    after: str


def locate(alert: Alert, entry: Entry) -> Span | None:
    """Where the evidence stands in the entry; None where a revision has removed it."""
    span = alert.event.evidence
    body = _body(entry, span)
    if alert.evidence and body[span.start : span.end] != alert.evidence:
        for field in ("title", "text"):
            start = (entry.title if field == "title" else entry.text).find(alert.evidence)
            if start >= 0:
                return Span("title" if field == "title" else "text", start, start + len(alert.evidence))
        return None
    return span if 0 <= span.start < span.end <= len(body) else None


def quote(alert: Alert, entry: Entry) -> Quote | None:
    """The evidence with some context; None where it has nothing that can be shown."""
    span = locate(alert, entry)
    if span is None:
        words = shorten(clean(alert.evidence).strip(), _MAX_WORDS)
        return Quote("", words, "") if words else None
    whole = split(_body(entry, span), span.start, span.end)
    if whole is None:
        return None
    words = shorten(whole.words, _MAX_WORDS)
    goes_on = words == whole.words and words[-1] not in ".!?…"
    return Quote(_since(whole.before), words, _until(whole.after) if goes_on else "")


def split(body: str, start: int, end: int) -> Quote | None:
    """Clean a text in three parts, blanks moved out of the middle one; None if that is left empty."""
    window = 8 * _CONTEXT
    before, words, after = (
        clean(body[max(0, start - window) : start]),
        clean(body[start:end]),
        clean(body[end : end + window]),
    )
    bare = words.strip()
    if not bare:
        return None
    lead = " " if words[0] == " " and before and not before.endswith(" ") else ""
    tail = " " if words[-1] == " " and after and not after.startswith(" ") else ""
    before, after = before.lstrip() + lead, tail + after.rstrip()
    return Quote(before + _seam(before, bare), bare, _seam(bare, after) + after)


def _seam(left: str, right: str) -> str:
    """What keeps two parts, each of them cleaned, from making an address together."""
    is_name, is_number = left[-1:] == "." and right[:1].isalnum(), right[:1] == "." and right[1:2].isdigit()
    return JOINER if is_name or (is_number and left[-1:].isdigit()) else ""


def _body(entry: Entry, span: Span) -> str:
    return entry.title if span.field == "title" else entry.text


def _since(before: str) -> str:
    """The end of what precedes: from the start of its sentence, else from a whole word after '…'."""
    last = max((end.end() for end in _SENTENCE.finditer(before)), default=0)
    if len(before) - last <= _CONTEXT:
        return before[last:].lstrip()
    cut = before.find(" ", len(before) - _CONTEXT)
    return "…" + (before[cut + 1 :] if 0 <= cut < len(before) - 1 else before[-_CONTEXT:])


def _until(after: str) -> str:
    """The start of what follows: up to the end of its sentence, else up to a whole word before '…'."""
    end = _SENTENCE.search(after)
    if end and end.end() <= _CONTEXT:
        return after[: end.end()]
    if len(after) <= _CONTEXT:
        return after
    cut = after.rfind(" ", 0, _CONTEXT)
    return (after[:cut] if cut > 0 else after[:_CONTEXT]).rstrip() + "…"
