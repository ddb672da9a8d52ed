"""The same chat in another language: what the commands and buttons say, and what of it can be typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from card_scene import NOW, told, wire
from desk_fakes import EVERYTHING, META_MATERIALS, NVIDIA, MemoryDesk, small_vocabulary
from make import notification
from office_fakes import MemoryPrivacy

from bot.delivery.commands import Commands
from bot.delivery.forms import Form, Room, compose
from bot.delivery.helping import help_card
from bot.delivery.manual import MENU
from bot.delivery.privacy import Private
from bot.delivery.replies import Chat, Reply
from bot.delivery.watching import MOST_FOLLOWED
from bot.locale import each_language, speaking, spoken, tr
from bot.model import AlertKind, Button, Card, Severity, Target, TargetKind
from bot.ports import Explanation

ME = Chat(address="1", user="1")


class German:
    """A chat that is spoken to in German."""

    def __init__(self) -> None:
        self.desk, self.now = MemoryDesk(), NOW
        privacy = Private(MemoryPrivacy(), lambda: self.now, keep=timedelta(days=90), contact="Anna")
        self.commands = Commands(self.desk, small_vocabulary(), lambda: self.now, parts=(privacy,))

    async def ask(self, text: str) -> Reply:
        name, *args = text.split()
        return await self.commands.handle(name.removeprefix("/"), args, ME)

    async def tap(self, data: str) -> Reply:
        return await self.commands.tap(data, ME)

    def begin(self) -> None:
        self.desk.enroll("telegram", "1", NOW)


@pytest.fixture
def chat() -> Iterator[German]:
    with speaking("de"):
        yield German()


def said(reply: Reply) -> str:
    return "\n".join(card.text for card in reply.cards)


def buttons(reply: Reply) -> list[Button]:
    return [button for card in reply.cards for row in card.buttons for button in row]


async def test_a_new_chat_is_asked_in_german_and_its_buttons_carry_english(chat):
    what = await chat.ask("/start")
    assert said(what) == (
        "Schritt 1 von 3: Wem soll dieser Chat folgen?\n"
        "Tippe an oder schreib Namen: nvidia, compute resale. Bis du wählst, folgt er allem."
    )
    loud = await chat.tap("setup:follow:all")
    assert said(loud).startswith("Schritt 2 von 3: Wie laut?\nGefolgt wird hier: alles.")
    assert [(b.label, b.data) for b in buttons(loud)] == [
        ("info", "setup:level:info"),
        ("niedrig", "setup:level:low"),
        ("mittel", "setup:level:medium"),
        ("hoch", "setup:level:high"),
        ("kritisch", "setup:level:critical"),
        ("Überspringen: mittel", "setup:level:skip"),
    ]
    when = await chat.commands.type("hoch", ME)
    assert chat.desk.subscribers["telegram:1"].level is Severity.HIGH
    assert ("Tokio", "setup:quiet:22:00-07:00 Asia/Tokyo") in [(b.label, b.data) for b in buttons(when)]
    done = await chat.tap("setup:quiet:skip")
    assert said(done).startswith("Fertig. Gefolgt wird hier: alles; Stufe hoch und höher.\nKeine Ruhezeit; ")


async def test_where_there_is_no_room_the_setup_says_so_in_any_language():
    said_of = {}
    for language in each_language(str):
        with speaking(language):
            new = German()
            await new.ask("/start")
            await new.tap("setup:follow:pick")
            for n in range(MOST_FOLLOWED):
                new.desk.watch("telegram:1", Target(TargetKind.COMPANY, f"C{n}"), NOW)
            new.desk.unwatch("telegram:1", EVERYTHING)
            said_of[language] = said(await new.tap("setup:pick:+company:NVDA")).split("\n")[0]
    assert said_of["en"].startswith("Not followed: Nvidia (company). A chat follows at most 50 things")
    assert said_of["de"].startswith("Nicht aufgenommen: Nvidia (Unternehmen). Ein Chat folgt höchstens 50")


@pytest.mark.parametrize("text", ["hoch", "Hoch", "high"])
async def test_a_level_is_understood_in_german_and_in_english(chat, text):
    chat.begin()
    assert said(await chat.ask(f"/level {text}")) == "Ab jetzt nur noch Meldungen der Stufe hoch und höher."
    assert chat.desk.subscribers["telegram:1"].level is Severity.HIGH


async def test_levels_are_listed_as_they_are_understood(chat):
    chat.begin()
    assert said(await chat.ask("/level kritsch")) == (
        "„kritsch“ ist keine Stufe. Stufen: info, niedrig, mittel, hoch, kritisch; meintest du kritisch?"
    )


async def test_what_is_shown_as_everything_can_be_typed(chat):
    chat.begin()
    chat.desk.watch("telegram:1", EVERYTHING, NOW)
    chat.desk.watch("telegram:1", NVIDIA, NOW)
    assert [b.label for b in buttons(await chat.ask("/list"))] == ["✕ alles", "✕ Nvidia (Unternehmen)"]
    assert said(await chat.ask("/unwatch alles")) == "Nicht mehr gefolgt wird: alles."
    assert chat.desk.watches("telegram:1") == [NVIDIA]


async def test_a_digest_s_weekday_and_a_budget_are_german_and_typed_in_english(chat):
    chat.begin()
    assert said(await chat.ask("/digest weekly mon 08:00")) == (
        "Jeden Montag um 08:00 Uhr, UTC: was ohne Ton blieb. Die nächste: 9. März 08:00 UTC."
    )
    assert said(await chat.ask("/budget 1")) == (
        "Ab jetzt höchstens 1 Ton am Tag; Kritisches kommt immer mit Ton. Der Rest kommt in deine Übersicht."
    )


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param(
            "/lst", "Einen Befehl „/\u2060lst“ gibt es nicht; meintest du /list? /help zeigt alle.", id="near"
        ),
        pytest.param(
            "/qqqq", "Einen Befehl „/\u2060qqqq“ gibt es nicht. /help zeigt alle.", id="nothing near"
        ),
        pytest.param(
            "/watch nvidea,all of it",
            "„nvidea“ kenne ich nicht. Meintest du nvidia oder nvda?\n"
            "„all of it“ kenne ich nicht. Versuch es mit einem Unternehmen, Börsenkürzel, Thema oder einer Branche.",
            id="unknown names",
        ),
        pytest.param("/unmute", "Dieser Chat ist nicht stumm geschaltet.", id="nothing to end"),
        pytest.param(
            "/mute meta",
            f"„meta“ kann mehrere Unternehmen meinen. Schreib /mute META oder /mute {META_MATERIALS.id}.",
            id="alternatives",
        ),
    ],
)
async def test_what_is_not_understood_is_said_whole(chat, text, answer):
    chat.begin()
    assert said(await chat.ask(text)) == answer


async def test_a_mute_says_when_it_ends_and_how_long_is_left(chat):
    chat.begin()
    assert said(await chat.ask("/mute nvidia 3d")).startswith(
        "Stumm geschaltet: Nvidia, bis 5. März 18:03 UTC."
    )
    assert said(await chat.ask("/mute 2h")) == "Stumm bis 20:03 UTC. /unmute beendet das früher."
    assert said(await chat.ask("/mutes")).split("\n")[1:] == [
        "• alles, bis 20:03 UTC (noch 2h)",
        "• Nvidia, bis 5. März 18:03 UTC (noch 3d)",
    ]


async def test_what_is_deleted_is_asked_in_one_sentence(chat):
    assert said(await chat.ask("/deleteme")).split("\n")[0] == (
        "Alles zu diesem Chat löschen: Einstellungen, wem er folgt, was ihm gesendet wurde?"
    )
    assert said(await chat.ask("/privacy")).split("\n")[-1] == "Fragen: Anna"


@pytest.mark.parametrize("name", [name for name, _ in MENU if name != "help"])
def test_a_command_is_described_and_explained_in_german(name):
    described = dict(MENU)[name]
    with speaking("de"):
        shown, explained = tr(described), help_card(name).text.split("\n")
    english = help_card(name).text.split("\n")
    assert shown != described
    assert len(shown) <= 256
    assert len(explained) == len(english)
    assert not set(explained) & set(english)


def test_help_with_levels_lists_those_that_can_be_typed():
    assert help_card("level").text == (
        "/level high sends nothing below high. Levels: info, low, medium, high, critical."
    )
    with speaking("de"):
        assert help_card("level").text == (
            "/level hoch sendet nichts unter der Stufe hoch. Stufen: info, niedrig, mittel, hoch, kritisch."
        )


def test_another_service_gets_its_title_and_what_a_reply_is_about_in_german():
    first = notification(card=Card(text="first\nheadline"), level=Severity.HIGH)
    answer = notification(card=Card(text="changed\nmore"), kind=AlertKind.REPLY)
    room = Room(title=100, body=1000)
    with speaking("de"):
        assert compose(first, Form.TEXT, room).title == "HOCH · headline"
        assert compose(answer, Form.TEXT, room, about="Meta sells").body == "Zu „Meta sells“\nmore"


async def test_what_is_muted_is_named_in_the_language_that_is_spoken_and_stored_in_english(chat, monkeypatch):
    chat.begin()
    vocabulary, english = small_vocabulary(), small_vocabulary().name
    german = {"memory": "Speicherchips"}
    monkeypatch.setattr(
        vocabulary, "name", lambda an_id: german.get(an_id, an_id) if spoken() == "de" else english(an_id)
    )
    commands, shown = Commands(chat.desk, vocabulary, lambda: NOW), told(wire())
    alert = replace(shown, event=replace(shown.event, actor="memory"))
    chat.desk.explanations[alert.id] = Explanation(
        alert=alert, entry=wire(), story_title="", origins=1, copies=0, verdicts=()
    )
    assert "Stumm geschaltet: Speicherchips, bis" in said(await commands.tap(f"hush:company:{alert.id}", ME))
    assert "Stumm geschaltet: diese Story, bis" in said(await commands.tap(f"hush:story:{alert.id}", ME))
    assert [m.comment for m in chat.desk.mutes("telegram:1", NOW)] == ["memory makers", ""]
    with speaking("en"):
        listed = await commands.handle("mutes", [], ME)
        assert [b.label for b in buttons(listed)] == ["✕ memory makers", "✕ this story"]
        assert all(f"• {name}, until" in said(listed) for name in ("memory makers", "this story"))
        assert said(await commands.handle("unmute", ["memory", "makers"], ME)) == "No longer muted."
