"""Who follows what an alert is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.alerts.routes import Routes
from bot.model import Alert, Subscriber, Target, targets


def recipients(
    alert: Alert,
    subscribers: Iterable[Subscriber],
    watches: Mapping[str, frozenset[Target]],
    routes: Routes,
) -> list[Subscriber]:
    """Active subscribers who follow any of the alert's targets, or to whom a route leads, in the order given."""
    wanted = targets(alert)
    nothing = frozenset[Target]()
    return [
        s
        for s in subscribers
        if s.active and (not wanted.isdisjoint(watches.get(s.id, nothing)) or routes.leads(alert, s.id))
    ]
