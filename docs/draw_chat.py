"""Draws docs/*.png for the README: what a reader of the bot has on the screen, from what the bot really sent.

    python docs/draw_chat.py

Plays the demo and some commands against the tests' stand-in of Telegram's Bot API, over HTTP, and draws the messages
that the stand-in accepted: text, entities and buttons as they were sent. Nothing is written by hand.
"""

import asyncio
import io
import re
import sys
import tempfile
from dataclasses import dataclass
from datetime import time, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import matplotlib
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from bot_api import Accepted, BotApi  # noqa: E402  (the stand-in lives with the tests)
from rich.console import Console  # noqa: E402

import bot.delivery.drains as drains  # noqa: E402
from bot.app import App  # noqa: E402
from bot.config import load_settings  # noqa: E402
from bot.delivery.pacing import Limit, Pacer  # noqa: E402
from bot.demo.run import END, played  # noqa: E402
from bot.loading import load  # noqa: E402
from bot.model import Digest  # noqa: E402
from bot.telemetry import set_up_logging  # noqa: E402

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
SCALE = 2
WIDTH, MARGIN, PAD, GAP = 640, 16, 14, 10
SIZE, LEADING = 15, 21
PAPER, BUBBLE, INK, DIM, LINK, BUTTON = "#0e1621", "#182533", "#f1f3f5", "#8a97a5", "#62b0f5", "#22344a"
READER, SPARING, NEWCOMER = 77, 78, 79  # chats: who follows all, who wants a digest, who begins
AT_ONCE = Limit(10_000, timedelta(seconds=1))


@dataclass(frozen=True)
class Run:
    """Characters of one style."""

    text: str
    styles: frozenset[str]


@lru_cache
def font(styles: frozenset[str]) -> ImageFont.FreeTypeFont:
    """The font of a style."""
    name = "-Bold" if "bold" in styles else ""
    name += ("" if name else "-") + "Oblique" if "italic" in styles else ""
    return ImageFont.truetype(str(FONTS / f"DejaVuSans{name}.ttf"), SIZE * SCALE)


def runs(message: Accepted) -> list[list[Run]]:
    """The text in lines of runs; entities count UTF-16 units."""
    units = message.text.encode("utf-16-le")
    styles: list[set[str]] = [set() for _ in range(len(units) // 2)]
    for entity in message.entities:
        for n in range(entity["offset"], entity["offset"] + entity["length"]):
            styles[n].add(entity["type"])
    lines: list[list[Run]] = [[]]
    place = 0
    for char in message.text:
        of = frozenset(styles[place]) if place < len(styles) else frozenset()
        place += len(char.encode("utf-16-le")) // 2
        if char == "\n":
            lines.append([])
        elif lines[-1] and lines[-1][-1].styles == of:
            lines[-1][-1] = Run(lines[-1][-1].text + char, of)
        else:
            lines[-1].append(Run(char, of))
    return lines


def wrapped(line: list[Run], width: float) -> list[list[Run]]:
    """A line broken at blanks where it is too long."""
    rows: list[list[Run]] = [[]]
    used = 0.0
    for run in line:
        for word in re.findall(r"\S+\s*|\s+", run.text):
            wide = font(run.styles).getlength(word.rstrip()) / SCALE
            if used + wide > width and rows[-1]:
                rows.append([])
                used = 0.0
            rows[-1].append(Run(word, run.styles))
            used += font(run.styles).getlength(word) / SCALE
    return rows


class Screen:
    """Messages below each other."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", (WIDTH * SCALE, 4000 * SCALE), PAPER)
        self._draw = ImageDraw.Draw(self._image)
        self._y = float(MARGIN)

    def show(self, message: Accepted, quoted: str = "") -> None:
        """A message of the bot, with its picture and its buttons; `quoted` is the start of what it answers."""
        inner = WIDTH - 2 * MARGIN - 2 * PAD
        picture = Image.open(io.BytesIO(message.photo)).convert("RGB") if message.photo else None
        tall = inner * picture.height / picture.width + GAP if picture else 0.0
        rows = [row for line in runs(message) for row in wrapped(line, inner)]
        head = LEADING + 4 if quoted else 0
        height = 2 * PAD + head + tall + LEADING * len(rows)
        self._box(MARGIN, self._y, WIDTH - MARGIN, self._y + height, BUBBLE, 12)
        y = self._y + PAD
        if quoted:
            self._draw.line(
                self._at(MARGIN + PAD, y, MARGIN + PAD, y + LEADING - 2), fill=LINK, width=3 * SCALE
            )
            self._words(MARGIN + PAD + 10, y, [Run(quoted, frozenset())], DIM)
            y += head
        if picture:
            size = (int(inner * SCALE), int((tall - GAP) * SCALE))
            self._image.paste(
                picture.resize(size, Image.Resampling.LANCZOS), (int((MARGIN + PAD) * SCALE), int(y * SCALE))
            )
            y += tall
        for row in rows:
            self._words(MARGIN + PAD, y, row, INK)
            y += LEADING
        self._y += height + 4
        for row in (message.markup or {}).get("inline_keyboard", []):
            self._buttons(row)
        self._y += GAP

    def save(self, path: Path) -> None:
        """Write what was shown."""
        self._image.crop((0, 0, WIDTH * SCALE, int((self._y + MARGIN - GAP) * SCALE))).quantize(128).save(
            path, optimize=True
        )

    def _buttons(self, row: list[dict[str, Any]]) -> None:
        wide = (WIDTH - 2 * MARGIN - 4 * (len(row) - 1)) / len(row)
        for n, button in enumerate(row):
            left = MARGIN + n * (wide + 4)
            self._box(left, self._y, left + wide, self._y + 34, BUTTON, 8)
            label = button["text"]
            shift = (wide - font(frozenset()).getlength(label) / SCALE) / 2
            self._words(left + shift, self._y + 7, [Run(label, frozenset())], INK)
        self._y += 38

    def _words(self, x: float, y: float, row: list[Run], ink: str) -> None:
        for run in row:
            face = font(run.styles)
            colour = LINK if "text_link" in run.styles else ink
            self._draw.text((x * SCALE, y * SCALE), run.text, fill=colour, font=face)
            wide = face.getlength(run.text) / SCALE
            if "strikethrough" in run.styles:
                self._draw.line(self._at(x, y + 10, x + wide, y + 10), fill=colour, width=2 * SCALE)
            x += wide

    def _box(self, left: float, top: float, right: float, bottom: float, fill: str, radius: int) -> None:
        self._draw.rounded_rectangle(self._at(left, top, right, bottom), radius * SCALE, fill=fill)

    @staticmethod
    def _at(*numbers: float) -> list[float]:
        return [n * SCALE for n in numbers]


class Phone:
    """Somebody who writes to the bot and waits for its answer."""

    def __init__(self, api: BotApi, chat: int) -> None:
        self._api, self._chat = api, chat

    async def says(self, text: str) -> Accepted:
        """The first answer to a message."""
        seen = len(self._api.accepted)
        self._api.push_message(self._chat, text)
        return await self.next(seen)

    async def taps(self, message: Accepted, label: str) -> Accepted:
        """What a message becomes, or is followed by, when a button of it is tapped."""
        rows = (message.markup or {})["inline_keyboard"]
        data = next(b["callback_data"] for row in rows for b in row if b["text"] == label)
        seen = len(self._api.accepted)
        self._api.push_callback(self._chat, data, message_id=message.message_id)
        return await self.next(seen)

    async def next(self, seen: int, begins: str = "") -> Accepted:
        """The next message to this chat after so many to all, or the next that begins like this."""
        async with asyncio.timeout(60):
            while True:
                after = self._api.accepted[seen:]
                found = [a for a in after if a.chat_id == self._chat and a.text.startswith(begins)]
                if found:
                    return found[0]
                await asyncio.sleep(0.05)


async def scenes(folder: Path) -> dict[str, list[tuple[Accepted, str]]]:
    """What is drawn, by the name of its picture: messages, each with what it quotes."""
    drains.Pacer = partial(Pacer, overall=AT_ONCE, private=AT_ONCE, group=AT_ONCE)  # type: ignore[misc, assignment]

    def prepare(app: App) -> None:
        app.desk.set_budget(f"telegram:{SPARING}", 0)
        app.desk.set_digest(f"telegram:{SPARING}", Digest(at=time(21)), END)

    async with BotApi() as api:
        settings = load_settings(
            {
                "BOT_RULES_DIR": str(ROOT / "rules"),
                "BOT_TELEGRAM_TOKEN": api.token,
                "BOT_TELEGRAM_API_URL": api.url.removesuffix("/bot"),
            }
        )
        screen = Console(file=io.StringIO())
        async with played(settings, load(settings), screen, folder, [str(READER), str(SPARING)], prepare):
            seen = [a for a in api.accepted if a.chat_id == READER]
            digest = await Phone(api, SPARING).next(0, "Digest")
            chart = await Phone(api, READER).says("/chart nvidia 7d")
            new = Phone(api, NEWCOMER)
            rule = await Phone(api, READER).says("/when hyperscalers selling compute, not denied")
            rule = await Phone(api, READER).taps(rule, "Stricter")
            step = await new.taps(await new.says("/start"), "AI compute starter pack")
    first = next(a for a in seen if a.method == "sendMessage" and "Meta weighs selling" in a.text)
    denial = next(a for a in seen if a.reply_to == first.message_id and "DENIED" in a.text)
    of_card = [a for a in seen if a.message_id == first.message_id and a.at <= denial.at]
    return {
        "denied": [(of_card[-1], ""), (denial, of_card[-1].text.splitlines()[1][:60] + "…")],
        "digest": [(digest, "")],
        "chart": [(chart, "")],
        "rule": [(rule, "")],
        "setup": [(step, "")],
    }


def main() -> None:
    """Play, pick, draw."""
    set_up_logging("error")
    with tempfile.TemporaryDirectory() as folder:
        drawn = asyncio.run(scenes(Path(folder)))
    for name, messages in drawn.items():
        screen = Screen()
        for message, quoted in messages:
            screen.show(message, quoted)
        screen.save(ROOT / "docs" / f"telegram-{name}.png")


if __name__ == "__main__":
    main()
