"""The Telegram side of the running program: one bot for sending, and the commands that people type."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from telegram import BotCommand, Update
from telegram.error import Conflict, TelegramError
from telegram.ext import ApplicationBuilder

from bot.delivery.browsing import Browsing
from bot.delivery.commands import Commands
from bot.delivery.drains import in_flight
from bot.delivery.handlers import App, register
from bot.delivery.pacing import OVERALL
from bot.delivery.parts import Part
from bot.delivery.replies import MENU
from bot.delivery.request import make_bot
from bot.delivery.sheet import MAX_UNITS
from bot.delivery.telegram import TelegramChannel, translate
from bot.errors import ConfigError
from bot.ports import Clock, Desk, Vocabulary

log = logging.getLogger(__name__)

# Between tries to reach Telegram at start; alerts wait in the outbox meanwhile.
RETRY_FIRST, RETRY_MOST = timedelta(seconds=2), timedelta(minutes=1)
STOP_WITHIN = timedelta(seconds=2)
ANSWERS = 4  # connections beside those of alerts, for what is asked in chats


class Chatting:
    """Sends through and listens to one bot.

    Args:
        token: Of the bot.
        api_url: Base address of the Bot API, without the token.
        desk: What the commands read and write.
        vocabulary: What people may name.
        clock: The time.
        operators: Ids of the people who may use `/status`.
        timezone: The clock that a new chat starts with.
        parts: Further commands.
        browsing: The commands that look things up, and inline mode.
        rate: Messages a second; more than Telegram allows for free are paid for.

    Attributes:
        channel: Sends cards through the bot.
        trouble: What keeps commands from being heard; empty when nothing does.
    """

    def __init__(
        self,
        token: str,
        api_url: str,
        desk: Desk,
        vocabulary: Vocabulary,
        clock: Clock,
        operators: tuple[str, ...] = (),
        timezone: str = "UTC",
        parts: Sequence[Part] = (),
        browsing: Browsing | None = None,
        rate: int = OVERALL.count,
    ) -> None:
        bot = make_bot(token, base_url=f"{api_url}/bot", connections=in_flight(rate) + ANSWERS)
        self._application: App = ApplicationBuilder().bot(bot).build()
        commands = Commands(
            desk,
            vocabulary,
            clock,
            operators=operators,
            timezone=timezone,
            parts=(*parts, browsing) if browsing else parts,
            offers=browsing.offers if browsing else None,
        )
        register(self._application, commands, clock)
        self._operators = operators
        self._listening: asyncio.Task[None] | None = None
        self.channel = TelegramChannel(bot, clock, paid=rate > OVERALL.count)
        self.trouble = "not connected yet"

    async def start(self) -> None:
        """Check the token and begin to listen; an API that can't be reached is tried again in the background.

        Raises:
            ConfigError: Telegram refuses the token.
        """
        reached = await self._introduce()
        self._listening = asyncio.create_task(self._listen(reached), name="telegram")

    async def stop(self) -> None:
        """Stop listening and close the connections."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        updater = self._application.updater
        try:
            async with asyncio.timeout(STOP_WITHIN.total_seconds()):
                if updater is not None and updater.running:
                    await updater.stop()
                if self._application.running:
                    await self._application.stop()
        except (TimeoutError, TelegramError) as e:
            log.warning("telegram_stop_cut_short problem=%r", str(e))
        await self._application.shutdown()
        await self._application.bot.shutdown()

    async def tell_operators(self, text: str) -> None:
        """Write to each operator; one who can't be reached just now only reads the log."""
        for operator in self._operators:
            try:
                await self._application.bot.send_message(
                    operator, text[:MAX_UNITS], disable_notification=True
                )
            except TelegramError as e:
                log.warning("operator_not_told operator=%s problem=%r", operator, str(translate(e)))

    async def _introduce(self) -> bool:
        """Ask who we are; False if Telegram can't be reached just now."""
        try:
            await self._application.initialize()
            await self._application.bot.set_my_commands([BotCommand(name, text) for name, text in MENU])
        except TelegramError as e:
            error = translate(e)
            if isinstance(error, ConfigError):
                raise error from e
            self.trouble = str(error)
            log.warning("telegram_unreachable problem=%r alerts=wait_in_the_outbox", self.trouble)
            return False
        return True

    async def _listen(self, reached: bool) -> None:
        pause = RETRY_FIRST
        while not reached:
            await asyncio.sleep(pause.total_seconds())
            pause = min(pause * 2, RETRY_MOST)
            try:
                reached = await self._introduce()
            except ConfigError as e:
                self.trouble = str(e)
                log.error("telegram_refused problem=%r", self.trouble)
                return
        await self._application.start()
        updater = self._application.updater
        assert updater is not None  # the builder makes one unless told otherwise
        await updater.start_polling(
            allowed_updates=Update.ALL_TYPES, bootstrap_retries=-1, error_callback=self._complain
        )
        self.trouble = ""
        log.info("telegram_listening bot=%s", self._application.bot.username)

    def _complain(self, error: TelegramError) -> None:
        """Called by the updater on every failed poll; it goes on by itself."""
        problem = str(translate(error))
        if isinstance(error, Conflict):
            log.error("telegram_conflict problem=%r", problem)
        else:
            log.warning("telegram_poll_failed problem=%r", problem)
