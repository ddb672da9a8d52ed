"""The process that draws: reads charts from its standard input, writes pictures to its standard output.

`studio` is the other end. matplotlib lives here only, so that the program itself never loads it.
"""

from __future__ import annotations

import logging
import pickle
import sys

from bot.child import serve
from bot.delivery.drawing import Chart, draw

Answer = bytes | str
"""The picture, or the one line that says why there is none."""


def main() -> None:
    """Answer until the other end closes. Argument: bytes of memory."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of its caches, which are no news
    serve(_answer, int(sys.argv[1]))


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
