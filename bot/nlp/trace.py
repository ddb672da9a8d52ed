"""What was weighed on the way to an analysis. It is filled only where somebody asks why; it decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.model import Event, Modality, Span
from bot.nlp.events import Sentence
from bot.nlp.learned import Reading
from bot.nlp.modality import Signs


@dataclass(frozen=True, slots=True)
class Weighed:
    """One theme, as cues and encoder together see it."""

    chance: float
    floor: float  # from which it is told
    by_cue: bool
    is_barred: bool  # a lone headline of which a cue has found another theme


@dataclass(frozen=True, slots=True)
class Certain:
    """The modality of one event, before and after the learned part was heard."""

    by_rules: Modality
    shares: Mapping[Modality, float]  # what the learned part gives each, 1 in all
    chosen: Modality


@dataclass(slots=True)
class Trace:
    """The steps of one entry's analysis; `spans[n][k]` is where token `k` of sentence `n` stands in it."""

    sentences: Sequence[Sentence]
    spans: Mapping[int, Sequence[Span]]
    is_partial: bool = False  # sentences are left out that are not in English
    said: tuple[Event, ...] = ()  # by the cues alone
    reading: Reading | None = None
    weighed: dict[str, Weighed] = field(default_factory=dict)  # by theme
    signs: Signs = field(default_factory=dict)
    places: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # theme → sentence, tokens
    actors: dict[str, dict[str | None, float]] = field(default_factory=dict)  # theme → candidate → chance
    certain: dict[tuple[str, str | None], Certain] = field(default_factory=dict)  # by theme and actor
