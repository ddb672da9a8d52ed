"""What looks after groups and channels, over a desk in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from desk_fakes import MemoryDesk

from bot.delivery.commands import Commands
from bot.delivery.gate import Gate
from bot.delivery.membership import Membership
from bot.model import Subscriber


class MemoryBindings:
    """A `shelves.Bindings`."""

    def __init__(self, desk: MemoryDesk) -> None:
        self._desk = desk
        self.binders: dict[str, str] = {}
        self.banned: set[str] = set()
        self._waiting: set[str] = set()  # for the right to write

    def places(self, chat: str, /) -> list[Subscriber]:
        mine = (f"telegram:{chat}", f"telegram:{chat}/")
        found = self._desk.subscribers.items()
        return [s for key, s in sorted(found) if key == mine[0] or key.startswith(mine[1])]

    def note(self, subscriber_id: str, user: str, now: datetime, /) -> None:
        self.binders[subscriber_id] = user

    def binder(self, subscriber_id: str, /) -> str:
        return self.binders.get(subscriber_id, "")

    def is_banned(self, chat: str, /) -> bool:
        return chat in self.banned

    def release(self, subscriber_id: str, /) -> None:
        self.binders.pop(subscriber_id, None)
        self._waiting.discard(subscriber_id)

    def pause(self, chat: str, now: datetime, /) -> list[Subscriber]:
        found = [s for s in self.places(chat) if s.active]
        for s in found:
            self._desk.subscribers[s.id] = replace(s, active=False)
            self._waiting.add(s.id)
        return found

    def resume(self, chat: str, /) -> list[Subscriber]:
        found = [s for s in self.places(chat) if s.id in self._waiting]
        for s in found:
            self._desk.subscribers[s.id] = replace(s, active=True)
            self._waiting.discard(s.id)
        return found

    def leave(self, chat: str, now: datetime, /) -> None:
        for s in self.places(chat):
            self._desk.subscribers[s.id] = replace(s, active=False)
            self._waiting.discard(s.id)

    def move(self, chat: str, to: str, now: datetime, /) -> None:
        for s in self.places(chat):
            address = s.address.replace(chat, to, 1)
            key = f"{s.channel}:{address}"
            self._desk.subscribers[key] = replace(self._desk.subscribers.pop(s.id), id=key, address=address)
            for kept in (self._desk.followed, self._desk.lowest, self.binders):
                if s.id in kept:
                    kept[key] = kept.pop(s.id)  # type: ignore[attr-defined]
            if s.id in self._waiting:
                self._waiting.remove(s.id)
                self._waiting.add(key)


def membership(
    bot: Any, commands: Commands, desk: Any, clock: Callable[[], datetime], gate: Gate | None = None
) -> Membership:
    """It, where nothing of groups and channels is looked at."""
    return Membership(bot, commands, desk, MemoryBindings(desk), clock, gate)
