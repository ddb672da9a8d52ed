"""A small newsroom: an analyzer that knows titles by heart, a rulebook of a few lines, and an in-memory store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from bot.alerts.exposure import ExposureGraph, load_exposure
from bot.alerts.routes import load_routes
from bot.model import (
    Analysis,
    Entry,
    Event,
    Known,
    Mention,
    OpenStories,
    Outcome,
    Severity,
    Sighting,
    Silence,
    Snapshot,
    Span,
    Story,
    Subscriber,
    Target,
    TargetKind,
    Told,
    remember,
)
from bot.nlp.analyzer import takes_back
from bot.pipeline import Book, process
from bot.rules.book import KnownIds, Rulebook
from bot.rules.loader import load_rulebook

COMPANIES = {
    "META": "hyperscaler",
    "MSFT": "hyperscaler",
    "CRWV": "neocloud",
    "NVDA": "accelerator",
    "MU": "memory",
}
THEMES = ("compute_resale", "selloff", "rally", "capex_cut")
PACK = """
version: 1
pack: compute
title: AI compute market
rules:
  - id: resale
    title: "{actor} sells surplus compute"
    level: high
    match:
      theme: compute_resale
      modality: {not: [denied, speculated]}
    expose: {hops: 2, min_weight: 0.1}
    throttle: {per: story, every: 6h}
    tests: &tests
      - {title: "yes", fires: true}
      - {title: "no", fires: false}
  - id: cut
    title: "{actor} cuts spending"
    level: medium
    match: {theme: capex_cut, modality: {not: [denied, speculated]}}
    tests: *tests
  - id: wave
    title: "{count} cuts in days"
    level: high
    correlate: {type: frequency, of: [capex_cut], gte: 2, within: 5d}
    tests:
      - {news: [{at: 0h, title: "yes"}, {at: 1h, title: "yes, too"}], fires: true}
      - {news: [{at: 0h, title: "no"}], fires: false}
  - id: fall
    title: "{actor} falls"
    level: low
    match: {theme: selloff, modality: {not: [denied, speculated]}}
    tests: *tests
"""
EXPOSURE = """
version: 1
spread:
  compute_resale:
    - {to: competes_with, effect: hurts}
    - {to: supplies, effect: hurts, then: [{to: supplies}]}
edges:
  - {from: META, to: CRWV, relation: competes_with, weight: 0.6, source: a filing, date: 2025-01-01}
  - {from: NVDA, to: META, relation: supplies, weight: 0.5, source: a filing, date: 2025-01-01}
  - {from: MU, to: NVDA, relation: supplies, weight: 0.5, source: a filing, date: 2025-01-01}
"""


class Reader:
    """An analyzer that knows by title what an entry says; anything else says nothing."""

    version = "test"

    def __init__(self) -> None:
        self.said: dict[str, tuple[Event, ...]] = {}
        self.named: dict[str, tuple[str, ...]] = {}
        self.read: list[str] = []

    def learn(self, title: str, *events: Event, companies: Sequence[str] = ("META",)) -> None:
        """From now on a title means this."""
        self.said[title], self.named[title] = events, tuple(companies)

    def analyze(self, entries: Sequence[Entry], /) -> list[Analysis]:
        """One analysis for each entry, in order."""
        self.read += [e.id for e in entries]
        return [
            Analysis(
                entry_id=e.id,
                mentions=tuple(
                    Mention(company=c, span=Span("title", 0, 1)) for c in self.named.get(e.headline, ())
                ),
                events=self.said.get(e.headline, ()),
                flags=frozenset({"withdrawn"} if takes_back(e) else ()),
                version=self.version,
            )
            for e in entries
        ]


def make_book(folder: Path, pack: str = PACK, routes: str = "") -> Book:
    """The rules and the exposure graph above, and routes, read from files as ever."""
    (folder / "alerts").mkdir(exist_ok=True)
    (folder / "alerts" / "compute.yaml").write_text(pack, encoding="utf-8")
    (folder / "exposure.yaml").write_text(EXPOSURE, encoding="utf-8")
    known = KnownIds(
        themes=frozenset(THEMES),
        sectors=frozenset(COMPANIES.values()),
        companies=COMPANIES,
        names={"META": "Meta", "MSFT": "Microsoft"},
    )
    rules: Rulebook = load_rulebook(folder / "alerts", known)
    graph: ExposureGraph = load_exposure(folder / "exposure.yaml", companies=COMPANIES, themes=THEMES)
    (folder / "routes.yaml").write_text(routes or "version: 1", encoding="utf-8")
    led = load_routes(
        folder / "routes.yaml",
        rules={r.id for r in rules.rules},
        packs=rules.packs,
        themes=THEMES,
        companies=COMPANIES,
        sectors=known.sectors,
    )
    return Book(rules=rules, exposure=graph, routes=led)


def subscriber(name: str = "telegram:1", **more: object) -> Subscriber:
    """Someone who takes everything from low up."""
    channel, address = name.split(":", 1)
    made = Subscriber(id=name, channel=channel, address=address, level=Severity.LOW)
    return replace(made, **more)  # type: ignore[arg-type]


EVERYTHING = frozenset({Target(TargetKind.ALL)})


@dataclass
class Newsroom:
    """Keeps what `process` decides, as the store does, so that a test reads like a day of news."""

    book: Book
    reader: Reader = field(default_factory=Reader)
    subscribers: list[Subscriber] = field(default_factory=lambda: [subscriber()])
    watches: dict[str, frozenset[Target]] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    entries: dict[str, Entry] = field(default_factory=dict)
    stories: dict[str, Story] = field(default_factory=dict)
    told: dict[tuple[str, str], Told] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    sightings: dict[str, list[Sighting]] = field(default_factory=dict)
    since: datetime | None = None
    watched: datetime | None = None
    moved: dict[str, str] = field(default_factory=dict)

    def snapshot(self, entries: Sequence[Entry], now: datetime) -> Snapshot:
        """What is known before these entries."""
        stories = OpenStories(self.stories.values())
        stories.forget(now)
        told: dict[str, dict[str, Told]] = {}
        for (story, reader), t in self.told.items():
            told.setdefault(story, {})[reader] = t
        alerts = {a.id: a for o in self.outcomes for a in o.alerts}
        watches: Mapping[str, frozenset[Target]] = {
            s.id: self.watches.get(s.id, EVERYTHING) for s in self.subscribers
        }
        return Snapshot(
            known={e.id: k for e in entries if (k := self._known(e))},
            stories=stories,
            told=told,
            cards={i: (a, self.entries[a.entry_id]) for i, a in alerts.items()},
            subscribers=tuple(self.subscribers),
            watches=watches,
            silences=self.silences,
            sightings=self.sightings,
            since=self.since,
            watched=self.watched or self.since,
            moved=self.moved,
        )

    def _known(self, entry: Entry) -> Known | None:
        twin = next(
            (e for e in self.entries.values() if (e.feed_id, e.content) == (entry.feed_id, entry.content)),
            None,
        )
        found = self.entries.get(entry.id) or twin
        if found is None:
            return None
        return Known(id=found.id, content=found.content, revision=found.revision, seen_at=found.seen_at)

    def receive(self, *entries: Entry, now: datetime | None = None, baseline: bool = False) -> Outcome:
        """Process a batch and keep what it decides; `now` is the last entry's own time by default."""
        at = now or max(e.at for e in entries)
        outcome = process(
            entries,
            self.snapshot(entries, at),
            self.book,
            self.reader,
            at,
            baseline=frozenset(e.id for e in entries) if baseline else frozenset(),
        )
        self.entries |= {e.id: e for e in outcome.entries}
        self.stories |= {s.id: s for s in outcome.stories}
        self.told |= {(t.story_id, t.subscriber_id): t for t in outcome.told}
        self.outcomes.append(outcome)
        remember(self.sightings, outcome.sightings, at)
        self.since = self.since or at
        return outcome


def sent(outcome: Outcome) -> list[str]:
    """What an outcome sends: '<kind> <subscriber>' in order."""
    return [f"{n.kind} {n.subscriber_id}" for n in outcome.notifications]


def reasons(outcome: Outcome) -> list[str]:
    """Why, in order."""
    return [str(v.decision.reason) for v in outcome.verdicts]
