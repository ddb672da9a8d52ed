import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import alert, entry

from bot.following import MAX_WORD, MIN_WORD, Subject, word_target, words
from bot.model import Target, TargetKind


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        pytest.param("Export ban widens", "ban", True, id="a whole word"),
        pytest.param("Urban planners meet", "ban", False, id="a part of one"),
        pytest.param("EXPORT-BAN!", "Export ban", True, id="case and punctuation"),
        pytest.param("Co-packaged optics ship", "co-packaged optics", True, id="a hyphen"),
        pytest.param("Packaged, optics", "packaged optics", True, id="a comma between"),
        pytest.param("Straße gesperrt", "STRASSE", True, id="a letter that grows"),
        pytest.param("ＨＢＭ４ is late", "hbm4", True, id="full width"),
        pytest.param("cafe\u0301 opens", "café", True, id="an accent apart"),
        pytest.param("שבבים חדשים", "שבבים", True, id="right to left"),
        pytest.param("H100s sell", "h100", False, id="another form of it"),
    ],
)
def test_a_word_is_found_whole_in_any_case(text: str, word: str, found: bool) -> None:
    target = word_target(word)
    assert target is not None
    made = entry(text)
    assert Subject(alert(made, title="", evidence=""), made).holds(target) is found


@pytest.mark.parametrize("text", ["", "ai", "a b", "?!*.", "x" * 41, "語" * 14], ids=repr)
def test_what_is_too_short_or_too_long_is_no_word(text: str) -> None:
    assert word_target(text) is None


def test_an_empty_word_is_found_nowhere() -> None:
    assert not Subject(alert(), entry()).holds(Target(TargetKind.WORD, ""))


@given(st.text())
def test_words_of_words_are_the_same_and_a_word_fits_a_button(text: str) -> None:
    assert words(words(text)) == words(text)
    target = word_target(text)
    if target is not None:
        assert len(target.id) >= MIN_WORD
        assert len(target.id.encode()) <= MAX_WORD
        assert word_target(target.id) == target


@given(st.text(min_size=3, max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_whatever_was_followed_as_a_word_is_found_where_it_stands(word: str, before: str, after: str) -> None:
    target = word_target(word)
    if target is not None:
        made = entry(f"{before} . {word} . {after}")
        assert Subject(alert(made), made).holds(target)
