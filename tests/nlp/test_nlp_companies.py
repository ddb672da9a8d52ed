"""Which companies a text names, and which words only look like one."""

from __future__ import annotations

import pytest
from nlp_entries import nlp_entry

from bot.model import SourceKind


def companies(analyzer, title, kind=SourceKind.WIRE):
    return list(analyzer.analyze([nlp_entry(title, kind=kind)])[0].companies)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Nvidia and TSMC deepen ties", ["NVDA", "TSM"], id="plain names"),
        pytest.param("Google Cloud wins customer from AWS", ["GOOGL", "AMZN"], id="brands"),
        pytest.param("SanDisk, Sandisk and SNDK are one", ["SNDK"], id="spellings"),
        pytest.param("$NVDA and $MU in the red", ["NVDA", "MU"], id="cashtags"),
        pytest.param("Shares of the chipmaker (NASDAQ: NVDA) rose", ["NVDA"], id="exchange and ticker"),
        pytest.param(
            "Bloom Energy (NYSE:BE) closes deal", ["BE"], id="a ticker that is a word, with its exchange"
        ),
        pytest.param("Memory maker 000660.KS leads gains", ["000660.KS"], id="Yahoo suffix of Seoul"),
        pytest.param("Foundry 2330.TW hits record", ["TSM"], id="local line of an ADR"),
        pytest.param("TSE:8035 falls 3%", ["8035.T"], id="Tokyo code with exchange"),
        pytest.param("Chipmaker (NVDA.O) slides", ["NVDA"], id="Reuters code"),
        pytest.param("TPU orders double", ["GOOGL"], id="a product that stands for its maker"),
        pytest.param("ChatGPT outage hits users", ["OPENAI"], id="ChatGPT"),
        pytest.param("META SHARES FALL 5% IN PREMARKET", ["META"], id="capitals"),
        pytest.param("SK hynix and SK Square climb", ["000660.KS"], id="names that share a beginning"),
        pytest.param(
            "Samsung SDI cuts outlook while Samsung Electronics rises", ["005930.KS"], id="sister companies"
        ),
        pytest.param("Arm shares jump after chip royalty beat", ["ARM"], id="Arm among chips"),
        pytest.param("Lambda to rent GPUs from Nvidia", ["LAMBDA", "NVDA"], id="Lambda the cloud"),
    ],
)
def test_a_company_is_found_under_all_its_names(analyzer, title, expected):
    assert companies(analyzer, title) == expected


@pytest.mark.parametrize(
    "title",
    [
        "Meta Materials shares delisted",
        "Metaplanet buys more bitcoin",
        "Meta-analysis finds coffee harmless",
        "Oracle of Omaha trims his holdings",
        "What the oracle saw: new dig at Delphi",
        "Amazon rainforest fires hit record",
        "Micron-sized particles found in filters",
        "U.S. intel points to a new missile",
        "the new intel on the front line",
        "Arms race heats up in Asia",
        "Pitcher's arm trouble shelves another ace",
        "Apple pie recipe for autumn",
        "Python lambda functions in five minutes",
        "A disco ball for the living room",
        "Raise your cadence, save your knees",
        "Investigators comb Eaton Canyon for cause of blaze",
        "A more coherent plan for buses",
        "Snowflake generation takes on the ski slopes",
        "Apollo 11 astronaut honoured",
        "Claude Monet show opens in Paris",
        "On now: be quick and flex your lite plan",
    ],
)
def test_a_look_alike_is_no_company(analyzer, title):
    assert companies(analyzer, title) == []


def test_a_social_post_may_write_a_guarded_name_small_where_another_company_makes_it_clear(analyzer):
    assert companies(analyzer, "oracle and nvidia both down today", SourceKind.SOCIAL) == ["ORCL", "NVDA"]
    assert companies(analyzer, "the oracle in my dream said no", SourceKind.SOCIAL) == []


def test_mentions_point_at_the_words_that_name_the_company(analyzer):
    title = "Data: $NVDA, Taiwan Semi (NYSE: TSM) and Hon Hai"
    mentions = analyzer.analyze([nlp_entry(title)])[0].mentions
    assert [title[m.span.start : m.span.end] for m in mentions] == [
        "$NVDA",
        "Taiwan Semi",
        "NYSE: TSM",
        "Hon Hai",
    ]


@pytest.mark.parametrize(
    ("title", "sectors"),
    [
        pytest.param("Chip stocks slide", ("semiconductors",), id="chip stocks"),
        pytest.param(
            "Memory makers and hyperscalers argue over price", ("memory", "hyperscaler"), id="two groups"
        ),
        pytest.param("The SOX fell", ("semiconductors",), id="an index of the group"),
        pytest.param("Neoclouds borrow more", ("neocloud",), id="neoclouds"),
    ],
)
def test_a_group_is_found(analyzer, title, sectors):
    assert analyzer.analyze([nlp_entry(title)])[0].sectors == sectors
