"""What is deleted is gone from every table, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from make import HOUR, NOW, alert, entry, notification, story

from bot.model import (
    Decision,
    Digest,
    Held,
    Outcome,
    Reason,
    Receipt,
    Severity,
    Silence,
    Target,
    TargetKind,
    Told,
    Verdict,
)
from bot.office import Admission, Deed
from bot.shelves import Found, Search
from bot.store.access import Access
from bot.store.bindings import Bindings
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.store.library import Library
from bot.store.privacy import DELETED, Privacy
from bot.store.queue import Queue
from bot.store.registry import Registry

ME, OTHER = "telegram:70015001", "telegram:70015002"
GROUP, TOPIC, OTHER_TOPIC = "telegram:-1009990009", "telegram:-1009990009/7", "telegram:-1009990009/8"
EVERYBODY = (ME, OTHER, GROUP, TOPIC, OTHER_TOPIC)


def fill(db: Database, *subscribers: str) -> None:
    """Let every table have something about each of them."""
    desk, ingest = Desk(db), Ingest(db)
    for who in subscribers:
        channel, _, address = who.partition(":")
        desk.enroll(channel, address, NOW)
        desk.watch(who, Target(TargetKind.COMPANY, "META"), NOW)
        Bindings(db).note(who, address if who in (ME, OTHER) else OTHER.partition(":")[2], NOW)
        desk.set_digest(who, Digest(at=NOW.time()), NOW + HOUR)
        desk.add_mute(who, Silence(id=f"m{address}", until=NOW + HOUR, company="NVDA", comment="NVDA"))
    first, second = entry(), entry("Oracle rents out idle GPUs")
    told, later = alert(first), alert(second)
    ingest.snapshot([first, second], NOW)
    done = ingest.apply(
        Outcome(
            entries=(first, second),
            stories=(story(first), story(second)),
            alerts=(told, later),
            verdicts=tuple(
                Verdict(
                    entry_id=first.id,
                    at=NOW,
                    decision=Decision(send=True, reason=Reason.FIRST, detail=f"told {who} at once"),
                    subscriber_id=who,
                )
                for who in subscribers
            ),
            told=tuple(
                Told(
                    story_id=told.story_id,
                    subscriber_id=who,
                    alert_id=told.id,
                    rule_id=told.rule_id,
                    level=Severity.HIGH,
                    last_sound_at=NOW,
                )
                for who in subscribers
            ),
            held=tuple(
                Held(subscriber_id=who, alert=later, reason=Reason.MUTED, at=NOW) for who in subscribers
            ),
            notifications=tuple(
                n
                for who in subscribers
                for n in (notification(told, to=who), notification(later, to=who, not_before=NOW + HOUR))
            ),
        ),
        NOW,
    )
    assert done
    queue = Queue(db)
    for item in queue.due(NOW, 10):
        queue.delivered(item.notification.id, Receipt(message_id="9", at=NOW))


def mentions(db: Database, number: str) -> list[str]:
    """Where a number stands in the database, in any table and column."""
    found = []
    for table in [r["name"] for r in db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]:
        for row in db.rows(f'SELECT * FROM "{table}"'):
            found += [f"{table}.{k}: {v}" for k, v in dict(row).items() if number in str(v)]
    return found


def dump(db: Database, without: str) -> dict[str, list[list[object]]]:
    """All rows of all tables that do not mention a number."""
    tables = [r["name"] for r in db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        t: [list(row) for row in db.rows(f'SELECT * FROM "{t}"') if without not in str(list(row))]
        for t in tables
    }


def test_the_scene_fills_every_table_that_can_name_a_subscriber(db: Database) -> None:
    fill(db, ME)
    for table in ("subscribers", "watches", "mutes", "told", "held", "outbox", "verdicts"):
        assert any(m.startswith(f"{table}.") for m in mentions(db, "70015001")), table


def test_nothing_of_a_deleted_chat_is_left_in_any_table(db: Database) -> None:
    fill(db, ME, OTHER)
    Access(db).admit("70015001", Admission.ALLOWED, "9", NOW)
    Access(db).admit("70015002", Admission.ALLOWED, "70015001", NOW)  # it was a manager once
    registry = Registry(db)
    registry.note(Deed(at=NOW, who="9", what="allow 70015001", result="70015001 may use the bot"))
    registry.note(Deed(at=NOW, who="70015001", what="reload", result="done"))
    with db.transaction() as cursor:
        cursor.execute("INSERT INTO meta VALUES ('moved telegram:-7001', ?)", (ME,))
        cursor.execute("INSERT INTO meta VALUES (?, 'telegram:-1')", (f"moved {ME}",))
        cursor.execute(
            "UPDATE subscribers SET error = 'came with telegram:70015001, they say' WHERE id = ?", (OTHER,)
        )
        cursor.execute("INSERT INTO silences VALUES ('s', '2027', '', 'META', '', '', 'asked by 70015001')")
    assert len(mentions(db, "70015001")) > 10
    assert Privacy(db).erase(ME, NOW)
    assert mentions(db, "70015001") == []
    assert mentions(db, "-7001") == [], "its former address is its address as well"


def test_other_chats_stay_as_they_were(db: Database) -> None:
    fill(db, *EVERYBODY)
    before = dump(db, without="70015001")
    Privacy(db).erase(ME, NOW)
    after = dump(db, without="70015001")
    for tables in (before, after):
        tables.pop("meta")  # which counts how often subscribers changed
    told = [row for row in after["verdicts"] if DELETED in row]
    assert len(told) == 1, "the archive still knows that somebody was told"
    after["verdicts"] = [row for row in after["verdicts"] if DELETED not in row]
    assert after == before
    assert Desk(db).watches(GROUP)
    assert Desk(db).subscriber(TOPIC) is not None


def test_a_group_goes_with_its_topics_and_a_topic_alone(db: Database) -> None:
    fill(db, *EVERYBODY)
    assert Privacy(db).erase(TOPIC, NOW)
    assert mentions(db, "-1009990009/7") == []
    assert {row["id"] for row in db.rows("SELECT id FROM subscribers")} == {ME, OTHER, GROUP, OTHER_TOPIC}
    assert Privacy(db).erase(GROUP, NOW)
    assert mentions(db, "-1009990009") == []
    assert {row["id"] for row in db.rows("SELECT id FROM subscribers")} == {ME, OTHER}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("user-70015001 asked", f"user-{DELETED} asked", id="joined to a word"),
        pytest.param("(70015001)", f"({DELETED})", id="in brackets"),
        pytest.param("telegram:70015001/3", DELETED, id="a topic of it"),
        pytest.param("-70015001 and 170015001", "-70015001 and 170015001", id="others that look like it"),
        pytest.param("70015001abc", "70015001abc", id="part of a key"),
    ],
)
def test_only_the_chat_itself_is_taken_out_of_a_text(db: Database, text: str, left: str) -> None:
    Registry(db).note(Deed(at=NOW, who="9", what=text, result=""))
    Privacy(db).erase(ME, NOW)
    assert Registry(db).deeds(1)[0].what == left


def test_the_number_of_changes_is_no_mention(db: Database) -> None:
    Desk(db).enroll("telegram", "70015001", NOW)
    with db.transaction() as cursor:
        cursor.execute("UPDATE meta SET value = '70015001' WHERE key = 'audience'")
    Privacy(db).erase(ME, NOW)
    assert db.value("SELECT value FROM meta WHERE key = 'audience'") == "70015002"


def test_deleting_twice_deletes_once(db: Database) -> None:
    fill(db, ME)
    assert Privacy(db).erase(ME, NOW)
    assert not Privacy(db).erase(ME, NOW)


def test_what_was_deleted_is_overwritten_in_the_file(db: Database, path: Path) -> None:
    fill(db, ME, OTHER)
    Privacy(db).erase(ME, NOW)
    db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    assert b"70015002" in content
    assert b"70015001" not in content


def test_so_is_what_was_dropped_before_whoever_else_was_deleted_earlier(db: Database, path: Path) -> None:
    fill(db, ME, OTHER)
    Privacy(db).erase(OTHER, NOW)
    desk = Desk(db)
    words = [Target(TargetKind.WORD, f"secret {n}") for n in range(40)]
    for word in words:
        desk.watch(ME, word, NOW)
    db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"secret 7" in path.read_bytes()
    for word in words:
        desk.unwatch(ME, word)
    Privacy(db).erase(ME, NOW)
    db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"secret" not in path.read_bytes()


def test_a_chat_that_moved_is_deleted_under_its_former_id_as_well(db: Database, path: Path) -> None:
    fill(db, GROUP, TOPIC)
    Registry(db).note(Deed(at=NOW, who="9", what="allow -1009990009", result="done"))
    library = Library(db)
    search = Search(id="s1", subscriber_id=GROUP, asked="idle servers", found=Found(entries=()), at=NOW)
    library.keep(search)
    queue = Queue(db)
    queue.moved(GROUP, "-1001", NOW)
    queue.moved(TOPIC, "-1001/7", NOW)
    assert library.kept("s1", subscriber_id="telegram:-1001") == replace(
        search, subscriber_id="telegram:-1001"
    )
    assert Privacy(db).erase("telegram:-1001", NOW)
    assert mentions(db, "-1009990009") == []
    db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"-1009990009" not in path.read_bytes()


def test_a_batch_that_was_decided_before_a_chat_was_deleted_brings_nothing_of_it_back(db: Database) -> None:
    fill(db, ME)
    ingest, late = Ingest(db), entry("Nvidia books a large order")
    ingest.snapshot([late], NOW)
    Privacy(db).erase(ME, NOW)
    held = Held(subscriber_id=ME, alert=alert(late), reason=Reason.MUTED, at=NOW)
    assert not ingest.apply(Outcome(entries=(late,), held=(held,)), NOW)
    about = Verdict(
        entry_id=late.id, at=NOW, decision=Decision(send=False, reason=Reason.MUTED), subscriber_id=ME
    )
    assert not ingest.apply(Outcome(entries=(late,), verdicts=(about,)), NOW)
    assert mentions(db, "70015001") == []
    assert ingest.apply(Outcome(entries=(late,)), NOW), "what is about nobody needs no second look"


def test_a_send_that_ends_after_the_chat_was_deleted_brings_nothing_of_it_back(db: Database) -> None:
    fill(db, ME)
    queue = Queue(db)
    (item,) = queue.due(NOW + 2 * HOUR, 10)
    Privacy(db).erase(ME, NOW)
    queue.delivered(item.notification.id, Receipt(message_id="10", at=NOW))
    queue.retry(item.notification.id, NOW, "no answer")
    queue.deactivate(ME, "blocked", NOW)
    queue.moved(ME, "-1009", NOW)
    assert mentions(db, "70015001") == []


def test_the_export_holds_everything_about_the_chat_and_nothing_about_another(db: Database) -> None:
    fill(db, *EVERYBODY)
    Access(db).admit("70015001", Admission.ALLOWED, "9", NOW)
    Registry(db).note(Deed(at=NOW, who="9", what="allow 70015001", result="done"))
    Registry(db).note(Deed(at=NOW, who="9", what="allow 70015002", result="done"))
    found = json.loads(json.dumps(Privacy(db).everything(ME, NOW)))
    assert found["address"] == "70015001"
    assert [s["id"] for s in found["settings"]] == [ME]
    assert found["follows"][0]["target"] == "META"
    assert found["mutes"][0]["company"] == "NVDA"
    assert {n["state"] for n in found["notifications"]} == {"sent", "pending"}
    assert found["notifications"][0]["text"] == "Meta sells surplus compute"
    assert found["decisions"][0]["reason"] == "first"
    assert found["told"]
    assert found["held"][0]["alert"]["rule_id"] == "compute/resale"
    assert found["access"] == [{"state": "allowed", "at": "2026-03-02T14:00:00.000000+00:00"}]
    assert [m["what"] for m in found["mentioned_by_managers"]] == ["allow 70015001"]
    assert "70015002" not in json.dumps(found)
    assert "-1009990009" not in json.dumps(found)


def test_a_table_that_is_added_later_is_handed_over_and_emptied_as_well(db: Database) -> None:
    fill(db, ME, OTHER)
    with db.transaction() as cursor:
        cursor.execute("CREATE TABLE opinions (subscriber_id TEXT, said TEXT)")
        cursor.execute("INSERT INTO opinions VALUES (?, 'useful'), (?, 'noise')", (ME, OTHER))
    assert Privacy(db).everything(ME, NOW)["opinions"] == [{"subscriber_id": ME, "said": "useful"}]
    Privacy(db).erase(ME, NOW)
    assert [row["said"] for row in db.rows("SELECT said FROM opinions")] == ["noise"]


def test_an_unknown_chat_has_an_empty_export(db: Database) -> None:
    found = Privacy(db).everything("telegram:1", NOW + timedelta(days=1))
    assert not any(found[k] for k in ("settings", "follows", "notifications", "access"))
