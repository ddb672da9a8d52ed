"""Shows notifications in a terminal, or as plain text where the output is none."""

from __future__ import annotations

import unicodedata
from itertools import count

from rich.box import ROUNDED
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.style import Style
from rich.text import Text

from bot.delivery.render import facts_of, headline_of, status_of
from bot.delivery.words import level_names
from bot.errors import TransientDeliveryError
from bot.model import AlertKind, Card, EntityKind, OutboxItem, Receipt, Severity, TextEntity
from bot.ports import Clock

_BORDER = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
_STYLE = {
    EntityKind.BOLD: Style(bold=True),
    EntityKind.ITALIC: Style(italic=True),
    EntityKind.STRIKE: Style(strike=True),
    EntityKind.CODE: Style(color="cyan"),
    EntityKind.BLOCK: Style(color="cyan"),
}
_INDENT = 4
_KEPT = "\n\u200c\u200d\u2060"  # line ends, and joiners that don't show


class ConsoleChannel:
    """A channel that delivers to whoever watches the screen, or reads what is written in its place.

    Message ids count from 1 in each run. A repeated send shows the notification again.
    """

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console, self._clock = console, clock
        self._numbers = count(1)

    async def send(self, item: OutboxItem, /) -> Receipt:
        """Show a card in a frame, an edit in one line, a reply in an indented frame.

        Raises:
            TransientDeliveryError: The output can't be written: its disk is full, or its reader has gone.
        """
        try:
            return self._show(item)
        except OSError as e:
            raise TransientDeliveryError(f"the output can't be written: {e.strerror}") from e

    def _show(self, item: OutboxItem) -> Receipt:
        note = item.notification
        number = str(next(self._numbers)) if note.kind is not AlertKind.EDIT else item.reply_to
        if note.kind is AlertKind.EDIT:
            self._console.print(Text(self._safe(_update(note.card, note.level)), overflow="fold"))
        else:
            frame = self._frame(note.card, note.level, number, answers=item.reply_to)
            indent = _INDENT if note.kind is AlertKind.REPLY else 0
            self._console.print(Padding(frame, (0, 0, 0, indent)))
        return Receipt(message_id=number or str(next(self._numbers)), at=self._clock())

    def show(self, card: Card) -> None:
        """Print a card without a frame, as the command line does for answers."""
        self._console.print(self._text(card))

    def _frame(self, card: Card, level: Severity, number: str, *, answers: str) -> Panel:
        body = self._text(card)
        for url in (button.url for row in card.buttons for button in row if button.url):
            body.append("\n" + self._safe(url), style="dim")
        title = f"#{number}" + (f" to #{answers}" if answers else "")
        return Panel(
            body, title=self._safe(title), title_align="right", border_style=_BORDER[level], box=ROUNDED
        )

    def _text(self, card: Card) -> Text:
        text = Text(self._safe(card.text), overflow="fold")
        for entity in card.entities:
            text.stylize(_style(entity), entity.start, entity.end)
        return text

    def _safe(self, text: str) -> str:
        """Without what would steer the terminal, with '?' for what its encoding lacks; no offset moves."""
        shown = "".join("\ufffd" if _steers(char) else char for char in text)
        return shown.encode(self._console.encoding, "replace").decode(self._console.encoding)


def _steers(char: str) -> bool:
    return char not in _KEPT and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _style(entity: TextEntity) -> Style:
    if entity.kind is EntityKind.LINK:
        return Style(link=entity.url) if entity.url.isprintable() else Style.null()
    return _STYLE[entity.kind]


def _update(card: Card, level: Severity) -> str:
    """An edit in one line: revision and counts, the status where it isn't simply the level, the headline."""
    facts, status = facts_of(card), status_of(card)
    parts = [f"↻ {facts[-1]}", facts[0]]
    if not status.startswith(tuple(level_names(level))):  # the card may be in any language
        parts.append(status)
    return f"{' · '.join(parts)} — {headline_of(card)}"
