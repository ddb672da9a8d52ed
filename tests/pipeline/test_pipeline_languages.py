"""One alert for readers of several languages: each sees it in their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from make import HOUR, NOW, TITLE, entry, event
from newsroom import Newsroom, make_book, subscriber

from bot.model import AlertKind, Attribution, Outcome, Stage

SLUMP = "CoreWeave and memory shares slump after report on Meta's compute"
ON_RECORD = {"stage": Stage.DONE, "attribution": Attribution.ON_RECORD}


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    book = make_book(tmp_path)
    known = replace(book.rules.known, names={**book.rules.known.names, "memory": "Memory"})
    made = Newsroom(replace(book, rules=replace(book.rules, known=known)))
    made.subscribers = [subscriber("telegram:1"), subscriber("telegram:2", language="de")]
    made.reader.learn(TITLE, event(evidence=(5, 11)))
    falls = (event("selloff", "CRWV", **ON_RECORD), event("selloff", "memory", **ON_RECORD))
    made.reader.learn(SLUMP, *falls, companies=("CRWV", "META"))
    return made


def texts(outcome: Outcome, kind: AlertKind) -> dict[str, list[str]]:
    """The lines that each reader gets."""
    return {n.subscriber_id: n.card.text.split("\n") for n in outcome.notifications if n.kind is kind}


def test_a_card_is_drawn_in_the_language_of_each_reader(room: Newsroom) -> None:
    outcome = room.receive(entry())
    assert len(outcome.alerts) == 1
    lines = texts(outcome, AlertKind.NEW)
    assert lines["telegram:1"][0] == "HIGH · considering · sourced"
    assert lines["telegram:2"][0] == "HOCH · wird erwogen · laut Quellen"


def test_a_move_is_stored_by_ids_and_said_in_the_language_of_each_reader(room: Newsroom) -> None:
    room.receive(entry())
    outcome = room.receive(entry(SLUMP, feed="paper", at=NOW + HOUR))
    (alert,) = outcome.alerts
    assert alert.note == "CRWV, memory fell"
    lines = texts(outcome, AlertKind.REPLY)
    assert lines["telegram:1"][-1].startswith("CRWV, Memory fell · ")
    assert lines["telegram:2"][0].startswith("AUSWIRKUNG EINGETRETEN · ")
    assert lines["telegram:2"][-1].startswith("CRWV, Speicherchips gefallen · ")
