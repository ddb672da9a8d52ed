from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import make
import pytest
from card_scene import NOW, begun, edited, names, told, wire
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.delivery.console import ConsoleChannel
from bot.delivery.render import card, reply
from bot.model import (
    AlertKind,
    Card,
    EntityKind,
    OutboxItem,
    Polarity,
    Reason,
    Severity,
    Subscriber,
    TextEntity,
)

ME = Subscriber(id="console:", channel="console", address="")


def screen(*, width: int = 100, terminal: bool = False, **more) -> Console:
    environ = more.pop("environ", {})
    return Console(
        file=more.pop("file", io.StringIO()),
        width=width,
        force_terminal=terminal,
        color_system="truecolor" if terminal else None,
        _environ=environ,
        **more,
    )


def shown(console: Console) -> str:
    console.file.flush()
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def item(
    drawn: Card, *, kind: AlertKind = AlertKind.NEW, level: Severity = Severity.HIGH, to: str = ""
) -> OutboxItem:
    note = make.notification(to=ME.id, card=drawn, kind=kind, level=level)
    return OutboxItem(notification=note, subscriber=ME, reply_to=to)


def new_card() -> Card:
    entry = wire()
    return card(told(entry), begun(entry), entry, names=names, now=NOW)


async def test_a_card_is_framed_and_numbered_and_shows_where_to_read_more():
    console = screen()
    receipt = await ConsoleChannel(console, lambda: NOW).send(item(new_card()))
    lines = shown(console).splitlines()
    assert receipt.message_id == "1"
    assert receipt.at == NOW
    assert lines[0].startswith("╭")
    assert lines[0].endswith(" #1 ─╮")
    assert lines[1].startswith("│ HIGH · considering · sourced ")
    assert lines[2].startswith("│ Meta weighs selling surplus AI compute to outsiders ")
    assert "https://wire.example/meta" in lines[-2]
    assert "\x1b" not in shown(console), "no colour codes where there is no terminal"


async def test_an_edit_is_one_line_under_the_number_of_its_card():
    console, entry = screen(), wire()
    channel = ConsoleChannel(console, lambda: NOW)
    first = await channel.send(item(new_card()))
    drawn = card(edited(entry), begun(entry, copies=5, revision=3), entry, names=names, now=NOW)
    receipt = await channel.send(item(drawn, kind=AlertKind.EDIT, to=first.message_id))
    assert receipt.message_id == "1"
    assert shown(console).splitlines()[-1] == (
        "↻ rev 4 · 2 independent origins, 5 copies — Meta weighs selling surplus AI compute to outsiders"
    )


async def test_an_edit_that_denies_says_so():
    console, entry = screen(width=200), wire()
    alert = edited(entry, reason=Reason.DENIED, polarity=Polarity.DENIED)
    drawn = card(alert, begun(entry), entry, names=names, now=NOW)
    await ConsoleChannel(console, lambda: NOW).send(item(drawn, kind=AlertKind.EDIT, to="7"))
    assert " · DENIED 18:41 · sourced · HIGH — Meta weighs" in shown(console)


async def test_a_reply_is_indented_and_names_the_card_it_answers():
    console = screen()
    channel = ConsoleChannel(console, lambda: NOW)
    first = await channel.send(item(new_card()))
    denial = wire(title="Meta denies it", text="")
    alert = told(
        denial, evidence="denies", kind=AlertKind.REPLY, reason=Reason.DENIED, polarity=Polarity.DENIED
    )
    drawn = reply(alert, begun(denial), denial, now=NOW)
    receipt = await channel.send(item(drawn, kind=AlertKind.REPLY, to=first.message_id))
    frame = shown(console).splitlines()[-5:]
    assert receipt.message_id == "2"
    assert frame[0].startswith("    ╭")
    assert "#2 to #1" in frame[0]
    assert frame[1].startswith("    │ DENIED · Meta denies it")


async def test_a_terminal_gets_colours_bold_evidence_and_a_link():
    console = screen(terminal=True)
    await ConsoleChannel(console, lambda: NOW).send(item(new_card()))
    output = shown(console)
    assert "\x1b[1mexploring selling excess computing capacity" in output
    assert ";https://wire.example/meta\x1b\\" in output
    assert "\x1b[31m╭" in output, "the border of a high card is red"


async def test_no_color_leaves_the_words():
    console = screen(terminal=True, environ={"NO_COLOR": "1"})
    await ConsoleChannel(console, lambda: NOW).send(item(new_card()))
    assert "\x1b[31m" not in shown(console)
    assert "HIGH · considering · sourced" in shown(console)


@pytest.mark.parametrize("width", [pytest.param(n, id=f"{n} columns") for n in (12, 30, 200)])
async def test_nothing_of_a_card_is_lost_at_any_width(width):
    console, drawn = screen(width=width), new_card()
    await ConsoleChannel(console, lambda: NOW).send(item(drawn))
    output = shown(console)
    assert all(len(line) <= width for line in output.splitlines())
    packed = "".join(c for c in output if c not in "│╭╮╰╯─ \n")
    assert "".join(drawn.text.split()) in packed


async def test_markup_in_a_title_stays_text():
    console, entry = screen(), wire(title="[bold red]Meta[/] :smile: [link=x]y[/link]")
    alert = told(entry, evidence="Meta")
    await ConsoleChannel(console, lambda: NOW).send(
        item(card(alert, begun(entry), entry, names=names, now=NOW))
    )
    assert "[bold red]Meta[/] :smile: [link=x]y[/\u2060link]" in shown(console)


async def test_an_encoding_without_the_signs_gets_replacements():
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    entry = wire(title="Meta → 出售 compute")
    drawn = card(told(entry), begun(entry), entry, names=names, now=NOW)
    await ConsoleChannel(screen(file=file), lambda: NOW).send(item(drawn))
    file.flush()
    assert b"Meta ? ?? compute" in raw.getvalue()


@given(st.text(st.characters(codec=None), min_size=1, max_size=80))
async def test_no_text_steers_the_terminal(text):
    console = screen(width=400)
    drawn = Card(
        text=text, entities=(TextEntity(EntityKind.LINK, 0, len(text), "https://a.example/\x1b[2J"),)
    )
    channel = ConsoleChannel(console, lambda: NOW)
    channel.show(drawn)
    await channel.send(item(drawn))
    await channel.send(item(drawn, kind=AlertKind.EDIT))
    assert not {c for c in shown(console) if c < " " or "\x7f" <= c < "\xa0"} - {"\n"}


def test_an_address_that_would_steer_the_terminal_is_no_link():
    console = screen(terminal=True)
    link = TextEntity(EntityKind.LINK, 0, 4, "https://a.example/\x1b[2J")
    ConsoleChannel(console, lambda: NOW).show(Card(text="Meta", entities=(link,)))
    assert shown(console) == "Meta\n"


async def test_sending_twice_shows_twice_with_numbers_of_their_own():
    channel = ConsoleChannel(screen(), lambda: NOW + timedelta(minutes=1))
    same = item(new_card())
    assert [(await channel.send(same)).message_id for _ in range(2)] == ["1", "2"]
    later = replace(same, notification=replace(same.notification, kind=AlertKind.EDIT))
    assert (await channel.send(later)).message_id == "3", "an edit without its card has a number too"
