"""The drain: what becomes of each notification, in which order, and how fast; in time that nobody waits for."""

from __future__ import annotations

import asyncio
import bisect
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from bot_api import BotApi, Limits
from fakes import START, FakeChannel, FakeClock, MemoryOutbox
from mail import note, subscriber

from bot.delivery.outbox import BUG_ATTEMPTS, LONGEST_PAUSE, REFUSED_PAUSE, Drain
from bot.delivery.pacing import Pacer
from bot.delivery.request import make_bot
from bot.delivery.telegram import TelegramChannel
from bot.errors import ConfigError, RejectedError, StoreError, SubscriberGoneError, TransientDeliveryError
from bot.model import AlertKind, OutboxItem, Receipt, Severity
from bot.ports import Channel

SECOND = timedelta(seconds=1)
CUT = TransientDeliveryError("the connection broke", ambiguous=True)


class Rig:
    """A drain over fakes."""

    def __init__(
        self, channel: Channel | None = None, *, clock: FakeClock | None = None, **drain: Any
    ) -> None:
        self.clock = clock or FakeClock()
        self.outbox = MemoryOutbox()
        self.fake = FakeChannel(self.clock)
        self.drain = Drain(
            drain.pop("outbox", self.outbox),
            drain.pop("channels", {"telegram": channel or self.fake}),
            Pacer(),
            self.clock,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
            jitter=lambda: 0.5,
            **drain,
        )

    def queue(self, *chats: str, each: int = 1, prefix: str = "n", **more: Any) -> None:
        for chat in chats:
            who = subscriber(chat)
            self.outbox.add(who, *(note(f"{prefix}{chat}.{n}", who, **more) for n in range(each)))

    async def run(
        self, until: Callable[[], bool] | None = None, *, within: timedelta = timedelta(hours=2)
    ) -> None:
        """Run till nothing is pending (or `until` holds), but no longer than this on the fake clock."""
        done = until or (lambda: self.outbox.count("pending") == 0)
        end = self.clock.monotonic() + within.total_seconds()
        task = asyncio.create_task(self.drain.run())
        while not done() and not task.done() and self.clock.monotonic() < end:
            await asyncio.sleep(0)
        await self.drain.stop(SECOND)
        await task
        assert done(), f"not done at {self.clock.monotonic()} s: {self.drain.counters}"

    def texts(self, chat: str) -> list[str]:
        return [s.text for s in self.fake.sent if s.address == chat]


def most_in_any(span: float, times: list[float]) -> int:
    return max(n - bisect.bisect_right(times, at - span) for n, at in enumerate(times, start=1))


# What becomes of a notification


async def test_what_is_due_is_delivered_with_its_receipt():
    rig = Rig()
    rig.queue("5")
    await rig.run()
    row = rig.outbox.rows["n5.0"]
    assert (row.state, row.receipt) == ("delivered", Receipt(message_id="101", at=START))
    assert rig.drain.counters["sent"] == 1


async def test_an_edit_waits_for_its_card_and_changes_that_message():
    rig = Rig()
    who = subscriber("5")
    edit = note("edit", who, kind=AlertKind.EDIT, story_id="s", level=Severity.CRITICAL)
    rig.outbox.add(who, edit, note("card", who, story_id="s"))
    await rig.run()
    assert [(s.text, s.message_id) for s in rig.fake.sent] == [("card", "101"), ("edit", "101")]


async def test_a_message_that_can_never_be_delivered_is_parked_with_the_reason():
    rig = Rig()
    rig.fake.fail(RejectedError("message is too odd"))
    rig.queue("5")
    await rig.run()
    row = rig.outbox.rows["n5.0"]
    assert (row.state, row.error, len(rig.fake.tries)) == ("parked", "message is too odd", 1)


async def test_a_reader_who_blocked_the_bot_is_left_alone_until_he_comes_back():  # fault 9
    rig = Rig()
    rig.fake.block("5")
    rig.queue("5", each=10)
    rig.queue("6")
    await rig.run()
    assert not rig.outbox.subscribers["telegram:5"].active
    assert rig.outbox.count("closed") == 10
    assert Counter(address for _, address in rig.fake.tries) == {"5": 1, "6": 1}

    rig.fake.unblock("5")
    revived = Rig(rig.fake, clock=rig.clock)
    revived.queue("5", prefix="later")
    await revived.run()
    assert rig.texts("5") == ["later5.0"]


@pytest.mark.parametrize(("old", "new"), [("-10", "-10077"), ("-10/17", "-10077/17")])
async def test_a_group_that_moved_gets_its_message_once_at_the_new_address(old: str, new: str):  # fault 10
    rig = Rig()
    rig.fake.migrate(old, "-10077")
    rig.queue(old)
    await rig.run()
    assert [s.address for s in rig.fake.sent] == [new]
    assert rig.outbox.subscribers[f"telegram:{old}"].active


async def test_a_group_that_moved_to_a_known_one_is_merged_with_it():  # fault 10
    rig = Rig()
    rig.fake.migrate("-10", "-10077")
    rig.queue("-10", "-10077")
    await rig.run()
    assert [s.address for s in rig.fake.sent] == ["-10077", "-10077"]
    assert not rig.outbox.subscribers["telegram:-10"].active


async def test_a_connection_cut_after_acceptance_means_one_repetition():  # fault 3
    rig = Rig()
    rig.fake.fail(CUT, after=True)
    rig.queue("5")
    await rig.run()
    assert rig.texts("5") == ["n5.0", "n5.0"]
    assert rig.drain.counters["ambiguous"] == 1


async def test_doubtful_sends_are_repeated_once_soon_and_then_rarely():  # fault 3
    rig = Rig()
    rig.fake.fail(CUT, CUT, CUT, after=True)
    rig.queue("5")
    await rig.run()
    times = [at for at, _ in rig.fake.tries]
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps[0] < 2
    assert all(gap >= LONGEST_PAUSE.total_seconds() for gap in gaps[1:])


async def test_a_failing_network_is_never_given_up_and_asked_less_and_less_often():
    rig = Rig()
    rig.fake.fail(*[TransientDeliveryError("no connection")] * 40)
    rig.queue("5")
    await rig.run(within=timedelta(hours=4))
    times = [at for at, _ in rig.fake.tries]
    gaps = [b - a for a, b in pairwise(times)]
    assert rig.outbox.rows["n5.0"].state == "delivered"
    assert gaps[:3] == pytest.approx([1.02, 1.5, 3.0], abs=0.01)  # the first: a chat gets one a second
    assert max(gaps) <= LONGEST_PAUSE.total_seconds() + 1


@pytest.mark.parametrize(
    "error", [KeyError("chat"), AssertionError("odd")], ids=["KeyError", "AssertionError"]
)
async def test_a_bug_is_tried_three_times_then_parked_and_stops_nobody_else(error, caplog):
    rig = Rig()
    rig.fake.fail(*[error] * 10, address="5")
    rig.queue("5", "6", each=2)
    await rig.run(lambda: rig.outbox.rows["n5.0"].state == "parked" and len(rig.texts("6")) == 2)
    assert rig.outbox.rows["n5.0"].error.startswith(f"bug: {type(error).__name__}: ")
    assert rig.drain.counters["bug"] >= BUG_ATTEMPTS
    assert "Traceback" in caplog.text


async def test_a_channel_that_is_not_set_up_keeps_its_notifications():
    rig = Rig(channels={})
    rig.queue("5")
    await rig.run(lambda: rig.outbox.rows["n5.0"].attempts > 0)
    row = rig.outbox.rows["n5.0"]
    assert (row.state, "not set up" in row.error) == ("pending", True)


async def test_a_refused_token_stops_the_asking_but_loses_nothing():
    rig = Rig()
    rig.fake.fail(*[ConfigError("the token was revoked")] * 14)
    rig.queue(*(str(n) for n in range(1, 31)))
    await rig.run()
    assert len(rig.fake.sent) == 30
    early = [at for at, _ in rig.fake.tries if at < REFUSED_PAUSE.total_seconds()]
    assert len(early) <= 12
    assert all(s.at >= REFUSED_PAUSE.total_seconds() for s in rig.fake.sent)
    assert rig.outbox.rows["n30.0"].attempts == 0, "whoever was not tried is left alone"


# Order and pace


async def test_a_backlog_uses_the_cap_without_one_refusal():  # fault 5
    rig = Rig()
    rig.queue(*(str(n) for n in range(1, 3001)))
    await rig.run()
    times = [s.at for s in rig.fake.sent]
    assert len(times) == 3000
    assert most_in_any(1.0, times) == 30
    assert 3000 / (times[-1] - times[0]) >= 0.97 * 30


async def test_a_strict_server_sees_a_backlog_without_refusing_once():  # fault 5
    clock = FakeClock()
    async with BotApi(limits=Limits(ban=3), clock=clock.monotonic) as api:
        bot = make_bot(api.token, base_url=api.url)
        async with bot:
            rig = Rig(RealTime(TelegramChannel(bot, clock), clock), clock=clock)
            rig.queue(*(str(n) for n in range(1, 401)))
            await rig.run()
    sends = [call for call in api.calls if call.method == "sendMessage"]
    assert Counter(call.status for call in sends) == {200: 400}
    assert 400 / (sends[-1].at - sends[0].at) >= 0.97 * 30


class RealTime:
    """Keeps the fake clock still while a real request is on its way."""

    def __init__(self, channel: Channel, clock: FakeClock) -> None:
        self._channel, self._clock = channel, clock

    async def send(self, item: OutboxItem, /) -> Receipt:
        with self._clock.real_io():
            return await self._channel.send(item)


async def test_an_urgent_alert_overtakes_a_backlog_within_a_second():  # fault 6
    rig = Rig()
    rig.queue(*(str(n) for n in range(1, 5001)))
    added: list[float] = []

    def urgent_is_out() -> bool:
        if not added and len(rig.fake.sent) > 100:
            added.append(rig.clock.monotonic())
            rig.queue("777777", prefix="urgent", level=Severity.CRITICAL)
            rig.drain.wake()
        return bool(rig.texts("777777"))

    await rig.run(urgent_is_out)
    (urgent,) = [s for s in rig.fake.sent if s.address == "777777"]
    assert urgent.at - added[0] <= 1.02
    assert rig.outbox.count("pending") > 4000


async def test_a_hundred_messages_to_one_chat_go_out_one_a_second_and_hold_up_nobody():  # fault 7
    rig = Rig()
    rig.queue("5", each=100)
    rig.queue(*(str(n) for n in range(100, 140)))
    await rig.run()
    assert most_in_any(1.0, [s.at for s in rig.fake.sent if s.address == "5"]) == 1
    assert max(s.at for s in rig.fake.sent if s.address != "5") < 3
    assert rig.texts("5") == [f"n5.{n}" for n in range(100)]


async def test_sixty_messages_to_a_group_go_out_twenty_a_minute():  # fault 8
    rig = Rig()
    rig.queue("-100/1", "-100/2", each=30)
    await rig.run()
    assert most_in_any(60.0, [s.at for s in rig.fake.sent]) == 20
    assert len(rig.fake.sent) == 60


async def test_a_chat_that_is_too_fast_waits_alone():  # fault 4
    rig = Rig()
    rig.fake.fail(TransientDeliveryError("flood", retry_after=7 * SECOND, flood=True), address="5")
    rig.queue(*(str(n) for n in range(1, 101)))
    await rig.run()
    assert next(s.at for s in rig.fake.sent if s.address == "5") >= 7
    assert max(s.at for s in rig.fake.sent if s.address != "5") < 5
    assert rig.drain.counters["flood_all"] == 0


async def test_the_time_that_a_flood_asks_for_survives_a_restart():  # fault 4
    rig = Rig()
    rig.fake.flood(7 * SECOND)
    rig.queue("5")
    await rig.run(lambda: rig.outbox.rows["n5.0"].attempts > 0)
    assert rig.outbox.rows["n5.0"].at == START + 7 * SECOND


async def test_when_everybody_is_too_fast_the_whole_bot_waits_and_loses_nothing():  # fault 4
    clock = FakeClock()
    async with BotApi(clock=clock.monotonic) as api:
        bot = make_bot(api.token, base_url=api.url)
        async with bot:
            rig = Rig(RealTime(TelegramChannel(bot, clock), clock), clock=clock)
            rig.queue(*(str(n) for n in range(1, 201)))
            api.fault("error", times=12, code=429, description="Too Many", parameters={"retry_after": 7})
            await rig.run()
    sends = [call for call in api.calls if call.method == "sendMessage"]
    refused = [call.at for call in sends if call.status == 429]
    accepted = [call.at for call in sends if call.status == 200]
    assert len(refused) <= 12
    assert min(accepted) >= max(refused) + 7
    assert most_in_any(1.0, accepted) <= 30
    assert len({a.text for a in api.accepted}) == len(api.accepted) == 200


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "status", "status": 502}, id="502"),
        pytest.param({"kind": "status", "status": 504}, id="504"),
        pytest.param({"kind": "status", "status": 200}, id="HTML body"),
        pytest.param({"kind": "refuse"}, id="connection cut"),
    ],
)
async def test_ten_minutes_without_telegram_are_caught_up_in_order(fault: dict[str, Any]):  # fault 13
    clock = FakeClock()
    async with BotApi(clock=clock.monotonic) as api:
        bot = make_bot(api.token, base_url=api.url)
        async with bot:
            rig = Rig(RealTime(TelegramChannel(bot, clock), clock), clock=clock)
            rig.queue(*(str(n) for n in range(1, 41)), each=3)
            api.fault(**fault, times=float("inf"))
            asked: list[int] = []

            def caught_up() -> bool:
                if not asked and clock.monotonic() >= 600:
                    asked.append(len(api.calls))
                    api.heal()
                return rig.outbox.count("pending") == 0

            await rig.run(caught_up)
    assert asked[0] < 80  # not thirty a second
    for chat in range(1, 41):
        assert [a.text for a in api.accepted if a.chat_id == chat] == [f"n{chat}.{n}" for n in range(3)]


@pytest.mark.parametrize("kind", ["empty", "truncated"])
async def test_answers_that_are_cut_off_lose_nothing_and_repeat_once(kind: str):  # fault 13
    clock = FakeClock()
    async with BotApi(clock=clock.monotonic) as api:
        bot = make_bot(api.token, base_url=api.url)
        async with bot:
            rig = Rig(RealTime(TelegramChannel(bot, clock), clock), clock=clock)
            rig.queue("5", each=3)
            api.fault(kind)
            await rig.run()
    assert [a.text for a in api.accepted] == ["n5.0", "n5.0", "n5.1", "n5.2"]


async def test_failures_with_answers_in_between_are_no_outage(caplog: pytest.LogCaptureFixture):  # fault 13
    rig = Rig(concurrency=1)
    for address in ("1", "2", "4", "5"):
        rig.fake.fail(TransientDeliveryError("500"), address=address)
    rig.queue("1", "2", "3", "4", "5", "6")
    await rig.run()
    assert rig.drain.counters["retried"] == 4
    assert "outage" not in caplog.text


async def test_a_message_that_always_fails_holds_up_its_own_chat_only():  # fault 13
    rig = Rig()
    rig.fake.fail(*[TransientDeliveryError("500")] * 1000, address="5")
    rig.queue("5", each=2)
    for n in range(20):
        who = subscriber(str(100 + n))
        rig.outbox.add(who, note(f"later{n}", who, created_at=START + n * 30 * SECOND))
        rig.outbox.rows[f"later{n}"].at = START + n * 30 * SECOND
    await rig.run(lambda: rig.outbox.count("delivered") == 20, within=timedelta(minutes=15))
    late = [s.at - 30 * n for n, s in enumerate(rig.fake.sent)]
    assert max(late) <= 1.1
    assert rig.texts("5") == []


# The store, stopping, crashing


async def test_a_receipt_that_cannot_be_written_is_kept_and_nothing_is_sent_twice(caplog):
    rig = Rig()
    failures = [StoreError("disk full")] * 4
    deliver = rig.outbox.delivered

    def delivered(notification_id: str, receipt: Receipt) -> None:
        if failures:
            raise failures.pop()
        deliver(notification_id, receipt)

    rig.outbox.delivered = delivered  # type: ignore[method-assign]
    rig.queue("5", each=2)
    await rig.run()
    assert rig.texts("5") == ["n5.0", "n5.1"]
    assert rig.drain.counters["store_error"] == 4
    assert "outcome_not_written" in caplog.text


async def test_an_outbox_that_cannot_be_read_is_read_again():
    rig = Rig()
    failures = [StoreError("locked"), ValueError("odd")]
    due = rig.outbox.due

    def flaky(*args: Any, **more: Any) -> list[OutboxItem]:
        if failures:
            raise failures.pop()
        return due(*args, **more)

    rig.outbox.due = flaky  # type: ignore[method-assign]
    rig.queue("5")
    await rig.run()
    assert rig.drain.counters == Counter(store_error=2, sent=1, plain=0)


class Stuck:
    """A channel that never answers."""

    async def send(self, item: OutboxItem, /) -> Receipt:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


async def test_stopping_gives_up_what_does_not_end_in_time_and_keeps_it():
    rig = Rig(Stuck())
    rig.queue("5", "6")
    task = asyncio.create_task(rig.drain.run())
    while rig.drain.in_flight < 2:
        await asyncio.sleep(0)
    assert await rig.drain.stop(timedelta(milliseconds=10)) == 2
    await task
    assert rig.outbox.count("pending") == 2


async def test_stopping_waits_for_what_is_under_way_and_starts_nothing_more():
    clock = FakeClock()
    slow = FakeChannel(clock, latency=SECOND)
    rig = Rig(slow, clock=clock, concurrency=2)
    rig.queue("5", "6", "7")
    task = asyncio.create_task(rig.drain.run())
    while rig.drain.in_flight < 2:
        await asyncio.sleep(0)
    assert await rig.drain.stop(60 * SECOND) == 0
    await task
    assert (rig.outbox.count("delivered"), rig.outbox.count("pending")) == (2, 1)


async def test_at_most_one_is_in_flight_for_a_subscriber_and_a_bounded_number_in_all():
    clock = FakeClock()
    watched = Watched(FakeChannel(clock, latency=3 * SECOND))
    rig = Rig(watched, clock=clock, concurrency=4)
    rig.queue(*"123456789", each=2)
    await rig.run()
    assert watched.most == 4
    assert watched.most_per_chat == 1


class Watched:
    """Counts what is in flight."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._flying: Counter[str] = Counter()
        self.most = self.most_per_chat = 0

    async def send(self, item: OutboxItem, /) -> Receipt:
        address = item.subscriber.address
        self._flying[address] += 1
        self.most = max(self.most, self._flying.total())
        self.most_per_chat = max(self.most_per_chat, self._flying[address])
        try:
            return await self._channel.send(item)
        finally:
            self._flying[address] -= 1


async def test_an_idle_drain_rests_until_it_is_woken_or_something_falls_due():
    rig = Rig()
    looks: list[float] = []
    due = rig.outbox.due

    def counted(*args: Any, **more: Any) -> list[OutboxItem]:
        looks.append(rig.clock.monotonic())
        return due(*args, **more)

    rig.outbox.due = counted  # type: ignore[method-assign]
    rig.queue("5")
    rig.outbox.rows["n5.0"].at = START + timedelta(seconds=30.25)
    await rig.run()
    assert rig.fake.sent[0].at == pytest.approx(30.25, abs=0.01)
    assert len(looks) < 40


@pytest.mark.parametrize(
    ("point", "sent"),
    [("before_send", 0), ("after_send", 1), ("before_receipt", 1), ("after_receipt", 1)],
)
async def test_a_crash_drill_can_stop_at_every_point(point: str, sent: int):
    seen: list[str] = []

    def crash(at: str) -> None:
        seen.append(at)
        if at == point:
            raise asyncio.CancelledError

    rig = Rig(failpoint=crash)
    rig.queue("5")
    await rig.run(lambda: point in seen)
    assert len(rig.fake.sent) == sent
    assert rig.outbox.rows["n5.0"].state == ("delivered" if point == "after_receipt" else "pending")
    assert seen == ["before_send", "after_send", "before_receipt", "after_receipt"][: len(seen)]


async def test_the_log_names_what_happened(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    rig = Rig()
    rig.fake.fail(SubscriberGoneError("blocked"), address="5")
    rig.fake.fail(CUT, address="6")
    rig.queue("5", "6")
    await rig.run()
    assert "subscriber_gone subscriber=telegram:5" in caplog.text
    assert "will_retry notification=n6.0" in caplog.text


class Groups(MemoryOutbox):
    """Remembers which receipts came together; refuses whole groups if it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[int] = []
        self.refuses = False

    def delivered_all(self, receipts: Mapping[str, Receipt], /) -> None:
        self.groups.append(len(receipts))
        if self.refuses:
            raise StoreError("one of them is too odd")
        super().delivered_all(receipts)


async def test_receipts_that_come_at_once_are_written_together():
    rig = Rig(outbox=(outbox := Groups()))
    rig.outbox = outbox
    rig.queue(*map(str, range(1, 11)))
    await rig.run()
    assert sum(outbox.groups) == 10
    assert max(outbox.groups) > 1
    assert rig.drain.counters["sent"] == 10


async def test_where_a_group_of_receipts_is_refused_each_is_written_by_itself():
    rig = Rig(outbox=(outbox := Groups()))
    rig.outbox, outbox.refuses = outbox, True
    rig.queue(*map(str, range(1, 6)))
    await rig.run()
    assert outbox.count("delivered") == 5
    assert len(rig.fake.sent) == 5
    assert rig.drain.counters["store_error"] >= 1


async def test_what_has_no_receipt_yet_is_in_flight_and_nothing_more_is_started():
    """So that a crash doubles no more than may be in flight."""
    rig = Rig(outbox=(outbox := Groups()), concurrency=4)
    rig.outbox, outbox.refuses = outbox, True
    outbox.delivered = lambda *_: (_ for _ in ()).throw(StoreError("the disk is full"))  # type: ignore[method-assign]
    rig.queue(*map(str, range(1, 30)))
    await rig.run(lambda: rig.drain.counters["store_error"] > 20)
    assert len(rig.fake.sent) == 4
