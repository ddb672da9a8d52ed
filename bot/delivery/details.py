"""What stands beside a decision, in the reader's language.

A detail is stored in English, as the decision was made before anybody asked. Those that the program writes itself are
known here; what somebody typed (the comment of a silence or a mute) is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from bot.delivery.words import count, level_word
from bot.locale import marked, tr
from bot.model import Decision, Reason, Severity

_TEXTS: Mapping[Reason, Sequence[str]] = {
    Reason.COUNTED: (marked("its text was edited"),),
    Reason.BASELINE: (marked("first poll of a new feed"),),
    Reason.STALE: (marked("published {time} UTC"),),
    Reason.UNSEEN_DENIAL: (
        marked("it fits no story"),
        marked("the claim has been denied since"),
        marked("the report has been withdrawn since"),
    ),
    Reason.UNCORROBORATED: (marked("{origins}, best tier {tier}"),),
    Reason.OVER_BUDGET: (marked("{number} a day"),),
    Reason.BELOW_LEVEL: (marked("{level} is below {wanted}"),),
    Reason.INHIBITED: (
        marked("told with the story's own card"),
        marked("told together with others"),
        marked("told by {rule}"),
    ),
}


def detail_text(decision: Decision) -> str:
    """What stands beside the decision; empty if nothing does."""
    for text in _TEXTS.get(decision.reason, ()):
        found = _pattern(text).fullmatch(decision.detail)
        if found is not None:
            return tr(
                text, **{name: _VALUES.get(name, str)(value) for name, value in found.groupdict().items()}
            )
    return decision.detail


def _level(word: str) -> str:
    return level_word(Severity.parse(word)) if word in {level.word for level in Severity} else word


def _origins(text: str) -> str:
    number = text.partition(" ")[0]
    return count(int(number), "origin", "origins") if number.isdecimal() else text


_VALUES: Mapping[str, Callable[[str], str]] = {"level": _level, "wanted": _level, "origins": _origins}


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """How a text reads in English, with a group for each place."""
    parts = re.split(r"\{(\w+)\}", text)
    return re.compile(
        "".join(f"(?P<{part}>.+?)" if n % 2 else re.escape(part) for n, part in enumerate(parts))
    )
