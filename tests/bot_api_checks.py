"""What Telegram checks, for the stand-in in `bot_api`.

Each `check_…` returns the description of a status 400, or an empty string.
"""

from __future__ import annotations

import json
import math
import re
import struct
import unicodedata
import zlib
from collections import defaultdict, deque
from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations
from typing import Any
from urllib.parse import urlsplit

MAX_UNITS, MAX_CAPTION, MAX_ENTITIES, MAX_DATA_BYTES = 4096, 1024, 100, 64
MAX_PHOTO, MAX_SIDES, MAX_RATIO = 10 * 1024 * 1024, 10_000, 20
MAX_RESULTS = 50  # of an inline query
MAX_ROW, MAX_BUTTONS = 8, 100
MAX_TOAST, MAX_COMMANDS, MAX_DESCRIPTION = 200, 100, 256
ENTITY_TYPES = frozenset(
    "mention hashtag cashtag bot_command url email phone_number bold italic underline strikethrough spoiler "
    "blockquote expandable_blockquote code pre text_link text_mention custom_emoji".split()
)
STYLES = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
SOLE = frozenset({"code", "pre"})  # with nothing in them, and in nothing
_HOST = re.compile(r"[A-Za-z0-9._~-]*(?:[^\x00-\x7f][A-Za-z0-9._~-]*)*")
_BLANKS = "\u2800\u3164\uffa0\u115f\u1160\ufffc"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def units(text: str) -> int:
    """UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def field(params: dict[str, Any], name: str) -> Any:
    """A parameter that may come as JSON in a string, as forms send it."""
    value = params.get(name)
    return json.loads(value) if isinstance(value, str) else value


def flag(params: dict[str, Any], name: str) -> bool:
    return params.get(name) in (True, "true", "True", "1", 1)


def is_blank(text: str) -> bool:
    """Whether nothing of it shows: blanks, also those that count as signs, and characters without a shape."""
    return all(c.isspace() or c in _BLANKS or unicodedata.category(c) in ("Cc", "Cf") for c in text)


def _is_broken(text: str) -> bool:
    """Whether half a character is in it."""
    return any(0xD800 <= ord(c) <= 0xDFFF for c in text)


def check_text(text: Any, most: int = MAX_UNITS) -> str:
    if not isinstance(text, str) or is_blank(text):
        return "message text is empty"
    if _is_broken(text):
        return "strings must be encoded in UTF-8"
    what = "message caption" if most == MAX_CAPTION else "message"
    return f"{what} is too long" if units(text) > most else ""


def a_png(width: int, height: int) -> bytes:
    """A grey picture of this size."""

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


def size_of(photo: bytes) -> tuple[int, int]:
    """Width and height of a PNG that is whole: every part with its checksum, from the head to the end.

    Raises:
        ValueError: It is not.
    """
    if photo[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no PNG")
    at, kinds, size = 8, [], (0, 0)
    while at < len(photo):
        if len(photo) < at + 12:
            raise ValueError("cut off")
        length, kind = struct.unpack(">I4s", photo[at : at + 8])
        body = photo[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", photo[at + 8 + length : at + 12 + length].ljust(4, b"\0"))
        if checksum != zlib.crc32(kind + body):
            raise ValueError("damaged")
        size = struct.unpack(">II", body[:8]) if kind == b"IHDR" else size
        kinds.append(kind)
        at += 12 + length
    if not kinds or (kinds[0], kinds[-1]) != (b"IHDR", b"IEND"):
        raise ValueError("cut off")
    return size


def check_photo(photo: bytes) -> str:
    """A file that Telegram takes as a photo; the stand-in knows PNG only."""
    if not photo:
        return "there is no photo in the request"
    if len(photo) > MAX_PHOTO:
        return "file is too big"
    try:
        width, height = size_of(photo)
    except ValueError:
        return "IMAGE_PROCESS_FAILED"
    low, high = sorted((width, height))
    return "PHOTO_INVALID_DIMENSIONS" if low < 1 or low + high > MAX_SIDES or high > MAX_RATIO * low else ""


def check_link(url: Any, schemes: Collection[str] = ("http", "https", "tg")) -> str:
    """An address that may be opened: of the web with a host that can be one, or within Telegram.

    Source: what core.telegram.org/bots/api#inlinekeyboardbutton calls an HTTP or tg:// URL, and the refusals of
    its library ("Wrong HTTP URL", "Wrong port number", "Disallowed character in URL host").
    """
    if not isinstance(url, str) or not url or _is_broken(url):
        return "is no address"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "has a wrong port or host"
    if parts.scheme not in schemes:
        return "has an unsupported protocol"
    if parts.scheme == "tg":
        return ""
    host = parts.netloc.rpartition("@")[2].rpartition(":")[0] or parts.netloc.rpartition("@")[2]
    if port == 0 or parts.netloc.endswith(":"):
        return "has a wrong port"
    if "." not in host.strip(".") or not _HOST.fullmatch(host):
        return "has a wrong host"
    return ""


def check_entities(text: str, entities: Any) -> str:
    """Entities that are as documented; of more than `MAX_ENTITIES` Telegram leaves out the rest, which nobody wants."""
    if not isinstance(entities, list) or len(entities) > MAX_ENTITIES:
        return "can't parse entities: no list, or too many"
    encoded = text.encode("utf-16-le")
    for entity in entities:
        kind, start, length = entity.get("type"), entity.get("offset"), entity.get("length")
        if kind not in ENTITY_TYPES:
            return f"can't parse entities: unsupported type {kind!r}"
        if type(start) is not int or type(length) is not int or start < 0 or length < 1:
            return "can't parse entities: an entity has a wrong offset or length"
        end = start + length
        if 2 * end > len(encoded):
            return f"entity beginning at UTF-16 offset {start} ends after the end of the text"
        for edge in (start, end):  # the second half of a pair may not stand at an edge
            unit = int.from_bytes(encoded[2 * edge : 2 * edge + 2], "little")
            if 0xDC00 <= unit <= 0xDFFF:
                return f"entity beginning at UTF-16 offset {start} splits a symbol"
        if (kind == "text_link" or "url" in entity) and (
            kind != "text_link" or check_link(entity.get("url"))
        ):
            return "ENTITY_TEXTURL_INVALID"
    return _check_nesting(entities)


def _check_nesting(entities: list[dict[str, Any]]) -> str:
    """Of two that have something in common, one lies within the other; nothing in code, no link within a link.

    Telegram puts such entities right by itself, in ways that nobody has promised.
    Source: core.telegram.org/bots/api#formatting-options
    """
    spans = [(e["offset"], e["offset"] + e["length"], e["type"]) for e in entities]
    for (a, b, kind), (c, d, other) in combinations(spans, 2):
        if b <= c or d <= a:
            continue
        if not (a <= c and d <= b) and not (c <= a and b <= d):
            return f"entity beginning at UTF-16 offset {max(a, c)} overlaps another"
        if {kind, other} & SOLE or (kind not in STYLES and other not in STYLES):
            return f"can't parse entities: {kind} and {other} can't be nested"
    return ""


def check_markup(markup: Any) -> str:
    """A keyboard under a message; how many buttons there may be is known from its refusals only."""
    rows = (markup or {}).get("inline_keyboard", [])
    if not all(isinstance(row, list) and 1 <= len(row) <= MAX_ROW for row in rows):
        return "can't parse reply markup: a row is empty or too long"
    if sum(map(len, rows)) > MAX_BUTTONS:
        return "reply markup is too long"
    for button in (b for row in rows for b in row):
        label = button.get("text")
        if not isinstance(label, str) or is_blank(label) or _is_broken(label):
            return "text buttons are not allowed to be empty"
        if ("callback_data" in button) == ("url" in button):
            return "can't parse inline keyboard button: exactly one optional field must be used"
        if "url" in button:
            if check_link(button["url"]):
                return "BUTTON_URL_INVALID"
        elif (
            _is_broken(button["callback_data"])
            or not 1 <= len(button["callback_data"].encode()) <= MAX_DATA_BYTES
        ):
            return "BUTTON_DATA_INVALID"
    return ""


def check_message(text: Any, entities: Any, markup: Any, most: int = MAX_UNITS) -> str:
    """All that is said of the content of a message, or of a caption where `most` is `MAX_CAPTION`."""
    return check_text(text, most) or check_entities(text, entities) or check_markup(markup)


def check_toast(text: Any) -> str:
    """What is shown over the chat when a button was tapped. Source: core.telegram.org/bots/api#answercallbackquery"""
    if text is None:
        return ""
    if not isinstance(text, str) or _is_broken(text):
        return "strings must be encoded in UTF-8"
    return "MESSAGE_TOO_LONG" if units(text) > MAX_TOAST else ""


def check_commands(commands: Any) -> str:
    """The menu. Source: core.telegram.org/bots/api#botcommand, #setmycommands"""
    if not isinstance(commands, list) or len(commands) > MAX_COMMANDS:
        return "BOT_COMMANDS_TOO_MUCH"
    names = [str(c.get("command", "")) for c in commands]
    if len(set(names)) < len(names) or not all(re.fullmatch(r"[a-z0-9_]{1,32}", name) for name in names):
        return "BOT_COMMAND_INVALID"
    said = [c.get("description") for c in commands]
    good = all(isinstance(d, str) and not is_blank(d) and units(d) <= MAX_DESCRIPTION for d in said)
    return "" if good else "BOT_COMMAND_DESCRIPTION_INVALID"


def check_results(results: Any) -> str:
    """What is wrong with the answer to an inline query."""
    if not isinstance(results, list) or len(results) > MAX_RESULTS:
        return "RESULTS_TOO_MUCH"
    ids = [str(r.get("id", "")) for r in results]
    if len(set(ids)) < len(ids):
        return "RESULT_ID_DUPLICATE"
    for result in results:
        content = result.get("input_message_content") or {}
        text, entities = content.get("message_text"), content.get("entities") or []
        if not 1 <= len(str(result.get("id", "")).encode()) <= MAX_DATA_BYTES:
            return "RESULT_ID_INVALID"
        title, about = result.get("title"), result.get("description", "")
        if result.get("type") != "article" or not isinstance(title, str) or is_blank(title):
            return "can't parse inline query result: it is no article with a title"
        if not isinstance(about, str) or _is_broken(title) or _is_broken(about):
            return "strings must be encoded in UTF-8"
        if "url" in result and check_link(result["url"]):
            return "ARTICLE_URL_INVALID"
        problem = check_message(text, entities, result.get("reply_markup"))
        if problem:
            return problem
    return ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Messages a second in all and in a private chat, a minute in a group; a breach bans for `ban` seconds.

    `paid` is how many a second there may be if they are sent with allow_paid_broadcast.
    """

    overall: int = 30
    paid: int = 1000
    private: int = 1
    group: int = 20
    ban: float = 0.0


class Pace:
    """Refuses what is faster than the limits, counting only what was let through."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sends: dict[str, deque[float]] = defaultdict(deque)
        self._banned_until = -math.inf

    def refuse(self, chat: str, now: float, *, paid: bool = False) -> int:
        """Seconds to wait before a message to this chat; 0 if it may pass, which is then counted."""
        limits = self._limits
        overall = limits.paid if paid else limits.overall
        of_chat = (limits.group, 60.0) if chat.startswith(("-", "@")) else (limits.private, 1.0)
        windows = [("", overall, 1.0), (chat, *of_chat)]
        wait = self._banned_until - now
        for key, count, span in windows:
            sends = self._sends[key]
            while sends and sends[0] <= now - span:
                sends.popleft()
            if len(sends) >= count:
                wait = max(wait, sends[0] + span - now, limits.ban)
        if wait > 0:
            if limits.ban:
                self._banned_until = now + wait
            return max(1, math.ceil(wait))
        for key, _, _ in windows:
            self._sends[key].append(now)
        return 0
