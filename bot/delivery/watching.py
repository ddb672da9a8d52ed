"""What a chat follows: adding to it, taking from it, showing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.delivery.parts import Handler
from bot.delivery.replies import (
    Chat,
    Reply,
    chooser,
    echo,
    line,
    old_button,
    read_target,
    target_buttons,
    target_label,
    unknown_name,
)
from bot.delivery.sheet import Sheet, say
from bot.delivery.words import clock_time
from bot.hours import zone_of
from bot.model import Card, Severity, Subscriber, Target, TargetKind
from bot.ports import Clock, Desk, Vocabulary

EVERYTHING = Target(TargetKind.ALL)
FIRST_LEVEL = Severity.MEDIUM
"""What a new chat starts with: it follows everything, so the small things are left out."""

_MAX_ITEMS = 10
_MAX_CHOICES = 8
_MAX_LISTED = 40


class Watching:
    """The part of the commands that reads and changes what a chat follows."""

    def __init__(self, desk: Desk, vocabulary: Vocabulary, clock: Clock, timezone: str) -> None:
        self._desk, self._vocabulary, self._clock, self._timezone = desk, vocabulary, clock, timezone
        self.commands: Mapping[str, Handler] = {
            "watch": self.watch,
            "unwatch": self.unwatch,
            "list": lambda _, chat: Reply(cards=(self.listing(chat),)),
        }
        self.buttons: Mapping[str, Handler] = {"watch": self.tap_watch, "unwatch": self.tap_unwatch}
        self.managing = frozenset({"watch", "unwatch"})

    def watch(self, text: str, chat: Chat) -> Reply:
        """Follow what is named; ask where it is ambiguous, suggest where it is unknown."""
        items = _items(text, self._vocabulary)
        if not items:
            return line("What should this chat follow? For example: /watch nvidia, or /watch all.")
        if len(items) > _MAX_ITEMS:
            return line(f"That is too much at once: name at most {_MAX_ITEMS} things to follow.")
        added: list[Target] = []
        cards, lines = [], []
        for item in items:
            targets = [EVERYTHING] if _is_all(item) else self._vocabulary.resolve(item)
            if len(targets) == 1:
                added += targets
            elif targets:
                cards.append(chooser(item, targets[:_MAX_CHOICES], self._vocabulary.name))
            else:
                lines.append(unknown_name(item, self._vocabulary.suggest(item)))
        if added:
            lines = [self._follow(added, chat), *lines]
        first = (say(*lines),) if lines else ()
        return Reply(cards=(*first, *cards))

    def tap_watch(self, text: str, chat: Chat) -> Reply:
        """Follow a target that was chosen from a list."""
        target = read_target(text)
        if target is None:
            return old_button()
        known = target == EVERYTHING or self._vocabulary.name(target.id) != target.id
        if not known and target not in self._vocabulary.resolve(target.id):
            return line("That can't be followed any more. /watch and a name finds what can.")
        return Reply(cards=(say(self._follow([target], chat)),), replace=True)

    def _follow(self, targets: Sequence[Target], chat: Chat) -> str:
        """Follow them; the first specific one takes the place of everything."""
        subscriber = self.enroll(chat)
        before = self._desk.watches(subscriber.id)
        wanted = list(dict.fromkeys(targets))
        new = [t for t in wanted if self._desk.watch(subscriber.id, t, self._clock())]
        said = []
        if new:
            said.append(f"Following {self.enumerated(new)}.")
        if len(new) < len(wanted):
            said.append(f"Followed already: {self.enumerated([t for t in wanted if t not in new])}.")
        specific = [t for t in wanted if t != EVERYTHING]
        if before == [EVERYTHING] and EVERYTHING not in wanted and specific:
            self._desk.unwatch(subscriber.id, EVERYTHING)
            said.append("This replaces everything; /watch all brings that back.")
        elif EVERYTHING in before and new:
            said.append("This chat also follows everything; /unwatch everything leaves the rest.")
        return " ".join(said)

    def unwatch(self, text: str, chat: Chat) -> Reply:
        """Stop following what is named, or all."""
        followed = self._desk.watches(chat.subscriber_id)
        if not followed:
            return line("This chat follows nothing. /watch nvidia starts.")
        items = _items(text, self._vocabulary)
        if not items:
            return line("What should go? /unwatch nvidia, or /unwatch all. /list shows what is followed.")
        if len(items) > _MAX_ITEMS:
            return line(f"That is too much at once: name at most {_MAX_ITEMS} things, or /unwatch all.")
        if text.lower() == "all":
            for target in followed:
                self._desk.unwatch(chat.subscriber_id, target)
            return line(
                "This chat follows nothing now, so nothing is sent. /watch all brings everything back."
            )
        gone: list[Target] = []
        lines = []
        for item in items:
            meant = self._followed(item, followed)
            gone += meant
            if not meant:
                lines.append(f"{echo(item)} is not followed here. /list shows what is.")
        gone = [t for t in dict.fromkeys(gone) if self._desk.unwatch(chat.subscriber_id, t)]
        if gone:
            lines.insert(0, f"No longer following {self.enumerated(gone)}.{self._nothing_left(chat)}")
        return line(*lines)

    def tap_unwatch(self, text: str, chat: Chat) -> Reply:
        """Stop following a target and show what is left."""
        target = read_target(text)
        if target is None:
            return old_button()
        self._desk.unwatch(chat.subscriber_id, target)
        return Reply(cards=(self.listing(chat),), replace=True)

    def _followed(self, item: str, followed: Sequence[Target]) -> list[Target]:
        """What an item means among what is followed, also if the vocabulary no longer knows it."""
        if _is_all(item):
            return [t for t in followed if t == EVERYTHING]
        word = item.casefold().lstrip("$")
        named = [
            t for t in followed if t.id and word in (t.id.casefold(), self._vocabulary.name(t.id).casefold())
        ]
        return named or [t for t in self._vocabulary.resolve(item) if t in followed]

    def _nothing_left(self, chat: Chat) -> str:
        left = self._desk.watches(chat.subscriber_id)
        return "" if left else " Nothing is left, so nothing is sent; /watch all brings everything back."

    def listing(self, chat: Chat) -> Card:
        """What is followed, with a button to stop each."""
        subscriber = self._desk.subscriber(chat.subscriber_id)
        if subscriber is None or not subscriber.active:
            return say("Alerts are off in this chat. /start turns them on.")
        followed = self._desk.watches(subscriber.id)
        if not followed:
            return say("This chat follows nothing, so nothing is sent. /watch all follows everything.")
        sheet = Sheet().line(f"This chat follows, at level {subscriber.level.word} and above:")
        for target in followed[:_MAX_LISTED]:
            sheet.line("• " + self._label(target))
        if len(followed) > _MAX_LISTED:
            sheet.line(f"… and {len(followed) - _MAX_LISTED} more")
        if subscriber.muted_until and subscriber.muted_until > self._clock():
            until = clock_time(subscriber.muted_until, self._clock(), zone_of(subscriber.timezone), zone=True)
            sheet.line(f"Muted until {until}; /unmute ends it.")
        buttons = target_buttons("unwatch", followed[:_MAX_LISTED], lambda t: f"✕ {self._label(t)}")
        return sheet.card(buttons)

    def enroll(self, chat: Chat) -> Subscriber:
        """The chat's subscriber, turned on; a new one starts at `FIRST_LEVEL`."""
        known = self._desk.subscriber(chat.subscriber_id)
        subscriber = self._desk.enroll(chat.channel, chat.address, self._clock())
        if known is None:
            self._desk.set_level(subscriber.id, FIRST_LEVEL)
            self._desk.set_timezone(subscriber.id, self._timezone)
        return self._desk.subscriber(subscriber.id) or subscriber

    def _label(self, target: Target) -> str:
        return target_label(target, self._vocabulary.name)

    def enumerated(self, targets: Sequence[Target]) -> str:
        """Targets as a phrase."""
        shown = [self._label(t) for t in targets[:_MAX_ITEMS]]
        more = [f"{len(targets) - _MAX_ITEMS} more"] if len(targets) > _MAX_ITEMS else []
        return ", ".join(shown + more) or "nothing (/watch all follows everything)"


def _is_all(item: str) -> bool:
    return item.lower() in ("all", "everything")


def _items(text: str, vocabulary: Vocabulary) -> list[str]:
    """What a line names: separated by commas, else the longest runs of words that are known."""
    if "," in text or ";" in text:
        parts = [part.strip() for part in text.replace(";", ",").split(",")]
        return list(dict.fromkeys(part for part in parts if part))
    words = text.split()
    items: list[str] = []
    while words:
        runs = range(len(words), 0, -1)
        size = next((n for n in runs if vocabulary.resolve(" ".join(words[:n]))), 0)
        if not size and not items:  # not even its first word is known: ask about the whole
            return [text]
        items.append(" ".join(words[: size or 1]))
        words = words[size or 1 :]
    return items
