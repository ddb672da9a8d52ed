"""Parses bodies in processes of their own, so that a hostile one can be stopped."""

from __future__ import annotations

import asyncio
import pickle
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from bot import child
from bot.errors import ParseError
from bot.model import Feed, Fetched, ParsedFeed
from bot.sources.worker import Answer
from bot.text import show_duration

MAX_BODY = 64 * 1024 * 1024

_START = timedelta(seconds=30)  # for the first job of a fresh process, whose imports take about 0.3 s

_ENDING = 5.0  # seconds


class FeedParser:
    """Parses in a few worker processes; start-up is lazy, `close` (or the end of `async with`) stops them.

    A body that takes too long costs its worker, which is replaced; other bodies are read meanwhile.

    Args:
        workers: Processes, and so bodies at the same time.
        deadline: For one body, by the clock.
        cpu: For one body, of processor time; the system itself ends a worker that goes beyond.
        memory: Address space of one worker, in bytes.
    """

    def __init__(
        self,
        *,
        workers: int = 1,
        deadline: timedelta = timedelta(seconds=20),
        cpu: timedelta = timedelta(seconds=8),
        memory: int = 1024 * 1024 * 1024,
    ) -> None:
        self._deadline, self._cpu, self._memory = deadline, cpu, memory
        self._workers, self._turns = workers, asyncio.Semaphore(workers)
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._closed = False

    async def parse(self, feed: Feed, fetched: Fetched, now: datetime, /) -> ParsedFeed:
        """Read the body within limits of processor time and memory.

        Raises:
            ParseError: It is no feed, or reading it went over a limit.
        """
        if len(fetched.body) > MAX_BODY:
            raise ParseError(f"larger than {MAX_BODY:,} bytes")
        job = pickle.dumps((feed, fetched, now))
        async with self._turns, self._worker() as worker:
            answer = await worker.work(job)
        if isinstance(answer, str):
            raise ParseError(answer)
        return answer

    async def close(self) -> None:
        """End the workers, busy or not; none is left behind."""
        self._closed = True
        for worker in self._busy:
            worker.kill()
        for _ in range(self._workers):  # whoever is at it or waits finishes now
            await self._turns.acquire()
        while self._idle:
            await self._idle.pop().stop()
        for _ in range(self._workers):
            self._turns.release()

    async def __aenter__(self) -> Self:
        """Nothing is started before the first body comes."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[_Worker]:
        """A live worker; it goes back to the others only if it has done its job."""
        if self._closed:
            raise RuntimeError("FeedParser is closed")
        worker = self._idle.pop() if self._idle else _Worker(self._deadline, self._cpu, self._memory)
        self._busy.add(worker)
        done = False
        try:
            yield worker
            done = True
        finally:
            if done:
                self._idle.append(worker)
            else:
                await asyncio.shield(worker.stop())
            self._busy.discard(worker)


class _Worker:
    """One process and its two pipes."""

    def __init__(self, deadline: timedelta, cpu: timedelta, memory: int) -> None:
        self._deadline, self._cpu, self._memory = deadline, cpu, memory
        self._process: asyncio.subprocess.Process | None = None

    async def work(self, job: bytes) -> Answer:
        """Have one job done.

        Raises:
            ParseError: The worker had to be ended or ended itself.
        """
        if self._process is not None and self._process.returncode is not None:
            await self.stop()  # it was ended from outside while it had nothing to do
        limit = self._deadline + (_START if self._process is None else timedelta(0))
        try:
            async with asyncio.timeout(limit.total_seconds()):
                process = self._process = self._process or await self._start()
                answer: Answer = await child.ask(process, job)
                return answer
        except TimeoutError as e:
            raise ParseError(f"reading it takes longer than {show_duration(self._deadline)}") from e
        except (asyncio.IncompleteReadError, ConnectionError) as e:
            code = await self._exit_code()
            if code == -signal.SIGXCPU:
                span = show_duration(self._cpu)
                raise ParseError(f"reading it takes more than {span} of processor time") from e
            raise ParseError(f"the reader ended unexpectedly (exit code {code}); its log says why") from e

    async def _exit_code(self) -> int | None:
        """How a process ended that closed its pipes.

        It is not killed before it had time to end by itself: killing looks for its exit code, and asyncio
        then finds none.
        """
        if self._process is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _ENDING)
        return await self.stop()

    def kill(self) -> None:
        """End the process without waiting; whoever waits for its answer gets a ParseError."""
        child.kill(self._process)

    async def stop(self) -> int | None:
        """End the process at once, wait until it is gone, and return its exit code."""
        process, self._process = self._process, None
        return await child.end(process)

    async def _start(self) -> asyncio.subprocess.Process:
        return await child.start("bot.sources.worker", str(self._cpu.total_seconds()), str(self._memory))
