from datetime import timedelta
from pathlib import Path

import pytest
from make import NOW
from workshop_fakes import MemoryDrafts

from bot.shelves import Drafts as Port
from bot.store.database import Database
from bot.store.drafts import KEPT_FOR, KEPT_OF_CHAT, Drafts

ME, OTHER = "telegram:1", "telegram:2"


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return Database(tmp_path / "db.sqlite3")


@pytest.fixture(params=["memory", "database"])
def drafts(request: pytest.FixtureRequest, db: Database) -> Port:
    return MemoryDrafts() if request.param == "memory" else Drafts(db)


def test_a_chat_gets_back_what_it_kept_and_nobody_else_does(drafts: Port) -> None:
    mine = drafts.keep(ME, "high themes=capex_cut", NOW)
    assert drafts.kept(mine, subscriber_id=ME) == "high themes=capex_cut"
    assert drafts.kept(mine, subscriber_id=OTHER) == ""
    assert drafts.kept("nothing", subscriber_id=ME) == ""
    assert drafts.kept("\x00", subscriber_id=ME) == ""


def test_the_same_text_has_the_same_short_id_in_one_chat_and_another_one_elsewhere(drafts: Port) -> None:
    first = drafts.keep(ME, "themes=capex_cut", NOW)
    assert drafts.keep(ME, "themes=capex_cut", NOW) == first
    assert drafts.keep(OTHER, "themes=capex_cut", NOW) != first
    assert drafts.keep(ME, "themes=capex_raise", NOW) != first
    assert len(first) <= 16


def test_old_ones_and_many_of_one_chat_are_dropped_the_oldest_first(db: Database) -> None:
    drafts = Drafts(db)
    old = drafts.keep(OTHER, "themes=a", NOW)
    ids = [drafts.keep(ME, f"themes=x{n}", NOW + timedelta(minutes=n)) for n in range(KEPT_OF_CHAT + 2)]
    assert [drafts.kept(i, subscriber_id=ME) != "" for i in ids] == [False] * 2 + [True] * KEPT_OF_CHAT
    assert drafts.kept(old, subscriber_id=OTHER)
    drafts.keep(ME, "themes=y", NOW + KEPT_FOR + timedelta(seconds=1))
    assert not drafts.kept(old, subscriber_id=OTHER)


def test_what_is_used_again_counts_as_new(db: Database) -> None:
    drafts = Drafts(db)
    first = drafts.keep(ME, "themes=a", NOW)
    for n in range(KEPT_OF_CHAT):
        drafts.keep(ME, "themes=a", NOW + timedelta(minutes=n))
        drafts.keep(ME, f"themes=x{n}", NOW + timedelta(minutes=n))
    assert drafts.kept(first, subscriber_id=ME)
