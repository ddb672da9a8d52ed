"""Stories of a whole set of entries at once, as they would have formed one entry after another."""

from __future__ import annotations

from collections.abc import Iterable

from bot.model import Analysis, Entry, Story
from bot.stories import cluster
from bot.stories.dedupe import find_echo, fingerprint


def assign_stories(items: Iterable[tuple[Entry, Analysis]]) -> dict[str, str]:
    """The story id of each entry, by entry id; an entry without a fresh event is a story of its own."""
    stories: dict[str, Story] = {}
    homes: dict[str, str] = {}
    for entry, analysis in sorted(items, key=lambda pair: (pair[0].at, pair[0].id)):
        still_open = [s for s in stories.values() if cluster.is_open(s, entry.at)]
        copied = find_echo(entry, fingerprint(entry), still_open)
        if copied is not None:
            story = cluster.echo(stories[copied.story_id], entry).story
        elif not analysis.fresh_events:
            homes[entry.id] = entry.id
            continue
        else:
            near = cluster.nearest_story(entry, analysis, still_open)
            story = (cluster.join(near, entry, analysis) if near else cluster.begin(entry, analysis)).story
        stories[story.id] = story
        homes[entry.id] = story.id
    return homes
