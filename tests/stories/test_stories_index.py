from hypothesis import given, settings
from hypothesis import strategies as st
from make import HOUR, NOW, analysis, entry, event

from bot.model import Entry, Story
from bot.stories.cluster import begin, echo, join, nearest_story
from bot.stories.dedupe import find_echo, fingerprint
from bot.stories.index import StoryIndex

WORDS = [f"{word}{n}" for word in ("chip", "plant", "deal") for n in range(4)] + list("qwxyz")
COMPANIES = ["META", "MSFT", "NVDA"]
titles = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
named = st.lists(st.sampled_from(COMPANIES), max_size=2, unique=True).map(tuple)
items = st.lists(st.tuples(titles, named), min_size=1, max_size=12)


def told(items: list[tuple[str, tuple[str, ...]]]) -> list[Story]:
    """Stories of up to three members each."""
    stories: list[Story] = []
    for n, (title, companies) in enumerate(items):
        made = entry(title, guid=str(n))
        said = analysis(made, event(actor=next(iter(companies), None)), companies=companies)
        if n % 3 and stories:
            stories[-1] = (echo(stories[-1], made) if n % 2 else join(stories[-1], made, said)).story
        else:
            stories.append(begin(made, said).story)
    return stories


@settings(deadline=None)
@given(items, items, titles, named)
def test_the_index_leaves_out_nothing_that_would_be_found(earlier, later, title, companies) -> None:
    index = StoryIndex()
    index.refresh(told(earlier))  # of a batch before, some of it gone or changed since
    stories = told(later)
    index.refresh(stories)
    made = entry(title, feed="paper", at=NOW + HOUR)
    words, said = fingerprint(made), analysis(made, event(), companies=companies)
    assert find_echo(made, words, index.alike(words)) == find_echo(made, words, stories)
    assert nearest_story(made, said, index.near(said.companies)) == nearest_story(made, said, stories)
    assert {m.entry_id: index.home(m.entry_id) for s in stories for m in s.members} == {
        m.entry_id: s.id for s in stories for m in s.members
    }


def test_it_asks_few_of_many() -> None:
    index = StoryIndex()

    def claim(n: int) -> tuple[Entry, Story]:
        made = entry(f"Company{n} weighs selling item{n} to customer{n} this year", guid=str(n))
        return made, begin(made, analysis(made, event(actor=f"C{n}"), companies=[f"C{n}"])).story

    stories = [claim(n)[1] for n in range(500)]
    index.refresh(stories)
    assert index.alike(fingerprint(claim(7)[0])) == [stories[7]]
    assert index.near(["C8"]) == [stories[8]]
    index.refresh(stories[8:])
    assert index.alike(fingerprint(claim(7)[0])) == []
    assert index.home(claim(7)[0].id) is None


def test_a_copy_that_lacks_the_rarest_words_is_found_all_the_same() -> None:
    shorter = "chip0 chip1 chip2 chip3 plant0 plant1 plant2 deal"
    index = StoryIndex()
    index.refresh(told([(shorter, ())]))
    copy = entry(shorter + " unheard unseen", feed="paper", at=NOW + HOUR)
    assert find_echo(copy, fingerprint(copy), index.alike(fingerprint(copy))) is not None
