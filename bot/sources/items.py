"""What the readers of the formats hand on: one raw item of a feed, before it is cleaned."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.model import Hints


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """A piece of text, and whether it is HTML."""

    value: str
    is_html: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item as its feed wrote it. Links may be relative to `base`."""

    guid: str = ""
    link: str = ""
    base: str = ""  # xml:base where one is given
    title: Markup = field(default_factory=lambda: Markup(value="", is_html=False))
    bodies: tuple[Markup, ...] = ()  # summary and content, in any order
    date: str = ""
    author: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFeed:
    """A feed as it was written."""

    title: Markup
    link: str
    items: tuple[Item, ...]
    hints: Hints
    warnings: tuple[str, ...] = ()
