"""Puts the shared test doubles on the path, and gives each test the logging that it expects."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """What a test sets up (levels, root handlers), as the command line does, ends with it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {n: x.level for n, x in root.manager.loggerDict.items() if isinstance(x, logging.Logger)}
    yield
    root.handlers[:] = [h for h in root.handlers if h in handlers] or handlers
    root.setLevel(level)
    for name, known in root.manager.loggerDict.items():
        if isinstance(known, logging.Logger):
            known.setLevel(levels.get(name, logging.NOTSET))
