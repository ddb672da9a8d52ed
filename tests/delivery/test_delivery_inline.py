"""Looking things up end to end: a real application and database against the stand-in for the Bot API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from typing import Any

import pytest
from binding_fakes import membership
from bot_api import Accepted, BotApi
from desk_fakes import MemoryDesk, small_vocabulary
from library_scene import CUT, DENIAL, Day, busy_day, flood, hostile
from make import HOUR, NOW, TITLE
from rich.text import Text
from telegram.ext import Application
from whynot_fakes import untold

from bot.delivery.browsing import Browsing
from bot.delivery.commands import Commands
from bot.delivery.handlers import ALLOWED_UPDATES, register
from bot.delivery.request import make_bot
from bot.errors import StoreError
from bot.store.database import Database
from bot.store.ingest import Ingest
from bot.store.library import Library

GROUP, GUEST = -100500, 12


async def nothing(reference: str, subscriber_id: str, tz: tzinfo) -> list[Text]:
    return [Text(f"about {reference} for {subscriber_id}")]


class Reader:
    """Somebody who asks the bot; the program can be started anew on the same database."""

    def __init__(self, api: BotApi, path: Path) -> None:
        self.api, self.path, self.now = api, path, NOW + 5 * HOUR
        self._offset = 0

    def store(self, day: Day) -> None:
        database = Database(self.path)
        ingest = Ingest(database)
        for outcome, now in day:
            ingest.apply(outcome, now)
        database.close()

    async def run(self) -> list[Accepted]:
        """Start the program, let it work on what was pushed, stop it; what it sent or changed."""
        before = len(self.api.accepted)
        with opened(self.path) as database:
            browsing = Browsing(
                Library(database),
                small_vocabulary(),
                lambda: self.now,
                neighbours=lambda _: (),
            )
            desk = MemoryDesk()
            commands = Commands(
                desk,
                small_vocabulary(),
                lambda: self.now,
                parts=(browsing, untold(nothing)),
                offers=browsing.offers,
            )
            bot = make_bot(self.api.token, base_url=self.api.url)
            app: Application[Any, Any, Any, Any, Any, Any] = (
                Application.builder().bot(bot).updater(None).job_queue(None).build()
            )
            register(app, commands, lambda: self.now, membership(bot, commands, desk, lambda: self.now))
            async with app:
                for update in await bot.get_updates(self._offset, allowed_updates=ALLOWED_UPDATES):
                    self._offset = update.update_id + 1
                    await app.process_update(update)
        return self.api.accepted[before:]

    async def says(self, chat: int, text: str, **more: Any) -> Accepted:
        self.api.push_message(chat, text, **more)
        [answer] = await self.run()
        return answer

    async def taps(self, chat: int, data: str, message: Accepted) -> list[Accepted]:
        self.api.push_callback(chat, data, message_id=message.message_id)
        return await self.run()

    async def types(self, text: str) -> dict[str, Any]:
        """What is offered."""
        query = self.api.push_inline(7, text)
        await self.run()
        return self.api.offered[query]


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    database = Database(path)
    try:
        yield database
    finally:
        database.close()


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Reader]:
    async with BotApi() as api:
        yield Reader(api, tmp_path / "spillover.db")


def data_of(message: Accepted, label: str) -> str:
    assert message.markup is not None
    rows = message.markup["inline_keyboard"]
    return next(b["callback_data"] for row in rows for b in row if b["text"] == label)


async def test_pages_are_turned_in_place_over_restarts(reader: Reader):
    reader.store(flood(20))
    first = await reader.says(5, "/search harbour")
    [second] = await reader.taps(5, data_of(first, "▶"), first)
    assert (second.method, second.message_id) == ("editMessageText", first.message_id)
    assert second.text.startswith("20 found for “harbour”, newest first; 7–12:")
    reader.store(flood(25))
    [back] = await reader.taps(5, data_of(second, "◀"), second)
    assert back.text == first.text, "what has come since moves no page"


async def test_a_double_tap_turns_one_page_and_a_late_one_none(reader: Reader):
    reader.store(flood(20))
    first = await reader.says(5, "/search harbour")
    for _ in range(2):
        reader.api.push_callback(5, data_of(first, "▶"), message_id=first.message_id)
    assert len(await reader.run()) == 1
    assert await reader.taps(5, data_of(first, "▶"), first) == [], "the message is not modified"


async def test_a_guest_of_a_group_may_search_and_a_private_chat_turns_no_page_of_it(reader: Reader):
    reader.store(flood(20))
    found = await reader.says(GROUP, "/search@spillover_bot harbour", user=GUEST)
    assert found.text.startswith("20 found")
    [answer] = await reader.taps(5, data_of(found, "▶"), found)
    assert "forgotten" in answer.text
    assert not any(call.method == "getChatMember" for call in reader.api.calls)


async def test_a_story_opens_from_the_list_as_a_message_of_its_own(reader: Reader, tmp_path: Path):
    reader.store(busy_day(tmp_path))
    top = await reader.says(5, "/top")
    [story] = await reader.taps(5, data_of(top, "1"), top)
    assert (story.method, story.reply_to) == ("sendMessage", top.message_id)
    assert story.text.startswith(f"{TITLE}\nHIGH denied")
    assert f"18:00 Independent origin 3 · Denied · Newsroom: {DENIAL}" in story.text


async def test_whynot_is_awaited(reader: Reader):
    assert (
        await reader.says(5, "/whynot https://a.example/x")
    ).text == "about https://\u2060a.\u2060example/x for telegram:5"


async def test_inline_mode_offers_articles_for_a_minute_to_everybody(reader: Reader, tmp_path: Path):
    reader.store(busy_day(tmp_path))
    offered = await reader.types("level:medium")
    assert [r["title"] for r in offered["results"]] == [TITLE, CUT]
    article = offered["results"][0]
    assert article["input_message_content"]["message_text"].startswith(f"{TITLE}\nWire · HIGH denied")
    assert [e["type"] for e in article["input_message_content"]["entities"]] == [
        "bold",
        "strikethrough",
        "text_link",
    ]
    assert article["reply_markup"]["inline_keyboard"][0][0]["text"] == "Open"
    assert int(offered["cache_time"]) == 60
    assert reader.api.accepted == [], "nothing is sent by it"


@pytest.mark.parametrize("text", ["", " ", "xyzzy", "level:", '") OR (', "x" * 256])
async def test_inline_mode_offers_nothing_for_nothing(reader: Reader, tmp_path: Path, text: str):
    reader.store(busy_day(tmp_path))
    assert (await reader.types(text))["results"] == []


@pytest.mark.parametrize("title", ["<b>x</b>", "שלום \u202eevil", "🔥" * 200, "@all /stop", "\x00"])
async def test_what_is_offered_is_what_telegram_takes(reader: Reader, title: str):
    reader.store(hostile(title, url="http://nodots/"))
    assert len((await reader.types("since:2d"))["results"]) == 1
    assert (await reader.says(5, "/search since:2d")).text.startswith("1 found")


async def test_at_most_twenty_are_offered(reader: Reader):
    reader.store(flood(60))
    assert len((await reader.types("harb"))["results"]) == 20


async def test_a_broken_database_offers_nothing_and_is_asked_again(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(Library, "search", fail)
    offered = await reader.types("harbour")
    assert (offered["results"], int(offered["cache_time"])) == ([], 0)
    assert "the disk is full" in caplog.text


async def test_a_query_that_is_too_old_hurts_nobody(reader: Reader):
    reader.store(flood(3))
    reader.api.fault(
        "error", method="answerInlineQuery", code=400, description="Bad Request: query is too old"
    )
    reader.api.push_inline(7, "harbour")
    reader.api.push_message(5, "/search harbour")
    [answer] = await reader.run()
    assert answer.text.startswith("3 found")
