"""The list of feeds as it is in force: what the file says, with what managers changed in chat laid over it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from bot.model import Feed
from bot.office import FeedChange
from bot.sources.registry import same_address

_NOT_ID = re.compile(r"[^a-z0-9]+")
_LONGEST = 40


def feed_id_for(url: str, taken: Collection[str]) -> str:
    """A new id for an address, made of its host: 'blog-example-org', 'blog-example-org-2'."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    stem = _NOT_ID.sub("-", host.lower()).strip("-")[:_LONGEST].strip("-") or "feed"
    number = 1
    while (name := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return name


def overlaid(feeds: Iterable[Feed], changes: Iterable[FeedChange]) -> tuple[Feed, ...]:
    """The feeds of the file, changed, and those that were added.

    People edit the file, so it wins wherever it was edited after the change: an address that differs from
    the one that was changed stands, and an added feed whose id or address is in the file now is that one.
    """
    by_id = {c.feed_id: c for c in changes}
    found = [_changed(feed, by_id.get(feed.id)) for feed in feeds]
    ids, addresses = {f.id for f in found}, {same_address(f.url) for f in found}
    for change in by_id.values():
        if change.added is None or change.feed_id in ids:
            continue
        added = _changed(change.added, change)
        if same_address(added.url) not in addresses:
            found.append(added)
    return tuple(found)


def _changed(feed: Feed, change: FeedChange | None) -> Feed:
    if change is None:
        return feed
    if change.url and change.instead_of == feed.url:
        feed = replace(feed, url=change.url, enabled=feed.enabled or "${" in feed.url)
    if change.enabled is None or "${" in feed.url:  # without its bridge there is nobody to ask
        return feed
    return replace(feed, enabled=change.enabled)
