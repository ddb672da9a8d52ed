"""Whatever a route leads to is a subscriber, whether or not it follows anything."""

from __future__ import annotations

import logging
from collections.abc import Collection

from bot.alerts.routes import Routes
from bot.delivery.services import CHANNEL as SERVICES
from bot.model import Severity
from bot.office import Admission
from bot.ports import Clock
from bot.store.access import Access
from bot.store.desk import Desk
from bot.telemetry import event

log = logging.getLogger(__name__)


def enroll_routes(
    routes: Routes, desk: Desk, access: Access, clock: Clock, *, served: str, undefined: Collection[str]
) -> None:
    """Enroll where routes lead.

    Args:
        routes: In force now.
        desk: Subscribers.
        access: Who is banned.
        clock: The time.
        served: The channel that this program sends through beside other services: "telegram" or "console".
        undefined: Targets that no setting defines; nothing is to pile up for them.
    """
    for target in sorted(routes.after(desk.moved()).targets()):
        channel, _, address = target.partition(":")
        known = desk.subscriber(target)
        if target in undefined:
            if known is not None and known.active:
                desk.leave(target, clock())
        elif channel not in (served, SERVICES):
            log.warning(event("route_unserved", to=target, served=served))
        elif access.admission(address.partition("/")[0]) is Admission.BANNED:
            log.warning(event("route_banned", to=target))
        elif known is None or (channel == SERVICES and not known.active):
            desk.enroll(channel, address, clock())
            desk.set_level(target, Severity.INFO)  # how loud it must be stands in the route
