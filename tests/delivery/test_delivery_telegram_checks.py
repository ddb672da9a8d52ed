"""What the stand-in for Telegram checks: it must refuse what the Bot API refuses, or properties prove nothing."""

from __future__ import annotations

from typing import Any

import pytest
from bot_api import BotApi
from bot_api_checks import (
    MAX_ENTITIES,
    check_commands,
    check_entities,
    check_link,
    check_markup,
    check_message,
    check_results,
    check_text,
    check_toast,
)
from telegram import BotCommand
from telegram.error import BadRequest

from bot.delivery.request import make_bot

TEXT = "Meta sells 🔥 compute"


def entity(kind: str, start: int, end: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": start, "length": end - start, **more}


LINK = {"url": "https://a.example/"}


@pytest.mark.parametrize(
    "entities",
    [
        pytest.param([], id="none"),
        pytest.param([entity("bold", 0, 10), entity("text_link", 0, 10, **LINK)], id="the same words"),
        pytest.param([entity("text_link", 0, 10, **LINK), entity("bold", 5, 10)], id="one in the other"),
        pytest.param([entity("bold", 5, 10), entity("text_link", 0, 10, **LINK)], id="whatever their order"),
        pytest.param([entity("code", 0, 4), entity("code", 4, 8)], id="side by side"),
    ],
)
def test_entities_within_each_other_are_taken(entities: list[dict[str, Any]]):
    assert check_entities(TEXT, entities) == ""


@pytest.mark.parametrize(
    ("entities", "complaint"),
    [
        pytest.param([entity("bold", 0, 6), entity("italic", 4, 10)], "overlaps", id="overlap"),
        pytest.param([entity("bold", 0, 10), entity("code", 4, 6)], "nested", id="code in bold"),
        pytest.param([entity("code", 0, 10), entity("bold", 4, 6)], "nested", id="bold in code"),
        pytest.param(
            [entity("text_link", 0, 10, **LINK), entity("text_link", 0, 4, **LINK)],
            "nested",
            id="link in link",
        ),
        pytest.param([entity("bold", 0, 1)] * (MAX_ENTITIES + 1), "too many", id="too many"),
        pytest.param([entity("bold", True, 4)], "wrong offset", id="no number"),
        pytest.param([entity("bold", 0, 4, **LINK)], "TEXTURL", id="an address without a link"),
        pytest.param([entity("text_link", 0, 4, url="https://a.example:0/")], "TEXTURL", id="a bad address"),
    ],
)
def test_entities_that_are_not_as_documented_are_refused(entities: list[dict[str, Any]], complaint: str):
    assert complaint in check_entities(TEXT, entities)


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        pytest.param("https://a.example/x?y=<b>", True, id="any path"),
        pytest.param("http://bücher.example:8080", True, id="letters and a port"),
        pytest.param("tg://user?id=5", True, id="within Telegram"),
        pytest.param("https://localhost/", False, id="no dot"),
        pytest.param("https://a.example:70000/", False, id="no port"),
        pytest.param("https://a.example:0/", False, id="port nought"),
        pytest.param("https://a.example:/", False, id="an empty port"),
        pytest.param("https://a b.example/", False, id="a blank"),
        pytest.param('https://a"b.example/', False, id="a quotation mark"),
        pytest.param("https:///x.example", False, id="no host"),
        pytest.param("https://a.example/\ud800", False, id="half a character"),
        pytest.param("ftp://a.example/", False, id="another protocol"),
        pytest.param("", False, id="nothing"),
        pytest.param(None, False, id="none"),
    ],
)
def test_an_address_must_be_one_that_can_be_opened(url: Any, is_good: bool):
    assert (check_link(url) == "") is is_good


@pytest.mark.parametrize(
    "text", ["", " \n", "\u2800\u3164", "\u200d\u2060", "\ufeff", None, 5, "half \ud83d"]
)
def test_a_text_that_nobody_could_read_is_refused(text: Any):
    assert check_text(text)


def keyboard(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param(keyboard([]), id="an empty row"),
        pytest.param(keyboard([{"text": "x", "callback_data": "y"}] * 9), id="a long row"),
        pytest.param(keyboard(*[[{"text": "x", "callback_data": "y"}]] * 101), id="too many"),
        pytest.param(keyboard([{"text": " \u200b", "callback_data": "y"}]), id="nothing on it"),
        pytest.param(keyboard([{"text": "\ud83d", "callback_data": "y"}]), id="half a character on it"),
        pytest.param(keyboard([{"text": "x", "callback_data": "é" * 33}]), id="too many bytes"),
        pytest.param(keyboard([{"text": "x", "callback_data": ""}]), id="no data"),
        pytest.param(keyboard([{"text": "x"}]), id="it does nothing"),
        pytest.param(keyboard([{"text": "x", "url": "https://a.example:99999/"}]), id="it leads nowhere"),
    ],
)
def test_a_keyboard_outside_the_limits_is_refused(markup: dict[str, Any]):
    assert check_markup(markup)
    assert check_message("Meta", [], markup)


def article(**more: Any) -> dict[str, Any]:
    return {
        "type": "article",
        "id": "1",
        "title": "x",
        "input_message_content": {"message_text": "x"},
        **more,
    }


@pytest.mark.parametrize(
    "results",
    [
        pytest.param([article(id=str(n)) for n in range(51)], id="too many"),
        pytest.param([article(), article()], id="one id twice"),
        pytest.param([article(id="é" * 33)], id="an id of too many bytes"),
        pytest.param([article(id="")], id="no id"),
        pytest.param([article(title="\u200b")], id="a title that does not show"),
        pytest.param([article(title="\ud83d")], id="a broken title"),
        pytest.param([article(description="\ud83d")], id="a broken description"),
        pytest.param([article(url="https://localhost/")], id="a bad address"),
        pytest.param([article(input_message_content={"message_text": "\u2800"})], id="an empty message"),
    ],
)
def test_offers_outside_the_limits_are_refused(results: list[dict[str, Any]]):
    assert check_results(results)
    assert check_results([article()]) == ""


def test_what_is_shown_over_the_chat_is_short():
    assert check_toast(None) == check_toast("x" * 200) == ""
    assert check_toast("🔥" * 101)


@pytest.mark.parametrize(
    "commands",
    [
        pytest.param([("Start", "x")], id="a capital"),
        pytest.param([("x" * 33, "x")], id="too long"),
        pytest.param([("start", "x" * 257)], id="a long description"),
        pytest.param([("start", " ")], id="no description"),
        pytest.param([("start", "x"), ("start", "y")], id="one twice"),
        pytest.param([(f"c{n}", "x") for n in range(101)], id="too many"),
    ],
)
async def test_a_menu_outside_the_limits_is_refused(commands: list[tuple[str, str]]):
    asked = [BotCommand(*c) for c in commands]
    assert check_commands([c.to_dict() for c in asked])
    async with BotApi() as api, make_bot(api.token, base_url=api.url) as bot:
        with pytest.raises(BadRequest):
            await bot.set_my_commands(asked)


async def test_a_long_toast_is_refused():
    async with BotApi() as api, make_bot(api.token, base_url=api.url) as bot:
        with pytest.raises(BadRequest):
            await bot.answer_callback_query("1", "x" * 201)
