"""What differs between two readings of the rules folder, and why a reading was refused, in lines for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from bot.errors import BotError
from bot.loading import Loaded
from bot.locale import marked
from bot.model import Feed
from bot.rules.book import Rule

T = TypeVar("T")

REFUSED = marked("The rules were not reloaded; the old ones stay in force.")
MOST_MISTAKES = 8
_NAMED = 8  # of what was added, dropped or changed


def summary(loaded: Loaded) -> str:
    """What was read, in one line."""
    rules = loaded.book.rules
    tests = sum(len(r.tests) for r in rules.rules)
    return (
        f"{len(rules.packs):,} packs, {len(rules.rules):,} rules that pass {tests:,} tests, "
        f"{len(loaded.feeds):,} feeds, version {rules.version}"
    )


def differences(before: Loaded, after: Loaded) -> list[str]:
    """What was added, dropped and changed, a line for each kind of thing."""
    lines = [
        *_compared("rules", _rules(before), _rules(after), _same_rule),
        *_compared("feeds", _feeds(before), _feeds(after)),
    ]
    if before.analyzer.version != after.analyzer.version:
        lines.append("companies, themes or language: changed")
    if before.book.exposure != after.book.exposure:
        lines.append("exposure: changed")
    if before.book.routes != after.book.routes:
        lines.append("routes: changed")
    return lines or ["nothing differs"]


def mistakes(error: BotError, most: int = MOST_MISTAKES) -> list[str]:
    """Where the files are wrong, a line each."""
    found = [error, *getattr(error, "others", ())]
    lines = [f"• {e}" for e in found[:most]]
    if more := len(found) - len(lines):
        lines.append(f"and {more} more: run spillover rules check")
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
    what: str,
    before: Mapping[str, T],
    after: Mapping[str, T],
    same: Callable[[T, T], bool] = _same,
) -> Iterable[str]:
    for verb, ids in (
        ("added", [i for i in after if i not in before]),
        ("dropped", [i for i in before if i not in after]),
        ("changed", [i for i in after if i in before and not same(before[i], after[i])]),
    ):
        if ids:
            more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
            yield f"{what} {verb}: {', '.join(ids[:_NAMED])}{more}"
