"""What people read of a backtest, and of two against each other."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from make import HOUR, NOW
from newsroom import PACK, Reader, make_book
from rich.console import Console
from rich.text import Text
from week import DAY, news, ruleset, sent, week

from bot.backtest import comparison, replay_all, report, show
from bot.model import Entry
from bot.pipeline import Book
from bot.replay import World, arrivals_of

CLAIM, RIVAL, AGREED, DENIAL, SLUMP, CUT, NOISE = range(7)


def plain(lines: Iterable[Text]) -> list[str]:
    return [part for line in lines for part in line.plain.split("\n")]


@pytest.fixture
def entries(reader: Reader) -> list[Entry]:
    """Two stories of resale, one of them told on and thought better of, a cut, and noise."""
    return [
        news(reader, CLAIM, 1, at=NOW),
        news(reader, CLAIM, 2, at=NOW + HOUR, feed="paper"),
        news(reader, AGREED, 3, at=NOW + 2 * HOUR, feed="paper"),
        news(reader, DENIAL, 4, at=NOW + 3 * HOUR),
        news(reader, RIVAL, 5, at=NOW + DAY),
        news(reader, CUT, 6, at=NOW + 2 * DAY),
        news(reader, NOISE, 7, at=NOW + 4 * DAY),
    ]


def test_a_report_says_what_each_rule_would_have_told(
    book: Book, reader: Reader, entries: list[Entry]
) -> None:
    rules = ruleset(book, reader)
    [run] = replay_all([rules], arrivals_of(entries))
    assert plain(report(rules, run)) == [
        "7 entries, 2026-03-02 14:00 to 2026-03-06 14:00 UTC, rules of rules",
        "3 stories, 3 cards, 1 reply, 3 silent edits; 1.0 pings a day",
        "held back before any rule: 1 no_event (it tells of nothing that is watched for)",
        "",
        "compute/resale  high  compute.yaml:6",
        "  would have fired 2 times; 1 reply, 3 silent edits",
        "    2026-03-02 14:00  Meta weighs selling surplus AI compute to outside customers, take number1",
        "    2026-03-03 14:00  Microsoft weighs renting spare servers to other firms, take number5",
        "  held back: 1 throttled (its rule spoke a short while ago)",
        "",
        "compute/cut  medium  compute.yaml:17",
        "  would have fired 1 time; 0 replies, 0 silent edits",
        "    2026-03-04 14:00  Microsoft cuts its spending plan for the year, take number6",
        "",
        "never fired: compute/wave, compute/fall",
    ]


def test_a_rule_that_only_held_back_is_listed_with_the_reason(tmp_path: Path, reader: Reader) -> None:
    strict = PACK.replace("    expose:", "    corroborate: {any: [{origins: 2}]}\n    expose:")
    rules = ruleset(make_book(tmp_path, strict), reader)
    [run] = replay_all([rules], arrivals_of([news(reader, CLAIM, 1, at=NOW)]))
    assert plain(report(rules, run))[-1] == (
        "never fired: compute/resale (held back: 1 uncorroborated (it waits for further independent sources)), "
        "compute/cut, compute/wave, compute/fall"
    )


def test_two_sets_of_rules_against_each_other(
    tmp_path: Path, book: Book, reader: Reader, entries: list[Entry]
) -> None:
    other = PACK.replace("theme: compute_resale\n", "theme: compute_resale\n      actor: {in: [META]}\n")
    other = other.replace("- id: cut\n", "- id: less\n")
    mine, theirs = ruleset(book, reader, "mine"), ruleset(make_book(tmp_path, other), reader, "theirs")
    runs = replay_all([mine, theirs], arrivals_of(entries))
    assert plain(comparison([mine, theirs], runs)) == [
        "7 entries, 2026-03-02 14:00 to 2026-03-06 14:00 UTC, rules of mine",
        "3 stories, 3 cards, 1 reply, 3 silent edits; 1.0 pings a day",
        "",
        "7 entries, 2026-03-02 14:00 to 2026-03-06 14:00 UTC, rules of theirs",
        "3 stories, 2 cards, 1 reply, 3 silent edits; 0.8 pings a day",
        "",
        "cards by rule: with mine, with theirs",
        "     2      1  compute/resale",
        "               only with mine: 1",
        "                 2026-03-03 14:00  Microsoft weighs renting spare servers to other firms, take number5",
        "     1      0  compute/cut",
        "               only with mine: 1",
        "                 2026-03-04 14:00  Microsoft cuts its spending plan for the year, take number6",
        "     0      1  compute/less",
        "               only with theirs: 1",
        "                 2026-03-04 14:00  Microsoft cuts its spending plan for the year, take number6",
        "",
        "fired with neither: compute/wave, compute/fall",
    ]


def test_a_text_is_read_once_for_both(book: Book, reader: Reader, entries: list[Entry]) -> None:
    replay_all([ruleset(book, reader), ruleset(book, reader)], arrivals_of(entries))
    assert reader.read == [e.id for e in entries]


def test_a_text_is_read_by_each_analyzer_that_differs(
    book: Book, reader: Reader, entries: list[Entry]
) -> None:
    other = Reader()
    other.version = "another"
    one, none = replay_all([ruleset(book, reader), ruleset(book, other)], arrivals_of(entries))
    assert reader.read == other.read == [e.id for e in entries]
    assert len(one.sent) > 0
    assert none.sent == [], "it has learned nothing"


def test_a_title_from_outside_can_not_steer_the_terminal(book: Book, reader: Reader) -> None:
    made = news(reader, CLAIM, 1, at=NOW)
    title = "Meta\x1b[2J weighs\nselling \u202esurplus \ud800 compute"
    reader.learn(title, *reader.said[made.title])
    entry = replace(made, title=title)
    rules, screen = ruleset(book, reader), io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    [run] = replay_all([rules], arrivals_of([entry]))
    show(report(rules, run), Console(file=screen, width=20))
    screen.flush()
    [line] = [x for x in screen.buffer.getvalue().decode().splitlines() if "Meta" in x]  # type: ignore[attr-defined]
    assert line == "    2026-03-02 14:00  Meta[2J weighs selling surplus ? compute"


def test_the_same_week_gives_the_same_whatever_else_is_replayed(book: Book, reader: Reader) -> None:
    arrivals = arrivals_of(e for batch in week(reader, 3) for e in batch)
    first, second = replay_all([ruleset(book, reader), ruleset(book, reader)], arrivals, 10)
    world = World(book)
    alone = [world.receive(a, reader) for a in arrivals]
    assert first.sent == second.sent
    assert [s.at for s in first.sent] == [n.created_at for n in sent(alone)]
