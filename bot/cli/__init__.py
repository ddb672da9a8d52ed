"""The command line. Thin: each command wires rooms together and prints; mistakes become one clear line."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Iterator
from importlib import import_module

import click

from bot import __version__
from bot.terminal import Group

_MODULES = {
    "run": "watching",
    "demo": "watching",
    "analyze": "reading",
    "feeds": "feeds",
    "rules": "rules",
    "why": "past",
    "whynot": "past",
    "backtest": "past",
    "doctor": "watching",
    "health": "health",
    "silences": "silences",
    "db": "database",
}
"""In which module of this room each command stands."""


class _Commands(UserDict[str, click.Command]):
    """Imports a command when it is asked for: what understands news takes a second that a health check need not wait."""

    def __getitem__(self, name: str) -> click.Command:
        if name not in self.data:
            command: click.Command = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
            self.data[name] = command
        return self.data[name]

    def __contains__(self, name: object) -> bool:
        return name in _MODULES

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


@click.group(cls=Group, commands=_Commands(), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="spillover")
def main() -> None:
    """Watches news about AI compute, chips and cloud spending, and alerts the people who follow it.

    Settings come from the environment: BOT_TELEGRAM_TOKEN, BOT_DATA_DIR, BOT_RULES_DIR and others.
    """
