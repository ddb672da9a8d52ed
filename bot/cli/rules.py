"""Commands for the rules folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from bot.alerts.exposure import load_exposure
from bot.config import Settings
from bot.errors import RulesError
from bot.loading import known_ids, load, load_language, rules_folder
from bot.pipeline.book import leads
from bot.rules.check import load_checked
from bot.terminal import finding, with_settings


@click.group()
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
