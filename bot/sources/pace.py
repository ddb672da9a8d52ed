"""Keeps requests to one host few at a time and apart from each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass
class Slots:
    """When the next request may start, on any clock that counts seconds and never jumps."""

    spacing: float  # seconds
    free_at: float = float("-inf")

    def reserve(self, now: float) -> float:
        """Take the next start time; returns how many seconds it is away."""
        start = max(now, self.free_at)
        self.free_at = start + self.spacing
        return start - now


@dataclass
class Pace:
    """Politeness towards hosts: at most `at_once` requests, starting at least `spacing` apart."""

    at_once: int
    spacing: timedelta
    _hosts: dict[str, tuple[asyncio.Semaphore, Slots]] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for our turn at a host, and hold it."""
        if host not in self._hosts:
            slots = Slots(self.spacing.total_seconds())
            self._hosts[host] = (asyncio.Semaphore(self.at_once), slots)
        semaphore, slots = self._hosts[host]
        async with semaphore:
            await asyncio.sleep(slots.reserve(asyncio.get_running_loop().time()))
            yield
