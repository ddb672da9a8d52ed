"""Managers at work on the running program: real polling, real guard, real database, a stand-in for Telegram."""

# ruff: noqa: F811 - `server` is a fixture

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from bot_api import BotApi
from newsroom import Reader
from test_app import TITLE, Server, loaded, running, server, settings, until  # noqa: F401

from bot.app import App
from bot.delivery.manual import MANAGERS_MENU, MENU
from bot.loading import Loaded
from bot.store.database import Database
from bot.store.polls import PollStates

BOSS, READER = 9, 70015001


class House:
    """The program and those who write to it."""

    def __init__(self, app: App, api: BotApi) -> None:
        self.app, self.api = app, api

    async def ask(self, text: str, words: str, chat: int = BOSS) -> str:
        """Write, and wait for an answer with these words."""
        before = len(self.api.accepted)
        self.api.push_message(chat, text)
        return await self.hears(words, before, chat)

    async def hears(self, words: str, since: int = 0, chat: int = BOSS) -> str:
        def found() -> list[str]:
            return [m.text for m in self.api.accepted[since:] if m.chat_id == chat and words in m.text]

        await until(found)
        return found()[0]

    def poll_now(self, feed_id: str) -> bool:
        """Let a feed be due at once, if none of its polls is under way."""
        if not self.app.is_quiet():
            return False
        database = Database(self.app.settings.database)
        states = PollStates(database)
        states.save([replace(states.states([feed_id])[feed_id], next_poll_at=None)])
        database.close()
        return True

    def tap(self, label: str, chat: int = BOSS) -> None:
        """Tap the newest button with this label."""
        for message in reversed(self.api.accepted):
            for row in (message.markup or {}).get("inline_keyboard", []):
                for button in row:
                    if button["text"] == label and message.chat_id == chat:
                        self.api.push_callback(chat, button["callback_data"], message_id=message.message_id)
                        return
        raise AssertionError(f"no button {label}")


@asynccontextmanager
async def house(folder: Path, server: Server, rules: Loaded, **more: str) -> AsyncIterator[House]:
    async with BotApi() as api:
        chosen = settings(
            folder,
            server,
            BOT_TELEGRAM_TOKEN=api.token,
            BOT_TELEGRAM_API_URL=api.url.removesuffix("/bot"),
            BOT_TELEGRAM_ADMINS=str(BOSS),
            BOT_RULES_DIR=str(folder / "nowhere"),  # so that whatever reads the files is refused
            **more,
        )
        async with running(App(chosen, rules)) as app:
            yield House(app, api)


async def test_a_feed_added_in_chat_makes_news_also_after_a_restart(tmp_path: Path, server: Server) -> None:
    server.shown["fresh"] = ["An old story about nothing"]
    rules = loaded(tmp_path)
    async with house(tmp_path, server, rules) as h:
        await h.ask(f"/sources test {server.url}/fresh", "nothing was stored")
        assert "fresh" in await h.ask(f"/sources add {server.url}/fresh wire 1", "Added as 127-0-0-1")
        await until(lambda: h.poll_now("127-0-0-1"))
        await until(lambda: h.app.figures.entries == 1)
        server.shown["fresh"].insert(0, TITLE)
        await h.ask("/start", "Step 1 of 3", READER)
        await until(lambda: h.poll_now("127-0-0-1"))
        await h.hears(TITLE, chat=READER)
    async with house(tmp_path, server, rules) as h:
        assert "Added in chat" in await h.ask("/sources 127-0-0-1", "127-0-0-1: active")
        await h.ask("/sources remove 127-0-0-1", "was removed")
        await h.ask("/sources 127-0-0-1", "There is no feed")


async def test_a_paused_feed_is_not_polled_until_it_is_resumed(tmp_path: Path, server: Server) -> None:
    rules = loaded(tmp_path, server.feed("wire"), server.feed("other"))
    async with house(tmp_path, server, rules) as h:
        await until(lambda: server.polls.keys() >= {"wire", "other"})
        await h.ask("/sources pause wire", "polled no more")
        await h.app.reload()  # refused, as there is no folder: the old rules stay, and so does the pause
        seen, others = server.polls["wire"], server.polls["other"]
        await until(lambda: server.polls["other"] > others + 3)
        assert server.polls["wire"] <= seen + 1, "one may have been under way"
        await h.ask("/sources", "wire: paused")
        h.api.push_message(BOSS, "/sources resume wire")
        await until(lambda: server.polls["wire"] > seen + 2)


async def test_a_feed_moves_without_losing_its_past(tmp_path: Path, server: Server) -> None:
    server.shown |= {"wire": [TITLE], "moved": [TITLE]}
    async with house(tmp_path, server, loaded(tmp_path, server.feed("wire"))) as h:
        await until(lambda: h.app.figures.entries == 1)
        await h.ask(f"/sources url wire {server.url}/moved", "polled at the new address")
        await until(lambda: server.polls["moved"] > 2)
        assert h.app.figures.entries == 1, "the same item is known"


async def test_a_private_address_is_closed_to_managers_as_well(tmp_path: Path, server: Server) -> None:
    async with house(tmp_path, server, loaded(tmp_path, server.feed("wire"))) as h:
        for url in ("http://127.0.0.1:1/feed", "http://169.254.169.254/latest", "http://[::1]/feed"):
            assert "private" in await h.ask(f"/sources test {url}", "can't be read")
            await h.ask(f"/sources add {url}", "nothing was added")


async def test_the_program_says_how_it_is_and_who_did_what(tmp_path: Path, server: Server) -> None:
    async with house(tmp_path, server, loaded(tmp_path, server.feed("wire"))) as h:
        await until(lambda: h.app.figures.polls)
        text = await h.ask("/health", "Health")
        assert "Feeds: 1, 0 down" in text
        assert "memory: 0 MB" not in text
        assert "disk free: 0 MB" not in text
        await h.ask("/latency", "nothing to measure")
        await h.ask("/lint", "The files are wrong")
        await h.ask("/reload", "not reloaded; the old ones stay")
        assert "user 9: reload → The rules were not reloaded" in await h.ask("/audit", "What managers did")


async def test_a_refused_reload_is_told_to_the_one_who_asked_once(tmp_path: Path, server: Server) -> None:
    async with house(tmp_path, server, loaded(tmp_path, server.feed("wire"))) as h:
        await h.ask("/reload", "The rules were not reloaded")
        await h.ask("/limits", "Commands: 30")
        assert sum("not reloaded" in m.text for m in h.api.accepted) == 1


async def test_a_broadcast_reaches_readers_and_a_ban_ends_everything(tmp_path: Path, server: Server) -> None:
    async with house(tmp_path, server, loaded(tmp_path, server.feed("wire"))) as h:
        await h.ask("/start", "Step 1 of 3", READER)
        await h.ask("/broadcast We move tonight", "1 chat would get this")
        h.tap("Send")
        assert await h.hears("We move tonight", chat=READER)
        await h.ask(f"/ban {READER}", "is banned")
        before = len(h.api.accepted)
        h.api.push_message(READER, "/start")
        server.shown["wire"] = [TITLE]
        await until(lambda: h.app.figures.entries)
        await h.ask("/users", "banned: 1")
        assert [m.text for m in h.api.accepted[before:] if m.chat_id == READER] == []


async def test_by_invitation_a_stranger_waits_for_a_manager(tmp_path: Path, server: Server) -> None:
    rules = loaded(tmp_path, server.feed("wire"))
    async with house(tmp_path, server, rules, BOT_ACCESS="invite") as h:
        assert f"your id {READER}" in await h.ask("/start", "by invitation", READER)
        await h.ask(f"/allow {READER}", "may use the bot")
        await h.ask("/start", "Step 1 of 3", READER)


async def test_a_reader_who_deletes_itself_is_gone_while_news_comes_in(
    tmp_path: Path, server: Server
) -> None:
    async with house(tmp_path, server, loaded(tmp_path, server.feed("wire"))) as h:
        await h.ask("/start", "Step 1 of 3", READER)
        server.shown["wire"] = [TITLE]
        await h.hears(TITLE, chat=READER)
        h.api.push_message(READER, "/export")
        await until(lambda: h.api.files)
        exported = json.loads(h.api.files[0].content)
        assert TITLE in exported["notifications"][0]["text"]
        await h.ask("/deleteme", "Delete everything", READER)
        h.tap("Delete everything", READER)
        await h.hears("was deleted", chat=READER)
        server.shown["wire"] = [TITLE, "Meta sells more of its compute"]
        await until(lambda: h.app.figures.entries == 2)
    database = Database(tmp_path / "data" / "spillover.db")
    assert not [line for line in database.connection.iterdump() if str(READER) in line]
    database.close()


async def test_managers_have_a_menu_of_their_own(tmp_path: Path, server: Server) -> None:
    async with house(tmp_path, server, loaded(tmp_path, server.feed("wire"))) as h:
        menus = {
            str(call.params.get("scope", "")): str(call.params["commands"])
            for call in h.api.calls
            if call.method == "setMyCommands"
        }
    everybody, own = menus.pop(""), next(iter(menus.values()))
    assert str(BOSS) in next(iter(menus))
    assert all(f'"{name}"' not in everybody.replace("'", '"') for name, _ in MANAGERS_MENU)
    assert all(f'"{name}"' in own.replace("'", '"') for name, _ in (*MENU, *MANAGERS_MENU))


@pytest.mark.parametrize("code", [400, 403])
async def test_a_manager_who_never_wrote_keeps_nobody_from_starting(
    tmp_path: Path, server: Server, code: int
) -> None:
    async with BotApi() as api:
        api.fault("error", method="setMyCommands", code=code, description="Bad Request: chat not found")
        api.fault("error", method="setMyCommands", code=code, description="Bad Request: chat not found")
        chosen = settings(
            tmp_path,
            server,
            BOT_TELEGRAM_TOKEN=api.token,
            BOT_TELEGRAM_API_URL=api.url.removesuffix("/bot"),
            BOT_TELEGRAM_ADMINS="9,somebody",
        )
        async with running(App(chosen, loaded(tmp_path, server.feed("wire"), reader=Reader()))):
            api.push_message(5, "/start")
            await until(lambda: any(m.text.startswith("Step 1 of 3") for m in api.accepted))
