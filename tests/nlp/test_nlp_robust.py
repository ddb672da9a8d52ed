"""Any text is read without failing, and what is found stands where it is said to stand."""

from __future__ import annotations

import csv
import json
import random
import shutil
from itertools import islice, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nlp_entries import RULES, claims, evidence, nlp_entry

from bot.errors import AnalysisError
from bot.model import SourceKind
from bot.nlp.analyzer import TEXT_LIMIT, load_analyzer
from bot.nlp.learned import FOLDER, REMEDY, load_learned
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


with (Path(__file__).parent / "data" / "languages.tsv").open(encoding="utf-8", newline="") as _file:
    LANGUAGES = list(csv.reader(_file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
# None of them says in English words that anything happened.
RUBBISH = {
    "nothing": "",
    "only spaces": " \t\r\n\v\f\u00a0\u2003" * 300,
    "200,000 characters": "Lorem ipsum dolor sit amet, " * 7_150,
    "random bytes": random.Random(5).randbytes(6_000).decode("latin-1"),
    "bytes that are no UTF-8": random.Random(6).randbytes(6_000).decode("utf-8", "replace"),
    "bytes kept as surrogates": random.Random(7).randbytes(6_000).decode("utf-8", "surrogateescape"),
    "only NULs": "\x00" * 6_000,
    "control characters": "".join(map(chr, range(32))) * 100,
    "marks of direction": "\u202e\u202d\u2066\u2069\u200f" * 1_000,
    "zero-width characters": "\u200b\u200c\u200d\ufeff\u2060" * 1_000,
    "marks upon marks": "e" + "\u0301\u0327" * 3_000,
    "only emoji": "😱🔥👨‍👩‍👧‍👦🇺🇸1️⃣" * 700,
    "only hashtags": "#AI #GPU #chips " * 400,
    "an endless hashtag": "#" + "GreenPotato" * 10_000,
    "5,000 cashtags": " ".join("$" + "".join(t) for t in islice(product("BCFGHJKQVWXZ", repeat=4), 5_000)),
    "one cashtag 5,000 times": "$MU " * 5_000,
    "one endless word": "pneumono" * 40_000,
    "one endless number": "7" * 100_000,
    "only full stops": "." * 50_000,
    "open brackets": "([{<" * 10_000,
    "half of a mark-up": "<div><b>&lt;&amp;&#x0;" * 1_000,
}


def check_places(entry, analysis):
    """All that was found stands in the stored text, and shows something there."""
    for span in [e.evidence for e in analysis.events] + [m.span for m in analysis.mentions]:
        held = entry.title if span.field == "title" else entry.text
        assert 0 <= span.start < span.end <= len(held)
        assert held[span.start : span.end].strip()


@pytest.mark.parametrize("text", [pytest.param(t, id=name) for name, t in RUBBISH.items()])
def test_rubbish_is_read_and_claims_nothing(analyzer, text):
    for entry in (nlp_entry(text), nlp_entry("", text, SourceKind.SOCIAL)):
        analysis = analyzer.analyze([entry])[0]
        check_places(entry, analysis)
        assert analysis.events == ()


@pytest.mark.parametrize("text", [pytest.param(t, id=name) for name, t in RUBBISH.items()])
def test_a_claim_is_found_before_any_rubbish(analyzer, text):
    entry = nlp_entry("", f"Nvidia shares fell 5%.\n\n{text}")
    analysis = analyzer.analyze([entry])[0]
    check_places(entry, analysis)
    assert claims(analysis) == {("selloff", "NVDA", "confirmed")}
    assert evidence(entry, analysis.events[0]) == "Nvidia shares fell 5%"


@pytest.mark.parametrize(("language", "text"), LANGUAGES, ids=[name for name, _ in LANGUAGES])
def test_a_name_is_known_in_any_language_and_an_english_line_after_it_is_read(analyzer, language, text):
    entry = nlp_entry("", f"{text}\nMicron shares fell 7%.")
    analysis = analyzer.analyze([entry])[0]
    check_places(entry, analysis)
    named = {entry.text[m.span.start : m.span.end] for m in analysis.mentions if m.company == "NVDA"}
    assert named == {"Nvidia"}
    shown = [evidence(entry, e) for e in analysis.events if (e.theme, e.actor) == ("selloff", "MU")]
    assert shown == ["Micron shares fell 7%"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\u200bNvidia\u200b shares fell 5%\u200b", id="zero-width spaces"),
        pytest.param("\ufeffNvidia shares fell 5%", id="a byte-order mark"),
        pytest.param("\u202bNvidia shares fell 5%\u202c", id="right to left"),
        pytest.param("Nvidia shares\x00fell 5%", id="a NUL"),
        pytest.param("Nvidia shares\u00a0fell\u20095%", id="hard and thin spaces"),
        pytest.param("🔥Nvidia🔥shares🔥fell🔥5%🔥", id="emoji for spaces"),
    ],
)
def test_characters_without_a_width_hide_no_claim(analyzer, text):
    entry = nlp_entry("", text)
    analysis = analyzer.analyze([entry])[0]
    check_places(entry, analysis)
    assert claims(analysis) == {("selloff", "NVDA", "confirmed")}


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


PARTS = sorted(json.loads((FOLDER / "card.json").read_bytes())["files"])
DAMAGE = {
    "emptied": lambda raw: b"",
    "cut in half": lambda raw: raw[: len(raw) // 2],
    "one byte short": lambda raw: raw[:-1],
    "one byte long": lambda raw: raw + b"\0",
    "first bit flipped": lambda raw: bytes([raw[0] ^ 1]) + raw[1:],
    "last bit flipped": lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
    "zeroes": lambda raw: bytes(len(raw)),
}


@pytest.fixture
def model(tmp_path):
    """A model folder of links, so that one file can be replaced without copying the rest."""
    folder = tmp_path / "model"
    folder.mkdir()
    for file in FOLDER.iterdir():
        (folder / file.name).symlink_to(file)
    return folder


def put(folder, name, raw):
    (folder / name).unlink()
    (folder / name).write_bytes(raw)


def refusal(folder):
    with pytest.raises(AnalysisError) as caught:
        load_learned(folder)
    return str(caught.value)


def test_a_model_of_links_is_as_good_as_the_model(model):
    assert load_learned(model).version == load_learned(FOLDER).version


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("name", PARTS)
def test_a_damaged_file_of_the_model_is_named_with_what_to_do(model, name, damage):
    put(model, name, damage((model / name).read_bytes()))
    said = refusal(model)
    assert said.startswith(f"{model / name}: is damaged or of another version")
    assert REMEDY in said


@pytest.mark.parametrize("name", [*PARTS, "card.json"])
def test_a_missing_file_of_the_model_is_named_with_what_to_do(model, name):
    (model / name).unlink()
    assert refusal(model) == f"{model / name}: a file of the model is missing; {REMEDY}"


@pytest.mark.parametrize("name", [*PARTS, "card.json"])
def test_a_folder_in_the_place_of_a_file_is_refused(model, name):
    (model / name).unlink()
    (model / name).mkdir()
    said = refusal(model)
    assert said.startswith(f"{model}: can't be read as a model")
    assert REMEDY in said


BROKEN_CARDS = ("emptied", "cut in half", "one byte long", "first bit flipped", "zeroes")


@pytest.mark.parametrize("damage", [DAMAGE[d] for d in BROKEN_CARDS], ids=BROKEN_CARDS)
def test_a_damaged_card_is_refused(model, damage):
    put(model, "card.json", damage((model / "card.json").read_bytes()))
    said = refusal(model)
    assert said.startswith(str(model))
    assert REMEDY in said


@pytest.mark.parametrize("found", [0, 1, 3, 99, "2", None, [2], -2])
def test_a_card_of_another_version_says_which(model, found):
    card = json.loads((model / "card.json").read_bytes())
    put(model, "card.json", json.dumps(card | {"format": found}).encode())
    assert refusal(model) == f"{model}: the model has format {found!r}, this program reads 2; {REMEDY}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("files", v) for v in (None, 7, "x", [], [1], True, {"x": 1}, {"encoder.onnx": 1})),
        *((key, v) for key in ("themes", "sectors", "masks") for v in (None, 7, True)),
    ],
    ids=repr,
)
def test_a_card_of_other_types_is_refused(model, key, value):
    card = json.loads((model / "card.json").read_bytes())
    put(model, "card.json", json.dumps(card | {key: value}).encode())
    said = refusal(model)
    assert said.startswith(str(model))
    assert REMEDY in said
