"""Reads texts for `/test` and asks the rules in force. Implements `delivery.trying.Examiner`."""

from __future__ import annotations

from collections.abc import Callable

from bot.delivery.trying import Ask
from bot.delivery.words import Names
from bot.errors import NotStoredError
from bot.loading import Loaded
from bot.model import Analysis, Card, Entry
from bot.nlp.explain import entry_of
from bot.ports import Clock, Working
from bot.ruling.shelf import RulesInForce
from bot.ruling.trial import Trial, why_silent
from bot.store.archive import Archive


class RulesExaminer:
    """See `delivery.trying.Examiner`.

    Args:
        loaded: What is in force now.
        shelf: Knows which rules are meant.
        archive: Where entries are.
        names: Readable names of companies, sectors and themes.
        clock: The time.
        working: Does something in the thread in which texts are analysed, in the language that is spoken.
    """

    def __init__(
        self,
        loaded: Callable[[], Loaded],
        shelf: RulesInForce,
        archive: Archive,
        names: Names,
        clock: Clock,
        working: Working,
    ) -> None:
        self._loaded, self._archive, self._names = loaded, archive, names
        self._clock, self._working = clock, working
        self.meant = shelf.meant

    async def examine(self, ask: Ask) -> Card:
        """What the rules make of it."""
        loaded = self._loaded()
        return await self._working(lambda: self._examine(loaded, ask))

    def _examine(self, loaded: Loaded, ask: Ask) -> Card:
        entry, analysis = self._read(loaded, ask)
        book = loaded.book.rules
        silence = why_silent(loaded.analyzer, entry, analysis)
        trial = Trial(book, self._names, entry, analysis, silence)
        rule = book.rule(ask.rule_id) if ask.rule_id else None
        return trial.of_all() if rule is None else trial.of_rule(rule)

    def _read(self, loaded: Loaded, ask: Ask) -> tuple[Entry, Analysis]:
        if not ask.reference:
            entry = entry_of(ask.text, None, ask.kind, self._clock(), tier=ask.tier)
            return entry, loaded.analyzer.analyze([entry])[0]
        found = self._archive.find(ask.reference)
        if not found:
            raise NotStoredError("it is not in the archive", near=self._archive.neighbour(ask.reference))
        entry = found[0]
        return entry, self._archive.analysis(entry.id) or loaded.analyzer.analyze([entry])[0]
