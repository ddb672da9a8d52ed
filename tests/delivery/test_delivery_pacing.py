"""The window log, in time that nobody waits for."""

from __future__ import annotations

import bisect
from collections import defaultdict
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.pacing import FLOOD_CHATS, ZERO, Limit, Pacer, overall_limit

SECOND = timedelta(seconds=1)


def send_all(addresses: list[str], pacer: Pacer, start: float = 0.0) -> list[tuple[float, str]]:
    """Send to each address in turn, each as early as the pacer lets it."""
    now, sent = start, []
    for address in addresses:
        for _ in range(3):  # one wait must be enough; two would be a pacer that lies
            wait = pacer.wait(address, now)
            if wait == ZERO:
                break
            now += wait.total_seconds()
        assert pacer.wait(address, now) == ZERO
        pacer.record(address, now)
        sent.append((now, address))
    return sent


def most_in_any(span: float, times: list[float]) -> int:
    """The most sends in a window (t - span, t]."""
    return max(n - bisect.bisect_right(times, at - span) for n, at in enumerate(times, start=1))


def test_the_bot_stays_below_thirty_a_second_and_uses_the_cap():  # fault 5
    times = [at for at, _ in send_all([str(n) for n in range(1, 3001)], Pacer())]
    assert most_in_any(1.0, times) == 30
    assert 3000 / (times[-1] - times[0]) >= 0.97 * 30


def test_in_a_backlog_a_place_is_soon_free():  # fault 6
    pacer = Pacer()
    send_all([str(n) for n in range(1, 301)], pacer)
    now, waits = pacer.pause(0.0).total_seconds(), []
    for n in range(1000, 1100):
        waits.append(pacer.wait(str(n), now).total_seconds())
        now += waits[-1]
        pacer.record(str(n), now)
    assert max(waits) < 0.15


@pytest.mark.parametrize("rate", [1, 2, 7, 30, 31, 100, 1000])
def test_a_rate_is_kept_and_used(rate: int):
    times = [
        at
        for at, _ in send_all([str(n) for n in range(1, 12 * rate + 2)], Pacer(overall=overall_limit(rate)))
    ]
    assert most_in_any(1.0, times) <= rate
    assert times.count(times[0]) <= 20, (
        "a burst waits in line at the other end, and what follows runs into it"
    )
    assert 12 * rate / (times[-1] - times[0]) >= (0.94 if rate > 30 else 0.97) * rate


def test_what_may_start_now_is_what_may_start_one_after_another():
    for rate in (1, 5, 30, 1000):
        pacer, now = Pacer(overall=overall_limit(rate)), 0.0
        for n in range(3 * rate):
            free = pacer.free(now)
            assert (free > 0) == (pacer.pause(now) == ZERO)
            if free == 0:
                now += pacer.pause(now).total_seconds()
            pacer.record(str(n), now)


def test_each_pause_of_the_whole_bot_makes_it_a_little_slower_up_to_a_bound():
    def rate_of(pacer: Pacer, start: float) -> float:
        times = [at for at, _ in send_all([str(n) for n in range(10_000, 10_301)], pacer, start)]
        return 300 / (times[-1] - times[0])

    pacer = Pacer()
    untouched = rate_of(pacer, 0.0)
    for n in range(FLOOD_CHATS):
        pacer.flood(str(n), SECOND, 100.0)
    once = rate_of(pacer, 200.0)
    for n in range(300):
        pacer.flood(str(n), SECOND, 300.0 + n)
    assert 0.97 * untouched < once < untouched
    assert 0.9 * untouched < rate_of(pacer, 1000.0) < once


def test_after_an_hour_without_floods_it_is_as_fast_as_before():
    pacer = Pacer()
    for n in range(FLOOD_CHATS):
        pacer.flood(str(n), SECOND, 100.0)
    before = [at for at, _ in send_all([str(n) for n in range(10_000, 10_301)], pacer, 3600.0)]
    after = [at for at, _ in send_all([str(n) for n in range(20_000, 20_301)], pacer, 3702.0)]
    assert after[-1] - after[0] < before[-1] - before[0]
    untouched = [at for at, _ in send_all([str(n) for n in range(10_000, 10_301)], Pacer(), 0.0)]
    assert after[-1] - after[0] == pytest.approx(untouched[-1] - untouched[0], abs=0.01)


def test_one_private_chat_gets_one_a_second():  # fault 7
    times = [at for at, _ in send_all(["5"] * 100, Pacer())]
    assert most_in_any(1.0, times) == 1


def test_a_busy_private_chat_does_not_hold_up_another():  # fault 7
    pacer = Pacer()
    pacer.record("5", 0.0)
    assert pacer.wait("5", 0.0) > ZERO
    assert pacer.wait("6", 0.0) == ZERO


@pytest.mark.parametrize("address", ["-100", "-100/17", "@channel"])
def test_a_group_gets_twenty_a_minute(address: str):  # fault 8
    times = [at for at, _ in send_all([address] * 60, Pacer())]
    assert most_in_any(60.0, times) == 20
    assert times[19] - times[0] < 2


def test_the_threads_of_a_group_share_its_limit():  # fault 8
    pacer = Pacer()
    for n in range(20):
        pacer.record(f"-100/{n}", 0.0)
    assert pacer.wait("-100/77", 2.0) > 50 * SECOND


def test_a_console_has_no_limit_of_its_own():
    pacer = Pacer()
    pacer.record("", 0.0)
    assert pacer.wait("", 0.0) == ZERO


def test_one_chats_flood_delays_nobody_else():  # fault 4
    pacer = Pacer()
    assert not pacer.flood("5", 7 * SECOND, 0.0)
    assert not pacer.flood("5", 7 * SECOND, 1.0)
    assert pacer.wait("5", 1.0) == 7 * SECOND
    assert pacer.wait("6", 1.0) == pacer.pause(1.0) == ZERO


def test_floods_of_several_chats_at_once_pause_the_whole_bot():  # fault 4
    pacer = Pacer()
    verdicts = [pacer.flood(str(n), 7 * SECOND, 0.1 * n) for n in range(FLOOD_CHATS)]
    assert verdicts == [False] * (FLOOD_CHATS - 1) + [True]
    assert pacer.free(1.0) == 0
    assert pacer.wait("99", 0.2) == pacer.pause(0.2) == 7 * SECOND
    assert pacer.pause(7.2) == ZERO


def test_floods_far_apart_are_each_a_chats_own_affair():
    pacer = Pacer()
    assert not any(pacer.flood(str(n), SECOND, 6.0 * n) for n in range(10))


def test_a_shorter_flood_does_not_end_a_longer_one():
    pacer = Pacer()
    pacer.flood("5", 60 * SECOND, 0.0)
    pacer.flood("5", SECOND, 1.0)
    assert pacer.wait("5", 2.0) == 58 * SECOND


def test_chats_at_rest_are_forgotten():
    pacer = Pacer()
    for n in range(1, 20_000):
        pacer.record(str(n), n / 30)
        if n % 100 == 0:
            pacer.flood(str(n), SECOND, n / 30)
    assert len(pacer) < 2_000


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["1", "2", "3", "-7", "-7/1", "-8", "@c", ""]), max_size=60),
    st.integers(1, 5),
    st.floats(0, 1e6),
)
def test_no_window_ever_holds_more_than_its_limit(addresses: list[str], cap: int, start: float):
    overall, private, group = Limit(cap, SECOND), Limit(1, 2 * SECOND), Limit(3, 10 * SECOND)
    sent = send_all(addresses, Pacer(overall=overall, private=private, group=group), start)
    logs: dict[str, list[float]] = defaultdict(list)
    for at, address in sent:
        logs["all"].append(at)
        logs[address.partition("/")[0]].append(at)
    for chat, times in logs.items():
        limit = {"all": overall, "": overall}.get(chat, group if chat[:1] in ("-", "@") else private)
        # A hair less than the window: adding a wait to a large instant rounds.
        assert most_in_any(limit.window.total_seconds() - 1e-6, times) <= limit.count
