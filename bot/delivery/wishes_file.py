"""The settings of a chat as a file that `wishes` reads, and what applying such a file comes to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from bot.delivery.clocks import DIGEST_AT, show_zone, write_digest, write_hours
from bot.delivery.muting import mute_name
from bot.delivery.replies import LEVELS, target_label
from bot.delivery.sheet import clip
from bot.delivery.wishes import MUTED, VERSION
from bot.delivery.words import Names, clock_time, count, level_word
from bot.hours import zone_of
from bot.locale import native_name, show_date, tr
from bot.model import Digest, Severity, Silence, Subscriber, Target
from bot.ports import Desk, Vocabulary
from bot.shelves import Wishes

_NAME = 60
_LISTED = 30  # things of one kind
_OFF = "off"
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_./-]|:(?! )| (?! ))*[A-Za-z0-9]")
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Now:
    """How a chat is set."""

    reader: Subscriber
    followed: Sequence[Target]
    floors: Mapping[Target, Severity]
    mutes: Sequence[Silence]
    at: datetime

    @classmethod
    def of(cls, reader: Subscriber, desk: Desk, at: datetime) -> Now:
        """Read it."""
        mutes = [mute for mute in desk.mutes(reader.id, at) if not mute.story_id]  # stories are no settings
        return cls(reader, desk.watches(reader.id), desk.floors(reader.id), mutes, at)


def write_wishes(now: Now, names: Names) -> str:
    """The file of a chat; names stand behind ids as comments."""
    reader = now.reader
    head = [
        tr(
            "Settings of a chat with Spillover. Change what you like and send the file with the caption /import."
        ),
        tr("What is left out stays as it is. Levels: {levels}.", levels=", ".join(LEVELS)),
    ]
    settings = {
        "version": VERSION,
        "language": reader.language,
        "level": reader.level.word,
        "timezone": reader.timezone,
        "quiet": write_hours(reader.quiet) if reader.quiet else _OFF,
        "budget": _OFF if reader.budget is None else str(reader.budget),
        "digest": write_digest(reader.digest) if reader.digest else _OFF,
    }
    lines = [f"# {text}" for text in head]
    lines += [f"{key}: {value}" for key, value in settings.items()]
    lines.append("follow:" if now.followed else "follow: []")
    for target in now.followed:
        level, what = now.floors.get(target), _scalar(str(target))
        item = what if level is None else f"{{what: {what}, level: {level.word}}}"
        lines.append(_item(item, target_label(target, names)))
    lines.append("mute:" if now.mutes else "mute: []")
    for mute in now.mutes:
        kind, what = next((kind, what) for kind, what in zip(MUTED, _covered(mute), strict=True) if what)
        until = f"{mute.until.astimezone(UTC):%Y-%m-%dT%H:%M}Z"
        name = names(what) if mute.company else mute.comment
        lines.append(_item(f"{{{kind}: {_scalar(what)}, until: {until}}}", name))
    return "\n".join(lines) + "\n"


def _item(value: str, name: str) -> str:
    """A line of a list, with a name for people."""
    return f"- {value}  # {clip(name, _NAME)}"


def _scalar(text: str) -> str:
    """A value as YAML: in quotes where something in it could be taken for more than a letter."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def completed(wishes: Wishes, now: Now) -> tuple[Wishes, bool]:
    """The wishes with what they entail, and whether only a budget wants the digest that they name.

    A budget without a digest brings one along, as `/budget` does; a digest comes by the clock of the new time zone;
    what is muted already keeps its name, which stands in no file.
    """
    reader, known = now.reader, {_covered(mute): mute for mute in now.mutes}
    wishes = replace(wishes, mute=tuple(_kept(mute, known.get(_covered(mute))) for mute in wishes.mute))
    budget = wishes.budget if "budget" in wishes.named else reader.budget
    if "digest" in wishes.named:
        return wishes, wishes.digest == reader.digest and reader.digest_by_budget
    named = wishes.named | {"digest"}
    if reader.digest is None:
        if budget is None:
            return wishes, False
        return replace(wishes, digest=Digest(at=DIGEST_AT), named=named), True
    if "timezone" in wishes.named:
        return replace(wishes, digest=reader.digest, named=named), reader.digest_by_budget
    return wishes, False


def _kept(mute: Silence, known: Silence | None) -> Silence:
    if known is None:
        return mute
    is_same = _minute(known.until) == _minute(mute.until)  # a file gives minutes
    return replace(mute, comment=known.comment, until=known.until if is_same else mute.until)


def differences(wishes: Wishes, now: Now, vocabulary: Vocabulary) -> list[str]:
    """What applying them would change, a line each; empty for nothing."""
    lines = [
        tr("{what}: {before} → {after}", what=what, before=before, after=after)
        for what, before, after in _settings(wishes, now.reader)
        if before != after
    ]
    if "follow" in wishes.named:
        lines += _followed(wishes, now, vocabulary.name)
    if "mute" in wishes.named:
        zone = zone_of(wishes.timezone if "timezone" in wishes.named else now.reader.timezone)
        lines += _muted(wishes, now, vocabulary, zone)
    return lines


def _settings(wishes: Wishes, reader: Subscriber) -> Iterable[tuple[str, str, str]]:
    """Name, value now and value then of each that the file names."""
    shown = {
        "language": (tr("Language"), native_name),
        "level": (tr("Level"), level_word),
        "timezone": (tr("Time zone"), show_zone),
        "quiet": (tr("Quiet hours"), lambda quiet: write_hours(quiet) if quiet else tr("none")),
        "budget": (tr("Budget"), _sounds),
        "digest": (tr("Digest"), _times),
    }
    for name, (label, show) in shown.items():
        if name in wishes.named:
            yield label, show(getattr(reader, name)), show(getattr(wishes, name))  # type: ignore[operator]


def _sounds(budget: int | None) -> str:
    if budget is None:
        return tr("none")
    return tr("{sounds} a day", sounds=count(budget, "sound", "sounds"))


def _times(digest: Digest | None) -> str:
    if digest is None:
        return tr("none")
    at = f"{digest.at:%H:%M}"
    if digest.weekday is None:
        return tr("every day at {time}", time=at)
    day = show_date(_MONDAY.replace(day=1 + digest.weekday), "EEEE")
    return tr("every {weekday} at {time}", weekday=day, time=at)


def _followed(wishes: Wishes, now: Now, names: Names) -> list[str]:
    wanted = dict(wishes.follow)

    def label(target: Target) -> str:
        level, name = wanted.get(target), target_label(target, names)
        return name if level is None else tr("{name}, only {level}", name=name, level=level_word(level))

    new = [t for t in wanted if t not in now.followed]
    other = [t for t in wanted if t in now.followed and wanted[t] != now.floors.get(t)]
    gone = [t for t in now.followed if t not in wanted]
    said = [
        tr("Followed from then on: {things}", things=_listed([label(t) for t in new])) if new else "",
        tr("Followed at another level: {things}", things=_listed([label(t) for t in other])) if other else "",
        tr("No longer followed: {things}", things=_listed([target_label(t, names) for t in gone]))
        if gone
        else "",
        "" if wanted else tr("Nothing is followed then, so nothing is sent."),
    ]
    return [line for line in said if line] if new or other or gone else []


def _muted(wishes: Wishes, now: Now, vocabulary: Vocabulary, zone: tzinfo) -> list[str]:
    before, after = ({_covered(m): m for m in mutes} for mutes in (now.mutes, wishes.mute))
    new = [m for k, m in after.items() if k not in before or before[k].until != m.until]
    gone = [m for k, m in before.items() if k not in after]
    lines = []
    if new:
        named = [
            tr("{what}, until {time}", what=mute_name(m, vocabulary), time=clock_time(m.until, now.at, zone))
            for m in new
        ]
        lines.append(tr("Muted: {things}", things=_listed(named)))
    if gone:
        lines.append(tr("No longer muted: {what}", what=_listed([mute_name(m, vocabulary) for m in gone])))
    return lines


def _covered(mute: Silence) -> tuple[str, str, str]:
    return mute.company, mute.rule_id, mute.feed_id


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _listed(names: Sequence[str]) -> str:
    more = [tr("{number} more", number=len(names) - _LISTED)] if len(names) > _LISTED else []
    return "; ".join([*names[:_LISTED], *more])
