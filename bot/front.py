"""What people in Telegram talk to: the parts of the commands, each with what it needs of the running program."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from functools import partial

from rich.text import Text

from bot.config import Settings
from bot.delivery.acking import Acking
from bot.delivery.browsing import Browsing
from bot.delivery.charting import Charting
from bot.delivery.chat import Chatting
from bot.delivery.drafting import Workshop
from bot.delivery.feedback import Voting
from bot.delivery.importing import Importing
from bot.delivery.mailbox import Mailbox
from bot.delivery.parts import Part
from bot.delivery.privacy import Private
from bot.delivery.replies import Attached, Chat
from bot.delivery.ruling import Ruling
from bot.delivery.studio import Studio
from bot.delivery.trying import Trying
from bot.delivery.untold import Untold
from bot.delivery.webhook import Webhook, kept_secret
from bot.hours import zone_of
from bot.loading import Loaded
from bot.locale import tr
from bot.model import Card, Target
from bot.ports import Clock, Working
from bot.ruling.examiner import RulesExaminer
from bot.ruling.own import OwnRules
from bot.ruling.reading import called
from bot.ruling.shelf import RulesInForce
from bot.ruling.untold import UntoldEntries
from bot.store.acks import Acks
from bot.store.archive import Archive
from bot.store.bindings import Bindings
from bot.store.database import Database
from bot.store.desk import Desk
from bot.store.drafts import Drafts
from bot.store.feedback import FeedbackStore
from bot.store.imports import Imports
from bot.store.library import Library
from bot.store.mornings import fired
from bot.store.privacy import Privacy
from bot.store.trends import Trends
from bot.upkeep.managers import Managers
from bot.whynot import why_not

_RULES = 10_000  # more than there are


class Front:
    """The Telegram side.

    Args:
        settings: From the environment; they hold a token.
        desk: Subscribers.
        clock: The time.
        loaded: What is in force now.
        database: Opens a connection that the program closes.
        managers: What managers may do.
        working: See there.
        webhook: Where Telegram calls; None: it is asked.
    """

    def __init__(
        self,
        settings: Settings,
        desk: Desk,
        clock: Clock,
        *,
        loaded: Callable[[], Loaded],
        database: Callable[[], Database],
        managers: Managers,
        working: Working,
        webhook: Webhook | None,
    ) -> None:
        self._settings, self._desk, self._clock = settings, desk, clock
        self._loaded, self._database, self._working = loaded, database, working
        self._vocabulary = _Current(loaded)
        self.studio = Studio()
        feedback = FeedbackStore(database())
        voting = Voting(desk, feedback, clock, settings.telegram_admins)
        charting = Charting(Trends(database()), self._vocabulary, self.studio.draw, clock, self._zone_of)
        assert settings.telegram_token is not None
        self.chatting = Chatting(
            settings.telegram_token.get_secret_value(),
            settings.telegram_api_url,
            desk,
            self._vocabulary,
            clock,
            Bindings(database()),
            settings.telegram_admins,
            settings.timezone,
            parts=(
                voting,
                charting,
                Acking(Acks(database()), clock),
                *self._about_rules(),
                self._untold(),
                self._mailbox(managers),
                *self._own(),
                *managers.parts,
            ),
            browsing=self._browsing(),
            gate=managers.gate,
            errands=managers.errands,
            rate=settings.telegram_rate,
            webhook=webhook,
            workshop=self._workshop(),
            feedback=feedback,
        )

    def _zone_of(self, chat: Chat) -> tzinfo:
        """By which clock a chat reads times."""
        subscriber = self._desk.subscriber(chat.subscriber_id)
        return zone_of(subscriber.timezone if subscriber else self._settings.timezone)

    def _about_rules(self) -> tuple[Part, ...]:
        database, names = self._database(), self._vocabulary.name
        shelf = RulesInForce(lambda: self._loaded().book.rules, names)
        examiner = RulesExaminer(
            self._loaded, shelf, Archive(self._database()), names, self._clock, self._working
        )
        ruling = Ruling(
            shelf,
            lambda since: dict(fired(database, since, _RULES)),
            FeedbackStore(database),
            self._desk,
            self._clock,
            self._settings.keep,
        )
        return ruling, Trying(examiner, self._desk)

    def _workshop(self) -> Workshop:
        wordings = OwnRules(self._loaded, self._vocabulary.name, self._clock, self._working)
        return Workshop(
            wordings=wordings,
            drafts=Drafts(self._database()),
            sectors=lambda: self._loaded().book.rules.known.companies,
        )

    def _own(self) -> tuple[Part, ...]:
        """What a chat may see, take away and bring back of what is stored about it."""

        async def fetch(attached: Attached, most: int) -> bytes:
            return await self.chatting.fetch(attached, most)

        clock, database, settings = self._clock, self._database(), self._settings
        importing = Importing(self._desk, self._vocabulary, Imports(database), clock, fetch)
        private = Private(
            Privacy(database), clock, keep=settings.keep, contact=settings.contact, settings=importing.file_of
        )
        return private, importing

    def _mailbox(self, managers: Managers) -> Mailbox:
        async def hand_on(draw: Callable[[], Card]) -> None:
            await self.chatting.hand_on(draw)

        return Mailbox(managers.office, self._settings.telegram_admins, hand_on)

    def _browsing(self) -> Browsing:
        return Browsing(
            Library(self._database()),
            self._vocabulary,
            self._clock,
            zone=self._zone_of,
            neighbours=lambda company: self._loaded().book.exposure.links.get(company, ()),
        )

    def _untold(self) -> Untold:
        archive = Archive(self._database())

        async def technical(reference: str, subscriber_id: str, tz: tzinfo) -> list[Text]:
            loaded = self._loaded()
            work = partial(
                why_not,
                archive,
                reference,
                lambda: (loaded.analyzer, loaded.book.rules),
                self._clock(),
                tz=tz,
                subscriber_id=subscriber_id,
            )
            return await self._working(work)

        plain = UntoldEntries(
            self._loaded, archive, self._desk, self._vocabulary.name, self._clock, self._working
        )
        return Untold(plain, technical, self._zone_of)


def make_webhook(settings: Settings) -> Webhook | None:
    """Where Telegram is to call, if somewhere."""
    if settings.telegram_token is None or not settings.telegram_webhook_url:
        return None
    given = settings.telegram_webhook_secret
    secret = given.get_secret_value() if given else kept_secret(settings.webhook_secret_file)
    return Webhook(settings.telegram_webhook_url, secret)


class _Current:
    """The vocabulary of the rules that are in force now; it knows what they are called, too."""

    def __init__(self, current: Callable[[], Loaded]) -> None:
        self._current = current

    def resolve(self, text: str, /) -> list[Target]:
        return self._current().vocabulary.resolve(text)

    def suggest(self, text: str, /) -> list[str]:
        return self._current().vocabulary.suggest(text)

    def name(self, target_id: str, /) -> str:
        rule = self._current().book.rules.rule(target_id) if "/" in target_id else None
        if rule is not None:
            return called(rule)
        # Whatever the catalogue does not know stays as it is.
        return tr(self._current().vocabulary.name(target_id))
