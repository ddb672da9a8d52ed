from dataclasses import replace

import pytest
from make import alert, entry

from bot.alerts.route import recipients
from bot.alerts.routes import Routes
from bot.model import Exposure, Severity, Subscriber, Target, TargetKind

READER = Subscriber(id="telegram:1", channel="telegram", address="1")
ENTRY = entry()
ALERT = alert(
    ENTRY,
    sectors=frozenset({"hyperscaler"}),
    exposures=(Exposure(company="CRWV", path=("competes_with",), weight=0.6),),
)


@pytest.mark.parametrize(
    ("target", "follows"),
    [
        pytest.param(Target(TargetKind.ALL), True, id="everything"),
        pytest.param(Target(TargetKind.COMPANY, "META"), True, id="the actor"),
        pytest.param(Target(TargetKind.COMPANY, "CRWV"), True, id="a company that is exposed"),
        pytest.param(Target(TargetKind.COMPANY, "AMD"), False, id="another company"),
        pytest.param(Target(TargetKind.SECTOR, "hyperscaler"), True, id="the sector"),
        pytest.param(Target(TargetKind.THEME, "compute_resale"), True, id="the theme"),
        pytest.param(Target(TargetKind.THEME, "META"), False, id="an id of another kind"),
        pytest.param(Target(TargetKind.PACK, "compute"), True, id="the pack"),
    ],
)
def test_an_alert_reaches_those_who_follow_what_it_is_about(target: Target, follows: bool) -> None:
    found = recipients(ALERT, ENTRY, [READER], {READER.id: frozenset({target})}, Routes())
    assert found == ([READER] if follows else [])


def test_who_follows_nothing_or_has_left_hears_nothing() -> None:
    everything = frozenset({Target(TargetKind.ALL)})
    assert recipients(ALERT, ENTRY, [READER], {}, Routes()) == []
    assert recipients(ALERT, ENTRY, [replace(READER, active=False)], {READER.id: everything}, Routes()) == []


@pytest.mark.parametrize(
    ("floors", "hears"),
    [
        pytest.param({Target(TargetKind.PACK, "compute"): Severity.HIGH}, True, id="loud enough"),
        pytest.param({Target(TargetKind.PACK, "compute"): Severity.CRITICAL}, False, id="too quiet"),
        pytest.param({Target(TargetKind.PACK, "chips"): Severity.CRITICAL}, True, id="of something else"),
    ],
)
def test_what_is_followed_from_a_level_on_is_heard_from_there_on(
    floors: dict[Target, Severity], hears: bool
) -> None:
    watches = {READER.id: frozenset({Target(TargetKind.PACK, "compute")})}
    found = recipients(ALERT, ENTRY, [READER], watches, Routes(), {READER.id: floors})
    assert found == ([READER] if hears else [])


def test_a_level_of_one_thing_holds_back_nothing_that_comes_by_another() -> None:
    pack, meta = Target(TargetKind.PACK, "compute"), Target(TargetKind.COMPANY, "META")
    floors = {READER.id: {pack: Severity.CRITICAL}}
    assert recipients(ALERT, ENTRY, [READER], {READER.id: frozenset({pack, meta})}, Routes(), floors)


def test_a_word_is_found_in_headline_text_and_what_is_put_together() -> None:
    entry_ = entry("Larkfield orders turbines", text="They run on natural gas, at first.")
    lines = (
        "KELP\tKelp Energy adds a grid link",
        "Larkfield · Larkfield borrows",
    )  # one of them from an older release
    told = alert(entry_, title="Power for compute", together=lines)
    for word, hears in {
        "turbines": 1,
        "natural gas": 1,
        "grid link": 1,
        "larkfield borrows": 1,
        "kelp kelp": 0,  # an id that nobody reads
        "compute": 1,
        "gas first": 0,
    }.items():
        watches = {READER.id: frozenset({Target(TargetKind.WORD, word)})}
        assert len(recipients(told, entry_, [READER], watches, Routes())) == hears, word
