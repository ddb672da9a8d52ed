"""From the trained network to the files that the product loads: an 8-bit encoder, the heads, the vocabulary, the card.

`ngrams` writes its own.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from bot.nlp.learned import FORMAT
from training.encoder import Exported, Net

_FILES = ("encoder.onnx", "heads.npz", "ngrams.npz", "vocabulary.txt")
_OPSET = 17


def export(net: Net, vocabulary: Sequence[str], folder: Path) -> None:
    """Write all but the n-grams and the card."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = torch.arange(1000, 1020)[None]
    axes = {0: "entries", 1: "pieces"}
    with TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own
        whole = str(Path(scratch) / "whole.onnx")
        torch.onnx.export(
            Exported(net.encoder).eval(),
            (ids, torch.ones_like(ids)),
            whole,
            input_names=["ids", "mask"],
            output_names=["hidden"],
            dynamic_axes={"ids": axes, "mask": axes, "hidden": axes},
            opset_version=_OPSET,
            dynamo=False,
        )
        quantize_dynamic(whole, folder / "encoder.onnx", weight_type=QuantType.QInt8, per_channel=True)
    heads = {
        k: v.numpy().astype(np.float16) for k, v in net.state_dict().items() if not k.startswith("encoder")
    }
    np.savez(folder / "heads.npz", allow_pickle=False, **heads)
    (folder / "vocabulary.txt").write_text("\n".join(vocabulary), encoding="utf-8")


def write_card(
    folder: Path,
    *,
    themes: Sequence[str],
    sectors: Sequence[str],
    masks: Sequence[str],
    combine: Mapping[str, Any],
) -> None:
    """Write `card.json` with the hashes of the files beside it."""
    card = {
        "format": FORMAT,
        "files": {name: sha256((folder / name).read_bytes()).hexdigest() for name in _FILES},
        "themes": list(themes),
        "sectors": list(sectors),
        "masks": list(masks),
        "combine": dict(combine),
    }
    (folder / "card.json").write_text(json.dumps(card) + "\n", encoding="utf-8")
