"""Why something was decided: kept in fixed words, read in the reader's language, and never mistaken for one another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from make import HOUR, NOW, entry, event, match, story

from bot.alerts.decide import first_card, hold_entry, hold_match, spare
from bot.delivery import details
from bot.locale import speaking
from bot.model import Decision, Ground, Polarity, Policy, Reason, Severity, Silence, Subscriber, ground_of

READER = Subscriber(id="telegram:1", channel="telegram", address="1", level=Severity.MEDIUM)
TWICE = replace(READER, budget=2)
OLD = entry(at=NOW - timedelta(days=9))
MUTE = Silence(id="m", until=NOW + HOUR, company="META", comment="told by Meta")

detail_text = partial(details.detail_text, now=NOW)
why_text = partial(details.why_text, now=NOW)


@pytest.mark.parametrize(
    ("decision", "kept", "german"),
    [
        pytest.param(
            hold_entry(entry(), baseline=True, now=NOW), "first poll of a new feed", "", id="a first poll"
        ),
        pytest.param(
            hold_entry(OLD, baseline=False, now=NOW),
            "published 2026-02-21 14:00 UTC",
            "veröffentlicht 21. Feb. 14:00",
            id="old",
        ),
        pytest.param(
            hold_match(match(), story(entry(), event(polarity=Polarity.DENIED)), [], NOW),
            "the claim has been denied since",
            "die Behauptung wurde seither dementiert",
            id="denied since",
        ),
        pytest.param(
            hold_match(match(policy=Policy(corroborate=((2, 1),))), story(entry(tier=3)), [], NOW),
            "1 origin, best tier 3",
            "1 unabhängige Quelle, bester Rang 3",
            id="too few origins",
        ),
        pytest.param(
            first_card(match(level=Severity.LOW), READER, NOW),
            "low is below medium",
            "niedrig liegt unter mittel",
            id="too quiet",
        ),
        pytest.param(
            spare(Severity.HIGH, TWICE, NOW, None, [NOW, NOW], NOW),
            "2 a day",
            "2 am Tag",
            id="over the budget",
        ),
        pytest.param(
            Decision(send=False, reason=Reason.INHIBITED, detail=Ground.TOGETHER.written()),
            "told together with others",
            "zusammen mit anderen gemeldet",
            id="a part of a whole",
        ),
        pytest.param(
            Decision(
                send=False, reason=Reason.INHIBITED, detail=Ground.TOLD_BY.written(rule="compute/resale")
            ),
            "told by compute/resale",
            "gemeldet durch compute/resale",
            id="by another rule",
        ),
    ],
)
def test_a_detail_is_kept_in_the_words_of_every_database_there_is_and_read_in_german(decision, kept, german):
    assert decision.detail == kept
    with speaking("de"):
        assert detail_text(decision) == german


def test_the_fixed_words_of_each_reason_are_told_apart():
    for ground in Ground:
        written = ground.written(time="2026-03-02 14:00", origins="2 origins", tier=1, number=3, level="low", wanted="high", rule="a/b")  # fmt: skip
        found = [
            g for r in Reason if (g := ground_of(Decision(send=False, reason=r, detail=written))) is not None
        ]
        assert [g for g, _ in found if g is ground] == [ground]
        values = found[[g for g, _ in found].index(ground)][1]
        assert ground.written(**values) == written


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


def test_words_that_no_release_wrote_are_shown_as_they_are():
    odd = Decision(send=False, reason=Reason.BELOW_LEVEL, detail="quite low")
    assert detail_text(odd) == "quite low"
    assert details.levels(odd) is None


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        (first_card(match(level=Severity.LOW), READER, NOW), "its card is below the level that this chat asks for (low is below medium)"),
        (hold_entry(entry(), baseline=True, now=NOW), "it was there already when its feed was read for the first time"),
        (hold_entry(OLD, baseline=False, now=NOW), "it was published too long ago (published 21 Feb 09:00)"),
        (Decision(send=False, reason=Reason.UNSEEN_DENIAL, detail="it fits no story"), "it denies or withdraws something that nobody was told (it fits no story)"),
        (Decision(send=False, reason=Reason.UNSEEN_DENIAL, detail="the claim has been denied since"), "the claim has been denied since"),
        (Decision(send=True, reason=Reason.COUNTED, detail="its text was edited"), "its text was edited, so the card was edited without sound"),
        (Decision(send=False, reason=Reason.INHIBITED, detail="told by compute/resale"), "another card tells it already (told by “Resale”)"),
    ],
    ids=["level", "first poll", "old", "unseen", "denied since", "edited", "another rule"],
)  # fmt: skip
def test_a_reason_and_what_it_rests_on_are_one_clause(decision, why):
    names = {"compute/resale": "“Resale”"}.get
    assert why_text(decision, names=lambda i: names(i, i), tz=ZoneInfo("America/New_York")) == why
