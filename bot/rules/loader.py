"""Reads the packs under `rules/alerts/` into a rulebook, all or nothing, and reports every mistake at once.

Whether the rules do what their tests say is for `bot.rules.check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

from bot.documents import Document, Loc, fail_with, read_document
from bot.errors import RulesError
from bot.rules.book import KnownIds, Rule, Rulebook
from bot.rules.parts import Choice, Condition, Group, Who
from bot.rules.schema import PackFile
from bot.text import did_you_mean, digest

__all__ = ["KnownIds", "Rulebook", "load_rulebook"]

_Reference = tuple[str, str, Loc]  # kind, id, place


def load_rulebook(folder: Path, known: KnownIds) -> Rulebook:
    """Read every `*.yaml` of a folder; one file is one pack.

    Raises:
        RulesError: The first mistake of the first file that has one, with all others in its `others`.
    """
    mistakes: list[RulesError] = []
    packs: list[Document[PackFile]] = []
    for path in _files(folder, mistakes):
        try:
            packs.append(read_document(path, PackFile))
        except RulesError as e:
            mistakes += [e, *e.others]
    mistakes += _repeated(packs)
    for document in packs:
        mistakes += _unknown(document, known)
    fail_with(mistakes)
    return Rulebook(
        rules=tuple(rule for document in packs for rule in _rules(document)),
        packs=MappingProxyType({d.content.pack: d.content.title for d in packs}),
        version=_version(packs, known),
        known=known,
    )


def _files(folder: Path, mistakes: list[RulesError]) -> list[Path]:
    try:
        paths = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    except OSError as e:
        raise RulesError(f"can't be read: {e.strerror or e}", folder) from e
    found = [p for p in paths if p.suffix == ".yaml"]
    mistakes += [RulesError("is not read: name it *.yaml", p) for p in paths if p.suffix == ".yml"]
    if not found and not mistakes:
        raise RulesError("holds no packs of rules (*.yaml)", folder)
    return found


def _repeated(packs: list[Document[PackFile]]) -> Iterator[RulesError]:
    first_pack: dict[str, Document[PackFile]] = {}
    for document in packs:
        pack = document.content.pack
        earlier = first_pack.setdefault(pack, document)
        if earlier is not document:
            yield document.error(
                f"pack {pack!r} stands in {earlier.path.name} too; give this one another id", ("pack",)
            )
        first_line: dict[str, int] = {}
        for n, rule in enumerate(document.content.rules):
            line, _ = document.place(("rules", n, "id"))
            if first_line.setdefault(rule.id, line) != line:
                problem = (
                    f"rule {pack}/{rule.id} stands here a second time (first in line {first_line[rule.id]})"
                )
                yield document.error(problem, ("rules", n, "id"))


def _unknown(document: Document[PackFile], known: KnownIds) -> Iterator[RulesError]:
    companies = frozenset(known.companies)
    words = {
        "theme": known.themes,
        "sector": known.sectors,
        "company": companies,
        "company or sector": companies | known.sectors,
        "feed": known.feeds,
    }
    for n, rule in enumerate(document.content.rules):
        named = list(_in_condition(rule.match, ("rules", n, "match"))) if rule.match else []
        for k, part in enumerate(rule.correlate.of if rule.correlate else ()):
            named += _in_condition(part, ("rules", n, "correlate", "of", k))
        for m, test in enumerate(rule.tests):
            if test.actor is not None:
                named.append(("company or sector", test.actor, ("rules", n, "tests", m, "actor")))
        for kind, word, loc in named:
            allowed = words[kind]
            if word.startswith("$"):
                lists = [f"${name}" for name in document.content.lists]
                problem = f"there is no list {word!r} in this pack{did_you_mean(word, lists)}"
                yield document.error(problem, loc)
            elif allowed is not None and word not in allowed:
                yield document.error(f"no {kind} {word!r} is known{did_you_mean(word, allowed)}", loc)


def _in_condition(condition: Condition, loc: Loc) -> Iterator[_Reference]:
    for kind in ("theme", "sector"):
        yield from _in_choice(getattr(condition, kind), kind, (*loc, kind))
    if condition.source:
        yield from _in_choice(condition.source.id, "feed", (*loc, "source", "id"))
    for key in ("actor", "target", "company"):
        who: Who | None = getattr(condition, key)
        kind = "company" if key == "company" else "company or sector"
        if who:
            yield from _in_group(who, kind, (*loc, key))
            if who.not_:
                yield from _in_group(who.not_, kind, (*loc, key, "not"))
    for key, parts in (("all", condition.all_), ("any", condition.any_)):
        for n, part in enumerate(parts or ()):
            yield from _in_condition(part, (*loc, key, n))
    if condition.not_:
        yield from _in_condition(condition.not_, (*loc, "not"))


def _in_choice(choice: Choice[str] | None, kind: str, loc: Loc) -> Iterator[_Reference]:
    if choice:
        for key, words in (("in", choice.in_), ("not", choice.not_)):
            yield from ((kind, word, (*loc, key, n)) for n, word in enumerate(words or ()))


def _in_group(group: Group, kind: str, loc: Loc) -> Iterator[_Reference]:
    yield from ((kind, word, (*loc, "in", n)) for n, word in enumerate(group.in_ or ()))
    yield from (("sector", word, (*loc, "sector", n)) for n, word in enumerate(group.sector or ()))


def _rules(document: Document[PackFile]) -> Iterator[Rule]:
    pack = document.content.pack
    for n, spec in enumerate(document.content.rules):
        yield Rule(
            id=f"{pack}/{spec.id}",
            pack=pack,
            title=spec.title,
            level=spec.severity,
            condition=spec.match,
            correlate=spec.correlate,
            policy=spec.policy(),
            tests=spec.tests,
            path=document.path,
            line=document.place(("rules", n))[0],
            test_places=tuple(document.place(("rules", n, "tests", m)) for m in range(len(spec.tests))),
        )


def _version(packs: list[Document[PackFile]], known: KnownIds) -> str:
    companies = (f"{company}={sector}" for company, sector in sorted(known.companies.items()))
    return digest(*(d.content.model_dump_json() for d in packs), *companies)
