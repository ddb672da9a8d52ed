"""What a file under `rules/alerts/` may say: strict models, one mistake for one typo.

What needs more than the file itself (which companies, sectors and themes exist) is checked by the loader.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from bot.documents import Loc, Place
from bot.model import Change, Level, Modality, Policy, Severity, SourceKind
from bot.rules.correlate import Correlate
from bot.rules.parts import Condition, Part
from bot.rules.values import (
    Duration,
    Id,
    Items,
    Language,
    Moment,
    Tier,
    Title,
    Version,
    Words,
    Yes,
    unfold,
)


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
    reverse: Yes = False


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
    """How often a story may make a sound, or a rule's stories together, of one actor or of all."""

    per: Literal["story", "actor", "rule"] = "story"
    every: Duration


class News(Part):
    """One entry of a correlation's test, or several alike."""

    at: Moment  # after the first one's day began
    title: str = Field(min_length=1)
    text: str = ""
    kind: SourceKind = SourceKind.WIRE
    tier: Tier = 1
    source: str = ""
    language: Language = "en"
    every: Duration | None = None
    times: int = Field(1, ge=1, le=500)

    @model_validator(mode="after")
    def _repeated(self) -> News:
        if (self.every is None) != (self.times == 1):
            raise ValueError("'every' and 'times' go together: {at: 0h, every: 1d, times: 14, title: …}")
        return self


class RuleTest(Part):
    """An entry, and what the rule must make of it."""

    __test__: ClassVar[bool] = False  # pytest: not a test case

    title: str = ""
    text: str = ""
    kind: SourceKind = SourceKind.WIRE
    tier: Tier = 1
    source: str = ""
    language: Language = "en"
    news: Items[News] | None = None
    until: Moment | None = None
    fires: Yes
    modality: Modality | None = None
    actor: str | None = None

    @model_validator(mode="after")
    def _sensible(self) -> RuleTest:
        if self.news and (self.title or self.text):
            raise ValueError("a test has either 'news' or a title and text of its own")
        if self.until and not self.news:
            raise ValueError("'until' goes with 'news'")
        if not (self.title or self.text or self.news):
            raise ValueError("a test needs a title or a text")
        if not self.fires and (self.modality or self.actor):
            raise ValueError("a test that doesn't fire can't expect a modality or an actor")
        return self


class RuleSpec(Part):
    """A rule as written."""

    id: Id
    title: Title
    level: Level
    match: Condition | None = None
    correlate: Correlate | None = None
    corroborate: Corroborate | None = None
    expose: Expose | None = None
    story: StoryPart | None = None
    update: Update | None = None
    throttle: Throttle | None = None
    tests: Items[RuleTest]

    @model_validator(mode="after")
    def _one_kind(self) -> RuleSpec:
        if (self.match is None) is (self.correlate is None):
            raise ValueError(f"rule {self.id!r} needs either match or correlate")
        if self.correlate and self.corroborate:
            raise ValueError(f"rule {self.id!r}: a correlation counts stories itself; leave out corroborate")
        if self.match and "{count}" in self.title:
            raise ValueError(f"rule {self.id!r}: only the title of a correlation can hold {{count}}")
        for n, test in enumerate(self.tests, 1):
            if (test.news is None) is not (self.correlate is None):
                needs = "'news', a list of entries" if self.correlate else "a title or a text, no 'news'"
                raise ValueError(f"test {n} of rule {self.id!r} needs {needs}")
        return self

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
            throttle_per=self.throttle.per if self.throttle else usual.throttle_per,
            corroborate=tuple((s.origins, s.tier) for s in self.corroborate.any_) if self.corroborate else (),
            edit_on=edit or usual.edit_on - reply,
            reply_on=reply or usual.reply_on - edit,
            hops=self.expose.hops if self.expose else usual.hops,
            min_weight=self.expose.min_weight if self.expose else usual.min_weight,
            reverse=self.expose.reverse if self.expose else usual.reverse,
        )


class PackFile(Part):
    """One file under `rules/alerts/`."""

    version: Version
    pack: Id
    title: str = Field(min_length=1)
    lists: dict[Id, Words[str]] = Field(default_factory=dict)
    rules: Items[RuleSpec]

    @classmethod
    def prepare(cls, data: Any, places: dict[Loc, Place]) -> Any:
        """See `unfold`."""
        return unfold(data, places)


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
