"""How values read."""

from datetime import timedelta

import pytest

from bot.delivery.words import span_text
from bot.locale import speaking


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
