"""What managers read in the morning: what is down, silent or slow, what fired, and how queue and disk are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.delivery.sheet import clip
from bot.delivery.words import count
from bot.office import Delays, Source, Vitals
from bot.ports import Status
from bot.text import show_duration

SPAN = timedelta(days=30)  # over which a feed's rhythm is measured
_ENOUGH = 5  # entries from which there is a rhythm
_GAPS, _QUIET = 6, timedelta(days=2)  # so many times its usual gap, and at least this, is unusually long
_SLOW = timedelta(hours=1)
_NAMED = 5
_LOW_DISK = 1_000_000_000  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What is reported."""

    status: Status
    vitals: Vitals
    sources: Sequence[Source]
    rates: Mapping[str, tuple[int, datetime]]  # feed id → entries within `SPAN`, and when the last came
    slowest: Sequence[Delays]  # feeds by median from publication to us, over the last day
    fired: Sequence[tuple[str, int]]  # rules and how many cards they began in the last day


def report(night: Night, now: datetime) -> list[str]:
    """The report, a line each."""
    return [
        "Good morning. The last 24 hours:",
        *_sources(night, now),
        _fired(night.fired),
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
        f"Sources: {len(night.sources):,}, {len(down):,} down, {len(quiet):,} silent, {len(slow):,} slow"
    ]
    lines += [f"• down: {s.id}, {clip(s.last_error or s.state, 100)}" for s in down[:_NAMED]]
    lines += [f"• silent for {show_duration(span)}: {feed}" for feed, span in quiet[:_NAMED]]
    lines += [f"• slow: {d.name}, {show_duration(d.median)} after publication" for d in slow[:_NAMED]]
    more = sum(max(0, len(found) - _NAMED) for found in (down, quiet, slow))
    return lines + ([f"• and {more:,} more: /sources"] if more else [])


def _fired(fired: Sequence[tuple[str, int]]) -> str:
    if not fired:
        return "Rules: none fired"
    return "Rules that fired most: " + ", ".join(f"{rule} {times:,}×" for rule, times in fired)


def _queue(status: Status, now: datetime) -> str:
    oldest = status.oldest_pending_at
    age = f", oldest for {show_duration(now - oldest)}" if oldest is not None else ""
    return f"Queue: {status.pending:,} waiting{age}, {status.parked:,} parked; {count(status.subscribers, 'subscriber', 'subscribers')}"


def _machine(vitals: Vitals) -> str:
    low = " (low)" if vitals.disk_free < _LOW_DISK else ""
    return f"Database {vitals.database / 1e6:,.0f} MB, disk free {vitals.disk_free / 1e9:,.1f} GB{low}"
