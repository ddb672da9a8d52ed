from datetime import timedelta

import pytest
from make import HOUR, NOW, alert, entry, story

from bot.model import Decision, Outcome, Reason, Silence, Verdict
from bot.store.archive import Archive
from bot.store.database import Database
from bot.store.ingest import Ingest
from bot.store.silences import Silences

SILENCE = Silence(id="a", until=NOW + HOUR, rule_id="compute/resale", comment="a holiday \udcff")


def held(until=SILENCE.until, **more: object) -> Verdict:
    decision = Decision(send=False, reason=Reason.SILENCED, until=until)
    values = {"entry_id": "e", "at": NOW, "decision": decision, "story_id": "s", "rule_id": "compute/resale"}
    return Verdict(**(values | more))  # type: ignore[arg-type]


def test_a_silence_is_in_the_next_snapshot_of_a_bot_that_runs_until_it_ends(db: Database) -> None:
    ingest, other = Ingest(db), Database(db.path)
    assert ingest.snapshot([], NOW).silences == ()
    Silences(other).add(SILENCE)
    other.close()
    (read,) = ingest.snapshot([], NOW).silences
    assert (read.id, read.until, read.rule_id, read.comment) == (
        "a",
        NOW + HOUR,
        "compute/resale",
        "a holiday ?",
    )
    assert ingest.snapshot([], NOW + HOUR).silences == ()


def test_an_ended_silence_is_not_in_the_next_snapshot(db: Database) -> None:
    silences, ingest = Silences(db), Ingest(db)
    silences.add(SILENCE)
    silences.add(Silence(id="b", until=NOW + 2 * HOUR, company="META"))
    assert silences.end("a")
    assert not silences.end("a")
    assert [s.id for s in ingest.snapshot([], NOW).silences] == ["b"]


def test_silences_come_in_the_order_in_which_they_were_made(db: Database) -> None:
    for name, hours in (("z", 3), ("a", 2), ("m", 1)):
        Silences(db).add(Silence(id=name, until=NOW + hours * HOUR, feed_id="wire"))
    assert [s.id for s in Silences(db).in_force(NOW)] == ["z", "a", "m"]


def test_what_a_silence_held_back_is_a_card_for_each_story_and_rule(db: Database) -> None:
    silences = Silences(db)
    silences.add(SILENCE)
    other = NOW + HOUR + timedelta(microseconds=1)
    verdicts = (
        held(),
        held(entry_id="more of the same story"),
        held(rule_id="compute/cut"),
        held(story_id="another"),
        held(until=other, story_id="by another silence"),
        held(decision=Decision(send=False, reason=Reason.MUTED, until=SILENCE.until), story_id="a mute"),
    )
    assert silences.held(SILENCE) == 0
    Ingest(db).apply(Outcome(verdicts=verdicts), NOW)
    assert silences.held(SILENCE) == 3


@pytest.mark.parametrize("of", ["story", "alert"])
def test_a_story_is_found_by_the_start_of_its_id_or_of_an_alert_about_it(db: Database, of: str) -> None:
    first = story()
    Ingest(db).apply(Outcome(entries=(entry(),), stories=(first,), alerts=(alert(),)), NOW)
    reference = first.id if of == "story" else alert().id
    assert Silences(db).stories(reference[:6]) == [first.id]
    assert Silences(db).stories("%_") == []


def test_pruning_forgets_only_what_has_ended(db: Database) -> None:
    Silences(db).add(SILENCE)
    Archive(db).prune(NOW, timedelta(days=90))
    assert db.value("SELECT count(*) FROM silences") == 1
    Archive(db).prune(NOW + 2 * HOUR, timedelta(days=90))
    assert db.value("SELECT count(*) FROM silences") == 0
