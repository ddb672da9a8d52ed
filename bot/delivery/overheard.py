"""What Apprise says in its log of a send that failed, listened to in place of the error that it does not raise.

Apprise answers only yes or no. Why it was no stands in the records of its logger and of the HTTP library, which also
hold addresses, tokens and texts. So those loggers hand nothing on to ours, and of a record nothing is kept but a
status.
"""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from bot.errors import DeliveryError, RejectedError, TransientDeliveryError

# Their records name addresses at every level, so none reaches the log of the bot.
_TALKERS = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib", "slixmpp", "paho")
_HTTP, _APPRISE = "urllib3.connectionpool", "apprise"
_SMTP = re.compile(r"Socket Exception: (?:\(|\{'[^']*': \()(\d{3}), b")  # how smtplib's errors read
_NO_ANSWER = re.compile(r"Read timed out|Connection aborted|Connection broken|unexpectedly closed")
# Refusals that pass: timeout, conflict, locked, too early, too many. Source: RFC 9110, RFC 6585, RFC 8470
_PASSING = (408, 409, 423, 425, 429)
_SLOW_DOWN = timedelta(seconds=30)  # where a server says that it is too much, but not until when


def hush() -> None:
    """Keep what Apprise and its libraries log out of our log, and listen to what tells the outcome."""
    for name in _TALKERS:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    for name in (_HTTP, _APPRISE):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        if _LISTENER not in logger.handlers:
            logger.addHandler(_LISTENER)


@dataclass(slots=True)
class Overheard:
    """What was heard while one send was under way, in its own thread. Use it as a context.

    Attributes:
        http: The last HTTP status that a server answered with; 0 if none did.
        smtp: The last refusal of a mail server; 0 if there was none.
        no_answer: The message was handed over, but nobody said what became of it.
    """

    http: int = 0
    smtp: int = 0
    no_answer: bool = False
    _thread: int = field(default=0, repr=False)

    def __enter__(self) -> Self:
        self._thread = threading.get_ident()
        _LISTENER.hearing[self._thread] = self
        return self

    def __exit__(self, *_: object) -> None:
        del _LISTENER.hearing[self._thread]

    def judge(self, service: str) -> DeliveryError:
        """What a failed send means for the notification; names nothing but the service and the status."""
        if self.no_answer:
            return TransientDeliveryError(f"{service}: no clear answer, it may have arrived", ambiguous=True)
        if self.smtp:
            text = f"{service} refused it with SMTP status {self.smtp}"
            return RejectedError(text) if self.smtp >= 500 else TransientDeliveryError(text)
        if self.http == 429:
            return TransientDeliveryError(
                f"{service} asks to slow down (HTTP status 429)", retry_after=_SLOW_DOWN
            )
        if 300 <= self.http < 500 and self.http not in _PASSING:
            return RejectedError(f"{service} refused it with HTTP status {self.http}")
        if self.http >= 300:
            return TransientDeliveryError(f"{service} can't take it now (HTTP status {self.http})")
        why = (
            "did not accept it and gave no reason" if self.http else "can't be reached, or can't take it now"
        )
        return TransientDeliveryError(f"{service} {why}")


class _Listener(logging.Handler):
    """Gives each record to whoever listens in the thread that wrote it, and keeps none."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.hearing: dict[int, Overheard] = {}  # by thread

    def emit(self, record: logging.LogRecord) -> None:
        heard = self.hearing.get(threading.get_ident())
        if heard is None:
            return
        if record.name == _HTTP:
            # '%s://%s:%s "%s %s %s" %s %s' of host, request, status and length
            status = record.args[6] if isinstance(record.args, tuple) and len(record.args) == 8 else None
            if isinstance(status, int):
                heard.http, heard.no_answer = status, False
            return
        text = record.getMessage()
        if found := _SMTP.search(text):
            heard.smtp = int(found[1])
        elif _NO_ANSWER.search(text):
            heard.no_answer = True


_LISTENER = _Listener()
