"""The command line. Thin: each command wires rooms together and prints; mistakes become one clear line."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from bot import __version__
from bot.app import App, utc_now
from bot.config import Settings, load_settings
from bot.delivery.console import ConsoleChannel
from bot.delivery.explain import explanation
from bot.demo.run import play
from bot.doctor import check_feeds, examine
from bot.errors import BotError, ConfigError, RulesError
from bot.loading import known_ids, load, load_language, rules_folder
from bot.model import SourceKind
from bot.nlp.items import prediction, read_items
from bot.rules.check import load_checked
from bot.sources.opml import export_opml, import_opml
from bot.sources.registry import load_feeds
from bot.store.archive import Archive, Lock, backup, restore
from bot.store.database import Database
from bot.store.desk import Desk
from bot.stories.assign import assign_stories
from bot.telemetry import event, set_up_logging

log = logging.getLogger("bot.cli")
T = TypeVar("T")
ANALYZE_BATCH = 100


class Group(click.Group):
    """Turns our own errors into lines on standard error and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BotError as e:
            for line in problems(e):
                click.echo(f"spillover: {line}", err=True)
            ctx.exit(2)
        except BrokenPipeError:
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (whoever read our output has gone)
            ctx.exit(0)


def problems(error: BotError) -> list[str]:
    """The lines in which an error is told."""
    others = error.others if isinstance(error, RulesError) else ()
    return [line for e in (error, *others) for line in str(e).splitlines()]


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="spillover")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Watches news about AI compute, chips and cloud spending, and alerts the people who follow it.

    Settings come from the environment: BOT_TELEGRAM_TOKEN, BOT_DATA_DIR, BOT_RULES_DIR and others.
    """
    settings = load_settings(os.environ)
    set_up_logging(settings.log_level, settings.secrets)
    ctx.obj = settings


@main.command()
@click.pass_obj
def run(settings: Settings) -> None:
    """Poll, understand and alert until stopped (SIGTERM); SIGHUP reloads the rules."""
    loaded = load(settings)
    asyncio.run(serve(App(settings, loaded)))


async def serve(app: App) -> None:
    """Run until a signal says stop; a second one ends the process at once."""
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        if stopping.is_set():
            log.error(event("stopped_at_once", problem="a second signal came"))
            os._exit(1)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    reloads: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = asyncio.create_task(app.reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    try:
        await app.start()
        await stopping.wait()
    finally:
        await app.stop()


@main.command()
@click.pass_obj
def demo(settings: Settings) -> None:
    """Play three days of news against the real program, in under a minute, on this machine only."""
    set_up_logging("error" if settings.log_level == "info" else settings.log_level)
    asyncio.run(play(settings, load(settings), Console(highlight=False)))


@main.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("/dev/stdin"), required=False)
@click.pass_obj
def analyze(settings: Settings, file: Path) -> None:
    """Read items as JSON lines and write what each says, also as JSON lines.

    An item is {"id", "published", "title", "text", "kind", "source"}.
    """
    analyzer = load_language(settings)
    entries = read_items(file)
    pairs = []
    for start in range(0, len(entries), ANALYZE_BATCH):
        part = entries[start : start + ANALYZE_BATCH]
        pairs += list(zip(part, analyzer.analyze(part), strict=True))
    homes = assign_stories(pairs)
    for entry, analysis in pairs:
        click.echo(json.dumps(prediction(entry, analysis, homes[entry.id]), ensure_ascii=False))


@main.group()
def feeds() -> None:
    """Try, export or import the list of feeds."""


@feeds.command("check")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Also those that are not enabled.")
@click.pass_obj
def feeds_check(settings: Settings, ids: tuple[str, ...], everything: bool) -> None:
    """Poll every feed (or those named) once and report; nothing is stored. Exit code 1 if one fails."""
    failed = asyncio.run(check_feeds(settings, ids, everything, Console()))
    sys.exit(1 if failed else 0)


@feeds.command("export")
@click.pass_obj
def feeds_export(settings: Settings) -> None:
    """Write the list of feeds as OPML."""
    click.echo(export_opml(_feeds(settings), utc_now()), nl=False)


@feeds.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--kind", type=click.Choice([k.value for k in SourceKind]), default="blog", show_default=True)
@click.option("--tier", type=click.IntRange(1, 3), default=3, show_default=True)
@click.pass_obj
def feeds_import(settings: Settings, file: Any, kind: str, tier: int) -> None:
    """Turn an OPML file into lines for rules/sources.yaml, written to standard output."""
    done = import_opml(file.read(), _feeds(settings), kind=SourceKind(kind), tier=tier)
    click.echo(done.yaml, nl=False)
    for name, why in done.skipped:
        click.echo(f"skipped {name}: {why}", err=True)
    click.echo(f"{done.added} feeds; append them under feeds: in {settings.rules_dir}/sources.yaml", err=True)


def _feeds(settings: Settings) -> Any:
    return load_feeds(rules_folder(settings.rules_dir) / "sources.yaml", {"RSSHUB": settings.rsshub_url})


@main.group()
def rules() -> None:
    """Check and test the files below the rules folder."""


@rules.command("check")
@click.pass_obj
def rules_check(settings: Settings) -> None:
    """Read every file and run every rule's tests, as a start and a reload do."""
    loaded = load(settings)
    book = loaded.book.rules
    click.echo(
        f"ok: {len(book.packs)} packs, {len(book.rules)} rules, {sum(len(r.tests) for r in book.rules)} tests, "
        f"{len(loaded.feeds)} feeds, version {book.version}"
    )


@rules.command("test")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.pass_obj
def rules_test(settings: Settings, folder: Path | None) -> None:
    """Run the tests of the packs in a folder (the shipped ones by default) and say how each rule did."""
    analyzer = load_language(settings)
    book = load_checked(folder or rules_folder(settings.rules_dir) / "alerts", known_ids(analyzer), analyzer)
    for rule in book.rules:
        click.echo(f"ok  {rule.id:36} {len(rule.tests)} tests  {rule.where}")


@main.command()
@click.argument("alert")
@click.pass_obj
def why(settings: Settings, alert: str) -> None:
    """Explain an alert, by its id or the start of it."""
    database = _existing(settings)
    try:
        found = Desk(database).why(alert)
    finally:
        database.close()
    if found is None:
        raise BotError(f"no single alert begins with {alert!r}; see /latest, or give more of the id")
    names = known_ids(load_language(settings)).names
    drawn = explanation(found, names=lambda i: names.get(i, i), now=utc_now())
    ConsoleChannel(Console(), utc_now).show(drawn)


@main.command()
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Look for whatever would keep the bot from working, and say what to do. Exit code 1 if something would."""
    bad = asyncio.run(examine(settings, Console()))
    sys.exit(1 if bad else 0)


@main.command()
@click.pass_obj
def health(settings: Settings) -> None:
    """Ask the running bot whether it is alive and ready (for a container's health check)."""
    host = "127.0.0.1" if settings.http_host in ("0.0.0.0", "::") else settings.http_host
    try:
        with urllib.request.urlopen(f"http://{host}:{settings.http_port}/readyz", timeout=4) as answer:
            click.echo(answer.read().decode())
    except OSError as e:
        raise ConfigError(f"no healthy bot answers on {host}:{settings.http_port} ({e})") from e


@main.group()
def db() -> None:
    """Back up, restore, check or thin out the database."""


@db.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
@click.pass_obj
def db_backup(settings: Settings, target: Path) -> None:
    """Copy the database, also while the bot runs."""
    click.echo(f"{target}: {backup(settings.database, target):,} bytes")


@db.command("restore")
@click.argument("source", type=click.Path(path_type=Path))
@click.pass_obj
def db_restore(settings: Settings, source: Path) -> None:
    """Put a backup in the database's place; the former one is kept beside it."""
    aside = _locked(settings, lambda: restore(source, settings.database))
    click.echo(f"restored {settings.database}" + (f"; the former one is {aside}" if aside else ""))


@db.command("check")
@click.pass_obj
def db_check(settings: Settings) -> None:
    """Look for damage."""
    database = _existing(settings)
    try:
        database.quick_check()
        click.echo(f"ok: {Archive(database).count():,} entries in {settings.database}")
    finally:
        database.close()


@db.command("prune")
@click.option("--keep", "days", type=click.IntRange(1), help="Days; BOT_KEEP by default.")
@click.pass_obj
def db_prune(settings: Settings, days: int | None) -> None:
    """Delete what is older than the time that entries are kept. The bot does so by itself."""

    def prune() -> int:
        database = _existing(settings)
        try:
            return Archive(database).prune(utc_now(), timedelta(days=days) if days else settings.keep)
        finally:
            database.close()

    click.echo(f"deleted {_locked(settings, prune):,} entries")


def _existing(settings: Settings) -> Database:
    if not settings.database.is_file():
        raise ConfigError(f"there is no database {settings.database}; set BOT_DATA_DIR, or run the bot once")
    return Database(settings.database)


def _locked(settings: Settings, work: Callable[[], T]) -> T:
    lock = Lock(settings.database)
    lock.take()
    try:
        return work()
    finally:
        lock.free()


if __name__ == "__main__":
    main()
