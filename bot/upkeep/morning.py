"""What managers read in the morning: what is down, silent or slow, what fired or annoys, and how queue and disk are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.delivery.feedback import SPAN as VOTED
from bot.delivery.feedback import doubtful, shares, wilson
from bot.delivery.feeds import state_word
from bot.delivery.sheet import clip
from bot.delivery.words import count
from bot.locale import show_decimal, show_number, tr
from bot.office import Delays, Source, Vitals
from bot.ports import Status
from bot.shelves import Votes
from bot.text import show_duration

SPAN = timedelta(days=30)  # over which a feed's rhythm is measured
_ENOUGH = 5  # entries from which there is a rhythm
_GAPS, _QUIET = 6, timedelta(days=2)  # so many times its usual gap, and at least this, is unusually long
_SLOW = timedelta(hours=1)
_NAMED = 5
_LOW_DISK = 1_000_000_000  # bytes
_DOUBTED = 3  # rules and sources together
_LOWEST_TIER = 3
_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What is reported."""

    status: Status
    vitals: Vitals
    sources: Sequence[Source]
    rates: Mapping[str, tuple[int, datetime]]  # feed id → entries within `SPAN`, and when the last came
    slowest: Sequence[Delays]  # feeds by median from publication to us, over the last day
    fired: Sequence[tuple[str, int]]  # rules and how many cards they began in the last day
    rule_votes: Sequence[Votes] = ()  # of rules that readers still vote on, as `/precision` counts them
    source_votes: Sequence[Votes] = ()


def report(night: Night, now: datetime) -> list[str]:
    """The report, a line each."""
    return [
        tr("Good morning. The last 24 hours:"),
        *_sources(night, now),
        _fired(night.fired),
        *_doubted(night),
        _queue(night.status, now),
        _machine(night.vitals),
    ]


def silent(
    sources: Sequence[Source], rates: Mapping[str, tuple[int, datetime]], now: datetime
) -> list[tuple[str, timedelta]]:
    """Feeds of which nothing came for unusually long, and for how long; longest first."""
    found = []
    for source in sources:
        entries, last = rates.get(source.id, (0, now))
        usual = SPAN / max(entries, 1)
        if (
            source.state == "active"
            and not source.is_down
            and entries >= _ENOUGH
            and now - last > max(_GAPS * usual, _QUIET)
        ):
            found.append((source.id, now - last))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _sources(night: Night, now: datetime) -> list[str]:
    down = [s for s in night.sources if s.is_down]
    quiet = silent(night.sources, night.rates, now)
    slow = [d for d in night.slowest if d.median > _SLOW]
    lines = [
        tr(
            "Sources: {all}, {down} down, {silent} silent, {slow} slow",
            all=show_number(len(night.sources)),
            down=show_number(len(down)),
            silent=show_number(len(quiet)),
            slow=show_number(len(slow)),
        )
    ]
    lines += [
        tr("• down: {feed}, {problem}", feed=s.id, problem=clip(s.last_error or state_word(s.state), 100))
        for s in down[:_NAMED]
    ]
    lines += [
        tr("• silent for {span}: {feed}", span=show_duration(span), feed=feed)
        for feed, span in quiet[:_NAMED]
    ]
    lines += [
        tr("• slow: {feed}, {span} after publication", feed=d.name, span=show_duration(d.median))
        for d in slow[:_NAMED]
    ]
    more = sum(max(0, len(found) - _NAMED) for found in (down, quiet, slow))
    return lines + ([tr("• and {n} more: /sources", n=show_number(more))] if more else [])


def _fired(fired: Sequence[tuple[str, int]]) -> str:
    if not fired:
        return tr("Rules: none fired")
    most = ", ".join(f"{rule} {show_number(times)}×" for rule, times in fired)
    return tr("Rules that fired most: {rules}", rules=most)


def _doubted(night: Night) -> list[str]:
    """The rules and sources whose cards are mostly noise to readers, the worst first, and what may be done."""
    polled = {s.id: s for s in night.sources if s.state == "active"}
    rules = [(v, _demote_rule(v)) for v in doubtful(night.rule_votes)]
    sources = [
        (v, _demote_source(v, polled[v.name])) for v in doubtful(night.source_votes) if v.name in polled
    ]
    found = sorted((*rules, *sources), key=lambda pair: wilson(pair[0].useful, pair[0].total)[1])
    if not found:
        return []
    lines = [
        tr("Least precise, by what readers said in {n} days; nothing changes by itself:", n=VOTED.days),
        *(proposal for _, proposal in found[:_DOUBTED]),
    ]
    more = len(found) - _DOUBTED
    return lines + ([tr("• and {n} more: /precision", n=show_number(more))] if more > 0 else [])


def _demote_rule(votes: Votes) -> str:
    return tr(
        "• rule {rule}: {shares}; consider a lower level for it",
        rule=clip(votes.name, _NAME),
        shares=shares(votes),
    )


def _demote_source(votes: Votes, source: Source) -> str:
    name = clip(source.id, _NAME)
    if source.tier >= _LOWEST_TIER:
        return tr(
            "• source {feed}: {shares}; consider /sources pause {feed}", feed=name, shares=shares(votes)
        )
    return tr(
        "• source {feed}: {shares}; consider tier {lower} instead of {tier} for it",
        feed=name,
        shares=shares(votes),
        lower=source.tier + 1,
        tier=source.tier,
    )


def _queue(status: Status, now: datetime) -> str:
    pending, parked = show_number(status.pending), show_number(status.parked)
    readers = count(status.subscribers, "subscriber", "subscribers")
    if status.oldest_pending_at is None:
        return tr(
            "Queue: {pending} waiting, {parked} parked; {subscribers}",
            pending=pending,
            parked=parked,
            subscribers=readers,
        )
    return tr(
        "Queue: {pending} waiting, oldest for {span}, {parked} parked; {subscribers}",
        pending=pending,
        span=show_duration(now - status.oldest_pending_at),
        parked=parked,
        subscribers=readers,
    )


def _machine(vitals: Vitals) -> str:
    size, free = show_decimal(vitals.database / 1e6, 0), show_decimal(vitals.disk_free / 1e9, 1)
    if vitals.disk_free < _LOW_DISK:
        return tr("Database {size} MB, disk free {free} GB (low)", size=size, free=free)
    return tr("Database {size} MB, disk free {free} GB", size=size, free=free)
