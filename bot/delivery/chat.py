"""The Telegram side of the running program: one bot for sending, and the commands that people type."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from telegram import BotCommand, BotCommandScopeChat, LinkPreviewOptions, Update, WebhookInfo
from telegram.error import BadRequest, Conflict, Forbidden, TelegramError
from telegram.ext import ApplicationBuilder

from bot.delivery.browsing import Browsing
from bot.delivery.commands import Commands
from bot.delivery.downloads import fetch
from bot.delivery.drafting import Workshop
from bot.delivery.drains import in_flight
from bot.delivery.errands import Errands
from bot.delivery.gate import Gate
from bot.delivery.handlers import ALLOWED_UPDATES, App, register
from bot.delivery.manual import MANAGERS_MENU, MENU
from bot.delivery.membership import Membership
from bot.delivery.pacing import OVERALL
from bot.delivery.parts import Part
from bot.delivery.replies import Attached, Chat
from bot.delivery.request import make_bot
from bot.delivery.rival import Rival
from bot.delivery.rooms import TelegramRooms
from bot.delivery.telegram import TelegramChannel, compose, parse_address, translate
from bot.delivery.turns import AT_ONCE, Turns
from bot.delivery.webhook import Webhook
from bot.errors import ConfigError
from bot.locale import SOURCE, languages, marked, show_number, speaking, tr
from bot.model import Card, Subscriber
from bot.ports import Clock, Desk, Vocabulary
from bot.shelves import Bindings, Feedback

log = logging.getLogger(__name__)

# Between tries to reach Telegram at start; alerts wait in the outbox meanwhile.
RETRY_FIRST, RETRY_MOST = timedelta(seconds=2), timedelta(minutes=1)
STOP_WITHIN = timedelta(seconds=2)
WATCH_EVERY = timedelta(minutes=2)  # over the webhook
MOST_WAITING = 1000  # updates that nobody has worked on; with more, Telegram is asked to come again
ANSWERS = (
    2 * AT_ONCE
)  # connections beside those of alerts, for what is asked in chats: some ask two things at once

_Said = Callable[[], str]  # in the language that is spoken when it is asked for


class Chatting:
    """Sends through and listens to one bot.

    Args:
        token: Of the bot.
        api_url: Base address of the Bot API, without the token.
        desk: What the commands read and write.
        vocabulary: What people may name.
        clock: The time.
        bindings: Who turned alerts on in groups and channels.
        operators: Ids of the managers.
        timezone: The clock that a new chat starts with.
        parts: Further commands.
        browsing: The commands that look things up, and inline mode.
        gate: Who is answered; everybody without one.
        errands: What takes longer than an answer may; what comes of it is posted through the bot.
        rate: Messages a second; more than Telegram allows for free are paid for.
        webhook: Where Telegram calls; without one, or where Telegram refuses it, it is asked for updates.
        workshop: Makes rules of a chat's own.
        feedback: What readers said of cards.

    Attributes:
        channel: Sends cards through the bot.
        rival: Another program with the same token.
    """

    def __init__(
        self,
        token: str,
        api_url: str,
        desk: Desk,
        vocabulary: Vocabulary,
        clock: Clock,
        bindings: Bindings,
        operators: tuple[str, ...] = (),
        timezone: str = "UTC",
        parts: Sequence[Part] = (),
        browsing: Browsing | None = None,
        gate: Gate | None = None,
        errands: Errands | None = None,
        rate: int = OVERALL.count,
        webhook: Webhook | None = None,
        workshop: Workshop | None = None,
        feedback: Feedback | None = None,
    ) -> None:
        bot = make_bot(token, base_url=f"{api_url}/bot", connections=in_flight(rate) + ANSWERS)
        self._turns = Turns()
        self._application: App = ApplicationBuilder().bot(bot).concurrent_updates(self._turns).build()
        commands = Commands(
            desk,
            vocabulary,
            clock,
            operators=operators,
            timezone=timezone,
            parts=(*parts, browsing) if browsing else parts,
            offers=browsing.offers if browsing else None,
            troubles=self.troubles,
            rooms=TelegramRooms(bot),
            bindings=bindings,
            workshop=workshop,
            feedback=feedback,
        )
        self._commands = commands
        self._membership = Membership(bot, commands, desk, bindings, clock, gate)
        register(self._application, commands, clock, self._membership, gate)
        self._operators, self._errands = operators, errands
        if errands is not None:
            errands.connect(self.post)
        self._clock, self._webhook = clock, webhook
        self._called = False  # the webhook is set
        self._telling: set[asyncio.Future[None]] = set()
        self.rival = Rival(clock)
        self._listening: asyncio.Task[None] | None = None
        self.channel = TelegramChannel(bot, clock, paid=rate > OVERALL.count)
        self._trouble: _Said = partial(str, "not connected yet")

    async def start(self) -> None:
        """Check the token and begin to listen; an API that can't be reached is tried again in the background.

        Raises:
            ConfigError: Telegram refuses the token.
        """
        reached = await self._introduce()
        self._listening = asyncio.create_task(self._listen(reached), name="telegram")

    async def stop(self) -> None:
        """Stop listening and close the connections; what people write meanwhile waits at Telegram."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self._errands is not None:
            await self._errands.stop()
        updater = self._application.updater
        try:
            async with asyncio.timeout(STOP_WITHIN.total_seconds()):
                if self._webhook is not None and self._called:
                    await self._end_webhook(self._webhook)
                if updater is not None and updater.running:
                    await updater.stop()
                if self._application.running:
                    await self._application.stop()
                await self._turns.idle()
        except (TimeoutError, TelegramError) as e:
            log.warning("telegram_stop_cut_short problem=%r", str(e))
        await self._turns.shutdown()  # before the connections are closed, which an answer would open again
        if self._application.running:  # what comes first was cut short
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_WITHIN.total_seconds()):
                    await self._application.stop()
        await self._application.shutdown()
        await self._application.bot.shutdown()

    async def tell_operators(self, say: Callable[[], str]) -> None:
        """Write to each operator in its own language; one who can't be reached just now only reads the log."""
        for operator in self._operators:
            with speaking(self._commands.language(Chat(address=operator), "") or SOURCE):
                draft = compose(Card(text=say()))
            try:
                await self._application.bot.send_message(operator, draft.text, disable_notification=True)
            except TelegramError as e:
                log.warning("operator_not_told operator=%s problem=%r", operator, str(translate(e)))

    async def hand_on(self, draw: Callable[[], Card]) -> None:
        """Write a card to each operator in its own language; one who can't be reached just now does not get it."""
        for operator in self._operators:
            chat = Chat(address=operator)
            with speaking(self._commands.language(chat, "") or SOURCE):
                card = draw()
            await self.post(chat, card)

    def lost(self, subscriber: Subscriber, problem: str) -> None:
        """A chat can't be written to any more: tell whoever turned its alerts on, beside everything else."""
        told = asyncio.ensure_future(self._membership.lost(subscriber, problem))
        self._telling.add(told)
        told.add_done_callback(self._telling.discard)

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

    async def fetch(self, attached: Attached, most: int) -> bytes:
        """The content of a file that somebody sent, of so many bytes at most.

        Raises:
            DeliveryError: It is larger, or can't be had.
        """
        return await fetch(self._application.bot, attached, most)

    async def _introduce(self) -> bool:
        """Ask who we are; False if Telegram can't be reached just now."""
        try:
            await self._application.initialize()
            await self._show_menus()
        except TelegramError as e:
            error = translate(e)
            if isinstance(error, ConfigError):
                raise error from e
            self._trouble = partial(str, error)
            log.warning("telegram_unreachable problem=%r alerts=wait_in_the_outbox", str(error))
            return False
        return True

    async def _show_menus(self) -> None:
        """To everybody in the language of their client; what managers have besides in their private chats alone."""
        for language in languages():
            with speaking(language):
                await self._application.bot.set_my_commands(_menu(MENU), language_code=_code(language))
        for operator in self._operators:
            if not operator.isdecimal():
                continue
            scope = BotCommandScopeChat(int(operator))
            try:
                for language in languages():
                    with speaking(language):
                        menu = _menu([*MENU, *MANAGERS_MENU])
                    await self._application.bot.set_my_commands(
                        menu, scope=scope, language_code=_code(language)
                    )
            except BadRequest as e:  # one who never wrote to the bot has no chat
                log.info("managers_menu_not_shown operator=%s problem=%r", operator, e.message)

    async def _listen(self, reached: bool) -> None:
        pause = RETRY_FIRST
        while not reached:
            await asyncio.sleep(pause.total_seconds())
            pause = min(pause * 2, RETRY_MOST)
            try:
                reached = await self._introduce()
            except ConfigError as e:
                self._trouble = partial(str, e)
                log.error("telegram_refused problem=%r", str(e))
                return
        await self._application.start()
        if self._webhook is not None and await self._set_webhook(self._webhook):
            self._trouble = _nothing
            log.info("telegram_listening bot=%s by=webhook", self._application.bot.username)
            await self._watch_webhook(self._webhook)
        refused = self._trouble if self._webhook is not None else _nothing
        updater = self._application.updater
        assert updater is not None  # the builder makes one unless told otherwise
        await updater.start_polling(
            allowed_updates=ALLOWED_UPDATES, bootstrap_retries=-1, error_callback=self._complain
        )
        self._trouble = refused
        log.info("telegram_listening bot=%s by=polling", self._application.bot.username)

    async def _set_webhook(self, webhook: Webhook) -> bool:
        """Tell Telegram where to call; False if it refuses, which `troubles` then says."""
        queue, pause = self._application.update_queue, RETRY_FIRST

        def put(update: Update) -> bool:
            if queue.qsize() >= MOST_WAITING:
                return False
            queue.put_nowait(update)
            return True

        webhook.open(self._application.bot, put)
        while True:
            try:
                await self._application.bot.set_webhook(
                    webhook.url, secret_token=webhook.secret, allowed_updates=ALLOWED_UPDATES
                )
            except (BadRequest, Forbidden) as e:
                webhook.close()
                self._trouble = partial(_refused, webhook.url, e.message)
                log.error("webhook_refused_by_telegram problem=%r", self._trouble())
                return False
            except TelegramError as e:
                self._trouble = partial(str, translate(e))
                log.warning("webhook_not_set problem=%r", self._trouble())
                await asyncio.sleep(pause.total_seconds())
                pause = min(pause * 2, RETRY_MOST)
            else:
                self._called = True
                return True

    async def _end_webhook(self, webhook: Webhook) -> None:
        """Have Telegram keep what comes; where it does not hear of that, it calls in vain and keeps it as well."""
        webhook.close()
        try:
            await self._application.bot.delete_webhook()
        except TelegramError as e:
            log.warning("webhook_not_ended problem=%r", str(translate(e)))

    async def _watch_webhook(self, webhook: Webhook) -> None:
        """See that Telegram still calls us and nobody else, and what it can't deliver; ends where it will not any more."""
        while True:
            await asyncio.sleep(WATCH_EVERY.total_seconds())
            try:
                info = await self._application.bot.get_webhook_info()
                if info.url != webhook.url:
                    self._met_rival(f"the webhook was changed to {info.url or 'none'}")
                    if not await self._set_webhook(webhook):
                        return
                self._trouble = _failing(info, self._clock())
            except TelegramError as e:
                log.warning("webhook_not_watched problem=%r", str(translate(e)))

    def _complain(self, error: TelegramError) -> None:
        """Called by the updater on every failed poll; it goes on by itself."""
        problem = str(translate(error))
        if isinstance(error, Conflict):
            self._met_rival(error.message)
        else:
            log.warning("telegram_poll_failed problem=%r", problem)

    def _met_rival(self, what: str) -> None:
        first = self.rival.met()
        if self.rival.is_to_be_told():
            log.error("telegram_conflict problem=%r telegram=%r", self.rival.problem, what)
        if first:
            told = asyncio.ensure_future(self.tell_operators(lambda: self.rival.problem))
            self._telling.add(told)
            told.add_done_callback(self._telling.discard)

    def troubles(self) -> list[str]:
        """What keeps commands from being heard, or from coming by the way that was asked for; for operators."""
        return [text for text in (self.rival.problem, self._trouble()) if text]


def _nothing() -> str:
    return ""


def _refused(url: str, problem: str) -> str:
    return tr(
        "Telegram refuses the webhook {url} ({problem}): correct BOT_TELEGRAM_WEBHOOK_URL and start again. "
        "Until then the bot asks for updates by itself.",
        url=url,
        problem=problem,
    )


def _failing(info: WebhookInfo, now: datetime) -> _Said:
    """What Telegram says of calls that failed a short while ago; nothing if there were none."""
    at, problem, waiting = info.last_error_date, info.last_error_message, info.pending_update_count
    if at is None or now - at > 2 * WATCH_EVERY:
        return _nothing
    log.warning("webhook_failing waiting=%d problem=%r", waiting, problem)
    text = marked("Telegram can't call the webhook: {problem}. Updates that wait there: {n}.")
    return lambda: tr(text, problem=problem, n=show_number(waiting))


def _menu(commands: Sequence[tuple[str, str]]) -> list[BotCommand]:
    return [BotCommand(name, tr(text)) for name, text in commands]


def _code(language: str) -> str | None:
    """For Telegram: what is written in the source's language is shown to all who have no menu of their own."""
    return None if language == SOURCE else language
