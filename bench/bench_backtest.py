"""Replaying the past: how fast it is decided, and what spreading the analysis brings.

    python bench/bench_backtest.py [--entries 100000] [--texts 100000]

1. Entries that are analysed already, varied and always the same, through `World`: entries a second by tenths (it must
   not grow slower), and memory.
2. `replay_all` on texts, one in ten about the field as feeds bring them, inline, with two processes and on a Dask
   cluster of two workers, by the clock; what comes out is compared byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import random
import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from analysed import BEGIN, EVERY, Reader, analysed
from off_field import off_field, renumbered

from bot.backtest import Ruleset, replay_all
from bot.config import load_settings
from bot.loading import load
from bot.model import Entry
from bot.nlp.items import read_items
from bot.replay import Replay, World, arrivals_of

ROOT = Path(__file__).parent.parent
TEXTS = sorted((ROOT / "training/data").glob("*.jsonl"))


def decide(count: int) -> None:
    loaded = load(load_settings({"BOT_RULES_DIR": str(ROOT / "rules")}))
    known = loaded.book.rules.known
    field = [c for c, s in sorted(known.companies.items()) if s not in ("other", "industrial")]
    random.Random(3).shuffle(field)
    items = analysed(count, field, sorted(known.themes))
    run = Replay(World(loaded.book))
    print(f"{count:,} entries that are analysed already, {len(loaded.book.rules.rules)} rules, one process")
    tenth = max(1, count // 10)
    while part := list(islice(items, tenth)):
        reader = Reader({e.id: a for e, a in part})
        begun = time.process_time()
        for arrival in arrivals_of(e for e, _ in part):
            run.take(arrival, reader)
        taken = time.process_time() - begun
        print(f"  {run.entries:8,} done: {len(part) / taken:6,.0f} entries/s, {_memory():.0f} MB", flush=True)
    print(f"  {run.stories:,} stories, {len(run.sent):,} messages")


def _texts(count: int) -> Iterator[Entry]:
    """As feeds bring them: one in ten is about the field, and one comes every four minutes."""
    field = [e for path in TEXTS for e in read_items(path)]
    random.Random(3).shuffle(field)
    tenth, others = iter(renumbered(field, count)), off_field(count)
    for n in range(count):
        at = BEGIN + n * EVERY
        yield replace(next(tenth) if n % 10 == 9 else next(others), published=at, seen_at=at)


def spread(count: int) -> None:
    from distributed import LocalCluster

    arrivals = arrivals_of(_texts(count))
    print(
        f"\n{count:,} texts, one in ten about the field, analysed and decided, by the clock on {os.cpu_count()} cores"
    )
    cluster = LocalCluster(
        host="127.0.0.1",
        n_workers=2,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    )
    with cluster:
        expected = ""
        for name, place in (
            ("one process", "inline"),
            ("two processes", "processes:2"),
            ("Dask, two workers", f"dask:{cluster.scheduler_address}"),
        ):
            settings = load_settings({"BOT_RULES_DIR": str(ROOT / "rules"), "BOT_ANALYSIS": place})
            rules = Ruleset(name=name, settings=settings, loaded=load(settings))
            begun = time.monotonic()
            (run,) = replay_all([rules], arrivals)
            taken = time.monotonic() - begun
            out = hashlib.sha256(json.dumps([s.row() for s in run.sent]).encode()).hexdigest()
            expected = expected or out
            same = "same bytes" if out == expected else "OTHER BYTES"
            print(
                f"  {name:18} {count / taken:6.0f} entries/s, {len(run.sent):,} messages, {same}", flush=True
            )


def _memory() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--texts", type=int, default=100_000)
    given = parser.parse_args()
    decide(given.entries)
    spread(given.texts)


if __name__ == "__main__":
    main()
