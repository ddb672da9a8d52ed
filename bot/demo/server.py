"""Serves the demo's feeds on loopback as its clock passes, with the quirks that real servers have."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.demo.render import CONTENT_TYPES, render
from bot.demo.script import Behaviour, FeedScript, day_zero, last_change, load_scripts, read_moment, shown
from bot.model import Feed
from bot.ports import Clock
from bot.text import digest

BUSY_EVERY = 7  # polls
RETRY_AFTER = timedelta(seconds=60)  # of the demo's clock
GARBAGE = (read_moment("d1 09:00"), read_moment("d1 10:00"))  # when a broken feed shows no feed at all

_SUFFIXES = {"rss": "xml", "rdf": "rdf", "atom": "atom", "json": "json"}
_GARBAGE = b"<!doctype html><title>Back soon</title><p>We are moving the furniture. No feed here for an hour."


def sources(base_url: str, scripts: Sequence[FeedScript] | None = None) -> list[Feed]:
    """The demo's feeds as the program polls them; intervals are in the demo's time."""
    return [
        Feed(
            id=script.id,
            url=base_url + _path(script),
            kind=script.kind,
            tier=script.tier,
            title=script.title,
            language=script.language,
            interval=script.interval,
            checked="demo",
        )
        for script in (load_scripts() if scripts is None else scripts)
    ]


@dataclass(frozen=True, slots=True)
class _Edition:
    """A feed's body as it stands since its last change."""

    changed: timedelta
    body: bytes
    etag: str


@dataclass(slots=True)
class _Stall:
    """One feed and what its pollers were answered."""

    script: FeedScript
    polls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    edition: _Edition | None = None


class DemoServer:
    """An HTTP server on a free port of 127.0.0.1, running while its `async with` block does.

    An entry shows from its moment on, by `clock`; moments count from midnight UTC of the day of `start`.
    """

    def __init__(self, *, clock: Clock, start: datetime, scripts: Sequence[FeedScript] | None = None) -> None:
        self._clock = clock
        self._midnight = day_zero(start)
        self._stalls = {s.id: _Stall(s) for s in (load_scripts() if scripts is None else scripts)}
        self._runner: web.AppRunner | None = None
        self._base_url = ""

    @property
    def base_url(self) -> str:
        """Where it listens, without a slash at the end; empty while it does not run."""
        return self._base_url

    @property
    def counts(self) -> dict[str, Counter[int]]:
        """How often each feed (by id) answered with each HTTP status."""
        return {feed_id: Counter(stall.statuses) for feed_id, stall in self._stalls.items()}

    def sources(self) -> list[Feed]:
        """Its feeds as the program polls them."""
        return sources(self._base_url, [stall.script for stall in self._stalls.values()])

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/feeds", self._listing)
        for stall in self._stalls.values():
            app.router.add_get(_path(stall.script), partial(self._serve, stall))
            if stall.script.behaviour is Behaviour.MOVED:
                app.router.add_get(_new_path(stall.script), partial(self._serve, stall))
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self._base_url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base_url = ""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _listing(self, request: web.Request) -> web.Response:
        lines = (f"{_path(stall.script)}  {stall.script.title}\n" for stall in self._stalls.values())
        return web.Response(text="".join(lines))

    async def _serve(self, stall: _Stall, request: web.Request) -> web.Response:
        response = self._answer(stall, request)
        stall.statuses[response.status] += 1
        return response

    def _answer(self, stall: _Stall, request: web.Request) -> web.Response:
        behaviour = stall.script.behaviour
        if behaviour is Behaviour.MOVED and request.path != _new_path(stall.script):
            return web.Response(status=301, headers={"Location": _new_path(stall.script)})
        stall.polls += 1
        if behaviour is Behaviour.BUSY and stall.polls % BUSY_EVERY == 0:
            wait = str(int(RETRY_AFTER.total_seconds()))
            return web.Response(status=429, headers={"Retry-After": wait}, text="too many requests\n")
        elapsed = self._clock() - self._midnight
        if behaviour is Behaviour.BROKEN and GARBAGE[0] <= elapsed < GARBAGE[1]:
            return web.Response(body=_GARBAGE, content_type="text/html")
        return self._feed(stall, request, elapsed)

    def _feed(self, stall: _Stall, request: web.Request, elapsed: timedelta) -> web.Response:
        edition = self._edition(stall, elapsed)
        changed = self._midnight + edition.changed
        headers = {
            "ETag": edition.etag,
            "Last-Modified": format_datetime(changed, usegmt=True),
            "Content-Type": f"{CONTENT_TYPES[stall.script.format]}; charset=utf-8",
        }
        if stall.script.behaviour is Behaviour.IGNORES_VALIDATORS:
            headers["ETag"] = f'"{digest(edition.etag, str(stall.polls))}"'
        elif _is_fresh(request, edition.etag, changed):
            return web.Response(status=304, headers=headers)
        body = edition.body
        if stall.script.behaviour is Behaviour.GZIP and "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, mtime=0)
        return web.Response(body=body, headers=headers)

    def _edition(self, stall: _Stall, elapsed: timedelta) -> _Edition:
        entries = shown(stall.script, elapsed)
        changed = last_change(entries)
        if stall.edition is None or stall.edition.changed != changed:
            body = render(stall.script, entries, self._midnight)
            if stall.script.behaviour is Behaviour.BROKEN:
                body = damage(body)
            stall.edition = _Edition(changed, body, f'"{digest(body.hex())}"')
        return stall.edition


def damage(body: bytes) -> bytes:
    """Make RSS malformed but readable, as home-made feeds are: an undeclared entity, no closing tags."""
    head, _, rest = body.partition(b"</title>")
    return head + b"&nbsp;</title>" + rest.removesuffix(b"</channel></rss>")


def _is_fresh(request: web.Request, etag: str, changed: datetime) -> bool:
    """Whether the poller already has this edition. Source: RFC 9110 §13.1.2 and §13.1.3."""
    known = request.headers.get("If-None-Match")
    if known is not None:
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        return etag in tags or "*" in tags
    try:
        since = parsedate_to_datetime(request.headers.get("If-Modified-Since", ""))
    except ValueError:
        return False
    return since.tzinfo is not None and changed <= since


def _path(script: FeedScript) -> str:
    return f"/feeds/{script.id}.{_SUFFIXES[script.format]}"


def _new_path(script: FeedScript) -> str:
    return f"/feeds/{script.id}/current.{_SUFFIXES[script.format]}"
