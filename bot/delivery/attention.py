"""How much of a reader's attention alerts may take: levels and pauses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta, tzinfo

from bot.delivery.parts import Handler
from bot.delivery.replies import LEVELS, Chat, Reply, alerts_off, echo, line
from bot.delivery.words import clock_time, suggestion
from bot.model import Severity, Subscriber
from bot.ports import Clock, Desk
from bot.text import parse_duration

_MIN_MUTE, _MAX_MUTE = timedelta(minutes=1), timedelta(days=30)


class Attention:
    """The part of the commands that says what may be heard, and when."""

    def __init__(self, desk: Desk, clock: Clock, tz: tzinfo) -> None:
        self._desk, self._clock, self._tz = desk, clock, tz
        self.commands: Mapping[str, Handler] = {
            "level": self.level,
            "mute": self.mute,
            "unmute": self.unmute,
        }
        self.buttons: Mapping[str, Handler] = {"mute": self.mute}
        self.managing = frozenset({"level", "mute", "unmute"})

    def mute(self, text: str, chat: Chat) -> Reply:
        """Hold everything back for so long."""
        if text.lower() in ("off", "end", "stop"):
            return self.unmute("", chat)
        if not text:
            return line("For how long? /mute 2h, /mute 30m or /mute 1d; /mute off ends it.")
        try:
            span = parse_duration(text.replace(" ", ""))
        except (ValueError, OverflowError):
            return line(f"{echo(text)} is no duration. Write for example /mute 30m, /mute 2h or /mute 1d.")
        if not _MIN_MUTE <= span <= _MAX_MUTE:
            return line("A pause lasts from 1m to 30d. /stop turns alerts off for good.")
        subscriber = self._known(chat)
        if subscriber is None:
            return alerts_off()
        until = self._clock() + span
        self._desk.mute(subscriber.id, until)
        shown = clock_time(until, self._clock(), self._tz, zone=True)
        return line(f"Muted until {shown}. /unmute ends it sooner.")

    def unmute(self, text: str, chat: Chat) -> Reply:
        """End the pause."""
        subscriber = self._known(chat)
        if subscriber is None:
            return alerts_off()
        if subscriber.muted_until is None or subscriber.muted_until <= self._clock():
            return line("This chat isn't muted.")
        self._desk.mute(subscriber.id, None)
        return line("No longer muted.")

    def level(self, text: str, chat: Chat) -> Reply:
        """Send nothing that is less important."""
        subscriber = self._known(chat)
        if subscriber is None:
            return alerts_off()
        if not text:
            return line(f"The level is {subscriber.level.word}. Change it with /level {', '.join(LEVELS)}.")
        if text.lower() not in LEVELS:
            return line(f"{echo(text)} is no level. Levels: {', '.join(LEVELS)}{suggestion(text, LEVELS)}")
        self._desk.set_level(subscriber.id, Severity.parse(text))
        return line(f"From now on only {text.lower()} and above.")

    def _known(self, chat: Chat) -> Subscriber | None:
        """The chat's subscriber where alerts are on."""
        subscriber = self._desk.subscriber(chat.subscriber_id)
        return subscriber if subscriber and subscriber.active else None
