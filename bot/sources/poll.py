"""One poll of one feed, from its state to what changes; nothing is stored here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.errors import BotError, FetchError, ParseError
from bot.model import Entry, Feed, NotModified, PollState
from bot.ports import Fetcher, Parser
from bot.sources import schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """What a poll brought. `state` must be stored in the same transaction as the entries."""

    feed: Feed
    state: PollState
    news: tuple[Entry, ...] = ()  # in the feed's own order
    baseline: tuple[Entry, ...] = ()  # of a first poll: stored, but no news
    not_modified: bool = False
    warnings: tuple[str, ...] = ()  # malformed but readable
    error: BotError | None = None

    @property
    def error_text(self) -> str:
        """One line that says what went wrong, or an empty string."""
        return str(self.error) if self.error else ""


async def poll_once(
    feed: Feed, state: PollState, fetcher: Fetcher, parser: Parser, now: datetime
) -> PollResult:
    """Fetch and parse once; what goes wrong with the feed is part of the result."""
    try:
        answer = await fetcher.fetch(feed, state)
        if isinstance(answer, NotModified):
            after = schedule.after_not_modified(feed, state, answer, now)
            return PollResult(feed=feed, state=after, not_modified=True)
        parsed = await parser.parse(feed, answer, now)
    except (FetchError, ParseError) as e:
        return PollResult(feed=feed, state=schedule.after_error(feed, state, e, now), error=e)
    news, baseline = schedule.split_baseline(feed, state, parsed.entries, now)
    return PollResult(
        feed=feed,
        state=schedule.after_news(feed, state, answer, parsed, now),
        news=news,
        baseline=baseline,
        warnings=parsed.warnings,
    )
