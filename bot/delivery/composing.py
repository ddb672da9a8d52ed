"""A rule of a chat's own by chat: plain words, what was understood, what it would have told, and buttons to change it.

Each step is a draft that the database keeps, and a button names the draft that it changes: so buttons work after a
restart, and a second tap does what the first one did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from bot.delivery.code import code_reply
from bot.delivery.drafting import Draft, Wording, Workshop, frequent, looser, stricter
from bot.delivery.history import MONTH, History, Tally
from bot.delivery.parts import Handler
from bot.delivery.preview import NARROWED, past_lines
from bot.delivery.replies import Chat, Reply, echo, line, old_button, read_target, target_label
from bot.delivery.sheet import MAX_DATA, Sheet, clip, say
from bot.delivery.watching import FIRST_LEVEL, Watching
from bot.delivery.words import level_word
from bot.following import own_rule
from bot.hours import zone_of
from bot.locale import tr
from bot.model import MOST_PARTS, Button, Card, EntityKind, OwnRule, Severity
from bot.ports import Clock, Desk, Vocabulary

_MOST_WORDS = 8  # that are offered to be left out
_ROW = 2
_HEADLINES = 3  # that become tests
_CHOICES = 8
_UNKNOWN = 6
_SENTENCE = 1_200  # characters
_FILE = "own.yaml"


class Composing:
    """The part of the commands by which a chat makes a rule of its own.

    Args:
        desk: Subscribers and alerts.
        vocabulary: Readable names.
        clock: The time.
        timezone: The clock of those who have none of their own.
        watching: Follows what is made.
        history: Counts what it would have been.
        workshop: Reads plain words, says rules, and keeps each step.
    """

    def __init__(
        self,
        desk: Desk,
        vocabulary: Vocabulary,
        clock: Clock,
        timezone: str,
        watching: Watching,
        history: History,
        workshop: Workshop,
    ) -> None:
        self._desk, self._vocabulary, self._clock, self._timezone = desk, vocabulary, clock, timezone
        self._watching, self._history = watching, history
        self._wordings, self._drafts = workshop.wordings, workshop.drafts
        self.commands: Mapping[str, Handler] = {"when": self.compose}
        self.buttons: Mapping[str, Handler] = {"when": self._tap, "narrow": self._narrow}
        self.managing = frozenset({"when", "narrow"})

    async def compose(self, text: str, chat: Chat) -> Reply:
        """Show what is understood of plain words, and ask."""
        if not text:
            return self._mine(chat)
        wording = await self._wordings.read(text)
        if wording.unclear:
            return self._choose(wording, chat)
        if wording.rule.is_empty:
            return _nothing_in(wording, text)
        draft = Draft.parse(str(Draft(wording.rule, wording.level)))  # in the order in which it is kept
        if draft is None:
            return line(
                tr(
                    "That is too much for one rule: name at most {number} things of a kind.",
                    number=MOST_PARTS,
                )
            )
        return Reply(cards=(await self._card(draft, chat, wording.unknown),))

    async def watch(self, text: str, chat: Chat) -> Reply:
        """Follow what is named; what is no name but can be read as a combination becomes a rule."""
        if self._watching.is_plain(text):
            return await self._watching.watch(text, chat)
        wording = await self._wordings.read(text)
        if wording.rule.is_empty or wording.parts < 2 or (wording.unknown and not wording.is_limited):
            return await self._watching.watch(text, chat)
        return await self.compose(text, chat)

    async def _narrow(self, text: str, chat: Chat) -> Reply:
        """A rule that wants what a button of a preview names, to be made narrower."""
        target = read_target(text)
        if target is None or target.kind not in NARROWED or not self._watching.is_known(target):
            return old_button()
        draft = Draft(OwnRule()).wanting(target)
        return Reply(cards=(await self._card(draft, chat),), replace=True)

    async def _tap(self, text: str, chat: Chat) -> Reply:
        verb, _, rest = text.partition(":")
        draft_id, _, word = rest.partition(":")
        draft = Draft.parse(self._drafts.kept(draft_id, subscriber_id=chat.subscriber_id))
        if draft is None:
            return line(tr("I have forgotten this rule. /when and its words bring it back."))
        if verb == "on":
            said = self._watching.follow([draft.target], chat, draft.level).said
            return Reply(cards=(say(said),), replace=True)
        if verb == "off":
            self._desk.unwatch(chat.subscriber_id, draft.target)
            return Reply(cards=(await self._card(draft, chat),), replace=True)
        if verb == "yaml":
            return code_reply(await self._source(draft, chat), _FILE)
        if verb == "less":
            return Reply(cards=(await self._words_to_leave_out(draft, chat),), replace=True)
        if verb == "up":
            draft = stricter(draft, self._level(chat)) or draft
        elif verb == "down":
            draft = looser(draft, self._level(chat)) or draft
        elif verb == "cut":
            draft = draft.without(word) or draft
        elif verb != "ed":
            return old_button()
        return Reply(cards=(await self._card(draft, chat),), replace=True)

    # --- what is shown ---

    def _mine(self, chat: Chat) -> Reply:
        """The rules of this chat, each to be opened; how to make one."""
        floors = self._desk.floors(chat.subscriber_id)
        rules = [
            (t, rule) for t in self._desk.watches(chat.subscriber_id) if (rule := own_rule(t)) is not None
        ]
        sheet = Sheet()
        if rules:
            sheet.line(tr("The rules of this chat; tap on one to change it:"))
        rows = []
        for target, rule in rules:
            label = target_label(target, self._vocabulary.name)
            sheet.line(f"• {label}")
            draft_id = self._keep(Draft(rule, floors.get(target)), chat)
            rows.append([Button(label, data=f"when:ed:{draft_id}")])
        sheet.line(
            tr("When shall I tell you? For example: /when hyperscalers selling compute, only confirmed.")
        )
        sheet.line(tr("It chooses among what the rules tell: /help when has more."))
        return Reply(cards=(sheet.card(rows),))

    async def _card(self, draft: Draft, chat: Chat, unknown: Sequence[str] = ()) -> Card:
        level, draft_id = self._level(chat), self._keep(draft, chat)
        tally, now, tz = await self._tally(draft, chat), self._clock(), self._tz(chat)
        sheet = Sheet().line(tr("A rule of your own:"), EntityKind.BOLD)
        sheet.line(clip(self._wordings.sentence(draft.rule), _SENTENCE))
        sheet.line(
            tr("At level {level} and above.", level=level_word(max(level, draft.level or level)))
            + " "
            + tr("Denials and corrections reach everybody who got the card.")
        )
        if unknown:
            left_out = ", ".join(echo(word) for word in unknown[:_UNKNOWN])
            sheet.line(
                tr(
                    "Not understood, so left out: {words}. In quotes, a word is looked for as it is.",
                    words=left_out,
                )
            )
        past_lines(sheet, tally, now, tz)
        is_followed = draft.target in self._desk.watches(chat.subscriber_id)
        follow = Button(tr("Follow"), data=f"when:on:{draft_id}")
        if is_followed:
            sheet.line(tr("This chat follows it."))
            if self._desk.floors(chat.subscriber_id).get(draft.target) == draft.level:
                follow = Button(tr("Stop following"), data=f"when:off:{draft_id}")
        turns = [Button(tr("Stricter"), data=f"when:up:{draft_id}")] if stricter(draft, level) else []
        turns += [Button(tr("Looser"), data=f"when:down:{draft_id}")] if looser(draft, level) else []
        more = [Button(tr("Without a word"), data=f"when:less:{draft_id}")] if tally.hits else []
        return sheet.card(
            [
                [follow, *turns],
                [*more, Button(tr("YAML"), data=f"when:yaml:{draft_id}")],
                [Button(tr("Cancel"), data="cancel:")],
            ]
        )

    def _choose(self, wording: Wording, chat: Chat) -> Reply:
        """Ask which of several is meant; each answer is a draft."""
        (name, targets), *others = wording.unclear
        sheet = Sheet().line(tr("{name} can mean several things. Which one?", name=echo(name)))
        rows = []
        for target in targets[:_CHOICES]:
            label = target_label(target, self._vocabulary.name)
            sheet.line(f"• {label}")
            draft = Draft(wording.rule, wording.level).wanting(target)
            rows.append([Button(label, data=f"when:ed:{self._keep(draft, chat)}")])
        if others:
            left_out = ", ".join(echo(other) for other, _ in others)
            sheet.line(tr("Unclear as well, so left out: {words}.", words=left_out))
        return Reply(cards=(sheet.card(rows),))

    async def _words_to_leave_out(self, draft: Draft, chat: Chat) -> Card:
        """The words of what it would have told, the most frequent first."""
        draft_id, tally = self._keep(draft, chat), await self._tally(draft, chat)
        sheet = Sheet().line(
            tr("Without which word? These stand in the headlines of what it would have told.")
        )
        sheet.line(tr("Any other one can be written behind it: /when …, without lease."))
        datas = [(word, f"when:cut:{draft_id}:{word}") for word in frequent(draft, tally)[:_MOST_WORDS]]
        buttons = [Button(word, data=data) for word, data in datas if len(data.encode()) <= MAX_DATA]
        rows = [buttons[i : i + _ROW] for i in range(0, len(buttons), _ROW)]
        return sheet.card([*rows, [Button(tr("Back"), data=f"when:ed:{draft_id}")]])

    async def _source(self, draft: Draft, chat: Chat) -> str:
        tally = await self._tally(draft, chat)
        headlines = list(dict.fromkeys(entry.title for _, entry in tally.hits if entry.title))[:_HEADLINES]
        level = max(self._level(chat), draft.level or Severity.INFO)
        return await self._wordings.source(draft.rule, level, headlines)

    async def _tally(self, draft: Draft, chat: Chat) -> Tally:
        floors = {draft.target: draft.level} if draft.level is not None else {}
        return await self._history.tally([draft.target], self._level(chat), MONTH, floors)

    def _keep(self, draft: Draft, chat: Chat) -> str:
        return self._drafts.keep(chat.subscriber_id, str(draft), self._clock())

    def _level(self, chat: Chat) -> Severity:
        subscriber = self._desk.subscriber(chat.subscriber_id)
        return subscriber.level if subscriber else FIRST_LEVEL

    def _tz(self, chat: Chat) -> tzinfo:
        subscriber = self._desk.subscriber(chat.subscriber_id)
        return zone_of(subscriber.timezone if subscriber else self._timezone)


def _nothing_in(wording: Wording, text: str) -> Reply:
    """What is said where nothing of it can be wanted."""
    if wording.is_limited and not wording.unknown:
        return line(
            tr("That says only what you don't want. Say of what I shall tell you: a kind of event, or whom."),
            tr("For example: /when capex cuts, not from social media."),
        )
    return line(
        tr("I understood nothing of {text} that I could look for.", text=echo(text)),
        tr('Name a kind of event, a company or a sector, or put a word in quotes: /when "liquid cooling".'),
    )
