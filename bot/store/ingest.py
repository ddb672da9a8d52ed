"""Reading what a batch needs to know, and writing what it decided in one transaction."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model import (
    DENIABLE,
    MEMORY,
    Alert,
    AlertKind,
    Entry,
    Gap,
    Known,
    OpenStories,
    Outcome,
    PollState,
    Severity,
    Sighting,
    Snapshot,
    Told,
    remember,
)
from bot.store.audience import Audience
from bot.store.database import Database
from bot.store.digests import write_held
from bot.store.outgoing import write_outbox
from bot.store.polls import PollStates, save_states
from bot.store.rows import (
    ALERT,
    ANALYSIS,
    ENTRY_COLUMNS,
    SIGHTING,
    STORY,
    clean,
    entry_of,
    entry_row,
    moment,
    stamp,
)
from bot.store.silences import Silences
from bot.store.trends import SectorOf, count, mark, no_sector, uncount

CATCH_UP = timedelta(minutes=15)  # after a break, in which feeds bring what was missed
BREAK = timedelta(hours=1)  # without anything stored: what came meanwhile may not have been seen


@dataclass(frozen=True, slots=True)
class _Watch:
    """When watching began, when something was last stored, and when the watch before it ended."""

    begun: datetime
    last: datetime
    before: datetime | None = None

    def gap(self, now: datetime) -> Gap | None:
        """The time in which nobody watched, as long as feeds may bring what was missed."""
        if self.before is None or now - self.begun > CATCH_UP:
            return None
        return Gap(begin=self.before, end=self.begun)

    def text(self) -> str:
        return " ".join(stamp(t) or "" for t in (self.begun, self.last, self.before)).strip()


def _nothing(_: str) -> None:
    return None


class Ingest:
    """Snapshots and outcomes.

    Open stories and what subscribers were told of them are kept in memory and updated by `apply`, so that a
    batch's cost does not grow with the archive. Only this object writes them, but for a chat that moves:
    what was told is loaded anew whenever the subscribers are not the same ones any more.

    Args:
        db: This object's own connection.
        failpoint: Called at named points of `apply`; a crash drill dies there.
        sector_of: Sectors of the companies, for the counts of what is spoken of.
    """

    def __init__(
        self,
        db: Database,
        *,
        failpoint: Callable[[str], None] = _nothing,
        sector_of: SectorOf = no_sector,
    ) -> None:
        self._db = db
        self._failpoint, self._sector_of = failpoint, sector_of
        self._stories: OpenStories | None = None
        self._told: dict[str, dict[str, Told]] = {}
        self._cards: dict[str, tuple[Alert, Entry]] = {}
        self._sightings: dict[str, list[Sighting]] | None = None
        self._since: datetime | None = None
        self._watch: _Watch | None = None
        self._audience = Audience(db)
        self._readers: list[str] | None = None  # ids of all subscribers when `told` was loaded

    # --- snapshot ---

    def snapshot(self, entries: Sequence[Entry], now: datetime) -> Snapshot:
        """What must be known to process these entries."""
        stories = self._open_stories(now)
        audience = self._audience
        audience.refresh(now)
        if audience.readers != self._readers:
            self._load_told()
            self._readers = audience.readers
        watch = self._watching(now)
        return Snapshot(
            known=self._known(entries),
            stories=stories,
            told=self._told,
            cards=self._cards,
            subscribers=audience.subscribers,
            watches=audience.watches,
            floors=audience.floors,
            silences=Silences(self._db).in_force(now),
            mutes=audience.mutes,
            sounds=audience.sounds,
            gap=watch.gap(now),
            sightings=self._remembered(now),
            since=self._since,
            watched=watch.begun,
            moved=audience.moved,
        )

    def poll_states(self, feed_ids: Iterable[str]) -> dict[str, PollState]:
        """How polling each of these feeds stands, as it is stored."""
        return PollStates(self._db).states(feed_ids)

    def _known(self, entries: Sequence[Entry]) -> dict[str, Known]:
        found: dict[str, Known] = {}
        for entry in entries:
            row = self._db.row("SELECT id, content, revision, seen_at FROM entries WHERE id = ?", (entry.id,))
            if row is None:  # a feed that renames its ids shows the same item under another one
                row = self._db.row(
                    "SELECT id, content, revision, seen_at FROM entries WHERE feed_id = ? AND content = ?",
                    (entry.feed_id, entry.content),
                )
            if row is not None:
                seen = moment(row["seen_at"])
                assert seen is not None
                found[entry.id] = Known(
                    id=row["id"], content=row["content"], revision=row["revision"], seen_at=seen
                )
        return found

    def _open_stories(self, now: datetime) -> OpenStories:
        if self._stories is None:
            rows = self._db.rows("SELECT body FROM stories WHERE last_seen >= ?", (stamp(now - DENIABLE),))
            self._stories = OpenStories(STORY.validate_json(r["body"]) for r in rows)
        for story_id in self._stories.forget(now):
            for told in self._told.pop(story_id, {}).values():
                self._cards.pop(told.alert_id, None)
        return self._stories

    def _remembered(self, now: datetime) -> dict[str, list[Sighting]]:
        if self._sightings is None:
            self._sightings = {}
            since = stamp(now - MEMORY)
            rows = self._db.rows("SELECT body FROM sightings WHERE at >= ? ORDER BY at, n", (since,))
            remember(self._sightings, (SIGHTING.validate_json(r["body"]) for r in rows))
            self._since = moment(self._db.value("SELECT value FROM meta WHERE key = 'since'"))
        remember(self._sightings, (), now)
        return self._sightings

    def _watching(self, now: datetime) -> _Watch:
        """Since when nothing has been stored for longer than `BREAK`: a longer gap begins the watch anew."""
        if self._watch is None:
            kept = str(self._db.value("SELECT value FROM meta WHERE key = 'watched'") or "").split()
            times = [t for t in map(moment, kept) if t is not None]
            self._watch = _Watch(*times) if times else _Watch(now, now)
        if now - self._watch.last <= BREAK:
            return replace(self._watch, last=now)
        return _Watch(now, now, before=self._watch.last)

    def _load_told(self) -> None:
        self._told = {}
        for row in self._db.rows("SELECT * FROM told ORDER BY rowid"):
            if row["story_id"] not in (self._stories or {}):
                continue
            at = moment(row["last_sound_at"])
            assert at is not None
            told = Told(
                story_id=row["story_id"],
                subscriber_id=row["subscriber_id"],
                alert_id=row["alert_id"],
                rule_id=row["rule_id"],
                level=Severity(row["level"]),
                last_sound_at=at,
                in_digest=bool(row["in_digest"]),
            )
            self._told.setdefault(told.story_id, {})[told.subscriber_id] = told
            if told.alert_id not in self._cards:
                card = load_card(self._db, told.alert_id)
                if card:
                    self._cards[told.alert_id] = card

    # --- apply ---

    def apply(self, outcome: Outcome, now: datetime) -> bool:
        """Write everything that a batch decided, or nothing.

        Returns:
            False, with nothing written, if it speaks of subscribers while they, or what they follow,
            are no longer those of the last snapshot: decide anew.

        Raises:
            StoreError: Nothing was written.
        """
        self._failpoint("before_apply")
        with self._db.transaction() as cursor:
            if _concerns_readers(outcome) and not self._audience.is_current():
                return False
            self._write_entries(cursor, outcome, now)
            self._failpoint("apply_entries_written")
            self._write_decisions(cursor, outcome)
            self._failpoint("apply_decisions_written")
            self._write_outbox(cursor, outcome)
            self._failpoint("apply_outbox_written")
            self._write_sightings(cursor, outcome, now)
            write_held(cursor, outcome)
            save_states(cursor, outcome.states)
            watch = self._watching(now)
            cursor.execute("INSERT OR REPLACE INTO meta VALUES ('watched', ?)", (watch.text(),))
            self._failpoint("apply_before_commit")
        self._failpoint("apply_committed")
        self._watch = watch
        self._remember(outcome, now)
        return True

    def _write_entries(self, cursor: sqlite3.Connection, outcome: Outcome, now: datetime) -> None:
        marks = ",".join("?" * len(ENTRY_COLUMNS.split(",")))
        analyses = {a.entry_id: a for a in outcome.analyses}
        for entry in outcome.entries:
            if entry.revision:
                uncount(cursor, entry.id, self._sector_of)
                cursor.execute(
                    "INSERT OR IGNORE INTO revisions SELECT id, revision, title, text, content, ? "
                    "FROM entries WHERE id = ?",
                    (stamp(now), entry.id),
                )
                written = cursor.execute(
                    f"UPDATE entries SET ({ENTRY_COLUMNS}) = ({marks}) WHERE id = ?",
                    (*entry_row(entry), entry.id),
                )
            else:
                written = cursor.execute(
                    f"INSERT OR IGNORE INTO entries ({ENTRY_COLUMNS}) VALUES ({marks})", entry_row(entry)
                )
            if written.rowcount and entry.id in analyses:
                count(cursor, entry, analyses[entry.id], self._sector_of, 1)
        cursor.executemany(
            "INSERT OR REPLACE INTO analyses VALUES (?, ?, ?)",
            [(a.entry_id, a.version, ANALYSIS.dump_json(a).decode()) for a in outcome.analyses],
        )
        cursor.executemany(
            "INSERT OR REPLACE INTO stories VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    s.id,
                    clean(s.title),
                    stamp(s.first_seen),
                    stamp(s.last_seen),
                    s.revision,
                    STORY.dump_json(s).decode(),
                )
                for s in outcome.stories
            ],
        )

    def _write_decisions(self, cursor: sqlite3.Connection, outcome: Outcome) -> None:
        cursor.executemany(
            "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            # An edited entry has other words as evidence, and what a correlation grows by is another entry.
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body, entry_id = excluded.entry_id",
            [
                (
                    a.id,
                    a.kind.value,
                    a.story_id,
                    a.entry_id,
                    a.rule_id,
                    int(a.level),
                    stamp(a.created_at),
                    ALERT.dump_json(a).decode(),
                )
                for a in outcome.alerts
            ],
        )
        mark(cursor, outcome.alerts)
        cursor.executemany(
            "INSERT INTO verdicts (entry_id, at, send, reason, until, detail, story_id, rule_id, rule_line, "
            "subscriber_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    v.entry_id,
                    stamp(v.at),
                    int(v.decision.send),
                    v.decision.reason.value,
                    stamp(v.decision.until),
                    clean(v.decision.detail),
                    v.story_id,
                    v.rule_id,
                    v.rule_line,
                    v.subscriber_id,
                )
                for v in outcome.verdicts
            ],
        )
        cursor.executemany(
            "INSERT INTO counters VALUES (?1, ?2) ON CONFLICT (reason) DO UPDATE SET n = n + ?2",
            list(Counter(v.decision.reason.value for v in outcome.verdicts).items()),
        )

    def _write_outbox(self, cursor: sqlite3.Connection, outcome: Outcome) -> None:
        cursor.executemany(
            "INSERT INTO told (story_id, subscriber_id, alert_id, rule_id, level, last_sound_at, in_digest) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (story_id, subscriber_id) DO UPDATE SET "
            "alert_id = excluded.alert_id, rule_id = excluded.rule_id, level = excluded.level, "
            "last_sound_at = excluded.last_sound_at, in_digest = excluded.in_digest",
            [
                (
                    t.story_id,
                    t.subscriber_id,
                    t.alert_id,
                    t.rule_id,
                    int(t.level),
                    stamp(t.last_sound_at),
                    int(t.in_digest),
                )
                for t in outcome.told
            ],
        )
        if cursor.execute("SELECT 1 FROM held LIMIT 1").fetchone():
            cursor.executemany(
                "DELETE FROM held WHERE subscriber_id = ? AND story_id = ?",
                [(t.subscriber_id, t.story_id) for t in outcome.told],
            )
        write_outbox(cursor, outcome.notifications)

    def _write_sightings(self, cursor: sqlite3.Connection, outcome: Outcome, now: datetime) -> None:
        cursor.executemany(
            "INSERT INTO sightings (at, theme, story_id, body) VALUES (?, ?, ?, ?)",
            [
                (stamp(s.at), s.event.theme, s.story_id, SIGHTING.dump_json(s).decode())
                for s in outcome.sightings
            ],
        )
        if outcome.entries:  # when watching began
            for began in ("since", "counted"):
                cursor.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (began, stamp(now)))

    def _remember(self, outcome: Outcome, now: datetime) -> None:
        if self._stories is None or self._sightings is None:
            return
        self._audience.ring(outcome.notifications)
        remember(self._sightings, outcome.sightings)
        if outcome.entries and self._since is None:
            self._since = now
        for story in outcome.stories:
            self._stories.put(story)
        entries = {e.id: e for e in outcome.entries}
        if any(e.revision for e in outcome.entries):
            self._cards = {i: (a, entries.get(e.id, e)) for i, (a, e) in self._cards.items()}
        for alert in outcome.alerts:
            if alert.kind is AlertKind.NEW and alert.entry_id in entries:
                self._cards[alert.id] = (alert, entries[alert.entry_id])
        for told in outcome.told:
            of_story = self._told.setdefault(told.story_id, {})
            before = of_story.get(told.subscriber_id)
            of_story[told.subscriber_id] = told
            if before is not None and all(t.alert_id != before.alert_id for t in of_story.values()):
                self._cards.pop(before.alert_id, None)  # a newer card took its place
            if told.alert_id not in self._cards:
                card = load_card(self._db, told.alert_id)
                if card:
                    self._cards[told.alert_id] = card


def _concerns_readers(outcome: Outcome) -> bool:
    """Whether it would write something about a subscriber, who may have asked to be deleted meanwhile."""
    return bool(
        outcome.notifications
        or outcome.told
        or outcome.held
        or any(v.subscriber_id for v in outcome.verdicts)
    )


def load_card(db: Database, alert_id: str) -> tuple[Alert, Entry] | None:
    """A stored alert and the entry that caused it, or None."""
    row = db.row("SELECT body, entry_id FROM alerts WHERE id = ?", (alert_id,))
    if row is None:
        return None
    entry = db.row(f"SELECT {ENTRY_COLUMNS} FROM entries WHERE id = ?", (row["entry_id"],))
    return (ALERT.validate_json(row["body"]), entry_of(entry)) if entry else None
