"""Cards as other services take them: plain text, Markdown or HTML, with a title of their own where there is one, cut to fit.

Pure. Every character of a card is text until it is escaped here for the form that is asked for, so no feed can
bring a link, a mention or a style of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from html import escape
from itertools import pairwise

from bot.delivery.render import headline_of
from bot.delivery.sheet import fold
from bot.delivery.words import level_name
from bot.errors import RejectedError
from bot.locale import tr
from bot.model import AlertKind, Card, EntityKind, Notification, TextEntity
from bot.text import shorten

_SURROGATE = re.compile("[\ud800-\udfff]")
# What CommonMark, Slack and Discord bring to life anywhere, and at the start of a line.
# Source: spec.commonmark.org/0.31.2, sections 2.4 and 4
_MARKS = re.compile(r"[\\`*_\[\]<>~|]|&(?=#?\w{1,32};)")
_LEADS = re.compile(r"^(\s*)(?:([#+=>-])|(\d{1,9})([.)]))")
_HEX = str.maketrans({char: f"%{ord(char):02X}" for char in "<>\\"})
_STYLES = (EntityKind.STRIKE, EntityKind.BOLD, EntityKind.ITALIC, EntityKind.CODE)  # the outermost first


class Form(StrEnum):
    """How a service reads a message; the values are Apprise's."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a service takes."""

    title: int  # characters; 0 if it has no title
    body: int  # of what `measure` counts
    measure: Callable[[str], int] = len  # of a body as it is handed over


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notification in the form of a service; the title is always plain."""

    title: str
    body: str


def compose(note: Notification, form: Form, room: Room, *, about: str = "") -> Message:
    """Put a card or a reply into a form and its limits; what is too long is cut, at a sentence if one ends near.

    Args:
        note: What is told.
        form: How the service reads it.
        room: How much it takes.
        about: The headline of the card that a reply answers, which is quoted, as nothing else ties the two.

    Raises:
        RejectedError: The card has no text, or not even one character fits.
    """
    card = replace(note.card, text=_SURROGATE.sub("\ufffd", note.card.text))
    if not card.text.strip():
        raise RejectedError("the card has no text")
    is_reply = note.kind is AlertKind.REPLY
    line = 0 if is_reply or "\n" not in card.text else 1  # that of the headline
    head = card.text.split("\n", 1)[0] if is_reply else f"{level_name(note.level)} · {headline_of(card)}"
    title = shorten(fold(head).strip(), room.title) if room.title else ""
    url = next((e.url for e in card.entities if e.kind is EntityKind.LINK and e.url), "")
    if is_reply and about:
        card = _insert(card, 1, tr("About “{headline}”", headline=fold(about)))
    if title and form is Form.TEXT and "\n" in card.text:
        beside = _without(card, line)
        card = beside if beside.text.strip() else card  # a message has to say something
    # A mail in HTML goes with a plain version that Apprise makes of it, in which a link is lost.
    is_shown = form is Form.TEXT or (form is Form.HTML and title)
    return Message(title=title, body=_fit(card, form, room, url if is_shown else ""))


def draw(card: Card, form: Form) -> str:
    """The whole card in a form. In plain text the addresses of links are lost."""
    if form is Form.TEXT:
        return card.text
    lines = []
    start = 0
    for text in card.text.split("\n"):
        lines.append(_line(text, _clip(card.entities, start, start + len(text)), form))
        start += len(text) + 1
    # Two blanks keep the break where Markdown would fold the lines into one.
    return ("  \n" if form is Form.MARKDOWN else "<br/>").join(lines)


def _fit(card: Card, form: Form, room: Room, url: str) -> str:
    """The card drawn in as much of it as fits, followed by the address where one is given and leaves room for news."""
    tail = f"\n{url}" if form is Form.TEXT else "<br/>" + _linked(escape(url), url, form)
    if not url or room.measure(tail) > room.body // 2:
        tail = ""
    kept = tuple(e for e in card.entities if room.measure(escape(e.url)) <= room.body // 2)
    for entities in (kept, ()):  # a form that leaves no room costs the form and not the news
        best, low, high = "", 1, len(card.text)
        while low <= high:  # the whole of it first
            size = high if high == len(card.text) else (low + high) // 2
            body = draw(_cut(replace(card, entities=entities), size), form) + tail
            if room.measure(body) <= room.body:
                best, low = body, size + 1
            else:
                high = size - 1
        if best:
            return best
    raise RejectedError(f"the service takes no more than {room.body} characters, in which no news fits")


def _cut(card: Card, size: int) -> Card:
    if len(card.text) <= size:
        return card
    text = shorten(card.text, size)
    end = len(text.removesuffix("…"))
    return replace(card, text=text, entities=_clip(card.entities, 0, end))


def _clip(entities: tuple[TextEntity, ...], start: int, end: int) -> tuple[TextEntity, ...]:
    """The parts of entities that lie in a stretch, with offsets from its start."""
    moved = (
        replace(e, start=max(e.start, start) - start, end=min(e.end, end) - start)
        for e in entities
        if e.start < end and e.end > start
    )
    return tuple(e for e in moved if e.start < e.end)


def _insert(card: Card, at: int, line: str) -> Card:
    lines = card.text.split("\n")
    offset = sum(len(text) + 1 for text in lines[:at])
    added = len(line) + 1
    entities = tuple(
        replace(e, start=e.start + added, end=e.end + added) if e.start >= offset else e
        for e in card.entities
    )
    return replace(card, text="\n".join([*lines[:at], line, *lines[at:]]), entities=entities)


def _without(card: Card, line: int) -> Card:
    lines = card.text.split("\n")
    start = sum(len(text) + 1 for text in lines[:line])
    gone = len(lines[line]) + 1
    kept = [e for e in card.entities if e.end <= start]
    kept += [
        replace(e, start=e.start - gone, end=e.end - gone) for e in card.entities if e.start >= start + gone
    ]
    return replace(card, text="\n".join(lines[:line] + lines[line + 1 :]), entities=tuple(kept))


def _line(text: str, entities: tuple[TextEntity, ...], form: Form) -> str:
    """One line: links outermost, so that a headline with bold evidence in it stays one link."""
    links = [e for e in entities if e.kind is EntityKind.LINK and e.url]
    styles = [e for e in entities if e.kind is not EntityKind.LINK]
    edges = sorted({0, len(text), *(at for e in links for at in (e.start, e.end))})
    parts = []
    for start, end in pairwise(edges):
        url = next((e.url for e in links if e.start <= start and end <= e.end), "")
        part = "".join(_styled(text, styles, start, end, form))
        parts.append(_linked(part, url, form) if url else part)
    return "".join(parts)


def _styled(text: str, styles: list[TextEntity], start: int, end: int, form: Form) -> Iterator[str]:
    inside = [e for e in styles if e.start < end and e.end > start]
    edges = sorted({start, end, *(min(max(at, start), end) for e in inside for at in (e.start, e.end))})
    for left, right in pairwise(edges):
        piece = text[left:right]
        kinds = {e.kind for e in inside if e.start <= left and right <= e.end}
        bare = piece.strip()
        if not bare or not kinds:
            yield _plain(piece, form, at_start=left == 0)
            continue
        # Markdown's marks don't work beside a blank inside them.
        before, after = piece[: piece.index(bare)], piece[piece.index(bare) + len(bare) :]
        # Beyond the stretch stands the bracket of a link.
        ahead = before or text[max(start, left - 1) : left]
        behind = after or text[right : min(end, right + 1)]
        if form is Form.MARKDOWN and not (_works(ahead[-1:], bare[0]) and _works(behind[:1], bare[-1])):
            yield _plain(piece, form, at_start=left == 0)
            continue
        shown = _plain(bare, form, at_start=False)
        for kind in reversed(_STYLES):
            if kind in kinds:
                shown = _wrapped(shown, kind, form)
        yield before + shown + after


def _works(outside: str, inside: str) -> bool:
    """Whether a mark of Markdown is one between these characters; else it would be shown.

    Source: spec.commonmark.org/0.31.2, section 6.2, left- and right-flanking delimiter runs
    """
    marks = ("P", "S")
    is_open = not outside or outside.isspace() or unicodedata.category(outside)[0] in marks
    return is_open or unicodedata.category(inside)[0] not in marks


def _plain(text: str, form: Form, *, at_start: bool) -> str:
    if form is Form.HTML:
        return escape(text)
    shown = _MARKS.sub(r"\\\g<0>", text)
    return _LEADS.sub(_lead, shown) if at_start else shown


def _lead(found: re.Match[str]) -> str:
    blanks, mark, number, stop = found.groups()
    return f"{blanks}\\{mark}" if mark else f"{blanks}{number}\\{stop}"


def _wrapped(shown: str, kind: EntityKind, form: Form) -> str:
    if form is Form.HTML:
        tag = {EntityKind.STRIKE: "s", EntityKind.BOLD: "b", EntityKind.ITALIC: "i"}.get(kind, "code")
        return f"<{tag}>{shown}</{tag}>"
    mark = {EntityKind.STRIKE: "~~", EntityKind.BOLD: "**", EntityKind.ITALIC: "*"}.get(kind, "")
    return f"{mark}{shown}{mark}"


def _linked(shown: str, url: str, form: Form) -> str:
    if form is Form.HTML:
        return f'<a href="{escape(url)}">{shown}</a>'
    # In angle brackets Discord draws no preview; what would end the address early is written in hex.
    return f"[{shown}](<{url.translate(_HEX)}>)"


def headline(card: Card) -> str:
    """The headline of a card that was shown, to be quoted; cut to what names it."""
    return shorten(headline_of(card), 150)
