"""The running example as model values: Meta weighs selling compute, some companies are exposed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import make

from bot.model import (
    Alert,
    AlertKind,
    Attribution,
    Claim,
    Entry,
    Exposure,
    Member,
    Polarity,
    Reason,
    Span,
    Stage,
    Story,
)

NOW = make.NOW + timedelta(hours=4, minutes=3)  # 18:03 UTC, 13:03 in New York
TITLE = "Meta weighs selling surplus AI compute to outsiders"
TEXT = (
    "Meta has spent heavily on data centres. The company is exploring selling excess computing capacity, people "
    "familiar with the matter said. Shares of rivals fell."
)
EVIDENCE = "exploring selling excess computing capacity"
EXPOSURES = (
    Exposure(company="CRWV", path=("competes_with",), weight=0.9),
    Exposure(company="NBIS", path=("competes_with",), weight=0.8),
    Exposure(company="NVDA", path=("demand_for",), weight=0.7),
    Exposure(company="MU", path=("demand_for", "supplies"), weight=0.5, via=("NVDA",)),
    Exposure(company="000660.KS", path=("demand_for", "supplies"), weight=0.4, via=("NVDA",)),
)


def names(target_id: str) -> str:
    """Readable names of the scene."""
    known = {"000660.KS": "SK Hynix", "META": "Meta", "compute_resale": "compute resale"}
    return known.get(target_id, target_id)


def wire(**more: Any) -> Entry:
    """The first report."""
    at = NOW - timedelta(minutes=1)
    values: dict[str, Any] = {
        "title": TITLE,
        "text": TEXT,
        "url": "https://wire.example/meta",
        "source": "Example Wire",
    }
    return make.entry(**{"at": at, "seen_at": NOW} | values | more)


def told(of: Entry, *, evidence: str = EVIDENCE, **more: Any) -> Alert:
    """The alert of that report; the evidence is found in its title or text."""
    field = "title" if evidence in of.title else "text"
    start = (of.title if field == "title" else of.text).index(evidence)
    event = make.event(
        stage=more.pop("stage", Stage.EXPLORING),
        attribution=more.pop("attribution", Attribution.SOURCED),
        polarity=more.pop("polarity", Polarity.AFFIRMED),
    )
    span = Span("title" if field == "title" else "text", start, start + len(evidence))
    values: dict[str, Any] = {
        "id": "a1b2c3d4e5f60718",
        "event": make.replace(event, evidence=span),
        "evidence": evidence,
        "exposures": EXPOSURES,
        "created_at": NOW,
    }
    return make.alert(of, **(values | more))


def begun(of: Entry, *, origins: int = 2, copies: int = 9, revision: int = 1, **more: Any) -> Story:
    """The story so far."""
    members = tuple(
        Member(
            entry_id=of.id if n == 0 else f"entry {n}",
            feed_id="wire",
            source="Example Wire",
            at=of.at,
            origin=n < origins,
            tier=1,
            words=frozenset(),
            url=of.url if n == 0 else "",
        )
        for n in range(origins + copies)
    )
    claim = Claim(
        theme="compute_resale",
        actor="META",
        stage=Stage.EXPLORING,
        attribution=Attribution.SOURCED,
        polarity=more.pop("polarity", Polarity.AFFIRMED),
    )
    return Story(
        id="story",
        title=of.title,
        first_seen=of.seen_at,
        last_seen=of.seen_at,
        companies=frozenset({"META"}),
        claims=(claim,),
        members=members,
        revision=revision,
    )


def edited(of: Entry, **more: Any) -> Alert:
    """The alert of a silent edit."""
    return told(
        of,
        **(
            {"kind": AlertKind.EDIT, "reason": Reason.COUNTED, "created_at": NOW + timedelta(minutes=38)}
            | more
        ),
    )
