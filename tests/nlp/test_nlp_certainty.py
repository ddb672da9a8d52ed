"""How certain a claim is: denials and their reach, whose word it is, what is only feared, and what is background."""

from __future__ import annotations

import pytest
from nlp_entries import claims, nlp_entry

from bot.model import Attribution, Polarity, SourceKind, Stage
from bot.nlp.clauses import clause
from bot.nlp.fresh import recalls, recaps
from bot.nlp.modality import judge, opines, rebuts, takes_back
from bot.nlp.themes import Sense
from bot.nlp.words import tokenize


def judged(text: str, sense: Sense = Sense.DEED, *, is_data: bool = False):
    """Judge the words between brackets."""
    before, _, rest = text.partition("[")
    inside, _, after = rest.partition("]")
    left, middle = tokenize(before), tokenize(inside)
    tokens = tokenize(f"{before}{inside}{after}")
    start = len(left)
    return judge(
        tokens,
        start,
        start + len(middle),
        kind=SourceKind.WIRE,
        is_data=is_data,
        sourced_entry=False,
        sense=sense,
    )


@pytest.mark.parametrize(
    ("text", "sense"),
    [
        pytest.param("Dell [has signed no such contract]", Sense.DEED, id="no such"),
        pytest.param("Dell says that [none of it was ordered]", Sense.DEED, id="none of"),
        pytest.param("Dell [turned down the offer]", Sense.DEED, id="turned down"),
        pytest.param(
            "the [takeover] is not being discussed, Dell says", Sense.DEED, id="a predicate after it"
        ),
        pytest.param("[programme not moved] to a rival", Sense.DEED, id="not without an auxiliary"),
        pytest.param("Dell says that [no customer has cut its order]", Sense.LACK, id="nobody did"),
        pytest.param("Dell [sees no slowdown]", Sense.LACK, id="no slowdown"),
        pytest.param("[every hall is on schedule]", Sense.LACK, id="all as planned"),
        pytest.param("Dell calls the [delay] story groundless", Sense.LACK, id="a verdict"),
        pytest.param(
            "a blog had it [scrapping the plant]; it is not", Sense.LACK, id="taken back in the next clause"
        ),
        pytest.param("Dell denies [changing its budget]", Sense.HOLD, id="denies"),
    ],
)
def test_it_is_denied(text, sense):
    assert judged(text, sense).polarity is Polarity.DENIED


@pytest.mark.parametrize(
    ("text", "sense"),
    [
        pytest.param("Dell [cannot get memory]", Sense.LACK, id="a lack is told with a negation"),
        pytest.param("the plant [will not be built]", Sense.LACK, id="will not"),
        pytest.param("the budget [has not moved by a cent]", Sense.HOLD, id="unmoved is held"),
        pytest.param("Dell [rents out what it does not use]", Sense.DEED, id="an aside"),
        pytest.param("Dell will [spend $5bn rather than $4bn]", Sense.DEED, id="a choice"),
        pytest.param("parts [will not be shipped before May]", Sense.LACK, id="postponed"),
        pytest.param("Dell denied a delay, but HPE [has signed a deal]", Sense.DEED, id="another clause"),
        pytest.param(
            "Dell did not comment on whether it [has signed]", Sense.DEED, id="no comment is no denial"
        ),
        pytest.param("Dell does not rule out [a sale]", Sense.DEED, id="not ruled out"),
    ],
)
def test_it_is_not_denied(text, sense):
    assert judged(text, sense).polarity is Polarity.AFFIRMED


@pytest.mark.parametrize(
    ("text", "attribution"),
    [
        pytest.param("Dell [has signed a deal]", Attribution.ON_RECORD, id="bare"),
        pytest.param("Dell [has signed a deal], brokers in Taipei say", Attribution.SOURCED, id="brokers"),
        pytest.param("Dell [has signed a deal], a Seoul daily reported", Attribution.SOURCED, id="a daily"),
        pytest.param("Dell [has signed a deal], according to two tenants", Attribution.SOURCED, id="tenants"),
        pytest.param(
            "Dell [has signed a deal], according to the company", Attribution.ON_RECORD, id="its own word"
        ),
        pytest.param("Dell will [lose share], one broker reckons", Attribution.SPECULATION, id="a forecast"),
        pytest.param("memory [glut] fears fade", Attribution.SPECULATION, id="only feared"),
        pytest.param("Dell [cut orders], big if true", Attribution.SPECULATION, id="unproven"),
        pytest.param("is Dell about to [cut orders]?", Attribution.SPECULATION, id="a question"),
        pytest.param("Dell is unlikely to [lose the account]", Attribution.SPECULATION, id="unlikely"),
    ],
)
def test_whose_word_it_is(text, attribution):
    assert judged(text).attribution is attribution


def test_what_is_put_off_is_still_planned():
    assert judged("Dell [delays price increase] until May").stage is Stage.PLANNED


@pytest.mark.parametrize(
    "text",
    [
        "It did not.",
        "They aren't, the firm says",
        "None has.",
        "No.",
        '"Pure invention", he said',
        "it didnt",
        "Not killed.",
    ],
)
def test_an_answer_takes_back(text):
    assert takes_back(tokenize(text))


@pytest.mark.parametrize(
    "text", ["It did not say when.", "No plant is as large.", "They are not alone in that.", "Nobody"]
)
def test_a_sentence_of_its_own_takes_nothing_back(text):
    assert not takes_back(tokenize(text))


def test_a_question_that_the_next_sentence_answers_with_no_is_denied(analyzer):
    text = "Will Cisco let outsiders use its servers? It won't."
    found = {(t, a): m for t, a, m in claims(analyzer.analyze([nlp_entry("Cisco answers", text)])[0])}
    assert found[("compute_resale", "CSCO")] == "denied"


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        pytest.param("Dell dismisses talk of a delay", "", True, id="first clause"),
        pytest.param("Dell raises $2 bln, denies delay", "", False, id="another clause"),
        pytest.param("Dell has not ruled out a sale", "", False, id="no denial"),
        pytest.param(
            "A list of jobs leaks", "The list is a forgery. It has five pages.", True, id="first sentence"
        ),
        pytest.param(
            "A list of jobs leaks", "It has five pages. One is a forgery.", False, id="later sentence"
        ),
    ],
)
def test_an_entry_rebuts_by_its_first_words(title, text, expected):
    assert rebuts(title, text) is expected


def test_a_plan_that_a_rebuttal_restates_is_not_denied(analyzer):
    title = "Oracle dismisses report of delay"
    text = "Oracle keeps its capital budget unchanged."
    assert ("capex_hold", "ORCL", "confirmed") in claims(analyzer.analyze([nlp_entry(title, text)])[0])


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Opinion: Dell should sell", True),
        ("Why I sold Dell", True),
        ("Opinions differ on Dell", False),
        ("Dell sold", False),
    ],
)
def test_a_title_that_says_so_is_an_opinion(title, expected):
    assert opines(title) is expected


def test_a_pundit_foretells_and_a_company_announces(analyzer):
    pundit, company = analyzer.analyze(
        [nlp_entry("Joan Doe: Dell will lift its outlook"), nlp_entry("Dell: we will lift our outlook")]
    )
    assert claims(pundit) == {("guidance_raise", "DELL", "speculated")}
    assert claims(company) == {("guidance_raise", "DELL", "confirmed")}


def recalled(text: str) -> bool:
    before, _, rest = text.partition("[")
    inside, _, after = rest.partition("]")
    start = len(tokenize(before))
    return recalls(tokenize(f"{before}{inside}{after}"), start, start + len(tokenize(inside)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a year ago Dell [cut its budget]", True, id="long ago"),
        pytest.param("sales [rose 9%] from a year earlier", False, id="a yardstick"),
        pytest.param(
            "sales [rose 9%] from a year earlier, when they fell", False, id="a yardstick and its time"
        ),
        pytest.param("a year ago Dell fell; this week it [signed a lease]", False, id="another clause"),
        pytest.param("Dell [drops 4%], then recovers", True, id="undone"),
        pytest.param("Dell [drops 4%] before closing flat", True, id="flat in the end"),
        pytest.param("Dell [drops 4%] and HPE recovers", False, id="somebody else recovers"),
    ],
)
def test_background_is_told_from_news(text, expected):
    assert recalled(text) is expected


def test_a_recap_brings_no_news(analyzer):
    assert recaps("Timeline: how Dell got here")
    assert not recaps("Dell sets timeline for sale")
    title = "Recap: Micron cuts capex"
    assert [e.fresh for e in analyzer.analyze([nlp_entry(title)])[0].events] == [False]


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        pytest.param("Dell fell; HPE rose", "HPE", "; HPE rose", id="semicolon"),
        pytest.param("Dell fell but HPE rose", "Dell", "Dell fell", id="but"),
        pytest.param("Dell fell, while HPE rose", "HPE", "while HPE rose", id="while behind a comma"),
        pytest.param(
            "Dell fell for a while and HPE rose", "HPE", "Dell fell for a while and HPE rose", id="a while"
        ),
    ],
)
def test_clauses_part_where_they_stand_against_each_other(text, word, expected):
    tokens = tokenize(text)
    at = next(n for n, t in enumerate(tokens) if t.text == word)
    first, last = clause(tokens, at, at + 1)
    assert text[tokens[first].start : tokens[last - 1].end].rstrip(",") == expected
