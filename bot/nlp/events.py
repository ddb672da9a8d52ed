"""From cues to events: which cues a sentence gives, and what one entry claims in the end."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from itertools import pairwise

from bot.model import Attribution, Entry, Event, Mention, Polarity, Span, Stage
from bot.nlp.actors import actors, after_preposition, is_attribute
from bot.nlp.contrast import bridges, rejected, within
from bot.nlp.cues import Occurrences, find
from bot.nlp.fresh import recalls, recaps
from bot.nlp.kickers import kicker
from bot.nlp.lexicon import OUTSIDE
from bot.nlp.measures import measure
from bot.nlp.modality import (
    Signs,
    corrects,
    is_foretold,
    judge,
    leans_on_sources,
    opines,
    rebuts,
    takes_back,
)
from bot.nlp.sentence import Sentence as Sentence
from bot.nlp.subjects import names_another
from bot.nlp.symbols import cashtags
from bot.nlp.targets import targets_of
from bot.nlp.themes import ActorRole, CompiledCue, Sense, Taxonomy, Theme

_ANAPHORS = frozenset(
    "it its they the shares share stock stocks company chipmaker group firm he she we our".split()
)
_LIST_FILLERS = frozenset(
    {"by", "another", "about", "some", "nearly", "almost", ",", "a", "further", "(", "-"}
)
# What may stand between a conjunction and the company whose clause it opens.
_CLAUSE_LINKS = frozenset({",", "and", "but", "while", "whereas", "with", "as"})
_NAME_LEADS = frozenset({"the", "shares", "of", "stock", "in", "$"})
_MOVERS = frozenset({"company", "sector", "share_noun", "index_noun"})
_OF_OTHERS = (ActorRole.OBJECT, ActorRole.HOLDER)  # of whom a line may speak whose subject is another
_INDEXES = ("index_noun", "chip_index")
_WITNESSES = frozenset("sees saw flags flagged notes noted cites cited".split())


def occurrences_in(sentence: Sentence, taxonomy: Taxonomy) -> dict[str, list[tuple[int, int]]]:
    """Where each word class occurs in a sentence, companies and sectors among them."""
    named = [(i, j) for i, j, _ in sentence.companies]
    taken = [r for r in named if r not in sentence.products]
    occurrences = taxonomy.compiler.occurrences(sentence.tokens, taken)
    tags = _cashtags(sentence, occurrences)
    if tags:
        kept = {name: [r for r in held if tags.isdisjoint(range(*r))] for name, held in occurrences.items()}
        occurrences = {name: held for name, held in kept.items() if held}
    if named:
        occurrences["company"] = named
    if groups := [(i, j) for i, j, _ in sentence.groups if tags.isdisjoint(range(i, j))]:
        occurrences["sector"] = groups
    return occurrences


def _cashtags(sentence: Sentence, occurrences: Occurrences) -> set[int]:
    """The words that are cashtags, and so names; one of an index ('$SMH') is the word that it is."""
    tags = cashtags(sentence.tokens)
    return tags - {k for name in _INDEXES for i, j in occurrences.get(name, ()) for k in range(i, j)}


def look_over(sentence: Sentence, taxonomy: Taxonomy) -> Occurrences:
    """Fill `sentence.in_domain` and `is_quiet`, and give what they were told by; drop groups and goods that are cashtags."""
    occurrences = occurrences_in(sentence, taxonomy)
    if tags := _cashtags(sentence, occurrences):
        sentence.groups = [g for g in sentence.groups if tags.isdisjoint(range(g[0], g[1]))]
        sentence.goods = [g for g in sentence.goods if tags.isdisjoint(range(g[0], g[1]))]
    within = any(sentence.makers.get(c) not in OUTSIDE for _, _, c in sentence.companies)
    named = within or bool(sentence.groups)
    sentence.in_domain = named or any(find(p, occurrences) for p in taxonomy.domain)
    sentence.is_quiet = sentence.place == "title" and any(find(p, occurrences) for p in taxonomy.quiet)
    return occurrences


def match_cues(sentence: Sentence, taxonomy: Taxonomy, occurrences: Occurrences) -> None:
    """Fill `sentence.hits`; of hits of one theme that overlap the longest stays."""
    walls = [n for n, t in enumerate(sentence.tokens) if t.text == ";"]
    conjuncts, apart = _conjuncts(sentence), rejected(sentence.tokens)
    found: list[tuple[CompiledCue, int, int]] = []
    for cue in taxonomy.cues_for(occurrences):
        hits = find(cue.pattern, occurrences, walls)
        if hits and conjuncts and _moves_first(cue):
            hits = find(cue.pattern, occurrences, [*walls, *conjuncts])
        if apart:
            hits = [hit for hit in hits if not bridges(*hit, apart)]
        if not hits:
            continue
        if any(not within(*hit, apart) for u in cue.unless for hit in find(u, occurrences)):
            continue
        if cue.needs and not any(find(n, occurrences) for n in cue.needs):
            continue
        forbidden = [r for u in cue.unless_near for r in find(u, occurrences)]
        found += [(cue, i, j) for i, j in hits if all(j <= a or i >= b for a, b in forbidden)]
    sentence.label = kicker(sentence.tokens)
    found = [h for h in found if h[2] > sentence.label]
    found.sort(key=lambda h: (-h[0].score, h[1] - h[2]))
    kept: list[tuple[CompiledCue, int, int]] = []
    for cue, i, j in found:
        if all(cue.theme.id != c.theme.id or j <= a or i >= b for c, a, b in kept):
            kept.append((cue, i, j))
    sentence.hits = sorted(kept, key=lambda h: h[1])
    _spread(sentence, occurrences)
    measure(sentence, occurrences, taxonomy)


def _conjuncts(sentence: Sentence) -> list[int]:
    """Where a clause about another company begins: 'Micron fell 7%, and Nebius lost 8%'."""
    tokens, heads = sentence.tokens, []
    for first, _, _ in sentence.companies:
        k = first - 1
        while k > 0 and tokens[k].lower in _NAME_LEADS:
            k -= 1
        if k > 0 and tokens[k].lower in _CLAUSE_LINKS:
            heads.append(k)
    return heads


def _moves_first(cue: CompiledCue) -> bool:
    """Whether a cue of a market move begins with the move, so that a company after it is another's subject."""
    return cue.theme.spreads and all(not steps[0].classes & _MOVERS for steps in cue.pattern.orders)


def _spread(sentence: Sentence, occurrences: Occurrences) -> None:
    """Add the companies that a list of moves names after its first: 'Oracle fell 5%, Arm 4%'."""
    percents = {i for i, _ in occurrences.get("percent", ())}
    moves = [
        h for h in sentence.hits if h[0].theme.spreads and any(i in percents for i in range(h[1], h[2] + 1))
    ]
    for first, last, _ in sentence.companies:
        number = next((k for k in range(last, min(last + 3, len(sentence.tokens))) if k in percents), None)
        before = [h for h in moves if h[2] <= first]
        if number is None or not before or any(h[1] <= number < h[2] for h in sentence.hits):
            continue
        if all(sentence.tokens[k].lower in _LIST_FILLERS for k in range(last, number)):
            cue = replace(before[-1][0], actor=ActorRole.INSIDE)
            sentence.hits.append((cue, first, number + 1))


def points_back(sentence: Sentence) -> bool:
    """Whether a sentence speaks of what stood before it: 'its shares', 'the company', or a title."""
    return sentence.place == "title" or any(t.lower in _ANAPHORS for t in sentence.tokens)


def described(sentences: Sequence[Sentence]) -> frozenset[str]:
    """Companies that an entry names only to describe others: 'OpenAI-backed startup'."""
    acting = {c[2] for s in sentences for c in s.companies if not is_attribute(s.tokens, c)}
    return frozenset(c for s in sentences for _, _, c in s.companies if c not in acting)


def extract(
    entry: Entry,
    sentences: Sequence[Sentence],
    taxonomy: Taxonomy,
    spans: dict[int, list[Span]],
    signs: Signs | None = None,
) -> tuple[Event, ...]:
    """The events of an entry: at most one for each theme and actor.

    `spans[n][k]` is where token `k` of sentence `n` stands in the stored entry; what speaks for the modality of each
    claim goes to `signs`.
    """
    if any(s.is_quiet for s in sentences) or not any(s.in_domain for s in sentences):
        return ()
    sourced = leans_on_sources(entry.title, entry.text)
    leading = [
        c[2] for s in sentences if s.place == "title" for c in s.companies if not is_attribute(s.tokens, c)
    ]
    for sentence, answer in pairwise(sentences):
        sentence.is_taken_back = takes_back(answer.tokens)
    # What the text recounts, and what the title does if the text begins so.
    rebutting = rebuts(entry.title, "")
    title_rebutted = rebutting or rebuts("", entry.text)
    is_opinion, is_recap = opines(entry.title), recaps(entry.title)
    focus: str | None = leading[0] if leading else None
    has_topic = bool(entry.title) or len({c for s in sentences for _, _, c in s.companies}) == 1
    events: list[Event] = []
    of_indexes: set[str] = set()
    for n, sentence in enumerate(sentences):
        anaphoric = any(t.lower in _ANAPHORS for t in sentence.tokens[:6]) or sentence.place == "title"
        bare = not sentence.companies
        for cue, start, end in sentence.hits:
            theme = cue.theme
            certainty = judge(
                sentence.tokens,
                start,
                end,
                kind=entry.kind,
                is_data=theme.is_data,
                sourced_entry=sourced,
                sense=theme.sense,
                signs=None if signs is None else signs.setdefault((theme.id, n, start), []),
            )
            recounted = title_rebutted if sentence.place == "title" else rebutting
            # An answer to a rumour says that the plan stands: that is no part of what it denies.
            recounted = recounted and not theme.is_data and theme.sense is not Sense.HOLD
            if cue.denies or recounted or sentence.is_taken_back:
                certainty = replace(certainty, polarity=Polarity.DENIED)
            elif certainty.polarity is Polarity.AFFIRMED and (
                sentence.is_correction or corrects(sentence.tokens, start)
            ):
                certainty = replace(certainty, polarity=Polarity.CORRECTED)
            # 'Capex growth may slow': a forecast that names nobody is about a trade, not the last company named.
            stated = (
                certainty.stage.rank >= Stage.AGREED.rank
                and certainty.attribution is not Attribution.SPECULATION
            )
            in_title = sentence.place == "title"
            foretold = _speaker_is_other(sentence, start) and is_foretold(sentence.tokens, start)
            if foretold or (in_title and is_opinion):
                certainty = replace(certainty, attribution=Attribution.SPECULATION)
            if cue.attribution and cue.attribution.rank < certainty.attribution.rank:
                certainty = replace(certainty, attribution=cue.attribution)
            points = anaphoric or (bare and (has_topic or stated))
            if points and cue.actor not in _OF_OTHERS:
                points = not names_another(sentence, start, end)
            who = actors(sentence, start, end, cue.actor, focus if points else None)
            if cue.actor is ActorRole.NOBODY:
                of_indexes.add(cue.theme.id)
            elif cue.theme.needs_actor:
                who = [actor for actor in who if actor is not None]
            first, last = spans[n][start], spans[n][end - 1]
            told = (
                replace(certainty, attribution=Attribution.SOURCED)
                if certainty.attribution is Attribution.ON_RECORD
                else certainty
            )
            witness = _witness(sentence, start)
            events += [
                Event(
                    theme=cue.theme.id,
                    actor=actor,
                    stage=certainty.stage,
                    attribution=(certainty if witness in (None, actor) else told).attribution,
                    polarity=certainty.polarity,
                    evidence=Span(first.field, first.start, last.end),
                    fresh=not recalls(sentence.tokens, start, end) and not (in_title and is_recap),
                    targets=_targets(sentence, start, end, theme, actor, witness),
                    score=cue.score,
                    cue=cue.pattern.source,
                )
                for actor in who
            ]
        subjects = [
            c
            for c in sentence.companies
            if not after_preposition(sentence.tokens, c) and not is_attribute(sentence.tokens, c)
        ]
        if subjects:
            focus = subjects[0][2]
    return _settle(events, of_indexes)


def _speaker_is_other(sentence: Sentence, start: int) -> bool:
    """Whether the words before a colon name a person and no company: 'Jim Doe: Broadcom will …'."""
    colon = next((n for n, t in enumerate(sentence.tokens[:start]) if t.text == ":"), 0)
    speaker = sentence.tokens[:colon]
    return (
        2 <= len(speaker) <= 3
        and all(t.kind == "word" and t.text[0].isupper() for t in speaker)
        and not any(i < colon for i, _, _ in (*sentence.companies, *sentence.groups, *sentence.goods))
    )


def _witness(sentence: Sentence, start: int) -> str | None:
    """The company that tells or sees what another does: 'TSMC sees Apple order cuts'."""
    for _, last, company in sentence.companies:
        if last < start and sentence.tokens[last].lower in _WITNESSES:
            return company
    return None


def _targets(
    sentence: Sentence, start: int, end: int, theme: Theme, actor: str | None, witness: str | None
) -> tuple[str, ...]:
    found = targets_of(sentence, start, end, theme.targets, actor)
    # 'TSMC sees Apple order cuts': who sees the orders of another is where they lie.
    if not found and theme.targets and witness not in (None, actor):
        return (witness,) if witness else ()
    return found


def _settle(events: Sequence[Event], of_indexes: Set[str]) -> tuple[Event, ...]:
    """One event for each theme and actor: the first; a denial that the title or a later sentence makes wins.

    A claim about nobody gives way to one about somebody, unless it is about an index (`of_indexes`: themes).
    """
    kept: dict[tuple[str, str | None], Event] = {}
    for event in events:
        key = (event.theme, event.actor)
        old = kept.get(key)
        if (
            old is None
            or (event.fresh and not old.fresh)
            or (event.polarity is Polarity.DENIED and old.polarity is not Polarity.DENIED and event.fresh)
        ):
            kept[key] = event
    named = {theme for theme, actor in kept if actor is not None}
    denied = {e.theme for e in kept.values() if e.polarity is Polarity.DENIED and e.fresh}
    out = []
    for (theme, actor), event in kept.items():
        if actor is None and theme in named and theme not in of_indexes:
            continue
        if theme in denied and event.polarity is not Polarity.DENIED:
            continue
        out.append(event)
    return tuple(out)


def mentions_of(sentence: Sentence, spans: Sequence[Span]) -> list[Mention]:
    """The companies of a sentence at their places in the stored entry."""
    return [
        Mention(company=c, span=Span(spans[i].field, spans[i].start, spans[j - 1].end))
        for i, j, c in sentence.companies
    ]
