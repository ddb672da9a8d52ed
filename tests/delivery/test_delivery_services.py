"""Other services through Apprise: what arrives at real peers on loopback, and what their refusals mean."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from card_scene import NOW, begun, names, told, wire
from fakes import FakeClock, MemoryOutbox
from mail import note, subscriber
from service_peers import Mailbox, Matrix, Ntfy, Peer, receiving, serving

from bot.delivery.outbox import OUTAGE, Drain
from bot.delivery.pacing import Pacer
from bot.delivery.render import card, reply
from bot.delivery.services import GIVE_UP, Services
from bot.errors import ConfigError, RejectedError, TransientDeliveryError
from bot.model import AlertKind, Card, OutboxItem, Polarity, Reason, Receipt, Severity
from bot.telemetry import set_up_logging

HEADLINE = "Meta weighs selling surplus AI compute to outsiders"
SECRETS = ("path-known-to-two", "word-of-pass", "topic-of-few", Matrix.token)


@pytest.fixture(autouse=True)
def own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between messages of one service, and no proxy on the way to loopback."""
    from apprise import NotifyBase

    monkeypatch.setattr(NotifyBase, "request_rate_per_sec", 0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


class Desk:
    """Operators, who hear of what is wrong."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def tell(self, say: Callable[[], str]) -> None:
        self.told.append(say())


def services(address: str, desk: Desk | None = None, **more: Any) -> Services:
    return Services({"desk": address}, lambda: NOW, (desk or Desk()).tell, **more)


def hook(peer: Peer) -> str:
    return f"json://127.0.0.1:{peer.port}/path-known-to-two"


def mailto(mailbox: Mailbox, **more: str) -> str:
    asks = {"from": "bot@example.org", "to": "desk@example.org", "mode": "insecure"} | more
    query = "&".join(f"{k}={v}" for k, v in asks.items())
    return f"mailto://sender:word-of-pass@127.0.0.1:{mailbox.port}?{query}"


def item(drawn: Card | None = None, *, name: str = "desk", **more: Any) -> OutboxItem:
    if drawn is None:
        entry = wire()
        drawn = card(told(entry), begun(entry), entry, names=names, now=NOW)
    to = subscriber(name, channel="apprise")
    answered = {k: more.pop(k) for k in ("answers", "reply_to", "attempts", "first_attempt_at") if k in more}
    made = note(more.pop("id", "n1"), to, drawn, **{"level": Severity.HIGH} | more)
    return OutboxItem(notification=made, subscriber=to, **answered)


def denial() -> OutboxItem:
    entry = wire(title="Meta denies plan to sell compute", text="", url="https://wire.example/denial")
    alert = told(
        entry, evidence="denies", kind=AlertKind.REPLY, reason=Reason.DENIED, polarity=Polarity.DENIED
    )
    answers = item().notification.card
    return item(
        reply(alert, begun(entry), entry, now=NOW),
        kind=AlertKind.REPLY,
        answers=answers,
        reply_to="n1",
        id="r1",
    )


async def test_a_webhook_gets_the_card_and_the_denial_as_a_message_of_its_own():
    async with serving(Peer()) as peer:
        channel = services(hook(peer))
        receipt = await channel.send(item())
        await channel.send(denial())
    new, denied = peer.taken
    assert receipt == Receipt(message_id="n1", at=NOW)
    assert new["title"] == f"HIGH · {HEADLINE}"
    assert new["message"].splitlines() == [
        "HIGH · considering · sourced",
        "“The company is exploring selling excess computing capacity, people familiar with the matter said.” "
        "(Example Wire)",
        "Exposed: CRWV, NBIS (competes) · NVDA (demand) · MU, SK Hynix (via NVDA)",
        "Rule: Meta sells surplus compute",
        "2 independent origins, 9 copies · published 18:02 · seen 18:03 UTC · rev 2",
        "https://wire.example/meta",
    ]
    assert denied["title"] == "DENIED · Meta denies plan to sell compute"
    assert denied["message"].splitlines() == [
        f"About “{HEADLINE}”",
        "Example Wire · sourced · 2 independent origins · 18:02 UTC",
        "https://wire.example/denial",
    ]


async def test_a_burst_of_edits_sends_nothing():
    async with serving(Peer()) as peer:
        channel = services(hook(peer))
        edits = [item(kind=AlertKind.EDIT, silent=True, reply_to="n1", id=f"e{n}") for n in range(50)]
        receipts = [await channel.send(edit) for edit in edits]
    assert peer.asked == 0
    assert {r.message_id for r in receipts} == {"n1"}


async def test_ntfy_takes_a_card_with_any_letters_and_a_low_one_is_quiet():
    entry = wire(title="Meta wägt 出售 compute – “maybe” 🤖", text="")
    drawn = card(told(entry, evidence="Meta"), begun(entry), entry, names=names, now=NOW)
    async with serving(Ntfy()) as peer:
        channel = services(f"ntfy://sender:word-of-pass@127.0.0.1:{peer.port}/topic-of-few")
        await channel.send(item(drawn))
        await channel.send(item(drawn, level=Severity.LOW, id="n2"))
        await channel.send(item(drawn, silent=True, id="n3"))
    assert [m["priority"] for m in peer.taken] == ["3", "low", "low"]
    assert peer.taken[0]["title"] == "HIGH · Meta wägt 出售 compute – “maybe” 🤖"
    assert {(m["topic"], m["icon"]) for m in peer.taken} == {("topic-of-few", None)}


@pytest.mark.parametrize("text", ["出售算力。", "Two words. ", 'é"', "🤖"])
async def test_ntfy_gets_no_more_bytes_than_it_takes(text: str):
    drawn = Card(text=f"HIGH\n{text * 100}\n" + text * 2000)
    async with serving(Ntfy()) as peer:
        await services(f"ntfy://127.0.0.1:{peer.port}/topic-of-few").send(item(drawn))
    assert len(peer.taken[0]["message"]) > 400


async def test_a_priority_that_the_operator_set_stays():
    async with serving(Ntfy()) as peer:
        channel = services(f"ntfy://127.0.0.1:{peer.port}/topic-of-few?priority=max")
        await channel.send(item(level=Severity.LOW))
    assert peer.taken[0]["priority"] == "max"


async def test_matrix_gets_every_message_once_however_often_it_is_sent():
    async with serving(Matrix()) as peer:
        channel = services(f"matrix://{Matrix.token}@127.0.0.1:{peer.port}/!room:localhost")
        await channel.send(item())
        await channel.send(denial())
        await channel.send(denial())  # as after a crash
    new, denied = peer.taken
    assert new["formatted_body"].startswith(
        "<b>HIGH · considering · sourced</b><br/>"
        f'<a href="https://wire.example/meta"><b>{HEADLINE}</b></a><br/>“The company is <b>exploring selling'
    )
    assert new["body"].splitlines()[:2] == ["HIGH · considering · sourced", HEADLINE]
    assert denied["body"].splitlines()[:2] == [
        "DENIED · Meta denies plan to sell compute",
        f"About “{HEADLINE}”",
    ]


async def test_a_mail_has_a_subject_and_both_forms():
    async with receiving(Mailbox("sender", "word-of-pass")) as mailbox:
        await services(mailto(mailbox)).send(item())
    (mail,) = mailbox.taken
    assert (mail["Subject"], mail["To"], mail["From"]) == (
        f"HIGH · {HEADLINE}",
        "desk@example.org",
        "bot@example.org",
    )
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    lines = plain.get_content().splitlines()
    assert lines[:2] == ["HIGH · considering · sourced", HEADLINE]
    assert lines[-1].endswith("https://wire.example/meta")
    assert "<b>exploring selling excess computing capacity</b>" in html.get_content()
    assert mailbox.lines[0] <= 998  # RFC 5321, 4.5.3.1.6


async def test_a_headline_writes_no_header_of_a_mail():
    entry = wire(title="Meta sells\r\nBcc: all@example.org\r\n\r\nhello", text="")
    drawn = card(told(entry, evidence="Meta"), begun(entry), entry, names=names, now=NOW)
    async with receiving(Mailbox("sender", "word-of-pass")) as mailbox:
        await services(mailto(mailbox)).send(item(drawn))
    (mail,) = mailbox.taken
    assert mail["Bcc"] is None
    assert mail["Subject"] == "HIGH · Meta sells Bcc: all@example.\u2060org hello"


@pytest.mark.parametrize("status", [500, 502, 503, 408, 429, 425])
async def test_a_refusal_that_passes_is_tried_again(status: int):
    desk = Desk()
    async with serving(Peer()) as peer:
        peer.answers.append(status)
        channel = services(hook(peer), desk)
        with pytest.raises(TransientDeliveryError, match=f"HTTP status {status}") as caught:
            await channel.send(item())
        await channel.send(item())
    assert not caught.value.flood, "one service's limit is not that of all"
    assert (caught.value.retry_after is not None) is (status == 429)
    assert (len(peer.taken), desk.told) == (1, [])


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 413, 422])
async def test_a_refusal_that_stays_is_told_once_until_it_ends(status: int):
    desk = Desk()
    async with serving(Peer()) as peer:
        channel = services(hook(peer), desk)
        for _ in range(3):
            peer.answers.append(status)
            with pytest.raises(RejectedError, match=f"desk \\(JSON\\) refused it with HTTP status {status}"):
                await channel.send(item())
        await channel.send(item())
        peer.answers.append(status)
        with pytest.raises(RejectedError):
            await channel.send(item())
    assert len(desk.told) == 2, "once more after it had worked"
    assert "BOT_CHANNEL_DESK" in desk.told[0]


async def test_nothing_is_handed_to_another_server():
    async with serving(Peer()) as peer, serving(Peer()) as other:
        peer.elsewhere = f"http://127.0.0.1:{other.port}/"
        peer.answers.append(307)
        with pytest.raises(RejectedError, match="HTTP status 307"):
            await services(hook(peer)).send(item())
    assert other.asked == 0


async def test_a_bug_in_apprise_is_tried_again_and_its_text_is_kept_out(monkeypatch: pytest.MonkeyPatch):
    from apprise.plugins.custom_json import NotifyJSON

    def broken(*_: object, **__: object) -> bool:
        raise RuntimeError("can't ask http://host/path-known-to-two")

    monkeypatch.setattr(NotifyJSON, "send", broken)
    with pytest.raises(TransientDeliveryError) as caught:
        await services("json://127.0.0.1:1/path-known-to-two").send(item())
    assert str(caught.value) == "desk (JSON) failed inside Apprise: RuntimeError"
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


async def test_nobody_there_is_tried_again():
    async with serving(Peer()) as peer:
        address = hook(peer)
    with pytest.raises(TransientDeliveryError, match="can't be reached") as caught:
        await services(address).send(item())
    assert not caught.value.ambiguous


async def test_a_connection_that_breaks_may_have_delivered():
    async with serving(Peer()) as peer:
        peer.answers.append(0)
        with pytest.raises(TransientDeliveryError) as caught:
            await services(hook(peer)).send(item())
    assert caught.value.ambiguous
    assert len(peer.taken) == 1


async def test_no_answer_in_time_may_have_delivered():
    async with serving(Peer()) as peer:
        peer.open.clear()
        with pytest.raises(TransientDeliveryError) as caught:
            await services(hook(peer) + "?rto=0.2").send(item())
    assert caught.value.ambiguous


async def test_what_arrived_after_all_is_not_sent_again_and_nothing_overtakes_it():
    async with serving(Peer()) as peer:
        peer.open.clear()
        channel = services(hook(peer) + "?rto=30", within=timedelta(milliseconds=200))
        with pytest.raises(TransientDeliveryError, match="took longer than") as caught:
            await channel.send(item())
        assert caught.value.ambiguous
        with pytest.raises(TransientDeliveryError, match="has not ended the last attempt") as caught:
            await channel.send(item())
        assert not caught.value.ambiguous
        peer.open.set()
        async with asyncio.timeout(10):
            while True:
                try:
                    await channel.send(item(id="louder"))
                    break
                except TransientDeliveryError:
                    await asyncio.sleep(0.01)
        await channel.send(item())
    assert len(peer.taken) == 2, "the first once, the louder one once"


async def test_the_event_loop_goes_on_while_a_service_is_slow():
    async with serving(Peer()) as peer:
        peer.open.clear()
        sending = asyncio.create_task(services(hook(peer) + "?rto=30").send(item()))
        while not peer.asked:  # the peer runs on the same loop, which must therefore turn
            await asyncio.sleep(0.01)
        assert not sending.done()
        peer.open.set()
        await sending


async def test_news_that_could_not_be_told_for_a_day_is_given_up():
    async with serving(Peer()) as peer:
        peer.answers.extend([500, 500])
        channel = services(hook(peer))
        with pytest.raises(TransientDeliveryError):
            await channel.send(item(first_attempt_at=NOW - GIVE_UP + timedelta(minutes=1)))
        with pytest.raises(RejectedError, match=r"given up after 1d: .*HTTP status 500"):
            await channel.send(item(first_attempt_at=NOW - GIVE_UP))


@pytest.mark.parametrize(
    ("command", "answer", "error"),
    [
        pytest.param("RCPT", "550 5.1.1 no such user", RejectedError, id="unknown reader"),
        pytest.param("RCPT", "451 4.7.1 try again later", TransientDeliveryError, id="greylisted"),
        pytest.param("MAIL", "552 5.3.4 too large", RejectedError, id="too large"),
        pytest.param("EHLO", "421 4.3.2 shutting down", TransientDeliveryError, id="going down"),
    ],
)
async def test_a_mail_server_says_no(command: str, answer: str, error: type[Exception]):
    async with receiving(Mailbox("sender", "word-of-pass")) as mailbox:
        mailbox.refuse = lambda line: answer if line.upper().startswith(command) else None
        with pytest.raises(error):
            await services(mailto(mailbox)).send(item())


async def test_a_wrong_password_of_a_mail_server_stays():
    async with receiving(Mailbox("sender", "another")) as mailbox:
        with pytest.raises(RejectedError, match="SMTP status 535"):
            await services(mailto(mailbox)).send(item())


async def test_a_name_that_is_no_longer_set_is_parked_with_what_to_do():
    with pytest.raises(RejectedError, match="set BOT_CHANNEL_GONE and start again"):
        await Services({}, lambda: NOW, Desk().tell).send(item(name="gone"))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        pytest.param("nftys://word-of-pass@host/topic", "did you mean ntfys://?", id="typo"),
        pytest.param("slack://word-of-pass", "can't read it as an address of Slack", id="incomplete"),
        pytest.param(
            "https://host.example/word-of-pass", "a web address of a service it knows", id="web page"
        ),
        pytest.param(
            "word-of-pass://x", "knows no service whose addresses begin so", id="a secret as scheme"
        ),
        pytest.param("mqtts://me:word-of-pass@host/topic", "needs a package", id="package"),
        pytest.param("ntfys://word-of-pass@host/a/b", "names 2 readers", id="several"),
    ],
)
def test_an_address_that_can_not_be_used_names_its_setting_and_is_not_shown(
    address: str, said: str, capfd: pytest.CaptureFixture[str]
):
    set_up_logging("debug")
    with pytest.raises(ConfigError) as caught:
        services(address)
    assert str(caught.value).startswith("BOT_CHANNEL_DESK: ")
    assert said in str(caught.value)
    shown = (
        str(caught.value)
        + repr(caught.value.__cause__)
        + repr(caught.value.__context__)
        + capfd.readouterr().err
    )
    assert "word-of-pass" not in shown


@pytest.mark.parametrize(
    ("address", "loud", "quiet"),
    [
        pytest.param(
            "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", 4, 4 | 4096, id="no preview, no sound"
        ),
        pytest.param(
            "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?flags=64", 64, 64, id="the operator's own"
        ),
    ],
)
def test_discord_draws_no_preview_and_makes_no_sound_for_what_is_low(address: str, loud: int, quiet: int):
    service = services(address)._services["desk"]
    assert (vars(service._loud)["flags"], vars(service._quiet)["flags"]) == (loud, quiet)


@pytest.mark.parametrize(
    ("address", "key", "loud", "quiet"),
    [
        pytest.param("gotify://h/AAAAAAAAAAAAAAA", "priority", 5, 0, id="gotify"),
        pytest.param("pover://" + "u" * 30 + "@" + "t" * 30, "priority", 0, -2, id="pushover"),
        pytest.param("tgram://123456789:abcdefg_hijklmnop/1/", "silent", False, True, id="telegram"),
    ],
)
def test_what_is_low_goes_out_at_the_quiet_priority(address: str, key: str, loud: object, quiet: object):
    service = services(address)._services["desk"]
    assert (vars(service._loud)[key], vars(service._quiet)[key]) == (loud, quiet)


@pytest.fixture
def everything_logged(capfd: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    set_up_logging("debug")  # without knowing any secret
    yield capfd
    logging.getLogger().setLevel(logging.WARNING)


async def test_no_secret_is_in_any_log_error_or_traceback(everything_logged: pytest.CaptureFixture[str]):
    seen: list[str] = []
    async with serving(Peer()) as peer, serving(Ntfy()) as ntfy, serving(Matrix()) as matrix:
        async with receiving(Mailbox("sender", "other")) as mailbox:
            addresses = [
                hook(peer),
                f"ntfy://sender:word-of-pass@127.0.0.1:{ntfy.port}/topic-of-few",
                f"matrix://{Matrix.token}@127.0.0.1:{matrix.port}/!room:localhost",
                mailto(mailbox),
                "json://127.0.0.1:1/path-known-to-two",  # nobody listens
            ]
            for address in addresses:
                for answers in ([], [500] * 8, [401] * 8, [0] * 8):
                    for server in (peer, ntfy, matrix):
                        server.answers.clear()
                        server.answers.extend(answers)
                    desk = Desk()
                    channel = services(address, desk)
                    try:
                        await channel.send(item())
                    except (TransientDeliveryError, RejectedError) as e:
                        logging.getLogger("bot").error("as a bug would be logged", exc_info=e)
                        seen += [str(e), repr(e.__cause__), repr(e.__context__)]
                    seen += [*desk.told, repr(channel), str(channel.labels)]
    output = everything_logged.readouterr()
    seen += [output.out, output.err]
    assert "as a bug would be logged" in output.err
    assert len(seen) > 60
    for secret in SECRETS:
        assert not [text for text in seen if secret in text]


class Aside:
    """Lets time stand still while a channel is at real work."""

    def __init__(self, channel: Services, clock: FakeClock) -> None:
        self._channel, self._clock = channel, clock

    async def send(self, item: OutboxItem, /) -> Receipt:
        with self._clock.real_io():
            return await self._channel.send(item)


async def test_services_that_fail_keep_no_other_waiting():
    clock, outbox = FakeClock(), MemoryOutbox()
    async with serving(Peer()) as broken, serving(Peer()) as fine:
        broken.answers.extend([500] * 200)
        bad = [f"bad{n}" for n in range(OUTAGE + 2)]
        channel = Services({name: hook(broken) for name in bad} | {"fine": hook(fine)}, clock, Desk().tell)
        drain = Drain(
            outbox,
            {"apprise": Aside(channel, clock)},
            Pacer(),
            clock,
            serves=frozenset({"apprise"}),
            independent=True,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
        )
        for name in bad:
            who = subscriber(name, channel="apprise")
            outbox.add(who, note(f"to {name}", who))
        task = asyncio.create_task(drain.run())
        while broken.asked < 2 * len(bad):
            await asyncio.sleep(0)
        before = clock.monotonic()
        who = subscriber("fine", channel="apprise")
        outbox.add(who, *(note(f"news {n}", who, created_at=clock()) for n in range(3)))
        drain.wake()
        while len(fine.taken) < 3:
            await asyncio.sleep(0)
        assert clock.monotonic() - before < 5, "no pause for an outage"
        await drain.stop(timedelta(seconds=5))
        await task
    assert outbox.count("delivered") == 3


async def test_a_drain_takes_only_what_it_serves():
    clock, outbox = FakeClock(), MemoryOutbox()
    async with serving(Peer()) as peer:
        channel = Services({"desk": hook(peer)}, clock, Desk().tell)
        drain = Drain(
            outbox,
            {"apprise": Aside(channel, clock)},
            Pacer(),
            clock,
            serves=frozenset({"apprise"}),
            monotonic=clock.monotonic,
            sleep=clock.sleep,
        )
        chat, desk = subscriber("5"), subscriber("desk", channel="apprise")
        outbox.add(chat, note("for the chat", chat))
        outbox.add(desk, note("for the desk", desk))
        task = asyncio.create_task(drain.run())
        while not outbox.count("delivered"):
            await asyncio.sleep(0)
        await drain.stop(timedelta(seconds=5))
        await task
    assert (outbox.rows["for the chat"].state, outbox.rows["for the chat"].attempts) == ("pending", 0)
    assert outbox.rows["for the desk"].state == "delivered"


def test_nothing_is_imported_until_a_service_is_set():
    import subprocess
    import sys

    code = (
        "import sys, bot.app; from bot.delivery.services import Services; Services({}, None, None); "
        "print('apprise' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
