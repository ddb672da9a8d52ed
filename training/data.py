"""Labelled items as the learned part sees them: sentences that are read by the product's own code, and their labels."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.model import Entry, Span
from bot.nlp.analyzer import SpacyAnalyzer
from bot.nlp.events import Sentence
from bot.nlp.items import plain, read_items
from bot.nlp.masking import Masked, mask

DATA = Path(__file__).parent / "data"
VOICES = tuple(f"t{n}" for n in range(7, 27))
ALWAYS = tuple(f"t{n}" for n in range(1, 7))
HELD = "t27"  # never trained on and nothing was chosen on it: the figure for a hand that nobody has read
CHOSEN = ("t8", "t12", "t17", "t18", "t21")  # the voices on which choices were made
MODALITIES = ("confirmed", "reported", "considering", "speculated", "denied")


@dataclass(slots=True)
class Label:
    """One gold event at its place: tokens `start` to `end` of sentence `sentence`; -1 where the evidence was not found."""

    theme: str
    actor: str | None
    modality: str
    fresh: bool
    sentence: int
    start: int
    end: int


@dataclass(slots=True)
class Item:
    """One labelled item, read."""

    entry: Entry
    row: dict[str, Any]
    sentences: list[Sentence]
    spans: dict[int, list[Span]]
    flags: frozenset[str]
    masked: list[Masked]
    places: dict[str, int]
    labels: list[Label]


def read(analyzer: SpacyAnalyzer, name: str) -> list[Item]:
    """Read `data/NAME.jsonl`."""
    path = DATA / f"{name}.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    items = []
    for entry, row in zip(read_items(path), rows, strict=True):
        sentences, spans, flags = analyzer._read(entry)
        places: dict[str, int] = {}
        masked = [mask(s, places, analyzer.makers) for s in sentences]
        labels = [_label(e, entry, spans) for e in row.get("events") or []]
        items.append(Item(entry, row, sentences, spans, flags, masked, places, labels))
    return items


def _label(event: dict[str, Any], entry: Entry, spans: dict[int, list[Span]]) -> Label:
    place = (-1, 0, 0)
    words = plain(str(event.get("evidence") or ""))
    for field, text in (("title", entry.title), ("text", entry.text)):
        at = text.find(words) if words else -1
        if at >= 0:
            place = _tokens(spans, field, at, at + len(words))
            break
    return Label(
        event["theme"], event.get("actor"), event["modality"], bool(event.get("fresh", True)), *place
    )


def _tokens(spans: dict[int, list[Span]], field: str, start: int, end: int) -> tuple[int, int, int]:
    best = (-1, 0, 0)
    for n, run in spans.items():
        inside = [k for k, s in enumerate(run) if s.field == field and s.end > start and s.start < end]
        if inside and inside[-1] + 1 - inside[0] > best[2] - best[1]:
            best = (n, inside[0], inside[-1] + 1)
    return best


def read_all(analyzer: SpacyAnalyzer, names: Iterable[str]) -> dict[str, list[Item]]:
    """Read several files."""
    return {name: read(analyzer, name) for name in names}
