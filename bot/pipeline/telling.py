"""Who hears of an entry, and in which form: first cards, silent edits, replies, and the reasons for each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bot.alerts.decide import (
    DIGESTED,
    SPARED,
    URGENT,
    development,
    hold_match,
)
from bot.alerts.route import recipients
from bot.model import (
    Alert,
    AlertKind,
    Analysis,
    Card,
    Change,
    Decision,
    Entry,
    Ground,
    Held,
    Match,
    Notification,
    OpenStories,
    Reason,
    Snapshot,
    Story,
    Subscriber,
    Told,
    Verdict,
)
from bot.pipeline.book import Book
from bot.pipeline.compose import cause, first_alert, is_taken_back, joined, reply_alert, taking_up, words
from bot.pipeline.pictures import Pictures
from bot.pipeline.readers import Readers
from bot.text import digest

RETRACTED = (Reason.DENIED, Reason.CORRECTED)


class Telling:
    """What a batch tells; it only ever grows.

    Attributes:
        readers: What is known of each, and what they have been told anew.
        alerts: New cards and replies, and cards whose entry was edited, by id.
        verdicts: Every decision, in order.
        notifications: What goes out, by id, in order.
        held: What goes into digests, by subscriber and story.
    """

    def __init__(self, snapshot: Snapshot, book: Book, now: datetime, stories: OpenStories) -> None:
        """Begin with what is known; `stories` change as the batch goes on."""
        self._snapshot, self._book, self._now = snapshot, book, now
        self._routes = book.routes.after(snapshot.moved)
        self._routed = self._routes.targets()
        self._stories = stories
        self.readers = Readers(snapshot, book, now, stories)
        self._subscribers = {s.id: s for s in snapshot.subscribers}
        self.alerts: dict[str, Alert] = {}
        self.verdicts: list[Verdict] = []
        self.notifications: dict[str, Notification] = {}
        self.held: dict[tuple[str, str], Held] = {}
        self._pictures = Pictures(book.rules, now)

    def say(
        self,
        entry: Entry,
        decision: Decision,
        story: Story | None = None,
        *,
        rule_id: str = "",
        rule_line: str = "",
        subscriber_id: str = "",
    ) -> None:
        """Keep a decision, also when it says no."""
        self.verdicts.append(
            Verdict(
                entry_id=entry.id,
                at=self._now,
                decision=decision,
                story_id=story.id if story else "",
                rule_id=rule_id,
                rule_line=rule_line,
                subscriber_id=subscriber_id,
            )
        )

    def allows(self, found: Match, entry: Entry, story: Story) -> bool:
        """Whether a match may be told as new at all."""
        held = hold_match(found, story, self._snapshot.silences, self._now)
        if held is not None:
            self.say(entry, held, story, rule_id=found.rule_id, rule_line=found.rule_line)
        return held is None

    def is_told(self, story_id: str, *, together: bool = False) -> bool:
        """Whether anybody has the story's card; with `together`, or that of a correlation that it is a part of."""
        wholes = self._stories.wholes(story_id) if together else []
        return any(self.readers.told_of(i) for i in (story_id, *(s.id for s in wholes)))

    def readers_of(self, story_id: str) -> frozenset[str]:
        """Who has the story's card."""
        return frozenset(self.readers.told_of(story_id))

    def tell(
        self,
        entry: Entry,
        analysis: Analysis,
        story: Story,
        changes: frozenset[Change],
        matches: list[Match],
        *,
        fresh: list[Match] | None = None,
        together: tuple[str, ...] = (),
        knowing: Collection[str] = (),
    ) -> Story:
        """Bring the story's readers up to date, and show its card to those who have not seen it.

        Args:
            entry: What has come.
            analysis: What it says.
            story: With the entry in it.
            changes: What the entry did to the story.
            matches: Rules that it satisfies, loudest first.
            fresh: Those that may tell it as new to who has not seen its card; all if None.
            together: What a correlation puts together, a line each.
            knowing: Readers who have heard of it otherwise; their card is brought up to date without an answer.

        Returns:
            The story, with its exposure once its first card has gone out.
        """
        told = self.readers.told_of(story.id)
        fresh = matches if fresh is None else fresh
        if (
            fresh
        ):  # whoever got the card too long ago by its rule gets a new one, or read of it while it was less
            loudest = max(m.level for m in fresh)
            told = {
                reader: t
                for reader, t in told.items()
                if not self.readers.has_lapsed(t) and not (t.in_digest and t.level < loudest)
            }
        for subscriber_id in sorted(told.keys() & self._subscribers.keys()):
            reader, knows = self._subscribers[subscriber_id], subscriber_id in knowing
            self._develop(
                entry, analysis, story, changes, matches, told[subscriber_id], reader, together, knows=knows
            )
        offered: set[str] = set()
        for found in fresh:
            alert = first_alert(self._book, found, entry, analysis, story, self._now, together)
            snapshot = self._snapshot
            for reader in recipients(
                alert,
                entry,
                snapshot.subscribers,
                snapshot.watches,
                self._routes,
                snapshot.floors,
                self._book.rules.known.companies,
            ):
                offered.add(reader.id)
                if reader.id in told:
                    continue
                decision = self.readers.offer(found, story, reader, entry)
                self.say(
                    entry,
                    decision,
                    story,
                    rule_id=found.rule_id,
                    rule_line=found.rule_line,
                    subscriber_id=reader.id,
                )
                self._hold(decision, alert, reader)
                if decision.send:
                    if story.alerted_at is None:
                        story = replace(story, alerted_at=self._now, exposures=alert.exposures)
                    told[reader.id] = self._first(alert, story, entry, analysis, reader)
        if fresh and not offered:
            lead = fresh[0]
            nobody = Decision(send=False, reason=Reason.NOT_WATCHED)
            self.say(entry, nobody, story, rule_id=lead.rule_id, rule_line=lead.rule_line)
        return story

    def _hold(self, decision: Decision, alert: Alert, reader: Subscriber) -> None:
        """Keep for a digest what a subscriber would have got but for the hour, the level or the number."""
        if decision.reason in SPARED or (reader.digest is not None and decision.reason in DIGESTED):
            held = Held(subscriber_id=reader.id, alert=alert, reason=decision.reason, at=self._now)
            self.held.setdefault((reader.id, alert.story_id), held)  # the loudest comes first
        elif decision.send:
            self.held.pop((reader.id, alert.story_id), None)

    def _first(
        self, alert: Alert, story: Story, entry: Entry, analysis: Analysis, reader: Subscriber
    ) -> Told:
        self.alerts[alert.id] = alert
        self.readers.cards[alert.id] = (alert, entry)
        drawn = self._pictures.card(alert, story, entry, analysis.flags, reader)
        self._queue(alert, story, reader, drawn, silent=self.readers.is_silent(alert.level, reader), of=alert)
        told = Told(
            story_id=story.id,
            subscriber_id=reader.id,
            alert_id=alert.id,
            rule_id=alert.rule_id,
            level=alert.level,
            last_sound_at=self._now,
        )
        self.readers.told.setdefault(story.id, {})[reader.id] = told
        return told

    def _develop(
        self,
        entry: Entry,
        analysis: Analysis,
        story: Story,
        changes: frozenset[Change],
        matches: list[Match],
        told: Told,
        reader: Subscriber,
        together: tuple[str, ...],
        *,
        knows: bool,
    ) -> None:
        """Edit the card of a subscriber who has it, answer it, or leave it as it is.

        Who knows of it already gets no answer.
        """
        shown = self.readers.card(told)
        if shown is None:
            return  # its card was pruned from the archive
        alert, first = shown
        policy = self.readers.policy(told)
        louder = taking_up(matches, alert, told.level, analysis)
        mute = self.readers.mute(reader, told.rule_id, alert.event.actor, story)
        decision = development(
            changes, policy, told, reader, louder.level if louder else None, self._now, mute
        )
        retold = entry.id == first.id and entry.revision > 0
        if decision.reason is Reason.UNCHANGED and retold:
            decision = Decision(send=True, reason=Reason.COUNTED, detail=Ground.EDITED.written())
        if decision.reason is not Reason.UNCHANGED or entry.revision:
            known = Decision(send=False, reason=Reason.INHIBITED, detail=Ground.OWN_CARD.written())
            self.say(
                entry,
                known if knows else decision,
                story,
                rule_id=told.rule_id,
                rule_line=alert.rule_line,
                subscriber_id=reader.id,
            )
        if not decision.send and not changes & (policy.edit_on | policy.reply_on):
            return  # what is not told with sound is shown at least
        if told.in_digest:  # there is no card to edit, but what it read may not hold any more
            if decision.send and changes & URGENT and not knows:
                self._answer(alert, story, entry, analysis, changes, decision, told, louder, reader)
            return
        # Of several together the others hold.
        stays = bool(story.rule_id) and not story.is_denied and story.stands
        if knows and stays:
            return  # the card would show the same
        if (retold or story.rule_id) and matches:
            own = next((m for m in matches if m.rule_id == alert.rule_id), None)
            now_said = (own or matches[0]).event
            alert = replace(
                alert,
                entry_id=entry.id,
                event=now_said,
                evidence=words(entry, now_said),
                title=own.title if own else alert.title,
                together=joined(self._book, alert.together, together),
            )
            first = entry
            self.readers.cards[told.alert_id] = (alert, first)
            self.alerts[alert.id] = alert
        drawn, holder = alert, first
        headed = None if story.rule_id else entry if retold else first
        retracted = decision.reason in RETRACTED
        # Of several claims one may be taken back, and what the card told holds.
        holds = stays or (retracted and not is_taken_back(alert.event, analysis, story, decision.reason))
        denial = cause(analysis, alert.event, decision.reason) if retracted and not holds else None
        if denial is not None:  # the card then shows what is said against it
            drawn, holder = replace(alert, event=denial, evidence=words(entry, denial)), entry
        flags = analysis.flags if holder is entry else frozenset[str]()
        shown_reason = Reason.COUNTED if holds else decision.reason
        answered = decision.send and decision.reason is not Reason.COUNTED and not knows
        level = louder.level if louder and answered else told.level
        if (
            level > alert.level
        ):  # the answer names the louder rule; the one that sent the card is not that loud
            drawn = replace(drawn, level=level, title="")
        self._edit(drawn, story, holder, headed, flags, shown_reason, reader, alert)
        if answered:
            self._answer(alert, story, entry, analysis, changes, decision, told, louder, reader)

    def _edit(
        self,
        alert: Alert,
        story: Story,
        holder: Entry,
        headed: Entry | None,
        flags: frozenset[str],
        reason: Reason,
        reader: Subscriber,
        of: Alert,
    ) -> None:
        edited = replace(alert, kind=AlertKind.EDIT, reason=reason, created_at=self._now)
        drawn = self._pictures.card(edited, story, holder, flags, reader, headed)
        self._queue(edited, story, reader, drawn, silent=True, of=of)

    def _answer(
        self,
        alert: Alert,
        story: Story,
        entry: Entry,
        analysis: Analysis,
        changes: frozenset[Change],
        decision: Decision,
        told: Told,
        louder: Match | None,
        reader: Subscriber,
    ) -> None:
        known = replace(alert, level=told.level)
        answer = reply_alert(
            self._book, known, entry, analysis, story, changes, decision.reason, louder, self._now
        )
        if answer is None:
            return
        self.alerts[answer.id] = answer
        now_told = replace(told, level=answer.level, last_sound_at=self._now)
        self.readers.told.setdefault(story.id, {})[reader.id] = now_told
        drawn = self._pictures.reply(answer, story, entry, reader, taken_up=louder is not None)
        is_silent = self.readers.is_silent(answer.level, reader)
        self._queue(answer, story, reader, drawn, silent=is_silent, of=alert)

    def _queue(
        self, alert: Alert, story: Story, reader: Subscriber, drawn: Card, *, silent: bool, of: Alert
    ) -> None:
        """Let it go out by the route of the card that it is `of`, whatever has come to that since."""
        not_before = None
        if reader.id in self._routed:
            led, is_first = replace(of, level=alert.level), alert.kind is AlertKind.NEW
            not_before = self._routes.hold(led, reader.id, self._now, is_first=is_first)
        note = Notification(
            id=digest(alert.id, alert.kind, reader.id, str(story.revision)),
            alert_id=alert.id,
            subscriber_id=reader.id,
            story_id=story.id,
            rule_id=alert.rule_id,
            kind=alert.kind,
            card=drawn,
            level=alert.level,
            created_at=self._now,
            silent=silent,
            not_before=not_before,
        )
        self.notifications[note.id] = note
        if not silent:
            self.readers.ring(reader)
