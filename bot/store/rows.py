"""Between rows and the nouns: columns where the database must look inside, JSON where it need not."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from bot.model import (
    Alert,
    Analysis,
    Card,
    DateQuality,
    Decision,
    Digest,
    Entry,
    PollState,
    Reason,
    Severity,
    Sighting,
    Silence,
    SourceKind,
    Story,
    Subscriber,
    Verdict,
)

STORY: TypeAdapter[Story] = TypeAdapter(Story)
ALERT: TypeAdapter[Alert] = TypeAdapter(Alert)
ANALYSIS: TypeAdapter[Analysis] = TypeAdapter(Analysis)
CARD: TypeAdapter[Card] = TypeAdapter(Card)
SIGHTING: TypeAdapter[Sighting] = TypeAdapter(Sighting)

ENTRY_COLUMNS = (
    "id, feed_id, guid, url, title, text, content, published, date_quality, seen_at, kind, tier, "
    "language, source, author, revision"
)


@lru_cache(maxsize=4096)
def stamp(moment: datetime | None) -> str | None:
    """A moment as text that sorts: always UTC, always with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None


def moment(text: str | None) -> datetime | None:
    """The moment that `stamp` wrote."""
    return datetime.fromisoformat(text) if text else None


def _sure(text: str) -> datetime:
    return datetime.fromisoformat(text)


def clean(text: str) -> str:
    """Text that SQLite can store: lone surrogates become replacement characters."""
    return text.encode("utf-8", "replace").decode("utf-8")


def entry_row(entry: Entry) -> tuple[Any, ...]:
    """An entry's values in the order of `ENTRY_COLUMNS`."""
    return (
        entry.id,
        entry.feed_id,
        clean(entry.guid),
        clean(entry.url),
        clean(entry.title),
        clean(entry.text),
        entry.content,
        stamp(entry.published),
        entry.date_quality.value,
        stamp(entry.seen_at),
        entry.kind.value,
        entry.tier,
        entry.language,
        clean(entry.source),
        clean(entry.author),
        entry.revision,
    )


def entry_of(row: sqlite3.Row) -> Entry:
    """The entry of a row that has at least `ENTRY_COLUMNS`."""
    return Entry(
        id=row["id"],
        feed_id=row["feed_id"],
        guid=row["guid"],
        url=row["url"],
        title=row["title"],
        text=row["text"],
        content=row["content"],
        published=moment(row["published"]),
        date_quality=DateQuality(row["date_quality"]),
        seen_at=_sure(row["seen_at"]),
        kind=SourceKind(row["kind"]),
        tier=row["tier"],
        language=row["language"],
        source=row["source"],
        author=row["author"],
        revision=row["revision"],
    )


def subscriber_of(row: sqlite3.Row) -> Subscriber:
    """The subscriber of a row of `subscribers`."""
    return Subscriber(
        id=row["id"],
        channel=row["channel"],
        address=row["address"],
        level=Severity(row["level"]),
        active=bool(row["active"]),
        muted_until=moment(row["muted_until"]),
        language=row["language"],
        timezone=row["timezone"],
        quiet=quiet_of(row["quiet"]),
        budget=row["budget"],
        digest=digest_of(row["digest"]),
        digest_by_budget=bool(row["digest_by_budget"]),
        created_at=moment(row["created_at"]),
    )


def quiet_text(quiet: tuple[time, time] | None) -> str:
    """Quiet hours as they are stored: '22:00-07:00'; empty for none."""
    return "-".join(f"{at:%H:%M}" for at in quiet) if quiet else ""


def quiet_of(text: str) -> tuple[time, time] | None:
    """What `quiet_text` wrote."""
    begin, _, end = text.partition("-")
    return (time.fromisoformat(begin), time.fromisoformat(end)) if end else None


def digest_text(digest: Digest | None) -> str:
    """When digests come, as it is stored: '07:30' for every day, '0 07:30' for Mondays; empty for none."""
    if digest is None:
        return ""
    return f"{digest.at:%H:%M}" if digest.weekday is None else f"{digest.weekday} {digest.at:%H:%M}"


def digest_of(text: str) -> Digest | None:
    """What `digest_text` wrote."""
    *weekday, at = text.split(" ")
    return Digest(at=time.fromisoformat(at), weekday=int(weekday[0]) if weekday else None) if at else None


def silence_of(row: sqlite3.Row) -> Silence:
    """The silence, or the reader's mute, of a row."""
    until = moment(row["until"])
    assert until is not None
    return Silence(
        id=row["id"],
        until=until,
        rule_id=row["rule_id"],
        company=row["company"],
        story_id=row["story_id"],
        feed_id=row["feed_id"],
        comment=row["comment"],
    )


def verdict_of(row: sqlite3.Row) -> Verdict:
    """The verdict of a row of `verdicts`."""
    return Verdict(
        entry_id=row["entry_id"],
        at=_sure(row["at"]),
        decision=Decision(
            send=bool(row["send"]),
            reason=Reason(row["reason"]),
            until=moment(row["until"]),
            detail=row["detail"],
        ),
        story_id=row["story_id"],
        rule_id=row["rule_id"],
        rule_line=row["rule_line"],
        subscriber_id=row["subscriber_id"],
    )


def state_body(state: PollState) -> str:
    """A poll state as JSON; validators are opaque bytes, kept byte for byte as Latin-1 text."""
    plain = _STATE.dump_python(replace(state, etag=None, last_modified=None), mode="json")
    plain["etag"] = state.etag.decode("latin-1") if state.etag is not None else None
    plain["last_modified"] = (
        state.last_modified.decode("latin-1") if state.last_modified is not None else None
    )
    return json.dumps(plain)


def state_of(body: str) -> PollState:
    """The poll state that `state_body` wrote."""
    plain = json.loads(body)
    for name in ("etag", "last_modified"):
        if plain[name] is not None:
            plain[name] = plain[name].encode("latin-1")
    return _STATE.validate_python(plain)


_STATE: TypeAdapter[PollState] = TypeAdapter(PollState)
