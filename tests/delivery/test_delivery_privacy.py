"""What a chat may ask about what is kept of it, in the chat and over the stand-in for the Bot API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_api import BotApi
from card_scene import NOW
from desk_fakes import EVERYTHING, small_vocabulary
from office_fakes import MemoryPrivacy
from telegram.ext import Application

from bot.delivery.commands import Commands
from bot.delivery.handlers import ALLOWED_UPDATES, register
from bot.delivery.membership import Membership
from bot.delivery.privacy import CONFIRM_WITHIN, Private
from bot.delivery.replies import Chat, Reply
from bot.delivery.request import make_bot
from bot.store.bindings import Bindings
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.privacy import Privacy

ME = Chat(address="70015001", user="70015001")
GROUP, ADMIN, GUEST = -100500, 11, 12


class Scene:
    """One chat and what is known of it."""

    def __init__(self, contact: str = "") -> None:
        self.now, self.privacy = NOW, MemoryPrivacy(ME.subscriber_id)
        self.part = Private(self.privacy, lambda: self.now, keep=timedelta(days=90), contact=contact)

    async def ask(self, name: str, text: str = "", chat: Chat = ME) -> Reply:
        done: Any = self.part.commands[name](text, chat)
        return done if isinstance(done, Reply) else await done

    async def tap(self, data: str, chat: Chat = ME) -> Reply:
        done: Any = self.part.buttons["erase"](data.removeprefix("erase:"), chat)
        return await done


@pytest.fixture
def scene() -> Scene:
    return Scene()


def only_button(reply: Reply) -> str:
    (row,) = reply.cards[0].buttons
    (button,) = [b for b in row if b.label != "Keep"]
    return button.data


async def test_privacy_says_what_is_kept_how_long_and_how_to_end_it(scene):
    text = (await scene.ask("privacy")).cards[0].text
    for word in (
        "Telegram id",
        "90 days",
        "what it follows",
        "Not stored: other names",
        "/export",
        "/deleteme",
    ):
        assert word in text
    assert "Questions" not in text
    text = (await Scene(contact="desk@example.org\n/stop").ask("privacy")).cards[0].text
    assert text.endswith("Questions: desk@example.org /stop")


async def test_the_export_is_a_file_of_json(scene):
    reply = await scene.ask("export")
    (file,) = reply.files
    assert file.name == f"spillover-{NOW:%Y-%m-%d}.json"
    assert json.loads(file.content) == {"address": ME.subscriber_id, "known": True}


async def test_deleting_asks_first_and_then_deletes(scene):
    question = await scene.ask("deleteme")
    assert scene.privacy.known
    assert "can't be undone" in question.cards[0].text
    done = await scene.tap(only_button(question))
    assert done.replace
    assert done.cards[0].text.startswith("Everything about this chat was deleted.")
    assert not scene.privacy.known


async def test_a_second_tap_has_nothing_to_delete(scene):
    button = only_button(await scene.ask("deleteme"))
    await scene.tap(button)
    assert (await scene.tap(button)).cards[0].text == "Nothing is stored about this chat."


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(CONFIRM_WITHIN + timedelta(seconds=2), id="long ago"),
        pytest.param(-timedelta(hours=1), id="in the future"),
    ],
)
async def test_an_old_question_deletes_nothing(scene, later):
    button = only_button(await scene.ask("deleteme"))
    scene.now += later
    assert "asked a while ago" in (await scene.tap(button)).cards[0].text
    assert scene.privacy.known


@pytest.mark.parametrize("data", ["", "yes", "-1", "1" * 40, "٣", "1:2", "../x"])
async def test_a_forged_button_deletes_nothing(scene, data):
    await scene.tap(f"erase:{data}")
    assert scene.privacy.known


async def test_words_behind_deleteme_are_no_consent(scene):
    assert "stands alone" in (await scene.ask("deleteme", "yes now")).cards[0].text
    assert scene.privacy.known


async def test_the_question_says_what_goes_in_groups_and_topics(scene):
    group = (await scene.ask("deleteme", chat=Chat(address="-100500"))).cards[0].text
    assert "this chat with all its topics" in group
    topic = (await scene.ask("deleteme", chat=Chat(address="-100500/7"))).cards[0].text
    assert "about this topic:" in topic


class Chatter:
    """People who write to a bot that keeps a real database."""

    def __init__(self, api: BotApi, database: Database) -> None:
        self.api, self.desk = api, Desk(database)
        self.bot = make_bot(api.token, base_url=api.url)
        self.app: Application[Any, Any, Any, Any, Any, Any] = (
            Application.builder().bot(self.bot).updater(None).job_queue(None).build()
        )
        part = Private(Privacy(database), lambda: NOW, keep=timedelta(days=90))
        commands = Commands(self.desk, small_vocabulary(), lambda: NOW, parts=[part])
        bindings = Bindings(database)
        looking = Membership(self.bot, commands, self.desk, bindings, lambda: NOW, None)
        register(self.app, commands, lambda: NOW, looking)
        self._offset = 0

    async def answers(self) -> list[str]:
        before = len(self.api.accepted)
        for update in await self.bot.get_updates(self._offset, allowed_updates=ALLOWED_UPDATES):
            self._offset = update.update_id + 1
            await self.app.process_update(update)
        return [a.text for a in self.api.accepted[before:]]

    async def says(self, chat: int, text: str, **more: Any) -> list[str]:
        self.api.push_message(chat, text, **more)
        return await self.answers()

    async def taps(self, chat: int, data: str, **more: Any) -> list[str]:
        self.api.push_callback(chat, data, **more)
        return await self.answers()


@pytest.fixture
async def chatter(tmp_path: Path) -> AsyncIterator[Chatter]:
    database = Database(tmp_path / "spillover.db")
    async with BotApi() as api:
        api.members[GROUP, ADMIN] = "administrator"
        chatter = Chatter(api, database)
        async with chatter.app:
            yield chatter
    database.close()


async def test_the_file_arrives_whole_and_in_its_topic(chatter):
    await chatter.says(5, "/start")
    await chatter.says(5, "/export")
    (file,) = chatter.api.files
    assert (file.chat_id, file.name, file.thread) == (5, f"spillover-{NOW:%Y-%m-%d}.json", None)
    assert json.loads(file.content)["settings"][0]["id"] == "telegram:5"
    await chatter.says(GROUP, "/export", user=ADMIN, is_topic_message=True, message_thread_id=17)
    assert chatter.api.files[-1].thread == 17
    assert json.loads(chatter.api.files[-1].content)["address"] == f"{GROUP}/17"


async def test_a_file_that_does_not_get_through_stops_nobody_else(chatter):
    await chatter.says(5, "/start")
    chatter.api.fault("refuse", method="sendDocument")
    await chatter.says(5, "/export")
    assert chatter.api.files == []
    assert await chatter.says(5, "/list")


async def test_a_chat_deletes_itself_and_begins_anew(chatter):
    await chatter.says(5, "/start")
    await chatter.says(5, "/level high")
    await chatter.says(6, "/start")
    (question,) = await chatter.says(5, "/deleteme")
    assert question.startswith("Delete everything")
    button = chatter.api.accepted[-1].markup["inline_keyboard"][0][0]["callback_data"]
    assert await chatter.taps(5, button) == ["Everything about this chat was deleted. /start begins anew."]
    assert chatter.desk.subscriber("telegram:5") is None
    assert chatter.desk.watches("telegram:6") == [EVERYTHING]
    assert (await chatter.says(5, "/start"))[0].startswith("Step 1 of 3")


async def test_in_a_group_only_admins_may_take_or_delete_what_is_kept(chatter):
    await chatter.says(GROUP, "/start", user=ADMIN)
    assert await chatter.says(GROUP, "/export", user=GUEST) == [
        "Only admins of this chat may use /export here."
    ]
    assert chatter.api.files == []
    assert "Only admins" in (await chatter.says(GROUP, "/deleteme", user=GUEST))[0]
    await chatter.says(GROUP, "/deleteme", user=ADMIN)
    button = chatter.api.accepted[-1].markup["inline_keyboard"][0][0]["callback_data"]
    assert "Only admins" in (await chatter.taps(GROUP, button, user=GUEST))[0]
    assert chatter.desk.subscriber(f"telegram:{GROUP}") is not None
    await chatter.taps(GROUP, button, user=ADMIN, message_id=999)
    assert chatter.desk.subscriber(f"telegram:{GROUP}") is None
    assert "Not stored" in (await chatter.says(GROUP, "/privacy", user=GUEST))[0]
