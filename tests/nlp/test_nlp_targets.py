"""Whom a claim concerns besides its actor, and which sectors an entry speaks of."""

from __future__ import annotations

import pytest
from nlp_entries import nlp_entry

from bot.model import Analysis


def analysed(analyzer, title, text="") -> Analysis:
    return analyzer.analyze([nlp_entry(title, text)])[0]


@pytest.mark.parametrize(
    ("title", "theme", "actor", "targets"),
    [
        pytest.param(
            "Apple weighs selling stake in Coherent", "positioning", "AAPL", ["COHR"], id="stake in"
        ),
        pytest.param(
            "Tesla sells spare compute to Cohere and Mistral",
            "compute_resale",
            "TSLA",
            ["COHERE", "MISTRAL"],
            id="sold to two",
        ),
        pytest.param("Cohere rents GPUs from Lambda", "compute_deal", "COHERE", ["LAMBDA"], id="rented from"),
        pytest.param(
            "Salesforce signs $2 billion compute deal with Nscale",
            "compute_deal",
            "CRM",
            ["NSCALE"],
            id="deal with",
        ),
        pytest.param(
            "Tesla signs contract to buy Cerebras chips", "compute_deal", "TSLA", ["CEREBRAS"], id="chips of"
        ),
        pytest.param("Dell cuts orders at Wistron", "demand_weak", "DELL", ["3231.TW"], id="orders at"),
        pytest.param("Wistron sees Dell order cuts", "demand_weak", "DELL", ["3231.TW"], id="who sees them"),
        pytest.param(
            "Orders to Wistron from Dell slashed", "demand_weak", "DELL", ["3231.TW"], id="to and from"
        ),
        pytest.param("Marvell to acquire Lumentum", "acquisition", "MRVL", ["LITE"], id="bought"),
        pytest.param(
            "Apple to supply OpenAI with in-house chips, a blow to AMD",
            "custom_silicon",
            "AAPL",
            ["OPENAI"],
            id="supplied with",
        ),
        pytest.param("Oracle cuts capex", "capex_cut", "ORCL", [], id="nobody else"),
        pytest.param("Oracle fell 4% with Nvidia", "selloff", "ORCL", [], id="a move concerns nobody else"),
    ],
)
def test_a_claim_says_whom_it_concerns(analyzer, title, theme, actor, targets):
    event = next(e for e in analysed(analyzer, title).events if (e.theme, e.actor) == (theme, actor))
    assert list(event.targets) == targets


@pytest.mark.parametrize(
    "title",
    [
        "Microsoft and Oracle sign compute deals with CoreWeave and Nebius",
        "SoftBank raises stake in Nvidia and sells T-Mobile",
        "Intel, SambaNova and AMD team up with Nvidia",
    ],
)
def test_nobody_is_their_own_target_and_all_are_mentioned(analyzer, title):
    analysis = analysed(analyzer, title)
    assert analysis.events
    for event in analysis.events:
        assert event.actor not in event.targets
        assert set(event.targets) <= set(analysis.companies)


@pytest.mark.parametrize(
    ("title", "text", "sectors"),
    [
        pytest.param("Makers of memory warn of thin stocks", "", ["memory"], id="named"),
        pytest.param("Memory capacity is booked, traders say", "", ["memory"], id="a topic"),
        pytest.param("DRAM contract prices fall 5% in June", "", ["memory"], id="its goods"),
        pytest.param("Samsung ships new DRAM to Nvidia", "", [], id="goods of a company"),
        pytest.param("Village fair: the memory of a summer", "", [], id="another field"),
        pytest.param(
            "Largest cloud owners keep buying",
            "GPU clouds do not.",
            ["hyperscaler", "neocloud"],
            id="two groups",
        ),
    ],
)
def test_sectors_are_what_is_spoken_of_as_a_group(analyzer, title, text, sectors):
    assert sorted(analysed(analyzer, title, text).sectors) == sectors


def test_a_topic_does_not_act(taxonomy, analyzer):
    title = "Memory capacity cuts capex talk"
    assert "memory" not in {e.actor for e in analysed(analyzer, title).events}
    assert all(not (set(s.topics) & set(s.nouns)) for s in taxonomy.sectors.values())
