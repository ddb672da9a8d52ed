"""Doubles that keep a port's promise in memory, and a clock that nobody has to wait for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.errors import RejectedError, SubscriberGoneError, TransientDeliveryError
from bot.model import AlertKind, Notification, OutboxItem, Receipt, Subscriber, TextEntity

START = datetime(2026, 11, 2, 14, 0, tzinfo=UTC)


class FakeClock:
    """A clock whose `sleep` takes no time: time jumps to the first sleeper once everybody else is done.

    Call it for the UTC time; `monotonic` and `sleep` fit where `time.monotonic` and a sleep are asked for.
    While `real_io()` is open somewhere (a request over a real socket), time stands still.
    """

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._ticks = 0.0
        self._sleepers: list[float] = []
        self._busy = 0

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=self._ticks)

    def monotonic(self) -> float:
        return self._ticks

    def advance(self, span: timedelta) -> None:
        self._ticks += span.total_seconds()

    async def sleep(self, span: timedelta) -> None:
        due, quiet = self._ticks + span.total_seconds(), 0
        self._sleepers.append(due)
        try:
            while self._ticks < due:
                await asyncio.sleep(0)
                first = not self._busy and due <= min(self._sleepers)
                quiet = quiet + 1 if first else 0
                if quiet > 12:  # rounds of the loop, enough for a chain of callbacks to come to rest
                    self._ticks = due
        finally:
            self._sleepers.remove(due)

    @contextmanager
    def real_io(self) -> Iterator[None]:
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a FakeChannel delivered; `kind` says what really happened (an edit may become a new one)."""

    address: str
    kind: AlertKind
    message_id: str
    text: str
    entities: tuple[TextEntity, ...]
    reply_to: str
    silent: bool
    at: float
    notification_id: str


class FakeChannel:
    """A channel whose chats are in memory.

    Attributes:
        sent: What was delivered, in order.
        tries: (instant, address) of every call of `send`.
    """

    def __init__(self, clock: FakeClock, *, latency: timedelta = timedelta(0)) -> None:
        self.sent: list[Sent] = []
        self.tries: list[tuple[float, str]] = []
        self._clock, self._latency = clock, latency
        self._shown: dict[tuple[str, str], tuple[str, tuple[TextEntity, ...]]] = {}
        self._blocked: set[str] = set()
        self._moved: dict[str, str] = {}
        self._errors: deque[tuple[str | None, Exception, bool]] = deque()
        self._plain_only = 0
        self._last_id = 100

    def block(self, address: str) -> None:
        """The reader has blocked the bot."""
        self._blocked.add(address)

    def unblock(self, address: str) -> None:
        self._blocked.discard(address)

    def migrate(self, old: str, new: str) -> None:
        """The group has become a supergroup."""
        self._moved[old] = new

    def fail(self, *errors: Exception, address: str | None = None, after: bool = False) -> None:
        """Raise these at the next sends (to `address`); with `after`, once the message has arrived."""
        self._errors.extend((address, error, after) for error in errors)

    def flood(self, retry_after: timedelta) -> None:
        """Refuse the next send as too fast."""
        self.fail(TransientDeliveryError("flood", retry_after=retry_after, flood=True))

    def refuse_form(self) -> None:
        """Refuse the entities of the next message, so that it goes out as plain text."""
        self._plain_only += 1

    def delete(self, address: str, message_id: str) -> None:
        """The reader or an administrator deletes a message."""
        self._shown.pop((address, message_id), None)

    async def send(self, item: OutboxItem, /) -> Receipt:
        address, note = item.subscriber.address, item.notification
        self.tries.append((self._clock.monotonic(), address))
        if self._latency:
            await self._clock.sleep(self._latency)
        fault = next((f for f in self._errors if f[0] in (None, address)), None)
        if fault is not None:
            self._errors.remove(fault)
            if not fault[2]:
                raise fault[1]
        if address in self._moved:
            raise SubscriberGoneError("moved", moved_to=self._moved[address])
        if address in self._blocked:
            raise SubscriberGoneError("bot was blocked by the user")
        if not note.card.text.strip():
            raise RejectedError("message text is empty")
        text = note.card.text.encode("utf-16-le")[: 2 * 4096].decode("utf-16-le", "ignore")
        plain = bool(self._plain_only and note.card.entities)
        self._plain_only -= plain
        entities = () if plain else note.card.entities
        kind, message_id = note.kind, item.reply_to
        known = (address, item.reply_to) in self._shown
        if kind is not AlertKind.EDIT or not known:
            kind = AlertKind.REPLY if kind is AlertKind.REPLY and known else AlertKind.NEW
            self._last_id += 1
            message_id = str(self._last_id)
        if self._shown.get((address, message_id)) != (text, entities):
            self._shown[address, message_id] = (text, entities)
            reply_to = item.reply_to if kind is AlertKind.REPLY else ""
            silent = note.silent or note.kind is AlertKind.EDIT
            now = self._clock.monotonic()
            self.sent.append(Sent(address, kind, message_id, text, entities, reply_to, silent, now, note.id))
        if fault is not None:
            raise fault[1]
        return Receipt(message_id=message_id, at=self._clock(), plain=plain)


@dataclass(slots=True)
class Row:
    """A row of the MemoryOutbox; `state` is pending, delivered, parked or closed."""

    notification: Notification
    subscriber_id: str
    number: int
    at: datetime
    state: str = "pending"
    attempts: int = 0
    first_attempt_at: datetime | None = None
    error: str = ""
    receipt: Receipt | None = None


class MemoryOutbox:
    """A `ports.Outbox` in memory.

    Attributes:
        rows: Every row ever added, by notification id.
        subscribers: By id; what is not active gets nothing.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.subscribers: dict[str, Subscriber] = {}
        self._queue: list[Row] = []  # pending ones, in the order of sending, and a few that are closed
        self._cards: dict[tuple[str, str], Row] = {}  # (subscriber, story) → the row of its card

    def add(self, subscriber: Subscriber, *notifications: Notification) -> None:
        """Queue these; one that is known already is left as it is."""
        self.subscribers.setdefault(subscriber.id, subscriber)
        for note in notifications:
            if note.id in self.rows:
                continue
            row = Row(note, subscriber.id, len(self.rows), note.created_at)
            self.rows[note.id] = row
            self._queue.append(row)
            if note.kind is AlertKind.NEW:
                self._cards[subscriber.id, note.story_id] = row
        self._queue.sort(key=lambda r: (-r.notification.level, r.notification.created_at, r.number))

    def count(self, state: str) -> int:
        return sum(row.state == state for row in self.rows.values())

    def due(
        self, now: datetime, limit: int, /, *, exclude: frozenset[str], channels: frozenset[str] | None = None
    ) -> list[OutboxItem]:
        taken, found = set(exclude), []
        closed = 0
        for row in self._queue:
            if len(found) >= limit:
                break
            closed += row.state != "pending"
            subscriber = self.subscribers[row.subscriber_id]
            if channels is not None and subscriber.channel not in channels:
                continue
            if row.state != "pending" or row.at > now or subscriber.id in taken or not subscriber.active:
                continue
            card = self._cards.get((subscriber.id, row.notification.story_id))
            if row.notification.kind is not AlertKind.NEW and card is not None and card.state == "pending":
                continue
            taken.add(subscriber.id)
            reply_to = card.receipt.message_id if card is not None and card.receipt is not None else ""
            item = OutboxItem(
                notification=row.notification,
                subscriber=subscriber,
                reply_to="" if card is row else reply_to,
                attempts=row.attempts,
                first_attempt_at=row.first_attempt_at,
                answers=card.notification.card
                if card is not None and row.notification.kind is AlertKind.REPLY
                else None,
            )
            found.append(item)
        if closed > 200:
            self._queue = [row for row in self._queue if row.state == "pending"]
        return found

    def delivered(self, notification_id: str, receipt: Receipt, /) -> None:
        row = self.rows[notification_id]
        row.state, row.receipt = "delivered", receipt

    def delivered_all(self, receipts: Mapping[str, Receipt], /) -> None:
        for notification_id, receipt in receipts.items():
            self.delivered(notification_id, receipt)

    def retry(self, notification_id: str, at: datetime, error: str, /) -> None:
        row = self.rows[notification_id]
        row.at, row.error, row.attempts = at, error, row.attempts + 1
        row.first_attempt_at = row.first_attempt_at or at

    def park(self, notification_id: str, error: str, now: datetime, /) -> None:
        row = self.rows[notification_id]
        row.state, row.error = "parked", error

    def deactivate(self, subscriber_id: str, error: str, now: datetime, /) -> None:
        self.subscribers[subscriber_id] = replace(self.subscribers[subscriber_id], active=False)
        for row in self._pending(subscriber_id):
            row.state, row.error = "closed", error

    def moved(self, subscriber_id: str, address: str, now: datetime, /, *, arrived: str = "") -> None:
        there = next((s for s in self.subscribers.values() if s.address == address), None)
        if there is None:
            self.subscribers[subscriber_id] = replace(self.subscribers[subscriber_id], address=address)
            return
        self.subscribers[subscriber_id] = replace(self.subscribers[subscriber_id], active=False)
        for row in self._pending(subscriber_id):
            row.subscriber_id = there.id

    def next_due_at(self, now: datetime, /, *, channels: frozenset[str] | None = None) -> datetime | None:
        waiting = (row for row in self._queue if row.state == "pending")
        return min(
            (
                row.at
                for row in waiting
                if channels is None or self.subscribers[row.subscriber_id].channel in channels
            ),
            default=None,
        )

    def _pending(self, subscriber_id: str) -> list[Row]:
        return [r for r in self._queue if r.subscriber_id == subscriber_id and r.state == "pending"]
