"""What the commands say: the menu, the help, and the lines that more than one command uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.delivery.manual import GROUPS, MANAGERS_MENU, MANAGERS_TOPICS
from bot.delivery.rules_manual import FEEDBACK_MENU, RULES_MENU, RULES_TOPICS
from bot.delivery.sheet import MAX_DATA, Sheet, clip, say
from bot.delivery.words import (
    Names,
    alternatives,
    count,
    kind_word,
    level_words,
    reason_text,
    rule_text,
    suggestion,
)
from bot.following import own_rule
from bot.locale import marked, show_number, tr
from bot.model import Button, Card, EntityKind, Reason, Severity, Target, TargetKind
from bot.ports import Status
from bot.text import digest, nearest, shorten, show_duration

MENU: Sequence[tuple[str, str]] = (
    ("start", marked("Start alerts, or see how they are set")),
    ("watch", marked("Follow a company, theme, sector, pack or word")),
    ("when", marked("A rule of your own, in plain words")),
    ("unwatch", marked("Stop following one, or all")),
    ("list", marked("What this chat follows")),
    ("bind", marked("What a group, channel or topic follows")),
    ("unbind", marked("End alerts in a group, channel or topic")),
    ("here", marked("What this place is, and what I may do here")),
    ("ack", marked("Say in a group that you have seen a card")),
    ("latest", marked("The newest alerts")),
    ("why", marked("Why an alert was sent")),
    ("chart", marked("How often something is in the news")),
    ("whynot", marked("Why an article was not told")),
    ("story", marked("How a story went, step by step")),
    ("top", marked("The biggest stories now")),
    ("search", marked("Look for news by words and filters")),
    ("who", marked("A company's suppliers, rivals, customers and funders")),
    *RULES_MENU,
    ("level", marked("How important an alert must be")),
    ("quiet", marked("Hours without a sound")),
    ("budget", marked("How many sounds a day")),
    ("digest", marked("What did not ring, in one message")),
    ("mute", marked("Hold back everything, a story, a company or a source")),
    ("mutes", marked("What is muted, and until when")),
    ("unmute", marked("End a pause")),
    ("settings", marked("Everything that is set in this chat")),
    ("timezone", marked("By which clock times are shown")),
    ("lang", marked("The language that I speak")),
    ("stop", marked("End alerts in this chat")),
    ("privacy", marked("What is stored, and for how long")),
    ("export", marked("Everything about this chat as a file")),
    ("import", marked("Settings from a file")),
    ("deleteme", marked("Delete everything about this chat")),
    *FEEDBACK_MENU,
    ("help", marked("All commands with examples")),
)
"""Commands with their descriptions in English, as the client's menu shows them (`setMyCommands`)."""

LEVELS = [level.word for level in Severity]
"""As commands and buttons name them, in every language."""
ECHO = 40  # characters of what somebody typed that are repeated to them
_TROUBLE = 500
_RULE = 120  # characters of a rule among others

_TOPICS: Mapping[str, tuple[str, ...]] = {
    "watch": (
        marked("/watch nvidia shows what I understand and how many alerts that would have been, then asks."),
        marked(
            "/watch nvidia, compute resale follows several things at once: companies (name, ticker or cashtag), "
            "themes, sectors, packs."
        ),
        marked(
            "/watch liquid cooling, or /watch word cooling: what nobody is called can be followed as a word."
        ),
        marked("/watch all follows everything. The first thing you name replaces everything."),
    ),
    "when": (
        marked(
            "/when hyperscalers selling compute, not denied, without leases: plain words become a rule of this chat. I show how "
            "I read them, what it would have told, and buttons to make it stricter or looser."
        ),
        marked(
            "What limits it: only confirmed, no rumours, not from social media, only from filings, at least high, without a "
            "word or a company."
        ),
        marked("It chooses among what the rules tell (/rules). Its YAML is for those who write rule files."),
    ),
    "unwatch": (
        marked("/unwatch nvidia stops following it; /unwatch all asks, and then stops following anything."),
        marked("/unwatch alone shows what there is, with buttons."),
    ),
    "list": (
        marked(
            "/list shows what this chat follows, how often each is told, its level and its pause, with buttons to stop."
        ),
    ),
    "latest": (marked("/latest shows the 5 newest alerts of this chat, /latest 10 the ten newest."),),
    "why": (marked("Reply to a card with /why, or write /why and an id from /latest."),),
    "whynot": (
        marked("/whynot https://… says what was decided about an article, and which rules came nearest."),
    ),
    "bind": (
        marked(
            "/bind nvidia, compute resale: this group, channel or topic follows exactly these, with alerts on. Each topic of a "
            "forum is bound by itself."
        ),
        marked(
            "In private: /bind @yourchannel nvidia, or its id (/here shows it), with /17 behind it for a topic. /watch "
            "@yourchannel micron adds to what it follows."
        ),
        marked(
            "Every setting takes a place in front there: /level @yourchannel high, /mute @yourchannel 2h, /lang @yourchannel de."
        ),
        marked(
            "To tell many, use a channel: one post reaches all its readers. Admins only, checked every time."
        ),
    ),
    "unbind": (
        marked(
            "/unbind ends alerts in this group, channel or topic alone; in private /unbind @yourchannel. Admins only."
        ),
    ),
    "here": (
        marked(
            "/here shows what this place follows, its level and which rights I lack; in private /here @yourchannel."
        ),
    ),
    "ack": (
        marked(
            "As an answer to a card in a group, /ack writes under it that you have seen it; once more takes that back."
        ),
    ),
    "story": (
        marked(
            "Reply to a card with /story, or write /story and an id from /latest: first report, further origins, turns."
        ),
    ),
    "top": (
        marked("/top shows the biggest stories of the last 24 hours that were told, /top 7d of a week."),
    ),
    "search": (
        marked(
            "/search surplus compute: all words must be there; in quotes, together. The newest come first."
        ),
        marked(
            "Filters: company:nvidia theme:compute_resale modality:denied level:high since:7d (or since:2026-03-01)."
        ),
        marked("In any chat, my name and some words find the same."),
    ),
    "who": (
        marked(
            "/who nvidia: who supplies it, competes with it, buys from it, funds it; with source and date."
        ),
    ),
    "chart": (
        marked(
            "/chart nvidia shows its mentions a day over 30 days, with the alerts marked; /chart capex cut 90d over 90."
        ),
        marked("From 7d to 365d; weeks (12w) do as well. Companies, sectors and themes can be shown."),
    ),
    "mute": (
        marked("/mute 2h (or 30m, 1d, 1h30m, today) holds everything back until then; /mute off ends it."),
        marked("/mute nvidia 3d holds a company back. As an answer to a card: /mute story, /mute source 2d."),
        marked(
            "/mute rule compute/resale 7d holds a rule back. Denials of what you were told still reach you."
        ),
    ),
    "mutes": (marked("/mutes lists what is muted, with buttons to end each."),),
    "unmute": (marked("/unmute ends the pause, /unmute nvidia one mute, /unmute all everything."),),
    "quiet": (
        marked(
            "/quiet 22:00-07:00 Europe/Berlin: cards come without a sound in these hours; what is critical rings."
        ),
        marked("/quiet shows them, with buttons for the usual ones; /quiet off ends them."),
    ),
    "budget": (
        marked(
            "/budget 8 rings eight times a day at most; the rest goes into the digest, the most important first."
        ),
        marked("/budget off lifts it, /budget shows it with buttons. What is critical always rings."),
    ),
    "digest": (
        marked(
            "/digest daily 07:30 or /digest weekly mon 08:00 sends in one message what did not ring: over the "
            "budget, below the level, muted."
        ),
        marked("/digest off ends it, /digest shows it with buttons."),
    ),
    "settings": (
        marked(
            "/settings shows everything that is set in this chat on one card, with buttons to change each."
        ),
    ),
    "timezone": (marked("/timezone Europe/Berlin (or only Berlin) shows times by that clock."),),
    "lang": (marked("/lang de speaks German; /lang shows which languages there are, with buttons."),),
    "level": (marked("/level high sends nothing below high. Levels: {levels}."),),
    "start": (
        marked(
            "/start turns alerts on and keeps what the chat followed before. A new chat is asked what it wants; later "
            "/start shows how it is set."
        ),
    ),
    "stop": (marked("/stop turns alerts off in this chat; /start brings everything back."),),
    "privacy": (marked("/privacy says what is stored about a chat and for how long."),),
    "export": (
        marked(
            "/export sends everything that is stored about this chat as a JSON file, and its settings as a YAML file "
            "for /import."
        ),
    ),
    "import": (
        marked(
            "Send the YAML file of /export, edited or of another chat, with the caption /import, or answer it with "
            "/import: I show what would change, and ask."
        ),
        marked(
            "What the file leaves out stays as it is; what it lists under follow and mute is exactly so afterwards."
        ),
    ),
    "deleteme": (marked("/deleteme deletes everything that is stored about this chat, after asking once."),),
    **RULES_TOPICS,
    **MANAGERS_TOPICS,
    "precision": (marked("/precision shows how useful rules and sources are to readers; for operators."),),
    "status": (marked("/status shows how feeds and deliveries are doing; for operators."),),
}


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


def help_card(topic: str, *, for_manager: bool = False) -> Card:
    """All commands, or one with examples; those of managers are listed for managers only."""
    word = topic.removeprefix("/").lower()
    if word in _TOPICS:
        levels = ", ".join(level_words())
        return say(*(tr(text, levels=levels) for text in _TOPICS[word]))
    hint = suggestion(word, list(_TOPICS))
    sheet, told = Sheet(), dict(MENU)
    if word:
        sheet.line(tr("No help on {topic}{hint}", topic=echo(topic), hint=hint))
    for title, names in GROUPS:
        sheet.line(tr(title), EntityKind.BOLD)
        for name in names:
            sheet.line(f"/{name}: {tr(told[name])}")
    if for_manager:
        sheet.line(tr("For managers, in private:"), EntityKind.BOLD)
        for name, text in MANAGERS_MENU:
            sheet.line(f"/{name}: {tr(text)}")
    return sheet.line(tr("/help watch shows examples.")).card()


def unknown_command(name: str) -> Reply:
    """One line that names the nearest command."""
    shown, near = echo("/" + name), nearest(name, [known for known, _ in MENU])
    if not near:
        return line(tr("There is no command {command}. /help lists them all.", command=shown))
    text = tr(
        "There is no command {command}; did you mean /{near}? /help lists them all.",
        command=shown,
        near=near[0],
    )
    return line(text)


def unknown_text() -> Reply:
    """One line for whoever writes without a command."""
    return line(tr("I only understand commands: /watch nvidia follows a company, /help lists the rest."))


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


def status_card(status: Status, now: datetime, troubles: Sequence[str] = ()) -> Card:
    """The figures of the whole program, for operators."""
    held = sorted(
        ((n, reason) for reason, n in status.counters.items() if n and _is_hold_back(reason)), reverse=True
    )
    sheet = Sheet().line(tr("Status"), EntityKind.BOLD)
    for trouble in troubles:
        sheet.line(shorten(trouble, _TROUBLE))
    sheet.line(
        tr(
            "Feeds: {feeds}, failing {failing}, stopped {stopped}; last poll {ago}",
            feeds=show_number(status.feeds),
            failing=show_number(status.feeds_failing),
            stopped=show_number(status.feeds_stopped),
            ago=_ago(status.last_poll_at, now),
        )
    )
    sheet.line(
        tr(
            "Stored: {entries}, {stories}, {alerts}; {subscribers}",
            entries=count(status.entries, "entry", "entries"),
            stories=count(status.stories, "story", "stories"),
            alerts=count(status.alerts, "alert", "alerts"),
            subscribers=count(status.subscribers, "subscriber", "subscribers"),
        )
    )
    sheet.line(_outbox(status, now))
    for n, reason in held[:5]:
        text = reason_text(Reason(reason))
        sheet.line(tr("Held back {number}: {why} ({reason})", number=show_number(n), why=text, reason=reason))
    return sheet.card()


def _outbox(status: Status, now: datetime) -> str:
    pending, parked = show_number(status.pending), show_number(status.parked)
    if not status.oldest_pending_at:
        return tr("Outbox: {pending} pending, {parked} parked", pending=pending, parked=parked)
    ago = _ago(status.oldest_pending_at, now)
    return tr(
        "Outbox: {pending} pending, oldest {ago}, {parked} parked", pending=pending, ago=ago, parked=parked
    )


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
    if moment is None:
        return tr("never")
    return tr("{duration} ago", duration=show_duration(max(now - moment, now - now)))
