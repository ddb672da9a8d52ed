"""Reads JSON Feed 1.0 and 1.1. Source: https://www.jsonfeed.org/version/1.1/."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.errors import ParseError
from bot.model import Hints
from bot.sources.items import Item, Markup, RawFeed


def read_json_feed(text: str, limit: int) -> RawFeed:
    """Read at most `limit` items.

    Raises:
        ParseError: Not JSON, or not a JSON Feed.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise ParseError("looks like JSON, but can't be read as JSON; was the answer cut off?") from e
    if not isinstance(document, dict) or "jsonfeed.org" not in _text(document, "version"):
        raise ParseError(
            "JSON, but not a JSON Feed; find the address of the site's feed (RSS, Atom or JSON Feed)"
        )
    raw = document.get("items")
    listed = raw if isinstance(raw, list) else []
    items = [item for item in listed if isinstance(item, dict)]
    warnings = [] if len(items) == len(listed) else [f"{len(listed) - len(items)} items are not objects"]
    if not isinstance(raw, list):
        warnings.append("it has no list of items")
    return RawFeed(
        title=Markup(value=_text(document, "title"), is_html=False),
        link=_text(document, "home_page_url"),
        items=tuple(_item(item) for item in items[:limit]),
        hints=Hints(),
        warnings=tuple(warnings),
    )


def _item(item: Mapping[str, Any]) -> Item:
    bodies = (
        Markup(value=_text(item, "content_html"), is_html=True),
        Markup(value=_text(item, "content_text"), is_html=False),
        Markup(value=_text(item, "summary"), is_html=False),
    )
    authors = item.get("authors")
    people = authors if isinstance(authors, list) else [item.get("author")]
    names = [_text(person, "name") for person in people[:10] if isinstance(person, dict)]
    return Item(
        guid=_text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=Markup(value=_text(item, "title"), is_html=False),
        bodies=tuple(body for body in bodies if body.value),
        date=_text(item, "date_published") or _text(item, "date_modified"),
        author=", ".join(name for name in names if name),
    )


def _text(part: Mapping[str, Any], key: str) -> str:
    """A string, or a number written as one (ids often are); everything else is empty."""
    value = part.get(key)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
