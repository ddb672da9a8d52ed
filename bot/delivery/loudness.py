"""Which levels, hours, budgets, digests and clocks are usual, with what each level would have been; for buttons to choose from."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.delivery.clocks import write_digest, write_hours
from bot.delivery.history import FORTNIGHT, History
from bot.delivery.words import level_word
from bot.locale import marked, tr
from bot.model import Button, Severity, Subscriber, Target

USUAL_HOURS = "22:00-07:00"

_PLACES = (
    (
        (marked("New York"), "America/New_York"),
        (marked("Chicago"), "America/Chicago"),
        (marked("California"), "America/Los_Angeles"),
    ),
    (
        (marked("London"), "Europe/London"),
        (marked("Berlin, Paris"), "Europe/Berlin"),
        (marked("Dubai"), "Asia/Dubai"),
    ),
    (
        (marked("India"), "Asia/Kolkata"),
        (marked("Singapore"), "Asia/Singapore"),
        (marked("Taipei"), "Asia/Taipei"),
    ),
    (
        (marked("Seoul"), "Asia/Seoul"),
        (marked("Tokyo"), "Asia/Tokyo"),
        (marked("Sydney"), "Australia/Sydney"),
    ),
)

NO_CLOCK = "UTC"  # what a chat has that never said otherwise
_NIGHTS = (USUAL_HOURS, "23:00-07:00", "00:00-08:00")
BUDGETS = ("3", "5", "10", "20")
DIGESTS: Mapping[str, str] = {
    "daily 08:00": marked("Every day at {time}"),
    "daily 18:00": marked("Every day at {time}"),
    "weekly mon 08:00": marked("Mondays at {time}"),
}
ZONES = frozenset({NO_CLOCK, *(zone for row in _PLACES for _, zone in row)})
"""What buttons offer."""


async def figures(
    history: History, watched: Collection[Target], floors: Mapping[Target, Severity]
) -> list[str]:
    """How many alerts a day each level would have been of late, a line each; or that it is too early to say."""
    tallies = [await history.tally(watched, level, FORTNIGHT, floors) for level in Severity]
    if not tallies[0].is_known:
        return [
            tr("I have kept less than a day of news so far, so I can't say yet how many alerts that will be.")
        ]
    lines = [tr("So many alerts would have come {when}, at each level and above:", when=tallies[0].when)]
    lines += [
        f"• {level_word(level)}: {tally.rate()}"
        for level, tally in zip(reversed(Severity), reversed(tallies), strict=True)
    ]
    if not all(tally.is_whole for tally in tallies):
        lines.append(tr("“At least”: only what somebody here was sent is kept."))
    return lines


def level_row(verb: str) -> list[Button]:
    """A button for each level."""
    return [Button(level_word(level), data=f"{verb}:{level.word}") for level in Severity]


def quiet_rows(verb: str) -> list[list[Button]]:
    """The usual quiet hours in the usual places."""
    return [[Button(tr(name), data=f"{verb}:{USUAL_HOURS} {zone}") for name, zone in row] for row in _PLACES]


def skip_level(subscriber: Subscriber) -> Button:
    """To leave the level as it is, by its name."""
    return Button(tr("Skip: {level}", level=level_word(subscriber.level)), data="setup:level:skip")


def skip_hours(subscriber: Subscriber) -> list[list[Button]]:
    """To leave quiet hours as they are, by what that comes to; and to end those that there are."""
    if subscriber.quiet is None:
        return [[Button(tr("Skip: no quiet hours"), data="setup:quiet:skip")]]
    stays = tr("Skip: {hours}", hours=write_hours(subscriber.quiet).replace("-", "–"))
    return [
        [Button(stays, data="setup:quiet:skip")],
        [Button(tr("No quiet hours"), data="setup:quiet:off")],
    ]


def back_row() -> list[Button]:
    """The way to everything that is set."""
    return [Button(tr("All settings"), data="settings:")]


def hours_rows(subscriber: Subscriber) -> list[list[Button]]:
    """Usual quiet hours by the chat's own clock; by those of places where it has none of its own yet."""
    now = write_hours(subscriber.quiet) if subscriber.quiet else ""
    own = [_choice(hours.replace("-", "–"), f"hours:{hours}", hours == now) for hours in _NIGHTS]
    off = [_choice(tr("No quiet hours"), "hours:off", not now)]
    if subscriber.timezone == NO_CLOCK:
        return [*quiet_rows("hours"), off, back_row()]
    return [own, off, [Button(tr("Time zone"), data="settings:zone"), *back_row()]]


def budget_rows(subscriber: Subscriber) -> list[list[Button]]:
    """Usual numbers of sounds a day."""
    usual = [
        _choice(tr("{n} a day", n=number), f"budget:{number}", number == str(subscriber.budget))
        for number in BUDGETS
    ]
    return [usual, [_choice(tr("No budget"), "budget:off", subscriber.budget is None)], back_row()]


def digest_rows(subscriber: Subscriber) -> list[list[Button]]:
    """Usual times for digests; a budget can't do without one."""
    now = write_digest(subscriber.digest) if subscriber.digest else "off"
    usual = [
        [_choice(tr(label, time=when[-5:]), f"digest:{when}", when == now)] for when, label in DIGESTS.items()
    ]
    off = [_choice(tr("No digest"), "digest:off", now == "off")] if subscriber.budget is None else []
    return [*usual, off, back_row()]


def zone_rows(subscriber: Subscriber) -> list[list[Button]]:
    """The clocks of the usual places."""
    now = subscriber.timezone
    rows = [[_choice(tr(name), f"timezone:{zone}", zone == now) for name, zone in row] for row in _PLACES]
    return [*rows, [_choice("UTC", "timezone:UTC", now == NO_CLOCK), *back_row()]]


def _choice(label: str, data: str, is_chosen: bool) -> Button:
    return Button(f"✓ {label}" if is_chosen else label, data=data)
