"""Beginning to follow: what was meant, what that would have been, and following it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.delivery.history import MONTH, History
from bot.delivery.parts import Handler
from bot.delivery.preview import preview
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
from bot.delivery.words import kind_word, level_word
from bot.following import MIN_WORD, own_rule, word_target
from bot.hours import zone_of
from bot.locale import spoken, tr
from bot.model import Button, Severity, Subscriber, Target, TargetKind
from bot.ports import Clock, Desk, Vocabulary

EVERYTHING = Target(TargetKind.ALL)
FIRST_LEVEL = Severity.MEDIUM
"""What a new chat starts with: it follows everything, so the small things are left out."""
MOST_FOLLOWED = 50
MOST_WORDS = 10
MOST_RULES = 20
MAX_ITEMS = 10

_MAX_CHOICES = 8
_MAX_NEAR = 3
_QUOTED = re.compile(r"[\"“”„«»']\s*(.+?)\s*[\"“”«»']")
_JOINED = re.compile(r"(?:^|\s+)(?:and|or|und|oder|&|\+)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Understood:
    """What somebody named."""

    targets: tuple[Target, ...]
    ambiguous: tuple[tuple[str, tuple[Target, ...]], ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of following something."""

    said: str  # a sentence or several
    is_refused: bool  # there was no room for some of it


def too_many() -> Reply:
    """What is answered to more names than are taken at a time."""
    return line(tr("That is too much at once: name at most {number} things to follow.", number=MAX_ITEMS))


class Watching:
    """The part of the commands that adds to what a chat follows."""

    def __init__(
        self,
        desk: Desk,
        vocabulary: Vocabulary,
        clock: Clock,
        timezone: str,
        history: History,
        turned_on: Callable[[Chat], None] = lambda _: None,
    ) -> None:
        """Wire it up; `turned_on` hears of each chat whose alerts are on from now on, for whatever reason."""
        self._desk, self._vocabulary, self._clock, self._timezone = desk, vocabulary, clock, timezone
        self._history, self._turned_on = history, turned_on
        self.commands: Mapping[str, Handler] = {"watch": self.watch}
        self.buttons: Mapping[str, Handler] = {
            "watch": lambda text, chat: self._tap(text, chat, None),
            "high": lambda text, chat: self._tap(text, chat, Severity.HIGH),
            "ask": self._tap_ask,
            "cancel": lambda text, chat: Reply(cards=(say(tr("Nothing was changed.")),), replace=True),
        }
        self.managing = frozenset({"watch", "high", "ask", "cancel"})

    async def watch(self, text: str, chat: Chat) -> Reply:
        """Say what is understood and ask; follow several things at once."""
        items = items_of(text, self._vocabulary)
        if len(items) == 1:
            return await self._one(items[0], chat)
        return self.follow_at_once(text, chat)

    def is_plain(self, text: str) -> bool:
        """Whether all that a line names is known, or asked for as a word: then `watch` needs no other reading of it."""
        return all(
            meant_by(item, self._vocabulary) or named_word(item) is not None
            for item in items_of(text, self._vocabulary)
        )

    def follow_at_once(self, text: str, chat: Chat) -> Reply:
        """Follow what is named; ask where it is ambiguous, suggest where it is unknown."""
        items = items_of(text, self._vocabulary)
        if not items:
            return line(tr("What should this chat follow? For example: /watch nvidia, or /watch all."))
        if len(items) > MAX_ITEMS:
            return too_many()
        found = self.understand(items)
        lines = [self.follow(found.targets, chat).said] if found.targets else []
        lines += [self.unknown(item) for item in found.unknown]
        near = [target for item in found.unknown for target in self.near(item)]
        sheet = Sheet()
        for told in lines:
            sheet.line(told)
        cards = [sheet.card(self._offers(near, "watch"))] if lines else []
        cards += [chooser(item, targets, self._vocabulary.name) for item, targets in found.ambiguous]
        return Reply(cards=tuple(cards))

    def understand(self, items: Sequence[str]) -> Understood:
        """What each of them means."""
        targets: list[Target] = []
        ambiguous, unknown = [], []
        for item in items:
            meant = meant_by(item, self._vocabulary)
            if len(meant) == 1:
                targets += meant
            elif meant:
                ambiguous.append((item, tuple(meant[:_MAX_CHOICES])))
            else:
                unknown.append(item)
        return Understood(tuple(targets), tuple(ambiguous), tuple(unknown))

    def is_known(self, target: Target) -> bool:
        """Whether it can be followed: a button may be old or forged."""
        return is_known(target, self._vocabulary)

    def follow(self, targets: Sequence[Target], chat: Chat, level: Severity | None = None) -> Followed:
        """Follow them, from a level on if one is given; the first specific one takes the place of everything."""
        subscriber = self.enroll(chat)
        before = self._desk.watches(subscriber.id)
        wanted = list(dict.fromkeys(targets))
        replaces = before == [EVERYTHING] and bool(wanted) and EVERYTHING not in wanted
        new, known, refused = [], [], []
        kept = [] if replaces else list(before)
        for target in wanted:
            if target not in kept and not has_room(kept, target):
                refused.append(target)
                continue
            if self._desk.watch(subscriber.id, target, self._clock(), level=level):
                new.append(target)
            else:
                known.append(target)
            if target not in kept:
                kept.append(target)
        said = []
        if new:
            said.append(self._following(new, level))
        if known:
            said.append(self._known(known))
        if refused:
            text = tr(
                "Not followed: {followed}. A chat follows at most {most} things, {words} of them words and {rules} "
                "rules of its own; /list drops some, /watch all follows everything.",
                followed=self.enumerated(refused),
                most=MOST_FOLLOWED,
                words=MOST_WORDS,
                rules=MOST_RULES,
            )
            said.append(text)
        if replaces and kept:
            self._desk.unwatch(subscriber.id, EVERYTHING)
            said.append(tr("This replaces everything; /watch all brings that back."))
        elif EVERYTHING in before and any(t not in before for t in new):
            said.append(tr("This chat also follows everything; /unwatch everything leaves the rest."))
        return Followed(" ".join(said), is_refused=bool(refused))

    def _following(self, targets: Sequence[Target], level: Severity | None) -> str:
        followed = self.enumerated(targets)
        if level is None:
            return tr("Following {followed}.", followed=followed)
        return tr("Following {followed}, only {level} and above.", followed=followed, level=level_word(level))

    def _known(self, targets: Sequence[Target]) -> str:
        return tr("Followed already: {followed}.", followed=self.enumerated(targets))

    def enroll(self, chat: Chat) -> Subscriber:
        """The chat's subscriber, turned on; a new one starts at `FIRST_LEVEL`."""
        known = self._desk.subscriber(chat.subscriber_id)
        subscriber = self._desk.enroll(chat.channel, chat.address, self._clock())
        if known is None:
            self._desk.set_level(subscriber.id, FIRST_LEVEL)
            self._desk.set_timezone(subscriber.id, self._timezone)
            self._desk.set_language(subscriber.id, spoken())
        self._turned_on(chat)
        return self._desk.subscriber(subscriber.id) or subscriber

    def unknown(self, item: str) -> str:
        """What is said of a name that nobody has."""
        return unknown_name(item, self._vocabulary.suggest(item))

    def near(self, item: str) -> list[Target]:
        """What could be meant by a name that nobody has."""
        words = self._vocabulary.suggest(item)
        return list(dict.fromkeys(t for word in words for t in self._vocabulary.resolve(word)))[:_MAX_NEAR]

    def _offers(self, targets: Sequence[Target], verb: str) -> list[list[Button]]:
        wanted = list(dict.fromkeys(targets))[:_MAX_CHOICES]
        return target_buttons(verb, wanted, lambda t: target_label(t, self._vocabulary.name))

    def enumerated(self, targets: Sequence[Target]) -> str:
        """Targets as a phrase."""
        shown = [target_label(t, self._vocabulary.name) for t in targets[:MAX_ITEMS]]
        if len(targets) > MAX_ITEMS:
            shown.append(tr("{number} more", number=len(targets) - MAX_ITEMS))
        return ", ".join(shown) or tr("nothing (/watch all follows everything)")

    async def _one(self, item: str, chat: Chat) -> Reply:
        meant = meant_by(item, self._vocabulary)
        if len(meant) == 1:
            return await self._ask(meant[0], chat)
        if meant:
            return Reply(cards=(chooser(item, meant[:_MAX_CHOICES], self._vocabulary.name, verb="ask"),))
        word, named = word_target(item), named_word(item)
        if word is None or named is not None:
            wrong = self.unknown(item) if named is None else tr("{text} is no word.", text=echo(named))
            hint = tr(
                "A word to look for has at least {number} letters, and no more than fit a button.",
                number=MIN_WORD,
            )
            return line(f"{wrong} {hint}")
        return await self._ask(word, chat, head=[self.unknown(item)], near=self.near(item))

    async def _ask(
        self,
        target: Target,
        chat: Chat,
        *,
        head: Sequence[str] = (),
        near: Sequence[Target] = (),
        replace: bool = False,
    ) -> Reply:
        """Show what it would have been, and ask; `near` are offered before it."""
        subscriber = self._desk.subscriber(chat.subscriber_id)
        if target in self._desk.watches(chat.subscriber_id) and target not in self._desk.floors(
            chat.subscriber_id
        ):
            return Reply(cards=(say(self._known([target])),), replace=replace)
        level = subscriber.level if subscriber else FIRST_LEVEL
        zone = zone_of(subscriber.timezone if subscriber else self._timezone)
        tally = await self._history.tally([target], level, MONTH)
        names, now = self._vocabulary.name, self._clock()
        rows = self._offers(near, "ask")
        card = preview(target, tally, level=level, names=names, now=now, tz=zone, head=head, offers=rows)
        if card is None:  # no button can name it
            card = say(self.follow([target], chat).said)
        return Reply(cards=(card,), replace=replace)

    async def _tap_ask(self, text: str, chat: Chat) -> Reply:
        target = read_target(text)
        if target is None:
            return old_button()
        return await self._ask(target, chat, replace=True) if self.is_known(target) else _gone()

    def _tap(self, text: str, chat: Chat, level: Severity | None) -> Reply:
        target = read_target(text)
        if target is None:
            return old_button()
        if not self.is_known(target):
            return _gone()
        return Reply(cards=(say(self.follow([target], chat, level).said),), replace=True)


def is_known(target: Target, vocabulary: Vocabulary) -> bool:
    """Whether it can be followed: what names it may be old or forged."""
    if target.kind is TargetKind.WORD:
        return word_target(target.id) == target
    if target.kind is TargetKind.RULE:
        return own_rule(target) is not None
    named = target == EVERYTHING or vocabulary.name(target.id) != target.id
    return named or target in vocabulary.resolve(target.id)


def meant_by(item: str, vocabulary: Vocabulary) -> list[Target]:
    """What somebody may mean by a name; empty for one that nobody has."""
    if is_all(item):
        return [EVERYTHING]
    named = named_word(item)
    if named is not None:
        target = word_target(named)
        return [target] if target else []
    return vocabulary.resolve(item)


def is_all(item: str) -> bool:
    """Whether everything is meant."""
    return item.casefold() in ("all", "everything", kind_word(TargetKind.ALL).casefold())


def named_word(item: str) -> str | None:
    """What stands behind 'word:' or 'word ', or in quotes; None where a word is not asked for."""
    if quoted := _QUOTED.fullmatch(item):
        return quoted[1]
    kind, _, rest = item.replace(":", " ", 1).partition(" ")
    return rest.strip() if kind.lower() == TargetKind.WORD and rest.strip() else None


def items_of(text: str, vocabulary: Vocabulary) -> list[str]:
    """What a line names: separated by commas or 'and', else the longest runs of words that are known."""
    parts = [p for part in text.replace(";", ",").split(",") for p in _joined(part.strip(), vocabulary) if p]
    if len(parts) > 1 or "," in text or ";" in text:
        return list(dict.fromkeys(parts))
    words = text.split()
    if named_word(text) is not None:
        return [text]
    items: list[str] = []
    while words:
        runs = range(len(words), 0, -1)
        size = next((n for n in runs if vocabulary.resolve(" ".join(words[:n]))), 0)
        if not size and not items:  # not even its first word is known: ask about the whole
            return [text]
        items.append(" ".join(words[: size or 1]))
        words = words[size or 1 :]
    return items


def _joined(part: str, vocabulary: Vocabulary) -> list[str]:
    """The names that 'and' or 'or' stands between; all of it where that belongs to a name."""
    names = [name for name in _JOINED.split(part) if name]
    if names == [part] or named_word(part) is not None or vocabulary.resolve(part):
        return [part]
    return names if any(vocabulary.resolve(name) for name in names) else [part]


def has_room(kept: Sequence[Target], target: Target) -> bool:
    """Whether a chat that follows so much may follow this too."""
    most = {TargetKind.WORD: MOST_WORDS, TargetKind.RULE: MOST_RULES}.get(target.kind, MOST_FOLLOWED)
    return len(kept) < MOST_FOLLOWED and sum(t.kind is target.kind for t in kept) < most


def _gone() -> Reply:
    return line(tr("That can't be followed any more. /watch and a name finds what can."))
