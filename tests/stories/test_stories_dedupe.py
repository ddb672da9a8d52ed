from datetime import timedelta

import pytest
from make import HOUR, NOW, TITLE, entry, story

from bot.stories.cluster import echo
from bot.stories.dedupe import find_echo, fingerprint, is_origin


@pytest.mark.parametrize(
    ("title", "copied"),
    [
        pytest.param(TITLE, True, id="the same words"),
        pytest.param(TITLE.upper() + "!", True, id="other case and marks"),
        pytest.param("UPDATE 1-" + TITLE, True, id="a wire's update prefix"),
        pytest.param(
            "Meta weighs selling surplus AI compute to rivals, analysts doubt", False, id="other news"
        ),
        pytest.param("Chip stocks slump after report on surplus AI compute", False, id="a reaction"),
        pytest.param("Meta", False, id="too short to tell"),
        pytest.param("CORRECTED-UPDATE 2-" + TITLE, True, id="two prefixes"),
    ],
)
def test_a_copy_shares_nearly_all_its_words(title: str, copied: bool) -> None:
    later = entry(title, feed="paper", at=NOW + HOUR)
    found = find_echo(later, fingerprint(later), [story()])
    assert (found is not None) is copied


@pytest.mark.parametrize("slug", ["UPDATE 1-", "CORRECTED-", "WITHDRAWN-", "KILL: ", "Retraction: "])
def test_a_slug_is_no_word_of_the_headline(slug: str) -> None:
    assert fingerprint(entry(slug + TITLE)) == fingerprint(entry())


def test_an_entry_is_no_copy_of_itself() -> None:
    assert find_echo(entry(), fingerprint(entry()), [story()]) is None


def test_after_the_window_the_same_words_are_news_again() -> None:
    later = entry(feed="paper", at=NOW + timedelta(hours=73))
    assert find_echo(later, fingerprint(later), [story()]) is None


@pytest.mark.parametrize(
    ("feed", "text", "origin"),
    [
        pytest.param(
            "paper", "Two people with knowledge of the plan told the paper.", True, id="own sources"
        ),
        pytest.param("paper", "The plan was first reported by Wire on Monday.", False, id="credits another"),
        pytest.param("wire", "More details of the plan.", False, id="the same outlet again"),
        pytest.param("paper", "He reports that he saw it.", True, id="a reporting verb but no credit"),
    ],
)
def test_an_origin_is_an_outlet_that_says_it_of_its_own(feed: str, text: str, origin: bool) -> None:
    later = entry("Meta may rent out its spare computers", feed=feed, text=text)
    assert is_origin(later, story().members) is origin


def test_copies_raise_the_count_and_nothing_else() -> None:
    grown = echo(story(), entry(feed="paper", at=NOW + HOUR)).story
    assert (grown.origins, grown.copies, grown.revision) == (1, 1, 1)
    assert grown.last_seen == NOW + HOUR
    assert grown.claims == story().claims


def test_another_number_makes_another_piece_of_news() -> None:
    first = entry("Microsoft raises capital spending plan to $80 billion for fiscal year")
    later = entry("Microsoft raises capital spending plan to $72 billion for fiscal year", feed="paper")
    assert find_echo(later, fingerprint(later), [story(first)]) is None


def test_of_equally_near_stories_the_newest_is_copied() -> None:
    older, newer = story(entry(guid="1")), story(entry(guid="2"))
    later = entry(feed="paper", at=NOW + HOUR)
    found = find_echo(later, fingerprint(later), [older, newer])
    assert found is not None
    assert found.story_id == newer.id
