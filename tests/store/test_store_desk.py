"""What every desk promises of following and of an unfinished setup: the real one and the tests' own."""

import pytest
from desk_fakes import MemoryDesk
from make import HOUR, NOW

from bot.errors import StoreError
from bot.model import Setup, SetupStep, Severity, Target, TargetKind
from bot.ports import Desk
from bot.store.database import Database
from bot.store.desk import Desk as StoredDesk

ME = "telegram:1"
NVIDIA, MICRON = Target(TargetKind.COMPANY, "NVDA"), Target(TargetKind.COMPANY, "MU")
ALL, WORD = Target(TargetKind.ALL), Target(TargetKind.WORD, "liquid cooling")


@pytest.fixture(params=["memory", "stored"])
def desk(request: pytest.FixtureRequest, db: Database) -> Desk:
    made: Desk = MemoryDesk() if request.param == "memory" else StoredDesk(db)
    made.enroll("telegram", "1", NOW)
    return made


def test_following_says_whether_something_differs(desk: Desk) -> None:
    assert desk.watch(ME, NVIDIA, NOW)
    assert not desk.watch(ME, NVIDIA, NOW)
    assert desk.watch(ME, NVIDIA, NOW, level=Severity.HIGH)
    assert not desk.watch(ME, NVIDIA, NOW, level=Severity.HIGH)
    assert desk.floors(ME) == {NVIDIA: Severity.HIGH}
    assert desk.watch(ME, NVIDIA, NOW + HOUR)
    assert desk.floors(ME) == {}


def test_what_is_followed_is_in_the_order_of_following_whatever_changed_since(desk: Desk) -> None:
    for n, target in enumerate((WORD, NVIDIA, MICRON)):
        desk.watch(ME, target, NOW + n * HOUR)
    desk.watch(ME, WORD, NOW + 9 * HOUR, level=Severity.HIGH)
    assert desk.watches(ME) == [WORD, NVIDIA, MICRON]


def test_a_level_goes_with_what_it_was_for(desk: Desk) -> None:
    desk.watch(ME, NVIDIA, NOW, level=Severity.HIGH)
    assert desk.unwatch(ME, NVIDIA)
    assert not desk.unwatch(ME, NVIDIA)
    desk.watch(ME, NVIDIA, NOW)
    assert desk.floors(ME) == {}


def test_a_setup_is_replaced_and_ended(desk: Desk) -> None:
    assert desk.setup(ME) is None
    desk.save_setup(ME, None)
    for setup in (Setup(), Setup(step=SetupStep.QUIET, message_id="7", offers=(ALL, NVIDIA, WORD))):
        desk.save_setup(ME, setup)
        assert desk.setup(ME) == setup
        assert desk.setup("telegram:2") is None
    desk.save_setup(ME, None)
    assert desk.setup(ME) is None


def test_the_past_of_a_bot_that_has_just_begun_is_empty(desk: Desk) -> None:
    desk.watch(ME, NVIDIA, NOW)
    past = desk.past(NOW, 5)
    assert (past.alerts, past.since, past.listened) == ((), None, {})
    assert desk.story("nothing") is None


def test_who_is_sent_everything_counts_while_it_is_active(desk: Desk) -> None:
    desk.set_level(ME, Severity.MEDIUM)
    desk.watch(ME, ALL, NOW)
    assert desk.past(NOW, 5).listened == {Severity.MEDIUM: NOW}
    desk.leave(ME, NOW)
    assert desk.past(NOW, 5).listened == {}
    desk.enroll("telegram", "1", NOW)
    desk.watch(ME, ALL, NOW, level=Severity.CRITICAL)
    assert desk.past(NOW, 5).listened == {}, "not everything of its level"


def test_a_damaged_file_is_an_error_that_says_so(db: Database) -> None:
    db.connection.execute("DROP TABLE setups")
    with pytest.raises(StoreError, match="setups"):
        StoredDesk(db).setup(ME)
