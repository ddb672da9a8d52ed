"""What may be asked about a group or channel: what it is, what the bot may do there, and who asks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Protocol

from bot.delivery.sheet import clip
from bot.locale import marked, tr


class PlaceKind(StrEnum):
    """What a chat is."""

    PRIVATE = "private"
    GROUP = "group"
    CHANNEL = "channel"


class Right(Enum):
    """What the bot may lack."""

    POST = auto()  # in channels
    WRITE = auto()  # in groups
    PICTURES = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A group or channel as it is just now."""

    address: str  # its id now, with /thread where a topic is meant
    kind: PlaceKind
    title: str  # a stranger's text
    username: str = ""  # without @; empty for a chat that has none
    has_topics: bool = False
    is_in: bool = True  # the bot is a member
    missing: tuple[Right, ...] = ()
    asker_is_admin: bool | None = None  # None: nobody asks, or Telegram would not say

    @property
    def may_write(self) -> bool:
        """Whether alerts arrive there."""
        return self.is_in and not {Right.POST, Right.WRITE}.intersection(self.missing)


class Trouble(Enum):
    """Why nothing is known."""

    UNKNOWN = auto()  # no such chat, or the bot is not let to see it
    NOT_IN = auto()
    UNREACHABLE = auto()  # Telegram does not answer


class Rooms(Protocol):
    """Looks at chats."""

    async def look(self, address: str, user: str, /) -> Standing | Trouble:
        """How things are at an address (an id or @name, with /thread for a topic), just now.

        `user` is who asks, by id; empty if it does not matter whether that is an admin.
        """
        ...


_RIGHTS: Mapping[Right, str] = {
    Right.POST: marked("post messages"),
    Right.WRITE: marked("send messages"),
    Right.PICTURES: marked("send pictures (charts come as text)"),
}
_PLACE = re.compile(r"(@[A-Za-z]\w{3,31}|-[1-9]\d{0,18})(?:/(\d{1,18}))?(?:[\s,;:]+|\Z)", re.ASCII)
_TITLE = 60
GENERAL = 1  # how links name the topic that every forum has; the Bot API names it by no thread at all


def read_place(text: str) -> tuple[str, str]:
    """A text's first word if it names a group or channel ('@desk', '-100123/17'), and the rest; else '' and the text."""
    found = _PLACE.match(text)
    if found is None:
        return "", text
    chat, thread = found[1], int(found[2] or GENERAL)
    return f"{chat}/{thread}" if thread > GENERAL else chat, text[found.end() :]


def rights_text(rights: tuple[Right, ...]) -> str:
    """Rights in a row."""
    return ", ".join(tr(_RIGHTS[right]) for right in rights)


def title_text(title: str) -> str:
    """A chat's title, harmless and in quotes."""
    return tr("“{title}”", title=clip(title, _TITLE) or "?")


def heading(address: str, standing: Standing | None) -> str:
    """What a place is, as its title says."""
    chat, _, thread = address.partition("/")
    if standing is None:
        return (
            tr("Topic {thread} of the chat {id}", thread=thread, id=chat)
            if thread
            else tr("Chat {id}", id=chat)
        )
    title = title_text(standing.title)
    if thread:
        return tr("Topic {thread} of the group {title}, address {id}", thread=thread, title=title, id=address)
    if standing.kind is PlaceKind.CHANNEL:
        return tr("Channel {title}, address {id}", title=title, id=chat)
    if standing.has_topics:
        return tr("General topic of the group {title}, address {id}", title=title, id=chat)
    return tr("Group {title}, address {id}", title=title, id=chat)


def remedy(missing: Sequence[Right]) -> str:
    """What an admin can do about a right that is missing."""
    rights = rights_text(tuple(missing))
    if Right.POST in missing:
        return tr(
            "I lack the right to {rights}: an owner grants it under Administrators of the channel.",
            rights=rights,
        )
    return tr(
        "I lack the right to {rights}: an admin grants it under Permissions of the group, or makes me an admin.",
        rights=rights,
    )


def label_of(address: str, title: str | None = None) -> str:
    """A place at the start of a sentence: this one, or one by its title."""
    thread = address.partition("/")[2]
    if title is None:
        return tr("This topic") if thread else tr("This chat")
    if thread:
        return tr("{title}, topic {thread}", title=title_text(title), thread=thread)
    return title_text(title)


def name_of(standing: Standing) -> str:
    """How a place is named in a command."""
    thread = standing.address.partition("/")[2]
    if standing.username:
        return f"@{standing.username}/{thread}" if thread else f"@{standing.username}"
    return standing.address
