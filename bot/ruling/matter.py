"""What mattered about an entry to one chat: the decision that was nearest to a card, and what else is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.following import Subject
from bot.model import Alert, Analysis, Entry, Reason, Severity, Subscriber, Target, TargetKind, Verdict
from bot.rules.book import Rule, Rulebook
from bot.rules.conditions import Scene, failure, progress
from bot.rules.parts import Condition
from bot.ruling.facts import fact, first_failure

ABOUT_RULES = (
    Reason.SILENCED,
    Reason.UNCORROBORATED,
    Reason.NOT_WATCHED,
    Reason.BELOW_LEVEL,
    Reason.MUTED,
    Reason.THROTTLED,
    Reason.OVER_BUDGET,
    Reason.AWAY,
    Reason.INHIBITED,
)
"""Why nothing was told that some rule asked for, the nearer to a card the later."""

_CLOSER = (
    Reason.UNCHANGED,
    Reason.BASELINE,
    Reason.STALE,
    Reason.ECHO,
    Reason.NO_EVENT,
    Reason.BACKGROUND,
    Reason.NO_RULE,
    Reason.UNSEEN_DENIAL,
    *ABOUT_RULES,
)
"""Why nothing was told, the nearer to a card the later; a revision without news says least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who asks, as it is now."""

    id: str
    subscriber: Subscriber | None = None
    watches: Sequence[Target] = ()
    floors: Mapping[Target, Severity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What was decided about one entry for one chat."""

    entry: Entry
    analysis: Analysis
    verdict: Verdict | None  # that mattered; None: nothing was decided for this chat
    by_rule: Sequence[Verdict]  # the last decision of each rule, for this chat or everybody
    elsewhere: Sequence[str] = ()  # ids of rules that told it to others
    cards: Sequence[Alert] = ()  # by which its stories were told

    @property
    def closeness(self) -> tuple[bool, bool, int]:
        """How near it came to a card here."""
        v = self.verdict
        return (
            v is not None and v.decision.send,
            bool(self.elsewhere),
            _nearness(v) if v is not None else -1,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A rule that is not satisfied, and what keeps it from that."""

    rule: Rule
    passed: int  # conditions that hold before the first that does not
    key: str
    wanted: Condition  # the first that does not hold, alone
    fact: Condition | None  # what is so instead


def matter(entry: Entry, analysis: Analysis, verdicts: Sequence[Verdict], subscriber_id: str) -> Matter:
    """What mattered about an entry to a chat, of all that was decided about it."""
    mine = [v for v in verdicts if v.subscriber_id == subscriber_id]
    general = [v for v in verdicts if not v.subscriber_id]
    others = [v for v in verdicts if v.subscriber_id not in ("", subscriber_id) and v.decision.send]
    sent = [v for v in mine if v.decision.send]
    if sent:
        # A card or an answer says more than an edit.
        verdict = next((v for v in sent if v.decision.reason is not Reason.COUNTED), sent[0])
    else:
        held = mine or ([] if others else general)
        verdict = max(held, key=_nearness, default=None)  # type: ignore[assignment]
    by_rule = {v.rule_id: v for v in (*general, *mine) if v.rule_id and not v.decision.send}
    return Matter(
        entry=entry,
        analysis=analysis,
        verdict=verdict,
        by_rule=tuple(by_rule.values()),
        elsewhere=tuple(dict.fromkeys(v.rule_id for v in others if v.rule_id)),
    )


def _nearness(verdict: Verdict) -> int:
    reason = verdict.decision.reason
    return _CLOSER.index(reason) if reason in _CLOSER else len(_CLOSER)


def nearest(book: Rulebook, entry: Entry, analysis: Analysis, most: int) -> list[Near]:
    """The rules of its theme that come nearest without being satisfied, the nearest first."""
    found = [
        near
        for rule in book.rules
        if rule.condition is not None
        and (near := _near(book, rule, rule.condition, entry, analysis)) is not None
        and near.passed
    ]
    return sorted(found, key=lambda n: (-n.passed, -n.rule.level))[:most]


def _near(book: Rulebook, rule: Rule, condition: Condition, entry: Entry, analysis: Analysis) -> Near | None:
    scenes = [Scene(entry, analysis, event, book.known.companies) for event in analysis.fresh_events]
    if not scenes or any(failure(condition, scene) is None for scene in scenes):
        return None
    closest = max(scenes, key=lambda scene: progress(condition, scene))
    key, wanted = first_failure(condition, closest)
    return Near(
        rule=rule,
        passed=progress(condition, closest),
        key=key,
        wanted=wanted,
        fact=fact(key, wanted, closest),
    )


def follows(target: Target, matter: Matter, packs: Sequence[str], sectors: Mapping[str, str]) -> bool:
    """Whether who follows this is told of an entry, by what it says or by a card of its story.

    Args:
        target: What is followed.
        matter: The entry.
        packs: Of the rules that told it.
        sectors: Of companies, by their ids.
    """
    if target in _about(matter.analysis, packs):
        return True
    return any(Subject(card, matter.entry, sectors).holds(target) for card in matter.cards)


def _about(analysis: Analysis, packs: Sequence[str]) -> frozenset[Target]:
    """By what an entry could have been followed, words and whom it exposes left out."""
    found = {Target(TargetKind.ALL), *(Target(TargetKind.PACK, pack) for pack in packs)}
    for event in analysis.fresh_events:
        found.add(Target(TargetKind.THEME, event.theme))
        found |= {Target(TargetKind.COMPANY, c) for c in (event.actor, *event.targets) if c}
    found |= {Target(TargetKind.COMPANY, c) for c in analysis.companies}
    return frozenset(found | {Target(TargetKind.SECTOR, s) for s in analysis.sectors})
