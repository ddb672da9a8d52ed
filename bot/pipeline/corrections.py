"""What a correction is worth to readers who have never seen what it corrects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.alerts.decide import hold_match
from bot.model import Analysis, Entry, Match, Polarity, Severity, Sighting, Story
from bot.rules.book import Rulebook
from bot.rules.correlation import as_read
from bot.rules.engine import match


def is_correction(analysis: Analysis) -> bool:
    """Whether an entry sets right what was told before."""
    return any(e.polarity is Polarity.CORRECTED for e in analysis.fresh_events)


def news_in(
    matches: Iterable[Match],
    entry: Entry,
    analysis: Analysis,
    before: Story,
    earlier: Sequence[Sighting],
    rules: Rulebook,
    now: datetime,
) -> list[Match]:
    """Those matches of a correction that are news by themselves: louder than all that its story told before.

    What is read in it beside the claim that it corrects was not in the news, and is none now: see `taking_up`, which
    judges so for readers who have the card. That somebody has it decides nothing here, so that no reader's cards
    depend on another's.

    Args:
        matches: Of the correction.
        entry: The correction.
        analysis: What it says.
        before: Its story as it was.
        earlier: Claims of the story, as they were first made.
        rules: In force.
        now: UTC.
    """
    held = {(c.theme, c.actor) for c in before.claims}
    set_right = {(e.theme, e.actor) for e in analysis.fresh_events if e.polarity is Polarity.CORRECTED}
    known = _level(entry, before, earlier, rules, now)

    def is_news(found: Match) -> bool:
        if found.event.polarity is not Polarity.CORRECTED:
            return True
        is_besides = bool(set_right & held) and (found.event.theme, found.event.actor) not in held
        return not is_besides and (known is None or found.level > known)

    return [found for found in matches if is_news(found)]


def _level(
    entry: Entry, before: Story, earlier: Iterable[Sighting], rules: Rulebook, now: datetime
) -> Severity | None:
    """How loud a story was that still stands, whoever was told of it; None if it was nothing to tell."""
    told = any(m.feed_id == entry.feed_id for m in before.members)
    levels = []
    for claim in earlier:
        made, analysis = as_read(claim)
        voices = [made]
        if told:  # the same claim may have been made by a better source later, which is not remembered
            voices.append(
                replace(made, feed_id=entry.feed_id, kind=entry.kind, tier=entry.tier, source=entry.source)
            )
        levels += [
            m.level
            for voice in voices
            for m in match(rules, before, voice, analysis)
            if hold_match(m, before, (), now) is None
        ]
    return max(levels, default=None)
