"""Draws whom a company depends on, and who depends on it: suppliers, rivals, customers, funders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time

from bot.delivery.sheet import GAP, MAX_DATA, Sheet, around, clip
from bot.delivery.words import Names
from bot.locale import marked, show_date, tr, tr_n
from bot.model import Button, Card, EntityKind, Neighbour

PAGE = 10  # relations on a page
_NAME, _SOURCE = 50, 80

_STEPS: Mapping[str, str] = {
    "supplies": marked("{company} supplies it: {weight}"),
    "competes_with": marked("{company} competes with it: {weight}"),
    "customer_of": marked("{company} buys from it: {weight}"),
    "funds": marked("{company} funds it: {weight}"),
    "funded_by": marked("{company} is funded by it: {weight}"),
}
_MANY: Mapping[str, Callable[[int], str]] = {
    "supplies": lambda n: tr_n("{n} supplies it", "{n} supply it", n),
    "competes_with": lambda n: tr_n("{n} competes with it", "{n} compete with it", n),
    "customer_of": lambda n: tr_n("{n} buys from it", "{n} buy from it", n),
    "funds": lambda n: tr_n("{n} funds it", "{n} fund it", n),
    "funded_by": lambda n: tr_n("{n} is funded by it", "{n} are funded by it", n),
}
# The exposure file's own scale: .8 a dominant share, .6 large, .4 noticeable, .3 the least worth an alert.
_WEIGHTS = (
    (0.75, marked("very strong")),
    (0.55, marked("strong")),
    (0.38, marked("noticeable")),
    (0.0, marked("slight")),
)


def weight_word(weight: float) -> str:
    """A weight as a reader understands it."""
    return next(tr(word) for least, word in _WEIGHTS if weight >= least)


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
    before, after = around(
        tr_n(
            "{company}: {n} relation, strongest first",
            "{company}: {n} relations, strongest first",
            total,
            company=GAP,
        )
    )
    sheet = Sheet().line(before).add(clip(names(company), _NAME), EntityKind.BOLD).add(after)
    if total > PAGE:
        sheet.add(f"; {start + 1}–{min(start + PAGE, total)}")
    numbers = Counter(x.step for x in ordered)
    sheet.line("; ".join(say(numbers[step]) for step, say in _MANY.items() if numbers[step]))
    for x in ordered[start : start + PAGE]:
        before, after = around(_relation(x.step, weight_word(x.weight)))
        sheet.line("• " + before).add(clip(names(x.company), _NAME), EntityKind.BOLD).add(after)
        source = clip(x.source, _SOURCE)
        since = show_date(datetime.combine(x.known_since, time.min, UTC), "MMM y")
        sheet.add(f" ({source}, {since})" if source else f" ({since})")
    turns = [(max(start - PAGE, 0), "◀")] if start > 0 else []
    turns += [(start + PAGE, "▶")] if start + PAGE < total else []
    row = [Button(label, data=turn(at, company)) for at, label in turns]
    return sheet.card([[button for button in row if len(button.data.encode()) <= MAX_DATA]])


def _relation(step: str, weight: str) -> str:
    """What the company in the gap is to the other one."""
    if step in _STEPS:
        return tr(_STEPS[step], company=GAP, weight=weight)
    return f"{GAP} {step.replace('_', ' ')}: {weight}"


def turn(start: int, company: str) -> str:
    """The data of a button that shows a page: `who:<start>:<company>`."""
    return f"who:{start}:{company}"
