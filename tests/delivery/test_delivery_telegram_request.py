"""The HTTP under python-telegram-bot: deadlines, answers that are none, and a token that nobody sees."""

from __future__ import annotations

import asyncio
import logging
import socket
import traceback
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from bot_api import TOKEN, BotApi
from fakes import START
from mail import item
from telegram.error import Conflict, NetworkError, TelegramError, TimedOut
from telegram.request import RequestData

from bot.delivery.request import AiohttpRequest, NotSentError, make_bot
from bot.delivery.telegram import TelegramChannel, translate
from bot.errors import BotError, ConfigError, TransientDeliveryError

SECRET = TOKEN.partition(":")[2].lower()  # the library capitalises some messages, which lowers the rest
SHORT = timedelta(milliseconds=50)


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as running:
        yield running


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def test_no_connection_is_told_apart_from_no_answer():
    async with AiohttpRequest(TOKEN) as request:
        with pytest.raises(NotSentError, match="no connection"):
            await request.do_request(f"http://127.0.0.1:{closed_port()}/bot0:hidden/getMe", "POST")


async def test_a_slow_answer_ends_in_time(api: BotApi):
    api.fault("slow", delay=30)
    bot = make_bot(api.token, base_url=api.url, read=SHORT)
    async with bot:
        with pytest.raises(TimedOut):
            await bot.send_message(5, "Meta")


async def test_a_timeout_given_with_the_call_counts(api: BotApi):
    api.fault("slow", delay=30)
    bot = make_bot(api.token, base_url=api.url)
    async with bot:
        with pytest.raises(TimedOut):
            await bot.send_message(5, "Meta", read_timeout=0.05)


async def test_a_server_that_drips_is_left_in_time():
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.01)
        writer.transport.abort()
        gone.set()

    gone = asyncio.Event()
    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, AiohttpRequest(TOKEN, connect=SHORT, read=SHORT) as request:
        with pytest.raises(TimedOut):
            await request.do_request(f"http://127.0.0.1:{port}/bot0:hidden/getMe", "POST")
        await gone.wait()


async def test_an_answer_without_end_is_refused(monkeypatch: pytest.MonkeyPatch, api: BotApi):
    monkeypatch.setattr("bot.delivery.request._MAX_BODY", 1000)
    api.fault("status", method="getMe", status=200, body=b" " * 100_000)
    async with AiohttpRequest(TOKEN) as request:
        with pytest.raises(NetworkError, match="larger than 1,000 bytes"):
            await request.do_request(f"{api.url}0:hidden/getMe", "POST", RequestData())


async def test_a_message_can_be_sent_though_nobody_has_opened_the_bot(api: BotApi):
    bot = make_bot(api.token, base_url=api.url)
    channel = TelegramChannel(bot, lambda: START)
    await channel.send(item())
    await channel.close()
    assert [call.method for call in api.calls] == ["sendMessage"]


async def test_the_proxy_of_the_environment_is_used(api: BotApi, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{api.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    channel = TelegramChannel(make_bot(api.token, base_url="http://telegram.invalid/bot"), lambda: START)
    await channel.send(item())
    await channel.close()
    assert [a.text for a in api.accepted] == [item().notification.card.text]


async def test_long_polling_brings_what_was_pushed(api: BotApi):
    bot = make_bot(api.token, base_url=api.url)
    async with bot:
        waiting = asyncio.create_task(bot.get_updates(timeout=20))
        while not any(call.method == "getMe" for call in api.calls):
            await asyncio.sleep(0)
        api.push_message(5, "/watch NVDA")
        (update,) = await waiting
        assert update.message is not None
        assert (update.message.chat_id, update.message.text) == (5, "/watch NVDA")
        api.push_callback(5, "why:ab12", message_id=101)
        (tap,) = await bot.get_updates(offset=update.update_id + 1, timeout=20)
        assert tap.callback_query is not None
        assert tap.callback_query.data == "why:ab12"


async def test_two_programs_with_one_token_are_named(api: BotApi):  # fault 14
    first, second = (make_bot(api.token, base_url=api.url) for _ in range(2))
    async with first, second:
        losing = asyncio.create_task(first.get_updates(timeout=20))
        while api._poller is None:
            await asyncio.sleep(0.001)
        winning = asyncio.create_task(second.get_updates(timeout=20))
        with pytest.raises(Conflict) as caught:
            await losing
        assert "another program uses the same Telegram token" in str(translate(caught.value))
        api.push_message(5, "hello")
        assert len(await winning) == 1


@pytest.mark.parametrize("token", ["", "7654321", "7654321:", "7654321:a b", "7654321:abc/getMe?", "abc:def"])
def test_what_is_no_token_is_refused_without_being_shown(token: str):  # fault 16
    with pytest.raises(ConfigError, match="@BotFather") as caught:
        make_bot(token)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize("token", ["123456:wrong-but-well-formed", "1:x"])
async def test_a_token_that_telegram_does_not_know_is_a_mistake_in_the_settings(api: BotApi, token: str):
    bot = make_bot(token, base_url=api.url)
    channel = TelegramChannel(bot, lambda: START)
    for attempt in (channel.check(), channel.send(item())):
        with pytest.raises(ConfigError, match="mistyped or revoked") as caught:
            await attempt
        assert token not in str(caught.value)
    await channel.close()


async def test_the_check_says_who_the_bot_is(api: BotApi):
    bot = make_bot(api.token, base_url=api.url)
    async with bot:
        assert await TelegramChannel(bot, lambda: START).check() == "spillover_bot"


FAULTS = [
    pytest.param({"kind": "status", "status": 502, "echo": True}, id="a page that repeats the address"),
    pytest.param({"kind": "status", "status": 404, "echo": True}, id="a 404 page that repeats the address"),
    pytest.param({"kind": "status", "status": 200, "echo": True}, id="a 200 page that repeats the address"),
    pytest.param(
        {"kind": "error", "code": 400, "description": f"Bad Request: {TOKEN}"}, id="an error that repeats it"
    ),
    pytest.param({"kind": "error", "code": 401, "description": "Unauthorized"}, id="token refused"),
    pytest.param({"kind": "error", "code": 409, "description": "Conflict"}, id="conflict"),
    pytest.param({"kind": "truncated"}, id="truncated"),
    pytest.param({"kind": "reset"}, id="reset"),
    pytest.param({"kind": "slow", "delay": 30}, id="too slow"),
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_token_is_in_no_log_and_no_traceback(fault, api: BotApi, caplog):  # fault 16
    caplog.set_level(logging.DEBUG)
    bot = make_bot(api.token, base_url=api.url, read=SHORT)
    async with bot:
        api.fault(**fault)
        with pytest.raises(BotError) as caught:
            await TelegramChannel(bot, lambda: START).send(item())
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert caplog.records
    assert SECRET not in f"{caplog.text}{told}{bot!r}".lower()
    assert not holds(caught.value, SECRET)


@pytest.mark.parametrize(
    "base_url",
    [
        pytest.param("http://127.0.0.1:{port}/bot", id="nothing listens"),
        pytest.param("127.0.0.1/bot", id="no scheme"),
        pytest.param("http://[::1/bot", id="no address"),
        pytest.param("http://127.0.0.1:x/bot", id="no port"),
    ],
)
async def test_the_token_is_not_shown_when_the_address_is_no_use(base_url, caplog):  # fault 16
    caplog.set_level(logging.DEBUG)
    bot = make_bot(TOKEN, base_url=base_url.format(port=closed_port()))
    channel = TelegramChannel(bot, lambda: START)
    with pytest.raises(TelegramError) as caught:
        await bot.initialize()
    with pytest.raises(TransientDeliveryError, match="can't be reached") as sent:
        await channel.send(item())
    await bot.shutdown()
    shown = "".join(traceback.format_exception(caught.value)) + "".join(
        traceback.format_exception(sent.value)
    )
    assert SECRET not in f"{caplog.text}{shown}".lower()


async def test_a_redirect_does_not_hand_the_token_to_another_server(api: BotApi):  # fault 16
    async with BotApi() as other:
        elsewhere = other.url + other.token + "/sendMessage"
        api.fault("status", status=307, headers={"Location": elsewhere})
        channel = TelegramChannel(make_bot(api.token, base_url=api.url), lambda: START)
        with pytest.raises(TransientDeliveryError, match="307"):
            await channel.send(item())
        await channel.close()
    assert other.calls == []


def holds(error: BaseException | None, secret: str) -> bool:
    """Whether an error, or one that it came from, carries the secret in its texts."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if secret in f"{error!s}{error!r}{error.args!r}".lower():
            return True
        error = error.__cause__ or error.__context__
    return False
