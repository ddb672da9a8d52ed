"""Whether an alert is about what somebody follows: the same for what is sent and for what would have been.

A word is looked for in the headline and the text of the entry behind the alert, in the rule's title and in what a
correlation puts together. Only whole words count, in any case of letters, and looking takes linear time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import cached_property

from bot.model import Alert, Entry, Severity, Target, TargetKind

MIN_WORD = 3  # characters without blanks
MAX_WORD = 40  # bytes, so that a button can name it

_MAX_TEXT = 20_000  # characters of an entry's text that are looked at
_WORD = re.compile(r"[^\W_]+")
_ANY: Mapping[Target, Severity] = {}


def words(text: str) -> str:
    """The words of a text in small letters, a blank between two, without whatever else stands there."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", folded)))


def word_target(text: str) -> Target | None:
    """What follows a word, or some that stand together; None where it is too short or too long."""
    found = words(text)
    good = len(found.replace(" ", "")) >= MIN_WORD and len(found.encode()) <= MAX_WORD
    return Target(TargetKind.WORD, found) if good else None


def targets(alert: Alert) -> frozenset[Target]:
    """Everything but words by which the alert can be followed: a company also when it is only exposed."""
    found = {
        Target(TargetKind.ALL),
        Target(TargetKind.THEME, alert.event.theme),
        Target(TargetKind.PACK, alert.pack),
    }
    found |= {Target(TargetKind.COMPANY, c) for c in alert.companies}
    found |= {Target(TargetKind.COMPANY, e.company) for e in alert.exposures}
    found |= {Target(TargetKind.SECTOR, s) for s in alert.sectors}
    return frozenset(found)


class Subject:
    """What an alert is about, asked by many readers.

    Args:
        alert: What is told.
        entry: The entry that caused it.
    """

    def __init__(self, alert: Alert, entry: Entry) -> None:
        self._alert, self._entry = alert, entry
        self._holds: dict[str, bool] = {}

    @cached_property
    def targets(self) -> frozenset[Target]:
        """Everything but words by which the alert can be followed."""
        return targets(self._alert)

    @cached_property
    def _text(self) -> str:
        alert, entry = self._alert, self._entry
        parts = (entry.title, entry.text[:_MAX_TEXT], alert.title, *alert.together)
        return f" {' | '.join(words(part) for part in parts)} "  # a run of words ends where its part ends

    def holds(self, target: Target) -> bool:
        """Whether the alert is about this."""
        if target.kind is not TargetKind.WORD:
            return target in self.targets
        if target.id not in self._holds:
            self._holds[target.id] = bool(target.id) and f" {target.id} " in self._text
        return self._holds[target.id]

    def is_followed(self, watched: Collection[Target], floors: Mapping[Target, Severity] = _ANY) -> bool:
        """Whether somebody who follows this wants to hear of it.

        Args:
            watched: What is followed.
            floors: Below which level some of it is left out.
        """
        level = self._alert.level
        return any(level >= floors.get(target, level) and self.holds(target) for target in watched)
