"""What managers see of the program and have it do with the rules."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import START
from managers_scene import BOSS, BOSS_IN_A_GROUP, HOSTILE, STRANGER, Scene
from office_fakes import FakeSources, FakeWorks, MemoryDeeds

from bot.delivery.errands import MOST, Errands
from bot.delivery.running import Running, listed
from bot.errors import ConfigError, StoreError
from bot.model import Card
from bot.office import Delays, Latency, Source
from bot.ports import Status
from bot.text import utf16_length

SECOND = timedelta(seconds=1)
FIGURES = Status(
    feeds=3, feeds_failing=1, feeds_stopped=0, entries=10, stories=5, alerts=2, subscribers=4, pending=7,
    parked=1, oldest_pending_at=START - 90 * SECOND, last_poll_at=START - 20 * SECOND, counters={},
)  # fmt: skip


class House(Scene):
    def __init__(self) -> None:
        self.deeds = MemoryDeeds()
        super().__init__(START, self.deeds)  # type: ignore[arg-type]
        self.works, self.errands = FakeWorks(), Errands()
        self.sources = FakeSources()
        self.errands.connect(self.post)
        self.desk.figures = FIGURES
        self.add(Running(self.office, self.desk, self.works, self.sources, self.errands, self.clock))

    async def later(self, text: str) -> str:
        before = len(self.posted)
        assert await self.ask(text) == "Begun; what comes of it follows here."
        await self.errands.idle()
        (card,) = self.posted[before:]
        return card.text


@pytest.fixture
def house() -> House:
    return House()


def feed(feed_id: str, state: str = "active", failures: int = 0) -> Source:
    return Source(id=feed_id, title="", url="", kind="wire", tier=1, state=state, failures=failures)


async def test_health_says_what_waits_what_is_down_and_what_is_left(house):
    house.sources.sources = {s.id: s for s in (feed("a", "gone"), feed("b"), feed("c", failures=2))}
    assert (await house.ask("/health")).split("\n") == [
        "Health",
        "Running for 5h, rules abc123",
        "Queue: 7 waiting, 1 parked; oldest unsent for 1m 30s",
        "Feeds: 3, 2 down; last poll 20s ago",
        "Down: a, c",
        "Loop delay: 4 ms; memory: 400 MB",
        "Database: 12 MB; disk free: 7.3 GB",
    ]


async def test_health_of_a_new_program_and_of_one_in_trouble(house):
    house.desk.figures = replace(FIGURES, oldest_pending_at=None, last_poll_at=None, pending=0)
    house.works.health = replace(house.works.health, trouble=f"the disk is full {HOSTILE}")
    house.sources.sources = {f"f{n}": feed(f"f{n}", "blocked") for n in range(8)}
    text = await house.ask("/health")
    assert "Trouble: the disk is full </\u2060b>evil" in text
    assert "Queue: 0 waiting, 1 parked\n" in text
    assert "last poll never" in text
    assert "Down: f0, f1, f2, f3, f4 and 3 more" in text


async def test_latency_is_told_by_stage_kind_and_slowest_source(house):
    def delays(name: str, median: float, slow: float) -> Delays:
        return Delays(name=name, count=1234, median=median * SECOND, slow=slow * SECOND)

    house.works.delays = Latency(
        stages=[delays("published → seen", 75, 4000), delays("decided → sent", 0.03, 2)],
        kinds=[delays("wire", 59.9999, 90)],
        worst=[delays("slow-feed", 9000, 90000)],
    )
    assert (await house.ask("/latency")).split("\n") == [
        "Latency of the last 24 hours, median and 95 %",
        "published → seen: 1m 15s, 1h 6m (1,234)",
        "decided → sent: 30 ms, 2s (1,234)",
        "Published → seen, by kind:",
        "• wire: 1m, 1m 30s (1,234)",
        "Slowest sources:",
        "• slow-feed: 2h 30m, 1d 1h (1,234)",
    ]


async def test_nothing_came_that_could_be_measured(house):
    assert "nothing to measure" in await house.ask("/latency")


@pytest.mark.parametrize("name", ["reload", "lint"])
async def test_the_rules_are_read_and_what_differs_is_posted(house, name):
    house.works.lines = ["Reloaded: 3 rules", f"rules added: a/b {HOSTILE}"]
    text = await house.later(f"/{name}")
    assert text.split("\n")[0] == "Reloaded: 3 rules"
    assert "@\u2060everyone" in text
    assert house.works.asked == [name]
    assert [(d.what, d.result) for d in house.deeds.kept] == [
        (name, "Begun; what comes of it follows here."),
        (name, "Reloaded: 3 rules"),
    ]


async def test_what_fails_is_posted_and_written_down(house):
    house.works.error = StoreError("the disk is full")
    assert await house.later("/reload") == "/reload failed: the disk is full"
    assert house.deeds.kept[-1].result == "failed: the disk is full"


@pytest.mark.parametrize("error", [ConfigError("\u200b"), StoreError("")])
async def test_what_fails_without_a_word_is_told_nevertheless(house, error):
    house.works.error = error
    assert await house.later("/reload") == "/reload failed on my side, it has been noted."


@pytest.mark.parametrize(
    ("text", "span"),
    [
        pytest.param("/backtest", timedelta(days=7), id="a week by default"),
        pytest.param("/backtest 1d 12h", timedelta(days=1.5), id="two words"),
        pytest.param("/backtest 30d", timedelta(days=30), id="the longest"),
    ],
)
async def test_a_backtest_looks_so_far_back(house, text, span):
    await house.later(text)
    assert house.works.asked == [f"backtest {span}"]


@pytest.mark.parametrize("given", ["0s", "30m", "31d", "-7d", "week", "9" * 30 + "d", "7d; rm", HOSTILE])
async def test_a_backtest_of_anything_else_is_refused(house, given):
    assert "Write for example /backtest 7d" in await house.ask(f"/backtest {given}")
    await house.errands.idle()
    assert house.works.asked == []


async def test_one_at_a_time_and_others_meanwhile(house):
    await house.ask("/backtest 7d")
    assert "under way already" in await house.ask("/backtest 1d")
    assert "Begun" in await house.ask("/lint")
    await house.errands.idle()
    assert house.works.asked == ["backtest 7 days, 0:00:00", "lint"]
    assert "Begun" in await house.ask("/backtest 1d")
    await house.errands.idle()


@pytest.mark.parametrize("name", ["health", "latency", "reload", "lint"])
async def test_words_that_mean_nothing_are_refused(house, name):
    assert "stands alone" in await house.ask(f"/{name} {HOSTILE}")
    await house.errands.idle()
    assert house.works.asked == []


@pytest.mark.parametrize("chat", [STRANGER, BOSS_IN_A_GROUP])
@pytest.mark.parametrize("name", ["health", "latency", "reload", "lint", "backtest"])
async def test_others_may_not(house, name, chat):
    assert await house.ask(f"/{name}", chat) in (
        f"/{name} is for the managers of this bot.",
        f"/{name} is for private chats: write it to me there.",
    )
    await house.errands.idle()
    assert house.works.asked == []
    assert house.deeds.kept == []


@pytest.mark.parametrize("word", ["x", "\U0001f600"])
def test_lines_that_do_not_fit_are_counted(word):
    card = listed([word * 150] * 100)
    assert utf16_length(card.text) <= 4096
    shown, last = card.text.count(word * 150), card.text.split("\n")[-1]
    assert last == f"and {100 - shown} further lines"


async def test_a_bug_in_an_errand_is_admitted_and_stops_nothing(house):
    async def crash() -> Card:
        raise ZeroDivisionError

    assert house.errands.start("x", BOSS, crash)
    await house.errands.idle()
    assert house.posted[-1].text == "/x failed on my side, it has been noted."


async def test_a_stop_ends_what_is_under_way(house):

    async def forever() -> Card:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    for n in range(MOST):
        assert house.errands.start(str(n), BOSS, forever)
    assert not house.errands.start("one more", BOSS, forever)
    await house.errands.stop()
    assert house.posted == []
