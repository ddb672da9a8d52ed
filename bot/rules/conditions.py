"""Whether one event of one entry is what a rule asks for, and if not, why not. Pure.

Every check gives back the reason for a failure in words, or None where it holds, so that firing
and explaining can't disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from bot.locale import tr
from bot.model import Analysis, Entry, Event
from bot.rules.parts import Choice, Condition, Group, Scale, SourceCondition, Who, rank
from bot.rules.values import compile_pattern


@dataclass(frozen=True, slots=True)
class Scene:
    """What a condition looks at."""

    entry: Entry
    analysis: Analysis
    event: Event
    sectors: Mapping[str, str]  # company id → its sector


def failure(condition: Condition, scene: Scene) -> str | None:
    """The first part of a condition that does not hold, in words; None if all hold."""
    return next((reason for reason in _checks(condition, scene) if reason is not None), None)


def progress(condition: Condition, scene: Scene) -> int:
    """How many parts hold before the first that does not: tells which of several events came closest."""
    for passed, reason in enumerate(_checks(condition, scene)):
        if reason is not None:
            return passed
    return len(condition.model_fields_set)


def _checks(condition: Condition, scene: Scene) -> Iterable[str | None]:
    """One answer for each part that is there, cheap and telling ones first."""
    event, analysis = scene.event, scene.analysis
    if condition.theme:
        yield _choice("theme", condition.theme, (event.theme,))
    if condition.actor:
        yield _who("actor", condition.actor, (event.actor,) if event.actor else (), scene.sectors)
    if condition.target:
        yield _who("target", condition.target, event.targets, scene.sectors)
    if condition.company:
        yield _who("company", condition.company, analysis.companies, scene.sectors)
    if condition.sector:
        yield _choice("sector", condition.sector, analysis.sectors)
    if condition.modality:
        yield _choice("modality", condition.modality, (event.modality,))
    if condition.polarity:
        yield _choice("polarity", condition.polarity, (event.polarity,))
    if condition.stage:
        yield _scale("stage", condition.stage, event.stage)
    if condition.attribution:
        yield _scale("attribution", condition.attribution, event.attribution)
    if condition.source:
        yield _source(condition.source, scene.entry)
    if condition.text:
        yield _text(condition.text, scene.entry)
    if condition.all_:
        yield next((r for part in condition.all_ if (r := failure(part, scene))), None)
    if condition.any_:
        reasons = [failure(part, scene) for part in condition.any_]
        if None in reasons:
            yield None
        else:
            yield tr("none of `any` holds: {reasons}", reasons="; ".join(r for r in reasons if r))
    if condition.not_:
        yield (
            tr("the rule excludes it by `not: {condition}`", condition=shown(condition.not_))
            if not failure(condition.not_, scene)
            else None
        )


def _choice(name: str, choice: Choice[Any], found: Sequence[Any]) -> str | None:
    if choice.in_ and not set(found) & set(choice.in_):
        return _wanted(name, _words(found) or tr("none"), _words(choice.in_))
    if choice.not_ and (hits := [f for f in found if f in choice.not_]):
        return _excluded(name, _words(hits))
    return None


def _scale(name: str, scale: Scale[Any], found: Any) -> str | None:
    if scale.in_ and found not in scale.in_:
        return _wanted(name, _word(found), _words(scale.in_))
    if scale.not_ and found in scale.not_:
        return _excluded(name, _word(found))
    if scale.gte is not None and rank(found) < rank(scale.gte):
        least = _word(scale.gte)
        return tr(
            "{name} is {found}, the rule wants at least {least}", name=name, found=_word(found), least=least
        )
    if scale.lte is not None and rank(found) > rank(scale.lte):
        most = _word(scale.lte)
        return tr(
            "{name} is {found}, the rule wants at most {most}", name=name, found=_word(found), most=most
        )
    return None


def _wanted(name: str, found: str, wanted: str) -> str:
    return tr("{name} is {found}, the rule wants {wanted}", name=name, found=found, wanted=wanted)


def _excluded(name: str, found: str) -> str:
    return tr("{name} is {found}, which the rule excludes", name=name, found=found)


def _who(name: str, who: Who, found: Sequence[str], sectors: Mapping[str, str]) -> str | None:
    if who.named is not None and who.named != bool(found):
        shown_found = _words(found) or tr("nobody")
        if who.named:
            return tr("{name} is {found}, the rule wants somebody named", name=name, found=shown_found)
        return tr("{name} is {found}, the rule wants nobody named", name=name, found=shown_found)
    if who.not_ and (hits := [f for f in found if _in_group(f, who.not_, sectors)]):
        return _excluded(name, _words(hits))
    if (who.in_ or who.sector) and not any(_in_group(f, who, sectors) for f in found):
        return _wanted(name, _words(found) or tr("nobody"), _group(who))
    return None


def _in_group(an_id: str, group: Group, sectors: Mapping[str, str]) -> bool:
    """A sector's own id counts as one of the sector: 'memory' can act like a company."""
    by_id = group.in_ is None or an_id in group.in_
    by_sector = group.sector is None or an_id in group.sector or sectors.get(an_id) in group.sector
    return by_id and by_sector


def _source(source: SourceCondition, entry: Entry) -> str | None:
    language = entry.language.lower().partition("-")[0]
    checks = (
        source.id and _choice("source", source.id, (entry.feed_id,)),
        source.kind and _choice(tr("kind of source"), source.kind, (entry.kind,)),
        source.tier and _scale(tr("tier of the source"), source.tier, entry.tier),
        source.language and _choice("language", source.language, (language,)),
    )
    return next((reason for reason in checks if reason), None)


def _text(choice: Choice[str], entry: Entry) -> str | None:
    text = f"{entry.title}\n{entry.text}".encode("utf-8", "replace").decode()
    if choice.in_ and not any(_compiled(p).search(text) for p in choice.in_):
        return tr("text holds nothing like {words}", words=_words(choice.in_))
    hit = next((p for p in choice.not_ or () if _compiled(p).search(text)), None)
    return tr("text holds {word}, which the rule excludes", word=repr(hit)) if hit else None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    return compile_pattern(pattern)


def shown(condition: Condition) -> str:
    """A condition on one line, much as it was written."""
    written = condition.model_dump(mode="json", by_alias=True, exclude_none=True)
    return _flow(written)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        if value.keys() == {"in"}:
            return _flow(value["in"])
        return "{" + ", ".join(f"{k}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return _flow(value[0]) if len(value) == 1 else "[" + ", ".join(_flow(v) for v in value) + "]"
    return str(value)


def _group(group: Group) -> str:
    sector = tr("one of sector {sector}", sector=_words(group.sector)) if group.sector else ""
    named = _words(group.in_ or ())
    return tr("{one} and {other}", one=named, other=sector) if named and sector else named or sector


def _words(values: Iterable[Any]) -> str:
    words = [_word(v) for v in values]
    return words[0] if len(words) == 1 else tr(" or ").join(words)


def _word(value: Any) -> str:
    return str(value.value if isinstance(value, Enum) else value)
