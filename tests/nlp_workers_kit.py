"""Work for analysis workers, importable in their processes: some of them end in the middle of a batch."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path

from bot.model import Entry
from bot.nlp.worker import Answer, Recipe, analyze_batch


def dies_once(mark: Path, recipe: Recipe, entries: Sequence[Entry]) -> Answer:
    """End this process as the kernel would, in the first batch of all; `mark` tells the others that it was done."""
    if entries:
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            return analyze_batch(recipe, entries)
        os.kill(os.getpid(), signal.SIGKILL)
    return analyze_batch(recipe, entries)


def hangs(pipe: Path, recipe: Recipe, entries: Sequence[Entry]) -> Answer:
    """Say on a named pipe that a batch has begun, and then compute for ever, without letting a thread in."""
    if entries:
        pipe.write_text("begun")
        re.match("(a+)+$", "a" * 99 + "b")
    return analyze_batch(recipe, entries)


def stumbles(recipe: Recipe, entries: Sequence[Entry]) -> Answer:
    """Fail as a worker with a fault of its own does."""
    raise KeyError("a part that only this worker lacks")
