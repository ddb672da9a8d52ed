"""A few of the words that a pattern looks for, so that readers get an idea of it."""

from __future__ import annotations

import re

HEADLINE = r"^\s*[^\n]*"
"""A pattern that begins so looks at the headline only."""

_LETTERS = re.compile(r"[A-Za-z][A-Za-z0-9 '’-]*")
_SKIPPED = re.compile(r"\\.|\[\^?\]?[^\]]*\]|\{[0-9,]*\}", re.DOTALL)
_OPENED = re.compile(r"\((\?P?<\w*>|\?[a-zA-Z-]*:)?")
_FLAGS = re.compile(r"\(\?[a-zA-Z-]+\)")
_LEAST = 2  # letters


def samples(pattern: str, most: int) -> list[str]:
    """Beginnings of words that the pattern looks for, in its order.

    Only what begins an alternative is taken, never an ending such as 'ing' in 'sell(ing)?'.
    """
    found: list[str] = []
    rest = pattern.removeprefix(HEADLINE)
    groups: list[bool] = []  # of each open group, whether words begin in it
    at, begins = 0, True
    while at < len(rest) and len(found) < most:
        char = rest[at]
        word, skipped = _LETTERS.match(rest, at), _SKIPPED.match(rest, at)
        flags, opened = _FLAGS.match(rest, at), _OPENED.match(rest, at)
        if word:
            text, at = word[0], word.end()
            if at < len(rest) and rest[at] in "?*{":
                text = text[:-1]  # its last letter may be missing
            if begins and len(text.strip()) >= _LEAST:
                found.append(text.strip())
            begins = False
        elif flags:
            at = flags.end()
        elif opened:
            groups.append(begins)
            at = opened.end()
        elif char == ")":
            begins, at = False, at + 1
            if groups:
                groups.pop()
        elif char == "|":
            begins, at = groups[-1] if groups else True, at + 1
        elif skipped:
            begins = begins and skipped[0] in (r"\b", r"\s", r"\$")
            at = skipped.end()
        else:
            begins, at = begins and char in '^ "“?*+', at + 1
    return list(dict.fromkeys(found))
