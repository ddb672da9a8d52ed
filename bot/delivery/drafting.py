"""A rule that a chat is putting together: what was understood, and one step narrower or wider. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.delivery.history import Tally
from bot.following import own_rule, word_target
from bot.following import words as words_of
from bot.model import (
    CERTAINTIES,
    Modality,
    OwnRule,
    Severity,
    SourceKind,
    Target,
    TargetKind,
)
from bot.shelves import Drafts
from bot.text import content_words

_LEAST_WORD = 4  # letters of a word that is offered to be left out
_LOUDEST = Severity.HIGH  # beyond it nothing is left to be stricter about


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What was understood of plain words."""

    rule: OwnRule
    level: Severity | None = None  # nothing below it
    unknown: tuple[str, ...] = ()  # words of which nothing was understood
    unclear: tuple[tuple[str, tuple[Target, ...]], ...] = ()  # names that can mean several things
    is_limited: bool = False  # it says how certain, from where, how important or without what

    @property
    def parts(self) -> int:
        """How many things it combines."""
        rule = self.rule
        return sum(map(bool, (rule.themes, rule.who, rule.words))) + self.is_limited


class Wordings(Protocol):
    """Reads plain words and says rules, in the language that is spoken."""

    async def read(self, text: str) -> Wording:
        """What somebody wants to be told.

        Raises:
            AnalysisError: It can't be read just now.
        """
        ...

    def sentence(self, rule: OwnRule) -> str:
        """The rule in a sentence or several."""
        ...

    async def source(self, rule: OwnRule, level: Severity, headlines: Sequence[str]) -> str:
        """The rule as a rule file; those of the headlines that fire it become its tests."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What making rules takes."""

    wordings: Wordings
    drafts: Drafts
    sectors: Callable[[], Mapping[str, str]]  # of companies, by their ids


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule, and the level below which it says nothing; None: the chat's."""

    rule: OwnRule
    level: Severity | None = None

    def __str__(self) -> str:
        """A line that `parse` reads."""
        return f"{self.level.word if self.level is not None else ''} {self.rule}"

    @classmethod
    def parse(cls, text: str) -> Draft | None:
        """Read what `str` writes; None for anything else."""
        level, _, rule = text.partition(" ")
        try:
            return cls(OwnRule.parse(rule), Severity.parse(level) if level else None)
        except (ValueError, KeyError):
            return None

    @property
    def target(self) -> Target:
        """What is followed with it."""
        return Target(TargetKind.RULE, str(self.rule))

    def wanting(self, target: Target) -> Draft:
        """With one more thing that it wants: a theme, a word, or somebody whom it is about."""
        rule = self.rule
        if target.kind is TargetKind.THEME:
            return replace(self, rule=replace(rule, themes=(*rule.themes, target.id)))
        if target.kind is TargetKind.WORD:
            return replace(self, rule=replace(rule, words=(*rule.words, target.id)))
        return replace(self, rule=replace(rule, who=(*rule.who, target.id)))

    def without(self, word: str) -> Draft | None:
        """Without what holds a word; None where that is no word."""
        target = word_target(word)
        if target is None:
            return None
        changed = replace(self.rule, not_words=(*self.rule.not_words, target.id))
        good = own_rule(Target(TargetKind.RULE, str(changed))) is not None
        return replace(self, rule=changed) if good else None


def stricter(draft: Draft, level: Severity) -> Draft | None:
    """One step narrower: more certain, then not from social media, then confirmed, then louder; None at the end.

    Args:
        draft: As it is.
        level: The chat's; nothing below it is told anyway.
    """
    rule = draft.rule
    least = CERTAINTIES.index(rule.least)
    if least < CERTAINTIES.index(Modality.REPORTED):
        return replace(draft, rule=replace(rule, least=CERTAINTIES[least + 1]))
    if SourceKind.SOCIAL not in rule.not_kinds and not rule.kinds:
        return replace(draft, rule=replace(rule, not_kinds=(*rule.not_kinds, SourceKind.SOCIAL)))
    if rule.least is not Modality.CONFIRMED:
        return replace(draft, rule=replace(rule, least=Modality.CONFIRMED))
    now = max(level, draft.level or level)
    return replace(draft, level=Severity(now + 1)) if now < _LOUDEST else None


def looser(draft: Draft, level: Severity) -> Draft | None:
    """One step wider, the other way round; None at the end."""
    rule = draft.rule
    if draft.level is not None and draft.level > level:
        down = Severity(draft.level - 1)
        return replace(draft, level=down if down > level else None)
    if rule.least is Modality.CONFIRMED:
        return replace(draft, rule=replace(rule, least=Modality.REPORTED))
    if SourceKind.SOCIAL in rule.not_kinds:
        kept = tuple(kind for kind in rule.not_kinds if kind is not SourceKind.SOCIAL)
        return replace(draft, rule=replace(rule, not_kinds=kept))
    least = CERTAINTIES.index(rule.least)
    return replace(draft, rule=replace(rule, least=CERTAINTIES[least - 1])) if least else None


def frequent(draft: Draft, tally: Tally) -> list[str]:
    """Words in the headlines of what it would have told, the most frequent first; none that it wants or leaves out."""
    named = {*draft.rule.words, *draft.rule.not_words}
    found: Counter[str] = Counter()
    for _, entry in tally.hits:
        found.update({w for word in content_words(entry.title) for w in words_of(word).split()})
    usual = [w for w, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))]
    return [w for w in usual if len(w) >= _LEAST_WORD and w not in named and not w.isdigit()]
