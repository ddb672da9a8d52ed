"""Settings that wait to be applied, what applies them at once, and what budgets and votes say: in the database and the fakes."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest
from desk_fakes import MemoryDesk, MemoryImports
from library_scene import CUT, TITLE, decide, newsroom
from make import HOUR, NOW

from bot.errors import StoreError
from bot.model import Digest, Severity, Silence, Target, TargetKind
from bot.ports import Desk
from bot.shelves import Imports, Wishes
from bot.store.archive import KEEP_AT_LEAST, Archive
from bot.store.database import Database
from bot.store.desk import Desk as StoredDesk
from bot.store.feedback import FeedbackStore
from bot.store.imports import Imports as StoredImports
from bot.store.ingest import Ingest
from bot.store.queue import Queue

ME, YOU = "telegram:1", "telegram:2"
DAY = timedelta(days=1)
NVIDIA, MICRON, META = (Target(TargetKind.COMPANY, c) for c in ("NVDA", "MU", "META"))
MUTE = Silence(id="m1", until=NOW + DAY, rule_id="a/b", comment="B")
STORY = Silence(id="m2", until=NOW + DAY, story_id="5", comment="A story")
ALL = Wishes(
    named=frozenset("language level timezone quiet budget digest follow mute".split()),
    language="de",
    level=Severity.HIGH,
    timezone="Asia/Tokyo",
    quiet=(time(22), time(7)),
    budget=5,
    digest=Digest(at=time(8), weekday=2),
    follow=((MICRON, None), (NVIDIA, Severity.CRITICAL)),
    mute=(Silence(id="m3", until=NOW + DAY, company="MU", comment="Micron"),),
)

Both = tuple[Desk, Imports]


@pytest.fixture(params=["memory", "stored"])
def both(request: pytest.FixtureRequest, db: Database) -> Both:
    memory = MemoryDesk()
    made: Both = (StoredDesk(db), StoredImports(db))
    if request.param == "memory":
        made = (memory, MemoryImports(memory))
    desk = made[0]
    for address in ("1", "2"):
        desk.enroll("telegram", address, NOW)
        desk.watch(f"telegram:{address}", NVIDIA, NOW)
        desk.watch(f"telegram:{address}", META, NOW + HOUR)
    for mute in (MUTE, STORY):
        desk.add_mute(ME, mute)
    return made


def apply(imports: Imports, wishes: Wishes, import_id: str = "i", to: str = ME) -> bool:
    return imports.apply(import_id, to, wishes, NOW + 2 * HOUR, due=NOW + 3 * HOUR, by_budget=True)


def test_what_waits_is_read_as_it_was_kept(both: Both) -> None:
    _, imports = both
    imports.keep("i", ME, ALL, NOW)
    assert imports.kept("i", ME, NOW + DAY) == ALL
    assert imports.kept("i", ME, NOW + DAY + HOUR) is None
    assert imports.kept("i", YOU, NOW) is None
    assert imports.kept("j", ME, NOW) is None
    imports.keep("j", ME, replace(ALL, level=Severity.LOW), NOW)
    assert imports.kept("i", ME, NOW) is None
    imports.drop("i", ME)
    assert imports.kept("j", ME, NOW) is not None
    imports.drop("j", ME)
    assert imports.kept("j", ME, NOW) is None


def test_everything_that_is_named_is_set_once(both: Both) -> None:
    desk, imports = both
    other = (desk.subscriber(YOU), desk.watches(YOU))
    imports.keep("i", ME, ALL, NOW)
    assert not apply(imports, ALL, to=YOU)
    assert not apply(imports, ALL, "j")
    assert apply(imports, ALL)
    assert not apply(imports, replace(ALL, level=Severity.LOW))
    reader = desk.subscriber(ME)
    assert reader is not None
    assert [getattr(reader, n) for n in ("language", "level", "timezone", "quiet", "budget", "digest")] == [
        getattr(ALL, n) for n in ("language", "level", "timezone", "quiet", "budget", "digest")
    ]
    assert reader.digest_by_budget
    assert (desk.watches(ME), desk.floors(ME)) == ([NVIDIA, MICRON], {NVIDIA: Severity.CRITICAL})
    assert {m.id for m in desk.mutes(ME, NOW)} == {"m2", "m3"}
    assert (desk.subscriber(YOU), desk.watches(YOU)) == other


def test_what_is_not_named_stays_as_it_is(both: Both) -> None:
    desk, imports = both
    imports.keep("i", ME, ALL, NOW)
    before = desk.subscriber(ME)
    assert before is not None
    assert apply(imports, replace(ALL, named=frozenset({"level"})))
    assert desk.subscriber(ME) == replace(before, level=Severity.HIGH)
    assert desk.watches(ME) == [NVIDIA, META]
    assert len(desk.mutes(ME, NOW)) == 2


def test_settings_can_be_taken_away(both: Both) -> None:
    desk, imports = both
    desk.set_quiet(ME, (time(22), time(7)))
    desk.set_budget(ME, 3)
    desk.set_digest(ME, Digest(at=time(8)), NOW + HOUR)
    nothing = Wishes(named=frozenset({"quiet", "budget", "digest", "follow", "mute"}))
    imports.keep("i", ME, nothing, NOW)
    assert imports.apply("i", ME, nothing, NOW, due=None, by_budget=False)
    reader = desk.subscriber(ME)
    assert reader is not None
    assert (reader.quiet, reader.budget, reader.digest) == (None, None, None)
    assert desk.watches(ME) == []
    assert [m.id for m in desk.mutes(ME, NOW)] == ["m2"]


def test_what_can_not_be_set_whole_is_not_set_at_all(db: Database) -> None:
    desk, imports = StoredDesk(db), StoredImports(db)
    desk.enroll("telegram", "1", NOW)
    imports.keep("i", ME, ALL, NOW)
    before = desk.subscriber(ME)
    db.connection.execute("CREATE TRIGGER no BEFORE INSERT ON mutes BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(StoreError, match="no"):
        apply(imports, ALL)
    assert (desk.subscriber(ME), desk.watches(ME)) == (before, [])
    assert imports.kept("i", ME, NOW) == ALL


def test_what_was_followed_keeps_its_place_and_what_is_new_comes_in_the_order_of_the_file(
    db: Database,
) -> None:
    desk, imports = StoredDesk(db), StoredImports(db)
    desk.enroll("telegram", "1", NOW)
    desk.watch(ME, META, NOW)
    wishes = Wishes(named=frozenset({"follow"}), follow=((NVIDIA, None), (MICRON, None), (META, None)))
    imports.keep("i", ME, wishes, NOW)
    assert apply(imports, wishes)
    assert desk.watches(ME) == [META, NVIDIA, MICRON]


def test_what_nobody_applied_is_pruned(db: Database) -> None:
    imports, archive = StoredImports(db), Archive(db)
    imports.keep("i", ME, ALL, NOW)
    archive.prune(NOW + DAY, KEEP_AT_LEAST)
    assert imports.kept("i", ME, NOW) is not None
    archive.prune(NOW + DAY + HOUR, KEEP_AT_LEAST)
    assert db.value("SELECT count(*) FROM imports") == 0


def test_what_waits_goes_with_a_chat_that_moves(db: Database) -> None:
    StoredDesk(db).enroll("telegram", "-1", NOW)
    StoredImports(db).keep("i", "telegram:-1", ALL, NOW)
    Queue(db).moved("telegram:-1", "-100", NOW)
    assert StoredImports(db).kept("i", "telegram:-100", NOW) == ALL


@pytest.fixture
def told(db: Database, tmp_path: Path) -> Database:
    """Two stories that were sent to a chat."""
    desk, ingest = StoredDesk(db), Ingest(db)
    desk.enroll("telegram", "1", NOW)
    room = newsroom(tmp_path)
    for outcome, at in decide(room, (TITLE, "wire", 0), (CUT, "paper", 1)):
        ingest.apply(outcome, at)
    for n, (alert_id,) in enumerate(db.rows("SELECT id FROM alerts ORDER BY created_at")):
        with db.transaction() as cursor:
            for user, useful in (("1", 1), ("2", 0)):
                cursor.execute(
                    "INSERT INTO feedback VALUES (?, ?, ?, ?, '', 'r', 'f', ?)",
                    (alert_id, ME, user, useful, f"2026-03-0{2 + n}T00:00:00.000000+00:00"),
                )
    return db


def test_the_votes_of_a_chat_come_with_their_cards_newest_first(told: Database) -> None:
    feedback = FeedbackStore(told)
    votes = feedback.of_chat(ME, NOW - 30 * DAY, 9)
    assert [(v.entry.title, v.useful) for v in votes] == [
        (CUT, True),
        (CUT, False),
        (TITLE, True),
        (TITLE, False),
    ]
    assert [v.alert.companies for v in votes[::2]] == [{"MSFT"}, {"META"}]
    assert len(feedback.of_chat(ME, NOW - 30 * DAY, 3)) == 3
    assert feedback.of_chat(YOU, NOW - 30 * DAY, 9) == []
    assert feedback.of_chat(ME, NOW + 30 * DAY, 9) == []


def test_sounds_are_counted_as_budgets_count_them(db: Database) -> None:
    desk = StoredDesk(db)
    desk.enroll("telegram", "1", NOW)
    with db.transaction() as cursor:
        for n, (kind, silent, hours) in enumerate(
            (("new", 0, 1), ("reply", 0, 2), ("edit", 0, 3), ("new", 1, 4), ("new", 0, -1))
        ):
            at = (NOW + hours * HOUR).isoformat(timespec="microseconds")
            cursor.execute(
                "INSERT INTO outbox (id, alert_id, subscriber_id, story_id, rule_id, kind, level, silent, created_at, "
                "seq, due_at, state, card) VALUES (?, 'a', ?, 's', 'r', ?, 3, ?, ?, ?, '', 'sent', '')",
                (str(n), ME, kind, silent, at, n),
            )
    assert desk.sounds(ME, NOW) == 2
    assert desk.sounds(ME, NOW - DAY) == 3
    assert desk.sounds(YOU, NOW - DAY) == 0
