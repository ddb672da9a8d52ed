from datetime import timedelta

import pytest
from make import HOUR, NOW, analysis, entry, event, story

from bot.model import STORY_WINDOW, Attribution, Change, Claim, Event, Modality, Polarity, Stage, Story
from bot.stories.cluster import MAX_MEMBERS, begin, echo, join
from bot.stories.nearness import nearest_story

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


DENIED = {"polarity": Polarity.DENIED, "attribution": Attribution.ON_RECORD}


@pytest.mark.parametrize(
    ("denial", "companies", "days", "same"),
    [
        pytest.param(event("acquisition", **DENIED), ["META"], 0, True, id="the topic in other words"),
        pytest.param(event("acquisition", **DENIED), ["META"], 9, True, id="and days later"),
        pytest.param(event("acquisition", **DENIED), ["META"], 11, False, id="but not for ever"),
        pytest.param(event("legal_probe", **DENIED), ["META"], 0, False, id="another topic"),
        pytest.param(event("acquisition", "MSFT", **DENIED), ["MSFT"], 0, False, id="another company"),
        pytest.param(event("acquisition", **DONE), ["META"], 0, False, id="no denial"),
    ],
)
def test_a_denial_finds_what_it_denies(denial: Event, companies: list[str], days: int, same: bool) -> None:
    title = "Meta: nothing to say about outsiders"
    assert joins(title, denial, companies=tuple(companies), after=timedelta(days=days)) is same


def test_a_denial_in_other_words_denies_the_claim_of_its_topic() -> None:
    denial = event("acquisition", **DENIED)
    later = entry("Meta: nothing to say about outsiders", feed="paper", at=NOW + HOUR)
    joined = join(story(), later, analysis(later, denial))
    assert Change.DENIED in joined.changes
    assert joined.story.claims[0].polarity is Polarity.DENIED


def test_what_somebody_else_denies_is_not_taken_back() -> None:
    denial = event("compute_resale", "NVDA", **DENIED)
    later = entry("Nvidia rejects talk of outsiders", feed="paper", at=NOW + HOUR)
    joined = join(story(), later, analysis(later, denial, companies=("NVDA", "META")))
    assert Change.DENIED not in joined.changes
    assert joined.story.claims[0].polarity is Polarity.AFFIRMED


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


WITHDRAWN = frozenset({"withdrawn"})
NOTICE = "Wire withdraws story on Meta sale of surplus compute"


@pytest.mark.parametrize(
    ("title", "events", "companies", "days", "same"),
    [
        pytest.param(NOTICE, [], ["META"], 0, True, id="in the story's words"),
        pytest.param(NOTICE, [], ["META"], 9, True, id="and days later"),
        pytest.param(NOTICE, [], ["META"], 11, False, id="but not for ever"),
        pytest.param("Wire withdraws story", [event()], ["META"], 0, True, id="by the claim"),
        pytest.param("Wire withdraws story on Meta", [], ["META"], 0, False, id="by the company alone"),
        pytest.param("Wire withdraws story on Meta lease in Leeds", [], ["META"], 0, False, id="other words"),
        pytest.param(NOTICE.replace("Meta", "Nvidia"), [], ["NVDA"], 0, False, id="another company"),
    ],
)
def test_a_withdrawal_finds_what_it_takes_back(
    title: str, events: list[Event], companies: list[str], days: int, same: bool
) -> None:
    later = entry(title, feed="wire", at=NOW + timedelta(days=days, hours=1))
    read = analysis(later, *events, companies=companies, flags=WITHDRAWN)
    assert (nearest_story(later, read, [story()]) is not None) is same


def test_a_withdrawal_is_no_origin_and_leaves_the_claims_as_they_were() -> None:
    begun, notice = story(), entry(NOTICE, feed="paper", at=NOW + HOUR)
    # what the headline of the report said is not said once more
    said = event(stage=Stage.DONE, attribution=Attribution.ON_RECORD)
    joined = join(begun, notice, analysis(notice, said, flags=WITHDRAWN))
    assert joined.changes == {Change.WITHDRAWN, Change.COPY}
    assert (joined.story.claims, joined.story.origins) == (begun.claims, 1)
    assert not joined.story.stands


def test_a_second_notice_changes_nothing_more() -> None:
    once = entry(NOTICE, feed="wire", at=NOW + HOUR)
    twice = entry("Reports on Meta compute pulled", feed="paper", at=NOW + 2 * HOUR)
    joined = join(story(), once, analysis(once, flags=WITHDRAWN))
    assert join(joined.story, twice, analysis(twice, flags=WITHDRAWN)).changes == {Change.COPY}


def test_the_report_itself_may_be_turned_into_its_withdrawal() -> None:
    revised = entry("WITHDRAWN-Meta weighs selling surplus AI compute", guid=entry().guid, revision=1)
    joined = join(story(), revised, analysis(revised, event(), flags=WITHDRAWN))
    assert joined.changes == {Change.WITHDRAWN}
    assert joined.story.title == entry().title


def test_an_independent_report_makes_a_withdrawn_story_stand_again() -> None:
    notice, other = entry(NOTICE, at=NOW + HOUR), entry("Meta plans a sale", feed="paper", at=NOW + 2 * HOUR)
    withdrawn = join(story(), notice, analysis(notice, flags=WITHDRAWN)).story
    joined = join(withdrawn, other, analysis(other, event()))
    assert joined.changes == {Change.NEW_ORIGIN}
    assert joined.story.stands


def held(*claims: Event) -> Story:
    """A story with these claims."""
    return story(entry(), *claims)


def denied_by(of: Story, theme: str, actor: str | None = "META") -> tuple[Story, frozenset[Change]]:
    """The story after a denial, and what that changed."""
    said = event(theme, actor, polarity=Polarity.DENIED, attribution=Attribution.ON_RECORD)
    denial = entry(f"{actor} denies {theme}", feed="paper", at=NOW + HOUR)
    joined = join(of, denial, analysis(denial, said, companies=(actor,) if actor else ()))
    return joined.story, joined.changes


def test_a_denial_in_other_words_counts_though_something_else_was_denied_before() -> None:
    told = held(event("compute_resale"), event("capex_cut"), event("capex_cut", "MSFT"))
    told, first = denied_by(told, "compute_resale")
    assert Change.DENIED in first
    told, second = denied_by(told, "datacenter_cancel")
    assert Change.DENIED in second
    assert is_denied(told, "capex_cut")
    assert not is_denied(told, "capex_cut", "MSFT")
    told, again = denied_by(told, "capex_hold")
    assert Change.DENIED not in again, "that is denied already"
    told, other = denied_by(told, "datacenter_cancel", "MSFT")
    assert Change.DENIED in other
    assert is_denied(told, "capex_cut", "MSFT")


def test_a_denial_is_of_the_deniers_own_claim_before_that_of_nobody_named() -> None:
    told, changes = denied_by(held(event("capex_cut", None), event("capex_cut", "MSFT")), "capex_cut", "MSFT")
    assert Change.DENIED in changes
    assert is_denied(told, "capex_cut", "MSFT")
    assert not is_denied(told, "capex_cut", None)


def is_denied(of: Story, theme: str, actor: str | None = "META") -> bool:
    claim = of.claim(theme, actor)
    return claim is not None and claim.polarity is Polarity.DENIED
