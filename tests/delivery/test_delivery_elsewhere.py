"""Settings of a group, channel or topic, changed from its admin's private chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_api import Accepted
from desk_fakes import EVERYTHING, MICRON, NVIDIA, small_vocabulary
from make import NOW
from places_scene import BOSS, CHANNEL, FORUM, GROUP, GUEST, TOPIC, Places, places_in

from bot.delivery.commands import Commands
from bot.model import Digest, Severity, Target, TargetKind

CHANNELS = "@spill_news"


@pytest.fixture
async def places(tmp_path: Path) -> AsyncIterator[Places]:
    """The boss follows everything in private; the channel follows Nvidia."""
    async with places_in(tmp_path) as running:
        await running.says(BOSS, "/start")
        await running.says(BOSS, f"/bind {CHANNELS} nvidia")
        yield running


def data_of(message: Accepted) -> list[str]:
    rows = (message.markup or {}).get("inline_keyboard", [])
    return [button["callback_data"] for row in rows for button in row]


def settings(places: Places, address: int) -> dict[str, Any]:
    """What is stored of a chat."""
    key = f"telegram:{address}"
    stored: dict[str, Any] = {
        table: [tuple(row) for row in places.db.rows(f"SELECT * FROM {table} WHERE {column} = ?", (key,))]
        for table, column in (("subscribers", "id"), ("watches", "subscriber_id"), ("mutes", "subscriber_id"))
    }
    return stored


@pytest.mark.parametrize(
    ("command", "field", "value", "words"),
    [
        pytest.param("level high", "level", Severity.HIGH, "From now on only high and above.", id="level"),
        pytest.param("quiet 22:00-07:00", "quiet", (time(22), time(7)), "Quiet hours: 22:00", id="quiet"),
        pytest.param("digest daily 07:30", "digest", Digest(at=time(7, 30)), "Every day", id="digest"),
        pytest.param("budget 8", "budget", 8, "At most 8 sounds a day", id="budget"),
        pytest.param("mute 2h", "muted_until", NOW + timedelta(hours=2), "Muted until", id="mute"),
        pytest.param("timezone Berlin", "timezone", "Europe/Berlin", "Times are shown in", id="timezone"),
        pytest.param("lang de", "language", "de", "Ab jetzt spreche ich Deutsch.", id="lang"),
        pytest.param("stop", "active", False, "Alerts are off.", id="stop"),
    ],
)
async def test_a_setting_with_a_place_in_front_is_the_places(places, command, field, value, words):
    private, name, rest = settings(places, BOSS), *command.partition(" ")[::2]
    said = await places.said(BOSS, f"/{name} {CHANNELS} {rest}")
    assert said.startswith(f"“News”:\n{words}"), said
    assert getattr(places.subscriber(CHANNEL), field) == value
    assert settings(places, BOSS) == private
    assert not any(m.chat_id == CHANNEL for m in places.api.accepted), "nothing is posted there"


async def test_what_is_followed_and_muted_elsewhere_is_shown_and_ended(places):
    await places.says(BOSS, f"/watch {CHANNELS} micron")
    said = await places.said(BOSS, f"/list {CHANNELS}")
    assert said.startswith("“News”:\nThis chat follows, at level medium and above:\n• Micron (company)")
    assert "No longer following Nvidia" in await places.said(BOSS, f"/unwatch {CHANNELS} nvidia")
    assert (places.follows(CHANNEL), places.follows(BOSS)) == ([MICRON], [EVERYTHING])
    await places.says(BOSS, f"/mute {CHANNELS} nvidia 3d")
    assert "• Nvidia, until" in await places.said(BOSS, f"/mutes {CHANNELS}")
    assert await places.said(BOSS, "/mutes") == "Nothing is muted here."
    assert "No longer muted." in await places.said(BOSS, f"/unmute {CHANNELS} all")
    assert "Nothing is muted here." in await places.said(BOSS, f"/mutes {CHANNELS}")


async def test_start_turns_a_place_on_again_and_notes_who_did(places):
    await places.says(BOSS, f"/unbind {CHANNELS}")
    assert "Alerts are off in this chat" in await places.said(BOSS, f"/level {CHANNELS} high")
    assert "Alerts are on" in await places.said(BOSS, f"/start {CHANNELS}")
    assert places.is_on(CHANNEL)
    assert places.bindings.binder(f"telegram:{CHANNEL}") == str(BOSS)


async def test_start_turns_nothing_on_that_can_not_be_written_to(places):
    await places.says(BOSS, f"/unbind {CHANNELS}")
    places.api.rooms.stand(CHANNEL, "administrator", can_post_messages=False)
    assert "so nothing was changed" in await places.said(BOSS, f"/start {CHANNELS}")
    assert not places.is_on(CHANNEL)


async def test_a_topic_is_set_by_itself(places):
    await places.says(FORUM, "/bind nvidia", user=BOSS, **TOPIC)
    await places.says(FORUM, "/bind nvidia", user=BOSS)
    said = await places.said(BOSS, f"/level {FORUM}/17 high")
    assert said.startswith("“Forum”, topic 17:\n")
    assert [s.level for s in places.bindings.places(str(FORUM))] == [Severity.MEDIUM, Severity.HIGH]


async def test_buttons_are_about_the_place_and_ask_again_who_taps(places):
    await places.says(BOSS, f"/watch {CHANNELS} micron")
    (shown,) = await places.says(BOSS, f"/list {CHANNELS}")
    assert data_of(shown) == [f"at:{CHANNEL}:drop:1:company:MU", f"at:{CHANNEL}:drop:1:company:NVDA"]
    places.api.push_callback(BOSS, data_of(shown)[1], message_id=shown.message_id)
    (edited,) = await places.answers()
    assert edited.method == "editMessageText"
    assert edited.text.startswith("“News”:\nThis chat follows")
    assert data_of(edited) == [f"at:{CHANNEL}:drop:1:company:MU"]
    assert (places.follows(CHANNEL), places.follows(BOSS)) == ([MICRON], [EVERYTHING])
    places.api.members[CHANNEL, BOSS] = "member"
    places.api.push_callback(BOSS, data_of(shown)[0], message_id=shown.message_id)
    (refused,) = await places.answers()
    assert "Only admins of “News” may do that" in refused.text
    assert places.follows(CHANNEL) == [MICRON]


async def test_a_level_is_chosen_and_everything_stopped_by_button(places):
    (shown,) = await places.says(BOSS, f"/level {CHANNELS}")
    assert data_of(shown)[0].startswith(f"at:{CHANNEL}:level:")
    places.api.push_callback(BOSS, f"at:{CHANNEL}:level:critical", message_id=shown.message_id)
    await places.answers()
    assert places.subscriber(CHANNEL).level is Severity.CRITICAL
    (shown,) = await places.says(BOSS, f"/unwatch {CHANNELS} all")
    assert data_of(shown) == [f"at:{CHANNEL}:unall:", f"at:{CHANNEL}:cancel:"]
    places.api.push_callback(BOSS, data_of(shown)[0], message_id=shown.message_id)
    await places.answers()
    assert (places.follows(CHANNEL), places.follows(BOSS)) == ([], [EVERYTHING])


async def test_a_button_for_which_there_is_no_room_is_left_out(places):
    word = Target(TargetKind.WORD, "ö" * 24)  # fits behind drop:1: alone
    places.desk.watch(f"telegram:{CHANNEL}", word, NOW)
    (shown,) = await places.says(BOSS, f"/list {CHANNELS}")
    assert word.id in shown.text
    assert data_of(shown) == [f"at:{CHANNEL}:drop:1:company:NVDA"]


@pytest.mark.parametrize(
    "data",
    [
        "at:",
        "at::",
        f"at:{CHANNEL}",
        f"at:{CHANNEL}:",
        f"at:{CHANNEL}:nothing:x",
        f"at:{CHANNEL}:at:{GROUP}:drop:1:company:NVDA",
        f"at:{CHANNEL}:good:abcd",
        f"at:{CHANNEL}x:unall:",
        "at:70015001:unall:",
        "at:x:unall:",
    ],
)
async def test_a_forged_button_is_an_old_one(places, data):
    places.api.push_callback(BOSS, data, message_id=1)
    (answer,) = await places.answers()
    assert answer.text == "This button is of an older version. /help lists what I understand."
    assert (places.follows(CHANNEL), places.follows(BOSS)) == ([NVIDIA], [EVERYTHING])


async def test_in_a_group_nothing_is_said_or_done_about_another_place(places):
    before = settings(places, CHANNEL)
    places.api.push_callback(GROUP, f"at:{CHANNEL}:unall:", message_id=1, user=BOSS)
    (answer,) = await places.answers()
    assert "of an older version" in answer.text
    for command in ("level @spill_news high", "list @spill_news", "unwatch @spill_news all"):
        said = await places.said(GROUP, f"/{command}", user=BOSS)
        assert said == "Another group or channel is managed from a private chat: write me this command there."
    assert settings(places, CHANNEL) == before


def of_settings() -> list[str]:
    desk: Any = None
    commands = Commands(desk, small_vocabulary(), lambda: NOW)
    return sorted(commands._settings & set(commands.names))


@pytest.mark.parametrize("name", of_settings())
async def test_no_setting_is_shown_to_or_changed_by_whoever_is_no_admin(places, name):
    before = settings(places, CHANNEL)
    for text in ("",) if name == "unbind" else ("", " nvidia", " 2h", " off", " all"):
        said = await places.said(GUEST, f"/{name} {CHANNELS}{text}")
        assert said == "Only admins of “News” may do that, and you are none: ask one of them."
    assert settings(places, CHANNEL) == before
    assert places.subscriber(GUEST) is None


@pytest.mark.parametrize("name", [n for n in of_settings() if n not in ("bind", "unbind", "watch")])
async def test_every_setting_names_the_place_and_leaves_the_private_chat_alone(places, name):
    before = settings(places, BOSS)
    for text in ("", " nonsense", " off", " 1"):
        (answer,) = (await places.says(BOSS, f"/{name} {CHANNELS}{text}"))[:1]
        assert answer.text.startswith("“News”:\n")
        assert all(data.startswith(f"at:{CHANNEL}:") for data in data_of(answer))
    assert settings(places, BOSS) == before


async def test_a_number_is_no_place(places):
    assert "is no budget" in await places.said(BOSS, "/budget -1")


async def test_a_title_forges_nothing(places):
    places.api.rooms.make(GROUP, title="\u202e<b>x</b>\n@everyone /stop")
    await places.says(BOSS, f"/bind {GROUP} nvidia")
    said = await places.said(BOSS, f"/level {GROUP} high")
    assert said.split("\n")[1:] == ["From now on only high and above."]
    assert "\u202e" not in said
    assert "@everyone" not in said


async def test_the_overview_and_all_that_it_leads_to_have_the_same_buttons_as_at_home(places):
    await places.says(BOSS, "/bind @spill_news all")
    (home,) = await places.says(BOSS, "/settings")
    (away,) = await places.says(BOSS, f"/settings {CHANNELS}")
    ways = data_of(home)
    assert len(ways) == 8
    for way in ways:
        places.api.push_callback(BOSS, way, message_id=home.message_id)
        (here,) = await places.answers()
        places.api.push_callback(BOSS, f"at:{CHANNEL}:{way}", message_id=away.message_id)
        (there,) = await places.answers()
        assert data_of(there) == [f"at:{CHANNEL}:{data}" for data in data_of(here)], way
    places.api.push_callback(BOSS, f"at:{CHANNEL}:level:low", message_id=away.message_id)
    await places.answers()
    assert (places.subscriber(CHANNEL).level, places.subscriber(BOSS).level) == (
        Severity.LOW,
        Severity.MEDIUM,
    )
