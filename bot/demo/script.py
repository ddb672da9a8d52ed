"""Reads the demo's feeds: who says what, when, and what the program should make of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from bot.documents import Strict, read_document
from bot.errors import RulesError
from bot.model import Modality, Severity, SourceKind
from bot.text import parse_duration

FEEDS = Path(__file__).parent / "feeds"
NOTICE = "(invented for the demo)"
DAYS = 3
SHOWN = 20  # entries that a feed shows at most, as real ones do

_MOMENT = re.compile(r"d(\d) ([01]\d|2[0-3]):([0-5]\d)")


def read_moment(text: str) -> timedelta:
    """Read 'd1 14:02' as the time since day 0, 00:00 UTC.

    Raises:
        ValueError: Not such a moment, or after the demo's last day.
    """
    found = _MOMENT.fullmatch(text)
    if found is None or int(found[1]) >= DAYS:
        raise ValueError(f"{text!r} is no moment of the demo; write for example d0 14:02 (d0 to d{DAYS - 1})")
    return timedelta(days=int(found[1]), hours=int(found[2]), minutes=int(found[3]))


def day_zero(start: datetime) -> datetime:
    """Midnight UTC of the day on which the demo starts; every `at` counts from it."""
    return start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


Moment = Annotated[timedelta, BeforeValidator(read_moment)]
Interval = Annotated[timedelta, BeforeValidator(parse_duration)]


def _read_level(word: str) -> Severity:
    try:
        return Severity.parse(word)
    except KeyError as e:
        raise ValueError(f"{word!r} is no level; write one of {', '.join(s.word for s in Severity)}") from e


Level = Annotated[Severity, BeforeValidator(_read_level)]


class Behaviour(StrEnum):
    """How a feed's server treats those who poll it."""

    PLAIN = "plain"
    MOVED = "moved"  # 301 from the old path to a new one
    BUSY = "busy"  # every seventh poll: 429 with Retry-After: 60
    BROKEN = "broken"  # malformed but readable XML, and an hour of garbage on day 1
    IGNORES_VALIDATORS = "ignores_validators"  # never 304, a new ETag each time
    GZIP = "gzip"


class Dates(StrEnum):
    """How a feed writes its dates."""

    STANDARD = "standard"  # as the format demands
    NAIVE = "naive"  # without a zone
    STRANGE = "strange"  # in turn: without a zone, unreadable, a day ahead


class Role(StrEnum):
    """What part an entry plays in its story."""

    REPORT = "report"  # the first one
    ORIGIN = "origin"  # an independent source of the same claim
    COPY = "copy"
    REACTION = "reaction"  # what the market did
    DENIAL = "denial"
    CONFIRMATION = "confirmation"
    CORRECTION = "correction"
    COMMENT = "comment"  # opinion, forecast, chatter
    RUMOUR = "rumour"  # one weak voice, never corroborated
    BASELINE = "baseline"  # was there before the program was started
    RECAP = "recap"  # recalls old news
    LOOKALIKE = "lookalike"
    NOISE = "noise"


class Effect(StrEnum):
    """What a reader should notice of an entry."""

    CARD = "card"  # a new card, with sound
    REPLY = "reply"  # a reply to its story's card, with sound
    EDIT = "edit"  # no sound: counted on its story's card, or nothing at all
    SILENT = "silent"  # nothing at all


class Said(Strict):
    """An event that a careful reader finds, written 'META compute_resale considering'; actor '-' for none."""

    actor: str | None
    theme: str
    modality: Modality

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = value.split()
        if len(parts) != 3:
            raise ValueError(f"{value!r} is no claim; write actor, theme and modality")
        actor, theme, word = parts
        return {"actor": None if actor == "-" else actor, "theme": theme, "modality": word}


class Expect(Strict):
    """What the program should make of an entry (or of its edit)."""

    outcome: Effect
    role: Role
    story: str = ""
    level: Level | None = None
    says: tuple[Said, ...] = ()  # the claims that matter; an entry may make others

    @property
    def alert(self) -> bool:
        """Whether a phone should ring."""
        return self.outcome in (Effect.CARD, Effect.REPLY)

    @model_validator(mode="after")
    def _is_whole(self) -> Expect:
        if self.alert and not (self.story and self.says):
            raise ValueError(f"outcome {self.outcome} needs a story and what the entry says")
        if (self.outcome is Effect.CARD) != (self.level is not None):
            raise ValueError("a card, and nothing else, has a level")
        return self


class Edit(Strict):
    """A later version of an entry under the same guid; what it leaves out stays as it was."""

    at: Moment
    title: str | None = None
    text: str | None = None
    expect: Expect | None = None


class ScriptEntry(Strict):
    """One item of a demo feed."""

    at: Moment
    guid: str
    title: str = ""  # empty: a social post
    text: str
    html: bool = False  # text is HTML, not plain
    url: str = ""  # empty: made from the feed's id and the guid
    edit: tuple[Edit, ...] = ()
    expect: Expect | None = None

    @model_validator(mode="after")
    def _edits_follow(self) -> ScriptEntry:
        moments = [self.at, *(e.at for e in self.edit)]
        if any(a >= b for a, b in pairwise(moments)):
            raise ValueError(f"the edits of {self.guid} must follow it in order of time")
        return self


class FeedScript(Strict):
    """A demo feed: how it is served, and all that it will ever say."""

    version: Literal["1"]
    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    title: str
    kind: SourceKind
    tier: Annotated[int, Field(ge=1, le=3)]
    language: str
    format: Literal["rss", "atom", "rdf", "json"]
    interval: Interval
    behaviour: Behaviour = Behaviour.PLAIN
    dates: Dates = Dates.STANDARD
    entries: tuple[ScriptEntry, ...]

    @field_validator("title")
    @classmethod
    def _title_says_so(cls, title: str) -> str:
        if not title.endswith(NOTICE):
            raise ValueError(f"the title must end with {NOTICE!r}")
        return title

    @model_validator(mode="after")
    def _guids_differ(self) -> FeedScript:
        guids = [e.guid for e in self.entries]
        if not guids:
            raise ValueError("a feed needs at least one entry")
        twice = sorted({g for g in guids if guids.count(g) > 1})
        if twice:
            raise ValueError(f"guid used twice: {', '.join(twice)}")
        return self

    @property
    def description(self) -> str:
        """The notice in full, as the feed's description."""
        return (
            f"{self.title}. This outlet and its reports were made up to demonstrate a program. "
            "Companies that exist did not say or do what is told here; nothing in it is news or advice."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An entry as a feed shows it at some moment, its edits applied."""

    number: int  # its place in the script, from 0
    guid: str
    url: str
    title: str
    text: str
    html: bool
    at: timedelta
    changed: timedelta  # of the last edit that shows; `at` where there is none


def load_scripts(folder: Path = FEEDS) -> tuple[FeedScript, ...]:
    """Read every feed of a folder, in the order of their file names.

    Raises:
        RulesError: A file is wrong, two feeds have one id, or there is none.
    """
    scripts: dict[str, FeedScript] = {}
    for path in sorted(folder.glob("*.yaml")):
        script = read_document(path, FeedScript).content
        if script.id in scripts:
            raise RulesError(f"a second feed has the id {script.id!r}", path)
        scripts[script.id] = script
    if not scripts:
        raise RulesError(
            "holds no *.yaml file of the demo; reinstall the program with its data files", folder
        )
    return tuple(scripts.values())


def shown(script: FeedScript, elapsed: timedelta) -> tuple[Shown, ...]:
    """What a feed shows when `elapsed` has passed since day 0, 00:00: newest first, at most `SHOWN`."""
    visible = [_show(script, n, e, elapsed) for n, e in enumerate(script.entries) if e.at <= elapsed]
    return tuple(sorted(visible, key=lambda s: (s.at, s.number), reverse=True)[:SHOWN])


def last_change(entries: Iterable[Shown]) -> timedelta:
    """When what is shown last changed; zero where nothing is shown."""
    return max((e.changed for e in entries), default=timedelta(0))


def _show(script: FeedScript, number: int, entry: ScriptEntry, elapsed: timedelta) -> Shown:
    title, text, changed = entry.title, entry.text, entry.at
    for edit in entry.edit:
        if edit.at <= elapsed:
            title = edit.title if edit.title is not None else title
            text = edit.text if edit.text is not None else text
            changed = edit.at
    return Shown(
        number=number,
        guid=entry.guid,
        url=entry.url or f"https://{script.id}.example/{entry.guid}",
        title=title,
        text=text,
        html=entry.html,
        at=entry.at,
        changed=changed,
    )
