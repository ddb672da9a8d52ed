"""The exposure graph as shipped: what `rules/exposure.yaml` says of whom, and along which paths news travels."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.alerts.exposure import EdgeSpec, ExposureFile, ExposureGraph, Relation, load_exposure
from bot.documents import read_document
from bot.model import Exposure
from bot.nlp.lexicon import load_lexicon
from bot.nlp.themes import load_taxonomy

RULES = Path(__file__).parents[2] / "rules"
WITHOUT_DIRECTION = {
    "capex_hold",
    "partnership",
    "layoffs",
    "monetization_shift",
    "selloff",
    "rally",
    "technical_level",
    "positioning",
    "rating_change",
}


@pytest.fixture(scope="module")
def written() -> ExposureFile:
    return read_document(RULES / "exposure.yaml", ExposureFile).content


@pytest.fixture(scope="module")
def themes() -> frozenset[str]:
    return frozenset(load_taxonomy(RULES / "themes").themes)


@pytest.fixture(scope="module")
def graph(themes: frozenset[str]) -> ExposureGraph:
    companies = {c.id: c.sector for c in load_lexicon(RULES / "companies").companies.values()}
    return load_exposure(RULES / "exposure.yaml", companies=companies, themes=themes)


def touched(
    graph: ExposureGraph, theme: str, actor: str, hops: int = 2, known_at: date | None = None
) -> dict[str, Exposure]:
    return {e.company: e for e in graph.exposed(theme, actor, hops, 0.3, known_at=known_at)}


def said(edge: EdgeSpec) -> tuple[Relation, tuple[str, ...]]:
    """What an edge says, whichever end it is written from."""
    match edge.relation:
        case Relation.COMPETES_WITH:
            return edge.relation, tuple(sorted((edge.from_, edge.to)))
        case Relation.CUSTOMER_OF:
            return Relation.SUPPLIES, (edge.to, edge.from_)
        case _:
            return edge.relation, (edge.from_, edge.to)


def test_there_are_enough_edges_of_every_relation(written):
    count = Counter(edge.relation for edge in written.edges)
    assert len(written.edges) >= 300
    assert set(count) == set(Relation)
    assert min(count.values()) >= 40


def test_every_edge_says_where_it_is_known_from_and_since_when(written):
    for edge in written.edges:
        assert edge.source.strip() == edge.source != "", edge
        assert date(2015, 1, 1) < edge.date < date(2026, 12, 31), edge


def test_weights_keep_to_the_scale_of_the_head_of_the_file(written):
    assert {edge.weight for edge in written.edges} <= {0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9}


def test_nothing_is_said_twice_and_nobody_is_their_own_neighbour(written):
    again = [what for what, n in Counter(said(edge) for edge in written.edges).items() if n > 1]
    assert again == []
    assert [edge for edge in written.edges if edge.from_ == edge.to] == []


@pytest.mark.parametrize(
    ("sector", "least"),
    [
        ("accelerator", 10),
        ("custom_silicon", 5),
        ("memory", 10),
        ("storage", 5),
        ("foundry", 5),
        ("semiconductors", 20),
        ("equipment", 20),
        ("eda", 2),
        ("server", 12),
        ("networking", 5),
        ("optical", 8),
        ("hyperscaler", 10),
        ("neocloud", 15),
        ("ai_lab", 10),
        ("datacenter", 12),
        ("power", 20),
        ("investor", 10),
    ],
)
def test_every_large_sector_takes_part(graph, sector, least):
    assert sum(graph.sectors[company] == sector for company in graph.links) >= least


def test_every_theme_travels_unless_no_direction_follows_from_it(graph, themes):
    assert themes - graph.spread.keys() == WITHOUT_DIRECTION


@pytest.mark.parametrize(
    ("theme", "actor", "company", "path"),
    [
        pytest.param("compute_resale", "META", "CRWV", "- competes_with", id="who rents it out already"),
        pytest.param("compute_resale", "META", "MU", "- supplies NVDA supplies", id="memory of fewer GPUs"),
        pytest.param("compute_resale", "META", "000660.KS", "- supplies NVDA supplies", id="most of all HBM"),
        pytest.param("supply_glut", "CRWV", "NVDA", "- supplies", id="idle GPUs are not bought again"),
        pytest.param("ai_cloud_competition", "NBIS", "CRWV", "- competes_with", id="rival cloud"),
        pytest.param("demand_weak", "NVDA", "FORM", "- supplies 000660.KS supplies", id="probe cards of HBM"),
        pytest.param("demand_strong", "ANET", "TSM", "+ supplies AVGO supplies", id="wafers of switch chips"),
        pytest.param("supply_shortage", "MU", "NVDA", "- customer_of", id="who waits for memory"),
        pytest.param("supply_shortage", "MU", "000660.KS", "+ competes_with", id="who has some to sell"),
        pytest.param("outage", "TSM", "NVDA", "- customer_of", id="a fab that stands still"),
        pytest.param("outage", "285A.T", "SNDK", "- customer_of", id="shared fabs outweigh rivalry"),
        pytest.param("power_constraint", "MSFT", "CEG", "+ supplies", id="who has electricity"),
        pytest.param("price_rise", "000660.KS", "DELL", "- customer_of", id="who pays dearer memory"),
        pytest.param("price_rise", "000660.KS", "MU", "+ competes_with", id="who charges as much"),
        pytest.param("price_fall", "AMZN", "MSFT", "- competes_with", id="a cloud that gets cheaper"),
        pytest.param("capex_cut", "TSM", "ZEISS", "- supplies ASML supplies", id="optics of fewer tools"),
        pytest.param("capex_raise", "ORCL", "GEV", "+ supplies CRUSOE supplies", id="turbines of its halls"),
        pytest.param(
            "datacenter_cancel", "MSFT", "CORZ", "- supplies CRWV supplies", id="landlord's landlord"
        ),
        pytest.param("datacenter_build", "META", "ETR", "+ supplies", id="the utility next door"),
        pytest.param("compute_deal", "OPENAI", "ORCL", "+ supplies", id="who is paid for it"),
        pytest.param("guidance_cut", "SMCI", "DELL", "- competes_with", id="weaker outlook read across"),
        pytest.param("earnings_beat", "000660.KS", "042700.KS", "+ supplies", id="results read across"),
        pytest.param("custom_silicon", "META", "AVGO", "+ supplies", id="who helps to build it"),
        pytest.param("custom_silicon", "META", "NVDA", "- supplies", id="who is replaced"),
        pytest.param("efficiency_shock", "DEEPSEEK", "TSM", "- supplies NVDA supplies", id="fewer wafers"),
        pytest.param("export_control", "NVDA", "HUAWEI", "+ competes_with", id="who fills the gap"),
        pytest.param("export_control", "YMTC", "SNDK", "+ competes_with", id="and on the other side"),
        pytest.param("export_control", "LRCX", "UCTT", "- supplies", id="parts of tools not shipped"),
        pytest.param("legal_probe", "SMCI", "DELL", "+ competes_with", id="a rival under suspicion"),
        pytest.param("debt_financing", "CRWV", "BX", "- funds", id="the lender"),
        pytest.param("debt_financing", "CRWV", "NBIS", "- competes_with", id="the next borrower"),
        pytest.param("debt_financing", "BLUEOWL", "ORCL", "- funded_by", id="whom the lender pays for"),
        pytest.param("equity_raise", "OPENAI", "9984.T", "+ funds", id="a stake marked up"),
        pytest.param("acquisition", "VANTAGE", "DBRG", "+ funds", id="a stake sold"),
    ],
)
def test_news_reaches_whom_it_should_along_the_path_it_should(graph, theme, actor, company, path):
    found = touched(graph, theme, actor)[company]
    steps = [word for pair in zip(found.path, (*found.via, ""), strict=True) for word in pair if word]
    assert " ".join(("+" if found.direction > 0 else "-", *steps)) == path


@pytest.mark.parametrize(
    ("theme", "actor", "company"),
    [
        pytest.param("demand_weak", "MSFT", "AMZN", id="fewer orders of one cloud owner, not of another"),
        pytest.param("demand_strong", "AMZN", "GOOGL", id="more orders of one cloud owner, not of another"),
        pytest.param("compute_resale", "GOOGL", "ANTHROPIC", id="a rival in models has no capacity to sell"),
        pytest.param("ai_cloud_competition", "GOOGL", "OPENAI", id="as above, a new cloud"),
        pytest.param("export_control", "NVDA", "ANET", id="a rival in switches is no substitute"),
        pytest.param("export_control", "NVDA", "AMD", id="a rival under the same limits"),
        pytest.param("debt_financing", "ORCL", "AMZN", id="a rival that borrows at ease"),
        pytest.param("rally", "NVDA", "MU", id="a price is no cause"),
    ],
)
def test_news_stops_where_it_should(graph, theme, actor, company):
    assert any(link.company == company for link in graph.links[actor]), "they are neighbours"
    assert company not in touched(graph, theme, actor)


def test_a_sector_s_prices_do_not_touch_the_sector_itself_nor_foundries(graph):
    found = graph.exposed("price_rise", "memory", 1, 0.4)
    assert {"NVDA", "DELL", "HPQ", "AAPL"} <= {e.company for e in found}
    assert {e.direction for e in found} == {-1}
    assert {graph.sectors[e.company] for e in found}.isdisjoint({"memory", "foundry"})


@pytest.mark.parametrize(
    ("theme", "actor", "company", "path", "first_day"),
    [
        pytest.param("capex_cut", "META", "CRWV", ("supplies",), date(2025, 9, 30), id="a day"),
        pytest.param("debt_financing", "CRWV", "BX", ("funds",), date(2024, 5, 31), id="a month"),
        pytest.param(
            "capex_cut", "ORCL", "GEV", ("supplies", "supplies"), date(2025, 7, 31), id="a second hop"
        ),
    ],
)
def test_news_from_before_an_edge_was_known_does_not_use_it(graph, theme, actor, company, path, first_day):
    before = touched(graph, theme, actor, len(path), first_day - timedelta(days=1))
    assert before, "older edges are used"
    assert company not in before
    assert touched(graph, theme, actor, len(path), first_day)[company].path == path
