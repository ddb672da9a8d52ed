"""Empties the outbox: picks what is due, keeps the pace, and writes down what became of each notification.

A row leaves the outbox only with a receipt, or with an error that says why it never will. So whatever
interrupts a send makes it happen again: at least once, never lost.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from bot.delivery.pacing import ZERO, Pacer
from bot.errors import ConfigError, RejectedError, SubscriberGoneError, TransientDeliveryError
from bot.model import OutboxItem, Receipt, Subscriber
from bot.ports import Channel, Clock, Outbox

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=1)  # doubles with every attempt
LONGEST_PAUSE = timedelta(minutes=5)
IDLE = timedelta(seconds=1)  # look again at least this often: other writers, a clock that jumped
BUG_ATTEMPTS = 3  # an exception that nobody foresaw is tried this often, then parked
OUTAGE = 3  # so many chats failing without one answer in between: it is the network, not a message
OUTAGE_PAUSE = timedelta(seconds=30)
REFUSED_PAUSE = timedelta(seconds=30)  # after a token was refused; doubles up to `LONGEST_PAUSE`

Sleep = Callable[[timedelta], Awaitable[None]]


async def _sleep(span: timedelta) -> None:
    await asyncio.sleep(span.total_seconds())


def tell_nobody(_: Subscriber, __: str) -> None:
    """Nobody is told of subscribers that are gone unless somebody wants to be."""


def _no_failpoint(_: str) -> None:
    """Nothing happens at a failpoint unless a crash drill wants it."""


class Drain:
    """Sends what the outbox holds over the channels, until it is stopped.

    Several notifications are in flight at once, at most one for each subscriber; every pick takes the
    loudest first, so an urgent one waits for no backlog. A subscriber whose notification failed waits
    as a whole until that one is tried again, which keeps the order within a chat. During an outage one
    notification at a time is tried, at growing intervals, and the rest of the outbox is left alone.

    What has been sent stays in flight until its receipt is written, so that a crash can double `concurrency`
    messages at most, however many receipts are written together.

    Attributes:
        counters: How often each of these happened: sent, plain, retried, flood, flood_all, ambiguous,
            parked, gone, moved, refused_token, bug, store_error.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        pacer: Pacer,
        clock: Clock,
        *,
        serves: frozenset[str] | None = None,
        independent: bool = False,
        concurrency: int = 12,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Sleep = _sleep,
        jitter: Callable[[], float] = random.random,
        failpoint: Callable[[str], None] = _no_failpoint,
        lost: Callable[[Subscriber, str], None] = tell_nobody,
    ) -> None:
        """Prepare; nothing is sent before `run`.

        `serves` are the channels whose notifications are sent, None for all; no two drains may share one.
        With `independent` subscribers the failures of several say nothing about the rest, so that none waits
        for another; else they are an outage of the one service behind all.

        `jitter` gives numbers in [0, 1). `failpoint` is called with before_send, after_send,
        before_receipt and after_receipt, and may end the process there. `lost` is called with each
        subscriber that can't be reached any more, and why, once that is written.
        """
        self.counters: Counter[str] = Counter()
        self._outbox, self._channels, self._pacer, self._clock = outbox, channels, pacer, clock
        self._serves, self._independent, self._concurrency = serves, independent, concurrency
        self._monotonic, self._sleep, self._jitter, self._failpoint = monotonic, sleep, jitter, failpoint
        self._lost = lost
        self._flying: dict[str, asyncio.Task[None]] = {}  # by subscriber id
        self._resting: dict[str, float] = {}  # subscriber id → instant; not to be picked before
        self._receipts: dict[str, tuple[Receipt, asyncio.Future[bool]]] = {}  # not written yet
        self._bugs: Counter[str] = Counter()  # by notification id
        self._refused: dict[
            str, float
        ] = {}  # channel → instant; its token is refused, not asked again before
        self._refusals: Counter[str] = Counter()  # by channel, since it was last accepted
        self._failing: set[str] = set()  # subscribers whose sends got no answer since the last answer
        self._probes = 0  # failures in a row after an outage was recognised
        self._down_until = -math.inf
        self._wake = asyncio.Event()
        self._stopping = False

    @property
    def in_flight(self) -> int:
        """Sends that have begun and not been written down."""
        return len(self._flying)

    def wake(self) -> None:
        """There may be something new to send: look now."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until `stop`; no failure ends it."""
        troubles = 0
        while not self._stopping:
            self._wake.clear()
            try:
                rest = self._dispatch()
                troubles = 0
            except Exception:
                troubles += 1
                self.counters["store_error"] += 1
                log.exception("outbox_unreadable tries=%d problem='will look again'", troubles)
                rest = self._backoff(troubles, OUTAGE_PAUSE)
            await self._rest(rest)

    async def stop(self, within: timedelta) -> int:
        """Start nothing more, wait `within` for what is in flight, and return how many had to be given up.

        Those stay in the outbox and are sent again after the next start.
        """
        self._stopping = True
        self._wake.set()
        flying = set(self._flying.values())
        if not flying:
            return 0
        _, late = await asyncio.wait(flying, timeout=within.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if late:
            log.warning("sends_given_up count=%d", len(late))
        return len(late)

    def _dispatch(self) -> timedelta:
        """Start what may start now; how long to rest after it, unless woken."""
        tick, now = self._monotonic(), self._clock()
        room = (1 if len(self._failing) >= OUTAGE else self._concurrency) - len(self._flying)
        if room <= 0:
            return IDLE  # the end of a send wakes us
        pause = max(self._pacer.pause(tick), timedelta(seconds=max(0.0, self._down_until - tick)))
        if pause > ZERO:
            return min(pause, LONGEST_PAUSE)
        self._resting = {who: until for who, until in self._resting.items() if until > tick}
        busy = self._flying.keys() | self._resting.keys()
        limit = min(room, self._pacer.free(tick))
        moved_on = False
        for item in self._outbox.due(now, limit, exclude=frozenset(busy), channels=self._asked(tick)):
            who, address = item.subscriber.id, item.subscriber.address
            if who in self._flying:
                continue
            moved_on = True
            wait = self._pacer.wait(address, tick)
            if wait > ZERO:
                self._resting[who] = tick + wait.total_seconds()
                continue
            self._pacer.record(address, tick)
            task = asyncio.create_task(self._deliver(item), name=f"send {item.notification.id}")
            self._flying[who] = task
            task.add_done_callback(partial(self._landed, who))
        return ZERO if moved_on else self._until_next(now, tick)

    def _asked(self, tick: float) -> frozenset[str] | None:
        """The channels to look for: not those whose token is refused just now."""
        refused = {channel for channel, until in self._refused.items() if until > tick}
        return frozenset(self._serves or self._channels) - refused if refused else self._serves

    def _landed(self, who: str, task: asyncio.Task[None]) -> None:
        del self._flying[who]
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("send_crashed subscriber=%s", who, exc_info=error)

    def _until_next(self, now: datetime, tick: float) -> timedelta:
        waits = [IDLE, *(timedelta(seconds=until - tick) for until in self._resting.values())]
        due_at = self._outbox.next_due_at(now, channels=self._asked(tick))
        if due_at is not None and due_at > now:  # whatever is due already waits for one of the others
            waits.append(due_at - now)
        return max(min(waits), timedelta(milliseconds=1))

    async def _rest(self, span: timedelta) -> None:
        if span <= ZERO:
            await asyncio.sleep(0)
            return
        sleeper = asyncio.ensure_future(self._sleep(span))
        sleeper.add_done_callback(lambda _: self._wake.set())
        try:
            await self._wake.wait()
        finally:
            sleeper.cancel()
            await asyncio.gather(sleeper, return_exceptions=True)

    async def _deliver(self, item: OutboxItem) -> None:
        channel = self._channels.get(item.subscriber.channel)
        if channel is None:
            name = item.subscriber.channel
            write = self._retry(
                item, LONGEST_PAUSE, f"channel {name!r} is not set up: give its token in the settings"
            )
        else:
            sent = await self._send(channel, item)
            if isinstance(sent, Receipt) and not sent.address:
                await self._record(item.notification.id, sent)
                return
            write = self._elsewhere(item, sent) if isinstance(sent, Receipt) else sent
        await self._commit(item.notification.id, write)

    async def _send(self, channel: Channel, item: OutboxItem) -> Receipt | Callable[[], None]:
        """Send it; the receipt, or what else came of it, ready to be written down."""
        try:
            self._failpoint("before_send")
            receipt = await channel.send(item)
            self._failpoint("after_send")
        except TransientDeliveryError as e:
            if e.flood:
                self._answered()
                self._flood(item, e)
            else:
                self._unanswered(item, e)
            return self._again(item, e)
        except RejectedError as e:
            self._answered()
            return self._park(item, str(e))
        except SubscriberGoneError as e:
            self._answered()
            return self._gone(item, e)
        except ConfigError as e:
            return self._refuse(item, e)
        except Exception as e:
            return self._bug(item, e)
        self._answered()
        self._refusals.pop(item.subscriber.channel, None)
        return self._delivered(item, receipt)

    def _answered(self) -> None:
        self._failing.clear()
        self._probes = 0

    def _unanswered(self, item: OutboxItem, error: TransientDeliveryError) -> None:
        if self._independent:
            return
        if len(self._failing) < OUTAGE:
            self._failing.add(item.subscriber.id)
        if len(self._failing) >= OUTAGE:
            self._probes += 1
            pause = self._backoff(self._probes, OUTAGE_PAUSE)
            self._down_until = self._monotonic() + pause.total_seconds()
            log.warning("outage failures=%d pause=%s error='%s'", self._probes, pause, error)

    def _flood(self, item: OutboxItem, error: TransientDeliveryError) -> None:
        self.counters["flood"] += 1
        wait = error.retry_after or FIRST_PAUSE
        if self._pacer.flood(item.subscriber.address, wait, self._monotonic()):
            self.counters["flood_all"] += 1
            log.warning("flood pause=%s problem='several chats are refused: the whole bot waits'", wait)

    async def _commit(self, notification_id: str, write: Callable[[], None]) -> None:
        """Write down what became of it, however long that takes.

        Until it is written the subscriber stays in flight: a full disk must not turn into the same
        message again and again. `stop` ends the waiting.
        """
        tries = 0
        while True:
            try:
                write()
                return
            except Exception:
                tries += 1
                self.counters["store_error"] += 1
                log.exception("outcome_not_written notification=%s tries=%d", notification_id, tries)
            await self._sleep(self._backoff(tries, OUTAGE_PAUSE))

    def _delivered(self, item: OutboxItem, receipt: Receipt) -> Receipt:
        self.counters["sent"] += 1
        self.counters["plain"] += receipt.plain
        self._bugs.pop(item.notification.id, None)
        return receipt

    def _elsewhere(self, item: OutboxItem, receipt: Receipt) -> Callable[[], None]:
        """It arrived at another address, where all that follows goes as well."""
        self.counters["moved"] += 1
        log.info("subscriber_moved subscriber=%s address=%s", item.subscriber.id, receipt.address)

        def write() -> None:
            # In this order: moving forgets the ids of messages that stand elsewhere, which this one does not.
            arrived = item.notification.id
            self._outbox.moved(item.subscriber.id, receipt.address, self._clock(), arrived=arrived)
            self._outbox.delivered(item.notification.id, receipt)

        return write

    async def _record(self, notification_id: str, receipt: Receipt) -> None:
        """Write a receipt down, together with those that came at the same moment; if that fails, each by itself."""
        loop = asyncio.get_running_loop()
        if not self._receipts:
            loop.call_soon(self._write_receipts)
        written = loop.create_future()
        self._receipts[notification_id] = receipt, written
        if not await written:
            await self._commit(notification_id, lambda: self._outbox.delivered(notification_id, receipt))

    def _write_receipts(self) -> None:
        batch, self._receipts = self._receipts, {}
        self._failpoint("before_receipt")
        try:
            self._outbox.delivered_all({name: receipt for name, (receipt, _) in batch.items()})
        except Exception:
            self.counters["store_error"] += 1
            log.exception("receipts_not_written count=%d problem='will write each by itself'", len(batch))
            written = False
        else:
            self._failpoint("after_receipt")
            written = True
        for _, done in batch.values():
            if not done.done():
                done.set_result(written)

    def _again(self, item: OutboxItem, error: TransientDeliveryError) -> Callable[[], None]:
        wait = max(error.retry_after or ZERO, self._backoff(item.attempts + 1, LONGEST_PAUSE))
        if error.ambiguous:
            self.counters["ambiguous"] += 1
            if item.attempts:  # repeated once soon; after that as rarely as we ever do
                wait = max(wait, LONGEST_PAUSE)
        return self._retry(item, wait, str(error))

    def _retry(self, item: OutboxItem, wait: timedelta, error: str) -> Callable[[], None]:
        self.counters["retried"] += 1
        log.warning("will_retry notification=%s wait=%s error='%s'", item.notification.id, wait, error)
        at = self._clock() + wait
        # A moment longer than the row itself, lest a later row of the same chat slip in before it.
        self._resting[item.subscriber.id] = self._monotonic() + wait.total_seconds() + 0.001
        return lambda: self._outbox.retry(item.notification.id, at, error)

    def _park(self, item: OutboxItem, error: str) -> Callable[[], None]:
        self.counters["parked"] += 1
        self._bugs.pop(item.notification.id, None)
        log.error(
            "parked notification=%s subscriber=%s error='%s'", item.notification.id, item.subscriber.id, error
        )
        return lambda: self._outbox.park(item.notification.id, error, self._clock())

    def _gone(self, item: OutboxItem, error: SubscriberGoneError) -> Callable[[], None]:
        who, moved_to = item.subscriber, error.moved_to
        if moved_to is not None:
            self.counters["moved"] += 1
            address = "/".join(filter(None, (moved_to, who.address.partition("/")[2])))
            log.info("subscriber_moved subscriber=%s address=%s", who.id, address)
            return lambda: self._outbox.moved(who.id, address, self._clock())
        self.counters["gone"] += 1
        log.info("subscriber_gone subscriber=%s error='%s'", who.id, error)

        def write() -> None:
            self._outbox.deactivate(who.id, str(error), self._clock())
            self._lost(who, str(error))

        return write

    def _refuse(self, item: OutboxItem, error: ConfigError) -> Callable[[], None]:
        self.counters["refused_token"] += 1
        channel, tick = item.subscriber.channel, self._monotonic()
        if tick >= self._refused.get(channel, -math.inf):
            self._refusals[channel] += 1
            pause: timedelta = min(REFUSED_PAUSE * 2 ** min(self._refusals[channel] - 1, 16), LONGEST_PAUSE)
            self._refused[channel] = tick + pause.total_seconds()
            log.error("channel_refused channel=%s pause=%s error='%s'", channel, pause, error)
        return self._retry(item, timedelta(seconds=self._refused[channel] - tick), str(error))

    def _bug(self, item: OutboxItem, error: Exception) -> Callable[[], None]:
        self.counters["bug"] += 1
        self._bugs[item.notification.id] += 1
        tries = self._bugs[item.notification.id]
        log.error("bug notification=%s tries=%d", item.notification.id, tries, exc_info=error)
        text = f"bug: {type(error).__name__}: {error}"
        if tries >= BUG_ATTEMPTS:
            return self._park(item, text)
        return self._retry(item, self._backoff(tries, LONGEST_PAUSE), text)

    def _backoff(self, tries: int, longest: timedelta) -> timedelta:
        """1 s, 2 s, 4 s … up to `longest`, of which a random half is taken off so that waiters scatter."""
        full: timedelta = min(FIRST_PAUSE * 2 ** min(tries - 1, 16), longest)
        return full * (1 - self._jitter() / 2)
