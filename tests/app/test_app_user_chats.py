"""Groups, channels and topics, trouble in between, time in which nobody watched, and leaving for good."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_api import Accepted
from user_scene import BOSS, DAY, FRIEND, HOUR, MINUTE, USER, World, styled, until, world

GROUP, NEW_GROUP, CHANNEL, TOPIC = -1001500, -1002600, -1007700, 17
ADMIN, GUEST = 70015011, 70015012
NAMES = {"MSFT": "Microsoft", "CRWV": "CoreWeave", "MU": "Micron", "NVDA": "Nvidia", "META": "Meta"}
TITLES = {company: f"{name} sells idle servers to outsiders" for company, name in NAMES.items()}


def learn(w: World) -> None:
    for company, title in TITLES.items():
        w.learn(title, company)


def headlines(messages: list[Accepted]) -> list[str]:
    """Of those that are cards, in order."""
    return [m.text.split("\n")[1] for m in messages if "\nRule: " in m.text]


def post(w: World, text: str) -> None:
    """Write in the channel, in whose name every admin speaks."""
    channel = {"id": CHANNEL, "type": "channel", "title": "News"}
    command = {"type": "bot_command", "offset": 0, "length": len(text.split()[0])}
    message = {"message_id": 3, "date": 0, "chat": channel, "sender_chat": channel, "text": text}
    w.api.push_update(channel_post={**message, "entities": [command]})


async def test_groups_topics_and_channels_are_places_of_their_own_and_a_group_may_move(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        learn(w)
        w.api.members[GROUP, ADMIN] = w.api.members[NEW_GROUP, ADMIN] = "administrator"
        admin, guest, channel = w.person(GROUP, ADMIN), w.person(GROUP, GUEST), w.person(CHANNEL)
        topic = w.person(GROUP, ADMIN, is_topic_message=True, message_thread_id=TOPIC)
        moved = w.person(NEW_GROUP, ADMIN)
        async with w.running():
            await guest.says("/start", "Only admins of this chat may use /start here.")
            await admin.says("/start", "Alerts are on: this chat follows everything, at level medium")
            await topic.says("/watch micron, nvidia", "Following Micron (company), Nvidia (company).")
            post(w, "/watch coreweave, nvidia")
            await channel.hears("Following CoreWeave (company), Nvidia (company).", channel.mark())
            everywhere = [p.mark() for p in (admin, topic, channel)]
            await w.news(TITLES["CRWV"])
            await w.news(TITLES["MU"])
            assert [headlines(new()) for new in everywhere] == [
                [TITLES["CRWV"], TITLES["MU"]],
                [TITLES["MU"]],
                [TITLES["CRWV"]],
            ]
            card = admin.seen[-1]
            refused = await guest.taps("Mute ▾", "Mute what?", on=card)
            await guest.taps("1 h", "Only admins of this chat may use /mute here.", on=refused)
        async with w.running():
            w.api.migrate(GROUP, NEW_GROUP)
            await w.news(TITLES["MSFT"])
            assert headlines(moved.seen) == [TITLES["MSFT"]], "with everything that the group followed"
            listed = await moved.says("/list")
            assert listed.text.startswith("This chat follows, at level medium and above:\n• everything")
            before = moved.mark()
            w.api.push_message(NEW_GROUP, "/list", user=ADMIN, is_topic_message=True, message_thread_id=TOPIC)
            there = w.person(NEW_GROUP, ADMIN, is_topic_message=True, message_thread_id=TOPIC)
            await there.hears("Alerts are off", there.mark())
            assert before() == []
        async with w.running():
            await w.news(TITLES["NVDA"])
            assert headlines(moved.seen)[-1] == TITLES["NVDA"]
            assert TITLES["NVDA"] in headlines(there.seen), "its topic has moved with it"


@pytest.mark.parametrize(
    ("trouble", "cure"),
    [
        pytest.param(
            {"code": 400, "description": "Bad Request: not enough rights to send text messages to the chat"},
            None,
            id="a right that was lost",
        ),
        pytest.param(None, "unblock", id="blocked"),
    ],
)
async def test_a_chat_that_can_not_be_reached_waits_for_start_and_finds_everything_kept(
    tmp_path: Path, trouble: dict[str, Any] | None, cure: str | None
) -> None:
    chat = GROUP if trouble else USER
    async with world(tmp_path) as w:
        learn(w)
        w.api.members[GROUP, ADMIN] = "administrator"
        user, other = w.person(chat, ADMIN if trouble else None), w.person(FRIEND)
        async with w.running():
            await user.says("/watch all, nvidia")
            await user.says("/level low", "low and above")
            await other.says("/watch all, nvidia")
            if trouble:
                w.api.fault("error", chat=chat, **trouble)
            else:
                w.api.block(chat)
            new = user.mark()
            await w.news(TITLES["MSFT"])
            w.api.heal()
            await w.news(TITLES["MU"])
            assert new() == []
            assert headlines(other.seen) == [TITLES["MSFT"], TITLES["MU"]], "nobody else is held up"
        if cure:
            w.api.unblock(chat)
        async with w.running():
            back = await user.says("/start")
            followed = "follows everything, Nvidia (company)"
            if trouble:
                assert back.text.startswith(f"Alerts are on: this chat {followed}, at level low and above.")
            else:
                assert back.text.startswith(f"Alerts are on again. This chat {followed}.\nLevel: low")
            new = user.mark()
            await w.news(TITLES["CRWV"])
            assert headlines(new()) == [TITLES["CRWV"]]


async def test_whatever_telegram_refuses_the_news_arrives_once_and_in_order(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        learn(w)
        user = w.person()
        async with w.running():
            await user.says("/watch all, nvidia")
            new = user.mark()
            w.api.fault(
                "error",
                code=429,
                description="Too Many Requests: retry after 2",
                parameters={"retry_after": 2},
                chat=USER,
            )
            w.clock.jump(MINUTE)
            for company in ("MSFT", "MU", "CRWV"):
                w.press.publish("wire", TITLES[company])
                await until(lambda company=company: w.stored(TITLES[company], "wire"))
        assert new() == []
        async with w.running():
            await until(lambda: len(new()) == 3)
            assert headlines(new()) == [TITLES["MSFT"], TITLES["MU"], TITLES["CRWV"]]
            card = new()[0]
            new = user.mark()
            w.api.fault(
                "error",
                method="editMessageText",
                code=400,
                description="Bad Request: message is not modified: specified new message content and reply markup are exactly the same",
            )
            await w.news(TITLES["MSFT"], "copier")
            assert new() == [], "it is what is shown already"
            w.api.fault("error", code=400, description="Bad Request: can't parse entities: whatever")
            await w.news(TITLES["NVDA"])
            (plain,) = new()
            assert headlines([plain]) == [TITLES["NVDA"]]
            assert (plain.entities, plain.markup) == ([], None)
        w.api.delete(USER, card.message_id)
        async with w.running():
            new = user.mark()
            await w.news(TITLES["MSFT"], "paper")
            (anew,) = new()
            assert (anew.method, anew.silent) == ("sendMessage", True)
            assert "1 independent origin, 2 copies" in anew.text
            await w.news(TITLES["MSFT"], "newsroom")
            assert [m.message_id for m in new()] == [anew.message_id] * 2, "and that one grows from now on"


async def test_what_was_missed_comes_in_one_message_and_a_new_feed_begins_silently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.DIGEST_EVERY", timedelta(milliseconds=50))
    monkeypatch.setattr("bot.app.MORNING_EVERY", timedelta(milliseconds=50))
    async with world(tmp_path, BOT_MORNING="08:00") as w:
        learn(w)
        user, boss = w.person(), w.person(BOSS)
        async with w.running():
            await user.says("/watch all, nvidia")
            await w.news(TITLES["MSFT"])
        w.clock.jump(6 * HOUR)
        for company in ("MU", "CRWV"):
            w.press.publish("wire", TITLES[company], at=w.clock() - HOUR)
        async with w.running():
            new = user.mark()
            await until(lambda: w.stored(TITLES["CRWV"], "wire"))
            await w.news(TITLES["NVDA"])
            assert headlines(new()) == [TITLES["NVDA"]], "what is new comes as ever"
            w.clock.jump(3 * MINUTE)
            missed = await user.hears("While I was down: 2 stories", new)
            assert {TITLES["MU"], TITLES["CRWV"]} == set(styled(missed, "text_link"))
            new = user.mark()
            w.press.publish("fresh", TITLES["META"])
            told = boss.mark()
            await boss.says(f"/sources add {w.press.url}/fresh wire 1", "Asking the server")
            await boss.hears("What it shows now is taken in silently", told)
            w.clock.jump(3 * MINUTE)
            await until(lambda: w.stored(TITLES["META"], "127-0-0-1"))
            await w.settled()
            assert new() == []
        async with w.running():
            w.clock.jump(20 * MINUTE)
            await w.news(w.learn("Meta cuts spending on towers", "META", theme="capex_cut"), "wire")
            assert headlines(new()) == ["Meta cuts spending on towers"]
            reports = boss.mark()
            await w.forward(DAY - 8 * HOUR)
            morning = await boss.hears("Good morning. The last 24 hours:", reports)
            assert "Sources: 5, 0 down" in morning.text
            assert "Rules that fired most: compute/resale " in morning.text
            assert morning.silent
            assert not [m for m in user.seen if "Good morning" in m.text], "for managers only"


async def test_what_is_private_stays_so_and_is_handed_over_or_deleted_on_demand(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        learn(w)
        w.api.members[GROUP, USER] = w.api.members[NEW_GROUP, USER] = "administrator"
        user, group, friend = w.person(), w.person(GROUP, USER), w.person(FRIEND)
        async with w.running():
            await user.says("/start", "Step 1 of 3")
            await user.taps("Pick companies", "which companies?")
            await user.taps("Nvidia", "Chosen: Nvidia")
            await user.says("/watch word secretproject, micron", "Following")
            await user.says("/unwatch nvidia", "No longer following")
            await user.says("/watch all, sk hynix", "everything")
            await user.says("/mute micron 3d", "Muted: Micron")
            await user.says("/unmute micron", "No longer muted.")
            await user.says("/mute nvidia 3d", "Muted: Nvidia")
            await user.says("/digest daily 18:00", "Every day at 18:00")
            await friend.says("/watch all, nvidia")
            await w.person(BOSS).says(f"/allow {GROUP}", "may use the bot")
            await group.says("/watch coreweave, nvidia", "Following CoreWeave (company), Nvidia (company).")
            for place in ("/list", "/start", "/mutes", "/digest", "/privacy", "/latest"):
                answer = await group.says(place)
                assert "secretproject" not in answer.text
                assert "Micron" not in answer.text
            new = user.mark()
            await w.news(TITLES["MSFT"])
            (card,) = new()
            await user.toasted("Useful", on=card)
            await user.says("/search idle servers", "found")
            await group.says("/search idle servers", "found")
            found = await user.exported()
            text = str(found)
            assert all(part in text for part in ("secretproject", TITLES["MSFT"], "NVDA", "idle servers"))
            assert str(FRIEND) not in text
            assert "secretproject" not in str(await group.exported())
            w.api.migrate(GROUP, NEW_GROUP)
            await w.news(TITLES["CRWV"])
            moved = w.person(NEW_GROUP, USER)
            assert headlines(moved.seen) == [TITLES["CRWV"]]
            sure = await user.says("/deleteme", "Delete everything about this chat")
            sure_too = await moved.says("/deleteme", "Delete everything about this chat with all its topics")
        async with w.running():
            await user.taps("Delete everything", "Everything about this chat was deleted.", on=sure)
            await moved.taps("Delete everything", "Everything about this chat was deleted.", on=sure_too)
            everybody = [p.mark() for p in (user, moved, group)]
            await w.news(TITLES["MU"])
            assert headlines(friend.seen)[-1] == TITLES["MU"]
            assert [new() for new in everybody] == [[], [], []]
        assert_unknown(tmp_path / "data", USER, GROUP, NEW_GROUP)
        async with w.running():
            await user.says("/start", "Step 1 of 3")


def assert_unknown(folder: Path, *chats: int) -> None:
    """No byte of any file below the folder names one of these chats."""
    content = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert any(content.values())
    left = [(name, chat) for name, data in content.items() for chat in chats if str(chat).encode() in data]
    assert left == []
    assert str(FRIEND).encode() in b"".join(content.values()), "as others are"
