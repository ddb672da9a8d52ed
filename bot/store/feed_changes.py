"""What managers changed of the feeds, beside what the file says, and how much comes of each feed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from bot.model import Feed
from bot.office import FeedChange
from bot.store.database import Database
from bot.store.rows import clean, moment, stamp

_FEED: TypeAdapter[Feed] = TypeAdapter(Feed)


class FeedChanges:
    """Kept by feed id."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> dict[str, FeedChange]:
        """Every change, in the order in which the feeds were first changed."""
        rows = self._db.rows("SELECT * FROM feed_changes ORDER BY rowid")
        return {
            row["feed_id"]: FeedChange(
                feed_id=row["feed_id"],
                enabled=None if row["enabled"] is None else bool(row["enabled"]),
                url=row["url"],
                instead_of=row["instead_of"],
                added=_FEED.validate_json(row["added"]) if row["added"] else None,
            )
            for row in rows
        }

    def put(self, change: FeedChange) -> None:
        """Keep a change in the place of the one before; one that wants nothing is dropped."""
        with self._db.transaction() as cursor:
            if change.is_nothing:
                cursor.execute("DELETE FROM feed_changes WHERE feed_id = ?", (change.feed_id,))
                return
            cursor.execute(
                "INSERT INTO feed_changes VALUES (?, ?, ?, ?, ?) ON CONFLICT (feed_id) DO UPDATE SET "
                "enabled = excluded.enabled, url = excluded.url, instead_of = excluded.instead_of, "
                "added = excluded.added",
                (
                    change.feed_id,
                    change.enabled,
                    clean(change.url),
                    clean(change.instead_of),
                    clean(_FEED.dump_json(change.added).decode()) if change.added else "",
                ),
            )

    def rates(self, now: datetime, span: timedelta) -> Mapping[str, tuple[int, datetime]]:
        """How many entries each feed brought within a time, and when the last one came; by feed id."""
        rows = self._db.rows(
            "SELECT feed_id, count(*) AS n, max(seen_at) AS last FROM entries WHERE seen_at >= ? GROUP BY feed_id",
            (stamp(now - span),),
        )
        return {row["feed_id"]: (row["n"], last) for row in rows if (last := moment(row["last"])) is not None}
