"""The rules in force as readers see them. Implements `delivery.ruling.Shelf`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.delivery.ruling import Pack, Row, RuleView
from bot.delivery.words import Names
from bot.errors import RulesError
from bot.locale import tr
from bot.rules.book import Rule, Rulebook
from bot.ruling.reading import plain_title, reading
from bot.text import nearest


class RulesInForce:
    """Packs and rules; see `delivery.ruling.Shelf`.

    Args:
        current: The rulebook that is in force now.
        names: Readable names of companies, sectors and themes.
    """

    def __init__(self, current: Callable[[], Rulebook], names: Names) -> None:
        self._current, self._names = current, names

    def packs(self) -> Sequence[Pack]:
        """All packs with their rules, in the order of the files."""
        book = self._current()
        return [
            Pack(
                id=pack,
                title=tr(title) or pack,
                rules=tuple(_row(rule) for rule in book.rules if rule.pack == pack),
            )
            for pack, title in book.packs.items()
        ]

    def rule(self, rule_id: str) -> RuleView | None:
        """One rule in plain words."""
        book = self._current()
        rule = book.rule(rule_id)
        if rule is None:
            return None
        return RuleView(
            row=_row(rule),
            pack=rule.pack,
            pack_title=tr(book.packs.get(rule.pack, "")) or rule.pack,
            reading=tuple(reading(rule, self._names)),
            tests=len(rule.tests),
            where=rule.where,
        )

    def meant(self, text: str) -> Sequence[str]:
        """Ids of the rules that somebody may mean: the one of this id, those whose id ends so, else the nearest."""
        ids = [rule.id for rule in self._current().rules]
        word = text.strip().casefold()
        if word in ids:
            return [word]
        ended = [an_id for an_id in ids if an_id.partition("/")[2] == word]
        if ended:
            return ended
        short = {an_id.partition("/")[2]: an_id for an_id in ids}
        near = nearest(word, ids, limit=3) + [short[n] for n in nearest(word, short, limit=3)]
        return list(dict.fromkeys(near))[:3]

    def source(self, rule_id: str) -> str:
        """A rule as its file has it, without the indent that its list gives it; reads a file.

        Raises:
            RulesError: There is no such rule, or the file has another text by now.
        """
        book = self._current()
        rule = book.rule(rule_id)
        if rule is None:
            raise RulesError(f"holds no rule {rule_id!r}", Path("rules"))
        try:
            lines = rule.path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as e:
            raise RulesError("can't be read", rule.path) from e
        later = [r.line for r in book.rules if r.path == rule.path and r.line > rule.line]
        return _cut(lines, rule, min(later, default=len(lines) + 1))


def _row(rule: Rule) -> Row:
    return Row(id=rule.id, title=plain_title(rule.title), level=rule.level)


def _cut(lines: Sequence[str], rule: Rule, end: int) -> str:
    """The lines of a rule, up to the line (from 1) at which the next one begins."""
    part = list(lines[rule.line - 1 : end - 1])
    name = re.escape(rule.id.partition("/")[2])
    if not part or not re.match(rf"\s*-.*\bid:\s*[\"']?{name}\b", part[0]):
        raise RulesError("was changed since it was loaded", rule.path, rule.line)
    while part and (not part[-1].strip() or part[-1].lstrip().startswith("#")):
        part.pop()  # what stands before the next rule is about that one
    indent = len(part[0]) - len(part[0].lstrip())
    return "\n".join(line[indent:] if not line[:indent].strip() else line for line in part)
