"""Commands about what was told, what was not, and what other rules would have told."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import click

from bot.app import utc_now
from bot.backtest import (
    comparison,
    from_archive,
    from_items,
    memory_of,
    read_rulesets,
    replay_all,
    report,
    show,
)
from bot.config import MAX_PROCESSES, Settings, load_settings
from bot.delivery.console import ConsoleChannel
from bot.delivery.explain import explanation, latest
from bot.errors import BotError
from bot.loading import known_ids, load_language, rules_folder
from bot.model import Sighting
from bot.ports import Analyzer
from bot.rules.book import Rulebook
from bot.rules.loader import load_rulebook
from bot.store.archive import Archive, Arrival
from bot.store.database import existing
from bot.store.desk import Desk
from bot.terminal import Screen, a_duration, not_empty, with_settings
from bot.whynot import why_not

NEWEST = 10  # alerts that `why` lists
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("alert", required=False, callback=not_empty)
@with_settings
def why(settings: Settings, alert: str | None) -> None:
    """Explain an alert.

    ALERT is its id or the start of it; without one, the newest alerts are listed with their ids.
    """
    with existing(settings.database) as database:
        desk = Desk(database)
        newest = desk.latest(NEWEST)
        stories = {a.story_id: story for a in newest if (story := desk.story(a.story_id))}
        found = desk.why(alert) if alert is not None else None
    if found is not None:
        names = known_ids(load_language(settings)).names
        drawn = explanation(found, names=lambda i: names.get(i, i), now=utc_now())
    elif alert is not None:
        raise BotError(f"no single alert begins with {alert!r}; for the newest ones, type: spillover why")
    elif not newest:
        raise BotError("there are no alerts yet; the first one comes as soon as a rule is satisfied")
    else:
        heading = "The newest alerts; spillover why ID explains one:"
        drawn = latest(newest, now=utc_now(), heading=heading, stories=stories)
    ConsoleChannel(Screen(), utc_now).show(drawn)


@click.command()
@click.argument("reference", metavar="URL", callback=not_empty)
@with_settings
def whynot(settings: Settings, reference: str) -> None:
    """Explain why an entry was not told.

    URL is its address, or its id in the archive. Shown are the decisions about it, what stopped it first,
    and the rule of each pack that came nearest. What it says is as it was found when it came.
    """
    with existing(settings.database) as database:
        show(why_not(Archive(database), reference, lambda: _in_force(settings), utc_now()), Screen())


def _in_force(settings: Settings) -> tuple[Analyzer, Rulebook]:
    """The analyzer and the rules that the settings name.

    Raises:
        RulesError: One of their files is wrong.
        AnalysisError: The language model can't be loaded.
    """
    analyzer = load_language(settings)
    return analyzer, load_rulebook(rules_folder(settings.rules_dir) / "alerts", known_ids(analyzer))


@click.command()
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
@click.option("--dask", metavar="tcp://HOST:PORT", callback=not_empty, help="Analyse on a Dask cluster.")
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
            archive = Archive(stack.enter_context(existing(settings.database)))
            past = from_archive(archive, since or timedelta(0))
            memory = memory_of(archive, since or timedelta(0))
        rulesets = read_rulesets(settings, [folder] if against is None else [folder, against])
        runs = replay_all(rulesets, past, batch, memory)
    if as_json:
        for sent in runs[0].sent:
            click.echo(json.dumps(sent.row()))
        return
    lines = report(rulesets[0], runs[0]) if against is None else comparison(rulesets, runs)
    show(lines, Screen())
