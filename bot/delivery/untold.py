"""Why an article was not told: in plain words, and for those who write rules in theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Protocol

from rich.text import Text

from bot.delivery.explain import missed
from bot.delivery.parts import Handler, Zone, utc
from bot.delivery.replies import Chat, Reply, echo, line
from bot.delivery.sheet import safe_url
from bot.errors import NotStoredError
from bot.locale import tr
from bot.model import Button, Card

PLAIN, TECHNICAL = "whynot", "untold"
"""The first words of the buttons that show an entry's answer in one form and in the other, in place."""


class WhyNot(Protocol):
    """Says in plain words what kept an entry from being told."""

    async def answer(self, reference: str, subscriber_id: str, tz: tzinfo, /) -> Card:
        """What was decided for a chat about an entry, named by its URL or id, in the language that is spoken.

        Raises:
            NotStoredError: There is no such entry; names the nearest URL of the same site.
            StoreError: The program is starting or stopping, or the database can't be read.
            AnalysisError: What the entry says is not stored, and it can't be read.
        """
        ...


Technical = Callable[[str, str, tzinfo], Awaitable[Sequence[Text]]]
"""The same as the command line prints it: of its URL or id, the chat that asks, and the zone of times.

Raises `NotStoredError` where there is no such entry.
"""


class Untold:
    """The part of the commands that says why something was not told; it changes nothing.

    Args:
        why_not: Says it in plain words.
        technical: Says it for those who write rules.
        zone: By which clock a chat reads times.
    """

    managing: frozenset[str] = frozenset()

    def __init__(self, why_not: WhyNot, technical: Technical, zone: Zone = utc) -> None:
        self._why_not, self._technical, self._zone = why_not, technical, zone
        self.commands: Mapping[str, Handler] = {"whynot": self.whynot}
        self.buttons: Mapping[str, Handler] = {PLAIN: self.plain, TECHNICAL: self.details}

    async def whynot(self, text: str, chat: Chat) -> Reply:
        """What was decided about an entry, and what would have told it."""
        if not text or " " in text:
            return line(tr("Which article? Write /whynot and its address: /whynot https://…"))
        try:
            card = await self._why_not.answer(text, chat.subscriber_id, self._zone(chat))
        except NotStoredError as e:
            return _unseen(text, e)
        return Reply(cards=(card,))

    async def plain(self, text: str, chat: Chat) -> Reply:
        """The same in place of the details."""
        reply = await self.whynot(text, chat)
        return Reply(cards=reply.cards, replace=True)

    async def details(self, text: str, chat: Chat) -> Reply:
        """Ids, places in files and conditions as they are written, in place of the plain words."""
        try:
            lines = await self._technical(text, chat.subscriber_id, self._zone(chat))
        except NotStoredError as e:
            return _unseen(text, e)
        back = Button(tr("In plain words"), data=f"{PLAIN}:{text}")
        return Reply(cards=(missed(lines, [[back]]),), replace=True)


def _unseen(text: str, error: NotStoredError) -> Reply:
    near = safe_url(error.near)
    hint = tr("The nearest of its site is {url}", url=near) if near else tr("/search finds what I have seen.")
    return line(tr("I have not seen {text}.", text=echo(text)) + " " + hint)
