"""A library in memory, which keeps the promise of `bot.ports`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import StoreError
from bot.model import (
    Alert,
    AlertKind,
    Analysis,
    Entry,
    Outcome,
    Polarity,
    Reason,
    Sighting,
    SourceKind,
    Story,
    Verdict,
)
from bot.shelves import Found, History, Hit, Query, Search

MOST = 200


class MemoryLibrary:
    """A `shelves.Library`; with `broken` set, every method fails as a broken database does."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}  # in the order in which they came
        self.analyses: dict[str, Analysis] = {}
        self.stories: dict[str, Story] = {}
        self.alerts: dict[str, Alert] = {}
        self.verdicts: list[Verdict] = []
        self.sightings: list[Sighting] = []
        self.searches: dict[str, Search] = {}
        self.sent: dict[tuple[str, str], str] = {}  # (subscriber, message id) → alert id
        self.broken = False

    def take(self, outcome: Outcome) -> None:
        """Store what a batch decided."""
        self.entries |= {e.id: e for e in outcome.entries}
        self.analyses |= {a.entry_id: a for a in outcome.analyses}
        self.stories |= {s.id: s for s in outcome.stories}
        self.alerts |= {a.id: a for a in outcome.alerts}
        self.verdicts += outcome.verdicts
        self.sightings += outcome.sightings

    def search(self, query: Query, /) -> Found:
        self._check()
        found: dict[str, Entry] = {}
        for entry in reversed(self.entries.values()):
            story = self._home(entry)
            if self._fits(entry, query):
                found.setdefault(story.id if story else entry.id, entry)
        newest = sorted(list(found.values())[:MOST], key=lambda e: (e.at, e.id), reverse=True)
        return Found(entries=tuple(e.id for e in newest), is_complete=len(found) <= MOST)

    def keep(self, search: Search, /) -> None:
        self._check()
        self.searches[search.id] = search
        mine = sorted(
            (s for s in self.searches.values() if s.subscriber_id == search.subscriber_id),
            key=lambda s: s.at,
            reverse=True,
        )
        old = [s for s in self.searches.values() if search.at - s.at > timedelta(days=7)]
        for gone in (*mine[20:], *old):
            self.searches.pop(gone.id, None)

    def kept(self, search_id: str, /, *, subscriber_id: str) -> Search | None:
        self._check()
        search = self.searches.get(search_id)
        return search if search and search.subscriber_id == subscriber_id else None

    def hits(self, entry_ids: Sequence[str], /) -> list[Hit]:
        self._check()
        return [self._hit(self.entries[i]) for i in entry_ids if i in self.entries]

    def top(self, since: datetime, limit: int, /) -> list[Hit]:
        self._check()
        told = [
            (s, self._loudest(s)) for s in self.stories.values() if s.last_seen >= since and not s.rule_id
        ]
        alerted = [(s, a) for s, a in told if a is not None]
        alerted.sort(key=lambda pair: (pair[0].origins, pair[1].level, pair[0].copies, pair[0].place))
        return [
            Hit(entry=self._best(s, a) or self.entries[a.entry_id], story=s, alert=a)
            for s, a in reversed(alerted[-limit:])
        ]

    def history(self, reference: str, /, *, subscriber_id: str = "") -> History | None:
        self._check()
        named = self.sent.get((subscriber_id, reference), reference)
        alert_id = _beginning(named, self.alerts)
        story_id = self.alerts[alert_id].story_id if alert_id else _beginning(named, self.stories)
        story = self.stories.get(story_id)
        if story is None:
            return None
        withdrawn = {m.entry_id for m in story.members if self._of(m.entry_id, lambda a: a.withdraws)}
        return History(
            story=story,
            alerts=tuple(
                sorted(
                    (a for a in self.alerts.values() if a.story_id == story.id),
                    key=lambda a: (a.created_at, a.id),
                )
            ),
            sightings=tuple(s for s in self.sightings if s.story_id == story.id),
            entries=self.entries,
            withdrawals=frozenset(withdrawn),
            parts=tuple(self.stories[i] for i in story.links if i in self.stories),
        )

    def _of(self, entry_id: str, claim: Callable[[Analysis], bool]) -> bool:
        analysis = self.analyses.get(entry_id)
        return analysis is not None and claim(analysis)

    def _home(self, entry: Entry) -> Story | None:
        named = [v.story_id for v in self.verdicts if v.entry_id == entry.id]
        return next((s for i in named if (s := self.stories.get(i)) and not s.rule_id), None)

    def _hit(self, entry: Entry) -> Hit:
        story = self._home(entry)
        if story is None:
            return Hit(entry=entry)
        alert = self._loudest(story)
        best = self._best(story, alert) or entry
        newest = entry.at if best.id != entry.id and entry.at > best.at else None
        return Hit(entry=best, story=story, alert=alert, newest=newest)

    def _loudest(self, story: Story) -> Alert | None:
        alerts = [a for a in self.alerts.values() if a.story_id == story.id]
        cards = [a for a in alerts if a.kind is AlertKind.NEW]
        if not cards:
            return None
        card = min(cards, key=lambda a: (-a.level, a.created_at, a.id))
        return replace(card, level=max(a.level for a in alerts))

    def _best(self, story: Story, alert: Alert | None) -> Entry | None:
        def place(n: int) -> tuple[bool, bool, bool, int, int]:
            member = story.members[n]
            said = self.analyses.get(member.entry_id, Analysis(entry_id=member.entry_id)).fresh_events
            claims = any(
                e.polarity is not Polarity.DENIED and (alert is None or e.theme == alert.event.theme)
                for e in said
            )
            social = self.entries[member.entry_id].kind is SourceKind.SOCIAL
            return not claims, social, not member.origin, member.tier, n

        stored = [n for n, m in enumerate(story.members) if m.entry_id in self.entries]
        return self.entries[story.members[min(stored, key=place)].entry_id] if stored else None

    def _fits(self, entry: Entry, query: Query) -> bool:
        """Words are matched as they stand: a fake knows no endings."""
        if any(v.entry_id == entry.id and v.decision.reason is Reason.ECHO for v in self.verdicts):
            return False
        text = f" {_plain(entry.title)} {_plain(entry.text)} "
        words = [_plain(w) for w in query.words if _plain(w)]
        ends = ["" if query.is_typing and n == len(words) - 1 else " " for n in range(len(words))]
        if not all(f" {w}{end}" in text for w, end in zip(words, ends, strict=True)):
            return False
        if query.since is not None and entry.at < query.since:
            return False
        analysis = self.analyses.get(entry.id) or Analysis(entry_id=entry.id)
        named = {*analysis.companies, *(e.actor for e in analysis.events)}
        if query.companies and named.isdisjoint(query.companies):
            return False
        if (query.theme or query.modality) and not any(
            query.theme in ("", e.theme) and query.modality in (None, e.modality)
            for e in analysis.fresh_events
        ):
            return False
        stories = {v.story_id for v in self.verdicts if v.entry_id == entry.id}
        levels = [a.level for a in self.alerts.values() if a.story_id in stories]
        return query.level is None or any(level >= query.level for level in levels)

    def _check(self) -> None:
        if self.broken:
            raise StoreError("the database is locked")


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def _beginning(start: str, ids: Iterable[str]) -> str:
    found = [i for i in ids if i.startswith(start)] if len(start) >= 4 else []
    return found[0] if len(found) == 1 else start if start in found else ""
