"""The bot is added, removed, given and denied rights; groups get other ids; topics close. Over HTTP, with the real outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from desk_fakes import MICRON, NVIDIA
from places_scene import BOSS, CHANNEL, FORUM, GROUP, GUEST, POSTS, TOPIC, Places, places_in

from bot.delivery.membership import TOLD_AGAIN
from bot.shelves import MAY_NOT_WRITE
from bot.store.access import LIMIT
from bot.store.privacy import Privacy

NEW = -1009


@pytest.fixture
async def places(tmp_path: Path) -> AsyncIterator[Places]:
    async with places_in(tmp_path) as running:
        yield running


async def known(places: Places, *users: int) -> None:
    """They have started the bot, and want nothing in their private chats."""
    for user in users:
        places.desk.enroll("telegram", str(user), places.now)
        places.desk.leave(f"telegram:{user}", places.now)


# Added


async def test_whoever_adds_the_bot_and_has_started_it_is_told_in_private_and_the_group_is_left_alone(places):
    await known(places, BOSS)
    places.api.rooms.make(NEW, title="Desk")
    places.api.rooms.stand(NEW, "left")
    (told,) = await places.standing(NEW, "member")
    assert (told.chat_id, told.text) == (
        BOSS,
        "I am in the group “Desk” now.\n"
        "An admin writes there /bind nvidia, compute resale; in a topic of a forum that binds the topic alone.\n"
        f"/here there shows how it stands. From here it is /bind {NEW} nvidia.",
    )


async def test_where_nobody_is_known_the_group_gets_one_message_and_no_second_when_rights_change(places):
    places.api.rooms.stand(GROUP, "left")
    (told,) = await places.standing(GROUP, "member")
    assert told.chat_id == GROUP
    assert told.text.startswith("Here I can tell news about AI compute and chips. An admin says what: /bind")
    assert await places.standing(GROUP, "administrator") == []
    assert await places.standing(GROUP, "administrator", can_delete_messages=True) == []


async def test_who_has_blocked_the_bot_since_is_no_reason_to_say_nothing(places):
    await known(places, BOSS)
    places.api.block(BOSS)
    places.api.rooms.stand(GROUP, "left")
    (told,) = await places.standing(GROUP, "member")
    assert told.chat_id == GROUP


async def test_a_group_in_which_the_bot_may_not_write_gets_nothing(places):
    places.api.rooms.stand(GROUP, "left")
    assert await places.standing(GROUP, "restricted", can_send_messages=False) == []
    assert [c.method for c in places.api.calls if c.method == "sendMessage"] == []


async def test_a_channel_is_never_posted_to_and_its_admin_is_told_in_private(places):
    places.api.rooms.stand(CHANNEL, "left")
    assert await places.standing(CHANNEL, "administrator", **POSTS) == []
    await known(places, BOSS)
    places.api.rooms.stand(CHANNEL, "left")
    (told,) = await places.standing(CHANNEL, "administrator", can_post_messages=False)
    assert (told.chat_id, told.text) == (
        BOSS,
        "I am in the channel “News” now.\nStill missing is the right to post messages.\n"
        "Write here what it shall post: /bind @spill_news nvidia, compute resale\n"
        "One post reaches all readers of a channel. /here @spill_news shows how it stands.",
    )


async def test_where_the_bot_is_by_invitation_strangers_are_told_so_instead(tmp_path):
    async with places_in(tmp_path, by_invitation=True) as places:
        places.api.rooms.stand(GROUP, "left")
        (told,) = await places.standing(GROUP, "member", by=GUEST)
        assert told.text.startswith("This bot is by invitation.")
        places.api.rooms.stand(CHANNEL, "left")
        assert await places.standing(CHANNEL, "administrator", by=GUEST, **POSTS) == []


async def test_where_the_bot_is_by_invitation_a_stranger_is_told_so_in_the_language_of_who_adds_it(tmp_path):
    async with places_in(tmp_path, by_invitation=True) as places:
        places.api.rooms.stand(GROUP, "left")
        places.api.push_standing(GROUP, "member", by=GUEST, language="de")
        (told,) = await places.answers()
        assert told.text.startswith("Diesen Bot kann nur nutzen, wer eingeladen ist.")


async def test_whoever_speaks_german_and_adds_the_bot_too_often_is_told_so_in_german(places):
    await known(places, BOSS)
    places.desk.set_language(f"telegram:{BOSS}", "de")
    for _ in range(2 * LIMIT):
        places.api.rooms.stand(GROUP, "left")
        (told, *_) = await places.standing(GROUP, "member")
        if "Gruppe" not in told.text:
            break
    assert told.chat_id == BOSS
    assert told.text.startswith("Das war mir zu viel auf einmal.")


# Removed


async def test_a_chat_that_throws_the_bot_out_gets_nothing_more_in_any_topic(places):
    await places.says(FORUM, "/bind nvidia", user=BOSS, **TOPIC)
    await places.says(FORUM, "/bind micron", user=BOSS)
    assert await places.standing(FORUM, "kicked") == []
    assert (places.is_on(FORUM), places.is_on(f"{FORUM}/17")) == (False, False)
    assert places.follows(f"{FORUM}/17") == [NVIDIA], "kept for the day it comes back"
    await places.standing(FORUM, "member")
    assert not places.is_on(FORUM), "whoever adds it again says so"


async def test_who_bound_a_chat_hears_that_it_is_gone_unless_they_removed_the_bot_themselves(places):
    await known(places, BOSS)
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    (told,) = await places.standing(GROUP, "kicked", by=GUEST)
    assert (told.chat_id, told.text) == (
        BOSS,
        "I can't reach “Desk” any more: I was removed, or it is gone. What it follows is kept; add me again and write "
        "/start there.",
    )
    await places.says(FORUM, "/bind nvidia", user=BOSS)
    assert await places.standing(FORUM, "left", by=BOSS) == []
    await places.says(BOSS, "/bind @spill_news nvidia")
    places.api.missing(CHANNEL)
    (told,) = await places.tell_all("Nvidia rents out idle GPUs")
    assert told.text.startswith(f"I can't reach “{CHANNEL}” any more")


async def test_a_private_chat_that_blocks_the_bot_gets_nothing_more(places):
    await places.says(5, "/watch nvidia, micron")
    assert await places.standing(5, "kicked", by=5) == []
    assert not places.is_on(5)
    assert await places.standing(5, "member", by=5) == [], "nobody is greeted in private"


# Rights


async def test_a_channel_that_takes_the_right_away_is_paused_and_who_bound_it_is_told_once(places):
    await known(places, BOSS)
    await places.says(BOSS, "/bind @spill_news nvidia")
    (told,) = await places.standing(CHANNEL, "administrator", by=GUEST, can_post_messages=False)
    assert told.chat_id == BOSS
    assert told.text.startswith("I may not write in “News” any more, so its alerts are paused.")
    assert (places.is_on(CHANNEL), places.follows(CHANNEL)) == (False, [NVIDIA])
    assert await places.standing(CHANNEL, "administrator", by=GUEST, can_post_messages=False) == []
    (told,) = await places.standing(CHANNEL, "administrator", by=GUEST, **POSTS)
    assert (told.chat_id, told.text) == (BOSS, "I may write in “News” again: its alerts go on.")
    assert places.is_on(CHANNEL)
    (told,) = await places.standing(CHANNEL, "administrator", by=GUEST, can_post_messages=False)
    assert told.text.startswith("I may not write in “News” any more"), "it was lost once more"


async def test_a_group_that_restricts_the_bot_is_paused_with_its_topics_and_resumed(places):
    await known(places, BOSS, GUEST)
    places.api.members[FORUM, GUEST] = "administrator"
    await places.says(FORUM, "/bind nvidia", user=BOSS, **TOPIC)
    await places.says(FORUM, "/start", user=GUEST)
    told = await places.standing(FORUM, "restricted", can_send_messages=False)
    assert sorted(a.chat_id for a in told) == [BOSS, GUEST], "whoever turned alerts on, by whichever command"
    assert (places.is_on(FORUM), places.is_on(f"{FORUM}/17")) == (False, False)
    await places.standing(FORUM, "member")
    assert (places.is_on(FORUM), places.is_on(f"{FORUM}/17")) == (True, True)


async def test_what_was_turned_off_by_its_admins_is_not_turned_on_by_a_right(places):
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    await places.says(GROUP, "/stop", user=BOSS)
    await places.standing(GROUP, "restricted", can_send_messages=False)
    await places.standing(GROUP, "member")
    assert not places.is_on(GROUP)
    await places.says(GROUP, "/start", user=BOSS)
    await places.standing(GROUP, "restricted", can_send_messages=False)
    places.api.rooms.stand(GROUP, "restricted", can_send_messages=False)
    assert (await places.said(BOSS, f"/unbind {GROUP}")) == "“Desk”: alerts are off already."
    await places.standing(GROUP, "member")
    assert not places.is_on(GROUP), "/unbind ends the waiting as well"


async def test_an_alert_that_is_refused_for_want_of_a_right_pauses_and_tells_who_bound_it(places):
    await known(places, BOSS)
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    places.api.rooms.make(GROUP, title="Desk", permissions={"can_send_messages": False})
    (told,) = await places.tell_all("Nvidia rents out idle GPUs")
    assert told.chat_id == BOSS
    assert told.text.startswith("I may not write in “Desk” any more")
    assert not places.is_on(GROUP)
    error = places.db.value("SELECT error FROM subscribers WHERE id = ?", (f"telegram:{GROUP}",))
    assert error.startswith(MAY_NOT_WRITE)
    await places.standing(GROUP, "administrator")
    assert places.is_on(GROUP), "an admin may write where members may not"


async def test_who_bound_several_topics_is_told_once_for_all_of_them(places):
    await known(places, BOSS)
    await places.says(FORUM, "/bind nvidia", user=BOSS, **TOPIC)
    await places.says(FORUM, "/bind micron", user=BOSS)
    places.api.rooms.make(FORUM, title="Forum", is_forum=True, permissions={"can_send_messages": False})
    assert [a.chat_id for a in await places.tell_all("Micron adds a line")] == [BOSS]
    assert (places.is_on(FORUM), places.is_on(f"{FORUM}/17")) == (False, False)
    await places.says(FORUM, "/start", user=BOSS)
    assert await places.tell_all("Micron adds another line") == [], "told a moment ago"
    places.now += TOLD_AGAIN
    await places.says(FORUM, "/start", user=BOSS)
    assert [a.chat_id for a in await places.tell_all("Micron adds a third line")] == [BOSS]


async def test_who_never_started_the_bot_is_not_written_to(places):
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    assert await places.standing(GROUP, "restricted", can_send_messages=False) == []
    assert [c for c in places.api.calls if str(c.params.get("chat_id")) == str(BOSS)] == []


# Another id


async def test_a_group_that_becomes_a_supergroup_keeps_everything_and_is_not_greeted(places):
    await places.says(
        -10, "/bind nvidia", user=1087968824, sender_chat={"id": -10, "type": "group", "title": "Old"}
    )
    places.api.rooms.make(NEW, title="Old")
    places.api.push_migration(-10, NEW)
    assert await places.answers() == []
    assert places.subscriber(-10) is None
    assert (places.is_on(NEW), places.follows(NEW)) == (True, [NVIDIA])
    places.api.rooms.stand(NEW, "left")
    assert await places.standing(NEW, "member") == []
    (arrived,) = await places.tell_all("Nvidia rents out idle GPUs")
    assert arrived.chat_id == NEW


async def test_a_move_that_nobody_heard_of_is_found_out_by_the_first_alert(places):
    await known(places, BOSS)
    places.api.members[-10, BOSS] = "administrator"
    await places.says(-10, "/bind nvidia", user=BOSS)
    places.api.migrate(-10, NEW)
    (arrived,) = await places.tell_all("Nvidia rents out idle GPUs")
    assert (arrived.chat_id, places.follows(NEW)) == (NEW, [NVIDIA])
    assert places.bindings.binder(f"telegram:{NEW}") == str(BOSS), "it moved along"


# Topics


@pytest.mark.parametrize("end", ["closed", "deleted"])
async def test_a_topic_that_ends_falls_back_once_into_the_general_one_and_stays_there(places, end):
    await places.says(FORUM, "/bind nvidia", user=BOSS, **TOPIC)
    (first,) = await places.tell_all("First")
    assert (first.chat_id, first.thread, first.text) == (FORUM, 17, "First")
    if end == "closed":
        places.api.rooms.close(FORUM, 17)
    else:
        places.api.delete_topic(FORUM, 17)
    (second,) = await places.tell_all("Second")
    assert (second.chat_id, second.thread) == (FORUM, None)
    assert second.text == (
        "Topic 17 was closed or deleted, so its alerts come here from now on. /bind in another topic has them there.\n\n"
        "Second"
    )
    places.api.rooms.reopen(FORUM, 17)
    (third,) = await places.tell_all("Third")
    assert (third.thread, third.text) == (None, "Third")
    assert (places.subscriber(f"{FORUM}/17"), places.follows(FORUM)) == (None, [NVIDIA])
    assert "leaveChat" not in {call.method for call in places.api.calls}


async def test_the_fallback_joins_a_general_topic_that_is_on_and_takes_the_place_of_one_that_is_off(places):
    await places.says(FORUM, "/bind nvidia", user=BOSS, **TOPIC)
    await places.says(FORUM, "/bind micron", user=BOSS)
    await places.says(FORUM, "/unbind", user=BOSS)
    places.api.rooms.close(FORUM, 17)
    (arrived,) = await places.tell_all("Nvidia rents out idle GPUs")
    assert arrived.thread is None
    assert (places.is_on(FORUM), places.follows(FORUM)) == (True, [NVIDIA])
    await places.says(FORUM, "/bind micron", user=BOSS, is_topic_message=True, message_thread_id=18)
    places.api.rooms.close(FORUM, 18)
    texts = sorted(a.text.rpartition("\n")[2] for a in await places.tell_all("News"))
    assert texts == ["News", "News"], "one of each place, and one place from then on"
    assert set(places.follows(FORUM)) == {NVIDIA, MICRON}


async def test_a_general_topic_that_is_closed_pauses_the_group_and_tells_who_bound_it(places):
    await known(places, BOSS)
    await places.says(FORUM, "/bind nvidia", user=BOSS)
    places.api.rooms.close(FORUM, None)
    (told,) = await places.tell_all("Nvidia rents out idle GPUs")
    assert (told.chat_id, places.is_on(FORUM)) == (BOSS, False)
    assert told.text.startswith("I may not write in “Forum” any more")


async def test_a_closed_topic_in_a_group_without_an_open_general_one_is_paused(places):
    await known(places, BOSS)
    await places.says(FORUM, "/bind nvidia", user=BOSS, **TOPIC)
    places.api.rooms.close(FORUM, 17)
    places.api.rooms.close(FORUM, None)
    assert [a.chat_id for a in await places.tell_all("Nvidia rents out idle GPUs")] == [BOSS]
    assert (places.is_on(f"{FORUM}/17"), places.follows(f"{FORUM}/17")) == (False, [NVIDIA])


# Privacy


async def test_who_bound_what_is_handed_over_and_deleted_with_the_person_and_with_the_group(places):
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    await places.says(BOSS, "/bind @spill_news micron")
    privacy = Privacy(places.db)
    (in_group, in_channel) = privacy.everything(f"telegram:{BOSS}", places.now)["done_in_groups"]
    assert in_group == {
        "kind": "bindings",
        "subscriber_id": f"telegram:{GROUP}",
        "user": str(BOSS),
        "at": places.now.isoformat(timespec="microseconds"),
    }
    assert in_channel["subscriber_id"] == f"telegram:{CHANNEL}"
    (of_group,) = privacy.everything(f"telegram:{GROUP}", places.now)["bindings"]
    assert "user" not in of_group, "all its members see the file"
    assert privacy.erase(f"telegram:{CHANNEL}", places.now)
    assert places.bindings.binder(f"telegram:{CHANNEL}") == ""
    assert privacy.erase(f"telegram:{BOSS}", places.now)
    assert places.bindings.binder(f"telegram:{GROUP}") == ""
    assert places.is_on(GROUP), "the group's own alerts go on"
    assert places.db.value("SELECT count(*) FROM bindings") == 0


async def test_a_migration_is_no_news_to_a_chat_that_was_deleted(places):
    places.api.push_migration(-10, NEW)
    await places.answers()
    assert places.subscriber(NEW) is None


async def test_a_chat_that_is_lost_again_after_the_bot_came_back_is_told_again(places):
    await known(places, BOSS)
    for _ in range(2):
        await places.says(GROUP, "/bind nvidia", user=BOSS)
        (told,) = await places.standing(GROUP, "kicked", by=GUEST)
        assert told.text.startswith("I can't reach “Desk” any more")
        await places.standing(GROUP, "member", by=GUEST)


async def test_an_update_that_the_library_can_not_read_is_passed_over_and_the_next_one_is_heard(
    places, caplog
):
    places.api.push_standing(GROUP, "restricted", by=BOSS)
    half = places.api._updates[-1]["my_chat_member"]["new_chat_member"]
    del half["can_react_to_messages"]  # a server of an older release
    places.api.push_message(GROUP, "/bind nvidia", user=BOSS)
    (answer,) = await places.answers()
    assert answer.text.startswith("This chat follows exactly this now")
    assert "update_unreadable id=1 error=TypeError" in caplog.text
    assert "my_chat_member" not in caplog.text, "nothing of what it says is logged"


# Names


@pytest.mark.parametrize("first", ["a send", "a bind"])
async def test_a_route_to_a_name_and_a_bound_channel_are_one(places, first):
    places.desk.enroll("telegram", "@Spill_News", places.now)
    bound = await places.says(BOSS, "/bind @spill_news nvidia")
    if first == "a send":  # the route is written after the channel was bound
        places.desk.enroll("telegram", "@Spill_News", places.now)
    else:
        assert places.desk.moved() == {"telegram:@Spill_News": f"telegram:{CHANNEL}"}
    assert len(bound) == 1
    assert [m.chat_id for m in await places.tell_all("Hello") if m.chat_id == CHANNEL] == [CHANNEL]
    assert [s.id for s in places.bindings.places(str(CHANNEL))] == [f"telegram:{CHANNEL}"]
    assert places.desk.moved() == {"telegram:@Spill_News": f"telegram:{CHANNEL}"}
    assert places.follows(CHANNEL) == [NVIDIA]
    assert [m.chat_id for m in await places.tell_all("Again") if m.chat_id == CHANNEL] == [CHANNEL]
