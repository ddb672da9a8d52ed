"""Stories of a whole set of entries at once, as they would have formed one entry after another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.model import Analysis, Entry, Story
from bot.stories import cluster
from bot.stories.dedupe import find_echo, fingerprint
from bot.stories.index import StoryIndex


def assign_stories(items: Iterable[tuple[Entry, Analysis]]) -> dict[str, str]:
    """The story id of each entry, by entry id; an entry without a fresh event is a story of its own."""
    stories: dict[str, Story] = {}
    homes: dict[str, str] = {}
    index = StoryIndex()
    for entry, analysis in sorted(items, key=lambda pair: (pair[0].at, pair[0].id)):
        words = fingerprint(entry)
        copied = find_echo(entry, words, _open(index.alike(words), entry.at))
        if copied is not None:
            story = cluster.echo(stories[copied.story_id], entry).story
        elif not analysis.fresh_events:
            homes[entry.id] = entry.id
            continue
        else:
            near = cluster.nearest_story(entry, analysis, _open(index.near(analysis.companies), entry.at))
            story = (cluster.join(near, entry, analysis) if near else cluster.begin(entry, analysis)).story
        stories[story.id] = story
        index.put(story)
        homes[entry.id] = story.id
    return homes


def _open(stories: Iterable[Story], now: datetime) -> list[Story]:
    return [s for s in stories if cluster.is_open(s, now)]
