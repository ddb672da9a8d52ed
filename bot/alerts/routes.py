"""Where alerts go by file instead of by subscription, when, and what is not told beside what: `rules/routes.yaml`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bot.documents import Document, Loc, Strict, fail_with, read_document
from bot.errors import RulesError
from bot.hours import known_zone, quiet_until
from bot.model import Alert, Level, Match, Severity, Story, Told
from bot.text import did_you_mean, parse_duration

CHANNELS = ("telegram", "console", "apprise")
_SERVICE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LONGEST_WAIT = timedelta(minutes=30)


def _words(value: object) -> object:
    if value in ("", []):
        raise ValueError("nothing is written here")
    return [value] if isinstance(value, str) else value


def _span(value: object) -> timedelta:
    try:
        return parse_duration(str(value))
    except OverflowError:
        return timedelta.max


def _wait(value: timedelta) -> timedelta:
    if value > _LONGEST_WAIT:
        raise ValueError("wait for half an hour at most: what comes meanwhile is shown in the same card")
    return value


def _clock(value: object) -> object:
    try:
        clock = time.fromisoformat(str(value))
    except ValueError:
        clock = None
    if clock is None or clock.tzinfo is not None:  # the zone has a key of its own
        raise ValueError(f"{value!r} is no time of day; write it as 22:00")
    return clock


def _target(value: str) -> str:
    channel, colon, address = value.partition(":")
    if channel not in CHANNELS or not colon or (channel == "telegram" and not address):
        raise ValueError(
            f"{value!r} is no target; write telegram:CHAT, telegram:CHAT/TOPIC, apprise:NAME or console:"
        )
    if channel == "apprise" and not _SERVICE.fullmatch(address):
        raise ValueError(
            "after apprise: comes a name in small letters, whose address stands in the setting BOT_CHANNEL_NAME "
            "(an address holds secrets and has no place here)"
        )
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_words)]
Time = Annotated[time, BeforeValidator(_clock)]
Span = Annotated[timedelta, BeforeValidator(_span)]


class When(Strict):
    """Which alerts; every key must hold, and of a list one."""

    level: Level = "info"  # at least
    pack: Names | None = None
    rule: Names | None = None
    theme: Names | None = None
    company: Names | None = None
    sector: Names | None = None

    def holds(self, alert: Alert) -> bool:
        """Whether an alert is one of those."""
        asked: list[tuple[tuple[str, ...] | None, Collection[str]]] = [
            (self.pack, {alert.pack}),
            (self.rule, {alert.rule_id}),
            (self.theme, {alert.event.theme}),
            (self.company, alert.companies),
            (self.sector, alert.sectors),
        ]
        loud = alert.level >= Severity.parse(self.level)
        return loud and all(names is None or not set(names).isdisjoint(found) for names, found in asked)


class Quiet(Strict):
    """Hours of the day in which nothing is sent; what comes then waits for their end."""

    from_: Time = Field(alias="from")
    to: Time
    tz: Annotated[str, AfterValidator(known_zone)] = "UTC"
    except_: Level | None = Field(None, alias="except")  # this loud and louder is sent all the same

    @model_validator(mode="after")
    def _not_always(self) -> Quiet:
        if self.from_ == self.to:
            raise ValueError("quiet hours that end when they begin; give two times")
        return self

    def until(self, level: Severity, now: datetime) -> datetime | None:
        """When the quiet hours end that it is now, UTC; None if something of this level may be sent."""
        if self.except_ is not None and level >= Severity.parse(self.except_):
            return None
        return quiet_until(self.from_, self.to, self.tz, now)


class Route(Strict):
    """Sends alerts to a chat."""

    to: Annotated[str, AfterValidator(_target)]
    when: When = When()
    group_wait: Annotated[Span, AfterValidator(_wait)] = timedelta(0)  # before a card is sent
    quiet: Quiet | None = None


class Rules(Strict):
    """Rules by their full ids."""

    rule: Names


class Inhibit(Strict):
    """What is not told to somebody who was told by a rule that covers it."""

    when: Rules
    mute: Rules
    equal: Annotated[tuple[Literal["story", "actor", "theme", "sector"], ...], BeforeValidator(_words)]
    for_: Span = Field(alias="for")


class RoutesFile(Strict):
    """`rules/routes.yaml`."""

    version: Literal["1"]
    routes: tuple[Route, ...] = ()
    inhibit: tuple[Inhibit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Where alerts go by file, and what mutes what. Immutable."""

    routes: tuple[Route, ...] = ()
    inhibits: tuple[Inhibit, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)  # target → path:line of the first route to it

    def after(self, moved: Mapping[str, str]) -> Routes:
        """The same where chats have moved: former subscriber id → id."""
        if not self.targets() & moved.keys():
            return self
        routes = (r.model_copy(update={"to": moved.get(r.to, r.to)}) for r in self.routes)
        return replace(self, routes=tuple(routes))

    def targets(self) -> frozenset[str]:
        """Ids of the subscribers to whom something goes by file."""
        return frozenset(r.to for r in self.routes)

    def leads(self, alert: Alert, subscriber_id: str) -> bool:
        """Whether an alert goes to a subscriber by file."""
        return any(r.to == subscriber_id and r.when.holds(alert) for r in self.routes)

    def mutes(self, rule_id: str) -> bool:
        """Whether some rule may mute this one."""
        return any(rule_id in i.mute.rule for i in self.inhibits)

    def hold(self, alert: Alert, subscriber_id: str, now: datetime, *, is_first: bool) -> datetime | None:
        """Until when a message waits, by the subscriber's first route that it fits; None: it is sent at once."""
        route = next((r for r in self.routes if r.to == subscriber_id and r.when.holds(alert)), None)
        if route is None:
            return None
        at = now + route.group_wait if is_first else now
        quiet = route.quiet.until(alert.level, at) if route.quiet else None
        return quiet or (at if at > now else None)

    def muted_by(
        self,
        found: Match,
        story: Story,
        told: Iterable[tuple[Told, Alert]],
        stories: Mapping[str, Story],
        sectors: Mapping[str, str],
        now: datetime,
    ) -> Alert | None:
        """The card by which a subscriber knows already what a match would tell.

        A key that is missing on either side is never equal: two events without an actor have nothing in common.

        Args:
            found: What would be told.
            story: Its story.
            told: The cards that the subscriber has.
            stories: Open stories by id, to see which ones a correlation links.
            sectors: Company → sector.
            now: UTC.
        """
        for inhibit in self.inhibits:
            if found.rule_id not in inhibit.mute.rule:
                continue
            for have, alert in told:
                if have.rule_id not in inhibit.when.rule or now - alert.created_at > inhibit.for_:
                    continue
                shown = stories.get(have.story_id)
                links = {have.story_id, *(shown.links if shown else ())}
                mine, theirs = found.event, alert.event
                keys: dict[str, tuple[str | None, str | None]] = {
                    "story": (
                        story.id,
                        story.id if story.id in links or have.story_id in story.links else None,
                    ),
                    "actor": (mine.actor, theirs.actor),
                    "theme": (mine.theme, theirs.theme),
                    "sector": (_sector(mine.actor, sectors), _sector(theirs.actor, sectors)),
                }
                if all(keys[k][0] is not None and keys[k][0] == keys[k][1] for k in inhibit.equal):
                    return alert
        return None


def _sector(actor: str | None, sectors: Mapping[str, str]) -> str | None:
    return None if actor is None else sectors.get(actor, actor)


def load_routes(
    path: Path,
    *,
    rules: Collection[str],
    packs: Collection[str],
    themes: Collection[str],
    companies: Collection[str],
    sectors: Collection[str],
) -> Routes:
    """Read the file; without one there are no routes.

    Raises:
        RulesError: The first mistake, with the rest in its `others`.
    """
    if not path.exists():
        return Routes()
    document = read_document(path, RoutesFile)
    known = {"pack": packs, "rule": rules, "theme": themes, "company": companies, "sector": sectors}
    fail_with(_unknown(document, known))
    places: dict[str, str] = {}
    for n, route in enumerate(document.content.routes):
        at = document.error("", ("routes", n, "to"))
        places.setdefault(route.to, f"{at.path}:{at.line}")
    return Routes(routes=document.content.routes, inhibits=document.content.inhibit, places=places)


def _unknown(document: Document[RoutesFile], known: Mapping[str, Collection[str]]) -> Iterator[RulesError]:
    for kind, word, loc in _named(document.content):
        if word not in known[kind]:
            yield document.error(f"no {kind} {word!r} is known{did_you_mean(word, known[kind])}", loc)


def _named(content: RoutesFile) -> Iterator[tuple[str, str, Loc]]:
    for n, route in enumerate(content.routes):
        for kind in ("pack", "rule", "theme", "company", "sector"):
            names: Any = getattr(route.when, kind)
            for k, word in enumerate(names or ()):
                yield kind, word, ("routes", n, "when", kind, k)
    for n, inhibit in enumerate(content.inhibit):
        for key, part in (("when", inhibit.when), ("mute", inhibit.mute)):
            for k, word in enumerate(part.rule):
                yield "rule", word, ("inhibit", n, key, "rule", k)
