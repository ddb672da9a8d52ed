"""Fetching over loopback: conditions, redirects, limits, hostile servers."""

import asyncio
import gzip
import logging
import socket
from datetime import UTC, datetime, timedelta

import brotli
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from sources_server import NOW, a_feed, a_fetcher, a_state, item, rss, serving, serving_bytes
from yarl import URL

from bot.errors import FetchError
from bot.model import Fetched, NotModified
from bot.sources.fetch import next_hop
from bot.sources.headers import cache_hints, retry_after
from bot.sources.pace import Pace, Slots

BODY = rss(item(1))


def saying(body=BODY, status=200, **headers):
    async def handler(request):
        return web.Response(
            body=body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )

    return handler


async def fetch_from(handler, state=None, path="/", **changes):
    async with serving(handler) as site, a_fetcher(site, **changes) as fetcher:
        return await fetcher.fetch(a_feed(site.url(path)), state or a_state()), site


async def failing(handler, match, state=None, path="/", **changes):
    with pytest.raises(FetchError, match=match) as caught:
        await fetch_from(handler, state, path, **changes)
    assert "\n" not in str(caught.value)
    return caught.value


async def test_a_first_fetch_sends_no_conditions_and_says_who_we_are():
    answer, site = await fetch_from(saying(ETag='W/"a b"', Last_Modified="Tue, 24 Nov 2026 10:00:00 GMT"))
    assert isinstance(answer, Fetched)
    assert (answer.body, answer.etag, answer.last_modified) == (
        BODY,
        b'W/"a b"',
        b"Tue, 24 Nov 2026 10:00:00 GMT",
    )
    headers = site.requests[0][1]
    assert headers["User-Agent"] == "Spillover/test (+https://example.org)"
    assert headers["Accept-Encoding"] == "gzip, br, zstd"
    assert not {"If-None-Match", "If-Modified-Since", "Cookie", "Referer"} & set(headers)


async def test_validators_go_back_exactly_as_they_came_fault_17():
    state = a_state(etag=b'W/"a b"', last_modified=b"Tue, 24 Nov 2026 10:00:00 GMT")
    answer, site = await fetch_from(saying(body=b"", status=304), state)
    assert isinstance(answer, NotModified)
    headers = site.requests[0][1]
    assert (headers["If-None-Match"], headers["If-Modified-Since"]) == (
        'W/"a b"',
        "Tue, 24 Nov 2026 10:00:00 GMT",
    )
    assert (answer.etag, answer.last_modified) == (state.etag, state.last_modified)


@pytest.mark.parametrize(
    ("etag", "sent"),
    [
        pytest.param('"é"'.encode(), True, id="UTF-8"),
        pytest.param(b'"\xe9"', False, id="a byte that can't be sent back unchanged"),
    ],
)
async def test_a_validator_outside_ascii_is_sent_back_unchanged_or_not_at_all(etag, sent):
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: " + etag + b"\r\n\r\nok"
    async with serving_bytes(reply) as site, a_fetcher(site) as fetcher:
        first = await fetcher.fetch(a_feed(site.url()), a_state())
        assert isinstance(first, Fetched)
        assert first.etag == etag
        await fetcher.fetch(a_feed(site.url()), a_state(etag=first.etag))
    assert (b"If-None-Match: " + etag in site.requests[1][0].encode("latin-1")) is sent


async def test_a_304_that_was_not_asked_for_is_an_error():
    await failing(saying(body=b"", status=304), "304")


async def test_the_same_body_under_another_etag_is_not_modified_fault_18():
    first, _ = await fetch_from(saying(ETag='"1"'))
    again, _ = await fetch_from(saying(ETag='"2"'), a_state(etag=b'"1"', body_hash=first.body_hash))
    assert isinstance(again, NotModified)
    assert again.etag == b'"2"'


async def test_no_cookie_is_kept_or_sent():
    async with serving(saying(Set_Cookie="spy=1")) as site, a_fetcher(site) as fetcher:
        for _ in range(2):
            await fetcher.fetch(a_feed(site.url()), a_state())
    assert len(site.requests) == 2
    assert all("Cookie" not in headers for _, headers in site.requests)


@pytest.mark.parametrize(
    ("coding", "pack"), [("gzip", gzip.compress), ("br", brotli.compress), ("identity", bytes)]
)
async def test_a_coded_body_is_decoded(coding, pack):
    answer, _ = await fetch_from(saying(pack(BODY), Content_Encoding=coding))
    assert answer.body == BODY


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        pytest.param(
            saying(gzip.compress(bytes(30_000_000)), Content_Encoding="gzip"), "larger than", id="gzip bomb"
        ),
        pytest.param(
            saying(brotli.compress(bytes(30_000_000), quality=1), Content_Encoding="br"),
            "larger than",
            id="br bomb",
        ),
        pytest.param(saying(bytes(2_000_001)), "larger than 2,000,000 bytes", id="identity"),
        pytest.param(saying(b"x", Content_Encoding="gzip, br"), "2 times over", id="stacked"),
        pytest.param(saying(b"x", Content_Encoding="lzma"), "unknown coding", id="unknown"),
        pytest.param(saying(b"no gzip", Content_Encoding="gzip"), "claims to be", id="a lie"),
    ],
)
async def test_a_body_that_is_too_large_or_wrongly_coded_is_refused_fault_30(handler, message):
    await failing(handler, message, max_bytes=2_000_000)


async def test_a_body_that_unpacks_to_nothing_for_ever_stops_at_the_cap_fault_30_fault_32():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    empty = gzip.compress(b"") * 1000
    chunk = f"{len(empty):x}\r\n".encode() + empty + b"\r\n"
    limits = {"max_bytes": 200_000, "timeout": timedelta(seconds=5)}
    async with serving_bytes(head, chunk, forever=True) as site, a_fetcher(site, **limits) as fetcher:
        with pytest.raises(FetchError, match="larger than 200,000 bytes"):
            await fetcher.fetch(a_feed(site.url()), a_state())


async def test_a_body_without_end_stops_at_the_cap_fault_32():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"8000\r\n" + bytes(0x8000) + b"\r\n"
    async with (
        serving_bytes(head, chunk, forever=True) as site,
        a_fetcher(site, max_bytes=1_000_000) as fetcher,
    ):
        with pytest.raises(FetchError, match="larger than 1,000,000 bytes"):
            await fetcher.fetch(a_feed(site.url()), a_state())


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"), id="the body drips"),
        pytest.param((b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"), id="a header drips"),
        pytest.param(
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), id="chunks drip"
        ),
    ],
)
async def test_a_slow_drip_ends_at_the_total_deadline_fault_32(pieces):
    deadline = timedelta(milliseconds=150)
    async with serving_bytes(*pieces, forever=True) as site, a_fetcher(site, timeout=deadline) as fetcher:
        with pytest.raises(FetchError, match="no complete answer within"):
            await fetcher.fetch(a_feed(site.url()), a_state())


def redirecting(hops, final=BODY):
    """A site whose path `/n` redirects along `hops[n]`, a pair of status and location."""

    async def handler(request):
        n = int(request.path.strip("/") or 0)
        if n < len(hops):
            return web.Response(status=hops[n][0], headers={"Location": hops[n][1]})
        return web.Response(body=final)

    return handler


@pytest.mark.parametrize(
    ("statuses", "adopted"),
    [
        pytest.param([301], True, id="301"),
        pytest.param([301, 308], True, id="301 and 308"),
        pytest.param([302], False, id="302"),
        pytest.param([301, 307], False, id="one hop is temporary"),
        pytest.param([], False, id="no redirect"),
    ],
)
async def test_a_redirect_is_permanent_only_if_every_hop_is_fault_19(statuses, adopted):
    hops = [(status, f"/{n + 1}") for n, status in enumerate(statuses)]
    answer, site = await fetch_from(redirecting(hops))
    assert answer.body == BODY
    assert answer.permanent_redirect == (site.url(f"/{len(hops)}") if adopted else "")


@pytest.mark.parametrize(
    ("hops", "message"),
    [
        pytest.param([(302, "/1"), (302, "/0")], "in a circle", id="circle"),
        pytest.param([(301, f"/{n + 1}") for n in range(11)], "more than 5 times", id="11 hops"),
        pytest.param([(302, "file:///etc/passwd")], "only http and https", id="file"),
        pytest.param([(302, "javascript:alert(1)")], "only http and https", id="javascript"),
        pytest.param([(302, "")], "nowhere", id="empty"),
        pytest.param([(302, "http://[broken")], "no URL", id="broken"),
    ],
)
async def test_a_redirect_that_leads_nowhere_is_an_error_fault_20(hops, message):
    error = await failing(redirecting(hops), message, path="/0")
    assert not error.blocked


async def test_five_hops_are_still_followed():
    answer, _ = await fetch_from(redirecting([(302, f"/{n + 1}") for n in range(5)]))
    assert answer.body == BODY


def test_a_redirect_from_https_down_to_http_is_not_followed_fault_20():
    with pytest.raises(FetchError, match="from https down to http"):
        next_hop(URL("https://a.example/x"), "http://a.example/y")
    assert next_hop(URL("http://a.example/x"), "https://a.example/y#part") == URL("https://a.example/y")
    assert next_hop(URL("https://a.example/x/y"), "../z?a=1") == URL("https://a.example/z?a=1")


@pytest.mark.parametrize(
    "target",
    ["127.0.0.1:{port}", "0.0.0.0:{port}", "[::1]:{port}", "[::ffff:127.0.0.1]:{port}", "0x7f.1:{port}",
     "localhost:{port}", "169.254.169.254", "100.64.0.1", "10.0.0.1", "[fe80::1]", "[64:ff9b::7f00:1]"],
)  # fmt: skip
async def test_a_private_address_is_blocked_when_it_is_connected_to_fault_33(target):
    async with serving(saying()) as site, a_fetcher() as fetcher:
        with pytest.raises(FetchError, match="private address") as caught:
            await fetcher.fetch(a_feed(f"http://{target.format(port=site.port)}/"), a_state())
    assert caught.value.blocked
    assert site.requests == []


@pytest.mark.parametrize(
    "target", ["http://127.0.0.2:{port}/", "http://169.254.169.254/latest", "http://[::1]:{port}/"]
)
async def test_a_redirect_to_a_private_address_is_blocked_fault_20_fault_33(target):
    async def handler(request):
        return web.Response(status=302, headers={"Location": target.format(port=request.url.port)})

    error = await failing(handler, "private address")
    assert error.blocked


class Rebinding(AbstractResolver):
    """A name that is public when it is checked and private when it is used."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)

    async def resolve(self, host, port=0, family=socket.AF_INET):
        address = self.addresses.pop(0)
        flags = socket.AI_NUMERICHOST
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET,
                "proto": 0,
                "flags": flags,
            }
        ]

    async def close(self):
        return


async def test_a_name_that_turns_private_between_check_and_use_is_blocked_fault_33():
    async with serving(saying()) as site:
        async with a_fetcher(resolver=Rebinding("127.0.0.1")) as fetcher:
            with pytest.raises(FetchError, match="private address") as caught:
                await fetcher.fetch(a_feed(f"http://rebind.example:{site.port}/"), a_state())
    assert caught.value.blocked
    assert site.requests == []


async def test_410_says_that_the_feed_is_gone_fault_21():
    error = await failing(saying(status=410), "410 Gone")
    assert error.gone
    assert error.status == 410


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "404 Not Found; check the address"),
        (401, "password"),
        (500, "500"),
        (204, "204"),
        (299, "status 299"),
    ],
)
async def test_another_status_is_an_error_that_names_it(status, message):
    error = await failing(saying(body=b"", status=status), message)
    assert error.status == status
    assert not error.gone


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("120", timedelta(minutes=2), id="seconds"),
        pytest.param("Tue, 24 Nov 2026 13:00:00 GMT", timedelta(hours=1), id="date"),
        pytest.param("Tue, 24 Nov 2026 11:00:00 GMT", timedelta(0), id="past"),
        pytest.param("315360000", timedelta(hours=24), id="ten years"),
        pytest.param("9" * 5000, timedelta(hours=24), id="five thousand digits"),
        pytest.param("Thu, 20 Nov 2036 11:00:00 GMT", timedelta(hours=24), id="a date in ten years"),
        pytest.param("soon", None, id="nonsense"),
        pytest.param("-5", None, id="negative"),
        pytest.param("²", None, id="a digit that is no number"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_retry_after_is_honoured_within_a_day_fault_22(header, expected):
    assert retry_after(header, NOW) == expected


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_asks_for_patience_is_heard_fault_22(status):
    error = await failing(saying(status=status, Retry_After="7"), str(status))
    assert error.retry_after == timedelta(seconds=7)


async def test_retry_after_on_one_route_leaves_its_siblings_alone_fault_23():
    async def handler(request):
        if request.path == "/busy":
            return web.Response(status=429, headers={"Retry-After": "3600"})
        return web.Response(body=BODY)

    async with serving(handler) as site, a_fetcher(site) as fetcher:
        with pytest.raises(FetchError, match="429"):
            await fetcher.fetch(a_feed(site.url("/busy")), a_state())
        answer = await fetcher.fetch(a_feed(site.url("/other")), a_state())
    assert isinstance(answer, Fetched)


@pytest.mark.parametrize(
    ("cache", "expires", "expected"),
    [
        pytest.param("public, max-age=600", "", timedelta(minutes=10), id="max-age"),
        pytest.param(
            "max-age=600", "Tue, 24 Nov 2026 13:00:00 GMT", timedelta(minutes=10), id="max-age wins"
        ),
        pytest.param("", "Tue, 24 Nov 2026 12:30:00 GMT", timedelta(minutes=30), id="Expires"),
        pytest.param("", "Tue, 24 Nov 2026 11:00:00 GMT", None, id="expired"),
        pytest.param("no-cache, max-age=600", "", None, id="no-cache"),
        pytest.param("max-age=31536000", "", None, id="a year is a static default"),
        pytest.param("max-age=0", "", None, id="zero"),
        pytest.param("s-maxage=600", "", None, id="for shared caches only"),
        pytest.param("max-age=banana", "0", None, id="nonsense"),
    ],
)
def test_cache_headers_hint_at_the_next_poll(cache, expires, expected):
    assert cache_hints(cache, expires, "Tue, 24 Nov 2026 12:00:00 GMT", NOW).min_interval == expected


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("http://no-such-name.invalid/", "can't be looked up", id="unknown name"),
        pytest.param("ftp://feeds.example/x", "only http and https", id="ftp"),
        pytest.param("http://", "only http and https", id="no host"),
        pytest.param("http://[broken/", "not a usable URL", id="broken"),
    ],
)
async def test_an_address_that_can_not_work_gives_one_clear_line(url, message):
    async with a_fetcher() as fetcher:
        with pytest.raises(FetchError, match=message):
            await fetcher.fetch(a_feed(url), a_state())


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "broke off", id="half a body"),
        pytest.param(b"", "broke off", id="no answer"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "not valid HTTP", id="not HTTP"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", "not valid HTTP", id="an endless header"
        ),
    ],
)
async def test_a_broken_answer_gives_one_clear_line(reply, message):
    async with serving_bytes(reply) as site, a_fetcher(site) as fetcher:
        with pytest.raises(FetchError, match=message):
            await fetcher.fetch(a_feed(site.url()), a_state())


async def test_a_closed_port_and_a_server_without_tls_give_one_clear_line():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        async with a_fetcher(exceptions=frozenset({place})) as fetcher:
            with pytest.raises(FetchError, match="no connection"):
                await fetcher.fetch(a_feed(f"http://{place}/"), a_state())
    async with serving(saying()) as site, a_fetcher(site) as fetcher:
        with pytest.raises(FetchError, match="TLS"):
            await fetcher.fetch(a_feed(f"https://{site.place}/"), a_state())


async def test_secrets_of_a_url_stay_out_of_messages_and_logs(caplog):
    caplog.set_level(logging.DEBUG)
    texts = []
    for status, location in (
        (500, ""),
        (302, "http://u:hidden@127.0.0.2/?key=hidden"),
        (302, "ftp://u:hidden@x/?hidden"),
    ):
        handler = redirecting([(status, location)])
        async with serving(handler) as site, a_fetcher(site) as fetcher:
            url = f"http://user:hidden@{site.place}/0?token=hidden&page=hidden#hidden"
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch(a_feed(url), a_state())
            texts.append(str(caught.value))
    assert "hidden" not in "".join([*texts, caplog.text])
    assert "/0?token=…&page=…" in texts[0]


async def test_an_adopted_address_takes_the_place_of_the_feed_s_own():
    async with serving(saying()) as site, a_fetcher(site) as fetcher:
        await fetcher.fetch(a_feed("http://old.invalid/"), a_state(url=site.url("/new")))
    assert site.requests[0][0] == "/new"


async def test_a_host_sees_only_so_many_requests_at_once():
    now = most = 0
    release = asyncio.Event()

    async def handler(request):
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == 2:
            asyncio.get_running_loop().call_later(0.05, release.set)
        await release.wait()
        now -= 1
        return web.Response(body=BODY)

    async with serving(handler) as site, a_fetcher(site, per_host=2) as fetcher:
        await asyncio.gather(*(fetcher.fetch(a_feed(site.url(f"/{n}")), a_state()) for n in range(6)))
    assert most == 2


def test_requests_to_a_host_start_apart_from_each_other():
    slots = Slots(spacing=2.0)
    assert [slots.reserve(now) for now in (10.0, 10.0, 10.5, 30.0)] == [0.0, 2.0, 3.5, 0.0]


async def test_hosts_do_not_wait_for_each_other():
    pace = Pace(1, timedelta(hours=1))
    async with asyncio.timeout(10), pace.turn("a"), pace.turn("b"):
        pass


async def test_a_fetcher_outside_of_its_block_is_a_bug():
    with pytest.raises(RuntimeError, match="async with"):
        await a_fetcher().fetch(a_feed(), a_state())


def test_the_clock_of_the_tests_is_utc():
    assert datetime(2026, 11, 24, 12, tzinfo=UTC) == NOW
