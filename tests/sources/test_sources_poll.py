"""One poll from the wire to its result, over loopback and with fakes."""

import pytest
from aiohttp import web
from sources_server import NOW, a_feed, a_fetcher, a_state, item, rss, serving

from bot.errors import FetchError, ParseError
from bot.model import FeedStatus, Fetched, Hints, NotModified, ParsedFeed
from bot.sources.parse import FeedParser
from bot.sources.poll import poll_once


class FakeFetcher:
    """Gives its answers in turn; an exception is raised."""

    def __init__(self, *answers):
        self.answers = list(answers)

    async def fetch(self, feed, state, /):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeParser:
    """Counts, and gives or raises the same every time."""

    def __init__(self, outcome=None):
        self.outcome, self.calls = outcome or ParsedFeed(title="T", entries=(), hints=Hints()), 0

    async def parse(self, feed, fetched, now, /):
        self.calls += 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


BODY = Fetched(url="https://feeds.example/rss", body=b"x", body_hash="h", etag=b'"1"')


async def test_a_storm_of_304_parses_nothing_fault_17():
    parser, state = FakeParser(), a_state(body_hash="h", baselined=True)
    fetcher = FakeFetcher(*[NotModified(etag=b'"1"')] * 1000)
    for _ in range(1000):
        result = await poll_once(a_feed(), state, fetcher, parser, NOW)
        state = result.state
        assert result.not_modified
        assert result.news == result.baseline == ()
    assert parser.calls == 0
    assert state.not_modified == state.polls == 1000


async def test_an_error_of_the_fetch_is_part_of_the_result():
    result = await poll_once(a_feed(), a_state(), FakeFetcher(FetchError("no answer")), FakeParser(), NOW)
    assert result.error_text == result.state.last_error == "no answer"
    assert result.state.failures == 1


async def test_an_error_of_the_parser_keeps_the_new_validators_out_of_the_state():
    parser = FakeParser(ParseError("no feed"))
    result = await poll_once(a_feed(), a_state(etag=b'"0"'), FakeFetcher(BODY), parser, NOW)
    assert result.error_text == "no feed"
    assert (result.state.etag, result.state.body_hash) == (b'"0"', None)


async def test_a_bug_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        await poll_once(a_feed(), a_state(), FakeFetcher(ZeroDivisionError()), FakeParser(), NOW)


async def test_polls_over_the_wire_baseline_news_304_and_end():
    body = rss(item(1), item(2))
    status = 200

    async def handler(request):
        tag = f'"{hash(body)}"'
        if request.headers.get("If-None-Match") == tag and status == 200:
            return web.Response(status=304)
        return web.Response(body=body, status=status, headers={"ETag": tag}, content_type="text/xml")

    async with serving(handler) as site, a_fetcher(site) as fetcher, FeedParser() as parser:
        feed = a_feed(site.url("/rss"))
        first = await poll_once(feed, a_state(), fetcher, parser, NOW)
        assert [e.title for e in first.baseline] == ["Item 1", "Item 2"]
        assert first.news == ()
        second = await poll_once(feed, first.state, fetcher, parser, NOW)
        assert second.not_modified
        body = rss(item(3), item(1), item(2))
        third = await poll_once(feed, second.state, fetcher, parser, NOW)
        assert [e.title for e in third.news] == ["Item 3", "Item 1", "Item 2"]
        assert {e.id for e in third.news} > {e.id for e in first.baseline}
        body = b"<html></html>"
        fourth = await poll_once(feed, third.state, fetcher, parser, NOW)
        assert "an HTML page" in fourth.error_text
        status = 410
        fifth = await poll_once(feed, fourth.state, fetcher, parser, NOW)
    assert fifth.state.status is FeedStatus.GONE  # fault 21
    assert fifth.state.next_poll_at is None


async def test_a_moved_feed_is_followed_then_adopted_and_shows_nothing_old_again_fault_19():
    async def handler(request):
        if request.path == "/old":
            return web.Response(status=301, headers={"Location": "/new"})
        return web.Response(body=rss(item(1)), headers={"ETag": '"1"'})

    async with serving(handler) as site, a_fetcher(site) as fetcher, FeedParser() as parser:
        feed, state = a_feed(site.url("/old")), a_state(baselined=True)
        results = []
        for _ in range(4):
            results.append(await poll_once(feed, state, fetcher, parser, NOW))
            state = results[-1].state
        assert state.url == site.url("/new")
        assert [path for path, _ in site.requests] == ["/old", "/new"] * 3 + ["/new"]
        assert "If-None-Match" not in site.requests[-1][1]
    assert [len(r.news) for r in results] == [1, 0, 0, 0]
    assert results[-1].not_modified


async def test_a_new_etag_for_the_same_body_is_no_news_fault_18():
    count = 0

    async def handler(request):
        nonlocal count
        count += 1
        return web.Response(body=rss(item(1)), headers={"ETag": f'"{count}"'})

    async with serving(handler) as site, a_fetcher(site) as fetcher, FeedParser() as parser:
        first = await poll_once(a_feed(site.url()), a_state(), fetcher, parser, NOW)
        second = await poll_once(a_feed(site.url()), first.state, fetcher, parser, NOW)
    assert second.not_modified
    assert second.state.etag == b'"2"'


async def test_a_redirect_into_the_private_network_stops_the_feed_with_a_reason_fault_20():
    async def handler(request):
        return web.Response(status=302, headers={"Location": "http://169.254.169.254/"})

    async with serving(handler) as site, a_fetcher(site) as fetcher:
        result = await poll_once(a_feed(site.url()), a_state(), fetcher, FakeParser(), NOW)
    assert result.state.status is FeedStatus.BLOCKED
    assert "private address" in result.state.last_error
