"""Takes news in: polls who is due, gathers what came into batches, and has each decided and stored whole.

A feed is under way from its poll until its entries are stored, so that it is never polled twice at once
and its validators never overtake its entries.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot.errors import BotError, StoreError
from bot.loading import Loaded
from bot.locale import marked
from bot.model import Entry, Feed, FeedStatus, Outcome, PollState, Snapshot, Verdict
from bot.pipeline import process
from bot.ports import Clock, Fetcher, Parser
from bot.sources.poll import PollResult, poll_once
from bot.sources.schedule import after_error, answering, new_state, refreshed
from bot.store.ingest import Ingest
from bot.store.polls import PollStates
from bot.telemetry import Metrics, event

log = logging.getLogger(__name__)
T = TypeVar("T")

# Entries decided in one go, twice as many at most: about a second, so that a stop or an urgent entry waits no longer.
BATCH = 100
DECIDE_TRIES = 3  # for a batch during which subscribers come and go
STORE_PAUSE = timedelta(seconds=2)  # after a failed write; doubles up to a minute
LONGEST_STORE_PAUSE = timedelta(minutes=1)


@dataclass(slots=True)
class Figures:
    """What happened since the start, for a summary."""

    polls: int = 0
    not_modified: int = 0
    failed: int = 0
    entries: int = 0


class Intake:
    """Polling and deciding.

    Args:
        loaded: What is in force now; asked anew for every poll and batch, since a reload swaps it.
        states: Poll states, on the event loop's connection.
        ingest: Snapshots and outcomes, on the worker's connection.
        worker: The one thread in which batches are decided.
        fetcher: Gets bodies.
        parser: Reads them.
        clock: The time.
        metrics: Where figures go.
        polls_at_once: Feeds polled at the same time.
        stored: Called after each batch: there may be something to deliver.
        failpoint: Called with polled, batch_taken and processed; a crash drill ends the process there.

    Attributes:
        figures: What happened since the start.
        trouble: Why nothing can be stored just now; empty when all is well.
    """

    def __init__(
        self,
        loaded: Callable[[], Loaded],
        *,
        states: PollStates,
        ingest: Ingest,
        worker: Executor,
        fetcher: Fetcher,
        parser: Parser,
        clock: Clock,
        metrics: Metrics,
        polls_at_once: int,
        stored: Callable[[], None],
        failpoint: Callable[[str], None],
    ) -> None:
        self.figures, self.trouble = Figures(), ""
        self._loaded, self._states, self._ingest, self._worker = loaded, states, ingest, worker
        self._fetcher, self._parser, self._clock, self._metrics = fetcher, parser, clock, metrics
        self._stored, self._failpoint = stored, failpoint
        self._most = polls_at_once
        self._slots = asyncio.Semaphore(polls_at_once)
        self._under_way: dict[str, PollState] = {}  # by feed id: the state before the poll
        self._polls: set[asyncio.Task[None]] = set()
        self._results: asyncio.Queue[PollResult] = asyncio.Queue()

    @property
    def feeds(self) -> Mapping[str, Feed]:
        """The feeds in force, by id."""
        return {f.id: f for f in self._loaded().feeds if f.enabled}

    def sync(self) -> None:
        """Give feeds that were never seen their first due time, and others a look at what changed in the list.

        Those that are not in the list any more are paused, lest they stand first among the due ones for ever.
        """
        now, feeds = self._clock(), self.feeds
        known = self._states.states(self._states.known())
        wanted = [
            refreshed(f, _resumed(known[f.id])) if f.id in known else new_state(f, now)
            for f in feeds.values()
        ]
        wanted += [replace(s, status=FeedStatus.PAUSED) for s in known.values() if s.feed_id not in feeds]
        self._states.save([state for state in wanted if known.get(state.feed_id) != state])

    def is_quiet(self) -> bool:
        """Whether everything that is due now has been polled and stored."""
        return not self._under_way and not self._states.due(self._clock(), 1)

    async def tick(self) -> None:
        """Start the polls that are due and have room; called every few seconds."""
        room = 2 * self._most - len(self._under_way)
        if room <= 0:
            return
        feeds = self.feeds
        due = self._states.due(self._clock(), 2 * self._most + len(self._under_way))
        wanted = [i for i in due if i in feeds and i not in self._under_way][:room]
        for feed_id, state in self._states.states(wanted).items():
            self._under_way[feed_id] = state
            task = asyncio.create_task(self._poll(feeds[feed_id], state), name=f"poll {feed_id}")
            self._polls.add(task)
            task.add_done_callback(self._polls.discard)

    async def look(self) -> None:
        """Decide without news: what has not come for too long is news as well."""
        if not self._loaded().book.rules.expects:
            return
        if self.trouble and self._under_way:
            return  # what could not be stored yet may hold what would be missed
        try:
            self._note(await self._in_worker(partial(self._process, ())))
        except BotError as e:
            log.error(event("look_failed", problem=e))
        self._stored()

    async def run(self) -> None:
        """Decide and store batch after batch until cancelled; no failure ends it."""
        while True:
            batch = [await self._results.get()]
            while not self._results.empty() and sum(map(_size, batch)) < BATCH:
                batch.append(self._results.get_nowait())
            self._failpoint("batch_taken")
            try:
                await self._decide_parts(batch)
            except Exception as e:
                feeds = ",".join(r.feed.id for r in batch)
                log.error(event("batch_lost", feeds=feeds, next="they_are_polled_again"), exc_info=e)
            finally:
                for result in batch:
                    self._under_way.pop(result.feed.id, None)
                    self._results.task_done()
            self._stored()

    async def stop(self, within: timedelta) -> None:
        """End the polls that are under way, and let what has come be decided and stored."""
        for task in self._polls:
            task.cancel()
        await asyncio.gather(*self._polls, return_exceptions=True)
        try:
            await asyncio.wait_for(self._results.join(), within.total_seconds())
        except TimeoutError:
            log.warning(event("stopped_early", undecided=len(self._under_way), next_start="polls_them_again"))

    async def _poll(self, feed: Feed, state: PollState) -> None:
        async with self._slots:
            begun = time.monotonic()
            try:
                result = await poll_once(feed, state, self._fetcher, self._parser, self._clock())
            except Exception as e:  # a bug met by one feed must not end its polling
                log.error(event("poll_crashed", feed=feed.id), exc_info=e)
                known = _known_error(e)
                after = after_error(feed, state, known, self._clock())
                result = PollResult(feed=feed, state=after, error=known)
            self._metrics.fetch_seconds.observe(time.monotonic() - begun)
        self._count(result)
        self._failpoint("polled")
        await self._results.put(result)

    def _count(self, result: PollResult) -> None:
        kind = "failed" if result.error is not None else "not_modified" if result.not_modified else "ok"
        self._metrics.polls.labels(kind).inc()
        self.figures.polls += 1
        self.figures.failed += kind == "failed"
        self.figures.not_modified += kind == "not_modified"
        state = result.state
        if state.status in (FeedStatus.GONE, FeedStatus.BLOCKED):
            log.error(event("feed_stopped", feed=state.feed_id, problem=result.error_text))
        elif result.error is not None:
            log.warning(
                event("poll_failed", feed=state.feed_id, failures=state.failures, problem=result.error_text)
            )

    async def _decide_parts(self, batch: Sequence[PollResult]) -> None:
        if short := [r for r in batch if _size(r) <= BATCH]:
            await self._decide(short)
        for result in (r for r in batch if _size(r) > BATCH):
            for part in _parts(result, self._under_way[result.feed.id]):
                if not await self._decide([part]):
                    break  # the later ones would bring validators that skip what was not stored

    async def _decide(self, batch: Sequence[PollResult]) -> bool:
        """Process and store a batch; says whether all of it is stored."""
        try:
            outcome = await self._in_worker(partial(self._process, batch))
        except Exception as e:
            if len(batch) > 1:  # one bad feed must not hold up the others
                return all([await self._decide([result]) for result in batch])
            await self._give_up(batch[0], e)
            return False
        self._note(outcome)
        return True

    async def _give_up(self, result: PollResult, error: Exception) -> None:
        """A feed whose entries can't be processed backs off with its old validators, so nothing of it is lost."""
        feed = result.feed
        log.error(event("batch_failed", feed=feed.id, entries=len(result.news)), exc_info=error)
        state = after_error(feed, self._under_way[feed.id], _known_error(error), self._clock())
        await self._in_worker(lambda: self._ingest.apply(Outcome(states=(state,)), self._clock()))

    async def _in_worker(self, work: Callable[[], T]) -> T:
        """Do it in the worker thread; a database that can't be written is tried again until it can."""
        pause, loop = STORE_PAUSE, asyncio.get_running_loop()
        while True:
            begun = time.monotonic()
            try:
                done = await loop.run_in_executor(self._worker, work)
            except StoreError as e:
                self.trouble = str(e)
                log.error(event("store_failed", retry_in=f"{pause.total_seconds():.0f}s", problem=e))
                await asyncio.sleep(pause.total_seconds())
                pause = min(pause * 2, LONGEST_STORE_PAUSE)
            else:
                self.trouble = ""
                self._metrics.batch_seconds.observe(time.monotonic() - begun)
                return done

    def _process(self, batch: Sequence[PollResult]) -> Outcome:
        """In the worker thread: snapshot, process, apply; anew where subscribers came or went meanwhile."""
        entries = [e for result in batch for e in (*result.news, *result.baseline)]
        for _ in range(DECIDE_TRIES):
            now, loaded = self._clock(), self._loaded()
            listed = {f.id: f for f in loaded.feeds}
            outcome = process(
                entries,
                self._snapshot(entries, batch, loaded, now),
                loaded.book,
                loaded.analyzer,
                now,
                baseline=frozenset(e.id for result in batch for e in result.baseline),
                # What a reload has changed or taken away meanwhile keeps the state that the reload gave it.
                states=tuple(r.state for r in batch if listed.get(r.feed.id) == r.feed),
            )
            self._failpoint("processed")
            if self._ingest.apply(outcome, now):
                return outcome
        raise StoreError(marked("subscribers come and go faster than a batch can be decided"))

    def _snapshot(
        self, entries: Sequence[Entry], batch: Sequence[PollResult], loaded: Loaded, now: datetime
    ) -> Snapshot:
        """What must be known to decide; where a rule waits for something, also which feeds would have brought it."""
        known = self._ingest.snapshot(entries, now)
        if not loaded.book.rules.expects:
            return known
        states = self._ingest.poll_states(f.id for f in loaded.feeds if f.enabled)
        states |= {r.feed.id: r.state for r in batch if r.feed.id in states}
        return replace(known, answering=answering(states.values(), now))

    def _note(self, outcome: Outcome) -> None:
        self.figures.entries += len(outcome.entries)
        self._metrics.entries.inc(len(outcome.entries))
        for verdict in outcome.verdicts:
            self._metrics.decisions.labels(verdict.decision.reason.value).inc()
            if log.isEnabledFor(logging.DEBUG):
                log.debug(_line(verdict))


def _size(result: PollResult) -> int:
    return len(result.news) + len(result.baseline)


def _parts(result: PollResult, before: PollState) -> list[PollResult]:
    """A long feed in parts, oldest entries first. Only the last one brings the new state with it."""
    entries = sorted((*result.news, *result.baseline), key=lambda e: (e.at, e.id))
    silent = {e.id for e in result.baseline}
    parts = []
    for start in range(0, len(entries), BATCH):
        part = entries[start : start + BATCH]
        parts.append(
            replace(
                result,
                state=result.state if start + BATCH >= len(entries) else before,
                news=tuple(e for e in part if e.id not in silent),
                baseline=tuple(e for e in part if e.id in silent),
            )
        )
    return parts


def _resumed(state: PollState) -> PollState:
    return replace(state, status=FeedStatus.ACTIVE) if state.status is FeedStatus.PAUSED else state


def _known_error(error: Exception) -> BotError:
    return error if isinstance(error, BotError) else BotError(f"a bug: {type(error).__name__}")


def _line(verdict: Verdict) -> str:
    about = {"rule": verdict.rule_id, "story": verdict.story_id, "subscriber": verdict.subscriber_id}
    return event(
        "decided",
        entry=verdict.entry_id,
        send=verdict.decision.send,
        reason=verdict.decision.reason,
        **{k: v for k, v in about.items() if v},
    )
