"""Every key of a match: what it lets through, what it stops, and in which words."""

import pytest
from rules_kit import KNOWN, analysis, book_with, entry, event

from bot.model import Attribution, Polarity, SourceKind, Stage
from bot.rules.engine import best_event, explain

SPECULATED = event(attribution=Attribution.SPECULATION)
DENIED = event(polarity=Polarity.DENIED)
DONE = event(stage=Stage.DONE, attribution=Attribution.ON_RECORD)


def reason(tmp_path, match, an_event, an_entry=None, companies=(), sectors=()):
    """Why the rule does not fire, without the event it is about; empty if it fires."""
    book = book_with(tmp_path, match)
    said = analysis(an_event, companies=companies, sectors=sectors)
    an_entry = an_entry or entry()
    words = explain(book, book.rules[0], an_entry, said)
    assert (best_event(book, book.rules[0], an_entry, said) is not None) is (words == "")
    return words.partition("): ")[2]


@pytest.mark.parametrize(
    ("match", "an_event", "words"),
    [
        pytest.param("{theme: compute_resale}", event(), "", id="theme"),
        pytest.param("{theme: capex_cut}", event(), "theme is compute_resale, the rule wants capex_cut", id="other theme"),
        pytest.param("{theme: [capex_cut, compute_resale]}", event(), "", id="one of several themes"),
        pytest.param("{theme: {in: [capex_cut, compute_resale]}}", event(), "", id="the same written with in"),
        pytest.param("{theme: {not: selloff}}", event(), "", id="any theme but one"),
        pytest.param("{theme: {not: [selloff, compute_resale]}}", event(), "theme is compute_resale, which the rule excludes", id="excluded theme"),
        pytest.param("{actor: META}", event(), "", id="actor"),
        pytest.param("{actor: MSFT}", event(), "actor is META, the rule wants MSFT", id="other actor"),
        pytest.param("{actor: [MSFT, META]}", event(), "", id="one of several actors"),
        pytest.param("{actor: META}", event(actor=None), "actor is nobody, the rule wants META", id="nobody acts"),
        pytest.param("{actor: {sector: hyperscaler}}", event(), "", id="sector of the actor"),
        pytest.param("{actor: {sector: [neocloud, memory]}}", event(), "actor is META, the rule wants one of sector neocloud or memory", id="other sector"),
        pytest.param("{actor: {sector: memory}}", event(actor="memory"), "", id="a sector acts"),
        pytest.param("{actor: memory}", event(actor="000660.KS"), "actor is 000660.KS, the rule wants memory", id="a sector's id means itself only"),
        pytest.param("{actor: {sector: hyperscaler, not: META}}", event(actor="MSFT"), "", id="a sector but one, another"),
        pytest.param("{actor: {sector: hyperscaler, not: META}}", event(), "actor is META, which the rule excludes", id="a sector but one, that one"),
        pytest.param("{actor: {not: {sector: neocloud}}}", event(actor="CRWV"), "actor is CRWV, which the rule excludes", id="excluded sector"),
        pytest.param("{actor: {not: {sector: neocloud}}}", event(actor=None), "", id="nobody is not excluded"),
        pytest.param("{actor: {in: [META, CRWV], sector: neocloud}}", event(), "actor is META, the rule wants META or CRWV and one of sector neocloud", id="id and sector must both hold"),
        pytest.param("{actor: {named: true}}", event(), "", id="somebody named"),
        pytest.param("{actor: {named: true}}", event(actor=None), "actor is nobody, the rule wants somebody named", id="nobody named"),
        pytest.param("{actor: {named: false}}", event(), "actor is META, the rule wants nobody named", id="wants nobody"),
        pytest.param("{actor: ON}", event(actor="ON"), "", id="ON is a ticker"),
        pytest.param("{actor: 000660.KS}", event(actor="000660.KS"), "", id="zeros in front stay"),
        pytest.param("{target: CRWV}", event(targets=("NVDA", "CRWV")), "", id="target"),
        pytest.param("{target: CRWV}", event(), "target is nobody, the rule wants CRWV", id="no target"),
        pytest.param("{target: {not: CRWV}}", event(targets=("NVDA", "CRWV")), "target is CRWV, which the rule excludes", id="excluded target"),
        pytest.param("{modality: considering}", event(), "", id="modality"),
        pytest.param("{modality: [confirmed, reported]}", event(), "modality is considering, the rule wants confirmed or reported", id="weaker modality"),
        pytest.param("{modality: {not: [denied, speculated]}}", SPECULATED, "modality is speculated, which the rule excludes", id="speculated"),
        pytest.param("{modality: {not: [denied, speculated]}}", DENIED, "modality is denied, which the rule excludes", id="denied"),
        pytest.param("{polarity: denied}", DENIED, "", id="polarity"),
        pytest.param("{polarity: denied}", event(), "polarity is affirmed, the rule wants denied", id="not denied"),
        pytest.param("{stage: exploring}", event(), "", id="stage"),
        pytest.param("{stage: {gte: planned}}", event(), "stage is exploring, the rule wants at least planned", id="stage too low"),
        pytest.param("{stage: {gte: planned}}", event(stage=Stage.PLANNED), "", id="stage on the boundary"),
        pytest.param("{stage: {gte: planned}}", DONE, "", id="stage above"),
        pytest.param("{stage: {lte: agreed}}", DONE, "stage is done, the rule wants at most agreed", id="stage too high"),
        pytest.param("{stage: {lte: agreed}}", event(stage=Stage.AGREED), "", id="stage on the upper boundary"),
        pytest.param("{stage: {not: done}}", DONE, "stage is done, which the rule excludes", id="excluded stage"),
        pytest.param("{stage: [planned, agreed]}", event(), "stage is exploring, the rule wants planned or agreed", id="other stages"),
        pytest.param("{attribution: {gte: sourced}}", event(), "", id="attribution on the boundary"),
        pytest.param("{attribution: {gte: on_record}}", event(), "attribution is sourced, the rule wants at least on_record", id="attribution too weak"),
        pytest.param("{theme: selloff, actor: MSFT}", event(), "theme is compute_resale, the rule wants selloff", id="the first that fails is told"),
        pytest.param("{theme: compute_resale, actor: MSFT}", event(), "actor is META, the rule wants MSFT", id="all keys must hold"),
        pytest.param("{all: [{theme: compute_resale}, {actor: META}]}", event(), "", id="all"),
        pytest.param("{all: [{theme: compute_resale}, {actor: MSFT}]}", event(), "actor is META, the rule wants MSFT", id="not all"),
        pytest.param("{any: [{theme: selloff}, {actor: META}]}", event(), "", id="any"),
        pytest.param("{any: [{theme: selloff}, {actor: MSFT}]}", event(), "none of `any` holds: theme is compute_resale, the rule wants selloff; actor is META, the rule wants MSFT", id="none of any"),
        pytest.param("{not: {theme: selloff}}", event(), "", id="not"),
        pytest.param("{not: {theme: compute_resale, actor: [META, MSFT]}}", event(), "the rule excludes it by `not: {theme: compute_resale, actor: [META, MSFT]}`", id="excluded by not"),
        pytest.param("{not: {theme: compute_resale, actor: MSFT}}", event(), "", id="not excludes only what holds as a whole"),
        pytest.param("{any: [{all: [{theme: compute_resale}, {not: {actor: META}}]}, {theme: selloff}]}", event(actor="MSFT"), "", id="nesting"),
    ],
)  # fmt: skip
def test_a_condition_on_the_event(tmp_path, match, an_event, words):
    assert reason(tmp_path, match, an_event) == words


@pytest.mark.parametrize(
    ("match", "an_entry", "words"),
    [
        pytest.param("{source: {id: wire-a}}", entry(), "", id="feed"),
        pytest.param("{source: {id: {not: blog-b}}}", entry(feed="blog-b"), "source is blog-b, which the rule excludes", id="excluded feed"),
        pytest.param("{source: {kind: [wire, paper]}}", entry(), "", id="kind"),
        pytest.param("{source: {kind: {not: social}}}", entry(kind=SourceKind.SOCIAL), "kind of source is social, which the rule excludes", id="excluded kind"),
        pytest.param("{source: {tier: {lte: 2}}}", entry(tier=2), "", id="tier on the boundary"),
        pytest.param("{source: {tier: {lte: 2}}}", entry(tier=3), "tier of the source is 3, the rule wants at most 2", id="tier too low"),
        pytest.param("{source: {tier: 1}}", entry(tier=2), "tier of the source is 2, the rule wants 1", id="other tier"),
        pytest.param("{source: {tier: {gte: 2, lte: 2}}}", entry(tier=1), "tier of the source is 1, the rule wants at least 2", id="a range of tiers"),
        pytest.param("{source: {language: en}}", entry(language="en-US"), "", id="language with a region"),
        pytest.param("{source: {language: [de, fr]}}", entry(), "language is en, the rule wants de or fr", id="other language"),
        pytest.param("{source: {tier: 1, kind: filing}}", entry(), "kind of source is wire, the rule wants filing", id="both must hold"),
        pytest.param("{text: 'sell(s|ing)'}", entry("Meta SELLING compute"), "", id="pattern in any case"),
        pytest.param("{text: surplus}", entry("Meta", "sells surplus compute"), "", id="pattern in the text"),
        pytest.param("{text: 'Meta.*surplus'}", entry("Meta", "sells surplus compute"), "", id="pattern over both"),
        pytest.param("{text: surplus}", entry(), "text holds nothing like surplus", id="no such words"),
        pytest.param("{text: [surplus, spare]}", entry("spare compute"), "", id="one of several patterns"),
        pytest.param("{text: {not: '\\bopinion\\b'}}", entry("Opinion: sell"), "text holds '\\\\bopinion\\\\b', which the rule excludes", id="excluded pattern"),
        pytest.param("{text: {not: '\\bopinion\\b'}}", entry("opinionated"), "", id="word boundary"),
        pytest.param("{text: 'cafe.?'}", entry("Caf\u00e9 \ud800 cafe"), "", id="broken characters do no harm"),
    ],
)  # fmt: skip
def test_a_condition_on_the_entry(tmp_path, match, an_entry, words):
    assert reason(tmp_path, match, event(), an_entry) == words


@pytest.mark.parametrize(
    ("match", "words"),
    [
        pytest.param("{company: NVDA}", "", id="a company that is mentioned"),
        pytest.param("{company: CRWV}", "company is META or NVDA, the rule wants CRWV", id="one that is not"),
        pytest.param("{company: {sector: accelerator}}", "", id="sector of a mentioned company"),
        pytest.param("{company: {sector: accelerator, not: META}}", "company is META, which the rule excludes", id="none may be excluded"),
        pytest.param("{company: {named: true}}", "", id="any company"),
        pytest.param("{sector: [memory, neocloud]}", "", id="a sector that is spoken of"),
        pytest.param("{sector: hyperscaler}", "sector is memory, the rule wants hyperscaler", id="a company's own sector is not spoken of"),
        pytest.param("{sector: {not: memory}}", "sector is memory, which the rule excludes", id="excluded sector"),
    ],
)  # fmt: skip
def test_a_condition_on_what_the_entry_mentions(tmp_path, match, words):
    assert reason(tmp_path, match, event(), companies=("META", "NVDA"), sectors=("memory",)) == words


def test_a_pattern_that_would_explode_elsewhere_takes_linear_time(tmp_path):
    hostile = entry("a" * 100_000)
    assert reason(tmp_path, "{text: '(a+)+$b'}", event(), hostile) == "text holds nothing like (a+)+$b"


def test_the_known_ids_of_these_tests_are_their_own():
    assert KNOWN.companies["ON"] == "semiconductors"
