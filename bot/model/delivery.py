"""Subscribers, what they follow, and what is sent to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from bot.model.alert import AlertKind, Severity


class TargetKind(StrEnum):
    """What can be followed."""

    ALL = "all"
    COMPANY = "company"
    SECTOR = "sector"
    THEME = "theme"
    PACK = "pack"
    WORD = "word"  # in the headline or the text, whatever it means there
    RULE = "rule"  # a rule of the chat's own; its id is the text of an `OwnRule`


@dataclass(frozen=True, slots=True)
class Target:
    """Something to follow: a kind and its id ('company', 'NVDA')."""

    kind: TargetKind
    id: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else str(self.kind)


class SetupStep(StrEnum):
    """What a new chat is being asked."""

    FOLLOW = "follow"  # what to follow
    PICK = "pick"  # which companies; the level may be said at once
    LEVEL = "level"  # how loud
    QUIET = "quiet"  # quiet hours and time zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How far a new chat has come with saying what it wants."""

    step: SetupStep = SetupStep.FOLLOW
    message_id: str = ""  # of the message that asks; it changes in place
    offers: tuple[Target, ...] = ()  # what the chat's own words may have meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """When a subscriber gets in one message what was not sent at once; in its own time zone."""

    at: time
    weekday: int | None = None  # 0 is Monday; None: every day


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A chat (or console) that gets alerts."""

    id: str  # "telegram:12345", "telegram:-100123/17", "apprise:desk", "console:"
    channel: str  # "telegram", "apprise", "console"
    address: str  # the chat's id, with /thread where one is meant, or the service's name
    level: Severity = Severity.LOW  # nothing below it is sent
    active: bool = True
    muted_until: datetime | None = None
    language: str = "en"
    timezone: str = "UTC"  # an IANA name
    quiet: tuple[time, time] | None = None  # hours without a sound, but for what is critical
    budget: int | None = None  # messages with sound a day; None: any number
    digest: Digest | None = None
    digest_by_budget: bool = False  # nobody asked for it: it came with a budget, which needs one
    created_at: datetime | None = None


class EntityKind(StrEnum):
    """How a part of a card is shown; the values are Telegram's."""

    BOLD = "bold"
    ITALIC = "italic"
    STRIKE = "strikethrough"
    CODE = "code"
    BLOCK = "pre"  # lines of code
    LINK = "text_link"


@dataclass(frozen=True, slots=True)
class TextEntity:
    """A styled part of a card. Offsets count Python characters; channels convert (Telegram: UTF-16)."""

    kind: EntityKind
    start: int
    end: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a card: opens `url`, or sends `data` (≤ 64 bytes) back."""

    label: str
    data: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An alert as a reader sees it: text and entities, never markup."""

    text: str
    entities: tuple[TextEntity, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """An alert for one subscriber. `id` is derived from its alert and subscriber, so that applying twice adds one row."""

    id: str
    alert_id: str
    subscriber_id: str
    story_id: str
    rule_id: str
    kind: AlertKind
    card: Card
    level: Severity
    created_at: datetime
    silent: bool = False
    not_before: datetime | None = None  # a route holds it until then


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof of delivery."""

    message_id: str
    at: datetime
    plain: bool = False  # had to be sent without entities
    address: str = ""  # where it arrived, and whatever follows goes, if not where it was meant to


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """A notification on its way, with what the channel needs to deliver it."""

    notification: Notification
    subscriber: Subscriber
    reply_to: str = ""  # message id of the story's card in that chat, where it was delivered
    attempts: int = 0
    first_attempt_at: datetime | None = None
    seen: tuple[str, ...] = ()  # by whom in a group, in the order in which they said so
    is_known: bool = False  # an edit of what is said already: only who has seen it differs
    answers: Card | None = None  # what a reply answers: the story's card as it was sent
