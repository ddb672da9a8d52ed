"""What it means to send a digest: one message, and stories that its reader has now heard of."""

from __future__ import annotations

from datetime import datetime

from bot.delivery.roundup import roundup
from bot.delivery.words import Names, said_names
from bot.hours import is_quiet, next_digest
from bot.locale import speaking
from bot.model import AlertKind, DigestDue, DigestSent, Notification, Outcome, Severity, Told
from bot.text import digest as digested


def send_digest(due: DigestDue, names: Names, now: datetime) -> Outcome:
    """A digest as an outcome to be applied. Where nothing is held, it only says when the next one is due.

    What is in it counts as told: what becomes of it later reaches its reader, as it would with a card.

    Args:
        due: Whose, and what is held.
        names: Readable names of companies.
        now: UTC.
    """
    reader = due.subscriber
    next_at = next_digest(reader.digest, reader.timezone, now) if reader.digest else None
    sent = DigestSent(subscriber_id=reader.id, upto=now, is_regular=due.is_regular, next_at=next_at)
    if not due.held:
        return Outcome(digests=(sent,))
    with speaking(reader.language):
        card, shown = roundup(due, names=said_names(names), now=now)
    key = digested("digest", reader.id, now.isoformat())
    note = Notification(
        id=key,
        alert_id="",
        subscriber_id=reader.id,
        story_id=f"digest {key}",
        rule_id="",
        kind=AlertKind.NEW,
        card=card,
        level=Severity.MEDIUM,
        created_at=now,
        silent=is_quiet(reader, now),
    )
    return Outcome(
        alerts=tuple(h.alert for h in shown if h.alert.id not in due.known),
        told=tuple(
            Told(
                story_id=h.alert.story_id,
                subscriber_id=reader.id,
                alert_id=h.alert.id,
                rule_id=h.alert.rule_id,
                level=h.alert.level,
                last_sound_at=now,
                in_digest=True,
            )
            for h in shown
        ),
        notifications=(note,),
        digests=(sent,),
    )
