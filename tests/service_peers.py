"""Services on loopback that take messages as the real ones do, and refuse what the real ones would refuse."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiohttp import web


@dataclass
class Peer:
    """An HTTP service.

    Attributes:
        taken: What was accepted, in order.
        asked: How many requests came, refused ones included.
        answers: Statuses for the next requests, instead of a judgement; 0 cuts the connection after the message
            was taken.
        open: While it is cleared, nothing is answered.
    """

    port: int = 0
    taken: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    answers: deque[int] = field(default_factory=deque)
    elsewhere: str = ""  # where a redirect leads
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        await self.open.wait()
        status = self.answers.popleft() if self.answers else None
        if status:
            headers = {"Location": self.elsewhere} if self.elsewhere else {}
            return web.json_response({"error": "as told by the test"}, status=status, headers=headers)
        response = await self.judge(request)
        if status == 0 and request.transport is not None:
            request.transport.abort()
        return response

    async def judge(self, request: web.Request) -> web.StreamResponse:
        """A webhook: takes whatever is JSON."""
        self.taken.append(json.loads(await request.text()) | {"headers": dict(request.headers)})
        return web.json_response({"ok": True})


class Ntfy(Peer):
    """Source: docs.ntfy.sh/publish (publish as JSON, priority) and docs.ntfy.sh/config (message-size-limit)."""

    async def judge(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        message = json.loads(body)
        priority = request.headers.get("X-Priority", "3")
        wrong = [
            request.path != "/",
            not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", message.get("topic", "")),
            priority not in ("1", "2", "3", "4", "5", "min", "low", "default", "high", "max", "urgent"),
            not all(value.isascii() for value in request.headers.values()),
            set(message) - {"topic", "message", "title", "tags", "priority", "click", "icon", "markdown"},
        ]
        if any(wrong):
            return web.json_response({"code": 40024, "http": 400, "error": "invalid request"}, status=400)
        if len(message.get("message", "").encode()) > 4096 or len(body) > 2 * 4096:
            return web.json_response({"code": 41301, "http": 413, "error": "message too large"}, status=413)
        self.taken.append(message | {"priority": priority, "icon": request.headers.get("X-Icon")})
        return web.json_response({"id": f"m{len(self.taken)}", "event": "message"})


class Matrix(Peer):
    """Takes a message once for each transaction, as servers do. Source: spec.matrix.org, PUT …/send/{type}/{txnId}."""

    token = "syt_a2Vl_cGVyLW9mLXNlY3JldHM"

    def __init__(self) -> None:
        super().__init__()
        self.transactions: set[str] = set()

    async def judge(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"errcode": "M_UNKNOWN_TOKEN", "error": "no"}, status=401)
        if request.path.endswith("/account/whoami"):
            return web.json_response({"user_id": "@bot:localhost"})
        if "/join" in request.path:
            return web.json_response({"room_id": "!room:localhost"})
        found = re.fullmatch(r"/_matrix/client/v3/rooms/[^/]+/send/m\.room\.message/([^/]+)", request.path)
        if found is None:
            return web.json_response({"errcode": "M_UNRECOGNIZED"}, status=404)
        if found[1] not in self.transactions:
            self.transactions.add(found[1])
            self.taken.append(json.loads(await request.text()))
        return web.json_response({"event_id": f"${found[1]}"})


@asynccontextmanager
async def serving(peer: Peer) -> AsyncIterator[Peer]:
    """Serve a peer on loopback; `port` says where."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", peer.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    peer.port = runner.addresses[0][1]
    peer.open.set()
    try:
        yield peer
    finally:
        peer.open.set()
        await runner.cleanup()


class Mailbox:
    """A mail server that speaks enough SMTP. Source: RFC 5321, RFC 4954.

    Attributes:
        taken: Messages that were accepted, in order.
        lines: The longest line of each as it was sent, in bytes.
        refuse: Called with each command line; gives an answer in place of the usual one.
    """

    def __init__(self, user: str, password: str) -> None:
        self.taken: list[EmailMessage] = []
        self.lines: list[int] = []
        self.refuse: Callable[[str], str | None] = lambda _: None
        self.port = 0
        self._login = base64.b64encode(f"\0{user}\0{password}".encode()).decode()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        known = False
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            verb = line.split(" ", 1)[0].upper()
            answer = self.refuse(line)
            if answer is None and verb == "EHLO":
                answer = "250-here\r\n250-8BITMIME\r\n250 AUTH PLAIN"
            elif answer is None and verb == "AUTH":
                known = line == f"AUTH PLAIN {self._login}"
                answer = "235 welcome" if known else "535 5.7.8 wrong user or password"
            elif answer is None and verb == "DATA":
                writer.write(b"354 go on\r\n")
                answer = self._take(await reader.readuntil(b"\r\n.\r\n"))
            elif answer is None:
                answer = "250 fine" if known or verb not in ("MAIL", "RCPT") else "530 5.7.0 log in first"
            writer.write(f"{'221 bye' if verb == 'QUIT' else answer}\r\n".encode())
            if verb == "QUIT":
                break
        writer.close()

    def _take(self, data: bytes) -> str:
        self.lines.append(max(len(line) for line in data.split(b"\r\n")))
        message = message_from_bytes(data, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return "250 taken"


@asynccontextmanager
async def receiving(mailbox: Mailbox) -> AsyncIterator[Mailbox]:
    """Serve a mailbox on loopback."""
    server = await asyncio.start_server(mailbox.talk, "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
