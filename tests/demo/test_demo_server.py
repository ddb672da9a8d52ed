"""The demo's server over real HTTP: it answers as scripted, and as its clock says."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import aiohttp
import feedparser
import pytest

from bot.demo.script import day_zero, load_scripts, read_moment
from bot.demo.server import BUSY_EVERY, DemoServer, damage, sources

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Bench:
    """A running server, a client without any cleverness, and a clock to turn."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self.now = START
        self.client = client
        self.server = DemoServer(clock=lambda: self.now, start=START)

    def at(self, moment: str) -> None:
        self.now = day_zero(START) + read_moment(moment)

    def path(self, feed_id: str) -> str:
        return next(f.url for f in self.server.sources() if f.id == feed_id)

    async def get(self, feed_id: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        return await self.open(self.path(feed_id), **headers)

    async def open(self, url: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.get(url, headers=names, allow_redirects=False) as answer:
            return answer.status, answer.headers, await answer.read()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=["Accept-Encoding"]) as client:
        made = Bench(client)
        async with made.server:
            yield made


def guids(body: bytes) -> list[str]:
    return [e.id.rsplit(":", 1)[-1] for e in feedparser.parse(body).entries]


async def test_every_source_answers_with_a_feed_or_leads_to_one(bench: Bench):
    bench.at("d2 22:00")
    for feed in bench.server.sources():
        status, headers, body = await bench.open(feed.url)
        if status == 301:
            status, headers, body = await bench.open(bench.server.base_url + headers["Location"])
        assert status == 200, feed.id
        assert b"(invented for the demo)" in body.replace(b"&nbsp;", b""), feed.id
        assert headers["Content-Type"].endswith("charset=utf-8"), feed.id


def test_sources_describe_the_feeds_for_the_program():
    feeds = sources("http://127.0.0.1:1")

    assert [f.id for f in feeds] == [s.id for s in load_scripts()]
    assert all(f.url.startswith("http://127.0.0.1:1/feeds/") for f in feeds)
    assert all(timedelta(minutes=10) <= f.interval <= timedelta(minutes=20) for f in feeds)


async def test_nothing_is_served_before_its_time_and_an_edit_comes_under_the_same_guid(bench: Bench):
    titles = {}
    for moment in ("d0 14:01", "d0 14:02", "d0 15:29", "d0 15:30"):
        bench.at(moment)
        parsed = feedparser.parse((await bench.get("demo-wire"))[2])
        titles[moment] = {e.id: e.title for e in parsed.entries}.get("dw-006")

    assert titles["d0 14:01"] is None
    assert titles["d0 14:02"] == titles["d0 15:29"] != titles["d0 15:30"]
    assert titles["d0 15:30"] is not None


async def test_an_edit_changes_the_validators(bench: Bench):
    bench.at("d0 15:29")
    _, headers, _ = await bench.get("demo-wire")
    bench.at("d0 15:30")

    by_tag = await bench.get("demo-wire", If_None_Match=headers["ETag"])
    by_date = await bench.get("demo-wire", If_Modified_Since=headers["Last-Modified"])

    assert (by_tag[0], by_date[0]) == (200, 200)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        pytest.param("etag", 304, id="same tag"),
        pytest.param("weak", 304, id="same tag, marked weak by a proxy"),
        pytest.param("date", 304, id="same date"),
        pytest.param("other tag, same date", 200, id="the tag counts before the date"),
        pytest.param("nonsense", 200, id="a date that is none"),
        pytest.param("old", 200, id="older date"),
    ],
)
async def test_validators_are_honoured(bench: Bench, name: str, status: int):
    _, headers, _ = await bench.get("demo-wire")
    sent = {
        "etag": {"If_None_Match": headers["ETag"]},
        "weak": {"If_None_Match": "W/" + headers["ETag"]},
        "date": {"If_Modified_Since": headers["Last-Modified"]},
        "other tag, same date": {"If_None_Match": '"x"', "If_Modified_Since": headers["Last-Modified"]},
        "nonsense": {"If_Modified_Since": "the day before"},
        "old": {"If_Modified_Since": "Mon, 02 Mar 2026 06:00:00 GMT"},
    }[name]

    got, answer, body = await bench.get("demo-wire", **sent)

    assert got == status
    assert answer["ETag"] == headers["ETag"]
    assert bool(body) is (status == 200)


async def test_a_moved_feed_redirects_for_good(bench: Bench):
    status, headers, _ = await bench.get("demo-harbour")
    there, _, body = await bench.open(bench.server.base_url + headers["Location"])

    assert (status, there) == (301, 200)
    assert guids(body) == ["hl-001"]


async def test_a_busy_feed_asks_every_seventh_poll_to_come_back_later(bench: Bench):
    answers = [await bench.get("demo-rack-unit") for _ in range(2 * BUSY_EVERY)]
    statuses = [status for status, _, _ in answers]

    assert statuses == ([200] * (BUSY_EVERY - 1) + [429]) * 2
    assert answers[BUSY_EVERY - 1][1]["Retry-After"] == "60"


async def test_a_broken_feed_is_malformed_but_readable(bench: Bench):
    bench.at("d0 14:00")
    _, _, body = await bench.get("demo-fab-floor")
    parsed = feedparser.parse(body)

    assert parsed.bozo
    assert [e.id for e in parsed.entries] == ["ff-003", "ff-002", "ff-001"]


@pytest.mark.parametrize(
    ("moment", "is_feed"),
    [
        pytest.param("d1 08:59", True, id="before"),
        pytest.param("d1 09:00", False, id="begins"),
        pytest.param("d1 09:59", False, id="lasts"),
        pytest.param("d1 10:00", True, id="over"),
    ],
)
async def test_a_broken_feed_shows_no_feed_for_an_hour(bench: Bench, moment: str, is_feed: bool):
    bench.at(moment)
    status, headers, body = await bench.get("demo-fab-floor")

    assert status == 200
    assert (b"<rss" in body) is is_feed
    assert ("ETag" in headers) is is_feed


async def test_a_feed_that_ignores_validators_sends_the_same_body_under_new_tags(bench: Bench):
    _, first, body = await bench.get("demo-die-and-wafer")
    status, second, again = await bench.get("demo-die-and-wafer", If_None_Match=first["ETag"])

    assert status == 200
    assert again == body
    assert first["ETag"] != second["ETag"]


async def test_a_gzip_feed_compresses_for_those_who_accept_it(bench: Bench):
    _, plain_headers, plain = await bench.get("demo-northlight")
    _, headers, packed = await bench.get("demo-northlight", Accept_Encoding="gzip, br")

    assert "Content-Encoding" not in plain_headers
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == plain


async def test_answers_are_counted_by_feed_and_status(bench: Bench):
    _, headers, _ = await bench.get("demo-wire")
    await bench.get("demo-wire", If_None_Match=headers["ETag"])
    await bench.get("demo-harbour")

    assert bench.server.counts["demo-wire"] == {200: 1, 304: 1}
    assert bench.server.counts["demo-harbour"] == {301: 1}
    assert bench.server.counts["demo-filings"] == {}


async def test_the_listing_names_every_feed(bench: Bench):
    _, _, body = await bench.open(bench.server.base_url + "/feeds")

    assert [line.split()[0] for line in body.decode().splitlines()] == [
        f.url.removeprefix(bench.server.base_url) for f in bench.server.sources()
    ]


async def test_it_listens_on_loopback_only_while_it_runs():
    server = DemoServer(clock=lambda: START, start=START)
    async with server:
        address = server.base_url
    assert address.startswith("http://127.0.0.1:")
    assert server.base_url == ""
    async with aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get(address + "/feeds")


def test_damage_leaves_what_a_lenient_parser_needs():
    whole = b"<rss><channel><title>T</title><item><title>I</title></item></channel></rss>"

    assert damage(whole) == b"<rss><channel><title>T&nbsp;</title><item><title>I</title></item>"
