"""Deciding: many rules and readers against one entry, many open stories, a long archive.

    python bench/bench_rules.py [--rules 1000] [--readers 1000] [--stories 50000] [--entries 20000]

1. One analysed entry at a time against that many rules and that many readers, each with watches of its own: median and
   99th percentile, beside the shipped rules and one reader in the same run, turn by turn.
2. Memory of that many open stories, and what an entry costs among them, beside a thousand.
3. The cost of an entry after the first thousand and at the end, through the real store: it must not grow with the archive.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from analysed import BEGIN, EVERY, Reader, analysed

from bot.alerts.exposure import load_exposure
from bot.loading import known_ids
from bot.model import Analysis, Entry, OpenStories, Severity, Snapshot, Story, Subscriber, Target, TargetKind
from bot.nlp.analyzer import load_analyzer
from bot.pipeline import Book, process
from bot.rules.loader import load_rulebook
from bot.rules.parts import Condition, Who
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest
from bot.stories import cluster

RULES = Path(__file__).parent.parent / "rules"
BATCH = 100


def shipped() -> Book:
    known = known_ids(load_analyzer(RULES, learned=None))
    exposure = load_exposure(RULES / "exposure.yaml", companies=known.companies, themes=known.themes)
    return Book(rules=load_rulebook(RULES / "alerts", known), exposure=exposure)


def grown(book: Book, count: int) -> Book:
    """The shipped rules again and again under other names, each narrowed to other companies."""
    draw, companies = random.Random(1), sorted(book.rules.known.companies)
    rules = list(book.rules.rules)
    plain = [r for r in rules if r.condition is not None]
    while len(rules) < count:
        rule = draw.choice(plain)
        assert rule.condition is not None
        who = Who.model_validate({"in": draw.sample(companies, 20)})
        narrowed = Condition.model_construct(
            **dict.fromkeys(Condition.model_fields) | {"actor": who, "all_": (rule.condition,)}
        )
        rules.append(replace(rule, id=f"{rule.id}_{len(rules)}", condition=narrowed))
    return replace(book, rules=replace(book.rules, rules=tuple(rules)))


def readers(book: Book, count: int) -> tuple[tuple[Subscriber, ...], dict[str, frozenset[Target]]]:
    draw, companies, themes = (
        random.Random(2),
        sorted(book.rules.known.companies),
        sorted(book.rules.known.themes),
    )
    people = tuple(
        Subscriber(id=f"telegram:{n}", channel="telegram", address=str(n), level=Severity(n % 4))
        for n in range(count)
    )
    watches = {
        p.id: frozenset(
            [Target(TargetKind.COMPANY, c) for c in draw.sample(companies, 4)]
            + [Target(TargetKind.THEME, t) for t in draw.sample(themes, 2)]
        )
        for p in people
    }
    return people, watches


def material(book: Book, count: int) -> list[tuple[Entry, Analysis]]:
    field = [c for c, s in sorted(book.rules.known.companies.items()) if s not in ("other", "industrial")]
    random.Random(3).shuffle(field)
    return list(analysed(count, field, sorted(book.rules.known.themes)))


def one_at_a_time(rules: int, people: int, rounds: int = 400) -> None:
    book = shipped()
    ways = {
        f"{len(book.rules.rules)} rules, 1 reader": (book, readers(book, 1)),
        f"{rules:,} rules, {people:,} readers": (grown(book, rules), readers(book, people)),
    }
    items = material(book, rounds)
    reader = Reader({e.id: a for e, a in items})
    taken: dict[str, list[float]] = {name: [] for name in ways}
    sent = dict.fromkeys(ways, 0)
    for entry, _ in items:
        for name, (rulebook, (subscribers, watches)) in ways.items():
            snapshot = Snapshot(subscribers=subscribers, watches=watches)
            begun = time.perf_counter()
            outcome = process([entry], snapshot, rulebook, reader, entry.at)
            taken[name].append(time.perf_counter() - begun)
            sent[name] += len(outcome.notifications)
    print(f"one analysed entry at a time, {rounds} entries")
    for name, seconds in taken.items():
        print(
            f"  {name:28} median {1e3 * statistics.median(seconds):6.2f} ms, p99 {1e3 * _p99(seconds):6.2f} ms, {sent[name]:,} cards"
        )


def open_stories(count: int, few: int = 1_000, rounds: int = 500) -> None:
    book = shipped()
    items = material(book, count + rounds)
    quiet = [(e, a) for e, a in items if a.events]
    told, news = quiet[:-rounds], quiet[-rounds:]
    print(f"\nopen stories, {rounds} entries one at a time")
    for size in (few, count):
        gc.collect()
        before = _memory()
        stories: list[Story] = []
        for n in range(size):
            entry, analysis = told[n % len(told)]
            at = news[0][0].at - timedelta(seconds=n)
            own = replace(entry, id=f"{entry.id}{n}", title=f"{entry.title} {n}", published=at, seen_at=at)
            stories.append(replace(cluster.begin(own, analysis).story))
        snapshot = Snapshot(stories=OpenStories(stories))
        used = _memory() - before
        seconds, batches = [], []
        for entry, analysis in news:
            reader = Reader({entry.id: analysis})
            begun = time.perf_counter()
            process([entry], snapshot, book, reader, entry.at)
            seconds.append(time.perf_counter() - begun)
        reader = Reader({e.id: a for e, a in news})
        for n in range(5):
            part = news[n * len(news) // 5 : (n + 1) * len(news) // 5]
            begun = time.perf_counter()
            process([e for e, _ in part], snapshot, book, reader, part[-1][0].at)
            batches.append((time.perf_counter() - begun) / len(part))
        print(
            f"  {size:6,} stories: {used:5.0f} MB, {1e3 * statistics.median(seconds):6.2f} ms an entry alone at the median, p99 "
            f"{1e3 * _p99(seconds):.2f} ms; {1e3 * statistics.median(batches):.2f} ms in batches of {rounds // 5}"
        )
        del stories, snapshot


def long_archive(count: int) -> None:
    book = shipped()
    items = material(book, count)
    with tempfile.TemporaryDirectory() as folder:
        db = Database(Path(folder) / "spillover.db")
        desk, ingest = Desk(db), Ingest(db)
        desk.enroll("console", "", BEGIN)
        desk.watch("console:", Target(TargetKind.ALL), BEGIN)
        parts = []
        for start in range(0, count, BATCH):
            batch = items[start : start + BATCH]
            parts.append(_decide(batch, ingest, book))
        db.close()
    tenth = len(parts) // 10
    early, late = parts[tenth : 2 * tenth], parts[-tenth:]
    print(f"\nthrough the store, {count:,} entries in batches of {BATCH}, {count / 360:.0f} days of news")
    for name, seconds in (("second tenth", early), ("last tenth", late)):
        print(f"  {name:12} {1e3 * statistics.median(seconds) / BATCH:6.2f} ms an entry")


def _decide(batch: Sequence[tuple[Entry, Analysis]], ingest: Ingest, book: Book) -> float:
    entries, now = [e for e, _ in batch], batch[-1][0].at + EVERY
    begun = time.perf_counter()
    outcome = process(entries, ingest.snapshot(entries, now), book, Reader({e.id: a for e, a in batch}), now)
    ingest.apply(outcome, now)
    return time.perf_counter() - begun


def _p99(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(0.99 * len(seconds))]


def _memory() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--readers", type=int, default=1_000)
    parser.add_argument("--stories", type=int, default=50_000)
    parser.add_argument("--entries", type=int, default=20_000)
    given = parser.parse_args()
    one_at_a_time(given.rules, given.readers)
    open_stories(given.stories)
    long_archive(given.entries)


if __name__ == "__main__":
    main()
