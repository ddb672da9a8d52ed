"""The rules' own tests have teeth: a rule that is changed in any one place fails at least one of them.

A mutant is the rule with one value of its `match` changed, written down again and read by the language's own models,
so that a change which the language refuses is no mutant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.alerts.exposure import load_exposure
from bot.model import MEMORY, Analysis, Attribution, Entry, Modality, Polarity, SourceKind, Stage
from bot.nlp.analyzer import load_analyzer
from bot.nlp.lexicon import load_lexicon
from bot.nlp.themes import load_taxonomy
from bot.pipeline.book import leads
from bot.rules.book import KnownIds, Rule
from bot.rules.check import run_tests
from bot.rules.correlate import Correlate, Kind
from bot.rules.loader import load_rulebook
from bot.rules.parts import Condition

RULES = Path(__file__).parents[2] / "rules"
LEXICON = load_lexicon(RULES / "companies")
TAXONOMY = load_taxonomy(RULES / "themes")
KNOWN = KnownIds(
    themes=frozenset(TAXONOMY.themes),
    sectors=frozenset(TAXONOMY.sectors),
    companies={c.id: c.sector for c in LEXICON.companies.values()},
)
BOOK = load_rulebook(RULES / "alerts", KNOWN)
GRAPH = load_exposure(RULES / "exposure.yaml", companies=KNOWN.companies, themes=KNOWN.themes)

# Rules in which nothing can be changed: beside what every rule is held to, no value can be added to a list either.
THOROUGH = (
    "compute/resale",
    "compute/cloud_launch",
    "compute/deal",
    "capex/cut",
    "capex/datacenter_cancel",
    "chips/orders_cut",
    "chips/memory_price_rise",
    "chips/custom_silicon",
    "finance/debt_raise",
    "finance/acquisition",
    "markets/positioning",
    "policy/export_control",
    "power/power_deal",
)

NEVER = "[^\\x00-\\x{10FFFF}]"  # a pattern that no text holds
ORDERED = {"stage": list(Stage), "attribution": list(Attribution), "tier": ["1", "2", "3"]}
CLOSED = {"modality": list(Modality), "polarity": list(Polarity), "kind": list(SourceKind), **ORDERED}
# The sector that each is most easily taken for: adding it to a list must be noticed.
BESIDE = {
    "accelerator": "custom_silicon",
    "ai_lab": "hyperscaler",
    "custom_silicon": "accelerator",
    "datacenter": "hyperscaler",
    "hyperscaler": "neocloud",
    "memory": "accelerator",
    "neocloud": "hyperscaler",
    "storage": "server",
}
Mutant = tuple[str, dict[str, Any]]  # what was changed, and the match as it reads then


@dataclass(frozen=True)
class Cached:
    """The real analyzer's answers, asked once for each text however often a test runs."""

    version: str
    said: dict[tuple[str, str, SourceKind, int, str, str], Analysis]

    @staticmethod
    def key(entry: Entry) -> tuple[str, str, SourceKind, int, str, str]:
        """What an analysis depends on."""
        return entry.title, entry.text, entry.kind, entry.tier, entry.language, entry.feed_id

    def analyze(self, entries: Sequence[Entry], /) -> list[Analysis]:
        """One analysis for each entry, in order."""
        return [self.said[self.key(e)] for e in entries]


class Collecting:
    """Notes which entries the rules' tests consist of, and finds nothing in them."""

    version = "none"

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def analyze(self, entries: Sequence[Entry], /) -> list[Analysis]:
        """One empty analysis for each entry."""
        self.entries += entries
        return [Analysis(entry_id=e.id) for e in entries]


@pytest.fixture(scope="module")
def analyzer() -> Cached:
    seen = Collecting()
    run_tests(BOOK, seen)
    real = load_analyzer(RULES)
    texts = list({Cached.key(e): e for e in seen.entries}.values())
    return Cached(real.version, {Cached.key(e): a for e, a in zip(texts, real.analyze(texts), strict=True)})


def written(value: Any) -> Any:
    """A dumped condition as it stands in a file: every scalar is text."""
    if isinstance(value, dict):
        return {k: written(v) for k, v in value.items()}
    if isinstance(value, list):
        return [written(v) for v in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def match_of(rule: Rule) -> dict[str, Any]:
    """A rule's match in its long form."""
    assert rule.condition is not None
    dumped: dict[str, Any] = written(rule.condition.model_dump(mode="json", by_alias=True, exclude_none=True))
    return dumped


def without(part: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in part.items() if k != key}


def mutants_of(part: dict[str, Any], *, thorough: bool) -> Iterator[Mutant]:
    """Every match that differs from this one in one place."""
    for key, value in part.items():
        yield f"{key} dropped", without(part, key)
        if key in ("all", "any"):
            for n, branch in enumerate(value):
                rest = value[:n] + value[n + 1 :]
                if rest:
                    yield f"{key}[{n}] dropped", part | {key: rest}
                for said, changed in mutants_of(branch, thorough=thorough):
                    if changed:
                        yield f"{key}[{n}]: {said}", part | {key: [*value[:n], changed, *value[n + 1 :]]}
        elif key in ("not", "source"):
            for said, changed in mutants_of(value, thorough=thorough):
                if changed:
                    yield f"{key}: {said}", part | {key: changed}
        else:
            for said, changed in _values_changed(key, value, thorough=thorough):
                yield f"{key}: {said}", part | {key: changed}


def _values_changed(key: str, value: dict[str, Any], *, thorough: bool) -> Iterator[Mutant]:
    """Changes of one comparison: `{in: …, not: …, sector: …, named: …, gte: …, lte: …}`."""
    if set(value) & {"in", "not"} and isinstance(value.get("not", []), list):
        turned = {"in": "not", "not": "in"}
        yield "in and not exchanged", {turned.get(k, k): v for k, v in value.items()}
    for word, listed in value.items():
        if word == "named":
            yield "named turned round", value | {word: "false" if listed == "true" else "true"}
        elif word in ("gte", "lte"):
            order = [str(v) for v in ORDERED[key]]
            for step in (-1, 1):
                if 0 <= order.index(listed) + step < len(order):
                    yield f"{word} moved by {step}", value | {word: order[order.index(listed) + step]}
        elif isinstance(listed, dict):  # actor: {not: {sector: …}}
            if len(value) > 1:
                yield f"{word} dropped", without(value, word)
            for said, changed in _values_changed(key, listed, thorough=thorough):
                yield f"{word}: {said}", value | {word: changed}
            for group in listed:
                yield f"{word} taken for what is meant", without(value, word) | {group: listed[group]}
        else:
            yield from _list_changed(key, word, value, thorough=thorough)


def _list_changed(key: str, word: str, value: dict[str, Any], *, thorough: bool) -> Iterator[Mutant]:
    """One value of a list removed, replaced or added."""
    listed = value[word]
    if key == "theme":
        for n, theme in enumerate(listed):
            for other in sorted(KNOWN.themes - set(listed)):
                yield f"{theme} → {other}", value | {word: [*listed[:n], other, *listed[n + 1 :]]}
    if key == "text":
        for n, pattern in enumerate(listed):
            yield f"{pattern[:40]} finds nothing", value | {word: [*listed[:n], NEVER, *listed[n + 1 :]]}
            yield f"{pattern[:40]} finds all", value | {word: [*listed[:n], ".", *listed[n + 1 :]]}
    if len(listed) > 1:
        for n, one in enumerate(listed):
            yield f"{word} without {one[:40]}", value | {word: listed[:n] + listed[n + 1 :]}
    for other in _additions(key, word, listed) if thorough else ():
        yield f"{word} with {other}", value | {word: [*listed, other]}


def _additions(key: str, word: str, listed: Sequence[str]) -> list[str]:
    if word == "sector" or key == "sector":
        return sorted({BESIDE[s] for s in listed if s in BESIDE} - set(listed))
    return [str(v) for v in CLOSED.get(key, ()) if str(v) not in listed]


def survivors(rule: Rule, analyzer: Cached, *, thorough: bool) -> tuple[list[str], int]:
    """Changes of a rule that none of its tests notices, and how many were tried."""
    unnoticed, tried = [], 0
    for said, changed in mutants_of(match_of(rule), thorough=thorough):
        try:
            condition = Condition.model_validate(changed)
        except ValidationError:
            continue  # the language refuses it
        tried += 1
        if not run_tests(replace(BOOK, rules=(replace(rule, condition=condition),)), analyzer):
            unnoticed.append(said)
    return unnoticed, tried


def mutants_together(spec: Correlate) -> Iterator[tuple[str, Correlate]]:
    """Every correlation that differs from this one in one place."""
    for key in ("within", "current", "unseen_for", "warmup", "longer_than"):
        span = getattr(spec, key)
        if span is not None:
            yield f"{key} a tenth", spec.model_copy(update={key: span / 10})
            yield f"{key} tenfold", spec.model_copy(update={key: min(span * 10, MEMORY)})
    for key in ("gte", "min_current"):
        least = getattr(spec, key)
        if least is not None:
            for step in (-1, 1):
                yield f"{key} moved by {step}", spec.model_copy(update={key: least + step})
    if spec.ratio is not None:
        yield "ratio tenfold", spec.model_copy(update={"ratio": spec.ratio * 10})
    for key in ("distinct", "group_by", "link"):
        if getattr(spec, key) is not None:
            yield f"{key} dropped", spec.model_copy(update={key: None})
    for n, condition in enumerate(spec.of):
        before, after = spec.of[:n], spec.of[n + 1 :]
        if spec.type is not Kind.SEQUENCE and (before or after):
            yield f"of[{n}] dropped", spec.model_copy(update={"of": (*before, *after)})
        for key in condition.model_fields_set:
            changed = condition.model_copy(update={key: None})
            yield f"of[{n}]: {key} dropped", spec.model_copy(update={"of": (*before, changed, *after)})


def rule_named(rule_id: str) -> Rule:
    rule = BOOK.rule(rule_id)
    assert rule is not None
    return rule


@pytest.mark.parametrize("rule", [r for r in BOOK.rules if r.condition], ids=lambda r: r.id)
def test_no_part_of_a_rule_can_be_changed_unnoticed(rule: Rule, analyzer: Cached) -> None:
    unnoticed, tried = survivors(rule, analyzer, thorough=rule.id in THOROUGH)
    assert unnoticed == [], f"{len(unnoticed)} of {tried} changes of {rule.id} pass all its tests"
    assert tried > len(KNOWN.themes), "every other theme is tried at least, and more"


@pytest.mark.parametrize("rule", [r for r in BOOK.rules if r.correlate], ids=lambda r: r.id)
def test_no_part_of_a_correlation_can_be_changed_unnoticed(rule: Rule, analyzer: Cached) -> None:
    assert rule.correlate is not None
    mutants = list(mutants_together(rule.correlate))
    linked = partial(leads, GRAPH)
    assert run_tests(replace(BOOK, rules=(rule,)), analyzer, linked) == []
    unnoticed = [
        said
        for said, spec in mutants
        if not run_tests(replace(BOOK, rules=(replace(rule, correlate=spec),)), analyzer, linked)
    ]
    assert unnoticed == []
    assert len(mutants) >= 4


def test_the_rules_that_are_tried_thoroughly_exist_and_are_of_all_packs() -> None:
    assert {rule_named(rule_id).pack for rule_id in THOROUGH} == BOOK.packs.keys() - {"social", "together"}
