"""Who asked, and where: what the commands know of a message of python-telegram-bot."""

from __future__ import annotations

from telegram import MaybeInaccessibleMessage, Message, User

from bot.delivery.replies import Attached, Chat
from bot.delivery.request import call
from bot.delivery.rooms import is_admin


def parse(message: Message) -> tuple[str, list[str]]:
    """The command's name without bot's name, and the words after it; of a file, in its caption."""
    text, size = _text(message)
    return text[1:size].partition("@")[0].lower(), text[size:].split()


def is_for(message: Message, username: str) -> bool:
    """Whether a command is for the bot of this name: it is for all bots where it names none."""
    text, size = _text(message)
    name = text[:size].partition("@")[2]
    return size > 0 and name.lower() in ("", username.lower())


def speaker_of(message: Message) -> tuple[bool, User | None]:
    """Whether the chat itself speaks, and else who does."""
    # An anonymous admin, and whoever writes in a channel, speaks in the name of the chat.
    as_chat = message.sender_chat is not None and message.sender_chat.id == message.chat.id
    return as_chat, None if as_chat else message.from_user


async def chat_of(message: MaybeInaccessibleMessage, user: User | None, *, changes: bool) -> Chat:
    """Where a message stands and what its sender may do; asks Telegram only if something would change.

    Raises:
        TelegramError: Telegram would not say whether the sender is an admin.
    """
    place, thread = message.chat, thread_of(message)
    answered = message.reply_to_message if isinstance(message, Message) else None
    may_manage = True
    if changes and user is not None and place.type != place.PRIVATE:
        asked = {"chat_id": str(place.id), "user_id": str(user.id)}
        # Not by the library's models: they fail at what a server of an older release leaves out.
        may_manage = is_admin(await call(message.get_bot(), "getChatMember", asked))
    if answered is not None and answered.message_id == thread:
        answered = None  # whatever is written in a topic counts as an answer to the message that opened it
    return Chat(
        address=address_of(message),
        user=str(user.id) if user else "",
        may_manage=may_manage,
        reply_to=str(answered.message_id) if answered is not None else "",
        answered=(answered.text or answered.caption or "") if answered is not None else "",
        private=place.type == place.PRIVATE,
        name=user.full_name if user else "",
        attached=_attached(message, answered) if isinstance(message, Message) else None,
        written=_written(message) if isinstance(message, Message) else "",
    )


def address_of(message: MaybeInaccessibleMessage) -> str:
    """Where a message stands: the chat, with the topic if it stands in one."""
    thread = thread_of(message)
    return f"{message.chat.id}/{thread}" if thread else str(message.chat.id)


def _written(message: Message) -> str:
    """What stands behind the command, with its line breaks."""
    text, size = _text(message)
    return text[size:].strip()


def _text(message: Message) -> tuple[str, int]:
    """What was written, in a message or as a caption, and how much of it is the command."""
    text, entities = message.text, message.entities
    if text is None:
        text, entities = message.caption or "", message.caption_entities
    return text, entities[0].length if entities and entities[0].offset == 0 else 0


def _attached(*messages: Message | None) -> Attached | None:
    """The file of the first message that has one."""
    found = next((m.document for m in messages if m is not None and m.document is not None), None)
    return None if found is None else Attached(id=found.file_id, size=found.file_size or 0)


def thread_of(message: MaybeInaccessibleMessage) -> int | None:
    """The topic that a message stands in; an ordinary thread of answers is none."""
    return message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
