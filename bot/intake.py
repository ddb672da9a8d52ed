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
from datetime import timedelta

from bot.errors import AnalysisError, BotError, StoreError
from bot.loading import Loaded
from bot.model import Feed, FeedStatus, Outcome, PollState, Verdict
from bot.pipeline import process
from bot.ports import Clock, Fetcher, Parser
from bot.sources.poll import PollResult, poll_once
from bot.sources.schedule import after_error, new_state, refreshed
from bot.store.ingest import Ingest
from bot.store.polls import PollStates
from bot.telemetry import Metrics, event

log = logging.getLogger(__name__)

BATCH = (
    200  # entries in one transaction, give or take one feed, so that a flood of feeds delays nobody for long
)
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
        """Give feeds that were never seen their first due time, and others a look at what changed in the list."""
        now, feeds = self._clock(), self.feeds
        known = self._states.states(self._states.known() & feeds.keys())
        wanted = [refreshed(f, known[f.id]) if f.id in known else new_state(f, now) for f in feeds.values()]
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

    async def run(self) -> None:
        """Decide and store batch after batch until cancelled."""
        while True:
            batch = [await self._results.get()]
            while not self._results.empty() and sum(len(r.news) + len(r.baseline) for r in batch) < BATCH:
                batch.append(self._results.get_nowait())
            self._failpoint("batch_taken")
            try:
                await self._decide(batch)
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
            result = await poll_once(feed, state, self._fetcher, self._parser, self._clock())
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

    async def _decide(self, batch: Sequence[PollResult]) -> None:
        """Process and store a batch; a database that can't be written is tried again until it can."""
        pause = STORE_PAUSE
        while True:
            try:
                begun = time.monotonic()
                loop = asyncio.get_running_loop()
                outcome = await loop.run_in_executor(self._worker, self._process, batch)
            except StoreError as e:
                self.trouble = str(e)
                log.error(event("store_failed", retry_in=f"{pause.total_seconds():.0f}s", problem=e))
                await asyncio.sleep(pause.total_seconds())
                pause = min(pause * 2, LONGEST_STORE_PAUSE)
            except Exception as e:
                if len(batch) > 1:  # one bad feed must not hold up the others
                    for result in batch:
                        await self._decide([result])
                else:
                    await self._give_up(batch[0], e)
                return
            else:
                self.trouble = ""
                self._metrics.batch_seconds.observe(time.monotonic() - begun)
                self._note(outcome)
                return

    async def _give_up(self, result: PollResult, error: Exception) -> None:
        """A feed whose entries can't be processed backs off with its old validators, so nothing of it is lost."""
        feed = result.feed
        log.error(event("batch_failed", feed=feed.id, entries=len(result.news)), exc_info=error)
        known = error if isinstance(error, BotError) else AnalysisError(f"a bug: {type(error).__name__}")
        state = after_error(feed, self._under_way[feed.id], known, self._clock())
        await self._decide([replace(result, state=state, news=(), baseline=())])

    def _process(self, batch: Sequence[PollResult]) -> Outcome:
        """In the worker thread: snapshot, process, apply."""
        now, loaded = self._clock(), self._loaded()
        entries = [e for result in batch for e in (*result.news, *result.baseline)]
        outcome = process(
            entries,
            self._ingest.snapshot(entries, now),
            loaded.book,
            loaded.analyzer,
            now,
            baseline=frozenset(e.id for result in batch for e in result.baseline),
            states=tuple(result.state for result in batch),
        )
        self._failpoint("processed")
        self._ingest.apply(outcome, now)
        return outcome

    def _note(self, outcome: Outcome) -> None:
        self.figures.entries += len(outcome.entries)
        self._metrics.entries.inc(len(outcome.entries))
        for verdict in outcome.verdicts:
            self._metrics.decisions.labels(verdict.decision.reason.value).inc()
            if log.isEnabledFor(logging.DEBUG):
                log.debug(_line(verdict))


def _line(verdict: Verdict) -> str:
    about = {"rule": verdict.rule_id, "story": verdict.story_id, "subscriber": verdict.subscriber_id}
    return event(
        "decided",
        entry=verdict.entry_id,
        send=verdict.decision.send,
        reason=verdict.decision.reason,
        **{k: v for k, v in about.items() if v},
    )
