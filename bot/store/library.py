"""What people look up: entries by their words and what they say, the biggest stories, how a story went.

Implements `shelves.Library`. It has a connection of its own, so that a long search holds nobody up.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from bot.model import Alert, Attribution, Entry, Modality, Polarity, Severity, Stage, Story, modality
from bot.shelves import Found, History, Hit, Query, Search
from bot.store.database import Database
from bot.store.desk import alert_named, id_that_begins
from bot.store.rows import ALERT, ENTRY_COLUMNS, SIGHTING, STORY, clean, entry_of, moment, stamp

MOST_FOUND = 200  # entries of a search: nobody turns more pages
# Entries looked through at a time, newest first: between two windows a search may see that its time is up.
WINDOW = 20_000
PATIENCE = timedelta(seconds=2)
KEPT_FOR = timedelta(days=7)
KEPT_OF_CHAT, KEPT = 20, 10_000  # searches: of one chat, and in all

_AT = "CASE WHEN e.date_quality IN ('ok', 'naive') THEN coalesce(e.published, e.seen_at) ELSE e.seen_at END"
# The story that an entry is a member of; decisions about it may also name stories of stories.
_HOME = (
    "(SELECT s.id FROM verdicts v JOIN stories s ON s.id = v.story_id WHERE v.entry_id = {entry} "
    "AND json_extract(s.body, '$.rule_id') = '' LIMIT 1)"
)


class Library:
    """See `shelves.Library`.

    Args:
        db: This object's own connection.
        patience: How long a search may take.
        monotonic: Seconds that only ever rise.
        window: Entries looked through at a time.
    """

    def __init__(
        self,
        db: Database,
        *,
        patience: timedelta = PATIENCE,
        monotonic: Callable[[], float] = time.monotonic,
        window: int = WINDOW,
    ) -> None:
        self._db, self._patience, self._monotonic, self._window = db, patience, monotonic, window

    def search(self, query: Query, /) -> Found:
        """Entries that fit, newest first."""
        until = self._monotonic() + self._patience.total_seconds()
        newest = self._db.value("SELECT max(n) FROM entries") or 0
        oldest = self._db.value("SELECT min(n) FROM entries WHERE seen_at >= ?", (stamp(query.since) or "",))
        if oldest is None:
            return Found(entries=())
        source, parameters = _matching(query)
        sql = (
            f"SELECT e.n, e.id, {_AT} AS at, {_HOME.format(entry='e.id')} AS story_id FROM {source} "
            "ORDER BY e.n DESC LIMIT :most"
        )
        found: dict[str, tuple[str, str]] = {}  # story, or entry without one → time and id of its last entry
        below = newest
        while below >= oldest and len(found) <= MOST_FOUND and (below == newest or self._monotonic() < until):
            above = max(below - self._window, oldest - 1)
            place = {"above": above, "below": below, "most": 2 * MOST_FOUND}
            rows = self._db.rows(sql, parameters | place)
            for row in rows:
                found.setdefault(row["story_id"] or row["id"], (row["at"], row["id"]))
            below = rows[-1]["n"] - 1 if len(rows) == 2 * MOST_FOUND else above
        is_complete = below < oldest and len(found) <= MOST_FOUND
        newest_first = sorted(list(found.values())[:MOST_FOUND], reverse=True)
        return Found(entries=tuple(entry_id for _, entry_id in newest_first), is_complete=is_complete)

    def keep(self, search: Search, /) -> None:
        """Keep a search for its pages, and drop old ones."""
        with self._db.transaction() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO searches (id, subscriber_id, at, asked, found, is_complete) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    search.id,
                    search.subscriber_id,
                    stamp(search.at),
                    clean(search.asked),
                    json.dumps(search.found.entries),
                    int(search.found.is_complete),
                ),
            )
            cursor.execute("DELETE FROM searches WHERE at < ?", (stamp(search.at - KEPT_FOR),))
            cursor.execute(
                "DELETE FROM searches WHERE subscriber_id = ?1 AND id NOT IN "
                "(SELECT id FROM searches WHERE subscriber_id = ?1 ORDER BY at DESC LIMIT ?2)",
                (search.subscriber_id, KEPT_OF_CHAT),
            )
            cursor.execute(
                "DELETE FROM searches WHERE at < (SELECT at FROM searches ORDER BY at DESC LIMIT 1 OFFSET ?)",
                (KEPT - 1,),
            )

    def kept(self, search_id: str, /, *, subscriber_id: str) -> Search | None:
        """A kept search of this chat."""
        row = self._db.row(
            "SELECT * FROM searches WHERE id = ? AND subscriber_id = ?", (clean(search_id), subscriber_id)
        )
        if row is None:
            return None
        at = moment(row["at"])
        assert at is not None
        found = Found(entries=tuple(json.loads(row["found"])), is_complete=bool(row["is_complete"]))
        return Search(
            id=row["id"], subscriber_id=row["subscriber_id"], asked=row["asked"], found=found, at=at
        )

    def hits(self, entry_ids: Sequence[str], /) -> list[Hit]:
        """What these entries tell, in this order."""
        entries = self._entries(entry_ids)
        return [self._hit(entries[i]) for i in entry_ids if i in entries]

    def _hit(self, entry: Entry) -> Hit:
        body = self._db.value(
            f"SELECT body FROM stories WHERE id = {_HOME.format(entry='?')}",
            (entry.id,),
        )
        if body is None:
            return Hit(entry=entry)
        story = STORY.validate_json(body)
        alert = self._loudest(story)
        best = self._best(story, alert) or entry
        newest = entry.at if best.id != entry.id and entry.at > best.at else None
        return Hit(entry=best, story=story, alert=alert, newest=newest)

    def _loudest(self, story: Story) -> Alert | None:
        """Its loudest card, at the level that an answer to it may have raised since; None if nobody was told."""
        row = self._db.row(
            "SELECT body, (SELECT max(level) FROM alerts WHERE story_id = ?1) AS loud FROM alerts "
            "WHERE story_id = ?1 ORDER BY kind <> 'new', level DESC, created_at, id LIMIT 1",
            (story.id,),
        )
        return replace(ALERT.validate_json(row["body"]), level=Severity(row["loud"])) if row else None

    def _best(self, story: Story, alert: Alert | None) -> Entry | None:
        """The entry that tells a story best, see `Hit`; None if none is stored any more."""
        members = {m.entry_id: (not m.origin, m.tier, n) for n, m in enumerate(story.members)}
        rows = self._db.rows(
            "SELECT e.id, e.kind = 'social' AS post, EXISTS (SELECT 1 FROM analyses a, json_each(a.body, '$.events') v "
            "WHERE a.entry_id = e.id AND json_extract(v.value, '$.fresh') "
            "AND json_extract(v.value, '$.polarity') <> 'denied' "
            "AND ?1 IN ('', json_extract(v.value, '$.theme'))) AS claims "
            "FROM entries e WHERE e.id IN (SELECT value FROM json_each(?2))",
            (alert.event.theme if alert else "", json.dumps(list(members))),
        )
        best = min(rows, key=lambda r: (not r["claims"], r["post"], *members[r["id"]]), default=None)
        return self._entries([best["id"]]).get(best["id"]) if best else None

    def top(self, since: datetime, limit: int, /) -> list[Hit]:
        """The biggest stories that were told and to which something came since then."""
        rows = self._db.rows(
            "SELECT s.body, (SELECT max(level) FROM alerts a WHERE a.story_id = s.id) AS level FROM stories s "
            "WHERE s.last_seen >= ? AND json_extract(s.body, '$.rule_id') = '' "
            "AND EXISTS (SELECT 1 FROM alerts a WHERE a.story_id = s.id AND a.kind = 'new')",
            (stamp(since),),
        )
        told = [(STORY.validate_json(row["body"]), Severity(row["level"])) for row in rows]
        told.sort(key=lambda pair: (pair[0].origins, pair[1], pair[0].copies, pair[0].place), reverse=True)
        hits = []
        for story, _ in told[:limit]:
            alert = self._loudest(story)
            assert alert is not None
            entry = self._best(story, alert) or self._entries([alert.entry_id]).get(alert.entry_id)
            hits += [Hit(entry=entry, story=story, alert=alert)] if entry else []
        return hits

    def history(self, reference: str, /, *, subscriber_id: str = "") -> History | None:
        """A story by its id, by that of an alert of it, or by a message in the chat."""
        named = clean(reference.strip())
        alert_id = alert_named(self._db, named, subscriber_id)
        story_id = (
            self._db.value("SELECT story_id FROM alerts WHERE id = ?", (alert_id,))
            if alert_id
            else id_that_begins(self._db, "stories", named)
        )
        story = self._story(story_id or "")
        if story is None:
            return None
        alerts = tuple(
            ALERT.validate_json(row["body"])
            for row in self._db.rows(
                "SELECT body FROM alerts WHERE story_id = ? ORDER BY created_at, id", (story.id,)
            )
        )
        sightings = tuple(
            SIGHTING.validate_json(row["body"])
            for row in self._db.rows("SELECT body FROM sightings WHERE story_id = ? ORDER BY n", (story.id,))
        )
        members = [m.entry_id for m in story.members]
        entries = self._entries({*members, *(a.entry_id for a in alerts), *(s.entry_id for s in sightings)})
        parts = (self._story(i) for i in story.links)
        return History(
            story=story,
            alerts=alerts,
            sightings=sightings,
            entries=entries,
            withdrawals=self._withdrawals(members),
            parts=tuple(p for p in parts if p is not None),
        )

    def _story(self, story_id: str) -> Story | None:
        body = self._db.value("SELECT body FROM stories WHERE id = ?", (story_id,))
        return STORY.validate_json(body) if body else None

    def _entries(self, entry_ids: Iterable[str]) -> Mapping[str, Entry]:
        wanted = [clean(i) for i in dict.fromkeys(entry_ids)]
        rows = self._db.rows(
            f"SELECT {ENTRY_COLUMNS} FROM entries WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(wanted),),
        )
        return {row["id"]: entry_of(row) for row in rows}

    def _withdrawals(self, entry_ids: Sequence[str]) -> frozenset[str]:
        rows: list[sqlite3.Row] = self._db.rows(
            "SELECT a.entry_id FROM analyses a, json_each(a.body, '$.flags') f WHERE f.value = 'withdrawn' "
            "AND a.entry_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(entry_ids)),),
        )
        return frozenset(row["entry_id"] for row in rows)


def _matching(query: Query) -> tuple[str, dict[str, Any]]:
    """Tables and conditions of a query, with their parameters; `:above` and `:below` bound `e.n`."""
    parameters: dict[str, Any] = {}
    # A copy says what another entry says, and is counted there.
    holds = [
        "e.n > :above AND e.n <= :below",
        "NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.entry_id = e.id AND v.reason = 'echo')",
    ]
    source = "entries e"
    words = full_text(query.words, is_typing=query.is_typing)
    if words:
        source = "entries_fts f JOIN entries e ON e.n = f.rowid"
        holds += ["entries_fts MATCH :words AND f.rowid > :above AND f.rowid <= :below"]
        parameters["words"] = words
    if query.since is not None:
        holds.append(f"{_AT} >= :since")
        parameters["since"] = stamp(query.since)
    if query.companies:
        holds.append(
            "EXISTS (SELECT 1 FROM analyses a, json_each(a.body, '$.mentions') m WHERE a.entry_id = e.id "
            "AND json_extract(m.value, '$.company') IN (SELECT value FROM json_each(:companies)) UNION ALL "
            "SELECT 1 FROM analyses a, json_each(a.body, '$.events') v WHERE a.entry_id = e.id "
            "AND json_extract(v.value, '$.actor') IN (SELECT value FROM json_each(:companies)))"
        )
        parameters["companies"] = json.dumps([clean(c) for c in query.companies])
    if query.theme or query.modality is not None:
        holds.append(_event_holds(query, parameters))
    if query.level is not None:
        holds.append(
            "EXISTS (SELECT 1 FROM verdicts v JOIN alerts x ON x.story_id = v.story_id "
            "WHERE v.entry_id = e.id AND v.story_id <> '' AND x.level >= :level)"
        )
        parameters["level"] = int(query.level)
    return f"{source} WHERE {' AND '.join(holds)}", parameters


def _event_holds(query: Query, parameters: dict[str, Any]) -> str:
    """The condition that one event is news in the entry, and of this theme and modality."""
    asked = ["json_extract(v.value, '$.fresh')"]
    if query.theme:
        asked.append("json_extract(v.value, '$.theme') = :theme")
        parameters["theme"] = clean(query.theme)
    if query.modality is not None:
        axes = " || ' ' || ".join(
            f"json_extract(v.value, '$.{n}')" for n in ("stage", "attribution", "polarity")
        )
        asked.append(f"{axes} IN (SELECT value FROM json_each(:axes))")
        parameters["axes"] = json.dumps(_axes(query.modality))
    return (
        "EXISTS (SELECT 1 FROM analyses a, json_each(a.body, '$.events') v "
        f"WHERE a.entry_id = e.id AND {' AND '.join(asked)})"
    )


def _axes(wanted: Modality) -> list[str]:
    """Every stage, attribution and polarity that together make this word."""
    return [" ".join(axes) for axes in product(Stage, Attribution, Polarity) if modality(*axes) is wanted]


def full_text(words: Sequence[str], *, is_typing: bool = False) -> str:
    """Words as an expression of the full-text index: quoted each, so that no text can be taken for its syntax.

    Source: sqlite.org/fts5.html, section 3.1.
    """
    plain = [clean(w).replace("\0", " ") for w in words]
    quoted = ['"' + w.replace('"', '""') + '"' for w in plain if any(c.isalnum() for c in w)]
    if quoted and is_typing:
        quoted[-1] += " *"
    return " ".join(quoted)
