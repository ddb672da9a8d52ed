"""How a new chat begins: what to follow, how loud, and when to be quiet, in one message that changes in place.

Every answer is carried out at once, and how far the chat has come is kept in the database: a restart loses nothing,
and a button of a step that is over only shows the present one. Until something is chosen, the chat follows everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.delivery.attention import Attention, known
from bot.delivery.clocks import read_hours
from bot.delivery.history import FORTNIGHT, MONTH, History
from bot.delivery.loudness import USUAL_HOURS, figures, level_row, quiet_rows, skip_hours, skip_level
from bot.delivery.parts import Handler
from bot.delivery.render import card
from bot.delivery.replies import (
    LEVELS,
    Chat,
    Reply,
    alerts_off,
    echo,
    line,
    old_button,
    read_target,
    target_label,
)
from bot.delivery.sheet import MAX_DATA, Sheet, clip, say
from bot.delivery.watching import EVERYTHING, MAX_ITEMS, Watching, items_of
from bot.delivery.words import clock_time, level_word, level_words, read_level, suggestion
from bot.following import word_target
from bot.hours import zone_of
from bot.locale import tr
from bot.model import (
    AlertKind,
    Button,
    Card,
    EntityKind,
    Setup,
    SetupStep,
    Severity,
    Subscriber,
    Target,
    TargetKind,
    TextEntity,
)
from bot.ports import Clock, Desk, Vocabulary

_STARTER = ("pack:compute", "pack:capex", "pack:chips")
_USUAL = ("NVDA", "AMD", "AVGO", "TSM", "MU", "000660.KS", "MSFT", "META", "GOOGL", "AMZN", "ORCL", "CRWV")
_LABEL = 24
_SAMPLES = 20  # past cards that are tried as a sample
_TAKES = {
    "follow": {SetupStep.FOLLOW, SetupStep.PICK},
    "pick": {SetupStep.FOLLOW, SetupStep.PICK},
    "level": {SetupStep.PICK, SetupStep.LEVEL},
    "quiet": {SetupStep.QUIET},
}
"""At which steps a button of each kind still means something."""


class Beginning:
    """The part of the commands that asks a new chat what it wants."""

    commands: Mapping[str, Handler] = {}
    managing = frozenset({"setup"})

    def __init__(
        self,
        desk: Desk,
        vocabulary: Vocabulary,
        clock: Clock,
        watching: Watching,
        attention: Attention,
        history: History,
    ) -> None:
        self._desk, self._vocabulary, self._clock = desk, vocabulary, clock
        self._watching, self._attention, self._history = watching, attention, history
        self.buttons: Mapping[str, Handler] = {"setup": self.tap}

    async def begin(self, chat: Chat) -> Reply:
        """Ask the first question, or where a chat has not come to the end of them, the present one anew."""
        if self._desk.setup(chat.subscriber_id) is None:
            self._desk.save_setup(chat.subscriber_id, Setup())
        return replace(await self._ask(chat), replace=False)

    def is_open(self, chat: Chat) -> bool:
        """Whether there is a question that waits for an answer."""
        return self._desk.setup(chat.subscriber_id) is not None

    def placed(self, chat: Chat, message_id: str) -> None:
        """Note which message asks."""
        setup = self._desk.setup(chat.subscriber_id)
        if setup is not None and setup.message_id != message_id:
            self._desk.save_setup(chat.subscriber_id, replace(setup, message_id=message_id))

    async def tap(self, text: str, chat: Chat) -> Reply:
        """Take an answer from a button: '<step>:<answer>'."""
        if known(self._desk, chat) is None:
            return alerts_off()
        setup = self._desk.setup(chat.subscriber_id)
        if setup is None:
            return line(tr("That is set up already. /start shows how."))
        kind, _, answer = text.partition(":")
        if kind not in _TAKES:
            return old_button()
        if setup.step not in _TAKES[kind]:
            return await self._ask(chat)
        take = {"follow": self._follow, "pick": self._pick, "level": self._level, "quiet": self._quiet}[kind]
        note = take(setup, answer, chat)
        return old_button() if note is None else await self._ask(chat, note)

    async def type(self, text: str, chat: Chat) -> Reply | None:
        """Take an answer that somebody typed; None where nothing was asked."""
        setup = self._desk.setup(chat.subscriber_id)
        if setup is None or known(self._desk, chat) is None:
            return None
        note: str | None
        if setup.step in (SetupStep.FOLLOW, SetupStep.PICK):
            note = self._name(setup, text, chat)
        elif setup.step is SetupStep.LEVEL:
            level, near = read_level(text), suggestion(text, level_words())
            hint = tr("{text} is no level{hint}", text=echo(text), hint=near)
            note = hint if level is None else self._level(setup, level.word, chat)
        else:
            hint = tr(
                "{text} are no quiet hours. Write for example 23:00-06:30 Europe/Paris.", text=echo(text)
            )
            hours = [text, f"{USUAL_HOURS} {text}"]  # a town alone means the usual ones
            said = next((s for h in hours if (s := self._quiet(setup, h, chat)) is not None), None)
            note = hint if said is None else said
        return replace(await self._ask(chat, note or ""), edit=setup.message_id)

    # --- answers: each is carried out, and gives what is to be said of it; None for one that nobody could give ---

    def _follow(self, setup: Setup, answer: str, chat: Chat) -> str | None:
        if answer == "pick":
            self._go(chat, setup, SetupStep.PICK)
            return ""
        wanted = {"starter": self._starter(), "all": [EVERYTHING], "skip": []}.get(answer)
        if wanted is None:
            return None
        missing = [t for t in wanted if t not in self._desk.watches(chat.subscriber_id)]
        said = self._refused(missing, chat)
        self._go(chat, setup, SetupStep.LEVEL)
        return said

    def _pick(self, setup: Setup, answer: str, chat: Chat) -> str | None:
        target = read_target(answer[1:])
        if target is None or answer[0] not in "+-" or not self._watching.is_known(target):
            return None
        self._go(chat, setup, SetupStep.PICK)
        if answer[0] == "+":
            return self._refused([target], chat)
        self._desk.unwatch(chat.subscriber_id, target)
        if not self._desk.watches(chat.subscriber_id):
            self._desk.watch(chat.subscriber_id, EVERYTHING, self._clock())
        return ""

    def _level(self, setup: Setup, answer: str, chat: Chat) -> str | None:
        if answer != "skip":
            if answer not in LEVELS:
                return None
            self._desk.set_level(chat.subscriber_id, Severity.parse(answer))
        self._go(chat, setup, SetupStep.QUIET)
        return ""

    def _quiet(self, setup: Setup, answer: str, chat: Chat) -> str | None:
        if answer == "off":
            self._desk.set_quiet(chat.subscriber_id, None)
        elif answer != "skip":
            read, subscriber = read_hours(answer), self._desk.subscriber(chat.subscriber_id)
            if read is None or subscriber is None:
                return None
            self._attention.set_hours(subscriber, *read)
        self._desk.save_setup(chat.subscriber_id, None)
        return ""

    def _name(self, setup: Setup, text: str, chat: Chat) -> str:
        items = items_of(text, self._vocabulary)
        if not items or len(items) > MAX_ITEMS:
            self._go(chat, setup, SetupStep.PICK)
            return tr("Name at most {number} things at a time.", number=MAX_ITEMS) if items else ""
        found = self._watching.understand(items)
        refused = self._refused(found.targets, chat)
        said = [refused] if refused else []
        offers: list[Target] = []
        for item, targets in found.ambiguous:
            said.append(tr("{name} can mean several things: choose below.", name=echo(item)))
            offers += targets
        for item in found.unknown:
            said.append(self._watching.unknown(item))
            word = word_target(item)
            offers += [*self._watching.near(item), *([word] if word else [])]
        step = SetupStep.PICK if said else SetupStep.LEVEL
        self._go(chat, replace(setup, offers=tuple(dict.fromkeys(offers))), step)
        return " ".join(said)

    def _refused(self, targets: Sequence[Target], chat: Chat) -> str:
        """Follow them; gives what is said where there was no room for all."""
        came = self._watching.follow(targets, chat) if targets else None
        return came.said if came is not None and came.is_refused else ""

    def _go(self, chat: Chat, setup: Setup, step: SetupStep) -> None:
        self._desk.save_setup(chat.subscriber_id, replace(setup, step=step))

    def _starter(self) -> list[Target]:
        return [t for word in _STARTER for t in self._vocabulary.resolve(word) if t.kind is TargetKind.PACK]

    # --- questions ---

    async def _ask(self, chat: Chat, note: str = "") -> Reply:
        """The present question, with a line before it; after the last one what was set up, and a sample."""
        setup, subscriber = self._desk.setup(chat.subscriber_id), self._desk.subscriber(chat.subscriber_id)
        if subscriber is None:
            return alerts_off()
        if setup is None:
            return Reply(cards=await self._end(subscriber), replace=True)
        sheet = Sheet()
        if note:
            sheet.line(note)
        if setup.step is SetupStep.FOLLOW:
            rows = self._ask_what(sheet)
        elif setup.step is SetupStep.PICK:
            rows = await self._ask_which(sheet, setup, subscriber)
        elif setup.step is SetupStep.LEVEL:
            rows = await self._ask_how_loud(sheet, subscriber)
        else:
            sheet.line(tr("Step 3 of 3: quiet hours?"), EntityKind.BOLD)
            sheet.line(
                tr(
                    "From 22:00 to 07:00 cards then come without a sound; what is critical rings all the same. "
                    "By which clock? Or type it: 23:00-06:30 Europe/Paris."
                )
            )
            rows = [*quiet_rows("setup:quiet"), *skip_hours(subscriber)]
        return Reply(cards=(sheet.card(rows),), replace=True, keep=True)

    def _ask_what(self, sheet: Sheet) -> list[list[Button]]:
        sheet.line(tr("Step 1 of 3: what should this chat follow?"), EntityKind.BOLD)
        sheet.line(tr("Tap, or type names: nvidia, compute resale. Until you choose, it follows everything."))
        starter = (
            [Button(tr("AI compute starter pack"), data="setup:follow:starter")] if self._starter() else []
        )
        choices = [
            Button(tr("Pick companies"), data="setup:follow:pick"),
            Button(tr("Everything"), data="setup:follow:all"),
        ]
        return [starter, choices, [Button(tr("Skip"), data="setup:follow:skip")]]

    async def _ask_which(self, sheet: Sheet, setup: Setup, subscriber: Subscriber) -> list[list[Button]]:
        followed = [t for t in self._desk.watches(subscriber.id) if t != EVERYTHING]
        sheet.line(tr("Step 1 of 3: which companies?"), EntityKind.BOLD)
        sheet.line(tr("Tap as many as you like, or type names."))
        rows = [[b] for b in self._toggles(setup.offers, followed)]
        usual = [t for word in _USUAL for t in self._vocabulary.resolve(word) if t.id == word]
        grid = self._toggles([t for t in usual if t not in setup.offers], followed)
        rows += [grid[n : n + 3] for n in range(0, len(grid), 3)]
        if not followed:
            sheet.line(tr("Nothing is chosen yet, so it follows everything."))
            return [*rows, [Button(tr("Skip"), data="setup:follow:skip")]]
        sheet.line(tr("Chosen: {followed}.", followed=self._watching.enumerated(followed)))
        sheet.line(tr("Done? Then say how loud:"))
        for told in await figures(self._history, followed, self._desk.floors(subscriber.id)):
            sheet.line(told)
        return [*rows, level_row("setup:level"), [skip_level(subscriber)]]

    def _toggles(self, targets: Sequence[Target], followed: Sequence[Target]) -> list[Button]:
        buttons = []
        for target in targets:
            name = self._vocabulary.name(target.id)
            label = name if target.kind is TargetKind.COMPANY else target_label(target, self._vocabulary.name)
            mark, sign = ("✓ ", "-") if target in followed else ("", "+")
            data = f"setup:pick:{sign}{target}"
            if len(data.encode()) <= MAX_DATA:
                buttons.append(Button(mark + clip(label, _LABEL), data=data))
        return buttons

    async def _ask_how_loud(self, sheet: Sheet, subscriber: Subscriber) -> list[list[Button]]:
        followed = self._desk.watches(subscriber.id)
        sheet.line(tr("Step 2 of 3: how loud?"), EntityKind.BOLD)
        sheet.line(tr("This chat follows {followed}.", followed=self._watching.enumerated(followed)))
        for told in await figures(self._history, followed, self._desk.floors(subscriber.id)):
            sheet.line(told)
        return [level_row("setup:level"), [skip_level(subscriber)]]

    # --- the end ---

    async def _end(self, subscriber: Subscriber) -> tuple[Card, ...]:
        followed, floors = self._desk.watches(subscriber.id), self._desk.floors(subscriber.id)
        daily = await self._history.tally(followed, subscriber.level, FORTNIGHT, floors)
        following = tr(
            "That's it. This chat follows {followed}, at level {level} and above.",
            followed=self._watching.enumerated(followed),
            level=level_word(subscriber.level),
        )
        pace = tr("What comes next: one card for each story.")
        if daily.is_known and daily.hits:
            pace = tr(
                "What comes next: one card for each story, {rate} going by what came {when}.",
                rate=daily.rate(),
                when=daily.when,
            )
        rest = tr(
            "It is edited as the story grows, and answered only when it really changes. "
            "/watch, /level and /quiet change all this, /help shows the rest."
        )
        summary = say(following, _hours(subscriber), f"{pace} {rest}")
        return (summary, await self._sample(subscriber, followed, floors))

    async def _sample(
        self, subscriber: Subscriber, followed: Sequence[Target], floors: Mapping[Target, Severity]
    ) -> Card:
        """The newest past card that fits, as its story stands now, marked as what it is."""
        found = await self._history.tally(followed, subscriber.level, MONTH, floors)
        now, zone = self._clock(), zone_of(subscriber.timezone)
        for alert, entry in found.hits[:_SAMPLES]:
            story = self._desk.story(alert.story_id)
            if story is None:
                continue
            shown = replace(alert, kind=AlertKind.EDIT, created_at=max(alert.created_at, story.last_seen))
            drawn = card(shown, story, entry, names=self._vocabulary.name, now=now, tz=zone)
            when = clock_time(alert.created_at, now, zone, zone=True)
            return _marked(tr("SAMPLE, no news: this was sent {time}", time=when), drawn)
        return say(
            tr(
                "Nothing that fits was sent of late, so there is no sample to show. The first card will be real."
            )
        )


def _hours(subscriber: Subscriber) -> str:
    zone = subscriber.timezone.replace("_", " ")
    if subscriber.quiet is None:
        return tr("No quiet hours; times are shown in {zone}.", zone=zone)
    begin, end = (f"{at:%H:%M}" for at in subscriber.quiet)
    return tr("Quiet from {begin} to {end}; times are shown in {zone}.", begin=begin, end=end, zone=zone)


def _marked(mark: str, drawn: Card) -> Card:
    """A card below a line that says what it is, without a button to mute."""
    shift = len(mark) + 1
    entities = [replace(e, start=e.start + shift, end=e.end + shift) for e in drawn.entities]
    return Card(
        text=f"{mark}\n{drawn.text}",
        entities=(TextEntity(EntityKind.ITALIC, 0, len(mark)), *entities),
        buttons=drawn.buttons[:1],  # nobody votes on a sample, or mutes it
    )
