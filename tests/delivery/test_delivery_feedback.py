"""Useful or noise: votes, what they say of rules and sources, and what is proposed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from card_scene import NOW, TITLE, told, wire
from desk_fakes import MemoryDesk, small_vocabulary
from make import notification
from test_delivery_commands import GUEST, ME, buttons, said

from bot.delivery.commands import Commands
from bot.delivery.feedback import Voting, doubtful, wilson
from bot.delivery.replies import Reply
from bot.model import Outcome
from bot.ports import Explanation
from bot.shelves import Votes
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.feedback import FeedbackStore
from bot.store.ingest import Ingest

DAY = timedelta(days=1)
OPERATOR = replace(ME, user="9")


class Ballot:
    """A chat with cards of one rule, and the real store of votes."""

    def __init__(self, db: Database) -> None:
        self.desk, self.store, self.now = MemoryDesk(), FeedbackStore(db), NOW
        voting = Voting(self.desk, self.store, lambda: self.now, {"9"})
        self.commands = Commands(self.desk, small_vocabulary(), lambda: self.now, parts=(voting,))
        self.desk.enroll("telegram", "1", NOW)
        self.desk.enroll("telegram", GUEST.address, NOW)
        real, ingest = Desk(db), Ingest(db)
        for chat in (ME, GUEST):
            real.enroll("telegram", chat.address, NOW)
        ingest.snapshot((), NOW)
        for n in range(20):
            entry = wire(guid=str(n))
            alert = told(entry, id=f"{n:016x}", rule_id="compute/resale")
            self.desk.alerts.append(alert)
            self.desk.explanations[alert.id] = Explanation(
                alert=alert, entry=entry, story_title=TITLE, origins=1, copies=0, verdicts=()
            )
        sent = (notification(a, to=c.subscriber_id) for a in self.desk.alerts for c in (ME, GUEST))
        assert ingest.apply(Outcome(notifications=tuple(sent)), NOW)

    async def tap(self, data: str, chat=ME) -> Reply:
        return await self.commands.tap(data, chat)


@pytest.fixture
def ballot(tmp_path: Path) -> Iterator[Ballot]:
    db = Database(tmp_path / "spillover.db")
    yield Ballot(db)
    db.close()


def votes(ballot: Ballot) -> tuple[int, int]:
    found = ballot.store.by_rule(NOW - DAY)
    return (found[0].useful, found[0].total) if found else (0, 0)


async def test_a_chat_that_never_got_the_card_has_no_vote(ballot):
    stranger = replace(ME, address="77", user="77")
    for data in ("good:0000", "noise:0000", "noise:0000:old"):
        assert said(await ballot.tap(data, stranger)) == (
            "That card was not sent here, so it has no vote of this chat."
        )
    assert votes(ballot) == (0, 0)


async def test_a_vote_counts_once_for_each_person_and_can_be_changed(ballot):
    assert (await ballot.tap(f"good:{0:016x}")).toast == "Noted: useful. Thank you."
    assert votes(ballot) == (1, 1)
    await ballot.tap(f"good:{0:016x}")
    assert votes(ballot) == (1, 1)
    await ballot.tap(f"noise:{0:016x}")
    assert votes(ballot) == (0, 1)
    for user in ("2", "3"):
        await ballot.tap(f"good:{0:016x}", replace(GUEST, user=user))
    assert votes(ballot) == (2, 3)
    assert [v.name for v in ballot.store.by_source(NOW - DAY)] == [wire().feed_id]


async def test_noise_asks_why_and_the_answer_takes_the_place_of_the_question(ballot):
    question = await ballot.tap(f"noise:{0:016x}")
    offered = buttons(question)
    assert [b.label for b in offered][:2] == ["Not about it", "Old news"]
    assert all(len(b.data.encode()) <= 64 for b in offered)
    answer = await ballot.tap(offered[2].data)
    assert (said(answer), answer.replace) == ("Noted as noise (wrong company). Thank you.", True)


async def test_whoever_finds_a_rule_s_cards_useless_is_offered_to_mute_it(ballot):
    for n in range(3):
        answer = await ballot.tap(f"noise:{n:016x}:minor")
        assert buttons(answer) == []
    offer = await ballot.tap(f"noise:{3:016x}:minor")
    assert "4 of 4 cards of “Meta sells surplus compute” were noise here" in said(offer)
    (button,) = buttons(offer)
    assert said(await ballot.tap(button.data)).startswith("Muted: Meta sells surplus compute")
    (mute,) = ballot.desk.mutes("telegram:1", NOW)
    assert (mute.rule_id, mute.until) == ("compute/resale", NOW + 7 * DAY)


@pytest.mark.parametrize(
    "data", ["good:", "noise:", "good:ffffffffffffffff", f"noise:{0:016x}:planet", "noise:::"]
)
async def test_a_vote_for_nothing_counts_nothing(ballot, data):
    assert said(await ballot.tap(data))
    assert votes(ballot) == (0, 0)


async def test_operators_see_shares_with_bounds_and_what_to_consider(ballot):
    for n in range(12):
        await ballot.tap(f"{'good' if n < 2 else 'noise'}:{n:016x}")
    answer = said(await ballot.commands.handle("precision", [], OPERATOR))
    assert "• compute/resale: 2 of 12 useful, 5% to 45%" in answer
    assert "Consider a lower level for compute/resale" in answer
    assert (
        said(await ballot.commands.handle("precision", [], ME))
        == "/precision is for the operators of this bot."
    )
    ballot.now += 91 * DAY
    assert "compute/resale" not in said(await ballot.commands.handle("precision", [], OPERATOR))


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(0, 0, 0, 1), (0, 10, 0, 0.278), (10, 10, 0.722, 1), (5, 10, 0.237, 0.763), (50, 100, 0.404, 0.596)],
)
def test_the_interval_is_wilson_s(hits, total, low, high):
    assert wilson(hits, total) == pytest.approx((low, high), abs=0.001)


def test_only_what_is_surely_bad_is_doubted_the_worst_first():
    def v(name, useful, total):
        return Votes(name=name, useful=useful, total=total)

    found = doubtful(
        [v("few", 0, 9), v("even", 6, 12), v("bad", 10, 50), v("worst", 0, 50), v("good", 40, 50)]
    )
    assert [x.name for x in found] == ["worst", "bad"]
