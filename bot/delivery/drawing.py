"""Draws a chart as a PNG: bars from zero, and above them a lane of marks for each level of alerts.

matplotlib is imported by the drawing itself, in a process of its own (`drawer`); whoever only says what is
to be drawn does not pay for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from typing import TYPE_CHECKING

from bot.delivery.words import level_word
from bot.locale import SOURCE, show_date, speaking, tr
from bot.model import Severity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, DPI = 1200, 675, 100  # pixels, and pixels an inch
MAX_BYTES = 200 * 1024

# One opaque picture for dark and light chats: pale paper with a frame, so that its edge shows on both.
# Each level has a shape and a lane of its own; the colours are those of Okabe and Ito, told apart by all.
# Source: jfly.uni-koeln.de/color (Color Universal Design).
_PAPER, _INK, _FAINT, _FRAME = "#f6f7f9", "#17212b", "#d3d9e0", "#8a97a5"
_BAR, _UNFINISHED = "#2f6f9f", "#a9c7dd"
_MARKS = {
    Severity.CRITICAL: ("*", "#b3261e", 300),
    Severity.HIGH: ("^", "#d55e00", 160),
    Severity.MEDIUM: ("s", "#8a6100", 110),
    Severity.LOW: ("o", "#0f7a5c", 110),
    Severity.INFO: ("d", "#5b6770", 110),
}
_TITLE, _TEXT, _SMALL = 21, 16, 14  # points
_LANE = 30.0  # pixels
_TICKS = 8  # dates along the axis at most
_ROOM, _ROOM_NUMBERED = 27, 46  # pixels that a mark takes along its lane, and with its number


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What is to be drawn. A position counts days from the start of the first; its whole part is the day."""

    title: str
    subtitle: str
    zone: str  # in whose days it counts
    first: date
    counts: tuple[int, ...]  # of each day; the last one is not over
    step: int = 1  # days in a bar; divides the number of days
    unwatched: float = 0.0  # up to which position nobody watched
    alerts: tuple[tuple[float, Severity], ...] = ()  # positions
    language: str = SOURCE  # of whatever is written beside the title and the line below it


def draw(chart: Chart) -> bytes:
    """The chart as a PNG of `WIDTH` by `HEIGHT` pixels."""
    with speaking(chart.language):
        return _draw(chart)


def _draw(chart: Chart) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=_PAPER, edgecolor=_FRAME, linewidth=3
    )
    FigureCanvasAgg(figure)
    levels = [level for level in _MARKS if any(level is found for _, found in chart.alerts)]
    _write_title(figure, chart)
    top, bottom, left, right = 565.0, 84.0 + 26 * _is_over_years(chart), 118.0, WIDTH - 54.0
    lanes = _LANE * len(levels)
    plot = _axes(figure, left, bottom, right, top - lanes - (14 if levels else 0))
    _draw_bars(plot, chart)
    if levels:
        _draw_lanes(_axes(figure, left, top - lanes, right, top), chart, levels)
    file = BytesIO()
    figure.savefig(file, format="png", dpi=DPI, edgecolor=_FRAME, metadata={"Software": None})
    return file.getvalue()


def _axes(figure: Figure, left: float, bottom: float, right: float, top: float) -> Axes:
    """Axes between pixels, with no frame of their own."""
    axes = figure.add_axes(
        (left / WIDTH, bottom / HEIGHT, (right - left) / WIDTH, (top - bottom) / HEIGHT), facecolor="none"
    )
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, labelsize=_TEXT, labelcolor=_INK, pad=8)
    return axes


def _write_title(figure: Figure, chart: Chart) -> None:
    for text, y, size, weight in ((chart.title, 640, _TITLE, "bold"), (chart.subtitle, 600, _TEXT, "normal")):
        figure.text(
            28 / WIDTH, y / HEIGHT, text, size=size, weight=weight, color=_INK, va="center", parse_math=False
        )


def _draw_bars(axes: Axes, chart: Chart) -> None:
    from matplotlib.ticker import MaxNLocator

    days, step = len(chart.counts), chart.step
    bars = [sum(chart.counts[n : n + step]) for n in range(0, days, step)]
    lefts = range(0, days, step)
    gap = 0.12 * step
    axes.bar(
        [left + step / 2 for left in lefts],
        bars,
        width=step - gap,
        color=[*[_BAR] * (len(bars) - 1), _UNFINISHED],
        edgecolor=[*["none"] * (len(bars) - 1), _BAR],
        linewidth=1.5,
        hatch=[*[""] * (len(bars) - 1), "//"],
        zorder=3,
    )
    axes.set_xlim(0, days)
    axes.set_ylim(0, max(4, *bars) * 1.06)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.grid(axis="y", color=_FAINT, linewidth=1, zorder=1)
    axes.axhline(0, color=_INK, linewidth=2.5, zorder=4, clip_on=False)
    mentions = tr("Mentions a week") if step > 1 else tr("Mentions a day")
    axes.set_ylabel(mentions, size=_TEXT, color=_INK, labelpad=10)
    along = (
        tr("Weeks from ({zone}); hatched: with today so far", zone=chart.zone)
        if step > 1
        else tr("Days ({zone}); hatched: today so far", zone=chart.zone)
    )
    axes.set_xlabel(along, size=_TEXT, color=_INK, labelpad=8, parse_math=False)
    _write_dates(axes, chart)
    if chart.unwatched > 0:
        axes.axvspan(0, min(chart.unwatched, days), facecolor=_FAINT, alpha=0.55, zorder=0)
        if chart.unwatched > 0.3 * days:
            axes.text(
                min(chart.unwatched, days) / 2, 0.92, tr("not watched yet"), transform=axes.get_xaxis_transform(),
                size=_SMALL, color=_INK, ha="center", va="center", zorder=5,
                bbox={"facecolor": _PAPER, "edgecolor": "none", "boxstyle": "round,pad=0.3"},
            )  # fmt: skip


def _write_dates(axes: Axes, chart: Chart) -> None:
    """A date under every so many bars, counted back from the last one."""
    bars = len(chart.counts) // chart.step
    every = -(-bars // _TICKS)
    shown = list(range(bars - 1, -1, -every))
    days = [chart.first + timedelta(days=n * chart.step) for n in shown]
    year = "\n%Y" if _is_over_years(chart) else ""
    labels = [show_date(datetime.combine(day, time.min, UTC), "d LLL") + day.strftime(year) for day in days]
    axes.set_xticks([(n + 0.5) * chart.step for n in shown], labels, parse_math=False)


def _is_over_years(chart: Chart) -> bool:
    return chart.first.year != (chart.first + timedelta(days=len(chart.counts) - 1)).year


def _draw_lanes(axes: Axes, chart: Chart, levels: list[Severity]) -> None:
    """The loudest on top."""
    axes.set_xlim(0, len(chart.counts))
    axes.set_ylim(len(levels) - 0.5, -0.5)
    axes.set_xticks([])
    axes.set_yticks(range(len(levels)), [level_word(level) for level in levels], parse_math=False)
    axes.tick_params(axis="y", labelsize=_SMALL)
    wide = axes.get_window_extent().width / len(chart.counts)  # pixels a day
    for lane, level in enumerate(levels):
        shape, colour, size = _MARKS[level]
        axes.axhline(lane, color=_FAINT, linewidth=1, zorder=1)
        marks = place_marks([p for p, of in chart.alerts if of is level], chart.step, wide)
        axes.scatter(
            [place for place, _ in marks], [lane] * len(marks), s=size, marker=shape, color=colour,
            edgecolors=_PAPER, linewidths=0.8, zorder=3, clip_on=False,
        )  # fmt: skip
        for place, number in marks:
            if number > 1:
                axes.annotate(
                    str(number), (place, lane), (9, 0), textcoords="offset points", size=_SMALL - 1,
                    weight="bold", color=colour, va="center_baseline", zorder=4, annotation_clip=False,
                )  # fmt: skip


def place_marks(positions: list[float], step: int, wide: float) -> list[tuple[float, int]]:
    """Where the marks of a lane stand, each over a bar, and for how many alerts.

    Those of one bar are one mark, and so are those that would cover one another: it stands where the
    first of them is.

    Args:
        positions: Of the alerts, in days.
        step: Days in a bar.
        wide: Pixels a day.
    """
    marks: list[tuple[float, int]] = []
    for bar in sorted(int(position) // step for position in positions):
        place = (bar + 0.5) * step
        if marks:
            before, number = marks[-1]
            if (place - before) * wide < (_ROOM_NUMBERED if number > 1 else _ROOM) or place == before:
                marks[-1] = (before, number + 1)
                continue
        marks.append((place, 1))
    return marks
