"""What a file under `rules/alerts/` may say: strict models, one mistake for one typo.

What needs more than the file itself (which companies, sectors and themes exist) is checked by the loader.
"""

from __future__ import annotations

from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from bot.documents import Strict
from bot.model import Attribution, Change, Modality, Polarity, Policy, Severity, SourceKind, Stage
from bot.rules.values import Duration, Id, Items, Language, Pattern, Tier, Title, Version, Words, Yes

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


class Support(Part):
    """So many independent origins, the best of them at least of this tier."""

    origins: int = Field(1, ge=1, le=20)
    tier: Tier = 3


class Corroborate(Part):
    """How much support a story needs before anybody hears of it; one of `any` suffices."""

    any_: Items[Support] = Field(alias="any")


class Expose(Part):
    """How far to follow the exposure graph."""

    hops: int = Field(1, ge=1, le=2)
    min_weight: float = Field(0.3, gt=0, le=1)


class StoryPart(Part):
    """How long a story stays the same story."""

    window: Duration


class Update(Part):
    """Which changes of a story edit its card, and which make a sound."""

    edit_on: Items[Change] | None = None
    reply_on: Items[Change] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Update:
        for change in self.edit_on or ():
            if change in (self.reply_on or ()):
                raise ValueError(f"{change.value!r} stands in both edit_on and reply_on; choose one")
        for change in (*(self.edit_on or ()), *(self.reply_on or ())):
            if change is Change.NEW_STORY:
                raise ValueError("'new_story' always makes a new card; it can't edit or reply")
        return self


class Throttle(Part):
    """How often a story may make a sound."""

    per: Literal["story"] = "story"
    every: Duration


class RuleTest(Part):
    """An entry, and what the rule must make of it."""

    __test__: ClassVar[bool] = False  # pytest: not a test case

    title: str = ""
    text: str = ""
    kind: SourceKind = SourceKind.WIRE
    tier: Tier = 1
    source: str = ""
    language: Language = "en"
    fires: Yes
    modality: Modality | None = None
    actor: str | None = None

    @model_validator(mode="after")
    def _sensible(self) -> RuleTest:
        if not (self.title or self.text):
            raise ValueError("a test needs a title or a text")
        if not self.fires and (self.modality or self.actor):
            raise ValueError("a test that doesn't fire can't expect a modality or an actor")
        return self


class RuleSpec(Part):
    """A rule as written."""

    id: Id
    title: Title
    level: Literal["info", "low", "medium", "high", "critical"]
    match: Condition
    corroborate: Corroborate | None = None
    expose: Expose | None = None
    story: StoryPart | None = None
    update: Update | None = None
    throttle: Throttle | None = None
    tests: Items[RuleTest]

    @model_validator(mode="after")
    def _tested_both_ways(self) -> RuleSpec:
        if {t.fires for t in self.tests} != {True, False}:
            raise ValueError(f"rule {self.id!r} needs a test that fires and one that doesn't")
        return self

    @property
    def severity(self) -> Severity:
        """Its level as a number."""
        return Severity.parse(self.level)

    def policy(self) -> Policy:
        """How its matches are to be handled; what the rule leaves out takes the usual value."""
        usual = Policy()
        update = self.update or Update()
        edit, reply = frozenset(update.edit_on or ()), frozenset(update.reply_on or ())
        return Policy(
            window=self.story.window if self.story else usual.window,
            throttle=self.throttle.every if self.throttle else usual.throttle,
            corroborate=tuple((s.origins, s.tier) for s in self.corroborate.any_) if self.corroborate else (),
            edit_on=edit or usual.edit_on - reply,
            reply_on=reply or usual.reply_on - edit,
            hops=self.expose.hops if self.expose else usual.hops,
            min_weight=self.expose.min_weight if self.expose else usual.min_weight,
        )


class PackFile(Part):
    """One file under `rules/alerts/`."""

    version: Version
    pack: Id
    title: str = Field(min_length=1)
    rules: Items[RuleSpec]


def rank(value: Stage | Attribution | int) -> int:
    """Where a value stands in its order, lowest first."""
    return value if isinstance(value, int) else value.rank


def json_schema() -> dict[str, Any]:
    """The language as JSON Schema, for editors; `rules/schema.json` holds it."""
    schema: dict[str, Any] = _without_null(PackFile.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _without_null(node: Any) -> Any:
    """A key may be left out, but never written with nothing behind it: take out what pydantic adds for None."""
    if isinstance(node, list):
        return [_without_null(item) for item in node if item != {"type": "null"}]
    if not isinstance(node, dict):
        return node
    clean = {k: _without_null(v) for k, v in node.items() if not (k == "default" and v is None)}
    if len(clean.get("anyOf", ())) == 1:
        clean |= clean.pop("anyOf")[0]
    return clean
