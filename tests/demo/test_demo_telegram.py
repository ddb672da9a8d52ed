"""The demo sent to a chat: what a reader of it would have got, over real HTTP."""

import asyncio
import io
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from bot_api import BotApi
from click.testing import CliRunner
from rich.console import Console

from bot.cli import main
from bot.config import load_settings
from bot.delivery.pacing import Limit, Pacer
from bot.demo.run import START, DemoClock, _pass_time, play, played
from bot.loading import load

ROOT = Path(__file__).parent.parent.parent
AT_ONCE = Limit(10_000, timedelta(seconds=1))


async def test_its_cards_go_to_the_chat_and_nothing_else_is_told_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "bot.delivery.drains.Pacer", partial(Pacer, overall=AT_ONCE, private=AT_ONCE, group=AT_ONCE)
    )
    async with BotApi() as api:
        settings = load_settings(
            {
                "BOT_RULES_DIR": str(ROOT / "rules"),
                "BOT_TELEGRAM_TOKEN": api.token,
                "BOT_TELEGRAM_API_URL": api.url.removesuffix("/bot"),
            }
        )
        screen = io.StringIO()
        await play(settings, load(settings), Console(file=screen, width=100), tmp_path, "77")
        sent = [a for a in api.accepted if a.method == "sendMessage"]
        edits = [a for a in api.accepted if a.method == "editMessageText"]
    assert {a.chat_id for a in api.accepted} == {77}
    cards = [a for a in sent if a.reply_to is None]
    replies = [a for a in sent if a.reply_to is not None]
    assert (len(cards), len(replies)) == (11, 5)
    assert edits
    assert {a.reply_to for a in replies} <= {a.message_id for a in cards}
    assert any(a.text.startswith("DENIED") for a in edits)
    assert "sent to Telegram chat 77" in screen.getvalue()
    assert "╭" not in screen.getvalue(), "no card is printed as well"


async def test_when_the_news_is_over_it_goes_on_answering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.demo.run.END", START)
    monkeypatch.setattr("bot.demo.run.SECOND", timedelta(milliseconds=20))
    async with BotApi() as api:
        settings = load_settings(
            {
                "BOT_RULES_DIR": str(ROOT / "rules"),
                "BOT_TELEGRAM_TOKEN": api.token,
                "BOT_TELEGRAM_API_URL": api.url.removesuffix("/bot"),
            }
        )

        async def linger() -> None:
            api.push_message(77, "/list")
            async with asyncio.timeout(20):
                while not api.accepted:
                    await asyncio.sleep(0.01)

        screen = io.StringIO()
        await play(settings, load(settings), Console(file=screen, width=100), tmp_path, "77", linger)
    assert "everything" in api.accepted[0].text
    assert "goes on answering" in screen.getvalue()


async def test_its_clock_goes_on_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.demo.run.SECOND", timedelta(milliseconds=5))
    clock = DemoClock(START)
    passing = asyncio.create_task(_pass_time(clock))
    async with asyncio.timeout(20):
        while clock() == START:
            await asyncio.sleep(0.005)
    passing.cancel()


async def test_a_reload_leaves_it_its_own_feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.demo.run.END", START)
    settings = load_settings({"BOT_RULES_DIR": str(ROOT / "rules")})
    async with played(settings, load(settings), Console(file=io.StringIO()), tmp_path, []) as (app, _):
        await app.reload()
        assert app.desk.status(app.clock()).feeds == 13


@pytest.mark.parametrize(
    ("args", "environment", "problem"),
    [
        (["--telegram", "77"], {}, "--telegram needs a token: set BOT_TELEGRAM_TOKEN"),
        (
            ["--telegram", "@me"],
            {"BOT_TELEGRAM_TOKEN": "123456789:AAabcdefghijklmnopqrstuvwxyz0123456"},
            "'@me' is no id of a chat",
        ),
    ],
)
def test_what_is_missing_is_said(args: list[str], environment: dict[str, str], problem: str) -> None:
    done = CliRunner().invoke(main, ["demo", *args], env=environment)
    assert done.exit_code == 2
    assert problem in done.output + str(done.exception or "")
