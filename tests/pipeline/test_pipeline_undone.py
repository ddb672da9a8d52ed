"""A story of stories of which nothing is left: it is struck out for whoever has its card, and only then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from make import HOUR, NOW, event
from newsroom import Newsroom
from test_pipeline_together import DAY, cut, make_room, told
from test_pipeline_whole import say

from bot.delivery.holding import lapsed
from bot.model import AlertKind, Attribution, EntityKind, Entry, Outcome, Polarity, Reason, Stage, Story


def slug(room: Newsroom, of: Entry, word: str, after: timedelta) -> Entry:
    """The same outlet takes its report back, or brings it anew."""
    (who,) = {e.actor for e in room.reader.said[of.title]}
    assert who is not None
    return say(
        room,
        f"{word}-{of.title}",
        event("capex_cut", who),
        companies=(who,),
        after=after,
        source=of.source,
        feed=of.feed_id,
    )


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return make_room(tmp_path)


@pytest.fixture
def parts(room: Newsroom) -> tuple[Entry, Entry]:
    """Two cuts that make a wave, each of an outlet of its own."""
    made = tuple(replace(cut(room, who, n * HOUR), source=who) for n, who in enumerate(("META", "MSFT")))
    assert [told(room.receive(e)) for e in made] == [["new compute/cut"], ["new compute/wave"]]
    return made[0], made[1]


def the_wave(room: Newsroom) -> Story:
    (found,) = (s for s in room.stories.values() if s.rule_id)
    return found


def shown(outcome: Outcome) -> tuple[str, bool]:
    """The first word of the wave's card as it is edited, and whether its headline is struck out."""
    (edit,) = (n for n in outcome.notifications if n.rule_id == "compute/wave" and n.kind is AlertKind.EDIT)
    return edit.card.text.split(" ")[0], any(e.kind is EntityKind.STRIKE for e in edit.card.entities)


def test_a_wave_of_which_every_part_was_withdrawn_is_withdrawn(
    room: Newsroom, parts: tuple[Entry, Entry]
) -> None:
    first = room.receive(slug(room, parts[0], "WITHDRAWN", 2 * HOUR))
    assert "compute/wave" not in " ".join(n for n in told(first) if n.startswith("edit"))
    assert the_wave(room).stands, "the other part holds"
    last = room.receive(slug(room, parts[1], "WITHDRAWN", 3 * HOUR))
    assert told(last) == ["edit compute/wave", "reply compute/wave"]
    assert shown(last) == ("WITHDRAWN", True)
    assert lapsed(the_wave(room), last.alerts[0].event) is Reason.WITHDRAWN


@pytest.mark.parametrize("withdrawn", [0, 1])
@pytest.mark.parametrize("denied_first", [True, False])
def test_a_wave_of_which_the_rest_was_denied_is_struck_out(
    room: Newsroom, parts: tuple[Entry, Entry], withdrawn: int, *, denied_first: bool
) -> None:
    back = slug(room, parts[withdrawn], "WITHDRAWN", 3 * HOUR)
    who = ("META", "MSFT")[1 - withdrawn]
    denial = cut(room, who, 3 * HOUR, Polarity.DENIED)
    order = [denial, back] if denied_first else [back, denial]
    room.receive(replace(order[0], published=NOW + 2 * HOUR))
    last = room.receive(order[1])
    assert "edit compute/wave" in told(last)
    word, struck = shown(last)
    assert struck
    # What came last says it, but the denial of one part leaves the word of the other, which the card was told by.
    assert word == ("WITHDRAWN" if denied_first or withdrawn else "DENIED")
    assert not the_wave(room).stands


def test_a_record_keeps_a_wave_whoever_takes_a_report_back(
    room: Newsroom, parts: tuple[Entry, Entry]
) -> None:
    filed = say(
        room,
        "Meta trims its yearly outlay, filing shows",
        event("capex_cut", "META", stage=Stage.DONE, attribution=Attribution.FILING),
        companies=("META",),
        after=2 * HOUR,
    )
    room.receive(filed)
    for n, part in enumerate(parts, 3):
        room.receive(slug(room, part, "WITHDRAWN", n * HOUR))
    assert the_wave(room).stands


def test_a_wave_that_is_made_again_is_struck_out_no_longer(
    room: Newsroom, parts: tuple[Entry, Entry]
) -> None:
    for n, part in enumerate(parts, 2):
        room.receive(slug(room, part, "WITHDRAWN", n * HOUR))
    again = room.receive(slug(room, parts[1], "REFILE", 5 * HOUR))
    assert "edit compute/wave" in told(again)
    word, struck = shown(again)
    assert (word, struck) != ("WITHDRAWN", True)
    assert not struck
    assert "reply compute/wave" not in told(again)
    assert the_wave(room).stands


def test_a_wave_to_which_more_is_added_stands_again(room: Newsroom, parts: tuple[Entry, Entry]) -> None:
    for n, part in enumerate(parts, 2):
        room.receive(slug(room, part, "WITHDRAWN", n * HOUR))
    room.receive(cut(room, "CRWV", DAY))
    outcome = room.receive(cut(room, "NVDA", DAY + HOUR))
    assert "edit compute/wave" in told(outcome)
    assert not shown(outcome)[1]
    assert "2 cuts in days" in next(n.card.text for n in outcome.notifications if n.rule_id == "compute/wave")
