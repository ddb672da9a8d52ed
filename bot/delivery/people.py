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
from bot.delivery.sheet import Sheet, clip, fold, say
from bot.delivery.words import clock_time, count
from bot.hours import zone_of
from bot.locale import tr
from bot.model import Button, Card
from bot.office import Access, Admission, Broadcast, Person, Registry
from bot.ports import Clock
from bot.text import show_duration, utf16_length

CONFIRM_WITHIN = timedelta(hours=1)
MIN_LIMIT, MAX_LIMIT = 3, 600
MAX_TEXT = 3500  # UTF-16 units of a broadcast
_LISTED = 10
_NUMBER = re.compile(r"-?[1-9]\d{0,18}", re.ASCII)


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
            return line("/users stands alone: it shows figures, the newest users and those who were lost.")
        people = self._registry.people(self._clock(), _LISTED)
        sheet = Sheet().line(
            f"Alerts on: {count(people.active, 'chat', 'chats')}, of which {count(people.groups, 'group or channel', 'groups or channels')}; "
            f"off: {people.inactive:,}; new in 7 days: {people.new:,}"
        )
        how = "by invitation" if self._by_invitation else "open to everybody"
        sheet.line(f"The bot is {how}; let in: {people.allowed:,}, banned: {people.banned:,}")
        for heading, persons in (("Newest:", people.newest), ("Alerts off:", people.gone)):
            if persons:
                sheet.line(heading)
            for person in persons:
                sheet.line("• " + self._person(person))
        return Reply(cards=(sheet.card(),))

    def _person(self, person: Person) -> str:
        since = clock_time(person.created_at, self._clock(), self._zone) if person.created_at else "long ago"
        why = f" ({clip(person.error, 60)})" if person.error else ""
        return f"{clip(person.address, 40)}, since {since}{why}"

    def allow(self, text: str, chat: Chat) -> Reply:
        """Let somebody in, or end a ban."""
        if not _NUMBER.fullmatch(text):
            return _no_number(text, "allow")
        before = self._access.admission(text)
        self._access.admit(text, Admission.ALLOWED, chat.user, self._clock())
        if before is Admission.BANNED:
            return line(f"{text} is banned no longer. Alerts stay off there until /start.")
        return line(f"{text} may use the bot." + ("" if self._by_invitation else " So may everybody now."))

    def ban(self, text: str, chat: Chat) -> Reply:
        """Keep somebody out, and send nothing there any more."""
        if not _NUMBER.fullmatch(text):
            return _no_number(text, "ban")
        if text in self._operators:
            return line(f"{text} is a manager (BOT_TELEGRAM_ADMINS) and can't be banned.")
        self._access.admit(text, Admission.BANNED, chat.user, self._clock())
        return line(f"{text} is banned: no answers, no alerts. /allow {text} ends that.")

    def limits(self, text: str, chat: Chat) -> Reply:
        """Show what is limited, or set how many commands a minute a user may give."""
        if text:
            if not (text.isascii() and text.isdecimal() and len(text) <= 4):
                return line(
                    f"{echo(text)} is no number of commands a minute.", tr("/limits 30 allows thirty.")
                )
            if not MIN_LIMIT <= int(text) <= MAX_LIMIT:
                return line(f"From {MIN_LIMIT} to {MAX_LIMIT} commands a minute.")
            self._access.set_limit(int(text))
            return line(
                f"{int(text)} commands a minute from now on, {SHARED * int(text)} in a group together."
            )
        limit = self._access.limit()
        return line(
            f"Commands: {limit} a minute for a user, {SHARED * limit} for a group together; then one line, then "
            "silence. Managers have no limit. /limits 30 changes it.",
            f"Answers to strangers where the bot is by invitation: {STRANGERS} a minute.",
            f"Messages: {OVERALL.count} a second in all, {PRIVATE.count} a second to a chat, {GROUP.count} a "
            "minute to a group, as Telegram wants it.",
        )

    def broadcast(self, text: str, chat: Chat) -> Reply:
        """Show what would be told to whom, and ask."""
        told = "\n".join(fold(part).strip() for part in (chat.written or text).splitlines()).strip()
        if not told:
            return line("What should all be told? /broadcast TEXT shows how many would get it, and asks.")
        if utf16_length(told) > MAX_TEXT:
            return line(f"That is too long: at most {MAX_TEXT:,} characters.")
        made = self._registry.draft(Card(text=told), chat.user, self._clock())
        if not made.recipients:
            self._registry.cancel(made.id, self._clock())
            return line("Nobody has alerts on, so nobody would get it.")
        sheet = Sheet().line(
            f"{count(made.recipients, 'chat', 'chats')} would get this, without a sound, in about "
            f"{show_duration(sending_time(made.recipients))}. Alerts overtake it. Send it?"
        )
        rows = [[Button("Send", data=f"cast:go:{made.id}"), Button("Drop", data=f"cast:no:{made.id}")]]
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
                return Reply(cards=(say("Dropped; nobody was told."),), replace=True)
            return Reply(cards=(say(f"Cancelled: {found.sent:,} got it, {kept:,} will not."),), replace=True)
        if verb == "go" and found.state == "drafted":
            if now - found.at > CONFIRM_WITHIN:
                self._registry.cancel(key, now)
                return Reply(cards=(say("That was asked a while ago. /broadcast asks again."),), replace=True)
            if self._registry.send(key, now):
                self._wake()
            found = self._registry.broadcast(key) or found
        return Reply(cards=(_progress(found, now),), replace=True)


def sending_time(recipients: int) -> timedelta:
    """How long it takes to tell so many under Telegram's overall limit, alerts apart."""
    return math.ceil(recipients / OVERALL.count) * OVERALL.window


def _progress(broadcast: Broadcast, now: datetime) -> Card:
    of_all = f"{broadcast.sent:,} of {count(broadcast.recipients, 'chat', 'chats')}"
    if broadcast.state == "cancelled":
        return say(f"Cancelled; {of_all} got it.")
    if not broadcast.waiting:
        return say(f"Sent: {of_all} got it.")
    rows = [
        [
            Button("How far?", data=f"cast:how:{broadcast.id}"),
            Button("Cancel the rest", data=f"cast:no:{broadcast.id}"),
        ]
    ]
    left = show_duration(sending_time(broadcast.waiting))
    return Sheet().line(f"On its way: {of_all} got it, about {left} left.").card(rows)


def _no_number(text: str, name: str) -> Reply:
    what = f"{echo(text)} is no id of a user or chat" if text else "Whom"
    return line(
        f"{what}{'.' if text else '?'} Write for example /{name} 123456789, for a group /{name} -100123456789."
    )
