"""Runs the tests that rules bring with them; a pack whose tests fail does not load."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from bot.errors import RulesError
from bot.model import Analysis, DateQuality, Entry
from bot.ports import Analyzer
from bot.rules.book import KnownIds, Rule, Rulebook
from bot.rules.engine import best_event, explain
from bot.rules.loader import fail_with, load_rulebook
from bot.rules.schema import RuleTest
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


def load_checked(folder: Path, known: KnownIds, analyzer: Analyzer) -> Rulebook:
    """Load all packs and run all their tests.

    Raises:
        RulesError: Mistakes in the files, or tests that fail; all of them, in `others` after the first.
        AnalysisError: The analyzer failed.
    """
    rulebook = load_rulebook(folder, known)
    fail_with(RulesError(f.problem, f.path, f.line, f.column) for f in run_tests(rulebook, analyzer))
    return rulebook


def run_tests(rulebook: Rulebook, analyzer: Analyzer) -> list[TestFailure]:
    """Send every rule's tests through the analyzer and the engine; what failed, in the order of the rules.

    Only `match` is tested: corroboration and throttling need a history, which a single entry has not.

    Raises:
        AnalysisError: The analyzer failed.
    """
    cases = [(rule, n, test) for rule in rulebook.rules for n, test in enumerate(rule.tests)]
    entries = [_entry(rule, n, test) for rule, n, test in cases]
    failures = []
    for (rule, n, test), entry, analysis in zip(cases, entries, analyzer.analyze(entries), strict=True):
        came = _what_came(rulebook, rule, test, entry, analysis)
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
    modality_differs = test.modality is not None and event.modality is not test.modality
    actor_differs = test.actor is not None and event.actor != test.actor
    if test.fires and not modality_differs and not actor_differs:
        return ""
    return f"it fired on {event.theme} of {event.actor or 'nobody named'}, {event.modality.value}"


def _expectation(test: RuleTest) -> str:
    if not test.fires:
        return "silence"
    details = [f"of {test.actor}"] if test.actor else []
    details += [f"as {test.modality.value}"] if test.modality else []
    return " ".join(["an alert", *details])


def _entry(rule: Rule, n: int, test: RuleTest) -> Entry:
    return Entry(
        id=digest(rule.id, str(n)),
        feed_id=test.source or "test",
        guid=f"{rule.id}#{n}",
        url="",
        title=test.title,
        text=test.text,
        content=digest(test.title, test.text),
        published=_WHEN,
        date_quality=DateQuality.OK,
        seen_at=_WHEN,
        kind=test.kind,
        tier=test.tier,
        language=test.language,
        source=test.source,
    )
