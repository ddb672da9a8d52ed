"""Runs the tests that rules bring with them; a pack whose tests fail does not load."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import ClassVar

from bot.documents import fail_with
from bot.errors import RulesError
from bot.model import Analysis, DateQuality, Entry, Event, Sighting
from bot.ports import Analyzer
from bot.rules.absence import absences
from bot.rules.book import KnownIds, Rule, Rulebook
from bot.rules.correlation import Linked, Memory, Together, correlations
from bot.rules.engine import best_event, explain
from bot.rules.loader import load_rulebook
from bot.rules.schema import News, RuleTest
from bot.text import digest

_WHEN = datetime(2025, 1, 1, tzinfo=UTC)  # rules don't look at the date; any will do


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFailure:
    """A rule did not do what its own test says."""

    __test__: ClassVar[bool] = False  # pytest: not a test case

    path: Path
    line: int
    column: int
    rule_id: str
    expected: str
    came: str

    @property
    def problem(self) -> str:
        """What went wrong, without the place."""
        return f"test of {self.rule_id}: expected {self.expected}, but {self.came}"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.problem}"


def _any(_first: Sighting, _then: Sighting) -> bool:
    return True


def load_checked(folder: Path, known: KnownIds, analyzer: Analyzer, linked: Linked = _any) -> Rulebook:
    """Load all packs and run all their tests; `linked` is the exposure graph's word, without it all are.

    Raises:
        RulesError: Mistakes in the files, or tests that fail; all of them, in `others` after the first.
        AnalysisError: The analyzer failed.
    """
    rulebook = load_rulebook(folder, known)
    fail_with(RulesError(f.problem, f.path, f.line, f.column) for f in run_tests(rulebook, analyzer, linked))
    return rulebook


def run_tests(rulebook: Rulebook, analyzer: Analyzer, linked: Linked = _any) -> list[TestFailure]:
    """Send every rule's tests through the analyzer and the engine; what failed, in the order of the rules.

    Only `match` and `correlate` are tested: corroboration and throttling need stories and readers.

    Raises:
        AnalysisError: The analyzer failed.
    """
    cases = [(rule, n, test) for rule in rulebook.rules for n, test in enumerate(rule.tests)]
    entries = [_entries(rule, n, test) for rule, n, test in cases]
    distinct = list({entry.id: entry for told in entries for entry in told}.values())
    analyses = {e.id: a for e, a in zip(distinct, analyzer.analyze(distinct), strict=True)}
    failures = []
    for (rule, n, test), told in zip(cases, entries, strict=True):
        read = [(entry, analyses[entry.id]) for entry in told]
        if rule.correlate is None:
            ((entry, analysis),) = read
            came = _what_came(rulebook, rule, test, entry, analysis)
        else:
            came = _what_came_together(rulebook, rule, test, read, linked)
        if came:
            line, column = rule.test_places[n]
            failures.append(
                TestFailure(
                    path=rule.path,
                    line=line,
                    column=column,
                    rule_id=rule.id,
                    expected=_expectation(test),
                    came=came,
                )
            )
    return failures


def _what_came(rulebook: Rulebook, rule: Rule, test: RuleTest, entry: Entry, analysis: Analysis) -> str:
    """What contradicts the test, in words; empty if nothing does."""
    event = best_event(rulebook, rule, entry, analysis)
    if event is None:
        return f"it did not fire: {explain(rulebook, rule, entry, analysis)}" if test.fires else ""
    return _contradiction(test, event)


def _contradiction(test: RuleTest, event: Event) -> str:
    modality_differs = test.modality is not None and event.modality is not test.modality
    actor_differs = test.actor is not None and event.actor != test.actor
    if test.fires and not modality_differs and not actor_differs:
        return ""
    return f"it fired on {event.theme} of {event.actor or 'nobody named'}, {event.modality.value}"


def _what_came_together(
    rulebook: Rulebook, rule: Rule, test: RuleTest, read: list[tuple[Entry, Analysis]], linked: Linked
) -> str:
    """The same for a correlation: its news come one after another, each as a story of its own."""
    memory = Memory({}, _WHEN, _WHEN)
    found: list[Together] = []
    claims = [Sighting.of(str(n), entry, a, e) for n, (entry, a) in enumerate(read) for e in a.fresh_events]
    for _, of_story in groupby(claims, key=lambda c: c.story_id):
        told = list(of_story)
        for claim in told:
            memory.add(claim)
        for claim in told:
            found += (t for t in correlations(rulebook, memory, claim, linked) if t.rule is rule)
    if test.until is not None:
        found += (t for t in absences(rulebook, memory, _WHEN + test.until) if t.rule is rule)
    if not found:
        said = ", ".join(sorted({c.event.theme for c in claims})) or "nothing"
        return f"it did not fire; the news say {said}" if test.fires else ""
    return _contradiction(test, found[0].newest.event)


def _expectation(test: RuleTest) -> str:
    if not test.fires:
        return "silence"
    details = [f"of {test.actor}"] if test.actor else []
    details += [f"as {test.modality.value}"] if test.modality else []
    return " ".join(["an alert", *details])


def _entries(rule: Rule, n: int, test: RuleTest) -> list[Entry]:
    """What a test lets come in, oldest first."""
    if test.news is None:
        return [_entry(rule, n, test, _WHEN)]
    told = [
        _entry(rule, n, news, _WHEN + news.at + k * (news.every or timedelta()))
        for news in test.news
        for k in range(news.times)
    ]
    return sorted(told, key=lambda e: e.at)


def _entry(rule: Rule, n: int, told: RuleTest | News, at: datetime) -> Entry:
    return Entry(
        id=digest(rule.id, told.title, told.text, told.kind, str(told.tier), told.source, told.language),
        feed_id=told.source or "test",
        guid=f"{rule.id}#{n}",
        url="",
        title=told.title,
        text=told.text,
        content=digest(told.title, told.text),
        published=at,
        date_quality=DateQuality.OK,
        seen_at=at,
        kind=told.kind,
        tier=told.tier,
        language=told.language,
        source=told.source,
    )
