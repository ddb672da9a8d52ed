"""`/chart`: what is meant, for how long, what the caption says, and what happens when much is asked at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from card_scene import NOW
from desk_fakes import (
    EVERYTHING,
    MEMORY,
    META,
    NVIDIA,
    RESALE,
    MemoryDesk,
    MemoryTrends,
    MemoryVocabulary,
    small_vocabulary,
)
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.charting import MAX_AT_ONCE, Charting
from bot.delivery.commands import Commands
from bot.delivery.drawing import Chart
from bot.delivery.replies import Chat, Reply
from bot.errors import DrawingError
from bot.model import Button, EntityKind, Severity, Target, TargetKind
from bot.shelves import AlertMark
from bot.text import utf16_length

ME = Chat(address="1", user="1")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PICTURE = b"a picture"


class Easel:
    """Draws nothing, and remembers what it was asked to draw; `busy` keeps it from finishing."""

    def __init__(self) -> None:
        self.charts: list[Chart] = []
        self.free = asyncio.Event()
        self.free.set()
        self.broken = False

    async def draw(self, chart: Chart) -> bytes:
        self.charts.append(chart)
        await self.free.wait()
        if self.broken:
            raise DrawingError("no paper")
        return PICTURE


class Scene:
    """Commands with `/chart`, over trends that are only memory."""

    def __init__(self, tz: tzinfo = UTC, vocabulary: MemoryVocabulary | None = None) -> None:
        self.trends, self.easel = MemoryTrends(), Easel()
        words = vocabulary or small_vocabulary()
        part = Charting(self.trends, words, self.easel.draw, lambda: NOW, lambda _: tz)
        self.commands = Commands(MemoryDesk(), words, lambda: NOW, parts=(part,))

    def tell(self, target: Target = NVIDIA, *, before: int = 0, **days_ago: int) -> None:
        """So many mentions so many days ago: `d3=2`; `before` in the thirty days before the last thirty."""
        news = self.trends.news.setdefault(target, [])
        for name, number in days_ago.items():
            news += [NOW - int(name[1:]) * DAY] * number
        news += [NOW - 40 * DAY] * before

    async def reply(self, text: str, chat: Chat = ME) -> Reply:
        name, *args = text.split()
        return await self.commands.handle(name.removeprefix("/"), args, chat)

    async def says(self, text: str, chat: Chat = ME) -> str:
        reply = await self.reply(text, chat)
        assert len(reply.cards) == 1
        assert utf16_length(reply.cards[0].text) <= 1024
        return reply.cards[0].text


@pytest.fixture
async def scene() -> Scene:
    return Scene()


def buttons(reply: Reply) -> list[Button]:
    return [button for card in reply.cards for row in card.buttons for button in row]


async def test_a_chart_comes_with_a_caption_that_says_what_it_shows(scene: Scene) -> None:
    scene.tell(d0=2, d4=9, d10=9, before=10)
    levels = (Severity.HIGH, Severity.LOW, Severity.HIGH)
    scene.trends.alerts[NVIDIA] = [AlertMark(at=NOW - n * DAY, level=level) for n, level in enumerate(levels)]
    reply = await scene.reply("/chart nvidia")
    assert reply.picture == PICTURE
    (card,) = reply.cards
    assert card.text == (
        "Nvidia (company), 30 days to 2 Mar 2026 (UTC)\n"
        "20 mentions, most on 26 Feb: 9. 100% more than in the 30 days before (10).\n"
        "3 alerts: 2 high, 1 low."
    )
    (bold,) = card.entities
    assert (bold.kind, card.text[bold.start : bold.end]) == (EntityKind.BOLD, "Nvidia (company)")


async def test_the_picture_is_of_the_same_days_as_the_caption(scene: Scene) -> None:
    scene.tell(d0=2, d29=1)
    scene.trends.alerts[NVIDIA] = [AlertMark(at=NOW - DAY, level=Severity.CRITICAL)]
    await scene.reply("/chart nvidia")
    (chart,) = scene.easel.charts
    assert (chart.first, len(chart.counts), chart.step) == (date(2026, 2, 1), 30, 1)
    assert (chart.counts[0], chart.counts[-1], sum(chart.counts)) == (1, 2, 3)
    ((position, level),) = chart.alerts
    assert (int(position), level) == (28, Severity.CRITICAL)
    assert chart.title == "Nvidia (company)"
    assert chart.subtitle == "30 days to 2 Mar 2026 · 3 mentions · 1 alert"


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        pytest.param(30, 20, "50% more than in the 30 days before (20).", id="more"),
        pytest.param(5, 20, "75% fewer than in the 30 days before (20).", id="fewer"),
        pytest.param(3, 3, "As many as in the 30 days before.", id="the same"),
        pytest.param(3, 1, "More than in the 30 days before (1).", id="too few for a percentage"),
        pytest.param(3, 0, "More than in the 30 days before (0).", id="none before"),
        pytest.param(1, 3, "Fewer than in the 30 days before (3).", id="fewer of few"),
    ],
)
async def test_the_span_is_held_against_the_one_before(
    scene: Scene, now: int, before: int, said: str
) -> None:
    scene.tell(d3=now, before=before)
    assert said in await scene.says("/chart nvidia")


async def test_nothing_is_compared_with_days_on_which_nobody_counted(scene: Scene) -> None:
    scene.tell(d3=4, before=9)
    scene.trends.since = NOW - 12 * DAY
    assert "The 30 days before can't be compared: counting began on 18 Feb." in await scene.says(
        "/chart nvidia"
    )
    assert scene.easel.charts[0].unwatched == pytest.approx(17 + (18 + 3 / 60) / 24)


async def test_the_days_are_those_of_the_readers_zone() -> None:
    scene = Scene(ZoneInfo("Asia/Tokyo"))  # where it is 3:03 on the third of March
    scene.tell(d0=1)
    text = await scene.says("/chart nvidia 7d")
    assert text.startswith("Nvidia (company), 7 days to 3 Mar 2026 (JST)\n1 mention, most on 3 Mar: 1.")
    assert scene.easel.charts[0].zone == "JST"


@pytest.mark.parametrize(
    ("text", "target", "days"),
    [
        pytest.param("nvidia", NVIDIA, 30, id="a name"),
        pytest.param("$NVDA 7d", NVIDIA, 7, id="a cashtag and a span"),
        pytest.param("memory 90d", MEMORY, 90, id="a sector"),
        pytest.param("compute resale 90 days", RESALE, 90, id="several words"),
        pytest.param("compute_resale 4w", RESALE, 28, id="weeks"),
        pytest.param("nvidia 2 WEEKS", NVIDIA, 14, id="in capitals"),
        pytest.param("nvidia 100d", NVIDIA, 100, id="the last span drawn by days"),
        pytest.param("nvidia 101d", NVIDIA, 105, id="the first drawn by weeks, all of them whole"),
        pytest.param("nvidia 365d", NVIDIA, 371, id="a year"),
        pytest.param("000660.ks", Target(TargetKind.COMPANY, "000660.KS"), 30, id="a ticker of digits"),
    ],
)
async def test_a_name_and_a_span_are_told_apart(scene: Scene, text: str, target: Target, days: int) -> None:
    scene.tell(target, d1=1)
    assert (await scene.reply(f"/chart {text}")).picture
    assert scene.trends.asked == [(target, days)]
    chart = scene.easel.charts[0]
    assert len(chart.counts) == days
    assert chart.step == (7 if days > 100 else 1)


async def test_a_year_is_said_in_weeks(scene: Scene) -> None:
    scene.tell(d360=1)
    text = await scene.says("/chart nvidia 365d")
    assert text.startswith(
        "Nvidia (company), 53 weeks to 2 Mar 2026 (UTC)\n1 mention, most on 7 Mar 2025: 1."
    )


HOW_LONG = "How far back? From 7d to 365d, for example: /chart nvidia 90d."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "What should the chart show?", id="nothing"),
        pytest.param("nvidia 6d", HOW_LONG, id="too short"),
        pytest.param("nvidia 366d", HOW_LONG, id="too long"),
        pytest.param("nvidia 53w", HOW_LONG, id="too many weeks"),
        pytest.param("nvidia 0d", HOW_LONG, id="zero"),
        pytest.param("nvidia 30", HOW_LONG, id="no unit"),
        pytest.param("nvidia 2y", HOW_LONG, id="a unit that is none"),
        pytest.param(f"nvidia {'9' * 150}d", HOW_LONG, id="a number of 150 digits"),
        pytest.param("nvidia ٣٠d", "I don't know “nvidia ٣٠d”.", id="digits of another script"),
        pytest.param("nvidia -30d", "I don't know “nvidia -30d”.", id="negative"),
        pytest.param("nvidai", "I don't know “nvidai”. Did you mean nvidia or nvda?", id="misspelt"),
        pytest.param(
            "nvidai 30d", "I don't know “nvidai”. Did you mean nvidia or nvda?", id="misspelt with a span"
        ),
        pytest.param("30d", "I don't know “30d”.", id="only a span"),
        pytest.param("$x{}$ \\frac", "I don't know “$x{}$ \\frac”.", id="formulas"),
        pytest.param(
            "/etc/passwd @all",
            "I don't know “/\u2060etc/passwd @\u2060all”.",
            id="what would come to life",
        ),
        pytest.param("a" * 201, "That is too long", id="endless"),
    ],
)
async def test_what_is_not_understood_is_answered_in_a_line(scene: Scene, text: str, said: str) -> None:
    reply = await scene.reply(f"/chart {text}")
    assert said in reply.cards[0].text
    assert not reply.picture
    assert scene.trends.asked == []


@given(st.text(max_size=60))
async def test_whatever_is_typed_gets_an_answer(text: str) -> None:
    scene = Scene()
    for made in (f"/chart {text}", f"/chart nvidia {text}"):
        assert (await scene.says(made)).strip()


@given(st.text(max_size=40))
async def test_whatever_a_button_brings_gets_an_answer(text: str) -> None:
    scene = Scene()
    for data in (f"chart:{text}", f"chart:30:{text}", f"chart:{text}:company:NVDA"):
        (card,) = (await scene.commands.tap(data, ME)).cards
        assert card.text.strip()


@pytest.mark.parametrize("kind", [TargetKind.PACK, TargetKind.ALL])
async def test_a_pack_or_everything_cannot_be_shown(kind: TargetKind) -> None:
    target = Target(kind, "" if kind is TargetKind.ALL else "compute")
    scene = Scene(vocabulary=MemoryVocabulary({"it": [target]}, {"compute": "Compute"}))
    assert "A chart shows a company, a sector or a theme; " in await scene.says("/chart it")


async def test_a_sector_that_shares_its_name_with_a_pack_is_meant() -> None:
    both = [Target(TargetKind.PACK, "power"), Target(TargetKind.SECTOR, "power")]
    scene = Scene(vocabulary=MemoryVocabulary({"power": both}, {}))
    scene.tell(both[1], d1=1)
    assert (await scene.says("/chart power")).startswith("power (sector)")


async def test_an_ambiguous_name_is_asked_about_with_buttons_that_say_all(scene: Scene) -> None:
    scene.tell(META, d1=1)
    asked = await scene.reply("/chart meta 90d")
    assert asked.cards[0].text.startswith("“meta” can mean several things. Which one?")
    assert [b.data for b in buttons(asked)] == ["chart:90:company:META", "chart:90:company:MMAT"]
    after_a_restart = Scene()
    after_a_restart.tell(META, d1=1)
    reply = await after_a_restart.commands.tap("chart:90:company:META", ME)
    assert reply.picture
    assert after_a_restart.trends.asked == [(META, 90)]


async def test_a_chart_offers_other_spans_within_what_a_button_holds(scene: Scene) -> None:
    scene.tell(d1=1)
    reply = await scene.reply("/chart nvidia")
    assert [(b.label, b.data) for b in buttons(reply)] == [
        ("7d", "chart:7:company:NVDA"), ("90d", "chart:90:company:NVDA"), ("365d", "chart:365:company:NVDA"),
    ]  # fmt: skip
    endless = Target(TargetKind.COMPANY, "x" * 60)
    other = Scene(vocabulary=MemoryVocabulary({"x": [endless]}, {}))
    other.tell(endless, d1=1)
    assert buttons(await other.reply("/chart x")) == []


@pytest.mark.parametrize(
    "data",
    ["", "x", "30", "30:", "30:company", "30:company:", "6:company:NVDA", "366:company:NVDA", "-7:company:NVDA",
     "٣٠:company:NVDA", "30:pack:compute", "30:all", "30:planet:NVDA", "1e1:company:NVDA"],
)  # fmt: skip
async def test_a_forged_button_draws_nothing(scene: Scene, data: str) -> None:
    (card,) = (await scene.commands.tap(f"chart:{data}", ME)).cards
    assert card.text.startswith("This button is of an older version.")
    assert scene.trends.asked == []


@pytest.mark.parametrize(
    ("before", "since", "said"),
    [
        pytest.param(0, NOW - 900 * DAY, "Nothing about Nvidia (company) in the last 30 days.", id="never"),
        pytest.param(
            4,
            NOW - 900 * DAY,
            "Nothing about Nvidia (company) in the last 30 days; 4 in the 30 days before. "
            "/chart and a longer span, up to 365d, looks further back.",
            id="before",
        ),
        pytest.param(
            4,
            None,
            "Nothing about Nvidia (company) in the last 30 days. "
            "/chart and a longer span, up to 365d, looks further back.",
            id="not known",
        ),
    ],
)
async def test_where_nothing_is_there_a_line_says_so(
    scene: Scene, before: int, since: object, said: str
) -> None:
    scene.tell(before=before)
    scene.trends.since = since  # type: ignore[assignment]
    assert await scene.says("/chart nvidia") == said
    assert scene.easel.charts == []


async def test_alerts_alone_are_worth_a_picture(scene: Scene) -> None:
    scene.trends.alerts[NVIDIA] = [AlertMark(at=NOW, level=Severity.LOW)]
    assert (await scene.says("/chart nvidia")).endswith("\n1 alert: 1 low.")
    assert len(scene.easel.charts) == 1


async def test_a_picture_that_cannot_be_drawn_leaves_its_words(scene: Scene) -> None:
    scene.tell(d1=1)
    scene.easel.broken = True
    reply = await scene.reply("/chart nvidia")
    assert not reply.picture
    assert reply.cards[0].text.endswith("No alerts.\nThe picture could not be drawn just now.")
    scene.easel.broken = False
    assert (await scene.reply("/chart nvidia")).picture, "the chat is free again"


async def test_a_broken_database_is_admitted(scene: Scene) -> None:
    scene.trends.broken = True
    assert (await scene.says("/chart nvidia")).startswith("/chart failed on my side")
    scene.trends.broken = False
    scene.tell(d1=1)
    assert (await scene.reply("/chart nvidia")).picture, "the chat is free again"


async def test_a_chat_waits_for_its_chart_before_the_next(scene: Scene) -> None:
    scene.tell(d1=1)
    scene.easel.free.clear()
    first = asyncio.create_task(scene.reply("/chart nvidia"))
    while not scene.easel.charts:
        await asyncio.sleep(0)
    assert (await scene.says("/chart nvidia 7d")).startswith(
        "The chart before this one is still being drawn."
    )
    scene.easel.free.set()
    assert (await first).picture


async def test_so_many_chats_may_wait_and_the_next_is_told_so(scene: Scene) -> None:
    scene.tell(d1=1)
    scene.easel.free.clear()
    chats = [Chat(address=str(n)) for n in range(MAX_AT_ONCE)]
    waiting = [asyncio.create_task(scene.reply("/chart nvidia", chat)) for chat in chats]
    while len(scene.easel.charts) < MAX_AT_ONCE:
        await asyncio.sleep(0)
    told = await scene.says("/chart nvidia", Chat(address="late"))
    assert told == "Too many charts are being drawn just now. Please try again in a minute."
    scene.easel.free.set()
    assert all(reply.picture for reply in await asyncio.gather(*waiting))
    assert (await scene.reply("/chart nvidia", Chat(address="late"))).picture


async def test_a_drawing_that_is_called_off_frees_its_place(scene: Scene) -> None:
    scene.tell(d1=1)
    scene.easel.free.clear()
    called_off = asyncio.create_task(scene.reply("/chart nvidia"))
    while not scene.easel.charts:
        await asyncio.sleep(0)
    called_off.cancel()
    await asyncio.gather(called_off, return_exceptions=True)
    scene.easel.free.set()
    assert (await scene.reply("/chart nvidia")).picture


async def test_a_caption_stays_within_what_telegram_takes(scene: Scene) -> None:
    name = "\U0001f525" * 4000
    loud = Scene(vocabulary=MemoryVocabulary({"x": [NVIDIA]}, {"NVDA": name}))
    loud.tell(d1=1)
    assert (await loud.reply("/chart x")).picture
    assert utf16_length((await loud.reply("/chart x")).cards[0].text) < 400


async def test_charts_change_nothing_and_are_for_everybody() -> None:
    scene = Scene()
    assert "chart" not in scene.commands.managing
    assert EVERYTHING not in scene.trends.news
