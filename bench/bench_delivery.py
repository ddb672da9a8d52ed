"""What the outbox makes of Telegram's limits: how much of them it uses, how soon an urgent card gets through, on how much processor.

    python bench/bench_delivery.py [--part cap|paid|library|all] [--seconds 60] [--readers 20000] [--rate 1000] [--profile]

The stand-in for the Bot API runs in a process of its own and refuses whoever is too fast for five seconds (`strict_api`).
`cap`: so many readers, one in fifty of them a group, with two cards each of two levels; urgent cards are stored on the way.
`paid`: the same outbox at the rate of paid broadcasts. `library`: python-telegram-bot's own AIORateLimiter with the same
messages and all limits at their defaults (wants `pip install aiolimiter`).
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import importlib.util
import pstats
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from strict_api import FREE, PAID, TOKEN, stand_in
from telegram.error import TelegramError
from telegram.ext import AIORateLimiter, ExtBot

from bot.delivery.drains import in_flight
from bot.delivery.outbox import Drain
from bot.delivery.pacing import Pacer, overall_limit
from bot.delivery.request import PLACEHOLDER, AiohttpRequest, make_bot
from bot.delivery.telegram import TelegramChannel, compose
from bot.model import AlertKind, Button, Card, EntityKind, Notification, Severity, TextEntity
from bot.store.database import Database
from bot.store.outgoing import write_outbox
from bot.store.queue import Queue
from bot.store.rows import stamp

ENDLESS = 100_000  # messages a second: as fast as one core goes
URGENT, URGENT_EVERY = "URGENT", timedelta(seconds=2.3)
GROUP_EVERY = 50  # one reader in so many is a group
PATIENCE = timedelta(seconds=10)  # for an urgent card


def utc_now() -> datetime:
    return datetime.now(UTC)


def card(title: str) -> Card:
    """A card as readers get it: six lines, bold evidence, links, two rows of buttons."""
    lines = [
        "HIGH · considering · sourced",
        title,
        "…is exploring selling excess computing capacity, people familiar with the matter said",
        "Exposed: CRWV NBIS (competes) · NVDA AMD (demand) · MU SNDK (via accelerators)",
        "2 independent origins, 9 copies · published 14:02 · seen 14:03 · sent 14:03 UTC · rev 1",
    ]
    text = "\n".join(lines)
    found = [(text.index(w), text.index(w) + len(w)) for w in ("HIGH", title, "selling excess", "CRWV")]
    link = TextEntity(kind=EntityKind.LINK, start=found[1][0], end=found[1][1], url="https://news.example/1")
    return Card(
        text=text,
        entities=(*(TextEntity(kind=EntityKind.BOLD, start=s, end=e) for s, e in found), link),
        buttons=(
            (Button(label="Why", data="why:a1b2c3d4e5f60718"), Button(label="Story", data="story:a1b2c3d4")),
            (Button(label="Open", url="https://news.example/1"),),
        ),
    )


def address(reader: int) -> str:
    return str(-1_000_000 - reader) if reader % GROUP_EVERY == 0 else str(1_000_000 + reader)


def notes(name: str, level: Severity, title: str, readers: Iterable[int]) -> list[Notification]:
    """One card for so many readers."""
    drawn, at = card(title), utc_now()
    return [
        Notification(
            id=f"{name}.{n}",
            alert_id=name,
            subscriber_id=f"telegram:{address(n)}",
            story_id=name,
            rule_id="resale",
            kind=AlertKind.NEW,
            card=drawn,
            level=level,
            created_at=at,
        )
        for n in readers
    ]


def fill(db: Database, readers: int) -> None:
    """The outbox after two stories."""
    with db.transaction() as cursor:
        cursor.executemany(
            "INSERT INTO subscribers (id, channel, address, level, active, language, created_at) "
            "VALUES (?, 'telegram', ?, 1, 1, 'en', ?)",
            ((f"telegram:{address(n)}", address(n), stamp(utc_now())) for n in range(readers)),
        )
        for level in (Severity.MEDIUM, Severity.HIGH):
            write_outbox(
                cursor, notes(level.name, level, f"Meta weighs a sale ({level.name})", range(readers))
            )


@dataclass
class Api:
    """Asks the stand-in what has arrived."""

    url: str
    session: aiohttp.ClientSession

    async def figures(self, since: float, words: str = "") -> dict[str, Any]:
        """Instants of what has arrived since, how much was refused, and when a text that begins with `words` came."""
        async with self.session.post(
            f"{self.url}{TOKEN}/figures", json={"since": since, "words": words}
        ) as r:
            return dict((await r.json())["result"])


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(url, session)


async def drained(url: str, seconds: float, readers: int, rate: int, urgent: bool) -> dict[str, Any]:
    """Run the drain on a full outbox for a while."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spillover.db"
        desk, own = Database(path), Database(path)
        own.leave_checkpoints()
        fill(desk, readers)
        channel = TelegramChannel(make_bot(TOKEN, base_url=url, connections=128), utc_now, paid=rate > FREE)
        pacer = Pacer(overall=overall_limit(rate))
        drain = Drain(
            Queue(own), {"telegram": channel}, pacer, utc_now, concurrency=in_flight(min(rate, PAID))
        )
        gc.collect()
        gc.freeze()  # as the program does once it has started
        async with asking(url) as api:
            begun, cpu = time.monotonic(), time.process_time()
            running = asyncio.create_task(drain.run())
            delays = []
            while time.monotonic() < begun + seconds and not running.done():
                pause = URGENT_EVERY.total_seconds() if urgent else seconds
                await asyncio.sleep(max(0.0, min(pause, begun + seconds - time.monotonic())))
                if urgent and time.monotonic() < begun + seconds - 1:
                    delays.append(await one_urgent(api, desk, drain, len(delays)))
            spent, cpu = time.monotonic() - begun, time.process_time() - cpu
            flying = drain.in_flight
            await drain.stop(PATIENCE)
            await running
            seen = await api.figures(begun)
        await channel.close()
        pending = desk.value("SELECT count(*) FROM outbox WHERE state = 'pending'")
        for db in (own, desk):
            db.close()
    counts = dict(drain.counters)
    return {**seen, "begun": begun, "spent": spent, "cpu": cpu, "in_flight": flying, "delays": delays,
            "pending": pending, "counters": counts}  # fmt: skip


def store(db: Database, queued: list[Notification]) -> None:
    """As the thread that decides does it."""
    with db.transaction() as cursor:
        write_outbox(cursor, queued)


async def one_urgent(api: Api, desk: Database, drain: Drain, n: int) -> float:
    """Seconds from the moment that an urgent card is handed to the database to its arrival."""
    words = f"{URGENT}{n} "
    note = notes(f"urgent{n}", Severity.CRITICAL, "Meta sells now", [7 * n + 1])
    drawn = Card(text=words + note[0].card.text)
    one = Notification(**{f: getattr(note[0], f) for f in note[0].__slots__} | {"card": drawn})
    stored = time.monotonic()
    await asyncio.to_thread(store, desk, [one])
    drain.wake()
    while time.monotonic() < stored + PATIENCE.total_seconds():
        await asyncio.sleep(0.25)
        if (seen := (await api.figures(stored, words))["seen"]) is not None:
            return float(seen) - stored
    return PATIENCE.total_seconds()


def used(at: list[float], rate: int) -> float:
    """The part of a limit that arrivals use, from the second second on."""
    later = [t for t in at if t > at[0] + 1]
    return (len(later) - 1) / (later[-1] - later[0]) / rate if len(later) > rate else 0.0


def show_cap(f: dict[str, Any], rate: int) -> str:
    urgent = sorted(f["delays"]) or [float("nan")]
    return (
        f"at most {rate} a second, {f['spent']:.0f} s: {len(f['at']):,} arrived, {100 * used(f['at'], rate):.1f}% of the cap, "
        f"{f['refused']} refused (429), {f['pending']:,} still queued; "
        f"{len(f['delays'])} urgent cards after {1e3 * statistics.median(urgent):.0f} ms at the median, {1e3 * urgent[-1]:.0f} ms at most; "
        f"processor {100 * f['cpu'] / f['spent']:.1f}% of a core"
    )


def show_paid(f: dict[str, Any], rate: int) -> str:
    at = f["at"]
    span = at[-1] - at[0]
    seconds = [sum(s <= t < s + 1 for t in at) for s in (at[0] + n for n in range(1, int(span)))]
    return (
        f"{f'at most {rate} a second (paid)' if rate < ENDLESS else 'as fast as it goes'}: {len(at):,} arrived in {span:.1f} s, {len(at) / span:.0f} a second, "
        f"{statistics.median(seconds):.0f} in the median second, {f['refused']} refused (429); "
        f"processor {1e6 * f['cpu'] / len(at):.0f} µs a message, {100 * f['cpu'] / span:.0f}% of a core; "
        f"{f['in_flight']} in flight at the end"
    )


async def library(url: str, seconds: float, readers: int) -> dict[str, Any]:
    """The same messages through the library's own limiter, as many at once as it wants."""
    limiter = AIORateLimiter(max_retries=5)
    bot = ExtBot(PLACEHOLDER, base_url=url, request=AiohttpRequest(TOKEN, connections=128),
                 get_updates_request=AiohttpRequest(TOKEN), rate_limiter=limiter)  # fmt: skip
    draft, failed = compose(card("Meta weighs a sale (HIGH)")), 0

    async def one(reader: int) -> None:
        nonlocal failed
        try:
            await bot.send_message(
                address(reader), draft.text, entities=draft.entities, reply_markup=draft.keyboard
            )
        except TelegramError:
            failed += 1

    async with bot, asking(url) as api:
        begun, cpu = time.monotonic(), time.process_time()
        tasks = [asyncio.create_task(one(n)) for n in range(min(readers, int(seconds * FREE * 2)))]
        await asyncio.wait(tasks, timeout=seconds)
        spent, cpu = time.monotonic() - begun, time.process_time() - cpu
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return {**await api.figures(begun), "spent": spent, "cpu": cpu, "failed": failed}


def show_library(f: dict[str, Any], ours: float | None) -> str:
    share = used(f["at"], FREE)
    beside = f"; ours uses {ours / share:.1f} times as much" if ours and share else ""
    return (
        f"AIORateLimiter, {f['spent']:.0f} s: {len(f['at']):,} arrived, {100 * share:.1f}% of the cap, {f['refused']} refused (429), "
        f"{f['failed']} given up; processor {100 * f['cpu'] / f['spent']:.1f}% of a core{beside}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=("cap", "paid", "library", "all"), default="all")
    parser.add_argument("--seconds", type=float, default=60, help="of cap; paid and library take half of it")
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--rate", type=int, default=1000, help="of paid")
    parser.add_argument("--profile", action="store_true", help="where the time of paid goes")
    given = parser.parse_args()
    parts, ours = {given.part} if given.part != "all" else {"cap", "paid", "library"}, None
    with stand_in() as url:
        if "cap" in parts:
            f = asyncio.run(drained(url, given.seconds, given.readers, FREE, urgent=True))
            ours = used(f["at"], FREE)
            print(show_cap(f, FREE), flush=True)
        if "library" in parts and importlib.util.find_spec("aiolimiter") is None:
            print("AIORateLimiter: left out, it wants `pip install aiolimiter`", flush=True)
        elif "library" in parts:
            time.sleep(1.5)  # the other's last second is not this one's
            f = asyncio.run(library(url, given.seconds / 2, given.readers))
            print(show_library(f, ours), flush=True)
    if "paid" in parts:
        for rate in (given.rate, ENDLESS):
            with stand_in(rate) as url:
                profile = cProfile.Profile()
                if given.profile:
                    profile.enable()
                f = asyncio.run(drained(url, given.seconds / 2, given.readers, rate, urgent=False))
                profile.disable()
                print(show_paid(f, rate), flush=True)
                if given.profile:
                    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()
