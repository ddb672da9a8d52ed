"""What managers see and change of the feeds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.delivery.errands import Errands
from bot.delivery.managing import Office
from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, echo, line, old_button
from bot.delivery.sheet import MAX_DATA, Sheet, clip, say
from bot.delivery.words import clock_time, count, suggestion
from bot.hours import zone_of
from bot.locale import tr
from bot.model import Button, Card, EntityKind, SourceKind
from bot.office import Source, Sources, Trial
from bot.ports import Clock
from bot.text import show_duration

PAGE = 8  # feeds on one card
_ERROR = 200
_TITLE = 100
_KEPT = "This is kept in the database beside rules/sources.yaml, over restarts and reloads."
_VERBS = ("pause", "resume", "test", "url", "add", "remove")


class Feeds:
    """The part of the commands that concerns sources."""

    managing: frozenset[str] = frozenset()

    def __init__(self, office: Office, sources: Sources, errands: Errands, clock: Clock) -> None:
        self._office, self._sources, self._errands, self._clock = office, sources, errands, clock
        self._zone = zone_of(office.timezone)
        self.commands: Mapping[str, Handler] = {
            "sources": office.acting("sources", self.command, when=_acts),
        }
        self.buttons: Mapping[str, Handler] = {
            "sources": office.looking("sources", self.turn),
            "source": office.acting("sources", self.tap, when=_acts),
        }

    async def command(self, text: str, chat: Chat) -> Reply:
        """List feeds, show one, or do something about one."""
        verb, _, rest = text.partition(" ")
        verb = verb.lower()
        if not text:
            return Reply(cards=(await self._page(1),))
        if verb not in _VERBS:
            return await self._one(text)
        words = rest.split()
        match verb:
            case "pause" | "resume" | "remove" if len(words) == 1:
                return await self._change(verb, words[0])
            case "test" if len(words) == 1:
                return self._later(chat, text, lambda: self._test(words[0]))
            case "url" if len(words) == 2:
                return self._later(chat, text, lambda: self._move(words[0], words[1]))
            case "add" if 1 <= len(words) <= 3:
                return self._add(chat, text, words)
        return line(f"/sources {verb} needs {_needs(verb)}. /help sources shows examples.")

    async def turn(self, text: str, chat: Chat) -> Reply:
        """Show another page in the place of this one."""
        if not (text.isascii() and text.isdecimal() and len(text) <= 4):
            return old_button()
        return Reply(cards=(await self._page(int(text)),), replace=True)

    async def tap(self, text: str, chat: Chat) -> Reply:
        """A button under a feed: '<verb> <id>'."""
        verb, _, feed_id = text.partition(" ")
        if verb == "show":
            return await self._one(feed_id)
        if verb == "test":
            return self._later(chat, text, lambda: self._test(feed_id))
        if verb in ("pause", "resume", "remove"):
            return await self._change(verb, feed_id)
        return old_button()

    async def _page(self, number: int) -> Card:
        listing = await self._sources.listing()
        if not listing:
            return say("There are no feeds. /sources add URL adds one.")
        pages = -(-len(listing) // PAGE)
        number = min(max(number, 1), pages)
        down = sum(s.is_down for s in listing)
        sheet = Sheet().line(
            f"{count(len(listing), 'feed', 'feeds')}, {down:,} down; page {number} of {pages}"
        )
        shown = listing[(number - 1) * PAGE : number * PAGE]
        now = self._clock()
        for source in shown:
            sheet.line().add(source.id, EntityKind.BOLD).add(": " + _state(source, now))
        rows = [[_button(s.id, "show", s) for s in shown[n : n + 2]] for n in range(0, len(shown), 2)]
        around = [
            Button(label, data=f"sources:{page}")
            for label, page in (("‹ Before", number - 1), ("Next ›", number + 1))
            if 1 <= page <= pages
        ]
        return sheet.card([*_fitting(rows), around])

    async def _one(self, feed_id: str) -> Reply:
        source = await self._find(feed_id)
        if isinstance(source, Reply):
            return source
        return Reply(cards=(self._card(source),))

    def _card(self, source: Source) -> Card:
        now = self._clock()
        sheet = Sheet().line(source.id, EntityKind.BOLD).add(f": {_state(source, now)}")
        if source.title:
            sheet.line(clip(source.title, _TITLE))
        sheet.line(f"{source.kind}, tier {source.tier}: ").add(source.url, EntityKind.CODE)
        if source.is_added:
            sheet.line("Added in chat; not in rules/sources.yaml.")
        elif source.is_changed:
            sheet.line("Changed in chat; rules/sources.yaml says otherwise.")
        verb = "resume" if source.state in ("paused", "gone", "blocked") else "pause"
        row = [_button(verb.capitalize(), verb, source), _button("Test", "test", source)]
        if source.is_added:
            row.append(_button("Remove", "remove", source))
        return sheet.card(_fitting([row]))

    async def _find(self, feed_id: str) -> Source | Reply:
        listing = await self._sources.listing()
        found = next((s for s in listing if s.id == feed_id.lower()), None)
        if found is not None:
            return found
        known = [*(s.id for s in listing), *_VERBS]
        return line(
            f"There is no feed {echo(feed_id)}{suggestion(feed_id, known) or '.'}",
            tr("/sources lists them all."),
        )

    async def _change(self, verb: str, feed_id: str) -> Reply:
        source = await self._find(feed_id)
        if isinstance(source, Reply):
            return source
        if verb == "pause":
            await self._sources.pause(source.id)
            return line(f"{source.id} is polled no more. /sources resume {source.id} undoes it. {_KEPT}")
        if verb == "resume":
            await self._sources.resume(source.id)
            return line(f"{source.id} is polled again in a moment.")
        await self._sources.remove(source.id)
        return line(f"{source.id} was removed. Its entries stay in the archive.")

    def _later(self, chat: Chat, text: str, work: Callable[[], Awaitable[Card]]) -> Reply:
        noted = self._office.noted(chat, f"sources {text}", work)
        if not self._errands.start("sources", chat, noted):
            return line("Another feed is being tried. One at a time, please.")
        return line("Asking the server; what comes of it follows.")

    def _add(self, chat: Chat, text: str, words: Sequence[str]) -> Reply:
        url, kind, tier = words[0], SourceKind.BLOG.value, 3
        for word in words[1:]:
            if word.lower() in list(SourceKind):
                kind = word.lower()
            elif word in ("1", "2", "3"):
                tier = int(word)
            else:
                kinds = ", ".join(SourceKind)
                return line(f"{echo(word)} is neither a kind ({kinds}) nor a tier (1 to 3).")

        async def work() -> Card:
            feed_id, trial = await self._sources.add(url, kind, tier)
            sheet = self._tried(Sheet().line(f"Added as {feed_id} ({kind}, tier {tier})."), trial)
            sheet.line("What it shows now is taken in silently; what comes later is news.")
            sheet.line(f"{_KEPT} To have it in the file, add: ")
            sheet.add(f"- {{id: {feed_id}, url: '{trial.url}', kind: {kind}, tier: {tier}}}", EntityKind.CODE)
            return sheet.card()

        return self._later(chat, text, work)

    async def _move(self, feed_id: str, url: str) -> Card:
        source = await self._find(feed_id)
        if isinstance(source, Reply):
            return source.cards[0]
        trial = await self._sources.move(source.id, url)
        sheet = Sheet().line(f"{source.id} is polled at the new address; its entries and mutes stay.")
        self._tried(sheet, trial).line("What the new address shows at first is taken in silently. " + _KEPT)
        return sheet.card()

    async def _test(self, reference: str) -> Card:
        trial = await self._sources.test(reference)
        if trial.error:
            return say(f"It can't be read: {clip(trial.error, _ERROR)}")
        return self._tried(Sheet().line("It can be read; nothing was stored."), trial).card()

    def _tried(self, sheet: Sheet, trial: Trial) -> Sheet:
        """What a poll has shown."""
        title = f"“{clip(trial.title, _TITLE)}”, " if trial.title else ""
        sheet.line(
            f"{title}{count(trial.entries, 'entry', 'entries')}" + (", newest:" if trial.newest else "")
        )
        now = self._clock()
        for at, headline in trial.newest:
            when = clock_time(at, now, self._zone) if at is not None else "undated"
            sheet.line(f"• {when} {clip(headline, _TITLE)}")
        for warning in trial.warnings[:3]:
            sheet.line(f"Remark: {clip(warning, _ERROR)}")
        return sheet


def _acts(text: str) -> bool:
    return text.partition(" ")[0].lower() in _VERBS


def _needs(verb: str) -> str:
    return {
        "test": "an address or the id of a feed",
        "url": "the id of a feed and its new address",
        "add": "an address, and maybe kind and tier",
    }.get(verb, "the id of a feed")


def _state(source: Source, now: datetime) -> str:
    parts = [source.state]
    if source.state == "active" and source.failures:
        parts = [f"failed {count(source.failures, 'time', 'times')} in a row"]
    parts.append(f"last ok {_ago(source.last_ok_at, now)}")
    parts.append(f"{source.per_day:,.1f} a day")
    if source.state == "active" and source.next_poll_at is not None:
        left = source.next_poll_at - now
        parts.append("next poll now" if left <= timedelta(0) else f"next poll in {show_duration(left)}")
    error = f". {clip(source.last_error, _ERROR)}" if source.last_error else ""
    return ", ".join(parts) + error


def _ago(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else f"{show_duration(max(now - moment, timedelta(0)))} ago"


def _button(label: str, verb: str, source: Source) -> Button:
    return Button(label, data=f"source:{verb} {source.id}")


def _fitting(rows: Sequence[Sequence[Button]]) -> list[list[Button]]:
    """The rows without buttons whose data is longer than Telegram takes; the command does the same."""
    return [[b for b in row if len(b.data.encode()) <= MAX_DATA] for row in rows]
