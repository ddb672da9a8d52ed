"""What is held for subscribers until their next digest, and whose is due."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.model import Alert, DigestDue, Held, Outcome, Reason, Story, Subscriber
from bot.store.database import Database
from bot.store.rows import ALERT, STORY, moment, stamp, subscriber_of

MOST = 200  # stories that are held for a subscriber; the least important go first
_SETTLED = timedelta(minutes=2)  # nothing more has come of what was missed
_LONGEST = timedelta(minutes=10)  # that one waits for the rest of what was missed


class Digests:
    """Reads what is held; only `Ingest` writes it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def due(self, now: datetime, limit: int = 100) -> list[DigestDue]:
        """Digests whose time has come, and what is to be told of a time in which the program was down."""
        rows = self._db.rows(
            "SELECT * FROM subscribers WHERE active = 1 AND digest_at <= ? ORDER BY digest_at, id LIMIT ?",
            (stamp(now), limit),
        )
        found = [self._due(subscriber_of(row), list(Reason), is_regular=True) for row in rows]
        taken = {due.subscriber.id for due in found}
        rows = self._db.rows(
            "SELECT s.*, min(h.at) AS first, max(h.at) AS last FROM held h JOIN subscribers s ON s.id = h.subscriber_id "
            "WHERE h.reason = 'away' AND s.active = 1 GROUP BY s.id ORDER BY s.id"
        )
        for row in rows:
            first, last = moment(row["first"]), moment(row["last"])
            assert first is not None
            assert last is not None
            settled = now - last >= _SETTLED or now - first >= _LONGEST
            if settled and row["id"] not in taken and len(found) < limit:
                found.append(self._due(subscriber_of(row), [Reason.AWAY], is_regular=False))
        return found

    def _due(self, subscriber: Subscriber, reasons: Sequence[Reason], *, is_regular: bool) -> DigestDue:
        marks = ",".join("?" * len(reasons))
        rows = self._db.rows(
            f"SELECT h.*, s.body AS story, a.id AS known FROM held h LEFT JOIN stories s ON s.id = h.story_id "
            f"LEFT JOIN alerts a ON a.id = json_extract(h.alert, '$.id') WHERE h.subscriber_id = ? AND h.reason IN ({marks}) ORDER BY h.level DESC, h.at DESC, h.story_id",
            (subscriber.id, *(r.value for r in reasons)),
        )
        held: list[Held] = []
        stories: dict[str, Story] = {}
        known: set[str] = set()
        for row in rows:
            at = moment(row["at"])
            assert at is not None
            alert: Alert = ALERT.validate_json(row["alert"])
            held.append(Held(subscriber_id=subscriber.id, alert=alert, reason=Reason(row["reason"]), at=at))
            if row["known"]:
                known.add(alert.id)
            if row["story"]:
                stories[alert.story_id] = STORY.validate_json(row["story"])
        return DigestDue(
            subscriber=subscriber,
            held=tuple(held),
            stories=stories,
            known=frozenset(known),
            is_regular=is_regular,
        )


def write_held(cursor: sqlite3.Connection, outcome: Outcome) -> None:
    """Keep what a batch holds for digests, and forget what a digest has told, inside a transaction."""
    cursor.executemany(
        "INSERT INTO held VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (subscriber_id, story_id) DO UPDATE SET "
        "alert = CASE WHEN excluded.level < level THEN alert ELSE excluded.alert END, "
        "level = max(level, excluded.level)",
        [
            (
                h.subscriber_id,
                h.alert.story_id,
                h.reason.value,
                stamp(h.at),
                int(h.alert.level),
                ALERT.dump_json(h.alert).decode(),
            )
            for h in outcome.held
        ],
    )
    for subscriber_id in {h.subscriber_id for h in outcome.held}:
        cursor.execute(
            "DELETE FROM held WHERE subscriber_id = ?1 AND story_id NOT IN (SELECT story_id FROM held "
            "WHERE subscriber_id = ?1 ORDER BY level DESC, at DESC LIMIT ?2)",
            (subscriber_id, MOST),
        )
    for sent in outcome.digests:
        cursor.execute(
            "DELETE FROM held WHERE subscriber_id = ? AND at <= ?"
            + ("" if sent.is_regular else " AND reason = 'away'"),
            (sent.subscriber_id, stamp(sent.upto)),
        )
        if sent.is_regular:
            cursor.execute(
                "UPDATE subscribers SET digest_at = ? WHERE id = ?", (stamp(sent.next_at), sent.subscriber_id)
            )
