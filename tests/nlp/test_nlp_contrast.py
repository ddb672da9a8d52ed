"""What a sentence names only to say that it is not so: where it begins and ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlp.contrast import rejected
from bot.nlp.words import tokenize


def told(text: str) -> list[str]:
    tokens = tokenize(text)
    return [" ".join(t.text for t in tokens[r.start : r.end]) for r in rejected(tokens)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("sells bonds, not shares, to build halls", ["not shares"], id="up to the next comma"),
        pytest.param("sells bonds, not shares to build halls", ["not shares"], id="up to what goes on"),
        pytest.param("raises prices instead of cutting capex", ["instead of cutting capex"], id="instead of"),
        pytest.param("lifts its forecast rather than cut it", ["rather than cut it"], id="rather than"),
        pytest.param("raised $1 billion, not $2 billion, of notes", ["not $ 2 billion"], id="an amount"),
        pytest.param("raised $1bn, not the $2bn of notes", ["not the $ 2bn"], id="no more than the amount"),
        pytest.param("lifted not prices but capex", ["not prices"], id="not this but that"),
        pytest.param("sells bonds but not shares", ["not shares"], id="but not"),
        pytest.param("Micron, not Samsung, cuts capex", ["not Samsung"], id="somebody else"),
        pytest.param("Meta did not cut capex but raised it", [], id="a negated verb"),
        pytest.param("Meta will not cut capex", [], id="a denial"),
        pytest.param("cuts jobs, and not only capex", [], id="one beside the other"),
        pytest.param("it was sold, not", [], id="nothing follows"),
        pytest.param("would rather sell than rent", [], id="a wish"),
    ],
)
def test_what_is_set_against_something_else_is_found_whole(text: str, expected: list[str]) -> None:
    assert [t.replace("$ ", "$") for t in told(text)] == [t.replace("$ ", "$") for t in expected]


@given(
    text=st.lists(
        st.sampled_from("not , but instead of rather than $2 billion notes Meta ; - and to".split())
    )
)
def test_any_words_are_read(text: list[str]) -> None:
    tokens = tokenize(" ".join(text))
    last = 0
    for r in rejected(tokens):
        assert last <= r.start < r.end <= len(tokens)
        last = r.end
