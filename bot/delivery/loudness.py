"""Which levels and quiet hours are usual, with what each level would have been; for buttons to choose from."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.delivery.history import FORTNIGHT, History
from bot.delivery.replies import LEVELS
from bot.model import Button, Severity, Target

USUAL_HOURS = "22:00-07:00"

_PLACES = (
    (("New York", "America/New_York"), ("Chicago", "America/Chicago"), ("California", "America/Los_Angeles")),
    (("London", "Europe/London"), ("Berlin, Paris", "Europe/Berlin"), ("Dubai", "Asia/Dubai")),
    (("India", "Asia/Kolkata"), ("Singapore", "Asia/Singapore"), ("Taipei", "Asia/Taipei")),
    (("Seoul", "Asia/Seoul"), ("Tokyo", "Asia/Tokyo"), ("Sydney", "Australia/Sydney")),
)


async def figures(
    history: History, watched: Collection[Target], floors: Mapping[Target, Severity]
) -> list[str]:
    """How many alerts a day each level would have been of late, a line each; or that it is too early to say."""
    tallies = [await history.tally(watched, level, FORTNIGHT, floors) for level in Severity]
    if not tallies[0].is_known:
        return [
            "I have kept less than a day of news so far, so I can't say yet how many alerts that will be."
        ]
    lines = [f"So many alerts would have come {tallies[0].when}, at each level and above:"]
    lines += [
        f"• {level.word}: {tally.rate()}"
        for level, tally in zip(reversed(Severity), reversed(tallies), strict=True)
    ]
    if not all(tally.is_whole for tally in tallies):
        lines.append("“At least”: only what somebody here was sent is kept.")
    return lines


def level_row(verb: str) -> list[Button]:
    """A button for each level."""
    return [Button(word, data=f"{verb}:{word}") for word in LEVELS]


def quiet_rows(verb: str) -> list[list[Button]]:
    """The usual quiet hours in the usual places."""
    return [[Button(name, data=f"{verb}:{USUAL_HOURS} {zone}") for name, zone in row] for row in _PLACES]
