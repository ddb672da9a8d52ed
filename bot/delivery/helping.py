"""What is said to those who look for a command."""

from __future__ import annotations

from bot.delivery.manual import GROUPS, MANAGERS_MENU, MENU, TOPICS
from bot.delivery.replies import Reply, echo, line
from bot.delivery.sheet import Sheet, say
from bot.delivery.words import level_words, suggestion
from bot.locale import tr
from bot.model import Card, EntityKind
from bot.text import nearest


def help_card(topic: str, *, for_manager: bool = False) -> Card:
    """All commands, or one with examples; those of managers are listed for managers only."""
    word = topic.removeprefix("/").lower()
    if word in TOPICS:
        levels = ", ".join(level_words())
        return say(*(tr(text, levels=levels) for text in TOPICS[word]))
    hint = suggestion(word, list(TOPICS))
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
