"""Everything that is set in a chat on one card, with the ways to change it; each of them leads back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.delivery.attention import Attention, known
from bot.delivery.clocks import show_zone, write_hours
from bot.delivery.listing import Listing
from bot.delivery.loudness import back_row
from bot.delivery.muting import Muting
from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, alerts_off, line, old_button
from bot.delivery.sheet import Sheet
from bot.delivery.tongue import Tongue
from bot.delivery.words import clock_time, count, level_word
from bot.hours import day_begun, next_digest, quiet_until, zone_of
from bot.locale import native_name, show_number, tr
from bot.model import Button, Card, Digest, EntityKind, Subscriber
from bot.ports import Clock, Desk

_LEADS_BACK = "settings:"


class Overview:
    """The part of the commands that shows all settings of a chat."""

    def __init__(
        self, desk: Desk, clock: Clock, attention: Attention, muting: Muting, listing: Listing, tongue: Tongue
    ) -> None:
        """Wire it up; the parts show and change what the buttons lead to."""
        self._desk, self._clock, self._listing = desk, clock, listing
        self._ways: Mapping[str, Handler] = {
            "level": attention.level,
            "quiet": attention.quiet,
            "budget": attention.budget,
            "digest": attention.digest,
            "zone": attention.timezone,
            "lang": tongue.lang,
            "mutes": muting.mutes,
        }
        self.commands: Mapping[str, Handler] = {"settings": self.show}
        self.buttons: Mapping[str, Handler] = {"settings": self._tap}
        self.managing = frozenset({"settings"})

    def show(self, text: str, chat: Chat) -> Reply:
        """The whole on one card."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        if text:
            return line(tr("/settings stands alone: it shows what is set here, with buttons to change it."))
        return Reply(cards=(self._card(subscriber),))

    async def _tap(self, text: str, chat: Chat) -> Reply:
        """Go where a button leads, in the same message; without a way, back to the whole."""
        if known(self._desk, chat) is None:
            return alerts_off()
        if not text:
            return replace(self.show("", chat), replace=True)
        if text == "list":
            card = await self._listing.page(chat, 1)
        elif text in self._ways:
            reply = self._ways[text]("", chat)
            assert isinstance(reply, Reply)  # none of them waits for anything
            card = reply.cards[0]
        else:
            return old_button()
        return Reply(cards=(_leading_back(card),), replace=True)

    def _card(self, subscriber: Subscriber) -> Card:
        sheet = Sheet().line(tr("How this chat is set"), EntityKind.BOLD)
        for name, value in (
            (tr("Level"), tr("{level} and above", level=level_word(subscriber.level))),
            (tr("Quiet hours"), self._quiet(subscriber)),
            (tr("Budget"), self._budget(subscriber)),
            (tr("Digest"), self._digest(subscriber)),
            (tr("Time zone"), self._zone(subscriber)),
            (tr("Language"), native_name(subscriber.language)),
            (tr("Muted"), self._muted(subscriber)),
            (tr("Followed"), count(len(self._desk.watches(subscriber.id)), "thing", "things")),
        ):
            sheet.line(f"{name}: {value}")
        ways = [
            [(tr("Level"), "level"), (tr("Quiet hours"), "quiet")],
            [(tr("Budget"), "budget"), (tr("Digest"), "digest")],
            [(tr("Time zone"), "zone"), (tr("Language"), "lang")],
            [(tr("Mutes"), "mutes"), (tr("What I follow"), "list")],
        ]
        return sheet.card([[Button(label, data=f"{_LEADS_BACK}{way}") for label, way in row] for row in ways])

    def _quiet(self, subscriber: Subscriber) -> str:
        if subscriber.quiet is None:
            return tr("none")
        begin, end = subscriber.quiet
        now, zone = self._clock(), zone_of(subscriber.timezone)
        hours, until = (
            write_hours(subscriber.quiet).replace("-", "–"),
            quiet_until(begin, end, subscriber.timezone, now),
        )
        if until is not None:
            return tr("{hours}, now until {time}", hours=hours, time=clock_time(until, now, zone))
        begins = next_digest(Digest(at=begin), subscriber.timezone, now)
        return tr("{hours}, next from {time}", hours=hours, time=clock_time(begins, now, zone))

    def _budget(self, subscriber: Subscriber) -> str:
        if subscriber.budget is None:
            return tr("none")
        rung = self._desk.sounds(subscriber.id, day_begun(subscriber.timezone, self._clock()))
        return tr(
            "{sounds} a day, {left} left today",
            sounds=count(subscriber.budget, "sound", "sounds"),
            left=show_number(max(0, subscriber.budget - rung)),
        )

    def _digest(self, subscriber: Subscriber) -> str:
        if subscriber.digest is None:
            return tr("none")
        now = self._clock()
        due = next_digest(subscriber.digest, subscriber.timezone, now)
        shown = clock_time(due, now, zone_of(subscriber.timezone))
        if subscriber.digest.weekday is None:
            return tr("every day, next {time}", time=shown)
        return tr("every week, next {time}", time=shown)

    def _zone(self, subscriber: Subscriber) -> str:
        here = self._clock().astimezone(zone_of(subscriber.timezone))
        return tr("{zone}, where it is {time}", zone=show_zone(subscriber.timezone), time=f"{here:%H:%M}")

    def _muted(self, subscriber: Subscriber) -> str:
        now = self._clock()
        things = len(self._desk.mutes(subscriber.id, now))
        said = [count(things, "thing", "things")] if things else []
        if subscriber.muted_until is not None and subscriber.muted_until > now:
            until = clock_time(subscriber.muted_until, now, zone_of(subscriber.timezone))
            said.insert(0, tr("everything until {time}", time=until))
        return ", ".join(said) or tr("nothing")


def _leading_back(card: Card) -> Card:
    """The card with a way back, if it has none yet."""
    if any(button.data == _LEADS_BACK for row in card.buttons for button in row):
        return card
    return replace(card, buttons=(*card.buttons, tuple(back_row())))
