"""What an entry has where a condition does not hold.

A fact is a condition of its own that the entry meets: 'modality: speculated' where the rule wants no speculation. So it
reads in the words in which the rule is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.rules.conditions import Scene, failure
from bot.rules.parts import Choice, Condition, Languages, Scale, SourceCondition, Texts, Tiers, Who
from bot.ruling.clauses import CLAUSES, SOURCE_CLAUSES

_MOST = 3  # companies or sectors that are named


def fact(key: str, wanted: Condition, scene: Scene) -> Condition | None:
    """What is so instead; None where it can't be said in a clause.

    Args:
        key: Of the condition that does not hold ('modality', 'source.tier'); see `first_failure`.
        wanted: That condition alone.
        scene: Where it does not hold.
    """
    say = _FACTS.get(key)
    return say(wanted, scene) if say is not None else None


def first_failure(condition: Condition, scene: Scene) -> tuple[str, Condition]:
    """The key of the first part that does not hold, with that part alone as a condition.

    Raises:
        ValueError: All of them hold.
    """
    for key in CLAUSES:
        value = getattr(condition, key)
        if value is None:
            continue
        if isinstance(value, SourceCondition):
            for part in SOURCE_CLAUSES:
                if getattr(value, part) is not None:
                    alone = _alone("source", _only(value, part))
                    if failure(alone, scene) is not None:
                        return f"source.{part}", alone
        elif failure(alone := _alone(key, value), scene) is not None:
            return key, alone
    raise ValueError("all parts of the condition hold")


def _alone(key: str, value: object) -> Condition:
    return Condition.model_construct(_fields_set={key}, **{key: value})


def _only(source: SourceCondition, part: str) -> SourceCondition:
    return _of_source(part, getattr(source, part))


def _of_source(part: str, value: object) -> SourceCondition:
    return SourceCondition.model_construct(_fields_set={part}, **{part: value})


def _one(model: type[Any], value: object) -> Any:
    return model.model_construct(in_=(value,))


def _theme(wanted: Condition, scene: Scene) -> Condition:
    return _alone("theme", _one(Choice, scene.event.theme))


def _actor(wanted: Condition, scene: Scene) -> Condition:
    return _who("actor", (scene.event.actor,) if scene.event.actor else ())


def _target(wanted: Condition, scene: Scene) -> Condition:
    return _who("target", scene.event.targets)


def _company(wanted: Condition, scene: Scene) -> Condition:
    return _who("company", scene.analysis.companies)


def _who(key: str, found: Sequence[str]) -> Condition:
    who = Who.model_construct(in_=tuple(found[:_MOST])) if found else Who.model_construct(named=False)
    return _alone(key, who)


def _sector(wanted: Condition, scene: Scene) -> Condition | None:
    found = tuple(scene.analysis.sectors)[:_MOST]
    if found:
        return _alone("sector", Choice.model_construct(in_=found))
    asked = wanted.sector.in_ if wanted.sector else None
    return _alone("sector", Choice.model_construct(not_=asked)) if asked else None


def _modality(wanted: Condition, scene: Scene) -> Condition:
    return _alone("modality", _one(Choice, scene.event.modality))


def _polarity(wanted: Condition, scene: Scene) -> Condition:
    return _alone("polarity", _one(Choice, scene.event.polarity))


def _stage(wanted: Condition, scene: Scene) -> Condition:
    return _alone("stage", _one(Scale, scene.event.stage))


def _attribution(wanted: Condition, scene: Scene) -> Condition:
    return _alone("attribution", _one(Scale, scene.event.attribution))


def _source(part: str, model: type[Any], value: Callable[[Scene], object]) -> _Say:
    return lambda wanted, scene: _alone("source", _of_source(part, _one(model, value(scene))))


def _text(wanted: Condition, scene: Scene) -> Condition | None:
    """That there are no such words, or that there are those that are not wanted."""
    text = wanted.text
    if text is None:
        return None
    if text.in_ and failure(_alone("text", Texts.model_construct(in_=text.in_)), scene) is not None:
        return _alone("text", Texts.model_construct(not_=text.in_))
    found = [
        p for p in text.not_ or () if failure(_alone("text", Texts.model_construct(in_=(p,))), scene) is None
    ]
    return _alone("text", Texts.model_construct(in_=tuple(found))) if found else None


def _all(wanted: Condition, scene: Scene) -> Condition | None:
    """That of its first part that does not hold."""
    part = next((p for p in wanted.all_ or () if failure(p, scene) is not None), None)
    return None if part is None else fact(*first_failure(part, scene), scene)


def _any(wanted: Condition, scene: Scene) -> Condition | None:
    """What stands against each of the choices, each told once."""
    found = [fact(*first_failure(p, scene), scene) for p in wanted.any_ or ()]
    told = [f for n, f in enumerate(found) if f is not None and f not in found[:n]]
    return _alone("all_", tuple(told)) if told else None


def _not(wanted: Condition, scene: Scene) -> Condition | None:
    return wanted.not_


_Say = Callable[[Condition, Scene], Condition | None]

_FACTS: Mapping[str, _Say] = {
    "theme": _theme,
    "actor": _actor,
    "target": _target,
    "company": _company,
    "sector": _sector,
    "modality": _modality,
    "polarity": _polarity,
    "stage": _stage,
    "attribution": _attribution,
    "source.id": _source("id", Choice, lambda scene: scene.entry.feed_id),
    "source.kind": _source("kind", Choice, lambda scene: scene.entry.kind),
    "source.tier": _source("tier", Tiers, lambda scene: scene.entry.tier),
    "source.language": _source(
        "language", Languages, lambda scene: scene.entry.language.lower().partition("-")[0]
    ),
    "text": _text,
    "all_": _all,
    "any_": _any,
    "not_": _not,
}
"""What tells the fact, by the key of the condition."""
