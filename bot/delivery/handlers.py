"""Puts the commands into a python-telegram-bot application: what is asked goes to them, and the answer back."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from telegram import (
    CallbackQuery,
    InlineQuery,
    MaybeInaccessibleMessage,
    Update,
    User,
)
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    InlineQueryHandler,
    MessageHandler,
    filters,
)

from bot.delivery.answers import acknowledge, article, replace_message, send_card, send_file, show_picture
from bot.delivery.asked import address_of, chat_of, is_for, parse, speaker_of
from bot.delivery.commands import Commands
from bot.delivery.gate import Gate
from bot.delivery.helping import unknown_command
from bot.delivery.membership import Membership
from bot.delivery.replies import Chat, Reply, line, old_button
from bot.delivery.telegram import translate
from bot.errors import BotError
from bot.locale import speaking, tr
from bot.ports import Clock

log = logging.getLogger(__name__)

ALLOWED_UPDATES = (
    Update.MESSAGE,
    Update.CHANNEL_POST,
    Update.CALLBACK_QUERY,
    Update.INLINE_QUERY,
    Update.MY_CHAT_MEMBER,
)
"""The updates to ask Telegram for; the handlers need no others."""

_OFFERED_FOR = timedelta(seconds=60)  # that Telegram may show the same offers for the same words
_DOUBLE_TAP = timedelta(seconds=3)
_ACKNOWLEDGE_WITHIN = timedelta(seconds=0.7)
_MAX_TAPS = 1000  # remembered at a time
_NEW = filters.UpdateType.MESSAGE | filters.UpdateType.CHANNEL_POST  # an edited command isn't run again
_WITH_FILE = re.compile(r"^/import(?:@\w+)?(?:\s|$)", re.IGNORECASE)  # may be the caption of a file

App = Application[Any, Any, Any, Any, Any, Any]
Context = CallbackContext[Any, Any, Any, Any]


def register(
    application: App,
    commands: Commands,
    clock: Clock,
    membership: Membership,
    gate: Gate | None = None,
) -> None:
    """Add the handlers of all commands, buttons, inline queries, unknown messages and removals to an application.

    `membership` looks after groups and channels. With a gate, only those are answered whom it lets in.
    """
    desk = _Handlers(commands, clock, gate)
    private = _NEW & filters.ChatType.PRIVATE
    application.add_handler(CommandHandler(sorted(commands.names), desk.command, filters=_NEW))
    captioned = _NEW & filters.Document.ALL & filters.CaptionRegex(_WITH_FILE)
    application.add_handler(MessageHandler(captioned, desk.captioned))
    application.add_handler(CallbackQueryHandler(desk.tap))
    if commands.has_offers:
        application.add_handler(InlineQueryHandler(desk.offer))
    application.add_handler(ChatMemberHandler(membership.changed, ChatMemberHandler.MY_CHAT_MEMBER))
    application.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, membership.migrated))
    application.add_handler(MessageHandler(private & filters.COMMAND, desk.unknown_command))
    application.add_handler(MessageHandler(private & filters.TEXT, desk.text))


class _Handlers:
    def __init__(self, commands: Commands, clock: Clock, gate: Gate | None) -> None:
        self._commands, self._clock, self._gate = commands, clock, gate
        self._taps: OrderedDict[tuple[int, int, int], tuple[str, datetime]] = OrderedDict()  # of each on each

    async def command(self, update: Update, _: Context) -> None:
        message = update.effective_message
        if message is None or (
            message.forward_origin is not None and message.chat.type != message.chat.PRIVATE
        ):
            return  # somebody else's words, or what a channel says once more in its discussion group
        name, args = parse(message)
        as_chat, user = speaker_of(message)
        with self._speaking(message, user):
            if not await self._may_enter(message, user, tapped=False):
                return
            changes = name in self._commands.managing and not as_chat
            try:
                if message.sender_chat is not None and not as_chat:
                    # A linked channel, or a person who writes as one, is no admin, whoever stands behind it.
                    chat = replace(await chat_of(message, None, changes=False), may_manage=not changes)
                else:
                    chat = await chat_of(message, user, changes=changes)
            except TelegramError as e:
                await self._answer(message, _unchecked(e))
                return
            await self._answer(message, await self._commands.handle(name, args, chat), chat)

    async def captioned(self, update: Update, context: Context) -> None:
        message = update.effective_message
        if message is not None and is_for(message, context.bot.username):
            await self.command(update, context)

    async def tap(self, update: Update, _: Context) -> None:
        query = update.callback_query
        if query is None:
            return
        message = query.message
        with self._speaking(message, query.from_user) if message is not None else nullcontext():
            await self._tap(query, message, query.data or "")

    async def _tap(self, query: CallbackQuery, message: MaybeInaccessibleMessage | None, data: str) -> None:
        if message is not None and not await self._may_enter(message, query.from_user, tapped=True):
            return
        if message is None or self._is_double(message, query.from_user, data):
            await acknowledge(query)
            return
        work = asyncio.ensure_future(self._tapped(message, query.from_user, data))
        # What is said over the chat must come with the acknowledgement, which must not wait long.
        await asyncio.wait({work}, timeout=_ACKNOWLEDGE_WITHIN.total_seconds())
        await acknowledge(query, work.result()[0].toast if work.done() and not work.exception() else "")
        reply, chat = await work
        await self._answer(message, reply, chat, tapped=True)

    async def _tapped(
        self, message: MaybeInaccessibleMessage, user: User, data: str
    ) -> tuple[Reply, Chat | None]:
        if message.chat.is_forum and not message.is_accessible:
            return old_button(), None  # nobody says any more in which topic it stood
        try:
            chat = await chat_of(message, user, changes=data.partition(":")[0] in self._commands.managing)
        except TelegramError as e:
            return _unchecked(e), None
        return await self._commands.tap(data, chat), chat

    async def offer(self, update: Update, _: Context) -> None:
        query = update.inline_query
        if query is None:
            return
        with speaking(
            self._commands.language(
                Chat(address=str(query.from_user.id)), query.from_user.language_code or ""
            )
        ):
            await self._offer(query)

    async def _offer(self, query: InlineQuery) -> None:
        lasts, asker = _OFFERED_FOR, str(query.from_user.id)
        is_welcome = self._gate is None or self._gate.enter(asker, asker).is_open
        try:
            offers = await self._commands.offer(query.query) if is_welcome else []
        except BotError as e:
            log.error("inline_failed error=%s", e)
            offers, lasts = [], timedelta(0)
        try:
            # Whoever asks the same is offered the same, but in another language.
            await query.answer([article(o) for o in offers], cache_time=lasts, is_personal=True)
        except TelegramError as e:  # whoever asked has typed on
            log.info("offers_not_shown error=%s", translate(e))

    async def unknown_command(self, update: Update, _: Context) -> None:
        message = update.effective_message
        if message is None:
            return
        user = speaker_of(message)[1]
        with self._speaking(message, user):
            if await self._may_enter(message, user, tapped=False):
                await self._answer(message, unknown_command(parse(message)[0]))

    async def text(self, update: Update, _: Context) -> None:
        message = update.effective_message
        if message is None:
            return
        user = speaker_of(message)[1]
        with self._speaking(message, user):
            if await self._may_enter(message, user, tapped=False):
                chat = await chat_of(message, message.from_user, changes=False)
                await self._answer(message, await self._commands.type(message.text or "", chat), chat)

    def _speaking(self, message: MaybeInaccessibleMessage, user: User | None) -> AbstractContextManager[None]:
        """Speak the language of the chat, or of whoever writes where it has none yet."""
        guess = (user.language_code or "") if user is not None else ""
        return speaking(self._commands.language(Chat(address=address_of(message)), guess))

    async def _answer(
        self,
        message: MaybeInaccessibleMessage,
        reply: Reply,
        chat: Chat | None = None,
        *,
        tapped: bool = False,
    ) -> None:
        """Send the cards; an answer that doesn't get through is not tried again, the asker will."""
        changing = message.message_id if tapped and reply.replace else int(reply.edit or 0)
        try:
            cards = list(reply.cards)
            if reply.picture and await show_picture(message, cards[0], reply.picture):
                del cards[0]
            for card in cards:
                placed = changing
                if not (changing and await replace_message(message, card, changing)):
                    placed = await send_card(message, card)
                if reply.keep and chat is not None and card is reply.cards[0]:
                    self._commands.placed(chat, str(placed))
                changing = 0
            for file in reply.files:
                await send_file(message, file)
        except TelegramError as e:
            log.warning("answer_not_sent chat=%s error=%s", message.chat.id, translate(e))

    async def _may_enter(self, message: MaybeInaccessibleMessage, user: User | None, *, tapped: bool) -> bool:
        """Ask the gate, and tell whoever it turns away what it says."""
        if self._gate is None:
            return True
        entrance = self._gate.enter(str(user.id) if user else "", str(message.chat.id))
        if entrance.reply is not None:
            await self._answer(message, entrance.reply, tapped=tapped)
        return entrance.is_open

    def _is_double(self, message: MaybeInaccessibleMessage, user: User, data: str) -> bool:
        """Whether the same person tapped this very button a moment ago, and no other one since."""
        now, key = self._clock(), (message.chat.id, message.message_id, user.id)
        last, at = self._taps.pop(key, ("", now))
        self._taps[key] = (data, now)
        while len(self._taps) > _MAX_TAPS:
            self._taps.popitem(last=False)
        return last == data != "" and now - at < _DOUBLE_TAP


def _unchecked(error: TelegramError) -> Reply:
    log.warning("admin_check_failed error=%s", translate(error))
    return line(tr("I could not check whether you are an admin of this chat. Please try again in a minute."))
