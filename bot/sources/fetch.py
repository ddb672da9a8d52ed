"""Asks a server for a feed: conditionally, politely, and without trusting the answer."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.errors import FetchError
from bot.model import Feed, Fetched, Hints, NotModified, PollState
from bot.ports import Clock
from bot.sources.codings import ACCEPT, CodingError, decoder
from bot.sources.guard import REFUSED, Guard
from bot.sources.headers import cache_hints, retry_after
from bot.sources.pace import Pace
from bot.sources.urls import show_url
from bot.text import one_line, show_duration

MAX_BYTES = 8 * 1024 * 1024
MAX_HOPS = 5

_FEED_TYPES = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
)
_CHUNK = 16 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_ADVICE = {
    401: "the feed needs a password",
    403: "the server refuses us; check the address and the server's terms",
    404: "check the address",
    429: "polled too often",
}


@dataclass(frozen=True, slots=True)
class _Answer:
    """One response that is no redirect, with its decoded body."""

    status: int
    url: URL
    body: bytes
    content_type: str
    etag: bytes | None
    last_modified: bytes | None
    hints: Hints
    retry_after: timedelta | None


class HttpFetcher:
    """Fetches feeds over HTTP; one instance has one connection pool and is an async context manager.

    It sends no cookies and no referrer and uses no proxy. It follows redirects itself, so that every
    hop passes the guard.

    Args:
        user_agent: Product, version and a contact URL: 'Spillover/1.0 (+https://example.org)'.
        exceptions: Private addresses that may be connected to, see `Guard`.
        max_bytes: Cap on the body, before and after decoding.
        timeout: For a whole fetch with all its redirects, waiting for our turn at a host excluded.
        per_host: Requests to one host at the same time.
        spacing: Least time between the starts of two requests to one host.
        clock: For dates in headers.
        resolver: Looks names up; None for the system's way.

    Raises:
        ConfigError: An exception is not readable.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        clock: Clock,
        exceptions: frozenset[str] = frozenset(),
        max_bytes: int = MAX_BYTES,
        timeout: timedelta = timedelta(seconds=30),
        per_host: int = 2,
        spacing: timedelta = timedelta(seconds=1),
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._guard = Guard(exceptions)
        self._user_agent, self._clock, self._resolver = one_line(user_agent), clock, resolver
        self._max_bytes, self._timeout = max_bytes, timeout
        self._pace = Pace(per_host, spacing)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                socket_factory=self._guard, resolver=self._resolver, limit=100, limit_per_host=0
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"User-Agent": self._user_agent, "Accept": _FEED_TYPES, "Accept-Encoding": ACCEPT},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def fetch(self, feed: Feed, state: PollState, /) -> Fetched | NotModified:
        """Ask the server once, with the validators of `state`.

        Raises:
            FetchError: No usable answer; the message holds no secrets of the URL.
        """
        address = state.url or feed.url
        try:
            url = URL(address)
        except ValueError:
            raise FetchError(
                f"{show_url(address)}: not a usable URL; correct it in the list of feeds"
            ) from None
        if url.scheme not in ("http", "https") or not url.host:
            raise FetchError(f"{show_url(address)}: only http and https addresses can be polled")
        async with self._pace.turn(f"{url.host}:{url.port}"):
            try:
                async with asyncio.timeout(self._timeout.total_seconds()):
                    return await self._follow(url, state)
            except TimeoutError as e:
                span = (
                    show_duration(self._timeout)
                    if self._timeout >= timedelta(seconds=1)
                    else "the time limit"
                )
                raise FetchError(f"{show_url(address)}: no complete answer within {span}") from e

    async def _follow(self, url: URL, state: PollState) -> Fetched | NotModified:
        seen, permanent = [url], True
        while True:
            answer = await self._ask(seen[-1], state)
            if isinstance(answer, _Answer):
                moved = str(answer.url) if permanent and len(seen) > 1 else ""
                return self._judge(answer, state, moved)
            status, target = answer
            permanent = permanent and status in _PERMANENT
            if target in seen:
                raise FetchError(f"{show_url(str(url))}: redirects in a circle", status=status)
            if len(seen) > MAX_HOPS:
                raise FetchError(f"{show_url(str(url))}: redirects more than {MAX_HOPS} times", status=status)
            seen.append(target)

    async def _ask(self, url: URL, state: PollState) -> _Answer | tuple[int, URL]:
        """One request: its answer, or the status and target of a redirect."""
        if self._session is None:
            raise RuntimeError("HttpFetcher is used outside of its 'async with'")
        where = show_url(str(url))
        try:
            async with self._session.get(url, headers=_conditions(state), allow_redirects=False) as response:
                if response.status in _REDIRECTS:
                    return response.status, next_hop(url, response.headers.get("Location", ""))
                wanted = response.status == HTTPStatus.OK
                return _Answer(
                    status=response.status,
                    url=url,
                    body=await self._read(response, where) if wanted else b"",
                    content_type=response.headers.get("Content-Type", ""),
                    etag=_raw_header(response, b"etag"),
                    last_modified=_raw_header(response, b"last-modified"),
                    hints=self._hints(response),
                    retry_after=retry_after(response.headers.get("Retry-After", ""), self._clock()),
                )
        except aiohttp.InvalidURL:  # its text holds the whole URL
            raise FetchError(f"{where}: not a usable URL") from None
        except (aiohttp.ClientError, ValueError, OSError) as e:
            if isinstance(e, TimeoutError):
                raise
            problem, refused = _explain(e)
            raise FetchError(f"{where}: {problem}", blocked=refused) from e

    async def _read(self, response: aiohttp.ClientResponse, where: str) -> bytes:
        """The decoded body, read no further than the cap."""
        too_large = FetchError(f"{where}: larger than {self._max_bytes:,} bytes", status=response.status)
        if (response.content_length or 0) > self._max_bytes:
            raise too_large
        body, received, rested = bytearray(), 0, 0
        try:
            decode = decoder(response.headers.get("Content-Encoding", ""))
            async for chunk in response.content.iter_chunked(_CHUNK):
                received += len(chunk)
                for piece in decode.feed(chunk):
                    body += piece
                    if len(body) > self._max_bytes:
                        raise too_large
                if received > self._max_bytes:
                    raise too_large
                if len(body) - rested > 1024 * 1024:  # let others run: inflating 1 MiB takes about 4 ms
                    rested = len(body)
                    await asyncio.sleep(0)
            decode.finish()
        except CodingError as e:
            raise FetchError(f"{where}: the answer {e}", status=response.status) from e
        return bytes(body)

    def _hints(self, response: aiohttp.ClientResponse) -> Hints:
        headers = response.headers
        return cache_hints(
            headers.get("Cache-Control", ""),
            headers.get("Expires", ""),
            headers.get("Date", ""),
            self._clock(),
        )

    def _judge(self, answer: _Answer, state: PollState, moved: str) -> Fetched | NotModified:
        where, status = show_url(str(answer.url)), answer.status
        if status == HTTPStatus.NOT_MODIFIED and _conditions(state):
            return NotModified(
                etag=answer.etag or state.etag,
                last_modified=answer.last_modified or state.last_modified,
                permanent_redirect=moved,
                hints=answer.hints,
            )
        if status == HTTPStatus.GONE:
            raise FetchError(f"{where}: 410 Gone, the feed has ended", status=status, gone=True)
        if status != HTTPStatus.OK:
            advice = _ADVICE.get(status, "")
            raise FetchError(
                f"{where}: {_status_text(status)}{'; ' if advice else ''}{advice}",
                status=status,
                retry_after=answer.retry_after,
            )
        body_hash = hashlib.blake2b(answer.body, digest_size=16).hexdigest()
        if body_hash == state.body_hash:
            return NotModified(
                etag=answer.etag,
                last_modified=answer.last_modified,
                permanent_redirect=moved,
                hints=answer.hints,
            )
        return Fetched(
            url=str(answer.url),
            body=answer.body,
            body_hash=body_hash,
            content_type=answer.content_type,
            etag=answer.etag,
            last_modified=answer.last_modified,
            permanent_redirect=moved,
            hints=answer.hints,
        )


def next_hop(current: URL, location: str) -> URL:
    """Where a redirect leads.

    Raises:
        FetchError: Nowhere, to something that is not http(s), or from https down to http.
    """
    where = show_url(str(current))
    try:
        target = current.join(URL(location.strip())).with_fragment(None)
    except ValueError:
        raise FetchError(f"{where}: redirects to something that is no URL") from None
    if not location.strip():
        raise FetchError(f"{where}: redirects to nowhere (no Location header)")
    if target.scheme not in ("http", "https") or not target.host:
        raise FetchError(f"{where}: redirects to {target.scheme}:, only http and https are followed")
    if current.scheme == "https" and target.scheme == "http":
        raise FetchError(f"{where}: redirects from https down to http, which is not followed")
    return target


def _conditions(state: PollState) -> dict[str, str]:
    """Request headers that make a 304 possible.

    aiohttp writes headers as UTF-8, so a validator that is not UTF-8 can't be sent back unchanged and is
    left out; the body's hash then does its work.
    """
    headers = {}
    for name, value in (("If-None-Match", state.etag), ("If-Modified-Since", state.last_modified)):
        try:
            text = (value or b"").decode("utf-8")
        except UnicodeDecodeError:
            continue
        if text and text.isprintable():
            headers[name] = text
    return headers


def _raw_header(response: aiohttp.ClientResponse, name: bytes) -> bytes | None:
    return next((value for key, value in response.raw_headers if key.lower() == name and value), None)


def _status_text(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"status {status}"


def _explain(error: BaseException) -> tuple[str, bool]:
    """One line for what a library raised, and whether it was our own guard.

    Texts of the library itself are not used: they may hold the URL.
    """
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
        reason = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else "not valid"
        return f"its TLS certificate is refused: {reason}", False
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name can't be looked up; check the address", False
    if isinstance(error, aiohttp.ClientSSLError):
        return "no secure connection (TLS) could be made", False
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError):
        return "the connection broke off in the middle of the answer", False
    if isinstance(error, aiohttp.ClientResponseError):
        return "the answer is not valid HTTP", False
    if isinstance(error, OSError):
        if error.errno == REFUSED:
            return "leads to a private address; name that in BOT_ALLOW_ADDRESSES if it is meant", True
        return f"no connection ({one_line(error.strerror or type(error).__name__)})", False
    return f"the request failed ({type(error).__name__})", False
