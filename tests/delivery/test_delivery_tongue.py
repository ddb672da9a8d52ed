"""The language of a chat, from the update of a real application to the words that come back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from bot_api import BotApi
from test_delivery_handlers import ADMIN, GROUP, GUEST, Chatter

from bot.locale import speaking, tr


def who(number: int, language: str = "") -> dict[str, object]:
    """The writer of a message, with the language of the client."""
    person = {"id": number, "is_bot": False, "first_name": "Reader"}
    return {"from": person | ({"language_code": language} if language else {})}


def german(text: str, **values: object) -> str:
    with speaking("de"):
        said = tr(text, **values)
    assert said != text
    return said


@pytest.fixture
async def chatter() -> AsyncIterator[Chatter]:
    async with BotApi() as api:
        api.members[GROUP, ADMIN] = "administrator"
        made = Chatter(api)
        async with made.app:
            yield made


STOPPED = "Alerts are off. What you follow is kept; /start turns them on again."


async def test_a_new_chat_is_spoken_to_in_the_language_of_its_writer_and_that_is_kept(
    chatter: Chatter,
) -> None:
    await chatter.says(5, "/start", **who(5, "de-AT"))
    assert chatter.desk.subscribers["telegram:5"].language == "de"
    (answer,) = await chatter.says(5, "/stop", **who(5, "en"))
    assert answer.text == german(STOPPED)


@pytest.mark.parametrize("code", ["", "en", "fr", "zh-hans"])
async def test_whose_language_there_is_none_of_is_spoken_to_in_english(chatter: Chatter, code: str) -> None:
    await chatter.says(5, "/start", **who(5, code))
    (answer,) = await chatter.says(5, "/stop", **who(5, code))
    assert answer.text == STOPPED


async def test_a_stranger_is_answered_in_the_own_language_without_being_stored(chatter: Chatter) -> None:
    (answer,) = await chatter.says(5, "/lang", **who(5, "de"))
    assert answer.text == german("Alerts are off in this chat. /start turns them on first.")
    assert chatter.desk.subscribers == {}


async def test_the_language_is_changed_by_its_name_or_a_button_and_the_answer_speaks_it(
    chatter: Chatter,
) -> None:
    await chatter.says(5, "/start")
    (shown,) = await chatter.says(5, "/lang")
    assert shown.text == ("I speak English in this chat.\nNews and what people said stay in their own words.")
    assert [b["text"] for row in shown.markup["inline_keyboard"] for b in row] == ["Deutsch"]
    (answer,) = await chatter.taps(5, "lang:de")
    assert answer.text == "Ab jetzt spreche ich Deutsch."
    (answer,) = await chatter.says(5, "/lang english")
    assert answer.text == "I speak English from now on."
    (answer,) = await chatter.says(5, "/lang <b>klingon</b>")
    assert answer.text == (
        "“<b>klingon</\u2060b>” is no language that I speak. There are: English (en), Deutsch (de)."
    )
    assert chatter.desk.subscribers["telegram:5"].language == "en"


async def test_a_group_has_one_language_whoever_asks_and_only_admins_change_it(chatter: Chatter) -> None:
    await chatter.says(GROUP, "/start", **who(ADMIN, "de"))
    (answer,) = await chatter.says(GROUP, "/lang en", **who(GUEST, "en"))
    assert answer.text == german("Only admins of this chat may use /{name} here.", name="lang")
    (answer,) = await chatter.says(GROUP, "/lang en", **who(ADMIN, "de"))
    assert answer.text == "I speak English from now on."


async def test_a_button_of_a_language_that_is_gone_says_so(chatter: Chatter) -> None:
    await chatter.says(5, "/start")
    (answer,) = await chatter.taps(5, "lang:xx")
    assert answer.text == "This button is of an older version. /help lists what I understand."
