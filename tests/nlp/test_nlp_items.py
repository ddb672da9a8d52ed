"""Items as JSON lines, in and out."""

from __future__ import annotations

import json

import pytest

from bot.errors import ParseError
from bot.model import SourceKind
from bot.nlp.items import prediction, read_items, write_predictions

ROW = {
    "id": "i1",
    "published": "2026-02-24T14:05:00Z",
    "kind": "news",
    "source": "trade",
    "title": "A &amp; B",
    "text": "<p>x &lt; y</p>",
}


def test_an_item_becomes_an_entry_of_plain_text(tmp_path):
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps(ROW) + "\n\n", encoding="utf-8")
    (entry,) = read_items(path)
    assert (entry.title, entry.text, entry.kind) == ("A & B", "x < y", SourceKind.TRADE)
    assert entry.at.isoformat() == "2026-02-24T14:05:00+00:00"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("{", id="no JSON"),
        pytest.param('["a"]', id="no object"),
        pytest.param('{"published": "2026-02-24"}', id="no id"),
        pytest.param('{"id": "x", "published": "soon"}', id="no date"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line):
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(ParseError, match=r"items\.jsonl:2: not an item"):
        read_items(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ParseError, match="can't be read"):
        read_items(tmp_path / "none.jsonl")


def test_predictions_carry_evidence_in_words(tmp_path, analyzer):
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps({**ROW, "title": "Nvidia &amp; Arm fall 5%"}), encoding="utf-8")
    (entry,) = read_items(path)
    (analysis,) = analyzer.analyze([entry])
    write_predictions(tmp_path / "out.jsonl", [prediction(entry, analysis, "s1")])
    row = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert row["companies"] == ["NVDA", "ARM"]
    assert {e["actor"] for e in row["events"]} == {"NVDA", "ARM"}
    assert all(e["evidence"] in entry.title and e["modality"] == "confirmed" for e in row["events"])
    assert row["story"] == "s1"
