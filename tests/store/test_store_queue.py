from dataclasses import replace
from datetime import timedelta

import pytest
from make import HOUR, MINUTE, NOW, alert, entry, event, notification, story

from bot.model import AlertKind, Card, Exposure, Notification, Outcome, Receipt, Severity, Target, TargetKind
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.store.queue import Queue

RECEIPT = Receipt(message_id="77", at=NOW)


def put(db: Database, *notes: Notification) -> None:
    for n in notes:
        Desk(db).enroll("telegram", n.subscriber_id.removeprefix("telegram:"), NOW)
    Ingest(db).apply(Outcome(notifications=notes), NOW)


def note(
    name: str, to: str = "telegram:1", level: Severity = Severity.MEDIUM, **more: object
) -> Notification:
    return notification(alert(id=name), to=to, level=level, id=name, story_id=f"story {name}", **more)


def due(db: Database, *, limit: int = 10, exclude: frozenset[str] = frozenset()) -> list[str]:
    return [i.notification.id for i in Queue(db).due(NOW, limit, exclude=exclude)]


def test_louder_goes_first_then_older_and_one_a_subscriber(db: Database) -> None:
    put(
        db,
        note("a1", "telegram:1"),
        note("a2", "telegram:1"),
        note("b1", "telegram:2"),
        note("c1", "telegram:3", Severity.CRITICAL),
    )
    assert due(db) == ["c1", "a1", "b1"]
    assert due(db, limit=1) == ["c1"]
    assert due(db, exclude=frozenset({"telegram:1"})) == ["c1", "b1"]


def test_a_louder_item_overtakes_the_same_subscribers_backlog(db: Database) -> None:
    put(db, note("quiet"), note("loud", level=Severity.CRITICAL))
    assert due(db) == ["loud"]


def test_a_reply_never_overtakes_its_card(db: Database) -> None:
    card = notification(alert(), level=Severity.LOW)
    reply = notification(alert(kind=AlertKind.REPLY, id="reply"), level=Severity.CRITICAL)
    put(db, card, reply)
    assert due(db) == [card.id]


def test_an_item_that_waits_for_a_retry_keeps_later_ones_of_its_chat_behind_it(db: Database) -> None:
    put(db, note("first"), note("second"), note("other", "telegram:2"))
    Queue(db).retry("first", NOW + MINUTE, "network")
    assert due(db) == ["other"]
    assert [i.notification.id for i in Queue(db).due(NOW + MINUTE, 10)] == ["first", "other"]


def test_a_reply_is_sent_under_the_message_of_its_card(db: Database) -> None:
    queue = Queue(db)
    card, reply = notification(), notification(alert(kind=AlertKind.REPLY, id="reply"))
    put(db, card, reply)
    queue.due(NOW, 1)
    queue.delivered(card.id, RECEIPT)
    (item,) = queue.due(NOW, 10)
    assert (item.notification.id, item.reply_to) == (reply.id, "77")


def test_a_card_that_changed_while_it_was_sent_is_followed_by_an_edit(db: Database) -> None:
    queue = Queue(db)
    put(db, notification())
    queue.due(NOW, 1)
    put(db, notification(alert(kind=AlertKind.EDIT), card=Card(text="9 copies")))
    queue.delivered(notification().id, RECEIPT)
    (item,) = queue.due(NOW, 10)
    assert (item.notification.kind, item.notification.card.text, item.reply_to) == (
        AlertKind.EDIT,
        "9 copies",
        "77",
    )


def test_a_receipt_twice_counts_once(db: Database) -> None:
    queue = Queue(db)
    put(db, notification())
    queue.delivered(notification().id, RECEIPT)
    queue.delivered(notification().id, Receipt(message_id="78", at=NOW))
    assert db.value("SELECT message_id FROM outbox") == "77"


def test_a_parked_item_frees_the_way_and_is_counted(db: Database) -> None:
    queue = Queue(db)
    put(db, note("bad"), note("good"))
    queue.park("bad", "text is empty", NOW)
    assert due(db) == ["good"]
    assert Desk(db).status(NOW).parked == 1


def test_a_subscriber_who_is_gone_gets_nothing_until_it_returns(db: Database) -> None:  # fault 9
    queue, desk = Queue(db), Desk(db)
    put(db, note("one"), note("two"))
    queue.deactivate("telegram:1", "blocked", NOW)
    assert due(db) == []
    assert desk.status(NOW).pending == 0
    found = desk.subscriber("telegram:1")
    assert found is not None
    assert not found.active
    desk.enroll("telegram", "1", NOW)
    assert due(db) == [], "what was closed does not come back as a flood"


def test_nothing_is_remembered_of_cards_for_subscribers_that_are_gone(db: Database) -> None:
    queue = Queue(db)
    put(db, note("one"), note("two", "telegram:2"))
    assert len(queue.due(NOW, 10)) == 2
    queue.deactivate("telegram:1", "blocked", NOW)
    assert list(queue._taken) == ["two"]


@pytest.mark.parametrize("already_there", [pytest.param(False, id="new"), pytest.param(True, id="merged")])
def test_a_chat_that_moved_keeps_its_watches_and_its_pending_cards(db: Database, already_there: bool) -> None:
    queue, desk = Queue(db), Desk(db)  # fault 10
    put(db, note("card", "telegram:-5"))
    desk.watch("telegram:-5", Target(TargetKind.COMPANY, "NVDA"), NOW)
    if already_there:
        desk.enroll("telegram", "-100", NOW)
        desk.watch("telegram:-100", Target(TargetKind.COMPANY, "NVDA"), NOW)
    queue.moved("telegram:-5", "-100", NOW)
    (item,) = queue.due(NOW, 10)
    assert (item.notification.id, item.subscriber.address) == ("card", "-100")
    assert desk.watches("telegram:-100") == [Target(TargetKind.COMPANY, "NVDA")]
    assert desk.subscriber("telegram:-5") is None
    assert desk.moved() == {"telegram:-5": "telegram:-100"} == Ingest(db).snapshot((), NOW).moved
    queue.moved("telegram:-100", "-200", NOW)
    assert desk.moved() == dict.fromkeys(("telegram:-5", "telegram:-100"), "telegram:-200")


def test_the_next_time_is_the_earliest_of_those_that_wait(db: Database) -> None:
    queue = Queue(db)
    assert queue.next_due_at(NOW) is None
    put(db, note("a"), note("b", "telegram:2"))
    queue.retry("a", NOW + HOUR, "x")
    queue.retry("b", NOW + MINUTE, "x")
    assert queue.next_due_at(NOW) == NOW + MINUTE


def test_why_says_what_the_card_told_that_an_answer_is_to(db: Database) -> None:
    card, other = alert(), replace(alert(), id="other", rule_id="compute/cut", event=event("capex_cut"))
    card = replace(card, exposures=(Exposure(company="CRWV", path=("competes_with",), weight=0.9),))
    answer = replace(card, id="answer", kind=AlertKind.REPLY, event=event("selloff"), rule_id="compute/fall")
    later = replace(other, created_at=NOW - HOUR)  # of somebody who was told of it otherwise
    Ingest(db).apply(
        Outcome(entries=(entry(),), stories=(story(entry(), event()),), alerts=(card, later, answer)), NOW
    )
    found, first = Desk(db).why("answer"), Desk(db).why(card.id)
    assert found is not None
    assert first is not None
    assert (found.told, first.told) == (card.event, None)


def test_an_urgent_card_is_found_behind_a_long_backlog(db: Database) -> None:  # fault 6
    put(db, *(note(f"bulk {n}", f"telegram:{n}", Severity.LOW) for n in range(300)))
    put(db, note("urgent", "telegram:299", Severity.CRITICAL))
    assert due(db, limit=3)[0] == "urgent"


def test_why_finds_an_alert_by_id_start_and_message(db: Database) -> None:
    Desk(db).enroll("telegram", "1", NOW)
    Ingest(db).apply(
        Outcome(
            entries=(entry(),),
            stories=(story(entry(), event()),),
            alerts=(alert(),),
            notifications=(notification(),),
        ),
        NOW,
    )
    Queue(db).delivered(notification().id, RECEIPT)
    desk = Desk(db)
    for found in (
        desk.why(alert().id),
        desk.why(alert().id[:8]),
        desk.why("77", subscriber_id="telegram:1"),
    ):
        assert found is not None
        assert (found.alert, found.entry, found.origins) == (alert(), entry(), 1)
    assert desk.why("nothing") is None
    assert desk.why("") is None
    assert desk.latest(5) == desk.latest(5, subscriber_id="telegram:1") == [alert()]
    assert desk.latest(5, subscriber_id="telegram:2") == []


def test_watching_twice_and_unwatching_twice_says_so(db: Database) -> None:
    desk, target = Desk(db), Target(TargetKind.THEME, "capex_cut")
    desk.enroll("telegram", "1", NOW)
    assert [desk.watch("telegram:1", target, NOW), desk.watch("telegram:1", target, NOW)] == [True, False]
    assert [desk.unwatch("telegram:1", target), desk.unwatch("telegram:1", target)] == [True, False]


def test_level_and_mute_are_kept(db: Database) -> None:
    desk = Desk(db)
    desk.enroll("telegram", "1", NOW)
    desk.set_level("telegram:1", Severity.HIGH)
    desk.mute("telegram:1", NOW + timedelta(hours=3))
    found = desk.subscriber("telegram:1")
    assert found is not None
    assert (found.level, found.muted_until) == (Severity.HIGH, NOW + timedelta(hours=3))


def test_a_loud_reply_behind_a_quiet_card_does_not_stop_the_chat(db: Database) -> None:
    card = notification(alert(), id="card", level=Severity.LOW)
    reply = notification(alert(kind=AlertKind.REPLY, id="reply"), id="reply", level=Severity.HIGH)
    put(db, card, reply, note("other", level=Severity.HIGH))
    queue, order = Queue(db), []
    for _ in range(3):
        (item,) = queue.due(NOW, 10)
        order.append(item.notification.id)
        queue.delivered(item.notification.id, RECEIPT)
    assert order == ["other", "card", "reply"]


def test_an_edit_that_had_to_become_a_message_is_the_card_from_then_on(db: Database) -> None:
    queue = Queue(db)
    put(db, notification())
    queue.delivered(notification().id, RECEIPT)
    put(db, notification(alert(kind=AlertKind.EDIT), id="edit 1"))
    queue.delivered("edit 1", Receipt(message_id="99", at=NOW))
    put(db, notification(alert(kind=AlertKind.EDIT), id="edit 2"))
    (item,) = queue.due(NOW, 10)
    assert item.reply_to == "99"


def test_a_card_that_changed_while_it_was_sent_to_one_who_left_is_not_edited(db: Database) -> None:
    queue = Queue(db)
    put(db, notification())
    queue.due(NOW, 1)
    put(db, notification(alert(kind=AlertKind.EDIT), card=Card(text="9 copies")))
    Desk(db).leave("telegram:1", NOW)
    queue.delivered(notification().id, RECEIPT)
    assert Desk(db).status(NOW).pending == 0


def test_a_card_that_a_route_holds_keeps_nothing_else_from_its_chat(db: Database) -> None:
    put(db, note("held", level=Severity.HIGH, not_before=NOW + HOUR), note("free"))
    assert due(db) == ["free"]


def test_a_reply_that_is_too_loud_to_wait_takes_its_card_along(db: Database) -> None:
    card = notification(alert(), level=Severity.MEDIUM, not_before=NOW + HOUR)
    reply = notification(alert(kind=AlertKind.REPLY, id="reply"), level=Severity.CRITICAL)
    put(db, card, reply)
    assert due(db) == [card.id]
    Queue(db).delivered(card.id, RECEIPT)
    assert due(db) == [reply.id]


def test_a_reply_that_is_no_louder_waits_with_its_card(db: Database) -> None:
    put(
        db,
        notification(alert(), not_before=NOW + HOUR),
        notification(alert(kind=AlertKind.REPLY, id="reply")),
    )
    assert due(db) == []


def test_only_what_is_asked_for_of_several_channels(db: Database) -> None:
    put(db, note("chat"))
    Desk(db).enroll("apprise", "desk", NOW)
    Ingest(db).apply(Outcome(notifications=(note("elsewhere", "apprise:desk"),)), NOW)
    queue = Queue(db)
    services = frozenset({"apprise"})
    assert [i.notification.id for i in queue.due(NOW, 1, channels=services)] == ["elsewhere"]
    assert [i.notification.id for i in queue.due(NOW, 9, channels=frozenset({"telegram", "console"}))] == [
        "chat"
    ]
    assert queue.next_due_at(NOW, channels=services) == NOW
    queue.delivered("elsewhere", RECEIPT)
    assert queue.next_due_at(NOW, channels=services) is None
    assert queue.next_due_at(NOW) == NOW


def test_a_reply_comes_with_the_card_that_it_answers(db: Database) -> None:
    card = note("card", card=Card(text="HIGH\nMeta weighs a sale"))
    answer = replace(note("reply", kind=AlertKind.REPLY), story_id=card.story_id)
    put(db, card, answer)
    queue = Queue(db)
    (item,) = queue.due(NOW, 9)
    assert item.answers is None
    queue.delivered("card", RECEIPT)
    (item,) = queue.due(NOW, 9)
    assert item.answers == Card(text="HIGH\nMeta weighs a sale")


def test_a_reply_whose_card_was_parked_answers_none(db: Database) -> None:
    card = note("card")
    answer = replace(note("reply", kind=AlertKind.REPLY), story_id=card.story_id)
    put(db, card, answer)
    queue = Queue(db)
    queue.due(NOW, 9)
    queue.park("card", "refused", NOW)
    (item,) = queue.due(NOW, 9)
    assert (item.notification.id, item.answers) == ("reply", None)
