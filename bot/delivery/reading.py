"""What has been told: the newest alerts, and why one was sent."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from bot.delivery.explain import explanation, latest
from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, echo, line
from bot.hours import zone_of
from bot.locale import tr
from bot.ports import Clock, Desk, Vocabulary

_LATEST, _MAX_LATEST = 5, 10


class Reading:
    """The part of the commands that only reads."""

    managing: frozenset[str] = frozenset()

    def __init__(self, desk: Desk, vocabulary: Vocabulary, clock: Clock, timezone: str) -> None:
        self._desk, self._vocabulary, self._clock, self._timezone = desk, vocabulary, clock, timezone
        self.commands: Mapping[str, Handler] = {"latest": self.latest, "why": self.why}
        self.buttons: Mapping[str, Handler] = {"why": self.why}

    def latest(self, text: str, chat: Chat) -> Reply:
        """The newest alerts of the chat, or of all where it has none yet."""
        if text and not (text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= _MAX_LATEST):
            return line(tr("How many? /latest 5 shows five; the most is {most}.", most=_MAX_LATEST))
        limit = int(text) if text else _LATEST
        heading = tr("The newest alerts of this chat; a number shows the story, /why and an id explains one:")
        alerts = self._desk.latest(limit, subscriber_id=chat.subscriber_id)
        if not alerts:
            heading = tr("Nothing was sent here yet. The newest alerts of all:")
            alerts = self._desk.latest(limit)
        if not alerts:
            return line(tr("There are no alerts yet. The first one comes as soon as a rule is satisfied."))
        known = [self._desk.why(a.id, subscriber_id=chat.subscriber_id) for a in alerts]
        stories = {found.story.id: found.story for found in known if found and found.story}
        now, zone = self._clock(), self._zone(chat)
        return Reply(cards=(latest(alerts, now=now, tz=zone, heading=heading, stories=stories),))

    def why(self, text: str, chat: Chat) -> Reply:
        """Explain an alert, named by its id or by the message that is answered."""
        reference = text or chat.reply_to
        if not reference:
            return line(tr("Which alert? Reply to its card with /why, or write /why and an id from /latest."))
        found = None
        if reference.isascii() and reference.replace("-", "").isalnum():
            found = self._desk.why(reference.lower(), subscriber_id=chat.subscriber_id)
        if found is None:
            if not text:
                return line(tr("I know no alert for that message. /latest lists alerts with their ids."))
            return line(
                tr("I know no alert for the id {id}. /latest lists alerts with their ids.", id=echo(text))
            )
        card = explanation(
            found,
            names=self._vocabulary.name,
            now=self._clock(),
            tz=self._zone(chat),
            subscriber_id=chat.subscriber_id,
        )
        return Reply(cards=(card,))

    def _zone(self, chat: Chat) -> ZoneInfo:
        """By which clock a chat reads times."""
        subscriber = self._desk.subscriber(chat.subscriber_id)
        return zone_of(subscriber.timezone if subscriber else self._timezone)
