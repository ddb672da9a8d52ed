"""What the doctor says of Telegram's calls, from a Bot API on loopback."""

from __future__ import annotations

from io import StringIO

import pytest
from bot_api import BotApi
from rich.console import Console

from bot.config import load_settings
from bot.doctor import examine, utc_now

OURS, OTHERS = "https://bot.example/hook", "https://other.example/hook"


async def telegram_line(environ: dict[str, str], api: BotApi, wanted: str) -> str:
    """The doctor's line about Telegram."""
    own = {
        "BOT_TELEGRAM_TOKEN": api.token,
        "BOT_TELEGRAM_API_URL": api.url.removesuffix("/bot"),
        "BOT_TELEGRAM_WEBHOOK_URL": wanted,
    }
    screen = StringIO()
    await examine(load_settings(environ | own), Console(file=screen, width=400))
    (line,) = [line for line in screen.getvalue().splitlines() if line[5:].startswith("telegram:")]
    assert api.token not in line
    return line


@pytest.mark.parametrize(
    ("wanted", "have", "word", "said"),
    [
        pytest.param("", "", "ok", "@spillover_bot answers at ", id="it asks by itself"),
        pytest.param(
            "", OTHERS, "note", f"; it calls {OTHERS}, which the bot ends when it starts", id="left behind"
        ),
        pytest.param(OURS, "", "ok", f"; it will call {OURS} once the bot runs", id="not set yet"),
        pytest.param(
            OURS, OTHERS, "ok", f"; it will call {OURS} once the bot runs, not {OTHERS}", id="moved"
        ),
        pytest.param(OURS, OURS, "ok", f"; it calls {OURS}", id="set"),
    ],
)
async def test_it_says_where_telegram_calls(
    environ: dict[str, str], wanted: str, have: str, word: str, said: str
) -> None:
    async with BotApi() as api:
        api.webhook = {"url": have} if have else {}
        line = await telegram_line(environ, api, wanted)
    assert line.startswith(word)
    assert said in line


@pytest.mark.parametrize(
    ("age", "word"), [pytest.param(60, "bad", id="now"), pytest.param(90_000, "ok", id="long ago")]
)
async def test_it_says_why_telegram_cannot_call(environ: dict[str, str], age: int, word: str) -> None:
    async with BotApi() as api:
        api.webhook = {"url": OURS}
        api.webhook_trouble = {
            "last_error_date": int(utc_now().timestamp()) - age,
            "last_error_message": "Connection refused",
        }
        line = await telegram_line(environ, api, OURS)
    assert line.startswith(word)
    assert (f"it can't call {OURS}: Connection refused; 0 updates wait" in line) == (word == "bad")
