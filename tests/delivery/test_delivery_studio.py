"""The process that draws: one picture at a time, no traces, and no harm when it dies or takes too long."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot import child
from bot.delivery.drawing import Chart
from bot.delivery.studio import Studio
from bot.errors import DrawingError

CHART = Chart(title="t", subtitle="s", zone="UTC", first=date(2026, 3, 1), counts=(1, 2, 3, 4, 5, 6, 7))
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go, and a home that nothing may be written to."""
    home, tmp = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    tmp.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp))
    yield tmp
    assert list(home.iterdir()) == []


def pid(studio: Studio) -> int:
    assert studio._process is not None
    return studio._process.pid


def is_alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


async def test_pictures_are_drawn_by_one_process_that_leaves_nothing_behind(
    tmp: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Studio() as studio:
        assert studio.is_resting
        first, second = await asyncio.gather(studio.draw(CHART), studio.draw(CHART))
        process = pid(studio)
        assert await studio.draw(CHART) == first == second
        assert first.startswith(PNG)
        assert pid(studio) == process
        assert [p.name.startswith("spillover-") for p in tmp.iterdir()] == [True]
    assert not is_alive(process)
    assert list(tmp.iterdir()) == []
    assert [r.message for r in caplog.records if r.name != "asyncio"] == []
    assert capfd.readouterr() == ("", "")


async def test_the_process_gets_no_settings(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TELEGRAM_TOKEN", "123456:secret")
    async with Studio() as studio:
        await studio.draw(CHART)
        assert b"secret" not in Path(f"/proc/{pid(studio)}/environ").read_bytes()


async def test_a_process_that_has_nothing_to_do_ends_and_another_takes_its_place(tmp: Path) -> None:
    async with Studio(idle=timedelta(0)) as studio:
        await studio.draw(CHART)
        process = pid(studio)
        while not studio.is_resting or is_alive(process):
            await asyncio.sleep(0.01)
        assert (await studio.draw(CHART)).startswith(PNG)


async def test_a_process_that_was_killed_is_replaced(tmp: Path) -> None:
    async with Studio() as studio:
        await studio.draw(CHART)
        process = pid(studio)
        os.kill(process, signal.SIGKILL)
        while studio._process is not None and studio._process.returncode is None:
            await asyncio.sleep(0.01)
        assert (await studio.draw(CHART)).startswith(PNG)
        assert pid(studio) != process


async def test_a_process_that_dies_at_work_costs_its_picture_only(tmp: Path) -> None:
    async with Studio() as studio:
        await studio.draw(CHART)
        os.kill(pid(studio), signal.SIGSTOP)
        drawing = asyncio.create_task(studio.draw(CHART))
        await asyncio.sleep(0)
        os.kill(pid(studio), signal.SIGKILL)
        with pytest.raises(DrawingError):
            await drawing
        assert (await studio.draw(CHART)).startswith(PNG)


async def test_a_drawing_that_takes_too_long_is_ended(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Studio(deadline=timedelta(milliseconds=300)) as studio:
        await studio.draw(CHART)
        process = pid(studio)
        os.kill(process, signal.SIGSTOP)
        with pytest.raises(DrawingError, match="takes longer"):
            await studio.draw(CHART)
        assert not is_alive(process)


async def test_what_cannot_be_started_is_said(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child.sys, "executable", "/nowhere/python")
    async with Studio() as studio:
        with pytest.raises(DrawingError, match="can't be started"):
            await studio.draw(CHART)


async def test_a_folder_that_cannot_be_made_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
    async with Studio() as studio:
        with pytest.raises(DrawingError, match="can't be started"):
            await studio.draw(CHART)


async def test_too_little_memory_is_said_and_the_program_goes_on(
    tmp: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with Studio(memory=64 * 1024 * 1024) as studio:
        with pytest.raises(DrawingError):
            await studio.draw(CHART)


async def test_closing_ends_what_is_under_way(tmp: Path) -> None:
    studio = Studio()
    await studio.draw(CHART)
    process = pid(studio)
    os.kill(process, signal.SIGSTOP)
    drawing = [asyncio.create_task(studio.draw(CHART)) for _ in range(3)]
    await asyncio.sleep(0)
    await studio.close()
    assert all(isinstance(e, DrawingError) for e in await asyncio.gather(*drawing, return_exceptions=True))
    assert not is_alive(process)
    assert list(tmp.iterdir()) == []


async def test_a_caller_who_gives_up_leaves_a_studio_that_works(tmp: Path) -> None:
    async with Studio() as studio:
        await studio.draw(CHART)
        os.kill(pid(studio), signal.SIGSTOP)
        drawing = asyncio.create_task(studio.draw(CHART))
        await asyncio.sleep(0.01)
        drawing.cancel()
        await asyncio.gather(drawing, return_exceptions=True)
        assert (await studio.draw(CHART)).startswith(PNG)
