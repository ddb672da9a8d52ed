"""What the commands are made of: parts, each with some commands and some buttons."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, tzinfo
from typing import Protocol

from bot.delivery.replies import Chat, Reply

Handler = Callable[[str, Chat], Reply | Awaitable[Reply]]
"""Carries out a command with what stands behind it, or a button with what stands behind its first word."""


async def answer(reply: Reply | Awaitable[Reply]) -> Reply:
    """What a handler has answered, or will have."""
    return await reply if inspect.isawaitable(reply) else reply


Zone = Callable[[Chat], tzinfo]
"""By which clock a chat reads times."""


def utc(_: Chat) -> tzinfo:
    """The clock of those who have none of their own."""
    return UTC


class Part(Protocol):
    """Some of the commands and buttons. What takes longer than a moment is awaited, lest other chats wait."""

    @property
    def commands(self) -> Mapping[str, Handler]:
        """By name."""
        ...

    @property
    def buttons(self) -> Mapping[str, Handler]:
        """By the first word of their data, which a colon ends."""
        ...

    @property
    def managing(self) -> frozenset[str]:
        """Which of them change what a chat gets: in groups those are for its admins."""
        ...
