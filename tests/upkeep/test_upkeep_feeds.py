"""The feeds in force: the file, with what managers changed laid over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from make import NOW, entry

from bot.errors import ConfigError, FetchError
from bot.model import Feed, FeedStatus, Fetched, Hints, Outcome, ParsedFeed, PollState, SourceKind
from bot.office import FeedChange
from bot.sources.overlay import feed_id_for, overlaid
from bot.sources.schedule import refreshed
from bot.store.database import Database
from bot.store.feed_changes import FeedChanges
from bot.store.ingest import Ingest
from bot.store.polls import PollStates
from bot.upkeep.feeds import MOST_ADDED, FeedDesk

NEW = "https://new.example/feed"


def feed(feed_id: str = "wire", **more: object) -> Feed:
    values: dict[str, object] = {
        "url": f"https://{feed_id}.example/feed",
        "kind": SourceKind.WIRE,
        "tier": 1,
    }
    return Feed(id=feed_id, **(values | more))  # type: ignore[arg-type]


class Web:
    """Fetches and parses; a test says which addresses fail."""

    def __init__(self) -> None:
        self.errors: dict[str, FetchError] = {}
        self.asked: list[str] = []

    async def fetch(self, feed: Feed, state: PollState, /) -> Fetched:
        self.asked.append(feed.url)
        if feed.url in self.errors:
            raise self.errors[feed.url]
        return Fetched(url=feed.url, body=b"x", body_hash="h")

    async def parse(self, feed: Feed, fetched: Fetched, now: object, /) -> ParsedFeed:
        entries = (entry("Older", at=NOW - timedelta(hours=1)), entry("Newer"))
        return ParsedFeed(title="T", entries=entries, hints=Hints(), warnings=("odd",))


class House:
    def __init__(self, path: Path, *feeds: Feed) -> None:
        self.db, self.web, self.file, self.synced = Database(path), Web(), feeds, 0
        self.states = PollStates(self.db)
        self.states.save([PollState(feed_id=f.id, address=f.url) for f in feeds])
        self.restart()

    def restart(self) -> None:
        self.desk = FeedDesk(
            lambda: self.file,
            FeedChanges(self.db),
            self.states,
            self.web,  # type: ignore[arg-type]
            self.web,  # type: ignore[arg-type]
            lambda: NOW,
            self.sync,
        )

    def sync(self) -> None:
        self.synced += 1

    def feed(self, feed_id: str = "wire") -> Feed | None:
        return next((f for f in self.desk.in_force() if f.id == feed_id), None)

    def count(self, table: str) -> int:
        return int(self.db.value(f"SELECT count(*) FROM {table}"))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(
        tmp_path / "spillover.db",
        feed(),
        feed("off", enabled=False),
        feed("rss", url="${RSSHUB}/x", enabled=False),
    )
    yield house
    house.db.close()


def enabled(house: House) -> list[str]:
    return [f.id for f in house.desk.in_force() if f.enabled]


async def test_without_changes_the_file_counts(house):
    assert house.desk.in_force() == house.file


async def test_a_pause_outlives_restart_and_reload_and_ends(house):
    await house.desk.pause("wire")
    assert enabled(house) == []
    assert house.synced
    house.restart()
    house.file = tuple(house.file)
    assert enabled(house) == []
    await house.desk.resume("wire")
    assert enabled(house) == ["wire"]
    assert house.count("feed_changes") == 0, "it is as the file says again"


async def test_what_the_file_has_off_can_be_switched_on_and_off_again(house):
    await house.desk.resume("off")
    house.restart()
    assert enabled(house) == ["wire", "off"]
    await house.desk.pause("off")
    assert enabled(house) == ["wire"]
    assert house.count("feed_changes") == 0


@pytest.mark.parametrize("status", [FeedStatus.GONE, FeedStatus.BLOCKED, FeedStatus.ACTIVE])
async def test_a_feed_that_is_resumed_is_asked_at_once(house, status):
    later = NOW + timedelta(hours=20)
    house.states.save([PollState(feed_id="wire", status=status, failures=9, next_poll_at=later)])
    await house.desk.resume("wire")
    assert "wire" in house.states.due(NOW, 9)


async def test_another_address_outlives_a_restart_and_keeps_the_past(house):
    ingest = Ingest(house.db)
    ingest.snapshot([], NOW)
    ingest.apply(Outcome(entries=(entry(feed="wire"),)), NOW)
    trial = await house.desk.move("wire", NEW)
    assert (trial.entries, house.web.asked) == (2, [NEW])
    house.restart()
    moved = house.feed()
    assert moved is not None
    assert replace(moved, url=feed().url) == feed(), "nothing else differs"
    assert moved.url == NEW
    assert house.db.value("SELECT count(*) FROM entries WHERE feed_id = 'wire'") == 1
    state = refreshed(moved, replace(house.states.states(["wire"])["wire"], polls=9, baselined=True))
    assert (state.polls, state.baselined) == (9, False), "its first items are taken in silently"


async def test_the_file_counts_again_once_its_address_was_edited(house):
    await house.desk.move("wire", NEW)
    house.file = (feed(url="https://edited.example/feed"), *house.file[1:])
    assert house.feed().url == "https://edited.example/feed"


async def test_back_to_the_files_address_is_no_change(house):
    await house.desk.move("wire", NEW)
    await house.desk.move("wire", feed().url)
    assert house.count("feed_changes") == 0


async def test_an_address_that_can_not_be_read_changes_and_adds_nothing(house):
    house.web.errors[NEW] = FetchError("10.0.0.1 is a private address", blocked=True)
    with pytest.raises(ConfigError, match="nothing was changed, as the new address can't be read: 10"):
        await house.desk.move("wire", NEW)
    with pytest.raises(ConfigError, match="nothing was added"):
        await house.desk.add(NEW, "blog", 3)
    assert house.desk.in_force() == house.file
    assert house.synced == 0


async def test_a_feed_is_added_changed_paused_and_removed(house):
    feed_id, trial = await house.desk.add(NEW, "trade", 2)
    assert (feed_id, trial.title, trial.entries) == ("new-example", "Wire", 2)
    house.restart()
    added = house.feed(feed_id)
    assert added is not None
    assert (added.url, added.kind, added.tier, added.title) == (NEW, SourceKind.TRADE, 2, "Wire")
    await house.desk.move(feed_id, "https://new.example/other")
    assert house.feed(feed_id).url == "https://new.example/other"
    await house.desk.pause(feed_id)
    house.restart()
    assert not house.feed(feed_id).enabled
    await house.desk.resume(feed_id)
    assert house.feed(feed_id).enabled
    (listed,) = [s for s in await house.desk.listing() if s.is_added]
    assert (listed.id, listed.state) == (feed_id, "active")
    await house.desk.remove(feed_id)
    assert house.feed(feed_id) is None
    assert house.count("feed_changes") == 0


async def test_a_feed_of_an_empty_file_is_added(house):
    house.file = ()
    await house.desk.add(NEW, "blog", 3)
    assert [f.url for f in house.desk.in_force()] == [NEW]


@pytest.mark.parametrize("url", [feed().url, "HTTPS://WIRE.example/feed", "https://wire.example/feed#top"])
async def test_an_address_is_polled_once(house, url):
    with pytest.raises(ConfigError, match="wire already"):
        await house.desk.add(url, "blog", 3)
    with pytest.raises(ConfigError, match="wire already"):
        await house.desk.move("off", url)
    assert house.web.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.example/",
        "javascript:alert(1)",
        "http:///x",
        "${RSSHUB}/x",
        "https://a b/",
        "file:///etc/passwd",
    ],
)
async def test_what_is_no_web_address_is_refused(house, url):
    for doing in (house.desk.test(url), house.desk.add(url, "blog", 3), house.desk.move("wire", url)):
        with pytest.raises(ConfigError):
            await doing
    assert house.web.asked == []


async def test_a_password_in_a_wrong_address_is_not_repeated(house):
    with pytest.raises(ConfigError) as refused:
        await house.desk.add("ftp://me:secret@x.example/", "blog", 3)
    assert "secret" not in str(refused.value)


async def test_a_test_stores_nothing(house):
    before = list(house.db.connection.iterdump())
    trial = await house.desk.test(NEW)
    assert [title for _, title in trial.newest] == ["Newer", "Older"]
    assert trial.warnings == ("odd",)
    assert (await house.desk.test("WIRE")).entries == 2
    house.web.errors[NEW] = FetchError("HTTP status 404")
    assert (await house.desk.test(NEW)).error == "HTTP status 404"
    assert list(house.db.connection.iterdump()) == before


async def test_what_is_unknown_or_impossible_is_said(house):
    for doing, words in (
        (house.desk.pause("nowhere"), "there is no feed 'nowhere'"),
        (house.desk.pause("off"), "not polled as it is"),
        (house.desk.resume("rss"), "needs a bridge"),
        (house.desk.test("rss"), "needs a bridge"),
        (house.desk.test("wirr"), "did you mean 'wire'"),
        (house.desk.remove("wire"), "stands in rules/sources.yaml"),
    ):
        with pytest.raises(ConfigError, match=words):
            await doing


async def test_added_feeds_are_bounded(house):
    changes = FeedChanges(house.db)
    for n in range(MOST_ADDED):
        changes.put(FeedChange(feed_id=f"f{n}", added=feed(f"f{n}")))
    house.restart()
    with pytest.raises(ConfigError, match="200 feeds were added already"):
        await house.desk.add(NEW, "blog", 3)


async def test_the_listing_says_how_each_stands(house):
    ingest = Ingest(house.db)
    ingest.snapshot([], NOW)
    ingest.apply(Outcome(entries=tuple(entry(f"News {n}", feed="wire") for n in range(14))), NOW)
    house.states.save([PollState(feed_id="wire", failures=2, last_error="HTTP status 503")])
    await house.desk.resume("off")
    listing = await house.desk.listing()
    assert [(s.id, s.state, s.is_down, s.is_changed) for s in listing] == [
        ("wire", "active", True, False),
        ("off", "active", False, True),
        ("rss", "off", False, False),
    ]
    assert (listing[0].per_day, listing[0].last_error) == (2.0, "HTTP status 503")


def test_the_file_wins_where_it_has_what_was_added():
    added = feed("mine", url=NEW)
    change = FeedChange(feed_id="mine", added=added)
    assert overlaid([feed()], [change]) == (feed(), added)
    assert overlaid([feed("mine")], [change]) == (feed("mine"),)
    assert overlaid([feed(url=NEW)], [change]) == (feed(url=NEW),)


@pytest.mark.parametrize(
    ("url", "made"),
    [
        pytest.param("https://www.Blog.example.org:8080/x", "blog-example-org", id="host"),
        pytest.param("https://wire.example/", "wire-example-2", id="taken"),
        pytest.param("https://[2001:db8::1]/", "2001-db8-1", id="address"),
        pytest.param("https://bücher.example/", "b-cher-example", id="letters"),
        pytest.param("https://" + "a" * 60 + ".example/", "a" * 40, id="long"),
        pytest.param("https://新聞/", "feed", id="nothing left"),
    ],
)
def test_an_id_is_made_of_the_host(url, made):
    assert feed_id_for(url, {"wire-example"}) == made
