"""The exposure graph: paths, weights, directions, and mistakes in its file."""

from datetime import date
from pathlib import Path

import pytest

from bot.alerts.exposure import ExposureGraph, load_exposure
from bot.errors import RulesError
from bot.model import Exposure

COMPANIES = {
    "META": "hyperscaler",
    "MSFT": "hyperscaler",
    "CRWV": "neocloud",
    "NBIS": "neocloud",
    "NVDA": "accelerator",
    "AMD": "accelerator",
    "MU": "memory",
    "ON": "semiconductors",
    "000660.KS": "memory",
    "BX": "investor",
}
THEMES = {"compute_resale", "capex_raise", "supply_shortage", "debt_financing", "efficiency_shock"}
GRAPH = """\
version: 1
spread:
  compute_resale:
    - {to: competes_with, effect: hurts}
    - {to: supplies, effect: hurts, then: [{to: supplies}]}
  capex_raise:
    - {to: supplies, effect: helps, sector: accelerator, then: [{to: supplies, sector: [memory]}]}
  supply_shortage:
    - {to: customer_of, effect: hurts}
  debt_financing:
    - {to: funds, effect: hurts}
    - {to: funded_by, effect: hurts}
  efficiency_shock:
    - {at: hyperscaler, to: supplies, effect: hurts}
edges:
  - {from: META, to: CRWV, relation: competes_with, weight: 0.5, source: judgement, date: 2024-06}
  - {from: NVDA, to: META, relation: supplies, weight: 0.8, source: statements, date: 2024-02-10}
  - {from: AMD, to: META, relation: supplies, weight: 0.5, source: statements, date: 2023-12-06}
  - {from: MSFT, to: CRWV, relation: customer_of, weight: 0.8, source: S-1, date: 2025-03-03}
  - {from: MU, to: NVDA, relation: supplies, weight: 0.5, source: calls, date: 2024-02-26}
  - {from: MU, to: AMD, relation: supplies, weight: 0.8, source: calls, date: 2024-02-26}
  - {from: 000660.KS, to: NVDA, relation: supplies, weight: 0.9, source: calls, date: 2024-02-26}
  - {from: ON, to: META, relation: supplies, weight: 0.3, source: judgement, date: 2024-01-01}
  - {from: BX, to: CRWV, relation: funds, weight: 0.5, source: announcement, date: 2024-05-17}
"""


def load(tmp_path: Path, text: str) -> ExposureGraph:
    path = tmp_path / "exposure.yaml"
    path.write_text(text)
    return load_exposure(path, companies=COMPANIES, themes=THEMES)


@pytest.fixture
def graph(tmp_path):
    return load(tmp_path, GRAPH)


def shown(exposures: tuple[Exposure, ...]) -> list[str]:
    return [
        f"{'+' if e.direction > 0 else '-'}{e.company} {'/'.join(e.path)} {'/'.join(e.via)} {e.weight:.2f}"
        for e in exposures
    ]


def test_both_ends_of_a_relation_know_where_it_is_known_from(graph):
    [supplier] = [x for x in graph.links["META"] if x.company == "NVDA"]
    [customer] = [x for x in graph.links["NVDA"] if x.company == "META"]
    assert (supplier.step, customer.step) == ("supplies", "customer_of")
    for x in (supplier, customer):
        assert (x.weight, x.source, x.known_since) == (0.8, "statements", date(2024, 2, 10))


def test_a_resale_reaches_rivals_suppliers_and_their_suppliers_strongest_first(graph):
    assert shown(graph.exposed("compute_resale", "META", 2, 0.3)) == [
        "-NVDA supplies  0.80",
        "-000660.KS supplies/supplies NVDA 0.72",
        "-AMD supplies  0.50",
        "-CRWV competes_with  0.50",
        "-MU supplies/supplies AMD 0.40",
        "-ON supplies  0.30",
    ]


@pytest.mark.parametrize(
    ("theme", "actor", "hops", "min_weight", "expected"),
    [
        pytest.param("compute_resale", "META", 0, 0.1, [], id="no hops, nobody"),
        pytest.param(
            "compute_resale", "META", 1, 0.6, ["-NVDA supplies  0.80"], id="one hop stops at the neighbours"
        ),
        pytest.param(
            "compute_resale",
            "META",
            2,
            0.5,
            [
                "-NVDA supplies  0.80",
                "-000660.KS supplies/supplies NVDA 0.72",
                "-AMD supplies  0.50",
                "-CRWV competes_with  0.50",
            ],
            id="a weight equal to the least counts, weaker paths don't",
        ),
        pytest.param(
            "capex_raise",
            "META",
            2,
            0.3,
            [
                "+NVDA supplies  0.80",
                "+000660.KS supplies/supplies NVDA 0.72",
                "+AMD supplies  0.50",
                "+MU supplies/supplies AMD 0.40",
            ],
            id="a raise helps, and only the sectors named",
        ),
        pytest.param(
            "supply_shortage", "CRWV", 2, 0.3, ["-MSFT customer_of  0.80"], id="customer_of as written"
        ),
        pytest.param(
            "supply_shortage", "NVDA", 1, 0.3, ["-META customer_of  0.80"], id="supplies read backwards"
        ),
        pytest.param(
            "compute_resale", "MSFT", 1, 0.3, ["-CRWV supplies  0.80"], id="customer_of read backwards"
        ),
        pytest.param("compute_resale", "CRWV", 1, 0.3, ["-META competes_with  0.50"], id="rivals are mutual"),
        pytest.param("debt_financing", "CRWV", 1, 0.3, ["-BX funds  0.50"], id="the lender"),
        pytest.param("debt_financing", "BX", 1, 0.3, ["-CRWV funded_by  0.50"], id="the borrower"),
        pytest.param("compute_resale", "memory", 1, 0.3, [], id="a sector without such neighbours"),
        pytest.param(
            "capex_raise",
            "hyperscaler",
            1,
            0.3,
            ["+NVDA supplies  0.80", "+AMD supplies  0.50"],
            id="a sector stands for its companies",
        ),
        pytest.param(
            "efficiency_shock",
            None,
            1,
            0.5,
            ["-CRWV supplies  0.80", "-NVDA supplies  0.80", "-AMD supplies  0.50"],
            id="at a sector, whoever did it",
        ),
        pytest.param(
            "efficiency_shock",
            "CRWV",
            1,
            0.5,
            ["-NVDA supplies  0.80", "-AMD supplies  0.50"],
            id="at a sector, but never the actor itself",
        ),
        pytest.param("compute_resale", None, 2, 0.3, [], id="no actor"),
        pytest.param("compute_resale", "ACME", 2, 0.3, [], id="an actor without edges"),
        pytest.param("rally", "META", 2, 0.3, [], id="a theme that does not travel"),
    ],
)
def test_a_theme_travels_only_as_its_table_says(graph, theme, actor, hops, min_weight, expected):
    assert shown(graph.exposed(theme, actor, hops, min_weight)) == expected


def test_a_rule_that_tells_the_opposite_turns_every_effect_round(graph):
    assert shown(graph.exposed("compute_resale", "META", 1, 0.5, reverse=True)) == [
        "+NVDA supplies  0.80",
        "+AMD supplies  0.50",
        "+CRWV competes_with  0.50",
    ]


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        pytest.param("NVDA", ["+000660.KS competes_with  0.40"], id="not the rival at home"),
        pytest.param("000660.KS", ["+NVDA competes_with  0.40"], id="from the other side"),
        pytest.param("AMD", [], id="those who are in no bloc are one"),
    ],
)
def test_what_crosses_a_border_reaches_only_the_other_side(tmp_path, actor, expected):
    text = GRAPH.replace("version: 1\n", "version: 1\nblocs:\n  there: [000660.KS]\n")
    text = text.replace("{at: hyperscaler, to: supplies", "{to: competes_with, across: true")
    text = text.replace("effect: hurts}\nedges:", "effect: helps}\nedges:")
    for rival, weight in (("AMD", 0.9), ("000660.KS", 0.4)):
        text += f"  - {{from: NVDA, to: {rival}, relation: competes_with, weight: {weight}, source: judgement, date: 2024-06}}\n"
    assert shown(load(tmp_path, text).exposed("efficiency_shock", actor, 1, 0.3)) == expected


def test_the_actor_is_never_exposed_to_itself(graph):
    assert "META" not in {e.company for e in graph.exposed("compute_resale", "META", 2, 0.01)}


@pytest.mark.parametrize(
    ("known_at", "companies"),
    [
        pytest.param(date(2024, 6, 30), ["NVDA", "AMD", "CRWV", "ON"], id="a month counts from its last day"),
        pytest.param(date(2024, 6, 29), ["NVDA", "AMD", "ON"], id="not before its last day"),
        pytest.param(date(2024, 2, 10), ["NVDA", "AMD", "ON"], id="a day counts from itself"),
        pytest.param(date(2024, 2, 9), ["AMD", "ON"], id="the day before"),
        pytest.param(date(2020, 1, 1), [], id="before all"),
    ],
)
def test_a_replay_uses_no_edge_that_was_not_known_yet(graph, known_at, companies):
    found = graph.exposed("compute_resale", "META", 1, 0.3, known_at=known_at)
    assert [e.company for e in found] == companies


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "relation: funds", "relation: fund", "24:26: 'fund' is not one of supplies, competes_with, "
            "customer_of, funds; did you mean 'funds'?", id="relation",
        ),
        pytest.param("from: BX", "from: BXX", "24:6: no company 'BXX' is known; did you mean 'BX'?", id="company"),
        pytest.param(
            "  debt_financing:", "  debt_financng:",
            "10:3: no theme 'debt_financng' is known; did you mean 'debt_financing'?", id="theme",
        ),
        pytest.param(
            "at: hyperscaler", "at: hyperscalers",
            "14:8: no sector 'hyperscalers' is known; did you mean 'hyperscaler'?", id="sector to start at",
        ),
        pytest.param(
            "sector: [memory]", "sector: [memry]",
            "7:89: no sector 'memry' is known; did you mean 'memory'?", id="sector of a second step",
        ),
        pytest.param("weight: 0.9", "weight: 1.9", "22:53: weight: Input should be less than or equal to 1", id="weight"),
        pytest.param("weight: 0.9", "weight: 0", "22:53: weight: Input should be greater than 0", id="zero"),
        pytest.param("date: 2024-06", "date: June", "16:85: 'June' is no date; write it as 2025-02 or 2025-02-26", id="date"),
        pytest.param("date: 2024-06", "date: 2024-13", "16:85: '2024-13' is no date; write it as 2025-02 or 2025-02-26", id="month 13"),
        pytest.param("source: S-1, ", "", "19:5: 'source' is missing", id="no source"),
        pytest.param("effect: helps", "effect: help", "7:22: 'help' is not one of hurts, helps; did you mean 'helps'?", id="effect"),
        pytest.param("from: BX, to: CRWV", "from: CRWV, to: CRWV", "24:5: 'CRWV' can't stand in a relation to itself", id="itself"),
        pytest.param(
            "from: MSFT, to: CRWV, relation: customer_of", "from: META, to: NVDA, relation: customer_of",
            "19:5: META and NVDA stand in this relation already in line 17", id="the same edge from the other end",
        ),
        pytest.param(
            "from: BX, to: CRWV, relation: funds", "from: CRWV, to: META, relation: competes_with",
            "24:5: CRWV and META stand in this relation already in line 16", id="a rivalry written twice",
        ),
        pytest.param(
            "version: 1\n", "version: 1\nblocs: {east: [BXX]}\n",
            "2:16: no company 'BXX' is known; did you mean 'BX'?", id="bloc",
        ),
        pytest.param(
            "version: 1\n", "version: 1\nblocs: {east: [BX], west: [MU, BX]}\n",
            "2:32: BX stands in bloc 'east' already", id="two blocs",
        ),
        pytest.param("version: 1\n", "version: 1\nblocs: {east: BXX}\n", "2:9: no company 'BXX' is known; did you mean 'BX'?", id="one in a bloc"),
        pytest.param("version: 1\n", "version: 1\nblocs:\n  east:\n", "3:3: nothing is written here", id="nobody in a bloc"),
        pytest.param("at: hyperscaler", "across: yes", "14:8: 'yes' is neither true nor false", id="across"),
        pytest.param("effect: helps, sector", "effect: helps, sectr", "7:37: unknown key 'sectr'; did you mean 'sector'?", id="key"),
    ],
)  # fmt: skip
def test_one_mistake_gives_one_line_that_says_where_and_what(tmp_path, old, new, message):
    assert old in GRAPH
    with pytest.raises(RulesError) as caught:
        load(tmp_path, GRAPH.replace(old, new, 1))
    assert str(caught.value) == f"{tmp_path / 'exposure.yaml'}:{message}"
    assert caught.value.others == ()


def test_all_mistakes_are_reported_in_the_order_of_lines(tmp_path):
    text = (
        GRAPH.replace("from: BX", "from: BXX")
        .replace("from: ON", "from: OFF")
        .replace("at: hyper", "at: hypr")
    )
    with pytest.raises(RulesError) as caught:
        load(tmp_path, text)
    assert [e.line for e in (caught.value, *caught.value.others)] == [14, 23, 24]


def test_tickers_that_look_like_other_things_stay_strings(graph):
    assert {"ON", "000660.KS"} <= graph.links.keys()


def test_the_graph_can_not_be_changed(graph):
    with pytest.raises(TypeError):
        graph.links["META"] = ()
