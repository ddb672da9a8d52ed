"""The rulebook: what the loader makes of the files, and what the engine reads. Immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.model import Policy, Severity
from bot.rules.correlate import Correlate, Kind
from bot.rules.parts import Condition
from bot.rules.schema import RuleTest


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIds:
    """Which ids a rule may name; anything else in a rule is a typo."""

    themes: frozenset[str]
    sectors: frozenset[str]
    companies: Mapping[str, str]  # company id → its sector
    names: Mapping[str, str] = field(default_factory=dict)  # company or sector id → name for readers
    feeds: frozenset[str] | None = None  # None: ids of sources are not checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, ready to be asked."""

    id: str  # "compute/resale"
    pack: str
    title: str  # with {actor}, {target}, {theme} still in it
    level: Severity
    condition: Condition | None  # of one event of one entry; None for a correlation
    policy: Policy
    tests: tuple[RuleTest, ...]
    path: Path
    line: int  # 1-based, where the rule begins
    test_places: tuple[tuple[int, int], ...]  # line and column of each test
    correlate: Correlate | None = None  # of several claims

    @property
    def where(self) -> str:
        """'compute.yaml:12', for people."""
        return f"{self.path.name}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All rules of all packs, in the order of their files."""

    rules: tuple[Rule, ...]
    packs: Mapping[str, str]  # id → title
    version: str  # a hash; the same rules and known companies give the same version
    known: KnownIds

    @property
    def expects(self) -> bool:
        """Whether a rule asks for what has not come."""
        return any(r.correlate is not None and r.correlate.type is Kind.ABSENCE for r in self.rules)

    def rule(self, rule_id: str) -> Rule | None:
        """The rule of that full id ('compute/resale')."""
        return next((r for r in self.rules if r.id == rule_id), None)

    def name(self, an_id: str) -> str:
        """A readable name for a company or sector; the id without '_' if there is none."""
        return self.known.names.get(an_id) or an_id.replace("_", " ")
