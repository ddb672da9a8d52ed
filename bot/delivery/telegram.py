"""Delivers cards to Telegram: as new messages, edits or replies, with text and entities, never markup.

What Telegram's errors mean for a notification is decided here, in one table. How fast to send, and when to
try again, is not: see `pacing` and `outbox`.
"""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MessageEntity,
    WebhookInfo,
)
from telegram import error as errors
from telegram.error import BadRequest, TelegramError

from bot.delivery import topics
from bot.delivery.acking import seen_by
from bot.delivery.request import NotSentError, ServerError, call
from bot.delivery.sheet import is_blank
from bot.errors import BotError, ConfigError, RejectedError, SubscriberGoneError, TransientDeliveryError
from bot.locale import speaking
from bot.model import AlertKind, Button, Card, EntityKind, OutboxItem, Receipt, TextEntity
from bot.ports import Clock
from bot.shelves import MAY_NOT_WRITE
from bot.text import utf16_length

log = logging.getLogger(__name__)

# Source: core.telegram.org/bots/api#sendmessage, #sendphoto, #messageentity, #inlinekeyboardbutton
MAX_UNITS = 4096
MAX_CAPTION = 1024
MAX_ENTITIES = 100
MAX_DATA_BYTES = 64

_LONGEST_PAUSE = timedelta(days=1)  # whatever a refusal asks for, ask again the next day
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: not sendable, left by broken feeds
_NO_PREVIEW_JSON = json.dumps({"is_disabled": True})

# Descriptions of status 400, lower case. The Bot API has no codes for them.
# Source: github.com/tdlib/telegram-bot-api, Client.cpp, and errors seen by bots.
_UNCHANGED = "message is not modified"
_CARD_IS_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_CHAT_IS_GONE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "chat_id is empty",
    "group chat was deactivated",
    "message thread not found",
    "topic_deleted",
)
_MAY_NOT_WRITE = (
    "not enough rights to send",
    "have no rights to send",
    "need administrator rights",
    "chat_write_forbidden",
    topics.CLOSED,  # the general one: from others, messages fall back into it
)
_FORM_IS_REFUSED = ("entit", "button", "keyboard")


@dataclass(frozen=True, slots=True)
class Draft:
    """A card in Telegram's terms; entity offsets count UTF-16 units."""

    text: str
    entities: tuple[MessageEntity, ...] = ()
    keyboard: InlineKeyboardMarkup | None = None


class TelegramChannel:
    """A `ports.Channel` over the Bot API."""

    def __init__(self, bot: Bot, clock: Clock, *, paid: bool = False) -> None:
        """With `paid`, messages may go faster than 30 a second, for which Telegram takes Stars."""
        self._bot, self._clock, self._paid = bot, clock, paid

    async def check(self) -> str:
        """Ask who the bot is, and return its @name without the @.

        Raises:
            ConfigError: Telegram does not know the token.
            TransientDeliveryError: Telegram can't be reached just now.
        """
        try:
            return (await self._bot.get_me()).username or ""
        except TelegramError as e:
            raise translate(e) from e

    async def webhook(self) -> WebhookInfo:
        """Where Telegram calls, if somewhere, and what went wrong with it.

        Raises:
            DeliveryError: As `check` does.
        """
        try:
            return await self._bot.get_webhook_info()
        except TelegramError as e:
            raise translate(e) from e

    async def close(self) -> None:
        """Close the connections; needed unless the bot itself is shut down."""
        await self._bot.request.shutdown()

    async def send(self, item: OutboxItem, /) -> Receipt:
        """Deliver the card: a new message, an edit of `item.reply_to`, or a reply to it.

        A card that was edited away, or a form that Telegram refuses, costs the form and never the news:
        an edit becomes a new message, and a styled card is sent once more as plain text. What was meant for a topic
        that is closed or gone goes into the group's general one, and the receipt says so. To a name (@channel) nothing
        is sent: what it stands for is asked, and it has moved there.

        Raises:
            TransientDeliveryError: Try again after `retry_after`.
            RejectedError: This message can never be delivered.
            SubscriberGoneError: This subscriber can never be reached, or has moved.
            ConfigError: The token is not valid (any more), so nothing can be delivered.
        """
        chat, thread = parse_address(item.subscriber.address)
        try:
            if isinstance(chat, str):
                raise SubscriberGoneError(f"{chat} is only a name", moved_to=await self._id_of(chat))
            try:
                return await self._styled_or_plain(item, _composed(_shown(item)))
            except BadRequest as e:
                if thread is None or not _says(e, topics.GONE):
                    raise
                log.warning("topic_gone subscriber=%s error=%r", item.subscriber.id, e.message)
            with speaking(item.subscriber.language):
                card = topics.fallen_back(_shown(item), thread)
            general = replace(item, subscriber=replace(item.subscriber, address=str(chat)), reply_to="")
            return replace(await self._styled_or_plain(general, compose(card)), address=str(chat))
        except TelegramError as e:
            raise translate(e) from e

    async def _id_of(self, name: str) -> str:
        """The id of a chat that is known by its name, under which it may be a subscriber already."""
        return str((await call(self._bot, "getChat", {"chat_id": name}))["id"])

    async def _styled_or_plain(self, item: OutboxItem, draft: Draft) -> Receipt:
        try:
            return await self._deliver(item, draft)
        except BadRequest as e:
            if not _says(e, _FORM_IS_REFUSED):
                raise
            log.warning("form_refused notification=%s error=%r", item.notification.id, e.message)
        return replace(await self._deliver(item, Draft(draft.text)), plain=True)

    async def _deliver(self, item: OutboxItem, draft: Draft) -> Receipt:
        chat, thread = parse_address(item.subscriber.address)
        note = item.notification
        card_id = int(item.reply_to) if item.reply_to.isdecimal() else None
        if note.kind is AlertKind.EDIT and card_id is not None and await self._edit(chat, card_id, draft):
            return Receipt(message_id=str(card_id), at=self._clock())
        if item.is_known:  # somebody has removed the card: nothing new is worth another one
            return Receipt(message_id=item.reply_to, at=self._clock())
        fields = _fields(chat, draft)
        if note.silent or note.kind is AlertKind.EDIT:
            fields["disable_notification"] = "true"
        if thread is not None:
            fields["message_thread_id"] = str(thread)
        if note.kind is AlertKind.REPLY and card_id is not None:
            fields["reply_parameters"] = json.dumps(
                {"message_id": card_id, "allow_sending_without_reply": True}
            )
        if self._paid:
            fields["allow_paid_broadcast"] = "true"
        message = await call(self._bot, "sendMessage", fields)
        return Receipt(message_id=str(message["message_id"]), at=self._clock())

    async def _edit(self, chat: int | str, card_id: int, draft: Draft) -> bool:
        """Change the card in place; False if it is not there any more."""
        try:
            await call(self._bot, "editMessageText", {**_fields(chat, draft), "message_id": str(card_id)})
        except BadRequest as e:
            if _says(e, _CARD_IS_GONE):
                return False
            if not _says(e, (_UNCHANGED,)):
                raise
        return True


def _shown(item: OutboxItem) -> Card:
    if not item.seen:
        return item.notification.card
    with speaking(item.subscriber.language):
        return seen_by(item.notification.card, item.seen)


def _fields(chat: int | str, draft: Draft) -> dict[str, str]:
    """What a new message and an edit have in common."""
    entities, keyboard = _written(draft)
    fields: dict[str, str] = {
        "chat_id": str(chat),
        "text": draft.text,
        "link_preview_options": _NO_PREVIEW_JSON,
    }
    if entities:
        fields["entities"] = entities
    if keyboard:
        fields["reply_markup"] = keyboard
    return fields


@lru_cache(maxsize=64)
def _written(draft: Draft) -> tuple[str, str]:
    """Entities and keyboard as JSON, empty for none; a card that many get alike is written once."""
    entities = json.dumps([e.to_dict() for e in draft.entities]) if draft.entities else ""
    return entities, draft.keyboard.to_json() if draft.keyboard else ""


def parse_address(address: str) -> tuple[int | str, int | None]:
    """Read 'chat' or 'chat/thread' into the chat's id (or @name) and the thread's.

    Raises:
        SubscriberGoneError: It is no such address.
    """
    found = re.fullmatch(r"(-?\d{1,19}|@\w{1,64})(?:/(\d{1,19}))?", address, re.ASCII)
    if found is None:
        raise SubscriberGoneError(f"{address!r} is no Telegram chat: expected an id like 12345 or -100123/17")
    chat, thread = found.groups()
    return chat if chat.startswith("@") else int(chat), int(thread) if thread else None


def compose(card: Card, units: int = MAX_UNITS) -> Draft:
    """Put a card into Telegram's terms and limits: what is longer than `units` is cut, never refused.

    Raises:
        RejectedError: The card has no text.
    """
    whole = _SURROGATE.sub("\ufffd", card.text)
    text = cut(whole, units)
    if not text.strip():
        raise RejectedError("the card has no text")
    end = len(text) if text == whole else len(text) - 1  # the '…' of a cut belongs to no entity
    clipped = (replace(e, start=max(0, e.start), end=min(e.end, end)) for e in card.entities)
    kept: list[TextEntity] = []
    for entity in clipped:
        if entity.start < entity.end and all(_goes_with(entity, other) for other in kept):
            kept.append(entity)
    rows = [[b for b in map(_button, row) if b is not None] for row in card.buttons]
    rows = [row for row in rows if row]
    return Draft(
        text,
        tuple(_entity(text, e) for e in kept[:MAX_ENTITIES]),
        InlineKeyboardMarkup(rows) if rows else None,
    )


@lru_cache(maxsize=64)
def _composed(card: Card) -> Draft:
    return compose(card)


def cut(text: str, units: int) -> str:
    """Shorten to at most this many UTF-16 units, '…' included, without breaking what a reader sees as one character.

    Source: Unicode Standard Annex 29, rules GB9 to GB13, as far as they matter for a cut.
    """
    if utf16_length(text) <= units:
        return text
    end, room = 0, units - 1
    while (room := room - utf16_length(text[end])) >= 0:
        end += 1
    # A pile of combining marks may be endless; then a broken character is better than no text.
    for at in range(end, max(end - 64, -1), -1):
        if at == 0 or not _inside_cluster(text, at):
            end = at
            break
    return text[:end] + "…"


def _inside_cluster(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if before == "\u200d" or after == "\u200d" or unicodedata.category(after) in ("Mn", "Me", "Mc"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True  # a skin tone, or a part of a region's flag
    flags = 0  # a country's flag is a pair of letters
    while flags < at and "\U0001f1e6" <= text[at - 1 - flags] <= "\U0001f1ff":
        flags += 1
    return flags % 2 == 1 and "\U0001f1e6" <= after <= "\U0001f1ff"


def _goes_with(one: TextEntity, other: TextEntity) -> bool:
    """Whether both may stand in a message: apart, or one within the other, with nothing in code and no link in a link.

    Source: core.telegram.org/bots/api#formatting-options
    """
    if one.end <= other.start or other.end <= one.start:
        return True
    is_nested = (one.start - other.start) * (one.end - other.end) <= 0
    kinds = [one.kind, other.kind]
    in_code = EntityKind.CODE in kinds or EntityKind.BLOCK in kinds
    return is_nested and not in_code and kinds.count(EntityKind.LINK) < 2


def _entity(text: str, entity: TextEntity) -> MessageEntity:
    offset = utf16_length(text[: entity.start])
    length = utf16_length(text[entity.start : entity.end])
    url = entity.url if entity.kind is EntityKind.LINK else None
    return MessageEntity(entity.kind.value, offset, length, url=url)


def _button(button: Button) -> InlineKeyboardButton | None:
    label = _SURROGATE.sub("\ufffd", "…" if is_blank(button.label) else button.label)
    if button.url:
        return InlineKeyboardButton(label, url=button.url)
    if not 1 <= len(button.data.encode()) <= MAX_DATA_BYTES:
        log.error(
            "button_dropped label=%r problem='data is not 1 to %d bytes long'", button.label, MAX_DATA_BYTES
        )
        return None
    return InlineKeyboardButton(label, callback_data=button.data)


def _says(error: TelegramError, phrases: tuple[str, ...]) -> bool:
    text = error.message.lower()
    return any(phrase in text for phrase in phrases)


def _bad_request(e: TelegramError) -> BotError:
    if _says(e, _MAY_NOT_WRITE):
        return SubscriberGoneError(f"{MAY_NOT_WRITE}: {e.message}")
    return SubscriberGoneError(e.message) if _says(e, _CHAT_IS_GONE) else RejectedError(e.message)


def _retry_after(e: TelegramError) -> BotError:
    asked = e.retry_after if isinstance(e, errors.RetryAfter) else None
    wait = asked if isinstance(asked, timedelta) else timedelta(seconds=asked or 1)
    return TransientDeliveryError(e.message, retry_after=min(wait, _LONGEST_PAUSE), flood=True)


def _migrated(e: TelegramError) -> BotError:
    moved_to = str(e.new_chat_id) if isinstance(e, errors.ChatMigrated) else None
    return SubscriberGoneError(e.message, moved_to=moved_to)


def _not_sent(e: TelegramError) -> BotError:
    return TransientDeliveryError(f"Telegram can't be reached: {e.message}")


def _doubtful(e: TelegramError) -> BotError:
    return TransientDeliveryError(f"no clear answer, it may have arrived: {e.message}", ambiguous=True)


def _conflict(e: TelegramError) -> BotError:
    return TransientDeliveryError(
        "another program uses the same Telegram token: stop it, or give each its own token "
        f"from @BotFather ({e.message})"
    )


def _invalid_token(_: TelegramError) -> BotError:
    return ConfigError(
        "Telegram does not accept the token: it was mistyped or revoked. "
        "Put the current one from @BotFather into the settings and start again"
    )


# Every class of telegram.error has a line (a test sees to it). BadRequest is a NetworkError there: found by
# its exact class it is not mistaken for one, which would repeat a bad message for ever.
ERRORS: dict[type[TelegramError], Callable[[TelegramError], BotError]] = {
    errors.BadRequest: _bad_request,
    errors.ChatMigrated: _migrated,
    errors.Conflict: _conflict,
    errors.EndPointNotFound: lambda e: RejectedError(e.message),
    errors.Forbidden: lambda e: SubscriberGoneError(e.message),
    errors.InvalidToken: _invalid_token,
    errors.NetworkError: _doubtful,
    errors.PassportDecryptionError: lambda e: RejectedError(e.message),
    errors.RetryAfter: _retry_after,
    errors.TelegramError: lambda e: TransientDeliveryError(e.message),
    errors.TimedOut: _doubtful,
    NotSentError: _not_sent,
    ServerError: _not_sent,
}


def translate(error: TelegramError) -> BotError:
    """What an error of python-telegram-bot means for the notification; the nearest known class decides."""
    return next(ERRORS[cls] for cls in type(error).__mro__ if cls in ERRORS)(error)
