"""Whatever feeds, servers and users hold, Telegram takes every answer to managers; in each language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bot_api import BotApi
from bot_api_checks import check_commands
from card_scene import NOW
from hostile import EXAMPLES, alive, answer, in_each_language, message, strange
from hypothesis import given
from hypothesis import strategies as st
from managers_scene import BOSS, Scene
from office_fakes import FakeSources, FakeWorks, MemoryAccess, MemoryDeeds

from bot.delivery.chat import Chatting, _menu
from bot.delivery.errands import Errands
from bot.delivery.feeds import Feeds
from bot.delivery.manual import MANAGERS_MENU, MENU
from bot.delivery.people import MAX_TEXT, People
from bot.delivery.replies import Chat
from bot.delivery.running import Running
from bot.errors import ConfigError, StoreError
from bot.locale import languages, speaking
from bot.model import Card
from bot.office import Broadcast, Deed, Delays, Latency, Person, Source, Trial
from bot.office import People as Figures
from bot.ports import Status
from bot.text import utf16_length
from bot.upkeep.morning import Night, report

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # it would hide what failed
SPANS = st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds))
STATES = st.sampled_from(["active", "paused", "gone", "blocked", "off"])
ERRORS = [StoreError, ConfigError]


@st.composite
def sources(draw: st.DrawFn, number: int) -> Source:
    """A feed that calls itself anything and fails in any way."""
    return Source(
        id=f"feed-{number}",
        title=draw(strange(4)),
        url=f"https://feed.example/{number}?<b>zap</b>",
        kind="wire",
        tier=draw(st.integers(1, 3)),
        state=draw(STATES),
        failures=draw(st.integers(0, 3)),
        last_ok_at=draw(st.sampled_from([None, NOW])),
        last_error=draw(strange(4)),
        next_poll_at=draw(st.sampled_from([None, NOW, NOW + timedelta(hours=1)])),
        per_day=draw(st.floats(0, 1e4)),
        is_added=draw(st.booleans()),
    )


FEEDS = st.lists(st.integers(0, 10**6), min_size=1, max_size=3, unique=True).flatmap(
    lambda numbers: st.tuples(*(sources(n) for n in numbers))
)
TRIALS = st.builds(
    Trial,
    url=st.just("https://moved.example/'\"<b>"),
    title=strange(4),
    entries=st.integers(0, 2000),
    newest=st.lists(st.tuples(st.sampled_from([None, NOW]), strange(4)), max_size=3),
    warnings=st.lists(strange(3), max_size=4),
    error=st.just("") | strange(4),
)
DELAYS = st.lists(
    st.builds(
        Delays,
        name=strange(2).map(lambda name: name[:40]),
        count=st.integers(0, 10**5),
        median=SPANS,
        slow=SPANS,
    ),
    max_size=5,
)
PERSONS = st.lists(
    st.builds(Person, address=st.sampled_from(["5", "-100123/17", "@zapper"]), active=st.booleans(),
              created_at=st.sampled_from([None, NOW]), error=strange(3)), max_size=3,
)  # fmt: skip


class Registry(MemoryDeeds):
    """People, and a draft that is kept."""

    def __init__(self, figures: Figures, recipients: int) -> None:
        super().__init__()
        self.figures, self.recipients, self.state = figures, recipients, "drafted"
        self.drafts: list[Card] = []

    def people(self, now: object, limit: int, /) -> Figures:
        return self.figures

    def draft(self, card: Card, who: str, now: object, /) -> Broadcast:
        self.drafts.append(card)
        return self.broadcast("b1")

    def broadcast(self, broadcast_id: str, /) -> Broadcast:
        return Broadcast(
            id="b1", at=NOW, state=self.state, recipients=self.recipients, sent=1, waiting=self.recipients - 1
        )

    def send(self, broadcast_id: str, now: object, /) -> bool:
        self.state = "queued"
        return True

    def cancel(self, broadcast_id: str, now: object, /) -> int:
        self.state = "cancelled"
        return 1


class House(Scene):
    """All that managers may ask for."""

    def __init__(self, feeds: Sequence[Source], trial: Trial, registry: Registry) -> None:
        super().__init__(NOW, registry)  # type: ignore[arg-type]
        self.works, self.errands, self.sources = FakeWorks(), Errands(), FakeSources(*feeds)
        self.sources.trials = {ref: trial for f in feeds for ref in (f.id, f.url)} | {
            "https://new.example/": trial
        }
        self.errands.connect(self.post)
        self.desk.figures = Status(
            feeds=3, feeds_failing=1, feeds_stopped=0, entries=10, stories=5, alerts=2, subscribers=4, pending=7,
            parked=1, oldest_pending_at=NOW, last_poll_at=NOW, counters={},
        )  # fmt: skip
        self.add(
            Running(self.office, self.desk, self.works, self.sources, self.errands, self.clock),
            Feeds(self.office, self.sources, self.errands, self.clock),
            People(self.office, MemoryAccess(), registry, self.clock, operators=["9"]),  # type: ignore[arg-type]
        )

    async def say(self, text: str, written: str = "") -> None:
        name, _, rest = text.partition(" ")
        chat = replace(BOSS, written=written)
        answer(await self.commands.handle(name, rest.split(), chat))
        await self.later()

    async def later(self) -> None:
        """What comes of errands; whatever fails within one is lost."""
        await self.errands.idle()
        while self.posted:
            message(self.posted.pop())

    async def post(self, chat: Chat, card: Card) -> None:
        self.posted.append(card)


NOBODY = Figures(active=0, inactive=0, groups=0, new=0, allowed=0, banned=0)
CALM = Trial(url="https://moved.example/")


@EXAMPLES
@given(FEEDS, TRIALS, st.integers(1, 9), strange(3))
async def test_feeds_are_shown_whatever_they_hold(feeds, trial, times, typed):
    many = [replace(f, id=f"{f.id}-{n}") for n in range(times) for f in feeds]
    for language in languages():
        with speaking(language):
            house = House(many, trial, Registry(NOBODY, 0))
            first = many[0].id
            for text in (
                "sources", f"sources {first}", f"sources test {first}", f"sources url {first} https://new.example/",
                "sources add https://new.example/ wire 2", f"sources pause {first}", f"sources resume {first}", f"sources remove {first}",
                f"sources {typed}", f"sources add https://new.example/ {typed}", "health",
            ):  # fmt: skip
                await house.say(text)
            for data in ("sources:2", f"source:show {first}", f"source:test {first}", f"source:{typed}"):
                answer(await house.commands.tap(data, BOSS))
                await house.later()


@EXAMPLES
@given(st.lists(strange(4), max_size=40), DELAYS, strange(4), st.sampled_from(ERRORS), strange(8))
async def test_what_is_found_out_about_the_program_is_shown_whatever_it_is(
    lines, delays, trouble, kind, error
):
    for language in languages():
        with speaking(language):
            house = House([], CALM, Registry(NOBODY, 0))
            house.works.health = replace(house.works.health, trouble=trouble, rules="abc123")
            house.works.lines = [*lines, "end"]
            house.works.delays = Latency(stages=delays, kinds=delays, worst=delays * 2)
            for text in (
                "health",
                "latency",
                "reload",
                "lint",
                "backtest 7d",
                f"backtest {trouble}",
                f"limits {trouble}",
            ):
                await house.say(text)
            house.works.error = kind(error)
            await house.say("reload")


@EXAMPLES
@given(
    PERSONS,
    PERSONS,
    st.lists(strange(4), max_size=6),
    strange(8),
    st.integers(0, 10**5),
    st.sampled_from([1, 1, 40]),
)
async def test_people_deeds_and_broadcasts_are_shown_whoever_they_are(
    newest, gone, deeds, told, recipients, times
):
    figures = replace(NOBODY, active=recipients, newest=(newest * 4)[:10], gone=(gone * 4)[:10])
    for language in languages():
        with speaking(language):
            registry = Registry(figures, recipients)
            house = House([], CALM, registry)
            registry.kept = [Deed(at=NOW, who="9", what=d[:300], result=d[::-1][:300]) for d in deeds * 5]
            for text in (
                "users",
                "audit",
                f"allow {told}",
                f"ban {told}",
                "allow 5",
                "ban 5",
                "limits",
                "limits 30",
            ):
                await house.say(text)
            # What a manager tells all is the manager's to word, so that names and addresses in it live.
            calm = told.replace("zap", "our").replace("ZAP", "OUR") * times
            await house.say("broadcast", written=calm)
            for card in registry.drafts:
                assert utf16_length(card.text) <= MAX_TEXT
                message(card)
            for data in ("cast:how:b1", "cast:go:b1", "cast:how:b1", "cast:no:b1", f"cast:{told}"):
                answer(await house.commands.tap(data, BOSS))


@EXAMPLES
@given(FEEDS, DELAYS, st.integers(1, 8), strange(3))
def test_the_morning_report_makes_one_message(feeds, delays, times, rule):
    night = Night(
        status=Status(
            feeds=1, feeds_failing=1, feeds_stopped=0, entries=1, stories=1, alerts=1, subscribers=1, pending=1, parked=1,
            oldest_pending_at=NOW, last_poll_at=NOW, counters={},
        ),
        vitals=FakeWorks().health,
        sources=[replace(f, id=f"{f.id}-{n}") for n in range(times) for f in feeds],
        rates={f"{f.id}-{n}": (500, NOW - timedelta(days=9)) for n in range(times) for f in feeds},
        slowest=[replace(d, name=f"feed-{n}") for n, d in enumerate(delays)],
        fired=[("compute/resale", 12)],
    )  # fmt: skip
    in_each_language(lambda: message(Card(text="\n".join(report(night, NOW)))))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("🔥" * 3000, id="more pairs than fit"),
        pytest.param("half \ud83d a character", id="half a character"),
        pytest.param("line\n" * 2000, id="many lines"),
    ],
)
async def test_operators_are_told_whatever_it_is(text: str):
    async with BotApi() as api:
        chatting = Chatting(api.token, api.url.removesuffix("/bot"), *_nothing(), operators=("9",))
        await chatting.tell_operators(lambda: text)
        await chatting.channel.close()
    (told,) = api.accepted
    assert told.text[:40] == text[:40].replace("\ud83d", "\ufffd")


def _nothing() -> tuple[Any, Any, Any, Any]:
    house = Scene(NOW, MemoryDeeds())  # type: ignore[arg-type]
    return house.desk, house.commands, house.clock, None


def test_the_menus_are_accepted_in_each_language():
    for language in languages():
        with speaking(language):
            for menu in (MENU, [*MENU, *MANAGERS_MENU]):
                assert check_commands([c.to_dict() for c in _menu(menu)]) == ""


@pytest.mark.parametrize("topic", ["", *(name for name, _ in [*MENU, *MANAGERS_MENU])])
async def test_the_help_on_everything_is_accepted(topic: str):
    for language in languages():
        with speaking(language):
            for chat in (BOSS, replace(BOSS, user="5")):
                (card,) = answer(await Scene(NOW, MemoryDeeds()).commands.handle("help", topic.split(), chat))  # type: ignore[arg-type]
                assert f"/{topic}" in list(alive(card.text)) or not topic
