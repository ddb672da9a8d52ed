"""Draws alerts: the card of a story, its edits, and the replies to it. Pure; text and entities, never markup.

A card has one fixed layout, which `headline_of` and `facts_of` read back for channels that can't edit:
first line the status, second line the headline, last line the facts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, tzinfo

from bot.delivery.quote import Quote, locate, quote, split
from bot.delivery.sheet import GAP, MAX_DATA, Sheet, around, clip, no_title, safe_url
from bot.delivery.stored import note_text, together_text
from bot.delivery.words import (
    Names,
    certainty,
    clock_time,
    count,
    counted,
    flag_text,
    level_name,
    modality_word,
    relation_text,
    ticker,
    voice,
)
from bot.locale import each_language, marked, tr
from bot.model import (
    Alert,
    AlertKind,
    Button,
    Card,
    DateQuality,
    EntityKind,
    Entry,
    Exposure,
    Modality,
    Polarity,
    Reason,
    Story,
)
from bot.text import shorten

# A part's limit in characters. A character is at most two units, and all parts together with the fixed
# words come to less than MAX_UNITS, so that no card needs cutting as a whole.
_TITLE, _POST, _SOURCE, _NOTE, _RULE, _FLAGS, _EXPOSED = 300, 200, 60, 150, 120, 120, 280
_MAX_EXPOSED = 12
_TOGETHER, _MAX_TOGETHER = 150, 6
_NAME = 24
_TAKEN_BACK: Mapping[Reason, str] = {
    Reason.DENIED: marked("DENIED"),
    Reason.CORRECTED: marked("CORRECTED"),
    Reason.WITHDRAWN: marked("WITHDRAWN"),
}
_TOUCHED = ((True, marked("Exposed: {companies}")), (False, marked("May gain: {companies}")))
# Who acted on a report that does not hold looks for the same names: they are not left out, but not said to be exposed.
_SPARED = (
    (True, marked("Would have been exposed: {companies}")),
    (False, marked("Might have gained: {companies}")),
)


def card(
    alert: Alert,
    story: Story,
    entry: Entry,
    *,
    names: Names,
    now: datetime,
    tz: tzinfo = UTC,
    flags: Collection[str] = (),
    note: str = "",
    headed: Entry | None = None,
) -> Card:
    """The card of a story as it stands, for a `new` alert or an `edit`.

    Args:
        alert: What is told. With `AlertKind.EDIT` the counts and the certainty are the story's; where its claim
            is denied or its report withdrawn, the card says so first and strikes the headline out.
        story: The story with this entry in it.
        entry: The entry that holds the alert's evidence.
        names: Readable names of companies.
        now: When the card is drawn; decides which times need a day beside them.
        tz: The zone in which times are shown.
        flags: Flags of the entry's analysis, such as "ai_generated".
        note: What an edit changed; the alert's own note if empty.
        headed: The entry by which the reader was told, whose headline and address an edit keeps; None: the story's.
    """
    sheet = Sheet().line(_status(alert, story, entry, now, tz), EntityKind.BOLD)
    source = clip(entry.source, _SOURCE)
    gone = _denied(alert, story) or _withdrawn(alert, story)
    shown = _headline(sheet, alert, story, entry, headed, struck=gone)
    found = None if shown else quote(alert, entry)
    if found:
        quoted(sheet.line(), found).add(f" ({source})" if source else "")
    elif source:
        sheet.line(tr("Source: {source}", source=source))
    for line in alert.together[-_MAX_TOGETHER:] if len(alert.together) > 1 else ():
        sheet.line(f"– {clip(together_text(line, names), _TOGETHER)}")
    touched(sheet, alert.exposures, names, holds=not gone)
    if flags:
        sheet.line(clip(" · ".join(flag_text(flag) for flag in sorted(flags)), _FLAGS), EntityKind.ITALIC)
    if alert.title:
        sheet.line(tr("Rule: {title}", title=clip(alert.title, _RULE)))
    change = clip(note or note_text(alert.note, names), _NOTE)
    if change and alert.kind is AlertKind.EDIT:
        sheet.line(tr("Update: {change}", change=change))
    sheet.line(_facts(alert, story, entry, now, tz))
    return sheet.card(buttons(alert, _link(alert, story, entry, headed)))


def reply(
    alert: Alert,
    story: Story,
    entry: Entry,
    *,
    names: Names = str,
    now: datetime,
    tz: tzinfo = UTC,
    taken_up: bool = False,
) -> Card:
    """A reply to a story's card: what changed, who says so, and the link, in two to four lines.

    Args:
        alert: What is told.
        story: The story with this entry in it.
        entry: What has come.
        names: Readable names of companies.
        now: When the reply is drawn; decides which times need a day beside them.
        tz: The zone in which times are shown.
        taken_up: A louder rule than the card's has taken the story up: it is named, with its level.
    """
    sheet = Sheet().line()
    turn = _turn(alert)
    slugs = {word for word in each_language(lambda: _turn(alert)).values() if word}
    # A wire's own "CORRECTED:" says it already, whatever the reader's language.
    if not entry.title.upper().startswith(tuple(f"{word}{end}" for word in slugs for end in ":-")):
        sheet.add(turn or _goes_on(alert, taken_up=taken_up), EntityKind.BOLD).add(" · ")
    start = sheet.length
    shown = _evident_title(sheet, alert, entry)
    url = safe_url(entry.url)
    if url:
        sheet.style(EntityKind.LINK, start, url=url)
    if alert.reason is Reason.SPILLOVER:
        sheet.add(tr(": predicted by this card"))
    found = None if shown else quote(alert, entry)
    if found:
        quoted(sheet.line(), found)
    if taken_up:
        rule = tr("Rule: {title}", title=clip(alert.title, _RULE))
        sheet.line(f"{level_name(alert.level)} · {rule}" if turn else rule)
    facts = [
        clip(note_text(alert.note, names), _NOTE),
        clip(entry.source, _SOURCE),
        voice(alert.event.attribution, entry.kind),
        count(story.origins, "independent origin", "independent origins"),
        clock_time(
            alert.created_at if entry.revision else entry.at, now, tz, zone=True
        ),  # edited: seen just now
    ]
    sheet.line(" · ".join(fact for fact in facts if fact))
    return sheet.card(buttons(alert, url, mute=False))


def buttons(alert: Alert, url: str, *, mute: bool = True) -> tuple[tuple[Button, ...], ...]:
    """The row under a card; `url` must be empty or safe."""
    row = [
        Button(tr("Why"), data=_fitting(f"why:{alert.id}")),
        Button(tr("Story"), data=_fitting(f"story:{alert.id}")),
    ]
    if url:
        row.append(Button(tr("Open"), url=url))
    if not mute:
        return (tuple(row),)
    say = [
        Button(tr("Useful"), data=_fitting(f"good:{alert.id}")),
        Button(tr("Noise"), data=_fitting(f"noise:{alert.id}")),
        Button(tr("Mute ▾"), data=_fitting(f"mutes:{alert.id}")),
    ]
    return tuple(row), tuple(say)


def quoted(sheet: Sheet, found: Quote) -> Sheet:
    """Add evidence in quotation marks, its own words in bold."""
    opening, closing = around(tr("“{quote}”", quote=GAP))
    return sheet.add(opening + found.before).add(found.words, EntityKind.BOLD).add(found.after + closing)


def touched(sheet: Sheet, exposures: Collection[Exposure], names: Names, *, holds: bool) -> None:
    """Add who is hurt and who may gain, a line each; of what does not hold any more, who would have been."""
    for hurt, text in _TOUCHED if holds else _SPARED:
        groups = exposed([e for e in exposures if (e.direction < 0) == hurt], names)
        if groups:
            sheet.line(tr(text, companies=groups))


def exposed(exposures: Collection[Exposure], names: Names) -> str:
    """'CRWV, NBIS (competes) · MU, SNDK (via NVDA)': strongest first, grouped by how the event reaches them."""
    strongest = sorted(exposures, key=lambda e: (-e.weight, e.company))
    groups: dict[str, list[str]] = {}
    for exposure in strongest[:_MAX_EXPOSED]:
        relation = clip(relation_text(exposure, names), _NAME)
        groups.setdefault(relation, []).append(clip(ticker(exposure.company, names), _NAME))
    parts = [", ".join(who) + (f" ({how})" if how else "") for how, who in groups.items()]
    if len(strongest) > _MAX_EXPOSED:
        parts.append(tr("{n} more", n=len(strongest) - _MAX_EXPOSED))
    return shorten(" · ".join(parts), _EXPOSED)


def status_of(drawn: Card) -> str:
    """The first line of a card."""
    return drawn.text.split("\n", 1)[0]


def headline_of(drawn: Card) -> str:
    """The headline of a card."""
    return drawn.text.split("\n")[1] if "\n" in drawn.text else drawn.text


def facts_of(drawn: Card) -> list[str]:
    """The facts of a card: counts first, revision last."""
    return drawn.text.rsplit("\n", 1)[-1].split(" · ")


def _status(alert: Alert, story: Story, entry: Entry, now: datetime, tz: tzinfo) -> str:
    level = level_name(alert.level)
    claim = story.claim(alert.event.theme, alert.event.actor) if alert.kind is AlertKind.EDIT else None
    known = claim or alert.event
    if alert.reason in _TAKEN_BACK and (alert.reason is not Reason.WITHDRAWN or _withdrawn(alert, story)):
        # Then the event itself is the denial.
        word = f"{tr(_TAKEN_BACK[alert.reason])} {clock_time(alert.created_at, now, tz)}"
        said = alert.event.attribution
    elif _denied(alert, story):
        word, said = tr("DENIED"), known.attribution
    elif _withdrawn(alert, story):
        word, said = tr("WITHDRAWN"), known.attribution
    else:
        return f"{level} · {certainty(known.modality, known.attribution, entry.kind)}"
    return " · ".join(part for part in (word, voice(said, entry.kind), level) if part)


def _denied(alert: Alert, story: Story) -> bool:
    """Whether the card's own claim no longer holds; a new card may well be about a denial."""
    if alert.kind is not AlertKind.EDIT:
        return False
    if story.rule_id:  # one of several may be denied, and the others hold
        return story.is_denied
    claim = story.claim(alert.event.theme, alert.event.actor)
    return alert.reason is Reason.DENIED or (claim is not None and claim.polarity is Polarity.DENIED)


def _withdrawn(alert: Alert, story: Story) -> bool:
    """Whether nobody stands by the card's own claim any more, and no record bears it out."""
    if alert.kind is not AlertKind.EDIT or story.stands:
        return False
    claim = story.claim(alert.event.theme, alert.event.actor)
    return claim is None or claim.modality is not Modality.CONFIRMED


def _headline(
    sheet: Sheet, alert: Alert, story: Story, entry: Entry, headed: Entry | None, *, struck: bool
) -> bool:
    """Add the headline's line; says whether the evidence is in it."""
    sheet.line()
    start = sheet.length
    kept = headed.headline if headed else story.title
    own = clip(kept, _TITLE) if alert.kind is AlertKind.EDIT else ""
    if own and kept != entry.headline:
        sheet.add(own, EntityKind.BOLD)
        shown = False
    else:
        shown = _evident_title(sheet, alert, entry)
        if not shown:
            sheet.style(EntityKind.BOLD, start)
    url = _link(alert, story, entry, headed)
    if url:
        sheet.style(EntityKind.LINK, start, url=url)
    if struck:
        sheet.style(EntityKind.STRIKE, start)
    return shown


def _evident_title(sheet: Sheet, alert: Alert, entry: Entry) -> bool:
    """Add an entry's title, or the start of a post that has none, with the evidence bold if it lies there."""
    titled = bool(clip(entry.title, _TITLE))
    body, limit = (entry.title, _TITLE) if titled else (entry.text, _POST)
    whole, span = len(body) <= limit, locate(alert, entry)
    body = shorten(body, limit)
    kept = len(body) if whole else len(body.rstrip("…"))
    if span and span.field == ("title" if titled else "text") and span.end <= kept:
        parts = split(body, span.start, span.end)
        if parts:
            sheet.add(parts.before).add(parts.words, EntityKind.BOLD).add(parts.after)
            return True
    sheet.add(clip(body, limit) or no_title())
    return False


def _link(alert: Alert, story: Story, entry: Entry, headed: Entry | None) -> str:
    """Where the headline leads: an edit keeps the address of what it is headed by, or the story's first."""
    if alert.kind is AlertKind.EDIT and headed is not None:
        first = headed.url
    else:
        first = story.members[0].url if alert.kind is AlertKind.EDIT and story.members else ""
    return safe_url(first) or safe_url(entry.url)


def _facts(alert: Alert, story: Story, entry: Entry, now: datetime, tz: tzinfo) -> str:
    edited = alert.kind is AlertKind.EDIT
    first = story.members[0] if edited and story.members else None
    if first is not None:
        published = tr("published {time}", time=clock_time(first.at, now, tz))
    elif entry.published is None or entry.date_quality not in (DateQuality.OK, DateQuality.NAIVE):
        published = tr("undated")
    else:
        published = tr("published {time}", time=clock_time(entry.published, now, tz))
    seen = story.first_seen if edited else entry.seen_at
    facts = [
        ", ".join(counted(story.origins, story.copies)),
        published,
        tr("seen {time}", time=clock_time(seen, now, tz, zone=not edited)),
    ]
    if edited:
        facts.append(tr("updated {time}", time=clock_time(alert.created_at, now, tz, zone=True)))
    return " · ".join([*facts, tr("rev {n}", n=story.revision + 1)])


def _turn(alert: Alert) -> str:
    """What a reply tells, in capitals; empty where the story only goes on."""
    if alert.reason is Reason.SPILLOVER:
        return tr("SPILLOVER SEEN")
    if alert.reason in _TAKEN_BACK:
        return tr(_TAKEN_BACK[alert.reason])
    if alert.event.polarity is Polarity.CORRECTED:
        return tr("CORRECTED")
    return tr("CONFIRMED") if alert.event.modality is Modality.CONFIRMED else ""


def _goes_on(alert: Alert, *, taken_up: bool) -> str:
    """The same where it has no such word: its level if that has risen, or else how certain it is now."""
    word = level_name(alert.level) if taken_up else modality_word(alert.event.modality).upper()
    return tr("NOW {modality}", modality=word)


def _fitting(data: str) -> str:
    """As much of a button's data as fits; an alert is found by the start of its id."""
    return data.encode()[:MAX_DATA].decode(errors="ignore")
