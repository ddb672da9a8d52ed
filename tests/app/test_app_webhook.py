"""Webhook mode and rivals for a token, in the running program over real HTTP on loopback."""

from __future__ import annotations

import io
import json
import math
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from bot_api import BotApi
from bot_api_people import person
from test_app import TITLE, Server, loaded, running, server, settings, until

from bot.app import App
from bot.delivery import chat, webhook
from bot.delivery.handlers import ALLOWED_UPDATES
from bot.delivery.webhook import HEADER, MAX_BODY
from bot.errors import ConfigError

__all__ = ["server"]  # the fixture
OPERATOR, READER = 7, 5


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Called:
    """The program with a webhook."""

    def __init__(self, api: BotApi, app: App, url: str) -> None:
        self.api, self.app, self.url = api, app, url

    async def post(self, body: Any, secret: str | None = None, **more: Any) -> int:
        headers = {} if secret is None else {HEADER: secret}
        data = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=more.pop("data", data), headers=headers) as answer,
        ):
            return answer.status

    @property
    def secret(self) -> str:
        return str(self.api.webhook["secret_token"])

    def said(self, to: int = READER) -> list[str]:
        return [m.text for m in self.api.accepted if m.chat_id == to]

    async def says(self, text: str, to: int = READER) -> str:
        """Write to the bot and have Telegram call; the answer."""
        before = len(self.said(to))
        self.api.push_message(to, text)
        assert await self.api.deliver() == [200]
        await until(lambda: len(self.said(to)) > before)
        return self.said(to)[-1]


def choose(folder: Path, server: Server, api: BotApi, **more: str) -> Any:
    given = {
        "BOT_TELEGRAM_TOKEN": api.token,
        "BOT_TELEGRAM_API_URL": api.url.removesuffix("/bot"),
        "BOT_TELEGRAM_ADMINS": str(OPERATOR),
    }
    return settings(folder, server, **given | more)


@asynccontextmanager
async def called(folder: Path, server: Server, api: BotApi, **more: str) -> AsyncIterator[Called]:
    port = free_port()
    url = f"http://127.0.0.1:{port}/from-telegram"
    more = {"BOT_HTTP_PORT": str(port), "BOT_TELEGRAM_WEBHOOK_URL": url} | more
    app = App(choose(folder, server, api, **more), loaded(folder, server.feed("wire")))
    async with running(app):
        yield Called(api, app, url)


async def test_telegram_calls_and_is_never_asked(tmp_path: Path, server: Server) -> None:
    async with BotApi() as api:
        async with called(tmp_path, server, api) as here:
            await until(lambda: api.webhook)
            assert api.webhook["url"] == here.url
            assert set(json.loads(api.webhook["allowed_updates"])) == set(ALLOWED_UPDATES), (
                "no others are worth a call"
            )
            assert (await here.says("/start")).startswith("Step 1 of 3")
            server.shown["wire"] = [TITLE]
            await until(lambda: any(TITLE in text for text in here.said()))
            secret = here.secret
        assert api.webhook == {}, "at the end Telegram is told to keep what comes"
        api.push_message(READER, "/list")
        assert "getUpdates" not in {call.method for call in api.calls}
        dropped = [c.params.get("drop_pending_updates") for c in api.calls if c.method == "deleteWebhook"]
        assert dropped == [None]
        async with called(tmp_path, server, api) as again:
            await until(lambda: api.webhook)
            assert again.secret == secret, "it is kept"
            assert await api.deliver() == [200]
            await until(lambda: any("follows" in text or "everything" in text for text in again.said()))
    file = tmp_path / "data" / "webhook_secret"
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == (secret, 0o600)


async def test_a_stop_that_telegram_does_not_hear_of_is_orderly(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with BotApi() as api:
        async with called(tmp_path, server, api) as here:
            await until(lambda: api.webhook)
            assert (await here.says("/start")).startswith("Step 1 of 3")
            api.fault("error", method="deleteWebhook", times=99, code=502, description="Bad Gateway")
        assert api.webhook, "it goes on calling, and what it brings waits until we are back"
    assert "webhook_not_ended" in caplog.text
    assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == []


async def test_a_secret_of_the_settings_is_used_and_none_is_made(tmp_path: Path, server: Server) -> None:
    async with (
        BotApi() as api,
        called(tmp_path, server, api, BOT_TELEGRAM_WEBHOOK_SECRET="our_own-secret") as here,
    ):
        await until(lambda: api.webhook)
        assert here.secret == "our_own-secret"
        assert not (tmp_path / "data" / "webhook_secret").exists()


async def test_whoever_else_calls_is_answered_and_changes_nothing(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[bytes] = []
    compare = webhook.hmac.compare_digest
    monkeypatch.setattr(webhook.hmac, "compare_digest", lambda a, b: compared.append(a) or compare(a, b))
    async with BotApi() as api, called(tmp_path, server, api) as here:
        await until(lambda: api.webhook)
        start = {"update_id": 900, "message": {"message_id": 1, "date": 1, "text": "/start",
                 "chat": {"id": READER, "type": "private"}, "from": {"id": READER, "is_bot": False, "first_name": "R"},
                 "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}}  # fmt: skip

        async def drip() -> AsyncIterator[bytes]:
            for _ in range(MAX_BODY // 65536 + 2):
                yield b" " * 65536

        right = here.secret
        assert await here.post(start) == 403
        assert await here.post(start, "") == 403
        assert await here.post(start, right[:-1]) == 403
        assert await here.post(start, right + "x") == 403
        assert await here.post(start, "ÿ" + right[1:]) == 403
        assert len(compared) == 5
        assert await here.post(b" " * (MAX_BODY + 1), right) == 413
        assert await here.post(b"", right, data=drip()) == 413
        for body in (
            b"",
            b"{",
            b"\xff\xfe",
            b"[]",
            b"null",
            b'{"update_id": "x"}',
            b'{"update_id": true}',
            b"[" * 100_000,
        ):
            assert await here.post(body, right) == 400
        assert "update_unreadable" not in caplog.text
        assert await here.post({"update_id": 901, "message": "no message"}, right) == 200, (
            "or it comes for ever"
        )
        assert "update_unreadable id=901" in caplog.text
        async with aiohttp.ClientSession() as session:
            assert (await session.get(here.url, headers={HEADER: right})).status == 405
            assert (await session.get(f"http://127.0.0.1:{here.app.port}/healthz")).status == 200
        assert here.said() == []
        assert await here.post(start, right) == 200
        await until(here.said)
        for _ in range(3):
            assert await here.post(start, right) == 200, "else Telegram would send it again and again"
        assert (await here.says("/list")).startswith("This chat follows")
        assert len(here.said()) == 2, "what is sent again does nothing"
        assert right not in caplog.text


async def test_where_too_many_updates_wait_telegram_is_asked_to_come_again(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "MOST_WAITING", 0)
    async with BotApi() as api, called(tmp_path, server, api) as here:
        await until(lambda: api.webhook)
        api.push_message(READER, "/start")
        assert await api.deliver() == [503]
        monkeypatch.setattr(chat, "MOST_WAITING", 9)
        assert await api.deliver() == [200], "a refused one does not count as seen"
        await until(here.said)


async def test_a_webhook_that_telegram_refuses_is_said_and_the_bot_asks_by_itself(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with BotApi() as api:
        why = "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
        api.fault("error", method="setWebhook", code=400, description=why)
        async with called(tmp_path, server, api) as here:
            api.push_message(READER, "/start")
            await until(here.said)
            api.push_message(OPERATOR, "/status")
            await until(lambda: here.said(OPERATOR))
            status = here.said(OPERATOR)[-1]
            assert await here.post({"update_id": 1}, "x") == 403
    for text in (status, caplog.text):
        assert "An HTTPS URL must be provided" in text or "an https url must be provided" in text.lower()
        assert "BOT_TELEGRAM_WEBHOOK_URL" in text


async def test_a_manager_reads_in_its_language_that_telegram_refuses_the_webhook(
    tmp_path: Path, server: Server
) -> None:
    german = {"from": {**person(OPERATOR), "language_code": "de"}}
    async with BotApi() as api:
        api.fault("error", method="setWebhook", code=400, description="Bad Request: bad webhook")
        async with called(tmp_path, server, api) as here:
            api.push_message(OPERATOR, "/status", **german)
            await until(lambda: here.said(OPERATOR))
            refused = here.said(OPERATOR)[-1]
    assert "Telegram lehnt den Webhook" in refused
    assert "Berichtige BOT_TELEGRAM_WEBHOOK_URL" in refused


async def test_a_webhook_that_can_not_be_set_yet_is_tried_again(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "RETRY_FIRST", chat.RETRY_FIRST / 100)
    async with BotApi() as api:
        api.fault("status", method="setWebhook", times=3)
        async with called(tmp_path, server, api) as here:
            await until(lambda: api.webhook)
            assert (await here.says("/start")).startswith("Step 1 of 3")


async def test_a_webhook_that_another_program_removed_is_set_again_and_said(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "WATCH_EVERY", chat.WATCH_EVERY / 2000)
    async with BotApi() as api, called(tmp_path, server, api) as here:
        await until(lambda: api.webhook)
        api.webhook = {}
        await until(lambda: api.webhook)
        await until(lambda: here.said(OPERATOR))
        assert "the same Telegram token" in here.said(OPERATOR)[-1]


async def test_a_webhook_that_telegram_refuses_to_set_again_is_said_and_the_bot_asks_by_itself(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "WATCH_EVERY", chat.WATCH_EVERY / 2000)
    async with BotApi() as api, called(tmp_path, server, api) as here:
        await until(lambda: api.webhook)
        why = "Bad Request: bad webhook: Failed to resolve host"
        api.fault("error", method="setWebhook", times=math.inf, code=400, description=why)
        api.webhook = {}
        api.push_message(READER, "/start")
        await until(here.said)
        api.push_message(OPERATOR, "/status")
        await until(lambda: any("BOT_TELEGRAM_WEBHOOK_URL" in text for text in here.said(OPERATOR)))


async def test_a_bot_that_asks_by_itself_after_all_stops_though_the_webhook_can_not_be_ended(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(chat, "WATCH_EVERY", chat.WATCH_EVERY / 2000)
    async with BotApi() as api:
        async with called(tmp_path, server, api) as here:
            await until(lambda: api.webhook)
            api.fault("error", method="setWebhook", times=math.inf, code=400, description="Bad webhook")
            api.webhook = {}
            api.push_message(READER, "/start")
            await until(here.said)
            api.fault("error", method="deleteWebhook", times=math.inf, code=502, description="Bad Gateway")
        assert "webhook_not_ended" in caplog.text
        assert "telegram_stop_cut_short" not in caplog.text, "what is under way is worked on to its end"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"BOT_TELEGRAM_WEBHOOK_URL": "https://bot.example/metrics"}, "/metrics is taken"),
        ({"BOT_TELEGRAM_WEBHOOK_SECRET": "not a secret"}, "BOT_TELEGRAM_WEBHOOK_SECRET: use"),
    ],
    ids=["our own path", "a secret that Telegram does not take"],
)
async def test_a_webhook_that_can_not_work_is_refused_at_the_start(
    tmp_path: Path, server: Server, given: dict[str, str], complaint: str
) -> None:
    async with BotApi() as api:
        with pytest.raises(ConfigError, match=complaint):
            async with called(tmp_path, server, api, **given):
                pass


async def test_a_kept_secret_that_is_none_is_named(tmp_path: Path, server: Server) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "webhook_secret").write_text("two words")
    async with BotApi() as api:
        with pytest.raises(ConfigError, match="webhook_secret holds no secret; delete it"):
            async with called(tmp_path, server, api):
                pass


# Two programs


async def test_two_programs_with_one_token_both_say_so_and_go_on_alerting(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with BotApi() as api:
        apps = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            chosen = choose(tmp_path / name, server, api)
            apps.append(App(chosen, loaded(tmp_path / name, server.feed("wire"))))
        async with running(apps[0]):
            api.push_message(READER, "/start")
            await until(lambda: any(m.chat_id == READER for m in api.accepted))
            async with running(apps[1]):
                apps[1].desk.enroll("telegram", "6", apps[1].clock())
                apps[1].desk.watch(
                    "telegram:6", apps[0].desk.watches(f"telegram:{READER}")[0], apps[1].clock()
                )
                await until(lambda: caplog.text.count("telegram_conflict") >= 2)
                server.shown["wire"] = [TITLE]
                await until(lambda: {m.chat_id for m in api.accepted if TITLE in m.text} >= {READER, 6})
                api.push_message(OPERATOR, "/status")
                await until(lambda: any("Outbox:" in m.text for m in api.accepted))
            told = [m.text for m in api.accepted if m.chat_id == OPERATOR]
            status = next(text for text in told if "Outbox:" in text)
            for text in (status, told[0]):
                assert "Another program has used the same Telegram token since 20" in text
                assert "@BotFather" in text
            assert caplog.text.count("telegram_conflict") == 2, "each says it once, not with every refusal"
            assert sum("Another program" in t and "Outbox:" not in t for t in told) == 2


async def test_a_token_that_is_refused_for_a_moment_does_not_end_listening(
    tmp_path: Path, server: Server
) -> None:
    async with BotApi() as api:
        app = App(choose(tmp_path, server, api), loaded(tmp_path, server.feed("wire")))
        async with running(app):
            await until(lambda: api._poller is not None)
            api.fault("error", method="getUpdates", times=2, code=401, description="Unauthorized")
            api.push_message(OPERATOR, "/list")
            await until(lambda: api.accepted)
            api.push_message(READER, "/start")
            await until(lambda: any(m.chat_id == READER for m in api.accepted))
