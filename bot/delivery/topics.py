"""Topics of forums that are closed or deleted: what was meant for one falls back into its group's general topic."""

from __future__ import annotations

from dataclasses import replace

from bot.locale import tr
from bot.model import Card

CLOSED = "topic_closed"
GONE = (CLOSED, "topic_deleted", "message thread not found")
"""How the Bot API describes that nothing can be written into a topic, lower case."""


def fallen_back(card: Card, thread: int) -> Card:
    """The card with a line before it that says why it stands in the general topic."""
    said = (
        tr(
            "Topic {thread} was closed or deleted, so its alerts come here from now on. /bind in another topic has them there.",
            thread=thread,
        )
        + "\n\n"
    )
    moved = tuple(replace(e, start=e.start + len(said), end=e.end + len(said)) for e in card.entities)
    return replace(card, text=said + card.text, entities=moved)
