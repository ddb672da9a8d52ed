"""Draws docs/card.svg for the README: the demo's resale story as the console shows it.

    python docs/draw_card.py

Plays the demo and keeps the story's card and the replies to it; nothing is drawn by hand.
"""

import asyncio
import io
import re
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from bot.config import load_settings
from bot.demo.run import play
from bot.loading import load
from bot.telemetry import set_up_logging

WIDTH = 100
SVG = Path(__file__).with_name("card.svg")


def main() -> None:
    """Play, pick, draw."""
    set_up_logging("error")
    settings = load_settings({})
    screen = io.StringIO()
    live = Console(file=screen, width=WIDTH, force_terminal=True, color_system="truecolor", highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(settings, load(settings), live, Path(folder)))
    frames = re.findall(r"(?ms)^[^\n]*╭.*?╯[^\n]*$", screen.getvalue())
    plain = [Text.from_ansi(frame).plain for frame in frames]
    first = next(n for n, text in enumerate(plain) if "Meta weighs selling" in text)
    number = re.search(r"#(\d+) ─╮", plain[first])
    assert number is not None
    chosen = [first, *(n for n, text in enumerate(plain) if f"to #{number[1]} ─╮" in text)]
    paper = Console(record=True, width=WIDTH, file=io.StringIO())
    for n in chosen:
        paper.print(Text.from_ansi(frames[n]))
    svg = paper.export_svg(title="Spillover", theme=DIMMED_MONOKAI, unique_id="card")
    svg = re.sub(r"(?s)@font-face \{.*?\}", "", svg).replace("Fira Code", "DejaVu Sans Mono")
    SVG.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
