"""How values read: whatever the program can find has a word in every language."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest

from bot.alerts.exposure import Step
from bot.delivery.words import flag_text, relation_text, span_text
from bot.locale import SOURCE, languages, speaking
from bot.model import Exposure
from bot.nlp.normalise import FLAGS

OTHERS = [language for language in languages() if language != SOURCE]


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("step", get_args(Step))
def test_every_relation_has_a_word_in_every_language(step: str, language: str) -> None:
    reached = Exposure(company="NVDA", path=(step,), weight=0.7)
    english = relation_text(reached, str)
    with speaking(language):
        assert relation_text(reached, str) != english


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_every_flag_has_a_text_in_every_language(flag: str, language: str) -> None:
    english = flag_text(flag)
    with speaking(language):
        assert flag_text(flag) != english


@pytest.mark.parametrize(
    ("span", "english", "german"),
    [
        pytest.param(timedelta(days=90), "90 days", "90 Tage", id="days"),
        pytest.param(timedelta(hours=36), "36 hours", "36 Stunden", id="hours"),
        pytest.param(timedelta(minutes=1), "1 minute", "1 Minute", id="a minute"),
        pytest.param(timedelta(seconds=5430), "1h 30m", "1h 30m", id="no unit gives it whole"),
        pytest.param(timedelta(), "0s", "0s", id="nothing"),
    ],
)
def test_a_span_is_written_out(span, english, german):
    assert span_text(span) == english
    with speaking("de"):
        assert span_text(span) == german
