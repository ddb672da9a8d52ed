"""Draws answers about alerts: why one was sent or held back, and which ones there were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import pairwise

from rich.text import Text

from bot.delivery.details import NAMED, why_text
from bot.delivery.holding import lapsed, standing, told_as
from bot.delivery.quote import quote
from bot.delivery.render import quoted, touched
from bot.delivery.sheet import GAP, MAX_UNITS, Sheet, around, clean, clip, no_title, number_buttons, safe_url
from bot.delivery.words import (
    Names,
    axis_word,
    clock_time,
    counted,
    level_word,
    modality_word,
    reason_text,
)
from bot.locale import show_decimal, tr
from bot.model import Alert, Button, Card, EntityKind, Event, Polarity, Reason, Story, Verdict
from bot.ports import Explanation
from bot.text import utf16_length

SHORT_ID = 8  # characters of an alert's id that readers see; its start is enough to find it

_TITLE, _RULE, _SHORT = 200, 120, 60
_FOOT = 500  # units of the lines behind the decisions, at most
_MAX_VERDICTS = 8
_NO_STORIES: Mapping[str, Story] = {}


def explanation(
    why: Explanation,
    *,
    names: Names,
    now: datetime,
    tz: tzinfo = UTC,
    subscriber_id: str | None = None,
) -> Card:
    """Everything that led to an alert: rule and line, event, evidence, exposure, and the decisions.

    Args:
        why: What the store knows.
        names: Readable names of companies, sectors and themes.
        now: Decides which times need a day beside them.
        tz: The zone in which times are shown.
        subscriber_id: Whose decisions are shown beside the general ones; None shows everybody's.
    """
    alert, entry = why.alert, why.entry
    event = alert.event
    title = clip(why.story_title or entry.title, _TITLE) or no_title()
    before, after = around(tr("Why: {title}", title=GAP))
    sheet = Sheet().line(before).add(title, EntityKind.BOLD, url=safe_url(entry.url)).add(after)
    sent = clock_time(alert.created_at, now, tz, zone=True)
    sheet.line(tr("Sent {time}: {reason}", time=sent, reason=reason_text(alert.reason)))
    sheet.line(
        tr("Rule: {title}, level {level}", title=clip(alert.title, _RULE), level=level_word(alert.level))
    )
    sheet.line(_event(event, names))
    found = quote(alert, entry)
    if found:
        source, tier = clip(entry.source, _SHORT), tr("tier {n}", n=entry.tier)
        before, after = around(tr("Evidence: {quote}", quote=GAP))
        quoted(sheet.line(before), found).add(after)
        sheet.add(f" ({source}, {tier})" if source else f" ({tier})")
    claimed = why.told or event  # by which they are exposed
    gone = claimed.polarity is Polarity.DENIED or alert.reason in (Reason.DENIED, Reason.WITHDRAWN)
    touched(sheet, alert.exposures, names, holds=not (lapsed(why.story, claimed) if why.story else gone))
    sheet.line(tr("Story: {counts}", counts=", ".join(counted(why.origins, why.copies))))
    concerning = [
        verdict_line(v, names=names, now=now, tz=tz, but=alert.rule_id)
        for v in _concerning(why.verdicts, subscriber_id)
    ]
    for told in list(dict.fromkeys(concerning))[-_MAX_VERDICTS:]:  # of several stories the same is decided
        if sheet.units + utf16_length(told) > MAX_UNITS - _FOOT:
            break
        sheet.line(told)
    sheet.line(_technical(alert))
    before, after = around(tr("Id: {id}", id=GAP))
    return sheet.line(before).add(clip(alert.id, _SHORT), EntityKind.CODE).add(after).card()


def _technical(alert: Alert) -> str:
    """What those look for who write rules: the rule's id and place, the event's three axes and its score."""
    event = alert.event
    place = f" ({clip(alert.rule_line, _SHORT)})" if alert.rule_line else ""
    axes = ", ".join(axis_word(axis) for axis in (event.stage, event.attribution, event.polarity))
    return tr(
        "For those who write rules: {rule}; {axes}; score {score}",
        rule=clip(alert.rule_id, _SHORT) + place,
        axes=axes,
        score=show_decimal(event.score, 2),
    )


def _event(event: Event, names: Names) -> str:
    """What happened, by whom, and how certain it is."""
    what = clip(names(event.theme), _SHORT)
    if event.actor:
        what = tr("{theme} by {company}", theme=what, company=clip(names(event.actor), _SHORT))
    return tr("Event: {what}: {modality}", what=what, modality=modality_word(event.modality))


def verdict_line(
    verdict: Verdict, *, names: Names = str, now: datetime, tz: tzinfo = UTC, but: str = ""
) -> str:
    """'14:03 held back until 20:03: its rule spoke … [resale]': one decision in a line.

    Args:
        verdict: The decision.
        names: Readable names of rules.
        now: Decides which times need a day beside them.
        tz: The zone in which times are shown.
        but: The rule that need not be named.
    """
    decision = verdict.decision
    why = why_text(decision, names=names, now=now, tz=tz)
    if verdict.rule_id and verdict.rule_id != but:
        why += f" [{clip(names(verdict.rule_id), NAMED)}]"
    at = clock_time(verdict.at, now, tz)
    if decision.until is None:
        if decision.send:
            return tr("{time} sent: {why}", time=at, why=why)
        return tr("{time} held back: {why}", time=at, why=why)
    until = clock_time(decision.until, now, tz)
    if decision.send:
        return tr("{time} sent until {until}: {why}", time=at, until=until, why=why)
    return tr("{time} held back until {until}: {why}", time=at, until=until, why=why)


def missed(lines: Sequence[Text], buttons: Sequence[Sequence[Button]] = ()) -> Card:
    """Lines that say why something was not told, as the command line prints them."""
    sheet = Sheet()
    for text in lines:
        sheet.line("• " if text.plain.startswith("  ") else "")
        url = safe_url(text.plain)
        if url:
            sheet.add(url, url=url)
            continue
        indent = len(text.plain) - len(text.plain.lstrip(" "))
        edges = sorted({indent, len(text), *(e for s in text.spans for e in (s.start, s.end) if e > indent)})
        for start, end in pairwise(edges):
            styles = [text.style, *(s.style for s in text.spans if s.start <= start < s.end)]
            kinds = (EntityKind.BOLD,) if "bold" in map(str, styles) else ()
            sheet.add(clean(text.plain[start:end]), *kinds)
        if sheet.units > MAX_UNITS - 2 * _TITLE:
            sheet.line("…")
            break
    return sheet.card(buttons)


def latest(
    alerts: Sequence[Alert],
    *,
    now: datetime,
    tz: tzinfo = UTC,
    heading: str,
    stories: Mapping[str, Story] = _NO_STORIES,
) -> Card:
    """The given alerts, a line each with the id that `/why` takes, and a button each that opens the story.

    Args:
        alerts: The newest first.
        now: Decides which times need a day beside them.
        tz: The zone in which times are shown.
        heading: The first line.
        stories: As they stand now, by their ids; what is shown of others is the rule's title and what was told then.
    """
    sheet = Sheet().line(heading)
    for n, alert in enumerate(alerts, 1):
        story = stories.get(alert.story_id)
        title = clip((story and story.title) or alert.title or alert.evidence, _RULE) or no_title()
        line = tr(
            "{time} {standing}: {title}",
            time=clock_time(alert.created_at, now, tz),
            standing=standing(story, alert) if story else told_as(alert),
            title=GAP,
        )
        before, after = around(line)
        gone = (EntityKind.STRIKE,) if story and lapsed(story, alert.event) else ()
        sheet.line(f"{n}. {before}").add(title, *gone).add(f"{after} ")
        sheet.add(clip(alert.id[:SHORT_ID], SHORT_ID), EntityKind.CODE)
    return sheet.card(number_buttons([(n, alert.story_id) for n, alert in enumerate(alerts, 1)]))


def _concerning(verdicts: Sequence[Verdict], subscriber_id: str | None) -> list[Verdict]:
    """The decisions without those about other subscribers, which are nobody else's business."""
    return [v for v in verdicts if subscriber_id is None or v.subscriber_id in ("", subscriber_id)]
