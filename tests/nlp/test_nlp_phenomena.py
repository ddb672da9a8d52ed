"""Misreadings by class of phenomenon: each class with sentences that must be read so, and some that must not."""

from __future__ import annotations

import pytest
from nlp_entries import claims, evidence, nlp_entry

from bot.model import Attribution, Polarity, SourceKind


def said(*rows):
    return [pytest.param(*row, id=row[0][:70]) for row in rows]


def found(analyzer, title="", text="", kind=SourceKind.WIRE):
    return claims(analyzer.analyze([nlp_entry(title, text, kind)])[0])


def pairs(analyzer, title="", text="", kind=SourceKind.WIRE):
    return {(theme, actor) for theme, actor, _ in found(analyzer, title, text, kind)}


def themes(analyzer, title="", text="", kind=SourceKind.WIRE):
    return {theme for theme, _, _ in found(analyzer, title, text, kind)}


@pytest.mark.parametrize(
    ("title", "tenant"),
    said(
        ("Cohere rents GPUs from Lambda", "COHERE"),
        ("Mistral rents 3,000 idle GPUs from Nscale", "MISTRAL"),
        ("OpenAI agrees to lease computing power from Oracle", "OPENAI"),
        ("Perplexity has signed a two-year deal to rent servers from Crusoe", "PERPLEXITY"),
        ("xAI hires 20,000 accelerators from Nscale", "XAI"),
    ),
)
def test_who_rents_from_somebody_is_a_tenant(analyzer, title, tenant):
    assert {("compute_deal", tenant)} == {p for p in pairs(analyzer, title) if p[0].startswith("compute_")}


@pytest.mark.parametrize(
    ("title", "owner"),
    said(
        ("Tesla rents out spare GPUs to startups", "TSLA"),
        ("xAI to lease idle computing capacity to other companies", "XAI"),
        ("ByteDance sells surplus compute that it rents from Oracle", "BYTEDANCE"),
    ),
)
def test_who_rents_to_somebody_is_an_owner(analyzer, title, owner):
    assert ("compute_resale", owner) in pairs(analyzer, title)


@pytest.mark.parametrize(
    ("title", "evidences"),
    said(
        ("Seagate fell 7 percent, and Pure Storage lost 8 percent", {"STX": "fell 7", "PSTG": "lost 8"}),
        ("Coherent closed 6% lower and Lumentum 4% lower", {"COHR": "6% lower", "LITE": "4% lower"}),
        ("IREN tumbled and Cipher Mining sank 9%", {"IREN": "tumbled", "CIFR": "sank 9%"}),
        ("Dell dropped 3%, HPE gave up 2% and Wistron slid 1%", {"DELL": "3%", "HPE": "2%", "3231.TW": "1%"}),
    ),
)
def test_each_clause_moves_its_own_company(analyzer, title, evidences):
    entry = nlp_entry(title)
    moves = {e.actor: evidence(entry, e) for e in analyzer.analyze([entry])[0].events if e.theme == "selloff"}
    assert moves.keys() == evidences.keys()
    for actor, words in evidences.items():
        assert words in moves[actor]
        assert all(other not in moves[actor] for a, other in evidences.items() if a != actor)


def test_companies_that_share_a_verb_share_the_move(analyzer):
    assert pairs(analyzer, "Arista and Ciena rose 5% in New York") == {("rally", "ANET"), ("rally", "CIEN")}


def test_opposite_moves_of_one_sentence_are_kept_apart(analyzer):
    assert pairs(analyzer, "Broadcom gained 4 percent, while Marvell lost 6 percent") == {
        ("rally", "AVGO"),
        ("selloff", "MRVL"),
    }


@pytest.mark.parametrize(
    ("title", "text"),
    said(
        ("CORRECTED: Oracle raises $9 billion of bonds, not $19 billion", ""),
        ("CORRECTION - Oracle raises $9 billion of bonds", ""),
        ("Oracle raises $9 billion of bonds", "The loan is for data centres. (Corrects amount in headline.)"),
        ("Oracle corrects earlier statement: it raised $9 billion of bonds", ""),
    ),
)
def test_a_correction_says_so(analyzer, title, text):
    events = analyzer.analyze([nlp_entry(title, text)])[0].events
    assert {(e.theme, e.actor) for e in events} == {("debt_financing", "ORCL")}
    assert {e.polarity for e in events} == {Polarity.CORRECTED}


@pytest.mark.parametrize(
    "title",
    ["Nvidia shares enter correction, down 12%", "Oracle is correct: it raised $9 billion of bonds"],
)
def test_a_market_correction_corrects_nothing(analyzer, title):
    events = analyzer.analyze([nlp_entry(title)])[0].events
    assert events
    assert {e.polarity for e in events} == {Polarity.AFFIRMED}


@pytest.mark.parametrize(
    ("title", "actor", "modality"),
    said(
        ("Microsoft explores sale of surplus computing capacity", "MSFT", "considering"),
        ("Tesla is considering a rental business for spare GPUs", "TSLA", "considering"),
        ("Apple mulls leasing of idle AI servers to outside customers", "AAPL", "considering"),
        ("Amazon rules out compute sales to rivals", "AMZN", "denied"),
    ),
)
def test_a_sale_may_be_a_noun(analyzer, title, actor, modality):
    assert ("compute_resale", actor, modality) in found(analyzer, title)
    assert "supply_glut" not in themes(analyzer, title)


@pytest.mark.parametrize(
    ("tag", "wanted"),
    said(
        (
            "#xAISellsComputeTriggersChipRout",
            {("compute_resale", "XAI", "reported"), ("selloff", "semiconductors", "confirmed")},
        ),
        ("#MicrosoftCancelsDataCenterLeases", {("datacenter_cancel", "MSFT", "reported")}),
        ("#ChipStocksRallyOnNvidiaReport", {("rally", "semiconductors", "confirmed")}),
    ),
)
def test_a_hashtag_is_read_as_the_sentence_that_it_is(analyzer, tag, wanted):
    assert found(analyzer, "", f"wow {tag}", SourceKind.SOCIAL) == wanted


@pytest.mark.parametrize(
    "title",
    [
        "Google drops planned data centre in Indianapolis",
        "Intel scraps plan to build fab in Magdeburg",
        "Amazon abandons proposed data center campus in Virginia",
    ],
)
def test_what_is_cancelled_is_not_built(analyzer, title):
    assert themes(analyzer, title)
    assert "datacenter_build" not in themes(analyzer, title)


@pytest.mark.parametrize(
    "title",
    [
        "Nanya halts production at Taipei plant after fire",
        "Micron stops lines at memory plant after earthquake",
        "GlobalFoundries fab in Dresden halted by power cut",
        "TSMC suspends operations at fab after quake",
    ],
)
def test_a_plant_that_an_accident_stops_is_an_outage(analyzer, title):
    assert {t for t in themes(analyzer, title) if t in ("outage", "capex_cut")} == {"outage"}


def test_a_plant_that_its_owner_puts_off_is_a_cut(analyzer):
    assert ("capex_cut", "INTC") in pairs(analyzer, "Intel delays Ohio fab to 2031")


@pytest.mark.parametrize(
    ("title", "wanted"),
    said(
        ("Kospi falls 3% on Monday", {("selloff", None)}),
        ("Nasdaq ends lower as memory makers drop", {("selloff", None), ("selloff", "memory")}),
        ("Nikkei drops 2% and Advantest loses 6%", {("selloff", None), ("selloff", "6857.T")}),
        ("Memory makers and AI clouds slump", {("selloff", "memory"), ("selloff", "neocloud")}),
        ("SOX falls 3%", {("selloff", "semiconductors")}),
        ("Philadelphia semiconductor index loses 4 percent", {("selloff", "semiconductors")}),
        ("The chip index gained 2%", {("rally", "semiconductors")}),
    ),
)
def test_an_index_moves_without_an_actor_and_a_chip_index_is_its_sector(analyzer, title, wanted):
    assert pairs(analyzer, title) == wanted


@pytest.mark.parametrize(
    ("title", "text"),
    said(
        ("Technicians at Samsung get a new canteen", "Technicians near the line asked for it."),
        ("Nvidia puts its name on a museum wing", "Visitors enter for free."),
        ("Intel film prize: jury picks a documentary about bees", ""),
        ("Oracle sublets a floor of its Austin office", "The tenant makes candles."),
        ("Cisco widens share buyback by a year", "The board approved it."),
        ("Dell brings two notebooks to shops for the holidays", "They cost less than last year's."),
        ("AMD gives science prize to twelve students", "The pupils built a telescope."),
        ("How to set up a router from Cisco in ten minutes", "Plug it in and wait."),
        ("Microsoft cuts console price before Christmas", "The bundle is cheaper by $50."),
        ("Amazon cuts office prices at its co-working site", "Desks are cheaper by a fifth."),
    ),
)
def test_a_word_of_another_sense_makes_no_claim(analyzer, title, text):
    assert found(analyzer, title, text) == set()


def test_a_market_that_idle_machines_flood_is_a_glut_and_no_sale(analyzer):
    assert themes(analyzer, "Idle GPUs of neoclouds are flooding the market") == {"supply_glut"}


def test_words_of_the_chart_and_the_court_keep_their_sense(analyzer):
    assert "technical_level" in themes(analyzer, "Technicians eye support for Nvidia shares at 165")
    assert ("legal_probe", "INTC") in pairs(analyzer, "Jury finds Intel liable in patent trial")
    assert ("compute_resale", "XAI") in pairs(analyzer, "xAI sublets part of its cluster")


@pytest.mark.parametrize(
    "text",
    [
        "What if Meta sold compute?\n• CoreWeave and Nebius could face a new rival\n• Capex growth may slow",
        "Microsoft and Oracle disagree.\nCapex growth may slow, says one fund.",
    ],
)
def test_a_line_about_nobody_is_not_laid_on_the_nearest_company(analyzer, text):
    assert "capex_cut" not in {t for t, a, _ in found(analyzer, "", text, SourceKind.SOCIAL) if a}


def test_a_line_about_a_group_belongs_to_the_group(analyzer):
    text = "CoreWeave and Nebius could face a new rival.\nHyperscalers may cut capex next year."
    assert ("capex_cut", "hyperscaler") in pairs(analyzer, "", text, SourceKind.BLOG)


@pytest.mark.parametrize(
    ("title", "actor"),
    said(
        ("Jefferies raises Micron price target to $500", "MU"),
        ("Broker cuts target price for Dell to $110", "DELL"),
        ("Citi lifts Arista target to $190 from $165", "ANET"),
    ),
)
def test_a_new_price_target_is_reported_of_a_research_note(analyzer, title, actor):
    events = analyzer.analyze([nlp_entry(title)])[0].events
    assert [(e.theme, e.actor, e.attribution) for e in events] == [
        ("rating_change", actor, Attribution.SOURCED)
    ]


@pytest.mark.parametrize(
    ("title", "expected"),
    said(
        ("Corning celebrates a century of its glass museum", ["GLW"]),
        ("Arm invites schools to a summer of soldering", ["ARM"]),
        ("SD: Flex, conflict minerals report", ["FLEX"]),
        ("Cadence appoints a new head of communications", ["CDNS"]),
        ("Arm wrestling returns to the village fair", []),
        ("Flex your muscles with five exercises", []),
        ("A museum in Corning shows old windows", []),
        ("Man says arm healed", []),
    ),
)
def test_a_name_that_is_a_word_is_known_by_what_it_does(analyzer, title, expected):
    assert list(analyzer.analyze([nlp_entry(title)])[0].companies) == expected
