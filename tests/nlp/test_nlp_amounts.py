"""Two amounts of one thing: which is more, by what it is measured, and what that claims."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nlp_entries import claims, nlp_entry

from bot.nlp.amounts import Yardstick, compared
from bot.nlp.words import tokenize


def told(text: str) -> list[tuple[bool, str]]:
    return [(c.is_more, c.yardstick.value) for c in compared(tokenize(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("$6 bln vs $5 bln prior", [(True, "planned")], id="versus what was said before"),
        pytest.param("$5bn, not the 6 pencilled in", [(False, "planned")], id="a scale that is written once"),
        pytest.param("$4bn-$6bn instead of $7bn", [(False, "planned")], id="the middle of a range"),
        pytest.param("1.20 vs 1.35 est", [(False, "expected")], id="plain numbers"),
        pytest.param(
            "$900 million against a consensus of $1.1 billion", [(False, "expected")], id="two scales"
        ),
        pytest.param("36% against a 34% consensus", [(True, "expected")], id="percentages"),
        pytest.param("$6bn versus $5bn a year ago", [], id="last time is no yardstick"),
        pytest.param("$6bn versus $6bn expected", [], id="the same"),
        pytest.param("$6bn versus 12% expected", [], id="different kinds"),
        pytest.param("$6bn versus $900bn expected", [], id="different things"),
        pytest.param("$6bn and $5bn expected", [], id="no comparison"),
        pytest.param(
            "$6bn in March; $5bn instead of $4bn", [(True, "planned")], id="nothing bridges a semicolon"
        ),
        pytest.param("versions 1.2.3 vs 1.2.4 planned", [], id="no amounts"),
    ],
)
def test_one_amount_is_measured_by_another(text, expected):
    assert told(text) == expected


@given(
    more=st.integers(2, 900),
    share=st.floats(0.2, 0.95),
    noun=st.sampled_from(["est", "planned", "consensus"]),
)
def test_turned_round_the_answer_is_the_other(more, share, noun):
    less = max(1, int(more * share))
    assert [m for m, _ in told(f"${more}m vs ${less}m {noun}")] == [True]
    assert [m for m, _ in told(f"${less}m vs ${more}m {noun}")] == [False]


@given(text=st.text(alphabet="0123456789$%.,-–bmkvsto ", max_size=40))
def test_any_figures_are_read(text):
    tokens = tokenize(text)
    for c in compared(tokens):
        assert 0 <= c.start < c.end <= len(tokens)
        assert c.yardstick in Yardstick


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        pytest.param(
            "Equinix capex to be $3 bln vs $4 bln seen before", ("capex_cut", "EQIX"), id="less capex"
        ),
        pytest.param(
            "Equinix puts capex at $5 bln instead of $4 bln", ("capex_raise", "EQIX"), id="more capex"
        ),
        pytest.param("Ciena revenue $1.1 bln vs $1.3 bln consensus", ("earnings_miss", "CIEN"), id="miss"),
        pytest.param("Ciena EPS 0.91 vs 0.82 est", ("earnings_beat", "CIEN"), id="beat"),
        pytest.param(
            "Ciena loss of $0.30 vs $0.10 expected", ("earnings_miss", "CIEN"), id="more loss is less"
        ),
        pytest.param(
            "Ciena sees revenue of $1.4 bln vs $1.2 bln consensus", ("guidance_raise", "CIEN"), id="outlook"
        ),
        pytest.param(
            "Ciena now sees revenue of $1 bln rather than $1.2 bln", ("guidance_cut", "CIEN"), id="revised"
        ),
    ],
)
def test_a_comparison_makes_a_claim_that_no_verb_makes(analyzer, title, wanted):
    found = claims(analyzer.analyze([nlp_entry(title)])[0])
    assert (*wanted, "confirmed") in found
    directions = {t for t, _, _ in found}
    assert not {"capex_cut", "capex_raise"} <= directions
    assert not {"earnings_beat", "earnings_miss"} <= directions
