"""The learned part: a small encoder reads an entry as a whole and says how likely each theme is, where, and of whom.

Inference only; how it is trained stands in `training/`. One entry is one run of the encoder, so that what it says of
an entry never depends on the entries beside it (its 8-bit arithmetic scales by the whole of what it is given).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bot.errors import AnalysisError
from bot.model import SourceKind
from bot.nlp.card import CardError, check_names, check_sizes
from bot.nlp.events import Sentence
from bot.nlp.masking import Masked, mask
from bot.nlp.ngrams import Ngrams
from bot.nlp.pieces import Strip, WordPieces

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

FORMAT = 2
FOLDER = Path(__file__).parent / "model"
PIECES = 128  # of one run: as long as nearly all that it was trained on
MAX_CANDIDATES = 14
MAX_RUNS = 12  # of one entry; what it says beyond them is left to the cues
_NEVER = -8.0  # the logit of what a run says nothing of
_CARD = "card.json"
_SECTOR_FROM = 1.0  # the score, in log odds, from which the learned part names a sector
REMEDY = "reinstall Spillover, or make the model anew with 'make train'"

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the encoder says of one entry. All scores are logits; the last axis is that of the themes."""

    themes: tuple[str, ...]
    runs: int  # that it took to read all
    sentences: Floats  # for each sentence: that it makes the claim
    words: Floats  # for each sentence: the same by its words alone
    entry: Floats  # that the entry makes it
    news: float  # that the entry makes any claim
    candidates: tuple[str, ...]  # companies, then sectors, by first mention
    of_candidate: Floats  # for each candidate: that it is the actor
    sectors: tuple[str, ...]  # whose members the entry speaks of as a group, surely enough
    of_nobody: Floats  # that the actor is nobody in particular
    modality: Floats  # for each sentence and theme: the five values in the order of `MODALITIES`
    evidence: tuple[Floats, ...]  # for each sentence: tokens by themes, that a word carries the claim


def load_learned(folder: Path = FOLDER) -> Learned:
    """Read and check a model folder; the encoder is loaded when first needed.

    Raises:
        AnalysisError: A file is missing, damaged or of another version; says what to do.
    """
    try:
        card = json.loads((folder / _CARD).read_bytes())
        if card["format"] != FORMAT:
            raise AnalysisError(
                f"{folder}: the model has format {card['format']!r}, this program reads {FORMAT}; {REMEDY}"
            )
        files = {str(name): str(value) for name, value in card["files"].items()}
        for name, expected in files.items():
            if sha256((folder / name).read_bytes()).hexdigest() != expected:
                raise AnalysisError(
                    f"{folder / name}: is damaged or of another version (its hash is not the card's); {REMEDY}"
                )
        return Learned(folder, card)
    except FileNotFoundError as e:
        raise AnalysisError(f"{e.filename}: a file of the model is missing; {REMEDY}") from e
    except CardError as e:
        raise AnalysisError(f"{folder}: can't be read as a model ({_CARD}: {e}); {REMEDY}") from e
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise AnalysisError(f"{folder}: can't be read as a model ({type(e).__name__}: {e}); {REMEDY}") from e


class Learned:
    """A checked model."""

    def __init__(self, folder: Path, card: Mapping[str, Any]) -> None:
        """Take a folder and its card, whose files are known to be whole; `combine` is the combiner's to check.

        Raises:
            CardError: Names are wrong, or sizes do not fit the files.
        """
        vocabulary = (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
        check_names(card, vocabulary)
        self._folder = folder
        self.themes: tuple[str, ...] = tuple(card["themes"])
        self.sectors: tuple[str, ...] = tuple(card["sectors"])
        self.combine: Mapping[str, Any] = card["combine"]
        self.version = sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()[:16]
        self.pieces = WordPieces(vocabulary, card["masks"])
        with np.load(folder / "heads.npz") as stored:
            self._heads = {name: stored[name].astype(np.float32) for name in stored.files}
        with np.load(folder / "ngrams.npz") as stored:
            ngrams = {name: stored[name] for name in ("weights", "scale", "bias")}
        check_sizes(card, self._heads, ngrams)
        self._ngrams = Ngrams(*ngrams.values())

    @cached_property
    def _encoder(self) -> InferenceSession:
        import onnxruntime as ort  # takes a tenth of a second: only when something is to be read

        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            encoder = ort.InferenceSession(
                str(self._folder / "encoder.onnx"), options, providers=["CPUExecutionProvider"]
            )
            width = encoder.get_outputs()[0].shape[-1]
        except Exception as e:  # onnxruntime's errors have no common class
            raise AnalysisError(f"{self._folder}: the encoder can't be loaded ({e}); {REMEDY}") from e
        if width != (fits := self._heads["T.weight"].shape[-1]):
            raise AnalysisError(
                f"{self._folder}: the encoder gives {width} numbers a word, its heads take {fits}; {REMEDY}"
            )
        return encoder

    def read(
        self, sentences: Sequence[Sentence], kind: SourceKind, sectors: Mapping[str, str]
    ) -> Reading | None:
        """Read one entry; `sectors` says which sector a company belongs to. None where there is nothing to read."""
        places: dict[str, int] = {}
        masked = {n: mask(s, places, sectors) for n, s in enumerate(sentences)}
        parts = [
            self._read(sentences, {n: masked[n] for n in window}, kind)
            for window in self._windows(sentences, masked)
        ]
        return _join(parts) if parts else None

    def _windows(self, sentences: Sequence[Sentence], masked: Mapping[int, Masked]) -> list[list[int]]:
        """Sentence numbers for each run: the title and as much of the text as fits."""
        sizes = {n: 1 + sum(len(self.pieces.word(w)) for w in m.words) for n, m in masked.items()}
        title = [n for n, s in enumerate(sentences) if s.place == "title"]
        lead = min(sum(sizes[n] for n in title), PIECES // 2)
        windows: list[list[int]] = [[*title]] if title else []
        room = 0 if not title else PIECES - 2 - lead
        for n in range(len(sentences)):
            if n in title:
                continue
            if not windows or (sizes[n] > room and len(windows[-1]) > len(title)):
                windows.append([*title])
                room = PIECES - 2 - lead
            windows[-1].append(n)
            room -= sizes[n]
        return windows[:MAX_RUNS]

    def _head(self, name: str, x: Floats) -> Floats:
        return np.asarray(x @ self._heads[f"{name}.weight"].T + self._heads[f"{name}.bias"], dtype=np.float32)

    def _read(self, sentences: Sequence[Sentence], masked: Mapping[int, Masked], kind: SourceKind) -> Reading:
        strip = self.pieces.strip(masked, f"[{kind.value}]", PIECES)
        ids = np.array([strip.ids], dtype=np.int64)
        hidden = np.asarray(
            self._encoder.run(None, {"ids": ids, "mask": np.ones_like(ids)})[0][0], np.float32
        )
        places = pieces_of_tokens(strip, sentences, masked)
        owner = np.array([s for s, _ in strip.words])
        words = self._head("T", hidden)
        weight = _chance(words) + 1e-4
        width = len(self.themes)
        of_sentences = np.full((len(sentences), width), _NEVER, np.float32)
        by_words = np.full((len(sentences), width), _NEVER, np.float32)
        modality = np.zeros((len(sentences), width, 5), np.float32)
        evidence = [np.full((len(s.tokens), width), 2 * _NEVER, np.float32) for s in sentences]
        for n in masked:
            inside = np.flatnonzero(owner == n)
            if not len(inside):
                continue
            by_words[n] = self._ngrams.score(masked[n].words)
            part = hidden[inside]
            mean = part.mean(0)
            of_sentences[n] = self._head("S", np.concatenate([mean, part.max(0)]))
            claim = (weight[inside] / weight[inside].sum(0)).T @ part
            claims = np.concatenate([np.broadcast_to(mean, claim.shape), claim], axis=1)
            modality[n] = self._head("M", claims) + self._heads["MT.weight"]
        for (n, k), pieces in places.items():
            evidence[n][k] = words[pieces].max(0)
        named = pieces_of_candidates(sentences, places)
        actors = np.stack([hidden[p].mean(0) for p in named.values()]) if named else hidden[:0]
        both = np.concatenate([hidden[0], hidden.max(0)])
        of_entry = self._head("I", both)
        return Reading(
            themes=self.themes,
            runs=1,
            sentences=of_sentences,
            words=by_words,
            entry=of_entry[:width],
            news=float(of_entry[width]),
            candidates=tuple(named),
            of_candidate=self._head("E", actors),
            sectors=tuple(
                s
                for s, score in zip(self.sectors, self._head("G", both), strict=True)
                if score > _SECTOR_FROM
            ),
            of_nobody=self._head("N", hidden[0]),
            modality=modality,
            evidence=tuple(evidence),
        )


def _chance(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)


def _join(parts: Sequence[Reading]) -> Reading:
    """One reading of an entry from those of its runs: the strongest of each; a sentence from the run that says most of it."""
    if len(parts) == 1:
        return parts[0]
    names = list(dict.fromkeys(c for p in parts for c in p.candidates))[:MAX_CANDIDATES]
    of_candidate = np.full((len(names), len(parts[0].themes)), _NEVER, np.float32)
    for p in parts:
        for name, row in zip(p.candidates, p.of_candidate, strict=True):
            if name in names:
                k = names.index(name)
                of_candidate[k] = np.maximum(of_candidate[k], row)
    stacked = np.stack([p.sentences for p in parts])
    best = stacked.max(2).argmax(0)
    return Reading(
        themes=parts[0].themes,
        runs=len(parts),
        sentences=np.stack([stacked[b, n] for n, b in enumerate(best)]),
        words=np.stack([p.words for p in parts]).max(0),
        entry=np.stack([p.entry for p in parts]).max(0),
        news=max(p.news for p in parts),
        candidates=tuple(names),
        of_candidate=of_candidate,
        sectors=tuple(dict.fromkeys(s for p in parts for s in p.sectors)),
        of_nobody=np.stack([p.of_nobody for p in parts]).max(0),
        modality=np.stack([parts[b].modality[n] for n, b in enumerate(best)]),
        evidence=tuple(parts[b].evidence[n] for n, b in enumerate(best)),
    )


def pieces_of_tokens(
    strip: Strip, sentences: Sequence[Sentence], masked: Mapping[int, Masked]
) -> dict[tuple[int, int], list[int]]:
    """Which pieces stand for a (sentence, token)."""
    out: dict[tuple[int, int], list[int]] = {}
    for piece, (s, w) in enumerate(strip.words):
        if s < 0:
            continue
        first = masked[s].first
        end = first[w + 1] if w + 1 < len(first) else len(sentences[s].tokens)
        for token in range(first[w], max(end, first[w] + 1)):
            out.setdefault((s, token), []).append(piece)
    return out


def pieces_of_candidates(
    sentences: Sequence[Sentence], places: Mapping[tuple[int, int], Sequence[int]]
) -> dict[str, list[int]]:
    """The pieces of all mentions of each company, then of each sector, by first mention; at most `MAX_CANDIDATES`."""
    companies: dict[str, set[int]] = {}
    groups: dict[str, set[int]] = {}
    for n, s in enumerate(sentences):
        for kept, ranges in ((companies, s.companies), (groups, (*s.groups, *s.goods))):
            for start, end, name in ranges:
                kept.setdefault(name, set()).update(
                    p for k in range(start, end) for p in places.get((n, k), ())
                )
    both = [(name, sorted(p)) for kept in (companies, groups) for name, p in kept.items() if p]
    return dict(both[:MAX_CANDIDATES])
