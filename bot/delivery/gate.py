"""Who is answered: nobody who is banned, in invite mode only who is let in, and nobody who asks too much."""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from bot.delivery.replies import Reply, line
from bot.delivery.sheet import fold
from bot.delivery.words import alternatives, span_text
from bot.errors import StoreError
from bot.locale import tr
from bot.office import Access, Admission
from bot.ports import Clock
from bot.text import shorten

log = logging.getLogger(__name__)

WINDOW = timedelta(minutes=1)
SHARED = 2  # a group may ask so many times as much as one user
STRANGERS = 2  # answers a minute to somebody who is not let in
REMEMBERED = 10_000  # users and chats


class Pass(Enum):
    """What becomes of one more request."""

    YES = auto()
    FIRST_NO = auto()  # the first that is too much, which is said
    NO = auto()


class Tally:
    """Counts requests of each asker in a sliding window; of many askers only the latest are remembered."""

    def __init__(self, window: timedelta = WINDOW, most: int = REMEMBERED) -> None:
        self._window, self._most = window, most
        self._askers: OrderedDict[str, tuple[deque[datetime], bool]] = OrderedDict()

    def __len__(self) -> int:
        """Askers remembered."""
        return len(self._askers)

    def take(self, asker: str, limit: int, now: datetime) -> Pass:
        """Let a request pass and count it, or not."""
        times, was_told = self._askers.pop(asker, (deque(), False))
        while times and not now - self._window < times[0] <= now:  # too old, or of a clock that was wrong
            times.popleft()
        if len(times) < limit:
            times.append(now)
            answer, was_told = Pass.YES, False
        else:
            answer, was_told = Pass.NO if was_told else Pass.FIRST_NO, True
        self._askers[asker] = times, was_told
        while len(self._askers) > self._most:
            self._askers.popitem(last=False)
        return answer


@dataclass(frozen=True, slots=True)
class Entrance:
    """Whether somebody may go on, and what is answered if not; nothing for some."""

    is_open: bool
    reply: Reply | None = None


_OPEN, _SHUT = Entrance(True), Entrance(False)


class Gate:
    """Looks at every command and tap before anything else does.

    Args:
        access: Whom managers let in or keep out.
        clock: The time.
        operators: Ids of the managers, who always pass.
        by_invitation: Whether strangers are turned away.
        contact: Whom strangers may ask; empty for the managers by their ids.
    """

    def __init__(
        self,
        access: Access,
        clock: Clock,
        *,
        operators: Collection[str] = (),
        by_invitation: bool = False,
        contact: str = "",
    ) -> None:
        self._access, self._clock = access, clock
        self._operators = frozenset(operators)
        self._by_invitation, self._contact = by_invitation, contact
        self._requests, self._strangers = Tally(), Tally()

    def enter(self, user: str, chat: str) -> Entrance:
        """Decide about a request.

        Args:
            user: The asker's id; empty where the chat itself speaks.
            chat: The chat's id, the user's own in private.
        """
        if user in self._operators:
            return _OPEN
        try:
            return self._decide(user or chat, chat)
        except StoreError as e:
            log.error("access_unknown problem=%r", str(e))
            return _SHUT

    def _decide(self, user: str, chat: str) -> Entrance:
        numbers = {user, chat}
        said = {self._access.admission(number) for number in numbers}
        if Admission.BANNED in said:
            return _SHUT
        is_stranger = (
            self._by_invitation
            and Admission.ALLOWED not in said
            and not any(self._access.is_subscribed(number) for number in numbers)
        )
        if is_stranger:
            passed = self._strangers.take(user, STRANGERS, self._clock())
            return Entrance(False, self._invitation(user, chat)) if passed is Pass.YES else _SHUT
        now, limit = self._clock(), self._access.limit()
        passed = self._requests.take(user, limit, now)
        if passed is Pass.YES and chat != user:
            passed = self._requests.take(chat, SHARED * limit, now)
        if passed is Pass.YES:
            return _OPEN
        return Entrance(False, _too_much()) if passed is Pass.FIRST_NO else _SHUT

    def _invitation(self, user: str, chat: str) -> Reply:
        managers = alternatives(sorted(self._operators)[:3])
        if user == chat:
            ids = tr("your id {user}", user=user)
        else:
            ids = tr("your id {user} or this group's {chat}", user=user, chat=chat)
        if contact := shorten(fold(self._contact), 100):
            text = tr("This bot is by invitation. Ask {contact} to let in {ids}.", contact=contact, ids=ids)
        elif managers:
            text = tr(
                "This bot is by invitation. Ask the manager (user {managers}) to let in {ids}.",
                managers=managers,
                ids=ids,
            )
        else:
            text = tr("This bot is by invitation. Ask whoever runs it to let in {ids}.", ids=ids)
        return line(text)


def _too_much() -> Reply:
    return line(tr("That was too much for me at a time. I answer again in {span}.", span=span_text(WINDOW)))
