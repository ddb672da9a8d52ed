from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from make import HOUR, MINUTE, NOW, TITLE, entry, event
from newsroom import PACK, Newsroom, make_book, reasons, sent, subscriber

from bot.model import (
    AlertKind,
    Attribution,
    DateQuality,
    Polarity,
    PollState,
    Severity,
    Silence,
    Snapshot,
    Stage,
    Target,
    TargetKind,
)
from bot.pipeline import process

CONFIRMED = {"stage": Stage.DONE, "attribution": Attribution.ON_RECORD}
DENIAL = "Meta says it has no plans to sell computing capacity"
SLUMP = "CoreWeave and Micron shares slump after report on Meta's compute"
AGREED = "Meta confirms that it rents out surplus computers"


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    made = Newsroom(make_book(tmp_path))
    made.reader.learn(TITLE, event(evidence=(5, 11)))
    made.reader.learn(DENIAL, event(polarity=Polarity.DENIED, attribution=Attribution.ON_RECORD))
    made.reader.learn(
        SLUMP,
        event("selloff", "CRWV", **CONFIRMED),
        event("selloff", "MU", **CONFIRMED),
        companies=("CRWV", "MU", "META"),
    )
    made.reader.learn(AGREED, event(**CONFIRMED))
    return made


def test_news_makes_one_card_with_evidence_exposure_and_a_reason(room: Newsroom) -> None:
    outcome = room.receive(entry())
    assert sent(outcome) == ["new telegram:1"]
    assert reasons(outcome) == ["first"]
    (alert,) = outcome.alerts
    assert (alert.rule_id, alert.level, alert.title) == (
        "compute/resale",
        Severity.HIGH,
        "Meta sells surplus compute",
    )
    assert alert.evidence == "weighs"
    assert [(e.company, e.direction, e.via) for e in alert.exposures] == [
        ("CRWV", -1, ()),
        ("NVDA", -1, ()),
        ("MU", -1, ("NVDA",)),
    ]
    assert TITLE in outcome.notifications[0].card.text


def test_the_same_entry_again_is_nothing(room: Newsroom) -> None:
    room.receive(entry())
    again = room.receive(entry(), now=NOW + HOUR)
    assert (again.entries, again.notifications, again.verdicts) == ((), (), ())


def test_the_same_item_under_a_new_id_is_nothing(room: Newsroom) -> None:  # fault 24
    room.receive(*(entry(f"Item {n} of the old system", guid=f"old-{n}") for n in range(30)))
    renamed = room.receive(
        *(entry(f"Item {n} of the old system", guid=f"new-{n}") for n in range(30)), now=NOW + HOUR
    )
    assert (renamed.entries, renamed.notifications) == ((), ())


def test_the_same_story_in_forty_feeds_is_one_card_with_a_count(room: Newsroom) -> None:  # fault 25
    copies = [entry(feed=f"feed{n}", at=NOW + n * MINUTE) for n in range(40)]
    kinds = [kind for e in copies for kind in sent(room.receive(e))]
    assert kinds.count("new telegram:1") == 1
    assert set(kinds[1:]) == {"edit telegram:1"}
    (story,) = room.stories.values()
    assert (story.origins, story.copies) == (1, 39)


def test_forty_copies_in_one_batch_are_one_card_too(room: Newsroom) -> None:  # fault 25
    outcome = room.receive(*(entry(feed=f"feed{n}", at=NOW + n * MINUTE) for n in range(40)))
    assert [k for k in sent(outcome) if k.startswith("new")] == ["new telegram:1"]


def test_an_edited_headline_edits_the_card(room: Newsroom) -> None:  # fault 26
    room.receive(entry(guid="g"))
    title = "Meta is weighing a sale of surplus AI compute, people familiar say"
    room.reader.learn(title, event(evidence=(0, 4)))
    outcome = room.receive(entry(title, guid="g", at=NOW), now=NOW + HOUR)
    assert sent(outcome) == ["edit telegram:1"]
    assert [e.revision for e in outcome.entries] == [1]
    assert title in outcome.notifications[0].card.text
    assert len(room.stories) == 1


def test_a_denial_answers_the_card_and_strikes_it_and_breaks_the_throttle(room: Newsroom) -> None:
    room.receive(entry())
    outcome = room.receive(entry(DENIAL, feed="newsroom", at=NOW + HOUR))
    assert sent(outcome) == ["edit telegram:1", "reply telegram:1"]
    assert reasons(outcome) == ["denied"]
    edit, reply = outcome.notifications
    assert edit.card.text.startswith("DENIED")
    assert reply.card.text.startswith("DENIED")
    assert not reply.silent


def test_a_denial_of_what_nobody_was_told_reaches_nobody(room: Newsroom) -> None:
    outcome = room.receive(entry(DENIAL))
    assert (sent(outcome), reasons(outcome)) == ([], ["unseen_denial"])


def test_a_denial_reaches_those_who_saw_the_claim_and_nobody_else(room: Newsroom) -> None:
    room.receive(entry())
    room.subscribers.append(subscriber("telegram:2"))
    outcome = room.receive(entry(DENIAL, feed="newsroom", at=NOW + HOUR))
    assert {n.subscriber_id for n in outcome.notifications} == {"telegram:1"}


def test_a_report_that_comes_after_its_denial_is_not_told_as_new(room: Newsroom) -> None:
    room.receive(entry(DENIAL, feed="newsroom"))
    late = "Meta may let others use its spare data centres"
    room.reader.learn(late, event())
    outcome = room.receive(entry(late, feed="paper", at=NOW + HOUR))
    assert (sent(outcome), reasons(outcome)) == ([], ["unseen_denial"])


def test_the_predicted_slump_answers_the_card_once(room: Newsroom) -> None:
    room.receive(entry())
    first = room.receive(entry(SLUMP, feed="paper", at=NOW + HOUR))
    assert sent(first) == ["edit telegram:1", "reply telegram:1"]
    assert reasons(first) == ["spillover"]
    assert first.alerts[0].note == "CRWV, MU fell"
    more = "CoreWeave, Micron extend losses on Meta's plan"
    room.reader.learn(more, *room.reader.said[SLUMP], companies=("CRWV", "MU", "META"))
    again = room.receive(entry(more, feed="blog", at=NOW + 2 * HOUR))
    assert "reply telegram:1" not in sent(again)
    assert len(room.stories) == 1


def test_a_fall_of_others_is_a_story_of_its_own(room: Newsroom) -> None:
    room.receive(entry())
    title = "Microsoft shares fall in early trading"
    room.reader.learn(title, event("selloff", "MSFT", **CONFIRMED), companies=("MSFT",))
    assert sent(room.receive(entry(title, at=NOW + HOUR))) == ["new telegram:1"]
    assert len(room.stories) == 2


def test_a_confirmation_within_the_throttle_is_told_silently_and_said_so(room: Newsroom) -> None:
    room.receive(entry())
    outcome = room.receive(entry(AGREED, feed="newsroom", at=NOW + HOUR))
    assert (sent(outcome), reasons(outcome)) == (["edit telegram:1"], ["throttled"])
    assert outcome.verdicts[0].decision.until == NOW + 6 * HOUR


def test_a_confirmation_after_the_throttle_is_told_with_sound(room: Newsroom) -> None:
    room.receive(entry())
    outcome = room.receive(entry(AGREED, feed="newsroom", at=NOW + 7 * HOUR))
    assert (sent(outcome), reasons(outcome)) == (["edit telegram:1", "reply telegram:1"], ["developed"])


def test_a_first_poll_is_silent_but_its_copies_stay_copies(room: Newsroom) -> None:  # fault 28
    flood = [entry(f"Old item number {n} of the archive", guid=str(n)) for n in range(500)]
    outcome = room.receive(entry(), *flood, baseline=True)
    assert sent(outcome) == []
    assert set(reasons(outcome)) == {"baseline"}
    assert len(outcome.entries) == 501
    copy = room.receive(entry(feed="paper", at=NOW + HOUR))
    assert (sent(copy), reasons(copy)) == ([], ["echo"])


def test_what_the_baseline_told_silently_is_told_when_it_develops(room: Newsroom) -> None:
    room.receive(entry(), baseline=True)
    assert sent(room.receive(entry(AGREED, feed="newsroom", at=NOW + HOUR))) == ["new telegram:1"]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        pytest.param({"published": None, "date_quality": DateQuality.MISSING}, True, id="no date"),
        pytest.param(
            {"published": NOW + timedelta(days=400), "date_quality": DateQuality.FUTURE}, True, id="next year"
        ),
        pytest.param(
            {"published": NOW - timedelta(days=20_000), "date_quality": DateQuality.ANCIENT}, True, id="1970"
        ),
        pytest.param({"published": NOW - timedelta(days=9)}, False, id="really old"),
    ],
)
def test_a_date_that_can_not_be_true_hides_no_news(
    room: Newsroom, made: dict, told: bool
) -> None:  # fault 27
    outcome = room.receive(entry(**made), now=NOW)
    assert (sent(outcome) == ["new telegram:1"]) is told
    if not told:
        assert reasons(outcome) == ["stale"]


def test_noise_gets_a_reason_and_no_story(room: Newsroom) -> None:
    outcome = room.receive(entry("Ten keyboards for the home office"))
    assert (sent(outcome), reasons(outcome), outcome.stories) == ([], ["no_event"], ())


def test_background_is_no_news(room: Newsroom) -> None:
    room.reader.learn("A look back at the year", event(fresh=False))
    assert reasons(room.receive(entry("A look back at the year"))) == ["background"]


def test_an_event_that_no_rule_asks_for_makes_a_story_without_a_card(room: Newsroom) -> None:
    room.reader.learn("Meta shares rise", event("rally", **CONFIRMED))
    outcome = room.receive(entry("Meta shares rise"))
    assert (sent(outcome), reasons(outcome), len(outcome.stories)) == ([], ["no_rule"], 1)


@pytest.mark.parametrize(
    ("reader", "watch", "reason"),
    [
        pytest.param({"level": Severity.CRITICAL}, None, "below_level", id="level"),
        pytest.param({"muted_until": NOW + HOUR}, None, "muted", id="muted"),
        pytest.param({}, Target(TargetKind.COMPANY, "AMD"), "not_watched", id="follows another"),
        pytest.param({}, Target(TargetKind.COMPANY, "MU"), "first", id="follows an exposed one"),
    ],
)
def test_who_gets_a_card_and_why_not(room: Newsroom, reader: dict, watch: Target | None, reason: str) -> None:
    room.subscribers = [subscriber(**reader)]
    room.watches = {"telegram:1": frozenset({watch})} if watch else {}
    assert reasons(room.receive(entry())) == [reason]


def test_a_silence_holds_the_card_with_its_end(room: Newsroom) -> None:
    room.silences = (Silence(id="s", until=NOW + HOUR, company="META", comment="holiday"),)
    outcome = room.receive(entry())
    assert (sent(outcome), reasons(outcome)) == ([], ["silenced"])
    assert outcome.verdicts[0].decision.until == NOW + HOUR


def test_a_silenced_rule_sends_nothing_until_its_end_and_then_the_card_once(room: Newsroom) -> None:
    room.silences = (Silence(id="s", until=NOW + 2 * HOUR, rule_id="compute/resale"),)
    more = [f"Meta may let others use its spare {what}" for what in ("servers", "data centres", "racks")]
    for title in more:
        room.reader.learn(title, event())
    first = room.receive(entry())
    before = room.receive(entry(more[0], feed="a", at=NOW + 2 * HOUR - MINUTE))
    for outcome in (first, before):
        assert (sent(outcome), reasons(outcome)) == ([], ["silenced"])
        assert outcome.verdicts[0].decision.until == NOW + 2 * HOUR
    assert sent(room.receive(now=NOW + 2 * HOUR)) == [], "what was held back does not come by itself"
    assert sent(room.receive(entry(more[1], feed="b", at=NOW + 2 * HOUR))) == ["new telegram:1"]
    assert sent(room.receive(entry(more[2], feed="c", at=NOW + 3 * HOUR))) == ["edit telegram:1"]


def test_a_silence_does_not_hold_what_becomes_of_a_card_that_was_sent(room: Newsroom) -> None:
    room.receive(entry())
    room.silences = (Silence(id="s", until=NOW + 9 * HOUR, rule_id="compute/resale"),)
    assert "reply telegram:1" in sent(room.receive(entry(DENIAL, feed="paper", at=NOW + HOUR)))


def test_a_later_subscriber_gets_a_card_of_its_own_when_the_story_goes_on(room: Newsroom) -> None:
    room.receive(entry())
    room.subscribers.append(subscriber("telegram:2"))
    more = "Meta may let others use its spare data centres"
    room.reader.learn(more, event())
    outcome = room.receive(entry(more, feed="paper", at=NOW + HOUR))
    assert sorted(sent(outcome)) == ["edit telegram:1", "new telegram:2"]


def test_a_card_older_than_its_rules_window_is_followed_by_a_new_one(tmp_path: Path) -> None:
    pack = PACK.replace("throttle: {per: story, every: 6h}", "story: {window: 3h}")
    room = Newsroom(make_book(tmp_path, pack))
    room.reader.learn(TITLE, event())
    room.receive(entry())
    for hours, kind in ((2, "edit"), (4, "new"), (6, "edit")):
        title = f"Meta may let others use its spare servers, part {hours}"
        room.reader.learn(title, event())
        outcome = room.receive(entry(title, feed=f"feed{hours}", at=NOW + hours * HOUR))
        assert sent(outcome) == [f"{kind} telegram:1"]
    assert len(room.stories) == 1


def test_low_levels_arrive_without_a_sound(room: Newsroom) -> None:
    title = "Microsoft shares fall in early trading"
    room.reader.learn(title, event("selloff", "MSFT", **CONFIRMED), companies=("MSFT",))
    (note,) = room.receive(entry(title)).notifications
    assert (note.level, note.silent) == (Severity.LOW, True)


def test_the_order_of_a_batch_does_not_matter(tmp_path: Path) -> None:
    batch = [entry(), entry(feed="paper", at=NOW + MINUTE), entry("Other things", at=NOW + HOUR)]
    rooms = []
    for order in (batch, batch[::-1]):
        made = Newsroom(make_book(tmp_path))
        made.reader.learn(TITLE, event())
        rooms.append(made.receive(*order, now=NOW + HOUR))
    assert rooms[0] == rooms[1]


def test_states_go_out_with_what_came_with_them(room: Newsroom) -> None:
    state = PollState(feed_id="wire", etag=b'"1"')
    outcome = process([], Snapshot(), room.book, room.reader, NOW, states=(state,))
    assert outcome.states == (state,)


def test_a_copy_that_denies_is_no_copy(room: Newsroom) -> None:
    room.receive(entry())
    twisted = TITLE.replace("weighs", "not")
    room.reader.learn(twisted, event(polarity=Polarity.DENIED))
    outcome = room.receive(entry(twisted, feed="paper", at=NOW + HOUR))
    assert reasons(outcome) == ["denied"]


def test_copies_of_a_correction_make_no_second_sound(room: Newsroom) -> None:
    corrected = f"CORRECTED-{TITLE}"
    room.reader.learn(corrected, event(polarity=Polarity.CORRECTED))
    room.receive(entry())
    outcomes = [room.receive(entry(corrected, feed=f, at=NOW + HOUR)) for f in ("wire", "paper", "blog")]
    assert [sum(n.startswith("reply") for n in sent(o)) for o in outcomes] == [1, 0, 0]


def test_every_alert_has_evidence_that_stands_in_its_entry(room: Newsroom) -> None:
    for made in (entry(), entry(SLUMP, feed="a", at=NOW + HOUR), entry(DENIAL, feed="b", at=NOW + 2 * HOUR)):
        for alert in room.receive(made).alerts:
            assert alert.evidence
            assert alert.evidence in room.entries[alert.entry_id].title


def test_process_changes_nothing_that_it_was_given(room: Newsroom) -> None:
    snapshot = room.snapshot([entry()], NOW)
    copy = replace(snapshot)
    process([entry()], snapshot, room.book, room.reader, NOW)
    assert snapshot == copy
    assert {n.kind for o in room.outcomes for n in o.notifications} == set()
    assert AlertKind.NEW in {n.kind for n in room.receive(entry()).notifications}


def test_an_edited_headline_reaches_everybody_who_has_the_card(room: Newsroom) -> None:
    room.subscribers.append(subscriber("telegram:2"))
    room.receive(entry(guid="g"))
    title = "Meta is weighing a sale of surplus AI compute, people familiar say"
    room.reader.learn(title, event(evidence=(0, 4)))
    outcome = room.receive(entry(title, guid="g", at=NOW), now=NOW + HOUR)
    assert sent(outcome) == ["edit telegram:1", "edit telegram:2"]
    assert outcome.notifications[0].card == outcome.notifications[1].card
    assert [(a.kind, a.evidence) for a in outcome.alerts] == [(AlertKind.NEW, "Meta")]
    copy = room.receive(entry(TITLE, feed="copier", at=NOW + 2 * HOUR))
    assert title in copy.notifications[0].card.text
    assert TITLE not in copy.notifications[0].card.text


def test_nearly_the_same_words_that_confirm_are_no_copy(room: Newsroom) -> None:
    room.receive(entry())
    confirmed = TITLE.replace("weighs", "confirms")
    room.reader.learn(confirmed, event(**CONFIRMED))
    outcome = room.receive(entry(confirmed, feed="paper", at=NOW + 7 * HOUR))
    assert (sent(outcome), reasons(outcome)) == (["edit telegram:1", "reply telegram:1"], ["developed"])


def test_an_edit_that_confirms_within_the_throttle_is_shown_at_least(room: Newsroom) -> None:
    room.receive(entry(guid="g"))
    outcome = room.receive(entry(AGREED, guid="g", at=NOW), now=NOW + HOUR)
    assert (sent(outcome), reasons(outcome)) == (["edit telegram:1"], ["throttled"])


def test_what_concerns_nobody_any_more_has_a_reason_too(room: Newsroom) -> None:
    room.receive(entry())
    room.subscribers.clear()
    more = "CoreWeave slides as Meta weighs compute sale"
    room.reader.learn(more, event("selloff", "CRWV", fresh=True, **CONFIRMED), event(fresh=True))
    outcome = room.receive(
        entry(DENIAL, feed="newsroom", at=NOW + HOUR), entry(more, feed="b", at=NOW + HOUR), now=NOW + HOUR
    )
    assert {v.entry_id for v in outcome.verdicts} == {e.id for e in outcome.entries}
    assert "unchanged" in reasons(outcome)


def test_an_edit_of_what_a_closed_story_told_begins_no_story(room: Newsroom) -> None:
    room.receive(entry(guid="g"))
    late = NOW + timedelta(hours=80)
    room.stories.clear()  # as the store forgets what is closed
    outcome = room.receive(entry(AGREED, guid="g", at=NOW), now=late)
    assert (reasons(outcome), outcome.stories) == (["stale"], ())
