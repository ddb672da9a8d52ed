"""How near an entry is to a story, and which of several it tells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from bot.model import DENIABLE, STORY_WINDOW, Analysis, Entry, Member, Polarity, Story
from bot.stories.dedupe import fingerprint
from bot.text import content_words

THRESHOLD = 1.0
RECENT = 12  # first and newest members whose words are compared; a story's wording drifts

# Themes that a happening causes elsewhere: they join the story that they name as their cause.
REACTIONS = frozenset({"selloff", "rally", "technical_level", "positioning", "rating_change"})

# Themes of one topic: who denies a report may name what it spoke of in other words than the report.
_TOPICS = (
    frozenset({"capex_cut", "capex_raise", "capex_hold", "datacenter_cancel", "datacenter_build"}),
    frozenset({"acquisition", "partnership", "compute_deal", "compute_resale", "custom_silicon"}),
    frozenset(
        {"demand_weak", "demand_strong", "guidance_cut", "guidance_raise", "supply_glut", "supply_shortage"}
    ),
    frozenset({"debt_financing", "equity_raise"}),
    frozenset({"legal_probe", "export_control"}),
)

# Words by which outlets take a report back; they don't tell which.
_NOTICE = frozenset(
    "advisory alert article clients disregard earlier editors headline item its kill killed kills news newsalert please "
    "previous pulled pulls report retracted retraction retracts story withdrawal withdrawn withdraws withdrew".split()
)
_TELLING_WORDS = 2  # that a withdrawal shares with a report: the company's name alone could mean any


class Sought:
    """What an entry brings to be compared, made once for all the stories that it is held against.

    Attributes:
        window: How far a story's last change may be from the entry.
    """

    def __init__(self, entry: Entry, analysis: Analysis) -> None:
        fresh = analysis.fresh_events
        self.at, self.withdraws = entry.at, analysis.withdraws
        self.words = fingerprint(entry)
        if analysis.withdraws:
            self.words = self.words - _NOTICE - content_words(entry.source)
        self.companies = frozenset(analysis.companies)
        self.fresh = {(e.theme, e.actor) for e in fresh}
        self.said = {(e.theme, e.actor) for e in analysis.events}
        self.themes = {e.theme for e in analysis.events}
        self.reacts = any(e.theme in REACTIONS for e in fresh)
        self.denied = {e.theme for e in fresh if e.polarity is Polarity.DENIED}
        self.is_denial = is_denial(analysis)
        self.window: timedelta = DENIABLE if self.is_denial or analysis.withdraws else STORY_WINDOW
        self.least = _TELLING_WORDS if analysis.withdraws else 1
        self.topics = _topics_of(analysis)
        self.deniers = {e.actor for e in fresh if e.actor is not None}


def nearest_story(entry: Entry, analysis: Analysis, stories: Iterable[Story]) -> Story | None:
    """The open story that the entry tells, of equally near ones that which changed last; None if it begins its own."""
    sought = Sought(entry, analysis)
    best, best_score = None, THRESHOLD
    for story in stories:
        if abs(sought.at - story.last_seen) > sought.window:
            continue
        score = nearness(sought, story)
        if score > best_score or (score == best_score and (best is None or story.place > best.place)):
            best, best_score = story, score
    return best


def nearness(sought: Sought, story: Story) -> float:
    """How strongly an analysed entry belongs to a story; `THRESHOLD` joins.

    The same claim of the same company joins by itself. Otherwise words in common, companies in common, a
    shared theme, a recalled cause and a denial add up; each alone is too little.
    """
    mine, theirs = sought.companies, story.companies
    common = len(mine & theirs)
    if mine and theirs and not common:
        return 0.0
    held = {(c.theme, c.actor) for c in story.claims}
    together = common / min(len(mine), len(theirs)) if common else 0.0
    overlap = max((_overlap(sought.words, m.words, sought.least) for m in _telling(story)), default=0.0)
    both = held & sought.fresh
    shared = [theme for theme, actor in both if actor is not None]
    if any(theme not in REACTIONS for theme in shared):
        return 1.0 + overlap + 0.2 * together
    score = 1.1 * overlap + 0.35 * together
    if shared:
        score += 0.6  # the same shares moved the same way within the window
    elif both:
        score += 0.4
    causes = [c for c in held if c[0] not in REACTIONS] if sought.reacts else []
    if any(actor in mine for _, actor in causes):
        # A reaction that names the company that the story is about.
        score += 0.35 if sought.said.isdisjoint(causes) else 0.6
    elif not sought.withdraws and sought.themes.isdisjoint([theme for theme, _ in held]):
        score -= 0.25
    if sought.denied and any(
        theme in sought.denied and (actor is None or actor in mine) for theme, actor in held
    ):
        score += 0.85
    elif sought.is_denial and _about(sought.topics, sought.deniers, story):
        score += 0.8
    return score


def is_denial(analysis: Analysis) -> bool:
    """Whether denying is all that an entry does."""
    fresh = analysis.fresh_events
    return bool(fresh) and all(e.polarity is Polarity.DENIED for e in fresh)


def topic_denied(analysis: Analysis, story: Story) -> int | None:
    """Which of a story's claims a denial in other words is about: one of its topic, of the company that denies.

    A claim of the denier's own comes first, then one that it is named in; what somebody else denies is not taken back.
    None if one of these is denied already.
    """
    deniers = {e.actor for e in analysis.fresh_events if e.actor is not None}
    about = _about(_topics_of(analysis), deniers, story)
    known = any(story.claims[n].polarity is Polarity.DENIED for n in about)
    return None if known else next(iter(about), None)


def _topics_of(analysis: Analysis) -> list[frozenset[str]]:
    return [topic for topic in _TOPICS if any(e.theme in topic for e in analysis.fresh_events)]


def _about(topics: Iterable[frozenset[str]], deniers: set[str], story: Story) -> list[int]:
    about = [n for n, c in enumerate(story.claims) if any(c.theme in topic for topic in topics)]
    own = [n for n in about if story.claims[n].actor in deniers]
    return own or (about if deniers & story.companies else [])


def _telling(story: Story) -> tuple[Member, ...]:
    """The members whose words are compared: those that began the story, and the newest."""
    few = len(story.members) <= 2 * RECENT
    return story.members if few else story.members[:RECENT] + story.members[-RECENT:]


def _overlap(a: frozenset[str], b: frozenset[str], least: int) -> float:
    common = len(a & b)
    return common / min(len(a), len(b)) if common >= least else 0.0
