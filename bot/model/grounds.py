"""What a decision rests on besides its reason, in fixed words.

A decision is made before anybody asks, for readers of several languages: so its detail is kept as one of these
sentences with its values filled in, which is found again when it is read and then said in the reader's language
(`delivery.details`). The words are those of every database there is: they are never changed, only added to. What
somebody typed, the comment of a silence or a mute, is none of them and is kept as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from bot.model.alert import Decision, Reason


class Ground(StrEnum):
    """The words that are kept, with a place for each value."""

    EDITED = "its text was edited"
    FIRST_POLL = "first poll of a new feed"
    PUBLISHED = "published {time} UTC"
    NO_STORY = "it fits no story"
    DENIED_SINCE = "the claim has been denied since"
    WITHDRAWN_SINCE = "the report has been withdrawn since"
    SUPPORT = "{origins}, best tier {tier}"
    BUDGET = "{number} a day"
    LEVELS = "{level} is below {wanted}"
    OWN_CARD = "told with the story's own card"
    TOGETHER = "told together with others"
    CORRECTS = "it only corrects what was known"
    TOLD_BY = "told by {rule}"

    def written(self, **values: object) -> str:
        """The words with their values, as they are kept."""
        return self.value.format(**values)


_OF: Mapping[Reason, tuple[Ground, ...]] = {
    Reason.COUNTED: (Ground.EDITED,),
    Reason.UNCHANGED: (Ground.CORRECTS,),
    Reason.BASELINE: (Ground.FIRST_POLL,),
    Reason.STALE: (Ground.PUBLISHED,),
    Reason.UNSEEN_DENIAL: (Ground.NO_STORY, Ground.DENIED_SINCE, Ground.WITHDRAWN_SINCE),
    Reason.UNCORROBORATED: (Ground.SUPPORT,),
    Reason.OVER_BUDGET: (Ground.BUDGET,),
    Reason.BELOW_LEVEL: (Ground.LEVELS,),
    Reason.INHIBITED: (Ground.OWN_CARD, Ground.TOGETHER, Ground.TOLD_BY),  # the last one may hold anything
}


def ground_of(decision: Decision) -> tuple[Ground, Mapping[str, str]] | None:
    """What a decision rests on, and the values by their names; None where its detail is nothing of the kind."""
    for ground in _OF.get(decision.reason, ()):
        found = _pattern(ground).fullmatch(decision.detail)
        if found is not None:
            return ground, found.groupdict()
    return None


@cache
def _pattern(ground: Ground) -> re.Pattern[str]:
    """How the words read, with a group for each place."""
    parts = re.split(r"\{(\w+)\}", ground)
    return re.compile(
        "".join(f"(?P<{part}>.+?)" if n % 2 else re.escape(part) for n, part in enumerate(parts))
    )
