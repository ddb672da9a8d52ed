"""The commands about rules where there are none, and feedback without a manager: for tests of all commands."""

from __future__ import annotations

from office_fakes import MemoryDeeds

from bot.delivery.mailbox import Mailbox
from bot.delivery.managing import Office
from bot.delivery.parts import Part
from bot.delivery.ruling import Ruling
from bot.delivery.trying import Ask, Trying
from bot.model import Card
from bot.ports import Clock, Desk
from bot.rules.book import KnownIds, Rulebook
from bot.ruling.shelf import RulesInForce
from bot.shelves import Feedback

NO_RULES = Rulebook(
    rules=(), packs={}, version="", known=KnownIds(themes=frozenset(), sectors=frozenset(), companies={})
)


class NoRules(RulesInForce):
    """Nothing to be shown, and a `trying.Examiner` that says so."""

    def __init__(self) -> None:
        super().__init__(lambda: NO_RULES, str)

    async def examine(self, ask: Ask) -> Card:
        return Card(text="No rule fires.")


async def nobody(_: object) -> None:
    raise AssertionError("there is no manager")


def rule_parts(desk: Desk, feedback: Feedback, clock: Clock) -> tuple[Part, ...]:
    shelf = NoRules()
    office = Office(MemoryDeeds(), clock, ())  # type: ignore[arg-type]
    return (
        Ruling(shelf, lambda _: {}, feedback, desk, clock),
        Trying(shelf, desk),
        Mailbox(office, (), nobody),
    )
