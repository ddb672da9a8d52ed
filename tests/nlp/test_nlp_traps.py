"""Eighty-four headlines that an expert would try, with what each must be understood to say.

`data/traps.tsv` has them: the companies that must be found, and no others; theme, actor and modality of the claim (no theme: no claim that could
alert anybody; no actor: any; `a/b`: either); `note` says where the labelling guidelines decide, `differs` why one is not read so yet.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from nlp_entries import claims, nlp_entry

from bot.model import Analysis

LEAST = 76
WITH = {"confirmed", "reported", "considering"}  # what may alert somebody

with (Path(__file__).parent / "data" / "traps.tsv").open(encoding="utf-8", newline="") as _file:
    TRAPS = list(csv.DictReader(_file, delimiter="\t", quoting=csv.QUOTE_NONE))


def faults(trap: dict[str, str], analysis: Analysis) -> list[str]:
    """What is not as the trap expects."""
    found = claims(analysis)
    named = set(trap["companies"].split())
    out = [f"{c} wrongly named or missed" for c in sorted(named.symmetric_difference(analysis.companies))]
    loud = sorted(f"{t} of {a} is {m}" for t, a, m in found if m in WITH)
    if not trap["theme"]:
        return out + loud
    wanted = trap["modality"].split("/")
    if not any(t == trap["theme"] and trap["actor"] in ("", a) and m in wanted for t, a, m in found):
        out.append(f"no {trap['theme']} in {sorted(map(str, found))}")
    return out + (loud if trap["alert"] == "none" else [])


@pytest.mark.parametrize("trap", [pytest.param(t, id=t["id"]) for t in TRAPS if not t["differs"]])
def test_a_trap_is_read_as_an_expert_expects(analyzer, trap):
    assert faults(trap, analyzer.analyze([nlp_entry(trap["text"])])[0]) == []


@pytest.mark.parametrize("trap", [pytest.param(t, id=t["id"]) for t in TRAPS if t["differs"]])
def test_a_trap_that_is_said_to_differ_does(analyzer, trap):
    assert faults(trap, analyzer.analyze([nlp_entry(trap["text"])])[0]) != []


def test_most_traps_are_read_as_expected():
    assert len(TRAPS) == 84
    assert sum(not t["differs"] for t in TRAPS) >= LEAST
