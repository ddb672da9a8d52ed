"""Reads RSS, RDF and Atom with feedparser, which is only ever given bytes: a string may be a file or a URL to it."""

from __future__ import annotations

import re
from datetime import timedelta
from html.entities import html5
from itertools import islice
from typing import Any

import feedparser

from bot.errors import ParseError
from bot.model import Hints
from bot.sources.items import Item, Markup, RawFeed
from bot.text import one_line

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_AMPERSAND = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)(?:[a-zA-Z][a-zA-Z0-9]{1,31};)?"
)
_ITEM_END = re.compile(r"</(?:[\w-]+:)?(?:item|entry)\s*>")
_ITEM_START = re.compile(r"<(?:[\w-]+:)?(?:item|entry)[\s>]")
_HOURS = re.compile(r"<skipHours\b[^>]*>(.{0,4000}?)</skipHours>", re.IGNORECASE | re.DOTALL)
_DAYS = re.compile(r"<skipDays\b[^>]*>(.{0,4000}?)</skipDays>", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r">\s*(\d{1,2})\s*<")
_WEEKDAY = re.compile(r"\b(Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b", re.IGNORECASE)
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 720, "yearly": 8760}  # in hours
_HEAD = 100_000  # characters of the feed's head that are looked at for hints

_Parsed = dict[str, Any]


def read_xml_feed(text: str, limit: int) -> RawFeed:
    """Read at most `limit` items.

    Raises:
        ParseError: No feed format that is known.
    """
    shortened = _first_items(text, limit)
    whole, repairs = repaired(shortened)
    try:
        parsed: _Parsed = feedparser.parse(
            whole.encode("utf-8"),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (MemoryError, RecursionError):
        raise
    except Exception as e:  # its loose parser raises ValueError, AssertionError and others on odd markup
        raise ParseError(f"can't be read as XML ({type(e).__name__})") from e
    entries: list[_Parsed] = parsed["entries"]
    if not parsed.get("version") and not entries:
        raise ParseError("not RSS, Atom or JSON Feed; find the address of the site's feed")
    warnings = []
    if len(shortened) < len(text):
        warnings.append(f"only the first {limit:,} items were read")
    if repairs:
        warnings.append(f"{repairs:,} bare ampersands or HTML entities were repaired")
    if parsed.get("bozo"):
        warnings.append(f"not well-formed: {one_line(str(parsed.get('bozo_exception')))[:200]}")
    channel: _Parsed = parsed["feed"]
    return RawFeed(
        title=_markup(channel, "title"),
        link=_string(channel, "link"),
        items=tuple(_item(entry) for entry in entries[:limit]),
        hints=_hints(channel, text),
        warnings=tuple(warnings),
    )


def repaired(text: str) -> tuple[str, int]:
    """XML whose ampersands are right, and how many were not.

    A bare '&' and entities of HTML are frequent, and without this feedparser makes 'R&D;' of 'R&D'.
    CDATA is left alone, and so is a document that declares entities of its own.
    """
    if "<!ENTITY" in text[:_HEAD]:
        return text, 0
    pieces: list[str] = []
    count = at = 0
    while at < len(text):
        start = text.find("<![CDATA[", at)
        end = text.find("]]>", start) if start >= 0 else -1
        stop = start if end >= 0 else len(text)
        piece, changed = _AMPERSAND.subn(_ampersand, text[at:stop])
        pieces.append(piece)
        count += changed
        at = end + 3 if end >= 0 else len(text)
        pieces.append(text[stop:at])
    return "".join(pieces), count


def _ampersand(found: re.Match[str]) -> str:
    character = html5.get(found[0][1:])
    return "".join(f"&#{ord(c)};" for c in character) if character else "&amp;" + found[0][1:]


def _first_items(text: str, limit: int) -> str:
    """The feed without the items after the first `limit`; its head and tail stay, so it stays well-formed."""
    ends = [match.end() for match in islice(_ITEM_END.finditer(text), limit)]
    if len(ends) < limit:
        return text
    last = max(text.rfind("</item>"), text.rfind("</entry>"))
    tail = last + text[last:].find(">") + 1 if last >= ends[-1] else ends[-1]
    return text[: ends[-1]] + text[tail:]


def _item(entry: _Parsed) -> Item:
    contents = [part for part in entry.get("content") or [] if isinstance(part, dict)]
    bodies = [_markup(entry, "summary"), *(_detail(part) for part in contents)]
    link, guid = _link(entry), _string(entry, "id")
    if link == guid and not link.startswith(("http://", "https://")):
        link = ""  # feedparser takes a guid for a link wherever it is not said to be none
    source = entry.get("source")
    return Item(
        guid=guid,
        link=link,
        title=_markup(entry, "title"),
        bodies=tuple(body for body in bodies if body.value),
        date=next((date for key in ("published", "updated", "created") if (date := _string(entry, key))), ""),
        author=_string(entry, "author"),
        source=_string(source, "title") if isinstance(source, dict) else "",
    )


def _link(entry: _Parsed) -> str:
    original = _string(entry, "feedburner_origlink")  # the article behind a counting redirect
    if original or _string(entry, "link"):
        return original or _string(entry, "link")
    links = [link for link in entry.get("links") or [] if isinstance(link, dict)]
    usable = (link for link in links if link.get("rel") not in ("enclosure", "self", "edit", "replies"))
    return next((href for link in usable if (href := _string(link, "href"))), "")


def _markup(part: _Parsed, key: str) -> Markup:
    detail = part.get(f"{key}_detail")
    if isinstance(detail, dict):
        return _detail(detail)
    return Markup(value=_string(part, key), is_html=False)


def _detail(detail: _Parsed) -> Markup:
    return Markup(value=_string(detail, "value"), is_html=_string(detail, "type") in _HTML_TYPES)


def _string(part: _Parsed, key: str) -> str:
    """A field as feedparser stored it; its own lookup guesses at other fields and warns."""
    value = dict.get(part, key)
    return value.strip() if isinstance(value, str) else ""


def _hints(channel: _Parsed, text: str) -> Hints:
    """What the feed's head asks of those who poll it (RSS 2.0 ttl, skipHours, skipDays; RSS 1.0 syndication)."""
    start = _ITEM_START.search(text, 0, _HEAD)
    head = text[: start.start() if start else _HEAD]
    spans = [_ttl(_string(channel, "ttl")), _update_period(channel)]
    hours, days = _HOURS.search(head), _DAYS.search(head)
    return Hints(
        min_interval=max((span for span in spans if span), default=None),
        skip_hours=frozenset(int(n) % 24 for n in _NUMBER.findall(hours[1]) if int(n) <= 24)
        if hours
        else frozenset(),
        skip_days=frozenset(day.capitalize() for day in _WEEKDAY.findall(days[1])) if days else frozenset(),
    )


def _ttl(minutes: str) -> timedelta | None:
    return timedelta(minutes=int(minutes)) if re.fullmatch(r"[0-9]{1,5}", minutes) else None


def _update_period(channel: _Parsed) -> timedelta | None:
    hours = _PERIODS.get(_string(channel, "sy_updateperiod").lower())
    often = _string(channel, "sy_updatefrequency")
    if hours is None:
        return None
    times = int(often) if re.fullmatch(r"[0-9]{1,5}", often) else 1
    return timedelta(hours=hours) / max(times, 1)
