"""Numbers for the rules in force over the archive's last days, from a process of their own.

The program goes on meanwhile: the process reads the database, yields to everybody else, and is ended if it
takes too long. Run as `python -m bot.upkeep.past`, it reads an order from standard input.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bot.backtest import Ruleset, from_archive, memory_of, replay_all
from bot.config import Settings
from bot.delivery.words import count
from bot.errors import BotError, ConfigError
from bot.loading import Loaded, load
from bot.locale import show_decimal, show_number, speaking, spoken, tr, tr_n
from bot.model import DENIABLE, AlertKind, Reason
from bot.replay import Replay
from bot.store.archive import Archive
from bot.store.database import existing
from bot.store.rows import stamp
from bot.text import show_duration

MOST = 20_000  # entries, with those before the first day that stories reach back to
WITHIN = timedelta(minutes=10)
_NAMED = 25  # rules
_REASONS = 5
_NICE = 10
_CPU = 900  # seconds of processor time, if nobody is left to end it
_NEEDED = ("data_dir", "rules_dir", "spacy_model", "rsshub_url")


async def numbers(settings: Settings, version: str, span: timedelta, within: timedelta = WITHIN) -> list[str]:
    """What the rules would have told, a line each.

    Args:
        settings: Where database and rules are.
        version: Of the rules in force, as `version_of` gives it; others are refused.
        span: How far back.
        within: The process is ended after this long.

    Raises:
        BotError: It can't be said; the message is for the manager.
    """
    order = {
        "settings": settings.model_dump(mode="json", include=set(_NEEDED)),
        "version": version,
        "seconds": span.total_seconds(),
        "language": spoken(),
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.upkeep.past",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(within.total_seconds()):
            out, _ = await child.communicate(json.dumps(order).encode())
    except TimeoutError as e:
        raise ConfigError(
            tr(
                "that takes longer than {span}, so it was ended; ask for fewer days, "
                "or run spillover backtest where the bot runs",
                span=show_duration(within),
            )
        ) from e
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError as e:
        raise BotError(f"the process that computes ended with {child.returncode} and no answer") from e
    if "problem" in answer:
        raise ConfigError(answer["problem"])
    return [str(each) for each in answer["lines"]]


def version_of(loaded: Loaded) -> str:
    """Of the rules and of what reads the texts."""
    return f"{loaded.book.rules.version} {loaded.analyzer.version}"


def compute(settings: Settings, version: str, span: timedelta) -> list[str]:
    """The same in this process.

    Raises:
        ConfigError: The rules are not those in force, or there is nothing or too much to look at.
        BotError: Rules or database can't be read.
    """
    with existing(settings.database) as database:
        archive = Archive(database)
        last = archive.last_decided()
        if last is None:
            raise ConfigError(tr("the archive holds no entries yet"))
        entries = database.value(
            "SELECT count(DISTINCT entry_id) FROM verdicts WHERE at >= ?", (stamp(last - span - DENIABLE),)
        )
        if entries > MOST:
            raise ConfigError(
                tr(
                    "that is {entries} entries, with the {days} days before that stories reach back to; "
                    "at most {most} are looked at here: ask for fewer days, or run spillover backtest",
                    entries=show_number(entries),
                    days=DENIABLE.days,
                    most=show_number(MOST),
                )
            )
        loaded = load(settings)
        if version_of(loaded) != version:
            raise ConfigError(tr("the files differ from the rules in force: /reload first"))
        ruleset = Ruleset(name="in force", settings=settings, loaded=loaded)
        run = replay_all([ruleset], from_archive(archive, span), None, memory_of(archive, span))[0]
    return list(summarised(run, [r.id for r in loaded.book.rules.rules], span))


def summarised(run: Replay, rules: list[str], span: timedelta) -> Iterator[str]:
    """Figures of a replay: all, by rule, and what was held back."""
    kinds = Counter(s.kind for s in run.sent)
    entries, stories = count(run.entries, "entry", "entries"), count(run.stories, "story", "stories")
    yield tr(
        "Backtest of {span}: {entries}, {stories}", span=show_duration(span), entries=entries, stories=stories
    )
    sounds = sum(not s.silent for s in run.sent) / max(span / timedelta(days=1), 1)
    yield tr(
        "{cards}, {replies}, {edits}; {sounds} sounds a day",
        cards=count(kinds[AlertKind.NEW], "card", "cards"),
        replies=count(kinds[AlertKind.REPLY], "reply", "replies"),
        edits=count(kinds[AlertKind.EDIT], "silent edit", "silent edits"),
        sounds=show_decimal(sounds, 1),
    )
    cards = Counter(s.rule for s in run.sent if s.kind is AlertKind.NEW)
    for rule, times in cards.most_common(_NAMED):
        yield f"{show_number(times)}× {rule}"
    if len(cards) > _NAMED:
        yield tr_n(
            "and {n} rule that fired less often", "and {n} rules that fired less often", len(cards) - _NAMED
        )
    never = show_number(len([r for r in rules if r not in cards]))
    yield tr("{n} of {rules} rules never fired", n=never, rules=show_number(len(rules)))
    held: Counter[Reason] = Counter()
    for reasons in run.held.values():
        held.update(reasons)
    if held:
        most = held.most_common(_REASONS)
        yield tr(
            "Held back: {reasons}", reasons=", ".join(f"{show_number(n)} {reason}" for reason, n in most)
        )


def main() -> None:
    """Read an order, write the answer as JSON."""
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU, _CPU))
    order = json.load(sys.stdin)
    try:
        settings = Settings.model_validate(order["settings"])
        with speaking(order["language"]):
            lines = compute(settings, order["version"], timedelta(seconds=order["seconds"]))
        answer: dict[str, Any] = {"lines": lines}
    except BotError as e:
        answer = {"problem": str(e)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
