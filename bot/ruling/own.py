"""A rule of somebody's own in plain words, and as a rule file has it. Implements `delivery.drafting.Wordings`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

import yaml

from bot.delivery.drafting import Wording
from bot.delivery.words import Names
from bot.loading import Loaded
from bot.locale import tr
from bot.model import CERTAINTIES, Analysis, Modality, OwnRule, Severity, SourceKind
from bot.nlp.explain import entry_of
from bot.ports import Clock, Working
from bot.rules.conditions import Scene, failure
from bot.rules.parts import Condition
from bot.ruling.clauses import both, clauses, either, quoted
from bot.ruling.wording import WordingReader

_WIDTH = 100
_HEAD = "# Save it as rules/alerts/own.yaml, then spillover lint. Give it tests of your own.\n"
_SILENT = "The weather will be fine on Sunday"


class OwnRules:
    """Reads plain words and says rules; see `delivery.drafting.Wordings`.

    Args:
        loaded: What is in force now.
        names: Readable names of companies, sectors and themes.
        clock: The time.
        working: Does something in the thread in which texts are analysed, in the language that is spoken.
    """

    def __init__(self, loaded: Callable[[], Loaded], names: Names, clock: Clock, working: Working) -> None:
        self._loaded, self._names, self._clock, self._working = loaded, names, clock, working

    async def read(self, text: str) -> Wording:
        """What somebody wants to be told."""
        loaded, now = self._loaded(), self._clock()

        def analysed(phrase: str) -> Analysis:
            return loaded.analyzer.analyze([entry_of(phrase, None, SourceKind.WIRE, now)])[0]

        return await self._working(lambda: WordingReader(analysed, loaded.vocabulary.resolve).read(text))

    def sentence(self, rule: OwnRule) -> str:
        """The rule in a sentence or several."""
        return sentence(rule, self._loaded().book.rules.known.sectors, self._names)

    async def source(self, rule: OwnRule, level: Severity, headlines: Sequence[str]) -> str:
        """The rule as a pack of its own; those of the headlines that fire it become its tests."""
        loaded, now = self._loaded(), self._clock()
        known = loaded.book.rules.known
        wanted = condition(rule, known.sectors)

        def fires(headline: str) -> bool:
            entry = entry_of(headline, None, SourceKind.WIRE, now)
            analysis = loaded.analyzer.analyze([entry])[0]
            scenes = [Scene(entry, analysis, event, known.companies) for event in analysis.fresh_events]
            return any(failure(wanted, scene) is None for scene in scenes)

        tests = await self._working(lambda: [h for h in headlines if fires(h)])
        return written(rule, asked(rule, known.sectors), level, tests)


def sentence(rule: OwnRule, sectors: Collection[str], names: Names) -> str:
    """What it tells of, and what it leaves out; `sectors` are the ids that are no companies."""
    bare = OwnRule(themes=rule.themes, least=rule.least, kinds=rule.kinds, not_kinds=rule.not_kinds)
    limits = clauses(condition(bare, sectors), names, without=frozenset({"theme"}))
    conditions = both([*([_acts(rule.who, sectors, names)] if rule.who else []), *limits])
    if rule.themes:
        about = either([quoted(names(theme)) for theme in rule.themes])
        said = [tr("Tells of {themes} where {conditions}.", themes=about, conditions=conditions)]
    else:
        said = [tr("Tells of any event where {conditions}.", conditions=conditions)]
    if rule.not_themes:
        unwanted = either([quoted(names(theme)) for theme in rule.not_themes])
        said.append(tr("Never of {themes}.", themes=unwanted))
    if rule.not_who:
        said.append(tr("Never where {condition}.", condition=_acts(rule.not_who, sectors, names)))
    if rule.words:
        said.append(tr("Only with {words} in the headline or text.", words=_either(rule.words)))
    if rule.not_words:
        said.append(tr("Never with {words} in the headline or text.", words=_either(rule.not_words)))
    return " ".join(said)


def _acts(who: Sequence[str], sectors: Collection[str], names: Names) -> str:
    """'Nvidia or AMD acts or is affected': the ways of `_about` in words."""
    companies = [names(w) for w in who if w not in sectors]
    whole = [quoted(names(w)) for w in who if w in sectors]
    ways = [tr("{companies} acts or is affected", companies=either(companies))] if companies else []
    ways += [tr("a company of the sector {sectors} acts", sectors=either(whole))] if whole else []
    return either(ways)


def _either(words: Sequence[str]) -> str:
    return either([quoted(word) for word in words])


def condition(rule: OwnRule, sectors: Collection[str]) -> Condition:
    """What a rule file would ask for; `sectors` are the ids that are no companies."""
    return Condition.model_validate(asked(rule, sectors))


def asked(rule: OwnRule, sectors: Collection[str]) -> dict[str, Any]:
    """The `match` of a rule file, as it is written there."""
    match: dict[str, Any] = {}
    if rule.themes or rule.not_themes:
        match["theme"] = _choice(rule.themes, rule.not_themes)
    least = CERTAINTIES.index(rule.least)
    if least < CERTAINTIES.index(Modality.REPORTED):
        match["modality"] = {"not": [m.value for m in (Modality.DENIED, *CERTAINTIES[:least])]}
    else:
        match["modality"] = [m.value for m in CERTAINTIES[least:]]
    if rule.kinds or rule.not_kinds:
        kinds = [k.value for k in rule.kinds], [k.value for k in rule.not_kinds]
        match["source"] = {"kind": _choice(*kinds)}
    if rule.words or rule.not_words:
        match["text"] = _choice([_pattern(w) for w in rule.words], [_pattern(w) for w in rule.not_words])
    if rule.who:
        ways = _about(rule.who, sectors)
        match |= ways[0] if len(ways) == 1 else {"any": ways}
    if rule.not_who:
        ways = _about(rule.not_who, sectors)
        match["not"] = ways[0] if len(ways) == 1 else {"any": ways}
    return match


def _about(who: Sequence[str], sectors: Collection[str]) -> list[dict[str, Any]]:
    """Ways in which something is about one of them: companies act, or it happens to them; of a sector one acts."""
    companies, whole = [w for w in who if w not in sectors], [w for w in who if w in sectors]
    ways: list[dict[str, Any]] = [{key: companies} for key in ("actor", "target") if companies]
    return [*ways, {"actor": {"sector": whole}}] if whole else ways


def _choice(wanted: Sequence[str], unwanted: Sequence[str]) -> Any:
    if not unwanted:
        return list(wanted)
    return {**({"in": list(wanted)} if wanted else {}), "not": list(unwanted)}


def _pattern(words: str) -> str:
    """Finds words as whole ones, whatever stands between them."""
    inside = r"[^\pL\pN]+".join(map(re.escape, words.split()))
    return rf"(?:^|[^\pL\pN]){inside}(?:[^\pL\pN]|$)"


def written(rule: OwnRule, match: dict[str, Any], level: Severity, fires: Sequence[str]) -> str:
    """A rule file with this one rule.

    Args:
        rule: Is called by its first theme.
        match: As `asked` gives it.
        level: Of its cards.
        fires: Headlines that fire it: they become its tests.
    """
    tests = [{"title": headline, "fires": True} for headline in fires]
    body = {
        "id": rule.themes[0] if rule.themes else "own_rule",
        "title": "{actor}: {theme}",
        "level": level.word,
        "match": match,
        "tests": [*tests, {"title": _SILENT, "fires": False}],
    }
    text = yaml.safe_dump(
        {"version": 1, "pack": "own", "title": "Own rules", "rules": [body]},
        sort_keys=False,
        allow_unicode=True,
        width=_WIDTH,
    )
    return _HEAD + text
