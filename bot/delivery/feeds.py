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
from bot.locale import marked, show_decimal, show_number, tr, tr_n
from bot.model import Button, Card, EntityKind, SourceKind
from bot.office import Source, Sources, Trial
from bot.ports import Clock
from bot.text import show_duration

PAGE = 8  # feeds on one card
_ERROR = 200
_TITLE = 100
_KEPT = marked("This is kept in the database beside rules/sources.yaml, over restarts and reloads.")
_ONE = marked("/sources {verb} needs the id of a feed. /help sources shows examples.")
_NEEDS: Mapping[str, str] = {
    "pause": _ONE,
    "resume": _ONE,
    "remove": _ONE,
    "test": marked("/sources {verb} needs an address or the id of a feed. /help sources shows examples."),
    "url": marked(
        "/sources {verb} needs the id of a feed and its new address. /help sources shows examples."
    ),
    "add": marked("/sources {verb} needs an address, and maybe kind and tier. /help sources shows examples."),
}
_VERBS = tuple(_NEEDS)
_STATES: Mapping[str, str] = {
    "active": marked("active"),
    "paused": marked("paused"),
    "gone": marked("gone"),
    "blocked": marked("blocked"),
    "off": marked("off"),
}


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
        return line(tr(_NEEDS[verb], verb=verb))

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
            return say(tr("There are no feeds. /sources add URL adds one."))
        pages = -(-len(listing) // PAGE)
        number = min(max(number, 1), pages)
        down = sum(s.is_down for s in listing)
        sheet = Sheet().line(
            tr(
                "{feeds}, {down} down; page {number} of {pages}",
                feeds=count(len(listing), "feed", "feeds"),
                down=show_number(down),
                number=number,
                pages=pages,
            )
        )
        shown = listing[(number - 1) * PAGE : number * PAGE]
        now = self._clock()
        for source in shown:
            sheet.line().add(source.id, EntityKind.BOLD).add(": " + _state(source, now))
        rows = [[_button(s.id, "show", s) for s in shown[n : n + 2]] for n in range(0, len(shown), 2)]
        around = [
            Button(label, data=f"sources:{page}")
            for label, page in ((tr("‹ Before"), number - 1), (tr("Next ›"), number + 1))
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
        sheet.line(tr("{kind}, tier {tier}:", kind=source.kind, tier=source.tier) + " ")
        sheet.add(source.url, EntityKind.CODE)
        if source.is_added:
            sheet.line(tr("Added in chat; not in rules/sources.yaml."))
        elif source.is_changed:
            sheet.line(tr("Changed in chat; rules/sources.yaml says otherwise."))
        rests = source.state in ("paused", "gone", "blocked")
        row = [
            _button(tr("Resume"), "resume", source) if rests else _button(tr("Pause"), "pause", source),
            _button(tr("Test"), "test", source),
        ]
        if source.is_added:
            row.append(_button(tr("Remove"), "remove", source))
        return sheet.card(_fitting([row]))

    async def _find(self, feed_id: str) -> Source | Reply:
        listing = await self._sources.listing()
        found = next((s for s in listing if s.id == feed_id.lower()), None)
        if found is not None:
            return found
        known = [*(s.id for s in listing), *_VERBS]
        if hint := suggestion(feed_id, known):
            return line(tr("There is no feed {feed}{hint}", feed=echo(feed_id), hint=hint))
        return line(tr("There is no feed {feed}. /sources lists them.", feed=echo(feed_id)))

    async def _change(self, verb: str, feed_id: str) -> Reply:
        source = await self._find(feed_id)
        if isinstance(source, Reply):
            return source
        if verb == "pause":
            await self._sources.pause(source.id)
            done = tr("{feed} is polled no more. /sources resume {feed} undoes it.", feed=source.id)
            return line(f"{done} {tr(_KEPT)}")
        if verb == "resume":
            await self._sources.resume(source.id)
            return line(tr("{feed} is polled again in a moment.", feed=source.id))
        await self._sources.remove(source.id)
        return line(tr("{feed} was removed. Its entries stay in the archive.", feed=source.id))

    def _later(self, chat: Chat, text: str, work: Callable[[], Awaitable[Card]]) -> Reply:
        noted = self._office.noted(chat, f"sources {text}", work)
        if not self._errands.start("sources", chat, noted):
            return line(tr("Another feed is being tried. One at a time, please."))
        return line(tr("Asking the server; what comes of it follows."))

    def _add(self, chat: Chat, text: str, words: Sequence[str]) -> Reply:
        url, kind, tier = words[0], SourceKind.BLOG.value, 3
        for word in words[1:]:
            if word.lower() in list(SourceKind):
                kind = word.lower()
            elif word in ("1", "2", "3"):
                tier = int(word)
            else:
                kinds = ", ".join(SourceKind)
                return line(
                    tr(
                        "{word} is neither a kind ({kinds}) nor a tier (1 to 3).",
                        word=echo(word),
                        kinds=kinds,
                    )
                )

        async def work() -> Card:
            feed_id, trial = await self._sources.add(url, kind, tier)
            added = tr("Added as {feed} ({kind}, tier {tier}).", feed=feed_id, kind=kind, tier=tier)
            sheet = self._tried(Sheet().line(added), trial)
            sheet.line(tr("What it shows now is taken in silently; what comes later is news."))
            sheet.line(f"{tr(_KEPT)} {tr('To have it in the file, add:')} ")
            sheet.add(f"- {{id: {feed_id}, url: '{trial.url}', kind: {kind}, tier: {tier}}}", EntityKind.CODE)
            return sheet.card()

        return self._later(chat, text, work)

    async def _move(self, feed_id: str, url: str) -> Card:
        source = await self._find(feed_id)
        if isinstance(source, Reply):
            return source.cards[0]
        trial = await self._sources.move(source.id, url)
        sheet = Sheet().line(
            tr("{feed} is polled at the new address; its entries and mutes stay.", feed=source.id)
        )
        silent = tr("What the new address shows at first is taken in silently.")
        return self._tried(sheet, trial).line(f"{silent} {tr(_KEPT)}").card()

    async def _test(self, reference: str) -> Card:
        trial = await self._sources.test(reference)
        if trial.error:
            return say(tr("It can't be read: {problem}", problem=clip(trial.error, _ERROR)))
        return self._tried(Sheet().line(tr("It can be read; nothing was stored.")), trial).card()

    def _tried(self, sheet: Sheet, trial: Trial) -> Sheet:
        """What a poll has shown."""
        shown = count(trial.entries, "entry", "entries")
        if trial.title:
            shown = tr("“{title}”, {entries}", title=clip(trial.title, _TITLE), entries=shown)
        sheet.line(tr("{entries}, newest:", entries=shown) if trial.newest else shown)
        now = self._clock()
        for at, headline in trial.newest:
            when = clock_time(at, now, self._zone) if at is not None else tr("undated")
            sheet.line(f"• {when} {clip(headline, _TITLE)}")
        for warning in trial.warnings[:3]:
            sheet.line(tr("Remark: {remark}", remark=clip(warning, _ERROR)))
        return sheet


def _acts(text: str) -> bool:
    return text.partition(" ")[0].lower() in _VERBS


def state_word(state: str) -> str:
    """'paused', in the language that is spoken."""
    return tr(_STATES.get(state, state))


def _state(source: Source, now: datetime) -> str:
    parts = [state_word(source.state)]
    if source.state == "active" and source.failures:
        parts = [tr_n("failed {n} time in a row", "failed {n} times in a row", source.failures)]
    if source.last_ok_at is None:
        parts.append(tr("last ok never"))
    else:
        since = show_duration(max(now - source.last_ok_at, timedelta(0)))
        parts.append(tr("last ok {span} ago", span=since))
    parts.append(tr("{n} a day", n=show_decimal(source.per_day, 1)))
    if source.state == "active" and source.next_poll_at is not None:
        left = source.next_poll_at - now
        soon = left <= timedelta(0)
        parts.append(tr("next poll now") if soon else tr("next poll in {span}", span=show_duration(left)))
    error = f". {clip(source.last_error, _ERROR)}" if source.last_error else ""
    return ", ".join(parts) + error


def _button(label: str, verb: str, source: Source) -> Button:
    return Button(label, data=f"source:{verb} {source.id}")


def _fitting(rows: Sequence[Sequence[Button]]) -> list[list[Button]]:
    """The rows without buttons whose data is longer than Telegram takes; the command does the same."""
    return [[b for b in row if len(b.data.encode()) <= MAX_DATA] for row in rows]
