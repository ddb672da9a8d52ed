"""Seen: who in a group has taken note of a card, said in one line under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, alerts_off, line
from bot.delivery.sheet import clip
from bot.locale import tr, tr_n
from bot.model import Card
from bot.ports import Clock
from bot.shelves import Acks

_SHOWN = 3  # names
_NAME = 32


class Acking:
    """The part of the commands that marks cards as seen."""

    managing: frozenset[str] = frozenset()

    def __init__(self, acks: Acks, clock: Clock) -> None:
        self._acks, self._clock = acks, clock
        self.commands: Mapping[str, Handler] = {"ack": self.ack}
        self.buttons: Mapping[str, Handler] = {}

    def ack(self, text: str, chat: Chat) -> Reply:
        """Put the asker's name under the card that is answered, or take it away; that is the answer."""
        if chat.private or not chat.name:
            return line(
                tr("/ack is for people in groups: as an answer to a card, it says there who has seen it.")
            )
        noted = chat.reply_to and self._acks.toggle(
            chat.subscriber_id, chat.reply_to, chat.user, clip(chat.name, _NAME), self._clock()
        )
        if noted is None:
            return alerts_off()
        return Reply() if noted else line(tr("Which one? Answer a card with {command}.", command="/ack"))


def seen_by(card: Card, names: Sequence[str]) -> Card:
    """The card with a line at its end that names who has seen it."""
    shown = ", ".join(clip(name, _NAME) or tr("somebody") for name in names[:_SHOWN])
    more = len(names) - _SHOWN
    if more > 0:
        said = tr_n("Seen by {names} and {n} more", "Seen by {names} and {n} more", more, names=shown)
    else:
        said = tr("Seen by {names}", names=shown)
    return replace(card, text=f"{card.text}\n\n✓ {said}")
