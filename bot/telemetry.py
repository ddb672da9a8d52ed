"""What the program says of itself: logs without secrets, metrics, and whether it is alive and ready."""

from __future__ import annotations

import errno
import logging
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.errors import ConfigError

# A bot token anywhere, also one that we were never told of, and the userinfo of an address.
_TOKEN = re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}")
_USERINFO = re.compile(r"(https?://)[^/@\s]+@")


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Redactor(logging.Formatter):
    """One event a line; secrets are replaced in messages and tracebacks alike."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._secrets = tuple(s for s in secrets if s)

    def format(self, record: logging.LogRecord) -> str:
        """The record as 'time level logger message', with a traceback on further lines."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = f"{at} {record.levelname.lower():7} {record.name} {record.getMessage()}"
        line = line.replace("\r", "\\r").replace("\n", "\\n")
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return self.redact(line)

    def redact(self, text: str) -> str:
        """The text without any secret."""
        for secret in self._secrets:
            text = text.replace(secret, "[redacted]")
        return _USERINFO.sub(r"\1[redacted]@", _TOKEN.sub("[redacted]", text))


def set_up_logging(level: str, secrets: tuple[str, ...] = (), stream: TextIO | None = None) -> None:
    """Log to `stream` (standard error by default). Libraries that are chatty speak from warning on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Redactor(secrets))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("apscheduler", "telegram", "httpx", "httpcore", "aiohttp.access", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def event(name: str, **fields: object) -> str:
    """A log line in the house's form: 'event key=value …'; values with blanks are quoted."""
    parts = [name]
    for key, value in fields.items():
        text = str(value)
        parts.append(f"{key}={text!r}" if " " in text or not text else f"{key}={text}")
    return " ".join(parts)


class Metrics:
    """The figures that Prometheus collects."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.polls = Counter("spillover_polls", "Polls by result", ["result"], registry=r)
        self.entries = Counter("spillover_entries", "Entries that were new", registry=r)
        self.decisions = Counter("spillover_decisions", "Decisions by reason", ["reason"], registry=r)
        self.deliveries = Counter(
            "spillover_deliveries", "Attempts to deliver, by result", ["result"], registry=r
        )
        self.fetch_seconds = Histogram("spillover_fetch_seconds", "Time of one poll", registry=r)
        self.batch_seconds = Histogram(
            "spillover_batch_seconds", "Time to understand, decide and store one batch", registry=r
        )
        self.loop_delay = Gauge(
            "spillover_loop_delay_seconds", "How late the event loop last woke", registry=r
        )
        self.pending = Gauge("spillover_outbox_pending", "Notifications that wait", registry=r)
        self.parked = Gauge("spillover_outbox_parked", "Notifications that can't be delivered", registry=r)
        self.failing = Gauge("spillover_feeds_failing", "Feeds whose last poll failed", registry=r)

        self._delivered: dict[str, int] = {}

    def count_deliveries(self, totals: Mapping[str, int]) -> None:
        """Bring the counter of deliveries up to these totals since the start."""
        for result, total in totals.items():
            self.deliveries.labels(result).inc(total - self._delivered.get(result, 0))
            self._delivered[result] = total

    def render(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)


class HealthServer:
    """Serves /healthz (the event loop turns), /readyz (rules, database and analyzer are loaded) and /metrics.

    Args:
        ready: Gives what is not ready yet, by name; empty when all is.
        metrics: What /metrics shows.
        refresh: Called before /metrics is drawn, to bring gauges up to date.
    """

    def __init__(
        self,
        ready: Callable[[], Mapping[str, str]],
        metrics: Metrics,
        refresh: Callable[[], Awaitable[None]],
    ) -> None:
        self._ready, self._metrics, self._refresh = ready, metrics, refresh
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, host: str, port: int, posts: Mapping[str, Handler] | None = None) -> None:
        """Begin to serve; `port` holds the real one afterwards. `posts` are further paths, for POST only.

        Raises:
            ConfigError: The port is taken or the address is not ours.
        """
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._show_metrics)
        for path, handler in (posts or {}).items():
            app.router.add_post(path, handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
        except (OSError, UnicodeError) as e:
            await runner.cleanup()
            if isinstance(e, OSError) and e.errno == errno.EADDRINUSE:
                problem = f"port {port} on {host} is in use; set BOT_HTTP_PORT to a free port (0 takes any)"
            else:
                problem = f"{host} port {port} can't be opened ({e}); set BOT_HTTP_HOST to an address of this machine"
            raise ConfigError(problem) from e
        self._runner = runner
        self.port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop serving."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _readyz(self, _: web.Request) -> web.Response:
        missing: dict[str, Any] = dict(self._ready())
        return web.json_response(
            {"status": "not ready" if missing else "ready", **missing}, status=503 if missing else 200
        )

    async def _show_metrics(self, _: web.Request) -> web.Response:
        await self._refresh()
        return web.Response(body=self._metrics.render(), content_type="text/plain", charset="utf-8")
