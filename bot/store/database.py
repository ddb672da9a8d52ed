"""Opens the database file and keeps SQLite's own promises: WAL, one writer at a time, whole transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database as SqliteUtils

from bot.errors import ConfigError, StoreError
from bot.store.migrations import migrations

# A writer waits this long for another one; a batch's transaction takes milliseconds.
BUSY_MS = 10_000
# Bytes that the write-ahead log is cut back to after a checkpoint.
WAL_LIMIT = 16 * 1024 * 1024


class Database:
    """One connection. Each of the program's users of the file opens its own; threads may share one.

    Raises:
        StoreError: The file can't be opened, is damaged, or was written by a newer release.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000
            )
        except OSError as e:
            raise StoreError(f"can't make the folder {path.parent}: {e.strerror}; set BOT_DATA_DIR") from e
        except sqlite3.Error as e:
            raise translate(e, path) from e
        try:
            self.connection.row_factory = sqlite3.Row
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = NORMAL")
            # Some builds of SQLite leave what is deleted in the file until its place is needed.
            self.connection.execute("PRAGMA secure_delete = ON")
            self.connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
            self.utils = SqliteUtils(self.connection)
            self._migrate()
        except sqlite3.Error as e:
            self.connection.close()
            raise translate(e, path) from e
        except StoreError:
            self.connection.close()
            raise

    def _migrate(self) -> None:
        ours = {m.name for m in migrations.pending(SqliteUtils(memory=True))}
        applied = {m.name for m in migrations.applied(self.utils)}
        if applied - ours:
            raise StoreError(
                f"{self.path} was written by a newer release (step {max(applied - ours)}); "
                "run that release, or restore a backup made by this one"
            )
        if ours - applied:
            migrations.apply(self.utils)

    def quick_check(self) -> None:
        """Look for damage.

        Raises:
            StoreError: Damage was found; says what to do.
        """
        try:
            found = self.connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.Error as e:
            raise translate(e, self.path) from e
        if found != "ok":
            raise StoreError(_damaged(self.path, str(found)))

    def leave_checkpoints(self) -> None:
        """Leave it to other connections to fold the log back, which waits for the disk: this one serves the event loop.

        If no other does, it does so at twice `WAL_LIMIT`.
        """
        self.connection.execute(f"PRAGMA wal_autocheckpoint = {2 * WAL_LIMIT // 4096}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; takes the write lock at once, so that no reader turns writer too late.

        Raises:
            StoreError: SQLite refused (disk full, damage, locked for too long); nothing was written.
        """
        with self._lock:
            try:
                self.connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self.connection
                except BaseException:
                    if self.connection.in_transaction:
                        self.connection.execute("ROLLBACK")
                    raise
                self.connection.execute("COMMIT")
            except sqlite3.Error as e:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise translate(e, self.path) from e

    def rows(self, sql: str, parameters: Any = ()) -> list[sqlite3.Row]:
        """Read all rows of a query.

        Raises:
            StoreError: SQLite refused.
        """
        with self._lock:
            try:
                return self.connection.execute(sql, parameters).fetchall()
            except sqlite3.Error as e:
                raise translate(e, self.path) from e

    def row(self, sql: str, parameters: Any = ()) -> sqlite3.Row | None:
        """Read the first row of a query, or None."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def value(self, sql: str, parameters: Any = ()) -> Any:
        """Read the first column of the first row, or None."""
        found = self.row(sql, parameters)
        return found[0] if found else None

    def close(self) -> None:
        """Close the connection; SQLite folds the write-ahead log back when it is the last one."""
        with self._lock:
            self.connection.close()


@contextmanager
def existing(path: Path) -> Iterator[Database]:
    """The database that a bot has made, open for a while.

    Raises:
        ConfigError: There is none.
        StoreError: It can't be opened.
    """
    if not path.exists():
        raise ConfigError(f"there is no database {path}; set BOT_DATA_DIR, or run the bot once")
    if not path.is_file():
        raise ConfigError(f"{path} is no file; move it away, or set BOT_DATA_DIR")
    database = Database(path)
    try:
        yield database
    finally:
        database.close()


def translate(error: sqlite3.Error, path: Path) -> StoreError:
    """SQLite's error as a sentence that says what to do."""
    text = str(error)
    if "disk is full" in text or "disk I/O" in text:
        return StoreError(f"{path}: the disk is full ({text}); free some space, nothing was written")
    if "malformed" in text or "not a database" in text or "file is encrypted" in text:
        return StoreError(_damaged(path, text))
    if "locked" in text or "busy" in text:
        return StoreError(f"{path} is locked by another program ({text}); is a second instance running?")
    if "readonly" in text or "read-only" in text or "unable to open" in text:
        return StoreError(f"{path} can't be opened for writing ({text}); check its folder and permissions")
    return StoreError(f"{path}: {text}")


def _damaged(path: Path, what: str) -> str:
    return (
        f"{path} is damaged or no database ({what}); "
        "put a backup in its place with: spillover db restore BACKUP"
    )
