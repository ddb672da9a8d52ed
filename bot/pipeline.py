"""The whole product in one function: what a batch of entries means, and who is told.

`process` decides everything and does nothing: no clock, no network, no files. What it reads comes in a
snapshot, what it decides leaves in an outcome, and a backtest runs the very same code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.alerts.decide import development, first_card, hold_entry, hold_match
from bot.alerts.exposure import ExposureGraph
from bot.alerts.route import recipients
from bot.delivery.render import card, reply
from bot.model import (
    Alert,
    AlertKind,
    Analysis,
    Card,
    Change,
    Decision,
    Entry,
    Event,
    Match,
    Notification,
    Outcome,
    Polarity,
    Policy,
    PollState,
    Reason,
    Severity,
    Snapshot,
    Story,
    Subscriber,
    Told,
    Verdict,
)
from bot.ports import Analyzer
from bot.rules.book import Rulebook
from bot.rules.engine import match
from bot.stories import cluster
from bot.stories.dedupe import find_echo, fingerprint
from bot.text import digest

# How long after a story's card a move of an exposed company still counts as the predicted one.
SPILLOVER_WITHIN = timedelta(hours=48)
MOVES = {"selloff": -1, "rally": 1}
# Cards below this level arrive without a sound.
AUDIBLE = Severity.MEDIUM


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Everything that people edit, read and checked: swapped as a whole on reload."""

    rules: Rulebook
    exposure: ExposureGraph


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
    new = run.unseen(entries)
    for entry, analysis in zip(new, analyzer.analyze(new), strict=True):
        run.take(entry, analysis)
    return run.outcome(states)


class _Run:
    """One batch under way. Stories and what was told change within it, so that entries see one another."""

    def __init__(self, snapshot: Snapshot, book: Book, now: datetime, baseline: frozenset[str]) -> None:
        self._snapshot, self._book, self._now, self._baseline = snapshot, book, now, baseline
        self._stories: dict[str, Story] = {s.id: s for s in snapshot.stories if cluster.is_open(s, now)}
        self._home = {m.entry_id: s.id for s in snapshot.stories for m in s.members}
        self._told: dict[tuple[str, str], Told] = {}
        self._cards: dict[str, tuple[Alert, Entry]] = {}
        self._changed: dict[str, None] = {}
        self._entries: list[Entry] = []
        self._analyses: list[Analysis] = []
        self._alerts: dict[str, Alert] = {}
        self._verdicts: list[Verdict] = []
        self._notifications: dict[str, Notification] = {}

    def outcome(self, states: tuple[PollState, ...]) -> Outcome:
        return Outcome(
            states=states,
            entries=tuple(self._entries),
            analyses=tuple(self._analyses),
            stories=tuple(self._stories[i] for i in self._changed),
            alerts=tuple(self._alerts.values()),
            verdicts=tuple(self._verdicts),
            told=tuple(self._told.values()),
            notifications=tuple(self._notifications.values()),
        )

    def unseen(self, entries: Iterable[Entry]) -> list[Entry]:
        """New entries and revisions, oldest first; what is known already is left out."""
        found: dict[str, Entry] = {}
        for entry in sorted(entries, key=lambda e: (e.at, e.id)):
            known = self._snapshot.known.get(entry.id)
            if known is None:
                found.setdefault(entry.id, entry)
            elif known.id == entry.id and known.content != entry.content:
                found[entry.id] = replace(entry, revision=known.revision + 1, seen_at=known.seen_at)
        return list(found.values())

    def take(self, entry: Entry, analysis: Analysis) -> None:
        """Decide about one entry."""
        self._entries.append(entry)
        self._analyses.append(analysis)
        held = hold_entry(entry, baseline=entry.id in self._baseline, now=self._now)
        if entry.revision == 0:
            copied = find_echo(entry, fingerprint(entry), self._stories.values())
            if copied is not None and not self._says_more(analysis, self._stories[copied.story_id]):
                assigned = cluster.echo(self._stories[copied.story_id], entry)
                self._keep(assigned.story)
                self._say(entry, held or Decision(send=False, reason=Reason.ECHO), story=assigned.story)
                if held is None:
                    self._tell(entry, analysis, assigned.story, assigned.changes, [])
                return
        home = self._home.get(entry.id)
        if not analysis.fresh_events and home not in self._stories:
            reason = Reason.BACKGROUND if analysis.events else Reason.NO_EVENT
            self._say(entry, held or Decision(send=False, reason=reason))
            return
        assigned = self._assign(entry, analysis, home)
        changes = assigned.changes
        story = assigned.story
        if Change.NEW_STORY not in changes and self._spills(analysis, story):
            changes |= {Change.SPILLOVER}
            story = replace(story, spillover_at=self._now)
        self._keep(story)
        if held is not None:
            self._say(entry, held, story=story)
            return
        matches = match(self._book.rules, story, entry, analysis)
        allowed = [m for m in matches if self._allows(m, story)]
        if not matches:
            denied = any(e.polarity is Polarity.DENIED for e in analysis.fresh_events)
            told = any(True for _ in self._told_of(story.id))
            if denied and not told:
                self._say(entry, Decision(send=False, reason=Reason.UNSEEN_DENIAL), story=story)
            elif not told:
                self._say(entry, Decision(send=False, reason=Reason.NO_RULE), story=story)
        self._tell(entry, analysis, story, changes, allowed)

    # --- stories ---

    def _assign(self, entry: Entry, analysis: Analysis, home: str | None) -> cluster.Assignment:
        if home in self._stories:
            assigned = cluster.join(self._stories[home], entry, analysis)
            return replace(assigned, changes=assigned.changes - {Change.COPY, Change.NEW_ORIGIN})
        story = cluster.nearest_story(entry, analysis, self._stories.values())
        if story is None:
            story = next((s for s in reversed(self._stories.values()) if self._echoes(analysis, s)), None)
        return cluster.join(story, entry, analysis) if story else cluster.begin(entry, analysis)

    @staticmethod
    def _says_more(analysis: Analysis, story: Story) -> bool:
        """Whether words that look like a copy deny or confirm what the story only claims."""
        for event in analysis.fresh_events:
            claim = story.claim(event.theme, event.actor)
            if event.polarity is Polarity.DENIED and (claim is None or claim.polarity is not Polarity.DENIED):
                return True
        return False

    def _spills(self, analysis: Analysis, story: Story) -> bool:
        """Whether the entry is the first that shows what the story's card predicted."""
        return story.spillover_at is None and self._echoes(analysis, story)

    def _echoes(self, analysis: Analysis, story: Story) -> bool:
        """Whether the entry shows a move of companies that the story's card named, in the way it said.

        One company alone may fall for reasons of its own; so it must be several, or the cause be named.
        """
        if story.alerted_at is None:
            return False
        if self._now - story.alerted_at > SPILLOVER_WITHIN:
            return False
        moved = {c for e in analysis.fresh_events for c in self._moved(e, story)}
        if not moved:
            return False
        actors = {c.actor for c in story.claims if c.theme not in MOVES}
        return len(moved) > 1 or not actors.isdisjoint(analysis.companies)

    def _moved(self, event: Event, story: Story) -> set[str]:
        direction = MOVES.get(event.theme)
        if direction is None or event.polarity is Polarity.DENIED or event.actor is None:
            return set()
        sectors = self._book.rules.known.companies
        return {
            x.company
            for x in story.exposures
            if x.direction == direction and event.actor in (x.company, sectors.get(x.company))
        }

    def _keep(self, story: Story) -> None:
        self._stories[story.id] = story
        self._changed[story.id] = None
        for member in story.members:
            self._home[member.entry_id] = story.id

    # --- decisions ---

    def _say(self, entry: Entry, decision: Decision, *, story: Story | None = None, **about: str) -> None:
        self._verdicts.append(
            Verdict(
                entry_id=entry.id,
                at=self._now,
                decision=decision,
                story_id=story.id if story else "",
                **about,
            )
        )

    def _allows(self, found: Match, story: Story) -> bool:
        held = hold_match(found, story, self._snapshot.silences, self._now)
        if held is None:
            return True
        self._verdicts.append(
            Verdict(
                entry_id=found.entry_id,
                at=self._now,
                decision=held,
                story_id=story.id,
                rule_id=found.rule_id,
                rule_line=found.rule_line,
            )
        )
        return False

    def _told_of(self, story_id: str) -> Iterable[Told]:
        before = {t.subscriber_id: t for t in self._snapshot.told.get(story_id, ())}
        before |= {sub: t for (story, sub), t in self._told.items() if story == story_id}
        return before.values()

    def _tell(
        self,
        entry: Entry,
        analysis: Analysis,
        story: Story,
        changes: frozenset[Change],
        matches: list[Match],
    ) -> None:
        """Bring the story's readers up to date, and show its card to those who have not seen it."""
        told = {t.subscriber_id: t for t in self._told_of(story.id)}
        by_id = {s.id: s for s in self._snapshot.subscribers}
        for subscriber_id in sorted(told.keys() & by_id.keys()):
            self._develop(entry, analysis, story, changes, matches, told[subscriber_id], by_id[subscriber_id])
        offered = False
        for found in matches:  # loudest first
            alert = self._new_alert(found, entry, analysis, story)
            for subscriber in recipients(alert, self._snapshot.subscribers, self._snapshot.watches):
                offered = True
                if subscriber.id not in told:
                    self._first(entry, analysis, alert, found, subscriber)
                    told |= {t.subscriber_id: t for t in self._told_of(story.id)}
        if matches and not offered:
            lead = matches[0]
            self._say(
                entry,
                Decision(send=False, reason=Reason.NOT_WATCHED),
                story=story,
                rule_id=lead.rule_id,
                rule_line=lead.rule_line,
            )

    def _first(
        self, entry: Entry, analysis: Analysis, alert: Alert, found: Match, subscriber: Subscriber
    ) -> None:
        decision = first_card(found, subscriber, self._now)
        story = self._stories[alert.story_id]
        self._say(
            entry,
            decision,
            story=story,
            rule_id=found.rule_id,
            rule_line=found.rule_line,
            subscriber_id=subscriber.id,
        )
        if not decision.send:
            return
        if story.alerted_at is None:
            self._keep(replace(story, alerted_at=self._now, exposures=alert.exposures))
        self._alerts[alert.id] = alert
        self._cards[alert.id] = (alert, entry)
        drawn = card(
            alert,
            self._stories[alert.story_id],
            entry,
            names=self._book.rules.name,
            now=self._now,
            flags=analysis.flags,
        )
        self._told[story.id, subscriber.id] = Told(
            story_id=story.id,
            subscriber_id=subscriber.id,
            alert_id=alert.id,
            rule_id=alert.rule_id,
            level=alert.level,
            last_sound_at=self._now,
        )
        self._queue(alert, subscriber, drawn, silent=alert.level < AUDIBLE)

    def _develop(
        self,
        entry: Entry,
        analysis: Analysis,
        story: Story,
        changes: frozenset[Change],
        matches: list[Match],
        told: Told,
        subscriber: Subscriber,
    ) -> None:
        shown = self._cards.get(told.alert_id) or self._snapshot.cards.get(told.alert_id)
        if shown is None:
            return  # its card was pruned from the archive
        alert, first = shown
        rule = self._book.rules.rule(told.rule_id)
        policy = rule.policy if rule else Policy()
        lead = matches[0] if matches else None
        louder = lead if lead is not None and lead.level > told.level else None
        retold = entry.id == first.id and entry.revision > first.revision
        decision = development(changes, policy, told, subscriber, louder.level if louder else None, self._now)
        if decision.reason is Reason.UNCHANGED and retold:
            decision = Decision(send=True, reason=Reason.COUNTED, detail="the headline was edited")
        if decision.send or decision.reason is not Reason.UNCHANGED or entry.revision:
            self._say(
                entry,
                decision,
                story=story,
                rule_id=told.rule_id,
                rule_line=alert.rule_line,
                subscriber_id=subscriber.id,
            )
        if not decision.send and not changes & policy.edit_on:
            return
        edited = self._edit(alert, first, entry, analysis, decision, lead if retold else None)
        self._queue(edited[0], subscriber, edited[1], silent=True)
        if decision.send and decision.reason is not Reason.COUNTED:
            answer = self._reply_alert(alert, entry, analysis, story, changes, decision, louder)
            if answer is None:
                return
            self._alerts[answer.id] = answer
            self._told[story.id, subscriber.id] = replace(
                told,
                level=max(told.level, louder.level) if louder else told.level,
                last_sound_at=self._now,
            )
            self._queue(answer, subscriber, reply(answer, story, entry, now=self._now), silent=False)

    # --- alerts ---

    def _new_alert(self, found: Match, entry: Entry, analysis: Analysis, story: Story) -> Alert:
        event = found.event
        exposures = self._book.exposure.exposed(
            event.theme, event.actor, found.policy.hops, found.policy.min_weight
        )
        return Alert(
            id=digest("new", story.id, found.rule_id, entry.id),
            kind=AlertKind.NEW,
            reason=Reason.FIRST,
            rule_id=found.rule_id,
            pack=found.pack,
            rule_line=found.rule_line,
            level=found.level,
            title=found.title,
            story_id=story.id,
            entry_id=entry.id,
            event=event,
            evidence=_words(entry, event),
            created_at=self._now,
            companies=_companies(event, analysis),
            sectors=self._sectors(event, analysis),
            exposures=exposures,
        )

    def _sectors(self, event: Event, analysis: Analysis) -> frozenset[str]:
        known = self._book.rules.known
        own = {known.companies.get(event.actor, event.actor)} if event.actor else set()
        return frozenset(analysis.sectors) | frozenset(s for s in own if s in known.sectors)

    def _edit(
        self,
        alert: Alert,
        first: Entry,
        entry: Entry,
        analysis: Analysis,
        decision: Decision,
        retold: Match | None,
    ) -> tuple[Alert, Card]:
        """The story's card as it stands now; with the new wording where its own entry was edited."""
        if retold is not None:
            alert = replace(
                alert, event=retold.event, evidence=_words(entry, retold.event), title=retold.title
            )
            first = entry
        story = self._stories[alert.story_id]
        edited = replace(alert, kind=AlertKind.EDIT, reason=decision.reason, created_at=self._now)
        flags = analysis.flags if first.id == entry.id else frozenset()
        drawn = card(edited, story, first, names=self._book.rules.name, now=self._now, flags=flags)
        return edited, drawn

    def _reply_alert(
        self,
        alert: Alert,
        entry: Entry,
        analysis: Analysis,
        story: Story,
        changes: frozenset[Change],
        decision: Decision,
        louder: Match | None,
    ) -> Alert | None:
        event = louder.event if louder else _causing(analysis, alert.event, decision.reason, story)
        if event is None:
            return None
        return replace(
            alert,
            id=digest("reply", story.id, entry.id, str(entry.revision), decision.reason, alert.id),
            kind=AlertKind.REPLY,
            reason=decision.reason,
            level=louder.level if louder else alert.level,
            title=louder.title if louder else alert.title,
            entry_id=entry.id,
            event=event,
            evidence=_words(entry, event),
            created_at=self._now,
            note=self._note(story, analysis, decision.reason, changes),
        )

    def _note(self, story: Story, analysis: Analysis, reason: Reason, changes: frozenset[Change]) -> str:
        if reason is Reason.SPILLOVER:
            parts = []
            for theme, verb in (("selloff", "fell"), ("rally", "rose")):
                moved = {
                    self._book.rules.name(e.actor)
                    for e in analysis.fresh_events
                    if e.theme == theme and e.actor and self._moved(e, story)
                }
                parts += [f"{', '.join(sorted(moved))} {verb}"] if moved else []
            return "; ".join(parts)
        return ", ".join(sorted(c.replace("_", " ") for c in changes - {Change.COPY, Change.NEW_ORIGIN}))

    def _queue(self, alert: Alert, subscriber: Subscriber, drawn: Card, *, silent: bool) -> None:
        story = self._stories[alert.story_id]
        note = Notification(
            id=digest(alert.id, alert.kind, subscriber.id, str(story.revision)),
            alert_id=alert.id,
            subscriber_id=subscriber.id,
            story_id=alert.story_id,
            rule_id=alert.rule_id,
            kind=alert.kind,
            card=drawn,
            level=alert.level,
            created_at=self._now,
            silent=silent,
        )
        self._notifications[note.id] = note


def _words(entry: Entry, event: Event) -> str:
    span = event.evidence
    return (entry.title if span.field == "title" else entry.text)[span.start : span.end]


def _companies(event: Event, analysis: Analysis) -> frozenset[str]:
    named = {*analysis.companies, *event.targets}
    return frozenset(named | ({event.actor} if event.actor else set()))


def _causing(analysis: Analysis, told: Event, reason: Reason, story: Story) -> Event | None:
    """The event of an entry that changed the story: for a reply's evidence."""
    fresh = analysis.fresh_events
    wanted: Mapping[Reason, bool] = {Reason.DENIED: True}
    if reason is Reason.SPILLOVER:
        return next((e for e in fresh if e.theme in MOVES), None)
    if reason in wanted:
        fresh = tuple(e for e in fresh if e.polarity is Polarity.DENIED)
    same = [e for e in fresh if e.theme == told.theme]
    return next(iter([*same, *fresh]), None)
