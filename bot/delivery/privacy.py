"""What is kept about a chat: said in plain words, handed over as a file, deleted for good."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import timedelta

from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, File, Reply, line, old_button
from bot.delivery.sheet import Sheet, fold, say
from bot.delivery.words import span_text
from bot.locale import tr
from bot.model import Button
from bot.office import Privacy
from bot.ports import Clock
from bot.text import shorten

CONFIRM_WITHIN = timedelta(minutes=10)


class Private:
    """The part of the commands that concerns what is stored; in groups its admins decide."""

    def __init__(
        self,
        privacy: Privacy,
        clock: Clock,
        *,
        keep: timedelta,
        contact: str = "",
        settings: Callable[[Chat], File | None] = lambda _: None,
    ) -> None:
        """Wire it up.

        Args:
            privacy: Reads and deletes.
            clock: The time.
            keep: How long what was sent is remembered.
            contact: Whom to ask; empty if nobody is named.
            settings: What a chat has set, as a file that can be taken back.
        """
        self._settings = settings
        self._privacy, self._clock, self._keep, self._contact = privacy, clock, keep, contact
        self.commands: Mapping[str, Handler] = {
            "privacy": self.privacy,
            "export": self.export,
            "deleteme": self.deleteme,
        }
        self.buttons: Mapping[str, Handler] = {"erase": self.erase}
        self.managing = frozenset({"export", "deleteme", "erase"})

    def privacy(self, text: str, chat: Chat) -> Reply:
        """What is stored, and for how long."""
        keep = span_text(self._keep)
        lines = [
            tr("What this bot stores about a chat, on the machine that it runs on:"),
            "• "
            + tr(
                "the chat's Telegram id (in a private chat that is yours), since when it is here, "
                "whether alerts are on"
            ),
            "• " + tr("its settings, what it follows and what it mutes, until you change them"),
            "• " + tr("settings that you send as a file, until you apply them, or for about a day"),
            "• "
            + tr(
                "which alerts it was sent or not sent, when and why: {span}, longer while their story is open",
                span=keep,
            ),
            "• "
            + tr(
                "of a group or channel: the id of the admin who turned alerts on there, to be told when they end"
            ),
            "• "
            + tr(
                "whether the bot's managers let it in or keep it out, and for {span} what they did about it",
                span=keep,
            ),
            "• "
            + tr("of a group: who has marked a card as seen with /ack, by the name that is shown under it"),
            tr("• what you write to the managers with /feedback: {keep}", keep=keep),
            tr("Not stored: other names, phone numbers, who is in a group, what you write beyond settings."),
            tr(
                "Nothing is passed on or counted elsewhere. Telegram carries the messages and sees them. "
                "The bot's log names a chat's id where something goes wrong; whoever runs the bot decides "
                "how long logs and backups are kept."
            ),
            tr("/export sends everything as a file, /deleteme deletes it."),
        ]
        if self._contact:
            lines.append(tr("Questions: {contact}", contact=shorten(fold(self._contact), 100)))
        return line(*lines)

    async def export(self, text: str, chat: Chat) -> Reply:
        """Everything about the chat as a file, and its settings as another."""
        now = self._clock()
        found = await asyncio.to_thread(self._privacy.everything, chat.subscriber_id, now)
        content = await asyncio.to_thread(json.dumps, found, ensure_ascii=False, indent=1)
        everything = File(name=f"spillover-{now:%Y-%m-%d}.json", content=content.encode("utf-8", "replace"))
        settings = self._settings(chat)
        said = tr("Everything that is stored about this chat, as JSON:")
        if settings is None:
            return Reply(cards=(say(said),), files=(everything,))
        rest = tr(
            "Its settings come as YAML besides: edit that file, and /import takes it back, here or elsewhere."
        )
        return Reply(cards=(say(said, rest),), files=(everything, settings))

    def deleteme(self, text: str, chat: Chat) -> Reply:
        """Ask whether everything is to be deleted."""
        if text:
            return line(
                tr("/deleteme stands alone. It deletes everything about this chat, after asking once.")
            )
        sheet = Sheet().line(_asks(chat))
        sheet.line(tr("Alerts end, and where the bot is by invitation, a manager must let you in again."))
        sheet.line(tr("This can't be undone; /export saves a copy first, /stop only ends alerts."))
        asked = int(self._clock().timestamp())
        row = [Button(tr("Delete everything"), data=f"erase:{asked}"), Button(tr("Keep"), data="cancel:")]
        return Reply(cards=(sheet.card([row]),))

    async def erase(self, text: str, chat: Chat) -> Reply:
        """Delete everything, if the question is young enough to be meant."""
        if not (text.isascii() and text.isdecimal() and len(text) <= 12):
            return old_button()
        now = self._clock()
        if not 0 <= now.timestamp() - int(text) <= CONFIRM_WITHIN.total_seconds():
            return line(tr("That was asked a while ago, so nothing was deleted. /deleteme asks again."))
        gone = await asyncio.to_thread(self._privacy.erase, chat.subscriber_id, now)
        if not gone:
            return Reply(cards=(say(tr("Nothing is stored about this chat.")),), replace=True)
        return Reply(
            cards=(say(tr("Everything about this chat was deleted. /start begins anew.")),), replace=True
        )


def _asks(chat: Chat) -> str:
    if "/" in chat.address:
        return tr("Delete everything about this topic: settings, what it follows, what it was sent?")
    if chat.address.startswith("-"):
        return tr(
            "Delete everything about this chat with all its topics: "
            "settings, what it follows, what it was sent?"
        )
    return tr("Delete everything about this chat: settings, what it follows, what it was sent?")
