"""One card to very many readers: how long it takes until it stands in the outbox for each, and in how much memory.

    python bench/bench_fanout.py [--readers 1000000]

Readers follow everything, a tenth of them a company of the story as well; one in twenty has quiet hours, one in fifty a
mute. Each size runs in a process of its own: decided by `process`, stored by `Ingest.apply`, read back by `Queue.due`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from analysed import BEGIN, Reader

from bot.config import load_settings
from bot.loading import load
from bot.model import (
    Analysis,
    Attribution,
    DateQuality,
    Entry,
    Event,
    Mention,
    Polarity,
    SourceKind,
    Span,
    Stage,
)
from bot.pipeline import process
from bot.store.database import Database
from bot.store.ingest import Ingest
from bot.store.queue import Queue
from bot.store.rows import stamp

ROOT = Path(__file__).parent.parent
TITLE = "Meta in talks to sell surplus AI computing capacity, people familiar say"
DENIAL = "Meta denies that it is in talks to sell surplus AI computing capacity"


def enroll(db: Database, count: int) -> None:
    """So many active readers, as commands would have made them."""
    with db.transaction() as cursor:
        cursor.executemany(
            "INSERT INTO subscribers (id, channel, address, level, active, language, created_at, quiet) "
            "VALUES (?, 'telegram', ?, 1, 1, 'en', ?, ?)",
            (
                (f"telegram:{n}", str(n), stamp(BEGIN), "22:00-07:00" if n % 20 == 0 else "")
                for n in range(1, count + 1)
            ),
        )
        cursor.executemany(
            "INSERT INTO watches (subscriber_id, kind, target, created_at) VALUES (?, ?, ?, ?)",
            ((f"telegram:{n}", "all", "", stamp(BEGIN)) for n in range(1, count + 1)),
        )
        cursor.executemany(
            "INSERT INTO watches (subscriber_id, kind, target, created_at) VALUES (?, ?, ?, ?)",
            ((f"telegram:{n}", "company", "META", stamp(BEGIN)) for n in range(1, count + 1, 10)),
        )
        cursor.executemany(
            "INSERT INTO mutes VALUES (?, ?, ?, '', 'MSFT', '', '', 'Microsoft')",
            ((f"m{n}", f"telegram:{n}", stamp(BEGIN + timedelta(days=90))) for n in range(1, count + 1, 50)),
        )
        cursor.execute("UPDATE meta SET value = value + 1 WHERE key = 'audience'")


def story(title: str, n: int, polarity: Polarity) -> tuple[Entry, Analysis]:
    """One report, or its denial an hour later."""
    at = BEGIN + timedelta(hours=n)
    entry = Entry(
        id=f"entry{n}",
        feed_id=f"feed{n}",
        guid=str(n),
        url=f"https://news.example/{n}",
        title=title,
        text="",
        content=title,
        published=at,
        date_quality=DateQuality.OK,
        seen_at=at,
        kind=SourceKind.WIRE,
        tier=1,
        source=f"Wire {n}",
    )
    event = Event(
        theme="compute_resale",
        actor="META",
        stage=Stage.EXPLORING,
        attribution=Attribution.SOURCED if polarity is Polarity.AFFIRMED else Attribution.ON_RECORD,
        polarity=polarity,
        evidence=Span("title", 0, len(title)),
    )
    mention = Mention(company="META", span=Span("title", 0, 4))
    return entry, Analysis(entry_id=entry.id, mentions=(mention,), events=(event,), version="bench")


def measure(count: int) -> dict[str, float]:
    """Seconds and megabytes for one card and its denial to so many readers."""
    book = load(load_settings({"BOT_RULES_DIR": str(ROOT / "rules")})).book
    with tempfile.TemporaryDirectory() as folder:
        db = Database(Path(folder) / "spillover.db")
        enroll(db, count)
        ingest, figures = Ingest(db), {"readers": float(count)}
        begun = time.perf_counter()
        ingest.snapshot((), BEGIN)
        figures["read"] = time.perf_counter() - begun
        figures["mb_before"] = _memory()
        for n, (name, title, polarity) in enumerate(
            (("card", TITLE, Polarity.AFFIRMED), ("denial", DENIAL, Polarity.DENIED))
        ):
            entry, analysis = story(title, n, polarity)
            begun = time.perf_counter()
            outcome = process(
                [entry], ingest.snapshot([entry], entry.at), book, Reader({entry.id: analysis}), entry.at
            )
            figures[f"{name}_decided"] = time.perf_counter() - begun
            begun = time.perf_counter()
            assert ingest.apply(outcome, entry.at)
            figures[f"{name}_stored"] = time.perf_counter() - begun
            del outcome
        figures["rows"] = db.value("SELECT count(*) FROM outbox")
        figures["file_mb"] = (Path(folder) / "spillover.db").stat().st_size / 1e6
        begun = time.perf_counter()
        Queue(db).due(entry.at, 30, exclude=frozenset())
        figures["due"] = time.perf_counter() - begun
        figures["mb_peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        db.close()
    return figures


def _memory() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one)))
        return
    for count in (given.readers // 50, given.readers // 10, given.readers):
        done = subprocess.run(
            [sys.executable, __file__, "--one", str(count)], capture_output=True, text=True, check=True
        )
        f = json.loads(done.stdout)
        print(
            f"{count:>9,} readers: card decided {f['card_decided']:.2f} s, stored {f['card_stored']:.2f} s; "
            f"denial (edit and reply) decided {f['denial_decided']:.2f} s, stored {f['denial_stored']:.2f} s; "
            f"first 30 due {1e3 * f['due']:.0f} ms; readers read {f['read']:.2f} s; "
            f"{f['mb_before']:.0f} MB before, {f['mb_peak']:.0f} MB at most; {f['rows']:,.0f} rows, {f['file_mb']:.0f} MB on disk",
            flush=True,
        )


if __name__ == "__main__":
    main()
