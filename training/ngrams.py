"""Training of the plain half: one logistic model for each theme over hashed n-grams, a row for each sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from bot.nlp.ngrams import SIZE, places_of
from training.data import Item

STRENGTH = 20.0  # the inverse of the penalty


def fit(items: Sequence[Item], themes: Sequence[str], path: Path) -> None:
    """Train on items and write the weights as 8-bit numbers."""
    rows = [places_of(m.words) for i in items for m in i.masked]
    starts = np.cumsum([0, *(len(r) for r in rows)])
    values = np.concatenate([np.full(len(r), max(1, len(r)) ** -0.5) for r in rows])
    counted = csr_matrix((values, np.concatenate(rows), starts), shape=(len(rows), SIZE))
    weights = np.zeros((SIZE, len(themes)), np.int8)
    scale, bias = np.zeros(len(themes), np.float32), np.zeros(len(themes), np.float32)
    for t, theme in enumerate(themes):
        answers = [
            any(e.fresh and e.sentence == n and e.theme == theme for e in i.labels)
            for i in items
            for n in range(len(i.masked))
        ]
        model = LogisticRegression(C=STRENGTH, solver="liblinear", random_state=1).fit(counted, answers)
        scale[t] = np.abs(model.coef_[0]).max() / 127
        weights[:, t] = np.round(model.coef_[0] / scale[t])
        bias[t] = model.intercept_[0]
    np.savez_compressed(path, weights=weights, scale=scale, bias=bias)
