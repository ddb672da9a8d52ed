"""Makes subscribers, notifications and outbox items for tests of delivery."""

from __future__ import annotations

from typing import Any

from fakes import START

from bot.model import AlertKind, Card, Notification, OutboxItem, Severity, Subscriber


def subscriber(address: str = "5", *, channel: str = "telegram", **more: Any) -> Subscriber:
    """A subscriber with its id made of channel and address."""
    return Subscriber(id=f"{channel}:{address}", channel=channel, address=address, **more)


def note(name: str, to: Subscriber, card: Card | str | None = None, **more: Any) -> Notification:
    """A notification whose text is its name, unless a card or a text is given."""
    card = Card(text=name if card is None else card) if not isinstance(card, Card) else card
    given: dict[str, Any] = {
        "story_id": f"story-{name}",
        "rule_id": "resale",
        "kind": AlertKind.NEW,
        "level": Severity.MEDIUM,
        "created_at": START,
    }
    return Notification(id=name, alert_id=f"a-{name}", subscriber_id=to.id, card=card, **given | more)


def item(
    card: Card | str = "Meta weighs a sale", *, address: str = "5", reply_to: str = "", **more: Any
) -> OutboxItem:
    """An outbox item ready to be sent."""
    to = subscriber(address)
    return OutboxItem(notification=note("n1", to, card, **more), subscriber=to, reply_to=reply_to)
