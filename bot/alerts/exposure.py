"""Who else is touched by an event at a company, and along which path: reads `rules/exposure.yaml`.

The graph says who supplies, funds, buys from or competes with whom; a small table in the same file says
along which of these relations a theme travels, and whether it hurts or helps. Weights are judgements
with a source, not estimates of a price move.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from bot.documents import Document, Loc, Strict, fail_with, read_document
from bot.errors import RulesError
from bot.model import Exposure, Neighbour
from bot.text import did_you_mean


class Relation(StrEnum):
    """What an edge's `from` does for its `to`."""

    SUPPLIES = "supplies"
    COMPETES_WITH = "competes_with"
    CUSTOMER_OF = "customer_of"
    FUNDS = "funds"


Step = Literal["supplies", "competes_with", "customer_of", "funds", "funded_by"]
"""What a touched company is to the company before it on the path."""

_THERE: dict[Relation, Step] = {
    Relation.SUPPLIES: "supplies",
    Relation.COMPETES_WITH: "competes_with",
    Relation.CUSTOMER_OF: "customer_of",
    Relation.FUNDS: "funds",
}
_BACK: dict[Relation, Step] = {
    Relation.SUPPLIES: "customer_of",
    Relation.COMPETES_WITH: "competes_with",
    Relation.CUSTOMER_OF: "supplies",
    Relation.FUNDS: "funded_by",
}


def _day(value: object) -> object:
    """A day, or the last day of a month: what is dated by its month is known for sure at its end."""
    text = str(value)
    try:
        if len(text) == len("2025-02"):
            first = date.fromisoformat(f"{text}-01")
            return first.replace(day=monthrange(first.year, first.month)[1])
        return date.fromisoformat(text)
    except ValueError as e:
        raise ValueError(f"{value!r} is no date; write it as 2025-02 or 2025-02-26") from e


def _direction(value: object) -> object:
    words = {"hurts": -1, "helps": 1}
    if value not in words:
        raise ValueError(f"{value!r} is not one of hurts, helps{did_you_mean(str(value), words)}")
    return words[str(value)]


def _words(value: object) -> object:
    if value == "":
        raise ValueError("nothing is written here")
    return [value] if isinstance(value, str) else value


def _yes(value: object) -> object:
    if value not in ("true", "false"):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]


class EdgeSpec(Strict):
    """One relation between two companies, as written."""

    from_: str = Field(alias="from")
    to: str
    relation: Relation
    weight: float = Field(gt=0, le=1)
    source: str = Field(min_length=3)
    date: Annotated[date, BeforeValidator(_day)]  # since when it is publicly known
    note: str = ""

    @model_validator(mode="after")
    def _two_companies(self) -> EdgeSpec:
        if self.from_ == self.to:
            raise ValueError(f"{self.to!r} can't stand in a relation to itself")
        return self


class StepSpec(Strict):
    """Which neighbours of a company are touched."""

    to: Step
    sector: Words = ()  # only neighbours of these sectors; empty: all
    across: Annotated[bool, BeforeValidator(_yes)] = (
        False  # only neighbours of another bloc than the company's
    )


class SpreadSpec(StepSpec):
    """One way in which a theme travels."""

    effect: Annotated[int, BeforeValidator(_direction)]
    at: str | None = None  # a sector: as if it happened there, whoever the actor is
    then: tuple[StepSpec, ...] = ()  # a second hop, with the same effect


class ExposureFile(Strict):
    """`rules/exposure.yaml`."""

    version: Literal["1"]
    blocs: dict[str, Words] = Field(default_factory=dict)
    spread: dict[str, tuple[SpreadSpec, ...]]
    edges: tuple[EdgeSpec, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureGraph:
    """Companies, what they are to each other, and how themes travel between them. Immutable."""

    links: Mapping[str, tuple[Neighbour, ...]]  # company → its neighbours
    spread: Mapping[str, tuple[SpreadSpec, ...]]  # theme → the ways it travels
    sectors: Mapping[str, str]  # company → its sector
    blocs: Mapping[str, str]  # company → its bloc; companies of none are in one together

    def exposed(
        self,
        theme: str,
        actor: str | None,
        hops: int,
        min_weight: float,
        *,
        known_at: date | None = None,
        reverse: bool = False,
    ) -> tuple[Exposure, ...]:
        """Companies that an event touches, the strongest path to each, strongest first.

        A path's weight is the product of its edges' weights. Of two equal paths the shorter wins, then
        the one through the alphabetically first company. A sector as the actor stands for all of
        its companies, which are not exposed themselves. Unknown themes and actors touch nobody.

        Args:
            theme: What happened.
            actor: The company or sector it happened at, or None.
            hops: 0, 1 or 2 edges at most; more than 2 counts as 2.
            min_weight: Weaker paths are left out.
            known_at: Edges dated later are not used: a replay must not know the future.
            reverse: Whom the theme helps is hurt, and the other way round.
        """
        best: dict[str, Exposure] = {}
        acting = self._companies(actor)
        for way in self.spread.get(theme, ()) if hops > 0 else ():
            starts = self._companies(way.at) if way.at else acting
            for path in (p for start in starts for p in self._paths(way, start, hops, known_at)):
                if path.weight < min_weight or path.company in starts | acting:
                    continue
                rival = best.get(path.company)
                if rival is None or _strength(path) < _strength(rival):
                    best[path.company] = path
        found = sorted(best.values(), key=_strength)
        return tuple(replace(x, direction=-x.direction) for x in found) if reverse else tuple(found)

    def _companies(self, an_id: str | None) -> frozenset[str]:
        members = frozenset(company for company, sector in self.sectors.items() if sector == an_id)
        return members or (frozenset() if an_id is None else frozenset({an_id}))

    def _paths(self, way: SpreadSpec, start: str, hops: int, known_at: date | None) -> Iterator[Exposure]:
        for first in self._walk(start, way, known_at):
            yield Exposure(
                company=first.company, path=(first.step,), weight=first.weight, direction=way.effect
            )
            for step in way.then if hops > 1 else ():
                for second in self._walk(first.company, step, known_at):
                    yield Exposure(
                        company=second.company,
                        path=(first.step, second.step),
                        weight=first.weight * second.weight,
                        via=(first.company,),
                        direction=way.effect,
                    )

    def _walk(self, company: str, step: StepSpec, known_at: date | None) -> Iterator[Neighbour]:
        for link in self.links.get(company, ()):
            fits = link.step == step.to and (not step.sector or self.sectors[link.company] in step.sector)
            if step.across and self.blocs.get(company) == self.blocs.get(link.company):
                continue
            if fits and (known_at is None or link.known_since <= known_at):
                yield link


def load_exposure(path: Path, *, companies: Mapping[str, str], themes: Collection[str]) -> ExposureGraph:
    """Read the graph.

    Args:
        path: The file.
        companies: Every company id that is known, with its sector.
        themes: Every theme id that is known.

    Raises:
        RulesError: The first mistake, with the rest in its `others`.
    """
    document = read_document(path, ExposureFile)
    fail_with(_mistakes(document, companies, themes))
    links: dict[str, list[Neighbour]] = defaultdict(list)
    for edge in document.content.edges:  # an edge can be walked from both ends
        links[edge.to].append(_neighbour(edge.from_, _THERE[edge.relation], edge))
        links[edge.from_].append(_neighbour(edge.to, _BACK[edge.relation], edge))
    return ExposureGraph(
        links=MappingProxyType({k: tuple(v) for k, v in links.items()}),
        spread=MappingProxyType(dict(document.content.spread)),
        sectors=MappingProxyType(dict(companies)),
        blocs=MappingProxyType(
            {c: bloc for bloc, members in document.content.blocs.items() for c in members}
        ),
    )


def _neighbour(company: str, step: Step, edge: EdgeSpec) -> Neighbour:
    return Neighbour(
        company=company, step=step, weight=edge.weight, known_since=edge.date, source=edge.source
    )


def _mistakes(
    document: Document[ExposureFile], companies: Mapping[str, str], themes: Collection[str]
) -> Iterator[RulesError]:
    for theme, ways in document.content.spread.items():
        if theme not in themes:
            yield document.error(
                f"no theme {theme!r} is known{did_you_mean(theme, themes)}", ("spread", theme)
            )
        for n, way in enumerate(ways):
            yield from _unknown_sectors(document, way, ("spread", theme, n), frozenset(companies.values()))
    blocs: dict[str, str] = {}
    for bloc, members in document.content.blocs.items():
        for n, company in enumerate(members):
            place = ("blocs", bloc, n)
            if company not in companies:
                yield document.error(
                    f"no company {company!r} is known{did_you_mean(company, companies)}", place
                )
            elif company in blocs:
                yield document.error(f"{company} stands in bloc {blocs[company]!r} already", place)
            blocs[company] = bloc
    seen: dict[Any, int] = {}
    for n, edge in enumerate(document.content.edges):
        for key, company in (("from", edge.from_), ("to", edge.to)):
            if company not in companies:
                problem = f"no company {company!r} is known{did_you_mean(company, companies)}"
                yield document.error(problem, ("edges", n, key))
        line = document.place(("edges", n))[0]
        first = seen.setdefault(_same_edge(edge), line)
        if first != line:
            problem = f"{edge.from_} and {edge.to} stand in this relation already in line {first}"
            yield document.error(problem, ("edges", n))


def _unknown_sectors(
    document: Document[ExposureFile], way: SpreadSpec, loc: Loc, sectors: frozenset[str]
) -> Iterator[RulesError]:
    named = [(sector, (*loc, "sector", n)) for n, sector in enumerate(way.sector)]
    for k, step in enumerate(way.then):
        named += [(sector, (*loc, "then", k, "sector", n)) for n, sector in enumerate(step.sector)]
    if way.at is not None:
        named.append((way.at, (*loc, "at")))
    for sector, place in named:
        if sector not in sectors:
            yield document.error(f"no sector {sector!r} is known{did_you_mean(sector, sectors)}", place)


def _same_edge(edge: EdgeSpec) -> Any:
    """Equal for two ways of writing one relation: who buys from a supplier is supplied by it."""
    if edge.relation is Relation.COMPETES_WITH:
        return edge.relation, frozenset((edge.from_, edge.to))
    if edge.relation is Relation.CUSTOMER_OF:
        return Relation.SUPPLIES, edge.to, edge.from_
    return edge.relation, edge.from_, edge.to


def _strength(exposure: Exposure) -> tuple[float, int, tuple[str, ...], str, tuple[str, ...], int]:
    e = exposure
    return -e.weight, len(e.path), e.via, e.company, e.path, e.direction
