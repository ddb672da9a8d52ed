"""From cues to events: who the actor of a claim is, and what one entry claims in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import pairwise

from bot.model import Attribution, Entry, Event, Mention, Polarity, Span, Stage
from bot.nlp.cues import Occurrences, find
from bot.nlp.fresh import recalls
from bot.nlp.grammar import Parse
from bot.nlp.modality import Signs, corrects, corrects_entry, judge, leans_on_sources, rebuts, takes_back
from bot.nlp.themes import ActorRole, CompiledCue, Sense, Taxonomy
from bot.nlp.words import Token

_PREPOSITIONS = frozenset(
    "of with from to at for by against than as in on over into about between among behind versus vs via per despite unlike like".split()
)
# After a company's name these make it a mere attribute: 'Nvidia rival AMD', 'OpenAI-backed Crusoe'.
_ATTRIBUTES = frozenset(
    "rival supplier suppliers rivals backed partner partners customer customers maker makers owner backer backers competitor competitors veteran alumni "
    "analyst analysts investor investors users chips gpus servers processors hardware tenant landlord contractor assembler parent".split()
)
_BEFORE_ATTRIBUTE = frozenset("ex former anti non pro".split())
_SHARES = frozenset({"shares", "stock", "shareholders", "holders"})
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
_LEAD = 1_500  # characters of a text in which a dismissal concerns the whole of it
_ADJACENT = 2  # a company this near before a cue is its subject, whatever the parser thinks
_LINKS = frozenset((",", "and", "&", "/", "or", "-", "'s", "+", "as", "well", "both"))


@dataclass(slots=True)
class Sentence:
    """A run of tokens of one field with what was found in it. Ranges are token numbers, end-exclusive."""

    place: str  # "title" or "text"
    tokens: Sequence[Token]
    companies: list[tuple[int, int, str]]
    products: list[tuple[int, int]]  # those of `companies` that are named by a product
    groups: list[tuple[int, int, str]]
    goods: list[tuple[int, int, str]]
    makers: Mapping[str, str]  # company → its sector
    hits: list[tuple[CompiledCue, int, int]] = field(default_factory=list)
    in_domain: bool = False  # speaks of a company, a group or the trade's goods
    parse: Parse | None = None
    is_quiet: bool = False  # a title that brings no news
    is_taken_back: bool = False  # by the sentence after it: 'It did not.'


def occurrences_in(sentence: Sentence, taxonomy: Taxonomy) -> dict[str, list[tuple[int, int]]]:
    """Where each word class occurs in a sentence, companies and sectors among them."""
    named = [(i, j) for i, j, _ in sentence.companies]
    taken = [r for r in named if r not in sentence.products]
    occurrences = taxonomy.compiler.occurrences(sentence.tokens, taken)
    if named:
        occurrences["company"] = named
    if sentence.groups:
        occurrences["sector"] = [(i, j) for i, j, _ in sentence.groups]
    return occurrences


def match_cues(sentence: Sentence, taxonomy: Taxonomy) -> None:
    """Fill `sentence.hits`; of hits of one theme that overlap the longest stays."""
    occurrences = occurrences_in(sentence, taxonomy)
    named = bool(sentence.companies or sentence.groups)
    sentence.in_domain = named or any(find(p, occurrences) for p in taxonomy.domain)
    sentence.is_quiet = sentence.place == "title" and any(find(p, occurrences) for p in taxonomy.quiet)
    walls = [n for n, t in enumerate(sentence.tokens) if t.text == ";"]
    conjuncts = _conjuncts(sentence)
    found: list[tuple[CompiledCue, int, int]] = []
    present = set(occurrences)
    for cue in taxonomy.cues:
        if cue.pattern.orders[0][0].classes.isdisjoint(present):
            continue  # every order of a cue needs all of its steps; spares 16 of 17 calls of `find`
        hits = find(cue.pattern, occurrences, walls)
        if hits and conjuncts and _moves_first(cue):
            hits = find(cue.pattern, occurrences, [*walls, *conjuncts])
        if not hits:
            continue
        if any(find(u, occurrences) for u in cue.unless):
            continue
        if cue.needs and not any(find(n, occurrences) for n in cue.needs):
            continue
        forbidden = [r for u in cue.unless_near for r in find(u, occurrences)]
        found += [(cue, i, j) for i, j in hits if all(j <= a or i >= b for a, b in forbidden)]
    found.sort(key=lambda h: (-h[0].score, h[1] - h[2]))
    kept: list[tuple[CompiledCue, int, int]] = []
    for cue, i, j in found:
        if all(cue.theme.id != c.theme.id or j <= a or i >= b for c, a, b in kept):
            kept.append((cue, i, j))
    sentence.hits = sorted(kept, key=lambda h: h[1])
    _spread(sentence, occurrences)


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


def actors(sentence: Sentence, start: int, end: int, role: ActorRole, focus: str | None) -> list[str | None]:
    """Who acts in the claim at tokens `start` to `end`: companies, else a sector, else None."""
    if role is ActorRole.NOBODY:
        return [None]
    inside = [
        c for c in sentence.companies if start <= c[0] < end and sentence.tokens[c[0] - 1].lower != "from"
    ]
    before = [c for c in sentence.companies if c[1] <= start and not _is_attribute(sentence.tokens, c)]
    after = [c for c in sentence.companies if c[0] >= end and not _is_attribute(sentence.tokens, c)]
    subjects = [c for c in before if not _after_preposition(sentence.tokens, c)]
    if role is ActorRole.INSIDE and inside:
        return _with_linked(sentence, inside[0])
    if role is ActorRole.OBJECT:
        near = [
            c for c in sentence.companies if start <= c[0] < end + 7
        ]  # 'curbs on Nvidia chips' hit Nvidia
        if near:
            return _with_linked(sentence, near[0])
    if role is ActorRole.GROUP:
        return _group(sentence, start, end, subjects, inside, focus)
    agent = [c for c in after if c[0] <= end + 2 and sentence.tokens[c[0] - 1].lower == "by"]
    if agent:
        return _with_linked(sentence, agent[0])
    between = [t.text for t in sentence.tokens[subjects[-1][1] : start]] if subjects else []
    far = len(subjects) > 1 and (len(between) > _ADJACENT or "," in between)
    parsed = _parsed_subject(sentence, start, end) if far or not subjects else None
    if parsed:
        return _with_linked(sentence, parsed)
    if subjects:
        return _with_linked(sentence, subjects[-1])
    if inside:
        return _with_linked(sentence, inside[0])
    groups = [g for g in sentence.groups if g[0] < end]
    if groups:
        return [groups[-1][2]]
    if before:
        return _with_linked(sentence, before[-1])
    if after and after[0][0] <= end + 6:
        return _with_linked(sentence, after[0])
    if sentence.groups:
        return [sentence.groups[0][2]]
    if focus:
        return [focus]
    return [after[0][2]] if after else [None]


def _parsed_subject(sentence: Sentence, start: int, end: int) -> tuple[int, int, str] | None:
    phrase = sentence.parse.subject(start, end) if sentence.parse else None
    if phrase is None:
        return None
    held = [
        c
        for c in sentence.companies
        if phrase[0] <= c[0] < phrase[1] and not _is_attribute(sentence.tokens, c)
    ]
    return held[0] if held else None


def _group(
    sentence: Sentence,
    start: int,
    end: int,
    subjects: list[tuple[int, int, str]],
    inside: list[tuple[int, int, str]],
    focus: str | None,
) -> list[str | None]:
    goods = [g for g in (*sentence.groups, *sentence.goods) if start <= g[0] < end]
    parsed = _parsed_subject(sentence, start, end)
    if parsed and not (goods and sentence.makers.get(parsed[2], goods[0][2]) != goods[0][2]):
        return _with_linked(sentence, parsed)
    if goods and subjects and sentence.makers.get(subjects[-1][2], goods[0][2]) != goods[0][2]:
        return [goods[0][2]]
    if subjects and not any(t.text in (",", ":", ";") for t in sentence.tokens[subjects[-1][1] : start]):
        return _with_linked(sentence, subjects[-1])
    if inside:
        return _with_linked(sentence, inside[0])
    near = [g for g in (*sentence.groups, *sentence.goods) if g[1] > start - 8 and g[0] < end + 8]
    if near:
        nearest = min(near, key=lambda g: max(start - g[1], g[0] - end, 0))
        return _with_linked(sentence, nearest) if nearest in sentence.groups else [nearest[2]]
    if len({c for _, _, c in sentence.companies}) == 1:
        return [sentence.companies[0][2]]
    return [focus] if focus and not sentence.companies else [None]


def _is_attribute(tokens: Sequence[Token], company: tuple[int, int, str]) -> bool:
    i, j, _ = company
    following = [t.lower for t in tokens[j : j + 3] if t.lower not in ("-", "'s")]
    before = [t.lower for t in tokens[max(0, i - 2) : i] if t.text != "-"]
    return bool(following and following[0] in _ATTRIBUTES) or bool(before and before[-1] in _BEFORE_ATTRIBUTE)


def points_back(sentence: Sentence) -> bool:
    """Whether a sentence speaks of what stood before it: 'its shares', 'the company', or a title."""
    return sentence.place == "title" or any(t.lower in _ANAPHORS for t in sentence.tokens)


def described(sentences: Sequence[Sentence]) -> frozenset[str]:
    """Companies that an entry names only to describe others: 'OpenAI-backed startup'."""
    acting = {c[2] for s in sentences for c in s.companies if not _is_attribute(s.tokens, c)}
    return frozenset(c for s in sentences for _, _, c in s.companies if c not in acting)


def _after_preposition(tokens: Sequence[Token], company: tuple[int, int, str]) -> bool:
    first = company[0]
    if first > 1 and tokens[first - 1].lower in ("of", "in") and tokens[first - 2].lower in _SHARES:
        return False  # 'shares of Arm fell': Arm is whose move it is
    for token in reversed(tokens[max(0, first - 2) : first]):
        if token.lower in _PREPOSITIONS:
            return True
        if token.lower not in ("the", "a", "its", "rival"):
            return False
    return False


def _with_linked(sentence: Sentence, chosen: tuple[int, int, str]) -> list[str | None]:
    """The company or group and those of its kind that are joined to it by commas, 'and' or '/'."""
    ordered = sentence.companies if chosen in sentence.companies else sentence.groups
    at = ordered.index(chosen)
    out = [chosen]
    for step in (-1, 1):
        k = at
        while 0 <= k + step < len(ordered):
            a, b = sorted((ordered[k], ordered[k + step]))
            between = [t.lower for t in sentence.tokens[a[1] : b[0]]]
            if not between or len(between) > 3 or not all(t in _LINKS for t in between):
                break
            k += step
            out.append(ordered[k])
    return list(dict.fromkeys(c for _, _, c in sorted(out)))


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
        c[2] for s in sentences if s.place == "title" for c in s.companies if not _is_attribute(s.tokens, c)
    ]
    rebutting = rebuts(
        entry.title, ""
    )  # what the text recounts, and what the title does if the text begins so
    title_rebutted = rebutting or rebuts("", entry.text)
    correcting = corrects_entry(entry.title, entry.text[:_LEAD])
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
            elif certainty.polarity is Polarity.AFFIRMED and (correcting or corrects(sentence.tokens, start)):
                certainty = replace(certainty, polarity=Polarity.CORRECTED)
            # 'Capex growth may slow': a forecast that names nobody is about a trade, not the last company named.
            stated = (
                certainty.stage.rank >= Stage.AGREED.rank
                and certainty.attribution is not Attribution.SPECULATION
            )
            if cue.attribution and cue.attribution.rank < certainty.attribution.rank:
                certainty = replace(certainty, attribution=cue.attribution)
            who = actors(
                sentence,
                start,
                end,
                cue.actor,
                focus if anaphoric or (bare and (has_topic or stated)) else None,
            )
            if cue.actor is ActorRole.NOBODY:
                of_indexes.add(cue.theme.id)
            elif cue.theme.needs_actor:
                who = [actor for actor in who if actor is not None]
            first, last = spans[n][start], spans[n][end - 1]
            events += [
                Event(
                    theme=cue.theme.id,
                    actor=actor,
                    stage=certainty.stage,
                    attribution=certainty.attribution,
                    polarity=certainty.polarity,
                    evidence=Span(first.field, first.start, last.end),
                    fresh=not recalls(sentence.tokens, start, end),
                    score=cue.score,
                    cue=cue.pattern.source,
                )
                for actor in who
            ]
        subjects = [
            c
            for c in sentence.companies
            if not _after_preposition(sentence.tokens, c) and not _is_attribute(sentence.tokens, c)
        ]
        if subjects:
            focus = subjects[0][2]
    return _settle(events, of_indexes)


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
