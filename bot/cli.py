"""The command line. Thin: each command wires rooms together and prints; mistakes become one clear line."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from bot import __version__
from bot.alerts.exposure import load_exposure
from bot.app import App, utc_now
from bot.backtest import (
    comparison,
    from_archive,
    from_items,
    memory_of,
    read_rulesets,
    replay_all,
    report,
    why_not,
)
from bot.backtest import show as show_lines
from bot.config import MAX_PROCESSES, Settings, load_settings
from bot.delivery.console import ConsoleChannel
from bot.delivery.explain import explanation, latest
from bot.demo.run import play
from bot.doctor import ask_health, check_feeds, examine
from bot.errors import BotError, RulesError, StoreError
from bot.loading import known_ids, load, load_language, rules_folder, workers_for
from bot.model import Analysis, Entry, Feed, Sighting, SourceKind
from bot.nlp.explain import entry_of, explain
from bot.nlp.items import prediction, read_items
from bot.nlp.lines import show
from bot.nlp.page import page
from bot.pipeline.book import leads
from bot.rules.check import load_checked
from bot.silencing import silences
from bot.sources.opml import export_opml, import_opml
from bot.sources.registry import load_feeds
from bot.store.archive import Archive, Arrival, Lock, backup, restore
from bot.store.database import open_existing
from bot.store.desk import Desk
from bot.stories.assign import assign_stories
from bot.telemetry import event, set_up_logging
from bot.terminal import Group, Screen, a_duration, finding, given_text, with_settings

log = logging.getLogger("bot.cli")
T = TypeVar("T")
ANALYZE_BATCH = 100
SPREAD_BATCH = 5_000  # over workers, who all wait for the last at its end
NEWEST = 10  # alerts that `why` lists
PIPED_WIDTH = 200  # columns of a table that goes to a file or another program


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="spillover")
def main() -> None:
    """Watches news about AI compute, chips and cloud spending, and alerts the people who follow it.

    Settings come from the environment: BOT_TELEGRAM_TOKEN, BOT_DATA_DIR, BOT_RULES_DIR and others.
    """


@main.command()
@with_settings
def run(settings: Settings) -> None:
    """Watch and alert until stopped.

    SIGTERM and Ctrl-C end it in an orderly way, a second one at once. SIGHUP reads the rules anew.
    """
    loaded = load(settings)
    screen = Screen(gone=lambda: signal.raise_signal(signal.SIGTERM))
    asyncio.run(serve(App(settings, loaded, console=screen)))


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
        task.add_done_callback(reloaded)

    def reloaded(task: asyncio.Task[None]) -> None:
        reloads.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error(event("reload_failed", problem=error), exc_info=error)

    loop.add_signal_handler(signal.SIGHUP, lambda: None)  # the rules were read just now
    try:
        await app.start()
        loop.add_signal_handler(signal.SIGHUP, reload)
        await stopping.wait()
    finally:
        await app.stop()


@main.command()
@with_settings
def demo(settings: Settings) -> None:
    """Play three days of news in under a minute.

    The real program polls feeds that this machine serves to itself; nothing else is contacted or kept.
    """
    set_up_logging("error" if settings.log_level == "info" else settings.log_level)
    with tempfile.TemporaryDirectory(prefix="spillover-demo-") as folder:
        asyncio.run(play(settings, load(settings), Screen(), Path(folder)))


@main.command()
@click.argument("source", metavar="[FILE|TEXT]", default="-", required=False)
@click.option("--explain", "wants_reasons", is_flag=True, help="Read one text, and say why.")
@click.option("--title", help="Its title; by default its first line, if it is short and no social post.")
@click.option("--kind", type=click.Choice([k.value for k in SourceKind]), help="Its source; wire by default.")
@click.option("--html", type=click.File("w", encoding="utf-8", lazy=True), help="Write a page instead.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object instead.")
@with_settings
def analyze(settings: Settings, /, source: str, wants_reasons: bool, **how: Any) -> None:
    """Say what news items are about, as JSON lines.

    FILE holds an item a line: {"id", "published", "title", "text", "kind", "source"}; without it, or
    with "-", standard input is read. What each item says is written in the same order, a line for each.

    With --explain, TEXT is a single text: companies, sectors and events are shown with the cues and the
    chances behind them, or with the reason why there are none.
    """
    if wants_reasons:
        _explain(settings, source, **how)
        return
    if given := [name for name, value in how.items() if value not in (None, False)]:
        raise click.UsageError(f"--{given[0].removeprefix('as_')} goes only with --explain")
    entries = read_items(Path("/dev/stdin" if source == "-" else source))
    language = load_language(settings)
    pairs: list[tuple[Entry, Analysis]] = []
    with workers_for(settings) as workers:
        workers.open(language)
        analyzer = workers.through(language)
        step = ANALYZE_BATCH if analyzer is language else SPREAD_BATCH
        for start in range(0, len(entries), step):
            part = entries[start : start + step]
            pairs += zip(part, analyzer.analyze(part), strict=True)
    homes = assign_stories(pairs)
    for entry, analysis in pairs:
        click.echo(json.dumps(prediction(entry, analysis, homes[entry.id]), ensure_ascii=False))


def _explain(
    settings: Settings, source: str, title: str | None, kind: str | None, html: IO[str] | None, as_json: bool
) -> None:
    title = None if title is None else given_text(title)
    entry = entry_of(given_text(source, dash=True), title, SourceKind(kind or "wire"), utc_now())
    explanation = explain(load_language(settings), entry)
    if html is not None:
        html.write(page(explanation))
    if as_json:
        click.echo(json.dumps(asdict(explanation), ensure_ascii=False))
    elif html is None:
        show(explanation, Screen())


@main.group()
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


@main.group()
def rules() -> None:
    """Check and test the rules folder."""


@rules.command("check")
@with_settings
def rules_check(settings: Settings) -> None:
    """Read every file, run every rule's tests.

    A start and a reload do the same. The exit code is 1 if something is wrong.
    """
    with finding(RulesError):
        loaded = load(settings)
    book = loaded.book.rules
    click.echo(
        f"ok: {len(book.packs)} packs, {len(book.rules)} rules, {sum(len(r.tests) for r in book.rules)} tests, "
        f"{len(loaded.feeds)} feeds, version {book.version}"
    )


@rules.command("test")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
@with_settings
def rules_test(settings: Settings, folder: Path | None) -> None:
    """Run the rules' tests, a line for each rule.

    FOLDER holds packs of rules; without it, those of the rules folder are tested. The exit code is 1 if
    something is wrong.
    """
    with finding(RulesError):
        analyzer = load_language(settings)
        home = rules_folder(settings.rules_dir)
        known = known_ids(analyzer)
        exposure = load_exposure(home / "exposure.yaml", companies=known.companies, themes=known.themes)
        book = load_checked(folder or home / "alerts", known, analyzer, partial(leads, exposure))
    for rule in book.rules:
        click.echo(f"ok  {rule.id:36} {len(rule.tests)} tests  {rule.where}")


@main.command()
@click.argument("alert", required=False)
@with_settings
def why(settings: Settings, alert: str | None) -> None:
    """Explain an alert.

    ALERT is its id or the start of it; without one, the newest alerts are listed with their ids.
    """
    database = open_existing(settings.database)
    try:
        desk = Desk(database)
        newest = desk.latest(NEWEST)
        found = desk.why(alert) if alert is not None else None
    finally:
        database.close()
    if found is not None:
        names = known_ids(load_language(settings)).names
        drawn = explanation(found, names=lambda i: names.get(i, i), now=utc_now())
    elif alert is not None:
        raise BotError(f"no single alert begins with {alert!r}; for the newest ones, type: spillover why")
    elif not newest:
        raise BotError("there are no alerts yet; the first one comes as soon as a rule is satisfied")
    else:
        drawn = latest(newest, now=utc_now(), heading="The newest alerts; spillover why ID explains one:")
    ConsoleChannel(Screen(), utc_now).show(drawn)


@main.command()
@click.argument("reference", metavar="URL")
@with_settings
def whynot(settings: Settings, reference: str) -> None:
    """Explain why an entry was not told.

    URL is its address, or its id in the archive. Shown are the decisions about it, what stopped it first,
    and the rule of each pack that came nearest. What it says is as it was found when it came.
    """
    with _archive(settings) as archive:
        show_lines(why_not(archive, settings, reference, utc_now()), Screen())


FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@main.command()
@click.option("--items", "file", type=click.Path(path_type=Path), help="Items, as analyze reads them.")
@click.option(
    "--since",
    metavar="30d",
    callback=a_duration,
    help="The archive's last days, counted from its newest entry.",
)
@click.option(
    "--rules", "folder", type=FOLDER, help="A rules folder, or one of packs; those in force by default."
)
@click.option("--against", type=FOLDER, help="Other rules, to see what they would change.")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON object for each notification instead.")
@click.option("--batch", type=click.IntRange(1, 100_000), help="Entries analysed in one go.")
@click.option("--processes", type=click.IntRange(1, MAX_PROCESSES), help="Analyse in so many processes.")
@click.option("--dask", metavar="tcp://HOST:PORT", help="Analyse on a Dask cluster.")
@with_settings
def backtest(
    settings: Settings,
    file: Path | None,
    since: timedelta | None,
    folder: Path | None,
    against: Path | None,
    as_json: bool,
    batch: int | None,
    processes: int | None,
    dask: str | None,
) -> None:
    """Say what rules would have told of past news.

    News are the items of a file, or those of the archive with --since. Each is decided about at its own
    time, for one reader who follows everything. Nothing is sent or stored.
    """
    if (file is None) == (since is None):
        raise click.UsageError("give either --items FILE or --since 30d")
    if as_json and against is not None:
        raise click.UsageError("--json writes what one set of rules tells; leave out --against")
    if processes is not None and dask is not None:
        raise click.UsageError("give either --processes or --dask")
    if processes is not None or dask is not None:
        place = f"processes:{processes}" if dask is None else f"dask:{dask}"
        others = {k: v for k, v in os.environ.items() if not k.startswith("BOT_ANALYSIS")}
        settings = load_settings(others | {"BOT_ANALYSIS": place})
    with ExitStack() as stack:
        past: Iterable[Arrival]
        memory: tuple[list[Sighting], datetime | None]
        if file is not None:
            past, memory = from_items(Path("/dev/stdin") if str(file) == "-" else file), ([], None)
        else:
            archive = stack.enter_context(_archive(settings))
            past = from_archive(archive, since or timedelta(0))
            memory = memory_of(archive, since or timedelta(0))
        rulesets = read_rulesets(settings, [folder] if against is None else [folder, against])
        runs = replay_all(rulesets, past, batch, memory)
    if as_json:
        for sent in runs[0].sent:
            click.echo(json.dumps(sent.row()))
        return
    lines = report(rulesets[0], runs[0]) if against is None else comparison(rulesets, runs)
    show_lines(lines, Screen())


@contextmanager
def _archive(settings: Settings) -> Iterator[Archive]:
    database = open_existing(settings.database)
    try:
        yield Archive(database)
    finally:
        database.close()


@main.command()
@with_settings
def doctor(settings: Settings) -> None:
    """Look for what would keep the bot from working.

    Every line begins with ok, note or bad, and says what to do. The exit code is 1 if one is bad.
    """
    bad = asyncio.run(examine(settings, Screen()))
    sys.exit(1 if bad else 0)


@main.command()
@with_settings
def health(settings: Settings) -> None:
    """Ask the running bot whether it is well.

    Made for a container's health check: the exit code is 1 if it does not answer or is not ready.
    """
    with finding(BotError):
        click.echo(ask_health(settings))


main.add_command(silences)


@main.group()
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
        database = open_existing(settings.database)
        try:
            database.quick_check()
            click.echo(f"ok: {Archive(database).count():,} entries in {settings.database}")
        finally:
            database.close()


@db.command("prune")
@click.option("--keep", "days", type=click.IntRange(1, 36_500), help="Days; BOT_KEEP by default.")
@with_settings
def db_prune(settings: Settings, days: int | None) -> None:
    """Delete what is older than is kept.

    The bot does so by itself every few hours; it must not run meanwhile.
    """

    def prune() -> int:
        database = open_existing(settings.database)
        try:
            return Archive(database).prune(utc_now(), timedelta(days=days) if days else settings.keep)
        finally:
            database.close()

    click.echo(f"deleted {_locked(settings, prune):,} entries")


def _locked(settings: Settings, work: Callable[[], T]) -> T:
    lock = Lock(settings.database)
    lock.take()
    try:
        return work()
    finally:
        lock.free()


if __name__ == "__main__":
    main()
