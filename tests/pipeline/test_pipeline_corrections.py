"""A correction of figures is no news to who never saw them, unless what it says now is news by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from make import HOUR, NOW, entry, event
from newsroom import PACK, Newsroom, make_book, reasons, sent, subscriber

from bot.model import Attribution, Ground, Outcome, Polarity, Severity, Stage

FIRST = "Meta sells spare chips worth 1 billion, paper says"
AGAIN = "CORRECTED: Meta sells spare chips worth 2 billion, not 1 billion"
FALL = "CoreWeave shares fall 2 percent in early trading"
FALL_AGAIN = "CORRECTED: CoreWeave shares fall 1.8 percent in early trading, not 2"
RISE = "CORRECTED: CoreWeave cuts spending; shares do not fall in early trading"
DENIAL = "Meta denies that it sells spare chips"
DONE = {"stage": Stage.DONE, "attribution": Attribution.ON_RECORD}
LATER = "telegram:2"  # follows everything since the story was told


def make_room(folder: Path, pack: str = PACK) -> Newsroom:
    room = Newsroom(make_book(folder, pack))
    corrected = {"polarity": Polarity.CORRECTED}
    said = {
        FIRST: (event(),),
        AGAIN: (event(**corrected),),
        DENIAL: (event(polarity=Polarity.DENIED, attribution=Attribution.ON_RECORD),),
        FALL: (event("selloff", "CRWV", **DONE),),
        FALL_AGAIN: (event("capex_cut", "CRWV", **DONE, **corrected), event("selloff", "CRWV", **DONE, **corrected)),
        RISE: (event("capex_cut", "CRWV", **DONE, **corrected),),
    }  # fmt: skip
    for title, events in said.items():
        room.reader.learn(title, *events, companies=("CRWV",) if "CoreWeave" in title else ("META",))
    return room


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return make_room(tmp_path)


def corrected(room: Newsroom, first: str, then: str, **more: object) -> Outcome:
    """A story that the first reader has, and its correction, once a second one has come."""
    room.receive(entry(first))
    room.subscribers.append(subscriber(LATER))
    return room.receive(entry(then, at=NOW + HOUR, **more))


def test_a_correction_is_an_answer_to_who_has_the_card_and_nothing_to_others(room: Newsroom) -> None:
    outcome = corrected(room, FIRST, AGAIN)
    assert sent(outcome) == ["edit telegram:1", "reply telegram:1"]
    passed = [v for v in outcome.verdicts if v.decision.detail == Ground.CORRECTS.written()]
    assert [(v.rule_id, v.decision.reason.value) for v in passed] == [("compute/resale", "unchanged")]


def test_an_edited_entry_that_corrects_itself_is_no_news_either(room: Newsroom) -> None:
    room.receive(entry(FIRST, guid="1"))
    room.subscribers.append(subscriber(LATER))
    outcome = room.receive(entry(AGAIN, guid="1"), now=NOW + HOUR)
    assert sent(outcome) == ["edit telegram:1", "reply telegram:1"]


def test_what_is_read_in_a_correction_besides_is_no_news(room: Newsroom) -> None:
    assert LATER not in " ".join(sent(corrected(room, FALL, FALL_AGAIN)))


def test_a_correction_into_a_louder_claim_is_news_to_everybody(room: Newsroom) -> None:
    outcome = corrected(room, FALL, RISE)
    assert f"new {LATER}" in sent(outcome)
    assert next(a.level for a in outcome.alerts if a.rule_id == "compute/cut") is Severity.MEDIUM


def test_a_correction_whose_figures_satisfy_a_louder_rule_is_news_to_everybody(tmp_path: Path) -> None:
    small = PACK.replace(
        "  - id: cut\n",
        """  - id: small
    title: "{actor} sells a little"
    level: low
    match: {theme: compute_resale}
    tests: *tests
  - id: cut
""",
    ).replace("modality: {not: [denied, speculated]}\n    expose", "text: 2 billion\n    expose")
    room = make_room(tmp_path, small)
    outcome = corrected(room, FIRST, AGAIN)
    assert f"new {LATER}" in sent(outcome)
    assert [n.level for n in outcome.notifications if n.subscriber_id == LATER] == [Severity.HIGH]


def test_a_correction_that_begins_a_story_is_news(room: Newsroom) -> None:
    assert sent(room.receive(entry(AGAIN))) == ["new telegram:1"]


def test_a_correction_that_bears_a_report_out_is_news(tmp_path: Path) -> None:
    room = make_room(
        tmp_path, PACK.replace("    expose", "    corroborate: {any: [{origins: 2}]}\n    expose")
    )
    assert sent(room.receive(entry(FIRST, feed="blog"))) == []
    assert sent(room.receive(entry(AGAIN, at=NOW + HOUR))) == ["new telegram:1"]


def test_a_correction_of_what_was_denied_meanwhile_is_news(room: Newsroom) -> None:
    room.receive(entry(FIRST))
    room.receive(entry(DENIAL, feed="newsroom", at=NOW + HOUR))
    room.subscribers.append(subscriber(LATER))
    assert f"new {LATER}" in sent(room.receive(entry(AGAIN, at=NOW + 2 * HOUR)))


def test_a_claim_that_a_better_source_has_made_since_is_known(tmp_path: Path) -> None:
    room = make_room(
        tmp_path, PACK.replace("modality: {not: [denied, speculated]}\n    expose", "source: {tier: {lte: 1}}\n    expose")
    )  # fmt: skip
    assert sent(room.receive(entry(FIRST, feed="blog", tier=3))) == []
    copy = "Meta sells idle chips for 1 billion to a rival, wire finds"
    room.reader.learn(copy, event())
    assert sent(room.receive(entry(copy, at=NOW + HOUR))) == ["new telegram:1"]
    room.subscribers.append(subscriber(LATER))
    outcome = room.receive(entry(AGAIN, at=NOW + 2 * HOUR))
    assert LATER not in " ".join(sent(outcome))


def test_what_goes_on_without_a_correction_is_offered_as_before(room: Newsroom) -> None:
    room.receive(entry(FIRST))
    room.subscribers.append(subscriber(LATER))
    more = "Meta sells spare chips, second paper says"
    room.reader.learn(more, event())
    outcome = room.receive(entry(more, feed="paper", at=NOW + HOUR))
    assert f"new {LATER}" in sent(outcome)
    assert "unchanged" not in reasons(outcome)
