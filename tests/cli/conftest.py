"""Commands set up logging for the whole process; here that is undone after each test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_kit import environment, prompt_id, rules_folder


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Settings with a small, whole rules folder, whose one feed can't be reached."""
    rules_folder(tmp_path, {prompt_id(): "http://127.0.0.1:1/feed"})
    return environment(tmp_path)
