"""Puts the rooms together and keeps them running: settings → adapters → jobs, and an orderly stop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from rich.console import Console

from bot.config import Settings
from bot.delivery.console import ConsoleChannel
from bot.delivery.drains import Drains
from bot.delivery.outbox import tell_nobody
from bot.delivery.services import Services
from bot.errors import BotError, StoreError
from bot.front import Front, make_webhook
from bot.intake import Figures, Intake
from bot.loading import Loaded, fetcher_for, load, undefined_routes, workers_for
from bot.locale import marked, tr
from bot.model import Subscriber, Target, TargetKind
from bot.pipeline import LOOK_EVERY
from bot.ports import Channel, Clock
from bot.sources.parse import FeedParser
from bot.store.access import Access
from bot.store.archive import Archive, Lock
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.digests import Digests
from bot.store.feed_changes import FeedChanges
from bot.store.ingest import Ingest
from bot.store.polls import PollStates
from bot.store.queue import Queue
from bot.telemetry import HealthServer, Metrics, event
from bot.upkeep.chores import Chores
from bot.upkeep.enrolment import enroll_routes
from bot.upkeep.feeds import FeedDesk
from bot.upkeep.managers import Managers
from bot.upkeep.rules import REFUSED, mistakes
from bot.upkeep.timetable import Timetable
from bot.upkeep.works import ProgramWorks

log = logging.getLogger(__name__)
T = TypeVar("T")

# A stop takes ten seconds at most: these, and a second or two for closing what is open.
JOBS_WITHIN, DECIDE_WITHIN, SEND_WITHIN = (timedelta(seconds=n) for n in (1, 3, 4))
PRUNE_EVERY = timedelta(hours=6)
DIGEST_EVERY = timedelta(seconds=30)
MORNING_EVERY = timedelta(minutes=1)  # that it is asked whether it is time for the report
LOOP_PROBE = timedelta(milliseconds=500)
CONSOLE = "console:"


def utc_now() -> datetime:
    """What time it is."""
    return datetime.now(UTC)


def _nothing(_: str) -> None:
    return None


async def _tell_nobody(_: Callable[[], str]) -> None:
    return None


class App:
    """The running program.

    Args:
        settings: From the environment.
        loaded: Rules, feeds and the analyzer, checked.
        clock: What time it is; the demo's runs fast.
        console: Where cards go without a Telegram token.
        failpoint: Called at named points; a crash drill ends the process there.
        read: Reads rules and feeds anew for a reload; the demo's keeps to its own feeds.
    """

    def __init__(
        self,
        settings: Settings,
        loaded: Loaded,
        *,
        clock: Clock = utc_now,
        console: Console | None = None,
        failpoint: Callable[[str], None] = _nothing,
        read: Callable[[Settings], Loaded] | None = None,
    ) -> None:
        self.settings, self.clock = settings, clock
        self._loaded, self._failpoint, self._read = loaded, failpoint, read
        self._workers = workers_for(settings)
        self._console, self._loop_delay = console or Console(), 0.0
        self._metrics = Metrics()
        self._starting = True
        self._died = ""  # a task of ours that ended by itself
        self._reloading = asyncio.Lock()
        self._tell_operators: Callable[[Callable[[], str]], Coroutine[None, None, None]] = _tell_nobody
        self._tell_lost: Callable[[Subscriber, str], None] = tell_nobody
        self._managers: Managers | None = None
        self._open = AsyncExitStack()  # what was opened, closed in the reverse order

    @property
    def port(self) -> int:
        """Where /healthz, /readyz and /metrics are served."""
        return self._health.port

    @property
    def rules_version(self) -> str:
        """Which rules are in force."""
        return self._loaded.book.rules.version

    @property
    def figures(self) -> Figures:
        """What was polled and taken in since the start."""
        return self._intake.figures

    async def start(self) -> None:
        """Open everything and begin to poll and to deliver; if it fails, what was opened is closed by `stop`.

        Raises:
            ConfigError: The port is taken, Telegram refuses the token, Apprise can't read an address, or nobody answers where texts are analysed.
            StoreError: The database can't be used.
            AnalysisError: Those who analyse have other rules or another release.
        """
        settings = self.settings
        lock = Lock(settings.database)
        lock.take()
        self._open.callback(lock.free)
        database = self._database()
        database.quick_check()
        self._failpoint("opened")
        self._health = HealthServer(self._not_ready, self._metrics, self._refresh_gauges)
        self._webhook = make_webhook(settings)
        posts = {self._webhook.path: self._webhook.answer} if self._webhook else {}
        await self._health.start(settings.http_host, settings.http_port, posts)
        self._open.push_async_callback(self._health.stop)
        self.desk = Desk(self._database())
        self._access = Access(self._database())
        await self._open_feeds()
        outbox = self._database()
        outbox.leave_checkpoints()
        self._queue = Queue(outbox)
        channels = await self._channels()
        services = await asyncio.to_thread(self._make_services)
        await self._tell_undefined(self._enroll_routes())
        self.drain = Drains(
            self._queue,
            channels,
            services,
            self.clock,
            rate=settings.telegram_rate,
            failpoint=self._failpoint,
            lost=self._tell_lost,
        )
        self._spawn(self.drain.run(), "drain")
        self._open.push_async_callback(self.drain.stop, SEND_WITHIN)
        self._intake = await self._make_intake(database)
        self._intake.sync()
        self._spawn(self._intake.run(), "intake")
        self._open.push_async_callback(self._intake.stop, DECIDE_WITHIN)
        self._spawn(self._probe_loop(), "probe")
        self._start_jobs()
        self._starting = False
        log.info(event("started", feeds=len(self._intake.feeds), rules=len(self._loaded.book.rules.rules)))

    async def stop(self) -> None:
        """Finish what is under way within ten seconds; what can't be finished is done after the next start."""
        begun = time.monotonic()
        started, self._starting = not self._starting, True
        self._failpoint("stopping")
        await self._open.aclose()
        if started:
            log.info(event("stopped", seconds=f"{time.monotonic() - begun:.1f}"))

    def is_quiet(self) -> bool:
        """Whether everything that is due now has been polled, decided and delivered."""
        idle = self._intake.is_quiet() and not self.drain.in_flight
        return idle and not self._queue.due(self.clock(), 1, exclude=frozenset())

    async def reload(self) -> None:
        """Read, check and test all files anew and swap them in; on a mistake keep the old ones and say why."""
        try:
            await self._swap()
        except BotError as e:
            refused = e
            await self._tell_operators(lambda: "\n".join([tr(REFUSED), *mistakes(refused)]))

    async def _swap(self) -> None:
        """Read everything anew and put it into force.

        Raises:
            BotError: Something is wrong; the old rules stay.
        """
        async with self._reloading:  # one after another, or an older reading could come in last
            before = self._loaded
            try:
                self._loaded = await asyncio.get_running_loop().run_in_executor(
                    None, self._read or load, self.settings
                )
                undefined: list[str] = []
                if not self._starting:  # a start does so itself
                    self._intake.sync()
                    undefined = self._enroll_routes()
            except BotError as e:
                self._loaded = before
                log.error(event("reload_refused", problem=e, kept=self.rules_version))
                raise
        await self._tell_undefined(undefined)
        log.info(event("reloaded", rules=len(self._loaded.book.rules.rules), feeds=len(self._loaded.feeds)))

    # --- the parts ---

    def _database(self) -> Database:
        database = Database(self.settings.database)
        self._open.callback(database.close)
        return database

    async def _channels(self) -> dict[str, Channel]:
        token = self.settings.telegram_token
        if token is None:
            if self.desk.subscriber(CONSOLE) is None:
                self.desk.watch(CONSOLE, Target(TargetKind.ALL), self.clock())
            self.desk.enroll("console", "", self.clock())
            return {"console": ConsoleChannel(self._console, self.clock)}
        if self.desk.subscriber(CONSOLE) is not None:
            self.desk.leave(CONSOLE, self.clock())
        managers = self._managers = self._make_managers()
        front = Front(
            self.settings,
            self.desk,
            self.clock,
            loaded=lambda: self._loaded,
            database=self._database,
            managers=managers,
            working=self._in_worker,
            webhook=self._webhook,
        )
        chatting = front.chatting
        self._open.push_async_callback(chatting.stop)
        self._open.push_async_callback(
            front.studio.close
        )  # before the bot, so that who waits is still answered
        await chatting.start()
        self._tell_operators, self._tell_lost = chatting.tell_operators, chatting.lost
        return {"telegram": chatting.channel}

    async def _in_worker(self, work: Callable[[], T]) -> T:
        """Do it in the thread in which texts are analysed, in the language that is spoken here.

        Raises:
            StoreError: The program is starting or stopping.
        """
        if self._starting:
            raise StoreError("the bot is starting or stopping")
        return await asyncio.get_running_loop().run_in_executor(self._ingest_worker, copy_context().run, work)

    def _make_services(self) -> Services:
        async def tell(say: Callable[[], str]) -> None:
            await self._tell_operators(say)  # whichever it is by then

        addresses = {name: secret.get_secret_value() for name, secret in self.settings.channels.items()}
        return Services(addresses, self.clock, tell)

    def _make_managers(self) -> Managers:
        database = self._database()
        works = ProgramWorks(
            self.settings,
            lambda: self._loaded,
            self._swap,
            self._reloading,
            read=self._read or load,
            delay=lambda: self._loop_delay,
            trouble=lambda: ", ".join(self._not_ready().values()),
            database=database,
            clock=self.clock,
        )
        return Managers(
            self.settings, database, self._access, self.desk, self._feeds, works, self.clock, self._wake
        )

    def _wake(self) -> None:
        self.drain.wake()

    async def _open_feeds(self) -> None:
        self._fetcher = await self._open.enter_async_context(fetcher_for(self.settings, self.clock))
        self._parser = await self._open.enter_async_context(FeedParser())
        database = self._database()
        self._feeds = FeedDesk(
            lambda: self._loaded.feeds,
            FeedChanges(database),
            PollStates(database),
            self._fetcher,
            self._parser,
            self.clock,
            changed=self._sync_feeds,
        )

    def _sync_feeds(self) -> None:
        if not self._starting:  # a start does so itself
            self._intake.sync()

    def _enroll_routes(self) -> list[str]:
        """See that whatever a route leads to is a subscriber; gives what leads nowhere."""
        routes = self._loaded.book.routes
        served = "console" if self.settings.telegram_token is None else "telegram"
        undefined = undefined_routes(routes, self.settings)
        enroll_routes(routes, self.desk, self._access, self.clock, served=served, undefined=undefined)
        return list(undefined.values())

    async def _tell_undefined(self, problems: Sequence[str]) -> None:
        for problem in problems:
            log.error(event("route_undefined", problem=problem))
        if problems:
            await self._tell_operators(
                lambda: "\n".join([tr("Routes that lead nowhere:"), *(f"• {p}" for p in problems)])
            )

    async def _make_intake(self, database: Database) -> Intake:
        worker = ThreadPoolExecutor(1, thread_name_prefix="process")
        self._open.callback(worker.shutdown, wait=True, cancel_futures=True)
        ingest = Ingest(database, failpoint=self._failpoint, sector_of=self._sector_of)
        self._ingest_worker = worker
        self._chores = Chores(
            Archive(database),
            Digests(database),
            ingest,
            worker=worker,
            names=lambda company: self._loaded.book.rules.name(company),
            clock=self.clock,
            wake=self._wake,
        )
        # Closed before the thread that waits for them, which they would keep waiting.
        self._open.push_async_callback(asyncio.to_thread, self._workers.close)
        await asyncio.to_thread(self._workers.open, self._loaded.analyzer)
        return Intake(
            self._in_force,
            states=PollStates(self._database()),
            ingest=ingest,
            worker=worker,
            fetcher=self._fetcher,
            parser=self._parser,
            clock=self.clock,
            metrics=self._metrics,
            polls_at_once=self.settings.polls_at_once,
            stored=self.drain.wake,
            failpoint=self._failpoint,
        )

    def _in_force(self) -> Loaded:
        """What was loaded last, with the analyzer that goes through the workers and the feeds as managers want them."""
        loaded = self._loaded
        return replace(loaded, analyzer=self._workers.through(loaded.analyzer), feeds=self._feeds.in_force())

    def _sector_of(self, company: str) -> str:
        return self._loaded.book.rules.known.companies.get(company, "")

    def _start_jobs(self) -> None:
        jobs = Timetable()
        jobs.every(self.settings.tick, self._intake.tick, "poll")
        jobs.every(PRUNE_EVERY, partial(self._chores.prune, self.settings.keep), "prune")
        jobs.every(LOOK_EVERY, self._intake.look, "look")
        jobs.every(DIGEST_EVERY, self._chores.send_digests, "digest")
        if self._managers is not None:
            jobs.every(MORNING_EVERY, partial(self._managers.report, self._tell_operators), "morning")
        jobs.start()
        self._open.push_async_callback(jobs.stop, JOBS_WITHIN)

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                self._died = name
                log.error(event("task_died", task=name, next="restart_the_bot"), exc_info=error)

        task = asyncio.create_task(work, name=name)
        task.add_done_callback(ended)

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._open.push_async_callback(end)

    # --- upkeep ---

    def _not_ready(self) -> dict[str, str]:
        if self._starting:
            return {"program": marked("starting or stopping")}
        if self._died:
            return {self._died: marked("has died of a bug, see the log; restart the bot")}
        return {"database": self._intake.trouble} if self._intake.trouble else {}

    async def _probe_loop(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(LOOP_PROBE.total_seconds())
            self._loop_delay = max(0.0, time.monotonic() - before - LOOP_PROBE.total_seconds())
            self._metrics.loop_delay.set(self._loop_delay)

    async def _refresh_gauges(self) -> None:
        if self._starting:
            return
        status = self.desk.status(self.clock())
        self._metrics.pending.set(status.pending)
        self._metrics.parked.set(status.parked)
        self._metrics.failing.set(status.feeds_failing)
        self._metrics.count_deliveries(self.drain.counters)
