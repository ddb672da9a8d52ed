"""What managers' commands are called and how they are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MANAGERS_MENU: Sequence[tuple[str, str]] = (
    ("status", "How feeds and deliveries are doing"),
    ("health", "How the program and its machine are"),
    ("latency", "How long news takes to arrive"),
    ("sources", "Feeds: list, test, pause, add"),
    ("reload", "Put the edited rules into force"),
    ("lint", "Check the edited rules only"),
    ("backtest", "What the rules would have told"),
    ("users", "Who uses the bot, in figures"),
    ("allow", "Let a user or chat in"),
    ("ban", "Keep a user or chat out"),
    ("limits", "How many commands a minute"),
    ("broadcast", "Tell all subscribers something"),
    ("audit", "What managers did"),
    ("precision", "How useful rules and sources are"),
)
"""Commands with their descriptions, as only the menus of managers show them."""

MANAGERS_TOPICS: Mapping[str, tuple[str, ...]] = {
    "status": ("/status shows how feeds and deliveries are doing; for managers.",),
    "health": ("/health shows queue, memory, disk, loop delay and what is down; for managers.",),
    "latency": (
        "/latency shows how long news takes from publication to the phone, over a day; for managers.",
    ),
    "sources": (
        "/sources lists the feeds, those that are down first; /sources ID shows one.",
        "/sources test URL (or ID) polls once and stores nothing.",
        "/sources pause ID, /sources resume ID, /sources url ID NEWURL, /sources remove ID (only one that was added).",
        "/sources add URL, or with kind and tier: /sources add https://example.org/feed trade 2.",
        "What is changed here is kept beside rules/sources.yaml, also over restarts and reloads. For managers.",
    ),
    "reload": ("/reload reads, checks and tests all files and puts them into force; for managers.",),
    "lint": ("/lint reads, checks and tests all files and changes nothing; for managers.",),
    "backtest": (
        "/backtest 7d says what the rules in force would have told of the archive's last days, one run at a "
        "time; for managers.",
    ),
    "users": ("/users shows how many there are, the newest, and who was lost; for managers.",),
    "allow": ("/allow ID lets a user or chat in, and ends a ban; for managers.",),
    "ban": ("/ban ID ends the alerts of a user or chat and answers it no more; for managers.",),
    "limits": ("/limits shows what is limited, /limits 30 allows 30 commands a minute; for managers.",),
    "broadcast": (
        "/broadcast TEXT shows how many would get it and how long that takes, and asks before it is sent.",
        "It comes without a sound, and every alert overtakes it; for managers.",
    ),
    "audit": ("/audit shows the last 20 things that managers did; for managers.",),
    "precision": ("/precision shows how useful rules and sources are to readers; for managers.",),
}
