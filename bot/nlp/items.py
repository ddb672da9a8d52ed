"""Labelled items as JSON lines: into entries, and analyses out again in the form that scoring reads."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.errors import ParseError
from bot.model import Analysis, DateQuality, Entry, SourceKind, Span
from bot.text import digest

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>")
_KINDS = {
    "wire": SourceKind.WIRE,
    "paper": SourceKind.PAPER,
    "trade": SourceKind.TRADE,
    "blog": SourceKind.BLOG,
    "social": SourceKind.SOCIAL,
    "filing": SourceKind.FILING,
}
_TIERS = {SourceKind.WIRE: 1, SourceKind.FILING: 1, SourceKind.PAPER: 2, SourceKind.TRADE: 2}


def plain(text: str) -> str:
    """HTML of a feed summary as plain text: entities resolved, tags gone."""
    return html.unescape(_TAG.sub(" ", text)).strip() if "<" in text or "&" in text else text.strip()


def read_items(path: Path) -> list[Entry]:
    """Read a file of items.

    Raises:
        ParseError: The file can't be read, or a line is no item; names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise ParseError(f"{path}: can't be read: {e}") from e
    entries = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entries.append(_entry(json.loads(line)))
        except (ValueError, RecursionError) as e:
            raise ParseError(f"{path}:{number}: not an item: {e}; give id, published, title, text") from e
    return entries


def _entry(row: Any) -> Entry:
    if not isinstance(row, dict):
        raise ValueError("no JSON object")
    if missing := [key for key in ("id", "published") if key not in row]:
        raise ValueError(f"{missing[0]!r} is missing")
    published = datetime.fromisoformat(str(row["published"]).replace("Z", "+00:00"))
    if published.tzinfo is None:
        published = published.replace(tzinfo=UTC)
    title, text = plain(str(row.get("title") or "")), plain(str(row.get("text") or ""))
    kind = _KINDS.get(str(row.get("source", "")), _KINDS.get(str(row.get("kind", "")), SourceKind.PAPER))
    return Entry(
        id=str(row["id"]),
        feed_id=str(row.get("source") or "items"),
        guid=str(row["id"]),
        url="",
        title=title,
        text=text,
        content=digest(title, text),
        published=published,
        date_quality=DateQuality.OK,
        seen_at=published,
        kind=kind,
        tier=_TIERS.get(kind, 3),
        source=str(row.get("source", "")),
    )


def words_at(entry: Entry, span: Span) -> str:
    """The words of an entry at a span."""
    return (entry.title if span.field == "title" else entry.text)[span.start : span.end]


def prediction(entry: Entry, analysis: Analysis, story: str = "") -> dict[str, Any]:
    """One line of a predictions file, as a dict."""
    return {
        "id": entry.id,
        "companies": list(analysis.companies),
        "sectors": list(analysis.sectors),
        "events": [
            {
                "theme": e.theme,
                "actor": e.actor,
                "modality": str(e.modality),
                "fresh": e.fresh,
                "stage": str(e.stage),
                "attribution": str(e.attribution),
                "polarity": str(e.polarity),
                "evidence": words_at(entry, e.evidence),
                "score": e.score,
            }
            for e in analysis.events
        ],
        "story": story or entry.id,
    }


def write_predictions(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write predictions as JSON lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
