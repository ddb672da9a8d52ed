"""Decides who is polled when, and what a poll changes. Pure: the time is an argument, jitter comes from hashes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.errors import BotError, FetchError
from bot.model import DateQuality, Entry, Feed, FeedStatus, Fetched, Hints, NotModified, ParsedFeed, PollState
from bot.text import digest

MAX_WAIT = timedelta(hours=24)
"""Nobody waits longer, whatever a server or a feed asks for."""


ADOPT_AFTER = 3
"""Polls in a row that must see the same permanent redirect before the address is rewritten."""

OVERDUE = timedelta(hours=1)
"""An answer that comes later than that after its time ends an unbroken watch; a failure or two do not."""

_SPREAD = timedelta(minutes=2)
_HOUR = timedelta(hours=1)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def new_state(feed: Feed, now: datetime, *, spread: timedelta = _SPREAD) -> PollState:
    """The state of a feed that was never polled, its first poll spread over at most `spread`."""
    window = min(spread, feed.interval)
    return PollState(
        feed_id=feed.id, address=feed.url, next_poll_at=now + window * _fraction(feed.id, "first")
    )


def refreshed(feed: Feed, state: PollState) -> PollState:
    """The state at start-up or after a reload, when settings and the list of feeds may have changed.

    A feed that our guard blocked gets another try. One whose address was edited forgets everything that
    belongs to the old one, and what the new one shows at first is a silent baseline again.
    """
    if state.status is FeedStatus.BLOCKED:
        state = replace(state, status=FeedStatus.ACTIVE, next_poll_at=None)
    if state.address and state.address != feed.url:
        state = replace(
            _without_validators(state),
            status=FeedStatus.ACTIVE,
            address=feed.url,
            url="",
            body_hash=None,
            redirect_to="",
            redirect_seen=0,
            next_poll_at=None,
            answers_since=None,
            baselined=False,
        )
    return state


def after_news(
    feed: Feed, state: PollState, fetched: Fetched, parsed: ParsedFeed, now: datetime
) -> PollState:
    """The state after a body that was read. It must be stored together with the entries."""
    before, state = state, _succeeded(state, now)
    state = replace(
        state,
        etag=fetched.etag,
        last_modified=fetched.last_modified,
        body_hash=fetched.body_hash,
        last_new_at=now if parsed.entries else state.last_new_at,
        baselined=True,
        next_poll_at=_next(feed, state, (fetched.hints, parsed.hints), now),
    )
    return _redirected(feed, _watched(before, state, now), fetched.permanent_redirect)


def after_not_modified(feed: Feed, state: PollState, answer: NotModified, now: datetime) -> PollState:
    """The state after a 304, or after the same body again."""
    before, state = state, _succeeded(state, now)
    state = replace(
        state,
        etag=answer.etag,
        last_modified=answer.last_modified,
        not_modified=state.not_modified + 1,
        next_poll_at=_next(feed, state, (answer.hints,), now),
    )
    return _redirected(feed, _watched(before, state, now), answer.permanent_redirect)


def after_error(feed: Feed, state: PollState, error: BotError, now: datetime) -> PollState:
    """The state after a failure: stopped for good, or later and later. Validators stay as they were."""
    state = replace(
        state, last_polled_at=now, polls=state.polls + 1, failures=state.failures + 1, last_error=str(error)
    )
    wait = backoff(feed, state.failures)
    if isinstance(error, FetchError):
        if error.gone:
            return replace(state, status=FeedStatus.GONE, next_poll_at=None)
        if error.blocked:
            return replace(state, status=FeedStatus.BLOCKED, next_poll_at=None)
        wait = max(wait, error.retry_after or wait)
    return replace(state, next_poll_at=now + min(wait, MAX_WAIT))


def backoff(feed: Feed, failures: int) -> timedelta:
    """How long to wait after so many failures in a row: doubling from the feed's interval, up to 24 hours.

    The jitter of a quarter to either side depends only on the feed and the count.
    """
    doubled = feed.interval * 2.0 ** min(max(failures - 1, 0), 12)
    return min(doubled * (0.75 + 0.5 * _fraction(feed.id, str(failures))), MAX_WAIT)


def answering(states: Iterable[PollState], now: datetime) -> dict[str, datetime | None]:
    """Since when each feed has answered without a break; None where it doesn't just now.

    Left out is what can't be waited for: feeds that have never answered, that are paused or gone for good.
    """
    out: dict[str, datetime | None] = {}
    for s in states:
        if s.last_ok_at is None or s.status in (FeedStatus.PAUSED, FeedStatus.GONE):
            continue
        answers = s.status is FeedStatus.ACTIVE and not s.failures and s.answer_by and now <= s.answer_by
        out[s.feed_id] = s.answers_since if answers else None
    return out


def split_baseline(
    feed: Feed, state: PollState, entries: Iterable[Entry], now: datetime
) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Entries that count as news, and those of a first poll that are stored silently.

    On the first poll only entries with a trustworthy date within `feed.lookback` are news; `state` is the
    one before the poll.
    """
    everything = tuple(entries)
    if state.baselined:
        return everything, ()
    trusted = (DateQuality.OK, DateQuality.NAIVE)
    since = now - feed.lookback
    news = tuple(
        e
        for e in everything
        if feed.lookback and e.date_quality in trusted and e.published is not None and e.published >= since
    )
    chosen = {e.id for e in news}
    return news, tuple(e for e in everything if e.id not in chosen)


def _succeeded(state: PollState, now: datetime) -> PollState:
    return replace(
        state, last_polled_at=now, last_ok_at=now, polls=state.polls + 1, failures=0, last_error=""
    )


def _watched(before: PollState, state: PollState, now: datetime) -> PollState:
    """Note that a feed has answered: in time, or beginning anew."""
    in_time = before.answer_by is not None and now <= before.answer_by
    return replace(
        state,
        answers_since=(before.answers_since if in_time else None) or now,
        answer_by=(state.next_poll_at or now) + OVERDUE,
    )


def _next(feed: Feed, state: PollState, hints: tuple[Hints, ...], now: datetime) -> datetime:
    """When to come again: our interval or what is asked for, whichever is longer, plus up to 5 % of jitter."""
    asked = [hint.min_interval for hint in hints if hint.min_interval]
    wait = max([feed.interval, *asked])
    wait = min(wait * (1 + 0.05 * _fraction(feed.id, str(state.polls))), MAX_WAIT)
    hours = frozenset[int]().union(*(hint.skip_hours for hint in hints))
    days = frozenset[str]().union(*(hint.skip_days for hint in hints))
    return _outside(now + wait, hours, days, latest=now + MAX_WAIT)


def _outside(at: datetime, hours: frozenset[int], days: frozenset[str], *, latest: datetime) -> datetime:
    """The first moment from `at` on that is in none of the hours and days (GMT), but not after `latest`."""
    moment = at.astimezone(UTC)
    while moment < latest and (moment.hour in hours or _DAYS[moment.weekday()] in days):
        moment = moment.replace(minute=0, second=0, microsecond=0) + _HOUR
    return min(moment, latest)


def _redirected(feed: Feed, state: PollState, target: str) -> PollState:
    """Count a permanent redirect, and adopt its target once it was seen often enough.

    Validators are dropped then, because they belong to the old address; the body's hash stays, so that
    the same items don't come again.
    """
    if not target:
        return replace(state, redirect_to="", redirect_seen=0)
    seen = state.redirect_seen + 1 if target == state.redirect_to else 1
    if seen < ADOPT_AFTER:
        return replace(state, redirect_to=target, redirect_seen=seen)
    return replace(_without_validators(state), url=target, redirect_to="", redirect_seen=0)


def _without_validators(state: PollState) -> PollState:
    return replace(state, etag=None, last_modified=None)


def _fraction(*parts: str) -> float:
    """A number in [0, 1) that is the same for the same words."""
    return int(digest(*parts), 16) / 2**64
