"""An explanation says what the analyzer did, by the analyzer's own steps, and how it is shown never breaks."""

from __future__ import annotations

import io
import json
import unicodedata
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nlp_entries import RULES, nlp_entry
from rich.console import Console

from bot.model import Attribution, Modality, Polarity, SourceKind, Span, Stage
from bot.nlp.analyzer import TEXT_LIMIT, TITLE_LIMIT, load_analyzer
from bot.nlp.explain import LONGEST_HEADLINE, entry_of, explain
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
from bot.nlp.lines import show
from bot.nlp.marks import marks_in, written_out
from bot.nlp.modality import Sign
from bot.nlp.page import page
from bot.nlp.trace import Weighed

GOLDEN = Path(__file__).parents[1] / "data/explain/terminal.txt"
HEADLINE = nlp_entry("Meta is exploring selling excess AI computing capacity, people familiar said")
STORY = nlp_entry(
    "Nvidia, AMD deny plans to cut capex",
    "The two said it was not true. SK Hynix raised DRAM prices by 5%. A year ago Oracle cut its capex.",
)
UNFORESEEN = nlp_entry(
    "Zuckerberg's idle machines find takers",
    "Meta is thinking about a business in which other firms pay to use servers that its own people leave cold, "
    "people with knowledge of the effort said.",
)
POST = nlp_entry(
    "", "$MU to the moon, HBM is sold out. NFA. This post contains AI-generated content", SourceKind.SOCIAL
)
PARSED = nlp_entry(
    "Meta, after talks that Google had opened with lawyers, cut its capex"
)  # its subject is far
ENTRIES = [HEADLINE, STORY, UNFORESEEN, POST, PARSED, nlp_entry("Rain"), nlp_entry()]


def shown(explanation, **options):
    out = io.StringIO()
    show(explanation, Console(file=out, highlight=False, **options))
    return out.getvalue()


def event_of(explanation, theme):
    return next(e for e in explanation.events if e.theme == theme)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.title or e.text or "empty")
def test_what_is_explained_is_what_the_analyzer_says(analyzer, entry):
    analysis = analyzer.analyze([entry])[0]
    assert analyzer.trace(entry)[0] == analysis
    explanation = explain(analyzer, entry)
    assert [(e.theme, e.actor, e.modality, e.fresh, e.score, e.span) for e in explanation.events] == [
        (e.theme, e.actor, e.modality, e.fresh, e.score, e.evidence) for e in analysis.events
    ]
    assert [(m.id, m.span) for m in explanation.mentions] == [(m.company, m.span) for m in analysis.mentions]
    assert (explanation.sectors, explanation.version) == (analysis.sectors, analysis.version)
    assert {p.id for p in explanation.flags} == analysis.flags


def test_a_headline_shows_its_cue_its_actors_and_its_certainty(analyzer):
    explanation = explain(analyzer, HEADLINE)
    (event,) = explanation.events
    assert (event.theme, event.actor, event.modality) == ("compute_resale", "META", Modality.CONSIDERING)
    assert event.cue is not None
    assert event.cue.words == event.words == "selling excess AI computing"
    chances = {c.actor: c.chance for c in event.actors}
    assert chances["META"] > chances[None]
    assert [c.is_chosen for c in event.actors if c.actor == "META"] == [True]
    assert {(s.rule, s.words) for s in event.signs} == {
        ("exploring", "exploring"),
        ("sourced", "people familiar"),
    }
    assert event.chance == next(c.chance for c in explanation.chances if c.theme == "compute_resale")
    assert [c.standing for c in explanation.cues] == [Standing.HOLDS]


def test_the_place_of_every_cue_is_the_line_where_it_stands(taxonomy):
    lines = {f"themes/{p.name}": p.read_text().splitlines() for p in (RULES / "themes").glob("*.yaml")}
    for cue in taxonomy.cues:
        name, _, number = cue.where.partition(":")
        assert cue.pattern.source in lines[name][int(number) - 1], cue.where


@pytest.mark.parametrize(
    ("title", "silence", "told"),
    [
        pytest.param("", Silence.EMPTY, "no word", id="empty"),
        pytest.param("\u200b \n", Silence.EMPTY, "no word", id="invisible"),
        pytest.param("A recipe for Nvidia", Silence.QUIET_TITLE, "“recipe”", id="quiet title"),
        pytest.param("A town elects its mayor", Silence.OFF_FIELD, "no company", id="another field"),
        pytest.param("Nvidia opens an office in Leeds", Silence.BELOW, " of 0.", id="below the threshold"),
    ],
)
def test_an_entry_without_an_event_says_why(analyzer, title, silence, told):
    explanation = explain(analyzer, nlp_entry(title))
    assert explanation.silence is silence
    assert told in explanation.because
    assert told in shown(explanation)


def test_without_a_learned_part_cues_are_explained_alone():
    alone = load_analyzer(RULES, learned=None)
    event = explain(alone, HEADLINE).events[0]
    assert (event.chance, event.actors, event.shares, event.decided) == (None, (), (), Decided.RULES)
    silent = explain(alone, nlp_entry("Nvidia opens an office in Leeds"))
    assert silent.because == "no cue stands, and the learned part was not asked"
    assert (silent.chances, silent.any_claim) == ((), None)


def test_what_only_the_learned_part_found_has_no_cue_but_shares(analyzer):
    event = event_of(explain(analyzer, UNFORESEEN), "compute_resale")
    assert event.cue is None
    assert sum(share for _, share in event.shares) == pytest.approx(1, abs=1e-4)
    assert [share for _, share in event.shares] == sorted((s for _, s in event.shares), reverse=True)
    assert event.chance is not None
    assert event.chance >= event.threshold
    assert "none; the learned part found it" in shown(explain(analyzer, UNFORESEEN))


@pytest.mark.parametrize(
    ("weighed", "outcome"),
    [
        pytest.param(Weighed(0.39, 0.4, False, False), Outcome.ALMOST, id="just under"),
        pytest.param(Weighed(0.2, 0.4, False, False), Outcome.ALMOST, id="half of it"),
        pytest.param(Weighed(0.19, 0.4, False, False), Outcome.BELOW, id="less than half"),
        pytest.param(Weighed(0.1, 0.2, True, False), Outcome.VETOED, id="vetoed"),
        pytest.param(Weighed(0.4, 0.4, False, True), Outcome.BARRED, id="barred"),
        pytest.param(Weighed(0.9, 0.4, False, False), Outcome.WITHOUT_ACTOR, id="nobody acts"),
    ],
)
def test_a_theme_that_is_not_told_says_what_it_lacked(analyzer, monkeypatch, weighed, outcome):
    analysis, trace = analyzer.trace(STORY)
    trace.weighed["outage"], trace.places["outage"] = weighed, (0, 0, 1)
    monkeypatch.setattr(analyzer, "trace", lambda _: (replace(analysis, events=()), trace))
    explanation = explain(analyzer, STORY)
    chance = next(c for c in explanation.chances if c.theme == "outage")
    assert (chance.outcome, chance.chance) == (outcome, weighed.chance)
    if outcome is Outcome.WITHOUT_ACTOR:
        assert explanation.silence is Silence.HELD_BACK


def test_a_theme_held_back_as_background_says_so(analyzer, monkeypatch):
    entry = nlp_entry("A year ago the halls of Nvidia went dark")
    analysis, trace = analyzer.trace(entry)
    trace.weighed["outage"], trace.places["outage"] = Weighed(0.9, 0.4, False, False), (0, 5, 8)
    monkeypatch.setattr(analyzer, "trace", lambda _: (replace(analysis, events=()), trace))
    explanation = explain(analyzer, entry)
    assert explanation.chances[0].outcome is Outcome.RECALLED
    assert explanation.because == "outage reaches its threshold, but it is told as background"


@pytest.mark.parametrize(
    ("entry", "sign"),
    [
        pytest.param(nlp_entry("Meta plans to cut capex"), ("planned", "plans to", ""), id="plan"),
        pytest.param(nlp_entry("Meta reportedly cuts capex"), ("sourced", "reportedly", ""), id="reported"),
        pytest.param(
            nlp_entry("Meta cuts capex", kind=SourceKind.NEWSROOM),
            ("on_record", "", "it comes from a newsroom"),
            id="newsroom",
        ),
        pytest.param(
            nlp_entry("", "Meta cuts capex lol", SourceKind.SOCIAL),
            ("sourced", "", "it is a social post"),
            id="post",
        ),
        pytest.param(nlp_entry("Will Meta cut capex?"), ("speculation", "", "it asks"), id="question"),
        pytest.param(
            nlp_entry("CORRECTED: Meta cuts capex by $2bn"),
            ("corrected", "", "it sets right what was told before"),
            id="correction",
        ),
        pytest.param(
            nlp_entry("Nvidia shares fell 5%"),
            ("filing", "", "moves, results and ratings are data"),
            id="data",
        ),
    ],
)
def test_the_rules_of_modality_name_the_words_that_they_went_by(analyzer, entry, sign):
    signs = explain(analyzer, entry).events[0].signs
    assert sign in {(s.rule, s.words, s.note) for s in signs}


@pytest.mark.parametrize(
    "entry",
    [
        STORY,
        nlp_entry("Meta denies plan to cut capex"),
        nlp_entry("Meta says it is not cutting capex"),
        nlp_entry(
            "Oracle brushes off talk", "A blog had said that Oracle cuts its capex. Nonsense, it said."
        ),
    ],
    ids=lambda e: e.title,
)
def test_a_denied_event_names_what_denies_it(analyzer, entry):
    denied = [e for e in explain(analyzer, entry).events if e.polarity is Polarity.DENIED]
    assert denied
    for event in denied:
        assert Polarity.DENIED in {s.rule for s in event.signs}


def test_notices_are_flags_and_boilerplate_is_shown_as_not_read(analyzer):
    explanation = explain(analyzer, POST)
    assert {(p.id, p.words) for p in explanation.flags} == {
        ("ai_generated", "AI-generated"),
        ("disclaimer", "NFA"),
    }
    assert [p.words for p in explanation.cut] == ["NFA", "contains AI-generated content"]


def test_a_cue_of_an_entry_that_is_left_aside_is_shown_as_idle(analyzer):
    explanation = explain(analyzer, nlp_entry("What to watch: Nvidia shares fell 5%"))
    assert explanation.events == ()
    assert [(c.theme, c.standing) for c in explanation.cues] == [("selloff", Standing.UNREAD)]
    assert "idle cues" in shown(explanation)


def test_what_lies_beyond_the_limits_is_counted(analyzer):
    explanation = explain(analyzer, nlp_entry("x" * (TITLE_LIMIT + 2), "y" * (TEXT_LIMIT + 3)))
    assert explanation.unread == 5
    assert (len(explanation.title), len(explanation.text)) == (TITLE_LIMIT, TEXT_LIMIT)
    assert "5 characters more" in shown(explanation)


@pytest.mark.parametrize(
    ("typed", "title", "kind", "read"),
    [
        pytest.param("One\nTwo\nThree", None, "wire", ("One", "Two\nThree"), id="first line"),
        pytest.param("  One  ", None, "wire", ("One", ""), id="one line"),
        pytest.param("One\nTwo", "Zero", "wire", ("Zero", "One\nTwo"), id="title given"),
        pytest.param("One\nTwo", "", "wire", ("", "One\nTwo"), id="no title wanted"),
        pytest.param("One\nTwo", None, "social", ("", "One\nTwo"), id="social post"),
        pytest.param("x" * LONGEST_HEADLINE, None, "wire", ("x" * LONGEST_HEADLINE, ""), id="long headline"),
        pytest.param(
            "x" * (LONGEST_HEADLINE + 1), None, "wire", ("", "x" * (LONGEST_HEADLINE + 1)), id="too long"
        ),
        pytest.param("", None, "wire", ("", ""), id="nothing"),
    ],
)
def test_a_typed_text_is_parted_into_title_and_text(typed, title, kind, read):
    entry = entry_of(typed, title, SourceKind(kind), HEADLINE.seen_at)
    assert (entry.title, entry.text) == read


def fired(cue="{cut} .. {capex}", standing=Standing.HOLDS, score=1.0):
    return Fired(
        theme="capex_cut",
        cue=cue,
        where="themes/capex_build.yaml:14",
        score=score,
        span=Span("title", 5, 14),
        words="cut capex",
        standing=standing,
    )


def account(**changes):
    event = Account(
        theme="capex_cut",
        name="Capex cut",
        actor="META",
        actor_name="Meta Platforms",
        modality=Modality.DENIED,
        stage=Stage.PLANNED,
        attribution=Attribution.ON_RECORD,
        polarity=Polarity.DENIED,
        fresh=True,
        score=1.0,
        span=Span("title", 5, 14),
        words="cut capex",
        cue=fired(),
        chance=0.914,
        threshold=0.02,
        actors=(
            Candidate(actor="META", name="Meta Platforms", chance=0.99, is_chosen=True),
            Candidate(actor=None, name="nobody in particular", chance=0.01, is_chosen=False),
        ),
        by_rules=Modality.DENIED,
        signs=(Sign("denied", words="denies"), Sign("sourced", note="it is a social post")),
        shares=((Modality.DENIED, 0.75), (Modality.CONFIRMED, 0.25)),
        decided=Decided.BOTH,
    )
    return replace(event, **changes)


def explanation_of(**changes):
    whole = Explanation(
        title="Meta cut capex, \u202eit\u200b says <b>",
        text="Not financial advice.\n\nCapex of the year before.",
        kind=SourceKind.BLOG,
        unread=1_234,
        flags=(
            Passage(
                id="disclaimer", name="disclaimer", span=Span("text", 0, 20), words="Not financial advice"
            ),
        ),
        cut=(
            Passage(
                id="boilerplate", name="boilerplate", span=Span("text", 0, 21), words="Not financial advice."
            ),
        ),
        mentions=(Passage(id="META", name="Meta Platforms", span=Span("title", 0, 4), words="Meta"),),
        sectors=("memory",),
        events=(
            account(),
            account(
                theme="layoffs",
                name="Layoffs",
                actor=None,
                actor_name="nobody in particular",
                modality=Modality.REPORTED,
                stage=Stage.DONE,
                attribution=Attribution.SOURCED,
                polarity=Polarity.AFFIRMED,
                span=Span("text", 23, 28),
                words="Capex",
                cue=None,
                score=0.5,
                chance=0.5,
                threshold=0.4,
                actors=(),
                signs=(),
                by_rules=Modality.CONFIRMED,
                decided=Decided.LEARNED_OVER_RULES,
            ),
            account(fresh=False, chance=None, threshold=None, actors=(), shares=(), cue=fired(score=0.8)),
        ),
        chances=tuple(
            Chance(theme=o.name.lower(), name=o.value, chance=0.3, threshold=0.4, by_cue=False, outcome=o)
            for o in Outcome
        ),
        any_claim=0.87,
        cues=(fired(), fired(cue=f"({'cut|' * 40}cuts) .. {{capex}}", standing=Standing.VETOED)),
        silence=None,
        because="",
        version="v1",
    )
    return replace(whole, **changes)


def test_plain_lines_are_those_of_the_golden_file():
    whole = explanation_of()
    bare = explanation_of(
        title="",
        text="Rain",
        unread=0,
        flags=(),
        cut=(),
        mentions=(),
        sectors=(),
        events=(),
        chances=(),
        any_claim=None,
        cues=(),
        silence=Silence.OFF_FIELD,
        because="it names nothing",
    )
    assert f"{shown(whole)}----\n{shown(bare)}" == GOLDEN.read_text(encoding="utf-8")


def test_a_terminal_gets_colour_and_lines_that_fit():
    drawn = shown(explanation_of(), force_terminal=True, width=60, color_system="standard")
    assert "\x1b[36m" in drawn
    plain = shown(explanation_of(), force_terminal=True, width=60, no_color=True, color_system=None)
    assert "\x1b" not in plain
    assert max(map(len, plain.splitlines())) <= 60


def test_of_a_long_text_the_surroundings_of_what_was_found_are_shown():
    text = f"{'a' * 900} Capex {'b' * 900}"
    whole = explanation_of(text=text, events=(account(span=Span("text", 901, 906), words="Capex"),))
    (line,) = (line for line in shown(whole).splitlines() if line.startswith("text"))
    assert line == f"text        … {'a' * 79} Capex {'b' * 79} …"
    blank = shown(explanation_of(text="c" * 900, events=(), mentions=()))
    assert f"text        {'c' * 80} …\n" in blank


def test_an_output_that_lacks_characters_gets_question_marks():
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as out:
        show(explanation_of(), Console(file=out, highlight=False))
        out.flush()
        assert b"?cut capex?" in raw.getvalue()


class Checker(HTMLParser):
    """Collects the tags, the text and the addresses of a page, and whether every tag is closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.texts, self.links = [], set(), [], []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "action")]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


TAGS = set(
    "html head meta title style body h1 h2 div mark span br dl dt dd p small strong code meter table tr th td".split()
)


def test_a_page_stands_alone_and_holds_everything():
    source = page(explanation_of())
    checked = Checker(source)
    assert checked.tags <= TAGS
    assert checked.links == []
    assert not [word for word in ("http:", "https:", "url(", "@import", "//") if word in source]
    for words in ("{cut} .. {capex}", "themes/capex_build.yaml:14", "0.91", "denied", "Layoffs", "almost"):
        assert words in checked.text
    assert "prefers-color-scheme: dark" in source


@pytest.mark.parametrize(
    "words",
    [
        "<script>alert(1)</script>",
        "</div></body>",
        "<img src=x onerror=alert(1)>",
        '"><b>',
        "&lt;",
        "{0}{bg}",
    ],
)
def test_nothing_in_a_text_or_in_the_rules_becomes_markup(words):
    whole = explanation_of(
        title=f"Meta cut capex {words}",
        text=words,
        events=(
            account(
                theme=words, name=words, actor=words, actor_name=words, words=words, cue=fired(cue=words)
            ),
        ),
        mentions=(Passage(id=words, name=words, span=Span("title", 0, 4), words=words),),
        sectors=(words,),
        because=words,
        silence=Silence.BELOW,
        version=words,
    )
    for changed in (whole, replace(whole, mentions=(*whole.mentions, replace(whole.mentions[0])))):
        checked = Checker(page(changed))
        assert checked.tags <= TAGS
        assert checked.text.count(" ".join(words.split())) >= 8


def test_marks_that_overlap_are_drawn_as_spans_and_others_as_entities():
    apart = page(explanation_of())
    assert 'class="entities"' in apart
    assert 'class="spans"' not in apart
    inside = Passage(id="META", name="Meta", span=Span("title", 5, 8), words="cut")
    both = Checker(page(explanation_of(mentions=(inside,))))
    assert 'class="spans"' in page(explanation_of(mentions=(inside,)))
    assert "META" in both.text
    assert "1,3 capex_cut" in both.text


@pytest.mark.parametrize(
    ("title", "direction"),
    [
        pytest.param("שבבים Nvidia", "rtl", id="hebrew"),
        pytest.param("12% مايكروسوفت", "rtl", id="arabic after figures"),
        pytest.param("Nvidia שבבים", "ltr", id="latin first"),
        pytest.param("12%", "ltr", id="no letters"),
    ],
)
def test_a_line_runs_in_the_direction_of_its_first_letter(title, direction):
    source = page(explanation_of(title=title, mentions=(), events=(), text=""))
    assert f"direction: {direction}" in source


def test_hidden_characters_are_written_out():
    assert written_out("a\u200bb\u202ec\x1b[31m\n\td\u00ade\ud800") == (
        "a‹U+200B›b‹U+202E›c‹U+001B›[31m\n d‹U+00AD›e‹U+D800›"
    )


def test_marks_keep_to_their_words_where_hidden_characters_are_written_out(analyzer):
    entry = nlp_entry("\u200f\u200bNvidia שבבים \u202ecuts\u202c capex")
    explanation = explain(analyzer, entry)
    assert [m.words for m in explanation.mentions] == ["Nvidia"]
    assert "‹U+200F›‹U+200B›Nvidia" in shown(explanation)
    checked = Checker(page(explanation))
    assert "Nvidia NVDA" in checked.text


PIECES = st.sampled_from(
    "Nvidia|Meta|SK Hynix|cuts|capex|shares|fell|5%|denies|people familiar said|compute|sells|memory makers|. |\n|; "
    "|#MetaSellsComputeTriggersChipSlump|<script>|&amp;|\u200b|\u202e|\u0645\u0635\u0631|🚀|\x00|\x1b[31m|NFA|a year ago|DRAM prices".split(
        "|"
    )
)
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=30).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(title=TEXTS, text=TEXTS, kind=st.sampled_from(SourceKind))
def test_any_text_is_explained_and_shown(analyzer, title, text, kind):
    entry = nlp_entry(title, text, kind)
    explanation = explain(analyzer, entry)
    assert (explanation.silence is None) == bool(explanation.events)
    held = {"title": explanation.title, "text": explanation.text}
    for part in (*explanation.mentions, *explanation.events, *explanation.cues, *explanation.cut):
        assert held[part.span.field][part.span.start : part.span.end] == part.words
    for event in explanation.events:
        if event.cue is None:
            assert event.chance is not None
        if event.polarity is Polarity.DENIED:
            assert Polarity.DENIED in {s.rule for s in event.signs} or event.by_rules is not Modality.DENIED
    assert json.loads(json.dumps(asdict(explanation)))["kind"] == kind
    assert Checker(page(explanation)).tags <= TAGS
    drawn = shown(explanation)
    assert {c for c in drawn if unicodedata.category(c) in ("Cc", "Cf")} <= {"\n"}
    assert len(marks_in(explanation, "title")) <= len(explanation.mentions) + len(explanation.events)
