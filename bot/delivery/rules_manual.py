"""How the commands about rules are called and used, and that by which people write to the managers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.locale import marked

RULES_MENU: Sequence[tuple[str, str]] = (
    ("rules", marked("The rules in force, by pack")),
    ("rule", marked("What a rule tells of, in plain words")),
    ("test", marked("What the rules make of a text")),
)
"""Commands with their descriptions, as menus show them."""

FEEDBACK_MENU: Sequence[tuple[str, str]] = (("feedback", marked("Tell the managers something")),)
"""The same for what is handed on."""

RULES_TOPICS: Mapping[str, tuple[str, ...]] = {
    "rules": (
        marked("/rules shows the packs and how many rules each has; tap on one for its rules."),
        marked("/rules compute shows those of a pack, with the number of cards that each began in 30 days."),
    ),
    "rule": (
        marked(
            "/rule compute/resale says in plain words what the rule tells of, with buttons to follow its pack, to "
            "mute it and to see its text."
        ),
        marked("As an answer to a card, /rule shows the rule that told it."),
    ),
    "test": (
        marked(
            "/test and a text says which rules would take it up; /test compute/resale and a text says what that "
            "rule makes of it, and where it stops."
        ),
        marked(
            "As an answer to any message, /test reads that; /test https://… reads an article that I have seen."
        ),
        marked("It is read as news from a wire; /test kind:social tier:3 and a text reads it as a post."),
    ),
    "feedback": (
        marked(
            "/feedback and a text is handed on to the managers of this bot, with your id; three times a day at most."
        ),
    ),
}
"""Help on them."""
