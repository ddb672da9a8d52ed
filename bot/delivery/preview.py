"""What was understood of something that is to be followed: a sentence, a number, some samples, and the question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from bot.delivery.history import Tally
from bot.delivery.replies import ECHO
from bot.delivery.sheet import MAX_DATA, Sheet, clip, no_title, safe_url
from bot.delivery.words import Names, clock_time, count, level_name, level_word
from bot.locale import marked, tr
from bot.model import Button, Card, Severity, Target, TargetKind

_SAMPLES = 3
_TITLE = 120
_MEANS = {
    TargetKind.ALL: marked("Everything: whatever any rule tells"),
    TargetKind.COMPANY: marked("{name}: whatever it does or is touched by"),
    TargetKind.SECTOR: marked("{name}: whatever companies of this sector do"),
    TargetKind.THEME: marked("{name}: this kind of event, whoever is behind it"),
    TargetKind.PACK: marked("{name}: whatever the rules of this pack tell"),
    TargetKind.WORD: marked("“{name}” as a word: whatever is told with this in its headline or text"),
}
NARROWED = frozenset({TargetKind.COMPANY, TargetKind.SECTOR, TargetKind.THEME, TargetKind.WORD})
"""What can become a rule of one's own."""


def preview(
    target: Target,
    tally: Tally,
    *,
    level: Severity,
    names: Names,
    now: datetime,
    tz: tzinfo,
    head: Sequence[str] = (),
    offers: Sequence[Sequence[Button]] = (),
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
        offers: Rows of buttons for what else may be meant.
    """
    if target.kind is TargetKind.RULE or len(f"narrow:{target}".encode()) > MAX_DATA:
        return None
    sheet = Sheet()
    for line in head:
        sheet.line(line)
    sheet.line(
        tr("{meaning}, at level {level} and above.", meaning=meaning(target, names), level=level_word(level))
    )
    if target.kind is TargetKind.WORD:
        sheet.line(
            tr("A word knows no meaning: it also finds what is denied, quoted or about something else.")
        )
    past_lines(sheet, tally, now, tz)
    follow = tr("Follow the word") if offers else tr("Follow")
    row = [Button(follow, data=f"watch:{target}")]
    if level < Severity.HIGH:
        row.append(Button(tr("Only high"), data=f"high:{target}"))
    last = [Button(tr("Cancel"), data="cancel:")]
    if target.kind in NARROWED:
        last.insert(0, Button(tr("Narrow"), data=f"narrow:{target}"))
    return sheet.card([*map(list, offers), row, last])


def past_lines(sheet: Sheet, tally: Tally, now: datetime, tz: tzinfo) -> None:
    """Say what it would have been of late, with samples."""
    sheet.line(_would_have_been(tally))
    for alert, entry in tally.hits[:_SAMPLES]:
        sheet.line(f"• {clock_time(alert.created_at, now, tz)} {level_name(alert.level)} ")
        sheet.add(clip(entry.headline, _TITLE) or no_title(), url=safe_url(entry.url))


def meaning(target: Target, names: Names) -> str:
    """'Nvidia: whatever it does or is touched by'."""
    if target.kind is TargetKind.ALL:
        return tr(_MEANS[target.kind])
    name = target.id if target.kind is TargetKind.WORD else names(target.id)
    return tr(_MEANS[target.kind], name=clip(name, ECHO))


def _would_have_been(tally: Tally) -> str:
    if not tally.is_known:
        return tr("I have kept less than a day of news so far, so I can't say how much that is.")
    alerts = count(len(tally.hits), "alert", "alerts") if tally.hits else tr("no alerts")
    when = tally.when
    if not tally.hits or not tally.is_whole:
        least = tr("That would have been {alerts} {when}.", alerts=alerts, when=when)
        if tally.is_whole:
            return least
        if tally.hits:
            least = tr("That would have been at least {alerts} {when}.", alerts=alerts, when=when)
        more = tr(
            "There may have been more: only what somebody here was sent is kept, and nobody is sent everything."
        )
        return f"{least} {more}"
    rate = tally.per_week()
    return tr("That would have been {alerts} {when}, {rate}.", alerts=alerts, when=when, rate=rate)
