"""Invented entries with what the analyzer would say of them: as many as are asked for, varied, always the same ones.

Themes and companies are drawn as in real news: a few companies and themes make most of it, four entries in ten
repeat an earlier one in other words or as a copy, one in fifteen denies what was said.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.model import (
    Analysis,
    Attribution,
    DateQuality,
    Entry,
    Event,
    Mention,
    Polarity,
    SourceKind,
    Span,
    Stage,
)
from bot.text import digest

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
EVERY = timedelta(minutes=4)  # 360 a day, as some 250 feeds bring
_SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split()
WORDS = ["".join(w) for w in itertools.islice(itertools.product(_SYLLABLES, repeat=3), 6_000)]


def analysed(
    count: int, companies: Sequence[str], themes: Sequence[str], *, seed: int = 7
) -> Iterator[tuple[Entry, Analysis]]:
    """Entries, oldest first, with their analyses."""
    draw = random.Random(seed)
    recent: list[tuple[str, str, str]] = []  # company, theme, title
    for n in range(count):
        at = BEGIN + n * EVERY
        known = recent and draw.random() < 0.4
        if known:
            company, theme, title = draw.choice(recent[-40:])
            if draw.random() < 0.5:
                title += f" {draw.choice(WORDS)} {draw.choice(WORDS)}"
        else:
            company = companies[min(int(draw.expovariate(1 / 40)), len(companies) - 1)]
            theme = themes[min(int(draw.expovariate(1 / 8)), len(themes) - 1)]
            title = f"{company} {theme.replace('_', ' ')} {' '.join(draw.sample(WORDS, 7))}"
            recent.append((company, theme, title))
        denied = known and draw.random() < 0.15
        entry = Entry(
            id=digest("bench", str(n)),
            feed_id=f"feed{draw.randrange(250)}",
            guid=str(n),
            url=f"https://news.example/{n}",
            title=title,
            text="",
            content=digest(title, str(n)),
            published=at,
            date_quality=DateQuality.OK,
            seen_at=at,
            kind=draw.choice((SourceKind.WIRE, SourceKind.PAPER, SourceKind.TRADE, SourceKind.SOCIAL)),
            tier=draw.choice((1, 2, 3)),
            source=f"Source {draw.randrange(60)}",
        )
        event = Event(
            theme=theme,
            actor=company,
            stage=draw.choice(tuple(Stage)),
            attribution=Attribution.ON_RECORD if denied else draw.choice(tuple(Attribution)),
            polarity=Polarity.DENIED if denied else Polarity.AFFIRMED,
            evidence=Span("title", 0, len(company)),
        )
        yield (
            entry,
            Analysis(
                entry_id=entry.id,
                mentions=(Mention(company=company, span=Span("title", 0, len(company))),),
                events=(event,) if draw.random() < 0.7 else (),
                version="bench",
            ),
        )


class Reader:
    """Gives analyses that are known already."""

    version = "bench"

    def __init__(self, analyses: Mapping[str, Analysis]) -> None:
        self._analyses = analyses

    def analyze(self, entries: Sequence[Entry], /) -> list[Analysis]:
        """One analysis for each entry, in order."""
        return [self._analyses[e.id] for e in entries]
