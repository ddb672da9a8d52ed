"""The tests that rules bring with them: run, reported, and in the way of a pack that fails them."""

from pathlib import Path

import pytest
from rules_kit import KNOWN, PACK, FakeAnalyzer, event, write

from bot.errors import RulesError
from bot.model import Polarity, SourceKind, Stage
from bot.rules.check import load_checked, run_tests
from bot.rules.loader import load_rulebook

RIGHT = {
    "Meta_weighs_selling_compute": (event(),),
    "Meta_denies_selling_compute": (event(polarity=Polarity.DENIED),),
}


def failures(folder: Path, **said) -> list[str]:
    book = load_rulebook(folder, KNOWN)
    return [str(f).removeprefix(f"{folder}/") for f in run_tests(book, FakeAnalyzer(**(RIGHT | said)))]


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path, compute=PACK)


def test_a_pack_that_does_what_its_tests_say_loads(folder):
    assert load_checked(folder, KNOWN, FakeAnalyzer(**RIGHT)).rules[0].id == "compute/resale"


def test_all_tests_go_to_the_analyzer_in_one_batch(folder):
    analyzer = FakeAnalyzer(**RIGHT)
    run_tests(load_rulebook(folder, KNOWN), analyzer)
    assert analyzer.batches == 1


@pytest.mark.parametrize(
    ("title", "events", "message"),
    [
        pytest.param(
            "Meta_weighs_selling_compute",
            (event(actor="CRWV"),),
            "compute.yaml:19:9: test of compute/resale: expected an alert as considering, but it did not fire: "
            "compute_resale (CRWV): actor is CRWV, the rule wants one of sector hyperscaler",
            id="it should fire and does not",
        ),
        pytest.param(
            "Meta_weighs_selling_compute",
            (event(stage=Stage.DONE),),
            "compute.yaml:19:9: test of compute/resale: expected an alert as considering, but it fired on "
            "compute_resale of META, reported",
            id="another modality",
        ),
        pytest.param(
            "Meta_denies_selling_compute",
            (event(),),
            "compute.yaml:20:9: test of compute/resale: expected silence, but it fired on compute_resale of META, "
            "considering",
            id="it should be silent and fires",
        ),
    ],
)
def test_a_failure_says_where_what_was_expected_and_what_came(folder, title, events, message):
    assert failures(folder, **{title: events}) == [message]


def test_a_test_can_expect_an_actor(tmp_path):
    write(tmp_path, compute=PACK.replace("modality: considering", "actor: MSFT"))
    assert failures(tmp_path) == [
        "compute.yaml:19:9: test of compute/resale: expected an alert of MSFT, but it fired on compute_resale of "
        "META, considering"
    ]


def test_a_test_sets_the_entry_that_the_rule_sees(tmp_path):
    match = "source: {tier: 3, kind: blog, id: blog-b, language: de}\n      text: quietly"
    pack = PACK.replace("source: {tier: {lte: 2}}", match).replace(
        "fires: true", "text: quietly, tier: 3, kind: blog, source: blog-b, language: de, fires: true"
    )
    assert failures(write(tmp_path, compute=pack)) == []
    plain = pack.replace("tier: 3, kind: blog, source: blog-b", "source: blog-b")
    [came] = failures(write(tmp_path, compute=plain))
    assert came.endswith(f"kind of source is {SourceKind.WIRE}, the rule wants blog")


def test_a_pack_whose_tests_fail_does_not_load_and_all_failures_are_told(folder):
    analyzer = FakeAnalyzer(Meta_denies_selling_compute=(event(),))
    with pytest.raises(RulesError) as caught:
        load_checked(folder, KNOWN, analyzer)
    told = [caught.value, *caught.value.others]
    assert [(e.path.name, e.line, e.column) for e in told] == [
        ("compute.yaml", 19, 9),
        ("compute.yaml", 20, 9),
    ]
    assert str(told[1]).endswith("expected silence, but it fired on compute_resale of META, considering")
