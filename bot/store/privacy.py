"""Everything that is stored about a chat: to be handed over, or deleted. Implements `office.Privacy`.

Tables are found by what they are: one with a column `subscriber_id` holds rows about a subscriber, and any text
that is no news may mention a chat. So a table that is added later is handed over and emptied as well.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from bot.store.acks import redraw
from bot.store.database import Database
from bot.store.outgoing import audience_changed
from bot.store.rows import stamp

MOST = 20_000  # rows of one table in an export, the newest
DELETED = "(deleted)"
# What feeds brought and what was understood of it: the same for every reader, and no word about any.
_NEWS = frozenset(
    "entries revisions analyses stories alerts sightings poll_states counters feed_changes trend_counts trend_alerts".split()
)
_NAMES = {"subscribers": "settings", "watches": "follows", "outbox": "notifications", "verdicts": "decisions"}
_INNER = frozenset({"seq", "n"})  # columns that mean something only inside
_CERTAIN = 5  # digits from which a bare number in a text is taken for a chat's id


class Privacy:
    """Reads and deletes across all tables; see `office.Privacy`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def everything(self, subscriber_id: str, now: datetime, /) -> Mapping[str, Any]:
        """What is stored about the chat, ready to be written as JSON."""
        channel, _, address = subscriber_id.partition(":")
        found: dict[str, Any] = {"exported_at": stamp(now), "channel": channel, "address": address}
        left_out: dict[str, int] = {}
        for table, columns in self._tables().items():
            key = "id" if table == "subscribers" else "subscriber_id"
            if key not in columns or (table == "subscribers") != (key == "id"):
                continue
            where, given = _about(key, subscriber_id)
            rows = self._db.rows(
                f"SELECT * FROM {table} WHERE {where} ORDER BY rowid DESC LIMIT {MOST}", given
            )
            name = _NAMES.get(table, table)
            found[name] = [_plain(row, only=address) for row in reversed(rows)]
            total = self._db.value(f"SELECT count(*) FROM {table} WHERE {where}", given)
            if total > len(rows):
                left_out[name] = total - len(rows)
        found["done_in_groups"] = self._done_in_groups(address)
        chat = address.partition("/")[0]
        found["access"] = [
            {"state": row["state"], "at": row["at"]}
            for row in self._db.rows("SELECT state, at FROM access WHERE id = ?", (chat,))
        ]
        traces = _traces(subscriber_id)
        found["mentioned_by_managers"] = [
            {"at": row["at"], "what": row["what"], "result": row["result"]}
            for row in self._db.rows(
                "SELECT * FROM audit WHERE instr(what || ' ' || result || ' ' || who, ?) ORDER BY n LIMIT ?",
                (chat, MOST),
            )
            if any(traces.search(row[c]) for c in ("what", "result", "who"))
        ]
        found["former_addresses"] = self._former(subscriber_id)
        if left_out:
            found["left_out"] = left_out
        return found

    def _done_in_groups(self, person: str) -> list[dict[str, Any]]:
        """What the same person did in other chats: votes on cards, alerts turned on."""
        found = []
        for table, columns in self._tables().items():
            if "user" in columns:
                rows = self._db.rows(
                    f"SELECT * FROM {table} WHERE user = ? AND subscriber_id <> ? ORDER BY rowid DESC LIMIT {MOST}",
                    (person, f"telegram:{person}"),
                )
                found += [{"kind": table, **_plain(row)} for row in reversed(rows)]
        return found

    def _former(self, subscriber_id: str) -> list[str]:
        """What the chat, or a topic of it, was called before it moved."""
        where, given = _about("value", subscriber_id)
        rows = self._db.rows(f"SELECT key FROM meta WHERE key LIKE 'moved %' AND {where}", given)
        return [row["key"].removeprefix("moved ") for row in rows]

    def erase(self, subscriber_id: str, now: datetime, /) -> bool:
        """Delete it, with every mention of it; False if there was nothing.

        Decisions about entries stay, since they are the archive's log of what came when, but say no longer
        about whom. What is deleted is overwritten in the file.
        """
        with self._db.transaction() as cursor:
            gone = 0
            for name in (subscriber_id, *self._former(subscriber_id)):
                gone += self._delete(cursor, name, now)
                gone += self._scrub(cursor, name)
            if gone:
                audience_changed(cursor)
        return gone > 0

    def _delete(self, cursor: sqlite3.Connection, subscriber_id: str, now: datetime) -> int:
        where, given = _about("subscriber_id", subscriber_id)
        gone, marked = 0, list[sqlite3.Row]()
        for table, columns in self._tables().items():
            if table == "verdicts":
                done = cursor.execute(f"UPDATE verdicts SET subscriber_id = '{DELETED}' WHERE {where}", given)
                gone += done.rowcount
            elif "subscriber_id" in columns:
                gone += cursor.execute(f"DELETE FROM {table} WHERE {where}", given).rowcount
            if "user" in columns:  # what the same person said in groups
                person = subscriber_id.partition(":")[2]
                if table == "acks":
                    marked += cursor.execute("SELECT * FROM acks WHERE user = ?", (person,)).fetchall()
                gone += cursor.execute(f"DELETE FROM {table} WHERE user = ?", (person,)).rowcount
        for mark in marked:  # the name goes from the cards that show it
            redraw(cursor, mark["subscriber_id"], mark["story_id"], now)
        where, given = _about("id", subscriber_id)
        gone += cursor.execute(f"DELETE FROM subscribers WHERE {where}", given).rowcount
        address = subscriber_id.partition(":")[2]
        gone += cursor.execute("DELETE FROM access WHERE id = ?", (address,)).rowcount
        for column, prefix in (("key", "moved "), ("value", "")):
            where, given = _about(column, prefix + subscriber_id)
            gone += cursor.execute(f"DELETE FROM meta WHERE key LIKE 'moved %' AND {where}", given).rowcount
        return gone

    def _scrub(self, cursor: sqlite3.Connection, subscriber_id: str) -> int:
        """Take the chat's id out of every text that is no news; gives how many there were."""
        chat = subscriber_id.partition(":")[2].partition("/")[0]
        traces, gone = _traces(subscriber_id), 0
        for table, columns in self._tables().items():
            for column in columns if table != "meta" else ():  # whose other values are figures
                rows = cursor.execute(
                    f'SELECT rowid, "{column}" FROM {table} WHERE instr("{column}", ?)', (chat,)
                ).fetchall()
                for rowid, text in rows:
                    if not isinstance(text, str):
                        continue
                    clean, times = traces.subn(DELETED, text)
                    if times:
                        gone += 1
                        cursor.execute(
                            f'UPDATE OR REPLACE {table} SET "{column}" = ? WHERE rowid = ?', (clean, rowid)
                        )
        return gone

    def _tables(self) -> dict[str, list[str]]:
        """Every table that may say something about a chat, with its columns."""
        names = [
            row["name"]
            for row in self._db.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            if row["name"] not in _NEWS and not row["name"].startswith(("entries_fts", "sqlite_", "_sqlite"))
        ]
        return {n: [row["name"] for row in self._db.rows(f'PRAGMA table_info("{n}")')] for n in names}


def _about(column: str, subscriber_id: str) -> tuple[str, tuple[str, ...]]:
    """A condition on a column that holds the id of a subscriber, with its topics where a whole chat is meant."""
    if "/" in subscriber_id:
        return f"{column} = ?", (subscriber_id,)
    # '0' is what follows '/' in the order of texts.
    return f"({column} = ? OR ({column} >= ? AND {column} < ?))", (
        subscriber_id,
        subscriber_id + "/",
        subscriber_id + "0",
    )


def _traces(subscriber_id: str) -> re.Pattern[str]:
    """Finds the chat's id in a text, not as a part of another one."""
    channel, _, address = subscriber_id.partition(":")
    named = rf"{re.escape(channel)}:{re.escape(address)}"
    topic = r"(?![0-9A-Za-z])" if "/" in address else r"(?:/\d+)?(?![0-9A-Za-z])"
    if len(address.partition("/")[0].lstrip("-")) < _CERTAIN:
        return re.compile(rf"\b{named}{topic}")
    # A minus before it makes it the id of another chat, unless it joins two words.
    bare = rf"(?<![0-9A-Za-z])(?<!^-)(?<![^\w]-){re.escape(address)}"
    return re.compile(rf"(?:\b{named}|{bare}){topic}")


def _plain(row: sqlite3.Row, *, only: str = "") -> dict[str, Any]:
    """A row as a reader of the export sees it: cards as their text, JSON as what it says.

    With `only`, no other user is named: the export of a group or channel is posted where all its readers see it.
    """
    values: dict[str, Any] = {}
    is_anothers = bool(only) and dict(row).get("user", only) != only
    for name, value in dict(row).items():
        if name in _INNER or (name in ("user", "name") and is_anothers):
            continue
        if isinstance(value, str) and value.startswith("{"):
            with suppress(ValueError):
                value = json.loads(value)
        if name == "card" and isinstance(value, dict):
            name, value = "text", value.get("text", "")
        values[name] = value
    return values
