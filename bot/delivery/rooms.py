"""Looks at groups and channels through the Bot API. Implements `standing.Rooms`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from telegram import Bot
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot.delivery.request import call
from bot.delivery.standing import PlaceKind, Right, Standing, Trouble
from bot.delivery.telegram import translate

log = logging.getLogger(__name__)

_ADMINS = ("creator", "administrator")
_GONE = ("left", "kicked")
# Descriptions of status 400 where a channel shows its members to its admins only.
_HIDDEN = ("member list is inaccessible", "chat_admin_required", "chat admin required")

Fields = Mapping[str, Any]
"""A chat, a member or permissions as the Bot API writes them: read so, an older or newer server does as well."""


class TelegramRooms:
    """Asks anew each time: rights change at any moment."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def look(self, address: str, user: str, /) -> Standing | Trouble:
        """How things are there just now."""
        chat, _, thread = address.partition("/")
        try:
            try:
                info = await self._chat(chat)
            except ChatMigrated as e:
                info = await self._chat(str(e.new_chat_id))
            mine, asker = await asyncio.gather(
                self._member(info, str(self._bot.id)), self._is_admin(info, user)
            )
        except Forbidden:
            return Trouble.NOT_IN
        except BadRequest as e:
            log.info("chat_unknown chat=%s error=%r", chat, e.message)
            return Trouble.UNKNOWN
        except TelegramError as e:
            log.warning("chat_not_looked_at chat=%s error=%s", chat, translate(e))
            return Trouble.UNREACHABLE
        kind = kind_of(info["type"])
        return Standing(
            address=f"{info['id']}/{thread}" if thread else str(info["id"]),
            kind=kind,
            title=info.get("title") or "",
            username=info.get("username") or "",
            has_topics=bool(info.get("is_forum")),
            is_in=is_in(mine),
            missing=missing(mine, kind, info.get("permissions") or {}),
            asker_is_admin=asker,
        )

    async def _chat(self, chat: str) -> Fields:
        found: Fields = await call(self._bot, "getChat", {"chat_id": chat})
        return found

    async def _member(self, info: Fields, user: str) -> Fields:
        found: Fields = await call(self._bot, "getChatMember", {"chat_id": str(info["id"]), "user_id": user})
        return found

    async def _is_admin(self, info: Fields, user: str) -> bool | None:
        if not user:
            return None
        try:
            return is_admin(await self._member(info, user))
        except BadRequest as e:  # whoever was never in a group is not found there
            return None if any(phrase in e.message.lower() for phrase in _HIDDEN) else False


def kind_of(chat_type: str) -> PlaceKind:
    """What a chat of such a type is."""
    return {"private": PlaceKind.PRIVATE, "channel": PlaceKind.CHANNEL}.get(chat_type, PlaceKind.GROUP)


def is_admin(member: Fields) -> bool:
    """Whether somebody manages the chat."""
    return member["status"] in _ADMINS


def is_in(member: Fields) -> bool:
    """Whether the bot is there at all."""
    return member["status"] not in _GONE and member.get("is_member", True) is not False


def missing(member: Fields, kind: PlaceKind, permissions: Fields) -> tuple[Right, ...]:
    """What the bot lacks; `permissions` are those of a group's ordinary members, as far as they are known."""
    status = member["status"]
    if kind is PlaceKind.CHANNEL:
        return () if status == "administrator" and member.get("can_post_messages") else (Right.POST,)
    if is_admin(member):
        return ()
    # What is not allowed to ordinary members is not allowed to a restricted one either.
    held = (permissions, member if status == "restricted" else {})
    if any(h.get("can_send_messages") is False for h in held):
        return (Right.WRITE,)
    return (Right.PICTURES,) if any(h.get("can_send_photos") is False for h in held) else ()
