"""Who acts in a claim: by grammar where a parse helps, else by the order of names and prepositions."""

from __future__ import annotations

from collections.abc import Sequence

from bot.nlp.lexicon import OUTSIDE
from bot.nlp.sentence import Sentence
from bot.nlp.themes import ActorRole
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
_ORDERS = frozenset("order orders bookings booking business demand purchases".split())
# What ends the reach of a subject over goods: 'Kioxia climbs after DRAM price rise'.
_BREAKS = frozenset({",", ":", ";", "after", "as", "amid", "following", "because"})
_ADJACENT = 2  # a company this near before a cue is its subject, whatever the parser thinks
_LINKS = frozenset((",", "and", "&", "/", "or", "-", "'s", "+", "as", "well", "both"))


def actors(sentence: Sentence, start: int, end: int, role: ActorRole, focus: str | None) -> list[str | None]:
    """Who acts in the claim at tokens `start` to `end`: companies, else a sector, else None."""
    if role is ActorRole.NOBODY:
        return [None]
    if role is ActorRole.HOLDER:
        holders = actors(sentence, start, end, ActorRole.SUBJECT, focus)
        known = [c for c in holders if c and sentence.makers.get(c) not in OUTSIDE]
        return [*known] or actors(sentence, start, end, ActorRole.OBJECT, focus)
    inside = [
        c for c in sentence.companies if start <= c[0] < end and sentence.tokens[c[0] - 1].lower != "from"
    ]
    before = [c for c in sentence.companies if c[1] <= start and not is_attribute(sentence.tokens, c)]
    after = [c for c in sentence.companies if c[0] >= end and not is_attribute(sentence.tokens, c)]
    subjects = [c for c in before if not after_preposition(sentence.tokens, c)]
    if role is ActorRole.INSIDE and inside:
        return with_linked(sentence, inside[0])
    if role is ActorRole.OBJECT:
        near = [
            c for c in sentence.companies if start <= c[0] < end + 7
        ]  # 'curbs on Nvidia chips' hit Nvidia
        near.sort(key=lambda c: sentence.makers.get(c[2]) in OUTSIDE)  # stable: the first of the field
        if near:
            return with_linked(sentence, near[0])
    if role is ActorRole.GROUP:
        return _group(sentence, start, end, subjects, inside, focus)
    agent = [c for c in after if c[0] <= end + 2 and sentence.tokens[c[0] - 1].lower == "by"]
    if agent:
        return with_linked(sentence, agent[0])
    between = [t.text for t in sentence.tokens[subjects[-1][1] : start]] if subjects else []
    far = len(subjects) > 1 and (len(between) > _ADJACENT or "," in between)
    parsed = _parsed_subject(sentence, start, end) if far or not subjects else None
    if parsed:
        return with_linked(sentence, parsed)
    if subjects:
        return with_linked(sentence, subjects[-1])
    givers = [c for c in sentence.companies if c[1] <= end and _is_giver(sentence.tokens, c)]
    if givers:
        return with_linked(sentence, givers[-1])
    if inside:
        return with_linked(sentence, inside[0])
    groups = [g for g in sentence.groups if g[0] < end]
    if groups:
        return [groups[-1][2]]
    if before:
        return with_linked(sentence, before[-1])
    if after and after[0][0] <= end + 6:
        return with_linked(sentence, after[0])
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
        if phrase[0] <= c[0] < phrase[1] and not is_attribute(sentence.tokens, c)
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
        return with_linked(sentence, parsed)
    if goods and subjects and sentence.makers.get(subjects[-1][2], goods[0][2]) != goods[0][2]:
        return [goods[0][2]]
    if subjects and not any(t.lower in _BREAKS for t in sentence.tokens[subjects[-1][1] : start]):
        return with_linked(sentence, subjects[-1])
    if inside:
        return with_linked(sentence, inside[0])
    near = [g for g in (*sentence.groups, *sentence.goods) if g[1] > start - 8 and g[0] < end + 8]
    if near:
        nearest = min(near, key=lambda g: max(start - g[1], g[0] - end, 0))
        return with_linked(sentence, nearest) if nearest in sentence.groups else [nearest[2]]
    if len({c for _, _, c in sentence.companies}) == 1:
        return [sentence.companies[0][2]]
    return [focus] if focus and not sentence.companies else [None]


def is_attribute(tokens: Sequence[Token], company: tuple[int, int, str]) -> bool:
    """Whether a company is only named to describe another: 'Nvidia rival AMD', 'ex-Intel'."""
    i, j, _ = company
    following = [t.lower for t in tokens[j : j + 3] if t.lower not in ("-", "'s")]
    before = [t.lower for t in tokens[max(0, i - 2) : i] if t.text != "-"]
    return bool(following and following[0] in _ATTRIBUTES) or bool(before and before[-1] in _BEFORE_ATTRIBUTE)


def _is_giver(tokens: Sequence[Token], company: tuple[int, int, str]) -> bool:
    """Whether a company is where orders come from: 'orders to Hynix from Nvidia slashed'."""
    first = company[0]
    return tokens[first - 1].lower == "from" and any(
        t.lower in _ORDERS for t in tokens[max(0, first - 8) : first]
    )


def after_preposition(tokens: Sequence[Token], company: tuple[int, int, str]) -> bool:
    """Whether a company stands behind a preposition, so that it is no subject."""
    first = company[0]
    if first > 1 and tokens[first - 1].lower in ("of", "in") and tokens[first - 2].lower in _SHARES:
        return False  # 'shares of Arm fell': Arm is whose move it is
    for token in reversed(tokens[max(0, first - 2) : first]):
        if token.lower in _PREPOSITIONS:
            return True
        if token.lower not in ("the", "a", "its", "rival"):
            return False
    return False


def with_linked(sentence: Sentence, chosen: tuple[int, int, str]) -> list[str | None]:
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
