"""Text and entities under construction, and what feed text must go through before a reader sees it.

Nothing here is markup: a styled part is a pair of offsets, so that no text can open or close a style.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import urlsplit

from bot.locale import marked, tr
from bot.model import Button, Card, EntityKind, TextEntity
from bot.text import shorten, utf16_length

_NO_TITLE = marked("(no title)")
GAP = "\x00"  # stands in a text for a piece of it that has a style of its own
MAX_UNITS = 4096  # UTF-16 units of one message. Source: core.telegram.org/bots/api#sendmessage
MAX_DATA = 64  # bytes of a button's data. Source: core.telegram.org/bots/api#inlinekeyboardbutton

_BLANKS = re.compile(r" {2,}")
JOINER = "\u2060"
# A joiner at these places keeps Telegram from making '@name' ping somebody, '/stop' a command to tap, and
# 'bank.example' or '10.0.0.1' an address to open. What only looks for its like (#topic, $NVDA) is left, and so are
# names of our files, whose endings are no domains.
# Source: github.com/tdlib/td, MessageEntity.cpp, find_entities
_LIVE = re.compile(
    r"(?<=[@/])(?<!\w[@/])(?=\w|\Z)|(?<=://)(?!\u2060)"
    r"|(?<=\.)(?<![\s.]\.)(?!(?:ya?ml|json)\b)(?=[^\W\d_](?:[^\s.,:;!?)]|\Z))|(?<=\d\.)(?=\d{1,3}\.\d{1,3}\.\d)"
)
_HOST = re.compile(r"(?:[A-Za-z0-9._~-]|[^\x00-\x7f])+")
_KEPT = f"\u200c\u200d{JOINER}"  # joiners that emoji, Persian and Indic scripts need, and our own
_SHAPELESS = "\u115f\u1160\u2800\u3164\uffa0\ufffc"  # letters and signs that look like a blank
_MAX_MARKS = 4  # combining marks on one letter; more only serve to paint over other lines
_MAX_URL = 2048
_TITLE = 160
_ROW = 5  # numbers in a row of buttons


def fold(text: str) -> str:
    """Keep a text within one line, and from hiding, reordering or painting over what stands around it.

    White space of any kind becomes one blank (also at the edges); control and format characters, among
    them those that reorder text, are dropped; a lone surrogate becomes U+FFFD.
    """
    if text.isascii() and text.isprintable():  # most are, and nothing in them needs a look
        return _BLANKS.sub(" ", text) if "  " in text else text
    kept, marks = [], 0
    for char in text:
        kind = unicodedata.category(char)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if char.isspace():
            kept.append(" ")
        elif kind == "Cs":
            kept.append("\ufffd")
        elif (kind not in ("Cc", "Cf") or char in _KEPT) and marks <= _MAX_MARKS:
            kept.append(char)
    return _BLANKS.sub(" ", "".join(kept))


def number_buttons(numbered: Sequence[tuple[int, str]]) -> list[list[Button]]:
    """Numbers that open stories by their ids, a few in a row."""
    buttons = [Button(str(n), data=f"story:{story_id}") for n, story_id in numbered]
    return [buttons[i : i + _ROW] for i in range(0, len(buttons), _ROW)]


def clean(text: str) -> str:
    """Make a stranger's text safe to show: folded, and with no part that Telegram would bring to life."""
    return _LIVE.sub(JOINER, fold(text))


def is_blank(text: str) -> bool:
    """Whether nothing of it shows; Telegram refuses a whole message for a button with such a label."""
    return all(c.isspace() or c in _SHAPELESS or unicodedata.category(c) in ("Cc", "Cf") for c in text)


def clip(text: str, limit: int) -> str:
    """Clean a text and cut it to at most `limit` characters; empty where nothing of it would show."""
    # Cut first: what is far beyond the limit need not be cleaned, and a feed's text may be long.
    shown = shorten(clean(text[: 4 * limit]).strip(), limit)
    return "" if is_blank(shown) else shown


def around(said: str) -> tuple[str, str]:
    """What stands before the gap in a text, and what stands behind it."""
    before, _, after = said.partition(GAP)
    return before, after


def no_title() -> str:
    """What stands for a headline where there is none."""
    return tr(_NO_TITLE)


def titled(text: str) -> str:
    """A headline for a line of plain output: folded, short, and never empty."""
    return shorten(fold(text).strip(), _TITLE) or no_title()


def safe_url(url: str) -> str:
    """The address if a reader may be sent there, else an empty string.

    Telegram refuses a whole message for a button whose address has no dotted host, or a host or port that can't be.
    """
    if len(url) > _MAX_URL or any(c.isspace() or not c.isprintable() for c in url):
        return ""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    reached = "." in host.strip(".") and _HOST.fullmatch(host) is not None and port != 0
    plain = parts.scheme in ("http", "https") and "@" not in parts.netloc and parts.netloc[-1:] != ":"
    return url if plain and reached else ""


class Sheet:
    """Builds a card piece by piece; a piece can never start a line of its own.

    A stranger's text must have gone through `clean` or `clip` before it is added.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._entities: list[TextEntity] = []

    def add(self, text: str, *kinds: EntityKind, url: str = "") -> Sheet:
        """Append a piece to the current line, styled by `kinds` and linked to `url` if one is given."""
        piece = fold(text)
        start, end = self._length, self._length + len(piece)
        if start < end:
            self._parts.append(piece)
            self._length = end
            self._entities += [TextEntity(kind, start, end) for kind in kinds]
            if url:
                self._entities.append(TextEntity(EntityKind.LINK, start, end, url))
        return self

    def line(self, text: str = "", *kinds: EntityKind, url: str = "") -> Sheet:
        """Start a new line (the first one needs none) and add a piece to it."""
        if self._parts:
            self._parts.append("\n")
            self._length += 1
        return self.add(text, *kinds, url=url)

    def style(self, kind: EntityKind, start: int, *, url: str = "") -> Sheet:
        """Style everything from offset `start` to the end so far."""
        if start < self._length:
            self._entities.append(TextEntity(kind, start, self._length, url))
        return self

    @property
    def length(self) -> int:
        """Characters so far."""
        return self._length

    @property
    def units(self) -> int:
        """UTF-16 code units so far."""
        return sum(utf16_length(part) for part in self._parts)

    def card(self, buttons: Sequence[Sequence[Button]] = ()) -> Card:
        """The finished card; rows without buttons are left out."""
        entities = tuple(sorted(self._entities, key=lambda e: (e.start, -e.end, e.kind)))
        rows = tuple(tuple(row) for row in buttons if row)
        return Card(text="".join(self._parts), entities=entities, buttons=rows)


def say(*lines: str) -> Card:
    """A card of plain lines."""
    sheet = Sheet()
    for line in lines:
        sheet.line(line)
    return sheet.card()
