"""What the managers' morning report asks of the database, and when the last one went out."""

from __future__ import annotations

from datetime import datetime

from bot.store.database import Database
from bot.store.rows import moment, stamp

_KEY = "morning"


def fired(db: Database, since: datetime, limit: int) -> list[tuple[str, int]]:
    """The rules that began most cards since then, with how many."""
    rows = db.rows(
        "SELECT rule_id, count(*) AS n FROM alerts WHERE kind = 'new' AND created_at >= ? "
        "GROUP BY rule_id ORDER BY n DESC, rule_id LIMIT ?",
        (stamp(since), limit),
    )
    return [(row["rule_id"], row["n"]) for row in rows]


def last_report(db: Database) -> datetime | None:
    """When the last report went out; None before the first."""
    return moment(db.value("SELECT value FROM meta WHERE key = ?", (_KEY,)))


def note_report(db: Database, now: datetime) -> None:
    """One goes out now."""
    with db.transaction() as cursor:
        cursor.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_KEY, stamp(now)))
