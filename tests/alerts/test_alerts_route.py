from dataclasses import replace

import pytest
from make import alert

from bot.alerts.route import recipients
from bot.alerts.routes import Routes
from bot.model import Exposure, Subscriber, Target, TargetKind

READER = Subscriber(id="telegram:1", channel="telegram", address="1")
ALERT = alert(
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
    found = recipients(ALERT, [READER], {READER.id: frozenset({target})}, Routes())
    assert found == ([READER] if follows else [])


def test_who_follows_nothing_or_has_left_hears_nothing() -> None:
    everything = frozenset({Target(TargetKind.ALL)})
    assert recipients(ALERT, [READER], {}, Routes()) == []
    assert recipients(ALERT, [replace(READER, active=False)], {READER.id: everything}, Routes()) == []
