"""What may be said and kept of a URL."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

_MAX_LENGTH = 2048


def show_url(url: str) -> str:
    """A URL for messages and logs: without user, password, fragment and the values of its query."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "(a URL that can't be read)"
    host = f"[{host}]" if ":" in host else host
    place = f"{host}:{port}" if port else host
    names = [pair.partition("=")[0] + "=…" if "=" in pair else "…" for pair in parts.query.split("&") if pair]
    query = "?" + "&".join(names) if names else ""
    shown = f"{parts.scheme}://{place}{parts.path}{query}" if place else f"{parts.scheme}:…"
    return shown if len(shown) <= 200 else shown[:199] + "…"


def web_url(link: str, *bases: str) -> str:
    """An absolute http(s) URL for a link, or an empty string where it is none.

    `bases` are tried from the left until the link is absolute; each may itself be relative to the
    ones right of it.
    """
    clean = "".join(c for c in link.strip() if c > " " and c != "\x7f")
    if not clean:
        return ""
    try:
        base = ""
        for outer in reversed(bases):
            base = urljoin(base, outer.strip())
        whole = urljoin(base, clean)
        parts = urlsplit(whole)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return ""
    return whole if usable and len(whole) <= _MAX_LENGTH else ""
