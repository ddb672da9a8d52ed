"""Labelled items as numbers: pieces, places of sentences and candidates, and what each head should answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bot.nlp.learned import PIECES, pieces_of_candidates, pieces_of_tokens
from bot.nlp.pieces import WordPieces
from training.data import MODALITIES, Item


@dataclass(slots=True)
class Claim:
    """A fresh gold event: its theme, sentence, the pieces of its evidence, and its modality."""

    theme: int
    sentence: int
    pieces: list[int]
    modality: int


@dataclass(slots=True)
class Example:
    """One item."""

    ids: list[int]
    sentences: list[list[int]]  # pieces of each
    candidates: list[list[int]]  # pieces of each
    of_sentence: np.ndarray
    of_candidate: np.ndarray
    of_nobody: np.ndarray
    of_entry: np.ndarray  # the last: any claim
    sectors: np.ndarray
    claims: list[Claim]


def example(item: Item, pieces: WordPieces, themes: Sequence[str], sectors: Sequence[str]) -> Example:
    """Number one item; what is beyond the longest run is left out, as it is when the product reads a first run."""
    masked = dict(enumerate(item.masked))
    strip = pieces.strip(masked, f"[{item.entry.kind.value}]", PIECES)
    places = pieces_of_tokens(strip, item.sentences, masked)
    named = pieces_of_candidates(item.sentences, places)
    owner = np.array([s for s, _ in strip.words])
    number = {t: n for n, t in enumerate(themes)}
    names = list(named)
    width = len(themes)
    out = Example(
        ids=strip.ids,
        sentences=[np.flatnonzero(owner == n).tolist() or [0] for n in range(len(item.sentences))],
        candidates=list(named.values()),
        of_sentence=np.zeros((len(item.sentences), width), np.float32),
        of_candidate=np.zeros((len(names), width), np.float32),
        of_nobody=np.zeros(width, np.float32),
        of_entry=np.zeros(width + 1, np.float32),
        sectors=np.array([float(s in (item.row.get("sectors") or [])) for s in sectors], np.float32),
        claims=[],
    )
    for label in item.labels:
        if not label.fresh or label.sentence < 0:
            continue
        t = number[label.theme]
        out.of_sentence[label.sentence, t] = out.of_entry[t] = out.of_entry[width] = 1
        if label.actor is None:
            out.of_nobody[t] = 1
        elif label.actor in named:
            out.of_candidate[names.index(label.actor), t] = 1
        inside = {p for k in range(label.start, label.end) for p in places.get((label.sentence, k), ())}
        if inside:
            out.claims.append(Claim(t, label.sentence, sorted(inside), MODALITIES.index(label.modality)))
    return out


def pad(batch: Sequence[Example]) -> tuple[Tensor, Tensor]:
    """Pieces and mask of a batch, one row for each."""
    longest = max(len(x.ids) for x in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    mask = torch.zeros(len(batch), longest, dtype=torch.long)
    for n, x in enumerate(batch):
        ids[n, : len(x.ids)] = torch.tensor(x.ids)
        mask[n, : len(x.ids)] = 1
    return ids, mask
