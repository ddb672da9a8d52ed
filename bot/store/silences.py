"""The operator's silences, as the bot reads them with each batch and the command line writes them."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.model import Reason, Silence
from bot.store.database import Database
from bot.store.rows import clean, silence_of, stamp

LONGEST = timedelta(days=30)


class Silences:
    """What is silenced, until when, and what that held back."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def in_force(self, now: datetime) -> tuple[Silence, ...]:
        """Those that have not ended yet, in the order in which they were made."""
        rows = self._db.rows("SELECT * FROM silences WHERE until > ? ORDER BY rowid", (stamp(now),))
        return tuple(silence_of(row) for row in rows)

    def add(self, silence: Silence) -> None:
        """Begin one; its end is at most `LONGEST` away, or what it held back could not be counted."""
        with self._db.transaction() as cursor:
            cursor.execute(
                "INSERT INTO silences (id, until, rule_id, company, story_id, feed_id, comment) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    silence.id,
                    stamp(silence.until),
                    silence.rule_id,
                    silence.company,
                    silence.story_id,
                    silence.feed_id,
                    clean(silence.comment),
                ),
            )

    def end(self, silence_id: str) -> bool:
        """End one before its time; False if there is none of this id."""
        with self._db.transaction() as cursor:
            return cursor.execute("DELETE FROM silences WHERE id = ?", (silence_id,)).rowcount > 0

    def held(self, silence: Silence) -> int:
        """How many cards it has held back: stories, for each rule once.

        A decision names the end of the silence behind it, to the microsecond: no two have the same.
        """
        return int(
            self._db.value(
                "SELECT count(*) FROM (SELECT DISTINCT story_id, rule_id FROM verdicts "
                "WHERE at >= ? AND reason = ? AND until = ?)",
                (stamp(silence.until - LONGEST), Reason.SILENCED.value, stamp(silence.until)),
            )
        )

    def stories(self, reference: str) -> list[str]:
        """Ids of stories that begin so, or that an alert is about whose id begins so; two at most."""
        bounds = (reference, reference + "\uffff")
        rows = self._db.rows(
            "SELECT id FROM stories WHERE id >= ? AND id < ? "
            "UNION SELECT story_id FROM alerts WHERE id >= ? AND id < ? LIMIT 2",
            (*bounds, *bounds),
        )
        return [row["id"] for row in rows]
