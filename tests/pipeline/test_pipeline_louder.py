"""A story whose card a quiet rule sent, and what its readers see when a louder one takes it up, or it is corrected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from make import HOUR, MINUTE, NOW, entry, event
from newsroom import Newsroom, make_book, sent, subscriber

from bot.model import Alert, AlertKind, Attribution, EntityKind, Outcome, Polarity, Reason, Severity, Stage

FALL = "CoreWeave shares fall 2 percent in early trading"
CUT = "CoreWeave shares fall 2 percent in early trading as it cuts spending"
COPY = "CoreWeave shares are down in early trading"
CORRECTED = "CORRECTED: CoreWeave shares fall 1.8 percent in early trading, not 2"
RISE = "CORRECTED: CoreWeave cuts spending; shares do not fall in early trading"
DENIAL = "CoreWeave shares do not fall, company says; it cuts spending"
DONE = {"stage": Stage.DONE, "attribution": Attribution.ON_RECORD}


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    made = Newsroom(make_book(tmp_path))
    fall, cut = event("selloff", "CRWV", **DONE), event("capex_cut", "CRWV", **DONE)
    corrected, denied = {"polarity": Polarity.CORRECTED}, {"polarity": Polarity.DENIED}
    said = {
        FALL: (fall,),
        COPY: (fall,),
        CUT: (fall, cut),
        CORRECTED: (replace(cut, **corrected), replace(fall, **corrected)),
        RISE: (replace(cut, **corrected),),
        DENIAL: (replace(fall, **denied), cut),
    }
    for title, events in said.items():
        made.reader.learn(title, *events, companies=("CRWV",))
    return made


def drawn(outcome: Outcome, kind: AlertKind) -> list[str]:
    """The lines of the one message of a kind."""
    (note,) = [n for n in outcome.notifications if n.kind is kind]
    return note.card.text.split("\n")


def reply_of(outcome: Outcome) -> Alert:
    (alert,) = [a for a in outcome.alerts if a.kind is AlertKind.REPLY]
    return alert


def test_a_louder_rule_that_takes_a_story_up_is_named_in_the_answer(room: Newsroom) -> None:
    room.receive(entry(FALL))
    outcome = room.receive(entry(CUT, feed="paper", at=NOW + HOUR))
    assert sent(outcome) == ["edit telegram:1", "reply telegram:1"]
    answer = reply_of(outcome)
    assert (answer.rule_id, answer.level, answer.title) == (
        "compute/cut",
        Severity.MEDIUM,
        "CRWV cuts spending",
    )
    assert answer.rule_line.endswith("compute.yaml:17")
    first, second, _ = drawn(outcome, AlertKind.REPLY)
    assert first == f"CONFIRMED · {CUT}"
    assert second == "MEDIUM · Rule: CRWV cuts spending"


def test_an_answer_that_only_a_louder_rule_causes_begins_with_its_level(room: Newsroom) -> None:
    room.reader.learn(
        CUT,
        event("selloff", "CRWV", **DONE),
        event("capex_cut", "CRWV", stage=Stage.PLANNED),
        companies=("CRWV",),
    )
    room.receive(entry(FALL))
    outcome = room.receive(entry(CUT, feed="paper", at=NOW + HOUR))
    first, second, _ = drawn(outcome, AlertKind.REPLY)
    assert (first, second) == (f"NOW MEDIUM · {CUT}", "Rule: CRWV cuts spending")


def test_the_card_then_has_the_louder_level_also_in_later_edits_and_no_longer_the_quiet_rule(
    room: Newsroom,
) -> None:
    room.receive(entry(FALL))
    taken = room.receive(entry(CUT, feed="paper", at=NOW + HOUR))
    later = room.receive(entry(COPY, feed="copier", at=NOW + HOUR + MINUTE))
    for outcome in (taken, later):
        lines = drawn(outcome, AlertKind.EDIT)
        assert lines[0] == "MEDIUM · confirmed · on record"
        assert not any(line.startswith("Rule:") for line in lines)
    (note,) = later.notifications
    assert note.level is Severity.MEDIUM


def test_a_correction_of_what_the_card_told_is_told_as_that_whatever_else_it_seems_to_say(
    room: Newsroom,
) -> None:
    room.receive(entry(FALL, guid="1"))
    outcome = room.receive(entry(CORRECTED, guid="1"), now=NOW + HOUR)
    assert sent(outcome) == ["edit telegram:1", "reply telegram:1"]
    answer = reply_of(outcome)
    assert (answer.reason, answer.rule_id, answer.level) == (
        Reason.CORRECTED,
        "compute/fall",
        Severity.LOW,
    )
    assert (answer.event.theme, answer.title, answer.note) == ("selloff", "CRWV falls", "")
    lines = drawn(outcome, AlertKind.EDIT)
    assert lines[0] == "CORRECTED 15:00 · on record · LOW"
    assert "Rule: CRWV falls" in lines
    assert [t.level for t in outcome.told] == [Severity.LOW]


def test_a_correction_into_a_louder_claim_is_a_correction_and_as_loud_as_that(room: Newsroom) -> None:
    room.receive(entry(FALL, guid="1"))
    outcome = room.receive(entry(RISE, guid="1"), now=NOW + HOUR)
    lines = drawn(outcome, AlertKind.REPLY)
    assert lines[:2] == [RISE, "MEDIUM · Rule: CRWV cuts spending"]


def test_a_denial_with_a_louder_claim_says_both(room: Newsroom) -> None:
    room.receive(entry(FALL))
    outcome = room.receive(entry(DENIAL, feed="newsroom", at=NOW + HOUR))
    first, second, facts = drawn(outcome, AlertKind.REPLY)
    assert first == f"DENIED · {DENIAL}"
    assert second == "MEDIUM · Rule: CRWV cuts spending"
    assert facts.startswith("new claim · ")
    assert drawn(outcome, AlertKind.EDIT)[0] == "DENIED 15:00 · on record · MEDIUM"


DENIED_CUT = "CoreWeave denies that it cuts spending"
CORRECTED_CUT = "CORRECTED: CoreWeave cuts spending by 2 percent in early trading"


def struck(outcome: Outcome, reader: str) -> list[str]:
    """What the edited card of a reader strikes out."""
    (edit,) = [n for n in outcome.notifications if (n.kind, n.subscriber_id) == (AlertKind.EDIT, reader)]
    return [edit.card.text[e.start : e.end] for e in edit.card.entities if e.kind is EntityKind.STRIKE]


@pytest.fixture
def two(room: Newsroom) -> Newsroom:
    """One reader has the card of the fall and was told of the cut; the other has a card of the cut."""
    cut = event("capex_cut", "CRWV", **DONE)
    room.reader.learn(DENIED_CUT, replace(cut, polarity=Polarity.DENIED), companies=("CRWV",))
    room.reader.learn(CORRECTED_CUT, replace(cut, polarity=Polarity.CORRECTED), companies=("CRWV",))
    room.receive(entry(FALL))
    room.subscribers = [subscriber("telegram:1"), subscriber("telegram:2")]
    room.receive(entry(CUT, feed="paper", at=NOW + HOUR))
    return room


def test_the_denial_of_one_claim_strikes_the_cards_of_that_claim_only(two: Newsroom) -> None:
    outcome = two.receive(entry(DENIED_CUT, feed="newsroom", at=NOW + 2 * HOUR))
    assert sent(outcome) == [
        "edit telegram:1",
        "reply telegram:1",
        "edit telegram:2",
        "reply telegram:2",
    ]
    assert (struck(outcome, "telegram:1"), struck(outcome, "telegram:2")) == ([], [CUT])
    first, second = (n.card.text.split("\n")[0] for n in outcome.notifications if n.kind is AlertKind.EDIT)
    assert first == "MEDIUM · confirmed · on record"
    assert second == "DENIED 16:00 · on record · MEDIUM"


def test_the_correction_of_another_claim_does_not_correct_the_card(two: Newsroom) -> None:
    outcome = two.receive(entry(CORRECTED_CUT, feed="newsroom", at=NOW + 2 * HOUR))
    first, second = (n.card.text.split("\n")[0] for n in outcome.notifications if n.kind is AlertKind.EDIT)
    assert first == "MEDIUM · confirmed · on record"
    assert second == "CORRECTED 16:00 · on record · MEDIUM"


def test_a_card_keeps_the_headline_by_which_its_reader_was_told(two: Newsroom) -> None:
    outcome = two.receive(entry(COPY, feed="copier", at=NOW + 2 * HOUR))
    assert [n.card.text.split("\n")[1] for n in outcome.notifications] == [FALL, CUT]
