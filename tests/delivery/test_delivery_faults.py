"""Whatever the Bot API does for a while: everything arrives, in order, and twice only where the answer was lost."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from api_faults import FAULTS, LONELY, Fault, Ordeal
from bot_api import BotApi

CHATS, ROUNDS, FACTOR = 24, 4, 60.0
READ = timedelta(milliseconds=150)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_loses_nothing_disorders_nothing_and_doubles_only_what_lost_its_answer(
    tmp_path: Path, fault: Fault
) -> None:
    async with BotApi() as api, Ordeal(tmp_path, api, chats=CHATS, factor=FACTOR, read=READ) as ordeal:
        ordeal.publish()
        await ordeal.play(fault, ROUNDS, 0.1)
        failures = sum(call.status != 200 for call in api.calls)
        ordeal.publish()
        await ordeal.until_empty(timedelta(seconds=60))
        found = ordeal.verdict()
        assert (found.missing, found.disordered, found.unexcused) == (0, 0, 0), found
        assert ordeal.pending() == 0
        if fault.kind not in ("", "status", "mislabelled"):
            assert failures or found.lost_answers, "nothing went wrong, so this shows nothing"
        if not found.lost_answers:
            assert found.doubled == 0
        active = ordeal.written.value("SELECT count(*) FROM subscribers WHERE active = 1")
        assert active == CHATS - ordeal.lonely, (
            f"only chat {LONELY} may be given up, and only if it was not found"
        )
