"""When what the program does from time to time is begun, and how that ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.telemetry import event

log = logging.getLogger(__name__)

Job = Callable[[], Coroutine[None, None, None]]


class Timetable:
    """Begins each job every so often, never twice at once.

    A job that is cut off is no failure. The scheduler takes it for one and logs a traceback, so it never gets to see it.
    """

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        )
        self._under_way: set[asyncio.Task[None]] = set()

    def every(self, span: timedelta, job: Job, name: str) -> None:
        """Begin it so often, the first time after `span`."""

        async def run() -> None:
            task = asyncio.create_task(job(), name=name)
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            await asyncio.wait({task})
            if task.cancelled():
                log.info(event("job_cut_off", job=name))
            else:
                task.result()

        self._scheduler.add_job(run, "interval", seconds=span.total_seconds(), id=name, name=name)

    def start(self) -> None:
        """From now on."""
        self._scheduler.start()

    async def stop(self, within: timedelta) -> None:
        """Begin nothing more, wait so long for what is under way, and cut off the rest."""
        self._scheduler.remove_all_jobs()
        await asyncio.sleep(0)  # what was begun just now is under way then
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=within.total_seconds())
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await asyncio.sleep(0)  # and what waited for it ends
        self._scheduler.shutdown(wait=False)
