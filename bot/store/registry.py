"""What managers do about people, and the list of what they did. Implements `office.Registry`."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.model import Card
from bot.office import Broadcast, Deed, People, Person
from bot.store.database import Database
from bot.store.rows import CARD, clean, moment, stamp
from bot.text import digest

_NEW = timedelta(days=7)
_BELOW_ALL = -1  # a level below every alert's, so that each overtakes it
_STORY = "broadcast "  # no story has such an id
# Of the channel that people write to; what a reader has muted waits until then.
_TOLD = "active = 1 AND channel = 'telegram'"


class Registry:
    """People, broadcasts and deeds; see `office.Registry`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def people(self, now: datetime, limit: int, /) -> People:
        """Subscribers in figures, with the `limit` newest and the `limit` last that were lost."""
        row = self._db.row(
            "SELECT sum(active) AS active, sum(NOT active) AS inactive, "
            "sum(active AND (address LIKE '-%' OR address LIKE '@%')) AS groups, sum(created_at >= ?) AS new "
            "FROM subscribers WHERE channel = 'telegram'",
            (stamp(now - _NEW),),
        )
        assert row is not None
        admitted = {
            r["state"]: r["n"]
            for r in self._db.rows("SELECT state, count(*) AS n FROM access GROUP BY state")
        }
        return People(
            active=row["active"] or 0,
            inactive=row["inactive"] or 0,
            groups=row["groups"] or 0,
            new=row["new"] or 0,
            allowed=admitted.get("allowed", 0),
            banned=admitted.get("banned", 0),
            newest=self._persons("active = 1", limit),
            gone=self._persons("active = 0", limit),
        )

    def _persons(self, where: str, limit: int) -> list[Person]:
        rows = self._db.rows(
            f"SELECT address, active, created_at, error FROM subscribers WHERE channel = 'telegram' AND {where} "
            "ORDER BY created_at DESC, id LIMIT ?",
            (limit,),
        )
        return [
            Person(
                address=row["address"],
                active=bool(row["active"]),
                created_at=moment(row["created_at"]),
                error=row["error"],
            )
            for row in rows
        ]

    def draft(self, card: Card, who: str, now: datetime, /) -> Broadcast:
        """Keep something to tell all, until it is confirmed."""
        key = secrets.token_hex(4)
        with self._db.transaction() as cursor:
            cursor.execute(
                "INSERT INTO broadcasts VALUES (?, ?, ?, 'drafted', ?)",
                (key, stamp(now), who, clean(CARD.dump_json(card).decode())),
            )
        made = self.broadcast(key)
        assert made is not None
        return made

    def broadcast(self, broadcast_id: str, /) -> Broadcast | None:
        """How it stands."""
        row = self._db.row("SELECT * FROM broadcasts WHERE id = ?", (broadcast_id,))
        if row is None:
            return None
        of_it = self._db.rows(
            "SELECT state, count(*) AS n FROM outbox WHERE story_id = ? GROUP BY state",
            (_STORY + broadcast_id,),
        )
        states = {r["state"]: r["n"] for r in of_it}
        recipients = sum(states.values())
        if row["state"] == "drafted":
            recipients = self._db.value(f"SELECT count(*) FROM subscribers WHERE {_TOLD}")
        at = moment(row["at"])
        assert at is not None
        return Broadcast(
            id=row["id"],
            at=at,
            state=row["state"],
            recipients=recipients,
            sent=states.get("sent", 0),
            waiting=states.get("pending", 0),
        )

    def send(self, broadcast_id: str, now: datetime, /) -> bool:
        """Queue a draft for every active subscriber, below every alert; False if it is no draft any more."""
        with self._db.transaction() as cursor:
            row = cursor.execute(
                "SELECT card FROM broadcasts WHERE id = ? AND state = 'drafted'", (broadcast_id,)
            ).fetchone()
            if row is None:
                return False
            cursor.execute("UPDATE broadcasts SET state = 'queued' WHERE id = ?", (broadcast_id,))
            seq = cursor.execute("SELECT coalesce(max(seq), 0) FROM outbox").fetchone()[0]
            everybody = cursor.execute(
                f"SELECT id, muted_until FROM subscribers WHERE {_TOLD} ORDER BY created_at, id"
            ).fetchall()
            cursor.executemany(
                "INSERT INTO outbox (id, alert_id, subscriber_id, story_id, rule_id, kind, level, silent, "
                "created_at, seq, due_at, state, card) VALUES (?, '', ?, ?, '', 'new', ?, 1, ?, ?, ?, 'pending', ?)",
                [
                    (
                        digest("broadcast", broadcast_id, who["id"]),
                        who["id"],
                        _STORY + broadcast_id,
                        _BELOW_ALL,
                        stamp(now),
                        seq + n,
                        max(stamp(now) or "", who["muted_until"] or ""),
                        row["card"],
                    )
                    for n, who in enumerate(everybody, 1)
                ],
            )
            return True

    def cancel(self, broadcast_id: str, now: datetime, /) -> int:
        """Close what of it still waits, or drop the draft; how many will not get it."""
        with self._db.transaction() as cursor:
            cursor.execute("UPDATE broadcasts SET state = 'cancelled' WHERE id = ?", (broadcast_id,))
            done = cursor.execute(
                "UPDATE outbox SET state = 'closed', error = 'the broadcast was cancelled', closed_at = ? "
                "WHERE story_id = ? AND state = 'pending'",
                (stamp(now), _STORY + broadcast_id),
            )
            return done.rowcount

    def note(self, deed: Deed, /) -> None:
        """Add to the list of what was done."""
        with self._db.transaction() as cursor:
            cursor.execute(
                "INSERT INTO audit (at, who, what, result) VALUES (?, ?, ?, ?)",
                (stamp(deed.at), deed.who, clean(deed.what), clean(deed.result)),
            )

    def deeds(self, limit: int, /) -> Sequence[Deed]:
        """What was done last, newest first."""
        rows = self._db.rows("SELECT * FROM audit ORDER BY n DESC LIMIT ?", (limit,))
        return [_deed(row) for row in rows]

    def times(self, who: str, beginning: str, since: datetime, until: datetime, /) -> int:
        """How many deeds of somebody begin so, after `since` and not after `until`."""
        found = self._db.value(
            "SELECT count(*) FROM audit WHERE at > ? AND at <= ? AND who = ? AND substr(what, 1, length(?)) = ?",
            (stamp(since), stamp(until), who, beginning, beginning),
        )
        return int(found)


def _deed(row: sqlite3.Row) -> Deed:
    at = moment(row["at"])
    assert at is not None
    return Deed(at=at, who=row["who"], what=row["what"], result=row["result"])
