from collections.abc import Iterator
from pathlib import Path

import pytest
from newsroom import Reader, make_book

from bot.pipeline import Book
from bot.store.database import Database


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return make_book(tmp_path)


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "spillover.db")
    yield database
    database.close()
