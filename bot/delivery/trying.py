"""What rules make of a text: one that is typed, one that is answered, or an article that is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, echo, line
from bot.delivery.sheet import MAX_UNITS, safe_url
from bot.errors import NotStoredError
from bot.locale import show_number, tr
from bot.model import Card, SourceKind
from bot.ports import Desk
from bot.text import nearest, utf16_length

MAX_AT_ONCE = 4  # texts under way, one of them being read
_ALIKE = 0.75  # in [0, 1]: a word with a slash that is less like a rule's id ('and/or') begins a text
_RULE = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")
_OPTION = re.compile(r"(kind|tier):(\S+)\s*")
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is to be tried; a text, or what is stored."""

    rule_id: str = ""  # empty: all of them
    text: str = ""
    kind: SourceKind = SourceKind.WIRE
    tier: int = 1
    reference: str = ""  # URL or id of a stored entry, in place of a text


class Examiner(Protocol):
    """Reads texts and asks the rules in force; one text at a time."""

    async def examine(self, ask: Ask) -> Card:
        """What the rules make of it, in the language that is spoken.

        Raises:
            NotStoredError: There is no such entry.
            StoreError: The program is starting or stopping, or the database can't be read.
            AnalysisError: The text can't be read.
        """
        ...

    def meant(self, text: str) -> Sequence[str]:
        """Ids of rules: the one of this id alone, or the nearest."""
        ...


class Trying:
    """The part of the commands that tries rules on texts; nothing of it is stored or told.

    Args:
        examiner: Reads and asks.
        desk: Finds the article of a card that is answered.
    """

    managing: frozenset[str] = frozenset()

    def __init__(self, examiner: Examiner, desk: Desk) -> None:
        self._examiner, self._desk = examiner, desk
        self._under_way: set[str] = set()  # ids of subscribers
        self.commands: Mapping[str, Handler] = {"test": self.test}
        self.buttons: Mapping[str, Handler] = {}

    async def test(self, text: str, chat: Chat) -> Reply:
        """What a rule, or all of them, make of what is typed or answered."""
        ask = self._understood((chat.written or text).strip(), chat)
        if isinstance(ask, Reply):
            return ask
        if chat.subscriber_id in self._under_way:
            return line(tr("I am still reading the text before this one. Please try again in a moment."))
        if len(self._under_way) >= MAX_AT_ONCE:
            return line(tr("Too many texts are being read just now. Please try again in a minute."))
        self._under_way.add(chat.subscriber_id)
        try:
            card = await self._examiner.examine(ask)
        except NotStoredError as e:
            near = safe_url(e.near)
            unseen = tr("I have not seen {address}.", address=echo(ask.reference))
            hint = (
                tr("The nearest of its site is {address}", address=near)
                if near
                else tr("/search finds what I have seen.")
            )
            return line(f"{unseen} {hint}")
        finally:
            self._under_way.discard(chat.subscriber_id)
        return Reply(cards=(card,))

    def _understood(self, typed: str, chat: Chat) -> Ask | Reply:
        """What is asked, or what is wrong with it."""
        first, rest = [*typed.split(maxsplit=1), "", ""][:2]
        rule_id = ""
        if _RULE.fullmatch(first.lower()):
            meant = self._examiner.meant(first)
            if first.lower() in meant:
                rule_id, typed = first.lower(), rest.strip()
            elif first == first.lower() and (alike := nearest(first, meant, limit=3, alike=_ALIKE)):
                near = ", ".join(alike)
                return line(
                    tr("There is no rule {name}; the nearest are {rules}.", name=echo(first), rules=near)
                )
        kind, tier = SourceKind.WIRE, 1
        while option := _OPTION.match(typed):
            name, value = option.groups()
            typed = typed[option.end() :]
            if name == "kind" and value.lower() in set(SourceKind):
                kind = SourceKind(value.lower())
            elif name == "tier" and value in ("1", "2", "3"):
                tier = int(value)
            else:
                kinds = ", ".join(SourceKind)
                return line(
                    tr(
                        "{option} is unknown: kind is one of {kinds}, tier 1, 2 or 3.",
                        option=echo(option[0]),
                        kinds=kinds,
                    )
                )
        if not typed:
            return self._answered(rule_id, kind, tier, chat)
        if _ADDRESS.fullmatch(typed):
            return Ask(rule_id=rule_id, reference=typed)
        return _of_text(rule_id, typed, kind, tier)

    def _answered(self, rule_id: str, kind: SourceKind, tier: int, chat: Chat) -> Ask | Reply:
        """The article of a card, or the text of any other message."""
        why = self._desk.why(chat.reply_to, subscriber_id=chat.subscriber_id) if chat.reply_to else None
        if why is not None:
            return Ask(rule_id=rule_id, reference=why.entry.id)
        if chat.answered.strip():
            return _of_text(rule_id, chat.answered.strip(), kind, tier)
        if chat.reply_to:
            return line(tr("There is no text in that message that I could read."))
        return line(
            tr(
                "Which text? Write /test and the text or address of an article, or answer a message with /test."
            ),
            tr("/test compute/resale and a text says what that rule makes of it."),
        )


def _of_text(rule_id: str, text: str, kind: SourceKind, tier: int) -> Ask | Reply:
    readable = "".join(c for c in text if c.isprintable() or c in "\n\t").strip()
    if utf16_length(text) > MAX_UNITS:
        return line(tr("That is too long: at most {n} characters.", n=show_number(MAX_UNITS)))
    if not readable:
        return line(tr("There is nothing in it that I could read."))
    return Ask(rule_id=rule_id, text=readable, kind=kind, tier=tier)
