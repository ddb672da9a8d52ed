from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from make import HOUR, NOW, alert, analysis, entry, event, notification, story

from bot.model import (
    DENIABLE,
    Alert,
    AlertKind,
    Card,
    DateQuality,
    Decision,
    FeedStatus,
    Outcome,
    PollState,
    Reason,
    Severity,
    Target,
    TargetKind,
    Told,
    Verdict,
)
from bot.store.archive import Archive
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import BREAK, Ingest
from bot.store.polls import PollStates
from bot.store.queue import Queue


class Died(BaseException):
    """Stands for a process that is killed: nothing may catch it."""


def told(**more: object) -> Told:
    values = {
        "story_id": story().id,
        "subscriber_id": "telegram:1",
        "alert_id": alert().id,
        "rule_id": "compute/resale",
        "level": Severity.HIGH,
        "last_sound_at": NOW,
    }
    return Told(**(values | more))  # type: ignore[arg-type]


def whole_outcome() -> Outcome:
    first = entry()
    return Outcome(
        states=(PollState(feed_id="wire", etag=b'W/"\xe9\xff"', polls=1),),
        entries=(first,),
        analyses=(analysis(first, event()),),
        stories=(story(first),),
        alerts=(alert(first),),
        verdicts=(Verdict(entry_id=first.id, at=NOW, decision=Decision(send=True, reason=Reason.FIRST)),),
        told=(told(),),
        notifications=(notification(),),
    )


TABLES = ("poll_states", "entries", "analyses", "stories", "alerts", "verdicts", "told", "outbox", "counters")


def sizes(db: Database) -> dict[str, int]:
    return {t: db.value(f"SELECT count(*) FROM {t}") for t in TABLES}


def test_an_outcome_is_stored_whole(db: Database) -> None:
    Desk(db).enroll("telegram", "1", NOW)
    Ingest(db).apply(whole_outcome(), NOW)
    assert sizes(db) == dict.fromkeys(TABLES, 1)


POINTS = [
    "before_apply",
    "apply_entries_written",
    "apply_decisions_written",
    "apply_outbox_written",
    "apply_before_commit",
]


@pytest.mark.parametrize("point", POINTS)
def test_dying_before_the_commit_leaves_nothing_of_the_batch(db: Database, point: str) -> None:
    def die(name: str) -> None:
        if name == point:
            raise Died

    with pytest.raises(Died):
        Ingest(db, failpoint=die).apply(whole_outcome(), NOW)
    assert sizes(db) == dict.fromkeys(TABLES, 0)
    Ingest(db).apply(whole_outcome(), NOW)
    assert sizes(db) == dict.fromkeys(TABLES, 1)


def test_the_same_outcome_twice_queues_nothing_twice(db: Database) -> None:
    ingest = Ingest(db)
    ingest.apply(whole_outcome(), NOW)
    ingest.apply(whole_outcome(), NOW)
    assert sizes(db)["outbox"] == sizes(db)["entries"] == sizes(db)["alerts"] == 1


def test_validators_come_back_byte_for_byte(db: Database) -> None:
    state = PollState(
        feed_id="wire",
        etag=bytes(range(33, 256)),
        last_modified=b"yesterday, or so",
        next_poll_at=NOW,
        status=FeedStatus.PAUSED,
        baselined=True,
    )
    Ingest(db).apply(Outcome(states=(state,)), NOW)
    assert PollStates(db).states(["wire", "never"]) == {"wire": state, "never": PollState(feed_id="never")}


def test_due_feeds_are_active_ones_whose_time_has_come_longest_waiting_first(db: Database) -> None:
    states = [
        PollState(feed_id="late", next_poll_at=NOW - HOUR),
        PollState(feed_id="later", next_poll_at=NOW - 2 * HOUR),
        PollState(feed_id="soon", next_poll_at=NOW + HOUR),
        PollState(feed_id="never"),
        PollState(feed_id="wrong clock", next_poll_at=NOW + timedelta(days=400)),
        PollState(feed_id="gone", next_poll_at=NOW - HOUR, status=FeedStatus.GONE),
    ]
    polls = PollStates(db)
    polls.save(states)
    assert polls.known() == {s.feed_id for s in states}
    assert polls.due(NOW, 10) == ["never", "later", "late", "wrong clock"]  # fault 38
    assert polls.due(NOW, 2) == ["never", "later"]


def test_a_snapshot_knows_entries_by_id_and_the_same_item_under_another_id(db: Database) -> None:
    ingest = Ingest(db)
    first = entry()
    ingest.apply(Outcome(entries=(first,)), NOW)
    renamed = entry(guid="another id")
    elsewhere = entry(feed="paper")
    known = ingest.snapshot([first, renamed, elsewhere], NOW).known
    assert {k: v.id for k, v in known.items()} == {first.id: first.id, renamed.id: first.id}


def test_a_snapshot_after_a_restart_equals_the_one_before(db: Database) -> None:
    Desk(db).enroll("telegram", "1", NOW)
    Desk(db).watch("telegram:1", Target(TargetKind.COMPANY, "META"), NOW)
    ingest = Ingest(db)
    ingest.snapshot([], NOW)
    ingest.apply(whole_outcome(), NOW)
    before, after = ingest.snapshot([], NOW), Ingest(db).snapshot([], NOW)
    assert before == after
    assert before.stories == {story().id: story()}
    assert before.watches == {"telegram:1": frozenset({Target(TargetKind.COMPANY, "META")})}
    assert before.cards == {alert().id: (alert(), entry())}


def test_a_story_leaves_memory_when_its_window_has_passed(db: Database) -> None:
    ingest = Ingest(db)
    ingest.snapshot([], NOW)
    ingest.apply(whole_outcome(), NOW)
    later = ingest.snapshot([], NOW + DENIABLE + timedelta(hours=1))
    assert (later.stories, later.told, later.cards) == ({}, {}, {})


def test_a_new_watch_is_in_the_next_snapshot(db: Database) -> None:
    ingest, desk = Ingest(db), Desk(db)
    assert ingest.snapshot([], NOW).subscribers == ()
    desk.enroll("telegram", "1", NOW)
    assert [s.id for s in ingest.snapshot([], NOW).subscribers] == ["telegram:1"]
    desk.leave("telegram:1", NOW)
    assert ingest.snapshot([], NOW).subscribers == ()


def test_a_revision_replaces_the_text_and_keeps_the_old_one(db: Database) -> None:
    ingest = Ingest(db)
    first = entry(guid="g")
    ingest.apply(Outcome(entries=(first,)), NOW)
    ingest.apply(Outcome(entries=(entry("Corrected headline", guid="g", revision=1),)), NOW)
    assert Archive(db).count() == 1
    assert [e.title for e in Archive(db).search("corrected")] == ["Corrected headline"]
    assert Archive(db).search("surplus") == []
    assert db.value("SELECT title FROM revisions WHERE revision = 0") == first.title


def test_an_edit_brings_a_waiting_card_up_to_date_instead_of_following_it(db: Database) -> None:
    Desk(db).enroll("telegram", "1", NOW)
    ingest, queue = Ingest(db), Queue(db)
    ingest.apply(whole_outcome(), NOW)
    edit = notification(alert(kind=AlertKind.EDIT), card=Card(text="2 origins"))
    ingest.apply(Outcome(notifications=(edit,)), NOW)
    (item,) = queue.due(NOW, 10)
    assert (item.notification.kind, item.notification.card.text) == (AlertKind.NEW, "2 origins")


def test_an_edit_after_a_waiting_reply_stays_behind_it(db: Database) -> None:
    Desk(db).enroll("telegram", "1", NOW)
    ingest = Ingest(db)
    ingest.apply(whole_outcome(), NOW)
    reply = notification(alert(kind=AlertKind.REPLY, id="reply"))
    edit = notification(alert(kind=AlertKind.EDIT), card=Card(text="denied"))
    ingest.apply(Outcome(notifications=(reply,)), NOW)
    ingest.apply(Outcome(notifications=(edit,)), NOW)
    kinds = [r["kind"] for r in db.rows("SELECT kind FROM outbox ORDER BY seq")]
    assert kinds == ["new", "reply", "edit"]


def test_text_that_is_no_valid_unicode_is_stored(db: Database) -> None:
    odd = entry("Half a pair \ud83d of surrogates", text="\udfff")
    Ingest(db).apply(Outcome(entries=(odd,)), NOW)
    assert [e.title for e in Archive(db).search("surrogates")] == ["Half a pair ? of surrogates"]


def test_pruning_takes_what_is_old_and_leaves_the_rest(db: Database) -> None:
    ingest = Ingest(db)
    ingest.apply(whole_outcome(), NOW)
    fresh = entry("Something new", at=NOW + timedelta(days=80))
    ingest.apply(Outcome(entries=(fresh,)), NOW + timedelta(days=80))
    assert Archive(db).prune(NOW + timedelta(days=91), timedelta(days=90)) == 1
    left = sizes(db)
    assert left["entries"] == 1
    assert left["stories"] == left["alerts"] == left["told"] == left["analyses"] == 0
    assert left["outbox"] == 1, "what was never delivered is never thrown away"
    assert Archive(db).search("surplus") == []


@pytest.mark.parametrize("query", ['"', "NEAR(", "a OR", "title:x", "*", "", "\0", "'; DROP TABLE entries"])
def test_any_query_is_safe(db: Database, query: str) -> None:
    assert Archive(db).search(query) == []


def test_the_memory_forgets_a_batch_that_was_not_stored(db: Database) -> None:
    def die(name: str) -> None:
        if name == "apply_before_commit":
            raise Died

    ingest = Ingest(db, failpoint=die)
    ingest.snapshot([], NOW)
    with pytest.raises(Died):
        ingest.apply(replace(whole_outcome(), states=()), NOW)
    assert ingest.snapshot([], NOW).stories == {}


@pytest.mark.parametrize("left", [pytest.param(False, id="stays"), pytest.param(True, id="has left since")])
def test_a_chat_that_moved_is_known_to_have_its_cards(db: Database, left: bool) -> None:  # fault 10
    Desk(db).enroll("telegram", "1", NOW)
    ingest = Ingest(db)
    ingest.snapshot([], NOW)
    ingest.apply(whole_outcome(), NOW)
    if left:
        Desk(db).leave("telegram:1", NOW)
        ingest.snapshot([], NOW)
    Queue(db).moved("telegram:1", "-100", NOW)
    snapshot = ingest.snapshot([], NOW)
    assert list(snapshot.told[story().id]) == ["telegram:-100"]
    assert snapshot == Ingest(db).snapshot([], NOW)


@pytest.mark.parametrize(
    ("outcome", "stored"),
    [
        pytest.param(whole_outcome(), False, id="it would notify"),
        pytest.param(
            replace(whole_outcome(), notifications=()), False, id="it would say that they were told"
        ),
        pytest.param(replace(whole_outcome(), notifications=(), told=()), True, id="it concerns nobody"),
    ],
)
def test_what_was_decided_for_other_subscribers_is_not_stored(
    db: Database, outcome: Outcome, stored: bool
) -> None:
    Desk(db).enroll("telegram", "1", NOW)
    ingest = Ingest(db)
    ingest.snapshot([], NOW)
    Desk(db).leave("telegram:1", NOW)
    assert ingest.apply(outcome, NOW) is stored
    assert (sizes(db)["entries"] == 1) is stored
    ingest.snapshot([], NOW)
    assert ingest.apply(outcome, NOW)


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(alert(evidence="Corrected"), id="told anew"),
        pytest.param(alert(), id="nothing in it to tell any more"),
    ],
)
def test_the_card_of_an_edited_entry_is_the_same_before_and_after_a_restart(
    db: Database, shown: Alert
) -> None:
    ingest = Ingest(db)
    ingest.snapshot([], NOW)
    ingest.apply(whole_outcome(), NOW)
    edited = replace(entry("Corrected headline", guid=entry().guid), published=NOW + HOUR, revision=1)
    ingest.apply(Outcome(entries=(edited,), alerts=(shown,) if shown != alert() else ()), NOW)
    before = ingest.snapshot([], NOW)
    assert before.cards == {alert().id: (shown, edited)}
    assert before == Ingest(db).snapshot([], NOW)


def test_pruning_spares_what_a_feed_may_show_for_years_and_what_is_young(db: Database) -> None:
    undated = entry("Undated", published=None, date_quality=DateQuality.MISSING)
    young = entry("Young", at=NOW + timedelta(days=197))
    Ingest(db).apply(Outcome(entries=(undated, young, entry("Dated"))), NOW)
    assert Archive(db).prune(NOW + timedelta(days=200), timedelta(hours=1)) == 1
    assert [r["title"] for r in db.rows("SELECT title FROM entries ORDER BY n")] == ["Undated", "Young"]


def test_pruning_leaves_a_story_as_long_as_it_can_be_denied(db: Database) -> None:
    first = entry()
    Ingest(db).apply(Outcome(entries=(first,), stories=(story(first),)), NOW)
    later = NOW + timedelta(days=9)
    Archive(db).prune(later, timedelta(hours=1))
    assert list(Ingest(db).snapshot((), later).stories) == [story(first).id]


def test_a_gap_begins_the_watch_anew_and_a_restart_does_not(db: Database) -> None:
    ingest = Ingest(db)

    def store(at: datetime) -> None:
        ingest.snapshot((), at)
        assert ingest.apply(Outcome(), at)

    assert ingest.snapshot((), NOW).watched == NOW
    for n in range(5):
        store(NOW + n * BREAK)
    later = NOW + 5 * BREAK
    assert ingest.snapshot((), later).watched == Ingest(db).snapshot((), later).watched == NOW
    down = NOW + 7 * BREAK
    assert ingest.snapshot((), down).watched == Ingest(db).snapshot((), down).watched == down
    store(down)
    assert Ingest(db).snapshot((), down + BREAK).watched == down
