"""What a comparison of two amounts claims: capital spending raised or cut, an outlook, results against expectations."""

from __future__ import annotations

from bot.nlp.amounts import Comparison, Yardstick, compared
from bot.nlp.cues import Occurrences, Pattern
from bot.nlp.modality import corrects
from bot.nlp.sentence import Sentence
from bot.nlp.themes import CompiledCue, Taxonomy

# What is measured: the themes of more and of less than was expected or planned.
_MEASURED = {
    "capex": ("capex_raise", "capex_cut"),
    "outlook": ("guidance_raise", "guidance_cut"),
    "results": ("earnings_beat", "earnings_miss"),
}
_AHEAD = frozenset(
    "sees see expects expect guides guided guide guidance forecasts outlook predicts projects next will".split()
)
# Of these an amount may be as well; then it says nothing about spending, outlook or results.
_OTHER_MONEY = ("debt", "equity")
_LOSSES = frozenset({"loss", "losses"})
_AMOUNTS = ("money", "number", "percent")
_COMPARISON = "two amounts compared"
_NOUN_REACH = 12  # tokens between an amount and what it is an amount of


def _distance(comparison: Comparison, start: int, end: int, name: str) -> int:
    """How far a noun is from what is compared; one behind it only counts where none stands before it."""
    if end <= comparison.start:
        gap = comparison.start - end
        return gap if gap <= _NOUN_REACH else 3 * _NOUN_REACH
    if start >= comparison.end:
        return _NOUN_REACH + start - comparison.end
    return 0 if name != "outlook" else 3 * _NOUN_REACH  # within it 'forecast' is the yardstick


def measure(sentence: Sentence, occurrences: Occurrences, taxonomy: Taxonomy) -> None:
    """Add what two amounts of capital spending, outlook or results say when one is measured by the other."""
    nouns = [(i, j, name) for name in _MEASURED for i, j in occurrences.get(name, ())]
    if not nouns or sum(len(occurrences.get(kind, ())) for kind in _AMOUNTS) < 2:
        return
    others = [(i, j) for name in _OTHER_MONEY for i, j in occurrences.get(name, ())]
    for c in compared(sentence.tokens):
        if c.is_bare and (sentence.is_correction or corrects(sentence.tokens, c.start)):
            continue  # what a correction takes back was told by mistake, and never planned
        near = [(_distance(c, i, j, name), i, j, name) for i, j, name in nouns]
        distance, i, j, name = min(near)
        if distance > 2 * _NOUN_REACH or any(_distance(c, i, j, "") < distance for i, j in others):
            continue
        is_outlook = name == "results" and (
            c.yardstick is Yardstick.PLANNED or any(t.lower in _AHEAD for t in sentence.tokens)
        )
        more, less = _MEASURED["outlook" if is_outlook else name]
        is_loss = sentence.tokens[j - 1].lower in _LOSSES  # more of it is less
        theme = taxonomy.themes.get(less if c.is_more is is_loss else more)
        if theme is None:
            continue
        cue = CompiledCue(
            theme=theme,
            pattern=Pattern(_COMPARISON, ()),
            unless=(),
            unless_near=(),
            needs=(),
            actor=theme.actor,
            denies=False,
            attribution=None,
            score=1.0,
        )
        start, end = min(i, c.start), max(j, c.end)
        apart = [
            h for h in sentence.hits if h[0].theme.id not in (more, less) or h[2] <= start or h[1] >= end
        ]
        sentence.hits = [*apart, (cue, start, end)]
