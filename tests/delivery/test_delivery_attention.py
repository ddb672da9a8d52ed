"""Levels, quiet hours, budgets, digests, time zones and mutes as people type and tap them."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from card_scene import NOW, told, wire
from make import story
from test_delivery_commands import GUEST, ME, Scene, buttons, said

from bot.model import Digest

DAY = timedelta(days=1)


@pytest.fixture
async def started() -> Scene:
    scene = Scene()
    await scene.ask("/start")
    return scene


def reader(scene: Scene):
    return scene.desk.subscribers["telegram:1"]


@pytest.mark.parametrize(
    ("text", "hours", "zone"),
    [
        ("22:00-07:00", (time(22), time(7)), "America/New_York"),
        ("٢٢-٧", (time(22), time(7)), "America/New_York"),
        ("22-7", (time(22), time(7)), "America/New_York"),
        ("22:30 - 06:15 Europe/Berlin", (time(22, 30), time(6, 15)), "Europe/Berlin"),
        ("22:00–07:00 berlin", (time(22), time(7)), "Europe/Berlin"),
        ("23 to 8 new york", (time(23), time(8)), "America/New_York"),
    ],
)
async def test_quiet_hours_are_understood(started, text, hours, zone):
    answer = await started.ask(f"/quiet {text}")
    assert (reader(started).quiet, reader(started).timezone) == (hours, zone)
    assert answer.startswith(
        f"Quiet hours: {hours[0]:%H:%M} to {hours[1]:%H:%M}, {zone.replace('_', ' ')}. It is "
    )
    assert await started.ask("/quiet") == answer
    assert (await started.ask("/quiet off")).startswith("No quiet hours any more")
    assert reader(started).quiet is None


@pytest.mark.parametrize(
    "text", ["25:00-07:00", "22:00", "22:00-22:00", "22:00-07:00 Atlantis", "-", "22:61-7:00", "night", "22:00-07:00 ../etc"]
)  # fmt: skip
async def test_quiet_hours_that_are_none_change_nothing(started, text):
    answer = await started.ask(f"/quiet {text}")
    assert "\n" not in answer
    assert (reader(started).quiet, reader(started).timezone) == (None, "America/New_York")


async def test_a_budget_brings_a_digest_along(started):
    answer = await started.ask("/budget 8")
    assert answer.startswith("At most 8 sounds a day from now on; what is critical always rings.")
    assert "every day at 08:00" in answer
    assert (reader(started).budget, reader(started).digest) == (8, Digest(at=time(8)))
    assert (await started.ask("/digest off")).startswith("The budget needs the digest")
    assert "At most 8 sounds a day" in await started.ask("/budget")
    await started.ask("/budget 1")
    assert "At most 1 sound a day." in await started.ask("/budget")
    assert (await started.ask("/budget off")).startswith(
        "No budget any more: everything at your level rings."
    )
    assert await started.ask("/digest off") == "No digests any more."
    assert (reader(started).budget, reader(started).digest, started.desk.due["telegram:1"]) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize("text", ["-1", "201", "eight", "1e3", "8.5", "99999999999", "۸"])
async def test_a_budget_that_is_none_changes_nothing(started, text):
    assert "is no budget" in await started.ask(f"/budget {text}")
    assert reader(started).budget is None


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("daily 07:30", Digest(at=time(7, 30))),
        ("daily", Digest(at=time(8))),
        ("daily at 7", Digest(at=time(7))),
        ("19:05", Digest(at=time(19, 5))),
        ("weekly mon 08:00", Digest(at=time(8), weekday=0)),
        ("weekly Sunday", Digest(at=time(8), weekday=6)),
    ],
)
async def test_digests_are_understood(started, text, digest):
    answer = await started.ask(f"/digest {text}")
    assert reader(started).digest == digest
    assert answer == await started.ask("/digest")
    assert f"at {digest.at:%H:%M}, America/New York" in answer
    due = started.desk.due["telegram:1"]
    assert NOW < due <= NOW + 8 * DAY


@pytest.mark.parametrize(
    "text", ["daily 25:00", "weekly", "weekly foo 08:00", "monthly", "daily 07:30 now", "weekly mon tue"]
)
async def test_a_digest_that_is_none_changes_nothing(started, text):
    assert "is no time for digests" in await started.ask(f"/digest {text}")
    assert reader(started).digest is None


async def test_a_new_time_zone_moves_the_next_digest(started):
    await started.ask("/digest daily 07:30")
    before = started.desk.due["telegram:1"]
    assert "Asia/Tokyo" in await started.ask("/timezone tokyo")
    assert reader(started).timezone == "Asia/Tokyo"
    assert started.desk.due["telegram:1"] != before
    assert "Asia/Tokyo" in await started.ask("/timezone")


@pytest.mark.parametrize("text", ["Atlantis", "Europe/Berlim", "../../etc/passwd", "+02:00", "🕒"])
async def test_a_time_zone_that_is_none_is_answered_with_a_near_one(started, text):
    assert "is no time zone that I know. Write it as " in await started.ask(f"/timezone {text}")
    assert reader(started).timezone == "America/New_York"


# --- mutes ---


def muted(scene: Scene) -> list[tuple[str, str]]:
    found = scene.desk.mutes("telegram:1", scene.now)
    return [(m.company or m.feed_id or m.rule_id or f"story {m.story_id}", m.comment) for m in found]


async def test_a_company_is_muted_with_an_end_and_a_preview(started):
    entry = wire()
    hers = told(entry, id="1")
    started.desk.cards = [(hers, story(entry)), (told(entry, id="2", rule_id="x/y"), story(wire(guid="b")))]
    reply = await started.reply("/mute meta platforms 3d")
    assert said(reply).startswith("Muted: Meta, until 05 Mar ")
    assert "It would have held back 2 of the 2 cards of the last 7 days." in said(reply)
    assert "Denials of what you were told still reach you." in said(reply)
    (mute,) = started.desk.mutes("telegram:1", started.now)
    assert mute.until == NOW + 3 * DAY
    (undo,) = buttons(reply)
    assert said(await started.commands.tap(undo.data, ME)) == "No longer muted: Meta."
    assert said(await started.commands.tap(undo.data, ME)) == "That is not muted any more."
    assert muted(started) == []


async def test_where_nothing_was_sent_nothing_is_said_to_have_been_held_back(started):
    assert "held back" not in said(await started.reply("/mute meta platforms 3d"))


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        pytest.param("täglich 7:30", "Every day at 07:30", id="a day"),
        pytest.param("wöchentlich mo 8:00", "Every Monday at 08:00", id="a week"),
        pytest.param("weekly sonntag 9", "Every Sunday at 09:00", id="both languages"),
    ],
)
async def test_a_digest_may_be_asked_for_in_german(started, text, begins):
    assert (await started.ask(f"/digest {text}")).startswith(begins)
    assert (await started.ask("/digest aus")) == "No digests any more."


async def test_two_letters_are_no_day_in_english(started):
    assert "is no time for digests" in await started.ask("/digest weekly tu 8:00")


async def test_a_card_s_menu_mutes_its_story_company_or_source(started):
    started.send()
    reply = await started.reply("/mute story", replace(ME, reply_to="500"))
    assert said(reply).startswith("Muted: ")
    menu = await started.commands.tap("mutes:0aaaabbbbccccdd", ME)
    offered = {b.label: b.data for b in buttons(menu)}
    assert list(offered)[:3] == ["1 h", "Today", "This story"]
    for label, data in offered.items():
        assert len(data.encode()) <= 64
        assert said(await started.commands.tap(data, ME)).startswith("Muted"), label
    assert {m.company for m in started.desk.mutes("telegram:1", started.now)} >= {"META"}
    assert {m.feed_id for m in started.desk.mutes("telegram:1", started.now)} - {""}
    listing = await started.reply("/mutes")
    assert said(listing).splitlines()[0] == "Muted here, /unmute all ends everything:"
    assert "• everything, until " in said(listing)
    assert await started.ask("/unmute all") == "No longer muted."
    assert await started.ask("/mutes") == "Nothing is muted here."
    assert reader(started).muted_until is None


async def test_today_ends_at_midnight_of_the_reader(started):
    await started.ask("/mute today")
    assert reader(started).muted_until.isoformat() == "2026-03-03T05:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("meta 3d", "can mean several companies"),
        ("memory", "can't be muted for a while"),
        ("nvidia 99d", "A pause lasts from 1m to 30d"),
        ("nvidai", "Did you mean nvidia"),
        ("story", "Answer a card with /mute story"),
        ("source 2d", "Answer a card with /mute source"),
        ("<b>x</b> 2h", "is no duration, nor anything"),
        ("rule", "is no duration, nor anything"),
    ],
)
async def test_what_can_t_be_muted_gets_one_helpful_line(started, text, answer):
    said = await started.ask(f"/mute {text}")
    assert answer in said
    assert "\n" not in said
    assert muted(started) == []


async def test_rules_and_companies_end_by_their_names(started):
    await started.ask("/mute rule compute/resale 2d")
    await started.ask("/mute nvidia")
    assert muted(started) == [("compute/resale", "compute/resale"), ("NVDA", "Nvidia")]
    assert "is not muted here" in await started.ask("/unmute micron")
    assert await started.ask("/unmute Nvidia") == "No longer muted."
    assert "1 thing in it are: /mutes" in await started.ask("/unmute") or "/mutes shows" in await started.ask(
        "/unmute"
    )
    assert muted(started) == [("compute/resale", "compute/resale")]


async def test_there_is_a_most_of_mutes(started):
    for n in range(60):
        await started.ask(f"/mute rule pack/rule{n}")
    assert len(started.desk.mutes("telegram:1", started.now)) == 50
    assert "which is the most" in await started.ask("/mute rule pack/rule99")


@pytest.mark.parametrize("name", ["quiet", "budget", "digest", "timezone", "level", "mute"])
async def test_where_alerts_are_off_nothing_is_set(name):
    scene = Scene()
    assert (await scene.ask(f"/{name} 8")).startswith("Alerts are off in this chat")
    assert scene.desk.subscribers == {}


@pytest.mark.parametrize(
    "data",
    ["hush:", "hush:story:", "hush:planet:x", "mutes:", "mutes:zzzz", "unhush:zzz", "hush:company:zzzz"],
)
async def test_a_button_that_leads_nowhere_is_answered(started, data):
    assert said(await started.commands.tap(data, ME))
    assert muted(started) == []


async def test_in_a_group_a_guest_mutes_nothing_by_a_button(started):
    assert said(await started.commands.tap("hush:story:0aaaabbbbccccdd", GUEST)).startswith("Only admins")
