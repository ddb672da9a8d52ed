"""What rules would have told of the news of the past, and how two sets of rules differ.

The replay itself is in `replay`; here are the rules, those who analyse, and what people read of it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from bot.config import Settings
from bot.delivery.sheet import fold, titled
from bot.delivery.words import count, reason_text
from bot.errors import ConfigError
from bot.loading import Loaded, load, workers_for
from bot.model import DENIABLE, AlertKind, Reason, Sighting
from bot.nlp.items import read_items
from bot.ports import Analyzer
from bot.replay import Prepared, Replay, Sent, World, arrivals_of
from bot.rules.check import load_checked
from bot.store.archive import Archive, Arrival
from bot.telemetry import event

log = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")

BATCH = 100  # entries analysed in one go
SPREAD_BATCH = 1_000  # over workers, who all wait for the last at its end
TOLD_EVERY = 10_000  # entries between two lines of progress in the log
SAMPLES = 2  # cards shown of a rule
DIFFERING = 3  # cards shown that only one of two sets of rules sends
_PARTS = ("sources.yaml", "exposure.yaml", "companies", "themes", "alerts")
_LONGEST_SPAN = timedelta(days=36_500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """Rules to replay the past with."""

    name: str  # as the person wrote it
    settings: Settings  # whose rules folder holds the companies and themes
    loaded: Loaded


def read_rulesets(settings: Settings, folders: Sequence[Path | None]) -> list[Ruleset]:
    """Read, check and test the rules of each folder; None stands for the rules in force.

    A folder that holds any part of a rules folder is one, and must be whole. Another holds packs of rules,
    which stand in for those in force; companies, themes and exposure stay.

    Raises:
        ConfigError: A folder is neither.
        RulesError: A file is wrong or a rule fails its tests; further mistakes are in its `others`.
        AnalysisError: The language model can't be loaded.
    """
    homes: dict[Path, Loaded] = {}
    rulesets = []
    for folder in folders:
        whole = folder is None or _is_whole(folder)
        home = folder if whole and folder is not None else settings.rules_dir
        own = settings.model_copy(update={"rules_dir": home})
        key = home.resolve()
        if key not in homes:
            homes[key] = load(own)
        loaded = homes[key]
        if folder is not None and not whole:
            book = loaded.book
            rules = load_checked(folder, book.rules.known, loaded.analyzer, book.linked)
            loaded = replace(loaded, book=replace(book, rules=rules))
        rulesets.append(Ruleset(name=str(folder or settings.rules_dir), settings=own, loaded=loaded))
    return rulesets


def _is_whole(folder: Path) -> bool:
    missing = [part for part in _PARTS if not (folder / part).exists()]
    if not missing:
        return True
    if len(missing) < len(_PARTS):
        raise ConfigError(
            f"{folder} is a rules folder without {', '.join(missing)}; copy the whole folder, "
            "or name one that holds packs of rules only"
        )
    if not any(folder.glob("*.y*ml")):
        raise ConfigError(f"{folder} is no rules folder ({', '.join(_PARTS)}) and holds no packs (*.yaml)")
    return False


def from_items(path: Path) -> list[Arrival]:
    """The items of a file, as if each had come when it was published.

    Raises:
        ParseError: The file can't be read, or a line is no item; names the line.
        ConfigError: It holds none, or a date is out of reach.
    """
    entries = read_items(path)
    if not entries:
        raise ConfigError(f"{path} holds no items; write one a line, as for spillover analyze")
    try:
        return arrivals_of(entries)
    except OverflowError as e:
        raise ConfigError(f"{path}: an item is of the year 1 or 9999; correct its date") from e


def from_archive(archive: Archive, span: timedelta) -> Iterator[Arrival]:
    """What came within so long before the newest entry; before it, uncounted, what stories were open by then.

    Raises:
        ConfigError: The archive is empty.
    """
    last = archive.last_decided()
    if last is None:
        raise ConfigError("the archive holds no entries yet; run the bot for a while, or give --items")
    start = last - min(span, _LONGEST_SPAN)
    return (a if a.at >= start else replace(a, counts=False) for a in archive.arrivals(start - DENIABLE))


def memory_of(archive: Archive, span: timedelta) -> tuple[list[Sighting], datetime | None]:
    """What correlations remembered when the first of `from_archive` came, and since when they had watched."""
    last = archive.last_decided()
    if last is None:
        return [], None
    return archive.sightings(last - min(span, _LONGEST_SPAN) - DENIABLE), archive.since()


def replay_all(
    rulesets: Sequence[Ruleset],
    arrivals: Iterable[Arrival],
    batch: int | None = None,
    memory: tuple[Sequence[Sighting], datetime | None] = ((), None),
) -> list[Replay]:
    """Replay arrivals with each set of rules, all at once: where their analyzers are alike, a text is read once.

    Args:
        rulesets: At least one.
        arrivals: In order of time.
        batch: Entries analysed in one go; it changes nothing but time and memory.
        memory: Claims from before the first arrival, and since when they were remembered.

    Raises:
        ConfigError: There is nobody to analyse where the settings say.
        AnalysisError: The analyzer failed, or workers have other rules or another release.
    """
    replays = [Replay(World(r.loaded.book, *memory)) for r in rulesets]
    with ExitStack() as stack:
        readers: dict[str, Analyzer] = {}
        for ruleset in rulesets:
            analyzer = ruleset.loaded.analyzer
            if analyzer.version not in readers:
                workers = stack.enter_context(workers_for(ruleset.settings))
                workers.open(analyzer)
                readers[analyzer.version] = workers.through(analyzer)
        is_spread = rulesets[0].settings.analysis != "inline"

        def read_part(part: list[Arrival]) -> tuple[list[Arrival], dict[str, Prepared]]:
            return part, {v: Prepared(reader, (a.entry for a in part)) for v, reader in readers.items()}

        parts = _parts(arrivals, batch or (SPREAD_BATCH if is_spread else BATCH))
        # While others read the next part, this one is decided.
        for part, read in _ahead(read_part, parts) if is_spread else map(read_part, parts):
            for ruleset, run in zip(rulesets, replays, strict=True):
                for arrival in part:
                    run.take(arrival, read[ruleset.loaded.analyzer.version])
    return replays


def _ahead(work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
    """The results of each task in order, the next one being worked on meanwhile."""
    with ThreadPoolExecutor(1) as thread:
        begun: Future[R] | None = None
        for task in tasks:
            following = thread.submit(work, task)
            if begun is not None:
                yield begun.result()
            begun = following
        if begun is not None:
            yield begun.result()


def _parts(arrivals: Iterable[Arrival], size: int) -> Iterator[list[Arrival]]:
    waiting, done = iter(arrivals), 0
    while part := list(islice(waiting, size)):
        yield part
        if (done + len(part)) // TOLD_EVERY > done // TOLD_EVERY:
            log.info(event("replayed", entries=done + len(part)))
        done += len(part)


# --- what people read ---


def show(lines: Iterable[Text], console: Console) -> None:
    """Print lines whole: a terminal wraps them, a pipe gets each as one."""
    for line in lines:
        line.plain = line.plain.encode(console.encoding, "replace").decode(console.encoding)
        console.print(line, soft_wrap=True)


def report(ruleset: Ruleset, run: Replay) -> Iterator[Text]:
    """What each rule would have told, with samples, and what was held back and why."""
    yield from _totals(ruleset.name, run)
    if unasked := _held(run.held.get("", Counter())):
        yield Text(f"held back before any rule: {unasked}")
    never: list[str] = []
    for rule in ruleset.loaded.book.rules.rules:
        sent = [s for s in run.sent if s.rule == rule.id]
        cards = [s for s in sent if s.kind is AlertKind.NEW]
        held = _held(run.held.get(rule.id, Counter()))
        if not cards:
            never.append(rule.id + (f" (held back: {held})" if held else ""))
            continue
        replies, edits = (sum(s.kind is k for s in sent) for k in (AlertKind.REPLY, AlertKind.EDIT))
        yield Text.assemble("\n", (rule.id, "bold"), f"  {rule.level.word}  ", (rule.where, "dim"))
        yield Text(
            f"  would have fired {count(len(cards), 'time', 'times')}; "
            f"{count(replies, 'reply', 'replies')}, {count(edits, 'silent edit', 'silent edits')}"
        )
        yield from (_sample("    ", card) for card in cards[:SAMPLES])
        if held:
            yield Text(f"  held back: {held}")
    if never:
        yield Text.assemble("\n", ("never fired", "bold"), f": {', '.join(never)}")


def comparison(rulesets: Sequence[Ruleset], runs: Sequence[Replay]) -> Iterator[Text]:
    """How many cards each of two sets of rules would have sent, rule by rule, and which only one of them sends."""
    for ruleset, run in zip(rulesets, runs, strict=True):
        yield from _totals(ruleset.name, run)
        yield Text()
    names = [fold(ruleset.name) for ruleset in rulesets]
    cards = [[s for s in run.sent if s.kind is AlertKind.NEW] for run in runs]
    numbers = [Counter(s.rule for s in sent) for sent in cards]
    told = [{(s.rule, s.story) for s in sent} for sent in cards]
    ids = dict.fromkeys(rule.id for r in rulesets for rule in r.loaded.book.rules.rules)
    yield Text.assemble(("cards by rule", "bold"), f": with {names[0]}, with {names[1]}")
    for rule in (r for r in ids if numbers[0][r] or numbers[1][r]):
        yield Text.assemble(f"{numbers[0][rule]:>6,} {numbers[1][rule]:>6,}  ", (rule, "bold"))
        for mine, name, theirs in ((cards[0], names[0], told[1]), (cards[1], names[1], told[0])):
            alone = [s for s in mine if s.rule == rule and (s.rule, s.story) not in theirs]
            if alone:
                yield Text(f"{'':15}only with {name}: {len(alone):,}")
            yield from (_sample(f"{'':17}", card) for card in alone[:DIFFERING])
    if never := [rule for rule in ids if not numbers[0][rule] and not numbers[1][rule]]:
        yield Text.assemble("\n", ("fired with neither", "bold"), f": {', '.join(never)}")


def _totals(name: str, run: Replay) -> Iterator[Text]:
    kinds = Counter(s.kind for s in run.sent)
    pings = sum(not s.silent for s in run.sent)
    days, between = 1.0, ""
    if run.first_at and run.last_at:
        days = max((run.last_at - run.first_at) / timedelta(days=1), days)
        between = f", {_time(run.first_at)} to {_time(run.last_at)} UTC"
    later = f", {count(run.revisions, 'later version', 'later versions')}" if run.revisions else ""
    yield Text.assemble(
        (f"{count(run.entries, 'entry', 'entries')}{later}{between}, rules of {fold(name)}", "bold")
    )
    yield Text(
        f"{count(run.stories, 'story', 'stories')}, {count(kinds[AlertKind.NEW], 'card', 'cards')}, "
        f"{count(kinds[AlertKind.REPLY], 'reply', 'replies')}, {count(kinds[AlertKind.EDIT], 'silent edit', 'silent edits')}; "
        f"{pings / days:,.1f} pings a day"
    )


def _sample(indent: str, card: Sent) -> Text:
    return Text.assemble(indent, (_time(card.at), "dim"), f"  {titled(card.title)}")


def _held(reasons: Counter[Reason]) -> str:
    """'3 uncorroborated (waits for further independent sources), …', the most frequent first."""
    ordered = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{n:,} {reason} ({reason_text(reason)})" for reason, n in ordered)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
