"""Training of the network: one loss for each head, added up."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.encoder import WIDTH, Net
from training.examples import Example, pad

EPOCHS, BATCH, RATE, HEAD_RATE = 5, 16, 2.5e-4, 2e-3
_SHARES = {"entry": 0.5, "nobody": 0.3, "words": 0.05, "sectors": 0.3, "modality": 0.5}
_REPORT = 100


def fit(net: Net, examples: Sequence[Example], *, epochs: int = EPOCHS, seed: int = 1) -> None:
    """Train in place. The same seed on the same machine and versions gives the same weights."""
    random.seed(seed)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    encoder = [p for n, p in net.encoder.named_parameters() if p.requires_grad and not n.startswith("own")]
    others = [
        p for n, p in net.named_parameters() if not n.startswith("encoder") or n.startswith("encoder.own")
    ]
    groups = [{"params": encoder, "lr": RATE}, {"params": others, "lr": 1e-3}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.05)
    batches = [b for _ in range(epochs) for b in _batches(examples)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [RATE, HEAD_RATE], total_steps=len(batches) + 1, pct_start=0.12
    )
    net.train()
    began, total = time.monotonic(), 0.0
    for step, batch in enumerate(batches, 1):
        loss = _loss(net, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        total += float(loss.detach())
        if step % _REPORT == 0:
            print(
                f"step {step}/{len(batches)}  loss {total / _REPORT:.2f}  {time.monotonic() - began:.0f} s",
                flush=True,
            )
            total = 0.0
    net.eval()


def _batches(examples: Sequence[Example]) -> Iterator[list[Example]]:
    """All examples once, in batches of like length, in random order."""
    order = list(examples)
    random.shuffle(order)
    chunks = [
        sorted(order[k : k + 20 * BATCH], key=lambda x: len(x.ids)) for k in range(0, len(order), 20 * BATCH)
    ]
    batches = [c[k : k + BATCH] for c in chunks for k in range(0, len(c), BATCH)]
    random.shuffle(batches)
    return iter(batches)


def _loss(net: Net, batch: Sequence[Example]) -> Tensor:
    ids, mask = pad(batch)
    hidden = net.drop(net.encoder(ids, mask))
    sentences, candidates, claims = [], [], []
    target = torch.zeros(*ids.shape, net.T.out_features)
    for b, x in enumerate(batch):
        own = [torch.cat([(h := hidden[b, p]).mean(0), h.max(0).values]) for p in x.sentences]
        sentences += own
        candidates += [hidden[b, p].mean(0) for p in x.candidates]
        for c in x.claims:
            target[b, c.pieces, c.theme] = 1
            claims.append(torch.cat([own[c.sentence][:WIDTH], hidden[b, c.pieces].mean(0)]))
    highest = hidden.masked_fill(~mask.bool()[..., None], -1e4).max(1).values
    entries = torch.cat([hidden[:, 0], highest], 1)
    loss = _binary(net.S(torch.stack(sentences)), np.concatenate([x.of_sentence for x in batch]))
    if candidates:
        loss = loss + _binary(net.E(torch.stack(candidates)), np.concatenate([x.of_candidate for x in batch]))
    loss = loss + _SHARES["entry"] * _binary(net.I(entries), np.stack([x.of_entry for x in batch]))
    loss = loss + _SHARES["sectors"] * _binary(net.G(entries), np.stack([x.sectors for x in batch]))
    loss = loss + _SHARES["nobody"] * _binary(net.N(hidden[:, 0]), np.stack([x.of_nobody for x in batch]))
    seen = mask.bool()
    words = F.binary_cross_entropy_with_logits(net.T(hidden)[seen], target[seen], reduction="sum")
    loss = loss + _SHARES["words"] * words
    if claims:
        themes = torch.tensor([c.theme for x in batch for c in x.claims])
        wanted = torch.tensor([c.modality for x in batch for c in x.claims])
        given = net.M(torch.stack(claims)) + net.MT(themes)
        loss = loss + _SHARES["modality"] * F.cross_entropy(given, wanted, reduction="sum")
    return loss / len(batch)


def _binary(given: Tensor, wanted: np.ndarray) -> Tensor:
    return F.binary_cross_entropy_with_logits(given, torch.from_numpy(wanted), reduction="sum")
