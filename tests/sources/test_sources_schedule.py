"""Who is polled when: pure decisions on states."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources_server import NOW, a_feed, a_state, item, rss

from bot.errors import FetchError, ParseError
from bot.model import DateQuality, FeedStatus, Fetched, Hints, NotModified, ParsedFeed
from bot.sources import schedule
from bot.sources.read import read_feed

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FEED = a_feed(interval=15 * MINUTE)


def fetched(**changes):
    values = {"url": FEED.url, "body": b"x", "body_hash": "hash", "etag": b'"1"', "last_modified": b"then"}
    return Fetched(**(values | changes))


def parsed(entries=(), **hints):
    return ParsedFeed(title="T", entries=tuple(entries), hints=Hints(**hints))


def entries(*dates):
    body = rss(*(item(n, pubDate=date) for n, date in enumerate(dates)))
    return read_feed(FEED, fetched(body=body), NOW).entries


def wait(state):
    return state.next_poll_at - NOW


def test_news_are_followed_by_the_feed_s_own_interval():
    before = a_state(failures=3, last_error="x", polls=4)
    after = schedule.after_news(FEED, before, fetched(), parsed(entries("")), NOW)
    assert 15 * MINUTE <= wait(after) <= 16 * MINUTE
    assert (after.etag, after.last_modified, after.body_hash) == (b'"1"', b"then", "hash")
    assert (after.failures, after.last_error, after.polls, after.baselined) == (0, "", 5, True)
    assert after.last_polled_at == after.last_ok_at == after.last_new_at == NOW


def test_no_news_keep_the_hash_and_count_fault_17():
    before = a_state(body_hash="hash", not_modified=2, polls=9, failures=1, last_new_at=NOW - HOUR)
    after = schedule.after_not_modified(FEED, before, NotModified(etag=b'"2"'), NOW)
    assert (after.body_hash, after.etag, after.not_modified, after.polls, after.failures) == (
        "hash",
        b'"2"',
        3,
        10,
        0,
    )
    assert after.last_new_at == NOW - HOUR
    assert not after.baselined
    assert 15 * MINUTE <= wait(after) <= 16 * MINUTE


@pytest.mark.parametrize(
    ("http", "body", "at_least"),
    [
        pytest.param(None, HOUR, HOUR, id="the feed asks"),
        pytest.param(2 * HOUR, HOUR, 2 * HOUR, id="the server asks for more"),
        pytest.param(MINUTE, None, 15 * MINUTE, id="never faster than our own interval"),
        pytest.param(None, timedelta(days=365), timedelta(hours=24), id="a year is a day"),
    ],
)
def test_a_hint_makes_polls_rarer_within_a_day(http, body, at_least):
    answer = fetched(hints=Hints(min_interval=http))
    after = schedule.after_news(FEED, a_state(), answer, parsed(min_interval=body), NOW)
    assert at_least <= wait(after) <= min(at_least * 1.05, timedelta(hours=24))


@pytest.mark.parametrize(
    ("hours", "days", "expected"),
    [
        pytest.param({12, 13}, set(), datetime(2026, 11, 24, 14, tzinfo=UTC), id="two hours"),
        pytest.param(set(), {"Tuesday"}, datetime(2026, 11, 25, 0, tzinfo=UTC), id="today"),
        pytest.param({3}, {"Monday"}, None, id="neither applies"),
    ],
)
def test_hours_and_days_to_skip_are_skipped_within_a_day(hours, days, expected):
    hints = {"skip_hours": frozenset(hours), "skip_days": frozenset(days)}
    after = schedule.after_news(FEED, a_state(), fetched(), parsed(**hints), NOW)
    plain = schedule.after_news(FEED, a_state(), fetched(), parsed(), NOW)
    assert after.next_poll_at == (expected or plain.next_poll_at)


def test_a_feed_that_asks_never_to_be_polled_is_polled_once_a_day():
    odd = NOW + 17 * MINUTE
    after = schedule.after_news(FEED, a_state(), fetched(), parsed(skip_hours=frozenset(range(24))), odd)
    assert after.next_poll_at == odd + timedelta(hours=24)


def test_errors_make_polls_rarer_until_a_day_and_keep_what_we_know():
    state, waits = a_state(etag=b'"1"', body_hash="hash"), []
    for _ in range(12):
        state = schedule.after_error(FEED, state, ParseError("no feed"), NOW)
        waits.append(wait(state))
    assert 11 * MINUTE <= waits[0] <= 19 * MINUTE
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=24)
    assert (state.failures, state.polls, state.last_error, state.etag, state.body_hash) == (
        12,
        12,
        "no feed",
        b'"1"',
        "hash",
    )
    assert state.status is FeedStatus.ACTIVE
    assert not state.baselined


@given(st.integers(0, 10_000), st.text("abc", min_size=1))
def test_a_back_off_is_the_same_every_time_and_never_beyond_a_day(failures, feed_id):
    feed = a_feed(id=feed_id)
    first = schedule.backoff(feed, failures)
    assert first == schedule.backoff(feed, failures)
    assert timedelta(0) < first <= timedelta(hours=24)


def test_failing_feeds_do_not_come_back_all_at_once():
    assert len({schedule.backoff(a_feed(id=f"f{n}"), 1) for n in range(20)}) == 20


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(timedelta(hours=5), timedelta(hours=5), id="longer than our own"),
        pytest.param(timedelta(days=9), timedelta(hours=24), id="a day at most"),
        pytest.param(timedelta(0), None, id="at once: still our own"),
    ],
)
def test_retry_after_is_a_lower_bound_fault_22(asked, expected):
    state = schedule.after_error(FEED, a_state(), FetchError("busy", status=429, retry_after=asked), NOW)
    assert wait(state) == (expected or schedule.backoff(FEED, 1))


def test_patience_for_one_feed_is_none_for_its_siblings_fault_23():
    sibling = a_feed("https://feeds.example/other", id="sibling")
    busy = schedule.after_error(FEED, a_state(), FetchError("busy", status=429, retry_after=HOUR), NOW)
    other = schedule.after_news(sibling, a_state(feed_id="sibling"), fetched(), parsed(), NOW)
    assert wait(busy) == HOUR
    assert wait(other) < 2 * sibling.interval


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(FetchError("gone", gone=True), FeedStatus.GONE, id="410, fault 21"),
        pytest.param(FetchError("private", blocked=True), FeedStatus.BLOCKED, id="private address, fault 20"),
    ],
)
def test_what_can_not_get_better_by_itself_stops_the_feed_with_its_reason(error, status):
    state = schedule.after_error(FEED, a_state(), error, NOW)
    assert (state.status, state.last_error) == (status, str(error))
    assert state.next_poll_at is None


def test_a_blocked_feed_gets_another_try_when_settings_may_have_changed():
    blocked = a_state(status=FeedStatus.BLOCKED)
    again = schedule.refreshed(FEED, blocked)
    assert (again.status, again.next_poll_at) == (FeedStatus.ACTIVE, None)
    gone = a_state(status=FeedStatus.GONE)
    assert schedule.refreshed(FEED, gone) == gone


NEW = "https://new.example/rss"


def test_a_permanent_redirect_is_adopted_after_three_sights_in_a_row_fault_19():
    state = a_state(baselined=True)
    for seen in (1, 2):
        state = schedule.after_news(FEED, state, fetched(permanent_redirect=NEW), parsed(), NOW)
        assert (state.url, state.redirect_to, state.redirect_seen, state.etag) == ("", NEW, seen, b'"1"')
    state = schedule.after_not_modified(FEED, state, NotModified(etag=b'"1"', permanent_redirect=NEW), NOW)
    assert (state.url, state.redirect_to, state.redirect_seen) == (NEW, "", 0)
    assert (state.etag, state.last_modified, state.body_hash) == (None, None, "hash")
    assert state.baselined


@pytest.mark.parametrize("between", ["", "https://elsewhere.example/"])
def test_a_redirect_seen_once_or_with_another_between_is_not_adopted_fault_19(between):
    state = a_state()
    for target in (NEW, NEW, between, NEW, NEW):
        state = schedule.after_news(FEED, state, fetched(permanent_redirect=target), parsed(), NOW)
    assert (state.url, state.redirect_seen) == ("", 2)


def test_an_address_edited_by_hand_makes_everything_that_belonged_to_the_old_one_void():
    old = a_state(
        address="https://older.example/",
        url=NEW,
        etag=b'"1"',
        body_hash="h",
        baselined=True,
        status=FeedStatus.GONE,
    )
    state = schedule.refreshed(FEED, old)
    assert (state.url, state.etag, state.body_hash, state.status) == ("", None, None, FeedStatus.ACTIVE)
    assert not state.baselined, "what the new address shows at first is no news"
    assert schedule.refreshed(FEED, state) == state
    unchanged = a_state(address=FEED.url, url=NEW, baselined=True)
    assert schedule.refreshed(FEED, unchanged) == unchanged


def test_first_polls_are_spread_over_a_bounded_time_fault_28():
    states = [schedule.new_state(a_feed(id=f"f{n}"), NOW) for n in range(50)]
    assert all(NOW <= s.next_poll_at < NOW + 2 * MINUTE for s in states)
    assert len({s.next_poll_at for s in states}) == 50
    assert states[0] == schedule.new_state(a_feed(id="f0"), NOW)


OLD, YOUNG = "Mon, 23 Nov 2026 12:00:00 GMT", "Tue, 24 Nov 2026 11:30:00 GMT"
FUTURE, EPOCH = "Tue, 24 Nov 2036 12:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize(
    ("lookback", "baselined", "news"),
    [
        pytest.param(timedelta(0), False, [], id="a silent first poll"),
        pytest.param(HOUR, False, [1], id="only what is young and dated"),
        pytest.param(timedelta(0), True, [0, 1, 2, 3, 4], id="a later poll"),
    ],
)
def test_a_first_poll_is_a_silent_baseline_fault_28_fault_27(lookback, baselined, news):
    shown = entries(OLD, YOUNG, FUTURE, EPOCH, "")
    feed = a_feed(lookback=lookback)
    told, silent = schedule.split_baseline(feed, a_state(baselined=baselined), shown, NOW)
    assert [shown.index(e) for e in told] == news
    assert {e.id for e in told} | {e.id for e in silent} == {e.id for e in shown}
    assert len(told) + len(silent) == len(shown)


def test_a_new_feed_with_500_old_items_is_no_flood_fault_28():
    shown = entries(*[OLD] * 500)
    assert all(e.date_quality is DateQuality.OK for e in shown)
    told, silent = schedule.split_baseline(a_feed(lookback=HOUR), a_state(), shown, NOW)
    assert (len(told), len(silent)) == (0, 500)


def polled(*minutes, failing=()):
    """The state after polls at these minutes, some of which fail."""
    state = a_state()
    for at in minutes:
        now = NOW + at * MINUTE
        if at in failing:
            state = schedule.after_error(FEED, state, FetchError("no network"), now)
        else:
            state = schedule.after_not_modified(FEED, state, NotModified(), now)
    return state


@pytest.mark.parametrize(
    ("minutes", "failing", "begun"),
    [
        pytest.param((0, 15, 30), (), 0, id="every poll"),
        pytest.param((0, 15, 30, 60), (15, 30), 0, id="but for a hiccup"),
        pytest.param((0, 15, 30, 60, 120), (15, 30, 60), 120, id="an outage begins it anew"),
        pytest.param((0, 300, 315), (), 300, id="so does a time in which nobody polled"),
    ],
)
def test_an_unbroken_watch_begins_with_the_answer_after_a_break(minutes, failing, begun):
    state = polled(*minutes, failing=failing)
    assert state.answers_since == NOW + begun * MINUTE
    now = NOW + minutes[-1] * MINUTE
    assert schedule.answering([state], now) == {FEED.id: state.answers_since}
    assert schedule.answering([state], now + 2 * HOUR) == {FEED.id: None}, "it is overdue"


def test_a_feed_that_fails_just_now_answers_not():
    assert schedule.answering([polled(0, 15, failing=(15,))], NOW + 16 * MINUTE) == {FEED.id: None}


@pytest.mark.parametrize("status", FeedStatus)
def test_what_is_gone_or_paused_is_not_waited_for_and_what_is_blocked_is(status):
    states = [replace(polled(0), status=status), a_state()]
    found = schedule.answering(states, NOW)
    assert found == {
        FeedStatus.ACTIVE: {FEED.id: NOW},
        FeedStatus.BLOCKED: {FEED.id: None},
    }.get(status, {})


def test_an_address_edited_by_hand_is_watched_anew():
    moved = replace(FEED, url="https://elsewhere.example/")
    state = schedule.refreshed(moved, replace(polled(0), address=FEED.url))
    after = schedule.after_not_modified(moved, state, NotModified(), NOW + 15 * MINUTE)
    assert after.answers_since == NOW + 15 * MINUTE
