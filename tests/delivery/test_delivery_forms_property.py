"""Whatever a feed writes, other services show it as text: no tag, no link and no style but the card's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from card_scene import NOW
from hostile import EXAMPLES, alive, in_each_language, linked, steering, strange
from hostile_news import NAMES, alerts, entries, stories
from hypothesis import given
from hypothesis import strategies as st
from mail import note, subscriber
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.delivery.forms import Form, Room, compose, draw, headline
from bot.delivery.render import card, reply
from bot.delivery.roundup import roundup
from bot.delivery.sheet import clean
from bot.model import AlertKind, Card, DigestDue, EntityKind, Held, Notification, Reason

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # it would hide what failed
ME = subscriber("desk", channel="apprise")
WIDE, SMALL = Room(title=0, body=50_000), Room(title=120, body=700, measure=lambda text: len(text.encode()))
COMMON = MarkdownIt("commonmark").enable("strikethrough")
STYLES = {
    EntityKind.BOLD: "b",
    EntityKind.ITALIC: "i",
    EntityKind.STRIKE: "s",
    EntityKind.CODE: "code",
    EntityKind.LINK: "a",
}


@st.composite
def notes(data: st.DrawFn) -> Callable[[], list[Notification]]:
    """Draws a card, a reply and a digest about the same news, in the language that is spoken when it is called."""
    entry = data(entries())
    new, answer, story, names = (
        data(alerts(entry, AlertKind.NEW)),
        data(alerts(entry, AlertKind.REPLY)),
        data(stories(entry)),
        data(NAMES),
    )
    held = Held(subscriber_id=ME.id, alert=new, reason=Reason.MUTED, at=NOW)
    due = DigestDue(
        subscriber=ME, held=(held,), stories={new.story_id: story}, known=frozenset(), is_regular=True
    )

    def made() -> list[Notification]:
        return [
            note("n", ME, card(new, story, entry, names=names, now=NOW), level=new.level),
            note("r", ME, reply(answer, story, entry, now=NOW), kind=AlertKind.REPLY, level=new.level),
            note("d", ME, roundup(due, names=names, now=NOW)[0], level=new.level),
        ]

    return made


class Page(HTMLParser):
    """What a browser shows, which elements it makes and where they lead."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.tags, self.values, self.odd = "", set[str](), set[str | None](), list[str]()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.values |= {value for _, value in attrs}
        self.text += "\n" if tag == "br" else ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def tokens(text: str) -> list[Token]:
    """Blocks and what is in them."""
    return [t for block in COMMON.parse(text) for t in (block, *(block.children or ()))]


def shown(found: list[Token]) -> str:
    return "".join(
        "\n" if t.type in ("hardbreak", "softbreak") else t.content for t in found if t.type != "inline"
    )


def strong(found: list[Token]) -> list[str]:
    """What is shown bold, in pieces."""
    parts, depth = [], 0
    for token in found:
        depth += token.nesting if token.type.startswith("strong") else 0
        parts += [token.content] if depth and token.type == "text" and token.content.strip() else []
    return parts


def plain(text: str) -> str:
    """Without blanks at the edges of lines, which Markdown does not show."""
    return "\n".join(re.sub("[ \t]+", " ", line).strip() for line in text.split("\n"))


@EXAMPLES
@given(notes())
def test_html_has_the_cards_own_words_tags_and_links_and_no_others(made):
    def check() -> None:
        for one in made():
            page = Page(draw(one.card, Form.HTML))
            assert page.odd == []
            assert page.text == one.card.text
            assert page.tags <= {*(STYLES[e.kind] for e in one.card.entities), "br"}
            assert page.values <= set(linked(one.card))

    in_each_language(check)


@EXAMPLES
@given(notes())
def test_markdown_has_the_cards_own_words_styles_and_links_and_no_others(made):
    def check() -> None:
        for one in made():
            found = tokens(draw(one.card, Form.MARKDOWN))
            blocks = {t.type for t in found if t.block}
            assert blocks == {"paragraph_open", "inline", "paragraph_close"}
            assert plain(shown(found)) == plain(one.card.text)
            kinds = {t.type.removesuffix("_open") for t in found if t.nesting == 1 and not t.block}
            assert kinds <= {"strong", "em", "s", "link"}
            assert {str(t.attrGet("href")) for t in found if t.type == "link_open"} <= {
                COMMON.normalizeLink(u) for u in linked(one.card)
            }
            bold = [one.card.text[e.start : e.end] for e in one.card.entities if e.kind is EntityKind.BOLD]
            assert all(any(part in plain(words) for words in bold) for part in strong(found))

    in_each_language(check)


@EXAMPLES
@given(notes(), st.sampled_from(Form), st.sampled_from([WIDE, SMALL]), strange(4))
def test_a_message_fits_is_one_titled_line_and_brings_nothing_to_life(made, form, room, about):
    def check() -> None:
        for one in made():
            message = compose(one, form, room, about=headline(Card(text="x\n" + clean(about))))
            assert room.measure(message.body) <= room.body
            assert len(message.title) <= room.title
            assert message.title.splitlines() in ([], [message.title])
            text = message.body
            if form is not Form.TEXT:
                text = Page(text).text if form is Form.HTML else shown(tokens(text))
            for url in sorted(linked(one.card), key=len, reverse=True):  # it is written out at the end
                text = text.replace(url, " ")
            assert steering(text) == steering(message.title) == []
            assert [f for f in alive(f"{text}\n{message.title}") if "zap" in f.casefold()] == []

    in_each_language(check)


@pytest.mark.parametrize("form", [Form.HTML, Form.MARKDOWN])
def test_the_parsers_would_see_what_they_look_for(form):
    assert Page("<b>x</b><!-- y -->").odd == [" y "]
    assert Page("<a href='u'>x</a>").values == {"u"}
    assert {"link_open", "heading_open", "html_inline"} <= {t.type for t in tokens("# x\n\n[x](u) <b>")}
    assert draw(Card(text="<b> [x](u)"), form) != "<b> [x](u)"
