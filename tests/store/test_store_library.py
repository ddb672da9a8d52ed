"""What is looked up, in the database and in the fake that stands in for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from library_fakes import MemoryLibrary
from library_scene import (
    AGREED,
    CUT,
    DENIAL,
    NOTICE,
    RAIN,
    RIVAL,
    SLUMP,
    Day,
    busy_day,
    decide,
    flood,
    newsroom,
)
from make import HOUR, NOW, TITLE, entry

from bot.model import AlertKind, Modality, Outcome, Receipt, Severity, SourceKind, Stage
from bot.shelves import Found, Library, Query, Search
from bot.store.archive import Archive
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.store.library import KEPT, KEPT_OF_CHAT, full_text
from bot.store.library import Library as SqliteLibrary
from bot.store.queue import Queue
from bot.text import digest

Shelf = Callable[[Day], Library]
FEEDS, KNOWN = ("wire", "paper", "newsroom"), (AGREED, CUT, DENIAL, NOTICE, RAIN, RIVAL, SLUMP, TITLE)
ALL = Query(since=NOW - timedelta(days=365))


@pytest.fixture(params=["database", "memory"])
def shelve(request: pytest.FixtureRequest, db: Database) -> Shelf:
    """Puts news into a library."""

    def shelve(day: Day) -> Library:
        fake, ingest = MemoryLibrary(), Ingest(db)
        for outcome, now in day:
            fake.take(outcome)
            ingest.apply(outcome, now)
        return SqliteLibrary(db) if request.param == "database" else fake

    return shelve


def titles(library: Library, query: Query) -> list[str]:
    """The titles of the entries that were found: in these scenes a guid is one."""
    known = {digest(feed, title): title for feed in FEEDS for title in KNOWN}
    found = library.search(query).entries
    return [known.get(i) or library.hits([i])[0].entry.title for i in found]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(Query(words=("rain",)), [RAIN], id="a word"),
        pytest.param(Query(words=("RAIN", "coast")), [RAIN], id="two words in any case"),
        pytest.param(Query(words=("rain", "compute")), [], id="all words must be there"),
        pytest.param(Query(words=("forecast for the coast",)), [RAIN], id="a phrase"),
        pytest.param(Query(words=("coast the",)), [], id="a phrase in another order"),
        pytest.param(Query(words=("rai",)), [], id="a beginning"),
        pytest.param(Query(words=("heavy", "rai"), is_typing=True), [RAIN], id="a beginning while typing"),
        pytest.param(Query(companies=("MSFT",)), [CUT], id="a company"),
        pytest.param(Query(companies=("MSFT", "NVDA")), [CUT], id="one of two companies"),
        pytest.param(Query(theme="capex_cut"), [CUT], id="a theme"),
        pytest.param(Query(modality=Modality.DENIED), [DENIAL], id="a modality"),
        pytest.param(Query(theme="selloff", modality=Modality.CONFIRMED), [SLUMP], id="both of one event"),
        pytest.param(Query(theme="selloff", modality=Modality.DENIED), [], id="not of two events"),
        pytest.param(Query(level=Severity.HIGH), [DENIAL], id="a level, one entry of the story"),
        pytest.param(Query(level=Severity.MEDIUM), [DENIAL, CUT], id="a level and above"),
        pytest.param(Query(level=Severity.CRITICAL), [], id="a level that nothing had"),
        pytest.param(Query(since=NOW + 2 * HOUR), [DENIAL, CUT], id="since"),
        pytest.param(Query(words=("meta",), since=NOW + 5 * HOUR), [], id="since later"),
        pytest.param(ALL, [DENIAL, CUT, RAIN], id="everything, a story once"),
    ],
)
def test_a_search_finds_what_fits_newest_first_and_a_story_once(
    shelve: Shelf, tmp_path: Path, query: Query, expected: list[str]
) -> None:
    library = shelve(busy_day(tmp_path))
    assert titles(library, query) == expected
    assert library.search(query).is_complete


def test_other_forms_of_a_word_are_found(db: Database) -> None:
    Ingest(db).apply(Outcome(entries=(entry("Chip maker sells its stakes"),)), NOW)
    assert len(SqliteLibrary(db).search(Query(words=("selling", "stake"))).entries) == 1


def test_a_copy_is_counted_and_not_found(shelve: Shelf, tmp_path: Path) -> None:
    room = newsroom(tmp_path)
    library = shelve(decide(room, (TITLE, "wire", 0), (TITLE, "copier", 1)))
    [hit] = library.hits(library.search(Query(words=("surplus",))).entries)
    assert (hit.entry.feed_id, hit.story and hit.story.copies) == ("wire", 1)


def test_a_date_counts_as_a_reader_sees_it(shelve: Shelf) -> None:
    old = entry("An old report that a new feed shows", guid="a", at=NOW - timedelta(days=40), seen_at=NOW)
    library = shelve([(Outcome(entries=(entry("Of today", guid="b"), old)), NOW)])
    assert titles(library, Query(since=NOW - timedelta(days=1))) == ["Of today"]
    assert titles(library, Query(since=NOW - timedelta(days=90))) == ["Of today", old.title]


def test_a_hit_has_its_story_and_loudest_card(shelve: Shelf, tmp_path: Path) -> None:
    library = shelve(busy_day(tmp_path))
    told, noise = (library.hits(library.search(Query(words=(w,))).entries)[0] for w in ("plans", "rain"))
    assert told.story is not None
    assert told.alert is not None
    assert (told.story.title, told.alert.level) == (TITLE, Severity.HIGH)
    assert (noise.story, noise.alert) == (None, None)
    assert library.hits(["gone", noise.entry.id]) == [noise]


def test_a_hit_shows_what_tells_its_story_best_and_when_the_newest_came(
    shelve: Shelf, tmp_path: Path
) -> None:
    room = newsroom(tmp_path)
    post = "Meta may be selling surplus AI compute, folks! Thread"
    for title in (post, "Meta plans to rent out servers, papers say", TITLE + " again"):
        room.reader.learn(title, *room.reader.said[TITLE])
    social = entry(post, feed="chatter", at=NOW, kind=SourceKind.SOCIAL, tier=1)
    second = entry("Meta plans to rent out servers, papers say", feed="paper", at=NOW + HOUR, tier=2)
    first = entry(TITLE, at=NOW + 2 * HOUR)
    late = entry(TITLE + " again", feed="other", at=NOW + 3 * HOUR)
    denial = entry(DENIAL, feed="newsroom", at=NOW + 4 * HOUR)
    library = shelve([(room.receive(e), e.at) for e in (social, second, first, late, denial)])
    [found] = library.search(Query(words=("meta",))).entries
    [hit] = library.hits([found])
    assert (found, hit.entry.title, hit.newest) == (denial.id, TITLE, denial.at)
    assert [h.entry.title for h in library.top(NOW - HOUR, 3)] == [TITLE]
    [same] = library.hits([first.id])
    assert (same.entry, same.newest) == (hit.entry, None)


def test_a_story_is_as_loud_as_the_answer_that_a_louder_rule_caused(shelve: Shelf, tmp_path: Path) -> None:
    room = newsroom(tmp_path)
    fall = "CoreWeave shares fall 2 percent"
    (event, *_) = room.reader.said[SLUMP]
    room.reader.learn(fall, event, companies=("CRWV",))
    cut = replace(event, theme="capex_cut", stage=Stage.PLANNED)
    room.reader.learn(fall + " as it cuts spending", event, cut, companies=("CRWV",))
    day = decide(room, (fall, "wire", 0), (fall + " as it cuts spending", "paper", 1))
    [hit] = shelve(day).top(NOW - HOUR, 1)
    assert hit.alert is not None
    assert (hit.alert.level, hit.alert.event.theme) == (Severity.MEDIUM, "selloff")


def test_the_newest_alerts_are_as_loud_as_their_reader_was_told_since(db: Database, tmp_path: Path) -> None:
    room = newsroom(tmp_path)
    fall = "CoreWeave shares fall 2 percent"
    (event, *_) = room.reader.said[SLUMP]
    room.reader.learn(fall, event, companies=("CRWV",))
    room.reader.learn(
        fall + " as it cuts spending", event, replace(event, theme="capex_cut"), companies=("CRWV",)
    )
    ingest = Ingest(db)
    desk = Desk(db)
    desk.enroll("telegram", "1", NOW)
    for outcome, at in decide(room, (fall, "wire", 0), (fall + " as it cuts spending", "paper", 1)):
        ingest.apply(outcome, at)
    [mine] = desk.latest(5, subscriber_id="telegram:1")
    assert (mine.rule_id, mine.level) == ("compute/fall", Severity.MEDIUM)


def test_too_much_is_cut_and_says_so(shelve: Shelf) -> None:
    library = shelve(flood(230))
    found = library.search(Query(words=("harbour",)))
    assert (len(found.entries), found.is_complete) == (200, False)
    assert library.hits(found.entries[:1])[0].entry.title == "Harbour report number 229"
    few = library.search(Query(words=("harbour", "7")))
    assert (len(few.entries), few.is_complete) == (1, True)


@pytest.mark.parametrize("window", [1, 7, 1_000])
def test_the_size_of_a_window_changes_nothing(db: Database, tmp_path: Path, window: int) -> None:
    for outcome, now in busy_day(tmp_path):
        Ingest(db).apply(outcome, now)
    assert SqliteLibrary(db, window=window).search(ALL) == SqliteLibrary(db).search(ALL)


def test_more_in_a_window_than_is_read_at_a_time_is_read_on(db: Database) -> None:
    ingest = Ingest(db)
    for outcome, now in flood(900):
        ingest.apply(outcome, now)
    with db.transaction() as cursor:  # all but the oldest are one story
        cursor.execute("INSERT INTO stories VALUES ('s', 'x', '', '', 0, ?)", ('{"rule_id": ""}',))
        cursor.execute(
            "INSERT INTO verdicts (entry_id, at, send, reason, detail, story_id, rule_id, rule_line, subscriber_id) "
            "SELECT id, '', 0, 'no_rule', '', 's', '', '', '' FROM entries WHERE n > 1"
        )
    found = SqliteLibrary(db).search(Query(words=("harbour",)))
    assert (len(found.entries), found.is_complete) == (2, True)


def test_a_search_whose_time_is_up_gives_what_it_has(db: Database) -> None:
    for outcome, now in flood(30):
        Ingest(db).apply(outcome, now)
    library = SqliteLibrary(db, patience=timedelta(0), window=10)
    found = library.search(Query(words=("harbour",)))
    assert (len(found.entries), found.is_complete) == (10, False)


WORDS = [
    '"',
    '"""',
    "a AND b",
    "NEAR(a b)",
    "a*",
    "^a",
    "title:a",
    "-a",
    "(",
    "{a b}:c",
    "a OR",
    "'",
    "\0",
    "é\u202e",
    "—",
    "OR",
]


@pytest.mark.parametrize("word", WORDS)
def test_no_word_is_taken_for_syntax(db: Database, word: str) -> None:
    Ingest(db).apply(Outcome(entries=(entry("Something else entirely"),)), NOW)
    library = SqliteLibrary(db)
    for words in ((word,), (word, "entirely"), ("entirely", word)):
        for is_typing in (False, True):
            library.search(Query(words=words, is_typing=is_typing))
    assert library.search(Query(words=("entirely", "—"))).entries, "what has no letter is no word"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(codec=None), max_size=30), max_size=4).map(tuple), st.booleans())
def test_whatever_is_typed_can_be_searched(db: Database, words: tuple[str, ...], is_typing: bool) -> None:
    library = SqliteLibrary(db)
    library.search(Query(words=words, is_typing=is_typing, theme="x", companies=words))
    if expression := full_text(words, is_typing=is_typing):
        db.rows("SELECT rowid FROM entries_fts WHERE entries_fts MATCH ?", (expression,))


def kept(name: str, chat: str = "telegram:1", *, age: timedelta = timedelta(0)) -> Search:
    return Search(
        id=name,
        subscriber_id=chat,
        asked="rain",
        found=Found(entries=("a", "b"), is_complete=False),
        at=NOW - age,
    )


def test_a_search_is_kept_for_the_chat_that_made_it(shelve: Shelf) -> None:
    library = shelve([])
    library.keep(kept("one"))
    library.keep(kept("one"))
    assert library.kept("one", subscriber_id="telegram:1") == kept("one")
    assert library.kept("one", subscriber_id="telegram:2") is None
    assert library.kept("two", subscriber_id="telegram:1") is None


def test_old_searches_and_many_of_one_chat_are_dropped(shelve: Shelf) -> None:
    library = shelve([])
    library.keep(kept("old", "telegram:2", age=timedelta(days=8)))
    for n in range(KEPT_OF_CHAT + 3):
        library.keep(kept(str(n), age=timedelta(minutes=60 - n)))
    left = [n for n in range(KEPT_OF_CHAT + 3) if library.kept(str(n), subscriber_id="telegram:1")]
    assert left == list(range(3, KEPT_OF_CHAT + 3))
    assert library.kept("old", subscriber_id="telegram:2") is None


def test_searches_of_many_chats_are_bounded_too(db: Database) -> None:
    with db.transaction() as cursor:
        cursor.executemany(
            "INSERT INTO searches VALUES (?, ?, ?, 'x', '[]', 1)",
            [(str(n), f"telegram:{n}", f"2026-03-02T13:00:{n:06}") for n in range(KEPT + 5)],
        )
    SqliteLibrary(db).keep(kept("new"))
    assert db.value("SELECT count(*) FROM searches") == KEPT
    assert SqliteLibrary(db).kept("new", subscriber_id="telegram:1")


def test_a_kept_search_survives_a_restart(path: Path) -> None:
    first = Database(path)
    SqliteLibrary(first).keep(kept("one"))
    first.close()
    again = Database(path)
    assert SqliteLibrary(again).kept("one", subscriber_id="telegram:1") == kept("one")
    again.close()


def test_the_biggest_story_has_the_most_independent_origins(shelve: Shelf, tmp_path: Path) -> None:
    library = shelve(busy_day(tmp_path))
    top = library.top(NOW - HOUR, 10)
    assert [hit.story and hit.story.title for hit in top] == [TITLE, CUT], "what nobody was told is left out"
    assert [hit.entry.title for hit in top] == [TITLE, CUT]
    assert [hit.story and hit.story.title for hit in library.top(NOW - HOUR, 1)] == [TITLE]
    assert library.top(NOW + 9 * HOUR, 10) == []


def test_of_equally_many_origins_the_louder_is_first_however_often_the_other_is_copied(
    shelve: Shelf, tmp_path: Path
) -> None:
    day = decide(newsroom(tmp_path), (CUT, "wire", 0), (CUT, "copier", 1), (TITLE, "wire", 1))
    library = shelve(day)
    assert [hit.entry.title for hit in library.top(NOW - HOUR, 10)] == [TITLE, CUT]


def test_a_story_of_stories_is_not_among_the_biggest_but_has_a_history(shelve: Shelf, tmp_path: Path) -> None:
    room = newsroom(tmp_path)
    other = "Meta cuts what it spends on halls"
    room.reader.learn(other, *(replace(e, actor="META") for e in room.reader.said[CUT]))
    day = decide(room, (CUT, "wire", 0), (other, "wire", 1))
    library = shelve(day)
    [whole] = [s for outcome, _ in day for s in outcome.stories if s.rule_id]
    assert whole.id not in {hit.story.id for hit in library.top(NOW - HOUR, 10) if hit.story}
    history = library.history(whole.id)
    assert history is not None
    assert [part.title for part in history.parts] == [CUT, other]


def test_a_history_holds_all_that_a_story_was(shelve: Shelf, tmp_path: Path) -> None:
    day = busy_day(tmp_path)
    library = shelve(day)
    story = next(s for outcome, _ in day for s in outcome.stories if s.title == TITLE)
    history = library.history(story.id[:10])
    assert history is not None
    assert (history.story.origins, history.story.copies) == (3, 3)
    assert [a.kind for a in history.alerts] == [AlertKind.NEW, AlertKind.REPLY, AlertKind.REPLY]
    assert [s.title for s in history.sightings] == [TITLE, SLUMP, SLUMP, DENIAL]
    assert {m.entry_id for m in history.story.members} <= history.entries.keys()
    assert history.withdrawals == frozenset()
    assert library.history(history.alerts[0].id) == history
    assert library.history("0" * 16) is None
    assert library.history("") is None


def test_who_withdraws_is_named(shelve: Shelf, tmp_path: Path) -> None:
    day = decide(newsroom(tmp_path), (TITLE, "wire", 0), (RIVAL, "paper", 1), (NOTICE, "wire", 2))
    history = shelve(day).history(day[0][0].stories[0].id)
    assert history is not None
    assert [history.entries[i].title for i in history.withdrawals] == [NOTICE]


def test_a_story_is_found_by_its_message_in_the_chat_only(db: Database, tmp_path: Path) -> None:
    Desk(db).enroll("telegram", "1", NOW)
    for outcome, now in decide(newsroom(tmp_path), (TITLE, "wire", 0), (AGREED, "paper", 7)):
        Ingest(db).apply(outcome, now)
    queue = Queue(db)
    for n in range(2):
        for item in queue.due(NOW + 8 * HOUR, 9, exclude=frozenset()):
            queue.delivered(item.notification.id, Receipt(message_id=str(700 + n), at=NOW))
    library = SqliteLibrary(db)
    found = [library.history(str(700 + n), subscriber_id="telegram:1") for n in (0, 1)]
    assert [h and h.story.title for h in found] == [TITLE, TITLE], "of the card and of the answer to it"
    assert library.history("700", subscriber_id="telegram:2") is None
    assert library.history("700") is None


def test_what_was_pruned_is_left_out(db: Database, tmp_path: Path) -> None:
    day = busy_day(tmp_path)
    for outcome, now in day:
        Ingest(db).apply(outcome, now)
    library = SqliteLibrary(db)
    before = library.search(ALL).entries
    Archive(db).prune(NOW + timedelta(days=400), timedelta(days=1))
    assert library.hits(before) == []
    assert library.search(ALL) == Found(entries=())
    assert library.top(NOW - HOUR, 10) == []
