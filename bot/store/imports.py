"""Settings that somebody sent as a file: kept until they are applied, and then all set at once. Implements `shelves.Imports`."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from bot.shelves import Wishes
from bot.store.database import Database
from bot.store.outgoing import audience_changed
from bot.store.rows import clean, digest_text, quiet_text, stamp

KEPT_FOR = timedelta(days=1)

_WISHES: TypeAdapter[Wishes] = TypeAdapter(Wishes)
_STEP = timedelta(microseconds=1)


class Imports:
    """One row for each chat that was asked whether to apply a file; see `shelves.Imports`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def keep(self, import_id: str, subscriber_id: str, wishes: Wishes, now: datetime, /) -> None:
        """Keep them, and drop old ones."""
        with self._db.transaction() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO imports VALUES (?, ?, ?, ?)",
                (subscriber_id, import_id, stamp(now), clean(_WISHES.dump_json(wishes).decode())),
            )
            cursor.execute("DELETE FROM imports WHERE at < ?", (stamp(now - KEPT_FOR),))

    def kept(self, import_id: str, subscriber_id: str, now: datetime, /) -> Wishes | None:
        """Those of this id."""
        row = self._db.row(
            "SELECT wishes FROM imports WHERE subscriber_id = ? AND id = ? AND at >= ?",
            (subscriber_id, clean(import_id), stamp(now - KEPT_FOR)),
        )
        return _WISHES.validate_json(row["wishes"]) if row else None

    def drop(self, import_id: str, subscriber_id: str, /) -> None:
        """Forget them."""
        with self._db.transaction() as cursor:
            _taken(cursor, import_id, subscriber_id)

    def apply(
        self,
        import_id: str,
        subscriber_id: str,
        wishes: Wishes,
        now: datetime,
        /,
        *,
        due: datetime | None,
        by_budget: bool,
    ) -> bool:
        """Set all of it."""
        with self._db.transaction() as cursor:
            if not _taken(cursor, import_id, subscriber_id):
                return False
            columns = {
                "language": wishes.language,
                "level": int(wishes.level),
                "timezone": wishes.timezone,
                "quiet": quiet_text(wishes.quiet),
                "budget": wishes.budget,
                "digest": digest_text(wishes.digest),
            }
            values = {name: value for name, value in columns.items() if name in wishes.named}
            if "digest" in wishes.named:
                values |= {"digest_at": stamp(due), "digest_by_budget": int(by_budget)}
            for column, value in values.items():
                cursor.execute(f"UPDATE subscribers SET {column} = ? WHERE id = ?", (value, subscriber_id))
            if "follow" in wishes.named:
                _follow(cursor, subscriber_id, wishes, now)
            if "mute" in wishes.named:
                _mute(cursor, subscriber_id, wishes)
            audience_changed(cursor)
        return True


def _taken(cursor: sqlite3.Connection, import_id: str, subscriber_id: str) -> bool:
    """Take what waits out of the table; False if it does not wait any more."""
    gone = cursor.execute(
        "DELETE FROM imports WHERE subscriber_id = ? AND id = ?", (subscriber_id, clean(import_id))
    )
    return gone.rowcount > 0


def _follow(cursor: sqlite3.Connection, subscriber_id: str, wishes: Wishes, now: datetime) -> None:
    """Follow exactly this; what was followed before keeps its place in the order."""
    wanted = {(target.kind.value, target.id) for target, _ in wishes.follow}
    held = cursor.execute("SELECT kind, target FROM watches WHERE subscriber_id = ?", (subscriber_id,))
    for kind, target in [(row["kind"], row["target"]) for row in held.fetchall()]:
        if (kind, target) not in wanted:
            cursor.execute(
                "DELETE FROM watches WHERE subscriber_id = ? AND kind = ? AND target = ?",
                (subscriber_id, kind, target),
            )
    for n, (target, level) in enumerate(wishes.follow):
        cursor.execute(
            "INSERT INTO watches (subscriber_id, kind, target, created_at, level) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (subscriber_id, kind, target) DO UPDATE SET level = excluded.level",
            (
                subscriber_id,
                target.kind.value,
                target.id,
                stamp(now + n * _STEP),
                None if level is None else int(level),
            ),
        )


def _mute(cursor: sqlite3.Connection, subscriber_id: str, wishes: Wishes) -> None:
    """Mute exactly this; what is muted of a single story stays."""
    cursor.execute("DELETE FROM mutes WHERE subscriber_id = ? AND story_id = ''", (subscriber_id,))
    for mute in wishes.mute:
        cursor.execute(
            "INSERT OR REPLACE INTO mutes VALUES (?, ?, ?, ?, ?, '', ?, ?)",
            (
                mute.id,
                subscriber_id,
                stamp(mute.until),
                mute.rule_id,
                mute.company,
                mute.feed_id,
                clean(mute.comment),
            ),
        )
