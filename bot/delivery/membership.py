"""What happens to the bot in groups and channels: added, removed, given and denied rights, a group that gets another id.

In groups it says at most one thing, when it is added; in channels it never posts anything but alerts and answers.
Whoever is told in private has started the bot: others can't be written to.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from telegram import Bot, ChatMemberUpdated, LinkPreviewOptions, Update
from telegram.error import TelegramError

from bot.delivery.commands import Commands
from bot.delivery.gate import Gate
from bot.delivery.replies import Chat
from bot.delivery.request import call
from bot.delivery.rooms import is_in, kind_of, missing
from bot.delivery.sheet import say
from bot.delivery.standing import PlaceKind, Right, rights_text, title_text
from bot.delivery.telegram import compose, translate
from bot.errors import BotError
from bot.locale import speaking, tr
from bot.model import Card, Subscriber
from bot.ports import Clock, Desk
from bot.shelves import MAY_NOT_WRITE, Bindings

log = logging.getLogger(__name__)

TOLD_AGAIN = timedelta(hours=1)  # at the earliest, that a chat can't be written to
_MOST_TOLD = 1000  # remembered
_SILENT = frozenset({Right.POST, Right.WRITE})


class Membership:
    """Looks after the places in which the bot is."""

    def __init__(
        self, bot: Bot, commands: Commands, desk: Desk, bindings: Bindings, clock: Clock, gate: Gate | None
    ) -> None:
        """Wire it up.

        Args:
            bot: Says it.
            commands: Know the language of each chat, and end the alerts of private ones.
            desk: Subscribers.
            bindings: The places of a chat, and who turned them on.
            clock: The time.
            gate: Who is answered; everybody without one.
        """
        self._bot, self._commands, self._desk = bot, commands, desk
        self._bindings, self._clock, self._gate = bindings, clock, gate
        # Who was told when that a chat can't be written to, by chat and user.
        self._told: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    async def changed(self, update: Update, _: Any) -> None:
        """The bot's standing in a chat is another one."""
        change = update.my_chat_member
        if change is None:
            return
        chat = str(change.chat.id)
        try:
            if kind_of(change.chat.type) is PlaceKind.PRIVATE:
                if not is_in(change.new_chat_member.to_dict()):
                    self._commands.leave(Chat(address=chat))
                return
            await self._changed(change, chat)
        except BotError as e:
            log.error("standing_not_noted chat=%s error=%s", chat, e)

    async def migrated(self, update: Update, _: Any) -> None:
        """A group has become a supergroup, which has another id; said in both."""
        message = update.effective_message
        if message is None:
            return
        here = message.chat.id
        old, new = message.migrate_from_chat_id or here, message.migrate_to_chat_id or here
        try:
            self._bindings.move(str(old), str(new), self._clock())
        except BotError as e:  # the first alert finds out again
            log.error("chat_not_moved chat=%s to=%s error=%s", old, new, e)

    async def lost(self, subscriber: Subscriber, problem: str) -> None:
        """A group or channel can't be written to any more: tell who turned its alerts on, as far as that is known."""
        chat = subscriber.address.partition("/")[0]
        if not chat.startswith("-"):
            return
        try:
            title = (await call(self._bot, "getChat", {"chat_id": chat})).get("title") or chat
        except TelegramError as e:
            log.info("title_unknown chat=%s error=%s", chat, translate(e))
            title = chat
        try:
            await self._tell(
                chat, [subscriber], partial(_lost, title, paused=problem.startswith(MAY_NOT_WRITE))
            )
        except BotError as e:
            log.error("binder_not_told chat=%s error=%s", chat, e)

    async def _changed(self, change: ChatMemberUpdated, chat: str) -> None:
        kind, title = kind_of(change.chat.type), change.chat.title or chat
        before, now = change.old_chat_member.to_dict(), change.new_chat_member.to_dict()
        could, can = (_may_write(member, kind) for member in (before, now))
        if not is_in(now):
            places = [place for place in self._bindings.places(chat) if place.active]
            self._bindings.leave(chat, self._clock())
            await self._tell(chat, places, partial(_lost, title, paused=False), but=str(change.from_user.id))
        elif not is_in(before):
            self._is_back(chat)
            await self._greet(change, kind, title, missing(now, kind, {}))
        elif could and not can:
            await self._tell(
                chat, self._bindings.pause(chat, self._clock()), partial(_lost, title, paused=True)
            )
        elif can:  # whatever else has changed, a right that a group denies to all may have come with it
            self._is_back(chat)
            resumed = self._bindings.resume(chat)
            for binder in self._binders(resumed):
                with speaking(binder.language):
                    text = tr("I may write in {title} again: its alerts go on.", title=title_text(title))
                await self._say(binder.address, say(text))

    async def _greet(
        self, change: ChatMemberUpdated, kind: PlaceKind, title: str, lacking: tuple[Right, ...]
    ) -> None:
        chat, adder = str(change.chat.id), str(change.from_user.id)
        if any(place.active for place in self._bindings.places(chat)):
            return  # a group that has just got another id
        known = self._desk.subscriber(f"telegram:{adder}")
        of_chat = self._commands.language(Chat(address=chat), change.from_user.language_code or "")
        with speaking(known.language if known is not None else of_chat):
            entrance = self._gate.enter(adder, chat) if self._gate is not None else None
        if entrance is not None and not entrance.is_open and entrance.reply is None:
            return
        refusal = entrance.reply.cards[0] if entrance is not None and entrance.reply is not None else None
        if known is not None:
            with speaking(known.language):
                greeting = _to_adder(
                    kind, title, f"@{change.chat.username}" if change.chat.username else chat, lacking
                )
            if await self._say(adder, refusal or greeting):
                return
        if kind is PlaceKind.GROUP and not _SILENT.intersection(lacking):
            with speaking(of_chat):
                greeting = _to_group()
            await self._say(chat, refusal or greeting)

    async def _tell(
        self, chat: str, places: list[Subscriber], text: Callable[[], str], *, but: str = ""
    ) -> None:
        """Tell whoever turned these places on, unless that was a short while ago; `but` knows already."""
        now = self._clock()
        for binder in self._binders(places):
            key = chat, binder.address
            told = self._told.pop(key, None)
            is_news = binder.address != but and (told is None or now - told >= TOLD_AGAIN)
            self._told[key] = now if is_news or told is None else told
            while len(self._told) > _MOST_TOLD:
                self._told.popitem(last=False)
            if is_news:
                with speaking(binder.language):
                    card = say(text())
                await self._say(binder.address, card)

    def _is_back(self, chat: str) -> None:
        """If it is lost once more, that is news."""
        for key in [key for key in self._told if key[0] == chat]:
            del self._told[key]

    def _binders(self, places: list[Subscriber]) -> list[Subscriber]:
        """Who turned these places on, each once, as far as they have started the bot and may use it."""
        users = dict.fromkeys(self._bindings.binder(place.id) for place in places)
        welcome = [user for user in users if user and not self._bindings.is_banned(user)]
        found = [self._desk.subscriber(f"telegram:{user}") for user in welcome]
        return [private for private in found if private is not None]

    async def _say(self, address: str, card: Card) -> bool:
        draft = compose(card)
        try:
            await self._bot.send_message(
                int(address),
                draft.text,
                entities=draft.entities,
                reply_markup=draft.keyboard,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except TelegramError as e:
            log.info("not_told chat=%s error=%s", address, translate(e))
            return False
        return True


def _may_write(member: dict[str, Any], kind: PlaceKind) -> bool:
    return is_in(member) and not _SILENT.intersection(missing(member, kind, {}))


def _lost(title: str, *, paused: bool) -> str:
    if not paused:
        return tr(
            "I can't reach {title} any more: I was removed, or it is gone. What it follows is kept; add me again and write "
            "/start there.",
            title=title_text(title),
        )
    return tr(
        "I may not write in {title} any more, so its alerts are paused. What it follows is kept: once an admin "
        "gives me the right back, alerts go on; if they don't, /start there turns them on.",
        title=title_text(title),
    )


def _to_adder(kind: PlaceKind, title: str, name: str, lacking: tuple[Right, ...]) -> Card:
    shown = title_text(title)
    if kind is PlaceKind.CHANNEL:
        lines = [
            tr("I am in the channel {title} now.", title=shown),
            tr("Write here what it shall post: /bind {name} nvidia, compute resale", name=name),
            tr("One post reaches all readers of a channel. /here {name} shows how it stands.", name=name),
        ]
    else:
        lines = [
            tr("I am in the group {title} now.", title=shown),
            tr(
                "An admin writes there /bind nvidia, compute resale; in a topic of a forum that binds the topic alone."
            ),
            tr("/here there shows how it stands. From here it is /bind {name} nvidia.", name=name),
        ]
    if lacking:
        lines.insert(1, tr("Still missing is the right to {rights}.", rights=rights_text(lacking)))
    return say(*lines)


def _to_group() -> Card:
    return say(
        tr(
            "Here I can tell news about AI compute and chips. An admin says what: /bind nvidia, compute resale"
        ),
        tr("In a topic of a forum that binds the topic alone. /here shows how it stands."),
    )
