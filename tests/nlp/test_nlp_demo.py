"""The bundled demo: what each entry says is read so, and its noise is read as nothing that a rule would tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest
from nlp_entries import RULES, claims, nlp_entry

from bot.demo.script import Effect, Expect, Role, load_scripts
from bot.model import Analysis, Entry, Polarity
from bot.nlp.items import plain
from bot.rules.book import KnownIds, Rulebook
from bot.rules.engine import best_event
from bot.rules.loader import load_rulebook

# Entries that are read otherwise than the script says, each with the reason; at most five.
KNOWN_MISREADINGS: dict[str, str] = {}
_QUIET_ROLES = (Role.NOISE, Role.LOOKALIKE)


class Read(NamedTuple):
    """One version of a demo entry."""

    name: str
    entry: Entry
    expect: Expect


def versions() -> Iterator[Read]:
    for script in load_scripts():
        for e in script.entries:
            title, text = e.title, e.text
            told = [(e.guid, title, text, e.expect)]
            for n, edit in enumerate(e.edit, 1):
                title = edit.title if edit.title is not None else title
                text = edit.text if edit.text is not None else text
                told.append((f"{e.guid} edit {n}", title, text, edit.expect))
            for name, head, body, expect in told:
                if expect is not None:
                    entry = nlp_entry(head, plain(body) if e.html else body, script.kind)
                    yield Read(name, replace(entry, id=name, tier=script.tier), expect)


VERSIONS = [read for read in versions() if read.name not in KNOWN_MISREADINGS]
SAYING = [read for read in VERSIONS if read.expect.says]
QUIET = [
    read for read in VERSIONS if read.expect.outcome is Effect.SILENT and read.expect.role in _QUIET_ROLES
]


@pytest.fixture(scope="module")
def analyses(analyzer) -> dict[str, Analysis]:
    found = analyzer.analyze([read.entry for read in VERSIONS])
    return {read.name: analysis for read, analysis in zip(VERSIONS, found, strict=True)}


@pytest.fixture(scope="module")
def book(lexicon, taxonomy) -> Rulebook:
    companies = {c.id: c.sector for c in lexicon.companies.values()}
    known = KnownIds(
        themes=frozenset(taxonomy.themes), sectors=frozenset(taxonomy.sectors), companies=companies
    )
    return load_rulebook(RULES / "alerts", known)


def test_there_is_enough_to_read_and_few_exceptions():
    assert len(SAYING) >= 30
    assert len(QUIET) >= 60
    assert len(KNOWN_MISREADINGS) <= 5
    assert KNOWN_MISREADINGS.keys() <= {read.name for read in versions()}


@pytest.mark.parametrize("read", SAYING, ids=lambda read: read.name)
def test_an_entry_of_the_demo_says_what_its_script_tells(analyses, read):
    wanted = {(said.theme, said.actor, str(said.modality)) for said in read.expect.says}
    assert wanted <= claims(analyses[read.name])


@pytest.mark.parametrize("read", QUIET, ids=lambda read: read.name)
def test_noise_of_the_demo_satisfies_no_rule(analyses, book, read):
    matched = {
        rule.id: (event.theme, event.actor, event.cue)
        for rule in book.rules
        if (event := best_event(book, rule, read.entry, analyses[read.name])) is not None
    }
    assert matched == {}


@pytest.mark.parametrize("read", QUIET, ids=lambda read: read.name)
def test_noise_of_the_demo_makes_no_claim(analyses, read):
    assert claims(analyses[read.name]) == set()


@pytest.mark.parametrize(
    "read", [r for r in VERSIONS if r.expect.role is Role.CORRECTION], ids=lambda read: read.name
)
def test_a_correction_of_the_demo_corrects_its_claim(analyses, read):
    polarities = {e.polarity for e in analyses[read.name].fresh_events}
    assert polarities == {Polarity.CORRECTED}


def test_a_tenant_of_the_demo_is_never_a_reseller(analyses):
    tenants = {
        read.name: said.actor for read in SAYING for said in read.expect.says if said.theme == "compute_deal"
    }
    assert len(tenants) >= 5
    for name, actor in tenants.items():
        assert ("compute_resale", actor) not in {(e.theme, e.actor) for e in analyses[name].events}
