"""How an answer goes back: cards, pictures and files as messages of the chat in which somebody asked."""

from __future__ import annotations

import logging

from telegram import (
    CallbackQuery,
    InlineQueryResultArticle,
    InputFile,
    InputTextMessageContent,
    LinkPreviewOptions,
    MaybeInaccessibleMessage,
    ReplyParameters,
)
from telegram.error import BadRequest, TelegramError

from bot.delivery.asked import thread_of
from bot.delivery.finds import Offer
from bot.delivery.replies import File
from bot.delivery.telegram import MAX_CAPTION, compose, translate
from bot.model import Card

log = logging.getLogger(__name__)

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


def article(offer: Offer) -> InlineQueryResultArticle:
    """An offer of inline mode in the library's terms."""
    draft = compose(offer.card)
    content = InputTextMessageContent(draft.text, entities=draft.entities, link_preview_options=_NO_PREVIEW)
    return InlineQueryResultArticle(
        offer.id,
        offer.title,
        content,
        reply_markup=draft.keyboard,
        description=offer.description or None,
        url=offer.url or None,
    )


async def acknowledge(query: CallbackQuery, toast: str = "") -> None:
    """End the button's spinner; a late answer is refused, and then there is none to end."""
    try:
        await query.answer(toast or None)
    except TelegramError as e:
        log.info("tap_not_acknowledged error=%s", translate(e))


async def send_card(message: MaybeInaccessibleMessage, card: Card) -> int:
    """Answer a message with a card; gives the id of the answer."""
    draft = compose(card)
    thread = thread_of(message)
    sent = await message.get_bot().send_message(
        message.chat.id,
        draft.text,
        entities=draft.entities,
        reply_markup=draft.keyboard,
        link_preview_options=_NO_PREVIEW,
        message_thread_id=thread,
        reply_parameters=ReplyParameters(message.message_id, allow_sending_without_reply=True),
    )
    return int(sent.message_id)


async def send_file(message: MaybeInaccessibleMessage, file: File) -> None:
    """Answer a message with a file.

    Raises:
        TelegramError: It was not sent.
    """
    await message.get_bot().send_document(
        message.chat.id, InputFile(file.content, filename=file.name), message_thread_id=thread_of(message)
    )


async def show_picture(message: MaybeInaccessibleMessage, caption: Card, picture: bytes) -> bool:
    """Send a picture; False where that fails, for whatever reason: its caption says as much in words."""
    draft = compose(caption, MAX_CAPTION)
    try:
        await message.get_bot().send_photo(
            message.chat.id,
            picture,
            caption=draft.text,
            caption_entities=draft.entities,
            reply_markup=draft.keyboard,
            message_thread_id=thread_of(message),
            reply_parameters=ReplyParameters(message.message_id, allow_sending_without_reply=True),
            filename="chart.png",
        )
    except TelegramError as e:
        log.warning("picture_not_sent chat=%s error=%s", message.chat.id, translate(e))
        return False
    return True


async def replace_message(message: MaybeInaccessibleMessage, card: Card, message_id: int) -> bool:
    """Turn a message of the same chat into the card; False where that can't be done."""
    draft = compose(card)
    try:
        await message.get_bot().edit_message_text(
            draft.text,
            message.chat.id,
            message_id,
            entities=draft.entities,
            reply_markup=draft.keyboard,
            link_preview_options=_NO_PREVIEW,
        )
    except BadRequest as e:
        return "not modified" in e.message.lower()
    return True
