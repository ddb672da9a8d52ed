"""Reads the settings of a chat from a file in YAML that people edit: strictly, and with a line for every mistake.

Nothing in such a file says whose it is, and nothing of that is taken from one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import RootModel

from bot.delivery.attention import MAX_BUDGET, MAX_MUTE
from bot.delivery.clocks import (
    is_off,
    near_zones,
    read_digest,
    read_hours,
    read_zone,
)
from bot.delivery.muting import MOST as MOST_MUTES
from bot.delivery.muting import company_mute, marked_mute
from bot.delivery.replies import LEVELS, echo, read_target, unknown_name
from bot.delivery.sheet import clip
from bot.delivery.watching import MOST_FOLLOWED, MOST_WORDS, has_room, is_known, meant_by
from bot.delivery.words import alternatives, read_level
from bot.documents import Document, parse_document
from bot.errors import RulesError
from bot.hours import zone_of
from bot.locale import known_language, languages, tr
from bot.model import Severity, Silence, Subscriber, Target, TargetKind
from bot.ports import Vocabulary
from bot.shelves import Wishes
from bot.text import nearest

KEYS = ("version", "language", "level", "timezone", "quiet", "budget", "digest", "follow", "mute")
VERSION = "1"
MUTED = ("company", "rule", "source")
_EXPORTED = frozenset({"exported_at", "notifications", "decisions"})  # keys of the file with everything
_NAME = 60
_MOST_READ = 100  # keys, and items of a list: saying what was meant by each takes time


class _Anything(RootModel[Any]):
    """Whatever stands in the file: what it means is said here, in the reader's language."""


@dataclass
class Reading:
    """What came of reading a file."""

    wishes: Wishes = field(default_factory=lambda: Wishes(named=frozenset()))
    mistakes: list[str] = field(default_factory=list)  # each with its line and what to do
    ended: int = 0  # mutes whose time is over


def read_wishes(raw: bytes, reader: Subscriber, vocabulary: Vocabulary, now: datetime) -> Reading:
    """Read a file strictly; where there are mistakes, nothing of it is to be used.

    Args:
        raw: The file.
        reader: The chat that it is for.
        vocabulary: Understands names.
        now: The time.
    """
    try:
        document = parse_document(raw, Path("settings.yaml"), _Anything)
    except RulesError as e:
        return Reading(mistakes=[_unreadable(e)])
    if not isinstance(document.content.root, dict):
        return Reading(
            mistakes=[_at(1, tr("keys with values are expected here; /export shows how it looks"))]
        )
    return _Reader(document, reader, vocabulary, now).read()


def _unreadable(error: RulesError) -> str:
    if error.problem == "is empty":
        return tr("the file is empty; /export gives one that you can edit")
    if "a second time" in error.problem:
        return _at(error.line or 1, tr("this key stands here a second time; delete one"))
    problem = tr(
        "this is no YAML; look there for wrong indentation, a missing colon or an open quote ({problem})",
        problem=clip(error.problem, 200),
    )
    return _at(error.line or 1, problem)


def _at(line: int, problem: str) -> str:
    return tr("Line {line}: {problem}", line=line, problem=problem)


class _Reader:
    """Reads one file; collects what it says and what is wrong in it."""

    def __init__(
        self, document: Document[_Anything], reader: Subscriber, vocabulary: Vocabulary, now: datetime
    ) -> None:
        self._document, self._reader, self._vocabulary, self._now = document, reader, vocabulary, now
        self._data: dict[str, Any] = document.content.root
        self._found: dict[str, Any] = {}
        self._mistakes: list[tuple[int, str]] = []
        self._ended = 0

    def read(self) -> Reading:
        if _EXPORTED & self._data.keys():
            said = tr(
                "this is the file with everything; /import takes the other one of /export, which ends in .yaml"
            )
            return Reading(mistakes=[_at(1, said)])
        for key in islice(self._data, _MOST_READ):
            if key not in KEYS:
                self._unknown_key((key,), KEYS)
        if self._data.get("version", VERSION) != VERSION:
            self._wrong(
                ("version",), tr("only version {version} can be read; /export makes one", version=VERSION)
            )
        for key, read in (
            ("language", self._language),
            ("level", self._level),
            ("timezone", self._timezone),
            ("quiet", self._quiet),
            ("budget", self._budget),
            ("digest", self._digest),
        ):
            value = self._data.get(key)
            if isinstance(value, str):
                read(key, value.strip())
            elif key in self._data:
                self._wrong((key,), tr("one value is expected behind {key}", key=key))
        if "follow" in self._data:
            self._found["follow"] = tuple(self._each("follow", self._target))
            self._bound_followed()
        if "mute" in self._data:
            self._found["mute"] = tuple(self._each("mute", self._mute))
            if len(self._found["mute"]) > MOST_MUTES:
                self._wrong(("mute",), tr("at most {most} things can be muted; delete some", most=MOST_MUTES))
        self._budget_and_digest()
        mistakes = [_at(line, problem) for line, problem in sorted(self._mistakes)]
        return Reading(
            Wishes(named=frozenset(self._found), **self._found), mistakes=mistakes, ended=self._ended
        )

    # --- settings ---

    def _language(self, key: str, value: str) -> None:
        code = known_language(value)
        if code:
            self._found[key] = code
        else:
            self._no_value(key, value, alternatives(languages()))

    def _level(self, key: str, value: str) -> None:
        level = read_level(value)
        if level is None:
            near = nearest(value.lower(), LEVELS)
            self._no_value(key, value, near[0] if near else ", ".join(LEVELS))
        else:
            self._found[key] = level

    def _timezone(self, key: str, value: str) -> None:
        zone = read_zone(value)
        if zone is None:
            self._no_value(key, value, alternatives(near_zones(value)))
        else:
            self._found[key] = zone

    def _quiet(self, key: str, value: str) -> None:
        read = None if is_off(value) else read_hours(value)
        if is_off(value) or (read is not None and not read[1]):
            self._found[key] = read[0] if read else None
        else:
            self._no_value(key, value, alternatives(["22:00-07:00", "off"]))

    def _budget(self, key: str, value: str) -> None:
        if is_off(value):
            self._found[key] = None
        elif value.isascii() and value.isdecimal() and len(value) <= 4 and int(value) <= MAX_BUDGET:
            self._found[key] = int(value)
        else:
            self._no_value(key, value, tr("a number from 0 to {most}, or off", most=MAX_BUDGET))

    def _digest(self, key: str, value: str) -> None:
        digest = None if is_off(value) else read_digest(value)
        if is_off(value) or digest is not None:
            self._found[key] = digest
        else:
            self._no_value(key, value, alternatives(["daily 07:30", "weekly mon 08:00", "off"]))

    def _budget_and_digest(self) -> None:
        budget = self._found.get("budget", self._reader.budget)
        if budget is not None and "digest" in self._found and self._found["digest"] is None:
            self._wrong(
                ("digest",),
                tr("a budget needs a digest for what is over it; write budget: off, or a time here"),
            )

    # --- lists ---

    def _each(self, key: str, read: Callable[[tuple[str, int], Any], Any]) -> Iterable[Any]:
        """What the items of a list come to; each thing once."""
        items = self._data[key]
        if items == "":
            return
        if not isinstance(items, list):
            self._wrong(
                (key,), tr("a list is expected behind {key}: a line for each, with a “-” before it", key=key)
            )
            return
        if len(items) > _MOST_READ:
            self._wrong(
                (key,),
                tr("at most {most} lines may stand behind {key}; delete some", most=_MOST_READ, key=key),
            )
            return
        seen = set()
        for n, item in enumerate(items):
            found = read((key, n), item)
            if found is None:
                continue
            name = found.id if isinstance(found, Silence) else found[0]
            if name in seen:
                self._wrong((key, n), tr("this stands here a second time; delete one"))
            seen.add(name)
            yield found

    def _target(self, loc: tuple[str, int], item: Any) -> tuple[Target, Severity | None] | None:
        level: Severity | None = None
        if isinstance(item, dict):
            for key in item:
                if key not in ("what", "level"):
                    self._unknown_key((*loc, key), ("what", "level"))
            said, item = item.get("level"), item.get("what")
            level = read_level(said) if isinstance(said, str) else None
            if said is not None and level is None:
                self._no_value((*loc, "level"), said, ", ".join(LEVELS))
        if not isinstance(item, str) or not item.strip():
            self._wrong(loc, tr("something to follow is expected here, such as company:NVDA"))
            return None
        target = read_target(item.strip())
        meant = (
            [target] if target and is_known(target, self._vocabulary) else meant_by(item, self._vocabulary)
        )
        if len(meant) == 1:
            return meant[0], level
        if meant:
            named = alternatives([str(t) for t in meant[:3]])
            self._wrong(
                loc, tr("{name} can mean several things; write {names}", name=echo(item), names=named)
            )
        else:
            self._wrong(loc, unknown_name(item, self._vocabulary.suggest(item.partition(":")[2] or item)))
        return None

    def _bound_followed(self) -> None:
        kept: list[Target] = []
        for target, _ in self._found["follow"]:
            if not has_room(kept, target):
                said = tr(
                    "a chat follows at most {most} things, {words} of them words; delete some",
                    most=MOST_FOLLOWED,
                    words=MOST_WORDS,
                )
                self._wrong(("follow",), said)
                return
            kept.append(target)

    def _mute(self, loc: tuple[str, int], item: Any) -> Silence | None:
        if not isinstance(item, dict):
            self._wrong(loc, tr("write it as {example}", example=f"{{company: NVDA, until: {self._day()}}}"))
            return None
        for key in item:
            if key not in (*MUTED, "until"):
                self._unknown_key((*loc, key), (*MUTED, "until"))
        named = [(k, item[k]) for k in MUTED if isinstance(item.get(k), str) and item[k].strip()]
        if len(named) != 1:
            self._wrong(loc, tr("exactly one of {keys} is expected here", keys=", ".join(MUTED)))
            return None
        until = self._until((*loc, "until"), item.get("until"))
        if until is None:
            return None
        kind, what = named[0][0], named[0][1].strip()
        name = clip(what, _NAME)
        if kind == "rule":
            made = Silence(id="", until=until, rule_id=what.lower()[:200], comment=name)
        elif kind == "source":
            made = Silence(id="", until=until, feed_id=what[:200], comment=name)
        else:
            company = self._company((*loc, kind), what)
            if company is None:
                return None
            made = company_mute(company, until, self._vocabulary)
        return marked_mute(made, self._reader)

    def _company(self, loc: tuple[str | int, ...], name: str) -> str | None:
        if self._vocabulary.name(name) != name:
            return name
        found = [t.id for t in self._vocabulary.resolve(name) if t.kind is TargetKind.COMPANY]
        if len(found) == 1:
            return found[0]
        near = alternatives(found[:3]) or alternatives(self._vocabulary.suggest(name)[:3])
        self._no_value(loc, name, near or tr("the id of a company"))
        return None

    def _until(self, loc: tuple[str | int, ...], value: Any) -> datetime | None:
        """When a mute ends; None for one that has ended and for a mistake."""
        if value is None:
            self._wrong(loc, tr("until is missing; write until: {day}", day=self._day()))
            return None
        try:
            until = datetime.fromisoformat(value.strip())
            if until.tzinfo is None:
                until = until.replace(tzinfo=zone_of(self._found.get("timezone", self._reader.timezone)))
            until = until.astimezone(UTC)
        except (AttributeError, ValueError, OverflowError):
            self._no_value(loc, value, alternatives([self._day(), f"{self._day()} 18:00"]))
            return None
        if until > self._now + MAX_MUTE:
            self._wrong(loc, tr("a mute lasts 30 days at most; write an earlier day"))
            return None
        if until <= self._now:
            self._ended += 1
            return None
        return until

    def _day(self) -> str:
        """For an example."""
        return f"{self._now + timedelta(days=7):%Y-%m-%d}"

    # --- mistakes ---

    def _wrong(self, loc: Sequence[str | int], problem: str) -> None:
        self._mistakes.append((self._document.place(loc)[0], problem))

    def _unknown_key(self, loc: Sequence[str | int], known: Sequence[str]) -> None:
        name = str(loc[-1])
        near = nearest(name, known)
        if near:
            self._wrong(
                loc, tr("there is no key {name}; did you mean {near}?", name=echo(name), near=near[0])
            )
        else:
            self._wrong(
                loc, tr("there is no key {name}; there are: {keys}", name=echo(name), keys=", ".join(known))
            )

    def _no_value(self, key: str | Sequence[str | int], value: Any, right: str) -> None:
        loc = (key,) if isinstance(key, str) else key
        given = echo(value) if isinstance(value, str) else echo("")
        said = tr("{value} can't stand behind {key}; write {right}", value=given, key=loc[-1], right=right)
        self._wrong(loc, said)
