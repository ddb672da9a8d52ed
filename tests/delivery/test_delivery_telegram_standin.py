"""The stand-in for Telegram itself: it must refuse what Telegram refuses, or the other tests prove nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import bot_api
import pytest
from bot_api import BotApi, Limits
from bot_api_checks import MAX_PHOTO, a_png
from fakes import FakeClock
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity, ReplyParameters
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter
from telegram.ext import ExtBot

from bot.delivery.request import make_bot


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as running:
        yield running


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[ExtBot[None]]:
    made = make_bot(api.token, base_url=api.url)
    async with made:
        yield made


@pytest.mark.parametrize(
    ("entity", "complaint"),
    [
        pytest.param(MessageEntity("bold", 0, 9), "ends after the end", id="beyond the end"),
        pytest.param(MessageEntity("bold", 1, 2), "splits a symbol", id="starts inside a pair"),
        pytest.param(MessageEntity("bold", 0, 1), "splits a symbol", id="ends inside a pair"),
        pytest.param(MessageEntity("bold", 0, 0), "wrong offset or length", id="empty"),
        pytest.param(MessageEntity("blink", 0, 2), "unsupported type", id="unknown type"),
        pytest.param(MessageEntity("text_link", 0, 2), "ENTITY_TEXTURL_INVALID", id="link to nowhere"),
        pytest.param(
            MessageEntity("text_link", 0, 2, url="javascript:x"), "ENTITY_TEXTURL_INVALID", id="script"
        ),
    ],
)
async def test_a_wrong_entity_is_refused(
    api: BotApi, bot: ExtBot[None], entity: MessageEntity, complaint: str
):
    with pytest.raises(BadRequest, match=f"(?i){complaint}"):
        await bot.send_message(5, "🔥 Meta", entities=[entity])
    assert api.accepted == []


PNG = a_png(1200, 675)


@pytest.mark.parametrize(
    ("photo", "caption", "complaint"),
    [
        pytest.param(b"GIF89a", "a", "IMAGE_PROCESS_FAILED", id="no picture"),
        pytest.param(PNG[:-1], "a", "IMAGE_PROCESS_FAILED", id="cut off"),
        pytest.param(PNG[:60] + b"!" + PNG[61:], "a", "IMAGE_PROCESS_FAILED", id="damaged"),
        pytest.param(a_png(9000, 1001), "a", "PHOTO_INVALID_DIMENSIONS", id="too large"),
        pytest.param(a_png(210, 10), "a", "PHOTO_INVALID_DIMENSIONS", id="too wide"),
        pytest.param(b"\0" * (MAX_PHOTO + 1), "a", "too big", id="too many bytes"),
        pytest.param(PNG, "a" * 1025, "caption is too long", id="a long caption"),
        pytest.param(PNG, "🔥" * 513, "caption is too long", id="a long caption in pairs"),
    ],
)
async def test_a_photo_outside_the_limits_is_refused(
    api: BotApi, bot: ExtBot[None], photo: bytes, caption: str, complaint: str
):
    with pytest.raises(BadRequest, match=f"(?i){complaint}"):
        await bot.send_photo(5, photo, caption=caption)
    assert api.accepted == []


async def test_a_photo_arrives_whole_with_its_caption_and_answers_where_it_should(
    api: BotApi, bot: ExtBot[None]
):
    bold = MessageEntity("bold", 2, 4)
    message = await bot.send_photo(5, PNG, caption="🔥Meta" + "a" * 1018, caption_entities=[bold])
    (sent,) = api.accepted
    assert (sent.method, sent.photo, sent.text) == ("sendPhoto", PNG, "🔥Meta" + "a" * 1018)
    assert sent.entities == [{"type": "bold", "offset": 2, "length": 4}]
    assert (message.photo[0].width, message.photo[0].height) == (1200, 675)
    await bot.send_photo(5, PNG)
    assert api.accepted[-1].text == ""
    api.block(6)
    with pytest.raises(Forbidden):
        await bot.send_photo(6, PNG)
    wrong = MessageEntity("bold", 1, 2)
    with pytest.raises(BadRequest, match=r"(?i)splits a symbol"):
        await bot.send_photo(5, PNG, caption="🔥Meta", caption_entities=[wrong])


@pytest.mark.parametrize("text", [" ", "a" * 4097, "🔥" * 2049], ids=["empty", "long", "long in pairs"])
async def test_a_text_outside_the_limits_is_refused(bot: ExtBot[None], text: str):
    with pytest.raises(BadRequest, match=r"(?i)empty|too long"):
        await bot.send_message(5, text)


async def test_a_button_with_too_much_data_is_refused(bot: ExtBot[None]):
    button = InlineKeyboardButton("Why", callback_data="é" * 33)
    with pytest.raises(BadRequest, match=r"(?i)button_data_invalid"):
        await bot.send_message(5, "Meta", reply_markup=InlineKeyboardMarkup([[button]]))


async def test_an_answer_to_an_unknown_message_is_refused_unless_told_otherwise(bot: ExtBot[None]):
    with pytest.raises(BadRequest, match="to be replied not found"):
        await bot.send_message(5, "Meta", reply_parameters=ReplyParameters(9))


async def test_edits_need_a_message_and_a_change(api: BotApi, bot: ExtBot[None]):
    with pytest.raises(BadRequest, match="to edit not found"):
        await bot.edit_message_text("Meta", 5, 9)
    sent = await bot.send_message(5, "Meta")
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_text("Meta", 5, sent.message_id)
    await bot.edit_message_text("Meta sells", 5, sent.message_id)
    assert [a.method for a in api.accepted] == ["sendMessage", "editMessageText"]


async def test_unknown_chats_blocked_chats_and_wrong_tokens_are_refused(api: BotApi, bot: ExtBot[None]):
    api.missing(6)
    api.block(7)
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        await bot.send_message(6, "Meta")
    with pytest.raises(Forbidden):
        await bot.send_message(7, "Meta")
    with pytest.raises(InvalidToken):
        async with make_bot("1:wrong", base_url=api.url):
            pass


@pytest.mark.parametrize(
    ("chats", "passed"),
    [
        pytest.param([5] * 3, 1, id="a private chat"),
        pytest.param([-5] * 25, 20, id="a group"),
        pytest.param(list(range(1, 36)), 30, id="overall"),
    ],
)
async def test_what_is_too_fast_is_refused(chats: list[int], passed: int):
    async with BotApi(limits=Limits(), clock=FakeClock().monotonic) as api:
        bot = make_bot(api.token, base_url=api.url)
        async with bot:
            for chat in chats[:passed]:
                await bot.send_message(chat, "Meta")
            with pytest.raises(RetryAfter):
                await bot.send_message(chats[-1], "Meta")
    assert len(api.accepted) == passed


async def test_as_a_process_it_keeps_a_journal(tmp_path: Path):
    journal = tmp_path / "journal.jsonl"
    command = [sys.executable, bot_api.__file__, "--port", "0", "--journal", str(journal)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        bot = make_bot(bot_api.TOKEN, base_url=f"http://127.0.0.1:{port}/bot")
        async with bot:
            await bot.send_message(5, "Meta")
        lines = journal.read_text().splitlines()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert [(line["chat_id"], line["text"]) for line in map(json.loads, lines)] == [(5, "Meta")]
