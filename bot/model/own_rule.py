"""A rule of a chat's own: its choice among what the rules in force tell."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, urlencode

from bot.model.analysis import Modality
from bot.model.feed import SourceKind

CERTAINTIES = (Modality.SPECULATED, Modality.CONSIDERING, Modality.REPORTED, Modality.CONFIRMED)
"""What a claim that is not denied can be, from the least certain on."""
MOST_PARTS = 12  # values of one part
MOST_TEXT = 1_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRule:
    """All parts that are there must hold; of the values of one part any will do. What is denied is never told anew."""

    themes: tuple[str, ...] = ()
    who: tuple[str, ...] = ()  # ids of companies and sectors that it is about
    least: Modality = Modality.SPECULATED  # nothing less certain, see `CERTAINTIES`
    words: tuple[str, ...] = ()  # words, or some that stand together, as `following.words` writes them
    kinds: tuple[SourceKind, ...] = ()
    not_themes: tuple[str, ...] = ()
    not_who: tuple[str, ...] = ()
    not_words: tuple[str, ...] = ()
    not_kinds: tuple[SourceKind, ...] = ()

    def __str__(self) -> str:
        """One line that `parse` reads; the same for what means the same."""
        parts = [(f.name, getattr(self, f.name)) for f in fields(self) if f.name != "least"]
        pairs = [(name, each) for name, values in parts for each in sorted(set(values))]
        if self.least is not CERTAINTIES[0]:
            pairs.append(("least", self.least))
        return urlencode(pairs)

    @property
    def is_empty(self) -> bool:
        """Whether it names nothing that is wanted."""
        return not (self.themes or self.who or self.words)

    @classmethod
    def parse(cls, text: str) -> OwnRule:
        """Read what `str` writes.

        Raises:
            ValueError: It is nothing that it writes, or wants nothing.
        """
        try:
            rule = _read(text[: MOST_TEXT + 1])
        except (TypeError, ValueError) as e:  # of its parts, and of their values
            raise ValueError(f"no rule: {text[:MOST_TEXT]!r}") from e
        if rule.is_empty or str(rule) != text or len(text) > MOST_TEXT:
            raise ValueError(f"no rule: {text[:MOST_TEXT]!r}")
        return rule


def _read(text: str) -> OwnRule:
    parts: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, strict_parsing=True):
        parts.setdefault(name, []).append(value)
    read: dict[str, Any] = {}
    for name, values in parts.items():
        if len(values) > MOST_PARTS:
            raise ValueError(f"more than {MOST_PARTS} values of {name!r}")
        if name == "least":
            read[name] = CERTAINTIES[CERTAINTIES.index(Modality(values[0]))]
        elif name in ("kinds", "not_kinds"):
            read[name] = tuple(map(SourceKind, values))
        else:
            read[name] = tuple(values)
    return OwnRule(**read)
