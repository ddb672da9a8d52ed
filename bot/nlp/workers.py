"""Analysis on more than one core: batches through an executor, of processes here or of a Dask cluster.

Analysis is a pure map, so that where a batch is worked on changes nothing but the time. What a lost worker costs:

- Its batch is sent again, at most `TRIES` times. One that ends worker after worker is an AnalysisError: analysed
  here it would end the program too, which would meet it again after every start.
- When nobody can be asked (the scheduler is gone, the workers have other rules), batches are analysed here, and
  workers are asked again after `REST`: late news is worse than a busy core.

What a worker does is in `worker`, what opens executors in `places`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.errors import AnalysisError, BotError
from bot.model import Analysis, Entry
from bot.nlp.places import Crew, Place
from bot.nlp.worker import Answer, Recipe, analyze_batch, recipe_for
from bot.ports import Analyzer

log = logging.getLogger(__name__)

TRIES = 3  # for a batch whose worker, pool or scheduler is lost
PATIENCE = timedelta(seconds=60)  # for a batch; one takes a quarter of a second where all is well
REST = timedelta(minutes=1)
LARGEST = 1_000  # entries of a batch
FIRST_RATE = 160.0  # entries a second and core before that is measured: as if all were about the field
_AGEING = 0.9  # how much of its highest rate a pace keeps with each batch
_LOST = (BrokenExecutor, CancelledError, TimeoutError)

Work = Callable[[Recipe, Sequence[Entry]], Answer]


class Pace:
    """How many entries make a batch that is worth sending.

    The first batches of a worker are slow (it loads its parser), and a batch that is too short costs more
    than one that is too long; so the highest rate counts, slowly forgotten.
    """

    def __init__(self, least: timedelta) -> None:
        """Batches shall take at least that long."""
        self._least = least.total_seconds()
        self._rate = FIRST_RATE

    def saw(self, entries: int, seconds: float) -> None:
        """Take note of a batch that was worked on."""
        self._rate = max(entries / max(seconds, 1e-6), self._rate * _AGEING)

    def size(self, waiting: int) -> int:
        """Entries of the next batch, so that those that wait make equal ones."""
        enough = min(max(1, round(self._rate * self._least)), LARGEST)
        return -(-waiting // max(1, waiting // enough))


@dataclass(slots=True, eq=False)
class _Job:
    """A batch under way; without a future it is to be analysed here."""

    entries: Sequence[Entry]
    crew: Crew | None = None
    future: Future[Answer] | None = None
    tries: int = 0


class Workers:
    """The workers and their upkeep; they stay when the rules are read anew.

    Args:
        place: Where they are; None: analysis is done in the caller's thread.
        rules: The rules folder, which processes of this machine read too.
        model: Name of the spaCy package; None takes the one installed.
        work: What a worker does with a batch.
    """

    def __init__(
        self, place: Place | None, rules: Path, model: str | None, work: Work = analyze_batch
    ) -> None:
        self._place, self._rules, self._model, self._work = place, rules, model, work
        self._pace = Pace(place.least if place else timedelta(0))
        self._crew: Crew | None = None
        self._opening = threading.Lock()
        self._is_closed = False
        self._rests_until = 0.0

    def open(self, analyzer: Analyzer) -> None:
        """Get workers, and see that the first that answers equals `analyzer`.

        Raises:
            ConfigError: There are none; says what to do.
            AnalysisError: The worker has other rules or another release; says what to do.
        """
        if self._place is None:
            return
        recipe = recipe_for(self._rules, self._model, analyzer.version)
        executor = self._ready(self._place, recipe).executor
        try:
            answer = executor.submit(self._work, recipe, ()).result(PATIENCE.total_seconds())
        except Exception as e:  # whatever it is that an installation lacks
            raise AnalysisError(
                f"a worker of {self._place.name} can't run this release ({type(e).__name__}: {e}); install "
                "the same Spillover there and restart it, or set BOT_ANALYSIS=inline"
            ) from e
        if isinstance(answer, str):
            raise AnalysisError(answer)

    def through(self, analyzer: Analyzer) -> Analyzer:
        """One that gives the same analyses as `analyzer`, made by the workers.

        Raises:
            AnalysisError: No spaCy model is installed.
        """
        if self._place is None:
            return analyzer
        recipe = recipe_for(self._rules, self._model, analyzer.version)
        return _Spread(self, self._place, self._pace, analyzer, recipe)

    def close(self) -> None:
        """End the workers, busy or not; whoever waits for one gets an AnalysisError."""
        self._is_closed = True
        crew = self._crew
        if crew is not None:
            crew.end()

    def __enter__(self) -> Self:
        """`open` opens."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def send(self, job: _Job, place: Place, recipe: Recipe) -> None:
        """Give a batch to a worker; it keeps no future if none can be asked now."""
        job.crew = job.future = None
        self._refuse_if_closed()
        if time.monotonic() < self._rests_until:
            return
        try:
            job.crew = self._ready(place, recipe)
            job.future = job.crew.executor.submit(self._work, recipe, job.entries)
        except BotError as e:
            self._refuse_if_closed()
            self.rest(str(e))
        except (BrokenExecutor, RuntimeError, OSError):  # a loss that nobody has waited for yet
            job.future = Future()
            job.future.cancel()

    def lose(self, crew: Crew | None) -> None:
        """Drop a crew that is lost, unless that was done already; the next batch gets another."""
        with self._opening:
            if crew is None or crew is not self._crew:
                return
            self._crew = None
        crew.end()
        self._refuse_if_closed()

    def rest(self, why: str) -> None:
        """Ask nobody for a while."""
        now = time.monotonic()
        if now >= self._rests_until:
            log.error("workers_unusable problem=%r meanwhile=analysed_here", why)
        self._rests_until = now + REST.total_seconds()

    def _ready(self, place: Place, recipe: Recipe) -> Crew:
        with self._opening:
            if self._crew is None:
                self._crew = place.open(recipe)
                if self._is_closed:  # meanwhile
                    self._crew.end()
            self._refuse_if_closed()
            return self._crew

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise AnalysisError("analysis is stopped; what was not analysed is polled again")


class _Spread:
    """The analyzer that hands batches to workers, in order; see the module for what happens when they are lost."""

    def __init__(self, workers: Workers, place: Place, pace: Pace, local: Analyzer, recipe: Recipe) -> None:
        self._workers, self._place, self._pace = workers, place, pace
        self._local, self._recipe = local, recipe

    @property
    def version(self) -> str:
        """That of the analyzer in this process, which every worker's must equal."""
        return self._local.version

    def analyze(self, entries: Sequence[Entry], /) -> list[Analysis]:
        """One analysis for each entry, in order.

        Raises:
            AnalysisError: The pipeline failed, a batch ended worker after worker, or the workers were closed.
        """
        waiting, jobs, out = list(entries), deque[_Job](), list[Analysis]()
        try:
            while waiting or jobs:
                while waiting and len(jobs) < self._place.window:
                    size = self._pace.size(len(waiting))
                    jobs.append(_Job(waiting[:size]))
                    del waiting[:size]
                    self._workers.send(jobs[-1], self._place, self._recipe)
                out += self._receive(jobs)
                jobs.popleft()
        finally:
            for job in jobs:
                if job.future is not None:
                    job.future.cancel()
        return out

    def _receive(self, jobs: Sequence[_Job]) -> Sequence[Analysis]:
        """The analyses of the first job; where its workers are lost, all that they had is sent again."""
        job = jobs[0]
        while job.crew is not None and job.future is not None:
            try:
                answer = job.future.result(PATIENCE.total_seconds())
            except job.crew.hopeless as e:
                raise _deadly(jobs) from e
            except _LOST as e:
                self._send_again(job.crew, jobs, e)
            except Exception as e:  # a bug shows itself here as it would without workers
                log.warning("batch_failed_there problem=%r next=analysed_here", _told(e))
                break
            else:
                if isinstance(answer, str):
                    self._workers.rest(answer)
                    break
                self._pace.saw(len(job.entries), answer.seconds)
                return answer.analyses
        return self._local.analyze(job.entries)

    def _send_again(self, crew: Crew, jobs: Sequence[_Job], error: Exception) -> None:
        self._workers.lose(crew)
        log.warning("workers_lost place=%s problem=%r next=sent_again", self._place.name, _told(error))
        for job in jobs:
            if job.crew is not crew or job.future is None or _is_done(job.future):
                continue
            job.tries += 1
            if job.tries >= TRIES:
                raise _deadly(jobs) from error
            self._workers.send(job, self._place, self._recipe)


def _is_done(future: Future[Answer]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _deadly(jobs: Sequence[_Job]) -> AnalysisError:
    under_way = sum(len(job.entries) for job in jobs)
    return AnalysisError(
        f"worker after worker has ended over the same {under_way} entries, from {jobs[0].entries[0].id} on; see "
        "whether the workers have memory enough, and find the entry that ends them with 'spillover analyze'"
    )
