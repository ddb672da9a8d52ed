"""/ack: who in a group has seen a card is said under it, over HTTP against the stand-in for the Bot API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_api import Accepted
from make import alert, entry, event, notification, story
from places_scene import BOSS, CHANNEL, FORUM, GROUP, GUEST, TOPIC, Places, places_in

from bot.delivery.acking import seen_by
from bot.delivery.replies import Chat
from bot.locale import speaking
from bot.model import AlertKind, Card, EntityKind, Notification, Outcome, Receipt, TextEntity
from bot.store.acks import Acks
from bot.store.archive import Archive
from bot.store.ingest import Ingest
from bot.store.privacy import Privacy
from bot.store.queue import Queue

ANNA = {"id": GUEST, "is_bot": False, "first_name": "Anna", "last_name": "Ng"}
TITLE = "Nvidia rents out idle GPUs"
STYLED = (TextEntity(EntityKind.BOLD, 0, 6),)


@pytest.fixture
async def places(tmp_path: Path) -> AsyncIterator[Places]:
    async with places_in(tmp_path) as running:
        yield running


def note(to: int | str, text: str = TITLE, kind: AlertKind = AlertKind.NEW) -> Notification:
    card = Card(text=text, entities=STYLED)
    return notification(to=f"telegram:{to}", id=f"{kind} {text} {to}", kind=kind, card=card)


async def tell(places: Places, *notes: Notification) -> list[Accepted]:
    """Something is told or brought up to date; what arrives."""
    outcome = Outcome(
        entries=(entry(),), stories=(story(entry(), event()),), alerts=(alert(),), notifications=notes
    )
    Ingest(places.db).apply(outcome, places.now)
    return await places.delivered()


async def told(places: Places, to: int = GROUP, **where: Any) -> Accepted:
    """The card of a story in a group."""
    await places.says(to, "/bind all", user=BOSS, **where)
    thread = where.get("message_thread_id")
    (card,) = await tell(places, note(f"{to}/{thread}" if thread else to))
    return card


async def acks(places: Places, card: Accepted, sender: dict[str, Any] = ANNA, **where: Any) -> list[Accepted]:
    """Somebody answers a message with /ack; what is said and changed."""
    place = {"id": card.chat_id, "type": "supergroup"}
    answered = {"message_id": card.message_id, "date": 1, "chat": place, "text": card.text}
    fields = {"from": sender} | where
    said = await places.says(card.chat_id, "/ack", reply_to_message=answered, **fields)
    places.now += timedelta(seconds=1)
    return [*said, *await places.delivered()]


async def test_an_answer_to_a_card_puts_a_name_under_it_and_the_next_takes_it_away(places):
    card = await told(places)
    (edited,) = await acks(places, card)
    assert (edited.method, edited.message_id) == ("editMessageText", card.message_id)
    assert edited.text == f"{TITLE}\n\n✓ Seen by Anna Ng"
    assert edited.entities == card.entities
    (edited,) = await acks(places, card)
    assert edited.text == TITLE


async def test_it_stays_under_the_card_whatever_the_card_becomes(places):
    card = await told(places)
    await acks(places, card)
    edits = await tell(places, note(GROUP, "Nvidia denies it", AlertKind.EDIT))
    assert [(e.method, e.text) for e in edits] == [
        ("editMessageText", "Nvidia denies it\n\n✓ Seen by Anna Ng")
    ]
    (edited,) = await acks(places, card, ANNA | {"id": 13, "first_name": "Ben", "last_name": "Ode"})
    assert edited.text == "Nvidia denies it\n\n✓ Seen by Anna Ng, Ben Ode"


async def test_a_reply_has_no_line_but_its_card_can_be_marked_through_it(places):
    card = await told(places)
    (reply,) = await tell(places, note(GROUP, "Confirmed", AlertKind.REPLY))
    (edited,) = await acks(places, reply)
    assert (edited.message_id, edited.text) == (card.message_id, f"{TITLE}\n\n✓ Seen by Anna Ng")
    (second,) = await tell(places, note(GROUP, "Denied", AlertKind.REPLY))
    assert second.text == "Denied"


async def test_each_group_and_topic_has_its_own(places):
    card = await told(places, FORUM, **TOPIC)
    (other,) = [await told(places)]
    (edited,) = await acks(places, card, **TOPIC)
    assert (edited.chat_id, edited.text) == (FORUM, f"{TITLE}\n\n✓ Seen by Anna Ng")
    (edited,) = await tell(places, note(GROUP, "More", AlertKind.EDIT))
    assert (edited.message_id, edited.text) == (other.message_id, "More")


async def test_a_mark_that_comes_while_an_edit_waits_is_shown(places):
    card = await told(places)
    Ingest(places.db).apply(Outcome(notifications=(note(GROUP, "More", AlertKind.EDIT),)), places.now)
    edits = await acks(places, card)
    assert {e.text for e in edits} == {"More\n\n✓ Seen by Anna Ng"}


async def test_it_survives_a_restart_and_a_group_that_gets_another_id(places):
    card = await told(places)
    await acks(places, card)
    Queue(places.db).moved(f"telegram:{GROUP}", "-1009", places.now)
    (arrived,) = await tell(places, note(-1009, "More", AlertKind.EDIT))
    assert (arrived.chat_id, arrived.text) == (-1009, "More\n\n✓ Seen by Anna Ng")


@pytest.mark.parametrize(
    ("where", "words"),
    [
        pytest.param({}, "Which one? Answer a card with /ack", id="no answer"),
        pytest.param(
            {"sender_chat": {"id": GROUP, "type": "supergroup", "title": "Desk"}},
            "for people",
            id="anonymous",
        ),
        pytest.param(
            {"sender_chat": {"id": CHANNEL, "type": "channel", "title": "X"}}, "for people", id="as a channel"
        ),
    ],
)
async def test_whatever_marks_nothing_says_why(places, where, words):
    await told(places)
    assert words in await places.said(GROUP, "/ack", user=GUEST, **where)
    assert places.db.value("SELECT count(*) FROM acks") == 0


async def test_many_who_mark_at_once_hold_up_no_news(places):
    card = await told(places)
    acks_of = Acks(places.db)
    for n in range(30):
        assert acks_of.toggle(f"telegram:{GROUP}", str(card.message_id), f"{n}", f"Reader {n}", places.now)
    edits = await places.delivered()
    assert len(edits) <= 2
    assert edits[-1].text.endswith("✓ Seen by Reader 0, Reader 1, Reader 10 and 27 more")


async def test_a_mark_while_an_edit_is_on_its_way_is_shown_after_it(places):
    card = await told(places)
    mark = Acks(places.db).toggle
    who, message = f"telegram:{GROUP}", str(card.message_id)
    for n in range(3):
        assert mark(who, message, f"{n}", f"Reader {n}", places.now)
        if n == 0:
            (item,) = places.queue.due(places.now, 9)
    assert item.seen == ("Reader 0",)
    places.queue.delivered(item.notification.id, Receipt(message_id=message, at=places.now))
    (edited,) = await places.delivered()
    assert edited.text == f"{TITLE}\n\n✓ Seen by Reader 0, Reader 1, Reader 2"


async def test_where_alerts_are_off_nothing_waits_for_them(places):
    card = await told(places)
    await acks(places, card)
    await places.says(GROUP, "/stop", user=BOSS)
    said = await acks(places, card, ANNA | {"id": 13, "first_name": "Ben"})
    assert ["/start turns them on" in m.text for m in said] == [True]
    assert Privacy(places.db).erase(f"telegram:{GUEST}", places.now)
    assert places.db.value("SELECT count(*) FROM outbox WHERE state = 'pending'") == 0


async def test_a_card_that_was_removed_from_the_group_does_not_come_back(places):
    card = await told(places)
    await acks(places, card)
    places.api.delete(GROUP, card.message_id)
    assert Privacy(places.db).erase(f"telegram:{GUEST}", places.now)
    assert await places.delivered() == []
    (news,) = await tell(places, note(GROUP, "More", AlertKind.EDIT))
    assert (news.method, news.text) == ("sendMessage", "More")


async def test_another_message_is_no_card(places):
    card = await told(places)
    said = await acks(places, replace(card, message_id=card.message_id + 50))
    assert [m.text for m in said] == ["Which one? Answer a card with /ack."]


async def test_in_private_it_says_that_it_is_for_groups(places):
    assert "/ack is for people in groups" in await places.said(BOSS, "/ack")


async def test_who_is_deleted_is_named_under_no_card_any_more(places):
    card = await told(places)
    await acks(places, card)
    privacy = Privacy(places.db)
    mine = privacy.everything(f"telegram:{GUEST}", places.now)
    assert "Anna Ng" in str(mine["done_in_groups"])
    assert "Anna" not in str(privacy.everything(f"telegram:{GROUP}", places.now)), "others read that"
    assert privacy.erase(f"telegram:{GUEST}", places.now)
    (edited,) = await places.delivered()
    assert (edited.message_id, edited.text) == (card.message_id, TITLE)


async def test_it_is_forgotten_with_its_story_and_with_its_group(places):
    await acks(places, await told(places))
    Archive(places.db).prune(places.now + timedelta(days=999), timedelta(days=30))
    assert places.db.value("SELECT count(*) FROM acks") == 0
    await acks(places, await told(places))
    assert Privacy(places.db).erase(f"telegram:{GROUP}", places.now)
    assert places.db.value("SELECT count(*) FROM acks") == 0


async def test_a_name_forges_nothing(places):
    card = await told(places)
    evil = ANNA | {"first_name": "\u202e@everyone\n/stop <b>x</b>", "last_name": "x" * 200}
    (edited,) = await acks(places, card, evil)
    (last,) = edited.text.split("\n\n")[1:]
    assert last.startswith("✓ Seen by @\u2060everyone /\u2060stop <b>x<")
    assert len(last) < 60
    assert edited.entities == card.entities


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["Anna"], "Seen by Anna"),
        (["Anna", "Ben", "Carla"], "Seen by Anna, Ben, Carla"),
        (["Anna", "Ben", "Carla", "Dan"], "Seen by Anna, Ben, Carla and 1 more"),
        ([*"abcdefgh"], "Seen by a, b, c and 5 more"),
        (["\u200b"], "Seen by somebody"),
    ],
)
def test_three_names_are_shown_at_most(names, words):
    assert seen_by(Card(text="News"), names).text == f"News\n\n✓ {words}"


def test_the_line_is_in_the_language_of_the_chat():
    with speaking("de"):
        assert seen_by(Card(text="x"), [*"abcde"]).text == "x\n\n✓ Gesehen von a, b, c und 2 weiteren"


def test_a_chat_alone_has_no_name():
    assert Chat(address="1").name == ""
