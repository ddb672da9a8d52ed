"""The demo's content: enough of it, all of it marked as invented, and readable by a real parser."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import feedparser
import pytest

from bot.demo.render import render
from bot.demo.script import (
    NOTICE,
    SHOWN,
    Effect,
    FeedScript,
    Role,
    day_zero,
    last_change,
    load_scripts,
    read_moment,
    shown,
)
from bot.errors import RulesError
from bot.model import Modality, SourceKind

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
SCRIPTS = load_scripts()
END = read_moment("d2 22:00")

each_feed = pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.id)

SMALL = """\
version: 1
id: small
title: Small (invented for the demo)
kind: wire
tier: 1
language: en
format: rss
interval: 10m
entries:
  - {at: d0 09:00, guid: a, title: First, text: "One <b>& two"}
"""


def read(tmp_path: Path, text: str) -> FeedScript:
    (tmp_path / "small.yaml").write_text(text)
    (script,) = load_scripts(tmp_path)
    return script


def entry(guid: str):
    (found,) = [e for s in SCRIPTS for e in s.entries if e.guid == guid]
    return found


def test_the_demo_has_ten_feeds_and_150_entries_of_every_kind():
    assert len(SCRIPTS) >= 10
    assert sum(len(s.entries) for s in SCRIPTS) >= 150
    assert {s.kind for s in SCRIPTS} == set(SourceKind)
    assert {s.format for s in SCRIPTS} == {"rss", "atom", "rdf", "json"}


def test_guids_are_unique_over_all_feeds():
    guids = [e.guid for s in SCRIPTS for e in s.entries]

    assert len(guids) == len(set(guids))


def test_the_entries_lie_within_three_days_and_each_feed_has_some_before_the_start():
    for script in SCRIPTS:
        moments = [e.at for e in script.entries]
        assert min(moments) < read_moment("d0 08:00"), script.id
        assert max(moments) <= END, script.id


@each_feed
def test_a_feed_says_that_it_is_invented_and_parses_to_its_newest_entries(script: FeedScript):
    visible = shown(script, END)
    body = render(script, visible, MIDNIGHT)
    wanted = [e.title for e in visible]

    assert 0 < len(visible) <= SHOWN
    if script.format == "json":
        feed = json.loads(body)
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        title, notice = feed["title"], feed["description"]
        got = [item.get("title", "") for item in feed["items"]]
    else:
        parsed = feedparser.parse(body)
        assert not parsed.bozo
        title, notice = parsed.feed.title, parsed.feed.subtitle
        got = [item.get("title", "") for item in parsed.entries]
    assert title.endswith(NOTICE)
    assert "made up to demonstrate a program" in notice
    assert [html.unescape(t) for t in got] == wanted


@each_feed
def test_dates_can_be_read_unless_the_feed_is_said_to_write_strange_ones(script: FeedScript):
    visible = shown(script, END)
    body = render(script, visible, MIDNIGHT)
    if script.format == "json":
        dates = [datetime.fromisoformat(i["date_published"]) for i in json.loads(body)["items"]]
    else:
        parsed = [
            e.get("published_parsed" if "published" in e else "updated_parsed")
            for e in feedparser.parse(body).entries
        ]
        dates = [datetime(*p[:6], tzinfo=UTC) if p else None for p in parsed]
    right = [date == MIDNIGHT + e.at for date, e in zip(dates, visible, strict=True)]

    if script.dates == "strange":
        assert None in dates
        assert any(
            d and d - MIDNIGHT - e.at == timedelta(days=1) for d, e in zip(dates, visible, strict=True)
        )
        assert any(right)
    else:
        assert all(right)


def test_the_seed_case_is_told_from_report_over_reaction_to_denial():
    told = sorted(
        (e.at, e.expect.role)
        for s in SCRIPTS
        for e in s.entries
        if e.expect and e.expect.story == "meta-compute-sale"
    )
    first = {role: min(at for at, r in told if r is role) for _, role in told}

    assert told[0] == (read_moment("d0 14:02"), Role.REPORT)
    assert first[Role.REPORT] < first[Role.ORIGIN] < first[Role.REACTION] < first[Role.DENIAL]
    assert sum(role is Role.COPY for _, role in told) >= 5


def test_every_story_that_rings_starts_with_its_one_card():
    first: dict[str, list[tuple[timedelta, Effect]]] = {}
    for script in SCRIPTS:
        for e in script.entries:
            for at, expect in [(e.at, e.expect), *((x.at, x.expect) for x in e.edit)]:
                if expect and expect.story and expect.role is not Role.BASELINE:
                    first.setdefault(expect.story, []).append((at, expect.outcome))

    assert len(first) >= 8
    for story, told in first.items():
        outcomes = [outcome for _, outcome in sorted(told)]
        assert outcomes[0] is Effect.CARD, story
        assert outcomes.count(Effect.CARD) == 1, story


def test_day_zero_is_a_utc_day():
    evening_in_honolulu = datetime(2026, 3, 1, 22, 0, tzinfo=timezone(timedelta(hours=-10)))

    assert day_zero(evening_in_honolulu) == MIDNIGHT


def test_every_entry_says_what_is_expected_of_it():
    assert [e.guid for s in SCRIPTS for e in s.entries if e.expect is None] == []


def test_a_claim_is_written_as_actor_theme_and_modality():
    (claim,) = entry("eo-007").expect.says

    assert (claim.actor, claim.theme, claim.modality) == ("accelerator", "export_control", Modality.CONFIRMED)


def test_text_of_an_entry_is_escaped_so_that_it_reads_as_written(tmp_path: Path):
    script = read(tmp_path, SMALL)

    (item,) = feedparser.parse(render(script, shown(script, END), MIDNIGHT)).entries

    assert item.summary == "One &lt;b&gt;&amp; two"


def test_a_feed_shows_only_its_newest_entries(tmp_path: Path):
    more = "".join(f"  - {{at: d1 {n:02}:00, guid: g{n}, text: t}}\n" for n in range(24))
    script = read(tmp_path, SMALL + more)

    assert [e.guid for e in shown(script, END)] == [f"g{n}" for n in range(23, 23 - SHOWN, -1)]


def test_nothing_shows_before_its_time_and_an_edit_keeps_the_guid():
    def wire(moment: str):
        visible = shown(next(s for s in SCRIPTS if s.id == "demo-wire"), read_moment(moment))
        return {e.guid: e for e in visible}, last_change(visible)

    before, _ = wire("d0 14:01")
    first, first_change = wire("d0 14:02")
    edited, edited_change = wire("d0 15:30")

    assert "dw-006" not in before
    assert "outsiders" in first["dw-006"].title
    assert "outside customers" in edited["dw-006"].title
    assert edited["dw-006"].at == first["dw-006"].at
    assert (first_change, edited_change) == (read_moment("d0 14:02"), read_moment("d0 15:30"))


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        pytest.param("d0 09:00", "d3 09:00", 10, "is no moment of the demo", id="after the last day"),
        pytest.param("d0 09:00", "d0 9:00", 10, "is no moment of the demo", id="hour of one digit"),
        pytest.param("(invented for the demo)", "", 3, "must end with", id="title without the notice"),
        pytest.param("tier: 1", "teir: 1", 5, "did you mean 'tier'", id="unknown key"),
        pytest.param(
            "guid: a,", "guid: a, edit: [{at: d0 08:00}],", 10, "must follow it", id="edit before its entry"
        ),
        pytest.param(
            "guid: a,",
            "guid: a, expect: {outcome: card, role: report, story: s, level: loud, says: [META capex_cut denied]},",
            10,
            "'loud' is no level",
            id="unknown level",
        ),
        pytest.param(
            "guid: a,",
            "guid: a, expect: {outcome: reply, role: denial, story: s},",
            10,
            "needs a story and what the entry says",
            id="an alert without a claim",
        ),
        pytest.param(
            "guid: a,",
            "guid: a, expect: {outcome: edit, role: copy, level: low},",
            10,
            "a card, and nothing else, has a level",
            id="a level without a card",
        ),
        pytest.param(
            "guid: a,",
            "guid: a, expect: {outcome: edit, role: copy, says: [META sells]},",
            10,
            "is no claim",
            id="a claim of two words",
        ),
    ],
)
def test_a_mistake_in_a_feed_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, problem: str
):
    with pytest.raises(RulesError) as caught:
        read(tmp_path, SMALL.replace(old, new))

    mistakes = [caught.value, *caught.value.others]
    assert [m.line for m in mistakes if problem in m.problem] == [line]


def test_a_feed_without_entries_is_a_mistake(tmp_path: Path):
    with pytest.raises(RulesError, match="at least one entry"):
        read(tmp_path, SMALL.partition("entries:")[0] + "entries: []\n")


def test_a_guid_twice_in_a_feed_is_a_mistake(tmp_path: Path):
    with pytest.raises(RulesError, match="guid used twice: a"):
        read(tmp_path, SMALL + "  - {at: d0 10:00, guid: a, text: again}\n")


def test_two_files_with_one_id_are_a_mistake(tmp_path: Path):
    (tmp_path / "other.yaml").write_text(SMALL)
    with pytest.raises(RulesError, match="a second feed has the id 'small'"):
        read(tmp_path, SMALL)


def test_a_folder_without_feeds_says_what_to_do(tmp_path: Path):
    with pytest.raises(RulesError, match="reinstall the program"):
        load_scripts(tmp_path)
