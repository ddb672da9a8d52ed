"""Puts the rooms together and keeps them running: settings → adapters → jobs, and an orderly stop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from rich.console import Console

from bot.config import Settings
from bot.delivery.chat import Chatting
from bot.delivery.console import ConsoleChannel
from bot.delivery.outbox import Drain
from bot.delivery.pacing import Pacer
from bot.errors import AnalysisError, BotError, StoreError
from bot.loading import Loaded, load, user_agent
from bot.model import Feed, FeedStatus, Outcome, PollState, Target, TargetKind
from bot.pipeline import process
from bot.ports import Channel, Clock, Vocabulary
from bot.sources.fetch import HttpFetcher
from bot.sources.parse import FeedParser
from bot.sources.poll import PollResult, poll_once
from bot.sources.schedule import after_error, new_state, refreshed
from bot.store.archive import Archive, Lock
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.store.queue import Queue
from bot.telemetry import HealthServer, Metrics, event

log = logging.getLogger("bot.app")

STOP_WITHIN = timedelta(seconds=10)
BATCH = 200  # entries at most in one transaction, so that one flood of feeds delays nobody for long
PRUNE_EVERY = timedelta(hours=6)
LOOP_PROBE = timedelta(milliseconds=500)
STORE_PAUSE = timedelta(seconds=2)  # after a failed write; doubles up to a minute
CONSOLE = "console:"


def utc_now() -> datetime:
    """What time it is."""
    return datetime.now(UTC)


def _nothing(_: str) -> None:
    return None


class _Current:
    """The vocabulary of the rules that are in force now."""

    def __init__(self, current: Callable[[], Vocabulary]) -> None:
        self._current = current

    def resolve(self, text: str, /) -> list[Target]:
        return self._current().resolve(text)

    def suggest(self, text: str, /) -> list[str]:
        return self._current().suggest(text)

    def name(self, target_id: str, /) -> str:
        return self._current().name(target_id)


@dataclass(slots=True)
class Figures:
    """What happened since the start, for a summary."""

    polls: int = 0
    not_modified: int = 0
    failed: int = 0
    entries: int = 0


class App:
    """The running program.

    Args:
        settings: From the environment.
        loaded: Rules, feeds and the analyzer, checked.
        clock: What time it is; the demo's runs fast.
        console: Where cards go without a Telegram token.
        failpoint: Called at named points; a crash drill ends the process there.
    """

    def __init__(
        self,
        settings: Settings,
        loaded: Loaded,
        *,
        clock: Clock = utc_now,
        console: Console | None = None,
        failpoint: Callable[[str], None] = _nothing,
    ) -> None:
        self.settings, self.clock = settings, clock
        self.metrics, self.figures = Metrics(), Figures()
        self._failpoint = failpoint
        self._loaded = loaded
        self._feeds: dict[str, Feed] = {f.id: f for f in loaded.feeds if f.enabled}
        self._console = console or Console()
        self._lock = Lock(settings.database)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="process")
        self._results: asyncio.Queue[PollResult] = asyncio.Queue()
        self._polling: dict[str, PollState] = {}  # feeds under way, with the state before
        self._polls: set[asyncio.Task[None]] = set()
        self._deciding: set[str] = set()  # feeds of the batch that is being processed
        self._slots = asyncio.Semaphore(settings.polls_at_once)
        self._tasks: list[asyncio.Task[None]] = []
        self._databases: list[Database] = []
        self._not_ready: dict[str, str] = {"starting": "yes"}
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        )
        self._health = HealthServer(lambda: self._not_ready, self.metrics, self._refresh_gauges)

    @property
    def port(self) -> int:
        """Where /healthz, /readyz and /metrics are served."""
        return self._health.port

    @property
    def rules_version(self) -> str:
        """Which rules are in force."""
        return self._loaded.book.rules.version

    # --- start and stop ---

    async def start(self) -> None:
        """Open everything and begin to poll and to deliver.

        Raises:
            ConfigError: The port is taken, or Telegram refuses the token.
            StoreError: The database can't be used.
        """
        self._lock.take()
        await self._in_worker(self._open)
        self._failpoint("opened")
        settings = self.settings
        await self._health.start(settings.http_host, settings.http_port)
        self._fetcher = HttpFetcher(
            user_agent=user_agent(settings.contact),
            exceptions=frozenset(settings.allow_addresses),
            max_bytes=settings.max_body_mb * 1024 * 1024,
            timeout=settings.fetch_timeout,
            per_host=settings.polls_per_host,
            spacing=settings.host_spacing,
            clock=self.clock,
        )
        await self._fetcher.__aenter__()
        self._parser = FeedParser()
        self._states = Ingest(self._open_database())
        self.desk = Desk(self._open_database())
        channels: dict[str, Channel] = {}
        self._chatting: Chatting | None = None
        if settings.telegram_token is None:
            channels["console"] = ConsoleChannel(self._console, self.clock)
            self._follow_on_console()
        else:
            self._chatting = Chatting(
                settings.telegram_token.get_secret_value(),
                settings.telegram_api_url,
                self.desk,
                _Current(lambda: self._loaded.vocabulary),
                self.clock,
                settings.telegram_admins,
            )
            channels["telegram"] = self._chatting.channel
            await self._chatting.start()
            if self.desk.subscriber(CONSOLE):
                self.desk.leave(CONSOLE, self.clock())
        self._queue = Queue(self._open_database())
        self.drain = Drain(self._queue, channels, Pacer(), self.clock, failpoint=self._failpoint)
        self._sync_feeds()
        self._spawn(self.drain.run(), "drain")
        self._spawn(self._ingest_forever(), "ingest")
        self._spawn(self._probe_loop(), "probe")
        self._scheduler.add_job(self._tick, "interval", seconds=settings.tick.total_seconds(), id="poll")
        self._scheduler.add_job(self._prune, "interval", seconds=PRUNE_EVERY.total_seconds(), id="prune")
        self._scheduler.start()
        self._not_ready = {}
        log.info(event("started", feeds=len(self._feeds), rules=len(self._loaded.book.rules.rules)))

    async def stop(self) -> None:
        """Finish what is under way within ten seconds; what can't be finished is done after the next start."""
        begun = time.monotonic()
        self._not_ready = {"stopping": "yes"}
        self._failpoint("stopping")
        if self._scheduler.running:
            self._scheduler.remove_all_jobs()
            await asyncio.sleep(0)  # a tick that has been started runs to its end, which takes no waiting
            self._scheduler.shutdown(wait=False)
        for task in self._polls:
            task.cancel()
        await asyncio.gather(*self._polls, return_exceptions=True)
        if hasattr(self, "drain"):
            await self._settle(STOP_WITHIN / 3)
            left = STOP_WITHIN * 0.8 - timedelta(seconds=time.monotonic() - begun)
            await self.drain.stop(max(left, timedelta(seconds=0.5)))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if getattr(self, "_chatting", None) is not None and self._chatting is not None:
            await self._chatting.stop()
        if hasattr(self, "_fetcher"):
            await self._fetcher.__aexit__(None, None, None)
        if hasattr(self, "_parser"):
            await self._parser.close()
        await self._health.stop()
        self._worker.shutdown(wait=True, cancel_futures=True)
        for database in self._databases:
            database.close()
        self._lock.free()
        log.info(event("stopped", seconds=f"{time.monotonic() - begun:.1f}"))

    async def _settle(self, within: timedelta) -> None:
        """Let what was polled be decided and stored before the outbox closes."""
        try:
            await asyncio.wait_for(self._results.join(), within.total_seconds())
        except TimeoutError:
            log.warning(event("stopped_early", undecided=self._results.qsize()))

    def _spawn(self, work: object, name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))  # type: ignore[arg-type]

    def _open(self) -> None:
        database = self._open_database()
        database.quick_check()
        self._ingest = Ingest(database, failpoint=self._failpoint)
        self._archive = Archive(database)

    def _open_database(self) -> Database:
        database = Database(self.settings.database)
        self._databases.append(database)
        return database

    async def _in_worker(self, work: Callable[[], object]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._worker, work)

    def _follow_on_console(self) -> None:
        if self.desk.subscriber(CONSOLE) is None:
            self.desk.watch(CONSOLE, Target(TargetKind.ALL), self.clock())
        self.desk.enroll("console", "", self.clock())

    def _sync_feeds(self) -> None:
        """Give feeds that were never seen their first due time, and others a look at what changed in the list."""
        now = self.clock()
        known = self._states.states(self._states.known_feeds() & self._feeds.keys())
        wanted = [
            refreshed(f, known[f.id]) if f.id in known else new_state(f, now) for f in self._feeds.values()
        ]
        changed = tuple(state for state in wanted if known.get(state.feed_id) != state)
        if changed:
            self._states.apply(Outcome(states=changed), now)

    def is_quiet(self) -> bool:
        """Whether everything that is due now has been polled, decided and delivered."""
        now = self.clock()
        return not (
            self._polling
            or not self._results.empty()
            or self._deciding
            or self._states.due_feeds(now, 1)
            or self.drain.in_flight
            or self._queue.due(now, 1, exclude=frozenset())
        )

    # --- polling ---

    async def _tick(self) -> None:
        now = self.clock()
        room = self.settings.polls_at_once * 2 - len(self._polling)
        if room <= 0:
            return
        due = self._states.due_feeds(now, room + len(self._polling))
        wanted = [i for i in due if i in self._feeds and i not in self._polling][:room]
        for feed_id, state in self._states.states(wanted).items():
            self._polling[feed_id] = state
            task = asyncio.create_task(self._poll(self._feeds[feed_id], state), name=f"poll {feed_id}")
            self._polls.add(task)
            task.add_done_callback(self._polls.discard)

    async def _poll(self, feed: Feed, state: PollState) -> None:
        async with self._slots:
            begun = time.monotonic()
            result = await poll_once(feed, state, self._fetcher, self._parser, self.clock())
            self.metrics.fetch_seconds.observe(time.monotonic() - begun)
        self._count(result)
        self._failpoint("polled")
        await self._results.put(result)

    def _count(self, result: PollResult) -> None:
        kind = "failed" if result.error is not None else "not_modified" if result.not_modified else "ok"
        self.metrics.polls.labels(kind).inc()
        self.figures.polls += 1
        self.figures.failed += kind == "failed"
        self.figures.not_modified += kind == "not_modified"
        state, stopped = result.state, result.state.status in (FeedStatus.GONE, FeedStatus.BLOCKED)
        if stopped:
            log.error(event("feed_stopped", feed=state.feed_id, problem=result.error_text))
        elif result.error is not None:
            log.warning(
                event("poll_failed", feed=state.feed_id, failures=state.failures, problem=result.error_text)
            )

    # --- deciding ---

    async def _ingest_forever(self) -> None:
        while True:
            batch = [await self._results.get()]
            while not self._results.empty() and sum(len(r.news) + len(r.baseline) for r in batch) < BATCH:
                batch.append(self._results.get_nowait())
            self._deciding = {r.feed.id for r in batch}
            self._failpoint("batch_taken")
            try:
                await self._decide(batch)
            finally:
                for feed_id in self._deciding:
                    self._polling.pop(feed_id, None)
                    self._results.task_done()
                self._deciding = set()
            self.drain.wake()

    async def _decide(self, batch: Sequence[PollResult]) -> None:
        """Process and store a batch; a database that can't be written is tried again until it can."""
        pause = STORE_PAUSE
        while True:
            try:
                begun = time.monotonic()
                await self._in_worker(lambda: self._process(batch))
                self.metrics.batch_seconds.observe(time.monotonic() - begun)
                self._not_ready.pop("database", None)
                return
            except StoreError as e:
                self._not_ready["database"] = str(e)
                log.error(event("store_failed", retry_in=pause.total_seconds(), problem=e))
                await asyncio.sleep(pause.total_seconds())
                pause = min(pause * 2, timedelta(minutes=1))
            except Exception as e:
                if len(batch) > 1:  # one bad feed must not hold up the others
                    for result in batch:
                        await self._decide([result])
                    return
                await self._give_up(batch[0], e)
                return

    async def _give_up(self, result: PollResult, error: Exception) -> None:
        """A feed whose entries can't be processed backs off with its old validators, so nothing of it is lost."""
        feed = result.feed
        log.error(event("batch_failed", feed=feed.id, entries=len(result.news)), exc_info=error)
        known = error if isinstance(error, BotError) else AnalysisError(f"a bug: {type(error).__name__}")
        state = after_error(feed, self._polling[feed.id], known, self.clock())
        await self._decide([replace(result, state=state, news=(), baseline=())])

    def _process(self, batch: Sequence[PollResult]) -> None:
        """In the worker thread: snapshot, process, apply."""
        now = self.clock()
        entries = [e for result in batch for e in (*result.news, *result.baseline)]
        outcome = process(
            entries,
            self._ingest.snapshot(entries, now),
            self._loaded.book,
            self._loaded.analyzer,
            now,
            baseline=frozenset(e.id for result in batch for e in result.baseline),
            states=tuple(result.state for result in batch),
        )
        self._failpoint("processed")
        self._ingest.apply(outcome, now)
        self.figures.entries += len(outcome.entries)
        self.metrics.entries.inc(len(outcome.entries))
        for verdict in outcome.verdicts:
            self.metrics.decisions.labels(verdict.decision.reason.value).inc()
            log.debug(
                event(
                    "decided",
                    entry=verdict.entry_id,
                    reason=verdict.decision.reason,
                    rule=verdict.rule_id,
                    story=verdict.story_id,
                )
            )

    # --- upkeep ---

    async def reload(self) -> None:
        """Read, check and test all files anew and swap them in; on a mistake keep the old ones and say why."""
        try:
            loaded = await asyncio.get_running_loop().run_in_executor(None, load, self.settings)
        except BotError as e:
            log.error(event("reload_refused", problem=e, kept=self._loaded.book.rules.version))
            return
        self._loaded = loaded
        self._feeds = {f.id: f for f in loaded.feeds if f.enabled}
        self._sync_feeds()
        log.info(event("reloaded", rules=len(loaded.book.rules.rules), feeds=len(self._feeds)))

    async def _prune(self) -> None:
        def prune() -> None:
            gone = self._archive.prune(self.clock(), self.settings.keep)
            log.info(event("pruned", entries=gone))

        try:
            await self._in_worker(prune)
        except StoreError as e:
            log.error(event("prune_failed", problem=e))

    async def _probe_loop(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(LOOP_PROBE.total_seconds())
            self.metrics.loop_delay.set(max(0.0, time.monotonic() - before - LOOP_PROBE.total_seconds()))

    async def _refresh_gauges(self) -> None:
        status = self.desk.status(self.clock())
        self.metrics.pending.set(status.pending)
        self.metrics.parked.set(status.parked)
        self.metrics.failing.set(status.feeds_failing)
        self.metrics.count_deliveries(self.drain.counters)
