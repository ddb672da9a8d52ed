"""Normal use of every command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from cli_kit import PATIENCE, Wire, environment, feed_of, invoke, jsonl, rules_folder, serving, spillover

from bot import __version__
from bot.backtest import read_rulesets
from bot.cli import main
from bot.config import load_settings
from bot.store.database import Database

ITEMS = [
    {"id": "a", "published": "2026-03-02T08:00:00Z", "title": "Meta sells compute", "kind": "wire"},
    {
        "id": "b",
        "published": "2026-03-02T09:00:00+01:00",
        "title": "Rain is expected",
        "text": "<p>All day</p>",
    },
]
ROOT = Path(__file__).parent.parent.parent
STORY = re.compile(r"[0-9a-f]{16}")


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as made:
        yield made


def every_command(command: click.Command, name: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield name
    if isinstance(command, click.Group):
        for part in command.commands.values():
            yield from every_command(part, (*name, str(part.name)))


@pytest.mark.parametrize("name", list(every_command(main)), ids=lambda name: " ".join(name) or "spillover")
def test_every_command_says_in_one_whole_sentence_what_it_does(name: tuple[str, ...]) -> None:
    done = invoke({}, *name, "--help")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: spillover {' '.join(name)}".rstrip())
    if name:
        group = invoke({}, *name[:-1], "--help").stdout
        (line,) = re.findall(rf"^  {name[-1]} +(.*)$", group, re.MULTILINE)
        assert line.endswith("."), "it is cut off"
        assert not line.endswith("...")


def test_a_health_check_loads_nothing_that_understands_news() -> None:
    """A container asks twice a minute, and all of it takes a second of processor."""
    look = "import sys; from bot.cli import main; main(['health', '--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    loaded = done.stdout.split()
    assert "bot.cli.health" in loaded
    assert {"bot.app", "bot.nlp", "numpy", "spacy", "telegram"} & set(loaded) == set()


def test_a_mistyped_command_is_told_with_what_was_meant() -> None:
    done = invoke({}, "helth")
    assert done.exit_code == 2
    assert "Did you mean 'health'?" in done.stderr


def test_the_version_is_that_of_the_package() -> None:
    assert invoke({}, "--version").stdout == f"spillover, version {__version__}\n"


def test_analyze_gives_one_prediction_a_line_in_order(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "items").write_text(jsonl(ITEMS))
    done = invoke(environ, "analyze", str(tmp_path / "items"))
    assert (done.exit_code, done.stderr) == (0, "")
    sells, rains = map(json.loads, done.stdout.splitlines())
    assert sells | {"story": ""} == {
        "id": "a",
        "companies": ["META"],
        "sectors": [],
        "events": [
            {
                "theme": "compute_resale",
                "actor": "META",
                "modality": "confirmed",
                "fresh": True,
                "stage": "done",
                "attribution": "on_record",
                "polarity": "affirmed",
                "evidence": "sells compute",
                "score": 1.0,
            }
        ],
        "story": "",
    }
    assert (rains["id"], rains["companies"], rains["events"]) == ("b", [], [])
    assert sells["story"] != rains["story"]


@pytest.mark.parametrize("args", [(), ("-",)], ids=["nothing named", "a dash"])
def test_analyze_reads_standard_input(environ: dict[str, str], args: tuple[str, ...]) -> None:
    done = spillover(environ, "analyze", *args, stdin=jsonl(ITEMS).encode())
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["a", "b"]


@pytest.mark.parametrize("content", [b"", b"\n\n"], ids=["empty", "empty lines"])
def test_analyze_of_nothing_is_nothing(environ: dict[str, str], content: bytes) -> None:
    done = spillover(environ, "analyze", stdin=content)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_feeds_check_prints_a_row_for_each_feed_and_fails_if_one_does(wire: Wire, tmp_path: Path) -> None:
    wire.answers |= {"/good": feed_of("One", "Two"), "/broken": (200, "<html>Hello"), "/gone": (410, "")}
    feeds = {name: f"{wire.url}/{name}" for name in ("good", "broken", "gone")}
    rules_folder(tmp_path, feeds | {"bridged": "${RSSHUB}/x"})
    environ = environment(tmp_path, BOT_ALLOW_ADDRESSES=wire.place)
    done = invoke(environ, "feeds", "check")
    assert (done.exit_code, done.stderr) == (1, "")
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in done.stdout.splitlines()[1:-1]}
    assert rows.keys() == {"good", "broken", "gone"}
    assert rows["good"][0] == "ok"
    assert rows["good"][1].startswith("2 ")
    assert rows["broken"][0] == "failed"
    assert "HTML page, not a feed" in rows["broken"][1]
    assert rows["gone"][0] == "failed"
    assert "410" in rows["gone"][1]
    assert done.stdout.splitlines()[-1] == "1 of 3 feeds can be read"
    assert not Path(environ["BOT_DATA_DIR"]).exists()

    done = invoke(environ, "feeds", "check", "good", "good", "bridged")
    assert done.exit_code == 0
    assert "bridged" in done.stdout
    assert "its bridge is not set (BOT_RSSHUB_URL)" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 of 1 feeds can be read"


def test_feeds_check_refuses_a_private_address_that_was_not_allowed(wire: Wire, tmp_path: Path) -> None:
    rules_folder(tmp_path, {"inner": f"{wire.url}/feed"})
    done = invoke(environment(tmp_path), "feeds", "check")
    assert done.exit_code == 1
    assert "failed" in done.stdout
    assert not wire.asked.is_set()


def test_feeds_survive_the_way_out_and_back_into_sources_yaml(tmp_path: Path) -> None:
    feeds = {"one": "https://one.test/rss", "two": "https://two.test/rss?a=1&b=2"}
    rules = rules_folder(tmp_path, feeds | {"bridged": "${RSSHUB}/x"})
    environ = environment(tmp_path)
    out = invoke(environ, "feeds", "export")
    assert out.exit_code == 0
    assert out.stderr == "left out 1 feeds whose bridge is not set (BOT_RSSHUB_URL)\n"

    again = invoke(environ, "feeds", "import", "-", stdin=out.stdout)
    assert (again.exit_code, again.stdout) == (0, "")
    assert "skipped one: the same address as feed 'one'\n" in again.stderr
    assert again.stderr.endswith("0 new feeds, 2 skipped; nothing to append\n")

    sources = rules / "sources.yaml"
    sources.write_text('version: 1\nfeeds:\n  - {id: own, url: "https://own.test/", kind: wire, tier: 1}\n')
    back = invoke(environ, "feeds", "import", "-", stdin=out.stdout)
    assert back.exit_code == 0
    assert back.stderr == f"2 new feeds, 0 skipped; append them to {sources}\n"
    sources.write_text(sources.read_text() + back.stdout)
    assert invoke(environ, "rules", "check").stdout.startswith("ok: 1 packs, 1 rules, 2 tests, 3 feeds, ")
    assert invoke(environ, "feeds", "export").stdout.count('category="wire,tier-1"') == 3
    assert all(
        url.replace("&", "&amp;") in invoke(environ, "feeds", "export").stdout for url in feeds.values()
    )


def test_imported_feeds_get_the_kind_and_tier_that_were_asked_for(environ: dict[str, str]) -> None:
    opml = '<opml version="2.0"><body><outline text="Blog" xmlUrl="https://blog.test/"/></body></opml>'
    done = invoke(environ, "feeds", "import", "-", "--kind", "trade", "--tier", "2", stdin=opml)
    assert done.exit_code == 0
    assert "kind: trade\n    tier: 2\n" in done.stdout


def test_rules_check_counts_what_it_read(environ: dict[str, str]) -> None:
    done = invoke(environ, "rules", "check")
    assert (done.exit_code, done.stderr) == (0, "")
    assert re.fullmatch(r"ok: 1 packs, 1 rules, 2 tests, 1 feeds, version [0-9a-f]{16}\n", done.stdout)


def test_rules_test_takes_the_packs_of_any_folder(environ: dict[str, str], tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    pack = (Path(environ["BOT_RULES_DIR"]) / "alerts/compute.yaml").read_text()
    (mine / "mine.yaml").write_text(pack.replace("pack: compute", "pack: mine"))
    for args, name in (((), "compute/resale"), ((str(mine),), "mine/resale")):
        done = invoke(environ, "rules", "test", *args)
        assert (done.exit_code, done.stderr) == (0, "")
        (line,) = done.stdout.splitlines()
        assert line.split()[:4] == ["ok", name, "2", "tests"]


def test_packs_alone_are_tested_with_the_exposure_that_is_in_force(environ: dict[str, str]) -> None:
    rules = ROOT / "rules"
    done = invoke(environ | {"BOT_RULES_DIR": str(rules)}, "rules", "test", str(rules / "alerts"))
    assert (done.exit_code, done.stderr) == (0, "")
    settings = load_settings({"BOT_RULES_DIR": str(rules)})
    (ruleset,) = read_rulesets(settings, [rules / "alerts"])
    assert ruleset.loaded.book.rules.rule("together/resale_then_slump") is not None


def test_the_doctor_is_content_with_a_whole_set_up(environ: dict[str, str]) -> None:
    done = invoke(environ | {"BOT_CONTACT": "me@example.org"}, "doctor")
    assert (done.exit_code, done.stderr) == (0, "")
    words = {line[5:].split(":")[0]: line[:5].strip() for line in done.stdout.splitlines()}
    assert words.keys() == {
        "rules and language",
        "database",
        "disk",
        "port",
        "contact",
        "telegram",
        "other services",
    }
    assert words.pop("disk") in ("ok", "note")  # as much room as this machine has
    assert words.pop("telegram") == "note"
    assert set(words.values()) == {"ok"}


def test_the_doctor_goes_on_after_a_finding(environ: dict[str, str]) -> None:
    done = invoke(environ | {"BOT_RULES_DIR": "/nowhere"}, "doctor")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0].startswith("bad  rules and language: /nowhere holds no sources.yaml")
    assert len(done.stdout.splitlines()) == 7


def test_the_doctor_reads_addresses_of_other_services_and_shows_none(environ: dict[str, str]) -> None:
    good = {"BOT_CHANNEL_DESK": "ntfys://word-of-pass@host.example/topic-of-few"}
    done = invoke(environ | good, "doctor")
    assert "ok   other services: desk (ntfy) can be read; nothing was sent to them" in done.stdout
    bad = invoke(environ | {"BOT_CHANNEL_DESK": "slack://word-of-pass"}, "doctor")
    assert bad.exit_code == 1
    assert "bad  other services: BOT_CHANNEL_DESK: Apprise can't read it as an address of Slack" in bad.stdout
    assert "word-of-pass" not in done.output + bad.output


def test_the_doctor_finds_a_route_that_leads_nowhere(environ: dict[str, str]) -> None:
    routes = Path(environ["BOT_RULES_DIR"]) / "routes.yaml"
    routes.write_text("version: 1\nroutes: [{to: 'apprise:desk'}]\n")
    done = invoke(environ, "doctor")
    assert done.exit_code == 1
    assert "routes.yaml:2: no setting defines apprise:desk; nothing is sent there until" in done.stdout


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        pytest.param((200, '{"status": "ready"}'), 0, "", id="ready"),
        pytest.param((503, '{"status": "not ready", "database": "full"}'), 1, "full", id="not ready"),
        pytest.param((200, "<html>Welcome"), 1, "is not this bot", id="another program"),
        pytest.param((200, "[]"), 1, "is not ready", id="another program that speaks JSON"),
    ],
)
def test_health_believes_only_a_bot_that_is_ready(
    environ: dict[str, str], wire: Wire, answer: tuple[int, str], code: int, told: str
) -> None:
    wire.answers["/readyz"] = answer
    proxy = {"http_proxy": "http://127.0.0.1:1"}  # is not for a question to this machine
    done = invoke(environ | proxy | {"BOT_HTTP_PORT": wire.place.split(":")[1]}, "health")
    assert done.exit_code == code
    assert told in done.stderr


@pytest.mark.parametrize(
    ("port", "told"),
    [
        pytest.param("1", "is it running?", id="nobody"),
        pytest.param("0", "BOT_HTTP_PORT is 0", id="any port"),
    ],
)
def test_health_without_a_bot_says_so(environ: dict[str, str], port: str, told: str) -> None:
    done = invoke(environ | {"BOT_HTTP_PORT": port}, "health")
    assert (done.exit_code, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert told in line


def test_a_backup_can_be_restored_and_checked(environ: dict[str, str], tmp_path: Path) -> None:
    file = Path(environ["BOT_DATA_DIR"]) / "spillover.db"
    Database(file).close()
    copy = tmp_path / "copy.db"
    done = invoke(environ, "db", "backup", str(copy))
    assert (done.exit_code, done.stderr) == (0, "")
    file.unlink()
    done = invoke(environ, "db", "restore", str(copy))
    assert (done.exit_code, done.stdout) == (0, f"restored {file}\n")
    assert invoke(environ, "db", "check").stdout == f"ok: 0 entries in {file}\n"
    assert invoke(environ, "db", "prune").stdout == "deleted 0 entries\n"
    assert invoke(environ, "db", "prune", "--keep", "1").exit_code == 0
