"""The Telegram side of the running program: one bot for sending, and the commands that people type."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from telegram import BotCommand, BotCommandScopeChat, LinkPreviewOptions, Update
from telegram.error import BadRequest, Conflict, TelegramError
from telegram.ext import ApplicationBuilder

from bot.delivery.browsing import Browsing
from bot.delivery.commands import Commands
from bot.delivery.errands import Errands
from bot.delivery.gate import Gate
from bot.delivery.handlers import App, register
from bot.delivery.manual import MANAGERS_MENU
from bot.delivery.parts import Part
from bot.delivery.replies import MENU, Chat
from bot.delivery.request import make_bot
from bot.delivery.sheet import MAX_UNITS
from bot.delivery.telegram import TelegramChannel, compose, parse_address, translate
from bot.errors import ConfigError
from bot.model import Card
from bot.ports import Clock, Desk, Vocabulary

log = logging.getLogger(__name__)

# Between tries to reach Telegram at start; alerts wait in the outbox meanwhile.
RETRY_FIRST, RETRY_MOST = timedelta(seconds=2), timedelta(minutes=1)
STOP_WITHIN = timedelta(seconds=2)


class Chatting:
    """Sends through and listens to one bot.

    Args:
        token: Of the bot.
        api_url: Base address of the Bot API, without the token.
        desk: What the commands read and write.
        vocabulary: What people may name.
        clock: The time.
        operators: Ids of the managers.
        timezone: The clock that a new chat starts with.
        parts: Further commands.
        browsing: The commands that look things up, and inline mode.
        gate: Who is answered; everybody without one.
        errands: What takes longer than an answer may; what comes of it is posted through the bot.

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
        gate: Gate | None = None,
        errands: Errands | None = None,
    ) -> None:
        bot = make_bot(token, base_url=f"{api_url}/bot")
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
        register(self._application, commands, clock, gate)
        self._operators, self._errands = operators, errands
        if errands is not None:
            errands.connect(self.post)
        self._listening: asyncio.Task[None] | None = None
        self.channel = TelegramChannel(bot, clock)
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
        if self._errands is not None:
            await self._errands.stop()
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

    async def post(self, chat: Chat, card: Card) -> None:
        """Write a card into a chat that waits for it; one that can't be reached just now does not get it."""
        address, thread = parse_address(chat.address)
        draft = compose(card)
        try:
            await self._application.bot.send_message(
                address,
                draft.text,
                entities=draft.entities,
                reply_markup=draft.keyboard,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                message_thread_id=thread,
            )
        except TelegramError as e:
            log.warning("answer_not_sent chat=%s error=%r", chat.address, str(translate(e)))

    async def _introduce(self) -> bool:
        """Ask who we are; False if Telegram can't be reached just now."""
        try:
            await self._application.initialize()
            await self._application.bot.set_my_commands(_menu(MENU))
            await self._show_managers_menus()
        except TelegramError as e:
            error = translate(e)
            if isinstance(error, ConfigError):
                raise error from e
            self.trouble = str(error)
            log.warning("telegram_unreachable problem=%r alerts=wait_in_the_outbox", self.trouble)
            return False
        return True

    async def _show_managers_menus(self) -> None:
        """In the private chats of managers alone; one who never wrote to the bot has none."""
        for operator in self._operators:
            if not operator.isdecimal():
                continue
            try:
                await self._application.bot.set_my_commands(
                    _menu([*MENU, *MANAGERS_MENU]), scope=BotCommandScopeChat(int(operator))
                )
            except BadRequest as e:
                log.info("managers_menu_not_shown operator=%s problem=%r", operator, e.message)

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


def _menu(commands: Sequence[tuple[str, str]]) -> list[BotCommand]:
    return [BotCommand(name, text) for name, text in commands]
