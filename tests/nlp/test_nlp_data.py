"""The data files: what they hold, and how a mistake in them is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import RulesError
from bot.nlp.cues import CueCompiler, find
from bot.nlp.lexicon import load_lexicon
from bot.nlp.themes import load_taxonomy
from bot.nlp.words import forms, tokenize

THEMES = (
    "compute_resale compute_deal supply_glut supply_shortage price_fall price_rise demand_weak demand_strong capex_cut capex_raise "
    "capex_hold datacenter_cancel datacenter_build debt_financing equity_raise selloff rally technical_level positioning rating_change "
    "guidance_cut guidance_raise earnings_miss earnings_beat custom_silicon efficiency_shock acquisition partnership export_control "
    "legal_probe layoffs outage power_constraint ai_cloud_competition monetization_shift"
).split()
SECTORS = (
    "semiconductors memory storage accelerator custom_silicon foundry equipment networking optical server hyperscaler neocloud ai_lab "
    "datacenter power eda software"
).split()


def test_every_theme_and_sector_of_the_taxonomy_is_there(taxonomy):
    assert sorted(taxonomy.themes) == sorted(THEMES)
    assert sorted(taxonomy.sectors) == sorted(SECTORS)


GOOD_COMPANY = "version: 1\ncompanies:\n  - {id: NVDA, name: Nvidia, sector: accelerator}\n"


@pytest.mark.parametrize(
    ("extra", "problem", "line"),
    [
        pytest.param("  - {id: AMD, name: AMD, sectr: x}\n", "sectr", 4, id="a typo in a key"),
        pytest.param("  - {id: NVDA, name: Other, sector: x}\n", "second time", 4, id="an id twice"),
        pytest.param(
            "  - id: ARM\n    name: Arm\n    sector: x\n    aliases:\n      - {text: Arm, requires: ['@chps']}\n",
            "unknown context '@chps'",
            8,
            id="an unknown context",
        ),
        pytest.param(
            "  - {id: AMD, name: AMD, sector: x, aliases: ['  ']}\n",
            "needs at least one letter",
            4,
            id="an empty name",
        ),
    ],
)
def test_a_mistake_in_a_company_file_names_its_line(tmp_path: Path, extra, problem, line):
    (tmp_path / "a.yaml").write_text(GOOD_COMPANY + extra, encoding="utf-8")
    with pytest.raises(RulesError) as caught:
        load_lexicon(tmp_path)
    assert problem in caught.value.problem
    assert caught.value.line == line


GOOD_THEME = "version: 1\nwords:\n  cut: [cut, slash]\nthemes:\n  - id: layoffs\n    name: L\n    description: D\n    cues:\n      - '{cut} .. jobs'\n"


@pytest.mark.parametrize(
    ("extra", "problem", "line"),
    [
        pytest.param(
            "      - '{cutt} .. jobs'\n",
            "unknown word class {cutt}; did you mean 'cut'",
            10,
            id="an unknown class",
        ),
        pytest.param("      - '{cut .. jobs'\n", "can't read the cue", 10, id="an open brace"),
        pytest.param("      - '{cut} & '\n", "can't read the cue", 10, id="half an either-order"),
        pytest.param("      - {cue: '{cut} staff', unles: ['x']}\n", "unles", 10, id="a typo in a key"),
        pytest.param(
            "  - {id: layoffs, name: L, description: D, cues: [x]}\n", "second time", 10, id="a theme twice"
        ),
    ],
)
def test_a_mistake_in_a_theme_file_names_its_line(tmp_path: Path, extra, problem, line):
    (tmp_path / "a.yaml").write_text(GOOD_THEME + extra, encoding="utf-8")
    with pytest.raises(RulesError) as caught:
        load_taxonomy(tmp_path)
    assert problem in caught.value.problem
    assert caught.value.line == line


@pytest.mark.parametrize("load", [load_lexicon, load_taxonomy])
def test_an_empty_folder_is_an_error(tmp_path, load):
    with pytest.raises(RulesError, match="holds no"):
        load(tmp_path)


COMPILER = CueCompiler({"cut": ["cut", "slash"], "jobs": ["job", "staff"], "all": ["{cut}", "axe"]})


@pytest.mark.parametrize(
    ("cue", "text", "hit"),
    [
        pytest.param("{cut} {jobs}", "Intel cuts jobs", True, id="side by side, inflected"),
        pytest.param("{cut} {jobs}", "Intel cut many thousand good jobs", False, id="too far for a blank"),
        pytest.param(
            "{cut} .. {jobs}", "Intel cut many thousand good jobs", True, id="near enough for two dots"
        ),
        pytest.param("{cut} .. {jobs}", "jobs cut", False, id="order matters"),
        pytest.param("{cut} & {jobs}", "jobs are being slashed", True, id="unless it does not"),
        pytest.param("{all} {jobs}", "Intel axes staff", True, id="a class within a class"),
        pytest.param("=cut {jobs}", "Intel cuts jobs", False, id="an exact word does not bend"),
        pytest.param(
            "(trim|shed) {percent} of {jobs}", "Intel shed 15% of its staff", True, id="alternatives in place"
        ),
        pytest.param("{cut} (by|{percent})", "Intel cut 5%", True, id="a built-in class among alternatives"),
        pytest.param("{cut} .. {jobs}", "They cut; jobs stay", False, id="nothing bridges a semicolon"),
    ],
)
def test_a_cue_matches_as_it_reads(cue, text, hit):
    pattern = COMPILER.compile(cue)
    tokens = tokenize(text)
    walls = [n for n, t in enumerate(tokens) if t.text == ";"]
    assert bool(find(pattern, COMPILER.occurrences(tokens, []), walls)) is hit


def test_a_class_that_includes_itself_is_refused():
    compiler = CueCompiler({"a": ["{b}"], "b": ["{a}"]})
    with pytest.raises(ValueError, match="includes itself"):
        compiler.compile("{a}")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("cut", {"cut", "cuts", "cutting"}, id="irregular"),
        pytest.param("trim", {"trim", "trims", "trimmed", "trimming"}, id="doubled consonant"),
        pytest.param("slash", {"slash", "slashes", "slashed", "slashing"}, id="hiss"),
        pytest.param("deny", {"deny", "denies", "denied", "denying"}, id="y"),
        pytest.param("raise", {"raise", "raises", "raised", "raising"}, id="silent e"),
        pytest.param("up", {"up"}, id="a particle does not bend"),
    ],
)
def test_a_word_bends(word, expected):
    assert expected <= forms(word)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        pytest.param("fell 17.4%", ["word", "percent"], id="percent"),
        pytest.param("−12 %", ["percent"], id="a true minus"),
        pytest.param("7 per cent", ["percent"], id="per cent"),
        pytest.param("$38bn deal", ["money", "word"], id="money"),
        pytest.param("Nvidia's GPUs", ["word", "genitive", "word"], id="genitive"),
        pytest.param("won't", ["word"], id="contraction"),
    ],
)
def test_a_text_falls_into_tokens(text, kinds):
    assert [t.kind for t in tokenize(text)] == kinds
