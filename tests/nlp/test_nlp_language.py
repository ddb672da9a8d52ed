"""What is not English makes no claim, whatever its words look like; what is English is read, however short."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from nlp_entries import claims, nlp_entry

from bot.model import SourceKind
from bot.nlp.explain import explain
from bot.nlp.explanation import Silence
from bot.nlp.language import mark_foreign, tally
from bot.nlp.language_words import ENGLISH, OTHERS, SHARED

DATA = Path(__file__).parent / "data"


def rows(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


FOREIGN = rows("foreign.tsv")
LINES = rows("languages.tsv")


def read(analyzer, title="", text="", language="en"):
    entry = replace(nlp_entry(title, text), language=language)
    runs, _, _ = analyzer._read(entry)
    return [s.is_foreign for s in runs]


@pytest.mark.parametrize(
    ("title", "text"), [r[1:] for r in FOREIGN], ids=[f"{r[0]}: {r[1][:50]}" for r in FOREIGN]
)
def test_news_in_another_language_makes_no_claim(analyzer, title, text):
    assert all(read(analyzer, title, text))
    assert analyzer.analyze([nlp_entry(title, text)])[0].events == ()


@pytest.mark.parametrize("text", [r[1] for r in LINES], ids=[r[0] for r in LINES])
def test_a_line_in_another_language_names_its_company_and_claims_nothing(analyzer, text):
    analysis = analyzer.analyze([nlp_entry("", text, SourceKind.SOCIAL)])[0]
    assert [m.company for m in analysis.mentions] == ["NVDA"]
    assert analysis.events == ()


def test_the_languages_are_many():
    assert len({r[0] for r in (*FOREIGN, *LINES)}) >= 50


@pytest.mark.parametrize(
    "title",
    [
        "Nvidia shares slump 5% on glut fears",
        "Chip rout deepens",
        "Nvidia GPU glut",
        "DRAM spot price +3% w/w",
        "Micron HBM4 qualification slips",
        "Kioxia IPO priced at top",
        "SK Hynix (SK하이닉스) HBM sold out",
        "Samsung (삼성전자) to cut DRAM output",
        "エヌビディア (Nvidia) shares fall 5% in New York",
        "Von der Leyen urges chip aid",
        "Telefónica España taps Nvidia GPUs",
        "Nestlé, Zürich Insurance rent Oracle cloud",
        "Los Angeles, Las Vegas data center sites fetch $2 bln",
        "Le Monde: Mistral raises €2 bln",
        "Der Spiegel: SAP mulls data centre in München",
        "U.S. v. Google: Nvidia subpoena",
        "Nvidia die shrink delayed",
        "Xi Jinping, Lai Ching-te, Lula da Silva discuss chips",
        "Ramón Núñez joins Intel board",
        "$NVDA puts printing 🚀",
        "NVDA AMD MU SNDK WDC STX AVGO TSM ASML",
        "µ-LED maker cuts jobs",
    ],
)
def test_an_english_headline_is_read(analyzer, title):
    assert read(analyzer, title) == [False]


def test_a_claim_of_a_mixed_line_is_found(analyzer):
    entry = nlp_entry("SK Hynix (SK하이닉스) shares fall 5%")
    assert ("selloff", "000660.KS", "confirmed") in claims(analyzer.analyze([entry])[0])


def test_a_foreign_sentence_in_an_english_text_is_left_out_and_the_rest_is_read(analyzer):
    text = (
        "Micron shares fell 7% on Tuesday. „Die Aktien von Intel fallen um 5 %“, schrieb das Blatt am Montag."
    )
    assert read(analyzer, "", text) == [False, True]
    assert claims(analyzer.analyze([nlp_entry("", text)])[0]) == {("selloff", "MU", "confirmed")}


def test_a_short_sentence_is_as_the_whole_of_its_entry(analyzer):
    german = "Die Aktie von Nvidia fiel am Dienstag nach dem Bericht um fünf Prozent.\nNvidia Crash"
    english = "Shares of Nvidia fell five percent on Tuesday after the report.\nNvidia Crash"
    assert read(analyzer, "", german) == [True, True]
    assert read(analyzer, "", english) == [False, False]


@pytest.mark.parametrize(
    ("language", "title", "foreign"),
    [
        pytest.param("de", "Nvidia Crash", True, id="nothing else to go by"),
        pytest.param("de-AT", "Nvidia Crash", True, id="with a region"),
        pytest.param("en-GB", "Nvidia Crash", False, id="English"),
        pytest.param("", "Nvidia Crash", False, id="unknown"),
        pytest.param("ko", "Samsung to cut DRAM output", False, id="the text says otherwise"),
        pytest.param("en", "Nvidia-Aktie stürzt nach Bericht ab", True, id="the text is none"),
    ],
)
def test_what_a_feed_says_of_its_language_is_one_voice_among_others(analyzer, language, title, foreign):
    assert read(analyzer, title, language=language) == [foreign]


def test_many_words_of_a_language_that_nobody_listed_are_foreign(analyzer):
    text = "Nvidia zorbu klenta mirosh padaluk venkit garoshi telembu norvik dastelo"
    assert read(analyzer, "", text) == [True]


def test_names_of_companies_speak_for_no_language(analyzer):
    runs, _, _ = analyzer._read(nlp_entry("Deutsche Telekom, Orange"))
    assert runs[0].companies
    found = tally(runs[0])
    assert (found.words, found.english, found.other) == (0, 0, 0)


def test_an_entry_without_a_word_is_not_foreign(analyzer):
    mark_foreign([])
    assert read(analyzer, "5% $5 🚀") == [False]


def test_an_explanation_says_that_it_is_not_english(analyzer):
    explanation = explain(analyzer, nlp_entry("Nvidia-Aktie stürzt nach Bericht ab"))
    assert explanation.silence is Silence.FOREIGN
    assert [m.id for m in explanation.mentions] == ["NVDA"]


def test_the_lists_hold_words_in_small_letters():
    for words in (ENGLISH, SHARED, *OTHERS.values()):
        assert words
        assert all(w == w.lower() or w.startswith("ngo") for w in words)
    assert not ENGLISH & SHARED
