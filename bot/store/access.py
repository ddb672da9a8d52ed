"""Whom managers let in and keep out. Implements `office.Access`."""

from __future__ import annotations

from datetime import datetime

from bot.office import Admission
from bot.store.database import Database
from bot.store.outgoing import audience_changed, close_pending
from bot.store.rows import stamp

LIMIT = 30  # commands a minute, unless managers say otherwise


class Access:
    """Admissions by Telegram's ids; see `office.Access`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def admission(self, number: str, /) -> Admission:
        """What managers have said of it."""
        return Admission(self._db.value("SELECT state FROM access WHERE id = ?", (number,)) or "")

    def is_subscribed(self, number: str, /) -> bool:
        """Whether the chat of this id, or a topic in it, is a subscriber."""
        subscriber_id = f"telegram:{number}"
        found = self._db.value(
            "SELECT 1 FROM subscribers WHERE id = ? OR (id > ? AND id < ?) LIMIT 1",
            (subscriber_id, subscriber_id + "/", subscriber_id + "0"),
        )
        return found is not None

    def admit(self, number: str, admission: Admission, who: str, now: datetime, /) -> None:
        """Let it in or keep it out; a chat that is kept out gets nothing any more."""
        with self._db.transaction() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO access VALUES (?, ?, ?, ?)",
                (number, admission.value, stamp(now), who),
            )
            if admission is not Admission.BANNED:
                return
            subscriber_id = f"telegram:{number}"
            rows = cursor.execute(
                "SELECT id FROM subscribers WHERE id = ? OR (id > ? AND id < ?)",
                (subscriber_id, subscriber_id + "/", subscriber_id + "0"),
            ).fetchall()
            for row in rows:
                cursor.execute(
                    "UPDATE subscribers SET active = 0, error = 'banned' WHERE id = ?", (row["id"],)
                )
                close_pending(cursor, row["id"], "banned", now)
            audience_changed(cursor)

    def limit(self) -> int:
        """How many commands a minute a user may give."""
        return int(self._db.value("SELECT value FROM meta WHERE key = 'commands a minute'") or LIMIT)

    def set_limit(self, limit: int, /) -> None:
        """Allow so many."""
        with self._db.transaction() as cursor:
            cursor.execute("INSERT OR REPLACE INTO meta VALUES ('commands a minute', ?)", (str(limit),))
