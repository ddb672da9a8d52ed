"""Which correlations a claim completes. Pure: what is remembered of earlier claims comes in as a value."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from bot.model import Analysis, DateQuality, Entry, Mention, Modality, Polarity, Sighting, Span, remember
from bot.rules.book import Rule, Rulebook
from bot.rules.conditions import Scene, failure
from bot.rules.correlate import Correlate, Distinct, GroupBy, Kind, Link, Novelty
from bot.rules.parts import Condition

Linked = Callable[[Sighting, Sighting], bool]
"""Whether the exposure graph leads from what happened first to what happened then."""

_DAY = timedelta(days=1)
_WARMUP = timedelta(days=30)
USUAL_LEAST = 3  # of a spike, and of what it is compared with
_LEAST_WINDOWS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """A correlation that holds: the claims that make it, the newest of them last."""

    rule: Rule
    group: str  # what they have in common, by `group_by`; or what is new
    sightings: tuple[Sighting, ...]  # one of each that counts
    count: int

    @property
    def newest(self) -> Sighting:
        """The claim that completes it; of an absence the last one that was seen."""
        return self.sightings[-1]


class Memory:
    """Earlier claims by theme, and those of the batch under way.

    Args:
        table: As `remember` makes it; it is not changed.
        since: When remembering began, UTC.
        watched: When watching began anew after its last interruption.
        answering: Since when each feed has answered without a break, None: not now; without it, all always did.
    """

    def __init__(
        self,
        table: Mapping[str, Sequence[Sighting]],
        since: datetime,
        watched: datetime,
        answering: Mapping[str, datetime | None] | None = None,
    ) -> None:
        self._table, self._since, self.watched = table, since, watched
        self._answering = answering
        self._new: dict[str, list[Sighting]] = {}

    def add(self, sighting: Sighting) -> None:
        """Remember a claim of this batch."""
        remember(self._new, [sighting])

    def covers(self, begin: datetime) -> bool:
        """Whether it goes back as far as that: whoever has not watched doesn't know what is usual."""
        return self._since <= begin

    def is_whole(self, begin: datetime, bringing: Sequence[str] = ()) -> bool:
        """Whether watching went on without a break from then to now: nothing came that was not seen.

        Args:
            begin: From when on.
            bringing: Ids of the feeds that have brought what is waited for, each as often as it did. Half of all feeds
                must have answered since then, and those that have brought half of it: some feed always fails, and of
                many the others would have told it.
        """
        if self.watched > begin:
            return False
        if self._answering is None:
            return True
        steady = {f for f, since in self._answering.items() if since is not None and since <= begin}
        brought = sum(f in steady for f in bringing)
        return 2 * len(steady) >= len(self._answering) and 2 * brought >= len(bringing)

    def of_story(self, story_id: str) -> list[Sighting]:
        """What a story has claimed, as it was first made or went further."""
        tables = (self._table, self._new)
        return [s for table in tables for claims in table.values() for s in claims if s.story_id == story_id]

    def between(self, themes: frozenset[str] | None, after: datetime, upto: datetime) -> list[Sighting]:
        """Claims of these themes (of all, if None) later than `after`, oldest first, that were not denied since."""
        found: list[Sighting] = []
        for theme in {*self._table, *self._new} if themes is None else themes:
            told = [
                s
                for claims in (self._table.get(theme, ()), self._new.get(theme, ()))
                for s in claims[bisect_right(claims, after, key=_at) :]
            ]
            denied = {  # and when last: what is on record since then counts again
                (s.story_id, s.event.actor): s.at
                for s in sorted(told, key=_at)
                if s.event.polarity is Polarity.DENIED
            }
            found += [s for s in told if s.at <= upto and not _is_denied(s, denied)]
        return sorted(found, key=_order)


def correlations(book: Rulebook, memory: Memory, claim: Sighting, linked: Linked) -> list[Together]:
    """Every correlation that a claim completes or adds to; `memory` must hold it already."""
    found = []
    for rule in book.rules:
        if rule.correlate is None or rule.correlate.type is Kind.ABSENCE:
            continue
        if any(_fits(c, claim, book) for c in rule.correlate.of):
            together = Asking(rule, rule.correlate, book, memory, linked).about(claim)
            found += [together] if together else []
    return found


def warmed_up(spec: Correlate) -> timedelta:
    """For how long the bot must have watched before it calls anything new."""
    return spec.warmup or min(_WARMUP, spec.unseen_for or _WARMUP)


class Asking:
    """One rule's question to the memory, as about one claim."""

    def __init__(self, rule: Rule, spec: Correlate, book: Rulebook, memory: Memory, linked: Linked) -> None:
        self._rule, self._spec, self._book, self._memory, self._linked = rule, spec, book, memory, linked

    def about(self, claim: Sighting) -> Together | None:
        """What a claim completes, or None."""
        spec = self._spec
        group = _group(spec.group_by, claim, self._book)
        if group is None:
            return None  # it has nothing by which it could be grouped
        match spec.type:
            case Kind.FREQUENCY:
                return self._frequent(claim, group)
            case Kind.SPIKE:
                return self._spike(claim, group)
            case Kind.NEW_TERM:
                return self._new_term(claim)
            case Kind.COOCCURRENCE:
                return self._all_of(claim, group)
            case Kind.SEQUENCE:
                return self._in_order(claim)
            case _:
                return None

    def claims(
        self, after: datetime, upto: datetime, group: str = "", of: Sequence[Condition] = ()
    ) -> list[Sighting]:
        """What fits one of the rule's conditions (or of those in `of`), oldest first."""
        conditions = of or self._spec.of
        seen = self._memory.between(_themes(conditions), after, upto)
        return [
            s
            for s in seen
            if any(_fits(c, s, self._book) for c in conditions)
            and _group(self._spec.group_by, s, self._book) == group
        ]

    def _frequent(self, claim: Sighting, group: str) -> Together | None:
        within, least = self._spec.within, self._spec.gte
        assert within is not None
        assert least is not None
        around = self.claims(claim.at - within, claim.at + within, group)
        ends = [s.at for s in around if claim.at <= s.at < claim.at + within]
        # News may come late: of the windows that hold the claim, the one that ends with the newest, and its own.
        for end in sorted({max(ends, default=claim.at), claim.at}, reverse=True):
            counted = self._distinct(s for s in around if end - within < s.at <= end)
            if claim in counted and len(counted) >= least:
                return self._found(counted, claim, group)
        return None

    def _spike(self, claim: Sighting, group: str) -> Together | None:
        spec, now = self._spec, claim.at
        current, baseline = spec.current, spec.baseline
        assert current is not None
        assert baseline is not None
        assert spec.ratio is not None
        if not self._memory.covers(now - baseline):
            return None
        step = current if spec.same_hour is False else _DAY * -(-current // _DAY)
        windows = int((baseline - current) / step)
        if windows < _LEAST_WINDOWS:
            return None
        seen = self.claims(now - baseline - current, now, group)
        counted = self._distinct(s for s in seen if s.at > now - current)
        before = sum(
            len(self._distinct(s for s in seen if end - current < s.at <= end))
            for end in (now - n * step for n in range(1, windows + 1))
        )
        least_now, least_before = spec.min_current or USUAL_LEAST, spec.min_baseline or USUAL_LEAST
        enough = len(counted) >= least_now and before >= least_before
        if enough and claim in counted and len(counted) >= spec.ratio * before / windows:
            return self._found(counted, claim, group)
        return None

    def _new_term(self, claim: Sighting) -> Together | None:
        spec = self._spec
        assert spec.field is not None
        assert spec.unseen_for is not None
        if not self._memory.covers(claim.at - warmed_up(spec)):
            return None
        earlier = self.claims(claim.at - spec.unseen_for, claim.at)
        known = {v for s in earlier if s.story_id != claim.story_id for v in _terms(spec.field, s)}
        new = [v for v in _terms(spec.field, claim) if v not in known]
        return self._found([claim], claim, new[0]) if new else None

    def _all_of(self, claim: Sighting, group: str) -> Together | None:
        within = self._spec.within
        assert within is not None
        for own in (c for c in self._spec.of if _fits(c, claim, self._book)):  # it may stand for any of these
            parts = [claim]
            for condition in (c for c in self._spec.of if c is not own):
                seen = self.claims(claim.at - within, claim.at, group, [condition])
                parts += [s for s in seen if s not in parts][-1:]
            if len(parts) == len(self._spec.of):
                return self._found(parts, claim, group)
        return None

    def _in_order(self, claim: Sighting) -> Together | None:
        within, link = self._spec.within, self._spec.link or Link.ANY
        assert within is not None
        if not _fits(self._spec.of[-1], claim, self._book):
            return None
        parts = [claim]
        for condition in reversed(self._spec.of[:-1]):
            then = parts[0]
            seen = self.claims(claim.at - within, then.at, of=[condition])
            first = next((s for s in reversed(seen) if s not in parts and self._tied(link, s, then)), None)
            if first is None:
                return None
            parts.insert(0, first)
        return self._found(parts, claim, parts[0].story_id)

    def _tied(self, link: Link, first: Sighting, then: Sighting) -> bool:
        if link is Link.ACTOR:
            return first.event.actor is not None and first.event.actor == then.event.actor
        return link is Link.ANY or self._linked(first, then)

    def _distinct(self, seen: Iterable[Sighting]) -> list[Sighting]:
        """The newest of each that counts once, oldest first."""
        by = self._spec.distinct or Distinct.STORY
        counted: dict[str, Sighting] = {}
        for s in seen:
            key = {
                Distinct.STORY: s.story_id,
                Distinct.ACTOR: s.event.actor,
                Distinct.SOURCE: s.source or s.feed_id,
            }[by]
            if key is not None:
                counted.pop(key, None)
                counted[key] = s
        return list(counted.values())

    def _found(self, parts: Sequence[Sighting], claim: Sighting, group: str) -> Together:
        others = [s for s in sorted(parts, key=_at) if s.story_id != claim.story_id or s.event != claim.event]
        return Together(rule=self._rule, group=group, sightings=(*others, claim), count=len(parts))


def _fits(condition: Condition, claim: Sighting, book: Rulebook) -> bool:
    entry, analysis = as_read(claim)
    return failure(condition, Scene(entry, analysis, claim.event, book.known.companies)) is None


@lru_cache(maxsize=20_000)
def as_read(claim: Sighting) -> tuple[Entry, Analysis]:
    """What is remembered of the entry that made a claim."""
    entry = Entry(
        id=claim.entry_id,
        feed_id=claim.feed_id,
        guid="",
        url=claim.url,
        title=claim.title,
        text="",
        content="",
        published=claim.at,
        date_quality=DateQuality.OK,
        seen_at=claim.at,
        kind=claim.kind,
        tier=claim.tier,
        language=claim.language,
        source=claim.source,
    )
    nowhere = Span("title", 0, 0)
    mentions = tuple(Mention(company=c, span=nowhere) for c in claim.companies)
    return entry, Analysis(
        entry_id=claim.entry_id, mentions=mentions, sectors=claim.sectors, events=(claim.event,)
    )


def _themes(conditions: Iterable[Condition]) -> frozenset[str] | None:
    """The themes that these conditions ask for; None if one of them takes any."""
    themes: set[str] = set()
    for condition in conditions:
        if condition.theme is None or condition.theme.in_ is None:
            return None
        themes |= set(condition.theme.in_)
    return frozenset(themes)


def _group(by: GroupBy | None, claim: Sighting, book: Rulebook) -> str | None:
    actor = claim.event.actor
    match by:
        case None:
            return ""
        case GroupBy.ACTOR:
            return actor
        case GroupBy.TARGET:
            return next(iter(claim.event.targets), None)
        case GroupBy.SECTOR:
            return None if actor is None else book.known.companies.get(actor, actor)
        case GroupBy.THEME:
            return claim.event.theme
        case GroupBy.SOURCE:
            return claim.source or claim.feed_id


def _terms(field: Novelty, claim: Sighting) -> list[str]:
    actor, targets = claim.event.actor, claim.event.targets
    if field is Novelty.TARGET:
        return list(targets)
    if actor is None:
        return []
    return [actor] if field is Novelty.ACTOR else [f"{actor}+{target}" for target in targets]


def _at(claim: Sighting) -> datetime:
    return claim.at


def _order(claim: Sighting) -> tuple[datetime, str, str]:
    """That in which `process` decides about entries, however they were batched."""
    return claim.at, claim.entry_id, claim.event.theme


def _is_denied(claim: Sighting, denied: Mapping[tuple[str, str | None], datetime]) -> bool:
    if claim.event.polarity is Polarity.DENIED:
        return False
    at = denied.get((claim.story_id, claim.event.actor))
    undone = claim.event.modality is Modality.CONFIRMED or claim.event.polarity is Polarity.CORRECTED
    return at is not None and (claim.at <= at or not undone)
