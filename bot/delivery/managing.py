"""What all commands of managers have in common: who may, where, and that it is written down."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta

from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, line
from bot.delivery.sheet import MAX_UNITS, Sheet, clip, fold
from bot.delivery.words import clock_time
from bot.errors import BotError, ConfigError
from bot.hours import zone_of
from bot.locale import tr, tr_n
from bot.model import Card, EntityKind
from bot.office import Deed, Registry
from bot.ports import Clock

_LISTED = 20
_WHAT = 300  # characters of a deed that are kept
_SHOWN = 120
_ROOM = 4 * _SHOWN + 200  # UTF-16 units that a deed and the line that ends the list may need


def _always(_: str) -> bool:
    return True


def _never(_: str) -> bool:
    return False


class Office:
    """Lets managers in, in their private chats, and keeps a list of what they do; `/audit` shows it."""

    managing: frozenset[str] = frozenset()

    def __init__(
        self, registry: Registry, clock: Clock, operators: Collection[str], timezone: str = "UTC"
    ) -> None:
        """Wire it up.

        Args:
            registry: Where deeds are kept.
            clock: The time.
            operators: Ids of the users who are managers.
            timezone: The clock by which they read, an IANA name.
        """
        self._registry, self._clock = registry, clock
        self._operators, self.timezone = frozenset(operators), timezone
        self.commands: Mapping[str, Handler] = {"audit": self.looking("audit", self.audit)}
        self.buttons: Mapping[str, Handler] = {}

    def looking(self, name: str, handler: Handler) -> Handler:
        """A command or button of managers that changes nothing."""
        return self.acting(name, handler, when=_never)

    def acting(self, name: str, handler: Handler, when: Callable[[str], bool] = _always) -> Handler:
        """A command or button of managers; what it is given is written down with what came of it.

        Args:
            name: As it is typed.
            handler: Carries it out; a ConfigError is told to the manager.
            when: Says of what stands behind the name whether it acts at all.
        """

        async def guarded(text: str, chat: Chat) -> Reply:
            if chat.user not in self._operators:
                return line(tr("/{name} is for the managers of this bot.", name=name))
            if chat.address != chat.user:
                return line(tr("/{name} is for private chats: write it to me there.", name=name))
            try:
                reply = handler(text, chat)
                reply = await reply if inspect.isawaitable(reply) else reply
            except ConfigError as e:
                reply = line(clip(str(e), 1000))
            except BotError as e:
                if when(text):
                    self.note(chat, f"{name} {text}", tr("failed: {problem}", problem=e))
                raise
            if when(text):
                self.note(chat, f"{name} {text}", reply.cards[0].text)
            return reply

        return guarded

    def noted(
        self, chat: Chat, what: str, work: Callable[[], Awaitable[Card]]
    ) -> Callable[[], Awaitable[Card]]:
        """Work whose outcome comes later, and is written down when it does."""

        async def done() -> Card:
            try:
                card = await work()
            except BotError as e:
                self.note(chat, what, tr("failed: {problem}", problem=e))
                raise
            self.note(chat, what, card.text)
            return card

        return done

    def note(self, chat: Chat, what: str, result: str) -> None:
        """Write a deed down."""
        first = next((found for found in result.splitlines() if found.strip()), "")
        deed = Deed(
            at=self._clock(), who=chat.user, what=fold(what).strip()[:_WHAT], result=fold(first)[:_WHAT]
        )
        self._registry.note(deed)

    def times(self, chat: Chat, beginning: str, span: timedelta) -> int:
        """How many deeds of whoever asks, that begin so, were written down within a time that ends now."""
        now = self._clock()
        return self._registry.times(chat.user, beginning, now - span, now)

    def audit(self, text: str, chat: Chat) -> Reply:
        """What was done last."""
        if text:
            return line(tr("/audit stands alone: it shows the last things that managers did."))
        deeds = self._registry.deeds(_LISTED)
        if not deeds:
            return line(tr("Managers have done nothing so far."))
        now, zone = self._clock(), zone_of(self.timezone)
        sheet = Sheet().line(tr("What managers did, newest first:"))
        for n, deed in enumerate(deeds):
            if sheet.units > MAX_UNITS - _ROOM:
                sheet.line(tr_n("and {n} earlier one", "and {n} earlier ones", len(deeds) - n))
                break
            time = clock_time(deed.at, now, zone)
            sheet.line(tr("{time} user {who}:", time=time, who=clip(deed.who, 20)) + " ")
            sheet.add(clip(deed.what, _SHOWN), EntityKind.BOLD)
            sheet.add(f" → {clip(deed.result, _SHOWN)}")
        return Reply(cards=(sheet.card(),))
