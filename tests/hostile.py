"""What strangers may write, and what every message of the bot must be whatever they wrote; for property tests.

`strange` draws texts with all that could do harm. Each holds marks ("zap") by which `message` finds out whether
something of it came to life, and "ZAPLINE" where it tries to start a line of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from random import Random

from bot_api_checks import MAX_CAPTION, MAX_UNITS, check_message, check_results, check_toast, units
from hypothesis import Phase, settings
from hypothesis import strategies as st

from bot.delivery.answers import article
from bot.delivery.finds import Offer
from bot.delivery.replies import Reply
from bot.delivery.telegram import Draft, compose
from bot.locale import languages, speaking
from bot.model import Card, EntityKind

EXAMPLES = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # shrinking whole worlds takes longer than a test may
)
KEPT = "\n\u200c\u200d\u2060"  # control and format characters that a message may hold

_LIVE = [
    "@zapper", "/zap", "/zap@zap_bot", "//zap", "zap.com", "https://zap.example/a?b=c", "http://zap.io:81/x", "zap@zap.com",
    "tg://zap", "tg://resolve?domain=zap", "ton://zap", "ftp://zap.org", "t.me/zap", "zap.рф", "zap.भारत", "☕zap.com",
    "http://1.2.3.4/zap", "1.2.3.4:80/zap", "www.zap.co.uk", "xn--zap.xn--p1ai", "zap.COM.", "http://-zap.com", "//~zap.net",
]  # fmt: skip
_MARKUP = [
    "<b>zap</b>", "<script>zap()</script>", "<a href='https://zap.com'>zap</a>", "**zap**", "__zap__", "`zap`", "~~zap~~",
    "[zap](https://zap.com)", "![zap](//zap.com)", "&lt;b&gt;", "&#60;", "# zap", "- zap", "> zap", "```", "||zap||", "<!channel>",
    "{name}", "{0}", "{", "}", "%s", "\\", "<zap@zap.com>", "<https://zap.com>", "1. zap", "===", "---", "| zap |", "$x$",
]  # fmt: skip
_BREAKS = [f"x{c}ZAPLINE" for c in ("\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029")]
_SIGNS = [
    "", " ", "\t", "\xa0", "\u3000", "\u2800", "\0", "\x1b[31m", "\u202e", "\u2066", "\u200f", "\ufeff", "\u200b", "\u200d", "\u2060",
    "\ud83d", "\udc00", "👩\u200d💻", "👨‍👩‍👧‍👦", "🇺🇸", "👍🏽", "✔\ufe0f", "e" + "\u0301" * 9, "a\u030a", "ميتا", "שלום", "字" * 20,
    "\U000e0067\U000e0062", "ﷺ", "𝔐𝔢𝔱𝔞", "ß", "İ", "ǆ", "Ⅷ", "½", "…", "“", "”", "·", "z" * 400, "🔥" * 90, "word " * 60, ". ",
    "CRITICAL · confirmed · filing", "Meta weighs selling surplus AI compute. ", "Nvidia", "#zap", "$ZAP",
]  # fmt: skip


_LONG = [
    "🔥" * 320,
    "Meta 🔥🔥🔥🔥 " * 35,
    "z" * 350,
    ("ش" * 9 + " ") * 35,
    "e\u0301\u0301" * 120,
    "Some news. " * 35,
]


def strange(pieces: int = 6) -> st.SearchStrategy[str]:
    """What a feed, a name or a person may hold: any character, and all that is known to do harm.

    A text is made from one drawn number: a world has dozens of texts, which hypothesis would else make alike.
    """
    return st.integers(0, 2**40).map(lambda seed: _strange(Random(seed), pieces))


def _strange(dice: Random, pieces: int) -> str:
    if dice.random() < 0.1:
        return dice.choice(_LONG)
    parts = []
    for _ in range(dice.randint(0, pieces)):
        known = dice.choice(dice.choice([_LIVE, _LIVE, _MARKUP, _BREAKS, _SIGNS]))
        most = dice.choice([0x7F, 0x24F, 0x2FFF, 0xFFFF, 0x10FFFF])
        free = "".join(chr(dice.randint(0, most)) for _ in range(dice.randint(1, 8)))
        parts += [
            known if dice.random() < 0.7 else free,
            dice.choice(["", " ", " ", " ", ".", "/", "@", "-", "("]),
        ]
    return "".join(parts)


ADDRESSES = st.sampled_from(
    [
        "https://wire.example/meta", "http://a.example:8080/x?y=1&z=<b>\"'", "https://bücher.example/ü", "https://1.2.3.4/x",
        "https://www.example.com/?q=%E2%82%AC#top", "", "javascript:alert(1)", "tg://resolve?domain=zap", "https://localhost/x",
        "https://a@b.example/", "https://a.example:99999/", "https://a.example:0/", "https://a.example:x/", "https://a.example:/",
        "https://a|b.example/", 'https://a"b.example/', "https://a<b>.example/", "https://a.example\\@b.example/", "https://[::1",
        "https://[::1]/", "https://[::1.2.3.4]/x", "https://./", "https://.example/", "https://a.example/\u202e", "https://a.example/\ud800",
        "https://a.example/ x", "https://a b.example/", "https:///x.example", "//a.example/x", "mailto:zap@zap.com", "https://a%zz.example/",
        "https://a.example/" + "x" * 2100, "http://x.example/(zap)[zap]", "HTTPS://UPPER.EXAMPLE/", "https://a..example/", "https://*.example/",
    ]
)  # fmt: skip
"""Addresses as feeds give them, good and bad."""


def in_each_language(check: Callable[[], object]) -> None:
    """Do it in every language that the bot speaks."""
    for language in languages():
        with speaking(language):
            check()


def message(card: Card, *, most: int = MAX_UNITS, links: Collection[str] | None = None) -> Draft:
    """A card as Telegram gets it: accepted, whole, and with nothing in it that a stranger brought to life.

    Args:
        card: As it was drawn.
        most: UTF-16 units.
        links: Addresses that it may lead to; any that are accepted where it is None.
    """
    draft = compose(card, most)
    entities = [e.to_dict() for e in draft.entities]
    markup = draft.keyboard.to_dict() if draft.keyboard else None
    problem = check_message(draft.text, entities, markup, most)
    assert not problem, (problem, draft)
    assert units(card.text) <= most, "it had to be cut by force"
    assert draft.text == card.text
    assert len(draft.entities) == len(card.entities), "an entity was lost"
    for mine, theirs in zip(card.entities, entities, strict=True):
        assert 0 <= mine.start < mine.end <= len(card.text)
        assert _covered(draft.text, theirs) == card.text[mine.start : mine.end]
        assert theirs.get("url", "") == mine.url
    rows = [len(row) for row in card.buttons if row]
    assert rows == [len(row) for row in (markup or {}).get("inline_keyboard", [])], "a button was lost"
    if links is not None:
        buttons = [b.url for row in card.buttons for b in row if b.url]
        assert {*(e.url for e in card.entities if e.url), *buttons} <= set(links)
    harmless(draft.text, entities)
    for label in (b.label for row in card.buttons for b in row):
        assert steering(label) == [], label
    return draft


def caption(card: Card) -> Draft:
    """The same for the words under a picture."""
    return message(card, most=MAX_CAPTION)


def answer(reply: Reply) -> list[Card]:
    """All that a reply consists of; there is at least something to be shown."""
    assert reply.cards or reply.toast, "no answer"
    assert check_toast(reply.toast or None) == ""
    for n, card in enumerate(reply.cards):
        caption(card) if reply.picture and n == 0 else message(card)
    return list(reply.cards)


def offered(offers: Iterable[Offer]) -> None:
    """What inline mode answers with, as Telegram gets it."""
    found = list(offers)
    results = [article(offer).to_dict() for offer in found]
    assert check_results(results) == ""
    for offer in found:
        message(offer.card)
        assert steering(offer.title) == steering(offer.description) == []
        assert "\n" not in offer.title + offer.description


def harmless(text: str, entities: Collection[dict[str, object]] = ()) -> None:
    """Nothing of a stranger's came to life, began a line, or hides or steers what stands around it."""
    live = [found for found in alive(text, entities) if "zap" in found.casefold()]
    assert live == [], live
    assert text.splitlines() == text.split("\n"), "a line was broken by another sign"
    assert not any(line.lstrip().startswith("ZAPLINE") for line in text.split("\n"))
    assert steering(text) == []


def steering(text: str) -> list[str]:
    """Characters that hide, reorder or paint over others."""
    found = [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in KEPT]
    return found + re.findall("[\u0300-\u036f]{5,}", text)


_MENTION = re.compile(r"(?<!\w)@[A-Za-z0-9_]{2,32}(?!\w)")
_COMMAND = re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])")
_WITHIN = re.compile(r"(?:tg|ton|tonsite)://[A-Za-z0-9_-]+\S*", re.IGNORECASE)
_SIGN = "[A-Za-z0-9._~-]|[^\x00-\xbf\\s\u1680\u2000-\u200b\u200e\u200f\u2016-\u206f]"
_HOST, _REST = re.compile(f"(?:{_SIGN})+"), re.compile(r"(?:[:/?#][^\s<>\"\u2060]*)?")
_NUMBERS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}", re.ASCII)


def alive(text: str, entities: Collection[dict[str, object]] = ()) -> Iterator[str]:
    """What Telegram would by itself make a name to ping, a command to tap or an address to open.

    Within a link or code of ours it makes nothing. Any word behind a dot counts as the end of an address here.
    Hashtags and cashtags, which only look for others of the kind, are left out.
    Source: tdlib, MessageEntity.cpp, what find_entities looks for.
    """
    kept = [_covering(text, e) for e in entities if e["type"] in ("text_link", "code")]

    def is_free(found: re.Match[str]) -> bool:
        return not any(start < found.end() and found.start() < end for start, end in kept)

    for pattern in (_MENTION, _COMMAND, _WITHIN):
        yield from (found[0] for found in pattern.finditer(text) if is_free(found))
    for found in _HOST.finditer(text):
        host = found[0].strip(".")
        parts = host.split(".")
        end = parts[-1]
        is_named = (
            end[:1].isalpha()
            and len(end) > 1
            and (end.startswith("xn--") or not set(end) & set("0123456789_~-"))
        )
        is_whole = (len(parts) > 1 and all(parts) and is_named) or _NUMBERS.fullmatch(host)
        if is_whole and is_free(found):
            yield found[0] + (_REST.match(text, found.end()) or [""])[0]


def _covered(text: str, entity: dict[str, object]) -> str:
    start, end = _covering(text, entity)
    return text[start:end]


def _covering(text: str, entity: dict[str, object]) -> tuple[int, int]:
    """An entity's offsets in characters."""
    raw, start = text.encode("utf-16-le"), int(str(entity["offset"]))
    ends = (start, start + int(str(entity["length"])))
    first, last = (len(raw[: 2 * at].decode("utf-16-le")) for at in ends)
    return first, last


def linked(card: Card) -> list[str]:
    """The addresses behind words."""
    return [e.url for e in card.entities if e.kind is EntityKind.LINK]
