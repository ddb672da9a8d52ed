"""The command that says what texts are about, and why."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import click

from bot.app import utc_now
from bot.config import Settings
from bot.loading import load_language, workers_for
from bot.model import Analysis, Entry, SourceKind
from bot.nlp.explain import entry_of, explain
from bot.nlp.items import prediction, read_items
from bot.nlp.lines import show
from bot.nlp.page import page
from bot.stories.assign import assign_stories
from bot.terminal import Screen, given_text, with_settings

ANALYZE_BATCH = 100
SPREAD_BATCH = 5_000  # over workers, who all wait for the last at its end


@click.command()
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
