"""Where a command's output goes may be full, or read only in part; neither is a crash."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cli_kit import PATIENCE, clean, closed_pipe, command, jsonl

COMMANDS = [
    pytest.param(("--help",), id="help"),
    pytest.param(("doctor",), id="doctor"),
    pytest.param(("feeds", "export"), id="feeds export"),
    pytest.param(("feeds", "check"), id="feeds check"),
    pytest.param(("rules", "test"), id="rules test"),
    pytest.param(("analyze", "items"), id="analyze"),
]


@pytest.fixture
def items(tmp_path: Path) -> None:
    row = {"id": "1", "published": "2026-03-02T08:00:00Z", "title": "Meta sells compute"}
    (tmp_path / "items").write_text(jsonl([row, row]))


def write_to(
    stdout: int, environ: dict[str, str], folder: Path, args: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*args),
        env=clean(environ) | {"PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.usefixtures("items")
@pytest.mark.parametrize("args", COMMANDS)
def test_output_to_a_full_disk_is_one_line(
    environ: dict[str, str], tmp_path: Path, args: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("w") as full:
        done = write_to(full.fileno(), environ, tmp_path, args)
    assert done.returncode == 2
    assert done.stderr == (
        "spillover: the output can't be written: No space left on device; free some space\n"
    )


@pytest.mark.usefixtures("items")
@pytest.mark.parametrize("args", COMMANDS[1:])
def test_a_reader_that_goes_away_ends_the_command_quietly(
    environ: dict[str, str], tmp_path: Path, args: tuple[str, ...]
) -> None:
    with closed_pipe() as nobody:
        done = write_to(nobody, environ, tmp_path, args)
    assert (done.returncode, done.stderr) == (0, "")
