"""Writes a demo feed as RSS 2.0, RSS 1.0 (RDF), Atom or JSON Feed; pure.

The XML is built as a tree, so that whatever an entry says is escaped.
Source: RSS 2.0 specification; RDF Site Summary 1.0; RFC 4287; JSON Feed 1.1.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from xml.etree import ElementTree as ET

from bot.demo.script import Dates, FeedScript, Shown, last_change

_ATOM = "http://www.w3.org/2005/Atom"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RSS1 = "http://purl.org/rss/1.0/"
_DC = "http://purl.org/dc/elements/1.1/"

CONTENT_TYPES = {
    "rss": "application/rss+xml",
    "rdf": "application/rdf+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}


def render(script: FeedScript, entries: Sequence[Shown], midnight: datetime) -> bytes:
    """Write a feed's body.

    Args:
        script: Its head.
        entries: What it shows, newest first.
        midnight: Day 0, 00:00 UTC.
    """
    return _WRITERS[script.format](script, entries, midnight)


def _rss(script: FeedScript, entries: Sequence[Shown], midnight: datetime) -> bytes:
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _add(channel, "title", script.title)
    _add(channel, "link", _home(script))
    _add(channel, "description", script.description)
    _add(channel, "language", script.language)
    _add(channel, "lastBuildDate", format_datetime(midnight + last_change(entries)))
    for entry in entries:
        item = ET.SubElement(channel, "item")
        if entry.title:
            _add(item, "title", entry.title)
        _add(item, "link", entry.url)
        _add(item, "guid", entry.guid).set("isPermaLink", "false")
        _add(item, "pubDate", _date(script, entry, midnight, format_datetime))
        _add(item, "description", _as_html(entry))
    return _bytes(root)


def _rdf(script: FeedScript, entries: Sequence[Shown], midnight: datetime) -> bytes:
    ET.register_namespace("rdf", _RDF)
    ET.register_namespace("dc", _DC)
    root = ET.Element(f"{{{_RDF}}}RDF")
    channel = ET.SubElement(root, f"{{{_RSS1}}}channel", {f"{{{_RDF}}}about": _home(script)})
    _add(channel, f"{{{_RSS1}}}title", script.title)
    _add(channel, f"{{{_RSS1}}}link", _home(script))
    _add(channel, f"{{{_RSS1}}}description", script.description)
    order = ET.SubElement(ET.SubElement(channel, f"{{{_RSS1}}}items"), f"{{{_RDF}}}Seq")
    for entry in entries:
        ET.SubElement(order, f"{{{_RDF}}}li", {f"{{{_RDF}}}resource": entry.url})
        item = ET.SubElement(root, f"{{{_RSS1}}}item", {f"{{{_RDF}}}about": entry.url})
        _add(item, f"{{{_RSS1}}}title", entry.title)
        _add(item, f"{{{_RSS1}}}link", entry.url)
        _add(item, f"{{{_RSS1}}}description", _as_html(entry))
        _add(item, f"{{{_DC}}}identifier", entry.guid)
        _add(item, f"{{{_DC}}}date", _date(script, entry, midnight, _iso))
    return _bytes(root)


def _atom(script: FeedScript, entries: Sequence[Shown], midnight: datetime) -> bytes:
    ET.register_namespace("", _ATOM)
    root = ET.Element(f"{{{_ATOM}}}feed")
    _add(root, f"{{{_ATOM}}}id", f"tag:{script.id}.example,2026:feed")
    _add(root, f"{{{_ATOM}}}title", script.title)
    _add(root, f"{{{_ATOM}}}subtitle", script.description)
    _add(root, f"{{{_ATOM}}}updated", _iso(midnight + last_change(entries)))
    ET.SubElement(root, f"{{{_ATOM}}}link", href=_home(script))
    for entry in entries:
        item = ET.SubElement(root, f"{{{_ATOM}}}entry")
        _add(item, f"{{{_ATOM}}}id", f"tag:{script.id}.example,2026:{entry.guid}")
        _add(item, f"{{{_ATOM}}}title", entry.title)
        ET.SubElement(item, f"{{{_ATOM}}}link", href=entry.url)
        _add(item, f"{{{_ATOM}}}published", _date(script, entry, midnight, _iso))
        _add(item, f"{{{_ATOM}}}updated", _iso(midnight + entry.changed))
        _add(item, f"{{{_ATOM}}}content", _as_html(entry)).set("type", "html")
    return _bytes(root)


def _json(script: FeedScript, entries: Sequence[Shown], midnight: datetime) -> bytes:
    items = []
    for entry in entries:
        item = {"id": entry.guid, "url": entry.url, "title": entry.title}
        item["content_html" if entry.html else "content_text"] = entry.text
        item["date_published"] = _date(script, entry, midnight, _iso)
        item["date_modified"] = _iso(midnight + entry.changed)
        items.append({key: value for key, value in item.items() if value})
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": script.title,
        "home_page_url": _home(script),
        "description": script.description,
        "language": script.language,
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


_WRITERS: dict[str, Callable[[FeedScript, Sequence[Shown], datetime], bytes]] = {
    "rss": _rss,
    "rdf": _rdf,
    "atom": _atom,
    "json": _json,
}


def _home(script: FeedScript) -> str:
    return f"https://{script.id}.example/"


def _as_html(entry: Shown) -> str:
    return entry.text if entry.html else html.escape(entry.text, quote=False).replace("\n", "<br>\n")


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _date(script: FeedScript, entry: Shown, midnight: datetime, standard: Callable[[datetime], str]) -> str:
    moment = midnight + entry.at
    turn = entry.number % 3 if script.dates is Dates.STRANGE else 0
    if script.dates is Dates.STANDARD:
        return standard(moment)
    if turn == 1:
        return f"just now ({moment:%H} something)"
    if turn == 2:
        return standard(moment + timedelta(days=1))
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _add(parent: ET.Element, tag: str, text: str) -> ET.Element:
    child = ET.SubElement(parent, tag)
    child.text = text
    return child


def _bytes(root: ET.Element) -> bytes:
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body
