"""What each reader has been told, and whether and how it may be told more: questions about one reader at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.alerts.decide import AUDIBLE, first_card, in_force, is_spent, spare, throttled
from bot.hours import is_quiet
from bot.model import (
    Alert,
    Decision,
    Entry,
    Ground,
    Match,
    OpenStories,
    Policy,
    Reason,
    Severity,
    Silence,
    Snapshot,
    Story,
    Subscriber,
    Told,
)
from bot.pipeline.book import Book
from bot.rules.correlate import Kind


class Readers:
    """The readers as a batch finds them, and what it tells them; it only ever grows.

    Attributes:
        told: What subscribers have been told anew, by story, by subscriber.
        cards: New cards and those that were edited, each with the entry that it shows, by alert id.
    """

    def __init__(self, snapshot: Snapshot, book: Book, now: datetime, stories: OpenStories) -> None:
        """Begin with what is known; `stories` change as the batch goes on."""
        self._snapshot, self._book, self._now = snapshot, book, now
        self._routes, self._stories = book.routes.after(snapshot.moved), stories
        self.told: dict[str, dict[str, Told]] = {}
        self.cards: dict[str, tuple[Alert, Entry]] = {}
        self._known: dict[str, list[Told]] | None = None  # told before, by subscriber, once asked for
        self._rung: dict[str, list[datetime]] = {}  # in this batch, by subscriber

    def ring(self, reader: Subscriber) -> None:
        """A message with sound goes to it."""
        self._rung.setdefault(reader.id, []).append(self._now)

    def offer(self, found: Match, story: Story, reader: Subscriber, entry: Entry) -> Decision:
        """Whether a subscriber who has not heard of the story gets its card."""
        decision = first_card(
            found, reader, self._now, self.mute(reader, found.rule_id, found.event.actor, story)
        )
        if not decision.send:
            return decision
        if self._covered(found, story, reader):
            return Decision(send=False, reason=Reason.INHIBITED, detail=Ground.TOGETHER.written())
        have = self._cards_of(reader.id, found)
        sectors = self._book.rules.known.companies
        louder = self._routes.muted_by(found, story, have, self._stories, sectors, self._now)
        if louder is not None:
            return Decision(
                send=False, reason=Reason.INHIBITED, detail=Ground.TOLD_BY.written(rule=louder.rule_id)
            )
        until = throttled(found, have, self._now)
        if until is not None:
            return Decision(send=False, reason=Reason.THROTTLED, until=until)
        spared = spare(found.level, reader, entry.at, self._snapshot.gap, self._sounds(reader), self._now)
        if spared is not None:
            return spared
        return replace(decision, reason=Reason.CORRELATED) if story.rule_id else decision

    def mute(self, reader: Subscriber, rule_id: str, actor: str | None, story: Story) -> Silence | None:
        """The reader's own mute that covers what a rule tells of a story, or None."""
        mutes = self._snapshot.mutes.get(reader.id)
        return in_force(mutes, rule_id, actor, story, self._now) if mutes else None

    def _sounds(self, reader: Subscriber) -> list[datetime]:
        """When a subscriber with a budget was last rung, this batch included."""
        if reader.budget is None:
            return []
        return [*self._snapshot.sounds.get(reader.id, ()), *self._rung.get(reader.id, ())]

    def is_silent(self, level: Severity, reader: Subscriber) -> bool:
        """Whether a message comes without a sound: it is not that loud, or these are quiet hours, or there were enough."""
        if level < AUDIBLE:
            return True
        if level >= Severity.CRITICAL:
            return False
        return is_quiet(reader, self._now) or is_spent(reader, self._sounds(reader), self._now)

    def _covered(self, found: Match, story: Story, reader: Subscriber) -> bool:
        """Whether cards as loud hold it already: as a part of a correlation, or the one part of one."""

        def knows(story_id: str) -> bool:
            have = self.told_of(story_id).get(reader.id)
            return have is not None and have.level >= found.level

        if story.rule_id:
            rule = self._book.rules.rule(found.rule_id)
            is_name = rule is not None and rule.correlate is not None and rule.correlate.type is Kind.NEW_TERM
            return is_name and all(map(knows, story.links))
        return any(knows(whole.id) for whole in self._stories.wholes(story.id))

    def _cards_of(self, subscriber_id: str, found: Match) -> list[tuple[Told, Alert]]:
        """The open cards of a subscriber, where they matter to a match."""
        if found.policy.throttle_per == "story" and not self._routes.mutes(found.rule_id):
            return []
        if self._known is None:
            self._known = {}
            for of_story in self._snapshot.told.values():
                for told in of_story.values():
                    self._known.setdefault(told.subscriber_id, []).append(told)
        newer = {s: by[subscriber_id] for s, by in self.told.items() if subscriber_id in by}
        older = {t.story_id: t for t in self._known.get(subscriber_id, ())}
        pairs = [(told, self.card(told)) for told in (older | newer).values()]
        return [(told, shown[0]) for told, shown in pairs if shown is not None]

    def told_of(self, story_id: str) -> dict[str, Told]:
        """Who has the story's card, by subscriber, this batch included."""
        return {**self._snapshot.told.get(story_id, {}), **self.told.get(story_id, {})}

    def has_lapsed(self, told: Told) -> bool:
        """Whether a card is so old that the rule gives its reader a new one."""
        shown = self.card(told)
        return shown is not None and self._now - shown[0].created_at > self.policy(told).window

    def card(self, told: Told) -> tuple[Alert, Entry] | None:
        """A card, and the entry that it shows; None where it was pruned from the archive."""
        return self.cards.get(told.alert_id) or self._snapshot.cards.get(told.alert_id)

    def policy(self, told: Told) -> Policy:
        """Of the rule by which a card was sent."""
        rule = self._book.rules.rule(told.rule_id)
        return rule.policy if rule else Policy()
