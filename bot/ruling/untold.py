"""Why an entry was not told, for people who follow news. Implements `delivery.untold.WhyNot`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from bot.delivery.sheet import Sheet, clip, no_title, safe_url
from bot.delivery.untold import TECHNICAL
from bot.delivery.words import Names, clock_time, count, level_name
from bot.errors import NotStoredError
from bot.loading import Loaded
from bot.locale import tr
from bot.model import Analysis, Button, Card, EntityKind, Entry, Reason
from bot.nlp.explanation import Silence
from bot.ports import Clock, Desk, Working
from bot.ruling.claims import claim_text
from bot.ruling.clauses import both
from bot.ruling.matter import ABOUT_RULES, Listener, Matter, Near, matter, nearest
from bot.ruling.reading import called
from bot.ruling.trial import why_silent
from bot.ruling.verdict import Judge, near_text
from bot.store.archive import Archive

_RULES = 3  # that are named
_CLAIMS = 3
_TITLE, _NAME = 120, 60


class UntoldEntries:
    """See `delivery.untold.WhyNot`.

    Args:
        loaded: What is in force now.
        archive: Where entries and decisions are.
        desk: Who asks.
        names: Readable names of companies, sectors, themes and rules.
        clock: The time.
        working: Does something in the thread in which texts are analysed, in the language that is spoken.
    """

    def __init__(
        self,
        loaded: Callable[[], Loaded],
        archive: Archive,
        desk: Desk,
        names: Names,
        clock: Clock,
        working: Working,
    ) -> None:
        self._loaded, self._archive, self._desk = loaded, archive, desk
        self._names, self._clock, self._working = names, clock, working

    async def answer(self, reference: str, subscriber_id: str, tz: tzinfo, /) -> Card:
        """What was decided for a chat about an entry."""
        listener = Listener(
            id=subscriber_id,
            subscriber=self._desk.subscriber(subscriber_id),
            watches=tuple(self._desk.watches(subscriber_id)),
            floors=self._desk.floors(subscriber_id),
        )
        loaded, now = self._loaded(), self._clock()
        return await self._working(lambda: self._drawn(loaded, reference, listener, now, tz))

    def _drawn(self, loaded: Loaded, reference: str, listener: Listener, now: datetime, tz: tzinfo) -> Card:
        found = self._archive.find(reference)
        if not found:
            raise NotStoredError("it is not in the archive", near=self._archive.neighbour(reference))
        matters = [
            matter(entry, self._analysis(loaded, entry), self._archive.verdicts(entry.id), listener.id)
            for entry in found
        ]
        chosen = max(matters, key=lambda m: m.closeness)
        stories = {v.story_id for v in self._archive.verdicts(chosen.entry.id) if v.story_id}
        chosen = replace(chosen, cards=tuple(self._archive.cards(stories)))
        silence = None
        if not chosen.analysis.events:
            silence = why_silent(loaded.analyzer, chosen.entry, chosen.analysis)
        book = loaded.book.rules
        drawing = _Drawing(chosen, Judge(book, self._names, listener, now, tz), self._names, len(found))
        near = nearest(book, chosen.entry, chosen.analysis, _RULES)
        return drawing.card(loaded, near, silence, now, tz)

    def _analysis(self, loaded: Loaded, entry: Entry) -> Analysis:
        return self._archive.analysis(entry.id) or loaded.analyzer.analyze([entry])[0]


class _Drawing:
    """One answer."""

    def __init__(self, found: Matter, judge: Judge, names: Names, entries: int) -> None:
        self._found, self._judge, self._names, self._entries = found, judge, names, entries
        self._sheet = Sheet()

    def card(
        self, loaded: Loaded, near: Sequence[Near], silence: Silence | None, now: datetime, tz: tzinfo
    ) -> Card:
        """The verdict, what it is about, and the rules that come near."""
        sheet, found = self._sheet, self._found
        reason = found.verdict.decision.reason if found.verdict is not None else None
        said = self._judge.say(found, next(iter(near), None), silence)
        sheet.line(said.verdict, EntityKind.BOLD)
        if said.advice:
            sheet.add(" " + said.advice)
        self._entry(now, tz)
        if reason is Reason.NO_RULE:
            self._nearest(near)
        elif found.verdict is None or reason in ABOUT_RULES:
            self._asking(loaded)
        buttons = [Button(tr("Details"), data=f"{TECHNICAL}:{found.entry.id}")]
        if found.verdict is not None and found.verdict.story_id:
            buttons.append(Button(tr("Story"), data=f"story:{found.verdict.story_id}"))
        return sheet.card([buttons])

    def _entry(self, now: datetime, tz: tzinfo) -> None:
        """What it is, and what is in it."""
        entry, analysis, sheet = self._found.entry, self._found.analysis, self._sheet
        sheet.line().line(clip(entry.title or entry.text, _TITLE) or no_title(), url=safe_url(entry.url))
        source = clip(entry.source or entry.feed_id, _NAME)
        sheet.line(tr("{source}, published {time}", source=source, time=clock_time(entry.at, now, tz)))
        if self._entries > 1:
            sheet.add("; " + tr("it came from {feeds}", feeds=count(self._entries, "feed", "feeds")))
        claims = [claim_text(e, self._names) for e in (analysis.fresh_events or analysis.events)]
        if claims:
            told = "; ".join(list(dict.fromkeys(claims))[:_CLAIMS])
            sheet.line(tr("Found in it: {claims}.", claims=told))
        elif analysis.companies:
            named = both([clip(self._names(c), _NAME) for c in analysis.companies[:_RULES]])
            sheet.line(tr("Mentioned: {companies}.", companies=named))

    def _nearest(self, near: Sequence[Near]) -> None:
        if not near:
            return
        self._sheet.line(tr("The nearest rules:"))
        for one in near:
            said = near_text(one, self._names, but=near[0].fact)
            self._sheet.line(f"• {called(one.rule)}: {said}")

    def _asking(self, loaded: Loaded) -> None:
        """The rules that asked for it, and what became of that where it isn't said yet."""
        found, book = self._found, loaded.book.rules
        main = found.verdict
        why = {v.rule_id: self._judge.why(v) for v in found.by_rule}
        ids = list(dict.fromkeys((*([main.rule_id] if main else []), *why, *found.elsewhere)))
        rules = [rule for an_id in ids if (rule := book.rule(an_id)) is not None]
        if not rules:
            return
        self._sheet.line(tr("Rules that ask for it:"))
        for rule in rules[:_RULES]:
            self._sheet.line(f"• {called(rule)}, {level_name(rule.level)}")
            differs = rule.id in why and (main is None or why[rule.id] != self._judge.why(main))
            if differs:
                self._sheet.add(f": {why[rule.id]}")
