from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from desk_fakes import META, META_MATERIALS, small_vocabulary
from hypothesis import given
from hypothesis import strategies as st
from make import NOW

from bot.delivery.asking import Asked, read_query
from bot.model import Modality, Severity
from bot.shelves import Query

NEW_YORK = ZoneInfo("America/New_York")
WORDS = small_vocabulary()


def read(text: str, **more: object) -> Asked:
    return read_query(text, WORDS, NOW, NEW_YORK, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        pytest.param("surplus compute", Query(words=("surplus", "compute")), id="words"),
        pytest.param('"excess capacity" sale', Query(words=("excess capacity", "sale")), id="a phrase"),
        pytest.param("“excess capacity”", Query(words=("excess capacity",)), id="a phone's quotes"),
        pytest.param('"excess capacity', Query(words=("excess capacity",)), id="a quote that stays open"),
        pytest.param("company:nvidia deal", Query(words=("deal",), companies=("NVDA",)), id="a company"),
        pytest.param("Company: $NVDA", Query(companies=("NVDA",)), id="a blank after the colon"),
        pytest.param(
            "company:sk hynix memory", Query(words=("memory",), companies=("000660.KS",)), id="a long name"
        ),
        pytest.param('company:"sk hynix"', Query(companies=("000660.KS",)), id="a quoted name"),
        pytest.param("theme:compute resale", Query(theme="compute_resale"), id="a theme"),
        pytest.param(
            "modality:Denied level:HIGH",
            Query(modality=Modality.DENIED, level=Severity.HIGH),
            id="modality and level",
        ),
        pytest.param("since:7d", Query(since=NOW - timedelta(days=7)), id="so long ago"),
        pytest.param(
            "since:2026-03-01", Query(since=datetime(2026, 3, 1, 5, 0, tzinfo=UTC)), id="a day in the zone"
        ),
        pytest.param("re:Invent x", Query(words=("re:Invent", "x")), id="a colon within a word"),
        pytest.param("a AND b* (c", Query(words=("a", "AND", "b*", "(c")), id="another's syntax"),
        pytest.param("chips — !", Query(words=("chips",)), id="marks are no words"),
        pytest.param('"since:7d"', Query(words=("since:7d",)), id="a filter in quotes is a word"),
    ],
)
def test_what_is_typed_is_understood(text, query):
    assert read(text) == Asked(query=query)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "What do you look for?", id="nothing"),
        pytest.param('— "', "What do you look for?", id="marks alone"),
        pytest.param(
            "company:", "Nothing stands behind “company:”. Write for example company:nvidia.", id="no value"
        ),
        pytest.param(
            "company:nvidea", "I know no company “nvidea”. Did you mean nvidia or nvda?", id="a slip"
        ),
        pytest.param("company:memory", "“memory” is a sector, not a company.", id="no company"),
        pytest.param("theme:nvidia", "“nvidia” is a company, not a theme.", id="no theme"),
        pytest.param(
            "compny:nvidia", "There is no filter “compny:”; did you mean company:?", id="a filter's slip"
        ),
        pytest.param("company:mu company:nvda", "company: stands there twice; name one.", id="twice"),
        pytest.param("modality:denyed", "did you mean denied?", id="no modality"),
        pytest.param("level:loud", "Levels: info, low, medium, high, critical", id="no level"),
        pytest.param(
            "since:tomorrow", "“tomorrow” is no time. Write since:7d or since:2026-03-01.", id="no time"
        ),
        pytest.param("since:2026-13-01", "is no time", id="no date"),
        pytest.param("since:99999999w", "is no time", id="before the calendar"),
        pytest.param("since:9999-01-01", "is still to come", id="the future"),
        pytest.param("company:@everyone", "“@\u2060everyone”", id="what would ping"),
        pytest.param("company:" + "x" * 150, "x…”", id="something endless"),
    ],
)
def test_what_can_not_be_understood_gets_one_line(text, problem):
    asked = read(text)
    assert problem in asked.problem
    assert "\n" not in asked.problem
    assert len(asked.problem) < 200


def test_the_beginning_of_the_calendar_is_a_time():
    assert read("since:0001-01-02").query.since == datetime(1, 1, 2, 4, 56, 2, tzinfo=UTC)
    assert "is no time" in read_query("since:0001-01-01", WORDS, NOW, ZoneInfo("Asia/Tokyo")).problem


def test_a_name_of_several_companies_is_asked_about_and_an_answer_settles_it():
    asked = read("deal company:meta since:7d")
    assert (asked.choices, asked.name) == ((META, META_MATERIALS), "meta")
    settled = read("deal company:meta since:7d", company="MMAT")
    assert settled.query == Query(words=("deal",), companies=("MMAT",), since=NOW - timedelta(days=7))
    assert read("company:meta", company="NVDA").choices, "an answer to another question settles nothing"


def test_while_somebody_types_a_name_means_all_and_a_word_may_go_on():
    assert read("company:meta", is_typing=True).query == Query(companies=("META", "MMAT"))
    assert read("surplus comp", is_typing=True).query.is_typing
    assert not read("surplus compute ", is_typing=True).query.is_typing
    assert not read("company:nvidia", is_typing=True).query.is_typing


@given(st.text(max_size=200), st.booleans())
def test_nothing_that_is_typed_can_hurt(text, is_typing):
    asked = read(text, is_typing=is_typing)
    assert asked.problem or asked.choices or asked.query != Query()


@given(
    st.lists(
        st.sampled_from(
            [
                "company:",
                "since:",
                '"',
                "7d",
                "meta",
                "nvidia",
                " ",
                "level:high",
                "theme:",
                "2026-03-01",
                ":",
            ]
        ),
        max_size=8,
    ).map("".join)
)
def test_no_heap_of_filters_can_hurt(text):
    asked = read(text)
    assert asked.problem or asked.choices or asked.query != Query()
