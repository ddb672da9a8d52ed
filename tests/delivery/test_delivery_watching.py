"""What /watch says that it understood, what that would have been, and what a chat follows by pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from card_scene import NOW
from desk_fakes import (
    EVERYTHING,
    MEMORY,
    MICRON,
    NVIDIA,
    RESALE,
    MemoryDesk,
    MemoryVocabulary,
    small_vocabulary,
)
from make import alert, entry

from bot.delivery.commands import Commands
from bot.delivery.replies import Chat, Reply
from bot.delivery.watching import MOST_FOLLOWED, MOST_WORDS
from bot.model import Button, EntityKind, Severity, Target, TargetKind
from bot.ports import Vocabulary
from bot.text import utf16_length

ME = Chat(address="1", user="1")
DAY = timedelta(days=1)
COOLING = Target(TargetKind.WORD, "liquid cooling")


class Desk:
    """A chat with a bot that has a past."""

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        self.desk, self.now = MemoryDesk(), NOW
        self.desk.begun = NOW - 60 * DAY
        self.commands = Commands(self.desk, vocabulary or small_vocabulary(), lambda: self.now)
        self.listen()

    def listen(self, level: Severity = Severity.INFO, since: datetime = NOW - 60 * DAY) -> None:
        """Somebody else has been sent everything."""
        self.desk.enroll("telegram", "2", since)
        self.desk.set_level("telegram:2", level)
        self.desk.watch("telegram:2", EVERYTHING, since)

    def tell(self, title: str, *companies: str, ago: timedelta = DAY, **more: object) -> None:
        made = entry(title, at=self.now - ago, text=str(more.pop("text", "")))
        self.desk.told.append((alert(made, companies=frozenset(companies), **more), made))
        self.desk.told.sort(key=lambda told: told[0].created_at)

    async def ask(self, text: str) -> Reply:
        name, *args = text.split()
        return await self.commands.handle(name.removeprefix("/"), args, ME)

    async def tap(self, data: str) -> Reply:
        return await self.commands.tap(data, ME)

    @property
    def follows(self) -> list[Target]:
        return self.desk.watches(ME.subscriber_id)


def said(reply: Reply) -> list[str]:
    for card in reply.cards:
        assert card.text.strip()
        assert utf16_length(card.text) <= 4096
        assert all(len(b.data.encode()) <= 64 for row in card.buttons for b in row)
    return "\n".join(card.text for card in reply.cards).split("\n")


def buttons(reply: Reply) -> list[Button]:
    return [button for card in reply.cards for row in card.buttons for button in row]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_what_was_understood_is_a_sentence_with_a_number_samples_and_a_question(desk):
    for n in range(5):
        desk.tell(f"Nvidia ships board {n}", "NVDA", ago=(n + 1) * DAY)
    desk.tell("Micron cuts output", "MU")
    desk.tell("Nvidia shipped a board long ago", "NVDA", ago=31 * DAY)
    desk.tell("Nvidia is mentioned", "NVDA", level=Severity.LOW)
    reply = await desk.ask("/watch nvidia")
    assert said(reply) == [
        "Nvidia: whatever it does or is touched by, at level medium and above.",
        "That would have been 5 alerts in the last 30 days, about 1 a week.",
        "• 01 Mar 18:03 HIGH Nvidia ships board 0",
        "• 28 Feb 18:03 HIGH Nvidia ships board 1",
        "• 27 Feb 18:03 HIGH Nvidia ships board 2",
    ]
    links = [e for e in reply.cards[0].entities if e.kind is EntityKind.LINK]
    assert len({e.url for e in links}) == 3
    assert next(reply.cards[0].text[e.start : e.end] for e in links) == "Nvidia ships board 0"
    assert buttons(reply) == [
        Button("Follow", data="watch:company:NVDA"),
        Button("Only high", data="high:company:NVDA"),
        Button("Narrow", data="narrow:company:NVDA"),
        Button("Cancel", data="cancel:"),
    ]
    assert desk.follows == []


async def test_a_story_counts_once_by_the_first_card_that_is_loud_enough(desk):
    desk.tell("Nvidia ships", "NVDA", story_id="s", ago=2 * DAY, level=Severity.LOW)
    desk.tell("Nvidia ships, and how", "NVDA", story_id="s", ago=DAY)
    desk.tell("Nvidia ships again", "NVDA", story_id="s", ago=DAY / 2)
    _, number, *samples = said(await desk.ask("/watch nvidia"))
    assert number.startswith("That would have been 1 alert in the last 30 days")
    assert [line.partition(" HIGH ")[2] for line in samples] == ["Nvidia ships, and how"]


async def test_only_high_follows_from_there_on_and_follow_lifts_it(desk):
    reply = await desk.tap("high:company:NVDA")
    assert reply.replace
    assert said(reply) == ["Following Nvidia (company), only high and above."]
    assert desk.desk.floors(ME.subscriber_id) == {NVIDIA: Severity.HIGH}
    assert said(await desk.ask("/watch nvidia"))[0].startswith("Nvidia: "), "there is something to change"
    await desk.tap("watch:company:NVDA")
    assert desk.desk.floors(ME.subscriber_id) == {}
    assert said(await desk.ask("/watch nvidia")) == ["Followed already: Nvidia (company)."]


async def test_a_chat_that_only_hears_what_is_high_is_not_asked_about_it(desk):
    desk.desk.enroll("telegram", "1", NOW)
    desk.desk.set_level(ME.subscriber_id, Severity.HIGH)
    reply = await desk.ask("/watch nvidia")
    assert said(reply)[0].endswith("at level high and above.")
    assert [b.label for b in buttons(reply)] == ["Follow", "Narrow", "Cancel"]


async def test_cancelling_changes_nothing(desk):
    reply = await desk.tap("cancel:")
    assert reply.replace
    assert said(reply) == ["Nothing was changed."]
    assert desk.desk.subscriber(ME.subscriber_id) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("all", "Everything: whatever any rule tells", id="all"),
        pytest.param("memory", "memory makers: whatever companies of this sector do", id="a sector"),
        pytest.param("compute resale", "compute resale: this kind of event", id="a theme"),
        pytest.param("pack:compute", "AI compute market: whatever the rules of this pack tell", id="a pack"),
        pytest.param("word:Turbines", "“turbines” as a word: whatever is told with this", id="a word"),
    ],
)
async def test_every_kind_has_its_sentence(desk, text, sentence):
    assert said(await desk.ask(f"/watch {text}"))[0].startswith(sentence)


async def test_too_little_past_is_admitted(desk):
    desk.desk.begun = NOW - timedelta(hours=20)
    desk.tell("Nvidia ships", "NVDA", ago=timedelta(hours=1))
    assert "I have kept less than a day of news so far" in said(await desk.ask("/watch nvidia"))[1]
    desk.desk.begun = None
    desk.now += timedelta(minutes=2)
    assert "I have kept less than a day of news so far" in said(await desk.ask("/watch nvidia"))[1]


async def test_a_short_past_is_named_and_a_rate_is_of_its_length(desk):
    desk.desk.begun = NOW - 3 * DAY
    for n in range(6):
        desk.tell(f"Nvidia ships {n}", "NVDA", ago=(n + 1) * DAY / 3)
    assert said(await desk.ask("/watch nvidia"))[1] == (
        "That would have been 6 alerts in the last 3 days, all that I have kept, about 14 a week."
    )


async def test_where_nobody_was_sent_everything_the_number_is_a_least_one(desk):
    desk.desk.unwatch("telegram:2", EVERYTHING)
    desk.tell("Nvidia ships", "NVDA")
    assert (
        "at least 1 alert in the last 30 days. There may have been more"
        in said(await desk.ask("/watch nvidia"))[1]
    )
    desk.listen(since=NOW - DAY)
    desk.now += timedelta(minutes=2)
    assert "at least 1 alert" in said(await desk.ask("/watch nvidia"))[1], "it has listened for a day only"


async def test_the_past_is_read_once_a_minute(desk):
    for _ in range(5):
        await desk.ask("/watch nvidia")
    assert desk.desk.readings == 1
    desk.now += timedelta(minutes=1)
    await desk.ask("/watch nvidia")
    assert desk.desk.readings == 2


async def test_what_nobody_is_called_may_be_followed_as_a_word(desk):
    desk.tell("Larkfield halls move to Liquid-Cooling", "LARK")
    desk.tell("Larkfield halls", "LARK", text="They need liquid. Cooling comes later; liquidcooling too.")
    reply = await desk.ask("/watch Liquid  cooling")
    assert said(reply)[:4] == [
        "I don't know “Liquid cooling”. Try a company, ticker, theme or sector.",
        "“liquid cooling” as a word: whatever is told with this in its headline or text, at level medium and above.",
        "A word knows no meaning: it also finds what is denied, quoted or about something else.",
        "That would have been 2 alerts in the last 30 days, about 1 in 15 days.",
    ]
    assert buttons(reply)[0].data == "watch:word:liquid cooling"
    for _ in range(2):
        await desk.tap(buttons(reply)[0].data)
    assert desk.follows == [COOLING]
    assert "“liquid cooling” (word)" in said(await desk.ask("/list"))[1]


async def test_a_typo_offers_what_was_meant_before_the_word(desk):
    reply = await desk.ask("/watch nvdia")
    labels = [b.label for b in buttons(reply)]
    assert labels == ["Nvidia (company)", "Follow the word", "Only high", "Narrow", "Cancel"]
    asked = await desk.tap(buttons(reply)[0].data)
    assert asked.replace
    assert said(asked)[0].startswith("Nvidia: whatever it does")
    assert desk.follows == []


async def test_a_typo_among_others_offers_what_was_meant(desk):
    reply = await desk.ask("/watch micron, nvdia")
    assert said(reply)[0] == "Following Micron (company)."
    await desk.tap(buttons(reply)[0].data)
    assert desk.follows == [MICRON, NVIDIA]


@pytest.mark.parametrize(
    "text",
    ["nvidia and micron", "nvidia or micron", "nvidia & micron", "nvidia und micron", "nvidia, and micron"],
)
async def test_and_stands_between_two(desk, text):
    await desk.ask(f"/watch {text}")
    assert desk.follows == [NVIDIA, MICRON]


async def test_and_stays_in_what_nobody_is_called(desk):
    reply = await desk.ask("/watch rack and stack")
    assert buttons(reply)[0].data == "watch:word:rack and stack"


@pytest.mark.parametrize("text", ['"liquid cooling"', "“Liquid cooling”", "„liquid cooling“"])
async def test_quotes_make_it_a_word(desk, text):
    reply = await desk.ask(f"/watch {text}")
    assert "I don't know" not in said(reply)[0]
    assert buttons(reply)[0].data == "watch:word:liquid cooling"


@pytest.mark.parametrize(
    "text", ["liquid cooling", "word liquid cooling", "Word:LIQUID-cooling", "Liquid Cooling!"]
)
async def test_a_word_is_dropped_by_its_name(desk, text):
    await desk.tap("watch:word:liquid cooling")
    assert said(await desk.ask(f"/unwatch {text}"))[0].startswith(
        "No longer following “liquid cooling” (word)."
    )
    assert desk.follows == []


async def test_a_word_is_followed_among_other_things_when_it_is_called_one(desk):
    await desk.ask("/watch nvidia, word turbines")
    assert desk.follows == [NVIDIA, Target(TargetKind.WORD, "turbines")]


@pytest.mark.parametrize(
    "data",
    [
        "watch:word:Liquid",
        "watch:word:ab",
        "watch:word:a  bcd",
        "watch:word:",
        "high:word:<b>",
        "ask:word: abc",
    ],
)
async def test_a_forged_word_is_followed_by_nobody(desk, data):
    await desk.tap(data)
    assert desk.follows == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<b>bold</b> & co", id="markup"),
        pytest.param("\u202eevil\u202c right", id="reordered"),
        pytest.param("שבבים חדשים", id="right to left"),
        pytest.param("'; drop table watches --", id="an injection"),
        pytest.param("%_%", id="wildcards"),
        pytest.param("(a+)+$ aaaaaaaaaaaaaaaa", id="a pattern"),
        pytest.param("🔥🔥🔥", id="no letters"),
        pytest.param("word:" + "語" * 60, id="long in bytes"),
    ],
)
async def test_hostile_words_are_shown_harmlessly(desk, text):
    reply = await desk.ask(f"/watch {text}")
    assert not any(c in "".join(said(reply)) for c in "\u202e\u202c")
    for button in buttons(reply):
        await desk.tap(button.data)
    said(await desk.ask("/list"))
    said(await desk.ask(f"/unwatch {text}"))


async def test_names_with_markup_or_direction_marks_forge_nothing():
    evil = Target(TargetKind.COMPANY, "EVIL")
    desk = Desk(MemoryVocabulary({"evil": [evil]}, {"EVIL": "<b>Evil</b>\u202e\nFollowing all"}))
    for reply in (
        await desk.ask("/watch evil"),
        await desk.tap("watch:company:EVIL"),
        await desk.ask("/list"),
    ):
        for line in said(reply):
            assert "\u202e" not in line
            assert not line.startswith("Following all")
    assert desk.follows == [evil]


async def test_no_chat_follows_more_than_fifty_things(desk):
    many = {f"c{n}": [Target(TargetKind.COMPANY, f"C{n}")] for n in range(60)}
    desk = Desk(MemoryVocabulary(many, {}))
    for n in range(0, 60, 10):
        answer = said(await desk.ask("/watch " + ",".join(f"c{i}" for i in range(n, n + 10))))[0]
    assert len(desk.follows) == MOST_FOLLOWED
    assert answer.startswith("Not followed: C50 (company)")
    assert "at most 50 things" in answer
    assert said(await desk.tap("watch:company:C55"))[0].startswith("Not followed: C55")
    assert said(await desk.tap("watch:company:C5"))[0].startswith("Followed already")
    await desk.ask("/unwatch c1")
    assert said(await desk.tap("watch:company:C55"))[0].startswith("Following C55")


async def test_no_chat_follows_more_than_ten_words(desk):
    for n in range(MOST_WORDS + 1):
        answer = said(await desk.tap(f"watch:word:term{n}"))[0]
    assert len(desk.follows) == MOST_WORDS
    assert "10 of them words" in answer
    await desk.tap("watch:company:NVDA")
    assert desk.follows[-1] == NVIDIA


async def test_a_list_says_how_often_each_is_told_and_what_is_only_told_when_high(desk):
    for n in range(9):
        desk.tell(f"Nvidia ships {n}", "NVDA", ago=(n + 1) * DAY)
    desk.tell("Micron ships", "MU", level=Severity.MEDIUM)
    await desk.ask("/watch nvidia, micron, memory")
    await desk.tap("high:company:MU")
    assert said(await desk.ask("/list")) == [
        "This chat follows, at level medium and above:",
        "• Nvidia (company) · about 2 a week",
        "• Micron (company), only high · none",
        "• memory makers (sector) · none",
    ]


@pytest.fixture
async def long_list() -> Desk:
    names = [f"c{n:02}" for n in range(20)]
    desk = Desk(MemoryVocabulary({n: [Target(TargetKind.COMPANY, n.upper())] for n in names}, {}))
    for n in (0, 10):
        await desk.ask("/watch " + ",".join(names[n : n + 10]))
    return desk


def turns(reply: Reply) -> list[str]:
    return [b.data for b in buttons(reply) if b.label in "◀▶"]


async def test_a_long_list_has_pages(long_list):
    first = await long_list.ask("/list")
    assert said(first)[0] == "This chat follows 20 things, page 1 of 3, at level medium and above:"
    assert len(said(first)) == 9
    assert turns(first) == ["list:2"]
    second = await long_list.tap("list:2")
    assert second.replace
    assert "C08" in said(second)[1]
    assert turns(second) == ["list:1", "list:3"]
    assert turns(await long_list.tap("list:3")) == ["list:2"]
    assert said(await long_list.ask("/unwatch")) == said(first)
    assert said(await long_list.ask("/list 3"))[0].startswith("This chat follows 20 things, page 3 of 3")


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "²", "9" * 100, "1:2", "<b>"])
async def test_a_page_that_nobody_drew_is_one_that_there_is(long_list, page):
    assert " of 3, " in said(await long_list.tap(f"list:{page}"))[0]


async def test_dropping_stays_on_its_page_until_that_is_empty(long_list):
    for left in (3, 2, 1):
        button = next(b for b in buttons(await long_list.tap("list:3")) if b.data.startswith("drop:3:"))
        reply = await long_list.tap(button.data)
        assert len(said(reply)) == 1 + left
    reply = await long_list.tap(next(b.data for b in buttons(reply) if b.data.startswith("drop")))
    assert said(reply)[0].startswith("This chat follows 16 things, page 2 of 2")


async def test_anybody_may_look_at_a_group_s_pages_and_only_admins_drop(desk):
    group = replace(ME, address="-5", may_manage=False, private=False)
    await desk.commands.handle("watch", ["nvidia,", "micron"], replace(group, may_manage=True))
    assert "Nvidia" in said(await desk.commands.tap("list:1", group))[1]
    for data in (
        "drop:1:company:NVDA",
        "unall:",
        "high:company:MU",
        "ask:company:MU",
        "cancel:",
        "level:high",
    ):
        assert said(await desk.commands.tap(data, group))[0].startswith("Only admins"), data
    assert desk.desk.watches(group.subscriber_id) == [NVIDIA, MICRON]


async def test_what_is_followed_by_theme_and_sector_is_counted_too(desk):
    desk.tell("Somebody sells", sectors=frozenset({"memory"}))
    await desk.ask("/watch memory, compute resale")
    assert desk.follows == [MEMORY, RESALE]
    assert [line.rpartition(" · ")[2] for line in said(await desk.ask("/list"))[1:]] == [
        "about 1 in 30 days"
    ] * 2
