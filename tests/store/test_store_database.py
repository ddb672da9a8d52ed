import sqlite3
from pathlib import Path

import pytest
from make import NOW, entry

from bot.errors import StoreError
from bot.model import Outcome
from bot.store.archive import Archive, backup, restore
from bot.store.database import Database
from bot.store.ingest import Ingest


def test_a_new_file_gets_the_schema_and_opens_again(path: Path) -> None:
    Database(path).close()
    again = Database(path)
    assert again.value("SELECT count(*) FROM entries") == 0
    assert again.value("PRAGMA journal_mode") == "wal"
    again.close()


def test_a_file_of_a_newer_release_is_refused(path: Path) -> None:  # fault 37
    db = Database(path)
    with db.transaction() as cursor:
        cursor.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('spillover', 'm999_later', 'x')"
        )
    db.close()
    with pytest.raises(StoreError, match=r"newer release \(step m999_later\)"):
        Database(path)


def test_what_is_no_database_is_refused_with_what_to_do(path: Path) -> None:  # fault 37
    path.write_bytes(b"this is a text, not a database" * 100)
    with pytest.raises(StoreError, match="spillover db restore"):
        Database(path)


def test_a_damaged_page_is_found_by_the_check(path: Path) -> None:  # fault 37
    db = Database(path)
    ingest = Ingest(db)
    ingest.apply(Outcome(entries=tuple(entry(f"Title number {n}", text="x" * 900) for n in range(200))), NOW)
    db.close()
    raw = bytearray(path.read_bytes())
    middle = raw.index(b"x" * 900)  # a page of entries, none of the schema
    raw[middle - middle % 4096 : middle - middle % 4096 + 100] = b"\xff" * 100
    path.write_bytes(raw)
    broken = Database(path)
    with pytest.raises(StoreError, match="damaged"):
        broken.quick_check()
    broken.close()


def insert_twice(db: Database) -> None:
    with db.transaction() as cursor:
        cursor.execute("INSERT INTO meta VALUES ('x', '1')")
        cursor.execute("INSERT INTO meta VALUES ('x', '2')")


def test_a_failed_transaction_leaves_nothing(db: Database) -> None:
    with pytest.raises(StoreError, match="UNIQUE"):
        insert_twice(db)
    assert db.value("SELECT count(*) FROM meta WHERE key = 'x'") == 0


def test_a_full_disk_writes_nothing_says_so_and_recovers(path: Path) -> None:  # fault 35
    db = Database(path)
    ingest = Ingest(db)
    ingest.apply(Outcome(entries=(entry("Before the disk was full"),)), NOW)
    db.connection.execute("PRAGMA max_page_count = 60")
    big = tuple(entry(f"Item {n}", text="word " * 4000) for n in range(60))
    with pytest.raises(StoreError, match="disk is full"):
        ingest.apply(Outcome(entries=big), NOW)
    assert Archive(db).count() == 1
    db.connection.execute("PRAGMA max_page_count = 100000")
    ingest.apply(Outcome(entries=big), NOW)
    assert Archive(db).count() == 61
    db.close()


def test_a_long_reader_does_not_stop_a_writer(path: Path) -> None:  # fault 36
    db = Database(path)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM entries").fetchone()
    Ingest(db).apply(Outcome(entries=(entry(),)), NOW)
    assert Archive(db).count() == 1
    assert reader.execute("SELECT count(*) FROM entries").fetchone()[0] == 0
    reader.close()
    db.close()


def test_a_backup_taken_while_a_writer_is_at_work_is_whole(path: Path, tmp_path: Path) -> None:
    db = Database(path)
    Ingest(db).apply(Outcome(entries=(entry("Kept in the copy"),)), NOW)
    db.connection.execute("BEGIN IMMEDIATE")
    db.connection.execute("INSERT INTO meta VALUES ('uncommitted', '1')")
    size = backup(path, tmp_path / "copy.db")
    db.connection.execute("ROLLBACK")
    db.close()
    assert size == (tmp_path / "copy.db").stat().st_size > 0
    copy = Database(tmp_path / "copy.db")
    assert Archive(copy).count() == 1
    assert copy.value("SELECT count(*) FROM meta WHERE key = 'uncommitted'") == 0
    copy.close()


def test_a_restore_keeps_the_former_file_and_brings_back_the_copy(
    path: Path, tmp_path: Path
) -> None:  # fault 37
    db = Database(path)
    Ingest(db).apply(Outcome(entries=(entry("From the backup"),)), NOW)
    db.close()
    backup(path, tmp_path / "copy.db")
    before = (tmp_path / "copy.db").read_bytes()
    path.write_bytes(b"damaged")
    aside = restore(tmp_path / "copy.db", path)
    assert aside is not None
    assert aside.read_bytes() == b"damaged"
    assert (tmp_path / "copy.db").read_bytes() == before
    again = Database(path)
    assert [e.title for e in Archive(again).search("backup")] == ["From the backup"]
    again.close()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(lambda p: None, "there is no file", id="missing"),
        pytest.param(lambda p: p.write_bytes(b"rubbish" * 999), "damaged or no database", id="rubbish"),
    ],
)
def test_a_restore_from_no_backup_changes_nothing(path: Path, tmp_path: Path, make, words: str) -> None:
    Database(path).close()
    before = path.read_bytes()
    make(tmp_path / "copy.db")
    with pytest.raises(StoreError, match=words):
        restore(tmp_path / "copy.db", path)
    assert path.read_bytes() == before


def test_a_backup_never_overwrites(path: Path, tmp_path: Path) -> None:
    Database(path).close()
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(StoreError, match="exists already"):
        backup(path, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"


def test_a_restore_keeps_what_a_killed_program_had_only_in_its_log(path: Path, tmp_path: Path) -> None:
    Database(path).close()
    backup(path, tmp_path / "copy.db")
    db = Database(path)
    Ingest(db).apply(Outcome(entries=(entry("Only in the log"),)), NOW)
    for suffix in ("", "-wal"):  # as a kill leaves them
        (tmp_path / f"killed.db{suffix}").write_bytes(path.with_name(path.name + suffix).read_bytes())
    db.close()
    aside = restore(tmp_path / "copy.db", tmp_path / "killed.db")
    assert aside is not None
    former = Database(aside)
    assert Archive(former).count() == 1
    former.close()
