"""`routes.yaml`: hours of the day, and mistakes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.alerts.routes import Quiet, Routes, load_routes
from bot.errors import RulesError
from bot.model import Severity


def load(folder: Path, text: str) -> Routes:
    (folder / "routes.yaml").write_text(text, encoding="utf-8")
    return load_routes(
        folder / "routes.yaml",
        rules={"capex/cut", "capex/wave"},
        packs={"capex"},
        themes={"capex_cut"},
        companies={"META"},
        sectors={"memory"},
    )


def quiet(begin: str, end: str, tz: str = "UTC", loud: str = "") -> Quiet:
    given = {"from": begin, "to": end, "tz": tz}
    return Quiet.model_validate(given | ({"except": loud} if loud else {}))


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-03-02T21:59", None),
        ("2026-03-02T22:00", "2026-03-03T07:00"),
        ("2026-03-03T06:59", "2026-03-03T07:00"),
        ("2026-03-03T07:00", None),
    ],
)
def test_quiet_hours_over_midnight(at: str, until: str | None) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    ends = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    assert quiet("22:00", "07:00").until(Severity.HIGH, now) == ends


def test_quiet_hours_of_a_day() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert quiet("09:00", "17:00").until(Severity.HIGH, noon) == noon + timedelta(hours=5)
    assert quiet("13:00", "17:00").until(Severity.HIGH, noon) is None


def test_quiet_hours_know_when_the_clocks_change() -> None:
    before = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight in Berlin, which skips an hour at two
    assert quiet("22:00", "07:00", "Europe/Berlin").until(Severity.HIGH, before) == datetime(
        2026, 3, 29, 5, tzinfo=UTC
    )


def test_loud_ones_are_sent_all_the_same() -> None:
    night = datetime(2026, 3, 2, 23, tzinfo=UTC)
    assert quiet("22:00", "07:00", loud="high").until(Severity.CRITICAL, night) is None
    assert quiet("22:00", "07:00", loud="high").until(Severity.MEDIUM, night) is not None


def test_without_a_file_there_are_no_routes(tmp_path: Path) -> None:
    assert (
        load_routes(tmp_path / "routes.yaml", rules=(), packs=(), themes=(), companies=(), sectors=())
        == Routes()
    )


MISTAKES = {
    "routes: [{to: 'telegram:1', when: {pack: capx}}]": "no pack 'capx' is known; did you mean 'capex'?",
    "routes: [{to: 'telegram:1', when: {level: loud}}]": "'loud' is not one of",
    "routes: [{to: 'slack:x'}]": "'slack:x' is no target",
    "routes: [{to: 'apprise:ntfys://h/x'}]": "after apprise: comes a name in small letters",
    "routes: [{to: 'telegram:1', group_wait: 2h}]": "half an hour at most",
    "routes: [{to: 'telegram:1', group_wait: soon}]": "'soon' is no duration",
    "routes: [{to: 'telegram:1', quiet: {from: '25:00', to: '07:00'}}]": "'25:00' is no time of day",
    "routes: [{to: 'telegram:1', group_wait: 99999999999999w}]": "half an hour at most",
    "routes: [{to: 'telegram:1', quiet: {from: '22:00Z', to: '07:00'}}]": "'22:00Z' is no time of day",
    "routes: [{to: 'telegram:1', quiet: {from: '07:00', to: '07:00'}}]": "give two times",
    "routes: [{to: 'telegram:1', quiet: {from: '22:00', to: '07:00', tz: Mars}}]": "'Mars' is no time zone",
    "inhibit: [{when: {rule: capex/wav}, mute: {rule: capex/cut}, equal: story, for: 12h}]": "no rule 'capex/wav' is known; did you mean 'capex/wave'?",
    "inhibit: [{when: {rule: capex/wave}, mute: {rule: capex/cut}, equal: colour, for: 12h}]": "'colour' is not one of story, actor",
    "inhibit: [{when: {rule: capex/wave}, mute: {rule: capex/cut}, for: 12h}]": "'equal' is missing",
}


@pytest.mark.parametrize(("text", "problem"), MISTAKES.items(), ids=MISTAKES.values())
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(RulesError) as caught:
        load(tmp_path, f"version: 1\n{text}\n")
    assert problem in str(caught.value)
    assert "routes.yaml:2:" in str(caught.value)
    assert caught.value.others == ()
