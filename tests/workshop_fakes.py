"""What making rules takes, in memory: words are understood from a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.delivery.drafting import Wording, Workshop
from bot.model import OwnRule, Severity
from bot.text import digest


class MemoryDrafts:
    """A `shelves.Drafts` that keeps everything."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], str] = {}

    def keep(self, subscriber_id: str, text: str, now: datetime, /) -> str:
        draft_id = digest(subscriber_id, text)
        self.texts[subscriber_id, draft_id] = text
        return draft_id

    def kept(self, draft_id: str, /, *, subscriber_id: str) -> str:
        return self.texts.get((subscriber_id, draft_id), "")


class TableOfWordings:
    """A `drafting.Wordings`: whatever is in no table is not understood."""

    def __init__(self, table: Mapping[str, Wording]) -> None:
        self._table = table

    async def read(self, text: str) -> Wording:
        return self._table.get(text, Wording(rule=OwnRule(), unknown=tuple(text.split())))

    def sentence(self, rule: OwnRule) -> str:
        return f"Tells of {rule}."

    async def source(self, rule: OwnRule, level: Severity, headlines: Sequence[str]) -> str:
        return "\n".join([f"rule: {rule}", f"level: {level.word}", *headlines])


def workshop(
    table: Mapping[str, Wording] | None = None, sectors: Mapping[str, str] | None = None
) -> Workshop:
    return Workshop(
        wordings=TableOfWordings(table or {}), drafts=MemoryDrafts(), sectors=lambda: sectors or {}
    )
