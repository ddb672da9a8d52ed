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
        yield None if None in reasons else "none of `any` holds: " + "; ".join(r for r in reasons if r)
    if condition.not_:
        yield (
            f"the rule excludes it by `not: {shown(condition.not_)}`"
            if not failure(condition.not_, scene)
            else None
        )


def _choice(name: str, choice: Choice[Any], found: Sequence[Any]) -> str | None:
    if choice.in_ and not set(found) & set(choice.in_):
        return f"{name} is {_words(found) or 'none'}, the rule wants {_words(choice.in_)}"
    if choice.not_ and (hits := [f for f in found if f in choice.not_]):
        return f"{name} is {_words(hits)}, which the rule excludes"
    return None


def _scale(name: str, scale: Scale[Any], found: Any) -> str | None:
    if scale.in_ and found not in scale.in_:
        return f"{name} is {_word(found)}, the rule wants {_words(scale.in_)}"
    if scale.not_ and found in scale.not_:
        return f"{name} is {_word(found)}, which the rule excludes"
    if scale.gte is not None and rank(found) < rank(scale.gte):
        return f"{name} is {_word(found)}, the rule wants at least {_word(scale.gte)}"
    if scale.lte is not None and rank(found) > rank(scale.lte):
        return f"{name} is {_word(found)}, the rule wants at most {_word(scale.lte)}"
    return None


def _who(name: str, who: Who, found: Sequence[str], sectors: Mapping[str, str]) -> str | None:
    if who.named is not None and who.named != bool(found):
        return f"{name} is {_words(found) or 'nobody'}, the rule wants {'somebody' if who.named else 'nobody'} named"
    if who.not_ and (hits := [f for f in found if _in_group(f, who.not_, sectors)]):
        return f"{name} is {_words(hits)}, which the rule excludes"
    if (who.in_ or who.sector) and not any(_in_group(f, who, sectors) for f in found):
        return f"{name} is {_words(found) or 'nobody'}, the rule wants {_group(who)}"
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
        source.kind and _choice("kind of source", source.kind, (entry.kind,)),
        source.tier and _scale("tier of the source", source.tier, entry.tier),
        source.language and _choice("language", source.language, (language,)),
    )
    return next((reason for reason in checks if reason), None)


def _text(choice: Choice[str], entry: Entry) -> str | None:
    text = f"{entry.title}\n{entry.text}".encode("utf-8", "replace").decode()
    if choice.in_ and not any(_compiled(p).search(text) for p in choice.in_):
        return f"text holds nothing like {_words(choice.in_)}"
    hit = next((p for p in choice.not_ or () if _compiled(p).search(text)), None)
    return f"text holds {hit!r}, which the rule excludes" if hit else None


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
    sector = f"one of sector {_words(group.sector)}" if group.sector else ""
    return " and ".join(part for part in (_words(group.in_ or ()), sector) if part)


def _words(values: Iterable[Any]) -> str:
    return " or ".join(_word(v) for v in values)


def _word(value: Any) -> str:
    return str(value.value if isinstance(value, Enum) else value)
