"""All settings on one card, the buttons that change each in place, and how useful a list says that cards were."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from card_scene import NOW, told, wire
from desk_fakes import MICRON, NVIDIA
from test_delivery_commands import GUEST, ME, Scene, buttons, said

from bot.delivery.feedback import OWN_LEAST
from bot.delivery.replies import Reply
from bot.locale import speaking
from bot.model import Digest, Severity

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
async def started() -> Scene:
    scene = Scene()
    await scene.ask("/start")
    return scene


def reader(scene: Scene):
    return scene.desk.subscribers[ME.subscriber_id]


async def tap(scene: Scene, reply: Reply, label: str) -> Reply:
    """Tap a button of an answer; the message must change in place."""
    (data,) = [b.data for b in buttons(reply) if b.label == label]
    done = await scene.commands.tap(data, ME)
    assert done.replace
    return done


async def test_a_new_chat_sees_what_is_set_from_the_start(started):
    assert said(await started.reply("/settings")).split("\n") == [
        "How this chat is set",
        "Level: medium and above",
        "Quiet hours: none",
        "Budget: none",
        "Digest: none",
        "Time zone: America/New York, where it is 13:03",
        "Language: English",
        "Muted: nothing",
        "Followed: 1 thing",
    ]


async def test_everything_that_is_set_stands_on_one_card(started):
    for text in ("/watch nvidia, micron", "/quiet 22:00-07:00", "/budget 8", "/digest weekly mon 08:00"):
        await started.ask(text)
    for text in ("/mute nvidia 3d", "/mute 2h"):
        await started.ask(text)
    midnight = NOW.replace(hour=5, minute=0)  # of New York
    started.desk.rung[ME.subscriber_id] = [midnight - HOUR, midnight + HOUR, NOW - HOUR]
    lines = said(await started.reply("/settings")).split("\n")
    assert lines[2:5] == [
        "Quiet hours: 22:00–07:00, next from 22:00",
        "Budget: 8 sounds a day, 6 left today",
        "Digest: every week, next 09 Mar 08:00",
    ]
    assert lines[7:] == ["Muted: everything until 15:03, 1 thing", "Followed: 2 things"]
    started.now = NOW.replace(hour=8)
    assert "Quiet hours: 22:00–07:00, now until 07:00" in said(await started.reply("/settings"))


async def test_more_sounds_than_the_budget_leave_none(started):
    await started.ask("/budget 1")
    started.desk.rung[ME.subscriber_id] = [NOW - HOUR, NOW]
    assert "Budget: 1 sound a day, 0 left today" in said(await started.reply("/settings"))


@pytest.mark.parametrize(
    ("label", "begin"),
    [
        ("Level", "The level is medium"),
        ("Quiet hours", "There are no quiet hours."),
        ("Budget", "There is no budget."),
        ("Digest", "There is no digest."),
        ("Time zone", "Times are shown in America/New York"),
        ("Language", "I speak English"),
        ("Mutes", "Nothing is muted here."),
        ("What I follow", "This chat follows"),
    ],
)
async def test_each_button_leads_on_in_the_same_message_and_back(started, label, begin):
    card = await started.reply("/settings")
    led = await tap(started, card, label)
    assert said(led).startswith(begin)
    back = await tap(started, led, "All settings")
    assert (said(back), buttons(back)) == (said(card), buttons(card))


async def test_in_a_group_only_its_admins_see_and_tap_settings(started):
    admin = replace(GUEST, may_manage=True)
    await started.ask("/start", admin)
    assert "Only admins" in await started.ask("/settings", GUEST)
    assert "How this chat is set" in await started.ask("/settings", admin)
    before = started.desk.subscribers[GUEST.subscriber_id]
    for data in (
        "settings:",
        "settings:level",
        "budget:5",
        "digest:off",
        "timezone:UTC",
        "hours:off",
        "level:low",
    ):
        assert "Only admins" in said(await started.commands.tap(data, GUEST))
    assert started.desk.subscribers[GUEST.subscriber_id] == before


@pytest.mark.parametrize("data", ["settings:x", "budget:", "budget:7", "budget:-1", "digest:", "digest:daily 09:00", "digest:none",
                                  "timezone:", "timezone:Mars", "hours:25:00-07:00", "hours:22:00-22:00", "hours:22:00-07:00 Atlantis"])  # fmt: skip
async def test_strange_buttons_of_settings_change_nothing(started, data):
    before = reader(started)
    assert "older version" in said(await started.commands.tap(data, ME))
    assert reader(started) == before


async def test_buttons_without_alerts_say_how_to_turn_them_on(started):
    card = await started.reply("/settings")
    await started.ask("/stop")
    before = reader(started)
    for data in (*(b.data for b in buttons(card)), "settings:", "budget:5", "hours:off", "unhush:x:list"):
        assert "Alerts are off" in said(await started.commands.tap(data, ME))
    assert "Alerts are off" in await started.ask("/settings")
    assert reader(started) == before


async def test_a_budget_is_tapped_and_the_choice_is_marked(started):
    card = await started.reply("/budget")
    assert [b.label for b in buttons(card)] == [
        "3 a day", "5 a day", "10 a day", "20 a day", "✓ No budget", "All settings",
    ]  # fmt: skip
    set_ = await tap(started, card, "5 a day")
    assert said(set_).startswith("At most 5 sounds a day from now on")
    assert (reader(started).budget, reader(started).digest) == (5, Digest(at=time(8)))
    again = await started.commands.tap("budget:5", ME)
    assert "✓ 5 a day" in [b.label for b in buttons(again)]
    assert reader(started).budget == 5
    await tap(started, set_, "No budget")
    assert reader(started).budget is None


async def test_a_digest_that_came_with_a_budget_stays_until_that_is_tapped(started):
    await started.ask("/budget 8")
    lifted = await started.reply("/budget off")
    assert "The digest every day at 08:00 came with the budget and stays" in said(lifted)
    assert reader(started).digest == Digest(at=time(8))
    ended = await tap(started, lifted, "Turn the digest off too")
    assert said(ended) == "No digests any more."
    assert (reader(started).digest, started.desk.due[ME.subscriber_id]) == (None, None)


async def test_a_new_clock_leaves_it_a_digest_that_came_with_the_budget(started):
    await started.ask("/budget 8")
    await started.ask("/timezone tokyo")
    assert "came with the budget" in await started.ask("/budget off")


@pytest.mark.parametrize("first", ["/digest daily 08:00", "/digest weekly mon 09:00"])
async def test_a_digest_that_somebody_asked_for_is_no_budgets(started, first):
    await started.ask(first)
    await started.ask("/budget 8")
    lifted = await started.reply("/budget off")
    assert said(lifted) == "No budget any more: everything at your level rings."
    assert buttons(lifted) == []
    assert reader(started).digest is not None


async def test_a_digest_that_was_changed_is_no_budgets_any_more(started):
    await started.ask("/budget 8")
    await started.ask("/digest daily 08:00")
    assert "came with" not in await started.ask("/budget off")


async def test_a_digest_is_tapped_and_off_is_offered_only_without_a_budget(started):
    set_ = await tap(started, await started.reply("/digest"), "Mondays at 08:00")
    assert reader(started).digest == Digest(at=time(8), weekday=0)
    assert said(set_).startswith("Every Monday at 08:00, America/New York")
    await started.ask("/budget 5")
    assert "No digest" not in [b.label for b in buttons(await started.reply("/digest"))]
    assert "needs the digest" in said(await started.commands.tap("digest:off", ME))
    assert reader(started).digest is not None


async def test_a_time_zone_is_tapped_and_moves_the_digest(started):
    await started.ask("/digest daily 08:00")
    before = started.desk.due[ME.subscriber_id]
    await tap(started, await started.reply("/timezone"), "Tokyo")
    assert reader(started).timezone == "Asia/Tokyo"
    assert started.desk.due[ME.subscriber_id] != before
    assert "✓ Tokyo" in [b.label for b in buttons(await started.reply("/timezone"))]


async def test_quiet_hours_are_tapped_by_the_chats_own_clock(started):
    set_ = await tap(started, await started.reply("/quiet"), "23:00–07:00")
    assert (reader(started).quiet, reader(started).timezone) == ((time(23), time(7)), "America/New_York")
    assert "✓ 23:00–07:00" in [b.label for b in buttons(set_)]
    off = await tap(started, set_, "No quiet hours")
    assert said(off).startswith("No quiet hours any more")
    assert reader(started).quiet is None


async def test_a_chat_without_a_clock_is_offered_those_of_places(started):
    started.desk.set_timezone(ME.subscriber_id, "UTC")
    card = await started.reply("/quiet")
    assert said(card).endswith("From 22:00 to 07:00 by the clock of:")
    await tap(started, card, "Tokyo")
    assert (reader(started).quiet, reader(started).timezone) == ((time(22), time(7)), "Asia/Tokyo")


async def test_a_list_of_mutes_is_drawn_anew_in_place_as_they_end(started):
    for text in ("/mute nvidia 3d", "/mute micron 2d", "/mute 2h"):
        await started.ask(text)
    card = await started.reply("/mutes")
    assert [b.label for b in buttons(card)] == ["✕ everything", "✕ Micron", "✕ Nvidia"]
    less = await tap(started, card, "✕ Micron")
    assert said(less).startswith("No longer muted: Micron.\nMuted here")
    assert [b.label for b in buttons(less)] == ["✕ everything", "✕ Nvidia"]
    again = await tap(started, card, "✕ Micron")  # of the message as it was before
    assert said(again).startswith("That is not muted any more.\nMuted here")
    assert len(started.desk.mutes(ME.subscriber_id, NOW)) == 1
    less = await tap(started, again, "✕ everything")
    assert reader(started).muted_until is None
    none = await tap(started, less, "✕ Nvidia")
    assert said(none) == "No longer muted: Nvidia.\nNothing is muted here."
    assert buttons(none) == []


async def test_the_settings_are_read_in_german(started):
    await started.ask("/budget 8")
    with speaking("de"):
        text = said(await started.reply("/settings"))
    assert "Höchstzahl: 8 Töne am Tag, heute noch 8" in text
    assert "Übersicht: jeden Tag, die nächste" in text, text


# --- how useful the cards about a thing were ---


def vote(scene: Scene, *useful: bool, to: str = ME.subscriber_id, at=NOW) -> None:
    """Votes on so many cards about Meta."""
    for n, good in enumerate(useful):
        entry = wire(guid=f"{to}{n}{at}")
        alert = told(entry, id=f"{to}{n}{at}", level=Severity.HIGH, companies=("META",), exposures=())
        scene.votes.entries[entry.id] = entry
        scene.votes.vote(alert, "wire", to, "1", useful=good, reason="", now=at)


async def test_a_list_says_how_useful_the_cards_were_where_there_are_enough_votes(started):
    await started.ask("/watch meta platforms, micron")
    vote(started, *[True] * (OWN_LEAST - 1))
    assert "useful" not in await started.ask("/list")
    vote(started, True, False, at=NOW - DAY)
    lines = (await started.ask("/list")).split("\n")
    assert "• Meta (company) · 4 of 5 useful, 38% to 96%" in lines
    assert MICRON in started.follows
    assert NVIDIA not in started.follows
    (micron,) = [text for text in lines if "Micron" in text]
    assert "useful" not in micron


async def test_votes_of_other_chats_and_old_ones_do_not_count(started):
    await started.ask("/watch meta platforms")
    vote(started, *[True] * 9, to="telegram:2")
    vote(started, *[True] * 9, at=NOW - 91 * DAY)
    assert "useful" not in await started.ask("/list")
