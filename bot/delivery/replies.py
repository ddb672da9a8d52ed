"""Who asks and what is answered, and the lines and buttons that more than one command uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.delivery.sheet import MAX_DATA, Sheet, clip, say
from bot.delivery.words import (
    Names,
    alternatives,
    kind_word,
    rule_text,
)
from bot.following import own_rule
from bot.locale import tr
from bot.model import Button, Card, Severity, Target, TargetKind
from bot.text import digest

LEVELS = [level.word for level in Severity]
"""As commands and buttons name them, in every language."""
ECHO = 40  # characters of what somebody typed that are repeated to them
_RULE = 120  # characters of a rule among others


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file that somebody sent: named here, and fetched only by what wants it."""

    id: str  # by which Telegram hands it out
    size: int  # bytes, as the sender's client says


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Who asks, and where the answer goes."""

    address: str  # as in Subscriber: the chat's id, with /thread for a topic
    channel: str = "telegram"
    user: str = ""  # the sender's id; empty for an anonymous one
    may_manage: bool = True  # in private always, in groups its admins
    reply_to: str = ""  # id of the message that the command answers
    private: bool = True  # a person alone with the bot, no group or channel
    answered: str = ""  # the text of that message, where it has one
    name: str = ""  # of the sender as Telegram shows it, a stranger's text; empty in a chat's own name
    attached: Attached | None = None  # the file that the command is the caption of, or that it answers
    written: str = ""  # what stands behind the command as it was written, with its lines

    @property
    def subscriber_id(self) -> str:
        """The id of the chat as a subscriber."""
        return f"{self.channel}:{self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to send."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to a command or a button."""

    cards: tuple[Card, ...] = ()
    replace: bool = False  # the message with the tapped button becomes the first card
    edit: str = ""  # so does the message with this id, whatever was answered
    keep: bool = False  # the id of the message that holds the first card is noted for the setup
    toast: str = ""  # shown for a moment over the chat; for a button, instead of a message
    picture: bytes = b""  # a PNG; the first card is its caption, and says in words what it shows
    files: tuple[File, ...] = ()  # sent after the cards


def line(*lines: str) -> Reply:
    """An answer of plain lines."""
    return Reply(cards=(say(*lines),))


def alerts_off() -> Reply:
    """What is answered where something would need alerts."""
    return line(tr("Alerts are off in this chat. /start turns them on first."))


def old_button() -> Reply:
    """What is answered to a button that nobody draws any more."""
    return line(tr("This button is of an older version. /help lists what I understand."))


def echo(text: str) -> str:
    """What somebody typed, quoted, short and harmless."""
    return tr("“{text}”", text=clip(text, ECHO))


def unknown_name(item: str, suggestions: Sequence[str]) -> str:
    """One line for a name that means nothing, with the nearest that do."""
    near = alternatives(suggestions[:3])
    if near:
        return tr("I don't know {name}. Did you mean {near}?", name=echo(item), near=near)
    return tr("I don't know {name}. Try a company, ticker, theme or sector.", name=echo(item))


def target_label(target: Target, names: Names) -> str:
    """'Nvidia (company)'; 'everything' for the target that is all."""
    if target.kind is TargetKind.ALL:
        return kind_word(target.kind)
    rule = own_rule(target)
    if rule is not None:
        return f"{clip(rule_text(rule, names), _RULE)} ({kind_word(target.kind)})"
    name = echo(target.id) if target.kind is TargetKind.WORD else clip(names(target.id), ECHO)
    return f"{name} ({kind_word(target.kind)})"


def target_buttons(
    verb: str, targets: Sequence[Target], label: Callable[[Target], str]
) -> list[list[Button]]:
    """A row for each target whose data fits into a button: '<verb>:<kind>:<id>'."""
    datas = [(target, f"{verb}:{target}") for target in targets]
    return [[Button(label(target), data=data)] for target, data in datas if len(data.encode()) <= MAX_DATA]


def handle(target: Target) -> str:
    """What a button calls it: `str(target)`, or for a rule, which may be long, the digest of that."""
    return f"{target.kind}:{digest(target.id)}" if target.kind is TargetKind.RULE else str(target)


def held(text: str, followed: Sequence[Target]) -> Target | None:
    """What a handle calls among what is followed; else what it would call anywhere."""
    return next((t for t in followed if handle(t) == text), None) or read_target(text)


def read_target(text: str) -> Target | None:
    """Read what `str(target)` writes."""
    kind, _, name = text.partition(":")
    try:
        target = Target(TargetKind(kind), name)
    except ValueError:
        return None
    return target if bool(name) == (target.kind is not TargetKind.ALL) else None


def chooser(text: str, targets: Sequence[Target], names: Names, *, verb: str = "watch") -> Card:
    """Asks which of several is meant; the button of each begins with `verb`."""
    sheet = Sheet().line(tr("{name} can mean several things. Which one?", name=echo(text)))
    for target in targets:
        sheet.line("• " + target_label(target, names))
    return sheet.card(target_buttons(verb, targets, lambda t: target_label(t, names)))
