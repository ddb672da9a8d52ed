"""Draws the figures of the whole program."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.delivery.sheet import Sheet
from bot.delivery.words import count, reason_text
from bot.locale import show_number, tr
from bot.model import Card, EntityKind, Reason
from bot.ports import Status
from bot.text import shorten, show_duration

_TROUBLE = 500  # characters of what is wrong


def status_card(status: Status, now: datetime, troubles: Sequence[str] = ()) -> Card:
    """The figures of the whole program, for operators."""
    held = sorted(
        ((n, reason) for reason, n in status.counters.items() if n and _is_hold_back(reason)), reverse=True
    )
    sheet = Sheet().line(tr("Status"), EntityKind.BOLD)
    for trouble in troubles:
        sheet.line(shorten(trouble, _TROUBLE))
    sheet.line(
        tr(
            "Feeds: {feeds}, failing {failing}, stopped {stopped}; last poll {ago}",
            feeds=show_number(status.feeds),
            failing=show_number(status.feeds_failing),
            stopped=show_number(status.feeds_stopped),
            ago=_ago(status.last_poll_at, now),
        )
    )
    sheet.line(
        tr(
            "Stored: {entries}, {stories}, {alerts}; {subscribers}",
            entries=count(status.entries, "entry", "entries"),
            stories=count(status.stories, "story", "stories"),
            alerts=count(status.alerts, "alert", "alerts"),
            subscribers=count(status.subscribers, "subscriber", "subscribers"),
        )
    )
    sheet.line(_outbox(status, now))
    for n, reason in held[:5]:
        text = reason_text(Reason(reason))
        sheet.line(tr("Held back {number}: {why} ({reason})", number=show_number(n), why=text, reason=reason))
    return sheet.card()


def _outbox(status: Status, now: datetime) -> str:
    pending, parked = show_number(status.pending), show_number(status.parked)
    if not status.oldest_pending_at:
        return tr("Outbox: {pending} pending, {parked} parked", pending=pending, parked=parked)
    ago = _ago(status.oldest_pending_at, now)
    return tr(
        "Outbox: {pending} pending, oldest {ago}, {parked} parked", pending=pending, ago=ago, parked=parked
    )


def _is_hold_back(reason: str) -> bool:
    sent = {
        Reason.FIRST,
        Reason.DEVELOPED,
        Reason.DENIED,
        Reason.CORRECTED,
        Reason.WITHDRAWN,
        Reason.SPILLOVER,
        Reason.COUNTED,
    }
    return reason in set(Reason) - sent


def _ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return tr("never")
    return tr("{duration} ago", duration=show_duration(max(now - moment, now - now)))
