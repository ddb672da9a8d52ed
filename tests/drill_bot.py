"""The real program for the crash drill, as a process of its own that dies where it is told to.

Everything is real but the language: whoever "weighs selling" does so, which saves loading a model in each
of many starts. DRILL_POINT names the failpoint at which it kills itself (SIGKILL), DRILL_FEED the feed's
address, DRILL_CHATS how many chats follow everything.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from desk_fakes import small_vocabulary
from newsroom import PACK, make_book

from bot.app import App, utc_now
from bot.cli.watching import serve
from bot.config import load_settings
from bot.loading import Loaded
from bot.model import (
    Analysis,
    Attribution,
    Entry,
    Event,
    Feed,
    Polarity,
    SourceKind,
    Span,
    Stage,
    Target,
    TargetKind,
)
from bot.store.database import Database
from bot.store.desk import Desk

_CLAIM = re.compile(r"(\w+) weighs selling")


class Claims:
    """Reads 'X weighs selling …' and nothing else."""

    version = "drill"

    def analyze(self, entries: Sequence[Entry], /) -> list[Analysis]:
        """One analysis for each entry, in order."""
        return [Analysis(entry_id=e.id, events=self._events(e), version=self.version) for e in entries]

    @staticmethod
    def _events(entry: Entry) -> tuple[Event, ...]:
        found = _CLAIM.search(entry.title)
        if found is None:
            return ()
        return (
            Event(
                theme="compute_resale",
                actor=found[1],
                stage=Stage.EXPLORING,
                attribution=Attribution.SOURCED,
                polarity=Polarity.AFFIRMED,
                evidence=Span("title", *found.span()),
            ),
        )


def die_at(point: str) -> object:
    """A failpoint that kills this process when the named point is reached."""

    def failpoint(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    return failpoint


def main() -> None:
    """Run until stopped or killed."""
    settings = load_settings({k: v for k, v in os.environ.items() if k.startswith("BOT_")})
    chats = int(os.environ["DRILL_CHATS"])
    database = Database(settings.database)
    desk = Desk(database)
    for chat in range(1, chats + 1):
        if desk.subscriber(f"telegram:{chat}") is None:
            desk.watch(desk.enroll("telegram", str(chat), utc_now()).id, Target(TargetKind.ALL), utc_now())
    database.close()
    feed = Feed(
        id="drill",
        url=os.environ["DRILL_FEED"],
        kind=SourceKind.WIRE,
        tier=1,
        interval=timedelta(milliseconds=100),
        lookback=timedelta(days=1),
    )
    with tempfile.TemporaryDirectory() as folder:
        book = make_book(Path(folder), PACK)
    loaded = Loaded(analyzer=Claims(), book=book, vocabulary=small_vocabulary(), feeds=(feed,))  # type: ignore[arg-type]
    asyncio.run(serve(App(settings, loaded, failpoint=die_at(os.environ.get("DRILL_POINT", "")))))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
