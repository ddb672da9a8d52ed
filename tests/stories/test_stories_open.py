from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from make import HOUR, NOW, analysis, entry, event, story

from bot.model import DENIABLE, Entry, Exposure, OpenStories, Story
from bot.stories.cluster import begin, echo, join
from bot.stories.dedupe import SAME, find_echo, fingerprint
from bot.stories.nearness import nearest_story

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
@given(items, items, st.sets(st.integers(0, 11)), titles, named)
def test_it_leaves_out_nothing_that_would_be_found(earlier, later, kept, title, companies) -> None:
    before = told(earlier)
    stories = {s.id: s for n, s in enumerate(before) if n in kept} | {s.id: s for s in told(later)}
    below = OpenStories(s for s in before if s.id in stories)
    layered = OpenStories.over(below)
    for one in stories.values():
        layered.put(one)
    whole = OpenStories(stories.values())
    assert dict(layered) == dict(whole) == stories
    assert len(layered) == len(stories)
    assert list(layered) == sorted(stories, key=lambda i: (stories[i].last_seen, i))
    made = entry(title, feed="paper", at=NOW + HOUR)
    words, said = fingerprint(made), analysis(made, event(), companies=companies)
    for some in (layered, whole):
        found, near = list(some.alike(words, SAME)), list(some.near(said.companies))
        assert len({s.id for s in near}) == len(near), "each once"
        assert find_echo(made, words, found) == find_echo(made, words, stories.values())
        assert nearest_story(made, said, near) == nearest_story(made, said, stories.values())
        assert {m.entry_id: some.home(m.entry_id) for s in stories.values() for m in s.members} == {
            m.entry_id: s.id for s in stories.values() for m in s.members
        }
    assert dict(below) == {s.id: s for s in before if s.id in stories}, "what is below stays as it is"


def test_it_asks_few_of_many() -> None:
    def claim(n: int) -> tuple[Entry, Story]:
        made = entry(f"Company{n} weighs selling item{n} to customer{n} this year", guid=str(n))
        return made, begin(made, analysis(made, event(actor=f"C{n}"), companies=[f"C{n}"])).story

    stories = [claim(n)[1] for n in range(500)]
    for opened in (OpenStories(stories), OpenStories.over({s.id: s for s in stories})):
        assert list(opened.alike(fingerprint(claim(7)[0]), SAME)) == [stories[7]]
        assert list(opened.near(["C8"])) == [stories[8]]


def test_a_copy_that_lacks_the_rarest_words_is_found_all_the_same() -> None:
    shorter = "chip0 chip1 chip2 chip3 plant0 plant1 plant2 deal"
    opened = OpenStories(told([(shorter, ())]))
    copy = entry(shorter + " unheard unseen", feed="paper", at=NOW + HOUR)
    assert find_echo(copy, fingerprint(copy), opened.alike(fingerprint(copy), SAME)) is not None


def test_a_story_closes_when_nothing_came_for_so_long() -> None:
    first = story()
    opened = OpenStories([first])
    assert opened.forget(NOW + DENIABLE) == []
    opened.put(replace(first, last_seen=NOW + HOUR))
    assert opened.forget(NOW + DENIABLE + HOUR) == []
    assert opened.forget(NOW + DENIABLE + 2 * HOUR) == [first.id]
    assert (len(opened), list(opened.near([])), opened.home(entry().id)) == (0, [], None)
    assert list(opened.alike(fingerprint(entry()), SAME)) == []


def test_stories_of_stories_are_found_by_their_parts_and_by_nobody_else() -> None:
    wave = replace(story(), id="wave", rule_id="pack/wave", group="memory", links=(story().id,))
    later = replace(wave, id="later", members=(replace(wave.members[0], at=NOW + HOUR),))
    opened = OpenStories.over(OpenStories([story(), later]))
    opened.put(wave)
    assert [s.id for s in opened.wholes(story().id)] == ["wave", "later"]
    assert opened.whole("pack/wave", "memory") == later
    assert opened.whole("pack/wave", "clouds") is None
    assert [s.id for s in opened.near([])] == [s.id for s in opened.near(["META"])] == [story().id]
    assert opened.home(entry().id) == story().id


def test_stories_are_found_by_whom_their_card_named() -> None:
    named = replace(story(), exposures=(Exposure(company="CRWV", path=("competes_with",), weight=0.5),))
    newer = replace(named, id="newer", last_seen=NOW + HOUR)
    opened = OpenStories.over(OpenStories([story()]))
    assert opened.exposing(["CRWV"]) == []
    opened.put(named)
    opened.put(newer)
    assert opened.exposing(["CRWV", "META"]) == [newer, named]
