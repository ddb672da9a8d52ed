"""The command line. Thin: each command wires rooms together and prints; mistakes become one clear line."""

from __future__ import annotations

import click

from bot import __version__
from bot.cli.database import db
from bot.cli.feeds import feeds
from bot.cli.past import backtest, why, whynot
from bot.cli.reading import analyze
from bot.cli.rules import rules
from bot.cli.silences import silences
from bot.cli.watching import demo, doctor, health, run
from bot.terminal import Group


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="spillover")
def main() -> None:
    """Watches news about AI compute, chips and cloud spending, and alerts the people who follow it.

    Settings come from the environment: BOT_TELEGRAM_TOKEN, BOT_DATA_DIR, BOT_RULES_DIR and others.
    """


for command in (run, demo, analyze, feeds, rules, why, whynot, backtest, doctor, health, silences, db):
    main.add_command(command)
