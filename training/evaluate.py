"""Scores the analyzer on labelled files: `make eval`.

    python -m training.evaluate [NAME ...] [--cues-only] [--model FOLDER]

Names are files of `training/data`. A voice that the model was trained on says nothing about a new one: the honest figures
are those of `dev` and `t27`, and those that `make train` prints for left-out voices.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.nlp.analyzer import SpacyAnalyzer, load_analyzer
from bot.nlp.items import prediction
from bot.nlp.learned import FOLDER, Learned
from training.data import HELD, Item, read
from training.score import counts, figures

SHOWN = (
    "theme_p",
    "theme_r",
    "theme_f1",
    "event_f1",
    "modality_accuracy",
    "denial_leak",
    "false_alarm",
    "sector_f1",
    "company_f1",
)


def measure(items: Sequence[Item], analyzer: SpacyAnalyzer) -> dict[str, float]:
    """All figures of `score.py` for some items."""
    analyses = analyzer.analyze([i.entry for i in items])
    said = {i.entry.id: prediction(i.entry, a) for i, a in zip(items, analyses, strict=True)}
    gold = {i.entry.id: i.row for i in items}
    return figures(counts(gold, said), list(gold))


def combined(analyzer: SpacyAnalyzer, learned: Learned, combine: Mapping[str, Any]) -> SpacyAnalyzer:
    """An analyzer like this one, with a learned part and these weights."""
    learned.combine = combine
    return SpacyAnalyzer(analyzer.lexicon, analyzer.taxonomy, analyzer.grammar, analyzer.version, learned)


def report(name: str, figures: Mapping[str, float]) -> None:
    """Print one line."""
    print(f"{name:16}" + "".join(f"  {key} {figures[key]:.3f}" for key in SHOWN), flush=True)


def mean(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each figure."""
    return {key: sum(r[key] for r in rows) / len(rows) for key in rows[0]}


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["dev", HELD])
    parser.add_argument("--cues-only", action="store_true", help="without the learned part")
    parser.add_argument("--model", type=Path, default=FOLDER)
    args = parser.parse_args()
    analyzer = load_analyzer(
        Path(__file__).parents[1] / "rules", learned=None if args.cues_only else args.model
    )
    for name in args.names:
        report(name, measure(read(analyzer, name), analyzer))


if __name__ == "__main__":
    main()
