"""What the desk keeps of following, of an unfinished setup, and of the past."""

from datetime import timedelta
from pathlib import Path

import pytest
from make import HOUR, NOW, alert, entry, event, story

from bot.model import Outcome, Setup, SetupStep, Severity, Target, TargetKind
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.store.queue import Queue

ME = "telegram:1"
NVIDIA = Target(TargetKind.COMPANY, "NVDA")
WORD = Target(TargetKind.WORD, "liquid cooling")
ALL = Target(TargetKind.ALL)


@pytest.fixture
def desk(db: Database) -> Desk:
    made = Desk(db)
    made.enroll("telegram", "1", NOW)
    return made


def tell(db: Database, *titles: str) -> None:
    """A card an hour, the last one last."""
    entries = [entry(title, at=NOW + n * HOUR) for n, title in enumerate(titles)]
    stories = tuple(story(made, event()) for made in entries)
    alerts = tuple(alert(e, story_id=s.id) for e, s in zip(entries, stories, strict=True))
    Ingest(db).apply(Outcome(entries=tuple(entries), stories=stories, alerts=alerts), NOW)


def test_a_level_of_one_thing_and_a_word_survive_a_restart(desk: Desk, path: Path) -> None:
    assert desk.watch(ME, NVIDIA, NOW, level=Severity.HIGH)
    assert desk.watch(ME, WORD, NOW)
    assert not desk.watch(ME, NVIDIA, NOW, level=Severity.HIGH)
    again = Database(path)
    try:
        assert set(Desk(again).watches(ME)) == {NVIDIA, WORD}
        assert Desk(again).floors(ME) == {NVIDIA: Severity.HIGH}
        snapshot = Ingest(again).snapshot((), NOW)
        assert snapshot.watches == {ME: frozenset({NVIDIA, WORD})}
        assert snapshot.floors == {ME: {NVIDIA: Severity.HIGH}}
    finally:
        again.close()


def test_following_anew_changes_the_level_and_nothing_else(desk: Desk) -> None:
    desk.watch(ME, NVIDIA, NOW, level=Severity.HIGH)
    assert desk.watch(ME, NVIDIA, NOW + HOUR), "it differs now"
    assert desk.floors(ME) == {}
    assert desk.watches(ME) == [NVIDIA]


def test_a_level_that_changes_is_seen_by_the_next_batch(db: Database, desk: Desk) -> None:
    ingest = Ingest(db)
    desk.watch(ME, NVIDIA, NOW)
    assert ingest.snapshot((), NOW).floors == {}
    desk.watch(ME, NVIDIA, NOW, level=Severity.CRITICAL)
    assert ingest.snapshot((), NOW).floors == {ME: {NVIDIA: Severity.CRITICAL}}


def test_a_setup_is_kept_with_what_it_offers_until_it_is_done(desk: Desk, path: Path) -> None:
    assert desk.setup(ME) is None
    half = Setup(step=SetupStep.PICK, message_id="77", offers=(NVIDIA, WORD))
    desk.save_setup(ME, half)
    again = Database(path)
    try:
        assert Desk(again).setup(ME) == half
    finally:
        again.close()
    desk.save_setup(ME, None)
    assert desk.setup(ME) is None


def test_a_chat_that_moves_takes_levels_and_setup_along(db: Database, desk: Desk) -> None:
    desk.watch(ME, NVIDIA, NOW, level=Severity.HIGH)
    desk.save_setup(ME, Setup(message_id="77"))
    Queue(db).moved(ME, "-100", NOW)
    assert desk.floors("telegram:-100") == {NVIDIA: Severity.HIGH}
    assert desk.setup("telegram:-100") == Setup(message_id="77")
    assert desk.setup(ME) is None


def test_the_past_is_newest_first_and_says_since_when_it_is_whole(db: Database, desk: Desk) -> None:
    titles = ["Alder cuts capex", "Birch cuts capex", "Cedar cuts capex"]
    assert desk.past(NOW, 5).since is None
    tell(db, *titles)
    whole = desk.past(NOW - 30 * 24 * HOUR, 5)
    assert [e.title for _, e in whole.alerts] == titles[::-1]
    assert whole.since == NOW, "the first entry came then"
    some = desk.past(NOW + HOUR, 5)
    assert [e.title for _, e in some.alerts] == titles[:0:-1]
    assert some.since == NOW + HOUR
    cut = desk.past(NOW - HOUR, 2)
    assert len(cut.alerts) == 2
    assert cut.since == NOW + HOUR, "what is older was not read"


def test_the_past_says_who_was_sent_everything_since_when(desk: Desk) -> None:
    assert desk.past(NOW, 5).listened == {}, "nobody follows everything"
    desk.watch(ME, ALL, NOW)
    desk.set_level(ME, Severity.MEDIUM)
    desk.enroll("telegram", "2", NOW)
    desk.set_level("telegram:2", Severity.MEDIUM)
    desk.watch("telegram:2", ALL, NOW + HOUR)
    assert desk.past(NOW, 5).listened == {Severity.MEDIUM: NOW}
    desk.watch(ME, ALL, NOW, level=Severity.CRITICAL)
    assert desk.past(NOW, 5).listened == {Severity.MEDIUM: NOW + HOUR}, "the first no longer gets everything"
    desk.leave("telegram:2", NOW)
    assert desk.past(NOW - timedelta(days=1), 5).listened == {}


def test_a_story_is_found_while_it_is_kept(db: Database, desk: Desk) -> None:
    tell(db, "Alder cuts capex")
    ((told, _),) = desk.past(NOW, 5).alerts
    found = desk.story(told.story_id)
    assert found is not None
    assert found.title == "Alder cuts capex"
    assert desk.story("nothing") is None
