"""Cues and the learned part together: which claims an entry makes, of whom, and how certain they are.

Three small logistic models, trained on voices that the encoder has not seen, weigh what the two say: one for the
theme, one for the actor, one for the modality. Cues are exact, the encoder finds what no cue foresaw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.model import Attribution, Entry, Event, Modality, Polarity, SourceKind, Span, Stage
from bot.nlp.card import check_combine
from bot.nlp.events import Sentence, described, points_back
from bot.nlp.fresh import recalls
from bot.nlp.learned import Reading
from bot.nlp.modality import Certainty, Sign, corrects_entry, judge, leans_on_sources, rebuts
from bot.nlp.subjects import names_another
from bot.nlp.themes import Taxonomy
from bot.nlp.trace import Certain, Trace, Weighed

Floats = NDArray[np.float32]
MODALITIES = tuple(Modality)
LEARNED = "learned"  # the `cue` of an event that no cue found
_NONE = -8.0  # the logit of what the encoder has no say in
_NEAR = (
    0.35  # a word belongs to the evidence if it carries at least this share of what the strongest one does
)
_HEADLINE_VETO = 0.02
_LOOSE = 0.6  # the chance from which a claim is laid on several companies that its sentence does not name
# Where a cue has found one of a company, the encoder alone can't add the other of the same company.
_PAIRS = (
    ("compute_deal", "compute_resale"),
    ("price_fall", "price_rise"),
    ("selloff", "rally"),
    ("capex_cut", "capex_raise"),
    ("guidance_cut", "guidance_raise"),
    ("demand_weak", "demand_strong"),
    ("earnings_miss", "earnings_beat"),
    ("supply_glut", "supply_shortage"),
)
_OPPOSITES = dict(_PAIRS) | {b: a for a, b in _PAIRS}
# Who is said to borrow has raised money; that it sold shares as well takes a word for them.
_EQUITY = frozenset(
    "equity stock share shares ipo listing listed float flotation round funding fundraising valuation valued s-1 placement "
    "offering investor investors stake stakes".split()
)
_TIE = 0.1  # of two modalities that are as likely as that, the one that words speak for
# A denial told as news is worse than news held back as a denial: of a claim that no cue found, this chance is enough.
# On five voices not read: leak .195 → .164, modality accuracy .654 → .642; on `dev` .069 → .034 and .842 → .846.
_DENIED_FROM = 0.2
_DENIED_TOO = (
    0.1  # where the rules of modality call it denied too: on the voices 0 and 0.1 leak .149, 0.2 .174
)
_MAX_GAP = 2  # words inside the evidence that may carry nothing
_AXES = {  # the axes of a modality that the encoder alone has chosen
    Modality.CONFIRMED: Certainty(Stage.DONE, Attribution.ON_RECORD, Polarity.AFFIRMED),
    Modality.REPORTED: Certainty(Stage.DONE, Attribution.SOURCED, Polarity.AFFIRMED),
    Modality.CONSIDERING: Certainty(Stage.EXPLORING, Attribution.SOURCED, Polarity.AFFIRMED),
    Modality.SPECULATED: Certainty(Stage.DONE, Attribution.SPECULATION, Polarity.AFFIRMED),
    Modality.DENIED: Certainty(Stage.DONE, Attribution.ON_RECORD, Polarity.DENIED),
}


def theme_features(reading: Reading, said: Mapping[str, Sequence[Event]]) -> Floats:
    """One row for each theme; `said` are the fresh events of the cues by theme."""
    width = len(reading.themes)
    of_actor = reading.of_candidate.max(0) if len(reading.candidates) else np.full(width, _NONE)
    cue = np.array([float(t in said) for t in reading.themes])
    return np.stack(
        [
            np.clip(reading.sentences.max(0), _NONE, None),
            np.clip(reading.words.max(0), _NONE, None),
            np.clip(reading.entry, _NONE, None),
            np.clip(of_actor, _NONE, None),
            np.clip(reading.of_nobody, _NONE, None),
            np.full(width, reading.news),
            cue,
            cue * bool(said),
            np.full(width, float(bool(said))),
        ],
        axis=1,
    ).astype(np.float32)


def candidates_of(reading: Reading, said: Sequence[Event]) -> list[str | None]:
    """Who may be the actor: whoever the encoder or a cue has seen, and nobody."""
    return list(dict.fromkeys([*reading.candidates, *(e.actor for e in said), None]))


def actor_features(
    reading: Reading, theme: int, candidates: Sequence[str | None], said: Sequence[Event], sectors: Set[str]
) -> Floats:
    """One row for each candidate of one theme."""
    own = {
        c: float(max(_NONE, v[theme])) for c, v in zip(reading.candidates, reading.of_candidate, strict=True)
    }
    scores = [own.get(c, _NONE) if c is not None else _NONE for c in candidates]
    companies = sum(c is not None and c not in sectors for c in candidates)
    named = {e.actor for e in said}
    rows = []
    for n, c in enumerate(candidates):
        rest = max((s for k, s in enumerate(scores) if k != n), default=_NONE)
        nobody, sector = c is None, c in sectors
        rows.append(
            [
                0.0 if nobody else scores[n],
                (max(_NONE, float(reading.of_nobody[theme])) if nobody else 0.0),
                float(nobody),
                float(sector),
                rest,
                rest * nobody,
                float(c in named),
                float(bool(named) and c not in named),
                float(c in named) * nobody,
                float(companies == 1 and not nobody and not sector),
                float(companies == 0 and nobody),
            ]
        )
    return np.array(rows, dtype=np.float32)


def modality_features(
    reading: Reading, sentence: int, theme: int, judged: Modality, kind: SourceKind, is_data: bool
) -> Floats:
    """One row for one event."""
    logits = reading.modality[sentence, theme]
    shares = logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
    rules = [float(judged is m) for m in MODALITIES]
    return np.array([*shares, *rules, float(is_data), float(kind is SourceKind.SOCIAL)], dtype=np.float32)


def certainty_of(
    entry: Entry, sentence: Sentence, start: int, end: int, *, is_data: bool, signs: list[Sign] | None = None
) -> Certainty:
    """What the rules of modality say of a claim that no cue has found, at tokens `start` to `end` of a sentence."""
    certainty = judge(
        sentence.tokens,
        start,
        end,
        kind=entry.kind,
        is_data=is_data,
        sourced_entry=leans_on_sources(entry.title, entry.text),
        signs=signs,
    )
    if not is_data and rebuts(entry.title, entry.text, signs):
        return replace(certainty, polarity=Polarity.DENIED)
    if certainty.polarity is Polarity.AFFIRMED and corrects_entry(entry.title, entry.text):
        return replace(certainty, polarity=Polarity.CORRECTED)
    return certainty


def evidence_of(reading: Reading, sentence: int, theme: int) -> tuple[int, int]:
    """The tokens of a sentence that carry a claim."""
    scores = reading.evidence[sentence][:, theme]
    peak = int(scores.argmax())
    share = 1 / (1 + np.exp(-scores))
    carries = share >= _NEAR * share[peak]
    start = end = peak
    for k in range(peak - 1, -1, -1):
        if carries[k]:
            start = k
        elif start - k > _MAX_GAP:
            break
    for k in range(peak + 1, len(scores)):
        if carries[k]:
            end = k
        elif k - end > _MAX_GAP:
            break
    return start, end + 1


class Combiner:
    """Weighs cues and encoder, with the weights that stand in the model's card."""

    def __init__(self, weights: Mapping[str, Any], themes: int, taxonomy: Taxonomy) -> None:
        """Take the weights; `themes` is how many the encoder knows.

        Raises:
            CardError: One is missing, unknown, of another shape, or no finite number.
        """
        check_combine(weights, themes)
        self._taxonomy = taxonomy
        self._sectors = frozenset(taxonomy.sectors)
        self._theme, self._actor, self._modality = (
            (np.asarray(weights[k]["weights"], np.float32), np.asarray(weights[k]["bias"], np.float32))
            for k in ("theme", "actor", "modality")
        )
        self._accept, self._second, self._veto, self._sway = (
            float(weights[k]) for k in ("accept", "second", "veto", "sway")
        )

    def events(
        self,
        entry: Entry,
        sentences: Sequence[Sentence],
        spans: Mapping[int, Sequence[Span]],
        events: Sequence[Event],
        reading: Reading,
        trace: Trace | None = None,
    ) -> tuple[Event, ...]:
        """The events of an entry; `events` are those of the cues. What they call background stays as it is.

        `spans[n][k]` is where token `k` of sentence `n` stands in the stored entry; what is weighed goes to `trace`.
        """
        said: dict[str, list[Event]] = {}
        for e in events:
            if e.fresh:
                said.setdefault(e.theme, []).append(e)
        weights, bias = self._theme
        chances = _chance(theme_features(reading, said) @ weights + bias)
        alone = len(sentences) == 1
        # A headline without a text is little to go by, and a long text unlike what was trained on: there cues stand.
        veto = 0.0 if alone or reading.runs > 1 else self._veto
        idle = described(sentences)
        spoken = {(e.theme, e.actor) for e in events if e.fresh}
        out = [e for e in events if not e.fresh]
        words = {token.lower for s in sentences for token in s.tokens} if "debt_financing" in said else set()
        for t, theme in enumerate(reading.themes):
            own = said.get(theme, [])
            floor = self._floor(own, veto) if own else self._accept
            barred = alone and bool(said) and not own
            if trace is not None:
                trace.weighed[theme] = Weighed(float(chances[t]), floor, bool(own), barred)
            if barred or chances[t] < floor or theme not in self._taxonomy.themes:
                continue
            sentence = int(reading.sentences[:, t].argmax())
            start, end = evidence_of(reading, sentence, t)
            if trace is not None:
                trace.places[theme] = (sentence, start, end)
            if own:
                base = own[0]
            elif sentences[sentence].label or (
                recalls(sentences[sentence].tokens, start, end) and not rebuts(entry.title, entry.text)
            ):
                continue  # but what a denial recounts is what it denies
            else:
                certainty = certainty_of(
                    entry,
                    sentences[sentence],
                    start,
                    end,
                    is_data=self._taxonomy.themes[theme].is_data,
                    signs=None if trace is None else trace.signs.setdefault((theme, sentence, start), []),
                )
                first, last = spans[sentence][start], spans[sentence][end - 1]
                base = Event(
                    theme=theme,
                    actor=None,
                    stage=certainty.stage,
                    attribution=certainty.attribution,
                    polarity=certainty.polarity,
                    evidence=Span(first.field, first.start, last.end),
                    score=round(float(chances[t]), 3),
                    cue=LEARNED,
                )
            who = self._actors(reading, t, own, alone, trace)
            another = not own and names_another(sentences[sentence], start, end)
            if another or (
                not own
                and self._is_of_nobody(sentences[sentence], reading, sentence, t, who, float(chances[t]))
            ):
                who = [None]
            told = {e.actor for e in own}
            who = [a for a in who if a in told or (_OPPOSITES.get(theme), a) not in spoken]
            if theme == "equity_raise" and not own and _EQUITY.isdisjoint(words):
                who = [a for a in who if ("debt_financing", a) not in spoken]
            for actor in who:
                if not own and (
                    actor in idle
                    or (actor is None and (idle or alone or another) and self._needs_actor(theme))
                ):
                    continue
                others = tuple(c for c in base.targets if c != actor)
                event = next((e for e in own if e.actor == actor), replace(base, actor=actor, targets=others))
                if not (own and alone):
                    event = self._certain(event, reading, sentence, t, entry.kind, trace)
                out.append(event)
        return tuple(out)

    @staticmethod
    def _floor(said: Sequence[Event], veto: float) -> float:
        """How likely a claim of the cues must be to stay: one of the headline nearly always does."""
        return min(veto, _HEADLINE_VETO) if any(e.evidence.field == "title" for e in said) else veto

    @staticmethod
    def _is_of_nobody(
        sentence: Sentence,
        reading: Reading,
        number: int,
        theme: int,
        who: Sequence[str | None],
        chance: float,
    ) -> bool:
        """Whether a sentence that names no company is laid on one without reason.

        It is if it is a forecast that does not point back ('Growth may slow, says one fund'), or a hardly likely
        claim of several companies at once.
        """
        if sentence.companies:
            return False
        forecast = MODALITIES[int(reading.modality[number, theme].argmax())] is Modality.SPECULATED
        return (forecast and not points_back(sentence)) or (len(who) > 1 and chance < _LOOSE)

    def _needs_actor(self, theme: str) -> bool:
        return self._taxonomy.themes[theme].needs_actor

    def _actors(
        self, reading: Reading, theme: int, said: Sequence[Event], alone: bool, trace: Trace | None
    ) -> list[str | None]:
        candidates = candidates_of(reading, said)
        weights, bias = self._actor
        chances = _chance(actor_features(reading, theme, candidates, said, self._sectors) @ weights + bias)
        if trace is not None:
            trace.actors[reading.themes[theme]] = dict(zip(candidates, map(float, chances), strict=True))
        named = {e.actor for e in said}
        if named and alone:
            return list(dict.fromkeys(e.actor for e in said))
        best = -1.0 if named else float(chances.max())
        return [
            c for c, p in zip(candidates, chances, strict=True) if c in named or p == best or p > self._second
        ]

    def _certain(
        self,
        event: Event,
        reading: Reading,
        sentence: int,
        theme: int,
        kind: SourceKind,
        trace: Trace | None,
    ) -> Event:
        is_data = self._taxonomy.themes[event.theme].is_data
        if is_data and event.cue != LEARNED:
            return event  # data is what it is: its cues say when it is not
        weights, bias = self._modality
        row = modality_features(reading, sentence, theme, event.modality, kind, is_data)
        logits = weights @ row + bias
        shares = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        chosen = MODALITIES[int(shares.argmax())]
        by_rules = MODALITIES.index(event.modality)
        if shares.max() - shares[by_rules] < _TIE:
            chosen = event.modality
        enough = _DENIED_TOO if event.polarity is Polarity.DENIED else _DENIED_FROM
        if event.cue == LEARNED and shares[MODALITIES.index(Modality.DENIED)] > enough:
            chosen = Modality.DENIED
        if trace is not None:
            by_learned = dict(zip(MODALITIES, map(float, shares), strict=True))
            trace.certain[event.theme, event.actor] = Certain(event.modality, by_learned, chosen)
        gain = shares.max() - shares[MODALITIES.index(event.modality)]
        if chosen is event.modality or (
            event.cue != LEARNED and (gain < self._sway or _is_denial(event, chosen))
        ):
            return event
        axes = _AXES[chosen]
        corrects = event.polarity is Polarity.CORRECTED and axes.polarity is Polarity.AFFIRMED
        return replace(
            event,
            stage=axes.stage,
            attribution=axes.attribution,
            polarity=Polarity.CORRECTED if corrects else axes.polarity,
        )


def _is_denial(event: Event, other: Modality) -> bool:
    """Whether one of the two is a denial: who denies what is told by structure where a cue has found the claim."""
    return Modality.DENIED in (event.modality, other)


def _chance(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)
