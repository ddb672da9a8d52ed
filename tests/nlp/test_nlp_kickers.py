"""A label before a colon names a topic; a line of its own that names another subject is not about the line before."""

from __future__ import annotations

import pytest
from nlp_entries import claims, nlp_entry

from bot.model import SourceKind
from bot.nlp.kickers import kicker
from bot.nlp.words import tokenize


def found(analyzer, title="", text="", kind=SourceKind.WIRE):
    return claims(analyzer.analyze([nlp_entry(title, text, kind)])[0])


@pytest.mark.parametrize(
    "title",
    [
        "Chip glut: what investors should know",
        "Memory price rise: what it means for phones",
        "GPU shortage: a guide for buyers",
        "DRAM shortage: who wins?",
        "Chip sell-off: three charts",
        "AI capex cuts: the next shoe to drop?",
        "Nvidia layoffs: what we know",
        "Intel's job cuts: five questions",
        "Chip export curbs: the view from Beijing",
        "OpenAI IPO: everything we know",
        "Nvidia antitrust probe: timeline",
        "AMD-Intel merger: would it work?",
        "AI bubble: are we there yet?",
        "Memory prices: five questions",
    ],
)
def test_a_label_before_a_question_or_a_mere_noun_claims_nothing(analyzer, title):
    assert kicker(tokenize(title)) > 0
    assert found(analyzer, title) == set()


@pytest.mark.parametrize(
    ("title", "claim"),
    [
        pytest.param("Meta buys Manus: why", "acquisition", id="a verb in it"),
        pytest.param("Micron plans layoffs: what we know", "layoffs", id="a verb before its noun"),
        pytest.param("Chip stocks slump: what now?", "selloff", id="a plural and its verb"),
        pytest.param("Intel to cut jobs: five questions", "layoffs", id="a plan"),
        pytest.param("Micron price hike: 20% on DRAM", "price_rise", id="a figure behind it"),
        pytest.param("Intel job cuts: 500 in Oregon", "layoffs", id="a count behind it"),
        pytest.param("HBM shortage: SK Hynix raises prices", "supply_shortage", id="a clause behind it"),
        pytest.param("Chip rout: Nvidia falls 5%", "selloff", id="a move behind it"),
    ],
)
def test_a_headline_with_a_colon_still_makes_its_claim(analyzer, title, claim):
    assert kicker(tokenize(title)) == 0
    assert claim in {theme for theme, _, _ in found(analyzer, title)}


def test_a_text_below_a_label_makes_its_own_claims(analyzer):
    assert found(analyzer, "Chip glut: what investors should know", "Micron shares fell 7% on Tuesday.") == {
        ("selloff", "MU", "confirmed")
    }


@pytest.mark.parametrize(
    "words",
    [
        "",
        ":",
        ": what now?",
        "Chip glut:",
        "glut: what now?",
        "A very long label of the glut: what now?",
        "5% glut: why",
    ],
)
def test_what_is_no_label_is_none(words):
    assert kicker(tokenize(words)) == 0


@pytest.mark.parametrize(
    "line",
    [
        "Acme Widgets shares fall 5%",
        "Sofa maker cuts 200 jobs",
        "FreightCo issues profit warning",
        "Ohio utility cuts 300 jobs",
        "Chancellor Reeves cuts 200 jobs",
        "Shares of a Dutch bank fell 8%",
    ],
)
@pytest.mark.parametrize("mark", ["", "• ", "🔹 ", "- "], ids=["bare", "bullet", "diamond", "dash"])
def test_a_line_with_a_subject_of_its_own_is_not_about_the_line_before(analyzer, mark, line):
    for kind in (SourceKind.WIRE, SourceKind.SOCIAL):
        text = f"{mark}Intel beats estimates\n{mark}{line}"
        assert {(theme, actor) for theme, actor, _ in found(analyzer, "", text, kind)} == {
            ("earnings_beat", "INTC")
        }


@pytest.mark.parametrize(
    ("line", "claim"),
    [
        pytest.param("Its shares fell 5%", "selloff", id="its"),
        pytest.param("Shares fall 5%", "selloff", id="shares"),
        pytest.param("The chipmaker cuts 200 jobs", "layoffs", id="the chipmaker"),
        pytest.param("Cuts 200 jobs", "layoffs", id="no subject"),
        pytest.param("Capital spending was cut by a fifth", "capex_cut", id="what it has"),
        pytest.param("Chief executive Jane Doe cuts 200 jobs", "layoffs", id="who leads it"),
        pytest.param("On Monday Morning it cut 200 jobs", "layoffs", id="a day"),
    ],
)
def test_a_line_without_one_still_is(analyzer, line, claim):
    said = found(analyzer, "", f"• Intel opens a campus\n• {line}")
    assert (claim, "INTC") in {(theme, actor) for theme, actor, _ in said}
