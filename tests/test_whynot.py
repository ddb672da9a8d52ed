"""Whose decisions a chat reads when it asks why something was not told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from library_scene import CUT, decide, newsroom
from make import NOW
from newsroom import Newsroom, subscriber

from bot.errors import NotStoredError
from bot.locale import speaking
from bot.model import Severity
from bot.store.archive import Archive
from bot.store.database import Database
from bot.store.ingest import Ingest
from bot.whynot import why_not


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    made = newsroom(tmp_path)
    made.subscribers = [
        subscriber("telegram:1"),
        subscriber("telegram:2", level=Severity.CRITICAL),
        subscriber("telegram:3", active=False),
    ]
    return made


@pytest.fixture
def archive(tmp_path: Path, room: Newsroom) -> Iterator[Archive]:
    database = Database(tmp_path / "spillover.db")
    for outcome, now in decide(room, (CUT, "paper", 0)):
        Ingest(database).apply(outcome, now)
    yield Archive(database)
    database.close()


def read(archive: Archive, room: Newsroom, **more: object) -> list[str]:
    reference = archive.search("trims")[0].url
    lines = why_not(archive, reference, lambda: (room.reader, room.book.rules), NOW, **more)  # type: ignore[arg-type]
    return [line.plain for line in lines]


def test_the_operator_reads_every_decision(archive: Archive, room: Newsroom) -> None:
    lines = read(archive, room)
    assert lines[3] == "it was told: first (first card of this story)"
    decided = [line for line in lines if line.startswith("  14:00")]
    assert len(decided) == 2
    assert "sent: first card" in decided[0]
    assert "held back: its card is below the level" in decided[1]


@pytest.mark.parametrize(
    ("chat", "stopped"),
    [
        pytest.param("telegram:1", "it was told: first (first card of this story)", id="told here"),
        pytest.param("telegram:2", "first stopped by: below_level", id="held back here"),
        pytest.param(
            "telegram:3", "it was not told here: nothing in it is followed here", id="told to others"
        ),
    ],
)
def test_a_chat_reads_what_was_decided_about_itself(
    archive: Archive, room: Newsroom, chat: str, stopped: str
) -> None:
    lines = read(archive, room, subscriber_id=chat)
    assert lines[3].startswith(stopped)
    assert sum(line.startswith("  14:00") for line in lines) == (chat != "telegram:3")


def test_times_are_shown_in_the_zone_of_who_asks(archive: Archive, room: Newsroom) -> None:
    lines = read(archive, room, tz=ZoneInfo("America/New_York"), subscriber_id="telegram:1")
    assert lines[1] == "published 2026-03-02 09:00, seen 2026-03-02 09:00 EST, paper, tier 1"
    assert lines[4].startswith("  09:00 sent")


def test_what_is_not_stored_is_an_error_that_names_what_is_near(archive: Archive, room: Newsroom) -> None:
    url = archive.search("trims")[0].url
    with pytest.raises(NotStoredError, match="is not in the archive") as caught:
        why_not(archive, url + "x", lambda: (room.reader, room.book.rules), NOW)
    assert caught.value.near == url


def test_a_text_whose_analysis_is_gone_is_read_again(archive: Archive, room: Newsroom) -> None:
    kept = read(archive, room)
    archive._db.rows("DELETE FROM analyses")
    assert read(archive, room) == kept


def test_it_is_said_in_the_language_that_is_spoken(archive: Archive, room: Newsroom) -> None:
    with speaking("de"):
        lines = read(archive, room, subscriber_id="telegram:3")
    assert lines[1] == "erschienen 2026-03-02 14:00, gesehen 2026-03-02 14:00 UTC, paper, Rang 1"
    assert lines[3] == "hier wurde es nicht gemeldet: hier wird nichts davon verfolgt"
    assert lines[4].startswith("Ereignisse darin: ")
    assert lines[5] == "nächstliegende Regel jedes Pakets"
    assert lines[6].endswith(": erfüllt")
    assert len(lines) == 7
