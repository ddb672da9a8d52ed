"""Fetches files that people send, up to a size."""

from __future__ import annotations

from urllib.parse import quote

from telegram import Bot
from telegram.error import TelegramError

from bot.delivery.replies import Attached
from bot.delivery.request import call
from bot.delivery.telegram import translate
from bot.errors import DeliveryError, RejectedError, TransientDeliveryError


async def fetch(bot: Bot, attached: Attached, most: int) -> bytes:
    """The content of a file; asked for by `getFile`, and never more than `most` bytes of it where it says its size.

    Not by the library's `File`: it reads a file of this machine where a path of the answer leads to one.

    Raises:
        RejectedError: It is larger, or its place can't be used.
        DeliveryError: Telegram can't be reached, or knows no such file.
    """
    try:
        found = await call(bot, "getFile", {"file_id": attached.id})
        size, path = found.get("file_size", 0), str(found.get("file_path", ""))
        if size > most:
            raise RejectedError(f"the file has {size:,} bytes, more than {most:,}")
        if not path or path.startswith("/") or ".." in path:
            raise RejectedError("the Bot API server gives no place from which the file can be fetched")
        content = await bot.request.retrieve(f"{bot.base_file_url}/{quote(path)}")
    except TelegramError as e:
        error = translate(e)
        if isinstance(error, DeliveryError):
            raise error from e
        # A file that is there no more is answered like a wrong token.
        raise TransientDeliveryError("Telegram does not hand the file out") from e
    if len(content) > most:
        raise RejectedError(f"the file has {len(content):,} bytes, more than {most:,}")
    return content
