"""The replay: what one reader of everything would have been sent, decided at the time of the news."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from make import HOUR, MINUTE, NOW, entry, event
from newsroom import PACK, Reader, make_book
from week import DAY, FEEDS, again, decided, live, news, ruleset, sent, week

from bot import replay
from bot.backtest import from_archive, memory_of, replay_all
from bot.model import AlertKind, Attribution, Entry, Outcome, Polarity, Reason, Snapshot
from bot.pipeline import Book
from bot.replay import Prepared, Replay, World, arrivals_of
from bot.store.archive import Archive
from bot.store.database import Database

CLAIM, RIVAL, AGREED, DENIAL, SLUMP, CUT, NOISE = range(7)


def run(book: Book, reader: Reader, *entries: Entry) -> Replay:
    """Entries replayed, each at its own time."""
    done = Replay(World(book))
    for arrival in arrivals_of(entries):
        done.take(arrival, reader)
    return done


def test_a_story_is_one_card_then_an_edit_then_a_reply(book: Book, reader: Reader) -> None:
    first = news(reader, CLAIM, 1, at=NOW)
    second = news(reader, CLAIM, 2, at=NOW + HOUR, feed="paper")
    signed = news(reader, AGREED, 3, at=NOW + 8 * HOUR, feed="paper")
    done = run(book, reader, signed, second, first)  # in any order
    assert [(s.kind, s.entry, s.at, s.reason) for s in done.sent] == [
        (AlertKind.NEW, first.id, NOW, Reason.FIRST),
        (AlertKind.EDIT, second.id, NOW + HOUR, Reason.COUNTED),
        (AlertKind.EDIT, signed.id, NOW + 8 * HOUR, Reason.DEVELOPED),
        (AlertKind.REPLY, signed.id, NOW + 8 * HOUR, Reason.DEVELOPED),
    ]
    assert {(s.rule, s.story, s.level.word) for s in done.sent} == {
        ("compute/resale", done.sent[0].story, "high")
    }
    assert (done.entries, done.stories, done.revisions) == (3, 1, 0)


def test_a_denial_reaches_the_reader_also_within_the_throttle(book: Book, reader: Reader) -> None:
    claim = news(reader, CLAIM, 1, at=NOW)
    denial = news(reader, DENIAL, 2, at=NOW + MINUTE, feed="paper")
    done = run(book, reader, claim, denial)
    assert [(s.kind, s.entry, s.reason) for s in done.sent[1:]] == [
        (AlertKind.EDIT, denial.id, Reason.DENIED),
        (AlertKind.REPLY, denial.id, Reason.DENIED),
    ]


def test_a_reply_held_back_is_counted_with_its_rule_and_what_no_rule_was_asked_about_without_one(
    book: Book, reader: Reader
) -> None:
    done = run(
        book,
        reader,
        news(reader, CLAIM, 1, at=NOW),
        news(reader, AGREED, 2, at=NOW + HOUR, feed="paper"),
        news(reader, NOISE, 3, at=NOW + HOUR),
    )
    assert done.held == {"compute/resale": {Reason.THROTTLED: 1}, "": {Reason.NO_EVENT: 1}}


def test_a_later_version_of_an_item_is_no_second_card(book: Book, reader: Reader) -> None:
    first = news(reader, CLAIM, 1, at=NOW)
    edited = replace(news(reader, CLAIM, 2, at=NOW + HOUR), id=first.id, guid=first.guid)
    done = run(book, reader, first, edited, replace(edited, published=NOW + 2 * HOUR))
    assert [s.kind for s in done.sent] == [AlertKind.NEW, AlertKind.EDIT]
    assert (done.entries, done.revisions) == (1, 1)


def test_old_news_are_news_at_their_own_time(book: Book, reader: Reader) -> None:
    old = news(reader, CLAIM, 1, at=NOW - 4000 * DAY)
    assert [s.at for s in run(book, reader, old).sent] == [NOW - 4000 * DAY]


def test_only_open_stories_are_kept(book: Book, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[tuple[int, ...]] = []

    def process(entries: Any, snapshot: Snapshot, *args: Any, **more: Any) -> Outcome:
        sizes.append((len(snapshot.stories), len(snapshot.told), len(snapshot.cards), len(snapshot.known)))
        return decide(entries, snapshot, *args, **more)

    decide = replay.process
    monkeypatch.setattr(replay, "process", process)
    entries = [news(reader, n % 6, n, at=NOW + n * 43 * HOUR, feed=FEEDS[n % 3]) for n in range(120)]
    done = run(book, reader, *entries)
    assert done.stories > 20
    assert max(size[0] for size in sizes) <= 6
    assert all(told <= stories and cards <= told for stories, told, cards, _ in sizes)
    assert max(known for *_, known in sizes) <= 1


@pytest.mark.parametrize("seed", range(12))
def test_it_decides_as_the_store_and_its_batches_do(
    book: Book, reader: Reader, db: Database, seed: int
) -> None:
    batches = week(reader, seed)
    lived = live(db, book, reader, batches, frozenset())
    arrivals = arrivals_of(e for batch in batches for e in batch)
    # What a feed edits keeps its date, but comes when it is seen; items know only the one.
    arrivals = [replace(a, at=a.entry.seen_at) for a in arrivals]
    arrivals.sort(key=lambda a: (a.at, a.entry.at, a.entry.id))
    replayed = again(book, reader, arrivals)
    assert decided(replayed) == decided(lived)
    assert sent(replayed) == sent(lived)
    assert {n.kind for n in sent(lived)} == set(AlertKind), "it would show nothing"


@pytest.mark.parametrize("seed", range(12))
def test_a_backtest_of_the_archive_tells_what_was_told_live(
    book: Book, reader: Reader, db: Database, seed: int
) -> None:
    batches = week(reader, seed)
    silent = frozenset(e.id for batch in batches[:8] for e in batch if e.feed_id == "blog")
    lived = live(db, book, reader, batches, silent)
    replayed = again(book, reader, Archive(db).arrivals(NOW - DAY))
    assert decided(replayed) == decided(lived)
    assert sent(replayed) == sent(lived)
    assert {Reason.BASELINE, Reason.ECHO, Reason.UNCHANGED} <= {v.decision.reason for v in decided(lived)}


def test_a_silent_first_poll_that_took_something_back_is_silent_in_a_backtest_too(
    book: Book, reader: Reader, db: Database
) -> None:
    first = news(reader, CLAIM, 1, at=NOW)
    title = "Meta denies any sale of surplus AI compute and cuts its spending plan"
    denied = event(polarity=Polarity.DENIED, attribution=Attribution.ON_RECORD)
    reader.learn(title, denied, event("capex_cut"))
    denial = entry(title, feed="blog", at=NOW + HOUR)
    lived = live(db, book, reader, [[first], [denial]], frozenset({denial.id}))
    assert Reason.DENIED in {v.decision.reason for v in decided(lived)}
    replayed = again(book, reader, Archive(db).arrivals(NOW - DAY))
    assert decided(replayed) == decided(lived)
    assert sent(replayed) == sent(lived)


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_how_many_are_analysed_in_one_go_changes_nothing(book: Book, reader: Reader, batch: int) -> None:
    arrivals = arrivals_of(e for part in week(reader) for e in part)
    [whole] = replay_all([ruleset(book, reader)], arrivals, 100_000)
    [parts] = replay_all([ruleset(book, reader)], arrivals, batch)
    assert parts.sent == whole.sent
    assert parts.held == whole.held
    assert {s.kind for s in whole.sent} == set(AlertKind)


def test_what_was_read_once_is_not_read_again(reader: Reader) -> None:
    one, other = entry("One"), entry("Other")
    read = Prepared(reader, [one, other, one, replace(one, content="another")])
    assert len(reader.read) == 3
    assert [a.entry_id for a in read.analyze([other, one])] == [other.id, one.id]
    assert len(reader.read) == 3
    assert read.version == reader.version


def test_what_does_not_count_is_decided_all_the_same(book: Book, reader: Reader) -> None:
    claim, copy = news(reader, CLAIM, 1, at=NOW), news(reader, CLAIM, 2, at=NOW + HOUR, feed="paper")
    done = Replay(World(book))
    before, after = arrivals_of([claim, copy])
    done.take(replace(before, counts=False), reader)
    done.take(after, reader)
    assert [(s.kind, s.entry) for s in done.sent] == [(AlertKind.EDIT, copy.id)]
    assert (done.entries, done.stories, done.first_at) == (1, 0, NOW + HOUR)


ABSENT = """
  - id: silence
    title: "no cut for weeks"
    level: medium
    correlate: {type: absence, of: [capex_cut], longer_than: 12d}
    tests:
      - {news: [{at: 0h, title: "yes"}], until: 13d, fires: true}
      - {news: [{at: 0h, title: "yes"}], until: 2d, fires: false}
"""


def test_an_absence_of_weeks_is_told_once(tmp_path: Path, reader: Reader) -> None:
    book = make_book(tmp_path, PACK + ABSENT)
    reader.learn("Meta trims its yearly outlay", event("capex_cut"))
    titles = ["Meta trims its yearly outlay", "nothing", "nothing more", "nothing at all"]
    hours = [0, 12 * 24 + 1, 12 * 24 + 2, 13 * 24]
    entries = [entry(t, at=NOW + h * HOUR) for t, h in zip(titles, hours, strict=True)]
    [silence] = [s for s in run(book, reader, *entries).sent if s.rule == "compute/silence"]
    assert silence.entry == entries[0].id
    assert silence.title == entries[0].title


def test_an_absence_is_told_when_the_running_program_looks_and_not_with_the_next_entry(
    tmp_path: Path, reader: Reader, db: Database
) -> None:
    book = make_book(tmp_path, PACK + ABSENT.replace("12d", "3h"))
    first = news(reader, CUT, 99, at=NOW + MINUTE)
    second = news(reader, CUT, 98, at=NOW + 9 * HOUR)
    lived = live(db, book, reader, [[first], [second]], frozenset())
    replayed = again(book, reader, arrivals_of([first, second]))
    assert decided(replayed) == decided(lived)
    assert sent(replayed) == sent(lived)
    done = run(book, reader, first, second)
    [silence] = [s for s in done.sent if s.rule == "compute/silence"]
    assert silence.at == NOW + 3 * HOUR + 5 * MINUTE
    assert (silence.entry, silence.title) == (first.id, first.title)
    assert [s.rule for s in done.sent][:2] == ["compute/cut", "compute/silence"]


NEW_NAME = """
  - id: newcomer
    title: "{actor} is new"
    level: high
    correlate: {type: new_term, of: [capex_cut], field: actor, unseen_for: 40d, warmup: 20d}
    tests:
      - {news: [{at: 0h, title: "yes"}], fires: true}
      - {news: [{at: 0h, title: "no"}], fires: false}
"""


def test_a_backtest_of_some_days_remembers_what_was_remembered_live(
    tmp_path: Path, reader: Reader, db: Database
) -> None:
    book = make_book(tmp_path, PACK + NEW_NAME)
    entries = []
    for n, who in enumerate(("META", "MSFT", "META", "CRWV")):
        title = f"{who} pares its budget, number {n}"
        reader.learn(title, event("capex_cut", who), companies=(who,))
        entries.append(entry(title, at=NOW + n * 13 * DAY))
    lived = sent(live(db, book, reader, [[e] for e in entries], frozenset()))[-1]
    archive = Archive(db)
    arrivals = list(from_archive(archive, 2 * DAY))
    [done] = replay_all([ruleset(book, reader)], arrivals, memory=memory_of(archive, 2 * DAY))
    assert (lived.rule_id, [s.rule for s in done.sent]) == ("compute/newcomer", ["compute/newcomer"])
    assert [s.story_id for s in archive.sightings(arrivals[0].at)] != []
    [forgetful] = replay_all([ruleset(book, reader)], arrivals)
    assert [s.rule for s in forgetful.sent] == ["compute/cut"]


def test_what_becomes_of_an_absence_is_told_as_it_was_live(
    tmp_path: Path, reader: Reader, db: Database
) -> None:
    book = make_book(tmp_path, PACK + ABSENT.replace("12d", "3h"))
    first = news(reader, CUT, 99, at=NOW)
    quiet = [news(reader, NOISE, n, at=NOW + n * 30 * MINUTE) for n in range(1, 9)]
    denied = "Microsoft denies that it cuts its spending plan"
    on_record = event("capex_cut", "MSFT", polarity=Polarity.DENIED, attribution=Attribution.ON_RECORD)
    reader.learn(denied, on_record, companies=("MSFT",))
    denial = entry(denied, feed="paper", at=NOW + 5 * HOUR)
    lived = live(db, book, reader, [[e] for e in (first, *quiet, denial)], frozenset())
    assert {n.rule_id for n in lived[-1].notifications} == {"compute/cut", "compute/silence"}
    replayed = again(book, reader, Archive(db).arrivals(NOW - DAY))
    assert decided(replayed) == decided(lived)
    assert [(n.kind, n.rule_id) for n in sent(replayed)] == [(n.kind, n.rule_id) for n in sent(lived)]
