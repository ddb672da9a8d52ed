"""The registry of companies as data: ids, names and tickers that are theirs alone, and words that are nobody's."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RulesError
from bot.nlp.lexicon import OUTSIDE, load_lexicon
from bot.nlp.symbols import Symbols
from bot.nlp.words import tokenize

# Members as of 2026-08, symbol and name: github.com/datasets/s-and-p-500-companies, public domain (ODC-PDDL).
SP500 = Path(__file__).parents[1] / "data" / "sp500.csv"

COMMON = frozenset(
    """
    a able about above access across act action add after again air align all allow ally alone also always am among an and answer
    any api app apple apply are area arm army as asic ask asset at atom aw away back bad ball bank bar base be bear best big bill bit
    black block bloom blue board body book box brand break bridge bring build bull bus business buy by call can capital car card care
    carrier case cat cause change charge check chip city claim class clear close cloud code coherent cold come common compass
    connect constellation core cost count country cover credit cursor cut data day dc deal depot derive desk digital disco do
    dollar door dover down draw drive drop due dynamics each early earn east easy echo edge elastic else emerge end energy equal
    etched even ever every express extreme eye face fact fall far farm fast fault field figure fill final find fire first fit five
    fix flag flex flow focus follow food force form forward four fox free fresh from front frontier fuel full fund future gain gap gas
    general get give glean global go gold good great green grid group grow hand hard have hbm head health hear heart help here high
    hive hold home hope host hot hour house hp hub hut ice idea if image impact in income index inflection ink inside instrument
    interest ip iron is it item job join just keep key kind know lam lambda large last late lead lean learn least leave less let level
    liberty life light like line link liquid list lite live load local long look loss lot low luma lumen main make manage many mark
    market mass match material mean media meet memory metal micro microchip middle mind mining mistral mod modal moment money monday
    monster month moonshot mosaic most motion move mu much must mythic name nano near need net network never new news next night nor
    north not note nova now number of off office old on once one only open or oracle orange order other our out over own pace pair
    path pay pc peg perplexity pi pick pioneer plan plug poet point port post power press prime principal progressive public pull
    pure push put quanta quantum question quick quiet radiant raise range rare rate reach read ready real red reflection region
    related reliance report rest rich riot rise road rollins room round row rumble run runway safe sale same save say sea see sell
    set share she shop short show side sierra sign silver simple since site six sky small snap snow so soc soft solar some soon sound
    south space spot square ssd stack stage star start state stay steel step still stone stop store story strategy street stripe
    strong such sum supply sure switch system take talk target team tel ten term test than that the them then there they thing this
    thrive through time to today together top total touch town track tract trade travelers tree tri true trust try turn two under unit
    unity up upstage us use vantage very view visa vista voltage wait walk wall want war waste water waters way we week well west what
    when where which while white who why wide will win with wolf word work workday world year yet you zoom
    """.split()
)
# Businesses before they are words, wherever a newspaper writes them with a capital.
BRANDS = frozenset({"apple", "oracle", "perplexity", "mistral"})


def names(company):
    """Every name of a company as (text, guarded by words, only with its capitals)."""
    guarded = {a.text.lower() for a in company.aliases}
    yield from ((a.text, bool(a.requires), a.case) for a in (*company.aliases, *company.products))
    if company.name.lower() not in guarded:
        yield company.name, False, False


def found(lexicon, text):
    return list(dict.fromkeys(f.company for f in lexicon.find([(text, tokenize(text))])[0]))


def test_every_id_is_written_as_a_ticker_or_a_name_in_capitals(lexicon):
    assert [i for i in lexicon.companies if not re.fullmatch(r"[A-Z0-9]+([.-][A-Z]+){0,2}", i)] == []


def test_a_listed_company_is_known_by_its_own_ticker(lexicon):
    lost = [
        c.id
        for c in lexicon.companies.values()
        if c.id not in ("CEREBRAS", "BLUEOWL") and c.shy_tickers and f"${c.id}" != f"${c.shy_tickers[0]}"
        if found(lexicon, f"Look at ${c.id} again") != [c.id]
    ]
    assert lost == []


def test_a_name_is_one_company_s_or_guarded(lexicon):
    owners = defaultdict(set)
    for company in lexicon.companies.values():
        for text, guarded, _ in names(company):
            owners[text.lower()].add((company.id, guarded))
    shared = {t: o for t, o in owners.items() if len({c for c, _ in o}) > 1 and not all(g for _, g in o)}
    assert shared == {}


def test_no_name_or_bare_ticker_is_an_ordinary_word_without_a_guard(lexicon):
    open_words = {
        text
        for company in lexicon.companies.values()
        for text, guarded, case in names(company)
        if text.lower() in COMMON and not guarded and not (case and text.lower() in BRANDS)
    }
    bare = {t for c in lexicon.companies.values() for t in c.tickers if t.lower() in COMMON}
    assert (open_words, bare) == (set(), set())


def test_an_ordinary_word_is_nobody_in_any_case_of_letters(lexicon):
    spoken = {
        word: found(lexicon, f"And so {written} it was.")
        for word in sorted(COMMON - BRANDS)
        for written in (word, word.title(), word.upper())
        if found(lexicon, f"And so {written} it was.")
    }
    assert spoken == {}


@pytest.mark.parametrize("word", sorted(BRANDS))
def test_a_brand_that_is_a_word_needs_its_capital(lexicon, word):
    assert found(lexicon, f"And so {word} it was.") == []
    assert len(found(lexicon, f"And so {word.title()} it was.")) == 1


@pytest.mark.parametrize("word", "HBM SSD ASIC API PC HP IT AI ON ALL NOW ARM NET IP DC SOC T C A F".split())
def test_an_abbreviation_in_brackets_is_no_ticker_unless_its_company_stands_before_it(lexicon, word):
    assert found(lexicon, f"Something that is often shortened ({word}) in this text") == []


def test_the_field_has_more_than_four_hundred_companies_and_each_sector_its_share(lexicon, taxonomy):
    sectors = defaultdict(set)
    for company in lexicon.companies.values():
        sectors[company.sector].add(company.id)
    assert set(sectors) == {*taxonomy.sectors, "investor", *OUTSIDE}
    assert sum(len(ids) for sector, ids in sectors.items() if sector not in OUTSIDE) > 400
    assert {s: len(ids) for s, ids in sectors.items() if len(ids) < 5} == {}


def members():
    with SP500.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["symbol"], row["name"]


def test_every_member_of_the_index_is_found_by_cashtag_and_by_exchange(lexicon):
    lost = [
        symbol
        for symbol, _ in members()
        if len(ids := found(lexicon, f"Looking at ${symbol} now")) != 1
        or found(lexicon, f"The group (NYSE: {symbol}) met") != ids
    ]
    assert lost == []


def test_every_member_of_the_index_is_found_by_name(lexicon):
    lost = []
    for symbol, listed in members():
        name = re.sub(r"^(.+?) \((The|Eli)\)$", r"\2 \1", re.sub(r" \(Class \w\)$", "", listed))
        if found(lexicon, f"{name} shares rose 2%.") != found(lexicon, f"Looking at ${symbol} now"):
            lost.append((symbol, name))
    assert lost == []


@pytest.mark.parametrize(
    ("ticker", "text", "company"),
    [
        pytest.param("AI", "$AI rose", "A", id="a US ticker"),
        pytest.param("AI.PA", "Euronext Paris: AI rose", "A", id="the same letters in Paris"),
        pytest.param("AI.PA", "$AI rose", None, id="which a cashtag does not mean"),
        pytest.param("SU.PA", "SU.TO rose", None, id="nor Toronto's suffix"),
        pytest.param("0700.HK", "Shares (700.HK) rose", "A", id="without the leading zero"),
        pytest.param("0700.HK", "HKEX: 0700 rose", "A", id="with it"),
        pytest.param("005930.KS", "005930 KS Equity", "A", id="Bloomberg"),
        pytest.param("2330.TW", "2330 TT rose", "A", id="Bloomberg's Taiwan"),
        pytest.param("5274.TWO", "Shares (5274.TWO)", "A", id="Taipei's second market"),
        pytest.param("6857.T", "TYO:6857", "A", id="Tokyo"),
        pytest.param("688981.SS", "688981.SH fell", "A", id="Shanghai as Reuters has it not"),
        pytest.param("2059.TW", "The plan (2059) is far off", None, id="a year in brackets"),
        pytest.param("100.HK", "100 HK firms", None, id="a number and a place"),
        pytest.param("NOW", "NOW US stocks fall", None, id="a word and a country"),
        pytest.param("NOW", "NOW US Equity", "A", id="Bloomberg again"),
        pytest.param("V", "v. V.N. Petrov", None, id="initials"),
        pytest.param("V", "(V.N) rose", "A", id="Reuters in brackets"),
        pytest.param("BRK.B", "$BRK.B rose", "A", id="a class of shares"),
        pytest.param("BRK.B", "NYSE: BRK-B rose", "A", id="the same with a hyphen"),
        pytest.param("PLTR", "$pltr moon", "A", id="a cashtag in small letters"),
        pytest.param("PLTR", "$pltrx moon", None, id="a longer one"),
        pytest.param("PLTR", "US$PLTR", None, id="a currency"),
    ],
)
def test_a_ticker_is_read_with_its_market(ticker, text, company):
    symbols = Symbols()
    symbols.add(ticker, "A", plain=True)
    assert [s.company for s in symbols.find(text)] == ([company] if company else [])


@pytest.mark.parametrize(
    ("ticker", "text"),
    [
        *(
            pytest.param("V", t, id=t)
            for t in ("$V", "(V.N)", "NYSE: V", "NYSE : V", "NYSE:V", "V US Equity")
        ),
        *(
            pytest.param("BE", t, id=t)
            for t in ("$BE", "BE.N", "(BE US)", "NYSE: BE", "NYSE:BE", "NYSE : BE")
        ),
        *(pytest.param("AI.PA", t, id=t) for t in ("$AI.PA", "AI.PA", "EPA: AI", "(AI FP)")),
        *(pytest.param("0700.HK", t, id=t) for t in ("(00700)", "700.HK", "HKEX:0700", "700 HK Equity")),
        *(pytest.param("BRK.B", t, id=t) for t in ("$BRK-B", "NYSE: BRK.B", "(BRK.B US)")),
    ],
)
def test_a_text_without_the_strings_that_the_table_names_holds_no_ticker(ticker, text):
    symbols = Symbols()
    symbols.add(ticker, "A", plain=False)
    assert list(symbols.find(text))
    assert any(string in text for string in symbols)


def test_a_plain_ticker_is_named_in_capitals_and_as_a_small_cashtag():
    symbols = Symbols()
    symbols.add("NVDA", "A", plain=True)
    assert list(symbols) == ["NVDA", "$nvda"]


def test_a_shy_ticker_is_not_written_small_and_in_brackets_needs_its_name():
    symbols = Symbols()
    symbols.add("SHOP", "A", plain=False)
    assert list(symbols.find("$shop till you drop (SHOP)")) == []
    assert [s.start for s in symbols.find("Shopify (SHOP)", {("A", 7)})] == [8]


PARTS = "$ ( ) . : NYSE TSE NVDA nvda A BE AI 0700 700 2330 285A TW PA HK N US TT Equity BRK.B - x".split(" ")


@given(st.lists(st.sampled_from([*PARTS, " "]), max_size=12).map("".join))
def test_tickers_stand_in_order_in_any_text(text):
    symbols = Symbols()
    for ticker in ("A", "BE", "AI", "AI.PA", "NVDA", "2330.TW", "0700.HK", "285A.T", "BRK.B"):
        symbols.add(ticker, ticker, plain=ticker == "NVDA")
    spans = [(s.start, s.end) for s in symbols.find(text)]
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        pytest.param(
            "companies:\n  - {id: A1, name: One, sector: x, tickers: [AA]}\n  - {id: B1, name: Two, sector: x, tickers: [AA]}\n",
            "ticker 'AA' of 'B1' is 'A1''s already",
            4,
            id="a ticker of two companies",
        ),
        pytest.param("others:\n  AA: []\n", "AA needs a name", 2, id="a company without a name"),
        pytest.param("others:\n  AA: {txet: One}\n", "unknown key 'txet'", 3, id="a typo in the short form"),
        pytest.param(
            "others:\n  AA: [One, {text: Two, requires: ['@mraket']}]\n",
            "unknown context '@mraket'",
            3,
            id="a guard that is not there",
        ),
        pytest.param(
            "following:\n  acts: [says]\ncontexts:\n  acts: [said]\n",
            "'acts' is defined a second time",
            3,
            id="a context twice",
        ),
    ],
)
def test_a_mistake_in_the_registry_names_its_line(tmp_path, text, problem, line):
    (tmp_path / "a.yaml").write_text("version: 1\n" + text, encoding="utf-8")
    with pytest.raises(RulesError) as caught:
        load_lexicon(tmp_path)
    assert problem in caught.value.problem
    assert caught.value.line == line
