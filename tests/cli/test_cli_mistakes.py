"""Every mistake a user can make gives one clear line that says what to do, and a non-zero exit."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest
from cli_kit import TOKEN, complaints, invoke, jsonl, spillover

from bot.store.database import Database


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        pytest.param("BOT_TELEGRAM_TOKN", TOKEN, "did you mean 'BOT_TELEGRAM_TOKEN'?", id="unknown"),
        pytest.param("BOT_TELEGRAM_TOKEN", "abc", "BOT_TELEGRAM_TOKEN: does not look like", id="no token"),
        pytest.param("BOT_TELEGRAM_TOKEN_FILE", "/nowhere", "can't read /nowhere", id="no file"),
        pytest.param("BOT_HTTP_PORT", "many", "BOT_HTTP_PORT: ", id="no number"),
        pytest.param("BOT_HTTP_PORT", "70000", "BOT_HTTP_PORT: ", id="no port"),
        pytest.param("BOT_KEEP", "ever", "write for example 30s", id="no duration"),
        pytest.param("BOT_LOG_LEVEL", "loud", "BOT_LOG_LEVEL: ", id="no level"),
        pytest.param("BOT_TELEGRAM_API_URL", "ftp://x", "must begin with http", id="no address"),
        pytest.param("BOT_RULES_DIR", "/nowhere", "set BOT_RULES_DIR to the rules folder", id="no rules"),
        pytest.param("BOT_RULES_DIR", "/" + "x" * 300, "; let user ", id="rules that can't be read"),
    ],
)
@pytest.mark.parametrize("name", ["run", "rules check", "feeds export"])
def test_a_wrong_setting_is_one_line_that_names_it(
    environ: dict[str, str], name: str, setting: str, value: str, told: str
) -> None:
    done = invoke(environ | {setting: value}, *name.split())
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("spillover: ")
    assert told in line
    assert done.stdout == ""


def test_a_data_folder_of_somebody_else_is_one_line_that_says_whom_to_let_in(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a folder is mounted into a container, whose user nobody thought of."""

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        done = invoke(environ, "db", "prune")
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert f"Permission denied; let user {os.geteuid()} write there, or set BOT_DATA_DIR" in line


def test_all_wrong_settings_are_told_at_once(environ: dict[str, str]) -> None:
    done = invoke(environ | {"BOT_TICK": "0s", "BOT_HTTP_PORT": "x", "BOT_KEEP": ""}, "doctor")
    assert sorted(line.split(": ")[1] for line in done.stderr.splitlines()) == [
        "BOT_HTTP_PORT",
        "BOT_KEEP",
        "BOT_TICK",
    ]


@pytest.mark.parametrize(
    "args",
    [
        pytest.param((), id="the program"),
        pytest.param(("run",), id="a command"),
        pytest.param(("db", "prune"), id="a command of a group"),
    ],
)
def test_help_is_given_also_with_wrong_settings(args: tuple[str, ...]) -> None:
    done = invoke({"BOT_NONSENSE": "1"}, *args, "--help")
    assert done.exit_code == 0
    assert done.stdout.startswith("Usage: ")


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(("fly",), id="unknown command"),
        pytest.param(("run", "fast"), id="an argument too many"),
        pytest.param(("db", "backup"), id="an argument too few"),
        pytest.param(("db", "prune", "--keep", "0"), id="keep nothing"),
        pytest.param(("db", "prune", "--keep", "99999999999"), id="keep for longer than there are dates"),
        pytest.param(("rules", "test", "/nowhere"), id="no folder of rules"),
        pytest.param(("rules", "test", __file__), id="a file where a folder is wanted"),
        pytest.param(("feeds", "import", "/nowhere"), id="no OPML file"),
        pytest.param(("feeds", "import", "/"), id="a folder where OPML is wanted"),
        pytest.param(("feeds", "import", "--tier", "9", __file__), id="no such tier"),
    ],
)
def test_a_command_that_is_used_wrongly_says_how_it_is_used(
    environ: dict[str, str], args: tuple[str, ...]
) -> None:
    done = invoke(environ, *args)
    assert done.exit_code == 2
    assert done.stderr.startswith("Usage: spillover")
    assert "Error: " in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        pytest.param("alerts/compute.yaml", b"rules: [", "compute.yaml:1:9: not valid YAML", id="no YAML"),
        pytest.param("alerts/compute.yaml", b"\xff\xfe\x00", "compute.yaml", id="no text"),
        pytest.param("alerts/compute.yaml", b"", "compute.yaml", id="empty"),
        pytest.param("themes/all.yaml", b"version: 1\nthems: []\n", "all.yaml:2:1: ", id="a typo in themes"),
        pytest.param("companies/all.yaml", b"version: 2\n", "all.yaml:1:", id="companies of another version"),
        pytest.param("exposure.yaml", b"version: 1\nedges: []\n", "exposure.yaml", id="exposure with a gap"),
        pytest.param("sources.yaml", b"version: 1\nfeeds: [{id: A}]\n", "sources.yaml:2:", id="a bad feed"),
    ],
)
def test_a_broken_rules_file_is_named_with_its_line_and_nothing_starts(
    environ: dict[str, str], file: str, content: bytes, told: str
) -> None:
    (Path(environ["BOT_RULES_DIR"]) / file).write_bytes(content)
    for args, code in ((("rules", "check"), 1), (("run",), 2)):
        done = invoke(environ, *args)
        assert done.exit_code == code
        assert told in done.stderr
        assert all(line.startswith("spillover: ") for line in done.stderr.splitlines())
    assert not Path(environ["BOT_DATA_DIR"]).exists()


def test_every_mistake_in_the_rules_is_a_line(environ: dict[str, str]) -> None:
    pack = Path(environ["BOT_RULES_DIR"]) / "alerts/compute.yaml"
    pack.write_text(pack.read_text().replace("theme: compute_resale", "theme: resale, actor: {in: [METTA]}"))
    done = invoke(environ, "rules", "check")
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 2
    assert all(line.startswith(f"spillover: {pack}:8:") for line in done.stderr.splitlines())


@pytest.mark.parametrize("args", [("rules", "check"), ("rules", "test")], ids=" ".join)
def test_a_rule_that_fails_its_own_test_is_told_with_the_line_of_the_test(
    environ: dict[str, str], args: tuple[str, ...]
) -> None:
    pack = Path(environ["BOT_RULES_DIR"]) / "alerts/compute.yaml"
    pack.write_text(pack.read_text().replace("opens an office", "sells compute capacity"))
    done = invoke(environ, *args)
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"spillover: {pack}:11:")
    assert "expected silence" in line


ITEM = {"id": "1", "published": "2026-03-02T08:00:00Z", "title": "Meta sells compute"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"hello\n", "items:1: ", id="no JSON"),
        pytest.param(b"[1]\n", "items:1: ", id="no object"),
        pytest.param(b"{}\n", "items:1: ", id="nothing in it"),
        pytest.param(b"\n" + jsonl([ITEM | {"published": "soon"}]).encode(), "items:2: ", id="no date"),
        pytest.param(b"\xff\xfe\x00", "items: ", id="no text"),
        pytest.param(b"[" * 100_000, "items:1: ", id="nested too deeply"),
        pytest.param(b"9" * 5_000, "items:1: ", id="a number that is too long"),
    ],
)
def test_analyze_names_the_line_that_is_no_item(
    environ: dict[str, str], tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "items").write_bytes(content)
    done = invoke(environ, "analyze", str(tmp_path / "items"))
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"spillover: {tmp_path}/{told}")


@pytest.mark.parametrize("file", ["/nowhere", "/"], ids=["not there", "a folder"])
def test_analyze_of_what_is_no_file_is_one_line(environ: dict[str, str], file: str) -> None:
    done = invoke(environ, "analyze", file)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"spillover: {file}: can't be read")


def test_analyze_of_a_bad_line_on_standard_input_names_it(environ: dict[str, str]) -> None:
    done = spillover(environ, "analyze", "-", stdin=jsonl([ITEM, "x"]).encode())
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("spillover: /dev/stdin:2: ")


@pytest.mark.parametrize("args", [("check",), ("prune",), ("backup", "copy")], ids="db {0[0]}".format)
def test_without_a_database_the_data_folder_is_asked_for(
    environ: dict[str, str], args: tuple[str, ...]
) -> None:
    done = invoke(environ, "db", *args)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert f"there is no database {environ['BOT_DATA_DIR']}/spillover.db; set BOT_DATA_DIR" in line


@pytest.mark.parametrize(
    ("args", "code"),
    [
        pytest.param(("run",), 2, id="run"),
        pytest.param(("why", "abcd"), 2, id="why"),
        pytest.param(("db", "check"), 1, id="db check"),
        pytest.param(("db", "prune"), 2, id="db prune"),
        pytest.param(("db", "backup", "copy"), 2, id="db backup"),
        pytest.param(("doctor",), 1, id="doctor"),
    ],
)
@pytest.mark.parametrize("damage", ["no database", "a folder", "overwritten"])
def test_a_broken_database_says_what_to_do(
    environ: dict[str, str], args: tuple[str, ...], code: int, damage: str
) -> None:
    file = Path(environ["BOT_DATA_DIR"]) / "spillover.db"
    if damage == "a folder":
        file.mkdir(parents=True)
    else:
        Database(file).close()
        whole = file.read_bytes()
        file.write_bytes(b"x" * 5_000 if damage == "no database" else whole[:8_192] + b"\xff" * 60_000)
    done = spillover(environ, *args)
    if damage == "a folder" and args == ("db", "check"):
        code = 2  # no damage, the setting is wrong
    assert done.returncode == code
    told = complaints(done.stderr) if args != ("doctor",) else complaints(done.stdout)[1:2]
    (line,) = told
    assert "copy" not in line, "the copy is not at fault"
    wanted = {
        "a folder": ("is no file", "check its folder", "there is no database"),
        "no database": ("restore",),
        "overwritten": ("restore",),
    }
    assert any(words in line for words in wanted[damage])


@pytest.mark.parametrize("source", ["/nowhere", "/", __file__], ids=["not there", "a folder", "no database"])
def test_restoring_what_is_no_backup_changes_nothing(environ: dict[str, str], source: str) -> None:
    file = Path(environ["BOT_DATA_DIR"]) / "spillover.db"
    Database(file).close()
    before = file.read_bytes()
    done = invoke(environ, "db", "restore", source)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert source in line
    assert "BACKUP" not in line, "it is one already"
    assert file.read_bytes() == before


def test_a_backup_never_overwrites_a_file(environ: dict[str, str], tmp_path: Path) -> None:
    Database(Path(environ["BOT_DATA_DIR"]) / "spillover.db").close()
    (tmp_path / "mine").write_text("mine")
    done = invoke(environ, "db", "backup", str(tmp_path / "mine"))
    assert done.exit_code == 2
    assert "name a new file" in done.stderr
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_database_of_a_newer_release_is_refused(environ: dict[str, str]) -> None:
    file = Path(environ["BOT_DATA_DIR"]) / "spillover.db"
    database = Database(file)
    table = "_sqlite_migrations"
    columns = [r[1] for r in database.rows(f"PRAGMA table_info({table})")]
    row = database.row(f"SELECT * FROM {table}")
    assert row is not None
    database.close()
    values = [("zzz_of_tomorrow" if c == "name" else None if c == "id" else row[c]) for c in columns]
    with sqlite3.connect(file) as raw:
        raw.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)
    raw.close()
    done = invoke(environ, "db", "check")
    assert done.exit_code == 1
    assert "newer release" in done.stderr


def test_why_without_alerts_and_with_an_unknown_id_says_so(environ: dict[str, str]) -> None:
    Database(Path(environ["BOT_DATA_DIR"]) / "spillover.db").close()
    for args, told in (((), "there are no alerts yet"), (("nope",), "no single alert begins with 'nope'")):
        done = invoke(environ, "why", *args)
        assert done.exit_code == 2
        (line,) = done.stderr.splitlines()
        assert told in line


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(("why", ""), id="why"),
        pytest.param(("whynot", " "), id="whynot"),
        pytest.param(("demo", "--telegram", ""), id="demo"),
        pytest.param(("backtest", "--since", "1d", "--dask", ""), id="backtest"),
    ],
)
def test_an_empty_value_is_not_taken_for_none_at_all(environ: dict[str, str], args: tuple[str, ...]) -> None:
    done = invoke(environ, *args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "it is empty; give a value, or leave it out" in done.stderr


@pytest.mark.parametrize("content", [b"", b"hello", b"<html/>"], ids=["empty", "no XML", "no OPML"])
def test_importing_what_is_no_opml_is_one_line(environ: dict[str, str], content: bytes) -> None:
    done = invoke(environ, "feeds", "import", "-", stdin=content)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "OPML" in line


def test_checking_an_unknown_feed_suggests_the_nearest(environ: dict[str, str]) -> None:
    done = invoke(environ, "feeds", "check", "wire-x")
    assert done.exit_code == 2
    assert "no feed 'wire-x'" in done.stderr
    assert "did you mean 'wire-" in done.stderr


def test_a_rule_that_names_an_unknown_feed_is_a_mistake(environ: dict[str, str]) -> None:
    pack = Path(environ["BOT_RULES_DIR"]) / "alerts/compute.yaml"
    pack.write_text(
        pack.read_text().replace("compute_resale}", "compute_resale, source: {id: {in: [nobody]}}}")
    )
    done = invoke(environ, "rules", "check")
    assert done.exit_code == 1
    assert "no feed 'nobody' is known" in done.stderr
