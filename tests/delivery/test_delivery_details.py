"""Details of decisions: stored in English, read in the reader's language, and never mistaken for one another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from make import HOUR, NOW, entry, event, match, story

from bot.alerts.decide import first_card, hold_entry, hold_match, spare
from bot.delivery.details import detail_text
from bot.locale import speaking
from bot.model import Decision, Polarity, Policy, Reason, Severity, Silence, Subscriber

READER = Subscriber(id="telegram:1", channel="telegram", address="1", level=Severity.MEDIUM)
TWICE = replace(READER, budget=2)
OLD = entry(at=NOW - timedelta(days=9))
MUTE = Silence(id="m", until=NOW + HOUR, company="META", comment="told by Meta")


@pytest.mark.parametrize(
    ("decision", "german"),
    [
        pytest.param(
            hold_entry(entry(), baseline=True, now=NOW), "erste Abfrage eines neuen Feeds", id="a first poll"
        ),
        pytest.param(
            hold_entry(OLD, baseline=False, now=NOW), f"veröffentlicht {OLD.at:%Y-%m-%d %H:%M} UTC", id="old"
        ),
        pytest.param(
            hold_match(match(), story(entry(), event(polarity=Polarity.DENIED)), [], NOW),
            "die Behauptung wurde seither dementiert",
            id="denied since",
        ),
        pytest.param(
            hold_match(match(policy=Policy(corroborate=((2, 1),))), story(entry(tier=3)), [], NOW),
            "1 unabhängige Quelle, bester Rang 3",
            id="too few origins",
        ),
        pytest.param(
            first_card(match(level=Severity.LOW), READER, NOW), "niedrig liegt unter mittel", id="too quiet"
        ),
        pytest.param(
            spare(Severity.HIGH, TWICE, NOW, None, [NOW, NOW], NOW), "2 am Tag", id="over the budget"
        ),
        pytest.param(
            Decision(send=False, reason=Reason.INHIBITED, detail="told together with others"),
            "zusammen mit anderen gemeldet",
            id="a part of a whole",
        ),
        pytest.param(
            Decision(send=False, reason=Reason.INHIBITED, detail="told by compute/resale"),
            "gemeldet durch compute/resale",
            id="by another rule",
        ),
    ],
)
def test_a_detail_that_the_program_wrote_is_read_in_german(decision, german):
    assert detail_text(decision) == decision.detail
    with speaking("de"):
        assert detail_text(decision) == german


@pytest.mark.parametrize(
    "decision",
    [
        pytest.param(first_card(match(), READER, NOW, MUTE), id="of a mute"),
        pytest.param(hold_match(match(), story(), [MUTE], NOW), id="of a silence"),
    ],
)
def test_a_comment_that_somebody_typed_is_shown_as_it_is(decision):
    with speaking("de"):
        assert detail_text(decision) == "told by Meta"


def test_a_decision_without_a_detail_has_none():
    with speaking("de"):
        assert detail_text(Decision(send=True, reason=Reason.FIRST)) == ""
