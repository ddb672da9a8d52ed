"""Exact and near copies of entries that a story already has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model import STORY_WINDOW, Entry, Member, Story
from bot.text import content_words

# Two titles of at least this many content words that share this much (Jaccard) are copies of one another.
# On headline pairs word Jaccard finds the same story with F1 .82 at about .5; a *copy* must be far nearer.
MIN_WORDS = 5
SAME = 0.8


@dataclass(frozen=True, slots=True)
class Echo:
    """An entry repeats a member of a story."""

    story_id: str
    member_id: str


# What wires put before a headline that they send again. Source: handbook.reuters.com, slugs and headlines.
_PREFIX = re.compile(
    r"^\W*(?:(?:(?:update|wrapup|refile|corrected|withdrawn|retract(?:ed|ion)|kill|breaking|exclusive|urgent)\b[ \d]*|\d+)[-:–—]\s*)+",
    re.IGNORECASE,
)


def fingerprint(entry: Entry) -> frozenset[str]:
    """The words by which copies of an entry are recognised: its title's, or its text's where the title is short."""
    words = content_words(_PREFIX.sub("", entry.title))
    return words if len(words) >= MIN_WORDS else words | content_words(entry.text[:300])


def find_echo(entry: Entry, words: frozenset[str], stories: Iterable[Story]) -> Echo | None:
    """The story member that this entry copies, if any; of equally near ones that of the story which changed last."""
    if len(words) < MIN_WORDS:
        return None
    best: tuple[float, tuple[datetime, str], Echo] | None = None
    for story in stories:
        if abs(entry.at - story.last_seen) > STORY_WINDOW:
            continue
        for member in story.members:
            shared = len(words & member.words)
            if shared < SAME * max(len(words), len(member.words)):  # most end here
                continue
            if member.entry_id == entry.id or _numbers(words) != _numbers(member.words):
                continue  # another number makes another piece of news, however alike the words
            score = shared / (len(words) + len(member.words) - shared)
            if score >= SAME and (best is None or (score, story.place) >= best[:2]):
                best = (score, story.place, Echo(story.id, member.entry_id))
    return best[2] if best else None


def _numbers(words: frozenset[str]) -> frozenset[str]:
    return frozenset(w for w in words if any(c.isdigit() for c in w))


# Wordings by which an outlet says that the news is another's.
_CREDITS = (" reported", " reports", "according to a report", "citing ", "report says", "first reported by")


def is_origin(entry: Entry, members: Sequence[Member]) -> bool:
    """Whether an entry adds an independent source to a story.

    The first member is one. Later ones are, unless they come from an outlet that is counted already or
    credit the news to another outlet.
    """
    if not members:
        return True
    source = (entry.source or entry.feed_id).casefold()
    if any(m.origin and (m.source or m.feed_id).casefold() == source for m in members):
        return False
    body = f"{entry.title} {entry.text}".casefold()
    credited = any((m.source or m.feed_id).casefold() in body for m in members if m.origin)
    return not (credited and any(cue in body for cue in _CREDITS))
