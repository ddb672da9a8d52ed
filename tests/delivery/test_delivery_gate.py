"""Who is answered: bans, invitations and limits, alone and over the stand-in for the Bot API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from binding_fakes import membership
from bot_api import BotApi
from card_scene import NOW
from desk_fakes import MemoryDesk, small_vocabulary
from office_fakes import MemoryAccess
from telegram.ext import Application

from bot.delivery.commands import Commands
from bot.delivery.gate import SHARED, STRANGERS, WINDOW, Gate, Pass, Tally
from bot.delivery.handlers import ALLOWED_UPDATES, register
from bot.delivery.request import make_bot
from bot.office import Admission

MANAGER, USER, GROUP = "9", "70015001", "-100500"


class Scene:
    def __init__(self, *, by_invitation: bool = False, contact: str = "") -> None:
        self.access, self.now = MemoryAccess(), NOW
        self.gate = Gate(
            self.access,
            lambda: self.now,
            operators={MANAGER},
            by_invitation=by_invitation,
            contact=contact,
        )

    def enter(self, user: str = USER, chat: str = "") -> str:
        """'yes', what is said, or nothing."""
        found = self.gate.enter(user, chat or user)
        if found.is_open:
            return "yes"
        return found.reply.cards[0].text if found.reply else ""


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def invited() -> Scene:
    return Scene(by_invitation=True)


def test_an_open_bot_answers_everybody(scene):
    assert scene.enter() == scene.enter(USER, GROUP) == scene.enter("", GROUP) == "yes"


@pytest.mark.parametrize(
    ("user", "chat"),
    [
        pytest.param(USER, USER, id="a user in private"),
        pytest.param(USER, GROUP, id="a user in a group"),
        pytest.param("4", USER, id="whoever writes in a chat that is banned"),
        pytest.param("", USER, id="a channel"),
    ],
)
def test_who_is_banned_hears_nothing(scene, user, chat):
    scene.access.said[USER] = Admission.BANNED
    assert scene.enter(user, chat) == ""


def test_a_manager_passes_where_others_do_not(scene):
    scene.access.said |= {MANAGER: Admission.BANNED, GROUP: Admission.BANNED}
    scene.access.most = 1
    assert [scene.enter(MANAGER, GROUP) for _ in range(5)] == ["yes"] * 5


def test_a_stranger_is_told_whom_to_ask_and_what_for(invited):
    assert (
        invited.enter()
        == f"This bot is by invitation. Ask the manager (user {MANAGER}) to let in your id {USER}."
    )
    assert invited.enter("4", GROUP).endswith(f"let in your id 4 or this group's {GROUP}.")
    named = Scene(by_invitation=True, contact="desk@example.org").enter()
    assert "Ask desk@example.org to let in" in named


def test_a_stranger_gets_few_lines(invited):
    answers = [invited.enter() for _ in range(10)]
    assert sum(map(bool, answers)) == STRANGERS
    invited.now += WINDOW + timedelta(seconds=1)
    assert invited.enter()


@pytest.mark.parametrize(
    ("user", "chat"),
    [
        pytest.param(USER, USER, id="in private"),
        pytest.param(USER, GROUP, id="an invited user in any group"),
        pytest.param("4", USER, id="anybody in an invited chat"),
    ],
)
def test_who_is_let_in_is_answered(invited, user, chat):
    invited.access.said[USER] = Admission.ALLOWED
    assert invited.enter(user, chat) == "yes"


def test_who_subscribed_before_stays(invited):
    invited.access.subscribed.add(GROUP)
    assert invited.enter("4", GROUP) == "yes"
    assert invited.enter("4") != "yes"


def test_a_ban_counts_more_than_an_invitation(invited):
    invited.access.said |= {USER: Admission.ALLOWED, GROUP: Admission.BANNED}
    assert invited.enter(USER, GROUP) == ""


def test_too_many_commands_get_one_line_and_then_silence(scene):
    scene.access.most = 3
    assert [scene.enter() for _ in range(3)] == ["yes"] * 3
    assert scene.enter() == "That was too much for me at a time. I answer again in 1 minute."
    assert [scene.enter() for _ in range(20)] == [""] * 20
    assert scene.enter("4") == "yes", "others are answered as before"
    scene.now += WINDOW
    assert scene.enter() == "yes"


def test_silence_does_not_last_longer_for_whoever_goes_on_asking(scene):
    scene.access.most = 3
    for _ in range(60):
        scene.enter()
        scene.now += timedelta(seconds=1)
    assert scene.enter() == "yes"


def test_many_users_in_a_group_share_a_limit(scene):
    scene.access.most = 5
    answers = [scene.enter(str(1000 + n), GROUP) for n in range(50)]
    assert answers.count("yes") == SHARED * 5
    assert sum(map(bool, answers)) == SHARED * 5 + 1, "one line says why"
    assert scene.enter("1000") == "yes", "elsewhere they are answered"


def test_one_user_can_not_use_up_what_a_group_has(scene):
    scene.access.most = 5
    for _ in range(50):
        scene.enter(USER, GROUP)
    assert scene.enter("4", GROUP) == "yes"


def test_a_limit_holds_from_when_it_is_set(scene):
    scene.access.most = 2
    answers = [scene.enter() for _ in range(3)]
    scene.access.most = 4
    assert [*answers, scene.enter(), scene.enter(), scene.enter()].count("yes") == 4


def test_a_database_that_can_not_be_asked_keeps_the_gate_shut(scene):
    scene.access.broken = True
    assert scene.enter() == ""
    assert scene.enter(MANAGER) == "yes"


def test_of_many_askers_only_the_latest_are_remembered():
    tally = Tally(most=100)
    for n in range(1000):
        tally.take(str(n), 1, NOW)
    assert len(tally) == 100
    assert tally.take("999", 1, NOW) is Pass.FIRST_NO
    assert tally.take("0", 1, NOW) is Pass.YES


def test_a_clock_that_was_ahead_locks_nobody_out():
    tally = Tally()
    assert tally.take("1", 1, NOW + timedelta(days=365)) is Pass.YES
    assert tally.take("1", 1, NOW) is Pass.YES


class Chatter:
    def __init__(self, api: BotApi, **how: Any) -> None:
        self.api, self.desk, self.scene = api, MemoryDesk(), Scene(**how)
        self.bot = make_bot(api.token, base_url=api.url)
        self.app: Application[Any, Any, Any, Any, Any, Any] = (
            Application.builder().bot(self.bot).updater(None).job_queue(None).build()
        )
        commands = Commands(self.desk, small_vocabulary(), lambda: NOW)
        gate = self.scene.gate
        register(
            self.app,
            commands,
            lambda: NOW,
            membership(self.bot, commands, self.desk, lambda: NOW, gate),
            gate,
        )
        self._offset = 0

    async def answers(self) -> list[str]:
        before = len(self.api.accepted)
        for update in await self.bot.get_updates(self._offset, allowed_updates=ALLOWED_UPDATES):
            self._offset = update.update_id + 1
            await self.app.process_update(update)
        return [a.text for a in self.api.accepted[before:]]

    def called(self, method: str) -> int:
        return sum(call.method == method for call in self.api.calls)


@pytest.fixture
async def chatter() -> AsyncIterator[Chatter]:
    async with BotApi() as api:
        chatter = Chatter(api, by_invitation=True)
        async with chatter.app:
            yield chatter


async def test_nothing_that_a_banned_user_does_is_answered_or_asked_about(chatter):
    chatter.scene.access.said["5"] = Admission.BANNED
    for text in ("/start", "/watch nvidia", "/wach", "hello"):
        chatter.api.push_message(5, text)
    chatter.api.push_callback(5, "watch:company:NVDA")
    chatter.api.push_message(int(GROUP), "/watch nvidia", user=5)
    assert await chatter.answers() == []
    assert chatter.called("answerCallbackQuery") == chatter.called("getChatMember") == 0
    assert chatter.desk.subscribers == {}


async def test_a_stranger_gets_the_line_whatever_he_does(chatter):
    chatter.api.push_callback(5, "watch:company:NVDA")
    chatter.api.push_message(6, "hello")
    chatter.api.push_message(int(GROUP), "/start", user=7)
    answers = await chatter.answers()
    assert [a.split(".")[0] for a in answers] == ["This bot is by invitation"] * 3
    assert chatter.desk.subscribers == {}


async def test_what_people_of_a_group_say_to_each_other_is_no_request(chatter):
    chatter.api.push_message(int(GROUP), "hello everybody", user=7)
    chatter.api.push_message(int(GROUP), "/start@other_bot", user=7)
    assert await chatter.answers() == []


async def test_an_anonymous_admin_and_a_channel_stand_for_their_chat(chatter):
    chatter.scene.access.said[GROUP] = Admission.ALLOWED
    group = {"id": int(GROUP), "type": "supergroup", "title": "Desk"}
    chatter.api.push_message(int(GROUP), "/start", user=1087968824, sender_chat=group)
    assert (await chatter.answers())[0].startswith("Alerts are on")


async def test_a_flood_of_commands_ends_in_silence(chatter):
    chatter.scene.access.said["5"] = Admission.ALLOWED
    chatter.scene.access.most = 4
    for _ in range(30):
        chatter.api.push_message(5, "/list")
        chatter.api.push_callback(5, "unwatch:company:NVDA")
    answers = await chatter.answers()
    assert len(answers) <= 5
    assert answers[-1].startswith("That was too much")
