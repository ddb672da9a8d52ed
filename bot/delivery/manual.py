"""What commands are called, in which order they are listed, and how they are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.delivery.rules_manual import FEEDBACK_MENU, RULES_MENU, RULES_TOPICS
from bot.locale import marked

GROUPS: Sequence[tuple[str, tuple[str, ...]]] = (
    (marked("What you follow:"), ("start", "watch", "when", "unwatch", "list", "stop")),
    (marked("How loud:"), ("level", "quiet", "budget", "digest", "mute", "mutes", "unmute")),
    (marked("Look things up:"), ("latest", "top", "story", "search", "who", "chart", "why", "whynot")),
    (marked("Rules:"), ("rules", "rule", "test")),
    (marked("Groups, channels and topics:"), ("bind", "unbind", "here", "ack")),
    (
        marked("This chat:"),
        ("settings", "timezone", "lang", "privacy", "export", "import", "deleteme", "feedback"),
    ),
)
"""Everybody's commands but /help, as /help lists them."""

MANAGERS_MENU: Sequence[tuple[str, str]] = (
    ("status", marked("How feeds and deliveries are doing")),
    ("health", marked("How the program and its machine are")),
    ("latency", marked("How long news takes to arrive")),
    ("sources", marked("Feeds: list, test, pause, add")),
    ("reload", marked("Put the edited rules into force")),
    ("lint", marked("Check the edited rules only")),
    ("backtest", marked("What the rules would have told")),
    ("users", marked("Who uses the bot, in figures")),
    ("allow", marked("Let a user or chat in")),
    ("ban", marked("Keep a user or chat out")),
    ("limits", marked("How many commands a minute")),
    ("broadcast", marked("Tell all subscribers something")),
    ("audit", marked("What managers did")),
    ("precision", marked("How useful rules and sources are")),
)
"""Commands with their descriptions, as only the menus of managers show them."""

MANAGERS_TOPICS: Mapping[str, tuple[str, ...]] = {
    "status": (marked("/status shows how feeds and deliveries are doing; for managers."),),
    "health": (marked("/health shows queue, memory, disk, loop delay and what is down; for managers."),),
    "latency": (
        marked("/latency shows how long news takes from publication to the phone, over a day; for managers."),
    ),
    "sources": (
        marked("/sources lists the feeds, those that are down first; /sources ID shows one."),
        marked("/sources test URL (or ID) polls once and stores nothing."),
        marked(
            "/sources pause ID, /sources resume ID, /sources url ID NEWURL, /sources remove ID (only one that was added)."
        ),
        marked("/sources add URL, or with kind and tier: /sources add https://example.org/feed trade 2."),
        marked(
            "What is changed here is kept beside rules/sources.yaml, also over restarts and reloads. For managers."
        ),
    ),
    "reload": (marked("/reload reads, checks and tests all files and puts them into force; for managers."),),
    "lint": (marked("/lint reads, checks and tests all files and changes nothing; for managers."),),
    "backtest": (
        marked(
            "/backtest 7d says what the rules in force would have told of the archive's last days, one run at a "
            "time; for managers."
        ),
    ),
    "users": (marked("/users shows how many there are, the newest, and who was lost; for managers."),),
    "allow": (marked("/allow ID lets a user or chat in, and ends a ban; for managers."),),
    "ban": (marked("/ban ID ends the alerts of a user or chat and answers it no more; for managers."),),
    "limits": (
        marked("/limits shows what is limited, /limits 30 allows 30 commands a minute; for managers."),
    ),
    "broadcast": (
        marked(
            "/broadcast TEXT shows how many would get it and how long that takes, and asks before it is sent."
        ),
        marked("It comes without a sound, and every alert overtakes it; for managers."),
    ),
    "audit": (marked("/audit shows the last 20 things that managers did; for managers."),),
    "precision": (marked("/precision shows how useful rules and sources are to readers; for managers."),),
}

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

TOPICS: Mapping[str, tuple[str, ...]] = {
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
"""Help on each command."""
