"""The place that a command is about: the chat in which it is written, or in private one that is named before the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.delivery.replies import ECHO, Chat, Reply, line
from bot.delivery.sheet import MAX_DATA, clip
from bot.delivery.standing import (
    PlaceKind,
    Rooms,
    Standing,
    Trouble,
    label_of,
    read_place,
    remedy,
    title_text,
)
from bot.locale import marked, tr
from bot.model import Button, Card
from bot.ports import Clock
from bot.shelves import Bindings

VERB = "at"
"""How the data of a button begins that is about a place elsewhere: its address and the button's own data follow."""

_SHORTEST = 5  # characters of an id that is taken for one

_TROUBLES: Mapping[Trouble, str] = {
    Trouble.UNKNOWN: marked(
        "I can't find the chat {place}. Add me to it first, and check the name: @name for a public one, else its id, "
        "which /here shows there."
    ),
    Trouble.NOT_IN: marked(
        "I am not in the chat {place}. Add me to it first: to a group as a member, to a channel as an administrator "
        "with the right to post messages."
    ),
    Trouble.UNREACHABLE: marked(
        "Telegram does not answer me about {place} just now. Please try again in a minute."
    ),
}


class Elsewhere:
    """Finds the groups, channels and topics that people manage from a private chat, and asks anew each time whether they do.

    Args:
        clock: The time.
        rooms: Looks at chats; without it nobody is let at any from outside.
        bindings: Knows the places of a chat, and whom managers keep out; nobody without it.
    """

    def __init__(self, clock: Clock, rooms: Rooms | None = None, bindings: Bindings | None = None) -> None:
        self._clock, self._rooms, self._bindings = clock, rooms, bindings

    async def managed(self, place: str, chat: Chat, *, writing: bool = False) -> Standing | Reply:
        """A place elsewhere that the asker manages, and that may be written to if need be; else what is answered."""
        if not chat.private:
            return line(
                tr("Another group or channel is managed from a private chat: write me this command there.")
            )
        found = await self._rooms.look(place, chat.user) if self._rooms else Trouble.UNREACHABLE
        if isinstance(found, Standing) and not found.is_in:
            found = Trouble.NOT_IN
        if isinstance(found, Trouble):
            return line(tr(_TROUBLES[found], place=clip(place, ECHO)))
        # The title of a chat without a public name is known to its members only.
        title = title_text(found.title) if found.username or found.asker_is_admin else place
        former, chat_id = place.partition("/")[0], found.address.partition("/")[0]
        if self._bindings is not None and former != chat_id:
            self._bindings.move(former, chat_id, self._clock())
        if found.kind is PlaceKind.PRIVATE:
            return line(tr("{place} is no group or channel.", place=place))
        if found.asker_is_admin is None:
            return line(
                tr(
                    "I can't see who manages {title}: make me an administrator of it, then try again.",
                    title=title,
                )
            )
        if not found.asker_is_admin:
            return line(
                tr("Only admins of {title} may do that, and you are none: ask one of them.", title=title)
            )
        if self._bindings is not None and self._bindings.is_banned(chat_id):
            return line(tr("The managers of this bot keep {title} out.", title=title))
        if writing and "/" in found.address and not found.has_topics:
            return line(tr("{title} has no topics.", title=title))
        if writing and not found.may_write:
            return line(
                tr("I may not write in {title}, so nothing was changed.", title=title), remedy(found.missing)
            )
        return found


def leading_place(text: str) -> tuple[str, str]:
    """The place before the rest, and the rest; none where it may as well be a number, such as that of a budget."""
    place, rest = read_place(text)
    return ("", text) if place.startswith("-") and len(place) < _SHORTEST else (place, rest)


def there(chat: Chat, standing: Standing) -> Chat:
    """The place as if its admin had written in it."""
    return replace(chat, address=standing.address, private=False, reply_to="", answered="")


def read_button(text: str) -> tuple[str, str]:
    """The place that a button is about, and its own data; both empty if it is none of those."""
    where, _, data = text.partition(":")
    place, rest = read_place(where)
    return (place, data) if place and not rest and data else ("", "")


def about(reply: Reply, standing: Standing, verbs: frozenset[str]) -> Reply:
    """The answer as it is given elsewhere: it names the place, and so does each button.

    Buttons of other verbs are left out, and those that are too long with the place in them; the text says the same.
    """
    label = tr("{place}:", place=label_of(standing.address, standing.title))
    return replace(reply, cards=tuple(_about(card, label, standing.address, verbs) for card in reply.cards))


def _about(card: Card, label: str, address: str, verbs: frozenset[str]) -> Card:
    head = f"{label}\n"
    moved = tuple(replace(e, start=e.start + len(head), end=e.end + len(head)) for e in card.entities)
    rows = [
        [_button(b, address) for b in row if b.url or b.data.partition(":")[0] in verbs]
        for row in card.buttons
    ]
    kept = [tuple(b for b in row if len(b.data.encode()) <= MAX_DATA) for row in rows]
    return Card(text=head + card.text, entities=moved, buttons=tuple(row for row in kept if row))


def _button(button: Button, address: str) -> Button:
    return button if button.url else replace(button, data=f"{VERB}:{address}:{button.data}")
