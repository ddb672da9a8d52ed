"""What runs in an analysis worker, a process here or on another machine: one analyzer that equals the sender's.

`workers` is the other end. An error that the sender has to act on goes back as text, not as an exception: some of
ours can't be unpickled, and one that can't be breaks the sender's whole pool.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from multiprocessing.connection import Connection
from pathlib import Path

from bot.errors import AnalysisError, BotError
from bot.model import Analysis, Entry
from bot.nlp.analyzer import SpacyAnalyzer, load_analyzer
from bot.nlp.grammar import Grammar

_ENGINES = ("spacy", "onnxruntime")  # beside the language model, what other results would come of
_BUSY = threading.Lock()  # a Dask worker may have several threads; parser and encoder are made for one


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a worker makes its analyzer, and how it knows that this equals the sender's."""

    rules: Path  # absolute; a worker without this folder takes the one of its own BOT_RULES_DIR
    model: str  # the spaCy package
    version: str  # of the sender's analyzer: rules, encoder and code
    packages: tuple[tuple[str, str], ...]  # name and version


@dataclass(frozen=True, slots=True)
class Done:
    """A batch's analyses, in order, and the seconds that they took."""

    analyses: tuple[Analysis, ...]
    seconds: float


Answer = Done | str
"""What was found, or the one line that says why this worker must not be asked."""


@lru_cache(maxsize=2)  # it is asked for with every batch, and looks at the file system
def recipe_for(rules: Path, model: str | None, version: str) -> Recipe:
    """The recipe of an analyzer of this process.

    Raises:
        AnalysisError: No spaCy model was named and none is installed.
    """
    name = Grammar(model).model
    return Recipe(rules=rules.resolve(), model=name, version=version, packages=_packages(name))


def analyze_batch(recipe: Recipe, entries: Sequence[Entry]) -> Answer:
    """Analyse a batch in this process.

    Raises:
        AnalysisError: The pipeline failed.
    """
    with _BUSY:
        analyzer = _analyzer(recipe)
        if isinstance(analyzer, str):
            return analyzer
        begun = time.perf_counter()
        return Done(tuple(analyzer.analyze(entries)), time.perf_counter() - begun)


@lru_cache(maxsize=1)  # a reload of the rules brings another recipe
def _analyzer(recipe: Recipe) -> SpacyAnalyzer | str:
    try:
        if differing := _differing(recipe.packages):
            raise AnalysisError(f"its packages differ: {differing}; install the same release there")
        rules = recipe.rules
        if not rules.is_dir():
            rules = Path(os.environ.get("BOT_RULES_DIR", rules))
        if not rules.is_dir():
            raise AnalysisError(f"it has no folder {rules}; mount the rules there, or give it BOT_RULES_DIR")
        analyzer = load_analyzer(rules, recipe.model)
        if analyzer.version != recipe.version:
            raise AnalysisError(
                f"the rules in {rules} or its release of Spillover are others (version {analyzer.version}, "
                f"here {recipe.version}); bring both to the same state"
            )
    except BotError as e:
        name = f"{socket.gethostname()}:{os.getpid()}"
        return f"the analysis worker {name} can't stand in: {e}, then restart it or send SIGHUP to the bot"
    return analyzer


def _packages(model: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, _version(name)) for name in (model, *_ENGINES))


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"


def _differing(wanted: Sequence[tuple[str, str]]) -> str:
    pairs = [(name, _version(name), version) for name, version in wanted]
    return ", ".join(f"{name} {there}, here {here}" for name, there, here in pairs if there != here)


def begin(leash: Connection, recipe: Recipe) -> None:
    """Prepare a process of a pool: it loads the analyzer, and lives as long as the other end of `leash`.

    Signals are for the program, which then ends its workers by closing the leash. It is closed too when
    the program is killed; a pool's processes would otherwise wait for work for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(leash,), daemon=True, name="leash").start()
    with _BUSY:
        _analyzer(recipe)  # what is wrong with it is told with the first batch


def _end_with(leash: Connection) -> None:
    try:
        leash.recv_bytes()
    except (EOFError, OSError):
        os._exit(0)
