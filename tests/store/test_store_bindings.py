"""Places of one chat that move, meet, are lost and are kept out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from binding_fakes import MemoryBindings
from desk_fakes import MemoryDesk
from make import NOW, alert, notification

from bot.model import AlertKind, Notification, Outcome, Receipt, Severity, Target, TargetKind
from bot.office import Admission
from bot.shelves import MAY_NOT_WRITE
from bot.store.access import Access
from bot.store.bindings import Bindings
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.store.privacy import Privacy
from bot.store.queue import Queue

GROUP, TOPIC = "telegram:-1002", "telegram:-1002/17"
NVIDIA, MICRON = Target(TargetKind.COMPANY, "NVDA"), Target(TargetKind.COMPANY, "MU")


def bind(db: Database, place: str, user: str, target: Target) -> None:
    desk, address = Desk(db), place.partition(":")[2]
    desk.enroll("telegram", address, NOW)
    desk.watch(place, target, NOW)
    Bindings(db).note(place, user, NOW)


def note(name: str, to: str) -> Notification:
    return notification(alert(id=name), to=to, id=f"{name} {to}", story_id=f"story {name}")


def test_of_two_places_that_meet_the_one_that_is_on_keeps_who_turned_it_on(db: Database) -> None:
    bind(db, GROUP, "12", MICRON)
    Desk(db).leave(GROUP, NOW)
    bind(db, TOPIC, "11", NVIDIA)
    Queue(db).moved(TOPIC, "-1002", NOW)
    assert Desk(db).watches(GROUP) == [NVIDIA]
    assert Bindings(db).binder(GROUP) == "11"


def test_a_place_that_is_off_brings_nothing_along_to_one_that_is_on(db: Database) -> None:
    bind(db, "telegram:-5", "12", MICRON)
    Desk(db).leave("telegram:-5", NOW)
    bind(db, GROUP, "11", NVIDIA)
    Bindings(db).move("-5", "-1002", NOW)
    assert Desk(db).watches(GROUP) == [NVIDIA]
    assert Bindings(db).binder(GROUP) == "11"
    assert Desk(db).moved() == {"telegram:-5": GROUP}


def test_what_waits_for_both_of_two_places_that_meet_arrives_once(db: Database) -> None:
    bind(db, GROUP, "11", NVIDIA)
    bind(db, TOPIC, "11", NVIDIA)
    notes = [note(name, to) for name in ("a", "b") for to in (TOPIC, GROUP)]
    Ingest(db).apply(Outcome(notifications=(*notes, note("c", GROUP), note("c", TOPIC))), NOW)
    queue = Queue(db)
    queue.delivered(f"c {GROUP}", Receipt(message_id="6", at=NOW))
    first = next(i for i in queue.due(NOW, 10) if i.subscriber.id == TOPIC)
    queue.moved(TOPIC, "-1002", NOW, arrived=first.notification.id)
    queue.delivered(first.notification.id, Receipt(message_id="7", at=NOW))
    rows = db.rows("SELECT id, state FROM outbox WHERE subscriber_id = ? ORDER BY id", (GROUP,))
    assert {row["id"]: row["state"] for row in rows} == {
        f"a {TOPIC}": "sent",  # it was on its way
        f"a {GROUP}": "closed",
        f"b {TOPIC}": "closed",
        f"b {GROUP}": "pending",  # which may be on its way
        f"c {TOPIC}": "closed",
        f"c {GROUP}": "sent",
    }


def test_a_send_that_fails_after_a_ban_does_not_make_it_wait_for_a_right(db: Database) -> None:
    bind(db, GROUP, "11", NVIDIA)
    Access(db).admit("-1002", Admission.BANNED, "9", NOW)
    Queue(db).deactivate(GROUP, f"{MAY_NOT_WRITE}: whatever", NOW)
    assert Bindings(db).resume("-1002") == []


def test_a_send_that_fails_after_alerts_were_ended_does_not_make_them_wait_for_a_right(db: Database) -> None:
    bind(db, GROUP, "11", NVIDIA)
    Desk(db).leave(GROUP, NOW)
    Queue(db).deactivate(GROUP, f"{MAY_NOT_WRITE}: whatever", NOW)
    assert Bindings(db).resume("-1002") == []


@pytest.mark.parametrize("admission", [Admission.BANNED, Admission.ALLOWED])
def test_what_managers_said_of_a_group_holds_under_its_next_id(db: Database, admission: Admission) -> None:
    Access(db).admit("-5", admission, "9", NOW)
    Bindings(db).move("-5", "-1002", NOW)
    assert Access(db).admission("-1002") is admission


def test_every_table_that_names_a_subscriber_names_it_by_its_next_id(db: Database) -> None:
    bind(db, "telegram:-5", "11", NVIDIA)
    tables = [
        row["name"]
        for row in db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        if "subscriber_id" in [c["name"] for c in db.rows(f'PRAGMA table_info("{row["name"]}")')]
    ]
    assert len(tables) >= 10
    with db.transaction() as cursor:
        for table in tables:
            columns = [
                c
                for c in db.rows(f'PRAGMA table_info("{table}")')
                if c["name"] != "id" or c["type"] != "INTEGER"
            ]
            values = ["telegram:-5" if c["name"] == "subscriber_id" else 0 for c in columns]
            cursor.execute(
                f"INSERT OR REPLACE INTO {table} ({', '.join(c['name'] for c in columns)}) "
                f"VALUES ({', '.join('?' * len(values))})",
                values,
            )
    Bindings(db).move("-5", "-1002", NOW)
    for table in tables:
        left = db.value(f"SELECT count(*) FROM {table} WHERE subscriber_id = 'telegram:-5'")
        there = db.value(f"SELECT count(*) FROM {table} WHERE subscriber_id = ?", (GROUP,))
        assert (left, there > 0) == (0, True), table


def test_what_is_handed_over_to_a_channel_names_nobody(db: Database) -> None:
    """The file is posted where all its readers see it."""
    bind(db, GROUP, "70015001", NVIDIA)
    with db.transaction() as cursor:
        cursor.execute("INSERT INTO feedback VALUES ('a', ?, '70015002', 1, '', 'r', 'f', '')", (GROUP,))
    found = Privacy(db).everything(GROUP, NOW)
    assert len(found["bindings"]) == len(found["feedback"]) == 1
    assert "7001500" not in json.dumps(found)


# Names

NAME, CHANNEL = "telegram:@Spill_News", "telegram:-1003"


def name_and_id(db: Database) -> Queue:
    """A route leads to a name, and the same channel is bound by its id."""
    Desk(db).enroll("telegram", "@Spill_News", NOW)
    bind(db, CHANNEL, "11", NVIDIA)
    return Queue(db)


def test_of_a_name_and_its_id_what_is_known_of_the_id_stays(db: Database) -> None:
    queue = name_and_id(db)
    Desk(db).set_level(CHANNEL, Severity.HIGH)
    Ingest(db).apply(Outcome(notifications=tuple(note("a", to) for to in (NAME, CHANNEL))), NOW)
    Bindings(db).move("@spill_news", "-1003", NOW)
    (place,) = Bindings(db).places("-1003")
    assert (place.level, Desk(db).watches(CHANNEL)) == (Severity.HIGH, [NVIDIA])
    assert Desk(db).subscriber(NAME) is None
    assert Desk(db).moved() == {NAME: CHANNEL}
    assert [item.notification.id for item in queue.due(NOW, 9)] == [f"a {CHANNEL}"], "it may be on its way"


def test_what_arrived_under_a_name_is_not_told_again_and_can_still_be_edited(db: Database) -> None:
    queue = name_and_id(db)
    Ingest(db).apply(Outcome(notifications=tuple(note("a", to) for to in (NAME, CHANNEL))), NOW)
    queue.delivered(f"a {NAME}", Receipt(message_id="7", at=NOW))
    queue.moved(NAME, "-1003", NOW)
    assert queue.due(NOW, 9) == []
    edit = replace(note("a", CHANNEL), id="edit", kind=AlertKind.EDIT)
    Ingest(db).apply(Outcome(notifications=(edit,)), NOW)
    (item,) = queue.due(NOW, 9)
    assert item.reply_to == "7"


def test_a_channel_that_is_off_is_not_turned_on_by_a_route_to_its_name(db: Database) -> None:
    queue = name_and_id(db)
    Desk(db).leave(CHANNEL, NOW)
    Ingest(db).apply(Outcome(notifications=(note("a", NAME),)), NOW)
    queue.moved(NAME, "-1003", NOW)
    (place,) = Bindings(db).places("-1003")
    assert (place.active, Desk(db).watches(CHANNEL)) == (False, [NVIDIA])
    assert db.value("SELECT count(*) FROM outbox WHERE state = 'pending'") == 0


def test_a_topic_of_a_name_becomes_that_of_its_id(db: Database) -> None:
    Desk(db).enroll("telegram", "@Spill_News/17", NOW)
    Bindings(db).move("@SPILL_NEWS", "-1003", NOW)
    assert [s.id for s in Bindings(db).places("-1003")] == ["telegram:-1003/17"]
    Bindings(db).move("@spill", "-1004", NOW)
    assert Bindings(db).places("-1004") == []


@pytest.mark.parametrize("kind", ["memory", "database"])
def test_the_places_of_a_chat_that_moves_keep_what_they_follow_and_who_turned_them_on(
    db: Database, kind: str
) -> None:
    memory = MemoryDesk()
    desk, bindings = (memory, MemoryBindings(memory)) if kind == "memory" else (Desk(db), Bindings(db))
    for address, target in (("-5", MICRON), ("-5/17", NVIDIA), ("-50", NVIDIA)):
        desk.enroll("telegram", address, NOW)
        desk.watch(f"telegram:{address}", target, NOW)
        bindings.note(f"telegram:{address}", "11", NOW)
    bindings.move("-5", "-1002", NOW)
    assert [s.address for s in bindings.places("-1002")] == ["-1002", "-1002/17"]
    assert bindings.places("-5") == []
    assert (desk.watches(GROUP), desk.watches(TOPIC)) == ([MICRON], [NVIDIA])
    assert (bindings.binder(GROUP), bindings.binder("telegram:-50")) == ("11", "11")
    assert desk.watches("telegram:-50") == [NVIDIA]
