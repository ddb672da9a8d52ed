"""/bind, /unbind and /here, over HTTP against the stand-in for the Bot API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from desk_fakes import EVERYTHING, META, META_MATERIALS, MICRON, NVIDIA, RESALE
from places_scene import BOSS, CHANNEL, FORUM, GROUP, GUEST, TOPIC, Places, places_in

from bot.delivery.standing import read_place
from bot.store.queue import Queue

HOSTILE = "\u202e<b>x</b> @everyone /stop"


@pytest.fixture
async def places(tmp_path: Path) -> AsyncIterator[Places]:
    async with places_in(tmp_path) as running:
        yield running


# From within


async def test_bind_follows_exactly_what_is_named_and_turns_alerts_on(places):
    said = await places.said(GROUP, "/bind nvidia, compute resale", user=BOSS)
    assert said == (
        "This chat follows exactly this now: Nvidia (company), compute resale (theme).\n"
        "Alerts are on, at level medium and above."
    )
    said = await places.said(GROUP, "/bind micron, nvidia", user=BOSS)
    assert "No longer followed there: compute resale (theme)." in said
    assert set(places.follows(GROUP)) == {MICRON, NVIDIA}
    assert places.bindings.binder(f"telegram:{GROUP}") == str(BOSS)


async def test_a_topic_is_bound_by_itself_and_unbound_alone(places):
    (answer,) = await places.says(FORUM, "/bind nvidia", user=BOSS, **TOPIC)
    assert (answer.thread, answer.text.split("\n")[0]) == (
        17,
        "This topic follows exactly this now: Nvidia (company).",
    )
    await places.says(FORUM, "/bind micron", user=BOSS)
    assert (places.follows(f"{FORUM}/17"), places.follows(FORUM)) == ([NVIDIA], [MICRON])
    said = await places.said(FORUM, "/unbind", user=BOSS, **TOPIC)
    assert said == (
        "This topic: alerts are off. What it follows is kept; /start there brings it back.\n"
        "Alerts go on in 1 other place of the same chat."
    )
    assert (places.is_on(f"{FORUM}/17"), places.is_on(FORUM)) == (False, True)
    assert places.follows(f"{FORUM}/17") == [NVIDIA], "kept"
    assert await places.said(FORUM, "/unbind", user=BOSS, **TOPIC) == "This topic: alerts are off already."
    await places.says(FORUM, "/start", user=BOSS, **TOPIC)
    assert places.is_on(f"{FORUM}/17")
    assert places.follows(f"{FORUM}/17") == [NVIDIA]


@pytest.mark.parametrize("command", ["/bind nvidia", "/unbind"])
async def test_whoever_is_no_admin_changes_nothing(places, command):
    await places.says(GROUP, "/bind micron", user=BOSS)
    said = await places.said(GROUP, command, user=GUEST)
    assert said == f"Only admins of this chat may use {command.split()[0]} here."
    assert (places.follows(GROUP), places.is_on(GROUP)) == ([MICRON], True)


async def test_a_right_that_was_lost_counts_at_the_next_use(places):
    await places.says(GROUP, "/bind micron", user=BOSS)
    places.api.members[GROUP, BOSS] = "member"
    assert "Only admins" in await places.said(GROUP, "/bind nvidia", user=BOSS)
    assert places.follows(GROUP) == [MICRON]


async def test_an_anonymous_admin_and_a_channel_post_count_as_admins(places):
    await places.says(GROUP, "/bind nvidia", user=1087968824, sender_chat=places.api.rooms.brief(GROUP))
    assert places.follows(GROUP) == [NVIDIA]
    assert places.bindings.binder(f"telegram:{GROUP}") == ""
    places.api.push_post(CHANNEL, "/bind micron")
    (answer,) = await places.answers()
    assert (answer.chat_id, places.follows(CHANNEL)) == (CHANNEL, [MICRON])
    assert sum(call.method == "getChatMember" for call in places.api.calls) == 0


@pytest.mark.parametrize("sender", [777000, 136817688], ids=["a linked channel", "somebody as a channel"])
async def test_another_chat_that_writes_in_a_group_is_no_admin_whoever_stands_behind_it(places, sender):
    places.api.members[GROUP, sender] = "administrator"
    said = await places.said(GROUP, "/bind nvidia", user=sender, sender_chat=places.api.rooms.brief(CHANNEL))
    assert said == "Only admins of this chat may use /bind here."
    assert places.subscriber(GROUP) is None


async def test_an_ambiguous_name_is_asked_about_and_its_choice_joins_the_rest(places):
    answers = await places.says(GROUP, "/bind nvidia, meta", user=BOSS)
    assert len(answers) == 2
    datas = [row[0]["callback_data"] for row in answers[1].markup["inline_keyboard"]]
    assert datas == ["bind:+.:company:META", "bind:+.:company:MMAT"]
    places.api.push_callback(GROUP, datas[1], message_id=answers[1].message_id, user=GUEST)
    (refused,) = await places.answers()
    assert refused.text == "Only admins of this chat may use /bind here."
    places.now += timedelta(minutes=1)
    places.api.push_callback(GROUP, datas[1], message_id=answers[1].message_id, user=BOSS)
    places.api.push_callback(GROUP, datas[1], message_id=answers[1].message_id, user=BOSS)
    (chosen,) = await places.answers()
    assert chosen.message_id == answers[1].message_id
    assert set(places.follows(GROUP)) == {NVIDIA, META_MATERIALS}


async def test_a_choice_that_is_all_that_was_named_takes_the_place_of_the_rest(places):
    await places.says(GROUP, "/bind nvidia, micron", user=BOSS)
    (question,) = await places.says(GROUP, "/bind meta", user=BOSS)
    assert set(places.follows(GROUP)) == {NVIDIA, MICRON}, "nothing is chosen yet"
    data = question.markup["inline_keyboard"][0][0]["callback_data"]
    places.api.push_callback(GROUP, data, message_id=question.message_id, user=BOSS)
    await places.answers()
    assert places.follows(GROUP) == [META]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "This chat: what should it follow? For example: /bind nvidia, compute resale", id="empty"),
        pytest.param(HOSTILE, "I don't know", id="markup and marks"),
        pytest.param("x" * 5000, "That is too long", id="one long word"),
        pytest.param("nvidia, " * 700, "That is too long", id="many words"),
        pytest.param(",;,", "what should it follow?", id="only commas"),
        pytest.param("@spill_news nvidia", "managed from a private chat", id="another place"),
        pytest.param("-1003/5 nvidia", "managed from a private chat", id="another place by its id"),
    ],
)  # fmt: skip
async def test_whatever_else_is_written_is_answered_and_changes_nothing(places, text, expected):
    await places.says(GROUP, "/bind micron", user=BOSS)
    said = await places.said(GROUP, f"/bind {text}", user=BOSS)
    assert expected in said
    assert "\u202e" not in said
    assert "@everyone" not in said
    assert places.follows(GROUP) == [MICRON]


@pytest.mark.parametrize("data", ["bind:", "bind:=", "bind:=.:company:", "bind:?.:company:NVDA", "bind:=.:word:a",
                                  "bind:+-1003:company:NVDA", "bind:+@spill_news:company:NVDA", "bind:=.:company:NONE"])  # fmt: skip
async def test_a_forged_button_does_nothing(places, data):
    await places.says(GROUP, "/bind micron", user=BOSS)
    places.api.push_callback(GROUP, data, user=BOSS)
    (answer,) = await places.answers()
    assert answer.text.startswith("This button is of an older version.")
    assert places.follows(GROUP) == [MICRON]
    assert places.subscriber(CHANNEL) is None


# From a private chat


async def test_a_channel_is_bound_from_private_by_its_name_and_by_its_id(places):
    said = await places.said(BOSS, "/bind @spill_news nvidia, compute resale")
    assert said.startswith("“News” follows exactly this now: Nvidia (company), compute resale (theme).")
    assert set(places.follows(CHANNEL)) == {NVIDIA, RESALE}
    await places.says(BOSS, f"/bind {CHANNEL} micron")
    assert places.follows(CHANNEL) == [MICRON]
    assert places.bindings.binder(f"telegram:{CHANNEL}") == str(BOSS)
    assert places.subscriber(BOSS) is None, "the private chat itself follows nothing by that"
    said = await places.said(BOSS, "/unbind @spill_news")
    assert said.startswith("“News”: alerts are off.")
    assert not places.is_on(CHANNEL)


async def test_watch_from_private_adds_to_what_a_channel_follows(places):
    await places.says(BOSS, "/bind @spill_news nvidia")
    said = await places.said(BOSS, "/watch @spill_news micron")
    assert said == "“News”:\nFollowing Micron (company).\nAlerts are on, at level medium and above."
    assert set(places.follows(CHANNEL)) == {NVIDIA, MICRON}


async def test_a_topic_is_bound_from_private_and_the_general_one_is_the_group(places):
    assert (await places.said(BOSS, f"/bind {FORUM}/17 nvidia")).startswith(
        "“Forum”, topic 17 follows exactly"
    )
    await places.says(BOSS, f"/bind {FORUM}/1 micron")
    assert (places.follows(f"{FORUM}/17"), places.follows(FORUM)) == ([NVIDIA], [MICRON])


@pytest.mark.parametrize("command", ["/bind @spill_news nvidia", "/unbind @spill_news", "/here @spill_news", "/watch @spill_news micron"])  # fmt: skip
async def test_only_admins_of_a_place_may_see_or_change_it_from_private(places, command):
    await places.says(BOSS, "/bind @spill_news micron")
    said = await places.said(GUEST, command)
    assert said == "Only admins of “News” may do that, and you are none: ask one of them."
    assert (places.follows(CHANNEL), places.is_on(CHANNEL)) == ([MICRON], True)


async def test_a_choice_for_a_channel_asks_again_who_taps(places):
    (question,) = await places.says(BOSS, "/bind @spill_news meta")
    data = question.markup["inline_keyboard"][1][0]["callback_data"]
    assert data == f"bind:={CHANNEL}:company:MMAT"
    places.api.push_callback(GUEST, data)
    (refused,) = await places.answers()
    assert refused.text == "Only admins of “News” may do that, and you are none: ask one of them."
    places.api.push_callback(BOSS, data, message_id=question.message_id)
    await places.answers()
    assert places.follows(CHANNEL) == [META_MATERIALS]
    assert places.subscriber(BOSS) is None


async def test_a_place_that_can_not_be_bound_says_why(places):
    api = places.api
    api.missing("@nowhere_at_all")
    assert (await places.said(BOSS, "/bind @nowhere_at_all nvidia")).startswith(
        "I can't find the chat @\u2060nowhere_at_all. Add me to it first"
    )
    api.missing(-1009)
    assert (await places.said(BOSS, "/bind -1009 nvidia")).startswith("I can't find the chat -1009.")
    api.rooms.stand(CHANNEL, "left")
    assert (await places.said(BOSS, "/bind @spill_news nvidia")).startswith(
        "I am not in the chat @\u2060spill_news."
    )
    api.rooms.stand(CHANNEL, "kicked")
    assert (await places.said(BOSS, "/bind @spill_news nvidia")).startswith(
        "I am not in the chat @\u2060spill_news."
    )
    api.rooms.stand(CHANNEL, "member")
    assert (await places.said(BOSS, "/bind @spill_news nvidia")).startswith("I can't see who manages “News”")
    api.rooms.stand(CHANNEL, "administrator", can_post_messages=False)
    assert await places.said(BOSS, "/bind @spill_news nvidia") == (
        "I may not write in “News”, so nothing was changed.\n"
        "I lack the right to post messages: an owner grants it under Administrators of the channel."
    )
    api.fault("status", method="getChat", status=502)
    assert (await places.said(BOSS, "/bind @spill_news nvidia")).startswith(
        "Telegram does not answer me about"
    )
    assert places.subscriber(CHANNEL) is None


async def test_a_group_that_denies_writing_to_all_can_not_be_bound_from_private(places):
    places.api.rooms.make(GROUP, title="Desk", permissions={"can_send_messages": False})
    said = await places.said(BOSS, f"/bind {GROUP} nvidia")
    assert "I lack the right to send messages" in said
    assert places.subscriber(GROUP) is None
    places.api.rooms.stand(GROUP, "administrator")
    await places.says(BOSS, f"/bind {GROUP} nvidia")
    assert places.follows(GROUP) == [NVIDIA]


async def test_a_title_can_not_forge_anything(places):
    places.api.rooms.make(CHANNEL, "channel", title=HOSTILE, username="spill_news")
    said = await places.said(BOSS, "/bind @spill_news nvidia")
    assert said.startswith("“<b>x</\u2060b> @\u2060everyone /\u2060stop” follows exactly")


async def test_a_group_that_became_a_supergroup_is_found_by_its_old_id_and_keeps_what_it_followed(places):
    await places.says(
        -10, "/bind micron, nvidia", user=BOSS, sender_chat={"id": -10, "type": "group", "title": "Old"}
    )
    places.api.migrate(-10, GROUP)
    await places.says(BOSS, "/watch -10 compute resale")
    assert places.subscriber(-10) is None
    assert set(places.follows(GROUP)) == {MICRON, NVIDIA, RESALE}


# /here


async def test_here_says_what_a_group_is_what_it_gets_and_what_comes_next(places):
    assert await places.said(GROUP, "/here", user=GUEST) == (
        f"Group “Desk”, address {GROUP}\nIt follows nothing yet.\nAlerts are off.\nI have every right that I need here.\n"
        "Next, for admins: /bind nvidia, compute resale turns alerts on for these."
    )
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    await places.says(GROUP, "/level high", user=BOSS)
    assert await places.said(GROUP, "/here", user=GUEST) == (
        f"Group “Desk”, address {GROUP}\nIt follows: Nvidia (company).\nAlerts are on, at level high and above.\n"
        "I have every right that I need here.\n"
        "Next, for admins: /bind and names change what it follows, /unbind ends its alerts."
    )
    await places.says(GROUP, "/mute 2h", user=BOSS)
    assert "Alerts are held back until" in await places.said(GROUP, "/here", user=GUEST)


async def test_here_tells_a_topic_from_the_general_one(places):
    await places.says(FORUM, "/bind nvidia", user=BOSS, **TOPIC)
    in_topic = await places.said(FORUM, "/here", user=GUEST, **TOPIC)
    assert in_topic.startswith(
        f"Topic 17 of the group “Forum”, address {FORUM}/17\nIt follows: Nvidia (company)."
    )
    general = await places.said(FORUM, "/here", user=GUEST)
    assert general.startswith(f"General topic of the group “Forum”, address {FORUM}\nIt follows nothing yet.")
    assert "Alerts are on in 1 other place of this chat." in general


async def test_here_names_the_rights_that_are_missing(places):
    places.api.rooms.stand(GROUP, "restricted", can_send_photos=False)
    said = await places.said(GROUP, "/here", user=GUEST)
    assert "I lack the right to send pictures (charts come as text): an admin grants it" in said
    places.api.fault("status", method="getChat", status=502)
    said = await places.said(GROUP, "/here", user=GUEST)
    assert said.startswith(f"Chat {GROUP}\n")
    assert "Telegram does not tell me just now what I may do here." in said


async def test_here_from_private_shows_a_channel_also_where_the_right_to_post_is_missing(places):
    await places.says(BOSS, "/bind @spill_news nvidia")
    places.api.rooms.stand(CHANNEL, "administrator", can_post_messages=False)
    said = await places.said(BOSS, "/here @spill_news")
    assert said.startswith(f"Channel “News”, address {CHANNEL}\nIt follows: Nvidia (company).")
    assert "I lack the right to post messages" in said
    assert "/bind @spill_news and names change what it follows, /unbind @spill_news ends its alerts." in said


async def test_here_in_private_recommends_a_channel_to_tell_many(places):
    said = await places.said(BOSS, "/here")
    assert "use a channel, which is the way that I recommend: one post reaches all its readers" in said
    assert (await places.said(BOSS, "/here nvidia")).startswith("/here stands alone")
    assert (await places.said(BOSS, "/unbind")).startswith("/unbind @channel ends the alerts")
    assert (await places.said(BOSS, "/unbind nvidia")).startswith("/unbind stands alone")


async def test_in_private_bind_without_a_place_is_about_the_chat_itself(places):
    await places.says(BOSS, "/watch all")
    said = await places.said(BOSS, "/bind nvidia")
    assert said.startswith("This chat follows exactly this now: Nvidia (company).")
    assert places.follows(BOSS) == [NVIDIA] != [EVERYTHING]
    assert places.bindings.binder(f"telegram:{BOSS}") == ""


@pytest.mark.parametrize(
    ("text", "place", "rest"),
    [
        ("@desk_one nvidia, micron", "@desk_one", "nvidia, micron"),
        ("@desk_one, nvidia", "@desk_one", "nvidia"),
        ("-1001/17 nvidia", "-1001/17", "nvidia"),
        ("-1001/1", "-1001", ""),
        ("@x nvidia", "", "@x nvidia"),
        ("@desk-one", "", "@desk-one"),
        ("-0", "", "-0"),
        ("12345 nvidia", "", "12345 nvidia"),
        ("-٣ nvidia", "", "-٣ nvidia"),
        ("@дескдеск x", "", "@дескдеск x"),
    ],
)
def test_only_what_telegram_takes_as_a_chat_is_read_as_one(text, place, rest):
    assert read_place(text) == (place, rest)


async def test_what_falls_back_and_is_bound_again_is_two_places(places):
    """A topic whose alerts went to the general one can be bound again, and routes lead to it again."""
    await places.says(FORUM, "/bind nvidia", user=BOSS, **TOPIC)
    Queue(places.db).moved(f"telegram:{FORUM}/17", str(FORUM), places.now)
    assert places.desk.moved() == {f"telegram:{FORUM}/17": f"telegram:{FORUM}"}
    await places.says(FORUM, "/bind micron", user=BOSS, **TOPIC)
    assert places.desk.moved() == {}
    assert (places.follows(f"{FORUM}/17"), places.follows(FORUM)) == ([MICRON], [NVIDIA])


async def test_a_german_chat_is_spoken_to_in_german(places):
    for chat in (GROUP, BOSS):
        places.desk.enroll("telegram", str(chat), places.now)
        places.desk.set_language(f"telegram:{chat}", "de")
    assert await places.said(GROUP, "/unbind", user=BOSS) == (
        "Dieser Chat: Die Meldungen sind aus. Wem gefolgt wird, bleibt gespeichert; /start bringt dort alles zurück."
    )
    assert await places.said(BOSS, "/bind @spill_news") == (
        f"„News“: Wem soll hier gefolgt werden? Zum Beispiel: /bind {CHANNEL} nvidia, compute resale\n"
        "Hier ist noch nichts ausgewählt."
    )
    places.api.rooms.stand(CHANNEL, "administrator", can_post_messages=False)
    assert await places.said(BOSS, "/bind @spill_news nvidia") == (
        "In „News“ darf ich nicht schreiben, deshalb wurde nichts geändert.\n"
        "Mir fehlt das Recht: Nachrichten veröffentlichen. Der Eigentümer gibt es mir unter „Administratoren“ des Kanals."
    )
    assert (await places.said(BOSS, "/here")).startswith(
        "Das ist unser privater Chat: Was ich hier schreibe, liest nur du. Deine ID bei Telegram ist 11."
    )


async def test_a_choice_for_a_channel_that_lost_the_right_to_post_since_changes_nothing(places):
    (question,) = await places.says(BOSS, "/bind @spill_news meta")
    places.api.rooms.stand(CHANNEL, "administrator", can_post_messages=False)
    places.api.push_callback(BOSS, question.markup["inline_keyboard"][0][0]["callback_data"])
    (refused,) = await places.answers()
    assert refused.text.startswith("I may not write in “News”, so nothing was changed.")
    assert places.subscriber(CHANNEL) is None


async def test_who_only_looks_does_not_become_the_one_who_turned_alerts_on(places):
    await places.says(GROUP, "/bind nvidia", user=BOSS)
    await places.says(GROUP, "/list", user=GUEST)
    await places.said(GROUP, "/here", user=GUEST)
    assert places.bindings.binder(f"telegram:{GROUP}") == str(BOSS)
    places.api.members[GROUP, GUEST] = "administrator"
    await places.says(GROUP, "/watch micron, compute resale", user=GUEST)
    assert places.bindings.binder(f"telegram:{GROUP}") == str(GUEST), "whoever did so last"
