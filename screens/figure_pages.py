"""Which views stand side by side: as many as stay legible, on as many pages as that takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

LEAST_WIDTH, LEAST_HEIGHT = 38, 12  # characters that a figure needs to be read
SHAPE = 3.2  # width to height of a comfortable figure, in characters
KNOBS_WIDTH = 38  # columns of the knobs beside a figure on a narrow terminal
SIDE_PANEL_FROM = 120  # columns of the terminal from which knobs and claims always stand beside the figures


@dataclass(frozen=True)
class Page:
    """The views of one page, as indices, and its grid."""

    views: tuple[int, ...]
    columns: int
    rows: int


def pages(count: int, width: int, height: int) -> tuple[Page, ...]:
    """Spread `count` views over pages of a `width` x `height` area, in order."""
    most_columns = max(1, width // LEAST_WIDTH)
    most_rows = max(1, height // LEAST_HEIGHT)
    each = min(count, most_columns * most_rows)
    if each <= 0:
        return ()
    each = math.ceil(count / math.ceil(count / each))
    spread = [tuple(range(first, min(first + each, count))) for first in range(0, count, each)]
    return tuple(Page(views, *_grid(len(views), most_columns, most_rows, width, height)) for views in spread)


def page_of(view: int, chosen: tuple[Page, ...]) -> int:
    """Return the number of the page that holds a view."""
    return next((index for index, page in enumerate(chosen) if view in page.views), 0)


def side_panel_width(width: int, panel: str) -> int:
    """Return the columns of the side panel: 0 for none; the whole width for text on a narrow terminal."""
    if width >= SIDE_PANEL_FROM:
        return min(64, max(44, width // 4))
    if not panel:
        return 0
    beside = panel == "knobs" and width - KNOBS_WIDTH >= LEAST_WIDTH
    return KNOBS_WIDTH if beside else width


def _grid(count: int, most_columns: int, most_rows: int, width: int, height: int) -> tuple[int, int]:
    choices = [(columns, math.ceil(count / columns)) for columns in range(1, most_columns + 1)]
    fitting = [(columns, rows) for columns, rows in choices if rows <= most_rows]
    return min(fitting, key=lambda grid: _badness(count, grid, width, height))


def _badness(count: int, grid: tuple[int, int], width: int, height: int) -> float:
    columns, rows = grid
    shape = (max(1, width) / columns) / (max(1, height) / rows)
    return abs(math.log(shape / SHAPE)) + 0.3 * (columns * rows - count)
