"""Why an entry was understood as it was: what was found, by which cue, with which chances, and what was not told.

Everything comes from one run of the analyzer and its trace; nothing here decides anything. How it is shown is not
known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from datetime import datetime
from math import exp

from bot.model import Attribution, DateQuality, Entry, Event, Modality, Polarity, SourceKind, Span
from bot.nlp.analyzer import TEXT_LIMIT, TITLE_LIMIT, SpacyAnalyzer, takes_back, worth_reading
from bot.nlp.cues import find
from bot.nlp.events import Sentence, occurrences_in
from bot.nlp.explanation import (
    Account,
    Candidate,
    Chance,
    Decided,
    Explanation,
    Fired,
    Outcome,
    Passage,
    Silence,
    Standing,
)
from bot.nlp.fresh import recalls
from bot.nlp.items import words_at
from bot.nlp.modality import Sign, rebuts
from bot.nlp.normalise import noise
from bot.nlp.themes import CompiledCue
from bot.nlp.trace import Trace, Weighed
from bot.text import digest

NEAR = 0.5  # a chance of at least this share of its threshold is 'almost'
LONGEST_HEADLINE = 300  # characters; a longer first line is no title


def entry_of(content: str, title: str | None, kind: SourceKind, now: datetime, *, tier: int = 1) -> Entry:
    """An entry from what somebody typed.

    Without a title the first line is one, unless it is too long for that or the entry is a social post.
    """
    text = content.strip()
    if title is None:
        first, _, rest = text.partition("\n")
        is_headline = kind is not SourceKind.SOCIAL and len(first) <= LONGEST_HEADLINE
        title, text = (first.strip(), rest.strip()) if is_headline else ("", text)
    name = digest(title, text)
    return Entry(
        id=name,
        feed_id="typed",
        guid=name,
        url="",
        title=title,
        text=text,
        content=name,
        published=now,
        date_quality=DateQuality.OK,
        seen_at=now,
        kind=kind,
        tier=tier,
    )


def explain(analyzer: SpacyAnalyzer, entry: Entry) -> Explanation:
    """Analyze one entry and say why.

    Raises:
        AnalysisError: The parser or the encoder can't be loaded or failed.
    """
    analysis, trace = analyzer.trace(entry)
    told = analysis.fresh_events
    noisy = [*_noise(entry, "title"), *_noise(entry, "text")]
    reader = _Reader(analyzer, entry, trace)
    chances = reader.chances(told)
    silence, because = (None, "") if analysis.events else reader.silence(chances)
    return Explanation(
        title=entry.title[:TITLE_LIMIT],
        text=entry.text[:TEXT_LIMIT],
        kind=entry.kind,
        unread=max(0, len(entry.title) - TITLE_LIMIT) + max(0, len(entry.text) - TEXT_LIMIT),
        flags=tuple(p for p in noisy if p.id in analysis.flags),
        cut=tuple(p for p in noisy if p.id not in analysis.flags),
        mentions=tuple(
            Passage(id=m.company, name=reader.name(m.company), span=m.span, words=words_at(entry, m.span))
            for m in analysis.mentions
        ),
        sectors=analysis.sectors,
        events=tuple(reader.account(event, told) for event in analysis.events),
        chances=chances,
        any_claim=_chance(trace.reading.news) if trace.reading else None,
        cues=reader.cues(analysis.events, chances),
        silence=silence,
        because=because,
        version=analysis.version,
    )


class _Reader:
    """Looks up in a trace what lies behind an event, or behind none."""

    def __init__(self, analyzer: SpacyAnalyzer, entry: Entry, trace: Trace) -> None:
        self._analyzer, self._entry, self._trace = analyzer, entry, trace
        self._hits = [
            (self._fired(cue, n, i, j), cue, (n, i, j))
            for n, sentence in enumerate(trace.sentences)
            for cue, i, j in sentence.hits
        ]

    def name(self, name: str | None) -> str:
        """A company, sector or theme as people call it."""
        if name is None:
            return "nobody in particular"
        taxonomy = self._analyzer.taxonomy
        known = (self._analyzer.lexicon.companies, taxonomy.sectors, taxonomy.themes)
        return next((names[name].name for names in known if name in names), name)

    def account(self, event: Event, told: Sequence[Event]) -> Account:
        """How an event came about."""
        trace = self._trace
        fired, cue, place = next((h for h in self._hits if _rests_on(event, h[0])), (None, None, None))
        place = place or trace.places.get(event.theme)
        weighed = trace.weighed.get(event.theme) if event.fresh else None
        certain = trace.certain.get((event.theme, event.actor)) if event.fresh else None
        by_rules = certain.by_rules if certain else event.modality
        shares = sorted(certain.shares.items(), key=lambda s: -s[1]) if certain else []
        return Account(
            theme=event.theme,
            name=self.name(event.theme),
            actor=event.actor,
            actor_name=self.name(event.actor),
            modality=event.modality,
            stage=event.stage,
            attribution=event.attribution,
            polarity=event.polarity,
            fresh=event.fresh,
            score=event.score,
            span=event.evidence,
            words=words_at(self._entry, event.evidence),
            cue=fired,
            chance=weighed.chance if weighed else None,
            threshold=weighed.floor if weighed else None,
            actors=self._candidates(event, told) if event.fresh else (),
            by_rules=by_rules,
            signs=self._signs(event, by_rules, cue, place) if place else (),
            shares=tuple(shares),
            decided=_decided(by_rules, event.modality, certain.chosen if certain else None),
        )

    def _candidates(self, event: Event, told: Sequence[Event]) -> tuple[Candidate, ...]:
        chosen = {e.actor for e in told if e.theme == event.theme}
        known = self._trace.actors.get(event.theme, {})
        return tuple(
            Candidate(actor=a, name=self.name(a), chance=c, is_chosen=a in chosen)
            for a, c in sorted(known.items(), key=lambda pair: -pair[1])
        )

    def _signs(
        self, event: Event, by_rules: Modality, cue: CompiledCue | None, place: tuple[int, int, int]
    ) -> tuple[Sign, ...]:
        """What the rules of modality went by; where a cue or the entry as a whole overruled the words, that as well."""
        number, start, _ = place
        signs = list(self._trace.signs.get((event.theme, number, start), ()))
        cued = next((e for e in self._trace.said if cue and _same_claim(e, event)), None)
        is_denied = by_rules is Modality.DENIED or (cued and cued.polarity is Polarity.DENIED)
        if cue and cue.denies:
            signs.append(Sign(Polarity.DENIED, note="its cue is a denial"))
        elif is_denied and not any(s.rule == Polarity.DENIED for s in signs):
            told = rebuts(self._entry.title, self._entry.text, signs)
            signs += [] if told else [Sign(Polarity.DENIED, note="what stands around it takes it back")]
        if (cued or event).polarity is Polarity.CORRECTED:
            signs.append(Sign(Polarity.CORRECTED, note="it sets right what was told before"))
        if cue and cued and cue.attribution is cued.attribution:
            signs.append(Sign(cued.attribution, note="its cue can rest on no more"))
        is_data = self._analyzer.taxonomy.themes[event.theme].is_data
        if is_data and not any(s.rule == Attribution.SPECULATION for s in signs):
            signs.append(Sign(Attribution.FILING, note="moves, results and ratings are data"))
        return tuple(dict.fromkeys(signs))

    def chances(self, told: Sequence[Event]) -> tuple[Chance, ...]:
        """What every theme was given, likeliest first."""
        themes = {e.theme for e in told}
        weighed = sorted(self._trace.weighed.items(), key=lambda pair: -pair[1].chance)
        return tuple(
            Chance(
                theme=theme,
                name=self.name(theme),
                chance=w.chance,
                threshold=w.floor,
                by_cue=w.by_cue,
                outcome=Outcome.TOLD if theme in themes else self._untold(theme, w),
            )
            for theme, w in weighed
            if theme in self._analyzer.taxonomy.themes
        )

    def _untold(self, theme: str, weighed: Weighed) -> Outcome:
        if weighed.chance < weighed.floor:
            if weighed.by_cue:
                return Outcome.VETOED
            return Outcome.ALMOST if weighed.chance >= NEAR * weighed.floor else Outcome.BELOW
        if weighed.is_barred:
            return Outcome.BARRED
        number, start, end = self._trace.places[theme]
        is_recalled = recalls(self._trace.sentences[number].tokens, start, end)
        return Outcome.RECALLED if is_recalled and not weighed.by_cue else Outcome.WITHOUT_ACTOR

    def cues(self, events: Sequence[Event], chances: Sequence[Chance]) -> tuple[Fired, ...]:
        """Every cue that fired, and what became of it."""
        vetoed = {c.theme for c in chances if c.outcome is Outcome.VETOED}
        return tuple(
            replace(fired, standing=self._standing(fired, events, vetoed)) for fired, _, _ in self._hits
        )

    def _standing(self, fired: Fired, events: Sequence[Event], vetoed: Set[str]) -> Standing:
        if any(_rests_on(e, fired) for e in events):
            return Standing.HOLDS
        if any(e.theme == fired.theme for e in events):
            return Standing.REPEATS
        if fired.theme in vetoed:
            return Standing.VETOED
        return Standing.WITHOUT_ACTOR if worth_reading(self._trace.sentences) else Standing.UNREAD

    def silence(self, chances: Sequence[Chance]) -> tuple[Silence, str]:
        """Why there is no event, and what would have to be otherwise."""
        sentences = self._trace.sentences
        if self._trace.is_partial and not any(s.in_domain for s in sentences):
            return Silence.FOREIGN, "names are found in any language, but claims are read in English alone"
        if not sentences:
            return Silence.EMPTY, "there is no word to read"
        quiet = next((s for s in sentences if s.is_quiet), None)
        if quiet:
            words = self._quiet_words(quiet)
            return Silence.QUIET_TITLE, (
                f"“{words}” in the title tells a guide, a review, a calendar or the like, which bring no news "
                "(quiet in rules/themes)"
            )
        if not any(s.in_domain for s in sentences):
            return Silence.OFF_FIELD, (
                "it names no company of rules/companies, and no sector and no word of the trade of rules/themes"
            )
        if not chances:
            return Silence.BELOW, "no cue stands, and the learned part was not asked"
        held = next((c for c in chances if c.outcome in (Outcome.RECALLED, Outcome.WITHOUT_ACTOR)), None)
        if held:
            lacks = (
                "it is told as background" if held.outcome is Outcome.RECALLED else "nobody is left who acts"
            )
            return Silence.HELD_BACK, f"{held.theme} reaches its threshold, but {lacks}"
        best = chances[0]
        return Silence.BELOW, (
            f"no cue stands, and no theme reaches its threshold; the nearest is {best.theme} "
            f"with {best.chance:.2f} of {best.threshold:.2f}"
        )

    def _quiet_words(self, sentence: Sentence) -> str:
        taxonomy, tokens = self._analyzer.taxonomy, sentence.tokens
        occurrences = occurrences_in(sentence, taxonomy)
        start, end = next(hit for p in taxonomy.quiet for hit in find(p, occurrences))
        return self._entry.title[tokens[start].start : tokens[end - 1].end]

    def _fired(self, cue: CompiledCue, number: int, start: int, end: int) -> Fired:
        first, last = self._trace.spans[number][start], self._trace.spans[number][end - 1]
        span = Span(first.field, first.start, last.end)
        return Fired(
            theme=cue.theme.id,
            cue=cue.pattern.source,
            where=cue.where,
            score=cue.score,
            span=span,
            words=words_at(self._entry, span),
            standing=Standing.HOLDS,
        )


def _noise(entry: Entry, name: str) -> Iterable[Passage]:
    is_title = name == "title"
    text, limit = (entry.title, TITLE_LIMIT) if is_title else (entry.text, TEXT_LIMIT)
    found = [(what, Span("title" if is_title else "text", *place)) for what, *place in noise(text, limit)]
    taken_back = takes_back(entry)
    if taken_back and taken_back.field == name:
        found.append(("withdrawn", taken_back))
    for what, span in found:
        yield Passage(id=what, name=what.replace("_", " "), span=span, words=text[span.start : span.end])


def _rests_on(event: Event, fired: Fired) -> bool:
    return (event.theme, event.cue, event.evidence) == (fired.theme, fired.cue, fired.span)


def _same_claim(one: Event, other: Event) -> bool:
    return (one.theme, one.evidence) == (other.theme, other.evidence)


def _decided(by_rules: Modality, final: Modality, chosen: Modality | None) -> Decided:
    if chosen is None:
        return Decided.RULES
    if by_rules is final:
        return Decided.BOTH if chosen is final else Decided.RULES_OVER_LEARNED
    return Decided.LEARNED_OVER_RULES


def _chance(logit: float) -> float:
    return 1 / (1 + exp(-logit))
