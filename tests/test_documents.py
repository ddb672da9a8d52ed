from pathlib import Path

import pytest

from bot.documents import Strict, parse_document
from bot.errors import RulesError

PATH = Path("x.yaml")


class Page(Strict):
    value: str | list[str] = ""
    other: str = ""


def mistake(text: str) -> str:
    with pytest.raises(RulesError) as caught:
        parse_document(text, PATH, Page)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[" * 100_000, "x.yaml:1:51"),
        ("{a: " * 100_000, "x.yaml:1:201"),
        ("- " * 100_000, "x.yaml:1:101"),
    ],
    ids=["lists", "mappings", "blocks"],
)
def test_too_deep_is_said_with_its_place_before_anything_recurses(text: str, place: str) -> None:
    said = mistake(text)
    assert place in said
    assert "nested too deeply" in said


def test_an_unfinished_list_is_said_with_its_place() -> None:
    assert "x.yaml:2:1: not valid YAML" in mistake("value: [a, b\n")


def test_a_key_that_stands_twice_is_said_with_both_lines() -> None:
    said = mistake("value: a\nother: b\nvalue: c\n")
    assert "x.yaml:3:1" in said
    assert "first in line 1" in said


def test_a_file_that_repeats_itself_is_refused() -> None:
    assert "repeats itself" in mistake("value: &a [*a]\n")


@pytest.mark.parametrize("scalar", ["ON", "000660", "22:00", "1e3", "null", "~", "2026-01-01"])
def test_a_scalar_stays_what_it_looks_like(scalar: str) -> None:
    assert parse_document(f"value: {scalar}\n", PATH, Page).content.value == scalar
