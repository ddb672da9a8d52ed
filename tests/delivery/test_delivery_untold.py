"""/whynot: in plain words, with the details behind a button, and nothing of it kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from zoneinfo import ZoneInfo

import pytest
from desk_fakes import MemoryDesk, small_vocabulary
from make import NOW
from rich.text import Text

from bot.delivery.commands import Commands
from bot.delivery.replies import Chat, Reply
from bot.delivery.sheet import MAX_DATA, MAX_UNITS, say
from bot.delivery.untold import Untold
from bot.errors import NotStoredError
from bot.model import Card, EntityKind
from bot.text import utf16_length

ME = Chat(address="7", user="7")
ZONE = ZoneInfo("America/New_York")
ID = "01b2c3d4e5f60718"


class Desk:
    """Says the same of every entry, and remembers what it was asked."""

    def __init__(self) -> None:
        self.lines: list[Text] | None = [Text("first stopped by: stale", "bold")]
        self.asked: list[tuple[str, str, tzinfo]] = []
        self.untold = Untold(self, self.technical, lambda _: ZONE)

    async def answer(self, reference: str, subscriber_id: str, tz: tzinfo, /) -> Card:
        await self.technical(reference, subscriber_id, tz)
        return say("Nobody was told.")

    async def technical(self, reference: str, subscriber_id: str, tz: tzinfo) -> Sequence[Text]:
        self.asked.append((reference, subscriber_id, tz))
        if self.lines is None:
            raise NotStoredError("not there", near="https://wire.example/near")
        return self.lines

    async def ask(self, text: str) -> str:
        return said(await self.untold.whynot(text, ME))

    async def tap(self, data: str) -> Reply:
        verb, _, rest = data.partition(":")
        reply = self.untold.buttons[verb](rest, ME)
        return reply if isinstance(reply, Reply) else await reply


def said(reply: Reply) -> str:
    [card] = reply.cards
    assert utf16_length(card.text) <= MAX_UNITS
    assert all(len(b.data.encode()) <= MAX_DATA for row in card.buttons for b in row)
    return card.text


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_the_chat_is_answered_in_its_zone(desk: Desk) -> None:
    assert await desk.ask("https://wire.example/a") == "Nobody was told."
    assert desk.asked == [("https://wire.example/a", "telegram:7", ZONE)]


async def test_the_details_take_the_place_of_the_plain_words_and_give_it_back(desk: Desk) -> None:
    details = await desk.tap(f"untold:{ID}")
    assert (said(details), details.replace) == ("first stopped by: stale", True)
    [[back]] = details.cards[0].buttons
    plain = await desk.tap(back.data)
    assert (said(plain), plain.replace) == ("Nobody was told.", True)
    assert [reference for reference, _, _ in desk.asked] == [ID, ID]


async def test_the_details_show_what_the_command_line_shows(desk: Desk) -> None:
    title = Text("Meta @all weighs it", "bold")
    stopped = Text.assemble(("first stopped by", "bold"), ": stale; /stop")
    desk.lines = [title, Text("https://wire.example/a"), Text(), stopped, Text("  14:03 held back")]
    reply = await desk.tap(f"untold:{ID}")
    assert said(reply).split("\n") == [
        "Meta @\u2060all weighs it",
        "https://wire.example/a",
        "",
        "first stopped by: stale; /\u2060stop",
        "• 14:03 held back",
    ]
    card = reply.cards[0]
    bold = [card.text[e.start : e.end] for e in card.entities if e.kind is EntityKind.BOLD]
    assert bold == ["Meta @\u2060all weighs it", "first stopped by"]


async def test_what_was_never_seen_names_what_is_near(desk: Desk) -> None:
    desk.lines = None
    unseen = "I have not seen “https://\u2060wire.\u2060example/b”. The nearest of its site is https://wire.example/near"
    assert await desk.ask("https://wire.example/b") == unseen
    assert said(await desk.tap(f"untold:{ID}")).startswith("I have not seen ")
    assert said(await desk.tap(f"whynot:{ID}")).startswith("I have not seen ")
    long = "https://wire.example/" + "x" * 900
    await desk.ask(long)
    assert desk.asked[-1][0] == long, "an address may be long"


async def test_details_that_are_endless_are_cut(desk: Desk) -> None:
    desk.lines = [Text("x" * 300, "bold")] * 100
    assert said(await desk.tap(f"untold:{ID}")).endswith("\n…")


@pytest.mark.parametrize("text", ["", "two words"])
async def test_without_an_address_it_is_asked_for(desk: Desk, text: str) -> None:
    assert (await desk.ask(text)).endswith("Write /whynot and its address: /whynot https://…")
    assert desk.asked == []


async def test_an_address_has_an_end(desk: Desk) -> None:
    commands = Commands(MemoryDesk(), small_vocabulary(), lambda: NOW, parts=(desk.untold,))
    endless = await commands.handle("whynot", ["https://a.example/" + "x" * 2000], ME)
    assert "at most 20 words and 2,000" in said(endless)
    assert desk.asked == []
