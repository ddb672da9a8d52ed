"""Reading bodies: golden feeds, damage of every sort, dates, ids, and text that is safe to show."""

import codecs
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sources_server import NOW, a_feed, item, rss

from bot.errors import ParseError
from bot.model import DateQuality, Fetched
from bot.sources.dates import judge_date, read_date
from bot.sources.plain import MAX_TEXT, MAX_TITLE, clean, plain_text, title_line
from bot.sources.read import MAX_ENTRIES, read_feed
from bot.sources.urls import show_url, web_url
from bot.text import digest

GOLDEN = Path(__file__).parent.parent / "data" / "feeds"


def read(body, content_type="application/xml", url="https://site.example/feed", **feed):
    fetched = Fetched(url=url, body=body, body_hash="h", content_type=content_type)
    return read_feed(a_feed(**feed), fetched, NOW)


@pytest.mark.parametrize(
    "expected", sorted(GOLDEN.glob("*.expected.json")), ids=lambda path: path.name.split(".")[0]
)
def test_a_golden_feed_gives_its_expected_entries_fault_29(expected):
    want = json.loads(expected.read_text("utf-8"))
    [body] = (p for p in GOLDEN.glob(expected.name.split(".")[0] + ".*") if p != expected)
    got = read(body.read_bytes())
    assert got.title == want["title"]
    minutes = want["hints"]["minutes"]
    assert got.hints.min_interval == (timedelta(minutes=minutes) if minutes else None)
    assert sorted(got.hints.skip_hours) == want["hints"]["hours"]
    assert sorted(got.hints.skip_days) == want["hints"]["days"]
    assert [w.partition(":")[0] for w in got.warnings] == want["warnings"]
    shown = [
        {
            "guid": e.guid,
            "url": e.url,
            "title": e.title,
            "text": e.text,
            "published": e.published.isoformat() if e.published else None,
            "date_quality": str(e.date_quality),
            "author": e.author,
            "source": e.source,
        }
        for e in got.entries
    ]
    assert shown == want["entries"]


def test_an_entry_carries_what_its_feed_is():
    [entry] = read(
        rss(item(1, description="words")), id="sec", tier=1, language="de", title="The SEC"
    ).entries
    assert (entry.feed_id, entry.kind, entry.tier, entry.language) == ("sec", "wire", 1, "de")
    assert entry.source == "The SEC"
    assert entry.seen_at == NOW
    assert entry.id == digest("sec", "id-1")
    assert entry.content == digest("Item 1", "words", size=8)


HEAD = '<?xml version="1.0" encoding="{}"?><rss version="2.0"><channel><title>T</title>'
WORDS = "Größe “é” — 東京"
ITEM = "<item><title>{}</title><link>https://s.example/1</link></item></channel></rss>"


def encoded(declared, real, words=WORDS, bom=b""):
    return bom + (HEAD.format(declared) + ITEM.format(words)).encode(real)


@pytest.mark.parametrize(
    ("body", "content_type", "title"),
    [
        pytest.param(encoded("utf-8", "utf-8"), "text/xml", WORDS, id="text/xml without charset"),
        pytest.param(encoded("utf-8", "utf-8", bom=codecs.BOM_UTF8), "", WORDS, id="UTF-8 with BOM"),
        pytest.param(encoded("utf-16", "utf-16-le", bom=codecs.BOM_UTF16_LE), "", WORDS, id="UTF-16 LE"),
        pytest.param(encoded("utf-16", "utf-16-be", bom=codecs.BOM_UTF16_BE), "", WORDS, id="UTF-16 BE"),
        pytest.param(
            encoded("utf-8", "utf-16-le", bom=codecs.BOM_UTF16_LE), "", WORDS, id="UTF-16 declared UTF-8"
        ),
        pytest.param(encoded("utf-16", "utf-16-le"), "", WORDS, id="UTF-16 without BOM"),
        pytest.param(encoded("utf-16", "utf-8"), "", WORDS, id="UTF-8 declared UTF-16"),
        pytest.param(encoded("utf-32", "utf-32-le", bom=codecs.BOM_UTF32_LE), "", WORDS, id="UTF-32"),
        pytest.param(encoded("iso-8859-1", "utf-8"), "", WORDS, id="UTF-8 declared Latin-1"),
        pytest.param(
            encoded("utf-8", "cp1252", "“Größe” é à ü ö"), "", "“Größe” é à ü ö", id="Windows declared UTF-8"
        ),
        pytest.param(
            encoded("iso-8859-1", "cp1252", "“Größe”"), "", "“Größe”", id="Windows declared Latin-1"
        ),
        pytest.param(encoded("klingon", "cp1252", "Größe"), "", "Größe", id="unknown encoding"),
        pytest.param(encoded("hex", "cp1252", "Größe"), "", "Größe", id="a codec that is no encoding"),
        pytest.param(
            encoded("shift_jis", "shift_jis", "東京"), "text/xml; charset=utf-8", "東京", id="wrong header"
        ),
        pytest.param(
            (HEAD.replace(' encoding="{}"', "") + ITEM.format("Größe")).encode("cp1252"),
            'text/xml; charset="windows-1252"',
            "Größe",
            id="named by the header only",
        ),
    ],
)
def test_the_words_survive_any_encoding_fault_29(body, content_type, title):
    assert [e.title for e in read(body, content_type).entries] == [title]


def test_one_bad_byte_does_not_spoil_the_rest_of_a_utf_8_feed_fault_29():
    body = rss(item(1, "Größe " * 40), item(2, "bad X byte")).replace(b"bad X", b"bad \xff")
    parsed = read(body)
    assert parsed.entries[0].title == ("Größe " * 40).strip()
    assert parsed.warnings[0].startswith("1 characters are not valid utf-8")


def test_control_characters_do_not_make_a_feed_unreadable_fault_29():
    parsed = read(rss(item(1, "Bell\x07 and \x0bnull\x00 end")))
    assert parsed.entries[0].title == "Bell and null end"
    assert parsed.warnings == ("3 control characters were left out",)


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        pytest.param(b"", "", "empty", id="empty"),
        pytest.param(b" \n\t ", "", "empty", id="blank"),
        pytest.param(
            b"<!DOCTYPE html><html><head><title>x</title></head></html>",
            "",
            "an HTML page, not a feed",
            id="HTML",
        ),
        pytest.param(
            b"<!-- hi --><html lang=en><body>x</body></html>", "", "an HTML page", id="HTML after a comment"
        ),
        pytest.param(
            b'<html><head><link rel="alternate" type="application/rss+xml" href="/rss?key=secret"></head></html>',
            "",
            r"the page names this feed: https://site\.example/rss\?key=…",
            id="HTML that links its feed",
        ),
        pytest.param(b"%PDF-1.7 \xff\xd8", "application/pdf", "data of type 'application/pdf'", id="PDF"),
        pytest.param(b"Service unavailable", "text/plain", "data of type 'text/plain'", id="plain text"),
        pytest.param(b'{"error": "no"}', "", "not a JSON Feed", id="other JSON"),
        pytest.param(b"[1, 2]", "", "not a JSON Feed", id="a JSON list"),
        pytest.param(
            b'{"version": "https://jsonfeed.org/version/1", "ite', "", "cut off", id="half a JSON Feed"
        ),
        pytest.param(b"[" * 200_000, "", "JSON", id="a JSON nest"),
        pytest.param(b'<opml version="2.0"><body/></opml>', "", "import it", id="OPML"),
        pytest.param(b'<?xml version="1.0"?><urlset><url/></urlset>', "", "a sitemap", id="sitemap"),
        pytest.param(b"<note><to>you</to></note>", "", "not RSS, Atom or JSON Feed", id="other XML"),
        pytest.param(b"<\xff\xfe\x00garbage", "", "not RSS, Atom or JSON Feed", id="garbage"),
    ],
)
def test_what_is_no_feed_gives_one_clear_line_fault_29(body, content_type, message):
    with pytest.raises(ParseError, match=message) as caught:
        read(body, content_type)
    assert "\n" not in str(caught.value)


def test_a_feed_about_html_is_still_a_feed():
    assert read(
        rss(item(1, "Why &lt;html&gt; matters"), head="<description>the &lt;html&gt; tag</description>")
    ).entries


def test_a_feed_without_entries_is_no_error():
    assert read(rss()).entries == ()


def test_a_truncated_feed_gives_the_entries_before_the_cut_fault_29():
    whole = rss(*(item(n) for n in range(10)))
    parsed = read(whole[: whole.index(b"Item 6")])
    assert [e.title for e in parsed.entries][:6] == [f"Item {n}" for n in range(6)]
    assert parsed.warnings[0].startswith("not well-formed")


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("AT&T, S&P and R&D", "AT&T, S&P and R&D"),
        ("Caf&eacute;&nbsp;&hellip; &amp; &#8364;&#x20ac;", "Café … & €€"),
        ("a & b &unknown; c", "a & b &unknown; c"),
        ("<![CDATA[P&G &amp; more]]> & so", "P&G & more & so"),
        ("<![CDATA[a]]><![CDATA[ & b]]>", "a & b"),
    ],
)
def test_a_bare_ampersand_or_an_html_entity_stays_what_it_means_fault_29(raw, title):
    parsed = read(rss(item(1, raw)))
    assert [e.title for e in parsed.entries] == [title]
    assert not any("well-formed" in w for w in parsed.warnings)


def test_entities_that_name_files_or_multiply_do_nothing_fault_29():
    attack = (
        b'<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;">'
        b'<!ENTITY n "&m;&m;&m;&m;&m;&m;&m;&m;&m;">]><rss version="2.0"><channel><item><title>x &a; &n;</title></item></channel></rss>'
    )
    [entry] = read(attack).entries
    assert Path("/etc/hostname").read_text().strip() not in entry.title
    assert len(entry.title) < 100


@pytest.mark.parametrize(
    ("date", "published", "quality"),
    [
        pytest.param("Tue, 24 Nov 2026 07:00:00 -0500", "2026-11-24T12:00", DateQuality.OK, id="RFC 822"),
        pytest.param("Tue, 24 Nov 2026 07:00 EST", "2026-11-24T12:00", DateQuality.OK, id="zone by name"),
        pytest.param(
            "Tue, 24 Nov 2026 12:30:00 CET", "2026-11-24T11:30", DateQuality.OK, id="zone RFC 822 lacks"
        ),
        pytest.param("2026-11-24T10:00:00Z", "2026-11-24T10:00", DateQuality.OK, id="RFC 3339"),
        pytest.param("2026-11-24 10:00:00 +0200", "2026-11-24T08:00", DateQuality.OK, id="with blanks"),
        pytest.param("Seg, 23 Set 2026 10:00:00 -0300", "2026-09-23T13:00", DateQuality.OK, id="Portuguese"),
        pytest.param("03 Apr 02 1500 GMT", "2002-04-03T15:00", DateQuality.OK, id="time without colon"),
        pytest.param("2026-11-24T10:00:00", "2026-11-24T10:00", DateQuality.NAIVE, id="no zone"),
        pytest.param(
            "Tue, 24 Nov 2026 10:00:00 -0000", "2026-11-24T10:00", DateQuality.NAIVE, id="zone not known"
        ),
        pytest.param(
            "Tue, 24 Nov 2026 10:00:00 XYZ", "2026-11-24T10:00", DateQuality.NAIVE, id="zone nobody knows"
        ),
        pytest.param("2026-11-24", "2026-11-24T00:00", DateQuality.NAIVE, id="a day"),
        pytest.param("2026-11-24T12:10:00Z", "2026-11-24T12:10", DateQuality.OK, id="ten minutes ahead"),
        pytest.param(
            "2026-11-24T12:10:01Z",
            "2026-11-24T12:10:01",
            DateQuality.FUTURE,
            id="more than ten minutes ahead",
        ),
        pytest.param("2036-11-24T12:00:00Z", "2036-11-24T12:00", DateQuality.FUTURE, id="ten years ahead"),
        pytest.param("Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00", DateQuality.ANCIENT, id="epoch"),
        pytest.param("1989-12-31T23:59:59Z", "1989-12-31T23:59:59", DateQuality.ANCIENT, id="before 1990"),
        pytest.param("0001-01-01T00:00:00+14:00", None, DateQuality.MISSING, id="before all years"),
        pytest.param("Tue, 31 Feb 2026 10:00:00 GMT", None, DateQuality.MISSING, id="no such day"),
        pytest.param("yesterday", None, DateQuality.MISSING, id="a word"),
        pytest.param("", None, DateQuality.MISSING, id="nothing"),
        pytest.param("9" * 5000, None, DateQuality.MISSING, id="too long"),
    ],
)
def test_a_date_is_read_in_utc_and_judged_fault_27(date, published, quality):
    moment = datetime.fromisoformat(published).replace(tzinfo=UTC) if published else None
    assert judge_date(date, NOW) == (moment, quality)


@pytest.mark.parametrize("date", ["2036-11-24T12:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT", "", "nonsense"])
def test_an_entry_with_a_date_nobody_can_trust_counts_as_published_when_seen_fault_27(date):
    [entry] = read(rss(item(1, pubDate=date))).entries
    assert entry.at == NOW


@given(st.text(max_size=60))
def test_no_date_whatsoever_breaks_the_reader(text):
    found = read_date(text)
    assert found is None or found[0].tzinfo is UTC


@pytest.mark.parametrize(
    ("link", "url"),
    [
        pytest.param("https://site.example/a", "https://site.example/a", id="https"),
        pytest.param("javascript:alert(1)", "", id="javascript"),
        pytest.param("JaVa\tScript:alert(1)", "", id="javascript in disguise"),
        pytest.param("data:text/html,x", "", id="data"),
        pytest.param("tg://resolve?domain=x", "", id="tg"),
        pytest.param("file:///etc/passwd", "", id="file"),
        pytest.param("//cdn.example/x", "https://cdn.example/x", id="without scheme"),
        pytest.param("/path", "https://site.example/path", id="relative"),
        pytest.param("http://[broken", "", id="broken"),
        pytest.param("http://", "", id="no host"),
        pytest.param("https://x.example:99999/", "", id="impossible port"),
    ],
)
def test_only_http_links_survive_fault_34(link, url):
    assert [e.url for e in read(rss(item(1, link=link))).entries] == [url]


def test_a_relative_link_is_resolved_against_the_site_not_the_host_of_the_feed():
    [entry] = read(rss(item(1, link="/x")), url="https://proxy.example/feeds/7").entries
    assert entry.url == "https://site.example/x"
    bare = b"<rss version='2.0'><channel><item><title>a</title><link>x</link></item></channel></rss>"
    assert read(bare, url="https://proxy.example/feeds/7").entries[0].url == "https://proxy.example/feeds/x"


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        pytest.param(
            "&lt;b&gt;Bold&lt;/b&gt; &lt;script&gt;alert(1)&lt;/script&gt;move", "Bold move", id="HTML"
        ),
        pytest.param("evil \u202etxt.exe\u202c \u2066x\u2069", "evil txt.exe x", id="bidi overrides"),
        pytest.param("N\u200bVI\u00adDIA\u2060 \ufeffup", "NVIDIA up", id="zero width"),
        pytest.param("two\nlines\u2028and\ta tab", "two lines and a tab", id="line ends"),
        pytest.param("a\u00a0b&amp;nbsp;c", "a b c", id="no-break spaces"),
        pytest.param("Q&amp;amp;A: 3 &lt; 4 &amp;gt; 2", "Q&A: 3 < 4 > 2", id="comparison signs"),
        pytest.param(
            "family \U0001f468\u200d\U0001f469 ok", "family \U0001f468\u200d\U0001f469 ok", id="emoji joiner"
        ),
    ],
)
def test_a_title_is_one_harmless_line_of_plain_text_fault_34(raw, title):
    assert read(rss(item(1, raw))).entries[0].title == title


@pytest.mark.parametrize(
    ("source", "text"),
    [
        pytest.param("<p>a</p><p>b</p>", "a\nb", id="paragraphs"),
        pytest.param("a\n  b<br>c", "a b\nc", id="source line ends fold"),
        pytest.param(
            "<style>p{}</style><script>x()</script>kept<!-- no -->", "kept", id="scripts and styles"
        ),
        pytest.param("x &lt;y&gt; &amp;amp; &copy;", "x <y> & ©", id="entities"),
        pytest.param("&lt;p&gt;one&lt;/p&gt;&lt;p&gt;two&lt;/p&gt;", "one\ntwo", id="escaped twice"),
        pytest.param("<img src=x onerror=alert(1)>picture", "picture", id="an image"),
        pytest.param("<p>unclosed <b>bold", "unclosed bold", id="unclosed"),
        pytest.param("", "", id="nothing"),
        pytest.param("<frameset>", "", id="no body"),
    ],
)
def test_html_becomes_readable_text(source, text):
    assert plain_text(source, is_html=True) == text


@settings(deadline=None)
@given(st.text(max_size=300), st.booleans())
def test_no_text_whatsoever_breaks_the_cleaning_or_leaves_what_must_not_stay_fault_34(text, is_html):
    result = plain_text(text, is_html=is_html)
    assert clean(result) == result
    assert not any(c < " " and c != "\n" for c in result)
    assert "\n" not in title_line(text, is_html=is_html)


def test_the_longest_of_summary_and_content_is_taken():
    assert (
        read(rss(item(1, description="A long summary with words"))).entries[0].text
        == "A long summary with words"
    )


@pytest.mark.parametrize("is_html", [True, False])
def test_titles_and_texts_are_cut_at_their_limits_fault_30(is_html):
    assert len(title_line("word " * 50_000, is_html=is_html)) <= MAX_TITLE
    assert len(plain_text("word " * 50_000, is_html=is_html)) <= MAX_TEXT
    assert len(plain_text("x" * 500_000, is_html=is_html)) == MAX_TEXT


def test_deeply_nested_html_is_read_flat_without_building_its_tree_fault_30(monkeypatch):
    monkeypatch.setattr("bot.sources.plain.LexborHTMLParser", None)
    assert plain_text("<div>" * 60_000 + "deep</div>", is_html=True) == "deep"


def test_only_the_first_items_of_a_huge_feed_are_read_fault_30():
    parsed = read(rss(*(f"<item><title>t{n}</title></item>" for n in range(50_000))))
    assert [e.title for e in parsed.entries] == [f"t{n}" for n in range(MAX_ENTRIES)]
    assert parsed.warnings == ("only the first 2,000 items were read",)


def test_the_same_item_is_the_same_entry_and_an_edit_is_a_revision_of_it():
    before = read(rss(item(1, description="old"))).entries[0]
    after = read(rss(item(1, description="new"))).entries[0]
    assert before.id == after.id
    assert before.content != after.content
    assert read(rss(item(1)), id="other").entries[0].id != before.id


def test_after_a_change_of_all_guids_entries_still_share_link_and_content_fault_24():
    old = read(rss(*(item(n) for n in range(30)))).entries
    new = read(rss(*(item(n, guid=f"cms2-{n}") for n in range(30)))).entries
    assert not {e.id for e in old} & {e.id for e in new}
    assert [(e.url, e.content) for e in old] == [(e.url, e.content) for e in new]


def test_without_a_guid_the_link_tells_items_apart_and_without_a_link_their_words_do():
    linked = read(rss(item(1, guid=""), item(2, guid=""))).entries
    assert [e.guid for e in linked] == ["https://site.example/1", "https://site.example/2"]
    bare = read(rss(item(1, "a", guid="", link=""), item(2, "b", guid="", link=""))).entries
    assert len({e.id for e in bare}) == 2
    assert [e.id for e in read(rss(item(9, "b", guid="", link=""))).entries] == [bare[1].id]


def test_a_guid_that_stands_at_different_items_identifies_none_of_them():
    entries = read(rss(item(1, guid="0"), item(2, guid="0"))).entries
    assert [e.guid for e in entries] == ["https://site.example/1", "https://site.example/2"]
    assert len(read(rss(item(1), item(1))).entries) == 1


def test_an_item_that_says_nothing_is_left_out_with_a_warning():
    parsed = read(rss("<item><guid>x</guid></item>", item(1)))
    assert len(parsed.entries) == 1
    assert parsed.warnings == ("left out 1 items with neither title nor text",)


def test_a_guid_that_is_no_address_is_not_taken_for_a_link():
    assert read(rss(item(1, link="", guid="12345"))).entries[0].url == ""


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pw@a.example:8443/x?token=abc&q=1#f", "https://a.example:8443/x?token=…&q=…"),
        ("http://[::1]:80/?secret", "http://[::1]:80/?…"),
        ("https://a.example/plain", "https://a.example/plain"),
        ("javascript:secret", "javascript:…"),
        ("http://[broken", "(a URL that can't be read)"),
        ("http://a.example:secret/", "(a URL that can't be read)"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url, shown):
    assert show_url(url) == shown


@given(st.text(max_size=80))
def test_a_link_is_a_web_address_or_nothing_fault_34(text):
    assert web_url(text, "https://a.example/").startswith(("http://", "https://")) or not web_url(
        text, "https://a.example/"
    )
