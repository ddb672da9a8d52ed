"""Which levels and quiet hours are usual, with what each level would have been; for buttons to choose from."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.delivery.history import FORTNIGHT, History
from bot.delivery.words import level_word
from bot.locale import marked, tr
from bot.model import Button, Severity, Target

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
