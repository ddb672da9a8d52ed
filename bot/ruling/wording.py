"""Reads a rule of somebody's own from plain words: 'hyperscalers selling compute, not denied, without leases'.

What limits a rule (how certain, from where, how important, without what) is told by its own words, which are taken
out first. What is left is read as a headline is read, so that a rule means what the news will be understood to mean;
what that leaves is looked up as a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.delivery.drafting import Wording
from bot.delivery.words import read_level
from bot.following import word_target
from bot.model import Analysis, Modality, OwnRule, Severity, SourceKind, Target, TargetKind

Read = Callable[[str], Analysis]
"""What a headline says."""
Resolve = Callable[[str], Sequence[Target]]
"""What a name means; several where that is ambiguous."""

_NO = (
    r"(?:but\s+not|but\s+no|not|never|no|without|except(?:\s+for)?|excluding|(?:apart|aside)\s+from|other\s+than|neither|weder"
    r"|nicht|kein(?:e[nrms]?)?|ohne|außer|abgesehen\s+von)"
)
_QUOTED = re.compile(rf"(?P<no>\b{_NO}\b[^\"“„«,;]*?)?[\"“„«](?P<words>[^\"“”„«»]+)[\"”“»]", re.IGNORECASE)
_RUMOUR = r"(?:rumou?r(?:s|ed)?|speculat\w+|gerüchten?|spekul\w+)"
_KINDS: Mapping[SourceKind, str] = {
    SourceKind.SOCIAL: r"social(?:\s+media|\s+networks?|\s+posts?)?|posts?|tweets?|reddit|soziale\w*\s+(?:medien|netzwerken?)",
    SourceKind.BLOG: r"blogs?",
    SourceKind.WIRE: r"wires?(?:\s+services?)?|(?:nachrichten)?agenturen",
    SourceKind.PAPER: r"(?:news)?papers|zeitungen",
    SourceKind.TRADE: r"(?:the\s+)?trade\s+press|(?:der\s+)?fachpresse",
    SourceKind.NEWSROOM: r"newsrooms?|press\s+releases?|pressemitteilungen",
    SourceKind.FILING: r"filings?|pflichtmitteilungen",
    SourceKind.REGULATOR: r"regulators?|behörden",
}
_ONE_KIND = f"(?:{'|'.join(_KINDS.values())})"
_KIND = rf"{_ONE_KIND}(?:\s+(?:or|and|oder|und)\s+{_ONE_KIND})*"
_LEVEL = r"(?P<level>info|low|medium|high|critical|niedrig|gering|mittel|hoch|kritisch)"
_ABOVE = r"(?:\s+(?:and|or|und|oder)\s+(?:above|higher|up|more|höher|mehr|darüber))"
_LIMITS: Sequence[tuple[str, str]] = (
    (
        "unknown",
        rf"(?:{_NO}|unless|until|bis)\s+(?:yet\s+|it\s+is\s+)?(?:officially\s+)?(?:confirmed|bestätigt\w*)|unconfirmed|unbestätigt\w*",
    ),
    (
        "denied",
        rf"{_NO}\s+(?:(?:when|if)\s+)?(?:it\s+is\s+)?(?:been\s+|yet\s+)?(?:denied|denials?|dementiert\w*|dementis?)|undenied",
    ),
    (Modality.CONSIDERING, rf"{_NO}\s+(?:just\s+|only\s+|mere\s+|bloß\w*\s+|nur\s+)?{_RUMOUR}"),
    (
        Modality.SPECULATED,
        rf"(?:including|even|also|auch|samt)\s+(?:mere\s+)?{_RUMOUR}|{_RUMOUR}\s+(?:too|included)",
    ),
    (
        Modality.CONFIRMED,
        r"(?<!not )(?<!nicht )(?:(?:only|once|if|when|nur|erst|wenn|falls)\s+)?(?:it\s+is\s+|es\s+)?(?:officially\s+|offiziell\s+)?"
        r"\b(?:confirmed|bestätigt\w*)(?:\s+only|\s+ist|\s+wurde)?",
    ),
    (
        Modality.REPORTED,
        r"(?:(?:only|at\s+least|if|nur|mindestens|wenn)\s+)?\b(?:reported|gemeldet\w*)(?:\s+(?:or|oder)\s+(?:confirmed|firmer|bestätigt\w*))?",
    ),
    (
        "level",
        rf"(?:at\s+least|at\s+level|level|from|only|ab|nur|mindestens|stufe)\s+{_LEVEL}{_ABOVE}?|"
        rf"{_LEVEL.replace('level', 'above')}{_ABOVE}",
    ),
    ("not kind", rf"{_NO}\s+(?:from\s+|in\s+|on\s+|via\s+|aus\s+|von\s+)?(?P<not_kind>{_KIND})"),
    (
        "kind",
        rf"(?:only\s+|nur\s+)?(?:from|in|by|via|aus|von)\s+(?P<kind>{_KIND})(?:\s+only)?|"
        rf"(?:only|nur)\s+(?P<only>{_KIND})|(?P<alone>{_KIND})\s+only",
    ),
)
_LIMIT = re.compile("|".join(rf"(?P<l{n}>\b(?:{p})\b)" for n, (_, p) in enumerate(_LIMITS)), re.IGNORECASE)
_WITHOUT = re.compile(
    rf"\b{_NO}\s+(?:the\s+words?\s+|about\s+|the\s+|any\s+|by\s+|das\s+wort\s+|von\s+|über\s+)?"
    r"(?P<what>[^,;]+?)\s*(?=,|;|\bbut\b|\baber\b|\band\b|\bund\b|$)",
    re.IGNORECASE,
)
_EITHER = re.compile(r"\s+(?:or|and|nor|oder|und|noch)\s+", re.IGNORECASE)
_PARTS = re.compile(r"\s*[,;]\s*")
_CHOICE = re.compile(r"(\w+)\s+(?:or|and|oder|und)\s+(\w+)", re.IGNORECASE)
_WORD = re.compile(r"[^\s,;]+")
_TOWARDS = re.compile(r"\b(?:to|for|from|with|into|an|für|mit)\s*$", re.IGNORECASE)
_LONGEST = 5  # words of a name
_NO_TICKERS = frozenset({"ai", "ki"})  # without a '$' before them
_SOMEBODY = "Hyperscalers "  # a subject that the analyzer knows
_EMPTY = frozenset(
    "a about anything everything something alert alerts all an and any anybody are as at be been being but by companies company firm firms for from has have i if in "
    "into is it its let me news of on or other over please report reports show some somebody story stories tell than that the their "
    "them there they this to up us want was we were can could do does how reported rumor rumors rumour rumours what when whenever where which who will with you "
    "alarm alles etwas alle aller als am an auf bei bitte das dass dem den der des die ein eine einer eines es für gegen gibt ich im in ist mich mir mit "
    "nachrichten oder sag sage sagt sind über um und unternehmen von vom was wenn wer werden wird zu zum zur".split()
)


@dataclass(slots=True)
class _Found:
    """What has been read so far."""

    rule: OwnRule = field(default_factory=OwnRule)
    level: Severity | None = None
    unknown: list[str] = field(default_factory=list)
    unclear: list[tuple[str, tuple[Target, ...]]] = field(default_factory=list)

    def add(self, part: str, *values: str) -> None:
        """Further values of a part of the rule."""
        changed: dict[str, Any] = {part: tuple(dict.fromkeys((*getattr(self.rule, part), *values)))}
        self.rule = replace(self.rule, **changed)


class WordingReader:
    """Reads plain words.

    Args:
        read: What a headline says.
        resolve: What a name means.
    """

    def __init__(self, read: Read, resolve: Resolve) -> None:
        self._read, self._resolve = read, resolve

    def read(self, text: str) -> Wording:
        """What somebody wants to be told, as far as it is understood."""
        found = _Found()
        rest = _QUOTED.sub(lambda m: self._quoted(m, found), text)
        is_limited = rest != text
        left = _LIMIT.sub(lambda m: self._limit(m, found), rest)
        left = _WITHOUT.sub(lambda m: self._without(m, found), left)
        is_limited |= left != rest
        for part in _PARTS.split(left):
            self._wanted(part.strip(), found)
        return Wording(
            rule=found.rule,
            level=found.level,
            unknown=tuple(dict.fromkeys(found.unknown)),
            unclear=tuple(found.unclear),
            is_limited=is_limited,
        )

    def _quoted(self, match: re.Match[str], found: _Found) -> str:
        target = word_target(match["words"])
        if target is None:
            found.unknown.append(match["words"].strip())
        else:
            found.add("not_words" if match["no"] else "words", target.id)
        return " , "

    def _limit(self, match: re.Match[str], found: _Found) -> str:
        which = next(what for n, (what, _) in enumerate(_LIMITS) if match[f"l{n}"])
        if which == "unknown":  # a rule has no limit above
            found.unknown.append(match[0])
        elif isinstance(which, Modality):
            found.rule = replace(found.rule, least=which)
        elif which == "level":
            found.level = read_level(match["level"] or match["above"])
        elif which == "not kind":
            found.add("not_kinds", *_kinds(match["not_kind"]))
        elif which == "kind":
            found.add("kinds", *_kinds(match["kind"] or match["only"] or match["alone"]))
        return " , "  # of what is denied nothing is ever told anew: to say so changes nothing

    def _without(self, match: re.Match[str], found: _Found) -> str:
        for what in _EITHER.split(match["what"]):
            meant = self._named(what)
            told = self._read(what).fresh_events if len(what.split()) > 1 else ()
            if len(meant) == 1:
                found.add("not_themes" if meant[0].kind is TargetKind.THEME else "not_who", meant[0].id)
            elif told and not any(e.actor for e in told):
                found.add("not_themes", *(e.theme for e in told))
            elif target := word_target(what):
                found.add("not_words", target.id)
            else:
                found.unknown.append(what)
        return " , "

    def _wanted(self, part: str, found: _Found) -> None:
        """A part without limits: in pieces if each tells of something, else as one name or headline if it can be."""
        if not part:
            return
        pieces = [piece for piece in _EITHER.split(part) if piece]
        if len(pieces) > 1 and all(self._named(piece) for piece in pieces):  # a list says nothing of them
            self._runs(part, frozenset(), found)
            return
        tells = len(pieces) > 1 and all(self._read(piece).fresh_events for piece in pieces)
        if not tells and (self._looked_up(part, found) or self._told(part, found)):
            return
        if len(pieces) == 1:
            if not self._told(part, found, lead=_SOMEBODY):
                self._runs(part, frozenset(), found)
            return
        if tells:
            for piece in pieces:
                self._told(piece, found)
            return
        variants = [_CHOICE.sub(rf"\{n}", part) for n in (1, 2)]
        told = [self._told(variant, found) for variant in variants]
        if any(told):
            return
        for piece in pieces:
            if not (self._looked_up(piece, found) or self._told(piece, found)):
                self._runs(piece, frozenset(), found)

    def _told(self, text: str, found: _Found, lead: str = "") -> bool:
        """Read it as a headline, behind a subject of our own if it has none; False if that tells of no event."""
        analysis = self._read(f"{lead}{text}")
        events = analysis.fresh_events
        if not events:
            return False
        covered = {n - len(lead) for e in events for n in range(e.evidence.start, e.evidence.end)}
        found.add("themes", *(e.theme for e in events))
        actors = [e.actor for e in events if e.actor and not (lead and e.actor in analysis.sectors)]
        found.add("who", *actors)
        for mention in analysis.mentions:
            start, end = mention.span.start - len(lead), mention.span.end - len(lead)
            covered.update(range(start, end))
            if mention.company in actors:
                continue
            if actors and _TOWARDS.search(text[:start]):
                found.unknown.append(text[start:end])
            else:
                found.add("who", mention.company)
        self._runs(text, frozenset(covered), found, lead)
        return True

    def _looked_up(self, text: str, found: _Found) -> bool:
        """Take all of it as one name; False if it is none, or several."""
        meant = self._named(text)
        if len(meant) != 1:
            return False
        found.add("themes" if meant[0].kind is TargetKind.THEME else "who", meant[0].id)
        return True

    def _runs(self, text: str, covered: frozenset[int], found: _Found, lead: str = "") -> None:
        """The longest names in what is not covered; what belongs to none, and changes nothing, is not understood."""
        words = [m for m in _WORD.finditer(text) if m.start() not in covered]
        said = {m.company: text[m.span.start : m.span.end] for m in self._read(text).mentions}
        lost: list[re.Match[str]] = []
        while words:
            size, meant = self._longest(words, text)
            if not size:
                lost.append(words.pop(0))
                continue
            name = text[words[0].start() : words[size - 1].end()]
            words = words[size:]
            decided = [t for t in meant if t.kind is TargetKind.COMPANY and t.id in said] or list(meant)
            if len(decided) == 1:
                found.add("themes" if decided[0].kind is TargetKind.THEME else "who", decided[0].id)
            elif not any(t.id in (*found.rule.themes, *found.rule.who) for t in decided):
                found.unclear.append((name, tuple(decided)))
        told = _gist(self._read(f"{lead}{text}"))
        for word in lost:
            rest = f"{lead}{text[: word.start()]}{text[word.end() :]}"
            if word[0].casefold().strip(".:!?") not in _EMPTY and _gist(self._read(rest)) == told:
                found.unknown.append(word[0])

    def _longest(self, words: Sequence[re.Match[str]], text: str) -> tuple[int, Sequence[Target]]:
        if words[0].group().casefold() in _EMPTY:
            return 0, ()
        for size in _sizes(words, text):
            meant = self._named(text[words[0].start() : words[size - 1].end()])
            if meant:
                return size, meant
        return 0, ()

    def _named(self, name: str) -> list[Target]:
        """What a rule can ask for by this name."""
        word = name.strip(" .:!?")
        wanted = {TargetKind.COMPANY, TargetKind.SECTOR, TargetKind.THEME}
        if word.casefold() in _NO_TICKERS:
            wanted.remove(TargetKind.COMPANY)
        return [t for t in self._resolve(word) if t.kind in wanted]


def _gist(analysis: Analysis) -> tuple[object, ...]:
    """What an analysis says, wherever it says it."""
    events = {(e.theme, e.actor) for e in analysis.fresh_events}
    return events, set(analysis.companies), set(analysis.sectors)


def _sizes(words: Sequence[re.Match[str]], text: str) -> Iterator[int]:
    """How many words may be one name, the most first: nothing may stand between them."""
    size = 1
    while size < min(len(words), _LONGEST) and not text[words[size - 1].end() : words[size].start()].strip():
        size += 1
    yield from range(size, 0, -1)


def _kinds(text: str) -> list[SourceKind]:
    named = _EITHER.split(text)
    return [k for n in named for k, pattern in _KINDS.items() if re.fullmatch(pattern, n, re.IGNORECASE)]
