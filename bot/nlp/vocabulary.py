"""From what a person types to what can be followed, and from ids to names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from bot.locale import SOURCE, each_language, spoken, tr
from bot.model import Target, TargetKind
from bot.nlp.lexicon import Lexicon
from bot.nlp.themes import Taxonomy
from bot.text import nearest

_SUGGESTIONS = 3
_SPELLINGS = 12  # that are looked at for them: a company has several
_ALIKE = 0.75  # at 0.6, as for the words of a file, 'foo' is taken for Fox
_LONG = 5  # characters from which on a plural is told from a name
_PLURALS = ("s", "n", "en", "e", "er")  # of the languages that names are known in
_ALL = frozenset({"all", "everything", "*"})


class RulesVocabulary:
    """Names of companies, sectors, themes and packs, in any case and spelling of blanks."""

    def __init__(self, lexicon: Lexicon, taxonomy: Taxonomy, packs: Mapping[str, str]) -> None:
        """Index every name; `packs` maps the id of a pack of rules to its title."""
        self._targets: dict[str, dict[Target, str]] = {}
        self._languages: dict[str, set[str]] = {}  # in which a word is one, by its key
        self._names: dict[str, str] = {}
        for company in lexicon.companies.values():
            self._names[company.id] = company.name
            target = Target(TargetKind.COMPANY, company.id)
            for word in lexicon.names_of(company.id):
                self._add(word, target)
        for kind, parts in ((TargetKind.SECTOR, taxonomy.sectors), (TargetKind.THEME, taxonomy.themes)):
            for part in parts.values():
                self._names.setdefault(part.id, part.name)
                self._add_all(part.id, part.name, Target(kind, part.id))
        for pack, title in packs.items():
            self._names.setdefault(pack, title or pack)
            self._add_all(pack, title, Target(TargetKind.PACK, pack))

    def _add_all(self, an_id: str, name: str, target: Target) -> None:
        """By id and name, also as readers of other languages see it."""
        self._add(an_id, target)
        for language, word in each_language(partial(tr, name)).items():
            if word:
                self._add(word, target, language)

    def _add(self, word: str, target: Target, language: str = SOURCE) -> None:
        self._targets.setdefault(_key(word), {}).setdefault(target, word)
        self._languages.setdefault(_key(word), set()).add(language)

    def resolve(self, text: str, /) -> list[Target]:
        """Targets meant by a name, ticker, cashtag, theme, sector or pack; several if ambiguous, none if unknown.

        A kind in front ('theme:selloff', 'pack compute') decides between homonyms; a cashtag means a company.
        """
        words = text.strip().removeprefix("#")
        kind: TargetKind | None = None
        head, _, tail = words.replace(":", " ", 1).partition(" ")
        if tail.strip() and head.lower() in set(TargetKind):
            kind, words = TargetKind(head.lower()), tail
        if words.startswith("$"):
            kind, words = TargetKind.COMPANY, words[1:]
        if kind in (None, TargetKind.ALL) and words.strip().lower() in _ALL:
            return [Target(TargetKind.ALL)]
        found = self._targets.get(_key(words)) or self._in_other_number(_key(words))
        return [target for target in found if kind in (None, target.kind)]

    def _in_other_number(self, key: str) -> list[Target]:
        """What is no company and is called so in the plural, or in the singular: 'data centre', 'Exportkontrollen'."""
        if len(key) < _LONG:
            return []
        others = [other for end in _PLURALS for other in (key + end, key.removesuffix(end)) if other != key]
        found = next((self._targets[other] for other in others if other in self._targets), {})
        return [target for target in found if target.kind is not TargetKind.COMPANY]

    def suggest(self, text: str, /) -> list[str]:
        """The nearest known words, best first, as their owners write them, and none twice by two names.

        They are English, or of the language that is spoken. Where the nearest is an id, it is the name that belongs to it.
        """
        readable = {SOURCE, spoken()}
        known = [key for key, languages in self._languages.items() if languages & readable]
        words: list[str] = []
        named: set[Target] = set()
        for hit in nearest(_key(text), known, limit=_SPELLINGS, alike=_ALIKE):
            if not named.issuperset(self._targets[hit]):
                target, word = next(iter(self._targets[hit].items()))
                words.append(self._names[target.id] if word == target.id else word)
                named.update(self._targets[hit])
        return words[:_SUGGESTIONS]

    def name(self, target_id: str, /) -> str:
        """A readable name for an id; the id itself if unknown."""
        return self._names.get(target_id, target_id)


def _key(word: str) -> str:
    return "".join(c for c in word.casefold() if c.isalnum()) or word.strip().casefold()
