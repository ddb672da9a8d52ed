"""What is done from time to time in the thread that decides: what is too old goes, digests that are due are queued."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import timedelta
from functools import partial

from bot.delivery.words import Names
from bot.errors import StoreError
from bot.pipeline.digest import send_digest
from bot.ports import Clock
from bot.store.archive import Archive
from bot.store.digests import Digests
from bot.store.ingest import Ingest
from bot.telemetry import event

log = logging.getLogger(__name__)

PRUNE_MOST = 20_000  # entries at a time: a second or two in which no batch is decided


class Chores:
    """Each may be begun at any time; what fails is done the next time.

    Args:
        archive: What is kept.
        digests: Which are due.
        ingest: Stores what is decided.
        worker: The thread in which texts are analysed and batches decided.
        names: Readable names of companies, as the rules in force have them.
        clock: The time.
        wake: Called when there is something to deliver.
    """

    def __init__(
        self,
        archive: Archive,
        digests: Digests,
        ingest: Ingest,
        *,
        worker: Executor,
        names: Names,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._archive, self._digests, self._ingest = archive, digests, ingest
        self._worker, self._names, self._clock, self._wake = worker, names, clock, wake

    async def prune(self, keep: timedelta) -> None:
        """Forget what is older."""
        work = partial(self._archive.prune, self._clock(), keep, most=PRUNE_MOST)
        try:
            gone = await asyncio.get_running_loop().run_in_executor(self._worker, work)
        except StoreError as e:
            log.error(event("prune_failed", problem=e))
        else:
            log.info(event("pruned", entries=gone))

    async def send_digests(self) -> None:
        """Queue the digests that are due."""
        try:
            sent = await asyncio.get_running_loop().run_in_executor(self._worker, self._queue_digests)
        except StoreError as e:
            log.error(event("digests_failed", problem=e))
            return
        if sent:
            log.info(event("digests_queued", digests=sent))
            self._wake()

    def _queue_digests(self) -> int:
        """In the worker thread."""
        now = self._clock()
        outcomes = [send_digest(due, self._names, now) for due in self._digests.due(now)]
        return sum(self._ingest.apply(o, now) and bool(o.notifications) for o in outcomes)
