"""Why something was decided, with what stands beside the reason, in the reader's language.

What a decision rests on is kept in fixed words (`model.grounds`) and said here; what somebody typed (the comment of a
silence or a mute) is shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, tzinfo

from bot.delivery.sheet import clip
from bot.delivery.words import Names, clock_time, count, level_word, reason_text
from bot.locale import marked, tr
from bot.model import Decision, Ground, Reason, Severity, ground_of

_MOST = 80  # characters of what somebody typed
NAMED = 160  # of a rule's name: more than one has with the marks around it, as what is cut has no closing one

_SAID: Mapping[Ground, str] = {
    Ground.EDITED: marked("its text was edited"),
    Ground.FIRST_POLL: "",  # the reason says it
    Ground.PUBLISHED: marked("published {time}"),
    Ground.NO_STORY: marked("it fits no story"),
    Ground.DENIED_SINCE: marked("the claim has been denied since"),
    Ground.WITHDRAWN_SINCE: marked("the report has been withdrawn since"),
    Ground.SUPPORT: marked("{origins}, best tier {tier}"),
    Ground.BUDGET: marked("{number} a day"),
    Ground.LEVELS: marked("{level} is below {wanted}"),
    Ground.OWN_CARD: marked("told with the story's own card"),
    Ground.TOGETHER: marked("told together with others"),
    Ground.CORRECTS: marked("it only corrects what was known"),
    Ground.TOLD_BY: marked("told by {rule}"),
}
_INSTEAD: Mapping[Ground, str] = {
    Ground.DENIED_SINCE: _SAID[Ground.DENIED_SINCE],
    Ground.WITHDRAWN_SINCE: _SAID[Ground.WITHDRAWN_SINCE],
    Ground.EDITED: marked("its text was edited, so the card was edited without sound"),
}
"""What says more than the reason, and something else: it was not the entry that denied, or it was no further source."""


def why_text(decision: Decision, *, names: Names = str, now: datetime, tz: tzinfo = UTC) -> str:
    """The reason in a clause, with what it rests on behind it.

    Args:
        decision: What was decided.
        names: Readable names of rules.
        now: Decides which times need a day beside them.
        tz: The zone in which times are shown.
    """
    found = ground_of(decision)
    if found is not None and found[0] in _INSTEAD:
        return tr(_INSTEAD[found[0]])
    detail = detail_text(decision, names=names, now=now, tz=tz)
    detail = detail if found is not None else clip(detail, _MOST)
    return reason_text(decision.reason) + (f" ({detail})" if detail else "")


def detail_text(decision: Decision, *, names: Names = str, now: datetime, tz: tzinfo = UTC) -> str:
    """What stands beside the reason of a decision; empty if nothing does. See `why_text`."""
    found = ground_of(decision)
    if found is None:
        return decision.detail
    ground, values = found
    say: Mapping[str, Callable[[str], str]] = {
        "level": _level,
        "wanted": _level,
        "origins": _origins,
        "rule": lambda text: clip(names(text), NAMED),
        "time": lambda text: _time(text, now, tz),
    }
    return tr(_SAID[ground], **{name: say.get(name, str)(value) for name, value in values.items()})


def levels(decision: Decision) -> tuple[Severity, Severity] | None:
    """How loud a card was, and how loud it had to be, where that was the reason."""
    found = ground_of(decision)
    if found is None or decision.reason is not Reason.BELOW_LEVEL:
        return None
    try:
        return Severity.parse(found[1]["level"]), Severity.parse(found[1]["wanted"])
    except KeyError:
        return None


def _level(word: str) -> str:
    return level_word(Severity.parse(word)) if word in {level.word for level in Severity} else word


def _origins(text: str) -> str:
    number = text.partition(" ")[0]
    return count(int(number), "origin", "origins") if number.isdecimal() else text


def _time(text: str, now: datetime, tz: tzinfo) -> str:
    with suppress(ValueError):
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        return clock_time(moment, now, tz)
    return f"{text} UTC"
