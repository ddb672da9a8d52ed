"""Puts together what managers need of a running program with Telegram, and sends them their morning report."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta

from bot.config import Settings
from bot.delivery.errands import Errands
from bot.delivery.feedback import SPAN as VOTED
from bot.delivery.feeds import Feeds
from bot.delivery.gate import Gate
from bot.delivery.managing import Office
from bot.delivery.parts import Part
from bot.delivery.people import People
from bot.delivery.running import Running
from bot.errors import BotError
from bot.hours import next_digest
from bot.model import Digest
from bot.office import Access, Sources, Works
from bot.ports import Clock, Desk
from bot.shelves import Votes
from bot.store.database import Database
from bot.store.delays import latency
from bot.store.feed_changes import FeedChanges
from bot.store.feedback import FeedbackStore
from bot.store.mornings import fired, last_report, note_report
from bot.store.registry import Registry
from bot.telemetry import event
from bot.upkeep.morning import SPAN, Night, report

log = logging.getLogger(__name__)

_DAY = timedelta(days=1)
_FIRED = 5  # rules that are named
_VOTING = timedelta(
    days=7
)  # what nobody voted on for so long was demoted or is gone: nothing is proposed for it


class Managers:
    """The parts of the commands for managers and about privacy, the gate, and the morning report.

    Attributes:
        parts: Further commands.
        office: Lets managers in, and keeps the list of deeds.
        gate: Who is answered.
        errands: What takes long.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        access: Access,
        desk: Desk,
        sources: Sources,
        works: Works,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        """Wire it up.

        Args:
            settings: Of the program.
            database: A connection for what managers do.
            access: Whom they let in.
            desk: Figures of the program.
            sources: The feeds.
            works: The program.
            clock: The time.
            wake: Called when there is something to deliver.
        """
        self._settings, self._database, self._desk = settings, database, desk
        self._sources, self._works, self._clock = sources, works, clock
        operators, by_invitation = settings.telegram_admins, settings.access == "invite"
        registry = Registry(database)
        office = self.office = Office(registry, clock, operators, settings.timezone)
        self.errands = Errands()
        self.gate = Gate(
            access, clock, operators=operators, by_invitation=by_invitation, contact=settings.contact
        )
        people = People(
            office, access, registry, clock, operators=operators, by_invitation=by_invitation, wake=wake
        )
        self.parts: Sequence[Part] = (
            office,
            people,
            Feeds(office, sources, self.errands, clock),
            Running(office, desk, works, sources, self.errands, clock),
        )

    async def report(self, tell: Callable[[Callable[[], str]], Coroutine[None, None, None]]) -> None:
        """Tell managers how the night was, if it is time; called every minute."""
        at, now = self._settings.morning_at, self._clock()
        if at is None or not self._settings.telegram_admins:
            return
        try:
            last = last_report(self._database)
            if last is not None and next_digest(Digest(at=at), self._settings.timezone, last) > now:
                return
            note_report(self._database, now)  # before it is sent: rather none than two
            if last is None:
                return  # the program is new here, and there was no night
            night = await self._night()
        except BotError as e:
            log.error(event("morning_report_failed", problem=e))
            return
        await tell(lambda: "\n".join(report(night, now)))

    async def _night(self) -> Night:
        now, database = self._clock(), self._database
        feedback = FeedbackStore(database)
        slowest, rates, rules, rule_votes, source_votes = await asyncio.gather(
            asyncio.to_thread(lambda: latency(database, now).worst),
            asyncio.to_thread(FeedChanges(database).rates, now, SPAN),
            asyncio.to_thread(fired, database, now - _DAY, _FIRED),
            asyncio.to_thread(_voted, feedback.by_rule, now),
            asyncio.to_thread(_voted, feedback.by_source, now),
        )
        return Night(
            status=self._desk.status(now),
            vitals=self._works.vitals(),
            sources=await self._sources.listing(),
            rates=rates,
            slowest=slowest,
            fired=rules,
            rule_votes=rule_votes,
            source_votes=source_votes,
        )


def _voted(votes: Callable[[datetime], list[Votes]], now: datetime) -> list[Votes]:
    """All votes that count, of what readers still vote on."""
    recent = {v.name for v in votes(now - _VOTING)}
    return [v for v in votes(now - VOTED) if v.name in recent]
