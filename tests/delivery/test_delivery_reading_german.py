"""Cards, answers and pictures for a reader of German, and what was stored in fixed words."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from pathlib import Path

import pytest
from card_scene import NOW, TITLE, begun, edited, names, told, wire
from desk_fakes import NVIDIA, MemoryTrends, MemoryVocabulary, small_vocabulary
from library_fakes import MemoryLibrary
from library_scene import busy_day
from mail import note as notification
from mail import subscriber
from matplotlib.figure import Figure
from matplotlib.text import Text
from rich.console import Console

from bot.delivery.asking import Asked, read_query
from bot.delivery.browsing import Browsing
from bot.delivery.charting import Charting
from bot.delivery.console import ConsoleChannel
from bot.delivery.drawing import Chart, draw
from bot.delivery.explain import explanation
from bot.delivery.forms import Form, Room, compose
from bot.delivery.history import Tally
from bot.delivery.preview import preview
from bot.delivery.relations import exposure_card
from bot.delivery.render import card, facts_of, headline_of, reply, status_of
from bot.delivery.replies import Chat
from bot.delivery.roundup import roundup
from bot.delivery.stored import note_text, together_text
from bot.delivery.studio import Studio
from bot.delivery.timeline import timeline
from bot.delivery.words import said_names
from bot.locale import languages, speaking, tr
from bot.model import (
    AlertKind,
    Change,
    Decision,
    DigestDue,
    EntityKind,
    Held,
    Modality,
    Neighbour,
    OutboxItem,
    Polarity,
    Reason,
    Severity,
    Verdict,
)
from bot.pipeline.compose import _told
from bot.ports import Explanation
from bot.shelves import AlertMark, Query

DAY = timedelta(days=1)
ME = Chat(address="1", user="1")
PICTURE = b"a picture"


@pytest.fixture(autouse=True)
def german() -> Iterator[None]:
    with speaking("de"):
        yield


def test_a_card():
    entry = wire()
    drawn = card(told(entry), begun(entry), entry, names=names, now=NOW, flags={"ai_generated"})
    assert drawn.text == (
        "HOCH · wird erwogen · laut Quellen\n"
        "Meta weighs selling surplus AI compute to outsiders\n"
        "„The company is exploring selling excess computing capacity, people familiar with the matter said.“"
        " (Example Wire)\n"
        "Betroffen: CRWV, NBIS (Wettbewerb) · NVDA (Nachfrage) · MU, SK Hynix (über NVDA)\n"
        "Enthält KI-erzeugte Inhalte\n"
        "Regel: Meta sells surplus compute\n"
        "2 unabhängige Quellen, 9 Kopien · veröffentlicht 18:02 · gesehen 18:03 UTC · Fassung 2"
    )
    assert [button.label for row in drawn.buttons for button in row] == [
        "Warum",
        "Story",
        "Öffnen",
        "Nützlich",
        "Rauschen",
        "Stumm ▾",
    ]


def test_a_denial_and_what_reads_it_back():
    entry = wire()
    alert = edited(entry, reason=Reason.DENIED, polarity=Polarity.DENIED)
    drawn = card(alert, begun(entry), entry, names=names, now=NOW)
    assert status_of(drawn) == "DEMENTIERT 18:41 · laut Quellen · HOCH"
    assert headline_of(drawn) == TITLE
    assert facts_of(drawn)[0] == "2 unabhängige Quellen, 9 Kopien"
    assert facts_of(drawn)[-1] == "Fassung 2"


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        pytest.param("META, memory fell; MU rose", "Meta, Speicherchips gefallen; MU gestiegen", id="moves"),
        pytest.param("Nvidia, SK Hynix fell", "Nvidia, SK Hynix gefallen", id="moves by name, as of old"),
        pytest.param("new claim, stage up", "neue Behauptung, weiter fortgeschritten", id="changes"),
        pytest.param("new_claim", "neue Behauptung", id="a change by its id"),
        pytest.param("it fell, and how", "it fell, and how", id="anything else"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_what_changed_is_said_when_it_is_drawn(stored: str, said: str):
    sectors = {"memory": "Memory", "META": "Meta"}
    assert note_text(stored, lambda i: tr(sectors.get(i, i))) == said


def test_what_changed_is_in_a_reply():
    entry = wire()
    alert = told(entry, evidence="surplus", kind=AlertKind.REPLY, reason=Reason.SPILLOVER, note="META fell")
    assert reply(alert, begun(entry), entry, names=names, now=NOW).text == (
        f"AUSWIRKUNG EINGETRETEN · {TITLE}: von dieser Karte vorhergesagt\n"
        "Meta gefallen · Example Wire · laut Quellen · 2 unabhängige Quellen · 18:02 UTC"
    )


@pytest.mark.parametrize("change", Change)
def test_every_change_that_a_note_can_hold_is_said(change: Change):
    stored = _told(frozenset({change}))
    with speaking("en"):
        assert note_text(stored, names) == stored
    assert not stored or note_text(stored, names) != stored


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Meta · Meta cuts spending · Wire, 03 Mar", "Meta · Meta cuts spending · Wire, 3. März"),
        ("A post · 29 Feb", "A post · 29. Feb."),
        ("A post · 30 Feb", "A post · 30 Feb"),
        ("No day at all", "No day at all"),
    ],
)
def test_the_day_of_what_is_put_together(line: str, said: str):
    assert together_text(line, names) == said


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("memory\tMemory shares fall · Wire, 03 Mar", id="by its id"),
        pytest.param("Memory · Memory shares fall · Wire, 03 Mar", id="by its name, as it was written once"),
    ],
)
def test_the_sector_of_what_is_put_together(line: str):
    readable = said_names(lambda an_id: {"memory": "Memory"}.get(an_id, an_id))
    assert together_text(line, readable) == "Speicherchips · Memory shares fall · Wire, 3. März"


def test_a_reply_does_not_repeat_what_a_wire_says_in_its_own_language():
    entry = wire(title="CORRECTED: Meta weighs leasing compute", text="")
    alert = told(entry, evidence="weighs", kind=AlertKind.REPLY, reason=Reason.CORRECTED)
    assert reply(alert, begun(entry), entry, now=NOW).text.startswith(f"{entry.title}\n")


def test_what_is_put_together_without_an_actor():
    assert together_text("\tShares fall · Wire, 03 Mar", names) == "Shares fall · Wire, 3. März"


def test_why_an_alert_was_sent():
    entry = wire()
    held = Decision(
        send=False, reason=Reason.OVER_BUDGET, until=NOW + 3 * timedelta(hours=1), detail="8 a day"
    )
    verdict = Verdict(entry_id=entry.id, at=NOW, decision=held, rule_id="compute/resale")
    why = Explanation(
        alert=told(entry), entry=entry, story_title=TITLE, origins=1, copies=1234, verdicts=(verdict,)
    )
    lines = explanation(why, names=names, now=NOW).text.split("\n")
    assert lines == [
        f"Warum: {TITLE}",
        "Gesendet 18:03 UTC: erste Karte dieser Story",
        "Regel: Meta sells surplus compute, Stufe hoch",
        "Ereignis: compute resale (Meta): wird erwogen",
        "Beleg: „The company is exploring selling excess computing capacity, people familiar with the matter "
        "said.“ (Example Wire, Rang 1)",
        "Betroffen: CRWV, NBIS (Wettbewerb) · NVDA (Nachfrage) · MU, SK Hynix (über NVDA)",
        "Story: 1 unabhängige Quelle, 1.234 Kopien",
        "18:03 zurückgehalten bis 21:03: es kommt in die Übersicht, da dieser Chat heute schon alle seine Töne "
        "hatte (8 am Tag)",
        "Für alle, die Regeln schreiben: compute/resale (compute.yaml:5); wird geprüft, laut Quellen, bejaht; "
        "Punktzahl 1,00",
        "ID: a1b2c3d4e5f60718",
    ]


def test_a_story_step_by_step(tmp_path: Path):
    library = MemoryLibrary()
    for outcome, _ in busy_day(tmp_path):
        library.take(outcome)
    history = library.history(next(iter(library.stories)))
    assert history is not None
    lines = timeline(history, names=lambda i: i, now=NOW + DAY / 4, tz=UTC).text.split("\n")
    assert lines[1] == "HOCH, dementiert · 3 unabhängige Quellen, 3 Kopien"
    assert " Erster Bericht · wird erwogen · laut Quellen · Wire: " in lines[2]
    assert " · Auswirkung eingetreten: CRWV, MU gefallen · " in lines[4]
    assert " Unabhängige Quelle 3 · Dementiert · " in lines[5]


def test_a_digest():
    entry = wire()
    alert, story = told(entry), begun(entry)
    held = [
        Held(subscriber_id="telegram:1", alert=alert, reason=reason, at=NOW)
        for reason in (Reason.MUTED, Reason.OVER_BUDGET)
    ]
    due = DigestDue(
        subscriber=subscriber("1"),
        held=tuple(held),
        stories={story.id: story, alert.story_id: story},
        is_regular=True,
        known=frozenset(),
    )
    drawn, _ = roundup(due, names=names, now=NOW)
    assert drawn.text.split("\n")[0] == "Übersicht: 2 Storys ohne Ton"
    assert (
        drawn.text.split("\n")[1]
        == f"• HOCH · {TITLE} · wird erwogen · laut Quellen · Meta · 2 unabhängige Quellen"
    )
    assert drawn.text.split("\n")[-1].startswith("1 über der Höchstzahl an Tönen, 1 stumm geschaltet · ")


def test_whom_a_company_depends_on():
    found = [
        Neighbour(company="NVDA", step="supplies", weight=0.8, known_since=date(2025, 3, 1), source="10-K"),
        Neighbour(company="MU", step="supplies", weight=0.5, known_since=date(2025, 9, 1)),
    ]
    drawn = exposure_card("META", found, 0, names=names)
    assert drawn.text == (
        "Meta: 2 Beziehungen, die stärksten zuerst\n"
        "2 Zulieferer\n"
        "• NVDA ist Zulieferer: sehr stark (10-K, März 2025)\n"
        "• MU ist Zulieferer: spürbar (Sept. 2025)"
    )
    assert [drawn.text[e.start : e.end] for e in drawn.entities if e.kind is EntityKind.BOLD] == [
        "Meta",
        "NVDA",
        "MU",
    ]


@pytest.mark.parametrize(
    ("found", "whole", "said"),
    [
        (12, True, "Damit hättest du in den letzten 30 Tagen 12 Meldungen bekommen, etwa 3 pro Woche."),
        (0, True, "Damit hättest du in den letzten 30 Tagen keine Meldungen bekommen."),
        (
            2,
            False,
            "Damit hättest du in den letzten 30 Tagen mindestens 2 Meldungen bekommen. Es können mehr gewesen sein: "
            "Gespeichert wird nur, was jemand hier bekommen hat, und niemand bekommt alles.",
        ),
    ],
)
def test_what_following_something_would_have_been(found: int, whole: bool, said: str):
    entry = wire()
    tally = Tally(hits=((told(entry), entry),) * found, span=30 * DAY, covered=30 * DAY, is_whole=whole)
    drawn = preview(NVIDIA, tally, level=Severity.LOW, names=names, now=NOW, tz=UTC)
    assert drawn is not None
    lines = drawn.text.split("\n")
    assert lines[0] == "NVDA: alles, was das Unternehmen tut oder was es betrifft, ab Stufe niedrig."
    assert lines[1] == said
    assert [b.label for row in drawn.buttons for b in row] == [
        "Folgen",
        "Nur ab hoch",
        "Eingrenzen",
        "Abbrechen",
    ]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("level:hoch", Asked(query=Query(level=Severity.HIGH))),
        ("level:high", Asked(query=Query(level=Severity.HIGH))),
        ("modality:dementiert", Asked(query=Query(modality=Modality.DENIED))),
        ('modality:"wird erwogen"', Asked(query=Query(modality=Modality.CONSIDERING))),
        (
            "level:hich",
            Asked(
                problem="„hich“ ist keine Stufe. Stufen: info, niedrig, mittel, hoch, kritisch; meintest du hoch?"
            ),
        ),
        (
            "since:",
            Asked(
                problem="Hinter „since:“ steht nichts. Schreib zum Beispiel since:7d oder since:2026-03-01."
            ),
        ),
    ],
)
def test_a_search_is_understood_in_english_and_in_german(
    text: str, asked: Asked, monkeypatch: pytest.MonkeyPatch
):
    # How something typed is quoted is said elsewhere.
    monkeypatch.setattr("bot.delivery.asking.echo", lambda typed: f"„{typed}“")
    assert read_query(text, small_vocabulary(), NOW, UTC) == asked


def test_what_a_name_is_instead_needs_no_article():
    (problem,) = {read_query("theme:nvidia", small_vocabulary(), NOW, UTC).problem}
    assert " ist als Unternehmen bekannt, nicht als Thema. " in problem


async def test_the_biggest_stories_of_nothing():
    browsing = Browsing(MemoryLibrary(), MemoryVocabulary({}, {}), lambda: NOW, neighbours=lambda _: ())
    found = await browsing.top("", ME)
    assert found.cards[0].text == "In dieser Zeit wurde nichts gemeldet. /top 7d schaut weiter zurück."


async def test_a_chart_and_its_caption():
    asked: list[Chart] = []

    async def easel(chart: Chart) -> bytes:
        asked.append(chart)
        return PICTURE

    trends = MemoryTrends()
    trends.news[NVIDIA] = [NOW, *[NOW - 4 * DAY] * 9, *[NOW - 10 * DAY] * 10, *[NOW - 40 * DAY] * 10]
    trends.alerts[NVIDIA] = [AlertMark(at=NOW, level=Severity.HIGH), AlertMark(at=NOW, level=Severity.LOW)]
    charting = Charting(trends, small_vocabulary(), easel, lambda: NOW)
    answer = await charting.chart("nvidia", ME)
    label = asked[0].title
    assert answer.cards[0].text == (
        f"{label}, 30 Tage bis 2. März 2026 (UTC)\n"
        "20 Erwähnungen, die meisten am 20. Februar: 10. 100 % mehr als in den 30 Tagen davor (10).\n"
        "2 Meldungen: 1 hoch, 1 niedrig."
    )
    assert asked[0].subtitle == "30 Tage bis 2. März 2026 · 20 Erwähnungen · 2 Meldungen"
    assert asked[0].language == "de"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written on the pictures that are drawn."""
    texts: list[str] = []
    save = Figure.savefig

    def spied(figure: Figure, *args: object, **more: object) -> None:
        save(figure, *args, **more)  # type: ignore[arg-type]
        texts.extend(t.get_text() for t in figure.findobj(Text) if isinstance(t, Text))

    monkeypatch.setattr(Figure, "savefig", spied)
    return texts


def chart(**more: object) -> Chart:
    values: dict[str, object] = {
        "title": "Nvidia",
        "subtitle": "7 Tage",
        "zone": "CET",
        "first": date(2026, 3, 1),
        "counts": (1, 2, 3, 4, 5, 6, 7),
        "unwatched": 4.0,
        "alerts": ((2.5, Severity.HIGH), (5.5, Severity.CRITICAL)),
        "language": "de",
    }
    return Chart(**(values | more))  # type: ignore[arg-type]


def test_a_picture_is_labelled_in_the_language_of_who_asked(written: list[str]):
    with speaking("en"):  # as in the process that draws
        draw(chart())
    wanted = {"Erwähnungen je Tag", "Tage (CET); schraffiert: heute bis jetzt", "noch nicht beobachtet"}
    assert wanted | {"hoch", "kritisch", "1. Mär", "7. Mär"} <= set(written)
    assert not any("hatched" in text or "Mar" in text for text in written)


def test_a_picture_of_weeks(written: list[str]):
    draw(chart(counts=(1,) * 14, step=7, alerts=(), unwatched=0.0))
    assert {"Erwähnungen je Woche", "Wochen ab dem Datum (CET); schraffiert: mit heute bis jetzt"} <= set(
        written
    )


async def test_the_process_that_draws_speaks_the_language_of_the_chart():
    async with Studio() as studio:
        german = await studio.draw(chart())
        english = await studio.draw(chart(language="en"))
    assert german == draw(chart())
    assert english == draw(chart(language="en")) != german


@pytest.mark.parametrize("language", languages())
async def test_the_console_knows_a_status_that_is_simply_the_level(language: str):
    """Whatever language the card is in, and whatever is spoken where it is shown."""
    entry, console = wire(), Console(file=io.StringIO(), width=200)
    channel = ConsoleChannel(console, lambda: NOW)
    with speaking(language):
        plain = card(edited(entry), begun(entry), entry, names=names, now=NOW)
        alert = edited(entry, reason=Reason.DENIED, polarity=Polarity.DENIED)
        denied = card(alert, begun(entry), entry, names=names, now=NOW)
    with speaking("en"):
        for drawn in (plain, denied):
            made = notification("n", ME_HERE, drawn, kind=AlertKind.EDIT, level=Severity.HIGH)
            await channel.send(OutboxItem(notification=made, subscriber=ME_HERE, reply_to="1"))
    first, second = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    counts, revision = facts_of(plain)[0], facts_of(plain)[-1]
    assert first == f"↻ {revision} · {counts} — {TITLE}"
    assert second == f"↻ {revision} · {counts} · {status_of(denied)} — {TITLE}"


def test_another_service_finds_the_headline():
    entry = wire()
    drawn = card(told(entry), begun(entry), entry, names=names, now=NOW)
    made = notification("n", ME_HERE, drawn, level=Severity.HIGH)
    assert TITLE in compose(made, Form.TEXT, Room(title=200, body=2000)).title


ME_HERE = subscriber("1")
