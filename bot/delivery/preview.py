"""What was understood of something that is to be followed: a sentence, a number, some samples, and the question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from bot.delivery.history import Tally
from bot.delivery.replies import ECHO
from bot.delivery.sheet import MAX_DATA, NO_TITLE, Sheet, clip, safe_url
from bot.delivery.words import Names, clock_time, count
from bot.model import Button, Card, Severity, Target, TargetKind

_SAMPLES = 3
_TITLE = 120
_MEANS = {
    TargetKind.ALL: "whatever any rule tells",
    TargetKind.COMPANY: "whatever it does or is touched by",
    TargetKind.SECTOR: "whatever companies of this sector do",
    TargetKind.THEME: "this kind of event, whoever is behind it",
    TargetKind.PACK: "whatever the rules of this pack tell",
    TargetKind.WORD: "whatever is told with this in its headline or text",
}


def preview(
    target: Target,
    tally: Tally,
    *,
    level: Severity,
    names: Names,
    now: datetime,
    tz: tzinfo,
    head: Sequence[str] = (),
) -> Card | None:
    """The question whether to follow something; None where no button can name it.

    Args:
        target: What was understood.
        tally: What it would have been of late.
        level: The chat's.
        names: Readable names.
        now: Decides which times need a day beside them.
        tz: The zone in which times are shown.
        head: Lines before it.
    """
    if len(f"watch:{target}".encode()) > MAX_DATA:
        return None
    sheet = Sheet()
    for line in head:
        sheet.line(line)
    sheet.line(meaning(target, names) + f", at level {level.word} and above.")
    if target.kind is TargetKind.WORD:
        sheet.line("A word knows no meaning: it also finds what is denied, quoted or about something else.")
    sheet.line(_would_have_been(tally))
    for alert, entry in tally.hits[:_SAMPLES]:
        sheet.line(f"• {clock_time(alert.created_at, now, tz)} {alert.level.name} ")
        sheet.add(clip(entry.headline, _TITLE) or NO_TITLE, url=safe_url(entry.url))
    row = [Button("Follow", data=f"watch:{target}")]
    if level < Severity.HIGH:
        row.append(Button("Only high", data=f"high:{target}"))
    return sheet.card([row, [Button("Cancel", data="cancel:")]])


def meaning(target: Target, names: Names) -> str:
    """'Nvidia: whatever it does or is touched by'."""
    if target.kind is TargetKind.ALL:
        return f"Everything: {_MEANS[target.kind]}"
    if target.kind is TargetKind.WORD:
        return f"“{clip(target.id, ECHO)}” as a word: {_MEANS[target.kind]}"
    return f"{clip(names(target.id), ECHO)}: {_MEANS[target.kind]}"


def _would_have_been(tally: Tally) -> str:
    if not tally.is_known:
        return "I have kept less than a day of news so far, so I can't say how much that is."
    rate = f", {tally.per_week()}" if tally.hits and tally.is_whole else ""
    more = (
        ""
        if tally.is_whole
        else " There may have been more: only what somebody here was sent is kept, and nobody is sent everything."
    )
    least = "" if tally.is_whole or not tally.hits else "at least "
    return (
        f"That would have been {least}{count(len(tally.hits), 'alert', 'alerts')} {tally.when}{rate}.{more}"
    )
