"""Who has seen which card in a group. Implements `shelves.Acks`."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.store.database import Database
from bot.store.rows import clean, stamp
from bot.text import digest

# The card as it would be shown now; only one that stands in the chat can be edited. The oldest row of a story that
# waits may be on its way, with the names of a moment ago; an edit behind it is enough for all who come meanwhile.
_REDRAW = """
    INSERT OR IGNORE INTO outbox (id, alert_id, subscriber_id, story_id, rule_id, kind, level, silent, created_at, seq,
        due_at, state, card)
    SELECT :id, alert_id, subscriber_id, story_id, rule_id, 'edit', level, 1, :now, (SELECT max(seq) + 1 FROM outbox),
        :now, 'pending', card
    FROM outbox o WHERE subscriber_id = :who AND story_id = :story AND kind <> 'reply' AND state IN ('sent', 'pending')
        AND EXISTS (
        SELECT 1 FROM outbox q WHERE q.subscriber_id = o.subscriber_id AND q.story_id = o.story_id
        AND q.kind <> 'reply' AND q.message_id <> '')
        AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = :who AND s.active = 1)
        AND NOT EXISTS (
        SELECT 1 FROM outbox w JOIN outbox q ON q.subscriber_id = w.subscriber_id AND q.story_id = w.story_id
        AND q.state = 'pending' AND q.seq < w.seq
        WHERE w.subscriber_id = :who AND w.story_id = :story AND w.state = 'pending' AND w.kind = 'edit')
    ORDER BY seq DESC LIMIT 1
"""


class Acks:
    """Marks by chat, story and person; see `shelves.Acks`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def toggle(
        self, subscriber_id: str, message_id: str, user: str, name: str, now: datetime, /
    ) -> bool | None:
        """Note who has seen a card, or that they take it back; None where alerts are off."""
        with self._db.transaction() as cursor:
            found = cursor.execute(
                "SELECT o.story_id FROM outbox o JOIN stories s ON s.id = o.story_id "
                "WHERE o.subscriber_id = ? AND o.message_id = ? LIMIT 1",
                (subscriber_id, message_id),
            ).fetchone()
            if found is None:
                return False
            if not cursor.execute(
                "SELECT active FROM subscribers WHERE id = ? AND active = 1", (subscriber_id,)
            ).fetchone():
                return None
            mark = (subscriber_id, found["story_id"], user)
            gone = cursor.execute(
                "DELETE FROM acks WHERE subscriber_id = ? AND story_id = ? AND user = ?", mark
            )
            if not gone.rowcount:
                cursor.execute("INSERT INTO acks VALUES (?, ?, ?, ?, ?)", (*mark, clean(name), stamp(now)))
            redraw(cursor, subscriber_id, found["story_id"], now)
            return True


def names_of(db: Database, subscriber_id: str, story_id: str) -> tuple[str, ...]:
    """Who has seen the story's card there, the first one first."""
    rows = db.rows(
        "SELECT name FROM acks WHERE subscriber_id = ? AND story_id = ? ORDER BY at, user",
        (subscriber_id, story_id),
    )
    return tuple(row["name"] for row in rows)


def redraw(cursor: sqlite3.Connection, subscriber_id: str, story_id: str, now: datetime) -> None:
    """Queue an edit of the card, inside a transaction: who has seen it is put under it when it is sent."""
    last = cursor.execute("SELECT coalesce(max(seq), 0) FROM outbox").fetchone()[0]
    key = digest("seen", subscriber_id, story_id, str(last))
    cursor.execute(_REDRAW, {"id": key, "who": subscriber_id, "story": story_id, "now": stamp(now)})
