"""How much weight cues and encoder get: three logistic models, fitted on voices that the encoder has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from bot.model import Analysis, Event, modality
from bot.nlp.analyzer import SpacyAnalyzer, worth_reading
from bot.nlp.combine import (
    MODALITIES,
    actor_features,
    candidates_of,
    certainty_of,
    evidence_of,
    modality_features,
    theme_features,
)
from bot.nlp.learned import Learned, Reading
from training.data import Item, Label

# Chosen on the CHOSEN voices, each left out in turn.
ACCEPT = 0.40  # the chance from which the encoder's claim counts
VETO = 0.20  # the chance below which a cue's claim is dropped
SECOND = 0.45  # the chance from which an actor beside the first counts
SWAY = 0.4  # how much likelier than the cue's another modality must be to take its place
_OWN_BIAS = 0.7  # how freely a theme may depart from what all share
_STRENGTH = {"theme": 0.3, "actor": 1.0, "modality": 0.3}


@dataclass(frozen=True, slots=True)
class Case:
    """An item with what cues and encoder say of it."""

    item: Item
    reading: Reading
    said: dict[str, list[Event]]  # the fresh events of the cues, by theme


def cases(analyzer: SpacyAnalyzer, learned: Learned, items: Sequence[Item]) -> list[Case]:
    """Read items with both; `analyzer` is one without a learned part. Those that are not worth reading are left out."""
    analyses: list[Analysis] = analyzer.analyze([i.entry for i in items])
    out = []
    for item, analysis in zip(items, analyses, strict=True):
        if not worth_reading(item.sentences):
            continue
        reading = learned.read(item.sentences, item.entry.kind, analyzer.makers)
        if reading is not None:
            said: dict[str, list[Event]] = {}
            for e in analysis.fresh_events:
                said.setdefault(e.theme, []).append(e)
            out.append(Case(item, reading, said))
    return out


def fit(cases: Sequence[Case], analyzer: SpacyAnalyzer) -> dict[str, Any]:
    """The weights of `bot.nlp.combine.Combiner`."""
    sectors = frozenset(analyzer.taxonomy.sectors)
    themes: tuple[list[Any], list[bool], list[int]] = ([], [], [])
    actors: tuple[list[Any], list[bool]] = ([], [])
    certain: tuple[list[Any], list[int]] = ([], [])
    for case in cases:
        gold: dict[str, list[Label]] = {}
        for label in case.item.labels:
            if label.fresh:
                gold.setdefault(label.theme, []).append(label)
        rows = theme_features(case.reading, case.said)
        for t, theme in enumerate(case.reading.themes):
            themes[0].append(rows[t])
            themes[1].append(theme in gold)
            themes[2].append(t)
            if theme not in gold:
                continue
            said = case.said.get(theme, [])
            who = candidates_of(case.reading, said)
            actors[0].extend(actor_features(case.reading, t, who, said, sectors))
            actors[1].extend(c in {label.actor for label in gold[theme]} for c in who)
            is_data = analyzer.taxonomy.themes[theme].is_data
            for label in gold[theme]:
                sentence = int(case.reading.sentences[:, t].argmax())
                judged = _judged(case, said, label, sentence, is_data)
                certain[0].append(
                    modality_features(case.reading, sentence, t, judged, case.item.entry.kind, is_data)
                )
                certain[1].append(MODALITIES.index(label.modality))
    width = len(cases[0].reading.themes)
    shared = np.array(themes[0])
    own = np.eye(width)[themes[2]] * _OWN_BIAS
    of_theme = _logistic("theme", np.hstack([shared, own]), themes[1])
    of_actor = _logistic("actor", np.array(actors[0]), actors[1])
    of_modality = _logistic("modality", np.array(certain[0]), certain[1])
    size = shared.shape[1]
    return {
        "theme": {
            "weights": _plain(of_theme.coef_[0, :size]),
            "bias": _plain(of_theme.intercept_[0] + _OWN_BIAS * of_theme.coef_[0, size:]),
        },
        "actor": {"weights": _plain(of_actor.coef_[0]), "bias": _plain(of_actor.intercept_[0])},
        "modality": {"weights": _plain(of_modality.coef_), "bias": _plain(of_modality.intercept_)},
        "accept": ACCEPT,
        "second": SECOND,
        "veto": VETO,
        "sway": SWAY,
    }


def _judged(case: Case, said: Sequence[Event], label: Label, sentence: int, is_data: bool) -> Any:
    """What the rules of modality say where the event will stand."""
    if said:
        return next((e for e in said if e.actor == label.actor), said[0]).modality
    entry = case.item.entry
    start, end = evidence_of(case.reading, sentence, case.reading.themes.index(label.theme))
    certainty = certainty_of(entry, case.item.sentences[sentence], start, end, is_data=is_data)
    return modality(certainty.stage, certainty.attribution, certainty.polarity)


def _logistic(name: str, rows: Any, answers: Sequence[Any]) -> LogisticRegression:
    return LogisticRegression(C=_STRENGTH[name], max_iter=2000, tol=1e-6).fit(rows, answers)


def _plain(values: Any) -> Any:
    """As numbers of JSON, rounded so that the last bits of a machine don't show."""
    return np.round(values, 4).tolist()
