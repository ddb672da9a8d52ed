"""Commands for the database file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import click

from bot.app import utc_now
from bot.config import Settings
from bot.errors import StoreError
from bot.store.archive import Archive, Lock, backup, restore
from bot.store.database import existing
from bot.terminal import finding, with_settings

T = TypeVar("T")


@click.group()
def db() -> None:
    """Back up, restore, check or prune the database."""


@db.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
@with_settings
def db_backup(settings: Settings, target: Path) -> None:
    """Copy the database to TARGET.

    The bot may run meanwhile.
    """
    click.echo(f"{target}: {backup(settings.database, target):,} bytes")


@db.command("restore")
@click.argument("source", type=click.Path(path_type=Path))
@with_settings
def db_restore(settings: Settings, source: Path) -> None:
    """Put a backup in the database's place.

    The former database is kept beside it. The bot must not run meanwhile.
    """
    aside = _locked(settings, lambda: restore(source, settings.database))
    click.echo(f"restored {settings.database}" + (f"; the former one is {aside}" if aside else ""))


@db.command("check")
@with_settings
def db_check(settings: Settings) -> None:
    """Look for damage.

    The exit code is 1 if there is some.
    """
    with finding(StoreError):
        with existing(settings.database) as database:
            database.quick_check()
            click.echo(f"ok: {Archive(database).count():,} entries in {settings.database}")


@db.command("prune")
@click.option("--keep", "days", type=click.IntRange(1, 36_500), help="Days; BOT_KEEP by default.")
@with_settings
def db_prune(settings: Settings, days: int | None) -> None:
    """Delete what is older than is kept.

    The bot does so by itself every few hours; it must not run meanwhile.
    """

    def prune() -> int:
        with existing(settings.database) as database:
            return Archive(database).prune(utc_now(), timedelta(days=days) if days else settings.keep)

    click.echo(f"deleted {_locked(settings, prune):,} entries")


def _locked(settings: Settings, work: Callable[[], T]) -> T:
    lock = Lock(settings.database)
    lock.take()
    try:
        return work()
    finally:
        lock.free()
