"""Any text is read without failing, and what is found stands where it is said to stand."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nlp_entries import RULES, evidence, nlp_entry

from bot.errors import AnalysisError
from bot.model import SourceKind
from bot.nlp.analyzer import TEXT_LIMIT, load_analyzer
from bot.nlp.normalise import normalise

_PIECES = [
    "Meta",
    "#MetaSellsCompute",
    "Nvidia fell 5%",
    "$MU",
    "sells spare compute",
    "\n",
    " 🔥 ",
    "İ",
    "ﬁ",
    "’s",
    ";",
    "NFA",
    "\x00",
    "שלום",
    "12,5%",
]
_TEXTS = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(_PIECES), max_size=30).map(" ".join))


@settings(max_examples=150, deadline=None)
@given(title=_TEXTS, text=_TEXTS, kind=st.sampled_from(list(SourceKind)))
def test_evidence_and_mentions_lie_within_any_text(analyzer, title, text, kind):
    entry = nlp_entry(title, text, kind)
    analysis = analyzer.analyze([entry])[0]
    for span in [e.evidence for e in analysis.events] + [m.span for m in analysis.mentions]:
        held = title if span.field == "title" else text
        assert 0 <= span.start < span.end <= len(held)
        assert held[span.start : span.end].strip()
    assert len({(e.theme, e.actor, e.modality) for e in analysis.fresh_events}) == len(analysis.fresh_events)


@settings(max_examples=200, deadline=None)
@given(text=_TEXTS)
def test_every_character_of_a_view_has_its_origin(text):
    view = normalise(text, 1_000)
    places = [view.stored(n, n + 1) for n in range(len(view.text))]
    assert all(0 <= a < b <= len(text) for a, b in places)
    assert [a for a, _ in places] == sorted(a for a, _ in places)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("Nvidia fell 5%. " * 12_500, id="200,000 characters"),
        pytest.param("a" * 200_000, id="one endless word"),
        pytest.param("\x00\x01\ufffd" * 500, id="binary"),
        pytest.param("\ud800 Nvidia", id="a lone surrogate"),
        pytest.param("مرحبا Nvidia fell 5% بالعالم", id="right to left"),
        pytest.param("," * 20_000, id="only commas"),
        pytest.param("#" * 5_000 + "Meta", id="only hashes"),
    ],
)
def test_a_hostile_text_is_read(analyzer, text):
    entry = nlp_entry("", text, SourceKind.SOCIAL)
    analysis = analyzer.analyze([entry])[0]
    assert all(evidence(entry, e) for e in analysis.events)


def test_nothing_beyond_the_limit_is_read(analyzer):
    late = nlp_entry("", " " * TEXT_LIMIT + "Nvidia fell 5%")
    assert analyzer.analyze([late])[0].events == ()


def test_a_batch_gives_what_each_entry_alone_gives(analyzer):
    entries = [
        nlp_entry("Nvidia rival AMD raises forecast"),
        nlp_entry("Potatoes"),
        nlp_entry("", "Arm fell 5%, Intel 3%"),
    ]
    assert analyzer.analyze(entries) == [analyzer.analyze([e])[0] for e in entries]


def test_a_missing_model_says_what_to_install():
    broken = load_analyzer(RULES, model="no_such_model")
    with pytest.raises(AnalysisError, match=r"no_such_model.*install"):
        broken.analyze(
            [nlp_entry("In a deal with Google, Meta and, in time, Oracle will sell compute to startups")]
        )


def test_a_model_is_loaded_only_when_something_must_be_parsed():
    broken = load_analyzer(RULES, model="no_such_model")
    assert broken.analyze([nlp_entry("Potatoes are cheap")])[0].events == ()


def test_the_version_follows_the_data(tmp_path, analyzer):
    shutil.copytree(RULES, tmp_path / "rules")
    same = load_analyzer(tmp_path / "rules").version
    scope = tmp_path / "rules" / "themes" / "scope.yaml"
    scope.write_text(scope.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert same == analyzer.version
    assert load_analyzer(tmp_path / "rules").version != same
