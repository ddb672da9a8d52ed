"""Why something was not told, known beforehand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import tzinfo

from rich.text import Text

from bot.delivery.explain import missed
from bot.delivery.parts import Zone, utc
from bot.delivery.untold import Untold
from bot.model import Card

Lines = Callable[[str, str, tzinfo], Awaitable[Sequence[Text]]]


class PlainLines:
    """A `untold.WhyNot` that shows the technical lines."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    async def answer(self, reference: str, subscriber_id: str, tz: tzinfo, /) -> Card:
        """Those lines."""
        return missed(await self._lines(reference, subscriber_id, tz))


def untold(lines: Lines, zone: Zone = utc) -> Untold:
    """The command, with these lines in place of what it would say in either form."""
    return Untold(PlainLines(lines), lines, zone)
