"""Stories of a whole set of entries at once, as they would have formed one entry after another."""

from __future__ import annotations

from collections.abc import Iterable

from bot.model import Analysis, Entry, OpenStories
from bot.stories import cluster
from bot.stories.dedupe import SAME, find_echo, fingerprint
from bot.stories.nearness import nearest_story


def assign_stories(items: Iterable[tuple[Entry, Analysis]]) -> dict[str, str]:
    """The story id of each entry, by entry id; an entry without a fresh event is a story of its own."""
    homes: dict[str, str] = {}
    stories = OpenStories()
    for entry, analysis in sorted(items, key=lambda pair: (pair[0].at, pair[0].id)):
        stories.forget(entry.at)
        words = fingerprint(entry)
        copied = find_echo(entry, words, stories.alike(words, SAME))
        if copied is not None:
            story = cluster.echo(stories[copied.story_id], entry).story
        elif not analysis.fresh_events:
            homes[entry.id] = entry.id
            continue
        else:
            near = nearest_story(entry, analysis, stories.near(analysis.companies))
            story = (cluster.join(near, entry, analysis) if near else cluster.begin(entry, analysis)).story
        stories.put(story)
        homes[entry.id] = story.id
    return homes
