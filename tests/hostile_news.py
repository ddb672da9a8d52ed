"""News as strangers may write it: entries, alerts about them and stories of them, for property tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import make
from card_scene import NOW
from hostile import ADDRESSES, strange
from hypothesis import strategies as st

from bot.model import (
    Alert,
    AlertKind,
    Attribution,
    Claim,
    DateQuality,
    Decision,
    Entry,
    Event,
    Exposure,
    Member,
    Neighbour,
    Polarity,
    Reason,
    Severity,
    Sighting,
    SourceKind,
    Span,
    Stage,
    Story,
    Verdict,
)
from bot.shelves import History, Hit

IDS = ["META", "NVDA", "000660.KS", "hyperscaler", "compute_resale"]
MOMENTS = st.integers(-60 * 24 * 400, 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
NAMES: st.SearchStrategy[Callable[[str], str]] = st.fixed_dictionaries(
    {key: strange(3) | st.just("Meta") for key in IDS}
).map(lambda table: lambda key: table.get(key, key))
"""Readable names, which the rules' authors may have copied from anywhere."""


@st.composite
def entries(draw: st.DrawFn, number: int = 0) -> Entry:
    """An entry of a feed that nobody vouches for."""
    title, text = draw(strange()), draw(strange(8))
    at = draw(MOMENTS)
    return make.entry(
        title,
        guid=f"e{number}",
        at=at,
        text=text,
        url=draw(ADDRESSES),
        source=draw(strange(3)),
        published=draw(st.sampled_from([at, None])),
        date_quality=draw(st.sampled_from(DateQuality)),
        kind=draw(st.sampled_from(SourceKind)),
        tier=draw(st.integers(1, 3)),
    )


@st.composite
def events(draw: st.DrawFn, of: Entry) -> Event:
    """A claim whose evidence lies anywhere in the entry, also where nothing of it shows."""
    field = draw(st.sampled_from(["title", "text"]))
    size = len(of.title if field == "title" else of.text)
    start = draw(st.integers(0, size))
    return Event(
        theme=draw(st.sampled_from(["compute_resale", "selloff"])),
        actor=draw(st.sampled_from(["META", "hyperscaler", None])),
        stage=draw(st.sampled_from(Stage)),
        attribution=draw(st.sampled_from(Attribution)),
        polarity=draw(st.sampled_from(Polarity)),
        evidence=Span("title" if field == "title" else "text", start, draw(st.integers(start, size))),
        score=draw(st.floats(0, 1)),
    )


EXPOSURES = st.lists(
    st.builds(
        Exposure,
        company=st.sampled_from([*IDS, "CRWV", "MU"]),
        path=st.lists(st.sampled_from(["competes_with", "supplies", "owes_much_to"]), min_size=1, max_size=3).map(tuple),
        weight=st.floats(0.01, 1),
        via=st.lists(st.sampled_from(IDS), max_size=2).map(tuple),
        direction=st.sampled_from([-1, 1]),
    ),
    max_size=15,
).map(tuple)  # fmt: skip


@st.composite
def alerts(draw: st.DrawFn, of: Entry, kind: AlertKind | None = None, number: int = 0) -> Alert:
    """An alert of any kind about an entry, with the words as they stand in it or stood in it once."""
    event = draw(events(of))
    body = of.title if event.evidence.field == "title" else of.text
    words = body[event.evidence.start : event.evidence.end]
    return make.alert(
        of,
        id=f"{number:x}1b2c3d4e5f60718",
        kind=kind or draw(st.sampled_from(AlertKind)),
        reason=draw(st.sampled_from(Reason)),
        level=draw(st.sampled_from(Severity)),
        title=draw(strange(4)),
        event=event,
        evidence=draw(st.just(words) | strange(4)),
        exposures=draw(EXPOSURES),
        created_at=draw(MOMENTS),
        note=draw(strange(3)),
        together=tuple(draw(st.lists(strange(3), max_size=8))),
        companies=frozenset({"META", "NVDA"}),
    )


@st.composite
def stories(draw: st.DrawFn, of: Entry, number: int = 0) -> Story:
    """A story that begins with an entry and has come to any end."""
    members = [
        Member(
            entry_id=of.id if n == 0 else f"other {n}",
            feed_id="wire",
            source=draw(strange(2)),
            at=draw(MOMENTS),
            origin=n == 0 or draw(st.booleans()),
            tier=draw(st.integers(1, 3)),
            words=frozenset(),
            url=draw(ADDRESSES),
        )
        for n in range(draw(st.integers(1, 4)))
    ]
    claims = [
        Claim(
            theme=theme,
            actor="META",
            stage=draw(st.sampled_from(Stage)),
            attribution=draw(st.sampled_from(Attribution)),
            polarity=draw(st.sampled_from(Polarity)),
        )
        for theme in draw(st.sampled_from([(), ("compute_resale",), ("compute_resale", "selloff")]))
    ]
    return Story(
        id=f"{number:x}5701e5701e",
        title=draw(st.just(of.headline) | strange()),
        first_seen=draw(MOMENTS),
        last_seen=NOW,
        companies=frozenset(IDS[:3]),
        claims=tuple(claims),
        members=tuple(members),
        revision=draw(st.sampled_from([0, 1, 12_345])),
        rule_id=draw(st.sampled_from(["", "", "compute/wave"])),
        withdrawn_by=draw(st.sampled_from([(), (members[0].outlet,), ("nobody",)])),
        spillover_at=draw(st.sampled_from([None, NOW])),
    )


@st.composite
def hits(draw: st.DrawFn, number: int = 0) -> Hit:
    """Something that was found, with a story and a card where it has them."""
    entry = draw(entries(number))
    story = draw(st.none() | stories(entry, number))
    return Hit(
        entry=entry,
        story=story,
        alert=draw(st.none() | alerts(entry, AlertKind.NEW, number)) if story else None,
    )


@st.composite
def histories(draw: st.DrawFn) -> History:
    """How a story went, of which some is stored no more."""
    told = [draw(entries(n)) for n in range(draw(st.integers(1, 3)))]
    known = draw(st.integers(1, 3) | st.just(30))  # some drawn ones, many times
    told = [replace(told[n % len(told)], id=f"entry {n}") for n in range(known)]
    if known > 3 and draw(st.booleans()):
        told = [replace(e, title="🔥🔥🔥 " * 60, source="🔥" * 60) for e in told]
    claims = [draw(events(told[0])) for _ in range(3)]
    story = draw(stories(told[0]))
    more = tuple(replace(story.members[0], entry_id=e.id, url=e.url) for e in told[1:])
    story = replace(story, members=story.members + more)
    sightings = [
        Sighting(
            story_id=story.id,
            at=entry.at,
            event=replace(claims[n % 3], evidence=Span("title", 0, 0)),
            companies=(),
            sectors=(),
            entry_id=entry.id,
            feed_id=entry.feed_id,
            kind=entry.kind,
            tier=entry.tier,
            language="en",
            source=entry.source,
            title=entry.headline,
            url=entry.url,
        )
        for n, entry in enumerate(told)
    ]
    parts = tuple(draw(stories(entry, n)) for n, entry in enumerate(told[:12], 1)) if story.rule_id else ()
    return History(
        story=replace(story, links=(*(p.id for p in parts), "gone") if parts else ()),
        alerts=tuple(draw(alerts(entry, number=n)) for n, entry in enumerate(told[:3])),
        sightings=tuple(sightings),
        entries={e.id: e for n, e in enumerate(told) if n > 3 or draw(st.booleans())},
        withdrawals=frozenset(e.id for e in told[:3] if draw(st.booleans())),
        parts=parts,
    )


@st.composite
def verdicts(draw: st.DrawFn, who: str) -> Verdict:
    """A decision, general or about somebody."""
    decision = Decision(
        send=draw(st.booleans()),
        reason=draw(st.sampled_from(Reason)),
        until=draw(st.none() | MOMENTS),
        detail=draw(strange(3)),
    )
    return Verdict(
        entry_id="e", at=draw(MOMENTS), decision=decision, rule_id=draw(strange(2)), subscriber_id=draw(st.sampled_from(["", who]))
    )  # fmt: skip


NEIGHBOURS = st.lists(
    st.builds(
        Neighbour,
        company=st.sampled_from(IDS),
        step=st.sampled_from(["supplies", "competes_with", "customer_of", "funds", "funded_by", "owes_to"]),
        weight=st.floats(0.01, 1),
        known_since=st.just(date(2025, 1, 1)),
        source=strange(3),
    ),
    min_size=1,
    max_size=15,
)
