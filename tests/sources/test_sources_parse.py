"""The worker process: what it survives, and that it can be stopped."""

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from sources_server import NOW, a_feed, item, rss

from bot.errors import ParseError
from bot.model import Fetched
from bot.sources.parse import MAX_BODY, FeedParser

PATIENT = timedelta(seconds=60)
REDOS = rss(f"<item><title>x</title><author>{'a' * 200_000}</author></item>")


def fetched(body):
    return Fetched(url="https://site.example/feed", body=body, body_hash="h")


async def read(parser, body):
    return await parser.parse(a_feed(), fetched(body), NOW)


def children():
    """Process ids of our children, zombies included."""
    me = os.getpid()
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, rest = stat.read_text().partition(" (")
        except OSError:
            continue
        if int(rest.rpartition(")")[2].split()[1]) == me:
            found.add(int(pid))
    return found


async def test_a_feed_is_parsed_in_another_process_that_ends_with_the_parser():
    before = children()
    async with FeedParser() as parser:
        parsed = await read(parser, rss(item(1), item(2)))
        assert [e.title for e in parsed.entries] == ["Item 1", "Item 2"]
        [worker] = children() - before
        assert (await read(parser, rss(item(3)))).entries[0].title == "Item 3"
        assert children() - before == {worker}
    assert children() <= before


async def test_what_is_no_feed_is_a_parse_error_and_the_worker_stays():
    before = children()
    async with FeedParser() as parser:
        with pytest.raises(ParseError, match="an HTML page, not a feed"):
            await read(parser, b"<html></html>")
        [worker] = children() - before
        await read(parser, rss(item(1)))
        assert children() - before == {worker}


async def test_a_redos_author_costs_the_worker_its_life_and_nobody_else_anything_fault_31():
    before = children()
    async with FeedParser(workers=2, deadline=PATIENT, cpu=timedelta(seconds=1)) as parser:
        hostile = asyncio.create_task(read(parser, REDOS))
        for n in range(5):
            assert (await read(parser, rss(item(n)))).entries[0].title == f"Item {n}"
        with pytest.raises(ParseError, match="more than 1s of processor time"):
            await hostile
        assert (await read(parser, rss(item(7)))).entries[0].title == "Item 7"
        assert len(children() - before) <= 2
    assert children() <= before


async def test_a_deadline_by_the_clock_ends_a_worker_as_well_fault_31(monkeypatch):
    monkeypatch.setattr("bot.sources.parse._START", timedelta(0))
    before = children()
    async with FeedParser(deadline=timedelta(milliseconds=100), cpu=PATIENT) as parser:
        with pytest.raises(ParseError, match="takes longer than"):
            await read(parser, REDOS)
        assert children() <= before


async def test_a_body_that_needs_too_much_memory_is_a_parse_error_fault_30():
    async with FeedParser(memory=300 * 1024 * 1024, deadline=PATIENT, cpu=PATIENT) as parser:
        with pytest.raises(ParseError, match="memory"):
            await read(parser, rss(item(1, "word " * 12_000_000)))
        assert (await read(parser, rss(item(1)))).entries


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(rss(item(1, "a " * 15_000_000)), id="a title of 30 MB"),
        pytest.param(rss(item(1, description="&lt;div>" * 200_000 + "x")), id="200,000 nested tags, escaped"),
        pytest.param(
            rss(item(1, description="<div>" * 200_000 + "x" + "</div>" * 200_000)), id="200,000 nested tags"
        ),
        pytest.param(rss("<a>" * 200_000), id="200,000 tags never closed"),
        pytest.param(rss(*("<item><title>t</title></item>" for _ in range(50_000))), id="50,000 items"),
    ],
)
async def test_a_monstrous_body_is_read_or_refused_and_the_next_one_is_read_fault_30(body):
    async with FeedParser(deadline=PATIENT, cpu=timedelta(seconds=2)) as parser:
        [outcome] = await asyncio.gather(read(parser, body), return_exceptions=True)
        if isinstance(outcome, ParseError):
            assert "of processor time" in str(outcome)
        else:
            assert len(outcome.entries) <= 2_000
            assert all(len(e.title) <= 500 and len(e.text) <= 20_000 for e in outcome.entries)
        assert (await read(parser, rss(item(1)))).entries[0].title == "Item 1"


async def test_a_body_beyond_all_bounds_is_not_even_sent_to_the_worker():
    before = children()
    async with FeedParser() as parser:
        with pytest.raises(ParseError, match="larger than"):
            await read(parser, bytes(MAX_BODY + 1))
        assert children() <= before


async def test_a_worker_killed_while_idle_is_replaced():
    before = children()
    async with FeedParser() as parser:
        await read(parser, rss(item(1)))
        [worker] = children() - before
        os.kill(worker, signal.SIGKILL)
        await parser._idle[0]._process.wait()
        assert (await read(parser, rss(item(2)))).entries[0].title == "Item 2"


async def test_giving_up_on_a_body_ends_its_worker():
    before = children()
    async with FeedParser(deadline=PATIENT, cpu=PATIENT) as parser:
        await read(parser, rss(item(1)))
        task = asyncio.create_task(read(parser, REDOS))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await read(parser, rss(item(2)))).entries[0].title == "Item 2"
    assert children() <= before


async def test_closing_ends_a_busy_worker_too():
    before = children()
    parser = FeedParser(deadline=PATIENT, cpu=PATIENT)
    await read(parser, rss(item(1)))
    busy = asyncio.create_task(read(parser, REDOS))
    waiting = asyncio.create_task(read(parser, rss(item(2))))
    await asyncio.sleep(0)
    await parser.close()
    assert children() <= before
    with pytest.raises(ParseError, match="ended unexpectedly"):
        await busy
    with pytest.raises(RuntimeError, match="closed"):
        await waiting
    with pytest.raises(RuntimeError, match="closed"):
        await read(parser, rss(item(3)))


async def test_the_worker_knows_no_settings_and_no_secrets(monkeypatch):
    monkeypatch.setenv("BOT_TELEGRAM_TOKEN", "123:secret")
    before = children()
    async with FeedParser() as parser:
        await read(parser, rss(item(1)))
        [worker] = children() - before
        assert b"secret" not in Path(f"/proc/{worker}/environ").read_bytes()
