"""In which order commands are listed; what managers' commands are called and how they are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
