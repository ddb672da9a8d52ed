"""What must not be possible by /bind, buttons and lost rights: over HTTP against the stand-in for the Bot API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import bot_api_people
import pytest
from desk_fakes import MICRON, NVIDIA
from places_scene import BOSS, CHANNEL, FORUM, GROUP, GUEST, TOPIC, Places, places_in, until

from bot.office import Admission
from bot.store.access import Access


@pytest.fixture
async def places(tmp_path: Path) -> AsyncIterator[Places]:
    async with places_in(tmp_path) as running:
        yield running


# Whom managers keep out


@pytest.mark.parametrize("command", ["/bind", "/watch"])
async def test_a_banned_chat_is_not_bound_from_private(places, command):
    await places.says(BOSS, "/bind @spill_news micron")
    Access(places.db).admit(str(CHANNEL), Admission.BANNED, "9", places.now)
    said = await places.said(BOSS, f"{command} @spill_news nvidia, compute resale")
    assert "“News”" in said
    assert (places.is_on(CHANNEL), places.follows(CHANNEL)) == (False, [MICRON])


async def test_a_choice_for_a_chat_that_was_banned_since_changes_nothing(places):
    (question,) = await places.says(BOSS, "/bind @spill_news meta")
    Access(places.db).admit(str(CHANNEL), Admission.BANNED, "9", places.now)
    places.api.push_callback(BOSS, question.markup["inline_keyboard"][0][0]["callback_data"])
    await places.answers()
    assert not places.is_on(CHANNEL)


async def test_a_topic_of_a_banned_group_is_not_bound_from_private(places):
    Access(places.db).admit(str(FORUM), Admission.BANNED, "9", places.now)
    await places.said(BOSS, f"/bind {FORUM}/17 nvidia")
    assert not places.is_on(f"{FORUM}/17")


# What strangers learn


@pytest.mark.parametrize("command", ["/bind", "/unbind", "/here", "/watch"])
async def test_a_stranger_does_not_learn_how_a_private_group_is_called(places, command):
    places.api.rooms.make(GROUP, title="Takeover talks")
    said = await places.said(GUEST, f"{command} {GROUP}")
    assert said == f"Only admins of {GROUP} may do that, and you are none: ask one of them."
    places.api.rooms.make(CHANNEL, "channel", title="Takeover talks")
    places.api.rooms.stand(CHANNEL, "member")
    assert "Takeover" not in await places.said(GUEST, f"{command} {CHANNEL}")


# Odd addresses


async def test_a_topic_has_one_address_however_its_number_is_written(places):
    await places.said(BOSS, f"/bind {FORUM}/17 nvidia")
    await places.said(BOSS, f"/bind {FORUM}/017 nvidia")
    await places.said(BOSS, f"/bind {FORUM}/01 nvidia")
    await places.said(BOSS, f"/bind {FORUM}/0 nvidia")
    assert {s.address for s in places.bindings.places(str(FORUM))} == {str(FORUM), f"{FORUM}/17"}


@pytest.mark.parametrize(
    "place", ["@spill_news/17", f"{GROUP}/17"], ids=["a post of a channel", "a group without"]
)
async def test_where_there_are_no_topics_none_is_bound(places, place):
    said = await places.said(BOSS, f"/bind {place} nvidia")
    assert "has no topics" in said
    assert places.bindings.places(str(CHANNEL)) == places.bindings.places(str(GROUP)) == []


# Buttons


async def test_a_tap_of_somebody_else_a_moment_before_does_not_swallow_that_of_an_admin(places):
    (question,) = await places.says(GROUP, "/bind meta", user=BOSS)
    data = question.markup["inline_keyboard"][0][0]["callback_data"]
    for user in (GUEST, BOSS):
        places.api.push_callback(GROUP, data, message_id=question.message_id, user=user)
    await places.answers()
    assert places.is_on(GROUP)


async def test_a_button_of_a_message_that_can_not_be_seen_any_more_does_not_change_the_whole_group(places):
    (question,) = await places.says(FORUM, "/bind meta", user=BOSS, **TOPIC)
    places.api.push_callback(
        FORUM,
        question.markup["inline_keyboard"][0][0]["callback_data"],
        message_id=question.message_id,
        user=BOSS,
    )
    query = places.api._updates[-1]["callback_query"]
    query["message"] = {"chat": places.api.rooms.brief(FORUM), "message_id": question.message_id, "date": 0}
    await places.answers()
    assert places.subscriber(FORUM) is None


# Words of others

FORWARD = {
    "forward_origin": {
        "type": "user",
        "date": 1,
        "sender_user": {"id": GUEST, "is_bot": False, "first_name": "G"},
    }
}


async def test_a_forwarded_command_is_somebody_elses_words_in_a_group_and_in_a_channel(places):
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    assert await places.says(GROUP, "/bind micron", user=BOSS, **FORWARD) == []
    assert places.follows(GROUP) == [NVIDIA]
    assert await places.says(CHANNEL, "/bind micron", channel=True, **FORWARD) == []
    assert places.subscriber(CHANNEL) is None


async def test_a_command_in_a_channel_is_not_answered_again_in_its_discussion_group(places):
    origin = {"type": "channel", "date": 1, "chat": places.api.rooms.brief(CHANNEL), "message_id": 5}
    copy = {
        "sender_chat": places.api.rooms.brief(CHANNEL),
        "is_automatic_forward": True,
        "forward_origin": origin,
    }
    assert await places.says(GROUP, "/bind nvidia", user=777000, **copy) == []


async def test_an_edited_command_is_not_run(places):
    places.api.push_message(GROUP, "/bind nvidia", user=BOSS)
    update = places.api._updates[-1]
    update["edited_message"] = {**update.pop("message"), "edit_date": 2}
    assert await places.answers() == []
    assert places.subscriber(GROUP) is None


# A Bot API server of an older release leaves out fields that the library insists on


async def test_an_admin_is_known_as_one_to_an_older_server(places, monkeypatch):
    monkeypatch.setattr(bot_api_people, "_RIGHTS", [r for r in bot_api_people._RIGHTS if "stories" not in r])
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    assert places.follows(GROUP) == [NVIDIA]


async def test_who_bound_a_lost_group_is_told_its_title_by_an_older_server(places, monkeypatch):
    details = places.api.rooms.details
    monkeypatch.setattr(
        places.api.rooms,
        "details",
        lambda chat: {k: v for k, v in details(chat).items() if k != "max_reaction_count"},
    )
    places.desk.enroll("telegram", str(BOSS), places.now)
    places.desk.leave(f"telegram:{BOSS}", places.now)
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    places.api.rooms.make(GROUP, title="Desk", permissions={"can_send_messages": False})
    (told,) = await places.tell_all("Micron adds a line")
    assert (told.chat_id, "“Desk”" in told.text) == (BOSS, True)


# Who is told


async def test_whoever_is_banned_hears_nothing_of_what_they_bound(places):
    places.desk.enroll("telegram", str(BOSS), places.now)
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    Access(places.db).admit(str(BOSS), Admission.BANNED, "9", places.now)
    assert await places.standing(GROUP, "kicked", by=GUEST) == []


async def test_each_who_bound_a_topic_of_a_lost_group_is_told(places):
    for user in (BOSS, GUEST):
        places.desk.enroll("telegram", str(user), places.now)
        places.desk.leave(f"telegram:{user}", places.now)
    places.api.members[FORUM, GUEST] = "administrator"
    await places.says(FORUM, "/bind nvidia", user=BOSS, **TOPIC)
    await places.says(FORUM, "/bind micron", user=GUEST)
    places.api.rooms.make(FORUM, title="Forum", is_forum=True, permissions={"can_send_messages": False})
    assert sorted(a.chat_id for a in await places.tell_all("Micron adds a line")) == [BOSS, GUEST]


async def test_who_only_asks_how_to_bind_does_not_become_the_one_who_turned_alerts_on(places):
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    places.api.members[GROUP, GUEST] = places.api.members[CHANNEL, GUEST] = "administrator"
    for text in ("/bind", "/bind xyzzy", "/watch", "/watch xyzzy", "/watch micron"):
        await places.says(GROUP, text, user=GUEST)
    assert places.bindings.binder(f"telegram:{GROUP}") == str(BOSS)
    await places.says(BOSS, "/bind @spill_news nvidia")
    await places.says(GUEST, "/bind @spill_news")
    assert places.bindings.binder(f"telegram:{CHANNEL}") == str(BOSS)


async def test_a_stop_while_a_right_is_missing_ends_the_waiting(places):
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    await places.standing(GROUP, "restricted", can_send_messages=False)
    places.api.push_message(GROUP, "/stop", user=BOSS)
    await places.answers()
    await places.standing(GROUP, "member")
    assert not places.is_on(GROUP)


async def test_a_group_whose_adder_speaks_german_is_turned_away_in_german(tmp_path):
    async with places_in(tmp_path, by_invitation=True) as places:
        places.api.rooms.stand(GROUP, "left")
        places.api.push_standing(GROUP, "member", by=GUEST)
        places.api._updates[-1]["my_chat_member"]["from"]["language_code"] = "de"
        (told,) = await places.answers()
    assert told.chat_id == GROUP
    assert not told.text.startswith("This bot is by invitation.")


async def test_a_group_that_may_be_written_to_again_follows_what_it_did(places):
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    await places.standing(GROUP, "restricted", can_send_messages=False)
    await places.standing(GROUP, "member")
    await until(lambda: places.is_on(GROUP))
    assert places.follows(GROUP) == [NVIDIA]
