"""What managers do about people, with a real database behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from make import NOW, alert, entry, notification, story
from managers_scene import BOSS, BOSS_IN_A_GROUP, HOSTILE, NOBODY, STRANGER, Scene, buttons, said

from bot.delivery.people import CONFIRM_WITHIN, MAX_TEXT, People, sending_time
from bot.errors import StoreError
from bot.model import Outcome, Receipt, Severity, Target, TargetKind
from bot.office import Admission, Deed
from bot.store.access import Access
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.store.queue import Queue
from bot.store.registry import Registry

HOUR = timedelta(hours=1)


class House(Scene):
    """The scene with people in it."""

    def __init__(self, db: Database) -> None:
        self.db, self.registry, self.access = db, Registry(db), Access(db)
        super().__init__(NOW, self.registry)
        self.real, self.queue, self.woken = Desk(db), Queue(db), 0
        self.add(People(self.office, self.access, self.registry, self.clock, operators=["9"], wake=self.wake))

    def wake(self) -> None:
        self.woken += 1

    def enroll(self, *addresses: str) -> None:
        for n, address in enumerate(addresses):
            self.real.enroll("telegram", address, NOW - timedelta(days=20) + n * HOUR)
            self.real.watch(f"telegram:{address}", Target(TargetKind.COMPANY, "META"), NOW)

    def deliver(self, most: int = 100) -> list[tuple[str, str]]:
        """Send what is due: to whom and what, in order."""
        sent: list[tuple[str, str]] = []
        while len(sent) < most and (items := self.queue.due(self.now, 1)):
            note = items[0].notification
            sent.append((items[0].subscriber.address, note.card.text))
            self.queue.delivered(note.id, Receipt(message_id=str(len(sent)), at=self.now))
        return sent

    async def draft(self, text: str = "We move tonight") -> tuple[str, str]:
        """The buttons that send and drop it."""
        send, drop = buttons(await self.reply(f"/broadcast {text}"))
        return send.data, drop.data

    def deeds(self) -> list[tuple[str, str]]:
        return [(d.what, d.result) for d in reversed(self.registry.deeds(100))]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    db = Database(tmp_path / "spillover.db")
    yield House(db)
    db.close()


ALL = ["/users", "/allow 5", "/ban 5", "/limits", "/limits 5", "/broadcast hi", "/audit"]


@pytest.mark.parametrize("text", ALL)
@pytest.mark.parametrize(
    ("chat", "answer"),
    [
        pytest.param(STRANGER, "is for the managers of this bot", id="a stranger"),
        pytest.param(replace(STRANGER, user=""), "is for the managers", id="nobody by name"),
        pytest.param(NOBODY, "is for the managers", id="an anonymous admin of a group"),
        pytest.param(BOSS_IN_A_GROUP, "is for private chats", id="a manager where others read it"),
    ],
)
async def test_others_may_not_and_nothing_happens(house, text, chat, answer):
    house.enroll("5")
    assert answer in await house.ask(text, chat)
    assert house.registry.deeds(9) == []
    assert house.access.admission("5") is Admission.UNKNOWN
    assert house.real.subscriber("telegram:5").active
    assert house.db.value("SELECT count(*) FROM broadcasts") == 0


async def test_others_may_not_tap_a_managers_button(house):
    house.enroll("5")
    send, _ = await house.draft()
    assert "for the managers" in said(await house.tap(send, STRANGER))
    assert house.queue.due(NOW, 9) == []


async def test_users_are_counted_and_what_they_follow_is_not_told(house):
    house.enroll("70015001", "-100500", "-100500/7", "70015002")
    house.real.leave("telegram:70015002", NOW)
    house.queue.deactivate("telegram:70015001", f"Forbidden: {HOSTILE}", NOW)
    house.access.admit("4", Admission.ALLOWED, "9", NOW)
    house.access.admit("3", Admission.BANNED, "9", NOW)
    text = await house.ask("/users")
    lines = text.split("\n")
    assert lines[0] == "Alerts on: 2 chats, of which 2 groups or channels; off: 2; new in 7 days: 0"
    assert lines[1] == "The bot is open to everybody; let in: 1, banned: 1"
    assert lines[2:5] == [
        "Newest:",
        "• -100500/7, since 10 Feb 16:00",
        "• -100500, since 10 Feb 15:00",
    ]
    assert lines[5:7] == ["Alerts off:", "• 70015002, since 10 Feb 17:00"]
    assert "70015001, since 10 Feb 14:00 (Forbidden: </\u2060b>evil" in lines[7]
    assert "META" not in text
    assert "Meta" not in text


async def test_nobody_is_a_user_yet(house):
    assert (await house.ask("/users")).startswith("Alerts on: 0 chats")


async def test_a_ban_ends_alerts_at_once_in_all_topics_and_allow_ends_the_ban(house):
    house.enroll("-100500", "-100500/7", "-1005001")
    told = alert(entry())
    ingest = Ingest(house.db)
    ingest.snapshot([entry()], NOW)
    to = ("telegram:-100500", "telegram:-100500/7", "telegram:-1005001")
    ingest.apply(
        Outcome(
            entries=(entry(),),
            stories=(story(entry()),),
            alerts=(told,),
            notifications=tuple(notification(told, to=who) for who in to),
        ),
        NOW,
    )
    assert await house.ask("/ban -100500") == (
        "-100500 is banned: no answers, no alerts. /allow -100500 ends that."
    )
    assert [who for who, _ in house.deliver()] == ["-1005001"]
    assert ingest.snapshot([], NOW).subscribers[0].address == "-1005001"
    assert "banned no longer" in await house.ask("/allow -100500")
    assert house.access.admission("-100500") is Admission.ALLOWED
    assert house.deliver() == [], "only /start there turns alerts on again"


async def test_an_admission_follows_a_group_that_moves(house):
    house.enroll("-500")
    house.access.admit("-500", Admission.ALLOWED, "9", NOW)
    house.queue.moved("telegram:-500", "-100500", NOW)
    assert house.access.admission("-100500") is Admission.ALLOWED
    assert house.access.is_subscribed("-100500")
    assert not house.access.is_subscribed("-500")


async def test_a_manager_can_not_be_banned(house):
    assert "can't be banned" in await house.ask("/ban 9")
    assert house.access.admission("9") is Admission.UNKNOWN


@pytest.mark.parametrize("name", ["allow", "ban"])
@pytest.mark.parametrize(
    "given",
    ["", "0", "@somebody", "5 6", "-", "--5", "5; DROP TABLE access", "٥", "1" * 20, "5/7", HOSTILE],
)
async def test_what_is_no_id_lets_in_and_bans_nobody(house, name, given):
    assert f"/{name} 123456789" in await house.ask(f"/{name} {given}")
    assert house.db.value("SELECT count(*) FROM access") == 0


async def test_limits_are_shown_and_set_within_bounds(house):
    assert "Commands: 30 a minute for a user, 60 for a group" in await house.ask("/limits")
    assert await house.ask("/limits 12") == "12 commands a minute from now on, 24 in a group together."
    assert Access(house.db).limit() == 12
    for wrong in ("0", "2", "601", "9999", "-5", "1e3", "٣٣", "many", HOSTILE):
        await house.ask(f"/limits {wrong}")
    assert house.access.limit() == 12
    assert "Commands: 12 a minute" in await house.ask("/limits")


async def test_a_broadcast_is_shown_and_counted_before_it_is_sent(house):
    house.enroll("5", "6", "-100500")
    house.real.leave("telegram:6", NOW)
    house.real.enroll("console", "", NOW)
    reply = await house.reply("/broadcast We move tonight")
    assert reply.cards[0].text == "We move tonight"
    assert reply.cards[1].text == (
        "2 chats would get this, without a sound, in about 1s. Alerts overtake it. Send it?"
    )
    assert house.deliver() == []
    assert house.woken == 0


@pytest.mark.parametrize(("recipients", "seconds"), [(0, 0), (1, 1), (30, 1), (31, 2), (3000, 102)])
def test_the_time_is_that_of_telegrams_overall_limit(recipients, seconds):
    assert int(sending_time(recipients).total_seconds()) == seconds


async def test_a_confirmed_broadcast_reaches_each_active_chat_once(house):
    house.enroll("5", "-100500")
    send, _ = await house.draft()
    reply = await house.tap(send)
    assert reply.replace
    assert said(reply) == "On its way: 0 of 2 chats got it, about 1s left."
    assert house.woken == 1
    await house.tap(send)
    assert sorted(house.deliver()) == [("-100500", "We move tonight"), ("5", "We move tonight")]
    assert said(await house.tap(send)) == "Sent: 2 of 2 chats got it."
    assert house.deliver() == []


async def test_a_broadcast_comes_without_a_sound_and_not_into_a_mute(house):
    house.enroll("5", "6")
    house.real.mute("telegram:6", NOW + HOUR)
    await house.tap((await house.draft())[0])
    (item,) = house.queue.due(NOW, 9)
    assert item.subscriber.address == "5"
    assert item.notification.silent
    house.deliver()
    house.now += 2 * HOUR
    assert house.deliver() == [("6", "We move tonight")]


async def test_every_alert_overtakes_a_broadcast_also_within_a_chat(house):
    house.enroll("5", "6")
    await house.tap((await house.draft())[0])
    told = replace(alert(entry()), level=Severity.INFO)
    ingest = Ingest(house.db)
    ingest.snapshot([entry()], NOW)
    ingest.apply(
        Outcome(
            entries=(entry(),),
            stories=(story(entry()),),
            alerts=(told,),
            notifications=(notification(told, to="telegram:6"), notification(told, to="telegram:5")),
        ),
        NOW,
    )
    assert [text for _, text in house.deliver()] == [told.title] * 2 + ["We move tonight"] * 2


async def test_the_rest_of_a_broadcast_can_be_cancelled_after_a_restart(house):
    house.enroll("5", "6", "7")
    send, drop = await house.draft()
    await house.tap(send)
    house.deliver(most=1)
    again = House(house.db)
    again.now += 5 * HOUR
    assert said(await again.tap(drop)) == "Cancelled: 1 got it, 2 will not."
    assert again.deliver() == []
    assert said(await again.tap(drop)) == "Cancelled; 1 of 3 chats got it."
    assert said(await again.tap(send)) == "Cancelled; 1 of 3 chats got it."
    assert again.deliver() == []


async def test_a_draft_can_be_dropped_and_an_old_one_is_not_sent(house):
    house.enroll("5")
    send, drop = await house.draft()
    assert said(await house.tap(drop)) == "Dropped; nobody was told."
    await house.tap(send)
    assert house.deliver() == []
    send, _ = await house.draft()
    house.now += CONFIRM_WITHIN + HOUR
    assert "asked a while ago" in said(await house.tap(send))
    assert house.deliver() == []


async def test_a_broadcast_keeps_its_lines_and_hides_nothing(house):
    house.enroll("5")
    chat = replace(BOSS, written=f"First line\n\n  second {HOSTILE}\n")
    send, _ = buttons(await house.reply("/broadcast First line", chat))
    await house.tap(send.data)
    assert house.deliver() == [("5", "First line\n\nsecond </b>evil <script> @everyone /stop")]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("", "What should all be told?", id="nothing"),
        pytest.param("\u202e\u200b", "What should all be told?", id="nothing to see"),
        pytest.param("x" * (MAX_TEXT + 1), "too long", id="too long"),
        pytest.param("\U0001f600" * (MAX_TEXT // 2 + 1), "too long", id="too long as Telegram counts"),
    ],
)
async def test_what_can_not_be_broadcast_is_not_drafted(house, text, answer):
    house.enroll("5")
    assert answer in await house.ask("/broadcast x", replace(BOSS, written=text or " "))
    assert house.db.value("SELECT count(*) FROM broadcasts") == 0


async def test_a_broadcast_to_nobody_is_none(house):
    assert "Nobody has alerts on" in await house.ask("/broadcast hello")


@pytest.mark.parametrize("data", ["cast:", "cast:go", "cast:go:zz", "cast:no:' OR 1=1", "cast:eat:1"])
async def test_a_forged_button_sends_nothing(house, data):
    house.enroll("5")
    await house.draft()
    assert "older version" in said(await house.tap(data))
    assert house.deliver() == []


async def test_what_managers_do_is_written_down_with_what_came_of_it(house):
    house.enroll("5")
    await house.ask("/limits")
    await house.ask("/ban 5")
    await house.ask("/ban nobody")
    await house.ask("/limits 7")
    assert house.deeds() == [
        ("ban 5", "5 is banned: no answers, no alerts. /allow 5 ends that."),
        (
            "ban nobody",
            "“nobody” is no id of a user or chat. Write for example /ban 123456789, for a group /ban -100123456789.",
        ),
        ("limits 7", "7 commands a minute from now on, 14 in a group together."),
    ]
    house.now += 25 * HOUR
    lines = (await house.ask("/audit")).split("\n")
    assert lines[0] == "What managers did, newest first:"
    assert lines[1].startswith("02 Mar 14:00 user 9: limits 7 → 7 commands a minute")
    assert len(lines) == 4


async def test_the_list_of_deeds_fits_into_a_message_and_says_what_it_leaves_out(house):
    for n in range(20):
        house.registry.note(Deed(at=NOW, who="9", what=f"{n} " + "🔥" * 280, result="🔥" * 280))
    (card,) = (await house.reply("/audit")).cards
    *shown, last = card.text.split("\n")[1:]
    assert last == f"and {20 - len(shown)} earlier ones"
    assert [line.split(": ")[1].split()[0] for line in shown] == [str(19 - n) for n in range(len(shown))]


async def test_hostile_words_stay_words_in_the_list_of_deeds(house):
    await house.ask(f"/allow {HOSTILE}")
    text = await house.ask("/audit")
    assert "@\u2060everyone /\u2060stop" in text
    assert len(text.split("\n")) == 2


async def test_the_list_shows_the_last_twenty_and_takes_no_words(house):
    for n in range(3, 33):
        await house.ask(f"/limits {n}")
    lines = (await house.ask("/audit")).split("\n")
    assert len(lines) == 21
    assert "limits 32" in lines[1]
    assert "stands alone" in await house.ask("/audit 5")
    assert await House(house.db).ask("/audit") == "\n".join(lines), "it outlives a restart"


async def test_nothing_was_done_yet(house):
    assert await house.ask("/audit") == "Managers have done nothing so far."


async def test_a_deed_that_fails_is_written_down_as_failed(house, monkeypatch):
    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(house.access, "admit", fail)
    assert "failed on my side" in await house.ask("/ban 5")
    assert house.deeds() == [("ban 5", "failed: the disk is full")]


async def test_managers_commands_are_in_no_help_but_theirs(house):
    assert "/broadcast" not in await house.ask("/help", STRANGER)
    assert "/broadcast: Tell all subscribers something" in await house.ask("/help")
    assert "every alert overtakes it" in await house.ask("/help broadcast")
