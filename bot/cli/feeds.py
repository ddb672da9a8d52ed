"""Commands for the list of feeds."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from typing import Any

import click

from bot.app import utc_now
from bot.config import Settings
from bot.doctor import check_feeds
from bot.loading import rules_folder
from bot.model import Feed, SourceKind
from bot.sources.opml import export_opml, import_opml
from bot.sources.registry import load_feeds
from bot.terminal import Screen, with_settings

PIPED_WIDTH = 200  # columns of a table that goes to a file or another program


@click.group()
def feeds() -> None:
    """Try, export or import the feeds."""


@feeds.command("check")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Also those that are not enabled.")
@with_settings
def feeds_check(settings: Settings, ids: tuple[str, ...], everything: bool) -> None:
    """Poll feeds once and report.

    Those with the given IDS are polled, or every one that is enabled. Nothing is stored. The exit code
    is 1 if one fails.
    """
    screen = Screen(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    failed = asyncio.run(check_feeds(settings, ids, everything, screen))
    sys.exit(1 if failed else 0)


@feeds.command("export")
@with_settings
def feeds_export(settings: Settings) -> None:
    """Write the feeds as OPML."""
    known = _feeds(settings)
    complete = [f for f in known if "${" not in f.url]
    click.echo(export_opml(complete, utc_now()), nl=False)
    if left := len(known) - len(complete):
        click.echo(f"left out {left} feeds whose bridge is not set (BOT_RSSHUB_URL)", err=True)


@feeds.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--kind", type=click.Choice([k.value for k in SourceKind]), default="blog", show_default=True)
@click.option("--tier", type=click.IntRange(1, 3), default=3, show_default=True)
@with_settings
def feeds_import(settings: Settings, file: Any, kind: str, tier: int) -> None:
    """Turn OPML into lines for sources.yaml.

    They are written to standard output; FILE may be "-" for standard input. Kind and tier are those of
    every feed that doesn't bring its own.
    """
    done = import_opml(file.read(), _feeds(settings), kind=SourceKind(kind), tier=tier)
    click.echo(textwrap.indent(done.yaml, "  "), nl=False)  # as deep as the feeds of the shipped file
    for name, why in done.skipped:
        click.echo(f"skipped {name}: {why}", err=True)
    then = f"append them to {settings.rules_dir}/sources.yaml" if done.added else "nothing to append"
    click.echo(f"{done.added} new feeds, {len(done.skipped)} skipped; {then}", err=True)


def _feeds(settings: Settings) -> tuple[Feed, ...]:
    return load_feeds(rules_folder(settings.rules_dir) / "sources.yaml", {"RSSHUB": settings.rsshub_url})
