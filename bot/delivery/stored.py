"""What an alert keeps in fixed words, in the language that is spoken.

An alert is stored once for readers of several languages: a change by its name ('stage_up', or 'stage up'), a move as
the ids of who moved and a verb ('NVDA, memory fell'), a line of several stories as the id of who acts, a tab, and the
rest. Whatever has none of these forms is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from bot.delivery.words import Names
from bot.locale import marked, show_date, tr
from bot.model import Change
from bot.text import one_line

_CHANGES: Mapping[str, str] = {
    Change.NEW_STORY: marked("new story"),
    Change.NEW_CLAIM: marked("new claim"),
    Change.STAGE_UP: marked("stage up"),
    Change.SPILLOVER: marked("spillover"),
}
AFTER_ACTOR = "\t"
_MOVES: Mapping[str, str] = {"fell": marked("{companies} fell"), "rose": marked("{companies} rose")}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ENDS_WITH_DAY = re.compile(rf"(?s)(.*)\b(\d\d) ({'|'.join(_MONTHS)})")
_LEAP = 2000  # a year that has every day


def note_text(note: str, names: Names) -> str:
    """What an alert's note says changed, in a line.

    Args:
        note: As it is stored, with names in place of ids where it is an old one.
        names: Readable names of companies and sectors.
    """
    parts = [part.rpartition(" ") for part in note.split("; ")]
    if all(who and verb in _MOVES for who, _, verb in parts):
        return "; ".join(
            tr(_MOVES[verb], companies=", ".join(names(company) for company in who.split(", ")))
            for who, _, verb in parts
        )
    changes = [part.replace(" ", "_") for part in note.split(", ")]
    if all(change in _CHANGES for change in changes):
        return ", ".join(tr(_CHANGES[change]) for change in changes)
    return note


def as_named(line: str, names: Names) -> str:
    """A line of what a correlation puts together, with the actor's name in place of its id.

    A line without `AFTER_ACTOR` is an old one, and has a name already.
    """
    who, mark, rest = line.partition(AFTER_ACTOR)
    said = f"{names(who)} · {rest}" if who and mark else rest or who
    return one_line(said)


def together_text(line: str, names: Names) -> str:
    """The same with its day and its sector as they are written in the language that is spoken."""
    who, dot, rest = line.partition(" · ")
    if AFTER_ACTOR not in line and " · " in rest:  # who, what and where: an old line that names somebody
        line = f"{names(who)}{dot}{rest}"
    said = as_named(line, names)
    found = _ENDS_WITH_DAY.fullmatch(said)
    if found is None:
        return said
    try:
        day = datetime(_LEAP, _MONTHS.index(found[3]) + 1, int(found[2]))  # noqa: DTZ001  only its day is shown
    except ValueError:
        return said
    return found[1] + show_date(day, "dd MMM")
