"""Eighty-four traps: headlines whose words say one thing and whose grammar says another.

Each row of `data/traps.tsv` gives the companies of a text, its claims as `theme/actor/modality` (no actor: nobody), and how
urgent an alert would be. A claim that the text affirms must be listed; one that it denies or that somebody only
imagines may be. `differs` says why a row is read otherwise; such a row must not be read right unnoticed.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest
from nlp_entries import claims, nlp_entry

from bot.model import Entry, Modality, SourceKind

DATA = Path(__file__).parent / "data" / "traps.tsv"
MOST_THAT_DIFFER = 8
AFFIRMED = (Modality.CONFIRMED, Modality.REPORTED, Modality.CONSIDERING)
Claim = tuple[str, str | None, str]


@dataclass(frozen=True, slots=True)
class Trap:
    """One text and how a careful reader takes it."""

    id: str
    kind: SourceKind
    text: str
    companies: frozenset[str]
    claims: frozenset[Claim]
    alert: str
    differs: str

    @property
    def entry(self) -> Entry:
        """The text as it would arrive from a feed."""
        is_post = self.kind is SourceKind.SOCIAL
        return nlp_entry("", self.text, self.kind) if is_post else nlp_entry(self.text, "", self.kind)


def claim(text: str) -> Claim:
    theme, actor, modality = text.split("/")
    return theme, actor or None, Modality(modality).value


def traps() -> list[Trap]:
    with DATA.open(encoding="utf-8", newline="") as file:
        return [
            Trap(
                r["id"],
                SourceKind(r["kind"]),
                r["text"],
                frozenset(filter(None, r["companies"].split("|"))),
                frozenset(claim(c) for c in r["claims"].split(";") if c),
                r["alert"],
                r["differs"],
            )
            for r in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
        ]


TRAPS = traps()


def affirmed(some: frozenset[Claim] | set[Claim]) -> set[Claim]:
    return {c for c in some if c[2] in AFFIRMED}


@pytest.mark.parametrize("trap", [pytest.param(t, id=f"{t.id} {t.text[:60]}") for t in TRAPS])
def test_a_trap_is_read_as_a_careful_reader_reads_it(analyzer, trap):
    analysis = analyzer.analyze([trap.entry])[0]
    found = claims(analysis)
    faults = {
        "companies": set(analysis.companies) ^ trap.companies,
        "missing": trap.claims - found,
        "too much": affirmed(found) - trap.claims,
    }
    wrong = {name: fault for name, fault in faults.items() if fault}
    if trap.differs:
        assert wrong, f"it is read right now: clear 'differs' ({trap.differs})"
    else:
        assert not wrong


def test_nearly_all_traps_are_read_right():
    assert len(TRAPS) == 84
    assert sum(bool(t.differs) for t in TRAPS) <= MOST_THAT_DIFFER


def test_what_nobody_should_be_told_affirms_nothing():
    assert {t.id for t in TRAPS if t.alert == "none" and affirmed(t.claims)} == set()


def test_an_alert_has_something_to_tell():
    quiet = {t.id for t in TRAPS if t.alert == "high" and not affirmed(t.claims)}
    assert quiet == {"T010"}  # what is not among the themes
