"""Puts the commands into a python-telegram-bot application: who asked, where, and how the answer goes back."""

from __future__ import annotations

import logging
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any

from telegram import (
    CallbackQuery,
    ChatMember,
    InputFile,
    LinkPreviewOptions,
    MaybeInaccessibleMessage,
    Message,
    ReplyParameters,
    Update,
    User,
)
from telegram.error import BadRequest, TelegramError
from telegram.ext import (
    Application,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from bot.delivery.commands import Commands
from bot.delivery.gate import Gate
from bot.delivery.replies import Chat, File, Reply, line, unknown_command, unknown_text
from bot.delivery.telegram import compose, translate
from bot.model import Card
from bot.ports import Clock

log = logging.getLogger(__name__)

ALLOWED_UPDATES = (Update.MESSAGE, Update.CHANNEL_POST, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER)
"""The updates to ask Telegram for; the handlers need no others."""

_DOUBLE_TAP = timedelta(seconds=3)
_MAX_TAPS = 1000  # remembered at a time
_NEW = filters.UpdateType.MESSAGE | filters.UpdateType.CHANNEL_POST  # an edited command isn't run again
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_ADMINS = (ChatMember.OWNER, ChatMember.ADMINISTRATOR)
_GONE = (ChatMember.BANNED, ChatMember.LEFT)

App = Application[Any, Any, Any, Any, Any, Any]
Context = CallbackContext[Any, Any, Any, Any]


def register(application: App, commands: Commands, clock: Clock, gate: Gate | None = None) -> None:
    """Add the handlers of all commands, buttons, unknown messages and removals to an application.

    With a gate, only those are answered whom it lets in.
    """
    desk = _Handlers(commands, clock, gate)
    private = _NEW & filters.ChatType.PRIVATE
    application.add_handler(CommandHandler(sorted(commands.names), desk.command, filters=_NEW))
    application.add_handler(CallbackQueryHandler(desk.tap))
    application.add_handler(ChatMemberHandler(desk.membership, ChatMemberHandler.MY_CHAT_MEMBER))
    application.add_handler(MessageHandler(private & filters.COMMAND, desk.unknown_command))
    application.add_handler(MessageHandler(private & filters.TEXT, desk.unknown_text))


class _Handlers:
    def __init__(self, commands: Commands, clock: Clock, gate: Gate | None) -> None:
        self._commands, self._clock, self._gate = commands, clock, gate
        self._taps: OrderedDict[tuple[int, int, str], datetime] = OrderedDict()

    async def command(self, update: Update, _: Context) -> None:
        message = update.effective_message
        if message is None:
            return
        name, args = _parse(message)
        as_chat, user = _speaker(message)
        if not await self._may_enter(message, user, tapped=False):
            return
        try:
            chat = await _chat(message, user, changes=name in self._commands.managing and not as_chat)
            reply = await self._commands.handle(name, args, chat)
        except TelegramError as e:
            reply = _unchecked(e)
        await _answer(message, reply, tapped=False)

    async def tap(self, update: Update, _: Context) -> None:
        query = update.callback_query
        if query is None:
            return
        message, data = query.message, query.data or ""
        if message is not None and not await self._may_enter(message, query.from_user, tapped=True):
            return
        await _acknowledge(query)
        if message is None or self._is_double(message.chat.id, message.message_id, data):
            return
        try:
            chat = await _chat(
                message, query.from_user, changes=data.partition(":")[0] in self._commands.managing
            )
            reply = await self._commands.tap(data, chat)
        except TelegramError as e:
            reply = _unchecked(e)
        await _answer(message, reply, tapped=True)

    async def membership(self, update: Update, _: Context) -> None:
        change = update.my_chat_member
        if change is not None and change.new_chat_member.status in _GONE:
            self._commands.leave(Chat(address=str(change.chat.id)))

    async def unknown_command(self, update: Update, _: Context) -> None:
        message = update.effective_message
        if message is not None and await self._may_enter(message, _speaker(message)[1], tapped=False):
            await _answer(message, unknown_command(_parse(message)[0]), tapped=False)

    async def unknown_text(self, update: Update, _: Context) -> None:
        message = update.effective_message
        if message is not None and await self._may_enter(message, _speaker(message)[1], tapped=False):
            await _answer(message, unknown_text(), tapped=False)

    async def _may_enter(self, message: MaybeInaccessibleMessage, user: User | None, *, tapped: bool) -> bool:
        """Ask the gate, and tell whoever it turns away what it says."""
        if self._gate is None:
            return True
        entrance = self._gate.enter(str(user.id) if user else "", str(message.chat.id))
        if entrance.reply is not None:
            await _answer(message, entrance.reply, tapped=tapped)
        return entrance.is_open

    def _is_double(self, chat_id: int, message_id: int, data: str) -> bool:
        """Whether this very button was tapped a moment ago."""
        now, key = self._clock(), (chat_id, message_id, data)
        before = self._taps.pop(key, None)
        self._taps[key] = now
        while len(self._taps) > _MAX_TAPS:
            self._taps.popitem(last=False)
        return before is not None and now - before < _DOUBLE_TAP


def _parse(message: Message) -> tuple[str, list[str]]:
    """The command's name without bot's name, and the words after it."""
    text = message.text or ""
    size = message.entities[0].length if message.entities else 0
    return text[1:size].partition("@")[0].lower(), text[size:].split()


def _speaker(message: Message) -> tuple[bool, User | None]:
    """Whether the chat itself speaks, and else who does."""
    # An anonymous admin, and whoever writes in a channel, speaks in the name of the chat.
    as_chat = message.sender_chat is not None and message.sender_chat.id == message.chat.id
    return as_chat, None if as_chat else message.from_user


async def _chat(message: MaybeInaccessibleMessage, user: User | None, *, changes: bool) -> Chat:
    """Where a message stands and what its sender may do; asks Telegram only if something would change.

    Raises:
        TelegramError: Telegram would not say whether the sender is an admin.
    """
    place, thread = message.chat, _thread(message)
    answered = message.reply_to_message if isinstance(message, Message) else None
    may_manage = True
    if changes and user is not None and place.type != place.PRIVATE:
        may_manage = (await place.get_member(user.id)).status in _ADMINS
    if answered is not None and answered.message_id == thread:
        answered = None  # whatever is written in a topic counts as an answer to the message that opened it
    return Chat(
        address=f"{place.id}/{thread}" if thread else str(place.id),
        user=str(user.id) if user else "",
        may_manage=may_manage,
        reply_to=str(answered.message_id) if answered is not None else "",
        written=_written(message) if isinstance(message, Message) else "",
    )


def _written(message: Message) -> str:
    """What stands behind the command, with its line breaks."""
    size = message.entities[0].length if message.entities else 0
    return (message.text or "")[size:].strip()


def _thread(message: MaybeInaccessibleMessage) -> int | None:
    """The topic that a message stands in; an ordinary thread of answers is none."""
    return message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None


def _unchecked(error: TelegramError) -> Reply:
    log.warning("admin_check_failed error=%s", translate(error))
    return line("I could not check whether you are an admin of this chat. Please try again in a minute.")


async def _acknowledge(query: CallbackQuery) -> None:
    """End the button's spinner; a late answer is refused, and then there is none to end."""
    try:
        await query.answer()
    except TelegramError as e:
        log.info("tap_not_acknowledged error=%s", translate(e))


async def _answer(message: MaybeInaccessibleMessage, reply: Reply, *, tapped: bool) -> None:
    """Send the cards; an answer that doesn't get through is not tried again, the asker will."""
    try:
        for card in reply.cards:
            if not (tapped and reply.replace and await _replaced(message, card)):
                await _send(message, card)
        if reply.file is not None:
            await _send_file(message, reply.file)
    except TelegramError as e:
        log.warning("answer_not_sent chat=%s error=%s", message.chat.id, translate(e))


async def _send(message: MaybeInaccessibleMessage, card: Card) -> None:
    draft = compose(card)
    thread = _thread(message)
    await message.get_bot().send_message(
        message.chat.id,
        draft.text,
        entities=draft.entities,
        reply_markup=draft.keyboard,
        link_preview_options=_NO_PREVIEW,
        message_thread_id=thread,
        reply_parameters=ReplyParameters(message.message_id, allow_sending_without_reply=True),
    )


async def _send_file(message: MaybeInaccessibleMessage, file: File) -> None:
    await message.get_bot().send_document(
        message.chat.id, InputFile(file.content, filename=file.name), message_thread_id=_thread(message)
    )


async def _replaced(message: MaybeInaccessibleMessage, card: Card) -> bool:
    """Turn the message with the tapped button into the card; False where that can't be done."""
    draft = compose(card)
    try:
        await message.get_bot().edit_message_text(
            draft.text,
            message.chat.id,
            message.message_id,
            entities=draft.entities,
            reply_markup=draft.keyboard,
            link_preview_options=_NO_PREVIEW,
        )
    except BadRequest as e:
        return "not modified" in e.message.lower()
    return True
