"""Groups, channels and topics: each is a place of its own, which its admins bind to what it shall follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.delivery.elsewhere import Elsewhere, there
from bot.delivery.parts import Handler, answer
from bot.delivery.replies import Chat, Reply, chooser, line, old_button, read_target
from bot.delivery.sheet import Sheet, say
from bot.delivery.standing import (
    Rooms,
    Standing,
    Trouble,
    heading,
    label_of,
    name_of,
    read_place,
    remedy,
)
from bot.delivery.watching import MAX_ITEMS, Watching, items_of, too_many
from bot.delivery.words import clock_time, level_word
from bot.hours import zone_of
from bot.locale import tr, tr_n
from bot.model import EntityKind, Subscriber, Target
from bot.ports import Clock, Desk, Vocabulary
from bot.shelves import Bindings

_HERE = "."  # in a button: where it stands
_ONLY, _ALSO = "=", "+"  # what is chosen takes the place of what is followed, or joins it


class Binding:
    """The part of the commands that says what a group, channel or topic follows, also from a private chat."""

    def __init__(
        self,
        desk: Desk,
        vocabulary: Vocabulary,
        clock: Clock,
        watching: Watching,
        watch: Handler,
        elsewhere: Elsewhere,
        rooms: Rooms | None = None,
        bindings: Bindings | None = None,
    ) -> None:
        """Wire it up.

        Args:
            desk: Subscribers.
            vocabulary: Understands what people type.
            clock: The time.
            watching: Follows.
            watch: What `/watch` does where no place is named.
            elsewhere: Finds the places that are managed from a private chat.
            rooms: Looks at chats; without it a place can be bound only from within.
            bindings: Knows the places of a chat; none without it.
        """
        self._desk, self._vocabulary, self._clock, self._watching = desk, vocabulary, clock, watching
        self._watch_here, self._elsewhere, self._rooms, self._bindings = watch, elsewhere, rooms, bindings
        self.commands: Mapping[str, Handler] = {
            "bind": self.bind,
            "unbind": self.unbind,
            "here": self.here,
            "watch": self.watch,
        }
        self.buttons: Mapping[str, Handler] = {"bind": self.choose}
        self.managing = frozenset({"bind", "unbind"})

    async def bind(self, text: str, chat: Chat) -> Reply:
        """Follow exactly what is named, here or in a place that is named first."""
        place, rest = read_place(text)
        if not place:
            return self._bind(rest, chat, label_of(chat.address), _HERE, exactly=True)
        return await self._bind_there(place, rest, chat, exactly=True)

    async def watch(self, text: str, chat: Chat) -> Reply:
        """Follow more, in a place that is named first; else ask as in any chat."""
        place, rest = read_place(text) if chat.private else ("", text)
        if not place:
            return await answer(self._watch_here(text, chat))
        return await self._bind_there(place, rest, chat, exactly=False)

    async def unbind(self, text: str, chat: Chat) -> Reply:
        """End alerts, here or in a place that is named."""
        place, rest = read_place(text)
        if rest:
            return line(tr("/unbind stands alone, or with one group or channel: /unbind @channel"))
        if not place and chat.private:
            return line(
                tr(
                    "/unbind @channel ends the alerts of a group or channel that you manage; /stop ends those of this chat."
                )
            )
        if not place:
            return self._unbind(chat, label_of(chat.address))
        found = await self._elsewhere.managed(place, chat)
        if isinstance(found, Reply):
            return found
        return self._unbind(there(chat, found), label_of(found.address, found.title))

    async def here(self, text: str, chat: Chat) -> Reply:
        """What this place is, what it gets, and what the bot lacks there."""
        place, rest = read_place(text)
        if rest:
            return line(tr("/here stands alone, or with one group or channel: /here @channel"))
        if not place and chat.private:
            return _explained(chat.user)
        if place:
            found = await self._elsewhere.managed(place, chat)
            if isinstance(found, Reply):
                return found
            return self._shown(there(chat, found), found, command=f"/bind {name_of(found)}")
        standing = await self._rooms.look(chat.address, "") if self._rooms else Trouble.UNREACHABLE
        return self._shown(chat, standing if isinstance(standing, Standing) else None, command="/bind")

    async def choose(self, text: str, chat: Chat) -> Reply:
        """Follow which of several was meant."""
        mode, (where, _, name) = text[:1], text[1:].partition(":")
        target = read_target(name)
        if target is None or mode not in (_ONLY, _ALSO) or not self._watching.is_known(target):
            return old_button()
        where_to, label = chat, label_of(chat.address)
        if where != _HERE:
            place, rest = read_place(where)
            if not place or rest or not chat.private:
                return old_button()
            found = await self._elsewhere.managed(place, chat, writing=True)
            if isinstance(found, Reply):
                return found
            where_to, label = there(chat, found), label_of(found.address, found.title)
        said = self._follow([target], where_to, label, exactly=mode == _ONLY)
        return Reply(cards=(say(*said),), replace=True)

    async def _bind_there(self, place: str, rest: str, chat: Chat, *, exactly: bool) -> Reply:
        found = await self._elsewhere.managed(place, chat, writing=True)
        if isinstance(found, Reply):
            return found
        label = label_of(found.address, found.title)
        return self._bind(rest, there(chat, found), label, found.address, exactly=exactly)

    def _bind(self, text: str, there: Chat, label: str, where: str, *, exactly: bool) -> Reply:
        items = items_of(text, self._vocabulary)
        if not items:
            command = "/bind" if where == _HERE else f"/bind {where}"
            return line(
                tr(
                    "{place}: what should it follow? For example: {command} nvidia, compute resale",
                    place=label,
                    command=command,
                ),
                self._followed(self._desk.subscriber(there.subscriber_id)),
            )
        if len(items) > MAX_ITEMS:
            return too_many()
        found = self._watching.understand(items)
        said = self._follow(found.targets, there, label, exactly=exactly) if found.targets else []
        said += [self._watching.unknown(item) for item in found.unknown]
        if not found.targets and not found.ambiguous:
            said.append(tr("Nothing was changed."))
        # What is chosen replaces the rest only where it is all that was named.
        alone = exactly and not found.targets and len(found.ambiguous) == 1
        verb = f"bind:{_ONLY if alone else _ALSO}{where}"
        cards = [chooser(i, t, self._vocabulary.name, verb=verb) for i, t in found.ambiguous]
        return Reply(cards=((say(*said),) if said else ()) + tuple(cards))

    def _follow(self, targets: Sequence[Target], there: Chat, label: str, *, exactly: bool) -> list[str]:
        if not exactly:
            said = [tr("{place}:", place=label), self._watching.follow(targets, there).said]
            return [*said, self._on(self._desk.subscriber(there.subscriber_id))]
        subscriber = self._watching.enroll(there)
        wanted = list(dict.fromkeys(targets))
        dropped = [t for t in self._desk.watches(subscriber.id) if t not in wanted]
        for target in wanted:
            self._desk.watch(subscriber.id, target, self._clock())
        for target in dropped:  # last, so that nobody ever follows nothing
            self._desk.unwatch(subscriber.id, target)
        said = [
            tr(
                "{place} follows exactly this now: {followed}.",
                place=label,
                followed=self._watching.enumerated(wanted),
            )
        ]
        if dropped:
            said.append(
                tr("No longer followed there: {dropped}.", dropped=self._watching.enumerated(dropped))
            )
        return [*said, self._on(subscriber)]

    def _unbind(self, there: Chat, label: str) -> Reply:
        subscriber = self._desk.subscriber(there.subscriber_id)
        was_on = subscriber is not None and subscriber.active
        if was_on:
            self._desk.leave(there.subscriber_id, self._clock())
        if self._bindings is not None:
            self._bindings.release(there.subscriber_id)
        if not was_on:
            return line(tr("{place}: alerts are off already.", place=label))
        said = [
            tr("{place}: alerts are off. What it follows is kept; /start there brings it back.", place=label)
        ]
        others = self._others(there)
        if others:
            said.append(
                tr_n(
                    "Alerts go on in {n} other place of the same chat.",
                    "Alerts go on in {n} other places of the same chat.",
                    others,
                )
            )
        return line(*said)

    def _others(self, there: Chat) -> int:
        """How many places of the same chat are on besides."""
        if self._bindings is None:
            return 0
        places = self._bindings.places(there.address.partition("/")[0])
        return sum(s.active and s.id != there.subscriber_id for s in places)

    def _shown(self, there: Chat, standing: Standing | None, *, command: str) -> Reply:
        subscriber = self._desk.subscriber(there.subscriber_id)
        sheet = Sheet().line(heading(there.address, standing), EntityKind.BOLD)
        sheet.line(self._followed(subscriber))
        sheet.line(self._on(subscriber))
        if others := self._others(there):
            sheet.line(
                tr_n(
                    "Alerts are on in {n} other place of this chat.",
                    "Alerts are on in {n} other places of this chat.",
                    others,
                )
            )
        if standing is None:
            sheet.line(tr("Telegram does not tell me just now what I may do here."))
        elif standing.missing:
            sheet.line(remedy(standing.missing))
        else:
            sheet.line(tr("I have every right that I need here."))
        if subscriber is not None and subscriber.active:
            said = tr(
                "Next, for admins: {command} and names change what it follows, {unbind} ends its alerts.",
                command=command,
                unbind=command.replace("/bind", "/unbind"),
            )
        else:
            said = tr(
                "Next, for admins: {command} nvidia, compute resale turns alerts on for these.",
                command=command,
            )
        return Reply(cards=(sheet.line(said).card(),))

    def _followed(self, subscriber: Subscriber | None) -> str:
        watches = self._desk.watches(subscriber.id) if subscriber is not None else []
        if not watches:
            return tr("It follows nothing yet.")
        return tr("It follows: {followed}.", followed=self._watching.enumerated(watches))

    def _on(self, subscriber: Subscriber | None) -> str:
        """Whether alerts are on, in a sentence."""
        now = self._clock()
        if subscriber is None or not subscriber.active:
            return tr("Alerts are off.")
        if subscriber.muted_until is not None and subscriber.muted_until > now:
            until = clock_time(subscriber.muted_until, now, zone_of(subscriber.timezone), zone=True)
            return tr("Alerts are held back until {time}; /unmute there ends that.", time=until)
        return tr("Alerts are on, at level {level} and above.", level=level_word(subscriber.level))


def _explained(user: str) -> Reply:
    return line(
        tr(
            "This is our private chat: what I send here, only you read. Your id in Telegram is {id}.", id=user
        ),
        tr(
            "To tell many, use a channel, which is the way that I recommend: one post reaches all its readers, however many, "
            "and costs one message. Add me as an administrator with the right to post messages, then write here: "
            "/bind @yourchannel nvidia, compute resale"
        ),
        tr(
            "In a group: add me, then an admin writes there /bind nvidia. In a topic of a forum the same binds that topic "
            "alone, so that each can follow something else."
        ),
        tr(
            "/here @yourchannel shows how it stands, /unbind @yourchannel ends its alerts. A chat without a name goes by "
            "its id, which /here shows there; -100123/17 is a topic."
        ),
        tr(
            "So does every setting: /level @yourchannel high, /quiet @yourchannel 22:00-07:00, /list @yourchannel."
        ),
    )
