"""Reads the list of feeds, `rules/sources.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from bot.documents import Document, Strict, fail_with, read_document
from bot.errors import RulesError
from bot.model import Feed, SourceKind
from bot.sources.urls import show_url, web_url
from bot.text import parse_duration

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(hours=24)
MAX_LOOKBACK = timedelta(days=7)

_PLACEHOLDER = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_STAND_IN = "http://bridge.invalid"


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _interval(value: timedelta) -> timedelta:
    if not SHORTEST <= value <= LONGEST:
        raise ValueError("an interval is between 1m and 24h")
    return value


def _lookback(value: timedelta) -> timedelta:
    if value > MAX_LOOKBACK:
        raise ValueError("a lookback is 7d at most")
    return value


def _address(value: str) -> str:
    if "${" in _PLACEHOLDER.sub("", value):
        raise ValueError("a placeholder is written ${NAME} with capital letters")
    whole = _PLACEHOLDER.sub(_STAND_IN, value)
    if web_url(whole) != whole:
        raise ValueError(f"{show_url(value)!r} is no http(s) address")
    return value


Interval = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_interval)]
Lookback = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_lookback)]
FeedId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class _Defaults(Strict):
    interval: Interval = timedelta(minutes=15)
    lookback: Lookback = timedelta(0)
    language: str = "en"


class _Source(Strict):
    id: FeedId
    url: Annotated[str, AfterValidator(_address)]
    kind: SourceKind
    tier: int = Field(ge=1, le=3)
    title: str = ""
    language: str | None = None
    interval: Interval | None = None
    lookback: Lookback | None = None
    enabled: bool = True
    checked: str = ""


class _Sources(Strict):
    version: Literal["1"]
    defaults: _Defaults = _Defaults()
    feeds: tuple[_Source, ...]


def load_feeds(path: Path, bridges: Mapping[str, str] | None = None) -> tuple[Feed, ...]:
    """Read the list of feeds, in its own order.

    `bridges` gives the base addresses that stand for `${NAME}` in a URL; a feed whose bridge is not given
    or is empty is loaded, but not enabled.

    Raises:
        RulesError: The first mistake with its place, the rest in its `others`.
    """
    document = read_document(path, _Sources)
    known = {name: base.rstrip("/") for name, base in (bridges or {}).items() if base}
    feeds = tuple(_feed(source, document.content.defaults, known) for source in document.content.feeds)
    fail_with(_repeated(document, feeds))
    return feeds


def _feed(source: _Source, defaults: _Defaults, bridges: Mapping[str, str]) -> Feed:
    missing = [name for name in _PLACEHOLDER.findall(source.url) if name not in bridges]
    return Feed(
        id=source.id,
        url=source.url if missing else _PLACEHOLDER.sub(lambda found: bridges[found[1]], source.url),
        kind=source.kind,
        tier=source.tier,
        title=source.title,
        language=source.language or defaults.language,
        interval=source.interval or defaults.interval,
        lookback=defaults.lookback if source.lookback is None else source.lookback,
        enabled=source.enabled and not missing,
        checked=source.checked,
    )


def _repeated(document: Document[_Sources], feeds: tuple[Feed, ...]) -> list[RulesError]:
    """Ids and addresses that stand in the list twice."""
    mistakes: list[RulesError] = []
    ids: dict[str, int] = {}
    urls: dict[str, int] = {}
    for n, feed in enumerate(feeds):
        if feed.id in ids:
            line = document.place(("feeds", ids[feed.id], "id"))[0]
            problem = f"the id {feed.id!r} is taken (by the feed in line {line})"
            mistakes.append(document.error(problem, ("feeds", n, "id")))
        ids.setdefault(feed.id, n)
        first = urls.setdefault(same_address(feed.url), n)
        if first != n:
            problem = f"the same address as feed {feeds[first].id!r}"
            mistakes.append(document.error(problem, ("feeds", n, "url")))
    return mistakes


def same_address(url: str) -> str:
    """A form of a URL that is equal for addresses that surely are the same feed."""
    parts = urlsplit(url.strip())
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), fragment="").geturl()
