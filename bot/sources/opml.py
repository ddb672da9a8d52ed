"""Exchanges lists of feeds with other readers. Source: OPML 2.0, http://opml.org/spec2.opml."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

import yaml
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.errors import ParseError
from bot.model import Feed, SourceKind
from bot.sources.plain import title_line
from bot.sources.registry import same_address
from bot.sources.urls import show_url, web_url

_MAX_BYTES = 5_000_000
_MAX_FEEDS = 5_000
_TIER = re.compile(r"^tier-([123])$")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlImport:
    """What a list of feeds brings."""

    yaml: str  # list items to append under `feeds:` in sources.yaml; empty where nothing is new
    added: int
    skipped: tuple[tuple[str, str], ...]  # name or address, and the reason


def export_opml(feeds: Iterable[Feed], now: datetime) -> str:
    """The feeds as OPML 2.0; kind and tier stand in `category`."""
    root = ElementTree.Element("opml", version="2.0")
    head = ElementTree.SubElement(root, "head")
    ElementTree.SubElement(head, "title").text = "Spillover feeds"
    ElementTree.SubElement(head, "dateCreated").text = format_datetime(now)
    body = ElementTree.SubElement(root, "body")
    for feed in feeds:
        ElementTree.SubElement(
            body,
            "outline",
            type="rss",
            text=feed.title or feed.id,
            title=feed.title or feed.id,
            xmlUrl=feed.url,
            language=feed.language,
            category=f"{feed.kind},tier-{feed.tier}",
        )
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def import_opml(
    raw: bytes, known: Iterable[Feed], *, kind: SourceKind = SourceKind.BLOG, tier: int = 3
) -> OpmlImport:
    """Read a list of feeds; those without a kind or tier of ours get the ones given.

    Raises:
        ParseError: It is no OPML.
    """
    feeds = list(known)
    ids, urls = {feed.id for feed in feeds}, {same_address(feed.url): feed.id for feed in feeds}
    rows: list[dict[str, object]] = []
    skipped: list[tuple[str, str]] = []
    for outline in _outlines(raw):
        address = (outline.get("xmlUrl") or outline.get("xmlurl") or "").strip()
        name = title_line(outline.get("title") or outline.get("text") or "", is_html=False)
        if not address:
            continue  # a folder
        shown = name or show_url(address)
        if web_url(address) != address:
            skipped.append((shown, "its address is not http(s)"))
        elif "${" in address:
            skipped.append((shown, "its address holds a placeholder"))
        elif (taken := urls.get(same_address(address))) is not None:
            skipped.append((shown, f"the same address as feed {taken!r}"))
        elif len(rows) >= _MAX_FEEDS:
            skipped.append((shown, f"only {_MAX_FEEDS:,} feeds are taken at a time"))
        else:
            feed_id = _free_id(name or _place(address), ids)
            ids.add(feed_id)
            urls[same_address(address)] = feed_id
            row: dict[str, object] = {"id": feed_id, "url": address}
            rows.append(
                row | _sort(outline.get("category") or "", kind, tier) | ({"title": name} if name else {})
            )
    text = yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=1000) if rows else ""
    return OpmlImport(yaml=text, added=len(rows), skipped=tuple(skipped))


def _outlines(raw: bytes) -> list[ElementTree.Element]:
    if len(raw) > _MAX_BYTES:
        raise ParseError(f"larger than {_MAX_BYTES:,} bytes")
    try:
        root = fromstring(raw)
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as e:
        raise ParseError(f"can't be read as OPML: {e}") from e
    if root.tag.lower() != "opml":
        raise ParseError(f"not OPML: its first element is <{root.tag[:40]}>")
    return list(root.iter("outline"))


def _sort(category: str, kind: SourceKind, tier: int) -> dict[str, object]:
    """Kind and tier, from our own categories where they are given."""
    for word in (part.strip().lower() for part in category.split(",")):
        found = _TIER.match(word)
        if found:
            tier = int(found[1])
        elif word in set(SourceKind):
            kind = SourceKind(word)
    return {"kind": str(kind), "tier": tier}


def _place(address: str) -> str:
    """Host and path: an id is shown everywhere, so no user, password or query may get into it."""
    parts = urlsplit(address)
    return f"{parts.hostname} {parts.path}"


def _free_id(name: str, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:48].strip("-") or "feed"
    return next(i for n in range(1, len(taken) + 3) if (i := slug if n == 1 else f"{slug}-{n}") not in taken)
