"""What differs between two readings of the rules folder, and why a reading was refused, in lines for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from bot.delivery.words import count
from bot.errors import BotError
from bot.loading import Loaded
from bot.locale import marked, show_number, tr
from bot.model import Feed
from bot.rules.book import Rule

T = TypeVar("T")

REFUSED = marked("The rules were not reloaded; the old ones stay in force.")
MOST_MISTAKES = 8
_NAMED = 8  # of what was added, dropped or changed
# Of what is new, of what is gone, of what is otherwise.
_RULES = marked("rules added:"), marked("rules dropped:"), marked("rules changed:")
_FEEDS = marked("feeds added:"), marked("feeds dropped:"), marked("feeds changed:")


def summary(loaded: Loaded) -> str:
    """What was read, in one line."""
    rules = loaded.book.rules
    tests = sum(len(r.tests) for r in rules.rules)
    return tr(
        "{packs}; {rules}, passing {tests}; {feeds}; version {version}",
        packs=count(len(rules.packs), "pack", "packs"),
        rules=count(len(rules.rules), "rule", "rules"),
        tests=count(tests, "test", "tests"),
        feeds=count(len(loaded.feeds), "feed", "feeds"),
        version=rules.version,
    )


def differences(before: Loaded, after: Loaded) -> list[str]:
    """What was added, dropped and changed, a line for each kind of thing."""
    lines = [
        *_compared(_RULES, _rules(before), _rules(after), _same_rule),
        *_compared(_FEEDS, _feeds(before), _feeds(after)),
    ]
    if before.analyzer.version != after.analyzer.version:
        lines.append(tr("companies, themes or language: changed"))
    if before.book.exposure != after.book.exposure:
        lines.append(tr("exposure: changed"))
    if before.book.routes != after.book.routes:
        lines.append(tr("routes: changed"))
    return lines or [tr("nothing differs")]


def mistakes(error: BotError, most: int = MOST_MISTAKES) -> list[str]:
    """Where the files are wrong, a line each."""
    found = [error, *getattr(error, "others", ())]
    lines = [f"• {e}" for e in found[:most]]
    if more := len(found) - len(lines):
        lines.append(tr("and {n} more: run spillover rules check", n=show_number(more)))
    return lines


def _rules(loaded: Loaded) -> dict[str, Rule]:
    return {r.id: r for r in loaded.book.rules.rules}


def _feeds(loaded: Loaded) -> dict[str, Feed]:
    return {f.id: f for f in loaded.feeds}


def _same_rule(one: Rule, other: Rule) -> bool:
    """Whether two rules say the same, wherever they stand."""
    return _without_place(one) == _without_place(other)


def _without_place(rule: Rule) -> Rule:
    return replace(rule, path=Path(), line=0, test_places=())


def _same(one: object, other: object) -> bool:
    return one == other


def _compared(
    headings: tuple[str, str, str],
    before: Mapping[str, T],
    after: Mapping[str, T],
    same: Callable[[T, T], bool] = _same,
) -> Iterable[str]:
    for heading, ids in zip(
        headings,
        (
            [i for i in after if i not in before],
            [i for i in before if i not in after],
            [i for i in after if i in before and not same(before[i], after[i])],
        ),
        strict=True,
    ):
        if ids:
            shown, more = ", ".join(ids[:_NAMED]), len(ids) - _NAMED
            if more > 0:
                shown = tr("{ids} and {n} more", ids=shown, n=show_number(more))
            yield f"{tr(heading)} {shown}"
