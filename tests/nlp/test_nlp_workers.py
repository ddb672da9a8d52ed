"""Analysis in other processes: the same bytes wherever it is done, and what a lost worker costs."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import closing
from dataclasses import asdict, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import nlp_workers_kit as kit
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nlp_entries import RULES, nlp_entry

from bot.config import load_settings
from bot.errors import AnalysisError, ConfigError
from bot.model import Analysis, Entry
from bot.nlp.analyzer import SpacyAnalyzer, load_analyzer
from bot.nlp.places import Cluster, Crew, Place, Processes
from bot.nlp.worker import Recipe, analyze_batch, recipe_for
from bot.nlp.workers import LARGEST, TRIES, Pace, Workers

PATIENCE = 20.0
WHO = ["Meta", "Microsoft", "Oracle", "Nvidia", "CoreWeave", "Micron"]
DOES = [
    "is weighing a sale of spare computing capacity, two people briefed on it said",
    "raises its capital spending plan for data centers to $90 billion",
    "shares sink 7% after a note on weak chip demand",
    "denies that it will cut orders for accelerators",
    "opens a museum of old radios",
]
ENTRIES = [
    replace(nlp_entry(f"{who} {does}", f"The plan was told on Monday. {other} fell 3%."), id=f"{n}-{k}")
    for n, (who, other) in enumerate(zip(WHO, WHO[1:] + WHO[:1], strict=True))
    for k, does in enumerate(DOES)
]


def as_bytes(analyses: Sequence[Analysis]) -> bytes:
    return json.dumps([asdict(a) for a in analyses], default=sorted).encode()


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shipped rules, which stays as it is while somebody edits those."""
    return copied(tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="module")
def analyzer(rules: Path) -> SpacyAnalyzer:
    return load_analyzer(rules)


def copied(folder: Path) -> Path:
    for room in ("companies", "themes"):
        shutil.copytree(RULES / room, folder / room)
    return folder


@pytest.fixture(scope="module")
def expected(analyzer: SpacyAnalyzer) -> bytes:
    made = analyzer.analyze(ENTRIES)
    assert sum(len(a.events) for a in made) > 15
    return as_bytes(made)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a cluster of two workers on loopback."""
    from distributed import LocalCluster

    with LocalCluster(
        host="127.0.0.1",
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Place | None:
    """What a test's parameter names."""
    if request.param == "dask":
        return Cluster(request.getfixturevalue("scheduler"))
    return Processes(2) if request.param == "processes" else None


@pytest.mark.parametrize("place", ["inline", "processes", "dask"], indirect=True)
def test_analyses_are_the_same_bytes_wherever_they_are_made(
    rules: Path, place: Place | None, analyzer: SpacyAnalyzer, expected: bytes
) -> None:
    with Workers(place, rules, None) as workers:
        workers.open(analyzer)
        spread = workers.through(analyzer)
        assert spread.version == analyzer.version
        assert as_bytes(spread.analyze(ENTRIES)) == expected
        assert spread.analyze([]) == []


@pytest.mark.parametrize("place", ["processes", "dask"], indirect=True)
def test_a_worker_killed_in_the_middle_of_a_batch_costs_only_time(
    rules: Path, place: Place, analyzer: SpacyAnalyzer, expected: bytes, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    with Workers(place, rules, None, partial(kit.dies_once, mark)) as workers:
        workers.open(analyzer)
        assert as_bytes(workers.through(analyzer).analyze(ENTRIES)) == expected
        assert mark.exists(), "no worker was killed"


def test_entries_that_end_worker_after_worker_are_an_error_and_are_not_analysed_here(
    rules: Path, analyzer: SpacyAnalyzer
) -> None:
    place = InThread(lambda _: True)
    with Workers(place, rules, None) as workers:
        with pytest.raises(AnalysisError) as caught:
            workers.through(analyzer).analyze(ENTRIES[:1])
    assert str(caught.value).startswith(
        "worker after worker has ended over the same 1 entries, from 0-0 on; see"
    )
    assert place.sent == TRIES


def test_a_fault_of_one_worker_alone_is_made_up_for_here(
    rules: Path, analyzer: SpacyAnalyzer, expected: bytes
) -> None:
    with Workers(InThread(), rules, None, kit.stumbles) as workers:
        assert as_bytes(workers.through(analyzer).analyze(ENTRIES)) == expected


def test_closing_ends_a_worker_that_hangs_and_whoever_waits_for_it(
    rules: Path, analyzer: SpacyAnalyzer, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    before = set(multiprocessing.active_children())
    with Workers(Processes(1), rules, None, partial(kit.hangs, pipe)) as workers:
        workers.open(analyzer)
        spread = workers.through(analyzer)
        failures: list[BaseException] = []

        def wait() -> None:
            try:
                spread.analyze(ENTRIES)
            except AnalysisError as e:
                failures.append(e)

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert pipe.read_text() == "begun"
        workers.close()
        waiting.join(PATIENCE)
        assert [str(e) for e in failures] == ["analysis is stopped; what was not analysed is polled again"]
    assert set(multiprocessing.active_children()) <= before


ORPHANS = """
import os, sys
from pathlib import Path
from bot.nlp.analyzer import load_analyzer
from bot.nlp.places import Processes
from bot.nlp.worker import recipe_for

if __name__ == "__main__":
    rules = Path(sys.argv[1])
    crew = Processes(1).open(recipe_for(rules, None, load_analyzer(rules).version))
    print(crew.executor.submit(os.getpid).result(), flush=True)
    sys.stdin.read()
"""


def test_the_processes_of_a_program_that_is_killed_end_too(rules: Path, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(ORPHANS)
    with subprocess.Popen(
        [sys.executable, str(script), str(rules)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        watch = os.pidfd_open(int(program.stdout.readline()))
        program.kill()
        ended, _, _ = select.select([watch], [], [], PATIENCE)
        os.close(watch)
    assert ended


# --- who must not be asked ---


def test_workers_with_other_rules_are_refused_at_the_start(analyzer: SpacyAnalyzer, tmp_path: Path) -> None:
    changed = other_rules(tmp_path)
    with Workers(Processes(1), changed, None) as workers, pytest.raises(AnalysisError) as caught:
        workers.open(analyzer)
    message = str(caught.value)
    assert f"the rules in {changed} or its release of Spillover are others" in message
    assert f"here {analyzer.version}" in message
    assert "restart it" in message
    assert len(message.splitlines()) == 1


def test_workers_that_fell_behind_a_reload_are_not_asked(
    analyzer: SpacyAnalyzer, expected: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked = []

    def work(recipe: Recipe, entries: Sequence[Entry]) -> Any:
        asked.append(len(entries))
        return analyze_batch(recipe, entries)

    place = InThread()
    with Workers(place, other_rules(tmp_path), None, work) as workers:
        spread = workers.through(analyzer)
        assert as_bytes(spread.analyze(ENTRIES)) == expected
        assert as_bytes(spread.analyze(ENTRIES)) == expected
    assert len(asked) == place.window, "those that were under way; then they rest"
    assert [r.levelname for r in caplog.records] == ["ERROR"]
    assert "are others" in caplog.text


def test_workers_with_other_packages_are_refused(rules: Path, analyzer: SpacyAnalyzer) -> None:
    recipe = recipe_for(rules, None, analyzer.version)
    answer = analyze_batch(replace(recipe, packages=(("spacy", "0.1"),)), ENTRIES)
    assert isinstance(answer, str)
    assert "its packages differ: spacy 3" in answer
    assert "here 0.1" in answer


def test_a_worker_without_the_folder_takes_its_own(
    rules: Path, analyzer: SpacyAnalyzer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(recipe_for(rules, None, analyzer.version), rules=tmp_path / "elsewhere")
    assert "it has no folder" in str(analyze_batch(recipe, ENTRIES[:1]))
    monkeypatch.setenv("BOT_RULES_DIR", str(rules))
    analyze_batch.__globals__["_analyzer"].cache_clear()
    answer = analyze_batch(recipe, ENTRIES[:1])
    assert not isinstance(answer, str), answer
    assert list(answer.analyses) == analyzer.analyze(ENTRIES[:1])


def other_rules(folder: Path) -> Path:
    """The rules with one line more."""
    rules = copied(folder / "other")
    changed = sorted((rules / "companies").glob("*.yaml"))[0]
    changed.write_text(changed.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    return rules


# --- who can't be reached ---


def free_address() -> str:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def test_a_scheduler_that_does_not_answer_is_one_line(rules: Path, analyzer: SpacyAnalyzer) -> None:
    address = free_address()
    with Workers(Cluster(address), rules, None) as workers, pytest.raises(ConfigError) as caught:
        workers.open(analyzer)
    assert str(caught.value) == (
        f"no Dask scheduler answers at {address}; start it ('dask scheduler') and let it be reached from here, "
        "or set BOT_ANALYSIS=inline"
    )


def test_without_the_package_the_error_says_what_to_install(
    rules: Path, analyzer: SpacyAnalyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with Workers(Cluster("tcp://h:1"), rules, None) as workers, pytest.raises(ConfigError) as caught:
        workers.open(analyzer)
    assert "install spillover[dask]" in str(caught.value)


class InThread:
    """A place whose workers are this thread; a test says which batches, counted over all, lose it."""

    name, least, window = "thread", timedelta(milliseconds=10), 3

    def __init__(self, lost: Callable[[int], bool] = lambda _: False, opens: int = 1_000) -> None:
        self.lost, self.opens, self.sent = lost, opens, 0

    def open(self, recipe: Recipe) -> Crew:
        if self.opens <= 0:
            raise ConfigError("nobody is there; hire some")
        self.opens -= 1
        return Crew(_Executor(self), lambda: None)


class _Executor(Executor):
    def __init__(self, place: InThread) -> None:
        self._place, self._broken = place, False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self._broken:
            raise BrokenExecutor("it is broken")
        future: Future[Any] = Future()
        self._place.sent += 1
        if self._place.lost(self._place.sent):
            self._broken = True
            future.set_exception(BrokenExecutor("it broke"))
        else:
            try:
                future.set_result(fn(*args, **kwargs))
            except Exception as e:
                future.set_exception(e)
        return future


def test_when_nobody_is_left_the_rest_is_analysed_here(
    rules: Path, analyzer: SpacyAnalyzer, expected: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    place = InThread(lambda n: n == 3, opens=1)
    with Workers(place, rules, None) as workers:
        assert as_bytes(workers.through(analyzer).analyze(ENTRIES)) == expected
    assert place.sent == 3
    assert "nobody is there; hire some" in caplog.text


@given(losses=st.sets(st.integers(1, 40)), count=st.integers(0, len(ENTRIES)))
def test_losses_change_nothing_but_where_an_entry_is_analysed(losses: set[int], count: int) -> None:
    with Workers(InThread(losses.__contains__), RULES, None, _echo) as workers:
        spread = workers.through(Echo())
        try:
            made = spread.analyze(ENTRIES[:count])
        except AnalysisError:
            assert len(losses) >= TRIES
        else:
            assert made == Echo().analyze(ENTRIES[:count])


class Echo:
    """An analyzer that only repeats who was asked about."""

    version = "1"

    def analyze(self, entries: Sequence[Entry], /) -> list[Analysis]:
        return [Analysis(entry_id=e.id, version=self.version) for e in entries]


def _echo(recipe: Recipe, entries: Sequence[Entry]) -> Any:
    from bot.nlp.worker import Done

    return Done(tuple(Echo().analyze(entries)), 0.001 * len(entries))


# --- how large batches are ---


def test_a_batch_takes_as_long_as_makes_the_way_worth_it() -> None:
    pace = Pace(Cluster.least)
    for seconds in (2.0, 0.4):  # the first one loads the parser
        pace.saw(50, seconds)
    assert pace.size(10_000) / 125 >= 0.2
    pace.saw(1_000, 0.5)
    assert pace.size(10_000) / 2_000 >= 0.2


@given(waiting=st.integers(1, 5_000), entries=st.integers(1, 2_000), seconds=st.floats(0.0001, 100))
def test_batches_are_never_empty_and_never_huge(waiting: int, entries: int, seconds: float) -> None:
    pace = Pace(Processes.least)
    pace.saw(entries, seconds)
    assert 1 <= pace.size(waiting) <= min(waiting, 2 * LARGEST)


# --- the setting ---


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param("threads:2", "'threads:2' is none of inline, processes:N", id="unknown place"),
        pytest.param("processes", "'processes' is none of", id="no number"),
        pytest.param("processes:0", "'processes:0': from 1 to 256 processes", id="none"),
        pytest.param("dask:localhost:8786", "dask:tcp://host:port", id="no scheme"),
        pytest.param("dask:tcp://host", "dask:tcp://host:port", id="no port"),
    ],
)
def test_a_wrong_setting_says_what_is_allowed(value: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({"BOT_ANALYSIS": value})
    assert str(caught.value).startswith("BOT_ANALYSIS: ")
    assert problem in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("value", "processes", "cluster"),
    [
        pytest.param("inline", 0, "", id="here"),
        pytest.param("processes:4", 4, "", id="processes"),
        pytest.param("dask:tcp://10.0.0.5:8786", 0, "tcp://10.0.0.5:8786", id="cluster"),
        pytest.param("dask:tcp://[::1]:8786", 0, "tcp://[::1]:8786", id="cluster by IPv6"),
    ],
)
def test_a_setting_names_a_place(value: str, processes: int, cluster: str) -> None:
    settings = load_settings({"BOT_ANALYSIS": value})
    assert (settings.analysis_processes, settings.analysis_cluster) == (processes, cluster)
