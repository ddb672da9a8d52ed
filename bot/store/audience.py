"""Who reads, what they follow, and how they want to be rung: kept in memory until the database says it differs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.model import Notification, Severity, Silence, Subscriber, Target, TargetKind
from bot.store.database import Database
from bot.store.rows import moment, silence_of, stamp, subscriber_of

SOUNDS = timedelta(hours=48)  # for so long sounds are counted: the longest day of any zone, and more


class Audience:
    """The subscribers as a batch sees them.

    Attributes:
        subscribers: Active ones.
        watches: What they follow, by subscriber id.
        floors: Below which level some of it is left out, by subscriber id.
        mutes: Of readers, by subscriber id.
        sounds: When those with a budget were last rung, by subscriber id.
        moved: Former subscriber id → id, of chats that moved.
        readers: Ids of all subscribers, active or not.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._number = ""  # of the audience that was read last; empty before the first
        self.subscribers: tuple[Subscriber, ...] = ()
        self.watches: dict[str, frozenset[Target]] = {}
        self.floors: dict[str, dict[Target, Severity]] = {}
        self.mutes: dict[str, tuple[Silence, ...]] = {}
        self.sounds: dict[str, list[datetime]] = {}
        self.moved: dict[str, str] = {}
        self.readers: list[str] = []

    def refresh(self, now: datetime) -> None:
        """Read what differs since the last time."""
        number = self._now()
        if number == self._number:
            self._forget(now)
            return
        everybody = [subscriber_of(row) for row in self._db.rows("SELECT * FROM subscribers ORDER BY id")]
        self.subscribers = tuple(s for s in everybody if s.active)
        self.readers = [s.id for s in everybody]
        watches: dict[str, set[Target]] = {}
        floors: dict[str, dict[Target, Severity]] = {}
        for row in self._db.rows("SELECT * FROM watches"):
            target = Target(TargetKind(row["kind"]), row["target"])
            watches.setdefault(row["subscriber_id"], set()).add(target)
            if row["level"] is not None:
                floors.setdefault(row["subscriber_id"], {})[target] = Severity(row["level"])
        self.watches, self.floors = {k: frozenset(v) for k, v in watches.items()}, floors
        mutes: dict[str, tuple[Silence, ...]] = {}
        for row in self._db.rows("SELECT * FROM mutes WHERE until > ? ORDER BY rowid", (stamp(now),)):
            mutes[row["subscriber_id"]] = (*mutes.get(row["subscriber_id"], ()), silence_of(row))
        self.mutes = mutes
        self.moved = moved_chats(self._db)
        self.sounds = {
            s.id: rung(self._db, s.id, now - SOUNDS) for s in self.subscribers if s.budget is not None
        }
        self._number = number

    def is_current(self) -> bool:
        """Whether nothing has changed since the last refresh; before the first there is nothing to change."""
        return self._number in ("", self._now())

    def ring(self, notifications: Iterable[Notification]) -> None:
        """Count what rings those who have a budget."""
        for note in notifications:
            if not note.silent and note.subscriber_id in self.sounds:
                self.sounds[note.subscriber_id].append(note.created_at)

    def _forget(self, now: datetime) -> None:
        for subscriber_id, sounds in self.sounds.items():
            if sounds and sounds[0] < now - SOUNDS:
                self.sounds[subscriber_id] = [at for at in sounds if at >= now - SOUNDS]

    def _now(self) -> str:
        return str(self._db.value("SELECT value FROM meta WHERE key = 'audience'"))


def rung(db: Database, subscriber_id: str, since: datetime) -> list[datetime]:
    """When a subscriber was rung since then, in order; an edit rings nobody."""
    rows = db.rows(
        "SELECT created_at FROM outbox WHERE subscriber_id = ? AND silent = 0 AND kind <> 'edit' "
        "AND created_at >= ? ORDER BY seq",
        (subscriber_id, stamp(since)),
    )
    return [at for row in rows if (at := moment(row["created_at"])) is not None]


def moved_chats(db: Database) -> dict[str, str]:
    """Subscribers whose chat has another address now: former id → id."""
    rows = db.rows("SELECT key, value FROM meta WHERE key LIKE 'moved %'")
    return {row["key"].removeprefix("moved "): row["value"] for row in rows}
