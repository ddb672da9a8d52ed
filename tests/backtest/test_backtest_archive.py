"""What the archive gives back for a replay, and where it finds an entry by its URL."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from make import HOUR, MINUTE, NOW, entry
from newsroom import Reader
from week import DAY, live, news, week

from bot.backtest import from_archive
from bot.errors import ConfigError
from bot.model import Entry
from bot.pipeline import Book
from bot.store import archive as archives
from bot.store.archive import Archive, Arrival
from bot.store.database import Database


def store(db: Database, book: Book, reader: Reader, *entries: Entry, silent: bool = False) -> None:
    """One batch after another, one entry each."""
    live(
        db, book, reader, [[e] for e in entries], frozenset(e.id for e in entries) if silent else frozenset()
    )


def told(arrivals: list[Arrival]) -> list[tuple[str, int, timedelta]]:
    """Title, revision, and when it came after the first."""
    return [(a.entry.title, a.entry.revision, a.at - NOW) for a in arrivals]


@pytest.mark.parametrize("step", [1, 2, 1000])
def test_revisions_come_back_as_they_were_and_when(
    book: Book, reader: Reader, db: Database, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(archives, "READ_STEP", step)
    first = news(reader, 0, 1, at=NOW)
    other = news(reader, 5, 2, at=NOW + MINUTE, feed="paper")
    second = replace(news(reader, 2, 3, at=NOW + HOUR), id=first.id, published=NOW)
    third = replace(news(reader, 3, 4, at=NOW + 2 * HOUR), id=first.id, published=NOW)
    store(db, book, reader, first, other, second, third)
    came = list(Archive(db).arrivals(NOW - DAY))
    assert told(came) == [
        (first.title, 0, timedelta(0)),
        (other.title, 0, MINUTE),
        (second.title, 1, HOUR),
        (third.title, 2, 2 * HOUR),
    ]
    assert [a.entry.content for a in came] == [first.content, other.content, second.content, third.content]
    assert {a.entry.seen_at for a in came if a.entry.id == first.id} == {NOW}
    assert told(list(Archive(db).arrivals(NOW + 2 * MINUTE))) == told(came)[2:]


def test_an_entry_comes_once_however_many_decisions_were_made_about_it(
    book: Book, reader: Reader, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(db, book, reader, week(reader), frozenset())
    whole = list(Archive(db).arrivals(NOW))
    assert db.value("SELECT count(*) FROM verdicts") > len(whole)
    assert len({(a.entry.id, a.at) for a in whole}) == len(whole)
    for step in (1, 2, 3):
        monkeypatch.setattr(archives, "READ_STEP", step)
        assert list(Archive(db).arrivals(NOW)) == whole


def test_a_silent_first_poll_is_remembered(book: Book, reader: Reader, db: Database) -> None:
    store(db, book, reader, news(reader, 0, 1, at=NOW), silent=True)
    store(db, book, reader, news(reader, 0, 2, at=NOW + HOUR, feed="paper"))
    assert [a.baseline for a in Archive(db).arrivals(NOW)] == [True, False]


def test_the_span_is_counted_from_the_newest_entry_and_what_was_open_before_it_does_not_count(
    book: Book, reader: Reader, db: Database
) -> None:
    hours = (-300, -60, -2, 0)
    store(db, book, reader, *(news(reader, 6, n, at=NOW + n * HOUR) for n in hours))
    came = list(from_archive(Archive(db), DAY))
    assert [(a.at - NOW, a.counts) for a in came] == [
        (-60 * HOUR, False),
        (-2 * HOUR, True),
        (0 * HOUR, True),
    ]
    assert len(list(from_archive(Archive(db), timedelta(days=900_000)))) == len(hours)


def test_an_empty_archive_says_so(db: Database) -> None:
    with pytest.raises(ConfigError, match="holds no entries yet"):
        from_archive(Archive(db), DAY)


URL = "https://news.example/chips/a-story"


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(URL, id="as it is"),
        pytest.param("http://news.example/chips/a-story", id="another scheme"),
        pytest.param(URL + "/", id="a slash more"),
        pytest.param(URL + "#part", id="a fragment"),
        pytest.param(URL + "?utm_source=mail", id="a query"),
        pytest.param(f"  {URL}\n", id="blanks"),
    ],
)
def test_an_entry_is_found_by_its_url(book: Book, reader: Reader, db: Database, asked: str) -> None:
    store(db, book, reader, entry("One", url=URL), entry("Two", url=URL + "-2"))
    assert [e.title for e in Archive(db).find(asked)] == ["One"]


def test_an_entry_is_found_by_its_id_and_every_feed_has_its_own(
    book: Book, reader: Reader, db: Database
) -> None:
    wire, paper = entry("One", url=URL), entry("One", url=URL, feed="paper", at=NOW + HOUR)
    store(db, book, reader, wire, paper)
    archive = Archive(db)
    assert [e.id for e in archive.find(URL)] == [paper.id, wire.id]
    assert [e.id for e in archive.find(wire.id)] == [wire.id]
    assert archive.find("") == archive.find("nothing") == []


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        pytest.param(URL + "-of-memory", URL, id="one that is longer"),
        pytest.param("https://news.example/chips/", URL, id="one that is shorter"),
        pytest.param("http://news.example/sport/zebra", "https://news.example/sport/a", id="another scheme"),
        pytest.param("https://other.example/chips/a-story", "", id="another host"),
        pytest.param("https://news.example.org/chips/a-story", "", id="a longer host"),
        pytest.param("chips", "", id="no URL"),
    ],
)
def test_the_nearest_url_is_of_the_same_host(
    book: Book, reader: Reader, db: Database, asked: str, near: str
) -> None:
    urls = [
        URL,
        "https://news.example/sport/a",
        "https://news.exampla/",
        "https://newt.example/chips/a-story",
    ]
    store(db, book, reader, *(entry(f"Number {n}", url=url) for n, url in enumerate(urls)))
    assert Archive(db).neighbour(asked) == near
