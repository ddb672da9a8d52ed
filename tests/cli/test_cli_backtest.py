"""`spillover backtest` and `spillover whynot` as people use them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli_kit import COMPANIES, PACK, clean, closed_pipe, command, complaints, invoke, jsonl, spillover

from bot import app
from bot.config import load_settings
from bot.loading import load
from bot.model import DateQuality, Entry, SourceKind, Target, TargetKind
from bot.pipeline import process
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.text import digest

ITEMS = [
    {
        "id": "claim",
        "published": "2026-05-04T10:00:00Z",
        "title": "Meta is selling spare compute to outside customers, people familiar say",
        "source": "wire",
    },
    {
        "id": "origin",
        "published": "2026-05-04T13:00:00+02:00",
        "title": "Room to let: Meta sells spare compute, sources tell us",
        "source": "paper",
    },
    {"id": "noise", "published": "2026-05-04T12:00:00Z", "title": "Rain is expected in the hills"},
    {
        "id": "denial",
        "published": "2026-05-04T13:00:00Z",
        "title": "Meta denies that it is selling compute",
        "source": "trade",
    },
]
QUIET = PACK.replace(
    "match: {theme: compute_resale}", "match: {theme: compute_resale, source: {tier: 3}}"
).replace('"Meta sells compute", fires: true', '"Meta sells compute", tier: 3, fires: true')


@pytest.fixture
def items(tmp_path: Path) -> str:
    path = tmp_path / "items.jsonl"
    path.write_text(jsonl(ITEMS))
    return str(path)


def test_json_is_a_line_for_each_notification(environ: dict[str, str], items: str) -> None:
    done = spillover(environ, "backtest", "--items", items, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert list(rows[0]) == ["at", "kind", "story", "rule", "level", "entry", "reason"]
    assert [(r["at"], r["kind"], r["entry"], r["reason"]) for r in rows] == [
        ("2026-05-04T10:00:00+00:00", "new", "claim", "first"),
        ("2026-05-04T11:00:00+00:00", "edit", "origin", "counted"),
        ("2026-05-04T13:00:00+00:00", "edit", "denial", "denied"),
        ("2026-05-04T13:00:00+00:00", "reply", "denial", "denied"),
    ]
    assert {(r["rule"], r["level"]) for r in rows} == {("compute/resale", "high")}
    assert len({r["story"] for r in rows}) == 1


def test_people_get_a_report_which_a_pipe_does_not_break(environ: dict[str, str], items: str) -> None:
    done = spillover(environ, "backtest", "--items", items)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == (
        f"4 entries, 2026-05-04 10:00 to 2026-05-04 13:00 UTC, rules of {environ['BOT_RULES_DIR']}"
    )
    assert f"    2026-05-04 10:00  {ITEMS[0]['title']}" in done.stdout.splitlines()


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(("--batch", "1"), id="one by one"),
        pytest.param(("--batch", "3"), id="three at a time"),
        pytest.param(("--processes", "2"), id="in other processes"),
    ],
)
def test_how_it_is_analysed_changes_no_byte(environ: dict[str, str], items: str, args: Sequence[str]) -> None:
    plain = spillover(environ, "backtest", "--items", items, "--json")
    other = spillover(environ, "backtest", "--items", items, "--json", *args)
    assert (other.returncode, other.stdout, other.stderr) == (0, plain.stdout, "")
    assert plain.stdout


def test_an_option_stands_above_the_setting(environ: dict[str, str], items: str) -> None:
    nowhere = environ | {"BOT_ANALYSIS": "dask:tcp://127.0.0.1:1"}
    assert invoke(nowhere, "backtest", "--items", items, "--processes", "1").exit_code == 0
    done = invoke(environ, "backtest", "--items", items, "--dask", "tcp://127.0.0.1:1")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("spillover: no Dask scheduler answers at tcp://127.0.0.1:1")
    done = invoke(environ, "backtest", "--items", items, "--dask", "somewhere")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "'dask:somewhere' is none of inline" in done.stderr


@pytest.mark.parametrize("args", [("--json",), ()], ids=["as JSON", "for people"])
def test_what_time_it_is_changes_no_byte(
    environ: dict[str, str], items: str, monkeypatch: pytest.MonkeyPatch, args: Sequence[str]
) -> None:
    outputs = []
    for year in (1999, 2077):
        wall = datetime(year, 1, 1, tzinfo=UTC)

        class Clock(datetime):
            @classmethod
            def now(cls, tz: object = None, wall: datetime = wall) -> datetime:  # type: ignore[override]
                return wall

            @classmethod
            def utcnow(cls, wall: datetime = wall) -> datetime:
                return wall

        with monkeypatch.context() as patch:
            for name, module in list(sys.modules.items()):
                if name.startswith("bot.") and getattr(module, "datetime", None) is datetime:
                    patch.setattr(module, "datetime", Clock)
            patch.setattr(time, "time", wall.timestamp)
            assert app.utc_now() == wall, "the clock is that of the test"
            outputs.append(invoke(environ, "backtest", "--items", items, *args).stdout)
    assert outputs[0] == outputs[1]
    assert "2026-05-04" in outputs[0]


def test_a_folder_of_packs_stands_in_for_those_in_force(
    environ: dict[str, str], items: str, tmp_path: Path
) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs/quiet.yaml").write_text(QUIET)
    done = invoke(environ, "backtest", "--items", items, "--rules", str(tmp_path / "packs"), "--json")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    done = invoke(environ, "backtest", "--items", items, "--against", str(tmp_path / "packs"))
    assert "     1      0  compute/resale" in done.stdout.splitlines()
    assert "               only with " + environ["BOT_RULES_DIR"] + ": 1" in done.stdout.splitlines()


def test_a_whole_rules_folder_brings_its_own_companies_and_themes(
    environ: dict[str, str], items: str, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(environ["BOT_RULES_DIR"], other)
    (other / "companies/all.yaml").write_text(COMPANIES.replace("Meta", "Xmeta").replace("META", "XMETA"))
    named = PACK.replace("{theme: compute_resale}", "{theme: compute_resale, actor: {named: true}}")
    (other / "alerts/compute.yaml").write_text(named.replace("Meta", "Xmeta"))
    done = invoke(environ, "backtest", "--items", items, "--rules", str(other), "--json")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    done = invoke(environ, "backtest", "--items", items, "--against", str(other))
    assert "     1      0  compute/resale" in done.stdout.splitlines()


def in_part(folder: Path) -> str:
    (folder / "sources.yaml").unlink()
    return "is a rules folder without sources.yaml; copy the whole folder"


def empty(folder: Path) -> str:
    shutil.rmtree(folder)
    folder.mkdir()
    return "is no rules folder (sources.yaml, exposure.yaml, companies, themes, alerts) and holds no packs (*.yaml)"


def failing(folder: Path) -> str:
    pack = folder / "alerts/compute.yaml"
    pack.write_text(PACK.replace("Meta opens an office", "Meta sells all its compute"))
    return "alerts/compute.yaml:11:9: test of compute/resale: expected silence"


@pytest.mark.parametrize("spoil", [in_part, empty, failing], ids=lambda spoil: spoil.__name__)
@pytest.mark.parametrize("option", ["--rules", "--against"])
def test_a_folder_that_is_no_good_is_one_line(
    environ: dict[str, str], items: str, tmp_path: Path, option: str, spoil: Callable[[Path], str]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(environ["BOT_RULES_DIR"], other)
    told = spoil(other)
    done = invoke(environ, "backtest", "--items", items, option, str(other))
    assert (done.exit_code, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert told in line


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(None, "items.jsonl: can't be read", id="no file"),
        pytest.param("", "holds no items; write one a line", id="empty"),
        pytest.param("\n\n", "holds no items; write one a line", id="empty lines"),
        pytest.param(jsonl(ITEMS) + "{\n", "items.jsonl:5: not an item", id="a broken line"),
        pytest.param(jsonl(ITEMS) + '{"id": 1}\n', "items.jsonl:5: not an item: 'published'", id="no date"),
        pytest.param(
            jsonl([ITEMS[0] | {"published": "0001-01-01T00:00:00+05:00"}]),
            "items.jsonl: an item is of the year 1 or 9999",
            id="a date out of reach",
        ),
    ],
)
def test_items_that_are_no_good_are_one_line_and_nothing_else(
    environ: dict[str, str], tmp_path: Path, content: str | None, told: str
) -> None:
    path = tmp_path / "items.jsonl"
    if content is not None:
        path.write_text(content)
    done = spillover(environ, "backtest", "--items", str(path), "--json")
    assert (done.returncode, done.stdout) == (2, "")
    [line] = complaints(done.stderr)
    assert told in line


@pytest.mark.parametrize(
    ("args", "told"),
    [
        pytest.param((), "give either --items FILE or --since 30d", id="no news"),
        pytest.param(("--items", "x", "--since", "1d"), "give either --items", id="both"),
        pytest.param(("--since", "soon"), "'soon' is no duration; write for example", id="no duration"),
        pytest.param(("--since", "9" * 30 + "d"), "Invalid value for '--since'", id="too long"),
        pytest.param(("--items", "x", "--batch", "0"), "Invalid value for '--batch'", id="no batch"),
        pytest.param(
            ("--items", "x", "--processes", "0"), "Invalid value for '--processes'", id="no process"
        ),
        pytest.param(
            ("--items", "x", "--processes", "1", "--dask", "y"), "either --processes", id="two places"
        ),
        pytest.param(("--items", "x", "--json", "--against", "."), "leave out --against", id="JSON of two"),
        pytest.param(("--since", "1d"), "there is no database", id="no archive"),
    ],
)
def test_options_that_do_not_fit_are_refused(environ: dict[str, str], args: Sequence[str], told: str) -> None:
    done = invoke(environ, "backtest", *args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_reader_that_goes_ends_it_quietly(environ: dict[str, str], items: str) -> None:
    with closed_pipe() as gone:
        done = subprocess.run(
            command("backtest", "--items", items),
            env=clean(environ),
            stdout=gone,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")


# --- the archive ---


def archive(environ: dict[str, str], *entries: Entry) -> None:
    """Entries taken in one after another at their own time, as the running program does."""
    settings = load_settings(environ)
    loaded = load(settings)
    database = Database(settings.database)
    ingest = Ingest(database)
    for entry in entries:
        snapshot = ingest.snapshot([entry], entry.seen_at)
        outcome = process([entry], snapshot, loaded.book, loaded.analyzer, entry.seen_at)
        assert ingest.apply(outcome, entry.seen_at)
    database.close()


def entry(title: str, at: datetime, path: str = "", text: str = "") -> Entry:
    return Entry(
        id=digest("wire", title),
        feed_id="wire",
        guid=title,
        url=f"https://wire.example/{path or digest(title)}",
        title=title,
        text=text,
        content=digest(title, text),
        published=at,
        date_quality=DateQuality.OK,
        seen_at=at,
        kind=SourceKind.WIRE,
        tier=1,
    )


NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DENIAL = entry("Meta denies that it is selling compute", NOON, "denial")
RAIN = entry("Rain is expected in the hills", NOON + timedelta(hours=1), "rain")
SALE = entry("Meta is selling spare compute to outside customers", NOON + timedelta(days=4), "sale")


def test_the_archive_is_replayed_without_the_wall_clock(environ: dict[str, str]) -> None:
    archive(environ, DENIAL, RAIN, SALE)
    done = spillover(environ, "backtest", "--since", "30d", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    [row] = map(json.loads, done.stdout.splitlines())
    assert (row["kind"], row["entry"], row["at"]) == ("new", SALE.id, "2026-05-08T12:00:00+00:00")
    assert invoke(environ, "backtest", "--since", "1h").stdout.startswith("1 entry, 2026-05-08 12:00")


def test_an_archive_without_entries_is_one_line(environ: dict[str, str]) -> None:
    archive(environ)
    done = invoke(environ, "backtest", "--since", "30d")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("spillover: the archive holds no entries yet; run the bot")


def test_whynot_names_what_stopped_an_entry_and_the_nearest_rule(environ: dict[str, str]) -> None:
    archive(environ, DENIAL)
    rules = Path(environ["BOT_RULES_DIR"]) / "alerts/compute.yaml"
    rules.write_text(
        PACK.replace("{theme: compute_resale}", "{theme: compute_resale, modality: {not: denied}}")
    )
    done = spillover(environ, "whynot", DENIAL.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:3] == [
        DENIAL.title,
        "published 2026-05-04 12:00, seen 2026-05-04 12:00 UTC, wire, tier 1",
        DENIAL.url,
    ]
    assert done.stdout.splitlines()[-1].startswith(
        "  compute/resale compute.yaml:5: compute_resale (Meta Platforms): modality is denied, which the rule excludes"
    )


def test_whynot_of_noise_says_that_no_rule_comes_near(environ: dict[str, str]) -> None:
    archive(environ, RAIN)
    lines = invoke(environ, "whynot", RAIN.id).stdout.splitlines()
    assert "first stopped by: no_event (it tells of nothing that is watched for)" in lines
    assert lines[-2:] == ["events in it: none", "no rule comes near: no event of any theme is in it"]


def test_whynot_of_what_was_told_says_so(environ: dict[str, str]) -> None:
    settings = load_settings(environ)
    database = Database(settings.database)
    Desk(database).enroll("console", "", NOON)
    Desk(database).watch("console:", Target(TargetKind.ALL), NOON)
    database.close()
    archive(environ, SALE)
    lines = invoke(environ, "whynot", SALE.url).stdout.splitlines()
    assert "it was told: first (first card of this story)" in lines
    assert lines[-1] == "  compute/resale compute.yaml:5: satisfied"


def test_whynot_reads_a_text_whose_analysis_is_not_kept(environ: dict[str, str]) -> None:
    archive(environ, DENIAL)
    kept = invoke(environ, "whynot", DENIAL.id).stdout
    database = Database(load_settings(environ).database)
    with database.transaction() as cursor:
        cursor.execute("DELETE FROM analyses")
    database.close()
    assert invoke(environ, "whynot", DENIAL.id).stdout == kept
    assert "compute_resale (Meta Platforms), denied" in kept


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        pytest.param("https://wire.example/denials", f"the nearest of its site is {DENIAL.url}", id="near"),
        pytest.param("https://nobody.example/", "nothing else of its site is", id="far"),
        pytest.param("rain", "give the URL of an entry, or its whole id", id="no URL"),
    ],
)
def test_whynot_of_what_is_not_there_is_one_line(environ: dict[str, str], asked: str, told: str) -> None:
    archive(environ, DENIAL, RAIN)
    done = spillover(environ, "whynot", asked)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = complaints(done.stderr)
    assert line.startswith(f"spillover: {asked!r} is not in the archive; {told}. ")


def test_whynot_of_noise_needs_no_rule_about_single_entries(environ: dict[str, str]) -> None:
    archive(environ, RAIN)
    rules = Path(environ["BOT_RULES_DIR"]) / "alerts/compute.yaml"
    wave = "correlate: {type: frequency, of: [compute_resale], gte: 2, within: 5d}"
    told = '{news: [{at: 0h, title: "Meta sells compute", every: 1h, times: 2}], fires: true}'
    untold = '{news: [{at: 0h, title: "Meta opens an office"}], fires: false}'
    text = PACK.replace("match: {theme: compute_resale}", wave)
    text = text.replace('{title: "Meta sells compute", fires: true}', told)
    rules.write_text(text.replace('{title: "Meta opens an office", fires: false}', untold))
    done = invoke(environ, "whynot", RAIN.id)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "no rule comes near: no event of any theme is in it"
