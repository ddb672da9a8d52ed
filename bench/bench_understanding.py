"""Understanding on one core beside two other ways, and on more than one: items a second, memory, start.

    python bench/bench_understanding.py [--items 300] [--rounds 5] [--long 20000]

Side by side and in turns: the product's analyzer; the full spaCy pipeline (tagger, parser, lemmatizer,
entities) over every item; and names and words as regular expressions, which is what most alert bots do. On two
streams: every item about the field (`training/data`), and one in ten about it, the others about anything else
(`off_field.py`). One core is told in processor time, so that what else the machine does matters little.

Then the same analyses through other processes and a Dask cluster on loopback, also with a worker killed on the way,
by the clock; their bytes are compared.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core means one, also for spaCy

import argparse
import hashlib
import json
import logging
import multiprocessing
import re
import resource
import signal
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path

from off_field import off_field, renumbered

from bot.model import Analysis, Entry
from bot.nlp.analyzer import SpacyAnalyzer, load_analyzer
from bot.nlp.grammar import Grammar
from bot.nlp.items import read_items
from bot.nlp.places import Cluster, Place, Processes
from bot.nlp.workers import Workers

ROOT = Path(__file__).parent.parent
RULES = ROOT / "rules"
FIELD = [ROOT / f"training/data/{name}.jsonl" for name in ("dev", "t9", "t15", "t20")]
BATCH = 100  # as the program takes them

Analyze = Callable[[Sequence[Entry]], object]


def streams(count: int) -> dict[str, list[Entry]]:
    """Both streams, as long as asked for."""
    field = [entry for path in FIELD for entry in read_items(path)]
    field = renumbered(field[:: max(1, len(field) // count)], count)
    tenth, others = iter(field), off_field(count)
    mixed = [next(tenth) if n % 10 == 9 else next(others) for n in range(count)]
    return {"all about the field": field, "one in ten": mixed}


def full_pipeline() -> Analyze:
    """Every component of the small model over title and text."""
    import spacy

    nlp = spacy.load(Grammar().model)

    def analyze(entries: Sequence[Entry]) -> object:
        return [(doc.ents, doc) for doc in nlp.pipe([f"{e.title}. {e.text}" for e in entries], batch_size=64)]

    return analyze


def keywords() -> Analyze:
    """Names as they are written and words of each theme in any case; a theme counts where a name stands."""
    analyzer = load_analyzer(RULES, learned=None)
    lexicon, taxonomy = analyzer.lexicon, analyzer.taxonomy
    companies = {name: c for c in lexicon.companies for name in lexicon.names_of(c) if len(name) > 1}
    names = re.compile(rf"\b(?:{_any(companies)})\b")
    themes = {}
    for theme in taxonomy.themes.values():
        words = {
            w for cue in theme.cues for w in re.findall(r"[a-z][a-z-]{3,}", re.sub(r"\{.*?\}", "", cue.cue))
        }
        if words:
            themes[theme.id] = re.compile(rf"\b(?:{_any(words)})", re.IGNORECASE)

    def analyze(entries: Sequence[Entry]) -> object:
        found = []
        for entry in entries:
            text = f"{entry.title}\n{entry.text}"
            named = {companies[m] for m in names.findall(text)}
            found.append((named, [t for t, words in themes.items() if named and words.search(text)]))
        return found

    return analyze


def _any(words: dict[str, str] | set[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


def product() -> Analyze:
    """What the program does."""
    return load_analyzer(RULES).analyze


WAYS: dict[str, Callable[[], Analyze]] = {
    "product": product,
    "full pipeline": full_pipeline,
    "keywords": keywords,
}


def in_batches(analyze: Analyze, entries: Sequence[Entry]) -> None:
    for start in range(0, len(entries), BATCH):
        analyze(entries[start : start + BATCH])


def memory() -> float:
    """Resident megabytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def run_way(name: str, count: int, pipe: Connection) -> None:
    """Load one way and, for each stream that is named through the pipe, answer with the seconds that it took."""
    before, begun, used = memory(), time.monotonic(), time.process_time()
    analyze = WAYS[name]()
    analyze(streams(10)["all about the field"])  # what is loaded late
    print(
        f"  {name:14} ready in {time.monotonic() - begun:.1f} s ({time.process_time() - used:.1f} s of processor), "
        f"{memory():.0f} MB, of which {before:.0f} before",
        flush=True,
    )
    given = streams(count)
    pipe.send(0.0)
    while wanted := pipe.recv():
        begun = time.process_time()
        in_batches(analyze, given[wanted] if isinstance(wanted, str) else streams(wanted)["one in ten"])
        pipe.send(time.process_time() - begun)
        if isinstance(wanted, int):
            print(
                f"  {name:14} {memory():.0f} MB after {wanted:,} items, one in ten about the field",
                flush=True,
            )


def side_by_side(count: int, rounds: int, long: int) -> None:
    """Each way in a process of its own, so that none pays for another's memory; they work in turns."""
    context = multiprocessing.get_context("spawn")
    print("start and memory")
    pipes = {}
    for name in WAYS:
        ours, theirs = context.Pipe()
        context.Process(target=run_way, args=(name, count, theirs), daemon=True).start()
        pipes[name] = ours
        ours.recv()
    for stream in streams(10):
        taken: dict[str, list[float]] = {name: [] for name in WAYS}
        for n in range(rounds + 1):
            for name, pipe in pipes.items():
                pipe.send(stream)
                if seconds := pipe.recv():
                    taken[name] += [seconds] if n else []  # the first round warms up
        tell(stream, count, taken)
    print("\nmemory in the long run")
    for name, pipe in pipes.items():
        pipe.send(long if name == "product" else min(long, 2_000))
        pipe.recv()
        pipe.send("")


def tell(stream: str, count: int, taken: dict[str, list[float]]) -> None:
    rounds = len(taken["product"])
    print(f"\n{stream}: {count} items, median (least to most) of {rounds} rounds in turns, one core")
    for name, seconds in taken.items():
        ratios = [f / s for f, s in zip(taken["full pipeline"], seconds, strict=True)]
        rates = [count / s for s in seconds]
        print(
            f"  {name:14} {statistics.median(rates):8,.0f} items/s ({min(rates):,.0f} to {max(rates):,.0f}), "
            f"{statistics.median(ratios):6.1f} times the full pipeline ({min(ratios):.1f} to {max(ratios):.1f})"
        )


def digest(analyses: Sequence[Analysis]) -> str:
    return hashlib.sha256(json.dumps([asdict(a) for a in analyses], default=sorted).encode()).hexdigest()[:16]


def spread(count: int) -> None:
    entries = streams(count)["all about the field"]
    local = load_analyzer(RULES)
    local.analyze(entries[:BATCH])
    begun = time.monotonic()
    expected = digest([a for n in range(0, count, BATCH) for a in local.analyze(entries[n : n + BATCH])])
    inline = time.monotonic() - begun
    print(f"\nthrough workers: {count} items, all about the field, by the clock on {os.cpu_count()} cores")
    print(f"  {'inline':28} {count / inline:6.0f} items/s")
    measure("processes:2", Processes(2), local, entries, expected)
    from distributed import Client, LocalCluster

    with LocalCluster(
        host="127.0.0.1",
        n_workers=2,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    ) as cluster:
        place = Cluster(cluster.scheduler_address)
        measure("Dask, 2 workers", place, local, entries, expected)
        with Client(cluster, set_as_default=False) as client:
            [victim, *_] = client.run(os.getpid).values()
        killing = threading.Timer(inline / 4, os.kill, (victim, signal.SIGKILL))
        measure("Dask, 1 of 2 workers killed", place, local, entries, expected, killing)


def measure(
    name: str,
    place: Place,
    local: SpacyAnalyzer,
    entries: Sequence[Entry],
    expected: str,
    killing: threading.Timer | None = None,
) -> None:
    with Workers(place, RULES, None) as workers:
        workers.open(local)
        analyzer = workers.through(local)
        analyzer.analyze(entries[: 4 * BATCH])  # every worker loads its parser and encoder
        if killing is not None:
            killing.start()
        begun = time.monotonic()
        made = analyzer.analyze(entries)
        taken = time.monotonic() - begun
        killed = killing is None or killing.finished.is_set()
    same = "same bytes" if digest(made) == expected else "OTHER BYTES"
    print(
        f"  {name:28} {len(entries) / taken:6.0f} items/s, {same}{'' if killed else ', killed too late'}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=300, help="of each stream and round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--long", type=int, default=20_000, help="items for the memory")
    parser.add_argument("--spread", type=int, default=1_000, help="items through workers")
    given = parser.parse_args()
    side_by_side(given.items, given.rounds, given.long)
    spread(given.spread)


if __name__ == "__main__":
    main()
