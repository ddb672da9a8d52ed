"""Rules that chats are putting together, so that their buttons work after a restart. Implements `shelves.Drafts`."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.store.database import Database
from bot.store.rows import clean, stamp
from bot.text import digest

KEPT_FOR = timedelta(days=30)
KEPT_OF_CHAT, KEPT = 30, 10_000  # of one chat, and in all


class Drafts:
    """Texts by chat and id; see `shelves.Drafts`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def keep(self, subscriber_id: str, text: str, now: datetime, /) -> str:
        """Keep a text and give the id by which it is found; the same text has the same id."""
        draft_id = digest(subscriber_id, text)
        with self._db.transaction() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO drafts (id, subscriber_id, at, body) VALUES (?, ?, ?, ?)",
                (draft_id, subscriber_id, stamp(now), clean(text)),
            )
            cursor.execute("DELETE FROM drafts WHERE at < ?", (stamp(now - KEPT_FOR),))
            cursor.execute(
                "DELETE FROM drafts WHERE subscriber_id = ?1 AND id NOT IN "
                "(SELECT id FROM drafts WHERE subscriber_id = ?1 ORDER BY at DESC, rowid DESC LIMIT ?2)",
                (subscriber_id, KEPT_OF_CHAT),
            )
            cursor.execute(
                "DELETE FROM drafts WHERE at < (SELECT at FROM drafts ORDER BY at DESC LIMIT 1 OFFSET ?)",
                (KEPT - 1,),
            )
        return draft_id

    def kept(self, draft_id: str, /, *, subscriber_id: str) -> str:
        """A kept text, to the chat that it belongs to only; empty if there is none."""
        body = self._db.value(
            "SELECT body FROM drafts WHERE id = ? AND subscriber_id = ?", (clean(draft_id), subscriber_id)
        )
        return str(body or "")
