"""Silences as an operator makes, sees and ends them, and a running bot that obeys."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli_kit import COMPANIES, environment, feed_of, prompt_id, rules_folder, running, serving, spillover

from bot.model import Silence
from bot.store.database import Database
from bot.store.silences import Silences

TITLE = "Meta sells compute"
MADE = re.compile(r"([0-9a-f]{8}): no cards of (.+) until (.+ UTC)\n")


@pytest.fixture
def kept(environ: dict[str, str]) -> dict[str, str]:
    """Settings of a bot that has made its database."""
    Database(database(environ)).close()
    return environ


def database(environ: dict[str, str]) -> Path:
    return Path(environ["BOT_DATA_DIR"]) / "spillover.db"


def in_force(environ: dict[str, str]) -> tuple[Silence, ...]:
    db = Database(database(environ))
    try:
        return Silences(db).in_force(datetime.now(UTC))
    finally:
        db.close()


@pytest.mark.parametrize(
    ("args", "what"),
    [
        pytest.param(("--rule", "compute/resale"), "rule compute/resale", id="a rule"),
        pytest.param(("--company", "META"), "company META", id="a company's id"),
        pytest.param(("--company", "$meta"), "company META", id="a ticker"),
        pytest.param(("--company", "meta platforms"), "company META", id="a name"),
        pytest.param(("--feed", prompt_id()), f"feed {prompt_id()}", id="a feed"),
        pytest.param(
            ("--rule", "compute/resale", "--company", "Meta"), "rule compute/resale, company META", id="both"
        ),
    ],
)
def test_a_silence_is_made_listed_and_ended(kept: dict[str, str], args: tuple[str, ...], what: str) -> None:
    done = spillover(kept, "silences", "add", "--for", "6h", "--comment", "a\tholiday \x1b[31m", *args)
    assert (done.returncode, done.stderr) == (0, "")
    made = MADE.fullmatch(done.stdout)
    assert made is not None
    assert made[2] == what
    (silence,) = in_force(kept)
    assert timedelta(hours=5, minutes=50) < silence.until - datetime.now(UTC) <= timedelta(hours=6)

    listed = spillover(kept, "silences", "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert re.fullmatch(
        rf"{made[1]}  ends {made[3]} \(in 5h 59m\)  {what}  held back 0 cards  a holiday \[31m\n",
        listed.stdout,
    )

    ended = spillover(kept, "silences", "end", made[1])
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"ended {made[1]}\n", "")
    assert spillover(kept, "silences", "list").stdout == ""


@pytest.mark.parametrize(
    ("args", "told"),
    [
        pytest.param(("--for", "6h"), "say what to silence", id="nothing named"),
        pytest.param(("--rule", "compute/resale"), "'--for'", id="no duration"),
        pytest.param(
            ("--for", "soon", "--rule", "compute/resale"), "'soon' is no duration", id="no such one"
        ),
        pytest.param(("--for", "9" * 20 + "d", "--rule", "compute/resale"), "--for", id="beyond all dates"),
        pytest.param(("--for", "31d", "--rule", "compute/resale"), "at most 30d", id="too long"),
        pytest.param(("--for", "0s", "--rule", "compute/resale"), "longer than 0s", id="no time at all"),
        pytest.param(
            ("--for", "6h", "--rule", "compute/resail"), "did you mean 'compute/resale'?", id="a rule"
        ),
        pytest.param(
            ("--for", "6h", "--rule", "resale"), "did you mean 'compute/resale'?", id="without pack"
        ),
        pytest.param(("--for", "6h", "--rule", "xyz"), "listed by: spillover rules test", id="no such rule"),
        pytest.param(("--for", "6h", "--company", "Metta"), "did you mean 'META'?", id="a company"),
        pytest.param(("--for", "6h", "--company", "hyperscaler"), "no company 'hyperscaler'", id="a sector"),
        pytest.param(("--for", "6h", "--feed", prompt_id() + "x"), f"mean '{prompt_id()}'?", id="a feed"),
        pytest.param(("--for", "6h", "--story", "abcdef"), "no single story or alert", id="a story"),
        *(
            pytest.param(
                ("--for", "6h", "--rule", "compute/resale", f"--{key}", value),
                f"'--{key}': it is empty; give a value, or leave it out",
                id=f"{name} {key} beside a rule",
            )
            for key in ("company", "story", "feed", "rule")
            for name, value in (("an empty", ""), ("a blank", " "))
        ),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(
    kept: dict[str, str], args: tuple[str, ...], told: str
) -> None:
    done = spillover(kept, "silences", "add", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr.splitlines()[-1]
    assert in_force(kept) == ()


def test_a_name_of_two_companies_is_refused_with_both(kept: dict[str, str]) -> None:
    twin = "  - {id: MTWO, name: Meta Two, sector: hyperscaler, aliases: [Meta]}\n"
    (Path(kept["BOT_RULES_DIR"]) / "companies/all.yaml").write_text(COMPANIES + twin)
    done = spillover(kept, "silences", "add", "--for", "6h", "--company", "Meta")
    assert done.returncode == 2
    assert done.stderr == ("spillover: 'Meta' can mean several companies; give the id: META, MTWO\n")


@pytest.mark.parametrize(
    "args", [("add", "--for", "6h", "--rule", "compute/resale"), ("list",), ("end", "abcdef01")]
)
def test_without_a_database_there_is_nothing_to_silence(
    environ: dict[str, str], args: tuple[str, ...]
) -> None:
    done = spillover(environ, "silences", *args)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "there is no database" in line
    assert not Path(environ["BOT_DATA_DIR"]).exists()


def test_what_is_not_in_force_can_not_be_ended(kept: dict[str, str]) -> None:
    db = Database(database(kept))
    Silences(db).add(Silence(id="0123abcd", until=datetime.now(UTC) + timedelta(hours=1), company="META"))
    Silences(db).add(Silence(id="fedc4321", until=datetime.now(UTC) - timedelta(hours=1), company="META"))
    db.close()
    for wrong, told in (("0123abce", "; did you mean '0123abcd'?"), ("fedc4321", "")):
        done = spillover(kept, "silences", "end", wrong)
        assert done.returncode == 2
        assert done.stderr == (
            f"spillover: no silence '{wrong}' is in force{told}; "
            "for those that are, type: spillover silences list\n"
        )


def test_a_running_bot_obeys_with_its_next_batch_and_the_list_counts_what_it_held(tmp_path: Path) -> None:
    with serving() as wire:
        wire.answers["/feed"] = feed_of(TITLE)
        wire.open.clear()
        rules_folder(tmp_path, {prompt_id(): f"{wire.url}/feed"})
        environ = environment(tmp_path, BOT_ALLOW_ADDRESSES=wire.place)
        with running(environ) as bot:
            bot.until(wire.asked.is_set)
            done = spillover(environ, "silences", "add", "--for", "1h", "--company", "Meta")
            assert (done.returncode, done.stderr) == (0, "")
            wire.open.set()
            bot.until(
                lambda: "company META  held back 1 card" in spillover(environ, "silences", "list").stdout
            )
            assert bot.end() == 0
    assert not any(TITLE in line for line in bot.shown)
    db = Database(database(environ))
    story = db.value("SELECT id FROM stories")
    db.close()
    done = spillover(environ, "silences", "add", "--for", "1h", "--story", story[:8])
    assert f"no cards of story {story} until" in done.stdout
