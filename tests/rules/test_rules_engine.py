"""Which rules fire, with which event, in which order, under which title; and the book they come from."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_kit import KNOWN, PACK, STORY, analysis, book_with, entry, event, pack_with, write

from bot.model import Attribution, Change, Polarity, Policy, Severity, Stage
from bot.rules.engine import best_event, explain, fill_title, match
from bot.rules.loader import load_rulebook


@pytest.fixture
def book(tmp_path):
    return load_rulebook(write(tmp_path, compute=PACK), KNOWN)


def test_a_match_carries_all_that_deciding_needs(book):
    [found] = match(book, STORY, entry(), analysis(event()))
    assert (found.rule_id, found.pack, found.level) == ("compute/resale", "compute", Severity.HIGH)
    assert (found.story_id, found.entry_id, found.rule_line) == ("s1", "e1", "compute.yaml:5")
    assert found.title == "Meta Platforms sells surplus compute"
    assert found.event == event()
    hours = Policy().window / 72
    assert found.policy == Policy(
        window=48 * hours,
        throttle=6 * hours,
        corroborate=((1, 1), (2, 3)),
        edit_on=frozenset({Change.NEW_ORIGIN, Change.COPY}),
        reply_on=frozenset({Change.STAGE_UP, Change.CONFIRMED, Change.DENIED, Change.CORRECTED}),
        hops=2,
        min_weight=0.4,
    )


def test_what_a_rule_leaves_out_takes_the_usual_policy(tmp_path):
    assert book_with(tmp_path, "{theme: selloff}").rules[0].policy == Policy()


def test_a_change_that_a_rule_replies_to_no_longer_edits(tmp_path):
    text = pack_with("{theme: selloff}").replace(
        "    tests:", "    update: {reply_on: [new_origin]}\n    tests:"
    )
    policy = load_rulebook(write(tmp_path, p=text), KNOWN).rules[0].policy
    assert policy.reply_on == {Change.NEW_ORIGIN}
    assert policy.edit_on == {Change.COPY, Change.NEW_CLAIM}


@pytest.mark.parametrize(
    ("events", "best"),
    [
        pytest.param([event(score=0.6), event(actor="MSFT", score=0.9)], 1, id="the better score"),
        pytest.param(
            [
                event(),
                event(actor="MSFT", stage=Stage.DONE, attribution=Attribution.ON_RECORD),
                event(stage=Stage.DONE),
            ],
            1,
            id="of equal scores the most certain",
        ),
        pytest.param([event(), event(stage=Stage.DONE)], 1, id="reported before considering"),
        pytest.param(
            [event(score=0.9), event(actor="MSFT", stage=Stage.DONE, score=0.8)],
            0,
            id="score before certainty",
        ),
        pytest.param([event(actor="MSFT"), event()], 0, id="of equals the first"),
        pytest.param([event(fresh=False, score=1.0), event(score=0.1)], 1, id="background does not count"),
        pytest.param(
            [event(actor="CRWV", score=1.0), event(score=0.1)], 1, id="only those that satisfy the rule"
        ),
        pytest.param([event(polarity=Polarity.DENIED)], None, id="a denial is no news"),
        pytest.param([event(fresh=False)], None, id="only background"),
        pytest.param([], None, id="no event"),
    ],
)
def test_the_best_event_of_a_rule(book, events, best):
    found = best_event(book, book.rules[0], entry(), analysis(*events))
    assert found == (None if best is None else events[best])


def test_every_rule_is_asked_and_the_loudest_comes_first(tmp_path):
    write(
        tmp_path,
        a=pack_with("{theme: compute_resale}", name="a", level="low"),
        b=pack_with("{actor: META}", name="b", level="critical"),
        c=pack_with("{theme: selloff}", name="c", level="critical"),
        d=pack_with("{actor: {named: true}}", name="d", level="low"),
    )
    found = match(load_rulebook(tmp_path, KNOWN), STORY, entry(), analysis(event()))
    assert [m.rule_id for m in found] == ["b/r", "a/r", "d/r"]


@pytest.mark.parametrize(
    ("template", "an_event", "title"),
    [
        pytest.param("{actor} sells", event(), "Meta Platforms sells", id="name"),
        pytest.param("{actor} sells", event(actor="NVDA"), "NVDA sells", id="id without a name"),
        pytest.param("{actor}: prices fall", event(actor="memory"), "Memory makers: prices fall", id="sector"),
        pytest.param("{actor}: prices fall", event(actor=None), "Prices fall", id="a lead without an actor"),
        pytest.param("{actor} sells", event(actor=None), "An unnamed company sells", id="no actor elsewhere"),
        pytest.param("{actor} buys from {target}", event(targets=("CRWV", "NVDA")), "Meta Platforms buys from CRWV", id="first target"),
        pytest.param("{target}: sued", event(), "Sued", id="a lead without a target"),
        pytest.param("News of {theme}", event(), "News of compute resale", id="theme"),
        pytest.param("{{actor}} {actor}", event(), "{actor} Meta Platforms", id="braces that are meant"),
    ],
)  # fmt: skip
def test_a_title_is_filled_in(book, template, an_event, title):
    assert fill_title(book, template, an_event) == title


def test_braces_in_a_name_are_not_filled_in_again(tmp_path):
    known = dataclasses.replace(KNOWN, names={"META": "{theme}{actor}"})
    book = load_rulebook(write(tmp_path, compute=PACK), known)
    assert fill_title(book, "{actor} sells", event()) == "{theme}{actor} sells"


@pytest.mark.parametrize(
    ("events", "words"),
    [
        pytest.param([event()], "", id="it fires"),
        pytest.param([], "no event of any theme is in it", id="nothing said"),
        pytest.param([event(fresh=False)], "only background is in it, no news", id="background"),
        pytest.param(
            [
                event("selloff", "NVDA"),
                event(actor="CRWV"),
                event(polarity=Polarity.DENIED),
                event("capex_cut"),
            ],
            "compute_resale (Meta Platforms): modality is denied, which the rule excludes",
            id="the event that came closest",
        ),
        pytest.param(
            [event("selloff", None)],
            "selloff (nobody named): theme is selloff, the rule wants compute_resale",
            id="nobody named",
        ),
    ],
)
def test_why_a_rule_did_not_fire(book, events, words):
    assert explain(book, book.rules[0], entry(), analysis(*events)) == words


ANY_EVENT = st.builds(
    event,
    st.sampled_from(sorted(KNOWN.themes)),
    st.sampled_from([None, "META", "CRWV", "memory"]),
    stage=st.sampled_from(Stage),
    attribution=st.sampled_from(Attribution),
    polarity=st.sampled_from(Polarity),
    fresh=st.booleans(),
    score=st.sampled_from([0.2, 0.9]),
)


@given(st.lists(ANY_EVENT, max_size=4), st.integers(1, 3))
def test_a_rule_either_fires_on_one_of_the_fresh_events_or_says_why_not(tmp_path_factory, events, tier):
    book = load_rulebook(write(tmp_path_factory.mktemp("book"), compute=PACK), KNOWN)
    said, an_entry = analysis(*events), entry(tier=tier)
    found = match(book, STORY, an_entry, said)
    words = explain(book, book.rules[0], an_entry, said)
    assert bool(found) is (words == "")
    assert all(m.event in said.fresh_events and m.event.polarity is not Polarity.DENIED for m in found)


def test_the_book_keeps_the_order_of_files_and_rules(tmp_path):
    write(tmp_path, b=pack_with("{theme: selloff}", name="bb"), a=PACK)
    book = load_rulebook(tmp_path, KNOWN)
    assert [r.id for r in book.rules] == ["compute/resale", "bb/r"]
    assert dict(book.packs) == {"compute": "AI compute market", "bb": "P"}
    assert book.rule("bb/r") is book.rules[1]
    assert book.rule("r") is None


def test_the_book_can_not_be_changed(book):
    with pytest.raises(TypeError):
        book.packs["x"] = "y"
    with pytest.raises(dataclasses.FrozenInstanceError):
        book.rules = ()


def test_the_version_changes_with_meaning_and_with_nothing_else(tmp_path):
    def version(text, known=KNOWN, name="a"):
        (tmp_path / name).mkdir(exist_ok=True)
        return load_rulebook(write(tmp_path / name, p=text), known).version

    first = version(PACK)
    assert version(PACK, name="b") == first
    assert version("# a comment\n" + PACK) == first
    assert version(PACK.replace("level: high", "level: low")) != first
    assert version(PACK.replace("fires: true, modality: considering", "fires: true")) != first
    moved = dataclasses.replace(KNOWN, companies={**KNOWN.companies, "META": "neocloud"})
    assert version(PACK, moved) != first
