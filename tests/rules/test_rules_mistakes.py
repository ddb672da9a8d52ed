"""Typical mistakes in a rule file: each gives exactly one line that says where it is, what is wrong, and what was meant.

Most of them stand in `data/mistakes.yaml`: what is written wrongly, and what is said.
"""

from pathlib import Path

import pytest
import yaml
from rules_kit import KNOWN, PACK, FakeAnalyzer, event, pack_with, write

from bot.errors import RulesError
from bot.model import Polarity
from bot.rules.check import load_checked
from bot.rules.loader import load_rulebook

CASES = yaml.load(
    (Path(__file__).parent / "data" / "mistakes.yaml").read_text(encoding="utf-8"), yaml.BaseLoader
)
ANALYZER = FakeAnalyzer(
    Meta_weighs_selling_compute=(event(),),
    Meta_denies_selling_compute=(event(polarity=Polarity.DENIED),),
)


def mistakes_of(folder):
    with pytest.raises(RulesError) as caught:
        load_checked(folder, KNOWN, ANALYZER)
    found = [str(e) for e in (caught.value, *caught.value.others)]
    return [line.removeprefix(f"{folder}/") for line in found]


def test_the_pack_that_the_mistakes_are_made_in_is_right(tmp_path):
    assert load_checked(write(tmp_path, compute=PACK), KNOWN, ANALYZER).rules[0].id == "compute/resale"


def wrong_file(case):
    """What the file holds: the pack with one thing changed, or a text of its own."""
    if "file" in case:
        return case["file"].encode(case.get("encoding", "utf-8"))
    assert case["right"] in PACK
    return PACK.replace(case["right"], case["wrong"], 1).encode()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["mistake"])
def test_one_mistake_gives_one_line(tmp_path, case):
    (tmp_path / "compute.yaml").write_bytes(wrong_file(case))
    assert mistakes_of(tmp_path) == [case["says"]]


def test_a_ticker_is_text_even_where_yaml_reads_a_truth_or_a_number(tmp_path):
    book = load_rulebook(write(tmp_path, a=pack_with("{actor: [ON, 000660.KS]}")), KNOWN)
    assert book.rules[0].condition.actor.in_ == ("ON", "000660.KS")


def test_mistakes_of_all_files_are_reported_in_order(tmp_path):
    wrong = PACK.replace("level: high", "level: hihg").replace("hops: 2", "hops: 9")
    write(tmp_path, b=wrong, a=pack_with("{theme: selloff}"), c="version: 1\n")
    assert [line.split(" ")[0] for line in mistakes_of(tmp_path)] == [
        "b.yaml:7:5:",
        "b.yaml:14:14:",
        "c.yaml:1:1:",
    ]


def test_ids_are_checked_wherever_a_match_can_name_one(tmp_path):
    match = (
        "{any: [{theme: nope}, {not: {sector: nope}}, {all: [{target: {sector: nope}}, {company: [META, nope]}]},"
        " {actor: {not: {sector: nope}}}, {source: {id: {not: nope}}}, {theme: {not: nope}}]}"
    )
    assert len(mistakes_of(write(tmp_path, a=pack_with(match)))) == 7


def test_a_sector_can_act_but_is_no_company_that_is_mentioned(tmp_path):
    load_rulebook(write(tmp_path, a=pack_with("{actor: memory, target: memory}")), KNOWN)
    assert mistakes_of(write(tmp_path, a=pack_with("{company: memory}"))) == [
        "a.yaml:8:13: no company 'memory' is known"
    ]


def test_one_pack_can_not_be_two_files(tmp_path):
    write(tmp_path, a=pack_with("{theme: selloff}"), b=pack_with("{theme: selloff}"))
    assert mistakes_of(tmp_path) == ["b.yaml:2:1: pack 'p' stands in a.yaml too; give this one another id"]


def test_a_rule_id_stands_once_in_its_pack(tmp_path):
    rule = "  - {id: r, title: T, level: low, match: {theme: selloff}, tests: [{title: a, fires: true}, {title: b, fires: false}]}\n"
    write(tmp_path, a=f"version: 1\npack: p\ntitle: P\nrules:\n{rule}{rule}")
    assert mistakes_of(tmp_path) == ["a.yaml:6:6: rule p/r stands here a second time (first in line 5)"]


def test_a_folder_without_packs_is_a_mistake(tmp_path):
    assert mistakes_of(tmp_path) == [f"{tmp_path}: holds no packs of rules (*.yaml)"]


def test_a_folder_that_is_not_there_is_a_mistake(tmp_path):
    assert mistakes_of(tmp_path / "gone") == [
        f"{tmp_path / 'gone'}: can't be read: No such file or directory"
    ]


def test_a_file_that_would_be_overlooked_is_a_mistake(tmp_path):
    write(tmp_path, a=PACK)
    (tmp_path / "b.yml").write_text(PACK)
    assert mistakes_of(tmp_path) == ["b.yml: is not read: name it *.yaml"]


def test_a_mistake_behind_the_name_of_a_list_has_its_own_place(tmp_path):
    match = "{theme: selloff, actor: [$big, NVDAA, CRWV]}"
    listed = pack_with(match).replace("rules:", "lists:\n  big: [META, MSFT]\nrules:", 1)
    (line,) = mistakes_of(write(tmp_path, a=listed))
    written = listed.splitlines()[int(line.split(":")[1]) - 1]
    assert written[int(line.split(":")[2]) - 1 :].startswith("NVDAA")
