"""Looking things up in the running program: what it stores and the rules in force are what people read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from bot_api import BotApi
from bot_api_people import person
from desk_fakes import small_vocabulary
from library_scene import CUT, RAIN, Day, busy_day, newsroom
from make import HOUR, NOW, TITLE
from newsroom import Reader, make_book
from test_app import running, until

from bot.app import App
from bot.config import load_settings
from bot.loading import Loaded
from bot.store.database import Database
from bot.store.ingest import Ingest

CHAT = 5


class Talk:
    """A chat with the running program."""

    def __init__(self, api: BotApi) -> None:
        self.api = api

    async def says(self, text: str, language: str = "en") -> str:
        """Write it with a client in some language."""
        writer = {**person(CHAT), "language_code": language}
        return await self._answer(lambda: self.api.push_message(CHAT, text, **{"from": writer}))

    async def taps(self, label: str) -> str:
        """Tap a button of the last message."""
        last = self.api.accepted[-1]
        assert last.markup is not None
        data = next(
            b["callback_data"] for row in last.markup["inline_keyboard"] for b in row if b["text"] == label
        )
        return await self._answer(lambda: self.api.push_callback(CHAT, data, message_id=last.message_id))

    async def _answer(self, push: Callable[[], Any]) -> str:
        before = len(self.api.accepted)
        push()
        await until(lambda: len(self.api.accepted) > before)
        return self.api.accepted[-1].text


def store(path: Path, day: Day) -> None:
    database = Database(path)
    ingest = Ingest(database)
    for outcome, now in day:
        ingest.apply(outcome, now)
    database.close()


@asynccontextmanager
async def talking(folder: Path) -> AsyncIterator[Talk]:
    """The program in front of a day of news, five hours after it began."""
    (folder / "news").mkdir()
    reader: Reader = newsroom(folder / "news").reader
    async with BotApi() as api:
        settings = load_settings(
            {
                "BOT_DATA_DIR": str(folder / "data"),
                "BOT_HTTP_PORT": "0",
                "BOT_TELEGRAM_TOKEN": api.token,
                "BOT_TELEGRAM_API_URL": api.url.removesuffix("/bot"),
            }
        )
        store(settings.database, busy_day(folder / "news"))
        loaded = Loaded(
            analyzer=reader,  # type: ignore[arg-type]
            book=make_book(folder),
            vocabulary=small_vocabulary(),  # type: ignore[arg-type]
            feeds=(),
        )
        async with running(App(settings, loaded, clock=lambda: NOW + 5 * HOUR)):
            yield Talk(api)


async def test_people_look_up_what_was_stored_and_told(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        assert RAIN in await talk.says("/search rain")
        assert TITLE in await talk.says("/top")
        assert (await talk.taps("1")).startswith(f"{TITLE}\nHIGH denied")
        assert (await talk.taps("Why")).startswith(f"Why: {TITLE}")


async def test_who_reads_the_exposure_graph_in_force(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        assert (await talk.says("/who nvidia")).split("\n")[1:] == [
            "1 supplies it; 1 buys from it",
            "• Meta buys from it: noticeable (a filing, Jan 2025)",
            "• Micron supplies it: noticeable (a filing, Jan 2025)",
        ]


async def test_whynot_says_what_stopped_an_entry_and_nothing_of_other_chats(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:

        async def why_not(search: str) -> list[str]:
            await talk.says(search)
            link = next(e["url"] for e in talk.api.accepted[-1].entities if e["type"] == "text_link")
            return (await talk.says(f"/whynot {link}")).split("\n")

        noise = await why_not("/search rain")
        assert noise[0].startswith("Nobody was told: it tells of nothing that is watched for. ")
        assert noise[2] == RAIN
        details = (await talk.taps("Details")).split("\n")
        assert "first stopped by: no_event (it tells of nothing that is watched for)" in details
        assert (await talk.taps("In plain words")).split("\n") == noise
        told_to_another = await why_not("/search trims")
        assert told_to_another[0].startswith(
            "You were not told: alerts are off in this chat, others were told."
        )
        assert told_to_another[-1] == "• “A company cuts spending”, MEDIUM"
        details = (await talk.taps("Details")).split("\n")
        assert "it was not told here: nothing in it is followed here" in details
        assert details[-1].startswith("• compute/cut compute.yaml:")
        assert details[-1].endswith(": satisfied")


async def test_whynot_speaks_the_language_of_the_chat(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.says("/search trims")
        link = next(e["url"] for e in talk.api.accepted[-1].entities if e["type"] == "text_link")
        lines = (await talk.says(f"/whynot {link}", "de")).split("\n")
    assert lines[0] == (
        "Das wurde hier nicht gemeldet: in diesem Chat sind Meldungen aus, anderen wurde es gemeldet. "
        "/start schaltet sie ein."
    )
    assert lines[2] == CUT
    assert "Regeln, die danach fragen:" in lines


@pytest.mark.parametrize("url", ["https://nobody.example/x", "'; drop table entries --"])
async def test_whynot_of_what_was_never_seen_is_one_line(tmp_path: Path, url: str) -> None:
    async with talking(tmp_path) as talk:
        answer = await talk.says(f"/whynot {url.replace(' ', '')}")
        assert answer.startswith("I have not seen “")
        assert "\n" not in answer


async def test_inline_mode_offers_what_is_stored(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        query = talk.api.push_inline(7, "trims spend")
        await until(lambda: query in talk.api.offered)
        assert [r["title"] for r in talk.api.offered[query]["results"]] == [CUT]
