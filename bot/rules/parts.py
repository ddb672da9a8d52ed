"""What a match may say: strict models of conditions on one event of one entry, one mistake for one typo."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from bot.documents import Strict
from bot.model import Attribution, Modality, Polarity, SourceKind, Stage
from bot.rules.values import Items, Language, Pattern, Tier, Words, Yes

T = TypeVar("T")
N = TypeVar("N", Stage, Attribution, int)


class Part(Strict):
    """Keys with values."""

    @model_validator(mode="before")
    @classmethod
    def _keys(cls, value: object) -> object:
        if isinstance(value, dict):
            return value
        written = "nothing" if value == "" else "a list" if isinstance(value, list) else repr(value)
        keys = ", ".join(f.alias or n for n, f in cls.model_fields.items())
        raise ValueError(f"expected keys with values here, found {written}; the keys are {keys}")


class Shorthand(Part):
    """A part that may be written as one value or a list of values instead of `{in: …}`."""

    @model_validator(mode="before")
    @classmethod
    def _keys(cls, value: object) -> object:
        if not isinstance(value, dict):
            return {"in": value}
        if not value:
            raise ValueError("nothing is written here")
        return value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The same in JSON Schema: an item, a list of items, or the keys."""
        reference = handler(core_schema)
        schema = handler.resolve_ref_schema(reference)
        if "anyOf" not in schema:
            keys = dict(schema)
            many = keys["properties"]["in"]["anyOf"][0]
            schema.clear()
            schema.update(anyOf=[many["items"], many, keys])
        return reference


class Choice(Shorthand, Generic[T]):
    """One of some values, or none of some."""

    in_: Words[T] | None = Field(None, alias="in")
    not_: Words[T] | None = Field(None, alias="not")


class Scale(Shorthand, Generic[N]):
    """One of some values that have an order, none of some, or a range of them."""

    in_: Words[N] | None = Field(None, alias="in")
    not_: Words[N] | None = Field(None, alias="not")
    gte: N | None = None
    lte: N | None = None

    @model_validator(mode="after")
    def _range(self) -> Scale[N]:
        if self.gte is not None and self.lte is not None and rank(self.gte) > rank(self.lte):
            raise ValueError(f"nothing is both at least {self.gte} and at most {self.lte}")
        return self


class Group(Shorthand):
    """Companies by id or by sector."""

    in_: Words[str] | None = Field(None, alias="in")
    sector: Words[str] | None = None


class Who(Group):
    """Companies by id or by sector, and which of them are not meant."""

    not_: Group | None = Field(None, alias="not")
    named: Yes | None = None


class Texts(Choice[Pattern]):
    """Patterns to find in title or text."""


class Languages(Choice[Language]):
    """Languages of an entry."""


class Tiers(Scale[Tier]):
    """Reliability of a source, 1 is best."""


class SourceCondition(Part):
    """Where the entry comes from."""

    id: Choice[str] | None = None
    kind: Choice[SourceKind] | None = None
    tier: Tiers | None = None
    language: Languages | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> SourceCondition:
        if not self.model_fields_set:
            raise ValueError("nothing is written here")
        return self


class Condition(Part):
    """What one event of one entry must be; all keys must hold."""

    theme: Choice[str] | None = None
    actor: Who | None = None
    target: Who | None = None
    company: Who | None = None
    sector: Choice[str] | None = None
    modality: Choice[Modality] | None = None
    polarity: Choice[Polarity] | None = None
    stage: Scale[Stage] | None = None
    attribution: Scale[Attribution] | None = None
    source: SourceCondition | None = None
    text: Texts | None = None
    all_: Items[Condition] | None = Field(None, alias="all")
    any_: Items[Condition] | None = Field(None, alias="any")
    not_: Condition | None = Field(None, alias="not")

    @model_validator(mode="after")
    def _not_empty(self) -> Condition:
        if not self.model_fields_set:
            raise ValueError("a match needs at least one condition; without any it would fire on everything")
        return self


def rank(value: Stage | Attribution | int) -> int:
    """Where a value stands in its order, lowest first."""
    return value if isinstance(value, int) else value.rank
