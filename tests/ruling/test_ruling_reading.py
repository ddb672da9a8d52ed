"""Rules in plain words: whatever a rule asks for is said, in every language, and nothing that is left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import entry, event

from bot.locale import languages, speaking
from bot.model import Analysis, Change, Policy, Stage
from bot.nlp.lexicon import load_lexicon
from bot.nlp.themes import load_taxonomy
from bot.rules.book import KnownIds, Rule, Rulebook
from bot.rules.conditions import Scene, failure
from bot.rules.correlate import Correlate, Kind
from bot.rules.loader import load_rulebook
from bot.rules.parts import Condition, Group, Scale, SourceCondition, Who, rank
from bot.rules.schema import RuleSpec
from bot.ruling.clauses import CLAUSES, SOURCE_CLAUSES, TIERS, allowed, clauses
from bot.ruling.reading import KINDS, correlation, handling, match, plain_title, reading, span
from bot.ruling.samples import samples
from bot.ruling.trial import SOURCE_STAGES, STAGES

RULES = Path(__file__).parents[2] / "rules"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@cache
def names() -> Mapping[str, str]:
    taxonomy, companies = load_taxonomy(RULES / "themes"), load_lexicon(RULES / "companies").companies
    parts = (companies, taxonomy.sectors, taxonomy.themes)
    return {an_id: part.name for known in parts for an_id, part in known.items()}


@cache
def book() -> Rulebook:
    """The rules that come along."""
    taxonomy = load_taxonomy(RULES / "themes")
    companies = {c.id: c.sector for c in load_lexicon(RULES / "companies").companies.values()}
    known = KnownIds(
        themes=frozenset(taxonomy.themes), sectors=frozenset(taxonomy.sectors), companies=companies
    )
    return load_rulebook(RULES / "alerts", known)


def name(an_id: str) -> str:
    return names().get(an_id, an_id)


def all_rules() -> list[Any]:
    return [pytest.param(rule, id=rule.id) for rule in book().rules]


def conditions(rule: Rule) -> list[Condition]:
    return [rule.condition] if rule.condition is not None else list(rule.correlate.of)  # type: ignore[union-attr]


# --- what must be said of a key: a table of its own, so that a key without words fails here ---

WORDS = {
    "confirmed": "confirmed",
    "reported": "reported",
    "considering": "under consideration",
    "speculated": "only speculated",
    "denied": "denied",
    "social": "social media",
}


def of_group(value: Mapping[str, Any]) -> Iterator[str]:
    yield from (name(c) for c in value.get("in", ()))
    yield from (f"“{name(s)}”" for s in value.get("sector", ()))
    assert value.keys() <= {"in", "sector", "not", "named"}


def of_who(about: str, about_not: str, somebody: str) -> Callable[[Mapping[str, Any]], Iterator[str]]:
    def must_say(value: Mapping[str, Any]) -> Iterator[str]:
        yield from of_group(value)
        if "in" in value or "sector" in value:
            yield about
        if "not" in value:
            yield about_not
            yield from of_group(value["not"])
        if "named" in value:
            yield somebody if value["named"] else somebody.replace(" is ", " is not ")

    return must_say


def of_words(value: Mapping[str, Any]) -> Iterator[str]:
    assert value.keys() <= {"in", "not"}
    yield from (WORDS[word] for word in (*value.get("in", ()), *value.get("not", ())))
    if "not" in value:
        yield "neither" if len(value["not"]) > 1 else "not"


def of_theme(value: Mapping[str, Any]) -> Iterator[str]:
    assert value.keys() == {"in"}
    yield from (f"“{name(theme)}”" for theme in value["in"])


def of_source(value: Mapping[str, Any]) -> Iterator[str]:
    assert value.keys() == {"kind"}
    yield from (WORDS[kind] for kind in (*value["kind"].get("in", ()), *value["kind"].get("not", ())))
    yield "does not come from" if "not" in value["kind"] else "it comes from"


def of_text(value: Mapping[str, Any]) -> Iterator[str]:
    for key, start in (
        ("in", "there are phrases with words such as “"),
        ("not", "there are no phrases with words such as “"),
    ):
        if key in value:
            yield start
            yield "headline" if all("[^\\n]*" in p for p in value[key]) else "headline or text"


def of_any(value: list[Any]) -> Iterator[str]:
    yield "either "
    yield from (words for part in value for words in must_say(part))


MUST_SAY: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "theme": of_theme,
    "actor": of_who("it is about", "it is not about", "it is said whom it is about"),
    "company": of_who("is mentioned", "no mention is made of", "a company is mentioned"),
    "modality": of_words,
    "source": of_source,
    "text": of_text,
    "any": of_any,
}


def must_say(condition: Mapping[str, Any]) -> Iterator[str]:
    for key, value in condition.items():
        yield from MUST_SAY[key](value)


def dumped(condition: Condition) -> dict[str, Any]:
    return condition.model_dump(mode="json", by_alias=True, exclude_none=True)


@pytest.mark.parametrize("rule", all_rules())
def test_whatever_a_rule_that_comes_along_asks_of_a_claim_is_said(rule: Rule) -> None:
    said = reading(rule, name)[0]
    for condition in conditions(rule):
        for words in must_say(dumped(condition)):
            assert words in said


def without_a_key(condition: Condition) -> Iterator[tuple[str, Condition]]:
    """A condition less one of its keys, or of its parts' keys, or of the values of those."""
    for key in condition.model_fields_set:
        value = getattr(condition, key)
        if len(condition.model_fields_set) > 1:
            yield key, condition.model_copy(update={key: None})
        if isinstance(value, tuple):
            for n, part in enumerate(value):
                for lost, smaller in without_a_key(part):
                    changed = (*value[:n], smaller, *value[n + 1 :])
                    yield f"{key}.{n}.{lost}", condition.model_copy(update={key: changed})
        else:
            for lost, changed in without_a_value(value):
                yield f"{key}.{lost}", condition.model_copy(update={key: changed})


def without_a_value(part: Any) -> Iterator[tuple[str, Any]]:
    for key in part.model_fields_set:
        value = getattr(part, key)
        if hasattr(value, "model_fields_set"):
            for lost, changed in without_a_value(value):
                yield f"{key}.{lost}", part.model_copy(update={key: changed})
        elif isinstance(value, tuple) and len(value) > 1:
            for n in range(len(value)):
                yield f"{key}.{n}", part.model_copy(update={key: value[:n] + value[n + 1 :]})


@pytest.mark.parametrize("rule", all_rules())
@pytest.mark.parametrize("language", languages())
def test_a_rule_that_asks_for_less_reads_otherwise(rule: Rule, language: str) -> None:
    """So no key and no value of it is passed over."""
    with speaking(language):
        for condition in conditions(rule):
            whole = match(condition, name)
            for lost, smaller in without_a_key(condition):
                assert match(smaller, name) != whole, lost


@pytest.mark.parametrize("rule", all_rules())
def test_every_rule_reads_whole_in_every_language(rule: Rule) -> None:
    told = []
    for language in languages():
        with speaking(language):
            told.append(reading(rule, name))
    for sentences in told:
        assert all(s.strip() and s[-1] == "." and "{" not in s.replace("{0,", "") for s in sentences)
        assert "  " not in " ".join(sentences)
    english, german = told
    assert not set(english) & set(german)
    assert len(english) == len(german)


def test_every_key_of_the_language_has_words() -> None:
    assert set(CLAUSES) == set(Condition.model_fields) == set(STAGES)
    assert set(SOURCE_CLAUSES) == set(SourceCondition.model_fields) == set(SOURCE_STAGES)
    assert set(KINDS) == set(Kind)
    assert set(Who.model_fields) == {"in_", "sector", "not_", "named"}
    assert set(Group.model_fields) == {"in_", "sector"}
    assert set(RuleSpec.model_fields) == {
        *("id", "title", "level", "tests"),  # shown beside the sentences
        *("match", "correlate", "corroborate", "expose", "story", "update", "throttle"),
    }


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"theme": {"not": "selloff"}}, ["it does not tell of “Selloff”"]),
        ({"theme": ["selloff", "rally"]}, ["it tells of “Selloff” or “Rally”"]),
        ({"actor": "META"}, ["it is about Meta Platforms"]),
        (
            {"actor": {"in": ["META", "MSFT"], "sector": "hyperscaler"}},
            ["it is about Meta Platforms or Microsoft (as a part of the sector “Hyperscalers”)"],
        ),
        (
            {"actor": {"sector": "hyperscaler", "not": "META", "named": "true"}},
            [
                "it is about a company of the sector “Hyperscalers”",
                "it is not about Meta Platforms",
                "it is said whom it is about",
            ],
        ),
        ({"actor": {"named": "false"}}, ["it is not said whom it is about"]),
        ({"target": {"sector": "memory"}}, ["it also concerns a company of the sector “Memory”"]),
        ({"target": {"not": "META"}}, ["it does not also concern Meta Platforms"]),
        ({"target": {"named": "true"}}, ["it is said whom else it concerns"]),
        ({"target": {"named": "false"}}, ["it is not said whom else it concerns"]),
        ({"company": "META"}, ["Meta Platforms is mentioned"]),
        ({"company": {"not": "META"}}, ["no mention is made of Meta Platforms"]),
        ({"company": {"named": "false"}}, ["no company is mentioned"]),
        ({"sector": ["memory", "storage"]}, ["it speaks of the whole sector “Memory” or “Storage”"]),
        ({"sector": {"not": "memory"}}, ["it does not speak of the whole sector “Memory”"]),
        ({"modality": "considering"}, ["it is under consideration"]),
        ({"modality": {"not": "denied"}}, ["it is not denied"]),
        ({"polarity": {"not": ["denied", "corrected"]}}, ["it is neither denied nor corrected"]),
        ({"stage": {"gte": "agreed"}}, ["it is agreed or done"]),
        ({"stage": {"lte": "planned", "not": "exploring"}}, ["it is planned"]),
        ({"attribution": {"gte": "on_record"}}, ["it rests on official word or filings or market data"]),
        ({"source": {"tier": {"lte": "2"}}}, ["its source is of tier 1 or 2"]),
        ({"source": {"tier": {"not": "2"}}}, ["its source is of tier 1 or 3"]),
        ({"source": {"kind": ["wire", "filing"]}}, ["it comes from wire services or filings"]),
        (
            {"source": {"id": {"in": "sec", "not": "blog"}}},
            ["it comes from the feed sec", "it does not come from the feed blog"],
        ),
        ({"source": {"language": ["en", "de"]}}, ["its language is English or German"]),
        ({"source": {"language": {"not": "ja"}}}, ["its language is not Japanese"]),
        ({"text": r"\bsu(e|ing)\b"}, ["there are phrases with words such as “su…” in its headline or text"]),
        (
            {"text": {"not": r"^\s*[^\n]*(?:\b(lawsuits?|patent)\b)"}},
            ["there are no phrases with words such as “lawsuit…” or “patent…” in its headline"],
        ),
        ({"text": r"\d+%"}, ["certain signs or figures are in its headline or text"]),
        ({"all": [{"theme": "rally"}, {"actor": "META"}]}, ["it tells of “Rally”", "it is about Meta Platforms"]),
        (
            {"any": [{"theme": "rally", "actor": "META"}, {"theme": "selloff"}]},
            ["either it tells of “Rally” and it is about Meta Platforms or it tells of “Selloff”"],
        ),
        ({"not": {"theme": "rally"}}, ["it is not the case that it tells of “Rally”"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_condition_reads_like_this(condition: dict[str, Any], said: list[str]) -> None:
    assert clauses(Condition.model_validate(condition), name) == said


TIER_SCALES = st.builds(
    lambda low, high, values, unwanted: {
        **({"gte": low} if low and not (high and low > high) else {}),
        **({"lte": high} if high else {}),
        **({"in": values} if values else {}),
        **({"not": unwanted} if unwanted else {}),
    },
    st.sampled_from(["", "1", "2", "3"]),
    st.sampled_from(["", "1", "2", "3"]),
    st.lists(st.sampled_from(["1", "2", "3"]), max_size=3),
    st.lists(st.sampled_from(["1", "2", "3"]), max_size=3),
).filter(bool)


@given(TIER_SCALES)
def test_the_tiers_that_are_said_are_those_that_pass(scale: dict[str, Any]) -> None:
    condition = Condition.model_validate({"source": {"tier": scale}})
    assert condition.source is not None
    assert condition.source.tier is not None
    passing = [
        tier
        for tier in TIERS
        if failure(condition, Scene(entry(tier=tier), Analysis(entry_id="1"), event(), {})) is None
    ]
    assert allowed(condition.source.tier, TIERS) == passing


def test_stages_are_ordered_as_the_engine_orders_them() -> None:
    scale = Scale[Stage].model_validate({"gte": "planned", "lte": "agreed"})
    assert [rank(s) for s in allowed(scale, list(Stage))] == [1, 2]


# --- what becomes of the card ---

ANOTHER: Mapping[str, Any] = {
    "window": 48 * HOUR,
    "throttle": 6 * HOUR,
    "throttle_per": "rule",
    "corroborate": ((2, 3),),
    "edit_on": frozenset({Change.COPY}),
    "reply_on": frozenset({Change.DENIED}),
    "hops": 2,
    "min_weight": 0.5,
    "reverse": True,
}


@pytest.mark.parametrize("key", [f.name for f in fields(Policy)])
@pytest.mark.parametrize("language", languages())
def test_every_part_of_the_handling_is_said(key: str, language: str) -> None:
    policy = Policy(hops=1, throttle=HOUR, corroborate=((1, 2),))
    with speaking(language):
        assert list(handling(policy)) != list(handling(replace(policy, **{key: ANOTHER[key]})))


@pytest.mark.parametrize("change", Change)
def test_every_change_has_words(change: Change) -> None:
    quiet = Policy(edit_on=frozenset(), reply_on=frozenset())
    said = list(handling(replace(quiet, reply_on=frozenset({change}))))
    assert said[0].startswith("A story has one card for 72 hours. It is answered after ")
    assert len(said[0]) > len("A story has one card for 72 hours. It is answered after .")


@pytest.mark.parametrize(
    ("supports", "said"),
    [
        (((1, 3),), "one source."),
        (((1, 1),), "one source of tier 1."),
        (((1, 2), (2, 3)), "one source of tier 1 or 2, or from 2 independent sources."),
        (((3, 2),), "3 independent sources of tier 1 or 2."),
    ],
    ids=str,
)
def test_support_reads_like_this(supports: tuple[tuple[int, int], ...], said: str) -> None:
    assert next(handling(Policy(corroborate=supports))) == f"It is told once it comes from {said}"


def test_the_resale_of_compute_reads_like_this() -> None:
    rule = book().rule("compute/resale")
    assert rule is not None
    assert plain_title(rule.title) == "Surplus AI compute for sale"
    assert reading(rule, name) == [
        "Tells of “Resale of own compute” where it is not about a company of the sector “Neoclouds” or “Data centres”, "
        "it is neither denied nor only speculated and it does not come from social media.",
        "It is told once it comes from one source of tier 1 or 2, or from 2 independent sources.",
        "A story has one card for 72 hours. The card changes silently with copies or further sources. It is answered "
        "after a further step, a confirmation, a denial, a correction, a withdrawal of the report or the reaction that "
        "the card predicted. A story is answered once in 6 hours at most; denials and the like do not wait.",
        "The card names companies that it touches, over 2 steps at most; links weaker than 0.3 are left out.",
    ]


# --- correlations ---

SPECS: Mapping[str, Mapping[str, str]] = {
    "frequency": {"gte": "3", "within": "5d", "distinct": "actor", "group_by": "theme"},
    "spike": {
        "ratio": "4",
        "current": "3h",
        "baseline": "14d",
        "distinct": "actor",
        "group_by": "sector",
        "same_hour": "false",
        "min_current": "5",
        "min_baseline": "6",
    },
    "new_term": {"field": "actor", "unseen_for": "60d", "warmup": "20d"},
    "absence": {"longer_than": "8d"},
    "cooccurrence": {"within": "3d", "group_by": "actor"},
    "sequence": {"within": "24h", "link": "exposed"},
}
OTHERS = {
    "gte": "4",
    "within": "7d",
    "distinct": "source",
    "group_by": "source",
    "ratio": "5",
    "current": "4h",
    "baseline": "21d",
    "same_hour": "true",
    "min_current": "7",
    "min_baseline": "8",
    "field": "pair",
    "unseen_for": "50d",
    "warmup": "10d",
    "longer_than": "9d",
    "link": "actor",
}


def spec_of(kind: str, **more: str) -> Correlate:
    return Correlate.model_validate({"type": kind, "of": ["selloff", "rally"], **SPECS[kind], **more})


@pytest.mark.parametrize(
    ("kind", "key"), [(kind, key) for kind, keys in SPECS.items() for key in keys], ids=str
)
@pytest.mark.parametrize("language", languages())
def test_every_key_of_a_correlation_is_said(kind: str, key: str, language: str) -> None:
    with speaking(language):
        one, other = spec_of(kind), spec_of(kind, **{key: OTHERS[key]})
        assert list(correlation(one, name)) != list(correlation(other, name))


def test_no_key_of_a_correlation_is_left_out_of_these_tests() -> None:
    assert {key for keys in SPECS.values() for key in keys} == set(Correlate.model_fields) - {"type", "of"}
    assert set(SPECS) == set(Kind)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            "absence",
            "Tells when no such claim has come for longer than 8 days: “Selloff” where it is neither denied nor only "
            "speculated or “Rally” where it is neither denied nor only speculated.",
        ),
        (
            "sequence",
            "Tells when these come one after another within 24 hours: “Selloff” where it is neither denied nor only "
            "speculated; “Rally” where it is neither denied nor only speculated. Each must have been exposed to the "
            "one before.",
        ),
    ],
)
def test_a_correlation_reads_like_this(kind: str, said: str) -> None:
    assert " ".join(correlation(spec_of(kind), name)) == said


def test_what_a_correlation_leaves_out_is_said_as_it_is_meant() -> None:
    values = {"type": "spike", "of": ["selloff"], "ratio": "2.5", "current": "1h", "baseline": "7d"}
    spec = Correlate.model_validate(values)
    said = " ".join(correlation(spec, name))
    assert "2.5 times as often within 1 hour" in said
    assert "Each story counts once. Usual is the average at the same hours over the last 7 days." in said
    assert said.endswith("At least 3 must come now, and 3 before.")
    with speaking("de"):
        assert "2,5-mal" in " ".join(correlation(spec, name))


@pytest.mark.parametrize("rule", all_rules())
def test_no_rule_says_that_words_must_be_missing_which_are_in_news_that_it_tells(rule: Rule) -> None:
    claims = re.findall(r"there are no words such as (.*?) in its headline", reading(rule, name)[0])
    words = [word for claim in claims for word in re.findall(r"“(.*?)…”", claim)]
    told = [test.title for test in rule.tests if test.fires and test.title]
    assert not [(w, t) for w in words for t in told if re.search(rf"\b{re.escape(w)}", t, re.IGNORECASE)]


# --- small things ---


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"\b(cut|cancel|trim)\w*\b[^.\n]{0,40}\borders?\b", ["cut", "cancel", "trim"]),
        (r"^\s*[^\n]*(?:\b(slow|moderat)\w*)", ["slow", "moderat"]),
        (r"\bsell(ing|s)?\b", ["sell"]),
        (r"\b(data ?cent(er|re)s?|fabs?)\b", ["data", "fab"]),
        (r"[HAB]100s?|Blackwells?", ["Blackwell"]),
        (r"(?:new|old) chips?", ["new", "old"]),
        (r"(?i:spare|idle)|(?P<kind>wafer|fab)", ["spare", "idle", "wafer"]),
        (r"(?i)glut", ["glut"]),
        (r"\d+", []),
        (r"(a|b)c", []),
        ("(((", []),
        ("[", []),
        ("\\", []),
    ],
    ids=repr,
)
def test_samples_are_beginnings_of_words(pattern: str, found: list[str]) -> None:
    assert samples(pattern, 3) == found


@given(st.text(alphabet="ab(|)[]\\?*^$ .{1,}+:", max_size=40))
def test_samples_come_to_an_end(pattern: str) -> None:
    assert len(samples(pattern, 3)) <= 3


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (72 * HOUR, "72 hours"),
        (5 * DAY, "5 days"),
        (25 * HOUR, "25 hours"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=1), "1 second"),
    ],
    ids=str,
)
def test_spans_leave_nothing_over(time: timedelta, said: str) -> None:
    assert span(time) == said


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("{actor}: shares fall", "Shares fall"),
        ("{count} large spenders cut", "Several large spenders cut"),
        ("{actor} sues {target} over {theme}", "A company sues another company over an event"),
    ],
)
def test_a_title_reads_without_an_event(title: str, plain: str) -> None:
    assert plain_title(title) == plain


def test_the_title_of_a_rule_that_comes_along_is_translated_and_that_of_another_is_not() -> None:
    with speaking("de"):
        assert (
            plain_title("{actor}: surplus AI compute for sale")
            == "Überschüssige KI-Rechenleistung zu verkaufen"
        )
        assert plain_title("{count} things at {actor}") == "Several things at a company"
