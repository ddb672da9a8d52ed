"""Why an entry was not told, in plain words: for each reason what mattered and what to do, in each language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import TypeVar

import pytest
from desk_fakes import MemoryDesk, small_vocabulary
from make import HOUR, NOW, alert, entry, event
from newsroom import Reader, make_book

from bot.errors import NotStoredError
from bot.loading import Loaded
from bot.locale import languages, speaking
from bot.model import (
    Alert,
    Attribution,
    Card,
    Decision,
    EntityKind,
    Entry,
    Event,
    Exposure,
    Ground,
    Outcome,
    Polarity,
    Reason,
    Severity,
    SourceKind,
    Target,
    TargetKind,
    Verdict,
)
from bot.ruling.untold import UntoldEntries
from bot.store.archive import Archive
from bot.store.database import Database
from bot.store.ingest import Ingest
from bot.text import utf16_length

T = TypeVar("T")
ME, OTHER = "telegram:1", "telegram:2"
META = Target(TargetKind.COMPANY, "META")
PACK = r"""
version: 1
pack: compute
title: AI compute market
rules:
  - id: resale
    title: "{actor}: surplus AI compute for sale"
    level: high
    match:
      theme: compute_resale
      modality: {not: [denied, speculated]}
      source: {kind: {not: social}}
    corroborate: {any: [{tier: 2, origins: 1}, {origins: 2}]}
    tests: &tests
      - {title: "yes", fires: true}
      - {title: "no", fires: false}
  - id: talk
    title: "{actor}: talk of surplus compute"
    level: low
    match: {theme: compute_resale, text: {in: ['\bgossip\w*', '^\s*[^\n]*\b(rumou?r)']}}
    tests: *tests
  - id: percent
    title: "{actor}: a number"
    level: low
    match: {theme: compute_resale, text: '\d+%'}
    tests: *tests
"""
TECHNICAL = re.compile(r"compute/|compute_|\.yaml|_|\\|\{|\^|modality|rule wants")
"""What nobody reads who does not write rules."""


class World:
    """An archive with one entry, and a chat that asks about it."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "spillover.db")
        self.desk, self.reader = MemoryDesk(), Reader()
        self.book = make_book(folder, PACK)
        self.loaded = Loaded(
            analyzer=self.reader,  # type: ignore[arg-type]
            book=self.book,
            vocabulary=small_vocabulary(),  # type: ignore[arg-type]
            feeds=(),
        )

    def keep(self, of: Entry, *events: Event, alerts: tuple[Alert, ...] = (), **decided: Decision) -> None:
        """Store an entry with what it says; `decided` names chats, `rule_` in front names the rule."""
        self.reader.learn(of.headline, *events)
        verdicts = []
        for name, decision in decided.items():
            who, _, rule = name.partition("_")
            chat = {"me": ME, "other": OTHER, "all": ""}[who]
            rule_id = f"compute/{rule}" if rule else ""
            verdicts.append(
                Verdict(
                    entry_id=of.id,
                    at=NOW,
                    decision=decision,
                    rule_id=rule_id,
                    rule_line="compute.yaml:6" if rule else "",
                    subscriber_id=chat,
                    story_id=next((a.story_id for a in alerts), ""),
                )
            )
        outcome = Outcome(
            entries=(of,),
            analyses=tuple(self.reader.analyze([of])),
            verdicts=tuple(verdicts),
            alerts=alerts,
        )
        Ingest(self.database).apply(outcome, NOW)

    async def ask(self, of: Entry, language: str = "en") -> Card:
        async def working(work: Callable[[], T], /) -> T:
            return work()

        answers = UntoldEntries(
            lambda: self.loaded, Archive(self.database), self.desk, self.name, lambda: NOW, working
        )
        with speaking(language):
            return await answers.answer(of.url or of.id, ME, UTC)

    def name(self, an_id: str) -> str:
        known = {
            "META": "Meta",
            "compute_resale": "Compute resale",
            "compute/resale": "“Surplus AI compute for sale”",
        }
        return known.get(an_id, an_id)

    def follow(self, *targets: Target, level: Severity = Severity.LOW) -> None:
        self.desk.enroll("telegram", "1", NOW)
        self.desk.set_level(ME, level)
        for target in targets:
            self.desk.watch(ME, target, NOW)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.database.close()


def no(reason: Reason, detail: str = "", **more: object) -> Decision:
    return Decision(send=False, reason=reason, detail=detail, **more)  # type: ignore[arg-type]


def yes(reason: Reason = Reason.FIRST) -> Decision:
    return Decision(send=True, reason=reason)


RUMOUR = event(attribution=Attribution.SPECULATION)
LEVELS = Ground.LEVELS.written(level="medium", wanted="high")
CASES: Mapping[str, tuple[tuple[Event, ...], dict[str, Decision], str, str]] = {
    "speculation": (
        (RUMOUR,),
        {"all": no(Reason.NO_RULE)},
        "Nobody was told: no rule asks for it, as it is only speculated. If it should have been told, /feedback "
        "reaches the managers of this bot.",
        "Das wurde niemandem gemeldet: keine Regel fragt danach, da es reine Spekulation ist. Hätte es gemeldet "
        "werden sollen? /feedback erreicht die Verwalter dieses Bots.",
    ),
    "another theme": (
        (event("rally"),),
        {"all": no(Reason.NO_RULE)},
        "Nobody was told: no rule asks for it, as it tells of “rally”. If it should have been told, /feedback "
        "reaches the managers of this bot.",
        "Das wurde niemandem gemeldet: keine Regel fragt danach, da „rally“ gemeldet wird. Hätte es "
        "gemeldet werden sollen? /feedback erreicht die Verwalter dieses Bots.",
    ),
    "nothing in it": (
        (),
        {"all": no(Reason.NO_EVENT)},
        "Nobody was told: it tells of nothing that is watched for. If it should have been told, /feedback reaches "
        "the managers of this bot.",
        "Das wurde niemandem gemeldet: es enthält nichts, worauf geachtet wird. Hätte es gemeldet werden sollen? "
        "/feedback erreicht die Verwalter dieses Bots.",
    ),
    "old": (
        (event(),),
        {"all": no(Reason.STALE, "published 2026-02-21 14:00 UTC")},
        "Nobody was told: it was published too long ago (published 21 Feb 14:00).",
        "Das wurde niemandem gemeldet: es wurde vor zu langer Zeit veröffentlicht (veröffentlicht 21. Feb. 14:00).",
    ),
    "a copy": (
        (event(),),
        {"all": no(Reason.ECHO)},
        "Nobody was told anew: it is a copy of an article that was known.",
        "Das wurde nicht noch einmal gemeldet: es ist die Kopie eines Artikels, der schon bekannt war.",
    ),
    "first poll": (
        (event(),),
        {"all": no(Reason.BASELINE, "first poll of a new feed")},
        "Nobody was told: it was there already when its feed was read for the first time.",
        "Das wurde niemandem gemeldet: es stand schon da, als der Feed zum ersten Mal gelesen wurde.",
    ),
    "denied since": (
        (event(),),
        {"all_resale": no(Reason.UNSEEN_DENIAL, "the claim has been denied since")},
        "Nobody was told: the claim has been denied since.",
        "Das wurde niemandem gemeldet: die Behauptung wurde seither dementiert.",
    ),
    "one source": (
        (event(),),
        {"all_resale": no(Reason.UNCORROBORATED, "1 origin, best tier 3")},
        "Nobody was told yet: it waits for further independent sources (1 origin, best tier 3). It is told once it "
        "comes from one source of tier 1 or 2, or from 2 independent sources.",
        "Das wurde noch niemandem gemeldet: es wartet auf weitere unabhängige Quellen (1 unabhängige Quelle, bester "
        "Rang 3). Gemeldet wird, sobald es von einer Quelle von Rang 1 oder 2 kommt oder von 2 unabhängigen Quellen.",
    ),
    "silenced": (
        (event(),),
        {"all_resale": no(Reason.SILENCED, "too many", until=NOW + HOUR)},
        "Nobody was told: the operator has silenced it (too many), until 15:00.",
        "Das wurde niemandem gemeldet: der Betreiber hat es stumm geschaltet (too many), bis 15:00.",
    ),
    "nobody follows": (
        (event(),),
        {"all_resale": no(Reason.NOT_WATCHED)},
        "Nobody was told: nobody follows what it is about. /watch Meta would have told you.",
        "Das wurde niemandem gemeldet: niemand folgt dem, worum es geht. Mit /watch Meta wäre es gemeldet worden.",
    ),
    "too quiet": (
        (event(),),
        {"me_resale": no(Reason.BELOW_LEVEL, LEVELS)},
        "You were not told: its card is below the level that this chat asks for (medium is below high). "
        "/level medium would have told you.",
        "Das wurde hier nicht gemeldet: die Karte liegt unter der Stufe, die für diesen Chat gilt (mittel liegt "
        "unter hoch). Mit /level mittel wäre es gemeldet worden.",
    ),
    "muted": (
        (event(),),
        {"me_resale": no(Reason.MUTED, until=NOW + HOUR)},
        "You were not told: this chat has muted it, until 15:00. /mutes shows what is muted.",
        "Das wurde hier nicht gemeldet: dieser Chat hat es stumm geschaltet, bis 15:00. /mutes zeigt, was stumm "
        "geschaltet ist.",
    ),
    "throttled": (
        (event(),),
        {"me_resale": no(Reason.THROTTLED, until=NOW + 6 * HOUR)},
        "You were not told: its rule spoke a short while ago and rests until 20:00.",
        "Das wurde hier nicht gemeldet: die Regel hat erst vor Kurzem etwas gemeldet und ruht bis 20:00.",
    ),
    "by another rule": (
        (event(),),
        {"me_talk": no(Reason.INHIBITED, "told by compute/resale")},
        "It got no card of its own: another card tells it already (told by “Surplus AI compute for sale”).",
        "Das bekam keine eigene Karte: eine andere Karte meldet es schon (gemeldet durch “Surplus AI compute for "
        "sale”).",
    ),
    "over the budget": (
        (event(),),
        {"me_resale": no(Reason.OVER_BUDGET, "2 a day")},
        "It did not ring: it goes into the digest, as this chat has had its sounds of the day (2 a day). /budget sets "
        "how often a day this chat rings.",
        "Das hat nicht geklingelt: es kommt in die Übersicht, da dieser Chat heute schon alle seine Töne hatte (2 am "
        "Tag). /budget legt fest, wie oft am Tag dieser Chat klingelt.",
    ),
    "while away": (
        (event(),),
        {"me_resale": no(Reason.AWAY)},
        "It did not ring: it came while the bot was down, and is told in one message.",
        "Das hat nicht geklingelt: es kam, während der Bot aus war, und steht in einer gemeinsamen Nachricht.",
    ),
    "told": (
        (event(),),
        {"me_resale": yes(), "me_talk": no(Reason.INHIBITED, "told by compute/resale")},
        "You were told, 14:00: first card of this story.",
        "Das wurde hier gemeldet, 14:00: erste Karte dieser Story.",
    ),
}


@pytest.mark.parametrize(("events", "decided", "english", "german"), CASES.values(), ids=CASES)
async def test_the_first_line_says_what_mattered_and_what_to_do(
    world: World, events: tuple[Event, ...], decided: dict[str, Decision], english: str, german: str
) -> None:
    of = entry()
    world.follow(META, level=Severity.HIGH)
    world.keep(of, *events, **decided)
    for language, said in (("en", english), ("de", german)):
        card = await world.ask(of, language)
        assert card.text.split("\n")[0] == said
        assert TECHNICAL.findall(card.text) == []
        assert utf16_length(card.text) <= 4096


async def test_below_stand_the_nearest_rules_and_what_they_want(world: World) -> None:
    of = entry()
    world.keep(of, RUMOUR, all=no(Reason.NO_RULE))
    lines = (await world.ask(of)).text.split("\n")
    assert lines[1:] == [
        "",
        of.title,
        "Wire, published 14:00",
        "Found in it: “Compute resale”, Meta, only speculated.",
        "The nearest rules:",
        "• “Surplus AI compute for sale”: it tells only where it is neither denied nor only speculated",
        "• “Talk of surplus compute”: it tells only where there are phrases with words such as “gossip…” or “rumo…” in "
        "its headline or text",
        "• “A number”: it tells only where certain signs or figures are in its headline or text",
    ]


async def test_a_rule_that_asked_for_it_besides_says_what_became_of_that(world: World) -> None:
    of = entry()
    world.follow(META, level=Severity.HIGH)
    uncorroborated = no(Reason.UNCORROBORATED, "1 origin, best tier 3")
    quiet = no(Reason.BELOW_LEVEL, Ground.LEVELS.written(level="low", wanted="high"))
    world.keep(of, event(), all_resale=uncorroborated, me_talk=quiet)
    assert (await world.ask(of)).text.split("\n")[-3:] == [
        "Rules that ask for it:",
        "• “Talk of surplus compute”, LOW",
        "• “Surplus AI compute for sale”, HIGH: it waits for further independent sources (1 origin, best tier 3)",
    ]


async def first(world: World, of: Entry) -> str:
    return (await world.ask(of)).text.split("\n")[0]


async def test_what_others_were_told_says_what_this_chat_lacks(world: World) -> None:
    of = entry()
    world.keep(of, event(), other_talk=yes())
    off = "You were not told: alerts are off in this chat, others were told. /start turns them on."
    assert await first(world, of) == off
    world.follow(Target(TargetKind.COMPANY, "NVDA"))
    nothing = "You were not told: this chat follows nothing that it is about; others were told. "
    assert await first(world, of) == nothing + "/watch Meta would have told you."
    world.desk.set_level(ME, Severity.HIGH)
    assert await first(world, of) == nothing + "/watch Meta and /level low would have told you."
    world.desk.watch(ME, META, NOW, level=Severity.HIGH)
    assert await first(world, of) == (
        "You were not told: its card was low, and this chat hears of Meta from high on. /watch Meta takes that back."
    )
    world.desk.watch(ME, Target(TargetKind.THEME, "compute_resale"), NOW)
    assert await first(world, of) == (
        "You were not told: this chat did not follow Compute resale yet when it came."
    )


async def test_who_follows_only_whom_it_touches_or_a_word_of_it_did_not_do_so_yet(world: World) -> None:
    of = entry()
    touched = (Exposure(company="NVDA", path=("supplies",), weight=0.5),)
    world.keep(of, event(), alerts=(alert(of, rule_id="compute/talk", exposures=touched),), other_talk=yes())
    late = "You were not told: this chat did not follow {} yet when it came."
    world.follow(Target(TargetKind.COMPANY, "NVDA"))
    assert await first(world, of) == late.format("NVDA")
    world.desk.unwatch(ME, Target(TargetKind.COMPANY, "NVDA"))
    world.follow(Target(TargetKind.WORD, "surplus"))
    assert await first(world, of) == late.format("“surplus”")


async def test_a_floor_is_taken_back_by_what_one_can_type_in_each_language(world: World) -> None:
    of = entry()
    world.keep(of, event(), other_talk=yes())
    world.follow(Target(TargetKind.ALL))
    world.desk.watch(ME, Target(TargetKind.ALL), NOW, level=Severity.HIGH)
    text = (await world.ask(of, "de")).text.split("\n")[0]
    assert "alles" in text
    assert "/watch all " in text


async def test_where_others_were_told_nobody_reads_that_nobody_was(world: World) -> None:
    of = entry()
    world.follow(Target(TargetKind.COMPANY, "NVDA"))
    world.keep(of, event(), all_resale=no(Reason.UNCORROBORATED, "1 origin, best tier 3"), other_talk=yes())
    assert (await first(world, of)).startswith(
        "You were not told: this chat follows nothing that it is about"
    )


async def test_a_level_that_has_changed_since_is_not_asked_for_again(world: World) -> None:
    of = entry()
    world.follow(META, level=Severity.LOW)
    world.keep(of, event(), me_resale=no(Reason.BELOW_LEVEL, LEVELS))
    assert (await first(world, of)).endswith(
        "Since then the level of this chat has changed: now it would be told."
    )


async def test_of_an_address_in_several_feeds_the_one_that_came_nearest_is_told(world: World) -> None:
    one = entry()
    other = replace(entry(feed="paper"), url=one.url)
    world.follow(META)
    world.keep(one, event(), me_resale=yes())
    world.keep(other, event(), all=no(Reason.ECHO))
    lines = (await world.ask(one)).text.split("\n")
    assert lines[0].startswith("You were told, 14:00")
    assert lines[3] == "Wire, published 14:00; it came from 2 feeds"


async def test_a_revision_without_news_hides_nothing(world: World) -> None:
    of = entry()
    world.keep(of, event(), all_resale=no(Reason.UNCORROBORATED), all=no(Reason.UNCHANGED))
    assert (await first(world, of)).startswith("Nobody was told yet: it waits for further")


async def test_words_kept_by_another_release_are_shown_as_they_are(world: World) -> None:
    of = entry()
    world.follow(META)
    world.keep(of, event(), me_gone=no(Reason.BELOW_LEVEL, "quite low"))
    text = (await world.ask(of)).text
    assert (
        text.split("\n")[0]
        == "You were not told: its card is below the level that this chat asks for (quite low)."
    )
    assert "Rules that ask" not in text, "the rule is not in force any more"


async def test_the_verdict_is_bold_and_the_details_are_behind_a_button(world: World) -> None:
    of = entry(url="https://wire.example/a")
    world.keep(of, event(), all_resale=no(Reason.NOT_WATCHED))
    card = await world.ask(of)
    bold = [card.text[e.start : e.end] for e in card.entities if e.kind is EntityKind.BOLD]
    assert bold == ["Nobody was told: nobody follows what it is about."]
    assert [e.url for e in card.entities if e.kind is EntityKind.LINK] == [of.url]
    assert [b.data for row in card.buttons for b in row] == [f"untold:{of.id}"]


@pytest.mark.parametrize("language", languages())
async def test_strangers_texts_stay_in_their_lines(world: World, language: str) -> None:
    title = "</b>\u202eevil\u202c <script> @everyone /stop \x00\n" + "x" * 5000
    of = entry(title, kind=SourceKind.SOCIAL, source="\n" * 9 + "y" * 5000, url="")
    world.keep(of, event(evidence=(0, 3), polarity=Polarity.DENIED), all=no(Reason.NO_RULE))
    text = (await world.ask(of, language)).text
    assert utf16_length(text) <= 4096
    assert "\u202e" not in text
    assert "@everyone" not in text


async def test_what_is_not_stored_names_what_is_near(world: World) -> None:
    world.keep(entry(), event(), all=no(Reason.ECHO))
    with pytest.raises(NotStoredError) as caught:
        await world.ask(entry(url=entry().url + "x"))
    assert caught.value.near == entry().url
