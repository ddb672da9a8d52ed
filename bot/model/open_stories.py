"""The stories from which something may still come, and the few of them that an entry could belong to."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from operator import attrgetter

from bot.model.alert import DENIABLE
from bot.model.story import Story

_Ids = dict[str, None]  # story ids, as a set


class OpenStories(Mapping[str, Story]):
    """Open stories by id, in the order of their last change, found by what they have in common with an entry.

    Deciding costs the same however many are open: nothing here but `for` goes through all of them, and one
    collection may lie over another that it leaves as it is.

    Args:
        stories: To begin with.
        over: What it shows where it holds nothing newer itself; must not change while this one is in use.
    """

    def __init__(self, stories: Iterable[Story] = (), over: OpenStories | None = None) -> None:
        self._stories: dict[str, Story] = {}
        self._below = over
        self._fresh = 0  # stories that are not below
        self._home: dict[str, str] = {}  # entry id → its story's
        self._tables: dict[str, dict[str, _Ids]] = {kind: {} for kind in _KINDS}
        self._ages: list[
            tuple[datetime, str]
        ] = []  # heap of a time at or before each one's last change, and its id
        for story in stories:
            self.put(story)

    @classmethod
    def over(cls, known: Mapping[str, Story]) -> OpenStories:
        """An empty collection over what is known."""
        return cls(over=known if isinstance(known, OpenStories) else cls(known.values()))

    def __getitem__(self, story_id: str) -> Story:
        own = self._stories.get(story_id)
        if own is not None or self._below is None:
            return own if own is not None else self._stories[story_id]
        return self._below[story_id]

    def __iter__(self) -> Iterator[str]:
        below = (
            (s for i, s in self._below.items() if i not in self._stories) if self._below is not None else ()
        )
        return iter([s.id for s in sorted((*self._stories.values(), *below), key=attrgetter("place"))])

    def __len__(self) -> int:
        return self._fresh + (len(self._below) if self._below is not None else 0)

    def __contains__(self, story_id: object) -> bool:
        return story_id in self._stories or (self._below is not None and story_id in self._below)

    def put(self, story: Story) -> None:
        """Add a story, or take note of its change."""
        before = self._stories.get(story.id)
        if before is None:
            if self._below is None:
                heapq.heappush(self._ages, story.place)
            self._fresh += self._below is None or story.id not in self._below
        for kind, table in self._tables.items():
            self._move(story.id, table, _keys(kind, before) if before else frozenset(), _keys(kind, story))
        self._stories[story.id] = story
        if not story.rule_id:
            self._home.update((m.entry_id, story.id) for m in story.members)

    def forget(self, now: datetime) -> list[str]:
        """Drop what has closed by now, and return the ids; there must be nothing below."""
        gone: list[str] = []
        while self._ages and now - self._ages[0][0] > DENIABLE:
            story = self._stories[heapq.heappop(self._ages)[1]]
            if now - story.last_seen <= DENIABLE:
                heapq.heappush(self._ages, story.place)
                continue
            del self._stories[story.id]
            self._fresh -= 1
            for kind, table in self._tables.items():
                self._move(story.id, table, _keys(kind, story), frozenset())
            if not story.rule_id:
                for member in story.members:
                    self._home.pop(member.entry_id, None)
            gone.append(story.id)
        return gone

    def home(self, entry_id: str) -> str | None:
        """The id of the story that an entry is a member of; a story of stories is nobody's home."""
        return self._home.get(entry_id) or (self._below.home(entry_id) if self._below is not None else None)

    def alike(self, words: frozenset[str], share: float) -> Iterator[Story]:
        """Every story that may have a member with this share of the words at least, in no order.

        Such a member has one of any few more than the rest of them: the rarest are asked. Source: prefix
        filtering, Chaudhuri et al., "A primitive operator for similarity joins", 2006.
        """
        some = len(words) - int(share * len(words)) + 1
        rarest = sorted(words, key=lambda w: self._count("word", w))[:some]
        return self._found("word", rarest)

    def near(self, companies: Iterable[str]) -> Iterator[Story]:
        """Every story that names one of the companies, or none at all, in no order; without companies every story."""
        named = list(companies)
        return self._found("company", ["", *named]) if named else self._told_by_entries()

    def exposing(self, companies: Iterable[str]) -> list[Story]:
        """Every story whose card named one of these companies as touched, the newest change first."""
        return sorted(self._found("exposed", companies), key=attrgetter("place"), reverse=True)

    def wholes(self, story_id: str) -> list[Story]:
        """The stories of stories that a story is a part of."""
        return sorted(self._found("part", [story_id]), key=attrgetter("newest", "first_seen", "id"))

    def whole(self, rule_id: str, group: str) -> Story | None:
        """The story of stories by this rule with this in common that began last; older news may have begun it."""
        found = self._found("whole", [f"{rule_id} {group}"])
        return max(found, key=attrgetter("first_seen", "newest", "id"), default=None)

    def _told_by_entries(self) -> Iterator[Story]:
        yield from (s for s in self._stories.values() if not s.rule_id)
        if self._below is not None:
            yield from (s for s in self._below._told_by_entries() if s.id not in self._stories)

    def _found(self, kind: str, keys: Iterable[str]) -> Iterator[Story]:
        """Stories under any of these keys, each once."""
        keys, table = list(keys), self._tables[kind]
        own = dict.fromkeys(i for k in keys for i in table.get(k, ()))
        yield from (self._stories[i] for i in own)
        if self._below is not None:
            yield from (s for s in self._below._found(kind, keys) if s.id not in self._stories)

    def _count(self, kind: str, key: str) -> int:
        below = self._below._count(kind, key) if self._below is not None else 0
        return len(self._tables[kind].get(key, ())) + below

    @staticmethod
    def _move(story_id: str, table: dict[str, _Ids], before: frozenset[str], after: frozenset[str]) -> None:
        for key in after - before:
            table.setdefault(key, {})[story_id] = None
        for key in before - after:
            del table[key][story_id]
            if not table[key]:
                del table[key]


_KINDS = ("word", "company", "exposed", "part", "whole")


def _keys(kind: str, story: Story) -> frozenset[str]:
    """Under which a story is found: by entries, or as a story of stories."""
    if story.rule_id:
        if kind == "part":
            return frozenset(story.links)
        return frozenset({f"{story.rule_id} {story.group}"}) if kind == "whole" else frozenset()
    if kind == "word":
        return frozenset[str]().union(*(m.words for m in story.members))
    if kind == "company":
        return story.companies or frozenset({""})
    return frozenset(x.company for x in story.exposures) if kind == "exposed" else frozenset()
