"""Delivers cards to other services (Slack, Discord, Matrix, ntfy, e-mail, webhooks …) through Apprise.

Each service is one address of the operator's settings. It may be a private one, unlike a feed's: who sets it owns the
bot. An address holds secrets, so it is named by its setting, and neither it nor anything that Apprise says of it
gets into a log, an error or a traceback.

Nothing can be edited there and no message answers another, so an edit is not sent and a reply says what it is about.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from bot.delivery.forms import Form, Message, Room, compose, headline
from bot.delivery.overheard import Overheard, hush
from bot.errors import ConfigError, DeliveryError, RejectedError, TransientDeliveryError
from bot.locale import tr
from bot.model import AlertKind, Notification, OutboxItem, Receipt, Severity
from bot.ports import Clock
from bot.text import digest, nearest, show_duration, utf16_length

if TYPE_CHECKING:
    from apprise import NotifyBase

log = logging.getLogger(__name__)

CHANNEL = "apprise"
SETTING = "BOT_CHANNEL_"
WITHIN = timedelta(seconds=40)  # a service's own pause between messages, at most 6 s, included
GIVE_UP = timedelta(days=1)  # news that could not be told for so long is none any more

# What a service shows best, where that is not what Apprise would pick.
_BEST = {
    "NotifyDiscord": Form.MARKDOWN,
    "NotifyGuilded": Form.MARKDOWN,
    "NotifyMatrix": Form.HTML,
    "NotifyPushover": Form.HTML,
}
_CHATS = ("NotifyMatrix",)  # what Apprise calls a title there is a part of the text
# What ntfy takes of a message, in bytes, and of the JSON around it, which Apprise writes in ASCII: what is left of
# 8000 beside a title of 200 emoji. More of either would become an attachment.
# Source: docs.ntfy.sh/config, message-size-limit
_NTFY_BYTES, _NTFY_JSON = 4096, 5300
# Keys by which Apprise's addresses ask for a quiet message. Discord's is a flag beside the one against previews.
# Source: discord.com/developers/docs/resources/message, message flags
_QUIET = {"priority": "low", "silent": "yes"}
_NO_PREVIEW, _NO_SOUND = 1 << 2, 1 << 12
_NO_PREVIEWS = {"NotifyDiscord": {"flags": str(_NO_PREVIEW)}, "NotifyWhapi": {"preview": "no"}}


def setting(name: str) -> str:
    """The setting that defines a service."""
    return SETTING + name.upper()


class Service:
    """One address, and the thread in which something is sent to it: one message at a time.

    Args:
        name: By which routes speak of it.
        address: In Apprise's form.

    Raises:
        ConfigError: Apprise can't use the address; the error names the setting and never shows the address.
    """

    def __init__(self, name: str, address: str) -> None:
        hush()
        self.name = name
        plain = _open(name, address)
        shown = _with(plain, address, _NO_PREVIEWS.get(type(plain).__name__, {}))
        self._loud = _open(name, shown) if shown != address else plain
        self._quiet = _quiet(name, address, self._loud)
        kind = type(self._loud).__name__
        self.label = f"{name} ({self._loud.service_name})"
        self._form = _form(self._loud)
        self._room = Room(
            title=0 if self._form is Form.MARKDOWN or kind in _CHATS else int(self._loud.title_maxlen),
            body=_NTFY_BYTES if kind == "NotifyNtfy" else int(self._loud.body_maxlen),
            measure=self._measure,
        )
        self._under_way: tuple[str, asyncio.Future[DeliveryError | None]] | None = None
        self._arrived: set[str] = set()  # ids of notifications that were given up too early

    def compose(self, note: Notification, about: str) -> Message:
        """The notification as this service takes it; `about` is the headline that a reply answers.

        Raises:
            RejectedError: The card has no text.
        """
        return compose(note, self._form, self._room, about=about)

    async def send(self, note: Notification, message: Message, within: timedelta) -> None:
        """Send one notification and wait for what came of it.

        Raises:
            DeliveryError: It did not arrive, or nobody knows.
        """
        if self._under_way is not None:
            earlier, outcome = self._under_way
            if not outcome.done():
                raise TransientDeliveryError(f"{self.label} has not ended the last attempt yet")
            self._under_way = None
            if outcome.result() is None:  # given up, and arrived after all
                self._arrived.add(earlier)
        if note.id in self._arrived:
            self._arrived.remove(note.id)
            return
        quiet = note.silent or note.level <= Severity.LOW
        outcome = self._start(self._quiet if quiet else self._loud, message, note.id)
        self._under_way = note.id, outcome
        done, _ = await asyncio.wait({outcome}, timeout=within.total_seconds())
        if not done:
            raise TransientDeliveryError(
                f"{self.label} took longer than {show_duration(within)}, it may have arrived", ambiguous=True
            )
        self._under_way = None
        if (error := outcome.result()) is not None:
            raise error

    def _start(
        self, service: NotifyBase, message: Message, note_id: str
    ) -> asyncio.Future[DeliveryError | None]:
        """Hand the message to a thread of its own, which no stop of the bot waits for."""
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[DeliveryError | None] = loop.create_future()

        def work() -> None:
            error = self._deliver(service, message, note_id)
            with contextlib.suppress(RuntimeError):  # the bot has stopped meanwhile
                loop.call_soon_threadsafe(outcome.set_result, error)

        threading.Thread(target=work, name=f"apprise {self.name}", daemon=True).start()
        return outcome

    def _deliver(self, service: NotifyBase, message: Message, note_id: str) -> DeliveryError | None:
        from apprise import NotifyFormat

        if _is(service, "NotifyMatrix"):
            # A server takes a message once for each id of a transaction, and Apprise would keep one for ever.
            vars(service)["transaction_id"] = int(digest(note_id), 16)
        with Overheard() as heard:
            try:
                arrived = service.notify(
                    body=message.body, title=message.title, body_format=NotifyFormat(self._form.value)
                )
            except Exception as e:  # whatever it says may hold the address
                return TransientDeliveryError(f"{self.label} failed inside Apprise: {type(e).__name__}")
        return None if arrived else heard.judge(self.label)

    def _measure(self, body: str) -> int:
        from apprise import NotifyFormat

        if _is(self._loud, "NotifyNtfy"):
            return max(len(body.encode()), len(json.dumps(body)) * _NTFY_BYTES // _NTFY_JSON)
        drawn = self._loud.dialect_convert(body, NotifyFormat(self._form.value))
        return utf16_length(drawn) if _is(self._loud, "NotifyTelegram") else len(drawn)


class Services:
    """A `ports.Channel` whose subscribers are the services of the settings.

    Args:
        addresses: Name → address.
        clock: The time.
        tell: Says to operators, to each in its language, of a service that refuses messages; once, until it takes one again.

    Raises:
        ConfigError: Apprise can't use an address.
    """

    def __init__(
        self,
        addresses: Mapping[str, str],
        clock: Clock,
        tell: Callable[[Callable[[], str]], Awaitable[None]],
        *,
        within: timedelta = WITHIN,
    ) -> None:
        self._services = {name: Service(name, address) for name, address in addresses.items()}
        self._clock, self._tell, self._within = clock, tell, within
        self._refusing: set[str] = set()

    @property
    def labels(self) -> Mapping[str, str]:
        """Name → name and kind of each service."""
        return {name: service.label for name, service in self._services.items()}

    async def send(self, item: OutboxItem, /) -> Receipt:
        """Send a card or a reply as a message; an edit is taken as read, since nothing can be edited.

        Raises:
            TransientDeliveryError: Try again after `retry_after`.
            RejectedError: The service refuses it, or could not be reached for a day.
        """
        note, name = item.notification, item.subscriber.address
        if note.kind is AlertKind.EDIT:
            return Receipt(message_id=item.reply_to or note.id, at=self._clock())
        service = self._services.get(name)
        if service is None:
            raise RejectedError(f"no service is named {name!r}: set {setting(name)} and start again")
        message = service.compose(note, headline(item.answers) if item.answers is not None else "")
        try:
            await service.send(note, message, self._within)
        except RejectedError as e:
            await self._complain(name, str(e))
            raise
        except TransientDeliveryError as e:
            first = item.first_attempt_at
            if first is None or self._clock() - first < GIVE_UP:
                raise
            raise RejectedError(f"given up after {show_duration(GIVE_UP)}: {e}") from None
        self._refusing.discard(name)
        return Receipt(message_id=note.id, at=self._clock())

    async def _complain(self, name: str, why: str) -> None:
        if name not in self._refusing:
            self._refusing.add(name)
            log.error("service_refuses setting=%s problem=%r", setting(name), why)
            await self._tell(
                lambda: tr(
                    "{why}. Such messages are not sent again; check {setting} and start again if it is wrong.",
                    why=why,
                    setting=setting(name),
                )
            )


def _open(name: str, address: str) -> NotifyBase:
    from apprise import Apprise, AppriseAsset, PersistentStoreMode

    asset = AppriseAsset(
        app_id="Spillover",
        app_desc="Spillover",
        app_url="",
        image_url_mask="",  # no picture is fetched from elsewhere
        image_url_logo="",
        http_redirects=False,  # nobody else is to be handed the secret
        storage_mode=PersistentStoreMode.MEMORY,
        secure_logging=True,
    )
    try:
        service = Apprise.instantiate(address, asset=asset)
    except Exception:
        service = None
    if service is None:
        raise ConfigError(f"{setting(name)}: {_why(address)} (the address is not shown, it holds secrets)")
    if len(service) > 1:
        raise ConfigError(
            f"{setting(name)}: the address names {len(service)} readers; give each a name and a route of its own, "
            "so that one who can't be reached does not make the others read everything twice"
        )
    return service


def _quiet(name: str, address: str, loud: NotifyBase) -> NotifyBase:
    """The same service with quiet messages; the very same if it has none, or the operator has said how they are."""
    quiet = {**_QUIET, **({"flags": str(_NO_PREVIEW | _NO_SOUND)} if _is(loud, "NotifyDiscord") else {})}
    asked = _with(loud, address, quiet)
    return _open(name, asked) if asked != address else loud


def _with(service: NotifyBase, address: str, keys: Mapping[str, str]) -> str:
    """The address with those keys that the service knows and the operator has not set."""
    given = {key.lower() for key, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True)}
    more = [f"{k}={v}" for k, v in keys.items() if k in service.template_args and k not in given]
    return address + ("&" if "?" in address else "?") + "&".join(more) if more else address


def _is(service: NotifyBase, kind: str) -> bool:
    return type(service).__name__ == kind


def _why(address: str) -> str:
    """Why an address could not be used, without any part of it that may be secret."""
    from apprise import Apprise

    scheme = address.partition("://")[0].lower()
    known: dict[str, dict[str, object]] = {}
    for kind in Apprise().details(show_disabled=True)["schemas"]:
        for key in (*(kind["protocols"] or ()), *(kind["secure_protocols"] or ())):
            known[str(key)] = kind
    kind = known.get(scheme)
    if kind is None and scheme not in ("http", "https"):
        hits = nearest(scheme, known)
        return "Apprise knows no service whose addresses begin so" + (
            f"; did you mean {hits[0]}://?" if hits else ""
        )
    if kind is not None and not kind["enabled"]:
        return f"{kind['service_name']} needs a package or a system that is not here"
    what = (
        f"an address of {kind['service_name']}" if kind is not None else "a web address of a service it knows"
    )
    return f"Apprise can't read it as {what}; see github.com/caronc/apprise for how one is written"


def _form(service: NotifyBase) -> Form:
    from apprise import NotifyFormat

    best = _BEST.get(type(service).__name__)
    return Form(service.resolve_format(NotifyFormat(best.value) if best else None).value)
