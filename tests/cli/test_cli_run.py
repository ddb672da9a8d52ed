"""`spillover run` as a process: how it starts, what stops it, and what may happen to it meanwhile."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TextIO

import pytest
from cli_kit import (
    PACK,
    PATIENCE,
    TOKEN,
    Wire,
    clean,
    closed_pipe,
    command,
    complaints,
    environment,
    feed_of,
    prompt_id,
    rules_folder,
    running,
    serving,
    spillover,
)

from bot.store.archive import Archive
from bot.store.database import Database

STAND_IN = Path(__file__).parent.parent / "bot_api.py"
TITLE = "Meta sells compute"


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as made:
        made.answers["/feed"] = feed_of(TITLE)
        yield made


@pytest.fixture
def watching(wire: Wire, tmp_path: Path) -> dict[str, str]:
    """Settings of a bot whose one feed is the wire."""
    rules_folder(tmp_path, {prompt_id(): f"{wire.url}/feed"})
    return environment(tmp_path, BOT_ALLOW_ADDRESSES=wire.place)


@contextmanager
def telegram() -> Iterator[str]:
    """A Bot API that knows another token than ours; gives its address."""
    with subprocess.Popen([sys.executable, str(STAND_IN)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()
            process.wait(PATIENCE)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def no_room(size: int) -> None:
    """No file of this process may grow beyond so many bytes: as good as a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_port_in_use_is_told_by_run_and_by_the_doctor(environ: dict[str, str]) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = spillover(environ | {"BOT_HTTP_PORT": str(port)}, "run")
        seen = spillover(environ | {"BOT_HTTP_PORT": str(port)}, "doctor")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert f"port {port} on 127.0.0.1 is in use; set BOT_HTTP_PORT to a free port" in line
    assert seen.returncode == 1
    (line,) = [line for line in seen.stdout.splitlines() if line.startswith("bad")]
    assert f"port: {port} on 127.0.0.1 is in use by another program; set BOT_HTTP_PORT" in line


def test_an_address_that_is_not_ours_is_told_by_run_and_by_the_doctor(environ: dict[str, str]) -> None:
    own = environ | {"BOT_HTTP_HOST": "192.0.2.1"}
    done, seen = spillover(own, "run"), spillover(own, "doctor")
    assert done.returncode == 2
    (line,) = complaints(done.stderr)
    assert "192.0.2.1" in line
    assert "set BOT_HTTP_HOST" in line
    assert seen.returncode == 1
    assert "bad  port: 192.0.2.1 can't be used" in seen.stdout
    assert "set BOT_HTTP_HOST" in seen.stdout


def test_a_data_folder_that_cannot_be_made_is_told_by_run_and_by_the_doctor(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    own = environ | {"BOT_DATA_DIR": str(tmp_path / "file" / "data")}
    done, seen = spillover(own, "run"), spillover(own, "doctor")
    assert (done.returncode, seen.returncode) == (2, 1)
    (line,) = complaints(done.stderr)
    assert f"can't write to {tmp_path}/file/data: Not a directory; set BOT_DATA_DIR" in line
    assert "bad  database: can't write to" in seen.stdout


def test_a_wrong_token_is_told_by_run_and_by_the_doctor_and_never_shown(environ: dict[str, str]) -> None:
    with telegram() as url:
        own = environ | {"BOT_TELEGRAM_TOKEN": TOKEN, "BOT_TELEGRAM_API_URL": url}
        done, seen = spillover(own, "run"), spillover(own, "doctor")
    assert (done.returncode, seen.returncode) == (2, 1)
    (line,) = complaints(done.stderr)
    assert "does not accept the token" in line
    assert "@BotFather" in line
    assert "bad  telegram: " in seen.stdout
    assert seen.stderr == ""
    assert TOKEN not in done.stderr + done.stdout + seen.stdout


def test_an_api_out_of_reach_is_waited_for_by_run_and_told_by_the_doctor(environ: dict[str, str]) -> None:
    own = environ | {
        "BOT_TELEGRAM_TOKEN": TOKEN,
        "BOT_TELEGRAM_API_URL": f"http://127.0.0.1:{free_port()}",
    }
    with running(own) as bot:
        assert bot.logged("telegram_unreachable")
        seen = spillover(own, "doctor")
        assert bot.end() == 0
    assert seen.returncode == 1
    (line,) = [line for line in seen.stdout.splitlines() if line.startswith("bad")]
    assert line.startswith("bad  telegram: Telegram can't be reached")
    assert seen.stderr == ""
    assert bot.complaints == []


@pytest.mark.parametrize("room", [0, 32 * 1024], ids=["no byte", "not enough for the tables"])
def test_a_full_disk_at_the_start_is_one_line(environ: dict[str, str], room: int) -> None:
    done = spillover(environ, "run", limit=lambda: no_room(room))
    assert done.returncode == 2
    (line,) = complaints(done.stderr)
    assert "the disk is full" in line
    assert "free some space" in line


def test_a_full_disk_does_not_end_a_running_bot_and_nothing_is_lost(
    watching: dict[str, str], wire: Wire
) -> None:
    wire.open.clear()
    own = watching | {"BOT_HTTP_PORT": str(free_port())}
    with running(own) as bot:
        bot.until(wire.asked.is_set)
        resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        wire.open.set()
        bot.until(lambda: bot.logged("store_failed"))
        ill = spillover(own, "health")
        assert (ill.returncode, bot.shown) == (1, [])
        assert "the disk is full" in ill.stderr
        resource.prlimit(
            bot.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        )
        bot.until(lambda: any(TITLE in line for line in bot.shown))
        assert spillover(own, "health").returncode == 0
        assert bot.end() == 0
    assert bot.complaints == []
    database = Database(Path(own["BOT_DATA_DIR"]) / "spillover.db")
    assert Archive(database).count() == 1
    database.close()


def test_a_full_disk_leaves_no_half_backup(environ: dict[str, str], tmp_path: Path) -> None:
    Database(Path(environ["BOT_DATA_DIR"]) / "spillover.db").close()
    done = spillover(environ, "db", "backup", str(tmp_path / "copy"), limit=lambda: no_room(8_192))
    assert done.returncode == 2
    (line,) = complaints(done.stderr)
    assert "the disk is full" in line
    assert list(tmp_path.glob("copy*")) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_signal_stops_it_in_order(environ: dict[str, str], number: signal.Signals) -> None:
    with running(environ) as bot:
        assert bot.end(number) == 0
        assert bot.logged(" stopped ")
    assert bot.complaints == []


@contextmanager
def reading_its_rules(environ: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], TextIO]]:
    """A bot that waits for its exposure graph, and where to write it."""
    graph = Path(environ["BOT_RULES_DIR"]) / "exposure.yaml"
    graph.unlink()
    os.mkfifo(graph)
    with subprocess.Popen(command("run"), env=clean(environ), stderr=subprocess.PIPE, text=True) as process:
        try:
            with graph.open("w") as pipe:  # opens when the bot begins to read
                yield process, pipe
        finally:
            process.kill()


def test_a_stop_while_it_reads_its_rules_is_heeded_and_no_failure(environ: dict[str, str]) -> None:
    """The first process of a container gets no signal that it has not asked for."""
    with reading_its_rules(environ) as (process, _):
        process.terminate()
        _, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stderr) == (0, "")


def test_a_reload_while_it_reads_its_rules_does_not_end_it(environ: dict[str, str]) -> None:
    with reading_its_rules(environ) as (process, pipe):
        process.send_signal(signal.SIGHUP)
        pipe.write("version: 1\nspread: {}\nedges: []\n")
        pipe.close()
        assert process.stderr is not None
        assert any(" started " in line for line in process.stderr)
        process.terminate()
        assert process.wait(PATIENCE) == 0


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """A shell lets what it starts in the background ignore Ctrl-C, and so do the processes of that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_ends_analyze_without_a_traceback(environ: dict[str, str], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(
        command("analyze", str(pipe)), env=clean(environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        with pipe.open("wb"):  # opens when the command begins to read
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert stderr.decode().split() == ["Aborted!"]


def test_it_ends_in_order_when_nobody_reads_its_cards_any_more(watching: dict[str, str], wire: Wire) -> None:
    wire.open.clear()
    with closed_pipe() as nobody, running(watching, stdout=nobody) as bot:
        wire.open.set()
        assert bot.wait() == 0
        assert bot.logged(" stopped ")
    assert bot.complaints == []


def test_output_to_a_full_disk_keeps_the_cards_until_there_is_room(
    watching: dict[str, str], wire: Wire
) -> None:
    with Path("/dev/full").open("w") as full, running(watching, stdout=full.fileno()) as bot:
        bot.until(lambda: bot.logged("the output can't be written") or bot.logged("send_crashed"))
        assert bot.end() == 0
    assert bot.complaints == []
    database = Database(Path(watching["BOT_DATA_DIR"]) / "spillover.db")
    assert database.value("SELECT state FROM outbox") == "pending"
    database.close()


def test_beside_a_running_bot_a_backup_is_taken_and_everything_that_would_harm_it_is_refused(
    watching: dict[str, str], tmp_path: Path
) -> None:
    own = watching | {"BOT_HTTP_PORT": str(free_port())}
    copy = tmp_path / "copy.db"
    with running(own) as bot:
        bot.until(lambda: any(TITLE in line for line in bot.shown))
        assert spillover(own, "health").returncode == 0
        done = spillover(own, "db", "backup", str(copy))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{copy}: {copy.stat().st_size:,} bytes\n"
        for args in (("db", "restore", str(copy)), ("db", "prune"), ("run",)):
            done = spillover(own, *args)
            assert done.returncode == 2
            (line,) = complaints(done.stderr)
            assert f"another Spillover is running on {own['BOT_DATA_DIR']}; stop it" in line
        done = spillover(own, "doctor")
        assert done.returncode == 0
        assert "note database: a bot is running on" in done.stdout
        assert "is in use, as it should be while the bot runs" in done.stdout
        assert bot.end() == 0
    data = Path(own["BOT_DATA_DIR"])
    done = spillover(own, "db", "restore", str(copy))
    assert done.returncode == 0
    assert (
        done.stdout
        == f"restored {data}/spillover.db; the former one is {data}/spillover.db.before-restore-1\n"
    )
    assert spillover(own, "db", "check").stdout == f"ok: 1 entries in {data}/spillover.db\n"
    assert copy.exists()


def test_a_reload_with_a_mistake_is_refused_and_the_bot_goes_on(environ: dict[str, str]) -> None:
    pack = Path(environ["BOT_RULES_DIR"]) / "alerts/compute.yaml"
    with running(environ) as bot:
        pack.write_text("rules: [")
        bot.process.send_signal(signal.SIGHUP)
        bot.until(lambda: bot.logged("reload_refused"))
        assert bot.logged("compute.yaml:1:9")
        pack.write_text(PACK)
        bot.process.send_signal(signal.SIGHUP)
        bot.until(lambda: bot.logged(" reloaded "))
        assert bot.end() == 0
