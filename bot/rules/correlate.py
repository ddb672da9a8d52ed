"""What `correlate` may say: a rule about several stories, or about none where some were due."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from bot.model import MEMORY, Modality
from bot.rules.parts import Condition, Part
from bot.rules.values import Duration, Items, Yes


class Kind(StrEnum):
    """What makes a correlation."""

    FREQUENCY = "frequency"  # so many within a time
    SPIKE = "spike"  # many more than at the same hours before
    NEW_TERM = "new_term"  # a name that was not there before
    ABSENCE = "absence"  # nothing for longer than usual
    COOCCURRENCE = "cooccurrence"  # all of several, in any order
    SEQUENCE = "sequence"  # one after another


class Distinct(StrEnum):
    """What is counted once."""

    STORY = "story"
    ACTOR = "actor"
    SOURCE = "source"


class GroupBy(StrEnum):
    """What counts apart."""

    ACTOR = "actor"
    TARGET = "target"
    SECTOR = "sector"  # of the actor
    THEME = "theme"
    SOURCE = "source"


class Novelty(StrEnum):
    """What must be new."""

    ACTOR = "actor"
    TARGET = "target"
    PAIR = "pair"  # the actor together with a target


class Link(StrEnum):
    """What ties the parts of a sequence together."""

    ANY = "any"
    ACTOR = "actor"
    EXPOSED = "exposed"  # the exposure graph leads from the one to the other


_NEEDED = {
    Kind.FREQUENCY: ("gte", "within"),
    Kind.SPIKE: ("ratio", "current", "baseline"),
    Kind.NEW_TERM: ("field", "unseen_for"),
    Kind.ABSENCE: ("longer_than",),
    Kind.COOCCURRENCE: ("within",),
    Kind.SEQUENCE: ("within",),
}
_ALLOWED = {
    Kind.FREQUENCY: ("distinct", "group_by"),
    Kind.SPIKE: ("distinct", "group_by", "same_hour", "min_current", "min_baseline"),
    Kind.NEW_TERM: ("warmup",),
    Kind.ABSENCE: (),
    Kind.COOCCURRENCE: ("group_by",),
    Kind.SEQUENCE: ("link",),
}


class Correlate(Part):
    """A condition on several claims that stories made; which keys go together depends on `type`."""

    type: Kind
    of: Items[Condition]
    within: Duration | None = None
    gte: int | None = Field(None, ge=2, le=1000)
    distinct: Distinct | None = None
    group_by: GroupBy | None = None
    ratio: float | None = Field(None, gt=1, le=1000)
    current: Duration | None = None
    baseline: Duration | None = None
    same_hour: Yes | None = None
    min_current: int | None = Field(None, ge=1, le=1000)
    min_baseline: int | None = Field(None, ge=1, le=1000)
    field: Novelty | None = None
    unseen_for: Duration | None = None
    warmup: Duration | None = None
    longer_than: Duration | None = None
    link: Link | None = None

    @field_validator("of", mode="before")
    @classmethod
    def _themes(cls, value: Any) -> Any:
        """A theme's id alone means its claims that are neither denied nor speculation."""
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            return value
        sure = {"not": [Modality.DENIED.value, Modality.SPECULATED.value]}
        return [{"theme": v, "modality": sure} if isinstance(v, str) else v for v in value]

    @field_validator("within", "current", "baseline", "unseen_for", "warmup", "longer_than")
    @classmethod
    def _remembered(cls, value: timedelta | None, info: ValidationInfo) -> timedelta | None:
        if value is not None and value > MEMORY:
            raise ValueError(f"{info.field_name} goes back {MEMORY.days} days at most")
        return value

    @model_validator(mode="after")
    def _together(self) -> Correlate:
        given = self.model_fields_set - {"type", "of"}
        for key in _NEEDED[self.type]:
            if key not in given:
                raise ValueError(f"type {self.type} needs {key!r}")
        allowed = (*_NEEDED[self.type], *_ALLOWED[self.type])
        for key in sorted(given):
            if key not in allowed:
                raise ValueError(
                    f"{key!r} does not go with type {self.type}; its keys are {', '.join(allowed)}"
                )
        if self.type in (Kind.COOCCURRENCE, Kind.SEQUENCE) and len(self.of) < 2:
            raise ValueError(f"type {self.type} needs two or more in 'of'")
        if self.current and self.baseline and self.baseline < 2 * self.current:
            raise ValueError("the baseline must be twice as long as 'current' at least")
        if any(_asks_text(c) for c in self.of):
            raise ValueError("'text' can't be asked here: what is remembered of a story are its claims")
        return self


def _asks_text(condition: Condition) -> bool:
    parts = [*(condition.all_ or ()), *(condition.any_ or ()), *([condition.not_] if condition.not_ else [])]
    return condition.text is not None or any(map(_asks_text, parts))
