"""A loopback server for tests of the sources: answers are scripted, requests are kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from bot.model import Feed, PollState, SourceKind
from bot.sources.fetch import HttpFetcher

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def a_feed(url: str = "https://feeds.example/rss", **changes: Any) -> Feed:
    values: dict[str, Any] = {"id": "wire", "url": url, "kind": SourceKind.WIRE, "tier": 1} | changes
    return Feed(**values)


def a_state(**changes: Any) -> PollState:
    values: dict[str, Any] = {"feed_id": "wire"} | changes
    return PollState(**values)


def rss(*items: str, head: str = "") -> bytes:
    """An RSS 2.0 feed around some items."""
    channel = f"<title>Test Wire</title><link>https://site.example/</link>{head}{''.join(items)}"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{channel}</channel></rss>'.encode()


def item(n: int, title: str = "", **parts: str) -> str:
    tags = {"title": title or f"Item {n}", "link": f"https://site.example/{n}", "guid": f"id-{n}"} | parts
    inner = "".join(f"<{key}>{value}</{key}>" for key, value in tags.items() if value)
    return f"<item>{inner}</item>"


@dataclass
class Site:
    """What a test server was asked, and where it is."""

    port: int = 0
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Site]:
    """An HTTP server on a free port of 127.0.0.1."""
    site = Site()

    async def answer(request: web.Request) -> web.StreamResponse:
        site.requests.append((request.path_qs, dict(request.headers)))
        return await handler(request)

    server = web.Server(answer, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    site.port = runner.addresses[0][1]
    try:
        yield site
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serving_bytes(*pieces: bytes, forever: bool = False) -> AsyncIterator[Site]:
    """A server that sends exactly these bytes, and with `forever` the last piece again and again."""
    site = Site()
    tasks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            site.requests.append((head.decode("latin-1"), {}))
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            while forever:
                writer.write(pieces[-1])
                await writer.drain()
                await asyncio.sleep(0.005)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def a_fetcher(site: Site | None = None, **changes: Any) -> HttpFetcher:
    """A fetcher that may connect to the test's own server and nothing else that is private."""
    values: dict[str, Any] = {
        "user_agent": "Spillover/test (+https://example.org)",
        "clock": lambda: NOW,
        "exceptions": frozenset({site.place} if site else ()),
        "spacing": timedelta(0),
        "timeout": timedelta(seconds=20),
    }
    return HttpFetcher(**(values | changes))
