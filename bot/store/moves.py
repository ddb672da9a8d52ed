"""A chat that has another address now, with everything that is stored about it. Inside a transaction."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.store.outgoing import audience_changed, close_pending
from bot.store.rows import stamp

_OF_SUBSCRIBERS = (
    "watches",
    "told",
    "outbox",
    "verdicts",
    "mutes",
    "held",
    "feedback",
    "setups",
    "searches",
    "drafts",
    "bindings",
    "imports",
    "acks",
)
_SETTINGS = (
    "watches",
    "mutes",
    "setups",
    "bindings",
    "imports",
)  # what a place that is off does not bring along
_TWIN = (
    "EXISTS (SELECT 1 FROM outbox q WHERE q.subscriber_id = :there AND q.state IN ({states}) "
    "AND q.story_id = outbox.story_id AND q.alert_id = outbox.alert_id AND q.kind = outbox.kind{only})"
)


def move_subscriber(
    cursor: sqlite3.Connection, subscriber_id: str, address: str, now: datetime, *, arrived: str = ""
) -> None:
    """Give a subscriber another address; of two that meet there, one that is off yields.

    A name (@channel) is only another way to write the id: what is stored about the id counts, on or off, and
    messages stay where they are. What waits for both goes once, as that of who is there: it may be on its way. Only
    what has just `arrived`, by its notification id, takes the place of the other.
    """
    channel, _, former = subscriber_id.partition(":")
    new_id, is_name = f"{channel}:{address}", former.startswith("@")
    if new_id == subscriber_id:
        return
    here, there = (
        cursor.execute("SELECT active FROM subscribers WHERE id = ?", (who,)).fetchone()
        for who in (subscriber_id, new_id)
    )
    if here is None:
        return  # deleted, or moved already
    if there is not None and (is_name or here["active"] != there["active"]):
        yields = subscriber_id if is_name or there["active"] else new_id
        for table in _SETTINGS:
            cursor.execute(f"DELETE FROM {table} WHERE subscriber_id = ?", (yields,))
        if yields == new_id:
            cursor.execute("DELETE FROM subscribers WHERE id = ?", (new_id,))
            there = None
    if there is not None:
        cursor.execute("DELETE FROM subscribers WHERE id = ?", (subscriber_id,))
        if not there["active"]:
            close_pending(cursor, subscriber_id, "its chat is off", now)
    else:
        cursor.execute(
            "UPDATE subscribers SET id = ?, address = ? WHERE id = ?", (new_id, address, subscriber_id)
        )
    _close_twins(cursor, subscriber_id, new_id, "'pending', 'sent'", now, but=arrived)
    if arrived:
        _close_twins(cursor, new_id, subscriber_id, "'pending'", now, only=arrived)
    if is_name:
        _close_twins(cursor, new_id, subscriber_id, "'sent'", now)
    else:  # Message ids are a chat's own: cards sent to the old chat can't be edited in the new one.
        cursor.execute(
            "UPDATE outbox SET message_id = '' WHERE subscriber_id = ? AND state = 'sent'", (subscriber_id,)
        )
    for table in _OF_SUBSCRIBERS:
        cursor.execute(
            f"UPDATE OR IGNORE {table} SET subscriber_id = ? WHERE subscriber_id = ?", (new_id, subscriber_id)
        )
        cursor.execute(f"DELETE FROM {table} WHERE subscriber_id = ?", (subscriber_id,))
    move_access(cursor, former.partition("/")[0], address.partition("/")[0])
    # A route in a file still names the old chat.
    cursor.execute(
        "UPDATE meta SET value = ? WHERE key LIKE 'moved %' AND value = ?", (new_id, subscriber_id)
    )
    cursor.execute("DELETE FROM meta WHERE key = ?", (f"moved {new_id}",))
    cursor.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"moved {subscriber_id}", new_id))
    audience_changed(cursor)


def _close_twins(
    cursor: sqlite3.Connection,
    here: str,
    there: str,
    states: str,
    now: datetime,
    *,
    but: str = "",
    only: str = "",
) -> None:
    """Close what waits for one where the other has the same; `only` for this row of the other."""
    twin = _TWIN.format(states=states, only=" AND q.id = :only" if only else "")
    cursor.execute(
        "UPDATE outbox SET state = 'closed', error = 'it goes there anyway', closed_at = :now "
        f"WHERE subscriber_id = :here AND state = 'pending' AND id <> :but AND {twin}",
        {"now": stamp(now), "here": here, "there": there, "but": but, "only": only},
    )


def move_access(cursor: sqlite3.Connection, chat: str, to: str) -> None:
    """What managers said of a chat holds under its next id."""
    cursor.execute("UPDATE OR IGNORE access SET id = ? WHERE id = ?", (to, chat))
