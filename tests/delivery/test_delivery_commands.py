from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from card_scene import EVIDENCE, NOW, TITLE, begun, told, wire
from desk_fakes import (
    EVERYTHING,
    HYNIX,
    MEMORY,
    META,
    META_MATERIALS,
    MICRON,
    NVIDIA,
    RESALE,
    MemoryAcks,
    MemoryDesk,
    MemoryFeedback,
    MemoryImports,
    MemoryTrends,
    MemoryVocabulary,
    small_vocabulary,
)
from empty_rules import rule_parts
from hypothesis import given
from hypothesis import strategies as st
from library_fakes import MemoryLibrary
from office_fakes import MemoryPrivacy
from rich.text import Text
from whynot_fakes import untold
from workshop_fakes import workshop

from bot.delivery.acking import Acking
from bot.delivery.browsing import Browsing
from bot.delivery.charting import Charting
from bot.delivery.commands import Commands
from bot.delivery.drawing import Chart
from bot.delivery.helping import unknown_text
from bot.delivery.importing import Importing
from bot.delivery.manual import GROUPS, MENU
from bot.delivery.privacy import Private
from bot.delivery.replies import Chat, Reply
from bot.model import Button, Decision, EntityKind, Polarity, Reason, Severity, Target, TargetKind, Verdict
from bot.ports import Clock, Explanation, Status
from bot.text import utf16_length

ME = Chat(address="1", user="1")
GUEST = Chat(address="-100/7", user="2", may_manage=False, private=False)
HOUR = timedelta(hours=1)


async def never(_: Chart) -> bytes:
    raise AssertionError("nothing is drawn here")


class Scene:
    """A chat with a bot: a desk, a clock that can be set, and what the commands answer."""

    def __init__(self) -> None:
        self.desk, self.now = MemoryDesk(), NOW
        charting = Charting(MemoryTrends(), small_vocabulary(), never, lambda: self.now)
        self.imports, self.votes = MemoryImports(self.desk), MemoryFeedback()
        importing = Importing(
            self.desk, small_vocabulary(), self.imports, lambda: self.now, self.imports.fetch
        )
        self.commands = Commands(
            self.desk,
            small_vocabulary(),
            lambda: self.now,
            timezone="America/New_York",
            operators={"9"},
            workshop=workshop(),
            parts=(
                charting,
                Acking(MemoryAcks(), lambda: self.now),
                reading(lambda: self.now),
                untold(nothing_missed),
                *rule_parts(self.desk, MemoryFeedback(), lambda: self.now),
                Private(
                    MemoryPrivacy(),
                    lambda: self.now,
                    keep=timedelta(days=90),
                    settings=importing.file_of,
                ),
                importing,
            ),
            feedback=self.votes,
        )

    async def ask(self, text: str, chat: Chat = ME) -> str:
        return said(await self.reply(text, chat))

    async def reply(self, text: str, chat: Chat = ME) -> Reply:
        name, *args = text.split()
        return await self.commands.handle(name.removeprefix("/"), args, chat)

    async def follow(self, text: str, chat: Chat = ME) -> str:
        """Watch something and agree to what was understood; the last answer."""
        reply = await self.reply(f"/watch {text}", chat)
        agreed = [b.data for b in buttons(reply) if b.label == "Follow"]
        return said(await self.commands.tap(agreed[0], chat)) if agreed else said(reply)

    @property
    def follows(self) -> list[Target]:
        return self.desk.watches(ME.subscriber_id)

    def send(self, count: int = 1, *, to: str = ME.subscriber_id) -> None:
        """Let alerts have been sent to a chat, with message ids from 500."""
        for n in range(count):
            entry = wire(guid=str(n))
            alert = told(entry, id=f"{n:x}aaaabbbbccccdd", title=f"Alert {n}", created_at=NOW + n * HOUR)
            verdict = Verdict(entry_id=entry.id, at=NOW, decision=Decision(send=True, reason=Reason.FIRST))
            self.desk.alerts.append(alert)
            self.desk.sent[to, str(500 + n)] = alert.id
            self.desk.explanations[alert.id] = Explanation(
                alert=alert,
                entry=entry,
                story_title=TITLE,
                origins=1,
                copies=0,
                verdicts=(verdict,),
                story=replace(begun(entry), id=alert.story_id),
            )


async def nothing_missed(reference: str, subscriber_id: str, tz: tzinfo) -> list[Text]:
    return [Text("nothing was missed")]


def reading(clock: Clock) -> Browsing:
    """The commands that look things up, with nothing to look up."""
    return Browsing(
        MemoryLibrary(),
        small_vocabulary(),
        clock,
        neighbours=lambda company: (),
        zone=lambda _: ZoneInfo("America/New_York"),
    )


def said(reply: Reply) -> str:
    assert reply.cards, "every input gets an answer"
    for card in reply.cards:
        assert card.text.strip()
        assert utf16_length(card.text) <= 4096
        assert all(len(b.data.encode()) <= 64 for row in card.buttons for b in row)
    return "\n".join(card.text for card in reply.cards)


def buttons(reply: Reply) -> list[Button]:
    return [button for card in reply.cards for row in card.buttons for button in row]


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
async def started(scene: Scene) -> Scene:
    await scene.ask("/start")
    for step in ("follow", "level", "quiet"):
        await scene.commands.tap(f"setup:{step}:skip", ME)
    assert scene.desk.setup(ME.subscriber_id) is None
    return scene


async def test_start_in_a_group_turns_everything_on_and_says_in_a_line_how_it_is_changed(scene):
    group = replace(GUEST, may_manage=True)
    answer = await scene.ask("/start", group)
    assert answer.startswith("Alerts are on: this chat follows everything, at level medium and above.")
    assert "admins change that with /watch nvidia" in answer
    assert "\n" not in answer
    assert scene.desk.watches(group.subscriber_id) == [EVERYTHING]
    assert scene.desk.setup(group.subscriber_id) is None


async def test_start_after_stop_brings_back_what_was_followed(started):
    await started.follow("nvidia")
    await started.ask("/stop")
    assert not started.desk.subscribers["telegram:1"].active
    assert (await started.ask("/start")).startswith("Alerts are on again. This chat follows Nvidia")
    assert started.desk.subscribers["telegram:1"].active


async def test_start_follows_nothing_anew_in_a_chat_that_chose_to_follow_nothing(started):
    await started.commands.tap("unall:", ME)
    assert "follows nothing" in await started.ask("/start")
    assert started.follows == []


async def test_a_start_link_follows_what_it_names(scene):
    reply = await scene.reply("/start w_NVDA")
    assert [c.text.split(".")[0] for c in reply.cards] == ["Following Nvidia (company)", "Alerts are on"]
    assert "/help" in reply.cards[1].text
    assert len((await scene.reply("/start w_NVDA")).cards) == 1, "who knows the bot is not welcomed"
    assert scene.follows == [NVIDIA]


@pytest.mark.parametrize("payload", ["w_", "w_nonsense", "x" * 64, "../../etc"])
async def test_a_strange_start_link_still_turns_alerts_on(scene, payload):
    await scene.ask(f"/start {payload}")
    assert scene.desk.subscribers["telegram:1"].active


async def test_the_first_thing_named_replaces_everything_and_the_answer_says_so(started):
    assert await started.follow("nvidia") == (
        "Following Nvidia (company). This replaces everything; /watch all brings that back."
    )
    assert await started.follow("micron") == "Following Micron (company)."
    assert started.follows == [NVIDIA, MICRON]


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        pytest.param("$NVDA", [NVIDIA], id="a cashtag"),
        pytest.param("sk hynix", [HYNIX], id="a name of two words"),
        pytest.param("nvidia, compute resale; memory", [NVIDIA, RESALE, MEMORY], id="commas"),
        pytest.param("nvda sk hynix mu", [NVIDIA, HYNIX, MICRON], id="only blanks"),
        pytest.param("nvidia nvda", [NVIDIA], id="the same twice"),
        pytest.param("nvidia,,", [NVIDIA], id="commas too many"),
        pytest.param("all", [EVERYTHING], id="all"),
    ],
)
async def test_watch_reads_what_people_type(scene, text, targets):
    await scene.follow(text)
    assert scene.follows == targets


async def test_watching_twice_says_that_it_is_followed(scene):
    await scene.follow("nvidia")
    assert await scene.ask("/watch nvda") == "Followed already: Nvidia (company)."


async def test_watch_all_beside_others_says_how_to_undo_it(scene):
    await scene.follow("nvidia")
    await scene.follow("all")
    assert "/unwatch everything leaves the rest" in await scene.follow("micron")
    await scene.ask("/unwatch everything")
    assert scene.follows == [NVIDIA, MICRON]


async def test_an_ambiguous_name_is_asked_about_with_buttons(scene):
    reply = await scene.reply("/watch meta")
    assert said(reply).split("\n")[0] == "“meta” can mean several things. Which one?"
    assert buttons(reply) == [
        Button("Meta (company)", data="ask:company:META"),
        Button("Meta Materials (company)", data="ask:company:MMAT"),
    ]
    asked = await scene.commands.tap("ask:company:META", ME)
    assert asked.replace
    assert said(asked).startswith("Meta: whatever it does or is touched by, at level medium and above.")
    assert scene.follows == []
    chosen = await scene.commands.tap("watch:company:META", ME)
    assert chosen.replace
    assert said(chosen) == "Following Meta (company)."
    assert scene.follows == [META]


async def test_tapping_a_choice_twice_follows_once(scene):
    for _ in range(2):
        await scene.commands.tap("watch:company:MMAT", ME)
    assert scene.follows == [META_MATERIALS]


async def test_an_unknown_name_gets_suggestions_and_the_known_ones_are_kept(scene):
    answer = await scene.ask("/watch nvidia, nvidea")
    assert answer.split("\n") == [
        "Following Nvidia (company).",
        "I don't know “nvidea”. Did you mean nvidia or nvda?",
    ]
    assert scene.follows == [NVIDIA]


async def test_following_turns_alerts_on_without_a_start(scene):
    await scene.ask("/watch nvidia")
    assert scene.desk.subscribers == {}, "to be asked changes nothing"
    await scene.follow("nvidia")
    assert scene.desk.subscribers["telegram:1"].active
    assert scene.desk.subscribers["telegram:1"].level is Severity.MEDIUM


async def test_a_target_too_long_for_a_button_is_named_without_one(scene):
    long = Target(TargetKind.COMPANY, "X" * 80)
    scene.commands = Commands(
        scene.desk, MemoryVocabulary({"x": [long, NVIDIA]}, {"NVDA": "Nvidia"}), lambda: NOW
    )
    reply = await scene.reply("/watch x")
    assert [b.data for b in buttons(reply)] == ["ask:company:NVDA"]
    assert "XXXX" in said(reply)


async def test_what_no_button_can_name_is_followed_without_a_question(scene):
    long = Target(TargetKind.COMPANY, "X" * 80)
    scene.commands = Commands(scene.desk, MemoryVocabulary({"x": [long]}, {}), lambda: NOW)
    assert (await scene.ask("/watch x")).startswith("Following XXXX")
    assert scene.follows == [long]


async def test_unwatch_stops_one_and_says_when_nothing_is_left(started):
    await started.ask("/watch nvidia, micron")
    assert await started.ask("/unwatch Micron") == "No longer following Micron (company)."
    assert (await started.ask("/unwatch nvda")).endswith(
        "Nothing is left, so nothing is sent; /watch all brings everything back."
    )
    assert started.follows == []


async def test_unwatch_all_stops_everything(started):
    await started.ask("/watch nvidia, micron, memory")
    reply = await started.reply("/unwatch all")
    assert said(reply) == "Stop following all of it, 3 things? Then nothing is sent any more."
    assert len(started.follows) == 3, "it asks once"
    await started.commands.tap("cancel:", ME)
    assert len(started.follows) == 3
    for _ in range(2):
        await started.commands.tap(buttons(reply)[0].data, ME)
    assert started.follows == []
    assert started.desk.subscribers["telegram:1"].active


async def test_what_the_rules_no_longer_know_can_still_be_dropped(started):
    started.desk.followed["telegram:1"] = [Target(TargetKind.THEME, "old_theme"), NVIDIA]
    await started.ask("/unwatch old_theme")
    assert started.follows == [NVIDIA]


async def test_an_ambiguous_unwatch_means_what_is_followed(scene):
    await scene.commands.tap("watch:company:META", ME)
    await scene.ask("/unwatch meta")
    assert scene.follows == []


async def test_list_shows_level_pause_and_a_button_for_each(started):
    await started.ask("/watch nvidia, memory")
    await started.ask("/mute 2h")
    reply = await started.reply("/list")
    assert said(reply).split("\n") == [
        "This chat follows, at level medium and above:",
        "• Nvidia (company)",
        "• memory makers (sector)",
        "Muted until 15:03 EST; /unmute ends it.",
    ]
    assert [b.data for b in buttons(reply)] == ["drop:1:company:NVDA", "drop:1:sector:memory"]
    left = await started.commands.tap("drop:1:company:NVDA", ME)
    assert left.replace
    assert "Nvidia" not in said(left)
    assert left == await started.commands.tap("drop:1:company:NVDA", ME), "a second tap changes nothing"
    assert left == await started.commands.tap("unwatch:company:NVDA", ME), "so does a button of old"


async def test_the_button_of_everything_works_too(started):
    (button,) = buttons(await started.reply("/list"))
    await started.commands.tap(button.data, ME)
    assert started.follows == []


async def test_latest_shows_this_chats_alerts_newest_first(started):
    started.send(7)
    lines = (await started.ask("/latest")).split("\n")
    assert len(lines) == 6
    assert (
        lines[1] == "1. 19:03 HIGH considering: Meta weighs selling surplus AI compute to outsiders 6aaaabbb"
    )
    assert len((await started.ask("/latest 2")).split("\n")) == 3


async def test_latest_says_how_stories_stand_now(started):
    started.send()
    [(an_id, why)] = started.desk.explanations.items()
    denied = replace(begun(why.entry, polarity=Polarity.DENIED), id=why.alert.story_id)
    started.desk.explanations[an_id] = replace(why, story=denied)
    reply = await started.reply("/latest")
    assert said(reply).split("\n")[1] == f"1. 13:03 HIGH denied: {TITLE} 0aaaabbb"
    [struck] = [e for e in reply.cards[0].entities if e.kind is EntityKind.STRIKE]
    assert reply.cards[0].text[struck.start : struck.end] == TITLE


async def test_latest_names_the_stories_and_opens_them(started):
    started.send(2)
    reply = await started.reply("/latest")
    last = started.desk.alerts[-1]
    known = await started.commands.handle("why", [last.id], ME)
    assert known.cards[0].text.split("\n")[0].removeprefix("Why: ") in reply.cards[0].text.split("\n")[1]
    assert [b.label for b in buttons(reply)] == ["1", "2"]
    assert buttons(reply)[0].data == f"story:{last.story_id}"


async def test_latest_falls_back_to_all_alerts_for_who_just_joined(started):
    started.send(1, to="telegram:2")
    assert (await started.ask("/latest")).startswith("Nothing was sent here yet. The newest alerts of all:\n")


async def test_latest_before_the_first_alert_says_so(started):
    assert (await started.ask("/latest")).startswith("There are no alerts yet.")


@pytest.mark.parametrize(
    ("text", "reply_to"),
    [
        pytest.param("/why 0aaaabbb", "", id="the start of an id"),
        pytest.param("/why 0AAAABBBBCCCCDD", "", id="capitals"),
        pytest.param("/why", "500", id="an answer to the card"),
    ],
)
async def test_why_explains_an_alert(started, text, reply_to):
    started.send(1)
    answer = await started.ask(text, replace(ME, reply_to=reply_to))
    assert answer.startswith(f"Why: {TITLE}\n")
    assert EVIDENCE in answer
    assert "compute.yaml:5" in answer


async def test_the_why_button_explains_its_alert(started):
    started.send(1)
    assert said(await started.commands.tap("why:0aaaabbbbccccdd", ME)).startswith("Why: ")


async def test_mute_has_an_end_and_off_lifts_it(started):
    assert await started.ask("/mute 1h30m") == "Muted until 14:33 EST. /unmute ends it sooner."
    assert started.desk.subscribers["telegram:1"].muted_until == NOW + 1.5 * HOUR
    assert await started.ask("/mute off") == "No longer muted."
    assert started.desk.subscribers["telegram:1"].muted_until is None
    assert await started.ask("/unmute") == "This chat isn't muted."


async def test_a_pause_that_is_over_is_none(started):
    await started.ask("/mute 1h")
    started.now = NOW + HOUR
    assert "Muted" not in await started.ask("/list")
    assert await started.ask("/unmute") == "This chat isn't muted."


async def test_the_mute_button_mutes(started):
    await started.commands.tap("mute:1h", ME)
    assert started.desk.subscribers["telegram:1"].muted_until == NOW + HOUR


async def test_level_is_shown_and_changed(started):
    reply = await started.reply("/level")
    assert reply.cards[0].text == "The level is medium: nothing below it is sent."
    await started.commands.tap(next(b.data for b in buttons(reply) if b.label == "low"), ME)
    assert started.desk.subscribers["telegram:1"].level is Severity.LOW
    assert await started.ask("/level HIGH") == "From now on only high and above."
    assert started.desk.subscribers["telegram:1"].level is Severity.HIGH


async def test_a_list_of_another_place_is_not_taken_for_this_one(started):
    told = "Telegram does not answer me about @\u2060channel just now. Please try again in a minute."
    assert await started.ask("/list @channel") == told


async def test_stop_keeps_what_is_followed(started):
    assert "/start" in await started.ask("/stop")
    assert not started.desk.subscribers["telegram:1"].active
    assert started.follows == [EVERYTHING]
    assert await started.ask("/stop") == "Alerts are off already. /start turns them on."


def test_help_lists_every_command_once_below_a_title():
    listed = [name for _, names in GROUPS for name in names]
    assert sorted(listed) == sorted(name for name, _ in MENU if name != "help")


async def test_here_in_private_says_by_which_id_managers_and_routes_name_somebody(scene):
    assert "Your id in Telegram is 1." in await scene.ask("/here")


async def test_status_is_for_operators_and_shows_the_oldest_and_the_commonest(scene):
    scene.desk.figures = Status(
        feeds=40, feeds_failing=2, feeds_stopped=1, entries=12345, stories=900, alerts=77, subscribers=5,
        pending=3, parked=1, oldest_pending_at=NOW - timedelta(minutes=5), last_poll_at=NOW - timedelta(seconds=20),
        counters={"first": 70, "echo": 5000, "no_event": 6000, "stale": 0, "from_a_newer_version": 9},
    )  # fmt: skip
    assert await scene.ask("/status") == "/status is for the managers of this bot."
    assert (await scene.ask("/status", replace(ME, user="9"))).split("\n") == [
        "Status",
        "Feeds: 40, failing 2, stopped 1; last poll 20s ago",
        "Stored: 12,345 entries, 900 stories, 77 alerts; 5 subscribers",
        "Outbox: 3 pending, oldest 5m ago, 1 parked",
        "Held back 6,000: it tells of nothing that is watched for (no_event)",
        "Held back 5,000: it is a copy of an article that was known (echo)",
    ]


async def test_an_anonymous_sender_is_no_operator(scene):
    assert "for the managers" in await scene.ask("/status", replace(ME, user=""))


async def test_help_lists_all_commands_and_explains_one(scene):
    answer = await scene.ask("/help")
    assert all(f"/{name}" in answer for name, _ in MENU)
    assert (await scene.ask("/help /mute")).startswith("/mute 2h")
    assert (await scene.ask("/help mte")).startswith("No help on “mte”; did you mean mute?")


def test_the_menu_names_commands_that_exist_within_telegrams_limits(scene):
    assert {name for name, _ in MENU} == set(scene.commands.names) - {"status"}
    assert all(name.islower() and 1 <= len(text) <= 256 for name, text in MENU)
    assert set(scene.commands.names) > set(MANAGING)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        pytest.param("/watch", "/watch nvidia", id="watch nothing"),
        pytest.param("/watch ,;,", "/watch nvidia", id="watch commas"),
        pytest.param("/watch zz", "Try a company", id="watch the unknown"),
        pytest.param("/watch word zz", "is no word", id="watch a word too short"),
        pytest.param("/watch word:" + "y" * 60, "is no word", id="watch a word too long"),
        pytest.param("/watch " + ",".join("abcdefghijkl"), "at most 10", id="watch too much"),
        pytest.param("/watch " + "x" * 500, "too long", id="watch something endless"),
        pytest.param("/watch " + "x " * 50, "too long", id="watch too many words"),
        pytest.param("/watch @a", "@\u2060a", id="watch what would ping"),
        pytest.param("/unwatch micron", "not followed", id="unwatch the unfollowed"),
        pytest.param("/unwatch " + ",".join("abcdefghijkl"), "at most 10", id="unwatch too much"),
        pytest.param("/latest 0", "the most is 10", id="latest none"),
        pytest.param("/latest 11", "the most is 10", id="latest too many"),
        pytest.param("/latest -3", "the most is 10", id="latest negative"),
        pytest.param("/latest ²", "the most is 10", id="latest a power"),
        pytest.param("/latest " + "9" * 190, "the most is 10", id="latest astronomical"),
        pytest.param("/why", "Reply to its card", id="why nothing"),
        pytest.param("/why 123", "no alert for the id “123”", id="why an unknown id"),
        pytest.param("/why '; drop table alerts --", "no alert", id="why an injection"),
        pytest.param("/why %", "no alert", id="why a wildcard"),
        pytest.param("/mute", "/mute 2h", id="mute without end"),
        pytest.param("/mute tomorrow", "is no duration", id="mute a word"),
        pytest.param("/mute 0h", "from 1m to 30d", id="mute no time"),
        pytest.param("/mute 31d", "from 1m to 30d", id="mute too long"),
        pytest.param("/mute -2h", "is no duration", id="mute negative"),
        pytest.param("/mute 99999999999w", "is no duration", id="mute beyond the calendar"),
        pytest.param("/mute " + "9" * 150 + "d", "is no duration", id="mute astronomical"),
        pytest.param("/level loud", "is no level", id="level unknown"),
        pytest.param("/level medum", "did you mean medium?", id="level misspelt"),
        pytest.param("/level high low", "is no level", id="level two"),
        pytest.param("/wach", "did you mean /watch?", id="a command misspelt"),
        pytest.param("/xyzzy", "/help", id="a command unknown"),
    ],
)
async def test_wrong_missing_or_hostile_words_get_one_helpful_line(started, text, hint):
    before = (started.follows, dict(started.desk.subscribers))
    answer = await started.ask(text)
    assert hint in answer
    assert "\n" not in answer
    assert len(answer) < 300
    assert (started.follows, started.desk.subscribers) == before


@pytest.mark.parametrize(
    "text", ["/mute 1h", "/unmute", "/level high", "/unwatch nvidia", "/list", "/latest", "/why 1"]
)
async def test_before_the_start_every_command_says_what_to_do(scene, text):
    answer = await scene.ask(text)
    assert "\n" not in answer
    assert scene.desk.subscribers == {}


NAMES = sorted(Scene().commands.names)
MANAGING = [name for name in NAMES if name in Scene().commands.managing]


@pytest.mark.parametrize("name", MANAGING)
async def test_in_a_group_only_admins_change_what_it_gets(scene, name):
    assert await scene.ask(f"/{name} nvidia", GUEST) == f"Only admins of this chat may use /{name} here."
    assert scene.desk.subscribers == {}
    assert (
        await scene.ask(f"/{name} nvidia", replace(GUEST, may_manage=True))
        != f"Only admins of this chat may use /{name} here."
    )


@pytest.mark.parametrize("data", ["mute:1h", "watch:company:NVDA", "unwatch:company:NVDA"])
async def test_in_a_group_only_admins_may_tap_what_changes_it(scene, data):
    assert said(await scene.commands.tap(data, GUEST)).startswith("Only admins of this chat")


@pytest.mark.parametrize("name", ["list", "latest", "help", "search", "top", "story", "who", "whynot"])
async def test_in_a_group_everybody_may_look(scene, name):
    assert "Only admins" not in await scene.ask(f"/{name}", GUEST)


@pytest.mark.parametrize(
    "data",
    [
        "",
        ":",
        "watch",
        "watch:",
        "watch:company",
        "watch:company:",
        "watch:planet:X",
        "watch:all:x",
        "rm:company:NVDA",
    ],
)
async def test_a_button_that_nobody_drew_does_nothing(started, data):
    assert "older version" in said(await started.commands.tap(data, ME))
    assert started.follows == [EVERYTHING]


async def test_a_forged_button_cannot_follow_what_does_not_exist(started):
    assert "can't be followed" in said(await started.commands.tap("watch:company:NOPE", ME))
    assert started.follows == [EVERYTHING]


@pytest.mark.parametrize("text", ["/start", "/watch nvidia", "/list", "/latest", "/mute 1h", "/stop"])
async def test_a_broken_database_is_admitted_and_does_not_escape(started, text, caplog):
    started.desk.broken = True
    name = text.split()[0]
    assert await started.ask(text) == (
        f"{name} failed on my side, it has been noted. Please try again in a minute."
    )
    assert "the database is locked" in caplog.text


async def test_leaving_a_chat_that_never_started_is_nothing(scene):
    scene.commands.leave(ME)
    assert scene.desk.subscribers == {}


async def test_a_topic_is_a_subscriber_of_its_own(scene):
    await scene.ask("/start", replace(GUEST, may_manage=True))
    assert list(scene.desk.subscribers) == ["telegram:-100/7"]


def test_unknown_text_gets_one_line():
    assert "\n" not in said(unknown_text())


@given(st.sampled_from(NAMES), st.text(max_size=250))
async def test_whatever_is_typed_gets_an_answer(name, text):
    scene = Scene()
    await scene.ask("/start")
    said(await scene.commands.handle(name, text.split(), ME))
    said(await scene.commands.tap(f"{name}:{text}", ME))
