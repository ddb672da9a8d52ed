"""Groups, channels and topics for the stand-in in `bot_api`, and what the bot may do there.

A chat that was never described is a supergroup in which everything may be done.
"""

from __future__ import annotations

from typing import Any

from bot_api_people import bot_user, chat_details, chat_object, member

IN = frozenset({"member", "administrator", "restricted", "creator"})


class Rooms:
    """What there is, by the ids of chats."""

    def __init__(self) -> None:
        self._chats: dict[int, dict[str, Any]] = {}
        self._standing: dict[int, dict[str, Any]] = {}  # the bot, as a member
        self._closed: set[tuple[int, int | None]] = set()  # topics; None is the general one
        self._deleted: set[tuple[int, int]] = set()

    def make(self, chat: int, kind: str = "supergroup", **more: Any) -> None:
        """There is a chat: `title`, `username`, `is_forum`, `permissions` as the Bot API has them."""
        self._chats[chat] = {"id": chat, "type": kind, "title": f"Group {chat}", **more}

    def stand(self, chat: int, status: str, **rights: bool) -> dict[str, Any]:
        """The bot is this in the chat; gives what it was."""
        before = self.mine(chat)
        self._standing[chat] = member(bot_user()["id"], status, **rights)
        return before

    def close(self, chat: int, thread: int | None) -> None:
        """A topic is closed; None: the general one."""
        self._closed.add((chat, thread))

    def delete(self, chat: int, thread: int) -> None:
        """A topic is deleted, with all that was written in it."""
        self._deleted.add((chat, thread))

    def reopen(self, chat: int, thread: int | None) -> None:
        self._closed.discard((chat, thread))

    def named(self, username: str) -> int | None:
        """The chat of a name with its @, in capitals or not."""
        wanted = username[1:].lower()
        return next((n for n, c in self._chats.items() if c.get("username", "").lower() == wanted), None)

    def brief(self, chat: int | str) -> dict[str, Any]:
        """The chat as it stands in a message."""
        if not isinstance(chat, int) or chat not in self._chats:
            return chat_object(chat)
        return {key: value for key, value in self._chats[chat].items() if key != "permissions"}

    def details(self, chat: int | str) -> dict[str, Any]:
        """The chat as getChat has it."""
        known = self._chats.get(chat, {}) if isinstance(chat, int) else {}
        return {**chat_details(chat), **known}

    def mine(self, chat: int | str) -> dict[str, Any]:
        """The bot as a member."""
        known = self._standing.get(chat) if isinstance(chat, int) else None
        return known or member(bot_user()["id"], "member")

    def seen(self, chat: int | str) -> tuple[int, str]:
        """Why the bot can't look at a chat: status and description; status 0 if it can."""
        status = self.mine(chat)["status"]
        if status == "kicked":
            return 403, f"Forbidden: bot was kicked from the {self._kind(chat)} chat"
        if status == "left" and not self.details(chat).get("username"):
            return 400, "Bad Request: chat not found"
        return 0, ""

    def hides_members(self, chat: int | str) -> bool:
        """Whether others than the bot itself can't be asked about."""
        return self._kind(chat) == "channel" and self.mine(chat)["status"] != "administrator"

    def refusal(self, chat: int | str, thread: int | None) -> tuple[int, str]:
        """Why nothing can be written there: status and description; status 0 if it can."""
        if not isinstance(chat, int) or chat > 0:
            return 0, ""
        mine = self._standing.get(chat)
        if mine is not None and mine["status"] not in IN:
            how = "was kicked from" if mine["status"] == "kicked" else "is not a member of"
            return 403, f"Forbidden: bot {how} the {self._kind(chat)} chat"
        if mine is not None and self._kind(chat) == "channel" and not mine.get("can_post_messages"):
            return 400, "Bad Request: need administrator rights in the channel chat"
        allowed = [self._chats.get(chat, {}).get("permissions") or {}, mine or {}]
        if (mine or {}).get("status") != "administrator" and any(
            a.get("can_send_messages") is False for a in allowed
        ):
            return 400, "Bad Request: not enough rights to send text messages to the chat"
        if thread is not None and (chat, thread) in self._deleted:
            return 400, "Bad Request: message thread not found"
        if (chat, thread) in self._closed:
            return 400, "Bad Request: TOPIC_CLOSED"
        return 0, ""

    def _kind(self, chat: int | str) -> str:
        return str(self.brief(chat)["type"])
