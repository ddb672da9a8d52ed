"""Texts in the language of whoever reads, and that no language lacks one."""

from __future__ import annotations

import string
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from babel.messages import Message

from bot.locale import (
    SOURCE,
    known_language,
    languages,
    native_name,
    show_date,
    show_number,
    speaking,
    spoken,
    tr,
    tr_n,
)
from bot.locale.catalogue import lacking, read

OTHERS = [language for language in languages() if language != SOURCE]


def test_there_is_a_language_besides_the_one_of_the_source() -> None:
    assert "de" in OTHERS


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_text_and_none_that_is_gone(language: str) -> None:
    assert lacking(language) == []


def places(texts: Iterable[str]) -> list[set[str]]:
    """The names that each of some texts fills in."""
    return [{name for _, name, _, _ in string.Formatter().parse(text) if name is not None} for text in texts]


def forms(of: str | Iterable[str] | None) -> list[str]:
    return [of] if isinstance(of, str) else list(of or ())


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_fills_in_the_same_values(language: str) -> None:
    def differs(message: Message) -> bool:
        said = places(forms(message.string))
        wanted = set().union(*places(forms(message.id)))
        # The singular may say 'one' in words.
        return said[-1] != wanted or not all(found <= wanted for found in said)

    assert [message.id for message in read(language) if message.id and differs(message)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_names_the_same_commands(language: str) -> None:
    def commands(text: str) -> set[str]:
        return {word.strip(".,:;()!?") for word in text.split() if word.startswith("/")}

    assert [
        message.id
        for message in read(language)
        if isinstance(message.id, str) and commands(message.id) != commands(str(message.string))
    ] == []


def test_a_text_is_said_in_the_language_that_is_spoken() -> None:
    assert tr("I speak {language} from now on.", language="Deutsch") == "I speak Deutsch from now on."
    with speaking("de"):
        assert tr("I speak {language} from now on.", language="Deutsch") == "Ab jetzt spreche ich Deutsch."
    assert spoken() == SOURCE


def test_what_no_catalogue_knows_is_said_as_it_is() -> None:
    with speaking("de"):
        assert tr("Nvidia") == "Nvidia"
        assert tr("") == ""


def test_nothing_in_a_value_is_taken_for_a_place() -> None:
    assert tr("I speak {language} from now on.", language="{language.__class__}") == (
        "I speak {language.__class__} from now on."
    )


def test_a_language_that_is_none_changes_nothing() -> None:
    with speaking("de"), speaking("xx"):
        assert spoken() == "de"


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("DE_ch", "de"),
        ("Deutsch", "de"),
        ("german", "de"),
        ("en-GB", "en"),
        ("english", "en"),
        ("fr", ""),
        ("", ""),
        ("d", ""),
        ("{}", ""),
        ("dentist", ""),
    ],
)
def test_a_language_is_known_by_code_and_name(code: str, language: str) -> None:
    assert known_language(code) == language


def test_languages_call_themselves_by_their_own_name() -> None:
    assert [native_name(code) for code in languages()] == ["English", "Deutsch"]


def test_numbers_and_dates_are_written_as_readers_of_the_language_do() -> None:
    moment = datetime(2026, 10, 7, 14, 5, tzinfo=UTC)
    assert (show_number(12345), show_date(moment, "dd MMM HH:mm")) == ("12,345", "07 Oct 14:05")
    with speaking("de"):
        assert (show_number(12345), show_date(moment, "dd MMM HH:mm")) == ("12.345", "7. Okt. 14:05")


def test_a_number_chooses_the_form() -> None:
    assert tr_n("{n} step", "{n} steps", 1) == "1 step"
    assert tr_n("{n} step", "{n} steps", 1200) == "1,200 steps"
