"""The picture: its size, that what was counted is seen, and that nothing in a name can break it."""

from __future__ import annotations

import subprocess
import sys
import warnings
from datetime import date
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.delivery.drawing import (
    _BAR,
    _INK,
    _MARKS,
    _PAPER,
    HEIGHT,
    MAX_BYTES,
    WIDTH,
    Chart,
    draw,
    place_marks,
)
from bot.model import Severity


def chart(*counts: int, **more: Any) -> Chart:
    values: dict[str, Any] = {
        "title": "Nvidia (company)", "subtitle": "7 days", "zone": "UTC", "first": date(2026, 3, 1), "counts": counts,
    }  # fmt: skip
    return Chart(**(values | more))


def decoded(picture: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = Image.open(BytesIO(picture))
        image.load()
    assert image.format == "PNG"
    return image.convert("RGB")


def of(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[n : n + 2], 16) for n in (1, 3, 5))


def amount(image: Image.Image, colour: str) -> int:
    """Pixels of exactly this colour."""
    return int((np.asarray(image) == of(colour)).all(axis=2).sum())


WEEK = (3, 1, 4, 1, 5, 9, 2)


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(chart(*WEEK), id="a week"),
        pytest.param(chart(*range(90)), id="ninety days"),
        pytest.param(chart(*[5] * 371, step=7), id="a year by weeks"),
        pytest.param(chart(*[0] * 7, alerts=((1.5, Severity.LOW),)), id="alerts alone"),
        pytest.param(chart(*[10**9] * 7), id="a thousand million"),
        pytest.param(
            chart(*[1] * 371, step=7, alerts=tuple((n / 6, Severity(n % 5)) for n in range(2226))),
            id="thousands of alerts",
        ),
    ],
)
def test_every_picture_has_its_size_and_is_small(made: Chart) -> None:
    picture = draw(made)
    assert len(picture) <= MAX_BYTES
    image = decoded(picture)
    assert image.size == (WIDTH, HEIGHT)
    assert amount(image, _PAPER) > WIDTH * HEIGHT / 4
    assert amount(image, _INK) > 1000


def column(image: Image.Image, day: int, days: int) -> int:
    """Pixels of a bar's colour in the middle of a day; the plot's sides are those of the zero line."""
    pixels = image.load()
    assert pixels is not None
    row = next(
        y for y in range(HEIGHT - 1, 0, -1) if sum(pixels[x, y] == of(_INK) for x in range(WIDTH)) > 900
    )
    line = [x for x in range(WIDTH) if pixels[x, row] == of(_INK)]
    left, right = line[0], line[-1]
    at = round(left + (day + 0.5) * (right - left) / days)
    return sum(pixels[at, y] == of(_BAR) for y in range(HEIGHT))


def test_a_bar_is_as_high_as_its_count_from_zero() -> None:
    image = decoded(draw(chart(10, 20, 0, 40, 40, 40, 40)))
    one, two, none, four = (column(image, day, 7) for day in range(4))
    assert none == 0
    assert two == pytest.approx(2 * one, abs=4)
    assert four == pytest.approx(4 * one, abs=10), "the zero line covers two pixels of each"
    assert four > 200


def test_week_bars_add_up_their_days() -> None:
    image = decoded(draw(chart(*[1] * 7, *[2] * 7, *[3] * 7, step=7)))
    assert column(image, 1, 3) == pytest.approx(2 * column(image, 0, 3), abs=4)


def test_a_day_that_is_not_over_looks_unlike_one_that_is() -> None:
    image = decoded(draw(chart(5, 5, 5, 5, 5, 5, 5)))
    assert column(image, 6, 7) < column(image, 5, 7) / 2


@pytest.mark.parametrize("level", list(Severity))
def test_an_alert_is_seen_in_the_colour_of_its_level_and_in_no_other(level: Severity) -> None:
    image = decoded(draw(chart(*WEEK, alerts=((2.5, level),))))
    seen = {found for found in Severity if amount(image, _MARKS[found][1]) > 40}
    assert seen == {level}


def test_levels_differ_in_shape_and_not_only_in_colour() -> None:
    assert len({shape for shape, _, _ in _MARKS.values()}) == len(Severity)


@pytest.mark.parametrize("colour", [_INK, _BAR, *(colour for _, colour, _ in _MARKS.values())])
def test_every_colour_stands_out_from_the_paper(colour: str) -> None:
    def luminance(of_colour: str) -> float:  # Source: WCAG 2.2, relative luminance
        parts = [c / 255 for c in of(of_colour)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    assert (luminance(_PAPER) + 0.05) / (luminance(colour) + 0.05) >= 3


@pytest.mark.parametrize(
    ("positions", "step", "wide", "marks"),
    [
        pytest.param([], 1, 100, [], id="none"),
        pytest.param([0.1, 0.9, 1.0], 1, 100, [(0.5, 2), (1.5, 1)], id="of one day together"),
        pytest.param([5.2, 0.1], 1, 100, [(0.5, 1), (5.5, 1)], id="in any order"),
        pytest.param([0, 1, 2, 3], 1, 11.0, [(0.5, 4)], id="what would cover the number"),
        pytest.param([0, 3], 1, 11.0, [(0.5, 1), (3.5, 1)], id="far enough apart"),
        pytest.param([0, 6.9, 7], 7, 20.0, [(3.5, 2), (10.5, 1)], id="of one week"),
    ],
)
def test_marks_that_would_cover_one_another_are_one(
    positions: list[float], step: int, wide: float, marks: list[tuple[float, int]]
) -> None:
    assert place_marks(positions, step, wide) == marks


@pytest.mark.parametrize(
    "title",
    [
        "$\\frac{",
        "$x$ $y$",
        "%s {0} \\n",
        "Société Générale · Ørsted · ΑΒΓ · Яндекс",
        "x" * 300,
        "",
        "a\nb\nc",
    ],
)
def test_no_name_breaks_the_picture_or_is_read_as_a_formula(title: str) -> None:
    assert decoded(draw(chart(*WEEK, title=title, subtitle=title, zone=title[:8]))).size == (WIDTH, HEIGHT)


def test_the_same_chart_gives_the_same_bytes() -> None:
    assert draw(chart(*WEEK)) == draw(chart(*WEEK))


def test_whoever_only_says_what_to_draw_does_not_load_what_draws() -> None:
    loads = "import bot.app, bot.delivery.charting, bot.delivery.studio, sys; print([m for m in sys.modules if m.split('.')[0] in ('matplotlib', 'PIL')])"
    done = subprocess.run(
        [sys.executable, "-c", loads], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
