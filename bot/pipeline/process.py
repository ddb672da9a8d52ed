"""From entries to stories to decisions, one entry after another; see the package for what it promises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.alerts.decide import hold_entry
from bot.model import (
    Analysis,
    Change,
    Decision,
    Entry,
    Outcome,
    Polarity,
    PollState,
    Reason,
    Snapshot,
    Story,
)
from bot.pipeline.book import Book
from bot.pipeline.telling import Telling
from bot.ports import Analyzer
from bot.rules.engine import match
from bot.stories import cluster
from bot.stories.dedupe import find_echo, fingerprint


def process(
    entries: Sequence[Entry],
    snapshot: Snapshot,
    book: Book,
    analyzer: Analyzer,
    now: datetime,
    *,
    baseline: frozenset[str] = frozenset(),
    states: tuple[PollState, ...] = (),
) -> Outcome:
    """Decide what a batch of entries means.

    Args:
        entries: As parsed; those that the archive has already are recognised by `snapshot.known`.
        snapshot: What is known; its `known` must cover the entries' ids.
        book: Rules and exposure graph.
        analyzer: Understands the entries that are new.
        now: UTC.
        baseline: Ids of entries from a feed's silent first poll.
        states: Poll states to store with the entries that came with them.

    Raises:
        AnalysisError: The analyzer failed; nothing was decided.
    """
    run = _Run(snapshot, book, now, baseline)
    new = _unseen(entries, snapshot)
    analyses = analyzer.analyze(new)
    for entry, analysis in zip(new, analyses, strict=True):
        run.take(entry, analysis)
    told = run.telling
    return Outcome(
        states=states,
        entries=tuple(new),
        analyses=tuple(analyses),
        stories=tuple(run.stories[i] for i in run.changed),
        alerts=tuple(told.alerts.values()),
        verdicts=tuple(told.verdicts),
        told=tuple(told.told.values()),
        notifications=tuple(told.notifications.values()),
    )


def _unseen(entries: Iterable[Entry], snapshot: Snapshot) -> list[Entry]:
    """New entries and revisions, oldest first; what is known already is left out."""
    found: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda e: (e.at, e.id)):
        known = snapshot.known.get(entry.id)
        if known is None:
            found.setdefault(entry.id, entry)
        elif known.id == entry.id and known.content != entry.content:
            found[entry.id] = replace(entry, revision=known.revision + 1, seen_at=known.seen_at)
    return list(found.values())


class _Run:
    """One batch under way. Stories change within it, so that its entries see one another."""

    def __init__(self, snapshot: Snapshot, book: Book, now: datetime, baseline: frozenset[str]) -> None:
        self._book, self._now, self._baseline = book, now, baseline
        self.stories: dict[str, Story] = {s.id: s for s in snapshot.stories if cluster.is_open(s, now)}
        self.changed: dict[str, None] = {}  # ids in the order of change
        self.telling = Telling(snapshot, book, now)
        self._home = {m.entry_id: s.id for s in snapshot.stories for m in s.members}

    def take(self, entry: Entry, analysis: Analysis) -> None:
        """Decide about one entry."""
        held = hold_entry(entry, baseline=entry.id in self._baseline, now=self._now)
        copied = self._copied(entry, analysis)
        if copied is not None:
            assigned = cluster.echo(copied, entry)
            self._keep(assigned.story)
            self.telling.say(entry, held or Decision(send=False, reason=Reason.ECHO), assigned.story)
            if held is None:
                self._keep(self.telling.tell(entry, analysis, assigned.story, assigned.changes, []))
            return
        home = self._home.get(entry.id)
        if not analysis.fresh_events and home not in self.stories:
            reason = Reason.BACKGROUND if analysis.events else Reason.NO_EVENT
            self.telling.say(entry, held or Decision(send=False, reason=reason))
            return
        assigned = self._assign(entry, analysis, home)
        story, changes = assigned.story, assigned.changes
        if (
            Change.NEW_STORY not in changes
            and story.spillover_at is None
            and self._book.bears_out(analysis, story, self._now)
        ):
            story, changes = replace(story, spillover_at=self._now), changes | {Change.SPILLOVER}
        self._keep(story)
        if held is not None:
            self.telling.say(entry, held, story)
            return
        matches = match(self._book.rules, story, entry, analysis)
        if not matches and not self.telling.is_told(story.id):
            denied = any(e.polarity is Polarity.DENIED for e in analysis.fresh_events)
            reason = Reason.UNSEEN_DENIAL if denied else Reason.NO_RULE
            self.telling.say(entry, Decision(send=False, reason=reason), story)
        allowed = [m for m in matches if self.telling.allows(m, entry, story)]
        self._keep(self.telling.tell(entry, analysis, story, changes, allowed))

    def _copied(self, entry: Entry, analysis: Analysis) -> Story | None:
        """The story that an entry only repeats; words that deny what it claims repeat nothing."""
        if entry.revision:
            return None
        echo = find_echo(entry, fingerprint(entry), self.stories.values())
        story = self.stories[echo.story_id] if echo else None
        if story is None or _denies_anew(analysis, story):
            return None
        return story

    def _assign(self, entry: Entry, analysis: Analysis, home: str | None) -> cluster.Assignment:
        if home in self.stories:
            assigned = cluster.join(self.stories[home], entry, analysis)
            return replace(assigned, changes=assigned.changes - {Change.COPY, Change.NEW_ORIGIN})
        stories = self.stories.values()
        story = cluster.nearest_story(entry, analysis, stories)
        if story is None:
            borne_out = (s for s in reversed(stories) if self._book.bears_out(analysis, s, self._now))
            story = next(borne_out, None)
        return cluster.join(story, entry, analysis) if story else cluster.begin(entry, analysis)

    def _keep(self, story: Story) -> None:
        if self.stories.get(story.id) == story:
            return
        self.stories[story.id] = story
        self.changed[story.id] = None
        self._home.update((m.entry_id, story.id) for m in story.members[-1:])


def _denies_anew(analysis: Analysis, story: Story) -> bool:
    for event in analysis.fresh_events:
        claim = story.claim(event.theme, event.actor)
        if event.polarity is Polarity.DENIED and (claim is None or claim.polarity is not Polarity.DENIED):
            return True
    return False
