"""Typical mistakes in a rule file: each gives exactly one line that says where it is, what is wrong, and what was meant."""

import pytest
from rules_kit import KNOWN, PACK, pack_with, write

from bot.errors import RulesError
from bot.rules.loader import load_rulebook


def mistakes_of(folder):
    with pytest.raises(RulesError) as caught:
        load_rulebook(folder, KNOWN)
    found = [str(e) for e in (caught.value, *caught.value.others)]
    return [line.removeprefix(f"{folder}/") for line in found]


def test_the_pack_that_the_mistakes_are_made_in_is_right(tmp_path):
    assert load_rulebook(write(tmp_path, a=PACK), KNOWN).rules[0].id == "compute/resale"


CASES = [
    ('key of a rule', '    level: high', '    levl: high',
     "a.yaml:7:5: unknown key 'levl'; did you mean 'level'?"),
    ('level', 'level: high', 'level: hihg',
     "a.yaml:7:5: 'hihg' is not one of info, low, medium, high, critical; did you mean 'high'?"),
    ('key of a match', '      theme: compute', '      thema: compute',
     "a.yaml:9:7: unknown key 'thema'; did you mean 'theme'?"),
    ('theme', 'theme: compute_resale', 'theme: compute_resales',
     "a.yaml:9:7: no theme 'compute_resales' is known; did you mean 'compute_resale'?"),
    ('theme in a list', 'theme: compute_resale', 'theme: [capex_cut, sellof]',
     "a.yaml:9:26: no theme 'sellof' is known; did you mean 'selloff'?"),
    ('company as an actor', 'actor: {sector: hyperscaler}', 'actor: METAA',
     "a.yaml:10:7: no company or sector 'METAA' is known; did you mean 'META'?"),
    ('company that is not meant', 'actor: {sector: hyperscaler}', 'actor: {not: [META, MSFTT]}',
     "a.yaml:10:27: no company or sector 'MSFTT' is known; did you mean 'MSFT'?"),
    ('sector of an actor', 'sector: hyperscaler', 'sector: hyperscalers',
     "a.yaml:10:15: no sector 'hyperscalers' is known; did you mean 'hyperscaler'?"),
    ('key of an actor', '{sector: hyperscaler}', '{sectr: hyperscaler}',
     "a.yaml:10:15: unknown key 'sectr'; did you mean 'sector'?"),
    ('modality', 'not: [denied,', 'not: [denyed,',
     "a.yaml:11:24: 'denyed' is not one of confirmed, reported, considering, speculated, denied; did you mean 'denied'?"),
    ('not', 'modality: {not:', 'modality: {nott:',
     "a.yaml:11:18: unknown key 'nott'; did you mean 'not'?"),
    ('polarity', 'modality: {not: [denied, speculated]}', 'polarity: affirmd',
     "a.yaml:11:7: 'affirmd' is not one of affirmed, denied, corrected; did you mean 'affirmed'?"),
    ('stage out of order', 'modality: {not: [denied, speculated]}', 'stage: {gte: done, lte: planned}',
     'a.yaml:11:7: nothing is both at least done and at most planned'),
    ('operator', 'tier: {lte: 2}', 'tier: {lt: 2}',
     "a.yaml:12:23: unknown key 'lt'; did you mean 'lte'?"),
    ('tier', 'tier: {lte: 2}', 'tier: {lte: 5}',
     "a.yaml:12:23: '5' is no tier; write 1, 2 or 3"),
    ('tier in words', 'tier: {lte: 2}', 'tier: two',
     "a.yaml:12:16: 'two' is no tier; write 1, 2 or 3"),
    ('kind of source', 'source: {tier: {lte: 2}}', 'source: {kind: [wires]}',
     "a.yaml:12:23: 'wires' is not one of wire, paper, trade, newsroom, filing, regulator, blog, social; did you mean 'wire'?"),
    ('feed', 'source: {tier: {lte: 2}}', 'source: {id: wire-z}',
     "a.yaml:12:16: no feed 'wire-z' is known; did you mean 'wire-a'?"),
    ('language', 'source: {tier: {lte: 2}}', 'source: {language: english}',
     "a.yaml:12:16: 'english' is no language; write a code such as en or de"),
    ('source without keys', 'source: {tier: {lte: 2}}', 'source: wire',
     "a.yaml:12:7: expected keys with values here, found 'wire'; the keys are id, kind, tier, language"),
    ('pattern', 'source: {tier: {lte: 2}}', "text: '(sell'",
     "a.yaml:12:7: '(sell' is no usable pattern: missing ): (sell"),
    ('look-ahead', 'source: {tier: {lte: 2}}', "text: 'sell(?!er)'",
     "a.yaml:12:7: 'sell(?!er)' is no usable pattern: invalid perl operator: (?!; look-around and back-references don't exist here"),
    ('any that is no list', 'source: {tier: {lte: 2}}', 'any: {theme: selloff}',
     "a.yaml:12:7: expected a list here: write [a, b], or begin each item with '- '"),
    ('not that is a list', 'source: {tier: {lte: 2}}', 'not: [{theme: selloff}]',
     'a.yaml:12:7: expected keys with values here, found a list; the keys are theme, actor, target, company, sector, modality, polarity, stage, attribution, source, text, all, any, not'),
    ('nested key', 'source: {tier: {lte: 2}}', 'any: [{all: [{theem: selloff}]}]',
     "a.yaml:12:21: unknown key 'theem'; did you mean 'theme'?"),
    ('empty list', '[denied, speculated]', '[]',
     'a.yaml:11:18: this list is empty; leave the key out instead'),
    ('nothing written', 'theme: compute_resale', 'theme:',
     'a.yaml:9:7: nothing is written here'),
    ('key of corroborate', '{origins: 2}', '{origin: 2}',
     "a.yaml:13:49: unknown key 'origin'; did you mean 'origins'?"),
    ('hops', 'hops: 2', 'hops: 3',
     'a.yaml:14:14: hops: Input should be less than or equal to 2'),
    ('weight', 'min_weight: 0.4', 'min_weight: 4',
     'a.yaml:14:23: min_weight: Input should be less than or equal to 1'),
    ('duration', 'window: 48h', 'window: 48 hours',
     "a.yaml:15:13: '48 hours' is no duration; write for example 30s, 15m, 72h or 5d"),
    ('duration of nothing', 'window: 48h', 'window: 0h',
     "a.yaml:15:13: '0h' is out of range; write a duration from 1s to 366d"),
    ('duration of ages', 'every: 6h', 'every: 99999999999999d',
     "a.yaml:17:28: '99999999999999d' is out of range; write a duration from 1s to 366d"),
    ('change', '[new_origin, copy]', '[new_origins, copy]',
     "a.yaml:16:24: 'new_origins' is not one of new_story, copy, new_origin, new_claim, stage_up, confirmed, denied, corrected, spillover; did you mean 'new_origin'?"),
    ('change in both', '[new_origin, copy]', '[new_origin, denied]',
     "a.yaml:16:5: 'denied' stands in both edit_on and reply_on; choose one"),
    ('throttle per company', 'per: story', 'per: company',
     "a.yaml:17:16: 'company' is not one of story"),
    ('placeholder', '{actor} sells', '{acter} sells',
     "a.yaml:6:5: the title can't hold {acter}, only {actor}, {target}, {theme}; did you mean 'actor'?"),
    ('attribute in a placeholder', '{actor} sells', '{actor.__class__} sells',
     "a.yaml:6:5: the title can't hold {actor.__class__}, only {actor}, {target}, {theme}"),
    ('brace in a title', '{actor} sells', '{actor sells',
     "a.yaml:6:5: the title can't be filled in: expected '}' before end of string"),
    ('format in a title', '{actor} sells', '{actor!r} sells',
     'a.yaml:6:5: {actor} in a title takes no format'),
    ('id', 'id: resale', 'id: Re-Sale',
     "a.yaml:5:5: 'Re-Sale' is no id; use lower-case letters, digits and '_', a letter first"),
    ('missing match', '    match:\n', '    matches:\n',
     "a.yaml:8:5: unknown key 'matches'; did you mean 'match'?"),
    ('no test that stays silent', 'denies selling compute", fires: false', 'sells compute", fires: true',
     "a.yaml:5:5: rule 'resale' needs a test that fires and one that doesn't"),
    ('expectation of silence', 'fires: false}', 'fires: false, modality: denied}',
     "a.yaml:20:9: a test that doesn't fire can't expect a modality or an actor"),
    ('fires', 'fires: false', 'fires: maybe',
     "a.yaml:20:48: 'maybe' is neither true nor false"),
    ('actor of a test', 'modality: considering', 'actor: METTA',
     "a.yaml:19:61: no company or sector 'METTA' is known; did you mean 'META'?"),
    ('test without words', '{title: "Meta denies selling compute", fires: false}', '{fires: false}',
     'a.yaml:20:9: a test needs a title or a text'),
    ('version', 'version: 1', 'version: 2',
     'a.yaml:1:1: version 2 is not known; this program reads version 1'),
    ('repeated key', '    level: high', '    level: high\n    level: low',
     "a.yaml:8:5: 'level' stands here a second time (first in line 7)"),
    ('rules without dashes', '  - id: resale', '    id: resale',
     "a.yaml:4:1: expected a list here: write [a, b], or begin each item with '- '"),
    ('not YAML', 'match:', 'match: [',
     "a.yaml:10:12: not valid YAML: expected ',' or ']', but got ':'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), [pytest.param(*c[1:], id=c[0]) for c in CASES])
def test_one_mistake_gives_one_line(tmp_path, old, new, message):
    assert old in PACK
    assert mistakes_of(write(tmp_path, a=PACK.replace(old, new, 1))) == [message]


def test_mistakes_of_all_files_are_reported_in_order(tmp_path):
    wrong = PACK.replace("level: high", "level: hihg").replace("hops: 2", "hops: 9")
    write(tmp_path, b=wrong, a=pack_with("{theme: selloff}"), c="version: 1\n")
    assert [line.split(" ")[0] for line in mistakes_of(tmp_path)] == [
        "b.yaml:7:5:",
        "b.yaml:14:14:",
        "c.yaml:1:1:",
        "c.yaml:1:1:",
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
