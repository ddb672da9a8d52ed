"""Says what alerts and decisions keep in fixed words, in the language that is spoken.

What is stored is shared by readers of several languages: a change is kept by its name ('stage_up', or 'stage up'), a
move as the ids of who moved and a verb ('NVDA, memory fell'), a decision's detail as a short phrase. Whatever has
none of these forms is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from bot.delivery.words import Names, count, level_word
from bot.locale import marked, show_date, tr
from bot.model import Change, Decision, Reason, Severity

_CHANGES: Mapping[str, str] = {
    Change.NEW_STORY: marked("new story"),
    Change.NEW_CLAIM: marked("new claim"),
    Change.STAGE_UP: marked("stage up"),
    Change.SPILLOVER: marked("spillover"),
}
_MOVES: Mapping[str, str] = {"fell": marked("{companies} fell"), "rose": marked("{companies} rose")}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ENDS_WITH_DAY = re.compile(rf"(?s)(.*)\b(\d\d) ({'|'.join(_MONTHS)})")
_LEAP = 2000  # a year that has every day

_Said = Callable[[re.Match[str]], str]
_DETAILS: tuple[tuple[re.Pattern[str], _Said], ...] = (
    (re.compile("first poll of a new feed"), lambda m: tr("first poll of a new feed")),
    (re.compile(r"published ([\d: -]+) UTC"), lambda m: tr("published {time}", time=f"{m[1]} UTC")),
    (re.compile("the claim has been denied since"), lambda m: tr("the claim has been denied since")),
    (re.compile("the report has been withdrawn since"), lambda m: tr("the report has been withdrawn since")),
    (
        re.compile(r"(\d{1,6}) origins?, best tier (\d{1,6})"),
        lambda m: tr(
            "{origins}, best tier {tier}", origins=count(int(m[1]), "origin", "origins"), tier=int(m[2])
        ),
    ),
    (re.compile(r"(\d+) a day"), lambda m: tr("{n} a day", n=m[1])),
    (re.compile("its text was edited"), lambda m: tr("its text was edited")),
    (re.compile("told with the story's own card"), lambda m: tr("told with the story's own card")),
    (re.compile("it fits no story"), lambda m: tr("it fits no story")),
    (re.compile("told together with others"), lambda m: tr("told together with others")),
    (re.compile(r"told by (\S+)"), lambda m: tr("told by {rule}", rule=m[1])),
    (
        re.compile(
            rf"({'|'.join(lv.word for lv in Severity)}) is below ({'|'.join(lv.word for lv in Severity)})"
        ),
        lambda m: tr(
            "{level} is below {least}",
            level=level_word(Severity.parse(m[1])),
            least=level_word(Severity.parse(m[2])),
        ),
    ),
)
_PERSONAL = (Reason.MUTED, Reason.SILENCED)  # their detail is a name or somebody's own comment


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


def detail_text(decision: Decision) -> str:
    """What more is known of a decision, in a phrase; empty if nothing."""
    if decision.reason in _PERSONAL:
        return decision.detail
    for pattern, say in _DETAILS:
        if found := pattern.fullmatch(decision.detail):
            return say(found)
    return decision.detail


def together_text(line: str) -> str:
    """A line of what a correlation puts together, its day as it is written in the language that is spoken."""
    found = _ENDS_WITH_DAY.fullmatch(line)
    if found is None:
        return line
    try:
        day = datetime(_LEAP, _MONTHS.index(found[3]) + 1, int(found[2]))  # noqa: DTZ001  only its day is shown
    except ValueError:
        return line
    return found[1] + show_date(day, "dd MMM")
