"""How a new chat begins, step by step, and what an old one is shown first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_api import Accepted, BotApi
from card_scene import NOW, TITLE, begun, told, wire
from desk_fakes import (
    EVERYTHING,
    HYNIX,
    META,
    META_MATERIALS,
    MICRON,
    NVIDIA,
    STARTER,
    MemoryDesk,
    small_vocabulary,
)
from hypothesis import given
from hypothesis import strategies as st
from make import alert, entry, event, story
from telegram.ext import Application

from bot.delivery.commands import Commands
from bot.delivery.handlers import ALLOWED_UPDATES, register
from bot.delivery.membership import Membership
from bot.delivery.replies import Chat, Reply
from bot.delivery.request import make_bot
from bot.model import Button, Digest, EntityKind, Outcome, Polarity, SetupStep, Severity, Target, TargetKind
from bot.store.bindings import Bindings
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.text import utf16_length

ME = Chat(address="1", user="1")
DAY = timedelta(days=1)


class Newcomer:
    """A person who has just begun, and the desk behind the bot."""

    def __init__(self) -> None:
        self.desk, self.now = MemoryDesk(), NOW
        self.desk.begun = NOW - 60 * DAY
        self.desk.enroll("telegram", "2", NOW)
        self.desk.set_level("telegram:2", Severity.INFO)
        self.desk.watch("telegram:2", EVERYTHING, NOW - 60 * DAY)
        self.restart()

    def restart(self) -> None:
        self.commands = Commands(self.desk, small_vocabulary(), lambda: self.now)

    def tell(self, count: int = 1, **more: Any) -> None:
        """Cards about Meta by the pack of compute, a day apart, that expose Nvidia, Micron and others."""
        for n in range(count):
            made = wire(guid=str(len(self.desk.told)), seen_at=NOW - (n + 1) * DAY)
            of = f"story {made.id}"
            values = {"id": f"{made.id}", "story_id": of, "created_at": made.seen_at} | more
            self.desk.told.insert(0, (told(made, **values), made))
            self.desk.stories[of] = replace(begun(made), id=of)

    async def start(self) -> Reply:
        return await self.commands.handle("start", [], ME)

    async def tap(self, data: str) -> Reply:
        return await self.commands.tap(data, ME)

    async def type(self, text: str) -> Reply:
        return await self.commands.type(text, ME)

    @property
    def follows(self) -> list[Target]:
        return self.desk.watches(ME.subscriber_id)

    @property
    def step(self) -> SetupStep | None:
        setup = self.desk.setup(ME.subscriber_id)
        return setup.step if setup else None


def said(reply: Reply) -> str:
    return "\n".join(card.text for card in reply.cards)


def buttons(reply: Reply) -> list[Button]:
    found = [button for card in reply.cards for row in card.buttons for button in row]
    assert all(len(b.data.encode()) <= 64 for b in found)
    return found


def labels(reply: Reply) -> list[str]:
    return [b.label for b in buttons(reply)]


def data(reply: Reply, label: str) -> str:
    return next(b.data for b in buttons(reply) if b.label == label)


@pytest.fixture
async def new() -> Newcomer:
    made = Newcomer()
    await made.start()
    return made


async def test_a_new_chat_follows_everything_until_it_has_chosen():
    new = Newcomer()
    reply = await new.start()
    assert new.follows == [EVERYTHING]
    assert new.desk.subscribers["telegram:1"].level is Severity.MEDIUM
    assert said(reply).startswith("Step 1 of 3: what should this chat follow?\n")
    assert labels(reply) == ["AI compute starter pack", "Pick companies", "Everything", "Skip"]
    assert reply.keep


async def test_three_taps_set_everything_up_and_the_last_one_shows_a_sample(new):
    new.tell(7)
    how_loud = await new.tap("setup:follow:starter")
    assert new.follows == [STARTER]
    assert said(how_loud).split("\n")[:7] == [
        "Step 2 of 3: how loud?",
        "This chat follows AI compute market (pack).",
        "So many alerts would have come in the last 14 days, at each level and above:",
        "• critical: none",
        "• high: about 1 in 2 days",
        "• medium: about 1 in 2 days",
        "• low: about 1 in 2 days",
    ]
    when = await new.tap("setup:level:high")
    assert new.desk.subscribers["telegram:1"].level is Severity.HIGH
    assert said(when).startswith("Step 3 of 3: quiet hours?")
    done = await new.tap(data(when, "New York"))
    mine = new.desk.subscribers["telegram:1"]
    assert (mine.quiet, mine.timezone) == ((time(22), time(7)), "America/New_York")
    assert new.step is None
    summary, sample = done.cards
    assert done.replace
    assert summary.text.split("\n")[0] == (
        "That's it. This chat follows AI compute market (pack), at level high and above."
    )
    assert "Quiet from 22:00 to 07:00; times are shown in America/New York." in summary.text
    assert "What comes next: one card for each story, about 1 in 2 days" in summary.text
    assert sample.text.split("\n")[0] == "SAMPLE, no news: this was sent 01 Mar 13:03 EST"
    assert TITLE in sample.text
    bold = [sample.text[e.start : e.end] for e in sample.entities if e.kind is EntityKind.BOLD]
    assert bold[0] == "HIGH · considering · sourced", "styles have moved along with the text"
    assert [b.label for row in sample.buttons for b in row] == ["Why", "Story", "Open"]


async def test_each_step_can_be_skipped_and_then_everything_stays_as_it_was(new):
    before = new.desk.subscribers["telegram:1"]
    for step in ("follow", "level", "quiet"):
        reply = await new.tap(f"setup:{step}:skip")
    assert new.step is None
    assert new.follows == [EVERYTHING]
    assert new.desk.subscribers["telegram:1"] == before
    assert "No quiet hours; times are shown in UTC." in said(reply)
    assert "there is no sample to show" in said(reply)


async def test_a_company_is_picked_within_four_taps(new):
    new.tell(2)
    which = await new.tap("setup:follow:pick")
    assert labels(which) == ["Nvidia", "Micron", "SK Hynix", "Meta", "Skip"]
    assert "Nothing is chosen yet" in said(which)
    chosen = await new.tap(data(which, "SK Hynix"))
    assert new.follows == [HYNIX], "the first one takes the place of everything"
    assert "✓ SK Hynix" in labels(chosen)
    assert "Chosen: SK Hynix (company)." in said(chosen)
    assert "• high: about 1 in 7 days" in said(chosen), "what it is exposed to counts"
    await new.tap(data(chosen, "high"))
    await new.tap("setup:quiet:skip")
    assert new.step is None


async def test_several_are_picked_and_one_is_put_back(new):
    await new.tap("setup:follow:pick")
    await new.tap("setup:pick:+company:NVDA")
    reply = await new.tap("setup:pick:+company:MU")
    assert new.follows == [NVIDIA, MICRON]
    await new.tap(data(reply, "✓ Nvidia"))
    assert new.follows == [MICRON]
    reply = await new.tap("setup:pick:-company:MU")
    assert new.follows == [EVERYTHING], "nobody ends with nothing by accident"
    assert "Nothing is chosen yet" in said(reply)


async def test_names_can_be_typed_and_the_message_changes_in_place(new):
    new.commands.placed(ME, "77")
    reply = await new.type("nvidia,  micron")
    assert (reply.edit, reply.keep) == ("77", True)
    assert new.follows == [NVIDIA, MICRON]
    assert new.step is SetupStep.LEVEL
    await new.type("HIGH")
    assert new.desk.subscribers["telegram:1"].level is Severity.HIGH
    await new.type("23:00-06:30 berlin")
    mine = new.desk.subscribers["telegram:1"]
    assert (mine.quiet, mine.timezone) == ((time(23), time(6, 30)), "Europe/Berlin")
    assert new.step is None
    assert "I only understand commands" in said(await new.type("nvidia")), "nothing is asked any more"


async def test_a_town_alone_means_the_usual_hours_there(new):
    await new.tap("setup:follow:skip")
    await new.tap("setup:level:skip")
    await new.type("Tokyo")
    mine = new.desk.subscribers["telegram:1"]
    assert (mine.quiet, mine.timezone) == ((time(22), time(7)), "Asia/Tokyo")


async def test_what_is_ambiguous_or_unknown_is_offered_to_choose_from(new):
    reply = await new.type("nvidia, meta, glass cores, ai")
    assert new.follows == [NVIDIA]
    assert new.step is SetupStep.PICK
    assert "“meta” can mean several things: choose below." in said(reply)
    assert "I don't know “glass cores”." in said(reply)
    assert labels(reply)[:3] == ["Meta", "Meta Materials", "“glass cores” (word)"]
    new.restart()
    reply = await new.tap(data(reply, "Meta Materials"))
    assert labels(reply)[1] == "✓ Meta Materials", "what was offered is kept"
    await new.tap(data(reply, "“glass cores” (word)"))
    assert new.follows == [NVIDIA, META_MATERIALS, Target(TargetKind.WORD, "glass cores")]
    assert META not in new.follows


@pytest.mark.parametrize(
    ("step", "text", "hint"),
    [
        pytest.param(0, ",;,", "", id="nothing named"),
        pytest.param(0, ",".join("abcdefghijkl"), "Name at most 10 things", id="too many"),
        pytest.param(0, "<b>x</b>", "I don't know “<b>x<", id="markup"),
        pytest.param(0, "\u202exyz\u202c", "I don't know “xyz”", id="reordered"),
        pytest.param(0, "שלום עולם", "I don't know “שלום עולם”", id="right to left"),
        pytest.param(1, "loud", "“loud” is no level", id="no level"),
        pytest.param(1, "medum", "did you mean medium?", id="a level misspelt"),
        pytest.param(2, "25:00-07:00", "are no quiet hours", id="no hour"),
        pytest.param(2, "22:00-22:00", "are no quiet hours", id="no length"),
        pytest.param(2, "22:00-07:00 Atlantis", "are no quiet hours", id="no zone"),
        pytest.param(2, "'; drop table setups --", "are no quiet hours", id="an injection"),
    ],
)
async def test_an_answer_that_is_none_asks_again_and_changes_nothing(new, step, text, hint):
    for done in ("follow", "level")[:step]:
        await new.tap(f"setup:{done}:skip")
    before = (new.follows, new.desk.subscribers["telegram:1"])
    reply = await new.type(text)
    assert hint in said(reply)
    assert f"Step {step + 1} of 3" in said(reply)
    assert "\u202e" not in said(reply)
    assert (new.follows, new.desk.subscribers["telegram:1"]) == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "follow",
        "follow:",
        "follow:x",
        "pick:",
        "pick:company:NVDA",
        "pick:+company:NOPE",
        "pick:+planet:X",
        "pick:+word:A",
        "pick:*company:NVDA",
        "x:y",
    ],
)
async def test_a_button_that_nobody_drew_answers_nothing(new, text):
    assert "older version" in said(await new.tap(f"setup:{text}"))
    assert new.follows == [EVERYTHING]
    assert new.step is SetupStep.FOLLOW


async def test_a_second_tap_does_nothing_more(new):
    await new.tap("setup:follow:all")
    again = await new.tap("setup:follow:all")
    assert said(again).startswith("Step 2 of 3")
    assert new.step is SetupStep.LEVEL
    for _ in range(2):
        await new.tap("setup:level:critical")
    await new.tap("setup:level:info")
    assert new.desk.subscribers["telegram:1"].level is Severity.CRITICAL, "that question has been answered"
    await new.tap("setup:quiet:skip")
    over = await new.tap("setup:quiet:22:00-07:00 Asia/Tokyo")
    assert said(over) == "That is set up already. /start shows how."
    assert not over.replace, "the summary stays"
    assert new.desk.subscribers["telegram:1"].quiet is None


async def test_a_command_in_between_ends_nothing(new):
    await new.tap("setup:follow:starter")
    for name, args in (
        ("list", []),
        ("help", []),
        ("level", ["low"]),
        ("mute", ["1h"]),
        ("watch", ["nvidia", ","]),
    ):
        await new.commands.handle(name, args, ME)
        assert new.step is SetupStep.LEVEL
    new.restart()
    assert said(await new.start()).startswith("Step 2 of 3"), "start goes on where it was"
    assert new.desk.subscribers["telegram:1"].level is Severity.LOW


async def test_skipping_quiet_hours_is_called_what_it_does(new):
    await new.tap("setup:follow:skip")
    third = await new.tap("setup:level:skip")
    assert "Skip: no quiet hours" in labels(third)
    assert "No quiet hours" not in labels(third)
    await new.commands.handle("quiet", ["23:00-06:30"], ME)
    third = await new.start()
    assert labels(third)[-2:] == ["Skip: 23:00–06:30", "No quiet hours"]
    await new.tap("setup:quiet:skip")
    assert new.desk.subscribers["telegram:1"].quiet == (time(23), time(6, 30))


async def test_quiet_hours_from_before_the_setup_are_ended_by_their_own_button(new):
    for step in ("follow", "level"):
        await new.tap(f"setup:{step}:skip")
    await new.commands.handle("quiet", ["23:00-06:30"], ME)
    ended = await new.tap(data(await new.start(), "No quiet hours"))
    assert "No quiet hours; times are shown in UTC." in said(ended)
    assert new.desk.subscribers["telegram:1"].quiet is None
    assert new.step is None


async def test_who_stops_in_the_middle_is_told_how_to_go_on(new):
    await new.commands.handle("stop", [], ME)
    assert "/start turns them on first" in said(await new.tap("setup:follow:all"))
    assert "I only understand commands" in said(await new.type("nvidia"))
    assert said(await new.start()).startswith("Step 1 of 3")


async def test_a_start_link_asks_nothing():
    new = Newcomer()
    reply = await new.commands.handle("start", ["w_NVDA"], ME)
    assert "Following Nvidia (company)." in said(reply)
    assert new.step is None


async def test_without_enough_past_no_number_is_made_up(new):
    new.desk.begun = NOW - timedelta(hours=3)
    reply = await new.tap("setup:follow:all")
    assert "I have kept less than a day of news so far" in said(reply)
    assert "about" not in said(reply)


async def test_levels_that_nobody_was_sent_are_at_least_so_many(new):
    new.desk.set_level("telegram:2", Severity.HIGH)
    new.tell(14)
    lines = said(await new.tap("setup:follow:all")).split("\n")
    assert "• high: about 1 a day" in lines
    assert "• medium: at least 1 a day" in lines
    assert lines[-1] == "“At least”: only what somebody here was sent is kept."


async def test_the_sample_shows_what_has_become_of_its_story(new):
    new.tell()
    ((of, made),) = new.desk.told
    new.desk.stories[of.story_id] = replace(begun(made, polarity=Polarity.DENIED), id=of.story_id)
    for step in ("follow", "level", "quiet"):
        reply = await new.tap(f"setup:{step}:skip")
    sample = reply.cards[1]
    assert "DENIED" in sample.text.split("\n")[1]
    assert any(e.kind is EntityKind.STRIKE for e in sample.entities)


async def test_only_what_fits_is_a_sample(new):
    new.tell(level=Severity.LOW)
    new.tell(pack="power", exposures=(), companies=frozenset())
    await new.tap("setup:pick:+company:NVDA")
    await new.tap("setup:level:medium")
    assert "there is no sample to show" in said(await new.tap("setup:quiet:skip"))


@given(st.sampled_from(range(3)), st.text(max_size=250), st.text(max_size=60))
async def test_whatever_is_typed_or_tapped_in_the_middle_gets_an_answer_that_can_be_sent(step, text, data):
    new = Newcomer()
    await new.start()
    for done in ("follow", "level")[:step]:
        await new.tap(f"setup:{done}:skip")
    for reply in (await new.type(text), await new.tap(f"setup:{data}"), await new.tap(f"setup:pick:+{data}")):
        assert said(reply).strip()
        assert all(utf16_length(card.text) <= 4096 for card in reply.cards)
        buttons(reply)
    assert new.follows, "nobody ends with nothing"


# --- what is shown later ---


@pytest.fixture
async def old(new: Newcomer) -> Newcomer:
    for step in ("follow", "level", "quiet"):
        await new.tap(f"setup:{step}:skip")
    return new


async def test_start_later_shows_how_the_chat_is_set(old):
    await old.commands.handle("watch", ["nvidia,", "micron"], ME)
    old.desk.mute(ME.subscriber_id, NOW + timedelta(hours=2))
    old.desk.set_quiet(ME.subscriber_id, (time(22), time(7)))
    old.desk.set_digest(ME.subscriber_id, Digest(at=time(8)), None)
    reply = await old.start()
    assert said(reply).split("\n") == [
        "Alerts are on. This chat follows Nvidia (company), Micron (company).",
        "Level: medium and above.",
        "Paused until 20:03 UTC; /unmute ends it.",
        "Quiet hours: 22:00 to 07:00.",
        "Next digest: 03 Mar 08:00 UTC.",
    ]
    assert labels(reply) == ["What I follow", "Level", "Quiet hours", "Latest", "All settings"]


async def test_the_buttons_of_the_start_lead_on(old):
    old.tell(14)
    home = await old.start()
    assert said(await old.tap(data(home, "What I follow"))).startswith("This chat follows, at level medium")
    assert said(await old.tap(data(home, "Latest"))).startswith("There are no alerts yet.")
    level = await old.tap(data(home, "Level"))
    assert "The level is medium.\nSo many alerts would have come in the last 14 days" in said(level)
    set_ = await old.tap(data(level, "critical"))
    assert (said(set_), set_.replace) == ("From now on only critical and above.", True)
    quiet = await old.tap(data(home, "Quiet hours"))
    assert said(quiet).startswith("There are no quiet hours.")
    assert said(await old.tap(data(quiet, "Tokyo"))).startswith("Quiet hours: 22:00 to 07:00, Asia/Tokyo.")
    assert old.desk.subscribers["telegram:1"].quiet == (time(22), time(7))
    assert said(await old.tap(data(quiet, "✓ No quiet hours"))).startswith("No quiet hours any more")


@pytest.mark.parametrize("tapped", ["home:", "home:x", "level:", "level:loud", "level:HIGH ", "hours:"])
async def test_strange_buttons_of_the_start_change_nothing(old, tapped):
    before = old.desk.subscribers["telegram:1"]
    assert "older version" in said(await old.tap(tapped))
    assert old.desk.subscribers["telegram:1"] == before


# --- over HTTP, with the real database ---


class Person:
    """Somebody with a phone; the bot runs on a file and can be started anew."""

    def __init__(self, api: BotApi, folder: Path) -> None:
        self.api, self.folder, self.now = api, folder, NOW
        self._offset = 0

    async def restart(self) -> None:
        await self.stop()
        await self.run()

    async def run(self) -> None:
        self.db = Database(self.folder / "spillover.db")
        self.desk = Desk(self.db)
        self.bot = make_bot(self.api.token, base_url=self.api.url)
        self.app: Application[Any, Any, Any, Any, Any, Any] = (
            Application.builder().bot(self.bot).updater(None).job_queue(None).build()
        )
        commands, bindings = Commands(self.desk, small_vocabulary(), self.clock), Bindings(self.db)
        looking = Membership(self.bot, commands, self.desk, bindings, self.clock, None)
        register(self.app, commands, self.clock, looking)
        await self.app.initialize()

    def clock(self) -> datetime:
        return self.now

    async def stop(self) -> None:
        await self.app.shutdown()
        self.db.close()

    async def says(self, text: str) -> list[Accepted]:
        self.api.push_message(5, text)
        return await self.answers()

    async def taps(self, message: Accepted, label: str, times: int = 1) -> list[Accepted]:
        rows = message.markup["inline_keyboard"] if message.markup else []
        found = next(b["callback_data"] for row in rows for b in row if b["text"] == label)
        for _ in range(times):
            self.api.push_callback(5, found, message_id=message.message_id)
        return await self.answers()

    async def answers(self) -> list[Accepted]:
        before = len(self.api.accepted)
        for update in await self.bot.get_updates(self._offset, allowed_updates=ALLOWED_UPDATES):
            self._offset = update.update_id + 1
            await self.app.process_update(update)
        return self.api.accepted[before:]

    def tell(self, title: str) -> None:
        """A card of the past, as a batch stores it."""
        made = entry(title, at=NOW - DAY)
        of = story(made, event())
        card = alert(made, story_id=of.id, companies=frozenset({"MU"}))
        old = entry("A halls operator opens", at=NOW - 20 * DAY)
        Ingest(self.db).apply(Outcome(entries=(old, made), stories=(of,), alerts=(card,)), NOW - DAY)


@pytest.fixture
async def person(tmp_path: Path) -> AsyncIterator[Person]:
    async with BotApi() as api:
        made = Person(api, tmp_path)
        await made.run()
        yield made
        await made.stop()


async def test_a_whole_setup_over_http_with_restarts_in_the_middle(person):
    person.tell("Micron puts off a plant")
    (first,) = await person.says("/start")
    (which,) = await person.taps(first, "Pick companies", times=2)
    assert (which.method, which.message_id) == ("editMessageText", first.message_id)
    await person.restart()
    (chosen,) = await person.taps(which, "Micron")
    assert person.desk.watches("telegram:5") == [MICRON]
    (listed,) = await person.says("/list")
    assert "Micron" in listed.text, "a command in between ends nothing"
    await person.restart()
    (loud,) = await person.says("nvidia")
    assert (loud.method, loud.message_id) == ("editMessageText", first.message_id)
    assert loud.text.startswith("Step 2 of 3")
    await person.restart()
    (quiet,) = await person.taps(loud, "high")
    await person.restart()
    summary, sample = await person.taps(quiet, "Berlin, Paris", times=2)
    assert (summary.method, summary.message_id) == ("editMessageText", first.message_id)
    assert summary.markup is None
    assert sample.method == "sendMessage"
    assert sample.text.startswith("SAMPLE, no news: this was sent 01 Mar 19:03 CET\n")
    assert "Micron puts off a plant" in sample.text
    mine = person.desk.subscriber("telegram:5")
    assert mine is not None
    assert (mine.level, mine.timezone, mine.quiet) == (Severity.HIGH, "Europe/Berlin", (time(22), time(7)))
    assert person.desk.watches("telegram:5") == [MICRON, NVIDIA]
    await person.restart()
    (over,) = await person.taps(quiet, "Tokyo")
    assert over.text == "That is set up already. /start shows how."
    (home,) = await person.says("/start")
    assert home.text.startswith("Alerts are on. This chat follows Micron (company), Nvidia (company).")
    assert "Tokyo" not in str(person.desk.subscriber("telegram:5"))
    assert chosen.message_id == first.message_id


async def test_a_question_that_was_deleted_is_asked_anew_and_goes_on_there(person):
    (first,) = await person.says("/start")
    person.api.delete(5, first.message_id)
    (again,) = await person.says("nvidia")
    assert again.method == "sendMessage"
    (then,) = await person.says("high")
    assert (then.method, then.message_id) == ("editMessageText", again.message_id)


async def test_flicking_through_pages_turns_each_and_a_double_tap_turns_one(person):
    await person.says("/watch nvidia, micron, sk hynix, memory, compute resale, pack:compute, all")
    for n in range(4):
        person.desk.watch("telegram:5", Target(TargetKind.WORD, f"term{n}"), NOW)
    (first,) = await person.says("/list")
    (second,) = await person.taps(first, "▶", times=2)
    (back,) = await person.taps(second, "◀")
    (again,) = await person.taps(back, "▶")
    assert [m.text.split(",")[1] for m in (first, second, back, again)] == [
        f" page {n} of 2" for n in (1, 2, 1, 2)
    ]
