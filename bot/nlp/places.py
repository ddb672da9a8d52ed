"""Where batches are analysed: opens executors on processes of this machine or on a Dask cluster, and ends them."""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import wait
from typing import ClassVar, Protocol

from bot.errors import ConfigError
from bot.nlp.worker import Recipe, begin

CONNECT_WITHIN = timedelta(seconds=5)  # to a scheduler on one's own network; a stop waits as long at worst
STAFFED_WITHIN = timedelta(seconds=2)  # a scheduler that was just started learns of its workers
ENDING = timedelta(seconds=1)  # for a process that is told to end; after it, it is killed
_INLINE = "or set BOT_ANALYSIS=inline"


@dataclass(frozen=True, slots=True)
class Crew:
    """Workers that are ready."""

    executor: Executor
    end: Callable[
        [], None
    ]  # ends or leaves them, busy or not, and cancels what they have; may be called again
    hopeless: tuple[
        type[Exception], ...
    ] = ()  # says of a batch that it has ended each worker it was given to


class Place(Protocol):
    """Where workers are."""

    @property
    def name(self) -> str:
        """As a person writes it."""
        ...

    @property
    def least(self) -> timedelta:
        """How long a batch must take, lest the way there cost more than a twentieth of it."""
        ...

    @property
    def window(self) -> int:
        """Batches under way at once; more would only wait there and be lost with it."""
        ...

    def open(self, recipe: Recipe) -> Crew:
        """Get workers. They learn from each batch which analyzer is wanted; `recipe` lets some begin earlier.

        Raises:
            ConfigError: There are none; says what to do.
        """
        ...


@dataclass(frozen=True, slots=True)
class Processes:
    """Processes of this machine."""

    count: int
    least: ClassVar[timedelta] = timedelta(milliseconds=50)  # a batch's way there and back takes 1 to 2 ms

    @property
    def name(self) -> str:
        """See `Place`."""
        return f"processes:{self.count}"

    @property
    def window(self) -> int:
        """See `Place`."""
        return 2 * self.count

    def open(self, recipe: Recipe) -> Crew:
        """See `Place`. They are spawned: a fork would copy the locks of our threads in whatever state they are."""
        context = multiprocessing.get_context("spawn")
        far_end, leash = context.Pipe(duplex=False)
        pool = ProcessPoolExecutor(
            self.count, mp_context=context, initializer=begin, initargs=(far_end, recipe)
        )

        def end() -> None:
            processes = list((pool._processes or {}).values())  # Python 3.14 has kill_workers
            leash.close()  # at which they end, unless they are in a computation that lets no thread in
            deadline = time.monotonic() + ENDING.total_seconds()
            for process in processes:
                if not wait([process.sentinel], max(0.0, deadline - time.monotonic())):
                    process.kill()
            pool.shutdown(wait=True, cancel_futures=True)
            far_end.close()

        return Crew(pool, _once(end))


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Dask cluster, by its scheduler's address."""

    address: str
    least: ClassVar[timedelta] = timedelta(milliseconds=250)  # a task's way there and back takes about 10 ms
    window: ClassVar[int] = 64  # keeps sixteen workers busy with four batches each

    @property
    def name(self) -> str:
        """See `Place`."""
        return f"dask:{self.address}"

    def open(self, recipe: Recipe) -> Crew:
        """See `Place`."""
        try:
            from distributed import Client, KilledWorker
        except ImportError as e:
            raise ConfigError(
                f"{self.name} needs the package distributed ({e}); install spillover[dask], {_INLINE}"
            ) from e
        for chatty in ("distributed", "distributed.client"):  # a loss is told by us, in one line
            logging.getLogger(chatty).setLevel(logging.CRITICAL)
        try:
            client = Client(
                self.address, timeout=CONNECT_WITHIN.total_seconds(), set_as_default=False, name="spillover"
            )
        except (OSError, ValueError) as e:
            raise ConfigError(
                f"no Dask scheduler answers at {self.address}; start it ('dask scheduler') and let it be "
                f"reached from here, {_INLINE}"
            ) from e
        try:
            client.wait_for_workers(1, timeout=STAFFED_WITHIN.total_seconds())
        except (OSError, TimeoutError) as e:
            client.close()
            raise ConfigError(
                f"the Dask scheduler at {self.address} has no workers; start some "
                f"('dask worker {self.address} --nthreads 1') where Spillover is installed, {_INLINE}"
            ) from e
        executor = client.get_executor(pure=False)

        def end() -> None:
            with suppress(OSError, TimeoutError):  # it may be gone already
                executor.shutdown(wait=False)
                client.close(timeout=CONNECT_WITHIN.total_seconds())

        return Crew(executor, _once(end), (KilledWorker,))


def _once(work: Callable[[], None]) -> Callable[[], None]:
    """The same work, done by whoever calls first: a stop and a loss may meet."""
    turn = threading.Lock()

    def done() -> None:
        if turn.acquire(blocking=False):
            work()

    return done
