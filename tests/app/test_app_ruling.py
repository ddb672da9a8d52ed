"""Rules, trials of texts and feedback in the running program, over the stand-in for the Bot API."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from bot_api import Accepted, BotApi
from desk_fakes import small_vocabulary
from library_scene import CUT, DENIAL, busy_day, newsroom
from make import HOUR, NOW, TITLE
from newsroom import Reader, make_book
from test_app import running, until

from bot.app import App
from bot.config import load_settings
from bot.loading import Loaded
from bot.store.database import Database
from bot.store.ingest import Ingest
from bot.store.registry import Registry

CHAT, BOSS = 5, 9


class Talk:
    """Chats with the running program."""

    def __init__(self, api: BotApi, reader: Reader, database: Path) -> None:
        self.api, self.reader, self.database = api, reader, database

    async def says(self, text: str, *, answers: int = 1, **more: Any) -> list[Accepted]:
        """What comes of it, once it is so many messages."""
        return await self._answers(answers, lambda: self.api.push_message(CHAT, text, **more))

    async def taps(self, of: Accepted, label: str, *, answers: int = 1) -> list[Accepted]:
        assert of.markup is not None
        rows = of.markup["inline_keyboard"]
        data = next(b["callback_data"] for row in rows for b in row if b["text"] == label)
        return await self._answers(
            answers, lambda: self.api.push_callback(CHAT, data, message_id=of.message_id)
        )

    async def _answers(self, answers: int, push: Callable[[], Any]) -> list[Accepted]:
        before = len(self.api.accepted)
        push()
        await until(lambda: len(self.api.accepted) >= before + answers)
        return self.api.accepted[before:]


@asynccontextmanager
async def talking(folder: Path, **more: str) -> AsyncIterator[Talk]:
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
                **more,
            }
        )
        database = Database(settings.database)
        for outcome, now in busy_day(folder / "news"):
            Ingest(database).apply(outcome, now)
        database.close()
        loaded = Loaded(
            analyzer=reader,  # type: ignore[arg-type]
            book=make_book(folder),
            vocabulary=small_vocabulary(),  # type: ignore[arg-type]
            feeds=(),
        )
        async with running(App(settings, loaded, clock=lambda: NOW + 5 * HOUR)):
            yield Talk(api, reader, settings.database)


def bold(message: Accepted) -> list[str]:
    return [
        message.text[e["offset"] : e["offset"] + e["length"]] for e in message.entities if e["type"] == "bold"
    ]


async def test_a_reader_goes_from_the_packs_to_a_rule_and_its_text(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        (packs,) = await talk.says("/rules")
        (pack,) = await talk.taps(packs, "AI compute market")
        assert pack.message_id == packs.message_id
        assert "• A company sells surplus compute, HIGH, 1 card compute/resale" in pack.text
        (rule,) = await talk.taps(pack, "A company sells surplus compute")
        assert rule.message_id != pack.message_id
        assert "Tells of “compute resale” where it is neither denied nor only speculated." in rule.text
        assert "Began in the last 30 days: 1 card." in rule.text
        (text,) = await talk.taps(rule, "YAML")
        assert text.text.startswith("- id: resale\n  title:")
        assert [e["type"] for e in text.entities] == ["pre"]


async def test_a_text_is_tried_where_it_is_typed_answered_or_stored(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        (typed,) = await talk.says(f"/test compute/resale {TITLE}")
        assert bold(typed) == ["it fires, HIGH: Meta sells surplus compute", TITLE[:4]]

        chat = {"id": CHAT, "type": "private"}
        forwarded = {"message_id": 3, "date": 1, "chat": chat, "text": DENIAL}
        origin = {"type": "hidden_user", "date": 1, "sender_user_name": "Somebody"}
        answered = {"reply_to_message": {**forwarded, "forward_origin": origin}}
        (denial,) = await talk.says("/test compute/resale", **answered)
        assert "Stopped at: how certain it is.\nFound: denied." in denial.text
        picture = {"message_id": 3, "date": 1, "chat": chat, "photo": [], "caption": TITLE}
        (caption,) = await talk.says("/test", reply_to_message=picture)
        assert caption.text.startswith("These rules take it up:\n• it fires")

        (found,) = await talk.says("/search trims")
        address = next(e["url"] for e in found.entities if e["type"] == "text_link")
        (stored,) = await talk.says(f"/test {address}")
        assert f"Read as stored: “{CUT}”, Paper, tier 1." in stored.text
        assert "• it fires, MEDIUM: Microsoft cuts spending" in stored.text


async def test_a_trial_runs_where_texts_are_analysed_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talking(tmp_path) as talk:
        threads: list[str] = []
        analyze = talk.reader.analyze

        def noting(entries: Any, /) -> Any:
            threads.append(threading.current_thread().name)
            return analyze(entries)

        monkeypatch.setattr(talk.reader, "analyze", noting)
        (tried,) = await talk.says(f"/test {TITLE}", user=CHAT)
        assert tried.text.startswith("These rules take it up:")
        assert [name.rpartition("_")[0] for name in threads] == ["process"]
    database = Database(talk.database)
    assert database.value("SELECT count(*) FROM entries WHERE feed_id = 'typed'") == 0
    database.close()


async def test_a_trial_speaks_the_language_of_the_chat(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.says("/start")
        await talk.says("/lang de")
        (tried,) = await talk.says(f"/test compute/resale {TITLE}")
        assert "meldet, " in tried.text
        assert tried.text.endswith("kind:social tier:3 vor dem Text ändert das.")


async def test_feedback_is_written_to_the_managers_and_nobody_else(tmp_path: Path) -> None:
    async with talking(tmp_path, BOT_TELEGRAM_ADMINS=str(BOSS)) as talk:
        sent = await talk.says("/feedback Too <b>loud</b> @everyone https://evil.example", answers=2)
        by_chat = {message.chat_id: message.text for message in sent}
        assert set(by_chat) == {BOSS, CHAT}
        assert by_chat[CHAT] == "Thank you, the managers of this bot have it."
        assert by_chat[BOSS].replace("\u2060", "|") == (
            f"Feedback of user {CHAT}, in private:\nToo <b>loud</|b> @|everyone https://|evil.|example"
        )
        sends = [c.params for c in talk.api.calls if c.method == "sendMessage"]
        letter = next(params for params in sends if str(params["chat_id"]) == str(BOSS))
        assert "is_disabled" in str(letter["link_preview_options"])
    database = Database(talk.database)
    (deed,) = Registry(database).deeds(5)
    database.close()
    assert (deed.who, deed.result) == (str(CHAT), "handed on")


async def test_where_there_is_no_manager_feedback_says_so(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        (answer,) = await talk.says("/feedback Hello")
        assert answer.text == "This bot has no manager to whom I could hand it on."
