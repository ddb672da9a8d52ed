"""The Bot API stand-in of the tests as a process of its own, as strict as Telegram says that it is, for `bench_delivery`.

Whoever is too fast is refused for `BAN` seconds, longer if it goes on asking, and each refusal is counted. The method
`figures` of this API says what arrived when: instants are those of the machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from bot_api import HANDLERS, TOKEN, BotApi  # noqa: E402
from bot_api_checks import Limits  # noqa: E402

BAN = 5.0
FREE, PAID = 30, 1000
__all__ = ["FREE", "PAID", "TOKEN", "stand_in"]


def figures(api: BotApi, params: dict[str, Any]) -> dict[str, Any]:
    """Arrivals since an instant, and the first of them whose text begins with some words."""
    since, words = float(params.get("since", 0)), str(params.get("words", ""))
    arrived = [a for a in api.accepted if a.at >= since]
    refused = sum(c.status == 429 for c in api.calls if c.at >= since)
    seen = next((a.at for a in arrived if words and a.text.startswith(words)), None)
    return {"at": [a.at for a in arrived], "refused": refused, "seen": seen}


async def serve(paid: int) -> None:
    HANDLERS["figures"] = figures
    gc.disable()  # its pauses, in a process that forgets nothing, would look like messages that come in bunches
    limits = Limits(overall=FREE, paid=paid, ban=BAN)
    async with BotApi(limits=limits) as api:
        print(api.port, flush=True)
        await asyncio.Event().wait()


@contextmanager
def stand_in(paid: int = PAID) -> Iterator[str]:
    """Start it; gives the base address of its methods, which the token follows."""
    command = [sys.executable, __file__, "--paid", str(paid)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/bot"
        finally:
            process.terminate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paid", type=int, default=PAID, help="paid messages a second")
    asyncio.run(serve(parser.parse_args().paid))
