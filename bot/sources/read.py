"""From a body to clean entries: pure and synchronous; `worker` runs it where it can be stopped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser

from bot.errors import ParseError
from bot.model import Entry, Feed, Fetched, ParsedFeed
from bot.sources.dates import judge_date
from bot.sources.encoding import decode_body
from bot.sources.items import Item, RawFeed
from bot.sources.jsonfeed import read_json_feed
from bot.sources.plain import clean, plain_text, title_line
from bot.sources.urls import show_url, web_url
from bot.sources.xmlfeed import read_xml_feed
from bot.text import digest, one_line

MAX_ENTRIES = 2_000

_MAX_NAME = 200
_MAX_GUID = 1_000
_FEED_LINKS = (
    'link[rel~="alternate"][type="application/rss+xml"],link[rel~="alternate"][type="application/atom+xml"]'
)


def read_feed(feed: Feed, fetched: Fetched, now: datetime) -> ParsedFeed:
    """Read a body in whatever feed format it is.

    Raises:
        ParseError: It is none; says in one line what it looks like and what to do.
    """
    text, warning = decode_body(fetched.body, fetched.content_type)
    raw = _read(text.lstrip("\ufeff \t\r\n"), fetched)
    title = title_line(raw.title.value, is_html=raw.title.is_html)
    bases = (raw.link, fetched.url)
    links = [web_url(item.link, item.base, *bases) for item in raw.items]
    guids = _identities(raw.items, links, web_url(raw.link, fetched.url))
    entries: dict[str, Entry] = {}
    silent = 0
    for item, link, guid in zip(raw.items, links, guids, strict=True):
        entry = _entry(feed, item, link, guid, title, now)
        if entry is None:
            silent += 1
        else:
            entries.setdefault(entry.id, entry)
    nothing = f"left out {silent} items with neither title nor text" if silent else ""
    return ParsedFeed(
        title=title,
        entries=tuple(entries.values()),
        hints=raw.hints,
        warnings=tuple(w for w in (warning, *raw.warnings, nothing) if w),
    )


def _read(text: str, fetched: Fetched) -> RawFeed:
    head = text[:2_000].lower()
    if not text:
        raise ParseError("the answer is empty; check the address")
    if text.startswith(("{", "[")):
        return read_json_feed(text, MAX_ENTRIES)
    if not text.startswith("<"):
        kind = fetched.content_type.partition(";")[0].strip() or "unknown"
        raise ParseError(f"not a feed but data of type {clean(one_line(kind))[:60]!r}; check the address")
    if _is_html(head):
        raise ParseError(f"an HTML page, not a feed; {_advice(text, fetched.url)}")
    for root, what in (
        ("<opml", "a list of feeds (OPML); import it instead"),
        ("<urlset", "a sitemap"),
        ("<sitemapindex", "a sitemap"),
    ):
        if root in head:
            raise ParseError(f"not a feed but {what}")
    try:
        return read_xml_feed(text, MAX_ENTRIES)
    except ParseError:
        if "<html" in head or "<body" in head or "<title" in head:
            raise ParseError(f"an HTML page, not a feed; {_advice(text, fetched.url)}") from None
        raise


def _is_html(head: str) -> bool:
    if any(root in head for root in ("<rss", "<feed", "<rdf:rdf")):
        return False
    return head.startswith(("<!doctype html", "<html", "<head", "<body")) or "<html" in head


def _advice(page: str, url: str) -> str:
    """Names the feed that a page links, where it links one."""
    if page.count("<") < 5_000:
        node = LexborHTMLParser(page).css_first(_FEED_LINKS)
        link = web_url(node.attributes.get("href") or "", url) if node is not None else ""
        if link:
            return f"the page names this feed: {show_url(link)}"
    return "find the address of the site's feed"


def _identities(items: Sequence[Item], links: Sequence[str], home: str) -> list[str]:
    """What each item is known by: its own id, else its link, else a hash of what it says.

    An id or a link that stands at different items of the same body tells nothing apart and is not used.
    """
    by_guid, by_link = defaultdict(set), defaultdict(set)
    says = [
        digest(link, item.title.value, *(b.value for b in item.bodies[:1] if not item.title.value))
        for item, link in zip(items, links, strict=True)
    ]
    for item, link, said in zip(items, links, says, strict=True):
        by_guid[item.guid].add(said)
        by_link[link].add(said)
    found = []
    for item, link, said in zip(items, links, says, strict=True):
        if item.guid and len(by_guid[item.guid]) == 1:
            found.append(item.guid if len(item.guid) <= _MAX_GUID else digest(item.guid, size=16))
        elif link and link != home and len(by_link[link]) == 1:
            found.append(link)
        else:
            found.append(said)
    return found


def _entry(feed: Feed, item: Item, link: str, guid: str, feed_title: str, now: datetime) -> Entry | None:
    """The clean entry, or None where an item says nothing at all."""
    title = title_line(item.title.value, is_html=item.title.is_html)
    texts = [plain_text(body.value, is_html=body.is_html) for body in item.bodies]
    text = max(texts, key=len, default="")
    if not title and not text:
        return None
    published, quality = judge_date(item.date, now)
    return Entry(
        id=digest(feed.id, guid),
        feed_id=feed.id,
        guid=guid,
        url=link,
        title=title,
        text=text,
        content=digest(title, text, size=8),
        published=published,
        date_quality=quality,
        seen_at=now,
        kind=feed.kind,
        tier=feed.tier,
        language=feed.language,
        source=_name(item.source) or feed.title or feed_title[:_MAX_NAME],
        author=_name(item.author),
    )


def _name(value: str) -> str:
    return title_line(value, is_html=False)[:_MAX_NAME].strip()
