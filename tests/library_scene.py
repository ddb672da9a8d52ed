"""Some days of news, decided by the real pipeline: a report with copies, origins, a denial, a slump, and noise."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from make import HOUR, MINUTE, NOW, TITLE, entry, event
from newsroom import Newsroom, make_book

from bot.model import Attribution, Outcome, Polarity, Stage

DONE = {"stage": Stage.DONE, "attribution": Attribution.ON_RECORD}
RIVAL = "Meta in talks to rent out its servers to rivals"
DENIAL = "Meta says it has no plans to sell computing capacity"
AGREED = "Meta confirms that it rents out surplus computers"
SLUMP = "CoreWeave and Micron shares slump after report on Meta's compute"
NOTICE = "Wire withdraws story on Meta sale of surplus compute"
CORRECTION = "Corrected: Meta weighs selling servers, not computing time"
CUT = "Microsoft trims spending on data halls"
RAIN = "Heavy rain is forecast for the coast this weekend"

Day = list[tuple[Outcome, datetime]]


def newsroom(folder: Path) -> Newsroom:
    """A newsroom that can read the headlines above."""
    room = Newsroom(make_book(folder))
    for title in (TITLE, RIVAL):
        room.reader.learn(title, event(evidence=(0, 4)))
    room.reader.learn(DENIAL, event(polarity=Polarity.DENIED, attribution=Attribution.ON_RECORD))
    room.reader.learn(AGREED, event(**DONE))
    room.reader.learn(CORRECTION, event(polarity=Polarity.CORRECTED))
    room.reader.learn(NOTICE)
    falls = (event("selloff", "CRWV", **DONE), event("selloff", "MU", **DONE))
    room.reader.learn(SLUMP, *falls, companies=("CRWV", "MU", "META"))
    room.reader.learn(CUT, event("capex_cut", "MSFT"), companies=("MSFT",))
    return room


def decide(room: Newsroom, *news: tuple[str, str, float]) -> Day:
    """Let entries come, each in a batch of its own: title, feed, hours after NOW."""
    day = []
    for title, feed, hours in news:
        at = NOW + hours * HOUR
        day.append(
            (room.receive(entry(title, feed=feed, at=at, text=f"Text of {title.lower()}."), now=at), at)
        )
    return day


def busy_day(folder: Path) -> Day:
    """A story of two origins and two copies that is denied and seen to spill over, a small one, and noise."""
    return decide(
        newsroom(folder),
        (RAIN, "wire", 0),
        (TITLE, "wire", 0.5),
        (TITLE, "copier", 0.6),
        (TITLE, "echoes", 0.7),
        (RIVAL, "paper", 1),
        (CUT, "paper", 2),
        (SLUMP, "wire", 3),
        (DENIAL, "newsroom", 4),
    )


def flood(count: int) -> Day:
    """Entries that say nothing, one a minute: enough for some pages."""
    made = [entry(f"Harbour report number {n}", guid=str(n), at=NOW + n * MINUTE) for n in range(count)]
    return [(Outcome(entries=(e,)), e.at) for e in made]


def hostile(title: str, *, at: datetime = NOW, url: str = "https://news.example/x") -> Day:
    """One entry with this headline."""
    return [(Outcome(entries=(replace(entry(title, guid="hostile", at=at), url=url),)), at)]
