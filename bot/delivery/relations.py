"""Draws whom a company depends on, and who depends on it: suppliers, rivals, customers, funders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from bot.delivery.sheet import MAX_DATA, Sheet, clip
from bot.delivery.words import Names, count
from bot.model import Button, Card, EntityKind, Neighbour

PAGE = 10  # relations on a page
_NAME, _SOURCE = 50, 80

_STEPS: Mapping[str, str] = {
    "supplies": "supplies it",
    "competes_with": "competes with it",
    "customer_of": "buys from it",
    "funds": "funds it",
    "funded_by": "is funded by it",
}
_MANY: Mapping[str, str] = {
    "supplies": "supply it",
    "competes_with": "compete with it",
    "customer_of": "buy from it",
    "funds": "fund it",
    "funded_by": "are funded by it",
}
# The exposure file's own scale: .8 a dominant share, .6 large, .4 noticeable, .3 the least worth an alert.
_WEIGHTS = ((0.75, "very strong"), (0.55, "strong"), (0.38, "noticeable"), (0.0, "slight"))


def weight_word(weight: float) -> str:
    """A weight as a reader understands it."""
    return next(word for least, word in _WEIGHTS if weight >= least)


def exposure_card(company: str, neighbours: Sequence[Neighbour], start: int, *, names: Names) -> Card:
    """Who stands in which relation to a company, strongest first.

    Args:
        company: Its id.
        neighbours: At least one, in any order.
        start: How many are on the pages before.
        names: Readable names of companies.
    """
    ordered = sorted(neighbours, key=lambda x: (-x.weight, x.step, names(x.company), x.company))
    total = len(ordered)
    sheet = Sheet().line(clip(names(company), _NAME), EntityKind.BOLD)
    sheet.add(f": {count(total, 'relation', 'relations')}, strongest first")
    if total > PAGE:
        sheet.add(f"; {start + 1}–{min(start + PAGE, total)}")
    numbers = Counter(x.step for x in ordered)
    sheet.line(
        "; ".join(f"{numbers[s]} {_STEPS[s] if numbers[s] == 1 else _MANY[s]}" for s in _MANY if numbers[s])
    )
    for x in ordered[start : start + PAGE]:
        sheet.line("• ").add(clip(names(x.company), _NAME), EntityKind.BOLD)
        sheet.add(f" {_STEPS.get(x.step) or x.step.replace('_', ' ')}: {weight_word(x.weight)}")
        source = clip(x.source, _SOURCE)
        sheet.add(f" ({source}, {x.known_since:%b %Y})" if source else f" ({x.known_since:%b %Y})")
    turns = [(max(start - PAGE, 0), "◀")] if start > 0 else []
    turns += [(start + PAGE, "▶")] if start + PAGE < total else []
    row = [Button(label, data=turn(at, company)) for at, label in turns]
    return sheet.card([[button for button in row if len(button.data.encode()) <= MAX_DATA]])


def turn(start: int, company: str) -> str:
    """The data of a button that shows a page: `who:<start>:<company>`."""
    return f"who:{start}:{company}"
