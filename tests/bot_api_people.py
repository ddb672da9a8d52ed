"""Users and chats as the Bot API describes them, for the stand-in in `bot_api`."""

from __future__ import annotations

from typing import Any

_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
_ABILITIES = ("can_join_groups", "can_read_all_group_messages", "supports_inline_queries")
_RIGHTS = (
    "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members "
    "can_promote_members can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories"
).split()

_PERMISSIONS = (
    "can_change_info can_invite_users can_pin_messages can_manage_topics can_send_messages can_send_polls "
    "can_send_other_messages can_add_web_page_previews can_send_audios can_send_documents can_send_photos "
    "can_send_videos can_send_video_notes can_send_voice_notes can_edit_tag can_react_to_messages"
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


def member(user: int, status: str, **rights: bool) -> dict[str, Any]:
    """A member of a chat; `status` is creator, administrator, restricted, member, left and so on."""
    extra: dict[str, Any] = {
        "creator": {"is_anonymous": False},
        "administrator": dict.fromkeys(_RIGHTS, False),
        "restricted": {**dict.fromkeys(_PERMISSIONS, True), "is_member": True, "until_date": 0},
        "kicked": {"until_date": 0},
    }.get(status, {})
    who = bot_user() if user == bot_user()["id"] else person(user)
    return {"status": status, "user": who, **extra, **rights}
