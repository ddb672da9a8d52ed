"""Whatever people type and tap, and whatever news is about, Telegram takes every answer; in each language."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import make
import pytest
from card_scene import NOW
from desk_fakes import (
    EVERYTHING,
    META,
    META_MATERIALS,
    NVIDIA,
    RESALE,
    STARTER,
    MemoryDesk,
    MemoryFeedback,
    MemoryTrends,
    MemoryVocabulary,
)
from hostile import EXAMPLES, answer, offered, strange
from hostile_news import NEIGHBOURS, alerts, entries, stories, verdicts
from hypothesis import given
from hypothesis import strategies as st
from library_fakes import MemoryLibrary
from office_fakes import MemoryAccess, MemoryPrivacy
from rich.text import Text
from whynot_fakes import untold

from bot.delivery.browsing import Browsing
from bot.delivery.charting import Charting
from bot.delivery.commands import Commands
from bot.delivery.drawing import Chart
from bot.delivery.feedback import REASONS, Voting
from bot.delivery.gate import Gate
from bot.delivery.manual import MENU
from bot.delivery.privacy import Private
from bot.delivery.replies import Chat
from bot.errors import NotStoredError
from bot.locale import languages, speaking
from bot.model import AlertKind, Outcome, Severity, Silence, Target, TargetKind
from bot.office import Admission
from bot.ports import Explanation, Status
from bot.shelves import AlertMark

ME = Chat(address="1", user="9")
GROUP = Chat(address="-100/7", user="2", private=False)
GUEST = replace(GROUP, may_manage=False)
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # it would hide what failed
STRANGE_TARGETS = [NVIDIA, META, META_MATERIALS, RESALE, STARTER, Target(TargetKind.WORD, "liquid cooling")]


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """News and names by strangers, and how a chat is set; drawn once, built anew for each language."""
    told = []
    for n in range(draw(st.integers(1, 2))):
        entry = draw(entries(n))
        entry = replace(entry, published=NOW - timedelta(hours=n), seen_at=NOW)
        story = draw(stories(entry, n))
        alert = draw(alerts(entry, AlertKind.NEW, n))
        told.append(
            (replace(alert, story_id=story.id, created_at=NOW - timedelta(hours=n + 1)), entry, story)
        )
    return {
        "told": told,
        "verdicts": tuple(draw(st.lists(verdicts(ME.subscriber_id), max_size=3))),
        "names": {t.id: draw(strange(3) | st.just("Meta")) for t in STRANGE_TARGETS},
        "follows": draw(st.lists(st.sampled_from([*STRANGE_TARGETS, EVERYTHING]), unique=True)),
        "mutes": draw(st.lists(strange(3), max_size=3)),
        "level": draw(st.sampled_from(Severity)),
        "muted": draw(st.booleans()),
        "neighbours": draw(NEIGHBOURS),
        "lines": draw(st.lists(strange(4), max_size=4)),
        "trouble": draw(strange(4))
        .replace("zap", "our")
        .replace("ZAP", "OUR"),  # Telegram's words, no stranger's
        "contact": draw(st.sampled_from(["", "@boss", "desk@example.org"])),
        "begun": draw(st.sampled_from([None, NOW - timedelta(hours=2), NOW - timedelta(days=40)])),
        "picture": draw(st.booleans()),
        "marks": draw(st.integers(0, 40)),
    }


class World:
    """The bot of a drawn world, in one chat that is set as was drawn."""

    def __init__(self, drawn: dict[str, Any]) -> None:
        self.drawn, self.desk, library = drawn, MemoryDesk(), MemoryLibrary()
        names = drawn["names"]
        words = {
            "nvidia": [NVIDIA],
            "meta": [META, META_MATERIALS],
            "resale": [RESALE],
            "pack:compute": [STARTER],
        }
        vocabulary = MemoryVocabulary(words, names)
        trends = MemoryTrends()
        for alert, entry, story in drawn["told"]:
            self.desk.alerts.append(alert)
            self.desk.told.append((alert, entry))
            self.desk.stories[story.id] = story
            self.desk.cards.append((alert, story))
            why = Explanation(
                alert=alert,
                entry=entry,
                story_title=story.title,
                origins=2,
                copies=1,
                verdicts=drawn["verdicts"],
            )
            self.desk.explanations[alert.id] = why
            self.desk.sent[ME.subscriber_id, "500"] = alert.id
            library.take(Outcome(entries=(entry,), stories=(story,), alerts=(alert,)))
            trends.news.setdefault(NVIDIA, []).append(entry.at)
        trends.alerts[NVIDIA] = [AlertMark(at=NOW, level=Severity.HIGH)] * drawn["marks"]
        self.desk.begun = drawn["begun"]
        self.desk.figures = Status(
            feeds=1, feeds_failing=0, feeds_stopped=0, entries=10**6, stories=1, alerts=2, subscribers=3, pending=4,
            parked=0, oldest_pending_at=NOW, last_poll_at=None, counters={"throttled": 3, "first": 2},
        )  # fmt: skip
        votes = MemoryFeedback()
        for n in range(12):  # so many that something is said of rule, source and reader
            alert, entry, _ = drawn["told"][0]
            votes.vote(alert, entry.feed_id, ME.subscriber_id, f"u{n}", useful=n == 3, reason="", now=NOW)
        browsing = Browsing(library, vocabulary, self.clock, neighbours=lambda _: drawn["neighbours"])
        self.commands = Commands(
            self.desk,
            vocabulary,
            self.clock,
            operators={"9"},
            parts=(
                browsing,
                untold(self.why_not),
                Charting(trends, vocabulary, self.draw, self.clock),
                Private(MemoryPrivacy(), self.clock, keep=timedelta(days=90), contact=drawn["contact"]),
                Voting(self.desk, votes, self.clock, {"9"}),
            ),
            offers=browsing.offers,
            troubles=lambda: [drawn["trouble"]],
        )

    def clock(self) -> Any:
        return NOW

    async def draw(self, chart: Chart) -> bytes:
        assert chart.title
        return b"picture"

    async def why_not(self, reference: str, subscriber_id: str, tz: object) -> list[Text]:
        if not self.drawn["lines"]:
            raise NotStoredError("not here", near=self.drawn["told"][0][1].url)
        return [
            Text.assemble("  " * (n % 2), (f"{n}: {line}", "bold" if n else ""))
            for n, line in enumerate(self.drawn["lines"])
        ]

    def settle(self) -> None:
        """Set the chat as was drawn; before that it is a new one."""
        key = ME.subscriber_id
        self.desk.enroll("telegram", "1", NOW)
        self.desk.set_level(key, self.drawn["level"])
        self.desk.mute(key, NOW + timedelta(hours=2) if self.drawn["muted"] else None)
        for target in self.drawn["follows"]:
            self.desk.watch(key, target, NOW)
        for n, comment in enumerate(self.drawn["mutes"]):
            self.desk.add_mute(
                key, Silence(id=f"m{n}", until=NOW + timedelta(days=1), company="NVDA", comment=comment)
            )

    async def say(self, text: str, chat: Chat = ME) -> None:
        name, _, rest = text.partition(" ")
        answer(await self.commands.handle(name, rest.split(), chat))

    async def tap(self, data: str, chat: Chat = ME) -> None:
        answer(await self.commands.tap(data, chat))


ASKED = [
    "latest", "why 01b2", "why", "story 0570", "list", "unwatch", "unwatch all", "mutes", "mute 2h", "mute nvidia 3d", "status", "level",
    "level high", "quiet", "quiet 22:00-07:00 Berlin", "budget 8", "digest daily 07:30", "digest", "timezone", "timezone Tokyo", "who nvidia",
    "who meta", "top 30d", "chart nvidia", "chart meta", "chart nvidia 90d", "whynot https://x.example", "watch nvidia", "watch meta",
    "watch liquid cooling", "watch all", "watch nvidia, meta, what", "search zap", "search word", "search company:meta x", "precision",
    "privacy", "export", "deleteme", "stop", "start", "start w_NVDA", "help", "help nothing", "unmute all", "unmute nvidia", "mute rule x/y",
    "settings", "budget", "budget off", "import",
]  # fmt: skip
TAPPED = [
    *(f"{verb}:01b2c3d4e5f60718" for verb in ("why", "good", "noise", "mutes", "hush:story", "hush:company", "hush:source", "hush:rule")),
    *(f"noise:01b2c3d4e5f60718:{reason}" for reason in REASONS), "story:05701e5701e", "home:list", "home:latest", "home:quiet", "home:level",
    "watch:company:NVDA", "high:company:NVDA", "ask:company:NVDA", "ask:all", "list:1", "list:2", "drop:1:company:NVDA", "unall:", "cancel:",
    "chart:30:company:NVDA", "who:0:NVDA", "level:high", "hours:22:00-07:00 Asia/Tokyo", "unhush:m0", "setup:quiet:skip", "mute:today",
    "hours:23:00-07:00", "budget:5", "budget:off", "digest:daily 18:00", "digest:off", "timezone:Asia/Tokyo", "unhush:m0:list", "unhush:pause:list",
    "settings:", *(f"settings:{way}" for way in ("level", "quiet", "budget", "digest", "zone", "lang", "mutes", "list")), "setup:quiet:off",
]  # fmt: skip


@EXAMPLES
@given(worlds(), st.data())
async def test_every_command_and_button_is_answered_with_what_telegram_takes(drawn, data):
    some = data.draw(st.lists(st.sampled_from(ASKED), min_size=4, max_size=8))
    taps = data.draw(st.lists(st.sampled_from(TAPPED), min_size=4, max_size=8))
    chat = replace(
        data.draw(st.sampled_from([ME, ME, GROUP, GUEST])), reply_to=data.draw(st.sampled_from(["", "500"]))
    )
    for language in languages():
        with speaking(language):
            world = World(drawn)
            world.settle()
            for text in some:
                await world.say(text, chat)
            for tap in taps:
                await world.tap(tap, chat)


TYPED = [
    *(name for name, _ in MENU),
    "status",
    "precision",
    "zap",
    "mute rule",
    "search company:",
    "search level:",
    "watch word",
]
VERBS = ["why", "story", "page", "pick", "who", "watch", "high", "ask", "list", "drop", "mutes", "hush", "unhush", "noise", "home", "level",
         "hours", "chart", "erase", "setup", "setup:pick:+", "setup:level", "setup:quiet",
         "settings", "budget", "digest", "timezone", "import", "import:apply", "import:cancel"]  # fmt: skip


@EXAMPLES
@given(worlds(), strange(4), strange(8))
async def test_whatever_is_typed_behind_a_command_or_tapped_is_answered(drawn, short, text):
    for language in languages():
        with speaking(language):
            world = World(drawn)
            world.settle()
            for name in TYPED:
                await world.say(f"{name} {short[:150]}")
                world.settle()  # also after /stop
            await world.say(f"help {text}")
            for verb in VERBS:
                await world.tap(f"{verb}:{short}")
            await world.tap(text)
            answer(await world.commands.type(text, ME))
            offered(await world.commands.offer(text))
            offered(await world.commands.offer("s"))


STEPS = ["follow:starter", "follow:pick", "follow:all", "follow:skip", "pick:+company:NVDA", "pick:-company:NVDA", "pick:+word:liquid cooling",
         "level:high", "level:skip", "quiet:22:00-07:00 Europe/Berlin", "quiet:skip"]  # fmt: skip


@EXAMPLES
@given(worlds(), st.lists(st.sampled_from(STEPS) | strange(3).map("type ".__add__), max_size=6))
async def test_a_new_chat_can_be_asked_to_the_end_with_a_sample(drawn, steps):
    for language in languages():
        with speaking(language):
            world = World(drawn)
            await world.say("start")
            world.commands.placed(ME, "700")
            for step in steps:
                if step.startswith("type "):
                    answer(await world.commands.type(step[5:], ME))
                else:
                    await world.tap(f"setup:{step}")
            for last in ("follow:skip", "level:skip", "quiet:skip"):
                await world.tap(f"setup:{last}")
            assert world.desk.setup(ME.subscriber_id) is None
            assert world.desk.watches(ME.subscriber_id)


@EXAMPLES
@given(worlds(), st.integers(9, 50), st.integers(0, 9))
async def test_pages_of_what_is_followed_or_muted_are_accepted_however_much_it_is(drawn, number, page):
    names = list(drawn["names"].values())
    for language in languages():
        with speaking(language):
            world = World(drawn | {"mutes": (names * number)[:number]})
            world.settle()
            for n in range(number):
                world.desk.watch(
                    ME.subscriber_id,
                    Target(TargetKind.WORD, f"word number {n}" + " é" * (15 * (n % 2))),
                    NOW,
                    level=Severity.HIGH,
                )
            for text in ("list", f"list {page}", "mutes", "start", "unwatch word number 3, x, y"):
                await world.say(text)
            await world.tap(f"drop:{page}:word:word number 1")


@EXAMPLES
@given(strange(2), st.booleans(), st.sampled_from(list(Admission)), st.sampled_from(["5", "-100500"]))
def test_whom_the_gate_turns_away_is_told_what_telegram_takes(contact, by_invitation, said, chat):
    for language in languages():
        with speaking(language):
            access = MemoryAccess()
            access.said["5"], access.most = said, 2
            gate = Gate(
                access,
                lambda: make.NOW,
                by_invitation=by_invitation,
                contact="" if "zap" in contact else contact,
            )
            told = [entrance.reply for _ in range(5) if (entrance := gate.enter("5", chat)).reply is not None]
            assert len(told) <= 2
            assert (told != []) == (said is not Admission.BANNED)
            for reply in told:
                answer(reply)
