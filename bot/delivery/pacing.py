"""How fast messages may go out: a log of sends in a sliding window, overall and for each chat.

Pure but for its own memory: it is asked when a send may start and told when one did. Instants are
seconds of a monotonic clock, so that a jump of the wall clock makes neither a burst nor a long wait.

Why a window log: against a strict 30 a second it used 97 to 99 % of the cap without one refusal, where
even spacing near the cap was a coin toss and python-telegram-bot's own limiter used 27 to 32 %. After the
first few the rest is spread over the window, so that in a backlog a place is free every few moments
and an urgent message need not wait for the next second: 62 ms at the median instead of 720.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile

ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` sends in any span of `window`."""

    count: int
    window: timedelta


# Telegram's own figures are 30 a second, 1 a second and 20 a minute. The windows are a little longer
# because it counts arrivals and we count starts, which the network moves by some milliseconds.
# Source: core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
OVERALL = Limit(30, timedelta(seconds=1.025))
PRIVATE = Limit(1, timedelta(seconds=1.02))
GROUP = Limit(20, timedelta(seconds=60.5))
PAID_WINDOW = timedelta(seconds=1.035)

# How a backlog is spread over the window: what comes to more than `BURST` goes in slices, each a little shorter than its
# share, so that what was late catches up. At 1,000 a second a burst of 500 waits in line at the other end, and what
# follows arrives too close behind it.
BURST, SLICES, CATCH_UP = 15, 50, 0.95

# A refusal does not say whom it means. One chat's flood is its own affair and must not delay the others;
# but each chat is already kept to its own limit, so when several different ones are refused within
# moments of each other, the bot as a whole is too fast, and asking on would only lengthen the ban.
# What the network moves by more than the windows allow for shows in this way, too: so each such pause makes the window
# of all a little longer, up to a bound, until there was none for a while.
FLOOD_CHATS = 3
FLOOD_SPAN = timedelta(seconds=5)
WIDER, WIDEST = 1.02, 1.1
CALM = timedelta(hours=1)


def overall_limit(rate: int) -> Limit:
    """So many messages a second in all.

    What is sent faster bunches more on its way, so that the window is longer where more is under way.
    """
    return Limit(rate, OVERALL.window if rate <= OVERALL.count else PAID_WINDOW)


class Pacer:
    """Says when the next message may go to a chat.

    An address is a chat id with '/thread' where one is meant; threads share their chat's limit. Ids below
    zero and @names are groups and channels; an address that is no chat id (a console) has no limit of its own.
    """

    def __init__(self, *, overall: Limit = OVERALL, private: Limit = PRIVATE, group: Limit = GROUP) -> None:
        self._overall, self._private, self._group = overall, private, group
        self._keep = max(private.window, group.window).total_seconds()
        self._burst, self._per_slice = min((overall.count + 1) // 2, BURST), max(2, overall.count // SLICES)
        self._set_window(overall.window.total_seconds())
        self._log: deque[float] = deque(maxlen=overall.count)  # of the last window
        self._chats: OrderedDict[str, deque[float]] = OrderedDict()  # least recently used first
        self._blocked: dict[str, float] = {}  # chat → refused until
        self._refused: deque[tuple[float, str]] = deque(maxlen=32)
        self._paused_until = self._wide_until = -math.inf

    def __len__(self) -> int:
        """Chats remembered; those at rest are forgotten."""
        return len(self._chats.keys() | self._blocked.keys())

    def pause(self, now: float) -> timedelta:
        """How long nothing at all may be sent."""
        log, at = self._recent(now), self._paused_until
        if len(log) == self._overall.count:
            at = max(at, log[0] + self._window)
        if len(log) >= max(self._burst, self._per_slice):
            at = max(at, log[-self._per_slice] + self._slice)
        return _span(at - now)

    def free(self, now: float) -> int:
        """How many sends, to different chats, may start now."""
        if now < self._paused_until:
            return 0
        log, count = self._recent(now), self._overall.count
        of_slice = sum(1 for _ in takewhile(lambda at: at + self._slice > now, reversed(log)))
        return min(count - len(log), max(self._burst - len(log), self._per_slice - of_slice, 0))

    def _recent(self, now: float) -> deque[float]:
        """The starts in the window that ends now."""
        usual = self._overall.window.total_seconds()
        if self._window > usual and now >= self._wide_until:
            self._set_window(usual)
        while self._log and self._log[0] + self._window <= now:
            self._log.popleft()
        return self._log

    def wait(self, address: str, now: float) -> timedelta:
        """How long until a send to this address may start."""
        chat = _chat(address)
        at = self._blocked.get(chat, -math.inf)
        limit = self._limit(chat)
        if limit is not None and chat in self._chats:
            at = max(at, _free_at(self._chats[chat], limit))
        return max(self.pause(now), _span(at - now))

    def record(self, address: str, now: float) -> None:
        """A send to this address starts now."""
        self._log.append(now)
        chat = _chat(address)
        limit = self._limit(chat)
        if limit is not None:
            self._chats.setdefault(chat, deque(maxlen=limit.count)).append(now)
            self._chats.move_to_end(chat)
        self._forget(now)

    def flood(self, address: str, retry_after: timedelta, now: float) -> bool:
        """A send to this address was refused as too fast; True if that pauses the whole bot."""
        chat = _chat(address)
        until = now + retry_after.total_seconds()
        self._blocked[chat] = max(until, self._blocked.get(chat, until))
        self._refused.append((now, chat))
        recent = {c for at, c in self._refused if now - at <= FLOOD_SPAN.total_seconds()}
        if len(recent) < FLOOD_CHATS:
            return False
        if now >= self._paused_until:
            widest = self._overall.window.total_seconds() * WIDEST
            self._set_window(min(self._window * WIDER, widest))
        self._paused_until = max(until, self._paused_until)
        self._wide_until = self._paused_until + CALM.total_seconds()
        return True

    def _set_window(self, seconds: float) -> None:
        self._window = seconds
        self._slice = seconds * self._per_slice / self._overall.count * CATCH_UP

    def _limit(self, chat: str) -> Limit | None:
        if chat.startswith(("-", "@")):
            return self._group
        return self._private if chat.isdigit() else None

    def _forget(self, now: float) -> None:
        while self._chats:
            chat, log = next(iter(self._chats.items()))
            if log[-1] > now - self._keep:
                break
            del self._chats[chat]
        if len(self._blocked) > len(self._chats):
            self._blocked = {chat: until for chat, until in self._blocked.items() if until > now}


def _chat(address: str) -> str:
    return address.partition("/")[0]


def _free_at(log: deque[float], limit: Limit) -> float:
    return log[0] + limit.window.total_seconds() if len(log) == limit.count else -math.inf


def _span(seconds: float) -> timedelta:
    """Whole milliseconds, rounded up: a wait that is slept is then truly over, without a last spin."""
    return timedelta(milliseconds=math.ceil(seconds * 1000)) if seconds > 0 else ZERO
