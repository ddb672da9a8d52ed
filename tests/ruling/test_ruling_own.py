"""Rules of somebody's own: read from plain words, said in a sentence, and written as a file that loads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import NOW, alert, analysis, entry, event

from bot.config import Settings
from bot.following import Subject, word_target
from bot.loading import Loaded, load
from bot.locale import speaking, tr
from bot.model import (
    CERTAINTIES,
    Analysis,
    Attribution,
    Modality,
    OwnRule,
    Polarity,
    Severity,
    SourceKind,
    Stage,
    Target,
    TargetKind,
)
from bot.nlp.explain import entry_of
from bot.rules.check import load_checked
from bot.rules.conditions import Scene, failure
from bot.ruling.own import OwnRules, condition, sentence
from bot.ruling.wording import WordingReader

T = TypeVar("T")
SECTORS = {"META": "hyperscaler", "CRWV": "neocloud", "NVDA": "accelerator"}


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load(Settings(rules_dir=Path(__file__).parents[2] / "rules"))


@pytest.fixture(scope="module")
def reader(loaded: Loaded) -> WordingReader:
    now = datetime.now(UTC)
    return WordingReader(
        lambda text: loaded.analyzer.analyze([entry_of(text, None, SourceKind.WIRE, now)])[0],
        loaded.vocabulary.resolve,
    )


async def at_once(work: Callable[[], T]) -> T:
    return work()


RESALE, CUTS = OwnRule(themes=("compute_resale",)), OwnRule(themes=("capex_cut",))
BY_CLOUDS = OwnRule(themes=("compute_resale",), who=("hyperscaler",))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("hyperscalers selling compute, not denied", str(BY_CLOUDS)),
        ("hyperscalers selling or leasing compute", str(BY_CLOUDS)),
        ("tell me when any hyperscaler sells surplus compute", str(BY_CLOUDS)),
        ("selling compute", str(RESALE)),
        ("capex cuts", str(CUTS)),
        ("Investitionskürzung", str(CUTS)),
        ("Investitionskürzungen gegen die Rechenzentren", "themes=capex_cut&who=datacenter"),
        ("neoclouds raising debt but not CoreWeave", "themes=debt_financing&who=neocloud&not_who=CRWV"),
        ("layoffs at Intel and Microsoft", "themes=layoffs&who=INTC&who=MSFT"),
        (
            "hyperscaler capex cuts and memory price falls",
            "themes=capex_cut&themes=price_fall&who=hyperscaler&who=memory",
        ),
        ("anything about Nvidia, no layoffs", "who=NVDA&not_themes=layoffs"),
        ("capex cuts, only confirmed", "themes=capex_cut&least=confirmed"),
        ("capex cuts once it is officially confirmed", "themes=capex_cut&least=confirmed"),
        ("capex cuts, reported or confirmed", "themes=capex_cut&least=reported"),
        ("capex cuts, no rumours", "themes=capex_cut&least=considering"),
        ("capex cuts, keine Gerüchte", "themes=capex_cut&least=considering"),
        ("capex cuts, including speculation", "themes=capex_cut"),
        ("capex cuts, nicht dementiert, nur bestätigt", "themes=capex_cut&least=confirmed"),
        ("capex cuts, not from blogs or social media", "themes=capex_cut&not_kinds=blog&not_kinds=social"),
        ("capex cuts, nicht aus sozialen Medien", "themes=capex_cut&not_kinds=social"),
        ("capex cuts, only from filings", "themes=capex_cut&kinds=filing"),
        ("capex cuts without lease or rent", "themes=capex_cut&not_words=lease&not_words=rent"),
        ('capex cuts, without "spare parts"', "themes=capex_cut&not_words=spare+parts"),
        ('Nvidia, "liquid cooling"', "who=NVDA&words=liquid+cooling"),
        ("„Flüssigkühlung“ ohne Nvidia", "words=fl%C3%BCssigk%C3%BChlung&not_who=NVDA"),
        ("#MetaSellsCompute, no rumors", "themes=compute_resale&who=META&least=considering"),
        ("rumors about Intel being acquired", "themes=acquisition&who=INTC"),
        ("$AI or MU guidance cuts", "themes=guidance_cut&who=AI&who=MU"),
        ("AI layoffs at Intel", "themes=layoffs&who=INTC"),
        ("everything about CoreWeave apart from outages", "who=CRWV&not_themes=outage"),
        ("CoreWeave, aside from supply shortages", "who=CRWV&not_themes=supply_shortage"),
        ("CoreWeave and Nebius", "who=CRWV&who=NBIS"),
        ("CoreWeave, Nebius or Oracle; only confirmed", "who=CRWV&who=NBIS&who=ORCL&least=confirmed"),
        ("capex cuts, neither Nvidia nor AMD", "themes=capex_cut&not_who=AMD&not_who=NVDA"),
        ("capex cuts by anybody other than Meta", "themes=capex_cut&not_who=META"),
        ("capex cuts, not when it is denied", "themes=capex_cut"),
        ("liquid cooling", ""),
        ("not denied", ""),
        ("'; SELECT 1; --", ""),
    ],
)
def test_plain_words_are_read_as_a_rule(reader: WordingReader, text: str, rule: str) -> None:
    assert str(reader.read(text).rule) == rule


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("capex cuts, at least high", Severity.HIGH),
        ("capex cuts, critical and above", Severity.CRITICAL),
        ("only high capex cuts", Severity.HIGH),
        ("capex cuts", None),
    ],
)
def test_how_important_it_must_be_is_no_part_of_the_rule(
    reader: WordingReader, text: str, level: Severity | None
) -> None:
    wording = reader.read(text)
    assert (wording.rule, wording.level, wording.unknown) == (CUTS, level, ())


def test_a_level_is_read_in_the_language_that_is_spoken(reader: WordingReader) -> None:
    with speaking("de"):
        assert reader.read("Investitionskürzung, mindestens hoch").level is Severity.HIGH


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Nvidia dancing, only confirmed", ("dancing",)),
        ("unconfirmed capex cuts", ("unconfirmed",)),
        ("capex cuts unless confirmed", ("unless confirmed",)),
        ("capex cuts, not confirmed", ("not confirmed",)),
        ("TSMC raises prices for Nvidia", ("Nvidia",)),
        ("AI bubble fears, only confirmed", ("AI", "bubble", "fears")),
        ("what does Nvidia do", ()),
        ("selloff of chip stocks", ()),
        ('capex cuts, without "x"', ("x",)),
    ],
)
def test_what_is_not_understood_is_said(reader: WordingReader, text: str, unknown: tuple[str, ...]) -> None:
    assert reader.read(text).unknown == unknown


def test_a_name_that_means_several_things_is_asked_about_unless_the_text_decides(loaded: Loaded) -> None:
    meta = Target(TargetKind.COMPANY, "META"), Target(TargetKind.COMPANY, "MMAT")

    def resolve(name: str) -> list[Target]:
        return list(meta) if name.casefold() == "meta" else loaded.vocabulary.resolve(name)

    nothing = WordingReader(lambda text: Analysis(entry_id=text), resolve).read("meta, only confirmed")
    assert nothing.unclear == (("meta", meta),)
    assert nothing.rule.is_empty
    known = WordingReader(
        lambda text: loaded.analyzer.analyze([entry_of(text, None, SourceKind.WIRE, NOW)])[0], resolve
    ).read("Meta sells compute")
    assert (known.unclear, known.rule.who) == ((), ("META",))


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_without_an_error(reader: WordingReader, text: str) -> None:
    wording = reader.read(text)
    if not wording.rule.is_empty:
        assert OwnRule.parse(str(wording.rule)) is not None


@pytest.mark.parametrize(
    ("rule", "english", "german"),
    [
        (
            OwnRule(themes=("compute_resale",), who=("hyperscaler",), least=Modality.CONFIRMED),
            "Tells of “Resale of own compute” where a company of the sector “Hyperscalers” acts and it is confirmed.",
            "Meldet „Verkauf eigener Rechenleistung“, wenn ein Unternehmen der Branche „Hyperscaler“ handelt und es "
            "bestätigt ist.",
        ),
        (
            OwnRule(who=("NVDA", "AMD"), not_kinds=(SourceKind.SOCIAL,), not_words=("game",)),
            "Tells of any event where Nvidia or AMD acts or is affected, it is not denied and it does not come from "
            "social media. Never with “game” in the headline or text.",
            "Meldet jedes Ereignis, wenn Nvidia oder AMD handelt oder betroffen ist, es nicht dementiert ist und es "
            "nicht aus sozialen Medien kommt. Nie mit „game“ in Schlagzeile oder Text.",
        ),
        (
            OwnRule(
                words=("cooling",), not_themes=("layoffs",), not_who=("CRWV",), kinds=(SourceKind.FILING,)
            ),
            "Tells of any event where it is not denied and it comes from filings. Never of “Layoffs”. Never where "
            "CoreWeave acts or is affected. Only with “cooling” in the headline or text.",
            "Meldet jedes Ereignis, wenn es nicht dementiert ist und es aus Pflichtmitteilungen kommt. Nie "
            "„Stellenabbau“. Nie, wenn CoreWeave handelt oder betroffen ist. Nur mit „cooling“ in Schlagzeile oder Text.",
        ),
    ],
)
def test_a_rule_is_said_in_sentences(loaded: Loaded, rule: OwnRule, english: str, german: str) -> None:
    known = loaded.book.rules.known.sectors

    def names(an_id: str) -> str:
        return tr(loaded.vocabulary.name(an_id))

    assert sentence(rule, known, names) == english
    with speaking("de"):
        assert sentence(rule, known, names) == german


PARTS = st.lists(st.sampled_from(["META", "CRWV", "NVDA", "hyperscaler", "neocloud"]), max_size=3).map(tuple)
THEMES = st.lists(st.sampled_from(["compute_resale", "capex_cut", "layoffs"]), max_size=2).map(tuple)
KINDS = st.lists(st.sampled_from([SourceKind.WIRE, SourceKind.SOCIAL]), max_size=2).map(tuple)
PHRASES = ["surplus", "ai compute", "straße", "outsiders people", "lease"]
WORDS = st.lists(st.sampled_from([t.id for p in PHRASES if (t := word_target(p))]), max_size=2).map(tuple)
RULES = st.builds(
    OwnRule,
    themes=THEMES,
    who=PARTS,
    least=st.sampled_from(CERTAINTIES),
    words=WORDS,
    kinds=KINDS,
    not_themes=THEMES,
    not_who=PARTS,
    not_words=WORDS,
    not_kinds=KINDS,
).filter(lambda rule: not rule.is_empty)
EVENTS = st.builds(
    event,
    theme=st.sampled_from(["compute_resale", "capex_cut"]),
    actor=st.sampled_from(["META", "CRWV", "hyperscaler", None]),
    targets=st.lists(st.sampled_from(["NVDA", "META"]), max_size=2).map(tuple),
    stage=st.sampled_from(Stage),
    attribution=st.sampled_from(Attribution),
    polarity=st.sampled_from(Polarity),
)
TITLES = st.sampled_from(
    ["Meta weighs SURPLUS (AI-compute)", "Straße: leases for outsiders, people", "A lease"]
)


@given(RULES, EVENTS, TITLES, st.sampled_from([SourceKind.WIRE, SourceKind.SOCIAL, SourceKind.BLOG]))
def test_a_rule_file_asks_for_what_the_rule_is_about(rule, told, title, kind):
    made = entry(title, kind=kind)
    about = Subject(alert(made, event=told, title="", evidence=""), made, SECTORS)
    scene = Scene(made, analysis(made, told), told, SECTORS)
    asked = condition(rule, frozenset({"hyperscaler", "neocloud"}))
    assert about.fits(rule) is (failure(asked, scene) is None)


def test_the_file_loads_with_the_headlines_that_fire_it_as_its_tests(loaded: Loaded, tmp_path: Path) -> None:
    rules = OwnRules(lambda: loaded, loaded.vocabulary.name, lambda: NOW, at_once)
    rule = OwnRule(
        themes=("compute_resale",),
        who=("hyperscaler", "NVDA"),
        words=("Compute",),
        not_words=("straße",),
        not_kinds=(SourceKind.SOCIAL,),
        not_who=("CRWV", "neocloud"),
        least=Modality.CONSIDERING,
    )
    fires = 'Meta weighs selling "surplus" compute: people say'
    text = asyncio.run(rules.source(rule, Severity.MEDIUM, [fires, "Rain in Paris"]))
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    book = load_checked(tmp_path, loaded.book.rules.known, loaded.analyzer)
    made = book.rule("own/compute_resale")
    assert made is not None
    assert [(t.title, t.fires) for t in made.tests] == [(fires, True), (made.tests[1].title, False)]
    assert made.level is Severity.MEDIUM
