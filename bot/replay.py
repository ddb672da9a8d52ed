"""News of the past decided anew: `process` at the time of each entry, with a store that is only memory.

Nothing here reads a clock, a file or a database, and nothing is sent: what would have been sent is collected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.model import (
    Alert,
    AlertKind,
    Analysis,
    Entry,
    Known,
    OpenStories,
    Outcome,
    Reason,
    Severity,
    Sighting,
    Snapshot,
    Subscriber,
    Target,
    TargetKind,
    Told,
    remember,
)
from bot.pipeline import LOOK_EVERY, Book, process
from bot.ports import Analyzer
from bot.rules.absence import due
from bot.rules.correlation import Memory, as_read
from bot.store.archive import Arrival

# Follows everything, hears also what is least important, and never has enough of it.
READER = Subscriber(id="backtest:", channel="backtest", address="", level=Severity.INFO)
_WATCHES = {READER.id: frozenset({Target(TargetKind.ALL)})}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def arrivals_of(entries: Iterable[Entry]) -> list[Arrival]:
    """Entries without a history: each came when it was published, in order of time."""
    ordered = sorted(entries, key=lambda e: (e.at, e.id))
    return [Arrival(entry=e, at=e.at.astimezone(UTC)) for e in ordered]


class Prepared:
    """An analyzer that has read what it will be asked for; so batches may differ from what is decided in one go."""

    def __init__(self, analyzer: Analyzer, entries: Iterable[Entry]) -> None:
        """Read the entries.

        Raises:
            AnalysisError: The analyzer failed.
        """
        distinct: dict[tuple[str, str], Entry] = {}
        for entry in entries:
            distinct.setdefault((entry.id, entry.content), entry)
        read = analyzer.analyze(list(distinct.values()))
        self._version, self._read = analyzer.version, dict(zip(distinct, read, strict=True))

    @property
    def version(self) -> str:
        """That of the analyzer which has read them."""
        return self._version

    def analyze(self, entries: Sequence[Entry], /) -> list[Analysis]:
        """One analysis for each entry, in order."""
        return [self._read[entry.id, entry.content] for entry in entries]


class World:
    """What the store would know: every entry, the open stories, and what the reader was told of them.

    It keeps what `Ingest` keeps. Closed stories are dropped, so that an entry costs the same however many
    came before it.

    Attributes:
        begun: How many stories have begun so far, correlations left out.
    """

    def __init__(self, book: Book, earlier: Iterable[Sighting] = (), since: datetime | None = None) -> None:
        """Begin without stories, but with claims that are remembered from before, and since when."""
        self.begun = 0
        self._book = book
        self._known: dict[str, Known] = {}
        self._alike: dict[tuple[str, str], tuple[str, ...]] = {}  # feed and content → entry ids
        self._stories = OpenStories()
        self._told: dict[str, dict[str, Told]] = {}
        self._cards: dict[str, tuple[Alert, Entry]] = {}
        self._sightings: dict[str, list[Sighting]] = {}
        remember(self._sightings, earlier)
        self._since = since
        # What this batch stores, by entry id, each with what was known before: in force from the next one on.
        self._batch: dict[str, tuple[Known | None, Entry]] = {}
        self._now, self._last = _LONG_AGO, (_LONG_AGO, "")

    def receive(self, arrival: Arrival, analyzer: Analyzer) -> Outcome:
        """Decide about one entry, and remember what was decided.

        Raises:
            AnalysisError: The analyzer failed; nothing was decided.
        """
        entry, now = arrival.entry, arrival.at
        place = (entry.at, entry.id)
        if now != self._now or place <= self._last:
            self._begin_batch(now)
        self._now, self._last = now, place
        outcome = self._process([entry], analyzer, now, baseline=arrival.baseline)
        self._since = self._since or now
        return outcome

    def looks(self, upto: datetime, analyzer: Analyzer) -> Iterator[tuple[datetime, Outcome]]:
        """Ask for what has not come by the time when the running program would have, before the next entry comes.

        It looks every `LOOK_EVERY`; only those looks are made that find something. They are the multiples of
        that time here, so one may be some minutes off.
        """
        if self._since is None or not self._book.rules.expects:
            return
        memory = Memory(self._sightings, self._since, self._since)
        for moment in due(self._book.rules, memory, self._now):
            at = _LONG_AGO + ((moment - _LONG_AGO) // LOOK_EVERY + 1) * LOOK_EVERY
            if self._now < at < upto:
                self._begin_batch(at)
                self._now, self._last = at, (_LONG_AGO, "")
                yield at, self._process([], analyzer, at)

    def _process(
        self, entries: Sequence[Entry], analyzer: Analyzer, now: datetime, *, baseline: bool = False
    ) -> Outcome:
        outcome = process(
            entries,
            Snapshot(
                known={e.id: known for e in entries if (known := self._known_as(e)) is not None},
                stories=self._stories,
                told=self._told,
                cards=self._cards,
                subscribers=(READER,),
                watches=_WATCHES,
                sightings=self._sightings,
                since=self._since,
                watched=self._since,  # what is replayed came without a break, as far as anybody knows
            ),
            self._book,
            analyzer,
            now,
            baseline=frozenset(e.id for e in entries if baseline),
        )
        self._remember(outcome)
        remember(self._sightings, outcome.sightings)
        return outcome

    def _begin_batch(self, now: datetime) -> None:
        """What comes at one moment, oldest first, is a batch: `process` would decide alike about all of it at once."""
        for story_id in self._stories.forget(now):
            for told in self._told.pop(story_id, {}).values():
                self._cards.pop(told.alert_id, None)
        remember(self._sightings, (), now)
        for entry_id, (before, entry) in self._batch.items():
            if before is not None:
                self._alike[entry.feed_id, before.content] = tuple(
                    i for i in self._alike.get((entry.feed_id, before.content), ()) if i != entry_id
                )
            key = (entry.feed_id, entry.content)
            self._alike[key] = (*self._alike.get(key, ()), entry_id)
        if any(before is not None for before, _ in self._batch.values()):
            revised = {i: entry for i, (_, entry) in self._batch.items()}
            self._cards = {i: (a, revised.get(e.id, e)) for i, (a, e) in self._cards.items()}
        self._batch = {}

    def _known_as(self, entry: Entry) -> Known | None:
        found = self._known.get(entry.id)
        if found is not None:
            return found
        if entry.revision:  # its first text is from before what is replayed
            return Known(id=entry.id, content="", revision=entry.revision - 1, seen_at=entry.seen_at)
        twins = self._alike.get((entry.feed_id, entry.content))  # from before this batch
        return self._known[twins[0]] if twins else None

    def _remember(self, outcome: Outcome) -> None:
        for entry in outcome.entries:
            before = self._batch[entry.id][0] if entry.id in self._batch else self._known.get(entry.id)
            self._batch[entry.id] = (before, entry)
            self._known[entry.id] = Known(
                id=entry.id, content=entry.content, revision=entry.revision, seen_at=entry.seen_at
            )
        self.begun += sum(s.id not in self._stories and not s.rule_id for s in outcome.stories)
        for story in outcome.stories:
            self._stories.put(story)
        entries = {e.id: e for e in outcome.entries}
        for alert in outcome.alerts:
            caused = entries.get(alert.entry_id) or self._remembered(alert)
            if alert.kind is AlertKind.NEW and caused is not None:
                self._cards[alert.id] = (alert, caused)
        for told in outcome.told:
            for former in self._told.get(told.story_id, {}).values():
                if former.alert_id != told.alert_id:  # a card that has lapsed is not edited any more
                    self._cards.pop(former.alert_id, None)
            self._told[told.story_id] = {told.subscriber_id: told}  # there is one reader

    def _remembered(self, alert: Alert) -> Entry | None:
        """What is left of an entry that has not come with its alert: an absence is told with the last that came."""
        claims = self._sightings.get(alert.event.theme, ())
        return next((as_read(s)[0] for s in reversed(claims) if s.entry_id == alert.entry_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A notification that would have gone out."""

    at: datetime
    kind: AlertKind
    story: str
    rule: str
    level: Severity
    entry: str  # id of what caused it
    reason: Reason
    title: str  # of the entry; of a post without a title its text
    silent: bool

    def row(self) -> dict[str, str]:
        """What is written of it as JSON."""
        return {
            "at": self.at.isoformat(),
            "kind": self.kind.value,
            "story": self.story,
            "rule": self.rule,
            "level": self.level.word,
            "entry": self.entry,
            "reason": self.reason.value,
        }


@dataclass(slots=True)
class Replay:
    """One set of rules over the past, and what came of it.

    Attributes:
        entries: New ones.
        revisions: Of entries that were known.
        stories: That began.
        sent: In order.
        held: Decisions not to send, by the id of the rule; "" where no rule was asked.
        first_at: When the first entry that counts came; `last_at` likewise.
    """

    world: World
    entries: int = 0
    revisions: int = 0
    stories: int = 0
    sent: list[Sent] = field(default_factory=list)
    held: dict[str, Counter[Reason]] = field(default_factory=dict)
    first_at: datetime | None = None
    last_at: datetime | None = None

    def take(self, arrival: Arrival, analyzer: Analyzer) -> None:
        """Decide about one entry, and count what was decided if it counts.

        Raises:
            AnalysisError: The analyzer failed.
        """
        for _, missed in self.world.looks(arrival.at, analyzer):
            if arrival.counts:
                self._count(None, missed)
        begun = self.world.begun
        outcome = self.world.receive(arrival, analyzer)
        if not arrival.counts:
            return
        self.first_at, self.last_at = self.first_at or arrival.at, arrival.at
        self.stories += self.world.begun - begun
        self.revisions += sum(e.revision > 0 for e in outcome.entries)
        self.entries += sum(e.revision == 0 for e in outcome.entries)
        self._count(arrival.entry, outcome)

    def _count(self, entry: Entry | None, outcome: Outcome) -> None:
        for verdict in outcome.verdicts:
            if not verdict.decision.send:
                self.held.setdefault(verdict.rule_id, Counter())[verdict.decision.reason] += 1
        self.sent += _sent(entry, outcome)


def _sent(entry: Entry | None, outcome: Outcome) -> list[Sent]:
    """The notifications, each with the decision behind it: it is the reader's, about the same story.

    Args:
        entry: That came; None where it was looked for what has not come.
        outcome: What was decided.
    """
    reasons = {v.story_id: v.decision.reason for v in outcome.verdicts if v.subscriber_id}
    came, headline = (entry.id, entry.headline) if entry is not None else ("", "")
    # What has not come for too long is told with another entry: the last that came, by its title.
    absent = {a.id: a for a in outcome.alerts if a.kind is AlertKind.NEW and a.entry_id != came}
    return [
        Sent(
            at=note.created_at,
            kind=note.kind,
            story=note.story_id,
            rule=note.rule_id,
            level=note.level,
            entry=absent[note.alert_id].entry_id if note.alert_id in absent else came,
            reason=reasons[note.story_id],
            title=absent[note.alert_id].evidence if note.alert_id in absent else headline,
            silent=note.silent,
        )
        for note in outcome.notifications
    ]
