"""Another program with the same token: since when it has been in the way of listening, and what to do.

Telegram hands what people write to one program only. Alerts go on being sent, by both.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.locale import tr
from bot.ports import Clock

OVER_AFTER = timedelta(minutes=2)  # without a refusal; while there is a rival, one comes every 30 s at most
REPEAT = timedelta(minutes=10)  # between two lines in the log


class Rival:
    """Remembers refusals for a rival's sake."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: datetime | None = None
        self._last: datetime | None = None
        self._told: datetime | None = None

    @property
    def since(self) -> datetime | None:
        """Since when there has been one; None if there is none now."""
        if self._last is None or self._clock() - self._last > OVER_AFTER:
            return None
        return self._since

    def met(self) -> bool:
        """Telegram refused us for another's sake; True if that is the first time since there was none."""
        first, now = self.since is None, self._clock()
        if first:
            self._since, self._told = now, None
        self._last = now
        return first

    def is_to_be_told(self) -> bool:
        """Whether it is time to say so in the log, which then counts as done."""
        now = self._clock()
        if self._told is not None and now - self._told < REPEAT:
            return False
        self._told = now
        return True

    @property
    def problem(self) -> str:
        """What is wrong and what to do; empty if there is no rival now."""
        if self.since is None:
            return ""
        return tr(
            "Another program has used the same Telegram token since {time} UTC: commands reach only one of the "
            "two, alerts are sent by both. End the other one, or give each its own token from @BotFather.",
            time=f"{self.since:%Y-%m-%d %H:%M}",
        )
