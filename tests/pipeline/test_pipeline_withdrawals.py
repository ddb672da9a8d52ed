"""A report that its outlet takes back: who hears of it, and what it no longer is."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from make import HOUR, MINUTE, NOW, TITLE, entry, event
from newsroom import PACK, Newsroom, make_book, reasons, sent, subscriber

from bot.model import Attribution, Silence, SourceKind, Stage

SLUG = f"WITHDRAWN-{TITLE}"
NOTICE = "Wire withdraws story on Meta sale of surplus compute"
OTHER = "Meta in talks to rent out its servers"


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    made = Newsroom(make_book(tmp_path))
    for title in (TITLE, SLUG, OTHER):
        made.reader.learn(title, event(evidence=(0, 4)))
    made.reader.learn(NOTICE)
    return made


@pytest.mark.parametrize(
    ("title", "guid"),
    [
        pytest.param(SLUG, "", id="the headline again"),
        pytest.param(NOTICE, "", id="a notice without an event"),
        pytest.param(SLUG, "g", id="a revision of the report"),
        pytest.param(NOTICE, "g", id="a revision that is a notice"),
    ],
)
def test_whoever_has_the_card_hears_that_its_report_was_withdrawn(
    room: Newsroom, title: str, guid: str
) -> None:
    room.receive(entry(guid="g"))
    outcome = room.receive(entry(title, guid=guid), now=NOW + HOUR)
    assert sent(outcome) == ["edit telegram:1", "reply telegram:1"]
    assert reasons(outcome) == ["withdrawn"]
    edit, reply = (n.card.text.splitlines()[0] for n in outcome.notifications)
    assert edit == "WITHDRAWN 15:00 · sourced · HIGH"
    assert reply.startswith("WITHDRAWN")
    assert title in reply
    (alert,) = outcome.alerts
    assert alert.evidence == title


def test_it_breaks_throttle_and_mute(room: Newsroom) -> None:
    room.receive(entry())
    room.subscribers = [subscriber(muted_until=NOW + 9 * HOUR)]
    assert "reply telegram:1" in sent(room.receive(entry(NOTICE, at=NOW + MINUTE)))


def test_copies_of_the_notice_make_no_second_sound(room: Newsroom) -> None:
    room.receive(entry())
    room.receive(entry(NOTICE, at=NOW + HOUR))
    for feed in ("a", "b"):
        again = room.receive(entry(NOTICE, feed=feed, at=NOW + 2 * HOUR))
        assert (sent(again), reasons(again)) == (["edit telegram:1"], ["echo", "counted"])
        assert again.notifications[0].card.text.startswith("WITHDRAWN · ")


@pytest.mark.parametrize(
    ("title", "stories"),
    [pytest.param(SLUG, 0, id="with an event"), pytest.param(NOTICE, 0, id="without one")],
)
def test_what_fits_no_story_is_told_to_nobody_with_a_reason(room: Newsroom, title: str, stories: int) -> None:
    outcome = room.receive(entry(title))
    assert (sent(outcome), reasons(outcome), len(outcome.stories)) == ([], ["unseen_denial"], stories)


def test_what_takes_back_an_untold_story_is_told_to_nobody_nor_is_the_story(room: Newsroom) -> None:
    room.silences = (Silence(id="s", until=NOW + MINUTE, rule_id="compute/resale"),)
    assert reasons(room.receive(entry())) == ["silenced"]
    outcome = room.receive(entry(SLUG, at=NOW + HOUR))
    assert (sent(outcome), reasons(outcome)) == ([], ["unseen_denial"])
    repeated = "Meta weighs renting servers to outsiders, Wire reported"
    room.reader.learn(repeated, event())
    late = room.receive(entry(repeated, feed="blog", at=NOW + 2 * HOUR))
    assert (sent(late), reasons(late)) == ([], ["unseen_denial"])
    assert late.verdicts[0].decision.detail == "the report has been withdrawn since"


@pytest.mark.parametrize(
    ("title", "more"),
    [
        pytest.param(OTHER, {}, id="another outlet reports it by itself"),
        pytest.param(
            "Meta confirms Wire report on servers",
            {"stage": Stage.DONE, "attribution": Attribution.ON_RECORD},
            id="the company confirms it",
        ),
    ],
)
def test_what_stands_without_the_report_is_news_again(room: Newsroom, title: str, more: dict) -> None:
    room.receive(entry())
    room.receive(entry(SLUG, at=NOW + HOUR))
    room.subscribers.append(subscriber("telegram:2"))
    room.reader.learn(title, event(**more))
    outcome = room.receive(entry(title, feed="paper", at=NOW + 9 * HOUR))
    assert "new telegram:2" in sent(outcome)
    assert not any(n.card.text.startswith("WITHDRAWN") for n in outcome.notifications)


def test_a_rule_whose_update_does_not_name_it_says_nothing_with_sound(tmp_path: Path) -> None:
    pack = PACK.replace("throttle: {per: story, every: 6h}", "update: {edit_on: [copy], reply_on: [denied]}")
    room = Newsroom(make_book(tmp_path, pack))
    for title in (TITLE, SLUG):
        room.reader.learn(title, event())
    room.receive(entry())
    assert sent(room.receive(entry(SLUG, at=NOW + HOUR))) == ["edit telegram:1"]


def test_those_who_saw_it_only_together_with_others_hear_of_it_too(room: Newsroom) -> None:
    cuts = {"META": "Meta trims its budget for servers", "MSFT": "Microsoft cuts its spending on halls"}
    for company, title in cuts.items():
        for said in (title, f"WITHDRAWN-{title}"):
            room.reader.learn(said, event("capex_cut", company), companies=(company,))
    room.receive(entry(cuts["META"]))
    room.receive(entry(cuts["MSFT"], feed="paper", at=NOW + HOUR))
    room.subscribers.append(subscriber("telegram:2"))
    outcome = room.receive(entry(f"WITHDRAWN-{cuts['MSFT']}", feed="paper", at=NOW + 2 * HOUR))
    assert sent(outcome) == ["edit telegram:1", "reply telegram:1"]


def test_company_news_with_the_same_verb_stays_news(room: Newsroom) -> None:
    title = "Microsoft withdraws its spending forecast, story of a slowdown"
    room.reader.learn(title, event("capex_cut", "MSFT"), companies=("MSFT",))
    assert sent(room.receive(entry(title))) == ["new telegram:1"]


@pytest.mark.parametrize(
    ("baseline", "late"),
    [
        pytest.param(True, HOUR, id="on the first poll of its feed"),
        pytest.param(False, 60 * HOUR, id="two days after it was published"),
    ],
)
def test_what_is_no_news_any_more_still_takes_back_what_was_told(
    room: Newsroom, baseline: bool, late: timedelta
) -> None:
    room.receive(entry())
    back = entry(SLUG, feed="paper", at=NOW + MINUTE)
    outcome = room.receive(back, now=NOW + late, baseline=baseline)
    assert sent(outcome) == ["edit telegram:1", "reply telegram:1"]
    assert reasons(outcome) == ["baseline" if baseline else "stale", "withdrawn"]


@pytest.mark.parametrize(
    "told",
    [pytest.param(False, id="nobody has the card"), pytest.param(True, id="it is older than the report")],
)
def test_but_it_tells_nobody_else_and_nothing_older_than_the_report(room: Newsroom, told: bool) -> None:
    if not told:
        room.silences = (Silence(id="s", until=NOW + MINUTE, rule_id="compute/resale"),)
    room.receive(entry())
    back = entry(SLUG, feed="paper", at=NOW - HOUR if told else NOW + MINUTE)
    outcome = room.receive(back, now=NOW + HOUR, baseline=True)
    assert (sent(outcome), reasons(outcome)) == ([], ["baseline"])


def test_the_last_of_two_outlets_to_take_it_back_is_told_as_well(room: Newsroom) -> None:
    room.receive(entry())
    room.receive(entry(OTHER, feed="paper", at=NOW + HOUR))
    first = room.receive(entry(SLUG, at=NOW + 2 * HOUR))
    assert "reply telegram:1" in sent(first)
    assert not first.notifications[0].card.text.startswith("WITHDRAWN"), "another stands by it"
    again = room.receive(entry(f"WITHDRAWN 2-{TITLE}", guid="again", at=NOW + 3 * HOUR))
    assert "reply telegram:1" not in sent(again), "it is the same outlet"
    last = room.receive(entry(f"WITHDRAWN-{OTHER}", feed="paper", at=NOW + 4 * HOUR))
    assert "reply telegram:1" in sent(last)
    assert last.notifications[0].card.text.startswith("WITHDRAWN")


def test_an_outlet_that_files_its_report_again_stands_by_it(room: Newsroom) -> None:
    room.receive(entry())
    room.receive(entry(SLUG, at=NOW + HOUR))
    refiled = f"REFILE-{TITLE}, adds details on price"
    room.reader.learn(refiled, event())
    outcome = room.receive(entry(refiled, at=NOW + 2 * HOUR))
    assert sent(outcome) == ["edit telegram:1"]
    assert not outcome.notifications[0].card.text.startswith("WITHDRAWN")
    assert next(iter(room.stories.values())).stands


@pytest.mark.parametrize(
    ("tier", "replies"),
    [
        pytest.param(1, ["edit telegram:1", "reply telegram:1"], id="the wire's own account"),
        pytest.param(3, [], id="somebody says so"),
    ],
)
def test_a_post_without_a_title_takes_back_what_its_outlet_may_take_back(
    room: Newsroom, tier: int, replies: list[str]
) -> None:
    room.receive(entry())
    post = entry("", text=NOTICE, feed="wire_posts", at=NOW + HOUR, kind=SourceKind.SOCIAL, tier=tier)
    outcome = room.receive(post)
    assert sent(outcome) == replies
    if replies:
        assert outcome.alerts[0].evidence == NOTICE


def test_what_was_taken_back_counts_in_no_correlation(room: Newsroom) -> None:
    cuts = {"META": "Meta trims its budget for servers", "MSFT": "Microsoft cuts its spending on halls"}
    for company, title in cuts.items():
        for said in (title, f"WITHDRAWN-{title}"):
            room.reader.learn(said, event("capex_cut", company), companies=(company,))
    room.receive(entry(cuts["META"]))
    room.receive(entry(f"WITHDRAWN-{cuts['META']}", at=NOW + HOUR))
    outcome = room.receive(entry(cuts["MSFT"], feed="paper", at=NOW + 2 * HOUR))
    assert [n.rule_id for n in outcome.notifications] == ["compute/cut"]


def test_a_withdrawn_slump_bears_nothing_out(room: Newsroom) -> None:
    slump = "WITHDRAWN-CoreWeave shares slump after Meta report on surplus AI compute"
    fell = event("selloff", "CRWV", stage=Stage.DONE, attribution=Attribution.ON_RECORD)
    room.reader.learn(slump, fell, event(), companies=("CRWV", "META"))
    room.receive(entry())
    room.receive(entry(slump, feed="paper", at=NOW + HOUR))
    assert [s.spillover_at for s in room.stories.values()] == [None]


THIRD = "Surplus servers of Meta could go to outside tenants, traders hear"
RECOVERY = "Meta recovers as Wire pulls surplus AI compute story"


def backed(room: Newsroom) -> list[tuple[str, str]]:
    """Three outlets report the same in their own words."""
    reports = [("wire", TITLE), ("paper", OTHER), ("blog", THIRD)]
    for n, (feed, title) in enumerate(reports):
        for said in (title, f"WITHDRAWN-{title}"):
            room.reader.learn(said, event(evidence=(0, 4)))
        room.receive(entry(title, feed=feed, at=NOW + n * MINUTE))
    return reports


def test_the_last_of_three_outlets_to_take_it_back_is_told_though_each_repeats_its_headline(
    room: Newsroom,
) -> None:
    replies = []
    for n, (feed, title) in enumerate(backed(room)):
        outcome = room.receive(entry(f"WITHDRAWN-{title}", feed=feed, at=NOW + (n + 1) * HOUR))
        replies.append("reply telegram:1" in sent(outcome))
    assert replies == [True, False, True]
    assert outcome.notifications[0].card.text.startswith("WITHDRAWN")


def test_who_passes_a_withdrawal_on_takes_nobody_elses_report_back(room: Newsroom) -> None:
    room.receive(entry())
    room.receive(entry(OTHER, feed="paper", at=NOW + MINUTE))
    room.receive(entry(SLUG, at=NOW + HOUR))
    again = room.receive(entry(SLUG, feed="copier", at=NOW + 2 * HOUR))
    assert sent(again) == ["edit telegram:1"], "the paper stands by its own"
    assert not again.notifications[0].card.text.startswith("WITHDRAWN")


def test_what_was_taken_back_corroborates_nothing(tmp_path: Path) -> None:
    pack = PACK.replace(
        "throttle: {per: story", "corroborate: {any: [{origins: 2}]}\n    throttle: {per: story"
    )
    room = Newsroom(make_book(tmp_path, pack))
    for title in (TITLE, SLUG, OTHER, THIRD):
        room.reader.learn(title, event())
    room.receive(entry())
    room.receive(entry(SLUG, at=NOW + HOUR))
    alone = room.receive(entry(OTHER, feed="paper", at=NOW + 2 * HOUR))
    assert (sent(alone), reasons(alone)) == ([], ["uncorroborated"])
    (held,) = [v.decision for v in alone.verdicts if v.rule_id]
    assert held.detail == "1 origin, best tier 1"
    assert sent(room.receive(entry(THIRD, feed="blog", at=NOW + 3 * HOUR))) == ["new telegram:1"]


@pytest.mark.parametrize(
    ("title", "feed", "at", "stands"),
    [
        pytest.param(f"REFILE-{TITLE}", "wire", 2 * HOUR, True, id="the same headline, filed again"),
        pytest.param(OTHER, "wire", MINUTE, False, id="an older story of its own that comes late"),
        pytest.param(RECOVERY, "wire", 2 * HOUR, False, id="other news"),
    ],
)
def test_an_outlet_stands_by_a_report_again_only_by_reporting_it_again(
    room: Newsroom, title: str, feed: str, at: timedelta, stands: bool
) -> None:
    room.reader.learn(f"REFILE-{TITLE}", event())
    sure = {"stage": Stage.DONE, "attribution": Attribution.ON_RECORD}
    room.reader.learn(RECOVERY, event("rally", **sure))
    room.receive(entry())
    room.receive(entry(SLUG, at=NOW + HOUR))
    room.receive(entry(title, feed=feed, at=NOW + at), now=NOW + 3 * HOUR)
    (story,) = (s for s in room.stories.values() if s.members[0].entry_id == entry().id)
    assert len(story.members) == 3
    assert story.stands is stands


@pytest.mark.parametrize(
    ("back", "now"),
    [
        pytest.param(
            {"title": SLUG, "feed": "paper", "at": NOW + HOUR, "seen_at": NOW + 4 * HOUR},
            NOW + 4 * HOUR,
            id="on a silent first poll, of before we saw the report",
        ),
        pytest.param({"title": SLUG, "guid": "g"}, NOW + 60 * HOUR, id="a revision two days later"),
    ],
)
def test_what_came_after_the_report_takes_it_back_however_late_we_saw_that(
    room: Newsroom, back: dict, now: datetime
) -> None:
    room.receive(entry(guid="g", seen_at=NOW + 3 * HOUR), now=NOW + 3 * HOUR)
    outcome = room.receive(entry(**back), now=now, baseline="guid" not in back)
    assert sent(outcome) == ["edit telegram:1", "reply telegram:1"]
    assert reasons(outcome)[1:] == ["withdrawn"]


def test_what_is_late_for_readers_who_have_left_is_held_for_its_own_reason(room: Newsroom) -> None:
    room.receive(entry())
    room.subscribers = []
    back = entry(SLUG, feed="paper", at=NOW + MINUTE)
    assert reasons(room.receive(back, now=NOW + HOUR, baseline=True)) == ["baseline"]


def test_a_slump_of_a_silent_first_poll_is_not_the_one_that_was_predicted(room: Newsroom) -> None:
    fell = event("selloff", "CRWV", stage=Stage.DONE, attribution=Attribution.ON_RECORD)
    titles = ["CoreWeave falls beside Meta on Friday", "CoreWeave slumps as Meta weighs sale"]
    for title in titles:
        room.reader.learn(title, fell, companies=("CRWV", "META"))
    room.receive(entry())
    assert sent(room.receive(entry(titles[0], feed="blog", at=NOW + MINUTE), baseline=True)) == []
    outcome = room.receive(entry(titles[1], feed="paper", at=NOW + HOUR))
    assert "spillover" in reasons(outcome)
