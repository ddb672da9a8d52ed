"""Small makers for the tests of the rule language: a few known ids, entries, events, a fake analyzer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.model import (
    Analysis,
    Attribution,
    DateQuality,
    Entry,
    Event,
    Mention,
    Polarity,
    SourceKind,
    Span,
    Stage,
    Story,
)
from bot.rules.book import KnownIds, Rulebook
from bot.rules.loader import load_rulebook

NOW = datetime(2025, 3, 1, 14, 0, tzinfo=UTC)
KNOWN = KnownIds(
    themes=frozenset({"compute_resale", "capex_cut", "capex_raise", "selloff"}),
    sectors=frozenset({"hyperscaler", "neocloud", "memory", "accelerator", "semiconductors"}),
    companies={
        "META": "hyperscaler",
        "MSFT": "hyperscaler",
        "CRWV": "neocloud",
        "NVDA": "accelerator",
        "ON": "semiconductors",
        "000660.KS": "memory",
    },
    names={"META": "Meta Platforms", "MSFT": "Microsoft", "memory": "memory makers"},
    feeds=frozenset({"wire-a", "blog-b"}),
)

PACK = """\
version: 1
pack: compute
title: AI compute market
rules:
  - id: resale
    title: "{actor} sells surplus compute"
    level: high
    match:
      theme: compute_resale
      actor: {sector: hyperscaler}
      modality: {not: [denied, speculated]}
      source: {tier: {lte: 2}}
    corroborate: {any: [{tier: 1, origins: 1}, {origins: 2}]}
    expose: {hops: 2, min_weight: 0.4}
    story: {window: 48h}
    update: {edit_on: [new_origin, copy], reply_on: [stage_up, confirmed, denied, corrected]}
    throttle: {per: story, every: 6h}
    tests:
      - {title: "Meta weighs selling compute", fires: true, modality: considering}
      - {title: "Meta denies selling compute", fires: false}
"""


def write(folder: Path, **packs: str) -> Path:
    """Write packs as files and return the folder."""
    for name, text in packs.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def pack_with(match: str, *, name: str = "p", level: str = "low", title: str = "T") -> str:
    """A pack of one rule `r` with this match, in YAML flow style."""
    return (
        f"version: 1\npack: {name}\ntitle: P\nrules:\n  - id: r\n    title: '{title}'\n    level: {level}\n"
        f"    match: {match}\n    tests: [{{title: a, fires: true}}, {{title: b, fires: false}}]\n"
    )


def book_with(folder: Path, match: str, **details: str) -> Rulebook:
    """A rulebook of that one rule."""
    return load_rulebook(write(folder, p=pack_with(match, **details)), KNOWN)


def event(
    theme: str = "compute_resale",
    actor: str | None = "META",
    *,
    stage: Stage = Stage.EXPLORING,
    attribution: Attribution = Attribution.SOURCED,
    polarity: Polarity = Polarity.AFFIRMED,
    fresh: bool = True,
    targets: tuple[str, ...] = (),
    score: float = 1.0,
) -> Event:
    """An event that is there unless told otherwise: Meta weighs a resale, sources say."""
    return Event(
        theme=theme,
        actor=actor,
        stage=stage,
        attribution=attribution,
        polarity=polarity,
        fresh=fresh,
        targets=targets,
        score=score,
        evidence=Span("title", 0, 4),
    )


def entry(
    title: str = "Meta weighs selling compute",
    text: str = "",
    *,
    feed: str = "wire-a",
    kind: SourceKind = SourceKind.WIRE,
    tier: int = 1,
    language: str = "en",
) -> Entry:
    """An entry of a wire unless told otherwise."""
    return Entry(
        id="e1",
        feed_id=feed,
        guid="1",
        url="",
        title=title,
        text=text,
        content="c",
        published=NOW,
        date_quality=DateQuality.OK,
        seen_at=NOW,
        kind=kind,
        tier=tier,
        language=language,
    )


def analysis(*events: Event, companies: Sequence[str] = (), sectors: Sequence[str] = ()) -> Analysis:
    """What an entry says."""
    mentions = tuple(Mention(company=c, span=Span("title", 0, 4)) for c in companies)
    return Analysis(entry_id="e1", events=events, mentions=mentions, sectors=tuple(sectors))


STORY = Story(
    id="s1",
    title="Meta weighs selling compute",
    first_seen=NOW,
    last_seen=NOW,
    companies=frozenset({"META"}),
    claims=(),
    members=(),
)


class FakeAnalyzer:
    """Knows by title what an entry says; anything else says nothing."""

    version = "fake"

    def __init__(self, **said: tuple[Event, ...]) -> None:
        self.said = {title.replace("_", " "): events for title, events in said.items()}
        self.batches = 0

    def analyze(self, entries: Sequence[Entry], /) -> list[Analysis]:
        """One analysis for each entry, in order."""
        self.batches += 1
        return [Analysis(entry_id=e.id, events=self.said.get(e.title, ())) for e in entries]
