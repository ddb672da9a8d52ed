"""The feeds in force, and what managers change of them. Implements `office.Sources`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.errors import ConfigError
from bot.locale import tr
from bot.model import Feed, FeedStatus, PollState, SourceKind
from bot.office import FeedChange, Source, Trial
from bot.ports import Clock, Fetcher, Parser
from bot.sources.overlay import feed_id_for, overlaid
from bot.sources.poll import PollResult, poll_once
from bot.sources.registry import same_address
from bot.sources.urls import show_url, web_url
from bot.store.feed_changes import FeedChanges
from bot.store.polls import PollStates
from bot.text import nearest

MOST_ADDED = 200
SPAN = timedelta(days=7)  # over which entries a day are counted
_NEWEST = 5
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class FeedDesk:
    """Lays what managers changed over what the file says.

    Args:
        listed: The feeds of the file, as loaded last.
        changes: What managers changed.
        states: Poll states, on the event loop's connection.
        fetcher: Gets bodies, guarded.
        parser: Reads them.
        clock: The time.
        changed: Called when the feeds in force differ.
    """

    def __init__(
        self,
        listed: Callable[[], tuple[Feed, ...]],
        changes: FeedChanges,
        states: PollStates,
        fetcher: Fetcher,
        parser: Parser,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self._listed, self._changes, self._states = listed, changes, states
        self._fetcher, self._parser, self._clock, self._changed = fetcher, parser, clock, changed
        self._wanted = changes.all()
        self._laid: tuple[tuple[Feed, ...], tuple[Feed, ...]] | None = None  # the file's, and as changed

    def in_force(self) -> tuple[Feed, ...]:
        """The feeds as they are polled; asked for on every poll, from any thread."""
        listed, laid = self._listed(), self._laid
        if laid is None or laid[0] is not listed:
            laid = self._laid = listed, overlaid(listed, self._wanted.values())
        return laid[1]

    async def listing(self) -> Sequence[Source]:
        """Every feed: those that are down first, then in the order of the list."""
        feeds = self.in_force()
        rates = await asyncio.to_thread(self._changes.rates, self._clock(), SPAN)
        states = self._states.states(f.id for f in feeds)
        found = [self._source(f, states[f.id], rates.get(f.id, (0, None))[0]) for f in feeds]
        return sorted(found, key=lambda s: not s.is_down)

    def _source(self, feed: Feed, state: PollState, entries: int) -> Source:
        shown = state.status.value
        if "${" in feed.url:
            shown = "off"
        elif not feed.enabled:
            shown = FeedStatus.PAUSED.value
        change = self._wanted.get(feed.id)
        is_added = feed.id not in {f.id for f in self._listed()}
        return Source(
            id=feed.id,
            title=feed.title,
            url=feed.url,
            kind=feed.kind.value,
            tier=feed.tier,
            state=shown,
            failures=state.failures,
            last_ok_at=state.last_ok_at,
            last_error=state.last_error,
            next_poll_at=state.next_poll_at or (self._clock() if shown == "active" else None),
            per_day=entries / (SPAN / timedelta(days=1)),
            is_added=is_added,
            is_changed=change is not None and not is_added,
        )

    async def pause(self, feed_id: str, /) -> None:
        """Poll it no more."""
        feed = self._known(feed_id)
        if not feed.enabled:
            raise ConfigError(tr("{feed} is not polled as it is", feed=feed_id))
        of_file = self._of_file(feed_id)
        self._put(feed_id, enabled=None if of_file is not None and not of_file.enabled else False)

    async def resume(self, feed_id: str, /) -> None:
        """Poll it again, and soon; also one that is gone or blocked."""
        feed = self._known(feed_id)
        if "${" in feed.url:
            raise _no_bridge(feed_id)
        of_file = self._of_file(feed_id)
        if not feed.enabled:
            self._put(feed_id, enabled=True if of_file is not None and not of_file.enabled else None)
        state = self._states.states([feed_id])[feed_id]
        self._states.save([replace(state, status=FeedStatus.ACTIVE, next_poll_at=None)])
        self._changed()

    async def test(self, reference: str, /) -> Trial:
        """Poll a feed, named by its id or any address, once."""
        known = next((f for f in self.in_force() if f.id == reference.lower()), None)
        if known is not None and "${" in known.url:
            raise _no_bridge(known.id)
        if known is None and ":" not in reference:
            raise self._no_feed(reference)
        return await self._try(known or self._candidate(reference))

    async def move(self, feed_id: str, url: str, /) -> Trial:
        """Poll a feed at another address from now on, if that can be read; its entries stay."""
        feed = self._known(feed_id)
        moved = replace(feed, url=self._new_address(url, but=feed_id))
        trial = await self._try(moved)
        if trial.error:
            raise ConfigError(
                tr("nothing was changed, as the new address can't be read: {problem}", problem=trial.error)
            )
        self._new_address(url, but=feed_id)  # somebody else may have added it meanwhile
        of_file, change = self._of_file(feed_id), self._wanted.get(feed_id)
        if of_file is not None:
            back = of_file.url == url
            self._put(feed_id, url="" if back else url, instead_of="" if back else of_file.url)
        elif change is not None and change.added is not None:
            self._put(feed_id, added=replace(change.added, url=url))
        return trial

    async def add(self, url: str, kind: str, tier: int, /) -> tuple[str, Trial]:
        """Poll a further address, if it can be read; gives the feed's id."""
        if sum(c.added is not None for c in self._wanted.values()) >= MOST_ADDED:
            raise ConfigError(
                tr("{n} feeds were added already; move some to rules/sources.yaml", n=MOST_ADDED)
            )
        self._new_address(url)
        trial = await self._try(self._candidate(url))
        if trial.error:
            raise ConfigError(tr("nothing was added, as it can't be read: {problem}", problem=trial.error))
        self._new_address(url)
        taken = {f.id for f in self.in_force()} | self._states.known()
        feed = Feed(
            id=feed_id_for(url, taken), url=url, kind=SourceKind(kind), tier=tier, title=trial.title[:200]
        )
        self._put(feed.id, added=feed)
        return feed.id, trial

    async def remove(self, feed_id: str, /) -> None:
        """Drop a feed that was added."""
        self._known(feed_id)
        if self._of_file(feed_id) is not None:
            raise ConfigError(
                tr("{feed} stands in rules/sources.yaml: delete it there, or pause it here", feed=feed_id)
            )
        self._put(feed_id, enabled=None, url="", added=None)

    def _known(self, feed_id: str) -> Feed:
        found = next((f for f in self.in_force() if f.id == feed_id), None)
        if found is None:
            raise ConfigError(tr("there is no feed {feed}", feed=repr(feed_id)))
        return found

    def _no_feed(self, reference: str) -> ConfigError:
        near, shown = nearest(reference, [f.id for f in self.in_force()]), repr(reference)
        if not near:
            return ConfigError(tr("there is no feed {feed}; name one, or an http(s) address", feed=shown))
        return ConfigError(
            tr(
                "there is no feed {feed}; did you mean {near}?; name one, or an http(s) address",
                feed=shown,
                near=repr(near[0]),
            )
        )

    def _of_file(self, feed_id: str) -> Feed | None:
        return next((f for f in self._listed() if f.id == feed_id), None)

    def _candidate(self, url: str) -> Feed:
        return Feed(id="trial", url=self._address(url), kind=SourceKind.BLOG, tier=3)

    def _address(self, url: str) -> str:
        if web_url(url) != url or "${" in url:
            raise ConfigError(tr("{url} is no http(s) address", url=show_url(url)))
        return url

    def _new_address(self, url: str, *, but: str = "") -> str:
        """The address, if no other feed has it."""
        wanted = same_address(self._address(url))
        for feed in (*self.in_force(), *self._listed()):
            if feed.id != but and same_address(feed.url) == wanted:
                raise ConfigError(tr("that is the address of {feed} already", feed=feed.id))
        return url

    async def _try(self, feed: Feed) -> Trial:
        result = await poll_once(feed, PollState(feed_id=feed.id), self._fetcher, self._parser, self._clock())
        return _trial(feed, result)

    def _put(self, feed_id: str, **changes: object) -> None:
        change = replace(self._wanted.get(feed_id) or FeedChange(feed_id=feed_id), **changes)  # type: ignore[arg-type]
        self._changes.put(change)
        self._wanted = self._changes.all()
        self._laid = None
        self._changed()


def _no_bridge(feed_id: str) -> ConfigError:
    return ConfigError(tr("{feed} needs a bridge that is not set; see BOT_RSSHUB_URL", feed=feed_id))


def _trial(feed: Feed, result: PollResult) -> Trial:
    if result.error is not None:
        return Trial(url=feed.url, error=str(result.error))
    entries = [*result.news, *result.baseline]
    newest = sorted(entries, key=lambda e: e.published or _LONG_AGO, reverse=True)[:_NEWEST]
    return Trial(
        url=feed.url,
        title=next((e.source for e in entries if e.source), ""),
        entries=len(entries),
        newest=[(e.published, e.headline) for e in newest],
        warnings=result.warnings,
    )
