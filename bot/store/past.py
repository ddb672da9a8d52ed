"""What was told of late, and how far new chats have come with their setup."""

from __future__ import annotations

from datetime import datetime

from bot.model import Setup, SetupStep, Severity, Target, TargetKind
from bot.ports import Past
from bot.store.database import Database
from bot.store.rows import ALERT, ENTRY_COLUMNS, entry_of, moment, stamp


def read_past(db: Database, since: datetime, limit: int) -> Past:
    """The cards of the time since then; see `ports.Desk.past`."""
    columns = ", ".join(f"e.{c.strip()}" for c in ENTRY_COLUMNS.split(","))
    rows = db.rows(
        f"SELECT a.body AS alert, {columns} FROM alerts a JOIN entries e ON e.id = a.entry_id "
        "WHERE a.kind = 'new' AND a.created_at >= ? ORDER BY a.created_at DESC, a.id LIMIT ?",
        (stamp(since), limit),
    )
    oldest = moment(
        db.value("SELECT seen_at FROM entries WHERE date_quality IN ('ok', 'naive') ORDER BY seen_at LIMIT 1")
    )
    listened = db.rows(
        "SELECT s.level, min(w.created_at) AS since FROM subscribers s JOIN watches w ON w.subscriber_id = s.id "
        "WHERE s.active = 1 AND w.kind = ? AND w.level IS NULL GROUP BY s.level",
        (TargetKind.ALL.value,),
    )
    alerts = tuple((ALERT.validate_json(row["alert"]), entry_of(row)) for row in rows)
    begun = max(since, oldest) if oldest is not None else None
    if begun is not None and len(alerts) == limit:
        begun = max(begun, alerts[-1][0].created_at)
    return Past(
        alerts=alerts,
        since=begun,
        listened={Severity(row["level"]): datetime.fromisoformat(row["since"]) for row in listened},
    )


def read_setup(db: Database, subscriber_id: str) -> Setup | None:
    """How far a chat has come; None where it is done or never began."""
    row = db.row("SELECT * FROM setups WHERE subscriber_id = ?", (subscriber_id,))
    if row is None:
        return None
    named = [line.partition(":") for line in row["offers"].split("\n") if line]
    offers = tuple(Target(TargetKind(kind), name) for kind, _, name in named)
    return Setup(step=SetupStep(row["step"]), message_id=row["message_id"], offers=offers)


def write_setup(db: Database, subscriber_id: str, setup: Setup | None) -> None:
    """Keep how far a chat has come; None: it is done."""
    with db.transaction() as cursor:
        if setup is None:
            cursor.execute("DELETE FROM setups WHERE subscriber_id = ?", (subscriber_id,))
            return
        offers = "\n".join(str(target) for target in setup.offers)
        cursor.execute(
            "INSERT OR REPLACE INTO setups VALUES (?, ?, ?, ?)",
            (subscriber_id, setup.step.value, setup.message_id, offers),
        )
