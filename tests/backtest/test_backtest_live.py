"""Promise 4: the demo's days, played live, give the same when they are replayed from their archive."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from week import decided, sent

from bot.backtest import Ruleset, from_archive, replay_all
from bot.config import load_settings
from bot.demo.run import END, START, play
from bot.loading import load
from bot.model import AlertKind, Outcome, Reason, Severity, Target, TargetKind
from bot.replay import World
from bot.store.archive import Archive
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.ingest import Ingest

ROOT = Path(__file__).parent.parent.parent


async def test_the_demo_and_its_backtest_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings({"BOT_RULES_DIR": str(ROOT / "rules")})
    loaded = load(settings)
    database = Database(tmp_path / "spillover.db")
    desk = Desk(database)  # the demo's one reader, as the backtest's: at the lowest level
    desk.enroll("console", "", START)
    desk.watch("console:", Target(TargetKind.ALL), START)
    desk.set_level("console:", Severity.INFO)
    database.close()
    lived: list[Outcome] = []
    write = Ingest.apply

    def apply(self: Ingest, outcome: Outcome, *args: object) -> bool:
        done = write(self, outcome, *args)  # type: ignore[arg-type]
        lived.extend([outcome] if done else [])
        return done

    monkeypatch.setattr(Ingest, "apply", apply)
    await play(settings, loaded, Console(file=io.StringIO(), width=100), tmp_path)

    database = Database(tmp_path / "spillover.db")
    try:
        world = World(loaded.book)
        arrivals = list(from_archive(Archive(database), 2 * (END - START)))
        replayed = [world.receive(a, loaded.analyzer) for a in arrivals]
        stored = database.rows(
            "SELECT o.kind, o.story_id, o.rule_id, o.level, a.entry_id, o.created_at FROM outbox o "
            "JOIN alerts a ON a.id = o.alert_id WHERE o.kind <> 'edit' ORDER BY o.seq"
        )
        assert database.value("SELECT count(*) FROM revisions") > 0
    finally:
        database.close()
    assert decided(replayed) == decided(lived)
    assert sent(replayed) == sent(lived)
    kinds = [n.kind for n in sent(lived)]
    assert min(kinds.count(kind) for kind in AlertKind) > 3
    assert {Reason.BASELINE, Reason.ECHO, Reason.DENIED, Reason.CORRECTED, Reason.SPILLOVER} <= {
        v.decision.reason for v in decided(lived)
    }

    # What the command writes is what the outbox of the running program holds, but for edits that it could spare.
    [run] = replay_all([Ruleset(name="rules", settings=settings, loaded=loaded)], arrivals)
    written = [
        (s.kind.value, s.story, s.rule, int(s.level), s.entry, s.at.isoformat(timespec="microseconds"))
        for s in run.sent
        if s.kind is not AlertKind.EDIT
    ]
    assert written == [tuple(row) for row in stored]
