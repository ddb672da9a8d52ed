"""Groups and topics in the running program: a feed's news arrives where it is bound, or whoever bound it hears why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bot_api import BotApi
from newsroom import make_book
from test_app import TITLE, Server, loaded, running, server, settings, until

from bot.app import App

__all__ = ["server"]

BOSS, FORUM = 11, -100700
TOPIC = {"is_topic_message": True, "message_thread_id": 17}


def program(folder: Path, server: Server, api: BotApi) -> App:
    chosen = settings(
        folder,
        server,
        BOT_TELEGRAM_TOKEN=api.token,
        BOT_TELEGRAM_API_URL=api.url.removesuffix("/bot"),
        BOT_TELEGRAM_ADMINS=str(BOSS),
    )
    return App(chosen, loaded(folder, server.feed("wire")))


async def test_news_for_a_closed_topic_arrives_in_the_general_one(tmp_path: Path, server: Server) -> None:
    async with BotApi() as api:
        api.rooms.make(FORUM, title="Forum", is_forum=True)
        api.members[FORUM, BOSS] = "administrator"
        async with running(program(tmp_path, server, api)):
            api.push_message(FORUM, "/bind all", user=BOSS, **TOPIC)
            await until(lambda: any(m.thread == 17 for m in api.accepted))
            api.rooms.close(FORUM, 17)
            server.shown["wire"] = [TITLE]
            await until(lambda: any(TITLE in m.text for m in api.accepted))
    (card,) = [m for m in api.accepted if TITLE in m.text]
    assert (card.chat_id, card.thread) == (FORUM, None)
    assert card.text.startswith("Topic 17 was closed or deleted")


async def test_who_bound_a_group_that_may_not_be_written_to_is_told_why(
    tmp_path: Path, server: Server
) -> None:
    async with BotApi() as api:
        api.rooms.make(FORUM, title="Forum")
        api.members[FORUM, BOSS] = "administrator"
        async with running(program(tmp_path, server, api)):
            api.push_message(BOSS, "/start")
            api.push_message(BOSS, "/stop")
            api.push_message(FORUM, "/bind all", user=BOSS)
            await until(lambda: any(m.chat_id == FORUM for m in api.accepted))
            api.rooms.make(FORUM, title="Forum", permissions={"can_send_messages": False})
            server.shown["wire"] = [TITLE]
            await until(lambda: any("I may not write in “Forum” any more" in m.text for m in api.accepted))
    assert not any(TITLE in m.text for m in api.accepted)
    assert {m.chat_id for m in api.accepted if "any more" in m.text} == {BOSS}


CHANNEL, USER, FRIEND = -100800, 12, 13


async def test_nobody_waits_while_telegram_is_slow_with_somebody_else(tmp_path: Path, server: Server) -> None:
    async with BotApi() as api:
        api.rooms.make(CHANNEL, "channel", title="News", username="spill_news")
        api.rooms.stand(CHANNEL, "administrator", can_post_messages=True)
        api.members[CHANNEL, USER] = "administrator"
        async with running(program(tmp_path, server, api)):
            api.fault("slow", method="getChat", delay=600)
            api.fault("slow", method="sendMessage", chat=BOSS, delay=600)
            api.push_message(USER, "/bind @spill_news nvidia")
            api.push_message(USER, "/help")
            api.push_message(FRIEND, "/feedback more chips")
            api.push_message(14, "/help")
            await until(lambda: any(m.chat_id == 14 for m in api.accepted))
        answered = {m.chat_id for m in api.accepted}
    assert answered == {14}, "whoever asked something slow waits for that, and is not answered out of order"


@pytest.mark.parametrize("bound", [True, False], ids=["which is bound as well", "alone"])
async def test_a_channel_that_a_route_names_is_told_once(tmp_path: Path, server: Server, bound: bool) -> None:
    routes = "version: 1\nroutes: [{to: 'telegram:@spill_news', when: {level: info}}]"
    async with BotApi() as api:
        api.rooms.make(CHANNEL, "channel", title="News", username="spill_news")
        api.rooms.stand(CHANNEL, "administrator", can_post_messages=True)
        api.members[CHANNEL, USER] = "administrator"
        app = program(tmp_path, server, api)
        if bound:
            async with running(app):
                api.push_message(USER, "/bind @spill_news all")
                await until(lambda: any(m.chat_id == USER for m in api.accepted))
            app = program(tmp_path, server, api)
        app._loaded = replace(app._loaded, book=make_book(tmp_path, routes=routes))
        async with running(app):
            assert app.desk.subscriber("telegram:@spill_news") is not None
            server.shown["wire"] = [TITLE]
            await until(lambda: any(TITLE in m.text for m in api.accepted))
            await until(app.is_quiet)
            assert app.desk.moved() == {"telegram:@spill_news": f"telegram:{CHANNEL}"}
    assert [m.chat_id for m in api.accepted if TITLE in m.text] == [CHANNEL]


async def test_more_is_followed_in_a_channel_that_is_named_first(tmp_path: Path, server: Server) -> None:
    async with BotApi() as api:
        api.rooms.make(CHANNEL, "channel", title="News", username="spill_news")
        api.rooms.stand(CHANNEL, "administrator", can_post_messages=True)
        api.members[CHANNEL, USER] = "administrator"
        async with running(program(tmp_path, server, api)):
            api.push_message(USER, "/bind @spill_news nvidia")
            api.push_message(USER, "/watch @spill_news amd")
            await until(lambda: len([m for m in api.accepted if m.chat_id == USER]) == 2)
            assert api.accepted[-1].text.startswith("“News”:"), api.accepted[-1].text
            api.push_message(USER, "/watch @spill_news")
            await until(lambda: len([m for m in api.accepted if m.chat_id == USER]) == 3)
            assert api.accepted[-1].text.startswith("“News”"), api.accepted[-1].text
            api.push_message(USER, "/watch @spill_news hyperscalers selling compute, only confirmed")
            await until(lambda: len([m for m in api.accepted if m.chat_id == USER]) == 4)
            assert api.accepted[-1].text.startswith("“News”"), api.accepted[-1].text
