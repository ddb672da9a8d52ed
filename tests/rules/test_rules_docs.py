"""The language's page and its JSON Schema say what the models say."""

import json
import re
from pathlib import Path

import pytest

from bot.documents import parse_document
from bot.model import Change, Modality, SourceKind
from bot.rules.correlate import Correlate, Distinct, GroupBy, Kind, Link, Novelty
from bot.rules.parts import Choice, Condition, Scale, SourceCondition, Who
from bot.rules.schema import (
    Corroborate,
    Expose,
    News,
    PackFile,
    RuleSpec,
    RuleTest,
    StoryPart,
    Support,
    Throttle,
    Update,
    json_schema,
)

RULES = Path(__file__).parents[2] / "rules"
PAGE = (RULES / "README.md").read_text(encoding="utf-8")
SECTIONS = {
    "The file": PackFile,
    "A rule": RuleSpec,
    "match": Condition,
    "One value or many: theme, sector, modality, polarity, text, id, kind, language": Choice,
    "Values in an order: stage, attribution, tier": Scale,
    "Companies: actor, target, company": Who,
    "source": SourceCondition,
    "correlate": Correlate,
    "corroborate": Corroborate,
    "A support": Support,
    "expose": Expose,
    "story": StoryPart,
    "update": Update,
    "throttle": Throttle,
    "A test": RuleTest,
    "News of a correlation's test": News,
}


def tables():
    """Heading → the keys in the first column of its table."""
    found = {}
    for section in re.split(r"^##+ ", PAGE, flags=re.M)[1:]:
        keys = re.findall(r"^\| `(\w+)` \|", section, flags=re.M)
        if keys:
            found[section.splitlines()[0]] = keys
    return found


def test_the_page_has_a_table_for_every_model_and_no_other():
    assert tables().keys() == SECTIONS.keys()


@pytest.mark.parametrize(("heading", "model"), SECTIONS.items(), ids=SECTIONS)
def test_every_key_is_on_the_page_and_every_key_on_the_page_exists(heading, model):
    assert tables()[heading] == [f.alias or name for name, f in model.model_fields.items()]


def test_the_example_on_the_page_is_right():
    example = re.search(r"```yaml\n(.*?)```", PAGE, flags=re.S)
    assert example is not None
    assert parse_document(example[1], Path("README.md"), PackFile).content.rules[0].id == "resale"


@pytest.mark.parametrize(
    "words",
    [Modality, SourceKind, Kind, Distinct, GroupBy, Novelty, Link],
    ids=["modality", "kind", "type", "distinct", "group_by", "field", "link"],
)
def test_every_word_of_a_list_is_on_the_page(words):
    assert " · ".join(f"`{w}`" for w in words).replace(" · ", ", ") in PAGE


def test_every_change_is_on_the_page():
    assert all(f"`{change}`" in PAGE for change in Change if change is not Change.NEW_STORY)


def test_the_json_schema_is_up_to_date():
    written = json.loads((RULES / "schema.json").read_text(encoding="utf-8"))
    assert written == json_schema(), (
        "write it again: python -c 'import json, bot.rules.schema as s; "
        "print(json.dumps(s.json_schema(), indent=2, ensure_ascii=False))' > rules/schema.json"
    )


def test_the_json_schema_allows_nothing_behind_a_key_to_be_null():
    assert '"null"' not in json.dumps(json_schema())


def test_the_json_schema_knows_the_short_forms():
    who = json_schema()["$defs"]["Who"]["anyOf"]
    assert [part["type"] for part in who] == ["string", "array", "object"]
    assert set(who[2]["properties"]) == {"in", "sector", "not", "named"}
