"""The two drains of a running bot: one for chats, one for other services, so that neither keeps the other waiting."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta

from bot.delivery.outbox import Drain, tell_nobody
from bot.delivery.pacing import OVERALL, Pacer, overall_limit
from bot.delivery.services import CHANNEL, Services
from bot.model import Subscriber
from bot.ports import Channel, Clock, Outbox

CHATS = frozenset({"telegram", "console"})
MOST_SERVICES = 64  # that are sent to at the same time
IN_FLIGHT = 12  # sends to chats at the same time, and so the most that a crash can double


def in_flight(rate: int) -> int:
    """How many sends at the same time so many messages a second need, where an answer takes up to 0.1 s."""
    return max(IN_FLIGHT, rate // 10)


class Drains:
    """Sends what the outbox holds; see `outbox.Drain` for what each promises.

    Telegram's pace and outages are those of one service behind all chats. Every other service has its own
    pace, which Apprise keeps, and its failures say nothing about the rest.
    """

    def __init__(
        self,
        outbox: Outbox,
        chats: Mapping[str, Channel],
        services: Services,
        clock: Clock,
        *,
        rate: int = OVERALL.count,
        failpoint: Callable[[str], None],
        lost: Callable[[Subscriber, str], None] = tell_nobody,
    ) -> None:
        """Prepare; `rate` is how many messages a second all chats together may get, `lost` hears of chats that are gone."""
        self._chats = Drain(
            outbox,
            chats,
            Pacer(overall=overall_limit(rate)),
            clock,
            serves=CHATS,
            concurrency=in_flight(rate),
            failpoint=failpoint,
            lost=lost,
        )
        self._services = Drain(
            outbox,
            {CHANNEL: services},
            Pacer(),
            clock,
            serves=frozenset({CHANNEL}),
            independent=True,
            concurrency=MOST_SERVICES,
            failpoint=failpoint,
        )

    @property
    def in_flight(self) -> int:
        """Sends that have begun and not been written down."""
        return self._chats.in_flight + self._services.in_flight

    @property
    def counters(self) -> Counter[str]:
        """How often what happened, of both."""
        return self._chats.counters + self._services.counters

    def wake(self) -> None:
        """There may be something new to send: look now."""
        self._chats.wake()
        self._services.wake()

    async def run(self) -> None:
        """Deliver until `stop`."""
        await asyncio.gather(self._chats.run(), self._services.run())

    async def stop(self, within: timedelta) -> int:
        """Start nothing more, wait `within` for what is in flight, and return how many had to be given up."""
        return sum(await asyncio.gather(self._chats.stop(within), self._services.stop(within)))
