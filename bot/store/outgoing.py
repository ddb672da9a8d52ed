"""What goes into the outbox, and what is closed in it, inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from bot.model import AlertKind, Card, Notification
from bot.store.rows import CARD, clean, stamp

_COLUMNS = "id, alert_id, subscriber_id, story_id, rule_id, kind, level, silent, created_at, seq, due_at, state, card"
_INSERT = f"INSERT OR IGNORE INTO outbox ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?)"
# What still waits to be sent is brought up to date instead of being followed by an edit.
_BRING_UP_TO_DATE = (
    "UPDATE outbox SET card = ? WHERE id = (SELECT id FROM outbox WHERE subscriber_id = ? "
    "AND story_id = ? AND state = 'pending' AND attempts = 0 AND kind IN ('new', 'edit') "
    "AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.subscriber_id = outbox.subscriber_id "
    "AND o.story_id = outbox.story_id AND o.state = 'pending' AND o.seq > outbox.seq) "
    "ORDER BY seq DESC LIMIT 1)"
)
# What is too loud to be held back by a route takes along what it can't overtake.
_TAKE_ALONG = (
    "UPDATE outbox SET due_at = ?1 WHERE subscriber_id = ?2 AND story_id = ?3 AND state = 'pending' "
    "AND attempts = 0 AND level < ?4 AND due_at > ?1"
)
_STEP = 10_000  # rows inserted in one go


def write_outbox(cursor: sqlite3.Connection, notifications: Iterable[Notification]) -> None:
    """Queue notifications in order; a card that many readers get alike is written out once."""
    seq = cursor.execute("SELECT coalesce(max(seq), 0) FROM outbox").fetchone()[0]
    texts: dict[int, str] = {}  # by the identity of the card, which the notifications keep alive
    waiting: list[tuple[str | int | None, ...]] = []

    def text_of(card: Card) -> str:
        if id(card) not in texts:
            texts[id(card)] = CARD.dump_json(card).decode()
        return texts[id(card)]

    def flush() -> None:
        cursor.executemany(_INSERT, waiting)
        waiting.clear()

    for n in notifications:
        due = stamp(n.not_before or n.created_at)
        if n.kind is not AlertKind.NEW or len(waiting) >= _STEP:
            flush()
        if n.kind is AlertKind.EDIT:
            found = cursor.execute(_BRING_UP_TO_DATE, (text_of(n.card), n.subscriber_id, n.story_id))
            if found.rowcount:
                continue
        if n.kind is not AlertKind.NEW:
            cursor.execute(_TAKE_ALONG, (due, n.subscriber_id, n.story_id, int(n.level)))
        seq += 1
        waiting.append(
            (
                n.id,
                n.alert_id,
                n.subscriber_id,
                n.story_id,
                n.rule_id,
                n.kind.value,
                int(n.level),
                int(n.silent),
                stamp(n.created_at),
                seq,
                due,
                text_of(n.card),
            )
        )
    flush()


def close_pending(cursor: sqlite3.Connection, subscriber_id: str, why: str, now: datetime) -> None:
    """Close what still waits for a subscriber, inside a transaction."""
    cursor.execute(
        "UPDATE outbox SET state = 'closed', error = ?, closed_at = ? "
        "WHERE subscriber_id = ? AND state = 'pending'",
        (clean(why), stamp(now), subscriber_id),
    )


def audience_changed(cursor: sqlite3.Connection) -> None:
    """Tell the ingest side, inside a transaction, that subscribers or watches differ now."""
    cursor.execute("UPDATE meta SET value = value + 1 WHERE key = 'audience'")
