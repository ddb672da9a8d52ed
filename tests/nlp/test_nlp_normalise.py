"""What is read of a text: plain letters, no noise, hashtags as words; and every find stands in the stored text."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nlp_entries import claims, evidence, nlp_entry

from bot.model import SourceKind
from bot.nlp.analyzer import tag_words
from bot.nlp.explain import explain
from bot.nlp.hashtags import TagWords
from bot.nlp.letters import is_plain, plain
from bot.nlp.normalise import noise, normalise, withdrawal

PIECES = [
    "Nvidia",
    "Ｎｖｉｄｉａ　５％",
    "𝗡𝘃𝗶𝗱𝗶𝗮",
    "ﬁrm",
    "Nvi\u200bdia",
    "\u202eevil\u202c",
    "cafe\u0301",
    "\u1112\u1161\u11ab",
    "UPDATE 2-",
    "*",
    " - FT",
    " | Reuters",
    "#MetaSellsCompute",
    "#metasellscomputetoday",
    "Reward • 14 • Comment • Repost",
    "Contains AI-generated content",
    "\n",
    "½ ² ™ ①",
]
TEXTS = st.one_of(st.text(max_size=120), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
TAGS = TagWords(["Meta", "compute"])


@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
@example(text="".join(PIECES))
def test_every_range_of_a_view_is_a_range_of_the_stored_text(text):
    view = normalise(text, 1_000, TAGS)
    places = [view.stored(n, n + 1) for n in range(len(view.text))]
    assert all(0 <= a < b <= len(text) for a, b in places)
    assert places == sorted(places)
    for (a, _), (_, d) in zip(places, places[3:], strict=False):
        assert a < d
    assert all(0 <= a < b <= len(text) for _, a, b in noise(text, 1_000))


@settings(max_examples=200, deadline=None)
@given(text=TEXTS)
def test_plain_letters_stay_as_they_are(text):
    once = plain(text)
    assert is_plain(once.text)
    assert plain(once.text).text == once.text
    if is_plain(text):
        assert once.text == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("Ｍｉｃｒｏｎ ｆｅｌｌ ５％", "Micron fell 5%", id="full width"),
        pytest.param("𝐌𝐢𝐜𝐫𝐨𝐧 𝗳𝗲𝗹𝗹 𝟱%", "Micron fell 5%", id="mathematical"),
        pytest.param("Mi\u200bcr\u00adon\ufeff fell", "Micron fell", id="zero width"),
        pytest.param("\u202aMicron\u202c\u2066 fell\u2069", "Micron fell", id="directions"),
        pytest.param("data\u2011center\u00a0deal", "data-center deal", id="no break"),
        pytest.param("ﬁrms", "firms", id="ligature"),
        pytest.param("Ne\u0301stle", "Néstle", id="accent of its own"),
        pytest.param("½ of 10² Intel™ ①", "½ of 10² Intel™ ①", id="what means more stays"),
    ],
)
def test_letters_are_read_as_they_are_meant(text, meant):
    assert normalise(text, 100).text == meant


def test_what_is_found_behind_odd_letters_stands_in_the_stored_text(analyzer):
    text = "𝗠𝗶𝗰𝗿𝗼𝗻 fell\u200b 5% today"
    entry = nlp_entry(text)
    analysis = analyzer.analyze([entry])[0]
    assert claims(analysis) == {("selloff", "MU", "confirmed")}
    assert evidence(entry, analysis.events[0]) == "𝗠𝗶𝗰𝗿𝗼𝗻 fell\u200b 5%"


@pytest.mark.parametrize(
    ("title", "read"),
    [
        pytest.param("UPDATE 3-Dell lifts outlook", "Dell lifts outlook", id="update"),
        pytest.param("CORRECTED-UPDATE 1-Dell lifts outlook", "Dell lifts outlook", id="two prefixes"),
        pytest.param("BRIEF-Dell lifts outlook", "Dell lifts outlook", id="brief"),
        pytest.param("*DELL LIFTS OUTLOOK", "DELL LIFTS OUTLOOK", id="flash"),
        pytest.param("🚨 BREAKING: Dell lifts outlook", "Dell lifts outlook", id="breaking"),
        pytest.param("(LEAD) Dell lifts outlook", "Dell lifts outlook", id="lead"),
        pytest.param("RT @desk: Dell lifts outlook", "Dell lifts outlook", id="retweet"),
        pytest.param("Exclusive: Dell lifts outlook", "Dell lifts outlook", id="exclusive"),
        pytest.param("Dell lifts outlook - FT", "Dell lifts outlook", id="outlet"),
        pytest.param("Dell lifts outlook | Reuters", "Dell lifts outlook", id="outlet behind a bar"),
        pytest.param("Dell lifts outlook - sources", "Dell lifts outlook", id="sources"),
        pytest.param("Opinion: Dell lifts outlook", "Opinion: Dell lifts outlook", id="opinion stays"),
        pytest.param("Dell - HPE gap widens", "Dell - HPE gap widens", id="a dash within"),
        pytest.param("Updated: nothing", "Updated: nothing", id="another word"),
    ],
)
def test_a_headline_is_read_without_the_marks_of_a_wire(title, read):
    assert normalise(title, 200).text.strip() == read


@pytest.mark.parametrize(
    ("title", "modality"),
    [
        pytest.param("Samsung signs $3 billion compute deal with Nscale", "confirmed", id="bare"),
        pytest.param("Samsung signs $3 billion compute deal with Nscale - WSJ", "reported", id="outlet"),
        pytest.param("Samsung signs $3 billion compute deal with Nscale - sources", "reported", id="sources"),
    ],
)
def test_an_outlet_at_the_end_says_whose_word_it_is(analyzer, title, modality):
    assert ("compute_deal", "005930.KS", modality) in claims(analyzer.analyze([nlp_entry(title)])[0])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("Dell fell.\nReward • 14 • Comment 3 • Repost", "Dell fell.", id="dots"),
        pytest.param("Dell fell.\n👍 Like 💬 Comment 🔁 Repost", "Dell fell.", id="emoji"),
        pytest.param("Dell fell. Like | Comment | Share", "Dell fell.", id="on the same line"),
        pytest.param("Dell fell.\n1.2K views · 14 reposts", "Dell fell.", id="counts"),
        pytest.param(
            "Dell's share of views fell, no comment", "Dell's share of views fell, no comment", id="prose"
        ),
        pytest.param("They declined to comment.", "They declined to comment.", id="a sentence"),
    ],
)
def test_a_row_of_buttons_is_no_text(text, left):
    assert normalise(text, 200).text.strip(" \n🔁💬👍") == left


def test_a_notice_of_generated_content_is_kept_as_a_flag_and_not_read():
    view = normalise("Dell fell. Contains AI-generated content", 200)
    assert view.text.strip() == "Dell fell."
    assert view.flags == {"ai_generated"}


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        pytest.param("dellcutsordersatwistron", "dell cuts orders at wistron", id="small letters"),
        pytest.param(
            "amazoncancelsdatacenterleases", "amazon cancels datacenter leases", id="words of the field"
        ),
        pytest.param("DellCutsOrders", "Dell Cuts Orders", id="humps"),
        pytest.param("semiconductors", "#semiconductors", id="one word"),
        pytest.param("artificialintelligence", "#artificialintelligence", id="two words"),
        pytest.param("xqzvwkjhqpfxqzv", "#xqzvwkjhqpfxqzv", id="no words"),
    ],
)
def test_a_tag_that_is_a_sentence_is_read_as_its_words(lexicon, taxonomy, tag, words):
    assert normalise(f"#{tag}", 200, tag_words(lexicon, taxonomy)).text.strip() == words


def test_a_tag_in_small_letters_makes_its_claim(analyzer):
    entry = nlp_entry("", "wow #microsoftcancelsdatacenterleases", SourceKind.SOCIAL)
    analysis = analyzer.analyze([entry])[0]
    assert ("datacenter_cancel", "MSFT", "reported") in claims(analysis)
    assert evidence(entry, analysis.events[0]) == "cancelsdatacenterleases"


def test_without_the_list_of_common_words_tags_in_small_letters_stay_whole(tmp_path):
    words = TagWords(["dell"], tmp_path / "missing.txt")
    assert words.split("dellcutsordersnow") == [(0, 17)]


WITHDRAWALS = (
    "WITHDRAWN-Meta weighs selling surplus AI compute",
    "WITHDRAWN: Meta weighs selling surplus AI compute",
    "KILL: Meta weighs selling surplus AI compute",
    "KILL-Nvidia in talks to buy chip start-up",
    "Reuters withdraws story on Meta compute sale",
    "Reuters withdraws its earlier Meta compute story",
    "Bloomberg News retracts article on Nvidia's order cuts",
    "Nikkei retracted its report on Micron's plant",
    "Wire retracts article",
    "Story on Meta's compute sale has been withdrawn",
    "Reuters report about CoreWeave was withdrawn",
    "This article has been retracted",
    "ADVISORY: please disregard Meta compute alert",
    "ADVISORY-Please disregard earlier headline on Oracle",
    "Please disregard our earlier story on Oracle debt",
    "Retraction: Meta's data centre lease",
    "Meta weighs sale of compute (WITHDRAWN)",
    "News agency withdraws report that Intel quits foundry",
    "ＷＩＴＨＤＲＡＷＮ-Meta weighs selling compute",
)
NO_WITHDRAWALS = (
    "Intel withdraws guidance for the year",
    "Company withdraws from talks with Nvidia",
    "Nvidia withdraws bid for chip start-up",
    "Intel withdraws offer, Reuters story says",
    "Reuters: Intel withdraws forecast after report",
    "Micron pulls forecast, Bloomberg reports",
    "Oracle kills data-centre project, sources say",
    "Reuters reports Intel's bid was withdrawn",
    "Report says Oracle bid was withdrawn",
    "The story of how Nvidia's bid was withdrawn",
    "Nvidia asks Reuters to retract story on its orders",
    "Reuters denies it withdrew story on Meta",
    "Reuters has not withdrawn story on Meta",
    "Judge withdraws article 5 order on chips",
    "House withdraws articles of impeachment",
    "KILL THE CHIP BILL, SAYS SENATOR",
    "WITHDRAWN: INTEL GUIDANCE FOR THE YEAR",
    "Kill switch: how Nvidia chips can be disabled",
    "Study of retracted article on chips",
    "Analysts advise clients to disregard the noise",
    "Investors disregard earlier warnings on AI spending",
    "Withdrawn: Intel's full-year guidance",
    "Bloomberg: Nvidia pulls ad",
    "Meta pulls post on compute",
    "Rating agency withdraws rating on CoreWeave",
    "Nvidia story withdrawn symptoms",
    "Meta advisory board killed",
    "Advisory firm withdraws buy rating on Nvidia",
    "Microsoft has withdrawn application, report says",
    "Sources: Meta has withdrawn 2026 capex forecast",
)


@pytest.mark.parametrize("title", WITHDRAWALS)
def test_an_outlet_takes_its_own_report_back(title: str) -> None:
    found = withdrawal(title, 1_000)
    assert found is not None
    assert 0 <= found[0] < found[1] <= len(title)


@pytest.mark.parametrize("title", NO_WITHDRAWALS)
def test_what_a_company_withdraws_is_no_report(title: str) -> None:
    assert withdrawal(title, 1_000) is None


def test_a_slug_of_withdrawal_is_not_read_as_a_part_of_the_headline() -> None:
    view = normalise("WITHDRAWN-Meta weighs selling compute", 1_000)
    assert view.text.split() == ["Meta", "weighs", "selling", "compute"]


@pytest.mark.parametrize(
    ("title", "text", "withdraws"),
    [
        pytest.param("WITHDRAWN-Meta weighs selling surplus AI compute", "", True, id="with an event"),
        pytest.param("Reuters withdraws story on a village fair", "", True, id="of another field"),
        pytest.param("Intel withdraws guidance for the year", "", False, id="a company's guidance"),
        pytest.param("Meta sells compute", "WITHDRAWN-Story on Meta", False, id="in the text alone"),
    ],
)
def test_an_analysis_says_whether_its_entry_withdraws_a_report(analyzer, title, text, withdraws) -> None:
    entry = nlp_entry(title, text)
    (read,) = analyzer.analyze([entry])
    assert read.withdraws is withdraws
    assert analyzer.trace(entry)[0].withdraws is withdraws


def test_an_explanation_shows_the_words_that_withdraw(analyzer) -> None:
    told = explain(analyzer, nlp_entry("ADVISORY: please disregard Meta compute alert"))
    assert [(p.id, p.words) for p in told.flags] == [("withdrawn", "ADVISORY: please disregard")]


def test_the_report_that_was_withdrawn_is_read_behind_its_slug(analyzer) -> None:
    (read,) = analyzer.analyze([nlp_entry("WITHDRAWN-Meta is selling surplus AI compute to outsiders")])
    assert [(e.theme, e.actor) for e in read.fresh_events] == [("compute_resale", "META")]
