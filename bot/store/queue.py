"""The outbox: notifications that wait, were delivered, or never can be. Implements `ports.Outbox`."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice

from bot.model import AlertKind, Card, Notification, OutboxItem, Receipt, Severity
from bot.store.acks import names_of
from bot.store.database import Database
from bot.store.moves import move_subscriber
from bot.store.outgoing import audience_changed, close_pending
from bot.store.rows import CARD, clean, moment, stamp, subscriber_of

# Within a story the order is kept (an edit or a reply never before its card), so only the oldest row of each
# story may go. Of those the louder overtakes what is quieter; equally loud ones keep their order. A row that
# waits for its own story holds up no other, or a loud reply behind a quiet card would stop the whole chat; nor
# does one that a route holds back. One that waits to be tried again does: its chat does not answer.
_DUE = """
    SELECT o.* FROM outbox o INDEXED BY outbox_pending JOIN subscribers s ON s.id = o.subscriber_id
    WHERE o.state = 'pending' AND substr(o.subscriber_id, 1, instr(o.subscriber_id, ':') - 1) = :channel
      AND o.due_at <= :now AND s.active = 1
      AND NOT EXISTS (SELECT 1 FROM outbox q WHERE q.state = 'pending'
        AND q.subscriber_id = o.subscriber_id AND q.story_id = o.story_id AND q.seq < o.seq)
      AND NOT EXISTS (
        SELECT 1 FROM outbox p WHERE p.state = 'pending' AND p.subscriber_id = o.subscriber_id
        AND ((p.seq < o.seq AND p.level >= o.level AND (p.attempts > 0 OR p.due_at <= :now)) OR (p.seq > o.seq AND p.level > o.level AND p.due_at <= :now))
        AND NOT EXISTS (SELECT 1 FROM outbox q WHERE q.state = 'pending'
          AND q.subscriber_id = p.subscriber_id AND q.story_id = p.story_id AND q.seq < p.seq))
    ORDER BY o.level DESC, o.seq LIMIT :limit
"""
_NEXT = """
    SELECT min(o.due_at) FROM outbox o JOIN subscribers s ON s.id = o.subscriber_id
    WHERE o.state = 'pending' AND s.active = 1
      AND substr(o.subscriber_id, 1, instr(o.subscriber_id, ':') - 1) = ?
"""
AHEAD = 128  # rows that are looked up beyond those asked for
LASTS = timedelta(seconds=0.25)  # that what was looked up holds at most: other rows fall due meanwhile
_Version = tuple[int, int]


@dataclass(slots=True)
class _Ahead:
    """What was found due, in order, and with which state of the database that holds."""

    rows: dict[str, sqlite3.Row]  # by notification id
    version: _Version
    at: datetime
    whole: bool  # nothing else was due, and nothing has been closed since

    def holds(self, version: _Version, now: datetime) -> bool:
        return version == self.version and self.at <= now < self.at + LASTS


class Queue:
    """The persisted queue of notifications; see `ports.Outbox` for what each method promises.

    What is due is looked up for many at once and kept until anybody else writes to the database, this object
    parks or moves something, or `LASTS` is over: each look costs a few microseconds instead of some for each
    row that waits.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._taken: dict[str, str] = {}  # card of each item handed out, to see that it changed meanwhile
        self._ahead: dict[frozenset[str] | None, _Ahead] = {}  # by the channels that were asked for

    def due(
        self,
        now: datetime,
        limit: int,
        /,
        *,
        exclude: frozenset[str] = frozenset(),
        channels: frozenset[str] | None = None,
    ) -> list[OutboxItem]:
        """Pending items whose time has come: louder first, then older; at most one a subscriber."""
        ahead = self._ahead.get(channels)
        if ahead is None or not ahead.holds(self._version(), now):
            ahead = self._look(now, limit + len(exclude), channels)
        found = _first(ahead, limit, exclude)
        if len(found) < limit and not ahead.whole:
            found = _first(self._look(now, limit + len(exclude), channels), limit, exclude)
        return [self._item(row) for row in found]

    def _look(self, now: datetime, count: int, channels: frozenset[str] | None) -> _Ahead:
        version, limit, rows = self._version(), count + AHEAD, list[sqlite3.Row]()
        for channel in self._channels(channels):
            rows += self._db.rows(_DUE, {"now": stamp(now), "limit": limit, "channel": channel})
        rows.sort(key=lambda row: (-row["level"], row["seq"]))
        self._ahead[channels] = _Ahead({r["id"]: r for r in rows[:limit]}, version, now, len(rows) < limit)
        return self._ahead[channels]

    def _channels(self, channels: frozenset[str] | None) -> list[str]:
        if channels is not None:
            return sorted(channels)
        return [row["channel"] for row in self._db.rows("SELECT DISTINCT channel FROM subscribers")]

    def _version(self) -> _Version:
        """Another one whenever something was written: by others, or through this connection."""
        return self._db.value("PRAGMA data_version"), self._db.connection.total_changes

    @contextmanager
    def _closing(self, ids: Collection[str]) -> Iterator[sqlite3.Connection]:
        """A transaction that closes or delays these rows and touches no others: the rest of what is known holds."""
        try:
            with self._db.transaction() as cursor:
                before = self._version()
                yield cursor
                after = self._version()
                for ahead in self._ahead.values():
                    if ahead.version == before:
                        ahead.version, ahead.whole = after, False
                        for notification_id in ids:
                            ahead.rows.pop(notification_id, None)
        except BaseException:
            self._ahead.clear()
            raise
        for notification_id in ids:
            self._taken.pop(notification_id, None)

    def _item(self, row: sqlite3.Row) -> OutboxItem:
        created = moment(row["created_at"])
        assert created is not None
        subscriber = self._db.row("SELECT * FROM subscribers WHERE id = ?", (row["subscriber_id"],))
        assert subscriber is not None
        self._taken[row["id"]] = row["card"]
        return OutboxItem(
            notification=Notification(
                id=row["id"],
                alert_id=row["alert_id"],
                subscriber_id=row["subscriber_id"],
                story_id=row["story_id"],
                rule_id=row["rule_id"],
                kind=AlertKind(row["kind"]),
                card=_read_card(row["card"]),
                level=Severity(
                    max(row["level"], Severity.INFO)
                ),  # what managers tell all stands below every alert
                created_at=created,
                silent=bool(row["silent"]),
            ),
            subscriber=subscriber_of(subscriber),
            reply_to=self._card_message(row["subscriber_id"], row["story_id"]),
            attempts=row["attempts"],
            first_attempt_at=moment(row["first_attempt_at"]),
            seen=names_of(self._db, row["subscriber_id"], row["story_id"])
            if row["kind"] != AlertKind.REPLY
            else (),
            is_known=row["kind"] == AlertKind.EDIT and self._is_shown(row),
            answers=self._card(row) if row["kind"] == AlertKind.REPLY else None,
        )

    def _is_shown(self, edit: sqlite3.Row) -> bool:
        """Whether the card says the same since it was last sent."""
        found = self._db.value(
            "SELECT card FROM outbox WHERE subscriber_id = ? AND story_id = ? AND state = 'sent' "
            "AND kind <> 'reply' ORDER BY seq DESC LIMIT 1",
            (edit["subscriber_id"], edit["story_id"]),
        )
        return bool(found == edit["card"])

    def _card(self, reply: sqlite3.Row) -> Card | None:
        """The card that a reply answers, as it was first shown."""
        found = self._db.value(
            "SELECT card FROM outbox WHERE subscriber_id = ? AND story_id = ? AND kind = 'new' "
            "AND message_id <> '' ORDER BY seq DESC LIMIT 1",
            (reply["subscriber_id"], reply["story_id"]),
        )
        return _read_card(found) if found else None

    def _card_message(self, subscriber_id: str, story_id: str) -> str:
        """The message that shows the card now: an edit of one that was deleted, or left behind in the old chat, is a new one."""
        found = self._db.value(
            "SELECT message_id FROM outbox WHERE subscriber_id = ? AND story_id = ? AND kind <> 'reply' "
            "AND message_id <> '' ORDER BY seq DESC LIMIT 1",
            (subscriber_id, story_id),
        )
        return str(found or "")

    def delivered(self, notification_id: str, receipt: Receipt, /) -> None:
        """It arrived: close the row; if its card was brought up to date meanwhile, queue that as an edit."""
        self.delivered_all({notification_id: receipt})

    def delivered_all(self, receipts: Mapping[str, Receipt], /) -> None:
        """The same for several at once: all of it is written, or nothing."""
        with self._closing(receipts) as cursor:
            for notification_id, receipt in receipts.items():
                self._close(cursor, notification_id, receipt)

    def _close(self, cursor: sqlite3.Connection, notification_id: str, receipt: Receipt) -> None:
        sent = self._taken.get(notification_id)
        row = cursor.execute("SELECT state, card FROM outbox WHERE id = ?", (notification_id,)).fetchone()
        if row is None or row["state"] == "sent":
            return
        cursor.execute(
            "UPDATE outbox SET state = 'sent', message_id = ?, closed_at = ?, plain = ?, error = '', "
            "attempts = attempts + 1 WHERE id = ?",
            (receipt.message_id, stamp(receipt.at), int(receipt.plain), notification_id),
        )
        if sent is not None and row["card"] != sent and row["state"] == "pending":
            cursor.execute(
                "INSERT OR IGNORE INTO outbox (id, alert_id, subscriber_id, story_id, rule_id, kind, level, "
                "silent, created_at, seq, due_at, state, card) SELECT id || '+', alert_id, subscriber_id, "
                "story_id, rule_id, 'edit', level, 1, ?, (SELECT max(seq) + 1 FROM outbox), ?, 'pending', "
                "card FROM outbox WHERE id = ?",
                (stamp(receipt.at), stamp(receipt.at), notification_id),
            )

    def retry(self, notification_id: str, at: datetime, error: str, /) -> None:
        """It did not arrive: try again at `at`; counts an attempt."""
        with self._closing((notification_id,)) as cursor:
            cursor.execute(
                "UPDATE outbox SET due_at = ?, attempts = attempts + 1, error = ?, "
                "first_attempt_at = coalesce(first_attempt_at, due_at) WHERE id = ? AND state = 'pending'",
                (stamp(at), clean(error), notification_id),
            )

    def park(self, notification_id: str, error: str, now: datetime, /) -> None:
        """It can never be delivered: close the row with the error."""
        with self._closing((notification_id,)) as cursor:
            cursor.execute(
                "UPDATE outbox SET state = 'parked', error = ?, closed_at = ?, attempts = attempts + 1 "
                "WHERE id = ? AND state = 'pending'",
                (clean(error), stamp(now), notification_id),
            )

    def deactivate(self, subscriber_id: str, error: str, now: datetime, /) -> None:
        """The subscriber can't be reached: mark it inactive, close its pending rows."""
        with self._db.transaction() as cursor:
            # Whoever has left or was banned while the send was under way is off for that reason, not for this one.
            cursor.execute(
                "UPDATE subscribers SET active = 0, error = ? WHERE id = ? AND active = 1",
                (clean(error), subscriber_id),
            )
            waiting = cursor.execute(
                "SELECT id FROM outbox WHERE subscriber_id = ? AND state = 'pending'", (subscriber_id,)
            ).fetchall()
            close_pending(cursor, subscriber_id, error, now)
            audience_changed(cursor)
        for row in waiting:
            self._taken.pop(row["id"], None)

    def moved(self, subscriber_id: str, address: str, now: datetime, /, *, arrived: str = "") -> None:
        """The chat has a new address: everything of the old one goes to it, merged if it exists already."""
        with self._db.transaction() as cursor:
            move_subscriber(cursor, subscriber_id, address, now, arrived=arrived)

    def next_due_at(self, now: datetime, /, *, channels: frozenset[str] | None = None) -> datetime | None:
        """When the earliest pending item of these channels may be tried; None if there is none."""
        found = [self._db.value(_NEXT, (channel,)) for channel in self._channels(channels)]
        return min((at for at in map(moment, found) if at is not None), default=None)


@lru_cache(maxsize=64)
def _read_card(text: str) -> Card:
    """A card that many get alike is read once."""
    return CARD.validate_json(text)


def _first(ahead: _Ahead, limit: int, exclude: frozenset[str]) -> list[sqlite3.Row]:
    allowed = (row for row in ahead.rows.values() if row["subscriber_id"] not in exclude)
    return list(islice(allowed, limit))
