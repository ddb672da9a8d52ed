"""The conditions of a match in plain words.

Every clause reads behind 'where' ('it comes from social media'), in German behind 'wenn': so clauses can be put
together, negated and named alone in any language. A key of the language that has no clause here is a mistake,
which a test finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from babel import Locale

from bot.delivery.words import Names, source_word
from bot.locale import marked, spoken, tr
from bot.model import Attribution, Modality, Polarity, SourceKind, Stage
from bot.rules.parts import Choice, Condition, Group, Scale, SourceCondition, Who, rank
from bot.ruling.samples import HEADLINE, samples

TIERS = (1, 2, 3)
_SAMPLES = 3  # words of a pattern that are named

_MODALITIES: Mapping[Modality, str] = {
    Modality.CONFIRMED: marked("confirmed"),
    Modality.REPORTED: marked("reported"),
    Modality.CONSIDERING: marked("under consideration"),
    Modality.SPECULATED: marked("only speculated"),
    Modality.DENIED: marked("denied"),
}
_POLARITIES: Mapping[Polarity, str] = {
    Polarity.AFFIRMED: marked("affirmed"),
    Polarity.DENIED: marked("denied"),
    Polarity.CORRECTED: marked("corrected"),
}
_STAGES: Mapping[Stage, str] = {
    Stage.EXPLORING: marked("being explored"),
    Stage.PLANNED: marked("planned"),
    Stage.AGREED: marked("agreed"),
    Stage.DONE: marked("done"),
}
_ATTRIBUTIONS: Mapping[Attribution, str] = {
    Attribution.SPECULATION: marked("speculation"),
    Attribution.SOURCED: marked("reports by media or unnamed people"),
    Attribution.ON_RECORD: marked("official word"),
    Attribution.FILING: marked("filings or market data"),
}
_ROLES: Mapping[str, tuple[str, str, str, str]] = {  # by key: is, is not, somebody is named, nobody is
    "actor": (
        marked("it is about {group}"),
        marked("it is not about {group}"),
        marked("it is said whom it is about"),
        marked("it is not said whom it is about"),
    ),
    "target": (
        marked("it also concerns {group}"),
        marked("it does not also concern {group}"),
        marked("it is said whom else it concerns"),
        marked("it is not said whom else it concerns"),
    ),
    "company": (
        marked("{group} is mentioned"),
        marked("no mention is made of {group}"),
        marked("a company is mentioned"),
        marked("no company is mentioned"),
    ),
}


def either(words: Sequence[str]) -> str:
    """'a', 'a or b', 'a, b or c'."""
    return tr("{first} or {last}", first=", ".join(words[:-1]), last=words[-1]) if words[1:] else words[0]


def both(words: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return tr("{first} and {last}", first=", ".join(words[:-1]), last=words[-1]) if words[1:] else words[0]


def neither(words: Sequence[str]) -> str:
    """'not a', 'neither a nor b'."""
    if not words[1:]:
        return tr("not {word}", word=words[0])
    return tr("neither {first} nor {last}", first=", ".join(words[:-1]), last=words[-1])


def themes(choice: Choice[str], names: Names) -> str:
    """'“Selloff” or “Rally”'; empty where any theme will do."""
    return either([quoted(names(t)) for t in choice.in_]) if choice.in_ else ""


def quoted(name: str) -> str:
    """A name between quotation marks."""
    return tr("“{name}”", name=name)


def allowed(scale: Scale[Any], order: Sequence[Any]) -> list[Any]:
    """Which of the values hold, in their order."""
    return [
        value
        for value in order
        if (not scale.in_ or value in scale.in_)
        and value not in (scale.not_ or ())
        and (scale.gte is None or rank(value) >= rank(scale.gte))
        and (scale.lte is None or rank(value) <= rank(scale.lte))
    ]


def tiers(values: Sequence[int]) -> str:
    """'1 or 2'."""
    return either([str(value) for value in values])


def clauses(condition: Condition, names: Names, *, without: frozenset[str] = frozenset()) -> list[str]:
    """One clause or more for each key of a condition, in the order in which they are asked; see `CLAUSES`."""
    keys = [key for key in CLAUSES if getattr(condition, key) is not None and key not in without]
    return [clause for key in keys for clause in CLAUSES[key](key, getattr(condition, key), names)]


def _theme(key: str, choice: Choice[str], names: Names) -> Iterator[str]:
    if choice.in_:
        yield tr("it tells of {themes}", themes=themes(choice, names))
    if choice.not_:
        unwanted = either([quoted(names(t)) for t in choice.not_])
        yield tr("it does not tell of {themes}", themes=unwanted)


def _who(key: str, who: Who, names: Names) -> Iterator[str]:
    is_it, is_not, somebody, nobody = _ROLES[key]
    if who.in_ or who.sector:
        yield tr(is_it, group=_group(who, names))
    if who.not_:
        yield tr(is_not, group=_group(who.not_, names))
    if who.named is not None:
        yield tr(somebody if who.named else nobody)


def _group(group: Group, names: Names) -> str:
    companies = either([names(c) for c in group.in_]) if group.in_ else ""
    if not group.sector:
        return companies
    sectors = either([quoted(names(s)) for s in group.sector])
    if companies:
        return tr("{companies} (as a part of the sector {sectors})", companies=companies, sectors=sectors)
    return tr("a company of the sector {sectors}", sectors=sectors)


def _sector(key: str, choice: Choice[str], names: Names) -> Iterator[str]:
    if choice.in_:
        wanted = either([quoted(names(s)) for s in choice.in_])
        yield tr("it speaks of the whole sector {sectors}", sectors=wanted)
    if choice.not_:
        unwanted = either([quoted(names(s)) for s in choice.not_])
        yield tr("it does not speak of the whole sector {sectors}", sectors=unwanted)


def _words_of(words: Mapping[Any, str]) -> Callable[[str, Choice[Any], Names], Iterator[str]]:
    """For what is a word of the claim itself: 'it is neither denied nor only speculated'."""

    def clause(key: str, choice: Choice[Any], names: Names) -> Iterator[str]:
        if choice.in_:
            yield tr("it is {words}", words=either([tr(words[v]) for v in choice.in_]))
        if choice.not_:
            yield tr("it is {words}", words=neither([tr(words[v]) for v in choice.not_]))

    return clause


def _stage(key: str, scale: Scale[Stage], names: Names) -> Iterator[str]:
    yield tr("it is {words}", words=_any_of([tr(_STAGES[v]) for v in allowed(scale, list(Stage))]))


def _attribution(key: str, scale: Scale[Attribution], names: Names) -> Iterator[str]:
    words = [tr(_ATTRIBUTIONS[v]) for v in allowed(scale, list(Attribution))]
    yield tr("it rests on {words}", words=_any_of(words))


def _any_of(words: Sequence[str]) -> str:
    return either(words) if words else tr("something that does not exist")


def _source(key: str, source: SourceCondition, names: Names) -> Iterator[str]:
    for part in SOURCE_CLAUSES:
        value = getattr(source, part)
        if value is not None:
            yield from SOURCE_CLAUSES[part](value, names)


def _feed(choice: Choice[str], names: Names) -> Iterator[str]:
    if choice.in_:
        yield tr("it comes from the feed {feeds}", feeds=either(choice.in_))
    if choice.not_:
        yield tr("it does not come from the feed {feeds}", feeds=either(choice.not_))


def _kind(choice: Choice[SourceKind], names: Names) -> Iterator[str]:
    if choice.in_:
        yield tr("it comes from {kinds}", kinds=either([source_word(k) for k in choice.in_]))
    if choice.not_:
        yield tr("it does not come from {kinds}", kinds=either([source_word(k) for k in choice.not_]))


def _tier(scale: Scale[int], names: Names) -> Iterator[str]:
    values = [str(tier) for tier in allowed(scale, TIERS)]
    yield tr("its source is of tier {tiers}", tiers=_any_of(values))


def _language(choice: Choice[str], names: Names) -> Iterator[str]:
    if choice.in_:
        yield tr("its language is {languages}", languages=either([_called(c) for c in choice.in_]))
    if choice.not_:
        yield tr("its language is not {languages}", languages=either([_called(c) for c in choice.not_]))


def _called(code: str) -> str:
    return str(Locale.parse(spoken()).languages.get(code, code))


def _text(key: str, choice: Choice[str], names: Names) -> Iterator[str]:
    if choice.in_:
        yield _phrases(choice.in_, _PHRASES)
    if choice.not_:
        yield _phrases(choice.not_, _NO_PHRASES)


_PHRASES = (
    marked("there are phrases with words such as {words} in its headline"),
    marked("there are phrases with words such as {words} in its headline or text"),
    marked("certain signs or figures are in its headline"),
    marked("certain signs or figures are in its headline or text"),
)
_NO_PHRASES = (
    marked("there are no phrases with words such as {words} in its headline"),
    marked("there are no phrases with words such as {words} in its headline or text"),
    marked("certain signs or figures are missing from its headline"),
    marked("certain signs or figures are missing from its headline and text"),
)


def _phrases(patterns: Sequence[str], texts: Sequence[str]) -> str:
    """What is looked for, by some of its words; never a pattern as it is written."""
    named, place = _such_as(patterns), 0 if _in_headline(patterns) else 1
    return tr(texts[place], words=named) if named else tr(texts[2 + place])


def _in_headline(patterns: Sequence[str]) -> bool:
    return all(pattern.startswith(HEADLINE) for pattern in patterns)


def _such_as(patterns: Sequence[str]) -> str:
    """Some of the words of each pattern; empty where none can be named."""
    named = [word for pattern in patterns for word in samples(pattern, _SAMPLES)]
    return either([quoted(f"{word}…") for word in dict.fromkeys(named)]) if named else ""


def _all(key: str, parts: Sequence[Condition], names: Names) -> Iterator[str]:
    for part in parts:
        yield from clauses(part, names)


def _any(key: str, parts: Sequence[Condition], names: Names) -> Iterator[str]:
    choices = [both(clauses(part, names)) for part in parts]
    if not choices[1:]:
        yield choices[0]
        return
    yield tr("either {first} or {last}", first=", ".join(choices[:-1]), last=choices[-1])


def _not(key: str, condition: Condition, names: Names) -> Iterator[str]:
    yield tr("it is not the case that {clause}", clause=both(clauses(condition, names)))


CLAUSES: Mapping[str, Callable[[str, Any, Names], Iterator[str]]] = {
    "theme": _theme,
    "actor": _who,
    "target": _who,
    "company": _who,
    "sector": _sector,
    "modality": _words_of(_MODALITIES),
    "polarity": _words_of(_POLARITIES),
    "stage": _stage,
    "attribution": _attribution,
    "source": _source,
    "text": _text,
    "all_": _all,
    "any_": _any,
    "not_": _not,
}
"""What says each key of a match."""

SOURCE_CLAUSES: Mapping[str, Callable[[Any, Names], Iterator[str]]] = {
    "id": _feed,
    "kind": _kind,
    "tier": _tier,
    "language": _language,
}
"""What says each key of its `source`."""


def said(value: Modality | SourceKind) -> str:
    """A modality or a kind of source as it reads in a clause."""
    return tr(_MODALITIES[value]) if isinstance(value, Modality) else source_word(value)
