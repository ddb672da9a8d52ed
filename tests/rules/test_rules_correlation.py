"""What each type of correlation counts, and what it doesn't."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from rules_kit import KNOWN, NOW, event, write

from bot.model import Event, Polarity, Sighting, SourceKind
from bot.rules.absence import absences
from bot.rules.book import Rulebook
from bot.rules.correlation import Memory, Together, correlations
from bot.rules.loader import load_rulebook

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG_AGO = NOW - timedelta(days=400)
CUT = event("capex_cut")


def book(folder: Path, correlate: str) -> Rulebook:
    """A rulebook of one correlation."""
    pack = (
        "version: 1\npack: p\ntitle: P\nrules:\n  - id: r\n    title: '{count} of them'\n    level: high\n"
        f"    correlate: {correlate}\n"
        "    tests:\n      - {news: [{at: 0h, title: a}], fires: true}\n      - {news: [{at: 0h, title: b}], fires: false}\n"
    )
    return load_rulebook(write(folder, p=pack), KNOWN)


def claim(
    of: Event = CUT, *, story: str, at: datetime = NOW, source: str = "Wire", **more: object
) -> Sighting:
    """What a story said."""
    made = Sighting(
        story_id=story,
        at=at,
        event=of,
        companies=(of.actor,) if of.actor else (),
        sectors=(),
        entry_id=f"e-{story}-{at:%d%H%M}",
        feed_id="wire",
        kind=SourceKind.WIRE,
        tier=1,
        language="en",
        source=source,
        title=f"{of.actor} {of.theme}",
    )
    return replace(made, **more)  # type: ignore[arg-type]


def ask(
    rules: Rulebook, claims: Iterable[Sighting], *, since: datetime = LONG_AGO, linked: bool = True
) -> list[Together]:
    """What the last of some claims completes."""
    *earlier, last = claims
    memory = Memory({}, since, since)
    for c in (*earlier, last):
        memory.add(c)
    return correlations(rules, memory, last, lambda _a, _b: linked)


def cut(actor: str | None, story: str, ago: timedelta = timedelta(), **more: object) -> Sighting:
    return claim(replace(CUT, actor=actor), story=story, at=NOW - ago, **more)


FREQUENT = "{type: frequency, of: [capex_cut], distinct: actor, gte: 3, within: 5d}"


def test_three_of_them_within_the_time_make_it(tmp_path: Path) -> None:
    rules = book(tmp_path, FREQUENT)
    (found,) = ask(rules, [cut("META", "a", 2 * DAY), cut("CRWV", "b", DAY), cut("MSFT", "c")])
    assert (found.count, [s.story_id for s in found.sightings]) == (3, ["a", "b", "c"])


@pytest.mark.parametrize(
    "claims",
    [
        [cut("META", "a", 6 * DAY), cut("CRWV", "b", DAY), cut("MSFT", "c")],
        [cut("META", "a", 2 * DAY), cut("META", "b", DAY), cut("MSFT", "c")],
        [cut(None, "a", 2 * DAY), cut(None, "b", DAY), cut("MSFT", "c")],
        [claim(event("selloff"), story="a", at=NOW - DAY), cut("CRWV", "b", DAY), cut("MSFT", "c")],
    ],
    ids=["too old", "one actor twice", "nobody named", "another theme"],
)
def test_what_does_not_count(tmp_path: Path, claims: list[Sighting]) -> None:
    assert ask(book(tmp_path, FREQUENT), claims) == []


@pytest.mark.parametrize("polarity", [Polarity.DENIED, Polarity.AFFIRMED])
def test_a_claim_that_was_denied_since_does_not_count(tmp_path: Path, polarity: Polarity) -> None:
    rules = book(tmp_path, FREQUENT)
    later = claim(event("capex_cut", polarity=polarity), story="a", at=NOW - HOUR)
    found = ask(rules, [cut("META", "a", 2 * DAY), cut("CRWV", "b", DAY), later, cut("MSFT", "c")])
    assert bool(found) is (polarity is Polarity.AFFIRMED)


def test_a_denial_or_a_fear_is_no_claim_of_a_theme_that_stands_alone(tmp_path: Path) -> None:
    rules = book(tmp_path, FREQUENT)
    denied = claim(event("capex_cut", "MSFT", polarity=Polarity.DENIED), story="c")
    assert ask(rules, [cut("META", "a", DAY), cut("CRWV", "b", DAY), denied]) == []


def test_news_that_comes_late_completes_what_is_newer(tmp_path: Path) -> None:
    rules = book(tmp_path, FREQUENT)
    (found,) = ask(rules, [cut("CRWV", "b", DAY), cut("MSFT", "c"), cut("META", "a", 3 * DAY)])
    assert found.count == 3


def test_groups_count_apart(tmp_path: Path) -> None:
    rules = book(tmp_path, "{type: frequency, of: [capex_cut], gte: 2, within: 5d, group_by: sector}")
    assert ask(rules, [cut("CRWV", "a", DAY), cut("META", "b")]) == []
    (found,) = ask(rules, [cut("CRWV", "a", DAY), cut("MSFT", "b", HOUR), cut("META", "c")])
    assert (found.group, found.count) == ("hyperscaler", 2)


def test_sources_can_be_counted(tmp_path: Path) -> None:
    rules = book(tmp_path, "{type: frequency, of: [capex_cut], gte: 2, within: 5d, distinct: source}")
    assert ask(rules, [cut("META", "a", DAY), cut("MSFT", "b")]) == []
    assert ask(rules, [cut("META", "a", DAY, source="Paper"), cut("MSFT", "b")])


SPIKE = "{type: spike, of: [capex_cut], ratio: 4, current: 2h, baseline: 14d}"


def daily(hour: timedelta, days: int = 13) -> list[Sighting]:
    """One claim a day, so long before this hour of the day."""
    return [cut("META", f"d{n}", n * DAY + hour) for n in range(days, 0, -1)]


def burst(count: int) -> list[Sighting]:
    return [cut("MSFT", f"b{n}", n * timedelta(minutes=10)) for n in reversed(range(count))]


def test_a_spike_is_many_more_than_at_the_same_hours_before(tmp_path: Path) -> None:
    rules = book(tmp_path, SPIKE)
    (found,) = ask(rules, [*daily(HOUR), *burst(4)])
    assert found.count == 4
    assert ask(rules, [*daily(HOUR), *burst(3)]) == []


def test_what_is_usual_at_other_hours_does_not_hide_a_spike(tmp_path: Path) -> None:
    quiet_now = [*daily(6 * HOUR), *daily(7 * HOUR), cut("META", "x", 3 * DAY + HOUR)]
    claims = [*sorted(quiet_now, key=lambda c: c.at), *burst(3)]
    assert ask(book(tmp_path, SPIKE.replace("14d", "14d, min_baseline: 1")), claims)


def test_without_a_past_nothing_is_a_spike(tmp_path: Path) -> None:
    rules = book(tmp_path, SPIKE)
    assert ask(rules, [*daily(HOUR), *burst(9)], since=NOW - 13 * DAY) == []
    assert ask(rules, burst(9)) == [], "fewer than min_baseline before"


NEW = "{type: new_term, of: [capex_cut], field: actor, unseen_for: 60d, warmup: 30d}"


def test_a_new_name(tmp_path: Path) -> None:
    rules = book(tmp_path, NEW)
    (found,) = ask(rules, [cut("META", "a", DAY), cut("MSFT", "b")])
    assert found.group == "MSFT"
    assert ask(rules, [cut("META", "a", 70 * DAY), cut("META", "b")]), "so long ago that it is new again"
    assert ask(rules, [cut("META", "a", 50 * DAY), cut("META", "b")]) == []
    assert ask(rules, [cut("MSFT", "b")], since=NOW - 29 * DAY) == [], "everything is new to a beginner"


def test_a_new_pair(tmp_path: Path) -> None:
    rules = book(tmp_path, NEW.replace("actor,", "pair,"))
    sold = replace(CUT, targets=("NVDA",))
    before = claim(sold, story="a", at=NOW - DAY)
    assert ask(rules, [before, claim(sold, story="b")]) == []
    (found,) = ask(rules, [before, claim(replace(sold, targets=("CRWV",)), story="b")])
    assert found.group == "META+CRWV"


def test_all_of_several_in_any_order(tmp_path: Path) -> None:
    rules = book(tmp_path, "{type: cooccurrence, of: [capex_cut, selloff], within: 6h, group_by: actor}")
    fall = claim(event("selloff"), story="f", at=NOW - HOUR)
    (found,) = ask(rules, [fall, cut("META", "a")])
    assert [s.story_id for s in found.sightings] == ["f", "a"]
    assert ask(rules, [cut("META", "a", 2 * HOUR), fall])
    assert ask(rules, [fall, cut("MSFT", "a")]) == []
    assert ask(rules, [replace(fall, at=NOW - 7 * HOUR), cut("META", "a")]) == []


SEQUENCE = "{type: sequence, of: [compute_resale, selloff], within: 6h, link: LINK}"


@pytest.mark.parametrize(
    ("link", "actor", "linked"), [("any", "NVDA", False), ("exposed", "NVDA", True), ("actor", "META", False)]
)
def test_one_after_another(tmp_path: Path, link: str, actor: str, linked: bool) -> None:
    rules = book(tmp_path, SEQUENCE.replace("LINK", link))
    sale, fall = claim(event(), story="s", at=NOW - HOUR), claim(event("selloff", actor), story="f")
    (found,) = ask(rules, [sale, fall], linked=linked)
    assert [s.story_id for s in found.sightings] == ["s", "f"]
    assert ask(rules, [replace(fall, at=NOW - 2 * HOUR), sale], linked=linked) == [], "the wrong way round"
    if link != "any":
        other = claim(event("selloff", "CRWV"), story="f")
        assert ask(rules, [sale, other], linked=False) == []


def test_a_claim_stands_for_whichever_part_is_missing(tmp_path: Path) -> None:
    spec = "{type: cooccurrence, of: [{theme: [capex_cut, selloff]}, {theme: selloff}], within: 6h}"
    fall = claim(event("selloff"), story="f")
    (found,) = ask(book(tmp_path, spec), [cut("META", "a", HOUR), fall])
    assert [s.story_id for s in found.sightings] == ["a", "f"]


def test_a_claim_of_nobody_completes_no_count_of_actors(tmp_path: Path) -> None:
    claims = [cut("META", "a", 3 * DAY), cut("CRWV", "b", 2 * DAY), cut("MSFT", "c", DAY), cut(None, "d")]
    assert ask(book(tmp_path, FREQUENT), claims) == []


def test_news_that_comes_late_by_just_the_time_is_in_a_window_of_its_own(tmp_path: Path) -> None:
    rules = book(tmp_path, FREQUENT)
    claims = [cut("CRWV", "b", DAY), cut("MSFT", "c", HOUR), cut("NVDA", "d"), cut("META", "a", 5 * DAY)]
    (found,) = ask(rules, claims)
    assert [s.story_id for s in found.sightings] == ["b", "c", "a"]


def test_the_same_hours_of_longer_times_are_whole_days_apart(tmp_path: Path) -> None:
    rules = book(tmp_path, SPIKE.replace("current: 2h", "current: 30h, min_baseline: 1"))
    usual = [cut("META", f"u{n}", n * 2 * DAY) for n in range(6, 0, -1)]
    assert ask(rules, [*usual, *burst(3)]) == [], "three are not four times the one of each"


def test_claims_of_one_moment_have_one_order(tmp_path: Path) -> None:
    memory = Memory({}, LONG_AGO, LONG_AGO)
    at_once = [claim(event(t), story=s) for t, s in (("selloff", "b"), ("capex_cut", "a"), ("rally", "c"))]
    for c in at_once:
        memory.add(c)
    assert [s.story_id for s in memory.between(None, NOW - DAY, NOW)] == ["a", "b", "c"]


def test_an_absence_is_told_once_it_begins_and_not_for_ever(tmp_path: Path) -> None:
    rules = book(tmp_path, "{type: absence, of: [capex_cut], longer_than: 3d}")
    memory = Memory({}, LONG_AGO, LONG_AGO)
    memory.add(cut("META", "a", 5 * DAY))
    memory.add(cut("MSFT", "b", 4 * DAY))
    (found,) = absences(rules, memory, NOW)
    assert found.newest.story_id == "b"
    assert (
        found.newest.title[found.newest.event.evidence.start : found.newest.event.evidence.end]
        == "MSFT capex_cut"
    )
    assert absences(rules, memory, NOW - 2 * DAY) == [], "not yet"
    assert absences(rules, memory, NOW + 3 * DAY) == [], "long known"
    assert correlations(rules, memory, cut("MSFT", "b"), lambda _a, _b: True) == []
    blind = Memory({"capex_cut": [cut("MSFT", "b", 4 * DAY)]}, LONG_AGO, NOW - 3 * DAY + HOUR)
    assert absences(rules, blind, NOW) == [], "nobody watched all the time"


ALL_TIME, LATELY, BROKEN = LONG_AGO, NOW - DAY, None
OTHERS = ("a", "b", "c")


@pytest.mark.parametrize(
    ("answering", "is_told"),
    [
        pytest.param({"wire": ALL_TIME} | dict.fromkeys(OTHERS, ALL_TIME), True, id="all answer"),
        pytest.param({"wire": BROKEN} | dict.fromkeys(OTHERS, BROKEN), False, id="no network"),
        pytest.param({"wire": LATELY} | dict.fromkeys(OTHERS, LATELY), False, id="there was no network"),
        pytest.param({"wire": ALL_TIME, "a": BROKEN, "b": ALL_TIME, "c": LATELY}, True, id="half of them"),
        pytest.param(
            {"wire": ALL_TIME} | dict.fromkeys(OTHERS, BROKEN), False, id="most are silent, not those that bring it"
        ),
        pytest.param({"wire": BROKEN} | dict.fromkeys(OTHERS, ALL_TIME), False, id="the one that brings it"),
        pytest.param(dict.fromkeys(OTHERS, ALL_TIME), False, id="the one that brought it is not polled any more"),
    ],
)  # fmt: skip
def test_an_absence_is_told_only_if_the_feeds_that_matter_were_heard(
    tmp_path: Path, answering: dict[str, datetime | None], *, is_told: bool
) -> None:
    rules = book(tmp_path, "{type: absence, of: [capex_cut], longer_than: 3d}")
    memory = Memory({"capex_cut": [cut("MSFT", "b", 4 * DAY)]}, LONG_AGO, LONG_AGO, answering)
    assert bool(absences(rules, memory, NOW)) is is_told


def test_of_several_feeds_that_bring_something_half_of_it_must_be_heard(tmp_path: Path) -> None:
    rules = book(tmp_path, "{type: absence, of: [capex_cut], longer_than: 3d}")
    table = [cut("MSFT", f"s{n}", (8 - n) * DAY, feed_id=f) for n, f in enumerate(("a", "a", "b", "c", "d"))]
    for silent, is_told in ((("a",), True), (("a", "b"), False), (("b", "c"), True)):
        answering = dict.fromkeys(("a", "b", "c", "d", "e"), LONG_AGO) | dict.fromkeys(silent)
        found = absences(rules, Memory({"capex_cut": table}, LONG_AGO, LONG_AGO, answering), NOW)
        assert bool(found) is is_told, silent


MISTAKES = {
    "{type: frequency, of: [capex_cut], gte: 3}": "type frequency needs 'within'",
    "{type: spike, of: [capex_cut], ratio: 2, current: 2h, baseline: 3h}": "twice as long",
    "{type: frequency, of: [capex_cut], gte: 3, within: 5d, ratio: 2}": "'ratio' does not go with type frequency",
    "{type: frequency, of: [capex_kut], gte: 3, within: 5d}": "no theme 'capex_kut' is known; did you mean 'capex_cut'?",
    "{type: frequency, of: [{text: glut}], gte: 3, within: 5d}": "'text' can't be asked here",
    "{type: frequency, of: [capex_cut], gte: 3, within: 100d}": "within goes back 92 days at most",
    "{type: sequence, of: [capex_cut], within: 5d}": "needs two or more in 'of'",
    "{type: often, of: [capex_cut]}": "'often' is not one of frequency",
}


@pytest.mark.parametrize(("correlate", "problem"), MISTAKES.items(), ids=MISTAKES.values())
def test_a_mistake_is_one_line(tmp_path: Path, correlate: str, problem: str) -> None:
    from bot.errors import RulesError

    with pytest.raises(RulesError) as caught:
        book(tmp_path, correlate)
    assert problem in str(caught.value)
    assert caught.value.others == ()
