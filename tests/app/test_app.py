"""The running program: real polling over loopback HTTP, real database; only the language is learned by heart."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from bot_api import BotApi
from bot_api_checks import size_of
from desk_fakes import small_vocabulary
from make import event
from newsroom import PACK, Reader, make_book
from rich.console import Console

from bot.app import App
from bot.config import Settings, load_settings
from bot.errors import ConfigError, StoreError
from bot.intake import Intake
from bot.loading import Loaded
from bot.model import Feed, FeedStatus, SourceKind
from bot.store.archive import Archive
from bot.store.database import Database
from bot.store.polls import PollStates

TITLE = "Meta weighs selling surplus AI compute to outsiders, people familiar say"
PATIENCE = 15.0


@dataclass
class Server:
    """Feeds on loopback; a test sets what each shows."""

    url: str = ""
    shown: dict[str, list[str]] = field(default_factory=dict)
    answers: dict[str, Callable[[], web.Response]] = field(default_factory=dict)
    polls: dict[str, int] = field(default_factory=dict)

    async def answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.polls[name] = self.polls.get(name, 0) + 1
        if name in self.answers:
            return self.answers[name]()
        now = format_datetime(datetime.now(UTC))
        items = "".join(
            f"<item><guid>{escape(t)}</guid><title>{escape(t)}</title><pubDate>{now}</pubDate></item>"
            for t in self.shown.get(name, [])
        )
        return web.Response(text=f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>")

    def feed(self, name: str, **more: Any) -> Feed:
        made = Feed(
            id=name,
            url=f"{self.url}/{name}",
            kind=SourceKind.WIRE,
            tier=1,
            interval=timedelta(milliseconds=150),
            lookback=timedelta(days=1),
        )
        return replace(made, **more)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_get("/{name}", made.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def settings(folder: Path, server: Server, **more: str) -> Settings:
    environ = {
        "BOT_DATA_DIR": str(folder / "data"),
        "BOT_HTTP_PORT": "0",
        "BOT_ALLOW_ADDRESSES": server.url.removeprefix("http://"),
        "BOT_HOST_SPACING": "0s",
        "BOT_POLLS_PER_HOST": "8",
    }
    made = load_settings(environ | more)
    return made.model_copy(update={"tick": timedelta(milliseconds=20)})


def loaded(folder: Path, *feeds: Feed, reader: Reader | None = None) -> Loaded:
    reader = reader or Reader()
    reader.learn(TITLE, event(evidence=(5, 11)))
    return Loaded(
        analyzer=reader,  # type: ignore[arg-type]
        book=make_book(folder),
        vocabulary=small_vocabulary(),  # type: ignore[arg-type]
        feeds=feeds,
    )


@asynccontextmanager
async def running(app: App) -> AsyncIterator[App]:
    try:
        await app.start()
        yield app
    finally:
        await app.stop()


def children() -> list[str]:
    """Command lines of the processes that this one has started and that are still there."""
    ids = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [Path(f"/proc/{i}/cmdline").read_text() for i in ids]


async def until(claim: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not claim():
            await asyncio.sleep(0.01)


async def test_a_feed_becomes_a_card_on_the_console(tmp_path: Path, server: Server) -> None:
    server.shown["wire"] = [TITLE]
    screen = io.StringIO()
    app = App(
        settings(tmp_path, server),
        loaded(tmp_path, server.feed("wire")),
        console=Console(file=screen, width=200),
    )
    async with running(app):
        await until(lambda: TITLE in screen.getvalue())
        await until(lambda: server.polls["wire"] > 3)
    assert screen.getvalue().count(TITLE) == 1
    assert "HIGH · considering · sourced" in screen.getvalue()


async def test_a_feed_becomes_a_message_in_telegram_and_a_command_is_answered(
    tmp_path: Path, server: Server
) -> None:
    async with BotApi() as api:
        chosen = settings(
            tmp_path,
            server,
            BOT_TELEGRAM_TOKEN=api.token,
            BOT_TELEGRAM_API_URL=api.url.removesuffix("/bot"),
            BOT_TELEGRAM_ADMINS="5",
        )
        app = App(chosen, loaded(tmp_path, server.feed("wire")))
        async with running(app):
            api.push_message(5, "/start")
            await until(lambda: api.accepted)
            server.shown["wire"] = [TITLE]
            await until(lambda: any(TITLE in m.text for m in api.accepted))
            api.push_message(5, "/status")
            await until(lambda: any("feeds" in m.text.lower() for m in api.accepted))
    assert all(m.chat_id == 5 for m in api.accepted)


async def test_what_came_in_is_charted_and_a_stop_ends_whoever_draws(tmp_path: Path, server: Server) -> None:
    async with BotApi() as api:
        chosen = settings(
            tmp_path, server, BOT_TELEGRAM_TOKEN=api.token, BOT_TELEGRAM_API_URL=api.url.removesuffix("/bot")
        )
        app = App(chosen, loaded(tmp_path, server.feed("wire")))
        async with running(app):
            api.push_message(5, "/start")
            await until(lambda: api.accepted)
            server.shown["wire"] = [TITLE]
            await until(lambda: any(TITLE in m.text for m in api.accepted))
            api.push_message(5, "/chart compute resale 7d")
            await until(lambda: any(m.method == "sendPhoto" for m in api.accepted))
            (answer,) = (m for m in api.accepted if m.photo)
            assert answer.text.startswith("compute resale (theme), 7 days to ")
            assert "\n1 mention, most on " in answer.text
            assert answer.text.endswith("\n1 alert: 1 high.")
            assert size_of(answer.photo) == (1200, 675)
            drawers = [c for c in children() if "bot.delivery.drawer" in c]
            assert len(drawers) == 1
        assert [c for c in children() if "bot.delivery.drawer" in c] == []


async def test_one_bad_feed_or_entry_stops_no_other(tmp_path: Path, server: Server) -> None:
    class Fragile(Reader):
        def analyze(self, entries: Any, /) -> Any:
            if any("poison" in e.title for e in entries):
                raise RuntimeError("a bug in the analyzer")
            return super().analyze(entries)

    server.shown |= {"poisoned": ["poison in a headline"], "wire": [TITLE]}
    server.answers["html"] = lambda: web.Response(text="<!doctype html><html><body>hi</body></html>")
    server.answers["gone"] = lambda: web.Response(status=410)
    feeds = [server.feed(n) for n in ("poisoned", "html", "gone", "wire")]
    feeds.append(server.feed("private", url="http://10.0.0.1/feed"))
    screen = io.StringIO()
    app = App(
        settings(tmp_path, server),
        loaded(tmp_path, *feeds, reader=Fragile()),
        console=Console(file=screen, width=200),
    )
    async with running(app):
        await until(lambda: TITLE in screen.getvalue())
        await until(lambda: app.figures.polls >= 8)
        await until(lambda: states(app)["poisoned"].failures)
        found = states(app)
    assert found["gone"].status is FeedStatus.GONE  # fault 21
    assert found["private"].status is FeedStatus.BLOCKED  # fault 33
    assert "HTML" in found["html"].last_error
    assert found["poisoned"].failures >= 1
    assert found["poisoned"].etag is None, "validators of what was not stored would lose it"
    assert server.polls["gone"] == 1


def states(app: App) -> Any:
    database = Database(app.settings.database)
    try:
        polls = PollStates(database)
        return polls.states(polls.known())
    finally:
        database.close()


async def test_a_full_disk_is_waited_out_and_nothing_is_lost(
    tmp_path: Path, server: Server
) -> None:  # fault 35
    server.shown["wire"] = [TITLE]
    screen, full = io.StringIO(), [True]

    def disk(point: str) -> None:
        if point == "apply_before_commit" and full:
            raise StoreError("the disk is full")

    app = App(
        settings(tmp_path, server),
        loaded(tmp_path, server.feed("wire")),
        console=Console(file=screen, width=200),
        failpoint=disk,
    )
    async with running(app):
        async with aiohttp.ClientSession() as session:
            ready = f"http://127.0.0.1:{app.port}/readyz"
            async with asyncio.timeout(PATIENCE):
                while (answer := await session.get(ready)).status != 503:
                    await asyncio.sleep(0.01)
            assert "disk is full" in await answer.text()
        full.clear()
        await until(lambda: TITLE in screen.getvalue())


async def test_a_restart_polls_nobody_early_and_tells_nothing_twice(tmp_path: Path, server: Server) -> None:
    server.shown["wire"] = [TITLE]
    screen = io.StringIO()
    feed = server.feed("wire", interval=timedelta(hours=1))
    time = [datetime.now(UTC)]
    for start in range(2):
        app = App(
            settings(tmp_path, server),
            loaded(tmp_path, feed),
            console=Console(file=screen, width=200),
            clock=lambda: time[0],
        )
        async with running(app):
            time[0] += timedelta(minutes=3)  # past the spread of first polls
            if start == 0:
                await until(lambda: TITLE in screen.getvalue())
            await asyncio.sleep(0.2)
    assert server.polls["wire"] == 1
    assert screen.getvalue().count(TITLE) == 1


async def test_a_second_program_on_the_same_data_is_refused(tmp_path: Path, server: Server) -> None:
    first = App(settings(tmp_path, server), loaded(tmp_path), console=Console(file=io.StringIO()))
    second = App(settings(tmp_path, server), loaded(tmp_path), console=Console(file=io.StringIO()))
    async with running(first):
        with pytest.raises(StoreError, match="another Spillover is running"):
            async with running(second):
                pass


async def test_a_refused_token_is_an_error_at_start(tmp_path: Path, server: Server) -> None:
    async with BotApi() as api:
        chosen = settings(
            tmp_path,
            server,
            BOT_TELEGRAM_TOKEN="99:wrong-wrong-wrong-wrong-wrong-wrong",
            BOT_TELEGRAM_API_URL=api.url.removesuffix("/bot"),
        )
        with pytest.raises(ConfigError, match="token") as caught:
            async with running(App(chosen, loaded(tmp_path))):
                pass
    assert "wrong-wrong" not in str(caught.value)


async def test_an_api_that_can_not_be_reached_is_no_reason_not_to_start(
    tmp_path: Path, server: Server
) -> None:
    server.shown["wire"] = [TITLE]
    chosen = settings(
        tmp_path,
        server,
        BOT_TELEGRAM_TOKEN="99:right-right-right-right-right-right",
        BOT_TELEGRAM_API_URL="http://127.0.0.1:1",
    )
    app = App(chosen, loaded(tmp_path, server.feed("wire")))
    async with running(app):
        await until(lambda: app.figures.entries)
    database = Database(app.settings.database)
    assert Archive(database).count() == 1
    database.close()


async def test_a_reload_with_a_mistake_keeps_the_old_rules_and_says_where(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    rules = tmp_path / "rules"
    (rules / "alerts").mkdir(parents=True)
    (rules / "companies").mkdir()
    (rules / "themes").mkdir()
    (rules / "sources.yaml").write_text("version: 1\nfeeds: []\nfeed: []\n")
    chosen = settings(tmp_path, server, BOT_RULES_DIR=str(rules))
    app = App(chosen, loaded(tmp_path, server.feed("wire")), console=Console(file=io.StringIO()))
    async with running(app):
        before = app.rules_version
        await app.reload()
        assert app.rules_version == before
        assert "reload_refused" in caplog.text
        server.shown["wire"] = [TITLE]
        await until(lambda: app.figures.entries)


async def test_operators_are_told_where_a_refused_reload_is_wrong(tmp_path: Path, server: Server) -> None:
    rules = tmp_path / "rules"
    for folder in ("alerts", "companies", "themes"):
        (rules / folder).mkdir(parents=True)
    (rules / "sources.yaml").write_text("version: 1\nfeeds: []\nfeed: []\n")
    async with BotApi() as api:
        chosen = settings(
            tmp_path,
            server,
            BOT_RULES_DIR=str(rules),
            BOT_TELEGRAM_TOKEN=api.token,
            BOT_TELEGRAM_API_URL=api.url.removesuffix("/bot"),
            BOT_TELEGRAM_ADMINS="7,8",
        )
        app = App(chosen, loaded(tmp_path, server.feed("wire")))
        async with running(app):
            await app.reload()
        told = {m.chat_id: m.text for m in api.accepted}
    assert told.keys() >= {7, 8}
    assert "The rules were not reloaded; the old ones stay in force." in told[7]


async def test_reloads_come_one_after_another_also_before_the_start_is_done(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = loaded(tmp_path), loaded(tmp_path, server.feed("wire"))
    second = replace(second, book=make_book(tmp_path, PACK.replace("level: medium", "level: low")))
    begun: list[Loaded] = []
    go_on = threading.Event()

    def slowly(_: Settings) -> Loaded:
        begun.append(second if begun else first)
        made = begun[-1]
        go_on.wait(PATIENCE)
        return made

    monkeypatch.setattr("bot.app.load", slowly)
    app = App(settings(tmp_path, server), loaded(tmp_path), console=Console(file=io.StringIO()))
    reloads = [asyncio.create_task(app.reload()) for _ in range(2)]
    await until(lambda: begun)
    await asyncio.sleep(0.05)
    assert begun == [first], "the second waits for the first"
    go_on.set()
    await asyncio.gather(*reloads)
    assert app.rules_version == second.book.rules.version
    async with running(app):
        await until(lambda: server.polls.get("wire"))


async def test_a_task_that_dies_of_a_bug_is_said_where_it_is_looked_for(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    def die(point: str) -> None:
        if point == "batch_taken":
            raise RuntimeError("a bug")

    server.shown["wire"] = [TITLE]
    app = App(
        settings(tmp_path, server),
        loaded(tmp_path, server.feed("wire")),
        console=Console(file=io.StringIO()),
        failpoint=die,
    )
    async with running(app), aiohttp.ClientSession() as session:
        await until(lambda: "task_died" in caplog.text)
        answer = await session.get(f"http://127.0.0.1:{app.port}/readyz")
        assert answer.status == 503
        assert "restart the bot" in await answer.text()


async def test_figures_can_be_asked_for_at_any_time(tmp_path: Path, server: Server) -> None:
    asked: list[str] = []
    app = App(settings(tmp_path, server), loaded(tmp_path), console=Console(file=io.StringIO()))

    async def ask() -> None:
        async with aiohttp.ClientSession() as session:
            asked.append(await (await session.get(f"http://127.0.0.1:{app.port}/metrics")).text())

    async def channels() -> Any:
        await ask()  # a start may take long, when Telegram is slow to answer
        return await App._channels(app)

    app._channels = channels  # type: ignore[method-assign]
    async with running(app):
        await ask()
    assert all("spillover_outbox_pending 0.0" in text for text in asked)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("work", "every"),
    [
        pytest.param("bot.store.digests.Digests.due", "bot.app.DIGEST_EVERY", id="digests"),
        pytest.param("bot.store.archive.Archive.prune", "bot.app.PRUNE_EVERY", id="what is too old"),
    ],
)
@pytest.mark.parametrize("ends", [True, False], ids=["which ends in time", "which does not end in time"])
async def test_a_stop_in_the_middle_of_a_job_is_no_error(
    tmp_path: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    work: str,
    every: str,
    ends: bool,
) -> None:
    caplog.set_level("INFO")
    begun, go_on = threading.Event(), threading.Event()

    def slowly(*_: Any, **__: Any) -> list[Any]:
        begun.set()
        assert go_on.wait(PATIENCE)
        return []

    async def go_on_then_stop(intake: Intake, within: timedelta) -> None:  # which comes after the jobs
        go_on.set()
        await stop(intake, within)

    stop = Intake.stop
    monkeypatch.setattr(Intake, "stop", go_on_then_stop)
    monkeypatch.setattr(work, slowly)
    monkeypatch.setattr(every, timedelta(milliseconds=20))
    monkeypatch.setattr("bot.app.JOBS_WITHIN", timedelta(seconds=PATIENCE if ends else 0))
    app = App(
        settings(tmp_path, server),
        loaded(tmp_path, server.feed("wire")),
        console=Console(file=io.StringIO(), width=200),
    )
    async with running(app):
        await until(begun.is_set)
        stopping = asyncio.create_task(app.stop())
        if ends:
            await until(lambda: app._starting)
            go_on.set()
        await stopping
    assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == []
    assert ("job_cut_off" in caplog.text) is not ends
