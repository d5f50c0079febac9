"""The frame of a figure: where its rows and columns go, and the axes with their ticks, which plotext builds.

Building a frame costs plotext some 2 ms, so frames are kept: while a curve grows inside its window nothing is built.
plotext drops x labels that touch; they are placed in `axes.x_ticks`, where none ever do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from screens.widgets.palette import Theme
from screens.widgets.plot_ticks import Tick
from screens.widgets.text_grid import TextGrid

LEAST_WIDTH, LEAST_HEIGHT = 20, 5  # below this a figure is a sentence
_TO_ASCII = str.maketrans({"─": "-", "│": "|", "┤": "+", "┬": "+", "└": "+", "┘": "+", "┌": "+", "┐": "+"})


@dataclass(frozen=True)
class FrameLayout:
    """Rows of a figure from the top: title, note, legend, canvas, axis, its labels, their key, foot (name of x or the cursor's values)."""

    width: int
    height: int
    gutter: int
    legend: int
    foot: int
    key: int = 0
    note: int = 0

    @classmethod
    def of(cls, width: int, height: int, legend: int, longest: int, key: int = 0, note: int = 0) -> FrameLayout:
        """Lay out a figure: `legend` and `key` rows are wanted for legend and key, y labels are `longest` characters long."""
        spare = height - 5 - note
        legend = min(legend, max(0, spare // 2))
        return cls(width, height, longest + 1, legend, int(height >= 10), min(key, max(0, (spare - legend) // 2)), note)

    @property
    def top(self) -> int:
        """First row of the canvas."""
        return 1 + self.note + self.legend

    @property
    def rows(self) -> int:
        """Rows of the canvas."""
        return self.height - 3 - self.note - self.legend - self.foot - self.key

    @property
    def columns(self) -> int:
        """Columns of the canvas."""
        return self.width - self.gutter


def draw_frame(grid: TextGrid, layout: FrameLayout, theme: Theme, x: Sequence[Tick], y: Sequence[Tick]) -> None:
    """Write the axes, their ticks and labels onto a grid."""
    ticks_y = tuple((layout.rows - 1 - tick.at, tick.label) for tick in y)
    lines = _frame(layout.gutter, layout.columns, layout.rows, tuple(tick.at for tick in x), ticks_y)
    for index, line in enumerate(lines):
        grid.write(layout.top + index, 0, line.translate(_TO_ASCII) if theme.ascii else line, theme.quiet)
    for tick in x:
        grid.write(layout.top + layout.rows + 1, layout.gutter + tick.start, theme.text(tick.label), theme.quiet)


def name_on_axis(grid: TextGrid, layout: FrameLayout, theme: Theme, x: Sequence[Tick], name: str) -> bool:
    """Write the name of x onto its axis where a gap between ticks has room for it; says whether there was one."""
    left, right = _widest_gap(x, layout.columns)
    words = theme.text(name)
    if not fits_on_axis(x, layout.columns, words):
        return False
    if not words:
        return True
    grid.write(layout.top + layout.rows, layout.gutter + (left + right - len(words)) // 2, f" {words} ", theme.quiet)
    return True


def fits_on_axis(x: Sequence[Tick], columns: int, words: str) -> bool:
    """Whether a gap between ticks has room for a name."""
    left, right = _widest_gap(x, columns)
    return len(words) <= right - left - 5


def _widest_gap(x: Sequence[Tick], columns: int) -> tuple[int, int]:
    return max(pairwise([-1, *(tick.at for tick in x), columns]), key=lambda gap: (gap[1] - gap[0], gap[0]))


@lru_cache(maxsize=64)
def _frame(gutter: int, columns: int, rows: int, x: tuple[int, ...], y: tuple[tuple[int, str], ...]) -> tuple[str, ...]:
    """Build axes as plain lines. Ticks are given in cells, so that plotext's rounding cannot differ from the canvas'."""
    from textual_plotext import Plot

    plot: Any = Plot()
    plot.theme("clear")
    plot._limit_size(False, False)  # else plotext cuts it to the size of the terminal that it finds
    plot.plotsize(gutter + columns, rows + 2)
    plot.xaxes(True, False)
    plot.yaxes(True, False)
    plot.xlim(0, max(1, columns - 1))
    plot.ylim(0, max(1, rows - 1))
    plot.xticks(list(x) or [0], [""] * (len(x) or 1))
    blank = " " * (gutter - 1)
    plot.yticks([row for row, _ in y] or [0], [label.rjust(gutter - 1) for _, label in y] or [blank])
    plot.scatter([0], [0], marker=" ")
    text = plot.uncolorize(plot.build())
    return tuple(line.ljust(gutter + columns)[: gutter + columns] for line in text.splitlines()[: rows + 1])
