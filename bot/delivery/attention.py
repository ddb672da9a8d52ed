"""How much of a reader's attention alerts may take: levels, pauses, quiet hours, budgets and digests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import available_timezones

from bot.delivery.loudness import level_row
from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, alerts_off, echo, line
from bot.delivery.sheet import Sheet
from bot.delivery.words import (
    alternatives,
    clock_time,
    count,
    level_word,
    level_words,
    read_level,
    suggestion,
)
from bot.hours import find_zone, next_digest, quiet_until, zone_of
from bot.locale import show_date, tr
from bot.model import Digest, Subscriber
from bot.ports import Clock, Desk
from bot.text import nearest, parse_duration

MAX_BUDGET = 200
MIN_MUTE, MAX_MUTE = timedelta(minutes=1), timedelta(days=30)
DIGEST_AT = time(8)  # where somebody sets a budget without a digest
_DAYS = (
    ("monday", "montag"),
    ("tuesday", "dienstag"),
    ("wednesday", "mittwoch"),
    ("thursday", "donnerstag"),
    ("friday", "freitag"),
    ("saturday", "samstag"),
    ("sunday", "sonntag"),
)
"""As people write them, or begin them: 'mon', 'mo'."""
_DAILY, _WEEKLY = frozenset({"daily", "täglich"}), frozenset({"weekly", "wöchentlich"})
_HOURS = re.compile(
    r"(\d{1,2})(?::(\d{2}))?\s*(?:-|–|to|until)\s*(\d{1,2})(?::(\d{2}))?(?:\s+(\S.*))?", re.IGNORECASE
)
_OFF = frozenset({"off", "none", "end", "stop", "no", "aus", "nein", "keine"})


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
        self.buttons: Mapping[str, Handler] = {}
        self.managing = frozenset(self.commands)

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
            return Reply(cards=(Sheet().line(told).card([level_row("level")]),))
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
                zone=_shown(subscriber.timezone),
                time=_at(now, subscriber.timezone),
            )
            return line(text)
        zone = _zone(text)
        if zone is None:
            return _no_zone(text)
        self._set_timezone(subscriber, zone)
        text = tr(
            "Times are shown in {zone} from now on, where it is {time}.",
            zone=_shown(zone),
            time=_at(now, zone),
        )
        return line(text)

    def quiet(self, text: str, chat: Chat) -> Reply:
        """Ring nobody between two times of day; cards come all the same, without a sound."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        if not text:
            return self._quiet_now(subscriber)
        if text.lower() in _OFF:
            self._desk.set_quiet(subscriber.id, None)
            return line(tr("No quiet hours any more: what is medium or louder rings at any time."))
        found = _HOURS.fullmatch(text)
        hours = _hours(found) if found else None
        if found is None or hours is None:
            return line(
                tr(
                    "{text} are no quiet hours. Write for example /quiet 22:00-07:00 Europe/Berlin, "
                    "or /quiet off.",
                    text=echo(text),
                )
            )
        if hours[0] == hours[1]:
            return line(
                tr(
                    "Quiet hours that end when they begin would be always or never. /mute holds everything back."
                )
            )
        if found[5]:
            zone = _zone(found[5])
            if zone is None:
                return _no_zone(found[5])
            self._set_timezone(subscriber, zone)
        self._desk.set_quiet(subscriber.id, hours)
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
            return line(f"{have} {rest}")
        if text.lower() in _OFF:
            self._desk.set_budget(subscriber.id, None)
            return line(tr("No budget any more: everything at your level rings."))
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
        self._set_digest(subscriber, Digest(at=DIGEST_AT))
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
            return self._digest_now(subscriber)
        if text.lower() in _OFF:
            if subscriber.budget is not None:
                return line(tr("The budget needs the digest for what is over it. /budget off first."))
            self._desk.set_digest(subscriber.id, None, None)
            return line(tr("No digests any more."))
        digest = _digest(text.lower())
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

    def _set_timezone(self, subscriber: Subscriber, zone: str) -> None:
        self._desk.set_timezone(subscriber.id, zone)
        if subscriber.digest is not None:
            due = next_digest(subscriber.digest, zone, self._clock())
            self._desk.set_digest(subscriber.id, subscriber.digest, due)

    def _set_digest(self, subscriber: Subscriber, digest: Digest) -> None:
        due = next_digest(digest, subscriber.timezone, self._clock())
        self._desk.set_digest(subscriber.id, digest, due)

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
            zone=_shown(subscriber.timezone),
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
        at, place = f"{digest.at:%H:%M}", _shown(subscriber.timezone)
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


def read_hours(text: str) -> tuple[tuple[time, time], str] | None:
    """Quiet hours with an IANA name if a zone is named, '22:00-07:00 Berlin'; None if they are none."""
    found = _HOURS.fullmatch(text)
    hours = _hours(found) if found else None
    if found is None or hours is None or hours[0] == hours[1]:
        return None
    zone = _zone(found[5]) if found[5] else ""
    return None if zone is None else (hours, zone)


def parse_span(text: str) -> timedelta | None:
    """A duration as people write it in chat, '2h' or '1d 12h'; None if it is none."""
    try:
        return parse_duration(text.replace(" ", ""))
    except (ValueError, OverflowError):
        return None


def _hours(found: re.Match[str]) -> tuple[time, time] | None:
    try:
        return time(int(found[1]), int(found[2] or 0)), time(int(found[3]), int(found[4] or 0))
    except ValueError:
        return None


def _digest(text: str) -> Digest | None:
    words = text.replace("every day", "daily").replace("at ", "").split()
    weekday = None
    if words and words[0] in _DAILY:
        words = words[1:]
    elif words and words[0] in _WEEKLY:
        names = [n for n, day in enumerate(_DAYS) if len(words) > 1 and _is_day(words[1], day)]
        if not names:
            return None
        weekday, words = names[0], words[2:]
    elif len(words) != 1:
        return None
    if not words:
        return Digest(at=DIGEST_AT, weekday=weekday)
    found = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?", " ".join(words))
    try:
        return Digest(at=time(int(found[1]), int(found[2] or 0)), weekday=weekday) if found else None
    except ValueError:
        return None


def _is_day(word: str, names: tuple[str, str]) -> bool:
    """Whether a day is meant: in English by three letters at least, in German by two."""
    english, german = names
    return (len(word) >= 3 and english.startswith(word)) or (len(word) >= 2 and german.startswith(word))


def _zone(text: str) -> str | None:
    """The IANA name that somebody means: as written, in other case, or by its town alone; None if there is none."""
    wanted = text.strip().replace(" ", "_").casefold()
    names = sorted(available_timezones())
    whole = [n for n in names if n.casefold() == wanted]
    towns = [n for n in names if n.casefold().rpartition("/")[2] == wanted and "/" in n]
    good = [n for n in whole or towns if find_zone(n) is not None]
    return good[0] if good else None


def _no_zone(text: str) -> Reply:
    towns = sorted(n for n in available_timezones() if "/" in n)
    near = nearest(text.strip().replace(" ", "_"), towns)[:3] or ["Europe/Berlin", "America/New_York"]
    return line(
        tr(
            "{text} is no time zone that I know. Write it as {names}.",
            text=echo(text),
            names=alternatives(near),
        )
    )


def _shown(zone: str) -> str:
    return zone.replace("_", " ")


def _at(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(zone_of(zone)):%H:%M}"
