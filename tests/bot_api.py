"""A stand-in for Telegram's Bot API: a real HTTP server that checks what Telegram checks.

    async with BotApi() as api:
        bot = make_bot(api.token, base_url=api.url)
        ...
        api.accepted[-1].text                 # what has arrived
        api.push_message(5, "/watch NVDA")    # somebody writes to the bot
        api.push_file(5, "settings.yaml", b"level: high", "/import")
        api.push_callback(5, "why:ab12")      # somebody taps a button
        api.push_inline(5, "meta sells")      # somebody types behind the bot's name
        api.block(5); api.migrate(-10, -100); api.delete(5, 101); api.missing(6)
    api.rooms.make(-100, "channel", title="News", username="news"); api.rooms.close(-101, 17)
    api.push_standing(-100, "administrator", by=5, can_post_messages=True)
        api.fault("reset", times=1)           # see `fault`

Ids above zero are private chats, those below groups. Every chat exists unless `missing` says otherwise.
With `limits` it refuses what is too fast, more strictly than Telegram does, by the given `clock`.

It also runs as a process of its own, whose journal survives any crash of the bot:
`python tests/bot_api.py --port 0 --journal FILE` prints its port; each accepted message is a line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web
from bot_api_checks import (
    MAX_CAPTION,
    MAX_PHOTO,
    MAX_UNITS,
    NOT_MODIFIED,
    Limits,
    Pace,
    check_commands,
    check_markup,
    check_message,
    check_photo,
    check_results,
    check_toast,
    field,
    flag,
    size_of,
)
from bot_api_files import Files
from bot_api_people import bot_user, me, member, person
from bot_api_rooms import Rooms

TOKEN = "123456:TEST-token_of_the_stand-in"
MAX_FILE = 50 * 1024 * 1024  # bytes. Source: core.telegram.org/bots/api#senddocument
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"

SPOILT = ("empty", "truncated", "reset", "late")  # faults of what has been accepted


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message or an edit that readers have seen; `at` is the stand-in's clock.

    Of a photo, text and entities are those of its caption.
    """

    method: str
    chat_id: int | str
    message_id: int
    text: str
    entities: list[dict[str, Any]]
    markup: dict[str, Any] | None
    reply_to: int | None
    thread: int | None
    silent: bool
    at: float
    photo: bytes = b""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that readers have got."""

    chat_id: int | str
    name: str
    content: bytes
    thread: int | None


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came, with the status of the answer (0: the connection was cut)."""

    method: str
    params: dict[str, Any]
    status: int
    at: float


@dataclass(slots=True)
class _Fault:
    kind: str
    left: float
    method: str
    chat: int | None
    every: int
    options: dict[str, Any]
    seen: int = 0


class ApiError(Exception):
    """The Bot API says no."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


class BotApi:
    """The server. `accepted` and `calls` grow while it runs; `url` ends in '/bot' and wants the token after it."""

    def __init__(
        self,
        token: str = TOKEN,
        *,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        journal: Path | None = None,
        port: int = 0,
    ) -> None:
        self.token, self.url, self.port = token, "", port
        self.accepted: list[Accepted] = []
        self.unheard: list[Accepted] = []  # of these, those whose answer was spoilt
        self.calls: list[Call] = []
        self.files: list[Uploaded] = []
        self.members: dict[tuple[int, int], str] = {}  # (chat, user) → status in the group, else 'member'
        self.rooms = Rooms()
        self.sent_files = Files()  # by people
        self._clock = clock
        self._journal = journal.open("a", encoding="utf-8") if journal else None
        self._messages: dict[tuple[int | str, int], Accepted] = {}
        self._blocked: set[int] = set()
        self._missing: set[int | str] = set()
        self._moved: dict[int, int] = {}
        self._faults: list[_Fault] = []
        self.offered: dict[str, dict[str, Any]] = {}  # inline query → what was answered
        self._asked: set[str] = set()  # inline queries
        self._message_ids, self._update_ids = itertools.count(101), itertools.count(1)
        self._updates: list[dict[str, Any]] = []
        self._arrived = asyncio.Event()
        self._poller: asyncio.Event | None = None  # set it to end the poll that is under way
        self._pace = Pace(limits) if limits else None
        self.webhook: dict[str, Any] = {}  # as it was set
        self.webhook_trouble: dict[str, Any] = {}  # what is said of calls that failed
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_FILE + 2 * MAX_PHOTO)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        app.router.add_get("/file/bot{token}/{path:.+}", self._hand_out)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}/bot"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._poller is not None:
            self._poller.set()
        assert self._runner is not None
        await self._runner.cleanup()
        if self._journal is not None:
            self._journal.close()

    # What happens on the other side

    def block(self, chat: int) -> None:
        """The reader blocks the bot: 403."""
        self._blocked.add(chat)

    def unblock(self, chat: int) -> None:
        self._blocked.discard(chat)

    def missing(self, chat: int | str) -> None:
        """There is no such chat: 400."""
        self._missing.add(chat)

    def migrate(self, old: int, new: int) -> None:
        """The group becomes a supergroup: 400 with migrate_to_chat_id."""
        self._moved[old] = new

    def push_migration(self, old: int, new: int) -> None:
        """The same, said in both chats."""
        self.migrate(old, new)
        self.push_update(message={**self._message(old), "from": person(1), "migrate_to_chat_id": new})
        self.push_update(message={**self._message(new), "from": person(1), "migrate_from_chat_id": old})

    def delete(self, chat: int, message_id: int) -> None:
        """A message is deleted."""
        self._messages.pop((chat, message_id), None)

    def delete_topic(self, chat: int, thread: int) -> None:
        """A topic goes with all that was written in it."""
        self.rooms.delete(chat, thread)
        self._messages = {k: m for k, m in self._messages.items() if (m.chat_id, m.thread) != (chat, thread)}

    def push_message(self, chat: int, text: str, *, user: int | None = None, **fields: Any) -> int:
        """Somebody writes into a chat; returns the id of the message."""
        post = fields.pop("channel", False)
        writer = {"sender_chat": self.rooms.brief(chat)} if post else {"from": person(user or abs(chat))}
        message = {**self._message(chat), "text": text, **writer, **fields}
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        self.push_update(**{"channel_post" if post else "message": message})
        return message["message_id"]

    def push_file(self, chat: int, name: str, content: bytes, caption: str = "", **more: Any) -> int:
        """Somebody sends a file into a chat; returns the id of the message. `more` is as for `push_message`."""
        user = more.pop("user", None)
        message = {**self._message(chat), "document": self.sent_files.put(name, content), **more}
        message["from"] = person(user or abs(chat))
        if caption:
            message["caption"] = caption
        if caption.startswith("/"):
            command = {"type": "bot_command", "offset": 0, "length": len(caption.split()[0])}
            message["caption_entities"] = [command]
        self.push_update(message=message)
        return int(message["message_id"])

    def push_post(self, chat: int, text: str) -> int:
        """An admin writes into a channel; returns the id of the post."""
        return self.push_message(chat, text, channel=True)

    def push_standing(self, chat: int, status: str, *, by: int, language: str = "", **rights: bool) -> None:
        """Somebody adds the bot to a chat, removes it, or gives it other rights: so it is from now on, and is told."""
        before = self.rooms.stand(chat, status, **rights)
        self.push_update(
            my_chat_member={
                "chat": self.rooms.brief(chat),
                "from": {**person(by), **({"language_code": language} if language else {})},
                "date": int(time.time()),
                "old_chat_member": before,
                "new_chat_member": self.rooms.mine(chat),
            }
        )

    def push_callback(
        self, chat: int, data: str, *, message_id: int | None = None, user: int | None = None
    ) -> str:
        """Somebody taps a button of a message; returns the id of the query."""
        message = {**self._message(chat), "text": "card", "from": bot_user()}
        message["message_id"] = message_id or message["message_id"]
        query_id = str(next(self._update_ids))
        query = {"id": query_id, "from": person(user or abs(chat)), "chat_instance": str(chat), "data": data}
        self.push_update(callback_query={**query, "message": message})
        return query_id

    def push_inline(self, user: int, text: str) -> str:
        """Somebody types behind the bot's name in some chat; returns the id of the query."""
        query_id = str(next(self._update_ids))
        query = {"id": query_id, "from": person(user), "query": text, "offset": "", "chat_type": "private"}
        self._asked.add(query_id)
        self.push_update(inline_query=query)
        return query_id

    def push_update(self, **fields: Any) -> None:
        """Any update, as the Bot API describes it."""
        self._updates.append({"update_id": next(self._update_ids), **fields})
        self._arrived.set()

    def fault(
        self,
        kind: str,
        *,
        times: float = 1,
        method: str = "sendMessage",
        chat: int | None = None,
        every: int = 1,
        **options: Any,
    ) -> None:
        """Go wrong at the next `times` calls of a method (math.inf: until `heal`), or at `every` so manieth of them.

        Not accepted: 'status' (status=502, body=HTML page, headers={}; echo=True puts the address into the body),
        'error' (code=400, description=…, parameters={…} as the Bot API says it), 'refuse' (connection cut).
        Accepted, but the answer is spoilt: 'empty', 'truncated', 'reset' (connection cut),
        'slow' (accepted and answered only after `delay` seconds), 'late' (accepted at once, answered after it).
        Accepted and answered: 'mislabelled' (said to be a web page).
        Files that are fetched are calls of the method 'file': 'refuse', 'grow' (has `size` bytes, whatever was said).
        """
        self._faults.append(_Fault(kind, times, method, chat, every, options))

    def heal(self) -> None:
        """No more faults."""
        self._faults.clear()

    async def close_door(self) -> None:
        """Nothing listens at the address any more, and open connections are cut."""
        assert self._runner is not None
        for site in list(self._runner.sites):
            await site.stop()
        for connection in self._runner.server.connections if self._runner.server else ():
            if connection.transport is not None:
                connection.transport.abort()

    async def open_door(self) -> None:
        """The same port listens again."""
        assert self._runner is not None
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    # The server

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        params: dict[str, Any] = dict(request.query)
        if request.content_type == "application/json":
            params |= await request.json()
        else:
            form = await request.post()
            params |= dict(form)
        status, body = 200, b""
        fault = self._next_fault(method, params)
        kind = fault.kind if fault else ""
        try:
            if request.match_info["token"] != self.token:
                known = ":" in request.match_info["token"]
                raise ApiError(401, "Unauthorized") if known else ApiError(404, "Not Found")
            if fault is not None and kind == "status":
                body = fault.options.get("body", HTML)
                body += request.path.encode() if fault.options.get("echo") else b""
                page = self._end(method, params, fault.options.get("status", 502), body, "text/html")
                page.headers.update(fault.options.get("headers", {}))
                return page
            if fault is not None and kind == "error":
                options = fault.options
                raise ApiError(options["code"], options["description"], **options.get("parameters", {}))
            if kind == "refuse":
                return self._cut(request, method, params)
            if fault is not None and kind == "slow":
                await asyncio.sleep(fault.options["delay"])
            handler = HANDLERS.get(method)
            if handler is None:
                raise ApiError(404, "Not Found")
            before = len(self.accepted)
            result = handler(self, params)
            answer = {"ok": True, "result": await result if asyncio.iscoroutine(result) else result}
            if kind in SPOILT or request.transport is None or request.transport.is_closing():
                self.unheard += self.accepted[before:]
            if fault is not None and kind == "late":
                await asyncio.sleep(fault.options["delay"])
        except ApiError as e:
            status = e.status
            answer = {"ok": False, "error_code": status, "description": e.description}
            if e.parameters:
                answer["parameters"] = e.parameters
        if kind == "reset":
            return self._cut(request, method, params)
        body = json.dumps(answer).encode()
        cut = {"empty": 0, "truncated": len(body) // 2}.get(kind, len(body))
        label = "text/html" if kind == "mislabelled" else "application/json"
        return self._end(method, params, status, body[:cut], label)

    async def _hand_out(self, request: web.Request) -> web.StreamResponse:
        """A file by its path; 'file' names these calls for `fault`."""
        path = request.match_info["path"]
        fault = self._next_fault("file", {})
        if fault is not None and fault.kind == "refuse":
            return self._cut(request, "file", {"path": path})
        known = request.match_info["token"] == self.token
        content = self.sent_files.content(path) if known else None
        if fault is not None and fault.kind == "grow":  # it has more bytes than was said
            content = b"#" * fault.options["size"]
        if content is None:
            answer = {"ok": False, "error_code": 404, "description": "Not Found"}
            return self._end("file", {"path": path}, 404, json.dumps(answer).encode(), "application/json")
        return self._end("file", {"path": path}, 200, content, "application/octet-stream")

    def _get_file(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self.sent_files.found(str(params.get("file_id", "")))
        if isinstance(found, str):
            raise ApiError(400, f"Bad Request: {found}")
        return found

    def _end(self, method: str, params: dict[str, Any], status: int, body: bytes, kind: str) -> web.Response:
        self.calls.append(Call(method, params, status, self._clock()))
        return web.Response(status=status, body=body, content_type=kind)

    def _cut(self, request: web.Request, method: str, params: dict[str, Any]) -> web.Response:
        self.calls.append(Call(method, params, 0, self._clock()))
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    def _next_fault(self, method: str, params: dict[str, Any]) -> _Fault | None:
        for fault in self._faults:
            if fault.method == method and (
                fault.chat is None or str(fault.chat) == str(params.get("chat_id"))
            ):
                fault.seen += 1
                if fault.seen % fault.every:
                    continue
                fault.left -= 1
                if fault.left <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    def _message(self, chat: int | str) -> dict[str, Any]:
        return {
            "message_id": next(self._message_ids),
            "date": int(time.time()),
            "chat": self.rooms.brief(chat),
        }

    def _keep_pace(self, params: dict[str, Any]) -> None:
        if self._pace is None:
            return
        paid = flag(params, "allow_paid_broadcast")
        seconds = self._pace.refuse(str(params.get("chat_id", "")), self._clock(), paid=paid)
        if seconds:
            raise ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)

    def _find_chat(self, params: dict[str, Any]) -> int | str:
        raw = str(params.get("chat_id", ""))
        if raw.startswith("@"):
            named = self.rooms.named(raw)
            if named is None and raw in self._missing:
                raise ApiError(400, "Bad Request: chat not found")
            return raw if named is None else named
        if not raw.lstrip("-").isdigit() or int(raw) in self._missing:
            raise ApiError(400, "Bad Request: chat not found")
        chat = int(raw)
        if chat in self._moved:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=self._moved[chat],
            )
        if chat in self._blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        return chat

    def _accept(
        self, method: str, params: dict[str, Any], old: Accepted | None, photo: bytes = b""
    ) -> dict[str, Any]:
        chat, text = self._find_chat(params), params.get("text")
        if old is None:
            self._enter(chat, params)
        try:
            entities, markup = field(params, "entities") or [], field(params, "reply_markup")
            reply = field(params, "reply_parameters") or {}
        except ValueError as e:
            raise ApiError(400, "Bad Request: can't parse entities: no JSON") from e
        if photo and text == "":
            problem = check_markup(markup)
        else:
            problem = check_message(text, entities, markup, MAX_CAPTION if photo else MAX_UNITS)
        if params.get("parse_mode"):
            problem = "can't parse entities: the stand-in takes entities, not parse_mode"
        reply_to = reply.get("message_id")
        if reply_to is not None and (chat, reply_to) not in self._messages:
            if not reply.get("allow_sending_without_reply"):
                problem = problem or "message to be replied not found"
            reply_to = None
        if old and (old.text, old.entities, old.markup) == (text, entities, markup):
            problem = problem or NOT_MODIFIED
        if problem:
            raise ApiError(400, f"Bad Request: {problem}")
        message = (
            self._message(chat) if old is None else {**self._message(chat), "message_id": old.message_id}
        )
        thread = params.get("message_thread_id")
        accepted = Accepted(
            method, chat, message["message_id"], text, entities, markup, reply_to,
            int(thread) if thread else None, flag(params, "disable_notification"), self._clock(), photo,
        )  # fmt: skip
        self._messages[chat, accepted.message_id] = accepted
        self.accepted.append(accepted)
        if self._journal is not None:
            self._journal.write(
                json.dumps({**asdict(accepted), "photo": len(photo), "wall": time.time()}) + "\n"
            )
            self._journal.flush()
            os.fsync(self._journal.fileno())
        if photo:
            width, height = size_of(photo)
            sizes = [{"file_id": "f", "file_unique_id": "u", "width": width, "height": height}]
            return {
                **message,
                "photo": sizes,
                "caption": text,
                "caption_entities": entities,
                "from": bot_user(),
            }
        return {**message, "text": text, "entities": entities, "from": bot_user()}

    def _send(self, params: dict[str, Any]) -> dict[str, Any]:
        self._keep_pace(params)
        return self._accept("sendMessage", params, None)

    def _send_photo(self, params: dict[str, Any]) -> dict[str, Any]:
        """An upload only: what is on another server, or was sent before, the stand-in has not."""
        self._keep_pace(params)
        sent = params.get("photo")
        file = params.get(sent.removeprefix("attach://")) if isinstance(sent, str) else sent
        photo = file.file.read() if isinstance(file, web.FileField) else b""
        self._find_chat(params)
        if problem := check_photo(photo):
            raise ApiError(400, f"Bad Request: {problem}")
        caption = {"text": params.get("caption", ""), "entities": params.get("caption_entities")}
        return self._accept("sendPhoto", {**params, **caption}, None, photo)

    def _send_document(self, params: dict[str, Any]) -> dict[str, Any]:
        self._keep_pace(params)
        chat, given = self._find_chat(params), str(params.get("document", ""))
        self._enter(chat, params)
        file = params.get(given.removeprefix("attach://"), params.get("document"))
        if not isinstance(file, web.FileField):
            raise ApiError(400, "Bad Request: there is no document in the request")
        content = file.file.read()
        if not content:
            raise ApiError(400, "Bad Request: file must be non-empty")
        if len(content) > MAX_FILE:
            raise ApiError(413, "Request Entity Too Large")
        thread = params.get("message_thread_id")
        self.files.append(Uploaded(chat, file.filename, content, int(thread) if thread else None))
        document = {"file_id": "f", "file_unique_id": "u", "file_name": file.filename}
        return {**self._message(chat), "document": document, "from": bot_user()}

    def _edit(self, params: dict[str, Any]) -> dict[str, Any]:
        self._keep_pace(params)
        return self._accept("editMessageText", params, self._target(params))

    def _edit_markup(self, params: dict[str, Any]) -> dict[str, Any]:
        self._keep_pace(params)
        old = self._target(params)
        return self._accept(
            "editMessageReplyMarkup", {**params, "text": old.text, "entities": old.entities}, old
        )

    def _target(self, params: dict[str, Any]) -> Accepted:
        old = self._messages.get((self._find_chat(params), int(params.get("message_id", 0))))
        if old is None:
            raise ApiError(400, "Bad Request: message to edit not found")
        return old

    async def deliver(self) -> list[int]:
        """Call the webhook with each update that waits, as Telegram does; the statuses. What is not taken stays."""
        statuses, kept = [], []
        async with aiohttp.ClientSession() as session:
            for update in self._updates:
                headers = {"X-Telegram-Bot-Api-Secret-Token": str(self.webhook.get("secret_token", ""))}
                async with session.post(self.webhook["url"], json=update, headers=headers) as answer:
                    statuses.append(answer.status)
                    kept += [] if answer.status == 200 else [update]
        self._updates = kept
        return statuses

    def _set_webhook(self, params: dict[str, Any]) -> bool:
        self.webhook = dict(params)
        return True

    def _delete_webhook(self, params: dict[str, Any]) -> bool:
        self.webhook = {}
        if flag(params, "drop_pending_updates"):
            self._updates.clear()
        return True

    def _webhook_info(self, params: dict[str, Any]) -> dict[str, Any]:
        return {
            **self.webhook_trouble,
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        }

    async def _get_updates(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            )
        if self._poller is not None:
            self._poller.set()
        mine = self._poller = asyncio.Event()
        offset, limit = int(params.get("offset") or 0), int(params.get("limit") or 100)
        self._updates = [u for u in self._updates if u["update_id"] >= offset]
        if not self._updates:
            self._arrived.clear()
            waits = {asyncio.ensure_future(e.wait()) for e in (self._arrived, mine)}
            timeout = float(params.get("timeout") or 0)
            await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        if mine.is_set():
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            )
        self._poller = None
        return self._updates[:limit]

    def _answer_inline(self, params: dict[str, Any]) -> bool:
        query_id = str(params.get("inline_query_id", ""))
        results = field(params, "results")
        problem = "" if query_id in self._asked else "query is too old and response timeout expired"
        problem = problem or check_results(results)
        if problem:
            raise ApiError(400, f"Bad Request: {problem}")
        self.offered[query_id] = {**params, "results": results}
        return True

    def _get_chat(self, params: dict[str, Any]) -> dict[str, Any]:
        chat = self._look(params)
        return self.rooms.details(chat)

    def _get_chat_member(self, params: dict[str, Any]) -> dict[str, Any]:
        chat, who = self._look(params), int(params["user_id"])
        if who == bot_user()["id"]:
            return self.rooms.mine(chat)
        if self.rooms.hides_members(chat):
            raise ApiError(400, "Bad Request: member list is inaccessible")
        return member(who, self.members.get((int(chat), who), "member"))

    def _look(self, params: dict[str, Any]) -> int | str:
        """The chat, if the bot may look at it."""
        chat = self._find_chat(params)
        status, why = self.rooms.seen(chat)
        if status:
            raise ApiError(status, why)
        return chat

    def _enter(self, chat: int | str, params: dict[str, Any]) -> None:
        """Go where something is written, if the bot may."""
        thread = params.get("message_thread_id")
        status, why = self.rooms.refusal(chat, int(thread) if thread else None)
        if status:
            raise ApiError(status, why)


def _answer_callback(_: BotApi, params: dict[str, Any]) -> bool:
    if problem := check_toast(params.get("text")):
        raise ApiError(400, f"Bad Request: {problem}")
    return True


def _set_commands(_: BotApi, params: dict[str, Any]) -> bool:
    if problem := check_commands(field(params, "commands")):
        raise ApiError(400, f"Bad Request: {problem}")
    return True


def _yes(_: BotApi, params: dict[str, Any]) -> bool:
    return True


def _me(_: BotApi, params: dict[str, Any]) -> dict[str, Any]:
    return me()


HANDLERS: dict[str, Callable[[BotApi, dict[str, Any]], Any]] = {
    "getMe": _me,
    "getUpdates": BotApi._get_updates,
    "setWebhook": BotApi._set_webhook,
    "deleteWebhook": BotApi._delete_webhook,
    "getWebhookInfo": BotApi._webhook_info,
    "sendMessage": BotApi._send,
    "sendPhoto": BotApi._send_photo,
    "sendDocument": BotApi._send_document,
    "getFile": BotApi._get_file,
    "editMessageText": BotApi._edit,
    "editMessageReplyMarkup": BotApi._edit_markup,
    "answerInlineQuery": BotApi._answer_inline,
    "answerCallbackQuery": _answer_callback,
    "setMyCommands": _set_commands,
    "getChat": BotApi._get_chat,
    "getChatMember": BotApi._get_chat_member,
    **dict.fromkeys(
        (
            "deleteMyCommands",
            "sendChatAction",
            "leaveChat",
        ),
        _yes,
    ),
}


async def _main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for Telegram's Bot API on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one, which is printed")
    parser.add_argument("--journal", type=Path, help="append each accepted message to this file")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--strict", action="store_true", help="refuse what is faster than Telegram allows")
    given = parser.parse_args()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    limits = Limits() if given.strict else None
    async with BotApi(given.token, limits=limits, journal=given.journal, port=given.port) as api:
        print(api.port, flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(_main())
