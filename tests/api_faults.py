"""Ten ways in which the Bot API goes wrong, played against a running drain with a real outbox and real connections.

The stand-in notes what has truly arrived, so that afterwards everything can be held against it: what is missing, what
came out of order, what came twice, and for how much of that the answer was lost on the way.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from bot_api import HTML, BotApi

from bot.delivery.outbox import Drain
from bot.delivery.pacing import Pacer
from bot.delivery.request import make_bot
from bot.delivery.telegram import TelegramChannel
from bot.model import AlertKind, Card, Notification, Severity
from bot.store.database import Database
from bot.store.outgoing import write_outbox
from bot.store.queue import Queue
from bot.store.rows import stamp

EVERYBODY, SOME = 1, 3  # of the calls: each, or one in so many
LONELY = 1  # the chat that alone is not found


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong, at each call or at every so manieth."""

    name: str
    kind: str = ""  # of `BotApi.fault`; empty closes the port
    every: int = EVERYBODY
    options: dict[str, Any] = field(default_factory=dict)


FAULTS = (
    Fault("5xx", "error", options={"code": 500, "description": "Internal Server Error"}),
    Fault("HTML instead of JSON", "status", options={"status": 200, "body": HTML}),
    Fault("truncated JSON", "truncated", every=SOME),
    Fault("reset before it is accepted", "refuse"),
    Fault("reset after it was accepted", "reset", every=SOME),
    Fault("429 storm, with retry_after", "error", options={"code": 429, "description": "Too Many Requests: retry after 3",
          "parameters": {"retry_after": 3}}),
    Fault("429 storm, without retry_after", "error", options={"code": 429, "description": "Too Many Requests"}),
    Fault("slower than the timeout", "late", every=SOME, options={"delay": math.nan}),
    Fault("connections refused"),
    Fault("wrong content type", "mislabelled"),
    Fault("chat not found, one chat only", "error", options={"code": 400, "description": "Bad Request: chat not found",
          "chat": LONELY}),
    Fault("401", "error", options={"code": 401, "description": "Unauthorized"}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the messages."""

    arrived: int
    missing: int
    disordered: int
    doubled: int
    unexcused: int  # doubled more often than an answer was lost
    lost_answers: int  # arrivals whose answer was spoilt
    late: timedelta  # from the end of the last fault to the last arrival


class Quick:
    """Time that runs so many times faster than the clock on the wall."""

    def __init__(self, factor: float) -> None:
        self.factor, self._begun, self._at = factor, time.monotonic(), datetime.now(UTC)

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._begun) * self.factor

    async def sleep(self, span: timedelta) -> None:
        await asyncio.sleep(span.total_seconds() / self.factor)


class Ordeal:
    """Chats that get numbered messages while the API goes wrong.

    Args:
        folder: For the database.
        api: The stand-in.
        chats: How many; 1 to this many.
        factor: How much faster than in earnest waits and limits run.
        read: How long an answer is waited for, on the wall.
    """

    def __init__(self, folder: Path, api: BotApi, *, chats: int, factor: float, read: timedelta) -> None:
        self.api, self.chats, self.time, self.read = api, chats, Quick(factor), read
        self.written, self.drain_db = Database(folder / "bot.db"), Database(folder / "bot.db")
        self.rounds = 0
        self.lonely = False  # one chat was not found, and is not written to any more
        self.ended = time.monotonic()
        channel = TelegramChannel(make_bot(api.token, base_url=api.url, read=read), self.time)
        self.drain = Drain(
            Queue(self.drain_db),
            {"telegram": channel},
            Pacer(),
            self.time,
            monotonic=self.time.monotonic,
            sleep=self.time.sleep,
            jitter=random.Random(7).random,
        )
        self._channel = channel
        with self.written.transaction() as cursor:
            cursor.executemany(
                "INSERT INTO subscribers (id, channel, address, level, active, language, created_at) "
                "VALUES (?, 'telegram', ?, 1, 1, 'en', ?)",
                [(f"telegram:{n}", str(n), stamp(self.time())) for n in range(1, chats + 1)],
            )

    async def __aenter__(self) -> Ordeal:
        self._running = asyncio.create_task(self.drain.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drain.stop(timedelta(seconds=5))
        await self._running
        await self._channel.close()
        self.written.close()
        self.drain_db.close()

    def publish(self) -> None:
        """One more message for each chat that is not gone."""
        now, number = self.time(), self.rounds
        self.rounds += 1
        notes = [
            Notification(
                id=f"{number}.{chat}",
                alert_id=str(number),
                subscriber_id=f"telegram:{chat}",
                story_id=str(number),
                rule_id="r",
                kind=AlertKind.NEW,
                card=Card(text=f"number {number:05}"),
                level=Severity.MEDIUM,
                created_at=now,
            )
            for chat in range(1, self.chats + 1)
            if chat != LONELY or not self.lonely
        ]
        with self.written.transaction() as cursor:
            write_outbox(cursor, notes)
        self.drain.wake()

    async def play(self, fault: Fault, rounds: int, pause: float) -> None:
        """Go wrong for so many rounds of messages, with so many seconds on the wall between them."""
        options = dict(fault.options)
        if fault.kind == "late":
            options["delay"] = 2 * self.read.total_seconds()
        if fault.kind:
            self.api.fault(fault.kind, times=math.inf, every=fault.every, **options)
        else:
            await self.api.close_door()
        self.lonely = self.lonely or "chat" in options
        for _ in range(rounds):
            self.publish()
            await asyncio.sleep(pause)
        self.api.heal()
        if not fault.kind:
            await self.api.open_door()
        self.ended = time.monotonic()

    def pending(self) -> int:
        return int(self.written.value("SELECT count(*) FROM outbox WHERE state = 'pending'"))

    async def until_empty(self, within: timedelta) -> None:
        """Wait for what is left, for so long on the wall."""
        end = time.monotonic() + within.total_seconds()
        while self.pending() and time.monotonic() < end:
            await asyncio.sleep(0.05)

    def verdict(self) -> Verdict:
        """Hold what arrived against what was to."""
        lost_answers = Counter((str(m.chat_id), m.text) for m in self.api.unheard)
        came: dict[str, list[str]] = {str(n): [] for n in range(1, self.chats + 1)}
        for message in self.api.accepted:
            came[str(message.chat_id)].append(message.text)
        whole = [f"number {n:05}" for n in range(self.rounds)]
        counted = Counter((chat, text) for chat, texts in came.items() for text in texts)
        exempt = str(LONELY) if self.lonely else ""
        return Verdict(
            arrived=len(self.api.accepted),
            missing=sum(len(set(whole) - set(texts)) for chat, texts in came.items() if chat != exempt),
            disordered=sum([t for t, _ in groupby(texts)] != sorted(set(texts)) for texts in came.values()),
            doubled=sum(n - 1 for n in counted.values()),
            unexcused=sum(max(0, n - 1 - lost_answers[key]) for key, n in counted.items()),
            lost_answers=lost_answers.total(),
            late=timedelta(seconds=max(0.0, max(m.at for m in self.api.accepted) - self.ended)),
        )
