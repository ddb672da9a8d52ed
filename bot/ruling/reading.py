"""A rule in a few plain sentences: what it tells of, once whom it has from, and what becomes of the card."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

from bot.delivery.sheet import clip
from bot.delivery.words import Names, count
from bot.locale import marked, show_number, tr
from bot.model import Change, Policy
from bot.rules.book import Rule
from bot.rules.correlate import Correlate, Distinct, GroupBy, Kind, Link, Novelty
from bot.rules.correlation import USUAL_LEAST, warmed_up
from bot.rules.parts import Condition
from bot.ruling.clauses import TIERS, both, clauses, either, quoted, themes, tiers

_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
_THEME = frozenset({"theme"})
_TITLE = 120
_FILLED: Mapping[str, str] = {
    "actor": marked("a company"),
    "target": marked("another company"),
    "theme": marked("an event"),
    "count": marked("several"),
}
"""What stands in a rule's title for what only an event has."""

_CHANGES: Mapping[Change, str] = {
    Change.NEW_STORY: marked("a new story"),
    Change.COPY: marked("copies"),
    Change.NEW_ORIGIN: marked("further sources"),
    Change.NEW_CLAIM: marked("further claims"),
    Change.STAGE_UP: marked("a further step"),
    Change.CONFIRMED: marked("a confirmation"),
    Change.DENIED: marked("a denial"),
    Change.CORRECTED: marked("a correction"),
    Change.WITHDRAWN: marked("a withdrawal of the report"),
    Change.SPILLOVER: marked("the reaction that the card predicted"),
}
_APART: Mapping[GroupBy, str] = {
    GroupBy.ACTOR: marked("Each company that they are about counts apart."),
    GroupBy.TARGET: marked("Each company that they concern counts apart."),
    GroupBy.SECTOR: marked("Each sector counts apart."),
    GroupBy.THEME: marked("Each theme counts apart."),
    GroupBy.SOURCE: marked("Each source counts apart."),
}
_MANY: Mapping[Distinct, str] = {
    Distinct.STORY: marked("Tells when at least {n} stories within {time} make such claims: {claims}."),
    Distinct.ACTOR: marked(
        "Tells when such claims are about at least {n} companies within {time}: {claims}."
    ),
    Distinct.SOURCE: marked("Tells when at least {n} sources make such claims within {time}: {claims}."),
}
_ONCE: Mapping[Distinct, str] = {
    Distinct.STORY: marked("Each story counts once."),
    Distinct.ACTOR: marked("Each company counts once."),
    Distinct.SOURCE: marked("Each source counts once."),
}
_NEW: Mapping[Novelty, str] = {
    Novelty.ACTOR: marked(
        "Tells when such a claim is about a company that none was about for {time}: {claims}."
    ),
    Novelty.TARGET: marked(
        "Tells when such a claim concerns a company that none concerned for {time}: {claims}."
    ),
    Novelty.PAIR: marked(
        "Tells when such a claim links two companies that none linked for {time}: {claims}."
    ),
}
_LINKS: Mapping[Link, str] = {
    Link.ANY: marked("They need not be about the same company."),
    Link.ACTOR: marked("All of them must be about the same company."),
    Link.EXPOSED: marked("Each must have been exposed to the one before."),
}


def plain_title(title: str) -> str:
    """A rule's title without an event to fill it: 'Surplus AI compute for sale'; of rules that come along, translated."""
    said = tr(title)
    # An operator's own title stays in one language.
    filled = _FILLED if said == title else {place: tr(words) for place, words in _FILLED.items()}
    bare = said.removeprefix("{actor}: ").removeprefix("{target}: ").format(**filled)
    return bare[:1].upper() + bare[1:]


def called(rule: Rule) -> str:
    """A rule's readable title between quotation marks."""
    return quoted(clip(plain_title(rule.title), _TITLE))


def reading(rule: Rule, names: Names) -> list[str]:
    """What the rule says, a sentence or two each: what it tells of, its support, its card, its exposure."""
    if rule.correlate is not None:
        first = " ".join(correlation(rule.correlate, names))
    else:
        assert rule.condition is not None  # the schema has made sure of one of them
        first = match(rule.condition, names)
    return [first, *handling(rule.policy)]


def match(condition: Condition, names: Names) -> str:
    """What is told of: the theme first, all else behind it."""
    about = themes(condition.theme, names) if condition.theme else ""
    if not about:
        return tr("Tells of any event where {conditions}.", conditions=both(clauses(condition, names)))
    rest = _but_themes(condition, names)
    if not rest:
        return tr("Tells of {themes}.", themes=about)
    return tr("Tells of {themes} where {conditions}.", themes=about, conditions=both(rest))


def _but_themes(condition: Condition, names: Names) -> list[str]:
    """All clauses but that for the themes that are wanted."""
    rest = clauses(condition, names, without=_THEME)
    if condition.theme and condition.theme.not_:
        unwanted = Condition.model_construct(theme=condition.theme.model_copy(update={"in_": None}))
        rest = [*clauses(unwanted, names), *rest]
    return rest


def claim(condition: Condition, names: Names) -> str:
    """A claim that a correlation counts: '“Capex cut” where it is confirmed'."""
    about = themes(condition.theme, names) if condition.theme else ""
    rest = _but_themes(condition, names)
    if not about:
        return tr("any event where {conditions}", conditions=both(rest))
    return tr("{themes} where {conditions}", themes=about, conditions=both(rest)) if rest else about


def correlation(spec: Correlate, names: Names) -> Iterator[str]:
    """What several claims must be together."""
    claims = [claim(condition, names) for condition in spec.of]
    yield from KINDS[spec.type](spec, claims)
    if spec.group_by is not None:
        yield tr(_APART[spec.group_by])


def _frequency(spec: Correlate, claims: Sequence[str]) -> Iterator[str]:
    text = _MANY[spec.distinct or Distinct.STORY]
    yield tr(text, n=show_number(spec.gte or 0), time=span(spec.within), claims=either(claims))


def _spike(spec: Correlate, claims: Sequence[str]) -> Iterator[str]:
    yield tr(
        "Tells when such claims come at least {ratio} times as often within {time} as usual: {claims}.",
        ratio=_decimal(spec.ratio or 0),
        time=span(spec.current),
        claims=either(claims),
    )
    yield tr(_ONCE[spec.distinct or Distinct.STORY])
    usual = (
        marked("Usual is the average over the last {time}.")
        if spec.same_hour is False
        else marked("Usual is the average at the same hours over the last {time}.")
    )
    yield tr(usual, time=span(spec.baseline))
    yield tr(
        "At least {n} must come now, and {before} before.",
        n=show_number(spec.min_current or USUAL_LEAST),
        before=show_number(spec.min_baseline or USUAL_LEAST),
    )


def _new_term(spec: Correlate, claims: Sequence[str]) -> Iterator[str]:
    assert spec.field is not None
    yield tr(_NEW[spec.field], time=span(spec.unseen_for), claims=either(claims))
    yield tr("Nothing is new before I have watched for {time}.", time=span(warmed_up(spec)))


def _absence(spec: Correlate, claims: Sequence[str]) -> Iterator[str]:
    yield tr(
        "Tells when no such claim has come for longer than {time}: {claims}.",
        time=span(spec.longer_than),
        claims=either(claims),
    )


def _cooccurrence(spec: Correlate, claims: Sequence[str]) -> Iterator[str]:
    yield tr(
        "Tells when all of these come within {time}, in any order: {claims}.",
        time=span(spec.within),
        claims="; ".join(claims),
    )


def _sequence(spec: Correlate, claims: Sequence[str]) -> Iterator[str]:
    yield tr(
        "Tells when these come one after another within {time}: {claims}.",
        time=span(spec.within),
        claims="; ".join(claims),
    )
    yield tr(_LINKS[spec.link or Link.ANY])


KINDS: Mapping[Kind, Callable[[Correlate, Sequence[str]], Iterator[str]]] = {
    Kind.FREQUENCY: _frequency,
    Kind.SPIKE: _spike,
    Kind.NEW_TERM: _new_term,
    Kind.ABSENCE: _absence,
    Kind.COOCCURRENCE: _cooccurrence,
    Kind.SEQUENCE: _sequence,
}
"""What says each type of correlation."""


def handling(policy: Policy) -> Iterator[str]:
    """What becomes of what is told: its support, its card, what edits and answers that, its exposure."""
    if policy.corroborate:
        yield support(policy)
    yield " ".join(_card(policy))
    if policy.hops:
        yield " ".join(_exposure(policy))


def support(policy: Policy) -> str:
    """Once from whom it is told."""
    sources = [_supporters(origins, tier) for origins, tier in policy.corroborate]
    if not sources[1:]:
        return tr("It is told once it comes from {sources}.", sources=sources[0])
    return tr(
        "It is told once it comes from {sources}, or from {others}.",
        sources=", ".join(sources[:-1]),
        others=sources[-1],
    )


def _supporters(origins: int, tier: int) -> str:
    everybody = tier >= max(TIERS)
    named = tiers([t for t in TIERS if t <= tier])
    if origins == 1:
        return tr("one source") if everybody else tr("one source of tier {tiers}", tiers=named)
    n = show_number(origins)
    if everybody:
        return tr("{n} independent sources", n=n)
    return tr("{n} independent sources of tier {tiers}", n=n, tiers=named)


def _card(policy: Policy) -> Iterator[str]:
    yield tr("A story has one card for {time}.", time=span(policy.window))
    if policy.edit_on:
        yield tr("The card changes silently with {changes}.", changes=_listed(policy.edit_on))
    if policy.reply_on:
        yield tr("It is answered after {changes}.", changes=_listed(policy.reply_on))
    if policy.throttle is not None:
        yield tr(_THROTTLES[policy.throttle_per], time=span(policy.throttle))


_THROTTLES: Mapping[str, str] = {
    "story": marked("A story is answered once in {time} at most; denials and the like do not wait."),
    "actor": marked("It rings once in {time} at most for each company; denials and the like do not wait."),
    "rule": marked("The rule rings once in {time} at most; denials and the like do not wait."),
}


def _exposure(policy: Policy) -> Iterator[str]:
    steps = count(policy.hops, "step", "steps")
    yield tr(
        "The card names companies that it touches, over {steps} at most; links weaker than {weight} are left out.",
        steps=steps,
        weight=_decimal(policy.min_weight),
    )
    if policy.reverse:
        yield tr("Here, whom such events usually help is hurt, and the other way round.")


def _decimal(number: float) -> str:
    return show_number(int(number) if number == int(number) else number)


def _listed(changes: frozenset[Change]) -> str:
    return either([tr(_CHANGES[change]) for change in Change if change in changes])


def span(time: timedelta | None) -> str:
    """'72 hours', '5 days': in the largest unit that leaves nothing over, days from four on."""
    time = time or timedelta()
    if time % _DAY == timedelta() and time >= 4 * _DAY:
        return count(time // _DAY, "day", "days")
    if time % _HOUR == timedelta():
        return count(time // _HOUR, "hour", "hours")
    if time % _MINUTE == timedelta():
        return count(time // _MINUTE, "minute", "minutes")
    return count(int(time.total_seconds()), "second", "seconds")
