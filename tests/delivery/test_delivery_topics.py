"""What was meant for a topic that is closed or gone, as one notification sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from bot_api import BotApi
from fakes import START
from mail import item

from bot.delivery.request import make_bot
from bot.delivery.telegram import MAX_UNITS, TelegramChannel
from bot.errors import SubscriberGoneError
from bot.model import AlertKind, Card, EntityKind, TextEntity
from bot.shelves import MAY_NOT_WRITE

CHAT, ADDRESS = -100, "-100/17"
NOTICE = "Topic 17 was closed or deleted, so its alerts come here from now on. /bind in another topic has them there.\n\n"


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as running:
        yield running


@pytest.fixture
async def channel(api: BotApi) -> AsyncIterator[TelegramChannel]:
    bot = make_bot(api.token, base_url=api.url)
    async with bot:
        yield TelegramChannel(bot, lambda: START)


async def test_an_open_topic_gets_what_is_meant_for_it(api, channel):
    receipt = await channel.send(item("News", address=ADDRESS))
    assert (api.accepted[-1].thread, api.accepted[-1].text, receipt.address) == (17, "News", "")


@pytest.mark.parametrize("kind", [AlertKind.NEW, AlertKind.REPLY, AlertKind.EDIT])
async def test_whatever_it_is_it_becomes_a_new_message_in_the_general_topic(api, channel, kind):
    card = await channel.send(item("Card", address=ADDRESS))
    if kind is AlertKind.EDIT:
        api.delete_topic(CHAT, 17)
    else:
        api.rooms.close(CHAT, 17)
    receipt = await channel.send(item("News", address=ADDRESS, kind=kind, reply_to=card.message_id))
    seen = api.accepted[-1]
    assert (seen.method, seen.thread, seen.reply_to, seen.text) == (
        "sendMessage",
        None,
        None,
        NOTICE + "News",
    )
    assert (receipt.address, receipt.message_id) == (str(CHAT), str(seen.message_id))
    assert seen.silent is (kind is AlertKind.EDIT)


async def test_the_line_before_it_moves_what_is_styled_and_the_whole_still_fits(api, channel):
    api.rooms.close(CHAT, 17)
    text = "x" * MAX_UNITS
    await channel.send(item(Card(text=text, entities=(TextEntity(EntityKind.BOLD, 0, 3),)), address=ADDRESS))
    seen = api.accepted[-1]
    assert seen.text == (NOTICE + text)[: MAX_UNITS - 1] + "…"
    assert seen.entities == [{"type": "bold", "offset": len(NOTICE), "length": 3}]


async def test_a_form_that_is_refused_there_as_well_costs_the_form_only(api, channel):
    api.rooms.close(CHAT, 17)
    api.fault("error", code=400, description="Bad Request: TOPIC_CLOSED")
    api.fault("error", code=400, description="Bad Request: can't parse entities: whatever")
    receipt = await channel.send(item("News", address=ADDRESS))
    assert (receipt.plain, receipt.address, api.accepted[-1].text) == (True, str(CHAT), NOTICE + "News")


async def test_a_general_topic_that_is_closed_is_a_right_that_is_missing(api, channel):
    api.rooms.close(CHAT, None)
    for address in ("-100", ADDRESS):
        api.rooms.close(CHAT, 17)
        with pytest.raises(SubscriberGoneError) as caught:
            await channel.send(item("News", address=address))
        assert str(caught.value) == f"{MAY_NOT_WRITE}: Topic_closed"
        assert caught.value.moved_to is None


async def test_a_german_group_reads_the_line_in_german(api, channel):
    api.rooms.close(CHAT, 17)
    given = item("Nachricht", address=ADDRESS)
    await channel.send(replace(given, subscriber=replace(given.subscriber, language="de")))
    assert api.accepted[-1].text == (
        "Das Thema 17 wurde geschlossen oder gelöscht, deshalb kommen seine Meldungen ab jetzt hier. "
        "Mit /bind in einem anderen Thema kommen sie dort.\n\nNachricht"
    )


@pytest.mark.parametrize(("address", "to"), [("@spill_news", "-1003"), ("@spill_news/17", "-1003")])
async def test_to_a_name_nothing_is_sent_but_it_is_asked_what_it_stands_for(api, channel, address, to):
    api.rooms.make(-1003, "channel", title="News", username="spill_news")
    with pytest.raises(SubscriberGoneError) as caught:
        await channel.send(item("News", address=address))
    assert caught.value.moved_to == to
    assert api.accepted == []


async def test_a_name_that_nobody_has_is_gone(api, channel):
    api.missing("@nobody_at_all")
    with pytest.raises(SubscriberGoneError) as caught:
        await channel.send(item("News", address="@nobody_at_all"))
    assert caught.value.moved_to is None
