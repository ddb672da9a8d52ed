"""Rules of somebody's own: what they say as one line, and which alerts they are about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import alert, entry, event

from bot.delivery.feedback import Shares
from bot.following import Subject, own_rule, word_target
from bot.model import (
    CERTAINTIES,
    Attribution,
    Modality,
    OwnRule,
    Polarity,
    SourceKind,
    Stage,
    Target,
    TargetKind,
)
from bot.shelves import Vote

SECTORS = {"META": "hyperscaler", "MSFT": "hyperscaler", "CRWV": "neocloud", "NVDA": "accelerator"}
IDS = st.lists(st.sampled_from(["META", "CRWV", "hyperscaler", "000660.KS", "a b", "ü&=%+", "?"]), max_size=3)
WORDS = st.lists(st.text(min_size=3, max_size=12).map(word_target), max_size=3).map(
    lambda found: tuple(t.id for t in found if t)
)
KINDS = st.lists(st.sampled_from(list(SourceKind)), max_size=3).map(tuple)
RULES = st.builds(
    OwnRule,
    themes=IDS.map(tuple),
    who=IDS.map(tuple),
    least=st.sampled_from(CERTAINTIES),
    words=WORDS,
    kinds=KINDS,
    not_themes=IDS.map(tuple),
    not_who=IDS.map(tuple),
    not_words=WORDS,
    not_kinds=KINDS,
).filter(lambda rule: not rule.is_empty)


@given(RULES)
def test_a_rule_is_read_as_it_is_written(rule: OwnRule) -> None:
    read = OwnRule.parse(str(rule))
    assert str(read) == str(rule)
    assert {**vars_of(read)} == {name: as_set(value) for name, value in vars_of(rule).items()}


def vars_of(rule: OwnRule) -> dict[str, Any]:
    return {name: as_set(getattr(rule, name)) for name in OwnRule.__dataclass_fields__}


def as_set(value: Any) -> Any:
    return frozenset(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("x", id="no pair"),
        pytest.param("least=reported", id="nothing wanted"),
        pytest.param("themes=capex_cut&least=denied", id="denied is no certainty"),
        pytest.param("themes=capex_cut&least=sure", id="no such certainty"),
        pytest.param("themes=capex_cut&kinds=dreams", id="no such kind"),
        pytest.param("themes=capex_cut&colour=red", id="no such part"),
        pytest.param("who=META&themes=capex_cut", id="another order"),
        pytest.param("themes=b&themes=a", id="values in another order"),
        pytest.param("themes=" + "x" * 1000, id="too long"),
        pytest.param("&".join(f"themes={n:02}" for n in range(13)), id="too many"),
    ],
)
def test_anything_else_is_no_rule(text: str) -> None:
    with pytest.raises(ValueError, match="no rule"):
        OwnRule.parse(text)
    assert own_rule(Target(TargetKind.RULE, text)) is None
    assert not Subject(alert(), entry()).holds(Target(TargetKind.RULE, text))


REPORTED = {"stage": Stage.DONE, "attribution": Attribution.SOURCED}
CONFIRMED = {"stage": Stage.DONE, "attribution": Attribution.FILING}


@pytest.mark.parametrize(
    ("rule", "said", "fits"),
    [
        pytest.param({"themes": ("compute_resale",)}, {}, True, id="its theme"),
        pytest.param({"themes": ("capex_cut",)}, {}, False, id="another theme"),
        pytest.param({"themes": ("capex_cut", "compute_resale")}, {}, True, id="one of its themes"),
        pytest.param({"not_themes": ("compute_resale",), "who": ("META",)}, {}, False, id="not its theme"),
        pytest.param({"who": ("META",)}, {}, True, id="who acts"),
        pytest.param({"who": ("CRWV",)}, {"targets": ("CRWV",)}, True, id="whom it happens to"),
        pytest.param({"who": ("CRWV",)}, {}, False, id="somebody else"),
        pytest.param({"who": ("hyperscaler",)}, {}, True, id="the sector of who acts"),
        pytest.param(
            {"who": ("neocloud",)}, {"targets": ("CRWV",)}, False, id="not that of whom it happens to"
        ),
        pytest.param({"who": ("hyperscaler",)}, {"actor": "hyperscaler"}, True, id="a sector that acts"),
        pytest.param({"who": ("hyperscaler",)}, {"actor": None}, False, id="nobody acts"),
        pytest.param({"who": ("hyperscaler",), "not_who": ("META",)}, {}, False, id="but this one"),
        pytest.param({"who": ("META",), "least": Modality.CONSIDERING}, {}, True, id="certain enough"),
        pytest.param({"who": ("META",), "least": Modality.REPORTED}, {}, False, id="not certain enough"),
        pytest.param({"who": ("META",), "least": Modality.REPORTED}, REPORTED, True, id="reported"),
        pytest.param({"who": ("META",), "least": Modality.CONFIRMED}, REPORTED, False, id="not confirmed"),
        pytest.param({"who": ("META",), "least": Modality.CONFIRMED}, CONFIRMED, True, id="confirmed"),
        pytest.param({"who": ("META",)}, {"polarity": Polarity.DENIED}, False, id="a denial"),
        pytest.param({"who": ("META",), "kinds": (SourceKind.FILING,)}, {}, False, id="not from there"),
        pytest.param({"who": ("META",), "not_kinds": (SourceKind.WIRE,)}, {}, False, id="from where not"),
        pytest.param({"words": ("surplus ai",)}, {}, True, id="a word of it"),
        pytest.param({"words": ("surplus", "lease")}, {}, True, id="one of the words"),
        pytest.param({"words": ("lease",)}, {}, False, id="no word of it"),
        pytest.param(
            {"who": ("META",), "not_words": ("outsiders",)}, {}, False, id="a word that must not be"
        ),
    ],
)
def test_a_rule_is_about_what_it_asks_for(rule: dict[str, Any], said: dict[str, Any], fits: bool) -> None:
    made = entry()
    about = Subject(alert(made, event=event(**said)), made, SECTORS)
    assert about.holds(Target(TargetKind.RULE, str(OwnRule(**rule)))) is fits


def test_rules_are_told_apart_from_a_word_of_the_same_text() -> None:
    made = entry("themes compute resale")
    about = Subject(alert(made, event=event("capex_cut")), made)
    text = "themes=compute_resale"
    assert not about.holds(Target(TargetKind.RULE, text))
    assert about.holds(Target(TargetKind.WORD, "themes compute resale"))
    assert not about.holds(Target(TargetKind.RULE, text))


@given(RULES)
def test_a_rule_that_wants_more_is_about_less(rule: OwnRule) -> None:
    made = entry()
    about = Subject(alert(made), made, SECTORS)
    firmer = replace(rule, least=Modality.CONFIRMED)
    emptier = replace(rule, not_words=(*rule.not_words, "surplus"))
    assert about.fits(rule) or not (about.fits(firmer) or about.fits(emptier))


def test_votes_count_for_a_rule_that_names_a_sector() -> None:
    made = entry()
    target = Target(TargetKind.RULE, str(OwnRule(who=("hyperscaler",))))
    votes = [Vote(alert=alert(made), entry=made, useful=n > 1) for n in range(5)]
    assert Shares(votes, SECTORS).of(target).startswith("3 of 5 useful")
    assert Shares(votes).of(target) == ""
