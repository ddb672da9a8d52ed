"""The learned part: a damaged model says so, and what it says of an entry depends on that entry alone."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nlp_entries import RULES, evidence, nlp_entry

from bot.errors import AnalysisError
from bot.model import Modality, SourceKind
from bot.nlp.analyzer import TEXT_LIMIT, load_analyzer
from bot.nlp.combine import LEARNED
from bot.nlp.items import read_items
from bot.nlp.learned import FOLDER, load_learned
from bot.nlp.masking import mask
from bot.nlp.pieces import WordPieces

TRAINING = Path(__file__).parents[2] / "training" / "data"
UNFORESEEN = nlp_entry(
    "Zuckerberg's idle machines find takers",
    "Meta is thinking about a business in which other firms pay to use servers that its own people leave cold, "
    "people with knowledge of the effort said.",
)
OTHERS = [
    nlp_entry("Nvidia shares fall 5% after export curbs"),
    nlp_entry("A recipe for apple cider", "Peel, press, wait."),
    nlp_entry("", "$MU to the moon, memory is sold out until 2027 says my guy at the fab", SourceKind.SOCIAL),
]


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(FOLDER, tmp_path / "model")


def change_card(folder, **changes):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | changes))


@pytest.mark.parametrize("name", ["card.json", "encoder.onnx", "heads.npz", "vocabulary.txt"])
def test_a_missing_file_is_named_with_what_to_do(folder, name):
    (folder / name).unlink()
    with pytest.raises(AnalysisError, match=rf"{name}: a file of the model is missing; reinstall"):
        load_learned(folder)


@pytest.mark.parametrize("name", ["encoder.onnx", "heads.npz", "vocabulary.txt"])
def test_a_file_with_one_changed_byte_is_refused(folder, name):
    raw = bytearray((folder / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / name).write_bytes(raw)
    with pytest.raises(AnalysisError, match=rf"{name}: is damaged or of another version.*make train"):
        load_learned(folder)


@pytest.mark.parametrize(
    "card",
    [b"", b"[]", b"{}", b"\xff\xfe\x00", b'{"format": 2}'],
    ids=["empty", "list", "bare", "binary", "short"],
)
def test_a_card_that_is_none_is_refused(folder, card):
    (folder / "card.json").write_bytes(card)
    with pytest.raises(AnalysisError, match="can't be read as a model"):
        load_learned(folder)


def test_a_model_of_another_format_is_refused(folder):
    change_card(folder, format=99)
    with pytest.raises(AnalysisError, match=r"has format 99, this program reads 2; reinstall"):
        load_learned(folder)


@pytest.mark.parametrize(
    "combine",
    [{}, {"theme": {}}, {"theme": {"weights": ["x"], "bias": 0}}, None],
    ids=["empty", "short", "words", "nothing"],
)
def test_a_card_with_unusable_weights_is_refused(folder, combine):
    change_card(folder, combine=combine)
    with pytest.raises(AnalysisError, match="can't be read as a model"):
        load_analyzer(RULES, learned=folder)


def test_an_encoder_that_is_none_fails_when_it_is_needed(folder):
    import hashlib

    (folder / "encoder.onnx").write_bytes(b"no model")
    card = json.loads((folder / "card.json").read_text())
    card["files"]["encoder.onnx"] = hashlib.sha256(b"no model").hexdigest()
    change_card(folder, files=card["files"])
    with pytest.raises(AnalysisError, match="the encoder can't be loaded"):
        load_analyzer(RULES, learned=folder).analyze([UNFORESEEN])


def test_what_no_cue_foresaw_is_found_and_shown_in_the_entry(analyzer):
    alone = load_analyzer(RULES, learned=None).analyze([UNFORESEEN])[0]
    assert "compute_resale" not in {e.theme for e in alone.events}
    event = next(e for e in analyzer.analyze([UNFORESEEN])[0].events if e.theme == "compute_resale")
    assert (event.actor, str(event.modality), event.cue) == ("META", "considering", LEARNED)
    assert "other firms pay" in evidence(UNFORESEEN, event)
    assert 0 < event.score <= 1


def test_an_entry_is_understood_alike_alone_and_in_any_company(analyzer):
    entries = [UNFORESEEN, *OTHERS]
    alone = [analyzer.analyze([e])[0] for e in entries]
    assert analyzer.analyze(entries) == alone
    assert analyzer.analyze(entries[::-1]) == alone[::-1]


def test_two_analyzers_say_the_same_and_have_one_version(analyzer):
    other = load_analyzer(RULES)
    assert other.version == analyzer.version
    assert other.analyze([UNFORESEEN, *OTHERS]) == analyzer.analyze([UNFORESEEN, *OTHERS])


def test_the_version_tells_whether_the_learned_part_is_there(analyzer):
    assert load_analyzer(RULES, learned=None).version != analyzer.version


def test_a_claim_deep_in_a_long_text_is_still_found(analyzer):
    filler = "The weather stayed mild along the coast. " * 60
    entry = replace(UNFORESEEN, text=f"{filler}{UNFORESEEN.text}")
    assert len(entry.text) < TEXT_LIMIT
    events = analyzer.analyze([entry])[0].events
    assert ("compute_resale", "META") in {(e.theme, e.actor) for e in events}
    assert all("weather" not in evidence(entry, e) for e in events)


def test_only_companies_that_the_text_names_become_actors(analyzer):
    for entry, analysis in zip([UNFORESEEN, *OTHERS], analyzer.analyze([UNFORESEEN, *OTHERS]), strict=True):
        known = {*analysis.companies, *analysis.sectors, None}
        assert {e.actor for e in analysis.events} <= known, entry.title


def masked_words(analyzer, title):
    runs, _, _ = analyzer._read(nlp_entry(title))
    places = {}
    return [w for run in runs for w in mask(run, places, analyzer.makers).words]


@pytest.mark.parametrize(
    ("title", "words"),
    [
        pytest.param(
            "Nvidia beats AMD", ["@0", "<accelerator>", "beats", "@1", "<accelerator>"], id="companies"
        ),
        pytest.param(
            "Micron fell 5% as Micron cut", ["@0", "<memory>", "fell", "<%>", "as", "@0", "cut"], id="again"
        ),
        pytest.param(
            "Prices -3% to $40bn in 2026, 12 sites",
            ["prices", "<down%>", "to", "<$>", "in", "<year>", ",", "<#>", "sites"],
            id="numbers",
        ),
    ],
)
def test_names_and_figures_are_masked(analyzer, title, words):
    assert masked_words(analyzer, title) == words


def test_words_are_split_into_the_longest_known_pieces():
    pieces = WordPieces(["[PAD]", "@0", "[UNK]", "over", "##build", "##b", "##s", "'", "cafe"], ["@0"])
    assert pieces.word("overbuilds") == (3, 4, 6)
    assert pieces.word("café") == (8,)
    assert pieces.word("@0") == (1,)
    assert pieces.word("雪") == (2,)


def test_a_reading_has_a_row_for_every_sentence_and_candidate(analyzer):
    runs, _, _ = analyzer._read(UNFORESEEN)
    reading = analyzer.learned.read(runs, UNFORESEEN.kind, analyzer.makers)
    assert reading.sentences.shape == (len(runs), len(reading.themes))
    assert reading.of_candidate.shape == (len(reading.candidates), len(reading.themes))
    assert [e.shape[0] for e in reading.evidence] == [len(r.tokens) for r in runs]
    assert np.isfinite(reading.sentences).all()


def test_an_empty_entry_has_no_reading(analyzer):
    assert analyzer.learned.read([], SourceKind.WIRE, analyzer.makers) is None


def test_of_two_modalities_that_are_alike_likely_the_words_choose(analyzer):
    """Over texts by one hand: what no cue found is as certain as the rules say where the learned part hardly minds."""
    ties = 0
    for entry in read_items(TRAINING / "t9.jsonl")[:80]:
        analysis, trace = analyzer.trace(entry)
        found = {(e.theme, e.actor) for e in analysis.events if e.cue == LEARNED}
        for weighed in (c for key, c in trace.certain.items() if key in found):
            best = max(weighed.shares, key=weighed.shares.__getitem__)
            if (
                weighed.shares[best] - weighed.shares[weighed.by_rules] < 0.1
                and weighed.chosen is not Modality.DENIED
            ):
                ties += best is not weighed.by_rules
                assert weighed.chosen is weighed.by_rules
    assert ties, "none of the texts puts it to the test"


def test_background_is_not_told_as_news_by_the_learned_part(analyzer):
    entry = replace(
        UNFORESEEN,
        text="",
        title="A year ago Meta was drawing up a business to let firms pay for its idle AI computing",
    )
    assert not [e for e in analyzer.analyze([entry])[0].events if e.fresh and e.cue == LEARNED]
