"""From news through a route and the outbox to another service: what is sent, what is held, and what is told of mistakes."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_api import BotApi
from desk_fakes import small_vocabulary
from make import MINUTE, NOW, entry, event
from newsroom import Newsroom, Reader, make_book, subscriber
from rich.console import Console
from service_peers import Ntfy, Peer, serving

from bot.app import App
from bot.config import load_settings
from bot.delivery.drains import Drains
from bot.delivery.services import Services
from bot.loading import Loaded
from bot.model import Attribution, Entry, Outcome, Polarity, Severity, Stage
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.store.queue import Queue

REPORT = "Meta weighs selling surplus AI compute to outsiders"
COPY = "Meta weighs selling its surplus AI compute to outsiders"
DENIAL = "Meta denies plan to sell surplus AI compute to outsiders"
ROUTE = "version: 1\nroutes: [{to: 'apprise:desk', when: {level: low}%s}]"
PATIENCE = 20.0


async def until(claim: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not claim():
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise import NotifyBase

    monkeypatch.setattr(NotifyBase, "request_rate_per_sec", 0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@dataclass
class Bureau:
    """A newsroom whose decisions go through a real database to real services."""

    room: Newsroom
    database: Database
    drains: Drains
    told: list[str]
    now: datetime = NOW

    def publish(self, title: str, *events: Any, feed: str = "wire") -> Outcome:
        """Let a feed show this now."""
        self.room.reader.learn(title, *events)
        shown: Entry = entry(title, feed=feed, at=self.now)
        outcome = self.room.receive(shown, now=self.now)
        Ingest(self.database).apply(outcome, self.now)
        self.drains.wake()
        return outcome

    def rows(self) -> list[tuple[str, str, str]]:
        """Kind, state and error of everything in the outbox."""
        found = self.database.rows("SELECT kind, state, error FROM outbox ORDER BY seq")
        return [(r["kind"], r["state"], r["error"]) for r in found]


@asynccontextmanager
async def bureau(folder: Path, route: str = "", **addresses: str) -> AsyncIterator[Bureau]:
    book = make_book(folder, routes=ROUTE % route)
    readers = [subscriber(f"apprise:{name}", level=Severity.INFO) for name in addresses]
    room = Newsroom(book, Reader(), readers, {r.id: frozenset() for r in readers})
    database = Database(folder / "spillover.db")
    told: list[str] = []

    async def tell(say: Callable[[], str]) -> None:
        told.append(say())

    def clock() -> datetime:
        return made.now

    for name in addresses:
        Desk(database).enroll("apprise", name, NOW)
    drains = Drains(Queue(database), {}, Services(addresses, clock, tell), clock, failpoint=lambda _: None)
    made = Bureau(room, database, drains, told)
    task = asyncio.create_task(drains.run())
    try:
        yield made
    finally:
        await drains.stop(timedelta(seconds=3))
        await task
        database.close()


SALE = event(evidence=(5, 29))
NO_SALE = event(
    polarity=Polarity.DENIED, attribution=Attribution.ON_RECORD, stage=Stage.EXPLORING, evidence=(5, 11)
)


async def test_a_card_and_its_denial_are_messages_and_what_is_between_is_none(tmp_path: Path) -> None:
    async with serving(Peer()) as peer:
        address = f"json://127.0.0.1:{peer.port}/path-known-to-two"
        async with bureau(tmp_path, desk=address) as here:
            here.publish(REPORT, SALE)
            await until(lambda: peer.taken)
            for n in range(12):
                here.now += MINUTE
                here.publish(REPORT, SALE, feed=f"copy {n}")
                await until(lambda: all(state == "sent" for _, state, _ in here.rows()))
            here.now += MINUTE
            here.publish(DENIAL, NO_SALE)
            await until(lambda: len(peer.taken) > 1)
            await until(lambda: all(state == "sent" for _, state, _ in here.rows()))
            kinds = [kind for kind, _, _ in here.rows()]
    assert kinds.count("edit") > 5
    assert (kinds.count("new"), kinds.count("reply")) == (1, 1)
    new, denied = peer.taken
    assert new["title"] == f"HIGH · {REPORT}"
    assert denied["title"] == f"DENIED · {DENIAL}"
    assert denied["message"].splitlines()[0] == f"About “{REPORT}”"


async def test_a_route_waits_for_what_else_comes_and_keeps_quiet_hours(tmp_path: Path) -> None:
    hours = ", group_wait: 10m, quiet: {from: '14:05', to: '16:00'}"  # it is two o'clock
    async with serving(Peer()) as peer:
        async with bureau(tmp_path, hours, desk=f"json://127.0.0.1:{peer.port}/x") as here:
            here.publish(REPORT, SALE)
            here.now += MINUTE
            here.publish(COPY, SALE, feed="second")
            queue = Queue(here.database)
            assert queue.due(here.now, 9) == []
            here.now += 60 * MINUTE
            assert queue.due(here.now, 9) == [], "the wait is over, the quiet hours are not"
            assert peer.asked == 0
            here.now += 60 * MINUTE
            await until(lambda: peer.taken)
            await until(lambda: all(state == "sent" for _, state, _ in here.rows()))
    (card,) = peer.taken
    assert "1 independent origin, 1 copy" in card["message"], "what came meanwhile is in it"


async def test_a_service_that_refuses_is_told_once_and_the_next_news_is_tried(tmp_path: Path) -> None:
    async with serving(Peer()) as peer:
        async with bureau(tmp_path, desk=f"json://127.0.0.1:{peer.port}/path-known-to-two") as here:
            peer.answers.extend([401, 404])
            for n, title in enumerate(
                ["Meta sells compute in Iowa", "Amazon sells spare clusters", "Oracle too"]
            ):
                here.now += 600 * MINUTE
                here.publish(title, replace(SALE, actor=("META", "MSFT", "CRWV")[n], evidence=SALE.evidence))
                await until(lambda n=n: [s for _, s, _ in here.rows()].count("pending") == 0)
            rows = here.rows()
    assert [state for _, state, _ in rows] == ["parked", "parked", "sent"]
    assert [error for _, _, error in rows[:2]] == [
        "desk (JSON) refused it with HTTP status 401",
        "desk (JSON) refused it with HTTP status 404",
    ]
    assert len(here.told) == 1
    assert len(peer.taken) == 1
    assert b"path-known-to-two" not in b"".join(f.read_bytes() for f in tmp_path.glob("spillover.db*"))


async def test_a_slow_service_keeps_no_other_waiting(tmp_path: Path) -> None:
    async with serving(Peer()) as slow, serving(Ntfy()) as quick:
        slow.open.clear()
        addresses = {
            "desk": f"json://127.0.0.1:{slow.port}/x?rto=30",
            "other": f"ntfy://127.0.0.1:{quick.port}/topic",
        }
        async with bureau(tmp_path, "}, {to: 'apprise:other', when: {level: low}", **addresses) as here:
            here.publish(REPORT, SALE)
            await until(lambda: quick.taken)
            assert slow.asked == 1
            assert slow.taken == []
            slow.open.set()
            await until(lambda: slow.taken)


def app_of(folder: Path, route: str, **environ: str) -> App:
    chosen = load_settings({"BOT_DATA_DIR": str(folder / "data"), "BOT_HTTP_PORT": "0"} | environ)
    found = Loaded(
        analyzer=Reader(),
        book=make_book(folder, routes=ROUTE % route),
        vocabulary=small_vocabulary(),  # type: ignore[arg-type]
        feeds=(),
    )
    return App(chosen, found, console=Console(file=io.StringIO()))


async def test_a_route_that_no_setting_defines_is_told_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    problem = (
        f"{tmp_path}/routes.yaml:2: no setting defines apprise:dsek; did you mean 'desk'?; nothing is sent there "
        "until BOT_CHANNEL_DSEK or BOT_CHANNEL_DSEK_FILE gives its address and the bot is started again"
    )
    async with BotApi() as api:
        app = app_of(
            tmp_path,
            "}, {to: 'apprise:dsek'",
            BOT_CHANNEL_DESK="json://127.0.0.1:1/path-known-to-two",
            BOT_TELEGRAM_TOKEN=api.token,
            BOT_TELEGRAM_API_URL=api.url.removesuffix("/bot"),
            BOT_TELEGRAM_ADMINS="7",
        )
        try:
            await app.start()
            told = [m.text for m in api.accepted]
            assert told == [f"Routes that lead nowhere:\n• {problem}"]
            desk, dsek = app.desk.subscriber("apprise:desk"), app.desk.subscriber("apprise:dsek")
            assert desk is not None
            assert desk.active
            assert dsek is None
            monkeypatch.setattr("bot.app.load", lambda _: app._loaded)
            await app.reload()
            assert [m.text for m in api.accepted] == told * 2
        finally:
            await app.stop()
    assert "route_undefined" in caplog.text


async def test_a_setting_that_is_gone_ends_what_waits_and_one_that_is_back_goes_on(tmp_path: Path) -> None:
    for given in (
        {"BOT_CHANNEL_DESK": "json://127.0.0.1:1/x"},
        {},
        {"BOT_CHANNEL_DESK": "json://127.0.0.1:1/y"},
    ):
        app = app_of(tmp_path, "", **given)
        try:
            await app.start()
            found = app.desk.subscriber("apprise:desk")
            assert found is not None
            assert found.active is bool(given)
        finally:
            await app.stop()


async def test_an_address_that_can_not_be_used_is_an_error_at_start(tmp_path: Path) -> None:
    app = app_of(tmp_path, "", BOT_CHANNEL_DESK="slack://word-of-pass")
    with pytest.raises(Exception, match=r"^BOT_CHANNEL_DESK: ") as caught:
        await app.start()
    await app.stop()
    assert "word-of-pass" not in str(caught.value)
