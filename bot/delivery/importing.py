"""Settings from a file: what it would change is shown first, and then all of it is set at once, or nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from bot.delivery.attention import known
from bot.delivery.parts import Handler
from bot.delivery.replies import Attached, Chat, File, Reply, alerts_off, line, old_button
from bot.delivery.sheet import Sheet, say
from bot.delivery.wishes import Reading, read_wishes
from bot.delivery.wishes_file import Now, completed, differences, write_wishes
from bot.errors import DeliveryError
from bot.hours import next_digest
from bot.locale import show_number, speaking, spoken, tr, tr_n
from bot.model import Button, EntityKind
from bot.ports import Clock, Desk, Vocabulary
from bot.shelves import Imports
from bot.text import digest

log = logging.getLogger(__name__)

MAX_FILE = 64 * 1024  # bytes; the longest file that /export writes has a tenth
_SHOWN = 10  # mistakes

Fetch = Callable[[Attached, int], Awaitable[bytes]]
"""Gets a file that somebody sent, of so many bytes at most; raises DeliveryError."""


class Importing:
    """The part of the commands that takes settings from a file, and writes them into one."""

    managing = frozenset({"import"})

    def __init__(
        self, desk: Desk, vocabulary: Vocabulary, imports: Imports, clock: Clock, fetch: Fetch
    ) -> None:
        self._desk, self._vocabulary, self._imports, self._clock = desk, vocabulary, imports, clock
        self._fetch = fetch
        self.commands: Mapping[str, Handler] = {"import": self.take}
        self.buttons: Mapping[str, Handler] = {"import": self.tap}

    async def take(self, text: str, chat: Chat) -> Reply:
        """Read the file that came with the command, or that it answers; ask before anything is set."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        if chat.attached is None:
            return line(
                tr(
                    "Send the file with the caption /import, or answer it with /import. /export gives one that you "
                    "can edit: it ends in .yaml."
                )
            )
        if chat.attached.size > MAX_FILE:
            return _too_large()
        try:
            raw = await self._fetch(chat.attached, MAX_FILE)
        except DeliveryError as e:
            log.warning("file_not_fetched subscriber=%s error=%s", subscriber.id, e)
            return line(
                tr("I could not get the file from Telegram. Please send it again with the caption /import.")
            )
        if len(raw) > MAX_FILE:
            return _too_large()
        now = self._clock()
        read = await asyncio.to_thread(read_wishes, raw, subscriber, self._vocabulary, now)
        if read.mistakes:
            return _mistaken(read)
        here = Now.of(subscriber, self._desk, now)
        wishes, _ = completed(read.wishes, here)
        changes = differences(wishes, here, self._vocabulary)
        left_out = _left_out(read)
        if not changes:
            return line(tr("This chat is set like that already, so nothing is to be changed."), *left_out)
        import_id = digest("import", subscriber.id, now.isoformat(), repr(wishes))[:12]
        self._imports.keep(import_id, subscriber.id, read.wishes, now)
        sheet = Sheet().line(tr("That would change here:"), EntityKind.BOLD)
        for said in (*(f"• {change}" for change in changes), *left_out):
            sheet.line(said)
        row = [
            Button(tr("Apply"), data=f"import:apply:{import_id}"),
            Button(tr("Cancel"), data=f"import:cancel:{import_id}"),
        ]
        return Reply(cards=(sheet.card([row]),))

    def tap(self, text: str, chat: Chat) -> Reply:
        """Apply what was shown, or forget it."""
        verb, _, import_id = text.partition(":")
        if verb not in ("apply", "cancel") or not import_id:
            return old_button()
        subscriber, now = known(self._desk, chat), self._clock()
        if subscriber is None:
            return alerts_off()
        kept = self._imports.kept(import_id, subscriber.id, now)
        if kept is None:
            return _gone()
        if verb == "cancel":
            self._imports.drop(import_id, subscriber.id)
            return Reply(cards=(say(tr("Nothing was changed.")),), replace=True)
        # The chat may have been set otherwise since it was asked.
        here = Now.of(subscriber, self._desk, now)
        wishes, by_budget = completed(kept, here)
        changes = differences(wishes, here, self._vocabulary)
        zone = wishes.timezone if "timezone" in wishes.named else subscriber.timezone
        due = next_digest(wishes.digest, zone, now) if wishes.digest else None
        if not self._imports.apply(import_id, subscriber.id, wishes, now, due=due, by_budget=by_budget):
            return _gone()
        with speaking(wishes.language if "language" in wishes.named else spoken()):
            sheet = Sheet().line(tr("Applied:") if changes else tr("Applied; it was all set like that."))
            for change in changes:
                sheet.line(f"• {change}")
            row = [Button(tr("All settings"), data="settings:")]
            return Reply(cards=(sheet.card([row]),), replace=True)

    def file_of(self, chat: Chat) -> File | None:
        """The settings of a chat as a file; None where it has none."""
        now, subscriber = self._clock(), self._desk.subscriber(chat.subscriber_id)
        if subscriber is None:
            return None
        text = write_wishes(Now.of(subscriber, self._desk, now), self._vocabulary.name)
        return File(name=f"spillover-settings-{now:%Y-%m-%d}.yaml", content=text.encode("utf-8", "replace"))


def _gone() -> Reply:
    return line(
        tr("That was applied, cancelled or replaced already, or it is a day old. /import takes a file again.")
    )


def _too_large() -> Reply:
    return line(
        tr(
            "That file is too large: at most {number} kB. /import takes the file of /export that ends in .yaml.",
            number=show_number(MAX_FILE // 1024),
        )
    )


def _left_out(read: Reading) -> list[str]:
    if not read.ended:
        return []
    return [tr_n("Left out: {n} mute that has ended.", "Left out: {n} mutes that have ended.", read.ended)]


def _mistaken(read: Reading) -> Reply:
    sheet = Sheet().line(tr("Nothing was changed. In the file:"), EntityKind.BOLD)
    for mistake in read.mistakes[:_SHOWN]:
        sheet.line(f"• {mistake}")
    if len(read.mistakes) > _SHOWN:
        sheet.line(tr("and {number} more", number=len(read.mistakes) - _SHOWN))
    return Reply(cards=(sheet.line(tr("Correct it and send it again with the caption /import.")).card(),))
