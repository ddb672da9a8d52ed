"""What readers said of cards; see `shelves.Feedback`."""

from __future__ import annotations

from datetime import datetime

from bot.model import Alert
from bot.shelves import Vote, Votes
from bot.store.database import Database
from bot.store.rows import ALERT, ENTRY_COLUMNS, entry_of, stamp


class FeedbackStore:
    """Votes by alert, chat and person: who votes again changes the vote."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def vote(
        self,
        alert: Alert,
        feed_id: str,
        subscriber_id: str,
        user: str,
        /,
        *,
        useful: bool,
        reason: str,
        now: datetime,
    ) -> bool:
        """Note one."""
        with self._db.transaction() as cursor:
            noted = cursor.execute(
                "INSERT OR REPLACE INTO feedback SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 "
                "WHERE EXISTS (SELECT 1 FROM outbox WHERE alert_id = ?1 AND subscriber_id = ?2)",
                (alert.id, subscriber_id, user, int(useful), reason, alert.rule_id, feed_id, stamp(now)),
            )
            return noted.rowcount > 0

    def of_reader(self, rule_id: str, subscriber_id: str, since: datetime, /) -> Votes:
        """Those of one chat on the cards of one rule."""
        row = self._db.row(
            "SELECT count(*) AS n, coalesce(sum(useful), 0) AS useful FROM feedback "
            "WHERE rule_id = ? AND subscriber_id = ? AND at >= ?",
            (rule_id, subscriber_id, stamp(since)),
        )
        assert row is not None
        return Votes(name=rule_id, useful=row["useful"], total=row["n"])

    def of_chat(self, subscriber_id: str, since: datetime, limit: int, /) -> list[Vote]:
        """Those of one chat on cards that are stored, the newest first."""
        columns = ", ".join(f"e.{c.strip()}" for c in ENTRY_COLUMNS.split(","))
        rows = self._db.rows(
            f"SELECT f.useful, a.body AS alert, {columns} FROM feedback f JOIN alerts a ON a.id = f.alert_id "
            "JOIN entries e ON e.id = a.entry_id WHERE f.subscriber_id = ? AND f.at >= ? "
            "ORDER BY f.at DESC, f.alert_id, f.user LIMIT ?",
            (subscriber_id, stamp(since), limit),
        )
        return [
            Vote(alert=ALERT.validate_json(row["alert"]), entry=entry_of(row), useful=bool(row["useful"]))
            for row in rows
        ]

    def by_rule(self, since: datetime, /) -> list[Votes]:
        """For each rule, in the order of their ids."""
        return self._by("rule_id", since)

    def by_source(self, since: datetime, /) -> list[Votes]:
        """For each feed, in the order of their ids."""
        return self._by("feed_id", since)

    def _by(self, column: str, since: datetime) -> list[Votes]:
        rows = self._db.rows(
            f"SELECT {column} AS name, count(*) AS n, sum(useful) AS useful FROM feedback "
            f"WHERE at >= ? GROUP BY {column} ORDER BY {column}",
            (stamp(since),),
        )
        return [Votes(name=row["name"], useful=row["useful"], total=row["n"]) for row in rows]
