"""Cards in Telegram's terms, and what Telegram's errors mean."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from bot_api import BotApi
from bot_api_checks import check_entities, check_text, units
from fakes import START
from hypothesis import given, settings
from hypothesis import strategies as st
from mail import item
from telegram import error as errors
from telegram.error import TelegramError

from bot.delivery.request import NO_RETRY_AFTER, NotSentError, make_bot
from bot.delivery.telegram import (
    ERRORS,
    MAX_UNITS,
    TelegramChannel,
    compose,
    cut,
    parse_address,
    translate,
)
from bot.errors import ConfigError, RejectedError, SubscriberGoneError, TransientDeliveryError
from bot.model import AlertKind, Button, Card, EntityKind, TextEntity

FAMILY = "👨‍👩‍👧‍👦"  # four people and three joiners, eleven units


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as running:
        yield running


@pytest.fixture
async def channel(api: BotApi) -> AsyncIterator[TelegramChannel]:
    bot = make_bot(api.token, base_url=api.url)
    async with bot:
        yield TelegramChannel(bot, lambda: START)


async def test_only_a_paid_channel_asks_for_paid_broadcasts(api: BotApi, channel: TelegramChannel):
    await channel.send(item())
    bot = make_bot(api.token, base_url=api.url)
    async with bot:
        await TelegramChannel(bot, lambda: START, paid=True).send(item())
    sent = [call.params.get("allow_paid_broadcast") for call in api.calls if call.method == "sendMessage"]
    assert sent == [None, "true"]


async def test_too_fast_without_a_time_is_tried_again_soon_and_has_not_arrived(
    api: BotApi, channel: TelegramChannel
):  # fault 4
    api.fault("error", code=429, description="Too Many Requests")
    with pytest.raises(TransientDeliveryError) as caught:
        await channel.send(item())
    error = caught.value
    assert (error.retry_after, error.flood, error.ambiguous) == (NO_RETRY_AFTER, True, False)


# Text, entities, buttons


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" * 4095, id="one less"),
        pytest.param("a" * 4096, id="exactly"),
        pytest.param("🔥" * 2048, id="exactly, in pairs"),
    ],
)
def test_a_text_within_the_limit_is_left_alone(text: str):  # fault 12
    assert cut(text, MAX_UNITS) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("a" * 4097, "a" * 4095, id="one more"),
        pytest.param("a" * 4094 + "🔥🔥", "a" * 4094, id="half an emoji would fit"),
        pytest.param("a" * 4090 + FAMILY, "a" * 4090, id="a family at the cut"),
        pytest.param("a" * 4094 + "e\u0301\u0301x", "a" * 4094, id="a letter and its accents"),
        pytest.param("a" * 4093 + "👍🏽xx", "a" * 4093, id="a skin tone at the cut"),
        pytest.param("a" * 4089 + "🇺🇸🇩🇪x", "a" * 4089 + "🇺🇸", id="between two flags"),
        pytest.param("a" * 4091 + "🇺🇸🇩🇪", "a" * 4091 + "🇺🇸", id="in the second flag"),
        pytest.param("a" * 4095 + "\ufe0f✔", "a" * 4094, id="a variation selector"),
    ],
)
def test_a_cut_breaks_nothing_that_is_read_as_one_character(text: str, kept: str):  # fault 12
    assert cut(text, MAX_UNITS) == kept + "…"


def test_an_endless_pile_of_accents_leaves_some_text():  # fault 12
    short = cut("a" + "\u0301" * 10_000, MAX_UNITS)
    assert MAX_UNITS - 70 < units(short) <= MAX_UNITS


PIECES = ["a", " ", "é", "e\u0301", "🔥", FAMILY, "🇺🇸", "👍🏽", "✔\ufe0f", "\ud800", "中", "\n", "\u200d"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=40),
    st.integers(1, 90),
    st.lists(
        st.tuples(st.sampled_from(EntityKind), st.integers(-3, 4200), st.integers(-3, 4200)), max_size=130
    ),
)
def test_whatever_a_card_holds_telegram_accepts_it(pieces, times, spans):  # fault 12
    text = "x" + "".join(pieces) * times
    card = Card(text=text, entities=tuple(TextEntity(k, a, b, "https://example.com/") for k, a, b in spans))
    draft = compose(card)
    assert check_text(draft.text) == ""
    entities = [e.to_dict() for e in draft.entities]
    assert check_entities(draft.text, entities) == ""
    assert len(entities) <= 100


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=30), st.integers(2, 60))
def test_a_cut_is_a_start_of_the_text_within_the_limit(pieces, limit):
    text = "".join(pieces)
    short = cut(text, limit)
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))
    assert short == text or len(short.encode("utf-16-le", "surrogatepass")) // 2 <= limit
    if short != text and len(short) > 1:
        assert not unicodedata.combining(text[len(short) - 1])


@pytest.mark.parametrize(
    ("other", "is_kept"),
    [
        pytest.param(TextEntity(EntityKind.ITALIC, 2, 8), False, id="across an edge"),
        pytest.param(TextEntity(EntityKind.ITALIC, 0, 2), True, id="inside"),
        pytest.param(TextEntity(EntityKind.LINK, 0, 9, "https://a.example/"), True, id="around"),
        pytest.param(TextEntity(EntityKind.CODE, 0, 2), False, id="code inside"),
        pytest.param(TextEntity(EntityKind.CODE, 4, 9), True, id="beside"),
    ],
)
def test_of_entities_that_can_not_stand_together_the_first_stays(other: TextEntity, is_kept: bool):
    draft = compose(Card(text="Meta sells", entities=(TextEntity(EntityKind.BOLD, 0, 4), other)))
    assert [e.type for e in draft.entities] == ["bold", *([other.kind.value] if is_kept else [])]


@pytest.mark.parametrize(
    ("label", "shown"),
    [("a\ud83d", "a\ufffd"), ("", "…"), ("\u2800", "…"), ("\u200d ", "…"), ("✓ 🔥", "✓ 🔥")],
)
def test_a_label_that_telegram_would_refuse_is_replaced(label: str, shown: str):
    keyboard = compose(Card(text="x", buttons=((Button(label, data="y"),),))).keyboard
    assert keyboard is not None
    assert keyboard.inline_keyboard[0][0].text == shown


def test_entities_count_in_utf16_units():
    draft = compose(Card(text="🔥🔥 Meta", entities=(TextEntity(EntityKind.BOLD, 3, 7),)))
    assert [(e.offset, e.length) for e in draft.entities] == [(5, 4)]


def test_entities_behind_a_cut_are_dropped_and_those_across_it_end_before_the_dots():  # fault 12
    spans = (TextEntity(EntityKind.BOLD, 4090, 4200), TextEntity(EntityKind.ITALIC, 4100, 4200))
    draft = compose(Card(text="a" * 4300, entities=spans))
    assert [(e.type, e.offset, e.length) for e in draft.entities] == [("bold", 4090, 5)]


def test_more_entities_than_telegram_reads_are_not_sent():
    draft = compose(
        Card(text="a" * 300, entities=tuple(TextEntity(EntityKind.BOLD, n, n + 1) for n in range(150)))
    )
    assert [e.offset for e in draft.entities] == list(range(100))


def test_a_button_with_too_much_data_is_left_out_and_said_so(caplog: pytest.LogCaptureFixture):
    row = (
        Button("Why", data="why:ab"),
        Button("Long", data="x" * 65),
        Button("Open", url="https://a.example/"),
    )
    keyboard = compose(Card(text="Meta", buttons=(row, (Button("None"),)))).keyboard
    assert keyboard is not None
    assert [[b.text for b in r] for r in keyboard.inline_keyboard] == [["Why", "Open"]]
    assert "label='Long'" in caplog.text


async def test_a_card_with_everything_is_accepted(api: BotApi, channel: TelegramChannel):
    card = Card(
        text="HIGH · Meta 🔥 sells",
        entities=(
            TextEntity(EntityKind.BOLD, 0, 4),
            TextEntity(EntityKind.LINK, 7, 13, "https://a.example/x"),
        ),
        buttons=((Button("Why", data="w" * 64), Button("Open", url="https://a.example/x")),),
    )
    await channel.send(item(card, address="-100123/17"))
    seen = api.accepted[0]
    assert (seen.chat_id, seen.thread) == (-100123, 17)
    assert [e["type"] for e in seen.entities] == ["bold", "text_link"]
    assert seen.markup == {
        "inline_keyboard": [
            [{"text": "Why", "callback_data": "w" * 64}, {"text": "Open", "url": "https://a.example/x"}]
        ]
    }
    assert api.calls[-1].params["link_preview_options"] == '{"is_disabled": true}'


async def test_a_button_that_telegram_refuses_costs_the_button_only(api: BotApi, channel: TelegramChannel):
    receipt = await channel.send(
        item(Card(text="Meta", buttons=((Button("Open", url="http://intranet/"),),)))
    )
    assert receipt.plain
    assert (api.accepted[0].text, api.accepted[0].markup) == ("Meta", None)


async def test_a_form_that_is_refused_is_given_up_once(api: BotApi, channel: TelegramChannel):  # fault 11
    api.fault("error", times=math.inf, code=400, description="Bad Request: can't parse entities: no")
    with pytest.raises(RejectedError, match="Can't parse entities"):
        await channel.send(item())
    assert [call.method for call in api.calls].count("sendMessage") == 2


@pytest.mark.parametrize(
    ("address", "chat"),
    [("5", (5, None)), ("-100123/17", (-100123, 17)), ("@channel", ("@channel", None))],
)
def test_an_address_is_a_chat_and_perhaps_a_thread(address: str, chat: tuple[Any, Any]):
    assert parse_address(address) == chat


@pytest.mark.parametrize("address", ["", "console", "5/", "5/x", "5 6", "٥", "1" * 30])
def test_what_is_no_chat_can_never_be_reached(address: str):
    with pytest.raises(SubscriberGoneError, match="no Telegram chat"):
        parse_address(address)


# Errors


def everything_telegram_raises() -> list[type[TelegramError]]:
    found, open_ends = [], [TelegramError]
    while open_ends:
        cls = open_ends.pop()
        if cls.__module__.startswith(("telegram.error", "bot.")):
            found.append(cls)
        open_ends.extend(cls.__subclasses__())
    return found


def test_every_error_of_the_library_is_mapped_by_its_own_class():
    exported = {getattr(errors, name) for name in errors.__all__}
    assert exported | set(everything_telegram_raises()) == set(ERRORS)


def bad(description: str) -> TelegramError:
    return errors.BadRequest(f"Bad Request: {description}")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(errors.Forbidden("Forbidden: bot was kicked"), SubscriberGoneError, id="kicked"),
        pytest.param(bad("chat not found"), SubscriberGoneError, id="no chat"),
        pytest.param(bad("message thread not found"), SubscriberGoneError, id="no thread"),
        pytest.param(bad("not enough rights to send text messages to the chat"), SubscriberGoneError, id="no rights"),
        pytest.param(bad("message is too long"), RejectedError, id="too long"),
        pytest.param(bad("something new"), RejectedError, id="unknown 400"),
        pytest.param(errors.NetworkError("cut"), TransientDeliveryError, id="network"),
        pytest.param(errors.TimedOut(), TransientDeliveryError, id="timed out"),
        pytest.param(TelegramError("?"), TransientDeliveryError, id="unknown"),
        pytest.param(errors.InvalidToken(), ConfigError, id="token"),
        pytest.param(errors.EndPointNotFound("no"), RejectedError, id="no endpoint"),
        pytest.param(errors.PassportDecryptionError("no"), RejectedError, id="passport"),
    ],
)  # fmt: skip
def test_an_error_says_what_becomes_of_the_notification(error: TelegramError, expected: type[Exception]):
    assert type(translate(error)) is expected


@pytest.mark.parametrize(
    ("error", "ambiguous"),
    [
        pytest.param(errors.TimedOut(), True, id="waiting for the answer"),
        pytest.param(NotSentError("refused"), False, id="no connection"),
    ],
)
def test_only_what_may_have_arrived_is_ambiguous(error: TelegramError, ambiguous: bool):  # fault 3
    told = translate(error)
    assert isinstance(told, TransientDeliveryError)
    assert told.ambiguous is ambiguous


def test_a_flood_of_ten_years_is_asked_about_again_tomorrow():
    told = translate(errors.RetryAfter(315_360_000))
    assert isinstance(told, TransientDeliveryError)
    assert told.retry_after == timedelta(days=1)


@pytest.mark.parametrize(
    ("fault", "ambiguous"),
    [
        pytest.param({"kind": "status", "status": 502}, False, id="502"),
        pytest.param({"kind": "status", "status": 504}, False, id="504"),
        pytest.param({"kind": "status", "status": 403}, False, id="a proxy's page with 403"),
        pytest.param({"kind": "status", "status": 404}, False, id="a proxy's page with 404"),
        pytest.param({"kind": "status", "status": 302}, False, id="a redirect"),
        pytest.param({"kind": "status", "status": 500, "body": b'{"ok":false,"description":"x"}'}, False, id="500"),
        pytest.param({"kind": "status", "status": 200}, True, id="a page with 200"),
        pytest.param({"kind": "empty"}, True, id="empty"),
        pytest.param({"kind": "truncated"}, True, id="truncated JSON"),
        pytest.param({"kind": "refuse"}, True, id="connection cut at once"),
        pytest.param({"kind": "reset"}, True, id="connection cut after acceptance"),
    ],
)  # fmt: skip
async def test_an_answer_that_is_not_the_bot_apis_means_try_again(api, channel, fault, ambiguous):  # fault 13
    api.fault(**fault)
    with pytest.raises(TransientDeliveryError) as caught:
        await channel.send(item())
    assert (caught.value.ambiguous, caught.value.flood) == (ambiguous, False)
    await channel.send(item("again"))
    assert api.accepted[-1].text == "again"


async def test_an_edit_during_an_outage_is_tried_again_and_not_sent_anew(
    api: BotApi, channel: TelegramChannel
):
    card = await channel.send(item())
    api.fault("status", method="editMessageText", status=502)
    with pytest.raises(TransientDeliveryError):
        await channel.send(item("9 copies", kind=AlertKind.EDIT, reply_to=card.message_id))
    assert len(api.accepted) == 1
