"""How often each company, sector and theme is spoken of, counted as entries come. Implements `shelves.Trends`.

Counts outlive the entries: a quarter of an hour of a target is one small row, so that a year of any of them
is read without looking into an entry. Quarters, because every zone's day begins at one.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.following import targets
from bot.model import Alert, AlertKind, Analysis, Entry, Severity, Target, TargetKind
from bot.shelves import AlertMark, Trend
from bot.store.database import Database
from bot.store.rows import ANALYSIS, ENTRY_COLUMNS, entry_of, moment, stamp

SLOT = timedelta(minutes=15)
KEPT = timedelta(days=750)
"""For so long counts are kept: the longest span that can be asked for, and as much before it."""

SectorOf = Callable[[str], str]
"""The sector of a company; empty for one of none."""

COUNTED = frozenset({TargetKind.COMPANY, TargetKind.SECTOR, TargetKind.THEME})


def no_sector(_: str) -> str:
    """For whoever knows no companies."""
    return ""


class Trends:
    """Counts of the past; see `shelves.Trends`. Has a connection of its own, as others read from other threads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def trend(self, target: Target, days: int, now: datetime, tz: tzinfo, /) -> Trend:
        """What was counted on the last `days` days, today included, and on as many before."""
        today = now.astimezone(tz).date()
        first, end = today - timedelta(days=days - 1), today + timedelta(days=1)
        starts = [_slot(_midnight(first + timedelta(days=n), tz)) for n in range(days + 1)]
        earlier = _midnight(first - timedelta(days=days), tz)
        # Today is not over: what it is held against ends at the same time of its day.
        same_time = datetime.combine(today - timedelta(days=days), now.astimezone(tz).time(), tz)
        counts, before = [0] * days, 0
        rows = self._db.rows(
            "SELECT slot, n FROM trend_counts WHERE target = ? AND slot >= ? AND slot < ?",
            (str(target), _slot(earlier), starts[-1]),
        )
        for slot, n in rows:
            if slot >= starts[0]:
                counts[bisect_right(starts, slot) - 1] += n
            elif slot < _slot(same_time):
                before += n
        since = moment(self._db.value("SELECT value FROM meta WHERE key = 'counted'"))
        return Trend(
            first=first,
            counts=tuple(counts),
            before=before if since is not None and since <= earlier else None,
            since=since,
            alerts=self._alerts(target, _midnight(first, tz), _midnight(end, tz)),
        )

    def _alerts(self, target: Target, start: datetime, end: datetime) -> tuple[AlertMark, ...]:
        rows = self._db.rows(
            "SELECT at, level FROM trend_alerts WHERE target = ? AND at >= ? AND at < ? ORDER BY at, alert_id",
            (str(target), stamp(start), stamp(end)),
        )
        return tuple(
            AlertMark(at=at, level=Severity(row["level"])) for row in rows if (at := moment(row["at"]))
        )


def spoken_of(analysis: Analysis, sector_of: SectorOf) -> frozenset[Target]:
    """What an entry counts for: companies that it names, themes of its news, sectors that it speaks of or that act."""
    news = analysis.fresh_events
    acting = {sector_of(e.actor) for e in news if e.actor is not None} - {""}
    return frozenset(
        {
            *(Target(TargetKind.COMPANY, c) for c in analysis.companies),
            *(Target(TargetKind.THEME, e.theme) for e in news),
            *(Target(TargetKind.SECTOR, s) for s in {*analysis.sectors, *acting}),
        }
    )


def count(cursor: sqlite3.Connection, entry: Entry, analysis: Analysis, sector_of: SectorOf, by: int) -> None:
    """Add an entry to the counts, or take it off them (`by` −1)."""
    slot = _slot(entry.at)
    cursor.executemany(
        "INSERT INTO trend_counts VALUES (?, ?, ?) ON CONFLICT (target, slot) DO UPDATE SET n = n + excluded.n",
        [(str(target), slot, by) for target in sorted(spoken_of(analysis, sector_of), key=str)],
    )


def uncount(cursor: sqlite3.Connection, entry_id: str, sector_of: SectorOf) -> None:
    """Take what is stored of an entry off the counts, before a revision replaces it."""
    row = cursor.execute(f"SELECT {ENTRY_COLUMNS} FROM entries WHERE id = ?", (entry_id,)).fetchone()
    body = cursor.execute("SELECT body FROM analyses WHERE entry_id = ?", (entry_id,)).fetchone()
    if row is not None and body is not None:
        count(cursor, entry_of(row), ANALYSIS.validate_json(body[0]), sector_of, -1)


def mark(cursor: sqlite3.Connection, alerts: Iterable[Alert]) -> None:
    """Remember which targets the first cards of stories were about; again what grew is added."""
    cursor.executemany(
        "INSERT OR IGNORE INTO trend_alerts VALUES (?, ?, ?, ?)",
        [
            (str(target), alert.id, stamp(alert.created_at), int(alert.level))
            for alert in alerts
            if alert.kind is AlertKind.NEW
            for target in sorted(targets(alert), key=str)
            if target.kind in COUNTED
        ],
    )


def forget(cursor: sqlite3.Connection, now: datetime) -> None:
    """Drop what nobody can ask for any more."""
    cursor.execute("DELETE FROM trend_counts WHERE slot < ?", (_slot(now - KEPT),))
    cursor.execute("DELETE FROM trend_alerts WHERE at < ?", (stamp(now - KEPT),))


def _slot(at: datetime) -> int:
    return int(at.timestamp() // SLOT.total_seconds())


def _midnight(day: date, tz: tzinfo) -> datetime:
    """When a day begins; where the clock skips midnight, at the moment it does."""
    return datetime.combine(day, time(), tz).astimezone(UTC)
