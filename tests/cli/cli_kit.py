"""Helpers for tests of the command line: a tiny rules folder, a feed server, and the program as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

from click.testing import CliRunner, Result

from bot.cli import main
from bot.model import Feed, SourceKind
from bot.sources.schedule import new_state

PATIENCE = 30.0
TOKEN = "123456:a-token-that-nobody-has-given-out"
COMPANIES = """\
version: 1
companies:
  - {id: META, name: Meta Platforms, sector: hyperscaler, aliases: [Meta], tickers: [META]}
"""
THEMES = """\
version: 1
sectors:
  - {id: hyperscaler, name: Hyperscalers}
themes:
  - id: compute_resale
    name: Resale of compute
    description: An owner of compute sells it.
    cues: ["(sell|sells|selling) .. compute"]
"""
PACK = """\
version: 1
pack: compute
title: Compute
rules:
  - id: resale
    title: "{actor}: compute for sale"
    level: high
    match: {theme: compute_resale}
    tests:
      - {title: "Meta sells compute", fires: true}
      - {title: "Meta opens an office", fires: false}
"""


def prompt_id() -> str:
    """The id of a feed whose first poll is not put off for more than a moment."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for name in (f"wire-{n}" for n in count()):
        state = new_state(Feed(id=name, url="http://x.test/", kind=SourceKind.WIRE, tier=1), now)
        if state.next_poll_at is not None and state.next_poll_at - now < timedelta(milliseconds=100):
            return name
    raise AssertionError("unreachable")


def rules_folder(folder: Path, feeds: Mapping[str, str]) -> Path:
    """A small but whole rules folder with these feeds, by id."""
    rules = folder / "rules"
    for name in ("companies", "themes", "alerts"):
        (rules / name).mkdir(parents=True)
    (rules / "companies/all.yaml").write_text(COMPANIES)
    (rules / "themes/all.yaml").write_text(THEMES)
    (rules / "alerts/compute.yaml").write_text(PACK)
    (rules / "exposure.yaml").write_text("version: 1\nspread: {}\nedges: []\n")
    lines = [f'  - {{id: {i}, url: "{u}", kind: wire, tier: 1, lookback: 1d}}\n' for i, u in feeds.items()]
    (rules / "sources.yaml").write_text("version: 1\nfeeds:\n" + "".join(lines))
    return rules


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Settings for a bot whose files lie in a folder."""
    values = {
        "BOT_DATA_DIR": str(folder / "data"),
        "BOT_RULES_DIR": str(folder / "rules"),
        "BOT_HTTP_PORT": "0",
        "BOT_HOST_SPACING": "0s",
        "BOT_TICK": "50ms",
    }
    return values | settings


@dataclass
class Wire:
    """A feed server on loopback; what a path answers is a status and a body, and it may wait for `open`."""

    url: str = ""
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    asked: threading.Event = field(default_factory=threading.Event)
    open: threading.Event = field(default_factory=threading.Event)

    @property
    def place(self) -> str:
        """Host and port."""
        return self.url.removeprefix("http://")


def feed_of(*titles: str) -> tuple[int, str]:
    """An RSS feed of entries that are published now."""
    now = format_datetime(datetime.now(UTC))
    items = "".join(
        f"<item><guid>{t}</guid><title>{t}</title><pubDate>{now}</pubDate></item>" for t in titles
    )
    return 200, f"<rss version='2.0'><channel><title>Wire</title>{items}</channel></rss>"


@contextmanager
def serving() -> Iterator[Wire]:
    """Serve feeds until the block ends."""
    wire = Wire()
    wire.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wire.asked.set()
            wire.open.wait(PATIENCE)
            status, body = wire.answers[self.path]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    wire.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield wire
    finally:
        wire.open.set()
        server.shutdown()
        server.server_close()
        thread.join()


def invoke(environ: Mapping[str, str], *args: str, stdin: str | bytes | None = None) -> Result:
    """A command in this process, with nothing but these settings."""
    own: dict[str, str | None] = {k: None for k in os.environ if k.startswith("BOT_")}
    result = CliRunner().invoke(main, args, input=stdin, env=own | dict(environ), prog_name="spillover")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def command(*args: str) -> list[str]:
    """The command line of the program as a process of its own."""
    return [sys.executable, "-m", "bot.cli", *args]


def clean(environ: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these settings and no others."""
    return {k: v for k, v in os.environ.items() if not k.startswith("BOT_")} | dict(environ)


def spillover(
    environ: Mapping[str, str], *args: str, stdin: bytes = b"", limit: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command as a process, run to its end; `limit` is called in it first."""
    done = subprocess.run(
        command(*args),
        env=clean(environ),
        input=stdin,
        capture_output=True,
        timeout=PATIENCE,
        preexec_fn=limit,
        check=False,
    )
    return subprocess.CompletedProcess(args, done.returncode, done.stdout.decode(), done.stderr.decode())


def complaints(stderr: str) -> list[str]:
    """What a user reads on standard error; log lines are left out, tracebacks are not."""
    return [line for line in stderr.splitlines() if not line[:4].isdigit()]


class Bot:
    """`spillover run` as a process; what it logs and prints is collected."""

    def __init__(self, environ: Mapping[str, str], stdout: int = subprocess.PIPE) -> None:
        self.process = subprocess.Popen(
            command("run"), env=clean(environ), stdout=stdout, stderr=subprocess.PIPE, text=True
        )
        self.log: list[str] = []
        self.shown: list[str] = []
        self._readers = [
            threading.Thread(target=lambda: self.log.extend(self.process.stderr or ())),
            threading.Thread(target=lambda: self.shown.extend(self.process.stdout or ())),
        ]
        for reader in self._readers:
            reader.start()

    def logged(self, words: str, times: int = 1) -> bool:
        """Whether so many lines of the log hold these words."""
        return sum(words in line for line in self.log) >= times

    @property
    def complaints(self) -> list[str]:
        """What it wrote to standard error besides its log."""
        return complaints("".join(self.log))

    def until(self, claim: Callable[[], object]) -> None:
        """Wait until something is true of the running bot."""
        deadline = time.monotonic() + PATIENCE
        while not claim():
            assert self.process.poll() is None, f"it ended: {self.log}"
            assert time.monotonic() < deadline, f"waited in vain: {self.log}"
            time.sleep(0.02)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it and give its exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end and give its exit code."""
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return code


@contextmanager
def running(environ: Mapping[str, str], stdout: int = subprocess.PIPE) -> Iterator[Bot]:
    """A bot that has started; it is stopped at the end."""
    bot = Bot(environ, stdout)
    try:
        bot.until(lambda: bot.logged(" started "))
        yield bot
    finally:
        if bot.process.poll() is None:
            bot.process.kill()
        bot.wait()
        for stream in (bot.process.stdout, bot.process.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def closed_pipe() -> Iterator[int]:
    """The writing end of a pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        yield writer
    finally:
        os.close(writer)


def jsonl(rows: Sequence[object]) -> str:
    """Rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)
