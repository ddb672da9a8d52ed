"""What was found in a sentence, before anybody asks what it claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.nlp.grammar import Parse
from bot.nlp.themes import CompiledCue
from bot.nlp.words import Token


@dataclass(slots=True)
class Sentence:
    """A run of tokens of one field with what was found in it. Ranges are token numbers, end-exclusive."""

    place: str  # "title" or "text"
    tokens: Sequence[Token]
    companies: list[tuple[int, int, str]]
    products: list[tuple[int, int]]  # those of `companies` that are named by a product
    groups: list[tuple[int, int, str]]
    goods: list[tuple[int, int, str]]
    makers: Mapping[str, str]  # company → its sector
    hits: list[tuple[CompiledCue, int, int]] = field(default_factory=list)
    in_domain: bool = False  # speaks of a company, a group or the trade's goods
    parse: Parse | None = None
    is_quiet: bool = False  # a title that brings no news
    label: int = 0  # tokens at its head that only name its topic: 'Chip glut: what now?'
    opens_line: bool = False  # begins a line or bullet of a text
    is_foreign: bool = False  # not in English: names may be found in it, claims are not
    is_correction: bool = False  # its entry sets right what was told before
    is_taken_back: bool = False  # by the sentence after it: 'It did not.'
