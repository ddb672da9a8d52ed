"""Looking things up: search, the biggest stories, how one went, who depends on whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.delivery.asking import Asked, read_query, unknown
from bot.delivery.finds import PAGE, Offer, offer, page, top_card
from bot.delivery.parts import Handler, Zone, utc
from bot.delivery.relations import exposure_card
from bot.delivery.replies import Chat, Reply, chooser, echo, line, old_button
from bot.delivery.sheet import clip
from bot.delivery.timeline import timeline
from bot.locale import tr
from bot.model import Neighbour, TargetKind
from bot.ports import Clock, Vocabulary
from bot.shelves import Found, Library, Search
from bot.text import digest, parse_duration

Neighbours = Callable[[str], Sequence[Neighbour]]
"""Who stands in a relation to a company, by the exposure graph in force."""

MOST_OFFERED = 20  # by inline mode
_MAX_CHOICES = 8
_TOP = 10
_TOP_SPAN = timedelta(hours=24)
_MIN_SPAN, _MAX_SPAN = timedelta(hours=1), timedelta(days=30)
_MAX_START = 6  # digits of a page's number


class Browsing:
    """The part of the commands that looks up what was stored and told; it changes nothing that a chat gets."""

    managing: frozenset[str] = frozenset()

    def __init__(
        self,
        library: Library,
        vocabulary: Vocabulary,
        clock: Clock,
        *,
        neighbours: Neighbours,
        zone: Zone = utc,
    ) -> None:
        """Wire it up.

        Args:
            library: What was stored and told; called in threads.
            vocabulary: Understands what people type.
            clock: The time.
            neighbours: The exposure graph.
            zone: By which clock a chat reads times.
        """
        self._library, self._vocabulary, self._clock, self._zone = library, vocabulary, clock, zone
        self._neighbours = neighbours
        self.commands: Mapping[str, Handler] = {
            "search": self.search,
            "top": self.top,
            "story": self.story,
            "who": self.who,
        }
        self.buttons: Mapping[str, Handler] = {
            "page": self.turn_page,
            "pick": self.pick,
            "story": self.story,
            "who": self.tap_who,
        }

    # --- search ---

    async def search(self, text: str, chat: Chat) -> Reply:
        """Entries that hold all words and pass all filters, newest first."""
        now = self._clock()
        asked = read_query(text, self._vocabulary, now, self._zone(chat))
        if asked.problem:
            return line(asked.problem)
        if asked.choices:
            return await self._ask(asked, text, chat, now)
        return await self._answer(asked, text, chat, now)

    async def _ask(self, asked: Asked, text: str, chat: Chat, now: datetime) -> Reply:
        """Which company is meant; what else was asked is kept until that is said."""
        kept = _search(text, Found(entries=()), chat, now)
        await asyncio.to_thread(self._library.keep, kept)
        choices = asked.choices[:_MAX_CHOICES]
        return Reply(cards=(chooser(asked.name, choices, self._vocabulary.name, verb=f"pick:{kept.id}"),))

    async def _answer(self, asked: Asked, text: str, chat: Chat, now: datetime) -> Reply:
        found = await asyncio.to_thread(self._library.search, asked.query)
        if not found.entries:
            if found.is_complete:
                return line(
                    tr("Nothing found for {words}. /help search shows what can be asked.", words=echo(text))
                )
            return line(
                tr(
                    "Nothing found for {words} among the newest, and there was no time for older ones. "
                    "/help search shows what can be asked.",
                    words=echo(text),
                )
            )
        kept = _search(text, found, chat, now)
        await asyncio.to_thread(self._library.keep, kept)
        return await self._page(kept, 0, chat)

    async def pick(self, text: str, chat: Chat) -> Reply:
        """Search on with the company that was chosen: '<search>:company:<id>'."""
        search_id, _, target = text.partition(":")
        kind, _, company = target.partition(":")
        kept = await asyncio.to_thread(self._library.kept, search_id, subscriber_id=chat.subscriber_id)
        if kept is None or kind != TargetKind.COMPANY or not company:
            return _forgotten()
        now = self._clock()
        asked = read_query(kept.asked, self._vocabulary, now, self._zone(chat), company=company)
        if asked.problem or asked.choices:
            return _forgotten()
        reply = await self._answer(asked, kept.asked, chat, now)
        return Reply(cards=reply.cards, replace=True)

    async def turn_page(self, text: str, chat: Chat) -> Reply:
        """Another page of a search: '<search>:<how many are before it>'."""
        search_id, _, start = text.partition(":")
        if not (start.isascii() and start.isdecimal() and len(start) <= _MAX_START):
            return old_button()
        kept = await asyncio.to_thread(self._library.kept, search_id, subscriber_id=chat.subscriber_id)
        if kept is None or int(start) >= len(kept.found.entries):
            return _forgotten()
        reply = await self._page(kept, int(start), chat)
        return Reply(cards=reply.cards, replace=True)

    async def _page(self, kept: Search, start: int, chat: Chat) -> Reply:
        hits = await asyncio.to_thread(self._library.hits, kept.found.entries[start : start + PAGE])
        return Reply(cards=(page(kept, hits, start, now=self._clock(), tz=self._zone(chat)),))

    async def offers(self, text: str) -> list[Offer]:
        """What inline mode offers while somebody types: what `/search` finds, whoever asks; nothing for nothing."""
        now = self._clock()
        asked = read_query(text, self._vocabulary, now, UTC, is_typing=True)
        if asked.problem:
            return []
        found = await asyncio.to_thread(self._library.search, asked.query)
        hits = await asyncio.to_thread(self._library.hits, found.entries[:MOST_OFFERED])
        return [offer(hit, now=now, tz=UTC) for hit in hits]

    # --- stories ---

    async def top(self, text: str, chat: Chat) -> Reply:
        """The biggest stories that were told."""
        try:
            span = parse_duration(text.replace(" ", "")) if text else _TOP_SPAN
        except (ValueError, OverflowError):
            return line(tr("{text} is no time span. Write /top, /top 24h or /top 7d.", text=echo(text)))
        if not _MIN_SPAN <= span <= _MAX_SPAN:
            return line(tr("A time span lasts from 1h to 30d: /top 24h or /top 7d."))
        now = self._clock()
        hits = await asyncio.to_thread(self._library.top, now - span, _TOP)
        if not hits:
            return line(tr("Nothing was told in that time. /top 7d looks further back."))
        return Reply(cards=(top_card(hits, span, now=now, tz=self._zone(chat)),))

    async def story(self, text: str, chat: Chat) -> Reply:
        """How a story went; it is named by an id or by the message that is answered."""
        reference = text or chat.reply_to
        if not reference:
            return line(
                tr("Which story? Reply to its card with /story, or write /story and an id from /latest.")
            )
        history = None
        if reference.isascii() and reference.replace("-", "").isalnum():
            history = await asyncio.to_thread(
                self._library.history, reference.lower(), subscriber_id=chat.subscriber_id
            )
        if history is None:
            if not text:
                return line(tr("I know no story for that message. /latest lists alerts with their ids."))
            return line(
                tr("I know no story for the id {id}. /latest lists alerts with their ids.", id=echo(text))
            )
        card = timeline(history, names=self._vocabulary.name, now=self._clock(), tz=self._zone(chat))
        return Reply(cards=(card,))

    # --- companies ---

    def who(self, text: str, chat: Chat) -> Reply:
        """Who supplies a company, competes with it, buys from it, funds it."""
        if not text:
            return line(tr("Which company? For example: /who nvidia."))
        known = self._vocabulary.resolve(text)
        companies = [t for t in known if t.kind is TargetKind.COMPANY]
        if not companies:
            return line(unknown(TargetKind.COMPANY, text, known, self._vocabulary))
        if len(companies) > 1:
            choices = companies[:_MAX_CHOICES]
            return Reply(cards=(chooser(text, choices, self._vocabulary.name, verb="who"),))
        return self._exposure(companies[0].id, 0)

    def tap_who(self, text: str, chat: Chat) -> Reply:
        """A company that was chosen, 'company:<id>', or another page of one, '<how many are before it>:<id>'."""
        head, _, company = text.partition(":")
        if head == TargetKind.COMPANY:
            head = "0"
        if not (company and head.isascii() and head.isdecimal() and len(head) <= _MAX_START):
            return old_button()
        reply = self._exposure(company, int(head))
        return Reply(cards=reply.cards, replace=True)

    def _exposure(self, company: str, start: int) -> Reply:
        neighbours = self._neighbours(company)
        if start >= len(neighbours):
            name = clip(self._vocabulary.name(company), 50)
            return line(tr("I know no relations of {company} to other companies.", company=name))
        return Reply(cards=(exposure_card(company, neighbours, start, names=self._vocabulary.name),))


def _search(text: str, found: Found, chat: Chat, now: datetime) -> Search:
    return Search(
        id=digest("search", chat.subscriber_id, text, now.isoformat()),
        subscriber_id=chat.subscriber_id,
        asked=text,
        found=found,
        at=now,
    )


def _forgotten() -> Reply:
    return line(tr("I have forgotten this search. Please write it again: /search and some words."))
