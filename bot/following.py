"""Whether an alert is about what somebody follows: the same for what is sent and for what would have been.

A word is looked for in the headline and the text of the entry behind the alert, in the rule's title and in what a
correlation puts together. Only whole words count, in any case of letters, and looking takes linear time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import cached_property, lru_cache

from bot.model import CERTAINTIES, Alert, Entry, Modality, OwnRule, Severity, Target, TargetKind

MIN_WORD = 3  # characters without blanks
MAX_WORD = 40  # bytes, so that a button can name it

_MAX_TEXT = 20_000  # characters of an entry's text that are looked at
_WORD = re.compile(r"[^\W_]+")
_ANY: Mapping[Target, Severity] = {}
_NO_SECTORS: Mapping[str, str] = {}


def words(text: str) -> str:
    """The words of a text in small letters, a blank between two, without whatever else stands there."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", folded)))


def word_target(text: str) -> Target | None:
    """What follows a word, or some that stand together; None where it is too short or too long."""
    found = words(text)
    good = len(found.replace(" ", "")) >= MIN_WORD and len(found.encode()) <= MAX_WORD
    return Target(TargetKind.WORD, found) if good else None


@lru_cache(maxsize=4096)
def own_rule(target: Target) -> OwnRule | None:
    """The rule that a target is; None where it is none, or none that can be read."""
    if target.kind is not TargetKind.RULE:
        return None
    try:
        return OwnRule.parse(target.id)
    except ValueError:
        return None


def targets(alert: Alert) -> frozenset[Target]:
    """Everything but words and rules by which the alert can be followed: a company also when it is only exposed."""
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
        sectors: Of companies, by their ids.
    """

    def __init__(self, alert: Alert, entry: Entry, sectors: Mapping[str, str] = _NO_SECTORS) -> None:
        self._alert, self._entry, self._sectors = alert, entry, sectors
        self._holds: dict[Target, bool] = {}

    @cached_property
    def targets(self) -> frozenset[Target]:
        """Everything but words and rules by which the alert can be followed."""
        return targets(self._alert)

    @cached_property
    def _text(self) -> str:
        alert, entry = self._alert, self._entry
        lines = (line.rpartition("\t")[2] for line in alert.together)  # without the id of who acts
        parts = (entry.title, entry.text[:_MAX_TEXT], alert.title, *lines)
        return f" {' | '.join(words(part) for part in parts)} "  # a run of words ends where its part ends

    def holds(self, target: Target) -> bool:
        """Whether the alert is about this."""
        if target.kind not in (TargetKind.WORD, TargetKind.RULE):
            return target in self.targets
        if target not in self._holds:
            rule = own_rule(target)
            self._holds[target] = self._has(target.id) if rule is None else self.fits(rule)
        return self._holds[target]

    def fits(self, rule: OwnRule) -> bool:
        """Whether the alert is what a rule of somebody's own asks for."""
        event, kind = self._alert.event, self._entry.kind
        return (
            (not rule.themes or event.theme in rule.themes)
            and event.theme not in rule.not_themes
            and _certainty(event.modality) >= _certainty(rule.least)
            and (not rule.kinds or kind in rule.kinds)
            and kind not in rule.not_kinds
            and (not rule.who or not self._about.isdisjoint(rule.who))
            and self._about.isdisjoint(rule.not_who)
            and (not rule.words or any(map(self._has, rule.words)))
            and not any(map(self._has, rule.not_words))
        )

    @cached_property
    def _about(self) -> frozenset[str]:
        """Whom it is about: who acts with its sector, and the companies that it happens to."""
        event = self._alert.event
        actor = {event.actor, self._sectors.get(event.actor, event.actor)} if event.actor else set()
        return frozenset({*actor, *event.targets})

    def _has(self, run: str) -> bool:
        return bool(run) and f" {run} " in self._text

    def is_followed(self, watched: Collection[Target], floors: Mapping[Target, Severity] = _ANY) -> bool:
        """Whether somebody who follows this wants to hear of it.

        Args:
            watched: What is followed.
            floors: Below which level some of it is left out.
        """
        level = self._alert.level
        return any(level >= floors.get(target, level) and self.holds(target) for target in watched)


def _certainty(modality: Modality) -> int:
    """What is denied is less than the least certain."""
    return CERTAINTIES.index(modality) if modality in CERTAINTIES else -1
