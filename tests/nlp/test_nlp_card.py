"""A card that says something wrong is refused in one line that names the place; no chance is ever NaN for it."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import reduce

import numpy as np
import pytest
from nlp_entries import RULES

from bot.errors import AnalysisError
from bot.nlp.analyzer import load_analyzer
from bot.nlp.card import CardError, check_combine, check_known, check_names, check_sizes
from bot.nlp.learned import FOLDER, REMEDY

CARD = json.loads((FOLDER / "card.json").read_bytes())
THEMES = len(CARD["themes"])


@pytest.fixture
def model(tmp_path):
    """A model folder of links with a card of its own."""
    folder = tmp_path / "model"
    folder.mkdir()
    for file in FOLDER.iterdir():
        if file.name != "card.json":
            (folder / file.name).symlink_to(file)
    return folder


def damaged(path, value):
    """The card with another value at a place; None for a key: the key is left out."""
    card = deepcopy(CARD)
    *trail, last = path
    holder = reduce(lambda held, key: held[key], trail, card)
    if value is LEFT_OUT:
        del holder[last]
    else:
        holder[last] = value
    return card


LEFT_OUT = object()
NAN, INFINITE = float("nan"), float("inf")
DAMAGES = [
    pytest.param(("themes",), "acquisition", "themes is no list of names", id="themes as one word"),
    pytest.param(("themes",), [], "themes is no list of names", id="no themes"),
    pytest.param(("themes",), LEFT_OUT, "themes is no list of names", id="themes left out"),
    pytest.param(("themes", 3), None, "themes holds None", id="a theme of null"),
    pytest.param(("themes", 3), CARD["themes"][0], "twice", id="a theme twice"),
    pytest.param(("themes", 20), "layofs", "did you mean 'layoffs'", id="a theme misspelt"),
    pytest.param(
        ("themes",), [f"x{n}" for n in range(THEMES)], "no name that the rules know", id="themes of others"
    ),
    pytest.param(("themes",), CARD["themes"][:-1], "S.weight of heads.npz has the shape", id="a theme less"),
    pytest.param(
        ("themes",), [*CARD["themes"], "new"], "S.weight of heads.npz has the shape", id="a theme more"
    ),
    pytest.param(("sectors",), {"memory": 1}, "sectors is no list of names", id="sectors as a mapping"),
    pytest.param(("sectors", 8), "memori", "masks lacks '<memori>'", id="a sector misspelt"),
    pytest.param(
        ("sectors",), CARD["sectors"][:-1], "G.weight of heads.npz has the shape", id="a sector less"
    ),
    pytest.param(("masks", 12), 5, "masks holds 5", id="a mask of a number"),
    pytest.param(("masks", 12), "<pct>", "masks lacks '<%>'", id="a mask missing"),
    pytest.param(("masks", -1), "[forum]", "masks lacks '[social]'", id="the mask of a source missing"),
    pytest.param(
        ("masks",), [*CARD["masks"], *(f"@@{n}" for n in range(99))], "more than", id="masks without places"
    ),
    pytest.param(("combine",), [], "combine is no mapping", id="combine as a list"),
    pytest.param(("combine", "veto"), LEFT_OUT, "combine lacks 'veto'", id="a level left out"),
    pytest.param(("combine", "vetoo"), 0.2, "combine holds 'vetoo'", id="a level that nobody knows"),
    pytest.param(("combine", "accept"), None, "combine.accept holds None", id="a level of null"),
    pytest.param(("combine", "sway"), 40, "combine.sway is 40", id="a level that is no chance"),
    pytest.param(("combine", "second"), True, "combine.second holds True", id="a level of true"),
    pytest.param(("combine", "second"), "0.45", "combine.second holds '0.45'", id="a level as a word"),
    pytest.param(
        ("combine", "theme", "weights", 4), None, "combine.theme.weights[4] holds None", id="a weight of null"
    ),
    pytest.param(
        ("combine", "theme", "bias", 7), NAN, "combine.theme.bias[7] holds nan", id="a bias that is NaN"
    ),
    pytest.param(("combine", "theme", "bias", 7), 1e39, "no finite number", id="a bias beyond 32 bits"),
    pytest.param(
        ("combine", "theme", "bias"), [0.1] * 3, "holds 3 instead of a list of", id="biases too few"
    ),
    pytest.param(
        ("combine", "actor", "bias"), [0.1], "combine.actor.bias holds [0.1]", id="a list for a number"
    ),
    pytest.param(
        ("combine", "actor", "weights", 0), INFINITE, "combine.actor.weights[0]", id="an infinite weight"
    ),
    pytest.param(("combine", "actor"), {"weights": []}, "combine.actor lacks 'bias'", id="a bias left out"),
    pytest.param(
        ("combine", "modality", "weights", 2), 0.3, "instead of a list of 12", id="a row as a number"
    ),
    pytest.param(
        ("combine", "modality", "weights", 2, 5),
        None,
        "combine.modality.weights[2][5] holds None",
        id="a null in a row",
    ),
]


@pytest.mark.parametrize(("path", "value", "problem"), DAMAGES)
def test_a_damaged_card_is_refused_in_one_line(model, path, value, problem):
    (model / "card.json").write_text(json.dumps(damaged(path, value)), encoding="utf-8")
    with pytest.raises(AnalysisError) as caught:
        load_analyzer(RULES, learned=model)
    said = str(caught.value)
    assert said.startswith(f"{model}: can't be read as a model (card.json: ")
    assert problem in said
    assert said.endswith(f"; {REMEDY}")
    assert "\n" not in said


def test_the_card_that_is_shipped_is_sound(taxonomy):
    check_combine(CARD["combine"], THEMES)
    check_known("themes", CARD["themes"], taxonomy.themes)
    check_known("sectors", CARD["sectors"], taxonomy.sectors)


def test_whole_numbers_are_numbers():
    card = damaged(("combine", "theme", "bias"), [0] * THEMES)
    check_combine(card["combine"] | {"accept": 1}, THEMES)


def test_rules_may_leave_out_a_theme_and_have_one_of_their_own():
    check_known("themes", ["layoffs", "outage"], ["layoffs", "tariffs"])


@pytest.mark.parametrize("lost", ["[UNK]", "[CLS]", "[SEP]"])
def test_a_vocabulary_without_its_own_pieces_is_refused(lost):
    vocabulary = [p for p in ["[PAD]", *("x" * 99), "[UNK]", "[CLS]", "[SEP]"] if p != lost]
    with pytest.raises(CardError) as caught:
        check_names(CARD, vocabulary)
    assert str(caught.value) == f"vocabulary.txt lacks {lost!r}"


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        pytest.param("MT.weight", None, "heads.npz lacks MT.weight", id="missing"),
        pytest.param("T.weight", None, "heads.npz lacks T.weight", id="the measure of all missing"),
        pytest.param("E.bias", np.zeros(3, np.float32), "E.bias of heads.npz has the shape (3,)", id="short"),
        pytest.param("N.bias", np.full(THEMES, np.nan, np.float32), "no finite number", id="NaN"),
    ],
)
def test_arrays_must_fit_the_card(name, value, problem):
    with np.load(FOLDER / "heads.npz") as stored:
        heads = {n: stored[n].astype(np.float32) for n in stored.files}
    ngrams = {n: np.zeros(THEMES, np.float32) for n in ("scale", "bias")}
    check_sizes(CARD, heads, ngrams)
    heads = {n: a for n, a in (heads | {name: value}).items() if a is not None}
    with pytest.raises(CardError) as caught:
        check_sizes(CARD, heads, ngrams)
    assert problem in str(caught.value)
