"""What a reader's attention is worth: quiet hours, budgets, mutes, digests, and what came while nobody watched."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from make import HOUR, MINUTE, NOW, TITLE, entry, event
from newsroom import PACK, Reader, make_book

from bot.delivery.history import MONTH, History
from bot.model import (
    AlertKind,
    Attribution,
    Digest,
    EntityKind,
    Entry,
    Notification,
    Outcome,
    Polarity,
    Reason,
    Severity,
    Silence,
    Target,
    TargetKind,
)
from bot.pipeline import process
from bot.pipeline.digest import send_digest
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.digests import Digests
from bot.store.ingest import BREAK, Ingest

ME, OTHER = "telegram:1", "telegram:2"
DENIAL = "Meta denies that it weighs selling surplus AI compute"
CUTS = {
    "MSFT": "Microsoft trims its yearly outlay on halls",
    "NVDA": "Nvidia puts off spending on a new campus",
}
URGENT_PACK = PACK.replace(
    "level: medium\n    match: {theme: capex_cut", "level: critical\n    match: {theme: capex_cut"
)


class Office:
    """The real store, a clock that only goes forward, and two readers who follow everything."""

    def __init__(self, folder: Path, pack: str = PACK) -> None:
        self.db = Database(folder / "spillover.db")
        self.book, self.reader = make_book(folder, pack), Reader()
        self.ingest, self.desk, self.digests = Ingest(self.db), Desk(self.db), Digests(self.db)
        self.now = NOW
        for name in (ME, OTHER):
            self.desk.enroll("telegram", name.removeprefix("telegram:"), NOW)
            self.desk.watch(name, Target(TargetKind.ALL), NOW)
        self.reader.learn(TITLE, event())
        self.reader.learn(
            DENIAL, event(polarity=Polarity.DENIED, attribution=Attribution.ON_RECORD), companies=("META",)
        )
        for company, title in CUTS.items():
            self.reader.learn(title, event("capex_cut", company), companies=(company,))

    def receive(self, *entries: Entry, at: datetime) -> Outcome:
        """Decide and store; until then polls have brought nothing."""
        while at - self.now > BREAK:
            self.now += BREAK
            self.apply(Outcome())
        self.now = at
        outcome = process(entries, self.ingest.snapshot(entries, at), self.book, self.reader, at)
        self.apply(outcome)
        return outcome

    def apply(self, outcome: Outcome) -> None:
        """Store."""
        self.ingest.snapshot((), self.now)
        assert self.ingest.apply(outcome, self.now)

    def send_digests(self, at: datetime) -> list[Notification]:
        """Queue what is due."""
        while at - self.now > BREAK:
            self.now += BREAK
            self.apply(Outcome())
        self.now = at
        outcomes = [send_digest(due, self.book.rules.name, at) for due in self.digests.due(at)]
        for outcome in outcomes:
            self.apply(outcome)
        return [n for o in outcomes for n in o.notifications]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.db.close()


def sent(outcome: Outcome, to: str = ME) -> list[tuple[str, bool]]:
    """Kind, and whether it is silent, of what goes to somebody."""
    return [(n.kind.value, n.silent) for n in outcome.notifications if n.subscriber_id == to]


def why(outcome: Outcome, to: str = ME) -> list[Reason]:
    return [v.decision.reason for v in outcome.verdicts if v.subscriber_id == to]


def cut(company: str, at: datetime) -> Entry:
    return entry(CUTS[company], at=at)


@pytest.mark.parametrize(
    ("zone", "silent"),
    [pytest.param("UTC", True, id="14:00"), pytest.param("Asia/Tokyo", False, id="23:00")],
)
def test_quiet_hours_take_the_sound_from_cards_and_replies_alike(
    office: Office, zone: str, silent: bool
) -> None:
    office.desk.set_timezone(ME, zone)
    office.desk.set_quiet(ME, (time(13), time(17)))
    assert sent(office.receive(entry(), at=NOW)) == [("new", silent)]
    denied = office.receive(entry(DENIAL, feed="paper", at=NOW + HOUR), at=NOW + HOUR)
    assert sent(denied) == [("edit", True), ("reply", silent)]
    assert sent(denied, OTHER) == [("edit", True), ("reply", False)]


def test_what_is_critical_rings_at_any_hour_and_over_any_budget(tmp_path: Path) -> None:
    office = Office(tmp_path, URGENT_PACK)
    office.desk.set_quiet(ME, (time(13), time(17)))
    office.desk.set_budget(ME, 0)
    assert sent(office.receive(cut("MSFT", NOW), at=NOW)) == [("new", False)]
    office.db.close()


def test_cards_show_times_by_the_reader_s_clock(office: Office) -> None:
    office.desk.set_timezone(ME, "Asia/Tokyo")
    mine, theirs = office.receive(entry(), at=NOW).notifications
    assert "23:00 JST" in mine.card.text
    assert "14:00 UTC" in theirs.card.text


def test_a_budget_counts_the_sounds_of_the_reader_s_day(office: Office) -> None:
    office.desk.set_timezone(ME, "Asia/Tokyo")  # the day ends at 15:00 UTC
    office.desk.set_budget(ME, 1)
    assert sent(office.receive(entry(), at=NOW)) == [("new", False)]
    over = office.receive(cut("MSFT", NOW + MINUTE), at=NOW + MINUTE)
    assert (sent(over), why(over)) == ([], [Reason.OVER_BUDGET])
    assert sent(over, OTHER) == [("new", False)]
    denied = office.receive(entry(DENIAL, feed="paper", at=NOW + 2 * MINUTE), at=NOW + 2 * MINUTE)
    assert sent(denied) == [("edit", True), ("reply", True)], "it comes, but rings nobody"
    tomorrow = office.receive(cut("NVDA", NOW + 2 * HOUR), at=NOW + 2 * HOUR)
    assert ("new", False) in sent(tomorrow)


def test_a_budget_is_remembered_over_a_restart(office: Office) -> None:
    office.desk.set_budget(ME, 1)
    office.receive(entry(), at=NOW)
    office.ingest = Ingest(office.db)
    assert why(office.receive(cut("MSFT", NOW + MINUTE), at=NOW + MINUTE)) == [Reason.OVER_BUDGET]


def test_within_one_batch_a_budget_holds_as_well(office: Office) -> None:
    office.desk.set_budget(ME, 1)
    outcome = office.receive(entry(), cut("MSFT", NOW), at=NOW)
    assert [n.kind for n in outcome.notifications if n.subscriber_id == ME] == [AlertKind.NEW]
    assert [h.subscriber_id for h in outcome.held] == [ME]


@pytest.mark.parametrize(
    ("mute", "muted"),
    [
        pytest.param({"company": "META"}, True, id="company"),
        pytest.param({"company": "MSFT"}, False, id="another company"),
        pytest.param({"feed_id": "wire"}, True, id="source"),
        pytest.param({"rule_id": "compute/resale"}, True, id="rule"),
        pytest.param(
            {"rule_id": "compute/resale", "company": "MSFT"}, False, id="all that it names must fit"
        ),
    ],
)
def test_a_mute_holds_back_what_it_covers_for_its_reader_alone(
    office: Office, mute: dict, muted: bool
) -> None:
    office.desk.add_mute(ME, Silence(id="m", until=NOW + HOUR, comment="Meta", **mute))
    outcome = office.receive(entry(), at=NOW)
    assert (why(outcome) == [Reason.MUTED]) is muted
    assert sent(outcome, OTHER) == [("new", False)]
    if muted:
        (verdict,) = (v for v in outcome.verdicts if v.subscriber_id == ME)
        assert (verdict.decision.until, verdict.decision.detail) == (NOW + HOUR, "Meta")


def test_a_mute_ends_and_can_be_ended(office: Office) -> None:
    office.desk.add_mute(ME, Silence(id="m", until=NOW + HOUR, company="MSFT"))
    office.desk.add_mute(ME, Silence(id="n", until=NOW + 9 * HOUR, company="NVDA"))
    assert [m.id for m in office.desk.mutes(ME, NOW)] == ["m", "n"]
    assert office.desk.mutes(ME, NOW + HOUR) == office.desk.mutes(ME, NOW)[1:]
    assert sent(office.receive(cut("MSFT", NOW + HOUR), at=NOW + HOUR)) == [("new", False)]
    assert office.desk.end_mute(ME, "n")
    assert not office.desk.end_mute(ME, "n")
    assert ("new", False) in sent(office.receive(cut("NVDA", NOW + 2 * HOUR), at=NOW + 2 * HOUR))


def test_whoever_mutes_a_story_still_hears_that_it_was_denied(office: Office) -> None:
    told = office.receive(entry(), at=NOW)
    office.desk.add_mute(ME, Silence(id="m", until=NOW + 9 * HOUR, story_id=told.stories[0].id))
    agreed = "Meta signs a deal to sell surplus AI compute"
    office.reader.learn(
        agreed, event(attribution=Attribution.ON_RECORD, stage=told.alerts[0].event.stage.DONE)
    )
    later = NOW + 7 * HOUR
    grown = office.receive(entry(agreed, feed="paper", at=later), at=later)
    assert "reply" not in {kind for kind, _ in sent(grown)}
    assert ("reply", False) in sent(grown, OTHER)
    denied = office.receive(entry(DENIAL, feed="trade", at=later + HOUR), at=later + HOUR)
    assert ("reply", False) in sent(denied)


# --- digests ---


def test_what_is_over_the_budget_comes_in_the_digest_the_loudest_first(office: Office) -> None:
    office.desk.set_budget(ME, 0)
    office.desk.set_digest(ME, Digest(at=time(18)), NOW + 4 * HOUR)
    office.receive(cut("MSFT", NOW), at=NOW)
    office.receive(entry(at=NOW + HOUR), at=NOW + HOUR)
    assert office.send_digests(NOW + 3 * HOUR) == []
    (note,) = office.send_digests(NOW + 4 * HOUR)
    assert (note.subscriber_id, note.kind, note.silent) == (ME, AlertKind.NEW, False)
    heading, first, second, last = note.card.text.splitlines()
    assert heading == "Digest: 2 stories that did not ring"
    assert first == f"• HIGH · {TITLE} · considering · sourced · Meta"
    assert second.startswith(f"• MEDIUM · {CUTS['MSFT']}")
    assert last == "2 over the budget of sounds · 18:00 UTC"
    assert {e.url for e in note.card.entities if e.kind is EntityKind.LINK} == {
        entry().url,
        cut("MSFT", NOW).url,
    }
    assert office.send_digests(NOW + 5 * HOUR) == [], "once"
    assert office.db.value("SELECT digest_at FROM subscribers WHERE id = ?", (ME,)).startswith(
        "2026-03-03T18:00"
    )
    assert office.db.value("SELECT count(*) FROM outbox WHERE subscriber_id = ?", (ME,)) == 1


def test_a_digest_shows_a_story_as_it_stands_when_it_is_sent(office: Office) -> None:
    office.desk.set_budget(ME, 0)
    office.desk.set_digest(ME, Digest(at=time(18)), NOW + 4 * HOUR)
    office.receive(entry(), at=NOW)
    denied = office.receive(entry(DENIAL, feed="paper", at=NOW + HOUR), at=NOW + HOUR)
    assert sent(denied) == [], "it was not told yet"
    (note,) = office.send_digests(NOW + 4 * HOUR)
    assert f"• DENIED · {TITLE}" in note.card.text
    assert [e.kind for e in note.card.entities if e.kind is EntityKind.STRIKE] == [EntityKind.STRIKE]


def test_whoever_read_it_in_a_digest_hears_of_its_denial_but_of_no_copies(office: Office) -> None:
    office.desk.set_budget(ME, 0)
    office.desk.set_digest(ME, Digest(at=time(18)), NOW + 4 * HOUR)
    office.receive(entry(), at=NOW)
    office.send_digests(NOW + 4 * HOUR)
    for restart in (False, True):
        if restart:
            office.ingest = Ingest(office.db)
        later = NOW + (6 if restart else 5) * HOUR
        copy = office.receive(entry(TITLE, feed=f"copier{restart}", at=later), at=later)
        assert sent(copy) == []
        assert sent(copy, OTHER) == [("edit", True)]
    later = NOW + 7 * HOUR
    denied = office.receive(entry(DENIAL, feed="paper", at=later), at=later)
    assert sent(denied) == [("reply", True)], "the budget is spent, so it does not ring"
    assert "DENIED" in next(n for n in denied.notifications if n.subscriber_id == ME).card.text


def test_what_is_below_the_level_is_in_the_digest_of_whoever_wants_one(office: Office) -> None:
    for name in (ME, OTHER):
        office.desk.set_level(name, Severity.HIGH)
    office.desk.set_digest(ME, Digest(at=time(18)), NOW + 4 * HOUR)
    outcome = office.receive(cut("MSFT", NOW), at=NOW)
    assert why(outcome) == why(outcome, OTHER) == [Reason.BELOW_LEVEL]
    assert [h.subscriber_id for h in outcome.held] == [ME]
    (note,) = office.send_digests(NOW + 4 * HOUR)
    assert note.card.text.endswith("1 below the level · 18:00 UTC")


def test_a_story_that_rings_after_all_is_not_in_the_digest(office: Office) -> None:
    office.desk.set_timezone(ME, "Asia/Tokyo")  # the day ends at 15:00 UTC
    office.desk.set_budget(ME, 0)
    office.desk.set_digest(ME, Digest(at=time(18)), NOW + 19 * HOUR)
    office.receive(entry(), at=NOW)
    office.desk.set_budget(ME, None)
    again = "Meta in talks to rent out its servers"
    office.reader.learn(again, event())
    assert sent(office.receive(entry(again, feed="paper", at=NOW + HOUR), at=NOW + HOUR)) == [("new", False)]
    assert office.send_digests(NOW + 19 * HOUR) == []


def test_a_digest_holds_what_one_message_can_and_says_how_much_more_there_is(office: Office) -> None:
    office.desk.set_budget(ME, 0)
    office.desk.set_digest(ME, Digest(at=time(18)), NOW + 4 * HOUR)
    for n in range(30):
        title = f"Company {n} sells what it has over " + f"number{n} 🧠" * 60
        office.reader.learn(title, event(actor=f"C{n}"), companies=(f"C{n}",))
        office.receive(entry(title, at=NOW + n * MINUTE), at=NOW + n * MINUTE)
    (note,) = office.send_digests(NOW + 4 * HOUR)
    assert len(note.card.text.encode("utf-16-le")) // 2 <= 4096
    shown = note.card.text.count("• ")
    assert 5 < shown <= 20
    assert f"and {30 - shown} less important stories" in note.card.text
    told = office.db.value("SELECT count(*) FROM told WHERE subscriber_id = ? AND in_digest = 1", (ME,))
    assert told == shown


def test_after_a_pause_of_the_program_there_is_one_message_instead_of_a_burst(office: Office) -> None:
    office.receive(at=NOW)
    back = NOW + 5 * HOUR  # nothing was stored meanwhile
    office.now = back
    entries = (entry(at=NOW + HOUR), cut("MSFT", NOW + 2 * HOUR))
    outcome = office.receive(*entries, at=back)
    assert (sent(outcome), set(why(outcome))) == ([], {Reason.AWAY})
    fresh = office.receive(cut("NVDA", back + MINUTE), at=back + MINUTE)
    assert ("new", False) in sent(fresh), "what has just come is told at once"
    assert office.send_digests(back + MINUTE) == [], "more may be to come"
    notes = office.send_digests(back + 4 * MINUTE)
    assert {n.subscriber_id for n in notes} == {ME, OTHER}
    assert notes[0].card.text.splitlines()[0].startswith("While I was down: ")
    assert office.send_digests(back + 20 * MINUTE) == []


def test_a_short_pause_is_none(office: Office) -> None:
    office.receive(at=NOW)
    office.now = NOW + BREAK - MINUTE
    assert sent(office.receive(entry(at=NOW + MINUTE), at=office.now)) == [("new", False)]


def test_a_chat_that_moves_takes_its_wishes_along(office: Office) -> None:
    from bot.store.queue import Queue

    office.desk.set_budget(ME, 0)
    office.desk.set_digest(ME, Digest(at=time(18), weekday=0), NOW + 4 * HOUR)
    office.desk.set_quiet(ME, (time(22), time(7)))
    office.desk.add_mute(ME, Silence(id="m", until=NOW + HOUR, company="MSFT"))
    office.receive(entry(), at=NOW)
    Queue(office.db).moved(ME, "-100", NOW)
    moved = office.desk.subscriber("telegram:-100")
    assert moved is not None
    assert (moved.budget, moved.digest, moved.quiet) == (
        0,
        Digest(at=time(18), weekday=0),
        (time(22), time(7)),
    )
    assert [m.id for m in office.desk.mutes("telegram:-100", NOW)] == ["m"]
    assert [n.subscriber_id for n in office.send_digests(NOW + 4 * HOUR)] == ["telegram:-100"]


def test_what_a_correlation_puts_together_is_one_line(office: Office) -> None:
    office.desk.set_budget(ME, 0)
    office.desk.set_digest(ME, Digest(at=time(18)), NOW + 4 * HOUR)
    for n, company in enumerate(CUTS):
        office.receive(cut(company, NOW + n * MINUTE), at=NOW + n * MINUTE)
    (note,) = office.send_digests(NOW + 4 * HOUR)
    assert [text for text in note.card.text.splitlines() if text.startswith("•")] == [
        "• HIGH · 2 cuts in days · Microsoft, NVDA"
    ]


def test_held_stories_are_bounded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.digests.MOST", 3)
    office.desk.set_budget(ME, 0)
    for n in range(5):
        title = f"Company {n} sells what it has over number{n}"
        office.reader.learn(title, event(actor=f"C{n}"), companies=(f"C{n}",))
        office.receive(entry(title, at=NOW + n * MINUTE), at=NOW + n * MINUTE)
    assert office.db.value("SELECT count(*) FROM held") == 3
    assert office.db.value("SELECT min(at) FROM held") > (NOW + timedelta(seconds=30)).isoformat()


@pytest.mark.parametrize(
    ("word", "hears"),
    [
        pytest.param("surplus ai compute", True, id="in the headline"),
        pytest.param("shipping costs", True, id="in the text"),
        pytest.param("ship", False, id="only a part of one"),
    ],
)
def test_who_follows_a_word_hears_of_what_has_it(office: Office, word: str, hears: bool) -> None:
    office.desk.unwatch(ME, Target(TargetKind.ALL))
    office.desk.watch(ME, Target(TargetKind.WORD, word), NOW)
    outcome = office.receive(entry(TITLE, at=NOW, text="Shipping costs are said to matter."), at=NOW)
    assert sent(outcome) == ([("new", False)] if hears else [])
    assert sent(outcome, OTHER) == [("new", False)]


def test_what_is_followed_from_high_on_is_heard_from_there_on(office: Office) -> None:
    office.desk.unwatch(ME, Target(TargetKind.ALL))
    for company in ("META", "MSFT"):
        office.desk.watch(ME, Target(TargetKind.COMPANY, company), NOW, level=Severity.HIGH)
    assert sent(office.receive(entry(TITLE, at=NOW), at=NOW)) == [("new", False)]
    assert sent(office.receive(cut("MSFT", NOW + HOUR), at=NOW + HOUR)) == [], "spending cuts are medium"
    office.desk.watch(ME, Target(TargetKind.COMPANY, "MSFT"), NOW)
    again = entry("Microsoft trims its yearly outlay on halls, once more", at=NOW + 90 * HOUR)
    office.reader.learn(again.title, event("capex_cut", "MSFT"), companies=("MSFT",))
    assert sent(office.receive(again, at=NOW + 90 * HOUR)) == [("new", False)]


def test_a_count_of_the_past_is_what_was_sent(office: Office) -> None:
    """What a reader of a theme would have been sent is what one who follows it was sent."""
    theme, word = Target(TargetKind.THEME, "capex_cut"), Target(TargetKind.WORD, "outlay")
    office.desk.unwatch(ME, Target(TargetKind.ALL))
    office.desk.watch(ME, word, NOW)
    got: list[Notification] = []
    for n, made in enumerate((entry(TITLE, at=NOW), cut("MSFT", NOW + HOUR), cut("NVDA", NOW + 2 * HOUR))):
        got += office.receive(made, at=NOW + n * HOUR).notifications
    history = History(office.desk, lambda: NOW + 30 * HOUR)
    for watched, reader in ((word, ME), (Target(TargetKind.ALL), OTHER)):
        tally = asyncio.run(history.tally([watched], Severity.LOW, MONTH))
        stories = {n.story_id for n in got if n.subscriber_id == reader and n.kind is AlertKind.NEW}
        assert {alert.story_id for alert, _ in tally.hits} == stories
        assert stories
    assert len(asyncio.run(history.tally([theme], Severity.LOW, MONTH)).hits) > 1


def test_each_reader_gets_cards_replies_and_digests_in_its_language(office: Office) -> None:
    office.desk.set_language(OTHER, "de")
    office.desk.set_digest(OTHER, Digest(at=time(18)), NOW + HOUR)
    office.desk.set_level(OTHER, Severity.MEDIUM)
    cards = {n.subscriber_id: n.card for n in office.receive(entry(), at=NOW).notifications}
    assert cards[ME].text.startswith("HIGH · considering · sourced\n" + TITLE)
    assert cards[OTHER].text.startswith("HOCH · wird erwogen · laut Quellen\n" + TITLE)
    assert [b.label for b in cards[OTHER].buttons[0]] == ["Warum", "Story", "Öffnen"]
    outcome = office.receive(entry(DENIAL, feed="paper", at=NOW + HOUR), at=NOW + HOUR)
    replies = {n.subscriber_id: n.card.text for n in outcome.notifications if n.kind is AlertKind.REPLY}
    assert replies[ME].startswith("DENIED · ")
    assert replies[OTHER].startswith("DEMENTIERT · ")
