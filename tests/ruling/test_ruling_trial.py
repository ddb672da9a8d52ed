"""What rules make of one entry: the verdict is the engine's, and what stops it is the first part that fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import NOW, TITLE, analysis, entry, event, match, story
from newsroom import PACK, Reader, make_book

from bot.alerts.decide import hold_match
from bot.locale import speaking
from bot.model import Attribution, Card, EntityKind, Entry, Event, Polarity, Reason, SourceKind, Span, Stage
from bot.nlp.analyzer import load_analyzer
from bot.nlp.explain import entry_of
from bot.nlp.explanation import Silence
from bot.rules.book import Rule, Rulebook
from bot.rules.conditions import Scene, failure
from bot.rules.parts import Condition
from bot.ruling.facts import first_failure
from bot.ruling.trial import Trial, Verdict, try_rule, why_silent
from bot.text import utf16_length

SUPPORTED = PACK.replace("    expose:", "    corroborate: {any: [{tier: 1}, {origins: 2}]}\n    expose:", 1)
DENIED = event(polarity=Polarity.DENIED, evidence=(0, 11))
HOSTILE = "</b>\u202eevil\u202c <script> @everyone /stop \x00 Meta sells"
RULES = Path(__file__).parents[2] / "rules"


@pytest.fixture
def book(tmp_path: Path) -> Rulebook:
    return make_book(tmp_path, SUPPORTED).rules


def rule_of(book: Rulebook, rule_id: str) -> Rule:
    found = book.rule(rule_id)
    assert found is not None
    return found


def name(an_id: str) -> str:
    return {"META": "Meta", "compute_resale": "Resale"}.get(an_id, an_id)


def tried(book: Rulebook, *events: Event, of: Entry | None = None, **more: Any) -> Trial:
    of = of or entry(url="")
    return Trial(book, name, of, analysis(of, *events), **more)


def bold(card: Card) -> list[str]:
    return [card.text[e.start : e.end] for e in card.entities if e.kind is EntityKind.BOLD]


def test_a_rule_that_fires_says_how_loud_and_in_which_words(book: Rulebook) -> None:
    card = tried(book, event(evidence=(5, 19))).of_rule(rule_of(book, "compute/resale"))
    assert card.text.split("\n") == [
        "compute/resale: it fires, HIGH: Meta sells surplus compute",
        f"“Resale”, Meta, under consideration: “{TITLE}”",
        "Read as news from wire services, tier 1; kind:social tier:3 before the text changes that.",
    ]
    assert bold(card) == ["it fires, HIGH: Meta sells surplus compute", TITLE[5:19]]


def test_a_rule_that_does_not_says_which_part_stopped_it(book: Rulebook) -> None:
    card = tried(book, DENIED).of_rule(rule_of(book, "compute/resale"))
    assert card.text.split("\n")[2:5] == [
        "Stopped at: how certain it is.",
        "Found: denied.",
        "It would pass where it is neither denied nor only speculated.",
    ]


@pytest.mark.parametrize(
    ("tier", "verdict"), [(1, Verdict.FIRES), (2, Verdict.WAITS), (3, Verdict.WAITS)], ids=str
)
def test_a_rule_waits_for_sources_where_the_program_would(
    book: Rulebook, tier: int, verdict: Verdict
) -> None:
    of, rule = entry(tier=tier), rule_of(book, "compute/resale")
    assert try_rule(book, rule, of, analysis(of, event())).verdict is verdict
    held = hold_match(match(of, policy=rule.policy), story(of), (), NOW)
    assert (held is not None and held.reason is Reason.UNCORROBORATED) is (verdict is Verdict.WAITS)


def test_what_it_waits_for_is_said(book: Rulebook) -> None:
    card = tried(book, event(), of=entry(url="", tier=3)).of_rule(rule_of(book, "compute/resale"))
    assert "it would wait for further sources: Meta sells surplus compute" in card.text
    assert "It is told once it comes from one source of tier 1, or from 2 independent sources." in card.text


def test_a_correlation_says_whether_it_would_count(book: Rulebook) -> None:
    wave = rule_of(book, "compute/wave")
    cut = event("capex_cut", "MSFT", stage=Stage.DONE)
    assert "it counts, as one of several: Several cuts in days" in tried(book, cut).of_rule(wave).text
    stopped = tried(book, event()).of_rule(wave).text
    assert "compute/wave: it does not fire" in stopped
    assert "Stopped at: the theme.\nFound: “Resale”.\nIt would pass where it tells of “capex_cut”." in stopped


@pytest.mark.parametrize(
    ("events", "companies", "silence", "said"),
    [
        ((), (), None, "Stopped at: the theme, as no event of any is in it. Mentioned: no company."),
        ((), ("META",), None, "Stopped at: the theme, as no event of any is in it. Mentioned: Meta."),
        ((), (), Silence.FOREIGN, "Stopped at: the theme, as it is not in English. Mentioned: no company."),
        ((event(fresh=False),), (), None, "Stopped at: news. It only recalls past events."),
    ],
    ids=["nothing", "a company alone", "the analyzer knows why", "background"],
)
def test_a_text_without_news_says_so(
    book: Rulebook, events: tuple[Event, ...], companies: tuple[str, ...], silence: Silence | None, said: str
) -> None:
    of = entry(url="")
    trial = Trial(book, name, of, analysis(of, *events, companies=companies), silence)
    assert said in trial.of_rule(rule_of(book, "compute/resale")).text
    assert said in trial.of_all().text


def test_without_a_rule_all_that_take_it_up_are_named_the_loudest_first(book: Rulebook) -> None:
    fall = event("selloff", "MU", stage=Stage.DONE, attribution=Attribution.FILING)
    card = tried(book, fall, event()).of_all()
    lines = card.text.split("\n")
    assert lines[0] == "These rules take it up:"
    assert lines[1].startswith("• it fires, HIGH: Meta sells")
    assert lines[2].startswith("• it fires, LOW: MU falls")
    assert sum(line.startswith("“") for line in lines) == 2


def test_where_none_does_the_nearest_are_named(book: Rulebook) -> None:
    card = tried(book, DENIED).of_all()
    assert card.text.split("\n")[0] == "No rule fires."
    assert (
        "• “A company sells surplus compute”: it would pass where it is neither denied nor only speculated"
        in card.text
    )
    assert "Their ids, for /rule and /test: compute/resale\n" in card.text, "no rule of another theme"


def test_a_stored_article_is_named(book: Rulebook) -> None:
    card = tried(book, event(), of=entry()).of_rule(rule_of(book, "compute/resale"))
    assert card.text.split("\n")[-1] == f"Read as stored: “{TITLE}”, Wire, tier 1."


CONDITION = Condition.model_validate(
    {
        "theme": ["compute_resale", "selloff"],
        "actor": {"sector": "hyperscaler"},
        "modality": {"not": ["denied"]},
        "stage": {"gte": "planned"},
        "source": {"kind": {"not": "social"}, "tier": {"lte": "2"}, "language": "en"},
        "text": "compute",
        "any": [{"company": "META"}, {"sector": "memory"}],
        "not": {"attribution": "speculation"},
    }
)
SCENES = st.builds(
    lambda theme, actor, polarity, stage, attribution, kind, tier, language, title, companies: Scene(
        of := entry(title, kind=kind, tier=tier, language=language),
        analysis(of, companies=companies),
        event(theme, actor, polarity=polarity, stage=stage, attribution=attribution),
        {"META": "hyperscaler", "MU": "memory"},
    ),
    st.sampled_from(["compute_resale", "selloff", "rally"]),
    st.sampled_from(["META", "MU", None]),
    st.sampled_from(Polarity),
    st.sampled_from(Stage),
    st.sampled_from(Attribution),
    st.sampled_from(SourceKind),
    st.sampled_from([1, 2, 3]),
    st.sampled_from(["en", "de"]),
    st.sampled_from(["Meta sells compute", "Meta sells chairs"]),
    st.sampled_from([("META",), ("MU",), ()]),
)


@given(SCENES)
def test_what_is_said_to_have_stopped_it_is_what_the_engine_names_first(scene: Scene) -> None:
    reason = failure(CONDITION, scene)
    if reason is None:
        with pytest.raises(ValueError, match="hold"):
            first_failure(CONDITION, scene)
        return
    _, alone = first_failure(CONDITION, scene)
    assert failure(alone, scene) == reason


@pytest.mark.parametrize("field", ["title", "text"])
def test_hostile_text_stays_text(book: Rulebook, field: str) -> None:
    of = replace(entry("" if field == "text" else HOSTILE, url=""), text=HOSTILE * 90)
    span = Span("text", 10, 14) if field == "text" else Span("title", 0, len(HOSTILE))
    claim = replace(event(), evidence=span)
    for card in (tried(book, claim, of=of).of_all(), tried(book, claim, of=of).of_rule(book.rules[0])):
        assert utf16_length(card.text) <= 4096
        assert "\u202e" not in card.text
        assert "\x00" not in card.text
        assert "@everyone" not in card.text
        assert "/stop" not in card.text
        assert all(e.end <= len(card.text) for e in card.entities)


def test_a_german_reads_german(book: Rulebook) -> None:
    with speaking("de"):
        card = tried(book, DENIED, of=entry("Meta denies", url="")).of_rule(rule_of(book, "compute/resale"))
    assert card.text.split("\n") == [
        "compute/resale: meldet nicht",
        "„Resale“, Meta, dementiert: „Meta denies“",
        "Gescheitert an: Gewissheit.",
        "Gefunden: dementiert.",
        "Sie würde melden, wenn es weder dementiert noch reine Spekulation ist.",
        "Gelesen wie eine Nachricht von Nachrichtenagenturen, Rang 1; kind:social tier:3 vor dem Text ändert das.",
    ]
    assert bold(card) == ["meldet nicht", "Meta denies"]


def test_the_real_analyzer_says_why_it_is_silent() -> None:
    analyzer = load_analyzer(RULES)
    of = entry_of("Der Regen fällt heute in Berlin sehr stark und lange", None, SourceKind.WIRE, NOW)
    assert why_silent(analyzer, of, analyzer.analyze([of])[0]) is Silence.FOREIGN


def test_another_analyzer_need_not() -> None:
    of = entry()
    assert why_silent(Reader(), of, analysis(of, companies=())) is None
