"""Finds the few stories that an entry could belong to, so that deciding costs the same however many are open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bot.model import Story
from bot.stories.dedupe import SAME

Ids = dict[str, None]  # story ids, as a set


class StoryIndex:
    """Stories by the words of their members and by the companies that they name.

    It may be kept from batch to batch: `refresh` looks only at stories that are not the same objects as
    before. What it leaves out could not have been found; so nothing depends on it but the time it takes.
    """

    def __init__(self) -> None:
        self._stories: dict[str, Story] = {}
        self._place: dict[str, int] = {}  # order in which the stories were given
        self._words: dict[str, frozenset[str]] = {}  # by story id
        self._with_word: defaultdict[str, Ids] = defaultdict(dict)
        self._with_company: defaultdict[str, Ids] = defaultdict(dict)
        self._nameless: Ids = {}  # stories that name no company
        self._home: dict[str, str] = {}  # entry id → its story's

    def refresh(self, stories: Iterable[Story]) -> None:
        """Hold these stories and no others, in this order."""
        given = {story.id: story for story in stories}
        for story_id in self._stories.keys() - given.keys():
            self._drop(story_id)
        self._place = {story_id: n for n, story_id in enumerate(given)}
        for story in given.values():
            if self._stories.get(story.id) is not story:
                self.put(story)

    def put(self, story: Story) -> None:
        """Add a story behind the others, or take note of its change."""
        self._place.setdefault(story.id, len(self._place))
        before = self._stories.get(story.id)
        words = frozenset[str]().union(*(m.words for m in story.members))
        self._move(story.id, self._with_word, self._words.get(story.id, frozenset()), words)
        self._move(story.id, self._with_company, before.companies if before else frozenset(), story.companies)
        if story.companies:
            self._nameless.pop(story.id, None)
        else:
            self._nameless[story.id] = None
        self._words[story.id] = words
        self._stories[story.id] = story
        self._home.update((m.entry_id, story.id) for m in story.members)

    def home(self, entry_id: str) -> str | None:
        """The id of the story that an entry is a member of."""
        return self._home.get(entry_id)

    def alike(self, words: frozenset[str]) -> list[Story]:
        """Every story that may have a member with nearly the same words.

        A copy has `SAME` of the words at least, so it has one of any few more than the rest of them: the rarest
        are asked. Source: prefix filtering, Chaudhuri et al., "A primitive operator for similarity joins", 2006.
        """
        some = len(words) - int(SAME * len(words)) + 1
        rarest = sorted(words, key=lambda w: len(self._with_word.get(w, ())))[:some]
        return self._in_order(*(self._with_word.get(w, {}) for w in rarest))

    def near(self, companies: Iterable[str]) -> list[Story]:
        """Every story that names one of the companies, or none at all; all stories where no company is given."""
        named = list(companies)
        if not named:
            return self._in_order(self._stories)
        return self._in_order(self._nameless, *(self._with_company.get(c, {}) for c in named))

    def _in_order(self, *found: Iterable[str]) -> list[Story]:
        ids = set[str]().union(*found)
        return [self._stories[i] for i in sorted(ids, key=self._place.__getitem__)]

    def _drop(self, story_id: str) -> None:
        gone = self._stories.pop(story_id)
        self._move(story_id, self._with_word, self._words.pop(story_id), frozenset())
        self._move(story_id, self._with_company, gone.companies, frozenset())
        self._nameless.pop(story_id, None)
        for member in gone.members:
            self._home.pop(member.entry_id, None)

    @staticmethod
    def _move(
        story_id: str, table: defaultdict[str, Ids], before: frozenset[str], after: frozenset[str]
    ) -> None:
        for key in after - before:
            table[key][story_id] = None
        for key in before - after:
            del table[key][story_id]
            if not table[key]:
                del table[key]
