"""Entries for the tests of understanding."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.model import Analysis, DateQuality, Entry, Event, SourceKind

RULES = Path(__file__).parents[1] / "rules"
_NOW = datetime(2026, 5, 4, 14, 0, tzinfo=UTC)


def nlp_entry(title: str = "", text: str = "", kind: SourceKind = SourceKind.WIRE) -> Entry:
    return Entry(
        id="e1",
        feed_id="wire",
        guid="g1",
        url="",
        title=title,
        text=text,
        content="c1",
        published=_NOW,
        date_quality=DateQuality.OK,
        seen_at=_NOW,
        kind=kind,
        tier=1,
    )


def evidence(entry: Entry, event: Event) -> str:
    held = entry.title if event.evidence.field == "title" else entry.text
    return held[event.evidence.start : event.evidence.end]


def claims(analysis: Analysis) -> set[tuple[str, str | None, str]]:
    return {(e.theme, e.actor, str(e.modality)) for e in analysis.fresh_events}
