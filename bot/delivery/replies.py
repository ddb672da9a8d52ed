"""What the commands say: the menu, the help, and the lines that more than one command uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.delivery.sheet import MAX_DATA, Sheet, clip, say
from bot.delivery.words import REASONS, Names, count, suggestion
from bot.model import Button, Card, EntityKind, Reason, Severity, Target, TargetKind
from bot.ports import Status
from bot.text import show_duration

MENU: Sequence[tuple[str, str]] = (
    ("start", "Start alerts in this chat"),
    ("watch", "Follow a company, theme, sector or pack"),
    ("unwatch", "Stop following one, or all"),
    ("list", "What this chat follows"),
    ("latest", "The newest alerts"),
    ("why", "Why an alert was sent"),
    ("whynot", "Why an article was not told"),
    ("story", "How a story went, step by step"),
    ("top", "The biggest stories now"),
    ("search", "Look for news by words and filters"),
    ("who", "A company's suppliers, rivals, customers and funders"),
    ("mute", "Hold everything back for a while"),
    ("unmute", "End the pause"),
    ("level", "How important an alert must be"),
    ("stop", "End alerts in this chat"),
    ("help", "All commands with examples"),
)
"""Commands with their descriptions, as the client's menu shows them (`setMyCommands`)."""

LEVELS = [level.word for level in Severity]
ECHO = 40  # characters of what somebody typed that are repeated to them

_TOPICS: Mapping[str, tuple[str, ...]] = {
    "watch": (
        "/watch nvidia, compute resale: follow companies (name, ticker or cashtag), themes, sectors, packs.",
        "/watch all follows everything. The first thing you name replaces everything.",
    ),
    "unwatch": ("/unwatch nvidia stops following it; /unwatch all stops following anything.",),
    "list": ("/list shows what this chat follows, its level and its pause, with buttons to stop.",),
    "latest": ("/latest shows the 5 newest alerts of this chat, /latest 10 the ten newest.",),
    "why": ("Reply to a card with /why, or write /why and an id from /latest.",),
    "whynot": ("/whynot https://… says what was decided about an article, and which rules came nearest.",),
    "story": (
        "Reply to a card with /story, or write /story and an id from /latest: first report, further origins, turns.",
    ),
    "top": ("/top shows the biggest stories of the last 24 hours that were told, /top 7d of a week.",),
    "search": (
        "/search surplus compute: all words must be there; in quotes, together. The newest come first.",
        "Filters: company:nvidia theme:compute_resale modality:denied level:high since:7d (or since:2026-03-01).",
        "In any chat, my name and some words find the same.",
    ),
    "who": ("/who nvidia: who supplies it, competes with it, buys from it, funds it; with source and date.",),
    "mute": ("/mute 2h (or 30m, 1d, 1h30m) holds everything back until then; /mute off ends it.",),
    "unmute": ("/unmute ends a pause at once.",),
    "level": (f"/level high sends nothing below high. Levels: {', '.join(LEVELS)}.",),
    "start": ("/start turns alerts on in this chat and keeps what it followed before.",),
    "stop": ("/stop turns alerts off in this chat; /start brings everything back.",),
    "status": ("/status shows how feeds and deliveries are doing; for operators.",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Who asks, and where the answer goes."""

    address: str  # as in Subscriber: the chat's id, with /thread for a topic
    channel: str = "telegram"
    user: str = ""  # the sender's id; empty for an anonymous one
    may_manage: bool = True  # in private always, in groups its admins
    reply_to: str = ""  # id of the message that the command answers

    @property
    def subscriber_id(self) -> str:
        """The id of the chat as a subscriber."""
        return f"{self.channel}:{self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to a command or a button."""

    cards: tuple[Card, ...]
    replace: bool = False  # the message with the tapped button becomes the (one) card


def line(*lines: str) -> Reply:
    """An answer of plain lines."""
    return Reply(cards=(say(*lines),))


def alerts_off() -> Reply:
    """What is answered where something would need alerts."""
    return line("Alerts are off in this chat. /start turns them on first.")


def old_button() -> Reply:
    """What is answered to a button that nobody draws any more."""
    return line("This button is of an older version. /help lists what I understand.")


def echo(text: str) -> str:
    """What somebody typed, quoted, short and harmless."""
    return f"“{clip(text, ECHO)}”"


def help_card(topic: str) -> Card:
    """All commands, or one with examples."""
    word = topic.removeprefix("/").lower()
    if word in _TOPICS:
        return say(*_TOPICS[word])
    head = [f"No help on {echo(topic)}{suggestion(word, list(_TOPICS))}"] if word else []
    return say(
        *head, *(f"/{name}: {text}" for name, text in MENU if name != "help"), "/help watch shows examples."
    )


def unknown_command(name: str) -> Reply:
    """One line that names the nearest command."""
    hint = suggestion(name, [known for known, _ in MENU]).replace("mean ", "mean /")
    return line(f"There is no command {echo('/' + name)}{hint or '.'} /help lists them all.")


def unknown_text() -> Reply:
    """One line for whoever writes without a command."""
    return line("I only understand commands: /watch nvidia follows a company, /help lists the rest.")


def target_label(target: Target, names: Names) -> str:
    """'Nvidia (company)'; 'everything' for the target that is all."""
    if target.kind is TargetKind.ALL:
        return "everything"
    return f"{clip(names(target.id), ECHO)} ({target.kind})"


def target_buttons(
    verb: str, targets: Sequence[Target], label: Callable[[Target], str]
) -> list[list[Button]]:
    """A row for each target whose data fits into a button: '<verb>:<kind>:<id>'."""
    datas = [(target, f"{verb}:{target}") for target in targets]
    return [[Button(label(target), data=data)] for target, data in datas if len(data.encode()) <= MAX_DATA]


def chooser(text: str, targets: Sequence[Target], names: Names, *, verb: str = "watch") -> Card:
    """Asks which of several is meant; each has a button '<verb>:<kind>:<id>'."""
    sheet = Sheet().line(f"{echo(text)} can mean several things. Which one?")
    for target in targets:
        sheet.line("• " + target_label(target, names))
    return sheet.card(target_buttons(verb, targets, lambda t: target_label(t, names)))


def status_card(status: Status, now: datetime) -> Card:
    """The figures of the whole program, for operators."""
    held = sorted(
        ((n, reason) for reason, n in status.counters.items() if n and _is_hold_back(reason)), reverse=True
    )
    sheet = Sheet().line("Status", EntityKind.BOLD)
    sheet.line(
        f"Feeds: {status.feeds:,}, failing {status.feeds_failing:,}, stopped {status.feeds_stopped:,}; "
        f"last poll {_ago(status.last_poll_at, now)}"
    )
    sheet.line(
        f"Stored: {count(status.entries, 'entry', 'entries')}, {count(status.stories, 'story', 'stories')}, "
        f"{count(status.alerts, 'alert')}; {count(status.subscribers, 'subscriber')}"
    )
    oldest = f", oldest {_ago(status.oldest_pending_at, now)}" if status.oldest_pending_at else ""
    sheet.line(f"Outbox: {status.pending:,} pending{oldest}, {status.parked:,} parked")
    for n, reason in held[:5]:
        sheet.line(f"Held back {n:,}: {REASONS[Reason(reason)]} ({reason})")
    return sheet.card()


def _is_hold_back(reason: str) -> bool:
    sent = {
        Reason.FIRST,
        Reason.DEVELOPED,
        Reason.DENIED,
        Reason.CORRECTED,
        Reason.WITHDRAWN,
        Reason.SPILLOVER,
        Reason.COUNTED,
    }
    return reason in set(Reason) - sent


def _ago(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else f"{show_duration(max(now - moment, now - now))} ago"
