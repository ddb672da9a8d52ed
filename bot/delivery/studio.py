"""Has charts drawn, one at a time, in a process that is started when one is wanted and ended when none is."""

from __future__ import annotations

import asyncio
import pickle
import tempfile
from datetime import timedelta
from types import TracebackType
from typing import Self

from bot import child
from bot.delivery.drawer import Answer
from bot.delivery.drawing import Chart
from bot.errors import DrawingError
from bot.text import show_duration

_START = timedelta(seconds=30)  # for the first one: imports take about 1 s, on a busy machine some more


class Studio:
    """Draws charts; `close` (or the end of `async with`) leaves no process and no file behind.

    Those who come while one is drawn wait in line; how many may wait is the caller's to say.

    Args:
        deadline: For one picture.
        idle: The process is ended after so long without work, which gives its memory back.
        memory: Address space of the process, in bytes.
    """

    def __init__(
        self,
        *,
        deadline: timedelta = timedelta(seconds=15),
        idle: timedelta = timedelta(minutes=5),
        memory: int = 1024 * 1024 * 1024,
    ) -> None:
        self._deadline, self._idle, self._memory = deadline, idle, memory
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None  # for the list of fonts
        self._rest: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def is_resting(self) -> bool:
        """Whether there is no process."""
        return self._process is None

    async def draw(self, chart: Chart, /) -> bytes:
        """Have it drawn, as a PNG.

        Raises:
            DrawingError: It took too long, or the process could not be started or has ended.
        """
        async with self._turn:
            if self._closed:
                raise DrawingError("the program is stopping")
            if self._rest is not None:
                self._rest.cancel()
                self._rest = None
            done = False
            try:
                answer = await self._work(pickle.dumps(chart))
                done = True
            finally:
                if not done:
                    await asyncio.shield(self._stop())
            self._rest = asyncio.create_task(self._end_when_idle(), name="studio")
        if isinstance(answer, str):
            raise DrawingError(answer)
        return answer

    async def close(self) -> None:
        """End the process, at work or not; whoever waits for a picture gets a `DrawingError`."""
        self._closed = True
        child.kill(self._process)
        async with self._turn:
            if self._rest is not None:
                self._rest.cancel()
                await asyncio.gather(self._rest, return_exceptions=True)
            await self._stop()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    async def __aenter__(self) -> Self:
        """Nothing is started before the first chart comes."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    async def _work(self, job: bytes) -> Answer:
        if self._process is not None and self._process.returncode is not None:
            await self._stop()  # it was ended from outside while it had nothing to do
        limit = self._deadline + (_START if self._process is None else timedelta(0))
        try:
            async with asyncio.timeout(limit.total_seconds()):
                process = self._process = self._process or await self._start()
                answer: Answer = await child.ask(process, job)
                return answer
        except TimeoutError as e:
            raise DrawingError(f"drawing takes longer than {show_duration(limit)}") from e
        except (asyncio.IncompleteReadError, ConnectionError) as e:
            raise DrawingError("the process that draws has ended; its log says why") from e
        except OSError as e:
            raise DrawingError(f"the process that draws can't be started: {e}") from e

    async def _start(self) -> asyncio.subprocess.Process:
        """Start it with a folder for matplotlib, whose own choice would be the home folder: a container may have none."""
        self._folder = self._folder or tempfile.TemporaryDirectory(
            prefix="spillover-", ignore_cleanup_errors=True
        )
        return await child.start(
            "bot.delivery.drawer",
            str(self._memory),
            MPLCONFIGDIR=self._folder.name,
            MPLBACKEND="agg",
            OPENBLAS_NUM_THREADS="1",  # each of its threads would reserve address space
        )

    async def _end_when_idle(self) -> None:
        await asyncio.sleep(self._idle.total_seconds())
        async with self._turn:
            await self._stop()

    async def _stop(self) -> None:
        process, self._process = self._process, None
        await child.end(process)
