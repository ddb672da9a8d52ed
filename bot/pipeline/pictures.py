"""Cards and replies as their readers see them: each is drawn once for all who see the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.delivery.render import card, reply
from bot.delivery.words import said_names
from bot.hours import zone_of
from bot.locale import speaking
from bot.model import Alert, Card, Entry, Story, Subscriber
from bot.rules.book import Rulebook
from bot.rules.engine import said_title


class Pictures:
    """What a batch has drawn so far."""

    def __init__(self, rules: Rulebook, now: datetime) -> None:
        self._rules, self._names, self._now = rules, said_names(rules.name), now
        self._drawn: dict[tuple[str, ...], Card] = {}

    def card(
        self,
        alert: Alert,
        story: Story,
        entry: Entry,
        flags: frozenset[str],
        reader: Subscriber,
        headed: Entry | None = None,
    ) -> Card:
        """The card of a story, or an edit of it, under the headline of the entry that it is `headed` by."""
        shown = (alert.id, alert.kind, alert.reason, alert.level.word, alert.entry_id, alert.evidence)
        parts = (str(len(alert.together)), entry.id, str(entry.revision), *sorted(flags))
        return self._once(
            (*shown, *parts),
            story,
            reader,
            lambda: card(
                self._said(alert),
                story,
                entry,
                names=self._names,
                now=self._now,
                tz=zone_of(reader.timezone),
                flags=flags,
                headed=headed,
            ),
        )

    def reply(self, alert: Alert, story: Story, entry: Entry, reader: Subscriber, *, taken_up: bool) -> Card:
        """A reply to it."""
        return self._once(
            (alert.id,),
            story,
            reader,
            lambda: reply(
                self._said(alert),
                story,
                entry,
                names=self._names,
                now=self._now,
                tz=zone_of(reader.timezone),
                taken_up=taken_up,
            ),
        )

    def _said(self, alert: Alert) -> Alert:
        """An alert with its title in the language that is spoken."""
        return replace(alert, title=said_title(self._rules, alert.rule_id, alert.title, alert.event))

    def _once(
        self, what: tuple[str, ...], story: Story, reader: Subscriber, draw: Callable[[], Card]
    ) -> Card:
        key = (*what, str(story.revision), reader.timezone, reader.language)
        drawn = self._drawn.get(key)
        if drawn is None:
            with speaking(reader.language):
                drawn = self._drawn[key] = draw()
        return drawn
