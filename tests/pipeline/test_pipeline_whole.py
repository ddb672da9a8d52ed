"""Correlations over many days: what counts, who hears of a denial, and what a part's own card is worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from make import HOUR, NOW, entry, event
from newsroom import COMPANIES, PACK, Newsroom, reasons
from test_pipeline_together import DAY, ROUTE, cut, make_room, told

from bot.model import AlertKind, Attribution, Entry, Polarity, Stage, Target, TargetKind
from bot.pipeline import process
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest

ALONE = PACK[: PACK.index("  - id: wave")] + PACK[PACK.index("  - id: fall") :]
WAVE = """
  - id: ID
    title: "{count} cuts in days"
    level: LEVEL
    correlate: SPEC
    tests:
      - {news: [{at: 0h, title: "yes"}, {at: 1h, title: "yes, too"}], fires: true}
      - {news: [{at: 0h, title: "no"}], fires: false}
"""


def wave(spec: str, name: str = "wave", level: str = "high") -> str:
    return WAVE.replace("ID", name).replace("LEVEL", level).replace("SPEC", spec)


BY_ACTOR = ALONE + wave("{type: frequency, of: [capex_cut], distinct: actor, gte: 2, within: 5d}")


def say(
    room: Newsroom, title: str, *events: object, companies: tuple[str, ...], after: timedelta, **more: object
) -> Entry:
    room.reader.learn(title, *events, companies=companies)  # type: ignore[arg-type]
    return entry(title, at=NOW + after, **more)


DENIED = {"polarity": Polarity.DENIED, "attribution": Attribution.ON_RECORD}


def test_a_claim_that_was_denied_in_other_words_does_not_count(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    room.receive(cut(room, "META", timedelta()))
    outcome = room.receive(
        say(
            room,
            "Meta denies it abandons any server farm",
            event("datacenter_cancel", **DENIED),
            companies=("META",),
            after=HOUR,
        )
    )
    assert "denied" in reasons(outcome)
    assert "new compute/wave" not in told(room.receive(cut(room, "MSFT", 2 * HOUR)))


def test_the_number_is_of_what_counts_once(tmp_path: Path) -> None:
    room = make_room(tmp_path, pack=BY_ACTOR.replace("gte: 2", "gte: 3"))
    for n, who in enumerate(("META", "MSFT", "CRWV")):
        outcome = room.receive(cut(room, who, n * DAY))
    assert "3 cuts in days" in outcome.notifications[0].card.text
    again = say(
        room,
        "Redmond lowers outlays once more",
        event("capex_cut", "MSFT"),
        companies=("MSFT",),
        after=4 * DAY + 2 * HOUR,
    )
    outcome = room.receive(again)
    assert [n.card.text.count("4 cuts") for n in outcome.notifications] == [0] * len(outcome.notifications)


def test_a_denied_part_is_not_in_the_number(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    room.receive(cut(room, "META", timedelta()))
    room.receive(cut(room, "MSFT", HOUR))
    room.receive(cut(room, "MSFT", 2 * HOUR, Polarity.DENIED))
    outcome = room.receive(cut(room, "CRWV", 3 * HOUR))
    assert told(outcome) == ["edit compute/wave"]
    text = outcome.notifications[0].card.text
    assert text.count("2 cuts in days") == 2, "as its headline and as its rule"
    assert "3 cuts" not in text


def test_a_claim_without_an_actor_makes_no_wave_of_actors(tmp_path: Path) -> None:
    room = make_room(tmp_path, pack=BY_ACTOR)
    room.receive(cut(room, "META", timedelta()))
    room.receive(cut(room, "MSFT", HOUR))
    outcome = room.receive(
        say(
            room,
            "A large buyer somewhere trims outlays, says trader",
            event("capex_cut", None),
            companies=(),
            after=4 * DAY,
        )
    )
    assert "compute/wave" not in " ".join(told(outcome))


def test_a_denial_of_something_else_is_none_of_the_waves(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    room.receive(cut(room, "META", timedelta()))
    room.receive(
        say(
            room,
            "Microsoft trims outlay and rents out spare chips",
            event("capex_cut", "MSFT"),
            event("compute_resale", "MSFT"),
            companies=("MSFT",),
            after=HOUR,
        )
    )
    outcome = room.receive(
        say(
            room,
            "Microsoft denies it rents out spare chips",
            event("compute_resale", "MSFT", **DENIED),
            companies=("MSFT",),
            after=2 * HOUR,
        )
    )
    replies = [n.rule_id for n in outcome.notifications if n.kind is AlertKind.REPLY]
    assert "compute/wave" not in replies


def test_a_denial_reaches_a_reader_of_two_correlations_once(tmp_path: Path) -> None:
    spec = "{type: frequency, of: [capex_cut], gte: 2, within: 5d}"
    room = make_room(tmp_path, pack=ALONE + wave(spec) + wave(spec, "crowd"))
    room.receive(cut(room, "META", timedelta()))
    assert told(room.receive(cut(room, "MSFT", HOUR))) == ["new compute/wave", "new compute/crowd"]
    outcome = room.receive(cut(room, "MSFT", 2 * HOUR, Polarity.DENIED))
    assert [n.kind for n in outcome.notifications].count(AlertKind.REPLY) == 1


def test_a_late_denial_reaches_the_readers_of_a_wave_as_long_as_its_part_is_open(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    room.receive(cut(room, "META", timedelta()))
    first = cut(room, "MSFT", HOUR)
    room.receive(first)
    room.receive(entry(first.title, feed="copier", at=NOW + 3 * DAY))
    outcome = room.receive(cut(room, "MSFT", 11 * DAY, Polarity.DENIED))
    assert "reply compute/wave" in told(outcome)


def test_a_quiet_correlation_does_not_hold_back_a_louder_rule(tmp_path: Path) -> None:
    loud = ALONE.replace("level: medium", "level: high\n    corroborate: {any: [{origins: 2}]}")
    room = make_room(
        tmp_path, pack=loud + wave("{type: frequency, of: [capex_cut], gte: 2, within: 5d}", level="low")
    )
    room.receive(cut(room, "META", timedelta()))
    assert told(room.receive(cut(room, "MSFT", HOUR))) == ["new compute/wave"]
    more = say(
        room,
        "Redmond lowers its outlay for servers",
        event("capex_cut", "MSFT"),
        companies=("MSFT",),
        after=2 * HOUR,
        feed="paper",
    )
    assert "new compute/cut" in told(room.receive(more))


def groups(room: Newsroom, batch: bool) -> list[str]:
    for who in ("META", "CRWV"):
        room.receive(cut(room, who, timedelta()))
    both = say(
        room,
        "Two of them pare budgets",
        event("capex_cut", "MSFT"),
        event("capex_cut", "NBIS"),
        companies=("MSFT", "NBIS"),
        after=HOUR,
    )
    third = say(
        room, "Lambda pares its budget", event("capex_cut", "LAMBDA"), companies=("LAMBDA",), after=2 * HOUR
    )
    outcomes = (
        [room.receive(both, third)] if batch else [room.receive(both, now=third.at), room.receive(third)]
    )
    return [
        f"{n.kind} {n.rule_id} {n.story_id}"
        for o in outcomes
        for n in o.notifications
        if n.kind is AlertKind.NEW
    ]


def test_the_size_of_a_batch_changes_nothing_in_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in ("NBIS", "LAMBDA"):
        monkeypatch.setitem(COMPANIES, who, "neocloud")
    pack = ALONE + wave("{type: frequency, of: [capex_cut], gte: 2, within: 5d, group_by: sector}")
    assert groups(make_room(tmp_path, pack=pack), True) == groups(make_room(tmp_path, pack=pack), False)


def confirmed(room: Newsroom, batch: bool) -> list[str]:
    claim = cut(room, "META", timedelta())
    denial = cut(room, "META", HOUR, Polarity.DENIED)
    record = say(
        room,
        "Meta trims its yearly outlay, filing shows",
        event("capex_cut", stage=Stage.DONE, attribution=Attribution.FILING),
        companies=("META",),
        after=2 * HOUR,
    )
    other = cut(room, "MSFT", 3 * HOUR)
    entries = [claim, denial, record, other]
    outcomes = [room.receive(*entries)] if batch else [room.receive(e, now=other.at) for e in entries]
    return [f"{n.kind} {n.rule_id}" for o in outcomes for n in o.notifications if n.rule_id == "compute/wave"]


def test_what_the_record_shows_after_a_denial_counts(tmp_path: Path) -> None:
    assert confirmed(make_room(tmp_path), True) == ["new compute/wave"]
    assert confirmed(make_room(tmp_path), False) == ["new compute/wave"]


def test_the_card_of_a_wave_shows_words_of_the_entry_that_it_names(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    room.receive(cut(room, "META", timedelta()))
    room.receive(cut(room, "MSFT", HOUR))
    last = say(
        room,
        "Cloudy: CoreWeave trims",
        event("capex_cut", "CRWV", evidence=(8, 23)),
        companies=("CRWV",),
        after=2 * HOUR,
    )
    (alert,) = (a for a in room.receive(last).alerts if a.kind is AlertKind.NEW)
    assert alert.evidence == "CoreWeave trims"
    assert alert.evidence in room.entries[alert.entry_id].title


def test_quiet_hours_hold_a_reply_about_another_theme(tmp_path: Path) -> None:
    room = make_room(
        tmp_path, ROUTE.replace("level: medium, pack: compute, theme: capex_cut", "theme: compute_resale")
    )
    room.subscribers = [replace(room.subscribers[0], id="telegram:-100/7", address="-100/7")]
    room.watches = {"telegram:-100/7": frozenset()}
    room.receive(say(room, "Meta sells spare chips", event(), companies=("META",), after=timedelta()))
    drop = {"stage": Stage.DONE, "attribution": Attribution.ON_RECORD}
    night = say(
        room,
        "CoreWeave drops as Meta sells spare chips",
        event("selloff", "CRWV", **drop),
        companies=("CRWV", "META"),
        after=9 * HOUR,
    )
    outcome = room.receive(night)
    assert [n.kind.value for n in outcome.notifications] == ["edit", "reply"]
    assert all(n.not_before is not None for n in outcome.notifications)


def test_a_restart_changes_nothing_in_a_wave(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    db = Database(tmp_path / "spillover.db")
    try:
        desk, ingest = Desk(db), Ingest(db)
        desk.enroll("telegram", "1", NOW)
        desk.watch("telegram:1", Target(TargetKind.ALL), NOW)
        for n, who in enumerate(("META", "MSFT", "CRWV")):
            news = cut(room, who, n * HOUR)
            outcome = process([news], ingest.snapshot([news], news.at), room.book, room.reader, news.at)
            assert ingest.apply(outcome, news.at)
        assert told(outcome) == ["edit compute/wave"]
        after = ingest.snapshot([], NOW + 3 * HOUR)
        assert after == Ingest(db).snapshot([], NOW + 3 * HOUR)
        assert any("CRWV" in line for alert, _ in after.cards.values() for line in alert.together)
    finally:
        db.close()


@pytest.mark.parametrize("distinct", ["story", "actor", "source"])
def test_a_withdrawn_part_is_not_in_the_number_whatever_is_counted(tmp_path: Path, distinct: str) -> None:
    spec = f"{{type: frequency, of: [capex_cut], distinct: {distinct}, gte: 2, within: 5d}}"
    room = make_room(tmp_path, pack=ALONE + wave(spec))
    for n, who in enumerate(("META", "MSFT")):
        first = replace(cut(room, who, n * HOUR), source=who)
        room.receive(first)
    room.receive(
        say(
            room,
            f"WITHDRAWN-{first.title}",
            event("capex_cut", "MSFT"),
            companies=("MSFT",),
            after=2 * HOUR,
            source="MSFT",
        )
    )
    outcome = room.receive(replace(cut(room, "CRWV", 3 * HOUR), source="CRWV"))
    assert told(outcome) == ["edit compute/wave"]
    assert "2 cuts in days" in outcome.notifications[0].card.text


def test_a_wave_that_a_late_claim_begins_anew_goes_on(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    hours = {"META": 0, "MSFT": 24, "CRWV": 94, "NVDA": 93, "MU": 100}
    begun = []
    for who, at in hours.items():
        news = say(
            room,
            f"{COMPANIES[who]} {who} lowers outlays by {at} coins",
            event("capex_cut", who),
            companies=(who,),
            after=at * HOUR,
        )
        outcome = room.receive(news, now=NOW + max(at, 98 if who == "NVDA" else 0) * HOUR)
        begun += [who for made in told(outcome) if made == "new compute/wave"]
    assert begun == ["MSFT", "NVDA"]


def test_a_report_that_stands_again_counts_again(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    first = cut(room, "META", timedelta())
    room.receive(first)
    for n, slug in enumerate(("WITHDRAWN", "REFILE"), 1):
        again = say(
            room,
            f"{slug}-{first.title}",
            event("capex_cut", "META"),
            companies=("META",),
            after=n * HOUR,
        )
        room.receive(again)
    assert told(room.receive(cut(room, "MSFT", 3 * HOUR))) == ["new compute/wave"]


def test_each_edit_of_a_waves_card_is_one_of_its_own(tmp_path: Path) -> None:
    room = make_room(tmp_path)
    room.receive(cut(room, "META", timedelta()))
    first = cut(room, "MSFT", HOUR)
    room.receive(first)
    for n, stage in enumerate((Stage.PLANNED, Stage.AGREED, Stage.DONE), 1):
        words = f"Microsoft trims its yearly outlay, part {n} of the plan"
        later = say(
            room,
            words,
            event("capex_cut", "MSFT", stage=stage),
            companies=("MSFT",),
            after=HOUR,
            guid=first.guid,
        )
        edits = [n for n in told(room.receive(later, now=NOW + (n + 1) * HOUR)) if n == "edit compute/wave"]
        assert edits
    ids = [note.id for outcome in room.outcomes for note in outcome.notifications]
    assert len(set(ids)) == len(ids), "the second of an id is never sent"
