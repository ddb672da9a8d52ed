"""The archive: search, replay, retention, backup and restore."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

from bot.errors import StoreError
from bot.model import DENIABLE, MEMORY, Alert, Analysis, Entry, Reason, Sighting, Verdict
from bot.store.database import Database, translate
from bot.store.imports import KEPT_FOR as IMPORTS_KEPT_FOR
from bot.store.rows import ALERT, ANALYSIS, ENTRY_COLUMNS, SIGHTING, entry_of, moment, stamp, verdict_of
from bot.store.trends import forget

# Rows deleted in one transaction, so that pruning never holds up a batch for long.
PRUNE_STEP = 2_000
READ_STEP = 1_000  # decisions read at a time for a replay, with the entries that they are about
# Whatever else is set: open stories refer to it, and feeds still show it.
KEEP_AT_LEAST = DENIABLE + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An entry, or a revision of it, as it came."""

    entry: Entry
    at: datetime  # UTC, when it was decided about
    baseline: bool = False  # it came with the silent first poll of its feed
    counts: bool = (
        True  # False: from before the time that is asked about, for the stories that were open then
    )


class Archive:
    """Entries of the past, newest first."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def search(self, query: str, limit: int = 20) -> list[Entry]:
        """Entries that hold all words of the query; the words are quoted, so any text is safe."""
        words = " ".join('"' + w.replace('"', '""') + '"' for w in query.replace("\0", " ").split())
        if not words:
            return []
        columns = ", ".join(f"e.{c.strip()}" for c in ENTRY_COLUMNS.split(","))
        rows = self._db.rows(
            f"SELECT {columns} FROM entries_fts f JOIN entries e ON e.n = f.rowid "
            "WHERE entries_fts MATCH ? ORDER BY e.n DESC LIMIT ?",
            (words, limit),
        )
        return [entry_of(row) for row in rows]

    def count(self) -> int:
        """How many entries it holds."""
        return int(self._db.value("SELECT count(*) FROM entries"))

    def last_decided(self) -> datetime | None:
        """When the newest entry was decided about; None for an empty archive."""
        return moment(self._db.value("SELECT max(at) FROM verdicts"))

    def arrivals(self, since: datetime) -> Iterator[Arrival]:
        """What was decided about since then, in that very order and with the words of that time.

        The decisions that are kept are a log of arrivals: they say when, in which order, and what was a
        feed's silent first poll. Of a revised entry only title and text are kept as they were.
        """
        start = self._db.value("SELECT min(id) FROM verdicts WHERE at >= ?", (stamp(since),))
        last = None
        while start is not None:
            rows = self._db.rows(
                "SELECT id, entry_id, at, reason FROM verdicts WHERE id >= ? ORDER BY id LIMIT ?",
                (start, READ_STEP),
            )
            yield from self._arrivals(rows, last)
            last, start = (_visit(rows[-1]), rows[-1]["id"] + 1) if rows else (None, None)

    def _arrivals(self, rows: Sequence[sqlite3.Row], last: tuple[str, str] | None) -> Iterator[Arrival]:
        visits: dict[tuple[str, str], bool] = {}  # the first decision about an entry says if it is a baseline
        for row in rows:
            visits.setdefault(_visit(row), row["reason"] == Reason.BASELINE)
        visits.pop(last, None) if last else None  # its decisions began on the page before
        ids = {entry_id for entry_id, _ in visits}
        entries = {row["id"]: entry_of(row) for row in self._of("entries", "id", ids, ENTRY_COLUMNS)}
        replaced: dict[str, list[sqlite3.Row]] = {}
        for row in self._of("revisions", "entry_id", ids, "*", order="entry_id, revision"):
            replaced.setdefault(row["entry_id"], []).append(row)
        for (entry_id, stamped), baseline in visits.items():
            at = moment(stamped)
            if entry_id in entries and at is not None:
                entry = _as_of(entries[entry_id], replaced.get(entry_id, ()), stamped)
                yield Arrival(entry=entry, at=at, baseline=baseline)

    def _of(
        self, table: str, column: str, ids: Collection[str], columns: str, order: str = "1"
    ) -> list[sqlite3.Row]:
        marks = ",".join("?" * len(ids))
        return self._db.rows(
            f"SELECT {columns} FROM {table} WHERE {column} IN ({marks}) ORDER BY {order}", tuple(ids)
        )

    def sightings(self, before: datetime) -> list[Sighting]:
        """Claims that were remembered then, of entries that had come by then, oldest first."""
        rows = self._db.rows(
            "SELECT body FROM sightings WHERE at >= ? AND coalesce((SELECT min(v.at) FROM verdicts v "
            "WHERE v.entry_id = json_extract(body, '$.entry_id')), '') < ? ORDER BY at, n",
            (stamp(before - MEMORY), stamp(before)),
        )
        return [SIGHTING.validate_json(row["body"]) for row in rows]

    def since(self) -> datetime | None:
        """Since when claims are remembered; None before the first."""
        return moment(self._db.value("SELECT value FROM meta WHERE key = 'since'"))

    def find(self, reference: str) -> list[Entry]:
        """The entries with this id or URL, newest first.

        A URL is also found by another scheme, without its fragment or query, or by a slash more or less.
        """
        whole = urldefrag(reference.strip()).url
        for url in dict.fromkeys((reference.strip(), whole, whole.partition("?")[0])):
            bare = url.removeprefix("https://").removeprefix("http://").rstrip("/")
            named = [f"{scheme}://{bare}{end}" for scheme in ("https", "http") for end in ("", "/")]
            rows = self._db.rows(
                f"SELECT {ENTRY_COLUMNS} FROM entries WHERE id = ? OR (url <> '' AND url IN (?, ?, ?, ?, ?)) "
                "ORDER BY n DESC",
                (url, url, *named),
            )
            if rows:
                return [entry_of(row) for row in rows]
        return []

    def neighbour(self, url: str) -> str:
        """The URL most like this one that an entry from the same host has, or an empty string."""
        parts = urlsplit(url)
        if not parts.netloc:
            return ""
        found: list[tuple[int, str]] = []
        for scheme in ("https", "http"):
            host = f"{scheme}://{parts.netloc}/"
            wanted = host + url.partition(f"://{parts.netloc}")[2].lstrip("/")
            for bound, order in (("url >= ?1", "ASC"), ("url < ?1", "DESC")):
                near = self._db.value(
                    f"SELECT url FROM entries WHERE url <> '' AND {bound} AND url >= ?2 AND url < ?3 "
                    f"ORDER BY url {order} LIMIT 1",
                    (wanted, host, host + "\U0010ffff"),
                )
                if near:
                    alike = sum(
                        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(near, wanted, strict=False))
                    )
                    found.append((alike - len(host), near))
        return max(found, default=(0, ""), key=lambda pair: pair[0])[1]

    def verdicts(self, entry_id: str) -> list[Verdict]:
        """Every decision about an entry, in order."""
        rows = self._db.rows("SELECT * FROM verdicts WHERE entry_id = ? ORDER BY id", (entry_id,))
        return [verdict_of(row) for row in rows]

    def cards(self, story_ids: Collection[str]) -> list[Alert]:
        """The alerts by which these stories were told, oldest first."""
        rows = self._db.rows(
            "SELECT body FROM alerts WHERE kind = 'new' AND story_id IN (SELECT value FROM json_each(?)) "
            "ORDER BY created_at, id",
            (json.dumps(sorted(story_ids)),),
        )
        return [ALERT.validate_json(row["body"]) for row in rows]

    def analysis(self, entry_id: str) -> Analysis | None:
        """What the latest revision of an entry was found to say, if that is kept."""
        body = self._db.value("SELECT body FROM analyses WHERE entry_id = ?", (entry_id,))
        return ANALYSIS.validate_json(body) if body else None

    def prune(self, now: datetime, keep: timedelta, *, most: int = 1_000_000) -> int:
        """Delete entries, decisions and closed notifications older than `keep`; gives the entries deleted.

        What belongs to a story that may still change is kept whatever its age, and so is what is younger than
        `KEEP_AT_LEAST`. Entries without a date that can be trusted stay for good: a feed may show one for
        years, and once forgotten it would come as news again. Stops after about `most` entries; the rest is
        for the next time.
        """
        before = stamp(now - max(keep, KEEP_AT_LEAST))
        deleted = 0
        while True:
            with self._db.transaction() as cursor:
                ids = [
                    row[0]
                    for row in cursor.execute(
                        "SELECT id FROM entries WHERE seen_at < ? AND date_quality IN ('ok', 'naive') "
                        "AND id NOT IN (SELECT entry_id FROM alerts "
                        "JOIN stories ON stories.id = alerts.story_id WHERE stories.last_seen >= ?) LIMIT ?",
                        (before, before, PRUNE_STEP),
                    )
                ]
                for table, column in (
                    ("verdicts", "entry_id"),
                    ("analyses", "entry_id"),
                    ("revisions", "entry_id"),
                    ("alerts", "entry_id"),
                    ("entries", "id"),
                ):
                    cursor.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(i,) for i in ids])
            deleted += len(ids)
            if len(ids) < PRUNE_STEP or deleted >= most:
                break
        with self._db.transaction() as cursor:
            cursor.execute("DELETE FROM stories WHERE last_seen < ?", (before,))
            cursor.execute("DELETE FROM told WHERE story_id NOT IN (SELECT id FROM stories)")
            cursor.execute("DELETE FROM acks WHERE story_id NOT IN (SELECT id FROM stories)")
            cursor.execute(
                "DELETE FROM outbox WHERE state <> 'pending' AND closed_at < ? "
                "AND story_id NOT IN (SELECT id FROM stories)",
                (before,),
            )
            for table in ("silences", "mutes"):
                cursor.execute(f"DELETE FROM {table} WHERE until < ?", (stamp(now),))
            for table in ("held", "feedback", "audit", "broadcasts"):
                cursor.execute(f"DELETE FROM {table} WHERE at < ?", (before,))
            cursor.execute("DELETE FROM sightings WHERE at < ?", (stamp(now - MEMORY),))
            cursor.execute("DELETE FROM imports WHERE at < ?", (stamp(now - IMPORTS_KEPT_FOR),))
            forget(cursor, now)
        return deleted


def _visit(row: sqlite3.Row) -> tuple[str, str]:
    return row["entry_id"], row["at"]


def _as_of(entry: Entry, replaced: Sequence[sqlite3.Row], stamped: str) -> Entry:
    """The revision that an entry had at a moment; `replaced` are the former ones, oldest first."""
    for row in replaced:
        if row["replaced_at"] > stamped:
            was = {name: row[name] for name in ("title", "text", "content", "revision")}
            return replace(entry, **was)
    return entry


def backup(source: Path, target: Path) -> int:
    """Copy a database that may be in use to a new file, consistently; gives the copy's size in bytes.

    Raises:
        StoreError: There is no such database, or the copy can't be written; a partial copy is removed.
    """
    if not source.is_file():
        raise StoreError(f"there is no database {source}; set BOT_DATA_DIR or run the bot once")
    if target.exists():
        raise StoreError(f"{target} exists already; name a new file")
    part = target.with_name(target.name + ".part")
    try:
        reader = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
        try:
            writer = sqlite3.connect(part)
            try:
                reader.backup(writer)  # in one step: a copy in parts starts over whenever the bot writes
                if writer.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                    raise StoreError(f"{source} is damaged; the copy was not kept")
                writer.execute("PRAGMA journal_mode = DELETE")
            finally:
                writer.close()
        finally:
            reader.close()
        os.replace(part, target)
    except sqlite3.Error as e:
        at_fault = source if isinstance(e, sqlite3.DatabaseError) and _is_damage(e) else target
        raise translate(e, at_fault) from e
    except OSError as e:
        raise StoreError(f"can't write {target}: {e.strerror}") from e
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite complains of what it read; the copy is new, so that is the source."""
    return error.sqlite_errorcode in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def restore(source: Path, target: Path) -> Path | None:
    """Put a backup in the database's place; gives where the former database was moved to, if there was one.

    The backup itself is only read. The caller holds the database's `Lock`.

    Raises:
        StoreError: The backup is damaged, no database, or of a newer release; nothing was changed.
    """
    if not source.is_file():
        raise StoreError(f"there is no file {source}")
    fresh = target.with_name(target.name + ".restoring")
    fresh.unlink(missing_ok=True)
    try:
        try:
            backup(source, fresh)
            check = Database(fresh)  # refuses what is from a newer release, migrates what is older
        except StoreError as e:
            problem = str(e).replace(str(fresh), str(source)).split("; put a backup")[0]
            raise StoreError(f"{problem}; nothing was changed") from e
        try:
            check.quick_check()
        finally:
            check.close()
        aside: Path | None = None
        if target.exists():
            names = (target.with_name(f"{target.name}.before-restore-{n}") for n in range(1, 10_000))
            aside = next(p for p in names if not p.exists())
            os.replace(target, aside)
        for suffix in (
            "-wal",
            "-shm",
        ):  # what a killed program had not yet folded back belongs to the former one
            part = target.with_name(target.name + suffix)
            if aside is not None and part.exists():
                os.replace(part, aside.with_name(aside.name + suffix))
            part.unlink(missing_ok=True)
        os.replace(fresh, target)
        return aside
    finally:
        for suffix in ("", "-wal", "-shm"):
            fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)


class Lock:
    """Held by the one program that may use a database; the system frees it when the program ends, however it ends."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._file: int | None = None

    def take(self) -> None:
        """Take it.

        Raises:
            StoreError: Another program holds it, or the folder can't be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            self.free()
            raise StoreError(
                f"another Spillover is running on {self._path.parent}; stop it, or set another BOT_DATA_DIR"
            ) from e
        except OSError as e:
            self.free()
            way = f"let user {os.geteuid()} write there, or " if isinstance(e, PermissionError) else ""
            raise StoreError(
                f"can't write to {self._path.parent}: {e.strerror}; {way}set BOT_DATA_DIR"
            ) from e

    def free(self) -> None:
        """Let it go."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
