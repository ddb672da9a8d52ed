"""The prefilter rejects nothing that would have been read, however it is written."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from nlp_entries import RULES, nlp_entry

from bot.model import Analysis, SourceKind
from bot.nlp import normalise as normalising
from bot.nlp.analyzer import SpacyAnalyzer, load_analyzer
from bot.nlp.cues import CueCompiler
from bot.nlp.items import read_items
from bot.nlp.lexicon import Lexicon, load_lexicon
from bot.nlp.normalise import normalise
from bot.nlp.prefilter import MOST_SPELLINGS, Prefilter, is_clean, prefilter_for, spellings, telling
from bot.nlp.themes import Taxonomy, load_taxonomy
from bot.nlp.words import PhraseIndex

LABELLED = Path(__file__).parents[2] / "training/data/dev.jsonl"


@pytest.fixture(scope="module")
def cues_alone() -> SpacyAnalyzer:
    """Without the learned part: ten times as fast, and the prefilter stands before both."""
    return load_analyzer(RULES, learned=None)


@pytest.fixture(scope="module")
def prefilter(lexicon: Lexicon, taxonomy: Taxonomy) -> Prefilter:
    return prefilter_for(lexicon, taxonomy)


# --- with and without it ---


@cache
def said() -> tuple[list[str], list[str], list[str]]:
    """Names and tickers, nouns of sectors, and words of the field, as their files write them."""
    lexicon, taxonomy = load_lexicon(RULES / "companies"), load_taxonomy(RULES / "themes")
    names = [name for company in lexicon.companies for name in lexicon.names_of(company)]
    nouns = [noun for sector in taxonomy.sectors.values() for noun in sector.nouns]
    wanted = frozenset[str]().union(*(telling(p) or () for p in taxonomy.domain))
    field = [
        " ".join(sorted(forms)[0] for forms in phrase)
        for phrase, word_class in taxonomy.compiler._index.phrases
        if word_class in wanted
    ]
    return names, nouns, field


WRITTEN = (
    str.lower,
    str.upper,
    str.title,
    str,
    lambda w: f"${w}",
    lambda w: f"({w})",
    lambda w: f"#{w.replace(' ', '')}",
    lambda w: f"#Today{w.title().replace(' ', '')}FallsAgain",
    lambda w: f"NASDAQ: {w}",
    lambda w: f"{w}.O",
    lambda w: f"{w}’s",
    lambda w: f"{w}'s",
    lambda w: f"{w}s",
    lambda w: w.replace(" ", "\n"),
    lambda w: w.replace(" ", "\u00a0\t"),
    lambda w: w.replace(" ", "-"),
    lambda w: w.replace(" ", " NFA "),
    lambda w: f"7{w}9",
    lambda w: f"_{w}_",
    lambda w: f"“{w}”,",
    lambda w: w.replace("i", "ı").replace("k", "\N{KELVIN SIGN}"),
    lambda w: w.replace("I", "İ"),
    lambda w: f"Σ{w}Σ",
)
PIECES = st.deferred(
    lambda: st.builds(
        lambda word, write: write(word), st.one_of(map(st.sampled_from, said())), st.sampled_from(WRITTEN)
    )
)
FILLERS = st.sampled_from(
    [
        "the farmers say",
        "fell 5%",
        "on Monday;",
        "grew by $3 billion.",
        "?",
        "…",
        "sponsored:",
        "and",
        "in May\n",
    ]
)
TEXTS = st.lists(st.one_of(PIECES, FILLERS, st.text(max_size=12)), max_size=5).map(" ".join)


def unfiltered(analyzer: SpacyAnalyzer, title: str, text: str, kind: SourceKind) -> Analysis:
    return analyzer.trace(nlp_entry(title, text, kind))[0]


@hypothesis_settings(max_examples=400, deadline=None)  # the first one loads the parser
@given(title=TEXTS, text=TEXTS, kind=st.sampled_from([SourceKind.WIRE, SourceKind.SOCIAL]))
def test_an_analysis_is_the_same_with_and_without_it(
    cues_alone: SpacyAnalyzer, title: str, text: str, kind: SourceKind
) -> None:
    [filtered] = cues_alone.analyze([nlp_entry(title, text, kind)])
    assert filtered == unfiltered(cues_alone, title, text, kind)


def test_the_labelled_items_are_read_alike_with_and_without_it(cues_alone: SpacyAnalyzer) -> None:
    entries = read_items(LABELLED)
    assert cues_alone.analyze(entries) == [cues_alone.trace(e)[0] for e in entries]


def test_what_it_rejects_keeps_its_flags(analyzer: SpacyAnalyzer) -> None:
    entry = nlp_entry("Sponsored: ten quiet walks near Bergen", "Use code WALK for a map.")
    [analysis] = analyzer.analyze([entry])
    assert analysis == Analysis(entry_id=entry.id, flags=frozenset({"promotional"}), version=analyzer.version)


def test_a_cue_is_looked_at_wherever_all_of_its_steps_occur(taxonomy: Taxonomy) -> None:
    for cue in taxonomy.cues:
        steps = cue.pattern.orders[0]
        assert any(all(cue in taxonomy.cues_for([c]) for c in step.classes) for step in steps), cue.where


# --- what passes ---


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("NVIDIA CUTS PRICES", id="capitals"),
        pytest.param("watching nvidia closely", id="small letters"),
        pytest.param("Nvidia’s fall", id="genitive"),
        pytest.param("buy $NVDA", id="cashtag"),
        pytest.param("Chipmaker (NASDAQ: NVDA) falls", id="with its exchange"),
        pytest.param("a cluster of H100s", id="letters and digits"),
        pytest.param("a cluster of H 100 cards", id="a blank between letters and digits"),
        pytest.param("Micron\n Technology", id="a line break within a name"),
        pytest.param("2Nvidia3", id="digits around"),
        pytest.param("semiconductors of any sort", id="a word of the field"),
    ],
)
def test_a_text_that_may_be_about_the_field_passes(prefilter: Prefilter, text: str) -> None:
    assert prefilter.passes(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("The farmers' harm was small", id="a name within words"),
        pytest.param(
            "Rain over Bergen on Monday, 7% more than in May; $3 million of damage.", id="general news"
        ),
    ],
)
def test_a_text_about_something_else_is_rejected(prefilter: Prefilter, text: str) -> None:
    assert not prefilter.passes(text)


def test_a_sigma_at_the_end_of_a_word_is_the_same_letter() -> None:
    index: PhraseIndex[str] = PhraseIndex()
    index.add("ΟΔΟΣ", "street", inflect=False)
    made = Prefilter([phrase for phrase, _ in index.phrases])
    assert made.passes("ΟΔΟΣ")
    assert made.passes(
        "Η ΟΔΟΣ:Α"
    )  # a colon between letters: the whole text has another σ than the word alone


def test_symbols_count_only_as_they_are_written() -> None:
    made = Prefilter([], ["AMD", "2330"])
    assert made.passes("(AMD)")
    assert made.passes("2330.TW")
    assert not made.passes("amd")
    assert not made.passes("12330 cars, DAMDER")


def test_a_name_that_is_a_word_counts_in_capitals_or_in_an_informal_text(prefilter: Prefilter) -> None:
    assert prefilter.passes("Arm raises its fees")
    assert prefilter.passes("ARM RAISES ITS FEES")
    assert not prefilter.passes("he broke his arm")
    assert prefilter.passes("arm raises its fees", informal=True)


def test_words_that_no_blank_parts_may_stand_with_or_without_one() -> None:
    index: PhraseIndex[int] = PhraseIndex()
    index.add("AT&T", 1, inflect=False)
    [(phrase, _)] = index.phrases
    assert set(spellings(phrase)) == {"at&t", "at &t", "at& t", "at & t"}


def test_a_phrase_of_too_many_spellings_is_known_by_its_longest_word() -> None:
    many = frozenset(f"form{n}" for n in range(60))
    assert len(many) ** 2 > MOST_SPELLINGS
    assert set(spellings([many, frozenset({"accelerator"}), many])) == {"accelerator"}


def test_a_pattern_that_words_do_not_tell_lets_everything_pass() -> None:
    compiler = CueCompiler({"chip": ("chip",), "good": ("wafer", "{chip}")})
    assert telling(compiler.compile("{percent} .. {chip}")) == {"chip"}
    assert telling(compiler.compile("({good}|{chip})")) == {"good", "chip"}
    assert telling(compiler.compile("{company} {sector}")) == frozenset()
    assert telling(compiler.compile("{company} {percent}")) is None
    assert telling(compiler.compile("({percent}|{chip})")) is None
    assert Prefilter([], is_open=True).passes("")


# --- texts that need no normalising ---

NOISE = [normalising._BOILERPLATE, *(pattern for _, pattern in normalising._FLAGS)]


@hypothesis_settings(max_examples=500)  # the longest has some twenty alternatives
@pytest.mark.parametrize("pattern", NOISE, ids=["boilerplate", *(name for name, _ in normalising._FLAGS)])
@given(data=st.data())
def test_whatever_is_noise_makes_a_text_unclean(pattern: re.Pattern[str], data: st.DataObject) -> None:
    assert not is_clean(data.draw(st.from_regex(pattern)))


@given(text=st.one_of(TEXTS, st.text()))
def test_a_clean_text_is_left_as_it_is(text: str) -> None:
    if is_clean(text):
        view = normalise(text, 1_000)
        assert (view.text, view.origin, view.flags) == (text, None, frozenset())
