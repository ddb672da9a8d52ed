"""The rules in force for readers: all of them by packs, one in plain words, and its text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.delivery.code import code_reply
from bot.delivery.feedback import LEAST, SPAN, shares
from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, echo, line, old_button
from bot.delivery.sheet import MAX_DATA, Sheet, clip
from bot.delivery.words import count, level_name
from bot.errors import RulesError
from bot.locale import tr
from bot.model import Button, Card, EntityKind, Severity
from bot.ports import Clock, Desk
from bot.shelves import Feedback

MONTH = timedelta(days=30)
_PAGE = 8
_NAME, _TITLE = 60, 120
_MOST_PAGES = 3  # digits of a page's number


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rule in a list."""

    id: str
    title: str  # as it reads without an event
    level: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A pack with its rules."""

    id: str
    title: str
    rules: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """A rule for readers."""

    row: Row
    pack: str
    pack_title: str
    reading: tuple[str, ...]  # sentences in plain words
    tests: int
    where: str  # file:line


class Shelf(Protocol):
    """The rules in force, in the language that is spoken."""

    def packs(self) -> Sequence[Pack]:
        """All packs with their rules."""
        ...

    def rule(self, rule_id: str) -> RuleView | None:
        """One rule by its full id."""
        ...

    def meant(self, text: str) -> Sequence[str]:
        """Ids of the rules that somebody may mean; a single one is certain only if it ends like what was typed."""
        ...

    def source(self, rule_id: str) -> str:
        """A rule as its file has it; reads a file.

        Raises:
            RulesError: There is no such rule, or its file has changed since.
        """
        ...


Begun = Callable[[datetime], Mapping[str, int]]
"""How many cards each rule has begun since then; asks the database, so call it in a thread.

Raises:
    StoreError: The database can't be read.
"""


class Ruling:
    """The part of the commands that shows rules; it changes nothing.

    Args:
        shelf: The rules in force.
        begun: How many cards each has begun.
        feedback: What readers said of cards.
        desk: Finds the rule of a card that is answered.
        clock: The time.
        remembered: How long cards are kept.
    """

    managing: frozenset[str] = frozenset()

    def __init__(
        self,
        shelf: Shelf,
        begun: Begun,
        feedback: Feedback,
        desk: Desk,
        clock: Clock,
        remembered: timedelta = MONTH,
    ) -> None:
        self._shelf, self._begun, self._feedback = shelf, begun, feedback
        self._desk, self._clock, self._span = desk, clock, min(MONTH, remembered)
        self.commands: Mapping[str, Handler] = {"rules": self.rules, "rule": self.rule}
        self.buttons: Mapping[str, Handler] = {"rules": self.turn, "rule": self.rule, "yaml": self.yaml}

    async def rules(self, text: str, chat: Chat) -> Reply:
        """All packs, or the rules of the one that is named."""
        packs = self._shelf.packs()
        wanted = text.casefold()
        found = next((p for p in packs if wanted in (p.id.casefold(), p.title.casefold())), None)
        if text and found is None:
            listed = ", ".join(p.id for p in packs)
            return line(
                tr("There is no pack {name}. /rules shows all: {packs}.", name=echo(text), packs=listed)
            )
        return Reply(cards=(await self._page(found, 1) if found else _index(packs, 1),))

    async def turn(self, text: str, chat: Chat) -> Reply:
        """Another page: '<pack>:<number>', of all packs without one."""
        pack, _, number = text.partition(":")
        if not (number.isascii() and number.isdecimal() and len(number) <= _MOST_PAGES):
            return old_button()
        packs = self._shelf.packs()
        found = next((p for p in packs if p.id == pack), None)
        if pack and found is None:
            return line(tr("This pack is not in force any more. /rules shows those that are."))
        card = await self._page(found, int(number)) if found else _index(packs, int(number))
        return Reply(cards=(card,), replace=True)

    async def rule(self, text: str, chat: Chat) -> Reply:
        """One rule in plain words; it is named, or is that of the card that is answered."""
        if not text and chat.reply_to:
            why = self._desk.why(chat.reply_to, subscriber_id=chat.subscriber_id)
            text = why.alert.rule_id if why is not None else ""
        if not text:
            return line(tr("Which rule? /rules lists them; then for example /rule compute/resale."))
        meant = self._shelf.meant(text)
        view = self._shelf.rule(meant[0]) if len(meant) == 1 and _is_named(meant[0], text) else None
        if view is None:
            return _nearest(text, meant)
        return Reply(cards=(await self._card(view),))

    async def yaml(self, text: str, chat: Chat) -> Reply:
        """A rule's text as its file has it."""
        if self._shelf.rule(text) is None:
            return _nearest(text, self._shelf.meant(text))
        try:
            source = await asyncio.to_thread(self._shelf.source, text)
        except RulesError:
            return line(
                tr("The text of {rule} was changed since it was loaded, so I can't show it.", rule=echo(text))
            )
        return code_reply(source, f"{text.replace('/', '_')}.yaml")

    async def _page(self, pack: Pack, number: int) -> Card:
        begun = await asyncio.to_thread(self._begun, self._clock() - self._span)
        pages = max(1, -(-len(pack.rules) // _PAGE))
        number = min(max(number, 1), pages)
        shown = pack.rules[(number - 1) * _PAGE : number * _PAGE]
        sheet = Sheet().line(clip(pack.title, _NAME), EntityKind.BOLD)
        sheet.add(f": {count(len(pack.rules), 'rule', 'rules')}")
        if pages > 1:
            sheet.add(", " + tr("page {number} of {pages}", number=number, pages=pages))
        sheet.line(tr("With the number of cards that each began in the last {days}:", days=self._days()))
        for row in shown:
            sheet.line("• ").add(clip(row.title, _TITLE))
            sheet.add(f", {level_name(row.level)}, {count(begun.get(row.id, 0), 'card', 'cards')} ")
            sheet.add(clip(row.id, _NAME), EntityKind.CODE)
        rows = [[_button(clip(row.title, _NAME), f"rule:{row.id}")] for row in shown]
        turns = _turns(pack.id, number, pages)
        return sheet.card(_fitting([*rows, [*turns, Button(tr("All packs"), data="rules::1")]]))

    async def _card(self, view: RuleView) -> Card:
        row = view.row
        begun = await asyncio.to_thread(self._begun, self._clock() - self._span)
        sheet = Sheet().line(clip(row.title, _TITLE), EntityKind.BOLD).line()
        sheet.add(clip(row.id, _NAME), EntityKind.CODE).add(f" · {level_name(row.level)}")
        for sentence in view.reading:
            sheet.line(sentence)
        cards = count(begun.get(row.id, 0), "card", "cards")
        sheet.line(tr("Began in the last {days}: {cards}.", days=self._days(), cards=cards))
        votes = await asyncio.to_thread(self._feedback.by_rule, self._clock() - SPAN)
        mine = next((v for v in votes if v.name == row.id and v.total >= LEAST), None)
        if mine is not None:
            sheet.line(tr("By its readers' votes: {shares}.", shares=shares(mine)))
        tests = count(view.tests, "test", "tests")
        sheet.line(
            tr("Its own tests: {tests}, all of which pass, or its pack would not be in force.", tests=tests)
        )
        sheet.line(tr("Pack: {pack}. File: {where}.", pack=clip(view.pack_title, _NAME), where=view.where))
        first = [_button(tr("Follow its pack"), f"ask:pack:{view.pack}")]
        first.append(_button(tr("Mute 7 d"), f"mute:rule {row.id} 7d"))
        return sheet.card(_fitting([first, [_button(tr("YAML"), f"yaml:{row.id}")]]))

    def _days(self) -> str:
        return count(max(1, self._span // timedelta(days=1)), "day", "days")


def _index(packs: Sequence[Pack], number: int) -> Card:
    pages = max(1, -(-len(packs) // _PAGE))
    number = min(max(number, 1), pages)
    total = sum(len(pack.rules) for pack in packs)
    rules = count(total, "rule", "rules")
    sheet = Sheet().line(
        tr("In force: {rules} in {packs}.", rules=rules, packs=count(len(packs), "pack", "packs"))
    )
    shown = packs[(number - 1) * _PAGE : number * _PAGE]
    for pack in shown:
        sheet.line("• ").add(clip(pack.title, _NAME), EntityKind.BOLD)
        sheet.add(f": {count(len(pack.rules), 'rule', 'rules')}")
    sheet.line(tr("Tap on a pack to see its rules."))
    rows = [[_button(clip(pack.title, _NAME), f"rules:{pack.id}:1")] for pack in shown]
    return sheet.card(_fitting([*rows, _turns("", number, pages)]))


def _nearest(text: str, meant: Sequence[str]) -> Reply:
    if not meant:
        return line(tr("There is no rule {name}. /rules lists those in force.", name=echo(text)))
    sheet = Sheet().line(tr("There is no rule {name}. Which of these do you mean?", name=echo(text)))
    return Reply(cards=(sheet.card(_fitting([[_button(an_id, f"rule:{an_id}")] for an_id in meant])),))


def _is_named(rule_id: str, text: str) -> bool:
    word = text.strip().casefold()
    return word in (rule_id, rule_id.partition("/")[2])


def _turns(pack: str, number: int, pages: int) -> list[Button]:
    row = [Button("◀", data=f"rules:{pack}:{number - 1}")] if number > 1 else []
    return row + ([Button("▶", data=f"rules:{pack}:{number + 1}")] if number < pages else [])


def _button(label: str, data: str) -> Button:
    return Button(label, data=data)


def _fitting(rows: Sequence[Sequence[Button]]) -> list[list[Button]]:
    """Without the buttons whose data Telegram would refuse."""
    return [[button for button in row if len(button.data.encode()) <= MAX_DATA] for row in rows]
