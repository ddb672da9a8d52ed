"""The packs that ship with the program: they load, pass their own tests on the real analyzer, and the tests have teeth."""

from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.alerts.exposure import load_exposure
from bot.model import Severity
from bot.nlp.analyzer import load_analyzer
from bot.nlp.lexicon import load_lexicon
from bot.nlp.themes import load_taxonomy
from bot.pipeline.book import leads
from bot.rules.book import KnownIds
from bot.rules.check import run_tests
from bot.rules.loader import load_rulebook

RULES = Path(__file__).parents[2] / "rules"
PACKS = {path.stem: path for path in sorted((RULES / "alerts").glob("*.yaml"))}


class Remembering:
    """The real analyzer; the tests of the rules go through it once, however often they are run."""

    def __init__(self, analyzer):
        self.analyzer, self.version, self.said = analyzer, analyzer.version, {}

    def analyze(self, entries, /):
        new = [e for e in entries if e.id not in self.said]
        self.said |= {e.id: analysis for e, analysis in zip(new, self.analyzer.analyze(new), strict=True)}
        return [self.said[e.id] for e in entries]


def alone(book):
    """The rules that look at one entry at a time."""
    return [r for r in book.rules if r.condition is not None]


def words(test):
    """What a test lets come in."""
    return test.title or test.text or tuple((n.at, n.title) for n in test.news)


@pytest.fixture(scope="module")
def analyzer():
    return Remembering(load_analyzer(RULES))


@pytest.fixture(scope="module")
def known():
    companies = {c.id: c.sector for c in load_lexicon(RULES / "companies").companies.values()}
    taxonomy = load_taxonomy(RULES / "themes")
    return KnownIds(
        themes=frozenset(taxonomy.themes), sectors=frozenset(taxonomy.sectors), companies=companies
    )


@pytest.fixture(scope="module")
def book(known):
    return load_rulebook(RULES / "alerts", known)


def test_every_rule_does_what_its_own_tests_say(book, analyzer, known):
    graph = load_exposure(RULES / "exposure.yaml", companies=known.companies, themes=known.themes)
    assert [str(failure) for failure in run_tests(book, analyzer, partial(leads, graph))] == []


def test_a_file_is_named_as_its_pack(book):
    assert list(book.packs) == list(PACKS)


def test_there_are_rules_for_all_that_follows_from_a_resale(book):
    """What the sale of surplus compute sets off, and the rule that tells it."""
    wanted = {
        "compute/resale", "compute/glut", "chips/demand_weak", "chips/orders_cut", "compute/competition",
        "compute/cloud_launch", "compute/gpu_rental_price_fall", "compute/cloud_price_fall",
        "chips/memory_price_fall", "capex/growth_slower", "markets/monetization_shift",
        "markets/technical_level", "markets/positioning", "markets/rewarded", "chips/selloff",
        "chips/memory_selloff", "markets/neocloud_selloff",
    }  # fmt: skip
    assert wanted <= {r.id for r in book.rules}
    assert len(book.rules) >= 52


def test_every_rule_is_tested_on_two_wordings_that_fire_and_two_that_do_not(book):
    scarce = {}
    for rule in book.rules:
        wordings = {fires: {words(t) for t in rule.tests if t.fires is fires} for fires in (True, False)}
        if min(map(len, wordings.values())) < 2:
            scarce[rule.id] = wordings
    assert scarce == {}


def test_few_rules_are_loud(book):
    levels = Counter(rule.level for rule in book.rules)
    assert levels[Severity.HIGH] <= len(book.rules) / 5
    assert levels[Severity.CRITICAL] <= 2


def test_social_media_is_heard_only_at_a_low_level_and_beside_a_better_source(book):
    social = [r for r in alone(book) if "social" in (r.condition.source.kind.in_ or ())]
    assert social
    for rule in alone(book):
        if rule in social:
            assert rule.level <= Severity.LOW, rule.id
            assert rule.policy.corroborate, rule.id
            assert all(tier <= 2 for _, tier in rule.policy.corroborate), rule.id
        else:
            assert "social" in (rule.condition.source.kind.not_ or ()), rule.id


def test_no_two_rules_are_tested_on_the_same_firing_words(book):
    firing = [(words(t), t.kind) for r in book.rules for t in r.tests if t.fires]
    assert len(firing) == len(set(firing))


def test_every_theme_has_a_rule(book, known):
    named = {theme for r in alone(book) if r.condition.theme for theme in r.condition.theme.in_ or ()}
    assert named == known.themes


def test_no_rule_fires_on_a_denial_or_a_speculation(book):
    for rule in alone(book):
        assert rule.condition.modality is not None
        assert set(rule.condition.modality.not_ or ()) >= {"denied", "speculated"}, rule.id


def test_every_sound_has_a_place_in_the_policy(book):
    for rule in book.rules:
        assert not rule.policy.edit_on & rule.policy.reply_on, rule.id


@pytest.mark.parametrize(
    ("pack", "old", "new", "killed_by"),
    [
        pytest.param("compute", "theme: compute_resale", "theme: compute_deal", "compute/resale", id="theme"),
        pytest.param("compute", "modality: {not: [denied, speculated]}", "modality: {not: [speculated]}", "compute/resale", id="denials let through"),
        pytest.param("compute", "      source: {kind: {not: social}}\n", "", "compute/resale", id="social let through"),
        pytest.param("capex", "{not: [denied, speculated]}", "{not: [confirmed]}", "capex/cut", id="modality turned round"),
        pytest.param("capex", "theme: capex_raise", "theme: [capex_raise, capex_cut]", "capex/raise", id="a theme too many"),
        pytest.param("chips", "actor: {sector: [memory, storage]}", "actor: {sector: [neocloud]}", "chips/memory_selloff", id="sector"),
        pytest.param("markets", "actor: {not: {sector: [semi", "actor: {in: META, not: {sector: [semi", "markets/selloff", id="not left out"),
        pytest.param("finance", "text: {not: *stress}", "text: *stress", "finance/debt_raise", id="pattern turned round"),
    ],
)  # fmt: skip
def test_a_rule_that_is_spoilt_fails_its_own_tests(tmp_path, known, analyzer, pack, old, new, killed_by):
    text = PACKS[pack].read_text(encoding="utf-8")
    assert old in text
    (tmp_path / f"{pack}.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    failures = run_tests(load_rulebook(tmp_path, known), analyzer)
    assert killed_by in {failure.rule_id for failure in failures}


def test_no_condition_on_theme_certainty_or_source_can_be_dropped_unnoticed(book, analyzer):
    unnoticed = []
    for rule in alone(book):
        for key in {"theme", "modality", "source"}:
            spoilt = replace(rule, condition=rule.condition.model_copy(update={key: None}))
            if not run_tests(replace(book, rules=(spoilt,)), analyzer):
                unnoticed.append(f"{rule.id} without {key}")
    assert unnoticed == []


def test_the_exposure_of_a_resale_by_meta(known):
    graph = load_exposure(RULES / "exposure.yaml", companies=known.companies, themes=known.themes)
    found = {e.company: e for e in graph.exposed("compute_resale", "META", 2, 0.3)}
    assert all(e.direction == -1 for e in found.values())
    for rival in ("CRWV", "NBIS"):
        assert found[rival].path == ("competes_with",)
    for supplier in ("NVDA", "AMD"):
        assert found[supplier].path == ("supplies",)
    for maker in ("MU", "SNDK"):
        assert (found[maker].path, found[maker].via) == (("supplies", "supplies"), ("NVDA",))


def test_a_deal_that_is_lost_hurts_whom_one_that_is_signed_helps(book, known):
    graph = load_exposure(RULES / "exposure.yaml", companies=known.companies, themes=known.themes)

    def shown(rule_id: str) -> dict[str, int]:
        rule = book.rule(rule_id)
        policy = rule.policy
        found = graph.exposed("compute_deal", "OPENAI", policy.hops, 0.5, reverse=policy.reverse)
        return {e.company: e.direction for e in found}

    signed, lost = shown("compute/deal"), shown("compute/deal_lost")
    assert signed["NVDA"] == 1
    assert lost["NVDA"] == -1


def test_rules_expose_only_themes_that_travel(book, known):
    graph = load_exposure(RULES / "exposure.yaml", companies=known.companies, themes=known.themes)
    for rule in alone(book):
        if rule.policy.hops and rule.condition.theme:
            assert set(rule.condition.theme.in_ or ()) <= graph.spread.keys(), rule.id
