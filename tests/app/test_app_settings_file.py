"""Settings as a file over the stand-in for Telegram: exported, edited, sent back, asked about, and applied after a restart."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from bot_api_people import me
from user_scene import USER, Person, World, labels, until, world

GROUP, ADMIN, GUEST = -100700, 70015011, 70015012
FILE = b"level: critical\nfollow:\n- nvidia\n- micron\n"


async def sends(person: Person, content: bytes, caption: str, words: str, **more: Any):
    """Send a file and wait for the answer with these words."""
    new = person.mark()
    person.world.api.push_file(
        person.chat, "settings.yaml", content, caption, user=person.user, **(person.fields | more)
    )
    return await person.hears(words, new)


async def exported(person: Person) -> bytes:
    """The file of settings that comes with everything."""
    files = person.world.api.files
    before = len(files)
    await person.says("/export", "Everything that is stored about this chat")
    await until(lambda: len(files) == before + 2)
    assert files[-1].name.startswith("spillover-settings-")
    return files[-1].content


def level(w: World, chat: int = USER) -> int:
    ((found,),) = w.rows("SELECT level FROM subscribers WHERE id = ?", f"telegram:{chat}")
    return int(found)


async def test_an_exported_file_is_edited_sent_back_and_applied_after_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        user = w.person()
        async with w.running():
            await user.says("/watch nvidia, micron")
            file = await exported(user)
            assert b"- company:NVDA  # Nvidia (company)" in file
            edited = file.replace(b"- company:MU", b"- company:META").replace(
                b"level: medium", b"level: high"
            )
            asked = await sends(user, edited, "/import", "That would change here:")
            assert "Level: medium → high" in asked.text
            assert labels(asked) == ["Apply", "Cancel"]
            assert level(w) == 2
        async with w.running():
            done = await user.taps("Apply", "Applied:", on=asked)
            assert done.message_id == asked.message_id
            assert level(w) == 3
            assert "Meta (company)" in (await user.says("/list")).text
            late = await user.taps("Cancel", "applied, cancelled or replaced already", on=asked)
            assert late.message_id != asked.message_id
            assert level(w) == 3


async def test_a_file_is_taken_as_an_answer_and_by_the_bots_name(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.running():
        user = w.person()
        await user.says("/watch nvidia, micron")
        document = w.api.sent_files.put("settings.yaml", FILE)
        answered = {"message_id": 7, "date": 1, "chat": {"id": USER, "type": "private"}, "document": document}
        await user.says("/import", "That would change here:", reply_to_message=answered)
        await sends(user, FILE, f"/import@{me()['username']} please", "That would change here:")
        await sends(user, b"levl: 1", "/IMPORT", "did you mean level?")
        before = len(user.seen)
        w.api.push_file(USER, "a.yaml", FILE, "/import@another_bot")
        w.api.push_file(USER, "a.yaml", FILE, "/importance of this")
        w.api.push_file(USER, "a.yaml", FILE, "look at /import")
        w.api.push_file(USER, "a.yaml", FILE)
        await user.says("/lang")
        assert len(user.seen) == before + 1
        assert len(w.api.sent_files.fetched) == 3


async def test_in_a_group_nothing_is_fetched_for_who_is_no_admin(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.running():
        w.api.rooms.make(GROUP, "supergroup", title="Desk")
        w.api.members[GROUP, ADMIN] = "administrator"
        admin, guest = w.person(GROUP, ADMIN), w.person(GROUP, GUEST)
        await admin.says("/start")
        await sends(guest, FILE, "/import", "Only admins")
        assert w.api.sent_files.fetched == []
        asked = await sends(admin, FILE, "/import", "That would change here:")
        await guest.taps("Apply", "Only admins", on=asked)
        await admin.taps("Apply", "Applied:", on=asked)
        assert level(w, GROUP) == 4


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "refuse", "method": "file", "times": 9}, id="the download breaks off"),
        pytest.param({"kind": "grow", "method": "file", "size": 100_000}, id="more comes than was said"),
        pytest.param({"kind": "grow", "method": "file", "size": 5_000_000}, id="it does not end"),
        pytest.param({"kind": "error", "method": "getFile", "code": 400, "description": "Bad Request: wrong file_id"}, id="an old id"),
        pytest.param({"kind": "status", "method": "getFile"}, id="a page of a proxy"),
    ],
)  # fmt: skip
async def test_a_file_that_can_not_be_had_is_said_and_the_token_stays_hidden(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with world(tmp_path) as w, w.running():
        user = w.person()
        await user.says("/watch nvidia, micron")
        w.api.fault(**fault)
        await sends(user, FILE, "/import", "I could not get the file from Telegram")
        assert "token_of_the_stand-in" not in caplog.text
        if fault.get("size", 0) > 1024 * 1024:
            assert "the answer is larger than 1,048,576 bytes" in caplog.text, "it was read to its end"
        w.api.heal()
        await sends(user, FILE, "/import", "That would change here:")


async def test_a_file_that_is_lost_or_too_large_is_said(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.running():
        user = w.person()
        await user.says("/watch nvidia, micron")
        w.api.sent_files.lost.add("documents/file_1.yaml")
        await sends(user, FILE, "/import", "I could not get the file from Telegram")
        await sends(user, b"#" * 70_000, "/import", "too large: at most 64 kB")
        assert w.api.sent_files.fetched == ["documents/file_1.yaml"]


async def test_what_waits_is_handed_over_and_deleted_with_the_rest(tmp_path: Path) -> None:
    async with world(tmp_path) as w, w.running():
        user = w.person()
        await user.says("/watch nvidia, micron")
        await sends(user, FILE, "/import", "That would change here:")
        assert len((await user.exported())["imports"]) == 1
        await user.says("/deleteme", "Delete everything")
        await user.taps("Delete everything", "was deleted")
        assert w.rows("SELECT * FROM imports") == []
