"""Who follows what an alert is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.alerts.routes import Routes
from bot.following import Subject
from bot.model import Alert, Entry, Severity, Subscriber, Target

_NO_FLOORS: Mapping[str, Mapping[Target, Severity]] = {}
_NO_SECTORS: Mapping[str, str] = {}


def recipients(
    alert: Alert,
    entry: Entry,
    subscribers: Iterable[Subscriber],
    watches: Mapping[str, frozenset[Target]],
    routes: Routes,
    floors: Mapping[str, Mapping[Target, Severity]] = _NO_FLOORS,
    sectors: Mapping[str, str] = _NO_SECTORS,
) -> list[Subscriber]:
    """Who is to hear of an alert, or at least might.

    Args:
        alert: What is told.
        entry: The entry that caused it.
        subscribers: Who may be meant.
        watches: What they follow, by subscriber id.
        routes: Where alerts go besides.
        floors: Below which level some of what they follow is left out, by subscriber id.
        sectors: Of companies, by their ids.

    Returns:
        Active subscribers who follow what it is about, or to whom a route leads, in the order given.
    """
    about, nothing = Subject(alert, entry, sectors), frozenset[Target]()
    return [
        s
        for s in subscribers
        if s.active
        and (about.is_followed(watches.get(s.id, nothing), floors.get(s.id, {})) or routes.leads(alert, s.id))
    ]
