"""Three hundred feeds polled for ten minutes at five polls a second: processor, memory and loop delay.

    python bench/bench_polling.py [--minutes 10] [--feeds 300]

The feeds are served by a process of their own, so that only the program is measured. Each feed shows 30
items, gains one every five minutes, and answers 304 while nothing is new; one item in ten is about the
field. The program is the real one with its language model; its cards go to an in-memory console.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import multiprocessing
import random
import resource
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import web
from rich.console import Console

from bot.app import App
from bot.config import load_settings
from bot.loading import load
from bot.model import Feed, SourceKind
from bot.telemetry import set_up_logging

ITEMS, EVERY = 30, timedelta(minutes=5)
WHO = [
    "Meta",
    "Microsoft",
    "Amazon",
    "Alphabet",
    "Oracle",
    "Nvidia",
    "Micron",
    "CoreWeave",
    "Broadcom",
    "TSMC",
]
DOES = [
    "raises its capital spending plan for data centres",
    "is in talks to rent computing capacity, people familiar say",
    "shares fall after a report on weaker chip demand",
    "signs a contract for accelerators",
    "delays a data centre in Ohio",
]
OTHER = "city council garden recipe football museum weather train school music harvest river theatre bakery".split()


def item(feed: int, number: int) -> tuple[str, str]:
    """Title and text of a feed's n-th item; always the same for the same numbers."""
    pick = random.Random(feed * 100_003 + number)
    filler = " ".join(pick.choices(OTHER, k=60))
    if pick.random() < 0.1:
        return f"{pick.choice(WHO)} {pick.choice(DOES)} ({feed}-{number})", filler
    return " ".join(pick.choices(OTHER, k=9)) + f" {feed}-{number}", filler


def serve(pipe: Connection, feeds: int) -> None:
    """Serve the feeds until the parent ends this process."""
    begun = datetime.now(UTC)

    def newest(feed: int) -> int:
        age = datetime.now(UTC) - begun + EVERY * (feed / feeds)
        return ITEMS + age // EVERY

    async def answer(request: web.Request) -> web.Response:
        feed = int(request.match_info["feed"])
        last = newest(feed)
        tag = f'"{last}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        rows = []
        for number in range(last, last - ITEMS, -1):
            title, text = item(feed, number)
            date = format_datetime(begun + EVERY * (number - ITEMS))
            rows.append(
                f"<item><guid>{feed}-{number}</guid><title>{title}</title><description>{text}</description>"
                f"<link>https://feed{feed}.example/{number}</link><pubDate>{date}</pubDate></item>"
            )
        body = f"<rss version='2.0'><channel><title>Feed {feed}</title>{''.join(rows)}</channel></rss>"
        return web.Response(text=body, content_type="application/rss+xml", headers={"ETag": tag})

    async def main() -> None:
        app = web.Application()
        app.router.add_get("/{feed}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        pipe.send(runner.addresses[0][1])
        await asyncio.sleep(24 * 3600)

    asyncio.run(main())


def memory() -> float:
    """Resident megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def processor() -> float:
    """Seconds of processor time of this process and its parser."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


async def measure(port: int, feeds: int, minutes: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(
            {
                "BOT_DATA_DIR": folder,
                "BOT_HTTP_PORT": "0",
                "BOT_ALLOW_ADDRESSES": f"127.0.0.1:{port}",
                "BOT_HOST_SPACING": "0s",
                "BOT_POLLS_PER_HOST": "16",
                "BOT_TICK": "1s",
            }
        )
        loaded = load(settings)
        interval = timedelta(seconds=feeds / 5)
        list_of_feeds = tuple(
            Feed(
                id=f"feed{n}",
                url=f"http://127.0.0.1:{port}/{n}",
                kind=SourceKind.TRADE,
                tier=2,
                interval=interval,
            )
            for n in range(feeds)
        )
        app = App(settings, replace(loaded, feeds=list_of_feeds), console=Console(file=io.StringIO()))
        delays: list[float] = []
        await app.start()
        await asyncio.sleep(interval.total_seconds() + 10)  # baseline: every feed once
        start = memory()
        polls, used, begun = app.figures.polls, processor(), time.monotonic()
        while time.monotonic() - begun < minutes * 60:
            before = time.monotonic()
            await asyncio.sleep(0.05)
            delays.append(time.monotonic() - before - 0.05)
        wall = time.monotonic() - begun
        busy = processor() - used
        end, figures = memory(), app.figures
        await app.stop()
        after = processor()  # the parser's time counts once it has ended
        delays.sort()
        print(f"feeds {feeds}, minutes {wall / 60:.1f}, polls/s {(figures.polls - polls) / wall:.2f}")
        print(
            f"answers without news {figures.not_modified}, failed {figures.failed}, entries {figures.entries}"
        )
        print(
            f"processor: program {100 * busy / wall:.1f}% of a core; with its parser {(after - used) / wall * 100:.1f}%"
        )
        print(f"memory: {start:.0f} MB at the start, {end:.0f} MB at the end")
        p99 = delays[int(len(delays) * 0.99)]
        print(
            f"loop delay: median {statistics.median(delays) * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, "
            f"longest {delays[-1] * 1e3:.0f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--feeds", type=int, default=300)
    given = parser.parse_args()
    set_up_logging("warning")
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(theirs, given.feeds), daemon=True
    )
    server.start()
    try:
        asyncio.run(measure(ours.recv(), given.feeds, given.minutes))
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
