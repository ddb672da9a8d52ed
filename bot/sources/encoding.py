"""Finds out how a body is encoded, and makes clean text of it."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE_STARTS = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"), (b"{\0", "utf-16-le"), (b"\0{", "utf-16-be"))
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_SAME = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
}
_NOT_ENCODINGS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "unicode-escape", "raw-unicode-escape"}
)
_BAD_BYTES = 0.02  # of all non-ASCII bytes: fewer mean damaged UTF-8, more mean another encoding
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def decode_body(body: bytes, content_type: str) -> tuple[str, str]:
    """The body as text without characters that XML forbids, and a warning or an empty string.

    A byte order mark counts most, then what the document declares, then the HTTP header; UTF-8 is
    preferred wherever the bytes are UTF-8.
    """
    text, warning = _decode(body, content_type)
    cleaned = _NOT_XML.sub("", text)
    if len(cleaned) < len(text):
        warning = warning or f"{len(text) - len(cleaned)} control characters were left out"
    return cleaned, warning


def _decode(body: bytes, content_type: str) -> tuple[str, str]:
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _lenient(body[len(mark) :], name)
    for start, name in _WIDE_STARTS:
        if body.startswith(start):
            return _lenient(body, name)
    declared = _DECLARED.match(body[:400])
    header = _CHARSET.search(content_type)
    name = (declared[1].decode("ascii") if declared else header[1] if header else "utf-8").lower()
    name = _SAME.get(name, name)
    if name.startswith(("utf-16", "utf-32")):  # the declaration itself was readable as ASCII
        name = "utf-8"
    try:
        return body.decode("utf-8"), ""
    except UnicodeDecodeError:
        pass
    if _codec(name) == "utf-8":
        damaged, warning = _lenient(body, "utf-8")
        wide = sum(byte > 127 for byte in body)
        if damaged.count("\ufffd") <= max(1, wide * _BAD_BYTES):
            return damaged, warning
        return body.decode("cp1252", "replace"), "not valid UTF-8; read as Windows-1252"
    if _codec(name) is None:
        return body.decode("cp1252", "replace"), f"the unknown encoding {name!r} was read as Windows-1252"
    return _lenient(body, name)


def _codec(name: str) -> str | None:
    """Python's own name of a text encoding, or None."""
    try:
        found = codecs.lookup(name).name
        b"x".decode(found, "replace")
    except (LookupError, ValueError):  # unknown, or no encoding of text at all ('hex')
        return None
    return None if found in _NOT_ENCODINGS else found


def _lenient(body: bytes, name: str) -> tuple[str, str]:
    text = body.decode(name, "replace")
    bad = text.count("\ufffd")
    return text, f"{bad} characters are not valid {name}" if bad else ""
