import asyncio
import io
import logging

import aiohttp
import pytest

from bot.errors import ConfigError
from bot.telemetry import HealthServer, Metrics, event, set_up_logging

TOKEN = "123456789:AAfakefakefakefakefakefakefakefakefake"


@pytest.fixture
def written() -> io.StringIO:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    set_up_logging("debug", ("hush-hush-password",), stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"POST /bot{TOKEN}/getMe", id="a token in an address"),
        pytest.param("the word is hush-hush-password", id="a known secret"),
        pytest.param("GET https://reader:hunter2@feeds.example/x", id="a password in an address"),
    ],
)
def test_no_secret_reaches_a_log_line_or_a_traceback(written: io.StringIO, text: str) -> None:  # fault 16
    log = logging.getLogger("somewhere")
    log.debug("%s", text)
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("failed: %s", text)
    shown = written.getvalue()
    assert "ValueError" in shown
    assert not any(secret in shown for secret in (TOKEN, "hush-hush-password", "hunter2"))
    assert shown.count("[redacted]") == 3


def test_a_message_can_not_forge_a_second_line(written: io.StringIO) -> None:
    logging.getLogger("x").warning("title=%s", "harmless\n2026-01-01 error forged")
    assert len(written.getvalue().splitlines()) == 1


def test_an_event_is_keys_and_values() -> None:
    assert (
        event("poll_failed", feed="a", problem="no answer", n=2)
        == "poll_failed feed=a problem='no answer' n=2"
    )


async def ask(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


async def test_health_readiness_and_metrics_are_served() -> None:
    missing = {"rules": "not loaded"}
    metrics, refreshed = Metrics(), []

    async def refresh() -> None:
        refreshed.append(True)

    server = HealthServer(lambda: missing, metrics, refresh)
    await server.start("127.0.0.1", 0)
    try:
        assert await ask(server.port, "/healthz") == (200, '{"status": "ok"}')
        assert await ask(server.port, "/readyz") == (503, '{"status": "not ready", "rules": "not loaded"}')
        missing.clear()
        assert await ask(server.port, "/readyz") == (200, '{"status": "ready"}')
        metrics.polls.labels("ok").inc()
        metrics.count_deliveries({"sent": 2})
        metrics.count_deliveries({"sent": 3})
        status, text = await ask(server.port, "/metrics")
        assert status == 200
        assert 'spillover_polls_total{result="ok"} 1.0' in text
        assert 'spillover_deliveries_total{result="sent"} 3.0' in text
        assert refreshed == [True]
    finally:
        await server.stop()


async def test_a_port_in_use_is_one_line_with_what_to_do() -> None:
    async def nothing() -> None:
        await asyncio.sleep(0)

    first, second = (HealthServer(dict, Metrics(), nothing) for _ in range(2))
    await first.start("127.0.0.1", 0)
    try:
        with pytest.raises(
            ConfigError, match=rf"port {first.port} on 127.0.0.1 is in use; set BOT_HTTP_PORT"
        ):
            await second.start("127.0.0.1", first.port)
    finally:
        await first.stop()
