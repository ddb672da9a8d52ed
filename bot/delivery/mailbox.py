"""What people tell the managers of the bot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta

from bot.delivery.managing import Office
from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, line
from bot.delivery.sheet import Sheet, clean, fold, is_blank
from bot.locale import show_number, tr, tr_n
from bot.model import Card, EntityKind
from bot.text import utf16_length

LIMIT = 3  # messages a day of one user
MAX_TEXT = 3000  # UTF-16 units
_DAY = timedelta(days=1)
_KEPT = "feedback in "  # how its deeds begin

HandOn = Callable[[Callable[[], Card]], Awaitable[None]]
"""Writes a card to each manager, drawn in the manager's language; who can't be reached does not get it."""


class Mailbox:
    """The part of the commands by which people write to the managers; what they write is kept in the audit.

    Args:
        office: Keeps what was written, and so knows how much that was.
        operators: Ids of the managers.
        hand_on: Writes to them.
    """

    managing: frozenset[str] = frozenset()

    def __init__(self, office: Office, operators: Collection[str], hand_on: HandOn) -> None:
        self._office, self._hand_on = office, hand_on
        self._is_read = bool(operators)
        self.commands: Mapping[str, Handler] = {"feedback": self.feedback}
        self.buttons: Mapping[str, Handler] = {}

    async def feedback(self, text: str, chat: Chat) -> Reply:
        """Hand it on to every manager."""
        lines = [fold(part).strip() for part in (chat.written or text).splitlines()]
        told = [clean(part) for part in lines if not is_blank(part)]
        if not told:
            return line(tr("What should the managers of this bot know? Write it behind /feedback."))
        if not self._is_read:
            return line(tr("This bot has no manager to whom I could hand it on."))
        if utf16_length("\n".join(told)) > MAX_TEXT:
            return line(tr("That is too long: at most {n} characters.", n=show_number(MAX_TEXT)))
        user = chat.user or chat.address
        # Whoever speaks as the chat has no id of its own, so that the chat is counted.
        if self._office.times(chat, _KEPT if chat.user else f"{_KEPT}{chat.address}:", _DAY) >= LIMIT:
            return line(
                tr_n(
                    "I hand on {n} message a day. Please write again tomorrow.",
                    "I hand on {n} messages a day. Please write again tomorrow.",
                    LIMIT,
                )
            )
        self._office.note(chat, f"{_KEPT}{chat.address}: {' '.join(told)}", "handed on")
        await self._hand_on(lambda: _letter(user, chat, told))
        return line(tr("Thank you, the managers of this bot have it."))


def _letter(user: str, chat: Chat, told: list[str]) -> Card:
    where = tr("in private") if chat.private else tr("in the chat {chat}", chat=chat.address)
    sheet = Sheet().line(tr("Feedback of user {user}, {where}:", user=user, where=where), EntityKind.BOLD)
    for part in told:
        sheet.line(part)
    return sheet.card()
