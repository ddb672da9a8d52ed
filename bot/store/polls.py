"""Poll states: who is due, and how polling each feed stands."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.model import PollState
from bot.store.database import Database
from bot.store.rows import clean, stamp, state_body, state_of

CLOCK_SLACK = timedelta(hours=25)  # no feed waits longer than a day
_PART = 500  # parameters in one statement; old SQLite allows 999


class PollStates:
    """The stored states of all feeds."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def states(self, feed_ids: Iterable[str]) -> dict[str, PollState]:
        """The stored state of each feed; a fresh one for a feed never seen."""
        wanted = list(feed_ids)
        stored: dict[str, PollState] = {}
        for start in range(0, len(wanted), _PART):
            part = wanted[start : start + _PART]
            marks = ",".join("?" * len(part))
            for row in self._db.rows(f"SELECT body FROM poll_states WHERE feed_id IN ({marks})", part):
                state = state_of(row["body"])
                stored[state.feed_id] = state
        return {f: stored.get(f) or PollState(feed_id=f) for f in wanted}

    def known(self) -> set[str]:
        """Ids of all feeds that have a state."""
        return {row["feed_id"] for row in self._db.rows("SELECT feed_id FROM poll_states")}

    def due(self, now: datetime, limit: int) -> list[str]:
        """Ids of active feeds whose time has come, longest waiting first.

        A time that lies absurdly far ahead was set by a clock that was wrong, and counts as come.
        """
        rows = self._db.rows(
            "SELECT feed_id FROM poll_states WHERE status = 'active' "
            "AND (next_poll_at IS NULL OR next_poll_at <= ? OR next_poll_at > ?) "
            "ORDER BY next_poll_at LIMIT ?",
            (stamp(now), stamp(now + CLOCK_SLACK), limit),
        )
        return [row["feed_id"] for row in rows]

    def save(self, states: Iterable[PollState]) -> None:
        """Write states that came without entries, all or none."""
        with self._db.transaction() as cursor:
            save_states(cursor, states)


def save_states(cursor: sqlite3.Connection, states: Iterable[PollState]) -> None:
    """Write states inside a transaction."""
    cursor.executemany(
        "INSERT OR REPLACE INTO poll_states VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                s.feed_id,
                s.status.value,
                stamp(s.next_poll_at),
                s.failures,
                stamp(s.last_polled_at),
                stamp(s.last_ok_at),
                clean(s.last_error),
                state_body(s),
            )
            for s in states
        ],
    )
