"""The demo as a whole: the real program, its rules and its language on the demo's server, against what it should make of it."""

import io
import re
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from bot.config import load_settings
from bot.demo.run import play
from bot.demo.script import Effect, Role, load_scripts
from bot.loading import load
from bot.store.database import Database

ROOT = Path(__file__).parent.parent.parent
SOUNDS = {"new": Effect.CARD, "reply": Effect.REPLY}


@pytest.fixture(scope="module")
def expected() -> dict[str, Counter[str]]:
    """What each entry should cause, by guid: cards and replies of it and of its edits."""
    wanted: dict[str, Counter[str]] = {}
    for script in load_scripts():
        for entry in script.entries:
            versions = [entry.expect, *(edit.expect for edit in entry.edit)]
            effects = [e.outcome.value for e in versions if e is not None and e.alert]
            if effects:
                wanted[entry.guid] = Counter(effects)
    return wanted


async def test_the_demo_tells_what_it_should_and_nothing_else(
    tmp_path: Path, expected: dict[str, Counter[str]]
) -> None:
    settings = load_settings({"BOT_RULES_DIR": str(ROOT / "rules")})
    screen = io.StringIO()
    await play(settings, load(settings), Console(file=screen, width=100), tmp_path)
    database = Database(tmp_path / "spillover.db")
    told: dict[str, Counter[str]] = {}
    for row in database.rows(
        "SELECT e.guid, o.kind FROM outbox o JOIN alerts a ON a.id = o.alert_id JOIN entries e ON e.id = a.entry_id "
        "WHERE o.kind IN ('new', 'reply') AND o.state = 'sent'"
    ):
        guid = re.split(r"[/:]", row["guid"])[-1]  # some formats want a whole address
        told.setdefault(guid, Counter())[SOUNDS[row["kind"]].value] += 1
    assert told == expected
    assert database.value("SELECT count(*) FROM outbox WHERE state <> 'sent'") == 0
    assert database.value("SELECT count(*) FROM entries") == sum(len(s.entries) for s in load_scripts())
    unexplained = "SELECT count(*) FROM entries WHERE id NOT IN (SELECT entry_id FROM verdicts)"
    assert database.value(unexplained) == 0, "every entry has a reason"
    database.close()
    output = screen.getvalue()
    for word in ("SPILLOVER SEEN", "DENIED", "CORRECTED", "held back", "(invented for the demo)"):
        assert word in output


def test_the_script_holds_the_whole_seed_case(expected: dict[str, Counter[str]]) -> None:
    roles = {e.expect.role for s in load_scripts() for e in s.entries if e.expect is not None}
    assert roles == set(Role) - {Role.CORRECTION}, "the correction is an edit"
    assert sum(c["card"] for c in expected.values()) > 8
    assert sum(c["reply"] for c in expected.values()) > 3
