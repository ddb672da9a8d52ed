"""What each chat command does, whatever the messenger: over the desk and the vocabulary only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, timedelta, tzinfo

from bot.delivery.explain import explanation, latest
from bot.delivery.replies import (
    LEVELS,
    Chat,
    Reply,
    echo,
    help_card,
    line,
    status_card,
    unknown_command,
)
from bot.delivery.watching import EVERYTHING, Watching
from bot.delivery.words import clock_time, suggestion
from bot.errors import BotError
from bot.model import Severity, Subscriber, Target, TargetKind
from bot.ports import Clock, Desk, Vocabulary
from bot.text import parse_duration

log = logging.getLogger(__name__)

MANAGING = frozenset({"start", "watch", "unwatch", "mute", "unmute", "level", "stop"})
"""Commands that change what a chat gets; in groups they are for its admins."""

_MAX_INPUT = 200  # characters of all arguments
_MAX_WORDS = 20
_LATEST, _MAX_LATEST = 5, 10
_MIN_MUTE, _MAX_MUTE = timedelta(minutes=1), timedelta(days=30)
_DEEP_LINK = "w_"  # t.me/<bot>?start=w_NVDA


class Commands:
    """Carries out commands and taps on buttons, and says in one short answer what came of it."""

    def __init__(
        self,
        desk: Desk,
        vocabulary: Vocabulary,
        clock: Clock,
        *,
        tz: tzinfo = UTC,
        operators: Collection[str] = (),
    ) -> None:
        """Wire it up.

        Args:
            desk: Subscribers and alerts.
            vocabulary: Understands what people type.
            clock: The time.
            tz: The zone in which times are shown.
            operators: Ids of the users who may see `/status`.
        """
        self._desk, self._vocabulary, self._clock = desk, vocabulary, clock
        self._tz, self._operators = tz, frozenset(operators)
        self._watching = Watching(desk, vocabulary, clock, tz)
        self._handlers: Mapping[str, Callable[[str, Chat], Reply]] = {
            "start": self._start,
            "help": self._help,
            "watch": self._watching.watch,
            "unwatch": self._watching.unwatch,
            "list": self._list,
            "latest": self._latest,
            "why": self._why,
            "mute": self._mute,
            "unmute": self._unmute,
            "level": self._level,
            "stop": self._stop,
            "status": self._status,
        }

    @property
    def names(self) -> Collection[str]:
        """All commands there are."""
        return self._handlers.keys()

    async def handle(self, name: str, args: Sequence[str], chat: Chat) -> Reply:
        """Carry out a command; every input, however wrong, gets an answer."""
        text = " ".join(" ".join(args).split())
        if name not in self._handlers:
            return unknown_command(name)
        if len(text) > _MAX_INPUT or len(text.split()) > _MAX_WORDS:
            return line(
                f"That is too long: at most {_MAX_WORDS} words and {_MAX_INPUT} characters at a time."
            )
        return self._guarded(name, lambda: self._handlers[name](text, chat), chat)

    async def tap(self, data: str, chat: Chat) -> Reply:
        """Carry out a button: 'why:<id>', 'mute:<duration>', 'watch:<target>' or 'unwatch:<target>'.

        Tapping twice does no more than tapping once.
        """
        verb, _, rest = data.partition(":")
        if verb in ("why", "mute"):
            return await self.handle(verb, [rest], chat)
        target = _target(rest)
        if target is None or verb not in ("watch", "unwatch"):
            return line("This button is of an older version. /help lists what I understand.")
        act = self._watching.tap_watch if verb == "watch" else self._watching.tap_unwatch
        return self._guarded(verb, lambda: act(target, chat), chat)

    def _guarded(self, name: str, work: Callable[[], Reply], chat: Chat) -> Reply:
        if name in MANAGING and not chat.may_manage:
            return line(f"Only admins of this chat may use /{name} here.")
        try:
            return work()
        except BotError as e:
            log.error("command failed name=%s subscriber=%s error=%s", name, chat.subscriber_id, e)
            return line(f"/{name} failed on my side, it has been noted. Please try again in a minute.")

    def _start(self, text: str, chat: Chat) -> Reply:
        was_on = self._known(chat) is not None
        subscriber = self._watching.enroll(chat)
        if text.startswith(_DEEP_LINK) and text != _DEEP_LINK:
            return self._watching.watch(text.removeprefix(_DEEP_LINK), chat)
        if not self._desk.watches(subscriber.id):
            self._desk.watch(subscriber.id, EVERYTHING, self._clock())
        followed = self._watching.enumerated(self._desk.watches(subscriber.id))
        return line(
            f"Alerts are on{' already' if was_on else ''}. "
            f"This chat follows {followed}, at level {subscriber.level.word} and above.",
            "You get one card per story, edited as it grows, and a reply only when it really changes.",
            "/watch nvidia narrows it down, /level high makes it quieter, /help shows the rest.",
        )

    def _help(self, text: str, chat: Chat) -> Reply:
        return Reply(cards=(help_card(text),))

    def _list(self, text: str, chat: Chat) -> Reply:
        return Reply(cards=(self._watching.listing(chat),))

    def _latest(self, text: str, chat: Chat) -> Reply:
        if text and not (text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= _MAX_LATEST):
            return line(f"How many? /latest 5 shows five; the most is {_MAX_LATEST}.")
        limit = int(text) if text else _LATEST
        heading = "The newest alerts of this chat, /why and an id explains one:"
        alerts = self._desk.latest(limit, subscriber_id=chat.subscriber_id)
        if not alerts:
            heading = "Nothing was sent here yet. The newest alerts of all:"
            alerts = self._desk.latest(limit)
        if not alerts:
            return line("There are no alerts yet. The first one comes as soon as a rule is satisfied.")
        return Reply(cards=(latest(alerts, now=self._clock(), tz=self._tz, heading=heading),))

    def _why(self, text: str, chat: Chat) -> Reply:
        reference = text or chat.reply_to
        if not reference:
            return line("Which alert? Reply to its card with /why, or write /why and an id from /latest.")
        found = None
        if reference.isascii() and reference.replace("-", "").isalnum():
            found = self._desk.why(reference.lower(), subscriber_id=chat.subscriber_id)
        if found is None:
            what = f"the id {echo(text)}" if text else "that message"
            return line(f"I know no alert for {what}. /latest lists alerts with their ids.")
        card = explanation(
            found,
            names=self._vocabulary.name,
            now=self._clock(),
            tz=self._tz,
            subscriber_id=chat.subscriber_id,
        )
        return Reply(cards=(card,))

    def _mute(self, text: str, chat: Chat) -> Reply:
        if text.lower() in ("off", "end", "stop"):
            return self._unmute("", chat)
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
            return _off()
        until = self._clock() + span
        self._desk.mute(subscriber.id, until)
        shown = clock_time(until, self._clock(), self._tz, zone=True)
        return line(f"Muted until {shown}. /unmute ends it sooner.")

    def _unmute(self, text: str, chat: Chat) -> Reply:
        subscriber = self._known(chat)
        if subscriber is None:
            return _off()
        if subscriber.muted_until is None or subscriber.muted_until <= self._clock():
            return line("This chat isn't muted.")
        self._desk.mute(subscriber.id, None)
        return line("No longer muted.")

    def _level(self, text: str, chat: Chat) -> Reply:
        subscriber = self._known(chat)
        if subscriber is None:
            return _off()
        if not text:
            return line(f"The level is {subscriber.level.word}. Change it with /level {', '.join(LEVELS)}.")
        if text.lower() not in LEVELS:
            return line(f"{echo(text)} is no level. Levels: {', '.join(LEVELS)}{suggestion(text, LEVELS)}")
        self._desk.set_level(subscriber.id, Severity.parse(text))
        return line(f"From now on only {text.lower()} and above.")

    def _stop(self, text: str, chat: Chat) -> Reply:
        subscriber = self._known(chat)
        if subscriber is None:
            return line("Alerts are off already. /start turns them on.")
        self._desk.leave(subscriber.id, self._clock())
        return line("Alerts are off. What you follow is kept; /start turns them on again.")

    def _status(self, text: str, chat: Chat) -> Reply:
        if chat.user not in self._operators:
            return line("/status is for the operators of this bot.")
        now = self._clock()
        return Reply(cards=(status_card(self._desk.status(now), now),))

    def leave(self, chat: Chat) -> None:
        """The bot was removed from the chat: stop sending there, keep what it followed."""
        if self._known(chat) is not None:
            self._desk.leave(chat.subscriber_id, self._clock())

    def _known(self, chat: Chat) -> Subscriber | None:
        """The chat's subscriber where alerts are on."""
        subscriber = self._desk.subscriber(chat.subscriber_id)
        return subscriber if subscriber and subscriber.active else None


def _off() -> Reply:
    return line("Alerts are off in this chat. /start turns them on first.")


def _target(text: str) -> Target | None:
    """Read what `str(target)` writes."""
    kind, _, name = text.partition(":")
    try:
        target = Target(TargetKind(kind), name)
    except ValueError:
        return None
    return target if bool(name) == (target.kind is not TargetKind.ALL) else None
