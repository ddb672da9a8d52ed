"""What a chat follows, by pages, with how often each is told; and taking from it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from bot.delivery.feedback import MOST, SPAN, Shares
from bot.delivery.history import MONTH, History
from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, echo, handle, held, line, old_button, target_label
from bot.delivery.sheet import MAX_DATA, Sheet, say
from bot.delivery.watching import EVERYTHING, MAX_ITEMS, Watching, is_all, items_of, named_word
from bot.delivery.words import clock_time, count, level_word, rule_text
from bot.following import own_rule, words
from bot.hours import zone_of
from bot.locale import tr
from bot.model import Button, Card, Severity, Subscriber, Target, TargetKind
from bot.ports import Clock, Desk, Vocabulary
from bot.shelves import Feedback, Vote

_PAGE = 8


class Listing:
    """The part of the commands that shows what a chat follows and takes from it."""

    def __init__(
        self,
        desk: Desk,
        vocabulary: Vocabulary,
        clock: Clock,
        watching: Watching,
        history: History,
        feedback: Feedback | None = None,
    ) -> None:
        """Wire it up; without `feedback` nothing is said of how useful cards were found."""
        self._desk, self._vocabulary, self._clock, self._feedback = desk, vocabulary, clock, feedback
        self._watching, self._history = watching, history
        self.commands: Mapping[str, Handler] = {"list": self.show, "unwatch": self.unwatch}
        self.buttons: Mapping[str, Handler] = {
            "list": self._turn,
            "drop": self._drop,
            "unwatch": lambda text, chat: self._drop(f"1:{text}", chat),
            "unall": self._drop_all,
        }
        self.managing = frozenset({"unwatch", "drop", "unall"})

    async def show(self, text: str, chat: Chat) -> Reply:
        """What is followed, the first page or the one that is named."""
        return Reply(cards=(await self.page(chat, _number(text)),))

    async def unwatch(self, text: str, chat: Chat) -> Reply:
        """Stop following what is named; without a name show what there is, and ask before all of it goes."""
        followed = self._desk.watches(chat.subscriber_id)
        if not followed:
            return line(tr("This chat follows nothing. /watch nvidia starts."))
        rule = next((t for t in followed if self._is_called(t, text)), None)
        items = [text] if rule else items_of(text, self._vocabulary)
        if not items:
            return Reply(cards=(await self.page(chat, 1),))
        if len(items) > MAX_ITEMS:
            return line(
                tr(
                    "That is too much at once: name at most {number} things, or /unwatch all.",
                    number=MAX_ITEMS,
                )
            )
        if text.lower() == "all":
            row = [Button(tr("Stop all"), data="unall:"), Button(tr("Keep"), data="cancel:")]
            asks = tr(
                "Stop following all of it, {things}? Then nothing is sent any more.",
                things=count(len(followed), "thing", "things"),
            )
            return Reply(cards=(Sheet().line(asks).card([row]),))
        gone: list[Target] = []
        lines = []
        for item in items:
            meant = [rule] if rule else self._followed(item, followed)
            gone += meant
            if not meant:
                lines.append(tr("{name} is not followed here. /list shows what is.", name=echo(item)))
        gone = [t for t in dict.fromkeys(gone) if self._desk.unwatch(chat.subscriber_id, t)]
        if gone:
            left = self._desk.watches(chat.subscriber_id)
            said = tr("No longer following {followed}.", followed=self._watching.enumerated(gone))
            if not left:
                rest = tr("Nothing is left, so nothing is sent; /watch all brings everything back.")
                said = f"{said} {rest}"
            lines.insert(0, said)
        return line(*lines)

    async def page(self, chat: Chat, number: int) -> Card:
        """A page of what is followed, with a button to stop each; the last page where there are not so many."""
        subscriber = self._desk.subscriber(chat.subscriber_id)
        if subscriber is None or not subscriber.active:
            return say(tr("Alerts are off in this chat. /start turns them on."))
        followed = self._desk.watches(subscriber.id)
        if not followed:
            return say(tr("This chat follows nothing, so nothing is sent. /watch all follows everything."))
        pages = -(-len(followed) // _PAGE)
        number = min(max(number, 1), pages)
        shown = followed[(number - 1) * _PAGE : number * _PAGE]
        level, floors = level_word(subscriber.level), self._desk.floors(subscriber.id)
        head = tr("This chat follows, at level {level} and above:", level=level)
        if pages > 1:
            head = tr(
                "This chat follows {things}, page {page} of {pages}, at level {level} and above:",
                things=count(len(followed), "thing", "things"),
                page=number,
                pages=pages,
                level=level,
            )
        sheet = Sheet().line(head)
        found = Shares(await asyncio.to_thread(self._votes, subscriber.id), self._history.sectors())
        for target in shown:
            said = [await self._row(target, subscriber, floors), found.of(target)]
            sheet.line("• " + " · ".join(filter(None, said)))
        if subscriber.muted_until and subscriber.muted_until > self._clock():
            until = clock_time(subscriber.muted_until, self._clock(), zone_of(subscriber.timezone), zone=True)
            sheet.line(tr("Muted until {time}; /unmute ends it.", time=until))
        return sheet.card([*self._buttons(shown, number), _turns(number, pages)])

    async def _row(self, target: Target, subscriber: Subscriber, floors: Mapping[Target, Severity]) -> str:
        label = target_label(target, self._vocabulary.name)
        if floors.get(target, subscriber.level) > subscriber.level:
            label = tr("{name}, only {level}", name=label, level=level_word(floors[target]))
        tally = await self._history.tally([target], subscriber.level, MONTH, floors)
        return f"{label} · {tally.per_week()}" if tally.is_known else label

    def _votes(self, subscriber_id: str) -> list[Vote]:
        if self._feedback is None:
            return []
        return self._feedback.of_chat(subscriber_id, self._clock() - SPAN, MOST)

    def _buttons(self, shown: Sequence[Target], number: int) -> list[list[Button]]:
        rows = [(t, f"drop:{number}:{handle(t)}") for t in shown]
        return [
            [Button(f"✕ {target_label(t, self._vocabulary.name)}", data=data)]
            for t, data in rows
            if len(data.encode()) <= MAX_DATA
        ]

    async def _turn(self, text: str, chat: Chat) -> Reply:
        return Reply(cards=(await self.page(chat, _number(text)),), replace=True)

    async def _drop(self, text: str, chat: Chat) -> Reply:
        number, _, name = text.partition(":")
        target = held(name, self._desk.watches(chat.subscriber_id))
        if target is None:
            return old_button()
        self._desk.unwatch(chat.subscriber_id, target)
        return await self._turn(number, chat)

    def _drop_all(self, text: str, chat: Chat) -> Reply:
        if text:
            return old_button()
        for target in self._desk.watches(chat.subscriber_id):
            self._desk.unwatch(chat.subscriber_id, target)
        said = tr("This chat follows nothing now, so nothing is sent. /watch all brings everything back.")
        return Reply(cards=(say(said),), replace=True)

    def _is_called(self, target: Target, text: str) -> bool:
        """Whether a rule of this chat's own is named as the list shows it."""
        rule = own_rule(target)
        name = rule_text(rule, self._vocabulary.name).casefold() if rule else ""
        return bool(name) and text.casefold() in (
            name,
            target_label(target, self._vocabulary.name).casefold(),
        )

    def _followed(self, item: str, followed: Sequence[Target]) -> list[Target]:
        """What an item means among what is followed, also if the vocabulary no longer knows it."""
        if is_all(item):
            return [t for t in followed if t == EVERYTHING]
        word, spoken = item.casefold().lstrip("$"), words(named_word(item) or item)
        named = [
            t
            for t in followed
            if (t.kind is TargetKind.WORD and t.id == spoken)
            or (t.id and word in (t.id.casefold(), self._vocabulary.name(t.id).casefold()))
        ]
        return named or [t for t in self._vocabulary.resolve(item) if t in followed]


def _number(text: str) -> int:
    """The page that is meant; the first one where none is."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 3 else 1


def _turns(number: int, pages: int) -> list[Button]:
    row = [Button("◀", data=f"list:{number - 1}")] if number > 1 else []
    return row + ([Button("▶", data=f"list:{number + 1}")] if number < pages else [])
