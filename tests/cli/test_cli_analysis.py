"""`BOT_ANALYSIS` on the command line: analysis in other processes, and how they end with the program."""

from __future__ import annotations

import os
import select
import socket
from contextlib import closing
from pathlib import Path

from cli_kit import (
    PATIENCE,
    complaints,
    environment,
    feed_of,
    invoke,
    jsonl,
    prompt_id,
    rules_folder,
    running,
    serving,
    spillover,
)

TITLES = ["Meta sells compute", "Meta opens an office", "Meta is selling its compute, people say"]
ITEMS = jsonl(
    [{"id": f"i{n}", "published": "2026-05-04T14:00:00Z", "title": t} for n, t in enumerate(TITLES)]
)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    return [
        int(n)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for n in (task / "children").read_text().split()
    ]


def test_analyze_writes_the_same_lines_from_other_processes(environ: dict[str, str], tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    items.write_text(ITEMS)
    here = invoke(environ, "analyze", str(items))
    there = spillover(environ | {"BOT_ANALYSIS": "processes:2"}, "analyze", str(items))
    assert here.exit_code == there.returncode == 0, there.stderr
    assert there.stdout == here.stdout
    assert "compute_resale" in there.stdout


def test_a_bot_that_is_stopped_leaves_no_analysis_process_behind(tmp_path: Path) -> None:
    with serving() as wire:
        wire.answers["/feed"] = feed_of(TITLES[0])
        rules_folder(tmp_path, {prompt_id(): f"{wire.url}/feed"})
        settings = environment(tmp_path, BOT_ALLOW_ADDRESSES=wire.place, BOT_ANALYSIS="processes:1")
        with running(settings) as bot:
            bot.until(lambda: any(TITLES[0] in line for line in bot.shown))
            watches = [os.pidfd_open(pid) for pid in children(bot.process.pid)]
            assert len(watches) >= 2, "the parser and the analysis"
            assert bot.end() == 0
            assert bot.complaints == []
            for watch in watches:
                assert select.select([watch], [], [], PATIENCE)[0]
                os.close(watch)


def test_a_cluster_that_nobody_started_is_one_line(environ: dict[str, str]) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    done = spillover(environ | {"BOT_ANALYSIS": f"dask:{address}"}, "run")
    assert done.returncode == 2
    [line] = complaints(done.stderr)
    assert line.startswith(f"spillover: no Dask scheduler answers at {address}; start it")
