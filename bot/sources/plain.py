"""Turns the text of feeds, HTML or not, into plain text that is safe to match and to show."""

from __future__ import annotations

import html
import re

from selectolax.lexbor import LexborHTMLParser

from bot.text import one_line, shorten

MAX_TITLE = 500
MAX_TEXT = 20_000

_MAX_HTML = 400_000  # characters looked at; what is shown of it is MAX_TEXT
_MAX_TAGS = 4_000  # lexbor's time grows with the square of the nesting: 4,000 deep 20 ms, 20,000 deep 500 ms
_BREAK = "\ufdd0"  # a noncharacter: no text holds it, and it is no white space
_BLOCKS = (
    "address,article,aside,blockquote,br,dd,div,dl,dt,figcaption,figure,footer,form,h1,h2,h3,h4,h5,h6,header,hr,"
    "li,main,nav,ol,p,pre,section,table,tr,ul"
)
_DROPPED = [
    "script",
    "style",
    "head",
    "noscript",
    "template",
    "iframe",
    "object",
    "svg",
    "math",
    "textarea",
    "select",
]

_LINE_ENDS = re.compile("[\x0b\x0c\r\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
# Invisible or direction-changing: soft hyphen, zero width, bidi marks, embeddings, overrides and isolates,
# interlinear annotations, tag characters, lone surrogates. A joiner stays where it builds an emoji.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufdd0-\ufdef\ufff9-\ufffb\uffff\ud800-\udfff\U000e0000-\U000e007f]|\u200d(?![\u2640-\u27bf\U0001f000-\U0001faff])"
)
_TAG = re.compile(r"<[!/a-zA-Z?][^<>]*>")
_MARKUP = re.compile(
    r"</(?:a|abbr|b|blockquote|code|div|em|font|h[1-6]|i|li|ol|p|pre|script|small|span|strong|style|sub|sup|td|u|ul)\s*>"
    r"|<(?:br|hr|p|img\s[^<>]*)\s*/?>",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """Text without control, invisible and direction-changing characters; line ends become newlines."""
    return _HIDDEN.sub("", _CONTROLS.sub(" ", _LINE_ENDS.sub("\n", text)))


def looks_like_markup(text: str) -> bool:
    """Whether text holds HTML tags that can't be meant for reading."""
    return _MARKUP.search(text) is not None


def plain_text(value: str, *, is_html: bool, limit: int = MAX_TEXT) -> str:
    """Plain text with a newline between blocks.

    HTML that was escaped once too often is converted as well, and so is HTML that calls itself plain text.
    """
    text = value[:_MAX_HTML]
    for _ in range(2):
        if is_html or looks_like_markup(text):
            text = _strip(text)
        is_html = False
    return shorten(_tidy(clean(html.unescape(text))), limit)


def title_line(value: str, *, is_html: bool) -> str:
    """A title: plain text in one line."""
    return one_line(plain_text(value, is_html=is_html, limit=MAX_TITLE))


def _strip(source: str) -> str:
    """The text of HTML, its own line ends folded and its blocks in lines."""
    source = source.replace(_BREAK, " ")
    if source.count("<") > _MAX_TAGS:
        text = html.unescape(_TAG.sub(_BREAK, source))
    else:
        tree = LexborHTMLParser(source)
        tree.strip_tags(_DROPPED)
        for block in tree.css(_BLOCKS):
            block.insert_before(_BREAK)
            block.insert_after(_BREAK)
        for cell in tree.css("td,th"):
            cell.insert_before(" ")
        text = tree.body.text() if tree.body is not None else ""
    return "\n".join(one_line(part) for part in text.split(_BREAK))


def _tidy(text: str) -> str:
    lines = (one_line(line) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
