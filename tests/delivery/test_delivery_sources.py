"""What managers see and change of the feeds in chat."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from card_scene import NOW
from managers_scene import BOSS_IN_A_GROUP, HOSTILE, STRANGER, Scene, buttons, datas, said
from office_fakes import FakeSources, MemoryDeeds

from bot.delivery.errands import Errands
from bot.delivery.feeds import PAGE, Feeds
from bot.office import Source, Trial

URL = "https://news.example/feed"
MINUTE = timedelta(minutes=1)


def source(feed_id: str, **more: object) -> Source:
    values: dict[str, object] = {
        "title": "",
        "url": f"https://{feed_id}.example/feed",
        "kind": "wire",
        "tier": 1,
        "state": "active",
        "last_ok_at": NOW - 3 * MINUTE,
        "next_poll_at": NOW + 12 * MINUTE,
        "per_day": 12.44,
    }
    return Source(id=feed_id, **(values | more))  # type: ignore[arg-type]


BROKEN = source("broken", failures=4, last_error="HTTP status 503", last_ok_at=None, per_day=0.0)


class House(Scene):
    def __init__(self, *sources: Source) -> None:
        self.deeds = MemoryDeeds()
        super().__init__(NOW, self.deeds)  # type: ignore[arg-type]
        self.sources, self.errands = FakeSources(*sources), Errands()
        self.errands.connect(self.post)
        self.add(Feeds(self.office, self.sources, self.errands, self.clock))

    async def later(self, text: str) -> str:
        """What comes of a command that takes its time."""
        before = len(self.posted)
        assert "follows" in await self.ask(text)
        await self.errands.idle()
        (card,) = self.posted[before:]
        return card.text

    def done(self) -> list[tuple[str, str]]:
        return [(d.what, d.result) for d in self.deeds.kept]


@pytest.fixture
def house() -> House:
    house = House(source("wire"), BROKEN, source("late", state="paused"))
    house.sources.trials[URL] = Trial(
        url=URL,
        title=f"News {HOSTILE}",
        entries=2,
        newest=[(NOW - 5 * MINUTE, f"Meta sells {HOSTILE}"), (None, "\u05e9\u05dc\u05d5\u05dd \u202eevil")],
        warnings=["an item has no date"],
    )
    return house


async def test_the_list_begins_with_what_is_down(house):
    assert (await house.ask("/sources")).split("\n") == [
        "3 feeds, 1 down; page 1 of 1",
        "broken: failed 4 times in a row, last ok never, 0.0 a day, next poll in 12m. HTTP status 503",
        "wire: active, last ok 3m ago, 12.4 a day, next poll in 12m",
        "late: paused, last ok 3m ago, 12.4 a day",
    ]


async def test_pages_are_turned_by_buttons_that_outlive_a_restart(house):
    many = [source(f"feed-{n:02}") for n in range(2 * PAGE + 1)]
    first = await House(*many).reply("/sources")
    assert datas(first.cards)[-1] == "sources:2"
    second = await House(*many).tap("sources:2")
    assert second.replace
    assert said(second).startswith("17 feeds, 0 down; page 2 of 3\nfeed-08: active")
    assert datas(second.cards)[-2:] == ["sources:1", "sources:3"]
    last = await House(*many).tap("sources:3")
    assert "feed-16" in said(last)
    assert datas(last.cards) == ["source:show feed-16", "sources:2"]


async def test_a_page_that_is_no_more_is_the_nearest_one(house):
    assert "page 1 of 1" in said(await house.tap("sources:7"))
    assert "page 1 of 1" in said(await house.tap("sources:0"))


@pytest.mark.parametrize("data", ["sources:x", "sources:-1", "sources:99999", "source:", "source:eat wire"])
async def test_a_forged_button_does_nothing(house, data):
    assert "older version" in said(await house.tap(data))
    assert house.done() == []


async def test_a_feed_is_shown_with_what_can_be_done(house):
    reply = await house.reply("/sources wire")
    assert said(reply).split("\n")[1] == "wire, tier 1: https://wire.example/feed"
    assert [b.label for b in buttons(reply)] == ["Pause", "Test"]
    assert [b.label for b in buttons(await house.reply("/sources LATE"))] == ["Resume", "Test"]


async def test_an_id_too_long_for_a_button_has_none_and_is_listed_all_the_same():
    house = House(source("x" * 64))
    reply = await house.reply("/sources")
    assert "x" * 64 in said(reply)
    assert buttons(reply) == []


async def test_a_feed_is_paused_and_resumed_by_word_and_by_button(house):
    assert (await house.ask("/sources pause wire")).startswith("wire is polled no more.")
    assert house.sources.sources["wire"].state == "paused"
    (resume, _) = buttons(await house.reply("/sources wire"))
    await house.tap(resume.data)
    await house.tap(resume.data)
    assert house.sources.sources["wire"].state == "active"
    assert [what for what, _ in house.done()] == [
        "sources pause wire",
        "sources resume wire",
        "sources resume wire",
    ]


async def test_a_test_shows_what_would_come_and_is_written_down(house):
    text = await house.later(f"/sources test {URL}")
    lines = text.split("\n")
    assert lines[0] == "It can be read; nothing was stored."
    assert lines[1].endswith("2 entries, newest:")
    assert lines[2].startswith("• 17:58 Meta sells </\u2060b>evil")
    assert "@\u2060everyone /\u2060stop" in lines[2]
    assert lines[3] == "• undated \u05e9\u05dc\u05d5\u05dd evil"
    assert lines[4] == "Remark: an item has no date"
    assert len(house.sources.sources) == 3
    assert house.done()[-1] == (f"sources test {URL}", "It can be read; nothing was stored.")


async def test_a_test_that_fails_says_why(house):
    assert await house.later("/sources test https://down.example/") == "It can't be read: no answer"


async def test_an_address_is_added_with_kind_and_tier_and_the_line_for_the_file(house):
    text = await house.later(f"/sources add {URL} 2 trade")
    made = house.sources.sources["new"]
    assert (made.url, made.kind, made.tier) == (URL, "trade", 2)
    assert "kept in the database beside rules/sources.yaml, over restarts and reloads" in text
    assert text.endswith(f"- {{id: new, url: '{URL}', kind: trade, tier: 2}}")
    (pause, test, remove) = buttons(await house.reply("/sources new"))
    assert (pause.label, test.label, remove.label) == ("Pause", "Test", "Remove")
    assert "new was removed" in said(await house.tap(remove.data))
    assert "There is no feed" in said(await house.tap(remove.data))


async def test_what_is_in_the_file_is_not_removed(house):
    assert await house.ask("/sources remove wire") == "wire stands in rules/sources.yaml"
    assert house.done()[-1] == ("sources remove wire", "wire stands in rules/sources.yaml")


async def test_an_address_is_changed_only_if_it_can_be_read(house):
    assert "nothing was changed: no answer" in await house.later("/sources url wire https://down.example/")
    assert "polled at the new address; its entries and mutes stay" in await house.later(
        f"/sources url wire {URL}"
    )
    assert house.sources.sources["wire"].url == URL
    assert "says otherwise" in await house.ask("/sources wire")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("wir", "There is no feed “wir”; did you mean wire?", id="a misspelt feed"),
        pytest.param("paus wire", "There is no feed “paus wire”", id="a misspelt verb"),
        pytest.param("pause", "/sources pause needs the id of a feed", id="pause nothing"),
        pytest.param("pause wire late", "needs the id of a feed", id="pause two"),
        pytest.param("pause nowhere", "There is no feed “nowhere”", id="pause an unknown one"),
        pytest.param("test", "needs an address or the id of a feed", id="test nothing"),
        pytest.param("url wire", "needs the id of a feed and its new address", id="no new address"),
        pytest.param("add", "needs an address, and maybe kind and tier", id="add nothing"),
        pytest.param(f"add {URL} opera", "“opera” is neither a kind", id="an unknown kind"),
        pytest.param(f"add {URL} blog 9", "“9” is neither a kind", id="an unknown tier"),
        pytest.param(HOSTILE, "There is no feed “</\u2060b>evil", id="hostile words"),
    ],
)
async def test_wrong_arguments_get_one_line_and_change_nothing(house, text, answer):
    before = dict(house.sources.sources)
    assert answer in await house.ask(f"/sources {text}")
    await house.errands.idle()
    assert house.sources.sources == before
    assert house.sources.polled == []


async def test_one_try_at_a_time(house):
    assert "follows" in await house.ask(f"/sources test {URL}")
    assert "One at a time" in await house.ask(f"/sources add {URL}")
    await house.errands.idle()
    assert "new" not in house.sources.sources


@pytest.mark.parametrize("chat", [STRANGER, BOSS_IN_A_GROUP, replace(STRANGER, user="")])
async def test_others_see_and_change_nothing(house, chat):
    for text in ("/sources", "/sources pause wire", f"/sources add {URL}", "/sources wire"):
        assert "wire:" not in await house.ask(text, chat)
    await house.tap("source:pause wire", chat)
    assert "wire:" not in said(await house.tap("sources:1", chat))
    await house.errands.idle()
    assert house.sources.sources["wire"].state == "active"
    assert house.done() == []


async def test_there_are_no_feeds():
    assert "There are no feeds" in await House().ask("/sources")


async def test_titles_and_errors_of_servers_are_only_text():
    house = House(source("wire", title=f"News {HOSTILE}", failures=1, last_error=f"said {HOSTILE}"))
    for text in ("/sources", "/sources wire"):
        assert "said </\u2060b>evil <script> @\u2060everyone /\u2060stop" in await house.ask(text)
