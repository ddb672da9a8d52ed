"""The case that Spillover was made for, twice: as a community post with all its noise, and as a wire story.

Whatever one report of spare compute sets off must be found in both, of whom, how sure it is, and in words of the text.
The texts are `data/seed_post.txt` and `data/seed_wire.txt` (its first line is the title).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from nlp_entries import evidence, nlp_entry

from bot.model import SourceKind

DATA = Path(__file__).parent / "data"
NOISE = "Buy the dip"  # the post's own claims end here
FELL = ["NVDA", "AMD", "MU", "SNDK", "CRWV", "NBIS", "semiconductors", "memory", "neocloud"]
UNSURE = ["speculated"]
POST = [
    ("compute_resale", "META", ["considering"], "SellsCompute"),
    ("supply_glut", None, UNSURE, "oversupply of GPUs"),
    ("demand_weak", None, UNSURE, "could weaken"),
    ("ai_cloud_competition", "CRWV", UNSURE, "new rival in AI clouds"),
    ("ai_cloud_competition", "NBIS", UNSURE, "new rival in AI clouds"),
    ("price_fall", None, UNSURE, "rental prices could fall"),
    ("capex_cut", "hyperscaler", UNSURE, "hyperscalers could trim"),
    ("monetization_shift", "hyperscaler", ["speculated", "reported"], "returns on its AI"),
    ("rally", "META", ["confirmed"], "Meta +4.8%"),
    ("technical_level", "NVDA", ["confirmed"], "support at"),
    ("positioning", "MU", ["reported"], "hedge funds sold"),
]
WIRE = [
    ("compute_resale", "META", ["considering"], "sale of spare AI computing"),
    ("supply_glut", "semiconductors", UNSURE, "oversupply"),
    ("demand_weak", "semiconductors", UNSURE, "weaker demand"),
    ("ai_cloud_competition", "CRWV", UNSURE, "new rival in AI clouds"),
    ("ai_cloud_competition", "NBIS", UNSURE, "new rival in AI clouds"),
    ("price_fall", None, UNSURE, "under pressure"),
    ("capex_cut", "hyperscaler", UNSURE, "slow capital spending"),
    ("monetization_shift", "hyperscaler", ["speculated", "reported"], "to monetizing"),
    ("rally", "META", ["confirmed"], "Meta rose 4.6%"),
    ("technical_level", "NVDA", ["confirmed"], "support at"),
    ("positioning", "MU", ["reported"], "Hedge funds sold"),
]
THEMES = {theme for theme, *_ in POST} | {"selloff"}


def post():
    return nlp_entry("", (DATA / "seed_post.txt").read_text(encoding="utf-8"), SourceKind.SOCIAL)


def wire():
    title, _, text = (DATA / "seed_wire.txt").read_text(encoding="utf-8").partition("\n\n")
    return nlp_entry(title, text, SourceKind.WIRE)


BOTH = [pytest.param(post, id="post"), pytest.param(wire, id="wire")]
CONSEQUENCES = [
    pytest.param(make, *row, id=f"{make.__name__}: {row[0]} of {row[1]}")
    for make, table in ((post, POST), (wire, WIRE))
    for row in table
]


@pytest.mark.parametrize(("make", "theme", "actor", "modalities", "words"), CONSEQUENCES)
def test_a_consequence_is_found_with_its_actor_and_its_certainty(
    analyzer, make, theme, actor, modalities, words
):
    entry = make()
    found = [e for e in analyzer.analyze([entry])[0].fresh_events if (e.theme, e.actor) == (theme, actor)]
    assert [str(e.modality) for e in found] in [[m] for m in modalities]
    assert words in evidence(entry, found[0])


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("actor", FELL)
def test_who_fell_has_fallen(analyzer, make, actor):
    events = analyzer.analyze([make()])[0].fresh_events
    moves = [
        (e.theme, str(e.modality)) for e in events if e.actor == actor and e.theme in ("selloff", "rally")
    ]
    assert moves == [("selloff", "confirmed")]


@pytest.mark.parametrize("make", BOTH)
def test_nothing_is_read_into_it(analyzer, make):
    entry = make()
    events = analyzer.analyze([entry])[0].events
    assert {e.theme for e in events} == THEMES
    for e in events:
        assert e.evidence.end <= len(entry.title if e.evidence.field == "title" else entry.text)
        assert evidence(entry, e).strip()


def test_the_post_is_known_to_be_machine_made_and_no_advice(analyzer):
    assert {"ai_generated", "disclaimer"} <= analyzer.analyze([post()])[0].flags
    assert not analyzer.analyze([wire()])[0].flags


def test_no_claim_of_the_post_stands_in_its_noise(analyzer):
    entry = post()
    noise = entry.text.index(NOISE)
    assert noise < len(entry.text) - 200
    assert max(e.evidence.end for e in analyzer.analyze([entry])[0].events) <= noise


def test_the_noise_alone_claims_nothing(analyzer):
    entry = post()
    noise = replace(entry, text=entry.text[entry.text.index(NOISE) :])
    analysis = analyzer.analyze([noise])[0]
    assert analysis.events == ()
    assert "ai_generated" in analysis.flags
