from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import (
    content_words,
    did_you_mean,
    digest,
    nearest,
    one_line,
    parse_duration,
    shorten,
    show_duration,
    utf16_length,
)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("200ms", timedelta(milliseconds=200)),
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("1h30m", timedelta(minutes=90)),
        (" 72H ", timedelta(days=3)),
        ("2w", timedelta(days=14)),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize("text", ["", "5", "h", "1.5h", "-3m", "5 years", "1h!"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=61), "1m 1s"),
        (timedelta(days=9, hours=4, minutes=3), "9d 4h"),
        (timedelta(milliseconds=300), "0s"),
    ],
)
def test_durations_are_shown_in_two_units_at_most(span: timedelta, shown: str) -> None:
    assert show_duration(span) == shown


@given(st.text(), st.integers(2, 80))
def test_a_shortened_text_fits_and_begins_like_the_whole(text: str, limit: int) -> None:
    cut = shorten(text, limit)
    assert len(cut) <= limit
    assert text.startswith(cut.removesuffix("…").rstrip()) or len(text) <= limit


def test_a_text_is_cut_after_a_sentence_if_one_ends_late_enough() -> None:
    assert shorten("One is here. Two is here. Three.", 28) == "One is here. Two is here."
    assert shorten("One two three four five six", 14) == "One two three…"


@given(st.text())
def test_utf16_length_is_what_telegram_counts(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


def test_a_digest_tells_parts_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("x") == digest("x")
    assert digest("\ud800")


def test_content_words_drop_what_says_nothing() -> None:
    assert content_words("Meta's plan is the U.S. market's talk of the day, up 5.2%") == {
        "meta",
        "plan",
        "u.s",
        "market",
        "talk",
        "day",
        "5.2",
    }


def test_the_nearest_word_is_offered() -> None:
    assert nearest("levl", ["level", "match"]) == ["level"]
    assert did_you_mean("levl", ["level", "match"]) == "; did you mean 'level'?"
    assert did_you_mean("zzz", ["level"]) == ""


def test_one_line_folds_white_space() -> None:
    assert one_line(" a\n\tb\u00a0c ") == "a b c"
