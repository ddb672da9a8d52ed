"""A manager and others who write commands, in a chat with a desk in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from desk_fakes import MemoryDesk, small_vocabulary

from bot.delivery.commands import Commands
from bot.delivery.managing import Office
from bot.delivery.parts import Part
from bot.delivery.replies import Chat, Reply
from bot.model import Button, Card
from bot.office import Registry
from bot.text import utf16_length

BOSS = Chat(address="9", user="9")
STRANGER = Chat(address="70015001", user="70015001")
BOSS_IN_A_GROUP = Chat(address="-100500", user="9")
NOBODY = Chat(address="-100500")
HOSTILE = "</b>\u202eevil\u202c <script> @everyone /stop \x00"


class Scene:
    """What is asked, and what is answered at once and later."""

    def __init__(self, now: datetime, registry: Registry) -> None:
        self.now, self.desk = now, MemoryDesk()
        self.office = Office(registry, self.clock, {"9"})
        self.posted: list[Card] = []
        self.commands = Commands(self.desk, small_vocabulary(), self.clock, operators={"9"})

    def clock(self) -> datetime:
        return self.now

    def add(self, *parts: Part) -> None:
        self.commands = Commands(
            self.desk,
            small_vocabulary(),
            self.clock,
            operators={"9"},
            parts=[self.office, *parts],
        )

    async def post(self, chat: Chat, card: Card) -> None:
        assert chat == BOSS
        self.posted.append(card)

    async def reply(self, text: str, chat: Chat = BOSS) -> Reply:
        name, _, rest = text.removeprefix("/").partition(" ")
        return checked(await self.commands.handle(name, rest.split(), chat))

    async def ask(self, text: str, chat: Chat = BOSS) -> str:
        return said(await self.reply(text, chat))

    async def tap(self, data: str, chat: Chat = BOSS) -> Reply:
        return checked(await self.commands.tap(data, chat))


def checked(reply: Reply) -> Reply:
    """A reply that Telegram takes and that no stranger's text has got out of hand in."""
    for card in reply.cards:
        assert card.text.strip()
        assert utf16_length(card.text) <= 4096
        assert "\u202e" not in card.text
        assert "\x00" not in card.text
        assert all(len(b.data.encode()) <= 64 for row in card.buttons for b in row)
    return reply


def said(reply: Reply) -> str:
    return "\n".join(card.text for card in reply.cards)


def buttons(reply: Reply) -> list[Button]:
    return [button for card in reply.cards for row in card.buttons for button in row]


def datas(cards: Sequence[Card]) -> list[str]:
    return [button.data for card in cards for row in card.buttons for button in row]
