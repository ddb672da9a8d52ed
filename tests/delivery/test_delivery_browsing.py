from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from desk_fakes import MemoryDesk, small_vocabulary
from hypothesis import given
from hypothesis import strategies as st
from library_fakes import MemoryLibrary
from library_scene import CUT, RAIN, Day, busy_day, flood, hostile
from make import HOUR, NOW, TITLE, entry

from bot.delivery.browsing import MOST_OFFERED, Browsing
from bot.delivery.commands import Commands
from bot.delivery.replies import Chat, Reply
from bot.model import Button, EntityKind, Neighbour, Outcome
from bot.text import utf16_length

ME = Chat(address="1", user="1")
GUEST = Chat(address="-100/7", user="2", may_manage=False)
LATER = NOW + 5 * HOUR  # 19:00 UTC, 14:00 in New York
NAMES = ["search", "top", "story", "who"]


def neighbour(
    company: str, step: str = "supplies", weight: float = 0.6, source: str = "a filing"
) -> Neighbour:
    return Neighbour(company=company, step=step, weight=weight, source=source, known_since=date(2025, 2, 28))


class Scene:
    """A chat with a bot that has a library: what it answers to whom."""

    def __init__(self, *days: Day) -> None:
        self.library, self.now = MemoryLibrary(), LATER
        self.neighbours: dict[str, list[Neighbour]] = {}
        for day in days:
            for outcome, _ in day:
                self.library.take(outcome)
        self.restart()

    def restart(self) -> None:
        """The program begins anew: only what is stored is left."""
        zone = ZoneInfo("America/New_York")
        browsing = Browsing(
            self.library,
            small_vocabulary(),
            lambda: self.now,
            neighbours=lambda company: self.neighbours.get(company, ()),
            zone=lambda _: zone,
        )
        self.commands = Commands(
            MemoryDesk(),
            small_vocabulary(),
            lambda: self.now,
            timezone=zone.key,
            parts=(browsing,),
            offers=browsing.offers,
        )

    async def reply(self, text: str, chat: Chat = ME) -> Reply:
        name, *args = text.split(" ")
        return await self.commands.handle(name.removeprefix("/"), args, chat)

    async def ask(self, text: str, chat: Chat = ME) -> str:
        return said(await self.reply(text, chat))

    async def tap(self, data: str, chat: Chat = ME) -> Reply:
        return await self.commands.tap(data, chat)


def said(reply: Reply) -> str:
    for card in reply.cards:
        assert card.text.strip()
        assert utf16_length(card.text) <= 4096
        assert all(len(b.data.encode()) <= 64 for row in card.buttons for b in row)
    return "\n".join(card.text for card in reply.cards)


def buttons(reply: Reply) -> dict[str, Button]:
    return {b.label: b for card in reply.cards for row in card.buttons for b in row}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(busy_day(tmp_path))


async def test_a_search_shows_what_it_found_newest_first_with_links_and_stories(scene):
    reply = await scene.reply("/search meta since:1d")
    assert said(reply).split("\n") == [
        "1 found for “meta since:1d”, newest first:",
        f"1. 09:30 {TITLE} · Wire · HIGH denied · 3 independent origins · 3 copies · newest 13:00",
    ]
    link, strike = sorted(reply.cards[0].entities, key=lambda e: e.kind, reverse=True)
    assert (link.kind, strike.kind) == (EntityKind.LINK, EntityKind.STRIKE)
    assert {reply.cards[0].text[e.start : e.end] for e in (link, strike)} == {TITLE}, "it was denied"
    assert link.url.startswith("https://news.example/")
    story = await scene.tap(buttons(reply)["1"].data)
    assert said(story).startswith(TITLE)


async def test_a_post_without_a_title_ends_at_a_word_in_a_list():
    post = entry("", guid="post", at=NOW, text="Servers " + "surplus " * 40 + "everywhere")
    scene = Scene([(Outcome(entries=(post,)), NOW)])
    shown = said(await scene.reply("/search surplus")).split("\n")[1]
    assert "surplus… · Wire" in shown


async def test_what_is_in_no_story_has_no_button(scene):
    reply = await scene.reply("/search rain")
    assert said(reply).split("\n")[1] == f"1. 09:00 {RAIN} · Wire"
    assert buttons(reply) == {}


async def test_pages_are_turned_both_ways_also_after_a_restart():
    scene = Scene(flood(15))
    first = await scene.reply("/search harbour")
    lines = said(first).split("\n")
    assert lines[0] == "15 found for “harbour”, newest first; 1–6:"
    assert [line.split(" ")[0] for line in lines[1:]] == ["1.", "2.", "3.", "4.", "5.", "6."]
    assert lines[1].endswith("Harbour report number 14 · Wire")
    assert list(buttons(first)) == ["▶"]
    scene.restart()
    second = await scene.tap(buttons(first)["▶"].data)
    assert second.replace
    assert said(second).split("\n")[0].endswith("; 7–12:")
    last = await scene.tap(buttons(second)["▶"].data)
    assert said(last).split("\n")[1:][-1].startswith("15. ")
    assert list(buttons(last)) == ["◀"]
    assert said(await scene.tap(buttons(second)["◀"].data)) == said(first)


async def test_pages_show_what_was_found_then_whatever_has_come_since():
    scene = Scene(flood(8))
    first = await scene.reply("/search harbour")
    for outcome, _ in flood(20):
        scene.library.take(outcome)
    second = said(await scene.tap(buttons(first)["▶"].data)).split("\n")
    assert second[0].startswith("8 found")
    assert second[-1].endswith("Harbour report number 0 · Wire")


async def test_too_many_finds_are_said_to_be_cut():
    scene = Scene(flood(210))
    reply = await scene.reply("/search harbour")
    assert said(reply).startswith("200 or more found")
    search_id = buttons(reply)["▶"].data.split(":")[1]
    assert "Older ones may be left out" in said(await scene.tap(f"page:{search_id}:198"))


async def test_an_old_search_is_said_to_be_forgotten_and_nobody_turns_anothers_pages():
    scene = Scene(flood(15))
    data = buttons(await scene.reply("/search harbour"))["▶"].data
    assert "forgotten" in said(await scene.tap(data, GUEST))
    scene.library.searches.clear()
    assert "forgotten" in said(await scene.tap(data))


async def test_an_ambiguous_company_is_asked_about_and_the_answer_searches_on(scene):
    question = await scene.reply("/search company:meta since:1d")
    assert said(question).split("\n")[0] == "“meta” can mean several things. Which one?"
    scene.restart()
    answer = await scene.tap(buttons(question)["Meta (company)"].data)
    assert answer.replace
    assert TITLE in said(answer)
    other = await scene.tap(buttons(question)["Meta Materials (company)"].data)
    assert said(other).startswith("Nothing found for “company:meta since:1d”.")
    assert said(await scene.tap(buttons(question)["Meta (company)"].data, GUEST)).startswith(
        "I have forgotten"
    )


async def test_top_names_the_biggest_stories_with_a_button_each(scene):
    reply = await scene.reply("/top")
    assert said(reply).split("\n") == [
        "The biggest stories of the last 24 hours, by independent origins:",
        f"1. 09:30 {TITLE} · Wire · HIGH denied · 3 independent origins · 3 copies",
        f"2. 11:00 {CUT} · Paper · MEDIUM considering",
    ]
    assert said(await scene.tap(buttons(reply)["2"].data)).startswith(CUT)
    scene.now = NOW + timedelta(days=3)
    assert (await scene.ask("/top")).startswith("Nothing was told in that time.")
    assert TITLE in await scene.ask("/top 7d")


@pytest.mark.parametrize("text", ["{id}", "{story}", "{start}"])
async def test_a_story_is_told_from_its_first_report_to_its_last_turn(scene, text):
    alert = next(a for a in scene.library.alerts.values() if a.title == "Meta sells surplus compute")
    named = text.format(id=alert.id.upper(), story=alert.story_id, start=alert.id[:8])
    reply = await scene.reply(f"/story {named}")
    assert said(reply).split("\n")[:2] == [TITLE, "HIGH denied · 3 independent origins, 3 copies"]
    assert list(buttons(reply)) == ["Why", "Open"]
    assert buttons(reply)["Why"].data == f"why:{alert.id}"
    assert said(await scene.tap(f"story:{alert.id}")) == said(reply)


async def test_a_reply_to_a_card_names_its_story(scene):
    alert = next(iter(scene.library.alerts.values()))
    scene.library.sent[ME.subscriber_id, "500"] = alert.id
    assert (await scene.ask("/story", replace(ME, reply_to="500"))).startswith(TITLE)
    assert "no story for that message" in await scene.ask("/story", replace(GUEST, reply_to="500"))


async def test_who_names_relations_strongest_first_with_weight_source_and_date(scene):
    scene.neighbours["NVDA"] = [
        neighbour("MU", weight=0.4, source="an earnings call"),
        neighbour("META", "customer_of", 0.9),
        neighbour("000660.KS", weight=0.6),
    ]
    assert (await scene.ask("/who nvidia")).split("\n") == [
        "Nvidia: 3 relations, strongest first",
        "2 supply it; 1 buys from it",
        "• Meta buys from it: very strong (a filing, Feb 2025)",
        "• SK Hynix supplies it: strong (a filing, Feb 2025)",
        "• Micron supplies it: noticeable (an earnings call, Feb 2025)",
    ]


async def test_many_relations_have_pages(scene):
    scene.neighbours["NVDA"] = [neighbour(f"C{n:02}") for n in range(23)]
    first = await scene.reply("/who nvda")
    assert "23 relations, strongest first; 1–10\n" in said(first)
    assert len(said(first).split("\n")) == 12
    second = await scene.tap(buttons(first)["▶"].data)
    assert second.replace
    last = await scene.tap(buttons(second)["▶"].data)
    assert "; 21–23\n" in said(last)
    assert list(buttons(last)) == ["◀"]


async def test_an_ambiguous_company_is_asked_about_before_its_relations(scene):
    scene.neighbours["MMAT"] = [neighbour("NVDA")]
    question = await scene.reply("/who meta")
    assert buttons(question)["Meta Materials (company)"].data == "who:company:MMAT"
    answer = await scene.tap("who:company:MMAT")
    assert answer.replace
    assert "Meta Materials: 1 relation" in said(answer)
    assert said(await scene.tap("who:company:META")) == "I know no relations of Meta to other companies."


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        pytest.param("/search", "/search surplus compute", id="search nothing"),
        pytest.param("/search xyzzy", "Nothing found for “xyzzy”.", id="search what is not there"),
        pytest.param("/search " + "x" * 300, "too long", id="search something endless"),
        pytest.param("/search level:loud", "is no level", id="search a wrong filter"),
        pytest.param('/search ") OR entries_fts MATCH (', "Nothing found", id="search with syntax"),
        pytest.param("/search @everyone /stop", "“@\u2060everyone /\u2060stop”", id="search what would ping"),
        pytest.param("/search <b>x</b>", "“<b>x<", id="search markup"),
        pytest.param("/search \u202eשלום", "“שלום”", id="search what turns the line round"),
        pytest.param("/top now", "is no time span", id="top a word"),
        pytest.param("/top 0h", "from 1h to 30d", id="top no time"),
        pytest.param("/top 31d", "from 1h to 30d", id="top too long"),
        pytest.param("/top 99999999999w", "is no time span", id="top beyond the calendar"),
        pytest.param("/story", "Reply to its card", id="story nothing"),
        pytest.param("/story 123", "no story for the id “123”", id="story an unknown id"),
        pytest.param("/story '; drop table stories --", "no story", id="story an injection"),
        pytest.param("/story %%%%%", "no story", id="story a wildcard"),
        pytest.param("/who", "/who nvidia", id="who nobody"),
        pytest.param("/who nvidea", "Did you mean nvidia or nvda?", id="who misspelt"),
        pytest.param(
            "/who memory",
            "“memory” is a sector, not a company. Write a name or a ticker, such as nvidia.",
            id="who a sector",
        ),
        pytest.param("/who micron", "no relations of Micron", id="who without relations"),
    ],
)
async def test_wrong_missing_or_hostile_words_get_one_helpful_line(scene, text, hint):
    answer = await scene.ask(text)
    assert hint in answer
    assert "\n" not in answer
    assert len(answer) < 300
    assert scene.library.searches == {}


@pytest.mark.parametrize(
    "data",
    ["page:", "page:x", "page:x:", "page:x:-1", "page:x:²", "page:x:" + "9" * 40, "page:x:0", "pick:", "pick:x:y:z",
     "pick:x:company:META", "who:", "who:0", "who:0:", "who:x:NVDA", "who:company:", "who:99:NVDA", "who:-1:NVDA"],
)  # fmt: skip
async def test_a_button_that_nobody_drew_gets_one_line(scene, data):
    scene.neighbours["NVDA"] = [neighbour("MU")]
    answer = said(await scene.tap(data))
    assert any(words in answer for words in ("older version", "forgotten", "no relations"))
    assert "\n" not in answer


async def test_a_forged_pick_of_another_company_is_no_answer(scene):
    question = await scene.reply("/search company:meta")
    search_id = buttons(question)["Meta (company)"].data.split(":")[1]
    assert "forgotten" in said(await scene.tap(f"pick:{search_id}:company:NVDA"))
    assert "forgotten" in said(await scene.tap(f"page:{search_id}:0"))


@pytest.mark.parametrize("name", NAMES)
async def test_in_a_group_everybody_may_look(scene, name):
    assert name not in scene.commands.managing
    assert "Only admins" not in await scene.ask(f"/{name} x", GUEST)


@pytest.mark.parametrize("text", ["/search rain", "/top", "/story abcd1234"])
async def test_a_broken_database_is_admitted(scene, text):
    scene.library.broken = True
    assert "failed on my side" in await scene.ask(text)


HOSTILE = [
    pytest.param("<b>bold</b> & <a href='x'>", "<b>bold</\u2060b> & <a href='x'>", id="markup"),
    pytest.param("שלום \u202eevil\u202c עולם", "שלום evil עולם", id="right to left"),
    pytest.param("line\nbreak\x00\x07", "line break", id="control characters"),
    pytest.param("@admin /stop", "@\u2060admin /\u2060stop", id="what would ping"),
    pytest.param(
        "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301", "a\u0301\u0301\u0301\u0301", id="a heap of marks"
    ),
]


@pytest.mark.parametrize(("title", "shown"), HOSTILE)
async def test_what_a_feed_holds_can_not_hurt_a_list(title, shown):
    scene = Scene(hostile(title, url="javascript:alert(1)"))
    reply = await scene.reply("/search since:1d")
    assert said(reply).split("\n")[1] == f"1. 09:00 {shown} · Wire"
    assert reply.cards[0].entities == (), "nor lead anywhere"
    [offer] = await scene.commands.offer("since:1d")
    assert offer.title == shown
    assert offer.card.text.split("\n")[0] == shown


async def test_inline_mode_offers_what_the_search_finds_to_everybody(scene):
    [offer] = await scene.commands.offer("meta pla")
    assert (offer.title, offer.description) == (
        TITLE,
        "Wire · HIGH denied · 3 independent origins · 3 copies · 14:30 UTC",
    )
    assert offer.card.text == f"{TITLE}\n{offer.description}"
    assert [b.url for row in offer.card.buttons for b in row] == [offer.url]
    assert scene.library.searches == {}, "nothing is kept of it"


@pytest.mark.parametrize("text", ["", "  ", "company:", "level:loud", "xyzzy", "x" * 300, "x " * 30, "—"])
async def test_inline_mode_offers_nothing_for_nothing(scene, text):
    assert list(await scene.commands.offer(text)) == []


async def test_inline_mode_offers_a_handful():
    assert len(await Scene(flood(50)).commands.offer("harb")) == MOST_OFFERED


@given(st.sampled_from(["search", "top", "story", "who"]), st.text(max_size=150))
async def test_whatever_is_typed_gets_an_answer(name, text):
    scene = Scene(flood(3))
    said(await scene.commands.handle(name, text.split(), ME))
    for verb in ("page", "pick", "story", "who"):
        said(await scene.tap(f"{verb}:{text}"))
    await scene.commands.offer(text)
