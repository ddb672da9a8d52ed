from datetime import timedelta

import pytest
from make import HOUR, NOW, analysis, entry, event, story

from bot.model import STORY_WINDOW, Attribution, Change, Claim, Event, Modality, Polarity, Stage
from bot.stories.cluster import MAX_MEMBERS, begin, echo, is_open, join, nearest_story

DONE = {"stage": Stage.DONE, "attribution": Attribution.ON_RECORD}


def joins(
    title: str, *events: Event, companies: tuple[str, ...] = ("META",), after: timedelta = HOUR
) -> bool:
    later = entry(title, feed="paper", at=NOW + after)
    return nearest_story(later, analysis(later, *events, companies=companies), [story()]) is not None


@pytest.mark.parametrize(
    ("title", "events", "companies", "same"),
    [
        pytest.param(
            "Facebook parent may rent out spare servers", [event()], ["META"], True, id="same claim"
        ),
        pytest.param(
            "Meta says no plans to sell computing capacity",
            [event(polarity=Polarity.DENIED)],
            ["META"],
            True,
            id="its denial",
        ),
        pytest.param(
            "Chip stocks slump as Meta weighs sale of AI compute",
            [event("selloff", "semiconductors", **DONE), event(fresh=False)],
            ["META"],
            True,
            id="the market's reaction that names the cause",
        ),
        pytest.param(
            "Microsoft weighs selling surplus AI compute to outsiders",
            [event(actor="MSFT")],
            ["MSFT"],
            False,
            id="another company doing the same",
        ),
        pytest.param(
            "Meta raises its capital budget",
            [event("capex_raise", **DONE)],
            ["META"],
            False,
            id="another theme",
        ),
        pytest.param(
            "Meta cuts jobs in Dublin", [event("layoffs", **DONE)], ["META"], False, id="other news"
        ),
    ],
)
def test_what_belongs_to_a_story(title: str, events: list[Event], companies: list[str], same: bool) -> None:
    assert joins(title, *events, companies=tuple(companies)) is same


def test_a_claim_after_the_window_begins_a_story_of_its_own() -> None:
    assert joins("Meta may rent out spare servers", event(), after=STORY_WINDOW)
    assert not joins("Meta may rent out spare servers", event(), after=STORY_WINDOW + HOUR)


@pytest.mark.parametrize(
    ("later", "changes", "modality"),
    [
        pytest.param(event(), set(), Modality.CONSIDERING, id="the same again"),
        pytest.param(
            event(stage=Stage.AGREED), {Change.STAGE_UP}, Modality.REPORTED, id="decided, say the sources"
        ),
        pytest.param(
            event(**DONE),
            {Change.STAGE_UP, Change.CONFIRMED},
            Modality.CONFIRMED,
            id="done, says the company",
        ),
        pytest.param(event(polarity=Polarity.DENIED), {Change.DENIED}, Modality.DENIED, id="denied"),
        pytest.param(
            event(actor=None, polarity=Polarity.DENIED),
            {Change.DENIED},
            Modality.DENIED,
            id="denied by nobody named",
        ),
        pytest.param(
            event(polarity=Polarity.CORRECTED), {Change.CORRECTED}, Modality.CONSIDERING, id="corrected"
        ),
        pytest.param(
            event(attribution=Attribution.SPECULATION), set(), Modality.CONSIDERING, id="somebody's guess"
        ),
    ],
)
def test_what_an_entry_changes(later: Event, changes: set[Change], modality: Modality) -> None:
    second = entry("More on the plan", feed="paper", at=NOW + HOUR)
    assigned = join(story(), second, analysis(second, later))
    assert assigned.changes == changes | {Change.NEW_ORIGIN}
    claim = assigned.story.claim("compute_resale", "META")
    assert claim is not None
    assert claim.modality is modality


def test_a_repeated_report_does_not_undo_a_denial_but_the_record_does() -> None:
    def after(*events: Event) -> tuple[frozenset[Change], Claim | None]:
        current, changes = story(), frozenset[Change]()
        for n, e in enumerate(events):
            later = entry(f"Part {n}", feed=f"feed{n}", at=NOW + n * HOUR)
            current, changes = (a := join(current, later, analysis(later, e))).story, a.changes
        return changes, current.claim("compute_resale", "META")

    denied = event(polarity=Polarity.DENIED)
    changes, claim = after(denied, event(stage=Stage.AGREED))
    assert claim is not None
    assert (changes, claim.polarity) == ({Change.NEW_ORIGIN}, Polarity.DENIED)
    changes, claim = after(denied, event(**DONE))
    assert claim is not None
    assert Change.CONFIRMED in changes
    assert claim.polarity is Polarity.AFFIRMED


def test_a_revision_of_a_member_is_not_counted_again() -> None:
    edited = entry("Meta weighs sale of compute, say people", guid=entry().guid, revision=1)
    assigned = join(story(), edited, analysis(edited, event()))
    assert assigned.changes == set()
    assert len(assigned.story.members) == 1


def test_a_story_grows_by_those_who_act_not_by_those_named() -> None:
    later = entry("Meta may sell compute; CoreWeave and Nvidia are watching", feed="paper")
    assigned = join(story(), later, analysis(later, event(), companies=("META", "CRWV", "NVDA")))
    assert assigned.story.companies == {"META"}


def test_the_same_entries_begin_the_same_story() -> None:
    assert begin(entry(), analysis(entry(), event())) == begin(entry(), analysis(entry(), event()))


def test_a_story_closes_when_nothing_came_for_a_window() -> None:
    assert is_open(story(), NOW + STORY_WINDOW)
    assert not is_open(story(), NOW + STORY_WINDOW + HOUR)


def test_the_title_follows_an_edit_of_the_entry_that_began_the_story() -> None:
    edited = entry("Meta weighs sale of compute, say people", guid=entry().guid, revision=1)
    assert join(story(), edited, analysis(edited, event())).story.title == edited.title
    other = entry("Meta may rent out spare servers", feed="paper")
    assert join(story(), other, analysis(other, event())).story.title == entry().title


def test_a_story_that_is_full_counts_no_new_origin() -> None:
    full = story()
    for n in range(MAX_MEMBERS):
        full = echo(full, entry(feed=f"feed{n}")).story
    late = entry("Meta may rent out spare servers", feed="late")
    assigned = join(full, late, analysis(late, event()))
    assert (len(assigned.story.members), assigned.changes) == (MAX_MEMBERS, {Change.COPY})
