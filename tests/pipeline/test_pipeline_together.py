"""Correlations, inhibition and routes as readers meet them: one card, kept up to date, and no one told twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from make import HOUR, NOW, entry, event
from newsroom import PACK, Newsroom, make_book, reasons, sent, subscriber

from bot.model import (
    AlertKind,
    Attribution,
    EntityKind,
    Entry,
    Outcome,
    Polarity,
    Reason,
    Stage,
    Target,
    TargetKind,
)

DAY = timedelta(days=1)
WHO = {"META": "Meta", "MSFT": "Microsoft", "CRWV": "CoreWeave", "NVDA": "Nvidia"}
INHIBIT = """
version: 1
inhibit:
  - {when: {rule: WHEN}, mute: {rule: MUTE}, equal: EQUAL, for: 12h}
"""


def make_room(folder: Path, routes: str = "", pack: str = PACK) -> Newsroom:
    return Newsroom(make_book(folder, pack, routes))


def cut(
    room: Newsroom,
    actor: str,
    after: timedelta,
    polarity: Polarity = Polarity.AFFIRMED,
    words: str = "",
) -> Entry:
    """News of a cut by a company, or of its denial."""
    verb = "denies that it trims" if polarity is Polarity.DENIED else "trims"
    title = f"{WHO[actor]} {verb} its yearly outlay, says {WHO[actor].lower()} paper{words}"
    on_record = Attribution.ON_RECORD if polarity is Polarity.DENIED else Attribution.SOURCED
    room.reader.learn(
        title, event("capex_cut", actor, polarity=polarity, attribution=on_record), companies=(actor,)
    )
    return entry(title, at=NOW + after)


def told(outcome: Outcome) -> list[str]:
    return [f"{n.kind} {n.rule_id}" for n in outcome.notifications]


def test_the_second_cut_makes_a_wave_with_both_in_its_card(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    assert told(room.receive(cut(room, "META", DAY))) == ["new compute/cut"]
    outcome = room.receive(cut(room, "MSFT", 2 * DAY))
    assert told(outcome) == ["new compute/wave"], "and not its own card beside it"
    card = outcome.notifications[0].card.text
    assert "2 cuts in days" in card
    assert "– Meta · Meta trims its yearly outlay" in card
    assert "– Microsoft · Microsoft trims its yearly outlay" in card
    assert [v.decision.reason for v in outcome.verdicts] == [Reason.CORRELATED, Reason.INHIBITED]


def test_a_third_edits_the_card_of_the_wave(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    for n, who in enumerate(("META", "MSFT")):
        room.receive(cut(room, who, n * DAY))
    outcome = room.receive(cut(room, "CRWV", 2 * DAY))
    assert told(outcome) == ["edit compute/wave"]
    assert "3 cuts in days" in outcome.notifications[0].card.text
    assert "– Meta ·" in outcome.notifications[0].card.text


def test_a_copy_adds_nothing(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    for n, who in enumerate(("META", "MSFT")):
        first = cut(room, who, n * DAY)
        room.receive(first)
    outcome = room.receive(entry(first.title, feed="copier", at=NOW + 2 * DAY))
    assert "compute/wave" not in " ".join(told(outcome))
    assert outcome.sightings == ()


def test_a_denial_reaches_those_who_saw_the_claim_only_in_the_wave(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    room.receive(cut(room, "META", timedelta()))
    room.receive(cut(room, "MSFT", HOUR))
    outcome = room.receive(cut(room, "MSFT", 2 * HOUR, Polarity.DENIED))
    assert told(outcome) == ["edit compute/wave", "reply compute/wave"]
    assert outcome.alerts[-1].reason is Reason.DENIED


def test_a_denial_does_not_reach_a_reader_twice(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    room.receive(cut(room, "META", timedelta()))
    room.receive(cut(room, "MSFT", HOUR))
    outcome = room.receive(cut(room, "MSFT", 2 * HOUR, Polarity.DENIED))
    assert [n.kind for n in outcome.notifications if n.kind is AlertKind.REPLY] == [AlertKind.REPLY]


def test_the_denial_of_one_leaves_the_card_of_the_others_as_it_is_and_that_of_all_strikes_it(
    tmp_path: Path,
) -> None:
    room = make_room(tmp_path)
    for n, who in enumerate(("META", "MSFT")):
        room.receive(cut(room, who, n * HOUR))
    struck = []
    for n, who in enumerate(("MSFT", "META")):
        outcome = room.receive(cut(room, who, (n + 2) * HOUR, Polarity.DENIED))
        edit = next(
            x for x in outcome.notifications if (x.kind, x.rule_id) == (AlertKind.EDIT, "compute/wave")
        )
        struck.append(any(e.kind is EntityKind.STRIKE for e in edit.card.entities))
        assert edit.card.text.startswith("DENIED") is struck[-1]
    assert struck == [False, True]


def test_a_wave_that_never_ebbs_ends_after_its_window_and_another_begins(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    titles = []
    for n, who in enumerate(("META", "MSFT", "CRWV", "NVDA") * 2):
        found = cut(room, who, n * 30 * HOUR, words=f", part{n} of many")
        outcome = room.receive(found)
        titles += [
            x.card.text.split(" cuts in days")[0].rsplit(maxsplit=1)[-1]
            for x in outcome.notifications
            if (x.kind, x.rule_id) == (AlertKind.NEW, "compute/wave")
        ]
    waves = [s for s in room.stories.values() if s.rule_id]
    assert len(waves) == len(titles) == 3
    assert max(map(int, titles)) <= 4, "it counts what is in the rule's window, not what ever was"


def fall(room: Newsroom, actor: str | None, after: timedelta) -> Entry:
    """News of a falling share, in words that nothing else has."""
    title = f"Closing bell {after}: losses for {WHO.get(actor or '', 'somebody')}, number {after.seconds}"
    sure = {"stage": Stage.DONE, "attribution": Attribution.ON_RECORD}
    room.reader.learn(title, event("selloff", actor, **sure), companies=(actor,) if actor else ())
    return entry(title, at=NOW + after)


def test_a_part_inhibits_the_whole_if_the_file_says_so(tmp_path: Path) -> None:
    room = make_room(
        tmp_path,
        INHIBIT.replace("WHEN", "compute/cut").replace("MUTE", "compute/wave").replace("EQUAL", "story"),
    )
    room.receive(cut(room, "META", timedelta()))
    outcome = room.receive(cut(room, "MSFT", HOUR))
    assert told(outcome) == ["new compute/cut"]
    assert [v.decision.detail for v in outcome.verdicts if v.decision.reason is Reason.INHIBITED] == [
        "told by compute/cut"
    ]


@pytest.mark.parametrize(
    ("equal", "actor", "muted"),
    [
        ("actor", "MSFT", True),
        ("actor", "NVDA", False),
        ("sector", "META", True),
        ("theme", "MSFT", False),
        ("[actor, sector]", "META", False),
    ],
)
def test_all_that_must_be_equal_must_be(tmp_path: Path, equal: str, actor: str, muted: bool) -> None:
    room = make_room(
        tmp_path,
        INHIBIT.replace("WHEN", "compute/cut").replace("MUTE", "compute/fall").replace("EQUAL", equal),
    )
    room.receive(cut(room, "MSFT", timedelta()))
    outcome = room.receive(fall(room, actor, HOUR))
    assert ("inhibited" in reasons(outcome)) is muted


def test_a_key_that_is_missing_on_both_sides_inhibits_nothing(tmp_path: Path) -> None:
    room = make_room(
        tmp_path,
        INHIBIT.replace("WHEN", "compute/fall").replace("MUTE", "compute/fall").replace("EQUAL", "actor"),
    )
    for n in range(2):
        outcome = room.receive(fall(room, None, n * 80 * HOUR))
    assert "inhibited" not in reasons(outcome)


def test_inhibition_ends(tmp_path: Path) -> None:
    room = make_room(
        tmp_path,
        INHIBIT.replace("WHEN", "compute/cut").replace("MUTE", "compute/fall").replace("EQUAL", "actor"),
    )
    room.receive(cut(room, "MSFT", timedelta()))
    assert "inhibited" not in reasons(room.receive(fall(room, "MSFT", 13 * HOUR)))


def test_who_was_not_told_of_the_wave_is_not_inhibited(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    room.subscribers = [subscriber("telegram:1"), subscriber("telegram:2")]
    room.watches = {"telegram:2": frozenset({Target(TargetKind.COMPANY, "NVDA")})}
    room.receive(cut(room, "META", timedelta()))
    room.receive(cut(room, "MSFT", HOUR))
    outcome = room.receive(cut(room, "NVDA", 2 * HOUR))
    assert ("new", "telegram:2") in {(n.kind.value, n.subscriber_id) for n in outcome.notifications}


ALONE = PACK[: PACK.index("  - id: wave")] + PACK[PACK.index("  - id: fall") :]
PER_RULE = ALONE.replace(
    "match: {theme: capex_cut, modality: {not: [denied, speculated]}}",
    "match: {theme: capex_cut, modality: {not: [denied, speculated]}}\n    throttle: {per: rule, every: 6h}",
)


def test_a_throttle_per_rule_holds_other_stories_back_too(tmp_path: Path) -> None:
    room = make_room(tmp_path, pack=PER_RULE)
    assert told(room.receive(cut(room, "META", timedelta()))) == ["new compute/cut"]
    outcome = room.receive(cut(room, "MSFT", HOUR))
    assert "new compute/cut" not in told(outcome)
    assert "throttled" in reasons(outcome)
    assert "new compute/cut" in told(room.receive(cut(room, "CRWV", 7 * HOUR)))


def test_a_throttle_per_actor_lets_others_pass(tmp_path: Path) -> None:
    room = make_room(tmp_path, pack=PER_RULE.replace("per: rule", "per: actor"))
    room.receive(cut(room, "META", timedelta()))
    assert "new compute/cut" in told(room.receive(cut(room, "MSFT", HOUR)))


ABSENT = (
    PACK
    + """
  - id: silence
    title: "no cut for days"
    level: medium
    correlate: {type: absence, of: [capex_cut], longer_than: 3d}
    tests:
      - {news: [{at: 0h, title: "yes"}], until: 4d, fires: true}
      - {news: [{at: 0h, title: "yes"}], until: 2d, fires: false}
"""
)


def test_what_does_not_come_is_told_once_with_what_came_last(tmp_path: Path) -> None:
    room = make_room(tmp_path, pack=ABSENT)
    last = cut(room, "META", timedelta())
    room.receive(last)
    assert sent(room.receive(now=NOW + 2 * DAY)) == []
    outcome = room.receive(now=NOW + 3 * DAY + HOUR)
    assert told(outcome) == ["new compute/silence"]
    assert outcome.alerts[0].evidence == last.title
    assert sent(room.receive(now=NOW + 3 * DAY + 2 * HOUR)) == []


def test_what_may_have_come_while_nobody_watched_is_not_missed(tmp_path: Path) -> None:
    room = make_room(tmp_path, pack=ABSENT)
    room.receive(cut(room, "META", timedelta()))
    room.watched = NOW + DAY  # the program was down before
    assert sent(room.receive(now=NOW + 3 * DAY + HOUR)) == []
    assert told(room.receive(now=NOW + 4 * DAY)) == ["new compute/silence"]


ROUTE = """
version: 1
routes:
  - to: telegram:-100/7
    when: {level: medium, pack: compute, theme: capex_cut}
    group_wait: 45s
    quiet: {from: "22:00", to: "07:00", except: critical}
"""


def test_a_route_leads_to_a_chat_that_follows_nothing(tmp_path: Path) -> None:
    room = make_room(tmp_path, ROUTE)
    room.subscribers = [subscriber("telegram:-100/7"), subscriber("telegram:2")]
    room.watches = {"telegram:-100/7": frozenset(), "telegram:2": frozenset()}
    outcome = room.receive(cut(room, "META", timedelta()))
    (note,) = outcome.notifications
    assert note.subscriber_id == "telegram:-100/7"
    assert note.not_before == NOW + timedelta(seconds=45)
    outcome = room.receive(cut(room, "META", HOUR, Polarity.DENIED))
    assert [(n.kind.value, n.not_before) for n in outcome.notifications] == [("edit", None), ("reply", None)]


def test_a_route_leads_on_to_where_its_chat_has_moved(tmp_path: Path) -> None:
    room = make_room(tmp_path, ROUTE)
    room.subscribers = [subscriber("telegram:-200/7")]
    room.watches = {"telegram:-200/7": frozenset()}
    assert sent(room.receive(cut(room, "META", timedelta()))) == []
    room.moved = {"telegram:-100/7": "telegram:-200/7"}
    (note,) = room.receive(cut(room, "MSFT", HOUR)).notifications[:1]
    assert (note.subscriber_id, note.not_before) == ("telegram:-200/7", NOW + HOUR + timedelta(seconds=45))


def test_what_would_be_sent_after_its_wait_in_quiet_hours_is_held_too(tmp_path: Path) -> None:
    room = make_room(tmp_path, ROUTE)
    room.subscribers = [subscriber("telegram:-100/7")]
    late = cut(room, "META", timedelta(hours=7, minutes=59, seconds=30))  # 21:59:30
    (note,) = room.receive(late).notifications
    assert note.not_before == NOW + timedelta(hours=17)


def test_quiet_hours_hold_until_they_end(tmp_path: Path) -> None:
    room = make_room(tmp_path, ROUTE)
    room.subscribers = [subscriber("telegram:-100/7")]
    outcome = room.receive(cut(room, "META", timedelta(hours=9)))  # 23:00
    (note,) = outcome.notifications
    assert note.not_before is not None
    assert (note.not_before - NOW) == timedelta(hours=17)  # 07:00
