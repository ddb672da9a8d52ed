"""Code in a message: a text of several lines, as it is."""

from __future__ import annotations

from bot.delivery.replies import File, Reply
from bot.delivery.sheet import MAX_UNITS
from bot.model import Card, EntityKind, TextEntity
from bot.text import utf16_length

_MOST = MAX_UNITS - 200  # units of a text in a message; what is longer comes as a file as well


def code_reply(source: str, name: str) -> Reply:
    """A message with all of a text, or with its beginning and all of it as a file of this name."""
    shown = _plain(source)
    if utf16_length(shown) <= _MOST:
        return Reply(cards=(_block(shown),))
    kept = shown.splitlines()
    while utf16_length("\n".join(kept)) > _MOST:
        kept.pop()
    return Reply(cards=(_block("\n".join([*kept, "…"])),), files=(File(name=name, content=source.encode()),))


def _plain(source: str) -> str:
    """Lines without what is no letter, sign or blank; their indent stays."""
    return "\n".join("".join(c for c in text if c.isprintable()) for text in source.expandtabs().splitlines())


def _block(text: str) -> Card:
    return Card(text=text, entities=(TextEntity(EntityKind.BLOCK, 0, len(text)),))
