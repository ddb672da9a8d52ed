"""How long news took, from publication to the reader's phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.locale import marked
from bot.office import Delays, Latency
from bot.store.database import Database
from bot.store.rows import stamp

DAY = timedelta(days=1)
MOST = 50_000  # entries or messages that are looked at, the newest
WORST = 5  # feeds that are named
_FEW = 3  # entries from which a feed's median says something

# Seconds between two stored moments.
_SPAN = "(julianday({}) - julianday({})) * 86400.0"
# What a feed's silent first poll brought was not waited for; what is published elsewhere days before neither.
_SEEN = f"""
    SELECT e.feed_id, e.kind, {_SPAN.format("e.seen_at", "e.published")} AS seen,
      {_SPAN.format("v.at", "e.seen_at")} AS decided
    FROM entries e JOIN (SELECT entry_id, min(at) AS at, max(reason = 'baseline') AS is_baseline
      FROM verdicts WHERE at >= :since GROUP BY entry_id) v ON v.entry_id = e.id
    WHERE e.seen_at >= :since AND e.published >= :since AND e.date_quality = 'ok' AND NOT v.is_baseline
    ORDER BY e.n DESC LIMIT :most
"""
# What a route or a mute holds back is not late: a first attempt counts from when it was due.
_SENT = f"""
    SELECT {_SPAN.format("closed_at", "CASE WHEN attempts = 1 THEN due_at ELSE created_at END")} AS sent
    FROM outbox WHERE state = 'sent' AND kind <> 'edit' AND alert_id <> '' AND closed_at >= :since
    ORDER BY seq DESC LIMIT :most
"""


def latency(db: Database, now: datetime) -> Latency:
    """Of what came within the last day.

    Raises:
        StoreError: The database can't be read.
    """
    given = {"since": stamp(now - DAY), "most": MOST}
    rows = db.rows(_SEEN, given)
    sent = [row["sent"] for row in db.rows(_SENT, given)]
    by_kind: dict[str, list[float]] = {}
    by_feed: dict[str, list[float]] = {}
    for row in rows:
        by_kind.setdefault(row["kind"], []).append(row["seen"])
        by_feed.setdefault(row["feed_id"], []).append(row["seen"])
    stages = {
        marked("published → seen"): [row["seen"] for row in rows],
        marked("seen → decided"): [row["decided"] for row in rows],
        marked("decided → sent"): sent,
    }
    return Latency(
        stages=_all(stages),
        kinds=sorted(_all(by_kind), key=lambda d: d.name),
        worst=slowest(by_feed, WORST),
    )


def slowest(by_feed: Mapping[str, Sequence[float]], limit: int) -> list[Delays]:
    """Feeds by their median, slowest first; those with next to nothing are left out."""
    enough = {feed: spans for feed, spans in by_feed.items() if len(spans) >= _FEW}
    return sorted(_all(enough), key=lambda d: (-d.median, d.name))[:limit]


def _all(found: Mapping[str, Sequence[float]]) -> list[Delays]:
    return [_delays(name, spans) for name, spans in found.items() if spans]


def _delays(name: str, spans: Iterable[float]) -> Delays:
    ordered = sorted(max(0.0, s) for s in spans)  # a clock may be ahead of another
    return Delays(
        name=name,
        count=len(ordered),
        median=timedelta(seconds=ordered[(len(ordered) - 1) // 2]),
        slow=timedelta(seconds=ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]),
    )
