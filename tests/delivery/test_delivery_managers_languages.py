"""What managers read in the chat comes in the language that is spoken, also what comes later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fakes import START
from managers_scene import BOSS, STRANGER, Scene, buttons, said
from office_fakes import FakeSources, FakeWorks, MemoryAccess, MemoryDeeds

from bot.delivery.errands import Errands
from bot.delivery.feeds import Feeds
from bot.delivery.gate import Gate
from bot.delivery.manual import MANAGERS_MENU, MANAGERS_TOPICS
from bot.delivery.people import People
from bot.delivery.rival import Rival
from bot.delivery.running import Running
from bot.errors import ConfigError, StoreError
from bot.locale import speaking, tr
from bot.office import Delays, Latency, Source, Trial
from bot.ports import Status
from bot.store.access import Access
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.registry import Registry

MINUTE = timedelta(minutes=1)
URL = "https://news.example/feed"
FIGURES = Status(
    feeds=3, feeds_failing=1, feeds_stopped=0, entries=10, stories=5, alerts=2, subscribers=4, pending=1700,
    parked=1, oldest_pending_at=START - 2 * MINUTE, last_poll_at=START - MINUTE, counters={},
)  # fmt: skip


class House(Scene):
    """A manager who looks after feeds and the program."""

    def __init__(self) -> None:
        self.deeds = MemoryDeeds()
        super().__init__(START, self.deeds)  # type: ignore[arg-type]
        wire = Source(
            id="wire", title="", url=URL, kind="wire", tier=1, state="active", last_ok_at=START - 3 * MINUTE,
            next_poll_at=START + 12 * MINUTE, per_day=1012.44,
        )  # fmt: skip
        late = replace(wire, id="late", state="paused", last_ok_at=None, per_day=0.0)
        broken = replace(wire, id="broken", failures=4, last_error="HTTP status 503", next_poll_at=START)
        self.sources, self.works = FakeSources(wire, late, broken), FakeWorks()
        self.errands = Errands()
        self.errands.connect(self.post)
        self.desk.figures = FIGURES
        self.add(
            Feeds(self.office, self.sources, self.errands, self.clock),
            Running(self.office, self.desk, self.works, self.sources, self.errands, self.clock),
        )

    async def later(self, text: str) -> str:
        """What comes of a command that takes its time, some time after whoever asked was answered in German."""
        before = len(self.posted)
        with speaking("de"):
            assert "folgt" in await self.ask(text)
        await self.errands.idle()
        (card,) = self.posted[before:]
        return card.text


@pytest.fixture
def house() -> House:
    return House()


async def test_health_in_german(house: House) -> None:
    house.works.health = replace(
        house.works.health, trouble="starting or stopping", loop_delay=0.004, disk_free=7_300_000_000
    )
    with speaking("de"):
        assert (await house.ask("/health")).split("\n") == [
            "Zustand",
            "Störung: startet gerade oder hält an",
            "Läuft seit 5h, Regeln abc123",
            "Warteschlange: 1.700 wartend, 1 abgelegt; älteste seit 2m nicht gesendet",
            "Feeds: 3, davon gestört: 1; letzte Abfrage vor 1m",
            "Gestört: broken",
            "Verzögerung der Ereignisschleife: 4 ms; Arbeitsspeicher: 400 MB",
            "Datenbank: 12 MB; freier Speicherplatz: 7,3 GB",
        ]


async def test_the_list_of_feeds_in_german(house: House) -> None:
    with speaking("de"):
        assert (await house.ask("/sources")).split("\n") == [
            "3 Feeds, davon gestört: 1; Seite 1 von 1",
            "broken: 4-mal in Folge fehlgeschlagen, zuletzt erreicht vor 3m, 1.012,4 am Tag, nächste Abfrage jetzt. "
            "HTTP status 503",
            "wire: aktiv, zuletzt erreicht vor 3m, 1.012,4 am Tag, nächste Abfrage in 12m",
            "late: pausiert, noch nie erreicht, 0,0 am Tag",
        ]
        labels = [b.label for b in buttons(await house.reply("/sources late"))]
        assert labels == ["Fortsetzen", "Testen"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("/sources latte", "; meintest du late?\n/sources zeigt alle.", id="unknown"),
        pytest.param(
            "/sources url late",
            "/sources url braucht die ID eines Feeds und seine neue Adresse. /help sources zeigt Beispiele.",
            id="too little",
        ),
        pytest.param(
            "/sources pause wire",
            "wire wird nicht mehr abgefragt. /sources resume wire macht das rückgängig. Das bleibt neben "
            "rules/sources.yaml in der Datenbank gespeichert, auch nach einem Neustart oder erneutem Laden.",
            id="done",
        ),
        pytest.param("/audit", "Betreiber haben bisher nichts getan.", id="nothing done"),
        pytest.param(
            "/backtest 1m",
            "Schreib zum Beispiel /backtest 7d; möglich sind 1h bis 30d.",
            id="too short a time",
        ),
    ],
)
async def test_mistakes_and_deeds_in_german(house: House, text: str, answer: str) -> None:
    with speaking("de"):
        said_of_it = await house.ask(text)
    assert said_of_it.endswith(answer)


async def test_what_comes_later_is_in_the_language_of_whoever_asked(house: House) -> None:
    house.sources.trials[URL] = Trial(
        url=URL, title="News", entries=2, newest=[(None, "Chips are short")], warnings=["odd"]
    )
    assert await house.later(f"/sources test {URL}") == (
        "Das lässt sich lesen; gespeichert wurde nichts.\n"
        "„News“, 2 Einträge, die neuesten:\n"
        "• ohne Datum Chips are short\n"
        "Hinweis: odd"
    )
    house.works.error = StoreError("disk full")
    assert await house.later("/reload") == "/reload ist fehlgeschlagen: disk full"
    assert house.deeds.kept[-1].result == "fehlgeschlagen: disk full"
    house.works.error = ConfigError("no such day")
    assert await house.later("/lint") == "no such day"


async def test_delays_in_german_keep_what_things_are_called(house: House) -> None:
    spans = {"count": 1200, "median": 2 * MINUTE, "slow": timedelta(milliseconds=40)}
    house.works.delays = Latency(
        stages=[Delays(name="published → seen", **spans)],  # type: ignore[arg-type]
        kinds=[Delays(name="wire", **spans)],  # type: ignore[arg-type]
    )
    with speaking("de"):
        assert (await house.ask("/latency")).split("\n") == [
            "Verzögerung der letzten 24 Stunden, Median und 95 %",
            "erschienen → gesehen: 2m, 40 ms (1.200)",
            "Erschienen → gesehen, nach Art:",
            "• wire: 2m, 40 ms (1.200)",
        ]


async def test_people_and_broadcasts_in_german(tmp_path: Path) -> None:
    db = Database(tmp_path / "spillover.db")
    registry, access = Registry(db), Access(db)
    scene = Scene(START, registry)
    scene.add(People(scene.office, access, registry, scene.clock, operators=["9"]))
    Desk(db).enroll("telegram", "70015001", START)
    with speaking("de"):
        assert (await scene.ask("/users")).split("\n") == [
            "Meldungen an: 1 Chat, davon 0 Gruppen oder Kanäle; aus: 0; neu in 7 Tagen: 1",
            "Der Bot steht allen offen; zugelassen: 0, gesperrt: 0",
            "Die neuesten:",
            f"• 70015001, seit {START:%H:%M}",
        ]
        asked = await scene.reply("/broadcast We move tonight")
        assert (
            said(asked)
            == "We move tonight\nEmpfänger: 1 Chat, ohne Ton, in etwa 1s. Meldungen gehen vor. Senden?"
        )
        assert [b.label for b in buttons(asked)] == ["Senden", "Verwerfen"]
        sent = await scene.tap(buttons(asked)[0].data)
        assert said(sent) == "Unterwegs: 0 von 1 Chat erreicht, noch etwa 1s."
        assert await scene.ask("/ban", STRANGER) == "/ban ist den Betreibern dieses Bots vorbehalten."
    db.close()


@pytest.mark.parametrize(
    ("operators", "contact", "chat", "answer"),
    [
        ((), "ops@bot.example", "5", "Bitte ops@bot.example, deine ID 5 zuzulassen."),
        (("9", "8"), "", "5", "Bitte den Betreiber (Nutzer 8 oder 9), deine ID 5 zuzulassen."),
        ((), "", "-100", "Bitte den Betreiber, deine ID 5 oder die dieser Gruppe, -100, zuzulassen."),
    ],
    ids=["a contact", "managers", "a group"],
)
def test_a_stranger_is_turned_away_in_german(
    operators: tuple[str, ...], contact: str, chat: str, answer: str
) -> None:
    gate = Gate(MemoryAccess(), lambda: START, operators=operators, by_invitation=True, contact=contact)
    with speaking("de"):
        reply = gate.enter("5", chat).reply
    assert reply is not None
    assert said(reply) == f"Diesen Bot kann nur nutzen, wer eingeladen ist. {answer}"


def test_a_rival_is_named_in_the_language_of_whoever_asks() -> None:
    rival = Rival(lambda: START)
    rival.met()
    assert rival.problem.startswith("Another program has used the same Telegram token since 2026-")
    with speaking("de"):
        assert rival.problem.startswith("Seit 2026-")


def test_managers_commands_are_described_in_german() -> None:
    texts = [text for _, text in MANAGERS_MENU] + [
        line for lines in MANAGERS_TOPICS.values() for line in lines
    ]
    with speaking("de"):
        assert [text for text in texts if tr(text) == text] == []


async def test_what_was_done_is_listed_as_it_was_answered(house: House) -> None:
    with speaking("de"):
        await house.ask("/sources resume late")
        shown = await house.ask("/audit")
    assert shown.split("\n")[0] == "Was Betreiber getan haben, das Neueste zuerst:"
    assert f"Nutzer {BOSS.user}: sources resume late → late wird gleich wieder abgefragt." in shown
