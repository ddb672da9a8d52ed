"""What the README says of commands and settings is what the code has."""

import re
from pathlib import Path

import click

from bot.cli import main
from bot.config import Settings, setting_name, show_default
from bot.delivery.manual import MANAGERS_MENU, MENU

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    part = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_setting_is_there_with_its_default_and_its_meaning() -> None:
    assert rows("Settings") == [
        [f"`{setting_name(name)}`", show_default(field.default), field.description]
        for name, field in Settings.model_fields.items()
    ]


def leaves(command: click.Command, path: str) -> list[str]:
    """Every command that does something, as it is typed."""
    if isinstance(command, click.Group):
        return [leaf for name, sub in command.commands.items() for leaf in leaves(sub, f"{path} {name}")]
    return [path]


def test_every_command_of_the_program_is_there() -> None:
    assert sorted(row[0].strip("`") for row in rows("On the command line")) == sorted(
        leaves(main, "spillover")
    )


def test_every_command_of_the_chat_is_there() -> None:
    written = {row[0].strip("`/") for row in rows("In the chat")}
    assert written == {name for name, _ in MENU}
    managing = {row[0].strip("`/") for row in rows("For managers")}
    assert managing == {name for name, _ in MANAGERS_MENU}


def test_every_file_that_is_linked_is_there() -> None:
    root = Path(__file__).parent.parent
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (root / target).exists(), target


def test_every_make_target_that_is_named_is_there() -> None:
    makefile = (Path(__file__).parent.parent / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([a-z]+)", README):
        assert re.search(rf"(?m)^{target}:", makefile), target


def test_every_command_that_its_words_show_is_one_of_the_bot() -> None:
    known = {name for name, _ in (*MENU, *MANAGERS_MENU)}
    ours = {
        "healthz",
        "readyz",
        "metrics",
        "setinline",
        "data",
        "telegram",
    }  # addresses, @BotFather's, folders
    named = {
        word
        for code in re.findall(r"`([^`\n]+)`", README)
        for word in re.findall(r"(?<![\w./:@~-])/([a-z]+)\b(?![/.])", code)
    }
    assert named - known - ours == set()
    assert known <= named
