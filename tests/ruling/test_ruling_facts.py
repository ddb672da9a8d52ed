"""What an entry has where a condition does not hold: always something that is so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import analysis, entry, event

from bot.model import Attribution, Polarity, SourceKind, Stage
from bot.rules.conditions import Scene, failure
from bot.rules.parts import Condition
from bot.ruling.clauses import CLAUSES, SOURCE_CLAUSES, both, clauses
from bot.ruling.facts import _FACTS, fact, first_failure

SECTORS = {"META": "hyperscaler", "CRWV": "neocloud", "MU": "memory"}
SCENES = st.builds(
    lambda theme, actor, targets, polarity, stage, attribution, kind, tier, language, title, companies: Scene(
        of := entry(title, kind=kind, tier=tier, language=language),
        analysis(of, companies=companies),
        event(theme, actor, targets=targets, polarity=polarity, stage=stage, attribution=attribution),
        SECTORS,
    ),
    st.sampled_from(["compute_resale", "selloff"]),
    st.sampled_from([None, *SECTORS]),
    st.sampled_from([(), ("MU",), ("META", "CRWV")]),
    st.sampled_from(list(Polarity)),
    st.sampled_from(list(Stage)),
    st.sampled_from(list(Attribution)),
    st.sampled_from(list(SourceKind)),
    st.sampled_from([1, 2, 3]),
    st.sampled_from(["en", "de-AT"]),
    st.sampled_from(["Meta sells compute", "Chips fall 6%", "Nothing"]),
    st.sampled_from([(), ("META",), ("MU", "CRWV")]),
)
KEYS: list[dict[str, Any]] = [
    {"theme": "rally"},
    {"theme": {"not": ["selloff", "compute_resale"]}},
    {"actor": {"sector": "hyperscaler"}},
    {"actor": {"named": "false"}},
    {"target": "MU"},
    {"company": {"not": "META"}},
    {"sector": "memory"},
    {"modality": {"not": ["denied", "speculated"]}},
    {"polarity": "affirmed"},
    {"stage": {"gte": "agreed"}},
    {"attribution": {"gte": "on_record"}},
    {"source": {"kind": {"not": ["social", "wire"]}, "tier": {"lte": "1"}, "language": "ja"}},
    {"source": {"id": "another"}},
    {"text": "compute"},
    {"text": {"not": ["compute", r"\d+%"]}},
    {"all": [{"theme": "selloff"}, {"text": r"\d+%"}]},
    {"any": [{"theme": "rally"}, {"modality": "confirmed"}]},
    {"not": {"actor": {"named": "true"}}},
]


@pytest.mark.parametrize("written", KEYS, ids=str)
@given(scene=SCENES)
def test_what_is_so_instead_holds_and_can_be_said(written: dict[str, Any], scene: Scene) -> None:
    condition = Condition.model_validate(written)
    if failure(condition, scene) is None:
        return
    key, wanted = first_failure(condition, scene)
    instead = fact(key, wanted, scene)
    assert instead is not None
    assert failure(instead, scene) is None
    assert both(clauses(instead, str))


def test_every_key_has_a_fact() -> None:
    assert set(_FACTS) == {*(set(CLAUSES) - {"source"}), *(f"source.{part}" for part in SOURCE_CLAUSES)}


def test_the_language_is_told_without_its_country() -> None:
    of = entry("Nichts", language="de-AT")
    scene = Scene(of, analysis(of), event(), SECTORS)
    wanted = Condition.model_validate({"source": {"language": "en"}})
    instead = fact(*first_failure(wanted, scene), scene)
    assert instead is not None
    assert clauses(instead, str) == ["its language is German"]
