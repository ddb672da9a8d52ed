"""The one tree of errors. A message says what is wrong, where, and what to do.

Adapters translate what their libraries raise into these with `raise … from e`. They are caught in three
places only: the poll job, the batch, the outbox. Anything else is a bug and is not swallowed.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path


class BotError(Exception):
    """Whatever Spillover raises on purpose."""


class ConfigError(BotError):
    """A setting, a file or the environment is not usable."""


class RulesError(BotError):
    """A file under `rules/` is wrong.

    Attributes:
        path: The file.
        line: 1-based line, or None if the whole file is meant.
        column: 1-based column, or None.
        problem: The message without its place.
        others: Further mistakes found in the same reading.
    """

    others: tuple[RulesError, ...] = ()

    def __init__(
        self, problem: str, path: Path | str, line: int | None = None, column: int | None = None
    ) -> None:
        self.path, self.line, self.column, self.problem = Path(path), line, column, problem
        place = ":".join(str(p) for p in (path, line, column) if p is not None)
        super().__init__(f"{place}: {problem}")


class FetchError(BotError):
    """A feed could not be fetched.

    Attributes:
        status: HTTP status, or None where no answer came.
        retry_after: What the server asked for, or None.
        gone: The server says that the feed has ended (410).
        blocked: Our own guard refused the address; trying again is useless until a setting changes.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: timedelta | None = None,
        gone: bool = False,
        blocked: bool = False,
    ) -> None:
        self.status, self.retry_after, self.gone, self.blocked = status, retry_after, gone, blocked
        super().__init__(message)


class ParseError(BotError):
    """What came back is no feed, or can't be read within the limits."""


class AnalysisError(BotError):
    """The language pipeline can't be loaded or failed on a batch."""


class StoreError(BotError):
    """The database can't be opened, read or written."""


class NotStoredError(StoreError):
    """What somebody asked for is not in the database.

    Attributes:
        near: The URL most like the one that was asked for, or an empty string.
    """

    def __init__(self, message: str, *, near: str = "") -> None:
        super().__init__(message)
        self.near = near


class DeliveryError(BotError):
    """A notification was not delivered."""


class TransientDeliveryError(DeliveryError):
    """Try again.

    Attributes:
        retry_after: How long to wait at least, or None for the caller's own back-off.
        flood: We were told to slow down (429); whether that means this chat or the whole bot, it does not say.
        ambiguous: No clear answer came, so it may have arrived all the same.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: timedelta | None = None,
        flood: bool = False,
        ambiguous: bool = False,
    ) -> None:
        self.retry_after, self.flood, self.ambiguous = retry_after, flood, ambiguous
        super().__init__(message)


class RejectedError(DeliveryError):
    """This message can never be delivered: park it."""


class SubscriberGoneError(DeliveryError):
    """This subscriber can't be reached under this address.

    Attributes:
        moved_to: The new address where there is one (a group became a supergroup), else None.
    """

    def __init__(self, message: str, *, moved_to: str | None = None) -> None:
        self.moved_to = moved_to
        super().__init__(message)


class DrawingError(BotError):
    """A picture could not be drawn; what it would show can still be said."""
