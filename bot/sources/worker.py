"""The process that parses: reads jobs from its standard input, writes answers to its standard output.

It is stopped from outside when a body takes too long. `parse` is the other end.
"""

from __future__ import annotations

import pickle
import resource
import sys
from datetime import datetime, timedelta

from bot.child import serve
from bot.errors import ParseError
from bot.model import Feed, Fetched, ParsedFeed
from bot.sources.read import read_feed

Answer = ParsedFeed | str
"""What was read, or the one line that says why it could not be."""


def main() -> None:
    """Answer jobs until the other end closes. Arguments: CPU seconds a job, bytes of memory."""
    cpu, memory = timedelta(seconds=float(sys.argv[1])), int(sys.argv[2])

    def answer(job: bytes) -> Answer:
        _limit_cpu(cpu)
        return _answer(job)

    serve(answer, memory)


def _limit_cpu(span: timedelta) -> None:
    """Let the system end this process when the next job takes longer (whole seconds are all it can count)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + span.total_seconds()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _answer(job: bytes) -> Answer:
    try:
        work: tuple[Feed, Fetched, datetime] = pickle.loads(job)
        return read_feed(*work)
    except ParseError as e:
        return str(e)
    except MemoryError:
        return "reading it takes more memory than allowed"
    except RecursionError:
        return "it is nested too deeply"


if __name__ == "__main__":
    main()
