"""How much of a reader's attention alerts may take: levels, pauses, quiet hours, budgets and digests.

Each command alone shows what is set, with the usual choices as buttons; a tap sets one, and the message changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from bot.delivery.clocks import (
    DIGEST_AT,
    is_off,
    near_zones,
    read_digest,
    read_hours,
    read_zone,
    show_zone,
    split_hours,
)
from bot.delivery.loudness import (
    BUDGETS,
    DIGESTS,
    NO_CLOCK,
    ZONES,
    back_row,
    budget_rows,
    digest_rows,
    hours_rows,
    level_row,
    zone_rows,
)
from bot.delivery.parts import Handler
from bot.delivery.replies import LEVELS, Chat, Reply, alerts_off, echo, line, old_button
from bot.delivery.words import (
    alternatives,
    clock_time,
    count,
    level_word,
    level_words,
    read_level,
    suggestion,
)
from bot.hours import next_digest, quiet_until, zone_of
from bot.locale import show_date, tr
from bot.model import Button, Digest, Subscriber
from bot.ports import Clock, Desk

MAX_BUDGET = 200
MIN_MUTE, MAX_MUTE = timedelta(minutes=1), timedelta(days=30)

_Take = Callable[[str, Chat], Reply]
_Show = Callable[[Reply, Subscriber], Reply]


class Attention:
    """The part of the commands that says what may be heard, and when."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk, self._clock = desk, clock
        self.commands: Mapping[str, Handler] = {
            "level": self.level,
            "quiet": self.quiet,
            "budget": self.budget,
            "digest": self.digest,
            "timezone": self.timezone,
        }
        self.buttons: Mapping[str, Handler] = {
            "level": self._tapped(self.level, _with_level, lambda text: text in LEVELS),
            "hours": self._tapped(
                self.quiet, _with_hours, lambda text: is_off(text) or bool(read_hours(text))
            ),
            "budget": self._tapped(self.budget, _with_budget, lambda text: text in ("off", *BUDGETS)),
            "digest": self._tapped(self.digest, _with_digest, lambda text: text in ("off", *DIGESTS)),
            "timezone": self._tapped(self.timezone, _with_timezone, lambda text: text in ZONES),
        }
        self.managing = frozenset({*self.commands, *self.buttons})

    def level(self, text: str, chat: Chat) -> Reply:
        """Send nothing that is less important."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        levels, level = level_words(), read_level(text)
        listed = ", ".join(levels)
        if not text:
            now = level_word(subscriber.level)
            told = tr("The level is {level}: nothing below it is sent.", level=now)
            return _with_level(line(told), subscriber)
        if level is None:
            hint = suggestion(text, levels)
            return line(
                tr("{text} is no level. Levels: {levels}{hint}", text=echo(text), levels=listed, hint=hint),
            )
        self._desk.set_level(subscriber.id, level)
        return line(tr("From now on only {level} and above.", level=level_word(level)))

    def timezone(self, text: str, chat: Chat) -> Reply:
        """Show times, and count days, by the clock of a place."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        now = self._clock()
        if not text:
            text = tr(
                "Times are shown in {zone}, where it is {time}. Change it with /timezone Europe/Berlin.",
                zone=show_zone(subscriber.timezone),
                time=_at(now, subscriber.timezone),
            )
            return _with_timezone(line(text), subscriber)
        zone = read_zone(text)
        if zone is None:
            return _no_zone(text)
        self._set_timezone(subscriber, zone)
        text = tr(
            "Times are shown in {zone} from now on, where it is {time}.",
            zone=show_zone(zone),
            time=_at(now, zone),
        )
        return line(text)

    def quiet(self, text: str, chat: Chat) -> Reply:
        """Ring nobody between two times of day; cards come all the same, without a sound."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        if not text:
            return _with_hours(self._quiet_now(subscriber), subscriber)
        if is_off(text):
            self._desk.set_quiet(subscriber.id, None)
            return line(tr("No quiet hours any more: what is medium or louder rings at any time."))
        found = split_hours(text)
        if found is None:
            return line(
                tr(
                    "{text} are no quiet hours. Write for example /quiet 22:00-07:00 Europe/Berlin, "
                    "or /quiet off.",
                    text=echo(text),
                )
            )
        hours, named = found
        if hours[0] == hours[1]:
            return line(
                tr(
                    "Quiet hours that end when they begin would be always or never. /mute holds everything back."
                )
            )
        zone = read_zone(named) if named else ""
        if zone is None:
            return _no_zone(named)
        self.set_hours(subscriber, hours, zone)
        return self._quiet_now(self._desk.subscriber(subscriber.id) or subscriber)

    def set_hours(self, subscriber: Subscriber, hours: tuple[time, time], zone: str) -> None:
        """Be quiet between two times of day, by the clock of a zone if one is named."""
        if zone:
            self._set_timezone(subscriber, zone)
        self._desk.set_quiet(subscriber.id, hours)

    def budget(self, text: str, chat: Chat) -> Reply:
        """Ring so often a day at most; the rest goes into the digest."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        if not text:
            have = tr("There is no budget.")
            if subscriber.budget is not None:
                sounds = count(subscriber.budget, "sound", "sounds")
                have = tr("At most {sounds} a day.", sounds=sounds)
            rest = tr("/budget 8 allows eight a day, the rest goes into the digest; /budget off lifts it.")
            return _with_budget(line(f"{have} {rest}"), subscriber)
        if is_off(text):
            return self._no_budget(subscriber)
        if not (text.isascii() and text.isdecimal() and len(text) <= 4 and int(text) <= MAX_BUDGET):
            return line(
                tr(
                    "{text} is no budget. Write a number of sounds a day, from 0 to {most}, or off.",
                    text=echo(text),
                    most=MAX_BUDGET,
                )
            )
        self._desk.set_budget(subscriber.id, int(text))
        said = tr(
            "At most {sounds} a day from now on; what is critical always rings.",
            sounds=count(int(text), "sound", "sounds"),
        )
        if subscriber.digest is not None:
            return line(f"{said} {tr('The rest goes into your digest.')}")
        self._set_digest(subscriber, Digest(at=DIGEST_AT), by_budget=True)
        rest = tr(
            "The rest comes in one message every day at {time}; /digest changes that.",
            time=f"{DIGEST_AT:%H:%M}",
        )
        return line(said, rest)

    def digest(self, text: str, chat: Chat) -> Reply:
        """Send in one message what did not ring."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        if not text:
            return _with_digest(self._digest_now(subscriber), subscriber)
        if is_off(text):
            if subscriber.budget is not None:
                return line(tr("The budget needs the digest for what is over it. /budget off first."))
            self._desk.set_digest(subscriber.id, None, None)
            return line(tr("No digests any more."))
        digest = read_digest(text)
        if digest is None:
            return line(
                tr(
                    "{text} is no time for digests. Write /digest daily 07:30, /digest weekly mon 08:00 "
                    "or /digest off.",
                    text=echo(text),
                )
            )
        self._set_digest(subscriber, digest)
        return self._digest_now(self._desk.subscriber(subscriber.id) or subscriber)

    def _tapped(self, take: _Take, show: _Show, is_offered: Callable[[str], bool]) -> Handler:
        """A button that sets what it says: the message then says so, with the choices as they are now."""

        def tapped(text: str, chat: Chat) -> Reply:
            if not is_offered(text):
                return old_button()
            reply = take(text, chat)
            subscriber = known(self._desk, chat)
            return reply if subscriber is None else replace(show(reply, subscriber), replace=True)

        return tapped

    def _no_budget(self, subscriber: Subscriber) -> Reply:
        """Lift it. A digest that came with it stays until somebody says so: it may hold news that was not told yet."""
        self._desk.set_budget(subscriber.id, None)
        said = tr("No budget any more: everything at your level rings.")
        if subscriber.digest is None or not subscriber.digest_by_budget:
            return line(said)
        stays = tr(
            "The digest every day at {time} came with the budget and stays: it also tells what was below your level "
            "or muted.",
            time=f"{subscriber.digest.at:%H:%M}",
        )
        return _with(line(said, stays), [[Button(tr("Turn the digest off too"), data="digest:off")]])

    def _set_timezone(self, subscriber: Subscriber, zone: str) -> None:
        self._desk.set_timezone(subscriber.id, zone)
        if subscriber.digest is not None:
            due = next_digest(subscriber.digest, zone, self._clock())
            self._desk.set_digest(
                subscriber.id, subscriber.digest, due, by_budget=subscriber.digest_by_budget
            )

    def _set_digest(self, subscriber: Subscriber, digest: Digest, *, by_budget: bool = False) -> None:
        due = next_digest(digest, subscriber.timezone, self._clock())
        self._desk.set_digest(subscriber.id, digest, due, by_budget=by_budget)

    def _quiet_now(self, subscriber: Subscriber) -> Reply:
        if subscriber.quiet is None:
            return line(tr("There are no quiet hours. Write for example /quiet 22:00-07:00 Europe/Berlin."))
        begin, end = subscriber.quiet
        now = self._clock()
        until = quiet_until(begin, end, subscriber.timezone, now)
        state = tr("It is not quiet now.")
        if until:
            state = tr("It is quiet now, until {time}.", time=_at(until, subscriber.timezone))
        hours = tr(
            "Quiet hours: {begin} to {end}, {zone}.",
            begin=f"{begin:%H:%M}",
            end=f"{end:%H:%M}",
            zone=show_zone(subscriber.timezone),
        )
        return line(
            f"{hours} {state}",
            tr("Cards come without a sound then; what is critical rings all the same. /quiet off ends this."),
        )

    def _digest_now(self, subscriber: Subscriber) -> Reply:
        digest = subscriber.digest
        if digest is None:
            return line(
                tr(
                    "There is no digest. /digest daily 07:30 or /digest weekly mon 08:00 sends in one message what "
                    "was over your budget, below your level or muted."
                )
            )
        now, zone = self._clock(), zone_of(subscriber.timezone)
        due = next_digest(digest, subscriber.timezone, now)
        at, place = f"{digest.at:%H:%M}", show_zone(subscriber.timezone)
        if digest.weekday is None:
            when = tr("Every day at {time}, {zone}: what did not ring.", time=at, zone=place)
        else:
            when = tr(
                "Every {weekday} at {time}, {zone}: what did not ring.",
                weekday=show_date(due.astimezone(zone), "EEEE"),
                time=at,
                zone=place,
            )
        shown = clock_time(due, now, zone, zone=True)
        return line(f"{when} {tr('The next one: {time}.', time=shown)}")


def known(desk: Desk, chat: Chat) -> Subscriber | None:
    """The chat's subscriber where alerts are on."""
    subscriber = desk.subscriber(chat.subscriber_id)
    return subscriber if subscriber and subscriber.active else None


def _with_level(reply: Reply, _: Subscriber) -> Reply:
    return _with(reply, [level_row("level"), back_row()])


def _with_hours(reply: Reply, subscriber: Subscriber) -> Reply:
    (card,) = reply.cards
    if subscriber.timezone == NO_CLOCK:  # then the buttons name places
        card = replace(card, text=f"{card.text}\n{tr('From 22:00 to 07:00 by the clock of:')}")
    return _with(replace(reply, cards=(card,)), hours_rows(subscriber))


def _with_budget(reply: Reply, subscriber: Subscriber) -> Reply:
    return _with(reply, budget_rows(subscriber))


def _with_digest(reply: Reply, subscriber: Subscriber) -> Reply:
    return _with(reply, digest_rows(subscriber))


def _with_timezone(reply: Reply, subscriber: Subscriber) -> Reply:
    return _with(reply, zone_rows(subscriber))


def _with(reply: Reply, rows: Sequence[Sequence[Button]]) -> Reply:
    """The answer with further rows of buttons under its one card."""
    (card,) = reply.cards
    return replace(reply, cards=(replace(card, buttons=(*card.buttons, *map(tuple, rows))),))


def _no_zone(text: str) -> Reply:
    return line(
        tr(
            "{text} is no time zone that I know. Write it as {names}.",
            text=echo(text),
            names=alternatives(near_zones(text)),
        )
    )


def _at(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(zone_of(zone)):%H:%M}"
