"""One alert for readers of several languages: each sees it in their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from make import HOUR, NOW, TITLE, entry, event
from newsroom import PACK, Newsroom, make_book, subscriber

from bot.delivery.stored import as_named
from bot.locale import speaking
from bot.model import AlertKind, Attribution, Outcome, Stage
from bot.pipeline.compose import joined, lines
from bot.rules.engine import said_title

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
    seen = texts(outcome, AlertKind.NEW)
    assert seen["telegram:1"][0] == "HIGH · considering · sourced"
    assert seen["telegram:2"][0] == "HOCH · wird erwogen · laut Quellen"


def test_a_rule_that_comes_along_is_named_in_the_language_of_each_reader(tmp_path: Path) -> None:
    pack = PACK.replace("{actor} sells surplus compute", "{actor}: surplus AI compute for sale")
    pack = pack.replace("{count} cuts in days", "{count} large spenders cut capital spending within days")
    room = Newsroom(make_book(tmp_path, pack))
    room.subscribers = [subscriber("telegram:1"), subscriber("telegram:2", language="de")]
    room.reader.learn(TITLE, event(evidence=(5, 11)))
    first = room.receive(entry())
    assert "Rule: Meta: surplus AI compute for sale" in texts(first, AlertKind.NEW)["telegram:1"]
    said = texts(first, AlertKind.NEW)["telegram:2"]
    assert "Regel: Meta: überschüssige KI-Rechenleistung zu verkaufen" in said
    for n, who in enumerate(("META", "MSFT")):
        room.reader.learn(f"{who} trims its outlay", event("capex_cut", who), companies=(who,))
        outcome = room.receive(entry(f"{who} trims its outlay", feed=who, at=NOW + (n + 1) * HOUR))
    (wave,) = [
        n for n in outcome.notifications if (n.rule_id, n.subscriber_id) == ("compute/wave", "telegram:2")
    ]
    assert "Regel: 2 große Investoren kürzen binnen Tagen ihre Investitionen" in wave.card.text


def test_a_title_that_its_rule_does_not_have_any_more_stays_as_it_is(tmp_path: Path) -> None:
    pack = PACK.replace("{actor} sells surplus compute", "{actor}: surplus AI compute for sale")
    rules = make_book(tmp_path, pack).rules
    with speaking("de"):
        for kept in ("META sells surplus compute", "", "Microsoft: surplus AI compute for sale"):
            assert said_title(rules, "compute/resale", kept, event()) == kept
        assert said_title(rules, "compute/gone", "META: x", event()) == "META: x"
        nobody = said_title(rules, "compute/resale", "Surplus AI compute for sale", event(actor=None))
        assert nobody == "Überschüssige KI-Rechenleistung zu verkaufen"


def test_what_several_stories_say_together_is_stored_by_ids_and_said_in_the_language_of_each_reader(
    room: Newsroom,
) -> None:
    for title, who in (("A memory maker trims its outlay", "memory"), ("Microsoft trims spending", "MSFT")):
        room.reader.learn(title, event("capex_cut", who), companies=("MSFT",) if who == "MSFT" else ())
    room.receive(entry("A memory maker trims its outlay"))
    outcome = room.receive(entry("Microsoft trims spending", feed="paper", at=NOW + HOUR))
    (wave,) = [a for a in outcome.alerts if a.together]
    assert wave.together[0].startswith("memory\tA memory maker")
    seen = texts(outcome, AlertKind.NEW)
    assert "– Memory · A memory maker trims its outlay · Wire, 02 Mar" in seen["telegram:1"]
    assert "– Speicherchips · A memory maker trims its outlay · Wire, 2. März" in seen["telegram:2"]


def test_lines_that_an_older_release_wrote_are_not_repeated(room: Newsroom) -> None:
    (sighting,) = room.receive(entry()).sightings
    (line,) = lines([sighting])
    old = as_named(line, room.book.rules.name)
    assert joined(room.book, (old,), (line,)) == (old,)
    assert joined(room.book, (), (line,)) == (line,)


def test_a_move_is_stored_by_ids_and_said_in_the_language_of_each_reader(room: Newsroom) -> None:
    room.receive(entry())
    outcome = room.receive(entry(SLUMP, feed="paper", at=NOW + HOUR))
    (alert,) = outcome.alerts
    assert alert.note == "CRWV, memory fell"
    seen = texts(outcome, AlertKind.REPLY)
    assert seen["telegram:1"][-1].startswith("CRWV, Memory fell · ")
    assert seen["telegram:2"][0].startswith("AUSWIRKUNG EINGETRETEN · ")
    assert seen["telegram:2"][-1].startswith("CRWV, Speicherchips gefallen · ")
