"""What rules make of one entry: which fires, in which words the claim is found, and what stops the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from bot.delivery.sheet import GAP, Sheet, around, clip, no_title
from bot.delivery.words import Names, level_name
from bot.locale import marked, tr
from bot.model import Analysis, Card, EntityKind, Entry, Event
from bot.nlp.analyzer import SpacyAnalyzer
from bot.nlp.explain import explain
from bot.nlp.explanation import Silence
from bot.ports import Analyzer
from bot.rules.book import Rule, Rulebook
from bot.rules.conditions import Scene, failure, progress
from bot.rules.engine import best_event, fill_title
from bot.rules.parts import Condition
from bot.ruling.claims import show_claim
from bot.ruling.clauses import both, clauses, either, quoted, said
from bot.ruling.facts import first_failure
from bot.ruling.reading import called, plain_title, support

_FIRING, _NEAR = 10, 3  # rules that are listed
_NAME, _TITLE = 60, 120

SILENCES: Mapping[Silence, str] = {
    Silence.EMPTY: marked("there is nothing to read"),
    Silence.FOREIGN: marked("it is not in English"),
    Silence.QUIET_TITLE: marked("its headline tells no news"),
    Silence.OFF_FIELD: marked("it is not about the field that I watch"),
    Silence.BELOW: marked("nothing in it is clear enough"),
    Silence.HELD_BACK: marked("it only recalls something, or nobody acts in it"),
}
STAGES: Mapping[str, str] = {
    "theme": marked("the theme"),
    "actor": marked("the company that it is about"),
    "target": marked("the company that it also concerns"),
    "company": marked("the companies that are mentioned"),
    "sector": marked("the sectors that it speaks of"),
    "modality": marked("how certain it is"),
    "polarity": marked("whether it is affirmed"),
    "stage": marked("how far it has come"),
    "attribution": marked("whose word it is"),
    "source": marked("the source"),
    "text": marked("the words in it"),
    "all_": marked("several conditions"),
    "any_": marked("a choice of conditions"),
    "not_": marked("an exception"),
}
"""What stops a text, by the key of a match."""
SOURCE_STAGES: Mapping[str, str] = {
    "id": marked("the feed"),
    "kind": marked("the kind of source"),
    "tier": marked("the source's tier"),
    "language": marked("the language"),
}
"""The same by the key of its `source`."""


class Verdict(Enum):
    """What a rule makes of an entry."""

    FIRES = auto()
    WAITS = auto()  # for further sources
    COUNTS = auto()  # it is one of those that a correlation counts
    STOPPED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule makes of an entry, and why."""

    rule: Rule
    verdict: Verdict
    event: Event | None = None  # that fits, or comes closest
    key: str = ""  # of the first condition that does not hold: 'modality', 'source.tier'
    wanted: Condition | None = None  # that condition alone
    passed: int = 0  # conditions that hold before it


def try_rule(book: Rulebook, rule: Rule, entry: Entry, analysis: Analysis) -> Finding:
    """What a rule makes of an entry that is alone in its story."""
    if rule.correlate is not None:
        return max(
            (_one(book, rule, part, Verdict.COUNTS, entry, analysis) for part in rule.correlate.of),
            key=lambda f: (f.verdict is Verdict.COUNTS, f.passed),
        )
    assert rule.condition is not None  # the schema has made sure of one of them
    found = _one(book, rule, rule.condition, Verdict.FIRES, entry, analysis)
    if found.verdict is not Verdict.FIRES:
        return found
    event = best_event(book, rule, entry, analysis)
    wanted = rule.policy.corroborate
    enough = not wanted or any(origins <= 1 and entry.tier <= tier for origins, tier in wanted)
    return Finding(rule=rule, verdict=Verdict.FIRES if enough else Verdict.WAITS, event=event)


def _one(
    book: Rulebook, rule: Rule, condition: Condition, good: Verdict, entry: Entry, analysis: Analysis
) -> Finding:
    scenes = [Scene(entry, analysis, event, book.known.companies) for event in analysis.fresh_events]
    if not scenes:
        return Finding(rule=rule, verdict=Verdict.STOPPED)
    closest = max(scenes, key=lambda s: (failure(condition, s) is None, progress(condition, s)))
    if failure(condition, closest) is None:
        return Finding(rule=rule, verdict=good, event=closest.event)
    key, wanted = first_failure(condition, closest)
    return Finding(
        rule=rule,
        verdict=Verdict.STOPPED,
        event=closest.event,
        key=key,
        wanted=wanted,
        passed=progress(condition, closest),
    )


class Trial:
    """Draws what rules make of one entry.

    Args:
        book: The rules in force.
        names: Readable names.
        entry: What is tried.
        analysis: What it says.
        silence: Why there is no event in it, if it has none.
    """

    def __init__(
        self,
        book: Rulebook,
        names: Names,
        entry: Entry,
        analysis: Analysis,
        silence: Silence | None = None,
    ) -> None:
        self._book, self._names, self._entry, self._analysis = book, names, entry, analysis
        self._silence = silence

    def of_rule(self, rule: Rule) -> Card:
        """What one rule makes of it, and what stops it."""
        found, sheet = try_rule(self._book, rule, self._entry, self._analysis), Sheet()
        sheet.line(clip(rule.id, _NAME), EntityKind.CODE).add(": ")
        sheet.add(self._said(found), EntityKind.BOLD)
        self._evidence(sheet, found.event)
        for text in self._why(found):
            sheet.line(text)
        return sheet.line(self._basis()).card()

    def of_all(self) -> Card:
        """Which rules it would fire, or which came nearest."""
        found = [try_rule(self._book, rule, self._entry, self._analysis) for rule in self._book.rules]
        firing = sorted((f for f in found if f.verdict is not Verdict.STOPPED), key=_loudness)
        sheet = Sheet()
        if not firing:
            sheet.line(tr("No rule fires."), EntityKind.BOLD)
            self._evidence(sheet, next(iter(self._analysis.fresh_events), None))
            if not self._analysis.fresh_events:
                sheet.line(self._no_event())
            else:
                sheet.line(tr("Nearest:"))
                # Those of another theme come near only where there is none of this one.
                nearest = sorted(found, key=lambda f: -f.passed)[:_NEAR]
                nearest = [f for f in nearest if f.passed or not nearest[0].passed]
                for near in nearest:
                    sheet.line(f"• {called(near.rule)}: {_stopped(near, self._names)}")
                self._ids(sheet, nearest)
            return sheet.line(self._basis()).card()
        sheet.line(tr("These rules take it up:"), EntityKind.BOLD)
        for one in firing[:_FIRING]:
            sheet.line(f"• {self._said(one)}")
        if len(firing) > _FIRING:
            sheet.line(tr("and {n} more", n=len(firing) - _FIRING))
        for event in dict.fromkeys(f.event for f in firing if f.event is not None):
            self._evidence(sheet, event)
        self._ids(sheet, firing[:_FIRING])
        return sheet.line(self._basis()).card()

    def _ids(self, sheet: Sheet, found: Sequence[Finding]) -> None:
        """What those look for who write rules, and the way to a rule for everybody."""
        before, after = around(tr("Their ids, for /rule and /test: {ids}", ids=GAP))
        sheet.line(before)
        for n, one in enumerate(found):
            sheet.add(", " if n else "").add(clip(one.rule.id, _NAME), EntityKind.CODE)
        sheet.add(after)

    def _said(self, found: Finding) -> str:
        """The verdict in a phrase."""
        rule = found.rule
        match found.verdict:
            case Verdict.STOPPED:
                return tr("it does not fire")
            case Verdict.COUNTS:
                return tr("it counts, as one of several: {title}", title=plain_title(rule.title))
        assert found.event is not None
        title = clip(fill_title(self._book, tr(rule.title), found.event), _TITLE)
        if found.verdict is Verdict.WAITS:
            return tr("it would wait for further sources: {title}", title=title)
        return tr("it fires, {level}: {title}", level=level_name(rule.level), title=title)

    def _why(self, found: Finding) -> list[str]:
        if found.verdict is Verdict.WAITS:
            return [tr("Stopped at: further sources."), support(found.rule.policy)]
        if found.verdict is Verdict.COUNTS:
            text = marked("Whether that makes a card depends on other claims: /rule {rule} says how.")
            return [tr(text, rule=found.rule.id)]
        if found.verdict is Verdict.FIRES:
            return []
        if found.wanted is None or found.event is None:
            return [self._no_event()]
        lines = [tr("Stopped at: {stage}.", stage=_stage(found.key))]
        have = self._have(found.key, found.event)
        if have:
            lines.append(tr("Found: {found}.", found=have))
        wanted = both(clauses(found.wanted, self._names))
        lines.append(tr("It would pass where {conditions}.", conditions=wanted))
        return lines

    def _have(self, key: str, event: Event) -> str:
        """What the text has where a condition does not hold; empty for what can't be said in a word."""
        say = _HAVE.get(key)
        return say(self._entry, self._analysis, event, self._names) if say else ""

    def _no_event(self) -> str:
        if self._analysis.events:
            return tr("Stopped at: news. It only recalls past events.")
        companies = self._analysis.companies
        named = either([self._names(c) for c in companies]) if companies else tr("no company")
        if self._silence is not None:
            because = tr(SILENCES[self._silence])
            return tr(
                "Stopped at: the theme, as {because}. Mentioned: {companies}.",
                because=because,
                companies=named,
            )
        return tr(
            "Stopped at: the theme, as no event of any is in it. Mentioned: {companies}.", companies=named
        )

    def _evidence(self, sheet: Sheet, event: Event | None) -> None:
        if event is not None:
            show_claim(sheet, self._entry, event, self._names)

    def _basis(self) -> str:
        entry = self._entry
        if entry.url:
            title = clip(entry.title, _TITLE) or no_title()
            return tr(
                "Read as stored: “{title}”, {source}, tier {tier}.",
                title=title,
                source=clip(entry.source or entry.feed_id, _NAME),
                tier=entry.tier,
            )
        return tr(
            "Read as news from {kind}, tier {tier}; kind:social tier:3 before the text changes that.",
            kind=said(entry.kind),
            tier=entry.tier,
        )


def why_silent(analyzer: Analyzer, entry: Entry, analysis: Analysis) -> Silence | None:
    """Why there is no event in an entry, as far as the analyzer can tell.

    Raises:
        AnalysisError: It failed.
    """
    if analysis.events or not isinstance(analyzer, SpacyAnalyzer):
        return None
    return explain(analyzer, entry).silence


def _loudness(found: Finding) -> tuple[int, int]:
    order = (Verdict.FIRES, Verdict.WAITS, Verdict.COUNTS)
    return order.index(found.verdict), -found.rule.level


def _stage(key: str) -> str:
    head, _, part = key.partition(".")
    return tr(SOURCE_STAGES[part] if part else STAGES[head])


def _stopped(found: Finding, names: Names) -> str:
    if found.wanted is None:
        return tr("Stopped at: {stage}.", stage=tr(STAGES["theme"]))
    wanted = clip(both(clauses(found.wanted, names)), 2 * _TITLE)
    return tr("it would pass where {conditions}", conditions=wanted)


def _modality(entry: Entry, analysis: Analysis, event: Event, names: Names) -> str:
    return said(event.modality)


_HAVE: Mapping[str, Callable[[Entry, Analysis, Event, Names], str]] = {
    "theme": lambda entry, analysis, event, names: quoted(names(event.theme)),
    "actor": lambda entry, analysis, event, names: names(event.actor) if event.actor else tr("nobody named"),
    "target": lambda entry, analysis, event, names: _listed(event.targets, names),
    "company": lambda entry, analysis, event, names: _listed(analysis.companies, names),
    "sector": lambda entry, analysis, event, names: _listed(analysis.sectors, names),
    "modality": _modality,
    "polarity": _modality,
    "source.id": lambda entry, analysis, event, names: clip(entry.feed_id, _NAME),
    "source.kind": lambda entry, analysis, event, names: tr("news from {kinds}", kinds=said(entry.kind)),
    "source.tier": lambda entry, analysis, event, names: str(entry.tier),
    "source.language": lambda entry, analysis, event, names: clip(entry.language, _NAME),
}


def _listed(ids: Sequence[str], names: Names) -> str:
    return both([names(an_id) for an_id in ids[:_NEAR]]) if ids else tr("none")
