"""Every command and every button of the running program: nothing, wrong and hostile words behind it, double taps, forged data."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from bot_api import Accepted
from command_rows import BUTTONS, EVERYBODY, FORGED, HOSTILE, MANAGERS, MANAGERS_BUTTONS, Row, Tap
from test_app_user import remember
from user_scene import BOSS, DAY, FRIEND, SECOND, USER, Person, World, buttons, until, world

from bot.delivery.commands import Commands
from bot.delivery.turns import Turns

CARD = "Microsoft offers its idle racks to a bank"
CHANNEL = -100900
LATER = 4 * SECOND  # after which a tap is one of its own
# What news, looking things up and the list of deeds change.
_LIVELY = frozenset(
    "entries revisions analyses stories alerts sightings verdicts counters poll_states trend_counts trend_alerts "
    "searches drafts audit".split()
)
_HELPFUL = re.compile(
    r"(?<!\w)/[a-z]+\b|[Dd]id you mean |at most |Levels: |Modalities: |Write |Try a company|is for the |"
    r"[Ff]rom \d|at least |name one|[Aa]sk one of them|There are: |BOT_[A-Z]+|\(1 to 3\)|stands in"
)
Programs = list[tuple[Commands, Turns]]
_STATE = Callable[[], dict[str, list[tuple[Any, ...]]]]


class House:
    """The running program, with somebody in it who follows everything."""

    def __init__(self, w: World, commands: Commands, turns: Turns) -> None:
        self.w, self.commands, self.turns = w, commands, turns
        self.user, self.boss, self.friend = (w.person(who) for who in (USER, BOSS, FRIEND))

    def state(self, *, without: frozenset[str] = frozenset()) -> dict[str, list[tuple[Any, ...]]]:
        """All that is stored about people."""
        skipped = _LIVELY | without
        found = self.w.tables(
            lambda n: n not in skipped and not n.startswith(("entries_", "sqlite_", "_sqlite"))
        )
        found["meta"] = [row for row in found["meta"] if row[0] not in ("audience", "watched", "since")]
        return found

    def foreign(self) -> dict[str, str]:
        """What belongs to others, to be named by a forged button."""
        ((search,),) = self.w.rows("SELECT id FROM searches WHERE subscriber_id = ?", f"telegram:{FRIEND}")
        ((mute,),) = self.w.rows("SELECT id FROM mutes WHERE subscriber_id = ?", f"telegram:{FRIEND}")
        ((alert,),) = self.w.rows("SELECT id FROM alerts WHERE kind = 'new' AND body LIKE '%Microsoft cuts%'")
        return {
            "another's search": f"{search}:6",
            "another's search and a company": f"{search}:company:META",
            "another's mute": mute,
            "an alert to others": alert,
            "an alert to others, with a reason": f"{alert}:old",
            "a story that was told to others": f"story:{alert}",
            "an id that is cut": alert[:3],
        }

    async def asks(self, person: Person, text: str, answers: int = 1) -> list[Accepted]:
        """Write and wait for so many messages; by the clock it takes some seconds."""
        self.w.clock.jump(LATER)
        new = person.mark()
        self.w.api.push_message(person.chat, text, user=person.user)
        return await self.enough(new, answers)

    async def sends(self, person: Person, content: str) -> list[Accepted]:
        """Send a file of settings and wait for the answer."""
        self.w.clock.jump(LATER)
        new = person.mark()
        self.w.api.push_file(person.chat, "settings.yaml", content.encode(), "/import", user=person.user)
        return await self.enough(new, 1)

    async def taps(self, person: Person, data: str, on: int, times: int = 1) -> list[Accepted]:
        """Tap so often at once, and wait until each tap is acknowledged and nothing more comes of it."""
        new, before = person.mark(), self.called("answerCallbackQuery")
        for _ in range(times):
            self.w.api.push_callback(person.chat, data, message_id=on, user=person.user)
        await until(lambda: self.called("answerCallbackQuery") == before + times)
        await self.done()
        return new()

    async def done(self) -> None:
        """Wait until what was asked before is answered: it was handed over before another question is answered."""
        await self.asks(self.friend, "/mutes")
        await self.turns.idle()
        await self.w.settled()

    async def drawn(self, person: Person, label: str) -> Accepted:
        """The newest message with this button, as soon as there is one."""
        await until(lambda: any(label in buttons(m) for m in person.seen))
        return next(m for m in reversed(person.seen) if label in buttons(m))

    async def enough(self, new: Callable[[], list[Accepted]], answers: int) -> list[Accepted]:
        await until(lambda: len(new()) >= answers)
        return new()

    def called(self, method: str) -> int:
        return sum(call.method == method for call in self.w.api.calls)

    def toast(self) -> str:
        return [str(c.params.get("text", "")) for c in self.w.api.calls if c.method == "answerCallbackQuery"][
            -1
        ]

    def faults(self, answers: list[Accepted]) -> list[str]:
        """What Telegram refused, and what in the answers has got out of hand."""
        calls = [c for c in self.w.api.calls if c.status >= 400 and c.method != "editMessageText"]
        found = [f"{c.method} refused: {c.params}" for c in calls]
        for text in [a.text for a in answers] + [self.toast() if self.called("answerCallbackQuery") else ""]:
            wrong = ("failed on my side", "failed:", "\u202e", "\x00", "@somebody", "\u200b")
            found += [f"{part!r} in {text!r}" for part in wrong if part in text]
        for answer in answers:
            found += [] if answer.text.strip() else ["empty"]
            found += [f"{e} in {answer.text!r}" for e in answer.entities if not is_ours(e)]
        return found


def is_ours(entity: dict[str, Any]) -> bool:
    """Whether the bot would style something so."""
    return entity["type"] in ("bold", "italic", "code", "pre", "text_link", "strikethrough") and entity.get(
        "url", "https:"
    ).startswith("https:")


@pytest.fixture
def captured(monkeypatch: pytest.MonkeyPatch) -> Programs:
    """The commands of each program that is started, and who works on them."""
    from bot.delivery import chat

    found: Programs = []
    register = chat.register

    def noted(application: Any, commands: Commands, *rest: Any) -> None:
        found.append((commands, application.update_processor))
        register(application, commands, *rest)

    monkeypatch.setattr("bot.delivery.chat.register", noted)
    return found


@asynccontextmanager
async def house(folder: Path, captured: Programs, *, news: bool = False) -> AsyncIterator[House]:
    """With `news` something may be published while it runs."""
    async with world(folder) as w:
        remember(w)
        w.feeds = [w.press.feed(f"feed{n}", interval=DAY) for n in range(9)]
        w.feeds += [w.press.feed("wire") if news else w.press.feed("wire", interval=DAY)]
        w.learn(CARD)
        w.api.rooms.make(CHANNEL, "channel", title="News", username="spill_news")
        w.api.rooms.stand(CHANNEL, "administrator", can_post_messages=True)
        w.api.members[CHANNEL, USER] = "administrator"
        async with w.running():
            h = House(w, *captured[-1])
            if news:
                await until(lambda: w.press.polls.get("wire", 0) > 2)  # what comes now was not missed
            for person in (h.user, h.friend):
                await h.asks(person, "/watch all, micron")
            await h.asks(h.friend, "/search harbour report")
            await h.asks(h.friend, "/mute nvidia 3d")
            yield h


def helps(answer: Accepted) -> bool:
    """Whether it is a line or two, of several things one each, that say what to do."""
    if buttons(answer):
        return True  # it asks
    return len(answer.text.split("\n")) <= 3 and len(answer.text) < 400 and bool(_HELPFUL.search(answer.text))


async def test_every_command_and_button_has_rows(tmp_path: Path, captured: Programs) -> None:
    async with house(tmp_path, captured) as h:
        assert set(h.commands.names) == EVERYBODY.keys()
        assert set(h.commands.names) > MANAGERS.keys()
        assert h.commands._buttons.keys() == BUTTONS.keys() | MANAGERS_BUTTONS.keys()
    unasked = [n for n, row in EVERYBODY.items() if not row.wrong and not row.reads and n not in MANAGERS]
    assert unasked == []


@pytest.mark.parametrize(
    ("name", "row", "is_manager"),
    [
        *(pytest.param(n, row, False, id=n) for n, row in EVERYBODY.items()),
        *(pytest.param(n, row, True, id=f"{n} of a manager") for n, row in MANAGERS.items()),
    ],
)
async def test_whatever_stands_behind_a_command_is_answered_helpfully_and_what_is_wrong_changes_nothing(
    tmp_path: Path, captured: Programs, name: str, row: Row, is_manager: bool
) -> None:
    problems: list[str] = []
    async with house(tmp_path, captured) as h:
        who = h.boss if is_manager else h.user
        before = h.state()
        for text, words in row.wrong.items():
            answers = await h.asks(who, f"/{name} {text}")
            problems += [f"{text!r}: {fault}" for fault in h.faults(answers)]
            if words not in answers[0].text or not (row.reads or all(map(helps, answers))):
                problems.append(f"{text!r}: no {words!r} in {answers[0].text!r}")
            if h.state() != before:
                problems.append(f"{text!r} has changed something")
        for kind, text in HOSTILE.items():
            if kind in row.takes:
                continue
            answers = await h.asks(who, f"/{name} {text}", row.answers if is_empty(text) else 1)
            if row.acts:
                await h.done()
            problems += [f"{kind}: {fault}" for fault in h.faults(answers)]
            if not (row.reads or is_empty(text) or all(map(helps, answers))):
                problems.append(f"{kind}: no help in {answers[0].text!r}")
            if not (row.acts or is_empty(text)) and h.state() != before:
                problems.append(f"{kind} has changed something")
        answers = await h.asks(who, f"/{name}", row.answers)
        problems += h.faults(answers)
        if row.missing not in answers[0].text:
            problems.append(f"no {row.missing!r} in {answers[0].text!r}")
    assert problems == []


def is_empty(text: str) -> bool:
    """Whether it comes to nothing behind a command."""
    return not text.split()


@pytest.mark.parametrize(
    ("verb", "tap", "is_manager"),
    [
        *(pytest.param(verb, tap, False, id=verb) for verb, tap in BUTTONS.items()),
        *(pytest.param(verb, tap, True, id=verb) for verb, tap in MANAGERS_BUTTONS.items()),
    ],
)
async def test_a_button_tapped_twice_does_one_thing_and_a_forged_one_nothing(
    tmp_path: Path, captured: Programs, verb: str, tap: Tap, is_manager: bool
) -> None:
    problems: list[str] = []
    async with house(tmp_path, captured, news=tap.needs_card) as h:
        who = h.boss if is_manager else h.user
        if tap.needs_card:
            await h.w.news(CARD)
        for step in tap.way:
            if step.startswith("@"):
                await who.taps(step[1:])
            elif step.startswith("📎"):
                await h.sends(who, step[1:])
            else:
                await h.asks(who, step)
        shown = await h.drawn(who, tap.label) if ":" not in tap.label else who.seen[-1]
        data = buttons(shown).get(tap.label, tap.label)
        assert data.startswith(f"{verb}:")

        await h.done()
        before = h.state()
        for kind, rest in (FORGED | h.foreign()).items():
            if kind in tap.takes:
                continue
            forged = f"{verb}:{rest}"[:64]
            if forged in (data, *REAL):
                continue
            h.w.clock.jump(LATER)
            answers = await h.taps(who, forged, 999)
            problems += [f"{kind}: {fault}" for fault in h.faults(answers)]
            if not answers and not h.toast():
                problems.append(f"{kind}: no answer")
            if h.state() != before:
                problems.append(f"{kind} has changed something: {[a.text for a in answers]}")
                before = h.state()

        if is_manager:
            h.w.clock.jump(LATER)
            (refused,) = await h.taps(h.user, data, 999)
            assert "is for the managers of this bot" in refused.text
            assert h.state() == before

        h.w.clock.jump(LATER)
        first = await h.taps(who, data, shown.message_id, times=2)
        problems += h.faults(first)
        if len(first) != tap.answers:
            problems.append(f"two taps: {[a.text for a in first]}")
        after = h.state(without=frozenset({"broadcasts", "outbox"}))
        h.w.clock.jump(LATER)
        problems += h.faults(await h.taps(who, data, shown.message_id))
        now = h.state(without=frozenset({"broadcasts", "outbox"}))
        if tap.moves:
            after, now = ({t: [len(rows)] for t, rows in s.items()} for s in (after, now))
        if now != after:
            problems.append("a later tap has changed something")
    assert problems == []


EVIL = "<b>Mallory</b>\u202ekcart\u202c @evil"


@pytest.mark.parametrize(
    "chat", [pytest.param(70015021, id="in private"), pytest.param(-100700, id="in a group")]
)
async def test_hostile_names_are_neither_shown_nor_kept_whatever_is_written(
    tmp_path: Path, captured: Programs, chat: int
) -> None:
    sender = {"id": 70015021, "is_bot": False, "first_name": EVIL, "last_name": EVIL, "username": "mallory"}
    place = {"id": chat, "type": "supergroup", "title": EVIL}
    if chat > 0:
        place = {"id": chat, "type": "private", "first_name": EVIL, "username": "mallory"}
    problems: list[str] = []
    async with house(tmp_path, captured) as h:
        h.w.api.members[chat, sender["id"]] = "administrator"
        mallory = h.w.person(chat)
        for name in ["start", *EVERYBODY, "start", *EVERYBODY]:
            h.w.clock.jump(LATER)
            new, command = mallory.mark(), {"type": "bot_command", "offset": 0, "length": len(name) + 1}
            message = {"message_id": 7, "date": 1, "chat": place, "from": sender, "text": f"/{name}"}
            h.w.api.push_update(message={**message, "entities": [command]})
            answer = await mallory.hears("", new)
            problems += [f"{name}: {fault}" for fault in h.faults([answer])]
            problems += [
                f"{name}: {answer.text}" for part in ("allory", "kcart", "@evil") if part in answer.text
            ]
        found = h.w.tables(lambda name: not name.startswith(("entries_", "sqlite_", "_sqlite")))
    assert problems == []
    assert not [(n, row) for n, rows in found.items() for row in rows if "allory" in str(row)]


REAL = ("cancel:", "list:")  # which are no forgeries
