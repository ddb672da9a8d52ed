"""Chats to which a route leads: subscribers who hear what the route says, wherever they have moved."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from newsroom import Reader, make_book

from bot.app import App
from bot.config import load_settings
from bot.loading import Loaded
from bot.model import Severity
from bot.nlp.vocabulary import RulesVocabulary
from bot.office import Admission
from bot.store.access import Access
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.queue import Queue

ROUTES = (
    "version: 1\nroutes: [{to: 'telegram:-5', when: {level: info}}, {to: 'telegram:-7', when: {level: info}}]"
)
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_route_decides_how_loud_it_must_be_and_a_moved_chat_is_not_begun_anew(tmp_path: Path) -> None:
    vocabulary: RulesVocabulary = None  # type: ignore[assignment]  # nobody types anything
    book = make_book(tmp_path, routes=ROUTES)
    settings = load_settings({"BOT_TELEGRAM_TOKEN": "123456789:" + "a" * 35, "BOT_DATA_DIR": str(tmp_path)})
    app = App(settings, Loaded(analyzer=Reader(), book=book, vocabulary=vocabulary, feeds=()))
    db = Database(tmp_path / "spillover.db")
    try:
        app.desk, app._access = Desk(db), Access(db)
        Access(db).admit("-7", Admission.BANNED, "9", NOW)
        app._enroll_routes()
        enrolled = app.desk.subscriber("telegram:-5")
        assert enrolled is not None
        assert enrolled.level is Severity.INFO
        Queue(db).moved("telegram:-5", "-100", NOW)
        app._enroll_routes()
        assert app.desk.subscriber("telegram:-5") is None
        app.desk.leave("telegram:-100", NOW)
        app._enroll_routes()
        left = app.desk.subscriber("telegram:-100")
        assert left is not None
        assert not left.active
        assert app.desk.subscriber("telegram:-7") is None, "a route does not bring back who is banned"
    finally:
        db.close()
