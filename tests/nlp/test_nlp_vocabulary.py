"""What a person types becomes targets."""

from __future__ import annotations

import pytest

from bot.locale import languages, speaking, tr
from bot.model import Target, TargetKind
from bot.nlp.vocabulary import RulesVocabulary


@pytest.fixture(scope="module")
def vocabulary(lexicon, taxonomy):
    return RulesVocabulary(lexicon, taxonomy, {"compute": "Compute market", "memory": "Memory watch"})


@pytest.mark.parametrize(
    ("typed", "targets"),
    [
        pytest.param("Meta", ["company:META"], id="a short name"),
        pytest.param("meta platforms", ["company:META"], id="the full name in small letters"),
        pytest.param("$nvda", ["company:NVDA"], id="a cashtag"),
        pytest.param("SK hynix", ["company:000660.KS"], id="a blank in a name"),
        pytest.param("skhynix", ["company:000660.KS"], id="without it"),
        pytest.param("000660.KS", ["company:000660.KS"], id="an id"),
        pytest.param("compute_resale", ["theme:compute_resale"], id="a theme's id"),
        pytest.param("resale of own compute", ["theme:compute_resale"], id="a theme's name"),
        pytest.param("neoclouds", ["sector:neocloud"], id="a sector's name"),
        pytest.param("compute", ["pack:compute"], id="a pack"),
        pytest.param("neocloud", ["sector:neocloud"], id="one of a sector"),
        pytest.param("data centre", ["sector:datacenter"], id="a sector in the singular"),
        pytest.param("data centers", ["sector:datacenter"], id="a sector's id in the plural"),
        pytest.param("Fluidstacks", [], id="a company in the plural"),
        pytest.param("memory", ["sector:memory", "pack:memory"], id="ambiguous"),
        pytest.param("pack memory", ["pack:memory"], id="ambiguous, but for the kind in front"),
        pytest.param("theme:selloff", ["theme:selloff"], id="a kind and a colon"),
        pytest.param("all", ["all"], id="everything"),
        pytest.param("Acme", [], id="unknown"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_a_word_is_resolved(vocabulary, typed, targets):
    assert [str(t) for t in vocabulary.resolve(typed)] == targets


def test_a_cashtag_is_never_a_sector(vocabulary):
    assert vocabulary.resolve("$memory") == []


def test_a_typo_gets_suggestions(vocabulary):
    assert vocabulary.suggest("nvidai")[0] == "Nvidia"
    assert vocabulary.suggest("zzzzzzzz") == []


def test_what_is_suggested_is_english_or_of_the_language_that_is_spoken(vocabulary):
    assert "Strom" not in vocabulary.suggest("strong")
    assert vocabulary.suggest("investitionskurzung") == []
    with speaking("de"):
        assert vocabulary.suggest("investitionskurzung")[0] == "Investitionskürzung"
        assert vocabulary.suggest("capexcutt")[0] == "Capex cut"


def test_a_suggestion_comes_once_and_only_where_it_is_near(vocabulary):
    assert vocabulary.suggest("nvdia") == ["Nvidia"], "neither its ticker nor its genitive"
    assert [vocabulary.resolve(s) for s in vocabulary.suggest("gogle")] == [
        [Target(TargetKind.COMPANY, "GOOGL")]
    ]
    assert vocabulary.suggest("computee_resale")[0] == "Resale of own compute", "not its id"
    for word in ("foo", "delta", "liquid cooling", "and"):
        assert vocabulary.suggest(word) == [], word


def test_an_id_has_a_readable_name(vocabulary):
    assert vocabulary.name("000660.KS") == "SK Hynix"
    assert vocabulary.name("capex_cut") == "Capex cut"
    assert vocabulary.name("NOSUCH") == "NOSUCH"


def test_every_company_resolves_by_its_name(vocabulary, lexicon):
    lost = [
        c.id
        for c in lexicon.companies.values()
        if Target(TargetKind.COMPANY, c.id) not in vocabulary.resolve(c.name)
    ]
    assert lost == []


def test_themes_and_sectors_are_understood_as_readers_of_any_language_see_them(vocabulary, taxonomy):
    for language in languages():
        with speaking(language):
            for kind, parts in ((TargetKind.SECTOR, taxonomy.sectors), (TargetKind.THEME, taxonomy.themes)):
                lost = [
                    p.id for p in parts.values() if Target(kind, p.id) not in vocabulary.resolve(tr(p.name))
                ]
                assert lost == []
    assert Target(TargetKind.THEME, "capex_cut") in vocabulary.resolve("investitionskürzung")
