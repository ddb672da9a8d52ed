"""What every channel promises: the same tests on the fake and on Telegram over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import NamedTuple

import pytest
from bot_api import BotApi
from bot_api_checks import units
from fakes import START, FakeChannel, FakeClock
from mail import item

from bot.delivery.request import make_bot
from bot.delivery.telegram import TelegramChannel
from bot.errors import RejectedError, SubscriberGoneError, TransientDeliveryError
from bot.model import AlertKind, Card, EntityKind, TextEntity

BOLD = Card(text="Meta sells", entities=(TextEntity(EntityKind.BOLD, 0, 4),))


class Shown(NamedTuple):
    """A message as the reader sees it."""

    message_id: str
    text: str
    styled: bool
    reply_to: str
    silent: bool


class FakeWorld:
    def __init__(self) -> None:
        self.channel = FakeChannel(FakeClock())

    def shown(self) -> list[Shown]:
        return [
            Shown(s.message_id, s.text, bool(s.entities), s.reply_to, s.silent) for s in self.channel.sent
        ]

    def block(self, address: str) -> None:
        self.channel.block(address)

    def migrate(self, old: str, new: str) -> None:
        self.channel.migrate(old, new)

    def delete(self, address: str, message_id: str) -> None:
        self.channel.delete(address, message_id)

    def flood(self) -> None:
        self.channel.flood(timedelta(seconds=7))

    def break_connection(self) -> None:
        self.channel.fail(TransientDeliveryError("cut", ambiguous=True), after=True)

    def refuse_form(self) -> None:
        self.channel.refuse_form()


class TelegramWorld:
    def __init__(self, api: BotApi, channel: TelegramChannel) -> None:
        self.api, self.channel = api, channel

    def shown(self) -> list[Shown]:
        return [
            Shown(str(a.message_id), a.text, bool(a.entities), str(a.reply_to or ""), a.silent)
            for a in self.api.accepted
        ]

    def block(self, address: str) -> None:
        self.api.block(int(address))

    def migrate(self, old: str, new: str) -> None:
        self.api.migrate(int(old), int(new))

    def delete(self, address: str, message_id: str) -> None:
        self.api.delete(int(address), int(message_id))

    def flood(self) -> None:
        self.api.fault("error", code=429, description="Too Many Requests", parameters={"retry_after": 7})

    def break_connection(self) -> None:
        self.api.fault("reset")

    def refuse_form(self) -> None:
        self.api.fault("error", code=400, description="Bad Request: can't parse entities: no")


World = FakeWorld | TelegramWorld


@pytest.fixture(params=["fake", "telegram"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    async with BotApi() as api:
        bot = make_bot(api.token, base_url=api.url)
        async with bot:
            yield TelegramWorld(api, TelegramChannel(bot, lambda: START))


async def test_a_new_card_arrives_and_the_receipt_names_its_message(world: World):
    receipt = await world.channel.send(item(BOLD))
    assert world.shown() == [Shown(receipt.message_id, "Meta sells", styled=True, reply_to="", silent=False)]
    assert (receipt.at, receipt.plain) == (START, False)


async def test_an_edit_changes_the_card_in_place(world: World):
    card = await world.channel.send(item())
    edited = await world.channel.send(item("9 copies", kind=AlertKind.EDIT, reply_to=card.message_id))
    assert edited.message_id == card.message_id
    assert [(s.message_id, s.text) for s in world.shown()][1:] == [(card.message_id, "9 copies")]


async def test_an_edit_that_changes_nothing_is_a_success(world: World):
    card = await world.channel.send(item())
    again = await world.channel.send(item(kind=AlertKind.EDIT, reply_to=card.message_id))
    assert again.message_id == card.message_id
    assert len(world.shown()) == 1


@pytest.mark.parametrize("kind", [AlertKind.EDIT, AlertKind.REPLY])
async def test_what_refers_to_a_deleted_card_becomes_a_message_of_its_own(world: World, kind: AlertKind):
    card = await world.channel.send(item())
    world.delete("5", card.message_id)
    receipt = await world.channel.send(item("denied", kind=kind, reply_to=card.message_id))
    last = world.shown()[-1]
    assert receipt.message_id == last.message_id != card.message_id
    assert (last.text, last.reply_to) == ("denied", "")
    assert last.silent is (kind is AlertKind.EDIT)


@pytest.mark.parametrize("kind", [AlertKind.EDIT, AlertKind.REPLY])
async def test_what_refers_to_a_card_that_never_arrived_is_sent_all_the_same(world: World, kind: AlertKind):
    await world.channel.send(item("denied", kind=kind, reply_to=""))
    assert [(s.text, s.reply_to) for s in world.shown()] == [("denied", "")]


async def test_a_reply_hangs_on_the_card(world: World):
    card = await world.channel.send(item())
    await world.channel.send(item("confirmed", kind=AlertKind.REPLY, reply_to=card.message_id))
    assert world.shown()[-1].reply_to == card.message_id


async def test_a_silent_card_makes_no_sound(world: World):
    await world.channel.send(item(silent=True))
    assert world.shown()[0].silent


async def test_a_reader_who_blocked_the_bot_is_gone(world: World):  # fault 9
    world.block("5")
    with pytest.raises(SubscriberGoneError) as caught:
        await world.channel.send(item())
    assert caught.value.moved_to is None


async def test_a_group_that_moved_is_gone_and_says_whereto(world: World):  # fault 10
    world.migrate("-10", "-10077")
    with pytest.raises(SubscriberGoneError) as caught:
        await world.channel.send(item(address="-10"))
    assert caught.value.moved_to == "-10077"


async def test_a_flood_says_how_long_to_wait(world: World):  # fault 4
    world.flood()
    with pytest.raises(TransientDeliveryError) as caught:
        await world.channel.send(item())
    assert (caught.value.retry_after, caught.value.flood) == (timedelta(seconds=7), True)
    assert world.shown() == []


async def test_a_connection_that_breaks_after_the_message_arrived_is_ambiguous(world: World):  # fault 3
    world.break_connection()
    with pytest.raises(TransientDeliveryError) as caught:
        await world.channel.send(item())
    assert caught.value.ambiguous
    assert len(world.shown()) == 1


async def test_a_card_whose_form_is_refused_arrives_as_plain_text(world: World):  # fault 11
    world.refuse_form()
    receipt = await world.channel.send(item(BOLD))
    assert receipt.plain
    assert [(s.text, s.styled) for s in world.shown()] == [("Meta sells", False)]


async def test_a_card_that_is_too_long_is_cut(world: World):  # fault 12
    await world.channel.send(item("🇺🇸" * 2000))
    assert units(world.shown()[0].text) <= 4096


async def test_a_card_without_text_is_rejected(world: World):
    with pytest.raises(RejectedError):
        await world.channel.send(item(" \n"))
    assert world.shown() == []
