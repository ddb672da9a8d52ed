"""Whether the card of a model says what it must: names, sizes and weights. Hashes and the format are `learned.py`'s.

A damaged number would not fail by itself: `null` becomes NaN, and every chance with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.model import Modality, SourceKind
from bot.nlp.pieces import MASKS, PARTS
from bot.text import did_you_mean

Arrays = Mapping[str, NDArray[np.float32]]
Shape = tuple[int, ...]

MODALITIES = len(Modality)
COMBINE: Mapping[str, tuple[int, int]] = {"theme": (9, 0), "actor": (11, 0), "modality": (12, MODALITIES)}
"""Of each model of `combine.py`: how many features it weighs, and in how many rows (0: one that is no row)."""
LEVELS = ("accept", "second", "veto", "sway")  # chances, and a gain in chance
_MOST = float(np.finfo(np.float32).max)


class CardError(ValueError):
    """What is wrong with a card, in a few words."""


def check_names(card: Mapping[str, Any], vocabulary: Sequence[str]) -> None:
    """Check themes, sectors, masks and the vocabulary that gives the masks their places.

    Raises:
        CardError: Some are no lists of names, stand twice or are missing.
    """
    for key in ("themes", "sectors", "masks"):
        names = card.get(key)
        if not isinstance(names, list) or not names:
            raise CardError(f"{key} is no list of names")
        for name in names:
            if not isinstance(name, str) or not name.strip():
                raise CardError(f"{key} holds {name!r}, which is no name")
        if len(set(names)) < len(names):
            raise CardError(f"{key} holds {next(n for n in names if names.count(n) > 1)!r} twice")
    masks = card["masks"]
    needed = (*MASKS, *(f"<{sector}>" for sector in card["sectors"]), *(f"[{kind}]" for kind in SourceKind))
    if missing := [mask for mask in needed if mask not in masks]:
        raise CardError(f"masks lacks {missing[0]!r}")
    if lacking := [piece for piece in PARTS if piece not in vocabulary]:
        raise CardError(f"vocabulary.txt lacks {lacking[0]!r}")
    # They stand in the vocabulary's unused places, behind the first piece and before the first one of its own.
    if len(masks) >= min(vocabulary.index(piece) for piece in PARTS):
        raise CardError(f"masks holds {len(masks)} names, more than vocabulary.txt has places for")


def check_sizes(card: Mapping[str, Any], heads: Arrays, ngrams: Arrays) -> None:
    """Check that the arrays of `heads.npz` and `ngrams.npz` have a place for each theme and sector of the card.

    Raises:
        CardError: One is missing, of another shape, or holds what is no finite number.
    """
    themes, sectors = len(card["themes"]), len(card["sectors"])
    if "T.weight" not in heads:
        raise CardError("heads.npz lacks T.weight")
    words = heads["T.weight"].shape[-1]
    outputs = {
        "S": (themes, 2 * words),
        "T": (themes, words),
        "E": (themes, words),
        "N": (themes, words),
        "I": (themes + 1, 2 * words),
        "G": (sectors, 2 * words),
        "M": (MODALITIES, 2 * words),
    }
    expected: dict[str, Shape] = {f"{name}.weight": shape for name, shape in outputs.items()}
    expected |= {f"{name}.bias": shape[:1] for name, shape in outputs.items()}
    expected["MT.weight"] = (themes, MODALITIES)
    for file, arrays, shapes in (
        ("heads.npz", heads, expected),
        ("ngrams.npz", ngrams, {"scale": (themes,), "bias": (themes,)}),
    ):
        for name, shape in shapes.items():
            if name not in arrays:
                raise CardError(f"{file} lacks {name}")
            if arrays[name].shape != shape:
                found = arrays[name].shape
                raise CardError(
                    f"{name} of {file} has the shape {found}; the card's themes and sectors ask for {shape}"
                )
            if not np.isfinite(arrays[name]).all():
                raise CardError(f"{name} of {file} holds what is no finite number")


def check_combine(combine: Any, themes: int) -> None:
    """Check the weights of `combine.Combiner` for an encoder of so many themes.

    Raises:
        CardError: One is missing, unknown, of another shape, or no finite number.
    """
    _check_keys(combine, (*COMBINE, *LEVELS), "combine")
    for name, (size, rows) in COMBINE.items():
        where = f"combine.{name}"
        _check_keys(combine[name], ("weights", "bias"), where)
        _check_numbers(combine[name]["weights"], (rows, size) if rows else (size,), f"{where}.weights")
        biases = {"theme": (themes,), "actor": (), "modality": (MODALITIES,)}
        _check_numbers(combine[name]["bias"], biases[name], f"{where}.bias")
    for name in LEVELS:
        _check_numbers(combine[name], (), f"combine.{name}")
        if not 0 <= combine[name] <= 1:
            raise CardError(f"combine.{name} is {combine[name]!r}, not a number from 0 to 1")


def check_known(key: str, names: Sequence[str], known: Collection[str]) -> None:
    """Check the names of a card against those of the rules.

    Rules may do without a theme or sector that the model knows, and have others. A name that is nearly one of those
    is a damaged one.

    Raises:
        CardError: None of the names is known, or one is misspelt.
    """
    if known and not set(names) & set(known):
        raise CardError(f"{key} holds no name that the rules know")
    unread = set(known) - set(names)
    for name in names:
        if name not in known and (meant := did_you_mean(name, unread)):
            raise CardError(f"{key} holds {name!r}, which the rules don't know{meant}")


def _check_keys(value: Any, keys: Sequence[str], where: str) -> None:
    if not isinstance(value, Mapping):
        raise CardError(f"{where} is no mapping")
    for key in keys:
        if key not in value:
            raise CardError(f"{where} lacks {key!r}")
    for key in value:
        if key not in keys:
            raise CardError(f"{where} holds {key!r}, which this program doesn't know")


def _check_numbers(value: Any, shape: Shape, where: str) -> None:
    """Check a number (no shape), a list of `shape[0]`, or `shape[0]` such lists of `shape[1]`."""
    if not shape:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not isfinite(value) or abs(value) > _MOST:
            raise CardError(f"{where} holds {value!r}, which is no finite number")
        return
    if not isinstance(value, list) or len(value) != shape[0]:
        held = f"{len(value)}" if isinstance(value, list) else f"{value!r:.40}"
        raise CardError(f"{where} holds {held} instead of a list of {shape[0]}")
    for n, part in enumerate(value):
        _check_numbers(part, shape[1:], f"{where}[{n}]")
