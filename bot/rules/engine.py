"""Which rules an entry satisfies. Pure: no clock, no files, every rule is asked."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.locale import marked, tr
from bot.model import Analysis, Entry, Event, Match, Modality, Story
from bot.rules.book import Rule, Rulebook
from bot.rules.conditions import Scene, failure, progress
from bot.rules.correlation import Together

_STRENGTH = [
    Modality.DENIED,
    Modality.SPECULATED,
    Modality.CONSIDERING,
    Modality.REPORTED,
    Modality.CONFIRMED,
]
_NOBODY = marked("an unnamed company")
_NUMBER = "\ue000"  # stands for the number in a title, as nothing else does
_LEADING = re.compile(r"^\{(actor|target)\}: ")


def match(rulebook: Rulebook, story: Story, entry: Entry, analysis: Analysis) -> list[Match]:
    """Every rule that a fresh event of the entry satisfies, with its best event: the loudest rule first, of equal ones the surest."""
    found = [
        Match(
            rule_id=rule.id,
            pack=rule.pack,
            level=rule.level,
            title=fill_title(rulebook, rule.title, event),
            story_id=story.id,
            entry_id=entry.id,
            event=event,
            rule_line=rule.where,
            policy=rule.policy,
        )
        for rule in rulebook.rules
        if (event := best_event(rulebook, rule, entry, analysis)) is not None
    ]
    return sorted(found, key=lambda m: (-m.level, -m.event.score))


def match_together(rulebook: Rulebook, found: Together, story_id: str = "", count: int = 0) -> Match:
    """A correlation as a match of the story that it makes; `count` is what its title says."""
    rule, newest = found.rule, found.newest
    return Match(
        rule_id=rule.id,
        pack=rule.pack,
        level=rule.level,
        title=fill_title(rulebook, rule.title, newest.event, count or found.count),
        story_id=story_id,
        entry_id=newest.entry_id,
        event=newest.event,
        rule_line=rule.where,
        policy=rule.policy,
    )


def best_event(rulebook: Rulebook, rule: Rule, entry: Entry, analysis: Analysis) -> Event | None:
    """The fresh event that satisfies a rule best: by score, then by how certain it is, then the first."""
    condition = rule.condition
    if condition is None:
        return None  # a correlation looks at more than one entry
    scenes = _scenes(rulebook, entry, analysis)
    fitting = [s.event for s in scenes if failure(condition, s) is None]
    return max(fitting, key=lambda e: (e.score, _STRENGTH.index(e.modality)), default=None)


def explain(rulebook: Rulebook, rule: Rule, entry: Entry, analysis: Analysis) -> str:
    """Why a rule is not satisfied, in words: the first condition that failed for the event that came closest.

    Empty if the rule is satisfied.
    """
    condition = rule.condition
    if condition is None:
        return tr("it correlates several stories")
    scenes = _scenes(rulebook, entry, analysis)
    if not scenes:
        return no_news(analysis)
    if best_event(rulebook, rule, entry, analysis) is not None:
        return ""
    closest = max(scenes, key=lambda s: progress(condition, s))
    who = rulebook.name(closest.event.actor) if closest.event.actor else tr("nobody named")
    return f"{closest.event.theme} ({who}): {failure(condition, closest)}"


def no_news(analysis: Analysis) -> str:
    """What an entry without a fresh event has instead, in words."""
    if analysis.events:
        return tr("only background is in it, no news")
    return tr("no event of any theme is in it")


def said_title(rulebook: Rulebook, rule_id: str, title: str, event: Event) -> str:
    """The title that an alert keeps, in the language that is spoken; as it is kept where the rule reads otherwise by now.

    Args:
        rulebook: The rules in force.
        rule_id: Whose title it is.
        title: As it is kept, filled in.
        event: What filled it in.
    """
    rule = rulebook.rule(rule_id)
    if rule is None or (said := tr(rule.title)) == rule.title:
        return title
    number = re.escape(fill_title(rulebook, rule.title.replace("{count}", _NUMBER), event))
    found = re.fullmatch(number.replace(_NUMBER, r"(?P<n>\d+)", 1).replace(_NUMBER, r"\d+"), title)
    if found is None:
        return title
    count = int(found.groupdict().get("n") or 1)
    return fill_title(rulebook, said, event, count, said_name=tr)


def fill_title(
    rulebook: Rulebook,
    template: str,
    event: Event,
    count: int = 1,
    *,
    said_name: Callable[[str], str] = str,
) -> str:
    """A rule's title for one event; `count` is how many a correlation puts together.

    Where the event has no actor (target), a leading '{actor}: ' is left out; anywhere else it reads
    'an unnamed company'. The schema has made sure that the template holds plain placeholders only. `said_name` says
    a name, or that, in another language.
    """
    ids = {"actor": event.actor, "target": event.targets[0] if event.targets else None, "theme": event.theme}
    lead = _LEADING.match(template)
    if lead and not ids[lead[1]]:
        template = template[lead.end() :]

    title = template.format(
        count=count,
        **{key: said_name(rulebook.name(an_id) if an_id else _NOBODY) for key, an_id in ids.items()},
    )
    return title[:1].upper() + title[1:]


def _scenes(rulebook: Rulebook, entry: Entry, analysis: Analysis) -> list[Scene]:
    return [Scene(entry, analysis, event, rulebook.known.companies) for event in analysis.fresh_events]
