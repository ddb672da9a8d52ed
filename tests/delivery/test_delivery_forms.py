"""A card in the form of each service: plain text, Markdown, HTML; cut, escaped, with its link."""

from __future__ import annotations

from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from card_scene import NOW, begun, names, told, wire
from hypothesis import given
from hypothesis import strategies as st
from mail import note, subscriber

from bot.delivery.forms import Form, Room, compose, draw
from bot.delivery.render import card, reply
from bot.errors import RejectedError
from bot.model import AlertKind, Card, EntityKind, Entry, Notification, Polarity, Reason, Severity, TextEntity

ROOM = Room(title=0, body=5000)
TITLED = Room(title=250, body=5000)
ME = subscriber("desk", channel="apprise")


def news(of: Entry | None = None, **more: Any) -> Notification:
    entry = of or wire()
    drawn = card(told(entry, **more), begun(entry), entry, names=names, now=NOW)
    return note("n", ME, drawn, level=Severity.HIGH)


def denial() -> Notification:
    entry = wire(title="Meta denies plan to sell compute", text="", url="https://wire.example/denial")
    alert = told(
        entry, evidence="denies", kind=AlertKind.REPLY, reason=Reason.DENIED, polarity=Polarity.DENIED
    )
    return note(
        "r", ME, reply(alert, begun(entry), entry, now=NOW), kind=AlertKind.REPLY, level=Severity.HIGH
    )


def test_plain_text_has_the_headline_as_title_and_the_address_at_the_end():
    message = compose(news(), Form.TEXT, TITLED)
    assert message.title == "HIGH · Meta weighs selling surplus AI compute to outsiders"
    assert message.body.splitlines() == [
        "HIGH · considering · sourced",
        "“The company is exploring selling excess computing capacity, people familiar with the matter said.” "
        "(Example Wire)",
        "Exposed: CRWV, NBIS (competes) · NVDA (demand) · MU, SK Hynix (via NVDA)",
        "Rule: Meta sells surplus compute",
        "2 independent origins, 9 copies · published 18:02 · seen 18:03 UTC · rev 2",
        "https://wire.example/meta",
    ]


def test_without_a_title_the_headline_stays_in_the_text():
    message = compose(news(), Form.TEXT, ROOM)
    assert message.title == ""
    assert message.body.splitlines()[:2] == [
        "HIGH · considering · sourced",
        "Meta weighs selling surplus AI compute to outsiders",
    ]


def test_markdown_keeps_bold_words_and_the_link_without_a_preview():
    lines = compose(news(), Form.MARKDOWN, ROOM).body.split("  \n")
    assert lines[0] == "**HIGH · considering · sourced**"
    assert lines[1] == (
        "[**Meta weighs selling surplus AI compute to outsiders**](<https://wire.example/meta>)"
    )
    assert "**exploring selling excess computing capacity**, people" in lines[2]


def test_html_keeps_bold_words_and_the_link():
    lines = compose(news(), Form.HTML, ROOM).body.split("<br/>")
    assert lines[0] == "<b>HIGH · considering · sourced</b>"
    assert lines[1] == (
        '<a href="https://wire.example/meta"><b>Meta weighs selling surplus AI compute to outsiders</b></a>'
    )
    assert lines[-1].startswith("2 independent origins")


def test_a_mail_shows_the_address_too_for_those_who_read_plain_text():
    body = compose(news(), Form.HTML, TITLED).body
    assert body.endswith('<br/><a href="https://wire.example/meta">https://wire.example/meta</a>')


def test_evidence_inside_the_headline_is_bold_in_one_link():
    entry = wire()
    body = compose(news(entry, evidence="selling surplus AI compute"), Form.MARKDOWN, ROOM).body
    assert "[Meta weighs **selling surplus AI compute** to outsiders](<https://wire.example/meta>)" in body


@pytest.mark.parametrize("form", list(Form))
def test_a_reply_quotes_the_headline_that_it_is_about(form: Form):
    message = compose(denial(), form, ROOM, about="Meta weighs selling surplus AI compute")
    lines = message.body.replace("<br/>", "\n").replace("  \n", "\n").splitlines()
    assert "DENIED" in lines[0]
    assert "Meta" in lines[0]
    assert lines[1] == "About “Meta weighs selling surplus AI compute”"
    assert "https://wire.example/denial" in message.body


def test_a_reply_with_a_title_says_there_what_is_new():
    message = compose(denial(), Form.TEXT, TITLED, about="Meta weighs selling surplus AI compute")
    assert message.title == "DENIED · Meta denies plan to sell compute"
    assert message.body.splitlines()[0] == "About “Meta weighs selling surplus AI compute”"


def test_a_reply_whose_card_never_arrived_is_about_nothing():
    assert "About" not in compose(denial(), Form.TEXT, ROOM).body


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        pytest.param("[gift](https://evil.example)", "\\[gift\\](https", id="link"),
        pytest.param("**Fed** _cuts_ `rates`", "\\*\\*Fed\\*\\* \\_cuts\\_ \\`rates\\`", id="style"),
        pytest.param(
            "<!channel> ~~no~~ ||hidden||", "\\<!channel\\> \\~\\~no\\~\\~ \\|\\|hidden\\|\\|", id="chat"
        ),
        pytest.param("AT&amp;T and &#60;", "AT\\&amp;T and \\&#60;", id="entity"),
    ],
)
def test_a_feed_writes_no_markdown(title: str, shown: str):
    body = compose(news(wire(title=title)), Form.MARKDOWN, ROOM).body
    assert shown in body.replace("\u2060", "").split("  \n")[1]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        pytest.param("# Big", "\\# Big", id="heading"),
        pytest.param("1. one", "1\\. one", id="list"),
        pytest.param("  - one", "  \\- one", id="bullet"),
        pytest.param("3.5% less", "3\\.5% less", id="a number, harmless"),
    ],
)
def test_a_line_begins_no_heading_or_list(line: str, shown: str):
    assert compose(note("n", ME, line), Form.MARKDOWN, ROOM).body == shown


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        pytest.param(
            "Meta出售“算力”的计划", "“算力”", "Meta出售“算力”的计划", id="marks that would be shown"
        ),
        pytest.param("出售算力的", "算力", "出售**算力**的", id="letters on both sides"),
        pytest.param("a (3%) fall", "(3%)", "a **(3%)** fall", id="blanks around"),
        pytest.param("falls 3%", "3%", "falls **3%**", id="at the end"),
    ],
)
def test_words_are_bold_in_markdown_where_its_marks_work(text: str, words: str, shown: str):
    start = text.index(words)
    card = Card(text=text, entities=(TextEntity(EntityKind.BOLD, start, start + len(words)),))
    assert draw(card, Form.MARKDOWN) == shown


def test_a_feed_writes_no_html():
    body = compose(news(wire(title="<script>x</script> & \"q\" <a href='e'>")), Form.HTML, ROOM).body
    assert "&lt;script&gt;x&lt;/" in body
    assert "<script" not in body
    assert "<a href='e'" not in body


class Reading(HTMLParser):
    """Collects what a browser would show, and which elements it would make."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: set[str] = set()
        self.links: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links |= {value for _, value in attrs}
        if tag == "br":
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += data


STYLES = [EntityKind.BOLD, EntityKind.ITALIC, EntityKind.STRIKE, EntityKind.CODE]


@st.composite
def cards(make: st.DrawFn) -> Card:
    text = make(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n<>&*_`[]()#"), min_size=1)
    )
    spans = make(
        st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)), st.sampled_from(STYLES)))
    )
    styles = tuple(TextEntity(kind, min(a, b), max(a, b)) for a, b, kind in spans if a != b)
    link = TextEntity(EntityKind.LINK, 0, len(text), 'https://wire.example/a?b=1&c="<')
    return Card(text=text, entities=(*styles, link))


@given(cards())
def test_html_shows_the_text_and_nothing_else(drawn: Card):
    page = Reading()
    page.feed(draw(drawn, Form.HTML))
    page.close()
    assert page.text == drawn.text
    assert page.tags <= {"b", "i", "s", "code", "a", "br"}
    assert page.links <= {'https://wire.example/a?b=1&c="<'}


@given(cards(), st.sampled_from(list(Form)), st.integers(120, 400), st.integers(0, 80))
def test_nothing_is_longer_than_the_service_takes(drawn: Card, form: Form, body: int, title: int):
    made = note("n", ME, drawn)
    room = Room(title=title, body=body, measure=lambda text: len(text.encode()))
    if not drawn.text.strip():
        with pytest.raises(RejectedError):
            compose(made, form, room)
        return
    message = compose(made, form, room)
    assert len(message.body.encode()) <= body
    assert len(message.title) <= title
    assert "\n" not in message.title


def test_what_is_too_long_ends_with_a_sentence_and_keeps_the_address():
    text = "A short first sentence. " + "And a second one that is much too long for it, with many words."
    drawn = Card(
        text=f"HIGH\nHead\n{text}", entities=(TextEntity(EntityKind.LINK, 5, 9, "https://a.example/"),)
    )
    body = compose(note("n", ME, drawn), Form.TEXT, Room(title=0, body=60)).body
    assert body == "HIGH\nHead\nA short first sentence.\nhttps://a.example/"


def test_an_address_that_would_leave_no_room_for_news_is_left_out():
    url = "https://a.example/" + "x" * 200
    drawn = Card(text="HIGH\nHead", entities=(TextEntity(EntityKind.LINK, 5, 9, url),))
    assert compose(note("n", ME, drawn), Form.TEXT, Room(title=0, body=160)).body == "HIGH\nHead"


def test_a_card_without_text_is_rejected():
    with pytest.raises(RejectedError):
        compose(note("n", ME, " \n"), Form.TEXT, ROOM)


def test_a_headline_with_nothing_beside_it_stays_in_the_text():
    message = compose(note("n", ME, "\nHead", level=Severity.HIGH), Form.TEXT, TITLED)
    assert (message.title, message.body.strip()) == ("HIGH · Head", "Head")


def test_half_a_character_is_replaced():
    body = compose(note("n", ME, "Meta \ud83d sells"), Form.HTML, ROOM).body
    assert unescape(body) == "Meta \ufffd sells"
