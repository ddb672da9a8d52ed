"""Numbers of the past for managers: from a process of its own, with the real files and the real language."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from cli_kit import environment, rules_folder
from make import NOW, entry

from bot.config import Settings, load_settings
from bot.errors import ConfigError
from bot.loading import load
from bot.locale import speaking
from bot.model import Decision, Outcome, Reason, Verdict
from bot.store.database import Database
from bot.store.ingest import Ingest
from bot.upkeep import past
from bot.upkeep.past import compute, numbers, version_of

DAY = timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    rules_folder(tmp_path, {"wire": "http://127.0.0.1:1/feed"})
    chosen = load_settings(environment(tmp_path, BOT_TELEGRAM_TOKEN="123456789:" + "a" * 35))
    database = Database(chosen.database)
    ingest = Ingest(database)
    titles = (
        "Meta is exploring selling excess AI computing capacity, people familiar said",
        "Meta opens an office",
    )
    for title in titles:
        came = entry(title)
        ingest.snapshot([came], NOW)
        verdict = Verdict(entry_id=came.id, at=NOW, decision=Decision(send=False, reason=Reason.NO_RULE))
        ingest.apply(Outcome(entries=(came,), verdicts=(verdict,)), NOW)
    database.close()
    return chosen


async def test_the_numbers_are_those_of_the_rules_in_force_and_nothing_is_stored(settings: Settings) -> None:
    before = settings.database.read_bytes()
    lines = await numbers(settings, version_of(load(settings)), 7 * DAY)
    assert lines[0] == "Backtest of 7d: 2 entries, 1 story"
    assert lines[1].startswith("1 card, 0 replies, 0 silent edits")
    assert lines[2].startswith("1× ")
    assert lines[-1].startswith("Held back: ")
    assert settings.database.read_bytes() == before


async def test_the_process_speaks_the_language_of_whoever_asked(settings: Settings) -> None:
    with speaking("de"):
        lines = await numbers(settings, version_of(load(settings)), 7 * DAY)
        with pytest.raises(
            ConfigError, match=r"^die Dateien weichen von den geltenden Regeln ab: erst /reload$"
        ):
            await numbers(settings, "another", 7 * DAY)
    assert lines[0] == "Rückrechnung über 7d: 2 Einträge, 1 Story"
    assert lines[1] == "1 Karte, 0 Antworten, 0 stille Änderungen; 0,1 Töne am Tag"
    assert lines[-1].startswith("Zurückgehalten: ")


async def test_rules_that_are_not_in_force_are_refused(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="/reload first"):
        await numbers(settings, "another", 7 * DAY)


async def test_what_takes_too_long_is_ended(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="takes longer than"):
        await numbers(settings, "x", 7 * DAY, within=timedelta(milliseconds=1))
    assert not [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]


def test_too_much_is_refused_before_anything_is_read(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "MOST", 1)
    with pytest.raises(ConfigError, match="that is 2 entries"):
        compute(settings, "x", DAY)


def test_an_empty_archive_is_said(settings: Settings) -> None:
    settings.database.unlink()
    Database(settings.database).close()
    with pytest.raises(ConfigError, match="no entries yet"):
        compute(settings, "x", DAY)
