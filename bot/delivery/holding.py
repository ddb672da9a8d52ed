"""How what was told of a story stands now: whether it still holds, in a word, and how loud it was told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.delivery.words import level_name, modality_word
from bot.locale import tr
from bot.model import Alert, AlertKind, Event, Modality, Polarity, Reason, Story


def lapsed(story: Story, event: Event | None) -> Reason | None:
    """`DENIED` or `WITHDRAWN` where what was told no longer holds; None where it does.

    Args:
        story: As it stands.
        event: What was told of it; None if nobody was told.
    """
    claim = story.claim(event.theme, event.actor) if event else None
    # Of several stories together one may be denied, and the others hold.
    own = claim is not None and claim.polarity is Polarity.DENIED and not story.rule_id
    if own or story.is_denied:
        return Reason.DENIED
    is_on_record = claim is not None and claim.modality is Modality.CONFIRMED
    return None if story.stands or is_on_record else Reason.WITHDRAWN


def standing(story: Story, alert: Alert | None) -> str:
    """'HIGH considering'; in one word that nothing of it holds any more; empty if nobody was told."""
    gone = lapsed(story, alert.event if alert else None)
    if gone is Reason.DENIED:
        word = modality_word(Modality.DENIED)
    elif gone is Reason.WITHDRAWN:
        word = tr("withdrawn")
    elif alert is None:
        return ""
    else:
        claim = None if story.rule_id else story.claim(alert.event.theme, alert.event.actor)
        return _with_level(alert, modality_word(claim.modality if claim else alert.event.modality))
    return _with_level(alert, word) if alert else word


def told_as(alert: Alert) -> str:
    """The same as it was told, of a story that is stored no more."""
    return _with_level(alert, modality_word(alert.event.modality))


def _with_level(alert: Alert, word: str) -> str:
    return tr("{level} {modality}", level=level_name(alert.level), modality=word)


def loudest(alerts: Iterable[Alert]) -> Alert | None:
    """The loudest card of a story, at the level at which it was told last; None if nobody was told.

    An answer may have been louder than the card, which then has its level; what it is about is not the headline.
    """
    told = list(alerts)
    cards = [a for a in told if a.kind is AlertKind.NEW] or told
    first = min(cards, key=lambda a: (-a.level, a.created_at, a.id), default=None)
    return replace(first, level=max(a.level for a in told)) if first else None
