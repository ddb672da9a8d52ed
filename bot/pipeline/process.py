"""From entries to stories to decisions, one entry after another; see the package for what it promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.alerts.decide import URGENT, hold_entry
from bot.model import (
    MEMORY,
    Analysis,
    Change,
    Decision,
    Entry,
    Event,
    Ground,
    Modality,
    OpenStories,
    Outcome,
    Polarity,
    PollState,
    Reason,
    Severity,
    Sighting,
    Snapshot,
    Span,
    Story,
)
from bot.pipeline.book import Book
from bot.pipeline.compose import lines
from bot.pipeline.corrections import is_correction, news_in
from bot.pipeline.telling import Telling
from bot.ports import Analyzer
from bot.rules.absence import absences
from bot.rules.correlate import Distinct
from bot.rules.correlation import Memory, Together, as_read, correlations
from bot.rules.engine import match, match_together
from bot.stories import cluster, together
from bot.stories.dedupe import SAME, find_echo, fingerprint
from bot.stories.nearness import nearest_story

LOOK_EVERY = timedelta(minutes=5)  # is asked for what has not come, also where nothing comes

# What a copy can't bring, however alike its words.
_MATERIAL = frozenset({Change.DENIED, Change.CORRECTED, Change.WITHDRAWN, Change.STAGE_UP, Change.CONFIRMED})


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
    """Decide what a batch of entries means; an empty one only asks whether something is missing by now.

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
        run.decide(entry, analysis)
    run.look_for_absences()
    told = run.telling
    return Outcome(
        states=states,
        entries=tuple(new),
        analyses=tuple(analyses),
        stories=tuple(run.stories[i] for i in run.changed),
        alerts=tuple(told.alerts.values()),
        verdicts=tuple(told.verdicts),
        told=tuple(t for by in told.readers.told.values() for t in by.values()),
        notifications=tuple(told.notifications.values()),
        sightings=tuple(run.sightings),
        held=tuple(told.held.values()),
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
        self.stories = OpenStories.over(snapshot.stories)
        self.changed: dict[str, None] = {}  # ids in the order of change
        self.sightings: list[Sighting] = []
        self.telling = Telling(snapshot, book, now, self.stories)
        since, watched = snapshot.since or now, snapshot.watched or now
        self._memory = Memory(snapshot.sightings, since, watched, snapshot.answering)

    def decide(self, entry: Entry, analysis: Analysis) -> None:
        """Decide about one entry."""
        before = len(self.telling.verdicts)
        story = self._take(entry, analysis)
        if len(self.telling.verdicts) == before:  # it is in a story, and nothing about it concerns a reader
            self.telling.say(entry, Decision(send=False, reason=Reason.UNCHANGED), story)

    def _take(self, entry: Entry, analysis: Analysis) -> Story | None:
        held = hold_entry(entry, baseline=entry.id in self._baseline, now=self._now)
        copied = self._copied(entry, analysis)
        if copied is not None:
            assigned = cluster.echo(copied, entry)
            self._keep(assigned.story)
            self.telling.say(entry, held or Decision(send=False, reason=Reason.ECHO), assigned.story)
            if held is None:
                self._keep(self.telling.tell(entry, analysis, assigned.story, assigned.changes, []))
            return assigned.story
        home = self.stories.home(entry.id)
        if held is not None and entry.revision and home is None:
            self.telling.say(entry, held)  # its story has closed and is not begun anew
            return None
        if not analysis.fresh_events and not analysis.withdraws and home is None:
            reason = Reason.BACKGROUND if analysis.events else Reason.NO_EVENT
            self.telling.say(entry, held or Decision(send=False, reason=reason))
            return None
        joined = self._assign(entry, analysis, home)
        if joined is None:
            unseen = Decision(send=False, reason=Reason.UNSEEN_DENIAL, detail=Ground.NO_STORY.written())
            self.telling.say(entry, held or unseen)
            return None
        story, changes = joined.story, joined.changes
        if (
            held is None
            and Change.NEW_STORY not in changes
            and not analysis.withdraws
            and story.spillover_at is None
            and self._book.bears_out(analysis, story, self._now)
        ):
            story, changes = replace(story, spillover_at=self._now), changes | {Change.SPILLOVER}
        before = self.stories.get(story.id)
        earlier = self._memory.of_story(story.id) if is_correction(analysis) else []
        self._keep(story)
        claims = self._notice(before, story, entry, analysis)
        if held is not None:
            self._tell_late(held, entry, analysis, story, changes & URGENT)
            return story
        matches = [] if analysis.withdraws else match(self._book.rules, story, entry, analysis)
        denied = any(e.polarity is Polarity.DENIED for e in analysis.fresh_events) or analysis.withdraws
        if not matches and not self.telling.is_told(story.id, together=denied):
            reason = Reason.UNSEEN_DENIAL if denied else Reason.NO_RULE
            self.telling.say(entry, Decision(send=False, reason=reason), story)
        allowed = [m for m in matches if self.telling.allows(m, entry, story)]
        loudest = max((m.level for m in allowed), default=Severity.INFO)
        wider = [
            f for c in claims for f in correlations(self._book.rules, self._memory, c, self._book.linked)
        ]
        for found in wider:
            # Whoever hears of several together need not hear of this one apart.
            if found.rule.level >= loudest:
                self._tell_together(found, entry, analysis)
        fresh = allowed
        if before is not None and earlier:
            fresh = news_in(allowed, entry, analysis, before, earlier, self._book.rules, self._now)
            for m in (m for m in allowed if m not in fresh):
                known = Decision(send=False, reason=Reason.UNCHANGED, detail=Ground.CORRECTS.written())
                self.telling.say(entry, known, story, rule_id=m.rule_id, rule_line=m.rule_line)
        self._keep(self.telling.tell(entry, analysis, story, changes, allowed, fresh=fresh))
        for found in wider:
            if found.rule.level < loudest:
                self._tell_together(found, entry, analysis)
        self._pass_on(story, entry, analysis, changes & together.PASSED_ON)
        return story

    def _tell_late(
        self, held: Decision, entry: Entry, analysis: Analysis, story: Story, changes: frozenset[Change]
    ) -> None:
        """What is too late to be news still takes back what readers were told, if it was published after that."""
        reported = min((m.at for m in story.members if m.entry_id != entry.id), default=entry.at)
        is_older = entry.at < reported and not entry.revision  # a revision has its first text's date
        self.telling.say(entry, held, story)  # first: by that a backtest knows a silent first poll
        if changes and not is_older:
            self._keep(self.telling.tell(entry, analysis, story, changes, []))
            self._pass_on(story, entry, analysis, changes)

    def look_for_absences(self) -> None:
        """Tell of what has not come for longer than a rule allows."""
        for found in absences(self._book.rules, self._memory, self._now):
            if self.stories.whole(found.rule.id, found.group) is None:
                self._tell_together(found, *as_read(found.newest))

    def _notice(self, before: Story | None, story: Story, entry: Entry, analysis: Analysis) -> list[Sighting]:
        """Remember what an entry adds to the claims of its story."""
        known = before.claims if before is not None else ()
        stands_again = before is not None and story.stands and not before.stands
        made = {(e.theme, e.actor) for e in analysis.fresh_events} if stands_again else set()
        noticed = []
        for claim in story.claims:
            again = (claim.theme, claim.actor) in made
            if claim in known and not again:
                continue
            event = cluster.said(claim, analysis)
            if event is None or entry.at < self._now - MEMORY:
                continue
            claimed = replace(event, theme=claim.theme, actor=claim.actor)
            if again and event.polarity is Polarity.AFFIRMED:
                claimed = replace(claimed, polarity=Polarity.CORRECTED)  # so was what had taken it back
            noticed.append(Sighting.of(story.id, entry, analysis, claimed))
        gone = list(self._taken_back(before, story, entry, analysis))
        self.sightings += [*noticed, *gone]
        for sighting in (*noticed, *gone):
            self._memory.add(sighting)
        return noticed

    def _taken_back(
        self, before: Story | None, story: Story, entry: Entry, analysis: Analysis
    ) -> Iterator[Sighting]:
        """What no outlet stands by any more counts in no correlation, as if it were denied."""
        if before is None or story.stands or not before.stands:
            return
        nowhere = Span("title", 0, 0)
        for claim in (c for c in story.claims if c.modality is not Modality.CONFIRMED):
            event = Event(
                theme=claim.theme,
                actor=claim.actor,
                stage=claim.stage,
                attribution=claim.attribution,
                polarity=Polarity.DENIED,
                evidence=nowhere,
            )
            yield Sighting.of(story.id, entry, analysis, event)

    def _tell_together(self, found: Together, entry: Entry, analysis: Analysis) -> None:
        """Tell, or bring up to date, the story of several stories."""
        rule = found.rule
        have = self.stories.whole(rule.id, found.group) or self._same_news(found)
        if have is None or self._now - have.first_seen > rule.policy.window:
            assigned = together.begin(rule.id, found.group, found.sightings, self._now)
        else:
            assigned = together.grow(have, found.sightings)
        story = together.judged(assigned.story, self.stories)
        distinct = (rule.correlate and rule.correlate.distinct) or Distinct.STORY
        count = max(found.count, together.standing(story, self.stories)[distinct])
        told = match_together(self._book.rules, found, story.id, count)
        if assigned.changes:
            story = replace(story, title=told.title)
        self._keep(story)
        allowed = [told] if self.telling.allows(told, entry, story) else []
        shown = lines(found.sightings)
        self._keep(self.telling.tell(entry, analysis, story, assigned.changes, allowed, together=shown))

    def _same_news(self, found: Together) -> Story | None:
        """The story in which the same rule has just put the same news, under another name."""
        same = (s for s in self.stories.wholes(found.newest.story_id) if s.rule_id == found.rule.id)
        return next((s for s in same if s.members[-1].entry_id == found.newest.entry_id), None)

    def _pass_on(self, story: Story, entry: Entry, analysis: Analysis, changes: frozenset[Change]) -> None:
        """What becomes of a claim reaches those, too, who saw it only as a part of a correlation."""
        knowing = set(self.telling.readers_of(story.id))
        for whole in self.stories.wholes(story.id):
            grown = together.judged(together.follow(whole, story), self.stories)
            # What the story says besides is nothing that the correlation has told.
            theirs = (
                changes if grown.claims != whole.claims else changes & {Change.SPILLOVER, Change.WITHDRAWN}
            )
            if not theirs and grown.stands and not whole.stands:
                theirs = frozenset({Change.COPY})  # its card must not say any longer that it was withdrawn
            if theirs:
                self._keep(self.telling.tell(entry, analysis, grown, theirs, [], knowing=knowing))
                knowing |= self.telling.readers_of(whole.id)

    def _copied(self, entry: Entry, analysis: Analysis) -> Story | None:
        """The story that an entry only repeats; nearly the same words may deny or confirm it, or take it back."""
        if entry.revision:
            return None
        words = fingerprint(entry)
        echo = find_echo(entry, words, self.stories.alike(words, SAME))
        if echo is None:
            return None
        story = self.stories[echo.story_id]
        joined = cluster.join(story, entry, analysis)
        still = [m.entry_id for m in joined.story.backers if m.entry_id != entry.id]
        is_copy = not joined.changes & _MATERIAL and still == [m.entry_id for m in story.backers]
        return story if is_copy else None

    def _assign(self, entry: Entry, analysis: Analysis, home: str | None) -> cluster.Assignment | None:
        """Where an entry goes; a withdrawal begins no story, so None if it fits none."""
        if home is not None:
            assigned = cluster.join(self.stories[home], entry, analysis)
            return replace(assigned, changes=assigned.changes - {Change.COPY, Change.NEW_ORIGIN})
        story = nearest_story(entry, analysis, self.stories.near(analysis.companies))
        if story is None and analysis.withdraws:
            return None
        if story is None:
            touched = self.stories.exposing(self._book.moving(analysis))
            story = next((s for s in touched if self._book.bears_out(analysis, s, self._now)), None)
        return cluster.join(story, entry, analysis) if story else cluster.begin(entry, analysis)

    def _keep(self, story: Story) -> None:
        if self.stories.get(story.id) == story:
            return
        self.stories.put(story)
        self.changed[story.id] = None
        if story.rule_id:
            return
        for whole in self.stories.wholes(story.id):  # open as long as what it puts together
            self._keep(replace(whole, last_seen=max(whole.last_seen, story.last_seen)))
