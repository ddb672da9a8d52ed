"""Whether anybody hears of a match: each judgement with its reason, first stage first.

Pure functions over values; what is known comes in as arguments and `now` is one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.hours import day_begun
from bot.model import (
    Alert,
    Change,
    Decision,
    Entry,
    Gap,
    Ground,
    Match,
    Modality,
    Polarity,
    Policy,
    Reason,
    Severity,
    Silence,
    Story,
    Subscriber,
    Told,
)

# News older than this when we first see it is told to nobody as new.
STALE_AFTER = timedelta(hours=48)

# Cards below this level arrive without a sound.
AUDIBLE = Severity.MEDIUM

# What is held for a digest always, and what only where a subscriber has asked for digests.
SPARED = frozenset({Reason.AWAY, Reason.OVER_BUDGET})
DIGESTED = frozenset({Reason.MUTED, Reason.BELOW_LEVEL})

# What may break a throttle and a mute: the reader has acted on something that is no longer so.
URGENT = frozenset({Change.DENIED, Change.CORRECTED, Change.WITHDRAWN})

_REPLY_REASONS = (
    (Change.DENIED, Reason.DENIED),
    (Change.CORRECTED, Reason.CORRECTED),
    (Change.WITHDRAWN, Reason.WITHDRAWN),
    (Change.SPILLOVER, Reason.SPILLOVER),
    (Change.CONFIRMED, Reason.DEVELOPED),
    (Change.STAGE_UP, Reason.DEVELOPED),
    (Change.NEW_CLAIM, Reason.DEVELOPED),
    (Change.NEW_ORIGIN, Reason.DEVELOPED),
    (Change.COPY, Reason.DEVELOPED),
)


def hold_entry(entry: Entry, *, baseline: bool, now: datetime) -> Decision | None:
    """Why nothing that this entry says can be news, or None."""
    if baseline:
        return Decision(send=False, reason=Reason.BASELINE, detail=Ground.FIRST_POLL.written())
    if now - entry.at > STALE_AFTER:
        published = Ground.PUBLISHED.written(time=f"{entry.at:%Y-%m-%d %H:%M}")
        return Decision(send=False, reason=Reason.STALE, detail=published)
    return None


def hold_match(match: Match, story: Story, silences: Iterable[Silence], now: datetime) -> Decision | None:
    """Why a match is told to nobody as new, or None."""
    claim = story.claim(match.event.theme, match.event.actor)
    denied = claim is not None and claim.polarity is Polarity.DENIED
    if (denied or not story.stands) and match.event.modality is not Modality.CONFIRMED:
        since = Ground.DENIED_SINCE if denied else Ground.WITHDRAWN_SINCE
        return Decision(send=False, reason=Reason.UNSEEN_DENIAL, detail=since.written())
    silence = in_force(silences, match.rule_id, match.event.actor, story, now)
    if silence is not None:
        return Decision(send=False, reason=Reason.SILENCED, until=silence.until, detail=silence.comment)
    wanted = match.policy.corroborate
    if wanted and not any(_corroborated(story, origins, tier) for origins, tier in wanted):
        backers = len(story.backers)
        origins = f"{backers} origin{'s' if backers != 1 else ''}"
        have = Ground.SUPPORT.written(origins=origins, tier=story.best_tier)
        return Decision(send=False, reason=Reason.UNCORROBORATED, detail=have)
    return None


def _corroborated(story: Story, origins: int, tier: int) -> bool:
    return sum(m.tier <= tier for m in story.backers) >= origins


def in_force(
    silences: Iterable[Silence], rule_id: str, actor: str | None, story: Story, now: datetime
) -> Silence | None:
    """The first silence, or a reader's mute, that covers what a rule tells of a story; None if none does."""
    return next((s for s in silences if s.until > now and story.is_covered(s, rule_id, actor)), None)


def first_card(match: Match, subscriber: Subscriber, now: datetime, mute: Silence | None = None) -> Decision:
    """Whether a subscriber who has not heard of the story gets its card; `mute` is the one that covers it."""
    if match.level < subscriber.level:
        return _below(match.level, subscriber)
    if subscriber.muted_until is not None and subscriber.muted_until > now:
        return Decision(send=False, reason=Reason.MUTED, until=subscriber.muted_until)
    if mute is not None:
        return Decision(send=False, reason=Reason.MUTED, until=mute.until, detail=mute.comment)
    return Decision(send=True, reason=Reason.FIRST)


def spare(
    level: Severity,
    subscriber: Subscriber,
    at: datetime,
    gap: Gap | None,
    sounds: Sequence[datetime],
    now: datetime,
) -> Decision | None:
    """Why a card that would ring goes into a digest instead, or None; what is critical always rings.

    Args:
        level: Of the card.
        subscriber: Who would get it.
        at: When the news was published.
        gap: In which nobody watched, if it has just ended.
        sounds: When the subscriber was last rung.
        now: UTC.
    """
    if level >= Severity.CRITICAL:
        return None
    if gap is not None and gap.begin <= at < gap.end:
        return Decision(send=False, reason=Reason.AWAY)
    if level >= AUDIBLE and is_spent(subscriber, sounds, now):
        detail = Ground.BUDGET.written(number=subscriber.budget)
        return Decision(send=False, reason=Reason.OVER_BUDGET, detail=detail)
    return None


def is_spent(subscriber: Subscriber, sounds: Sequence[datetime], now: datetime) -> bool:
    """Whether a subscriber has been rung as often as it wants, this day of its own."""
    if subscriber.budget is None:
        return False
    begun = day_begun(subscriber.timezone, now)
    return sum(at >= begun for at in sounds) >= subscriber.budget


def throttled(match: Match, told: Iterable[tuple[Told, Alert]], now: datetime) -> datetime | None:
    """Until when the same rule's last sound keeps a subscriber from another story's card; None if it does not.

    Args:
        match: Whose card it would be.
        told: The open cards that the subscriber has.
        now: UTC.
    """
    every, per = match.policy.throttle, match.policy.throttle_per
    if every is None or per == "story":
        return None
    ends = [
        have.last_sound_at + every
        for have, alert in told
        if have.rule_id == match.rule_id
        and (per == "rule" or (match.event.actor is not None and alert.event.actor == match.event.actor))
    ]
    return max((end for end in ends if end > now), default=None)


def _below(level: Severity, subscriber: Subscriber) -> Decision:
    detail = Ground.LEVELS.written(level=level.word, wanted=subscriber.level.word)
    return Decision(send=False, reason=Reason.BELOW_LEVEL, detail=detail)


def development(
    changes: frozenset[Change],
    policy: Policy,
    told: Told,
    subscriber: Subscriber,
    louder: Severity | None,
    now: datetime,
    mute: Silence | None = None,
) -> Decision:
    """Whether a subscriber who has the card gets a reply (`DEVELOPED` and its kin), a silent edit (`COUNTED`), or nothing.

    Args:
        changes: What the entry did to the story.
        policy: Of the rule whose card it is.
        told: What the subscriber has been told.
        subscriber: Who it is.
        louder: Level of a rule that is satisfied now and louder than the card's, or None.
        now: UTC.
        mute: The subscriber's own that covers it, or None.
    """
    material = changes & policy.reply_on
    if material or louder is not None:
        reason = next((r for c, r in _REPLY_REASONS if c in material), Reason.DEVELOPED)
        if material & URGENT:
            return Decision(send=True, reason=reason)
        level = told.level if louder is None else louder
        if level < subscriber.level:
            return _below(level, subscriber)
        if subscriber.muted_until is not None and subscriber.muted_until > now:
            return Decision(send=False, reason=Reason.MUTED, until=subscriber.muted_until)
        if mute is not None:
            return Decision(send=False, reason=Reason.MUTED, until=mute.until, detail=mute.comment)
        if louder is not None or policy.throttle is None:
            return Decision(send=True, reason=reason)
        until = told.last_sound_at + policy.throttle
        if until <= now or Change.SPILLOVER in material:
            return Decision(send=True, reason=reason)
        return Decision(send=False, reason=Reason.THROTTLED, until=until)
    if changes & policy.edit_on:
        return Decision(send=True, reason=Reason.COUNTED)
    return Decision(send=False, reason=Reason.UNCHANGED)
