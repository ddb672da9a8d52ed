"""The running program as its managers see it. Implements `office.Works`."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path

from bot.config import Settings
from bot.errors import BotError
from bot.loading import Loaded
from bot.locale import tr
from bot.office import Latency, Vitals
from bot.ports import Clock
from bot.store.database import Database
from bot.store.delays import latency
from bot.upkeep.past import numbers, version_of
from bot.upkeep.rules import REFUSED, differences, mistakes, summary

_STATM = Path("/proc/self/statm")


class ProgramWorks:
    """Looks at the program, and has its rules read.

    Args:
        settings: Of the program.
        loaded: What is in force now.
        swap: Reads everything anew and puts it into force; raises a BotError if it is wrong.
        reading: Held while the rules are read, which takes much memory.
        read: Reads the rules.
        delay: How late the event loop last woke, in seconds.
        trouble: Why nothing can be stored just now.
        database: A connection for figures.
        clock: The time.
    """

    def __init__(
        self,
        settings: Settings,
        loaded: Callable[[], Loaded],
        swap: Callable[[], Awaitable[None]],
        reading: asyncio.Lock,
        read: Callable[[Settings], Loaded],
        delay: Callable[[], float],
        trouble: Callable[[], str],
        database: Database,
        clock: Clock,
    ) -> None:
        self._settings, self._loaded, self._swap, self._reading = settings, loaded, swap, reading
        self._read = read
        self._delay, self._trouble, self._database, self._clock = delay, trouble, database, clock
        self._started_at = clock()

    def vitals(self) -> Vitals:
        """How it is."""
        return Vitals(
            started_at=self._started_at,
            loop_delay=self._delay(),
            memory=memory(),
            database=database_size(self._settings.database),
            disk_free=shutil.disk_usage(self._settings.data_dir).free,
            rules=self._loaded().book.rules.version,
            trouble=self._trouble(),
        )

    async def latency(self) -> Latency:
        """How fast it is."""
        return await asyncio.to_thread(latency, self._database, self._clock())

    async def reload(self) -> Sequence[str]:
        """Read the rules anew and put them into force; what differs, or where they are wrong."""
        before = self._loaded()
        try:
            await self._swap()
        except BotError as e:
            return [tr(REFUSED), *mistakes(e)]
        after = self._loaded()
        return [tr("Reloaded: {summary}", summary=summary(after)), *differences(before, after)]

    async def lint(self) -> Sequence[str]:
        """Read and test the rules without putting them into force; what would differ, or where they are wrong."""
        try:
            async with self._reading:
                found = await asyncio.get_running_loop().run_in_executor(None, self._read, self._settings)
        except BotError as e:
            return [tr("The files are wrong; nothing was changed."), *mistakes(e)]
        return [
            tr("The files are good: {summary}", summary=summary(found)),
            tr("A reload would change:"),
            *differences(self._loaded(), found),
        ]

    async def backtest(self, span: timedelta, /) -> Sequence[str]:
        """What the rules in force would have told of the archive's last days."""
        return await numbers(self._settings, version_of(self._loaded()), span)


def memory() -> int:
    """Bytes of memory that the process holds; where the system does not say so, the most that it ever held."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def database_size(path: Path) -> int:
    """Bytes of the database with its write-ahead log."""
    files = (path, path.with_name(path.name + "-wal"))
    return sum(f.stat().st_size for f in files if f.exists())
