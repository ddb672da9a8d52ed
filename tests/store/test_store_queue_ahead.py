"""What the queue keeps of a look: never anything that is no longer so, and never another channel's backlog."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from make import HOUR, NOW, alert, notification

from bot.errors import StoreError
from bot.model import Card, Notification, Outcome, Receipt, Severity
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.store.queue import AHEAD, LASTS, Queue

RECEIPT = Receipt(message_id="77", at=NOW)
CHATS, SERVICES = frozenset({"telegram", "console"}), frozenset({"apprise"})


def put(db: Database, *notes: Notification) -> None:
    for n in notes:
        Desk(db).enroll(*n.subscriber_id.split(":", 1), NOW)
    Ingest(db).apply(Outcome(notifications=notes), NOW)


def note(name: str, to: str, level: Severity = Severity.MEDIUM, **more: object) -> Notification:
    return notification(alert(id=name), to=to, level=level, id=name, story_id=f"story {name}", **more)


def names(
    queue: Queue, limit: int = 2, *, now: datetime = NOW, exclude: frozenset[str] = frozenset()
) -> list[str]:
    return [i.notification.id for i in queue.due(now, limit, exclude=exclude, channels=CHATS)]


@pytest.fixture
def queue(db: Database, path: Path) -> Queue:
    """With more waiting than is looked up at once; the queue has a connection of its own, as in the program."""
    put(db, *(note(f"n{n:03}", f"telegram:{n}") for n in range(1, AHEAD + 40)))
    return Queue(Database(path))


def test_what_another_connection_stores_is_seen_at_once_and_goes_first(db: Database, queue: Queue) -> None:
    assert names(queue) == ["n001", "n002"]
    put(db, note("urgent", "telegram:999", Severity.CRITICAL))
    assert names(queue) == ["urgent", "n001"]


def test_what_is_stored_through_the_same_connection_is_seen_as_well(db: Database) -> None:
    queue = Queue(db)
    put(db, note("first", "telegram:1"))
    assert names(queue) == ["first"]
    put(db, note("urgent", "telegram:2", Severity.CRITICAL))
    assert names(queue) == ["urgent", "first"]


def test_who_leaves_gets_nothing_more(db: Database, queue: Queue) -> None:
    assert names(queue) == ["n001", "n002"]
    Desk(db).leave("telegram:1", NOW)
    assert names(queue) == ["n002", "n003"]


def test_a_card_that_is_brought_up_to_date_goes_out_so(db: Database, queue: Queue) -> None:
    names(queue)
    with db.transaction() as cursor:
        cursor.execute(
            "UPDATE outbox SET card = replace(card, card, '{\"text\": \"new\"}') WHERE id = 'n002'"
        )
    assert [i.notification.card for i in queue.due(NOW, 2, channels=CHATS)][1] == Card(text="new")


def test_everything_comes_once_and_in_order_however_it_is_asked_for(queue: Queue) -> None:
    got, flying = [], frozenset[str]()
    while found := queue.due(NOW, 7, exclude=flying, channels=CHATS):
        got += [i.notification.id for i in found]
        queue.delivered_all({i.notification.id: RECEIPT for i in found[::2]})
        flying |= {i.subscriber.id for i in found[1::2]}  # never answered
    assert got == [f"n{n:03}" for n in range(1, AHEAD + 40)]


def test_the_next_card_of_a_chat_follows_at_once_where_nothing_else_waits(db: Database) -> None:
    queue = Queue(db)
    put(db, note("a", "telegram:1"), note("b", "telegram:1"))
    assert names(queue) == ["a"]
    queue.delivered("a", RECEIPT)
    assert names(queue) == ["b"]


def test_what_falls_due_meanwhile_is_seen_after_a_moment(db: Database, queue: Queue) -> None:
    put(db, note("held", "telegram:999", Severity.CRITICAL, not_before=NOW + timedelta(milliseconds=1)))
    assert names(queue) == ["n001", "n002"]
    assert names(queue, now=NOW + LASTS) == ["held", "n001"]


def test_a_clock_that_is_set_back_brings_nothing_early(db: Database, queue: Queue) -> None:
    put(db, note("held", "telegram:999", Severity.CRITICAL, not_before=NOW + HOUR))
    assert names(queue, now=NOW + HOUR) == ["held", "n001"]
    assert names(queue, now=NOW) == ["n001", "n002"]


def test_receipts_are_written_together_or_not_at_all(
    db: Database, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    close, closed = Queue._close, []

    def fail_on_the_second(self: Queue, *given: object) -> None:
        closed.append(given)
        if len(closed) == 2:
            raise StoreError("the disk is full")
        close(self, *given)  # type: ignore[arg-type]

    names(queue)
    monkeypatch.setattr(Queue, "_close", fail_on_the_second)
    with pytest.raises(StoreError):
        queue.delivered_all({"n001": RECEIPT, "n002": RECEIPT})
    assert db.value("SELECT count(*) FROM outbox WHERE state = 'sent'") == 0
    assert names(queue) == ["n001", "n002"]


def steps(db: Database, queue: Queue) -> int:
    """How much the database does for a look by the drain of other services."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    db.connection.set_progress_handler(step, 1)
    queue.due(NOW, 9, channels=SERVICES)
    queue.next_due_at(NOW, channels=SERVICES)
    db.connection.set_progress_handler(None, 1)
    return count


def test_a_backlog_of_chats_costs_the_other_services_nothing(db: Database) -> None:
    put(db, note("first", "telegram:1"))
    before = steps(db, Queue(db))
    put(db, *(note(f"n{n}", f"telegram:{n}") for n in range(2, 500)))
    assert before > 0
    assert steps(db, Queue(db)) == before
