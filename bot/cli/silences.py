"""Silences on the command line: an operator holds cards back for a while, sees what is held back, and ends it.

How a silence is obeyed is told in `bot.alerts.decide`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import click

from bot.app import utc_now
from bot.config import Settings
from bot.delivery.words import clock_time, count
from bot.errors import BotError
from bot.loading import Loaded, load
from bot.model import Silence, TargetKind
from bot.store.database import existing
from bot.store.silences import LONGEST, Silences
from bot.terminal import a_duration, given_text, not_empty, with_settings
from bot.text import did_you_mean, digest, nearest, shorten, show_duration

MIN_REFERENCE = 4  # characters of an id that is given by its start
COMMENT = 200  # characters of a comment that are kept


@click.group()
def silences() -> None:
    """Hold cards back for a while."""


@silences.command("add")
@click.option(
    "--for", "span", metavar="6h", required=True, callback=a_duration, help="How long; 30d at most."
)
@click.option("--rule", metavar="ID", callback=not_empty, help="A rule, such as compute/resale.")
@click.option("--company", metavar="NAME", callback=not_empty, help="A company, by name, ticker or id.")
@click.option(
    "--story", metavar="ID", callback=not_empty, help="A story, or an alert about it, as why lists them."
)
@click.option("--feed", metavar="ID", callback=not_empty, help="A feed: every story that it has a part in.")
@click.option("--comment", metavar="TEXT", default="", help="Why; it is shown with what is held back.")
@with_settings
def add(
    settings: Settings,
    span: timedelta,
    rule: str | None,
    company: str | None,
    story: str | None,
    feed: str | None,
    comment: str,
) -> None:
    """Begin a silence.

    Cards that fit all that is given are not sent until it ends, from the bot's next batch of news on. Who
    has the card of a story already still hears what becomes of it.
    """
    if not any((rule, company, story, feed)):
        raise click.UsageError("say what to silence: --rule, --company, --story or --feed")
    if not timedelta(0) < span <= LONGEST:
        raise BotError(f"a silence lasts longer than 0s and at most {show_duration(LONGEST)}")
    now = utc_now()
    with existing(settings.database) as database:
        stored = Silences(database)
        loaded = load(settings) if rule or company or feed else None
        parts = {
            "rule_id": _rule(rule, loaded) if loaded and rule else "",
            "company": _company(company, loaded) if loaded and company else "",
            "story_id": _story(given_text(story), stored) if story else "",
            "feed_id": _feed(feed, loaded) if loaded and feed else "",
        }
        made = Silence(
            id=digest(now.isoformat(), *parts.values(), size=4),
            until=now + span,
            comment=shorten(_printable(given_text(comment)), COMMENT),
            **parts,
        )
        stored.add(made)
    click.echo(f"{made.id}: no cards of {_what(made)} until {clock_time(made.until, now, UTC, zone=True)}")


@silences.command("list")
@with_settings
def show(settings: Settings) -> None:
    """Show those in force, the first made first."""
    now = utc_now()
    with existing(settings.database) as database:
        stored = Silences(database)
        for silence in stored.in_force(now):
            click.echo(_line(silence, stored.held(silence), now))


@silences.command("end")
@click.argument("silence", metavar="ID")
@with_settings
def end(settings: Settings, silence: str) -> None:
    """End a silence before its time.

    ID is as the list shows it. What was held back is not sent later; a story's card is, with its next news.
    """
    with existing(settings.database) as database:
        stored = Silences(database)
        known = [s.id for s in stored.in_force(utc_now())]
        if silence not in known or not stored.end(silence):
            raise BotError(
                f"no silence {_printable(silence)!r} is in force{did_you_mean(silence, known)}; "
                "for those that are, type: spillover silences list"
            )
    click.echo(f"ended {silence}")


def _line(silence: Silence, held: int, now: datetime) -> str:
    """'1a2b3c4d  ends 20:03 UTC (in 5h 59m)  company META  held back 2 cards  earnings week'."""
    parts = (
        silence.id,
        f"ends {clock_time(silence.until, now, UTC, zone=True)} (in {show_duration(silence.until - now)})",
        _what(silence),
        f"held back {count(held, 'card', 'cards')}",
        silence.comment,
    )
    return "  ".join(part for part in parts if part)


def _what(silence: Silence) -> str:
    named = (
        ("rule", silence.rule_id),
        ("company", silence.company),
        ("story", silence.story_id),
        ("feed", silence.feed_id),
    )
    return ", ".join(f"{kind} {value}" for kind, value in named if value)


def _rule(text: str, loaded: Loaded) -> str:
    return _one_of(text, "rule", [rule.id for rule in loaded.book.rules.rules], "rules test")


def _feed(text: str, loaded: Loaded) -> str:
    return _one_of(text, "feed", [feed.id for feed in loaded.feeds], "feeds export")


def _one_of(text: str, kind: str, known: Collection[str], lister: str) -> str:
    if text in known:
        return text
    ends = {k.rpartition("/")[2]: k for k in known}  # a rule without its pack
    alike = [ends[end] for end in nearest(text, ends)] or nearest(text, known)
    hint = f"did you mean {alike[0]!r}?" if alike else f"they are listed by: spillover {lister}"
    raise BotError(f"there is no {kind} {_printable(text)!r}; {hint}")


def _company(text: str, loaded: Loaded) -> str:
    known = loaded.book.rules.known
    if text in known.companies:
        return text
    found = [t.id for t in loaded.vocabulary.resolve(f"company:{text}") if t.kind is TargetKind.COMPANY]
    if len(found) == 1:
        return found[0]
    if found:
        raise BotError(f"{_printable(text)!r} can mean several companies; give the id: {', '.join(found)}")
    names = [*known.companies, *(known.names[company] for company in known.companies)]
    raise BotError(f"there is no company {_printable(text)!r}{did_you_mean(text, names)}")


def _story(text: str, stored: Silences) -> str:
    found = stored.stories(text) if len(text) >= MIN_REFERENCE else []
    if len(found) != 1:
        raise BotError(
            f"no single story or alert begins with {_printable(text)!r}; for the newest ones, type: spillover why"
        )
    return found[0]


def _printable(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
