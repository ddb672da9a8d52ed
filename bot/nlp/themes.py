"""Themes and sectors: reads `rules/themes/*.yaml` and compiles their cues.

A file may hold word classes, sectors and themes; classes are shared by all files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from bot.documents import Document, Strict, read_document
from bot.errors import RulesError
from bot.model import Attribution
from bot.nlp.cues import CueCompiler, Pattern
from bot.nlp.words import PhraseIndex


class ActorRole(StrEnum):
    """Where the actor of a theme or cue is to be looked for."""

    SUBJECT = "subject"  # the company that acts; else the one right after the cue ('cuts at X', 'by X')
    OBJECT = "object"  # the company acted upon ('sues X', 'target on X'); else the subject
    INSIDE = "inside"  # a company within the cue itself
    GROUP = "group"  # the sector whose goods are spoken of; a company only as the subject of the sentence
    HOLDER = "holder"  # the company that buys or sells a stake; of one beyond the field, the company whose stake it is
    NOBODY = "nobody"


class Sense(StrEnum):
    """What a plain negation within a claim is to it."""

    DEED = "deed"  # its denial: 'has not signed'
    LACK = "lack"  # the claim itself: 'cannot get chips', 'will not be built'
    HOLD = "hold"  # the claim itself: 'has not changed its budget'


class Cue(Strict):
    """A pattern that speaks of a theme."""

    cue: str
    unless: tuple[str, ...] = ()  # patterns anywhere in the sentence that forbid it
    unless_near: tuple[str, ...] = ()  # patterns that forbid it where they share a word with it
    needs: tuple[str, ...] = ()  # patterns of which the sentence must hold one
    actor: ActorRole | None = None  # instead of the theme's
    denies: bool = False  # the cue itself is a denial ('no layoffs')
    attribution: Attribution | None = None  # the most that it can rest on ('price target': a research note)
    score: float = 1.0  # in (0, 1]: how sure it is


class Theme(Strict):
    """One kind of claim."""

    id: str
    name: str
    description: str
    direction: Literal["up", "down", "flat", "none"] = "none"
    actor: ActorRole = ActorRole.SUBJECT
    spreads: bool = False  # 'Oracle fell 5%, Arm 4%': a company listed with a percentage shares the claim
    needs_actor: bool = False  # a claim about nobody in particular is none
    is_data: bool = False  # market moves, results, ratings: confirmed unless hedged
    sense: Sense = Sense.DEED
    targets: tuple[
        str, ...
    ] = ()  # after which words stands whom it concerns: 'in', 'with'; 'object': after the verb
    cues: tuple[Cue, ...]
    unless: tuple[str, ...] = ()  # for every cue
    unless_near: tuple[str, ...] = ()  # for every cue

    @field_validator("cues", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return [{"cue": v} if isinstance(v, str) else v for v in value] if isinstance(value, list) else value


class Sector(Strict):
    """A group that texts speak of as a group."""

    id: str
    name: str
    nouns: tuple[str, ...] = ()  # 'memory makers': speak of the group
    topics: tuple[str, ...] = ()  # 'memory capacity': mean the group where it does not act
    goods: tuple[str, ...] = ()  # 'DRAM': what it sells; names it as an actor of prices, supply and demand


class ThemeFile(Strict):
    """One file of `rules/themes`."""

    version: Literal["1"]
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    sectors: tuple[Sector, ...] = ()
    themes: tuple[Theme, ...] = ()
    domain: tuple[str, ...] = ()  # patterns of which an entry without any company or group must hold one
    quiet: tuple[str, ...] = ()  # patterns of titles that bring no news (guides, reviews, diaries)


@dataclass(frozen=True, slots=True)
class CompiledCue:
    """A cue ready to run."""

    theme: Theme
    pattern: Pattern
    unless: tuple[Pattern, ...]
    unless_near: tuple[Pattern, ...]
    needs: tuple[Pattern, ...]
    actor: ActorRole
    denies: bool
    attribution: Attribution | None
    score: float
    where: str = ""  # 'themes/compute.yaml:31', for people


class Taxonomy:
    """All themes, sectors and word classes, compiled."""

    def __init__(self, files: Sequence[Document[ThemeFile]]) -> None:
        """Join the files and compile every cue.

        Raises:
            RulesError: An id or class stands twice, or a cue can't be read.
        """
        words: dict[str, tuple[str, ...]] = {}
        self.themes: dict[str, Theme] = {}
        self.sectors: dict[str, Sector] = {}
        self.group_index: PhraseIndex[str] = PhraseIndex()
        self.topic_index: PhraseIndex[str] = PhraseIndex()
        self.goods_index: PhraseIndex[str] = PhraseIndex()
        for file in files:
            for name, phrases in file.content.words.items():
                if name in words:
                    raise file.error(f"word class {name!r} is defined a second time", ("words", name))
                words[name] = phrases
        self.compiler = CueCompiler(words)
        self.cues: list[CompiledCue] = []
        self.domain: list[Pattern] = []
        self.quiet: list[Pattern] = []
        for file in files:
            for n, sector in enumerate(file.content.sectors):
                self._add_sector(file, sector, ("sectors", n))
            for n, theme in enumerate(file.content.themes):
                self._add_theme(file, theme, ("themes", n))
            self.domain += [self._compile(file, c, ("domain", n)) for n, c in enumerate(file.content.domain)]
            self.quiet += [self._compile(file, c, ("quiet", n)) for n, c in enumerate(file.content.quiet)]
        self._by_class = self._anchored()

    def cues_for(self, present: Iterable[str]) -> list[CompiledCue]:
        """The cues that may match where these word classes occur, in the order of the files."""
        numbers = {n for name in present for n in self._by_class.get(name, ())}
        return [self.cues[n] for n in sorted(numbers)]

    def _anchored(self) -> dict[str, list[int]]:
        """For each class, the cues that are looked at only where it occurs.

        A cue needs all of its steps, so any of them will do; the one whose classes the fewest cues share
        spares most: of some 500 cues 17 are looked at in a sentence.
        """
        shared = Counter(c for cue in self.cues for step in cue.pattern.orders[0] for c in step.classes)
        found: dict[str, list[int]] = {}
        for n, cue in enumerate(self.cues):
            anchor = min(cue.pattern.orders[0], key=lambda step: sum(shared[c] for c in step.classes))
            for name in anchor.classes:
                found.setdefault(name, []).append(n)
        return found

    def _add_sector(self, file: Document[ThemeFile], sector: Sector, loc: tuple[str | int, ...]) -> None:
        if sector.id in self.sectors:
            raise file.error(f"sector {sector.id!r} is defined a second time", (*loc, "id"))
        self.sectors[sector.id] = sector
        for noun in sector.nouns:
            self.group_index.add(noun, sector.id, inflect=True)
        for noun in sector.topics:
            self.topic_index.add(noun, sector.id, inflect=True)
        for noun in sector.goods:
            self.goods_index.add(noun, sector.id, inflect=True)

    def _add_theme(self, file: Document[ThemeFile], theme: Theme, loc: tuple[str | int, ...]) -> None:
        if theme.id in self.themes:
            raise file.error(f"theme {theme.id!r} is defined a second time", (*loc, "id"))
        self.themes[theme.id] = theme
        general = self._compile_all(file, theme.unless, (*loc, "unless"))
        nearby = self._compile_all(file, theme.unless_near, (*loc, "unless_near"))
        for n, cue in enumerate(theme.cues):
            here = (*loc, "cues", n)
            self.cues.append(
                CompiledCue(
                    theme=theme,
                    pattern=self._compile(file, cue.cue, here),
                    unless=(*general, *self._compile_all(file, cue.unless, (*here, "unless"))),
                    unless_near=(*nearby, *self._compile_all(file, cue.unless_near, (*here, "unless_near"))),
                    needs=self._compile_all(file, cue.needs, (*here, "needs")),
                    actor=cue.actor or theme.actor,
                    denies=cue.denies,
                    attribution=cue.attribution,
                    score=cue.score,
                    where=f"{file.path.parent.name}/{file.path.name}:{file.place(here)[0]}",
                )
            )

    def _compile_all(
        self, file: Document[ThemeFile], sources: Sequence[str], loc: tuple[str | int, ...]
    ) -> tuple[Pattern, ...]:
        return tuple(self._compile(file, source, (*loc, n)) for n, source in enumerate(sources))

    def _compile(self, file: Document[ThemeFile], source: str, loc: Sequence[str | int]) -> Pattern:
        try:
            return self.compiler.compile(source)
        except ValueError as e:
            raise file.error(str(e), loc) from e


def load_taxonomy(folder: Path) -> Taxonomy:
    """Read every `*.yaml` of a folder.

    Raises:
        RulesError: A file is wrong, or the folder holds none.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise RulesError("holds no theme files (*.yaml)", folder)
    return Taxonomy([read_document(path, ThemeFile) for path in paths])
