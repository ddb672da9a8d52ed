"""How values read: one phrase for each reason, flag and relation, and times in the reader's zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo

from bot.model import Attribution, Exposure, Modality, Reason, SourceKind
from bot.text import nearest

Names = Callable[[str], str]
"""A readable name for a company, sector or theme id."""

REASONS: Mapping[Reason, str] = {
    Reason.FIRST: "first card of this story",
    Reason.CORRELATED: "several stories together",
    Reason.DEVELOPED: "the story really changed",
    Reason.DENIED: "the claim was denied",
    Reason.CORRECTED: "the claim was corrected",
    Reason.WITHDRAWN: "the report was withdrawn",
    Reason.SPILLOVER: "what the card predicted was seen",
    Reason.COUNTED: "a further source or copy, so the card was edited without sound",
    Reason.BASELINE: "the first poll of a new feed only notes what is there",
    Reason.UNCHANGED: "revised, but nothing that matters changed",
    Reason.STALE: "published too long ago",
    Reason.ECHO: "a copy of an entry that is known",
    Reason.NO_EVENT: "no event of any theme in it",
    Reason.BACKGROUND: "it only recalls past events",
    Reason.NO_RULE: "no rule asks for it",
    Reason.UNCORROBORATED: "waits for further independent sources",
    Reason.UNSEEN_DENIAL: "denies or withdraws something that nobody was told",
    Reason.THROTTLED: "the rule spoke a short while ago",
    Reason.INHIBITED: "a rule that covers it has told it",
    Reason.SILENCED: "silenced by the operator",
    Reason.AWAY: "it came while the bot was down, and is told in one message",
    Reason.OVER_BUDGET: "this chat has had its sounds of the day; it goes into the digest",
    Reason.BELOW_LEVEL: "below the level that this chat asks for",
    Reason.MUTED: "this chat has muted it",
    Reason.NOT_WATCHED: "this chat doesn't follow it",
}

_FLAGS: Mapping[str, str] = {
    "ai_generated": "Contains AI-generated content",
    "promotional": "Promotional text",
}
_RELATIONS: Mapping[str, str] = {"competes_with": "competes", "demand_for": "demand"}


def flag_text(flag: str) -> str:
    """A flag of an analysis as a reader sees it."""
    return _FLAGS.get(flag) or flag.replace("_", " ").capitalize()


def relation_text(exposure: Exposure, names: Names) -> str:
    """How the event reaches the company, in a word or two."""
    if exposure.via:
        return "via " + ", ".join(ticker(step, names) for step in exposure.via)
    return " → ".join(_RELATIONS.get(step) or step.replace("_", " ") for step in exposure.path)


def ticker(company: str, names: Names) -> str:
    """A company in a list: its id where that is a ticker a reader knows ('NVDA', not '000660.KS')."""
    short = len(company) <= 5 and company.isascii() and company.isalpha() and company.isupper()
    return company if short else names(company)


def certainty(modality: Modality, attribution: Attribution, kind: SourceKind) -> str:
    """'considering · sourced'; a speculation has no second word."""
    said = voice(attribution, kind)
    return f"{modality} · {said}" if said else str(modality)


def voice(attribution: Attribution, kind: SourceKind) -> str:
    """Who says so, in a word or two; empty for a speculation. What ranks with a filing is one, or is market data."""
    if attribution is Attribution.SPECULATION:
        return ""
    if attribution is Attribution.FILING and kind not in (SourceKind.FILING, SourceKind.REGULATOR):
        return "market data"
    return attribution.replace("_", " ")


def count(number: int, noun: str, plural: str = "") -> str:
    """'1 copy', '2 copies'."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def clock_time(moment: datetime, now: datetime, tz: tzinfo, *, zone: bool = False) -> str:
    """'14:03 EDT'; with its day where that isn't today's, with its year where that isn't this year's."""
    local, today = moment.astimezone(tz), now.astimezone(tz)
    pattern = "%H:%M"
    if local.date() != today.date():
        pattern = "%d %b %H:%M" if local.year == today.year else "%d %b %Y %H:%M"
    return local.strftime(pattern + (" %Z" if zone else "")).strip()


def suggestion(word: str, known: list[str]) -> str:
    """'; did you mean …?' with the nearest known command or level, or an empty string."""
    hits = nearest(word, known)
    return f"; did you mean {hits[0]}?" if hits else ""
