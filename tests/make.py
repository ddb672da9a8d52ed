"""Makes model values for tests: everything has a default, a test names what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model import (
    Alert,
    AlertKind,
    Analysis,
    Attribution,
    Card,
    DateQuality,
    Entry,
    Event,
    Match,
    Mention,
    Notification,
    Polarity,
    Policy,
    Reason,
    Severity,
    SourceKind,
    Span,
    Stage,
    Story,
)
from bot.stories import cluster
from bot.text import digest

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
TITLE = "Meta weighs selling surplus AI compute to outsiders, people familiar say"


def entry(
    title: str = TITLE, *, feed: str = "wire", guid: str = "", at: datetime = NOW, text: str = "", **more: Any
) -> Entry:
    """An entry that was published and seen at `at`."""
    guid = guid or title
    made = Entry(
        id=digest(feed, guid),
        feed_id=feed,
        guid=guid,
        url=f"https://news.example/{digest(feed, guid)}",
        title=title,
        text=text,
        content=digest(title, text),
        published=at,
        date_quality=DateQuality.OK,
        seen_at=at,
        kind=SourceKind.WIRE,
        tier=1,
        source=feed.title(),
    )
    return replace(made, **more)


def event(
    theme: str = "compute_resale",
    actor: str | None = "META",
    *,
    evidence: tuple[int, int] = (0, 10),
    stage: Stage = Stage.EXPLORING,
    attribution: Attribution = Attribution.SOURCED,
    polarity: Polarity = Polarity.AFFIRMED,
    **more: Any,
) -> Event:
    """An event whose evidence lies in the title."""
    return Event(
        theme=theme,
        actor=actor,
        stage=stage,
        attribution=attribution,
        polarity=polarity,
        evidence=Span("title", *evidence),
        **more,
    )


def analysis(of: Entry, *events: Event, companies: Sequence[str] = ("META",), **more: Any) -> Analysis:
    """An analysis with these events; every company is mentioned at the title's start."""
    mentions = tuple(Mention(company=c, span=Span("title", 0, 4)) for c in companies)
    return Analysis(entry_id=of.id, mentions=mentions, events=events, version="test", **more)


def story(first: Entry | None = None, *events: Event) -> Story:
    """A story that one entry has begun."""
    first = first or entry()
    return cluster.begin(first, analysis(first, *(events or (event(),)))).story


def match(of: Entry | None = None, **more: Any) -> Match:
    """A match of the resale rule."""
    of = of or entry()
    values: dict[str, Any] = {
        "rule_id": "compute/resale",
        "pack": "compute",
        "level": Severity.HIGH,
        "title": "Meta sells surplus compute",
        "story_id": digest("story", of.id),
        "entry_id": of.id,
        "event": event(),
        "rule_line": "compute.yaml:5",
        "policy": Policy(),
    }
    return Match(**(values | more))


def alert(of: Entry | None = None, **more: Any) -> Alert:
    """The alert of a story's first card."""
    of = of or entry()
    values: dict[str, Any] = {
        "id": digest("alert", of.id),
        "kind": AlertKind.NEW,
        "reason": Reason.FIRST,
        "rule_id": "compute/resale",
        "pack": "compute",
        "rule_line": "compute.yaml:5",
        "level": Severity.HIGH,
        "title": "Meta sells surplus compute",
        "story_id": digest("story", of.id),
        "entry_id": of.id,
        "event": event(),
        "evidence": of.title[:10],
        "created_at": of.seen_at,
        "companies": frozenset({"META"}),
    }
    return Alert(**(values | more))


def notification(of: Alert | None = None, *, to: str = "telegram:1", **more: Any) -> Notification:
    """A notification of an alert."""
    of = of or alert()
    values: dict[str, Any] = {
        "id": digest(of.id, of.kind, to),
        "alert_id": of.id,
        "subscriber_id": to,
        "story_id": of.story_id,
        "rule_id": of.rule_id,
        "kind": of.kind,
        "card": Card(text=of.title),
        "level": of.level,
        "created_at": of.created_at,
    }
    return Notification(**(values | more))
