"""The process that draws: reads charts from its standard input, writes pictures to its standard output.

`studio` is the other end. matplotlib lives here only, so that the program itself never loads it.
"""

from __future__ import annotations

import logging
import os
import pickle
import resource
import struct
import sys
from typing import BinaryIO

from bot.delivery.drawing import Chart, draw

FRAME = struct.Struct("!Q")
"""Every message is its length in bytes, then a pickle."""

Answer = bytes | str
"""The picture, or the one line that says why there is none."""


def main() -> None:
    """Answer until the other end closes. Argument: bytes of memory."""
    memory = int(sys.argv[1])
    jobs = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody's print may end up between the answers
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of its caches, which are no news
    while (job := _receive(jobs)) is not None:
        answer = pickle.dumps(_answer(job))
        answers.write(FRAME.pack(len(answer)) + answer)
        answers.flush()


def _receive(jobs: BinaryIO) -> bytes | None:
    head = jobs.read(FRAME.size)
    return jobs.read(FRAME.unpack(head)[0]) if len(head) == FRAME.size else None


def _answer(job: bytes) -> Answer:
    try:
        chart: Chart = pickle.loads(job)
        return draw(chart)
    except MemoryError:
        return "drawing it takes more memory than allowed"
    except ImportError as e:
        return f"matplotlib is not usable: {e}"


if __name__ == "__main__":
    main()
