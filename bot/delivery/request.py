"""The HTTP of python-telegram-bot on aiohttp, and the only place that knows the bot's token.

The Bot API carries the token in every address, and python-telegram-bot writes that address to its log
and the token into its errors. So the library is given `PLACEHOLDER` instead, and the real token is put
in here, on the way out, and taken out of whatever comes back: no log, error or traceback can hold it.

Measured on loopback: the library's own HTTP stack sends 200 to 500 messages a second, falling with
concurrency; this one over 1,000. The library's models of a message cost as much again in both directions:
where a message has been put into words once for many readers, `call` sends it without them.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import timedelta
from io import BytesIO
from typing import Any, NamedTuple
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram import Bot, Update
from telegram.error import NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.ext import ExtBot
from telegram.request import BaseRequest, RequestData
from yarl import URL

from bot.errors import ConfigError

log = logging.getLogger(__name__)

API = "https://api.telegram.org/bot"
PLACEHOLDER = "0:hidden"  # stands for the token wherever python-telegram-bot wants one
CONNECT, READ = timedelta(seconds=5), timedelta(seconds=20)

NO_RETRY_AFTER = timedelta(seconds=5)  # a refusal as too fast that does not say for how long

_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_MAX_BODY = 32 * 1024 * 1024  # 100 updates, the most that one answer brings, are far smaller
_MAX_FILE = 1024 * 1024  # the only thing that is got and not posted for is a file that somebody sent
_AGENT = {"User-Agent": BaseRequest.USER_AGENT}
_JSON = {"Content-Type": "application/json", **_AGENT}

# The library's only switch for `RetryAfter.retry_after` as a timedelta; without it, merely raising
# RetryAfter warns. Source: docs.python-telegram-bot.org, stability policy, PTB_TIMEDELTA.
os.environ["PTB_TIMEDELTA"] = "true"


class NotSentError(NetworkError):
    """No connection came about, so the server can't have seen the request."""


class ServerError(NetworkError):
    """The server, or a proxy before it, answered with a failure of its own."""


def make_bot(
    token: str,
    *,
    base_url: str = API,
    connections: int = 16,
    connect: timedelta = CONNECT,
    read: timedelta = READ,
) -> ExtBot[None]:
    """A bot that speaks through aiohttp and does not know its own token.

    `base_url` is followed by the token. Long polling has a connection of its own.

    Raises:
        ConfigError: The token has not the shape of one.
    """
    return ExtBot(
        PLACEHOLDER,
        base_url=base_url,
        base_file_url=f"{base_url.removesuffix('/bot')}/file/bot",
        request=AiohttpRequest(token, connections=connections, connect=connect, read=read),
        get_updates_request=PollRequest(token, connections=2, connect=connect, read=read),
    )


class _Parameter(NamedTuple):
    """What the library's `RequestData` asks of a parameter; this one needs no models to be written out."""

    name: str
    json_value: str
    input_files: None = None


async def call(bot: Bot, method: str, fields: Mapping[str, str]) -> Any:
    """Call a method of the Bot API; gives its result as it came.

    Args:
        bot: Through its connections.
        method: Such as sendMessage.
        fields: What is no text is written as JSON.

    Raises:
        TelegramError: As the bot's own methods do.
    """
    data = RequestData([_Parameter(*field) for field in fields.items()])  # type: ignore[misc]
    return await bot.request.post(f"{bot.base_url}/{method}", data)


class AiohttpRequest(BaseRequest):
    """Sends python-telegram-bot's requests over one aiohttp session.

    Raises:
        ConfigError: The token has not the shape of one.
    """

    def __init__(
        self, token: str, *, connections: int = 16, connect: timedelta = CONNECT, read: timedelta = READ
    ) -> None:
        if not _TOKEN.fullmatch(token):
            raise ConfigError(
                "the Telegram token is not of the form 123456789:letters-and-digits; copy it whole from @BotFather"
            )
        self._token = token
        self._connections = connections
        self._connect, self._read = connect.total_seconds(), read.total_seconds()
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds; long polling adds its own wait to them."""
        return self._read

    async def initialize(self) -> None:
        """Nothing yet: the first request opens the session."""

    def _open(self, url: URL) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                proxy=_proxy(url),  # asked for once: `trust_env` looks it up for every request, 0.25 ms each
            )
        return self._session

    async def shutdown(self) -> None:
        """Close the session and its connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Ask once; timeouts are seconds, None for none.

        Raises:
            TimedOut: No answer in time.
            NotSentError: No connection.
            ServerError: An answer that is not the Bot API's.
            NetworkError: The connection broke while waiting for the answer.
        """
        connect = _seconds(connect_timeout, self._connect)
        read = _seconds(read_timeout, self._read)
        bounds = [connect, read, _seconds(write_timeout, self._read), _seconds(pool_timeout, self._connect)]
        total = None if None in bounds else sum(b for b in bounds if b is not None)
        # A server that drips one byte a second resets `sock_read` for ever; `total` ends that.
        timeout = aiohttp.ClientTimeout(total=total, sock_connect=connect, sock_read=read)
        try:
            target = URL(url.replace(PLACEHOLDER, self._token, 1), encoded=True)
            async with self._open(target).request(
                method,
                target,
                **_payload(request_data),
                timeout=timeout,
                allow_redirects=False,  # nobody else is to be handed the token
            ) as response:
                body = await _read(response, _MAX_FILE if method == "GET" else _MAX_BODY)
                return _judge(response.status, self._hide(body))
        except TelegramError:
            raise
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError, ValueError) as e:
            # aiohttp's InvalidURL is a ValueError, and it repeats the address.
            failure: TelegramError = NotSentError(f"no connection: {self._describe(e)}")
        except TimeoutError:
            failure = TimedOut("no answer in time")
        except (aiohttp.ClientError, OSError) as e:
            failure = NetworkError(f"the connection broke: {self._describe(e)}")
        # Raised out here so that no `__context__` drags along frames and texts that hold the address.
        raise failure

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer; unlike the library's own, without writing its body to the log.

        Raises:
            NetworkError: It is no answer of the Bot API.
        """
        answer = _answer(payload)
        if answer is None:
            raise NetworkError(f"the answer is cut off or not the Bot API's ({len(payload)} bytes)")
        return answer

    def _hide(self, body: bytes) -> bytes:
        return body.replace(self._token.encode(), PLACEHOLDER.encode())

    def _describe(self, error: Exception) -> str:
        return f"{type(error).__name__}: {error}".replace(self._token, PLACEHOLDER)


class PollRequest(AiohttpRequest):
    """For long polling, which the library ends for good when the token is refused, be it for a minute."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Ask once; a refused token is a failure of the server's, to be tried again."""
        status, body = await super().do_request(*args, **kwargs)
        if status in (401, 404):
            raise ServerError(f"HTTP status {status}: Telegram does not accept the token")
        return status, body

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer; an update that the library's models can't read comes without what it says.

        The library would fail at the whole answer, ask for the same again for ever, and write it all to the log.

        Raises:
            NetworkError: It is no answer of the Bot API.
        """
        answer = AiohttpRequest.parse_json_payload(payload)
        if isinstance(answer.get("result"), list):
            answer["result"] = [readable(update) for update in answer["result"]]
        return answer


def readable(update: dict[str, Any]) -> dict[str, Any]:
    """The update, or only its id, so that it can be passed over."""
    try:
        Update.de_json(deepcopy(update), None)  # models take apart what they are given
    except Exception as e:  # of any kind: a server of another release has other fields
        log.error("update_unreadable id=%s error=%s", update.get("update_id"), type(e).__name__)
        return {"update_id": update["update_id"]}
    return update


def _payload(data: RequestData | None) -> dict[str, Any]:
    """Body and headers: JSON, or a form where files come along."""
    if data is None or not data.contains_files:
        return {"data": data.json_payload if data is not None else None, "headers": _JSON}
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, kind) in (data.multipart_data or {}).items():
        form.add_field(
            name,
            BytesIO(content) if isinstance(content, bytes) else content,
            filename=filename,
            content_type=kind,
        )
    return {"data": form, "headers": _AGENT}


def _proxy(url: URL) -> str | None:
    """The proxy that the environment (HTTPS_PROXY, NO_PROXY and the like) names for this address."""
    return None if proxy_bypass(url.host or "") else getproxies().get(url.scheme)


def _seconds(given: object, default: float) -> float | None:
    if given is None:
        return None
    return float(given) if isinstance(given, (int, float)) else default


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most:
            raise ServerError(f"the answer is larger than {most:,} bytes")
    return bytes(body)


def _judge(status: int, body: bytes) -> tuple[int, bytes]:
    """Let only the Bot API itself say no.

    A proxy's page with status 403 or 404 would else read as 'this subscriber has blocked the bot' or
    'the token is wrong'.
    """
    if status >= 500 or (status >= 300 and _answer(body) is None):
        raise ServerError(f"HTTP status {status} from Telegram or a proxy before it")
    if status == 429 and "retry_after" not in ((_answer(body) or {}).get("parameters") or {}):
        raise RetryAfter(NO_RETRY_AFTER)  # the library would take it for an answer that leaves all open
    return status, body


def _answer(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except ValueError:  # UnicodeDecodeError is one
        return None
    if not isinstance(answer, dict) or ("result" if answer.get("ok") else "description") not in answer:
        return None
    return answer
