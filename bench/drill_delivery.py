"""The faults of `tests/api_faults.py`, one after another against a running drain, in earnest: nothing runs faster than the clock.

    python bench/drill_delivery.py [--minutes 10] [--chats 60] [--read 3]

The stand-in runs in this process. Each fault holds for the same time, two thirds of its share of the minutes; a third is
for recovering. Afterwards what is left is waited for, at most seven minutes: who got no clear answer twice waits five.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from api_faults import FAULTS, Ordeal
from bot_api import BotApi

EVERY = 5.0  # seconds between two messages of a chat
TAIL = timedelta(minutes=7)


async def drill(minutes: float, chats: int, read: timedelta) -> bool:
    """Play it and print what became of it; whether all promises were kept."""
    share = 60 * minutes / len(FAULTS)
    with tempfile.TemporaryDirectory() as folder:
        async with BotApi() as api, Ordeal(Path(folder), api, chats=chats, factor=1.0, read=read) as ordeal:
            for fault in FAULTS:
                calls, unheard = len(api.calls), len(api.unheard)
                await ordeal.play(fault, max(1, round(share * 2 / 3 / EVERY)), EVERY)
                wrong = sum(c.status != 200 for c in api.calls[calls:])
                print(
                    f"{fault.name:32} {len(api.calls) - calls:5} calls, {wrong:4} refused or cut, "
                    f"{len(api.unheard) - unheard:4} answers lost, {ordeal.pending():4} waiting at its end",
                    flush=True,
                )
                await asyncio.sleep(share / 3)
            begun = time.monotonic()
            await ordeal.until_empty(TAIL)
            v = ordeal.verdict()
            print(
                f"{ordeal.rounds} rounds for {chats} chats: {v.arrived:,} arrived, {v.missing} missing, {v.disordered} chats out "
                f"of order, {v.doubled} doubled for {v.lost_answers} lost answers ({v.unexcused} of them without), the last "
                f"{time.monotonic() - begun:.0f} s after the end; counted: {dict(ordeal.drain.counters)}"
            )
            return not (v.missing or v.disordered or v.unexcused)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--chats", type=int, default=60)
    parser.add_argument("--read", type=float, default=3, help="seconds that an answer is waited for")
    given = parser.parse_args()
    logging.disable(logging.ERROR)
    sys.exit(not asyncio.run(drill(given.minutes, given.chats, timedelta(seconds=given.read))))


if __name__ == "__main__":
    main()
