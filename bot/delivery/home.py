"""What a chat that has begun is shown first: how it is set, and the ways to the rest."""

from __future__ import annotations

from collections.abc import Mapping

from bot.delivery.attention import Attention, known
from bot.delivery.history import History
from bot.delivery.listing import Listing
from bot.delivery.loudness import back_row, figures, level_row
from bot.delivery.parts import Handler
from bot.delivery.reading import Reading
from bot.delivery.replies import Chat, Reply, alerts_off, line, old_button
from bot.delivery.sheet import Sheet
from bot.delivery.watching import Watching
from bot.delivery.words import clock_time, level_word
from bot.hours import next_digest, zone_of
from bot.locale import tr
from bot.model import Button, Subscriber
from bot.ports import Clock, Desk


class Home:
    """The part of the commands that shows how a chat is set, with buttons to the rest."""

    commands: Mapping[str, Handler] = {}
    managing: frozenset[str] = frozenset()

    def __init__(
        self,
        desk: Desk,
        clock: Clock,
        watching: Watching,
        listing: Listing,
        attention: Attention,
        reading: Reading,
        history: History,
    ) -> None:
        self._desk, self._clock, self._history = desk, clock, history
        self._watching, self._listing, self._attention, self._reading = watching, listing, attention, reading
        self.buttons: Mapping[str, Handler] = {"home": self.tap}

    def show(self, subscriber: Subscriber, *, woken: bool) -> Reply:
        """The whole in a few lines."""
        now, zone = self._clock(), zone_of(subscriber.timezone)
        followed = self._watching.enumerated(self._desk.watches(subscriber.id))
        sheet = Sheet().line(tr("Alerts are on again.") if woken else tr("Alerts are on."))
        sheet.add(" " + tr("This chat follows {followed}.", followed=followed))
        sheet.line(tr("Level: {level} and above.", level=level_word(subscriber.level)))
        if subscriber.muted_until and subscriber.muted_until > now:
            until = clock_time(subscriber.muted_until, now, zone, zone=True)
            sheet.line(tr("Paused until {time}; /unmute ends it.", time=until))
        if subscriber.quiet:
            begin, end = (f"{at:%H:%M}" for at in subscriber.quiet)
            sheet.line(tr("Quiet hours: {begin} to {end}.", begin=begin, end=end))
        if subscriber.digest:
            due = next_digest(subscriber.digest, subscriber.timezone, now)
            sheet.line(tr("Next digest: {time}.", time=clock_time(due, now, zone, zone=True)))
        return Reply(
            cards=(
                sheet.card(
                    [
                        [
                            Button(tr("What I follow"), data="home:list"),
                            Button(tr("Level"), data="home:level"),
                        ],
                        [
                            Button(tr("Quiet hours"), data="home:quiet"),
                            Button(tr("Latest"), data="home:latest"),
                        ],
                        back_row(),
                    ]
                ),
            )
        )

    async def tap(self, text: str, chat: Chat) -> Reply:
        """Go where a button leads."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        if text == "list":
            return Reply(cards=(await self._listing.page(chat, 1),))
        if text == "latest":
            return self._reading.latest("", chat)
        if text == "quiet":
            return self._attention.quiet("", chat)
        if text != "level":
            return old_button()
        sheet = Sheet().line(tr("The level is {level}.", level=level_word(subscriber.level)))
        followed, floors = self._desk.watches(subscriber.id), self._desk.floors(subscriber.id)
        for said in await figures(self._history, followed, floors):
            sheet.line(said)
        return Reply(cards=(sheet.card([level_row("level")]),))


def for_many(followed: str, subscriber: Subscriber) -> Reply:
    """What a group or a channel is told: what is on, and how its admins change it."""
    text = tr(
        "Alerts are on: this chat follows {followed}, at level {level} and above. "
        "Its admins change that with /watch nvidia, /level high or /stop; /help shows the rest.",
        followed=followed,
        level=level_word(subscriber.level),
    )
    return line(text)
