"""What managers do about people: figures, letting in and keeping out, limits, and telling all something."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.delivery.gate import SHARED, STRANGERS
from bot.delivery.managing import Office
from bot.delivery.pacing import GROUP, OVERALL, PRIVATE
from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, echo, line, old_button
from bot.delivery.sheet import Sheet, clip, fold, is_blank, say
from bot.delivery.words import clock_time, count
from bot.hours import zone_of
from bot.locale import marked, show_number, tr
from bot.model import Button, Card
from bot.office import Access, Admission, Broadcast, Person, Registry
from bot.ports import Clock
from bot.text import show_duration, utf16_length

CONFIRM_WITHIN = timedelta(hours=1)
MIN_LIMIT, MAX_LIMIT = 3, 600
MAX_TEXT = 3500  # UTF-16 units of a broadcast
_LISTED = 10
_NUMBER = re.compile(r"-?[1-9]\d{0,18}", re.ASCII)
_MODES: Mapping[bool, str] = {
    True: marked("The bot is by invitation; let in: {allowed}, banned: {banned}"),
    False: marked("The bot is open to everybody; let in: {allowed}, banned: {banned}"),
}


class People:
    """The part of the commands that concerns people; never what somebody follows."""

    managing: frozenset[str] = frozenset()

    def __init__(
        self,
        office: Office,
        access: Access,
        registry: Registry,
        clock: Clock,
        *,
        operators: Sequence[str] = (),
        by_invitation: bool = False,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """Wire it up.

        Args:
            office: Who may, and the list of deeds.
            access: Admissions and limits.
            registry: Subscribers in figures, and broadcasts.
            clock: The time.
            operators: Ids of the managers, who can't be banned.
            by_invitation: Whether strangers are turned away.
            wake: Called when there is something to deliver.
        """
        self._access, self._registry, self._clock, self._wake = access, registry, clock, wake
        self._operators, self._by_invitation = frozenset(operators), by_invitation
        self._zone = zone_of(office.timezone)
        self.commands: Mapping[str, Handler] = {
            "users": office.acting("users", self.users),
            "allow": office.acting("allow", self.allow),
            "ban": office.acting("ban", self.ban),
            "limits": office.acting("limits", self.limits, when=bool),
            "broadcast": office.acting("broadcast", self.broadcast),
        }
        self.buttons: Mapping[str, Handler] = {"cast": office.acting("broadcast", self.tap_broadcast)}

    def users(self, text: str, chat: Chat) -> Reply:
        """How many there are, the newest, and who was lost."""
        if text:
            return line(
                tr("/users stands alone: it shows figures, the newest users and those who were lost.")
            )
        people = self._registry.people(self._clock(), _LISTED)
        sheet = Sheet().line(
            tr(
                "Alerts on: {chats}, of which {groups}; off: {off}; new in 7 days: {new}",
                chats=count(people.active, "chat", "chats"),
                groups=count(people.groups, "group or channel", "groups or channels"),
                off=show_number(people.inactive),
                new=show_number(people.new),
            )
        )
        allowed, banned = show_number(people.allowed), show_number(people.banned)
        sheet.line(tr(_MODES[self._by_invitation], allowed=allowed, banned=banned))
        for heading, persons in ((tr("Newest:"), people.newest), (tr("Alerts off:"), people.gone)):
            if persons:
                sheet.line(heading)
            for person in persons:
                sheet.line("• " + self._person(person))
        return Reply(cards=(sheet.card(),))

    def _person(self, person: Person) -> str:
        address = clip(person.address, 40)
        if person.created_at:
            since = clock_time(person.created_at, self._clock(), self._zone)
            shown = tr("{address}, since {time}", address=address, time=since)
        else:
            shown = tr("{address}, since long ago", address=address)
        return shown + (f" ({clip(person.error, 60)})" if person.error else "")

    def allow(self, text: str, chat: Chat) -> Reply:
        """Let somebody in, or end a ban."""
        if not _NUMBER.fullmatch(text):
            return _no_number(text, "allow")
        before = self._access.admission(text)
        self._access.admit(text, Admission.ALLOWED, chat.user, self._clock())
        if before is Admission.BANNED:
            return line(tr("{id} is banned no longer. Alerts stay off there until /start.", id=text))
        if self._by_invitation:
            return line(tr("{id} may use the bot.", id=text))
        return line(tr("{id} may use the bot. So may everybody now.", id=text))

    def ban(self, text: str, chat: Chat) -> Reply:
        """Keep somebody out, and send nothing there any more."""
        if not _NUMBER.fullmatch(text):
            return _no_number(text, "ban")
        if text in self._operators:
            return line(tr("{id} is a manager (BOT_TELEGRAM_ADMINS) and can't be banned.", id=text))
        self._access.admit(text, Admission.BANNED, chat.user, self._clock())
        return line(tr("{id} is banned: no answers, no alerts. /allow {id} ends that.", id=text))

    def limits(self, text: str, chat: Chat) -> Reply:
        """Show what is limited, or set how many commands a minute a user may give."""
        if text:
            if not (text.isascii() and text.isdecimal() and len(text) <= 4):
                said = tr("{text} is no number of commands a minute.", text=echo(text))
                return line(said, tr("/limits 30 allows thirty."))
            if not MIN_LIMIT <= int(text) <= MAX_LIMIT:
                return line(tr("From {least} to {most} commands a minute.", least=MIN_LIMIT, most=MAX_LIMIT))
            self._access.set_limit(int(text))
            return line(
                tr(
                    "{limit} commands a minute from now on, {shared} in a group together.",
                    limit=int(text),
                    shared=SHARED * int(text),
                )
            )
        limit = self._access.limit()
        return line(
            tr(
                "Commands: {limit} a minute for a user, {shared} for a group together; then one line, then "
                "silence. Managers have no limit. /limits 30 changes it.",
                limit=limit,
                shared=SHARED * limit,
            ),
            tr("Answers to strangers where the bot is by invitation: {n} a minute.", n=STRANGERS),
            tr(
                "Messages: {overall} a second in all, {private} a second to a chat, {group} a minute to a group, "
                "as Telegram wants it.",
                overall=OVERALL.count,
                private=PRIVATE.count,
                group=GROUP.count,
            ),
        )

    def broadcast(self, text: str, chat: Chat) -> Reply:
        """Show what would be told to whom, and ask."""
        told = "\n".join(fold(part).strip() for part in (chat.written or text).splitlines()).strip()
        if is_blank(told):
            return line(tr("What should all be told? /broadcast TEXT shows how many would get it, and asks."))
        if utf16_length(told) > MAX_TEXT:
            return line(tr("That is too long: at most {most} characters.", most=show_number(MAX_TEXT)))
        made = self._registry.draft(Card(text=told), chat.user, self._clock())
        if not made.recipients:
            self._registry.cancel(made.id, self._clock())
            return line(tr("Nobody has alerts on, so nobody would get it."))
        sheet = Sheet().line(
            tr(
                "{chats} would get this, without a sound, in about {span}. Alerts overtake it. Send it?",
                chats=count(made.recipients, "chat", "chats"),
                span=show_duration(sending_time(made.recipients)),
            )
        )
        rows = [
            [
                Button(tr("Send"), data=f"cast:go:{made.id}"),
                Button(tr("Drop"), data=f"cast:no:{made.id}"),
            ]
        ]
        return Reply(cards=(say(*told.split("\n")), sheet.card(rows)))

    def tap_broadcast(self, text: str, chat: Chat) -> Reply:
        """Send a draft, or end what of it still waits."""
        verb, _, key = text.partition(":")
        found = self._registry.broadcast(key) if verb in ("go", "no", "how") else None
        if found is None:
            return old_button()
        now = self._clock()
        if verb == "no" and found.state != "cancelled":
            kept = self._registry.cancel(key, now)
            if found.state == "drafted":
                return Reply(cards=(say(tr("Dropped; nobody was told.")),), replace=True)
            done = tr(
                "Cancelled: {sent} got it, {kept} will not.",
                sent=show_number(found.sent),
                kept=show_number(kept),
            )
            return Reply(cards=(say(done),), replace=True)
        if verb == "go" and found.state == "drafted":
            if now - found.at > CONFIRM_WITHIN:
                self._registry.cancel(key, now)
                late = tr("That was asked a while ago. /broadcast asks again.")
                return Reply(cards=(say(late),), replace=True)
            if self._registry.send(key, now):
                self._wake()
            found = self._registry.broadcast(key) or found
        return Reply(cards=(_progress(found, now),), replace=True)


def sending_time(recipients: int) -> timedelta:
    """How long it takes to tell so many under Telegram's overall limit, alerts apart."""
    return math.ceil(recipients / OVERALL.count) * OVERALL.window


def _progress(broadcast: Broadcast, now: datetime) -> Card:
    sent, chats = show_number(broadcast.sent), count(broadcast.recipients, "chat", "chats")
    if broadcast.state == "cancelled":
        return say(tr("Cancelled; {sent} of {chats} got it.", sent=sent, chats=chats))
    if not broadcast.waiting:
        return say(tr("Sent: {sent} of {chats} got it.", sent=sent, chats=chats))
    rows = [
        [
            Button(tr("How far?"), data=f"cast:how:{broadcast.id}"),
            Button(tr("Cancel the rest"), data=f"cast:no:{broadcast.id}"),
        ]
    ]
    left = show_duration(sending_time(broadcast.waiting))
    way = tr("On its way: {sent} of {chats} got it, about {left} left.", sent=sent, chats=chats, left=left)
    return Sheet().line(way).card(rows)


def _no_number(text: str, name: str) -> Reply:
    problem = tr("{text} is no id of a user or chat.", text=echo(text)) if text else tr("Whom?")
    example = tr("Write for example /{name} 123456789, for a group /{name} -100123456789.", name=name)
    return line(f"{problem} {example}")
