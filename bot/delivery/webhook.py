"""Telegram calls us: the address that it is given, and what becomes of each call.

A handler for the server that already answers /healthz, not the one of python-telegram-bot, which wants tornado, a second
server and a port of its own, takes bodies of any size, and compares the secret in a time that depends on it.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
import re
import secrets
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from telegram import Bot, Update

from bot.delivery.request import readable
from bot.errors import ConfigError

log = logging.getLogger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # Source: core.telegram.org/bots/api#setwebhook
MAX_BODY = 1024 * 1024  # bytes; an update is a message and what it answers, some 20 KB
REMEMBERED = 10_000  # updates, so that one that is sent again does nothing
RESERVED = ("/healthz", "/readyz", "/metrics")


class Webhook:
    """Where Telegram calls, and the secret by which it is known.

    Args:
        url: As Telegram is told it. A proxy with a certificate stands before us and hands its path on unchanged.
        secret: Comes in a header with every call.

    Raises:
        ConfigError: The path is one of our own, or the secret has characters that Telegram does not take.
    """

    def __init__(self, url: str, secret: str) -> None:
        self.url, self.secret = url, secret
        self.path = urlsplit(url).path or "/"
        if self.path in RESERVED:
            raise ConfigError(f"BOT_TELEGRAM_WEBHOOK_URL: {self.path} is taken; give it another path")
        if not SECRET.fullmatch(secret):
            raise ConfigError("BOT_TELEGRAM_WEBHOOK_SECRET: use 1 to 256 of A-Z, a-z, 0-9, _ and -")
        self._bot: Bot | None = None
        self._put: Callable[[Update], bool] | None = None
        self._refused = 0
        self._seen: set[int] = set()
        self._order: deque[int] = deque()

    def open(self, bot: Bot, put: Callable[[Update], bool]) -> None:
        """Take updates from now on; `put` hands one on, or says False where too many wait already."""
        self._bot, self._put = bot, put

    def close(self) -> None:
        """Take none any more; Telegram keeps them for a day."""
        self._put = None

    async def answer(self, request: web.Request) -> web.Response:
        """One call, from whoever it may be."""
        given = request.headers.get(HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self.secret.encode()):
            return self._refuse(403, "no secret, or a wrong one")
        if self._put is None or self._bot is None:
            return web.Response(status=503)
        body = await _read(request)
        if body is None:
            return self._refuse(413, f"larger than {MAX_BODY:,} bytes")
        try:
            update = _update(body, self._bot)
        except Exception as e:  # whatever JSON makes of a body that is no update
            return self._refuse(400, f"no update: {type(e).__name__}")
        if update.update_id in self._seen:
            return web.Response()
        if not self._take(update):
            log.warning("webhook_full problem='too many updates wait, Telegram will come again'")
            return web.Response(status=503)
        self._remember(update.update_id)
        return web.Response()

    def _take(self, update: Update) -> bool:
        return self._put is not None and self._put(update)

    def _refuse(self, status: int, problem: str) -> web.Response:
        """Anybody may knock, as often as they like: the log says so ever more rarely."""
        self._refused += 1
        if self._refused & (self._refused - 1) == 0:
            log.warning("webhook_refused status=%d count=%d problem=%r", status, self._refused, problem)
        return web.Response(status=status)

    def _remember(self, update_id: int) -> None:
        self._seen.add(update_id)
        self._order.append(update_id)
        if len(self._order) > REMEMBERED:
            self._seen.discard(self._order.popleft())


async def _read(request: web.Request) -> bytes | None:
    """The body, or None if it is too large; no more than that is ever held."""
    if request.content_length is not None and request.content_length > MAX_BODY:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _update(body: bytes, bot: Bot) -> Update:
    """The update in a body; one that the library's models can't read is empty, or Telegram would send it for ever.

    Raises:
        Exception: Of any kind; it is none.
    """
    data: Any = json.loads(body)
    if not isinstance(data, dict) or type(data.get("update_id")) is not int:
        raise ValueError("no update_id")
    return Update.de_json(readable(data), bot)


def kept_secret(file: Path) -> str:
    """A secret that is made once and kept in a file that only its owner can read.

    Raises:
        ConfigError: The file can't be read or written, or holds something else.
    """
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            made = secrets.token_urlsafe(32)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as opened:
                opened.write(made)
            return made
        found = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError(f"{file} can't be used ({e}); set BOT_TELEGRAM_WEBHOOK_SECRET") from e
    if not SECRET.fullmatch(found):
        raise ConfigError(f"{file} holds no secret; delete it, and a new one is made")
    return found
