"""How values read: one phrase for each reason, flag and relation, and times in the reader's zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import reduce

from babel.numbers import format_percent

from bot.locale import SOURCE, each_language, marked, plural_form, show_date, show_number, spoken, tr
from bot.model import (
    Attribution,
    Exposure,
    Modality,
    OwnRule,
    Polarity,
    Reason,
    Severity,
    SourceKind,
    Stage,
    TargetKind,
)
from bot.text import nearest, show_duration

_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

Names = Callable[[str], str]
"""A readable name for a company, sector or theme id."""

_REASONS: Mapping[Reason, str] = {
    Reason.FIRST: marked("first card of this story"),
    Reason.CORRELATED: marked("several stories together"),
    Reason.DEVELOPED: marked("the story really changed"),
    Reason.DENIED: marked("the claim was denied"),
    Reason.CORRECTED: marked("the claim was corrected"),
    Reason.WITHDRAWN: marked("the report was withdrawn"),
    Reason.SPILLOVER: marked("what the card predicted was seen"),
    Reason.COUNTED: marked("a further source or copy, so the card was edited without sound"),
    Reason.BASELINE: marked("it was there already when its feed was read for the first time"),
    Reason.UNCHANGED: marked("it changes nothing that matters"),
    Reason.STALE: marked("it was published too long ago"),
    Reason.ECHO: marked("it is a copy of an article that was known"),
    Reason.NO_EVENT: marked("it tells of nothing that is watched for"),
    Reason.BACKGROUND: marked("it only recalls past events"),
    Reason.NO_RULE: marked("no rule asks for it"),
    Reason.UNCORROBORATED: marked("it waits for further independent sources"),
    Reason.UNSEEN_DENIAL: marked("it denies or withdraws something that nobody was told"),
    Reason.THROTTLED: marked("its rule spoke a short while ago"),
    Reason.INHIBITED: marked("another card tells it already"),
    Reason.SILENCED: marked("the operator has silenced it"),
    Reason.AWAY: marked("it came while the bot was down, and is told in one message"),
    Reason.OVER_BUDGET: marked("it goes into the digest, as this chat has had its sounds of the day"),
    Reason.BELOW_LEVEL: marked("its card is below the level that this chat asks for"),
    Reason.MUTED: marked("this chat has muted it"),
    Reason.NOT_WATCHED: marked("nobody follows what it is about"),
}

_FLAGS: Mapping[str, str] = {
    "ai_generated": marked("Contains AI-generated content"),
    "promotional": marked("Promotional text"),
    "disclaimer": marked("Disclaimer"),
    "opinion": marked("Opinion"),
    "withdrawn": marked("Withdrawn"),
}
_RELATIONS: Mapping[str, str] = {
    "competes_with": marked("competes"),
    "demand_for": marked("demand"),
    "supplies": marked("supplies"),
    "customer_of": marked("customer of"),
    "funds": marked("funds"),
    "funded_by": marked("funded by"),
}
_LEVELS: Mapping[Severity, str] = {
    Severity.INFO: marked("info"),
    Severity.LOW: marked("low"),
    Severity.MEDIUM: marked("medium"),
    Severity.HIGH: marked("high"),
    Severity.CRITICAL: marked("critical"),
}
_MODALITIES: Mapping[Modality, str] = {
    Modality.CONFIRMED: marked("confirmed"),
    Modality.REPORTED: marked("reported"),
    Modality.CONSIDERING: marked("considering"),
    Modality.SPECULATED: marked("speculated"),
    Modality.DENIED: marked("denied"),
}
_VOICES: Mapping[Attribution, str] = {
    Attribution.SPECULATION: "",
    Attribution.SOURCED: marked("sourced"),
    Attribution.ON_RECORD: marked("on record"),
    Attribution.FILING: marked("filing"),
}
_AXES: Mapping[Stage | Attribution | Polarity, str] = {
    Stage.EXPLORING: marked("exploring"),
    Stage.PLANNED: marked("planned"),
    Stage.AGREED: marked("agreed"),
    Stage.DONE: marked("done"),
    Attribution.SPECULATION: marked("speculation"),
    Attribution.SOURCED: marked("sourced"),
    Attribution.ON_RECORD: marked("on record"),
    Attribution.FILING: marked("filing"),
    Polarity.AFFIRMED: marked("affirmed"),
    Polarity.DENIED: marked("denied"),
    Polarity.CORRECTED: marked("corrected"),
}
_KINDS: Mapping[TargetKind, str] = {
    TargetKind.ALL: marked("everything"),
    TargetKind.COMPANY: marked("company"),
    TargetKind.SECTOR: marked("sector"),
    TargetKind.THEME: marked("theme"),
    TargetKind.PACK: marked("pack"),
    TargetKind.WORD: marked("word"),
    TargetKind.RULE: marked("own rule"),
}

_LEAST: Mapping[Modality, str] = {
    Modality.CONSIDERING: marked("no mere speculation"),
    Modality.REPORTED: marked("reported or confirmed"),
    Modality.CONFIRMED: marked("confirmed"),
}
_SOURCES: Mapping[SourceKind, str] = {
    SourceKind.WIRE: marked("wire services"),
    SourceKind.PAPER: marked("papers"),
    SourceKind.TRADE: marked("the trade press"),
    SourceKind.NEWSROOM: marked("company newsrooms"),
    SourceKind.FILING: marked("filings"),
    SourceKind.REGULATOR: marked("regulators"),
    SourceKind.BLOG: marked("blogs"),
    SourceKind.SOCIAL: marked("social media"),
}


def reason_text(reason: Reason) -> str:
    """Why something was told or held back, in a phrase."""
    return tr(_REASONS[reason])


def level_word(level: Severity) -> str:
    """'high', in the language that is spoken."""
    return tr(_LEVELS[level])


def level_name(level: Severity) -> str:
    """'HIGH', for the beginning of a line."""
    return level_word(level).upper()


def said_names(names: Names) -> Names:
    """The same names, those of themes and sectors in the language that is spoken when they are asked for."""
    return lambda an_id: tr(names(an_id))


def level_names(level: Severity) -> frozenset[str]:
    """The level at the beginning of a line, in every language."""
    return frozenset(each_language(lambda: level_name(level)).values())


def level_words() -> list[str]:
    """All levels in the language that is spoken, the lowest first."""
    return [level_word(level) for level in Severity]


def read_level(text: str) -> Severity | None:
    """The level that somebody names, in English or in the language that is spoken; None if it is none."""
    word = text.strip().casefold()
    return next((lv for lv in Severity if word in (lv.word, level_word(lv).casefold())), None)


def modality_word(modality: Modality) -> str:
    """'considering', in the language that is spoken."""
    return tr(_MODALITIES[modality])


def read_modality(text: str) -> Modality | None:
    """The modality that somebody names, in English or in the language that is spoken; None if it is none."""
    word = text.strip().casefold()
    return next((m for m in Modality if word in (m, modality_word(m).casefold())), None)


def axis_word(axis: Stage | Attribution | Polarity) -> str:
    """Where an event stands on one of its axes: 'planned', 'on record', 'affirmed'."""
    return tr(_AXES[axis])


def rule_text(rule: OwnRule, names: Names) -> str:
    """A rule of somebody's own in a few words: 'Compute resale · Hyperscalers · confirmed · without “lease”'."""
    wanted = [[names(t) for t in rule.themes], [names(w) for w in rule.who], [f"“{w}”" for w in rule.words]]
    said = [alternatives(words) for words in wanted if words]
    if rule.least is not Modality.SPECULATED:
        said.append(tr(_LEAST[rule.least]))
    if rule.kinds:
        said.append(tr("only from {kinds}", kinds=alternatives([source_word(k) for k in rule.kinds])))
    if rule.not_kinds:
        said.append(tr("not from {kinds}", kinds=alternatives([source_word(k) for k in rule.not_kinds])))
    unwanted = [*map(names, rule.not_themes), *map(names, rule.not_who), *(f"“{w}”" for w in rule.not_words)]
    if unwanted:
        said.append(tr("without {words}", words=alternatives(unwanted)))
    return " · ".join(said)


def source_word(kind: SourceKind) -> str:
    """'social media'."""
    return tr(_SOURCES[kind])


def kind_word(kind: TargetKind) -> str:
    """What can be followed: 'company', 'theme'; 'everything' for all of it."""
    return tr(_KINDS[kind])


def flag_text(flag: str) -> str:
    """A flag of an analysis as a reader sees it."""
    return tr(_FLAGS.get(flag) or flag.replace("_", " ").capitalize())


def relation_text(exposure: Exposure, names: Names) -> str:
    """How the event reaches the company, in a word or two."""
    if exposure.via:
        return tr("via {companies}", companies=", ".join(ticker(step, names) for step in exposure.via))
    return " → ".join(tr(_RELATIONS.get(step) or step.replace("_", " ")) for step in exposure.path)


def ticker(company: str, names: Names) -> str:
    """A company in a list: its id where that is a ticker a reader knows ('NVDA', not '000660.KS')."""
    short = len(company) <= 5 and company.isascii() and company.isalpha() and company.isupper()
    return company if short else names(company)


def certainty(modality: Modality, attribution: Attribution, kind: SourceKind) -> str:
    """'considering · sourced'; a speculation has no second word."""
    said = voice(attribution, kind)
    return f"{modality_word(modality)} · {said}" if said else modality_word(modality)


def voice(attribution: Attribution, kind: SourceKind) -> str:
    """Who says so, in a word or two; empty for a speculation. What ranks with a filing is one, or is market data."""
    if attribution is Attribution.FILING and kind not in (SourceKind.FILING, SourceKind.REGULATOR):
        return tr("market data")
    return tr(_VOICES[attribution])


def count(number: int, noun: str, plural: str) -> str:
    """'1 copy', '2 copies'; both nouns go into the catalogue."""
    return f"{show_number(number)} {plural_form(noun, plural, number)}"


def counted(origins: int, copies: int) -> list[str]:
    """'3 independent origins', '2 copies': how many tell a story; that there are no copies is not said."""
    told = [count(origins, "independent origin", "independent origins")]
    return [*told, count(copies, "copy", "copies")] if copies else told


def span_text(span: timedelta) -> str:
    """'90 days', '24 hours', '1 minute'; '1h 30m' where no one unit gives it whole."""
    if span and not span % _DAY:
        return count(span // _DAY, "day", "days")
    if span and not span % _HOUR:
        return count(span // _HOUR, "hour", "hours")
    if span and not span % _MINUTE:
        return count(span // _MINUTE, "minute", "minutes")
    return show_duration(span)


def show_share(share: float) -> str:
    """'25%', '25 %'."""
    return f"{share:.0%}" if spoken() == SOURCE else str(format_percent(share, locale=spoken()))


def clock_time(moment: datetime, now: datetime, tz: tzinfo, *, zone: bool = False) -> str:
    """'14:03 EDT'; with its day where that isn't today's, with its year where that isn't this year's."""
    local, today = moment.astimezone(tz), now.astimezone(tz)
    if local.date() == today.date():
        shown = f"{local:%H:%M}"
    elif local.year == today.year:
        shown = show_date(local, "dd MMM HH:mm")
    else:
        shown = show_date(local, "dd MMM y HH:mm")
    return f"{shown} {local:%Z}".strip() if zone else shown


def alternatives(items: Sequence[str]) -> str:
    """'A or B or C'; empty for none."""
    return reduce(lambda first, second: tr("{first} or {second}", first=first, second=second), items or [""])


def suggestion(word: str, known: list[str]) -> str:
    """'; did you mean …?' with the nearest known command or level, or an empty string."""
    hits = nearest(word, known)
    return tr("; did you mean {word}?", word=hits[0]) if hits else ""
