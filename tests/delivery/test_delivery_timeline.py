from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from library_fakes import MemoryLibrary
from library_scene import (
    AGREED,
    CORRECTION,
    CUT,
    DENIAL,
    NOTICE,
    RIVAL,
    SLUMP,
    Day,
    busy_day,
    decide,
    newsroom,
)
from make import HOUR, NOW, TITLE, entry, event, story

from bot.delivery.timeline import timeline
from bot.model import Card, EntityKind, Member, Polarity, Sighting, Stage
from bot.shelves import History
from bot.text import utf16_length

NEW_YORK = ZoneInfo("America/New_York")


def history_of(day: Day, title: str = TITLE) -> History:
    library = MemoryLibrary()
    for outcome, _ in day:
        library.take(outcome)
    found = library.history(next(s.id for s in library.stories.values() if s.title == title))
    assert found is not None
    return found


def draw(history: History) -> Card:
    names = {"META": "Meta", "compute_resale": "compute resale", "capex_cut": "lower spending"}
    return timeline(history, names=lambda i: names.get(i, i), now=NOW + 9 * HOUR, tz=NEW_YORK)


def told(day: Day) -> list[str]:
    """The steps of the story."""
    return draw(history_of(day)).text.split("\n")[2:]


def bold(card: Card) -> list[str]:
    return [card.text[e.start : e.end] for e in card.entities if e.kind is EntityKind.BOLD]


def struck(card: Card) -> list[str]:
    return [card.text[e.start : e.end] for e in card.entities if e.kind is EntityKind.STRIKE]


def test_a_story_is_a_list_of_steps_with_time_source_and_link(tmp_path: Path):
    card = draw(history_of(busy_day(tmp_path)))
    assert card.text.split("\n") == [
        TITLE,
        "HIGH denied · 3 independent origins, 3 copies",
        f"09:30 First report · considering · sourced · Wire: {TITLE}",
        f"10:00 Independent origin 2 · Paper: {RIVAL}",
        "12:00 Also selloff (CRWV, MU): confirmed · on record · "
        f"Spillover seen: CRWV, MU fell · Wire: {SLUMP}",
        f"13:00 Independent origin 3 · Denied · Newsroom: {DENIAL}",
    ]
    assert bold(card)[1] == "First report · considering · sourced"
    links = {card.text[e.start : e.end]: e.url for e in card.entities if e.url}
    assert set(links) == {TITLE, RIVAL, SLUMP, DENIAL}
    assert len(set(links.values())) == 4
    assert [b.label for row in card.buttons for b in row] == ["Why", "Open"]


def test_copies_are_counted_and_not_listed(tmp_path: Path):
    day = decide(newsroom(tmp_path), *((TITLE, f"feed{n}", n / 10) for n in range(12)))
    card = draw(history_of(day))
    assert card.text.split("\n")[1] == "HIGH considering · 1 independent origin, 11 copies"
    assert len(card.text.split("\n")) == 3


@pytest.mark.parametrize(
    ("title", "feed", "turn"),
    [
        pytest.param(AGREED, "paper", "Independent origin 2 · Confirmed", id="confirmation"),
        pytest.param(DENIAL, "paper", "Independent origin 2 · Denied", id="denial"),
        pytest.param(CORRECTION, "wire", "Corrected", id="correction"),
        pytest.param(NOTICE, "wire", "Withdrawn", id="withdrawal"),
    ],
)
def test_every_turn_has_its_word(tmp_path: Path, title: str, feed: str, turn: str):
    day = decide(newsroom(tmp_path), (TITLE, "wire", 0), (title, feed, 2))
    assert told(day)[1:] == [f"11:00 {turn} · {feed.title()}: {title}"]


def test_a_withdrawal_by_one_of_two_outlets_is_a_step_too(tmp_path: Path):
    day = decide(newsroom(tmp_path), (TITLE, "wire", 0), (RIVAL, "paper", 1), (NOTICE, "wire", 2))
    assert told(day)[2] == f"11:00 Withdrawn · Wire: {NOTICE}"
    assert draw(history_of(day)).text.split("\n")[1].startswith("HIGH considering")


def test_a_story_that_nobody_stands_by_says_so_first(tmp_path: Path):
    day = decide(newsroom(tmp_path), (TITLE, "wire", 0), (NOTICE, "wire", 2))
    assert draw(history_of(day)).text.split("\n")[1].startswith("HIGH withdrawn · ")


def test_a_denial_that_the_record_overcomes_shows_both(tmp_path: Path):
    day = decide(newsroom(tmp_path), (TITLE, "wire", 0), (DENIAL, "paper", 1), (AGREED, "post", 2))
    assert [line.split(" · ")[1] for line in told(day)] == ["considering", "Denied", "Confirmed"]


def with_claims(*stages: Stage) -> History:
    """A story whose entries, a minute apart, go from stage to stage."""
    entries = [entry(f"Report {n}", guid=str(n), at=NOW + timedelta(minutes=n)) for n in range(len(stages))]
    members = tuple(
        Member(
            entry_id=e.id, feed_id="wire", source="Wire", at=e.at, origin=n == 0, tier=1,
            words=frozenset(), url=e.url,
        )
        for n, e in enumerate(entries)
    )  # fmt: skip
    claims = [event(stage=stage) for stage in stages]
    made = replace(story(entries[0]), members=members)
    sightings = [
        replace(
            Sighting(
                story_id=made.id, at=e.at, event=claim, companies=(), sectors=(), entry_id=e.id,
                feed_id="wire", kind=e.kind, tier=1, language="en", source="Wire", title=e.title, url=e.url,
            )
        )
        for e, claim in zip(entries, claims, strict=True)
    ]  # fmt: skip
    return History(
        story=made, alerts=(), sightings=tuple(sightings), entries={e.id: e for e in entries},
        withdrawals=frozenset(), parts=(),
    )  # fmt: skip


def test_a_stage_that_rises_is_a_turn_and_one_that_does_not_is_none():
    history = with_claims(Stage.EXPLORING, Stage.EXPLORING, Stage.PLANNED, Stage.AGREED)
    assert [line.split(" · ")[0] for line in draw(history).text.split("\n")[2:]] == [
        "09:00 First report",
        "09:02 Now planned",
        "09:03 Now agreed",
    ]


def test_what_was_pruned_is_shown_by_what_is_left_of_it():
    history = replace(with_claims(Stage.EXPLORING, Stage.AGREED), entries={})
    card = draw(history)
    assert card.text.split("\n")[2:] == [
        "09:00 First report · considering · sourced · Wire",
        "09:01 Now agreed · Wire",
    ]


def test_an_entry_of_many_claims_is_one_step_of_bearable_length():
    history = with_claims(Stage.EXPLORING)
    [first] = history.sightings
    more = [replace(first, event=event(f"theme {n}")) for n in range(60)]
    lines = draw(replace(history, sightings=(first, *more))).text.split("\n")
    assert len(lines) == 3
    assert len(lines[2]) < 300


def test_an_untold_story_has_no_why_and_no_level():
    card = draw(with_claims(Stage.EXPLORING))
    assert card.text.split("\n")[1] == "1 independent origin"
    assert [b.label for row in card.buttons for b in row] == ["Open"]


def test_of_a_long_story_the_middle_is_left_out():
    entries = [entry(f"Report {n} " + "x" * 90, guid=str(n), feed=f"f{n}") for n in range(80)]
    members = tuple(
        Member(
            entry_id=e.id, feed_id=e.feed_id, source=e.source, at=e.at, origin=True, tier=1,
            words=frozenset(), url=e.url,
        )
        for e in entries
    )  # fmt: skip
    history = replace(
        with_claims(Stage.EXPLORING),
        story=replace(story(entries[0]), members=members),
        sightings=(),
        entries={e.id: e for e in entries},
    )
    lines = draw(history).text.split("\n")[2:]
    assert lines[4].startswith("09:00 Independent origin 5 ")
    assert lines[5] == "… 60 steps left out …"
    assert lines[-1].startswith("09:00 Independent origin 80 ")
    assert utf16_length(draw(history).text) <= 4096


def test_a_story_of_stories_names_them_with_a_button_each(tmp_path: Path):
    room = newsroom(tmp_path)
    other = "Meta cuts what it spends on halls"
    room.reader.learn(other, *(replace(e, actor="META") for e in room.reader.said[CUT]))
    day = decide(room, (CUT, "wire", 0), (other, "paper", 1))
    whole = next(s for outcome, _ in day for s in outcome.stories if s.rule_id)
    history = history_of(day, whole.title)
    card = draw(history)
    assert card.text.split("\n")[2:] == [
        "It puts together:",
        f"1. 09:00 {CUT} · 1 independent origin",
        f"2. 10:00 {other} · 1 independent origin",
    ]
    assert [b.data for b in card.buttons[0]] == [f"story:{part.id}" for part in history.parts]
    assert "… and 1 story more" in draw(replace(history, parts=history.parts[:1])).text


def test_a_story_of_stories_says_which_of_them_hold_no_more(tmp_path: Path):
    room = newsroom(tmp_path)
    other, denial = "Meta cuts what it spends on halls", "Meta denies that it cuts what it spends on halls"
    cut = room.reader.said[CUT][0]
    room.reader.learn(other, replace(cut, actor="META"), event("rally", "META"))
    room.reader.learn(denial, replace(cut, actor="META", polarity=Polarity.DENIED))
    day = decide(room, (CUT, "wire", 0), (other, "paper", 1), (denial, "newsroom", 2))
    whole = next(s for outcome, _ in day for s in outcome.stories if s.rule_id)
    card = draw(history_of(day, whole.title))
    assert card.text.split("\n")[3:] == [
        f"1. 09:00 {CUT} · 1 independent origin",
        f"2. 10:00 {other} · denied · 2 independent origins",
    ]
    assert struck(card) == [other]


def test_what_becomes_of_another_claim_names_it(tmp_path: Path):
    room = newsroom(tmp_path)
    also, denial = "Meta weighs selling compute and cuts spending", "Meta denies that it cuts spending"
    resale, cut = event(), event("capex_cut")
    room.reader.learn(also, resale, cut)
    room.reader.learn(denial, replace(cut, polarity=Polarity.DENIED))
    day = decide(room, (TITLE, "wire", 0), (also, "paper", 1), (denial, "newsroom", 2))
    card = draw(history_of(day))
    assert card.text.split("\n")[1].startswith("HIGH considering")
    assert card.text.split("\n")[-1].split(" · ")[1] == "Denied: lower spending (Meta)"
    assert struck(card) == []


def test_a_turn_of_all_claims_is_told_once(tmp_path: Path):
    room = newsroom(tmp_path)
    also, denial = "Meta weighs selling compute and cuts spending", "Meta denies it all"
    claims = (event("capex_cut"), event())
    room.reader.learn(also, *claims)
    room.reader.learn(denial, *(replace(e, polarity=Polarity.DENIED) for e in claims))
    day = decide(room, (TITLE, "wire", 0), (also, "paper", 1), (denial, "newsroom", 2))
    assert draw(history_of(day)).text.split("\n")[-1].split(" · ")[1:] == ["Denied", f"Newsroom: {denial}"]


def test_the_headline_of_what_holds_no_more_is_struck_out(tmp_path: Path):
    assert struck(draw(history_of(busy_day(tmp_path)))) == [TITLE]


@given(
    st.lists(st.text(st.characters(codec=None), max_size=300), min_size=1, max_size=30), st.text(max_size=99)
)
def test_whatever_feeds_hold_the_card_can_be_sent(titles, source):
    entries = [
        entry(t, guid=str(n), feed=f"f{n}", source=source, url=f"https://a.example/{n}")
        for n, t in enumerate(titles)
    ]
    members = tuple(
        Member(
            entry_id=e.id, feed_id=e.feed_id, source=e.source, at=e.at, origin=True, tier=1,
            words=frozenset(), url=e.url,
        )
        for e in entries
    )  # fmt: skip
    made = replace(story(entries[0]), members=members)
    history = replace(with_claims(Stage.EXPLORING), story=made, entries={e.id: e for e in entries})
    card = draw(history)
    assert utf16_length(card.text) <= 4096
    assert len(card.entities) <= 100
    assert all(0 <= e.start < e.end <= len(card.text) for e in card.entities)
