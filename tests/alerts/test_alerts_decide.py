from dataclasses import replace
from datetime import timedelta

import pytest
from make import HOUR, MINUTE, NOW, entry, event, match, story

from bot.alerts.decide import STALE_AFTER, development, first_card, hold_entry, hold_match
from bot.model import (
    Attribution,
    Change,
    DateQuality,
    Polarity,
    Policy,
    Reason,
    Severity,
    Silence,
    Stage,
    Subscriber,
    Told,
)
from bot.stories.cluster import echo

READER = Subscriber(id="telegram:1", channel="telegram", address="1", level=Severity.MEDIUM)
TOLD = Told(
    story_id="s",
    subscriber_id="telegram:1",
    alert_id="a",
    rule_id="compute/resale",
    level=Severity.HIGH,
    last_sound_at=NOW - HOUR,
)


@pytest.mark.parametrize(
    ("made", "baseline", "reason"),
    [
        pytest.param(entry(), False, None, id="fresh"),
        pytest.param(entry(), True, Reason.BASELINE, id="from a first poll"),
        pytest.param(entry(at=NOW - STALE_AFTER), False, None, id="on the boundary"),
        pytest.param(entry(at=NOW - STALE_AFTER - MINUTE), False, Reason.STALE, id="old"),
        pytest.param(
            entry(published=NOW + timedelta(days=9000), date_quality=DateQuality.FUTURE),
            False,
            None,
            id="a date nobody can trust",
        ),
    ],
)
def test_what_can_be_no_news_is_held_back(made, baseline, reason) -> None:
    held = hold_entry(made, baseline=baseline, now=NOW)
    assert (held.reason if held else None) is reason


@pytest.mark.parametrize(
    ("silence", "held"),
    [
        pytest.param({"rule_id": "compute/resale"}, True, id="of the rule"),
        pytest.param({"rule_id": "other"}, False, id="of another rule"),
        pytest.param({"company": "META"}, True, id="of the company"),
        pytest.param({"company": "META", "rule_id": "other"}, False, id="all its keys must hold"),
        pytest.param({"feed_id": "wire"}, True, id="of a feed that tells it"),
        pytest.param({}, False, id="without a key mutes nothing"),
        pytest.param({"company": "META", "until": NOW}, False, id="run out"),
    ],
)
def test_a_silence_holds_what_it_names(silence: dict, held: bool) -> None:
    made = Silence(**({"id": "x", "until": NOW + HOUR} | silence))
    decision = hold_match(match(), story(), [made], NOW)
    assert (decision is not None and decision.reason is Reason.SILENCED) is held


def test_a_rule_that_wants_two_origins_waits_for_them_and_copies_do_not_count() -> None:
    wants = match(policy=Policy(corroborate=((2, 3), (1, 1))))
    weak = entry(tier=3)
    one = story(weak)
    held = hold_match(wants, one, [], NOW)
    assert held is not None
    assert (held.reason, held.detail) == (Reason.UNCORROBORATED, "1 origin, best tier 3")
    copied = echo(one, entry(feed="blog", tier=3)).story
    assert hold_match(wants, copied, [], NOW) is not None
    second = replace(copied, members=tuple(replace(m, origin=True) for m in copied.members))
    assert hold_match(wants, second, [], NOW) is None
    assert hold_match(wants, story(), [], NOW) is None, "one wire is enough"


def test_a_claim_that_was_denied_is_not_told_as_new_unless_it_is_confirmed() -> None:
    denied = story(entry(), event(polarity=Polarity.DENIED))
    held = hold_match(match(), denied, [], NOW)
    assert held is not None
    assert held.reason is Reason.UNSEEN_DENIAL
    done = match(event=event(stage=Stage.DONE, attribution=Attribution.ON_RECORD))
    assert hold_match(done, denied, [], NOW) is None


@pytest.mark.parametrize(
    ("level", "muted_until", "reason"),
    [
        pytest.param(Severity.HIGH, None, Reason.FIRST, id="loud enough"),
        pytest.param(Severity.MEDIUM, None, Reason.FIRST, id="just loud enough"),
        pytest.param(Severity.LOW, None, Reason.BELOW_LEVEL, id="too quiet"),
        pytest.param(Severity.HIGH, NOW + MINUTE, Reason.MUTED, id="muted"),
        pytest.param(Severity.HIGH, NOW, Reason.FIRST, id="mute run out"),
    ],
)
def test_who_gets_a_first_card(level, muted_until, reason) -> None:
    decision = first_card(match(level=level), replace(READER, muted_until=muted_until), NOW)
    assert decision.reason is reason
    assert decision.send is (reason is Reason.FIRST)


EVERY_6H = Policy(throttle=6 * HOUR)


@pytest.mark.parametrize(
    ("changes", "policy", "sound_ago", "louder", "muted", "reason", "send"),
    [
        pytest.param({Change.COPY}, Policy(), HOUR, None, False, Reason.COUNTED, True, id="copy: edit"),
        pytest.param(set(), Policy(), HOUR, None, False, Reason.UNCHANGED, False, id="nothing"),
        pytest.param(
            {Change.COPY},
            Policy(edit_on=frozenset()),
            HOUR,
            None,
            False,
            Reason.UNCHANGED,
            False,
            id="no edits wanted",
        ),
        pytest.param(
            {Change.STAGE_UP}, Policy(), HOUR, None, False, Reason.DEVELOPED, True, id="stage: reply"
        ),
        pytest.param({Change.STAGE_UP}, EVERY_6H, HOUR, None, False, Reason.THROTTLED, False, id="throttled"),
        pytest.param(
            {Change.STAGE_UP}, EVERY_6H, 6 * HOUR, None, False, Reason.DEVELOPED, True, id="throttle run out"
        ),
        pytest.param(
            {Change.DENIED}, EVERY_6H, HOUR, None, False, Reason.DENIED, True, id="denial breaks it"
        ),
        pytest.param(
            {Change.DENIED}, Policy(), HOUR, None, True, Reason.DENIED, True, id="denial breaks a mute"
        ),
        pytest.param({Change.SPILLOVER}, EVERY_6H, HOUR, None, False, Reason.SPILLOVER, True, id="spillover"),
        pytest.param({Change.STAGE_UP}, Policy(), HOUR, None, True, Reason.MUTED, False, id="muted"),
        pytest.param(
            set(), EVERY_6H, HOUR, Severity.CRITICAL, False, Reason.DEVELOPED, True, id="a louder rule"
        ),
    ],
)
def test_what_a_reader_of_the_card_hears(changes, policy, sound_ago, louder, muted, reason, send) -> None:
    reader = replace(READER, muted_until=NOW + HOUR if muted else None)
    told = replace(TOLD, last_sound_at=NOW - sound_ago)
    decision = development(frozenset(changes), policy, told, reader, louder, NOW)
    assert (decision.reason, decision.send) == (reason, send)


def test_a_throttled_reply_says_when_the_throttle_ends() -> None:
    decision = development(frozenset({Change.CONFIRMED}), EVERY_6H, TOLD, READER, None, NOW)
    assert decision.until == TOLD.last_sound_at + 6 * HOUR


@pytest.mark.parametrize(
    ("changes", "louder", "reason"),
    [
        pytest.param({Change.STAGE_UP}, None, Reason.BELOW_LEVEL, id="a development"),
        pytest.param({Change.STAGE_UP}, Severity.CRITICAL, Reason.DEVELOPED, id="loud enough by now"),
        pytest.param({Change.DENIED}, None, Reason.DENIED, id="a denial all the same"),
        pytest.param({Change.COPY}, None, Reason.COUNTED, id="a silent edit"),
    ],
)
def test_who_wants_louder_ones_by_now_hears_no_quiet_reply(changes, louder, reason) -> None:
    reader = replace(READER, level=Severity.CRITICAL)
    assert development(frozenset(changes), Policy(), TOLD, reader, louder, NOW).reason is reason
