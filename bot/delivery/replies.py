"""What the commands say: the menu, the help, and the lines that more than one command uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.delivery.manual import MANAGERS_MENU, MANAGERS_TOPICS
from bot.delivery.sheet import MAX_DATA, Sheet, clip, say
from bot.delivery.words import Names, count, reason_text, suggestion
from bot.model import Button, Card, EntityKind, Reason, Severity, Target, TargetKind
from bot.ports import Status
from bot.text import shorten, show_duration

MENU: Sequence[tuple[str, str]] = (
    ("start", "Start alerts, or see how they are set"),
    ("watch", "Follow a company, theme, sector, pack or word"),
    ("unwatch", "Stop following one, or all"),
    ("list", "What this chat follows"),
    ("latest", "The newest alerts"),
    ("why", "Why an alert was sent"),
    ("chart", "How often something is in the news"),
    ("whynot", "Why an article was not told"),
    ("story", "How a story went, step by step"),
    ("top", "The biggest stories now"),
    ("search", "Look for news by words and filters"),
    ("who", "A company's suppliers, rivals, customers and funders"),
    ("level", "How important an alert must be"),
    ("quiet", "Hours without a sound"),
    ("budget", "How many sounds a day"),
    ("digest", "What did not ring, in one message"),
    ("mute", "Hold back everything, a story, a company or a source"),
    ("mutes", "What is muted, and until when"),
    ("unmute", "End a pause"),
    ("timezone", "By which clock times are shown"),
    ("stop", "End alerts in this chat"),
    ("privacy", "What is stored, and for how long"),
    ("export", "Everything about this chat as a file"),
    ("deleteme", "Delete everything about this chat"),
    ("help", "All commands with examples"),
)
"""Commands with their descriptions, as the client's menu shows them (`setMyCommands`)."""

LEVELS = [level.word for level in Severity]
ECHO = 40  # characters of what somebody typed that are repeated to them
_TROUBLE = 500

_TOPICS: Mapping[str, tuple[str, ...]] = {
    "watch": (
        "/watch nvidia shows what I understand and how many alerts that would have been, then asks.",
        "/watch nvidia, compute resale follows several things at once: companies (name, ticker or cashtag), "
        "themes, sectors, packs.",
        "/watch liquid cooling, or /watch word cooling: what nobody is called can be followed as a word.",
        "/watch all follows everything. The first thing you name replaces everything.",
    ),
    "unwatch": (
        "/unwatch nvidia stops following it; /unwatch all asks, and then stops following anything.",
        "/unwatch alone shows what there is, with buttons.",
    ),
    "list": (
        "/list shows what this chat follows, how often each is told, its level and its pause, with buttons to stop.",
    ),
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
    "chart": (
        "/chart nvidia shows its mentions a day over 30 days, with the alerts marked; /chart capex cut 90d over 90.",
        "From 7d to 365d; weeks (12w) do as well. Companies, sectors and themes can be shown.",
    ),
    "mute": (
        "/mute 2h (or 30m, 1d, 1h30m, today) holds everything back until then; /mute off ends it.",
        "/mute nvidia 3d holds a company back. As an answer to a card: /mute story, /mute source 2d.",
        "/mute rule compute/resale 7d holds a rule back. Denials of what you were told still reach you.",
    ),
    "mutes": ("/mutes lists what is muted, with buttons to end each.",),
    "unmute": ("/unmute ends the pause, /unmute nvidia one mute, /unmute all everything.",),
    "quiet": (
        "/quiet 22:00-07:00 Europe/Berlin: cards come without a sound in these hours; what is critical rings.",
        "/quiet shows them, /quiet off ends them.",
    ),
    "budget": (
        "/budget 8 rings eight times a day at most; the rest goes into the digest, the most important first.",
        "/budget off lifts it. What is critical always rings.",
    ),
    "digest": (
        "/digest daily 07:30 or /digest weekly mon 08:00 sends in one message what did not ring: over the "
        "budget, below the level, muted.",
        "/digest off ends it.",
    ),
    "timezone": ("/timezone Europe/Berlin (or only Berlin) shows times by that clock.",),
    "level": (f"/level high sends nothing below high. Levels: {', '.join(LEVELS)}.",),
    "start": (
        "/start turns alerts on and keeps what the chat followed before. A new chat is asked what it wants; later "
        "/start shows how it is set.",
    ),
    "stop": ("/stop turns alerts off in this chat; /start brings everything back.",),
    "privacy": ("/privacy says what is stored about a chat and for how long.",),
    "export": ("/export sends everything that is stored about this chat as a JSON file.",),
    "deleteme": ("/deleteme deletes everything that is stored about this chat, after asking once.",),
    **MANAGERS_TOPICS,
    "precision": ("/precision shows how useful rules and sources are to readers; for operators.",),
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
    private: bool = True  # a person alone with the bot, no group or channel
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
    file: File | None = None  # sent after the cards


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


def help_card(topic: str, *, for_manager: bool = False) -> Card:
    """All commands, or one with examples; those of managers are listed for managers only."""
    word = topic.removeprefix("/").lower()
    if word in _TOPICS:
        return say(*_TOPICS[word])
    head = [f"No help on {echo(topic)}{suggestion(word, list(_TOPICS))}"] if word else []
    listed = [f"/{name}: {text}" for name, text in MENU if name != "help"]
    if for_manager:
        listed += ["For managers, in private:", *(f"/{name}: {text}" for name, text in MANAGERS_MENU)]
    return say(*head, *listed, "/help watch shows examples.")


def unknown_command(name: str) -> Reply:
    """One line that names the nearest command."""
    hint = suggestion(name, [known for known, _ in MENU]).replace("mean ", "mean /")
    return line(f"There is no command {echo('/' + name)}{hint or '.'} /help lists them all.")


def unknown_text() -> Reply:
    """One line for whoever writes without a command."""
    return line("I only understand commands: /watch nvidia follows a company, /help lists the rest.")


def unknown_name(item: str, suggestions: Sequence[str]) -> str:
    """One line for a name that means nothing, with the nearest that do."""
    near = suggestions[:3]
    hint = f" Did you mean {' or '.join(near)}?" if near else " Try a company, ticker, theme or sector."
    return f"I don't know {echo(item)}.{hint}"


def target_label(target: Target, names: Names) -> str:
    """'Nvidia (company)'; 'everything' for the target that is all."""
    if target.kind is TargetKind.ALL:
        return "everything"
    if target.kind is TargetKind.WORD:
        return f"{echo(target.id)} (word)"
    return f"{clip(names(target.id), ECHO)} ({target.kind})"


def target_buttons(
    verb: str, targets: Sequence[Target], label: Callable[[Target], str]
) -> list[list[Button]]:
    """A row for each target whose data fits into a button: '<verb>:<kind>:<id>'."""
    datas = [(target, f"{verb}:{target}") for target in targets]
    return [[Button(label(target), data=data)] for target, data in datas if len(data.encode()) <= MAX_DATA]


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
    sheet = Sheet().line(f"{echo(text)} can mean several things. Which one?")
    for target in targets:
        sheet.line("• " + target_label(target, names))
    return sheet.card(target_buttons(verb, targets, lambda t: target_label(t, names)))


def status_card(status: Status, now: datetime, troubles: Sequence[str] = ()) -> Card:
    """The figures of the whole program, for operators."""
    held = sorted(
        ((n, reason) for reason, n in status.counters.items() if n and _is_hold_back(reason)), reverse=True
    )
    sheet = Sheet().line("Status", EntityKind.BOLD)
    for trouble in troubles:
        sheet.line(shorten(trouble, _TROUBLE))
    sheet.line(
        f"Feeds: {status.feeds:,}, failing {status.feeds_failing:,}, stopped {status.feeds_stopped:,}; "
        f"last poll {_ago(status.last_poll_at, now)}"
    )
    sheet.line(
        f"Stored: {count(status.entries, 'entry', 'entries')}, {count(status.stories, 'story', 'stories')}, "
        f"{count(status.alerts, 'alert', 'alerts')}; {count(status.subscribers, 'subscriber', 'subscribers')}"
    )
    oldest = f", oldest {_ago(status.oldest_pending_at, now)}" if status.oldest_pending_at else ""
    sheet.line(f"Outbox: {status.pending:,} pending{oldest}, {status.parked:,} parked")
    for n, reason in held[:5]:
        sheet.line(f"Held back {n:,}: {reason_text(Reason(reason))} ({reason})")
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
