"""The commands end to end: a real python-telegram-bot application against the stand-in for the Bot API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from binding_fakes import membership
from bot_api import Accepted, BotApi
from bot_api_checks import a_png
from card_scene import NOW, TITLE, told, wire
from desk_fakes import (
    EVERYTHING,
    META,
    META_MATERIALS,
    MICRON,
    NVIDIA,
    MemoryDesk,
    MemoryFeedback,
    MemoryTrends,
    small_vocabulary,
)
from telegram.ext import Application

from bot.delivery.charting import MAX_AT_ONCE, Charting
from bot.delivery.commands import Commands
from bot.delivery.drawing import Chart
from bot.delivery.feedback import Voting
from bot.delivery.handlers import ALLOWED_UPDATES, register
from bot.delivery.request import make_bot
from bot.delivery.turns import Turns
from bot.ports import Explanation

GROUP, ADMIN, GUEST = -100500, 11, 12
PICTURE = a_png(1200, 675)
FORUM = {"id": GROUP, "type": "supergroup", "title": "Desk", "is_forum": True}


class Chatter:
    """People who write to the bot, and what they read in return."""

    def __init__(self, api: BotApi) -> None:
        self.api, self.desk, self.now = api, MemoryDesk(), NOW
        self.bot = make_bot(api.token, base_url=api.url)
        self.app: Application[Any, Any, Any, Any, Any, Any] = (
            Application.builder()
            .bot(self.bot)
            .updater(None)
            .job_queue(None)
            .concurrent_updates(Turns())
            .build()
        )
        voting = Voting(self.desk, MemoryFeedback(), lambda: self.now)
        self.trends, self.drawn = MemoryTrends(), 0
        self.easel = asyncio.Event()
        self.easel.set()
        charting = Charting(self.trends, small_vocabulary(), self._draw, lambda: self.now)
        commands = Commands(
            self.desk, small_vocabulary(), lambda: self.now, operators={"9"}, parts=(charting, voting)
        )
        register(
            self.app,
            commands,
            lambda: self.now,
            membership(self.bot, commands, self.desk, lambda: self.now),
        )
        self._offset = 0

    async def _draw(self, chart: Chart) -> bytes:
        self.drawn += 1
        await self.easel.wait()
        return PICTURE

    async def finished(self, count: int) -> list[Accepted]:
        """What was accepted, once it is so many."""
        while len(self.api.accepted) < count:
            await asyncio.sleep(0.005)
        return self.api.accepted

    async def says(self, chat: int, text: str, **more: Any) -> list[Accepted]:
        self.api.push_message(chat, text, **more)
        return await self.answers()

    async def taps(self, chat: int, data: str, **more: Any) -> list[Accepted]:
        self.api.push_callback(chat, data, **more)
        return await self.answers()

    async def answers(self) -> list[Accepted]:
        """Let the bot work on what was pushed; what it sent or changed."""
        before = len(self.api.accepted)
        for update in await self.bot.get_updates(self._offset, allowed_updates=ALLOWED_UPDATES):
            self._offset = update.update_id + 1
            await self.app.process_update(update)
        return self.api.accepted[before:]

    async def hand_over(self) -> None:
        """Let the bot begin to work on what was pushed, as the running program does."""
        for update in await self.bot.get_updates(self._offset, allowed_updates=ALLOWED_UPDATES):
            self._offset = update.update_id + 1
            await self.app.update_processor.process_update(update, self.app.process_update(update))

    def called(self, method: str) -> int:
        return sum(call.method == method for call in self.api.calls)


@pytest.fixture
async def chatter() -> AsyncIterator[Chatter]:
    async with BotApi() as api:
        api.members[GROUP, ADMIN] = "administrator"
        chatter = Chatter(api)
        async with chatter.app:
            yield chatter


async def test_a_command_is_answered_in_its_chat_without_a_preview(chatter):
    (answer,) = await chatter.says(5, "/start")
    assert answer.chat_id == 5
    assert answer.text.startswith("Step 1 of 3: what should this chat follow?")
    assert chatter.desk.watches("telegram:5") == [EVERYTHING]
    sent = next(call for call in chatter.api.calls if call.method == "sendMessage")
    assert "is_disabled" in str(sent.params["link_preview_options"])


async def test_a_command_that_names_the_bot_works_in_a_group_and_another_bots_does_not(chatter):
    assert await chatter.says(GROUP, "/list@other_bot", user=GUEST) == []
    (answer,) = await chatter.says(GROUP, "/list@spillover_bot", user=GUEST)
    assert answer.text == "Alerts are off in this chat. /start turns them on."


def written(text: str, size: int) -> dict[str, Any]:
    """A private message whose first `size` characters are a command, as Telegram sees it."""
    person = {"id": 5, "is_bot": False, "first_name": "Reader"}
    command = {"type": "bot_command", "offset": 0, "length": size}
    chat = {"id": 5, "type": "private"}
    return {"message_id": 3, "date": 1, "chat": chat, "from": person, "text": text, "entities": [command]}


async def test_a_command_ends_where_telegram_says_it_ends(chatter):
    chatter.api.push_update(message=written("/watch,nvidia,micron", 6))
    await chatter.answers()
    assert chatter.desk.watches("telegram:5") == [NVIDIA, MICRON]


async def test_an_edited_command_is_not_run_again(chatter):
    chatter.api.push_update(edited_message=written("/start", 6))
    assert await chatter.answers() == []
    assert chatter.desk.subscribers == {}


async def test_in_a_group_an_admin_may_change_what_it_follows_and_a_guest_may_not(chatter):
    (refused,) = await chatter.says(GROUP, "/watch nvidia", user=GUEST)
    assert refused.text == "Only admins of this chat may use /watch here."
    (asked,) = await chatter.says(GROUP, "/watch nvidia", user=ADMIN)
    (refused,) = await chatter.taps(GROUP, "watch:company:NVDA", user=GUEST, message_id=asked.message_id)
    assert refused.text == "Only admins of this chat may use /watch here."
    chatter.now += timedelta(minutes=1)
    await chatter.taps(GROUP, "watch:company:NVDA", user=ADMIN, message_id=asked.message_id)
    assert chatter.desk.watches(f"telegram:{GROUP}") == [NVIDIA]


async def test_looking_needs_no_question_to_telegram(chatter):
    await chatter.says(GROUP, "/list", user=GUEST)
    assert chatter.called("getChatMember") == 0


async def test_an_anonymous_admin_speaks_for_the_group(chatter):
    group = {"id": GROUP, "type": "supergroup", "title": "Desk"}
    await chatter.says(GROUP, "/watch nvidia, micron", user=1087968824, sender_chat=group)
    assert chatter.desk.watches(f"telegram:{GROUP}") == [NVIDIA, MICRON]


async def test_another_channel_in_a_group_does_not(chatter):
    stranger = {"id": -100999, "type": "channel", "title": "Stranger"}
    await chatter.says(GROUP, "/watch nvidia", user=136817688, sender_chat=stranger)
    assert chatter.desk.subscribers == {}


async def test_a_check_that_fails_is_admitted(chatter):
    chatter.api.fault("error", method="getChatMember", code=400, description="Bad Request: whatever")
    (answer,) = await chatter.says(GROUP, "/watch nvidia", user=ADMIN)
    assert answer.text.startswith("I could not check whether you are an admin")
    assert chatter.desk.subscribers == {}


async def test_a_channel_post_is_from_its_admins(chatter):
    channel = {"id": -100700, "type": "channel", "title": "News"}
    post = {"message_id": 3, "date": 0, "chat": channel, "sender_chat": channel, "text": "/start"}
    chatter.api.push_update(
        channel_post={**post, "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}
    )
    (answer,) = await chatter.answers()
    assert answer.chat_id == -100700
    assert chatter.desk.watches("telegram:-100700") == [EVERYTHING]


async def test_a_tap_in_a_channel_is_not(chatter):
    channel = {"id": -100700, "type": "channel", "title": "News"}
    card = {"message_id": 3, "date": 1, "chat": channel, "sender_chat": channel, "text": "card"}
    reader = {"id": GUEST, "is_bot": False, "first_name": "Reader"}
    query = {"id": "1", "from": reader, "chat_instance": "c", "data": "mute:1h", "message": card}
    chatter.api.push_update(callback_query=query)
    (answer,) = await chatter.answers()
    assert answer.text == "Only admins of this chat may use /mute here."


async def test_a_topic_is_followed_and_answered_as_a_place_of_its_own(chatter):
    (answer,) = await chatter.says(
        GROUP, "/watch nvidia, micron", user=ADMIN, is_topic_message=True, message_thread_id=17
    )
    assert answer.thread == 17
    assert chatter.desk.watches(f"telegram:{GROUP}/17") == [NVIDIA, MICRON]


async def test_a_thread_of_answers_is_no_topic(chatter):
    (answer,) = await chatter.says(GROUP, "/watch nvidia, micron", user=ADMIN, message_thread_id=17)
    assert answer.thread is None
    assert chatter.desk.watches(f"telegram:{GROUP}") == [NVIDIA, MICRON]


def remember(chatter: Chatter, message_id: int, subscriber: str) -> None:
    entry = wire()
    alert = told(entry)
    chatter.desk.alerts.append(alert)
    chatter.desk.sent[subscriber, str(message_id)] = alert.id
    chatter.desk.explanations[alert.id] = Explanation(
        alert=alert, entry=entry, story_title=TITLE, origins=1, copies=0, verdicts=()
    )


async def test_why_as_an_answer_to_a_card_explains_that_card(chatter):
    remember(chatter, 77, "telegram:5")
    card = {"message_id": 77, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "card"}
    (answer,) = await chatter.says(5, "/why", reply_to_message=card)
    assert answer.text.startswith(f"Why: {TITLE}")
    assert {"bold", "text_link", "code"} == {e["type"] for e in answer.entities}


async def test_why_in_a_topic_is_not_an_answer_to_the_message_that_opened_it(chatter):
    opener = {"message_id": 17, "date": 1, "chat": FORUM}
    (answer,) = await chatter.says(
        GROUP, "/why", is_topic_message=True, message_thread_id=17, reply_to_message=opener
    )
    assert answer.text.startswith("Which alert?")


async def test_the_why_button_answers_the_tap_first_and_then_the_card(chatter):
    remember(chatter, 77, "telegram:5")
    (answer,) = await chatter.taps(5, "why:a1b2c3d4e5f60718", message_id=77)
    assert answer.text.startswith("Why: ")
    methods = [call.method for call in chatter.api.calls]
    assert methods.index("answerCallbackQuery") < methods.index("sendMessage")


async def test_a_vote_is_acknowledged_over_the_chat_without_a_message(chatter):
    remember(chatter, 77, "telegram:5")
    chatter.api.push_callback(5, "good:a1b2c3d4e5f60718", message_id=77)
    assert await chatter.answers() == []
    (shown,) = [c.params["text"] for c in chatter.api.calls if c.method == "answerCallbackQuery"]
    assert shown == "Noted: useful. Thank you."
    (question,) = await chatter.taps(5, "noise:a1b2c3d4e5f60718", message_id=77)
    assert question.text == "Noted as noise. What was wrong with it?"


async def test_two_quick_taps_do_one_thing_and_a_later_one_another(chatter):
    await chatter.says(5, "/start")
    chatter.api.push_callback(5, "mute:1h", message_id=77)
    chatter.api.push_callback(5, "mute:1h", message_id=77)
    assert [a.text for a in await chatter.answers()] == ["Muted until 19:03 UTC. /unmute ends it sooner."]
    assert chatter.called("answerCallbackQuery") == 2, "both taps stop their spinner"
    chatter.now += timedelta(minutes=5)
    (later,) = await chatter.taps(5, "mute:1h", message_id=77)
    assert later.text.startswith("Muted until 19:08 UTC.")


async def test_a_tap_that_telegram_no_longer_takes_an_answer_for_still_works(chatter):
    await chatter.says(5, "/start")
    chatter.api.fault(
        "error", method="answerCallbackQuery", code=400, description="Bad Request: query is too old"
    )
    await chatter.taps(5, "mute:1h")
    assert chatter.desk.subscribers["telegram:5"].muted_until is not None


async def test_a_choice_takes_the_place_of_its_question(chatter):
    (question,) = await chatter.says(5, "/watch meta")
    rows = question.markup["inline_keyboard"]
    assert [row[0]["callback_data"] for row in rows] == ["ask:company:META", "ask:company:MMAT"]
    (asked,) = await chatter.taps(5, "ask:company:MMAT", message_id=question.message_id)
    assert asked.text.startswith("Meta Materials: whatever it does")
    (chosen,) = await chatter.taps(5, "watch:company:MMAT", message_id=question.message_id)
    assert (chosen.method, chosen.message_id) == ("editMessageText", question.message_id)
    assert chosen.text == "Following Meta Materials (company)."
    assert not chosen.markup
    assert chatter.desk.watches("telegram:5") == [META_MATERIALS]
    assert META not in chatter.desk.watches("telegram:5")


async def test_the_buttons_of_a_list_shrink_with_it_and_survive_a_slow_double_tap(chatter):
    await chatter.says(5, "/watch nvidia, micron")
    (listed,) = await chatter.says(5, "/list")
    (left,) = await chatter.taps(5, "drop:1:company:MU", message_id=listed.message_id)
    assert [row[0]["callback_data"] for row in left.markup["inline_keyboard"]] == ["drop:1:company:NVDA"]
    chatter.now += timedelta(minutes=1)
    again = await chatter.taps(5, "drop:1:company:MU", message_id=listed.message_id)
    assert again == [], "the message is not modified, and nothing new is sent"


async def test_a_question_that_was_deleted_is_answered_anew(chatter):
    (answer,) = await chatter.taps(5, "watch:company:NVDA", message_id=9999)
    assert (answer.method, answer.text) == ("sendMessage", "Following Nvidia (company).")


async def test_a_tap_on_a_message_that_is_out_of_reach_still_works(chatter):
    gone = {"message_id": 3, "date": 0, "chat": {"id": 5, "type": "private"}}
    reader = {"id": 5, "is_bot": False, "first_name": "Reader"}
    query = {"id": "1", "from": reader, "chat_instance": "c", "data": "watch:company:NVDA", "message": gone}
    chatter.api.push_update(callback_query=query)
    await chatter.answers()
    assert chatter.desk.watches("telegram:5") == [NVIDIA]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("hello there", "I only understand commands", id="chat"),
        pytest.param("/wach nvidia", "did you mean /watch?", id="a misspelt command"),
    ],
)
async def test_in_private_whatever_is_not_understood_gets_one_line(chatter, text, expected):
    (answer,) = await chatter.says(5, text)
    assert expected in answer.text
    assert "\n" not in answer.text
    assert await chatter.says(GROUP, text, user=GUEST) == [], "a group is left alone"


@pytest.mark.parametrize("status", ["kicked", "left"])
async def test_a_chat_that_throws_the_bot_out_gets_nothing_more(chatter, status):
    await chatter.says(5, "/start")
    bot = {"id": 1, "is_bot": True, "first_name": "Spillover"}
    change = {
        "chat": {"id": 5, "type": "private"},
        "from": {"id": 5, "is_bot": False, "first_name": "Reader"},
        "date": 1,
        "old_chat_member": {"status": "member", "user": bot},
        "new_chat_member": {"status": status, "user": bot, "until_date": 0},
    }
    chatter.api.push_update(my_chat_member=change)
    assert await chatter.answers() == []
    assert not chatter.desk.subscribers["telegram:5"].active
    assert chatter.desk.watches("telegram:5") == [EVERYTHING], "kept for the day it comes back"


async def test_an_answer_that_cannot_be_sent_stops_nobody_else(chatter):
    chatter.api.block(5)
    chatter.api.push_message(5, "/start")
    chatter.api.push_message(6, "/start")
    assert [a.chat_id for a in await chatter.answers()] == [6]


def in_the_news(chatter: Chatter) -> None:
    chatter.trends.news[NVIDIA] = [NOW - timedelta(days=n) for n in (0, 0, 2)]


CAPTION = (
    "Nvidia (company), 30 days to 2 Mar 2026 (UTC)\n"
    "3 mentions, most on 2 Mar: 2. More than in the 30 days before (0).\n"
    "No alerts."
)


async def test_a_chart_arrives_as_a_picture_with_its_caption_and_buttons(chatter):
    in_the_news(chatter)
    await chatter.says(GROUP, "/chart nvidia", user=GUEST, is_topic_message=True, message_thread_id=17)
    (answer,) = await chatter.finished(1)
    assert (answer.method, answer.chat_id, answer.thread) == ("sendPhoto", GROUP, 17)
    assert answer.photo == PICTURE
    assert answer.text == CAPTION
    assert answer.entities == [{"type": "bold", "offset": 0, "length": 16}]
    (row,) = answer.markup["inline_keyboard"]
    assert [button["callback_data"] for button in row] == [f"chart:{n}:company:NVDA" for n in (7, 90, 365)]
    assert chatter.called("getChatMember") == 0


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("error", {"code": 400, "description": "Bad Request: not enough rights to send photos to the chat"}),
        ("error", {"code": 413, "description": "Request Entity Too Large"}),
        ("status", {"status": 502}),
        ("refuse", {}),
    ],
    ids=["not allowed", "too large", "a gateway", "cut off"],
)
async def test_a_picture_that_is_not_taken_leaves_its_caption_as_a_text(chatter, kind, options):
    in_the_news(chatter)
    chatter.api.fault(kind, method="sendPhoto", **options)
    await chatter.says(5, "/chart nvidia")
    (answer,) = await chatter.finished(1)
    assert (answer.method, answer.text, answer.photo) == ("sendMessage", CAPTION, b"")
    assert answer.entities == [{"type": "bold", "offset": 0, "length": 16}]


async def test_a_choice_of_what_to_draw_works_whenever_it_is_tapped(chatter):
    chatter.trends.news[META_MATERIALS] = [NOW]
    (question,) = await chatter.says(5, "/chart meta 7d") or await chatter.finished(1)
    data = [row[0]["callback_data"] for row in question.markup["inline_keyboard"]]
    assert data == ["chart:7:company:META", "chart:7:company:MMAT"]
    chatter.now += timedelta(days=400)
    chatter.trends.news[META_MATERIALS].append(chatter.now)
    await chatter.taps(5, data[1], message_id=question.message_id)
    answer = (await chatter.finished(2))[-1]
    assert answer.method == "sendPhoto"
    assert answer.text.startswith("Meta Materials (company), 7 days to 6 Apr 2027 (UTC)")


async def test_others_do_not_wait_for_a_drawing(chatter):
    in_the_news(chatter)
    chatter.easel.clear()
    chatter.api.push_message(5, "/chart nvidia")
    await chatter.hand_over()
    (answer,) = await chatter.says(6, "/list")
    assert answer.text.startswith("Alerts are off in this chat.")
    chatter.easel.set()
    assert [a.method for a in await chatter.finished(2)] == ["sendMessage", "sendPhoto"]


async def test_more_charts_than_may_wait_are_refused_and_the_rest_arrive(chatter):
    in_the_news(chatter)
    chatter.easel.clear()
    for chat in range(1, MAX_AT_ONCE + 3):
        chatter.api.push_message(chat, "/chart nvidia")
    await chatter.hand_over()
    told = [a.text for a in await chatter.finished(2)]
    assert told == ["Too many charts are being drawn just now. Please try again in a minute."] * 2
    chatter.easel.set()
    answers = await chatter.finished(MAX_AT_ONCE + 2)
    assert sum(a.method == "sendPhoto" for a in answers) == MAX_AT_ONCE == chatter.drawn


async def test_an_unfinished_chart_does_not_hold_up_the_end(chatter):
    in_the_news(chatter)
    chatter.easel.clear()
    await chatter.app.start()
    chatter.api.push_message(5, "/chart nvidia")
    await chatter.hand_over()
    while not chatter.drawn:
        await asyncio.sleep(0.005)
    await chatter.app.stop()
    await chatter.app.shutdown()
    assert chatter.api.accepted == []
