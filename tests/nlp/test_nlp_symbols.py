"""Letters that are a moving average in one text are a law, an agency or somebody's ticker in another."""

from __future__ import annotations

import pytest
from nlp_entries import nlp_entry

from bot.model import SourceKind
from bot.nlp.symbols import cashtags
from bot.nlp.words import tokenize


def themes(analyzer, title, kind=SourceKind.WIRE):
    return {e.theme for e in analyzer.analyze([nlp_entry(title, kind=kind)])[0].events}


@pytest.mark.parametrize(
    "title",
    [
        "The Digital Markets Act (DMA) binds Google",
        "EU fines Apple under Digital Markets Act (DMA)",
        "Brussels weighs DMA rules for Amazon cloud",
        "Amazon and Microsoft clouds could become DMA gatekeepers",
        "Apple breaks DMA rules, EU says",
        "Amazon cloud under DMA scrutiny",
        "Apple at odds with DMA",
        "Google lost 200 DMA cases",
        "Nvidia: direct memory access (DMA) engine on Blackwell",
        "EMA approves Nvidia-designed drug",
        "$DMA to the moon with $NVDA",
        "$EMA 5 and $NVDA",
        "$RSI with $NVDA",
        "$FIB and $NVDA are up",
    ],
)
@pytest.mark.parametrize("kind", [SourceKind.WIRE, SourceKind.SOCIAL])
def test_letters_of_another_sense_are_no_chart_talk(analyzer, title, kind):
    assert "technical_level" not in themes(analyzer, title, kind)


@pytest.mark.parametrize(
    "title",
    [
        "Nvidia holds above its 200 DMA",
        "Nvidia loses the 200-DMA",
        "NVDA below 50dma",
        "NVDA testing 50 and 200 DMAs",
        "Nvidia breaks below the DMA",
        "Nvidia trades above all major DMAs",
        "Nvidia under its EMA",
        "NVDA 21 EMA holds",
        "$NVDA lost its 50SMA",
    ],
)
def test_a_moving_average_is_chart_talk(analyzer, title):
    assert "technical_level" in themes(analyzer, title)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        pytest.param("$DMA and $Glut", {"DMA", "Glut"}, id="two"),
        pytest.param("$ DMA", set(), id="apart"),
        pytest.param("$5 DMA", set(), id="an amount"),
        pytest.param("DMA$", set(), id="behind"),
        pytest.param("DMA", set(), id="none"),
    ],
)
def test_a_cashtag_is_a_word_right_behind_a_dollar(text, tags):
    tokens = tokenize(text)
    assert {tokens[n].text for n in cashtags(tokens)} == tags


def test_a_cashtag_names_no_goods_and_that_of_an_index_is_the_index(analyzer):
    entry = nlp_entry("", "$DRAM and $GLUT lost 5%, $NVDA too", SourceKind.SOCIAL)
    assert "memory" not in analyzer.analyze([entry])[0].sectors
    entry = nlp_entry("", "$SMH fell 3% as $NVDA slipped", SourceKind.SOCIAL)
    assert ("selloff", "semiconductors") in {(e.theme, e.actor) for e in analyzer.analyze([entry])[0].events}
