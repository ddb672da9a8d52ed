"""The list of feeds, and its exchange with other readers."""

from datetime import timedelta
from textwrap import dedent

import pytest
import yaml
from sources_server import NOW, a_feed

from bot.errors import ParseError, RulesError
from bot.model import Feed, SourceKind
from bot.sources.opml import export_opml, import_opml
from bot.sources.registry import load_feeds

GOOD = """\
version: 1
defaults: {interval: 10m, language: en}
feeds:
  - {id: sec-8k, url: "https://sec.example/8k?count=40", kind: filing, tier: 1, title: The SEC, checked: docs}
  - id: heise
    url: https://heise.example/atom
    kind: trade
    tier: 2
    language: de
    interval: 1h30m
    lookback: 2h
    enabled: no
  - {id: posts, url: "${RSSHUB}/user/1", kind: social, tier: 3}
"""


def load(tmp_path, text, bridges=None):
    path = tmp_path / "sources.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return load_feeds(path, bridges)


def test_feeds_are_read_with_their_defaults(tmp_path):
    sec, heise, posts = load(tmp_path, GOOD)
    assert sec == Feed(
        id="sec-8k",
        url="https://sec.example/8k?count=40",
        kind=SourceKind.FILING,
        tier=1,
        title="The SEC",
        interval=timedelta(minutes=10),
        checked="docs",
    )
    assert (heise.interval, heise.lookback, heise.language) == (
        timedelta(minutes=90),
        timedelta(hours=2),
        "de",
    )
    assert not heise.enabled
    assert (posts.enabled, posts.url) == (False, "${RSSHUB}/user/1")


@pytest.mark.parametrize(
    ("bridges", "url", "enabled"),
    [
        pytest.param({"RSSHUB": "http://127.0.0.1:1200/"}, "http://127.0.0.1:1200/user/1", True, id="set"),
        pytest.param({"RSSHUB": ""}, "${RSSHUB}/user/1", False, id="empty"),
        pytest.param({"OTHER": "http://x.example"}, "${RSSHUB}/user/1", False, id="another"),
    ],
)
def test_a_feed_behind_a_bridge_needs_the_bridge(tmp_path, bridges, url, enabled):
    posts = load(tmp_path, GOOD, bridges)[2]
    assert (posts.url, posts.enabled) == (url, enabled)


FEED = "{id: a, url: https://a.example/x, kind: wire, tier: 1}"


@pytest.mark.parametrize(
    ("feeds", "place", "problem"),
    [
        pytest.param("{id: a, url: https://a.example, kind: wire, tier: 1, intervall: 5m}", "3:", "did you mean 'interval'", id="unknown key"),
        pytest.param("{id: a, url: ftp://a.example, kind: wire, tier: 1}", "3:13", "no http(s) address", id="ftp"),
        pytest.param("{id: a, url: 'https://u:secret@', kind: wire, tier: 1}", "3:13", "no http(s) address", id="no host"),
        pytest.param("{id: a, url: '${rsshub}/x', kind: wire, tier: 1}", "3:13", "capital letters", id="placeholder"),
        pytest.param("{id: a, url: https://a.example, kind: wires, tier: 1}", "3:", "did you mean 'wire'", id="kind"),
        pytest.param("{id: a, url: https://a.example, kind: wire, tier: 4}", "3:", "tier", id="tier"),
        pytest.param("{id: A b, url: https://a.example, kind: wire, tier: 1}", "3:6", "id", id="id"),
        pytest.param("{id: a, url: https://a.example, kind: wire, tier: 1, interval: 5}", "3:", "write for example", id="no duration"),
        pytest.param("{id: a, url: https://a.example, kind: wire, tier: 1, interval: 5s}", "3:", "between 1m and 24h", id="too often"),
        pytest.param("{id: a, url: https://a.example, kind: wire, tier: 1, lookback: 9d}", "3:", "7d at most", id="too far back"),
        pytest.param("{id: a, kind: wire, tier: 1}", "3:", "'url' is missing", id="no url"),
        pytest.param(FEED + "\n  - {id: a, url: https://b.example, kind: wire, tier: 1}", "4:6", "line 3", id="same id"),
        pytest.param(FEED + "\n  - {id: b, url: https://A.example/x, kind: wire, tier: 1}", "4:13", "feed 'a'", id="same address"),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_with_its_place_and_what_to_do(tmp_path, feeds, place, problem):
    with pytest.raises(RulesError) as caught:
        load(tmp_path, f"version: 1\nfeeds:\n  - {feeds}\n")
    assert f"sources.yaml:{place}" in str(caught.value)
    assert problem in str(caught.value)
    assert "secret" not in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path):
    again = FEED.replace("https://a.example/x", "https://a.example/y")
    with pytest.raises(RulesError) as caught:
        load(tmp_path, f"version: 1\nfeeds:\n  - {FEED}\n  - {again}\n  - {again}\n")
    assert [(e.line, e.column) for e in (caught.value, *caught.value.others)] == [(4, 6), (5, 6), (5, 13)]


FEEDS = (
    a_feed("https://a.example/x?a=1&b=2", id="a", title='A "quoted" & <odd> name'),
    a_feed("https://b.example/", id="b", kind=SourceKind.REGULATOR, tier=1, title="yes"),
)


def test_an_exported_list_comes_back_with_kind_and_tier(tmp_path):
    text = export_opml(FEEDS, NOW)
    brought = import_opml(text.encode(), [])
    assert (brought.added, brought.skipped) == (2, ())
    listed = "".join("  " + line + "\n" for line in brought.yaml.splitlines())
    loaded = load(tmp_path, "version: 1\nfeeds:\n" + listed)
    wanted = [(f.url, f.kind, f.tier, f.title) for f in FEEDS]
    assert [(f.url, f.kind, f.tier, f.title) for f in loaded] == wanted
    assert [f.id for f in loaded] == ["a-quoted-odd-name", "yes"]


def test_an_import_skips_what_is_known_or_unusable_and_says_why():
    opml = b"""<?xml version="1.0"?><opml version="2.0"><body><outline text="Folder">
      <outline text="Known" xmlUrl="https://A.example/x?a=1&amp;b=2"/>
      <outline text="Bad" xmlUrl="javascript:alert(1)"/>
      <outline text="New &lt;b&gt;one&lt;/b&gt;" xmlUrl="https://new.example/rss"/>
      <outline text="Twice" xmlUrl="https://new.example/rss"/>
      <outline xmlUrl="https://nameless.example/rss?key=secret"/>
    </outline></body></opml>"""
    brought = import_opml(opml, FEEDS, kind=SourceKind.TRADE, tier=2)
    assert yaml.safe_load(brought.yaml) == [
        {"id": "new-one", "url": "https://new.example/rss", "kind": "trade", "tier": 2, "title": "New one"},
        {
            "id": "nameless-example-rss",
            "url": "https://nameless.example/rss?key=secret",
            "kind": "trade",
            "tier": 2,
        },
    ]
    assert brought.skipped == (
        ("Known", "the same address as feed 'a'"),
        ("Bad", "its address is not http(s)"),
        ("Twice", "the same address as feed 'new-one'"),
    )


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param(b"", "can't be read as OPML", id="empty"),
        pytest.param(b"<rss/>", "its first element is <rss>", id="a feed"),
        pytest.param(
            b'<!DOCTYPE x [<!ENTITY a "b">]><opml>&a;</opml>', "can't be read as OPML", id="entities"
        ),
        pytest.param(b"<opml>" + b" " * 5_000_000 + b"</opml>", "larger than", id="too large"),
    ],
)
def test_what_is_no_opml_is_refused_in_one_line(raw, message):
    with pytest.raises(ParseError, match=message):
        import_opml(raw, [])
