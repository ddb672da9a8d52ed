"""`spillover analyze --explain` as people use it: typed or piped, on a terminal or not, as a page or as JSON."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from cli_kit import PATIENCE, clean, closed_pipe, command, environment, invoke, spillover

RULES = Path(__file__).parents[2] / "rules"
HEADLINE = "Meta is exploring selling excess AI computing capacity, people familiar said"
SGR = re.compile(r"\x1b\[([\d;]*)m")


@pytest.fixture(autouse=True)
def _colour_as_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shipped(tmp_path: Path) -> dict[str, str]:
    """Settings with the rules that are shipped."""
    return environment(tmp_path, BOT_RULES_DIR=str(RULES))


def explained(environ: dict[str, str], *args: str, stdin: str = "") -> dict[str, str]:
    """What each label of the plain output says; of labels that come twice the first."""
    done = spillover(environ, "analyze", "--explain", *args, stdin=stdin.encode())
    assert (done.returncode, done.stderr) == (0, "")
    facts: dict[str, str] = {}
    for line in done.stdout.splitlines():
        facts.setdefault(line[:12].strip(), line[12:])
    return facts


def on_a_terminal(environ: dict[str, str], *args: str) -> str:
    """What a command writes to a terminal."""
    master, slave = os.openpty()
    process = subprocess.Popen(
        command(*args), env=clean(environ), stdin=slave, stdout=slave, stderr=slave, close_fds=True
    )
    os.close(slave)
    written = b""
    try:
        while part := os.read(master, 65_536):
            written += part
    except OSError:  # Linux says EIO once the program has closed its side
        pass
    finally:
        os.close(master)
    assert process.wait(PATIENCE) == 0
    return written.decode()


def test_a_headline_shows_cue_actors_and_modality(shipped: dict[str, str]) -> None:
    facts = explained(shipped, HEADLINE)
    assert facts["title"] == HEADLINE
    assert facts["event 1"] == "compute_resale · META · considering · news"
    assert facts["evidence"].startswith("“selling excess AI computing” title, characters 18 to 45")
    assert re.search(r" at “selling excess AI computing” themes/compute\.yaml:\d+$", facts["cue"])
    assert re.match(r"META [01]\.\d\d; nobody [01]\.\d\d", facts["actors"])
    assert facts["certainty"].startswith("exploring, sourced, affirmed; ")
    assert "exploring: “exploring”" in facts["rules"]
    assert "sourced: “people familiar”" in facts["rules"]
    assert re.search(r"^[01]\.\d\d that it makes any claim", facts["chances"])


def test_a_text_is_read_from_standard_input_with_its_first_line_as_title(shipped: dict[str, str]) -> None:
    facts = explained(shipped, stdin=f"\ufeff{HEADLINE}\nIt may sell to Oracle.\n")
    assert (facts["title"], facts["text"]) == (HEADLINE, "It may sell to Oracle.")
    assert explained(shipped, "-", "--title", "Rain", stdin="Over Leeds")["title"] == "Rain"


def test_the_kind_of_source_counts(shipped: dict[str, str]) -> None:
    facts = explained(shipped, "--kind", "social", "Meta cuts capex lol")
    assert (facts["read as"], facts["text"]) == ("social", "Meta cuts capex lol")
    assert facts["event 1"] == "capex_cut · META · reported · news"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("", "nothing to read: ", id="empty"),
        pytest.param("A town elects its mayor", "not about the field: ", id="another field"),
        pytest.param("How to choose a GPU", "quiet title: “How to”", id="quiet title"),
        pytest.param("Nvidia opens an office in Leeds", "below the threshold: ", id="too unlikely"),
    ],
)
def test_a_text_without_an_event_says_why(shipped: dict[str, str], text: str, told: str) -> None:
    assert explained(shipped, stdin=text)["no event"].startswith(told)


def test_two_hundred_thousand_characters_are_taken_and_what_is_not_read_is_counted(
    shipped: dict[str, str],
) -> None:
    facts = explained(shipped, stdin=f"{HEADLINE}\n" + "a " * 100_000)
    assert facts["event 1"].startswith("compute_resale · META")
    assert facts["unread"].startswith("193,999 characters more")
    assert len(facts["text"]) < 1_000


def test_hidden_characters_are_written_out(shipped: dict[str, str]) -> None:
    facts = explained(shipped, "\u200fNvi\u200bdia שבבים \u202ecuts\u202c capex \x1b[31m")
    assert facts["title"] == "‹U+200F›Nvi‹U+200B›dia שבבים ‹U+202E›cuts‹U+202C› capex ‹U+001B›[31m"
    assert facts["companies"] == "NVDA Nvidia by “Nvi‹U+200B›dia”"


def test_a_pipe_gets_no_colour_and_a_terminal_does(shipped: dict[str, str]) -> None:
    term = shipped | {"TERM": "xterm-256color", "COLUMNS": "100"}
    piped = spillover(term, "analyze", "--explain", HEADLINE).stdout
    assert "\x1b" not in piped
    seen = on_a_terminal(term, "analyze", "--explain", HEADLINE)
    assert "36" in {code for m in SGR.finditer(seen) for code in m.group(1).split(";")}
    lines = SGR.sub("", seen).splitlines()
    assert "event 1     compute_resale · META · considering · news" in lines
    assert max(map(len, lines)) <= 100


def test_no_color_is_respected_on_a_terminal(shipped: dict[str, str]) -> None:
    term = shipped | {"TERM": "xterm-256color", "NO_COLOR": "1"}
    seen = on_a_terminal(term, "analyze", "--explain", HEADLINE)
    codes = {code for m in SGR.finditer(seen) for code in m.group(1).split(";")}
    assert "1" in codes
    assert codes <= {"0", "1", "2", "4"}, "only weight and lines, no colour"


def test_the_page_escapes_what_the_text_says(shipped: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    done = spillover(
        shipped, "analyze", "--explain", "--html", str(file), "Meta cuts capex <script>alert(1)</script>"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    source = file.read_text(encoding="utf-8")
    assert "<script" not in source
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in source
    assert "capex_cut" in source


def test_a_page_goes_to_standard_output_with_a_dash(shipped: dict[str, str]) -> None:
    done = spillover(shipped, "analyze", "--explain", "--html", "-", "Rain")
    assert done.stdout.startswith("<!DOCTYPE html>")


def test_json_is_one_object_that_says_the_same(shipped: dict[str, str]) -> None:
    done = spillover(shipped, "analyze", "--explain", "--json", HEADLINE)
    (line,) = done.stdout.splitlines()
    told = json.loads(line)
    (event,) = told["events"]
    assert (event["theme"], event["actor"], event["modality"]) == ("compute_resale", "META", "considering")
    assert event["cue"]["where"].startswith("themes/compute.yaml:")
    assert [c["actor"] for c in event["actors"]] == ["META", None]
    assert told["silence"] is None
    assert told["chances"][0].keys() == {"theme", "name", "chance", "threshold", "by_cue", "outcome"}


@pytest.mark.parametrize(
    ("args", "told"),
    [
        pytest.param(("--title", "x"), "--title goes only with --explain", id="title"),
        pytest.param(("--title", ""), "--title goes only with --explain", id="empty title"),
        pytest.param(("--kind", "wire"), "--kind goes only with --explain", id="kind"),
        pytest.param(("--html", "x"), "--html goes only with --explain", id="page"),
        pytest.param(("--json",), "--json goes only with --explain", id="JSON"),
        pytest.param(("--explain", "--kind", "gossip"), "'gossip' is not one of 'wire'", id="kind unknown"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    environ: dict[str, str], args: tuple[str, ...], told: str
) -> None:
    done = invoke(environ, "analyze", *args)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert not Path("x").exists()


def test_a_page_that_can_not_be_written_is_one_line(environ: dict[str, str]) -> None:
    done = spillover(environ, "analyze", "--explain", "--html", "/nowhere/page.html", "Rain")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: Could not open file '/nowhere/page.html': No such file or directory\n"


@pytest.mark.parametrize(
    ("args", "stdin", "told"),
    [
        pytest.param(("-",), b"Rain \xff", "standard input is no UTF-8 from byte 5 on", id="piped"),
        pytest.param((b"Rain \xff",), b"", "the text is no UTF-8 from byte 5 on", id="typed"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(
    environ: dict[str, str], args: tuple[str | bytes, ...], stdin: bytes, told: str
) -> None:
    done = spillover(environ, "analyze", "--explain", *map(os.fsdecode, args), stdin=stdin)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"spillover: {told}; convert it first\n"


@pytest.mark.parametrize("form", [(), ("--json",), ("--html", "-")], ids=["lines", "JSON", "page"])
def test_a_reader_that_goes_away_ends_it_quietly(environ: dict[str, str], form: tuple[str, ...]) -> None:
    with closed_pipe() as nobody:
        done = subprocess.run(
            command("analyze", "--explain", *form, "Meta sells compute"),
            env=clean(environ),
            stdin=subprocess.DEVNULL,
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("form", [(), ("--json",), ("--html", "/dev/full")], ids=["lines", "JSON", "page"])
def test_a_full_disk_is_one_line(environ: dict[str, str], form: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command("analyze", "--explain", *form, "Meta sells compute"),
            env=clean(environ),
            stdin=subprocess.DEVNULL,
            stdout=full.fileno(),
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == (
        "spillover: the output can't be written: No space left on device; free some space\n"
    )
