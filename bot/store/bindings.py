"""The places of a group or channel, and who turned alerts on there. Implements `shelves.Bindings`."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.model import Subscriber
from bot.office import Admission
from bot.shelves import MAY_NOT_WRITE
from bot.store.access import Access
from bot.store.database import Database
from bot.store.moves import move_access, move_subscriber
from bot.store.outgoing import audience_changed, close_pending
from bot.store.rows import stamp, subscriber_of

_OF_CHAT = "(id = ? OR (id > ? AND id < ?))"  # '0' is what follows '/' in the order of texts

_WAITS = f"error LIKE '{MAY_NOT_WRITE}%'"


class Bindings:
    """Telegram's chats with their topics; see `shelves.Bindings`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def places(self, chat: str, /) -> list[Subscriber]:
        """The chat and its topics."""
        rows = self._db.rows(f"SELECT * FROM subscribers WHERE {_OF_CHAT} ORDER BY id", _of(chat))
        return [subscriber_of(row) for row in rows]

    def note(self, subscriber_id: str, user: str, now: datetime, /) -> None:
        """Remember who turned a place on last."""
        with self._db.transaction() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO bindings VALUES (?, ?, ?)", (subscriber_id, user, stamp(now))
            )

    def binder(self, subscriber_id: str, /) -> str:
        """Who did."""
        found = self._db.value("SELECT user FROM bindings WHERE subscriber_id = ?", (subscriber_id,))
        return str(found or "")

    def is_banned(self, chat: str, /) -> bool:
        """Whether managers keep it out."""
        return Access(self._db).admission(chat) is Admission.BANNED

    def release(self, subscriber_id: str, /) -> None:
        """Forget who did, and that the place only waits for a right."""
        with self._db.transaction() as cursor:
            cursor.execute("DELETE FROM bindings WHERE subscriber_id = ?", (subscriber_id,))
            cursor.execute(f"UPDATE subscribers SET error = '' WHERE id = ? AND {_WAITS}", (subscriber_id,))

    def pause(self, chat: str, now: datetime, /) -> list[Subscriber]:
        """Turn off what is on until `resume`."""
        with self._db.transaction() as cursor:
            paused = _rows(cursor, "active = 1", chat)
            for row in paused:
                cursor.execute(
                    "UPDATE subscribers SET active = 0, error = ? WHERE id = ?", (MAY_NOT_WRITE, row["id"])
                )
                close_pending(cursor, row["id"], MAY_NOT_WRITE, now)
            audience_changed(cursor)
        return [subscriber_of(row) for row in paused]

    def resume(self, chat: str, /) -> list[Subscriber]:
        """Turn on again what only waits for the right to write."""
        with self._db.transaction() as cursor:
            waiting = _rows(cursor, f"active = 0 AND {_WAITS}", chat)
            for row in waiting:
                cursor.execute("UPDATE subscribers SET active = 1, error = '' WHERE id = ?", (row["id"],))
            audience_changed(cursor)
        return [subscriber_of(row) for row in waiting]

    def leave(self, chat: str, now: datetime, /) -> None:
        """Turn everything off."""
        with self._db.transaction() as cursor:
            for row in _rows(cursor, f"(active = 1 OR {_WAITS})", chat):
                cursor.execute("UPDATE subscribers SET active = 0, error = '' WHERE id = ?", (row["id"],))
                close_pending(cursor, row["id"], "the bot was removed", now)
            audience_changed(cursor)

    def move(self, chat: str, to: str, now: datetime, /) -> None:
        """The chat has another id."""
        with self._db.transaction() as cursor:
            move_access(cursor, chat, to)
            for row in _named(cursor, chat) if chat.startswith("@") else _rows(cursor, "1", chat):
                _, slash, thread = row["address"].partition("/")
                move_subscriber(cursor, row["id"], f"{to}{slash}{thread}", now)


def _of(chat: str) -> tuple[str, str, str]:
    return f"telegram:{chat}", f"telegram:{chat}/", f"telegram:{chat}0"


def _named(cursor: sqlite3.Connection, name: str) -> list[sqlite3.Row]:
    """The places of a name, however a route has spelled it."""
    found = cursor.execute("SELECT * FROM subscribers WHERE id LIKE 'telegram:@%' ORDER BY id").fetchall()
    return [row for row in found if row["address"].partition("/")[0].lower() == name.lower()]


def _rows(cursor: sqlite3.Connection, where: str, chat: str) -> list[sqlite3.Row]:
    return cursor.execute(
        f"SELECT * FROM subscribers WHERE {where} AND {_OF_CHAT} ORDER BY id", _of(chat)
    ).fetchall()
