"""Users and chats as the Bot API describes them, for the stand-in in `bot_api`."""

from __future__ import annotations

from typing import Any

_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
_ABILITIES = ("can_join_groups", "can_read_all_group_messages", "supports_inline_queries")
_RIGHTS = (
    "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members "
    "can_promote_members can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories"
).split()


def person(user: int) -> dict[str, Any]:
    return {"id": user, "is_bot": False, "first_name": f"User {user}"}


def bot_user() -> dict[str, Any]:
    return {"id": 123456, "is_bot": True, "first_name": "Spillover", "username": "spillover_bot"}


def me() -> dict[str, Any]:
    return {**bot_user(), **dict.fromkeys(_ABILITIES, False)}


def chat_object(chat: int | str) -> dict[str, Any]:
    if isinstance(chat, str):
        return {"id": -1_000_000_000_001, "type": "channel", "title": chat, "username": chat[1:]}
    if chat > 0:
        return {"id": chat, "type": "private", "first_name": f"User {chat}"}
    return {"id": chat, "type": "supergroup", "title": f"Group {chat}"}


def chat_details(chat: int | str) -> dict[str, Any]:
    gifts = dict.fromkeys(_GIFTS, False)
    return {**chat_object(chat), "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}


def member(user: int, status: str) -> dict[str, Any]:
    """A member of a group; `status` is creator, administrator, member, left and so on."""
    extra = {"creator": ["is_anonymous"], "administrator": _RIGHTS}.get(status, [])
    return {"status": status, "user": person(user), **dict.fromkeys(extra, False)}
