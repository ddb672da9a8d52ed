"""What each chat command does, whatever the messenger: the parts put together, and what concerns the chat itself."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

from bot.delivery.attention import Attention
from bot.delivery.binding import Binding
from bot.delivery.composing import Composing
from bot.delivery.drafting import Workshop
from bot.delivery.elsewhere import VERB, Elsewhere, about, leading_place, read_button, there
from bot.delivery.finds import Offer
from bot.delivery.helping import help_card, unknown_command, unknown_text
from bot.delivery.history import History
from bot.delivery.home import Home, for_many
from bot.delivery.listing import Listing
from bot.delivery.muting import Muting
from bot.delivery.overview import Overview
from bot.delivery.parts import Handler, Part, answer
from bot.delivery.reading import Reading
from bot.delivery.replies import Chat, Reply, line, old_button
from bot.delivery.setup import Beginning
from bot.delivery.sheet import say
from bot.delivery.standing import Rooms
from bot.delivery.status import status_card
from bot.delivery.tongue import Tongue
from bot.delivery.watching import EVERYTHING, Watching
from bot.errors import BotError
from bot.locale import show_number, tr
from bot.model import Card
from bot.ports import Clock, Desk, Vocabulary
from bot.shelves import Bindings, Feedback

log = logging.getLogger(__name__)

_MAX_INPUT = 200  # characters of all arguments
_MAX_WORDS = 20
_LONGER = {"whynot": 2000}  # characters where an address is asked for
_FREE = frozenset({"broadcast", "feedback", "test"})  # takes a text of any length that fits into a message
_DEEP_LINK = "w_"  # t.me/<bot>?start=w_NVDA
_MANAGING = frozenset({"start", "stop"})
_SHOWING = frozenset({"list", "mutes"})  # how a chat is set; they change nothing

Offers = Callable[[str], Awaitable[Sequence[Offer]]]
"""What inline mode offers while somebody types this."""


class Commands:
    """Carries out commands and taps on buttons, and says in one short answer what came of it."""

    def __init__(
        self,
        desk: Desk,
        vocabulary: Vocabulary,
        clock: Clock,
        *,
        timezone: str = "UTC",
        operators: Collection[str] = (),
        parts: Sequence[Part] = (),
        offers: Offers | None = None,
        troubles: Callable[[], Sequence[str]] = tuple,
        rooms: Rooms | None = None,
        bindings: Bindings | None = None,
        workshop: Workshop | None = None,
        feedback: Feedback | None = None,
    ) -> None:
        """Wire it up.

        Args:
            desk: Subscribers and alerts.
            vocabulary: Understands what people type.
            clock: The time.
            timezone: The clock that a new chat starts with, an IANA name.
            operators: Ids of the users who may see `/status`.
            parts: Further commands.
            offers: What inline mode offers for some words; None turns it off.
            troubles: What `/status` says first.
            rooms: Looks at groups and channels; without it they are bound only from within.
            bindings: Remembers who turned alerts on in groups and channels; nobody without it.
            workshop: Makes rules of a chat's own; there are none without it.
            feedback: What readers said of cards; without it lists say nothing of that.
        """
        self._desk, self._clock = desk, clock
        self._operators, self._offers, self._troubles = frozenset(operators), offers, troubles
        history = History(desk, clock, workshop.sectors if workshop else dict)
        attention = Attention(desk, clock)
        reading = Reading(desk, vocabulary, clock, timezone)
        self._bindings = bindings
        self._watching = watching = Watching(desk, vocabulary, clock, timezone, history, self._note_binder)
        listing = Listing(desk, vocabulary, clock, watching, history, feedback)
        muting = Muting(desk, vocabulary, clock)
        self._beginning = Beginning(desk, vocabulary, clock, watching, attention, history)
        self._home = Home(desk, clock, watching, listing, attention, reading, history)
        self._tongue = Tongue(desk)
        self._elsewhere = Elsewhere(clock, rooms, bindings)
        composing = (
            Composing(desk, vocabulary, clock, timezone, watching, history, workshop) if workshop else None
        )
        watch: Handler = composing.watch if composing else watching.watch
        self._binding = Binding(desk, vocabulary, clock, watching, watch, self._elsewhere, rooms, bindings)
        everything: Sequence[Part] = (
            watching,
            listing,
            attention,
            muting,
            self._tongue,
            Overview(desk, clock, attention, muting, listing, self._tongue),
            self._binding,
            reading,
            self._beginning,
            self._home,
            *parts,
        )
        if composing is not None:
            everything = (*everything, composing)
        self._handlers: dict[str, Handler] = {
            "start": self._start,
            "help": self._help,
            "stop": self._stop,
            "status": self._status,
        }
        self._buttons: dict[str, Handler] = {VERB: self._tap_there}
        for part in everything:
            self._handlers |= part.commands
            self._buttons |= part.buttons
        self._managing = _MANAGING.union(*(part.managing for part in everything))
        self._settings = self._managing | _SHOWING

    @property
    def names(self) -> Collection[str]:
        """All commands there are."""
        return self._handlers.keys()

    @property
    def managing(self) -> Collection[str]:
        """Commands and buttons that change what a chat gets; in groups they are for its admins."""
        return self._managing

    def language(self, chat: Chat, guess: str) -> str:
        """In which language to speak to a chat whose writer's client is set to `guess`; '' where neither is known."""
        try:
            return self._tongue.of(chat, guess)
        except BotError as e:
            log.error("language_unknown subscriber=%s error=%s", chat.subscriber_id, e)
            return ""

    async def handle(self, name: str, args: Sequence[str], chat: Chat) -> Reply:
        """Carry out a command; every input, however wrong, gets an answer."""
        text = " ".join(" ".join(args).split())
        if name not in self._handlers:
            return unknown_command(name)
        handler = self._handlers[name]
        place, rest = leading_place(text)
        # What concerns nothing but places names them itself; what is more than names is asked about there.
        names_itself = name in self._binding.commands and (name != "watch" or self._watching.is_plain(rest))
        if place and name in self._settings and not names_itself:
            handler = partial(self._about, name)
        return await self._guarded(name, handler, text, chat)

    async def tap(self, data: str, chat: Chat) -> Reply:
        """Carry out a button: '<verb>:<the rest>'. Tapping twice does no more than tapping once."""
        verb, _, rest = data.partition(":")
        if verb not in self._buttons:
            return old_button()
        return await self._guarded(verb, self._buttons[verb], rest, chat)

    async def _about(self, name: str, text: str, chat: Chat) -> Reply:
        """A command of settings that names a place first."""
        place, rest = leading_place(text)
        found = await self._elsewhere.managed(place, chat, writing=name == "start")
        if isinstance(found, Reply):
            return found
        return about(await answer(self._handlers[name](rest, there(chat, found))), found, self._settings)

    async def _tap_there(self, text: str, chat: Chat) -> Reply:
        """A button under such an answer."""
        place, data = read_button(text)
        verb, _, rest = data.partition(":")
        if not place or not chat.private or verb not in self._settings & self._buttons.keys():
            return old_button()
        found = await self._elsewhere.managed(place, chat)
        if isinstance(found, Reply):
            return found
        return about(await answer(self._buttons[verb](rest, there(chat, found))), found, self._settings)

    async def type(self, text: str, chat: Chat) -> Reply:
        """Answer what somebody writes without a command: it may be the answer to a question of the setup."""
        flat = " ".join(text.split())
        return await self._guarded("start", self._typed, "" if _is_long(flat) else flat, chat)

    def placed(self, chat: Chat, message_id: str) -> None:
        """A card that is to be kept has become this message."""
        try:
            self._beginning.placed(chat, message_id)
        except BotError as e:
            log.error("message_not_noted subscriber=%s error=%s", chat.subscriber_id, e)

    @property
    def has_offers(self) -> bool:
        """Whether there is an inline mode."""
        return self._offers is not None

    async def offer(self, text: str) -> Sequence[Offer]:
        """What inline mode offers to whoever types this; empty for nothing and for too much.

        Raises:
            BotError: It can't be said just now.
        """
        asked = " ".join(text.split())
        if self._offers is None or not asked or len(asked) > _MAX_INPUT or len(asked.split()) > _MAX_WORDS:
            return []
        return await self._offers(text.lstrip())

    async def _guarded(self, name: str, handler: Handler, text: str, chat: Chat) -> Reply:
        most = _LONGER.get(name, _MAX_INPUT)
        if name not in _FREE and (len(text) > most or len(text.split()) > _MAX_WORDS):
            text = tr(
                "That is too long: at most {words} words and {characters} characters at a time.",
                words=_MAX_WORDS,
                characters=show_number(most),
            )
            return line(text)
        if name in self._managing and not chat.may_manage:
            return line(tr("Only admins of this chat may use /{name} here.", name=name))
        try:
            return await answer(handler(text, chat))
        except BotError as e:
            log.error("command failed name=%s subscriber=%s error=%s", name, chat.subscriber_id, e)
            return line(
                tr("/{name} failed on my side, it has been noted. Please try again in a minute.", name=name)
            )

    def _note_binder(self, chat: Chat) -> None:
        """Remember who turned alerts on in a group, channel or topic, to be told when they end there."""
        if self._bindings is None or chat.private or not chat.user:
            return
        try:
            self._bindings.note(chat.subscriber_id, chat.user, self._clock())
        except BotError as e:
            log.error("binder_not_noted subscriber=%s error=%s", chat.subscriber_id, e)

    async def _start(self, text: str, chat: Chat) -> Reply:
        known = self._desk.subscriber(chat.subscriber_id)
        was_on = known is not None and known.active
        subscriber = self._watching.enroll(chat)
        if text.startswith(_DEEP_LINK) and text != _DEEP_LINK:
            reply = self._watching.follow_at_once(text.removeprefix(_DEEP_LINK), chat)
            return reply if was_on else replace(reply, cards=(*reply.cards, _welcome()))
        if not was_on and not self._desk.watches(subscriber.id):
            self._desk.watch(subscriber.id, EVERYTHING, self._clock())
        if not chat.private:
            followed = self._watching.enumerated(self._desk.watches(subscriber.id))
            return for_many(followed, subscriber)
        if known is None or self._beginning.is_open(chat):
            return await self._beginning.begin(chat)
        return self._home.show(subscriber, woken=not was_on)

    async def _typed(self, text: str, chat: Chat) -> Reply:
        answer = await self._beginning.type(text, chat) if text and chat.private else None
        return unknown_text() if answer is None else answer

    def _help(self, text: str, chat: Chat) -> Reply:
        return Reply(cards=(help_card(text, for_manager=chat.user in self._operators),))

    def _stop(self, text: str, chat: Chat) -> Reply:
        if text:
            return line(
                tr(
                    "/stop stands alone: it ends all alerts in this chat. /unwatch and a name ends one of them."
                )
            )
        subscriber = self._desk.subscriber(chat.subscriber_id)
        if self._bindings is not None and not chat.private:
            self._bindings.release(chat.subscriber_id)
        if subscriber is None or not subscriber.active:
            return line(tr("Alerts are off already. /start turns them on."))
        self._desk.leave(subscriber.id, self._clock())
        return line(tr("Alerts are off. What you follow is kept; /start turns them on again."))

    def _status(self, text: str, chat: Chat) -> Reply:
        if chat.user not in self._operators:
            return line(tr("/status is for the managers of this bot."))
        now = self._clock()
        return Reply(cards=(status_card(self._desk.status(now), now, self._troubles()),))

    def leave(self, chat: Chat) -> None:
        """The bot was removed from the chat: stop sending there, keep what it followed."""
        subscriber = self._desk.subscriber(chat.subscriber_id)
        if subscriber is not None and subscriber.active:
            self._desk.leave(chat.subscriber_id, self._clock())


def _welcome() -> Card:
    return say(
        tr(
            "Alerts are on. /start shows how this chat is set, with buttons to change it; /help lists the rest."
        )
    )


def _is_long(text: str) -> bool:
    return len(text) > _MAX_INPUT or len(text.split()) > _MAX_WORDS
